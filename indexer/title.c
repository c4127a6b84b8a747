/*
 * The title: a markdown heading, a field of the portal, or lines of the head that read like one; and its repeats.
 * docs/STRUCTURE.md section 2 has the rules.
 */
#include "structure_priv.h"

#include <stdlib.h>
#include <string.h>

#include "xj/fold.h"

/* Last word of a title. */
static const uint32_t title_endings[] =
    U"报告 报告书 总结 意见 通知 办法 规定 条例 纲要 要点 方案 决定 解释 法 法典 计划 公报 公告 "
    "通告 规划 细则 规则 批复 函 复函 "
    "答复 决议 令 章程 制度 指南 预案 目录 清单 标准 规范 讲话 致辞 情况 建议 汇报 述职 年报 简报 "
    "通报 纪要 倡议 倡议书 安排 政策 "
    "解读 准则 守则 宪法 修正案 议案 提案 说明 部署 工作 要求 措施 实施 请示 承诺 承诺书 责任书 "
    "宣言 声明 命令 指引 程序 体系 提要 "
    "白皮书 蓝皮书 述评 综述 介绍 全文 条文";

/* Characters of a title, of the first part of one broken over lines, and of a first line taken for one. */
enum {
    TITLE_MIN = 4,
    TITLE_MAX = 120,
    TITLE_PART_MIN = 8,
    TITLE_LINES = 4,
    FIRST_MIN = 6,
    FIRST_MAX = 60
};

static bool same(const xji_doc *d, uint32_t a, uint32_t b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (d->cp[a + i] != d->cp[b + i] && xji_scan_fold(d, d->cp[a + i]) != xji_scan_fold(d, d->cp[b + i]))
            return false;
    return true;
}

/* End of [b, e) without bracketed groups at the end: 条例（试行）. */
static uint32_t without_brackets(const xji_doc *d, uint32_t b, uint32_t e)
{
    while (e > b && xji_scan_is_close(d->cp[e - 1])) {
        uint32_t k = e - 1;
        while (k > b && !xji_scan_is_open(d->cp[k]))
            k--;
        if (k == b)
            break;
        e = xji_scan_trim_end(d, b, k);
    }
    return e;
}

static bool ends_like_title(const xji_doc *d, uint32_t b, uint32_t e)
{
    e = without_brackets(d, b, e);
    if (e > b && (d->cp[e - 1] == 0x201D || d->cp[e - 1] == 0x300B)) /* ” 》 */
        e--;
    if (xji_scan_ends_with(d, b, e, title_endings))
        return true;
    /* "政 府 工 作 报 告" */
    if (e - b < 24 && e - b >= 3 && xji_scan_is_space(d->cp[e - 2]))
        return xji_scan_one_of(d, e - 1, U"告结见知法定例要点案");
    return false;
}

/* Marks that a heading may hold but a name or a title line may not. */
static bool has_sentence_mark(const xji_doc *d, uint32_t b, uint32_t e)
{
    for (uint32_t i = b; i < e; i++)
        if (xji_scan_one_of(d, i, U"。!?;"))
            return true;
    return false;
}

/* Whether line i may be a line of a title. */
static bool may_be_title(const xji_doc *d, size_t i)
{
    const xji_line *l = &d->line[i];
    xji_range at;
    xji_date date;
    uint32_t value, words;
    if (l->role != XJI_LINE_BODY || l->e - l->b > TITLE_MAX)
        return false;
    if (has_sentence_mark(d, l->b, l->e) || xji_scan_one_of(d, l->e - 1, U":,、《“"))
        return false;
    if (xji_metadata_is_number_line(d, l->b, l->e, &at) ||
        xji_scan_one_of(d, l->b, U"—―-*|。,、;》”我现各"))
        return false;
    /* A sentence, or the part of one before a link that became a line. */
    uint32_t n_commas = 0;
    for (uint32_t k = l->b; k < l->e; k++) {
        n_commas += xji_scan_is(d, k, ',');
        if (d->cp[k] == '>' || n_commas > 1)
            return false;
    }
    if (i + 1 < d->n_lines && xji_scan_one_of(d, d->line[i + 1].b, U"。,、;》”)"))
        return false;
    if (xji_scan_is_open(d->cp[l->b]) && xji_scan_is_close(d->cp[l->e - 1]))
        return false;
    uint32_t end = xji_scan_date_at(d, l->b, l->e, &date);
    if (end && (date.day || end == l->e))
        return false;
    return xji_outline_rank_at(d, l->b, l->e, true, &value, &words) == XJI_RANK_NONE;
}

/* Code points of lines [i, i + n) joined. */
static uint32_t joined_length(const xji_doc *d, size_t i, size_t n)
{
    uint32_t len = 0;
    for (size_t k = i; k < i + n; k++)
        len += d->line[k].e - d->line[k].b;
    return len;
}

/* Whether lines [i, ...) joined equal the code points want[0..n) but for white space; the number of lines, or 0. */
static size_t lines_equal(const xji_doc *d, size_t i, const uint32_t *want, size_t n)
{
    size_t k = 0;
    for (size_t lines = 1; lines <= TITLE_LINES && i + lines <= d->n_lines; lines++) {
        const xji_line *l = &d->line[i + lines - 1];
        if (l->role != XJI_LINE_BODY)
            return 0;
        for (uint32_t p = l->b; p < l->e; p++) {
            if (xji_scan_is_space(d->cp[p]))
                continue;
            while (k < n && xji_scan_is_space(want[k]))
                k++;
            if (k == n || xji_scan_fold(d, d->cp[p]) != xji_scan_fold(d, want[k]))
                return 0;
            k++;
        }
        while (k < n && xji_scan_is_space(want[k]))
            k++;
        if (k == n)
            return lines;
    }
    return 0;
}

static void set_title(xji_doc *d, size_t i, size_t n)
{
    if (d->n_title)
        return;
    d->title = i;
    d->n_title = n;
    for (size_t k = i; k < i + n; k++)
        d->line[k].role = XJI_LINE_TITLE;
    d->title_end = d->line[i + n - 1].e;
}

/* A title broken over up to four lines at i: the number of lines, or 0. */
static size_t title_lines(const xji_doc *d, size_t i)
{
    for (size_t n = 1; n <= TITLE_LINES && i + n <= d->head; n++) {
        if (!may_be_title(d, i + n - 1))
            return 0;
        uint32_t len = joined_length(d, i, n);
        if (len > TITLE_MAX)
            return 0;
        const xji_line *l = &d->line[i + n - 1];
        if (len >= TITLE_MIN && ends_like_title(d, l->b, l->e))
            return n;
        /* The first half of a title is long, or the name of an agency; a short line is the name of a column. */
        if (l->e - l->b < TITLE_PART_MIN && !xji_metadata_is_agency_like(d, l->b, l->e) &&
            !(i + n < d->n_lines && d->line[i + n].e - d->line[i + n].b <= 3))
            return 0;
    }
    return 0;
}

/* Title of a report that stands on one line: its first words up to white space. */
static uint32_t title_in_line(const xji_doc *d, const xji_line *l)
{
    uint32_t i = l->b;
    while (i < l->e && !xji_scan_is_space(d->cp[i])) {
        if (i - l->b > 80 || xji_scan_one_of(d, i, U"。!?;,:"))
            return 0;
        i++;
    }
    uint32_t value, words;
    if (i == l->e || i - l->b < 6 || !ends_like_title(d, l->b, i))
        return 0;
    if (xji_outline_rank_at(d, l->b, l->e, true, &value, &words) != XJI_RANK_NONE)
        return 0;
    return i;
}

static char *join_lines(const xji_doc *d, size_t i, size_t n)
{
    size_t len = 0;
    char *all = malloc((size_t)joined_length(d, i, n) * 4 + 1);
    if (!all)
        return NULL;
    for (size_t k = i; k < i + n; k++) {
        char *part = xji_scan_copy_range(d, d->line[k].b, d->line[k].e);
        if (!part) {
            free(all);
            return NULL;
        }
        memcpy(all + len, part, strlen(part));
        len += strlen(part);
        free(part);
    }
    all[len] = '\0';
    return all;
}

/* The portal's title field, when the title stands nowhere else: its value becomes the title line. */
static xj_status free_field_line(xji_doc *d, const xji_field *f, xj_error *err)
{
    xji_line *l = &d->line[f->line];
    xj_status st = XJ_OK;
    if (f->at.b < l->b || f->at.e > l->e)
        return XJ_OK;
    if (f->at.b > l->b)
        st = xji_asides_insert(&d->shaved, l->b, f->at.b, XJI_ASIDE_METADATA, err);
    if (st == XJ_OK && f->at.e < l->e)
        st = xji_asides_insert(&d->shaved, f->at.e, l->e, XJI_ASIDE_METADATA, err);
    l->b = f->at.b;
    l->e = f->at.e;
    l->role = XJI_LINE_BODY;
    set_title(d, f->line, 1);
    return st;
}

/* The title lines are known by their text: the first occurrence in the head is the title, others are repeats. */
static void match_lines(xji_doc *d, const uint32_t *want, size_t n)
{
    size_t i = 0;
    while (i < d->head) {
        size_t k = lines_equal(d, i, want, n);
        if (k && i + k <= d->head + 1) {
            if (!d->n_title) {
                set_title(d, i, k);
            } else {
                for (size_t r = i; r < i + k; r++)
                    d->line[r].role = XJI_ASIDE_REPEAT;
            }
        }
        i += k ? k : 1;
    }
}

xj_status xji_title_match(xji_doc *d, const char *title, xj_error *err)
{
    size_t n = 0;
    uint32_t *want = xji_scan_decode(title, &n);
    if (!want)
        return xj_fail(err, XJ_ENOMEM, "no memory for a title");
    if (n >= 2)
        match_lines(d, want, n);
    free(want);
    return XJ_OK;
}

/* A title found: its text, owned, and where. */
typedef struct found_title {
    char *text;
    const char *from; /* NULL = none found; text NULL with from set = no memory */
} found_title;

static found_title title_of_heading(xji_doc *d)
{
    for (size_t i = 0; i <= d->head && i < d->n_lines; i++)
        if (d->line[i].role == XJI_LINE_BODY && d->line[i].hashes == 1) {
            set_title(d, i, 1);
            return (found_title){xji_scan_copy_range(d, d->line[i].b, d->line[i].e),
                                 "markdown heading"};
        }
    return (found_title){NULL, NULL};
}

static found_title title_of_field(const xji_doc *d)
{
    const xji_field *f = &d->field[XJI_FIELD_TITLE];
    if (!f->from || f->at.e - f->at.b < TITLE_MIN)
        return (found_title){NULL, NULL};
    return (found_title){xji_scan_copy_range(d, f->at.b, f->at.e), f->from};
}

static found_title title_of_lines(xji_doc *d)
{
    for (size_t i = 0; i < d->head; i++) {
        size_t n = title_lines(d, i);
        if (n) {
            set_title(d, i, n);
            return (found_title){join_lines(d, i, n), "first lines"};
        }
    }
    return (found_title){NULL, NULL};
}

/* The first line of the head, when it is neither an address nor a name, though it does not end like a title. */
static found_title title_of_first_line(xji_doc *d, size_t i)
{
    const xji_line *l = &d->line[i];
    if (i + 1 == d->n_lines || !may_be_title(d, i) || l->e - l->b < FIRST_MIN ||
        l->e - l->b > FIRST_MAX || xji_metadata_is_agency_like(d, l->b, l->e) ||
        xji_scan_is(d, l->e - 1, 0x7684)) /* 的 */
        return (found_title){NULL, NULL};
    set_title(d, i, 1);
    return (found_title){xji_scan_copy_range(d, l->b, l->e), "first line"};
}

/* The first words of a page on one line; they are set aside where they stand once more behind the fields. */
static xj_status title_of_first_words(xji_doc *d, size_t i, found_title *out, xj_error *err)
{
    const xji_line *l = &d->line[i];
    d->title_end = title_in_line(d, l);
    if (!d->title_end)
        return XJ_OK;
    *out = (found_title){xji_scan_copy_range(d, l->b, d->title_end), "first words"};
    uint32_t n = d->title_end - l->b, again = d->opening;
    if (!again || l->e - again <= n || !same(d, l->b, again, n))
        return XJ_OK;
    d->opening = xji_scan_skip_space(d, again + n, l->e);
    return xji_asides_insert(&d->shaved, again, again + n, XJI_ASIDE_REPEAT, err);
}

xj_status xji_title_find(xji_doc *d, xji_meta *meta, xj_error *err)
{
    xj_status st = XJ_OK;
    size_t first = 0;
    while (first < d->n_lines && d->line[first].role != XJI_LINE_BODY)
        first++;
    found_title t = title_of_heading(d);
    if (!t.from)
        t = title_of_field(d);
    bool by_field = t.from && t.from == d->field[XJI_FIELD_TITLE].from;
    if (!t.from)
        t = title_of_lines(d);
    if (!t.from && first < d->head)
        t = title_of_first_line(d, first);
    else if (!t.from && first == d->head && first < d->n_lines)
        st = title_of_first_words(d, first, &t, err);
    if (st == XJ_OK && t.from && !t.text)
        st = xj_fail(err, XJ_ENOMEM, "no memory for a title");
    if (st != XJ_OK || !t.from) {
        free(t.text);
        return st;
    }
    st = xji_title_match(d, meta->title ? meta->title : t.text, err);
    if (st == XJ_OK && by_field && !d->n_title)
        st = free_field_line(d, &d->field[XJI_FIELD_TITLE], err);
    if (meta->title) {
        free(t.text);
    } else {
        meta->title = t.text;
        meta->title_from = t.from;
    }
    return st;
}
