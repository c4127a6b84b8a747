/* xunju-index doctor: what reading, repair and segmentation make of a file, and why. */
#ifndef XJI_DOCTOR_H
#define XJI_DOCTOR_H

#include <stdio.h>

#include "document.h"
#include "messages.h"

typedef struct xji_doctor_options {
    bool json;        /* one JSON object a report */
    bool all_changes; /* list every change, not the first few of each kind */
    bool colour;
    xji_segmentation segmentation;
    xji_say_lang lang; /* of the text for people; JSON is in no language */
} xji_doctor_options;

/* How many single changes a document keeps for doctor; counts go on beyond. */
enum { XJI_DOCTOR_CHANGES = 100000 };

/* Print what became of a loaded document to out. Write errors are left to the caller's fclose or ferror. */
xj_status xji_doctor_print(FILE *out, const xji_document *d, const xji_input *in, const xji_doctor_options *o, xj_error *err);

#endif
