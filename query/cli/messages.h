/**
 * What the tool says to people, in English and Chinese. Machine-readable output (JSON, TSV, counts) is never
 * translated. Placeholders %1 %2 %3 are strings, so that their order may differ between the languages.
 */
#ifndef XJI_MESSAGES_H
#define XJI_MESSAGES_H

#include "output.h"
#include "xj/error.h"

typedef enum xji_lang {
    XJI_LANG_EN,
    XJI_LANG_ZH
} xji_lang;

#define XJI_MESSAGE_LIST(X)                                                                                          \
    X(XJI_MSG_UNKNOWN_OPTION, "unknown option '%1'", "没有选项“%1”")                                                 \
    X(XJI_MSG_UNKNOWN_OPTION_NEAR, "unknown option '%1', did you mean '%2'?", "没有选项“%1”，是否想用“%2”？")        \
    X(XJI_MSG_UNKNOWN_LETTER,                                                                                        \
      "unknown option '%1' in '%2'; put -- before a query that begins with -",                                       \
      "没有选项“%1”（见“%2”）；查询以 - 开头时，请在前面加 --")                                                      \
    X(XJI_MSG_AMBIGUOUS_OPTION, "option '%1' is ambiguous: %2 or %3", "选项“%1”不明确：%2 还是 %3")                  \
    X(XJI_MSG_NEEDS_VALUE, "option '%1' needs a value", "选项“%1”后面缺少值")                                        \
    X(XJI_MSG_TAKES_NO_VALUE, "option '%1' takes no value", "选项“%1”不带值")                                        \
    X(XJI_MSG_BAD_NUMBER, "option '%1': '%2' is not a whole number from 0 to %3",                                    \
      "选项“%1”：“%2”不是 0 到 %3 之间的整数")                                                                       \
    X(XJI_MSG_BAD_CHOICE, "option '%1': '%2' is none of %3", "选项“%1”：“%2”不是 %3 之一")                           \
    X(XJI_MSG_EXCLUDE, "options '%1' and '%2' exclude each other", "选项“%1”与“%2”不能同时使用")                     \
    X(XJI_MSG_NO_INDEX, "which index and which query? see 'xunju-query --help'",                                     \
      "缺少索引目录和查询；用法见 xunju-query --help")                                                               \
    X(XJI_MSG_NO_QUERY, "which query? see 'xunju-query --help'", "缺少查询；用法见 xunju-query --help")              \
    X(XJI_MSG_BATCH_QUERY, "with --batch the query must be '-': queries are read from standard input",               \
      "使用 --batch 时查询须写作“-”：查询从标准输入逐行读取")                                                        \
    X(XJI_MSG_WANTS_BATCH, "the query is '-': to read queries from standard input add --batch",                      \
      "查询是“-”：要从标准输入逐行读取查询，请加 --batch")                                                           \
    X(XJI_MSG_NO_INDEX_THERE, "there is no index '%1'", "找不到索引：没有“%1”这个目录")                              \
    X(XJI_MSG_INDEX_IS_FILE, "'%1' is not an index directory", "找不到索引：“%1”是文件，不是索引目录")               \
    X(XJI_MSG_NO_MANIFEST, "'%1' holds no xunju index (it has no manifest)",                                         \
      "找不到索引：目录“%1”里没有寻句索引（缺少 manifest 文件）")                                                    \
    X(XJI_MSG_SWAPPED, "is the order INDEX QUERY? '%1' is a directory",                                              \
      "参数顺序应为“索引目录 查询”：“%1”才是目录")                                                                   \
    X(XJI_MSG_NO_MEMORY, "out of memory", "内存不足")                                                                \
    X(XJI_MSG_WRITE_FAILED, "cannot write the results: %1", "结果无法写出：%1")                                      \
    X(XJI_MSG_READ_FAILED, "cannot read queries from standard input: %1", "无法从标准输入读取查询：%1")              \
    X(XJI_MSG_LINE_FAILED, "line %1: %2", "第 %1 行：%2")                                                            \
    X(XJI_MSG_TOTALS, "occurrences: %1, passages: %2, reports: %3", "共 %1 处，%2 段，%3 份报告")                    \
    X(XJI_MSG_TOTALS_PARTIAL, "occurrences: at least %1, passages: %2, reports: %3",                                 \
      "至少 %1 处，%2 段，%3 份报告")                                                                                \
    X(XJI_MSG_TOTALS_BAG, "passages: %2, reports: %3", "共 %2 段，%3 份报告")                                          \
    X(XJI_MSG_NO_EXACT, "no exact match", "没有完全匹配")                                                            \
    X(XJI_MSG_SHOWN_PASSAGES, "; shown: passages %1 to %2 (-n and --offset for the others)",                         \
      "；显示第 %1 至 %2 段（其余用 -n、--offset 查看）")                                                            \
    X(XJI_MSG_SHOWN_REPORTS, "; shown: reports %1 to %2 (-n and --offset for the others)",                           \
      "；显示第 %1 至 %2 份（其余用 -n、--offset 查看）")                                                            \
    X(XJI_MSG_SHOWN_NONE, "; nothing left to show at this --offset or --limit", "；按此 --offset 或 --limit 没有可显示的") \
    X(XJI_MSG_NOTHING, "nothing found", "没有找到")                                                                  \
    X(XJI_MSG_MORE, "with --relax %1 more, near or partial matches", "加 --relax 可再列出 %1 段近似或部分匹配")      \
    X(XJI_MSG_TRY_RELAX, "try --relax: near or partial matches: %1", "可试 --relax：有近似或部分匹配 %1 段")         \
    X(XJI_MSG_TRY_ANY, "try --any: some of these words do occur", "可试 --any：其中部分词语有结果")                  \
    X(XJI_MSG_COUNTED_EXACTLY,                                                                                       \
      "counted as exact phrases, each run as a whole; without -c (or with --any) ranked passages: %1",               \
      "-c 把连写的一串当作一个完整短语计数；不加 -c（或加 --any）可得相关段落 %1 段")                                \
    X(XJI_MSG_TRY_APART, "punctuation has to match too; try: %1", "标点也须相同；可改写为：%1")                      \
    X(XJI_MSG_NO_FIELD, "there is no field '%1'; fields are %2", "没有字段“%1”；可用的字段：%2")                     \
    X(XJI_MSG_SLIP,                                                                                                  \
      "'%1' is read as text: operators and field colons are half-width, AND OR NOT in capitals; if so meant: %2",    \
      "“%1”按普通文字检索：运算符和字段冒号须用半角，AND OR NOT 须大写；如是此意，请写：%2")                         \
    X(XJI_MSG_SLIP_LONG, "'%1' is read as text: operators and field colons are half-width, AND OR NOT in capitals",  \
      "“%1”按普通文字检索：运算符和字段冒号须用半角，AND OR NOT 须大写")                                             \
    X(XJI_MSG_TRY_FOLDING, "try without --exact-script: it occurs in another script, width or case",                 \
      "可去掉 --exact-script：有简繁、全半角或大小写不同的写法")                                                     \
    X(XJI_MSG_PARTIAL, "the time limit was reached: these results are not complete",                                 \
      "已到时限：以上结果不完整")                                                                                    \
    X(XJI_MSG_EXACT_ENDS, "exact matches end here; what follows is near or partial",                                 \
      "完全匹配到此为止，以下为近似或部分匹配")                                                                      \
    X(XJI_MSG_DATE, "published %1", "%1 发布")                                                                       \
    X(XJI_MSG_YEAR, "report year %1", "%1 年度")                                                                     \
    X(XJI_MSG_PASSAGE, "passage %1/%2", "第 %1/%2 段")                                                               \
    X(XJI_MSG_BYTES, "bytes %1-%2", "字节 %1-%2")                                                                    \
    X(XJI_MSG_SCORE, "score %1", "得分 %1")                                                                          \
    X(XJI_MSG_REPORT_COUNTS, "passages: %1, occurrences: %2", "%1 段 %2 处")                                         \
    X(XJI_MSG_ERROR, "error: %1", "错误：%1")                                                                        \
    X(XJI_MSG_COL_TERM, "term", "词项")                                                                              \
    X(XJI_MSG_COL_DF, "df", "含此词段数")                                                                            \
    X(XJI_MSG_COL_TF, "tf", "本段次数")                                                                              \
    X(XJI_MSG_COL_LENGTH, "length", "段长")                                                                          \
    X(XJI_MSG_COL_IDF, "idf", "idf")                                                                                 \
    X(XJI_MSG_COL_WEIGHT, "weight", "权重")                                                                          \
    X(XJI_MSG_COL_CONTRIBUTION, "contribution", "得分")                                                              \
    X(XJI_MSG_COL_SUM, "sum = score", "合计（即得分）")

typedef enum xji_msg {
#define XJI_MESSAGE_ENUM(id, en, zh) id,
    XJI_MESSAGE_LIST(XJI_MESSAGE_ENUM)
#undef XJI_MESSAGE_ENUM
        XJI_MSG_COUNT
} xji_msg;

/** Chinese when the first of LC_ALL, LC_MESSAGES and LANG that is set and not empty begins with zh. */
xji_lang xji_lang_of_environment(void);

/** Append a message; arguments are escaped for people. a, b and c may be NULL when the message has no place for them. */
void xji_message(xji_out *o, xji_lang lang, xji_msg id, const char *a, const char *b, const char *c);

/** Text of a status in the language. */
const char *xji_status_words(xji_lang lang, xj_status st);

/** One line to standard error: a note, or with the program's name before it a complaint. */
void xji_note(xji_lang lang, xji_msg id, const char *a, const char *b, const char *c);
void xji_complain(xji_lang lang, xji_msg id, const char *a, const char *b, const char *c);

/** A failure of the library, to standard error. */
void xji_complain_error(xji_lang lang, const xj_error *err);

/** An error in one line without the program's name, in English, as machine-readable output has it; not escaped. */
void xji_error_line(char *line, size_t cap, const xj_error *err);

#endif
