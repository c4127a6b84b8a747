"""The command line of xunju-query: every option, output form, exit status and stream."""

import contextlib
import errno
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import unicodedata
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
import harness  # noqa: E402

HIT_KEYS = ["rank", "score", "exact", "report", "path", "title", "date", "year", "agency", "section", "passage",
            "text", "matches", "match_sources", "source"]
MORE_HIT_KEYS = ["tier", "restored", "conjectures", "encoding", "number", "fields"]
REPORT_KEYS = ["rank", "score", "report", "path", "title", "date", "year", "agency", "passages", "occurrences"]
TSV_FIELDS = 11
TSV_REPORT_FIELDS = 10

# ESC, BEL, DEL, C1, bidirectional override, zero width space, line separator, tag, byte-order mark, TAB, CR, LF, backslash
NASTY = "a\x1b[31mb\x07c\x7fd\x85e\x9b31mf\u202eg\u200bh\u2028i\U000e0041j\ufeffk\tl\rm\nn\\o"
# What may never reach a reader's screen; TAB and LF are the records' own.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
                    "\U000e0000-\U000e007f]")

REPORTS = [
    {"id": "a", "title": "青桐镇2024年法治政府建设工作报告", "date": "2025-01-20", "agency": "青桐镇人民政府",
     "path": "云陵县/青桐镇.txt", "region": "云陵县", "pages": 7,
     "text": "坚持和发展新时代“枫桥经验”,排查矛盾纠纷120件,化解117件。枫桥经验进村入户,枫桥经验见成效。"},
    {"id": "b", "title": "桂嶼鎮2023年工作情況", "date": "2024-01-18", "agency": "桂嶼鎮",
     "text": "學習楓橋經驗,建立12345熱線聯動機制,矛盾糾紛化解率達99.99%。"},
    {"id": "c", "text": "综治中心实行一站式受理,矛盾纠纷多元化解,哈哈哈哈。"},
    {"id": "d", "title": "无关的报告", "text": "农田水利设施完好,灌溉面积扩大,经验交流会上介绍了枫树和石桥。"},
    {"id": "nasty/" + NASTY, "title": "怪" + NASTY, "agency": "局" + NASTY, "path": "nasty/" + NASTY + ".txt",
     "note" + NASTY: NASTY, "text": "控制字符测试" + NASTY + "结束了。"},
]

STRUCTURED = """洪山镇2025年度法治政府建设工作报告

一、主要举措和成效

(一)深化矛盾化解,筑牢平安根基

坚持预防在先。全镇排查化解矛盾隐患515件,有力维护了社会和谐稳定,群众满意度持续提升。

(二)规范执法行为

开展执法检查22次,发现问题33个,督促整改32个,执法水平得到提高。
"""


def clean_environment():
    """The environment of every run: English, not a terminal's."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("LC_") and k not in ("LANG", "LANGUAGE", "NO_COLOR", "COLUMNS", "TERM")}
    return env


class Case(unittest.TestCase):
    """One index for all tests: five reports of JSON Lines and one of a text file with headings."""

    @classmethod
    def setUpClass(cls):
        harness.program("XUNJU_INDEX")
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.dir = cls.stack.enter_context(harness.temp_dir())
        inputs = os.path.join(cls.dir, "in")
        os.makedirs(inputs)
        lines = harness.write_jsonl(os.path.join(inputs, "reports.jsonl"), REPORTS)
        text = os.path.join(inputs, "洪山镇-2025.txt")
        with open(text, "w", encoding="utf-8") as out:
            out.write(STRUCTURED)
        cls.index = harness.build(os.path.join(cls.dir, "index"), [lines, text])

    def raw(self, *args, stdin=None, status=None, env=None, **more):
        """Run with these arguments as they are; returns (exit status, stdout, stderr) in bytes."""
        done = subprocess.run([harness.program("XUNJU_QUERY"), *args], input=stdin,
                              stdin=subprocess.DEVNULL if stdin is None else None, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=dict(clean_environment(), **(env or {})), timeout=60, **more)
        if status is not None:
            self.assertEqual(done.returncode, status, (args, done.stdout[-500:], done.stderr[-500:]))
        return done.returncode, done.stdout, done.stderr

    def ask(self, *args, status=0, **more):
        """Options and a query on the common index; returns stdout and stderr as text."""
        _, out, err = self.raw(*args[:-1], "--", self.index, args[-1], status=status, **more)
        return out.decode("utf-8"), err.decode("utf-8")

    def objects(self, *args, **more):
        return [json.loads(line) for line in self.ask("--json", *args, **more)[0].split("\n") if line]

    def batch(self, *args, lines, status=0, **more):
        if isinstance(lines, str):
            lines = lines.encode("utf-8")
        _, out, err = self.raw("--batch", *args, self.index, "-", stdin=lines, status=status, **more)
        return out.decode("utf-8"), err.decode("utf-8")


class Text(Case):
    def test_a_hit_for_people(self):
        out, err = self.ask("枫桥经验")
        self.assertTrue(out.startswith("1. "), out)
        block = next(b for b in out.split("\n\n") if "青桐镇2024" in b)
        lines = block.split("\n")
        self.assertIn("青桐镇人民政府 · published 2025-01-20 · report year 2024", lines[1])
        self.assertIn("枫桥经验", block)
        self.assertRegex(lines[-1], r"^   云陵县/青桐镇\.txt#a  passage 1/1  bytes \d+-\d+  score \d+\.\d\d$")
        self.assertNotIn("\x1b", out)
        self.assertEqual(out.count("\n\n"), 2, "each of the two hits ends in an empty line")
        self.assertEqual(err.split("\n")[0], "occurrences: 4, passages: 2, reports: 2")

    def test_the_section_path(self):
        out, _ = self.ask("矛盾隐患")
        self.assertIn("一、主要举措和成效 › (一)深化矛盾化解,筑牢平安根基", out)

    def test_in_chinese(self):
        out, err = self.ask("枫桥经验", env={"LANG": "zh_CN.UTF-8"})
        self.assertIn("2025-01-20 发布 · 2024 年度", out)
        self.assertRegex(out, r"第 1/1 段  字节 \d+-\d+  得分 ")
        self.assertEqual(err.split("\n")[0], "共 4 处，2 段，2 份报告")

    def test_language_by_the_first_variable_set(self):
        for env, chinese in (({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, False), ({"LC_MESSAGES": "zh_TW.UTF-8", "LANG": "C"}, True),
                             ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh"}, True)):
            _, err = self.ask("枫桥经验", env=env)
            self.assertEqual("份报告" in err, chinese, env)

    def test_a_page_says_which(self):
        out, err = self.ask("-n", "1", "枫桥经验")
        self.assertEqual(out.count("\n\n"), 1)
        self.assertIn("shown: passages 1 to 1", err)
        out, err = self.ask("-n1", "--offset", "1", "枫桥经验")
        self.assertTrue(out.startswith("2. "))
        self.assertIn("shown: passages 2 to 2", err)

    def test_offset_behind_the_last(self):
        for offset in ("2", "1000", "4294967295"):
            out, err = self.ask("--offset", offset, "枫桥经验")
            self.assertEqual(out, "")
            self.assertIn("occurrences: 4", err)

    def test_limit_zero(self):
        out, _ = self.ask("-n", "0", "枫桥经验")
        self.assertEqual(out, "")
        self.ask("-n", "0", "没有这个词", status=1)

    def test_colour(self):
        out, _ = self.ask("--color", "always", "枫桥经验")
        self.assertIn("\x1b[1;31m枫桥经验\x1b[0m", out)
        self.assertEqual(out.count("\x1b[1;31m"), 4)
        plain = re.sub("\x1b\\[[0-9;]*m", "", out)
        self.assertEqual(plain, self.ask("--color=never", "枫桥经验")[0])
        self.assertEqual(plain, self.ask("--color=auto", "枫桥经验")[0])
        for form in ("--json", "--tsv", "-c"):
            self.assertNotIn("\x1b", self.ask("--color=always", form, "枫桥经验")[0])

    def test_overlapping_matches(self):
        out, _ = self.ask("--color=always", "哈哈")
        self.assertIn("\x1b[1;31m哈哈哈哈\x1b[0m", out)

    def test_null_ends_records(self):
        out, _ = self.ask("-0", "枫桥经验")
        records = out.split("\0")
        self.assertEqual(len(records), 3)
        self.assertEqual(records[-1], "")
        self.assertTrue(records[1].startswith("2. "))

    def test_explain(self):
        out, _ = self.ask("--explain", "-n1", "枫桥经验")
        self.assertRegex(out, r"term +df +tf +length +idf +weight +contribution")
        total = re.search(r"sum = score +([\d.]+)\n", out)
        score = re.search(r"score ([\d.]+)\n", out)
        self.assertEqual("%.2f" % float(total[1]), score[1])


class Terminal(Case):
    def on_terminal(self, *args, columns=60, env=None):
        try:
            master, slave = pty.openpty()
        except OSError:
            self.skipTest("no pseudo-terminal is to be had")
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        process = subprocess.Popen([harness.program("XUNJU_QUERY"), *args[:-1], "--", self.index, args[-1]], stdout=slave,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                   env={**clean_environment(), "TERM": "xterm", **(env or {})})
        os.close(slave)
        out = b""
        while True:
            try:
                data = os.read(master, 65536)
            except OSError as problem:
                if problem.errno != errno.EIO:
                    raise
                break
            if not data:
                break
            out += data
        os.close(master)
        process.wait(60)
        return out.decode("utf-8").replace("\r\n", "\n")

    @staticmethod
    def columns(line):
        return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)

    def test_is_coloured_and_wrapped(self):
        for width in (20, 31, 44, 60):
            out = self.on_terminal("矛盾纠纷", columns=width)
            self.assertIn("\x1b[1;31m", out)
            lines = re.sub("\x1b\\[[0-9;]*m", "", out).split("\n")
            for line in lines:
                if line.startswith("   ") and "score" not in line and " · " not in line:
                    self.assertLessEqual(self.columns(line), width, line)
                    self.assertNotRegex(line, "^   [,。、；：！？”」』》)]")
        self.assertIn("坚持和发展新时代", re.sub("\x1b\\[[0-9;]*m|\n   ", "", self.on_terminal("枫桥经验", columns=30)))

    def test_columns_of_the_environment(self):
        out = self.on_terminal("矛盾纠纷", columns=200, env={"COLUMNS": "24", "NO_COLOR": "1"})
        self.assertTrue(any(self.columns(line) in (23, 24) for line in out.split("\n")))
        self.assertGreater(out.count("\n"), self.on_terminal("矛盾纠纷", columns=200, env={"COLUMNS": "x"}).count("\n"))

    def test_no_colour(self):
        self.assertNotIn("\x1b", self.on_terminal("枫桥经验", env={"NO_COLOR": "1"}))
        self.assertNotIn("\x1b", self.on_terminal("枫桥经验", env={"TERM": "dumb"}))
        self.assertNotIn("\x1b", self.on_terminal("--color=never", "枫桥经验"))
        self.assertIn("\x1b", self.on_terminal("--color=always", "枫桥经验", env={"NO_COLOR": "1"}))

    def test_o1_only_our_own_codes(self):
        out = self.on_terminal("控制字符测试")
        self.assertIn("\\x1B[31mb", out)
        rest = re.sub("\x1b\\[(0|1|2|4|36|1;31)m", "", out)
        self.assertIsNone(UNSAFE.search(rest), rest)


class Forms(Case):
    def test_json(self):
        hits = self.objects("枫桥经验")
        self.assertEqual([h["rank"] for h in hits], [1, 2])
        for hit in hits:
            self.assertEqual(list(hit)[:15], HIT_KEYS)
            self.assertEqual(list(hit)[15:], MORE_HIT_KEYS)
            self.assertIs(hit["exact"], True)
            self.assertEqual(hit["tier"], "exact")
            self.assertEqual(len(hit["matches"]), len(hit["match_sources"]))
            self.assertEqual(hit["encoding"], "UTF-8")
            for start, end in hit["matches"]:
                self.assertIn(hit["text"][start:end], ("枫桥经验", "楓橋經驗"))
        a = next(h for h in hits if h["report"] == "a")
        self.assertEqual(a["path"], "云陵县/青桐镇.txt")
        self.assertEqual((a["date"], a["year"], a["agency"]), ("2025-01-20", 2024, "青桐镇人民政府"))
        self.assertEqual(len(a["matches"]), 3)
        self.assertEqual(a["fields"]["region"], "云陵县")
        self.assertEqual(a["fields"]["pages"], 7)
        source = REPORTS[0]["text"].encode("utf-8")
        for first, end in a["match_sources"]:
            self.assertEqual(source[first:end].decode("utf-8"), "枫桥经验")
        self.assertGreaterEqual(hits[0]["score"], hits[1]["score"])

    def test_json_unknown_is_null(self):
        hit, = self.objects("综治中心")
        self.assertEqual([hit[k] for k in ("title", "date", "year", "agency", "number")], [None] * 5)
        self.assertEqual(hit["section"], [])
        self.assertEqual(hit["fields"], {})

    def test_json_section(self):
        hit, = self.objects("矛盾隐患")
        self.assertEqual(hit["section"], ["一、主要举措和成效", "(一)深化矛盾化解,筑牢平安根基"])

    def test_json_explain_adds_up(self):
        for query in ("枫桥经验", "枫桥经验 综治中心", "矛盾纠纷多元化解的机制有哪些"):
            for hit in self.objects("--explain", query):
                self.assertEqual(list(hit)[-1], "explain")
                self.assertAlmostEqual(sum(r["contribution"] for r in hit["explain"]), hit["score"], places=6)
                for row in hit["explain"]:
                    self.assertEqual(list(row), ["term", "df", "tf", "length", "average", "idf", "weight", "contribution"])

    def test_json_reports(self):
        reports = self.objects("-l", "枫桥经验")
        self.assertEqual(sorted(r["report"] for r in reports), ["a", "b"])
        for report in reports:
            self.assertEqual(list(report), REPORT_KEYS)
        a = next(r for r in reports if r["report"] == "a")
        self.assertEqual((a["passages"], a["occurrences"]), (1, 3))

    def test_json_count(self):
        self.assertEqual(self.ask("--json", "-c", "枫桥经验")[0], '{"occurrences":4,"passages":2,"reports":2}\n')
        self.assertEqual(self.ask("--json", "-c", "没有这个词", status=1)[0], '{"occurrences":0,"passages":0,"reports":0}\n')

    def test_count(self):
        self.assertEqual(self.ask("-c", "枫桥经验"), ("4\t2\t2\n", ""))
        self.assertEqual(self.ask("-c", "哈哈")[0], "3\t1\t1\n")
        self.assertEqual(self.ask("--count", "没有这个词", status=1)[0], "0\t0\t0\n")
        self.assertEqual(self.ask("-c", "-0", "枫桥经验")[0], "4\t2\t2\0")
        self.assertEqual(self.ask("-c", "--tsv", "枫桥经验")[0], "4\t2\t2\n")

    def test_tsv(self):
        out, _ = self.ask("--tsv", "枫桥经验")
        rows = [line.split("\t") for line in out.rstrip("\n").split("\n")]
        self.assertEqual([len(r) for r in rows], [TSV_FIELDS] * 2)
        hits = self.objects("枫桥经验")
        for row, hit in zip(rows, hits):
            self.assertEqual(row[0], str(hit["rank"]))
            self.assertEqual(float(row[1]), hit["score"])
            self.assertEqual(row[2], "1")
            self.assertEqual(row[3:8], [hit["report"], hit["title"], hit["date"], str(hit["year"]), hit["agency"]])
            self.assertEqual(row[8], " > ".join(hit["section"]))
            self.assertEqual(row[9], str(hit["passage"]))
            self.assertEqual(row[10], hit["text"])
        self.assertEqual(len(self.ask("--tsv", "-0", "枫桥经验")[0].split("\0")), 3)

    def test_tsv_unknown_is_empty(self):
        row = self.ask("--tsv", "综治中心")[0].rstrip("\n").split("\t")
        self.assertEqual(row[4:9], [""] * 5)

    def test_tsv_reports_and_explain(self):
        out, _ = self.ask("--tsv", "-l", "枫桥经验")
        for line in out.rstrip("\n").split("\n"):
            self.assertEqual(len(line.split("\t")), TSV_REPORT_FIELDS)
        for line in self.ask("--tsv", "--explain", "枫桥经验")[0].rstrip("\n").split("\n"):
            fields = line.split("\t")
            self.assertEqual(len(fields), TSV_FIELDS + 1)
            total = sum(float(part.rsplit("=", 1)[1]) for part in fields[-1].split("; "))
            self.assertAlmostEqual(total, float(fields[1]), places=6)

    def test_reports(self):
        out, err = self.ask("-l", "枫桥经验")
        self.assertEqual(len(out.rstrip("\n").split("\n")), 2)
        self.assertIn("青桐镇2024年法治政府建设工作报告  (青桐镇人民政府, 2025-01-20)  云陵县/青桐镇.txt#a  "
                      "passages: 1, occurrences: 3\n", out)
        self.assertIn("reports: 2", err)
        self.assertIn("1 段 3 处", self.ask("-l", "枫桥经验", env={"LANG": "zh_CN"})[0])

    def test_reports_null_prints_raw_names(self):
        out, _ = self.ask("-l", "-0", "枫桥经验")
        self.assertEqual(sorted(out.split("\0")), ["", "reports.jsonl#b", "云陵县/青桐镇.txt#a"])
        out, _ = self.ask("-l", "-0", "控制字符测试")
        self.assertEqual(out, REPORTS[4]["path"] + "#" + REPORTS[4]["id"] + "\0")
        out, _ = self.ask("-l", "-0", "矛盾隐患")
        self.assertEqual(out, "洪山镇-2025.txt\0", "a file is named by its path alone")

    def test_reports_of_json_lines_can_be_told_apart(self):
        out, _ = self.ask("综治中心")
        self.assertEqual(out.split("\n")[0], "1. reports.jsonl#c")
        self.assertIn("\n   reports.jsonl#c  passage 1/1  ", out)
        self.assertTrue(self.ask("-l", "综治中心")[0].startswith("reports.jsonl#c  passages: 1"))
        out, _ = self.ask("矛盾隐患")
        self.assertIn("\n   洪山镇-2025.txt  passage ", out)
        self.assertNotIn("#", out)
        self.assertEqual(self.ask("-c", "综治中心 id:c")[0], "1\t1\t1\n", "what stands behind # is what id: wants")

    def test_reports_of_json_lines_without_an_id(self):
        lines = harness.write_jsonl(os.path.join(self.dir, "无编号.jsonl"), [{"text": "枫桥经验一。"}, {"text": "枫桥经验二。", "id": "x"}])
        index = harness.build(os.path.join(self.dir, "no-id"), [lines])
        _, out, _ = self.raw("-l", "-0", index, "枫桥经验", status=0)
        self.assertEqual(sorted(out.decode("utf-8").split("\0")), ["", "无编号.jsonl#x", "无编号.jsonl:1"])

    def test_quiet(self):
        for form in ([], ["--json"], ["--tsv"], ["-c"], ["-l"], ["--explain"]):
            self.assertEqual(self.ask("-q", *form, "枫桥经验"), ("", ""))
            self.assertEqual(self.ask("-q", *form, "没有这个词", status=1), ("", ""))

    def test_two_runs_print_the_same(self):
        for form in ([], ["--json"], ["--tsv"], ["-l"], ["--json", "--explain"]):
            for query in ("枫桥经验", "矛盾纠纷 化解", "矛盾纠纷多元化解的机制有哪些"):
                self.assertEqual(self.ask(*form, query), self.ask(*form, query))

    def test_o1_control_characters_in_every_form(self):
        for form in ([], ["--tsv"], ["-l"], ["-l", "--tsv"], ["--json"], ["-l", "--json"], ["--explain"], ["--json", "--explain"]):
            out, err = self.ask(*form, "控制字符测试")
            self.assertIsNone(UNSAFE.search(out), (form, out))
            self.assertIsNone(UNSAFE.search(err), (form, err))
        fields = self.ask("--tsv", "控制字符测试")[0].rstrip("\n").split("\t")
        self.assertEqual(len(fields), TSV_FIELDS)
        hit, = self.objects("控制字符测试")
        self.assertEqual(hit["report"], REPORTS[4]["id"])
        undo = {"t": b"\t", "n": b"\n", "r": b"\r", "\\": b"\\"}
        raw = re.sub(rb"\\(x..|.)", lambda m: bytes([int(m[1][1:], 16)]) if m[1][:1] == b"x" else undo[m[1].decode()],
                     fields[3].encode("utf-8"))
        self.assertEqual(raw.decode("utf-8"), REPORTS[4]["id"])

    def test_o1_in_query_and_errors(self):
        for args in (["--\x1b[31m\u202e"], ["-\x1b"], ["--color=\x1b[2J"], ["-n", "\x9b1"]):
            _, out, err = self.raw(*args, self.index, "枫桥", status=2)
            self.assertEqual(out, b"")
            self.assertIsNone(UNSAFE.search(err.decode("utf-8")), err)
        _, _, err = self.raw("no\x1b[31m\u202eindex", "枫桥", status=4)
        self.assertIsNone(UNSAFE.search(err.decode("utf-8")), err)
        for query in ("title:", '"\x1b[31m', "(\u202e"):
            code, _, err = self.raw(self.index, query)
            self.assertIn(code, (1, 2))
            self.assertIsNone(UNSAFE.search(err.decode("utf-8")), err)
        out, _ = self.batch(lines="枫桥\x1b[31m\u202e\n\x1b\n")
        self.assertIsNone(UNSAFE.search(out), out)
        out, _ = self.batch("--json", lines="枫桥\x1b[31m\u202e\n")
        self.assertIsNone(UNSAFE.search(out), out)
        self.assertEqual(json.loads(out.rstrip("\n").split("\n")[-1])["query"], "枫桥\x1b[31m\u202e")

    def test_i12_a_path_that_is_not_utf8(self):
        directory = os.path.join(self.dir, "odd").encode()
        os.makedirs(directory, exist_ok=True)
        name = b"-\xb7\xe3\n\x1b.txt"
        with open(os.path.join(directory, name), "wb") as out:
            out.write("文件名测试,枫桥经验。".encode("utf-8"))
        index = os.path.join(self.dir, "odd-index")
        harness.build(index, [directory.decode()])
        _, out, _ = self.raw("--json", index, "枫桥经验", status=0)
        hit = json.loads(out.decode("utf-8"))
        self.assertIn("\ufffd", hit["path"])
        _, out, _ = self.raw("-l", "-0", index, "枫桥经验", status=0)
        self.assertTrue(out.endswith(name + b"\0"), out)
        for form in ([], ["-l"], ["--tsv"]):
            _, out, _ = self.raw(*form, index, "枫桥经验", status=0)
            text = out.decode("utf-8")
            self.assertIn("\\xB7\\xE3", text)
            self.assertIsNone(UNSAFE.search(text), text)


class Queries(Case):
    def test_words_are_joined(self):
        one = self.ask("--json", "枫桥经验 综治中心")[0]
        _, out, _ = self.raw("--json", self.index, "枫桥经验", "综治中心", status=0)
        self.assertEqual(out.decode("utf-8"), one)

    def test_options_after_arguments(self):
        _, out, _ = self.raw(self.index, "枫桥经验", "-c", status=0)
        self.assertEqual(out, b"4\t2\t2\n")

    def test_a_query_that_begins_with_a_dash(self):
        _, _, err = self.raw(self.index, "-枫桥", status=2)
        self.assertIn(b"--", err)
        self.ask("-枫桥", status=2)  # only negative
        self.ask("-枫桥 矛盾纠纷")

    def test_literal(self):
        self.ask("-F", "矛盾纠纷 AND 化解", status=1)
        self.assertEqual(self.ask("-c", "--literal", "排查矛盾纠纷120件,化解117件")[0], "1\t1\t1\n")

    def test_any_and_all(self):
        self.assertEqual(len(self.objects("--any", "枫桥经验没有这个词")), len(self.objects("--any", "枫桥经验没有这个词")))
        self.assertGreaterEqual(len(self.objects("--any", "枫桥经验没有这个词")), 2)
        self.assertEqual([h["report"] for h in self.objects("--all", "枫桥经验 化解117件")], ["a"])

    def test_exact_script(self):
        self.assertEqual(self.ask("-c", "--exact-script", "枫桥经验")[0], "3\t1\t1\n")
        self.assertEqual(self.ask("-c", "--exact-script", "楓橋經驗")[0], "1\t1\t1\n")

    def test_no_collapse_is_accepted(self):
        self.assertEqual(self.ask("--no-collapse", "枫桥经验"), self.ask("枫桥经验"))

    def test_relax(self):
        out, err = self.ask("枫桥经验")
        self.assertIn("--relax", err)
        more = int(re.search(r"with --relax (\d+) more", err)[1])
        hits = self.objects("--relax", "-n", "100", "枫桥经验")
        self.assertEqual(len(hits), 2 + more)
        self.assertEqual([h["exact"] for h in hits], [True] * 2 + [False] * more)
        self.assertTrue(all(h["tier"] in ("near", "partial") for h in hits[2:]))
        out, err = self.ask("--relax", "-n", "100", "枫桥经验")
        self.assertEqual(out.count("exact matches end here"), 1)
        self.assertNotIn("more", err)
        self.assertTrue(out.split("── ")[1].split("\n\n")[1].startswith("3. "))
        rows = self.ask("--relax", "--tsv", "-n", "100", "枫桥经验")[0].rstrip("\n").split("\n")
        self.assertEqual([r.split("\t")[2] for r in rows], ["1", "1"] + ["0"] * more)
        for form in (["-c"], ["-l"], ["-q"]):
            self.assertNotIn("--relax", self.ask(*form, "枫桥经验")[1])

    def test_nothing_found_says_what_helps(self):
        out, err = self.ask("枫树经验", status=1)
        self.assertEqual(out, "")
        self.assertIn("nothing found", err)
        self.assertIn("--relax", err)
        hits = self.objects("--relax", "枫树经验")
        self.assertTrue(hits and not any(h["exact"] for h in hits))
        _, err = self.ask("--relax", "枫树经验")
        self.assertIn("no exact match", err)
        _, err = self.ask("鱼鳖虾蟹", status=1)
        self.assertEqual(err, "nothing found\n")
        _, err = self.ask("--all", "枫桥经验 鱼鳖虾蟹", status=1)
        self.assertIn("--any", err)
        self.ask("--any", "枫桥经验 鱼鳖虾蟹")
        _, err = self.ask("--exact-script", "综治中心實行", status=1)
        self.assertIn("--exact-script", err)
        for form in (["--json"], ["--tsv"], ["-l"]):
            out, err = self.ask(*form, "枫树经验", status=1)
            self.assertEqual(out, "")
            self.assertIn("nothing found", err)

    def test_a_long_run_is_counted_as_a_phrase(self):
        for query in ("矛盾纠纷多元化解的机制有哪些", "矛盾纠纷多元化解的机制有哪些 枫桥经验怎么进村入户"):
            found = len(self.objects("-n", "100", query))
            self.assertGreater(found, 0)
            out, err = self.ask("-c", query, status=1)
            self.assertEqual(out, "0\t0\t0\n")
            self.assertIn("counted as exact phrases", err)
            self.assertTrue(err.endswith("ranked passages: %d\n" % found), err)
            self.assertNotIn("some of these words", err)
        out, err = self.ask("-c", query, status=1, env={"LANG": "zh_CN"})
        self.assertIn("完整短语计数；不加 -c（或加 --any）可得相关段落 %d 段" % found, err)
        self.assertEqual(self.ask("-q", "-c", query, status=1), ("", ""))
        self.assertEqual(self.batch("-c", lines=query + "\n"), ("0\t0\t0\n", ""))
        self.assertNotIn("counted as", self.ask("-c", "鱼鳖虾蟹蛤蚌螺蛳鲢鳙", status=1)[1])
        self.assertNotIn("counted as", self.ask("-c", '"矛盾纠纷多元化解的机制有哪些"', status=1)[1])

    def test_operators_that_are_none(self):
        for query, piece, meant in (
                ("（枫桥经验 OR 综治中心） AND year:2024", "（", "(枫桥经验 OR 综治中心) AND year:2024"),
                ("枫桥经验 AND （综治中心）", "（", "枫桥经验 AND (综治中心)"),
                ("year：2024 枫桥经验", "year：", "year:2024 枫桥经验"),
                ("枫桥经验 -ＹＥＡＲ：2023", "ＹＥＡＲ：", "枫桥经验 -year:2023"),
                ("Title:报告 枫桥经验", "Title:", "title:报告 枫桥经验"),
                ("枫桥经验 ＡＮＤ 综治中心", "ＡＮＤ", "枫桥经验 AND 综治中心"),
                ("枫桥经验 and 综治中心", "and", "枫桥经验 AND 综治中心"),
                ("枫桥经验 Or (综治中心 not 矛盾)", "Or", "枫桥经验 OR (综治中心 NOT 矛盾)"),
                ("枫桥经验 －综治中心", "－", "枫桥经验 -综治中心"),
                ("枫桥经验 ＂综治中心＂", "＂", '枫桥经验 "综治中心"')):
            for env, said in (({}, "'%s' is read as text: " % piece), ({"LANG": "zh_CN"}, "“%s”按普通文字检索：" % piece)):
                _, err = self.ask(query, status=None, env=env)
                lines = [line for line in err.split("\n") if line.startswith(said)]
                self.assertEqual(len(lines), 1, (query, err))
                self.assertTrue(lines[0].endswith((": " if not env else "：") + meant), (meant, lines))
            for options in (["-q"], ["-F"], ["--any"]):
                self.assertNotIn("is read as text", self.ask(*options, query, status=None)[1])
            self.assertEqual(self.batch("-c", lines=query + "\n")[1], "")
            self.assertNotIn("is read as text", self.ask(meant, status=None)[1], "what is proposed is right")
        _, err = self.ask("(枫桥经验 OR 综治中心）", status=2)
        self.assertIn("'）' is read as text", err)

    def test_text_that_is_no_attempt_at_operators(self):
        for query in ("枫桥经验（试行）", "（一）加强组织领导", "一） 枫桥经验", "通知 （试行）", "枫桥经验 and", "and 枫桥经验", "android 枫桥经验",
                      '"枫桥经验 and 综治中心"', "枫桥经验——综治中心 矛盾", "2021－2025年 枫桥经验", "做法：year 枫桥经验", "枫桥经验 AND 综治中心"):
            self.assertNotIn("is read as text", self.ask(query, status=None)[1], query)
        for query in ("（" * 300 + "枫桥 经验" + "）" * 300, "（ ）" * 1000 + "枫桥", "）（" * 1000 + "枫桥", "－" * 1000 + " 枫桥", "＂" * 999 + "枫桥"):
            self.assertNotEqual(self.ask(query, status=None)[1], "")
        _, err = self.ask("枫桥经验 and 综治中心 " * 30, status=None)
        self.assertIn("'and' is read as text: operators and field colons are half-width, AND OR NOT in capitals\n", err)

    def test_fields_that_there_are_not(self):
        for query, name in (("titel:报告", "titel"), ("foo:bar", "foo"), ("时间:2026", "时间"), ("年度：2026", "年度"), ("number:国发", "number"),
                            ("没有这个词 AND 发文机关:司法局", "发文机关"), ("(作者:张三)", "作者")):
            _, err = self.ask(query, status=1)
            self.assertIn("there is no field '%s'; fields are title: agency: section: path: id: year: date:\n" % name, err)
            _, err = self.ask(query, status=1, env={"LANG": "zh_CN"})
            self.assertIn("没有字段“%s”；可用的字段：title:（标题）" % name, err)
            for options in (["-q"], ["-F"]):
                self.assertNotIn("no field", self.ask(*options, query, status=1)[1])
        for query in ("12:30", "比例3:1", "https://www.gov.cn/x", "title:没有这个词", "会议要求：抓好落实", '"foo:bar"', "C:\\x", "没有这个词"):
            self.assertNotIn("no field", self.ask(query, status=1)[1], query)
        self.assertNotIn("no field", self.ask("枫桥经验 foo:bar")[1], "something was found")

    def test_words_that_punctuation_joins(self):
        for query in ("枫桥经验、综治中心", "枫桥经验，综治中心", "枫桥经验/综治中心", "枫桥经验；综治中心？"):
            for options in ([], ["-c"], ["-l"], ["--json"]):
                _, err = self.ask(*options, query, status=1)
                self.assertIn("punctuation has to match too; try: 枫桥经验 综治中心\n", err)
            self.assertIn("标点也须相同；可改写为：枫桥经验 综治中心\n", self.ask(query, status=1, env={"LANG": "zh_CN"})[1])
        self.ask("枫桥经验 综治中心")
        self.assertIn("try: 《枫桥经验》 99.99%\n", self.ask("《枫桥经验》、99.99%", status=1)[1])
        for query in ("鱼鳖、虾蟹", '"枫桥经验、综治中心"', "没有这个词"):
            self.assertNotIn("punctuation", self.ask(query, status=1)[1])
        for option in ("-F", "-q"):
            self.assertNotIn("punctuation", self.ask(option, "枫桥经验、综治中心", status=1)[1])

    def test_no_totals(self):
        for query in ("枫桥经验", "枫桥经验 综治中心", "枫桥经验 OR 综治中心", "没有这个词"):
            for options in ([], ["--json"], ["--tsv"], ["--json", "-n", "1", "--offset", "1"], ["-l"]):
                status = 1 if query.startswith("没有") else 0
                out, err = self.ask(*options, query, status=status)
                found, said = self.ask(*options, "--no-totals", query, status=status)
                self.assertEqual(found, out)
                if status == 0:
                    self.assertNotEqual(err, "")
                    self.assertEqual(said, "")
        for options in (["-n", "0"], ["--offset", "1000"]): # there are some, though none is shown
            self.assertEqual(self.ask("--no-totals", *options, "枫桥经验")[0], "")
            self.ask("--no-totals", *options, "没有这个词", status=1)
        self.assertEqual(self.ask("--no-totals", "-c", "枫桥经验")[0], self.ask("-c", "枫桥经验")[0])

    def test_a_batch_without_totals(self):
        ends = [json.loads(line) for line in self.batch("--json", "--no-totals", lines="枫桥经验\n没有这个词\n")[0].split("\n")
                if '"done":true' in line]
        for end in ends:
            self.assertEqual((end["passages"], end["reports"], end["occurrences"]), (None, None, None))
        self.assertEqual(ends[1]["hits"], 0)

    def test_a_batch_that_keeps_nothing(self):
        lines = "枫桥经验\n枫桥经验 综治中心\n枫桥经验 OR 综治中心\n" * 20
        for form in ("--json", "--tsv"):
            strip = lambda text: [line.split(',"us":')[0] for line in text.split("\n")]
            self.assertEqual(strip(self.batch(form, "--cache", "0", lines=lines)[0]), strip(self.batch(form, lines=lines)[0]))

    def test_timeout(self):
        self.assertEqual(self.ask("--timeout", "0", "枫桥经验"), self.ask("枫桥经验"))
        self.assertEqual(self.ask("--timeout", "600000", "枫桥经验"), self.ask("枫桥经验"))
        code, out, _ = self.raw("--json", "--timeout", "1", self.index, "枫桥经验")
        self.assertIn(code, (0, 5))
        for line in out.decode("utf-8").split("\n")[:-1]:
            self.assertEqual(json.loads(line).get("partial", False), code == 5)


class Statuses(Case):
    def test_help_and_version(self):
        for env, words in (({}, (b"Usage: xunju-query", "枫桥经验".encode(), b"Exit status")),
                           ({"LANG": "zh_CN.UTF-8"}, ("用法".encode(), "退出码".encode()))):
            for option in ("--help", "-h"):
                _, out, err = self.raw(option, status=0, env=env)
                self.assertEqual(err, b"")
                for word in words:
                    self.assertIn(word, out)
            for option in ("--limit", "--offset", "--literal", "--any", "--all", "--relax", "--exact-script",
                           "--no-collapse", "--json", "--tsv", "--count", "--reports", "--quiet", "--explain", "--color",
                           "--null", "--batch", "--timeout", "--no-totals", "--cache", "--version", "--help"):
                self.assertIn(option.encode(), out)
        _, out, _ = self.raw("--version", status=0)
        self.assertRegex(out, rb"^xunju-query \d+\.\d+\.\d+ \(index format \d+\)\n$")

    def test_help_says_what_surprises(self):
        for env, words in (({}, ("look within one passage, with -l too", "run of any length", "counts as one", "path#id", "path[#id]")),
                           ({"LANG": "zh_CN"}, ("都以一个段落为范围；-l 也是如此", "连写的一串无论多长", "路径#编号", "路径[#编号]"))):
            out = self.raw("--help", status=0, env=env)[1].decode("utf-8")
            for word in words:
                self.assertIn(word, out)

    def test_a_dash_without_batch(self):
        for env, words in (({}, "add --batch"), ({"LANG": "zh_CN"}, "请加 --batch")):
            _, out, err = self.raw("-c", self.index, "-", status=2, env=env)
            self.assertEqual(out, b"")
            self.assertIn(words, err.decode("utf-8"))
        self.ask("- 枫桥经验")

    def test_swapped_arguments(self):
        for query in ("枫桥经验", "(枫桥"):
            code, _, err = self.raw(query, self.index)
            self.assertIn(code, (2, 4))
            self.assertIn("is the order INDEX QUERY? '%s' is a directory\n" % self.index, err.decode("utf-8"))
        _, _, err = self.raw("枫桥经验", self.index, status=4, env={"LANG": "zh_CN"})
        self.assertIn("参数顺序应为“索引目录 查询”", err.decode("utf-8"))
        for args in ((self.index, self.dir), ("nowhere", "枫桥经验")):
            self.assertNotIn(b"INDEX QUERY", self.raw(*args)[2])

    def test_no_index_there(self):
        empty = os.path.join(self.dir, "no-manifest")
        os.makedirs(empty, exist_ok=True)
        lines = os.path.join(self.dir, "in", "reports.jsonl")
        for path, status, english, chinese in (
                ("nosuch", 4, "there is no index 'nosuch'", "找不到索引：没有“nosuch”这个目录"),
                (empty, 3, "'%s' holds no xunju index" % empty, "找不到索引：目录“%s”里没有寻句索引" % empty),
                (lines, 3, "'%s' is not an index directory" % lines, "找不到索引：“%s”是文件" % lines)):
            for env, words in (({}, english), ({"LANG": "zh_CN"}, chinese)):
                _, _, err = self.raw(path, "枫桥", status=status, env=env)
                self.assertTrue(err.decode("utf-8").startswith("xunju-query: " + words), err)
                self.assertEqual(err.count(b"\n"), 1)
        with open(os.path.join(empty, "manifest"), "w", encoding="utf-8") as out:
            out.write("other")
        _, _, err = self.raw(empty, "枫桥", status=3, env={"LANG": "zh_CN"})
        self.assertNotIn("找不到索引", err.decode("utf-8"))

    def test_wrong_queries_in_chinese(self):
        for query, words in (("(枫桥", "括号没有配对"), ("枫桥)", "有右括号"), ('"枫桥', "双引号没有配对"), ("", "查询为空"), ("，", "没有可检索的内容"),
                             ("-枫桥", "只有排除条件"), ("枫桥 AND", "AND 两边"), ("枫桥 OR", "OR 后面"), ("title: 枫桥", "冒号后"),
                             ("year:二〇二四", "2021..2025"), ("date:x", "date:")):
            _, _, err = self.raw("--", self.index, query, status=2, env={"LANG": "zh_CN"})
            self.assertRegex(err.decode("utf-8"), "^xunju-query: 查询有误：[^a-z]*" + re.escape(words))

    def test_wrong_usage(self):
        for args in ([], [self.index], ["--nonsense", self.index, "枫桥"], ["-x", self.index, "枫桥"], [self.index, "枫桥", "-n"],
                     [self.index, "枫桥", "--json", "--tsv"], [self.index, "枫桥", "-F", "--any"],
                     [self.index, "枫桥", "--color", "pink"], ["--batch", self.index, "枫桥"]):
            _, out, err = self.raw(*args, status=2)
            self.assertEqual(out, b"")
            self.assertTrue(err.startswith(b"xunju-query: "), err)
            self.assertEqual(err.count(b"\n"), 1)

    def test_nearest_option(self):
        _, _, err = self.raw("--explian", self.index, "枫桥", status=2)
        self.assertIn(b"--explain", err)

    def test_q6_numbers(self):
        for option in ("-n", "--limit", "--offset", "--timeout"):
            for value in ("-1", "", "x", "4294967296", "9223372036854775808", "18446744073709551616", "1e3"):
                _, _, err = self.raw(option, value, self.index, "枫桥", status=2)
                self.assertIn(b"--limit" if option == "-n" else option.encode(), err)
        for value in ("1", "2147483648", "4294967295"):
            self.raw("-n", value, "--offset", "0", self.index, "枫桥", status=0)

    def test_q1_wrong_queries(self):
        for query in ("", " ", "　", ",。", "-枫桥", "NOT 枫桥", "(枫桥"):
            _, out, err = self.raw("--", self.index, query, status=2)
            self.assertEqual(out, b"")
            self.assertTrue(err.startswith(b"xunju-query: "), err)
            _, _, err = self.raw("--", self.index, query, status=2, env={"LANG": "zh_CN"})
            self.assertTrue(err.decode("utf-8").startswith("xunju-query: 查询有误："), err)

    def test_q2_a_long_query(self):
        _, _, err = self.raw("--", self.index, "枫桥" * 15000, status=2)
        self.assertEqual(err.count(b"\n"), 1)
        self.ask("--any", "枫桥" * 400)

    def test_q3_a_query_that_is_not_utf8(self):
        code, _, err = self.raw(self.index.encode(), b"\xb7\xe3\xc7\xc5")
        self.assertIn(code, (1, 2))
        err.decode("utf-8")

    def test_the_index_is_missing_foreign_or_damaged(self):
        self.raw(os.path.join(self.dir, "nowhere"), "枫桥", status=4)
        empty = os.path.join(self.dir, "empty")
        os.makedirs(empty, exist_ok=True)
        _, out, err = self.raw(empty, "枫桥", status=3)
        self.assertTrue(err.startswith(b"xunju-query: "), err)
        self.raw(os.path.join(self.dir, "in", "reports.jsonl"), "枫桥", status=3)
        damaged = os.path.join(self.dir, "damaged")
        harness.build(damaged, [os.path.join(self.dir, "in", "reports.jsonl")])
        for name in os.listdir(damaged):
            path = os.path.join(damaged, name)
            size = os.path.getsize(path)
            if size:
                os.chmod(path, 0o600)
                os.truncate(path, size // 2)
        self.raw(damaged, "枫桥", status=3)
        self.raw("--batch", damaged, "-", stdin=b"x\n", status=3)

    def test_the_query_is_wrong_before_the_index_is(self):
        self.raw(os.path.join(self.dir, "nowhere"), "(枫桥", status=2)

    def test_the_index_is_only_read(self):
        def state():
            return sorted((n, os.stat(os.path.join(self.index, n)).st_mtime_ns, os.path.getsize(os.path.join(self.index, n)))
                          for n in os.listdir(self.index))
        before = state()
        self.ask("枫桥经验")
        self.batch(lines="枫桥\n矛盾\n")
        self.assertEqual(state(), before)


class Batch(Case):
    def test_json(self):
        lines = "枫桥经验\n\n没有这个词\n(枫桥\n综治中心"
        out, err = self.batch("--json", lines=lines)
        self.assertEqual(err, "")
        objects = [json.loads(line) for line in out.rstrip("\n").split("\n")]
        done = [o for o in objects if o.get("done")]
        self.assertEqual([o["query"] for o in done], lines.split("\n"))
        self.assertEqual([o["hits"] for o in done], [2, 0, 0, 0, 1])
        self.assertEqual([o["passages"] for o in done], [2, 0, 0, 0, 1])
        self.assertEqual([o["reports"] for o in done], [2, 0, 0, 0, 1])
        self.assertEqual(["error" in o for o in done], [False, True, False, True, False])
        for o in done:
            self.assertIs(o["partial"], False)
            self.assertIsInstance(o["us"], int)
            keys = ["query", "done", "hits", "passages", "reports", "partial", "us"]
            keys = keys[:1] + ["error"] + keys[1:] if "error" in o else keys + ["occurrences"]
            self.assertEqual(list(o), keys)
        hits = [o for o in objects if not o.get("done")]
        self.assertEqual([h["query"] for h in hits], ["枫桥经验", "枫桥经验", "综治中心"])
        self.assertEqual(list(hits[0])[:15], HIT_KEYS)

    def test_same_hits_as_alone(self):
        queries = ["枫桥经验", "矛盾纠纷 化解", "year:2024", "哈哈"]
        answers = []
        for line in self.batch("--json", lines="\n".join(queries))[0].rstrip("\n").split("\n"):
            answers.append(json.loads(line))
        for query in queries:
            mine = [{k: v for k, v in o.items() if k != "query"} for o in answers if o["query"] == query and not o.get("done")]
            self.assertEqual(mine, self.objects(query))

    def test_count(self):
        out, _ = self.batch("-c", lines="枫桥经验\n没有这个词\n(枫桥\n\n哈哈\n")
        lines = out.split("\n")
        self.assertEqual(lines[:2], ["4\t2\t2", "0\t0\t0"])
        self.assertTrue(lines[2].startswith("error\t"))
        self.assertTrue(lines[3].startswith("error\t"))
        self.assertEqual(lines[4:], ["3\t1\t1", ""])

    def test_json_count(self):
        out, _ = self.batch("-c", "--json", lines="枫桥经验\n(\n")
        first, second = [json.loads(line) for line in out.rstrip("\n").split("\n")]
        self.assertEqual((first["occurrences"], first["passages"], first["reports"], first["hits"]), (4, 2, 2, 0))
        self.assertIn("error", second)

    def test_reports(self):
        out, _ = self.batch("-l", "--json", lines="枫桥经验\n")
        objects = [json.loads(line) for line in out.rstrip("\n").split("\n")]
        self.assertEqual(list(objects[0]), REPORT_KEYS + ["query"])
        self.assertEqual(objects[2]["hits"], 2)
        out, _ = self.batch("-l", lines="枫桥经验\n没有这个词\n")
        self.assertEqual(out.split("\n")[0], "# 枫桥经验")
        self.assertTrue(out.endswith("\n\n# 没有这个词\n\n"))

    def test_text(self):
        out, err = self.batch(lines="枫桥经验\n没有这个词\n(枫桥\n")
        self.assertTrue(out.startswith("# 枫桥经验\n1. "))
        self.assertRegex(out, r"\n\n# 没有这个词\n\n# \(枫桥\nerror: .+\n\n$")
        self.assertEqual(err, "")

    def test_tsv(self):
        out, _ = self.batch("--tsv", lines="枫桥\\经验\n没有这个词\n(枫桥\n")
        rows = [line.split("\t") for line in out.rstrip("\n").split("\n")]
        self.assertEqual([r[0] for r in rows][-1], "(枫桥")
        self.assertEqual(rows[-1][1], "error")
        self.assertTrue(all(r[0] == "枫桥\\\\经验" and len(r) == TSV_FIELDS + 1 for r in rows[:-1]))

    def test_quiet(self):
        self.assertEqual(self.batch("-q", lines="枫桥经验\n(\n"), ("", ""))

    def test_nothing_to_read(self):
        self.assertEqual(self.batch("--json", lines=""), ("", ""))

    def test_line_ends(self):
        for lines in ("枫桥经验\r\n哈哈\r\n", "枫桥经验\n哈哈", "\ufeff枫桥经验\r\n哈哈\r"):
            self.assertEqual(self.batch("-c", lines=lines)[0], "4\t2\t2\n3\t1\t1\n", repr(lines))

    def test_nul_and_ill_formed_lines(self):
        out, _ = self.batch("--json", lines=b"a\0b\n\xff\xfe\xe6\x9e\n\xe5\x93\x88\xe5\x93\x88\n")
        objects = [json.loads(line) for line in out.rstrip("\n").split("\n")]
        done = [o for o in objects if o.get("done")]
        self.assertEqual(len(done), 3)
        self.assertEqual(done[0]["query"], "a\0b")
        self.assertIn("NUL", done[0]["error"])
        self.assertIn("\ufffd", done[1]["query"])
        self.assertEqual(done[2]["passages"], 1)

    def test_long_lines(self):
        fits = "哈哈" + " " * (65536 - 6)
        self.assertEqual(len(fits.encode()), 65536)
        for lines, errors in ((fits + "\n", 0), (fits + "\r\n", 0), (fits + " \n", 1), (fits + " \r\n", 1),
                              ("x" * 1000000 + "\n", 1), (fits, 0), ("x" * 70000, 1)):
            out, _ = self.batch("-c", lines=lines)
            self.assertEqual(out.count("\n"), 1)
            self.assertEqual(out.startswith("error\t"), bool(errors), (len(lines), out[:100]))
        out, _ = self.batch("-c", lines="x" * 200000 + "\n枫桥经验\n")
        self.assertEqual(out.split("\n")[1], "4\t2\t2")

    def test_each_answer_comes_at_once(self):
        process = subprocess.Popen([harness.program("XUNJU_QUERY"), "--batch", "-c", self.index, "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, env=clean_environment())
        with process:
            try:
                for query, answer in (("枫桥经验", b"4\t2\t2\n"), ("哈哈", b"3\t1\t1\n"), ("没有这个词", b"0\t0\t0\n")):
                    process.stdin.write(query.encode() + b"\n")
                    process.stdin.flush()
                    ready, _, _ = select.select([process.stdout], [], [], 30)
                    self.assertTrue(ready, "no answer while the input is still open")
                    self.assertEqual(os.read(process.stdout.fileno(), 4096), answer)
                process.stdin.close()
                self.assertEqual(process.wait(30), 0)
            finally:
                if process.poll() is None:
                    process.kill()

    def test_many_lines(self):
        queries = ["枫桥经验", "没有这个词", "哈哈"] * 3000
        out, _ = self.batch("-c", lines="\n".join(queries) + "\n")
        self.assertEqual(out, "4\t2\t2\n0\t0\t0\n3\t1\t1\n" * 3000)

    def test_a_file_as_input(self):
        path = os.path.join(self.dir, "queries.txt")
        with open(path, "w", encoding="utf-8") as out:
            out.write("枫桥经验\n哈哈\n")
        with open(path, "rb") as queries:
            done = subprocess.run([harness.program("XUNJU_QUERY"), "--batch", "-c", self.index, "-"], stdin=queries,
                                  stdout=subprocess.PIPE, env=clean_environment(), timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, b"4\t2\t2\n3\t1\t1\n"))

    def test_input_that_cannot_be_read(self):
        folder = os.open(self.dir, os.O_RDONLY)
        try:
            done = subprocess.run([harness.program("XUNJU_QUERY"), "--batch", "-c", self.index, "-"], stdin=folder,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(), timeout=60)
        finally:
            os.close(folder)
        self.assertEqual(done.returncode, 4)
        self.assertTrue(done.stderr.startswith(b"xunju-query: "))


class Streams(Case):
    """O3, X16: output that is lost is never a success."""

    def closed(self, fds, *args, status, query="枫桥经验"):
        """Run with these descriptors closed; the other ones are pipes or empty."""
        def close():
            for fd in fds:
                os.close(fd)
        process = subprocess.Popen([harness.program("XUNJU_QUERY"), *args, self.index, query], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(), preexec_fn=close)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, status, (fds, args, out, err))
        return out, err

    def test_a_full_device(self):
        for args in (["枫桥经验"], ["--json", "枫桥经验"], ["--tsv", "枫桥经验"], ["-c", "枫桥经验"], ["-l", "枫桥经验"],
                     ["-c", "没有这个词"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([harness.program("XUNJU_QUERY"), *args[:-1], self.index, args[-1]], stdout=full,
                                      stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=clean_environment(), timeout=60)
            self.assertEqual(done.returncode, 4, args)
            self.assertIn(b"cannot write the results", done.stderr)
        for option in ("--help", "--version"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([harness.program("XUNJU_QUERY"), option], stdout=full, stderr=subprocess.PIPE,
                                      env=clean_environment(), timeout=60)
            self.assertEqual(done.returncode, 4)

    def test_a_full_device_in_a_batch(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([harness.program("XUNJU_QUERY"), "--batch", "-c", self.index, "-"], stdout=full,
                                  stderr=subprocess.PIPE, input="哈哈\n".encode() * 10000, env=clean_environment(), timeout=60)
        self.assertEqual(done.returncode, 4)

    def test_nothing_to_write_to_a_full_device(self):
        with open("/dev/full", "wb") as full:
            for query, status in (("枫桥经验", 0), ("没有这个词", 1)):
                done = subprocess.run([harness.program("XUNJU_QUERY"), "-q", self.index, query], stdout=full,
                                      stderr=subprocess.DEVNULL, env=clean_environment(), timeout=60)
                self.assertEqual(done.returncode, status)

    def test_closed_stdout(self):
        for form in ([], ["--json"], ["--tsv"], ["-c"], ["-l"]):
            self.closed([1], *form, status=4)
        self.closed([1], "-q", status=0)
        self.closed([1], status=1, query="没有这个词")
        self.closed([1], "--help", status=4)

    def test_closed_stdin_and_stderr(self):
        out, _ = self.closed([0], status=0)
        self.assertTrue(out)
        out, _ = self.closed([2], status=0)
        self.assertEqual(out, self.closed([], status=0)[0])
        self.closed([2], "--nonsense", status=2)
        self.closed([0, 2], status=0)
        self.closed([0, 1, 2], status=4)
        self.closed([0, 1, 2], "-q", status=0)
        self.closed([0], "--batch", query="-", status=4)

    def test_a_pipe_that_closes_early(self):
        command = [harness.program("XUNJU_QUERY"), "--batch", "--json", self.index, "-"]
        path = os.path.join(self.dir, "many.txt")
        with open(path, "w", encoding="utf-8") as out:
            out.write("枫桥经验\n" * 5000)
        for ignore, expected in ((False, -signal.SIGPIPE), (True, 4)):
            with open(path, "rb") as queries:
                process = subprocess.Popen(command, stdin=queries, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                           env=clean_environment(), restore_signals=not ignore)
                process.stdout.read(100)
                process.stdout.close()
                err = process.stderr.read()
                process.stderr.close()
                self.assertEqual(process.wait(60), expected)
                self.assertEqual(b"cannot write" in err, ignore)

    def test_input_that_does_not_block(self):
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        process = subprocess.Popen([harness.program("XUNJU_QUERY"), "--batch", "-c", self.index, "-"], stdin=reader,
                                   stdout=subprocess.PIPE, env=clean_environment())
        os.close(reader)
        with os.fdopen(writer, "wb") as pipe:
            select.select([], [], [], 0.2)
            pipe.write("枫桥经验\n".encode())
        out, _ = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (0, b"4\t2\t2\n"))

    def test_output_that_does_not_block(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        path = os.path.join(self.dir, "many-slow.txt")
        with open(path, "w", encoding="utf-8") as out:
            out.write("枫桥经验\n" * 500)
        with open(path, "rb") as queries:
            process = subprocess.Popen([harness.program("XUNJU_QUERY"), "--batch", "--json", self.index, "-"], stdin=queries,
                                       stdout=writer, env=clean_environment())
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            data = pipe.read()
        self.assertEqual(process.wait(60), 0)
        self.assertEqual(data.count(b'"done":true'), 500)


if __name__ == "__main__":
    unittest.main()
