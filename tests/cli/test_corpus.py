"""corpus/: the samples are what corpus/make writes, every kind of dirt is there, the generator repeats itself.

Needs XUNJU_SOURCE (root of the source tree); no program of the project is run."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
import unittest

ROOT = os.environ.get("XUNJU_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
CORPUS = os.path.join(ROOT, "corpus")


def run(program, *args):
    """Output of corpus/make or corpus/generate."""
    return subprocess.run([sys.executable, os.path.join(CORPUS, program), *map(str, args)], check=True,
                          stdout=subprocess.PIPE).stdout


def tree(folder):
    """{relative path with /: bytes} of all files below a folder."""
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            with open(path, "rb") as f:
                found[os.path.relpath(path, folder).replace(os.sep, "/")] = f.read()
    return found


def sample(name):
    with open(os.path.join(CORPUS, "reports", name), "rb") as f:
        return f.read()


with open(os.path.join(CORPUS, "expected.json"), encoding="utf-8") as _f:
    EXPECTED = json.load(_f)
REPORTS = EXPECTED["reports"]


def with_dirt(kind):
    """[(name below reports/, bytes)] of the samples that are said to have this kind of dirt."""
    names = sorted({r["path"][len("reports/"):] for r in REPORTS if kind in r["dirt"]})
    return [(name, sample(name)) for name in names]


def decode(name, data):
    """Text of a sample file as its entry says it is encoded."""
    encoding = next(r["encoding"] for r in REPORTS if r["path"] == "reports/" + name)
    codec = {"GB18030": "gb18030", "Big5": "big5", "UTF-16LE": "utf-16-le", "UTF-16BE": "utf-16-be"}.get(encoding, "utf-8")
    return data.decode(codec, errors="replace" if "ill-formed" in encoding else "strict")


class Samples(unittest.TestCase):
    def test_make_reproduces_the_checked_in_files(self):
        with tempfile.TemporaryDirectory() as folder:
            run("make", "--out", folder)
            made = tree(folder)
        with open(os.path.join(CORPUS, "expected.json"), "rb") as f:
            self.assertEqual(made.pop("expected.json"), f.read())
        kept = {"reports/" + name: data for name, data in tree(os.path.join(CORPUS, "reports")).items()}
        self.assertEqual(sorted(made), sorted(kept))
        for name, data in made.items():
            self.assertEqual(data, kept[name], name)

    def test_every_report_has_one_entry(self):
        files = {"reports/" + name for name in tree(os.path.join(CORPUS, "reports"))}
        self.assertEqual(files, {r["path"] for r in REPORTS})
        keys = [(r["path"], r.get("id")) for r in REPORTS]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertGreaterEqual(len(files), 28)
        self.assertLess(sum(map(len, tree(CORPUS).values())), 1500000)

    def test_readme_lists_every_report(self):
        with open(os.path.join(CORPUS, "README.md"), encoding="utf-8") as f:
            readme = f.read()
        for r in REPORTS:
            name = "`" + r["path"][len("reports/"):] + "`" + (f" line {r['line']}" if "line" in r else "")
            rows = [row for row in readme.split("\n") if row.startswith(f"| {name} |")]
            self.assertEqual(len(rows), 1, name)
            cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
            self.assertEqual(cells[2:], [r["title"] or "–", r["agency"] or "–", r["date"] or "–", str(r["year"] or "–"),
                                         str(r["phrases"]["枫桥经验"])], name)

    def test_lengths_are_those_of_reports(self):
        for r in REPORTS:
            if "jsonl" not in r["dirt"]:
                self.assertTrue(800 <= r["characters"] <= 3000, (r["path"], r["characters"]))


class Dirt(unittest.TestCase):
    """Each kind of dirt is in the bytes of at least two files (one for Markdown, JSON Lines and UTF-16 without a mark)."""

    def check(self, kind, test, least=2):
        found = with_dirt(kind)
        self.assertGreaterEqual(len(found), least, kind)
        for name, data in found:
            self.assertTrue(test(name, data), f"{kind}: {name}")

    def test_one_line_behind_a_table(self):
        def test(name, data):
            lines = decode(name, data).split("\n")
            return lines[0].startswith("索引号 | ") and "发布机构 | " in "".join(lines[:3]) and max(map(len, lines)) > 800
        self.check("one-line", test)

    def test_portal_furniture(self):
        def test(name, data):
            words = ("当前位置", "當前位置", "热搜", "打印", "點擊收起", "点击收起", "相关链接", "发布时间", "發布日期", "分享")
            return any(word in unicodedata.normalize("NFKC", decode(name, data)) for word in words)
        self.check("furniture", test, 6)

    def test_half_width_punctuation(self):
        self.check("half-width", lambda name, data: not re.search("[，；：（）！？]", decode(name, data))
                   and decode(name, data).count(",") > 20)

    def test_traditional_with_pinyin(self):
        syllable = re.compile(r"[一-鿿]\([a-z]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ][a-z]*\)")
        self.check("pinyin", lambda name, data: len(syllable.findall(decode(name, data))) >= 100
                   and "們(men)" in decode(name, data) and "經(jīng)驗(yàn)" in decode(name, data))
        legitimate = [data for _, data in with_dirt("pinyin") if b"(a)" in data and b"(km)" in data]
        self.assertTrue(legitimate)

    def test_gbk_read_one_byte_off(self):
        def test(name, data):
            text, entries = decode(name, data), [r for r in REPORTS if r["path"] == "reports/" + name]
            for slipped in entries[0]["slipped"]:
                late = slipped["clean"].encode("gbk")[1:-1].decode("gbk", errors="replace")[:len(slipped["certain"]) - 1]
                if "pinyin" not in entries[0]["dirt"] and "?" + late not in text:
                    return False
                if slipped["certain"] in text:
                    return False
            return bool(entries[0]["slipped"])
        self.check("slip", test, 3)
        self.assertTrue(any("pinyin" in r["dirt"] for r in REPORTS if "slip" in r["dirt"]))
        self.assertTrue(any("traditional" not in r["dirt"] for r in REPORTS if "slip" in r["dirt"]))

    def test_slipped_clauses_can_be_read_back(self):
        for name, data in with_dirt("slip"):
            text = decode(name, data)
            back = ""
            for run_ in re.findall(r"\?([^?\x00-\x7f]{3,})\?", text):
                shifted = run_.encode("gbk")[1:-1]
                back += shifted.decode("gbk", errors="ignore") + " "
            certain = [s["certain"] for r in REPORTS if r["path"] == "reports/" + name for s in r["slipped"]]
            for part in certain:
                self.assertIn(part[1:-1], back, name)

    def test_gb18030(self):
        self.check("gb18030", lambda name, data: self.refuses(data, "utf-8") and data.decode("gb18030"))
        self.assertTrue(any(re.search(b"[\x81-\xfe][0-9][\x81-\xfe][0-9]", data) for _, data in with_dirt("gb18030")))

    def test_big5(self):
        self.check("big5", lambda name, data: self.refuses(data, "utf-8") and "政府" in data.decode("big5")
                   and "政府" not in data.decode("gb18030", errors="replace"))

    def test_utf16(self):
        self.check("utf16le", lambda name, data: data.startswith(b"\xff\xfe") != (b"no-bom" in self.kinds(name))
                   and "政府" in data.decode("utf-16-le"))
        self.check("utf16be", lambda name, data: data.startswith(b"\xfe\xff") and "政府" in data.decode("utf-16-be"), 1)
        self.check("no-bom", lambda name, data: not data.startswith((b"\xff\xfe", b"\xfe\xff")), 1)

    def test_kangxi_radicals(self):
        self.check("kangxi", lambda name, data: len(re.findall("[⼀-⿕]", decode(name, data))) > 20)

    def test_invisible_characters(self):
        self.check("invisible", lambda name, data: all(c in decode(name, data) for c in "\u200b\u00ad\u200c\u2060"))
        inside = re.compile("枫[\u00ad\u200b\u200c\u200d\u2060\ufeff]?桥\u200b经\u00ad验")
        self.assertTrue(any(inside.search(data.decode()) for _, data in with_dirt("invisible")))

    def test_byte_order_mark(self):
        self.check("bom", lambda name, data: data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")), 4)
        self.assertGreaterEqual(sum(data.startswith(b"\xef\xbb\xbf") for _, data in with_dirt("bom")), 2)

    def test_crlf(self):
        def test(name, data):
            text = decode(name, data)
            return text.count("\r\n") > 10 and text.count("\n") == text.count("\r\n")
        self.check("crlf", test)

    def test_hard_wrap(self):
        def test(name, data):
            lines = decode(name, data).replace("\r", "").split("\n")
            return max(map(len, lines)) <= 40 and sum(len(line) > 35 for line in lines) > 15
        self.check("hard-wrap", test)
        self.assertTrue(any(b"\xe6\x9e\xab\xe6\xa1\xa5\r\n\xe7\xbb\x8f\xe9\xaa\x8c" in data for _, data in with_dirt("hard-wrap")))

    def test_indents_and_wide_characters(self):
        self.check("nbsp", lambda name, data: decode(name, data).count("\n\u00a0\u00a0") > 10)
        self.check("wide-indent", lambda name, data: len(re.findall("(?m)^\u3000\u3000", decode(name, data))) > 10)
        self.check("wide", lambda name, data: len(re.findall("[０-９Ａ-Ｚａ-ｚ＋％]", decode(name, data))) > 5)

    def test_ill_formed_utf8(self):
        self.check("broken", lambda name, data: self.refuses(data, "utf-8") and b"\xff\xfe\x80" in data
                   and 3 < data.decode("utf-8", errors="replace").count("\ufffd") < 20)

    def test_markdown_and_json_lines(self):
        self.check("markdown", lambda name, data: name.endswith(".md") and len(re.findall(b"(?m)^#+ ", data)) > 5, 1)
        (name, data), = with_dirt("jsonl")
        records = [json.loads(line) for line in data.decode().rstrip("\n").split("\n")]
        self.assertEqual([r["id"] for r in records], [r["id"] for r in REPORTS if r["path"] == "reports/" + name])
        self.assertTrue(all(record["text"] for record in records))
        self.assertIn("\u2028", data.decode())
        self.assertIn(b"\\u", data)

    def test_wrong_numbers_and_glued_headings(self):
        def test(name, data):
            labels = re.findall("(?m)^（([一二三四五六七])）", decode(name, data))
            jumps = any(a == b or "一二三四五六七".index(b) - "一二三四五六七".index(a) > 1 for a, b in zip(labels, labels[1:]))
            return jumps and re.search("(?m)^(?:\\d\\.|（.）)[^。]{4,12}一是", decode(name, data))
        self.check("numbering", test)

    @staticmethod
    def refuses(data, codec):
        try:
            data.decode(codec)
        except UnicodeDecodeError:
            return True
        return False

    @staticmethod
    def kinds(name):
        return " ".join(next(r["dirt"] for r in REPORTS if r["path"] == "reports/" + name)).encode()


class Facts(unittest.TestCase):
    """expected.json against the dirty files, counted the other way round: undo the dirt, then count substrings."""
    TRADITIONAL = str.maketrans("楓橋經驗時矛盾糾紛綜營環復議執關鏈搜熱當點擊鎮級網絡審調訴專業務發機構從線",
                                "枫桥经验时矛盾纠纷综营环复议执关链搜热当点击镇级网络审调诉专业务发机构从线")

    def repaired(self, name, data):
        text = decode(name, data)
        text = re.sub("[\u200b\u200c\u200d\u2060\ufeff\u00ad]", "", text)
        text = unicodedata.normalize("NFKC", text).translate(self.TRADITIONAL)
        text = re.sub(r"(?<=[一-鿿])\([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ]{2,6}\)", "", text)
        return re.sub("[\\s“”《》]", "", text)

    def test_counts_in_the_dirty_files(self):
        phrases = ["枫桥经验", "新时代枫桥经验", "枫桥", "矛盾纠纷", "综治中心", "营商环境", "行政复议", "5G网络", "1+6+N", "99.99%", "12345热线"]
        for r in REPORTS:
            if "line" in r:
                continue
            text = self.repaired(r["path"][len("reports/"):], sample(r["path"][len("reports/"):]))
            for phrase in phrases:
                slipped = sum(s["phrases"].get(phrase, 0) for s in r["slipped"])
                self.assertEqual(text.count(phrase) + slipped, r["phrases"][phrase], (r["path"], phrase))

    def test_counts_in_json_lines(self):
        records = {}
        for line in sample("石鹭县/短报告-2024.jsonl").decode().rstrip("\n").split("\n"):
            record = json.loads(line)
            records[record["id"]] = record
        for r in REPORTS:
            if "line" in r:
                record = records[r["id"]]
                self.assertEqual((r["title"], r["agency"], r["date"]), (record["title"], record["agency"], record["date"]))
                text = re.sub("[\\s“”]", "", unicodedata.normalize("NFKC", record["text"]))
                for phrase in ("枫桥经验", "矛盾纠纷", "5G网络", "1+6+N"):
                    self.assertEqual(text.count(phrase), r["phrases"][phrase], (r["id"], phrase))

    def test_words_only_in_furniture_are_there_and_not_counted(self):
        everything = "".join(self.repaired(name, sample(name)) for name in tree(os.path.join(CORPUS, "reports")))
        for word in EXPECTED["furniture"]:
            self.assertIn(word, everything)
            self.assertEqual({r["furniture"][word] for r in REPORTS}, {0}, word)

    def test_titles_and_dates_stand_in_the_files(self):
        for r in REPORTS:
            if "line" in r:
                continue
            text = self.repaired(r["path"][len("reports/"):], sample(r["path"][len("reports/"):]))
            for key in ("title", "agency"):
                value = r.get(key + "_in_file") or r[key]
                if value:
                    value = unicodedata.normalize("NFKC", value).translate(self.TRADITIONAL)
                    self.assertIn(value, text, (r["path"], key))
            if r["date"]:
                year, month, day = map(int, r["date"].split("-"))
                self.assertTrue(r["date"] in text or f"{year}年{month}月{day}日" in text, r["path"])
            if r["year"]:
                self.assertIn(f"{r['year']}年", text, r["path"])

    def test_about_half_hold_fengqiao(self):
        share = sum(r["phrases"]["枫桥经验"] > 0 for r in REPORTS) / len(REPORTS)
        self.assertTrue(0.4 <= share <= 0.6, share)


class Generator(unittest.TestCase):
    def test_same_options_same_bytes(self):
        for options in (["--reports", 40], ["--reports", 40, "--dirt", 0.5], ["--reports", 10, "--chars-per-report", 6000]):
            self.assertEqual(run("generate", "--seed", 5, *options), run("generate", "--seed", 5, *options))

    def test_a_report_does_not_depend_on_how_many_there_are(self):
        for dirt in (0, 0.5):
            lines = run("generate", "--seed", 5, "--reports", 60, "--dirt", dirt).split(b"\n")
            self.assertEqual(run("generate", "--seed", 5, "--reports", 20, "--dirt", dirt).split(b"\n")[:20], lines[:20])
            self.assertEqual(run("generate", "--seed", 5, "--reports", 20, "--first", 30, "--dirt", dirt).split(b"\n")[:20], lines[30:50])

    def test_seeds_differ(self):
        self.assertNotEqual(run("generate", "--seed", 1, "--reports", 2), run("generate", "--seed", 2, "--reports", 2))

    def test_json_lines_hold_what_they_should(self):
        lines = run("generate", "--seed", 9, "--reports", 200).decode().split("\n")
        self.assertEqual(lines.pop(), "")
        records = [json.loads(line) for line in lines]
        self.assertEqual(len({record["id"] for record in records}), 200)
        for record in records:
            self.assertEqual(list(record), ["id", "title", "date", "agency", "text"])
            self.assertRegex(record["date"], r"^20\d\d-0[1-3]-[0-2]\d$")
            self.assertTrue(record["text"].startswith(record["title"] + "\n"))
            self.assertIn("\n一、", record["text"])
        mean = sum(len(record["text"]) for record in records) / 200
        self.assertTrue(1350 < mean < 1700, mean)
        share = sum("枫桥经验" in record["text"] for record in records) / 200
        self.assertTrue(0.3 < share < 0.7, share)

    def test_files_are_the_same_reports(self):
        lines = run("generate", "--seed", 4, "--reports", 30).decode().rstrip("\n").split("\n")
        with tempfile.TemporaryDirectory() as folder:
            run("generate", "--seed", 4, "--reports", 30, "--format", "files", "--out", folder)
            files = tree(folder)
        self.assertEqual(sorted(data.decode() for data in files.values()), sorted(json.loads(line)["text"] for line in lines))
        self.assertGreater(len({os.path.dirname(name) for name in files}), 5)

    def test_dirt_has_many_kinds(self):
        with tempfile.TemporaryDirectory() as folder:
            run("generate", "--seed", 4, "--reports", 200, "--dirt", 1, "--format", "files", "--out", folder)
            files = tree(folder).values()
        for mark in ("jīng".encode(), "当前位置".encode(), "索引号".encode(), "\u00ad".encode(), "\r\n".encode(),
                     "\u3000".encode(), b"\xef\xbb\xbf", b"\xff\xfe", "⼀".encode(), "２".encode()):
            self.assertTrue(any(mark in data for data in files), mark)


if __name__ == "__main__":
    unittest.main()
