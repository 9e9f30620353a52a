/*
 * statfs, and the magic numbers by which programs know a file system.
 */
#pragma once

#include <stdint.h>

struct uapi_statfs {
    int64_t f_type;
    int64_t f_bsize;
    uint64_t f_blocks;
    uint64_t f_bfree;
    uint64_t f_bavail;
    uint64_t f_files;
    uint64_t f_ffree;
    int32_t f_fsid[2];
    int64_t f_namelen;
    int64_t f_frsize;
    int64_t f_flags;
    int64_t spare[4];
};
_Static_assert(sizeof(struct uapi_statfs) == 120, "struct statfs");

/* f_flags */
#define ST_RDONLY      0x0001
#define ST_NOSUID      0x0002
#define ST_NODEV       0x0004
#define ST_NOEXEC      0x0008
#define ST_SYNCHRONOUS 0x0010
#define ST_VALID       0x0020
#define ST_MANDLOCK    0x0040
#define ST_NOATIME     0x0400
#define ST_NODIRATIME  0x0800
#define ST_RELATIME    0x1000
#define ST_NOSYMFOLLOW 0x2000

#define RAMFS_MAGIC         0x858458F6
#define TMPFS_MAGIC         0x01021994
#define PROC_SUPER_MAGIC    0x9FA0
#define SYSFS_MAGIC         0x62656572
#define DEVPTS_SUPER_MAGIC  0x1CD1
#define MQUEUE_MAGIC        0x19800202
#define MSDOS_SUPER_MAGIC   0x4D44
#define PIPEFS_MAGIC        0x50495045
#define SOCKFS_MAGIC        0x534F434B
#define ANON_INODE_FS_MAGIC 0x09041934
