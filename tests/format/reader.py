"""A second reader of the index format, written from docs/FORMAT.md alone: it shares no code with the product.

It reads everything and checks everything; speed is no aim. Needs libzstd and libxxhash, nothing else.

    python3 tests/format/reader.py INDEX        verify an index and say what it holds
"""

import ctypes
import os
import struct
import sys
from collections import namedtuple

VERSION = 0
MANIFEST_MAGIC = b"\x89XJM\r\n\x1a\n"
SEGMENT_MAGIC = b"\x89XJS\r\n\x1a\n"
MANIFEST_MAX = 262144
SEGMENTS_MAX = 4096
SECTIONS_MAX = 64
CHUNK = PAGE = 4096
FRAME_RAW_MAX = 512 << 20
PAGE_PACKED_MAX = 8192
BLOCK = 128
KEY_MAX = 514
NONE64 = (1 << 64) - 1
U32_MAX = (1 << 32) - 1
ENCODINGS = ("UTF-8", "UTF-16LE", "UTF-16BE", "GB18030", "Big5", "EUC-JP", "Shift_JIS", "UTF-32LE", "UTF-32BE")
HEADINGS_MAX = 16
EXTRA_MAX = 64

RAW, FRAMES = 0, 1
SECTIONS = {1: ("statistics", RAW), 2: ("text frames", FRAMES), 3: ("postings pages", FRAMES),
            4: ("adjacency pages", FRAMES), 5: ("report frames", FRAMES), 6: ("heading frames", FRAMES),
            7: ("text directory", RAW), 8: ("postings directory", RAW), 9: ("adjacency directory", RAW),
            10: ("report directory", RAW), 11: ("heading directory", RAW), 12: ("text records", RAW),
            13: ("report records", RAW), 14: ("heading records", RAW), 15: ("pair terms", RAW),
            16: ("word offsets", RAW), 17: ("word terms", RAW), 18: ("term infos", RAW),
            19: ("block directory", RAW), 20: ("passage table", RAW), 21: ("report table", RAW)}
(STATS, TEXT, POSTINGS, ADJACENCY, REPORT, HEADING, TEXT_DIR, POSTINGS_DIR, ADJACENCY_DIR, REPORT_DIR, HEADING_DIR,
 TEXT_INDEX, REPORT_INDEX, HEADING_INDEX, PAIRS, WORD_OFFSETS, WORD_BYTES, TERMS, BLOCKS, PASSAGES,
 REPORTS) = range(1, 22)

READ, RESTORED, CONJECTURE = 0, 1, 2

Stats = namedtuple("Stats", "reports passages sections pairs words units postings occurrences characters text_bytes "
                            "input_bytes")
ManifestSegment = namedtuple("ManifestSegment", "size header_sum name")
Section = namedtuple("Section", "type kind offset length checks_offset checks_sum")
Frame = namedtuple("Frame", "offset packed raw sum")
Term = namedtuple("Term", "postings_at adjacency_at df cf first_block")
Passage = namedtuple("Passage", "report section length")
Report = namedtuple("Report", "first_passage n_passages id_rank year")
# Code points as a string; for each of them its source bytes [beg, end) and its mark.
Text = namedtuple("Text", "text beg end mark")


class NotAnIndex(Exception):
    """Something else than an index of this format."""


class Newer(Exception):
    """A sound file of another version of the format."""


class Damaged(Exception):
    """Bytes that are not what was written, or do not make sense."""


def need(true, what):
    if not true:
        raise Damaged(what)


# ------------------------------------------------------------------------------------- libraries, found when needed

class Libraries:
    """libxxhash and libzstd; OSError when one is missing."""

    def __init__(self):
        self.xxhash = ctypes.CDLL("libxxhash.so.0")
        self.xxhash.XXH3_64bits_withSeed.restype = ctypes.c_uint64
        self.xxhash.XXH3_64bits_withSeed.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
        self.zstd = ctypes.CDLL("libzstd.so.1")
        for name, result, arguments in (
                ("ZSTD_getFrameContentSize", ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_size_t]),
                ("ZSTD_findFrameCompressedSize", ctypes.c_size_t, [ctypes.c_char_p, ctypes.c_size_t]),
                ("ZSTD_decompress", ctypes.c_size_t, [ctypes.c_char_p, ctypes.c_size_t] * 2)):
            function = getattr(self.zstd, name)
            function.restype, function.argtypes = result, arguments

    def checksum(self, data, place):
        return self.xxhash.XXH3_64bits_withSeed(bytes(data), len(data), place)

    def decompress(self, packed, size):
        """The raw bytes of exactly one frame of which the size is known."""
        need(self.zstd.ZSTD_getFrameContentSize(packed, len(packed)) == size, "a frame of another size")
        need(self.zstd.ZSTD_findFrameCompressedSize(packed, len(packed)) == len(packed), "more or less than one frame")
        raw = ctypes.create_string_buffer(max(size, 1))
        need(self.zstd.ZSTD_decompress(raw, size, packed, len(packed)) == size, "a frame that does not decompress")
        return raw.raw[:size]


_libraries = None


def libraries():
    global _libraries
    _libraries = _libraries or Libraries()
    return _libraries


# ------------------------------------------------------------------------------------------------- small things

class Reader:
    """Bounded reader of a byte string."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def take(self, n):
        need(n <= self.left(), "bytes that are missing")
        self.at += n
        return self.data[self.at - n:self.at]

    def varint(self):
        value = 0
        for i in range(10):
            byte = self.take(1)[0]
            need(i < 9 or byte <= 1, "a varint above 64 bits")
            value |= (byte & 0x7F) << 7 * i
            if byte < 0x80:
                return value
        raise Damaged("a varint above 64 bits")


def varint(value):
    """The bytes of a varint."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return value << 1 if value >= 0 else (-value << 1) - 1


def unzigzag(value):
    return -(value + 1 >> 1) if value & 1 else value >> 1


def place(section, number):
    return section << 48 ^ number


def padded(n):
    return n + (-n % 8)


def utf8(data, what):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Damaged(what) from None


# ------------------------------------------------------------------------------------------------ the manifest

class Manifest:
    def __init__(self, data, fingerprint=None):
        if len(data) > MANIFEST_MAX:
            raise Damaged("a manifest that is too long")
        if len(data) < 44 or data[:8] != MANIFEST_MAGIC:
            raise NotAnIndex("no manifest of an index")
        end = len(data) - 8
        need(libraries().checksum(data[:end], 2) == struct.unpack_from("<Q", data, end)[0], "checksum of the manifest")
        version, reserved, flags = struct.unpack_from("<HHI", data, 8)
        if (version, reserved, flags) != (VERSION, 0, 0):
            raise Newer("version %d, reserved %d, flags %d" % (version, reserved, flags))
        self.generation, self.fingerprint, count = struct.unpack_from("<QQI", data, 16)
        if fingerprint is not None and self.fingerprint != fingerprint:
            raise Newer("another analyser")
        need(count <= SEGMENTS_MAX, "too many segments")
        r = Reader(data[36:end])
        self.segments = []
        for _ in range(count):
            size, header_sum = struct.unpack("<QQ", r.take(16))
            n = r.varint()
            need(9 <= n <= 63, "length of a segment name")
            name = r.take(n)
            need(name.startswith(b"seg-") and name.endswith(b".xjs")
                 and not name.strip(b"abcdefghijklmnopqrstuvwxyz0123456789-."), "a segment name")
            self.segments.append(ManifestSegment(size, header_sum, name.decode("ascii")))
        need(r.left() == 0, "bytes left over in the manifest")
        need(len({s.name for s in self.segments}) == count, "a segment named twice")


# ----------------------------------------------------------------------------------------------- records

def expected_length(encoding, code):
    """Source bytes that a code point is expected to take."""
    name = ENCODINGS[encoding]
    if name == "UTF-8":
        return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
    if name in ("UTF-16LE", "UTF-16BE"):
        return 2 if code < 0x10000 else 4
    if name in ("UTF-32LE", "UTF-32BE"):
        return 4
    return 1 if code < 0x80 else 2


GAP, LENGTH, MARK_RESTORED, MARK_CONJECTURE = range(4)


def read_source_map(r, encoding, text):
    """(beg, end, mark) of each code point of text; leaves r behind the map."""
    at, count = r.varint(), r.varint()
    entries, position = {}, 0
    for _ in range(count):
        head, value = r.varint(), r.varint()
        position += head >> 2
        need(position < len(text), "a source map longer than its text")
        entries.setdefault(position, []).append((head & 3, value))
    beg, end, mark = [], [], [READ] * len(text)
    for i, char in enumerate(text):
        length = expected_length(encoding, ord(char))
        for kind, value in entries.get(i, ()):
            if kind == GAP:
                at += unzigzag(value)
            elif kind == LENGTH:
                length += unzigzag(value)
            else:
                need(value <= len(text) - i, "a mark beyond the text")
                mark[i:i + value] = [RESTORED if kind == MARK_RESTORED else CONJECTURE] * value
        need(0 <= at <= U32_MAX and 0 <= length <= 255, "an impossible source")
        beg.append(at)
        at += length
        end.append(at)
    return beg, end, mark


def write_source_map(encoding, text, beg, end, mark):
    """The bytes that the writer makes of a map."""
    entries, last, at = [], 0, beg[0] if text else 0
    for i, char in enumerate(text):
        found = []
        if beg[i] != at:
            found.append((GAP, zigzag(beg[i] - at)))
        expected = expected_length(encoding, ord(char))
        if end[i] - beg[i] != expected:
            found.append((LENGTH, zigzag(end[i] - beg[i] - expected)))
        if mark[i] != READ and (i == 0 or mark[i - 1] != mark[i]):
            run = i
            while run < len(text) and mark[run] == mark[i]:
                run += 1
            found.append((MARK_RESTORED if mark[i] == RESTORED else MARK_CONJECTURE, run - i))
        for kind, value in found:
            entries.append(varint(i - last << 2 | kind) + varint(value))
            last = i
        at = end[i]
    return varint(beg[0] if text else 0) + varint(len(entries)) + b"".join(entries)


def read_text(record, encoding):
    r = Reader(record)
    text = utf8(r.take(r.varint()), "a text that is not UTF-8")
    out = Text(text, *read_source_map(r, encoding, text))
    need(r.left() == 0, "bytes left over in a text record")
    return out


def write_text(text, encoding):
    data = text.text.encode("utf-8")
    return varint(len(data)) + data + write_source_map(encoding, *text)


TAGS = {1: "id", 2: "path", 3: "title", 4: "agency", 5: "date", 6: "number"}
TAG_ENCODING, TAG_STRING, TAG_NUMBER = 7, 8, 9


def read_meta(record):
    """{"id", "path", ...: bytes; "encoding": int; "fields": [(name, value, is a number)]}; absent fields are None."""
    meta = dict.fromkeys(TAGS.values())
    meta.update(encoding=0, fields=[])
    r = Reader(record)
    while r.left():
        tag = r.varint()
        value = r.take(r.varint())
        if tag in TAGS:
            meta[TAGS[tag]] = value
        elif tag == TAG_ENCODING:
            need(len(value) == 1 and value[0] < len(ENCODINGS), "an unknown encoding")
            meta["encoding"] = value[0]
        elif tag in (TAG_STRING, TAG_NUMBER):
            need(len(meta["fields"]) < EXTRA_MAX, "too many fields")
            x = Reader(value)
            name = x.take(x.varint())
            meta["fields"].append((name, x.take(x.left()), tag == TAG_NUMBER))
        else:
            raise Damaged("an unknown tag")
    need(meta["id"] is not None, "a report without an id")
    return meta


def read_heading(record):
    """Heading path, outermost first."""
    r, path = Reader(record), []
    while r.left():
        need(len(path) < HEADINGS_MAX, "too deep a heading path")
        path.append(utf8(r.take(r.varint()), "a heading that is not UTF-8"))
    return path


def read_block(r, n, previous):
    """n postings [(passage, tf)] from a reader of the postings stream."""
    out = []
    for _ in range(n):
        head = r.varint()
        tf = r.varint() + 2 if head & 1 else 1
        need(head >> 1 > 0 and tf <= U32_MAX, "postings out of order")
        previous += head >> 1
        out.append((previous, tf))
    return out


# ----------------------------------------------------------------------------------------------- a segment

class Segment:
    """A segment of which every byte has been verified. data: the whole file."""

    def __init__(self, data, size=None, header_sum=None, fingerprint=None):
        self.data = data
        need((size is None or len(data) == size) and len(data) >= 64, "a segment of another size")
        if data[:8] != SEGMENT_MAGIC:
            raise NotAnIndex("no segment of an index")
        own_sum = struct.unpack_from("<Q", data, 56)[0]
        need(libraries().checksum(data[:56], 0) == own_sum, "checksum of the header")
        need(header_sum is None or own_sum == header_sum, "another segment than the manifest names")
        version, reserved, flags = struct.unpack_from("<HHI", data, 8)
        if (version, reserved, flags) != (VERSION, 0, 0):
            raise Newer("version %d, reserved %d, flags %d" % (version, reserved, flags))
        (self.fingerprint, file_size, self.table_at, table_sum, count,
         reserved) = struct.unpack_from("<QQQQII", data, 16)
        need(file_size == len(data) and reserved == 0 and count <= SECTIONS_MAX and 64 <= self.table_at <= len(data)
             and len(data) - self.table_at == count * 40, "the place of the section table")
        need(libraries().checksum(data[self.table_at:], 1) == table_sum, "checksum of the section table")
        if fingerprint is not None and self.fingerprint != fingerprint:
            raise Newer("another analyser")
        self.sections = {}
        self.order = []
        self._read_table(count)
        self._verify_raw()
        self._read_stats()
        self.stream = {POSTINGS: self._frames(POSTINGS, POSTINGS_DIR, pages=True),
                       ADJACENCY: self._frames(ADJACENCY, ADJACENCY_DIR, pages=True)}
        for type_ in self.stream:
            self.stream[type_] = b"".join(self.stream[type_])
        self.store = {TEXT: self._frames(TEXT, TEXT_DIR), REPORT: self._frames(REPORT, REPORT_DIR),
                      HEADING: self._frames(HEADING, HEADING_DIR)}

    def _read_table(self, count):
        at = 64
        for i in range(count):
            s = Section(*struct.unpack_from("<IIQQQQ", self.data, self.table_at + 40 * i))
            need(s.type in SECTIONS and SECTIONS[s.type][1] == s.kind, "an unknown section")
            need(s.type not in self.sections, "a section that is there twice")
            need(s.offset == at and s.length <= self.table_at - at, "sections that do not follow each other")
            at = padded(s.offset + s.length)
            need(at <= self.table_at and not any(self.data[s.offset + s.length:at]), "padding")
            if s.kind == RAW:
                checks = -(-s.length // CHUNK) * 8
                need(s.checks_offset == at and checks <= self.table_at - at, "the place of a checksum list")
                at += checks
            else:
                need(s.checks_offset == 0 and s.checks_sum == 0, "reserved bytes of a table entry")
            self.sections[s.type] = s
            self.order.append(s.type)
        need(at == self.table_at, "bytes that belong to no section")
        need(len(self.sections) == len(SECTIONS), "a section that is missing")

    def _verify_raw(self):
        checksum = libraries().checksum
        for s in self.sections.values():
            if s.kind == RAW:
                n = -(-s.length // CHUNK)
                sums = self.data[s.checks_offset:s.checks_offset + 8 * n]
                need(checksum(sums, place(s.type, U32_MAX)) == s.checks_sum, "checksum of a checksum list")
                bytes_ = self.section(s.type)
                for i, expected in enumerate(struct.unpack("<%dQ" % n, sums)):
                    need(checksum(bytes_[i * CHUNK:(i + 1) * CHUNK], place(s.type, i)) == expected,
                         "checksum of " + SECTIONS[s.type][0])

    def _read_stats(self):
        need(self.sections[STATS].length == 88, "the length of the statistics")
        self.stats = t = Stats(*struct.unpack("<11Q", self.section(STATS)))
        need(max(t[:5]) < U32_MAX, "a count that is too large")
        for type_, length in ((PASSAGES, 12 * t.passages), (TEXT_INDEX, 8 * t.passages), (REPORTS, 16 * t.reports),
                              (REPORT_INDEX, 8 * t.reports), (HEADING_INDEX, 8 * t.sections), (PAIRS, 8 * t.pairs),
                              (WORD_OFFSETS, 4 * (t.words + 1)), (TERMS, 28 * (t.pairs + t.words))):
            need(self.sections[type_].length == length, "the length of the " + SECTIONS[type_][0])
        need(self.sections[BLOCKS].length % 20 == 0, "the length of the block directory")
        offsets = struct.unpack("<%dI" % (t.words + 1), self.section(WORD_OFFSETS))
        need(offsets[0] == 0 and offsets[-1] == self.sections[WORD_BYTES].length, "the ends of the word terms")

    def _frames(self, type_, directory, pages=False):
        """Raw bytes of all frames of a section."""
        entries = self.rows(directory, "<QIIQ", Frame)
        frames = self.section(type_)
        out, at = [], 0
        for i, f in enumerate(entries):
            need(f.offset == at and f.packed <= len(frames) - at and f.raw <= FRAME_RAW_MAX, "a frame out of place")
            at += f.packed
            packed = frames[f.offset:at]
            need(libraries().checksum(packed, place(type_, i)) == f.sum, "checksum of a frame of " + SECTIONS[type_][0])
            if pages:
                need(f.raw <= PAGE and (f.raw == PAGE or i + 1 == len(entries)) and f.packed <= PAGE_PACKED_MAX,
                     "a page of a wrong size")
            out.append(libraries().decompress(packed, f.raw))
        need(at == len(frames), "bytes that belong to no frame")
        return out

    def section(self, type_):
        s = self.sections[type_]
        return self.data[s.offset:s.offset + s.length]

    def rows(self, type_, layout, row):
        bytes_ = self.section(type_)
        need(len(bytes_) % struct.calcsize(layout) == 0, "the length of the " + SECTIONS[type_][0])
        return [row(*values) for values in struct.iter_unpack(layout, bytes_)]

    # ---- records

    def records(self, store, index):
        """Record after record, as bytes."""
        for frame, offset in self.rows(index, "<II", lambda *place_: place_):
            need(frame < len(self.store[store]), "a record in a frame that is not there")
            r = Reader(self.store[store][frame])
            r.take(offset)
            yield r.take(r.varint())

    def metas(self):
        return [read_meta(record) for record in self.records(REPORT, REPORT_INDEX)]

    def headings(self):
        paths = [read_heading(record) for record in self.records(HEADING, HEADING_INDEX)]
        need(not paths or paths[0] == [], "section 0 has a heading")
        return paths

    def passages(self):
        rows = self.rows(PASSAGES, "<III", Passage)
        for row in rows:
            need(row.report < self.stats.reports and row.section < self.stats.sections, "a passage of nothing")
        return rows

    def reports(self):
        rows, at = self.rows(REPORTS, "<IIII", Report), 0
        for row in rows:
            need(row.first_passage == at and row.n_passages <= self.stats.passages - at, "passages of a report")
            at += row.n_passages
        need(at == self.stats.passages, "passages of no report")
        need(sorted(row.id_rank for row in rows) == list(range(len(rows))), "ranks of the ids")
        return rows

    def texts(self):
        """Text of each passage."""
        metas = self.metas()
        return [read_text(record, metas[row.report]["encoding"])
                for row, record in zip(self.passages(), self.records(TEXT, TEXT_INDEX))]

    # ---- terms

    def keys(self):
        """(first, second) for pair terms, bytes for string terms; in the order of their ordinals."""
        pairs = struct.unpack("<%dQ" % self.stats.pairs, self.section(PAIRS))
        need(all(a < b for a, b in zip(pairs, pairs[1:])), "pair terms out of order")
        offsets = struct.unpack("<%dI" % (self.stats.words + 1), self.section(WORD_OFFSETS))
        bytes_ = self.section(WORD_BYTES)
        need(all(1 <= b - a <= KEY_MAX for a, b in zip(offsets, offsets[1:])), "the length of a word term")
        words = [bytes_[a:b] for a, b in zip(offsets, offsets[1:])]
        need(all(a < b for a, b in zip(words, words[1:])), "word terms out of order")
        return [(key >> 32, key & U32_MAX) for key in pairs] + words

    def terms(self):
        return self.rows(TERMS, "<QQIII", Term)

    def lists(self):
        """(key, [(passage, tf, adjacency codes or None)]) of each term, verifying that lists fill their streams."""
        blocks = self.rows(BLOCKS, "<IQQ", lambda *row: row)
        postings, codes = Reader(self.stream[POSTINGS]), self.stream[ADJACENCY]
        code_at, next_block, n_postings, n_occurrences = 0, 0, 0, 0
        for key, term in zip(self.keys(), self.terms()):
            has_codes = key[1] != 0 if isinstance(key, tuple) else key[:1] == b"p"
            need(term.postings_at == postings.at, "a list that does not follow the one before")
            need(term.adjacency_at == (code_at if has_codes else NONE64), "codes that do not follow the ones before")
            need(1 <= term.df <= self.stats.passages, "an impossible number of passages")
            need(term.first_block == (next_block if term.df > BLOCK else 0), "an entry of the block directory")
            out, previous, cf = [], -1, 0
            for first in range(0, term.df, BLOCK):
                block_at, block_codes_at = postings.at, code_at if has_codes else NONE64
                found = read_block(postings, min(BLOCK, term.df - first), previous)
                previous = found[-1][0]
                if term.df > BLOCK:
                    need(next_block < len(blocks) and blocks[next_block] == (previous, block_at, block_codes_at),
                         "a block directory that does not fit")
                    next_block += 1
                for passage, tf in found:
                    cf += tf
                    own = None
                    if has_codes:
                        own = codes[code_at:code_at + tf]
                        need(len(own) == tf, "adjacency codes that are missing")
                        code_at += tf
                    out.append((passage, tf, own))
            need(previous < self.stats.passages, "a passage that is not there")
            need(term.cf == min(cf, U32_MAX), "the number of occurrences")
            n_postings += term.df
            n_occurrences += cf
            yield key, out
        need(postings.left() == 0 and code_at == len(codes) and next_block == len(blocks), "bytes of no list")
        need((n_postings, n_occurrences) == (self.stats.postings, self.stats.occurrences), "statistics of the lists")

    def verify(self):
        """Read what opening has not read."""
        texts, passages = self.texts(), self.passages()
        self.headings()
        for number, report in enumerate(self.reports()):
            for row in passages[report.first_passage:report.first_passage + report.n_passages]:
                need(row.report == number, "a passage of another report")
        ids = [meta["id"] for meta in self.metas()]
        ranks = [report.id_rank for report in self.reports()]
        need(sorted(range(len(ids)), key=lambda i: (ids[i], i)) == sorted(range(len(ids)), key=ranks.__getitem__),
             "ranks of the ids")
        for _ in self.lists():
            pass
        need(sum(row.length for row in passages) == self.stats.units, "the number of units")
        need(sum(len(t.text) for t in texts) == self.stats.characters, "the number of characters")
        need(sum(len(t.text.encode("utf-8")) for t in texts) == self.stats.text_bytes, "the number of text bytes")


class Index:
    def __init__(self, directory):
        for attempt in range(10):
            with open(os.path.join(directory, "manifest"), "rb") as file:
                self.manifest = Manifest(file.read(MANIFEST_MAX + 1))
            self.segments = []
            try:
                for named in self.manifest.segments:
                    with open(os.path.join(directory, named.name), "rb") as file:
                        data = file.read()
                    self.segments.append(Segment(data, named.size, named.header_sum, self.manifest.fingerprint))
                return
            except FileNotFoundError:  # a writer committed between: its manifest is the one to read
                if attempt == 9:
                    raise Damaged("a segment that is missing") from None

    def verify(self):
        for segment in self.segments:
            segment.verify()


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        index = Index(arguments[0])
        index.verify()
    except (NotAnIndex, Newer, Damaged, OSError) as reason:
        print("%s: %s" % (type(reason).__name__, reason), file=sys.stderr)
        return 3
    print("generation %d, analyser %016x" % (index.manifest.generation, index.manifest.fingerprint))
    for named, segment in zip(index.manifest.segments, index.segments):
        print("%s: %s" % (named.name, ", ".join("%d %s" % (value, name.replace("_", " "))
                                                for name, value in segment.stats._asdict().items())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
