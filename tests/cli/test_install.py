"""The install target: what it installs works from where it was put, and a program can embed the library."""

import os
import shutil
import subprocess
import unittest

import harness

PROGRAM = r"""
#include <stdio.h>
#include <string.h>
#include <xj/search.h>

int main(int argc, char **argv)
{
    xj_index *ix = NULL;
    xj_query *q = NULL;
    xj_error err = XJ_ERROR_INIT;
    xj_results r = XJ_RESULTS_INIT;
    xj_search_options o = XJ_SEARCH_OPTIONS_INIT;
    if (argc != 3 || xj_index_open(&ix, argv[1], &err) != XJ_OK ||
        xj_query_parse(&q, argv[2], strlen(argv[2]), 0, &err) != XJ_OK || xj_search(&r, ix, q, &o, &err) != XJ_OK) {
        puts(err.message);
        return 1;
    }
    printf("%zu %s\n", r.n_hits, argv[2]);
    xj_results_release(&r);
    xj_query_free(q);
    xj_index_close(&ix);
    return 0;
}
"""


class Install(unittest.TestCase):
    def test_installed(self):
        build = os.environ.get("XUNJU_BUILD")
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not build or not compiler or not shutil.which("cmake") or not shutil.which("pkg-config"):
            self.skipTest("a build folder, cmake, pkg-config and a C compiler are wanted")
        with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as f:
            if "-fsanitize" in f.read():
                self.skipTest("a sanitised library wants its runtime in the program")
        with harness.temp_dir() as directory:
            prefix = os.path.join(directory, "prefix")
            subprocess.run(["cmake", "--install", build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
            for tool in ("xunju-index", "xunju-query"):
                version = subprocess.run([os.path.join(prefix, "bin", tool), "--version"], capture_output=True, check=True)
                self.assertIn(tool.encode(), version.stdout)
            found = [folder for folder, _, names in os.walk(prefix) if "xunju.pc" in names]
            self.assertEqual(len(found), 1)
            environment = dict(os.environ, PKG_CONFIG_PATH=found[0])
            ask = lambda *words: subprocess.run(["pkg-config", *words, "xunju"], env=environment, capture_output=True, check=True,
                                                text=True).stdout.split()
            source = os.path.join(directory, "embed.c")
            with open(source, "w", encoding="utf-8") as f:
                f.write(PROGRAM)
            program = os.path.join(directory, "embed")
            subprocess.run([compiler, "-std=c11", "-Wall", "-Werror", source, "-o", program, *ask("--cflags", "--libs")], check=True)
            index = harness.build_reports(os.path.join(directory, "reports"), [{"id": "a", "text": "新时代“枫桥经验”"}])
            library = ask("--variable=libdir")[0]
            done = subprocess.run([program, index, "枫桥经验"], env=dict(os.environ, LD_LIBRARY_PATH=library), capture_output=True,
                                  check=True)
            self.assertEqual(done.stdout.decode(), "1 枫桥经验\n")


if __name__ == "__main__":
    unittest.main()
