/*
 * Pinyin that a conversion site injected after Han characters: U+7D93 "(jing)" U+9A57 "(yan)" with tone marks. A
 * gloss is recognised by its form (a real Mandarin syllable with one tone mark, in parentheses, right after a Han
 * character); whether glosses are injected or belong to the text is decided once for the whole file, by their
 * quantity and by how needless they are (docs/REPAIR.md). All or nothing is deleted.
 */
#include "repair_priv.h"

#include <stdlib.h>
#include <string.h>

#include "xj/fold.h"
#include "xj/utf8.h"

/* A report may explain a few rare characters. It does not explain eight, or one in a hundred of all its characters,
 * most of which every reader knows. The real injections seen reach 13 in a hundred. */
enum {
    INJECTED_MIN = 8,       /* toned glosses in the file, at least */
    INJECTED_PER_HAN = 100, /* one gloss for so many Han characters, at least */
    INJECTED_NEEDLESS = 2,  /* one in so many of them needless: repeated or everyday */
    EVERYDAY_RANK = 1000,   /* what is an everyday character */
    GLOSS_MAX = 40          /* code points between the parentheses */
};

/* clang-format off */

/* Finals that stand after each initial (Hanyu Pinyin; v = u with diaeresis, E = e with circumflex). The last row are
 * the syllables without an initial and the interjections that are no vowel. Longer initials come first. */
static const struct {
    const char *initial;
    const char *finals; /* separated by spaces, with a space at both ends */
} syllables[] = {
    {"zh", " a ai an ang ao e ei en eng i ong ou u ua uai uan uang ui un uo "},
    {"ch", " a ai an ang ao e en eng i ong ou u ua uai uan uang ui un uo "},
    {"sh", " a ai an ang ao e ei en eng i ou u ua uai uan uang ui un uo "},
    {"b", " a ai an ang ao ei en eng i ian iao ie in ing o u "},
    {"p", " a ai an ang ao ei en eng i ian iao ie in ing o ou u "},
    {"m", " a ai an ang ao e ei en eng i ian iao ie in ing iu o ou u "},
    {"f", " a an ang ei en eng iao o ou u "},
    {"d", " a ai an ang ao e ei en eng i ia ian iao ie in ing iu ong ou u uan ui un uo "},
    {"t", " a ai an ang ao e ei eng i ian iao ie ing ong ou u uan ui un uo "},
    {"n", " a ai an ang ao e ei en eng g i ia ian iang iao ie in ing iu ong ou u uan un uo v ve ue "},
    {"l", " a ai an ang ao e ei en eng i ia ian iang iao ie in ing iu o ong ou u uan un uo v ve ue "},
    {"g", " a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo "},
    {"k", " a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo "},
    {"h", " a ai an ang ao e ei en eng m ng ong ou u ua uai uan uang ui un uo "},
    {"j", " i ia ian iang iao ie in ing iong iu u uan ue un v van ve vn "},
    {"q", " i ia ian iang iao ie in ing iong iu u uan ue un v van ve vn "},
    {"x", " i ia ian iang iao ie in ing iong iu u uan ue un v van ve vn "},
    {"r", " an ang ao e en eng i ong ou u ua uan ui un uo "},
    {"z", " a ai an ang ao e ei en eng i ong ou u uan ui un uo "},
    {"c", " a ai an ang ao e ei en eng i ong ou u uan ui un uo "},
    {"s", " a ai an ang ao e en eng i ong ou u uan ui un uo "},
    {"y", " a ai an ang ao e i in ing o ong ou u uan ue un "},
    {"w", " a ai an ang ei en eng o ong u "},
    {"", " a ai an ang ao e ei en eng er m n o ou E "},
};

/* Characters with a neutral reading: kHanyuPinlu, kTGHZ2013 and kXHC1983 of the Unihan database (Unicode 15), readings
 * without a tone mark; readings of a single letter only where nothing else can be meant. Sorted by syllable. */
static const struct {
    char syllable[XJI_SYLLABLE_SIZE];
    const char *han;
} neutral[] = {
    {"a", "呵啊"}, {"ba", "叭吧巴拔爸笆罢罷"}, {"bai", "㗑白"}, {"ban", "扮"}, {"bei", "呗唄臂"},
    {"bian", "边邊"}, {"bing", "餅饼"}, {"bo", "伯卜啵膊蔔"}, {"bu", "不"}, {"cai", "彩才材"},
    {"chang", "敞"}, {"che", "扯"}, {"chen", "伧傖晨"}, {"cheng", "成撐撑"}, {"chou", "酬"},
    {"chu", "处楚處"}, {"chun", "鶉鹑"}, {"cun", "寸"}, {"da", "㟷垯塔墶打疸瘩繨跶"}, {"dai", "袋"},
    {"dan", "丹担擔"}, {"dang", "当當鐺铛"}, {"dao", "到道"}, {"de", "地底得的脦"}, {"di", "弟"},
    {"du", "度"}, {"duo", "朵"}, {"e", "呃"}, {"fa", "发法發"}, {"fan", "烦煩"}, {"fang", "坊方"},
    {"fen", "份分"}, {"fu", "付傅咐夫妇婦服甫腐袱負负"}, {"gai", "盖蓋"}, {"ge", "个個哥搁擱格歌"},
    {"gong", "蚣"}, {"gu", "咕姑股菇"}, {"guo", "过過"}, {"hai", "害"}, {"hao", "号號"},
    {"he", "和喝"}, {"hm", "噷"}, {"hng", "哼"}, {"hou", "候"}, {"hu", "乎呼唬戶户糊虎"},
    {"hua", "滑花話话"}, {"huai", "划劃"}, {"huan", "唤喚欢歡"}, {"huang", "慌晃"},
    {"huo", "伙和惑活"}, {"ji", "激計記计记輯辑"}, {"jia", "家甲稼"}, {"jian", "見见間间"},
    {"jiang", "匠"}, {"jie", "价價姐家"}, {"jing", "睛經经静靜"}, {"jiu", "究舅蹴"},
    {"ju", "举具矩舉"}, {"kou", "口"}, {"kuai", "快"}, {"la", "啦拉蓝藍鞡"}, {"le", "了饹"},
    {"lei", "嘞"}, {"li", "利力哩李狸理裏裡里"}, {"liang", "亮梁量"}, {"lie", "咧"},
    {"ling", "伶灵靈"}, {"lo", "咯"}, {"long", "窿笼籠"}, {"lou", "喽嘍"}, {"lu", "氇芦蘆"},
    {"luo", "啰"}, {"ma", "么吗嗎嘛妈媽蟆麻"}, {"mai", "卖賣"}, {"mao", "毛"}, {"me", "么嚜末麼麽"},
    {"mei", "妹"}, {"men", "们們門门"}, {"mian", "面"}, {"ming", "明"}, {"mo", "摸沫磨莫"},
    {"mou", "謀谋"}, {"mu", "拇"}, {"na", "呐哪"}, {"nai", "奶"}, {"nan", "难難"}, {"nao", "闹鬧"},
    {"ne", "吶呐呢"}, {"niang", "娘"}, {"niu", "扭"}, {"nv", "女"}, {"pan", "盘盤"},
    {"peng", "棚篷"}, {"po", "婆桲泼潑"}, {"pu", "鋪铺"}, {"qi", "戚气氣"}, {"qian", "欠錢钱"},
    {"qin", "亲親"}, {"qing", "情"}, {"qu", "屈戌"}, {"que", "鵲鹊"}, {"ran", "然"}, {"ren", "人"},
    {"sao", "嫂"}, {"shang", "上尚裳"}, {"shao", "少"}, {"shen", "什婶嬸神"},
    {"sheng", "声生繩绳聲"}, {"shi", "事势勢匙士实實式拾是殖視视識识食"}, {"shou", "手"},
    {"shu", "叔数數"}, {"si", "厕廁思"}, {"sou", "嗽"}, {"su", "訴诉"}, {"suan", "算"},
    {"suo", "嗦索"}, {"tai", "太"}, {"tan", "弹彈探"}, {"tang", "堂汤湯"}, {"te", "脦"},
    {"teng", "腾騰"}, {"ti", "屉屜"}, {"tian", "天"}, {"ting", "听聽"}, {"tong", "同"},
    {"tou", "头頭"}, {"tu", "涂"}, {"tuo", "駝驼"}, {"wa", "哇娃"}, {"wang", "望枉"},
    {"wei", "猬蝟"}, {"wen", "問问"}, {"wu", "伍务務午物誤误"}, {"xi", "息系西"}, {"xia", "下"},
    {"xian", "仙鮮鲜"}, {"xie", "謝谢"}, {"xin", "心"}, {"xing", "形性猩"}, {"xiong", "兄"},
    {"xu", "蓿"}, {"xun", "訓训"}, {"ya", "呀"}, {"ye", "爷爺"}, {"yi", "宜意"},
    {"ying", "应應蝇蠅"}, {"yo", "哟喲"}, {"yong", "用"}, {"you", "友"}, {"yuan", "怨"},
    {"yue", "月"}, {"zan", "偺咱喒"}, {"zha", "馇"}, {"zhan", "展"}, {"zhang", "掌"},
    {"zhe", "着著蔗"}, {"zheng", "正"}, {"zhi", "置"}, {"zhou", "帚"}, {"zhui", "綴缀"},
    {"zi", "子字"}, {"zong", "宗"}, {"zui", "罪"},
};

/* clang-format on */

/* Tone of a combining mark, 0 = no tone mark. The breve is often typed for the caron. */
static unsigned tone_of_mark(uint32_t cp)
{
    switch (cp) {
    case 0x304:
        return 1;
    case 0x301:
        return 2;
    case 0x30C:
    case 0x306:
        return 3;
    case 0x300:
        return 4;
    default:
        return 0;
    }
}

/* clang-format off */

/* Letters with marks in one code point, and letters that look like a Latin one in Chinese fonts. */
static const struct {
    uint16_t cp;
    char letter;  /* small; v = u with diaeresis, E = e with circumflex */
    uint8_t tone; /* 0 = none */
} letters[] = {
    {0xC0, 'a', 4}, {0xC1, 'a', 2}, {0xC8, 'e', 4}, {0xC9, 'e', 2}, {0xCA, 'E', 0}, {0xCC, 'i', 4},
    {0xCD, 'i', 2}, {0xD2, 'o', 4}, {0xD3, 'o', 2}, {0xD9, 'u', 4}, {0xDA, 'u', 2}, {0xDC, 'v', 0},
    {0xE0, 'a', 4}, {0xE1, 'a', 2}, {0xE8, 'e', 4}, {0xE9, 'e', 2}, {0xEA, 'E', 0}, {0xEC, 'i', 4},
    {0xED, 'i', 2}, {0xF2, 'o', 4}, {0xF3, 'o', 2}, {0xF9, 'u', 4}, {0xFA, 'u', 2}, {0xFC, 'v', 0},
    {0x100, 'a', 1}, {0x101, 'a', 1}, {0x102, 'a', 3}, {0x103, 'a', 3}, {0x112, 'e', 1},
    {0x113, 'e', 1}, {0x114, 'e', 3}, {0x115, 'e', 3}, {0x11A, 'e', 3}, {0x11B, 'e', 3},
    {0x12A, 'i', 1}, {0x12B, 'i', 1}, {0x12C, 'i', 3}, {0x12D, 'i', 3}, {0x143, 'n', 2},
    {0x144, 'n', 2}, {0x147, 'n', 3}, {0x148, 'n', 3}, {0x14C, 'o', 1}, {0x14D, 'o', 1},
    {0x14E, 'o', 3}, {0x14F, 'o', 3}, {0x16A, 'u', 1}, {0x16B, 'u', 1}, {0x16C, 'u', 3},
    {0x16D, 'u', 3}, {0x1CD, 'a', 3}, {0x1CE, 'a', 3}, {0x1CF, 'i', 3}, {0x1D0, 'i', 3},
    {0x1D1, 'o', 3}, {0x1D2, 'o', 3}, {0x1D3, 'u', 3}, {0x1D4, 'u', 3}, {0x1D5, 'v', 1},
    {0x1D6, 'v', 1}, {0x1D7, 'v', 2}, {0x1D8, 'v', 2}, {0x1D9, 'v', 3}, {0x1DA, 'v', 3},
    {0x1DB, 'v', 4}, {0x1DC, 'v', 4}, {0x1F8, 'n', 4}, {0x1F9, 'n', 4}, {0x251, 'a', 0},
    {0x261, 'g', 0}, {0x1E3E, 'm', 2}, {0x1E3F, 'm', 2}, {0x1EBE, 'E', 2}, {0x1EBF, 'E', 2},
    {0x1EC0, 'E', 4}, {0x1EC1, 'E', 4},
};

/* clang-format on */

/* The Latin letter that cp writes, or 0. */
static char letter_of(uint32_t cp, unsigned *tone)
{
    *tone = 0;
    if (cp - 'a' < 26)
        return (char)cp;
    if (cp - 'A' < 26)
        return (char)(cp - 'A' + 'a');
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].cp == cp) {
            *tone = letters[i].tone;
            return letters[i].letter;
        }
    return 0;
}

static bool is_syllable(const char *s)
{
    for (size_t i = 0; i < sizeof syllables / sizeof *syllables; i++) {
        size_t n = strlen(syllables[i].initial);
        if (strncmp(s, syllables[i].initial, n) != 0 || !s[n])
            continue;
        char final[XJI_SYLLABLE_SIZE + 2];
        size_t m = strlen(s + n);
        final[0] = ' ';
        memcpy(final + 1, s + n, m);
        final[m + 1] = ' ';
        final[m + 2] = '\0';
        if (strstr(syllables[i].finals, final))
            return true;
    }
    return false;
}

/* Read one syllable at cp[i..n): its end, or i when there is none. */
static size_t read_syllable(xji_syllable *out, const uint32_t *cp, size_t i, size_t n)
{
    size_t b = i, len = 0;
    unsigned marks = 0;
    memset(out, 0, sizeof *out);
    for (; i < n; i++) {
        unsigned tone;
        char c = letter_of(cp[i], &tone);
        if (c) {
            if (len == XJI_SYLLABLE_SIZE - 1)
                return b;
            out->letters[len++] = c;
        } else if (len && out->letters[len - 1] == 'u' && (cp[i] == 0x308 || cp[i] == ':')) {
            out->letters[len - 1] = 'v';
        } else if (len && out->letters[len - 1] == 'e' && cp[i] == 0x302) {
            out->letters[len - 1] = 'E';
        } else {
            tone = len ? tone_of_mark(cp[i]) : 0;
            if (tone == 0)
                break;
        }
        if (tone) {
            out->tone = (uint8_t)tone;
            marks++;
        }
    }
    return marks <= 1 && is_syllable(out->letters) ? i : b;
}

static bool is_neutral_reading(uint32_t han, const char *syllable)
{
    size_t lo = 0, hi = sizeof neutral / sizeof *neutral;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = strcmp(neutral[mid].syllable, syllable);
        if (order == 0) {
            uint8_t bytes[5] = {0};
            xj_utf8_encode(bytes, han);
            return strstr(neutral[mid].han, (const char *)bytes) != NULL;
        }
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

static bool is_blank(uint32_t cp)
{
    return cp == ' ' || cp == 0xA0 || cp == 0x3000;
}

static bool is_separator(uint32_t cp)
{
    return cp == ',' || cp == 0xFF0C || cp == 0x3001 || cp == '/' || cp == 0xFF0F || cp == ';' ||
           cp == 0xFF1B;
}

static bool is_opening(uint32_t cp)
{
    return cp == '(' || cp == 0xFF08;
}

static bool is_closing(uint32_t cp)
{
    return cp == ')' || cp == 0xFF09;
}

/* Read "(syllable)" or "(syllable,syllable)" at t[i], an opening parenthesis. False when it is something else.
 * A single reading without a tone is a gloss only on a character that has it. */
static bool read_gloss(xji_gloss *g, const xji_text *t, size_t i, uint32_t han)
{
    size_t n = t->n - i > GLOSS_MAX + 2 ? i + GLOSS_MAX + 2 : t->n;
    unsigned readings = 0, toned = 0;
    *g = (xji_gloss){.b = (uint32_t)i, .han = han};
    for (i++; i < n;) {
        while (i < n && is_blank(t->cp[i]))
            i++;
        xji_syllable s;
        size_t e = read_syllable(&s, t->cp, i, n);
        if (e == i)
            return false;
        if (readings++ == 0)
            g->syllable = s;
        toned += s.tone != 0;
        i = e;
        while (i < n && is_blank(t->cp[i]))
            i++;
        if (i == n)
            return false;
        if (is_closing(t->cp[i])) {
            g->e = (uint32_t)i + 1;
            g->kind = toned ? XJI_GLOSS_TONED : XJI_GLOSS_NEUTRAL;
            return toned || (readings == 1 && is_neutral_reading(han, g->syllable.letters));
        }
        if (!is_separator(t->cp[i++]))
            return false;
    }
    return false;
}

/* Read what is left of a gloss whose character and parenthesis are damaged: a toned syllable and ")" after a sign. */
static bool read_orphan(xji_gloss *g, const xji_text *t, size_t i)
{
    xji_syllable s;
    size_t n = t->n - i > GLOSS_MAX ? i + GLOSS_MAX : t->n;
    size_t e = read_syllable(&s, t->cp, i + 1, n);
    if (e == i + 1 || !s.tone || e == n || !is_closing(t->cp[e]))
        return false;
    *g = (xji_gloss){.b = (uint32_t)i + 1,
                     .e = (uint32_t)e + 1,
                     .han = t->cp[i],
                     .kind = XJI_GLOSS_ORPHAN,
                     .syllable = s};
    return true;
}

static xj_status add_gloss(xji_glosses *out, const xji_gloss *g, xj_error *err)
{
    if (out->n == out->cap) {
        size_t cap = out->cap ? out->cap * 2 : 64;
        xji_gloss *p = realloc(out->gloss, cap * sizeof *p);
        if (!p)
            return xj_fail(err, XJ_ENOMEM, "no memory for %zu pieces of pinyin", cap);
        out->gloss = p;
        out->cap = cap;
    }
    out->gloss[out->n++] = *g;
    return XJ_OK;
}

/* Parenthesised glosses, in text order. */
static xj_status find_parenthesised(xji_glosses *out, const xji_text *t, size_t *n_toned,
                                    xj_error *err)
{
    size_t i = xji_find_either(t->cp, 0, t->n, '(', 0xFF08);
    while (i < t->n) {
        xji_gloss g;
        const xji_gloss *last = out->n ? &out->gloss[out->n - 1] : NULL;
        bool chained = last && last->e == i; /* a second gloss on the same character */
        uint32_t han = chained ? last->han : i ? t->cp[i - 1] : 0;
        if (xji_is_han(han) && read_gloss(&g, t, i, han)) {
            xj_status st = add_gloss(out, &g, err);
            if (st != XJ_OK)
                return st;
            *n_toned += g.kind == XJI_GLOSS_TONED;
            i = g.e;
            if (i < t->n && is_opening(t->cp[i]))
                continue;
        } else {
            i++;
        }
        i = xji_find_either(t->cp, i, t->n, '(', 0xFF08);
    }
    return XJ_OK;
}

static int by_place(const void *a, const void *b)
{
    const xji_gloss *x = a, *y = b;
    return (x->b > y->b) - (x->b < y->b);
}

static xj_status find_orphans(xji_glosses *out, const xji_text *t, xj_error *err)
{
    size_t n = out->n;
    for (size_t i = xji_find_either(t->cp, 0, t->n, '?', 0xFFFD); i < t->n;
         i = xji_find_either(t->cp, i + 1, t->n, '?', 0xFFFD)) {
        xji_gloss g;
        if (!read_orphan(&g, t, i))
            continue;
        xj_status st = add_gloss(out, &g, err);
        if (st != XJ_OK)
            return st;
    }
    if (n && out->n > n)
        qsort(out->gloss, out->n, sizeof *out->gloss, by_place);
    return XJ_OK;
}

/* Of the toned glosses, how many tell the reader nothing: on an everyday character, or on one that was glossed before. */
static size_t count_needless(const xji_glosses *g)
{
    xji_everyday everyday;
    xji_everyday_init(&everyday);
    uint32_t recent[256] = {0}; /* by hash: most repeats are found, none is invented */
    size_t needless = 0;
    for (size_t i = 0; i < g->n; i++) {
        if (g->gloss[i].kind != XJI_GLOSS_TONED)
            continue;
        uint32_t han = g->gloss[i].han;
        int rank = xji_everyday_rank(&everyday, xj_fold(han));
        uint32_t *slot = &recent[(han * 2654435761u) >> 24];
        needless += (rank >= 0 && rank < EVERYDAY_RANK) || *slot == han;
        *slot = han;
    }
    return needless;
}

static bool is_injected(const xji_glosses *g, const xji_text *t, size_t n_toned)
{
    if (n_toned < INJECTED_MIN)
        return false;
    size_t n_han = 0;
    for (size_t i = 0; i < t->n; i++)
        n_han += xji_is_han(t->cp[i]);
    return n_toned * INJECTED_PER_HAN >= n_han && count_needless(g) * INJECTED_NEEDLESS >= n_toned;
}

xj_status xji_glosses_find(xji_glosses *out, const xji_text *t, bool orphans_alone, xj_error *err)
{
    size_t n_toned = 0;
    out->n = 0;
    xj_status st = find_parenthesised(out, t, &n_toned, err);
    out->injected = st == XJ_OK && is_injected(out, t, n_toned);
    if (st == XJ_OK && (out->injected || orphans_alone))
        st = find_orphans(out, t, err);
    if (st != XJ_OK)
        xji_glosses_release(out);
    return st;
}

void xji_glosses_release(xji_glosses *g)
{
    free(g->gloss);
    *g = (xji_glosses)XJI_GLOSSES_INIT;
}

/* Delete the glosses, compacting the text in place. The sign before an orphan stays: what it stood for is lost. */
static void delete_glosses(xji_text *t, const xji_glosses *g, xji_log *log)
{
    size_t w = g->gloss[0].b;
    for (size_t k = 0; k < g->n; k++) {
        const xji_gloss *x = &g->gloss[k];
        uint32_t beg, end;
        if (x->kind == XJI_GLOSS_ORPHAN) {
            xji_text_span(t, x->b - 1, x->e, &beg, &end);
            xji_log_add(log, XJI_CHANGE_DAMAGE, beg, end, t->cp + x->b - 1, x->e - x->b + 1,
                        t->cp + x->b - 1, 1);
        }
        xji_text_span(t, x->b, x->e, &beg, &end);
        xji_log_add(log, XJI_CHANGE_PINYIN, beg, end, t->cp + x->b, x->e - x->b, NULL, 0);
        w = xji_text_move(t, w, x->e, k + 1 < g->n ? g->gloss[k + 1].b : t->n);
    }
    t->n = w;
}

xj_status xji_pinyin_step(xji_text *t, bool *changed, xji_log *log, xj_error *err)
{
    xji_glosses glosses = XJI_GLOSSES_INIT;
    *changed = false;
    xj_status st = xji_glosses_find(&glosses, t, false, err);
    if (st == XJ_OK && glosses.injected) {
        delete_glosses(t, &glosses, log);
        *changed = true;
    }
    xji_glosses_release(&glosses);
    return st;
}
