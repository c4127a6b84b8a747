"""The sample corpus against the facts known of it: corpus/expected.json was computed from the clean sources."""

import json
import os
import unicodedata
import unittest

import harness
import oracle

CORPUS = os.path.join(os.environ.get("XUNJU_SOURCE", "."), "corpus")


def plain(text):
    """Folded for comparing: titles may be stored in full width, in Traditional or with Kangxi radicals."""
    return None if text is None else "".join(oracle.fold(char) for char in unicodedata.normalize("NFKC", text))


class Expected(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        with open(os.path.join(CORPUS, "expected.json"), encoding="utf-8") as f:
            cls.expected = json.load(f)
        cls.directory = cls.enterClassContext(harness.temp_dir())
        cls.index = harness.build(os.path.join(cls.directory, "index"), [os.path.join(CORPUS, "reports")])

    def identity(self, report):
        return report.get("id") or report["path"][len("reports/"):]

    def hits(self, query, *options):
        done = harness.xunju_query("--json", "-n", "100000", *options, self.index, query, status=(0, 1))
        return harness.json_lines(done.stdout)

    def test_every_report_is_indexed(self):
        info = json.loads(harness.xunju_index("info", "--json", self.index).stdout)
        self.assertEqual(info["reports"], len(self.expected["reports"]))
        self.assertEqual(harness.xunju_index("check", self.index).stdout.decode(), "the index is sound\n")

    def test_phrases(self):
        differences = []
        # What a slipped clause holds is found only where the slip could be undone with certainty.
        for phrase in self.expected["phrases"]:
            found = {}
            for hit in self.hits(phrase, "-F"):
                found[hit["report"]] = found.get(hit["report"], 0) + len(hit["matches"])
            for report in self.expected["reports"]:
                wanted = report["phrases"][phrase]
                lost = sum(slip["phrases"].get(phrase, 0) for slip in report["slipped"])
                got = found.get(self.identity(report), 0)
                if not wanted - lost <= got <= wanted:
                    differences.append("%s in %s: %d, expected %d" % (phrase, self.identity(report), got, wanted))
        self.assertEqual(differences, [])

    def test_furniture_is_not_found(self):
        for phrase in self.expected["furniture"]:
            with self.subTest(phrase=phrase):
                wanted = {self.identity(r): r["furniture"][phrase] for r in self.expected["reports"] if r["furniture"][phrase]}
                found = {hit["report"]: len(hit["matches"]) for hit in self.hits(phrase, "-F")}
                self.assertEqual(found, wanted)

    def test_metadata(self):
        reports = {}
        everything = " OR ".join('id:"%s"' % self.identity(report) for report in self.expected["reports"])
        for line in harness.json_lines(harness.xunju_query("-l", "--json", "-n", "100000", self.index, everything).stdout):
            reports[line["report"]] = line
        differences = []
        for report in self.expected["reports"]:
            got = reports.get(self.identity(report))
            self.assertIsNotNone(got, self.identity(report))
            for field in ("title", "date", "year"):
                a, b = got[field], report[field]
                if (plain(a) if field == "title" else a) != (plain(b) if field == "title" else b):
                    differences.append("%s: %s %r, expected %r" % (self.identity(report), field, a, b))
            # A title or first sentence may name the place where the signature names its government.
            a, b = plain(got["agency"]), plain(report["agency"])
            if a != b and not (a and b and (a in b or b in a)):
                differences.append("%s: agency %r, expected %r" % (self.identity(report), got["agency"], report["agency"]))
        self.assertEqual(differences, [])

    def test_source_bytes(self):
        """Every match of every report, cut from the file itself, holds the words."""
        for phrase in ("枫桥经验", "法治政府建设", "矛盾纠纷", "5G网络"):
            for hit in self.hits(phrase, "-F"):
                if hit["path"].endswith(".jsonl"):
                    continue
                with open(os.path.join(CORPUS, "reports", hit["path"]), "rb") as f:
                    data = f.read()
                for (start, end), (first, stop) in zip(hit["matches"], hit["match_sources"]):
                    raw = data[first:stop].decode(hit["encoding"].lower().replace("big5", "big5hkscs"), "replace")
                    self.assertIn(plain(hit["text"][start:end]).replace("\n", "")[0], plain(raw), (phrase, hit["report"], raw))
                    self.assertIn(plain(hit["text"][start:end])[-1], plain(raw), (phrase, hit["report"], raw))


if __name__ == "__main__":
    unittest.main()
