/*
 * The order of the repair steps, and what they share.
 *
 * Restoring slipped text needs the pinyin (a reading left over beside a damaged character is evidence), and deleting
 * the pinyin or a line break makes one run of what was cut by it; so slip comes before pinyin, and the steps are taken
 * again until nothing changes. Text without damage takes one round of cheap scans.
 */
#include "repair_priv.h"

#include <string.h>

#if defined(__SSE2__) /* part of every x86-64 */
#include <emmintrin.h>
#endif

#include "xj/fold.h"
#include "xj/utf8.h"

/* Each round but the last changes something, real files need two. The bound guards against a text made to need more. */
enum { MAX_ROUNDS = 64 };

#if defined(__SSE2__)
/* Which of the sixteen code points at cp are a or b: one bit each. */
static unsigned either_of_16(const uint32_t *cp, __m128i a, __m128i b)
{
    __m128i hit[4];
    for (int k = 0; k < 4; k++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(cp + 4 * k));
        hit[k] = _mm_or_si128(_mm_cmpeq_epi32(v, a), _mm_cmpeq_epi32(v, b));
    }
    return (unsigned)_mm_movemask_epi8(
        _mm_packs_epi16(_mm_packs_epi32(hit[0], hit[1]), _mm_packs_epi32(hit[2], hit[3])));
}
#endif

size_t xji_find_either(const uint32_t *cp, size_t from, size_t n, uint32_t a, uint32_t b)
{
    size_t i = from;
#if defined(__SSE2__)
    const __m128i all_a = _mm_set1_epi32((int)a), all_b = _mm_set1_epi32((int)b);
    for (; n - i >= 16; i += 16) {
        unsigned hits = either_of_16(cp + i, all_a, all_b);
        if (hits)
            return i + (size_t)__builtin_ctz(hits);
    }
#endif
    while (i < n && cp[i] != a && cp[i] != b)
        i++;
    return i;
}

bool xji_is_han(uint32_t cp)
{
    return cp - 0x4E00 < 0x5200 || cp - 0x3400 < 0x19C0 || cp - 0xF900 < 0x200 ||
           cp - 0x20000 < 0x20000 || cp == 0x3007;
}

size_t xji_text_move(xji_text *t, size_t to, size_t from, size_t end)
{
    size_t n = end - from;
    if (to != from && n) {
        memmove(t->cp + to, t->cp + from, n * sizeof *t->cp);
        memmove(t->beg + to, t->beg + from, n * sizeof *t->beg);
        memmove(t->len + to, t->len + from, n);
        memmove(t->mark + to, t->mark + from, n);
        t->as_source = false;
    }
    return to + n;
}

void xji_text_span(const xji_text *t, size_t b, size_t e, uint32_t *beg, uint32_t *end)
{
    *beg = UINT32_MAX;
    *end = 0;
    for (size_t i = b; i < e; i++) {
        if (t->beg[i] < *beg)
            *beg = t->beg[i];
        if (t->beg[i] + t->len[i] > *end)
            *end = t->beg[i] + t->len[i];
    }
}

/* The 1,000 most frequent characters, most frequent first; together 92 of 100 Han characters. Counted with equal
 * weight over three public kinds of text: government reports, statutes and narrative prose. */
static const char everyday[] =
    "的人和国有一不行以业民十为在法大定政中第会条是应建发他理当地设工生用"
    "进年主规作上要管部经务事全了关制产二公实等保三对展化加者下到时动出市"
    "能合机家区门本重方成于任自高力后五军其同施我安新体说位资文改之就所提"
    "或子来可开王社员四水个得府强这们都城将分平物代持各责处治及现推内级长"
    "护面道与立服使相入度通济并权过农学日利而明向义由共帝构单依监企增品好"
    "性元天前境项多百外院职基量从收情正取太环表期技照信划议书准领六标交万"
    "质决去教育营件金活计常办求场因证县革月防州起调放程意委报被心给系造组"
    "令请查又按结点命省没统受支路运七审官朝据案科八坚告九也目源接域商完备"
    "导反术督兵投费次供回世善效然专范原党史南种律织更深违把车创做总皇知无"
    "间执见东续海集守问解战名数武步特如批指小司确着先必村果未西款众策还认"
    "检害升口例才予优协财整置况险态节采两电负儿式打乡列派死形快气根需马污"
    "广严让益河章想医达阳流具消转已山攻卫修很居格变征千罪记祖风别止承息复"
    "里际率样罚直士食申北举此土担预除积障亲布身群传台许色价养侯参封则健题"
    "住核促失队镇极排融限便围争比初少措称稳张至刘些干但染杀功犯臣验族江周"
    "继清落联病助么思华郡税察兴适线听己配那边房林诉神只引算再劳非属老控类"
    "难评料君精局户德研论型须带容易校手礼最志宗降团识约送近尚示齐究姓登符"
    "急网势今维刑励孙即断宣你装础廷超选破扩字测存师减该纳游疗诸头历救密真"
    "空何综销培补药随灾免追看观序突筑考魏视康包显败京界损陈左占绿故互停试"
    "父鼓粮央略亿值危号走低移器废习光景禁留汉退切诏夫远每阶固弟挥黄首影充"
    "归乱击李响象美刺托右输答女往侍久额且始秦晋船模赐注乐召离斗田授孝终足"
    "宫困献讨园贸材满偿骑获望草候临速待祭木货什良愿届旅越石话几客言连谋判"
    "胜却侵赵古智它射均录付招感港敌层您履席拜伐筹普奏顺致梁较白段声轻援附"
    "呢够贯余警仪站爱逃酒奉私迁尉素逐氏享郎紧彻爵陵债辖涉铁惠努像遇抓编楚"
    "曹训富庭延尽宁遣母裁贫青树吏遵夏贵曾火假购丞航威散萧室遗星吴扬矿御售"
    "宋纪坏亡伯荣旧状杨图仍独银永兼跟克讼赏写虽聚岁伤绝徒湖著叛忠疾敢载役"
    "帮绩热扶库盖敬贤双饮异尊残患撤怎辞驾针简钱奋岸估怀奖络隐另疫震宜春屋"
    "叫弃丧朱零植订租靠怕堂贼福韩灭鲁仲讲谢毛阴脱喜竞花陆述鉴友份劝季衣询"
    "擅燃疑宽宾乘念括探灵阿既释错宇伟储舶拒副掌辅束恢袁签藏避抚祀凡仁野纠"
    "股典微油掉贡诚虑毒驻街赔刚休虚奴卖抗盛缴辆博煤压印践邑苏坐返庆馆云细"
    "欢龙艺恶署耕赠底吗恐抵恩覆背";

static size_t slot_of(const xji_everyday *e, uint32_t folded)
{
    size_t slot = (folded * 2654435761u >> 16) % XJI_EVERYDAY_SLOTS;
    while (e->key[slot] && e->key[slot] != folded)
        slot = (slot + 1) % XJI_EVERYDAY_SLOTS;
    return slot;
}

void xji_everyday_init(xji_everyday *e)
{
    memset(e, 0, sizeof *e);
    const uint8_t *s = (const uint8_t *)everyday;
    size_t len = sizeof everyday - 1;
    unsigned rank = 0;
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        i += xj_utf8_decode(s + i, len - i, &cp, NULL);
        cp = xj_fold(cp);
        size_t slot = slot_of(e, cp);
        if (e->key[slot])
            continue; /* two characters of one class */
        e->key[slot] = cp;
        e->rank[slot] = (uint16_t)rank++;
    }
}

int xji_everyday_rank(const xji_everyday *e, uint32_t folded)
{
    size_t slot = slot_of(e, folded);
    return e->key[slot] ? e->rank[slot] : -1;
}

xj_status xji_repair_pinyin(xji_text *t, xji_log *log, xj_error *err)
{
    bool changed;
    return xji_pinyin_step(t, &changed, log, err);
}

xj_status xji_repair_slip(xji_text *t, xji_log *log, xj_error *err)
{
    bool changed, damage;
    xj_status st = xji_slip_step(t, &changed, &damage, log, err);
    return st == XJ_OK && damage ? xji_slip_report(t, log, err) : st;
}

xj_status xji_repair_reflow(xji_text *t, xji_log *log, xj_error *err)
{
    bool changed;
    return xji_reflow_step(t, &changed, log, err);
}

xj_status xji_repair(xji_text *t, xji_log *log, xj_error *err)
{
    xj_status st = xji_repair_clean(t, log, err);
    bool again = true, damage = false;
    for (int round = 0; st == XJ_OK && again && round < MAX_ROUNDS; round++) {
        bool slipped = false, glossed = false, joined = false;
        st = xji_slip_step(t, &slipped, &damage, log, err);
        if (st == XJ_OK)
            st = xji_pinyin_step(t, &glossed, log, err);
        if (st == XJ_OK && !slipped && !glossed)
            st = xji_reflow_step(t, &joined, log, err);
        again = slipped || glossed || joined;
    }
    return st == XJ_OK && damage ? xji_slip_report(t, log, err) : st;
}
