/*
 * What the tool says to people, in English and Chinese. JSON and machine-readable names are never translated. Placeholders
 * %1 to %9 are strings, so that their order may differ between the languages; a language may leave some out.
 */
#ifndef XJI_INDEX_MESSAGES_H
#define XJI_INDEX_MESSAGES_H

#include <stdbool.h>
#include <stdio.h>

#include "structure.h"

typedef enum xji_say_lang {
    XJI_SAY_EN,
    XJI_SAY_ZH
} xji_say_lang;

#define XJI_SAY_LIST(X)                                                                                                       \
    /* Complaints */                                                                                                          \
    X(XJI_SAY_SEE_HELP, "xunju-index %1 --help shows how it is used", "用法见 xunju-index %1 --help")                         \
    X(XJI_SAY_NO_COMMAND, "there is no command '%1'; build, merge, info, check and doctor are what it can do",                       \
      "没有命令“%1”；可用的命令是 build、merge、info、check、doctor")                                                                \
    X(XJI_SAY_BAD_OPTION, "an option that is not known, or without its value", "有不认识的选项，或选项后面缺少值")            \
    X(XJI_SAY_BAD_MEMORY, "--memory wants a size of at least 64M, as in 512M or 2G",                                          \
      "--memory 须为至少 64M 的大小，例如 512M 或 2G")                                                                        \
    X(XJI_SAY_BAD_THREADS, "--threads wants a number from 1 to 256", "--threads 须为 1 到 256 之间的整数")                    \
    X(XJI_SAY_BAD_SEGMENT, "--segment wants auto or none", "--segment 须为 auto 或 none")                                     \
    X(XJI_SAY_BAD_SHARD, "--shard wants I/N with 0 <= I < N, as in 0/4", "--shard 须为 I/N，0 <= I < N，例如 0/4")            \
    X(XJI_SAY_BAD_TEXT_LEVEL, "--text-level wants fast, default or small", "--text-level 须为 fast、default 或 small")      \
    X(XJI_SAY_BAD_COLOUR, "--color wants auto, always or never", "--color 须为 auto、always 或 never")                        \
    X(XJI_SAY_NO_OUTPUT, "-o INDEX is missing: the directory of the index to make", "缺少 -o 索引目录：要建立的索引放在哪里") \
    X(XJI_SAY_NO_PATH, "no PATH was given: name files or folders, or '-' for JSON Lines on standard input",                   \
      "没有给出路径：请指定文件或文件夹，或用“-”从标准输入读取 JSON Lines")                                                   \
    X(XJI_SAY_NO_MERGE_OUTPUT, "merge wants -o INDEX, the directory to make", "merge 须用 -o 指定要建立的索引目录")                       \
    X(XJI_SAY_NO_INDEXES, "merge wants the indexes to join", "merge 须指定要合并的索引")                                               \
    X(XJI_SAY_ONE_INDEX, "one INDEX is wanted", "须给出一个索引目录")                                                         \
    X(XJI_SAY_NO_FILE, "no FILE was given", "没有给出文件")                                                                   \
    X(XJI_SAY_STDOUT_FAILED, "writing to standard output failed", "标准输出（standard output）写入失败")                      \
    X(XJI_SAY_REPORT_FAILED, "the index is committed, but the report '%1' could not be written",                              \
      "索引已建好，但汇总文件“%1”无法写出")                                                                                   \
    /* build */                                                                                                               \
    X(XJI_SAY_LEFT_OUT, "left out: ", "未收入：")                                                                             \
    X(XJI_SAY_ORIGIN, "%1: ", "%1：")                                                                                         \
    X(XJI_SAY_PROGRESS, "[%1] %2 %  %3 reports, %4 a second", "[%1] %2 %  %3 份报告，每秒 %4 份")                             \
    X(XJI_SAY_TO_GO, ", %1 s to go", "，还需 %1 秒")                                                                          \
    X(XJI_SAY_INDEXED, "indexed %1 report%2: %3 passages, %4 characters in %5 s; %6 has %7 KiB\n",                            \
      "已收入 %1 份报告：%3 段，%4 字，用时 %5 秒；%6 共 %7 KiB\n")                                                           \
    X(XJI_SAY_MERGED, "merged %1 report%2: %3 passages, %4 characters in %5 s; %6 has %7 KiB\n",                              \
      "已合并 %1 份报告：%3 段，%4 字，用时 %5 秒；%6 共 %7 KiB\n")                                                                           \
    X(XJI_SAY_REPAIRED, "repaired: ", "已修复：")                                                                             \
    X(XJI_SAY_LEFT_DAMAGED, "damage left as it is: ", "未能修复、保持原样：")                                                 \
    X(XJI_SAY_KIND, "%1 %2", "%1 %2")                                                                                         \
    X(XJI_SAY_COMMA, ", ", "，")                                                                                              \
    X(XJI_SAY_SEMICOLON, "; ", "；")                                                                                          \
    X(XJI_SAY_DOCTOR_SHOWS, " (xunju-index doctor FILE shows them)\n", "（用 xunju-index doctor 文件 查看）\n")               \
    X(XJI_SAY_N_LEFT_OUT, "left out %1 input%2, named above\n", "%1 项输入未收入，见上\n")                                    \
    X(XJI_SAY_OTHER_KIND, "passed over %1 file%2 that %3 no .txt, .md or .jsonl\n",                                           \
      "跳过 %1 个不是 .txt、.md 或 .jsonl 的文件\n")                                                                          \
    /* info */                                                                                                                \
    X(XJI_SAY_INFO_REPORTS, "reports      %1\n", "报告  %1 份\n")                                                             \
    X(XJI_SAY_INFO_PASSAGES, "passages     %1\n", "段落  %1 段\n")                                                            \
    X(XJI_SAY_INFO_CHARACTERS, "characters   %1 (%2 bytes as UTF-8)\n", "字数  %1（UTF-8 编码为 %2 字节）\n")                 \
    X(XJI_SAY_INFO_TERMS, "terms        %1 pairs and characters, %2 words\n", "词项  双字和单字 %1 个，词 %2 个\n")           \
    X(XJI_SAY_INFO_POSTINGS, "postings     %1, %2 occurrences\n", "倒排  %1 条，共 %2 处\n")                                  \
    X(XJI_SAY_INFO_INPUT, "input        %1 bytes\n", "输入  %1 字节\n")                                                       \
    X(XJI_SAY_INFO_INDEX, "index        %1 bytes", "索引  %1 字节")                                                           \
    X(XJI_SAY_INFO_SHARE, " (%1 % of the text)", "（为正文的 %1 %）")                                                         \
    X(XJI_SAY_INFO_GENERATION, "\ngeneration   %1, %2 segment%3\n", "\n版次  第 %1 次建立，%2 个分段文件\n")                  \
    X(XJI_SAY_INFO_SECTION, "  %1 bytes\n", "  %1 字节\n")                                                                    \
    X(XJI_SAY_INFO_FORMAT, "format       %1, analyser %2, zstd %3\n", "格式  %1，文本规则 %2，zstd %3\n")                     \
    /* check */                                                                                                               \
    X(XJI_SAY_DAMAGE_FOUND, "%1 damage%2 found; build the index again from its reports",                                      \
      "发现 %1 处损坏；请用原报告重新建索引")                                                                                 \
    X(XJI_SAY_SOUND, "the index is sound\n", "索引完好\n")                                                                    \
    /* doctor */                                                                                                              \
    X(XJI_SAY_ENCODING, "  encoding %1, ", "  编码  %1，")                                                                    \
    X(XJI_SAY_CONFIDENCE, " (confidence %1 of 100)", "（把握 %1/100）")                                                       \
    X(XJI_SAY_SIZE, "; %1 bytes, %2 characters\n", "；%1 字节，%2 字\n")                                                      \
    X(XJI_SAY_BY_BOM, "by its byte-order mark", "据字节序标记（BOM）")                                                        \
    X(XJI_SAY_BY_VALIDITY, "valid as a whole", "全文有效")                                                                    \
    X(XJI_SAY_BY_SCORE, "the most plausible reading", "最像正文的读法")                                                       \
    X(XJI_SAY_BY_CALLER, "JSON is UTF-8", "JSON 即 UTF-8")                                                                    \
    X(XJI_SAY_EMPTY_FILE, "  note     the file is empty (0 bytes): it gives no passages\n",                                   \
      "  注意  文件是空的（0 字节）：没有段落可收\n")                                                                         \
    X(XJI_SAY_EMPTY_TEXT, "  note     the text is empty (0 bytes): it gives no passages\n",                                   \
      "  注意  正文是空的（0 字节）：没有段落可收\n")                                                                         \
    X(XJI_SAY_ONLY_SPACE, "  note     there is only white space or nothing visible: it gives no passages\n",                  \
      "  注意  只有空白或不可见字符：没有段落可收\n")                                                                         \
    X(XJI_SAY_NO_PASSAGES, "  note     everything was set aside: it gives no passages\n",                                     \
      "  注意  全部内容都被剔除：没有段落可收\n")                                                                             \
    X(XJI_SAY_DOUBT_SCORE, "  note     the encoding may be wrong: confidence is only %1 of 100; look at the passages below\n", \
      "  注意  编码可能判断有误：把握只有 %1/100；请核对下面的段落\n")                                                        \
    X(XJI_SAY_DOUBT_ILL_FORMED,                                                                                               \
      "  note     the encoding may be wrong, or the file is damaged: %1 of %2 characters are ill-formed\n",                   \
      "  注意  编码可能判断有误，或文件已损坏：%2 字中有 %1 处非法字节\n")                                                    \
    X(XJI_SAY_ID, "  id       ", "  编号  ")                                                                                  \
    X(XJI_SAY_TITLE, "  title    ", "  标题  ")                                                                               \
    X(XJI_SAY_AGENCY, "  agency   ", "  机关  ")                                                                              \
    X(XJI_SAY_DATE, "  date     ", "  日期  ")                                                                                \
    X(XJI_SAY_YEAR, "  year     ", "  年度  ")                                                                                \
    X(XJI_SAY_NUMBER, "  number   ", "  文号  ")                                                                              \
    X(XJI_SAY_UNKNOWN, "unknown", "未知")                                                                                     \
    X(XJI_SAY_FOUND_OPEN, "   (", "   （")                                                                                    \
    X(XJI_SAY_FOUND_CLOSE, ")", "）")                                                                                         \
    X(XJI_SAY_CHANGES, "Changes\n", "改动\n")                                                                                 \
    X(XJI_SAY_NO_CHANGES, "  none: the text is used as it stands\n", "  无：正文照原样使用\n")                                \
    X(XJI_SAY_NOTHING_CHANGED, "  none: there is no text\n", "  无\n")                                                        \
    X(XJI_SAY_CHANGE, "  %1 ×%2: %3\n", "  %1 %2 处：%3\n")                                                                   \
    X(XJI_SAY_MORE, "    … (--all shows every one)\n", "    …（--all 列出全部）\n")                                           \
    X(XJI_SAY_BYTES, "    bytes %1-%2  ", "    字节 %1-%2  ")                                                                 \
    X(XJI_SAY_REMOVED, "(nothing)", "（无）")                                                                                 \
    X(XJI_SAY_ASIDES, "Set aside\n", "剔除（不入段落）\n")                                                                    \
    X(XJI_SAY_NOTHING, "  nothing\n", "  无\n")                                                                               \
    X(XJI_SAY_PASSAGES, "Passages: %1\n", "段落：%1\n")                                                                       \
    X(XJI_SAY_PASSAGE, "[%1] %2 characters, bytes %3-%4", "[%1] %2 字，字节 %3-%4")

typedef enum xji_say_id {
#define XJI_SAY_ENUM(id, en, zh) id,
    XJI_SAY_LIST(XJI_SAY_ENUM)
#undef XJI_SAY_ENUM
        XJI_SAY_COUNT_
} xji_say_id;

/* Chinese when the first of LC_ALL, LC_MESSAGES and LANG that is set and not empty begins with zh. */
xji_say_lang xji_say_lang_of_environment(void);

/* Print a message; args end with NULL (XJI_ARGS), NULL = none. Arguments are escaped for people. */
void xji_say(FILE *out, xji_say_lang lang, xji_say_id id, const char *const *args);
#define XJI_ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A number as an argument: lives until the end of the block it stands in. */
#define XJI_NUMBER(value) xji_say_number((char[24]){0}, value)
const char *xji_say_number(char *buf, uint64_t value);

/* A line to standard error with the program's name before it. */
void xji_complain(xji_say_lang lang, xji_say_id id, const char *const *args);

/* The reason for a failure or for leaving something out, which the modules give in English: translated when it is known. */
void xji_say_reason(FILE *out, xji_say_lang lang, const char *reason);

/* The same for a failed call; what is not known stays English behind the kind of failure. */
void xji_say_error(FILE *out, xji_say_lang lang, xj_status st, const xj_error *err);

/* Kinds of change and of text set aside: a short name, in English the key, and what it means; never NULL. */
const char *xji_say_change_name(xji_say_lang lang, xji_change_kind kind);
const char *xji_say_change_text(xji_say_lang lang, xji_change_kind kind);
const char *xji_say_aside_name(xji_say_lang lang, xji_aside_kind kind);

/* Where a field was found (xji_meta.title_from and the like). */
void xji_say_found_in(FILE *out, xji_say_lang lang, const char *from);

/* Print text for people: control and bidirectional characters, also in invalid UTF-8, are shown as \xNN or \u{NNNN}. */
void xji_print_escaped(FILE *out, const char *s, size_t n);
void xji_print_string(FILE *out, const char *s);
void xji_print_character(FILE *out, uint32_t c);

#endif
