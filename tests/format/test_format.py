"""docs/FORMAT.md against the programs: its examples, and every byte of real indexes read by a second reader.

Needs XUNJU_INDEX and XUNJU_QUERY. XUNJU_SEEDS names a folder of reports that are checked too.

    python3 tests/format/test_format.py --refresh     write the examples 14.4 to 14.6 of the document anew
"""

import collections
import itertools
import json
import os
import pathlib
import random
import re
import struct
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import oracle  # noqa: E402
import reader  # noqa: E402

SOURCE = pathlib.Path(os.environ.get("XUNJU_SOURCE") or pathlib.Path(__file__).resolve().parents[2])
DOCUMENT = SOURCE / "docs" / "FORMAT.md"
FLIPS = 600


def need_libraries():
    try:
        reader.libraries()
    except OSError as reason:
        raise unittest.SkipTest("the second reader needs libzstd and libxxhash: %s" % reason) from None


def read_bytes(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def files_of(index):
    """{name: bytes} of all files of an index."""
    return {name: read_bytes(index, name) for name in sorted(os.listdir(index))}


# ---------------------------------------------------------------------------------------- blocks of the document

BLOCK = "<!-- begin %s -->\n```\n%s```\n<!-- end %s -->"


def block(name):
    """Lines of an example of the document."""
    pattern = BLOCK % (name, "(.*?)", name)
    found = re.findall(pattern, DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) == 1, "the document has %d examples '%s'" % (len(found), name)
    return found[0].split("\n")[:-1]


def hex_of(data):
    return data.hex(" ").upper()


def first_hex(line):
    """The bytes that a line begins with: pairs of hex digits with one space between."""
    return bytes.fromhex(re.match(r"(?:[0-9A-F]{2} ?)*", line).group())


def dump(data):
    out = []
    for at in range(0, len(data), 16):
        row = data[at:at + 16]
        ascii_ = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        out.append("%06x  %-47s  %s" % (at, row.hex(" "), ascii_))
    return out


class Pieces:
    """A string of bytes taken apart into lines `offset  hex  meaning`."""

    def __init__(self, data):
        self.reader, self.lines = reader.Reader(data), []

    def _put(self, at, meaning):
        data = self.reader.data[at:self.reader.at]
        shown = hex_of(data) if len(data) <= 8 else hex_of(data[:7]) + " …"
        self.lines.append("%3d  %-23s  %s" % (at, shown, meaning))

    def varint(self, meaning):
        at = self.reader.at
        value = self.reader.varint()
        self._put(at, meaning(value) if callable(meaning) else "%s: %d" % (meaning, value))
        return value

    def take(self, n, meaning):
        at = self.reader.at
        value = self.reader.take(n)
        self._put(at, meaning(value) if callable(meaning) else meaning)
        return value


def quoted(data):
    return json.dumps(data.decode("utf-8"), ensure_ascii=False)


def text_pieces(data):
    p = Pieces(data)
    p.varint("length of record 0")
    p.take(p.varint("length of the text"), quoted)
    p.varint("source of the first code point")
    names = ("GAP", "LEN", "RESTORED", "CONJECTURE")
    position = 0
    for _ in range(p.varint("entries")):
        head = p.varint(lambda value: "step %d, %s" % (value >> 2, names[value & 3]))
        position += head >> 2
        if head & 3 < 2:
            p.varint(lambda value: "code point %d: %+d" % (position, reader.unzigzag(value)))
        else:
            p.varint(lambda value: "code point %d: %d of them" % (position, value))
    return p


def report_pieces(data):
    p = Pieces(data)
    p.varint("length of record 0")
    while p.reader.left():
        tag = p.varint("tag")
        n = p.varint("length")
        if tag in reader.TAGS:
            p.take(n, lambda value: "%s %s" % (reader.TAGS[tag], quoted(value)))
        elif tag == reader.TAG_ENCODING:
            p.take(n, lambda value: "encoding %s" % reader.ENCODINGS[value[0]])
        else:
            end = p.reader.at + n
            p.take(p.varint("length of the name"), quoted)
            p.take(end - p.reader.at, quoted)
    return p


def heading_pieces(data):
    p, number = Pieces(data), 0
    while p.reader.left():
        end = p.varint("length of record %d" % number) + p.reader.at
        while p.reader.at < end:
            p.take(p.varint("length of a heading"), quoted)
        number += 1
    return p


def term_lines(segment):
    out = []
    infos = segment.terms()
    ends = [info.postings_at for info in infos[1:]] + [len(segment.stream[reader.POSTINGS])]
    for ordinal, (info, end, (key, postings)) in enumerate(zip(infos, ends, segment.lists())):
        if isinstance(key, tuple):
            name = chr(key[0]) + (chr(key[1]) if key[1] else " single")
            key = struct.pack("<Q", key[0] << 32 | key[1])
        else:
            name = "%c %s" % (key[0], key[1:].decode("utf-8").replace("\x1f", " | "))
        codes = b"".join(posting[2] or b"" for posting in postings)
        out.append("%2d  %-38s  %-5s  %-5s  %s, tf %s%s" % (
            ordinal, hex_of(key), hex_of(segment.stream[reader.POSTINGS][info.postings_at:end]),
            hex_of(codes) or "-", name, " ".join(str(posting[1]) for posting in postings),
            "" if not codes else ", occurrences " + " ".join("%d+%d" % (c >> 4, c & 15) for c in codes)))
    return out


def build_example(directory):
    """Build the example of the document; return the index's directory."""
    with open(os.path.join(directory, "report.jsonl"), "w", encoding="utf-8", newline="\n") as out:
        out.write("".join(line + "\n" for line in block("report")))
    index = os.path.join(directory, "index")
    harness.xunju_index("build", "-q", "-o", index, "report.jsonl", cwd=directory)
    return index


def example_blocks(index):
    """What the examples 14.4 to 14.6 have to be."""
    name = reader.Manifest(read_bytes(index, "manifest")).segments[0].name
    data = read_bytes(index, name)
    segment = reader.Segment(data)
    sections = ["type  name                 kind    offset  length  checksums"]
    for type_ in segment.order:
        s = segment.sections[type_]
        sections.append("%4d  %-19s  %-6s  %6d  %6d  %s" % (
            type_, reader.SECTIONS[type_][0], ("RAW", "FRAMES")[s.kind], s.offset, s.length,
            s.checks_offset if s.kind == reader.RAW else "-"))
    stats = segment.sections[reader.STATS]
    records = []
    for type_, pieces in ((reader.TEXT, text_pieces), (reader.REPORT, report_pieces),
                          (reader.HEADING, heading_pieces)):
        frame, = segment.store[type_]
        records += ["", "%s, %d bytes raw:" % (reader.SECTIONS[type_][0], len(frame))] + pieces(frame).lines
    return {"manifest": dump(read_bytes(index, "manifest")), "sections": sections,
            "segment": dump(data[:stats.checks_offset + 8]), "records": records[1:], "terms": term_lines(segment)}


# Examples that hold compressed bytes, their sizes or checksums: another libzstd may make other ones.
ZSTD_MADE = {"manifest", "sections", "segment"}
ZSTD_LINE = re.compile(r"(?<=^The bytes below were made with libzstd )[0-9.]+(?=\.$)", re.MULTILINE)


def zstd_version():
    return re.search(r"zstd ([0-9.]+)", harness.xunju_index("--version").stdout.decode("utf-8")).group(1)


def refresh():
    text = DOCUMENT.read_text(encoding="utf-8")
    with harness.temp_dir() as directory:
        for name, lines in example_blocks(build_example(directory)).items():
            text, n = re.subn(BLOCK % (name, "(?:.*?)", name),
                              lambda _: BLOCK % (name, "".join(line + "\n" for line in lines), name), text,
                              flags=re.DOTALL)
            assert n == 1, "the document has %d examples '%s'" % (n, name)
    text, n = ZSTD_LINE.subn(zstd_version(), text)
    assert n == 1, "the document does not say which libzstd made its examples"
    DOCUMENT.write_text(text, encoding="utf-8")


class Document(unittest.TestCase):
    def test_varints(self):
        kinds = set()
        for line in block("varint"):
            kind, value, data = line.split(None, 2)
            kinds.add(kind)
            r = reader.Reader(bytes.fromhex(data))
            got = r.varint()
            self.assertEqual(0, r.left(), line)
            self.assertEqual(int(value), got if kind == "varint" else reader.unzigzag(got), line)
            self.assertEqual(bytes.fromhex(data),
                             reader.varint(int(value) if kind == "varint" else reader.zigzag(int(value))), line)
        self.assertEqual({"varint", "zigzag"}, kinds)
        for bad in ("80", "FF FF FF FF FF FF FF FF FF 02", "80 80 80 80 80 80 80 80 80 80 00"):
            with self.assertRaises(reader.Damaged, msg=bad):
                reader.Reader(bytes.fromhex(bad)).varint()

    def test_block_of_postings(self):
        lines = block("postings")
        data = b"".join(map(first_hex, lines))
        r = reader.Reader(data)
        postings = reader.read_block(r, 3, -1)
        self.assertEqual(0, r.left())
        self.assertEqual([(3, 1), (7, 2), (300, 1)], postings)
        self.assertEqual([passage for passage, _ in postings], [int(line.split()[-1]) for line in lines])

    def test_block_of_postings_is_what_the_program_writes(self):
        need_libraries()
        texts = ["县区"] * 302
        texts[3], texts[300], texts[7] = "县枫桥", "枫桥", "枫桥，枫桥"
        with harness.temp_dir() as directory:
            index = harness.build_reports(directory, [{"id": "%03d" % i, "text": t} for i, t in enumerate(texts)])
            segment, = reader.Index(index).segments
        keys = segment.keys()
        info = segment.terms()[keys.index((ord(oracle_product_fold(keys, "枫桥")[0]),
                                           ord(oracle_product_fold(keys, "枫桥")[1])))]
        data = b"".join(map(first_hex, block("postings")))
        self.assertEqual(data, segment.stream[reader.POSTINGS][info.postings_at:info.postings_at + len(data)])
        self.assertEqual((3, 4), (info.df, info.cf))

    def test_source_map(self):
        data = b"".join(map(first_hex, block("sourcemap")))
        encoding = reader.ENCODINGS.index("GB18030")
        r = reader.Reader(data)
        beg, end, mark = reader.read_source_map(r, encoding, "枫桥经验")
        self.assertEqual(0, r.left())
        self.assertEqual(([100, 104, 106, 108], [102, 106, 108, 109]), (beg, end))
        self.assertEqual([reader.READ] * 3 + [reader.RESTORED], mark)
        self.assertEqual(data, reader.write_source_map(encoding, "枫桥经验", beg, end, mark))
        text = DOCUMENT.read_text(encoding="utf-8")
        source = bytes.fromhex(re.search(r"at byte 100 the bytes `([0-9A-F ]+)`", text).group(1))
        for i, char in enumerate("枫桥经"):
            self.assertEqual(char, source[beg[i] - 100:end[i] - 100].decode("gb18030"))
            self.assertIn("| %s | [%d, %d) | read |" % (char, beg[i], end[i]), text)
        self.assertEqual("验".encode("gb18030")[:1], source[8:9])
        self.assertIn("| 验 | [%d, %d) | restored |" % (beg[3], end[3]), text)

    def test_index_of_the_example(self):
        need_libraries()
        made = ZSTD_LINE.search(DOCUMENT.read_text(encoding="utf-8")).group()
        with harness.temp_dir() as directory:
            index = build_example(directory)
            reader.Index(index).verify()
            for name, lines in example_blocks(index).items():
                if name in ZSTD_MADE and made != zstd_version():
                    continue  # compressed anew, the same data has other bytes
                self.assertEqual(block(name), lines, "example '%s': the format or the analyser's tables changed? Then "
                                 "refresh it (section 14 of docs/FORMAT.md)" % name)

    def test_dumps_hold_what_the_document_says(self):
        """The dumps of the document are an index by themselves, as far as they go."""
        need_libraries()
        manifest, start = (b"".join(bytes.fromhex(line[8:55]) for line in block(name))
                           for name in ("manifest", "segment"))
        named, = reader.Manifest(manifest).segments
        self.assertEqual("seg-1-0.xjs", named.name)
        self.assertEqual(struct.pack("<Q", named.header_sum), start[56:64])
        self.assertEqual(reader.libraries().checksum(start[:56], 0), named.header_sum)
        rows = {row[1]: row for row in (re.split(r"  +", line.strip()) for line in block("sections"))}
        self.assertEqual(len(reader.SECTIONS), len(rows) - 1)
        offset, length = int(rows["text frames"][3]), int(rows["text frames"][4])
        packed = start[offset:offset + length]
        raw = reader.libraries().zstd.ZSTD_getFrameContentSize(packed, len(packed))
        record = reader.Reader(reader.libraries().decompress(packed, raw))
        text = reader.read_text(record.take(record.varint()), 0)
        report = json.loads(block("report")[0])
        self.assertEqual(report["text"].replace("\u200b", "").replace("\r\n", "\n"), text.text)
        source = report["text"].encode("utf-8")
        for char, beg, end in zip(text.text, text.beg, text.end):
            self.assertEqual("\r\n" if char == "\n" else char, source[beg:end].decode("utf-8"))


def oracle_product_fold(keys, text):
    """Text folded as the product folds it: the same classes as the oracle's, perhaps other representatives."""
    members = {oracle.fold(chr(code)): chr(code) for key in keys if isinstance(key, tuple) for code in key if code}
    return "".join(members[oracle.fold(char)] for char in text)


# ----------------------------------------------------------------------------------------- indexes read as a whole

def nibble(n):
    return min(n, 15)


def tokens_of(units):
    """[(key, adjacency code or None)] of the units of a passage but for stems; the oracle's folding."""
    seen, occurrence = {}, []
    for unit in units:
        occurrence.append(seen.get((unit.kind, unit.text), 0))
        seen[unit.kind, unit.text] = occurrence[-1] + 1
    out = []
    for i, unit in enumerate(units):
        if unit.kind == oracle.BREAK:
            continue
        if unit.kind == oracle.WORD:
            out.append(("w" + unit.text, None))
        after = units[i + 1] if i + 1 < len(units) else None
        if after is None or after.kind == oracle.BREAK:
            if unit.kind == oracle.CHAR:
                out.append(((unit.text, ""), None))
            continue
        code = nibble(occurrence[i]) << 4 | nibble(occurrence[i + 1])
        if unit.kind == after.kind == oracle.CHAR:
            out.append(((unit.text, after.text), code))
        else:
            out.append(("p%s\x1f%s" % (unit.text, after.text), code))
    return out


def oracle_key(key):
    """A key of the segment as tokens_of names it."""
    if isinstance(key, tuple):
        return tuple(oracle.fold(chr(code)) if code else "" for code in key)
    return chr(key[0]) + "".join(char if char == "\x1f" else oracle.fold(char) for char in key[1:].decode("utf-8"))


STEMMED = re.compile(r"w[a-z]{3,}\Z")


class Indexes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need_libraries()
        cls.directory = cls.enterClassContext(harness.temp_dir())
        cls.corpus = harness.build(os.path.join(cls.directory, "corpus"), [SOURCE / "corpus" / "reports"], "-q")

    def check_terms(self, segment):
        """Every list is what a naive inversion of the stored texts gives."""
        expected = {}
        passages = segment.passages()
        for number, text in enumerate(segment.texts()):
            units = oracle.units(text.text)
            self.assertEqual(sum(unit.kind != oracle.BREAK for unit in units), passages[number].length)
            for key, code in tokens_of(units):
                expected.setdefault(key, {}).setdefault(number, []).append(code)
        stems, stemmed = {}, {}
        n = 0
        for key, postings in segment.lists():
            key = oracle_key(key)
            found = {passage: tf if codes is None else list(codes) for passage, tf, codes in postings}
            if key[0] == "s":
                self.assertRegex(key, r"\As[a-z]+\Z")
                for passage, tf in found.items():
                    stems[passage] = stems.get(passage, 0) + tf
                continue
            want = expected.get(key)
            self.assertIsNotNone(want, key)
            if not isinstance(next(iter(want.values()))[0], int):
                want = {passage: len(codes) for passage, codes in want.items()}
            self.assertEqual(want, found, key)
            if isinstance(key, str) and STEMMED.match(key):
                for passage, tf in found.items():
                    stemmed[passage] = stemmed.get(passage, 0) + tf
            n += 1
        self.assertEqual(len(expected), n)
        self.assertEqual(stemmed, stems, "every word of letters has one stem")

    def check_index(self, directory):
        index = reader.Index(directory)
        index.verify()
        for segment in index.segments:
            self.check_terms(segment)
            metas, rows = segment.metas(), segment.passages()
            for row, record in zip(rows, segment.records(reader.TEXT, reader.TEXT_INDEX)):
                encoding = metas[row.report]["encoding"]
                self.assertEqual(record, reader.write_text(reader.read_text(record, encoding), encoding))
        return index

    def check_answers(self, directory):
        """What xunju-query prints of every passage that can be found is what the second reader reads."""
        known, units = {}, {}
        for segment in reader.Index(directory).segments:
            metas, reports, headings = segment.metas(), segment.reports(), segment.headings()
            for number, (row, text) in enumerate(zip(segment.passages(), segment.texts())):
                report = reports[row.report]
                place = metas[row.report]["id"].decode("utf-8"), number - report.first_passage
                known[place] = metas[row.report], report, headings[row.section], text
                units[place] = {unit.text for unit in oracle.units(text.text) if unit.kind != oracle.BREAK}
        missing = {place for place, found in units.items() if found}
        queries = collections.Counter(text for found in units.values() for text in found)
        while missing:
            query = max(units[min(missing)], key=lambda text: (queries[text], text))
            found = harness.hits(directory, query, "-F", "-n", "1000000", "--no-collapse")
            self.assertEqual({place for place in units if query in units[place]},
                             {(hit["report"], hit["passage"]) for hit in found}, query)
            for hit in found:
                self.check_hit(hit, *known[hit["report"], hit["passage"]])
                missing.discard((hit["report"], hit["passage"]))

    def check_hit(self, hit, meta, report, headings, text):
        place = hit["report"], hit["passage"]
        for field in ("path", "title", "agency", "date", "number"):
            self.assertEqual(meta[field] and meta[field].decode("utf-8"), hit[field], (place, field))
        self.assertEqual(reader.ENCODINGS[meta["encoding"]], hit["encoding"], place)
        self.assertEqual({name.decode("utf-8"): json.loads(value) if number else value.decode("utf-8")
                          for name, value, number in meta["fields"]}, hit["fields"], place)
        self.assertEqual(report.year or None, hit["year"], place)
        self.assertEqual(headings, hit["section"], place)
        self.assertEqual(text.text, hit["text"], place)
        self.assertEqual([min(text.beg), max(text.end)], hit["source"], place)
        self.assertEqual([[min(text.beg[a:b]), max(text.end[a:b])] for a, b in hit["matches"]],
                         hit["match_sources"], place)
        for name, mark in (("restored", reader.RESTORED), ("conjectures", reader.CONJECTURE)):
            self.assertEqual(runs_of(text.mark, mark), hit[name], (place, name))

    def check_sources(self, directory, folder):
        """The source bytes of a code point that was read are that code point."""
        codecs = {"GB18030": "gb18030", "Big5": "big5hkscs", "UTF-16LE": "utf-16-le", "UTF-16BE": "utf-16-be",
                  "UTF-8": "utf-8"}
        checked = files = 0
        for segment in reader.Index(directory).segments:
            metas = segment.metas()
            sources = [None if meta["path"].endswith(b".jsonl") else read_bytes(folder, meta["path"].decode("utf-8"))
                       for meta in metas]
            files += sum(source is not None for source in sources)
            for row, text in zip(segment.passages(), segment.texts()):
                source, codec = sources[row.report], codecs[reader.ENCODINGS[metas[row.report]["encoding"]]]
                if source is None:
                    continue
                for char, beg, end, mark in zip(*text):
                    self.assertLessEqual(end, len(source))
                    piece = source[beg:end].decode(codec, "replace")
                    if mark == reader.READ and char not in " \n":  # white space may stand for a line break
                        self.assertEqual(char, piece, (metas[row.report]["path"], beg, end))
                        checked += 1
            known_input = sum(len(source) for source in sources if source is not None)
            self.assertLessEqual(known_input, segment.stats.input_bytes)
            if None not in sources:
                self.assertEqual(known_input, segment.stats.input_bytes)
        return checked, files

    def test_corpus(self):
        index = self.check_index(self.corpus)
        segment, = index.segments
        self.assertGreater(len(segment.stream[reader.POSTINGS]), reader.PAGE)
        self.assertGreater(len(segment.store[reader.TEXT]), 1)
        marks = {mark for text in segment.texts() for mark in text.mark}
        self.assertIn(reader.RESTORED, marks)
        self.assertGreater(len({meta["encoding"] for meta in segment.metas()}), 3)

    def test_corpus_answers(self):
        self.check_answers(self.corpus)

    def test_corpus_sources(self):
        checked, files = self.check_sources(self.corpus, SOURCE / "corpus" / "reports")
        self.assertGreater(checked, 10000)
        self.assertGreater(files, 20)

    def test_seeds(self):
        folder = os.environ.get("XUNJU_SEEDS")
        if not folder:
            raise unittest.SkipTest("XUNJU_SEEDS is not set")
        index = harness.build(os.path.join(self.directory, "seeds"), [folder], "-q")
        self.check_index(index)
        self.check_sources(index, folder)
        self.check_answers(index)

    def test_small_things(self):
        """Fields, ranks, saturated codes, long words, empty reports."""
        many = "甲乙" * 40 + "led 2024 " * 20 + "甲甲甲"
        reports = [{"id": "b/2", "text": many, "title": "题", "agency": "司法局", "date": "2024-05-06",
                    "path": "x/y.txt", "文号": "甲〔2024〕1号", "n": 7, "half": -0.5, "large": 1e300, "empty": "",
                    "list": [1]}, {"id": "b", "text": ""}, {"id": "a\u00ff", "text": "枫桥"},
                   {"id": "b/10", "text": "𠮷野家 " + "x" * 200},
                   {"id": "a", "text": "communities running ran ok RUNNING"}, {"id": "B", "text": "，。"}]
        directory = os.path.join(self.directory, "small")
        index = harness.build_reports(directory, reports)
        self.check_index(index)
        segment, = reader.Index(index).segments
        self.assertEqual([r["id"] for r in reports], [meta["id"].decode("utf-8") for meta in segment.metas()])
        ids = sorted(r["id"].encode("utf-8") for r in reports)
        self.assertEqual([ids.index(r["id"].encode("utf-8")) for r in reports],
                         [row.id_rank for row in segment.reports()])
        self.assertEqual({"文号": "甲〔2024〕1号", "n": 7, "half": -0.5, "large": 1e300, "empty": ""},
                         {name.decode(): json.loads(value) if number else value.decode()
                          for name, value, number in segment.metas()[0]["fields"]})
        self.assertEqual(sum(len(r["text"].encode("utf-8")) for r in reports), segment.stats.input_bytes)
        self.assertIn(b"scommuniti", segment.keys())
        self.assertIn(b"srun", segment.keys())
        self.assertNotIn(b"sok", segment.keys())
        codes = {code for _, postings in segment.lists() for posting in postings for code in posting[2] or b""}
        self.assertIn(0xFF, codes)
        self.check_answers(index)

    def test_many_segments(self):
        """Lists of many blocks, streams of many pages, more than one segment."""
        rng = random.Random(9301)
        common = oracle.common_han()[:90]
        words = ["led", "5g", "2024", "1,300", "wi", "fi"]
        reports = []
        for number in range(1300):
            text = []
            while len(text) < 1000:
                kind = rng.random()
                text.append("，" if kind < .05 else "。" if kind < .08 else " %s " % rng.choice(words) if kind < .12
                            else rng.choice(common))
            reports.append({"id": "%04d" % rng.choice(range(10)) + "-%d" % number, "text": "".join(text)})
        directory = os.path.join(self.directory, "many")
        index = harness.build_reports(directory, reports, "--memory", "32M", "--threads", 1, "-q")
        self.check_index(index)
        segments = reader.Index(index).segments
        self.assertGreater(len(segments), 1)
        self.assertEqual(len(reports), sum(segment.stats.reports for segment in segments))
        self.assertGreater(max(term.df for term in segments[0].terms()), 3 * reader.BLOCK)
        again = harness.build_reports(directory + "-again", reports, "--memory", "32M", "--threads", 3, "-q")
        self.assertEqual(files_of(index), files_of(again))

    def test_empty_index(self):
        with harness.temp_dir() as directory:
            index = os.path.join(directory, "index")
            harness.xunju_index("build", "-q", "-o", index, "-", input=b"")
            self.assertEqual([], reader.Index(index).segments)
            self.assertEqual(44, len(read_bytes(index, "manifest")))
            harness.xunju_index("check", index)

    def test_same_input_same_bytes(self):
        expected = files_of(self.corpus)
        self.assertEqual(b"", expected["lock"])
        for name, *options in (("again",), ("one", "--threads", 1), ("three", "--threads", 3)):
            index = harness.build(os.path.join(self.directory, name), [SOURCE / "corpus" / "reports"], "-q", *options)
            self.assertEqual(expected, files_of(index), name)

    def test_replaced_index(self):
        with harness.temp_dir() as directory:
            index = harness.build_reports(directory, [{"id": "a", "text": "枫桥"}])
            before = files_of(index)
            harness.xunju_index("build", "-q", "--force", "-o", index, "-", input='{"id":"a","text":"枫桥"}\n')
            after = reader.Index(index)
            self.assertEqual(2, after.manifest.generation)
            self.assertEqual(["seg-2-0.xjs"], [named.name for named in after.manifest.segments])
            self.assertEqual(["lock", "manifest", "seg-2-0.xjs"], sorted(files_of(index)))
            self.assertEqual(["lock", "manifest", "seg-1-0.xjs"], sorted(before))


def runs_of(marks, mark):
    """[[start, end)] of the runs of one mark."""
    out, at = [], 0
    for value, group in itertools.groupby(marks):
        n = len(list(group))
        if value == mark:
            out.append([at, at + n])
        at += n
    return out


# ------------------------------------------------------------------------------------------------- damage

class Damage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need_libraries()
        cls.directory = cls.enterClassContext(harness.temp_dir())
        # Long enough for two blocks, so that no section is empty.
        reports = [{"id": "%03d" % i, "text": "枫桥经验led。第%d条" % i, "n": i} for i in range(130)]
        cls.index = harness.build_reports(cls.directory, reports)
        cls.manifest = read_bytes(cls.index, "manifest")
        cls.name = reader.Manifest(cls.manifest).segments[0].name
        cls.data = read_bytes(cls.index, cls.name)
        cls.segment = reader.Segment(cls.data)
        assert all(section.length > 0 for section in cls.segment.sections.values())

    def tearDown(self):
        self.put(self.manifest, self.data)

    def put(self, manifest, data):
        for name, content in (("manifest", manifest), (self.name, data)):
            with open(os.path.join(self.index, name), "wb") as file:
                file.write(content)

    def both(self, manifest, data, expected, says, what):
        """The program and the second reader judge alike. expected: the reader's exception."""
        self.put(manifest, data)
        done = harness.xunju_index("check", self.index, status=3)
        printed = (done.stdout + done.stderr).decode("utf-8")
        self.assertIn(says, printed, what)
        own = reader.Manifest(self.manifest).fingerprint
        with self.assertRaises(expected, msg=what):
            named = reader.Manifest(manifest, own).segments
            reader.Segment(data, named[0].size, named[0].header_sum, own).verify()

    def regions(self):
        """(name, first, end) of all parts of the segment file."""
        out = [("header", 0, 64), ("table", self.segment.table_at, len(self.data))]
        for s in self.segment.sections.values():
            name = reader.SECTIONS[s.type][0]
            end = reader.padded(s.offset + s.length)
            out.append((name, s.offset, s.offset + s.length))
            if end > s.offset + s.length:
                out.append(("padding of " + name, s.offset + s.length, end))
            if s.kind == reader.RAW:
                out.append(("checksums of " + name, end, end + -(-s.length // reader.CHUNK) * 8))
        return out

    def flipped(self, data, at, bit):
        out = bytearray(data)
        out[at] ^= 1 << bit
        return bytes(out)

    def test_regions_are_the_file(self):
        at = 0
        for name, first, end in sorted(self.regions(), key=lambda region: region[1:]):
            self.assertEqual(at, first, name)
            at = end
        self.assertEqual(len(self.data), at)

    def test_flipped_bits_of_a_segment(self):
        rng = random.Random(9302)
        places = set()
        for name, first, end in self.regions():
            everything = name == "header" or name.startswith("padding")
            places |= {first, end - 1} | set(range(first, end) if everything else
                                             rng.sample(range(first, end), min(8, end - first)))
        rest = sorted(set(range(len(self.data))) - places)
        places |= set(rng.sample(rest, max(0, FLIPS - len(places))))
        self.assertGreaterEqual(len(places), FLIPS)
        padding = set()
        for at in sorted(places):
            self.put(self.manifest, self.flipped(self.data, at, rng.randrange(8)))
            done = harness.xunju_index("check", self.index, status=None)
            self.assertEqual(3, done.returncode, "byte %d" % at)
            padding.add(b"padding" in done.stdout + done.stderr)
        self.assertEqual({False, True}, padding)

    def test_flipped_bits_of_a_segment_for_the_second_reader(self):
        with harness.temp_dir() as directory:
            index = build_example(directory)
            named, = reader.Manifest(read_bytes(index, "manifest")).segments
            data = read_bytes(index, named.name)
        for at in range(len(data)):
            with self.assertRaises((reader.Damaged, reader.NotAnIndex), msg="byte %d" % at):
                reader.Segment(self.flipped(data, at, at % 8), named.size, named.header_sum)

    def test_flipped_bits_of_the_manifest(self):
        for at in range(len(self.manifest)):
            self.both(self.flipped(self.manifest, at, at % 8), self.data,
                      reader.NotAnIndex if at < 8 else reader.Damaged,
                      "not one of a xunju index" if at < 8 else "damaged", "byte %d" % at)

    def test_lengths(self):
        for data in (self.data[:-1], self.data + b"\0", self.data[:63], b""):
            self.both(self.manifest, data, reader.Damaged, "the manifest says", "%d bytes" % len(data))
        self.both(self.manifest[:-1], self.data, reader.Damaged, "damaged", "manifest cut short")
        self.both(self.manifest + b"\0", self.data, reader.Damaged, "damaged", "manifest with a byte more")
        self.both(self.manifest[:43], self.data, reader.NotAnIndex, "not one of a xunju index", "short manifest")

    def test_missing_segment(self):
        os.rename(os.path.join(self.index, self.name), os.path.join(self.index, "seg-9-9.xjs"))
        try:
            done = harness.xunju_index("check", self.index, status=3)
            self.assertIn("is missing", done.stderr.decode("utf-8"))
            with self.assertRaises(reader.Damaged):
                reader.Index(self.index)
        finally:
            os.rename(os.path.join(self.index, "seg-9-9.xjs"), os.path.join(self.index, self.name))

    # ---- sound checksums over other contents: what is newer, what is damaged

    def sealed_manifest(self, changes, data=None):
        """The manifest with bytes changed ({offset: bytes}), naming the segment `data`, with a right checksum."""
        out = bytearray(self.manifest[:-8])
        if data is not None:
            struct.pack_into("<Q", out, 36, len(data))
            out[44:52] = data[56:64]
        for at, value in changes.items():
            out[at:at + len(value)] = value
        return bytes(out) + struct.pack("<Q", reader.libraries().checksum(out, 2))

    def sealed_segment(self, changes, table={}):
        """The segment with bytes of the header and of the table changed and right checksums."""
        out = bytearray(self.data)
        for at, value in table.items():
            at += self.segment.table_at
            out[at:at + len(value)] = value
        struct.pack_into("<Q", out, 40, reader.libraries().checksum(out[self.segment.table_at:], 1))
        for at, value in changes.items():
            out[at:at + len(value)] = value
        struct.pack_into("<Q", out, 56, reader.libraries().checksum(out[:56], 0))
        return bytes(out)

    def test_newer_manifest(self):
        for what, at, value, says in (("version", 8, b"\1", "format version 1"), ("reserved", 11, b"\1", "version"),
                                      ("flag", 12, b"\1", "version"), ("flag", 15, b"\x80", "version"),
                                      ("analyser", 24, b"\0" * 8, "other text rules")):
            self.both(self.sealed_manifest({at: value}), self.data, reader.Newer, says, what)

    def test_manifest_that_makes_no_sense(self):
        for what, at, value in (("count", 32, b"\2"), ("no segment", 32, b"\0"), ("count", 32, b"\xff" * 4),
                                ("length of the name", 52, b"\x0c"), ("length of the name", 52, b"\x0a"),
                                ("long name", 52, b"\x40"), ("name", 53, b"Seg"), ("name", 57, b"/"),
                                ("name", 57, b"\0")):
            self.both(self.sealed_manifest({at: value}), self.data, reader.Damaged, "damaged", what)

    def test_newer_segment(self):
        for what, at, value, says in (("version", 8, b"\1", "format version 1"), ("reserved", 10, b"\1", "version"),
                                      ("flag", 12, b"\1", "version"), ("analyser", 16, b"\0" * 8, "other text rules")):
            data = self.sealed_segment({at: value})
            self.both(self.sealed_manifest({}, data), data, reader.Newer, says, what)

    def test_header_that_makes_no_sense(self):
        size = len(self.data)
        for what, at, value in (("size", 24, struct.pack("<Q", size + 40)), ("table", 32, struct.pack("<Q", size - 40)),
                                ("table", 32, b"\xff" * 8), ("sections", 48, b"\x14"), ("sections", 48, b"\x41"),
                                ("reserved", 52, b"\1")):
            data = self.sealed_segment({at: value})
            self.both(self.sealed_manifest({}, data), data, reader.Damaged, "damaged", what)

    def test_magic_of_a_segment(self):
        data = self.sealed_segment({0: b"\x88"})
        self.both(self.sealed_manifest({}, data), data, reader.NotAnIndex, "not a segment", "magic")

    def test_section_table_that_makes_no_sense(self):
        raw = self.segment.order.index(reader.STATS) * 40
        for what, at, value in (("type 0", 0, b"\0"), ("type 22", 0, b"\x16"), ("twice", 0, b"\3"), ("kind", 4, b"\0"),
                                ("kind", 4, b"\2"), ("offset", 8, b"\x48"), ("length", 16, b"\xff" * 8),
                                ("length", 16, struct.pack("<Q", self.segment.table_at)),
                                ("checksum list", raw + 24, struct.pack("<Q", 64)),
                                ("checksum of the list", raw + 32, b"\0" * 8)):
            data = self.sealed_segment({}, {at: value})
            self.both(self.sealed_manifest({}, data), data, reader.Damaged, "damaged", what)

    def with_section(self, type_, at, value):
        """The segment with bytes of a RAW section changed and all checksums right."""
        s = self.segment.sections[type_]
        out = bytearray(self.data)
        out[s.offset + at:s.offset + at + len(value)] = value
        content = bytes(out[s.offset:s.offset + s.length])
        sums = b"".join(struct.pack("<Q", reader.libraries().checksum(content[i:i + reader.CHUNK],
                                                                      reader.place(type_, i // reader.CHUNK)))
                        for i in range(0, s.length, reader.CHUNK))
        out[s.checks_offset:s.checks_offset + len(sums)] = sums
        entry = self.segment.table_at + 40 * self.segment.order.index(type_)
        struct.pack_into("<Q", out, entry + 32, reader.libraries().checksum(sums, reader.place(type_, reader.U32_MAX)))
        struct.pack_into("<Q", out, 40, reader.libraries().checksum(out[self.segment.table_at:], 1))
        struct.pack_into("<Q", out, 56, reader.libraries().checksum(out[:56], 0))
        return bytes(out)

    def test_contents_that_make_no_sense(self):
        """Sound bytes that no writer makes are damage to `xunju-index check` and to the second reader."""
        u32, u64 = struct.Struct("<I").pack, struct.Struct("<Q").pack
        long_list = next(i for i, term in enumerate(self.segment.terms()) if term.df > reader.BLOCK)
        for what, type_, at, value in (
                ("reports", reader.STATS, 0, u64(131)), ("units", reader.STATS, 40, u64(1)),
                ("postings", reader.STATS, 48, u64(1)), ("occurrences", reader.STATS, 56, u64(1)),
                ("frame offset", reader.TEXT_DIR, 0, u64(1)), ("frame size", reader.TEXT_DIR, 8, u32(1 << 30)),
                ("raw size", reader.TEXT_DIR, 12, u32(1)), ("raw size", reader.TEXT_DIR, 12, u32((512 << 20) + 1)),
                ("frame checksum", reader.HEADING_DIR, 16, u64(1)), ("page size", reader.POSTINGS_DIR, 12, u32(4097)),
                ("record frame", reader.TEXT_INDEX, 0, u32(1000)),
                ("record offset", reader.TEXT_INDEX, 4, u32(1 << 20)),
                ("pair order", reader.PAIRS, 0, b"\xff" * 8), ("word offset", reader.WORD_OFFSETS, 4, u32(0)),
                ("word order", reader.WORD_BYTES, 0, b"\xff"), ("list place", reader.TERMS, 28, u64(0)),
                ("df 0", reader.TERMS, 16, u32(0)), ("df", reader.TERMS, 16, u32(131)),
                ("cf", reader.TERMS, 20, u32(99)),
                ("first block", reader.TERMS, 28 * long_list + 24, u32(1)),
                ("last passage", reader.BLOCKS, 0, u32(126)), ("block place", reader.BLOCKS, 20 + 4, u64(1 << 40)),
                ("report of a passage", reader.PASSAGES, 0, u32(1)), ("no such report", reader.PASSAGES, 0, u32(130)),
                ("section", reader.PASSAGES, 4, u32(1 << 20)), ("length", reader.PASSAGES, 8, u32(1)),
                ("first passage", reader.REPORTS, 0, u32(1)), ("passages", reader.REPORTS, 4, u32(2)),
                ("rank", reader.REPORTS, 8, u32(1)), ("rank", reader.REPORTS, 8, u32(130))):
            data = self.with_section(type_, at, value)
            with self.subTest(what):
                self.both(self.sealed_manifest({}, data), data, reader.Damaged, "damaged", what)


if __name__ == "__main__":
    if sys.argv[1:] == ["--refresh"]:
        refresh()
    else:
        unittest.main()
