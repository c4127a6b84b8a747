/* Folding and classes against docs/TEXT.md section 2, with ICU as the judge of properties. */
#include "xj/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>
#include <unicode/utrans.h>
#include <xxhash.h>

/* A copy of the tables, to hash. */
#define XJI_FOLD_TABLE static const
#define XJI_FOLD_LOCAL static const
#include "../../common/src/fold_table.inc"

enum { N_CP = 0x110000 };

/* Skips the running test when this ICU has another Unicode version than the tables. */
static void need_same_unicode(void)
{
    UVersionInfo version;
    char text[U_MAX_VERSION_STRING_LENGTH];
    u_getUnicodeVersion(version);
    u_versionToString(version, text);
    if (strcmp(text, XJI_FOLD_UNICODE) != 0) {
        print_message("ICU has Unicode %s, the tables have %s\n", text, XJI_FOLD_UNICODE);
        skip();
    }
}

static size_t decode(const char *s, uint32_t *out, size_t cap)
{
    size_t n = 0;
    int32_t i = 0, len = (int32_t)strlen(s);
    while (i < len) {
        UChar32 c;
        U8_NEXT(s, i, len, c);
        assert_true(c >= 0 && n < cap);
        out[n++] = (uint32_t)c;
    }
    return n;
}

static size_t fold_text(const char *s, uint32_t *out, size_t cap)
{
    uint32_t cp[64];
    size_t n_cp = decode(s, cp, 64), n = 0;
    for (size_t i = 0; i < n_cp; i++) {
        uint32_t text[XJ_FOLD_MAX];
        size_t len = xj_fold_expand(cp[i], text);
        assert_in_range(len, 1, XJ_FOLD_MAX);
        assert_true(n + len <= cap);
        memcpy(out + n, text, len * sizeof *text);
        n += len;
    }
    return n;
}

/* Fails unless the folded text is exactly `expected`. */
static void expect_fold(const char *text, const char *expected)
{
    uint32_t got[256], want[256];
    size_t n_got = fold_text(text, got, 256), n_want = decode(expected, want, 256);
    if (n_got != n_want || memcmp(got, want, n_want * sizeof *want) != 0)
        fail_msg("'%s' does not fold to '%s'", text, expected);
}

static bool same_fold(const char *a, const char *b)
{
    uint32_t x[256], y[256];
    size_t n = fold_text(a, x, 256);
    return fold_text(b, y, 256) == n && memcmp(x, y, n * sizeof *x) == 0;
}

static void expect_same(const char *a, const char *b)
{
    if (!same_fold(a, b))
        fail_msg("'%s' and '%s' fold differently", a, b);
}

/* NFKC_Casefold of one code point; returns the length, 0 for surrogates. */
static size_t nfkc_casefold(uint32_t cp, uint32_t out[32])
{
    UErrorCode code = U_ZERO_ERROR;
    const UNormalizer2 *nfkc = unorm2_getNFKCCasefoldInstance(&code);
    UChar in[2], text[64];
    int32_t n_in = 0;
    if (U_IS_SURROGATE(cp))
        return 0;
    U16_APPEND_UNSAFE(in, n_in, cp);
    int32_t len = unorm2_normalize(nfkc, in, n_in, text, 64, &code);
    assert_true(U_SUCCESS(code));
    size_t n = 0;
    for (int32_t i = 0; i < len;) {
        UChar32 c;
        U16_NEXT(text, i, len, c);
        assert_true(n < 32);
        out[n++] = (uint32_t)c;
    }
    return n;
}

static void test_fold__reads_as_simplified(void **state)
{
    (void)state;
    expect_fold("楓橋經驗", "枫桥经验");
    expect_fold("枫桥经验", "枫桥经验");
    expect_fold("著力壓實", "着力压实");
    expect_fold("什麼", "什么");
    expect_fold("後臺發展與頭髮乾燥", "后台发展与头发干燥");
    expect_fold("羣眾路綫，衞生", "群众路线,卫生");
    expect_fold("社會治安綜合治理", "社会治安综合治理");
    expect_fold("颱風檯燈臺灣", "台风台灯台湾");
    expect_fold("隻", "只");
    expect_fold("峯會牀單麪粉", "峰会床单面粉");
    expect_fold("鑑於帳戶裡", "鉴于账户里");
}

static void test_fold__width_case_and_compatibility(void **state)
{
    (void)state;
    expect_fold("ＡＢｃ１２３％，（）！", "abc123%,()!");
    expect_fold("ABCÄÉΣ", "abcäéσ");
    expect_fold("ｱｲｰﾞ", "アイー\xE3\x82\x99");
    expect_fold("\xEF\xBD\xA5\xEF\xBD\xA2\xEF\xBD\xA3", "・「」");
    expect_fold("①⑨Ⅳ", "19iv");
    expect_fold("\xC2\xA0\xE3\x80\x80", "  ");
    expect_fold("\xE2\xBC\x80\xE2\xBE\xA5\xE2\xBE\x8F", "一里行"); /* U+2F00 U+2FA5 U+2F8F */
    expect_fold("\xE2\xBB\x93\xE2\xBB\x85\xE2\xBB\xA2\xE2\xBB\xB3", "长见马龟"); /* U+2ED3 ... */
    expect_fold("\xEF\xA9\x87\xEF\xA4\x80\xEF\xA8\x8A", "汉岂见"); /* U+FA47 U+F900 U+FA0A */
    expect_fold("\xF0\xAF\xA0\x80", "丽");                         /* U+2F800 */
    expect_fold("\xF0\xA0\x80\x80", "\xF0\xA0\x80\x80");           /* U+20000 */
    expect_fold("…⋯℃", "…⋯℃");
}

static void test_fold__private_use_of_gb18030(void **state)
{
    (void)state;
    assert_int_equal(xj_fold(0xE816), 0x20087);
    assert_int_equal(xj_fold(0xE81E), 0x9FB4);
    assert_int_equal(xj_fold(0xE864), 0x9FBB);
    assert_int_equal(xj_fold(0xE78D), ',');
    assert_int_equal(xj_fold(0xE815), xj_fold(0x2E81));
    assert_int_equal(xj_fold(0xE000), 0xE000);
    assert_int_equal(xj_class_of(0xE000), XJ_CLASS_BREAK);
}

static void test_fold__expansions(void **state)
{
    (void)state;
    expect_fold("㎡", "m2");
    expect_fold("㍿", "株式会社");
    expect_fold("⑴", "(1)");
    expect_fold("⒍", "6.");
    expect_fold("㈠㈱", "(一)(株)");
    expect_fold("㋿㏎⑩", "令和km10");
    expect_fold("ß", "ss");
    assert_int_equal(xj_fold(0x33A1), 0x33A1);
    /* expansions into anything but letters, marks, digits and the seven marks stay */
    static const uint32_t stay[] = {0x2026, 0x2025, 0xFE19, 0xBD, 0xFDFA, 0x1F240, 0x1F101, 0xAD};
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++) {
        uint32_t out[XJ_FOLD_MAX];
        assert_int_equal(xj_fold_expand(stay[i], out), 1);
        assert_int_equal(out[0], stay[i]);
    }
}

static void test_fold__expansions_are_those_of_the_rule(void **state)
{
    (void)state;
    need_same_unicode();
    size_t n_expanded = 0;
    for (uint32_t c = 0; c < N_CP; c++) {
        uint32_t text[32], out[XJ_FOLD_MAX];
        size_t n = nfkc_casefold(c, text);
        bool all = n > 1, word = false;
        for (size_t i = 0; i < n; i++) {
            UChar32 d = (UChar32)text[i];
            bool w = u_isalpha(d) || u_isdigit(d) || U_GET_GC_MASK(d) & U_GC_M_MASK;
            word |= w;
            all = all && (w || d == '+' || d == '-' || d == '.' || d == '/' || d == '%' ||
                          d == '(' || d == ')');
        }
        size_t got = xj_fold_expand(c, out);
        if (!all || !word) {
            assert_int_equal(got, 1);
            assert_int_equal(out[0], xj_fold(c));
            continue;
        }
        n_expanded++;
        assert_int_equal(got, n);
        assert_int_equal(xj_fold(c), c);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(out[i], xj_fold(text[i]));
    }
    assert_int_equal(n_expanded, sizeof xji_fold_expand_cp / sizeof *xji_fold_expand_cp);
}

static void test_fold__is_idempotent(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < N_CP; c++) {
        uint32_t out[XJ_FOLD_MAX], again[XJ_FOLD_MAX];
        size_t n = xj_fold_expand(c, out);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(xj_fold_expand(out[i], again), 1);
            assert_int_equal(again[0], out[i]);
        }
        assert_int_equal(xj_fold(xj_fold(c)), xj_fold(c));
        assert_int_equal(xj_class_of(xj_fold(c)), xj_class_of(c));
    }
}

static void test_fold__agrees_with_nfkc_casefold(void **state)
{
    (void)state;
    need_same_unicode();
    for (uint32_t c = 0; c < N_CP; c++) {
        uint32_t text[32];
        size_t n = nfkc_casefold(c, text);
        UErrorCode code = U_ZERO_ERROR;
        uint32_t step1 = n == 1 ? text[0] : c;
        assert_int_equal(xj_fold(step1), xj_fold(c));
        /* only Han characters and private use go further */
        if (uscript_getScript((UChar32)step1, &code) != USCRIPT_HAN &&
            u_charType((UChar32)step1) != U_PRIVATE_USE_CHAR)
            assert_int_equal(xj_fold(c), step1);
        if (uscript_getScript((UChar32)step1, &code) == USCRIPT_HAN)
            assert_int_equal(xj_class_of(xj_fold(c)), XJ_CLASS_CHAR);
    }
}

static void test_fold__agrees_with_icu_traditional_simplified(void **state)
{
    (void)state;
    need_same_unicode();
    static const char *const split[] = {"俱具", "跤交", "姊姐", "靷纼", "譅䜧"};
    enum { N_SPLIT = sizeof split / sizeof *split };
    bool seen[N_SPLIT] = {false};
    UErrorCode code = U_ZERO_ERROR;
    UParseError where;
    static const UChar id[] = u"Traditional-Simplified";
    UTransliterator *t = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, &where, &code);
    assert_true(U_SUCCESS(code));
    for (uint32_t c = 0; c < N_CP; c++) {
        UErrorCode ignored = U_ZERO_ERROR;
        if (uscript_getScript((UChar32)c, &ignored) != USCRIPT_HAN)
            continue;
        UChar text[16];
        int32_t len = 0, limit, i = 0;
        U16_APPEND_UNSAFE(text, len, c);
        limit = len;
        utrans_transUChars(t, text, &len, 16, 0, &limit, &code);
        assert_true(U_SUCCESS(code));
        UChar32 to;
        U16_NEXT(text, i, len, to);
        bool is_split = false;
        for (size_t k = 0; k < N_SPLIT; k++) {
            uint32_t pair[2];
            decode(split[k], pair, 2);
            if (pair[0] == c && pair[1] == (uint32_t)to)
                is_split = seen[k] = true;
        }
        assert_int_equal(i, len);
        assert_int_equal(xj_fold(c) == xj_fold((uint32_t)to), !is_split);
    }
    utrans_close(t);
    for (size_t k = 0; k < N_SPLIT; k++)
        assert_true(seen[k]);
}

static void test_fold__joins_reviewed_pairs(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"峰", "峯"}, {"面", "麪"}, {"面", "麵"},     {"群", "羣"},     {"床", "牀"}, {"鉴", "鑑"},
        {"鉴", "鑒"}, {"账", "帐"}, {"里", "裏"},     {"里", "裡"},     {"只", "祇"}, {"只", "隻"},
        {"只", "衹"}, {"为", "爲"}, {"为", "為"},     {"着", "著"},     {"么", "麼"}, {"干", "乾"},
        {"干", "幹"}, {"后", "後"}, {"发", "發"},     {"发", "髮"},     {"台", "臺"}, {"台", "颱"},
        {"于", "於"}, {"斗", "鬥"}, {"愿", "願"},     {"昵", "暱"},     {"沈", "瀋"}, {"钟", "鐘"},
        {"钟", "鍾"}, {"它", "牠"}, {"卫", "衞"},     {"卫", "衛"},     {"劵", "券"}, {"污", "汚"},
        {"修", "脩"}, {"你", "妳"}, {"仿佛", "彷彿"}, {"咨询", "諮詢"}, {"查", "査"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        expect_same(pairs[i][0], pairs[i][1]);
}

static void test_fold__keeps_words_apart(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"沉", "沈"}, {"完", "烟"}, {"子", "只"}, {"他", "它"}, {"他", "她"}, {"板", "版"},
        {"复", "覆"}, {"具", "俱"}, {"交", "跤"}, {"姐", "姊"}, {"划", "画"}, {"劃", "畫"},
        {"里", "哩"}, {"炼", "链"}, {"甚", "什"}, {"象", "像"}, {"那", "哪"}, {"作", "做"},
        {"于", "干"}, {"折", "拆"}, {"坐", "座"}, {"须", "需"}, {"系", "细"}, {"征", "症"},
        {"勾", "句"}, {"咨", "资"}, {"冲", "充"}, {"沾", "占"}, {"历", "厉"}, {"裤", "绔"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (same_fold(pairs[i][0], pairs[i][1]))
            fail_msg("'%s' and '%s' are joined", pairs[i][0], pairs[i][1]);
}

/* The class of a code point by the table in docs/TEXT.md, from ICU's properties. */
static xj_class class_by_property(uint32_t c)
{
    static const char soft[] = "\"'“”„‟‘’‚‛〝〞〟「」『』《》〈〉【】«»‹›·・‧•\xEF\xBD\xA5";
    static const uint32_t other_invisible[] = {0x34F, 0x115F, 0x1160, 0x3164, 0xFFA0};
    static const uint32_t other_char[] = {0x3005, 0x3007, 0x30FC, 0x3099, 0x309A};
    UChar32 cp = (UChar32)c;
    uint32_t list[64];
    size_t n = decode(soft, list, 64);
    bool line_control = (c >= 0x09 && c <= 0x0D) || c == 0x85;
    if (u_charType(cp) == U_FORMAT_CHAR || (u_charType(cp) == U_CONTROL_CHAR && !line_control) ||
        u_hasBinaryProperty(cp, UCHAR_VARIATION_SELECTOR))
        return XJ_CLASS_INVISIBLE;
    for (size_t i = 0; i < 5; i++)
        if (c == other_invisible[i])
            return XJ_CLASS_INVISIBLE;
    if (u_isUWhiteSpace(cp))
        return c == '\n' ? XJ_CLASS_BREAK : XJ_CLASS_SOFT;
    for (size_t i = 0; i < n; i++)
        if (c == list[i])
            return XJ_CLASS_SOFT;
    for (size_t i = 0; i < 5; i++)
        if (c == other_char[i])
            return XJ_CLASS_CHAR;
    UErrorCode code = U_ZERO_ERROR;
    UScriptCode script = uscript_getScript(cp, &code);
    if (script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA ||
        script == USCRIPT_HANGUL || script == USCRIPT_BOPOMOFO)
        return XJ_CLASS_CHAR;
    uint32_t gc = U_GET_GC_MASK(cp);
    return gc & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK) ? XJ_CLASS_WORD : XJ_CLASS_BREAK;
}

static void test_fold__classes_follow_properties(void **state)
{
    (void)state;
    need_same_unicode();
    size_t n[5] = {0};
    for (uint32_t c = 0; c < N_CP; c++) {
        uint32_t folded = xj_fold(c);
        xj_class expected = class_by_property(folded);
        if (xj_class_of(folded) != expected)
            fail_msg("U+%04X has class %d, not %d", (unsigned)folded, (int)xj_class_of(folded),
                     (int)expected);
        n[expected]++;
    }
    for (size_t i = 0; i < 5; i++)
        assert_true(n[i] > 100 || i == XJ_CLASS_SOFT);
}

static void test_fold__class_examples(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        xj_class expected;
    } cases[] = {
        {"枫桥のカ한ㄅ々〇ー𠀀", XJ_CLASS_CHAR},
        {"az09éя०", XJ_CLASS_WORD},
        {"\t\v\f\r \xC2\x85\xC2\xA0\xE3\x80\x80“”‘’《》「」【】\"'·•・＂", XJ_CLASS_SOFT},
        {"\n，。！？；：、,.()+-_%‰…℃€\xEF\xBF\xBD", XJ_CLASS_BREAK},
        {"\xC2\xAD\xE2\x80\x8B\xEF\xBB\xBF\xEF\xB8\x8F\xE2\x80\xAE\x01\xF3\xA0\x84\x80",
         XJ_CLASS_INVISIBLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t cp[64];
        size_t n = decode(cases[i].text, cp, 64);
        for (size_t k = 0; k < n; k++)
            assert_int_equal(xj_class_of(xj_fold(cp[k])), cases[i].expected);
    }
    assert_int_equal(xj_class_of(0), XJ_CLASS_INVISIBLE);
}

static void test_fold__values_outside_unicode_stay(void **state)
{
    (void)state;
    static const uint32_t outside[] = {0xD800, 0xDFFF, 0x10FFFF, 0x110000, 0x1F0041, UINT32_MAX};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        uint32_t out[XJ_FOLD_MAX];
        assert_true(xj_fold(outside[i]) == outside[i]);
        assert_int_equal(xj_fold_expand(outside[i], out), 1);
        assert_true(out[0] == outside[i]);
        assert_int_equal(xj_class_of(outside[i]), XJ_CLASS_BREAK);
    }
}

/* Hashes n values of `size` bytes as little-endian bytes, on any host. */
static void hash_table(XXH3_state_t *hash, const void *table, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t v = size == 2   ? ((const uint16_t *)table)[i]
                     : size == 4 ? ((const uint32_t *)table)[i]
                                 : ((const uint64_t *)table)[i];
        uint8_t bytes[8];
        for (size_t k = 0; k < size; k++)
            bytes[k] = (uint8_t)(v >> 8 * k);
        assert_int_equal(XXH3_64bits_update(hash, bytes, size), XXH_OK);
    }
}

static void test_fold__fingerprint_is_of_the_tables(void **state)
{
    (void)state;
    XXH3_state_t *hash = XXH3_createState();
    assert_non_null(hash);
    XXH3_64bits_reset(hash);
#define HASH(table) hash_table(hash, table, sizeof table / sizeof *table, sizeof *table)
    HASH(xji_fold_index);
    HASH(xji_fold_leaf);
    HASH(xji_fold_alias);
    HASH(xji_fold_high_bits);
    HASH(xji_fold_high_rank);
    HASH(xji_fold_high_slot);
    HASH(xji_fold_expand_cp);
    HASH(xji_fold_expand_text);
    HASH(xji_fold_texts);
#undef HASH
    assert_true(XXH3_64bits_digest(hash) == xj_fold_fingerprint());
    XXH3_freeState(hash);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold__reads_as_simplified),
        cmocka_unit_test(test_fold__width_case_and_compatibility),
        cmocka_unit_test(test_fold__private_use_of_gb18030),
        cmocka_unit_test(test_fold__expansions),
        cmocka_unit_test(test_fold__expansions_are_those_of_the_rule),
        cmocka_unit_test(test_fold__is_idempotent),
        cmocka_unit_test(test_fold__agrees_with_nfkc_casefold),
        cmocka_unit_test(test_fold__agrees_with_icu_traditional_simplified),
        cmocka_unit_test(test_fold__joins_reviewed_pairs),
        cmocka_unit_test(test_fold__keeps_words_apart),
        cmocka_unit_test(test_fold__classes_follow_properties),
        cmocka_unit_test(test_fold__class_examples),
        cmocka_unit_test(test_fold__values_outside_unicode_stay),
        cmocka_unit_test(test_fold__fingerprint_is_of_the_tables),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
