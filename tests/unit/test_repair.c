/*
 * Repair: line ends, invisible characters, injected pinyin, text slipped by one GBK byte, hard-wrapped lines. Damage is
 * made here, by ICU, from texts written for these tests, so that the truth is known for every place.
 */
#include "repair.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include "xj/utf8.h"

/* ---- texts ---- */

static xji_text text_of_bytes(const char *s, size_t n)
{
    xji_text t = XJI_TEXT_INIT;
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = xj_utf8_decode((const uint8_t *)s + i, n - i, &cp, NULL);
        assert_int_equal(xji_text_push(&t, cp, (uint32_t)i, (unsigned)len, XJI_MARK_READ, NULL),
                         XJ_OK);
        i += len;
    }
    return t;
}

static xji_text text_of(const char *s)
{
    return text_of_bytes(s, strlen(s));
}

static char *utf8_of(const xji_text *t)
{
    char *s = malloc(t->n * 4 + 1);
    assert_non_null(s);
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        n += xj_utf8_encode((uint8_t *)s + n, t->cp[i]);
    s[n] = '\0';
    return s;
}

typedef xj_status step(xji_text *t, xji_log *log, xj_error *err);

/* Every code point covers source bytes of the file, and a second repair finds nothing to do. */
static void check_result(const xji_text *t, size_t source_bytes)
{
    xji_text again = XJI_TEXT_INIT;
    for (size_t i = 0; i < t->n; i++) {
        assert_true((uint64_t)t->beg[i] + t->len[i] <= source_bytes);
        assert_true(t->len[i] > 0);
        assert_int_equal(xji_text_push(&again, t->cp[i], t->beg[i], t->len[i], t->mark[i], NULL),
                         XJ_OK);
    }
    assert_int_equal(xji_repair(&again, NULL, NULL), XJ_OK);
    assert_int_equal(again.n, t->n);
    assert_memory_equal(again.cp, t->cp, t->n * sizeof *t->cp);
    xji_text_release(&again);
}

/* Run one step over s; the text it gives is returned and the log filled. */
static char *repaired_by(step *run, const char *s, xji_log *log)
{
    xji_text t = text_of(s);
    xj_error err = XJ_ERROR_INIT;
    assert_int_equal(run(&t, log, &err), XJ_OK);
    if (run == xji_repair)
        check_result(&t, strlen(s));
    char *result = utf8_of(&t);
    xji_text_release(&t);
    return result;
}

static void expect(step *run, const char *s, const char *expected)
{
    xji_log log = XJI_LOG_INIT;
    char *result = repaired_by(run, s, &log);
    assert_string_equal(result, expected);
    free(result);
    xji_log_release(&log);
}

/* Nothing changes and nothing is said. */
static void expect_untouched(const char *s)
{
    xji_log log = XJI_LOG_INIT;
    char *result = repaired_by(xji_repair, s, &log);
    assert_string_equal(result, s);
    for (int k = 0; k < XJI_CHANGE_COUNT; k++)
        assert_int_equal(log.count[k], 0);
    free(result);
    xji_log_release(&log);
}

/* A report long enough to be counted; its words are what conjectures are drawn from. */
static const char report[] =
    "二〇二四年青石镇法治建设工作报告\n"
    "一年来,青石镇坚持依法行政,持续优化公共法律服务,打造镇村两级服务网络,全镇设立法律服务站12个,"
    "为群众提供法律服务3600人次。"
    "我们把便民服务中心搬到群众身边,窗口服务、上门服务、预约服务相结合,服务群众的能力明显提高。\n"
    "一是健全矛盾纠纷排查化解机制。坚持定期走访、定点接访、定人包案,组织网格员进村入户,"
    "排查矛盾纠纷218件,化解矛盾纠纷211件,"
    "做到小事不出村、大事不出镇。建立部门对接机制,司法所与派出所对接、村委会与网格员对接,"
    "线索对接及时,矛盾纠纷化解率明显提高。\n"
    "二是扩大普法宣传规模。通过广播、标语、微信群等方式开展法治宣传,规模和质量都有提高,"
    "活动规模超过往年。"
    "举办法治讲座26场,发放宣传资料5000份,受到群众欢迎。\n"
    "三是规范行政执法。落实行政执法公示制度,加强执法人员培训,全年办理行政处罚案件31件,"
    "没有发生行政复议被撤销的情况。"
    "政务公开内容更加全面,政务服务事项全部进驻大厅,政务网站及时更新。\n";

/* Damage: the bytes of sentence in GBK, read one byte late, up to its end; what makes no character becomes sign. */
static void slip_by_one(char *out, const char *sentence, const char *sign)
{
    UErrorCode status = U_ZERO_ERROR;
    UConverter *gbk = ucnv_open("GBK", &status);
    UChar wide[512], c[4];
    char bytes[1024];
    int32_t n_wide = 0;
    u_strFromUTF8(wide, 512, &n_wide, sentence, -1, &status);
    int32_t n = ucnv_fromUChars(gbk, bytes, sizeof bytes, wide, n_wide, &status);
    assert_true(U_SUCCESS(status));
    ucnv_setToUCallBack(gbk, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &status);
    *out = '\0';
    for (int32_t i = 1; i + 1 < n; i += 2) {
        status = U_ZERO_ERROR;
        int32_t len = ucnv_toUChars(gbk, c, 4, bytes + i, 2, &status);
        bool is_private = len == 1 && c[0] >= 0xE000 && c[0] < 0xF900;
        if (U_FAILURE(status) || len != 1 || is_private) {
            strcat(out, sign);
            continue;
        }
        uint8_t utf8[5] = {0};
        xj_utf8_encode(utf8, c[0]);
        strcat(out, (const char *)utf8);
    }
    strcat(out, sign);
    ucnv_close(gbk);
}

/* The report with a damaged sentence in it. */
static void report_with(char *out, const char *before, const char *sentence, const char *after,
                        const char *sign)
{
    char damaged[2048];
    slip_by_one(damaged, sentence, sign);
    sprintf(out, "%s%s%s%s", report, before, damaged, after);
}

/* ---- clean ---- */

static void test_repair__line_ends_become_lf(void **state)
{
    (void)state;
    expect(xji_repair_clean,
           "a\r\nb\rc\xC2\x85"
           "d\xE2\x80\xA8"
           "e\xE2\x80\xA9"
           "f\vg\fh\n",
           "a\nb\nc\nd\ne\nf\ng\nh\n");
    xji_log log = XJI_LOG_INIT;
    log.keep_max = 100;
    xji_text t = text_of("一\r\n二\r\n三\r四");
    assert_int_equal(xji_repair_clean(&t, &log, NULL), XJ_OK);
    assert_int_equal(t.n, 7);
    assert_int_equal(t.cp[1], '\n');
    assert_int_equal(t.beg[1], 3);
    assert_int_equal(t.len[1], 2);
    assert_int_equal(log.count[XJI_CHANGE_LINE_END], 3);
    assert_int_equal(log.n, 2); /* one of each kind is shown */
    xji_text_release(&t);
    xji_log_release(&log);
}

static void test_repair__invisible_and_control_characters_are_deleted(void **state)
{
    (void)state;
    expect(xji_repair_clean,
           "枫\xE2\x80\x8B\xE2\x80\x8B桥\xC2\xAD经\xEF\xBB\xBF验\xEF\xB8\x8F\x07\x1B。\t\n",
           "枫桥经验。\t\n");
    xji_log log = XJI_LOG_INIT;
    log.keep_max = 100;
    xji_text t = text_of("枫\xE2\x80\x8B\xE2\x80\x8B桥\xC2\xAD\x07\x08\x01");
    assert_int_equal(xji_repair_clean(&t, &log, NULL), XJ_OK);
    assert_int_equal(t.n, 2);
    assert_int_equal(log.count[XJI_CHANGE_INVISIBLE], 3);
    assert_int_equal(log.count[XJI_CHANGE_CONTROL], 3);
    assert_int_equal(log.n, 3); /* runs */
    assert_int_equal(log.change[0].beg, 3);
    assert_int_equal(log.change[0].end, 9);
    xji_text_release(&t);
    xji_log_release(&log);
}

static void test_repair__nul_becomes_a_space(void **state)
{
    (void)state;
    xji_text t = text_of_bytes("甲\0乙", 7);
    assert_int_equal(xji_repair_clean(&t, NULL, NULL), XJ_OK);
    assert_int_equal(t.n, 3);
    assert_int_equal(t.cp[1], ' ');
    assert_int_equal(t.beg[1], 3);
    assert_int_equal(t.len[1], 1);
    xji_text_release(&t);
}

static void test_repair__clean_text_stays(void **state)
{
    (void)state;
    expect_untouched("");
    expect_untouched("\n\n\n");
    expect_untouched(report);
}

/* ---- pinyin ---- */

static const char injected[] = "各村要認(rèn)真學(xué)習(xí)法律,把學(xué)習(xí)和實(shí)踐結(jié)"
                               "合起來,加強(qiáng)組織領(lǐng)導(dǎo),提高服務(wù)水平。";

static void test_repair__injected_pinyin_is_deleted(void **state)
{
    (void)state;
    expect(xji_repair, injected,
           "各村要認真學習法律,把學習和實踐結合起來,加強組織領導,提高服務水平。");
    expect(xji_repair_pinyin, injected,
           "各村要認真學習法律,把學習和實踐結合起來,加強組織領導,提高服務水平。");
    /* full-width parentheses, spaces, capitals, v for u with diaeresis, combining marks, several readings, two glosses */
    char s[1024];
    sprintf(s,
            "%s律（lǜ）師( Shī "
            ")綠(lv\xCC\x80)女(nü\xCC\x8C)重(zhòng,chóng)要(yào)(yāo)長(zhǎng、cháng)",
            injected);
    xji_log log = XJI_LOG_INIT;
    char *r = repaired_by(xji_repair, s, &log);
    assert_non_null(strstr(r, "水平。律師綠女重要長"));
    assert_int_equal(log.count[XJI_CHANGE_PINYIN], 19);
    free(r);
    xji_log_release(&log);
}

static void test_repair__neutral_readings_go_with_the_rest(void **state)
{
    (void)state;
    char s[1024];
    sprintf(s,
            "%s我們(men)的(de)經濟(jì)好了(le)嗎(ma)?這么(me)說著(zhe)。方案(a)和甲(an)、距離(km)"
            "、指數(CPI)、服務(fu)、維生素(b)。",
            injected);
    xji_log log = XJI_LOG_INIT;
    char *r = repaired_by(xji_repair, s, &log);
    assert_non_null(strstr(
        r,
        "我們的經濟好了嗎?這么說著。方案(a)和甲(an)、距離(km)、指數(CPI)、服務(fu)、維生素(b)。"));
    free(r);
    xji_log_release(&log);
    /* without injection none of them is touched */
    expect_untouched("我們(men)的(de)好了(le)嗎(ma)。");
}

static void test_repair__a_few_glosses_stay(void **state)
{
    (void)state;
    expect_untouched("枞(cōng)阳县位于长江北岸,与歙(shè)县、黟(yī)县相邻。");
    /* eight in a long report are too few */
    char *s = malloc(sizeof report * 12 + 1024);
    assert_non_null(s);
    *s = '\0';
    for (int i = 0; i < 10; i++)
        strcat(s, report);
    strcat(s, "枞(cōng)阳、歙(shè)县、黟(yī)县、亳(bó)州、涡(guō)阳、蚌(bèng)埠、六(lù)安、砀(dàng)"
              "山、濉(suī)溪。");
    expect_untouched(s);
    free(s);
    /* a list of rare place names is made of glosses that the reader needs */
    expect_untouched("易读错的地名:枞(cōng)阳、歙(shè)县、黟(yī)县、亳(bó)州、涡(guō)阳、蚌(bèng)"
                     "埠、砀(dàng)山、濉(suī)溪、"
                     "盱(xū)眙(yí)、邗(hán)江、鄄(juàn)城、莒(jǔ)县、郯(tán)城、兖(yǎn)州。");
}

static void test_repair__what_is_no_syllable_is_no_gloss(void **state)
{
    (void)state;
    char s[2048];
    sprintf(s, "%s甲(bō)乙(vàn)丙(jīngyàn)丁(kā b)戊(zhí(x))己(é!)庚(fuō)辛(màa)壬(xiǎōng)",
            injected);
    xji_log log = XJI_LOG_INIT;
    char *r = repaired_by(xji_repair, s, &log);
    assert_non_null(
        strstr(r, "甲乙(vàn)丙(jīngyàn)丁(kā b)戊(zhí(x))己(é!)庚(fuō)辛(màa)壬(xiǎōng)"));
    free(r);
    xji_log_release(&log);
}

static void test_repair__source_ranges_survive_deletion(void **state)
{
    (void)state;
    xji_text t = text_of(injected);
    assert_int_equal(xji_repair(&t, NULL, NULL), XJ_OK);
    for (size_t i = 0; i < t.n; i++) {
        uint32_t cp;
        assert_int_equal(xj_utf8_decode((const uint8_t *)injected + t.beg[i], t.len[i], &cp, NULL),
                         t.len[i]);
        assert_int_equal(cp, t.cp[i]);
    }
    xji_text_release(&t);
}

/* ---- slip ---- */

static void test_repair__slipped_sentences_are_restored(void **state)
{
    (void)state;
    static const char *const sentences[] = {
        "坚持定期走访、定点接访、定人包案",
        "组织网格员进村入户排查矛盾纠纷",
        "落实行政执法公示制度，加强执法人员培训",
        "为群众提供“一站式”法律服务。同时加强宣传",
        "便民服务中心搬到群众身边",
    };
    static const char *const signs[] = {"?", "\xEF\xBF\xBD"};
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        for (size_t k = 0; k < 2; k++) {
            char s[8192];
            report_with(s, "四是", sentences[i], ",效果明显。\n", signs[k]);
            xji_log log = XJI_LOG_INIT;
            log.keep_max = 1000;
            xji_text t = text_of(s);
            assert_int_equal(xji_repair(&t, &log, NULL), XJ_OK);
            check_result(&t, strlen(s));
            assert_true(log.count[XJI_CHANGE_SLIP] > 0);
            /* Each restored character is a character of the sentence, and many of them are there. */
            size_t restored = 0, n = 0;
            for (const char *p = sentences[i]; *p; p++)
                n += (*p & 0xC0) != 0x80;
            for (size_t j = 0; j < t.n; j++) {
                uint8_t utf8[5] = {0};
                xj_utf8_encode(utf8, t.cp[j]);
                if (t.mark[j] == XJI_MARK_READ)
                    continue;
                assert_int_not_equal(t.cp[j], 0xFFFD);
                assert_non_null(strstr(sentences[i], (const char *)utf8));
                restored++;
            }
            assert_true(restored * 4 >= n);
            xji_text_release(&t);
            xji_log_release(&log);
        }
}

static void test_repair__restored_characters_name_their_bytes(void **state)
{
    (void)state;
    char s[8192];
    report_with(s, "四是", "坚持定期走访", ",效果明显。\n", "?");
    xji_text t = text_of(s);
    assert_int_equal(xji_repair(&t, NULL, NULL), XJ_OK);
    size_t first = 0;
    while (first < t.n && t.mark[first] != XJI_MARK_RESTORED)
        first++;
    assert_true(first + 2 < t.n);
    for (size_t i = first; t.mark[i + 1] == XJI_MARK_RESTORED; i++) {
        /* two characters each, of which the next shares the second */
        assert_int_equal(t.len[i], 6);
        assert_int_equal(t.beg[i + 1], t.beg[i] + 3);
    }
    xji_text_release(&t);
}

static void test_repair__slip_with_no_sign_before_it_is_restored(void **state)
{
    (void)state;
    char s[8192], damaged[1024];
    slip_by_one(damaged, "访、定点接访、定人包案、化解矛盾纠纷", "?");
    sprintf(s, "%s坚持定期走%s\n", report, damaged);
    xji_log log = XJI_LOG_INIT;
    char *r = repaired_by(xji_repair, s, &log);
    assert_non_null(strstr(r, "定期走"));
    assert_non_null(strstr(r, "定点接访、定人"));
    assert_true(log.count[XJI_CHANGE_SLIP] > 0);
    free(r);
    xji_log_release(&log);
}

static void test_repair__text_after_the_slip_stays(void **state)
{
    (void)state;
    /* The slip ends amid the text: a byte was lost at either end. */
    char s[8192], damaged[1024];
    slip_by_one(damaged, "通过广播、标语、微信群等方式开展法治宣传活动", "");
    sprintf(s, "%s四是%s受到群众欢迎，排查矛盾纠纷，服务群众。\n", report, damaged);
    xji_log log = XJI_LOG_INIT;
    char *r = repaired_by(xji_repair, s, &log);
    assert_non_null(strstr(r, "广播、标语"));
    assert_non_null(strstr(r, "受到群众欢迎，排查矛盾纠纷，服务群众。"));
    free(r);
    xji_log_release(&log);
}

static void test_repair__half_characters_are_completed_where_one_fits(void **state)
{
    (void)state;
    /* The report knows the pair before the sign, and one choice only. */
    char s[8192];
    report_with(s, "四是", "坚持定期走访、定点接访、部门对接", ",效果明显。\n", "?");
    xji_log log = XJI_LOG_INIT;
    char *r = repaired_by(xji_repair, s, &log);
    assert_non_null(strstr(r, "、部门对接,效果"));
    assert_true(log.count[XJI_CHANGE_CONJECTURE] >= 1);
    free(r);
    xji_log_release(&log);
    /* It does not know this one: what is there stays, and is reported. */
    report_with(s, "四是", "坚持定期走访、定点接访、部门枇", ",效果明显。\n", "?");
    log = (xji_log)XJI_LOG_INIT;
    r = repaired_by(xji_repair, s, &log);
    assert_non_null(strstr(r, "定点接访、部门?,效果"));
    assert_true(log.count[XJI_CHANGE_DAMAGE] >= 1);
    free(r);
    xji_log_release(&log);
}

/* The real passage of a converted page, with the same damage on both sides, in a report of our own. */
static const char converted[] = "青石鎮(zhèn)堅(jiān)持依法行政,優(yōu)化公共法律服務(wù),設(shè)"
                                "立法律服務(wù)站,窗口服務(wù)和上門服務(wù)相結(jié)合,"
                                "服務(wù)群眾的能力提高。定期走訪、定向?qū)印⒍ㄈ朔?wù)、定點(diǎn)"
                                "辦事,統(tǒng)籌各項(xiàng)工作,業(yè)務(wù)水平提升。";

static void test_repair__slip_beside_injected_pinyin(void **state)
{
    (void)state;
    xji_log log = XJI_LOG_INIT;
    log.keep_max = 1000;
    xji_text t = text_of(converted);
    assert_int_equal(xji_repair(&t, &log, NULL), XJ_OK);
    check_result(&t, strlen(converted));
    char *r = utf8_of(&t);
    assert_non_null(strstr(r, "定向?、定人服務、定點辦事,統籌各項工作,業務水平提升。"));
    assert_int_equal(log.count[XJI_CHANGE_SLIP], 1);
    assert_int_equal(log.count[XJI_CHANGE_CONJECTURE], 1);
    assert_int_equal(log.count[XJI_CHANGE_DAMAGE], 1);
    unsigned conjectures = 0;
    for (size_t i = 0; i < t.n; i++)
        conjectures += t.mark[i] == XJI_MARK_CONJECTURE;
    assert_int_equal(conjectures, 2);
    free(r);
    xji_text_release(&t);
    xji_log_release(&log);
}

static void test_repair__no_conjecture_without_evidence(void **state)
{
    (void)state;
    /* The same, but this report never says 服務: what is left of it stays. */
    static const char s[] = "青石鎮(zhèn)堅(jiān)持依法行政,優(yōu)化任務(wù)清單,設(shè)立業(yè)"
                            "務(wù)站,任務(wù)和業(yè)務(wù)相結(jié)合,業(yè)務(wù)能力提高。"
                            "定期走訪、定點(diǎn)辦事、定人包案、定向?qū)印⒍ㄈ朔?wù)、定點(diǎn)"
                            "辦事,統(tǒng)籌各項(xiàng)工作。";
    xji_log log = XJI_LOG_INIT;
    char *r = repaired_by(xji_repair, s, &log);
    assert_null(strstr(r, "服"));
    assert_non_null(strstr(r, "定向?、定人?、定點辦事"));
    assert_int_equal(log.count[XJI_CHANGE_CONJECTURE], 0);
    assert_int_equal(log.count[XJI_CHANGE_DAMAGE], 2);
    free(r);
    xji_log_release(&log);
}

static void test_repair__slip_of_everyday_characters(void **state)
{
    (void)state;
    /* All characters of the damaged reading are common ones too: only the report can tell. */
    static const char s[] =
        "推進數(shù)字化建設(shè),擴大產(chǎn)業(yè)規(guī)?！焙汀罢?wù)服務(wù)”兩項(xiàng)"
        "工作。全縣(xiàn)經(jīng)濟發(fā)展規(guī)模持續(xù)擴大,政務(wù)服務(wù)水平提升,"
        "政務(wù)公開有序,和諧社會建設(shè)加強,產(chǎn)業(yè)規(guī)模居全市前列,“一網(wǎng)"
        "通辦”和“最多跑一次”改革深化。規(guī)模以上企業(yè)增加,政務(wù)大廳優(yōu)化。";
    xji_log log = XJI_LOG_INIT;
    char *r = repaired_by(xji_repair, s, &log);
    assert_non_null(strstr(r, "擴大產業規模”和“政務服務”兩項工作。"));
    free(r);
    xji_log_release(&log);
}

static void test_repair__undamaged_text_is_never_slipped(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "服务好不好?群众说了算。怎么办?我们要想办法?大家都来出主意?",
        "?服务群众?便民利民?矛盾纠纷?依法行政",
        "⒈加强领导⒉落实责任⒊强化监督⒋严格考核⒌总结提高⒍及时报告",
        "①组织建设②队伍建设③制度建设;㈠一般规定㈡特别规定;Ⅰ类、Ⅱ类、Ⅲ类水质",
        "注音:ㄅㄆㄇㄈ是声母,ㄚㄛㄜ是韵母,国语ㄍㄨㄛˊㄩˇ课程",
        "日本の経済は成長している。東京スカイツリーのクロスレビューを見た?そうです",
        "公式：α＋β＝γ，∑xᵢ≤∞，x∈A∩B，∠A＝90°，a∶b＝c∶d",
        "Правительство России和中国政府签署协议，Москва会谈",
        "┌──┬──┐\n│姓名│职务│\n├──┼──┤\n│张三│书记│\n└──┴──┘",
        "霉坏变质?反映强烈?胁迫、暴力?霾霭氤氲?饕餮貔貅?",
        "兰芷芎\xEE\xA1\x80被遗弃在旷野里，而蒿萧却长得茂密成林",
        "★重点任务★□同意□不同意■已完成◆说明※备注→下一步",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        expect_untouched(texts[i]);
        char s[8192];
        sprintf(s, "%s%s\n", report, texts[i]);
        expect_untouched(s);
    }
}

static void test_repair__orphaned_pinyin_alone_is_reported(void **state)
{
    (void)state;
    static const char s[] = "加强法治宣传?wù)工作,做好服务。";
    xji_log log = XJI_LOG_INIT;
    char *r = repaired_by(xji_repair, s, &log);
    assert_string_equal(r, s);
    assert_int_equal(log.count[XJI_CHANGE_DAMAGE], 1);
    free(r);
    xji_log_release(&log);
}

/* ---- reflow ---- */

static void test_repair__hard_wrapped_lines_are_joined(void **state)
{
    (void)state;
    static const char s[] = "关于法治政府建设情况的报告\n"
                            "一年来，全镇上下坚持依法行政，持续优化公共法律服务，打造镇村\n"
                            "两级服务网络，设立法律服务站十二个，为群众提供法律服务三千六\n"
                            "百人次，窗口服务、上门服务、预约服务相结合，群众满意度明显提\n"
                            "高。\n"
                            "一、主要做法\n"
                            "坚持定期走访、定点接访、定人包案，组织网格员进村入户，排查矛\n"
                            "盾纠纷二百一十八件，化解二百一十一件，做到小事不出村、大事不\n"
                            "出镇，建立部门对接机制，司法所与派出所对接、村委会与网格员对\n"
                            "接，线索对接及时。\n"
                            "二、下一步打算\n"
                            "落实行政执法公示制度，加强执法人员培训，全年办理行政处罚案件\n"
                            "三十一件，政务公开内容更加全面，政务服务事项全部进驻大厅，政\n"
                            "务网站及时更新，群众办事更加方便。\n";
    static const char joined[] = "关于法治政府建设情况的报告\n"
                                 "一年来，全镇上下坚持依法行政，持续优化公共法律服务，打造镇村"
                                 "两级服务网络，设立法律服务站十二个，为群众提供法律服务三千六"
                                 "百人次，窗口服务、上门服务、预约服务相结合，群众满意度明显提"
                                 "高。\n"
                                 "一、主要做法\n"
                                 "坚持定期走访、定点接访、定人包案，组织网格员进村入户，排查矛"
                                 "盾纠纷二百一十八件，化解二百一十一件，做到小事不出村、大事不"
                                 "出镇，建立部门对接机制，司法所与派出所对接、村委会与网格员对"
                                 "接，线索对接及时。\n"
                                 "二、下一步打算\n"
                                 "落实行政执法公示制度，加强执法人员培训，全年办理行政处罚案件"
                                 "三十一件，政务公开内容更加全面，政务服务事项全部进驻大厅，政"
                                 "务网站及时更新，群众办事更加方便。\n";
    expect(xji_repair, s, joined);
    expect(xji_repair_reflow, s, joined);
}

static void test_repair__wrapped_words_get_a_space(void **state)
{
    (void)state;
    static const char s[] =
        "The committee met every month during the year and looked into all of\n"
        "the complaints that had been made to it by the people of the town and\n"
        "by the offices of the county; it gave an answer to each of them within\n"
        "the time that the rules set, and where a matter was beyond its powers\n"
        "it passed the papers on to the court or to the office that could deal\n"
        "with them, and told the person who had written what it had done about\n"
        "the matter and why, so that nobody was left without a reply to a\n"
        "letter, and in the end most of the people who had come to complain went\n"
        "away content with what had been done for them by the committee and its\n"
        "staff.\n";
    xji_log log = XJI_LOG_INIT;
    char *r = repaired_by(xji_repair, s, &log);
    assert_int_equal(log.count[XJI_CHANGE_REFLOW], 9);
    assert_non_null(strstr(r, "looked into all of the complaints"));
    assert_non_null(strstr(r, "county; it gave an answer to each of them within the time"));

    free(r);
    xji_log_release(&log);
}

static void test_repair__other_files_keep_their_line_ends(void **state)
{
    (void)state;
    /* titles, lists, verse and one paragraph a line */
    expect_untouched(
        "青石镇\n白云镇\n河口镇\n桃源乡\n柳林乡\n太平镇\n新安镇\n兴隆乡\n石桥镇\n大营镇\n");
    expect_untouched("床前明月光\n疑是地上霜\n举头望明月\n低头思故乡\n白日依山尽\n黄河入海流\n欲穷"
                     "千里目\n更上一层楼\n红豆生南国\n春来发几枝\n");
    expect_untouched(
        "1.建立健全矛盾纠纷排查化解工作机制和工作制度\n2.组织开展法治宣传教育活动和法律知识培训\n"
        "3.落实行政执法公示制度全过程记录制度审核制度\n4.完善公共法律服务体系和村居法律顾问制度\n"
        "5.加强行政执法人员资格管理和业务能力建设工作\n6.推进政务公开和政务服务事项进驻服务大厅\n"
        "7.做好行政复议和行政应诉工作落实出庭应诉制度\n8.强化法治建设督察考核和责任追究工作力度\n");
    char *s = malloc(sizeof report * 4);
    assert_non_null(s);
    sprintf(s, "%s%s%s", report, report, report);
    expect_untouched(s);
    free(s);
}

/* ---- properties ---- */

static uint64_t seed_state;

static uint32_t any_below(uint32_t n)
{
    seed_state ^= seed_state << 13;
    seed_state ^= seed_state >> 7;
    seed_state ^= seed_state << 17;
    return (uint32_t)((seed_state >> 11) % n);
}

/* Characters that the repair steps look at, in no order: what they never should meet and all they should. */
static uint32_t any_character(void)
{
    static const uint32_t special[] = {
        '?',    0xFFFD, '(',    ')',  0xFF08, 0xFF09,  '\n',    '\r',    ' ',    0x3000, ',',
        0xFF0C, 0x3002, 'g',    'A',  'z',    'h',     'i',     0x12B,   0x1D0,  0x16B,  0xF9,
        0x301,  0x200B, 0xAD,   0x85, 0x2028, 0,       7,       0xE19F,  0x248D, 0x3108, 0x3042,
        0x2500, 0x201C, 0x201D, '|',  0x5E8,  0x1F600, 0x20000, 0x10FFFF};
    switch (any_below(8)) {
    case 0:
        return special[any_below(sizeof special / sizeof *special)];
    case 1:
        return 0x20 + any_below(0x5F);
    case 2: {
        uint32_t cp = any_below(0x110000);
        return cp >= 0xD800 && cp < 0xE000 ? 0xFFFD : cp;
    }
    case 3:
        return 0x2000 + any_below(0x1200);
    default:
        return 0x4E00 + any_below(any_below(2) ? 0x5200 : 0x300);
    }
}

/* Cut pieces out of texts with all kinds of damage and put them together with random characters between. */
static void mix(xji_text *t)
{
    char damaged[2048];
    slip_by_one(damaged, "坚持定期走访、定点接访、定人包案，组织网格员进村入户排查矛盾纠纷",
                any_below(2) ? "?" : "");
    const char *const sources[] = {report, injected, converted, damaged};
    size_t n_pieces = 1 + any_below(12);
    uint32_t at = 0;
    for (size_t k = 0; k < n_pieces; k++) {
        xji_text u = text_of(sources[any_below(4)]);
        size_t b = any_below((uint32_t)u.n), e = b + 1 + any_below((uint32_t)(u.n - b));
        for (size_t i = b; i < e; i++) {
            uint32_t cp = any_below(60) ? u.cp[i] : any_character();
            xji_text_push(t, cp, at, 3, XJI_MARK_READ, NULL);
            at += 3;
        }
        xji_text_release(&u);
        for (size_t i = any_below(4); i > 0; i--, at += 3)
            xji_text_push(t, any_character(), at, 3, XJI_MARK_READ, NULL);
    }
}

static void test_repair__any_text_is_repaired_once_and_for_all(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 1500; seed++) {
        seed_state = UINT64_C(0x9E3779B97F4A7C15) * seed;
        xji_text t = XJI_TEXT_INIT;
        if (seed % 3) {
            mix(&t);
        } else {
            size_t n = any_below(600);
            for (size_t i = 0; i < n; i++)
                xji_text_push(&t, any_character(), (uint32_t)i * 4, 4, XJI_MARK_READ, NULL);
        }
        size_t bytes = t.n ? t.beg[t.n - 1] + t.len[t.n - 1] : 0;
        xji_log log = XJI_LOG_INIT;
        log.keep_max = 50;
        assert_int_equal(xji_repair(&t, &log, NULL), XJ_OK);
        check_result(&t, bytes);
        xji_text_release(&t);
        xji_log_release(&log);
    }
}

static void test_repair__steps_work_alone_on_any_text(void **state)
{
    (void)state;
    static step *const steps[] = {xji_repair_clean, xji_repair_pinyin, xji_repair_slip,
                                  xji_repair_reflow};
    for (uint32_t seed = 1; seed <= 400; seed++) {
        seed_state = UINT64_C(0xD1342543DE82EF95) * seed;
        xji_text t = XJI_TEXT_INIT;
        mix(&t);
        size_t bytes = t.beg[t.n - 1] + t.len[t.n - 1];
        assert_int_equal(steps[seed % 4](&t, NULL, NULL), XJ_OK);
        for (size_t i = 0; i < t.n; i++)
            assert_true((size_t)t.beg[i] + t.len[i] <= bytes);
        xji_text_release(&t);
    }
}

/* ---- the seed reports ---- */

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *s = malloc(1 << 20);
    assert_non_null(s);
    size_t n = fread(s, 1, (1 << 20) - 1, f);
    s[n] = '\0';
    fclose(f);
    return s;
}

static void test_repair__seed_reports(void **state)
{
    (void)state;
    DIR *d = sizeof XJ_SEEDS > 1 ? opendir(XJ_SEEDS) : NULL;
    if (!d) {
        skip();
        return;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (!strstr(e->d_name, ".txt"))
            continue;
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", XJ_SEEDS, e->d_name);
        char *s = read_file(path);
        if (strncmp(e->d_name, "001_", 4) != 0) {
            expect_untouched(s);
        } else {
            xji_log log = XJI_LOG_INIT;
            char *r = repaired_by(xji_repair, s, &log);
            assert_non_null(strstr(r, "定期走訪、定向?、定人服務、定點辦事"));
            assert_non_null(strstr(r, "“楓橋經驗”"));
            assert_null(strstr(r, "ū"));
            assert_null(strstr(r, "ù"));
            assert_int_equal(log.count[XJI_CHANGE_PINYIN],
                             301); /* 300 and the one left of a damaged place */
            assert_int_equal(log.count[XJI_CHANGE_SLIP], 1);
            assert_int_equal(log.count[XJI_CHANGE_CONJECTURE], 1);
            assert_int_equal(log.count[XJI_CHANGE_DAMAGE], 1);
            assert_int_equal(log.count[XJI_CHANGE_REFLOW], 0);
            free(r);
            xji_log_release(&log);
        }
        free(s);
    }
    closedir(d);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repair__line_ends_become_lf),
        cmocka_unit_test(test_repair__invisible_and_control_characters_are_deleted),
        cmocka_unit_test(test_repair__nul_becomes_a_space),
        cmocka_unit_test(test_repair__clean_text_stays),
        cmocka_unit_test(test_repair__injected_pinyin_is_deleted),
        cmocka_unit_test(test_repair__neutral_readings_go_with_the_rest),
        cmocka_unit_test(test_repair__a_few_glosses_stay),
        cmocka_unit_test(test_repair__what_is_no_syllable_is_no_gloss),
        cmocka_unit_test(test_repair__source_ranges_survive_deletion),
        cmocka_unit_test(test_repair__slipped_sentences_are_restored),
        cmocka_unit_test(test_repair__restored_characters_name_their_bytes),
        cmocka_unit_test(test_repair__slip_with_no_sign_before_it_is_restored),
        cmocka_unit_test(test_repair__text_after_the_slip_stays),
        cmocka_unit_test(test_repair__half_characters_are_completed_where_one_fits),
        cmocka_unit_test(test_repair__slip_beside_injected_pinyin),
        cmocka_unit_test(test_repair__no_conjecture_without_evidence),
        cmocka_unit_test(test_repair__slip_of_everyday_characters),
        cmocka_unit_test(test_repair__undamaged_text_is_never_slipped),
        cmocka_unit_test(test_repair__orphaned_pinyin_alone_is_reported),
        cmocka_unit_test(test_repair__hard_wrapped_lines_are_joined),
        cmocka_unit_test(test_repair__wrapped_words_get_a_space),
        cmocka_unit_test(test_repair__other_files_keep_their_line_ends),
        cmocka_unit_test(test_repair__any_text_is_repaired_once_and_for_all),
        cmocka_unit_test(test_repair__steps_work_alone_on_any_text),
        cmocka_unit_test(test_repair__seed_reports),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
