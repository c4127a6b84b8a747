/** Symbol visibility of the shared library: everything is hidden unless marked XJ_API. */
#ifndef XJ_EXPORT_H
#define XJ_EXPORT_H

#if defined(__GNUC__)
#define XJ_API __attribute__((visibility("default")))
#else
#define XJ_API
#endif

#endif
