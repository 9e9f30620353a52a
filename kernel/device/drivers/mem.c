// The memory devices of major 1: null, zero, full, and the two names of the random generator, which are one thing since it never
// blocks. What Linux's drivers/char answers is kept in odd places too: lseek gives 0, TCGETS on a random device is EINVAL.
#include "device/device_internal.h"
#include "device/node.h"
#include "device/random.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"

enum {
    MEMORY_MAJOR = 1,
    RANDOM_CHUNK_BYTES = 256,
    ENTROPY_BITS = 256, // what the generator holds, as RNDGETENTCNT says it
    RNDGETENTCNT = 0x80045200,
};

static ssize_t null_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)file;
    (void)iter;
    (void)position;
    return 0;
}

static ssize_t null_write(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)file;
    (void)position;
    size_t bytes = io_iter_remaining(iter);
    io_iter_advance(iter, bytes);
    return (ssize_t)bytes;
}

// In pieces, between which a signal ends it: the device itself never does.
static ssize_t zero_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)file;
    (void)position;
    size_t wanted = io_iter_remaining(iter);
    size_t moved = 0;
    while (moved < wanted) {
        size_t count = MIN(wanted - moved, (size_t)KiB(64));
        size_t done = io_iter_write_zeros(iter, count);
        moved += done;
        if (done < count || thread_is_interrupted()) {
            break;
        }
    }
    return moved == 0 && wanted != 0 ? -EFAULT : (ssize_t)moved;
}

static ssize_t full_write(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)file;
    (void)iter;
    (void)position;
    return -ENOSPC;
}

// A private mapping of /dev/zero is anonymous memory, which mmap makes itself for a shared one, too.
static int zero_map(struct open_file *file, struct map_request *request)
{
    (void)file;
    request->cache = NULL;
    request->backing = (struct backing){0};
    return 0;
}

// Up to 256 bytes come whole even where a signal waits, which callers rely on (random(4)).
static ssize_t random_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)file;
    (void)position;
    uint8_t chunk[RANDOM_CHUNK_BYTES];
    size_t wanted = io_iter_remaining(iter);
    size_t moved = 0;
    while (moved < wanted && !(moved != 0 && thread_is_interrupted())) {
        size_t count = MIN(wanted - moved, sizeof(chunk));
        random_bytes(chunk, count);
        size_t done = io_iter_write(iter, chunk, count);
        moved += done;
        if (done < count) {
            break;
        }
    }
    return moved == 0 && wanted != 0 ? -EFAULT : (ssize_t)moved;
}

static ssize_t random_write(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)file;
    (void)position;
    uint8_t chunk[RANDOM_CHUNK_BYTES];
    size_t wanted = io_iter_remaining(iter);
    size_t moved = 0;
    while (moved < wanted && !(moved != 0 && thread_is_interrupted())) {
        size_t count = io_iter_read(iter, chunk, MIN(wanted - moved, sizeof(chunk)));
        if (count == 0) {
            break;
        }
        random_mix(chunk, count);
        moved += count;
    }
    return moved == 0 && wanted != 0 ? -EFAULT : (ssize_t)moved;
}

static long random_count_entropy(struct open_file *file, void *data, unsigned long argument)
{
    (void)file;
    (void)argument;
    *(int *)data = ENTROPY_BITS;
    return 0;
}

static const struct ioctl_row random_ioctls[] = {
    {RNDGETENTCNT, 0, sizeof(int), random_count_entropy},
};

static const struct file_ops null_ops = {
    .name = "null",
    .flags = FILE_OPS_NONSEEK_ZERO | FILE_OPS_NO_POSITION_LOCK,
    .read = null_read,
    .write = null_write,
};

static const struct file_ops zero_ops = {
    .name = "zero",
    .flags = FILE_OPS_NONSEEK_ZERO | FILE_OPS_NO_POSITION_LOCK,
    .read = zero_read,
    .write = null_write,
    .map = zero_map,
};

static const struct file_ops full_ops = {
    .name = "full",
    .flags = FILE_OPS_NONSEEK_ZERO | FILE_OPS_NO_POSITION_LOCK,
    .read = zero_read,
    .write = full_write,
};

static const struct file_ops random_ops = {
    .name = "random",
    .flags = FILE_OPS_NONSEEK_ZERO | FILE_OPS_NO_POSITION_LOCK | FILE_OPS_STRANGE_IOCTL_INVALID,
    .read = random_read,
    .write = random_write,
    .ioctls = random_ioctls,
    .ioctl_count = ARRAY_SIZE(random_ioctls),
};

#define MEMORY_NODE(node_name, minor, node_ops)                                                    \
    {                                                                                              \
        .name = (node_name), .kind = DEVICE_CHARACTER, .number = MEMORY_MAJOR << 8 | (minor),      \
        .mode = 0666, .ops = (node_ops)                                                            \
    }

static struct device_node memory_nodes[] = {
    MEMORY_NODE("null", 3, &null_ops),      MEMORY_NODE("zero", 5, &zero_ops),
    MEMORY_NODE("full", 7, &full_ops),      MEMORY_NODE("random", 8, &random_ops),
    MEMORY_NODE("urandom", 9, &random_ops),
};

void memory_nodes_init(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(memory_nodes); i++) {
        int error = device_node_publish(&memory_nodes[i]);
        assert_always(error == 0); // the names are ours alone
    }
}
