"""Shared helpers of the Python tests: run the two programs, build small indexes, read their answers.

The programs are named by XUNJU_INDEX and XUNJU_QUERY; a test that needs one which is not set is skipped.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TIMEOUT_SECONDS = 600


def program(variable):
    path = os.environ.get(variable)
    if not path:
        raise unittest.SkipTest("%s is not set" % variable)
    return path


def run(variable, *arguments, input=None, status=0, cwd=None, env=None):
    """Run a program; check its exit status (None: any; a tuple: one of these). Output is bytes."""
    command = [program(variable), *map(str, arguments)]
    if isinstance(input, str):
        input = input.encode("utf-8")
    done = subprocess.run(command, input=input, stdin=subprocess.DEVNULL if input is None else None,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, timeout=TIMEOUT_SECONDS,
                          env=None if env is None else dict(os.environ, **env), check=False)
    allowed = (status,) if isinstance(status, int) else status
    if allowed is not None and done.returncode not in allowed:
        raise AssertionError("%s\nexit status %d, expected %s\nstderr: %s" % (
            " ".join(command)[:2000], done.returncode, allowed, done.stderr.decode("utf-8", "replace")[-4000:]))
    return done


def xunju_index(*arguments, **options):
    return run("XUNJU_INDEX", *arguments, **options)


def xunju_query(*arguments, **options):
    return run("XUNJU_QUERY", *arguments, **options)


@contextlib.contextmanager
def temp_dir():
    directory = tempfile.mkdtemp(prefix="xunju-test-")
    try:
        yield directory
    finally:
        if os.environ.get("XUNJU_KEEP_TEMP"):
            print("kept: %s" % directory, file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)


def write_jsonl(path, reports):
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        for report in reports:
            out.write(json.dumps(report, ensure_ascii=False) + "\n")
    return path


def json_lines(data):
    """Objects of JSON Lines; only LF ends a line (a JSON string may hold a raw U+2028)."""
    return [json.loads(line) for line in data.decode("utf-8").split("\n") if line]


def build(index, paths, *options):
    xunju_index("build", "-o", index, *options, *paths)
    return index


def build_reports(directory, reports, *options):
    """Build an index of reports {"id", "text", ...}; without options each report is one passage."""
    os.makedirs(directory, exist_ok=True)
    path = write_jsonl(os.path.join(directory, "reports.jsonl"), reports)
    return build(os.path.join(directory, "index"), [path], *(options or ("--segment", "none")))


def doctor(paths):
    """One object for each report of the files, in order: repaired_text, passages, asides, ..."""
    return json_lines(xunju_index("doctor", "--json", *paths).stdout)


def _batch(index, queries, options):
    for query in queries:
        assert "\n" not in query, "a query of a batch is one line"
    return xunju_query("--batch", *options, index, "-", input="".join(query + "\n" for query in queries))


def batch_counts(index, queries, *options):
    """One line `occurrences TAB passages TAB reports` (or error...) for each query."""
    lines = _batch(index, queries, ("-c", *options)).stdout.decode("utf-8").split("\n")
    assert lines.pop() == "", "the last line of the counts has no line feed"
    assert len(lines) == len(queries), "%d queries, %d lines of counts" % (len(queries), len(lines))
    return lines


def batch_json(index, queries, *options):
    """For each query its hits and its summary object."""
    answers, hits = [], []
    for item in json_lines(_batch(index, queries, ("--json", *options)).stdout):
        if item.get("done"):
            answers.append((hits, item))
            hits = []
        else:
            hits.append(item)
    assert not hits, "the last summary object is missing"
    assert len(answers) == len(queries), "%d queries, %d summaries" % (len(queries), len(answers))
    return answers


def count(index, query, *options):
    """(occurrences, passages, reports) of one query by `xunju-query -c`; checks the exit status."""
    done = xunju_query("-c", *options, index, query, status=(0, 1))
    totals = tuple(map(int, done.stdout.decode("utf-8").strip().split("\t")))
    assert len(totals) == 3, done.stdout
    assert done.returncode == (0 if totals[0] else 1), "exit status %d for %r" % (done.returncode, totals)
    return totals


def hits(index, query, *options):
    """The hits of one query by `xunju-query --json`."""
    return json_lines(xunju_query("--json", *options, index, query, status=(0, 1)).stdout)


def count_line(totals):
    return "%d\t%d\t%d" % tuple(totals)


def matches_no_unit(line):
    """Is this line of counts right for a query in which nothing can be searched?"""
    return line == "0\t0\t0" or line.startswith("error") or line.startswith("{\"error\"")
