"""A merged index answers as one build of all the reports does: the same passages in the same order with the same scores,
counts, snippets and facets, for hundreds of phrases, questions and boolean queries; and however it was merged, it has the
same bytes.

Needs XUNJU_INDEX, XUNJU_QUERY and corpus/generate.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import unittest

from harness import batch_counts, batch_json, build, program, temp_dir, xunju_index, xunju_query

SOURCE = os.environ.get("XUNJU_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SEED = 20261122
PHRASES, QUESTIONS, BOOLEANS = 250, 150, 150


def contents(index):
    found = {}
    for name in sorted(os.listdir(index)):
        with open(os.path.join(index, name), "rb") as f:
            found[name] = f.read()
    return found


class Merged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        program("XUNJU_QUERY")
        context = temp_dir()
        cls.dir = context.__enter__()
        cls.addClassCleanup(context.__exit__, None, None, None)
        lines = os.path.join(cls.dir, "all.jsonl")
        subprocess.run([sys.executable, os.path.join(SOURCE, "corpus", "generate"), "--seed", str(SEED), "--reports", "400", "--dirt",
                        "0.3", "--out", lines], check=True)
        with open(lines, encoding="utf-8") as f:
            reports = f.readlines()
        # Parts of very different sizes, one of them with odd reports.
        cls.parts = []
        for name, begin, end in (("a", 0, 40), ("b", 40, 41), ("c", 41, 260), ("d", 260, 400)):
            path = os.path.join(cls.dir, name + ".jsonl")
            with open(path, "w", encoding="utf-8") as f:
                f.writelines(reports[begin:end])
                if name == "b":
                    f.write('{"id":"empty","text":""}\n{"id":"few","text":"𠀀𪛖人abc 5G网络，人。","title":"𠀀的标题","year":2024}\n')
            cls.parts.append(build(os.path.join(cls.dir, name), [path], "-q"))
        cls.lines = [part + ".jsonl" for part in cls.parts]
        cls.whole = build(os.path.join(cls.dir, "whole"), cls.lines, "-q")
        cls.merged = os.path.join(cls.dir, "merged")
        xunju_index("merge", "-q", "-o", cls.merged, *cls.parts)
        done = xunju_query("--json", "-n", "5000", "--no-collapse", cls.whole, "的 OR 工作 OR 人 OR 一", status=0)
        texts = [json.loads(line)["text"] for line in done.stdout.decode("utf-8").split("\n") if line.startswith('{"rank"')]
        assert len(texts) > 500, len(texts)
        draw = random.Random(SEED)

        def piece(shortest, longest):
            while True:
                text = draw.choice(texts)
                n = draw.randint(shortest, longest)
                at = draw.randrange(max(1, len(text) - n))
                found = text[at:at + n]
                if found.isprintable() and found.strip() and not set(found) & set('"\\:：()（）-*^~'):
                    return found
        cls.phrases = [piece(1, 9) for _ in range(PHRASES)] + ["𠀀", "𠀀𪛖", "人abc", "abc 5G", "没有这样的词句"]
        cls.questions = [" ".join(piece(2, 6) for _ in range(draw.randint(2, 4))) for _ in range(QUESTIONS // 2)] + [
            piece(6, 20) + draw.choice(("有哪些？", "怎么解决", "的情况")) for _ in range(QUESTIONS // 2)]
        cls.booleans = []
        for _ in range(BOOLEANS):
            a, b, c = ('"%s"' % piece(1, 5) for _ in range(3))
            form = draw.choice(("{0} AND {1}", "{0} OR {1} OR {2}", "{0} AND NOT {1}", "({0} OR {1}) AND {2}", "({0} AND {1}) OR {2}",
                                "{0} AND {1} year:2015..2024"))
            cls.booleans.append(form.format(*('"%s"' % piece(1, 5) for _ in range(3))))

    def same(self, queries, *options, index=None):
        """The objects of every answer but for the time they took."""
        wanted = batch_json(self.whole, queries, *options)
        found = batch_json(index or self.merged, queries, *options)
        n_hits = 0
        for query, (hits, summary), (others, other) in zip(queries, wanted, found):
            for o in (summary, other):
                o.pop("us", None)
            self.assertEqual(hits, others, (query, options))
            self.assertEqual(summary, other, (query, options))
            n_hits += len(hits)
        return n_hits

    def test_phrases(self):
        self.assertGreater(self.same(self.phrases, "-F"), PHRASES)
        self.assertGreater(self.same(self.phrases, "-F", "-n", "1000", "--no-collapse"), 5 * PHRASES)

    def test_questions(self):
        self.assertGreater(self.same(self.questions), QUESTIONS)
        self.assertGreater(self.same(self.questions, "-n", "200"), 5 * QUESTIONS)
        self.assertGreater(self.same(self.phrases), PHRASES)

    def test_booleans(self):
        self.assertGreater(self.same(self.booleans, "-n", "300"), BOOLEANS)

    def test_counts(self):
        for queries, options in ((self.phrases, ("-F",)), (self.phrases, ()), (self.questions, ()), (self.booleans, ())):
            self.assertEqual(batch_counts(self.whole, queries, *options), batch_counts(self.merged, queries, *options))

    def test_another_order_has_the_same_scores(self):
        """Ties are broken by what a report is called, not by where it stands."""
        index = os.path.join(self.dir, "other")
        xunju_index("merge", "-q", "-o", index, *reversed(self.parts))
        self.assertEqual(batch_counts(self.whole, self.phrases, "-F"), batch_counts(index, self.phrases, "-F"))

        def told(of, queries):
            return [sorted((hit["report"], hit["text"], round(hit["score"], 4)) for hit in hits)
                    for hits, _ in batch_json(of, queries, "-n", "100000", "--no-collapse")]
        for queries in (self.booleans, self.phrases[:60]):
            self.assertEqual(told(self.whole, queries), told(index, queries))

    def test_shards_and_levels(self):
        shards = []
        for shard, level in enumerate(("fast", "default", "small")):
            shards.append(build(os.path.join(self.dir, "shard%d" % shard), self.lines, "-q", "--text-level", level, "--shard",
                                "%d/3" % shard))
        index = os.path.join(self.dir, "shards")
        xunju_index("merge", "-q", "-o", index, *shards)
        xunju_index("check", index)
        for queries, options in ((self.phrases, ("-F",)), (self.questions, ()), (self.booleans, ())):
            self.assertEqual(batch_counts(self.whole, queries, *options), batch_counts(index, queries, *options))

    def test_grouping_and_threads_change_no_byte(self):
        a, b, c, d = self.parts
        wanted = contents(self.merged)
        self.assertEqual(sorted(wanted), ["lock", "manifest", "seg-1-0.xjs"])

        def merge(name, *arguments):
            index = os.path.join(self.dir, name)
            shutil.rmtree(index, ignore_errors=True)
            xunju_index("merge", "-q", "-o", index, *arguments)
            return index

        def same(index): # assertEqual would print the difference of megabytes
            self.assertTrue(contents(index) == wanted, index)
        for threads in ("1", "2", "8"):
            ab = merge("ab", "--threads", threads, a, b)
            same(merge("m", "--threads", threads, a, b, c, d))
            same(merge("m", "--threads", threads, ab, c, d))
            same(merge("m", ab, merge("cd", c, d)))
            same(merge("m", merge("abc", ab, c), d))
            same(merge("m", a, merge("bcd", b, c, d)))
        self.assertFalse(contents(merge("m", b, a, c, d)) == wanted)
        self.assertTrue(contents(merge("m", self.whole)) == contents(self.whole))


if __name__ == "__main__":
    unittest.main()
