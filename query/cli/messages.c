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

void xji_complain_error(xji_lang lang, const xj_error *err)
{
    char line[1200], buf[2048];
    xji_out o;
    xji_error_line(line, sizeof line, err);
    xji_out_init(&o, 2, buf, sizeof buf);
    xji_out_str(&o, "xunju-query: ");
    /* Usage errors are ours and translated; the library speaks English: say in the user's language what kind it is. */
    if (lang == XJI_LANG_ZH && err->code != XJ_EUSAGE) {
        xji_out_str(&o, xji_status_words(lang, err->code));
        xji_out_str(&o, "：");
    }
    xji_escape_plain(&o, line, strlen(line));
    to_stderr(&o);
}
