/* The search engine of libxunju, in process, under the contract of peers/peer.h: what bench/query times.
 *
 * usage: xunju query [--reopen | --drop] INDEX
 *
 * Kinds: phrase, and, or (words, each an exact phrase), and question, which is free text and ranks by its bigrams and words.
 * Modes: top (ten ids), text (and their texts, as peers give them), show (and where they match, and all that is known of
 * their reports), count (passages that match).
 *
 * The index stays open and keeps what it has read. With --reopen every query opens it anew, so that nothing is left in the
 * process, and with --drop its files are also put out of the page cache before; opening is in the time, dropping is not.
 *
 * Ids count passages through all segments in their order: for an index of one build those of bench/passages. */
#define _POSIX_C_SOURCE 200809L
#include "peers/peer.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "xj/search.h"

enum { QUERY_BYTES = 65536 };

/* One open index and what searching it uses again. */
typedef struct {
    const char *path;
    xj_index *ix;
    xj_searcher *searcher;
    xj_results results;
    xj_record record; /* texts */
    xj_view view;
} engine;

static void check(xj_status st, const xj_error *err)
{
    if (st != XJ_OK)
        peer_die("%s", err->message);
}

static void engine_open(engine *e)
{
    xj_error err = XJ_ERROR_INIT;
    check(xj_index_open(&e->ix, e->path, &err), &err);
    check(xj_searcher_new(&e->searcher, e->ix, &err), &err);
    e->results = (xj_results)XJ_RESULTS_INIT;
    e->record = (xj_record)XJ_RECORD_INIT;
    e->record.cached = true;
    xj_view_init(&e->view);
}

static void engine_close(engine *e)
{
    xj_view_release(&e->view);
    xj_record_release(&e->record);
    xj_results_release(&e->results);
    xj_searcher_free(e->searcher);
    xj_index_close(&e->ix);
}

/* The search itself, and all of the interface that it needs: ten hits, or the number of passages. */
static void search(engine *e, const xj_query *q, bool count, xj_error *err)
{
    xj_search_options options = XJ_SEARCH_OPTIONS_INIT;
    options.want = count ? XJ_WANT_COUNT : XJ_WANT_HITS;
    options.totals = count ? XJ_TOTAL_PASSAGES : 0;
    options.limit = PEER_TOP;
    check(xj_searcher_run(&e->results, e->searcher, q, &options, err), err);
}

static size_t put(char *to, size_t used, const char *s)
{
    size_t n = strlen(s);
    if (used + n >= QUERY_BYTES)
        peer_die("the query is too long");
    memcpy(to + used, s, n + 1);
    return used + n;
}

static xj_query *parse(const peer_query *from, xj_error *err)
{
    static char text[QUERY_BYTES];
    xj_query *q;
    size_t used = 0;
    unsigned flags = from->kind == KIND_PHRASE ? XJ_QUERY_LITERAL : from->kind == KIND_QUESTION ? XJ_QUERY_ANY : 0;
    for (int i = 0; i < from->n_words; i++) {
        if (i)
            used = put(text, used, from->kind == KIND_AND ? " AND " : " OR ");
        if (!flags)
            used = put(text, used, "\"");
        used = put(text, used, from->words[i]);
        if (!flags)
            used = put(text, used, "\"");
    }
    check(xj_query_parse(&q, text, used, flags, err), err);
    return q;
}

static long passage_id(const xj_index *ix, const xj_hit *hit)
{
    uint64_t before = 0;
    for (uint32_t i = 0; i < hit->segment; i++)
        before += xj_segment_stats_of(xj_index_segment(ix, i))->n_passages;
    return (long)(before + hit->passage);
}

static void answer(engine *e, const peer_query *from, peer_answer *a)
{
    xj_error err = XJ_ERROR_INIT;
    xj_query *q = parse(from, &err);
    search(e, q, from->mode == MODE_COUNT, &err);
    a->hits = (long)(from->mode == MODE_COUNT ? e->results.totals.passages : e->results.n_hits);
    for (size_t i = 0; i < e->results.n_hits; i++) {
        const xj_hit *hit = &e->results.hits[i];
        a->ids[a->n_ids++] = passage_id(e->ix, hit);
        if (from->mode == MODE_TEXT) {
            const char *text;
            size_t n;
            check(xj_segment_text(xj_index_segment(e->ix, hit->segment), hit->passage, &e->record, &text, &n, &err), &err);
            a->text_bytes += n;
        } else if (from->mode == MODE_SHOW) {
            check(xj_view_hit(&e->view, e->ix, q, hit, &err), &err);
            a->text_bytes += e->view.n_utf8;
        }
    }
    xj_query_free(q);
}

/* Puts the files of a folder out of the page cache; only what is on disk can go. */
static void drop(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        int fd = openat(dirfd(dir), entry->d_name, O_RDONLY);
        if (fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
            peer_die("cannot drop %s/%s", path, entry->d_name);
        close(fd);
    }
    if (dir)
        closedir(dir);
}

int main(int argc, char **argv)
{
    bool drops = argc == 4 && !strcmp(argv[2], "--drop");
    bool reopens = drops || (argc == 4 && !strcmp(argv[2], "--reopen"));
    if ((argc != 3 && !reopens) || strcmp(argv[1], "query") != 0)
        peer_die("usage: xunju query [--reopen | --drop] INDEX");
    engine e = {.path = argv[argc - 1]};
    if (!reopens)
        engine_open(&e);
    else if (drops)
        drop(e.path);
    static peer_query q;
    while (peer_query_next(&q)) {
        peer_answer a = {0};
        if (reopens)
            engine_open(&e);
        answer(&e, &q, &a);
        peer_answer_print(&q, &a);
        if (reopens)
            engine_close(&e);
        if (drops)
            drop(e.path);
    }
    if (!reopens)
        engine_close(&e);
    free(q.line);
    return 0;
}
