"""Faults that were found once and must not come back: what they looked like from outside."""

import json
import os
import time
import unittest

import harness


class Regressions(unittest.TestCase):
    def setUp(self):
        self.directory = self.enterContext(harness.temp_dir())
        self.index = os.path.join(self.directory, "index")

    def write(self, name, text):
        path = os.path.join(self.directory, "in", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return os.path.dirname(path)

    def build(self, *arguments, status=0):
        done = harness.xunju_index("build", "--force", "-o", self.index, "--report", os.path.join(self.directory, "report"),
                                   *arguments, status=status)
        self.assertEqual(harness.xunju_index("check", self.index).stdout, b"the index is sound\n")
        with open(os.path.join(self.directory, "report"), encoding="utf-8") as f:
            return json.load(f), done.stderr.decode("utf-8")

    def count(self, query, *options):
        return harness.xunju_query("-c", *options, self.index, query, status=(0, 1)).stdout.decode().strip()

    # The tokens of each of the large reports below are more than the least memory.

    def test_a_batch_of_words_then_one_of_characters(self):
        """A batch without any pair of characters left room for none ever after, and the build hung."""
        self.write("a.txt", "hello world abc " * 1000000)
        report, _ = self.build("--memory", "64M", self.write("b.txt", "枫桥经验。"))
        self.assertEqual(report["segments"], 1)
        self.assertGreaterEqual(report["runs"], 2)
        self.assertEqual(self.count("枫桥经验"), "1\t1\t1")
        self.assertEqual(self.count('"hello world"').split("\t")[0], "1000000")

    def test_a_batch_of_characters_then_one_of_words(self):
        self.write("a.txt", "枫桥经验，发展治理。" * 1100000)
        report, _ = self.build("--memory", "64M", self.write("b.txt", "2024年推进5G网络。"))
        self.assertEqual(report["segments"], 1)
        self.assertGreaterEqual(report["runs"], 2)
        self.assertEqual(self.count("5G网络"), "1\t1\t1")
        self.assertEqual(self.count("枫桥经验").split("\t")[0], "1100000")

    def test_after_a_large_report_runs_are_not_small(self):
        """The room that one large report took counted against every later batch: one for each report."""
        self.write("0.txt", " ".join("w%d" % i for i in range(1000000)))
        for i in range(100):
            folder = self.write("r%d.txt" % i, "枫桥经验 %d" % i)
        report, _ = self.build("--memory", "64M", folder)
        self.assertEqual(report["segments"], 1)
        self.assertIn(report["runs"], range(2, 20))
        self.assertEqual(self.count("枫桥经验"), "100\t100\t100")

    def test_long_broken_json_is_refused_in_linear_time(self):
        path = os.path.join(self.write("a.jsonl", '{"text":"枫桥"}\n{"text":"a","x":[' + '"a",' * 200000 + "0\n"), "a.jsonl")
        started = time.monotonic()
        report, _ = self.build(path)
        self.assertEqual((report["reports"], report["skipped"]), (1, 1))
        self.assertLess(time.monotonic() - started, 10)

    def test_long_headings_do_not_multiply(self):
        text = "第一章 " + "甲" * 50000 + "\n" + "\n".join("第%d节 小节%d\n正文内容。" % (i, i) for i in range(1, 2000))
        self.build(self.write("a.txt", text))
        hit = json.loads(harness.xunju_query("--json", "-n", "1", self.index, "正文内容").stdout.decode().split("\n")[0])
        self.assertLessEqual(max(len(heading) for heading in hit["section"]), 200)

    def test_repeated_characters_are_counted_in_linear_time(self):
        path = os.path.join(self.write("a.jsonl", '{"text":"' + "的" * 1000000 + '"}\n'), "a.jsonl")
        self.build("--segment", "none", path)
        started = time.monotonic()
        self.assertEqual(self.count("的" * 1000, "-F"), "999001\t1\t1")
        self.assertLess(time.monotonic() - started, 10)

    def test_a_phrase_asked_for_twice_counts_once(self):
        self.build(self.write("a.txt", "枫桥经验在枫桥。"))
        self.assertEqual(self.count("枫桥"), "2\t1\t1")
        self.assertEqual(self.count("枫桥 枫桥"), "2\t1\t1")
        self.assertEqual(self.count("枫桥 OR 楓橋"), "2\t1\t1")

    def test_quiet_agrees_with_the_listing(self):
        self.build(self.write("a.txt", "多元化解矛盾纠纷。"))
        query = "多元化解矛盾纠纷的机制有哪些"
        self.assertEqual(harness.xunju_query(self.index, query).returncode, 0)
        self.assertEqual(harness.xunju_query("-q", self.index, query).returncode, 0)
        self.assertEqual(harness.xunju_query("-q", self.index, "无关词语的一句问话而已", status=1).stdout, b"")

    def test_not_in_a_place_where_it_has_no_meaning(self):
        self.build(self.write("a.txt", "枫桥经验。"))
        done = harness.xunju_query(self.index, "枫桥 AND (综治 OR NOT 调解)", status=2)
        self.assertIn("NOT stands alone", done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
