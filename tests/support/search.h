/*
 * An index to search in: random reports in several segments, and queries of every kind. Static, as segment.h; include it
 * after that.
 */
#ifndef XJ_TESTING_SEARCH_H
#define XJ_TESTING_SEARCH_H

#include "xj/index.h"
#include "xj/search.h"

static TESTING_UNUSED char search_root[64];
static TESTING_UNUSED xj_index *search_index;

static TESTING_UNUSED int make_search_dir(void **state)
{
    (void)state;
    return make_folder(search_root);
}

static TESTING_UNUSED int remove_search_dir(void **state)
{
    (void)state;
    xj_index_close(&search_index);
    return remove_folder(search_root);
}

static TESTING_UNUSED const char *search_path(void)
{
    static char path[80];
    snprintf(path, sizeof path, "%s/index", search_root);
    return path;
}

/* Close the index and open it again: nothing of it is in memory then. */
static TESTING_UNUSED void reopen_search_index(void)
{
    xj_index_close(&search_index);
    OK(xj_index_open(&search_index, search_path(), &err));
}

/* A text of few characters and words, so that lists are long, phrases occur, and pairs repeat. */
static TESTING_UNUSED void random_search_text(char *out, size_t cap)
{
    static const char *const pieces[] = {"甲", "乙", "丙", "丁", "甲乙", "乙丙", "枫桥经验", "楓橋", "人人人人", "，", "。",
                                         " 5G ", " run ", " running ", "戊", "己", "甲乙甲乙甲乙", "𠮷", "網絡", "网络", "化解矛盾", "a b "};
    size_t used = 0;
    for (uint32_t k = 1 + random_below(random_below(10) ? 12 : 120); k > 0; k--) {
        const char *s = pieces[random_below(random_below(3) ? 9 : sizeof pieces / sizeof *pieces)];
        if (used + strlen(s) + 1 > cap)
            break;
        memcpy(out + used, s, strlen(s));
        used += strlen(s);
    }
    out[used] = '\0';
}

/* Make an index of n_segments segments, each of so many passages, and open it. */
static TESTING_UNUSED void make_search_index(size_t n_segments, uint32_t passages)
{
    static const char *const headings[] = {"一、总体情况", "二、枫桥经验"};
    xj_index_writer *w;
    uint32_t number = 0;
    OK(xj_index_writer_open(&w, search_path(), XJ_INDEX_REPLACE, &err));
    for (size_t s = 0; s < n_segments; s++) {
        xj_segment_writer *sw;
        maker m;
        OK(xj_index_writer_begin(w, XJ_TEXT_DEFAULT, NULL, &sw, &err));
        maker_begin(&m, sw);
        for (uint32_t i = 0; i < passages; i++) {
            char text[1500], id[16];
            random_search_text(text, sizeof text);
            maker_section(&m, "枫桥调研", &headings[random_below(2)], random_below(2));
            maker_text(&m, text, 0);
            if (i + 1 < passages && random_below(4))
                continue;
            int n = snprintf(id, sizeof id, "%c%u", 'a' + (int)random_below(26), number++);
            xj_report_meta meta = {.id = {id, (size_t)n}, .title = {"枫桥调研", 12}, .date = {"2024-05", 7}};
            maker_report(&m, &meta, random_below(4) ? 2020 + random_below(5) : 0, 1);
        }
        maker_end(&m);
        OK(xj_index_writer_end(w, &sw, &err));
    }
    OK(xj_index_writer_commit(w, &err));
    xj_index_writer_close(&w);
    reopen_search_index();
}

/* Queries of every kind and flag, and how they are asked. */
typedef struct asked {
    const char *text;
    unsigned flags;
    bool relax, more;
} asked;

static TESTING_UNUSED const asked search_asked[] = {
    {"甲乙", 0, false, false},
    {"甲乙", 0, true, false},
    {"甲乙丙", 0, false, true},
    {"枫桥经验", 0, false, false},
    {"枫桥经验", 0, true, false},
    {"枫桥经验", 0, false, true},
    {"楓橋", XJ_QUERY_EXACT_SCRIPT, false, false},
    {"人人", 0, false, false},
    {"甲", 0, false, false},
    {"𠮷", 0, false, false},
    {"running", 0, false, false},
    {"甲，乙", XJ_QUERY_LITERAL, false, false},
    {"不存在", 0, false, false},
    {"不存在", 0, true, true},
    {"枫桥经验 化解矛盾", 0, false, false},
    {"甲乙 乙丙 running", 0, false, false},
    {"枫桥经验甲乙丙丁的网络矛盾有哪些", 0, false, false},
    {"枫桥经验甲乙丙丁的网络矛盾有哪些", XJ_QUERY_ANY, false, false},
    {"甲 枫桥 5G", XJ_QUERY_ALL, false, false},
    {"甲乙 AND 枫桥", 0, false, false},
    {"甲乙 OR 枫桥经验", 0, false, false},
    {"(甲乙 OR 网络) AND NOT 人人", 0, false, false},
    {"枫桥 AND (run OR 𠮷) AND -丙", 0, false, false},
    {"甲乙 year:2021..2023", 0, false, false},
    {"year:2022", 0, false, false},
    {"section:枫桥经验 甲乙", 0, false, false},
    {"title:调研 NOT 甲", 0, false, false},
    {"甲乙 AND date:2024", 0, false, false},
};
enum { N_ASKED = sizeof search_asked / sizeof *search_asked };

static TESTING_UNUSED xj_query *parse_asked(const asked *a)
{
    xj_query *q = NULL;
    OK(xj_query_parse(&q, a->text, strlen(a->text), a->flags, &err));
    return q;
}

static TESTING_UNUSED xj_search_options options_of(const asked *a, xj_want want, unsigned totals, size_t limit)
{
    xj_search_options o = XJ_SEARCH_OPTIONS_INIT;
    o.want = want;
    o.totals = totals;
    o.limit = limit;
    o.relax = a->relax;
    o.count_more = a->more;
    return o;
}

static TESTING_UNUSED bool same_results(const xj_results *a, const xj_results *b)
{
    bool same = a->n_hits == b->n_hits && a->n_reports == b->n_reports && a->partial == b->partial &&
                memcmp(&a->totals, &b->totals, sizeof a->totals) == 0;
    for (size_t i = 0; i < a->n_hits && same; i++)
        same = a->hits[i].score == b->hits[i].score && a->hits[i].segment == b->hits[i].segment &&
               a->hits[i].passage == b->hits[i].passage && a->hits[i].tier == b->hits[i].tier;
    for (size_t i = 0; i < a->n_reports && same; i++)
        same = a->reports[i].score == b->reports[i].score && a->reports[i].segment == b->reports[i].segment &&
               a->reports[i].report == b->reports[i].report && a->reports[i].passages == b->reports[i].passages &&
               a->reports[i].occurrences == b->reports[i].occurrences;
    return same;
}

#endif
