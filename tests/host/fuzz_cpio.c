/*
 * Any bytes as a cpio archive: no access outside, no leak, and the same events whatever the pieces.
 * The first byte gives the size of a piece.
 *
 * host-sources: lib/cpio.c lib/cpio_links.c lib/string_text.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cpio.h"
#include "lib/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
    uint64_t hash;      /* of all events but for where bodies are cut */
    uint64_t body_left; /* of the entry that is open */
};

static int on_entry(void *context, const struct cpio_entry *entry)
{
    struct run *run = context;
    run->hash = hash_combine(run->hash, hash_string(entry->name, strlen(entry->name)));
    run->hash = hash_combine(run->hash, entry->mode + entry->inode + entry->size);
    if (entry->link_target) {
        run->hash =
            hash_combine(run->hash, hash_string(entry->link_target, strlen(entry->link_target)));
    }
    if (entry->hard_link) {
        run->hash =
            hash_combine(run->hash, hash_string(entry->hard_link, strlen(entry->hard_link)));
    }
    run->body_left = entry->size;
    return 0;
}

static int on_data(void *context, const uint8_t *bytes, size_t size)
{
    struct run *run = context;
    if (size == 0 || size > run->body_left) {
        abort();
    }
    run->body_left -= size;
    for (size_t i = 0; i < size; i++) {
        run->hash = hash_combine(run->hash, bytes[i]);
    }
    return 0;
}

static int on_entry_end(void *context)
{
    struct run *run = context;
    if (run->body_left != 0) {
        abort();
    }
    return 0;
}

static const struct cpio_ops ops = {
    .entry = on_entry,
    .data = on_data,
    .entry_end = on_entry_end,
    .alloc = malloc,
    .free = free,
};

static uint64_t run_in_pieces(const uint8_t *data, size_t size, size_t piece)
{
    struct cpio_parser *parser = malloc(sizeof(*parser));
    struct run run = {0};
    size_t taken = 0;
    ssize_t result = 0;
    cpio_init(parser, &ops, &run);
    while (taken < size) {
        size_t count = size - taken < piece ? size - taken : piece;
        result = cpio_feed(parser, data + taken, count);
        if (result < (ssize_t)count) {
            break;
        }
        taken += count;
    }
    uint64_t hash = hash_combine(run.hash, result < 0);
    cpio_fini(parser);
    free(parser);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && run_in_pieces(data + 1, size - 1, size) !=
                        run_in_pieces(data + 1, size - 1, 1 + data[0] % 61)) {
        abort();
    }
    return 0;
}
