/*
 * Linux's fixed limits.
 */
#pragma once

#define PATH_MAX    4096 /* with the terminating zero */
#define NAME_MAX    255
#define SYMLOOP_MAX 40
#define LINK_MAX    127
#define PIPE_BUF    4096
#define IOV_MAX     1024
#define NGROUPS_MAX 65536

/* execve: one string, and at least this much for all of them (the rest depends on the stack limit).
 */
#define MAX_ARG_STRLEN  131072
#define MAX_ARG_STRINGS 0x7FFFFFFF
#define ARG_MAX         131072

/* The most that one read or write moves: INT_MAX rounded down to a page. */
#define MAX_RW_COUNT 0x7FFFF000
