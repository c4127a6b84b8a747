/* Structure of reports: set-aside text, metadata, outline, passages (docs/STRUCTURE.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "structure.h"
#include "xj/fold.h"
#include "xj/utf8.h"

#ifndef XJ_SEEDS
#define XJ_SEEDS ""
#endif

/* A text and what was found in it. */
typedef struct found {
    xji_text t;
    xji_structure s;
    xji_log log;
} found;

static void read_utf8(xji_text *t, const char *s, size_t len)
{
    *t = (xji_text)XJI_TEXT_INIT;
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = xj_utf8_decode((const uint8_t *)s + i, len - i, &cp, NULL);
        if (cp != '\r')
            assert_int_equal(xji_text_push(t, cp, (uint32_t)i, (unsigned)n, XJI_MARK_READ, NULL),
                             XJ_OK);
        i += n;
    }
}

static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           c == 0x3000 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F;
}

/* Pieces and asides are the whole text in order, each code point once; space asides are space; passages have pieces in
 * order and neither begin nor end with space; section references are in range and point upwards. */
static void check_partition(const xji_text *t, const xji_structure *s)
{
    size_t piece = 0, aside = 0;
    uint32_t at = 0;
    while (at < t->n) {
        if (aside < s->n_asides && s->asides[aside].at.b == at) {
            const xji_aside *a = &s->asides[aside++];
            assert_true(a->at.b < a->at.e && a->at.e <= t->n);
            assert_in_range(a->kind, 0, XJI_ASIDE_COUNT - 1);
            for (uint32_t i = a->at.b; a->kind == XJI_ASIDE_SPACE && i < a->at.e; i++)
                assert_true(is_space(t->cp[i]));
            at = a->at.e;
        } else {
            assert_true(piece < s->n_pieces);
            assert_int_equal(s->pieces[piece].b, at);
            assert_true(s->pieces[piece].e > at && s->pieces[piece].e <= t->n);
            at = s->pieces[piece++].e;
        }
    }
    assert_int_equal(at, t->n);
    assert_int_equal(piece, s->n_pieces);
    assert_int_equal(aside, s->n_asides);
    piece = 0;
    for (size_t i = 0; i < s->n_passages; i++) {
        const xji_passage *p = &s->passages[i];
        assert_int_equal(p->first_piece, piece);
        assert_true(p->n_pieces >= 1);
        piece += p->n_pieces;
        assert_true(piece <= s->n_pieces);
        assert_false(is_space(t->cp[s->pieces[p->first_piece].b]));
        assert_false(is_space(t->cp[s->pieces[piece - 1].e - 1]));
        assert_true(p->section == XJI_NO_SECTION || p->section < s->n_sections);
    }
    assert_int_equal(piece, s->n_pieces);
    for (size_t i = 0; i < s->n_sections; i++) {
        const xji_section *x = &s->sections[i];
        assert_true(x->heading.b < x->heading.e && x->heading.e <= t->n);
        assert_true(i == 0 || s->sections[i - 1].heading.e <= x->heading.b);
        if (x->parent != XJI_NO_SECTION) {
            assert_true(x->parent < i);
            assert_true(s->sections[x->parent].level < x->level);
        }
    }
}

static bool is_transparent(uint32_t c)
{
    xj_class k = xj_class_of(xj_fold(c));
    return k == XJ_CLASS_SOFT || k == XJ_CLASS_INVISIBLE;
}

static bool breaks(uint32_t c)
{
    uint32_t out[XJ_FOLD_MAX];
    size_t n = xj_fold_expand(c, out);
    return xj_class_of(out[0]) == XJ_CLASS_BREAK || xj_class_of(out[n - 1]) == XJ_CLASS_BREAK;
}

/* Cuts between passages fall next to a breaking character, but for those of long runs, which the log counts. */
static void check_cuts(const found *f)
{
    uint64_t forced = 0;
    for (size_t i = 0; i + 1 < f->s.n_passages; i++) {
        const xji_passage *p = &f->s.passages[i];
        uint32_t e = f->s.pieces[p->first_piece + p->n_pieces - 1].e;
        uint32_t b = f->s.pieces[f->s.passages[i + 1].first_piece].b;
        uint32_t left = e, right = b;
        bool near = false;
        for (uint32_t k = e; k < b; k++)
            near = near || breaks(f->t.cp[k]); /* a line end, or furniture, between them */
        while (left > 0 && is_transparent(f->t.cp[left - 1]))
            left--;
        while (right < f->t.n && is_transparent(f->t.cp[right]))
            right++;
        near = near || (left > 0 && breaks(f->t.cp[left - 1])) ||
               (right < f->t.n && breaks(f->t.cp[right]));
        forced += !near;
    }
    assert_true(forced <= f->log.count[XJI_CHANGE_LONG_RUN]);
}

static void find_in(found *f, const xji_given *given, const char *path, xji_segmentation mode)
{
    xj_error err = XJ_ERROR_INIT;
    f->log = (xji_log)XJI_LOG_INIT;
    assert_int_equal(xji_structure_find(&f->s, &f->t, given, path, mode, &f->log, &err), XJ_OK);
    check_partition(&f->t, &f->s);
    if (mode == XJI_SEGMENT_AUTO)
        check_cuts(f);
}

static found find_as(const char *text, const xji_given *given, const char *path)
{
    found f;
    read_utf8(&f.t, text, strlen(text));
    find_in(&f, given, path, XJI_SEGMENT_AUTO);
    return f;
}

static found find(const char *text)
{
    return find_as(text, NULL, NULL);
}

static void drop(found *f)
{
    xji_structure_release(&f->s);
    xji_log_release(&f->log);
    xji_text_release(&f->t);
}

/* UTF-8 of ranges, appended to out. */
static size_t append(char *out, size_t cap, size_t n, const xji_text *t, xji_range r)
{
    for (uint32_t i = r.b; i < r.e && n + 5 < cap; i++)
        n += xj_utf8_encode((uint8_t *)out + n, t->cp[i]);
    out[n] = '\0';
    return n;
}

static const char *heading(const found *f, uint32_t i)
{
    static char buf[4096];
    append(buf, sizeof buf, 0, &f->t, f->s.sections[i].heading);
    return buf;
}

/* Headings of a passage, outermost first, joined by " / "; "-" when it stands under none. */
static const char *path_of(const found *f, size_t passage)
{
    static char buf[4096];
    uint32_t up[64];
    size_t depth = 0, n = 0;
    for (uint32_t k = f->s.passages[passage].section; k != XJI_NO_SECTION && depth < 64;
         k = f->s.sections[k].parent)
        up[depth++] = k;
    if (depth == 0)
        return "-";
    while (depth-- > 0) {
        n = append(buf, sizeof buf, n, &f->t, f->s.sections[up[depth]].heading);
        if (depth)
            n += (size_t)snprintf(buf + n, sizeof buf - n, " / ");
    }
    return buf;
}

static const char *passage(const found *f, size_t i)
{
    static char buf[1 << 16];
    size_t n = 0;
    buf[0] = '\0';
    for (uint32_t k = 0; k < f->s.passages[i].n_pieces; k++)
        n = append(buf, sizeof buf, n, &f->t, f->s.pieces[f->s.passages[i].first_piece + k]);
    return buf;
}

static size_t passage_length(const found *f, size_t i)
{
    size_t n = 0;
    for (uint32_t k = 0; k < f->s.passages[i].n_pieces; k++) {
        xji_range r = f->s.pieces[f->s.passages[i].first_piece + k];
        for (uint32_t p = r.b; p < r.e; p++)
            n += !is_space(f->t.cp[p]);
    }
    return n;
}

/* The tree as text: "1 一、甲|2 (一)乙|". */
static const char *tree(const found *f)
{
    static char buf[1 << 15];
    size_t n = 0;
    buf[0] = '\0';
    for (uint32_t i = 0; i < f->s.n_sections; i++)
        n += (size_t)snprintf(buf + n, sizeof buf - n, "%d %s|", f->s.sections[i].level,
                              heading(f, i));
    return buf;
}

/* What is set aside but blank space, as text: "furniture 打印|". Line ends are not shown, other space is one space. */
static const char *asides(const found *f)
{
    static char buf[1 << 15];
    size_t n = 0;
    buf[0] = '\0';
    for (size_t i = 0; i < f->s.n_asides; i++) {
        const xji_aside *a = &f->s.asides[i];
        if (a->kind == XJI_ASIDE_SPACE)
            continue;
        xji_range r = a->at;
        while (r.e > r.b && is_space(f->t.cp[r.e - 1]))
            r.e--;
        while (r.b < r.e && is_space(f->t.cp[r.b]))
            r.b++;
        n += (size_t)snprintf(buf + n, sizeof buf - n, "%s ", xji_aside_key(a->kind));
        for (uint32_t k = r.b; k < r.e; k++)
            n += is_space(f->t.cp[k])
                     ? (size_t)snprintf(buf + n, sizeof buf - n, " ")
                     : append(buf, sizeof buf, n, &f->t, (xji_range){k, k + 1}) - n;
        n += (size_t)snprintf(buf + n, sizeof buf - n, "|");
    }
    return buf;
}

static void assert_text(const char *got, const char *want)
{
    if (!want)
        assert_null(got);
    else
        assert_non_null(got);
    if (want)
        assert_string_equal(got, want);
}

/* n sentences of about thirty characters, appended to s. */
static void add_sentences(char *s, int n)
{
    for (int i = 0; i < n; i++)
        strcat(s, "坚持依法行政,全面推进各项工作落到实处,群众满意度明显提升。");
}

/* ---- furniture ---- */

static void test_structure__sets_portal_lines_aside(void **state)
{
    (void)state;
    found f = find(
        "当前位置: 首页 > 政务公开 > 法治政府\n热搜: 公积金 社保\n【字号：大 中 小】\n打印 | 关闭\n"
        "东山镇2025年法治政府建设工作报告\n发布日期：2026-01-05 10:00 来源：东山镇 浏览次数：35\n"
        "| | | |\n2025年,东山镇认真落实上级部署,各项工作取得新的成效,现将情况报告如下。\n"
        "责任编辑：张三\n扫一扫在手机打开当前页\n上一篇：无\n下一篇：某某通知\n版权所有：东山镇人民"
        "政府\n"
        "粤ICP备12345678号\n");
    assert_string_equal(
        asides(&f),
        "furniture 当前位置: 首页 > 政务公开 > 法治政府|furniture 热搜: 公积金 社保|"
        "furniture 【字号：大 中 小】|furniture 打印 | 关闭|"
        "metadata 发布日期：2026-01-05 10:00 来源：东山镇 浏览次数：35|table | | | ||"
        "furniture 责任编辑：张三|furniture 扫一扫在手机打开当前页|furniture 上一篇：无|"
        "furniture 下一篇：某某通知|furniture 版权所有：东山镇人民政府|furniture "
        "粤ICP备12345678号|");
    assert_int_equal(f.s.n_passages, 1);
    assert_text(f.s.meta.date, "2026-01-05");
    drop(&f);
}

static void test_structure__buttons_on_lines_of_their_own(void **state)
{
    (void)state;
    found f = find(
        "下载\n打印\n全屏\n收藏\n【字号：\n加大\n还原\n减小\n】\n2026年东山市政府工作报告\n"
        "——2026年2月3日在东山市第十六届人民代表大会第四次会议上\n来源：解放日报\n时间：2026-02-09\n"
        "市长 龚 "
        "正\n各位代表：\n现在,我代表市人民政府,向大会报告工作,请予审议,并请各位委员提出意见。\n");
    assert_string_equal(
        asides(&f),
        "furniture 下载|furniture 打印|furniture 全屏|furniture 收藏|furniture 【字号：|"
        "furniture 加大|furniture 还原|furniture 减小|furniture 】|"
        "metadata 来源：解放日报|metadata 时间：2026-02-09|");
    assert_text(f.s.meta.title, "2026年东山市政府工作报告");
    assert_text(f.s.meta.date, "2026-02-09");
    assert_int_equal(f.s.meta.year, 2026);
    assert_int_equal(strncmp(passage(&f, 0), "2026年东山市政府工作报告\n", 20), 0);
    drop(&f);
}

static void test_structure__words_in_sentences_stay(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "举办读书分享会12场,打印宣传资料600余份,见附件:清单,下载量持续增长。",
        "附件:1.任务清单",
        "时间紧迫,任务繁重。",
        "来源于群众的意见建议逐条办理。",
        "关闭非法采砂场3家。",
        "打印店违规经营问题得到整治。",
        "分享经验做法,收藏文献资料,浏览次数明显上升。",
        "首页刊登的稿件达到12篇。",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[1024] = "东山镇2025年工作总结\n";
        add_sentences(text, 2);
        strcat(text, "\n");
        strcat(text, lines[i]);
        strcat(text, "\n");
        add_sentences(text, 2);
        found f = find(text);
        assert_string_equal(asides(&f), "");
        assert_non_null(strstr(passage(&f, 0), lines[i]));
        drop(&f);
    }
}

static void test_structure__button_words_inside_a_report_stay(void **state)
{
    (void)state;
    char text[2048] = "东山镇2025年工作总结\n";
    add_sentences(text, 2);
    strcat(text, "\n打印\n日期\n来源\n2025-03-01\n时间：2025年3月1日\n");
    add_sentences(text, 2);
    found f = find(text);
    assert_string_equal(asides(&f), "");
    drop(&f);
}

static void test_structure__empty_attachment_label(void **state)
{
    (void)state;
    char text[2048] = "";
    add_sentences(text, 3);
    strcat(text, "\n附件:\n相关链接相关链接\n点击收起\n");
    found f = find(text);
    assert_string_equal(asides(&f),
                        "furniture 附件:|furniture 相关链接相关链接|furniture 点击收起|");
    drop(&f);
    text[0] = '\0';
    add_sentences(text, 3);
    strcat(text, "\n附件:\n1.任务清单\n2.责任分工\n");
    f = find(text);
    assert_string_equal(asides(&f), "");
    drop(&f);
}

static void test_structure__fields_of_forms(void **state)
{
    (void)state;
    char text[2048] = "索引号 | 001-2025-1 | 发文字号 | 东政发〔2025〕12号 |\n发布机构 | 东山镇 | "
                      "生成日期 | 2025-02-12 |\n"
                      "名称 | 东山镇2024年法治政府建设情况 |\n主题词 | | 有效性 | 有效 |\n";
    add_sentences(text, 3);
    found f = find(text);
    assert_text(f.s.meta.agency, "东山镇");
    assert_text(f.s.meta.number, "东政发〔2025〕12号");
    assert_text(f.s.meta.date, "2025-02-12");
    assert_text(f.s.meta.title, "东山镇2024年法治政府建设情况");
    assert_int_equal(f.s.meta.year, 2024);
    assert_string_equal(f.s.meta.agency_from, "portal field 发布机构");
    /* The title stands in the form only: its value is the title line of the first passage. */
    assert_int_equal(strncmp(passage(&f, 0), "东山镇2024年", strlen("东山镇2024年")), 0);
    drop(&f);

    strcpy(text, "索 引 "
                 "号：\n000014349/"
                 "2018-00225\n发文机关：\n国务院办公厅\n成文日期：\n2018年12月26日\n标　　题：\n"
                 "国务院办公厅关于做好某某工作的通知\n发文字号：\n国办发〔2018〕127号\n发布日期：\n"
                 "2019年01月03日\n"
                 "主 题 "
                 "词：\n国务院办公厅关于做好\n某某工作的通知\n国办发〔2018〕127号\n各省、自治区、直"
                 "辖市人民政府：\n");
    add_sentences(text, 3);
    f = find(text);
    assert_text(f.s.meta.agency, "国务院办公厅");
    assert_text(f.s.meta.date, "2019-01-03");
    assert_text(f.s.meta.number, "国办发〔2018〕127号");
    assert_text(f.s.meta.title, "国务院办公厅关于做好某某工作的通知");
    assert_int_equal(strncmp(passage(&f, 0), "国务院办公厅关于做好\n某某工作的通知\n国办发",
                             strlen("国务院办公厅关于做好\n某某工作的通知\n国办发")),
                     0);
    drop(&f);
}

static void test_structure__rows_with_content_stay(void **state)
{
    (void)state;
    char text[2048] = "";
    add_sentences(text, 2);
    strcat(
        text,
        "\n| 指标 | 数量 | 单位 |\n|---|---|---|\n| 排查纠纷 | 215 | 件 |\n全年完成任务。 |\n|\n");
    found f = find(text);
    assert_string_equal(asides(&f), "table |---|---|---||table ||table ||");
    assert_non_null(strstr(passage(&f, 0), "| 排查纠纷 | 215 | 件 |"));
    drop(&f);
}

static void test_structure__title_repeated(void **state)
{
    (void)state;
    char text[2048] = "东山镇2025年法治政府建设年度报告\n2026-01-23 "
                      "16:25:42\n来源:本网\n分享:\n东山镇2025年法治政府\n建设年度报告\n";
    add_sentences(text, 3);
    found f = find(text);
    assert_string_equal(asides(&f),
                        "metadata 2026-01-23 16:25:42|metadata 来源:本网|furniture 分享:|"
                        "repeat 东山镇2025年法治政府|repeat 建设年度报告|");
    assert_int_equal(f.s.passages[0].n_pieces, 2);
    assert_int_equal(strncmp(passage(&f, 0), "东山镇2025年法治政府建设年度报告\n坚持",
                             strlen("东山镇2025年法治政府建设年度报告\n坚持")),
                     0);
    assert_text(f.s.meta.agency, "东山镇");
    assert_text(f.s.meta.date, "2026-01-23");
    drop(&f);
}

static void test_structure__a_page_on_one_line(void **state)
{
    (void)state;
    char text[4096] = "当前位置: 首页 > 政务公开 东山镇2025年法治政府建设年度报告 2026-01-23 "
                      "16:25:42 来源:东山镇 分享: "
                      "东山镇2025年法治政府建设年度报告 2025年,东山镇认真落实上级部署。 "
                      "一、主要举措 (一)健全机制,强化保障 ";
    add_sentences(text, 4);
    strcat(text, " (二)健全制度,提升效能 1.筑牢防线。");
    add_sentences(text, 2);
    strcat(text, " 2.用好顾问。");
    add_sentences(text, 2);
    strcat(text, " 二、存在的问题 今年以来,东山镇工作虽取得成效,但仍有不足。");
    add_sentences(text, 2);
    strcat(text, " 相关链接 点击收起");
    found f = find(text);
    assert_string_equal(
        tree(&f),
        "1 一、主要举措|2 (一)健全机制,强化保障|2 (二)健全制度,提升效能|3 1.筑牢防线|3 2.用好顾问|"
        "1 二、存在的问题|");
    assert_string_equal(
        asides(&f),
        "furniture 当前位置: 首页 > 政务公开|metadata 2026-01-23 16:25:42 来源:东山镇 分享:|"
        "repeat 东山镇2025年法治政府建设年度报告|furniture 相关链接 点击收起|");
    assert_text(f.s.meta.title, "东山镇2025年法治政府建设年度报告");
    assert_text(f.s.meta.date, "2026-01-23");
    drop(&f);
}

/* ---- metadata ---- */

static void test_structure__titles(void **state)
{
    (void)state;
    static const struct {
        const char *text, *title;
    } cases[] = {
        {"陶家镇关于2025年工作情况的报告\n现将情况报告如下:\n一、成效\n坚持依法行政。",
         "陶家镇关于2025年工作情况的报告"},
        {"最高人民法院\n关于审理某某案件适用法律\n若干问题的解释\n为正确审理案件,结合审判实践,"
         "制定本解释。",
         "最高人民法院关于审理某某案件适用法律若干问题的解释"},
        {"某某市物业管理条例（试行）\n第一条 为了规范物业管理活动,制定本条例。",
         "某某市物业管理条例（试行）"},
        {"政 府 工 作 报 告\n各位代表：\n现在,我代表市人民政府,向大会报告工作,请予审议。",
         "政府工作报告"},
        {"中共某某区委、某某区人民政府:\n2024年以来,某某街道在区委坚强领导下,工作取得成效。", NULL},
        {"各位代表：\n现在,我代表市人民政府,向大会报告工作,请予审议。", NULL},
        {"某某街道办事处\n2024年以来,街道在区委坚强领导下,工作取得成效。", NULL},
        {"一、工作情况报告\n2024年以来,街道在区委坚强领导下,工作取得成效。", NULL},
        {"2024年以来,街道在区委坚强领导下,认真做好总结。\n再接再厉,继续做好各项工作。", NULL},
        {"某某要闻\n某某镇2026年工作报告\n2026年,某某镇认真落实上级部署,工作取得成效。",
         "某某镇2026年工作报告"},
        {"第十四届代表大会听取了总理所作的\n政府工作报告\n。会议高度评价一年来取得的成就,"
         "同意报告提出的任务。",
         NULL},
        {"某镇2025年工作总结 2025年,某镇认真落实上级部署,工作取得成效。", "某镇2025年工作总结"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        found f = find(cases[i].text);
        assert_text(f.s.meta.title, cases[i].title);
        drop(&f);
    }
}

static void test_structure__markdown_title(void **state)
{
    (void)state;
    const char *text = "# 某某条例\n\n2005年4月1日 某某会议通过\n\n2019年5月31日 "
                       "某某会议修正\n\n2019年8月1日 施行\n\n"
                       "<!-- INFO END -->\n\n## 第一章 总则\n\n第一条 为了规范管理,制定本条例。\n";
    found f = find_as(text, NULL, "a/某某条例.md");
    assert_text(f.s.meta.title, "某某条例");
    assert_text(f.s.meta.date, "2019-05-31");
    assert_int_equal(f.s.meta.year, 0);
    assert_string_equal(tree(&f), "2 第一章 总则|");
    assert_string_equal(asides(&f), "furniture #|furniture <!-- INFO END -->|furniture ##|");
    drop(&f);
    f = find_as(text, NULL, "a/某某条例.txt"); /* not markdown: the marks are text */
    assert_string_equal(tree(&f), "1 第一章 总则|");
    assert_string_equal(asides(&f), "furniture <!-- INFO END -->|");
    drop(&f);
}

static void test_structure__dates(void **state)
{
    (void)state;
    static const struct {
        const char *text, *date;
    } cases[] = {
        {"某镇工作总结\n时间:2026-02-26 11:11 "
         "来源:某镇\n某镇认真落实上级部署,工作取得成效。\n某镇\n2026年1月13日",
         "2026-02-26"},
        {"某镇工作总结\n某镇认真落实上级部署,工作取得成效。\n某镇人民政府\n2026年1月13日",
         "2026-01-13"},
        {"某镇工作总结\n某镇认真落实上级部署,工作取得成效。\n某镇人民政府\n二〇二六年一月十三日",
         "2026-01-13"},
        {"某镇工作总结\n（2026年1月9日）\n某镇认真落实上级部署,工作取得成效。", "2026-01-09"},
        {"某镇工作总结\n2026年02月10日 07时41分\n某镇认真落实上级部署,工作取得成效。",
         "2026-02-10"},
        {"政府工作报告\n——2026年1月27日在某省人民代表大会会议上\n各位代表：\n现在,"
         "我代表省人民政府报告工作,请予审议。",
         "2026-01-27"},
        {"某法\n（1979年7月1日某某会议通过　2018年10月26日某某会议修订　自2019年1月1日起施行）\n第"
         "一条 为了规范管理,制定本法。",
         "2018-10-26"},
        {"某镇工作总结\n2025年,某镇认真落实上级部署,截至2025年12月1日,工作取得成效。", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        found f = find(cases[i].text);
        assert_text(f.s.meta.date, cases[i].date);
        drop(&f);
    }
}

static void test_structure__years(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int year;
    } cases[] = {
        {"某镇2025年度工作报告\n2024年,某镇认真落实上级部署,工作取得成效。", 2025},
        {"某镇二〇二五年工作报告\n某镇认真落实上级部署,工作取得成效。", 2025},
        {"某镇2024-2025年工作报告\n某镇认真落实上级部署,工作取得成效。", 2025},
        {"某镇2024年至2025年工作报告\n某镇认真落实上级部署,工作取得成效。", 2025},
        {"某镇工作报告\n现将某镇推进2024年法治建设情况报告如下:2025年某镇将继续努力,做好工作。",
         2024},
        {"2024年以来,某镇认真落实上级部署,2025年将继续努力。现将有关情况报告如下。", 2024},
        {"2024年,某镇认真落实上级部署,2025年将继续努力。", 2024},
        {"某镇认真落实上级部署,2024年新增公园12座,2025年将继续努力。", 0},
        {"关于同意某某新区总体规划（2018—2035年）的批复\n某某新区规划是2018年编制的重要规划。", 0},
        {"中共某区委: 2024年以来,某街道认真落实上级部署,2025年将继续努力。", 2024},
        {"政府工作报告\n——2026年1月27日在某省人民代表大会会议上\n各位代表：\n现在,"
         "我代表省人民政府报告工作,请予审议。",
         2026},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        found f = find(cases[i].text);
        assert_int_equal(f.s.meta.year, cases[i].year);
        drop(&f);
    }
}

static void test_structure__agencies(void **state)
{
    (void)state;
    static const struct {
        const char *text, *agency;
    } cases[] = {
        {"东山区西河镇2025年工作报告\n来源:新华社\n认真落实上级部署,工作取得成效。",
         "东山区西河镇"},
        {"西河镇2025年工作报告\n来源:东山区西河镇\n认真落实上级部署,工作取得成效。",
         "东山区西河镇"},
        {"西河镇2025年工作报告\n来源:区司法局\n认真落实上级部署,工作取得成效。", "西河镇"},
        {"2025年西河镇人民政府工作报告\n认真落实上级部署,工作取得成效。", "西河镇人民政府"},
        {"东山市司法局关于2025年工作情况的报告\n认真落实上级部署,工作取得成效。", "东山市司法局"},
        {"国务院办公厅关于做好某某工作的通知\n认真落实上级部署,工作取得成效。", "国务院办公厅"},
        {"2024年以来,西河镇坚持以人民为中心,工作取得成效。", "西河镇"},
        {"2024年以来,我镇坚持以人民为中心,工作取得成效。", NULL},
        {"关于2025年工作情况的报告\n认真落实上级部署,"
         "工作取得成效。\n东山市西河镇人民政府\n2026年1月3日",
         "东山市西河镇人民政府"},
        {"工作总结\n来源:本网\n认真落实上级部署,工作取得成效。", NULL},
        {"2024年以來,鞏留鎮堅持以人民為中心,工作取得成效。", "鞏留鎮"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        found f = find(cases[i].text);
        assert_text(f.s.meta.agency, cases[i].agency);
        drop(&f);
    }
}

static void test_structure__document_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text, *number;
    } cases[] = {
        {"国务院关于某事的意见\n国发〔2019〕5号\n各省、自治区、直辖市人民政府：\n坚持依法行政,"
         "做好工作。",
         "国发〔2019〕5号"},
        {"某市关于某事的意见\n京政发[2024]12号\n坚持依法行政,做好工作。", "京政发[2024]12号"},
        {"某市关于某事的意见\n坚持依法行政,按照国发〔2019〕5号做好工作。", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        found f = find(cases[i].text);
        assert_text(f.s.meta.number, cases[i].number);
        drop(&f);
    }
}

static void test_structure__given_fields_win(void **state)
{
    (void)state;
    xji_given given = {.title = "给定的标题2023年", .agency = "给定的机构", .date = "20230405"};
    found f = find_as("某镇2025年工作报告\n时间:2026-02-26\n某镇认真落实上级部署,工作取得成效。",
                      &given, NULL);
    assert_text(f.s.meta.title, "给定的标题2023年");
    assert_text(f.s.meta.agency, "给定的机构");
    assert_text(f.s.meta.date, "2023-04-05");
    assert_int_equal(f.s.meta.year, 2023);
    assert_text(f.s.meta.title_from, "given");
    drop(&f);
    given = (xji_given){.date = "no date"};
    f = find_as("某镇2025年工作报告\n时间:2026-02-26\n某镇认真落实上级部署,工作取得成效。", &given,
                NULL);
    assert_text(f.s.meta.date, "2026-02-26");
    drop(&f);
}

/* ---- outline ---- */

static void test_structure__headings_of_all_levels(void **state)
{
    (void)state;
    found f = find("某镇2025年工作报告\n2025年,某镇认真落实上级部署,"
                   "工作取得成效。\n一、主要工作：\n（一）加强领导。\n"
                   "1．深化学习,筑牢根基。坚持学习制度,组织学习12次。一是坚持领导带头。\n"
                   "2.强化权责“硬约束”一是动态调整清单,"
                   "确保依法决策。二是接受监督。\n（1）建章立制。制定制度12项。健全机制。\n"
                   "(2)督促检查。开展检查3次。形成闭环。\n3、普法宣传:开展活动12场,覆盖群众1."
                   "5万人次。营造氛围。\n"
                   "（二）存在问题\n一是力量不足。\n二是经费不足。\n二、下一步打算\n加强学习,"
                   "提高本领,做好工作。");
    assert_string_equal(tree(&f), "1 一、主要工作|2 （一）加强领导|3 1．深化学习,筑牢根基|3 "
                                  "2.强化权责“硬约束”|4 （1）建章立制|"
                                  "4 (2)督促检查|3 3、普法宣传|2 （二）存在问题|1 二、下一步打算|");
    assert_string_equal(path_of(&f, 1), "一、主要工作 / （一）加强领导 / 1．深化学习,筑牢根基");
    assert_int_equal(strncmp(passage(&f, 1), "一、主要工作：\n（一）加强领导。\n1．深化",
                             strlen("一、主要工作：\n（一）加强领导。\n1．深化")),
                     0);
    drop(&f);
}

static void test_structure__single_sentence_items(void **state)
{
    (void)state;
    found f = find("一、存在的问题\n主要有以下短板:\n(一)法治思维有待加强,"
                   "部分领导干部运用法治思维推动发展、化解矛盾的能力仍需提升。\n"
                   "(二)调解效能有待提升,当前,"
                   "社区存在调解力量相对薄弱、专职调解员配备不足等问题。\n二、工作要点\n认真落实上"
                   "级部署,做好工作。");
    assert_string_equal(
        tree(&f), "1 一、存在的问题|2 (一)法治思维有待加强|2 (二)调解效能有待提升|1 二、工作要点|");
    drop(&f);
}

static void test_structure__list_items_pack_together(void **state)
{
    (void)state;
    found f = find(
        "一、不足\n(一)存在不足\n1. 形式创新性仍需提升,部分活动针对性不强;\n2. "
        "队伍水平不均衡,能力有待提高;\n"
        "3. 平台使用率有待提升;\n4. "
        "化解难度加大,机制不够顺畅。\n(二)原因分析\n1.认识不够深刻。\n2.投入不足。\n3.力量薄弱。\n"
        "二、整改\n（一）未按规定备案的；\n（二）未按期报告的；\n（三）其他情形。");
    assert_string_equal(tree(&f), "1 一、不足|2 (一)存在不足|2 (二)原因分析|1 二、整改|");
    assert_int_equal(f.s.n_passages, 3);
    drop(&f);
}

static void test_structure__numbers_in_prose_are_no_headings(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "根据第三条第(一)项和第(二)项的规定,依照第三条 (一)项规定办理。",
        "建成村(居)委会、村(社区)工作站,深化“一所(司法所)、两团(普法团、调解团)”机制。",
        "投资1.5亿元。 3.15消费者日开展活动。 1.2万人参加。",
        "1、2、3号楼完成改造,一、二级河道全面治理。",
        "一、二、三产业融合发展。",
        "2025.1.3开展检查。2025年1月3日完成整改。",
        "3.15消费者日宣传",
        "10.5公里道路",
        "12345热线办结率100%。99.99%及时处置。",
        "统一是前提。 十大工程扎实推进。",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[1024] = "某镇认真落实上级部署,工作取得成效。\n";
        strcat(text, lines[i]);
        strcat(text, "\n各项工作有序推进,群众满意度明显提升。");
        found f = find(text);
        assert_string_equal(tree(&f), "");
        drop(&f);
    }
}

static void test_structure__numbering_errors(void **state)
{
    (void)state;
    char text[4096] = "";
    static const char *const headings[] = {"一、甲项工作", "二、乙项工作", "二、丙项工作",
                                           "四、丁项工作"};
    for (size_t i = 0; i < 4; i++) {
        strcat(text, i ? " " : "");
        strcat(text, headings[i]);
        strcat(text, " 今年以来,");
        add_sentences(text, 3);
    }
    found f = find(text);
    assert_string_equal(tree(&f), "1 一、甲项工作|1 二、乙项工作|1 二、丙项工作|1 四、丁项工作|");
    drop(&f);
}

static void test_structure__laws(void **state)
{
    (void)state;
    found f = find("某某条例\n目　录\n第一章　总　则\n第二章　监督\n第一节　检查\n第一章　总　则\n"
                   "第一条　为了规范管理,制定本条例。\n"
                   "第二条　有下列情形之一的,给予警告:\n（一）未备案;\n（二）未报告。\n1."
                   "甲类。严格管理。从严处理。\n第二章　监督\n第一节　检查\n"
                   "第三条　开展检查,做好记录。\n一、甲;\n二、乙。\n");
    assert_string_equal(tree(&f), "1 第一章　总　则|1 第二章　监督|2 第一节　检查|");
    assert_text(f.s.meta.title, "某某条例");
    drop(&f);
}

static void test_structure__traditional(void **state)
{
    (void)state;
    found f = find("一、工作開展情況\n(一)開展宣傳教育,"
                   "增強全民法治意識。一是營造氛圍。二是完善化解。\n第一條　為了規範管理。\n二、問"
                   "題\n力量不足,有待加強。");
    assert_string_equal(tree(&f),
                        "1 一、工作開展情況|2 (一)開展宣傳教育,增強全民法治意識|1 二、問題|");
    drop(&f);
}

static void test_structure__annexes(void **state)
{
    (void)state;
    found f = find("一、工作\n认真落实上级部署,做好工作。\n附件1\n某某清单\n这是清单的内容,"
                   "共有十二项任务。\n附件2\n某某分工\n这是分工的内容,共有十二项任务。");
    assert_string_equal(tree(&f), "1 一、工作|1 附件1|1 附件2|");
    drop(&f);
}

/* ---- passages ---- */

static void test_structure__packs_whole_sentences(void **state)
{
    (void)state;
    char text[16384] = "一、工作\n";
    add_sentences(text, 60);
    found f = find(text);
    assert_in_range(f.s.n_passages, 6, 9);
    for (size_t i = 0; i < f.s.n_passages; i++) {
        const char *p = passage(&f, i);
        assert_in_range(passage_length(&f, i), 150, XJI_PASSAGE_MAX);
        assert_string_equal(p + strlen(p) - strlen("。"), "。");
    }
    drop(&f);
}

static void test_structure__leaves_no_short_rest(void **state)
{
    (void)state;
    for (int n = 8; n < 40; n++) {
        char text[8192] = "";
        add_sentences(text, n);
        strcat(text, "完。");
        found f = find(text);
        for (size_t i = 0; i < f.s.n_passages; i++)
            assert_in_range(passage_length(&f, i), 100, XJI_PASSAGE_MAX * 13 / 10);
        drop(&f);
    }
}

static void test_structure__prefers_first_and_second(void **state)
{
    (void)state;
    char text[4096] = "(一)甲项工作。一是";
    add_sentences(text, 6);
    strcat(text, "二是");
    add_sentences(text, 6);
    found f = find(text);
    assert_int_equal(f.s.n_passages, 2);
    assert_int_equal(strncmp(passage(&f, 1), "二是", strlen("二是")), 0);
    drop(&f);
}

static void test_structure__never_across_a_heading(void **state)
{
    (void)state;
    found f = find("一、甲\n短句。\n二、乙\n短句。\n三、丙\n(一)丁\n短句。\n");
    assert_int_equal(f.s.n_passages, 3);
    assert_string_equal(path_of(&f, 0), "一、甲");
    assert_string_equal(path_of(&f, 1), "二、乙");
    assert_string_equal(path_of(&f, 2), "三、丙 / (一)丁");
    drop(&f);
}

static void test_structure__long_sentence_is_cut_at_commas(void **state)
{
    (void)state;
    char text[16384] = "";
    for (int i = 0; i < 100; i++)
        strcat(text, "扎实推进各项重点任务落实,");
    strcat(text, "成效明显。");
    found f = find(text);
    assert_true(f.s.n_passages >= 4);
    for (size_t i = 0; i + 1 < f.s.n_passages; i++) {
        const char *p = passage(&f, i);
        assert_int_equal(p[strlen(p) - 1], ',');
        assert_in_range(passage_length(&f, i), 150, XJI_PASSAGE_MAX);
    }
    assert_int_equal(f.log.count[XJI_CHANGE_LONG_RUN], 0);
    drop(&f);
}

static void test_structure__long_run_is_cut_and_logged(void **state)
{
    (void)state;
    char *text = calloc(1, 40000);
    assert_non_null(text);
    for (int i = 0; i < 3000; i++)
        strcat(text + 3 * (size_t)i, "字");
    found f = find(text);
    assert_int_equal(f.s.n_passages, 3);
    assert_int_equal(passage_length(&f, 0), XJI_RUN_MAX);
    assert_int_equal(f.log.count[XJI_CHANGE_LONG_RUN], 2);
    drop(&f);
    /* White space breaks no run. */
    memset(text, 0, 40000);
    for (int i = 0; i < 3000; i++)
        strcat(text + 4 * (size_t)i, "字 ");
    f = find(text);
    assert_true(f.log.count[XJI_CHANGE_LONG_RUN] >= 2);
    drop(&f);
    free(text);
}

static void test_structure__closing_marks_stay_with_their_sentence(void **state)
{
    (void)state;
    char text[16384] = "";
    for (int i = 0; i < 40; i++)
        strcat(text, "他说:“坚持依法行政,全面推进各项工作落到实处!”(掌声。)");
    found f = find(text);
    assert_true(f.s.n_passages > 2);
    for (size_t i = 0; i < f.s.n_passages; i++)
        assert_int_equal(strncmp(passage(&f, i), "他说", strlen("他说")), 0);
    drop(&f);
}

static void test_structure__latin_sentences(void **state)
{
    (void)state;
    char text[16384] = "";
    for (int i = 0; i < 30; i++)
        strcat(text, "The rate rose by 3.5 percent in the first quarter of the year. ");
    found f = find(text);
    assert_true(f.s.n_passages > 3);
    for (size_t i = 0; i < f.s.n_passages; i++)
        assert_int_equal(strncmp(passage(&f, i), "The rate", 8), 0);
    drop(&f);
}

static void test_structure__words_and_numbers_are_not_cut(void **state)
{
    (void)state;
    char text[32768] = "";
    for (int i = 0; i < 300; i++)
        strcat(text, "完成1,300件、99.99%、1+6+N、");
    found f = find(text);
    for (size_t i = 1; i < f.s.n_passages; i++) {
        const char *p = passage(&f, i);
        assert_true(strncmp(p, "完成", 6) == 0 || strncmp(p, "99", 2) == 0 ||
                    strncmp(p, "1+", 2) == 0);
    }
    drop(&f);
}

static void test_structure__rows_end_passages(void **state)
{
    (void)state;
    char text[16384] = "";
    for (int i = 0; i < 60; i++)
        strcat(text, "| 排查化解矛盾纠纷 | 215 | 件,起,宗 |\n");
    found f = find(text);
    for (size_t i = 0; i < f.s.n_passages; i++) {
        const char *p = passage(&f, i);
        assert_int_equal(p[0], '|');
        assert_int_equal(p[strlen(p) - 1], '|');
    }
    drop(&f);
}

static void test_structure__one_passage_on_request(void **state)
{
    (void)state;
    found f;
    const char *text = " \n 一、甲\n打印\n短句。\n二、乙 \n";
    xji_given given = {.title = "标题", .agency = NULL};
    read_utf8(&f.t, text, strlen(text));
    find_in(&f, &given, NULL, XJI_SEGMENT_NONE);
    assert_int_equal(f.s.n_passages, 1);
    assert_int_equal(f.s.n_sections, 0);
    assert_string_equal(passage(&f, 0), "一、甲\n打印\n短句。\n二、乙");
    assert_text(f.s.meta.title, "标题");
    assert_null(f.s.meta.date);
    drop(&f);
}

static void test_structure__nothing_in_nothing_out(void **state)
{
    (void)state;
    static const char *const texts[] = {"", " ", "\n\n\n", "　\t\n"};
    for (size_t i = 0; i < 4; i++)
        for (int mode = 0; mode < 2; mode++) {
            found f;
            read_utf8(&f.t, texts[i], strlen(texts[i]));
            find_in(&f, NULL, NULL, (xji_segmentation)mode);
            assert_int_equal(f.s.n_passages, 0);
            assert_int_equal(f.s.n_sections, 0);
            drop(&f);
        }
}

static void test_structure__aside_keys(void **state)
{
    (void)state;
    assert_string_equal(xji_aside_key(XJI_ASIDE_REPEAT), "repeat");
    assert_string_equal(xji_aside_key(XJI_ASIDE_COUNT), "?");
    for (int i = 0; i < XJI_ASIDE_COUNT; i++)
        assert_true(strlen(xji_aside_text((xji_aside_kind)i)) > 3);
}

/* ---- random text ---- */

static uint32_t next_random(uint32_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
    return *x;
}

static void test_structure__random_text(void **state)
{
    (void)state;
    static const char *const words[] = {
        "一、",
        "二、",
        "(一)",
        "（二）",
        "1.",
        "2、",
        "(1)",
        "①",
        "㈠",
        "⒈",
        "⑴",
        "第一条 ",
        "第二章",
        "第一节",
        "一是",
        "。",
        "，",
        ",",
        "；",
        "！”",
        "\n",
        "\n\n",
        " ",
        "　",
        "|",
        "| ",
        "附件:",
        "来源:",
        "时间:",
        "2025年",
        "2026-01-02",
        "工作报告",
        "关于",
        "打印",
        "分享:",
        "镇",
        "坚持依法行政",
        "abc",
        "The end. ",
        "《",
        "》",
        "(",
        ")",
        "# ",
        "## ",
        "1.5亿",
        "99.99%",
        "目录",
        "现将",
        "如下:",
        "热搜:",
        "当前位置:",
        ">",
        "首页",
        "索引号",
        "\xEF\xBB\xBF",
        "“",
        "”",
        "\"",
        "-",
        "——",
        "…",
        "附件1",
        "名词解释",
    };
    const uint32_t n_words = sizeof words / sizeof words[0];
    uint32_t x = 20260113;
    print_message("random seed %u\n", x);
    char *text = malloc(1 << 16);
    assert_non_null(text);
    for (int round = 0; round < 3000; round++) {
        size_t n = 0;
        uint32_t len = next_random(&x) % (round % 10 ? 200 : 2000);
        uint32_t kind = next_random(&x) % 3;
        for (uint32_t i = 0; i < len; i++) {
            /* Some texts have few breaks, some few words. */
            uint32_t w = next_random(&x) % (kind == 0   ? n_words
                                            : kind == 1 ? n_words * 3
                                                        : n_words * 30);
            const char *s = w < n_words ? words[w] : "法";
            memcpy(text + n, s, strlen(s));
            n += strlen(s);
        }
        text[n] = '\0';
        found f = find_as(text, NULL, round % 2 ? "x.md" : NULL);
        drop(&f);
    }
    free(text);
}

/* One line of four million characters takes no recursion and no square of its length. */
static void test_structure__one_huge_line(void **state)
{
    (void)state;
    found f;
    f.t = (xji_text)XJI_TEXT_INIT;
    static const char sentence[] =
        "一、坚持依法行政,全面推进“各项工作”落到实处(含1.5亿元),群众满意度明显提升。 ";
    xji_text one;
    read_utf8(&one, sentence, strlen(sentence));
    for (int i = 0; i < 100000; i++)
        for (size_t k = 0; k < one.n; k++)
            assert_int_equal(xji_text_push(&f.t, one.cp[k], (uint32_t)f.t.n, 1, 0, NULL), XJ_OK);
    find_in(&f, NULL, NULL, XJI_SEGMENT_AUTO);
    assert_int_equal(f.s.n_passages, 100000);
    drop(&f);
    xji_text_release(&one);
}

/* ---- the five real reports ---- */

/* Delete injected pinyin, Han + "(" + a syllable with a toned vowel + ")", as repair does. */
static void strip_pinyin(xji_text *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        size_t k = i + 1;
        bool toned = false;
        while (k < t->n &&
               ((t->cp[k] >= 'a' && t->cp[k] <= 'z') || (t->cp[k] >= 0xE0 && t->cp[k] < 0x250)))
            toned = t->cp[k++] >= 0x80 || toned;
        if (t->cp[i] == '(' && toned && k < t->n && t->cp[k] == ')') {
            i = k;
            continue;
        }
        t->cp[n] = t->cp[i];
        t->beg[n] = t->beg[i];
        t->len[n] = t->len[i];
        t->mark[n] = t->mark[i];
        n++;
    }
    t->n = n;
}

static bool load_seed(found *f, const char *name)
{
    char path[1024];
    if (XJ_SEEDS[0] == '\0') {
        print_message("skipped: no seed reports\n");
        return false;
    }
    snprintf(path, sizeof path, "%s/%s", XJ_SEEDS, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        print_message("skipped: no %s\n", name);
        return false;
    }
    static char buf[1 << 16];
    size_t n = fread(buf, 1, sizeof buf, file);
    fclose(file);
    read_utf8(&f->t, buf, n);
    strip_pinyin(&f->t);
    find_in(f, NULL, path, XJI_SEGMENT_AUTO);
    return true;
}

/* Compare after folding, so that a Traditional report meets Simplified words. */
static bool stands_at(const xji_text *t, size_t i, const char *s)
{
    size_t len = strlen(s);
    for (size_t k = 0; k < len;) {
        uint32_t cp;
        k += xj_utf8_decode((const uint8_t *)s + k, len - k, &cp, NULL);
        if (i >= t->n || xj_fold(t->cp[i]) != xj_fold(cp))
            return false;
        i++;
    }
    return true;
}

/* Passage of the n-th occurrence of the words in the text. */
static size_t passage_with(const found *f, const char *words, int n)
{
    for (size_t i = 0; i < f->t.n; i++) {
        if (!stands_at(&f->t, i, words) || n-- > 0)
            continue;
        for (size_t p = 0; p < f->s.n_passages; p++)
            for (uint32_t k = 0; k < f->s.passages[p].n_pieces; k++) {
                xji_range r = f->s.pieces[f->s.passages[p].first_piece + k];
                if (i >= r.b && i < r.e)
                    return p;
            }
    }
    fail_msg("no passage with %s", words);
    return 0;
}

static void check_meta(const found *f, const char *title, const char *agency, const char *date,
                       int year)
{
    assert_text(f->s.meta.title, title);
    assert_text(f->s.meta.agency, agency);
    assert_text(f->s.meta.date, date);
    assert_int_equal(f->s.meta.year, year);
    assert_null(f->s.meta.number);
}

static void test_structure__seed_000(void **state)
{
    (void)state;
    found f;
    if (!load_seed(&f, "000_c26fe4ebb281aa29.txt"))
        return;
    check_meta(&f, "鼓楼区洪山镇2025年度法治政府建设工作报告", "鼓楼区洪山镇", "2026-02-26", 2025);
    assert_int_equal(f.s.n_sections, 20);
    assert_string_equal(
        path_of(&f, passage_with(&f, "枫桥经验", 0)),
        "一、2025年度推进法治政府建设的主要举措和成效 / (四)深化矛盾化解,在筑牢平安根基上“织密网”");
    assert_string_equal(heading(&f, 9), "(一)法治思维的系统转化与实践能力有待加强");
    assert_string_equal(
        asides(&f),
        "furniture 热搜:|metadata 时间:2026-02-26 11:11 来源:鼓楼区洪山镇|table | | | ||"
        "furniture 相关链接相关链接|furniture 点击收起|");
    drop(&f);
}

static void test_structure__seed_001(void **state)
{
    (void)state;
    found f;
    if (!load_seed(&f, "001_35acf787e928bc26.txt"))
        return;
    check_meta(&f, NULL, "鞏留鎮", NULL, 2024);
    assert_string_equal(
        tree(&f), "1 一、工作開展情況|2 (一)深入開展法治教育,不斷厚植法治思維|2 "
                  "(二)全面推進依法行政,提升行政決策能力|"
                  "2 (三)全面優化服務工作,提升便民服務水平|2 (四)嚴格規范執法管理,持續優化營商環境|"
                  "2 (五)開展宣傳教育,增強全民法治意識|1 二、存在的問題|1 三、下一步打算|");
    assert_string_equal(path_of(&f, passage_with(&f, "枫桥经验", 0)),
                        "一、工作開展情況 / (五)開展宣傳教育,增強全民法治意識");
    assert_string_equal(asides(&f), "");
    drop(&f);
}

static void test_structure__seed_002(void **state)
{
    (void)state;
    found f;
    if (!load_seed(&f, "002_50a6f7728caef717.txt"))
        return;
    check_meta(&f, "陶家镇关于2025年法治政府建设情况的报告", "陶家镇", NULL, 2025);
    assert_int_equal(f.s.n_sections, 24);
    assert_string_equal(path_of(&f, passage_with(&f, "矛盾纠纷化解难度加大", 0)),
                        "三、2025年推进法治政府建设存在的不足和原因 / (一)存在不足");
    assert_string_equal(asides(&f), "");
    drop(&f);
}

static void test_structure__seed_003(void **state)
{
    (void)state;
    found f;
    if (!load_seed(&f, "003_1613147ad73822bb.txt"))
        return;
    check_meta(&f, "浈江区车站街道办事处2025年法治政府建设年度报告", "浈江区车站街道办事处",
               "2026-01-23", 2025);
    assert_string_equal(path_of(&f, passage_with(&f, "枫桥经验", 0)),
                        "一、工作举措和成效 / (四)创新基层治理,提升基层治理法治化水平 / "
                        "1.完善多元化解机制,构建共建共治共享格局");
    assert_string_equal(path_of(&f, passage_with(&f, "枫桥经验", 1)),
                        "三、下一年度推进法治政府建设的主要安排 / (三)创新基层治理,促进社会和谐");
    assert_string_equal(
        path_of(&f, passage_with(&f, "动态调整权责清单", 0)),
        "一、工作举措和成效 / (二)健全决策机制,提升行政决策效能 / 2.强化权责“硬约束”");
    assert_string_equal(
        asides(&f),
        "furniture 当前位置: 首页 > 政府信息公开目录|metadata 2026-01-23 16:25:42|metadata "
        "来源:本网|"
        "furniture 分享:|repeat 浈江区车站街道办事处2025年法治政府建设年度报告|furniture 附件:|");
    drop(&f);
}

static void test_structure__seed_004(void **state)
{
    (void)state;
    found f;
    if (!load_seed(&f, "004_882435f36c63c21c.txt"))
        return;
    check_meta(&f, NULL, "南汇街道", "2025-02-12", 2024);
    assert_string_equal(
        tree(&f), "1 一、推进法治政府建设的主要举措和成效|2 (一)紧扣中心,推动法治政府建设走深走实|"
                  "2 (二)融合优化,推动行政执法改革迭代升级|2 (三)把准脉搏,推动依法行政工作严格规范|"
                  "1 二、推进法治政府建设中存在的问题和不足|1 "
                  "二、单位主要负责人履行法治建设第一责任人职责的有关情况|"
                  "1 四、2025年度法治政府建设工作思路|2 (一)加强问题导向,深化涉企执法改革|"
                  "2 (二)加强队伍建设,提高依法行政水平|2 (三)加强品牌打造,推进多元解纷法治化|");
    assert_string_equal(path_of(&f, passage_with(&f, "戴姐调解室", 1)),
                        "四、2025年度法治政府建设工作思路 / (三)加强品牌打造,推进多元解纷法治化");
    drop(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure__sets_portal_lines_aside),
        cmocka_unit_test(test_structure__buttons_on_lines_of_their_own),
        cmocka_unit_test(test_structure__words_in_sentences_stay),
        cmocka_unit_test(test_structure__button_words_inside_a_report_stay),
        cmocka_unit_test(test_structure__empty_attachment_label),
        cmocka_unit_test(test_structure__fields_of_forms),
        cmocka_unit_test(test_structure__rows_with_content_stay),
        cmocka_unit_test(test_structure__title_repeated),
        cmocka_unit_test(test_structure__a_page_on_one_line),
        cmocka_unit_test(test_structure__titles),
        cmocka_unit_test(test_structure__markdown_title),
        cmocka_unit_test(test_structure__dates),
        cmocka_unit_test(test_structure__years),
        cmocka_unit_test(test_structure__agencies),
        cmocka_unit_test(test_structure__document_numbers),
        cmocka_unit_test(test_structure__given_fields_win),
        cmocka_unit_test(test_structure__headings_of_all_levels),
        cmocka_unit_test(test_structure__single_sentence_items),
        cmocka_unit_test(test_structure__list_items_pack_together),
        cmocka_unit_test(test_structure__numbers_in_prose_are_no_headings),
        cmocka_unit_test(test_structure__numbering_errors),
        cmocka_unit_test(test_structure__laws),
        cmocka_unit_test(test_structure__traditional),
        cmocka_unit_test(test_structure__annexes),
        cmocka_unit_test(test_structure__packs_whole_sentences),
        cmocka_unit_test(test_structure__leaves_no_short_rest),
        cmocka_unit_test(test_structure__prefers_first_and_second),
        cmocka_unit_test(test_structure__never_across_a_heading),
        cmocka_unit_test(test_structure__long_sentence_is_cut_at_commas),
        cmocka_unit_test(test_structure__long_run_is_cut_and_logged),
        cmocka_unit_test(test_structure__closing_marks_stay_with_their_sentence),
        cmocka_unit_test(test_structure__latin_sentences),
        cmocka_unit_test(test_structure__words_and_numbers_are_not_cut),
        cmocka_unit_test(test_structure__rows_end_passages),
        cmocka_unit_test(test_structure__one_passage_on_request),
        cmocka_unit_test(test_structure__nothing_in_nothing_out),
        cmocka_unit_test(test_structure__aside_keys),
        cmocka_unit_test(test_structure__random_text),
        cmocka_unit_test(test_structure__one_huge_line),
        cmocka_unit_test(test_structure__seed_000),
        cmocka_unit_test(test_structure__seed_001),
        cmocka_unit_test(test_structure__seed_002),
        cmocka_unit_test(test_structure__seed_003),
        cmocka_unit_test(test_structure__seed_004),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
