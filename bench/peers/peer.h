/* What the peers written in C and C++ share: reading passages and queries, timing, and printing.
 *
 * A peer is a program with three commands:
 *   index PASSAGES.jsonl DIR [VARIANT]   makes an index in the new folder DIR, text stored, and prints one JSON object
 *                                        {"text_bytes": N or null}: the bytes of DIR that hold text alone
 *   query DIR                            answers lines "mode TAB kind TAB query" (mode top, text or count; kind phrase,
 *                                        and, or: the words of and and or stand apart by spaces) with lines
 *                                        "CPU microseconds TAB wall microseconds TAB hits TAB ids TAB length of
 *                                        the texts": hits is the exact number for count, at most ten otherwise; the
 *                                        length is in bytes or in what the language counts, and there to make sure
 *                                        that the texts were read
 *   version                              prints name and version
 * bench/xunju.c answers the same lines and two things more: the kind question, for which peers get an or of its bigrams, and the
 * mode show.
 * Passages are lines {"id":0,"text":"…"}, ids counting up from 0. Failing is enough of an answer to bad input. */
#ifndef XUNJU_BENCH_PEER_H
#define XUNJU_BENCH_PEER_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PEER_TOP = 10, PEER_MAX_WORDS = 256 };

static inline void peer_die(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    exit(1);
}

static inline double peer_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- passages ---- */

typedef struct {
    FILE *file;
    char *line;
    size_t capacity;
    long id;          /* of the passage read last */
    const char *text; /* valid until the next call; UTF-8, with a NUL behind it */
    size_t len;
} peer_passages;

static inline void peer_passages_open(peer_passages *p, const char *path)
{
    memset(p, 0, sizeof *p);
    p->file = fopen(path, "rb");
    if (!p->file)
        peer_die("cannot open %s", path);
}

static inline unsigned peer_hex4(const char *s)
{
    char digits[5] = {s[0], s[1], s[2], s[3], 0};
    return (unsigned)strtoul(digits, NULL, 16);
}

static inline size_t peer_put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3F));
    to[0] = (char)((n == 2 ? 0xC0 : n == 3 ? 0xE0 : 0xF0) | c);
    return n;
}

/* Undoes the escapes of a JSON string in place; s stands behind its opening quote. */
static inline size_t peer_unescape(char *s)
{
    char *to = s;
    const char *from = s;
    for (;;) {
        size_t run = strcspn(from, "\"\\");
        memmove(to, from, run);
        to += run;
        from += run;
        if (*from != '\\')
            break;
        char c = from[1];
        from += 2;
        if (c == 'u') {
            uint32_t u = peer_hex4(from);
            from += 4;
            if (u >= 0xD800 && u < 0xDC00 && from[0] == '\\' && from[1] == 'u') {
                u = 0x10000 + ((u - 0xD800) << 10) + (peer_hex4(from + 2) - 0xDC00);
                from += 6;
            }
            to += peer_put_utf8(to, u);
        } else {
            *to++ = (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : c == 'f' ? '\f' : c);
        }
    }
    *to = 0;
    return (size_t)(to - s);
}

/* 1 and the next passage, or 0 at the end. */
static inline int peer_passages_next(peer_passages *p)
{
    if (getline(&p->line, &p->capacity, p->file) <= 0)
        return 0;
    char *text = strstr(p->line, "\"text\":");
    char *id = strstr(p->line, "\"id\":");
    if (!text || !id || !(text = strchr(text + 7, '"')))
        peer_die("not a line of passages: %s", p->line);
    p->id = atol(id + 5);
    p->len = peer_unescape(++text);
    p->text = text;
    return 1;
}

static inline void peer_passages_close(peer_passages *p)
{
    fclose(p->file);
    free(p->line);
}

/* ---- queries ---- */

typedef enum { MODE_TOP, MODE_TEXT, MODE_COUNT, MODE_SHOW } peer_mode;
typedef enum { KIND_PHRASE, KIND_AND, KIND_OR, KIND_QUESTION } peer_kind;

typedef struct {
    peer_mode mode;
    peer_kind kind;
    int n_words; /* 1 for a phrase and a question */
    char *words[PEER_MAX_WORDS];
    char *line;
    size_t capacity;
    double cpu, wall;
} peer_query;

typedef struct {
    long hits;
    int n_ids;
    long ids[PEER_TOP];
    size_t text_bytes;
} peer_answer;

/* Number of a name; 0, which has none, when it is not there. */
static inline size_t peer_find(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 1; i < n; i++)
        if (!strcmp(names[i], name))
            return i;
    return 0;
}

/* 1 and the next query, its clock started, or 0 at the end. */
static inline int peer_query_next(peer_query *q)
{
    ssize_t len = getline(&q->line, &q->capacity, stdin);
    if (len <= 0)
        return 0;
    if (q->line[len - 1] == '\n')
        q->line[len - 1] = 0;
    char *kind = strchr(q->line, '\t');
    char *text = kind ? strchr(kind + 1, '\t') : NULL;
    if (!text)
        peer_die("not a query: %s", q->line);
    *kind++ = 0;
    *text++ = 0;
    static const char *const modes[] = {[MODE_TEXT] = "text", [MODE_COUNT] = "count", [MODE_SHOW] = "show"};
    static const char *const kinds[] = {[KIND_AND] = "and", [KIND_OR] = "or", [KIND_QUESTION] = "question"};
    q->mode = (peer_mode)peer_find(modes, sizeof modes / sizeof *modes, q->line);
    q->kind = (peer_kind)peer_find(kinds, sizeof kinds / sizeof *kinds, kind);
    q->n_words = 0;
    if (q->kind == KIND_PHRASE || q->kind == KIND_QUESTION) {
        q->words[q->n_words++] = text;
    } else {
        for (char *word = strtok(text, " "); word && q->n_words < PEER_MAX_WORDS; word = strtok(NULL, " "))
            q->words[q->n_words++] = word;
    }
    q->wall = peer_clock(CLOCK_MONOTONIC);
    q->cpu = peer_clock(CLOCK_PROCESS_CPUTIME_ID);
    return 1;
}

static inline void peer_answer_print(const peer_query *q, const peer_answer *a)
{
    double cpu = peer_clock(CLOCK_PROCESS_CPUTIME_ID) - q->cpu;
    double wall = peer_clock(CLOCK_MONOTONIC) - q->wall;
    printf("%.1f\t%.1f\t%ld\t", cpu, wall, a->hits);
    for (int i = 0; i < a->n_ids; i++)
        printf(i ? ",%ld" : "%ld", a->ids[i]);
    printf("\t%zu\n", a->text_bytes);
    fflush(stdout);
}

/* ---- text to tokens: Han bigrams, single Han characters that stand alone, words in lower case ---- */

static inline uint32_t peer_utf8(const unsigned char *s, const unsigned char *end, int *n)
{
    int want = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (want > end - s) {
        *n = 1;
        return 0xFFFD;
    }
    *n = want;
    switch (want) {
    case 1:
        return s[0];
    case 2:
        return (uint32_t)(s[0] & 0x1F) << 6 | (s[1] & 0x3F);
    case 3:
        return (uint32_t)(s[0] & 0x0F) << 12 | (uint32_t)(s[1] & 0x3F) << 6 | (s[2] & 0x3F);
    default:
        return (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3F) << 12 | (uint32_t)(s[2] & 0x3F) << 6 | (s[3] & 0x3F);
    }
}

static inline int peer_is_han(uint32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || c == 0x3007 || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0x20000 && c <= 0x3FFFF);
}

static inline int peer_is_letter(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c < 0x2000 && c != 0xD7) ||
           (c >= 0x3041 && c <= 0x30FF) || (c >= 0xFF10 && c <= 0xFF19) || (c >= 0xFF21 && c <= 0xFF3A) ||
           (c >= 0xFF41 && c <= 0xFF5A);
}

/* Calls each(ctx, term, term_len, start, end, place) for every token in order; place counts Han characters and words,
 * so a bigram has the place of its first character and marks take one place. Stops at the first value that is not 0. */
typedef int peer_token_fn(void *ctx, const char *term, int len, int start, int end, int place);

static inline int peer_tokens(const char *text, int len, peer_token_fn *each, void *ctx)
{
    const unsigned char *base = (const unsigned char *)text, *end = base + len, *s = base;
    int place = 0;
    while (s < end) {
        int n;
        uint32_t c = peer_utf8(s, end, &n);
        int result = 0;
        if (peer_is_han(c)) {
            const unsigned char *previous = s;
            int previous_n = n, pairs = 0;
            for (s += n; s < end && peer_is_han(c = peer_utf8(s, end, &n)); s += n, pairs++) {
                result = each(ctx, (const char *)previous, previous_n + n, (int)(previous - base), (int)(s + n - base), place++);
                if (result)
                    return result;
                previous = s;
                previous_n = n;
            }
            if (!pairs)
                result = each(ctx, (const char *)previous, previous_n, (int)(previous - base), (int)(s - base), place);
            place++;
        } else if (peer_is_letter(c)) {
            char word[256];
            size_t used = 0;
            const unsigned char *start = s;
            for (; s < end && peer_is_letter(c = peer_utf8(s, end, &n)); s += n) {
                if (c >= 0xFF10 && c <= 0xFF5A)
                    c -= 0xFEE0;
                if (c >= 'A' && c <= 'Z')
                    c += 'a' - 'A';
                if (used + 4 <= sizeof word)
                    used += peer_put_utf8(word + used, c);
            }
            result = each(ctx, word, (int)used, (int)(start - base), (int)(s - base), place++);
        } else {
            s += n;
            place++;
        }
        if (result)
            return result;
    }
    return 0;
}

#endif
