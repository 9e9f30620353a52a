// Open files of generated trees. The whole text is made at the first read, and again when reading
// starts over at 0, so that what one program reads in pieces fits together. A write hands its bytes
// to the row's store in one piece.
#include "fs/generated_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/heap.h"

enum { TEXT_BYTES_FIRST = 1024, TEXT_BYTES_MAX = 4 << 20 };

struct generated_text {
    struct mutex mutex;
    char *data;     // [l]
    size_t length;  // [l]
    bool is_filled; // [l]
    uint64_t token; // [I] of the row's bind
};

int generated_file_prepare(struct open_file *file)
{
    struct generated_text *text = heap_alloc_zeroed(sizeof(*text));
    if (text == NULL) {
        return -ENOMEM;
    }
    struct generated_key key;
    const struct generated_row *row = generated_file_row(file, &key);
    int error = row->bind == NULL ? 0 : row->bind(&key, &text->token);
    if (error != 0) {
        heap_free(text);
        return error;
    }
    mutex_init(&text->mutex, LOCK_RANK_GENERATED_FILE);
    file->private_data = text;
    file->ops = &generated_file_ops;
    return 0;
}

// Asks for the text with ever larger buffers until it fits.
static int generated_fill_locked(struct generated_text *text, const struct generated_row *row,
                                 const struct generated_key *key)
{
    assert(mutex_is_held(&text->mutex));
    heap_free(text->data);
    text->data = NULL;
    text->is_filled = false;
    for (size_t size = TEXT_BYTES_FIRST; size <= TEXT_BYTES_MAX; size *= 4) {
        char *data = heap_alloc(size);
        if (data == NULL) {
            return -ENOMEM;
        }
        struct text_buffer buffer;
        text_init(&buffer, data, size, 0);
        int error = row->show(key, &buffer);
        if (error == 0 && !text_is_full(&buffer)) {
            text->data = data;
            text->length = buffer.used;
            text->is_filled = true;
            return 0;
        }
        heap_free(data);
        if (error != 0) {
            return error;
        }
    }
    return -EFBIG;
}

// At position 0 the text is made anew; anywhere else the reader goes on in the text that it began with, whatever changes meanwhile.
static ssize_t generated_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    struct generated_text *text = file->private_data;
    struct generated_key key;
    const struct generated_row *row = generated_file_row(file, &key);
    if (row->show == NULL) {
        return -EINVAL;
    }
    if (row->bind != NULL) {
        key.value[1] = text->token;
    }
    ssize_t result = 0;
    mutex_lock(&text->mutex);
    if (*position == 0 || !text->is_filled) {
        result = generated_fill_locked(text, row, &key);
    }
    if (result == 0 && *position < text->length) {
        size_t bytes = MIN(text->length - (size_t)*position, io_iter_remaining(iter));
        size_t moved = io_iter_write(iter, text->data + *position, bytes);
        *position += moved;
        result = moved > 0 || bytes == 0 ? (ssize_t)moved : -EFAULT;
    }
    mutex_unlock(&text->mutex);
    return result;
}

static ssize_t generated_write(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    struct generated_key key;
    const struct generated_row *row = generated_file_row(file, &key);
    if (row->store == NULL) {
        return -EIO;
    }
    size_t bytes = MIN(io_iter_remaining(iter), (size_t)PAGE_SIZE - 1);
    char *data = heap_alloc(bytes + 1);
    if (data == NULL) {
        return -ENOMEM;
    }
    ssize_t result = -EFAULT;
    if (io_iter_read(iter, data, bytes) == bytes) {
        data[bytes] = '\0';
        result = row->store(&key, data, bytes);
    }
    heap_free(data);
    if (result > 0) {
        *position += (uint64_t)result;
    }
    return result;
}

static void generated_release(struct open_file *file)
{
    struct generated_text *text = file->private_data;
    heap_free(text->data);
    heap_free(text);
}

const struct file_ops generated_file_ops = {
    .name = "generated",
    .read = generated_read,
    .write = generated_write,
    .seek = file_seek_endless,
    .release = generated_release,
};
