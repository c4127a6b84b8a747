/*
 * Title, agency, publication date, document number and report year. Each has a list of places, best first; what no
 * place tells stays unknown. docs/STRUCTURE.md section 2 has the places.
 */
#include "structure_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Last word of the name of an agency. */
static const uint32_t agency_endings[] =
    U"省 市 自治区 特别行政区 州 盟 地区 县 区 旗 镇 乡 街道 办事处 政府 委员会 委 局 厅 部 院 "
    "办公室 办公厅 办 所 队 中心 公司 "
    "集团 学校 大学 学院 医院 银行 协会 联合会 总工会 工会 社 署 站 馆 法院 检察院 组 会议 大会 "
    "常委会 村 社区 党组 处 海关 监狱 "
    "园区 开发区 新区 农场 林场 团 兵团 师 中学 小学 幼儿园 研究院 基金会";

/* Words of portals that are no agency although they look like one. */
static const uint32_t no_agencies[] =
    U"本网 本站 本部 本院 本局 本办 网络 互联网 通讯社 新华社 中新社 报社 杂志社 出版社 通讯员";

enum { AGENCY_MAX = 40, TAIL_LINES = 12, YEAR_SPAN_MAX = 5 };

bool xji_metadata_is_agency_like(const xji_doc *d, uint32_t b, uint32_t e)
{
    uint32_t n = xji_scan_ends_with(d, b, e, agency_endings);
    return n > 0 && e - b > n;
}

/* Document number in [b, e): 国发〔2019〕5号. Sets *at. */
static bool find_number(const xji_doc *d, uint32_t b, uint32_t e, xji_range *at)
{
    for (uint32_t i = b; i < e; i++) {
        uint32_t c = d->cp[i];
        if (!(c == 0x3014 || c == '[' || c == '(' || c == 0x3010 || c == 0xFF3B || c == 0xFF08 ||
              c == 0x3008))
            continue;
        int year;
        uint32_t k = xji_scan_year(d, i + 1, e, &year);
        if (!k || k >= e || !xji_scan_one_of(d, k, U"〕])】〉"))
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
bool xji_metadata_is_number_line(const xji_doc *d, uint32_t b, uint32_t e, xji_range *at)
{
    return find_number(d, b, e, at) && at->b - b <= 1 && e - at->e <= 1;
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
        bool applies = xji_scan_match(d, rest, e, U"起", false) ||
                       xji_scan_match(d, rest, e, U"施行", false) ||
                       xji_scan_match(d, rest, e, U"实施", false);
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
    while (i < e && (xji_scan_is_open(d->cp[i]) || xji_scan_one_of(d, i, U"—―-─") ||
                     xji_scan_is_space(d->cp[i])))
        i++;
    if (!xji_scan_date_at(d, i, e, &date) || !date.day)
        return false;
    uint32_t end = e;
    while (end > i && (xji_scan_is_close(d->cp[end - 1]) || xji_scan_is_space(d->cp[end - 1])))
        end--;
    return i > b ||
           xji_scan_ends_with(d, i, end, U"通过 公布 发布 修正 修订 批准 施行 颁布 印发 上") > 0;
}

/* A line that is a date and nothing else, brackets apart. */
static bool is_date_line(const xji_doc *d, const xji_line *l, xji_date *date)
{
    uint32_t b = l->b, e = l->e;
    if (xji_scan_is_open(d->cp[b]) && xji_scan_is_close(d->cp[e - 1]) && e - b > 2) {
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
    static const xji_field_kind fields[] = {XJI_FIELD_PUBLISHED, XJI_FIELD_DATE_LINE,
                                            XJI_FIELD_MADE};
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
        if (d->line[k].role == XJI_LINE_BODY &&
            xji_scan_find(d, d->line[k].b, d->line[k].e, U"如下") != UINT32_MAX) {
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
        if (xji_scan_one_of(d, k, U"。;,") || xji_scan_match(d, k, d->n, U"如下", false))
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
        if (!xji_scan_match(d, i, e, U"现将", false) && !xji_scan_match(d, i, e, U"现就", false) &&
            !xji_scan_match(d, i, e, U"现把", false))
            continue;
        for (uint32_t k = i + 2; k < e && k < i + 120; k++) {
            if (xji_scan_one_of(d, k, U"。;"))
                break;
            if (xji_scan_match(d, k, e, U"如下", false)) {
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
        if (k < e && xji_scan_is(d, k, 0x5E74) && xji_scan_one_of(d, k + 1, U"-—–－~～至到"))
            k++;
        while (k < e && xji_scan_one_of(d, k, U"-—–－~～至到")) {
            uint32_t to = k + 1;
            while (to < e && xji_scan_one_of(d, to, U"-—"))
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
        bool named = xji_scan_is(d, k, 0x5E74) || (k < e && xji_scan_is_close(d->cp[k])); /* 年 */
        if (named && k < e && !xji_scan_match(d, k + 1, e, U"远景", false))
            return year;
        i = end - 1;
    }
    return 0;
}

/* Whether the year in a title may be that of an event: 关于2008年北京奥运会…的通知. Titles of notices and rulings name
 * such years; one that also names a report, a plan or the like (关于印发2019年工作要点的通知) is about its year. */
static bool may_be_event(const char *title)
{
    static const char *const endings[] = {"通知", "批复", "函", "决定", "公告", "通告", "令", "办法", "条例", "规定", "意见"};
    static const char *const yearly[] = {"报告", "总结", "情况", "要点", "公报", "计划", "预算", "决算", "统计",
                                         "年报", "汇报", "年度", "安排", "纲要", "白皮书"};
    size_t n = strlen(title);
    bool ends = false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t k = strlen(endings[i]);
        ends = ends || (n >= k && strcmp(title + n - k, endings[i]) == 0);
    }
    for (size_t i = 0; i < sizeof yearly / sizeof *yearly && ends; i++)
        ends = !strstr(title, yearly[i]);
    return ends;
}

static xj_status find_year(xji_doc *d, xji_meta *meta, xj_error *err)
{
    uint32_t b, e;
    if (meta->year)
        return XJ_OK;
    if (meta->title && !may_be_event(meta->title)) {
        xji_doc title = *d;
        size_t n = 0;
        uint32_t *cp = xji_scan_decode(meta->title, &n);
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
        if (xji_scan_one_of(d, end, U",是") || xji_scan_match(d, end, e, U"以来", false) ||
            xji_scan_match(d, end, e, U"来,", false)) {
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

static bool is_listed(const xji_doc *d, uint32_t b, uint32_t e, const uint32_t *list)
{
    return xji_scan_ends_with(d, b, e, list) == e - b;
}

/* Whether [b, e) is the name of an agency; several, set apart by spaces or 、, are one. */
static bool is_agency(const xji_doc *d, uint32_t b, uint32_t e)
{
    if (e - b < 3 || e - b > AGENCY_MAX || !xji_metadata_is_agency_like(d, b, e))
        return false;
    if (xji_scan_one_of(d, b, U"我本该各") || is_listed(d, b, e, no_agencies))
        return false;
    if (xji_scan_ends_with(d, b, e, U"新华社 日报社 晚报社 通讯社 编辑部"))
        return false;
    for (uint32_t i = b; i < e; i++)
        if (xji_scan_one_of(d, i, U"。!?;,:") || xji_scan_digit(d->cp[i]) >= 0)
            return false;
    return true;
}

/* Words that follow the subject of a sentence. */
static const uint32_t *const after_subject[] = {
    U"坚持", U"深入", U"认真", U"在",   U"以",       U"按照",     U"紧",   U"围绕", U"全面", U"贯彻", U"落实",
    U"始终", U"高度", U"严格", U"积极", U"切实",     U"扎实",     U"持续", U"不断", U"根据", U"立足", U"通过",
    U"牢",   U"聚焦", U"将",   U"把",   U"的",       U"对",       U"推进", U"推动", U"加强", U"开展", U"关于",
    U"有",   U"依",   U"结合", U"充分", U"进一步",   U"主要",     U"继续", U"锚定", U"学习", U"强化", U"认",
    U"着力", U"大力", U"统筹", U"法治", U"司法行政", U"政务公开", U"工作",
};

/* Length of the agency at b: up to a word that follows a subject, a comma or a digit, where it ends like one. */
/* Last word of an agency that opens a sentence: only what nothing else can be. */
static const uint32_t subject_endings[] =
    U"镇 乡 街道 办事处 人民政府 市政府 区政府 县政府 镇政府 乡政府 委员会 管委会 局 厅 办公室 "
    "办公厅 公司 集团 学校 大学 学院 医院 "
    "法院 检察院 中心 支队 大队 总队 国务院 省 市 自治区 州 县 区 旗 财政部 司法部 教育部";

static uint32_t agency_before_verb(const xji_doc *d, uint32_t b, uint32_t e, bool strict)
{
    for (uint32_t i = b + 2; i < e && i - b <= 30; i++) {
        bool stop = xji_scan_one_of(d, i, U",。;: ") || xji_scan_digit(d->cp[i]) >= 0;
        for (size_t k = 0; k < sizeof after_subject / sizeof after_subject[0] && !stop; k++)
            stop = xji_scan_match(d, i, e, after_subject[k], false) != 0;
        if (stop) {
            uint32_t to = xji_scan_trim_end(d, b, i);
            bool whole = is_agency(d, b, to) && !xji_scan_one_of(d, b, U"全");
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
        while (k < t->n && xji_scan_one_of(t, k, U"年度 -—"))
            k++;
        uint32_t best = 0;
        for (uint32_t i = k + 3; i <= t->n && i - k <= 30; i++) {
            if (i < t->n && xji_scan_match(t, i - 1, t->n, U"关于", false))
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
        if (xji_scan_year(t, i, t->n, &year) || xji_scan_match(t, i, t->n, U"关于", false) ||
            xji_scan_match(t, i, t->n, U"“十", false)) {
            uint32_t to = xji_scan_trim_end(t, b, i);
            if (to > b && xji_scan_is_open(t->cp[to - 1]))
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
    if (!k && !xji_scan_match(d, b, e, U"今年", false) && !xji_scan_match(d, b, e, U"近", false) &&
        !xji_scan_match(d, b, e, U"一年来", false) && !xji_scan_match(d, b, e, U"去年", false))
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
        uint32_t *cp = xji_scan_decode(meta->title, &n);
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
        if (s && (!agency ||
                  (ns > na && strcmp(from, "title") == 0 && strcmp(s + ns - na, agency) == 0))) {
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
    /* 中华人民共和国国务院政府工作报告 is the 政府工作报告 of the 国务院. */
    static const char council[] = "国务院政府";
    size_t n = agency ? strlen(agency) : 0, k = sizeof council - 1;
    if (n >= k && strcmp(agency + n - k, council) == 0)
        agency[n - strlen("政府")] = '\0';
    meta->agency = agency;
    meta->agency_from = agency ? from : NULL;
    return XJ_OK;
}

static xj_status find_document_number(xji_doc *d, xji_meta *meta, xj_error *err)
{
    const xji_field *f = &d->field[XJI_FIELD_NUMBER];
    xji_range at = {0, 0};
    if (meta->number)
        return XJ_OK;
    if (f->from && f->at.e - f->at.b >= 3 &&
        xji_scan_find(d, f->at.b, f->at.e, U"号") != UINT32_MAX) {
        at = f->at;
        meta->number_from = f->from;
    }
    for (size_t i = 0; i < d->head && at.e == 0; i++)
        if (d->line[i].role == XJI_LINE_BODY &&
            xji_metadata_is_number_line(d, d->line[i].b, d->line[i].e, &at))
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
static xj_status given_date(const xji_structure_tables *tables, const char *s, xji_date *date, xj_error *err)
{
    size_t n = 0;
    uint32_t *cp = xji_scan_decode(s, &n);
    if (!cp)
        return xj_fail(err, XJ_ENOMEM, "no memory for a date");
    xji_doc d;
    memset(&d, 0, sizeof d);
    d.tables = tables;
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

xj_status xji_metadata_given(xji_meta *meta, const xji_structure_tables *tables, const xji_given *given, xj_error *err)
{
    if (!given)
        return XJ_OK;
    xji_date date = {0, 0, 0};
    xj_status st = given->date ? given_date(tables, given->date, &date, err) : XJ_OK;
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
    if (given->number && *given->number) {
        oom = !(meta->number = copy_string(given->number)) || oom;
        meta->number_from = "given";
    }
    if (given->year) {
        meta->year = given->year;
        meta->year_from = "given";
    }
    return oom ? xj_fail(err, XJ_ENOMEM, "no memory for metadata") : XJ_OK;
}

xj_status xji_metadata_find(xji_doc *d, xji_meta *meta, const xji_given *given, xj_error *err)
{
    xj_status st = xji_metadata_given(meta, d->tables, given, err);
    if (st == XJ_OK && meta->title)
        st = xji_title_match(d, meta->title, err);
    if (st == XJ_OK)
        st = xji_title_find(d, meta, err);
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
