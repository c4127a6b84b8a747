/*
 * Question words. In written text they are rare, so idf would make them the most important terms of a question; a closed list
 * is the only remedy that measurements support (docs/RANKING.md).
 */
#include <stdint.h>
#include <string.h>

#include "query_priv.h"
#include "xj/fold.h"
#include "xj/utf8.h"

/* Longest first where one is the beginning of another. 几 and 哪 stand for themselves with what follows them. */
static const char *const patterns[] = {
    "什么时候", "什么样", "为什么", "凭什么", "是什么", "有什么", "什么",   "请问",   "想问",   "是不是", "有没有", "能不能",
    "怎么办",   "怎么样", "怎么",   "怎样",   "如何",   "哪一",   "哪些",   "哪个",   "哪里",   "哪儿",   "哪年",   "哪位",
    "哪种",     "哪家",   "哪项",   "哪部",   "哪类",   "哪几",   "哪座",   "哪国",   "哪天",   "哪月",   "哪",     "是谁",
    "谁是",     "谁",     "多少",   "几年",   "几月",   "几个",   "几日",   "几次",   "几种",   "几位",   "几岁",   "几天",
    "几人",     "几项",   "几条",   "何时",   "何地",   "何人",   "何种",   "何年",   "何事",   "何处",   "为何",   "是何",
    "何",       "能否",   "是否",   "可否",   "多长",   "多久",   "多高",   "多大",   "多远",   "吗",     "呢",     "么",
    "嘛",       "吧"};

/* Units that a pattern takes at unit i, 0 when it does not fit. */
static size_t fits(const xj_units *units, size_t i, const char *pattern)
{
    size_t n = strlen(pattern), k = 0;
    for (size_t at = 0; at < n; k++) {
        uint32_t cp;
        at += xj_utf8_decode((const uint8_t *)pattern + at, n - at, &cp, NULL);
        if (i + k >= units->n || units->unit[i + k].kind != XJ_UNIT_CHAR || units->unit[i + k].cp != xj_fold(cp))
            return 0;
    }
    return k;
}

void xji_question_words(const xj_units *units, bool *flag)
{
    memset(flag, 0, units->n * sizeof *flag);
    for (size_t i = 0; i < units->n;) {
        size_t best = 0;
        for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
            size_t k = fits(units, i, patterns[p]);
            if (k > best)
                best = k;
        }
        for (size_t k = 0; k < best; k++)
            flag[i + k] = true;
        i += best ? best : 1;
    }
}
