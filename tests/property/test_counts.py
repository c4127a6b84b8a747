"""Counts and matches of the index against the brute-force oracle, on random texts full of dirt.

Every corpus comes from a fixed seed that is printed with a failure. XUNJU_PROPERTY_QUERIES (default 5000)
is the number of queries for each corpus.
"""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
import harness  # noqa: E402
import oracle  # noqa: E402

QUERIES = int(os.environ.get("XUNJU_PROPERTY_QUERIES", "5000"))
SHOWN = 8  # differences that a failure prints
LIMIT = "100000"

compared = {"counts": 0, "hits": 0, "matches": 0}

SOFT = list(" \t\u00a0\u3000\u2003\"'“”‘’「」『』《》〈〉【】«»·・•‧･＂｢｣")
INVISIBLE = list("\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u2066\ufe0f\u034f\x01\x7f\U000e0100")
BREAK = list("，。、；：！？,;:!?…—-~/|#@&*=<>[]{}()（）〔〕—％℃$￥\ufffd😀°′″`^\\‼゛")
LINE_ENDS = ["\n", "\n", "\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"]
SENTENCE_ENDS = list("。！？；")
CONNECTORS = list("_.,+%‰_.,+%-/＿．，＋％")
EXPANDING = list("㎡㎞㏑㍿⑴⑵⒈⒍㈠㌀ﬁß㏂Ⅷ㉐㋿Ⅱ")
WIDE_OR_COMPATIBLE = list("ＡｂＣ１２３①②⼀⼆⼈㊀㊁豈更車ａ９²ªK⺁⺄\ue815\ue81e\ue78d")
BEYOND_BMP = list("𠮷𠀀𪚥𩸽𠀋𨭎\U0002f800𝐀𝟗")
KANA = list("あいうえアイウｱｲｳーｰがガ々〇ゝ") + ["か\u3099", "ｶﾞ", "は\u309a"]
HANGUL = list("한국어가나다ᄀ각") + ["\u1112\u1161\u11ab"]
OTHER_LETTERS = list("ñöøαβσςЖжאبहि½Ⅳ٣¼ŉİſﷺﬃ") + ["e\u0301", "n\u0303", "क\u094d"]
WORDS = ["led", "LED", "5G", "12345", "2345", "99.99%", "1,300", "12,345,678", "1+6+N", "N+", "C++", "2025", "3.14",
         "2021-2025年", "1.2025年", "a_b", "x__y", "1,30", "1,3000", "v1.0.2", "50‰", "100%", "R&D", "it's", "A4",
         "GB/T19001", "2025.5年", "1234,567", "7×24", "3·15", "o'clock", "１２３４５", "９９．９９％", "Ｌｅｄ", "〔2025〕"]

TO_TRADITIONAL = dict(oracle.SCRIPT_PAIRS)
TO_SIMPLIFIED = {traditional: simple for simple, traditional in oracle.SCRIPT_PAIRS}
VARIANTS = ["峰峯", "面麪麵", "群羣", "床牀", "里裏裡", "复復複", "后後", "发發髮", "干乾幹", "着著"]


def swap_script(draw, text):
    def swap(char):
        for variants in VARIANTS:
            if char in variants:
                return draw.choice(variants)
        return TO_TRADITIONAL.get(char) or TO_SIMPLIFIED.get(char) or char
    return "".join(swap(c) if draw.random() < 0.6 else c for c in text)


def swap_width(draw, text):
    def swap(char):
        if "!" <= char <= "~":
            return chr(ord(char) + 0xFEE0)
        if "！" <= char <= "～":
            return chr(ord(char) - 0xFEE0)
        return char
    return "".join(swap(c) if draw.random() < 0.6 else c for c in text)


def swap_case(draw, text):
    return "".join(c.swapcase() if len(c.swapcase()) == 1 and draw.random() < 0.6 else c for c in text)


def inserted(chars):
    def insert(draw, text):
        for _ in range(draw.randint(1, 3)):
            at = draw.randint(0, len(text))
            text = text[:at] + draw.choice(chars) + text[at:]
        return text
    return insert


def without_one(draw, text):
    at = draw.randrange(len(text))
    return text[:at] + text[at + 1:]


def doubled(draw, text):
    at = draw.randrange(len(text))
    return text[:at] + text[at] + text[at:]


MUTATIONS = [swap_script, swap_script, swap_width, swap_case, inserted(SOFT), inserted(INVISIBLE), inserted(BREAK),
             inserted(CONNECTORS), without_one, doubled]


# Weights of what a text is made of, for each style of corpus; then reports and their length.
STYLES = {
    "mixed": (dict(phrase=8, han=6, soft=4, invisible=1, stop=4, line=.4, word=3, glued=1.5, kana=1, hangul=.6,
                   letters=.7, wide=1, beyond=.7, expanding=.7), 300, (5, 250)),
    "dirty": (dict(phrase=3, han=3, soft=6, invisible=5, stop=6, line=1.5, word=4, glued=4, kana=2, hangul=2,
                   letters=3, wide=3, beyond=2, expanding=3), 300, (1, 120)),
    "words": (dict(han=1, soft=1, invisible=.3, stop=.5, line=.2, word=2, glued=9, letters=.5, wide=.5,
                   expanding=.5), 250, (3, 120)),
    "few": (dict(han=20, soft=2, invisible=.3, stop=.6, word=.5), 60, (50, 1500)),
    "wide": (dict(phrase=1, han=20, soft=2, stop=3, line=.2, word=1, beyond=.3), 300, (20, 300)),
    "long": (dict(phrase=12, han=3, soft=2, invisible=.2, stop=3, line=.2, word=1, kana=.2, beyond=.2), 15,
             (1500, 6000)),
}
CORPORA = [(style, 1000 * at + number) for at, style in enumerate(STYLES, 1) for number in range(4)]


class Generator:
    def __init__(self, style, seed):
        self.draw = random.Random(seed)
        self.weights, self.n_reports, self.length = STYLES[style]
        draw = self.draw
        common = oracle.common_han()
        size = {"few": draw.randint(2, 5), "wide": 2500}.get(style, draw.choice((30, 100, 400)))
        pairs = draw.sample(oracle.SCRIPT_PAIRS, max(1, size // 4))
        self.han = draw.sample(common, size) + [simple for simple, _ in pairs]
        if style != "few":
            self.han += [draw.choice(variants) for variants in draw.sample(VARIANTS, 4)]
        self.phrases = ["".join(draw.choices(self.han, k=draw.choice((2, 2, 2, 3, 4, 4, 6)))) for _ in range(60)]
        self.words = draw.sample(WORDS, 12 if style != "few" else 2)
        self.glue = draw.sample("abcN", 2) + draw.sample("0123456789", 4) + ["19", "20", "2025年", "300"]

    def piece(self, kind):
        draw = self.draw
        if kind == "phrase":
            return draw.choice(self.phrases)
        if kind == "han":
            return draw.choice(self.han)
        if kind == "word":
            return draw.choice(self.words)
        if kind == "line":
            return (draw.choice(SENTENCE_ENDS) if draw.random() < .7 else "") + draw.choice(LINE_ENDS)
        if kind == "glued":
            return "".join(draw.choice(self.glue if draw.random() < .6 else CONNECTORS)
                           for _ in range(draw.choice((2, 3, 4, 5, 8, 8, 90 if draw.random() < .1 else 6))))
        if kind == "stop":
            return draw.choice("，。、") if draw.random() < .6 else draw.choice(BREAK)
        return draw.choice({"soft": SOFT, "invisible": INVISIBLE, "kana": KANA, "hangul": HANGUL,
                            "letters": OTHER_LETTERS, "wide": WIDE_OR_COMPATIBLE, "beyond": BEYOND_BMP,
                            "expanding": EXPANDING}[kind])

    def text(self):
        draw = self.draw
        kinds, weights = zip(*self.weights.items())
        length, pieces, size = draw.randint(*self.length), [], 0
        while size < length:
            pieces.append(self.piece(draw.choices(kinds, weights)[0]))
            size += len(pieces[-1])
        text = "".join(pieces)
        if draw.random() < .3:
            text = swap_script(draw, text)
        if draw.random() < .02:
            text += "\0" + draw.choice(self.phrases)
        return text

    def reports(self):
        return [{"id": "r%04d" % n, "text": self.text()} for n in range(self.n_reports)]

    def query(self, texts, longest=12):
        draw = self.draw
        if draw.random() < .08:
            query = "".join(draw.choice(draw.choice(texts)) for _ in range(draw.randint(1, 4)))
        else:
            text = draw.choice(texts)
            start = draw.randrange(len(text))
            query = text[start:start + (draw.randint(1, longest) if draw.random() < .97 else 60)]
        for _ in range(draw.choice((0, 0, 1, 1, 2))):
            if query:
                query = draw.choice(MUTATIONS)(draw, query)
        return query.replace("\n", " ").replace("\0", " ")

    def queries(self, texts, number, longest=12):
        out = []
        while len(out) < number:
            query = self.query(texts, longest)
            if query:
                out.append(query)
        return out


# ------------------------------------------------------------------------------------------------ comparing

class Differences:
    """Collects differences of one corpus; an empty list is the wish."""

    def __init__(self, where):
        self.where, self.number, self.lines = where, 0, []

    def add(self, line):
        self.number += 1
        if self.number <= SHOWN:
            self.lines.append(line)

    def check(self, test):
        if self.number:
            test.fail("%s: %d differences\n%s" % (self.where, self.number, "\n".join(self.lines)))


def check_counts(differences, corpus, queries, lines):
    for query, line in zip(queries, lines):
        compared["counts"] += 1
        if not oracle.searchable(query):
            if not harness.matches_no_unit(line):
                differences.add("%r holds nothing to search, answered %r" % (query, line))
            continue
        expected = harness.count_line(corpus.count(query))
        if line != expected:
            differences.add(explain(corpus, query, line, expected))


def explain(corpus, query, line, expected):
    want = [unit.text for unit in oracle.query_units(query, corpus.exact_script)]
    shown = "query %r (units %r): product %r, oracle %r" % (query, want, line, expected)
    for number, found in list(corpus.matches(query).items())[:2]:
        report, text = corpus.passages[number]
        start, end = found[0]
        shown += "\n    %s: ...%r..." % (report, text[max(0, start - 15):end + 15])
    return shown


def byte_offsets(text):
    """Offset of each code point in UTF-8, and of the end."""
    out, at = [0], 0
    for char in text:
        at += len(char.encode("utf-8"))
        out.append(at)
    return out


class Source:
    """What the raw text of one JSON Lines report becomes: cleaned and trimmed text, and its bytes."""

    def __init__(self, raw):
        self.raw = raw
        self.bytes = raw.encode("utf-8")
        self.offsets = byte_offsets(raw)
        cleaned, self.sources = oracle.clean_with_sources(raw)
        self.text = oracle.trim(cleaned)
        self.skipped = cleaned.find(self.text)

    def byte_range(self, start, end):
        """Byte range of the code points [start, end) of the trimmed text."""
        return [self.offsets[self.sources[self.skipped + start][0]],
                self.offsets[self.sources[self.skipped + end - 1][1]]]


def check_hits(differences, corpus, sources, queries, answers):
    """Compare the hits of `--json` where every report is one passage."""
    number_of = {report: n for n, (report, _) in enumerate(corpus.passages)}
    for query, (hits, done) in zip(queries, answers):
        expected = corpus.matches(query)
        if not oracle.searchable(query):
            if hits:
                differences.add("%r holds nothing to search, %d hits" % (query, len(hits)))
            continue
        compared["hits"] += 1
        if "error" in done:
            differences.add("query %r: error %r" % (query, done["error"]))
            continue
        if done["hits"] != len(hits):
            differences.add("query %r: %d hits, summary says %r" % (query, len(hits), done["hits"]))
        found = sorted(hit["report"] for hit in hits)
        wanted = sorted(corpus.passages[n][0] for n in expected)
        if found != wanted:
            differences.add("query %r: reports %r, oracle %r" % (query, found[:10], wanted[:10]))
            continue
        for hit in hits:
            source, number = sources[hit["report"]], number_of[hit["report"]]
            if hit["text"] != source.text:
                differences.add("text of %s is %r, expected %r" % (hit["report"], hit["text"], source.text))
                continue
            check_matches(differences, query, hit, expected[number], source)


def check_matches(differences, query, hit, expected, source):
    compared["matches"] += len(expected)
    # One code point that stands for several may match more than once: such twins may be told once.
    if sorted(set(map(tuple, hit["matches"]))) != sorted(set(expected)):
        differences.add("query %r in %s %r: matches %r, oracle %r" % (
            query, hit["report"], hit["text"], hit["matches"], expected))
        return
    if len(hit["matches"]) != len(hit["match_sources"]):
        differences.add("query %r in %s: %d matches, %d match_sources" % (
            query, hit["report"], len(hit["matches"]), len(hit["match_sources"])))
        return
    for (start, end), (first, last) in zip(hit["matches"], hit["match_sources"]):
        if [first, last] != source.byte_range(start, end):
            differences.add("query %r in %s: match [%d,%d) has source bytes [%d,%d) %r, expected %r" % (
                query, hit["report"], start, end, first, last, source.bytes[first:last],
                source.byte_range(start, end)))
        elif oracle.clean(source.bytes[first:last].decode("utf-8")) != hit["text"][start:end]:
            differences.add("query %r in %s: source bytes %r are not the matched text %r" % (
                query, hit["report"], source.bytes[first:last], hit["text"][start:end]))


def bare(query):
    """Is this query a bare word: one exact phrase without any operator?"""
    kinds = [unit.kind for unit in oracle.query_units(query)]
    return (0 < len(kinds) <= 8 and oracle.BREAK not in kinds
            and not any(char in oracle.WHITE_SPACE or char in "\"'()（）-:*" or not char.isprintable()
                        for char in query)
            and query not in ("AND", "OR", "NOT"))


# ------------------------------------------------------------------------------------------- boolean queries

class Tree:
    """A random boolean query over phrases, and its plain evaluation."""

    def __init__(self, draw, phrases, depth, may_negate=True):
        self.phrase = None
        kind = draw.random()
        if depth == 0 or kind < .15:
            self.phrase, self.quoted = draw.choice(phrases), True
            if draw.random() < .3 and bare(self.phrase) and all(c >= "\u3400" for c in self.phrase):
                self.quoted = False
            return
        self.operator = "AND" if kind < .5 else "OR" if kind < .8 or not may_negate else "AND NOT"
        self.left = Tree(draw, phrases, depth - 1, may_negate)
        self.right = Tree(draw, phrases, depth - 1, may_negate and self.operator != "AND NOT")

    def __str__(self):
        if self.phrase is not None:
            return '"%s"' % self.phrase if self.quoted else self.phrase
        return "(%s %s %s)" % (self.left, self.operator, self.right)

    def positive(self):
        if self.phrase is not None:
            return [self.phrase]
        return self.left.positive() + (self.right.positive() if self.operator != "AND NOT" else [])

    def all(self):
        return [self.phrase] if self.phrase is not None else self.left.all() + self.right.all()

    def passages(self, corpus):
        if self.phrase is not None:
            return set(corpus.per_passage(self.phrase))
        left, right = self.left.passages(corpus), self.right.passages(corpus)
        return left & right if self.operator == "AND" else left | right if self.operator == "OR" else left - right

    def count(self, corpus):
        hits = self.passages(corpus)
        occurrences = sum(n for phrase in self.positive()
                          for passage, n in corpus.per_passage(phrase).items() if passage in hits)
        return occurrences, len(hits), len({corpus.passages[n][0] for n in hits})


def trees(generator, texts, number):
    """Trees in which every phrase stands once, so that `summed over its phrases` has one reading."""
    draw, out = generator.draw, []
    while len(out) < number:
        phrases = [query for query in generator.queries(texts, 8, longest=draw.choice((1, 2, 3, 6)))
                   if oracle.searchable(query) and '"' not in query and "\\" not in query and query.isprintable()]
        if not phrases:
            continue
        tree = Tree(draw, phrases, draw.randint(1, 3))
        kinds = [tuple(unit[:2] for unit in oracle.query_units(phrase)) for phrase in tree.all()]
        if len(set(kinds)) == len(kinds):
            out.append(tree)
    return out


# ---------------------------------------------------------------------------------------------------- tests

OTHER_BUILDS = (("--text-level", "fast", "--threads", "1"), ("--text-level", "small", "--threads", "2", "--memory", "64M"),
                ("--text-level", "default", "--threads", "8", "--memory", "1G"))


def check_other_builds(case, where, index, options, queries, lines, sample, answers):
    """Other builds of the same reports, and shards that were merged, answer as the index that the oracle was asked about."""
    reports = os.path.join(os.path.dirname(index), "reports.jsonl")
    wanted = [hits for hits, _ in answers]
    for number, others in enumerate(OTHER_BUILDS):
        other = harness.build("%s-%d" % (index, number), [reports], *options, *others)
        differences = Differences("%s, %s" % (where, " ".join(others)))
        for query, line, found in zip(queries, lines, harness.batch_counts(other, queries, "-F")):
            if found != line:
                differences.add("query %r: %r, else %r" % (query, found, line))
        found = [hits for hits, _ in harness.batch_json(other, sample, "-F", "-n", LIMIT, "--no-collapse")]
        for query, one, two in zip(sample, found, wanted):
            if one != two:
                differences.add("query %r: hits %r, else %r" % (query, one[:3], two[:3]))
        differences.check(case)
    shards = [harness.build("%s-shard%d" % (index, shard), [reports], *options, "--shard", "%d/3" % shard) for shard in range(3)]
    harness.xunju_index("merge", "-o", index + "-merged", *shards)
    differences = Differences(where + ", merged shards")
    for query, line, found in zip(queries, lines, harness.batch_counts(index + "-merged", queries, "-F")):
        if found != line:
            differences.add("query %r: %r, else %r" % (query, found, line))
    differences.check(case)


class OnePassageEach(unittest.TestCase):
    """Every report is one passage (--segment none)."""

    def corpus(self, style, seed, exact_script=False):
        generator = Generator(style, seed)
        reports = generator.reports()
        sources = {report["id"]: Source(report["text"]) for report in reports}
        directory = self.enterContext(harness.temp_dir())
        index = harness.build_reports(directory, reports)
        corpus = oracle.Corpus([(report["id"], sources[report["id"]].text) for report in reports], exact_script)
        return generator, corpus, sources, index, [report["text"] for report in reports]

    def check_corpus(self, style, seed):
        generator, corpus, sources, index, texts = self.corpus(style, seed)
        where = "%s corpus of seed %d" % (style, seed)
        queries = generator.queries(texts, QUERIES, 30 if style == "few" else 12)

        differences = Differences(where + ", -F -c")
        lines = harness.batch_counts(index, queries, "-F")
        check_counts(differences, corpus, queries, lines)
        differences.check(self)

        sample = queries[:60]
        differences = Differences(where + ", -F --json")
        answers = harness.batch_json(index, sample, "-F", "-n", LIMIT, "--no-collapse")
        check_hits(differences, corpus, sources, sample, answers)
        differences.check(self)
        check_other_builds(self, where, index, ("--segment", "none"), queries, lines, sample, answers)

        words = [query for query in queries if bare(query)][:QUERIES // 10]
        differences = Differences(where + ", bare words")
        check_counts(differences, corpus, words, harness.batch_counts(index, words))
        differences.check(self)

        wanted = trees(generator, texts, QUERIES // 20)
        differences = Differences(where + ", boolean")
        for tree, line in zip(wanted, harness.batch_counts(index, list(map(str, wanted)))):
            compared["counts"] += 1
            expected = harness.count_line(tree.count(corpus))
            if line != expected:
                differences.add("query %r: product %r, oracle %r" % (str(tree), line, expected))
        differences.check(self)

    def test_exact_script(self):
        for style, seed in (("mixed", 7001), ("dirty", 7002), ("words", 7003), ("few", 7004)):
            with self.subTest(style=style, seed=seed):
                generator, corpus, sources, index, texts = self.corpus(style, seed, exact_script=True)
                queries = generator.queries(texts, QUERIES // 2)
                differences = Differences("%s corpus of seed %d, --exact-script" % (style, seed))
                lines = harness.batch_counts(index, queries, "-F", "--exact-script")
                check_counts(differences, corpus, queries, lines)
                sample = queries[:40]
                answers = harness.batch_json(index, sample, "-F", "--exact-script", "-n", LIMIT, "--no-collapse")
                check_hits(differences, corpus, sources, sample, answers)
                differences.check(self)

    def test_many_small_reports(self):
        """Counts over more passages than fit in a few blocks of postings."""
        draw = random.Random(8001)
        reports = [{"id": "s%06d" % n, "text": "".join(draw.choices("甲乙丙丁戊，", (9, 6, 3, 2, 1, 2), k=12))}
                   for n in range(12000)]
        with harness.temp_dir() as directory:
            index = harness.build_reports(directory, reports)
            corpus = oracle.Corpus((report["id"], report["text"]) for report in reports)
            queries = ["".join(draw.choices("甲乙丙丁戊", k=draw.randint(1, 6))) for _ in range(300)]
            differences = Differences("many small reports, seed 8001")
            check_counts(differences, corpus, queries, harness.batch_counts(index, queries, "-F"))
            differences.check(self)


def add_corpus_tests():
    for style, seed in CORPORA:
        def test(self, style=style, seed=seed):
            self.check_corpus(style, seed)
        setattr(OnePassageEach, "test_%s_%d" % (style, seed), test)


add_corpus_tests()


# ------------------------------------------------------------------------------------- default segmentation

FURNITURE = ["热搜:", "当前位置: 首页 > 政府信息公开目录", "分享:", "相关链接相关链接", "点击收起", "| | | |", "打印 关闭"]
NUMERALS = "一二三四五六七八九"


class Document(Generator):
    """Reports with headings, lists, long lines, furniture; no pinyin, no damage, no hard wrapping."""

    def sentence(self):
        draw = self.draw
        clauses = []
        for _ in range(draw.randint(1, 5)):
            clause = "".join(self.piece(draw.choices(("phrase", "han", "soft", "word", "beyond", "expanding"),
                                                     (20, 6, 2, 2, .2, .2))[0]) for _ in range(draw.randint(1, 9)))
            clauses.append(clause)
        return draw.choice("，，、：").join(clauses) + draw.choice("。。。。。！？；")

    def text(self):
        draw = self.draw
        one_line = draw.random() < .2
        lines = []
        if draw.random() < .3:
            lines += draw.sample(FURNITURE, 2)
        if draw.random() < .5:
            lines += ["", draw.choice(self.phrases) + "2025年" + draw.choice(self.phrases) + "报告", ""]
        for section in range(draw.randint(1, 4)):
            lines.append("%s、%s" % (NUMERALS[section], draw.choice(self.phrases)))
            for item in range(draw.randint(0, 3)):
                lines.append(draw.choice(("(%s)%s", "（%s）%s。")) % (NUMERALS[item], draw.choice(self.phrases)))
                for number in range(draw.randint(1, 3)):
                    begin = draw.choice(("", "%d.", "%d、", "%s是")) if draw.random() < .6 else ""
                    begin = begin % (number + 1 if "%d" in begin else NUMERALS[number]) if begin else ""
                    lines.append(begin + "".join(self.sentence() for _ in range(draw.randint(1, 12))))
        if draw.random() < .08:
            lines.append("".join(draw.choices(self.han, k=draw.randint(1150, 2600))) + "。")
        if draw.random() < .3:
            lines += ["", "", *draw.sample(FURNITURE, 1)]
        return (" " if one_line else "\n").join(lines)


def _to_list(cuts):
    out = []
    while cuts:
        cuts, at = cuts
        out.append(at)
    return out[::-1]


def beside_break(text, cut):
    """Is the nearest character on one side of the cut a BREAK that no word can hold? (None: end of text)"""
    for step, at in ((-1, cut - 1), (1, cut)):
        while 0 <= at < len(text):
            folded = oracle.fold(text[at])[0 if step > 0 else -1]
            cls = oracle.class_of(folded)
            if cls == oracle.BREAK and folded not in "_.,+%‰":
                return True
            if cls not in (oracle.SOFT, oracle.INVISIBLE):
                break
            at += step
        else:
            return True
    return False


def bad_cuts(text, cuts, longest_run=1200):
    """Boundaries that stand neither next to a BREAK unit nor at the end, nor in an over-long run."""
    cuts = [cut for cut in cuts if not beside_break(text, cut)]
    if not cuts:
        return []
    units = oracle.units(text)
    run_of, run = [], []
    for unit in units:
        if unit.kind == oracle.BREAK:
            run = []
            run_of.append(None)
        else:
            run.append(unit)
            run_of.append(run)
    bad, before = [], 0
    for cut in sorted(cuts):
        while before < len(units) and units[before].start < cut:
            before += 1
        if before in (0, len(units)):
            continue
        left, right = units[before - 1], units[before]
        inside = left.end > cut
        if not inside and oracle.BREAK in (left.kind, right.kind):
            continue
        run = run_of[before - 1]
        if run and run[-1].end - run[0].start > longest_run:
            continue
        bad.append((cut, text[max(0, cut - 12):cut] + "‸" + text[cut:cut + 12]))
    return bad


def check_doctor(differences, name, item, expected_text=None):
    """Passages and asides of one report make up its repaired text, cut where cutting is allowed."""
    text = item["repaired_text"]
    if expected_text is not None and text != expected_text:
        at = len(os.path.commonprefix([text, expected_text]))
        differences.add("%s: repaired text differs at %d: %r, expected %r" % (
            name, at, text[max(0, at - 10):at + 20], expected_text[max(0, at - 10):at + 20]))
    ranges = sorted(tuple(piece) for part in item["passages"] + item["asides"] for piece in part["pieces"])
    ends = [0] + [end for _, end in ranges]
    if [start for start, _ in ranges] != ends[:-1] or ends[-1] != len(text):
        differences.add("%s: passages and asides do not make up the repaired text (%d code points)" % (name, len(text)))
        return
    for part in item["passages"] + item["asides"]:
        if part["text"] != "".join(text[start:end] for start, end in part["pieces"]):
            differences.add("%s: a text is not that of its pieces: %r" % (name, part["text"][:60]))
        # Where pieces meet in a passage nothing may grow together.
        joint = 0
        for start, end in part["pieces"][:-1]:
            joint += end - start
            for _, around in bad_cuts(part["text"], [joint]):
                differences.add("%s: pieces grow together: %r" % (name, around))
    # Beside what is set aside a cut may also stand at white space.
    aside = {place for part in item["asides"] for piece in part["pieces"] for place in piece}
    cuts = [cut for cut in ends[1:-1]
            if not (cut in aside and (text[cut - 1] in oracle.WHITE_SPACE or text[cut] in oracle.WHITE_SPACE))]
    for _, around in bad_cuts(text, cuts):
        differences.add("%s: cut away from any breaking character: %r" % (name, around))


class DefaultSegmentation(unittest.TestCase):
    def check_corpus(self, seed):
        generator = Document("mixed", seed)
        generator.n_reports = 80
        reports = generator.reports()
        directory = self.enterContext(harness.temp_dir())
        index = harness.build_reports(directory, reports, "--segment", "auto")
        items = harness.doctor([os.path.join(directory, "reports.jsonl")])
        self.assertEqual(len(items), len(reports))
        where = "documents of seed %d" % seed

        differences = Differences(where + ", doctor")
        for report, item in zip(reports, items):
            cleaned = oracle.clean(report["text"])
            check_doctor(differences, report["id"], item, cleaned)
        differences.check(self)

        corpus = oracle.Corpus([(report["id"], passage["text"]) for report, item in zip(reports, items)
                                for passage in item["passages"]])
        self.assertGreater(len(corpus.passages), 2 * len(reports))
        texts = [text for _, text in corpus.passages if text]
        queries = generator.queries(texts, QUERIES)
        differences = Differences(where + ", -F -c")
        lines = harness.batch_counts(index, queries, "-F")
        check_counts(differences, corpus, queries, lines)
        differences.check(self)

        differences = Differences(where + ", -F --json")
        sample = queries[:60]
        answers = harness.batch_json(index, sample, "-F", "-n", LIMIT, "--no-collapse")
        check_other_builds(self, where, index, ("--segment", "auto"), queries, lines, sample, answers)
        sources = {report["id"]: report["text"].encode("utf-8") for report in reports}
        for query, (hits, _) in zip(sample, answers):
            if not oracle.searchable(query):
                continue
            compared["hits"] += 1
            found = sorted((hit["report"], hit["text"], sorted(map(tuple, hit["matches"]))) for hit in hits)
            wanted = sorted((*corpus.passages[n], sorted(matches)) for n, matches in corpus.matches(query).items())
            if [(*hit[:2], sorted(set(hit[2]))) for hit in found] != [
                    (*hit[:2], sorted(set(hit[2]))) for hit in wanted]:
                differences.add("query %r: hits %r, oracle %r" % (query, found[:3], wanted[:3]))
                continue
            for hit in hits:
                for (start, end), (first, last) in zip(hit["matches"], hit["match_sources"]):
                    compared["matches"] += 1
                    piece = sources[hit["report"]][first:last].decode("utf-8", "replace")
                    if oracle.clean(piece) != hit["text"][start:end]:
                        differences.add("query %r in %s: source bytes [%d,%d) %r, matched %r" % (
                            query, hit["report"], first, last, piece, hit["text"][start:end]))
        differences.check(self)

        wanted = trees(generator, texts, QUERIES // 20)
        differences = Differences(where + ", boolean")
        for tree, line in zip(wanted, harness.batch_counts(index, list(map(str, wanted)))):
            compared["counts"] += 1
            expected = harness.count_line(tree.count(corpus))
            if line != expected:
                differences.add("query %r: product %r, oracle %r" % (str(tree), line, expected))
        differences.check(self)

    def test_documents_9001(self):
        self.check_corpus(9001)

    def test_documents_9002(self):
        self.check_corpus(9002)


def setUpModule():
    harness.program("XUNJU_INDEX")
    harness.program("XUNJU_QUERY")
    oracle.fold("枫")
    print("queries for each corpus: %d; corpora: %s" % (
        QUERIES, " ".join("%s:%d" % corpus for corpus in CORPORA)), file=sys.stderr)


def tearDownModule():
    print("compared %(counts)d counts, %(hits)d hit lists, %(matches)d matches" % compared, file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
