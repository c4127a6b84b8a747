/*
 * Title, agency, publication date, document number and report year. Each has a list of places, best first; what no
 * place tells stays unknown. docs/STRUCTURE.md section 2 has the places.
 */
#include "structure_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xj/fold.h"
#include "xj/utf8.h"

/* Last word of a title. */
static const char title_endings[] =
    "报告 报告书 总结 意见 通知 办法 规定 条例 纲要 要点 方案 决定 解释 法 法典 计划 公报 公告 通告 规划 细则 规则 批复 函 复函 "
    "答复 决议 令 章程 制度 指南 预案 目录 清单 标准 规范 讲话 致辞 情况 建议 汇报 述职 年报 简报 通报 纪要 倡议 倡议书 安排 政策 "
    "解读 准则 守则 宪法 修正案 议案 提案 说明 部署 工作 要求 措施 实施 请示 承诺 承诺书 责任书 宣言 声明 命令 指引 程序 体系 提要 "
    "白皮书 蓝皮书 述评 综述 介绍 全文 条文";

/* Last word of the name of an agency. */
static const char agency_endings[] =
    "省 市 自治区 特别行政区 州 盟 地区 县 区 旗 镇 乡 街道 办事处 政府 委员会 委 局 厅 部 院 办公室 办公厅 办 所 队 中心 公司 "
    "集团 学校 大学 学院 医院 银行 协会 联合会 总工会 工会 社 署 站 馆 法院 检察院 组 会议 大会 常委会 村 社区 党组 处 海关 监狱 "
    "园区 开发区 新区 农场 林场 团 兵团 师 中学 小学 幼儿园 研究院 基金会";

/* Words of portals that are no agency although they look like one. */
static const char no_agencies[] = "本网 本站 本部 本院 本局 本办 网络 互联网 通讯社 新华社 中新社 报社 杂志社 出版社 通讯员";

/* A line as long as this is no title. */
enum { TITLE_MIN = 4, TITLE_MAX = 120, TITLE_PART_MIN = 8, AGENCY_MAX = 40, TITLE_LINES = 4, TAIL_LINES = 12, YEAR_SPAN_MAX = 5 };

static bool same(const xji_doc *d, uint32_t a, uint32_t b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (d->cp[a + i] != d->cp[b + i] && xj_fold(d->cp[a + i]) != xj_fold(d->cp[b + i]))
            return false;
    return true;
}

/* ---- titles ---- */

static bool is_bracket_open(uint32_t c)
{
    return c == '(' || c == 0xFF08 || c == 0x3010 || c == '[' || c == 0x3014;
}

static bool is_bracket_close(uint32_t c)
{
    return c == ')' || c == 0xFF09 || c == 0x3011 || c == ']' || c == 0x3015;
}

/* End of [b, e) without bracketed groups at the end: 条例（试行）. */
static uint32_t without_brackets(const xji_doc *d, uint32_t b, uint32_t e)
{
    while (e > b && is_bracket_close(d->cp[e - 1])) {
        uint32_t k = e - 1;
        while (k > b && !is_bracket_open(d->cp[k]))
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
        return xji_scan_one_of(d, e - 1, "告结见知法定例要点案");
    return false;
}

static bool ends_like_agency(const xji_doc *d, uint32_t b, uint32_t e)
{
    uint32_t n = xji_scan_ends_with(d, b, e, agency_endings);
    return n > 0 && e - b > n;
}

/* Marks that a heading may hold but a name or a title line may not. */
static bool has_sentence_mark(const xji_doc *d, uint32_t b, uint32_t e)
{
    for (uint32_t i = b; i < e; i++)
        if (xji_scan_one_of(d, i, "。!?;"))
            return true;
    return false;
}

/* Document number in [b, e): 国发〔2019〕5号. Sets *at. */
static bool find_number(const xji_doc *d, uint32_t b, uint32_t e, xji_range *at)
{
    for (uint32_t i = b; i < e; i++) {
        uint32_t c = d->cp[i];
        if (!(c == 0x3014 || c == '[' || c == '(' || c == 0x3010 || c == 0xFF3B || c == 0xFF08 || c == 0x3008))
            continue;
        int year;
        uint32_t k = xji_scan_year(d, i + 1, e, &year);
        if (!k || k >= e || !xji_scan_one_of(d, k, "〕])】〉"))
            continue;
        k = xji_scan_skip_space(d, k + 1, e);
        if (k < e && xji_scan_is(d, k, 0x7B2C)) /* 第 */
            k++;
        uint32_t value;
        k = xji_scan_number(d, k, e, 5, &value);
        if (!k || !xji_scan_is(d, xji_scan_skip_space(d, k, e), 0x53F7)) /* 号 */
            continue;
        uint32_t from = i;
        while (from > b && i - from < 16 &&
               (xji_scan_is_han(d->cp[from - 1]) || (from - 1 > b && d->cp[from - 1] == ' ')))
            from--;
        while (from < i && xji_scan_is_space(d->cp[from]))
            from++;
        if (from == i)
            continue;
        *at = (xji_range){from, xji_scan_skip_space(d, k, e) + 1};
        return true;
    }
    return false;
}

/* A line that is nothing but a document number. */
static bool is_number_line(const xji_doc *d, uint32_t b, uint32_t e, xji_range *at)
{
    return find_number(d, b, e, at) && at->b - b <= 1 && e - at->e <= 1;
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
    if (has_sentence_mark(d, l->b, l->e) || xji_scan_one_of(d, l->e - 1, ":,、《“"))
        return false;
    if (is_number_line(d, l->b, l->e, &at) || xji_scan_one_of(d, l->b, "—―-*|。,、;》”我现各"))
        return false;
    /* A sentence, or the part of one before a link that became a line. */
    uint32_t n_commas = 0;
    for (uint32_t k = l->b; k < l->e; k++) {
        n_commas += xji_scan_is(d, k, ',');
        if (d->cp[k] == '>' || n_commas > 1)
            return false;
    }
    if (i + 1 < d->n_lines && xji_scan_one_of(d, d->line[i + 1].b, "。,、;》”)"))
        return false;
    if (is_bracket_open(d->cp[l->b]) && is_bracket_close(d->cp[l->e - 1]))
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
            if (k == n || xj_fold(d->cp[p]) != xj_fold(want[k]))
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
        if (l->e - l->b < TITLE_PART_MIN && !ends_like_agency(d, l->b, l->e) &&
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
        if (i - l->b > 80 || xji_scan_one_of(d, i, "。!?;,:"))
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
    return st;
}

static uint32_t *decode_all(const char *s, size_t *n)
{
    size_t len = strlen(s);
    uint32_t *cp = malloc((len + 1) * sizeof *cp);
    if (!cp)
        return NULL;
    *n = 0;
    for (size_t i = 0; i < len;)
        i += xj_utf8_decode((const uint8_t *)s + i, len - i, &cp[(*n)++], NULL);
    return cp;
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

static xj_status match_title(xji_doc *d, const char *title, xj_error *err)
{
    size_t n = 0;
    uint32_t *want = decode_all(title, &n);
    if (!want)
        return xj_fail(err, XJ_ENOMEM, "no memory for a title");
    if (n >= 2)
        match_lines(d, want, n);
    free(want);
    return XJ_OK;
}

static xj_status find_title(xji_doc *d, xji_meta *meta, xj_error *err)
{
    const char *from = NULL;
    const xji_field *f = &d->field[XJI_FIELD_TITLE];
    size_t heading = SIZE_MAX;
    char *title = NULL;
    bool oom = false;
    for (size_t i = 0; i <= d->head && i < d->n_lines && heading == SIZE_MAX; i++)
        if (d->line[i].role == XJI_LINE_BODY && d->line[i].hashes == 1)
            heading = i;
    if (heading != SIZE_MAX) {
        set_title(d, heading, 1);
        title = xji_scan_copy_range(d, d->line[heading].b, d->line[heading].e);
        oom = !title;
        from = "markdown heading";
    }
    if (!title && !oom && f->from && f->at.e - f->at.b >= TITLE_MIN) {
        title = xji_scan_copy_range(d, f->at.b, f->at.e);
        oom = !title;
        from = f->from;
    }
    bool first = true;
    for (size_t i = 0; i < d->head && !title && !oom; i++) {
        size_t n = title_lines(d, i);
        if (n) {
            set_title(d, i, n);
            title = join_lines(d, i, n);
            oom = !title;
            from = "first lines";
        } else if (first && d->line[i].role == XJI_LINE_BODY) {
            first = false;
        }
    }
    if (!title && !oom) {
        /* The first line of the head, when it stands alone and is neither an address nor a name. */
        size_t i = 0;
        while (i < d->head && d->line[i].role != XJI_LINE_BODY)
            i++;
        const xji_line *l = i < d->n_lines ? &d->line[i] : NULL;
        if (i < d->head && i + 1 < d->n_lines && may_be_title(d, i) && l->e - l->b >= 6 &&
            l->e - l->b <= 60 && !ends_like_agency(d, l->b, l->e) &&
            !xji_scan_is(d, l->e - 1, 0x7684)) { /* 的 */
            set_title(d, i, 1);
            title = xji_scan_copy_range(d, l->b, l->e);
            oom = !title;
            from = "first line";
        } else if (i == d->head && l && l->role == XJI_LINE_BODY && title_in_line(d, l)) {
            d->title_end = title_in_line(d, l);
            title = xji_scan_copy_range(d, l->b, d->title_end);
            oom = !title;
            from = "first words";
            /* Once more behind the fields. */
            uint32_t n = d->title_end - l->b;
            if (d->opening && l->e - d->opening > n && same(d, l->b, d->opening, n)) {
                xj_status st = xji_asides_insert(&d->shaved, d->opening, d->opening + n, XJI_ASIDE_REPEAT, err);
                if (st != XJ_OK) {
                    free(title);
                    return st;
                }
                d->opening = xji_scan_skip_space(d, d->opening + n, l->e);
            }
        }
    }
    if (oom) {
        free(title);
        return xj_fail(err, XJ_ENOMEM, "no memory for a title");
    }
    if (!title)
        return XJ_OK;
    xj_status st = match_title(d, meta->title ? meta->title : title, err);
    if (st == XJ_OK && !d->n_title && !d->title_end && from == f->from && f->from) {
        st = free_field_line(d, f, err);
        d->line[f->line].role = XJI_LINE_BODY;
        set_title(d, f->line, 1);
    }
    if (meta->title) {
        free(title);
        return st;
    }
    meta->title = title;
    meta->title_from = from;
    return st;
}

/* ---- dates and years ---- */

static char *date_string(const xji_date *date)
{
    char buf[48];
    if (date->day)
        snprintf(buf, sizeof buf, "%04d-%02d-%02d", date->year, date->month, date->day);
    else if (date->month)
        snprintf(buf, sizeof buf, "%04d-%02d", date->year, date->month);
    else
        snprintf(buf, sizeof buf, "%04d", date->year);
    size_t n = strlen(buf) + 1;
    char *out = malloc(n);
    if (out)
        memcpy(out, buf, n);
    return out;
}

/* Latest date of an enactment line: 2004年8月28日…第十一次会议修正 自2005年1月1日起施行. What only begins to apply is no
 * publication. */
static bool enactment_date(const xji_doc *d, uint32_t b, uint32_t e, xji_date *best)
{
    bool found = false;
    for (uint32_t i = b; i < e; i++) {
        xji_date date;
        uint32_t end = xji_scan_date_at(d, i, e, &date);
        if (!end)
            continue;
        uint32_t rest = xji_scan_skip_space(d, end, e);
        bool applies = xji_scan_match(d, rest, e, "起", false) || xji_scan_match(d, rest, e, "施行", false) ||
                       xji_scan_match(d, rest, e, "实施", false);
        if (date.day && !applies &&
            (!found || date.year * 400 + date.month * 32 + date.day >
                           best->year * 400 + best->month * 32 + best->day)) {
            *best = date;
            found = true;
        }
        i = end - 1;
    }
    return found;
}

/* Whether a line of the head tells when the text was passed or spoken. */
static bool is_enactment_line(const xji_doc *d, uint32_t b, uint32_t e)
{
    xji_date date;
    uint32_t i = b;
    while (i < e && (is_bracket_open(d->cp[i]) || xji_scan_one_of(d, i, "—―-─") || xji_scan_is_space(d->cp[i])))
        i++;
    if (!xji_scan_date_at(d, i, e, &date) || !date.day)
        return false;
    uint32_t end = e;
    while (end > i && (is_bracket_close(d->cp[end - 1]) || xji_scan_is_space(d->cp[end - 1])))
        end--;
    return i > b || xji_scan_ends_with(d, i, end, "通过 公布 发布 修正 修订 批准 施行 颁布 印发 上") > 0;
}

/* A line that is a date and nothing else, brackets apart. */
static bool is_date_line(const xji_doc *d, const xji_line *l, xji_date *date)
{
    uint32_t b = l->b, e = l->e;
    if (is_bracket_open(d->cp[b]) && is_bracket_close(d->cp[e - 1]) && e - b > 2) {
        b++;
        e--;
    }
    uint32_t end = xji_scan_date_at(d, b, e, date);
    return end && xji_scan_skip_space(d, end, e) == e;
}

/* The last line from the end that is a date: SIZE_MAX when there is none. */
static size_t signature_line(const xji_doc *d, xji_date *date)
{
    size_t n = 0;
    for (size_t i = d->n_lines; i-- > 0 && n < TAIL_LINES;) {
        if (d->line[i].role != XJI_LINE_BODY)
            continue;
        n++;
        if (is_date_line(d, &d->line[i], date))
            return i;
    }
    return SIZE_MAX;
}

static bool field_date(const xji_doc *d, const xji_field *f, xji_date *date)
{
    if (!f->from || f->at.e <= f->at.b)
        return false;
    for (uint32_t i = f->at.b; i < f->at.e && i < f->at.b + 4; i++)
        if (xji_scan_date_at(d, i, f->at.e, date))
            return true;
    return false;
}

static xj_status find_date(xji_doc *d, xji_meta *meta, xj_error *err)
{
    xji_date date = {0, 0, 0}, latest = {0, 0, 0};
    const char *from = NULL;
    static const xji_field_kind fields[] = {XJI_FIELD_PUBLISHED, XJI_FIELD_DATE_LINE, XJI_FIELD_MADE};
    for (size_t k = 0; k < sizeof fields / sizeof fields[0] && !from; k++)
        if (field_date(d, &d->field[fields[k]], &date))
            from = d->field[fields[k]].from;
    for (size_t i = 0; i < d->head && !meta->date && !from; i++) {
        const xji_line *l = &d->line[i];
        xji_date found;
        if (l->role != XJI_LINE_BODY || !is_enactment_line(d, l->b, l->e) ||
            !enactment_date(d, l->b, l->e, &found))
            continue;
        if (found.year * 400 + found.month * 32 + found.day >
            latest.year * 400 + latest.month * 32 + latest.day)
            latest = found;
    }
    if (!from && latest.year) {
        date = latest;
        from = "enactment line";
    }
    if (!from && signature_line(d, &date) != SIZE_MAX)
        from = "signature";
    if (!from || meta->date)
        return XJ_OK;
    meta->date = date_string(&date);
    meta->date_from = from;
    return meta->date ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory for a date");
}

/* First code point of the body: the first line of prose after title and head. */
static bool opening(const xji_doc *d, uint32_t *b, uint32_t *e)
{
    /* An address line 中共…区委、…区人民政府: may stand before it, on the same line or on its own. */
    size_t i = d->head;
    uint32_t from = 0;
    for (size_t k = 0; k < d->head; k++)
        if (d->line[k].role == XJI_LINE_BODY && xji_scan_find(d, d->line[k].b, d->line[k].e, "如下") != UINT32_MAX) {
            i = k;
            break;
        }
    while (i < d->n_lines && d->line[i].role != XJI_LINE_BODY)
        i++;
    if (i == d->n_lines)
        return false;
    from = d->line[i].b;
    if (d->opening > from && d->opening < d->line[i].e)
        from = d->opening;
    else if (d->title_end > from && d->title_end < d->line[i].e)
        from = xji_scan_skip_space(d, d->title_end, d->line[i].e);
    for (uint32_t k = from; k < d->line[i].e && k < from + 60; k++) {
        if (xji_scan_one_of(d, k, "。;,"))
            break;
        if (xji_scan_is(d, k, ':')) {
            from = xji_scan_skip_space(d, k + 1, d->line[i].e);
            break;
        }
    }
    *b = from;
    *e = d->line[i].e < from + 1500 ? d->line[i].e : from + 1500;
    return from < *e;
}

/* 现将…报告如下 in [b, e): its range. */
static bool announcement(const xji_doc *d, uint32_t b, uint32_t e, xji_range *at)
{
    for (uint32_t i = b; i + 2 < e; i++) {
        if (!xji_scan_match(d, i, e, "现将", false) && !xji_scan_match(d, i, e, "现就", false) &&
            !xji_scan_match(d, i, e, "现把", false))
            continue;
        for (uint32_t k = i + 2; k < e && k < i + 120; k++) {
            if (xji_scan_one_of(d, k, "。;"))
                break;
            if (xji_scan_match(d, k, e, "如下", false)) {
                *at = (xji_range){i, k};
                return true;
            }
        }
    }
    return false;
}

/* The year a title (or announcement) is about: of 2024-2025年 the last; 2035年远景目标 is no such year. */
static int year_in(const xji_doc *d, uint32_t b, uint32_t e)
{
    for (uint32_t i = b; i < e; i++) {
        int year, last;
        uint32_t end = xji_scan_year(d, i, e, &year);
        if (!end)
            continue;
        uint32_t k = xji_scan_skip_space(d, end, e);
        if (k < e && xji_scan_is(d, k, 0x5E74) && xji_scan_one_of(d, k + 1, "-—–－~～至到"))
            k++;
        while (k < e && xji_scan_one_of(d, k, "-—–－~～至到")) {
            uint32_t to = k + 1;
            while (to < e && xji_scan_one_of(d, to, "-—"))
                to++;
            uint32_t stop = xji_scan_year(d, to, e, &last);
            if (!stop)
                break;
            if (last - year > YEAR_SPAN_MAX)
                return 0; /* a plan for 2018-2035 */
            year = last;
            end = stop;
            k = xji_scan_skip_space(d, stop, e);
        }
        bool named = xji_scan_is(d, k, 0x5E74) || (k < e && is_bracket_close(d->cp[k])); /* 年 */
        if (named && k < e && !xji_scan_match(d, k + 1, e, "远景", false))
            return year;
        i = end - 1;
    }
    return 0;
}

static xj_status find_year(xji_doc *d, xji_meta *meta, xj_error *err)
{
    uint32_t b, e;
    if (meta->title) {
        xji_doc title = *d;
        size_t n = 0;
        uint32_t *cp = decode_all(meta->title, &n);
        if (!cp)
            return xj_fail(err, XJ_ENOMEM, "no memory for a title");
        title.cp = cp;
        title.n = (uint32_t)n;
        meta->year = year_in(&title, 0, title.n);
        meta->year_from = meta->year ? "title" : NULL;
        free(cp);
    }
    if (meta->year || !opening(d, &b, &e))
        return XJ_OK;
    xji_range at;
    if (announcement(d, b, e, &at)) {
        meta->year = year_in(d, at.b, at.e);
        meta->year_from = meta->year ? "announcement" : NULL;
    }
    int year;
    uint32_t end = xji_scan_year(d, b, e, &year);
    if (!meta->year && end && end < e && xji_scan_is(d, end, 0x5E74)) { /* 年 */
        end++;
        if (xji_scan_is(d, end, 0x5EA6)) /* 年度 */
            end++;
        if (xji_scan_one_of(d, end, ",是") || xji_scan_match(d, end, e, "以来", false) ||
            xji_scan_match(d, end, e, "来,", false)) {
            meta->year = year;
            meta->year_from = "opening sentence";
        }
    }
    /* A 政府工作报告 is known by the year of the session that heard it. */
    if (!meta->year && meta->title && strstr(meta->title, "政府工作报告"))
        for (size_t i = 0; i < d->head; i++) {
            const xji_line *l = &d->line[i];
            xji_date date;
            if (l->role == XJI_LINE_BODY && is_enactment_line(d, l->b, l->e) &&
                enactment_date(d, l->b, l->e, &date)) {
                meta->year = date.year;
                meta->year_from = "session line";
                break;
            }
        }
    return XJ_OK;
}

/* ---- agency and number ---- */

static bool is_listed(const xji_doc *d, uint32_t b, uint32_t e, const char *list)
{
    return xji_scan_ends_with(d, b, e, list) == e - b;
}

/* Whether [b, e) is the name of an agency; several, set apart by spaces or 、, are one. */
static bool is_agency(const xji_doc *d, uint32_t b, uint32_t e)
{
    if (e - b < 3 || e - b > AGENCY_MAX || !ends_like_agency(d, b, e))
        return false;
    if (xji_scan_one_of(d, b, "我本该各") || is_listed(d, b, e, no_agencies))
        return false;
    if (xji_scan_ends_with(d, b, e, "新华社 日报社 晚报社 通讯社 编辑部"))
        return false;
    for (uint32_t i = b; i < e; i++)
        if (xji_scan_one_of(d, i, "。!?;,:") || xji_scan_digit(d->cp[i]) >= 0)
            return false;
    return true;
}

/* Words that follow the subject of a sentence. */
static const char *const after_subject[] = {
    "坚持", "深入", "认真", "在", "以", "按照", "紧",   "围绕", "全面", "贯彻", "落实", "始终", "高度",
    "严格", "积极", "切实", "扎实", "持续", "不断", "根据", "立足", "通过", "牢",   "聚焦", "将",   "把",
    "的",   "对",   "推进", "推动", "加强", "开展", "关于", "有",   "依",   "结合", "充分", "进一步", "主要",
    "继续", "锚定", "学习", "强化", "认", "着力", "大力", "统筹", "法治", "司法行政", "政务公开", "工作",
};

/* Length of the agency at b: up to a word that follows a subject, a comma or a digit, where it ends like one. */
/* Last word of an agency that opens a sentence: only what nothing else can be. */
static const char subject_endings[] =
    "镇 乡 街道 办事处 人民政府 市政府 区政府 县政府 镇政府 乡政府 委员会 管委会 局 厅 办公室 办公厅 公司 集团 学校 大学 学院 医院 "
    "法院 检察院 中心 支队 大队 总队 国务院 省 市 自治区 州 县 区 旗 财政部 司法部 教育部";

static uint32_t agency_before_verb(const xji_doc *d, uint32_t b, uint32_t e, bool strict)
{
    for (uint32_t i = b + 2; i < e && i - b <= 30; i++) {
        bool stop = xji_scan_one_of(d, i, ",。;: ") || xji_scan_digit(d->cp[i]) >= 0;
        for (size_t k = 0; k < sizeof after_subject / sizeof after_subject[0] && !stop; k++)
            stop = xji_scan_match(d, i, e, after_subject[k], false) != 0;
        if (stop) {
            uint32_t to = xji_scan_trim_end(d, b, i);
            bool whole = is_agency(d, b, to) && !xji_scan_one_of(d, b, "全");
            return whole && (!strict || xji_scan_ends_with(d, b, to, subject_endings)) ? to : 0;
        }
        if (!xji_scan_is_han(d->cp[i]))
            return 0;
    }
    return 0;
}

/* Agency at the head of a title: before the year or 关于; or, when the title opens with the year, after it. */
static uint32_t agency_of_title(const xji_doc *t, uint32_t *from)
{
    uint32_t b = 0;
    int year;
    uint32_t end = xji_scan_year(t, 0, t->n, &year);
    if (end) {
        uint32_t k = end;
        while (k < t->n && xji_scan_one_of(t, k, "年度 -—"))
            k++;
        uint32_t best = 0;
        for (uint32_t i = k + 3; i <= t->n && i - k <= 30; i++) {
            if (i < t->n && xji_scan_match(t, i - 1, t->n, "关于", false))
                break;
            if (is_agency(t, k, i))
                best = i;
            uint32_t stop = agency_before_verb(t, k, t->n, false);
            if (stop) {
                best = stop;
                break;
            }
        }
        *from = k;
        return best;
    }
    for (uint32_t i = b; i < t->n; i++)
        if (xji_scan_year(t, i, t->n, &year) || xji_scan_match(t, i, t->n, "关于", false) ||
            xji_scan_match(t, i, t->n, "“十", false)) {
            uint32_t to = xji_scan_trim_end(t, b, i);
            if (to > b && is_bracket_open(t->cp[to - 1]))
                to--;
            *from = b;
            return is_agency(t, b, to) ? to : 0;
        }
    return 0;
}

/* Behind a phrase of time and its comma: 2024年以来, 今年以来, 近年来; b when there is none. */
static uint32_t after_time(const xji_doc *d, uint32_t b, uint32_t e)
{
    int year;
    uint32_t k = xji_scan_year(d, b, e, &year);
    if (!k && !xji_scan_match(d, b, e, "今年", false) && !xji_scan_match(d, b, e, "近", false) &&
        !xji_scan_match(d, b, e, "一年来", false) && !xji_scan_match(d, b, e, "去年", false))
        return b;
    for (k = k ? k : b; k < e && k < b + 14; k++)
        if (xji_scan_is(d, k, ','))
            return k + 1;
    return b;
}

static xj_status find_agency(xji_doc *d, xji_meta *meta, xj_error *err)
{
    char *agency = NULL;
    const char *from = NULL;
    bool oom = false;
    uint32_t b, e;
    xji_range at;
    const xji_field *f = &d->field[XJI_FIELD_AGENCY];
    const xji_field *source = &d->field[XJI_FIELD_SOURCE];
    if (meta->agency)
        return XJ_OK;
    if (f->from && f->at.e - f->at.b >= 2 && !is_listed(d, f->at.b, f->at.e, no_agencies)) {
        agency = xji_scan_copy_range(d, f->at.b, f->at.e);
        oom = !agency;
        from = f->from;
    }
    if (!agency && !oom && meta->title) {
        xji_doc title = *d;
        size_t n = 0;
        uint32_t *cp = decode_all(meta->title, &n);
        uint32_t begin = 0;
        oom = !cp;
        if (cp) {
            title.cp = cp;
            title.n = (uint32_t)n;
            uint32_t end = agency_of_title(&title, &begin);
            if (end) {
                agency = xji_scan_copy_range(&title, begin, end);
                oom = !agency;
                from = "title";
            }
            free(cp);
        }
    }
    if (!oom && source->from && is_agency(d, source->at.b, source->at.e)) {
        char *s = xji_scan_copy_range(d, source->at.b, source->at.e);
        oom = !s;
        /* The source wins over the title only where it is the fuller name of the same agency. */
        size_t ns = s ? strlen(s) : 0, na = agency ? strlen(agency) : 0;
        if (s && (!agency || (ns > na && strcmp(from, "title") == 0 && strcmp(s + ns - na, agency) == 0))) {
            free(agency);
            agency = s;
            from = source->from;
        } else {
            free(s);
        }
    }
    if (!agency && !oom && opening(d, &b, &e)) {
        uint32_t k = after_time(d, b, e);
        uint32_t end = agency_before_verb(d, k, e, true);
        if (!end && announcement(d, b, e, &at)) {
            k = at.b + 2;
            end = agency_before_verb(d, k, at.e, true);
        }
        if (end) {
            agency = xji_scan_copy_range(d, k, end);
            oom = !agency;
            from = "opening sentence";
        }
    }
    xji_date date;
    size_t sign = agency || oom ? SIZE_MAX : signature_line(d, &date);
    if (sign != SIZE_MAX && sign > d->head && d->line[sign - 1].role == XJI_LINE_BODY &&
        is_agency(d, d->line[sign - 1].b, d->line[sign - 1].e)) {
        agency = xji_scan_copy_range(d, d->line[sign - 1].b, d->line[sign - 1].e);
        oom = !agency;
        from = "signature";
    }
    if (oom) {
        free(agency);
        return xj_fail(err, XJ_ENOMEM, "no memory for an agency");
    }
    meta->agency = agency;
    meta->agency_from = agency ? from : NULL;
    return XJ_OK;
}

static xj_status find_document_number(xji_doc *d, xji_meta *meta, xj_error *err)
{
    const xji_field *f = &d->field[XJI_FIELD_NUMBER];
    xji_range at = {0, 0};
    if (f->from && f->at.e - f->at.b >= 3 && xji_scan_find(d, f->at.b, f->at.e, "号") != UINT32_MAX) {
        at = f->at;
        meta->number_from = f->from;
    }
    for (size_t i = 0; i < d->head && at.e == 0; i++)
        if (d->line[i].role == XJI_LINE_BODY && is_number_line(d, d->line[i].b, d->line[i].e, &at))
            meta->number_from = "number line";
        else
            at = (xji_range){0, 0};
    if (at.e == 0)
        return XJ_OK;
    meta->number = xji_scan_copy_range(d, at.b, at.e);
    return meta->number ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory for a document number");
}

/* ---- given fields ---- */

static char *copy_string(const char *s)
{
    size_t n = strlen(s) + 1;
    char *out = malloc(n);
    if (out)
        memcpy(out, s, n);
    return out;
}

/* A given date in any usual form: 2026-02-09, 2026/2/9, 2026年2月, 20260209, 2026. Zero when it is none. */
static xj_status given_date(const char *s, xji_date *date, xj_error *err)
{
    size_t n = 0;
    uint32_t *cp = decode_all(s, &n);
    if (!cp)
        return xj_fail(err, XJ_ENOMEM, "no memory for a date");
    xji_doc d;
    memset(&d, 0, sizeof d);
    d.cp = cp;
    d.n = (uint32_t)n;
    uint32_t b = xji_scan_skip_space(&d, 0, d.n);
    *date = (xji_date){0, 0, 0};
    if (!xji_scan_date_at(&d, b, d.n, date)) {
        uint32_t v = 0;
        uint32_t end = xji_scan_number(&d, b, d.n, 8, &v);
        if (end == b + 8 && v / 10000 >= 1900 && v / 10000 <= 2100 && v / 100 % 100 >= 1 &&
            v / 100 % 100 <= 12 && v % 100 >= 1 && v % 100 <= 31)
            *date = (xji_date){(int)(v / 10000), (int)(v / 100 % 100), (int)(v % 100)};
        else if (end == b + 4 && v >= 1900 && v <= 2100)
            date->year = (int)v;
    }
    free(cp);
    return XJ_OK;
}

xj_status xji_metadata_given(xji_meta *meta, const xji_given *given, xj_error *err)
{
    if (!given)
        return XJ_OK;
    xji_date date = {0, 0, 0};
    xj_status st = given->date ? given_date(given->date, &date, err) : XJ_OK;
    if (st != XJ_OK)
        return st;
    bool oom = false;
    if (given->title && *given->title) {
        oom = !(meta->title = copy_string(given->title));
        meta->title_from = "given";
    }
    if (given->agency && *given->agency) {
        oom = !(meta->agency = copy_string(given->agency)) || oom;
        meta->agency_from = "given";
    }
    if (date.year) {
        oom = !(meta->date = date_string(&date)) || oom;
        meta->date_from = "given";
    }
    return oom ? xj_fail(err, XJ_ENOMEM, "no memory for metadata") : XJ_OK;
}

xj_status xji_metadata_find(xji_doc *d, xji_meta *meta, const xji_given *given, xj_error *err)
{
    xj_status st = xji_metadata_given(meta, given, err);
    if (st == XJ_OK && meta->title)
        st = match_title(d, meta->title, err);
    if (st == XJ_OK)
        st = find_title(d, meta, err);
    if (st == XJ_OK)
        st = find_date(d, meta, err);
    if (st == XJ_OK)
        st = find_year(d, meta, err);
    if (st == XJ_OK)
        st = find_agency(d, meta, err);
    if (st == XJ_OK)
        st = find_document_number(d, meta, err);
    return st;
}
