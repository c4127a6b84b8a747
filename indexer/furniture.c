/*
 * Portal furniture and metadata lines. A line is furniture when a grammar of portal elements covers it as a whole:
 * words of the table below, each with the value its kind may have, and separators between them. A word inside a
 * sentence is never looked at, because the sentence is not covered.
 *
 * Elements that could be words of a report (打印, 下载, 时间:) count only in the head of the document, before its first
 * prose, or in its tail, after its last. docs/STRUCTURE.md section 1 has the rules.
 */
#include "structure_priv.h"

#include <stdlib.h>
#include <string.h>

#include "xj/fold.h"

/* What an element may have after it and how much it proves. */
typedef enum element_kind {
    FAINT,  /* one character or a common word: needs a neighbour that is furniture */
    BUTTON, /* furniture in the head and the tail */
    STRONG, /* furniture anywhere, when the line holds nothing else */
    COUNT,  /* STRONG with a number: 浏览次数: 35 */
    NAME,   /* STRONG with a name up to the next white space: 责任编辑: 张三 */
    REST,   /* the rest of the line belongs to it; head and tail */
    BANNER, /* the same, and no report begins with it */
    CRUMBS, /* the rest of the line is a path with > in it: anywhere */
    LINKS,  /* opens a list of links to the end of the document: tail */
    ATTACH, /* "附件:" with nothing after it */
    KEY     /* a field and its value: metadata */
} element_kind;

typedef struct element {
    const char *word;
    uint8_t kind;
    uint8_t field; /* KEY: xji_field_kind */
    const char *from;
} element;

#define FIELD(word, field) {word, KEY, field, "portal field " word}
#define PLAIN(word, kind) {word, kind, XJI_FIELD_OTHER, NULL}

static const element elements[] = {
    FIELD("标题", XJI_FIELD_TITLE),
    FIELD("名称", XJI_FIELD_TITLE),
    FIELD("信息名称", XJI_FIELD_TITLE),
    FIELD("文件名称", XJI_FIELD_TITLE),
    FIELD("文件标题", XJI_FIELD_TITLE),
    FIELD("公文名称", XJI_FIELD_TITLE),
    FIELD("政策名称", XJI_FIELD_TITLE),
    FIELD("公文标题", XJI_FIELD_TITLE),
    FIELD("信息标题", XJI_FIELD_TITLE),
    FIELD("发布机构", XJI_FIELD_AGENCY),
    FIELD("发布机关", XJI_FIELD_AGENCY),
    FIELD("发布单位", XJI_FIELD_AGENCY),
    FIELD("发布部门", XJI_FIELD_AGENCY),
    FIELD("发文机关", XJI_FIELD_AGENCY),
    FIELD("发文机构", XJI_FIELD_AGENCY),
    FIELD("发文单位", XJI_FIELD_AGENCY),
    FIELD("发文部门", XJI_FIELD_AGENCY),
    FIELD("制发机关", XJI_FIELD_AGENCY),
    FIELD("制定机关", XJI_FIELD_AGENCY),
    FIELD("印发机关", XJI_FIELD_AGENCY),
    FIELD("颁布机关", XJI_FIELD_AGENCY),
    FIELD("颁布单位", XJI_FIELD_AGENCY),
    FIELD("公开机构", XJI_FIELD_AGENCY),
    FIELD("公开部门", XJI_FIELD_AGENCY),
    FIELD("公开单位", XJI_FIELD_AGENCY),
    FIELD("公开主体", XJI_FIELD_AGENCY),
    FIELD("公开责任部门", XJI_FIELD_AGENCY),
    FIELD("责任部门", XJI_FIELD_AGENCY),
    FIELD("信息提供单位", XJI_FIELD_AGENCY),
    FIELD("信息来源", XJI_FIELD_SOURCE),
    FIELD("文章来源", XJI_FIELD_SOURCE),
    FIELD("稿件来源", XJI_FIELD_SOURCE),
    FIELD("来源", XJI_FIELD_SOURCE),
    FIELD("来源单位", XJI_FIELD_SOURCE),
    FIELD("稿源", XJI_FIELD_SOURCE),
    FIELD("供稿", XJI_FIELD_SOURCE),
    FIELD("供稿单位", XJI_FIELD_SOURCE),
    FIELD("发布日期", XJI_FIELD_PUBLISHED),
    FIELD("发布时间", XJI_FIELD_PUBLISHED),
    FIELD("发表时间", XJI_FIELD_PUBLISHED),
    FIELD("发表日期", XJI_FIELD_PUBLISHED),
    FIELD("公开日期", XJI_FIELD_PUBLISHED),
    FIELD("公开时间", XJI_FIELD_PUBLISHED),
    FIELD("公布日期", XJI_FIELD_PUBLISHED),
    FIELD("颁布日期", XJI_FIELD_PUBLISHED),
    FIELD("信息时间", XJI_FIELD_PUBLISHED),
    FIELD("录入时间", XJI_FIELD_PUBLISHED),
    FIELD("上传时间", XJI_FIELD_PUBLISHED),
    FIELD("更新时间", XJI_FIELD_PUBLISHED),
    FIELD("更新日期", XJI_FIELD_PUBLISHED),
    FIELD("时间", XJI_FIELD_PUBLISHED),
    FIELD("日期", XJI_FIELD_PUBLISHED),
    FIELD("生成日期", XJI_FIELD_MADE),
    FIELD("生成时间", XJI_FIELD_MADE),
    FIELD("成文日期", XJI_FIELD_MADE),
    FIELD("成文时间", XJI_FIELD_MADE),
    FIELD("印发日期", XJI_FIELD_MADE),
    FIELD("发文日期", XJI_FIELD_MADE),
    FIELD("发文时间", XJI_FIELD_MADE),
    FIELD("制定日期", XJI_FIELD_MADE),
    FIELD("产生日期", XJI_FIELD_MADE),
    FIELD("发文字号", XJI_FIELD_NUMBER),
    FIELD("发文文号", XJI_FIELD_NUMBER),
    FIELD("文号", XJI_FIELD_NUMBER),
    FIELD("文件编号", XJI_FIELD_NUMBER),
    FIELD("文件字号", XJI_FIELD_NUMBER),
    FIELD("公文字号", XJI_FIELD_NUMBER),
    FIELD("索引号", XJI_FIELD_OTHER),
    FIELD("信息索引号", XJI_FIELD_OTHER),
    FIELD("信息索引", XJI_FIELD_OTHER),
    FIELD("统一编号", XJI_FIELD_OTHER),
    FIELD("登记号", XJI_FIELD_OTHER),
    FIELD("组配分类", XJI_FIELD_OTHER),
    FIELD("信息分类", XJI_FIELD_OTHER),
    FIELD("主题分类", XJI_FIELD_OTHER),
    FIELD("体裁分类", XJI_FIELD_OTHER),
    FIELD("公文种类", XJI_FIELD_OTHER),
    FIELD("公开分类", XJI_FIELD_OTHER),
    FIELD("服务对象", XJI_FIELD_OTHER),
    FIELD("服务对象分类", XJI_FIELD_OTHER),
    FIELD("公开方式", XJI_FIELD_OTHER),
    FIELD("公开形式", XJI_FIELD_OTHER),
    FIELD("公开时限", XJI_FIELD_OTHER),
    FIELD("公开范围", XJI_FIELD_OTHER),
    FIELD("公开类别", XJI_FIELD_OTHER),
    FIELD("公开程序", XJI_FIELD_OTHER),
    FIELD("公开目录", XJI_FIELD_OTHER),
    FIELD("公开属性", XJI_FIELD_OTHER),
    FIELD("信息类别", XJI_FIELD_OTHER),
    FIELD("文件类型", XJI_FIELD_OTHER),
    FIELD("文件类别", XJI_FIELD_OTHER),
    FIELD("载体类型", XJI_FIELD_OTHER),
    FIELD("记录形式", XJI_FIELD_OTHER),
    FIELD("有效性", XJI_FIELD_OTHER),
    FIELD("是否有效", XJI_FIELD_OTHER),
    FIELD("时效性", XJI_FIELD_OTHER),
    FIELD("效力状态", XJI_FIELD_OTHER),
    FIELD("文件状态", XJI_FIELD_OTHER),
    FIELD("有效期", XJI_FIELD_OTHER),
    FIELD("生效日期", XJI_FIELD_OTHER),
    FIELD("生效时间", XJI_FIELD_OTHER),
    FIELD("实施日期", XJI_FIELD_OTHER),
    FIELD("施行日期", XJI_FIELD_OTHER),
    FIELD("废止日期", XJI_FIELD_OTHER),
    FIELD("失效日期", XJI_FIELD_OTHER),
    FIELD("失效时间", XJI_FIELD_OTHER),
    FIELD("废止时间", XJI_FIELD_OTHER),
    FIELD("主题词", XJI_FIELD_OTHER),
    FIELD("关键词", XJI_FIELD_OTHER),
    FIELD("关键字", XJI_FIELD_OTHER),
    FIELD("所属主题", XJI_FIELD_OTHER),
    FIELD("内容概述", XJI_FIELD_OTHER),
    FIELD("作者", XJI_FIELD_OTHER),
    FIELD("撰稿", XJI_FIELD_OTHER),
    FIELD("发布人", XJI_FIELD_OTHER),
    FIELD("信息员", XJI_FIELD_OTHER),
    FIELD("审核", XJI_FIELD_OTHER),
    FIELD("审核人", XJI_FIELD_OTHER),
    FIELD("语种", XJI_FIELD_OTHER),
    PLAIN("当前位置", CRUMBS),
    PLAIN("当前所在位置", CRUMBS),
    PLAIN("您的位置", CRUMBS),
    PLAIN("您的当前位置", CRUMBS),
    PLAIN("您当前的位置", CRUMBS),
    PLAIN("您现在的位置", CRUMBS),
    PLAIN("您所在的位置", CRUMBS),
    PLAIN("所在位置", CRUMBS),
    PLAIN("现在位置", CRUMBS),
    PLAIN("你的位置", CRUMBS),
    PLAIN("网站首页", CRUMBS),
    PLAIN("首页", CRUMBS),
    PLAIN("热搜", BANNER),
    PLAIN("热搜词", BANNER),
    PLAIN("热门搜索", BANNER),
    PLAIN("热门关键词", BANNER),
    PLAIN("搜索热词", BANNER),
    PLAIN("热词", BANNER),
    PLAIN("分享", BANNER),
    PLAIN("分享到", BANNER),
    PLAIN("分享至", BANNER),
    PLAIN("一键分享", BUTTON),
    PLAIN("附件", ATTACH),
    PLAIN("附件下载", LINKS),
    PLAIN("相关附件", LINKS),
    PLAIN("相关链接", LINKS),
    PLAIN("相关文章", LINKS),
    PLAIN("相关文件", LINKS),
    PLAIN("相关信息", LINKS),
    PLAIN("相关新闻", LINKS),
    PLAIN("相关阅读", LINKS),
    PLAIN("相关稿件", LINKS),
    PLAIN("相关报道", LINKS),
    PLAIN("相关解读", LINKS),
    PLAIN("相关政策", LINKS),
    PLAIN("相关推荐", LINKS),
    PLAIN("推荐阅读", LINKS),
    PLAIN("延伸阅读", LINKS),
    PLAIN("友情链接", LINKS),
    PLAIN("点击收起", STRONG),
    PLAIN("点击展开", STRONG),
    PLAIN("展开全文", STRONG),
    PLAIN("阅读全文", STRONG),
    PLAIN("返回顶部", STRONG),
    PLAIN("回到顶部", STRONG),
    PLAIN("返回首页", STRONG),
    PLAIN("返回列表", STRONG),
    PLAIN("返回上一页", STRONG),
    PLAIN("打印本页", STRONG),
    PLAIN("打印此页", STRONG),
    PLAIN("打印页面", STRONG),
    PLAIN("打印文章", STRONG),
    PLAIN("打印正文", STRONG),
    PLAIN("我要打印", STRONG),
    PLAIN("关闭窗口", STRONG),
    PLAIN("关闭本页", STRONG),
    PLAIN("关闭页面", STRONG),
    PLAIN("我要纠错", STRONG),
    PLAIN("我要收藏", STRONG),
    PLAIN("加入收藏", STRONG),
    PLAIN("收藏本页", STRONG),
    PLAIN("设为首页", STRONG),
    PLAIN("扫一扫", STRONG),
    PLAIN("扫一扫在手机打开当前页", STRONG),
    PLAIN("扫一扫在手机上查看当前页面", STRONG),
    PLAIN("扫一扫手机打开当前页", STRONG),
    PLAIN("手机扫一扫", STRONG),
    PLAIN("手机扫一扫打开当前页", STRONG),
    PLAIN("微信扫一扫", STRONG),
    PLAIN("扫码浏览", STRONG),
    PLAIN("手机查看", STRONG),
    PLAIN("无障碍浏览", STRONG),
    PLAIN("无障碍阅读", STRONG),
    PLAIN("无障碍", STRONG),
    PLAIN("长者模式", STRONG),
    PLAIN("长者助手", STRONG),
    PLAIN("适老化", STRONG),
    PLAIN("关怀版", STRONG),
    PLAIN("网站地图", STRONG),
    PLAIN("网站声明", STRONG),
    PLAIN("隐私声明", STRONG),
    PLAIN("关于我们", STRONG),
    PLAIN("联系我们", STRONG),
    PLAIN("语音播报", STRONG),
    PLAIN("语音朗读", STRONG),
    PLAIN("复制链接", STRONG),
    PLAIN("-->", STRONG),
    PLAIN("浏览次数", COUNT),
    PLAIN("浏览量", COUNT),
    PLAIN("浏览", COUNT),
    PLAIN("点击数", COUNT),
    PLAIN("点击量", COUNT),
    PLAIN("点击次数", COUNT),
    PLAIN("点击率", COUNT),
    PLAIN("点击", COUNT),
    PLAIN("阅读次数", COUNT),
    PLAIN("阅读量", COUNT),
    PLAIN("阅读数", COUNT),
    PLAIN("阅读", COUNT),
    PLAIN("访问量", COUNT),
    PLAIN("访问次数", COUNT),
    PLAIN("下载次数", COUNT),
    PLAIN("人气", COUNT),
    PLAIN("责任编辑", NAME),
    PLAIN("编辑", NAME),
    PLAIN("责编", NAME),
    PLAIN("校对", NAME),
    PLAIN("终审", NAME),
    PLAIN("初审", NAME),
    PLAIN("复审", NAME),
    PLAIN("上一篇", REST),
    PLAIN("下一篇", REST),
    PLAIN("上一条", REST),
    PLAIN("下一条", REST),
    PLAIN("版权所有", REST),
    PLAIN("主办单位", REST),
    PLAIN("主办", REST),
    PLAIN("承办单位", REST),
    PLAIN("承办", REST),
    PLAIN("协办单位", REST),
    PLAIN("技术支持", REST),
    PLAIN("网站标识码", REST),
    PLAIN("网站支持", REST),
    PLAIN("copyright", REST),
    PLAIN("打印", BUTTON),
    PLAIN("下载", BUTTON),
    PLAIN("全屏", BUTTON),
    PLAIN("收藏", BUTTON),
    PLAIN("关闭", BUTTON),
    PLAIN("导出", BUTTON),
    PLAIN("保存", BUTTON),
    PLAIN("转发", BUTTON),
    PLAIN("纠错", BUTTON),
    PLAIN("点赞", BUTTON),
    PLAIN("评论", BUTTON),
    PLAIN("朗读", BUTTON),
    PLAIN("收听", BUTTON),
    PLAIN("字号", BUTTON),
    PLAIN("字体", BUTTON),
    PLAIN("字体大小", BUTTON),
    PLAIN("放大", BUTTON),
    PLAIN("缩小", BUTTON),
    PLAIN("加大", BUTTON),
    PLAIN("还原", BUTTON),
    PLAIN("减小", BUTTON),
    PLAIN("特大", BUTTON),
    PLAIN("超大", BUTTON),
    PLAIN("返回", BUTTON),
    PLAIN("收起", BUTTON),
    PLAIN("展开", BUTTON),
    PLAIN("微信", BUTTON),
    PLAIN("微博", BUTTON),
    PLAIN("新浪微博", BUTTON),
    PLAIN("腾讯微博", BUTTON),
    PLAIN("朋友圈", BUTTON),
    PLAIN("QQ空间", BUTTON),
    PLAIN("QQ", BUTTON),
    PLAIN("登录", BUTTON),
    PLAIN("注册", BUTTON),
    PLAIN("搜索", BUTTON),
    PLAIN("繁体", BUTTON),
    PLAIN("繁体版", BUTTON),
    PLAIN("简体", BUTTON),
    PLAIN("简体版", BUTTON),
    PLAIN("移动版", BUTTON),
    PLAIN("大", FAINT),
    PLAIN("中", FAINT),
    PLAIN("小", FAINT),
    PLAIN("默认", FAINT),
    PLAIN("正常", FAINT),
    PLAIN("次", FAINT),
    PLAIN("更多", FAINT),
    PLAIN("正文", FAINT),
    PLAIN("T", FAINT),
};

enum {
    N_ELEMENTS = sizeof elements / sizeof elements[0],
    LINE_MAX_COVERED = 400, /* longer lines are prose; portal table rows stay below */
    VALUE_MAX = 120,        /* characters of a field value */
    CRUMBS_MAX = 160,
    HEAD_MAX = 80, /* lines looked at for a head or a tail */
    FOUND_MAX = 16,
    PROSE_MIN = 12,
    PROSE_MAX = 300, /* lines of enactments (1998年…通过 2006年…修订) are long */
    INLINE_MIN = 200, /* a line that may hold a whole page */
    CRUMB_MAX = 20,
    PROSE_UNENDED_MIN = 40
};

typedef struct found_field {
    const element *e;
    xji_range at;
} found_field;

typedef struct cover {
    unsigned n_faint, n_button, n_strong, n_rest, n_key, n_date;
    bool links, attach;
    bool open; /* the last key has no value: it may stand on the next line */
    found_field found[FOUND_MAX];
    size_t n_found;
} cover;

typedef struct vocabulary {
    uint32_t first[N_ELEMENTS]; /* folded first character of each word */
} vocabulary;

static void vocabulary_init(vocabulary *v)
{
    for (size_t i = 0; i < N_ELEMENTS; i++)
        v->first[i] = xji_scan_first(elements[i].word);
}

/* The longest element at b, *end behind it; NULL when there is none. */
static const element *element_at(const xji_doc *d, const vocabulary *v, uint32_t b, uint32_t e,
                                 uint32_t *end)
{
    const element *best = NULL;
    uint32_t first = xj_fold(d->cp[b]);
    for (size_t i = 0; i < N_ELEMENTS; i++) {
        if (v->first[i] != first)
            continue;
        uint32_t stop = xji_scan_match(d, b, e, elements[i].word, true);
        if (stop && (!best || stop > *end)) {
            best = &elements[i];
            *end = stop;
        }
    }
    return best;
}

/* Separators between elements. */
static bool is_separator(uint32_t c)
{
    if (xji_scan_is_space(c))
        return true;
    switch (c) {
    case '|':
    case '>':
    case '<':
    case '/':
    case '\\':
    case '-':
    case '_':
    case '[':
    case ']':
    case '(':
    case ')':
    case ':':
    case ',':
    case '*':
    case '+':
    case 0xB7:   /* · */
    case 0xBB:   /* » */
    case 0x2014: /* — */
    case 0x2013:
    case 0x2022:
    case 0x203A: /* › */
    case 0x2191: /* ↑ */
    case 0x25B2:
    case 0x2500: /* ─ */
    case 0x3001: /* 、 */
    case 0x3010: /* 【 */
    case 0x3011:
    case 0x3014: /* 〔 */
    case 0x3015:
    case 0xFF08:
    case 0xFF09:
    case 0xFF0C:
    case 0xFF1A:
    case 0xFF1C:
    case 0xFF1E:
    case 0xFF3B:
    case 0xFF3D:
    case 0xFF5C:
        return true;
    default:
        return false;
    }
}

static bool is_colon(uint32_t c)
{
    return c == ':' || c == 0xFF1A;
}

static bool is_bar(uint32_t c)
{
    return c == '|' || c == 0xFF5C || c == 0x2502;
}

/* Whether a value ends before i: a cell border, or a word of the table that begins after white space or a bracket. */
static bool value_ends(const xji_doc *d, const vocabulary *v, uint32_t i, uint32_t e)
{
    if (is_bar(d->cp[i]))
        return true;
    if (!is_separator(d->cp[i - 1]) || is_separator(d->cp[i]))
        return false;
    uint32_t end = i;
    const element *el = element_at(d, v, i, e, &end);
    if (!el)
        return false;
    uint32_t after = xji_scan_skip_space(d, end, e);
    if (el->kind == KEY || el->kind == COUNT || el->kind == NAME || el->kind == REST || el->kind == BANNER)
        return after < e && (is_colon(d->cp[after]) || is_bar(d->cp[after]));
    return end == e || is_separator(d->cp[end]);
}

/*
 * The value of a field whose word ends at b: after a colon or a cell border, up to the next element. Returns its end,
 * 0 when this is no field (no colon, too long, a sentence).
 */
static uint32_t field_value(const xji_doc *d, const vocabulary *v, uint32_t b, uint32_t e,
                            xji_range *at)
{
    uint32_t i = xji_scan_skip_space(d, b, e);
    *at = (xji_range){e, e};
    if (i == e)
        return e;
    /* "索引号 | 001": one border; "发布机构] 南汇街道": the bracket of the key. */
    if (d->cp[i] == ']' || d->cp[i] == 0x3011)
        i = xji_scan_skip_space(d, i + 1, e);
    bool cell = i < e && is_bar(d->cp[i]);
    if (i < e && !is_colon(d->cp[i]) && !cell)
        return 0;
    if (i < e)
        i = xji_scan_skip_space(d, i + 1, e);
    if (!cell && i < e && is_bar(d->cp[i])) {
        cell = true; /* "索引号: | 001" */
        i = xji_scan_skip_space(d, i + 1, e);
    }
    uint32_t from = i;
    while (i < e && !(i > b && value_ends(d, v, i, e))) {
        if (d->cp[i] == 0x3002 || i - from > VALUE_MAX) /* 。 */
            return 0;
        i++;
    }
    uint32_t to = i;
    while (to > from && (xji_scan_is_space(d->cp[to - 1]) || d->cp[to - 1] == '[' ||
                         d->cp[to - 1] == 0x3010 || d->cp[to - 1] == '<'))
        to--;
    if (to > from)
        *at = (xji_range){from, to};
    return i;
}

static bool add_element(const xji_doc *d, const vocabulary *v, const element *el, uint32_t *pos,
                        uint32_t e, cover *c)
{
    uint32_t after = xji_scan_skip_space(d, *pos, e);
    bool ended = after == e || is_separator(d->cp[*pos]) || is_separator(d->cp[after]);
    bool colon = after < e && is_colon(d->cp[after]);
    switch ((element_kind)el->kind) {
    case FAINT:
        c->n_faint++;
        return true;
    case BUTTON:
        c->n_button++;
        return true;
    case STRONG:
        c->n_strong++;
        return true;
    case LINKS:
        c->links = true;
        c->n_button++;
        return true;
    case COUNT:
        c->n_strong++;
        *pos = xji_scan_skip_space(d, after + colon, e);
        while (*pos < e && (xji_scan_digit(d->cp[*pos]) >= 0 || xji_scan_one_of(d, *pos, "次人+万")))
            ++*pos;
        return colon || ended;
    case NAME:
        if (!colon)
            return false;
        c->n_strong++;
        *pos = xji_scan_skip_space(d, after + 1, e);
        for (uint32_t from = *pos; *pos < e && !is_separator(d->cp[*pos]); ++*pos)
            if (*pos - from > 12)
                return false;
        return true;
    case REST:
    case BANNER:
        c->n_rest++;
        if (xji_scan_find(d, *pos, e, "。") != UINT32_MAX || !(ended || xji_scan_one_of(d, after, "©")))
            return false;
        *pos = e;
        return true;
    case CRUMBS:
        if (e - *pos > CRUMBS_MAX || xji_scan_find(d, *pos, e, "。") != UINT32_MAX)
            return false;
        if (after < e && !colon && !xji_scan_one_of(d, after, ">»›/|-\\"))
            return false;
        c->n_faint += after == e;
        c->n_strong += after < e;
        *pos = e;
        return true;
    case ATTACH:
        c->attach = true;
        *pos = e;
        return after == e || (after + 1 == e && colon);
    case KEY: {
        found_field f = {el, {e, e}};
        uint32_t end = field_value(d, v, *pos, e, &f.at);
        if (!end || (after == e && e - *pos > 0))
            return false;
        c->n_key++;
        c->open = f.at.b == f.at.e && end == e && colon;
        if (c->n_found < FOUND_MAX)
            c->found[c->n_found++] = f;
        *pos = end;
        /* A key without colon or border is a word that stands alone: a cell of some table. */
        return colon || after < e;
    }
    }
    return false;
}

/* Whether portal elements cover the line [b, e) as a whole. */
static bool cover_line(const xji_doc *d, const vocabulary *v, uint32_t b, uint32_t e, cover *c)
{
    memset(c, 0, sizeof *c);
    if (e - b > LINE_MAX_COVERED)
        return false;
    uint32_t pos = b;
    while (pos < e) {
        if (is_separator(d->cp[pos]) && xji_scan_match(d, pos, e, "-->", false) == 0) {
            pos++;
            continue;
        }
        xji_date date;
        uint32_t end = pos;
        const element *el = element_at(d, v, pos, e, &end);
        if (el) {
            pos = end;
            c->open = false;
            if (!add_element(d, v, el, &pos, e, c))
                return false;
        } else if ((end = xji_scan_date_at(d, pos, e, &date)) != 0) {
            if (c->n_found < FOUND_MAX && date.day) {
                static const element date_line = {"", KEY, XJI_FIELD_DATE_LINE, "date line"};
                c->found[c->n_found++] = (found_field){&date_line, {pos, end}};
            }
            c->n_date++;
            pos = end;
        } else {
            return false;
        }
    }
    return c->n_faint + c->n_button + c->n_strong + c->n_rest + c->n_key + c->n_date > 0 || c->attach;
}

/* A line of cell borders and rules only: table residue, or a rule (*rule). */
static bool is_residue(const xji_doc *d, uint32_t b, uint32_t e, bool *rule)
{
    bool bar = false;
    for (uint32_t i = b; i < e; i++) {
        uint32_t c = d->cp[i];
        if (is_bar(c))
            bar = true;
        else if (!(c == '-' || c == '=' || c == '_' || c == '*' || c == ':' || c == '+' || c == '~' ||
                   c == 0x2014 || c == 0x2015 || (c >= 0x2500 && c <= 0x257F) || xji_scan_is_space(c)))
            return false;
    }
    *rule = !bar;
    return bar || e - b >= 3;
}

/* Prose: it cannot stand in the head or the tail of a document. */
static bool is_prose(const xji_doc *d, uint32_t b, uint32_t e)
{
    if (e - b >= PROSE_MAX)
        return true;
    /* A short line that does not end like a sentence is a caption or a slogan. */
    bool ended = xji_scan_one_of(d, e - 1, "。:;!?”)\"");
    uint32_t n_commas = 0;
    for (uint32_t i = b; i < e; i++) {
        if (d->cp[i] == 0x3002 || d->cp[i] == 0xFF61) /* 。 */
            return e - b >= (ended ? PROSE_MIN : PROSE_UNENDED_MIN);
        n_commas += d->cp[i] == ',' || d->cp[i] == 0xFF0C || d->cp[i] == ';' || d->cp[i] == 0xFF1B;
    }
    return e - b >= 60 && n_commas > 0;
}

/* Whether the line opens the outline; then it is below the head. */
static bool is_outline(const xji_doc *d, uint32_t b, uint32_t e)
{
    uint32_t value, words;
    if (d->markdown && xji_scan_match(d, b, e, "##", false))
        return true;
    xji_rank rank = xji_outline_rank_at(d, b, e, true, &value, &words);
    return rank != XJI_RANK_NONE && rank != XJI_RANK_3 && rank != XJI_RANK_4;
}

static xj_status shave(xji_doc *d, xji_line *l, uint32_t b, uint32_t e, xji_aside_kind kind, xj_error *err)
{
    xj_status st = XJ_OK;
    if (b > l->b)
        st = xji_asides_push(&d->shaved, l->b, b, kind, err);
    if (st == XJ_OK && e < l->e)
        st = xji_asides_push(&d->shaved, e, l->e, kind, err);
    l->b = b;
    l->e = e;
    return st;
}

/* "## 总则": the marker of a markdown heading goes, its rank stays. */
static xj_status shave_hashes(xji_doc *d, xji_line *l, xj_error *err)
{
    uint32_t i = l->b;
    while (i < l->e && d->cp[i] == '#')
        i++;
    uint32_t words = xji_scan_skip_space(d, i, l->e);
    if (i == l->b || i - l->b > 6 || words == i || words == l->e)
        return XJ_OK;
    l->hashes = (uint8_t)(i - l->b);
    return shave(d, l, words, l->e, XJI_ASIDE_FURNITURE, err);
}

/* "text |": a line with one cell loses its borders. */
static xj_status shave_cell(xji_doc *d, xji_line *l, xj_error *err)
{
    uint32_t b = l->b, e = l->e;
    while (b < e && (is_bar(d->cp[b]) || xji_scan_is_space(d->cp[b])))
        b++;
    while (e > b && (is_bar(d->cp[e - 1]) || xji_scan_is_space(d->cp[e - 1])))
        e--;
    if (b == l->b && e == l->e)
        return XJ_OK;
    for (uint32_t i = b; i < e; i++)
        if (is_bar(d->cp[i]))
            return XJ_OK; /* a row of a table with content */
    return shave(d, l, b, e, XJI_ASIDE_TABLE, err);
}

static void keep_fields(xji_doc *d, const cover *c, size_t line)
{
    for (size_t i = 0; i < c->n_found; i++) {
        const found_field *f = &c->found[i];
        xji_field *slot = &d->field[f->e->field];
        if (slot->from && slot->at.e > slot->at.b)
            continue;
        slot->at = f->at;
        slot->from = f->e->from;
        slot->line = line;
    }
}

/* ---- the two zones ---- */

static void find_zones(xji_doc *d, const vocabulary *v)
{
    cover c;
    size_t i = 0;
    for (; i < d->n_lines && i < HEAD_MAX; i++) {
        const xji_line *l = &d->line[i];
        bool rule;
        if (is_residue(d, l->b, l->e, &rule) || cover_line(d, v, l->b, l->e, &c))
            continue;
        if (is_prose(d, l->b, l->e) || is_outline(d, l->b, l->e))
            break;
    }
    d->head = i;
    size_t k = d->n_lines;
    while (k > d->head && d->n_lines - k < HEAD_MAX) {
        const xji_line *l = &d->line[k - 1];
        bool rule;
        if (!is_residue(d, l->b, l->e, &rule) && !cover_line(d, v, l->b, l->e, &c) &&
            (is_prose(d, l->b, l->e) || is_outline(d, l->b, l->e)))
            break;
        k--;
    }
    d->tail = k;
}

/* A line that follows a key without value is its value, unless it looks like the next thing. */
static bool is_value_line(const xji_doc *d, const cover *key, const xji_line *l)
{
    if (l->e - l->b > VALUE_MAX || xji_scan_find(d, l->b, l->e, "。") != UINT32_MAX)
        return false;
    if (is_colon(d->cp[l->e - 1]))
        return false;
    const element *el = key->found[key->n_found - 1].e;
    if (el->field == XJI_FIELD_TITLE)
        return true;
    /* The title, or its first line, after the empty last field of a form. */
    const xji_field *title = &d->field[XJI_FIELD_TITLE];
    if (title->from && title->at.e > title->at.b) {
        uint32_t n = title->at.e - title->at.b;
        uint32_t m = l->e - l->b < n ? l->e - l->b : n;
        uint32_t i = 0;
        while (i < m && d->cp[l->b + i] == d->cp[title->at.b + i])
            i++;
        if (i == m && m >= 4)
            return false;
    }
    return el->field != XJI_FIELD_OTHER || !xji_scan_ends_with(d, l->b, l->e, "报告 总结 意见 通知 办法 条例 规定 方案 决定");
}

/* The role of line i by its cover; *faint when its neighbours have to confirm it. */
static uint8_t role_of(const xji_doc *d, const cover *c, size_t i, bool *faint)
{
    bool head = i < d->head, tail = i >= d->tail;
    unsigned n_portal = c->n_button + c->n_strong + c->n_rest;
    *faint = false;
    if (c->attach)
        return XJI_ASIDE_FURNITURE;
    if (c->n_key > 0 && (head || tail)) {
        /* "日期:" and "来源:" may be words of a signature or a form; a value that reads proves them. */
        return XJI_ASIDE_METADATA;
    }
    if (c->n_date > 0 && n_portal + c->n_key + c->n_faint == 0)
        return head ? XJI_ASIDE_METADATA : XJI_LINE_BODY;
    if (c->n_key > 0)
        return XJI_LINE_BODY;
    if (c->n_date > 0)
        return head || tail ? XJI_ASIDE_METADATA : XJI_LINE_BODY;
    if (c->n_strong > 0 && c->n_rest == 0)
        return XJI_ASIDE_FURNITURE;
    if ((head || tail) && n_portal > 0)
        return XJI_ASIDE_FURNITURE;
    *faint = (head || tail) && c->n_faint > 0;
    return XJI_LINE_BODY;
}

static bool is_set_aside(const xji_doc *d, size_t i)
{
    return d->line[i].role == XJI_ASIDE_FURNITURE || d->line[i].role == XJI_ASIDE_METADATA;
}

static bool is_lone(const xji_doc *d, const xji_line *l)
{
    for (uint32_t i = l->b; i < l->e; i++)
        if (!is_separator(d->cp[i]) && xji_scan_digit(d->cp[i]) < 0)
            return false;
    return true;
}

static bool same_line(const xji_doc *d, const xji_line *a, const xji_line *b)
{
    return a->e - a->b == b->e - b->b &&
           memcmp(d->cp + a->b, d->cp + b->b, (a->e - a->b) * sizeof *d->cp) == 0;
}

/* Footer lines that no table can list: registration numbers of a web site. */
static bool is_footer(const xji_doc *d, const xji_line *l)
{
    return l->e - l->b <= VALUE_MAX && (xji_scan_find(d, l->b, l->e, "ICP备") != UINT32_MAX ||
                                        xji_scan_find(d, l->b, l->e, "公网安备") != UINT32_MAX);
}

/* "附件:" has nothing after it when the next line is furniture too, or there is none. */
static bool attachment_is_empty(const xji_doc *d, const vocabulary *v, size_t i)
{
    cover c;
    if (i + 1 == d->n_lines)
        return true;
    const xji_line *next = &d->line[i + 1];
    return i + 1 >= d->tail && cover_line(d, v, next->b, next->e, &c) && c.n_date == 0;
}

static xj_status find_roles(xji_doc *d, const vocabulary *v, bool *faint, xj_error *err)
{
    cover c, key;
    bool open = false, links = false, crumbs = false;
    memset(&key, 0, sizeof key);
    for (size_t i = 0; i < d->n_lines; i++) {
        xji_line *l = &d->line[i];
        bool rule, zone = i < d->head || i >= d->tail;
        if (is_residue(d, l->b, l->e, &rule)) {
            l->role = rule ? XJI_ASIDE_FURNITURE : XJI_ASIDE_TABLE;
            continue;
        }
        bool covered = cover_line(d, v, l->b, l->e, &c);
        bool bare_date = covered && c.n_date > 0 && c.n_date == c.n_found && c.n_faint + c.n_button + c.n_strong + c.n_rest == 0;
        if (covered && c.attach && !attachment_is_empty(d, v, i))
            covered = false;
        if (covered && !(open && bare_date)) {
            l->role = role_of(d, &c, i, &faint[i]);
            if (l->role == XJI_ASIDE_METADATA)
                keep_fields(d, &c, i);
            if (i >= d->tail && c.links)
                links = true;
            crumbs = (c.n_strong > 0 && xji_scan_one_of(d, l->e - 1, ":>")) || (crumbs && c.n_faint > 0);
            open = l->role == XJI_ASIDE_METADATA && c.open;
            if (open)
                key = c;
            if (l->role != XJI_LINE_BODY || faint[i])
                continue;
        } else if (open && is_value_line(d, &key, l)) {
            key.found[key.n_found - 1].at = (xji_range){l->b, l->e};
            key.found[0] = key.found[key.n_found - 1];
            key.n_found = 1;
            keep_fields(d, &key, i);
            l->role = XJI_ASIDE_METADATA;
        } else if (zone && is_lone(d, l)) {
            faint[i] = true;
        } else if (links && !is_prose(d, l->b, l->e)) {
            l->role = XJI_ASIDE_FURNITURE;
        } else if (i < d->head && crumbs && l->e - l->b <= 12) {
            /* "当前位置:", "首页", ">", "政务公开" on lines of their own, the last perhaps twice */
            l->role = XJI_ASIDE_FURNITURE;
            crumbs = i + 1 < d->head && (is_lone(d, &d->line[i + 1]) || same_line(d, l, &d->line[i + 1]));
            open = false;
            continue;
        } else if (i >= d->tail && is_footer(d, l)) {
            l->role = XJI_ASIDE_FURNITURE;
        } else if (xji_scan_match(d, l->b, l->e, "<!--", false) &&
                   xji_scan_ends_with(d, l->b, l->e, "-->")) {
            l->role = XJI_ASIDE_FURNITURE;
        }
        open = false;
        if (!faint[i])
            crumbs = false;
        if (l->role == XJI_LINE_BODY) {
            xj_status st = d->markdown && d->cp[l->b] == '#' ? shave_hashes(d, l, err) : shave_cell(d, l, err);
            if (st != XJ_OK)
                return st;
        }
    }
    /* A faint line is furniture beside furniture. */
    for (size_t i = 0; i < d->n_lines; i++)
        if (faint[i] && i > 0 && is_set_aside(d, i - 1))
            d->line[i].role = XJI_ASIDE_FURNITURE;
    for (size_t i = d->n_lines; i-- > 0;)
        if (faint[i] && i + 1 < d->n_lines && is_set_aside(d, i + 1))
            d->line[i].role = XJI_ASIDE_FURNITURE;
    return XJ_OK;
}

/* ---- a page on one line ---- */

/* End of "当前位置: 首页 > 政务公开 > 正文" at b: names joined by >. */
static uint32_t skip_crumbs(const xji_doc *d, uint32_t b, uint32_t e)
{
    uint32_t i = xji_scan_skip_space(d, b, e);
    if (i < e && is_colon(d->cp[i]))
        i = xji_scan_skip_space(d, i + 1, e);
    for (;;) {
        uint32_t from = i;
        while (i < e && !xji_scan_is_space(d->cp[i]) && !xji_scan_one_of(d, i, ">»›")) {
            if (i - from > CRUMB_MAX || xji_scan_one_of(d, i, "。,;"))
                return b;
            i++;
        }
        uint32_t next = xji_scan_skip_space(d, i, e);
        if (next == e || !xji_scan_one_of(d, next, ">»›"))
            return i;
        while (next < e && (xji_scan_one_of(d, next, ">»›") || xji_scan_is_space(d->cp[next])))
            next++;
        i = next;
    }
}

/* Portal elements at b that end at white space inside a line, and what they prove; b when there are none. */
static uint32_t cover_prefix(const xji_doc *d, const vocabulary *v, uint32_t b, uint32_t e, cover *c)
{
    uint32_t pos = b, end_of_last = b;
    memset(c, 0, sizeof *c);
    for (;;) {
        while (pos < e && is_separator(d->cp[pos]))
            pos++;
        if (pos == e)
            return b;
        uint32_t end = pos;
        xji_date date;
        const element *el = element_at(d, v, pos, e, &end);
        uint32_t after = el ? xji_scan_skip_space(d, end, e) : e;
        bool colon = after < e && is_colon(d->cp[after]);
        if (el && el->kind == KEY && colon) {
            found_field f = {el, {0, 0}};
            f.at.b = xji_scan_skip_space(d, after + 1, e);
            f.at.e = xji_scan_date_at(d, f.at.b, e, &date);
            if (!f.at.e)
                for (f.at.e = f.at.b; f.at.e < e && !is_separator(d->cp[f.at.e]); f.at.e++)
                    if (f.at.e - f.at.b > 40 || xji_scan_one_of(d, f.at.e, "。;,"))
                        return end_of_last;
            c->n_key++;
            if (c->n_found < FOUND_MAX)
                c->found[c->n_found++] = f;
            pos = f.at.e;
        } else if (el && el->kind == CRUMBS && (colon || xji_scan_one_of(d, after, ">"))) {
            pos = skip_crumbs(d, end, e);
            c->n_strong += 2;
            if (pos == end)
                return end_of_last;
        } else if (el && (el->kind == BANNER || el->kind == COUNT) && colon) {
            pos = after + 1; /* "热搜:", "分享:": what follows is the title or the text */
            while (el->kind == COUNT && pos < e && (xji_scan_digit(d->cp[pos]) >= 0 || d->cp[pos] == ' '))
                pos++;
            c->n_strong += el->kind == BANNER ? 2 : 1;
        } else if (el && (el->kind == BUTTON || el->kind == STRONG || el->kind == FAINT) &&
                   is_separator(d->cp[end])) {
            pos = end;
            c->n_button++;
        } else if (!el && (end = xji_scan_date_at(d, pos, e, &date)) != 0 && date.day &&
                   xji_scan_is_space(d->cp[end])) {
            static const element date_line = {"", KEY, XJI_FIELD_DATE_LINE, "date line"};
            if (c->n_found < FOUND_MAX)
                c->found[c->n_found++] = (found_field){&date_line, {pos, end}};
            c->n_date++;
            pos = end;
        } else {
            return end_of_last;
        }
        /* Empty cells behind it: "| | | |". */
        for (uint32_t k = pos; k < e && (is_bar(d->cp[k]) || xji_scan_is_space(d->cp[k])); k++)
            pos = is_bar(d->cp[k]) ? k + 1 : pos;
        if (pos >= e)
            return b;
        end_of_last = pos;
    }
}

static bool proves_portal(const cover *c)
{
    return c->n_key + c->n_date + c->n_strong + c->n_button >= 2 && c->n_key + c->n_strong > 0;
}

/* The first line of text holds crumbs, title and fields before the text: set them aside where they stand. */
static xj_status shave_page(xji_doc *d, const vocabulary *v, xj_error *err)
{
    cover c;
    size_t i = 0;
    while (i < d->n_lines && d->line[i].role != XJI_LINE_BODY)
        i++;
    if (i == d->n_lines || i != d->head || d->line[i].e - d->line[i].b < INLINE_MIN)
        return XJ_OK;
    xji_line *l = &d->line[i];
    uint32_t end = cover_prefix(d, v, l->b, l->e, &c);
    xj_status st = XJ_OK;
    if (end > l->b && proves_portal(&c)) {
        keep_fields(d, &c, i);
        uint32_t b = l->b;
        l->b = xji_scan_skip_space(d, end, l->e);
        st = xji_asides_insert(&d->shaved, b, end, c.n_key + c.n_date ? XJI_ASIDE_METADATA : XJI_ASIDE_FURNITURE, err);
    }
    uint32_t words = l->b;
    while (words < l->e && words - l->b < 80 && !xji_scan_is_space(d->cp[words]))
        words++;
    uint32_t from = xji_scan_skip_space(d, words, l->e);
    if (st != XJ_OK || from == words)
        return st;
    end = cover_prefix(d, v, from, l->e, &c);
    if (end > from && proves_portal(&c)) {
        keep_fields(d, &c, i);
        d->opening = xji_scan_skip_space(d, end, l->e);
        st = xji_asides_insert(&d->shaved, from, end, XJI_ASIDE_METADATA, err);
    }
    return st;
}

/* The last line of text ends with buttons behind its last sentence. */
static xj_status shave_end(xji_doc *d, const vocabulary *v, xj_error *err)
{
    cover c;
    size_t i = d->n_lines;
    while (i > 0 && d->line[i - 1].role != XJI_LINE_BODY)
        i--;
    if (i == 0)
        return XJ_OK;
    xji_line *l = &d->line[i - 1];
    uint32_t e = l->e;
    while (e > l->b && l->e - e < LINE_MAX_COVERED && d->cp[e - 1] != 0x3002) /* 。 */
        e--;
    if (e == l->b || e == l->e || d->cp[e - 1] != 0x3002)
        return XJ_OK;
    uint32_t b = xji_scan_skip_space(d, e, l->e);
    if (b == e || !cover_line(d, v, b, l->e, &c) ||
        !(c.attach || c.n_strong + c.n_rest + c.links > 0 || c.n_button > 1))
        return XJ_OK;
    xj_status st = xji_asides_insert(&d->shaved, b, l->e, XJI_ASIDE_FURNITURE, err);
    l->e = e;
    return st;
}

xj_status xji_furniture_find(xji_doc *d, xj_error *err)
{
    if (d->n_lines == 0)
        return XJ_OK;
    bool *faint = calloc(d->n_lines, sizeof *faint);
    if (!faint)
        return xj_fail(err, XJ_ENOMEM, "no memory for %zu lines", d->n_lines);
    vocabulary v;
    vocabulary_init(&v);
    find_zones(d, &v);
    xj_status st = find_roles(d, &v, faint, err);
    free(faint);
    if (st == XJ_OK)
        st = shave_page(d, &v, err);
    return st == XJ_OK ? shave_end(d, &v, err) : st;
}
