/* What --help prints: enough to use each command without any other text. */
#include "commands.h"

const char *const xji_usage_text[] = {
    [XJI_SAY_EN] =
        "usage: xunju-index COMMAND [OPTIONS] ...\n"
        "\n"
        "  build -o INDEX PATH...   make an index of files, folders and JSON Lines ('-' = JSON Lines on stdin)\n"
        "  merge -o OUT INDEX...    join indexes that were built apart into one\n"
        "  info INDEX               what an index holds: reports, passages, terms, bytes of each section\n"
        "  check INDEX              verify every byte of an index; exit 3 and the place when it is damaged\n"
        "  doctor FILE...           show what reading, repair and segmentation make of a file, and why\n"
        "\n"
        "  xunju-index COMMAND --help tells more; --version prints versions.\n"
        "  To search an index: xunju-query INDEX QUERY\n",
    [XJI_SAY_ZH] =
        "用法：xunju-index 命令 [选项] ...\n"
        "\n"
        "  build -o 索引目录 路径...   用文件、文件夹和 JSON Lines 建索引（“-”为标准输入的 JSON Lines）\n"
        "  merge -o 新索引 索引目录... 把分别建立的索引合并为一个\n"
        "  info 索引目录               索引的内容：报告、段落、词项、各部分的字节数\n"
        "  check 索引目录              核对索引的每个字节；损坏时退出码为 3，并指出位置\n"
        "  doctor 文件...              显示一个文件如何读取、修复、分段，以及为什么\n"
        "\n"
        "  xunju-index 命令 --help 查看详细说明；--version 显示版本。\n"
        "  检索索引：xunju-query 索引目录 查询\n",
};

const char *const xji_build_help[] = {
    [XJI_SAY_EN] =
        "usage: xunju-index build -o INDEX [OPTIONS] PATH... | -\n"
        "\n"
        "Reads reports and makes INDEX, a directory of its own. PATH is a file, or a folder that is searched\n"
        "for .txt, .md and .jsonl files (links in it are not followed); '-' reads JSON Lines on standard input.\n"
        "A report is known by its path below PATH. JSON Lines hold one report a line:\n"
        "  {\"id\":…,\"text\":…,\"title\":…,\"date\":…,\"agency\":…,\"path\":…, other strings and numbers}\n"
        "of which only text is required.\n"
        "\n"
        "Encodings are found out (UTF-8, UTF-16, GB18030, Big5, ...), damage of portals and converters is\n"
        "repaired, page furniture is set aside; 'xunju-index doctor FILE' shows what was done and why.\n"
        "\n"
        "  -o, --output INDEX    the index directory to make\n"
        "      --force           replace an index that is there; searches see the old one until the end\n"
        "      --memory SIZE     memory to use, 64M at least, as in 512M (default) or 2G\n"
        "      --threads N       threads to use (default: one for each processor)\n"
        "      --text-level LEVEL    how hard stored text is compressed: fast, default or small; answers are the same\n"
        "      --segment auto|none   cut reports into passages (default), or take each as one passage\n"
        "      --shard I/N       index only the reports whose id falls on shard I of N, 0 <= I < N\n"
        "      --strict          exit 4 when any input had to be left out\n"
        "      --report FILE     write a summary as JSON ('-' = standard output)\n"
        "  -q, --quiet           no progress, no summary; inputs left out are still named\n"
        "\n"
        "Exit status: 0 the index is committed; 2 wrong usage; 4 reading or writing failed, or --strict;\n"
        "5 a limit was reached; 6 out of memory; 7 another writer is at work on INDEX.\n"
        "Whatever fails, an index that was committed before stays as it was.\n",
    [XJI_SAY_ZH] =
        "用法：xunju-index build -o 索引目录 [选项] 路径... | -\n"
        "\n"
        "读取报告，建立索引目录（单独的一个目录）。路径是文件，或者文件夹：其中的 .txt、.md、.jsonl\n"
        "文件都会读取（不读取其中的符号链接）；“-”从标准输入读取 JSON Lines。\n"
        "报告以它在所给路径之下的相对路径为编号。JSON Lines 每行一份报告：\n"
        "  {\"id\":…,\"text\":…,\"title\":…,\"date\":…,\"agency\":…,\"path\":…,其他字符串和数字}\n"
        "其中只有 text 必须有。\n"
        "\n"
        "编码自动识别（UTF-8、UTF-16、GB18030、Big5 等），网站和转换造成的损坏会修复，网页部件会剔除；\n"
        "做了什么、为什么，用 xunju-index doctor 文件 查看。\n"
        "\n"
        "  -o, --output 索引目录 要建立的索引目录\n"
        "      --force           替换已有的索引；完成之前，检索的仍是旧索引\n"
        "      --memory 大小     使用的内存，至少 64M，例如 512M（默认）或 2G\n"
        "      --threads N       使用的线程数（默认：每个处理器一个）\n"
        "      --text-level 级别 原文压缩的程度：fast、default（默认）或 small；检索结果相同\n"
        "      --segment auto|none   把报告分成段落（默认），或每份报告作为一段\n"
        "      --shard I/N       只收入编号落在 N 个分片中第 I 片的报告，0 <= I < N\n"
        "      --strict          有输入未能收入时，退出码为 4\n"
        "      --report 文件     以 JSON 写出汇总（“-”为标准输出）\n"
        "  -q, --quiet           不显示进度和汇总；未收入的输入仍会逐一列出\n"
        "\n"
        "退出码：0 索引已建好；2 用法有误；4 读写失败，或 --strict 时有输入未收入；5 已到限制；\n"
        "6 内存不足；7 另有程序正在写入该索引。\n"
        "无论何种失败，原先已建好的索引都保持不变。\n",
};

const char *const xji_merge_help[] = {
    [XJI_SAY_EN] =
        "usage: xunju-index merge -o OUT [OPTIONS] INDEX...\n"
        "\n"
        "Joins indexes that were built apart into OUT, a directory of its own. Answers and scores are those of\n"
        "one index built of all the reports. An id that two of the indexes hold is an error: nothing is made.\n"
        "The indexes stay as they are. (To take an index elsewhere, copy its directory.)\n"
        "\n"
        "  -o, --output OUT      the index directory to make\n"
        "      --force           replace an index that is there, which may be one of those that are joined\n"
        "      --threads N       threads to use (default: one for each processor)\n"
        "  -q, --quiet           no summary\n"
        "\n"
        "Exit status: 0 OUT is committed; 2 wrong usage; 3 an index is damaged or of another version; 4 an id\n"
        "stands in two of them, or reading or writing failed; 5 a limit was reached; 6 out of memory; 7 another\n"
        "writer is at work on OUT.\n",
    [XJI_SAY_ZH] =
        "用法：xunju-index merge -o 新索引 [选项] 索引目录...\n"
        "\n"
        "把分别建立的索引合并为一个新的索引目录。检索结果和得分与用全部报告一次建成的索引相同。\n"
        "两个索引中有相同的报告编号时报错，不建立新索引。原来的索引保持不变。（要把索引移到别处，复制其目录即可。）\n"
        "\n"
        "  -o, --output 新索引   要建立的索引目录\n"
        "      --force           替换已有的索引，它也可以是被合并的索引之一\n"
        "      --threads N       使用的线程数（默认：每个处理器一个）\n"
        "  -q, --quiet           不显示汇总\n"
        "\n"
        "退出码：0 新索引已建好；2 用法有误；3 索引损坏或版本不同；4 编号重复，或读写失败；5 已到限制；\n"
        "6 内存不足；7 另有程序正在写入新索引。\n",
};

const char *const xji_info_help[] = {
    [XJI_SAY_EN] =
        "usage: xunju-index info [--json] INDEX\n"
        "\n"
        "Prints what the index holds. With --json, one object: generation, reports, passages, characters, units,\n"
        "terms, postings, input_bytes, text_bytes, index_bytes, segments, sections {name: bytes}, versions.\n",
    [XJI_SAY_ZH] =
        "用法：xunju-index info [--json] 索引目录\n"
        "\n"
        "显示索引的内容。加 --json 时为一个对象：generation、reports、passages、characters、units、terms、\n"
        "postings、input_bytes、text_bytes、index_bytes、segments、sections {名称: 字节数}、versions。\n",
};

const char *const xji_check_help[] = {
    [XJI_SAY_EN] =
        "usage: xunju-index check INDEX\n"
        "\n"
        "Reads everything and verifies all checksums, the order of terms and postings, all records and counts.\n"
        "Exit status 0: sound; 3: damaged, each damage on a line of its own with file and byte.\n",
    [XJI_SAY_ZH] =
        "用法：xunju-index check 索引目录\n"
        "\n"
        "读取全部内容，核对所有校验和、词项与倒排的次序、所有记录和计数。\n"
        "退出码 0：完好；3：已损坏，每处损坏一行，指出文件和字节。\n",
};

const char *const xji_doctor_help[] = {
    [XJI_SAY_EN] =
        "usage: xunju-index doctor [OPTIONS] FILE...\n"
        "\n"
        "Shows for each report: its encoding and how it was found out, title, agency, date and year and where they\n"
        "were found, every kind of repair with examples, what was set aside as page furniture, and the passages\n"
        "under their headings, with the bytes of the file they come from.\n"
        "\n"
        "      --all             list every single change, not five of each kind\n"
        "      --json            one JSON object a report, with the repaired text and all ranges\n"
        "      --segment auto|none   as for build\n"
        "      --color auto|always|never\n",
    [XJI_SAY_ZH] =
        "用法：xunju-index doctor [选项] 文件...\n"
        "\n"
        "对每份报告显示：编码及其判断依据，标题、机关、日期、年度及其出处，各类修复及示例，作为网页部件\n"
        "剔除的内容，以及各标题下的段落和它们在文件中的字节范围。\n"
        "\n"
        "      --all             列出每一处改动，而不是每类五处\n"
        "      --json            每份报告一个 JSON 对象，含修复后的正文和所有范围\n"
        "      --segment auto|none   与 build 相同\n"
        "      --color auto|always|never   是否使用颜色\n",
};
