"""The oracle against the words and examples of docs/TEXT.md, and its fast half against its plain half."""

import os
import random
import sys
import unicodedata
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
import oracle  # noqa: E402


def texts(text):
    """Units as words and characters separated by `|`; BREAK units in angle brackets."""
    return "|".join("<%s>" % unit.text if unit.kind == oracle.BREAK else unit.text for unit in oracle.units(text))


class Fold(unittest.TestCase):
    def test_width_case_compatibility(self):
        for char, folded in {"Ａ": "a", "É": "é", "９": "9", "，": ",", "％": "%", "＂": '"', "｢": "「", "ｶ": "カ",
                             "⼀": "一", "①": "1", "\u00a0": " ", "\u3000": " ", "ς": "σ", "\u212a": "k", "㊀": "一",
                             "\U0002f800": oracle.fold("\u4e3d")}.items():
            self.assertEqual(oracle.fold(char), folded, "U+%04X" % ord(char))

    def test_expansions(self):
        for char, folded in {"㎡": "m2", "㍿": "株式会社", "⑴": "(1)", "⒍": "6.", "ﬁ": "fi", "ß": "ss",
                             "Ⅷ": "viii", "㏂": "a.m."}.items():
            expected = "".join(map(oracle.fold, folded))
            self.assertEqual(oracle.fold(char), expected, char)
        for char in "…‥½℃″゛🄁ﷺ":
            self.assertEqual(oracle.fold(char), char)

    def test_script(self):
        for simple, traditional in oracle.SCRIPT_PAIRS:
            self.assertEqual(oracle.fold(simple), oracle.fold(traditional), simple + traditional)
        for joined in oracle.JOINED:
            self.assertEqual(1, len(set(map(oracle.fold, joined))), joined)
        self.assertEqual(oracle.fold("复"), oracle.fold("複"))
        self.assertEqual(oracle.fold("沈"), oracle.fold("瀋"))
        for one, other in ("覆复", "沉沈", "完烟", "子只", "他它", "板版"):
            self.assertNotEqual(oracle.fold(one), oracle.fold(other), one + other)

    def test_radicals_and_private_use(self):
        for char, folded in {"\u2e81": "厂", "\u2e84": "乙", "\u2e9f": "母", "\ue815": "厂", "\ue816": "\U00020087",
                             "\ue81e": "\u9fb4", "\ue864": "\u9fbb", "\ue78d": "，", "\ue78e": "。",
                             "\ue794": "〖", "\ue7c7": "\u1e3f"}.items():
            self.assertEqual(oracle.fold(char), oracle.fold(folded), "U+%04X" % ord(char))
        self.assertEqual(oracle.fold("\u2e80"), "\u2e80")
        self.assertEqual(oracle.fold("\ue000"), "\ue000")
        self.assertEqual(80 + 10 + 1, len(oracle.GB18030_PRIVATE_USE))

    def test_fold_of_a_fold(self):
        for code in range(0x110000):
            char = chr(code)
            if unicodedata.category(char) not in ("Cn", "Cs", "Co"):
                folded = oracle.fold(char)
                if len(folded) == 1:
                    self.assertEqual(oracle.fold(folded), folded, "U+%04X" % code)

    def test_nfkc_casefold_is_that_of_the_database(self):
        checked = 0
        for line in oracle._lines("DerivedNormalizationProps.txt"):
            fields = [field.strip() for field in line.split(";")]
            if len(fields) < 3 or fields[1] != "NFKC_CF":
                continue
            first, _, last = fields[0].partition("..")
            mapped = "".join(chr(int(code, 16)) for code in fields[2].split())
            for code in range(int(first, 16), int(last or first, 16) + 1):
                if unicodedata.category(chr(code)) != "Cn":
                    self.assertEqual(oracle.nfkc_casefold(chr(code)), mapped, "U+%04X" % code)
                    checked += 1
        self.assertGreater(checked, 5000)


class Classes(unittest.TestCase):
    def check(self, cls, chars):
        for char in chars:
            self.assertEqual(oracle.class_of(oracle.fold(char)[0]), cls, "U+%04X %s" % (ord(char), char))

    def test_invisible(self):
        self.check(oracle.INVISIBLE, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u2066\u180e\x01\x7f\x9f\0\u180b"
                                     "\ufe0f\U000e0100\u034f\u115f\u1160\u3164\uffa0\u0600\U000e0041")

    def test_soft(self):
        self.check(oracle.SOFT, "\t\v\f\r\x85 \u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\"'“”„‟‘’‚‛〝〞〟"
                                "「」『』《》〈〉【】«»‹›·・‧•･＂＇｢｣\u2329\u232a")

    def test_char(self):
        self.check(oracle.CHAR, "一㐀𠀀𠮷々〇ーｰあアｱㄅ한ᄀ\u3099\u309a\uff9e⺀⼀豈〡\u302e")

    def test_word(self):
        self.check(oracle.WORD, "aZéяσ05²½٣\u0301Ⅷﷺ\u02bc\u302aªɐ")

    def test_break(self):
        self.check(oracle.BREAK, "\n，。、；：！？…—-~/|#@&*=<>[]{}()（）〔〕℃$￥\ufffd\ue000😀+._%‰`´゛′″°")


class Units(unittest.TestCase):
    def check(self, text, expected):
        self.assertEqual(texts(text), expected, text)

    def test_soft_and_invisible_make_no_unit(self):
        self.check("新时代“枫桥 经验”", "|".join(map(oracle.fold, "新时代枫桥经验")))
        self.check("a\u200bb \u00ad c", "ab|c")
        self.check("a“b", "a|b")
        self.check("a\tb\u3000c", "a|b|c")

    def test_break_units(self):
        self.check("a，b。\nc", "a|<,>|b|<。>|<\n>|c")
        self.check("--", "<->|<->")

    def test_underscore(self):
        self.check("a_b", "a_b")
        self.check("a＿1_c", "a_1_c")
        self.check("a__b", "a|<_>|<_>|b")
        self.check("_a_", "<_>|a|<_>")
        self.check("a_中", "a|<_>|中")
        self.check("a+_b", "a|<+>|<_>|b")
        self.check("a_ b", "a|<_>|b")

    def test_full_stop(self):
        self.check("3.14", "3.14")
        self.check("1.2.3", "1.2.3")
        self.check("v1.5", "v1.5")
        self.check("1.a", "1|<.>|a")
        self.check("a.1", "a|<.>|1")
        self.check("1. 5", "1|<.>|5")
        self.check("1.2025年", "1|<.>|2025|年")
        self.check("1.1999年", "1|<.>|1999|年")
        self.check("1.2125年", "1.2125|年")
        self.check("1.20250年", "1.20250|年")
        self.check("1.2025 年", "1.2025|年")
        self.check("1.2025日", "1.2025|日")
        self.check("1.202５年", "1|<.>|2025|年")
        self.check("⒍5", "6.5")
        self.check("٣.٣", "٣|<.>|٣")

    def test_comma(self):
        self.check("1,300", "1,300")
        self.check("12,345,678", "12,345,678")
        self.check("1，300", "1,300")
        self.check("1234,567", "1234|<,>|567")
        self.check("1,30", "1|<,>|30")
        self.check("1,3000", "1|<,>|3000")
        self.check("1,300,40", "1,300|<,>|40")
        self.check("1,300.5", "1,300.5")
        self.check("1.5,300", "1.5|<,>|300")
        self.check("a1,300", "a1|<,>|300")
        self.check("1,300abc", "1,300abc")
        self.check("1+300,400", "1+300|<,>|400")
        self.check("1,300.500,200", "1,300.500|<,>|200")
        self.check("1,\u200b300", "1,300")
        self.check("1, 300", "1|<,>|300")

    def test_plus(self):
        self.check("1+6+N", "1+6+n")
        self.check("N+", "n|<+>")
        self.check("N+，", "n|<+>|<,>")
        self.check("C++", "c|<+>|<+>")
        self.check("a++b", "a|<+>|<+>|b")
        self.check("5G+网", "5g|<+>|" + oracle.fold("网"))
        self.check("a +b", "a|<+>|b")
        self.check("a+“b", "a|<+>|b")
        self.check("网+b", "%s|<+>|b" % oracle.fold("网"))
        self.check("++", "<+>|<+>")
        self.check("50%+", "50%|<+>")
        self.check("50%+a", "50%|<+>|a")

    def test_per_cent(self):
        self.check("99.99%", "99.99%")
        self.check("９９．９９％", "99.99%")
        self.check("5‰", "5‰")
        self.check("5%%", "5%|<%>")
        self.check("5%a", "5%|a")
        self.check("a%", "a|<%>")
        self.check("N5%", "n5%")
        self.check("5+%", "5|<+>|<%>")

    def test_everything_else_ends_a_word(self):
        self.check("2021-2025", "2021|<->|2025")
        self.check("a/b", "a|</>|b")
        self.check("it's", "it|s")
        self.check("5G网络", "5g|" + "|".join(map(oracle.fold, "网络")))
        self.check("㎡", "m2")
        self.check("⑴", "<(>|1|<)>")

    def test_long_words(self):
        self.check("a" * 64, "a" * 64)
        self.check("a" * 65, "a" * 64 + "|a")
        self.check("1" * 128 + "%", "1" * 64 + "|" + "1" * 64 + "|%")

    def test_places(self):
        self.assertEqual(oracle.units("“新㎡\u200b代”")[0][2:], (1, 2))
        self.assertEqual(oracle.units("“新㎡\u200b代”")[1], ("WORD", "m2", 2, 3))
        self.assertEqual(oracle.units("“新㎡\u200b代”")[2][2:], (4, 5))


class Cleaning(unittest.TestCase):
    def test_clean(self):
        self.assertEqual(oracle.clean("a\r\nb\rc\x85d\u2028e\u2029f\n\rg"), "a\nb\nc\nd\ne\nf\n\ng")
        self.assertEqual(oracle.clean("a\0b\tc\x01d\u200be\ufeff\x7f\vf\f"), "a b\tcde\nf\n")
        self.assertEqual(oracle.clean_with_sources("\ufeffa\r\nb\u00adc"), ("a\nbc", [(1, 2), (2, 4), (4, 5), (6, 7)]))


class Matching(unittest.TestCase):
    def check(self, passage, phrase, expected, **options):
        self.assertEqual(len(oracle.find(passage, phrase, **options)), expected, (passage, phrase))

    def test_examples(self):
        self.check("坚持新时代“枫桥经验”。", "新时代枫桥经验", 1)
        self.check("坚持新时代 枫桥经验。", "新时代枫桥经验", 1)
        self.check("新时代。枫桥经验", "新时代枫桥经验", 0)
        self.check("新时代。枫桥经验", "时代。枫桥", 1)
        self.check("新时代，枫桥经验", "时代,枫桥", 1)
        self.check("12345", "2345", 0)
        self.check("enabled", "led", 0)
        self.check("2024-2025年", "2025年", 1)
        self.check("5G 网络", "5G网络", 1)
        self.check("hello   world", "hello world", 1)
        self.check("helloworld", "hello world", 0)

    def test_folding(self):
        self.check("楓橋經驗", "枫桥经验", 1)
        self.check("枫桥经验", "楓橋經驗", 1)
        self.check("ＬＥＤ屏", "led", 1)
        self.check("100㎡", "100m2", 1)
        self.check("⑴", "1", 1)

    def test_overlapping(self):
        self.assertEqual(oracle.find("哈哈“哈哈”", "哈哈"), [(0, 2), (1, 4), (3, 5)])

    def test_a_line_feed_is_a_break_in_a_passage_and_a_space_in_a_query(self):
        self.check("一\n二", "一二", 0)
        self.check("一\n二", "一\n二", 0)
        self.check("一二", "一\n二", 1)

    def test_break_units_at_the_ends_of_a_phrase(self):
        self.check("一，二，三", "，二，", 1)
        self.check("二", "，二", 0)

    def test_exact_script(self):
        self.check("楓橋", "枫桥", 0, exact_script=True)
        self.check("楓“橋", "楓橋", 1, exact_script=True)
        self.check("LED", "led", 0, exact_script=True)
        self.check("1，2", "1,2", 0, exact_script=True)
        self.check("１+2", "１+2", 1, exact_script=True)
        self.check("a㎡", "a㎡", 1, exact_script=True)
        self.check("a㎡", "am2", 0, exact_script=True)
        self.check("(1)", "⑴", 0, exact_script=True)
        self.check("株㍿", "㍿", 1, exact_script=True)
        units = oracle.units("a⑴㍿b", exact_script=True)
        self.assertEqual([unit[:2] for unit in units],
                         [("WORD", "a"), ("BREAK", "⑴"), ("CHAR", "㍿"), ("WORD", "b")])

    def test_nothing_occurs_nowhere(self):
        self.assertEqual(oracle.find("一二", ""), [])
        self.assertFalse(oracle.searchable("，。 “”"))


class FastAndPlain(unittest.TestCase):
    def test_corpus_equals_plain_search(self):
        draw = random.Random(20250101)
        alphabet = "一二三“” ，。\nab12.,+_%年\u200b㎡⑴"
        for exact_script in (False, True):
            passages = [("r%d" % (n // 2), "".join(draw.choices(alphabet, k=draw.randint(0, 60)))) for n in range(40)]
            corpus = oracle.Corpus(passages, exact_script)
            for _ in range(300):
                phrase = "".join(draw.choices(alphabet, k=draw.randint(0, 4)))
                self.assertEqual(corpus.count(phrase), oracle.count(passages, phrase, exact_script), phrase)
                plain = {n: oracle.find(text, phrase, exact_script) for n, (_, text) in enumerate(passages)}
                self.assertEqual(corpus.matches(phrase), {n: found for n, found in plain.items() if found})


def setUpModule():
    oracle.fold("枫")  # skips when its data are not installed


if __name__ == "__main__":
    unittest.main()
