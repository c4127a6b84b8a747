"""xunju-index on the command line: its commands and options, their exit statuses, and every bad input of the catalogue.

Needs XUNJU_INDEX and, to look at what was indexed, XUNJU_QUERY. Tests of single inputs begin with the catalogue's id (I1-I12).
"""
import json
import os
import re
import resource
import shutil
import socket
import stat
import subprocess
import sys
import unittest

from harness import (build, build_reports, count, doctor, hits, json_lines, program, run, temp_dir, write_jsonl, xunju_index)

SOURCE = os.environ.get("XUNJU_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
CORPUS = os.path.join(SOURCE, "corpus", "reports")
COMMANDS = ("build", "merge", "info", "check", "doctor")
MIB = 1 << 20


def text(data):
    return data.decode("utf-8")


def write(path, data):
    if isinstance(data, str):
        data = data.encode("utf-8")
    with open(path, "wb") as f:
        f.write(data)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def ids(index):
    """Report ids that hold the word `here`, which every good input of these tests holds."""
    return sorted(hit["report"] for hit in hits(index, "here", "-n", "100000"))


def left_out(done):
    """Lines about inputs that were left out, without their beginning."""
    prefix = "xunju-index: left out: "
    return [line[len(prefix):] for line in text(done.stderr).split("\n") if line.startswith(prefix)]


class Case(unittest.TestCase):
    def setUp(self):
        context = temp_dir()
        self.dir = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        self.index = os.path.join(self.dir, "ix")

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def folder(self, name="in"):
        os.makedirs(self.path(name), exist_ok=True)
        return self.path(name)

    def assert_one_line(self, data):
        self.assertEqual(data.count(b"\n"), 1, data)
        self.assertTrue(data.endswith(b"\n"), data)

    def assert_no_control(self, data):
        found = re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text(data))
        self.assertIsNone(found, data[-1000:])

    def build_leaving_out(self, paths, reasons, n_reports, *options, status=0, runner=None):
        """Build; each input of reasons {name: part of the reason} has one line of its own, everything is counted."""
        report = self.path("report.json")
        arguments = ("build", "-o", self.index, "--report", report, *options, *paths)
        done = (runner or xunju_index)(*arguments, status=status)
        self.assert_no_control(done.stderr)
        lines = left_out(done)
        self.assertEqual(len(lines), len(reasons), text(done.stderr))
        for name, reason in reasons.items():
            named = [line for line in lines if line.split(": ")[0].endswith(name)]
            self.assertEqual(len(named), 1, "%r in %r" % (name, lines))
            self.assertIn(reason, named[0])
        with open(report, encoding="utf-8") as f:
            summary = json.load(f)
        self.assertEqual(summary["skipped"], len(reasons))
        self.assertEqual(len(summary["skipped_inputs"]), len(reasons))
        self.assertEqual(summary["reports"], n_reports)
        last = text(done.stderr).split("\n")
        self.assertTrue(any(line.startswith("indexed %d report" % n_reports) for line in last), last)
        if reasons:
            plural = "s" if len(reasons) > 1 else ""
            self.assertIn("left out %d input%s, named above" % (len(reasons), plural), last)
        xunju_index("check", self.index)
        return done, summary


class Usage(Case):
    def test_help(self):
        for arguments in (("--help",), ("help",)):
            done = xunju_index(*arguments)
            self.assertEqual(done.stderr, b"")
            for command in COMMANDS:
                self.assertIn("\n  %s " % command, text(done.stdout))
        for command in COMMANDS:
            done = xunju_index(command, "--help")
            self.assertTrue(text(done.stdout).startswith("usage: xunju-index %s" % command))
            self.assertEqual(done.stderr, b"")

    def test_help_names_every_option(self):
        stated = text(xunju_index("build", "--help").stdout)
        for option in ("-o", "--output", "--force", "--memory", "--threads", "--text-level", "--segment", "--shard", "--strict",
                       "--report", "-q", "--quiet"):
            self.assertRegex(stated, r"(^|[ ,])%s\b" % re.escape(option))
        stated = text(xunju_index("merge", "--help").stdout)
        for option in ("-o", "--output", "--force", "--threads", "-q", "--quiet"):
            self.assertRegex(stated, r"(^|[ ,])%s\b" % re.escape(option))
        stated = text(xunju_index("doctor", "--help").stdout)
        for option in ("--all", "--json", "--segment", "--color"):
            self.assertIn(option, stated)

    def test_version(self):
        done = xunju_index("--version")
        self.assertRegex(text(done.stdout), r"^xunju-index \d+\.\d+\.\d+ \(.*\)\n$")
        self.assertEqual(done.stderr, b"")

    def test_no_command(self):
        done = xunju_index(status=2)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"usage: xunju-index", done.stderr)

    def test_unknown_commands(self):
        for command in ("Build", "-o", "", "--verbose", "sear\x1b[31mch", "a\nb"):
            done = xunju_index(command, status=2)
            self.assertEqual(done.stdout, b"")
            self.assert_one_line(done.stderr)
            self.assert_no_control(done.stderr)

    def test_wrong_usage_is_exit_2(self):
        good = write(self.path("a.txt"), "here")
        o = ("build", "-o", self.index)
        wrong = [("build",), ("build", good), o, ("build", "-o"), ("build", "-o", "", good), o + ("--nonsense", good),
                 o + ("--memory", "63M", good), o + ("--memory", "67108863", good), o + ("--memory", "", good), o + ("--memory", "-1", good),
                 o + ("--memory", "64X", good), o + ("--memory", "99999999999999999999G", good), o + ("--memory", "1.5G", good),
                 o + ("--threads", "0", good), o + ("--threads", "257", good), o + ("--threads", "two", good),
                 o + ("--threads", "4x", good), o + ("--text-level", "best", good), o + ("--text-level", "", good), o + ("--segment", "some", good), o + ("--shard", "1/1", good),
                 o + ("--shard", "0/0", good), o + ("--shard", "1", good), o + ("--shard", "-1/2", good),
                 o + ("--shard", "0/2/3", good), o + ("--shard", "/", good), o + ("--report",), o + ("--force=yes", good),
                 ("info",), ("info", "--json"), ("info", "a", "b"), ("info", "--xml", "a"),
                 ("check",), ("check", "a", "b"), ("check", "--all", "a"),
                 ("doctor",), ("doctor", "--json"), ("doctor", "--segment", "x", good), ("doctor", "--color", "x", good),
                 ("doctor", "-x", good)]
        for arguments in wrong:
            done = xunju_index(*arguments, status=2)
            self.assertEqual(done.stdout, b"", arguments)
            lines = text(done.stderr).split("\n")
            self.assertEqual(len(lines), 3, (arguments, lines))
            self.assertIn("--help", lines[1])
            self.assertFalse(os.path.exists(self.index), arguments)

    def test_sizes(self):
        good = write(self.path("a.txt"), "here")
        for size in ("64M", "67108864", "65536k", "100m", "1G", "64MB", "64MiB", "1GiB"):
            xunju_index("build", "-o", self.index, "--force", "-q", "--memory", size, good)

    def test_options_after_paths_and_two_dashes(self):
        write(self.path("-a.txt"), "here")
        xunju_index("build", "b.txt", "-o", self.index, "--", "-a.txt", cwd=self.dir, status=0)
        self.assertEqual(ids(self.index), ["-a.txt"])


class Build(Case):
    def test_summary(self):
        write(self.path("a.txt"), "推广枫桥经验。here")
        done = xunju_index("build", "-o", self.index, self.path("a.txt"))
        self.assertEqual(done.stdout, b"")
        self.assertRegex(text(done.stderr), r"^indexed 1 report: 1 passages?, 11 characters in \d+\.\d\d s; .*ix has \d+ KiB\n$")

    def test_report_fields(self):
        folder = self.folder()
        write(self.path("in", "a.txt"), "推广枫桥经验。here\r\n")
        write(self.path("in", "b.txt"), "化解矛盾纠纷here".encode("utf-16"))
        write(self.path("in", "c.pdf"), "%PDF")
        write(self.path("in", "d.jsonl"), '{"text":"here"}\nnonsense\n')
        report = self.path("report.json")
        xunju_index("build", "-o", self.index, "--report", report, "-q", folder)
        with open(report, encoding="utf-8") as f:
            o = json.load(f)
        self.assertEqual(set(o), {"reports", "skipped", "other_kind", "passages", "characters", "units", "input_bytes",
                                  "index_bytes", "segments", "runs", "wall_seconds", "cpu_seconds", "stage_seconds", "sections",
                                  "encodings", "changes", "skipped_inputs"})
        self.assertEqual((o["reports"], o["skipped"], o["other_kind"], o["passages"], o["segments"]), (3, 1, 1, 3, 1))
        self.assertEqual(o["characters"], 11 + 10 + 4)
        self.assertEqual(o["units"], 7 + 7 + 1)
        self.assertEqual(o["input_bytes"], os.path.getsize(self.path("in", "a.txt")) + os.path.getsize(self.path("in", "b.txt")) + 4)
        self.assertEqual(o["index_bytes"], sum(os.path.getsize(self.path("ix", name)) for name in os.listdir(self.index)))
        self.assertEqual(o["encodings"], {"UTF-8": 2, "UTF-16LE": 1})
        self.assertEqual(o["changes"], {"line-end": 1})
        self.assertEqual([s["input"] for s in o["skipped_inputs"]], [self.path("in", "d.jsonl") + ":2"])
        self.assertIn("not valid JSON", o["skipped_inputs"][0]["reason"])
        self.assertGreaterEqual(o["wall_seconds"], 0)
        self.assertGreater(o["cpu_seconds"], 0)
        self.assertEqual(o["runs"], 0)
        self.assertEqual(set(o["stage_seconds"]), {"input", "terms", "commit"})
        self.assertTrue(all(seconds >= 0 for seconds in o["stage_seconds"].values()))
        self.assertLessEqual(sum(o["stage_seconds"].values()), o["wall_seconds"] + 0.01)
        self.assertEqual(o["sections"], json.loads(text(xunju_index("info", "--json", self.index).stdout))["sections"])

    def test_report_on_standard_output(self):
        write(self.path("a.txt"), "here")
        done = xunju_index("build", "-o", self.index, "--report", "-", self.path("a.txt"))
        self.assertEqual(json.loads(text(done.stdout))["reports"], 1)
        self.assertIn(b"indexed 1 report", done.stderr)

    def test_report_that_cannot_be_written(self):
        write(self.path("a.txt"), "here")
        done = xunju_index("build", "-o", self.index, "-q", "--report", self.path("no", "where"), self.path("a.txt"), status=4)
        self.assert_one_line(done.stderr)
        self.assertIn(b"the index is committed", done.stderr)
        self.assertEqual(ids(self.index), ["a.txt"])

    def test_report_gives_every_reason(self):
        """Also where a message had to be cut inside a character, or the input's name is no UTF-8."""
        long_id = "a" + "报" * 100
        lines = write_jsonl(self.path("a.jsonl"), [{"id": long_id, "text": "here"}] * 2)
        with open(lines, "a", encoding="utf-8") as f:
            for start in ("", "x", "xy"):
                f.write('{"text": "%s%s' % (start, "未完" * 300) + "\n")
        bad = self.folder("in").encode() + b"/\xff.txt"
        with open(bad, "wb") as f:
            f.write(bytes(64))
        done, summary = self.build_leaving_out([lines, self.path("in")],
                                               {"a.jsonl:2": "was there before", "a.jsonl:3": "", "a.jsonl:4": "",
                                                "a.jsonl:5": "", "\\xFF.txt": "binary"}, 1)
        for skipped in summary["skipped_inputs"]:
            self.assertEqual(set(skipped), {"input", "reason"})
            self.assertTrue(skipped["reason"])
        duplicate, = [line for line in left_out(done) if "was there before" in line]
        self.assertNotIn("\\x", duplicate) # no half characters

    def test_quiet(self):
        folder = self.folder()
        write(self.path("in", "a.txt"), "here")
        for quiet in ("-q", "--quiet"):
            done = xunju_index("build", "-o", self.index, "--force", quiet, folder)
            self.assertEqual((done.stdout, done.stderr), (b"", b""))
        write(self.path("in", "b.txt"), bytes(100))
        done = xunju_index("build", "-o", self.index, "--force", "-q", folder)
        self.assert_one_line(done.stderr) # what is left out is said all the same
        self.assertIn(b"b.txt", done.stderr)

    def test_strict(self):
        folder = self.folder()
        write(self.path("in", "a.txt"), "here")
        xunju_index("build", "-o", self.index, "--strict", folder)
        write(self.path("in", "b.txt"), bytes(100))
        xunju_index("build", "-o", self.index, "--strict", "--force", folder, status=4)
        self.assertEqual(ids(self.index), ["a.txt"]) # and is committed
        write(self.path("in", "b.txt"), "%PDF")
        os.rename(self.path("in", "b.txt"), self.path("in", "b.pdf"))
        xunju_index("build", "-o", self.index, "--strict", "--force", folder) # another kind is no bad input

    def test_force(self):
        one, two = write(self.path("1.txt"), "here"), write(self.path("2.txt"), "here")
        build(self.index, [one])
        done = xunju_index("build", "-o", self.index, two, status=2)
        self.assert_one_line(done.stderr)
        self.assertIn(b"--force", done.stderr)
        self.assertEqual(ids(self.index), ["1.txt"])
        build(self.index, [two], "--force")
        self.assertEqual(ids(self.index), ["2.txt"])
        self.assertEqual(sorted(os.listdir(self.index)), ["lock", "manifest", "seg-2-0.xjs"])

    def test_a_directory_of_other_files_is_never_touched(self):
        folder = self.folder()
        write(self.path("in", "a.txt"), "here")
        before = sorted(os.listdir(folder))
        for options in ((), ("--force",)):
            done = xunju_index("build", "-o", folder, *options, self.path("in", "a.txt"), status=2)
            self.assert_one_line(done.stderr)
            self.assertEqual(sorted(os.listdir(folder)), before)
        done = xunju_index("build", "-o", self.path("in", "a.txt"), self.path("in", "a.txt"), status=2)
        self.assertIn(b"is a file", done.stderr)

    def test_segment_none(self):
        paths = [os.path.join(CORPUS, "云陵县", "青桐镇-2024.txt")]
        report = self.path("report.json")
        passages = {}
        for mode in ("auto", "none"):
            xunju_index("build", "-o", self.index, "--force", "--segment", mode, "--report", report, *paths)
            with open(report, encoding="utf-8") as f:
                passages[mode] = json.load(f)["passages"]
        self.assertGreater(passages["auto"], 3)
        self.assertEqual(passages["none"], 1)

    def test_shards_are_a_partition(self):
        lines = write_jsonl(self.path("a.jsonl"), [{"id": "r%d" % i, "text": "here"} for i in range(300)])
        seen = []
        for shard in range(3):
            index = self.path("ix%d" % shard)
            build(index, [lines], "--shard", "%d/3" % shard)
            seen += ids(index)
        self.assertEqual(sorted(seen), sorted("r%d" % i for i in range(300)))

    def test_threads_and_memory_change_no_byte(self):
        contents = set()
        for options in ((), ("--threads", "1"), ("--threads", "2"), ("--threads", "8"), ("--memory", "64M"),
                        ("--memory", "64M", "--threads", "8"), ("--memory", "1G", "--threads", "3")):
            shutil.rmtree(self.index, ignore_errors=True)
            build(self.index, [CORPUS], *options)
            self.assertEqual(sorted(os.listdir(self.index)), ["lock", "manifest", "seg-1-0.xjs"])
            contents.add(tuple(read(self.path("ix", name)) for name in ("manifest", "seg-1-0.xjs")))
        self.assertEqual(len(contents), 1)

    def test_more_than_the_memory_changes_no_byte(self):
        """More tokens than the least memory has room for: runs go to disk and are merged. Groups of texts are packed by
        several threads."""
        generate = os.path.join(SOURCE, "corpus", "generate")
        subprocess.run([sys.executable, generate, "--seed", "11", "--reports", "3000", "--chars-per-report", "4000", "--dirt", "0.3",
                        "--out", self.path("in.jsonl")], check=True)
        report = self.path("report.json")
        contents, runs = set(), []
        for options in (("--memory", "1G", "--threads", "1"), ("--memory", "64M", "--threads", "2"), ("--memory", "64M", "--threads", "1"),
                        ("--memory", "300M", "--threads", "8")):
            shutil.rmtree(self.index, ignore_errors=True)
            xunju_index("build", "-q", "-o", self.index, "--report", report, *options, self.path("in.jsonl"))
            self.assertEqual(sorted(os.listdir(self.index)), ["lock", "manifest", "seg-1-0.xjs"])
            contents.add(tuple(read(self.path("ix", name)) for name in ("manifest", "seg-1-0.xjs")))
            runs.append(json.loads(read(report))["runs"])
        self.assertEqual(len(contents), 1)
        self.assertEqual(runs[0], 0)
        self.assertGreater(runs[1], 1)
        self.assertEqual(runs[1], runs[2])
        # Parts of the dictionaries are cut alike when terms come from an index.
        for threads in ("1", "8"):
            shutil.rmtree(self.path("merged"), ignore_errors=True)
            xunju_index("merge", "-q", "-o", self.path("merged"), "--threads", threads, self.index)
            merged = tuple(read(self.path("merged", name)) for name in ("manifest", "seg-1-0.xjs"))
            self.assertTrue(merged in contents) # no assertEqual: it would print the difference of many megabytes

    def test_standard_input(self):
        done = xunju_index("build", "-o", self.index, "-",
                           input='{"id":"a","text":"here"}\n\n{"text":"here"}\nnonsense\n{"id":"b","text":"here"}')
        self.assertEqual(ids(self.index), ["a", "b", "stdin:3"])
        self.assertEqual(len(left_out(done)), 1)
        self.assertTrue(left_out(done)[0].startswith("stdin:4: not valid JSON"))

    def test_metadata_from_json_lines(self):
        write_jsonl(self.path("a.jsonl"), [{"id": "r1", "text": "here", "title": "标题", "date": "2025-01-16", "agency": "司法局",
                                           "path": "目录/一.txt", "pages": 12, "price": 0.5, "note": "备注", "list": [1], "gone": None}])
        build(self.index, [self.path("a.jsonl")])
        hit, = hits(self.index, "here")
        self.assertEqual((hit["report"], hit["title"], hit["date"], hit["agency"], hit["path"]),
                         ("r1", "标题", "2025-01-16", "司法局", "目录/一.txt"))
        self.assertEqual(set(hit["fields"]), {"pages", "price", "note"})

    def test_numbers_keep_their_digits(self):
        write(self.path("a.jsonl"), '{"id":"r1","text":"here","rate":0.1,"share":99.99,"n":12}\n')
        build(self.index, [self.path("a.jsonl")])
        done = run("XUNJU_QUERY", "--json", self.index, "here")
        self.assertRegex(text(done.stdout), r'"rate": ?0\.1[,}]')
        self.assertRegex(text(done.stdout), r'"share": ?99\.99[,}]')

    def test_duplicate_ids(self):
        lines = write_jsonl(self.path("a.jsonl"), [{"id": "x", "text": "here"}, {"id": "x", "text": "here here"}, {"text": "here"}])
        self.build_leaving_out([lines], {"a.jsonl:2": "'x' was there before"}, 2)
        self.assertEqual(ids(self.index), ["a.jsonl:3", "x"])
        self.assertEqual(count(self.index, "here"), (2, 2, 2))

    def test_nothing_indexable_commits_nothing(self):
        bad = write(self.path("bad.txt"), bytes(100))
        for paths in ([bad], [self.path("nowhere")], [bad, self.path("nowhere")]):
            done = xunju_index("build", "-o", self.index, *paths, status=4)
            self.assertIn(b"nothing was committed", done.stderr)
            self.assertFalse(os.path.exists(self.index))
        good = write(self.path("good.txt"), "here")
        build(self.index, [good])
        xunju_index("build", "-o", self.index, "--force", bad, status=4)
        self.assertEqual(ids(self.index), ["good.txt"])
        xunju_index("check", self.index)

    def test_no_parent_directory(self):
        done = xunju_index("build", "-o", self.path("no", "where"), write(self.path("a.txt"), "here"), status=4)
        self.assert_one_line(done.stderr)
        self.assertIn(b"does not exist", done.stderr)

    def test_no_progress_where_there_is_no_terminal(self):
        done = xunju_index("build", "-o", self.index, CORPUS)
        self.assertNotIn(b"\r", done.stderr)
        self.assertNotIn(b"\x1b", done.stderr)


class Examine(Case):
    def test_info(self):
        index = build_reports(self.dir, [{"id": "1", "text": "推广枫桥经验"}, {"id": "2", "text": "5G网络 here"}])
        done = xunju_index("info", index)
        self.assertEqual(done.stderr, b"")
        self.assertRegex(text(done.stdout), r"(?m)^reports +2$")
        self.assertRegex(text(done.stdout), r"(?m)^passages +2$")
        o = json.loads(text(xunju_index("info", "--json", index).stdout))
        self.assertEqual(set(o), {"generation", "reports", "passages", "characters", "units", "terms", "postings", "occurrences",
                                  "text_bytes", "input_bytes", "index_bytes", "segments", "sections", "versions"})
        self.assertEqual((o["generation"], o["reports"], o["passages"], o["segments"]), (1, 2, 2, 1))
        self.assertEqual((o["characters"], o["units"]), (15, 10))
        self.assertEqual(o["input_bytes"], o["text_bytes"])
        self.assertEqual(o["index_bytes"], sum(os.path.getsize(os.path.join(index, name)) for name in os.listdir(index)))
        self.assertLess(sum(o["sections"].values()), o["index_bytes"])
        self.assertRegex(o["versions"]["analyser"], r"^[0-9a-f]{16}$")
        self.assertIn("xunju-index %s " % o["versions"]["xunju"], text(xunju_index("--version").stdout))

    def test_info_of_an_empty_index(self):
        xunju_index("build", "-o", self.index, "-", input="\n")
        self.assertRegex(text(xunju_index("info", self.index).stdout), r"(?m)^reports +0$")
        o = json.loads(text(xunju_index("info", "--json", self.index).stdout))
        self.assertEqual((o["reports"], o["segments"], o["sections"]), (0, 0, {}))
        self.assertEqual(xunju_index("check", self.index).stdout, b"the index is sound\n")

    def test_check(self):
        build(self.index, [CORPUS])
        done = xunju_index("check", self.index)
        self.assertEqual((done.stdout, done.stderr), (b"the index is sound\n", b""))

    def test_what_is_no_index(self):
        write(self.path("file"), "x")
        for command in ("info", "check"):
            for name, status in (("nowhere", 4), ("file", 3), (".", 3)):
                done = xunju_index(command, self.path(name), status=status)
                self.assertEqual(done.stdout, b"")
                self.assert_one_line(done.stderr)
                self.assertIn(self.path(name).encode(), done.stderr)

    def test_small_indexes_are_small(self):
        reports = [{"id": str(i), "text": "关于推广“枫桥经验”化解矛盾纠纷的第%d号报告，依法行政。" % i} for i in range(5)]
        index = build_reports(self.dir, reports)
        size = sum(os.path.getsize(os.path.join(index, name)) for name in os.listdir(index))
        self.assertLess(size, 64 << 10)


class Doctor(Case):
    def test_every_sample_is_explained(self):
        done = xunju_index("doctor", CORPUS)
        self.assertEqual(done.stderr, b"")
        self.assert_no_control(done.stdout)
        shown = text(done.stdout)
        for part in ("encoding UTF-16LE, by its byte-order mark", "encoding GB18030, the most plausible reading", "encoding Big5",
                     "pinyin ×", "slip ×", "reflow ×", "Set aside\n", "Passages: "):
            self.assertIn(part, shown)

    def test_changes_are_shown(self):
        for name, keys in (("沅北区/望楼街道-2025.txt", {"pinyin", "slip"}), ("云陵县/砚池乡-2022.txt", {"line-end", "reflow"}),
                           ("霁州市/人民政府-2024.txt", {"invisible"}), ("鹤坪县/柳泊镇-2023.txt", {"ill-formed"}),
                           ("沅北区/市场监督管理局-2023.txt", {"slip"})):
            path = os.path.join(CORPUS, *name.split("/"))
            o, = doctor([path])
            self.assertEqual(o["file"], path)
            self.assertLessEqual(keys, set(o["changes"]), name)
            with open(path, "rb") as f:
                size = len(f.read())
            listed = {}
            for change in o["change_list"]:
                self.assertEqual(set(change), {"kind", "source", "before", "after"})
                self.assertTrue(0 <= change["source"][0] <= change["source"][1] <= size, change)
                listed[change["kind"]] = listed.get(change["kind"], 0) + 1
            for kind, n in o["changes"].items():
                if kind in ("line-end", "invisible", "control"): # each is counted, a run or a kind of them is listed once
                    self.assertTrue(1 <= listed[kind] <= n, kind)
                else:
                    self.assertEqual(listed[kind], n, kind)
            shown = text(xunju_index("doctor", path).stdout)
            for key, n in o["changes"].items():
                self.assertIn("  %s ×%d: " % (key, n), shown)

    def test_all_shows_every_change(self):
        path = os.path.join(CORPUS, "沅北区", "望楼街道-2025.txt")
        n = sum(doctor([path])[0]["changes"].values())
        few = text(xunju_index("doctor", path).stdout)
        every = text(xunju_index("doctor", "--all", path).stdout)
        self.assertIn("--all shows every one", few)
        self.assertNotIn("--all", every)
        self.assertLessEqual(few.count("\n    bytes "), 5 * 10)
        self.assertEqual(every.count("\n    bytes "), n)

    def test_json_of_every_sample(self):
        paths = [os.path.join(top, name) for top, _, names in sorted(os.walk(CORPUS)) for name in sorted(names)]
        objects = doctor(paths)
        self.assertEqual(len(objects), 36)
        for o in objects:
            self.assertEqual(set(o), {"file", "id", "encoding", "decided", "confidence", "input_bytes", "characters", "title",
                                      "agency", "date", "year", "number", "found_in", "changes", "change_list", "passages",
                                      "asides", "repaired_text"})
            self.assertEqual(len(o["repaired_text"]), o["characters"])
            covered = [None] * o["characters"]
            for part in o["passages"] + o["asides"]:
                for b, e in part["pieces"]:
                    self.assertEqual(covered[b:e], [None] * (e - b))
                    covered[b:e] = [True] * (e - b)
                self.assertEqual(part["text"], "".join(o["repaired_text"][b:e] for b, e in part["pieces"]))
            self.assertNotIn(None, covered)

    def test_segment_none(self):
        path = os.path.join(CORPUS, "云陵县", "青桐镇-2024.txt")
        o, = json_lines(xunju_index("doctor", "--json", "--segment", "none", path).stdout)
        self.assertEqual(len(o["passages"]), 1)

    def test_colour(self):
        path = os.path.join(CORPUS, "云陵县", "青桐镇-2024.txt")
        self.assertNotIn(b"\x1b", xunju_index("doctor", path).stdout)
        self.assertNotIn(b"\x1b", xunju_index("doctor", "--color", "never", path).stdout)
        self.assertIn(b"\x1b[1m", xunju_index("doctor", "--color", "always", path).stdout)

    def test_bad_files(self):
        good = write(self.path("good.txt"), "here")
        bad = write(self.path("bad.txt"), bytes(100))
        lines = write(self.path("a.jsonl"), '{"text":"here"}\nnonsense\n')
        os.mkfifo(self.path("fifo.txt"))
        for options in ((), ("--json",)):
            done = xunju_index("doctor", *options, bad, good, lines, self.path("fifo.txt"), self.path("nowhere"), status=4)
            said = text(done.stderr).split("\n")
            self.assertEqual(said.pop(), "")
            self.assertEqual(len(said), 4, said)
            for name in ("bad.txt", "a.jsonl:2", "fifo.txt", "nowhere"):
                self.assertEqual(sum(line.startswith("xunju-index: %s: " % self.path(name)) for line in said), 1, said)
            if options:
                self.assertEqual([o["id"] for o in json_lines(done.stdout)], ["good.txt", "a.jsonl:1"])

    def test_files_with_nothing_in_them(self):
        for contents in ("", "\n \n", "。。。"):
            o, = doctor([write(self.path("a.txt"), contents)])
            self.assertEqual(o["repaired_text"], contents)
            self.assertIn(b"Passages: ", xunju_index("doctor", self.path("a.txt")).stdout)

    def test_a_run_without_end_is_cut_and_said(self):
        o, = doctor([write(self.path("a.txt"), "人" * 5000)])
        self.assertGreaterEqual(o["changes"].get("long-run", 0), 4)
        self.assertTrue(all(len(p["text"]) <= 1200 for p in o["passages"]))

    def test_control_characters_are_shown_as_such(self):
        folder = self.folder()
        name = "\x1b[31m\n\u202e.txt"
        write(os.path.join(folder, name), "here \x1b]0;title\x07 \u202eabc \u0085")
        write(self.path("in", "a.jsonl"), json.dumps({"id": "\x1b[2J", "title": "\u2066x", "text": "here \u009b"}) + "\n")
        done = xunju_index("doctor", "--all", folder)
        self.assert_no_control(done.stdout)
        self.assertNotIn("\u202e", text(done.stdout))
        self.assertNotIn("\u2066", text(done.stdout))


def nobody(*arguments, status):
    """Run the indexer as someone who may not read everything."""
    if os.geteuid() != 0:
        return xunju_index(*arguments, status=status)
    try:
        done = subprocess.run([program("XUNJU_INDEX"), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, user=65534, group=65534, extra_groups=[], check=False)
    except PermissionError as error:
        raise unittest.SkipTest("the program cannot be run by another user") from error
    if done.returncode != status:
        raise AssertionError("exit status %d, expected %d\n%s" % (done.returncode, status, done.stderr))
    return done


class Inputs(Case):
    """Every bad input has exactly one line with file and reason, the rest is indexed, the build succeeds."""

    def setUp(self):
        super().setUp()
        self.folder()
        write(self.path("in", "good.txt"), "here 推广枫桥经验。")

    def test_I1_invalid_utf8_is_kept_around_the_damage(self):
        filler = "各乡镇人民政府推广新时代枫桥经验，依法化解矛盾纠纷。" * 20
        for name, bad in (("overlong", b"\xc0\xaf"), ("surrogate", b"\xed\xa0\x80"), ("beyond", b"\xf4\x90\x80\x80"),
                          ("lead", b"\xe6"), ("tail", b"\x80"), ("ff", b"\xff")):
            write(self.path("in", name + ".txt"), filler.encode() + "甲".encode() + bad + "乙here".encode())
        write(self.path("in", "cut.txt"), filler.encode() + "here 丙".encode() + b"\xe6\x9e")
        _, summary = self.build_leaving_out([self.path("in")], {}, 8)
        self.assertEqual(summary["encodings"], {"UTF-8": 8})
        self.assertEqual(summary["changes"]["ill-formed"], 2 + 3 + 4 + 1 + 1 + 1 + 1)
        self.assertEqual(count(self.index, "甲")[2], 6)
        self.assertEqual(count(self.index, "乙here")[2], 6)
        self.assertEqual(count(self.index, "甲乙")[0], 0) # what is between them is not deleted

    def test_I1_invalid_utf8_in_json_lines(self):
        write(self.path("in", "a.jsonl"), b'{"text":"here"}\n{"text":"\xff"}\n{"text":"\xed\xa0\x80"}\n{"text":"here"}\n')
        self.build_leaving_out([self.path("in")], {"a.jsonl:2": "not valid JSON", "a.jsonl:3": "not valid JSON"}, 3)

    def test_I2_nul_bytes(self):
        write(self.path("in", "zeros.txt"), bytes(5000))
        write(self.path("in", "elf.txt"), b"\x7fELF\x02\x01\x01" + bytes(9) + bytes(range(256)) * 20)
        write(self.path("in", "raw.jsonl"), b'{"text":"a\0b"}\n')
        write(self.path("in", "escaped.jsonl"), b'{"text":"here\\u0000\xe4\xba\xba"}\n')
        self.build_leaving_out([self.path("in")], {"zeros.txt": "binary", "elf.txt": "", "raw.jsonl:1": "not valid JSON"}, 2)
        self.assertEqual(count(self.index, '"here 人"')[0], 1) # the NUL is a space

    def test_I3_byte_order_marks(self):
        said = "here 推广枫桥经验\n"
        for name, encoding in (("utf8", "utf-8-sig"), ("utf16le", "utf-16-le"), ("utf16be", "utf-16-be"), ("utf32le", "utf-32-le"),
                               ("utf32be", "utf-32-be")):
            mark = "" if encoding == "utf-8-sig" else "\ufeff"
            write(self.path("in", name + ".txt"), (mark + said).encode(encoding))
        write(self.path("in", "odd.txt"), ("\ufeff" + said).encode("utf-16-le") + b"\x61")
        _, summary = self.build_leaving_out([self.path("in")], {}, 7)
        self.assertEqual(summary["encodings"], {"UTF-8": 2, "UTF-16LE": 2, "UTF-16BE": 1, "UTF-32LE": 1, "UTF-32BE": 1})
        self.assertEqual(summary["changes"]["ill-formed"], 1)
        for hit in hits(self.index, "推广枫桥经验"):
            self.assertNotIn("\ufeff", hit["text"])
        self.assertEqual(count(self.index, "推广枫桥经验")[2], 7)

    def test_I4_encodings_of_the_samples(self):
        report = self.path("report.json")
        xunju_index("build", "-o", self.index, "--report", report, CORPUS)
        with open(report, encoding="utf-8") as f:
            self.assertEqual(json.load(f)["encodings"], {"UTF-8": 29, "UTF-16LE": 2, "UTF-16BE": 1, "GB18030": 2, "Big5": 2})

    def test_I4_text_in_no_encoding(self):
        state, noise = 12345, bytearray()
        while len(noise) < 4000:
            state = (state * 1103515245 + 12345) % (1 << 31)
            noise.append(128 + (state >> 16) % 128)
        write(self.path("in", "noise.txt"), bytes(noise))
        self.build_leaving_out([self.path("in")], {"noise.txt": "no known encoding fits"}, 1)

    def test_I5_files_and_lines_over_the_cap(self):
        with open(self.path("in", "large.txt"), "wb") as f:
            f.truncate(64 * MIB + 1)
        with open(self.path("in", "lines.jsonl"), "wb") as f:
            f.write(b'{"text":"here"}\n')
            f.truncate(70 * MIB)
            f.seek(70 * MIB)
            f.write(b'\n{"text":"here"}\n')
        self.build_leaving_out([self.path("in")], {"large.txt": "64 MiB", "lines.jsonl": "line 2 is longer than 64 MiB"}, 3)
        self.assertEqual(ids(self.index), ["good.txt", "lines.jsonl:1", "lines.jsonl:3"])

    def test_I5_long_words_and_many_equal_ones(self):
        write(self.path("in", "word.txt"), "here " + "a" * 1000000)
        write(self.path("in", "same.txt"), "here " + "人" * 100000)
        write(self.path("in", "words.txt"), "here " + "ab " * 100000)
        self.build_leaving_out([self.path("in")], {}, 4, "--segment", "none")
        self.assertEqual(count(self.index, "人人"), (99999, 1, 1))
        self.assertEqual(count(self.index, "ab ab ab")[1], 1)
        self.assertEqual(count(self.index, '"ab ab ab"'), (99998, 1, 1))
        self.assertEqual(count(self.index, "a" * 64), (15625, 1, 1))

    def test_I6_files_with_nothing_to_index(self):
        write(self.path("in", "empty.txt"), "")
        write(self.path("in", "space.txt"), "\n \u3000\t\r\n")
        write(self.path("in", "marks.txt"), "。，！？……\n")
        write(self.path("in", "mark.txt"), "\ufeff")
        write(self.path("in", "empty.jsonl"), "")
        write(self.path("in", "blank.jsonl"), "\n\r\n \n")
        write(self.path("in", "notext.jsonl"), '{"text":""}\n')
        _, summary = self.build_leaving_out([self.path("in")], {}, 6)
        self.assertEqual(summary["units"], 7)

    def test_I7_many_small_files_and_few_descriptors(self):
        for i in range(3000):
            write(self.path("in", "%04d.txt" % i), "here")
        def limited(*arguments, status):
            return subprocess_limited(arguments, status, resource.RLIMIT_NOFILE, 32)
        self.build_leaving_out([self.path("in")], {}, 3001, runner=limited)

    def test_I7_deep_folders(self):
        fd = os.open(self.path("in"), os.O_RDONLY | os.O_DIRECTORY)
        for _ in range(1001):
            os.mkdir("d", dir_fd=fd)
            below = os.open("d", os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = below
        os.close(fd)
        self.addCleanup(subprocess.run, ["rm", "-rf", self.path("in")], check=True)
        self.build_leaving_out([self.path("in")], {"/d": "nested too deep"}, 1)

    def test_I8_links(self):
        self.folder("outside")
        write(self.path("outside", "x.txt"), "here")
        os.symlink("../outside/x.txt", self.path("in", "out.txt"))
        os.symlink("../outside", self.path("in", "folder"))
        os.symlink(".", self.path("in", "loop"))
        os.symlink("nowhere", self.path("in", "dangling.txt"))
        os.link(self.path("in", "good.txt"), self.path("in", "hard.txt"))
        reason = "symbolic links in a folder are not followed"
        self.build_leaving_out([self.path("in")], {"out.txt": reason, "folder": reason, "loop": reason, "dangling.txt": reason}, 2)
        self.assertEqual(ids(self.index), ["good.txt", "hard.txt"])
        os.symlink("in", self.path("link"))
        xunju_index("build", "-o", self.index, "--force", self.path("link"), self.path("in", "out.txt"))
        self.assertEqual(ids(self.index), ["good.txt", "hard.txt", "out.txt"])

    def test_I9_what_is_no_regular_file(self):
        os.mkfifo(self.path("in", "fifo.txt"))
        os.mkfifo(self.path("in", "fifo.jsonl"))
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(self.path("in", "socket.txt"))
        reason = "not a regular file"
        self.build_leaving_out([self.path("in"), "/dev/zero", "/dev/full"],
                               {"fifo.txt": reason, "fifo.jsonl": reason, "socket.txt": reason, "/dev/zero": reason,
                                "/dev/full": reason}, 1)

    def test_I9_files_that_may_not_be_read(self):
        write(self.path("in", "secret.txt"), "here")
        write(self.path("in", "secret.jsonl"), '{"text":"here"}\n')
        self.folder(os.path.join("in", "closed"))
        for name in ("secret.txt", "secret.jsonl", "closed"):
            os.chmod(self.path("in", name), 0)
        self.addCleanup(os.chmod, self.path("in", "closed"), 0o755)
        os.chmod(self.dir, 0o777)
        self.build_leaving_out([self.path("in")], {"secret.txt": "permission denied", "secret.jsonl": "cannot be opened",
                                                   "closed": "may not be read"}, 1, runner=nobody)

    def test_I9_files_of_size_0_are_read_to_their_end(self):
        if not os.path.exists("/proc/self/status"):
            self.skipTest("no /proc")
        xunju_index("build", "-o", self.index, "/proc/self/status")
        self.assertEqual(count(self.index, "VmPeak")[2], 1)

    def build_while(self, change, reasons, n_reports):
        """Folders are listed before anything is read; `change` happens in between."""
        report = self.path("report.json")
        writer = subprocess.Popen([program("XUNJU_INDEX"), "build", "-o", self.index, "--report", report, "-", self.path("in")],
                                  stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        # More than a pipe holds: once this is written the first of it has been read, so the folder has been listed.
        writer.stdin.write(b"\n" * (1 << 20))
        writer.stdin.flush()
        change()
        writer.stdin.close()
        said = writer.stderr.read()
        writer.stderr.close()
        self.assertEqual(writer.wait(timeout=60), 0, said)
        lines = [line for line in text(said).split("\n") if "left out: " in line]
        self.assertEqual(len(lines), len(reasons), lines)
        for name, reason in reasons.items():
            self.assertTrue(any(name + ": " in line and reason in line for line in lines), lines)
        with open(report, encoding="utf-8") as f:
            self.assertEqual(json.load(f)["reports"], n_reports)
        xunju_index("check", self.index)

    def test_I10_vanished(self):
        for name in ("a.txt", "b.txt", "c.jsonl"):
            write(self.path("in", name), '{"text":"here"}\n')
        def change():
            os.remove(self.path("in", "a.txt"))
            os.remove(self.path("in", "c.jsonl"))
        self.build_while(change, {"a.txt": "no such file", "c.jsonl": "cannot be opened"}, 2)
        self.assertEqual(ids(self.index), ["b.txt", "good.txt"])

    def test_I10_grown_and_shrunk(self):
        write(self.path("in", "a.txt"), "here")
        write(self.path("in", "b.txt"), "here and there" * 1000)
        def change():
            write(self.path("in", "a.txt"), "here 枫桥经验" * 3)
            write(self.path("in", "b.txt"), "here")
        self.build_while(change, {}, 3)
        self.assertEqual(count(self.index, "here")[0], 1 + 3 + 1)

    def test_I10_replaced_by_a_fifo_or_folder(self):
        for name in ("a.txt", "b.txt", "c.jsonl"):
            write(self.path("in", name), '{"text":"here"}\n')
        def change():
            for name in ("a.txt", "b.txt", "c.jsonl"):
                os.remove(self.path("in", name))
            os.mkfifo(self.path("in", "a.txt"))
            os.mkdir(self.path("in", "b.txt"))
            os.mkfifo(self.path("in", "c.jsonl"))
        self.build_while(change, {"a.txt": "not a regular file", "b.txt": "not a regular file", "c.jsonl": ""}, 1)

    def test_I10_replaced_by_a_link(self):
        """A link met in a walk is not followed, also when it comes after the look at it."""
        write(self.path("secret.txt"), "here secret")
        write(self.path("secret.jsonl"), '{"text":"here secret"}\n')
        for name in ("a.txt", "b.jsonl"):
            write(self.path("in", name), '{"text":"here"}\n')
        def change():
            for name, target in (("a.txt", "secret.txt"), ("b.jsonl", "secret.jsonl")):
                os.remove(self.path("in", name))
                os.symlink(self.path(target), self.path("in", name))
        self.build_while(change, {"a.txt": "", "b.jsonl": ""}, 1)
        self.assertEqual(count(self.index, "secret")[0], 0)

    def test_I11_a_root_that_is_not_there(self):
        self.build_leaving_out([self.path("in"), self.path("unmounted")], {"unmounted": "no such file or folder"}, 1)
        done = xunju_index("build", "-o", self.index, "--force", self.path("unmounted"), status=4)
        self.assertEqual(len(left_out(done)), 1)
        self.assertEqual(ids(self.index), ["good.txt"]) # the old index is not emptied

    def test_I12_strange_names(self):
        names = [b"new\nline.txt", b"tab\t.txt", b"\x1b[31mred.txt", b"-o.txt", b"\xff\xfe.txt", b" .txt", b"\xe2\x80\xaebidi.txt",
                 b"l" * 251 + b".txt", b"'quote\".txt", b"\\x41.txt"]
        for name in names:
            write(os.path.join(self.path("in").encode(), name), "here")
        self.build_leaving_out([self.path("in")], {}, len(names) + 1)
        done = run("XUNJU_QUERY", "--json", "-n", "100", self.index, "here")
        self.assertEqual(len(json_lines(done.stdout)), len(names) + 1)
        listed = run("XUNJU_QUERY", "-l", "-0", "-n", "100", self.index, "here").stdout.split(b"\0")
        self.assertEqual(sorted(listed), sorted(names + [b"good.txt", b""]))

    def test_I12_strange_names_of_bad_files(self):
        names = {b"new\nline.txt": "new\\x0Aline.txt", b"\x1b[31mred.txt": "\\x1B[31mred.txt", b"\xff\xfe.txt": "\\xFF\\xFE.txt",
                 b"\xe2\x80\xaebidi.txt": "\\u{202E}bidi.txt", b"a: b.txt": "b.txt"}
        for name in names:
            write(os.path.join(self.path("in").encode(), name), bytes(100))
        done = xunju_index("build", "-o", self.index, self.path("in"))
        self.assert_no_control(done.stderr)
        lines = left_out(done)
        self.assertEqual(len(lines), len(names))
        for shown in names.values():
            self.assertEqual(sum("/" + shown in line or " " + shown in line for line in lines), 1, (shown, lines))

    def test_I12_index_with_a_strange_name(self):
        index = self.path("in\x1b[31mdex\n")
        done = xunju_index("build", "-o", index, self.path("in"))
        self.assert_no_control(done.stderr)
        self.assert_one_line(done.stderr)
        self.assertTrue(stat.S_ISDIR(os.stat(index).st_mode))
        xunju_index("check", index)


def subprocess_limited(arguments, status, what, limit):
    """Run the indexer under a resource limit."""
    done = subprocess.run([program("XUNJU_INDEX"), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, check=False,
                          preexec_fn=lambda: resource.setrlimit(what, (limit, limit)))
    if done.returncode != status:
        raise AssertionError("exit status %d, expected %d\n%s" % (done.returncode, status, text(done.stderr)[-2000:]))
    return done


if __name__ == "__main__":
    unittest.main()
