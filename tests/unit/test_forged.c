/*
 * Searching segments whose checksums are right and whose contents make no sense. They are changed in the memory where they
 * are kept once they were verified, so that no checksum has to be made. Any answer will do, and any status that says damage,
 * but passages must exist, and every search must come to an end.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "segment.h"

#include "search.h"

#include "../../common/src/segment_priv.h"

/* Seconds after which a search is taken to be endless; sanitizers are slow. */
enum { PATIENCE = 60 };

static char doing[400];

static void give_up(int signal)
{
    (void)signal;
    ssize_t ignored = write(2, doing, strlen(doing));
    (void)ignored;
    _exit(1);
}

/* Every query in ways that together go through all code. */
static void search_all(const char *what)
{
    static const struct {
        xj_want want;
        unsigned totals;
        size_t limit;
    } ways[] = {{XJ_WANT_COUNT, XJ_TOTAL_ALL, 0}, {XJ_WANT_HITS, 0, 3}, {XJ_WANT_HITS, XJ_TOTAL_ALL, 10}, {XJ_WANT_REPORTS, 0, 3}};
    xj_searcher *s;
    xj_results r = XJ_RESULTS_INIT;
    OK(xj_searcher_new(&s, search_index, &err));
    for (size_t i = 0; i < N_ASKED; i++) {
        xj_query *q = parse_asked(&search_asked[i]);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            xj_error e = XJ_ERROR_INIT;
            xj_search_options o = options_of(&search_asked[i], ways[w].want, ways[w].totals, ways[w].limit);
            snprintf(doing, sizeof doing, "endless: '%s', want %d, after %s\n", search_asked[i].text, (int)ways[w].want, what);
            alarm(PATIENCE);
            xj_status st = xj_searcher_run(&r, s, q, &o, &e);
            alarm(0);
            if (st != XJ_OK && st != XJ_ECORRUPT)
                fail_msg("'%s' after %s: %s", search_asked[i].text, what, e.message);
            for (size_t k = 0; k < r.n_hits; k++) {
                const xj_segment *seg = xj_index_segment(search_index, r.hits[k].segment);
                assert_true(r.hits[k].passage < xj_segment_stats_of(seg)->n_passages);
            }
        }
        xj_query_free(q);
    }
    xj_results_release(&r);
    xj_searcher_free(s);
}

/* Forget what was made of the bytes before they were changed: blocks that were decoded, and frames of texts. */
static void forget_kept(xj_segment *seg)
{
    for (xji_text_frame *f = atomic_exchange(&seg->kept_frames, NULL), *next; f; f = next) {
        next = f->next;
        xji_text_frame_free(f);
    }
    for (uint64_t i = 0; i < seg->sec[XJI_SEC_TEXT].n_parts; i++)
        atomic_store(&seg->text_frame[i], NULL);
    uint64_t n = seg->sec[XJI_SEC_BLOCKS].length / XJI_BLOCK_ENTRY;
    for (uint64_t i = 0; i < n; i++) {
        atomic_store(&seg->has_block[i], 0);
        atomic_store(&seg->has_codes[i], 0);
    }
}

/* A byte of the section that is in memory; NULL when there is none. */
static uint8_t *some_byte(xj_segment *seg, uint32_t type)
{
    xji_section_view *s = &seg->sec[type];
    if (s->n_parts == 0)
        return NULL;
    uint64_t part = random_below((uint32_t)s->n_parts);
    if (!xji_is_loaded(s, part))
        return NULL;
    uint64_t left = s->kind == XJI_KIND_FRAMES ? s->raw[part] : s->length - part * s->slot;
    return s->arena + part * s->slot + random_below((uint32_t)(left < s->slot ? left : s->slot));
}

/* Whether entry number i of the block directory is in memory. */
static bool is_there(xj_segment *seg, uint32_t i)
{
    const xji_section_view *s = &seg->sec[XJI_SEC_BLOCKS];
    uint64_t at = (uint64_t)i * XJI_BLOCK_ENTRY;
    return xji_is_loaded(s, at / XJI_CHUNK) && xji_is_loaded(s, (at + XJI_BLOCK_ENTRY - 1) / XJI_CHUNK);
}

/* Entry number i of the block directory. */
static void forge_entry(xj_segment *seg, uint32_t i)
{
    static const uint32_t lasts[] = {0, 1, 0x7FFFFFFF, 0x80000000, UINT32_MAX - 1, UINT32_MAX};
    uint8_t *p = seg->sec[XJI_SEC_BLOCKS].arena + (size_t)i * XJI_BLOCK_ENTRY;
    if (!is_there(seg, i))
        return;
    uint32_t last = random_below(2) ? lasts[random_below(6)] : random_below((uint32_t)seg->stats.n_passages + 10);
    switch (random_below(4)) {
    case 0:
        for (unsigned k = 0; k < 4; k++)
            p[k] = (uint8_t)(last >> 8 * k);
        break;
    case 1: /* the same, and no impact */
        for (unsigned k = 0; k < 4; k++)
            p[k] = (uint8_t)(last >> 8 * k);
        p[9] = 0;
        break;
    case 2:
        p[9] = (uint8_t)random_below(256);
        break;
    default:
        p[random_below(XJI_BLOCK_ENTRY)] = (uint8_t)random_below(256);
    }
}

/* Blocks that end nowhere and give nothing: among the first that searches pass over. */
static void forge_ends(xj_segment *seg, uint32_t last, uint32_t one_in)
{
    xji_section_view *s = &seg->sec[XJI_SEC_BLOCKS];
    for (uint32_t i = 0; i < s->length / XJI_BLOCK_ENTRY; i++) {
        uint8_t *p = s->arena + (size_t)i * XJI_BLOCK_ENTRY;
        if (random_below(one_in) || !is_there(seg, i))
            continue;
        for (unsigned k = 0; k < 4; k++)
            p[k] = (uint8_t)(last >> 8 * k);
        p[9] = 0;
    }
}

/* A list of several blocks that says its blocks begin elsewhere: they may be those of other lists. */
static void forge_term(xj_segment *seg)
{
    uint32_t n_blocks = (uint32_t)(seg->sec[XJI_SEC_BLOCKS].length / XJI_BLOCK_ENTRY);
    xji_dict_page *p = atomic_load(&seg->page[random_below((uint32_t)seg->sec[XJI_SEC_DICTIONARY].n_parts)]);
    for (unsigned tries = 0; p && tries < 50; tries++) {
        xj_term *t = &p->term[random_below(p->n)];
        uint32_t n = t->df / XJ_BLOCK + (t->df % XJ_BLOCK != 0);
        if (n < 2 || n >= n_blocks)
            continue;
        t->first_block = random_below(n_blocks - n);
        if (random_below(2))
            t->page = random_below((uint32_t)seg->sec[XJI_SEC_POSTINGS].n_parts);
        return;
    }
}

static void forge_bytes(xj_segment *seg, uint32_t type)
{
    static const uint8_t some[] = {0, 1, 0x7F, 0x80, 0xFF};
    for (uint32_t k = 1 + random_below(4); k > 0; k--) {
        uint8_t *p = some_byte(seg, type);
        if (p)
            *p = random_below(2) ? some[random_below(5)] : (uint8_t)random_below(256);
    }
}

/* Pages of postings begin with the number of their headers, which is looked at only when they are read: it stays. */
static void forge(unsigned kind, unsigned rounds)
{
    static const uint32_t tables[] = {XJI_SEC_LENGTHS, XJI_SEC_REPORTS, XJI_SEC_SECTIONS, XJI_SEC_TEXT_FIRSTS, XJI_SEC_REPORT_FIRSTS};
    xj_segment *seg = xj_index_segment(search_index, 0);
    signal(SIGALRM, give_up);
    for (unsigned round = 0; round < rounds; round++) {
        char what[64];
        xj_index_trim(search_index);
        search_all("nothing");
        snprintf(what, sizeof what, "round %u of kind %u", round, kind);
        uint32_t n_blocks = (uint32_t)(seg->sec[XJI_SEC_BLOCKS].length / XJI_BLOCK_ENTRY);
        for (uint32_t k = 1 + random_below(6); k > 0; k--) {
            if (kind == 0)
                forge_entry(seg, random_below(n_blocks));
            else if (kind == 1)
                forge_term(seg);
            else if (kind == 2)
                forge_bytes(seg, XJI_SEC_ADJACENCY);
            else
                forge_bytes(seg, tables[random_below(5)]);
        }
        if (kind == 0 && round % 2)
            forge_ends(seg, UINT32_MAX - random_below(3), 1 + random_below(40));
        if (kind == 2) { /* headers and noise, but not how many there are of each */
            for (uint32_t k = 1 + random_below(6); k > 0; k--) {
                uint8_t *p = some_byte(seg, XJI_SEC_POSTINGS);
                uint64_t at = p ? (uint64_t)(p - seg->sec[XJI_SEC_POSTINGS].arena) % XJI_POSTINGS_SLOT : 0;
                if (at >= 2)
                    *p = (uint8_t)random_below(256);
            }
        }
        forget_kept(seg);
        search_all(what);
    }
    xj_index_trim(search_index);
}

static void test_forged__block_directory(void **state)
{
    (void)state;
    seed(84);
    make_search_index(1, 4000);
    forge(0, 60);
}

static void test_forged__lists_with_blocks_of_others(void **state)
{
    (void)state;
    seed(85);
    make_search_index(1, 4000);
    forge(1, 40);
}

static void test_forged__postings_and_codes(void **state)
{
    (void)state;
    seed(86);
    make_search_index(1, 4000);
    forge(2, 40);
}

static void test_forged__tables(void **state)
{
    (void)state;
    seed(87);
    make_search_index(1, 2000);
    forge(3, 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_search_dir, remove_search_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_forged__block_directory),
        TEST(test_forged__lists_with_blocks_of_others),
        TEST(test_forged__postings_and_codes),
        TEST(test_forged__tables),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
