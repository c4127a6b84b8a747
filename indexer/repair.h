/*
 * Repair of decoded text (docs/TEXT.md section 1, docs/REPAIR.md): line ends, invisible and control characters,
 * text slipped by one GBK byte, injected pinyin, hard-wrapped lines. Each step edits the text in place, keeps the
 * source ranges true, and logs what it did. After xji_repair every LF is a paragraph end.
 */
#ifndef XJI_REPAIR_H
#define XJI_REPAIR_H

#include "text.h"

xj_status xji_repair(xji_text *t, xji_log *log, xj_error *err);

/* The steps, in the order in which xji_repair takes them; public for unit tests and fuzzing. */
xj_status xji_repair_clean(xji_text *t, xji_log *log, xj_error *err);
xj_status xji_repair_slip(xji_text *t, xji_log *log, xj_error *err);
xj_status xji_repair_pinyin(xji_text *t, xji_log *log, xj_error *err);
xj_status xji_repair_reflow(xji_text *t, xji_log *log, xj_error *err);

#endif
