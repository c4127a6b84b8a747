"""Every public header compiles alone, as C11 and as C++, under strict warnings, and needs nothing but the standard library."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ.get("XUNJU_SOURCE", pathlib.Path(__file__).parents[2]))
FOLDERS = [SOURCE / "common" / "include", SOURCE / "query" / "include"]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]
STANDARD = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "string.h"}


def headers():
    return sorted(path for folder in FOLDERS for path in folder.glob("xj/*.h"))


def compiler(variable, *names):
    for name in (os.environ.get(variable), *names):
        if name and shutil.which(name.split()[0]):
            return name.split()
    raise unittest.SkipTest(f"no compiler: {', '.join(names)}")


class Headers(unittest.TestCase):
    def compile_each(self, command, language, standard):
        self.assertTrue(headers())
        for header in headers():
            with self.subTest(header=header.name):
                # Twice, so that the guard is seen to work; nothing before it, so that it must stand alone.
                text = f'#include "xj/{header.name}"\n#include "xj/{header.name}"\ntypedef int not_empty;\n'
                done = subprocess.run([*command, f"-std={standard}", *WARNINGS, *(f"-I{folder}" for folder in FOLDERS),
                                       "-x", language, "-"], input=text.encode(), stderr=subprocess.PIPE, check=False)
                self.assertEqual(done.returncode, 0, done.stderr.decode("utf-8", "replace"))

    def test_as_c(self):
        self.compile_each(compiler("CC", "cc", "gcc", "clang"), "c", "c11")

    def test_as_cxx(self):
        self.compile_each(compiler("CXX", "c++", "g++", "clang++"), "c++", "c++11")

    def test_all_together(self):
        text = "".join(f'#include "xj/{header.name}"\n' for header in headers())
        done = subprocess.run([*compiler("CC", "cc", "gcc", "clang"), "-std=c11", *WARNINGS, *(f"-I{folder}" for folder in FOLDERS),
                               "-x", "c", "-"], input=text.encode(), stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode("utf-8", "replace"))

    def test_include_only_the_standard_library_and_each_other(self):
        for header in headers():
            with self.subTest(header=header.name):
                text = header.read_text(encoding="utf-8")
                for name in re.findall(r"^\s*#\s*include\s+<([^>]+)>", text, re.MULTILINE):
                    self.assertIn(name, STANDARD)
                for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.MULTILINE):
                    self.assertRegex(name, r"^xj/\w+\.h$")
                    self.assertNotIn("_priv", name)

    def test_functions_keep_their_names_in_cxx(self):
        for header in headers():
            text = re.sub(r"(?m)^\s*#.*$", "", header.read_text(encoding="utf-8"))
            if re.search(r"\bXJ_API\b[^;{]*\(", text):
                with self.subTest(header=header.name):
                    self.assertIn('extern "C" {', text)


if __name__ == "__main__":
    unittest.main()
