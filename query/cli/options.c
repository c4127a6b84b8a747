#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "xj/query.h"

typedef enum xji_option_id {
    OPT_LIMIT,
    OPT_OFFSET,
    OPT_LITERAL,
    OPT_ANY,
    OPT_ALL,
    OPT_RELAX,
    OPT_EXACT_SCRIPT,
    OPT_NO_COLLAPSE,
    OPT_JSON,
    OPT_TSV,
    OPT_COUNT,
    OPT_REPORTS,
    OPT_QUIET,
    OPT_EXPLAIN,
    OPT_COLOR,
    OPT_NULL,
    OPT_BATCH,
    OPT_TIMEOUT,
    OPT_NO_TOTALS,
    OPT_CACHE,
    OPT_VERSION,
    OPT_HELP
} xji_option_id;

static const xji_option table[] = {
    {"limit", 'n', OPT_LIMIT, "N", {"show at most N hits (default 10)", "最多显示 N 条（默认 10）"}},
    {"offset", 0, OPT_OFFSET, "N", {"leave out the first N hits", "跳过前 N 条"}},
    {"literal", 'F', OPT_LITERAL, NULL,
     {"the whole query is one exact phrase, without operators", "整个查询是一个完整短语，不解释运算符"}},
    {"any", 0, OPT_ANY, NULL,
     {"free text without operators: any part of it may occur", "自由文本，不解释运算符：出现其中任何部分即可"}},
    {"all", 0, OPT_ALL, NULL, {"of several words all must occur", "多个词语须全部出现"}},
    {"relax", 0, OPT_RELAX, NULL,
     {"after the exact hits of a phrase list near, then\npartial ones", "在短语的完全匹配之后，再列近似的和部分的匹配"}},
    {"exact-script", 0, OPT_EXACT_SCRIPT, NULL,
     {"as written: keep Simplified and Traditional, wide and\nnarrow, upper and lower case apart",
      "按原样匹配：区分简繁、全半角、大小写"}},
    {"no-collapse", 0, OPT_NO_COLLAPSE, NULL,
     {"list copies of a passage one by one (this release does\nso anyway)", "逐条列出重复段落（本版本总是如此）"}},
    {"json", 0, OPT_JSON, NULL, {"one JSON object per line", "每行输出一个 JSON 对象"}},
    {"tsv", 0, OPT_TSV, NULL, {"one line of tab-separated fields per hit", "每条一行，字段以制表符分隔"}},
    {"count", 'c', OPT_COUNT, NULL,
     {"print only occurrences TAB passages TAB reports; a run\nof any length counts as one exact phrase",
      "只输出 处数 TAB 段数 TAB 报告数；连写的一串无论\n多长都按一个完整短语计数"}},
    {"reports", 'l', OPT_REPORTS, NULL,
     {"one line per report instead of passages; AND, NOT and\nA -B look within one passage all the same",
      "按报告列出，每份一行；AND、NOT、A -B 仍以段落为范围"}},
    {"quiet", 'q', OPT_QUIET, NULL,
     {"print nothing but errors; the exit status tells", "除错误外不输出任何内容，只看退出码"}},
    {"explain", 0, OPT_EXPLAIN, NULL,
     {"after each hit show how its score comes about", "在每条后面列出得分的由来"}},
    {"color", 0, OPT_COLOR, "WHEN",
     {"auto (default: on a terminal, unless NO_COLOR is set),\nalways or never",
      "auto（默认：仅在终端上，且未设 NO_COLOR）、\nalways 或 never"}},
    {"null", '0', OPT_NULL, NULL,
     {"end records with NUL; with -l print raw path[#id] only",
      "记录以 NUL 结尾；与 -l 同用时只输出原始的 路径[#编号]"}},
    {"batch", 0, OPT_BATCH, NULL,
     {"QUERY is -; read one query per line from standard input", "QUERY 写作 -；从标准输入逐行读取查询"}},
    {"timeout", 0, OPT_TIMEOUT, "MS",
     {"stop a query after MS milliseconds (0: never) and mark\nthe results as partial",
      "单个查询超过 MS 毫秒即停止（0 为不限），结果标为不完整"}},
    {"no-totals", 0, OPT_NO_TOTALS, NULL,
     {"do not count how many there are: the best hits alone are\nfound faster in a large index", "不计总数；索引很大时，只取最前若干条更快"}},
    {"cache", 0, OPT_CACHE, "MB",
     {"megabytes of the index that --batch keeps in memory\n(default 1024)", "--batch 在内存中保留索引内容的上限（默认 1024）"}},
    {"version", 0, OPT_VERSION, NULL, {"print the version", "显示版本"}},
    {"help", 'h', OPT_HELP, NULL, {"print this help", "显示本帮助"}},
};

enum { N_OPTIONS = sizeof table / sizeof *table };

/* Limits of numbers: hits are counted in 32 bits, and MS in nanoseconds fit 63 bits many times over. */
#define NUMBER_MAX UINT32_MAX

const xji_option *xji_option_table(size_t *n)
{
    *n = N_OPTIONS;
    return table;
}

/* ---- complaints ---- */

static xj_status usage(xj_error *err, xji_lang lang, xji_msg id, const char *a, const char *b, const char *c)
{
    char text[8192];
    xji_out o;
    xji_out_init(&o, -1, text, sizeof text - 1);
    xji_message(&o, lang, id, a, b, c);
    /* An argument too long to be quoted filled the buffer, and the flush dropped it: say only what kind of error it is. */
    text[o.n] = '\0';
    return xj_fail(err, XJ_EUSAGE, "%s", o.error ? xji_status_words(lang, XJ_EUSAGE) : text);
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits that lead from a to b; both shorter than 32, else "far". */
static size_t distance(const char *a, size_t na, const char *b)
{
    enum { LONGEST = 32 };
    size_t row[LONGEST];
    size_t nb = strlen(b);
    if (na >= LONGEST || nb >= LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t above = row[j];
            row[j] = min3(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
            corner = above;
        }
    }
    return row[nb];
}

static const xji_option *nearest(const char *name, size_t n)
{
    const xji_option *best = NULL;
    size_t best_distance = n / 3 + 2; /* farther than this is another word */
    for (size_t i = 0; i < N_OPTIONS; i++) {
        size_t d = distance(name, n, table[i].name);
        if (d < best_distance) {
            best_distance = d;
            best = &table[i];
        }
    }
    return best;
}

/* Name of an option as the user should see it, in s. */
static const char *shown(char s[40], const xji_option *opt)
{
    s[0] = s[1] = '-';
    memcpy(s + 2, opt->name, strlen(opt->name) + 1);
    return s;
}

/* The option of a long argument ("--name" or "--name=value", n bytes of name after the dashes). */
static xj_status find_long(const xji_option **opt, const char *arg, size_t n, xji_lang lang, xj_error *err)
{
    const xji_option *second = NULL;
    char a[40], b[40];
    *opt = NULL;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (strncmp(table[i].name, arg + 2, n) != 0)
            continue;
        if (table[i].name[n] == '\0') {
            *opt = &table[i];
            return XJ_OK;
        }
        if (*opt)
            second = &table[i];
        else
            *opt = &table[i];
    }
    if (second)
        return usage(err, lang, XJI_MSG_AMBIGUOUS_OPTION, arg, shown(a, *opt), shown(b, second));
    if (*opt)
        return XJ_OK;
    const xji_option *near = nearest(arg + 2, n);
    if (near)
        return usage(err, lang, XJI_MSG_UNKNOWN_OPTION_NEAR, arg, shown(a, near), NULL);
    return usage(err, lang, XJI_MSG_UNKNOWN_OPTION, arg, NULL, NULL);
}

/* ---- values ---- */

/* A whole number in [0, NUMBER_MAX], digits only. */
static xj_status read_number(uint64_t *out, const xji_option *opt, const char *value, xji_lang lang, xj_error *err)
{
    char name[40];
    uint64_t v = 0;
    const char *s = value;
    while (*s >= '0' && *s <= '9' && v <= NUMBER_MAX)
        v = v * 10 + (uint64_t)(*s++ - '0');
    if (s == value || *s != '\0' || v > NUMBER_MAX)
        return usage(err, lang, XJI_MSG_BAD_NUMBER, shown(name, opt), value, "4294967295");
    *out = v;
    return XJ_OK;
}

static xj_status read_color(xji_color *out, const xji_option *opt, const char *value, xji_lang lang, xj_error *err)
{
    static const char *const choices[] = {"auto", "always", "never"};
    char name[40];
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (strcmp(value, choices[i]) == 0) {
            *out = (xji_color)i;
            return XJ_OK;
        }
    return usage(err, lang, XJI_MSG_BAD_CHOICE, shown(name, opt), value, "auto, always, never");
}

static xj_status read_form(xji_form *out, xji_form form, xji_lang lang, xj_error *err)
{
    if (*out != XJI_FORM_TEXT && *out != form)
        return usage(err, lang, XJI_MSG_EXCLUDE, "--json", "--tsv", NULL);
    *out = form;
    return XJ_OK;
}

static xj_status apply(xji_options *o, const xji_option *opt, const char *value, xj_error *err)
{
    switch ((xji_option_id)opt->id) {
    case OPT_LIMIT:
        return read_number(&o->limit, opt, value, o->lang, err);
    case OPT_OFFSET:
        return read_number(&o->offset, opt, value, o->lang, err);
    case OPT_TIMEOUT:
        return read_number(&o->timeout_ms, opt, value, o->lang, err);
    case OPT_COLOR:
        return read_color(&o->color, opt, value, o->lang, err);
    case OPT_JSON:
        return read_form(&o->form, XJI_FORM_JSON, o->lang, err);
    case OPT_TSV:
        return read_form(&o->form, XJI_FORM_TSV, o->lang, err);
    case OPT_LITERAL:
        o->flags |= XJ_QUERY_LITERAL;
        break;
    case OPT_ANY:
        o->flags |= XJ_QUERY_ANY;
        break;
    case OPT_ALL:
        o->flags |= XJ_QUERY_ALL;
        break;
    case OPT_EXACT_SCRIPT:
        o->flags |= XJ_QUERY_EXACT_SCRIPT;
        break;
    case OPT_RELAX:
        o->relax = true;
        break;
    case OPT_NO_COLLAPSE:
        break;
    case OPT_COUNT:
        o->count = true;
        break;
    case OPT_REPORTS:
        o->reports = true;
        break;
    case OPT_QUIET:
        o->quiet = true;
        break;
    case OPT_CACHE:
        return read_number(&o->cache_mb, opt, value, o->lang, err);
    case OPT_NO_TOTALS:
        o->no_totals = true;
        break;
    case OPT_EXPLAIN:
        o->explain = true;
        break;
    case OPT_NULL:
        o->null = true;
        break;
    case OPT_BATCH:
        o->batch = true;
        break;
    case OPT_VERSION:
        o->action = XJI_ACTION_VERSION;
        break;
    case OPT_HELP:
        o->action = XJI_ACTION_HELP;
        break;
    }
    return XJ_OK;
}

/* ---- the command line ---- */

/* "--name", "--name=value" or "--name" "value"; *i is left on the last argument used. */
static xj_status read_long(xji_options *o, int argc, char *const *argv, int *i, xj_error *err)
{
    const char *arg = argv[*i];
    const char *value = strchr(arg, '=');
    size_t n = value ? (size_t)(value - arg) - 2 : strlen(arg) - 2;
    const xji_option *opt;
    char name[40];
    xj_status st = find_long(&opt, arg, n, o->lang, err);
    if (st != XJ_OK)
        return st;
    if (!opt->value && value)
        return usage(err, o->lang, XJI_MSG_TAKES_NO_VALUE, shown(name, opt), NULL, NULL);
    if (opt->value && !value && *i + 1 >= argc)
        return usage(err, o->lang, XJI_MSG_NEEDS_VALUE, shown(name, opt), NULL, NULL);
    return apply(o, opt, value ? value + 1 : opt->value ? argv[++*i] : NULL, err);
}

static const xji_option *find_letter(char letter)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (table[i].letter == letter)
            return &table[i];
    return NULL;
}

/* Bytes of the UTF-8 character that begins at s. */
static size_t character_len(const char *s)
{
    size_t n = 1;
    while (((unsigned char)s[n] & 0xC0) == 0x80 && n < 4)
        n++;
    return n;
}

/* "-lc", "-n5" or "-n" "5"; *i is left on the last argument used. */
static xj_status read_letters(xji_options *o, int argc, char *const *argv, int *i, xj_error *err)
{
    for (const char *s = argv[*i] + 1; *s; s++) {
        char name[8] = "-";
        size_t n = character_len(s);
        memcpy(name + 1, s, n);
        name[n + 1] = '\0';
        const xji_option *opt = find_letter(*s);
        if (!opt)
            return usage(err, o->lang, XJI_MSG_UNKNOWN_LETTER, name, argv[*i], NULL);
        const char *value = NULL;
        if (opt->value) {
            value = s[1] ? s + 1 : *i + 1 < argc ? argv[++*i] : NULL;
            if (!value)
                return usage(err, o->lang, XJI_MSG_NEEDS_VALUE, name, NULL, NULL);
        }
        xj_status st = apply(o, opt, value, err);
        if (st != XJ_OK || opt->value || o->action != XJI_ACTION_SEARCH)
            return st;
    }
    return XJ_OK;
}

/* Append an argument of the query. The buffer was made large enough for all arguments. */
static void add_query(xji_options *o, const char *arg, bool first)
{
    size_t n = strlen(arg);
    if (!first)
        o->query[o->n_query++] = ' ';
    memcpy(o->query + o->n_query, arg, n);
    o->n_query += n;
    o->query[o->n_query] = '\0';
}

static xj_status check(const xji_options *o, size_t n_words, xj_error *err)
{
    static const struct {
        unsigned a, b;
        const char *a_name, *b_name;
    } pairs[] = {
        {XJ_QUERY_LITERAL, XJ_QUERY_ANY, "--literal", "--any"},
        {XJ_QUERY_ALL, XJ_QUERY_ANY, "--all", "--any"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if ((o->flags & pairs[i].a) && (o->flags & pairs[i].b))
            return usage(err, o->lang, XJI_MSG_EXCLUDE, pairs[i].a_name, pairs[i].b_name, NULL);
    if (o->null && o->form == XJI_FORM_JSON)
        return usage(err, o->lang, XJI_MSG_EXCLUDE, "--null", "--json", NULL);
    if (o->explain && (o->reports || o->count))
        return usage(err, o->lang, XJI_MSG_EXCLUDE, "--explain", o->reports ? "--reports" : "--count", NULL);
    if (!o->index)
        return usage(err, o->lang, XJI_MSG_NO_INDEX, NULL, NULL, NULL);
    if (n_words == 0)
        return usage(err, o->lang, o->batch ? XJI_MSG_BATCH_QUERY : XJI_MSG_NO_QUERY, NULL, NULL, NULL);
    if (o->batch != (strcmp(o->query, "-") == 0))
        return usage(err, o->lang, o->batch ? XJI_MSG_BATCH_QUERY : XJI_MSG_WANTS_BATCH, NULL, NULL, NULL);
    return XJ_OK;
}

xj_status xji_options_parse(xji_options *o, int argc, char *const *argv, xji_lang lang, xj_error *err)
{
    *o = (xji_options){.lang = lang, .limit = 10, .cache_mb = 1024};
    size_t room = 1;
    for (int i = 1; i < argc; i++)
        room += strlen(argv[i]) + 1;
    o->query = malloc(room);
    if (!o->query)
        return xj_fail(err, XJ_ENOMEM, "no memory for the query");
    o->query[0] = '\0';

    bool only_arguments = false;
    size_t n_words = 0;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        xj_status st = XJ_OK;
        if (only_arguments || arg[0] != '-' || arg[1] == '\0') {
            if (!o->index)
                o->index = arg;
            else
                add_query(o, arg, n_words++ == 0);
        } else if (arg[1] != '-') {
            st = read_letters(o, argc, argv, &i, err);
        } else if (arg[2] == '\0') {
            only_arguments = true;
        } else {
            st = read_long(o, argc, argv, &i, err);
        }
        if (st != XJ_OK || o->action != XJI_ACTION_SEARCH)
            return st;
    }
    return check(o, n_words, err);
}

void xji_options_release(xji_options *o)
{
    free(o->query);
    o->query = NULL;
    o->n_query = 0;
}
