/*
 * A reader for cpio archives in the "newc" format (070701, and 070702, whose checksum it leaves
 * alone): what an initramfs is made of. It is fed the archive in pieces of any size and calls back
 * for each entry.
 *
 * It follows the manners of Linux's unpacker: zero bytes between entries and between archives are
 * padding; an entry whose name is empty or too long is skipped, as is the body of anything but a
 * regular file or a symbolic link; of the entries with nlink > 1 that share device, inode and type
 * the later ones are hard links to the first; TRAILER!!! ends an archive and forgets the links, and
 * another archive may follow.
 *
 * States: between entries -> header -> name (and a link's target) -> body -> padding -> between
 * entries.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"
#include "uapi/limits.h"

#define CPIO_HEADER_SIZE  110
#define CPIO_LINK_BUCKETS 32

struct cpio_entry {
    const char *name;        /* as in the archive: no leading slash is added or taken away */
    const char *link_target; /* a symbolic link's text; NULL otherwise */
    const char
        *hard_link; /* the name of the earlier entry that this one is a link to; NULL otherwise */
    uint64_t inode;
    uint64_t size; /* bytes of body that `data` will get */
    uint32_t mode; /* type and permissions, as in st_mode */
    uint32_t uid;
    uint32_t gid;
    uint32_t link_count;
    uint32_t mtime;
    uint32_t device_major;
    uint32_t device_minor;
    uint32_t rdev_major;
    uint32_t rdev_minor;
};

/* What is passed is borrowed during the call. A negative errno stops the parser with that result.
 */
struct cpio_ops {
    /* An entry begins. A hard link may have a body too: it is the content of the file that they
     * share. */
    int (*entry)(void *context, const struct cpio_entry *entry);
    /* The next piece of a regular file's body. */
    int (*data)(void *context, const uint8_t *bytes, size_t size);
    /* The entry is complete (not called where entry() failed). */
    int (*entry_end)(void *context);
    /* Memory for the table of hard links. */
    void *(*alloc)(size_t bytes);
    void (*free)(void *memory);
};

struct cpio_link;

enum cpio_state {
    CPIO_BETWEEN,
    CPIO_HEADER,
    CPIO_NAME,
    CPIO_BODY,
    CPIO_SKIP,
    CPIO_FAILED,
};

/* Private to cpio.c but for its size (about 8 KiB: not for the kernel's stack), `offset` and
 * `problem`. */
struct cpio_parser {
    const struct cpio_ops *ops;
    void *context;
    enum cpio_state state;
    uint64_t offset;     /* the archive's bytes taken so far */
    const char *problem; /* what is wrong, in words, once cpio_feed failed; else NULL */
    uint64_t next_header;
    uint64_t body_left;
    size_t collect_size; /* bytes that `collected` must hold before the state is done */
    size_t collect_used;
    size_t name_size;
    struct cpio_entry entry;
    struct cpio_link *links[CPIO_LINK_BUCKETS];
    char collected[2 * PATH_MAX + 8];
};

void cpio_init(struct cpio_parser *parser, const struct cpio_ops *ops, void *context);

/*
 * Takes the next bytes. Returns how many it took: all of them, or fewer where between two entries a
 * byte stands that starts neither an entry nor padding (then the caller may know what it is: a
 * compressed archive). On an error -EINVAL (damage; see `problem` and `offset`) or what a callback
 * returned; the parser is then of no further use but for cpio_fini.
 */
must_check ssize_t cpio_feed(struct cpio_parser *parser, const uint8_t *data, size_t size);

/*
 * A new archive begins at this offset of the file (after a compressed one, whose own offsets begin
 * at 0): alignment counts from there. Only between entries; hard links are kept.
 */
void cpio_set_offset(struct cpio_parser *parser, uint64_t offset);

/* Whether the parser stands between two entries, as it must at the end of the input. */
static inline bool cpio_is_between_entries(const struct cpio_parser *parser)
{
    return parser->state == CPIO_BETWEEN;
}

/* Frees the table of links. */
void cpio_fini(struct cpio_parser *parser);
