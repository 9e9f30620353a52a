/*
 * getdents64.
 */
#pragma once

#include <stdint.h>

#define DT_UNKNOWN 0
#define DT_FIFO    1
#define DT_CHR     2
#define DT_DIR     4
#define DT_BLK     6
#define DT_REG     8
#define DT_LNK     10
#define DT_SOCK    12

/* DT_* of a file's mode. */
#define DT_OF_MODE(mode) (((mode) >> 12) & 15)

struct uapi_dirent64 {
    uint64_t d_ino;
    int64_t d_off;     /* the position of the entry after this one */
    uint16_t d_reclen; /* of the whole record, a multiple of 8 */
    uint8_t d_type;
    char d_name[]; /* with its terminating zero */
};

/* sizeof would count the padding behind the structure. */
#define DIRENT64_NAME_OFFSET 19
_Static_assert(__builtin_offsetof(struct uapi_dirent64, d_name) == DIRENT64_NAME_OFFSET,
               "struct linux_dirent64");

/* getdents: the same but for the type, which stands in the record's last byte. */
struct uapi_dirent {
    uint64_t d_ino;
    uint64_t d_off;
    uint16_t d_reclen;
    char d_name[];
};
_Static_assert(__builtin_offsetof(struct uapi_dirent, d_name) == 18, "struct linux_dirent");
