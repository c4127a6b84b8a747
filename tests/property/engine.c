/*
 * The search engine against an oracle that reads every text: for random corpora and random queries, whatever is wanted, at
 * whatever limit and offset, ids, order, tiers, totals and explanations are the same and scores are equal to the last bit.
 *
 *   engine --pairs N --seed S [--shape NAME] [--sabotage NAME] [--verbose]
 *   engine --seed S [--shape NAME] --corpus K --query Q      one pair again, as a failure prints it
 *
 * A pair is one query and one corpus; it is asked for in several ways. Corpus K of a seed is always the same, and so is query
 * Q of it, whatever was run before. Exit status: 0 all agree, 1 they differ, 2 wrong usage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "testing.h"

#include "engine_corpus.h"
#include "engine_oracle.h"
#include "engine_query.h"
#include "xj/utf8.h"

enum { ROWS_MAX = PHRASES_MAX * (PHRASE_CP_MAX + 1), SHRINK_SECONDS = 60 };

typedef struct settings {
    uint64_t pairs, seed;
    int shape; /* of all corpora, -1 = in turn */
    sabotage sabotage;
    bool verbose;
    int64_t corpus, query; /* the only one, -1 = all */
} settings;

/* A corpus with its index and its oracle. */
typedef struct bench {
    corpus corpus;
    written index;
    oracle *oracle;
    xj_searcher *searcher; /* used again and again, as the results are */
    xj_results results;
} bench;

static char top[64], index_path[80];

/* What a run has met: a property of queries that find nothing would be easily kept. */
static struct {
    double engine_seconds; /* spent in searches */
    uint64_t pairs, refused, searches, explained;
    uint64_t of_kind[3], found[3]; /* searches by kind of query, and those that found something */
    uint64_t hits, ties, more;     /* hits compared, those with the score of the hit before, searches that relaxing adds to */
} met;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- the engine ---- */

/* The one place where the engine is asked: by a searcher that keeps its memory, or now and then by one for this query alone. */
static xj_status ask_engine(bench *b, const xj_query *q, const xj_search_options *o, bool alone, xj_error *err)
{
    return alone ? xj_search(&b->results, b->index.ix, q, o, err) : xj_searcher_run(&b->results, b->searcher, q, o, err);
}

static void bench_open(bench *b, sabotage s)
{
    corpus_write(&b->index, &b->corpus, index_path);
    b->results = (xj_results)XJ_RESULTS_INIT;
    OK(xj_searcher_new(&b->searcher, b->index.ix, &err));
    b->oracle = oracle_new(&b->corpus, s);
}

static void bench_close(bench *b)
{
    oracle_free(b->oracle);
    xj_results_release(&b->results);
    xj_searcher_free(b->searcher);
    xj_index_close(&b->index.ix);
}

static size_t passage_of(const bench *b, const xj_hit *h)
{
    return b->index.passage_base[h->segment] + h->passage;
}

static size_t report_of(const bench *b, const xj_report_hit *h)
{
    return b->index.report_base[h->segment] + h->report;
}

/* ---- differences ---- */

/* What differs, in words; "" = nothing. */
typedef struct verdict {
    char text[1024];
} verdict;

static bool differs(verdict *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Note a difference; true, so that a comparison may return it. */
static bool differs(verdict *v, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(v->text, sizeof v->text, format, ap);
    va_end(ap);
    return true;
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static unsigned long long number(uint64_t n)
{
    return n;
}

static bool totals_differ(verdict *v, const xj_totals *got, const expected_totals *e)
{
    const xj_totals *want = &e->totals;
    if (e->any_only) {
        if ((got->passages > 0) == (want->passages > 0) && got->passages <= want->passages)
            return false;
    } else if (got->passages == want->passages && got->occurrences == want->occurrences && got->reports == want->reports &&
               got->more == want->more) {
        return false;
    }
    return differs(v, "totals: expected %llu passages, %llu occurrences, %llu reports, %llu more%s; got %llu, %llu, %llu, %llu",
                   number(want->passages), number(want->occurrences), number(want->reports), number(want->more),
                   e->any_only ? " (any of it)" : "", number(got->passages), number(got->occurrences), number(got->reports),
                   number(got->more));
}

/* An id of a report as text: it may hold bytes that are none. The last four stay valid. */
static const char *id_of(const bench *b, size_t r)
{
    static char text[4][64];
    static unsigned turn;
    const char *id = b->corpus.r[r].id;
    char *out = text[turn++ % 4];
    snprintf(out, sizeof *text, "%s%s", (uint8_t)id[0] == 0xFF ? "\\xFF" : "", id + ((uint8_t)id[0] == 0xFF));
    return out;
}

static bool hit_differs(verdict *v, const bench *b, size_t i, const xj_hit *got, const expected_hit *want)
{
    size_t p = passage_of(b, got);
    if (p == want->item && same_bits(got->score, want->score) && got->tier == want->tier)
        return false;
    return differs(v,
                   "hit %zu: expected passage %u of report %s, score %.17g (%a), tier %d; got passage %zu of report %s, score "
                   "%.17g (%a), tier %d",
                   i, want->item, id_of(b, b->corpus.p[want->item].report), want->score, want->score, (int)want->tier, p,
                   id_of(b, b->corpus.p[p].report), got->score, got->score, (int)got->tier);
}

static bool report_differs(verdict *v, const bench *b, size_t i, const xj_report_hit *got, const expected_hit *want)
{
    size_t r = report_of(b, got);
    if (r == want->item && same_bits(got->score, want->score) && got->passages == want->passages &&
        got->occurrences == want->occurrences)
        return false;
    return differs(
        v, "report %zu: expected %s, score %.17g (%a), %llu passages, %llu occurrences; got %s, score %.17g (%a), %llu, %llu",
        i, id_of(b, want->item), want->score, want->score, number(want->passages), number(want->occurrences), id_of(b, r),
        got->score, got->score, number(got->passages), number(got->occurrences));
}

static bool results_differ(verdict *v, const bench *b, const xj_results *got, const expected *want, xj_want wanted)
{
    size_t n_hits = wanted == XJ_WANT_HITS ? want->n : 0, n_reports = wanted == XJ_WANT_REPORTS ? want->n : 0;
    if (got->partial)
        return differs(v, "partial results without a deadline");
    if (totals_differ(v, &got->totals, &want->totals))
        return true;
    if (got->n_hits != n_hits || got->n_reports != n_reports)
        return differs(v, "expected %zu hits and %zu reports, got %zu and %zu", n_hits, n_reports, got->n_hits, got->n_reports);
    for (size_t i = 0; i < n_hits; i++)
        if (hit_differs(v, b, i, &got->hits[i], &want->hit[i]))
            return true;
    for (size_t i = 0; i < n_reports; i++)
        if (report_differs(v, b, i, &got->reports[i], &want->hit[i]))
            return true;
    return false;
}

static bool row_differs(const xj_explain_row *a, const xj_explain_row *b)
{
    if (a->is_phrase != b->is_phrase || strcmp(a->term, b->term) != 0 || !same_bits(a->contribution, b->contribution) ||
        !same_bits(a->idf, b->idf))
        return true;
    if (a->is_phrase) /* its statistics have no meaning */
        return false;
    return a->df != b->df || a->tf != b->tf || a->length != b->length || !same_bits(a->average, b->average) ||
           !same_bits(a->weight, b->weight);
}

/* Whether the engine explains a hit otherwise than the oracle, or so that it does not add up to the score. */
static bool explanation_differs(verdict *v, const bench *b, const xj_query *q, const xj_hit *hit)
{
    static xj_explain_row got[ROWS_MAX], want[ROWS_MAX];
    size_t p = passage_of(b, hit), n = 0, n_want = oracle_explain(b->oracle, (uint32_t)p, want, ROWS_MAX);
    double sum = 0;
    xj_error err = XJ_ERROR_INIT;
    if (xj_explain(b->index.ix, q, hit, got, ROWS_MAX, &n, &err) != XJ_OK)
        return differs(v, "explaining passage %zu: %s", p, err.message);
    if (n != n_want)
        return differs(v, "explaining passage %zu: expected %zu rows, got %zu", p, n_want, n);
    for (size_t i = 0; i < n; i++) {
        sum += got[i].contribution;
        if (row_differs(&got[i], &want[i]))
            return differs(v,
                           "explaining passage %zu, row %zu: expected '%s', df %llu, tf %llu, contribution %.17g; got '%s', "
                           "%llu, %llu, %.17g",
                           p, i, want[i].term, number(want[i].df), number(want[i].tf), want[i].contribution, got[i].term,
                           number(got[i].df), number(got[i].tf), got[i].contribution);
    }
    if (!same_bits(sum, hit->score))
        return differs(v, "explaining passage %zu: rows add up to %.17g, the score is %.17g", p, sum, hit->score);
    return false;
}

/* ---- one pair ---- */

/* One way to ask for a query. */
typedef struct way {
    xj_search_options options;
    bool alone; /* by a searcher of its own */
    uint32_t explain; /* n + 1: explain hit n, modulo their number; 0 = none */
} way;

enum { WAYS_MAX = 3 };

static size_t random_ways(way *out, const corpus *c, chance *r)
{
    static const size_t limits[] = {0, 1, 3, 10, 10, 10, 1000, SIZE_MAX},
                        offsets[] = {0, 0, 0, 0, 1, 2, 5, 20, 100, 1000000, SIZE_MAX};
    static const xj_want wants[] = {XJ_WANT_HITS,    XJ_WANT_HITS,  XJ_WANT_HITS,  XJ_WANT_REPORTS,
                                    XJ_WANT_REPORTS, XJ_WANT_COUNT, XJ_WANT_COUNT, XJ_WANT_ANY};
    size_t n = 1 + below(r, WAYS_MAX);
    for (size_t i = 0; i < n; i++) {
        xj_search_options o = XJ_SEARCH_OPTIONS_INIT;
        /* To relax is to read 200 texts, to list all is to look at all ids: slow in a big corpus and no different. */
        bool spare = c->n > 10000 && !one_in(r, 12);
        o.want = wants[below(r, 8)];
        o.totals = one_in(r, 3) ? XJ_TOTAL_ALL : below(r, XJ_TOTAL_ALL + 1);
        o.limit = limits[below(r, spare ? 7 : 8)];
        o.offset = offsets[below(r, spare ? 9 : 11)];
        o.relax = !spare && one_in(r, 4);
        o.count_more = one_in(r, 4);
        out[i] = (way){o, one_in(r, 8), one_in(r, 4) ? 1 + below(r, 1000) : 0};
    }
    return n;
}

static void note_answer(xj_query_kind kind, const expected *e)
{
    met.searches++;
    met.of_kind[kind]++;
    met.found[kind] += e->n_found > 0;
    met.more += e->totals.totals.more > 0;
    met.hits += e->n;
    for (size_t i = 1; i < e->n; i++)
        met.ties += same_bits(e->hit[i].score, e->hit[i - 1].score);
}

/* Whether engine and oracle differ when the query, which the oracle has read, is asked for in this way. */
static bool way_differs(verdict *v, bench *b, const xj_query *q, const way *w)
{
    expected want;
    xj_results *got = &b->results;
    xj_error err = XJ_ERROR_INIT;
    double begin = seconds();
    xj_status st = ask_engine(b, q, &w->options, w->alone, &err);
    met.engine_seconds += seconds() - begin;
    if (st != XJ_OK)
        return differs(v, "the engine fails: %s", err.message);
    oracle_answer(b->oracle, &w->options, &want);
    note_answer(xj_query_kind_of(q), &want);
    bool bad = results_differ(v, b, got, &want, w->options.want);
    if (!bad && w->explain && got->n_hits > 0) {
        bad = explanation_differs(v, b, q, &got->hits[(w->explain - 1) % got->n_hits]);
        met.explained++;
    }
    return bad;
}

/* Whether they differ in any of n ways; *which is the first. */
static bool pair_differs(verdict *v, bench *b, const asked *a, const way *w, size_t n, size_t *which)
{
    xj_query *q;
    xj_error err = XJ_ERROR_INIT;
    bool bad = false;
    *which = 0;
    oracle_ask(b->oracle, a);
    met.pairs++;
    met.refused += oracle_refuses(b->oracle);
    xj_status st = xj_query_parse(&q, a->text, a->n_text, a->flags, &err);
    if (st != (oracle_refuses(b->oracle) ? XJ_EQUERY : XJ_OK))
        bad = differs(v, "parsing: %s %s", xj_status_name(st), err.message);
    else if (st == XJ_OK && xj_query_kind_of(q) != oracle_kind(b->oracle))
        bad = differs(v, "the query is of kind %d instead of %d", (int)xj_query_kind_of(q), (int)oracle_kind(b->oracle));
    for (size_t i = 0; st == XJ_OK && i < n && !bad; i++) {
        bad = way_differs(v, b, q, &w[i]);
        *which = i;
    }
    xj_query_free(q);
    return bad;
}

/* ---- what to do about a difference ---- */

/* Leave out passages as long as the difference stays: first half of them, then less and less. */
static void shrink(bench *b, const asked *a, const way *w, sabotage s, verdict *v)
{
    double stop = seconds() + SHRINK_SECONDS;
    for (size_t step = (b->corpus.n + 1) / 2; step > 0; step /= 2) {
        for (size_t from = 0; from < b->corpus.n && b->corpus.n > step && seconds() < stop;) {
            bench less;
            verdict same;
            size_t which;
            corpus_without(&less.corpus, &b->corpus, from, from + step);
            xj_searcher_free(b->searcher); /* one folder holds one index */
            b->searcher = NULL;
            xj_index_close(&b->index.ix);
            bench_open(&less, s);
            bool bad = pair_differs(&same, &less, a, w, 1, &which);
            if (bad) {
                bench_close(b);
                corpus_release(&b->corpus);
                *b = less;
                *v = same;
            } else {
                bench_close(&less);
                corpus_release(&less.corpus);
                from += step;
            }
        }
    }
}

static void print_text(const uint32_t *cp, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char utf8[5] = {0};
        xj_utf8_encode((uint8_t *)utf8, cp[i]);
        if (cp[i] == '\n')
            printf("\\n");
        else
            printf("%s", utf8);
    }
}

static void print_corpus(const bench *b)
{
    enum { SHOWN = 40 };
    const corpus *c = &b->corpus;
    for (size_t i = 0; i < c->n && i < SHOWN; i++) {
        const corpus_passage *p = &c->p[i];
        const corpus_report *r = &c->r[p->report];
        printf("  %zu [segment %u, report %s, year %u, date %s, title %u, headings %u] ", i, r->segment, id_of(b, p->report),
               r->year, r->date, r->title, p->headings);
        print_text(c->cp + p->at, p->n);
        printf("\n");
    }
    if (c->n > SHOWN)
        printf("  and %zu more\n", c->n - SHOWN);
}

static void print_way(const asked *a, const way *w)
{
    static const char *const wants[] = {"ANY", "COUNT", "HITS", "REPORTS"};
    const xj_search_options *o = &w->options;
    printf("query: %s\nflags:%s%s%s%s%s\nwant %s, totals %u, limit %zu, offset %zu%s%s%s\n", a->text, a->flags ? "" : " none",
           a->flags & XJ_QUERY_LITERAL ? " LITERAL" : "", a->flags & XJ_QUERY_ANY ? " ANY" : "",
           a->flags & XJ_QUERY_ALL ? " ALL" : "", a->flags & XJ_QUERY_EXACT_SCRIPT ? " EXACT_SCRIPT" : "", wants[o->want],
           o->totals, o->limit, o->offset, o->relax ? ", relax" : "", o->count_more ? ", count_more" : "",
           w->alone ? ", without a searcher" : "");
}

static void report_difference(bench *b, const settings *s, uint64_t corpus_number, uint64_t query_number, const asked *a,
                              const way *w, verdict *v)
{
    printf("DIFFERENCE\nagain: engine --seed %llu --corpus %llu --query %llu", number(s->seed), number(corpus_number),
           number(query_number));
    printf(s->shape >= 0 ? " --shape %s" : "%s", s->shape >= 0 ? shape_names[s->shape] : "");
    printf(s->sabotage ? " --sabotage %s\n" : "%s\n", s->sabotage ? sabotage_names[s->sabotage] : "");
    print_way(a, w);
    printf("%s\n", v->text);
    fflush(stdout);
    shrink(b, a, w, s->sabotage, v);
    printf("with %zu passages: %s\n", b->corpus.n, v->text);
    print_corpus(b);
}

/* ---- all pairs ---- */

/* One big corpus among many small ones: it takes a second to write, and its queries milliseconds. */
static corpus_shape shape_of(const settings *s, uint64_t corpus_number)
{
    static const corpus_shape turn[] = {SHAPE_TINY,  SHAPE_MIXED,  SHAPE_ZIPF,  SHAPE_LONG,
                                        SHAPE_EQUAL, SHAPE_BLOCKS, SHAPE_MIXED, SHAPE_BLOCKS};
    enum { TURN = sizeof turn / sizeof *turn, BIG_EVERY = 64, BIG_FIRST = 6 };
    if (s->shape >= 0)
        return (corpus_shape)s->shape;
    return corpus_number % BIG_EVERY == BIG_FIRST ? SHAPE_BIG : turn[corpus_number % TURN];
}

/* Queries for a corpus: enough to be worth writing it, few enough that a short run meets every shape. */
static uint64_t queries_for(const settings *s, corpus_shape shape)
{
    static const uint64_t most[SHAPE_COUNT] = {800, 800, 800, 600, 400, 400, 200};
    uint64_t share = s->pairs / 16 + 1;
    return most[shape] < share ? most[shape] : share;
}

/* Run the queries of one corpus; false when one differs. */
static bool run_corpus(const settings *s, uint64_t corpus_number, uint64_t n_queries)
{
    static asked a;
    bench b;
    corpus_shape shape = shape_of(s, corpus_number);
    double begin = seconds(), searched = met.engine_seconds;
    bool agree = true;
    corpus_make(&b.corpus, shape, chance_of(s->seed, 2 * corpus_number).state);
    bench_open(&b, s->sabotage);
    double built = seconds();
    uint64_t query_seed = chance_of(s->seed, 2 * corpus_number + 1).state, first = s->query >= 0 ? (uint64_t)s->query : 0;
    for (uint64_t i = first; i < first + n_queries && agree; i++) {
        chance r = chance_of(query_seed, i);
        way w[WAYS_MAX];
        verdict v;
        size_t which;
        random_query(&a, &b.corpus, &r);
        size_t n = random_ways(w, &b.corpus, &r);
        agree = !pair_differs(&v, &b, &a, w, n, &which);
        if (!agree)
            report_difference(&b, s, corpus_number, i, &a, &w[which], &v);
    }
    if (s->verbose)
        printf("corpus %llu: %s, %zu passages, %zu reports, %zu segments; built in %.3f s, %llu pairs in %.3f s, "
               "of which %.3f s in searches\n",
               number(corpus_number), shape_names[shape], b.corpus.n, b.corpus.n_reports, xj_index_n_segments(b.index.ix),
               built - begin, number(n_queries), seconds() - built, met.engine_seconds - searched);
    bench_close(&b);
    corpus_release(&b.corpus);
    return agree;
}

static bool run(const settings *s)
{
    uint64_t done = 0, k = s->corpus >= 0 ? (uint64_t)s->corpus : 0;
    double begin = seconds();
    bool agree = true;
    uint64_t pairs = s->query >= 0 ? 1 : s->pairs;
    for (; done < pairs && agree; k++) {
        uint64_t n = queries_for(s, shape_of(s, k));
        n = n < pairs - done ? n : pairs - done;
        agree = run_corpus(s, k, n);
        done += n;
    }
    double took = seconds() - begin;
    if (agree) {
        printf("seed %llu: %llu pairs agree in %llu searches; %.1f s, of which %.1f s in searches; %.0f us a pair\n",
               number(s->seed), number(done), number(met.searches), took, met.engine_seconds, took * 1e6 / (double)done);
        printf("searches that found something: %llu of %llu for phrases, %llu of %llu for bags, %llu of %llu for trees; "
               "%llu with more by relaxing\n",
               number(met.found[0]), number(met.of_kind[0]), number(met.found[1]), number(met.of_kind[1]), number(met.found[2]),
               number(met.of_kind[2]), number(met.more));
        printf("%llu hits, %llu of them tied with the one before; %llu explained; %llu texts that are no query\n",
               number(met.hits), number(met.ties), number(met.explained), number(met.refused));
    }
    return agree;
}

/* ---- the command line ---- */

/* The place of a name in a list, or -1. */
static int find_name(const char *name, const char *const *list, int n)
{
    for (int i = 0; name && i < n; i++)
        if (strcmp(list[i], name) == 0)
            return i;
    return -1;
}

static bool read_settings(settings *s, int argc, char **argv)
{
    static const char *const names[] = {"--pairs", "--seed", "--corpus", "--query", "--shape", "--sabotage", "--verbose"};
    for (int i = 1; i < argc; i++) {
        int option = find_name(argv[i], names, 7);
        const char *value = option < 6 ? argv[++i] : NULL;
        if (option < 0 || (option < 6 && !value))
            return false;
        int64_t n = value ? strtoll(value, NULL, 10) : 0;
        int shape = find_name(value, shape_names, SHAPE_COUNT), wrong = find_name(value, sabotage_names, SABOTAGE_COUNT);
        if ((option == 4 && shape < 0) || (option == 5 && wrong < 0))
            return false;
        s->pairs = option == 0 ? (uint64_t)n : s->pairs;
        s->seed = option == 1 ? (uint64_t)n : s->seed;
        s->corpus = option == 2 ? n : s->corpus;
        s->query = option == 3 ? n : s->query;
        s->shape = option == 4 ? shape : s->shape;
        s->sabotage = option == 5 ? (sabotage)wrong : s->sabotage;
        s->verbose = option == 6 || s->verbose;
    }
    return s->pairs > 0;
}

int main(int argc, char **argv)
{
    settings s = {.pairs = 30000, .seed = 1, .shape = -1, .corpus = -1, .query = -1};
    if (!read_settings(&s, argc, argv)) {
        fprintf(stderr,
                "usage: engine [--pairs N] [--seed S] [--shape NAME] [--corpus K] [--query Q] [--sabotage NAME] [--verbose]\n");
        return 2;
    }
    if (make_folder(top) != 0) {
        fprintf(stderr, "cannot make a folder for the indexes\n");
        return 2;
    }
    snprintf(index_path, sizeof index_path, "%s/index", top);
    bool agree = run(&s);
    remove_folder(top);
    return agree ? 0 : 1;
}
