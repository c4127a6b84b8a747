"""The acceptance table of the five seed reports, as they are and re-encoded.

XUNJU_SEEDS names their folder; without it these tests are skipped. Nothing of their text stands here
beyond the short phrases of the table.
"""

import os
import random
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
import harness  # noqa: E402
import oracle  # noqa: E402
from test_counts import Differences, check_counts, check_doctor  # noqa: E402

ALL = ["000", "001", "002", "003", "004"]

# Query, and the reports that hold it.
REPORTS = [
    ("枫桥经验", ["000", "001", "003"]),
    ("楓橋經驗", ["000", "001", "003"]),
    ('"枫桥经验"', ["000", "001", "003"]),
    ("新时代枫桥经验", ["000", "001", "003"]),
    ("枫桥", ["000", "001", "002", "003"]),
    ("枫", ["000", "001", "002", "003"]),
    ("矛盾纠纷", ALL),
    ("着力压实", ["001"]),
    ("定人", ["001"]),
    ("1+6+N", ["003"]),
    ("99.99%", ["000"]),
    ("９９．９９％", ["000"]),
    ("LED", ["001"]),
    ("led", ["001"]),
    ("ＬＥＤ", ["001"]),
    ("12345", ["001", "003"]),
    ("2025年", ["000", "002", "003", "004"]),
]
ABSENT = ["2345", "当前位置", "相关链接", "热搜", "点击收起"]

# title, agency, date, year
METADATA = {
    "000": ("鼓楼区洪山镇2025年度法治政府建设工作报告", "鼓楼区洪山镇", "2026-02-26", 2025),
    "001": (None, "鞏留鎮", None, 2024),
    "002": ("陶家镇关于2025年法治政府建设情况的报告", "陶家镇", None, 2025),
    "003": ("浈江区车站街道办事处2025年法治政府建设年度报告", "浈江区车站街道办事处", "2026-01-23", 2025),
    "004": (None, "南汇街道", "2025-02-12", 2024),
}

SECTIONS = {
    "000": ["一、2025年度推进法治政府建设的主要举措和成效", "(四)深化矛盾化解,在筑牢平安根基上“织密网”"],
    "001": ["一、工作開展情況", "(五)開展宣傳教育,增強全民法治意識"],
    "003": ["一、工作举措和成效", "(四)创新基层治理,提升基层治理法治化水平",
            "1.完善多元化解机制,构建共建共治共享格局"],
}
# Phrases of 004, which is one long line with two sections numbered 二: how the headings above them begin.
SECTIONS_OF_004 = [("统分结合", ["一、", "(二)"]), ("警源", ["二、单位"]), ("执法证考试", ["四、", "(二)"])]

ENCODINGS = [("gb18030", b""), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"), ("utf-16-le", b""),
             ("utf-16-be", b""), ("utf-8", b"\xef\xbb\xbf")]

TONES = "āáǎàēéěèêīíǐìōóǒòūúǔùüǖǘǚǜńňǹḿ"
PINYIN = re.compile("(?<=[\u3400-\u9fff])\\([a-z%s]+\\)" % TONES)
DAMAGED = "⒍"  # stands in the damaged line of 001 only


def without_pinyin(text):
    return PINYIN.sub("", text)


def words(text):
    return [(unit.kind, unit.text) for unit in oracle.query_units(text)]


def number(report):
    return os.path.basename(report)[:3]


class Seeds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts = {}
        for name in sorted(os.listdir(cls.folder())):
            if number(name) in ALL:
                with open(os.path.join(cls.folder(), name), "rb") as file:
                    cls.texts[name] = file.read().decode("utf-8-sig")
        assert [number(name) for name in cls.texts] == ALL, "the five seeds are not in XUNJU_SEEDS"
        cls.directory = cls.enterClassContext(harness.temp_dir())
        cls.index = cls.build_of(cls.write("utf-8", b""), "utf-8")

    @staticmethod
    def folder():
        return os.environ["XUNJU_SEEDS"]

    @classmethod
    def write(cls, encoding, mark, texts=None):
        """Write the seeds in an encoding; return their folder."""
        folder = os.path.join(cls.directory, "%s-%s" % (encoding, mark.hex() or "plain"))
        os.makedirs(folder)
        for name, text in (texts or cls.texts).items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(mark + text.encode(encoding))
        return folder

    @classmethod
    def build_of(cls, folder, encoding):
        report = folder + ".report"
        index = harness.build(folder + ".index", [folder], "--report", report)
        with open(report, "rb") as file:
            counts = harness.json_lines(file.read().replace(b"\n", b" "))[0]
        assert counts["reports"] == len(os.listdir(folder)), (encoding, counts)
        return index

    def hits(self, index, query, *options):
        return harness.hits(index, query, "-n", "1000", "--no-collapse", *options)

    def occurrences(self, hits):
        found = {}
        for hit in hits:
            found[number(hit["report"])] = found.get(number(hit["report"]), 0) + len(hit["matches"])
        return found

    def check_sources(self, hits, folder, encoding, query):
        """The bytes that a match names, decoded, folded and without pinyin, are the words of the query."""
        want = words(query.strip('"'))
        for hit in hits:
            with open(os.path.join(folder, os.path.basename(hit["report"])), "rb") as file:
                data = file.read()
            self.assertEqual(len(hit["matches"]), len(hit["match_sources"]))
            for (start, end), (first, last) in zip(hit["matches"], hit["match_sources"]):
                self.assertEqual(words(hit["text"][start:end]), want, (query, hit["report"]))
                if query == "定人":  # restored from damage: whole damaged characters, or the halves it is made of
                    piece = data[first:last].decode(encoding, "replace")
                    self.assertTrue("ㄈ" in piece or words(piece) == want, piece)
                    self.assertLess(len(piece), 10)
                    continue
                piece = data[first:last].decode(encoding)
                self.assertEqual(words(without_pinyin(piece)), want, (query, hit["report"], encoding, first, last))
                first_of_passage, last_of_passage = hit["source"]
                self.assertTrue(first_of_passage <= first < last <= last_of_passage, (query, hit["report"]))

    # ---------------------------------------------------------------------------------------- the seeds as they are

    def test_reports_and_sources(self):
        folder = os.path.join(self.directory, "utf-8-plain")
        for query, reports in REPORTS:
            with self.subTest(query=query):
                hits = self.hits(self.index, query)
                self.assertEqual(sorted({number(hit["report"]) for hit in hits}), reports)
                self.assertEqual([hit["exact"] for hit in hits], [True] * len(hits))
                totals = harness.count(self.index, query)
                self.assertEqual(totals[0], sum(self.occurrences(hits).values()))
                self.assertEqual(totals[1:], (len(hits), len(reports)))
                self.check_sources(hits, folder, "utf-8", query)

    def test_fengqiao(self):
        for query in ("枫桥经验", "楓橋經驗", '"枫桥经验"'):
            with self.subTest(query=query):
                occurrences, _, reports = harness.count(self.index, query)
                self.assertEqual((occurrences, reports), (4, 3))
                self.assertEqual(self.occurrences(self.hits(self.index, query)), {"000": 1, "001": 1, "003": 2})

    def test_absent(self):
        for query in ABSENT:
            with self.subTest(query=query):
                self.assertEqual(harness.count(self.index, query), (0, 0, 0))
                done = harness.xunju_query(self.index, query, status=1)
                self.assertEqual(done.stdout, b"")

    def test_a_year_at_the_end_of_a_range(self):
        hits = [hit for hit in self.hits(self.index, "2025年") if number(hit["report"]) == "000"]
        before = [hit["text"][max(0, start - 5):start] for hit in hits for start, _ in hit["matches"]]
        self.assertIn("2021-", before)

    def test_furniture_is_set_aside(self):
        hits = self.hits(self.index, "分享", "-F")
        self.assertEqual(sorted({number(hit["report"]) for hit in hits}), ["001"])

    def test_metadata(self):
        seen = {}
        for hit in self.hits(self.index, "矛盾纠纷"):
            seen[number(hit["report"])] = tuple(hit[key] for key in ("title", "agency", "date", "year"))
        self.assertEqual(seen, METADATA)

    def test_sections(self):
        hits = sorted(self.hits(self.index, "枫桥经验"), key=lambda hit: (hit["report"], hit["passage"]))
        first = {}
        for hit in hits:
            first.setdefault(number(hit["report"]), hit["section"])
        self.assertEqual(first, SECTIONS)
        last = hits[-1]["section"]
        self.assertEqual([part[:3] for part in last[:2]], ["三、下", "(三)"])

    def test_sections_of_a_report_in_one_line(self):
        for query, headings in SECTIONS_OF_004:
            with self.subTest(query=query):
                sections = [hit["section"] for hit in self.hits(self.index, query) if number(hit["report"]) == "004"]
                self.assertEqual(len(sections), 1)
                self.assertGreaterEqual(len(sections[0]), len(headings))
                for part, heading in zip(sections[0], headings):
                    self.assertTrue(part.startswith(heading), sections[0])

    def test_counts_equal_the_oracle(self):
        names = list(self.texts)
        items = harness.doctor([os.path.join(self.directory, "utf-8-plain", name) for name in names])
        self.assertEqual(len(items), len(names))
        differences = Differences("seeds, doctor")
        for name, item in zip(names, items):
            check_doctor(differences, name, item, None if number(name) == "001" else oracle.clean(self.texts[name]))
            if number(name) == "001":
                lines = [line for line in without_pinyin(self.texts[name]).split("\n") if DAMAGED not in line]
                for line in lines:
                    if line not in item["repaired_text"]:
                        differences.add("001: this line is not in the repaired text: %r" % line[:40])
        differences.check(self)
        corpus = oracle.Corpus([(name, passage["text"]) for name, item in zip(names, items)
                                for passage in item["passages"]])
        draw = random.Random(9101)
        queries = [query.strip('"') for query, _ in REPORTS] + ABSENT
        while len(queries) < 3000:
            text = draw.choice(corpus.passages)[1]
            start = draw.randrange(len(text))
            queries.append(text[start:start + draw.randint(1, 10)].replace("\n", " "))
        differences = Differences("seeds, seed 9101")
        check_counts(differences, corpus, queries, harness.batch_counts(self.index, queries, "-F"))
        differences.check(self)

    # -------------------------------------------------------------------------------------------- other encodings

    def test_encodings(self):
        places = ("source", "match_sources", "path", "encoding")
        for encoding, mark in ENCODINGS:
            with self.subTest(encoding=encoding, mark=mark.hex()):
                folder = self.write(encoding, mark)
                index = self.build_of(folder, encoding)
                for query, _ in REPORTS + [(query, []) for query in ABSENT]:
                    expected, hits = self.hits(self.index, query), self.hits(index, query)
                    self.assertEqual([{key: value for key, value in hit.items() if key not in places} for hit in hits],
                                     [{key: value for key, value in hit.items() if key not in places}
                                      for hit in expected], query)
                    self.check_sources(hits, folder, encoding, query)

    def test_big5(self):
        name = next(name for name in self.texts if number(name) == "001")
        text = "\n".join(line for line in without_pinyin(self.texts[name]).split("\n") if DAMAGED not in line)
        folder = self.write("big5", b"", {name: text})
        index = self.build_of(folder, "big5")
        corpus = oracle.Corpus([(name, text)])
        for query, _ in REPORTS:
            with self.subTest(query=query):
                expected = corpus.count(query.strip('"'))
                totals = harness.count(index, query)
                self.assertEqual((totals[0], totals[2]), (expected[0], expected[2]))
                self.check_sources(self.hits(index, query), folder, "big5", query)
        hit = self.hits(index, "矛盾纠纷")[0]
        self.assertEqual(tuple(hit[key] for key in ("title", "agency", "date", "year")), METADATA["001"])
        self.assertEqual(self.hits(index, "枫桥经验")[0]["section"], SECTIONS["001"])


def setUpModule():
    harness.program("XUNJU_INDEX")
    harness.program("XUNJU_QUERY")
    if not os.environ.get("XUNJU_SEEDS"):
        print("skipped: XUNJU_SEEDS is not set", file=sys.stderr)
        raise unittest.SkipTest("XUNJU_SEEDS is not set")
    oracle.fold("枫")


if __name__ == "__main__":
    unittest.main()
