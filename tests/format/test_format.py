"""docs/FORMAT.md against the programs: its examples, and every byte of real indexes read by a second reader.

Needs XUNJU_INDEX and XUNJU_QUERY. XUNJU_SEEDS names a folder of reports that are checked too.

    python3 tests/format/test_format.py --refresh     write the examples 14.5 to 14.7 of the document anew
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


def as_json(text):
    return json.dumps(text, ensure_ascii=False)


def quoted(data):
    return as_json(data.decode("utf-8"))


def table_pieces(data, characters):
    p = Pieces(data)
    n = p.varint("ranks")
    p.take(sum(len(reader.varint(ord(char))) for char in characters), lambda _: "characters " + as_json(characters))
    assert n == len(characters)
    length = p.varint("length of the dictionary")
    if length:
        p.take(length, "dictionary")
    return p


def text_pieces(data, characters):
    p = Pieces(data)
    p.varint("length of record 0")
    p.take(p.varint("length of the characters"), lambda codes: as_json(reader.read_characters(codes, characters)))
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


def key_name(key):
    if isinstance(key, bytes):
        return "%c %s" % (key[0], key[1:].decode("utf-8").replace("\x1f", " | "))
    second = key & 0xFFFF
    return chr(key >> 16) + {reader.SINGLE: " single", reader.CHARACTER_LIST: " list"}.get(second, chr(second))


def dictionary_lines(segment):
    """Every byte of the dictionary, postings and adjacency pages, with what it says."""
    out, names = [], ("pairs", "strings", "context pairs", "context strings")
    walker = reader.Lists(segment)
    lists = walker.walk()
    for dictionary, name in enumerate(names):
        for entry, terms in segment.dictionary_pages(dictionary):
            key = entry.key if isinstance(entry.key, bytes) else entry.key.to_bytes(4, "big")
            out += ["", "%s, %d bytes raw; index: key %s, ordinal %d, cursors %d %d %d %d %d" % (
                name, terms[-1].end, hex_of(key), entry.ordinal, *entry.cursors)]
            page = segment.pages[reader.DICTIONARY][sum(len(segment.index(d)) for d in range(dictionary))]
            for term in terms:
                _, _, postings = next(lists)
                says = "inline" if term.passage is not None else "df %d, cf %d, at %d %d" % (
                    term.df, term.cf, *walker.began[1:3])
                says += ": " + ", ".join("%s %d tf %d" % ("passage section".split()[dictionary // 2], place, tf)
                                         + (" codes " + " ".join("%d-%d" % code for code in codes) if codes else "")
                                         for place, tf, codes in postings)
                out.append("%3d  %-44s  %-12s  %s" % (term.begin, hex_of(page[term.begin:term.end]), key_name(term.key),
                                                      says))
    assert next(lists, None) is None
    for type_ in (reader.POSTINGS, reader.ADJACENCY):
        for number, raw in enumerate(segment.pages[type_]):
            out += ["", "%s, page %d, %d bytes raw:" % (reader.SECTIONS[type_][0], number, len(raw)),
                    "  0  " + hex_of(raw)]
    return out[1:]


def build_example(directory):
    """Build the example of the document; return the index's directory."""
    with open(os.path.join(directory, "report.jsonl"), "w", encoding="utf-8", newline="\n") as out:
        out.write("".join(line + "\n" for line in block("report")))
    index = os.path.join(directory, "index")
    harness.xunju_index("build", "-q", "-o", index, "report.jsonl", cwd=directory)
    return index


def example_blocks(index):
    """What the examples 14.5 to 14.7 have to be."""
    name = reader.Manifest(read_bytes(index, "manifest")).segments[0].name
    data = read_bytes(index, name)
    segment = reader.Segment(data)
    sections = ["type  name                       kind    offset  length  checksums"]
    for type_ in segment.order:
        s = segment.sections[type_]
        sections.append("%4d  %-25s  %-6s  %6d  %6d  %s" % (
            type_, reader.SECTIONS[type_][0], ("RAW", "FRAMES")[s.kind], s.offset, s.length,
            s.checks_offset if s.kind == reader.RAW else "-"))
    stats = segment.sections[reader.STATS]
    characters = segment.tables[0].characters
    records = []
    for type_, pieces in ((reader.TEXT, lambda frame: text_pieces(frame, characters)), (reader.REPORT, report_pieces),
                          (reader.HEADING, heading_pieces)):
        frame, = segment.store[type_]
        records += ["", "%s, %d bytes raw:" % (reader.SECTIONS[type_][0], len(frame))] + pieces(frame).lines
    table, = segment.raw_tables
    return {"manifest": dump(read_bytes(index, "manifest")), "sections": sections,
            "segment": dump(data[:stats.checks_offset + 8]), "records": records[1:],
            "table": table_pieces(table, characters).lines, "terms": dictionary_lines(segment)}


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

    def test_lengths(self):
        for line in block("lengths")[1:]:
            n, code, stands_for = line.split()
            self.assertEqual(int(code, 16), reader.length_code(int(n)), line)
            self.assertEqual(int(stands_for), reader.length_of(int(code, 16)), line)
        codes = [reader.length_code(n) for n in range(100000)]
        self.assertEqual(sorted(codes), codes)
        for n, code in enumerate(codes):
            self.assertEqual(code, reader.length_code(reader.length_of(code)))
            self.assertLessEqual(abs(reader.length_of(code) - n), n / 32)

    def example_of_postings(self):
        """Header part, noise part and [(passage, tf)] of the example."""
        lines = block("postings")
        middle = lines.index("noise part")
        header, noise = (b"".join(map(first_hex, part)) for part in (lines[1:middle], lines[middle + 1:]))
        tfs = {int(passage): tf for line in lines for passage, tf in re.findall(r"passage (\d+), tf (.*)", line)}
        extras = {int(passage): int(tf) for line in lines for tf, passage in re.findall(r"tf (\d+) in passage (\d+)", line)}
        self.assertEqual([passage for passage, tf in tfs.items() if "extra" in tf], list(extras))
        return header, noise, [(passage, extras[passage] if passage in extras else int(tf)) for passage, tf in tfs.items()]

    def test_block_of_postings(self):
        header, noise, expected = self.example_of_postings()
        h, z = reader.Reader(header), reader.Reader(noise)
        postings, codes = reader.read_block(h, z, 5, -1, False)
        self.assertEqual((0, 0, None), (h.left(), z.left(), codes))
        self.assertEqual([(3, 1), (7, 2), (300, 1), (301, 9), (314, 1)], postings)
        self.assertEqual(expected, postings)

    def test_block_of_postings_is_what_the_program_writes(self):
        need_libraries()
        header, noise, expected = self.example_of_postings()
        texts = ["县区"] * 316
        for passage, tf in expected:
            texts[passage] = "，".join(["枫桥"] * tf)
        with harness.temp_dir() as directory:
            index = harness.build_reports(directory, [{"id": "%03d" % i, "text": t} for i, t in enumerate(texts)])
            segment, = reader.Index(index).segments
        want, found = ("pair", oracle.fold("枫"), oracle.fold("桥")), 0
        walker = reader.Lists(segment)
        for dictionary, key, postings in walker.walk():
            if dictionary == 0 and oracle_term(dictionary, key) == want:
                found += 1
                raw, began = segment.pages[reader.POSTINGS][walker.began.page], walker.began
                headers = struct.unpack_from("<H", raw)[0]
                self.assertEqual(header, raw[2 + began.header:][:len(header)])
                self.assertEqual(noise, raw[2 + headers + began.noise:][:len(noise)])
                self.assertEqual(expected, [posting[:2] for posting in postings])
        self.assertEqual(1, found)

    def example_of_codes(self):
        """What stands behind the key in the dictionary, the codes, and {passage: [true numbers of the occurrences]}."""
        entry, codes, passages = b"", b"", {}
        for line in block("codes"):
            if not line.startswith("dictionary"):
                codes += first_hex(line)
                passage = re.search(r"passage (\d+)", line)
                if passage:
                    now = passages.setdefault(int(passage.group(1)), [])
                now.append(tuple(map(int, (re.search(r"really (\d+) and (\d+)", line)
                                           or re.search(r"A (\d+), B (\d+)", line)).groups())))
            else:
                entry = first_hex(line.split(None, 1)[1])
        return entry, codes, passages

    def test_codes(self):
        entry, data, passages = self.example_of_codes()
        r = reader.Reader(data)
        for numbers in passages.values():
            codes = reader.read_codes(r, len(numbers))
            self.assertEqual([tuple(min(255, number) for number in code) for code in numbers], codes)
        self.assertEqual(0, r.left())
        shown = [tuple(map(int, found)) for found in re.findall(r"A (\d+), B (\d+)", "\n".join(block("codes")))]
        r = reader.Reader(data)
        self.assertEqual(shown, [code for numbers in passages.values() for code in reader.read_codes(r, len(numbers))])
        r = reader.Reader(b"\0" + entry)
        term = reader.read_term(r, False, lambda key: True, 0, True)
        self.assertEqual((len(passages), sum(map(len, passages.values())), len(data)), (term.df, term.cf, term.code_bytes))

    def test_codes_are_what_the_program_writes(self):
        need_libraries()
        entry, data, passages = self.example_of_codes()
        texts = [text_with_codes("枫", "桥", passages[i]) if i in passages else "县区" for i in range(max(passages) + 1)]
        with harness.temp_dir() as directory:
            index = harness.build_reports(directory, [{"id": "%03d" % i, "text": t} for i, t in enumerate(texts)])
            segment, = reader.Index(index).segments
        term, = (term for _, terms in segment.dictionary_pages(0) for term in terms
                 if oracle_term(0, term.key) == ("pair", oracle.fold("枫"), oracle.fold("桥")))
        self.assertEqual(entry, segment.pages[reader.DICTIONARY][0][term.begin:term.end][-len(entry):])
        walker = reader.Lists(segment)
        for dictionary, key, _ in walker.walk():
            if (dictionary, key) == (0, term.key):
                self.assertEqual(data, segment.pages[reader.ADJACENCY][0][walker.began.adjacency:][:len(data)])
                break

    def test_codes_of_a_posting(self):
        rng = random.Random(9304)
        for _ in range(300):
            most = rng.choice((20, 60, 400))
            numbers = [sorted(rng.sample(range(most), 12)) for _ in range(2)]
            codes = [tuple(min(255, number) for number in code) for code in zip(*numbers)]
            r = reader.Reader(reader.write_codes(codes))
            self.assertEqual(codes, reader.read_codes(r, len(codes)))
            self.assertEqual(0, r.left())
        for good, expected in (("E0", (14, 0)), ("F0 00", (15, 0)), ("0F 01", (0, 16)), ("FF F0 EF", (255, 254))):
            r = reader.Reader(bytes.fromhex(good))
            self.assertEqual([expected], reader.read_codes(r, 1))
            self.assertEqual(bytes.fromhex(good), reader.write_codes([expected]))
        for bad in ("F0", "FF 00", "F0 F1", "0F FF", "00 F0 F0", "0F F0 01", "FF F0 F0 10"):
            with self.assertRaises(reader.Damaged, msg=bad):
                r = reader.Reader(bytes.fromhex(bad))
                reader.read_codes(r, 2 if len(bad) > 5 else 1)

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
        record = reader.Reader(reader.libraries().decompress(start[offset:offset + length], reader.FRAME_RAW_MAX))
        characters, = (json.loads(line.split("  characters ")[1]) for line in block("table") if "  characters " in line)
        text = reader.read_text(record.take(record.varint()), characters, 0)
        report = json.loads(block("report")[0])
        self.assertEqual(report["text"].replace("\u200b", "").replace("\r\n", "\n"), text.text)
        source = report["text"].encode("utf-8")
        for char, beg, end in zip(text.text, text.beg, text.end):
            self.assertEqual("\r\n" if char == "\n" else char, source[beg:end].decode("utf-8"))


# ----------------------------------------------------------------------------------------- indexes read as a whole

def text_with_codes(first, second, occurrences):
    """A text in which first stands before second at these occurrences of each, and nowhere else."""
    out, seen = [], [0, 0]
    for numbers in occurrences:
        for i, unit in enumerate((first, second)):
            out += [unit] * (numbers[i] - seen[i])
            seen[i] = numbers[i] + 1
        out.append(first + second)
    return "，".join(out)


def tokens_of(units):
    """[(term, adjacency code or None)] of the units of a text but for stems; the oracle's folding."""
    seen, occurrence = {}, []
    for unit in units:
        occurrence.append(seen.get((unit.kind, unit.text), 0))
        seen[unit.kind, unit.text] = occurrence[-1] + 1
    out = []
    for i, unit in enumerate(units):
        if unit.kind == oracle.BREAK:
            continue
        if unit.kind == oracle.WORD:
            out.append((("word", unit.text), None))
        after = units[i + 1] if i + 1 < len(units) and units[i + 1].kind != oracle.BREAK else None
        if unit.kind == oracle.CHAR and (after is None or after.kind != oracle.CHAR):
            out.append((("single", unit.text), None))
        if after is not None:
            code = min(255, occurrence[i]), min(255, occurrence[i + 1])
            both = unit.kind == after.kind == oracle.CHAR
            out.append((("pair" if both else "boundary", unit.text, after.text), code))
    return out


def oracle_term(dictionary, key):
    """A key of the segment as tokens_of names it; ("stem", word) and ("list", character) are the others."""
    def folded(text):
        return "".join(map(oracle.fold, text))

    if dictionary % 2 == 0:
        first, second = folded(chr(key >> 16)), key & 0xFFFF
        if second >= reader.SINGLE:
            return "single" if second == reader.SINGLE else "list", first
        return "pair", first, folded(chr(second))
    kind, text = chr(key[0]), key[1:].decode("utf-8")
    if kind == "p":
        first, second = map(folded, text.split("\x1f"))
        characters = [len(unit) == 1 and oracle.class_of(unit) == oracle.CHAR for unit in (first, second)]
        return "pair" if all(characters) else "boundary", first, second
    return {"c": "single", "s": "stem", "w": "word"}[kind], folded(text)


STEMMED = re.compile(r"[a-z]{3,}\Z")
GROUP_BYTES = 8 << 20
SMALL_GROUP_BYTES = 512 << 10


class Indexes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need_libraries()
        cls.directory = cls.enterClassContext(harness.temp_dir())
        cls.corpus = harness.build(os.path.join(cls.directory, "corpus"), [SOURCE / "corpus" / "reports"], "-q")

    def check_terms(self, segment):
        """Every list is what a naive inversion of the stored texts, and of titles and headings, gives."""
        body, context = {}, {}
        passages = segment.passages()
        for number, text in enumerate(segment.texts()):
            units = oracle.units(text.text)
            length = sum(unit.kind != oracle.BREAK for unit in units)
            self.assertEqual(reader.length_of(reader.length_code(length)), passages[number].length)
            for term, code in tokens_of(units):
                body.setdefault(term, {}).setdefault(number, []).append(code)
        metas, headings = segment.metas(), segment.headings()
        for report, meta in zip(segment.reports(), metas):
            for section in range(report.first_section, report.first_section + report.n_sections):
                for text in [(meta["title"] or b"").decode("utf-8"), *headings[section]]:
                    for term, _ in tokens_of(oracle.units(text)):
                        context.setdefault(term, {}).setdefault(section, []).append(None)
        lists = {0: [], 1: []}
        for dictionary, key, postings in segment.lists():
            lists[dictionary // 2].append((oracle_term(dictionary, key), postings))
        self.check_lists(body, lists[0], True)
        self.check_lists(context, lists[1], False)

    def check_lists(self, expected, lists, are_body):
        """lists: [(term, postings)]. The oracle may fold characters together that the product keeps apart."""
        stems, stemmed, found, characters, keys = {}, {}, {}, {}, collections.Counter()
        for term, places in expected.items():
            if term[0] in ("single", "pair"):
                of = characters.setdefault(term[1], {})
                for place, codes in places.items():
                    of[place] = of.get(place, 0) + len(codes)
        for term, postings in lists:
            if term[0] == "stem":
                self.assertRegex(term[1], r"\A[a-z]+\Z")
                for place, tf, _ in postings:
                    stems[place] = stems.get(place, 0) + tf
            elif term[0] == "list":
                # That it is the sum of its terms is for the second reader.
                self.assertTrue(are_body, "a character list of contexts")
                for place, tf, _ in postings:
                    self.assertLessEqual(tf, characters[term[1]].get(place, 0), term)
            else:
                keys[term] += 1
                places = found.setdefault(term, {})
                for place, tf, codes in postings:
                    self.assertEqual(are_body and term[0] in ("pair", "boundary"), codes is not None, term)
                    places.setdefault(place, []).extend([None] * tf if codes is None else codes)
                    if term[0] == "word" and STEMMED.match(term[1]):
                        stemmed[place] = stemmed.get(place, 0) + tf
        self.assertEqual(expected.keys(), found.keys())
        for term, places in found.items():
            if keys[term] == 1:
                self.assertEqual(expected[term], places, term)
            else:
                self.assertEqual({place: len(codes) for place, codes in expected[term].items()},
                                 {place: len(codes) for place, codes in places.items()}, term)
        self.assertEqual(stemmed, stems, "every word of letters has one stem")

    def check_index(self, directory, text_frame=8192):
        index = reader.Index(directory)
        index.verify()
        for segment in index.segments:
            self.check_terms(segment)
            metas, rows = segment.metas(), segment.passages()
            for row, (frame, record) in zip(rows, segment.records(reader.TEXT)):
                encoding = metas[row.report]["encoding"]
                characters = segment.tables[segment.group_of[frame]].characters
                self.assertEqual(record, reader.write_text(reader.read_text(record, characters, encoding), characters,
                                                           encoding))
            self.check_choices(segment, text_frame)
        return index

    def check_choices(self, segment, text_frame=8192):
        """What the document says of writers."""
        texts = collections.defaultdict(list)
        for frame, record in segment.records(reader.TEXT):
            r, group = reader.Reader(record), segment.group_of[frame]
            texts[group].append(reader.read_characters(r.take(r.varint()), segment.tables[group].characters))
        text_bytes = {group: sum(len(text.encode("utf-8")) for text in of) for group, of in texts.items()}
        for group, table in enumerate(segment.tables):
            self.assertLess(text_bytes[group] - len(texts[group][-1].encode("utf-8")), GROUP_BYTES)
            counts = collections.Counter()
            for text in texts[group][::4 if text_bytes[group] >= GROUP_BYTES // 4 else 1]:
                counts.update(char for char in text if char <= "\uffff")
            ranked = sorted(counts, key=lambda char: (-counts[char], char))[:reader.RANKS_MAX]  # noqa: B023
            self.assertEqual("".join(ranked), table.characters)
        for store, least, counts_length in ((reader.TEXT, text_frame, True), (reader.REPORT, 16384, False),
                                            (reader.HEADING, 16384, False)):
            sizes = collections.defaultdict(list)
            for frame, record in segment.records(store):
                sizes[frame].append((len(reader.varint(len(record))), len(record)))
            for frame, records in sizes.items():
                is_small = store == reader.TEXT and text_bytes[segment.group_of[frame]] < SMALL_GROUP_BYTES
                target = 32768 if is_small else least
                self.assertTrue(len(records) == 1 or len(segment.store[store][frame])
                                - (0 if counts_length else records[-1][0]) <= target)
                after = sizes.get(frame + 1)
                same_group = store != reader.TEXT or segment.group_of[frame:frame + 2] == [segment.group_of[frame]] * 2
                if after and same_group:
                    self.assertGreater(len(segment.store[store][frame]) + sum(after[0][not counts_length:]), target)
        for dictionary in range(4):
            for _, terms in segment.dictionary_pages(dictionary):
                for before, term in zip(terms, terms[1:]):
                    if isinstance(term.key, bytes):
                        self.assertEqual(len(os.path.commonprefix([before.key, term.key])), term.shared, term.key)

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
        for type_ in reader.PAGES:
            self.assertGreater(len(segment.pages[type_]), 1)
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
        self.assertIn(b"scommuniti", segment.keys(1))
        self.assertIn(b"srun", segment.keys(1))
        self.assertNotIn(b"sok", segment.keys(1))
        codes = {code for _, _, postings in segment.lists() for posting in postings for code in posting[2] or ()}
        self.assertLessEqual({(39, 39), (19, 40)}, codes)
        self.check_answers(index)

    def test_beyond_the_bmp(self):
        """Characters of which two do not fit in a pair key, and words that look like them."""
        gothic, ideograph = "\U00010330", "\U00020BB7"
        texts = [ideograph + "野家", "野" + ideograph, ideograph * 3, "野" + ideograph + "a", gothic + "野" + gothic,
                 ideograph + gothic + ideograph, "野，" + ideograph] + ["县区"] * 90
        index = harness.build_reports(os.path.join(self.directory, "beyond"),
                                      [{"id": "%03d" % i, "text": t, "title": ideograph + "野"} for i, t in enumerate(texts)])
        self.check_index(index)
        segment, = reader.Index(index).segments
        for dictionary in (1, 3):
            kinds = {key[:1] for key in segment.keys(dictionary)}
            self.assertIn(b"p", kinds)
        self.assertIn(b"c", {key[:1] for key in segment.keys(1)})
        lists = {key: postings for dictionary, key, postings in segment.lists() if dictionary == 0}
        self.assertEqual([0, 4, 6], [passage for passage, _, _ in lists[ord("野") << 16 | reader.CHARACTER_LIST]])
        self.check_answers(index)

    def test_character_lists(self):
        """At a twentieth of the passages a list is there no more."""
        for n in (40, 41):
            reports = [{"id": "%03d" % i, "text": "枫桥" if i < 2 else "县，县"} for i in range(n)]
            index = harness.build_reports(os.path.join(self.directory, "rare-%d" % n), reports)
            self.check_index(index)
            segment, = reader.Index(index).segments
            listed = [key >> 16 for key in segment.keys(0) if key & 0xFFFF == reader.CHARACTER_LIST]
            self.assertEqual(2 if n == 41 else 0, len(listed))

    def test_many_passages(self):
        """Lists of many blocks, many pages, a group with a dictionary, parts; the same bytes from any build."""
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
            reports.append({"id": "%04d" % rng.choice(range(10)) + "-%d" % number, "text": "".join(text),
                            "title": "".join(rng.choices(common, k=9))})
        directory = os.path.join(self.directory, "many")
        index = harness.build_reports(directory, reports, "--memory", "64M", "--threads", 1, "-q")
        self.check_index(index)
        segment, = reader.Index(index).segments
        self.assertEqual(len(reports), segment.stats.reports)
        self.assertTrue(segment.tables[0].dictionary)
        self.assertGreater(max(term.df for _, terms in segment.dictionary_pages(0) for term in terms), 3 * reader.BLOCK)
        self.assertTrue(any(term.pages for _, terms in segment.dictionary_pages(0) for term in terms))
        self.assertTrue(any(term.next_page for _, terms in segment.dictionary_pages(0) for term in terms))
        for number, options in enumerate((("--memory", "64M", "--threads", 3), ("--threads", 2), ("--memory", "1G"))):
            again = harness.build_reports("%s-%d" % (directory, number), reports, *options, "-q")
            self.assertEqual(files_of(index), files_of(again), options)

    def test_groups_of_texts(self):
        """More text than one group takes. It is punctuation, so that there are no terms to read."""
        rng = random.Random(9303)
        reports = [{"id": "%02d" % i, "text": "，" + "".join(rng.choices("，。；：！？、", k=300000)) + "甲"}
                   for i in range(22)]
        reports[0]["text"] += "".join(map(chr, range(0x4E00, 0x4E00 + 300))) + "\U00020BB7"
        reports[1]["text"] += "枫桥"
        reports[21]["text"] += "经验"
        index = harness.build_reports(os.path.join(self.directory, "groups"), reports)
        segment, = reader.Index(index).segments
        segment.verify()
        self.assertEqual(3, len(segment.tables))
        self.assertGreater(len(segment.tables[0].characters), reader.ONE_BYTE_RANKS)
        self.assertTrue(segment.tables[0].dictionary)
        # 枫 is only in a text that is not looked at, 经 in the second of a group of which all are.
        self.assertNotIn("枫", segment.tables[0].characters)
        self.assertIn("经", segment.tables[2].characters)
        self.check_choices(segment)
        texts, group, text_bytes = [text.text for text in segment.texts()], 0, 0
        self.assertEqual([report["text"] for report in reports], texts)
        for text, (frame, _) in zip(texts, segment.records(reader.TEXT)):
            if segment.group_of[frame] != group:
                self.assertGreaterEqual(text_bytes, GROUP_BYTES)
                group, text_bytes = segment.group_of[frame], 0
            text_bytes += len(text.encode("utf-8"))

    def test_frames_of_texts(self):
        """Just below and just above the size from which a group has small frames, at each level."""
        rng = random.Random(9305)
        texts = ["".join(rng.choices(oracle.common_han()[:300], k=997)) + "。" for _ in range(176)]
        for n, few in ((175, True), (176, False)):
            self.assertEqual(few, sum(len(text.encode("utf-8")) for text in texts[:n]) < SMALL_GROUP_BYTES)
            reports = [{"id": "%03d" % i, "text": text} for i, text in enumerate(texts[:n])]
            for level, frame in (("fast", 8192), ("default", 8192), ("small", 32768)):
                index = harness.build_reports(os.path.join(self.directory, "frames-%d-%s" % (n, level)), reports,
                                              "--segment", "none", "--text-level", level)
                segment, = reader.Index(index).segments
                self.check_choices(segment, frame)
                self.assertEqual(few or level == "small", len(segment.store[reader.TEXT]) < 25)

    def test_wide_codes(self):
        """Occurrence numbers of 15 and more, and of 255 and more: of inline terms and of short and long lists."""
        rng = random.Random(9306)
        han = oracle.common_han()
        edges = (0, 14, 15, 16, 17, 253, 254, 255, 256, 299)
        texts, inline = [], {}
        pairs = iter(zip(han[::2], han[1::2]))
        for numbers in itertools.product(edges, edges):  # each pair of characters is in one passage only
            first, second = next(pairs)
            texts.append(text_with_codes(first, second, [numbers]))
            inline["pair", oracle.fold(first), oracle.fold(second)] = tuple(min(255, number) for number in numbers)
        beyond = "\U00020BB7"
        for n, letter in zip(edges, "abcdefghij"):
            word, (character, _) = "ink" + letter, next(pairs)
            texts += [text_with_codes(word, character, [(n, n)]), text_with_codes(beyond, character, [(n, n)])]
            inline["boundary", word, oracle.fold(character)] = (min(255, n),) * 2
            inline["pair", oracle.fold(beyond), oracle.fold(character)] = (min(255, n),) * 2
        first, second, third = next(pairs) + next(pairs)[:1]
        for _ in range(300):
            most, n = rng.choice((30, 330, 330)), rng.randint(1, 24)
            numbers = list(zip(*(sorted(rng.sample(range(most), n)) for _ in range(2))))
            texts.append("，".join((text_with_codes(first, second, numbers), (first + second + third) * rng.randint(0, 3),
                                   text_with_codes("led", third, numbers), text_with_codes(beyond, third, numbers[:1]))))
        index = harness.build_reports(os.path.join(self.directory, "wide"),
                                      [{"id": "%03d" % i, "text": text} for i, text in enumerate(texts)])
        self.check_index(index)
        segment, = reader.Index(index).segments
        lengths, seen, walker = set(), {}, reader.Lists(segment)
        for dictionary, key, postings in walker.walk():
            if postings[0][2] is None:
                continue
            term = oracle_term(dictionary, key)
            if term in inline:
                self.assertEqual(1, len(postings))
                seen[term], = postings[0][2]
                lengths.add(len(reader.write_codes(postings[0][2])))
                continue
            if term == ("pair", oracle.fold(first), oracle.fold(second)):
                self.assertGreater(len(postings), 2 * reader.BLOCK)
                self.assertGreater(walker.adjacency - walker.began.adjacency, sum(tf for _, tf, _ in postings))
        self.assertEqual(inline, seen)
        self.assertEqual({1, 2, 3}, lengths)
        phrase = first + second + third
        self.assertEqual((sum(text.count(phrase) for text in texts), sum(phrase in text for text in texts)),
                         harness.count(index, phrase)[:2])
        self.check_answers(index)

    def test_wide_codes_across_pages(self):
        """A page ends before a code of three bytes, behind its first byte and behind its second."""
        first, second, third = oracle.common_han()[:3]
        ends = set()
        for shift in range(3):
            # The terms of 一丁 and 县区 come before and behind the long list of codes.
            texts = ["一丁，" * (2 + shift) + "县区，" * 2]
            texts += [text_with_codes(first, second, [(20, 40)]) + third * (i % 2) for i in range(1400)]
            index = harness.build_reports(os.path.join(self.directory, "across-%d" % shift),
                                          [{"id": "%04d" % i, "text": text} for i, text in enumerate(texts)])
            self.check_index(index)
            segment, = reader.Index(index).segments
            walker = reader.Lists(segment)
            for dictionary, key, postings in walker.walk():
                if dictionary == 0 and oracle_term(0, key) == ("pair", oracle.fold(first), oracle.fold(second)):
                    self.assertEqual([[(20, 40)]] * 1400, [codes for _, _, codes in postings])
                    self.assertEqual(3 * 1400, walker.adjacency - walker.began.adjacency)
                    ends.add((reader.PAGE - walker.began.adjacency % reader.PAGE) % 3)
            self.assertEqual((700, 700), harness.count(index, first + second + third)[:2])
        self.assertEqual({0, 1, 2}, ends)

    def test_merged_index(self):
        """Texts are copied group by group, terms are those of one build of all reports."""
        rng = random.Random(9307)
        common = oracle.common_han()[:40]
        def reports(name, n):
            return [{"id": "%s-%d" % (name, i), "text": "，".join("".join(rng.choices(common, k=9)) for _ in range(60))
                     + " led 2024", "title": "".join(rng.choices(common, k=5))} for i in range(n)]
        parts = [reports("a", 150), reports("b", 1), reports("c", 40)]
        directory = os.path.join(self.directory, "merged")
        indexes = [harness.build_reports(os.path.join(directory, str(i)), part) for i, part in enumerate(parts)]
        merged = os.path.join(directory, "index")
        harness.xunju_index("merge", "-q", "-o", merged, *indexes)
        self.check_index(merged)
        segment, = reader.Index(merged).segments
        self.assertEqual(3, len(segment.tables))
        whole, = reader.Index(harness.build_reports(os.path.join(directory, "whole"), sum(parts, []))).segments
        for type_ in (*reader.PAGES, *(index for index, _ in reader.INDEXES), reader.BLOCKS, reader.LENGTHS,
                      reader.SECTION_ROWS, reader.REPORTS, reader.STATS):
            self.assertEqual(whole.section(type_), segment.section(type_), reader.name_of(type_))
        self.assertEqual([text.text for text in whole.texts()], [text.text for text in segment.texts()])
        self.check_answers(merged)

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

def stored_frame(raw):
    """A Zstandard frame that holds raw uncompressed."""
    blocks = [raw[at:at + (1 << 17)] for at in range(0, len(raw), 1 << 17)] or [b""]
    head = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(raw))
    return head + b"".join(struct.pack("<I", len(piece) << 3 | (piece is blocks[-1]))[:3] + piece for piece in blocks)


def frames_of(segment, type_):
    """Frames of a section as stored."""
    entries = segment.rows(type_ + reader.DIRECTORY, "<QQ", lambda offset, _: offset)
    data = segment.section(type_)
    return [data[at:end] for at, end in zip(entries, entries[1:] + [len(data)])]


def contents_of(segment):
    """{type: bytes, or a list of frames as stored} of all sections but the directories, which follow from the frames."""
    frames = [type_ for type_, (_, kind, _) in reader.SECTIONS.items() if kind == reader.FRAMES]
    return {type_: frames_of(segment, type_) if type_ in frames else segment.section(type_)
            for type_ in segment.order if type_ - reader.DIRECTORY not in frames}


def file_of(segment, contents, order=None):
    """A segment file of contents as contents_of() gives them, with right checksums. order: types."""
    checksum, place = reader.libraries().checksum, reader.place
    contents = dict(contents)
    for type_, frames in list(contents.items()):
        if isinstance(frames, list):
            offsets = itertools.accumulate(map(len, frames), initial=0)
            contents[type_] = b"".join(frames)
            contents.setdefault(type_ + reader.DIRECTORY, b"".join(
                struct.pack("<QQ", at, checksum(frame, place(type_, i))) for i, (at, frame) in enumerate(zip(offsets, frames))))
    out, table = bytearray(64), b""
    order = order or segment.order + [type_ for type_ in contents if type_ not in segment.order]
    for type_ in order:
        data, at = contents[type_], len(out)
        out += data + bytes(-len(data) % 8)
        if reader.SECTIONS.get(type_, ("", reader.RAW))[1] == reader.FRAMES:
            table += struct.pack("<IIQQQQ", type_, reader.FRAMES, at, len(data), 0, 0)
            continue
        sums = b"".join(struct.pack("<Q", checksum(data[i:i + reader.CHUNK], place(type_ & 0xFFFF, i // reader.CHUNK)))
                        for i in range(0, len(data), reader.CHUNK))
        table += struct.pack("<IIQQQQ", type_, reader.RAW, at, len(data), len(out),
                             checksum(sums, place(type_ & 0xFFFF, reader.U32_MAX)))
        out += sums
    header = segment.data[:24] + struct.pack("<QQQII", len(out) + len(table), len(out), checksum(table, 1), len(order), 0)
    out[:64] = header + struct.pack("<Q", checksum(header, 0))
    return bytes(out) + table


class Damage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need_libraries()
        cls.directory = cls.enterClassContext(harness.temp_dir())
        # Long enough for two blocks, with a title, so that no section is empty.
        reports = [{"id": "%03d" % i, "text": "枫桥经验led。第%d条，枫桥。%s%s" % (
            i, "塘" if i == 7 else "", "湖泊" if i in (20, 31, 77) else ""), "n": i, "title": "枫桥led"} for i in range(130)]
        # Its codes of 枫桥 are 00, 00 and F0 05.
        reports[31]["text"] += "枫，" * 20 + "枫桥"
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
        for what, at, value, says in (("version", 8, b"\2", "format version 2"), ("version", 8, b"\0", "format version 0"),
                                      ("reserved", 11, b"\1", "version"), ("flag", 12, b"\1", "version"),
                                      ("flag", 15, b"\x80", "version"),
                                      ("analyser", 24, b"\0" * 8, "other text rules")):
            self.both(self.sealed_manifest({at: value}), self.data, reader.Newer, says, what)

    def test_manifest_that_makes_no_sense(self):
        for what, at, value in (("count", 32, b"\2"), ("no segment", 32, b"\0"), ("count", 32, b"\xff" * 4),
                                ("length of the name", 52, b"\x0c"), ("length of the name", 52, b"\x0a"),
                                ("long name", 52, b"\x40"), ("name", 53, b"Seg"), ("name", 57, b"/"),
                                ("name", 57, b"\0")):
            self.both(self.sealed_manifest({at: value}), self.data, reader.Damaged, "damaged", what)

    def test_newer_segment(self):
        for what, at, value, says in (("version", 8, b"\2", "format version 2"), ("version", 8, b"\0", "format version 0"),
                                      ("reserved", 10, b"\1", "version"), ("flag", 12, b"\1", "version"),
                                      ("analyser", 16, b"\0" * 8, "other text rules")):
            data = self.sealed_segment({at: value})
            self.both(self.sealed_manifest({}, data), data, reader.Newer, says, what)

    def test_header_that_makes_no_sense(self):
        size = len(self.data)
        for what, at, value in (("size", 24, struct.pack("<Q", size + 40)), ("table", 32, struct.pack("<Q", size - 40)),
                                ("table", 32, b"\xff" * 8), ("sections", 48, b"\x1c"), ("sections", 48, b"\x41"),
                                ("reserved", 52, b"\1")):
            data = self.sealed_segment({at: value})
            self.both(self.sealed_manifest({}, data), data, reader.Damaged, "damaged", what)

    def test_magic_of_a_segment(self):
        data = self.sealed_segment({0: b"\x88"})
        self.both(self.sealed_manifest({}, data), data, reader.NotAnIndex, "not a segment", "magic")

    def test_section_table_that_makes_no_sense(self):
        raw = self.segment.order.index(reader.STATS) * 40
        for what, at, value in (("type 0", 0, b"\0"), ("type 30", 0, b"\x1e"), ("type 63", 0, b"\x3f"),
                                ("type 65538", 2, b"\1"), ("twice", 0, b"\3"), ("kind", 4, b"\0"),
                                ("kind", 4, b"\2"), ("offset", 8, b"\x48"), ("length", 16, b"\xff" * 8),
                                ("length", 16, struct.pack("<Q", self.segment.table_at)),
                                ("checksum list", raw + 24, struct.pack("<Q", 64)),
                                ("checksum of the list", raw + 32, b"\0" * 8)):
            data = self.sealed_segment({}, {at: value})
            self.both(self.sealed_manifest({}, data), data, reader.Damaged, "damaged", what)

    def test_optional_sections(self):
        """Unknown sections from 64 on are verified and otherwise ignored."""
        contents = contents_of(self.segment)
        self.assertEqual(self.data, file_of(self.segment, contents))
        more = contents | {64: b"anything", 65535: b"", 1000: bytes(range(256)) * 40}
        orders = [None, [1000, 64, *self.segment.order, 65535]]
        answer = harness.hits(self.index, "枫桥", "-n", "3")
        for order in orders:
            data = file_of(self.segment, more, order)
            self.put(self.sealed_manifest({}, data), data)
            harness.xunju_index("check", self.index)
            self.assertEqual(answer, harness.hits(self.index, "枫桥", "-n", "3"))
            segment = reader.Segment(data)
            segment.verify()
            s = segment.sections[1000]
            for at in (s.offset, s.offset + s.length - 1, s.checks_offset, s.checks_offset + 8 * 3 - 1):
                flipped = self.flipped(data, at, 3)
                self.both(self.sealed_manifest({}, flipped), flipped, reader.Damaged, "damaged", "byte %d" % at)
        for type_ in (0, 30, 63, 65536 + 64):
            data = file_of(self.segment, contents | {type_: b"anything"})
            self.both(self.sealed_manifest({}, data), data, reader.Damaged, "damaged", "type %d" % type_)
        for type_ in self.segment.order:
            order = [other for other in self.segment.order if other != type_]
            data = file_of(self.segment, contents, order)
            self.both(self.sealed_manifest({}, data), data, reader.Damaged, "damaged", "without type %d" % type_)

    # ---- sound checksums over contents that no writer makes

    def test_frames_that_are_not_compressed(self):
        """What the tests below change is sound without their changes."""
        contents = contents_of(self.segment)
        for type_, frames in contents.items():
            if isinstance(frames, list):
                raws = self.segment.pages.get(type_) or self.segment.store.get(type_) or self.segment.raw_tables
                contents[type_] = list(map(stored_frame, raws))
        data = file_of(self.segment, contents)
        self.assertNotEqual(self.data, data)
        self.put(self.sealed_manifest({}, data), data)
        harness.xunju_index("check", self.index)
        reader.Index(self.index).verify()
        self.assertEqual(130, len(harness.hits(self.index, "枫桥经验", "-n", "1000", "--no-collapse")))

    def judge(self, what, changes):
        """Contents with changes ({type: bytes or frames}) are damage to `xunju-index check` and to the second reader."""
        with self.subTest(what):
            data = file_of(self.segment, contents_of(self.segment) | changes)
            self.both(self.sealed_manifest({}, data), data, reader.Damaged, "damaged", what)

    def bytes_of(self, type_, at, value):
        """Changes that put value into a RAW section."""
        out = bytearray(self.segment.section(type_))
        self.assertLessEqual(at + len(value), len(out))
        out[at:at + len(value)] = value
        return {type_: bytes(out)}

    def page_of(self, type_, number, raw):
        """Changes that put other raw bytes into a frame."""
        frames = frames_of(self.segment, type_)
        frames[number] = stored_frame(bytes(raw))
        return {type_: frames}

    def term(self, dictionary, wanted):
        """(number of the dictionary page, its terms, place of the first wanted term in it)."""
        at = sum(len(self.segment.index(d)) for d in range(dictionary))
        for number, (_, terms) in enumerate(self.segment.dictionary_pages(dictionary)):
            for i, term in enumerate(terms):
                if wanted(term):
                    return at + number, terms, i
        self.fail("no such term")
        return None

    def entry_of(self, dictionary, wanted, change):
        """Changes that put change(bytes of the first wanted term) in the place of that term."""
        page, terms, i = self.term(dictionary, wanted)
        raw = self.segment.pages[reader.DICTIONARY][page]
        term = terms[i]
        new = change(raw[term.begin:term.end])
        self.assertNotEqual(raw[term.begin:term.end], new)
        return self.page_of(reader.DICTIONARY, page, raw[:term.begin] + new + raw[term.end:])

    def fields_of(self, dictionary, wanted, change):
        """Changes that put other varints behind the key of the first wanted pair term. change: of the list of them; single
        bytes and what follows those stay as they are."""
        _, terms, i = self.term(dictionary, wanted)
        n = 3 if terms[i].passage is not None or terms[i].df > reader.BLOCK else 5

        def changed(entry):
            r = reader.Reader(entry)
            fields = [r.varint() for _ in range(n)]
            change(fields)
            return b"".join(map(reader.varint, fields)) + r.take(r.left())
        return self.entry_of(dictionary, wanted, changed)

    def test_statistics_that_do_not_fit(self):
        for i, name in enumerate(reader.Stats._fields):
            if name == "input_bytes":
                continue  # nothing else tells
            for value in (self.segment.stats[i] + 1, self.segment.stats[i] - 1, 1 << 32):
                self.judge((name, value), self.bytes_of(reader.STATS, 8 * i, struct.pack("<Q", value)))

    def test_frames_that_do_not_fit(self):
        u64 = struct.Struct("<Q").pack
        for type_ in (reader.TEXT, reader.TABLES, *reader.PAGES, reader.REPORT, reader.HEADING):
            name, directory = reader.SECTIONS[type_][0], type_ + reader.DIRECTORY
            frames = frames_of(self.segment, type_)
            raw = reader.libraries().decompress(frames[0], reader.FRAME_RAW_MAX) if type_ != reader.TEXT \
                else self.segment.store[type_][0]
            self.judge(name + ": offset", self.bytes_of(directory, 0, u64(1)))
            self.judge(name + ": checksum", self.bytes_of(directory, 8, u64(1)))
            self.judge(name + ": no frame", {type_: [], directory: b""})
            self.judge(name + ": empty frame", self.page_of(type_, 0, b""))
            self.judge(name + ": one byte less", self.page_of(type_, 0, raw[:-1]))
            self.judge(name + ": one byte more", self.page_of(type_, 0, raw + b"\0"))
            self.judge(name + ": two frames", {type_: [frames[0] + stored_frame(b"\0")] + frames[1:]})
            self.judge(name + ": a byte behind", {type_: [frames[0] + b"\0"] + frames[1:]})
            self.judge(name + ": no frame", {type_: [b"\0" * len(frames[0])] + frames[1:]})
            self.judge(name + ": one more", {type_: frames + [stored_frame(raw)]})
            head = frames[0][:5]
            self.judge(name + ": content size", {type_: [head + bytes([frames[0][5] ^ 1]) + frames[0][6:]] + frames[1:]})
        for type_ in reader.PAGES:
            name = reader.SECTIONS[type_][0]
            self.judge(name + ": large", self.page_of(type_, 0, self.segment.pages[type_][0] + b"\0" * 4096))

    def test_records_that_do_not_fit(self):
        u32 = struct.Struct("<I").pack
        for firsts in reader.FIRSTS.values():
            name = reader.SECTIONS[firsts][0]
            self.judge(name + " 1", self.bytes_of(firsts, 0, u32(1)))
            old = self.segment.section(firsts)
            self.judge(name + " twice", {firsts: old + old[-4:]})
            self.judge(name + " empty", {firsts: b""})
        self.judge("groups", self.bytes_of(reader.TEXT_GROUPS, 0, u32(1)))
        self.judge("groups twice", {reader.TEXT_GROUPS: u32(0) * 2})
        characters = self.segment.tables[0].characters
        v = reader.varint
        def table(codes, rest=b"\0"):
            return self.page_of(reader.TABLES, 0, v(len(codes)) + b"".join(map(v, codes)) + rest)
        codes = list(map(ord, characters))
        self.judge("a rank less", table(codes[:-1]))
        self.judge("a character twice", table(codes[:-1] + codes[:1]))
        self.judge("a surrogate", table(codes + [0xD800]))
        self.judge("no code point", table(codes + [0x110000]))
        self.judge("many ranks", table(codes + list(range(0x20000, 0x20000 + 16320))))
        self.judge("a table of other characters", table(list(range(0x4E00, 0x4E00 + len(codes)))))
        self.judge("a dictionary that is none", table(codes, v(8) + b"anything"))
        self.judge("a dictionary that is only its magic", table(codes, v(8) + reader.DICTIONARY_MAGIC + b"\0" * 4))
        self.judge("a byte behind the table", table(codes, b"\0\0"))
        raw = self.segment.store[reader.TEXT][0]
        r = reader.Reader(raw)
        begin = r.at
        record = r.take(r.varint())
        inner = reader.Reader(record)
        text = inner.take(inner.varint())
        rest = record[inner.at:]
        for what, coded in (("an escape cut short", text[:-1] + b"\xff"), ("a surrogate", b"\xff\x00\xd8\x00" + text),
                            ("no code point", b"\xff\x00\x00\x11" + text), ("no such rank", b"\xfe\xff" + text),
                            ("a character more", b"\xff\x4e\x4e\x00" + text), ("half a code", text + b"\xc0")):
            new = v(len(coded)) + coded + rest
            self.judge("text: " + what, self.page_of(reader.TEXT, 0, raw[:begin] + v(len(new)) + new + raw[r.at:]))
        new = record + b"\0"
        self.judge("text: bytes behind", self.page_of(reader.TEXT, 0, v(len(new)) + new + raw[r.at:]))
        self.judge("text: a record of nothing", self.page_of(reader.TEXT, 0, b"\0" + raw[r.at:]))

    def test_tables_that_do_not_fit(self):
        u32 = struct.Struct("<I").pack
        lengths = self.segment.section(reader.LENGTHS)
        self.judge("length", self.bytes_of(reader.LENGTHS, 0, bytes((lengths[0] + 1,))))
        for what, type_, at, value in (
                ("first passage", reader.SECTION_ROWS, 0, 1), ("passage twice", reader.SECTION_ROWS, 8, 1),
                ("no passage", reader.SECTION_ROWS, 4 * 129, 130), ("first passage", reader.REPORTS, 0, 1),
                ("first section", reader.REPORTS, 4, 1), ("passages of another", reader.REPORTS, 16, 2),
                ("sections of another", reader.REPORTS, 20, 2), ("no passage", reader.REPORTS, 129 * 16, 131),
                ("no section", reader.REPORTS, 129 * 16 + 4, 131), ("backwards", reader.REPORTS, 16, 0),
                ("rank", reader.REPORTS, 8, 1), ("rank", reader.REPORTS, 8, 130)):
            self.judge((reader.SECTIONS[type_][0], what, at), self.bytes_of(type_, at, u32(value)))

    def test_index_that_does_not_fit(self):
        for dictionary, (type_, keys) in enumerate(reader.INDEXES):
            name = reader.SECTIONS[type_][0]
            old = struct.unpack_from("<IIIHHQI", self.segment.section(type_))
            for i, (what, at, layout) in enumerate((("key", 0, "<I"), ("ordinal", 4, "<I"), ("postings page", 8, "<I"),
                                                    ("header", 12, "<H"), ("noise", 14, "<H"), ("adjacency", 16, "<Q"),
                                                    ("block", 24, "<I"))):
                self.judge((name, what), self.bytes_of(type_, at, struct.pack(layout, old[i] + 1)))
            if keys is not None:
                bytes_ = self.segment.section(keys)
                self.judge((name, "another key"), {keys: bytes_[:-1] + bytes((bytes_[-1] - 1,))})
                self.judge((name, "longer key"), {keys: bytes_ + b"a"})
                self.judge((name, "no key"), {keys: b""})

    def test_terms_that_do_not_fit(self):
        def is_pair(term):
            return term.key & 0xFFFF < reader.SINGLE

        def is_long(term):
            return is_pair(term) and term.df > reader.BLOCK

        def is_short(term):
            return is_pair(term) and 1 < term.df <= reader.BLOCK

        def is_inline(term):
            return term.passage is not None

        def second(wanted):  # not the first of a page
            return lambda term: term.begin > 0 and wanted(term)

        def put(i, value):
            def change(fields):
                fields[i] = value(fields[i]) if callable(value) else value
            return change

        def more(value):
            return value + 1

        for what, wanted, change in (
                ("first key", lambda term: term.begin == 0, put(0, 1)), ("key twice", second(is_pair), put(0, 0)),
                ("large key", second(is_pair), put(0, 1 << 32)), ("df 0", is_inline, put(1, 2)),
                ("m 3", is_inline, put(1, 7)), ("inline of two", is_inline, put(1, 2 << 2 | 2)),
                ("inline passage", is_inline, put(2, 130)), ("another inline passage", is_inline, put(2, lambda p: (p + 1) % 130)),
                ("df", is_long, put(1, lambda value: value - 4)), ("large df", is_long, put(1, 131 << 2)),
                ("m 1", is_long, put(1, lambda value: value | 1)), ("cf", is_long, put(2, more)),
                ("cf", is_short, put(2, more)), ("extra", is_short, put(3, more)), ("noise", is_short, put(4, more))):
            self.judge(what, self.fields_of(0, wanted, change))
        self.judge("bytes behind", self.entry_of(0, lambda term: True, lambda raw: raw + b"\0"))
        impact = self.term(0, is_long)
        entry = impact[1][impact[2]]
        for what, change in (("less impact", lambda at, raw: bytes((raw[at] - 1,)) + raw[at + 1:]),
                             ("more impact", lambda at, raw: bytes((raw[at] + 1,)) + raw[at + 1:]),
                             ("pages", lambda at, raw: raw[at:at + 1] + b"\1" + raw[at + 2:])):
            at = self.impact_at(self.segment.pages[reader.DICTIONARY][impact[0]][entry.begin:entry.end])
            self.judge(what, self.entry_of(0, is_long, lambda raw: raw[:at] + change(at, raw)))  # noqa: B023
        for what, wanted, change in (
                ("shared bytes of the first", lambda term: term.begin == 0, lambda raw: b"\1" + raw[1:]),
                ("shared bytes", lambda term: term.begin > 0, lambda raw: b"\x7f" + raw[1:]),
                ("empty key", lambda term: term.begin == 0, lambda raw: b"\0\0" + raw[2 + raw[1]:]),
                ("kind of a key", lambda term: term.begin > 0 and term.key[:1] == b"w",
                 lambda raw: raw[:2] + raw[2:].replace(b"w", b"x", 1) if raw[0] == 0 else raw[:1] + b"\0" + raw[2 + raw[1]:])):
            self.judge(what, self.entry_of(1, wanted, change))

    def impact_at(self, raw):
        """Where the max impact of a pair term with more than one block is."""
        r = reader.Reader(raw)
        for _ in range(3):
            r.varint()
        return r.at

    def test_character_lists_that_do_not_fit(self):
        """塘 is in one passage: its list and its single are inline."""
        def is_list(term):
            return term.key & 0xFFFF == reader.CHARACTER_LIST
        page, terms, i = self.term(0, is_list)
        self.assertEqual((7, reader.SINGLE), (terms[i].passage, terms[i - 1].key & 0xFFFF))
        self.judge("another passage", self.fields_of(0, is_list, lambda fields: fields.__setitem__(2, 8)))
        rest = self.entry_of(0, is_list, lambda raw: b"")
        stats = list(self.segment.stats)
        for field in ("pair_terms", "postings", "occurrences"):
            stats[reader.Stats._fields.index(field)] -= 1
        # The key of the next term counts from the one before.
        if i + 1 < len(terms):
            raw = self.segment.pages[reader.DICTIONARY][page]
            r = reader.Reader(raw[terms[i + 1].begin:])
            r.varint()
            rest = self.page_of(reader.DICTIONARY, page, raw[:terms[i].begin]
                                + reader.varint(terms[i + 1].key - terms[i - 1].key) + raw[terms[i + 1].begin + r.at:])
        self.judge("no list", rest | {reader.STATS: struct.pack("<14Q", *stats)})

    def test_postings_that_do_not_fit(self):
        raw = self.segment.pages[reader.POSTINGS][0]
        n = struct.unpack_from("<H", raw)[0]
        for what, h in (("0", 0), ("less", n - 1), ("more", n + 1), ("all", len(raw) - 1), ("large", 65535)):
            self.judge("header region: " + what, self.page_of(reader.POSTINGS, 0, struct.pack("<H", h) + raw[2:]))
        walker, began, block, ends = reader.Lists(self.segment), None, None, None
        for _, key, postings in walker.walk():
            if walker.began.page == 0 and 1 < len(postings) <= reader.BLOCK and began is None:
                gaps = [p - q - 1 for p, q in zip([x[0] for x in postings], [-1] + [x[0] for x in postings])]
                bits = sum(gap.bit_length() - 1 for gap in gaps if gap >= 8)
                if bits % 8:
                    began, ends = walker.began, walker.noise
            if len(postings) > reader.BLOCK and postings[0][2] is not None and block is None:
                block = walker.began
        header, noise = raw[2:2 + n], raw[2 + n:]
        def page(header, noise):
            return self.page_of(reader.POSTINGS, 0, struct.pack("<H", len(header)) + header + noise)
        at = began.header
        self.judge("s 37", page(header[:at] + bytes((37 << 2,)) + header[at + 1:], noise))
        self.judge("another gap", page(header[:at] + bytes((header[at] ^ 4,)) + header[at + 1:], noise))
        self.judge("another tf", page(header[:at] + bytes((header[at] ^ 1,)) + header[at + 1:], noise))
        self.judge("an extra that is missing", page(header[:at] + bytes((header[at] | 3,)) + header[at + 1:], noise))
        self.judge("padding", page(header, noise[:ends - 1] + bytes((noise[ends - 1] | 0x80,)) + noise[ends:]))
        self.assertEqual(0, noise[block.noise])
        self.judge("codes before", page(header, noise[:block.noise] + b"\1" + noise[block.noise + 1:]))

    def test_block_directory_that_does_not_fit(self):
        old = self.segment.section(reader.BLOCKS)
        for what, at in (("last passage", 0), ("page", 4), ("header", 6), ("noise", 8), ("impact", 9)):
            for value in (old[at] + 1, old[at] - 1):
                self.judge(what, self.bytes_of(reader.BLOCKS, at, bytes((value & 255,))))
        self.judge("too short", {reader.BLOCKS: old[:-10]})
        self.judge("too long", {reader.BLOCKS: old + old[-10:]})

    def test_adjacency_that_does_not_fit(self):
        walker, place_ = reader.Lists(self.segment), None
        for _, _, postings in walker.walk():
            if postings[0][2] is not None and len(postings) > 1 and postings[0][1] > 1:
                place_ = walker.began.adjacency
                break
        page, at = divmod(place_, reader.PAGE)
        raw = self.segment.pages[reader.ADJACENCY][page]
        self.judge("a wide step", self.page_of(reader.ADJACENCY, page, raw[:at + 1] + b"\xff" + raw[at + 2:]))
        self.judge("less", self.page_of(reader.ADJACENCY, page, raw[:-1]))
        self.judge("more", self.page_of(reader.ADJACENCY, page, raw + b"\0"))

    def test_wide_codes_that_do_not_fit(self):
        raw = self.segment.pages[reader.ADJACENCY][0]
        self.assertEqual(1, raw.count(b"\xf0\x05"))
        for what, now in (("above 255", b"\xf0\xef"), ("not wide", b"\0\x05"), ("wide twice", b"\xff\x05")):
            self.judge(what, self.page_of(reader.ADJACENCY, 0, raw.replace(b"\xf0\x05", now)))
        # What a text has of occurrences the codes need not tell: 255 is in range.
        data = file_of(self.segment, contents_of(self.segment)
                       | self.page_of(reader.ADJACENCY, 0, raw.replace(b"\xf0\x05", b"\xf0\xee")))
        self.put(self.sealed_manifest({}, data), data)
        harness.xunju_index("check", self.index)
        reader.Index(self.index).verify()

        def is_pair(term):
            return term.key & 0xFFFF < reader.SINGLE

        def is_wide(term):
            return is_pair(term) and term.df > reader.BLOCK and term.code_bytes > term.cf

        def is_short(term):
            return is_pair(term) and 1 < term.df <= reader.BLOCK

        for what, wanted, wide in (("long", is_wide, 1), ("short", is_short, 0)):
            page, terms, i = self.term(0, wanted)
            term = terms[i]
            self.assertEqual((wide, wide), (term.code_bytes - term.cf,
                                            self.segment.pages[reader.DICTIONARY][page][term.end - 1]))
            for other in (wide + 1, 2 * term.cf, 2 * term.cf + 1, (1 << 64) - 1) + ((0,) if wide else ()):
                self.judge("%s list, %d bytes more" % (what, other),
                           self.entry_of(0, wanted, lambda raw: raw[:-1] + reader.varint(other)))  # noqa: B023
        for what, code in (("above 255", b"\xf0\xf1"), ("above 255", b"\x0f\xff"), ("a byte more", b"\0\0"),
                           ("wide", b"\xff\0")):
            self.judge("inline code: " + what,
                       self.entry_of(1, lambda term: term.code == (0, 0), lambda raw: raw[:-1] + code))  # noqa: B023


if __name__ == "__main__":
    if sys.argv[1:] == ["--refresh"]:
        refresh()
    else:
        unittest.main()
