"""Sets, runs and measures of retrieval quality in the formats of TREC, as trec_eval counts them.

A set is a folder with
  corpus.jsonl, or corpus.jsonl.zst (read through the program zstd)   {"id" or "_id":…,"title":…,"text":…} a line
  queries.tsv   query id TAB text
  qrels.tsv     query id TAB 0 TAB document id TAB grade; white space of any kind separates
A run file has lines `query id, Q0, document id, rank, score, name`.
"""

import json
import math
import os
import random
import subprocess

CUT = 10
DEPTH = 100
MEASURES = ["MRR@10", "nDCG@10", "R@10", "R@100"]


def corpus_file(folder):
    for name in ("corpus.jsonl", "corpus.jsonl.zst"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    return None


def documents(path):
    """(id, title, text) of every line of a corpus; only LF ends a line."""
    if path.endswith(".zst"):
        with subprocess.Popen(["zstd", "-dcq", "--long=27", path], stdout=subprocess.PIPE) as process:
            yield from parse_documents(process.stdout)
        if process.returncode:
            raise RuntimeError("zstd ended with %d for %s" % (process.returncode, path))
    else:
        with open(path, "rb") as f:
            yield from parse_documents(f)


def parse_documents(lines):
    for line in lines:
        if line.strip():
            item = json.loads(line.decode("utf-8-sig"))
            yield str(item["_id"] if "_id" in item else item["id"]), item.get("title") or "", item["text"]


def text_lines(path):
    with open(path, encoding="utf-8-sig", newline="\n") as f:
        for line in f:
            line = line.rstrip("\r\n")
            if line:
                yield line


def queries(path):
    """{query id: text} in the order of the file."""
    return dict(line.split("\t", 1) for line in text_lines(path))


def qrels(path):
    """{query id: {document id: grade}}; a query of which no document has a grade above 0 is left out."""
    found = {}
    for line in text_lines(path):
        query, _, document, grade = line.split()
        found.setdefault(query, {})[document] = int(grade)
    return {query: grades for query, grades in found.items() if max(grades.values()) > 0}


def read_run(path):
    """{query id: [document id, ...]}, best first: by score, then by rank; no other reader need agree on equal scores."""
    found = {}
    for line in text_lines(path):
        query, _, document, rank, score = line.split()[:5]
        found.setdefault(query, []).append((-float(score), int(rank), document))
    return {query: [document for _, _, document in sorted(rows)] for query, rows in found.items()}


def write_run(path, run, name):
    """run: {query id: [(document id, score), ...]}, best first."""
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        for query, rows in run.items():
            for rank, (document, score) in enumerate(rows, 1):
                out.write("%s Q0 %s %d %.9g %s\n" % (query, document, rank, score, name))


def dcg(grades):
    """Sum of grade / log2(rank + 1): the gain is the grade itself, as in trec_eval's ndcg_cut, not 2^grade - 1."""
    return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def measure(ranked, grades):
    """The measures of one query, in the order of MEASURES. A grade above 0 is relevant; documents without one count as 0."""
    gains = [max(grades.get(document, 0), 0) for document in ranked[:DEPTH]]
    relevant = sorted((grade for grade in grades.values() if grade > 0), reverse=True)
    first = next((rank for rank, gain in enumerate(gains[:CUT], 1) if gain), None)
    return [1 / first if first else 0.0, dcg(gains[:CUT]) / dcg(relevant[:CUT]),
            sum(gain > 0 for gain in gains[:CUT]) / len(relevant), sum(gain > 0 for gain in gains) / len(relevant)]


def measures(run, judged):
    """{measure: {query id: value}} over all judged queries; one that the run does not answer counts as 0."""
    rows = {query: measure(run.get(query, []), grades) for query, grades in judged.items()}
    return {name: {query: row[i] for query, row in rows.items()} for i, name in enumerate(MEASURES)}


def mean(values):
    return math.fsum(values.values()) / len(values) if values else 0.0


def significance(a, b, flips=10000, seed=1):
    """
    Two-sided p of the paired randomisation test: how often the mean of the differences is at least as large when each has a
    random sign. Differences of the same size are flipped together, by counting the ones of a random number.
    """
    sizes = {}
    total = 0.0
    for query, value in a.items():
        difference = value - b[query]
        if difference:
            size = round(abs(difference), 12)
            sizes[size] = sizes.get(size, 0) + 1
            total += difference
    if not sizes:
        return 1.0
    rng = random.Random(seed)
    groups = sorted(sizes.items())
    reached = 0
    for _ in range(flips):
        flipped = sum(size * (2 * bin(rng.getrandbits(count)).count("1") - count) for size, count in groups)
        reached += abs(flipped) >= abs(total) - 1e-9
    return (reached + 1) / (flips + 1)
