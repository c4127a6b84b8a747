"""What xunju-index says to people: in English and Chinese, about repairs, and about files that need a look."""
import glob
import json
import os
import re
import unittest

from harness import run, temp_dir, write_jsonl

SOURCE = os.environ.get("XUNJU_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
CORPUS = os.path.join(SOURCE, "corpus", "reports")
CHINESE = re.compile("[\u3400-\u9fff]")
TEXT = "推广枫桥经验，化解矛盾纠纷。2024年，我街道认真贯彻落实上级决策部署，全面推进法治政府建设。"
COMMANDS = ("build", "merge", "info", "check", "doctor")


def write(path, data):
    with open(path, "wb") as f:
        f.write(data.encode("utf-8") if isinstance(data, str) else data)
    return path


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        context = temp_dir()
        self.dir = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        self.index = self.path("ix")

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def say(self, *arguments, chinese=False, status=0, env=None, **options):
        """(stdout, stderr) of a command under an English or Chinese locale."""
        if env is None:
            env = {"LC_ALL": "zh_CN.UTF-8" if chinese else "C.UTF-8"}
        done = run("XUNJU_INDEX", *arguments, status=status, env=env, **options)
        return done.stdout.decode("utf-8"), done.stderr.decode("utf-8")

    def folder_of_bad_inputs(self):
        folder = self.path("in")
        os.mkdir(folder)
        write(self.path("in", "good.txt"), TEXT)
        write(self.path("in", "nul.txt"), bytes(range(32)) * 4)
        write(self.path("in", "other.pdf"), "%PDF")
        os.symlink("good.txt", self.path("in", "link.txt"))
        os.mkfifo(self.path("in", "pipe.txt"))
        write(self.path("in", "lines.jsonl"), 'nonsense\n[]\n{"id":1}\n{"id":"a","text":"here"}\n{"id":"a","text":"b"}\n')
        return folder


class Language(Case):
    def test_of_the_first_variable_set(self):
        for env, chinese in (({"LC_ALL": "C", "LC_MESSAGES": "zh_CN", "LANG": "zh_CN.UTF-8"}, False),
                             ({"LC_ALL": "", "LC_MESSAGES": "zh_TW.UTF-8", "LANG": "C"}, True),
                             ({"LC_ALL": "", "LC_MESSAGES": "en_GB.UTF-8", "LANG": "zh_CN.UTF-8"}, False),
                             ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh"}, True),
                             ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": ""}, False)):
            out, _ = self.say("--help", env=env)
            self.assertEqual(out.startswith("用法："), chinese, env)

    def test_help_names_the_same_options(self):
        for arguments in (("--help",), *((command, "--help") for command in COMMANDS)):
            english, chinese = self.say(*arguments)[0], self.say(*arguments, chinese=True)[0]
            self.assertIsNone(CHINESE.search(english))
            self.assertTrue(chinese.startswith("用法：xunju-index"))
            option = re.compile(r"(?<![\w-])--?[a-z][a-z-]*\b")
            self.assertEqual(set(option.findall(english)), set(option.findall(chinese)), arguments)

    def test_usage_errors(self):
        o = ("build", "-o", self.index)
        for arguments in (("build",), o, ("build", "-x"), o + ("--memory", "1", "x"), o + ("--threads", "0", "x"),
                          o + ("--segment", "x", "x"), o + ("--shard", "1", "x"), o + ("--text-level", "x", "x"), ("merge",),
                          ("merge", "-o", self.index), ("merge", "x"), ("merge", "-x"), ("merge", "-o", self.index, "--threads", "0", "x"), ("info",), ("check",), ("doctor",),
                          ("doctor", "--color", "x", "x"), ("doctor", "--segment", "x", "x"), ("doctor", "-x"), ("find",)):
            _, english = self.say(*arguments, status=2)
            _, chinese = self.say(*arguments, status=2, chinese=True)
            self.assertIsNone(CHINESE.search(english), arguments)
            self.assertEqual(english.count("\n"), chinese.count("\n"))
            for line in chinese.splitlines():
                self.assertRegex(line, CHINESE)

    def test_no_arguments(self):
        self.assertTrue(self.say(status=2, chinese=True)[1].startswith("用法："))

    def test_failures(self):
        write(self.path("file.txt"), TEXT)
        os.mkdir(self.path("full"))
        write(self.path("full", "x"), "")
        self.say("build", "-o", self.index, self.path("file.txt"))
        for arguments, status, words in (
                (("info", self.path("none")), 4, "没有索引“%s”" % self.path("none")),
                (("check", self.path("full")), 3, "中没有寻句索引"),
                (("info", self.path("file.txt")), 3, "不是索引目录"),
                (("build", "-o", self.index, self.path("file.txt")), 2, "--force 可替换"),
                (("build", "-o", self.path("full"), self.path("file.txt")), 2, "中有其他文件"),
                (("build", "-o", self.path("a", "b"), self.path("file.txt")), 4, "上级文件夹不存在"),
                (("build", "-o", self.path("new"), self.path("none")), 4, "没有这个文件或文件夹")):
            self.assertIn(words, self.say(*arguments, status=status, chinese=True)[1])

    def test_merge(self):
        for name, lines in (("a", ["一"]), ("b", ["二", "三"]), ("c", ["三"])):
            path = write_jsonl(self.path(name + ".jsonl"), [{"id": id, "text": TEXT} for id in lines])
            self.say("build", "-q", "-o", self.path(name), path)
        merge = ("merge", "-o", self.index)
        _, err = self.say(*merge, self.path("a"), self.path("b"), chinese=True)
        self.assertRegex(err, r"^已合并 3 份报告：3 段，\d+ 字，用时 \d+\.\d\d 秒；.*ix 共 \d+ KiB\n$")
        for arguments, status, words in (
                ((*merge, self.path("a"), self.path("b")), 2, "--force 可替换"),
                (("merge", "-o", self.path("new"), self.path("b"), self.path("c")), 4, "三"),
                (("merge", "-o", self.path("new"), self.path("a"), self.path("no")), 4, "没有索引“%s”" % self.path("no")),
                (("merge", "-o", self.path("new"), self.path("a.jsonl")), 3, "不是索引目录")):
            _, err = self.say(*arguments, status=status, chinese=True)
            self.assertIn(words, err)
            self.assertNotRegex(err.replace("xunju-index", "").replace("--force", "").replace(self.dir, "").replace("a.jsonl", ""),
                                "[a-z]{3}", arguments)

    def test_what_was_left_out(self):
        folder = self.folder_of_bad_inputs()
        _, err = self.say("build", "-o", self.index, folder, self.path("none"), chinese=True)
        for words in ("link.txt：不读取文件夹中的符号链接", "pipe.txt：不是普通文件", "none：没有这个文件或文件夹",
                      "nul.txt：像是二进制文件：字节 0 处为 NUL", "lines.jsonl:1：不是有效的 JSON（第 ", "lines.jsonl:2：JSON 值不是对象",
                      "lines.jsonl:3：对象中没有字符串“text”", "lines.jsonl:5：已有编号为“a”的报告"):
            self.assertIn(words, err)
        lines = err.splitlines()
        self.assertEqual(sum(line.startswith("xunju-index: 未收入：") for line in lines), 8)
        self.assertRegex(err, r"已收入 2 份报告：2 段，\d+ 字，用时 \d+\.\d\d 秒；.*ix 共 \d+ KiB\n")
        self.assertIn("8 项输入未收入，见上", lines)
        self.assertIn("跳过 1 个不是 .txt、.md 或 .jsonl 的文件", lines)

    def test_doctor_names_what_it_cannot_read(self):
        _, err = self.say("doctor", self.path("none"), chinese=True, status=4)
        self.assertEqual(err, "xunju-index: %s：没有这个文件或文件夹\n" % self.path("none"))

    def test_info_and_check(self):
        self.say("build", "-q", "-o", self.index, write(self.path("a.txt"), TEXT))
        out, _ = self.say("info", self.index, chinese=True)
        for words in ("报告  1 份\n", "段落  1 段\n", "\n词项  ", "\n倒排  ", "\n索引  ", "\n版次  第 1 次建立", "\n格式  "):
            self.assertIn(words, out)
        self.assertEqual(self.say("check", self.index, chinese=True), ("索引完好\n", ""))

    def test_damage_of_an_index(self):
        self.say("build", "-q", "-o", self.index, write(self.path("a.txt"), TEXT))
        segment, = glob.glob(self.path("ix", "seg*"))
        with open(segment, "r+b") as f:
            f.seek(os.path.getsize(segment) // 2)
            byte = f.read(1)
            f.seek(-1, os.SEEK_CUR)
            f.write(bytes([byte[0] ^ 0x55]))
        english = "".join(self.say("check", self.index, status=3))
        chinese = "".join(self.say("check", self.index, status=3, chinese=True))
        self.assertRegex(english, r"'.*' is damaged at byte \d+: ")
        self.assertRegex(chinese, r"“.*”在字节 \d+ 处损坏：")
        self.assertEqual(re.findall(r" byte (\d+)", english), re.findall(r"字节 (\d+)", chinese))

    def test_json_is_in_no_language(self):
        folder = self.folder_of_bad_inputs()
        for arguments, status in ((("doctor", "--json", folder), 4), (("doctor", "--json", CORPUS), (0, 4)),
                                  (("build", "--force", "-o", self.index, "--report", "-", folder), 0),
                                  (("info", "--json", self.index), 0)):
            said = [re.sub(r'(?s)_seconds": (?:[0-9.e-]+|{.*?})|"generation": \d', "", self.say(*arguments, status=status, chinese=chinese)[0])
                    for chinese in (False, True)]
            self.assertEqual(said[0], said[1])

    def test_names_are_escaped(self):
        name = self.path("e\x1b[31m\u202e%1.txt")
        for chinese in (False, True):
            _, err = self.say("build", "-o", self.path("new"), name, chinese=chinese, status=4)
            self.assertIn("e\\x1B[31m\\u{202E}%1.txt", err)
            self.assertNotIn("\x1b", err)

    def test_names_that_look_like_reasons(self):
        path = write_jsonl(self.path("a.jsonl"), 2 * [{"id": "'x' was there before; %2 * not a regular file", "text": "here"}])
        _, err = self.say("build", "-o", self.index, path, chinese=True)
        self.assertIn("已有编号为“", err)
        long = {"id": "长" * 600, "text": "here"}
        _, err = self.say("build", "-o", self.index, "--force", write_jsonl(self.path("b.jsonl"), [long, long]), chinese=True)
        self.assertIn("xunju-index: 未收入：", err)

    def test_reasons_that_are_translated_exist(self):
        """Each English pattern of the table fits a message somewhere in the sources, else it is out of date."""
        def literals(path):
            with open(path, encoding="utf-8") as f:
                text = re.sub(r'"\s*\n\s*"', "", f.read())
            for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text):
                yield re.sub(r"%[0-9.]*(?:ll|z)?[sduxX]", "*", literal.replace('\\"', '"'))

        def fits(pattern, text):
            return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text)
        own = os.path.join(SOURCE, "indexer", "messages.c")
        known = {literal for folder in ("indexer", "common/src") for path in glob.glob(os.path.join(SOURCE, folder, "*.c"))
                 if path != own for literal in literals(path)}
        known = {literal for literal in known if len(literal.replace("*", "")) >= 8}
        with open(own, encoding="utf-8") as f:
            table = f.read().split("} reasons[] = {")[1].split("\n};")[0]
        patterns = [english.replace('\\"', '"') for english in re.findall(r'\{"((?:[^"\\]|\\.)*)",', table)]
        self.assertGreater(len(patterns), 40)
        for pattern in patterns:
            self.assertTrue(any(fits(literal, pattern) or fits(pattern, literal) for literal in known), pattern)


class Repairs(Case):
    def summary(self, data, *options, chinese=False):
        write(self.path("a.txt"), data)
        return self.say("build", "--force", "-o", self.index, *options, self.path("a.txt"), chinese=chinese)[1].splitlines()

    def test_nothing_to_say(self):
        for data in (TEXT, TEXT + "\r\n\ufeff\x01" + TEXT, ""):
            for chinese in (False, True):
                self.assertEqual(len(self.summary(data, chinese=chinese)), 1)

    def test_damage_that_was_left(self):
        data = TEXT.encode("gb18030") * 20 + b"\xff\xff" + TEXT.encode("gb18030")
        _, line = self.summary(data)
        self.assertRegex(line, r"^damage left as it is: ill-formed \d+ \(xunju-index doctor FILE shows them\)$")
        _, line = self.summary(data, chinese=True)
        self.assertRegex(line, r"^未能修复、保持原样：非法字节 \d+（用 xunju-index doctor 文件 查看）$")
        self.assertEqual(self.summary(data, "-q"), [])

    def test_counts_are_those_of_the_report(self):
        report = self.path("report.json")
        _, err = self.say("build", "-o", self.index, "--report", report, CORPUS)
        with open(report, encoding="utf-8") as f:
            changes = json.load(f)["changes"]
        def listed(*kinds):
            return ", ".join("%s %d" % (kind, changes[kind]) for kind in kinds if kind in changes)
        self.assertIn("\nrepaired: %s; damage left as it is: %s (xunju-index doctor FILE shows them)\n" % (
            listed("pinyin", "slip", "conjecture"), listed("ill-formed", "damage")), err)
        _, err = self.say("build", "--force", "-o", self.index, CORPUS, chinese=True)
        self.assertRegex(err, r"\n已修复：拼音 %d，.*；未能修复、保持原样：.*（用 xunju-index doctor 文件 查看）\n" % changes["pinyin"])


class Doctor(Case):
    def look(self, data, *options, name="a.txt"):
        """The lines of doctor in English and Chinese, and the notes among them."""
        write(self.path(name), data)
        english = self.say("doctor", *options, self.path(name))[0].splitlines()
        chinese = self.say("doctor", *options, self.path(name), chinese=True)[0].splitlines()
        self.assertEqual(len(english), len(chinese))
        return english, chinese, [line[11:] for line in english if line.startswith("  note     ")], [
            line[6:] for line in chinese if line.startswith("  注意  ")]

    def test_nothing_to_note(self):
        for data in (TEXT, TEXT.encode("gb18030"), TEXT.encode("utf-16")):
            _, chinese, notes, also = self.look(data)
            self.assertEqual(notes + also, [])
            self.assertIn("段落：1", chinese)

    def test_an_empty_file(self):
        english, chinese, notes, also = self.look("")
        self.assertEqual(notes, ["the file is empty (0 bytes): it gives no passages"])
        self.assertEqual(also, ["文件是空的（0 字节）：没有段落可收"])
        self.assertNotIn("  none: the text is used as it stands", english)
        self.assertIn("段落：0", chinese)

    def test_an_empty_line_of_json(self):
        _, _, notes, also = self.look('{"text":""}\n', name="a.jsonl")
        self.assertEqual(notes, ["the text is empty (0 bytes): it gives no passages"])
        self.assertEqual(also, ["正文是空的（0 字节）：没有段落可收"])

    def test_only_white_space(self):
        for data in ("\n \u3000\t\r\n", "\ufeff", "\u200b\u200b\n", "\x01\x02"):
            for options in ((), ("--segment", "none")):
                _, _, notes, also = self.look(data, *options)
                self.assertEqual(notes, ["there is only white space or nothing visible: it gives no passages"], repr(data))
                self.assertEqual(also, ["只有空白或不可见字符：没有段落可收"])

    def test_ill_formed_bytes(self):
        data = bytearray(TEXT.encode("gb18030") * 30)
        for i in range(0, len(data), 30):
            data[i] = 0xFF
        _, _, notes, also = self.look(bytes(data))
        self.assertRegex(notes[0], r"^the encoding may be wrong: confidence is only \d+ of 100; ")
        self.assertRegex(notes[1], r"^the encoding may be wrong, or the file is damaged: \d+ of \d+ characters are ill-formed$")
        self.assertRegex(also[0], r"^编码可能判断有误：把握只有 \d+/100；")
        self.assertRegex(also[1], r"^编码可能判断有误，或文件已损坏：\d+ 字中有 \d+ 处非法字节$")
        few = TEXT.encode("gb18030") * 30 + b"\xff"
        self.assertEqual(self.look(few)[2], [])

    def test_ill_formed_bytes_behind_a_mark(self):
        data = b"\xef\xbb\xbf" + TEXT.encode("utf-8") + b"\xff\xfe" * 10
        _, _, notes, _ = self.look(data)
        self.assertEqual(len(notes), 1)
        self.assertIn(" ill-formed", notes[0])

    def test_labels(self):
        report = os.path.join(CORPUS, "沅北区", "望楼街道-2025.txt")
        out, _ = self.say("doctor", report, chinese=True)
        for words in ("\n  编码  UTF-8，全文有效；", "\n  编号  望楼街道-2025.txt\n", "\n  标题  未知\n", "\n  机关  望樓街道   （开头一句）\n",
                      "\n改动\n", "\n  拼音 132 处：混入字后的拼音，已删除\n", "  (jiān) → （无）\n", "    …（--all 列出全部）\n",
                      "\n剔除（不入段落）\n", "\n段落："):
            self.assertIn(words, out)

    def test_no_english_is_left(self):
        """Over the whole corpus: labels, kinds, places of fields; what comes from the reports is their own."""
        out, _ = self.say("doctor", CORPUS, chinese=True, status=(0, 4))
        label = re.compile(r"^  (编码|编号|标题|机关|日期|年度|文号|注意)  ")
        for line in out.splitlines():
            if label.match(line):
                found = re.search(r"   （(.*)）$", line)
                self.assertNotRegex(found.group(1).replace("Markdown", "") if found else "", "[a-z]{3}")
        for word in ("encoding", "bytes ", "characters", "furniture", "metadata", "Changes", "Passages", "unknown", "(nothing)"):
            self.assertNotRegex(out, "(?m)^ *%s" % re.escape(word))

    def test_colour(self):
        write(self.path("a.txt"), TEXT)
        plain = self.say("doctor", self.path("a.txt"), chinese=True)[0]
        colour = self.say("doctor", "--color", "always", self.path("a.txt"), chinese=True)[0]
        self.assertIn("\x1b[2m[0] ", colour)
        self.assertEqual(re.sub("\x1b\\[[0-9;]*m", "", colour), plain)


if __name__ == "__main__":
    unittest.main()
