"""T5, T6, X6-X14: a build or a merge that is killed, that meets failing system calls, a full disk or another writer leaves the
index that was there or the new one, whole; readers notice nothing. Temporary files are gone whatever happens.

Faults are injected with strace into every system call of the commit path; that each one fired is read from the trace. With a
sanitised program, which makes more calls and makes them slowly, a quarter of the places is visited.
"""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest

from harness import json_lines, program, run, temp_dir, write_jsonl, xunju_index, xunju_query

TIMEOUT = 60
QUERIES = "枫桥经验\n旧\n新\n人民调解 依法行政\n"
# Calls that touch the index; others (memory, the loader) cannot hurt it at other moments than these
CALLS = {"mkdir", "mkdirat", "open", "openat", "openat2", "close", "fcntl", "faccessat", "faccessat2", "fstat", "newfstatat",
         "getdents64", "pread64", "pwrite64", "write", "fsync", "fdatasync", "ftruncate", "rename", "renameat", "renameat2", "unlink",
         "unlinkat", "rmdir"}


def sanitised():
    done = run("XUNJU_INDEX", "--version", env={"ASAN_OPTIONS": "help=1"}, status=None)
    return b"AddressSanitizer" in done.stderr


def strace_works():
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", os.devnull, "true"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


class Case(unittest.TestCase):
    def setUp(self):
        program("XUNJU_QUERY")
        context = temp_dir()
        self.dir = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        self.index = self.path("ix")
        self.old = self.reports("old", "旧", 40)
        self.new = self.reports("new", "新", 30)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def reports(self, name, word, n):
        lines = [{"id": "%s-%d" % (name, i), "path": name, "text": "%s：推广枫桥经验%d次，人民调解%d件，依法行政。" % (word, i, i * 3)}
                 for i in range(n)]
        return write_jsonl(self.path(name + ".jsonl"), lines)

    def build(self, lines, *options, **more):
        return xunju_index("build", "-q", "--threads", "1", "-o", self.index, *options, lines, **more)

    def answers(self):
        """Everything the queries print, times left out; None where there is no index."""
        done = xunju_query("--batch", "--json", self.index, "-", input=QUERIES, status=None)
        if done.returncode in (3, 4) and (b"there is no index" in done.stderr or b"holds no xunju index" in done.stderr):
            return None
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        objects = json_lines(done.stdout)
        for o in objects:
            o.pop("us", None)
        return objects

    def learn(self):
        """The answers of the old and of the new index; the old one is in place afterwards, kept aside as well."""
        self.build(self.new)
        self.new_answers = self.answers()
        shutil.rmtree(self.index)
        self.build(self.old)
        self.old_answers = self.answers()
        self.assertFalse(self.old_answers == self.new_answers)
        shutil.copytree(self.index, self.path("kept"))

    def put_back(self):
        shutil.rmtree(self.index, ignore_errors=True)
        shutil.copytree(self.path("kept"), self.index)

    def which(self):
        """'old', 'new' or None; anything else fails."""
        got = self.answers()
        if got is None:
            return None
        self.assertTrue(got in (self.old_answers, self.new_answers), "the answers of neither index: %.2000r" % got)
        xunju_index("check", self.index)
        return "old" if got == self.old_answers else "new"

    def assert_no_leftovers(self):
        names = sorted(os.listdir(self.index))
        self.assertEqual(names[:2], ["lock", "manifest"])
        with open(os.path.join(self.index, "manifest"), "rb") as f:
            self.assertEqual(re.findall(rb"seg-[a-z0-9-]*\.xjs", f.read()), [name.encode() for name in names[2:]])
        self.assertEqual(os.path.getsize(os.path.join(self.index, "lock")), 0)

    def assert_next_build_works(self):
        self.build(self.new, "--force")
        self.assertEqual(self.which(), "new")
        self.assert_no_leftovers()


class Injected(Case):
    def setUp(self):
        super().setUp()
        if not strace_works():
            self.skipTest("strace is not there or may not trace (package strace)")
        self.part = 4 if sanitised() else 1
        self.trace = self.path("trace")

    inputs = () # other indexes that are read

    def job(self, *arguments):
        """The command under test: it puts the reports of self.new in place."""
        return ["build", "-q", "--threads", "1", "-o", self.index, *arguments]

    def strace(self, options, *arguments):
        command = ["strace", "-o", self.trace, *options, program("XUNJU_INDEX"), *self.job(*arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT,
                              env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"), check=False)
        with open(self.trace, encoding="utf-8", errors="replace") as f:
            return done, f.read()

    def sites(self, *arguments):
        """[(call, its number among its name, whole line)] from the first touch of the index on, of a run without faults."""
        done, trace = self.strace(["-s", "200"], *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        seen, sites = {}, []
        begun = False
        for line in trace.split("\n"):
            found = re.match(r"(\w+)\(", line)
            if not found:
                continue
            name = found.group(1)
            seen[name] = seen.get(name, 0) + 1
            begun = begun or name == "mkdir" and self.index in line or name == "openat" and any(path in line for path in self.inputs)
            if begun and name in CALLS:
                sites.append((name, seen[name], line))
        self.assertGreater(len(sites), 40)
        return sites

    def chosen(self, sites):
        """Reading back what was written repeats itself; of the rest every place."""
        reads = [site for site in sites if site[0] == "pread64"]
        others = [site for site in sites if site[0] != "pread64"]
        return others[::self.part] + reads[::6 * self.part]

    def inject(self, name, number, what, *arguments):
        """Run with a fault before call `number` of that name; the fault must have fired."""
        done, trace = self.strace(["-e", "trace=" + name, "-e", "inject=%s:%s:when=%d" % (name, what, number)], *arguments)
        fired = "killed by SIGKILL" in trace if what == "signal=KILL" else "(INJECTED)" in trace
        self.assertTrue(fired, "%s %d: the fault did not fire" % (name, number))
        return done

    def test_T6_killed_before_each_call_of_a_replacement(self):
        self.learn()
        sites = self.sites("--force", self.new)
        renamed = [i for i, site in enumerate(sites) if site[0].startswith("rename")]
        self.assertEqual(len(renamed), 1)
        for name, number, line in self.chosen(sites):
            with self.subTest(call=line):
                self.put_back()
                done = self.inject(name, number, "signal=KILL", "--force", self.new)
                self.assertEqual(done.returncode, -signal.SIGKILL)
                before = sites.index((name, number, line)) <= renamed[0]
                self.assertEqual(self.which(), "old" if before else "new")
                self.assert_next_build_works()

    def test_T6_killed_before_each_call_of_a_first_build(self):
        self.learn()
        shutil.rmtree(self.index)
        sites = self.sites(self.new)
        renamed, = [i for i, site in enumerate(sites) if site[0].startswith("rename")]
        for name, number, line in self.chosen(sites):
            with self.subTest(call=line):
                shutil.rmtree(self.index, ignore_errors=True)
                self.inject(name, number, "signal=KILL", self.new)
                before = sites.index((name, number, line)) <= renamed
                self.assertEqual(self.which(), None if before else "new")
                if before: # a plain build goes on where nothing is
                    self.build(self.new)
                    self.assertEqual(self.which(), "new")
                    self.assert_no_leftovers()
                else:
                    self.assert_next_build_works()

    def fail_each(self, error, names):
        """Fail every call of these names on the index, one at a time."""
        self.learn()
        sites = self.sites("--force", self.new)
        renamed, = [i for i, site in enumerate(sites) if site[0].startswith("rename")]
        n = 0
        for position, (name, number, line) in enumerate(sites):
            folders = "|".join(re.escape(path) for path in (self.index, *self.inputs))
            inside = name != "openat" or re.search(r'"(lock|manifest|manifest\.tmp|seg-[^"]*|\.)"|"(%s)"' % folders, line)
            if name not in names or not inside or n % self.part and name == "pread64":
                continue
            n += 1
            with self.subTest(call=line, error=error):
                self.put_back()
                done = self.inject(name, number, "error=" + error, "--force", self.new)
                self.assertGreaterEqual(done.returncode, 0)
                if position <= renamed:
                    self.assertEqual(done.returncode, 4, done.stderr)
                    self.assertEqual(self.which(), "old")
                    self.assertEqual(sorted(os.listdir(self.index)), sorted(os.listdir(self.path("kept"))))
                elif name == "fsync": # the new one is in place, but whether it will stay is not known
                    self.assertEqual(done.returncode, 4)
                    self.assertIn(b"is committed", done.stderr)
                    self.assertEqual(self.which(), "new")
                else: # clearing away is not part of the commit
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(self.which(), "new")
                if done.returncode == 4:
                    self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
                self.assert_next_build_works()
        return n

    def test_X11_no_space(self):
        self.assertGreaterEqual(self.fail_each("ENOSPC", {"pwrite64", "write", "fsync", "rename", "renameat", "openat"}), 10)

    def test_X12_input_output_errors(self):
        self.assertGreaterEqual(self.fail_each("EIO", {"pwrite64", "write", "fsync", "rename", "renameat", "openat", "pread64"}), 10)

    def test_X12_too_many_open_files(self):
        self.assertGreaterEqual(self.fail_each("EMFILE", {"openat"}), 5)

    def test_X12_a_directory_that_cannot_be_listed(self):
        """What else stands there is then unknown: nothing may be written, nothing is lost."""
        self.learn()
        sites = self.sites("--force", self.new)
        renamed, = [i for i, site in enumerate(sites) if site[0].startswith("rename")]
        for position, (name, number, line) in enumerate(sites):
            if name == "getdents64":
                with self.subTest(call=line):
                    self.put_back()
                    done = self.inject(name, number, "error=EIO", "--force", self.new)
                    self.assertEqual(done.returncode, 4 if position < renamed else 0, done.stderr)
                    self.assertEqual(self.which(), "old" if position < renamed else "new")
                    self.assert_next_build_works()

    def test_X12_interrupted_calls_are_repeated(self):
        self.learn()
        for name, number, line in self.sites("--force", self.new):
            if name == "pwrite64":
                with self.subTest(call=line):
                    self.put_back()
                    done = self.inject(name, number, "error=EINTR", "--force", self.new)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(self.which(), "new")

    def test_X12_first_build_leaves_nothing_behind(self):
        self.learn()
        shutil.rmtree(self.index)
        sites = self.sites(self.new)
        renamed, = [i for i, site in enumerate(sites) if site[0].startswith("rename")]
        for name, number, line in sites[:renamed + 1]:
            if name in ("pwrite64", "fsync", "rename", "renameat"):
                with self.subTest(call=line):
                    shutil.rmtree(self.index, ignore_errors=True)
                    done = self.inject(name, number, "error=ENOSPC", self.new)
                    self.assertEqual(done.returncode, 4)
                    self.assertFalse(os.path.exists(self.index))

    def parent_is_synced(self):
        """Whether a descriptor of the directory above the index is synced before the manifest takes its place."""
        _, trace = self.strace(["-y", "-e", "trace=fsync,rename,renameat"], self.new)
        before = trace.split("rename")[0]
        self.assertIn("fsync", before)
        return "<%s>)" % os.path.realpath(self.dir) in before

    def test_X14_the_name_of_a_new_index_is_synced(self):
        self.assertTrue(self.parent_is_synced())

    def test_X14_the_name_of_an_index_begun_by_a_killed_build_is_synced(self):
        sites = self.sites(self.new)
        shutil.rmtree(self.index)
        name, number, _ = [site for site in sites if site[0] == "pwrite64"][0]
        self.inject(name, number, "signal=KILL", self.new)
        self.assertTrue(os.path.isdir(self.index))
        self.assertTrue(self.parent_is_synced())


class InjectedMerge(Injected):
    """The same with a merge of two indexes, which hold the reports of self.new: every place from the first touch of them on."""

    def setUp(self):
        super().setUp()
        with open(self.new, encoding="utf-8") as f:
            lines = f.readlines()
        self.inputs = (self.path("part-0"), self.path("part-1"))
        for path, part in zip(self.inputs, (lines[:11], lines[11:])):
            with open(path + ".jsonl", "w", encoding="utf-8") as f:
                f.writelines(part)
            xunju_index("build", "-q", "-o", path, path + ".jsonl")
        self.before = self.contents()
        self.addCleanup(lambda: self.assertEqual(self.contents(), self.before, "an input was changed"))

    def contents(self):
        found = {}
        for index in self.inputs:
            for name in os.listdir(index):
                with open(os.path.join(index, name), "rb") as f:
                    found[index, name] = f.read()
        return found

    def job(self, *arguments):
        options = [argument for argument in arguments if argument != self.new]
        return ["merge", "-q", "--threads", "1", "-o", self.index, *options, *self.inputs]

    def test_output_among_the_inputs(self):
        """Killed or failing anywhere, an index that is merged into itself is whole."""
        whole = self.inputs[0]
        self.inputs = (self.index, self.inputs[1])
        self.before = None
        self.contents = lambda: None
        self.build(self.new)
        self.new_answers = self.answers()
        shutil.rmtree(self.index)
        shutil.copytree(whole, self.index)
        self.old_answers = self.answers()
        self.assertFalse(self.old_answers == self.new_answers)
        shutil.copytree(self.index, self.path("kept"))
        sites = self.sites("--force")
        renamed, = [i for i, site in enumerate(sites) if site[0].startswith("rename")]
        for position, (name, number, line) in list(enumerate(sites))[::2]:
            for what in ("signal=KILL", "error=EIO"):
                if what != "signal=KILL" and name not in ("pwrite64", "fsync", "rename", "renameat", "pread64"):
                    continue
                with self.subTest(call=line, what=what):
                    self.put_back()
                    self.inject(name, number, what, "--force")
                    self.assertEqual(self.which(), "old" if position <= renamed else "new")
                    if position <= renamed:
                        self.assertEqual(self.strace([], "--force")[0].returncode, 0)
                        self.assertEqual(self.which(), "new")
                    self.assert_next_build_works()


class InjectedRuns(Injected):
    """A build that writes runs to a file without a name, because its tokens are more than its memory."""

    def setUp(self):
        super().setUp()
        sentence = "新：推广枫桥经验%d次，人民调解%d件，依法行政，基层治理，化解矛盾纠纷。"
        lines = [{"id": "new-%d" % i, "path": "new", "text": "".join(sentence % (k, i) for k in range(1200))} for i in range(130)]
        self.new = write_jsonl(self.new, lines)

    def job(self, *arguments):
        return super().job("--memory", "64M", *arguments)

    def assert_next_build_works(self):
        self.build(self.old, "--force")
        self.assertEqual(self.which(), "old")
        self.assert_no_leftovers()

    def run_sites(self):
        """The calls on files without a name: making, writing, reading."""
        self.put_back()
        sites = self.sites("--force", self.new)
        made = [i for i, site in enumerate(sites) if "O_TMPFILE" in site[2]]
        self.assertTrue(made, "no run was written: the reports of this test are too small, or O_TMPFILE is not known here")
        fd = re.search(r"= (\d+)$", sites[made[0]][2]).group(1)
        used = [site for site in sites[made[0]:] if re.match(r"(write|pwrite64|pread64)\(%s, " % fd, site[2])]
        writes = [site for site in used if site[0] != "pread64"]
        reads = [site for site in used if site[0] == "pread64"]
        self.assertTrue(writes and reads, len(used))
        return [sites[i] for i in made], writes[::max(1, len(writes) // 5)], reads[::max(1, len(reads) // 5)]

    def test_killed(self):
        self.learn()
        made, writes, reads = self.run_sites()
        for name, number, line in made + writes + reads:
            with self.subTest(call=line):
                self.put_back()
                self.inject(name, number, "signal=KILL", "--force", self.new)
                self.assertEqual(self.which(), "old")
                left = set(os.listdir(self.index)) - set(os.listdir(self.path("kept")))
                self.assertLessEqual(left, {"seg-2-0.xjs"})
                self.assert_next_build_works()

    def test_failing(self):
        self.learn()
        made, writes, reads = self.run_sites()
        for error, sites in (("ENOSPC", writes), ("EIO", writes + reads)):
            for name, number, line in sites:
                with self.subTest(call=line, error=error):
                    self.put_back()
                    done = self.inject(name, number, "error=" + error, "--force", self.new)
                    self.assertEqual(done.returncode, 4, done.stderr)
                    self.assertRegex(done.stderr, b"^xunju-index: [^\n]*temporary file[^\n]*\n$")
                    self.assertEqual(self.which(), "old")
                    self.assertEqual(sorted(os.listdir(self.index)), sorted(os.listdir(self.path("kept"))))
        for name, number, line in writes[:2] + reads[:2]:
            with self.subTest(call=line, error="EINTR"):
                self.put_back()
                done = self.inject(name, number, "error=EINTR", "--force", self.new)
                self.assertEqual((done.returncode, self.which()), (0, "new"))

    def fallback(self, *more):
        """Run where the file system knows no files without a name. The trace."""
        name, number, _ = self.run_sites()[0][0]
        self.put_back()
        options = ["-e", "trace=openat,unlinkat", "-e", "inject=%s:error=EOPNOTSUPP:when=%d" % (name, number)]
        done, trace = self.strace([*options, *more], "--force", self.new)
        self.assertIn("(INJECTED)", trace)
        return done, trace

    def test_files_without_a_name_are_not_known(self):
        self.learn()
        done, trace = self.fallback()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.which(), "new")
        self.assert_no_leftovers()
        removed = [line for line in trace.split("\n") if line.startswith("unlinkat") and "seg-temporary" in line]
        self.assertEqual(len(removed), 1)
        # Killed between making the file and removing its name: the next build removes it.
        unlinks = [line for line in trace.split("\n") if line.startswith("unlinkat")]
        number = unlinks.index(removed[0]) + 1
        done, trace = self.fallback("-e", "inject=unlinkat:signal=KILL:when=%d" % number)
        self.assertIn("killed by SIGKILL", trace)
        self.assertEqual([name for name in os.listdir(self.index) if "temporary" in name],
                         [re.search('"(seg-temporary[^"]*)"', removed[0]).group(1)])
        self.assertEqual(self.which(), "old")
        self.assert_next_build_works()

    def test_a_leftover_is_not_in_the_way(self):
        """Of a build that was killed as above, over an index whose manifest cannot be read, or that is empty."""
        self.learn()
        names = ["seg-temporary-%d.xjs" % i for i in range(4)]
        self.assertIn(re.search('"(seg-temporary[^"]*)"', self.fallback()[1]).group(1), names)
        none = write_jsonl(self.path("none.jsonl"), [])
        for index in ("empty", "damaged"):
            with self.subTest(index=index):
                shutil.rmtree(self.path("kept"))
                xunju_index("build", "-q", "-o", self.path("kept"), none if index == "empty" else self.old)
                if index == "damaged":
                    os.truncate(self.path("kept", "manifest"), 20)
                for name in names:
                    with open(self.path("kept", name), "w", encoding="utf-8") as f:
                        f.write("left")
                done, _ = self.fallback()
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(self.which(), "new")
                self.assert_no_leftovers()


# What Injected tests is not tested anew with a build that is long.
for test in [test for test in dir(Injected) if test.startswith("test_")]:
    setattr(InjectedRuns, test, None)


class Killed(Case):
    def test_T6_killed_at_random_times(self):
        chooser = random.Random(20260109)
        n_reports = 300 if sanitised() else 6000
        self.old = self.reports("old", "旧", n_reports)
        self.new = self.reports("new", "新", n_reports - 500 if n_reports > 500 else n_reports - 50)
        self.learn()
        began = time.monotonic()
        self.build(self.new, "--force")
        whole = time.monotonic() - began
        killed, outcomes = 0, {"old": 0, "new": 0}
        for i in range(40):
            self.put_back()
            command = [program("XUNJU_INDEX"), "build", "-q", "-o", self.index, "--force", self.new]
            writer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(whole * (i + chooser.random()) / 40)
            writer.kill()
            killed += writer.wait(timeout=TIMEOUT) == -signal.SIGKILL
            outcomes[self.which()] += 1
            if i % 4 == 0:
                self.assert_next_build_works()
        self.assertGreater(killed, 20, "most were done before they could be killed")
        self.assertGreater(outcomes["old"], 0)


class Writers(Case):
    def begin(self, *options):
        """A writer that holds the lock and waits for more lines."""
        writer = subprocess.Popen([program("XUNJU_INDEX"), "build", "-q", "-o", self.index, *options, "-"], stdin=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        # More than a pipe holds: once this is written, the first of it has been read, so the lock is taken.
        writer.stdin.write(b"\n" * (1 << 20))
        writer.stdin.flush()
        self.addCleanup(writer.stderr.close)
        self.addCleanup(writer.kill)
        return writer

    def finish(self, writer):
        with open(self.new, "rb") as f:
            writer.stdin.write(f.read())
        writer.stdin.close()
        self.assertEqual(writer.wait(timeout=TIMEOUT), 0)

    def assert_busy(self, *options):
        began = time.monotonic()
        done = self.build(self.new, *options, status=7)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertIn(b"another writer", done.stderr)
        self.assertIn(self.index.encode(), done.stderr)

    def test_X8_second_writer(self):
        self.learn()
        writer = self.begin("--force")
        self.assert_busy("--force")
        self.assert_busy()
        self.assertEqual(self.which(), "old")
        self.finish(writer)
        self.assertEqual(self.which(), "new")
        self.assert_no_leftovers()

    def test_X8_second_writer_of_a_new_index(self):
        writer = self.begin()
        self.assert_busy()
        self.assert_busy("--force")
        self.finish(writer)
        xunju_index("check", self.index)

    def test_X8_the_lock_dies_with_its_writer(self):
        self.learn()
        writer = self.begin("--force")
        writer.kill()
        writer.wait(timeout=TIMEOUT)
        writer.stdin.close()
        self.assert_next_build_works()

    def test_X8_many_at_once(self):
        self.learn()
        command = [program("XUNJU_INDEX"), "build", "-q", "--force", "-o", self.index, self.new]
        writers = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(8)]
        statuses = [writer.wait(timeout=TIMEOUT) for writer in writers]
        self.assertLessEqual(set(statuses), {0, 7})
        self.assertIn(0, statuses)
        self.assertEqual(self.which(), "new")
        self.assert_no_leftovers()


class Readers(Case):
    def ask(self, reader, query):
        reader.stdin.write(query.encode() + b"\n")
        reader.stdin.flush()
        objects = []
        while not objects or not objects[-1].get("done"):
            objects.append(json.loads(reader.stdout.readline()))
        objects[-1].pop("us")
        return objects

    def test_X6_a_reader_keeps_its_generation(self):
        self.learn()
        reader = subprocess.Popen([program("XUNJU_QUERY"), "--batch", "--json", self.index, "-"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        first = self.ask(reader, "枫桥经验")
        for lines in (self.new, self.old, self.new):
            self.build(lines, "--force")
            self.assertEqual(self.ask(reader, "枫桥经验"), first)
            self.assertGreater(self.ask(reader, "旧")[-1]["passages"], 0) # not asked before
            self.assertEqual(self.ask(reader, "新")[-1]["passages"], 0)
        shutil.rmtree(self.index)
        self.assertEqual(self.ask(reader, "枫桥经验"), first)
        reader.stdin.close()
        self.assertEqual(reader.wait(timeout=TIMEOUT), 0)
        reader.stdout.close()

    def test_X9_readers_during_commits(self):
        self.learn()
        stop = threading.Event()
        failures = []
        def write():
            try:
                for i in range(40):
                    self.build(self.new if i % 2 else self.old, "--force")
            except AssertionError as error:
                failures.append(str(error))
            stop.set()
        writer = threading.Thread(target=write)
        writer.start()
        seen = {"old": 0, "new": 0}
        try:
            while not stop.is_set():
                got = self.answers()
                self.assertTrue(got in (self.old_answers, self.new_answers), "the answers of neither index: %.2000r" % got)
                seen["old" if got == self.old_answers else "new"] += 1
        finally:
            writer.join()
        self.assertEqual(failures, [])
        self.assertTrue(seen["old"] and seen["new"], seen)


def in_mounts(script, *arguments):
    """Run a shell script where mounts are private; None where this may not be done."""
    for unshare in (["unshare", "-m"], ["unshare", "-Urm"]):
        try:
            probe = subprocess.run([*unshare, "mount", "-t", "tmpfs", "none", "/mnt"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        except FileNotFoundError:
            return None
        if probe.returncode == 0:
            return subprocess.run([*unshare, "sh", "-eu", "-c", script, "sh", *arguments], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
    return None


class Mounts(Case):
    def run_script(self, script, *arguments):
        done = in_mounts(script, program("XUNJU_INDEX"), program("XUNJU_QUERY"), self.index, *arguments)
        if done is None:
            self.skipTest("needs private mounts (root, or user namespaces)")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode("utf-8")

    def test_X10_read_only_directory(self):
        self.build(self.old)
        expected = xunju_query("-c", self.index, "枫桥经验").stdout.decode("utf-8")
        said = self.run_script("""
            mount --bind "$3" "$3"
            mount -o remount,bind,ro "$3"
            ! touch "$3/x" 2>/dev/null
            "$2" -c "$3" 枫桥经验
            printf '枫桥经验\\n' | "$2" --batch -c "$3" -
            "$1" check "$3"
            "$1" info "$3" >/dev/null
            status=0; "$1" build -q --force -o "$3" "$4" || status=$?
            echo "$status"
            "$2" -c "$3" 枫桥经验""", self.new)
        self.assertEqual(said, expected + expected + "the index is sound\n" + "4\n" + expected)

    def test_X11_full_disk(self):
        """For real: a file system of 256 KiB that holds the old index and not the new one."""
        large = self.reports("large", "大", 30000)
        said = self.run_script("""
            mkdir "$5"
            mount -t tmpfs -o size=256k none "$5"
            "$1" build -q -o "$5/ix" "$4"
            "$2" -c "$5/ix" 枫桥经验
            status=0; "$1" build -q --force -o "$5/ix" "$6" || status=$?
            echo "$status"
            "$2" -c "$5/ix" 枫桥经验
            "$1" check "$5/ix"
            ls "$5/ix"
            "$1" build -q --force -o "$5/ix" "$4"
            "$1" check "$5/ix"
            mkdir "$5/other"
            status=0; "$1" build -q -o "$5/other/ix" "$6" || status=$?
            echo "$status"
            ls "$5/other" """, self.old, self.path("small"), large)
        counts = "40\t40\t40\n"
        sound = "the index is sound\n"
        self.assertEqual(said, counts + "4\n" + counts + sound + "lock\nmanifest\nseg-1-0.xjs\n" + sound + "4\n")


if __name__ == "__main__":
    unittest.main()
