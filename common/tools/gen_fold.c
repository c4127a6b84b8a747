/*
 * Makes common/src/fold_table.inc, the tables behind xj/fold.h (docs/TEXT.md section 2).
 *
 *   gen_fold [--ucd DIR] --table       print the tables
 *   gen_fold [--ucd DIR] --classes     print every class that joins two or more characters common
 *                                      in Simplified text (tests/format/fold_classes.golden)
 *   gen_fold [--ucd DIR] --why CHARS   print the classes of some characters and what joined them
 *   gen_fold --versions                print the versions of the data
 *
 * DIR (default /usr/share/unicode, Debian package unicode-data) holds
 * EquivalentUnifiedIdeograph.txt and Unihan_Variants.txt, or Unihan_Variants.txt.bz2, which is read
 * through bzip2. Output depends on the versions of the data alone.
 *
 * Where the classes come from. A class is a connected component of Han characters under
 *   - Unihan kSimplifiedVariant, kTraditionalVariant and kZVariant;
 *   - ICU's transliterator Traditional-Simplified, one character at a time;
 *   - the reviewed list `joined` below;
 * without the reviewed pairs in `cut`. kSemanticVariant, kSpecializedSemanticVariant and
 * kSpoofingVariant are not read: they join different words (完 and 烟, 子 and 只, 板 and 版), not
 * spellings of one word. Compatibility ideographs and Kangxi radicals reach their class through
 * NFKC; CJK Radicals Supplement, where NFKC is mostly silent, through
 * EquivalentUnifiedIdeograph.txt (strokes are symbols, not Han characters, and stay). Private-use
 * code points of old GBK and GB 18030 tables stand for the characters they were given later.
 *
 * The representative of a class is its most common Simplified form: GB 2312 level 1, then level 2,
 * then any other character of plane 0, then the rest; among equals the one that most other members
 * simplify to, then the lowest code point.
 *
 * The layout of the tables is described in common/src/fold_priv.h.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>
#include <unicode/utrans.h>
#include <unicode/uversion.h>
#include <xxhash.h>

#include "../src/fold_priv.h"

enum {
    N_CP = 0x110000,
    N_LOW_BLOCKS = XJI_FOLD_LOW_END / XJI_FOLD_BLOCK,
    N_SLOTS = 0x10000,
    MAX_EDGES = 65536,
    MAX_EXPAND = 4096,
    MAX_GROUP = 16
};

/* Spellings of one word that the sources keep apart: groups separated by spaces, the standard form
 * first. Mostly forms that the First List of Processed Variant Characters (1955) and the Table of
 * General Standard Chinese Characters (2013) put aside, as far as documents still have them (old
 * print, Taiwan, Hong Kong, Japanese fonts). Left out are forms that the table of 2013 restored as
 * characters of their own (names: 喆, 堃, 邨), and forms that are another word as well (句 of 勾). */
static const char joined[] =
    "峰峯 面麪麫麺 群羣 床牀 鉴鑑 账帐 里裏裡 只祇衹秖 着著 为爲 丐匃匄 丘坵 举擧 乘乗椉 亡亾 "
    "亩畆畮 仑崘 仙僊 以㕥 仿髣彷 伫竚 似佀 佛髴 你妳 侦遉 俊儁㑺 俟竢 修脩 俯俛 倏倐 倦勌 "
    "偷媮 傻儍 僵殭 兔兎 冒冐 冗宂 农辳 冤寃 冰氷 凌淩 凡凢 凭凴 凳櫈 击撃 函圅 刊栞 创剏剙 "
    "刨鉋 券劵 剑劒 剿勦 劫刦刧刼 匆怱悤 匝帀 匹疋 医毉 博愽 卫衞 卯夘 即卽 卺巹 厂厰 厄戹 "
    "历厤歴 厩廐 参叅蓡蔘 叙敍 叩敂 叫呌 台枱 吝悋 吻脗 告吿 呼嘑 咒呪 咨谘諮 咱喒偺 咳欬 "
    "咿吚 啖啗噉 啼嗁 喂餧 喧諠 嗥嘷獆 嘲謿 器噐 回囘囬 因囙 国囯囶 场塲 址阯 坂岅 坎埳 坑阬 "
    "坛墰 坝垻 垛垜 塔墖 增増 墩墪 壳殻 备俻 夜亱 夫伕 夭殀 夹裌 奁匳匲 奔逩 奶嬭 妇媍 妒妬 "
    "妙玅 姊姉 姻婣 娴嫺 婿壻 宁寕寗 它牠 宝寳 实寔 宴讌 宽寛 寓庽 寝寑 察詧 寿夀 尔尒 尚尙 "
    "尝甞 尽侭 岁歳嵗 岩巗巌 岳嶽 峭陗 巅巓 巨鉅 帙袟袠 干榦 年秊 并竝幷 庵菴 廉亷 强彊 录彔 "
    "往徃 径逕 徇狥 德徳 怪恠 总縂 恍怳 恤賉 恶噁 悍猂 悖誖 悴顇 惭慙 愈瘉 慎眘愼 慑慴 慨嘅 "
    "憩憇 懒嬾 戏戱 戚慽 扎紥 扛摃 扯撦 扼搤 抬擡 抵牴觝 拐枴柺 拖拕 拟儗 拿拏 挡攩 挨捱 掏搯 "
    "揿搇 携擕 摆襬 撰譔 效効傚 救捄 敕勅 教敎 斗鬬鬪 斤觔 旗旂 既旣 时旹 昆崐 昏昬 映暎 是昰 "
    "晃晄 暂蹔 暖煖煗 曲麴麯 曾曽 最冣 望朢 期朞 札劄 术朮 朵朶 杂襍 杯桮 柏栢 查査 柳桺 桌槕 "
    "梅楳 梨棃 棋棊碁 棕椶 棰箠 棹櫂 概槪 榜牓 榷搉 槁槀 樽罇 橹艣樐艪 欢懽 歌謌 步歩 毁譭 "
    "每毎 毗毘 毙獘 氛雰 汇滙彚 污汚 法灋 浸寖 涉渉 淫婬滛 淳湻 清淸 溯泝遡 滟灩 濑瀬 灾烖 "
    "炕匟 炯烱 焊釬 照炤 煮煑 燕鷰 牦犛 犁犂 猿猨 玳瑇 珍珎 琉瑠 琴琹 璃瓈 瓮罋 瓶缾 画畵 "
    "留畱 略畧 疏疎 痱疿 痹痺 皋皐 皓皜 盏琖醆 盖葢 睬倸 睹覩 睿叡 矩榘 矿鑛 砖甎塼磗 砧碪 "
    "确塙碻 碌磟 碗盌椀 碰踫 碱堿鹻硷 祀禩 秋秌穐 秕粃 秸稭 移迻 稗粺 稚穉稺 稿稾 窑窰 "
    "窗窻窓牎牕 窥闚 笑咲 筒筩 答荅 策筞 箬篛 箸筯 篡簒 簪簮 粗觕 粳秔稉 粽糉糭 糍餈 糕餻 "
    "糖餹 糠穅粇 糯稬穤 繁緐 纠糺 纸帋 绒羢毧 绕遶 绵緜 缊緼 罐鑵 罚罸 罪辠 置寘 羁覊 羌羗 "
    "翅翄 翳瞖 翻飜 考攷 耕畊 肯肎 胁脇 胄冑 背揹 胭臙 胳肐 胸胷 脆脃 脉衇 腮顋 腿骽 膀髈 "
    "膳饍 膻羴 船舩 艳豓 苏甦囌 草艸 荔茘 荫廕 莅涖 菱蔆 萱蕿 萼蕚 葬塟 蒂蔕 蓑簑 蕊蕋蘂橤 "
    "虻蝱 蛇虵 蜂蠭 螂蜋 融螎 蟆蟇 蠢惷 衔啣 袜韤韈 裙帬裠 裥襉 裸躶 褒襃 襁繈 规槼 觅覔 "
    "视眎眡 觑覰覻 讹譌 诉愬 谟謩 貌皃 赖頼 赞賛 赣灨 跖蹠 蹄蹏 蹴蹵 躬躳 躲躱 软輭 辄輙 辞辤 "
    "达逹 迥逈 迫廹 逼偪 邪衺 邻隣 酬酧詶醻 野埜壄 针鍼 钟鈡 钥鈅 钻鉆 铁鐡銕鉄 铅鈆 锁鏁 "
    "锄鉏耡 锉剉 镢钁 镰鎌 闸牐 闹閙 阔濶 阱穽 阴隂 阶堦 附坿 雁鴈 雕彫琱鵰 雠讐 霸覇 青靑 "
    "靴鞾 鞋鞵 鞲韝 颖頴 颠顚 飘飃 飧飱 饪餁 馆舘 驮䭾 驱敺 驳駮 驼駞 验騐 鬃鬉騌 鲇鲶 鲠骾 "
    "鸦鵶 鹅鵞 鹇鷴 鹚鶿 麻痲 鼓皷";

/* Relations of the sources that are not followed, in pairs: another word, or a slip in the data. */
static const char cut[] = "复覆 具俱 交跤 姐姊 只戠 茉苿 纼靷 䜧譅";

/* Pairs that must end in different classes, whatever the sources say. */
static const char apart[] =
    "沉沈 完烟 子只 他它 他她 板版 复覆 具俱 交跤 姐姊 只戠 划画 里哩 炼链 裤绔 扎札 "
    "甚什 勾句 象像 那哪 作做 须需 炉垆 折拆 干千 于干 吁于 却隙 度渡 坐座 帐张 背贝 "
    "决绝 词辞 台合 松讼 沾占 咨资 冲充 弦玄 历厉 钟终 征症 系细 尽仅 面回 准淮 妆装";

/* Private-use code points that GB 18030-2000 and -2005 gave to characters without a code point of
 * their own, and the code points that GB 18030-2022 gives them. */
static const uint32_t private_use[][2] = {
    {0xE78D, 0xFE10},  {0xE78E, 0xFE12},  {0xE78F, 0xFE11},  {0xE790, 0xFE13},  {0xE791, 0xFE14},
    {0xE792, 0xFE15},  {0xE793, 0xFE16},  {0xE794, 0xFE17},  {0xE795, 0xFE18},  {0xE796, 0xFE19},
    {0xE7C7, 0x1E3F},  {0xE816, 0x20087}, {0xE817, 0x20089}, {0xE818, 0x200CC}, {0xE81E, 0x9FB4},
    {0xE826, 0x9FB5},  {0xE82B, 0x9FB6},  {0xE82C, 0x9FB7},  {0xE831, 0x215D7}, {0xE832, 0x9FB8},
    {0xE83B, 0x2298F}, {0xE843, 0x9FB9},  {0xE854, 0x9FBA},  {0xE855, 0x241FE}, {0xE864, 0x9FBB},
};

typedef enum source {
    FROM_SIMPLIFIED,
    FROM_TRADITIONAL,
    FROM_Z,
    FROM_ICU,
    FROM_REVIEW,
} source;
static const char *const source_name[] = {"kSimplifiedVariant", "kTraditionalVariant", "kZVariant",
                                          "ICU", "reviewed"};

typedef struct edge {
    uint32_t a, b;
    source from;
} edge;

static edge edges[MAX_EDGES];
static size_t n_edges;
static uint32_t parent[N_CP];  /* union-find */
static uint32_t compat[N_CP];  /* step 1: NFKC_Casefold when that is one code point, else itself */
static uint32_t radical[N_CP]; /* 0, or the unified ideograph that a radical looks like */
static uint8_t gb_level[N_CP]; /* 1, 2: level in GB 2312; 0: not in it */
static uint16_t simplified_to[N_CP]; /* relations that name this one as the Simplified form */
static uint32_t fold[N_CP];
static uint32_t best[N_CP]; /* of a root: the representative */

static struct {
    uint32_t cp;
    size_t n;
    uint32_t text[XJ_FOLD_MAX];
} expand[MAX_EXPAND];
static size_t n_expand;

static void die(const char *what, const char *name)
{
    fprintf(stderr, "gen_fold: %s '%s'\n", what, name);
    exit(1);
}

static void check_icu(UErrorCode code, const char *what)
{
    if (U_FAILURE(code))
        die(what, u_errorName(code));
}

static const char *utf8(uint32_t cp)
{
    static char ring[8][5];
    static unsigned turn;
    char *s = ring[turn++ % 8];
    int n = 0;
    U8_APPEND_UNSAFE(s, n, cp);
    s[n] = 0;
    return s;
}

static size_t decode(uint32_t *out, size_t cap, const char *s)
{
    size_t n = 0;
    int32_t i = 0, len = (int32_t)strlen(s);
    while (i < len && n < cap) {
        UChar32 c;
        U8_NEXT(s, i, len, c);
        if (c < 0)
            die("not UTF-8", s);
        out[n++] = (uint32_t)c;
    }
    return n;
}

static bool is_han(uint32_t cp)
{
    UErrorCode code = U_ZERO_ERROR;
    return uscript_getScript((UChar32)cp, &code) == USCRIPT_HAN;
}

/* Classes by property. Order matters: variation selectors are marks, fillers are Hangul letters. */
static xj_class property_class(uint32_t c)
{
    static const uint32_t soft[] = {'"',    '\'',   0x201C, 0x201D, 0x201E, 0x201F, 0x2018, 0x2019,
                                    0x201A, 0x201B, 0x301D, 0x301E, 0x301F, 0x300C, 0x300D, 0x300E,
                                    0x300F, 0x300A, 0x300B, 0x3008, 0x3009, 0x3010, 0x3011, 0xAB,
                                    0xBB,   0x2039, 0x203A, 0xB7,   0x30FB, 0x2027, 0x2022, 0xFF65};
    UChar32 cp = (UChar32)c;
    int8_t gc = u_charType(cp);
    bool line = c == 0x0A, space = u_hasBinaryProperty(cp, UCHAR_WHITE_SPACE);
    if (gc == U_FORMAT_CHAR || (gc == U_CONTROL_CHAR && !space) ||
        u_hasBinaryProperty(cp, UCHAR_VARIATION_SELECTOR) || c == 0x34F || c == 0x115F ||
        c == 0x1160 || c == 0x3164 || c == 0xFFA0)
        return XJ_CLASS_INVISIBLE;
    if (space)
        return line ? XJ_CLASS_BREAK : XJ_CLASS_SOFT;
    for (size_t i = 0; i < sizeof soft / sizeof *soft; i++)
        if (c == soft[i])
            return XJ_CLASS_SOFT;
    UErrorCode code = U_ZERO_ERROR;
    switch (uscript_getScript(cp, &code)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_HANGUL:
    case USCRIPT_BOPOMOFO:
        return XJ_CLASS_CHAR;
    default:
        break;
    }
    if (c == 0x3005 || c == 0x3007 || c == 0x30FC || c == 0x3099 || c == 0x309A)
        return XJ_CLASS_CHAR;
    return U_GET_GC_MASK(cp) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK) ? XJ_CLASS_WORD
                                                                         : XJ_CLASS_BREAK;
}

/* Step 1 of TEXT.md 2: compat[] and the raw texts of expand[]. */
static void read_compat(void)
{
    UErrorCode code = U_ZERO_ERROR;
    const UNormalizer2 *nfkc = unorm2_getNFKCCasefoldInstance(&code);
    check_icu(code, "no NFKC_Casefold");
    for (uint32_t c = 0; c < N_CP; c++) {
        compat[c] = c;
        if (U_IS_SURROGATE(c))
            continue;
        UChar in[2], out[64];
        int32_t n_in = 0;
        U16_APPEND_UNSAFE(in, n_in, c);
        int32_t n = unorm2_normalize(nfkc, in, n_in, out, 64, &code);
        check_icu(code, "NFKC_Casefold");
        uint32_t text[64];
        size_t len = 0;
        for (int32_t i = 0; i < n;) {
            UChar32 d;
            U16_NEXT(out, i, n, d);
            text[len++] = (uint32_t)d;
        }
        if (len == 1)
            compat[c] = text[0];
        bool all = len > 1 && len <= XJ_FOLD_MAX, some = false;
        for (size_t i = 0; i < len && all; i++) {
            bool word =
                U_GET_GC_MASK((UChar32)text[i]) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_ND_MASK);
            some |= word;
            all = word || (text[i] < 0x80 && strchr("+-./%()", (int)text[i]));
        }
        if (!all || !some)
            continue;
        if (n_expand == MAX_EXPAND)
            die("too many expansions", "MAX_EXPAND");
        expand[n_expand].cp = c;
        expand[n_expand].n = len;
        memcpy(expand[n_expand++].text, text, len * sizeof *text);
    }
}

/* Level of each character in GB 2312: rows 16-55 are level 1, 56-87 level 2. */
static void read_gb2312(void)
{
    UErrorCode code = U_ZERO_ERROR;
    UConverter *gbk = ucnv_open("GBK", &code);
    check_icu(code, "no GBK converter");
    for (int lead = 0xB0; lead <= 0xF7; lead++)
        for (int trail = 0xA1; trail <= 0xFE; trail++) {
            char bytes[2] = {(char)lead, (char)trail};
            UChar out[4];
            int32_t n = ucnv_toUChars(gbk, out, 4, bytes, 2, &code);
            check_icu(code, "GBK");
            if (n == 1 && is_han(out[0]))
                gb_level[out[0]] = lead < 0xD8 ? 1 : 2;
        }
    ucnv_close(gbk);
}

/* Takes the next group of characters off a list separated by spaces: their number, 0 at the end. */
static size_t next_group(const char **list, uint32_t group[MAX_GROUP])
{
    const char *s = *list + strspn(*list, " ");
    size_t len = strcspn(s, " ");
    char text[4 * MAX_GROUP + 1];
    if (len >= sizeof text)
        die("too long a group at", s);
    memcpy(text, s, len);
    text[len] = 0;
    *list = s + len;
    return decode(group, MAX_GROUP, text);
}

static bool is_cut(uint32_t a, uint32_t b)
{
    uint32_t pair[MAX_GROUP];
    for (const char *list = cut; next_group(&list, pair) == 2;)
        if ((pair[0] == a && pair[1] == b) || (pair[0] == b && pair[1] == a))
            return true;
    return false;
}

static void add_edge(uint32_t a, uint32_t b, source from)
{
    a = compat[a];
    b = compat[b];
    if (a == b || !is_han(a) || !is_han(b) || is_cut(a, b))
        return;
    if (n_edges == MAX_EDGES)
        die("too many relations", "MAX_EDGES");
    edges[n_edges++] = (edge){a, b, from};
}

static FILE *open_unihan(const char *dir, bool *piped)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/Unihan_Variants.txt", dir);
    FILE *f = fopen(path, "r");
    *piped = f == NULL;
    if (f)
        return f;
    if (strchr(dir, '\''))
        die("a folder name with a quote", dir);
    snprintf(path, sizeof path, "bzip2 -dc '%s/Unihan_Variants.txt.bz2'", dir);
    f = popen(path, "r");
    if (!f)
        die("cannot run", path);
    return f;
}

/* Lines "U+4E7E<TAB>kSimplifiedVariant<TAB>U+4E7E U+5E72<kMatthews"; # begins a comment. */
static void read_unihan(const char *dir)
{
    static const struct {
        const char *name;
        source from;
    } fields[] = {{"kSimplifiedVariant", FROM_SIMPLIFIED},
                  {"kTraditionalVariant", FROM_TRADITIONAL},
                  {"kZVariant", FROM_Z}};
    bool piped;
    FILE *f = open_unihan(dir, &piped);
    char line[4096];
    size_t n_lines = 0;
    while (fgets(line, sizeof line, f)) {
        char *end, field[64];
        int used = 0;
        if (strncmp(line, "U+", 2) != 0)
            continue;
        uint32_t a = (uint32_t)strtoul(line + 2, &end, 16);
        if (a >= N_CP || sscanf(end, " %63s%n", field, &used) != 1)
            die("cannot read the line", line);
        n_lines++;
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
            if (strcmp(field, fields[i].name) != 0)
                continue;
            for (char *p = strstr(end + used, "U+"); p; p = strstr(p, "U+")) {
                uint32_t b = (uint32_t)strtoul(p + 2, &p, 16);
                if (b < N_CP)
                    add_edge(a, b, fields[i].from);
            }
        }
    }
    if ((piped ? pclose(f) : fclose(f)) != 0 || n_lines < 1000)
        die("cannot read Unihan_Variants.txt(.bz2) in", dir);
}

/* Lines "2E8C..2E8D ; 5C0F  # ...". Only characters of script Han take part. */
static void read_radicals(const char *dir)
{
    char path[4096], line[4096];
    snprintf(path, sizeof path, "%s/EquivalentUnifiedIdeograph.txt", dir);
    FILE *f = fopen(path, "r");
    if (!f)
        die("cannot open", path);
    while (fgets(line, sizeof line, f)) {
        char *p;
        uint32_t first = (uint32_t)strtoul(line, &p, 16), last = first;
        if (p == line)
            continue;
        if (strncmp(p, "..", 2) == 0)
            last = (uint32_t)strtoul(p + 2, &p, 16);
        p = strchr(p, ';');
        uint32_t to = p ? (uint32_t)strtoul(p + 1, NULL, 16) : 0;
        if (!is_han(to) || last >= N_CP)
            die("cannot read the line", line);
        for (uint32_t c = first; c <= last; c++)
            if (is_han(c) && compat[c] == c)
                radical[c] = to;
    }
    fclose(f);
}

static void read_icu(void)
{
    UErrorCode code = U_ZERO_ERROR;
    UParseError where;
    static const UChar id[] = u"Traditional-Simplified";
    UTransliterator *t = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, &where, &code);
    check_icu(code, "no transliterator Traditional-Simplified");
    for (uint32_t c = 0; c < N_CP; c++) {
        if (!is_han(c))
            continue;
        UChar text[16];
        int32_t n = 0, limit;
        U16_APPEND_UNSAFE(text, n, c);
        limit = n;
        utrans_transUChars(t, text, &n, 16, 0, &limit, &code);
        check_icu(code, "Traditional-Simplified");
        UChar32 to;
        int32_t i = 0;
        U16_NEXT(text, i, n, to);
        if (i == n)
            add_edge(c, (uint32_t)to, FROM_ICU);
    }
    utrans_close(t);
}

static void read_reviewed(void)
{
    uint32_t group[MAX_GROUP];
    size_t n;
    for (const char *list = joined; (n = next_group(&list, group)) > 0;)
        for (size_t k = 1; k < n; k++)
            add_edge(group[k], group[0], FROM_REVIEW);
}

static uint32_t root(uint32_t c)
{
    while (parent[c] != c)
        c = parent[c] = parent[parent[c]];
    return c;
}

/* Whether a represents a class better than b. */
static bool better(uint32_t a, uint32_t b)
{
    static const int level_order[] = {2, 0, 1};
    int rank_a = gb_level[a] ? level_order[gb_level[a]] : a < 0x10000 ? 2 : 3;
    int rank_b = gb_level[b] ? level_order[gb_level[b]] : b < 0x10000 ? 2 : 3;
    if (rank_a != rank_b)
        return rank_a < rank_b;
    if (simplified_to[a] != simplified_to[b])
        return simplified_to[a] > simplified_to[b];
    return a < b;
}

static void make_classes(void)
{
    for (uint32_t c = 0; c < N_CP; c++)
        parent[c] = c;
    for (size_t i = 0; i < n_edges; i++) {
        parent[root(edges[i].a)] = root(edges[i].b);
        if (edges[i].from != FROM_TRADITIONAL && edges[i].from != FROM_Z)
            simplified_to[edges[i].b]++;
    }
    for (uint32_t c = 0; c < N_CP; c++) {
        uint32_t r = root(c);
        if (!best[r] || better(c, best[r]))
            best[r] = c;
    }
    for (uint32_t c = 0; c < N_CP; c++) {
        uint32_t n = compat[c];
        if (radical[n])
            n = compat[radical[n]];
        fold[c] = best[root(n)];
    }
    uint32_t pair[MAX_GROUP];
    for (const char *list = apart; next_group(&list, pair) == 2;)
        if (fold[pair[0]] == fold[pair[1]]) {
            fprintf(stderr, "gen_fold: '%s' and '%s' must be apart\n", utf8(pair[0]),
                    utf8(pair[1]));
            exit(1);
        }
}

/* GBK code points that tables of the nineties sent to the private use area: the row FE50-FEA0
 * (U+E815..U+E864 in order) as far as ICU's GB 18030 knows its characters, then the fixed list. */
static void add_private_use(void)
{
    UErrorCode code = U_ZERO_ERROR;
    UConverter *gb = ucnv_open("gb18030", &code);
    check_icu(code, "no GB 18030 converter");
    uint32_t pua = 0xE815;
    for (int trail = 0x50; trail <= 0xA0; trail++) {
        if (trail == 0x7F)
            continue;
        char bytes[2] = {(char)0xFE, (char)trail};
        UChar out[4];
        int32_t n = ucnv_toUChars(gb, out, 4, bytes, 2, &code);
        check_icu(code, "GB 18030");
        if (n == 1 && is_han(out[0]))
            fold[pua] = fold[out[0]];
        pua++;
    }
    ucnv_close(gb);
    for (size_t i = 0; i < sizeof private_use / sizeof *private_use; i++)
        fold[private_use[i][0]] = fold[private_use[i][1]];
}

static void check_fold(void)
{
    for (uint32_t c = 0; c < N_CP; c++)
        if (fold[fold[c]] != fold[c] || fold[compat[c]] != fold[c])
            die("not stable", utf8(c));
    for (size_t i = 0; i < n_expand; i++)
        for (size_t k = 0; k < expand[i].n; k++)
            if ((expand[i].text[k] = fold[expand[i].text[k]]) > 0xFFFF)
                die("expands beyond plane 0", utf8(expand[i].cp));
}

/* ---- tables ---- */

static uint32_t alias[N_SLOTS];
static size_t n_alias;
static uint16_t slot_index[N_LOW_BLOCKS];
static uint16_t leaf[N_SLOTS * 4];
static size_t n_leaf;
static uint64_t high_bits[XJI_FOLD_HIGH_BLOCKS];
static uint16_t high_rank[XJI_FOLD_HIGH_BLOCKS];
static uint16_t high_slot[N_SLOTS];
static size_t n_high_slot;
static uint32_t slot_of_target[N_CP]; /* 0, or the alias for this representative */

static bool expands(uint32_t cp)
{
    for (size_t i = 0; i < n_expand; i++)
        if (expand[i].cp == cp)
            return true;
    return false;
}

static uint16_t slot_for(uint32_t cp)
{
    uint32_t to = fold[cp];
    xj_class class = property_class(to);
    if (expands(cp))
        return (uint16_t)(class + XJI_FOLD_CLASSES);
    if (to == cp)
        return (uint16_t) class;
    if (!slot_of_target[to]) {
        if (n_alias == N_SLOTS)
            die("too many representatives", "N_SLOTS");
        slot_of_target[to] = (uint32_t)n_alias;
        alias[n_alias++] = to | (uint32_t) class << XJI_FOLD_CLASS_SHIFT;
    }
    return (uint16_t)slot_of_target[to];
}

static void make_low(void)
{
    for (uint32_t b = 0; b < N_LOW_BLOCKS; b++) {
        uint16_t block[XJI_FOLD_BLOCK];
        for (uint32_t i = 0; i < XJI_FOLD_BLOCK; i++)
            block[i] = slot_for(b * XJI_FOLD_BLOCK + i);
        size_t at = 0;
        while (at < n_leaf && memcmp(leaf + at, block, sizeof block) != 0)
            at += XJI_FOLD_BLOCK;
        if (at == n_leaf) {
            if (n_leaf + XJI_FOLD_BLOCK > sizeof leaf / sizeof *leaf)
                die("too many blocks", "leaf");
            memcpy(leaf + at, block, sizeof block);
            n_leaf += XJI_FOLD_BLOCK;
        }
        slot_index[b] = (uint16_t)(at / XJI_FOLD_BLOCK);
    }
}

static void make_high(void)
{
    for (uint32_t b = 0; b < XJI_FOLD_HIGH_BLOCKS; b++) {
        uint32_t first = XJI_FOLD_LOW_END + b * XJI_FOLD_WORD;
        if (first >= XJI_FOLD_HIGH_END)
            first += XJI_FOLD_TAG_FIRST - XJI_FOLD_HIGH_END;
        bool empty = true;
        for (uint32_t i = 0; i < XJI_FOLD_WORD; i++)
            empty = empty && slot_for(first + i) == XJ_CLASS_BREAK;
        high_rank[b] = empty ? XJI_FOLD_VOID : (uint16_t)n_high_slot;
        for (uint32_t i = 0; i < XJI_FOLD_WORD && !empty; i++) {
            uint16_t slot = slot_for(first + i);
            if (slot == XJ_CLASS_CHAR)
                continue;
            high_bits[b] |= UINT64_C(1) << i;
            high_slot[n_high_slot++] = slot;
        }
    }
    if (n_high_slot >= XJI_FOLD_VOID)
        die("too many characters in planes 2 and 3", "high_slot");
    for (uint32_t c = XJI_FOLD_LOW_END; c < N_CP; c++) {
        bool covered = c < XJI_FOLD_HIGH_END || (c >= XJI_FOLD_TAG_FIRST && c < XJI_FOLD_TAG_END);
        if (!covered && slot_for(c) != XJ_CLASS_BREAK)
            die("outside the tables", utf8(c));
    }
}

static void make_tables(void)
{
    for (uint32_t class = 0; class < XJI_FOLD_CLASSES; class ++) {
        alias[class] = class << XJI_FOLD_CLASS_SHIFT;
        alias[class + XJI_FOLD_CLASSES] = class << XJI_FOLD_CLASS_SHIFT | XJI_FOLD_EXPANDS;
    }
    n_alias = XJI_FOLD_KEEP;
    make_low();
    make_high();
}

static XXH3_state_t *fingerprint;
static size_t table_bytes;

/* Hashes the value as `size` little-endian bytes. */
static void hash_value(uint64_t v, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(v >> 8 * i);
    XXH3_64bits_update(fingerprint, bytes, size);
    table_bytes += size;
}

/* Prints one table; get(i) is its i-th value. */
static void print_table(const char *storage, const char *type, size_t size, const char *name,
                        size_t n, uint64_t (*get)(size_t))
{
    printf("\n%s %s %s[%zu] = {", storage, type, name, n);
    int column = 1000;
    for (size_t i = 0; i < n; i++) {
        char text[32];
        int len =
            snprintf(text, sizeof text, size == 8 ? "0x%" PRIX64 "," : "%" PRIu64 ",", get(i));
        if (column + len > 100) {
            printf("\n");
            column = 0;
        }
        fputs(text, stdout);
        column += len;
        hash_value(get(i), size);
    }
    printf("\n};\n");
}

static uint64_t get_index(size_t i)
{
    return slot_index[i];
}
static uint64_t get_leaf(size_t i)
{
    return leaf[i];
}
static uint64_t get_alias(size_t i)
{
    return alias[i];
}
static uint64_t get_high_bits(size_t i)
{
    return high_bits[i];
}
static uint64_t get_high_rank(size_t i)
{
    return high_rank[i];
}
static uint64_t get_high_slot(size_t i)
{
    return high_slot[i];
}
static uint64_t get_expand_cp(size_t i)
{
    return expand[i].cp;
}
static uint64_t get_expand_text(size_t i)
{
    uint64_t at = 0;
    for (size_t k = 0; k < i; k++)
        at += expand[k].n;
    return at;
}
static uint64_t get_text(size_t i)
{
    size_t k = 0;
    while (i >= expand[k].n)
        i -= expand[k++].n;
    return expand[k].text[i];
}

static void print_tables(void)
{
    make_tables();
    fingerprint = XXH3_createState();
    if (!fingerprint)
        die("no memory for", "XXH3");
    XXH3_64bits_reset(fingerprint);
    printf("/* Made by common/tools/gen_fold.c from Unicode %s, ICU %s. Do not edit. */\n",
           U_UNICODE_VERSION, U_ICU_VERSION);
    printf("#define XJI_FOLD_UNICODE \"%s\"\n", U_UNICODE_VERSION);
    print_table("XJI_FOLD_TABLE", "uint16_t", 2, "xji_fold_index", N_LOW_BLOCKS, get_index);
    print_table("XJI_FOLD_TABLE", "uint16_t", 2, "xji_fold_leaf", n_leaf, get_leaf);
    print_table("XJI_FOLD_TABLE", "uint32_t", 4, "xji_fold_alias", n_alias, get_alias);
    print_table("XJI_FOLD_LOCAL", "uint64_t", 8, "xji_fold_high_bits", XJI_FOLD_HIGH_BLOCKS,
                get_high_bits);
    print_table("XJI_FOLD_LOCAL", "uint16_t", 2, "xji_fold_high_rank", XJI_FOLD_HIGH_BLOCKS,
                get_high_rank);
    print_table("XJI_FOLD_LOCAL", "uint16_t", 2, "xji_fold_high_slot", n_high_slot, get_high_slot);
    print_table("XJI_FOLD_LOCAL", "uint32_t", 4, "xji_fold_expand_cp", n_expand, get_expand_cp);
    print_table("XJI_FOLD_LOCAL", "uint16_t", 2, "xji_fold_expand_text", n_expand + 1,
                get_expand_text);
    size_t n_text = (size_t)get_expand_text(n_expand);
    print_table("XJI_FOLD_LOCAL", "uint16_t", 2, "xji_fold_texts", n_text, get_text);
    printf("\n/* XXH3-64 of the tables above, in order, as little-endian bytes. */\n");
    printf("#define XJI_FOLD_FINGERPRINT UINT64_C(0x%016" PRIX64 ")\n",
           XXH3_64bits_digest(fingerprint));
    fprintf(stderr, "%zu bytes of tables, %zu expansions, %zu representatives\n", table_bytes,
            n_expand, n_alias - XJI_FOLD_KEEP);
    XXH3_freeState(fingerprint);
}

/* ---- lists for people ---- */

/* "干 = 干乾 + 幹榦": representative, members common in Simplified text, other unified ideographs. */
static void print_class(uint32_t representative)
{
    printf("%s =", utf8(representative));
    for (int common = 1; common >= 0; common--) {
        const char *gap = common ? " " : " + ";
        for (uint32_t c = 0; c < N_CP; c++) {
            if (fold[c] != representative || compat[c] != c ||
                !u_hasBinaryProperty((UChar32)c, UCHAR_UNIFIED_IDEOGRAPH) ||
                (gb_level[c] == 1) != common)
                continue;
            printf("%s%s", gap, utf8(c));
            gap = "";
        }
    }
    printf("\n");
}

static void print_classes(void)
{
    static uint8_t n_common[N_CP];
    for (uint32_t c = 0; c < N_CP; c++)
        if (gb_level[c] == 1)
            n_common[fold[c]]++;
    for (uint32_t c = 0; c < N_CP; c++)
        if (n_common[c] > 1)
            print_class(c);
}

static void print_why(const char *chars)
{
    uint32_t text[64];
    size_t n = decode(text, 64, chars);
    for (size_t i = 0; i < n; i++) {
        print_class(fold[text[i]]);
        for (size_t k = 0; k < n_edges; k++)
            if (root(edges[k].a) == root(text[i]))
                printf("  %s > %s %s\n", utf8(edges[k].a), utf8(edges[k].b),
                       source_name[edges[k].from]);
    }
}

int main(int argc, char **argv)
{
    const char *dir = "/usr/share/unicode";
    if (argc > 2 && strcmp(argv[1], "--ucd") == 0) {
        dir = argv[2];
        argc -= 2;
        argv += 2;
    }
    bool why = argc == 3 && strcmp(argv[1], "--why") == 0;
    bool table = argc == 2 && strcmp(argv[1], "--table") == 0;
    bool classes = argc == 2 && strcmp(argv[1], "--classes") == 0;
    if (argc == 2 && strcmp(argv[1], "--versions") == 0) {
        printf("Unicode %s, ICU %s\n", U_UNICODE_VERSION, U_ICU_VERSION);
        return 0;
    }
    if (!why && !table && !classes) {
        fprintf(stderr,
                "usage: gen_fold [--ucd DIR] --table | --classes | --why CHARS | --versions\n");
        return 2;
    }
    read_compat();
    read_gb2312();
    read_unihan(dir);
    read_icu();
    read_reviewed();
    read_radicals(dir);
    make_classes();
    add_private_use();
    check_fold();
    if (table)
        print_tables();
    else if (classes)
        print_classes();
    else
        print_why(argv[2]);
    if (fflush(stdout) != 0 || ferror(stdout))
        die("cannot write", "standard output");
    return 0;
}
