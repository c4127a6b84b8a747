"""T13, O3, X16 for xunju-index: every command with its streams on a full device, closed or cut off, with few descriptors,
a limit on file sizes and little memory. Lost output is never exit 0, and no signal but SIGPIPE ends the program.
"""
import json
import os
import resource
import shutil
import signal
import subprocess
import unittest

from harness import build, count, program, run, temp_dir, write_jsonl, xunju_index

TIMEOUT = 60
MIB = 1 << 20


def sanitised():
    done = run("XUNJU_INDEX", "--version", env={"ASAN_OPTIONS": "help=1"}, status=None)
    return b"AddressSanitizer" in done.stderr


class Case(unittest.TestCase):
    def setUp(self):
        context = temp_dir()
        self.dir = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        self.index = self.path("ix")
        self.out = self.path("out")
        reports = [{"id": "r%d" % i, "text": "推广“枫桥经验”第%d号，依法行政。" % i} for i in range(50)]
        self.lines = write_jsonl(self.path("reports.jsonl"), reports)
        self.text = self.path("a.txt")
        with open(self.text, "w", encoding="utf-8") as f:
            f.write("一、工作情况\n推广“枫桥经验”，依法行政。\n" * 10)
        build(self.index, [self.lines])

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def start(self, *arguments, limits=(), closed=(), **streams):
        """Run the indexer with descriptors closed and limits set; (exit status, stdout, stderr) where these are pipes."""
        def prepare():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            for what, limit in limits:
                resource.setrlimit(what, (limit, limit))
            for fd in closed:
                os.close(fd)
        streams.setdefault("stdin", subprocess.DEVNULL)
        streams.setdefault("stdout", subprocess.PIPE)
        streams.setdefault("stderr", subprocess.PIPE)
        return subprocess.run([program("XUNJU_INDEX"), *map(str, arguments)], timeout=TIMEOUT, check=False, preexec_fn=prepare,
                              env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"), **streams)

    def printing(self):
        """Commands whose result goes to standard output."""
        return (("--help",), ("help",), ("--version",), ("build", "--help"), ("info", "--help"), ("check", "--help"),
                ("doctor", "--help"), ("info", self.index), ("info", "--json", self.index), ("check", self.index),
                ("doctor", self.text), ("doctor", "--json", self.text),
                ("build", "-q", "-o", self.out, "--report", "-", self.text))

    def silent(self):
        """Commands that print nothing on standard output."""
        return (("build", "-o", self.out, self.text), ("build", "-q", "-o", self.out, self.text),
                ("build", "-o", self.out, "--report", self.path("report.json"), self.text))

    def forget_output(self):
        shutil.rmtree(self.out, ignore_errors=True)

    def assert_built(self):
        self.assertGreater(count(self.out, "枫桥经验")[0], 0)
        xunju_index("check", self.out)


class Output(Case):
    def test_O3_full_device(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        for arguments in self.printing():
            with self.subTest(arguments=arguments), open("/dev/full", "wb") as full:
                self.forget_output()
                done = self.start(*arguments, stdout=full)
                self.assertEqual(done.returncode, 4)
                self.assertIn(b"standard output", done.stderr)
                self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        self.assert_built() # the index is committed before its report is written

    def test_O3_long_output_to_a_full_device(self):
        """More than one buffer: the error comes in the middle."""
        with open(self.path("long.txt"), "w", encoding="utf-8") as f:
            f.write("推广枫桥经验。\n" * 100000)
        for options in ((), ("--json",)):
            with open("/dev/full", "wb") as full:
                done = self.start("doctor", *options, self.path("long.txt"), stdout=full)
            self.assertEqual(done.returncode, 4)

    def test_O3_closed_output(self):
        for arguments in self.printing():
            with self.subTest(arguments=arguments):
                self.forget_output()
                done = self.start(*arguments, closed=(1,))
                self.assertEqual(done.returncode, 4)
                self.assertIn(b"standard output", done.stderr)

    def test_O3_output_that_is_not_needed(self):
        for arguments in self.silent():
            for streams in ({"closed": (1,)}, {"stdout": "/dev/full"}):
                with self.subTest(arguments=arguments, **streams):
                    self.forget_output()
                    if "stdout" in streams:
                        with open("/dev/full", "wb") as full:
                            done = self.start(*arguments, stdout=full)
                    else:
                        done = self.start(*arguments, **streams)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assert_built()

    def test_O3_pipe_closed_early(self):
        with open(self.path("long.txt"), "w", encoding="utf-8") as f:
            f.write("推广枫桥经验。\n" * 100000)
        for options in ((), ("--json",)):
            reader, writer = os.pipe()
            os.close(reader)
            done = self.start("doctor", *options, self.path("long.txt"), stdout=writer)
            os.close(writer)
            self.assertIn(done.returncode, (4, -signal.SIGPIPE))

    def test_O3_report_to_a_full_device(self):
        done = self.start("build", "-q", "-o", self.out, "--report", "/dev/full", self.text)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"the index is committed", done.stderr)
        self.assert_built()

    def test_O3_no_standard_error(self):
        """Nothing can be said, but what is done is done and the status tells."""
        for stream in ("closed", "/dev/full"):
            for arguments, status in ((("build", "-o", self.out, self.text), 0), (("build", "-o", self.out, self.path("none")), 4),
                                      (("build", "-o", self.index, self.text), 2), (("info", self.index), 0),
                                      (("check", self.path("none")), 4), (("doctor", self.text, self.path("none")), 4),
                                      (("nonsense",), 2), ((), 2)):
                with self.subTest(stream=stream, arguments=arguments):
                    self.forget_output()
                    if stream == "closed":
                        done = self.start(*arguments, closed=(2,))
                    else:
                        with open(stream, "wb") as full:
                            done = self.start(*arguments, stderr=full)
                    self.assertEqual(done.returncode, status)


class Descriptors(Case):
    def test_X16_all_closed(self):
        """Files that are opened must not get the numbers of streams: nothing printed may end in them."""
        for closed in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
            for options in ((), ("--report", self.path("report.json"))):
                with self.subTest(closed=closed, options=options):
                    self.forget_output()
                    done = self.start("build", "-o", self.out, *options, self.text, self.path("none"), closed=closed)
                    self.assertEqual(done.returncode, 0)
                    self.assert_built()
                    names = sorted(os.listdir(self.out))
                    self.assertEqual(names, ["lock", "manifest", "seg-1-0.xjs"])
                    self.assertEqual(os.path.getsize(os.path.join(self.out, "lock")), 0)
            if os.path.exists(self.path("report.json")):
                with open(self.path("report.json"), encoding="utf-8") as f:
                    self.assertEqual(json.load(f)["reports"], 1)

    def test_X16_input_closed(self):
        """Reports that were to come from a closed stream are not 'no reports': nothing is committed."""
        done = self.start("build", "-o", self.out, "-", closed=(0,))
        self.assertEqual(done.returncode, 4)
        self.assertFalse(os.path.exists(self.out))
        done = self.start("build", "-o", self.index, "--force", "-", closed=(0,))
        self.assertEqual(done.returncode, 4)
        self.assertEqual(count(self.index, "枫桥经验")[2], 50)

    def test_X16_input_that_cannot_be_read(self):
        """A directory, and a descriptor that is open for writing only."""
        directory = os.open(self.dir, os.O_RDONLY)
        sink = os.open(self.path("sink"), os.O_WRONLY | os.O_CREAT)
        for fd in (directory, sink):
            done = self.start("build", "-o", self.index, "--force", "-", stdin=fd)
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn(b"reading failed", done.stderr)
            self.assertEqual(count(self.index, "枫桥经验")[2], 50)
            os.close(fd)

    def test_T13_few_descriptors(self):
        os.mkdir(self.path("in"))
        for i in range(200):
            with open(self.path("in", "%d.txt" % i), "w", encoding="utf-8") as f:
                f.write("推广枫桥经验")
        limits = ((resource.RLIMIT_NOFILE, 32),)
        done = self.start("build", "-q", "-o", self.out, "--threads", "16", self.path("in"), limits=limits)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(count(self.out, "枫桥经验")[2], 200)
        for arguments in (("check", self.out), ("info", self.out), ("doctor", self.path("in"))):
            self.assertEqual(self.start(*arguments, limits=limits).returncode, 0)

    def test_T13_hardly_any_descriptors(self):
        """What needs more fails with a message, and nothing is half done."""
        for limit in range(3, 12):
            self.forget_output()
            done = self.start("build", "-q", "-o", self.out, "--threads", "2", self.text, limits=((resource.RLIMIT_NOFILE, limit),))
            if done.returncode == 127 or b"shared libraries" in done.stderr: # the loader itself could not
                continue
            self.assertIn(done.returncode, (0, 4), (limit, done.stderr))
            if done.returncode == 0:
                self.assert_built()
            else:
                self.assertFalse(os.path.exists(self.out) and os.listdir(self.out), limit)


class Limits(Case):
    def test_X11_file_size_limit(self):
        """SIGXFSZ does not end the program; the write fails and the old index stays."""
        before = sorted(os.listdir(self.index))
        for limit in (0, 1, 4096, 16384):
            reports = [{"id": "n%d" % i, "text": "".join(chr(0x4E00 + (i * 37 + k * k) % 20000) for k in range(300))} for i in range(200)]
            lines = write_jsonl(self.path("large.jsonl"), reports)
            done = self.start("build", "-q", "-o", self.index, "--force", lines, limits=((resource.RLIMIT_FSIZE, limit),))
            self.assertEqual(done.returncode, 4, limit)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertEqual(sorted(os.listdir(self.index)), before)
            self.assertEqual(count(self.index, "枫桥经验")[2], 50)
            xunju_index("check", self.index)
            done = self.start("build", "-q", "-o", self.out, lines, limits=((resource.RLIMIT_FSIZE, limit),))
            self.assertEqual(done.returncode, 4)
            self.assertFalse(os.path.exists(self.out))

    def test_X11_output_file_size_limit(self):
        for arguments in (("doctor", self.text), ("info", self.index), ("--help",)):
            with open(self.path("stdout"), "wb") as f:
                done = self.start(*arguments, stdout=f, limits=((resource.RLIMIT_FSIZE, 10),))
            self.assertEqual(done.returncode, 4)

    def test_X15_low_address_space(self):
        """From too little to load the program to plenty: exit 6 or an index that is right, and the old one stays till then."""
        if sanitised():
            self.skipTest("the sanitizer reserves terabytes")
        reports = [{"id": "n%d" % i, "text": "新：" + "".join(chr(0x4E00 + (i * 37 + k * k) % 20000) for k in range(300))} for i in range(1000)]
        lines = write_jsonl(self.path("large.jsonl"), reports)
        statuses = set()
        build(self.path("reference"), [lines])
        expected = count(self.path("reference"), "新")
        for threads in (1, 4):
            for mib in list(range(30, 130, 7)) + [200, 1000]:
                with self.subTest(threads=threads, mib=mib):
                    done = self.start("build", "-q", "-o", self.index, "--force", "--threads", threads, lines,
                                      limits=((resource.RLIMIT_AS, mib * MIB),))
                    if done.returncode == 127: # the loader itself could not
                        continue
                    statuses.add(done.returncode)
                    self.assertIn(done.returncode, (0, 6), done.stderr)
                    if done.returncode == 0:
                        self.assertEqual(done.stderr, b"")
                        self.assertEqual(count(self.index, "新"), expected)
                        build(self.index, [self.lines], "--force")
                    else:
                        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
                        self.assertEqual(count(self.index, "枫桥经验")[2], 50)
        self.assertEqual(statuses, {0, 6})

    def test_X15_low_address_space_for_one_large_line(self):
        """A report that there is no memory for is no bad input: it may not be left out of a build that succeeds."""
        if sanitised():
            self.skipTest("the sanitizer reserves terabytes")
        reports = [{"id": "small", "text": "推广枫桥经验。"}, {"id": "large", "text": "推广枫桥经验。" * 100000}, {"id": "last", "text": "推广枫桥经验。"}]
        lines = write_jsonl(self.path("large.jsonl"), reports)
        for mib in list(range(40, 80, 2)) + [1000]:
            with self.subTest(mib=mib):
                self.forget_output()
                done = self.start("build", "-q", "-o", self.out, "--threads", "1", lines, limits=((resource.RLIMIT_AS, mib * MIB),))
                self.assertIn(done.returncode, (0, 6), done.stderr)
                if done.returncode == 0:
                    self.assertEqual(done.stderr, b"")
                    self.assertEqual(count(self.out, "枫桥经验")[2], 3)

    def test_X15_low_address_space_for_files_in_other_encodings(self):
        """ICU has its own ways to run out of memory: none of them may pass for a bad file."""
        if sanitised():
            self.skipTest("the sanitizer reserves terabytes")
        os.mkdir(self.path("in"))
        said = "各乡镇人民政府推广新时代枫桥经验，依法化解矛盾纠纷，" * 20000
        for encoding in ("gb18030", "utf-16", "utf-8"):
            with open(self.path("in", encoding + ".txt"), "wb") as f:
                f.write(said.encode(encoding))
        statuses = set()
        for mib in list(range(30, 150, 6)) + [1000]:
            with self.subTest(mib=mib):
                self.forget_output()
                done = self.start("build", "-q", "--strict", "-o", self.out, "--threads", "1", self.path("in"),
                                  limits=((resource.RLIMIT_AS, mib * MIB),))
                if done.returncode == 127:
                    continue
                statuses.add(done.returncode)
                self.assertIn(done.returncode, (0, 6), done.stderr)
                if done.returncode == 0:
                    self.assertEqual(count(self.out, "新时代枫桥经验"), (60000, count(self.out, "新时代枫桥经验")[1], 3))
                else:
                    self.assertFalse(os.path.exists(self.out))
        self.assertEqual(statuses, {0, 6})

    def test_X15_low_address_space_for_the_other_commands(self):
        if sanitised():
            self.skipTest("the sanitizer reserves terabytes")
        for arguments in (("check", self.index), ("info", "--json", self.index), ("doctor", "--json", self.text), ("doctor", self.text)):
            expected = self.start(*arguments)
            self.assertEqual(expected.returncode, 0)
            statuses = set()
            for mib in list(range(28, 70, 2)) + [1000]:
                with self.subTest(arguments=arguments, mib=mib):
                    done = self.start(*arguments, limits=((resource.RLIMIT_AS, mib * MIB),))
                    if done.returncode == 127:
                        continue
                    statuses.add(done.returncode)
                    self.assertIn(done.returncode, (0, 6), done.stderr)
                    if done.returncode == 0:
                        self.assertEqual(done.stdout, expected.stdout)
            self.assertIn(0, statuses)


if __name__ == "__main__":
    unittest.main()
