// Open files of generated trees. The whole text is made at the first read, and again when reading
// starts over at 0, so that what one program reads in pieces fits together. A file of records is made
// piece by piece as it is read, each from the record on that the one before ended with: a piece fits
// together, and no record is told twice. A write hands its bytes to the row's store in one piece.
#include "fs/generated_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "scheduler/thread.h"

enum { TEXT_BYTES_FIRST = 1024, RECORDS_BYTES_FIRST = 16 << 10, TEXT_BYTES_MAX = 4 << 20 };

struct generated_text {
    struct mutex mutex;
    char *data;      // [l] the text, or the present piece of it
    size_t length;   // [l]
    uint64_t start;  // [l] where in the file the piece begins
    uint64_t cursor; // [l] of the records behind it
    bool is_last;    // [l] there are none
    bool is_filled;  // [l]
    uint64_t token;  // [I] of the row's bind
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

// The whole text, or the piece at the cursor, which moves. 0, GENERATED_MORE, -EFBIG: not even one record fits, or -errno.
static int text_make(const struct generated_row *row, const struct generated_key *key,
                     uint64_t *cursor, struct text_buffer *buffer)
{
    if (row->show_records == NULL) {
        int error = row->show(key, buffer);
        return error == 0 && text_is_full(buffer) ? -EFBIG : error;
    }
    int result = row->show_records(key, cursor, buffer);
    assert(result <= GENERATED_MORE && (result != GENERATED_MORE || !text_is_full(buffer)));
    return result == GENERATED_MORE && buffer->used == 0 ? -EFBIG : result;
}

// Asks for it with ever larger buffers until it fits.
static int generated_fill_locked(struct generated_text *text, const struct generated_row *row,
                                 const struct generated_key *key)
{
    assert(mutex_is_held(&text->mutex));
    heap_free(text->data);
    text->data = NULL;
    text->is_filled = false;
    size_t first = row->show_records != NULL ? RECORDS_BYTES_FIRST : TEXT_BYTES_FIRST;
    for (size_t size = first; size <= TEXT_BYTES_MAX; size *= 4) {
        char *data = heap_alloc(size);
        if (data == NULL) {
            return -ENOMEM;
        }
        struct text_buffer buffer;
        text_init(&buffer, data, size, 0);
        int result = text_make(row, key, &text->cursor, &buffer);
        if (result >= 0) {
            text->data = data;
            text->length = buffer.used;
            text->is_last = result == 0;
            text->is_filled = true;
            return 0;
        }
        heap_free(data);
        if (result != -EFBIG) {
            return result;
        }
    }
    return -EFBIG;
}

// Makes the piece in which the position lies, or the last one. At position 0 the text is made anew; anywhere else the reader goes on in
// what it began with. Backwards there is no way but from the beginning.
static int generated_find_locked(struct generated_text *text, const struct generated_row *row,
                                 const struct generated_key *key, uint64_t position)
{
    int error = 0;
    if (position == 0 || !text->is_filled || position < text->start) {
        text->start = 0;
        text->cursor = 0;
        error = generated_fill_locked(text, row, key);
    }
    while (error == 0 && !text->is_last && position - text->start >= text->length) {
        text->start += text->length;
        error = generated_fill_locked(text, row, key);
    }
    return error;
}

// From one piece. Bytes, 0 at the end.
static ssize_t generated_read_piece_locked(struct generated_text *text, struct io_iter *iter,
                                           uint64_t *position)
{
    assert(mutex_is_held(&text->mutex) && text->is_filled && *position >= text->start);
    uint64_t within = *position - text->start;
    if (within >= text->length) {
        return 0;
    }
    size_t bytes = MIN(text->length - (size_t)within, io_iter_remaining(iter));
    size_t moved = io_iter_write(iter, text->data + within, bytes);
    *position += moved;
    return moved > 0 || bytes == 0 ? (ssize_t)moved : -EFAULT;
}

static ssize_t generated_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    struct generated_text *text = file->private_data;
    struct generated_key key;
    const struct generated_row *row = generated_file_row(file, &key);
    if (row->show == NULL && row->show_records == NULL) {
        return -EINVAL;
    }
    if (row->bind != NULL) {
        key.value[1] = text->token;
    }
    size_t done = 0;
    ssize_t result;
    mutex_lock(&text->mutex);
    do {
        result = generated_find_locked(text, row, &key, *position);
        if (result == 0) {
            result = generated_read_piece_locked(text, iter, position);
        }
        done += result > 0 ? (size_t)result : 0;
    } while (result > 0 && io_iter_remaining(iter) != 0 && !thread_is_interrupted());
    mutex_unlock(&text->mutex);
    return done > 0 ? (ssize_t)done : result;
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
