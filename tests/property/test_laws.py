"""A large collection of real texts: everything is read, and counts equal the oracle's.

XUNJU_LAWS names a folder of Markdown files of laws in Chinese; without it these tests are skipped.
"""

import json
import multiprocessing
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
import harness  # noqa: E402
import oracle  # noqa: E402
from test_counts import Differences, check_doctor  # noqa: E402

SEED = 9201
PHRASES = 200
FILES_OF_A_BATCH = 60


def decoded(path):
    with open(path, "rb") as file:
        return file.read().decode("utf-8-sig", "replace")


def examine(batch):
    """Doctor's view of some files: what is wrong with it, and the oracle's counts of every phrase."""
    paths, phrases = batch
    differences = Differences("doctor")
    items = harness.doctor(paths)
    if len(items) != len(paths):
        differences.add("%d files, %d objects of doctor" % (len(paths), len(items)))
        return differences, [], 0
    passages = []
    for path, item in zip(paths, items):
        # Leading and trailing blank lines are text like any other: set aside, but there.
        check_doctor(differences, os.path.basename(path), item, oracle.clean(decoded(path)))
        passages += [(path, passage["text"]) for passage in item["passages"]]
    corpus = oracle.Corpus(passages)
    return differences, [corpus.count(phrase) for phrase in phrases], len(passages)


def sample(paths, number):
    """Phrases of 2 to 10 characters within a line, one file each."""
    draw, phrases = random.Random(SEED), []
    while len(phrases) < number:
        lines = [line for line in oracle.clean(decoded(draw.choice(paths))).split("\n") if len(line) >= 12]
        if lines:
            line = draw.choice(lines)
            size = draw.randint(2, 10)
            start = draw.randrange(len(line) - size + 1)
            phrase = line[start:start + size]
            if oracle.searchable(phrase) and phrase not in phrases:
                phrases.append(phrase)
    return phrases


class Laws(unittest.TestCase):
    def test_laws(self):
        paths = sorted(os.path.join(folder, name) for folder, _, names in os.walk(os.environ["XUNJU_LAWS"])
                       for name in names if name.endswith(".md"))
        self.assertGreater(len(paths), 0, "no .md file in XUNJU_LAWS")
        directory = self.enterContext(harness.temp_dir())
        report = os.path.join(directory, "report.json")
        index = harness.build(os.path.join(directory, "index"), [os.environ["XUNJU_LAWS"]], "--report", report)
        with open(report, encoding="utf-8") as file:
            counts = json.load(file)
        self.assertEqual(counts["skipped"] if isinstance(counts["skipped"], int) else len(counts["skipped"]), 0)
        self.assertEqual(counts["reports"], len(paths))

        phrases = sample(paths, PHRASES)
        print("%d files, %d phrases of seed %d" % (len(paths), len(phrases), SEED), file=sys.stderr)
        lines = harness.batch_counts(index, phrases, "-F")

        batches = [(paths[at:at + FILES_OF_A_BATCH], phrases) for at in range(0, len(paths), FILES_OF_A_BATCH)]
        totals, n_passages = [(0, 0, 0)] * len(phrases), 0
        all_differences = Differences("laws")
        with multiprocessing.Pool(min(4, os.cpu_count() or 1)) as pool:
            for differences, found, passages in pool.imap(examine, batches):
                for line in differences.lines:
                    all_differences.add(line)
                n_passages += passages
                totals = [tuple(map(sum, zip(total, more))) for total, more in zip(totals, found)]
        all_differences.check(self)
        self.assertEqual(counts["passages"], n_passages)

        differences = Differences("laws, -F -c, seed %d" % SEED)
        for phrase, line, total in zip(phrases, lines, totals):
            if line != harness.count_line(total):
                differences.add("query %r: product %r, oracle %r" % (phrase, line, harness.count_line(total)))
        differences.check(self)


def setUpModule():
    harness.program("XUNJU_INDEX")
    harness.program("XUNJU_QUERY")
    if not os.environ.get("XUNJU_LAWS"):
        print("skipped: XUNJU_LAWS is not set", file=sys.stderr)
        raise unittest.SkipTest("XUNJU_LAWS is not set")
    oracle.fold("枫")


if __name__ == "__main__":
    unittest.main()
