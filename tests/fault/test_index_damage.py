"""T1, T2: a damaged index gives the answer it gave before or an error that names the file; never another answer, never a signal.

Every file is cut at many lengths and has many single bits flipped; for each damage two batches of queries and a check are run.
With a sanitised program, which takes ten times as long to start, a tenth of the places is visited.
"""
import concurrent.futures
import ctypes
import ctypes.util
import json
import os
import random
import shutil
import struct
import subprocess
import tempfile
import unittest

from harness import build, program, run, temp_dir, write_jsonl, xunju_index, xunju_query

LONG = "化解矛盾纠纷的长效机制与多元参与"
# A phrase in many passages, a longer one, a run that is ranked, words and boundaries, a boolean query with a field, one character
QUERIES = ("枫桥经验", "新时代枫桥经验", LONG, "5G网络 enabled", "date:2021-01-01..2024-12-31 AND 调解 -仲裁", "人")
BATCH = "".join(query + "\n" for query in QUERIES).encode()
TIMEOUT = 60


def sanitised():
    done = run("XUNJU_INDEX", "--version", env={"ASAN_OPTIONS": "help=1"}, status=None)
    return b"AddressSanitizer" in done.stderr


def make_reports():
    """Enough passages for lists of several blocks, few enough characters for a small index."""
    chooser = random.Random(20260108)
    clauses = ["推广新时代“枫桥经验”", "化解矛盾纠纷", "人民调解", "劳动仲裁", "5G网络全覆盖", "the service is enabled", "1300件",
               "依法行政", "多元参与", "长效机制", "12345热线"]
    for i in range(520):
        text = "，".join(chooser.choice(clauses) for _ in range(chooser.randint(1, 9))) + "。"
        if i % 20 == 0:
            text = "一、工作情况\n（一）总体\n" + text + "\n二、问题\n" + chr(0x4E00 + i) + chr(0x20000 + i) + "人手不足。"
        yield {"id": "r%03d" % i, "text": text, "title": "第%d号报告" % i, "date": "%d-01-16" % (2019 + i % 7),
               "agency": "司法局", "note": "备注%d" % i}


class Victim:
    """An index of its own for each worker thread, and the answers it gave when it was sound."""

    def __init__(self, index):
        self.index = index
        self.sizes = {name: os.path.getsize(os.path.join(index, name)) for name in os.listdir(index)}
        self.counts = self.ask("-c")
        self.hits = self.ask("--json")
        self.n_same = self.n_refused = 0

    def ask(self, form):
        done = subprocess.run([program("XUNJU_QUERY"), "--batch", form, self.index, "-"], input=BATCH, timeout=TIMEOUT,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return done.returncode, done.stdout, done.stderr

    def answers(self, asked):
        """Answers by query: the line of counts, or the hits with the summary (its time left out)."""
        form, stdout = asked
        lines = stdout.decode("utf-8").split("\n")
        if lines.pop() != "":
            raise AssertionError("the last line has no end")
        if form == "-c":
            return lines
        found, queries = [], []
        for line in lines:
            found.append(json.loads(line))
            if found[-1].get("done"):
                del found[-1]["us"]
                queries.append(found)
                found = []
        if found:
            raise AssertionError("the last summary is missing")
        return queries

    def compare(self, form, sound, asked):
        """What is wrong with the answers of a damaged index, None = nothing."""
        status, stdout, stderr = asked
        if status not in (0, 3, 4):
            return "exit status %d" % status
        if status == 0:
            return None if self.answers((form, stdout)) == self.answers((form, sound[1])) else "another answer with exit 0"
        if b"seg-" not in stderr and b"manifest" not in stderr and self.index.encode() not in stderr:
            return "the message names no file: %r" % stderr
        if not stdout: # not opened
            return None
        old, new = self.answers((form, sound[1])), self.answers((form, stdout))
        if len(old) != len(new):
            return "%d answers" % len(new)
        for before, now in zip(old, new):
            if before == now:
                continue
            if form == "-c":
                if not now.startswith("error\t"):
                    return "%r instead of %r" % (now, before)
            elif not now[-1].get("error") or now[:-1] != before[:len(now) - 1]:
                return "%r instead of %r" % (now, before)
        return None

    def examine(self):
        """What is wrong with the behaviour of all three programs on the index as it is now, None = nothing."""
        for form, sound in (("-c", self.counts), ("--json", self.hits)):
            asked = self.ask(form)
            wrong = self.compare(form, sound, asked)
            if wrong:
                return "%s: %s" % (form, wrong)
            self.n_same += asked[0] == 0
            self.n_refused += asked[0] != 0
        check = subprocess.run([program("XUNJU_INDEX"), "check", self.index], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               timeout=TIMEOUT, check=False)
        if check.returncode != 3:
            return "check: exit status %d" % check.returncode
        if self.index.encode() not in check.stdout + check.stderr:
            return "check names no file: %r" % (check.stdout + check.stderr)
        return None

    def damaged(self, name, change):
        """Examine with one file changed by change(descriptor), then put it back."""
        path = os.path.join(self.index, name)
        with open(path, "r+b") as f:
            undo = change(f)
            f.flush()
            try:
                return self.examine()
            finally:
                undo()

    def cut(self, name, length):
        path = os.path.join(self.index, name)
        with open(path, "rb") as f:
            f.seek(length)
            rest = f.read()
        def change(f):
            f.truncate(length)
            def undo():
                f.seek(length)
                f.write(rest)
            return undo
        return self.damaged(name, change)

    def flip(self, name, bit):
        def change(f):
            f.seek(bit // 8)
            byte = f.read(1)
            def put(value):
                f.seek(bit // 8)
                f.write(bytes([value]))
            put(byte[0] ^ 1 << bit % 8)
            return lambda: put(byte[0])
        return self.damaged(name, change)


def spread(total, wanted, edge):
    """About `wanted` of the numbers below total: the first and the last `edge`, and an even choice between them."""
    if wanted >= total:
        return list(range(total))
    chooser = random.Random(total)
    step = total / wanted
    between = {min(total - 1, int(i * step + chooser.random() * step)) for i in range(wanted)}
    return sorted(between | set(range(edge)) | set(range(total - edge, total)))


class Damage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        program("XUNJU_QUERY")
        cls.context = temp_dir()
        cls.dir = cls.context.__enter__()
        cls.addClassCleanup(cls.context.__exit__, None, None, None)
        write_jsonl(os.path.join(cls.dir, "reports.jsonl"), make_reports())
        cls.index = build(os.path.join(cls.dir, "index"), [os.path.join(cls.dir, "reports.jsonl")])
        cls.segment, = [name for name in os.listdir(cls.index) if name.endswith(".xjs")]
        cls.part = 10 if sanitised() else 1

    def setUp(self):
        self.sound = Victim(self.index)
        self.assertEqual((self.sound.counts[0], self.sound.hits[0]), (0, 0))

    def copy(self):
        index = os.path.join(tempfile.mkdtemp(dir=self.dir), "index")
        shutil.copytree(self.index, index)
        return Victim(index)

    def run_all(self, kind, name, places):
        """Examine every place, with two indexes side by side."""
        n_workers = 2
        failures = []
        victims = [self.copy() for _ in range(n_workers)]
        def work(number):
            victim = victims[number]
            for place in places[number::n_workers]:
                wrong = getattr(victim, kind)(name, place)
                if wrong:
                    failures.append("%s at %d: %s" % (name, place, wrong))
                    if len(failures) > 20:
                        return
        with concurrent.futures.ThreadPoolExecutor(n_workers) as pool:
            for done in [pool.submit(work, number) for number in range(n_workers)]:
                done.result()
        self.assertEqual(failures, [], "%d of %d places" % (len(failures), len(places)))
        return sum(victim.n_same for victim in victims), sum(victim.n_refused for victim in victims)

    def test_0_the_queries_reach_the_index(self):
        counts = self.sound.answers(("-c", self.sound.counts[1]))
        self.assertEqual(len(counts), len(QUERIES))
        for query, line, found in zip(QUERIES, counts, self.sound.answers(("--json", self.sound.hits[1]))):
            self.assertGreater(len(found), 1, query)
            if query != LONG: # which is counted as a phrase
                self.assertNotEqual(line.split("\t")[1], "0", query)
        self.assertGreater(int(counts[0].split("\t")[1]), 128) # a list of more than one block

    def test_T1_manifest_cut_at_every_length(self):
        same, _ = self.run_all("cut", "manifest", range(self.sound.sizes["manifest"]))
        self.assertEqual(same, 0)

    def test_T1_segment_cut(self):
        size = self.sound.sizes[self.segment]
        same, _ = self.run_all("cut", self.segment, spread(size, 500 // self.part, 8))
        self.assertEqual(same, 0)

    def test_T1_segment_grown(self):
        for n in (1, 8, 4096):
            victim = self.copy()
            for name in ("manifest", self.segment):
                def change(f, name=name, victim=victim):
                    f.seek(0, os.SEEK_END)
                    f.write(bytes(n))
                    return lambda: f.truncate(victim.sizes[name])
                self.assertIsNone(victim.damaged(name, change), (name, n))

    def test_T2_every_bit_of_the_manifest(self):
        bits = self.sound.sizes["manifest"] * 8
        same, _ = self.run_all("flip", "manifest", spread(bits, bits // self.part, 8))
        self.assertEqual(same, 0)

    def test_T2_bits_of_the_segment(self):
        bits = self.sound.sizes[self.segment] * 8
        places = spread(bits, 2400 // self.part, 64)
        header = [bit for bit in range(0, 64 * 8, self.part) if bit not in set(places)]
        same, refused = self.run_all("flip", self.segment, places + header)
        # The queries met much of the damage, and what they did not meet did not hinder them.
        self.assertGreater(refused, (same + refused) // 4)
        self.assertGreater(same, (same + refused) // 20)

    def test_T2_pieces_exchanged(self):
        """Two pieces of the same length change places: each is right in itself, neither is where it belongs."""
        chooser = random.Random(3)
        victim, size = self.copy(), self.sound.sizes[self.segment]
        path = os.path.join(victim.index, self.segment)
        with open(path, "rb") as f:
            whole = f.read()
        for n in (8, 20, 24, 28, 4096):
            for _ in range(10):
                a, b = sorted(chooser.randrange(0, (size - n) // 4) * 4 for _ in range(2))
                if b - a < n or whole[a:a + n] == whole[b:b + n]:
                    continue
                def change(f, a=a, b=b, n=n):
                    f.seek(a)
                    f.write(whole[b:b + n])
                    f.seek(b)
                    f.write(whole[a:a + n])
                    def undo():
                        f.seek(0)
                        f.write(whole)
                    return undo
                self.assertIsNone(victim.damaged(self.segment, change), (a, b, n))

    def test_T2_segment_of_another_generation(self):
        """The same name and form, other contents: the segment is not the one that the manifest means."""
        victim = self.copy()
        lines = write_jsonl(os.path.join(self.dir, "other.jsonl"), list(make_reports())[:-1])
        other = build(os.path.join(tempfile.mkdtemp(dir=self.dir), "index"), [lines])
        shutil.copyfile(os.path.join(other, self.segment), os.path.join(victim.index, self.segment))
        self.assertIsNone(victim.examine())
        victim = self.copy()
        shutil.copyfile(os.path.join(other, "manifest"), os.path.join(victim.index, "manifest"))
        self.assertIsNone(victim.examine())


class Foreign(unittest.TestCase):
    """Places that hold no index of ours: exit 3 (or 4 when there is nothing at all) and one line that names the place."""

    def setUp(self):
        program("XUNJU_QUERY")
        context = temp_dir()
        self.dir = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        self.index = os.path.join(self.dir, "index")

    def sound_index(self):
        build(self.index, [write_jsonl(os.path.join(self.dir, "a.jsonl"), [{"id": "1", "text": "枫桥经验"}])])
        self.segment, = [name for name in os.listdir(self.index) if name.endswith(".xjs")]

    def refused(self, status=3, name=None):
        for ask in (lambda: xunju_query("-c", self.index, "枫桥", status=status),
                    lambda: xunju_query("--json", self.index, "枫桥", status=status),
                    lambda: xunju_query("--batch", "-c", self.index, "-", input="枫桥\n", status=status),
                    lambda: xunju_index("check", self.index, status=status),
                    lambda: xunju_index("info", self.index, status=status),
                    lambda: xunju_index("info", "--json", self.index, status=status)):
            done = ask()
            self.assertEqual(done.stdout, b"")
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertIn((name or self.index).encode(), done.stderr)
        return done.stderr.decode("utf-8")

    def manifest(self):
        return os.path.join(self.index, "manifest")

    def write(self, name, data):
        with open(os.path.join(self.index, name), "wb") as f:
            f.write(data)

    def test_nothing(self):
        self.refused(status=4)

    def test_empty_directory(self):
        os.mkdir(self.index)
        self.assertIn("holds no xunju index", self.refused())

    def test_a_file(self):
        with open(self.index, "wb") as f:
            f.write(b"text")
        self.assertIn("is not an index directory", self.refused())

    def test_a_fifo(self):
        os.mkfifo(self.index)
        self.refused()

    def test_other_files(self):
        os.mkdir(self.index)
        for contents in (b"", b"x", b"\x89PNG\r\n\x1a\n" + bytes(100), b"SQLite format 3\0" + bytes(100), bytes(4096),
                         b"\x89XJS\r\n\x1a\n" + bytes(100), b"#" * 300000):
            self.write("manifest", contents)
            self.refused()

    def test_a_manifest_that_is_no_file(self):
        os.mkdir(self.index)
        os.mkdir(self.manifest())
        self.refused()
        os.rmdir(self.manifest())
        os.mkfifo(self.manifest())
        self.refused()

    def test_a_manifest_that_is_a_link(self):
        self.sound_index()
        os.rename(self.manifest(), os.path.join(self.dir, "elsewhere"))
        os.symlink("../elsewhere", self.manifest())
        done = xunju_query("-c", self.index, "枫桥", status=(3, 4))
        self.assertIn(self.index.encode(), done.stderr)

    def reseal(self, at, form, value):
        """Change a field of the manifest and repair its checksum."""
        name = ctypes.util.find_library("xxhash")
        if not name:
            self.skipTest("libxxhash is not there to make a manifest of another version")
        checksum = ctypes.CDLL(name).XXH3_64bits_withSeed
        checksum.restype, checksum.argtypes = ctypes.c_uint64, (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64)
        with open(self.manifest(), "rb") as f:
            data = bytearray(f.read())
        self.assertEqual(struct.unpack("<Q", data[-8:])[0], checksum(bytes(data[:-8]), len(data) - 8, 2))
        struct.pack_into(form, data, at, value)
        struct.pack_into("<Q", data, len(data) - 8, checksum(bytes(data[:-8]), len(data) - 8, 2))
        self.write("manifest", data)

    def test_manifest_of_a_newer_version(self):
        self.sound_index()
        self.reseal(8, "<H", 2)
        self.assertIn("format version 2", self.refused())

    def test_manifest_of_an_older_version(self):
        self.sound_index()
        self.reseal(8, "<H", 0)
        self.assertIn("format version 0", self.refused())

    def test_manifest_with_unknown_flags(self):
        self.sound_index()
        self.reseal(12, "<I", 1)
        self.refused()

    def test_manifest_of_other_text_rules(self):
        self.sound_index()
        self.reseal(24, "<Q", 1)
        self.assertIn("build the index again", self.refused())

    def test_manifest_with_impossible_contents(self):
        for at, form, value in ((32, "<I", 2), (32, "<I", 0xFFFFFFFF), (32, "<I", 0), (36, "<Q", 0), (36, "<Q", 1 << 63),
                                (44, "<Q", 0), (52, "<B", 255), (53, "<B", ord("/")), (53, "<B", 0)):
            shutil.rmtree(self.index, ignore_errors=True)
            self.sound_index()
            self.reseal(at, form, value)
            self.refused()

    def test_a_segment_that_is_not_there(self):
        self.sound_index()
        os.remove(os.path.join(self.index, self.segment))
        self.refused(name=self.segment)

    def test_a_segment_that_is_no_file(self):
        self.sound_index()
        path = os.path.join(self.index, self.segment)
        os.rename(path, os.path.join(self.dir, "elsewhere"))
        os.mkdir(path)
        self.refused(status=(3, 4), name=self.segment)
        os.rmdir(path)
        os.mkfifo(path)
        self.refused(status=(3, 4), name=self.segment)

    def test_other_contents_of_the_same_size(self):
        self.sound_index()
        size = os.path.getsize(os.path.join(self.index, self.segment))
        for fill in (b"\0", b"\xff", b"text"):
            self.write(self.segment, (fill * size)[:size])
            self.refused(name=self.segment)


if __name__ == "__main__":
    unittest.main()
