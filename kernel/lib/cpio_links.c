/*
 * The table of hard links: the first name of every file with more than one, until the archive ends.
 */
#include "lib/cpio_internal.h"

#include "lib/errno.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "uapi/stat.h"

struct cpio_link {
    struct cpio_link *next;
    uint64_t inode;
    uint32_t device_major;
    uint32_t device_minor;
    uint32_t type; /* S_IFMT bits */
    char name[];
};

static bool is_same_file(const struct cpio_link *link, const struct cpio_entry *entry)
{
    return link->inode == entry->inode && link->device_major == entry->device_major &&
           link->device_minor == entry->device_minor && link->type == (entry->mode & S_IFMT);
}

int cpio_link_find_or_add(struct cpio_parser *parser, const char **earlier)
{
    const struct cpio_entry *entry = &parser->entry;
    struct cpio_link **bucket = &parser->links[hash_u64(entry->inode) % CPIO_LINK_BUCKETS];
    for (struct cpio_link *link = *bucket; link; link = link->next) {
        if (is_same_file(link, entry)) {
            *earlier = link->name;
            return 0;
        }
    }
    size_t name_size = strlen(entry->name) + 1;
    struct cpio_link *link = parser->ops->alloc(sizeof(*link) + name_size);
    if (!link) {
        return -ENOMEM;
    }
    *link = (struct cpio_link){
        .next = *bucket,
        .inode = entry->inode,
        .device_major = entry->device_major,
        .device_minor = entry->device_minor,
        .type = entry->mode & S_IFMT,
    };
    memcpy(link->name, entry->name, name_size);
    *bucket = link;
    *earlier = NULL;
    return 0;
}

void cpio_links_forget(struct cpio_parser *parser)
{
    for (size_t i = 0; i < CPIO_LINK_BUCKETS; i++) {
        while (parser->links[i]) {
            struct cpio_link *link = parser->links[i];
            parser->links[i] = link->next;
            parser->ops->free(link);
        }
    }
}
