"""A second reader of the index format, written from docs/FORMAT.md alone: it shares no code with the product.

It reads everything and checks everything; speed is no aim. Needs libzstd and libxxhash, nothing else.

    python3 tests/format/reader.py INDEX        verify an index and say what it holds
"""

import ctypes
import math
import os
import struct
import sys
from collections import namedtuple

VERSION = 1
MANIFEST_MAGIC = b"\x89XJM\r\n\x1a\n"
SEGMENT_MAGIC = b"\x89XJS\r\n\x1a\n"
MANIFEST_MAX = 262144
SEGMENTS_MAX = 4096
SECTIONS_MAX = 64
OPTIONAL_TYPES = range(64, 65536)
CHUNK = PAGE = 4096
FRAME_RAW_MAX = 512 << 20
PAGE_PACKED_MAX = 8192
BLOCK = 128
KEY_MAX = 514
U32_MAX = (1 << 32) - 1
OCCURRENCE_MAX = 255  # occurrence numbers of adjacency codes: it stands for itself and all above
NIBBLE_MAX = 15
CODE_BYTES_MAX = 3
CODE_POINT_MAX = 0x10FFFF
ENCODINGS = ("UTF-8", "UTF-16LE", "UTF-16BE", "GB18030", "Big5", "EUC-JP", "Shift_JIS", "UTF-32LE", "UTF-32BE")
HEADINGS_MAX = 16
EXTRA_MAX = 64

RAW, FRAMES = 0, 1
# name, kind, bytes of an entry (0: not an array)
SECTIONS = {1: ("statistics", RAW, 112), 2: ("text frames", FRAMES, 0), 3: ("text tables", FRAMES, 0),
            4: ("postings pages", FRAMES, 0), 5: ("adjacency pages", FRAMES, 0), 6: ("dictionary pages", FRAMES, 0),
            7: ("report frames", FRAMES, 0), 8: ("heading frames", FRAMES, 0), 9: ("text directory", RAW, 16),
            10: ("table directory", RAW, 16), 11: ("postings directory", RAW, 16), 12: ("adjacency directory", RAW, 16),
            13: ("dictionary directory", RAW, 16), 14: ("report directory", RAW, 16), 15: ("heading directory", RAW, 16),
            16: ("text firsts", RAW, 4), 17: ("report firsts", RAW, 4), 18: ("heading firsts", RAW, 4),
            19: ("text groups", RAW, 4), 20: ("pair index", RAW, 28), 21: ("string index", RAW, 28),
            22: ("string index keys", RAW, 0), 23: ("context pair index", RAW, 28), 24: ("context string index", RAW, 28),
            25: ("context string index keys", RAW, 0), 26: ("block directory", RAW, 10), 27: ("passage lengths", RAW, 1),
            28: ("sections", RAW, 4), 29: ("reports", RAW, 16)}
(STATS, TEXT, TABLES, POSTINGS, ADJACENCY, DICTIONARY, REPORT, HEADING, TEXT_DIR, TABLE_DIR, POSTINGS_DIR, ADJACENCY_DIR,
 DICTIONARY_DIR, REPORT_DIR, HEADING_DIR, TEXT_FIRSTS, REPORT_FIRSTS, HEADING_FIRSTS, TEXT_GROUPS, PAIRS, STRINGS,
 STRING_KEYS, CONTEXT_PAIRS, CONTEXT_STRINGS, CONTEXT_STRING_KEYS, BLOCKS, LENGTHS, SECTION_ROWS,
 REPORTS) = range(1, 30)
DIRECTORY = 7  # the directory of frames of type t has the type t + 7
FIRSTS = {TEXT: TEXT_FIRSTS, REPORT: REPORT_FIRSTS, HEADING: HEADING_FIRSTS}
PAGES = POSTINGS, ADJACENCY, DICTIONARY
# Of each dictionary: its index and, for string terms, the keys of the index.
INDEXES = ((PAIRS, None), (STRINGS, STRING_KEYS), (CONTEXT_PAIRS, None), (CONTEXT_STRINGS, CONTEXT_STRING_KEYS))

SINGLE, CHARACTER_LIST = 0xFFFE, 0xFFFF  # in place of the second character of a pair
RARE = 20
ONE_BYTE_RANKS, ESCAPE = 192, 255
RANKS_MAX = ONE_BYTE_RANKS + (ESCAPE - ONE_BYTE_RANKS) * 256
DICTIONARY_MAGIC = b"\x37\xa4\x30\xec"

READ, RESTORED, CONJECTURE = 0, 1, 2

Stats = namedtuple("Stats", "reports passages sections pair_terms string_terms context_pair_terms context_string_terms "
                            "units postings occurrences context_postings characters text_bytes input_bytes")
ManifestSegment = namedtuple("ManifestSegment", "size header_sum name")
Section = namedtuple("Section", "type kind offset length checks_offset checks_sum")
Passage = namedtuple("Passage", "report section length")  # length: what its code stands for
Report = namedtuple("Report", "first_passage n_passages first_section n_sections id_rank year")
# Characters by rank, and a Zstandard dictionary or b"".
Table = namedtuple("Table", "characters dictionary")
# An entry of a dictionary index. key: u32, or offset in the keys; cursors: of the first term of the page.
IndexEntry = namedtuple("IndexEntry", "key ordinal cursors")
# Where the next list, codes and block directory entries are.
Cursors = namedtuple("Cursors", "page header noise adjacency block")
# A term of a dictionary page. begin, end: its bytes in the page; shared: bytes of a string key that are not there;
# passage, code: of an inline term, else None; next_page: its list does not begin at the cursors but with the next page;
# extra, noise, max_impact, pages: as stored, 0 or None when they are not; code_bytes: in the adjacency pages.
Term = namedtuple("Term", "begin end shared key df cf has_codes passage code next_page extra noise max_impact pages "
                          "code_bytes")
BlockEntry = namedtuple("BlockEntry", "last page header noise max_impact")
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
        bytes_ = [ctypes.c_char_p, ctypes.c_size_t]
        for name, result, arguments in (
                ("ZSTD_getFrameContentSize", ctypes.c_uint64, bytes_),
                ("ZSTD_findFrameCompressedSize", ctypes.c_size_t, bytes_),
                ("ZSTD_createDCtx", ctypes.c_void_p, []),
                ("ZSTD_createDDict", ctypes.c_void_p, bytes_),
                ("ZSTD_freeDDict", ctypes.c_size_t, [ctypes.c_void_p]),
                ("ZSTD_decompressDCtx", ctypes.c_size_t, [ctypes.c_void_p, *bytes_, *bytes_]),
                ("ZSTD_decompress_usingDDict", ctypes.c_size_t, [ctypes.c_void_p, *bytes_, *bytes_, ctypes.c_void_p])):
            function = getattr(self.zstd, name)
            function.restype, function.argtypes = result, arguments
        self.context = self.zstd.ZSTD_createDCtx()

    def checksum(self, data, place):
        return self.xxhash.XXH3_64bits_withSeed(bytes(data), len(data), place)

    def decompress(self, packed, limit, dictionary=None):
        """The raw bytes of exactly one frame, 1 to limit. dictionary: of open_dictionary()."""
        size = self.zstd.ZSTD_getFrameContentSize(packed, len(packed))
        need(1 <= size <= limit, "a frame of an impossible size")
        need(self.zstd.ZSTD_findFrameCompressedSize(packed, len(packed)) == len(packed), "more or less than one frame")
        raw = ctypes.create_string_buffer(size)
        if dictionary:
            got = self.zstd.ZSTD_decompress_usingDDict(self.context, raw, size, packed, len(packed), dictionary)
        else:
            got = self.zstd.ZSTD_decompressDCtx(self.context, raw, size, packed, len(packed))
        need(got == size, "a frame that does not decompress")
        return raw.raw

    def open_dictionary(self, content):
        dictionary = self.zstd.ZSTD_createDDict(content, len(content))
        need(dictionary, "a dictionary that is none")
        return dictionary

    def close_dictionary(self, dictionary):
        self.zstd.ZSTD_freeDDict(dictionary)


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


def is_code_point(value):
    return value <= CODE_POINT_MAX and not 0xD800 <= value < 0xE000


def ascending(values, limit):
    """Strictly ascending from 0 on and below limit."""
    return not values or values[0] == 0 and values[-1] < limit and all(a < b for a, b in zip(values, values[1:]))


def length_code(n):
    """Code of a length in units."""
    if n < 32:
        return n
    e = n.bit_length() - 1
    return min(255, 32 + (e - 5) * 16 + (n >> e - 4 & 15))


def length_of(code):
    """The length that a code stands for."""
    if code < 32:
        return code
    e, m = 5 + (code - 32) // 16, (code - 32) % 16
    return (16 + m << e - 4) + (1 << e - 4) // 2


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


def read_table(data):
    """The tables of a group of texts."""
    r = Reader(data)
    n = r.varint()
    need(n <= RANKS_MAX, "too many ranks")
    codes = [r.varint() for _ in range(n)]
    need(all(map(is_code_point, codes)) and len(set(codes)) == n, "a character of a table")
    dictionary = r.take(r.varint())
    need(not dictionary or dictionary.startswith(DICTIONARY_MAGIC), "a dictionary that is none")
    need(r.left() == 0, "bytes left over in a table")
    return Table("".join(map(chr, codes)), dictionary)


def read_characters(data, characters):
    """Text of character codes."""
    r, out = Reader(data), []
    while r.left():
        rank = r.take(1)[0]
        if rank == ESCAPE:
            code = int.from_bytes(r.take(3), "little")
            need(is_code_point(code), "no code point")
            out.append(chr(code))
            continue
        if rank >= ONE_BYTE_RANKS:
            rank = ONE_BYTE_RANKS + (rank - ONE_BYTE_RANKS) * 256 + r.take(1)[0]
        need(rank < len(characters), "a rank that no character has")
        out.append(characters[rank])
    return "".join(out)


def write_characters(text, characters):
    """The character codes that the writer makes of a text."""
    ranks, out = {char: rank for rank, char in enumerate(characters)}, bytearray()
    for char in text:
        rank = ranks.get(char)
        if rank is None:
            out.append(ESCAPE)
            out += ord(char).to_bytes(3, "little")
        elif rank < ONE_BYTE_RANKS:
            out.append(rank)
        else:
            out += bytes((ONE_BYTE_RANKS + (rank - ONE_BYTE_RANKS) // 256, (rank - ONE_BYTE_RANKS) % 256))
    return bytes(out)


def read_text(record, characters, encoding):
    r = Reader(record)
    text = read_characters(r.take(r.varint()), characters)
    out = Text(text, *read_source_map(r, encoding, text))
    need(r.left() == 0, "bytes left over in a text record")
    return out


def write_text(text, characters, encoding):
    data = write_characters(text.text, characters)
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


# ----------------------------------------------------------------------------------------------- terms

class Bits:
    """Numbers of any width, packed from the lowest bit of the first byte on."""

    def __init__(self, data):
        self.value, self.at, self.end = int.from_bytes(data, "little"), 0, 8 * len(data)

    def take(self, n):
        need(n <= self.end - self.at, "bits that are missing")
        self.at += n
        return self.value >> self.at - n & (1 << n) - 1


def read_block(header, noise, n, previous, counts_codes):
    """([(passage, tf)] of n postings, bytes of codes of the list before them or None); leaves both readers behind the block.

    header, noise: readers of the two regions of a page."""
    heads = header.take(n)
    codes_before = noise.varint() if counts_codes else None
    widths = [max(0, (head >> 2) - 5) if head >> 2 >= 8 else 0 for head in heads]
    need(max(widths) <= 31, "an impossible gap")
    n_bytes = -(-sum(widths) // 8)
    bits = Bits(noise.take(n_bytes))
    out = []
    for head, width in zip(heads, widths):
        gap = (1 << width) + bits.take(width) if width else head >> 2
        tf = (head & 3) + 1
        if tf == 4:
            tf += header.varint()
        need(tf <= U32_MAX, "an impossible number of occurrences")
        previous += gap + 1
        out.append((previous, tf))
    need(bits.take(bits.end - bits.at) == 0, "padding of a block")
    return out, codes_before


def least_after(before):
    """The least occurrence number that can follow another one in the codes of a posting."""
    return min(OCCURRENCE_MAX, before + 1)


def read_codes(r, n):
    """n adjacency codes of one posting: pairs of occurrence numbers."""
    out = []
    for _ in range(n):
        nibbles = divmod(r.take(1)[0], 16)
        code = [nibble + (r.take(1)[0] if nibble == NIBBLE_MAX else 0) for nibble in nibbles]
        if out:
            code = [least_after(before) + step for before, step in zip(out[-1], code)]
        need(max(code) <= OCCURRENCE_MAX, "an occurrence number above 255")
        out.append(tuple(code))
    return out


def write_codes(codes):
    """What the writer stores of the adjacency codes of one posting."""
    out, last = bytearray(), None
    for code in codes:
        values = code if last is None else [now - least_after(before) for before, now in zip(last, code)]
        first, second = (min(NIBBLE_MAX, value) for value in values)
        out.append(first << 4 | second)
        out += bytes(value - NIBBLE_MAX for value in values if value >= NIBBLE_MAX)
        last = code
    return bytes(out)


def impact_of(tf, length, stats):
    """Impact of a posting in a passage of a length (that a code stands for)."""
    mean = stats.units / stats.passages if stats.units else 1.0
    norm = 0.9 * ((1 - 0.6) + 0.6 * length / mean)
    return min(255, max(1, math.ceil(255 * (tf / (tf + norm)))))


def units_of(key):
    """The two units of a string key of the kind p, as UTF-8."""
    parts = key[1:].split(b"\x1f")
    need(len(parts) == 2 and all(parts), "a key that joins two units")
    return parts


def read_term(r, strings, has_codes_of, key, is_first):
    """A term of a dictionary page. key: the one before, or that of the index for the first of the page."""
    begin, shared = r.at, 0
    if not strings:
        step = r.varint()
        need((step == 0) == is_first and key + step <= U32_MAX, "a key out of order")
        key += step
    else:
        shared, rest = r.varint(), r.varint()
        need(shared <= len(key) and (shared == 0 or not is_first) and shared + rest <= KEY_MAX, "the length of a key")
        new = key[:shared] + r.take(rest)
        need(new == key if is_first else new > key, "a key out of order")
        key = new
    has_codes = has_codes_of(key)
    value = r.varint()
    df, mode = value >> 2, value & 3
    need(df > 0 and mode != 3, "an impossible number of passages")
    passage = code = max_impact = None
    cf, extra, noise, pages, code_bytes = 1, 0, 0, 0, 0
    if mode == 2:
        need(df == 1, "an inline term of several passages")
        passage = r.varint()
        if has_codes:
            code, = read_codes(r, 1)
    else:
        cf = df + r.varint()
        need(cf > 1, "a single occurrence that is not inline")
        if df > BLOCK:
            max_impact, pages = r.take(1)[0], r.varint()
        extra, noise = r.varint(), r.varint()
        if has_codes:
            code_bytes = cf + r.varint()
            need(code_bytes <= CODE_BYTES_MAX * cf, "an impossible number of bytes of codes")
    return Term(begin, r.at, shared, key, df, cf, has_codes, passage, code, mode == 1, extra, noise, max_impact, pages,
                code_bytes)


# ----------------------------------------------------------------------------------------------- a segment

class Segment:
    """A segment of which every byte has been verified. data: the whole file.

    pages: {POSTINGS, ADJACENCY, DICTIONARY: raw pages}; store: {TEXT, REPORT, HEADING: raw frames}."""

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
        self.raw_tables = self._frames(TABLES, FRAME_RAW_MAX)
        self.tables = [read_table(raw) for raw in self.raw_tables]
        self._read_groups()
        self.pages = {type_: self._frames(type_, PAGE) for type_ in PAGES}
        self.store = {TEXT: self._text_frames(), REPORT: self._frames(REPORT, FRAME_RAW_MAX),
                      HEADING: self._frames(HEADING, FRAME_RAW_MAX)}
        self._verify_firsts()

    def _read_table(self, count):
        at = 64
        for i in range(count):
            s = Section(*struct.unpack_from("<IIQQQQ", self.data, self.table_at + 40 * i))
            need(s.type in SECTIONS and SECTIONS[s.type][1] == s.kind or s.type in OPTIONAL_TYPES and s.kind == RAW,
                 "an unknown section")
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
        need(SECTIONS.keys() <= self.sections.keys(), "a section that is missing")

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
                         "checksum of " + name_of(s.type))

    def _read_stats(self):
        need(self.sections[STATS].length == 112, "the length of the statistics")
        self.stats = t = Stats(*struct.unpack("<14Q", self.section(STATS)))
        need(max(t[:7]) < U32_MAX, "a count that is too large")
        for type_, (name, _, size) in SECTIONS.items():
            need(size == 0 or self.sections[type_].length % size == 0, "the length of the " + name)
        for type_, length in ((LENGTHS, t.passages), (SECTION_ROWS, 4 * t.sections), (REPORTS, 16 * t.reports),
                              (TEXT_FIRSTS, self.sections[TEXT_DIR].length // 4),
                              (REPORT_FIRSTS, self.sections[REPORT_DIR].length // 4),
                              (HEADING_FIRSTS, self.sections[HEADING_DIR].length // 4),
                              (TEXT_GROUPS, self.sections[TABLE_DIR].length // 4),
                              (DICTIONARY_DIR, 16 * sum(self.sections[index].length // 28 for index, _ in INDEXES))):
            need(self.sections[type_].length == length, "the length of the " + name_of(type_))

    # ---- frames

    def _packed_frames(self, type_):
        """Frame after frame, as stored."""
        entries = self.rows(type_ + DIRECTORY, "<QQ", lambda *row: row)
        frames = self.section(type_)
        need(bool(entries) == bool(frames), "frames without a directory")
        need(ascending([offset for offset, _ in entries], len(frames)), "a frame out of place")
        ends = [offset for offset, _ in entries[1:]] + [len(frames)]
        for i, ((offset, sum_), end) in enumerate(zip(entries, ends)):
            packed = frames[offset:end]
            need(libraries().checksum(packed, place(type_, i)) == sum_, "checksum of a frame of " + name_of(type_))
            need(type_ not in PAGES or len(packed) <= PAGE_PACKED_MAX, "a page that is too large")
            yield packed

    def _frames(self, type_, limit):
        return [libraries().decompress(packed, limit) for packed in self._packed_frames(type_)]

    def _read_groups(self):
        """self.group_of: group of each text frame."""
        n_frames = self.sections[TEXT_DIR].length // 16
        firsts = self.numbers(TEXT_GROUPS)
        need(bool(firsts) == bool(n_frames) and ascending(firsts, n_frames), "groups of texts")
        self.group_of = [group for group, (first, end) in enumerate(zip(firsts, firsts[1:] + [n_frames]))
                         for _ in range(first, end)]

    def _text_frames(self):
        out, opened, of = [], None, None
        try:
            for group, packed in zip(self.group_of, self._packed_frames(TEXT)):
                if group != of:
                    if opened:
                        libraries().close_dictionary(opened)
                        opened = None
                    if self.tables[group].dictionary:
                        opened = libraries().open_dictionary(self.tables[group].dictionary)
                    of = group
                out.append(libraries().decompress(packed, FRAME_RAW_MAX, opened))
        finally:
            if opened:
                libraries().close_dictionary(opened)
        return out

    def section(self, type_):
        s = self.sections[type_]
        return self.data[s.offset:s.offset + s.length]

    def rows(self, type_, layout, row):
        return [row(*values) for values in struct.iter_unpack(layout, self.section(type_))]

    def numbers(self, type_):
        return self.rows(type_, "<I", int)

    # ---- records

    def n_records(self, store):
        return {TEXT: self.stats.passages, REPORT: self.stats.reports, HEADING: self.stats.sections}[store]

    def _verify_firsts(self):
        for store, firsts in FIRSTS.items():
            n = self.n_records(store)
            need(bool(self.store[store]) == bool(n) and ascending(self.numbers(firsts), n), "firsts of " + name_of(store))

    def records(self, store):
        """(number of the frame, record) of record after record."""
        firsts = self.numbers(FIRSTS[store])
        for frame, (first, end) in enumerate(zip(firsts, firsts[1:] + [self.n_records(store)])):
            r = Reader(self.store[store][frame])
            for _ in range(first, end):
                yield frame, r.take(r.varint())
            need(r.left() == 0, "bytes left over in a frame of " + name_of(store))

    def metas(self):
        return [read_meta(record) for _, record in self.records(REPORT)]

    def headings(self):
        """Heading path of each section."""
        return [read_heading(record) for _, record in self.records(HEADING)]

    def section_ends(self):
        """[first, end) of the passages of each section."""
        firsts = self.numbers(SECTION_ROWS)
        need(bool(firsts) == bool(self.stats.passages) and ascending(firsts, self.stats.passages), "passages of a section")
        return list(zip(firsts, firsts[1:] + [self.stats.passages]))

    def reports(self):
        rows, t = self.rows(REPORTS, "<IIII", lambda *row: row), self.stats
        need(rows or t.passages == 0, "passages of no report")
        sections, out = self.section_ends(), []
        for i, (passage, section, rank, year) in enumerate(rows):
            next_passage, next_section = rows[i + 1][:2] if i + 1 < len(rows) else (t.passages, t.sections)
            need(i > 0 or (passage, section) == (0, 0), "the first report")
            need(passage <= next_passage <= t.passages and section <= next_section <= t.sections,
                 "passages and sections of a report")
            need((passage < next_passage) == (section < next_section), "a report without sections")
            need(section == next_section or sections[section][0] == passage, "a section of two reports")
            out.append(Report(passage, next_passage - passage, section, next_section - section, rank, year))
        need(sorted(row.id_rank for row in out) == list(range(len(out))), "ranks of the ids")
        return out

    def passages(self):
        sections = [i for i, (first, end) in enumerate(self.section_ends()) for _ in range(first, end)]
        reports = [i for i, row in enumerate(self.reports()) for _ in range(row.n_passages)]
        return [Passage(*row) for row in zip(reports, sections, map(length_of, self.section(LENGTHS)))]

    def texts(self):
        """Text of each passage."""
        metas = self.metas()
        return [read_text(record, self.tables[self.group_of[frame]].characters, metas[row.report]["encoding"])
                for row, (frame, record) in zip(self.passages(), list(self.records(TEXT)))]

    # ---- terms

    def index(self, dictionary):
        """Entries of the index of a dictionary."""
        type_, keys = INDEXES[dictionary]
        out = [IndexEntry(row[0], row[1], Cursors(*row[2:])) for row in self.rows(type_, "<IIIHHQI", lambda *row: row)]
        n_terms = self.stats[3 + dictionary]
        need(bool(out) == bool(n_terms) and ascending([entry.ordinal for entry in out], n_terms), "ordinals of an index")
        if keys is not None:
            bytes_ = self.section(keys)
            offsets = [entry.key for entry in out]
            need(bool(out) == bool(bytes_) and ascending(offsets, len(bytes_)), "keys of an index")
            out = [entry._replace(key=bytes_[entry.key:end])
                   for entry, end in zip(out, offsets[1:] + [len(bytes_)])]
        return out

    def dictionary_pages(self, dictionary):
        """(index entry, [Term]) of page after page."""
        entries = self.index(dictionary)
        at = sum(self.sections[INDEXES[d][0]].length // 28 for d in range(dictionary))
        strings = INDEXES[dictionary][1] is not None
        has_codes_of = (lambda key: key & 0xFFFF < SINGLE, lambda key: key[:1] == b"p",
                        lambda key: False, lambda key: False)[dictionary]
        ordinal, last = 0, None
        for i, entry in enumerate(entries):
            r, terms = Reader(self.pages[DICTIONARY][at + i]), []
            need(entry.ordinal == ordinal, "the ordinal of a page")
            while r.left():
                terms.append(read_term(r, strings, has_codes_of, terms[-1].key if terms else entry.key, not terms))
                need(terms[-1].df <= (self.stats.passages if dictionary < 2 else self.stats.sections),
                     "an impossible number of passages")
            need(last is None or last < terms[0].key, "pages out of order")
            last = terms[-1].key
            ordinal += len(terms)
            yield entry, terms
        need(ordinal == self.stats[3 + dictionary], "the number of terms")

    def blocks(self):
        return [BlockEntry(last, page, place_ & 0xFFF, place_ >> 12, impact)
                for last, page, place_, impact in
                ((last, page, low | high << 16, impact)
                 for last, page, low, high, impact in self.rows(BLOCKS, "<IHHBB", lambda *row: row))]

    def keys(self, dictionary):
        return [term.key for _, terms in self.dictionary_pages(dictionary) for term in terms]

    def lists(self):
        """(dictionary, key, [(passage, tf, adjacency codes as pairs of numbers, or None)]) of each term, verifying that
        lists, codes and block directory entries fill their sections."""
        return Lists(self).walk()

    def verify(self):
        """Read what opening has not read."""
        texts, t = self.texts(), self.stats
        self.headings()
        ids = [meta["id"] for meta in self.metas()]
        ranks = [report.id_rank for report in self.reports()]
        need(sorted(range(len(ids)), key=lambda i: (ids[i], i)) == sorted(range(len(ids)), key=ranks.__getitem__),
             "ranks of the ids")
        need(sum(len(text.text) for text in texts) == t.characters, "the number of characters")
        need(sum(len(text.text.encode("utf-8")) for text in texts) == t.text_bytes, "the number of text bytes")
        sums = Sums(t)
        for dictionary, key, postings in self.lists():
            sums.add(dictionary, key, postings)
        sums.finish(self.section(LENGTHS))


def name_of(type_):
    return SECTIONS[type_][0] if type_ in SECTIONS else "section %d" % type_


class Lists:
    """Walks the lists of a segment in their order, with the cursors."""

    def __init__(self, segment):
        self.segment, self.stats = segment, segment.stats
        self.lengths = [length_of(code) for code in segment.section(LENGTHS)]
        self.blocks = segment.blocks()
        self.page = self.header = self.noise = self.adjacency = self.block = 0
        self.began = self.cursors()  # of the list that was read last

    def cursors(self):
        return Cursors(self.page, self.header, self.noise, self.adjacency, self.block)

    def regions(self):
        """Header region and noise region of the postings page."""
        pages = self.segment.pages[POSTINGS]
        need(self.page < len(pages), "a postings page that is not there")
        raw = pages[self.page]
        need(len(raw) >= 3, "a postings page without postings")
        n = struct.unpack_from("<H", raw)[0]
        need(1 <= n <= len(raw) - 2, "the header region of a page")
        return raw[2:2 + n], raw[2 + n:]

    def next_page(self):
        """Leave a page that has been read to its end."""
        header, noise = self.regions()
        need((self.header, self.noise) == (len(header), len(noise)), "bytes of no list in a postings page")
        self.page += 1
        self.header = self.noise = 0

    def end_part(self):
        if self.header:
            self.next_page()
        if self.adjacency % PAGE:
            need(len(self.segment.pages[ADJACENCY][self.adjacency // PAGE]) == self.adjacency % PAGE,
                 "bytes of no codes in an adjacency page")
            self.adjacency += -self.adjacency % PAGE

    def walk(self):
        for dictionary in range(4):
            for number, (entry, terms) in enumerate(self.segment.dictionary_pages(dictionary)):
                if number == 0 or entry.cursors != self.cursors():
                    self.end_part()
                need(entry.cursors == self.cursors(), "the cursors of a dictionary page")
                for term in terms:
                    yield dictionary, term.key, self.read_list(dictionary, term)
        self.end_part()
        need(self.page == len(self.segment.pages[POSTINGS]), "a postings page of no list")
        need(self.adjacency // PAGE == len(self.segment.pages[ADJACENCY]), "an adjacency page of no term")
        need(self.block == len(self.blocks), "entries of no list in the block directory")

    def read_list(self, dictionary, term):
        limit = self.stats.passages if dictionary < 2 else self.stats.sections
        self.began = self.cursors()
        if term.passage is not None:
            need(term.passage < limit, "a passage that is not there")
            return [(term.passage, 1, None if term.code is None else [term.code])]
        if term.next_page:
            self.next_page()
        first_page, before = self.page, self.cursors()
        self.began = before
        postings, most, previous = [], 0, -1
        codes = Reader(self.take_codes(term.code_bytes))
        for number in range(-(-term.df // BLOCK)):
            header, noise = self.regions()
            if number > 0 and self.header == len(header):
                self.next_page()
                header, noise = self.regions()
            need(self.header < len(header), "a block beyond its page")
            h, z = Reader(header), Reader(noise)
            h.take(self.header)
            z.take(self.noise)
            found, codes_before = read_block(h, z, min(BLOCK, term.df - number * BLOCK), previous,
                                             term.df > BLOCK and term.has_codes)
            need(codes_before in (None, codes.at), "the bytes of codes before a block")
            previous = found[-1][0]
            need(previous < limit, "a passage that is not there")
            if term.df > BLOCK:
                impact = 255 if dictionary >= 2 else max(impact_of(tf, self.lengths[passage], self.stats)
                                                         for passage, tf in found)
                most = max(most, impact)
                need(self.block < len(self.blocks), "a block directory that is too short")
                need(self.blocks[self.block] == (previous, self.page - first_page, self.header, self.noise, impact),
                     "a block directory that does not fit")
                self.block += 1
            self.header, self.noise = h.at, z.at
            postings += [(passage, tf, read_codes(codes, tf) if term.has_codes else None) for passage, tf in found]
        need(sum(tf for _, tf, _ in postings) == term.cf, "the number of occurrences")
        need(codes.left() == 0, "bytes of codes of no occurrence")
        if term.df > BLOCK:
            need((term.max_impact, term.pages, term.extra, term.noise)
                 == (most, self.page - first_page, self.header, self.noise), "the end of a list")
        else:
            need((term.extra, term.noise) == (self.header - before.header - term.df, self.noise - before.noise),
                 "the end of a list")
        return postings

    def take_codes(self, n):
        """n bytes of the adjacency pages."""
        out = b""
        while len(out) < n:
            page, at = divmod(self.adjacency, PAGE)
            need(page < len(self.segment.pages[ADJACENCY]), "adjacency codes that are missing")
            piece = self.segment.pages[ADJACENCY][page][at:at + n - len(out)]
            need(piece, "adjacency codes that are missing")
            out += piece
            self.adjacency += len(piece)
        return out


class Sums:
    """What all lists of a segment say together: statistics, lengths of passages, character lists."""

    def __init__(self, stats):
        self.stats = stats
        self.n_postings = self.n_occurrences = self.n_context_postings = 0
        self.units = [0] * stats.passages
        self.first = None  # the character whose terms are being added
        self.union, self.character_list = {}, None
        self.words = set()  # words of one code point
        self.joined = []    # (first, second, postings) of two code points, one at least beyond the BMP

    def add(self, dictionary, key, postings):
        if dictionary >= 2:
            self.n_context_postings += len(postings)
            self.check_key(dictionary, key)
            return
        self.n_postings += len(postings)
        self.n_occurrences += sum(tf for _, tf, _ in postings)
        self.check_key(dictionary, key)
        if dictionary == 0:
            first, second = key >> 16, key & 0xFFFF
            if first != self.first:
                self.end_first()
                self.first = first
            if second == CHARACTER_LIST:
                self.character_list = {passage: tf for passage, tf, _ in postings}
            else:
                self.add_units(postings)
                for passage, tf, _ in postings:
                    self.union[passage] = self.union.get(passage, 0) + tf
        elif key[:1] in (b"c", b"w"):
            self.add_units(postings)
            if key[:1] == b"w" and len(key) <= 5 and len(key[1:].decode("utf-8")) == 1:
                self.words.add(key[1:].decode("utf-8"))
        elif key[:1] == b"p":
            one, other = (unit.decode("utf-8") for unit in units_of(key))
            if len(one) == len(other) == 1 and max(one, other) > "\uffff":
                self.joined.append((one, other, postings))

    def check_key(self, dictionary, key):
        if dictionary in (0, 2):
            need(is_code_point(key >> 16) and ((key & 0xFFFF) >= SINGLE or is_code_point(key & 0xFFFF)), "no character")
            need(dictionary == 0 or key & 0xFFFF != CHARACTER_LIST, "a character list of contexts")
            return
        kind, text = key[:1], utf8(key[1:], "a key that is not UTF-8")
        need(kind in (b"c", b"p", b"s", b"w") and text, "a key of an unknown kind")
        if kind == b"p":
            units_of(key)
        else:
            need("\x1f" not in text, "a joint in a key that joins nothing")
        need(kind != b"c" or len(text) == 1 and text > "\uffff", "a single that belongs to the pairs")

    def add_units(self, postings):
        for passage, tf, _ in postings:
            self.units[passage] += tf

    def end_first(self):
        """There is a list exactly where one must be, and it says what the terms say."""
        is_rare = 0 < len(self.union) * RARE < self.stats.passages
        need(self.character_list == (self.union if is_rare else None), "a character list")
        self.union, self.character_list = {}, None

    def finish(self, lengths):
        self.end_first()
        for first, second, postings in self.joined:
            # A code point is a word of its own or a character, whatever stands next to it.
            if first not in self.words and second not in self.words:
                self.add_units(postings)
        t = self.stats
        need(bytes(map(length_code, self.units)) == lengths, "lengths of passages")
        need(sum(self.units) == t.units, "the number of units")
        need((self.n_postings, self.n_occurrences, self.n_context_postings)
             == (t.postings, t.occurrences, t.context_postings), "statistics of the lists")


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
