/* Groonga with TokenBigram and NormalizerAuto: positions, the text in a column, compressed with zstd value by value with the
 * variant "zstd". The lexicon is made after the text is in, which is Groonga's fast way. Queries go through the library, not
 * through `select`, and are ordered by Groonga's own score, which counts occurrences. */
#include "../peer.h"
#include <dirent.h>
#include <groonga.h>
#include <sys/stat.h>

static grn_ctx ctx;

static void check(const char *what)
{
    if (ctx.rc != GRN_SUCCESS)
        peer_die("%s: %s", what, ctx.errbuf);
}

static void command(const char *line)
{
    char *result;
    unsigned len;
    int flags;
    grn_ctx_send(&ctx, line, (unsigned)strlen(line), 0);
    grn_ctx_recv(&ctx, &result, &len, &flags);
    check(line);
}

static grn_obj *object(const char *name)
{
    grn_obj *o = grn_ctx_get(&ctx, name, (int)strlen(name));
    if (!o)
        peer_die("no %s in the database", name);
    return o;
}

/* Blocks in use of the files whose names begin with that of `path`: Groonga's files are sparse. */
static long long allocated(const char *dir, const char *path)
{
    const char *base = strrchr(path, '/') + 1;
    long long sum = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        char name[4096];
        struct stat st;
        snprintf(name, sizeof name, "%s/%s", dir, e->d_name);
        if (!strncmp(e->d_name, base, strlen(base)) && !stat(name, &st))
            sum += (long long)st.st_blocks * 512;
    }
    closedir(d);
    return sum;
}

static void build(const char *passages, const char *dir, int zstd)
{
    static char path[4096];
    mkdir(dir, 0777);
    snprintf(path, sizeof path, "%s/db", dir);
    grn_obj *db = grn_db_create(&ctx, path, NULL);
    check(path);
    command("table_create Passages TABLE_NO_KEY");
    command(zstd ? "column_create Passages text COLUMN_SCALAR|COMPRESS_ZSTD Text"
                 : "column_create Passages text COLUMN_SCALAR Text");
    grn_obj *table = object("Passages"), *column = object("Passages.text"), value;
    GRN_TEXT_INIT(&value, 0);
    peer_passages p;
    peer_passages_open(&p, passages);
    while (peer_passages_next(&p)) {
        grn_id id = grn_table_add(&ctx, table, NULL, 0, NULL); /* ids count up from 1 */
        GRN_TEXT_SET(&ctx, &value, p.text, p.len);
        grn_obj_set_value(&ctx, column, id, &value, GRN_OBJ_SET);
        check("a passage");
    }
    peer_passages_close(&p);
    GRN_OBJ_FIN(&ctx, &value);
    command("table_create Terms TABLE_PAT_KEY ShortText --default_tokenizer TokenBigram --normalizer NormalizerAuto");
    command("column_create Terms passages COLUMN_INDEX|WITH_POSITION Passages text");
    snprintf(path, sizeof path, "%s", grn_obj_path(&ctx, column));
    grn_obj_close(&ctx, db);
    printf("{\"text_bytes\": %lld}\n", allocated(dir, path));
}

/* text @ "word" && …, as a script. */
static size_t script_of(const peer_query *q, char *out, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < q->n_words; i++) {
        used += (size_t)snprintf(out + used, size - used, "%stext @ \"", !i ? "" : q->kind == KIND_AND ? " && " : " || ");
        for (const char *c = q->words[i]; *c; c++) {
            if (used + 64 > size)
                peer_die("the query is too long");
            if (*c == '"' || *c == '\\')
                out[used++] = '\\';
            out[used++] = *c;
        }
        out[used++] = '"';
    }
    return used;
}

static void answer(const char *dir)
{
    static char path[4096], script[1 << 16];
    snprintf(path, sizeof path, "%s/db", dir);
    grn_db_open(&ctx, path);
    check(path);
    grn_obj *table = object("Passages"), *column = object("Passages.text"), value;
    GRN_TEXT_INIT(&value, 0);
    static peer_query q;
    while (peer_query_next(&q)) {
        peer_answer a = {0};
        size_t len = script_of(&q, script, sizeof script);
        grn_obj *expr, *variable;
        GRN_EXPR_CREATE_FOR_QUERY(&ctx, table, expr, variable);
        grn_expr_parse(&ctx, expr, script, (unsigned)len, NULL, GRN_OP_MATCH, GRN_OP_AND, GRN_EXPR_SYNTAX_SCRIPT);
        grn_obj *found = grn_table_select(&ctx, table, expr, NULL, GRN_OP_OR);
        check(script);
        if (q.mode == MODE_COUNT) {
            a.hits = (long)grn_table_size(&ctx, found);
        } else {
            grn_obj *sorted = grn_table_create(&ctx, NULL, 0, NULL, GRN_OBJ_TABLE_NO_KEY, NULL, found);
            grn_table_sort_key key = {.key = grn_obj_column(&ctx, found, "_score", 6), .flags = GRN_TABLE_SORT_DESC};
            a.hits = grn_table_sort(&ctx, found, 0, PEER_TOP, sorted, &key, 1);
            GRN_TABLE_EACH_BEGIN(&ctx, sorted, cursor, at)
            {
                void *of_found;
                grn_id id;
                grn_table_cursor_get_value(&ctx, cursor, &of_found);
                grn_table_get_key(&ctx, found, *(grn_id *)of_found, &id, sizeof id);
                a.ids[a.n_ids++] = (long)id - 1;
                if (q.mode == MODE_TEXT) {
                    GRN_BULK_REWIND(&value);
                    grn_obj_get_value(&ctx, column, id, &value);
                    a.text_bytes += GRN_TEXT_LEN(&value);
                }
            }
            GRN_TABLE_EACH_END(&ctx, cursor);
            grn_obj_unlink(&ctx, key.key);
            grn_obj_unlink(&ctx, sorted);
        }
        grn_obj_unlink(&ctx, found);
        grn_obj_unlink(&ctx, expr);
        peer_answer_print(&q, &a);
    }
}

int main(int argc, char **argv)
{
    grn_init();
    grn_ctx_init(&ctx, 0);
    if (argc >= 4 && !strcmp(argv[1], "index"))
        build(argv[2], argv[3], argc > 4 && !strcmp(argv[4], "zstd"));
    else if (argc == 3 && !strcmp(argv[1], "query"))
        answer(argv[2]);
    else if (argc == 2 && !strcmp(argv[1], "version"))
        printf("Groonga %s\n", grn_get_version());
    else
        peer_die("usage: groonga index PASSAGES.jsonl DIR [zstd] | query DIR | version");
    return 0;
}
