"""What libxunju exports, keeps and calls: the functions of the public headers and no others, no state of its own, and nothing
that a library has no business to do to the process it lives in."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ.get("XUNJU_SOURCE", pathlib.Path(__file__).parents[2]))
BUILD = pathlib.Path(os.environ.get("XUNJU_BUILD", SOURCE / "build"))
LIBRARY = BUILD / "query" / "libxunju.so"
ARCHIVES = [BUILD / "common" / "libxj_common.a", BUILD / "query" / "libxj_query.a"]

# Printing, ending, and changing what belongs to the whole process are the program's business.
FORBIDDEN = """abort exit _exit _Exit quick_exit atexit
    printf vprintf fprintf vfprintf dprintf puts fputs putchar putc fputc fwrite perror stdout stderr
    signal sigaction sigprocmask raise kill setlocale getenv secure_getenv setenv putenv unsetenv
    fork vfork system popen execve execvp chdir fchdir umask setrlimit srand rand strtok strerror localtime gmtime""".split()
# With optimisation and _FORTIFY_SOURCE these come under other names.
FORBIDDEN += [f"__{name}_chk" for name in FORBIDDEN]


def nm(*arguments):
    return subprocess.run(["nm", *map(str, arguments)], stdout=subprocess.PIPE, check=True).stdout.decode()


def declared():
    """Names of all functions that the public headers declare XJ_API."""
    names = set()
    for folder in (SOURCE / "common" / "include" / "xj", SOURCE / "query" / "include" / "xj"):
        for header in folder.glob("*.h"):
            text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", header.read_text(encoding="utf-8"), flags=re.DOTALL)
            text = re.sub(r"(?m)^\s*#.*$", "", text)
            for declaration in re.findall(r"\bXJ_API\b([^;{]*)", text):
                names.add(re.search(r"\b(\w+)\s*\(", declaration).group(1))
    return names


class Symbols(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("nm"):
            raise unittest.SkipTest("nm is not installed")
        for path in (LIBRARY, *ARCHIVES):
            if not path.exists():
                raise unittest.SkipTest(f"no library '{path}'")

    def undefined(self):
        return {line.split()[-1].split("@")[0] for line in nm("-D", "--undefined-only", LIBRARY).splitlines()}

    def test_exports_are_the_declared_functions(self):
        exported = {line.split()[-1].split("@")[0] for line in nm("-D", "--defined-only", LIBRARY).splitlines()}
        names = declared()
        self.assertGreater(len(names), 50)
        self.assertEqual(sorted(exported - names), [], "exported, but in no public header")
        self.assertEqual(sorted(names - exported), [], "declared, but not exported")

    def test_public_names_begin_with_xj(self):
        for name in declared():
            self.assertRegex(name, r"^xj_[a-z0-9_]+$")

    def test_shared_names_begin_with_xj(self):
        """What the static libraries define for more than one file could meet a name of the program they are linked to."""
        for archive in ARCHIVES:
            for line in nm("-g", "--defined-only", archive).splitlines():
                match = re.match(r"^[0-9a-f]+ ([A-Za-z]) (\S+)$", line)
                if match and not match.group(2).startswith("__"):
                    self.assertRegex(match.group(2), r"^xji?_", archive.name)

    def test_no_writable_data(self):
        """Constants may live in .data.rel.ro, which is read-only once the library is loaded."""
        found, seen = [], 0
        for archive in ARCHIVES:
            for line in nm("--format=sysv", "--defined-only", archive).splitlines():
                field = [part.strip() for part in line.split("|")]
                if len(field) != 7 or field[0] == "Name":
                    continue
                name, section = field[0], field[6]
                seen += 1
                if re.match(r"^\.(data|bss|tdata|tbss|sdata|sbss)\b(?!\.rel\.ro)|^\*COM\*", section):
                    # Made by the sanitizers, not by us.
                    if not re.match(r"^(__odr_asan|__asan|__ubsan|\.L|\*?\.?Lubsan|\.?LASAN|_sub_)", name):
                        found.append(f"{archive.name}: {name} in {section}")
        self.assertGreater(seen, 100)
        self.assertEqual(found, [])

    def test_calls_nothing_a_library_should_not(self):
        self.assertEqual(sorted(self.undefined() & set(FORBIDDEN)), [])

    def test_needs_no_icu(self):
        self.assertEqual([name for name in self.undefined() if re.match(r"^(u_|unorm|ucnv|uset|json_)", name)], [])


if __name__ == "__main__":
    unittest.main()
