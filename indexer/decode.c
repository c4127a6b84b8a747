/*
 * Bytes to code points, each with the source bytes it stands for.
 *
 * UTF-8, UTF-16 and UTF-32 are decoded by hand. The multi-byte encodings are walked by their lead and trail
 * bytes here, so that lengths, maximal subparts and the rule "an ASCII byte after a bad lead byte is kept" are
 * ours (they follow the WHATWG Encoding Standard); what a pair of bytes means is asked of ICU one row (lead byte)
 * at a time, when the row is first met, and kept in a table that lives as long as the call. Nothing is global.
 *
 * Which encoding? Every candidate explains the same bytes, so candidates can be compared by how many bits they
 * need: the sum over the decoded characters of -log2 of a character's probability in official prose, by classes
 * (the 256 most frequent Han, the rest of GB 2312 level 1, level 2, other Han, punctuation, kana, ...), plus a
 * fixed price for each ill-formed sequence and a prior for each encoding. Fewest bits win; the distance to
 * the second and the bits per character of the winner give the confidence. Traditional characters take the
 * class of what they fold to. A decoding in the wrong encoding consists of rare characters, at 18 to 28 bits each,
 * where real text needs about 10: ten characters are mostly enough.
 */
#include "decode.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/ucnv.h>

#include "xj/fold.h"
#include "xj/utf8.h"

/* A NUL in so many first bytes means UTF-16 or "binary". */
enum { NUL_WINDOW = 8192 };

/* Bytes >= 0x80 that are scored: 16 Ki characters leave no doubt, and more would only take time. */
enum { SAMPLE_HIGH = 32 * 1024 };

/* Bytes before candidates are compared for the first time, then after twice as many, and so on; how many tenths
 * of a bit behind a plausible best a candidate is given up. 400 bits are about 40 characters: a title in another
 * encoding than the rest is outvoted before that. */
enum { FIRST_SLICE = 1024, HOPELESS = 4000 };

/* Tenths of a bit for each lone byte >= 0x80 (see lone_high_bytes) that is read as half of a pair: enough to make
 * a common Han of a Japanese encoding dearer than U+FFFD, not enough for a frequent one of Big5. */
enum { LONE_COST = 170 };

/* ---- where decoded characters go ---- */

typedef struct sink {
    xji_text *text;
    xji_log *log; /* may be NULL */
    uint64_t ill_formed;
} sink;

static void note_ill_formed(sink *k, size_t beg, size_t len)
{
    static const uint32_t replacement = 0xFFFD;
    k->ill_formed++;
    xji_log_add(k->log, XJI_CHANGE_ILL_FORMED, (uint32_t)beg, (uint32_t)(beg + len), NULL, 0,
                &replacement, 1);
}

static inline void put(xji_text *t, size_t at, uint32_t cp, size_t beg, size_t len)
{
    t->cp[at] = cp;
    t->beg[at] = (uint32_t)beg;
    t->len[at] = (uint8_t)len;
}

/* Close the text at n characters; marks are written once, here. */
static void finish(xji_text *t, size_t n)
{
    if (n > 0)
        memset(t->mark, XJI_MARK_READ, n);
    t->n = n;
}

/* ---- UTF-8 ---- */

/* Decode s[from..n). With stop_at_bad, end before the first ill-formed byte. Returns in *end where it ended. */
static xj_status decode_utf8(sink *k, const uint8_t *s, size_t from, size_t n, bool stop_at_bad,
                             size_t *end, xj_error *err)
{
    xji_text *t = k->text;
    size_t i = from, m = 0;
    *end = n;
    while (i < n) {
        /* Characters of three bytes are expected; for shorter ones there is more room as they come. */
        if (t->cap - m < XJ_UTF8_SLACK) {
            t->n = m;
            xj_status st = xji_text_reserve(t, m + (n - i) / 3 + XJ_UTF8_SLACK, err);
            if (st != XJ_OK)
                return st;
        }
        xj_utf8_out out = {t->cp + m, t->beg + m, t->len + m, t->cap - m};
        m += xj_utf8_decode_many(&out, s, n, &i);
        if (i == n || t->cap - m < XJ_UTF8_SLACK)
            continue;
        /* It stopped at something rare. */
        uint32_t cp;
        bool bad;
        size_t len = xj_utf8_decode(s + i, n - i, &cp, &bad);
        if (bad) {
            if (stop_at_bad) {
                *end = i;
                break;
            }
            note_ill_formed(k, i, len);
        }
        put(t, m++, cp, i, len);
        i += len;
    }
    finish(t, m);
    return XJ_OK;
}

/* ---- one character of any encoding ---- */

typedef struct unit {
    uint32_t cp;
    unsigned len; /* source bytes, >= 1 */
    bool bad;     /* ill-formed: cp is U+FFFD */
} unit;

static inline unit good(uint32_t cp, unsigned len)
{
    return (unit){cp, len, false};
}

static inline unit ill(unsigned len)
{
    return (unit){0xFFFD, len, true};
}

/* pair[] has a plane of 256 rows of 256 entries, 0 = no character; EUC-JP has a second plane, for the pairs
 * after 0x8F. A row is filled when it is first needed. */
typedef struct codec {
    xj_encoding enc;
    UConverter *cnv; /* NULL for the Unicode encodings */
    uint32_t *pair;
    bool have[2][256];
} codec;

static const char *converter_name(xj_encoding enc)
{
    switch (enc) {
    case XJ_ENC_GB18030:
        return "gb18030";
    case XJ_ENC_BIG5:
        /* The ETEN and HKSCS superset: on Taiwanese law texts it reads everything that windows-950 reads, and
         * real characters where windows-950 has private use. */
        return "Big5-HKSCS";
    case XJ_ENC_EUCJP:
        return "EUC-JP";
    case XJ_ENC_SJIS:
        return "windows-31j"; /* 0x5C is a backslash there, not a yen sign */
    default:
        return NULL;
    }
}

static void codec_release(codec *c)
{
    if (c->cnv)
        ucnv_close(c->cnv);
    free(c->pair);
    *c = (codec){0};
}

/* On failure nothing is held. */
static xj_status codec_init(codec *c, xj_encoding enc, xj_error *err)
{
    *c = (codec){.enc = enc};
    const char *name = converter_name(enc);
    if (!name)
        return XJ_OK;
    UErrorCode icu = U_ZERO_ERROR;
    c->cnv = ucnv_open(name, &icu);
    if (U_FAILURE(icu)) {
        c->cnv = NULL;
        if (icu == U_MEMORY_ALLOCATION_ERROR)
            return xj_fail(err, XJ_ENOMEM, "no memory for the converter '%s'", name);
        return xj_fail(err, XJ_EIO, "cannot open the converter '%s': %s", name, u_errorName(icu));
    }
    c->pair = calloc(enc == XJ_ENC_EUCJP ? 2 * 65536 : 65536, sizeof *c->pair);
    if (!c->pair) {
        codec_release(c);
        return xj_fail(err, XJ_ENOMEM, "no memory for the table of '%s'", name);
    }
    return XJ_OK;
}

/* The character that ICU's answer for one sequence of bytes is, 0 when it is none: U+FFFD and U+001A are its
 * replacements, ASCII is what it left of a bad sequence. */
static inline uint32_t one_character(const UChar *u, int32_t n)
{
    if (n == 1 && !U16_IS_SURROGATE(u[0]))
        return u[0] >= 0x80 && u[0] != 0xFFFD ? u[0] : 0;
    if (n == 2 && U16_IS_LEAD(u[0]) && U16_IS_TRAIL(u[1]))
        return (uint32_t)U16_GET_SUPPLEMENTARY(u[0], u[1]);
    return 0;
}

static uint32_t ask_icu(codec *c, const uint8_t *s, int32_t n)
{
    UChar u[8];
    UErrorCode icu = U_ZERO_ERROR;
    int32_t len = ucnv_toUChars(c->cnv, u, 8, (const char *)s, n, &icu);
    return U_SUCCESS(icu) ? one_character(u, len) : 0;
}

/* Pairs that GB 18030-2005, which ICU has, gave to private use and GB 18030-2022 to characters. */
static uint32_t gb18030_2022(uint32_t cp)
{
    static const struct {
        uint16_t from, to;
    } moved[] = {
        {0xE78D, 0xFE10}, {0xE78E, 0xFE12}, {0xE78F, 0xFE11}, {0xE790, 0xFE13}, {0xE791, 0xFE14},
        {0xE792, 0xFE15}, {0xE793, 0xFE16}, {0xE794, 0xFE17}, {0xE795, 0xFE18}, {0xE796, 0xFE19},
        {0xE81E, 0x9FB4}, {0xE826, 0x9FB5}, {0xE82B, 0x9FB6}, {0xE82C, 0x9FB7}, {0xE832, 0x9FB8},
        {0xE843, 0x9FB9}, {0xE854, 0x9FBA}, {0xE864, 0x9FBB},
    };
    for (size_t i = 0; i < sizeof moved / sizeof *moved; i++)
        if (moved[i].from == cp)
            return moved[i].to;
    return cp;
}

/* Whether a byte can be the second of a pair; GB 18030 has sequences of four bytes besides. */
static inline bool is_trail(xj_encoding enc, unsigned b)
{
    switch (enc) {
    case XJ_ENC_GB18030:
        return b >= 0x40 && b <= 0xFE && b != 0x7F;
    case XJ_ENC_BIG5:
        return (b >= 0x40 && b <= 0x7E) || (b >= 0xA1 && b <= 0xFE);
    case XJ_ENC_SJIS:
        return b >= 0x40 && b <= 0xFC && b != 0x7F;
    default:
        return b >= 0xA1 && b <= 0xFE; /* EUC-JP */
    }
}

/* Fill the row of a lead byte: all its pairs in one conversion, kept apart by LF, which is never a trail byte. */
static void fill_row(codec *c, unsigned plane, unsigned lead)
{
    uint8_t trail[256];
    char in[256 * 4];
    UChar out[256 * 4];
    int32_t n = 0, n_in = 0;
    c->have[plane][lead] = true;
    for (unsigned b = 0x40; b <= 0xFE; b++) {
        if (!is_trail(c->enc, b))
            continue;
        trail[n++] = (uint8_t)b;
        if (plane == 1)
            in[n_in++] = (char)0x8F;
        in[n_in++] = (char)lead;
        in[n_in++] = (char)b;
        in[n_in++] = '\n';
    }
    UErrorCode icu = U_ZERO_ERROR;
    int32_t n_out = ucnv_toUChars(c->cnv, out, (int32_t)(sizeof out / sizeof *out), in, n_in, &icu);
    if (U_FAILURE(icu))
        return;
    uint32_t *row = c->pair + plane * 65536 + lead * 256;
    for (int32_t k = 0, i = 0; k < n; k++, i++) {
        int32_t beg = i;
        while (i < n_out && out[i] != '\n')
            i++;
        uint32_t cp = one_character(out + beg, i - beg);
        row[trail[k]] = c->enc == XJ_ENC_GB18030 && cp >= 0xE000 ? gb18030_2022(cp) : cp;
    }
}

static uint32_t pair_at(codec *c, unsigned plane, unsigned lead, unsigned trail)
{
    if (!c->have[plane][lead])
        fill_row(c, plane, lead);
    return c->pair[plane * 65536 + lead * 256 + trail];
}

/* A pair with a lead and a trail byte of the right ranges: a trail byte in ASCII survives when there is no
 * such character. */
static unit pair_unit(codec *c, unsigned lead, unsigned trail)
{
    uint32_t cp = pair_at(c, 0, lead, trail);
    return cp ? good(cp, 2) : ill(trail < 0x80 ? 1 : 2);
}

static unit next_gb18030(codec *c, const uint8_t *s, size_t left)
{
    unsigned b = s[0];
    if (b == 0x80)
        return good(0x20AC, 1); /* the euro sign of Windows code page 936 */
    if (b == 0xFF || left < 2)
        return ill(1);
    unsigned b2 = s[1];
    if (is_trail(c->enc, b2))
        return pair_unit(c, b, b2);
    if (b2 < 0x30 || b2 > 0x39 || left < 4 || s[2] < 0x81 || s[2] == 0xFF || s[3] < 0x30 ||
        s[3] > 0x39)
        return ill(1);
    uint32_t linear =
        (((b - 0x81) * 10 + (b2 - 0x30)) * 126 + (s[2] - 0x81u)) * 10 + (s[3] - 0x30u);
    if (linear >= 189000 && linear - 189000 <= 0xFFFFF)
        return good(0x10000 + (linear - 189000), 4);
    uint32_t cp = linear < 39420 ? ask_icu(c, s, 4) : 0;
    return cp ? good(cp, 4) : ill(4);
}

static unit next_big5(codec *c, const uint8_t *s, size_t left)
{
    if (s[0] == 0x80 || s[0] == 0xFF || left < 2 || !is_trail(c->enc, s[1]))
        return ill(1);
    return pair_unit(c, s[0], s[1]);
}

static unit next_eucjp(codec *c, const uint8_t *s, size_t left)
{
    unsigned b = s[0];
    if ((b < 0xA1 && b != 0x8E && b != 0x8F) || b == 0xFF || left < 2 || !is_trail(c->enc, s[1]))
        return ill(1);
    if (b == 0x8E)
        return s[1] <= 0xDF ? good(0xFF61 + (s[1] - 0xA1u), 2) : ill(2);
    if (b != 0x8F)
        return pair_unit(c, b, s[1]);
    if (left < 3 || !is_trail(c->enc, s[2]))
        return ill(2);
    uint32_t cp = pair_at(c, 1, s[1], s[2]);
    return cp ? good(cp, 3) : ill(3);
}

static unit next_sjis(codec *c, const uint8_t *s, size_t left)
{
    unsigned b = s[0];
    if (b >= 0xA1 && b <= 0xDF)
        return good(0xFF61 + (b - 0xA1), 1);
    if (b == 0x80 || b == 0xA0 || b > 0xFC || left < 2 || !is_trail(c->enc, s[1]))
        return ill(1);
    return pair_unit(c, b, s[1]);
}

static unit next_utf16(const uint8_t *s, size_t left, unsigned lo, unsigned hi)
{
    if (left < 2)
        return ill(1);
    uint32_t u = (uint32_t)s[hi] << 8 | s[lo];
    if ((u & 0xF800) != 0xD800)
        return good(u, 2);
    if (u >= 0xDC00 || left < 4)
        return ill(2);
    uint32_t v = (uint32_t)s[2 + hi] << 8 | s[2 + lo];
    if ((v & 0xFC00) != 0xDC00)
        return ill(2);
    return good(0x10000 + ((u & 0x3FF) << 10 | (v & 0x3FF)), 4);
}

static unit next_utf32(const uint8_t *s, size_t left, bool big)
{
    if (left < 4)
        return ill((unsigned)left);
    uint32_t u = big ? (uint32_t)s[0] << 24 | (uint32_t)s[1] << 16 | (uint32_t)s[2] << 8 | s[3]
                     : (uint32_t)s[3] << 24 | (uint32_t)s[2] << 16 | (uint32_t)s[1] << 8 | s[0];
    return u > 0x10FFFF || (u & 0xFFFFF800) == 0xD800 ? ill(4) : good(u, 4);
}

/* The character at s[0..left), left >= 1. */
static unit next_unit(codec *c, const uint8_t *s, size_t left)
{
    switch (c->enc) {
    case XJ_ENC_UTF16LE:
        return next_utf16(s, left, 0, 1);
    case XJ_ENC_UTF16BE:
        return next_utf16(s, left, 1, 0);
    case XJ_ENC_UTF32LE:
        return next_utf32(s, left, false);
    case XJ_ENC_UTF32BE:
        return next_utf32(s, left, true);
    default:
        break;
    }
    if (s[0] < 0x80)
        return good(s[0], 1);
    switch (c->enc) {
    case XJ_ENC_GB18030:
        return next_gb18030(c, s, left);
    case XJ_ENC_BIG5:
        return next_big5(c, s, left);
    case XJ_ENC_EUCJP:
        return next_eucjp(c, s, left);
    case XJ_ENC_SJIS:
        return next_sjis(c, s, left);
    default: {
        unit u;
        u.len = (unsigned)xj_utf8_decode(s, left, &u.cp, &u.bad);
        return u;
    }
    }
}

/* ---- whole texts ---- */

/* Characters that n bytes hold when all is well; ill-formed text can hold more. */
static size_t expected_chars(xj_encoding enc, const uint8_t *s, size_t n)
{
    if (enc == XJ_ENC_UTF16LE || enc == XJ_ENC_UTF16BE)
        return n / 2 + 1;
    if (enc == XJ_ENC_UTF32LE || enc == XJ_ENC_UTF32BE)
        return n / 4 + 1;
    size_t high = 0;
    for (size_t i = 0; i < n; i++)
        high += s[i] >> 7;
    return n - high / 2; /* each pair has a lead byte >= 0x80, and its trail byte may be */
}

/* Decode s[from..n) in any encoding but UTF-8. */
static xj_status decode_units(sink *k, codec *c, const uint8_t *s, size_t from, size_t n,
                              xj_error *err)
{
    xji_text *t = k->text;
    bool wide = c->enc == XJ_ENC_UTF16LE || c->enc == XJ_ENC_UTF16BE;
    size_t hi = c->enc == XJ_ENC_UTF16LE; /* place of the high byte of a code unit */
    size_t i = from, m = 0;
    xj_status st = xji_text_reserve(t, expected_chars(c->enc, s + from, n - from) + 1, err);
    while (st == XJ_OK && i < n) {
        if (m == t->cap) {
            t->n = m;
            st = xji_text_reserve(t, m + 1, err);
            continue;
        }
        if (c->pair) {
            if (s[i] < 0x80) {
                put(t, m++, s[i], i, 1);
                i++;
                continue;
            }
            /* A row not filled yet, and bytes that make no pair, read 0 and take the long way. */
            uint32_t cp = n - i >= 2 ? c->pair[(size_t)s[i] << 8 | s[i + 1]] : 0;
            if (cp) {
                put(t, m++, cp, i, 2);
                i += 2;
                continue;
            }
        }
        if (wide && n - i >= 2) {
            uint32_t cp = (uint32_t)s[i + hi] << 8 | s[i + 1 - hi];
            if ((cp & 0xF800) != 0xD800) {
                put(t, m++, cp, i, 2);
                i += 2;
                continue;
            }
        }
        unit u = next_unit(c, s + i, n - i);
        if (u.bad)
            note_ill_formed(k, i, u.len);
        put(t, m++, u.cp, i, u.len);
        i += u.len;
    }
    if (st == XJ_OK)
        finish(t, m);
    return st;
}

/* ---- marks ---- */

static const struct mark {
    xj_encoding enc;
    uint8_t bytes[4];
    unsigned n;
} marks[] = {
    /* UTF-32LE before UTF-16LE, whose mark it begins with */
    {XJ_ENC_UTF32LE, {0xFF, 0xFE, 0x00, 0x00}, 4},
    {XJ_ENC_UTF32BE, {0x00, 0x00, 0xFE, 0xFF}, 4},
    {XJ_ENC_GB18030, {0x84, 0x31, 0x95, 0x33}, 4},
    {XJ_ENC_UTF8, {0xEF, 0xBB, 0xBF}, 3},
    {XJ_ENC_UTF16LE, {0xFF, 0xFE}, 2},
    {XJ_ENC_UTF16BE, {0xFE, 0xFF}, 2},
};

static const struct mark *find_mark(const uint8_t *s, size_t n)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (n >= marks[i].n && memcmp(s, marks[i].bytes, marks[i].n) == 0)
            return &marks[i];
    return NULL;
}

/* ---- scoring ---- */

/* Classes of characters with what one of them costs, in tenths of a bit, in Chinese and in Japanese prose:
 * -log2(share of the class / members of the class). The shares of Han come from laws, government reports and
 * encyclopedia text (256 characters 61 %, level 1 39 %, level 2 0.4 %, others 0.06 %); classes that real text
 * hardly has are priced so that one of them outweighs one or two common characters. What follows its like is cheaper:
 * CLS_RUN in an English text or the lines of a table, CLS_SCRIPT in Tibetan or Uyghur, where a wrong decoding jumps
 * from block to block. */
#define CLASS_LIST(X)                                                                              \
    X(CLS_UNKNOWN, 0, 0)                                                                           \
    X(CLS_ASCII_WORD, 92, 92)                                                                      \
    X(CLS_ASCII_COMMON, 85, 85)                                                                    \
    X(CLS_ASCII_RARE, 110, 110)                                                                    \
    X(CLS_RUN, 60, 60)                                                                             \
    X(CLS_CONTROL, 400, 400)                                                                       \
    X(CLS_TOP, 90, 125)                                                                            \
    X(CLS_LEVEL1, 134, 134)                                                                        \
    X(CLS_LEVEL2, 185, 185)                                                                        \
    X(CLS_HAN, 230, 230)                                                                           \
    X(CLS_PUNCT, 80, 80)                                                                           \
    X(CLS_WIDE, 130, 130)                                                                          \
    X(CLS_SYMBOL, 155, 155)                                                                        \
    X(CLS_LETTER, 165, 175)                                                                        \
    X(CLS_KANA, 185, 84)                                                                           \
    X(CLS_HALF_KANA, 260, 200)                                                                     \
    X(CLS_RARE, 200, 200)                                                                          \
    X(CLS_BOX, 160, 160)                                                                           \
    X(CLS_ODD, 225, 225)                                                                           \
    X(CLS_FOREIGN, 265, 265)                                                                       \
    X(CLS_SCRIPT, 150, 150)                                                                        \
    X(CLS_PRIVATE, 280, 280)                                                                       \
    X(CLS_UNASSIGNED, 320, 320)                                                                    \
    X(CLS_ILL_FORMED, 220, 220)

typedef enum cls {
#define CLASS_ENUM(name, zh, ja) name,
    CLASS_LIST(CLASS_ENUM)
#undef CLASS_ENUM
} cls;

static const uint16_t class_cost[][2] = {
#define CLASS_ROW(name, zh, ja) [name] = {zh, ja},
    CLASS_LIST(CLASS_ROW)
#undef CLASS_ROW
};

/* The 256 most frequent Han of Chinese prose of several kinds (laws, reports, encyclopedia), Simplified. */
static const char top_han[] = "的国人和一年在中有为大是行以民业会法政地第发主定部建不生于理作条"
                              "工成十用设当经上区应时进公制学要市产全本规动化后了务对出关管加等"
                              "其机个家方展日实合保及体新分者三与事二重同开高力之自代位他由或可"
                              "员月物门文下到并资能提改长现内水利所多度府社立安期得施教来通面治"
                              "名共军入任性五外平西四强而持海基这过南院城被前级场权斯各系量使特"
                              "东处义路济品统道电责世推台科相构表元单护北最战明也组金种计因议间"
                              "农向运服们子增境总交正目标环将数项企程式技次划都亚质取决原小活联"
                              "结至收依育车线点省监委尔县我美件领党造山马支但称常此营准万信职办";

typedef struct range {
    uint32_t first, last;
    cls cls;
} range;

/* Everything but ASCII and the unified Han; first hit counts, gaps are CLS_FOREIGN. */
static const range ranges[] = {
    {0x0080, 0x009F, CLS_CONTROL},    {0x00B7, 0x00B7, CLS_PUNCT},
    {0x00A0, 0x00BF, CLS_SYMBOL},     {0x00D7, 0x00D7, CLS_SYMBOL},
    {0x00C0, 0x017F, CLS_LETTER},     {0x0180, 0x036F, CLS_RARE},
    {0x0370, 0x045F, CLS_LETTER},     {0x1E00, 0x1EFF, CLS_RARE},
    {0x2014, 0x2014, CLS_PUNCT},      {0x2018, 0x2019, CLS_PUNCT},
    {0x201C, 0x201D, CLS_PUNCT},      {0x2026, 0x2026, CLS_PUNCT},
    {0x2010, 0x2027, CLS_SYMBOL},     {0x2030, 0x203B, CLS_SYMBOL},
    {0x2000, 0x20CF, CLS_RARE},       {0x2100, 0x22FF, CLS_SYMBOL},
    {0x2300, 0x23FF, CLS_ODD},        {0x2460, 0x24FF, CLS_SYMBOL},
    {0x2500, 0x257F, CLS_BOX},        {0x2580, 0x259F, CLS_ODD},
    {0x25A0, 0x25FF, CLS_SYMBOL},     {0x2600, 0x26FF, CLS_RARE},
    {0x2700, 0x27BF, CLS_ODD},        {0x2E80, 0x2FDF, CLS_ODD},
    {0x3000, 0x3002, CLS_PUNCT},      {0x3008, 0x300F, CLS_PUNCT},
    {0x3010, 0x3011, CLS_PUNCT},      {0x3014, 0x3015, CLS_PUNCT},
    {0x3003, 0x303F, CLS_SYMBOL},     {0x3041, 0x309E, CLS_KANA},
    {0x30A1, 0x30FE, CLS_KANA},       {0x3100, 0x312F, CLS_ODD},
    {0x3190, 0x33FF, CLS_RARE},       {0x3400, 0x4DBF, CLS_HAN},
    {0xE000, 0xF8FF, CLS_PRIVATE},    {0xF900, 0xFAFF, CLS_ODD},
    {0xFE30, 0xFE6F, CLS_RARE},       {0xFEFF, 0xFEFF, CLS_RARE},
    {0xFF01, 0xFF01, CLS_PUNCT},      {0xFF08, 0xFF09, CLS_PUNCT},
    {0xFF0C, 0xFF0C, CLS_PUNCT},      {0xFF1A, 0xFF1B, CLS_PUNCT},
    {0xFF1F, 0xFF1F, CLS_PUNCT},      {0xFF01, 0xFF5E, CLS_WIDE},
    {0xFF61, 0xFF9F, CLS_HALF_KANA},  {0xFFE0, 0xFFEE, CLS_SYMBOL},
    {0xFFF0, 0xFFFF, CLS_UNASSIGNED}, {0x1F000, 0x1FAFF, CLS_RARE},
    {0x20000, 0x3FFFF, CLS_FOREIGN},  {0xE0000, 0x10FFFF, CLS_PRIVATE},
};

/* Class of each code point of the BMP once it has been asked for, CLS_UNKNOWN before. */
typedef struct classes {
    uint8_t *memo;
} classes;

static cls ascii_class(uint32_t cp)
{
    if ((cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') || (cp >= 'a' && cp <= 'z'))
        return CLS_ASCII_WORD;
    if (cp == '\t' || cp == '\n' || cp == '\r')
        return CLS_ASCII_COMMON;
    if (cp < 0x20 || cp == 0x7F)
        return CLS_CONTROL;
    return strchr(" ,.()-:;/\"'", (int)cp) ? CLS_ASCII_COMMON : CLS_ASCII_RARE;
}

static cls find_class(const classes *k, uint32_t cp)
{
    if (cp < 0x80)
        return ascii_class(cp);
    if (cp >= 0x4E00 && cp <= 0x9FFF) {
        uint32_t folded = xj_fold(cp);
        if (folded != cp && folded < 0x10000 && k->memo[folded] != CLS_UNKNOWN)
            return (cls)k->memo[folded];
        return CLS_HAN;
    }
    if (u_charType((UChar32)cp) == U_UNASSIGNED)
        return CLS_UNASSIGNED;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (cp >= ranges[i].first && cp <= ranges[i].last)
            return ranges[i].cls;
    return CLS_FOREIGN;
}

static inline cls class_of(classes *k, uint32_t cp)
{
    if (cp > 0xFFFF)
        return find_class(k, cp);
    if (k->memo[cp] == CLS_UNKNOWN)
        k->memo[cp] = (uint8_t)find_class(k, cp);
    return (cls)k->memo[cp];
}

/* A character and what it folds to have the same class, whichever of its forms is the representative. */
static void set_class(classes *k, uint32_t cp, cls value)
{
    uint32_t folded = xj_fold(cp);
    if (cp >= 0x4E00 && cp <= 0x9FFF)
        k->memo[cp] = (uint8_t)value;
    if (folded >= 0x4E00 && folded <= 0x9FFF)
        k->memo[folded] = (uint8_t)value;
}

/* GB 2312 has its 3,755 common characters, level 1, in rows 0xB0..0xD7 and 3,008 others in 0xD8..0xF7: its own
 * order is the frequency table. */
static xj_status classes_init(classes *k, codec *gb18030, xj_error *err)
{
    k->memo = calloc(65536, 1);
    if (!k->memo)
        return xj_fail(err, XJ_ENOMEM, "no memory for a table of character classes");
    for (unsigned lead = 0xF7; lead >= 0xB0; lead--)
        for (unsigned trail = 0xA1; trail <= 0xFE; trail++)
            set_class(k, pair_at(gb18030, 0, lead, trail), lead <= 0xD7 ? CLS_LEVEL1 : CLS_LEVEL2);
    const uint8_t *s = (const uint8_t *)top_han;
    for (size_t left = sizeof top_han - 1; left > 0;) {
        uint32_t cp;
        size_t len = xj_utf8_decode(s, left, &cp, NULL);
        set_class(k, cp, CLS_TOP);
        s += len;
        left -= len;
    }
    return XJ_OK;
}

typedef struct candidate {
    xj_encoding enc;
    unsigned prior; /* tenths of a bit */
    bool zh, ja;    /* languages it can hold */
} candidate;

/* The first must be GB 18030, which also tells common characters from others. */
static const candidate candidates[] = {
    {XJ_ENC_GB18030, 1, true, false}, {XJ_ENC_UTF8, 0, true, true},
    {XJ_ENC_BIG5, 20, true, false},   {XJ_ENC_UTF16LE, 60, true, true},
    {XJ_ENC_UTF16BE, 80, true, true}, {XJ_ENC_EUCJP, 140, false, true},
    {XJ_ENC_SJIS, 140, false, true},
};

enum { N_CANDIDATES = sizeof candidates / sizeof *candidates };

/* How far a candidate has come in the sample. */
typedef struct runner {
    codec codec;
    size_t at;         /* bytes read */
    uint64_t chars;    /* characters read */
    uint64_t cost[2];  /* tenths of a bit, as Chinese and as Japanese */
    uint64_t handicap; /* prior and what speaks against the encoding as a whole */
    uint64_t total;    /* handicap + cost in the language that fits better, UINT64_MAX = given up */
    uint32_t last;     /* 1 + block of 256 of the last non-space if it can make a run, else 0 */
} runner;

/* Read on to the byte `end`, or a little over it in the middle of a character. */
static void run_to(runner *r, const candidate *cand, classes *k, const uint8_t *s, size_t n,
                   size_t end)
{
    const uint32_t *pair = r->codec.pair;
    while (r->at < end) {
        unit u = {0, 2, false};
        if (pair && s[r->at] >= 0x80 && n - r->at >= 2)
            u.cp = pair[(size_t)s[r->at] << 8 | s[r->at + 1]];
        if (!u.cp)
            u = next_unit(&r->codec, s + r->at, n - r->at);
        cls c = u.bad ? CLS_ILL_FORMED : class_of(k, u.cp);
        uint32_t block = 0;
        if (c == CLS_ASCII_WORD || c == CLS_ASCII_COMMON || c == CLS_BOX || c == CLS_FOREIGN) {
            block = (u.cp >> 8) + 1;
            if (block == r->last)
                c = c == CLS_FOREIGN ? CLS_SCRIPT : CLS_RUN;
        }
        if (u.cp != ' ')
            r->last = block;
        r->cost[0] += class_cost[c][0];
        r->cost[1] += class_cost[c][1];
        r->chars++;
        r->at += u.len;
    }
    uint64_t zh = cand->zh ? r->cost[0] : UINT64_MAX, ja = cand->ja ? r->cost[1] : UINT64_MAX;
    r->total = (zh < ja ? zh : ja) + r->handicap;
}

/* The bytes that are scored, the same for all candidates: from shortly before the first byte >= 0x80 on. */
static void choose_sample(const uint8_t *s, size_t n, bool nul, size_t *beg, size_t *end)
{
    size_t i = 0;
    while (!nul && i < n && s[i] < 0x80)
        i++;
    *beg = i > 64 ? (i - 64) & ~(size_t)1 : 0; /* even: UTF-16 */
    size_t high = 0;
    for (i = *beg; i < n && high < SAMPLE_HIGH && i - *beg < (size_t)16 * SAMPLE_HIGH; i++)
        high += s[i] >> 7;
    *end = i;
}

/* Bytes >= 0x80 that no other one touches, not even with a possible trail byte in between, when at least half
 * are so, else 0. East Asian characters follow one another; text in a Western encoding, which is none of ours and
 * best read as ASCII with damage, has single accented letters and quotes, which would become Han together with
 * the letter after them. */
static size_t lone_high_bytes(const uint8_t *s, size_t n)
{
    size_t high = 0, lone = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < 0x80)
            continue;
        high++;
        bool before =
            (i > 0 && s[i - 1] >= 0x80) || (i > 1 && s[i - 2] >= 0x80 && s[i - 1] >= 0x30);
        bool after =
            (n - i > 1 && s[i + 1] >= 0x80) || (n - i > 2 && s[i + 2] >= 0x80 && s[i + 1] >= 0x30);
        lone += !before && !after;
    }
    return lone * 2 >= high ? lone : 0;
}

/* Worst bits per character, in tenths, of something that is still called text. Real text needs 100 to 115,
 * a list of all GB 2312 characters 160, random bytes 225 as GB18030. With a NUL only UTF-16 is possible, and
 * arrays of small numbers must not pass. */
enum { PLAUSIBLE = 190, ORDINARY = 150 };

/* The chance that the winner is right against the second, times how ordinary its text is. */
static unsigned confidence_of(uint64_t margin, uint64_t per_char)
{
    uint64_t chance = margin >= 100 ? 99 : 50 + margin / 2;
    uint64_t ordinary = per_char <= 120 ? 100 : per_char >= PLAUSIBLE ? 30 : 100 - (per_char - 120);
    uint64_t value = chance * ordinary / 100;
    return value > 0 ? (unsigned)value : 1;
}

/* Run the candidates over s[0..n) side by side; those that fall far behind are given up. Returns the winner and
 * in *margin its lead over the second. */
static size_t race(runner r[], classes *k, const uint8_t *s, size_t n, uint64_t *margin)
{
    size_t first = 0;
    uint64_t second = UINT64_MAX;
    for (size_t end = 0; end < n;) {
        size_t slice = end > 0 ? end : FIRST_SLICE;
        end = n - end > slice ? end + slice : n;
        first = N_CANDIDATES;
        second = UINT64_MAX;
        for (size_t i = 0; i < N_CANDIDATES; i++) {
            if (r[i].total == UINT64_MAX)
                continue;
            run_to(&r[i], &candidates[i], k, s, n, end);
            if (first == N_CANDIDATES || r[i].total < r[first].total) {
                second = first == N_CANDIDATES ? UINT64_MAX : r[first].total;
                first = i;
            } else if (r[i].total < second) {
                second = r[i].total;
            }
        }
        bool plausible = (r[first].total - r[first].handicap) / r[first].chars <= ORDINARY;
        for (size_t i = 0; i < N_CANDIDATES; i++)
            if (plausible && r[i].total - r[first].total > HOPELESS)
                r[i].total = UINT64_MAX;
    }
    *margin = second - r[first].total;
    return first;
}

/* Which encoding, by score; its codec, rows filled, goes to *found. XJ_EINPUT when none will do. */
static xj_status detect(codec *found, xji_decode_info *info, const uint8_t *s, size_t n,
                        const uint8_t *nul, xj_error *err)
{
    runner r[N_CANDIDATES];
    classes k = {NULL};
    xj_status st = XJ_OK;
    memset(r, 0, sizeof r);
    for (size_t i = 0; i < N_CANDIDATES && st == XJ_OK; i++) {
        xj_encoding enc = candidates[i].enc;
        if (nul && enc != XJ_ENC_UTF16LE && enc != XJ_ENC_UTF16BE)
            r[i].total = UINT64_MAX;
        st = codec_init(&r[i].codec, enc, err);
    }
    if (st == XJ_OK)
        st = classes_init(&k, &r[0].codec, err);
    if (st == XJ_OK) {
        size_t beg, end;
        uint64_t margin;
        choose_sample(s, n, nul != NULL, &beg, &end);
        size_t lone = lone_high_bytes(s + beg, end - beg);
        for (size_t i = 0; i < N_CANDIDATES; i++)
            r[i].handicap = candidates[i].prior + (r[i].codec.pair ? lone * LONE_COST : 0);
        size_t first = race(r, &k, s + beg, end - beg, &margin);
        uint64_t per_char = (r[first].total - r[first].handicap) / r[first].chars;
        info->encoding = candidates[first].enc;
        info->by = XJI_BY_SCORE;
        info->confidence = confidence_of(margin, per_char);
        if (nul && per_char > ORDINARY)
            st = xj_fail_at(err, XJ_EINPUT, NULL, (uint64_t)(nul - s),
                            "looks binary: NUL byte at offset %zu", (size_t)(nul - s));
        else if (per_char > PLAUSIBLE)
            st = xj_fail(err, XJ_EINPUT,
                         "no known encoding fits: %s comes nearest, without plausible text",
                         xj_encoding_name(info->encoding));
        if (st == XJ_OK) {
            *found = r[first].codec;
            r[first].codec = (codec){0};
        }
    }
    for (size_t i = 0; i < N_CANDIDATES; i++)
        codec_release(&r[i].codec);
    free(k.memo);
    return st;
}

/* ---- public ---- */

static xj_status start(xji_text *out, xji_decode_info *info, size_t n, xj_error *err)
{
    *info = (xji_decode_info){XJ_ENC_UTF8, XJI_BY_VALIDITY, 100, 0, 0};
    out->n = 0;
    out->as_source = false;
    if (n > UINT32_MAX)
        return xj_fail(err, XJ_EINPUT, "larger than 4 GiB");
    return XJ_OK;
}

/* On failure nothing is left in the out-parameters. */
static xj_status settle(xj_status st, xji_text *out, xji_decode_info *info)
{
    if (st != XJ_OK) {
        *info = (xji_decode_info){XJ_ENC_UTF8, XJI_BY_VALIDITY, 0, 0, 0};
        out->n = 0;
    }
    return st;
}

/* Decode what follows the mark; c is the codec of info->encoding. */
static xj_status decode_with(codec *c, xji_text *out, xji_decode_info *info, const uint8_t *bytes,
                             size_t n, xji_log *log, xj_error *err)
{
    sink k = {out, log, 0};
    size_t stop;
    xj_status st = c->enc == XJ_ENC_UTF8
                       ? decode_utf8(&k, bytes, info->bom_bytes, n, false, &stop, err)
                       : decode_units(&k, c, bytes, info->bom_bytes, n, err);
    info->ill_formed = k.ill_formed;
    out->as_source = c->enc == XJ_ENC_UTF8 && k.ill_formed == 0;
    return st;
}

static xj_status decode_known(xji_text *out, xji_decode_info *info, const uint8_t *bytes, size_t n,
                              xji_log *log, xj_error *err)
{
    codec c;
    xj_status st = codec_init(&c, info->encoding, err);
    if (st == XJ_OK)
        st = decode_with(&c, out, info, bytes, n, log, err);
    codec_release(&c);
    return st;
}

/* Neither a mark nor, unless there is a NUL, valid UTF-8. */
static xj_status decode_detected(xji_text *out, xji_decode_info *info, const uint8_t *bytes,
                                 size_t n, const uint8_t *nul, xji_log *log, xj_error *err)
{
    codec c = {0};
    xj_status st = detect(&c, info, bytes, n, nul, err);
    if (st == XJ_OK)
        st = decode_with(&c, out, info, bytes, n, log, err);
    codec_release(&c);
    /* The sample was plausible; more than two percent of damage in the whole are a reason for doubt. */
    if (info->ill_formed * 50 > out->n && info->confidence > 1)
        info->confidence /= 2;
    return st;
}

xj_status xji_decode_as(xji_text *out, xji_decode_info *info, xj_encoding enc, const uint8_t *bytes,
                        size_t n, xji_log *log, xj_error *err)
{
    xj_status st = start(out, info, n, err);
    if (st == XJ_OK) {
        const struct mark *mark = find_mark(bytes, n);
        info->encoding = enc;
        info->by = XJI_BY_CALLER;
        info->bom_bytes = mark && mark->enc == enc ? mark->n : 0;
        st = decode_known(out, info, bytes, n, log, err);
    }
    return settle(st, out, info);
}

xj_status xji_decode(xji_text *out, xji_decode_info *info, const uint8_t *bytes, size_t n,
                     xji_log *log, xj_error *err)
{
    xj_status st = start(out, info, n, err);
    if (st != XJ_OK)
        return settle(st, out, info);
    const struct mark *mark = find_mark(bytes, n);
    if (mark) {
        info->encoding = mark->enc;
        info->by = XJI_BY_BOM;
        info->bom_bytes = mark->n;
        return settle(decode_known(out, info, bytes, n, log, err), out, info);
    }
    const uint8_t *nul = n > 0 ? memchr(bytes, 0, n < NUL_WINDOW ? n : NUL_WINDOW) : NULL;
    size_t valid = 0;
    if (!nul) {
        sink k = {out, NULL, 0};
        st = decode_utf8(&k, bytes, 0, n, true, &valid, err);
        out->as_source = valid == n;
    }
    if (st == XJ_OK && (nul || valid < n))
        st = decode_detected(out, info, bytes, n, nul, log, err);
    return settle(st, out, info);
}
