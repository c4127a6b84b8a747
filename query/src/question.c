/*
 * Question words. In written text they are rare, so idf would make them the most important terms of a question; a closed list
 * is the only remedy that measurements support (docs/RANKING.md).
 */
#include <stdint.h>
#include <string.h>
#include <uchar.h>

#include "query_priv.h"

/* Longest first where one is the beginning of another. 几 and 哪 stand for themselves with what follows them. Every character is its
 * own folded form. */
static const char16_t *const patterns[] = {
    u"什么时候", u"什么样", u"为什么", u"凭什么", u"是什么", u"有什么", u"什么",   u"请问",   u"想问",   u"是不是", u"有没有", u"能不能",
    u"怎么办",   u"怎么样", u"怎么",   u"怎样",   u"如何",   u"哪一",   u"哪些",   u"哪个",   u"哪里",   u"哪儿",   u"哪年",   u"哪位",
    u"哪种",     u"哪家",   u"哪项",   u"哪部",   u"哪类",   u"哪几",   u"哪座",   u"哪国",   u"哪天",   u"哪月",   u"哪",     u"是谁",
    u"谁是",     u"谁",     u"多少",   u"几年",   u"几月",   u"几个",   u"几日",   u"几次",   u"几种",   u"几位",   u"几岁",   u"几天",
    u"几人",     u"几项",   u"几条",   u"何时",   u"何地",   u"何人",   u"何种",   u"何年",   u"何事",   u"何处",   u"为何",   u"是何",
    u"何",       u"能否",   u"是否",   u"可否",   u"多长",   u"多久",   u"多高",   u"多大",   u"多远",   u"吗",     u"呢",     u"么",
    u"嘛",       u"吧"};

/* Units that a pattern takes at unit i, 0 when it does not fit. */
static size_t fits(const xj_units *units, size_t i, const char16_t *pattern)
{
    size_t k = 0;
    for (; pattern[k]; k++)
        if (i + k >= units->n || units->unit[i + k].cp != pattern[k]) /* units that are no characters have other numbers */
            return 0;
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
