/* SQLite FTS5 with a bigram tokenizer of its own: positions (detail=full), the text stored in the table. A phrase is an
 * FTS5 phrase of its tokens, which does not see marks between them. Unlike FTS5's own tokenizers this one has no
 * prefix index. The index is optimised at the end: one b-tree, as after a long life. */
#include "../peer.h"
#include <sqlite3.h>
#include <sys/stat.h>

static fts5_api *fts5_of(sqlite3 *db)
{
    fts5_api *api = NULL;
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &st, NULL) != SQLITE_OK)
        peer_die("this SQLite has no FTS5");
    sqlite3_bind_pointer(st, 1, &api, "fts5_api_ptr", NULL);
    sqlite3_step(st);
    sqlite3_finalize(st);
    return api;
}

static int tokenizer_new(void *ctx, const char **args, int n_args, Fts5Tokenizer **out)
{
    (void)ctx, (void)args, (void)n_args;
    static int one;
    *out = (Fts5Tokenizer *)&one;
    return SQLITE_OK;
}

static void tokenizer_free(Fts5Tokenizer *t)
{
    (void)t;
}

typedef struct {
    void *ctx;
    int (*token)(void *, int, const char *, int, int, int);
} sink;

static int pass_on(void *ctx, const char *term, int len, int start, int end, int place)
{
    (void)place;
    sink *s = ctx;
    return s->token(s->ctx, 0, term, len, start, end);
}

static int tokenize(Fts5Tokenizer *t, void *ctx, int flags, const char *text, int len,
                    int (*token)(void *, int, const char *, int, int, int))
{
    (void)t, (void)flags;
    sink s = {ctx, token};
    return peer_tokens(text, len, pass_on, &s);
}

static sqlite3 *open_db(const char *dir, int flags)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/fts.db", dir);
    sqlite3 *db;
    if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK)
        peer_die("cannot open %s: %s", path, sqlite3_errmsg(db));
    fts5_api *api = fts5_of(db);
    static fts5_tokenizer tokenizer = {tokenizer_new, tokenizer_free, tokenize};
    api->xCreateTokenizer(api, "bigram", NULL, &tokenizer, NULL);
    return db;
}

static void run(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        peer_die("%s: %s", sql, message);
}

static long long number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st;
    long long value = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        value = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return value;
}

static void build(const char *passages, const char *dir)
{
    mkdir(dir, 0777);
    sqlite3 *db = open_db(dir, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    run(db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;"
            "CREATE VIRTUAL TABLE t USING fts5(text, tokenize='bigram');"
            "INSERT INTO t(t, rank) VALUES ('hashsize', 67108864); BEGIN"); /* a third faster than with the default 1 MB */
    sqlite3_stmt *insert;
    sqlite3_prepare_v2(db, "INSERT INTO t(rowid, text) VALUES (?, ?)", -1, &insert, NULL);
    peer_passages p;
    peer_passages_open(&p, passages);
    while (peer_passages_next(&p)) {
        sqlite3_bind_int64(insert, 1, p.id + 1);
        sqlite3_bind_text(insert, 2, p.text, (int)p.len, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE)
            peer_die("%s", sqlite3_errmsg(db));
        sqlite3_reset(insert);
    }
    peer_passages_close(&p);
    sqlite3_finalize(insert);
    run(db, "INSERT INTO t(t) VALUES ('optimize'); COMMIT");
    long long text = number(db, "SELECT sum(pgsize) FROM dbstat WHERE name = 't_content'");
    if (text < 0) /* a SQLite without dbstat: the values themselves */
        text = number(db, "SELECT sum(length(CAST(c0 AS BLOB))) FROM t_content");
    sqlite3_close(db);
    printf("{\"text_bytes\": %lld}\n", text);
}

/* Each word a quoted string, which FTS5 takes as a phrase. */
static void match_of(const peer_query *q, char *out, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < q->n_words; i++) {
        if (i)
            used += (size_t)snprintf(out + used, size - used, q->kind == KIND_AND ? " AND " : " OR ");
        used += (size_t)snprintf(out + used, size - used, "\"");
        for (const char *c = q->words[i]; *c && used + 16 < size; c++) {
            if (*c == '"')
                out[used++] = '"';
            out[used++] = *c;
        }
        used += (size_t)snprintf(out + used, size - used, "\"");
        if (used + 64 > size)
            peer_die("the query is too long");
    }
}

static void answer(const char *dir)
{
    sqlite3 *db = open_db(dir, SQLITE_OPEN_READONLY);
    run(db, "PRAGMA cache_size=-262144; PRAGMA mmap_size=4294967296");
    const char *const sql[] = {[MODE_TOP] = "SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT 10",
                               [MODE_TEXT] = "SELECT rowid, text FROM t WHERE t MATCH ? ORDER BY rank LIMIT 10",
                               [MODE_COUNT] = "SELECT count(*) FROM t WHERE t MATCH ?"};
    sqlite3_stmt *st[3];
    for (int i = 0; i < 3; i++)
        sqlite3_prepare_v2(db, sql[i], -1, &st[i], NULL);
    static peer_query q;
    static char match[1 << 16];
    while (peer_query_next(&q)) {
        peer_answer a = {0};
        match_of(&q, match, sizeof match);
        sqlite3_stmt *s = st[q.mode];
        sqlite3_bind_text(s, 1, match, -1, SQLITE_STATIC);
        while (sqlite3_step(s) == SQLITE_ROW) {
            if (q.mode == MODE_COUNT) {
                a.hits = (long)sqlite3_column_int64(s, 0);
                continue;
            }
            a.ids[a.n_ids++] = (long)sqlite3_column_int64(s, 0) - 1;
            a.hits++;
            if (q.mode == MODE_TEXT && sqlite3_column_text(s, 1))
                a.text_bytes += (size_t)sqlite3_column_bytes(s, 1);
        }
        sqlite3_reset(s);
        peer_answer_print(&q, &a);
    }
}

int main(int argc, char **argv)
{
    if (argc >= 4 && !strcmp(argv[1], "index"))
        build(argv[2], argv[3]);
    else if (argc == 3 && !strcmp(argv[1], "query"))
        answer(argv[2]);
    else if (argc == 2 && !strcmp(argv[1], "version"))
        printf("SQLite %s\n", sqlite3_libversion());
    else
        peer_die("usage: sqlite index PASSAGES.jsonl DIR | query DIR | version");
    return 0;
}
