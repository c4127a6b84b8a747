"""The folding tables and the list of joined classes are what common/tools/gen_fold.c makes today.

To refresh both after a reviewed change of the generator:
    gen_fold --table > common/src/fold_table.inc
    gen_fold --classes > tests/format/fold_classes.golden
"""

import os
import pathlib
import shutil
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ.get("XUNJU_SOURCE", pathlib.Path(__file__).parents[2]))
BUILD = pathlib.Path(os.environ.get("XUNJU_BUILD", SOURCE / "build"))
GENERATOR = BUILD / "common" / "gen_fold"
UNICODE_DATA = pathlib.Path("/usr/share/unicode")
TABLE = SOURCE / "common" / "src" / "fold_table.inc"
CLASSES = SOURCE / "tests" / "format" / "fold_classes.golden"


def generate(option):
    return subprocess.run([GENERATOR, option], stdout=subprocess.PIPE, check=True).stdout


class FoldTable(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not GENERATOR.exists():
            raise unittest.SkipTest(f"no generator at '{GENERATOR}'")
        if not (UNICODE_DATA / "EquivalentUnifiedIdeograph.txt").exists() or not any(
            UNICODE_DATA.glob("Unihan_Variants.txt*")
        ):
            raise unittest.SkipTest("Debian package unicode-data is not installed")
        if not (UNICODE_DATA / "Unihan_Variants.txt").exists() and not shutil.which("bzip2"):
            raise unittest.SkipTest("bzip2 is not installed")
        versions = generate("--versions").decode().strip()
        first_line = TABLE.read_text(encoding="utf-8").split("\n", 1)[0]
        if f" from {versions}." not in first_line:
            raise unittest.SkipTest(f"the tables were made from other data than {versions}")

    def compare(self, made, path):
        if made != path.read_bytes():
            self.fail(f"'{path}' is not what the generator makes")

    def test_table_is_reproduced(self):
        self.compare(generate("--table"), TABLE)

    def test_joined_classes_are_the_reviewed_ones(self):
        self.compare(generate("--classes"), CLASSES)


if __name__ == "__main__":
    unittest.main()
