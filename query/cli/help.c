/*
 * What --help prints: enough to use the tool without any other text. The list of options comes from the option table.
 */
#include "options.h"

#include <string.h>

enum { OPTION_COLUMNS = 22 };

static const char *const usage_text[] = {
    [XJI_LANG_EN] =
        "Usage: xunju-query [OPTION]... INDEX QUERY...\n"
        "       xunju-query --batch [OPTION]... INDEX - < QUERIES\n"
        "Search the reports of an index directory made by xunju-index. Passages that match\n"
        "come best first. Several QUERY arguments are joined by spaces; put -- before a\n"
        "query that begins with -.\n"
        "\n"
        "Options:\n",
    [XJI_LANG_ZH] =
        "用法：xunju-query [选项]... 索引目录 查询...\n"
        "      xunju-query --batch [选项]... 索引目录 - < 查询文件\n"
        "在 xunju-index 建立的索引目录中检索报告，按相关程度列出段落。多个查询参数以空格\n"
        "相连；查询以 - 开头时，请在前面加 --。\n"
        "\n"
        "选项：\n",
};

static const char *const query_text[] = {
    [XJI_LANG_EN] =
        "\n"
        "Queries:\n"
        "  枫桥经验                up to 8 characters or words without space: this exact\n"
        "                          phrase. Simplified and Traditional, full and half width,\n"
        "                          upper and lower case are the same; quotes, title marks and\n"
        "                          white space inside do not matter (新时代“枫桥经验”)\n"
        "  多元化解矛盾纠纷的机制  a longer run: passages that hold parts of it, ranked\n"
        "  枫桥经验 综治中心       several words: ranked, those with all of them first\n"
        "                          (--all: only those)\n"
        "  '\"化解矛盾,维护稳定\"'   exact phrase of any length, punctuation included; only the\n"
        "                          ASCII quote \" means this\n"
        "  A AND B, A OR B, NOT A  in capitals, with spaces around; AND binds closer than OR\n"
        "  A -B                    A without B\n"
        "  (A OR B) C              groups\n"
        "AND, NOT and A -B look within one passage, with -l too: it lists the reports that\n"
        "hold such a passage. Operators, parentheses and the colon of a field are half-width.\n"
        "Fields, each before a word or phrase:\n"
        "  title:法治政府  agency:司法局  section:问题  path:2024  contains the word\n"
        "  id:000.txt                                            the whole id\n"
        "  year:2024  year:2021..2025  year:2021..               the year a report is about\n"
        "  date:2025-01  date:2025-01-01..2025-06-30             the day it was published\n"
        "With -F and --any nothing is an operator: use them for text from elsewhere.\n",
    [XJI_LANG_ZH] =
        "\n"
        "查询语言：\n"
        "  枫桥经验                8 个字词以内、中间无空格：完整短语。不分简繁、全半角、大小写；\n"
        "                          引号、书名号、空白不影响匹配（新时代“枫桥经验”）\n"
        "  多元化解矛盾纠纷的机制  更长的一串：含其中部分内容的段落，按相关程度排列\n"
        "  枫桥经验 综治中心       多个词语：按相关程度排列，全部出现的在前（--all：只列全部出现的）\n"
        "  '\"化解矛盾,维护稳定\"'   任意长度的完整短语，标点也须相同；只认英文双引号 \"\n"
        "  A AND B、A OR B、NOT A  运算符须大写、两边空格；AND 先于 OR\n"
        "  A -B                    含 A 不含 B\n"
        "  (A OR B) C              括号分组\n"
        "AND、NOT、A -B 都以一个段落为范围；-l 也是如此，列出的是含有这样的段落的报告。\n"
        "运算符、括号、字段后的冒号都用半角。\n"
        "字段，写在词语或短语之前：\n"
        "  title:法治政府（标题含有）  agency:司法局（机关含有）  section:问题（章节标题含有）\n"
        "  path:2024（路径含有）  id:000.txt（报告编号，须完整）\n"
        "  year:2024  year:2021..2025  year:2021..（报告年度）\n"
        "  date:2025-01  date:2025-01-01..2025-06-30（发布日期）\n"
        "使用 -F 或 --any 时没有运算符：适合来自别处的文字。\n",
};

static const char *const output_text[] = {
    [XJI_LANG_EN] =
        "\n"
        "Output: results on standard output, notes and errors on standard error.\n"
        "  text        title; agency, date, year; section path; the passage; file, number of\n"
        "              the passage in its report (from 1), bytes of the source, score. On a\n"
        "              terminal matches are coloured, characters that repair restored are\n"
        "              underlined, and [?] follows a restoration that is a conjecture.\n"
        "              Control and bidirectional characters are shown as \\x1B or \\u202E.\n"
        "              A report from JSON Lines is named path#id, or by its id alone when that\n"
        "              begins with the path (reports.jsonl:3, where the line gave no id).\n"
        "  -l          title  (agency, date)  path[#id]  passages and occurrences\n"
        "  -c          occurrences, passages, reports, with tabs between (0 0 0 for none). A\n"
        "              run of any length, also one that is ranked without -c, counts as one\n"
        "              exact phrase; several words: passages that hold any of them as a whole;\n"
        "              with --any, passages that hold any part\n"
        "  --tsv       rank, score, exact (1 or 0), report, title, date, year, agency, section\n"
        "              (joined by \" > \"), passage (from 0), text; with --explain also\n"
        "              term=contribution, joined by \"; \". With -l: rank, score, report, path,\n"
        "              title, date, year, agency, passages, occurrences. Unknown is empty.\n"
        "              \\t \\n \\r \\\\ and \\xNN (a byte) stand for tab, line feed, carriage return,\n"
        "              backslash, and bytes of control characters or of invalid UTF-8.\n"
        "  --json      objects with rank, score, exact, report, path, title, date, year, agency,\n"
        "              section [...], passage (from 0), text, matches [[start,end]...] (code\n"
        "              points of text), match_sources and source (bytes of the source file;\n"
        "              for JSON Lines, of the decoded text), tier (exact, near, partial),\n"
        "              restored and conjectures (code points), encoding, number (document\n"
        "              number), fields {...} (other metadata), explain [...]. Unknown is null.\n"
        "              With -l: rank, score, report, path, title, date, year, agency, passages,\n"
        "              occurrences. With -c: occurrences, passages, reports.\n"
        "              \"partial\":true marks results that a time limit cut short.\n"
        "  -0          text, --tsv, -c and -l: records end with NUL, and nothing else is\n"
        "              printed. -l -0 prints unescaped names only: the path of a file, for\n"
        "              xargs -0; path#id of a report from JSON Lines (what stands behind the\n"
        "              first #, or the whole name without one, is the id).\n",
    [XJI_LANG_ZH] =
        "\n"
        "输出：结果写到标准输出，提示和错误写到标准错误。\n"
        "  文本        标题；机关、日期、年度；章节；段落；文件、段落序号（从 1 起）、在源文件中的\n"
        "              字节范围、得分。在终端上，匹配处着色，修复的字加下划线，推测修复的字后面有\n"
        "              [?]。控制字符和双向控制字符显示为 \\x1B 或 \\u202E。\n"
        "              来自 JSON Lines 的报告写作 路径#编号；编号以路径开头时只写编号（如该行\n"
        "              没有 id，编号为 报告.jsonl:3）。\n"
        "  -l          标题  (机关, 日期)  路径[#编号]  段数 处数\n"
        "  -c          处数、段数、报告数，以制表符分隔（没有时为 0 0 0）。连写的一串无论多长，\n"
        "              即使不加 -c 时按相关程度排列，也按一个完整短语计数；多个词语时，含任一\n"
        "              完整词语的段落都计入；加 --any 则含任何部分的段落都计入\n"
        "  --tsv       序号、得分、是否完全匹配（1 或 0）、报告编号、标题、日期、年度、机关、\n"
        "              章节（以 \" > \" 相连）、段落序号（从 0 起）、正文；加 --explain 另有\n"
        "              词项=得分，以 \"; \" 相连。与 -l 同用：序号、得分、报告编号、路径、标题、\n"
        "              日期、年度、机关、段数、处数。未知为空。\n"
        "              \\t \\n \\r \\\\ 和 \\xNN（一个字节）表示制表符、换行、回车、反斜杠，\n"
        "              以及控制字符或非法 UTF-8 的字节。\n"
        "  --json      对象，含 rank、score、exact、report、path、title、date、year、agency、\n"
        "              section [...]、passage（从 0 起）、text、matches [[起,止]...]（text 中的\n"
        "              码位）、match_sources 和 source（源文件的字节；JSON Lines 为解码后的\n"
        "              text 的字节）、tier（exact、near、partial）、restored 和 conjectures\n"
        "              （修复和推测修复的码位）、encoding、number（文号）、fields {...}\n"
        "              （其他元数据）、explain [...]。未知为 null。\n"
        "              与 -l 同用：rank、score、report、path、title、date、year、agency、\n"
        "              passages、occurrences。与 -c 同用：occurrences、passages、reports。\n"
        "              \"partial\":true 表示因时限而不完整。\n"
        "  -0          用于文本、--tsv、-c、-l：记录以 NUL 结尾，不输出其他内容；\n"
        "              -l -0 只输出未转义的名称：文件为路径，可供 xargs -0 使用；JSON Lines 的\n"
        "              报告为 路径#编号（第一个 # 之后是编号，没有 # 时整个名称就是编号）。\n",
};

static const char *const batch_text[] = {
    [XJI_LANG_EN] =
        "\n"
        "Batch: every line of standard input is a query of at most 65536 bytes.\n"
        "  text        '# query', then its results, then an empty line; 'error: ...' when wrong\n"
        "  -c          one line per query; 'error' TAB message when the query is wrong; a fourth\n"
        "              field 'partial' when the time limit was reached\n"
        "  --tsv       the query is a field before all others; query TAB 'error' TAB message\n"
        "              when it is wrong; nothing when nothing is found\n"
        "  --json      each object also has \"query\"; each query ends with one object\n"
        "              {\"query\",\"done\":true,\"hits\",\"passages\",\"reports\",\"partial\",\"us\",\n"
        "              \"occurrences\"}, with \"error\" when it is wrong; us: microseconds taken,\n"
        "              hits: objects printed, totals are null when partial\n"
        "              or with --no-totals\n"
        "\n"
        "Exit status:\n"
        "  0  something found; batch: every line was answered\n"
        "  1  nothing found\n"
        "  2  wrong usage or query\n"
        "  3  the index is damaged, foreign or of another version\n"
        "  4  input or output failed\n"
        "  5  the time limit or another limit was reached; the results are partial\n"
        "  6  out of memory\n"
        "\n"
        "Environment: LC_ALL, LC_MESSAGES, LANG (zh...: Chinese), NO_COLOR, TERM, COLUMNS.\n"
        "\n"
        "Examples:\n"
        "  xunju-query reports.idx 枫桥经验\n"
        "  xunju-query -l reports.idx '矛盾纠纷 year:2024..2025 agency:街道'\n"
        "  xunju-query --json -n 100 reports.idx '\"最多跑一次\" -试点' > hits.jsonl\n"
        "  xunju-query -c --batch reports.idx - < terms.txt\n"
        "  xunju-query -l -0 -n 1000 reports.idx 综治中心 | xargs -0 ls -l --\n",
    [XJI_LANG_ZH] =
        "\n"
        "批量查询：标准输入每行一个查询，最长 65536 字节。\n"
        "  文本        “# 查询”，然后是结果，然后空一行；查询有误时为“错误：……”\n"
        "  -c          每个查询一行；查询有误时为 error TAB 说明；到时限时有第四个字段 partial\n"
        "  --tsv       查询作为第一个字段；查询有误时为 查询 TAB error TAB 说明；没有结果时无输出\n"
        "  --json      每个对象另有 \"query\"；每个查询以一个对象结束：{\"query\",\"done\":true,\n"
        "              \"hits\",\"passages\",\"reports\",\"partial\",\"us\",\"occurrences\"}，查询有误时\n"
        "              含 \"error\"；us 为所用微秒，hits 为已输出的对象数，不完整或用 --no-totals 时总数为 null\n"
        "\n"
        "退出码：\n"
        "  0  有结果；批量查询：每行都已回答\n"
        "  1  没有结果\n"
        "  2  用法或查询有误\n"
        "  3  索引损坏、不是本软件的索引或版本不同\n"
        "  4  读写失败\n"
        "  5  到时限或其他限制，结果不完整\n"
        "  6  内存不足\n"
        "\n"
        "环境变量：LC_ALL、LC_MESSAGES、LANG（zh 开头为中文）、NO_COLOR、TERM、COLUMNS。\n"
        "\n"
        "示例：\n"
        "  xunju-query 报告.idx 枫桥经验\n"
        "  xunju-query -l 报告.idx '矛盾纠纷 year:2024..2025 agency:街道'\n"
        "  xunju-query --json -n 100 报告.idx '\"最多跑一次\" -试点' > 结果.jsonl\n"
        "  xunju-query -c --batch 报告.idx - < 词表.txt\n"
        "  xunju-query -l -0 -n 1000 报告.idx 综治中心 | xargs -0 ls -l --\n",
};

/* "  -n, --limit N" and its help, further lines of it below each other. */
static void put_option(xji_out *o, const xji_option *opt, xji_lang lang)
{
    size_t used = 8 + strlen(opt->name);
    xji_out_str(o, "  ");
    if (opt->letter) {
        xji_out_char(o, '-');
        xji_out_char(o, opt->letter);
        xji_out_str(o, ", --");
    } else
        xji_out_str(o, "    --");
    xji_out_str(o, opt->name);
    if (opt->value) {
        xji_out_char(o, ' ');
        xji_out_str(o, opt->value);
        used += 1 + strlen(opt->value);
    }
    xji_out_spaces(o, used < OPTION_COLUMNS ? OPTION_COLUMNS - used : 1);
    for (const char *s = opt->help[lang]; *s; s++) {
        xji_out_char(o, *s);
        if (*s == '\n')
            xji_out_spaces(o, OPTION_COLUMNS);
    }
    xji_out_char(o, '\n');
}

void xji_help(xji_out *o, xji_lang lang)
{
    size_t n;
    const xji_option *table = xji_option_table(&n);
    xji_out_str(o, usage_text[lang]);
    for (size_t i = 0; i < n; i++)
        put_option(o, &table[i], lang);
    xji_out_str(o, query_text[lang]);
    xji_out_str(o, output_text[lang]);
    xji_out_str(o, batch_text[lang]);
}
