/** The whole program behind main(). */
#ifndef XJI_RUN_H
#define XJI_RUN_H

/** Run xunju-query with a command line; returns the exit status. Writes to descriptors 1 and 2. */
int xji_query_main(int argc, char **argv);

#endif
