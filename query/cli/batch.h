/** --batch: one query a line from standard input, the index opened once. */
#ifndef XJI_BATCH_H
#define XJI_BATCH_H

#include "answer.h"

/**
 * Answer all lines of file fd. Lines end with LF or CR LF; the last one may end without. Returns the exit status:
 * 0 when every line was answered (a wrong query is answered by its error), else that of the first failure of the index
 * or the input, else 5 when a deadline was met. A lost output ends the batch; the caller tells.
 */
int xji_batch(xji_session *s, int fd);

#endif
