#include "messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"

static const char *const texts[XJI_MSG_COUNT][2] = {
#define XJI_MESSAGE_ROW(id, en, zh) [id] = {en, zh},
    XJI_MESSAGE_LIST(XJI_MESSAGE_ROW)
#undef XJI_MESSAGE_ROW
};

xji_lang xji_lang_of_environment(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strncmp(value, "zh", 2) == 0 ? XJI_LANG_ZH : XJI_LANG_EN;
    }
    return XJI_LANG_EN;
}

void xji_message(xji_out *o, xji_lang lang, xji_msg id, const char *a, const char *b, const char *c)
{
    const char *const arg[] = {a, b, c};
    const char *s = texts[id][lang];
    for (const char *mark; (mark = strchr(s, '%')) != NULL; s = mark + 2) {
        xji_out_put(o, s, (size_t)(mark - s));
        const char *value = arg[mark[1] - '1'];
        if (value)
            xji_escape_plain(o, value, strlen(value));
    }
    xji_out_str(o, s);
}

const char *xji_status_words(xji_lang lang, xj_status st)
{
    static const char *const zh[XJ_STATUS_COUNT] = {
        [XJ_OK] = "完成",
        [XJ_ENOMEM] = "内存不足",
        [XJ_EIO] = "读写失败",
        [XJ_EINPUT] = "输入文件无法使用",
        [XJ_EFORMAT] = "不是寻句索引",
        [XJ_EVERSION] = "索引版本不同",
        [XJ_ECORRUPT] = "索引已损坏",
        [XJ_EQUERY] = "查询有误",
        [XJ_EUSAGE] = "用法有误",
        [XJ_ELIMIT] = "已到限制或时限",
        [XJ_EBUSY] = "索引正在被写入",
    };
    if (lang == XJI_LANG_ZH && (unsigned)st < XJ_STATUS_COUNT && zh[st])
        return zh[st];
    return xj_status_text(st);
}

/* One write per line, so that lines of several processes do not mix. */
static void to_stderr(xji_out *o)
{
    xji_out_char(o, '\n');
    xji_out_flush(o); /* nowhere to complain when this fails */
}

void xji_note(xji_lang lang, xji_msg id, const char *a, const char *b, const char *c)
{
    char buf[2048];
    xji_out o;
    xji_out_init(&o, 2, buf, sizeof buf);
    xji_message(&o, lang, id, a, b, c);
    to_stderr(&o);
}

void xji_complain(xji_lang lang, xji_msg id, const char *a, const char *b, const char *c)
{
    char buf[2048];
    xji_out o;
    xji_out_init(&o, 2, buf, sizeof buf);
    xji_out_str(&o, "xunju-query: ");
    xji_message(&o, lang, id, a, b, c);
    to_stderr(&o);
}

void xji_error_line(char *line, size_t cap, const xj_error *err)
{
    const char *message = err->message[0] ? err->message : xj_status_text(err->code);
    if (err->path[0] && !strstr(message, err->path))
        snprintf(line, cap, "%s: %s", err->path, message);
    else
        snprintf(line, cap, "%s", message);
    size_t n = strlen(line);
    if (err->offset != XJ_NO_OFFSET && !strstr(message, "byte "))
        snprintf(line + n, cap - n, " at byte %llu", (unsigned long long)err->offset);
}

/*
 * What the library says of a wrong query, in Chinese: of all its errors the one that people bring about. A text that is
 * not here is shown in English.
 */
static const char *query_error_in_chinese(const char *message)
{
    static const char *const table[][2] = {
        {"AND wants something searchable on both sides", "AND 两边都要有可检索的词语"},
        {"NOT has nothing behind it", "NOT 后面缺少词语"},
        {"OR has nothing behind it", "OR 后面缺少词语"},
        {"OR has nothing searchable before it", "OR 前面缺少可检索的词语"},
        {"a closing parenthesis has no opening one", "有右括号而没有左括号"},
        {"a parenthesis is not closed", "括号没有配对，缺少右括号 )"},
        {"a quotation mark is not closed", "双引号没有配对"},
        {"a field has nothing behind its colon", "字段的冒号后面缺少内容（冒号后不要空格）"},
        {"a field has nothing searchable behind its colon", "字段的冒号后面没有可检索的内容"},
        {"a year or date is written 2024, 2024-05 or 2021..2025", "年度或日期应写作 2024、2024-05 或 2021..2025"},
        {"date: wants 2024, 2024-05, 2024-05-31 or a range of them", "date: 后应为 2024、2024-05、2024-05-31 或其范围"},
        {"year: wants a year or a range, as in year:2021..2025", "year: 后应为年度或范围，如 year:2021..2025"},
        {"the query holds nothing that can be searched for", "查询中没有可检索的内容"},
        {"the query is empty", "查询为空"},
        {"the query only excludes; it wants something to look for as well", "查询只有排除条件，还须写明要找什么"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(message, table[i][0]) == 0)
            return table[i][1];
    return message;
}

void xji_complain_error(xji_lang lang, const xj_error *err)
{
    char line[1200], buf[2048];
    const char *text = line;
    xji_out o;
    xji_error_line(line, sizeof line, err);
    xji_out_init(&o, 2, buf, sizeof buf);
    xji_out_str(&o, "xunju-query: ");
    /* Usage errors are ours and translated; the library speaks English: say in the user's language what kind it is. */
    if (lang == XJI_LANG_ZH && err->code != XJ_EUSAGE) {
        xji_out_str(&o, xji_status_words(lang, err->code));
        xji_out_str(&o, "：");
        if (err->code == XJ_EQUERY)
            text = query_error_in_chinese(line);
    }
    xji_escape_plain(&o, text, strlen(text));
    to_stderr(&o);
}
