/*
 * The words of the tool in two languages, and the reasons of the modules beside it, which speak English, in Chinese. A reason
 * is known by a pattern with wildcards for its names and numbers; one that is not in the table stays as it is.
 */
#include "messages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "xj/fold.h"
#include "xj/utf8.h"

enum { ARGS_MAX = 9, REASON_MAX = 1024 };

static const char *const texts[XJI_SAY_COUNT_][2] = {
#define XJI_SAY_ROW(id, en, zh) [id] = {en, zh},
    XJI_SAY_LIST(XJI_SAY_ROW)
#undef XJI_SAY_ROW
};

/* ---- escaping ---- */

static bool is_bidi_control(uint32_t c)
{
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void xji_print_character(FILE *out, uint32_t c)
{
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
        fprintf(out, "\\x%02X", (unsigned)c);
    } else if (is_bidi_control(c) || xj_class_of(xj_fold(c)) == XJ_CLASS_INVISIBLE) {
        fprintf(out, "\\u{%04X}", (unsigned)c);
    } else {
        uint8_t bytes[4];
        fwrite(bytes, 1, xj_utf8_encode(bytes, c), out);
    }
}

void xji_print_escaped(FILE *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t c;
        bool bad;
        size_t k = xj_utf8_decode((const uint8_t *)s + i, n - i, &c, &bad);
        if (bad)
            for (size_t j = 0; j < k; j++)
                fprintf(out, "\\x%02X", (uint8_t)s[i + j]);
        else
            xji_print_character(out, c);
        i += k;
    }
}

void xji_print_string(FILE *out, const char *s)
{
    xji_print_escaped(out, s, strlen(s));
}

/* ---- messages ---- */

xji_say_lang xji_say_lang_of_environment(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strncmp(value, "zh", 2) == 0 ? XJI_SAY_ZH : XJI_SAY_EN;
    }
    return XJI_SAY_EN;
}

/* A % before anything but a digit stands for itself. */
static void fill(FILE *out, const char *s, const char *const *args)
{
    size_t n = 0;
    while (args && args[n])
        n++;
    for (const char *mark; (mark = strchr(s, '%')) != NULL;) {
        bool place = mark[1] >= '1' && mark[1] <= '0' + ARGS_MAX;
        fwrite(s, 1, (size_t)(mark - s) + !place, out);
        if (place && (size_t)(mark[1] - '1') < n)
            xji_print_string(out, args[mark[1] - '1']);
        s = mark + 1 + place;
    }
    fputs(s, out);
}

void xji_say(FILE *out, xji_say_lang lang, xji_say_id id, const char *const *args)
{
    fill(out, texts[id][lang], args);
}

const char *xji_say_number(char *buf, uint64_t value)
{
    snprintf(buf, 24, "%" PRIu64, value);
    return buf;
}

void xji_complain(xji_say_lang lang, xji_say_id id, const char *const *args)
{
    fputs("xunju-index: ", stderr);
    xji_say(stderr, lang, id, args);
    fputc('\n', stderr);
}

/* ---- reasons ---- */

/* "*" stands for anything. The first row that fits counts. */
static const struct {
    const char *en;
    const char *zh;
} reasons[] = {
    /* Inputs */
    {"not a regular file", "不是普通文件"},
    {"no such file or folder", "没有这个文件或文件夹"},
    {"cannot be examined", "无法查看"},
    {"the folder may not be read", "没有读取此文件夹的权限"},
    {"the folder cannot be listed in full", "无法列出此文件夹的全部内容"},
    {"folders are nested too deep", "文件夹嵌套过深"},
    {"symbolic links in a folder are not followed", "不读取文件夹中的符号链接"},
    {"reading failed; the lines after this point are missing", "读取失败，此后各行缺失"},
    {"reading failed: it is a folder", "读取失败：这是文件夹"},
    {"reading failed: input/output error", "读取失败：输入输出错误"},
    {"cannot be opened", "无法打开"},
    {"cannot be opened: no such file", "无法打开：没有这个文件"},
    {"cannot be opened: permission denied", "无法打开：没有权限"},
    {"cannot be opened: too many open files", "无法打开：打开的文件过多"},
    {"cannot be opened: symbolic links in a folder are not followed", "不读取文件夹中的符号链接"},
    {"cannot be opened: input/output error", "无法打开：输入输出错误"},
    {"longer than * MiB, the most a single report may have", "超过 %1 MiB，即单份报告的上限"},
    {"line * is longer than * MiB", "第 %1 行超过 %2 MiB"},
    {"looks binary: NUL byte at offset *", "像是二进制文件：字节 %1 处为 NUL"},
    {"no known encoding fits: * comes nearest, without plausible text", "没有合适的编码：最接近 %1，但读不出像样的文字"},
    {"larger than 4 GiB", "超过 4 GiB"},
    {"not valid JSON: * (column *)", "不是有效的 JSON（第 %2 列）：%1"},
    {"a JSON value that is not an object", "JSON 值不是对象"},
    {"the object has no string \"text\"", "对象中没有字符串“text”"},
    {"an id longer than * bytes", "编号（id）超过 %1 字节"},
    {"not a .txt, .md or .jsonl file", "不是 .txt、.md 或 .jsonl 文件"},
    {"a report with the id '*' was there before*",
     "已有编号为“%1”的报告（编号是所给路径之下的相对路径：可改为指定两者共同的上级文件夹）"},
    {"no input could be indexed; nothing was committed", "没有一项输入可以收入；索引没有改动"},
    {"no .txt, .md or .jsonl file was found; nothing was committed", "没有找到 .txt、.md 或 .jsonl 文件；索引没有改动"},
    /* The index */
    {"'*' holds an index already; --force replaces it", "“%1”中已有索引；加 --force 可替换"},
    {"'*' holds other files; an index wants a directory of its own", "“%1”中有其他文件；索引须单独放在一个目录中"},
    {"'*' is a file, an index is a directory", "“%1”是文件，而索引是目录"},
    {"another writer is at work on '*'; try again when it is done", "另有程序正在写入“%1”，请待其完成后再试"},
    {"cannot make the directory '*': the folder above it does not exist", "无法建立目录“%1”：上级文件夹不存在"},
    {"cannot make the directory '*'", "无法建立目录“%1”"},
    {"cannot open the directory '*'", "无法打开目录“%1”"},
    {"there is no index '*'", "没有索引“%1”"},
    {"'*' is not an index directory", "“%1”不是索引目录"},
    {"cannot open the index directory '*'", "无法打开索引目录“%1”"},
    {"'*' holds no xunju index (it has no manifest)", "“%1”中没有寻句索引（缺少 manifest）"},
    {"'*' has a manifest that is not one of a xunju index", "“%1”中的 manifest 不是寻句索引的"},
    {"the manifest of '*' is damaged: bad checksum", "“%1”的 manifest 已损坏：校验和不符"},
    {"the manifest of '*' is damaged: *", "“%1”的 manifest 已损坏：%2"},
    {"'*' has * bytes where the manifest says *", "“%1”有 %2 字节，而 manifest 记为 %3 字节"},
    {"'*' is damaged at byte *: bad checksum*", "“%1”在字节 %2 处损坏：校验和不符"},
    {"'*' is damaged at byte *: *", "“%1”在字节 %2 处损坏：%3"},
    {"'*' is cut short at byte *", "“%1”在字节 %2 处中断"},
    {"'*' has format version *, this program reads version *: build the index again or use the program that made it",
     "“%1”的格式版本为 %2，本程序读取版本 %3：请重新建索引，或使用建立它的程序"},
    {"'*' was analysed by other text rules than this program has: build the index again or use the program that made it",
     "“%1”建立时的文本规则与本程序不同：请重新建索引，或使用建立它的程序"},
    {"'*' is committed but the disk did not confirm it; the command can be run again",
     "“%1”已建好，但磁盘没有确认写入；可以再执行一次"},
    {"cannot read '*': *", "无法读取“%1”：%2"},
    {"cannot write '*': *", "无法写入“%1”：%2"},
    {"the index would have more than * segments: merge some of them first", "分段文件会超过 %1 个：请先合并其中一些"},
    {"the index would have too many segments: merge some of them first", "分段文件太多：请先合并其中一些"},
    {"'*' holds a report with the id '*', and so does an index before it; nothing was committed",
     "“%1”中有编号为“%2”的报告，前面的索引中也有；没有建立索引"},
    {"cannot write a temporary file beside the index: *", "无法在索引旁写入临时文件：%1"},
    {"cannot read back a temporary file beside the index", "无法读回索引旁的临时文件"},
    {"more than eight million passages in one report", "一份报告超过八百万段"},
    {"more than eight million words in one passage", "一段超过八百万个词"},
    {"no memory to invert a batch: use a smaller --memory", "内存不足：请减小 --memory"},
    {"no memory *", "内存不足"},
};

/* The place of the first n bytes of word in s, NULL when they are not there. */
static char *find(char *s, const char *word, size_t n)
{
    for (; *s; s++)
        if (strncmp(s, word, n) == 0)
            return s;
    return NULL;
}

/*
 * Whether a pattern fits the whole of s; then arg has what stands for each "*", cut out of s. The last "*" reaches as far as
 * it can, one before it no farther than the next part of the pattern.
 */
static bool fits(const char *pattern, char *s, const char **arg)
{
    size_t n = strcspn(pattern, "*"), n_args = 0;
    char *end[ARGS_MAX];
    if (strncmp(s, pattern, n) != 0)
        return false;
    s += n;
    for (pattern += n; *pattern && n_args < ARGS_MAX; pattern += n) {
        pattern++;
        n = strcspn(pattern, "*");
        size_t left = strlen(s);
        char *at = pattern[n] ? find(s, pattern, n) : left >= n && strcmp(s + left - n, pattern) == 0 ? s + left - n : NULL;
        if (!at)
            return false;
        arg[n_args] = s;
        end[n_args++] = at;
        s = at + n;
    }
    if (*s)
        return false;
    for (size_t i = 0; i < n_args; i++)
        *end[i] = '\0';
    arg[n_args] = NULL;
    return true;
}

static bool say_in_chinese(FILE *out, const char *reason)
{
    char copy[REASON_MAX];
    const char *arg[ARGS_MAX + 1];
    size_t n = strlen(reason);
    if (n >= sizeof copy)
        return false;
    memcpy(copy, reason, n + 1);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (fits(reasons[i].en, copy, arg)) {
            fill(out, reasons[i].zh, arg);
            return true;
        }
    }
    return false;
}

void xji_say_reason(FILE *out, xji_say_lang lang, const char *reason)
{
    if (lang != XJI_SAY_ZH || !say_in_chinese(out, reason))
        xji_print_string(out, reason);
}

static const char *status_in_chinese(xj_status st)
{
    static const char *const zh[XJ_STATUS_COUNT] = {
        [XJ_OK] = "完成",
        [XJ_ENOMEM] = "内存不足",
        [XJ_EIO] = "读写失败",
        [XJ_EINPUT] = "输入无法使用",
        [XJ_EFORMAT] = "不是寻句索引",
        [XJ_EVERSION] = "索引版本不同",
        [XJ_ECORRUPT] = "索引已损坏",
        [XJ_EQUERY] = "查询有误",
        [XJ_EUSAGE] = "用法有误",
        [XJ_ELIMIT] = "已到限制",
        [XJ_EBUSY] = "索引正在被写入",
    };
    return (unsigned)st < XJ_STATUS_COUNT && zh[st] ? zh[st] : xj_status_text(st);
}

void xji_say_error(FILE *out, xji_say_lang lang, xj_status st, const xj_error *err)
{
    if (lang != XJI_SAY_ZH) {
        xji_print_string(out, err->message[0] ? err->message : xj_status_text(st));
    } else if (!say_in_chinese(out, err->message)) {
        fputs(status_in_chinese(st), out);
        if (err->message[0]) {
            fputs("：", out);
            xji_print_string(out, err->message);
        }
    }
}

/* ---- kinds ---- */

static const struct {
    const char *name;
    const char *text;
} changes[] = {
    [XJI_CHANGE_ILL_FORMED] = {"非法字节", "不成字的字节，代以 U+FFFD"},
    [XJI_CHANGE_LINE_END] = {"换行", "CR LF、CR 等换行统一为 LF"},
    [XJI_CHANGE_CONTROL] = {"控制字符", "控制字符，已删除"},
    [XJI_CHANGE_INVISIBLE] = {"不可见字符", "零宽等不可见字符，已删除"},
    [XJI_CHANGE_PINYIN] = {"拼音", "混入字后的拼音，已删除"},
    [XJI_CHANGE_SLIP] = {"错位", "错开一个字节的文字，已还原"},
    [XJI_CHANGE_CONJECTURE] = {"推测", "字节残缺的字，已推测还原"},
    [XJI_CHANGE_DAMAGE] = {"损坏", "损坏的文字，保持原样"},
    [XJI_CHANGE_REFLOW] = {"断行", "段落中间的换行，已接合"},
    [XJI_CHANGE_LONG_RUN] = {"超长", "超过 1200 字而无处可断，已切开"},
};

static const char *const asides[] = {
    [XJI_ASIDE_SPACE] = "空白",
    [XJI_ASIDE_FURNITURE] = "网页部件",
    [XJI_ASIDE_METADATA] = "信息栏目",
    [XJI_ASIDE_TABLE] = "空白表格",
    [XJI_ASIDE_REPEAT] = "重复标题",
};

_Static_assert(sizeof changes / sizeof *changes == XJI_CHANGE_COUNT, "a kind of change has no Chinese words");
_Static_assert(sizeof asides / sizeof *asides == XJI_ASIDE_COUNT, "a kind of text set aside has no Chinese words");

const char *xji_say_change_name(xji_say_lang lang, xji_change_kind kind)
{
    return lang == XJI_SAY_ZH ? changes[kind].name : xji_change_key(kind);
}

const char *xji_say_change_text(xji_say_lang lang, xji_change_kind kind)
{
    return lang == XJI_SAY_ZH ? changes[kind].text : xji_change_text(kind);
}

const char *xji_say_aside_name(xji_say_lang lang, xji_aside_kind kind)
{
    return lang == XJI_SAY_ZH ? asides[kind] : xji_aside_key(kind);
}

void xji_say_found_in(FILE *out, xji_say_lang lang, const char *from)
{
    static const char *const places[][2] = {
        {"given", "输入中给定"},        {"title", "标题"},          {"markdown heading", "Markdown 标题"},
        {"first line", "首行"},         {"first lines", "开头几行"}, {"first words", "开头的字"},
        {"opening sentence", "开头一句"}, {"announcement", "“现将”一句"}, {"session line", "会议届次行"},
        {"number line", "文号行"},      {"enactment line", "通过、公布的日期行"}, {"signature", "落款"},
    };
    static const char field[] = "portal field ";
    for (size_t i = 0; lang == XJI_SAY_ZH && i < sizeof places / sizeof *places; i++) {
        if (strcmp(from, places[i][0]) == 0) {
            fputs(places[i][1], out);
            return;
        }
    }
    if (lang == XJI_SAY_ZH && strncmp(from, field, sizeof field - 1) == 0)
        fill(out, "网页字段“%1”", XJI_ARGS(from + sizeof field - 1));
    else
        xji_print_string(out, from);
}
