"""xunju-index merge on the command line: what it makes, what it says, what it refuses, and that its inputs stay as they are.

That the answers of a merged index are those of one build is tested in property/test_merge.py.
"""
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from harness import build, count, hits, run, temp_dir, write_jsonl, xunju_index


def text(data):
    return data.decode("utf-8")


def files(index):
    """{name: (bytes, inode, time)} of everything in the folder of an index."""
    found = {}
    for name in os.listdir(index):
        path = os.path.join(index, name)
        with open(path, "rb") as f:
            found[name] = (f.read(), os.stat(path).st_ino, os.stat(path).st_mtime_ns)
    return found


class Merge(unittest.TestCase):
    def setUp(self):
        self.dir = self.enterContext(temp_dir())
        self.a = self.make("a", ["a1", "a2"])
        self.b = self.make("b", ["b1"])
        self.out = self.path("out")

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def make(self, name, ids, *options):
        lines = write_jsonl(self.path(name + ".jsonl"), [{"id": id, "text": "推广枫桥经验 %s here。" % id} for id in ids])
        return build(self.path(name), [lines], "-q", "--force", *options)

    def merge(self, *arguments, status=0, **options):
        done = xunju_index("merge", "-o", self.out, *arguments, status=status, **options)
        self.assertEqual(done.stdout, b"")
        if done.returncode:
            self.assertRegex(done.stderr, rb"^xunju-index: [^\n]+\n$")
        return done

    def ids(self, index):
        self.assertEqual(xunju_index("check", index).stdout, b"the index is sound\n")
        return [hit["report"] for hit in hits(index, "here", "-n", "1000", "--no-collapse")]

    def assert_nothing_made(self):
        self.assertFalse(os.path.exists(self.out))

    def test_reports_of_all(self):
        self.merge(self.b, self.a)
        self.assertEqual(sorted(self.ids(self.out)), ["a1", "a2", "b1"])
        o = json.loads(text(xunju_index("info", "--json", self.out).stdout))
        self.assertEqual((o["generation"], o["reports"], o["passages"], o["segments"]), (1, 3, 3, 1))
        self.assertEqual(sorted(os.listdir(self.out)), ["lock", "manifest", "seg-1-0.xjs"])
        self.assertEqual(count(self.out, "枫桥经验"), (3, 3, 3))

    def test_inputs_stay_as_they_are(self):
        before = files(self.a), files(self.b)
        self.merge(self.a, self.b)
        self.assertEqual((files(self.a), files(self.b)), before)

    def test_read_only_inputs(self):
        for index in (self.a, self.b):
            for name in os.listdir(index):
                os.chmod(os.path.join(index, name), 0o400)
            os.chmod(index, 0o500)
        self.addCleanup(lambda: [os.chmod(index, 0o700) for index in (self.a, self.b)])
        self.merge(self.a, self.b)
        self.assertEqual(len(self.ids(self.out)), 3)

    def test_an_input_that_is_being_written(self):
        """Readers need no lock: the generation that is there is merged."""
        with open(os.path.join(self.a, "lock"), "r+b") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            self.merge(self.a, self.b)
        self.assertEqual(len(self.ids(self.out)), 3)

    def test_summary(self):
        done = self.merge(self.a, self.b)
        size = sum(os.path.getsize(os.path.join(self.out, name)) for name in os.listdir(self.out))
        self.assertRegex(text(done.stderr), r"^merged 3 reports: 3 passages, \d+ characters in \d+\.\d\d s; %s has %d KiB\n$" % (
            re.escape(self.out), (size + 1023) // 1024))
        characters = json.loads(text(xunju_index("info", "--json", self.out).stdout))["characters"]
        self.assertIn(" %d characters " % characters, text(done.stderr))
        for quiet in ("-q", "--quiet"):
            self.assertEqual(self.merge("--force", quiet, self.a).stderr, b"")

    def test_options_anywhere(self):
        xunju_index("merge", self.a, "--threads", "2", self.b, "--output", self.out, "-q")
        self.assertEqual(len(self.ids(self.out)), 3)
        shutil.copytree(self.a, self.path("-a"))
        xunju_index("merge", "-o", "m", "--", "-a", cwd=self.dir)
        self.assertEqual(len(self.ids(self.path("m"))), 2)

    def test_many_inputs(self):
        wanted = ["r%d" % i for i in range(70)]
        indexes = [self.make("r%d" % i, ["r%d" % i]) for i in range(70)]
        self.merge(*indexes)
        self.assertEqual(sorted(self.ids(self.out)), sorted(wanted))

    def test_one_input_is_copied(self):
        self.merge(self.a)
        for name in ("manifest", "seg-1-0.xjs"):
            self.assertEqual(files(self.out)[name][0], files(self.a)[name][0])

    def test_empty_indexes(self):
        none = self.make("none", [])
        self.merge(none, none)
        self.assertEqual(self.ids(self.out), [])
        self.assertEqual(sorted(os.listdir(self.out)), ["lock", "manifest"])
        self.merge("--force", none, self.a, none)
        self.assertEqual(sorted(self.ids(self.out)), ["a1", "a2"])

    def test_shards_make_the_whole(self):
        lines = write_jsonl(self.path("many.jsonl"), [{"id": "r%d" % i, "text": "here"} for i in range(50)])
        shards = [build(self.path("shard%d" % i), [lines], "--shard", "%d/4" % i) for i in range(4)]
        self.merge(*shards)
        self.assertEqual(sorted(self.ids(self.out)), sorted("r%d" % i for i in range(50)))

    def test_the_same_id_in_two_indexes(self):
        c = self.make("c", ["c1", "a2"])
        self.assertIn(b"'a2'", self.merge(self.a, self.b, c, status=4).stderr)
        self.assert_nothing_made()
        self.assertIn(b"'a1'", self.merge(self.a, self.a, status=4).stderr)
        self.assert_nothing_made()
        evil = self.make("evil", ["\x1b[31m\u202e\n"])
        for chinese in ("C.UTF-8", "zh_CN.UTF-8"):
            done = self.merge(evil, evil, status=4, env={"LC_ALL": chinese})
            self.assertNotRegex(text(done.stderr)[:-1], "[\x00-\x1f\x7f-\x9f\u202e]")
        long = self.make("long", ["长" * 1300])
        done = self.merge(long, long, status=4)
        text(done.stderr) # no half characters
        self.assert_nothing_made()

    def test_an_output_that_is_there(self):
        self.merge(self.a)
        self.assertIn(b"--force", self.merge(self.b, status=2).stderr)
        self.assertEqual(sorted(self.ids(self.out)), ["a1", "a2"])
        self.merge("--force", self.b)
        self.assertEqual(self.ids(self.out), ["b1"])
        self.assertEqual(sorted(os.listdir(self.out)), ["lock", "manifest", "seg-2-0.xjs"])

    def test_the_output_is_an_input(self):
        self.merge(self.a)
        self.assertIn(b"--force", self.merge(self.out, self.b, status=2).stderr)
        self.merge("--force", self.out, self.b)
        self.assertEqual(sorted(self.ids(self.out)), ["a1", "a2", "b1"])
        self.assertEqual(sorted(os.listdir(self.out)), ["lock", "manifest", "seg-2-0.xjs"])
        self.merge("--force", self.out) # alone
        self.assertEqual(sorted(self.ids(self.out)), ["a1", "a2", "b1"])
        before = files(self.out)
        self.merge("--force", self.out, self.a, status=4) # and it fails
        self.assertEqual(files(self.out), before)

    def test_other_files_are_never_touched(self):
        os.mkdir(self.out)
        with open(self.path("out", "notes.txt"), "w"):
            pass
        for force in ((), ("--force",)):
            self.merge(*force, self.a, status=2)
            self.assertEqual(os.listdir(self.out), ["notes.txt"])
        self.out = self.path("a.jsonl")
        self.assertIn(b"is a file", self.merge("--force", self.a, status=2).stderr)
        self.out = self.path("no", "such")
        self.assertIn(b"does not exist", self.merge(self.a, status=4).stderr)

    def test_inputs_that_are_no_index(self):
        os.mkdir(self.path("folder"))
        for name, status in (("nowhere", 4), ("a.jsonl", 3), ("folder", 3)):
            for inputs in ((self.path(name), self.a), (self.a, self.path(name))):
                done = self.merge(*inputs, status=status)
                self.assertIn(self.path(name).encode(), done.stderr)
                self.assert_nothing_made()

    def test_damaged_inputs(self):
        segment = os.path.join(self.a, "seg-1-0.xjs")
        with open(segment, "rb") as f:
            sound = f.read()
        for at in range(0, len(sound), max(1, len(sound) // 60)):
            with open(segment, "wb") as f:
                f.write(sound[:at] + bytes([sound[at] ^ 0x10]) + sound[at + 1:])
            done = self.merge(self.b, self.a, status=(0, 3))
            if done.returncode == 0: # a byte that means nothing, and is not taken over
                self.assertEqual(xunju_index("check", self.out).stdout, b"the index is sound\n")
                shutil.rmtree(self.out)
            else:
                self.assertIn(segment.encode(), done.stderr)
            self.assert_nothing_made()
        with open(segment, "wb") as f:
            f.write(sound[:-1])
        self.merge(self.a, status=3)
        os.remove(segment)
        self.merge(self.a, status=(3, 4))
        with open(os.path.join(self.b, "manifest"), "r+b") as f:
            f.write(b"X")
        self.merge(self.b, status=3)
        self.assert_nothing_made()

    def test_another_writer(self):
        self.merge(self.a)
        # The lock is one of the open file: that of another descriptor stands in its way.
        command = """
import fcntl, struct, sys, time
f = open(sys.argv[1], "r+b")
fcntl.fcntl(f, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)) # F_OFD_SETLK
print("locked", flush=True)
sys.stdin.read()
"""
        with subprocess.Popen([sys.executable, "-c", command, self.path("out", "lock")], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as holder:
            self.assertEqual(holder.stdout.readline(), b"locked\n")
            self.merge("--force", self.b, status=7)
            holder.stdin.close()
        self.assertEqual(sorted(self.ids(self.out)), ["a1", "a2"])

    def test_wrong_usage_is_exit_2(self):
        for arguments in ((), (self.a,), ("-o", self.out), ("-o", "", self.a), ("-o",), ("-o", self.out, "--memory", "1G", self.a),
                          ("-o", self.out, "--threads", "0", self.a), ("-o", self.out, "--threads", "257", self.a),
                          ("-o", self.out, "--threads", "x", self.a), ("-o", self.out, "--force=1", self.a)):
            done = xunju_index("merge", *arguments, status=2)
            self.assertEqual(done.stdout, b"")
            lines = text(done.stderr).split("\n")
            self.assertEqual(len(lines), 3, (arguments, lines))
            self.assertIn("xunju-index merge --help", lines[1])
            self.assert_nothing_made()

    def test_help(self):
        english = text(run("XUNJU_INDEX", "merge", "--help", env={"LC_ALL": "C"}).stdout)
        chinese = text(run("XUNJU_INDEX", "merge", "--help", env={"LC_ALL": "zh_CN.UTF-8"}).stdout)
        self.assertTrue(english.startswith("usage: xunju-index merge -o OUT"))
        self.assertTrue(chinese.startswith("用法：xunju-index merge -o "))
        for status in "0234567":
            self.assertRegex(english, r"\b%s " % status)
            self.assertRegex(chinese, r"(?:：|；|\n)%s " % status)


if __name__ == "__main__":
    unittest.main()
