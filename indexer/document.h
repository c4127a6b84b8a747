/*
 * One report from its bytes to repaired, structured text: the part of the pipeline that builds and doctor share.
 */
#ifndef XJI_DOCUMENT_H
#define XJI_DOCUMENT_H

#include "decode.h"
#include "structure.h"
#include "xj/record.h"

/* Where a report comes from. Strings are owned, NUL-terminated. */
typedef struct xji_input {
    char *id;    /* NULL until a JSON line has given it */
    char *path;  /* as shown to people; NULL = none */
    char *file;  /* to open; NULL for a JSON line */
    char *json;  /* one JSON line, not NUL-terminated; NULL for a file */
    size_t n_json;
    char *origin; /* for messages: the file, or "file:line" */
    uint64_t size; /* of the file when it was listed, 0 = unknown */
    bool no_follow; /* file was met in a folder: should it be a symbolic link by now, it is not opened */
} xji_input;

void xji_input_release(xji_input *in);

/* A report read, repaired and cut. Owned: XJI_DOCUMENT_INIT, xji_document_release. May be loaded again and again. */
typedef struct xji_document {
    xji_text text; /* repaired */
    xji_decode_info decoded;
    xji_structure structure;
    xji_structure_tables *tables; /* made with the first text */
    xji_log log;
    uint64_t input_bytes; /* size of the file, or of the decoded JSON text */
    xj_buf bytes;
    /* Fields of a JSON line; owned */
    char *json_id;
    char *json_path;
    char *json_title;
    char *json_agency;
    char *json_date;
    char *json_number; /* document number */
    int json_year;     /* 0 = not given */
    xj_buf extra_bytes; /* names and values of the other fields */
    size_t n_extra;
    struct {
        size_t name_at, name_n, value_at, value_n;
        bool is_number;
    } extra[XJ_EXTRA_MAX];
} xji_document;

/* To be called before threads are started: sets the JSON library up. Calling it again does nothing. */
void xji_document_prepare(void);

/* Start a document; keep_changes = how many single changes the log keeps. */
void xji_document_init(xji_document *d, size_t keep_changes);
void xji_document_release(xji_document *d);

/*
 * Load and analyse. Errors: XJ_EINPUT (not usable: binary, too long, not a regular file, bad JSON), XJ_EIO, XJ_ENOMEM;
 * the message names the origin.
 */
xj_status xji_document_load(xji_document *d, const xji_input *in, xji_segmentation mode, xj_error *err);

/* id and path of a loaded document: what the JSON line says, else what the input says. */
const char *xji_document_id(const xji_document *d, const xji_input *in);
const char *xji_document_path(const xji_document *d, const xji_input *in);

/* Append the code points of a passage to out (cleared first), with their sources and marks. */
xj_status xji_document_passage(const xji_document *d, size_t passage, xji_text *out, xj_error *err);

/* UTF-8 of a range of the text, appended to out. */
xj_status xji_document_utf8(const xji_document *d, xji_range at, xj_buf *out, xj_error *err);

#endif
