"""Ranking quality: the measures of bench/trec.py against values computed by hand, bench/quality from end to end, and floors for a
set of our own over corpus/reports.

queries.tsv has the queries of that set. judgements.tsv says, for one query a line, the grade (2 answers it, 1 has to do with it),
the report, and words that only the passage meant has: passages may be cut anew without judging again. Both were written and judged by reading
the reports. Floors lie a little below what the ranking reached when they were last set; a change that raises it raises them.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
import unittest

import harness

ROOT = os.environ.get("XUNJU_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
HERE = os.path.join(ROOT, "tests", "quality")
REPORTS = os.path.join(ROOT, "corpus", "reports")
sys.path.insert(0, os.path.join(ROOT, "bench"))
import trec  # noqa: E402

FLOORS = {"MRR@10": 0.84, "nDCG@10": 0.785, "R@10": 0.83, "R@100": 0.945}


def plain(text):
    """Text without what repair and typography may change: width, compatibility forms, white and invisible characters."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cf")


def judged_passages():
    """{query id: {"report passage": grade}}; also checks that every judgement means exactly one passage."""
    passages = {}
    for report in harness.doctor([REPORTS]):
        passages[report["id"]] = [plain(passage["text"]) for passage in report["passages"]]
    found = {}
    for line in trec.text_lines(os.path.join(HERE, "judgements.tsv")):
        query, grade, report, words = line.split("\t")
        at = [i for i, text in enumerate(passages[report]) if plain(words) in text]
        if len(at) != 1:
            raise AssertionError("%s: '%s' stands in %d passages of %s" % (query, words, len(at), report))
        grades = found.setdefault(query, {})
        name = "%s %d" % (report, at[0])
        grades[name] = max(int(grade), grades.get(name, 0))
    return found


class OwnSet(unittest.TestCase):
    def test_ranking_is_not_below_the_floors(self):
        judged = judged_passages()
        queries = trec.queries(os.path.join(HERE, "queries.tsv"))
        self.assertEqual(set(judged), set(queries))
        with harness.temp_dir() as directory:
            index = harness.build(os.path.join(directory, "index"), [REPORTS], "-q")
            answers = harness.batch_json(index, list(queries.values()), "--any", "-n", str(trec.DEPTH))
        run = {query: ["%s %d" % (hit["report"], hit["passage"]) for hit in hits]
               for query, (hits, _) in zip(queries, answers)}
        values = trec.measures(run, judged)
        for query, text in queries.items():
            print("%s %.3f %.3f %s" % (query, values["MRR@10"][query], values["nDCG@10"][query], text))
        for name, floor in FLOORS.items():
            with self.subTest(name):
                mean = trec.mean(values[name])
                print("%s %.4f, floor %.4f" % (name, mean, floor))
                self.assertGreaterEqual(mean, floor)


class Measures(unittest.TestCase):
    def test_by_hand(self):
        # Relevant a (2), b (1), c (1); b at rank 2, a at rank 4, c not found.
        # nDCG: gain = grade: (1/log2 3 + 2/log2 5) / (2/log2 2 + 1/log2 3 + 1/log2 4) = 1.49228 / 3.13093
        values = trec.measure(["x", "b", "y", "a"], {"a": 2, "b": 1, "c": 1, "y": 0})
        for value, expected in zip(values, [1 / 2, 0.476626, 2 / 3, 2 / 3]):
            self.assertAlmostEqual(value, expected, places=6)

    def test_cuts(self):
        ranked = ["x%d" % i for i in range(10)] + ["a"] + ["y%d" % i for i in range(88)] + ["b", "c"]
        self.assertEqual(trec.measure(ranked, {"a": 1, "b": 1, "c": 1}), [0.0, 0.0, 0.0, 2 / 3])  # b is 100th, c 101st
        self.assertEqual(trec.measure(ranked[1:], {"a": 1})[0], 1 / 10)

    def test_ideal_is_cut_at_ten(self):
        grades = {str(i): 1 for i in range(15)}
        self.assertAlmostEqual(trec.measure([str(i) for i in range(10)], grades)[1], 1.0)

    def test_a_query_without_answer_counts_as_zero(self):
        values = trec.measures({"1": ["a"]}, {"1": {"a": 1}, "2": {"b": 1}})
        self.assertEqual(trec.mean(values["MRR@10"]), 0.5)
        self.assertEqual(trec.mean(values["R@100"]), 0.5)

    def test_significance(self):
        zero = {str(i): 0.0 for i in range(8)}
        one = {str(i): 1.0 for i in range(8)}
        self.assertEqual(trec.significance(zero, zero), 1.0)
        # All eight differences are 1: only all heads and all tails reach the mean, 2 of 256.
        self.assertAlmostEqual(trec.significance(one, zero), 2 / 256, delta=0.003)
        # Differences 3, 1, 1, 1: |sum| >= 6 in 2 of 16; with -1 for one of them, |sum| >= 4 in 8 of 16.
        zero = {name: 0.0 for name in "abcd"}
        self.assertAlmostEqual(trec.significance({"a": 3.0, "b": 1.0, "c": 1.0, "d": 1.0}, zero), 2 / 16, delta=0.015)
        self.assertAlmostEqual(trec.significance({"a": 3.0, "b": 1.0, "c": 1.0, "d": -1.0}, zero), 8 / 16, delta=0.02)


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, text):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
        return path

    def test_a_run_comes_back_in_its_order(self):
        path = os.path.join(self.folder.name, "a.run")
        trec.write_run(path, {"q": [("b", 2.5), ("a", 2.5), ("c", 1)]}, "test")
        self.assertEqual(trec.read_run(path), {"q": ["b", "a", "c"]})

    def test_a_run_is_ordered_by_score(self):
        path = self.file("b.run", "q Q0 a 1 0.5 x\nq Q0 b 2 0.7 x\n\nq\tQ0\tc\t3\t0.6\tx\r\n")
        self.assertEqual(trec.read_run(path), {"q": ["b", "c", "a"]})

    def test_qrels(self):
        path = self.file("qrels.tsv", "1\t0\ta\t1\n1 0 b 0\n2\t0\tc\t0\n")
        self.assertEqual(trec.qrels(path), {"1": {"a": 1, "b": 0}})

    def quality(self, *arguments):
        done = subprocess.run([sys.executable, os.path.join(ROOT, "bench", "quality"), *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode("utf-8", "replace"))
        return done.stdout.decode("utf-8")

    def test_a_set_and_its_neighbour_from_end_to_end(self):
        harness.program("XUNJU_INDEX")
        lines = [{"id": "第一", "title": "枫桥经验", "text": "矛盾不上交。"}, {"_id": "b/2", "title": "", "text": "依靠群众化解矛盾纠纷。"},
                 {"id": "c 3".replace(" ", "_"), "text": "公路养护。\u2028第二行"}]
        self.file("tiny/corpus.jsonl", "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
        self.file("tiny/queries.tsv", "q1\t化解矛盾纠纷\nq2\t公路\nq3\t没有判断\nq4\t查不到的龘\n")
        self.file("tiny/qrels.tsv", "q1\t0\tb/2\t1\nq2\t0\tc_3\t2\nq4\t0\tc_3\t1\n")
        self.file("tiny-hant/queries.tsv", "q1\t化解矛盾糾紛\n")
        self.file("tiny-hant/qrels.tsv", "q1\t0\tb/2\t1\n")
        runs = os.path.join(self.folder.name, "runs")
        sets = [os.path.join(self.folder.name, name) for name in ("tiny", "tiny-hant")]
        output = self.quality("--runs", runs, *sets)
        self.assertRegex(output, r"\| tiny \| 3 \| 3 \| 0\.6667 \| 0\.6667 \| 0\.6667 \| 0\.6667 \|")
        self.assertRegex(output, r"\| tiny-hant \| 3 \| 1 \| 1\.0000 \|")
        run = trec.read_run(os.path.join(runs, "tiny.run"))
        self.assertEqual([run["q1"][0], run["q2"]], ["b/2", ["c_3"]])
        output = self.quality("--against", runs, sets[0])
        self.assertRegex(output, re.escape("0.6667 +0.0000 (1.0000)"))
        other = self.file("other.run", "q1 Q0 b/2 1 1 x\nq2 Q0 c_3 1 1 x\nq4 Q0 c_3 1 1 x\n")
        output = self.quality("--compare", os.path.join(runs, "tiny.run"), other, os.path.join(sets[0], "qrels.tsv"))
        self.assertRegex(output, r"\| MRR@10 \| 0\.6667 \| 1\.0000 \| \+0\.3333 \| 1\.0000 \| 1 \| 0 \|")


if __name__ == "__main__":
    unittest.main()
