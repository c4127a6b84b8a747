"""The commands in README.md and README.zh.md and their output are real.

`python3 tests/cli/test_readme.py --refresh` writes the output of today into both files.
Times and sizes, which differ from run to run, are compared as if they were the same.
"""

import os
import re
import shutil
import subprocess
import sys
import unittest

import harness

ROOT = os.environ.get("XUNJU_SOURCE", ".")
FILES = ("README.md", "README.zh.md")
BLOCK = re.compile(r"```console\n(.*?)```", re.S)


def settle(text):
    text = re.sub(r"\d+\.\d+ (s|秒)", r"T \1", text)
    text = re.sub(r"\d+ KiB", "N KiB", text)
    return text


class Shell:
    """Runs commands in the repository with the two tools on the path and the index in a folder of its own."""

    def __init__(self, directory):
        self.directory = directory
        tools = os.path.join(directory, "bin")
        os.mkdir(tools)
        for name, variable in (("xunju-index", "XUNJU_INDEX"), ("xunju-query", "XUNJU_QUERY")):
            os.symlink(harness.program(variable), os.path.join(tools, name))
        os.symlink(os.path.join(os.path.abspath(ROOT), "corpus"), os.path.join(directory, "corpus"))
        self.environment = dict(os.environ, PATH=tools + os.pathsep + os.environ["PATH"], LC_ALL="C.UTF-8", COLUMNS="100")
        self.environment.pop("LANG", None)

    def run(self, command, chinese):
        environment = dict(self.environment, LC_ALL="zh_CN.UTF-8" if chinese else "C.UTF-8")
        # On a terminal both streams are seen; the notes on stderr come after the results.
        done = subprocess.run(["bash", "-c", command], cwd=self.directory, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
        out = (done.stdout + done.stderr).decode("utf-8")
        return re.sub(r"[ \t]+$", "", re.sub(r"bash: warning: setlocale.*\n", "", out), flags=re.M)


def commands(block):
    """[(command, expected output)] of a console block."""
    found = []
    for line in block.split("\n"):
        if line.startswith("$ "):
            found.append([line[2:], []])
        elif found:
            found[-1][1].append(line)
    return [(command, "\n".join(lines).strip("\n")) for command, lines in found]


def render(block, shell, chinese):
    out = []
    for command, _ in commands(block):
        printed = shell.run(command, chinese).strip("\n")
        out.append("$ " + command + ("\n" + printed if printed else ""))
    return "```console\n" + "\n".join(out) + "\n```"


class Readme(unittest.TestCase):
    maxDiff = None

    def check(self, name):
        if not shutil.which("jq"):
            self.skipTest("jq is not installed")
        with open(os.path.join(ROOT, name), encoding="utf-8") as f:
            text = f.read()
        blocks = BLOCK.findall(text)
        self.assertGreater(len(blocks), 5)
        with harness.temp_dir() as directory:
            shell = Shell(directory)
            for block in blocks:
                for command, expected in commands(block):
                    with self.subTest(command=command):
                        self.assertEqual(settle(shell.run(command, name.endswith(".zh.md")).strip("\n")), settle(expected))

    def test_english(self):
        self.check("README.md")

    def test_chinese(self):
        self.check("README.zh.md")


def refresh():
    for name in FILES:
        path = os.path.join(ROOT, name)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with harness.temp_dir() as directory:
            shell = Shell(directory)
            text = BLOCK.sub(lambda match: render(match.group(1), shell, name.endswith(".zh.md")), text)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)


if __name__ == "__main__":
    if sys.argv[1:] == ["--refresh"]:
        refresh()
    else:
        unittest.main()
