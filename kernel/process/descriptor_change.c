// Changing a descriptor table: reserve, fill, install, dup2, close, close-on-exec.
//
// A slot is free (its bit in `open` clear), reserved (the bit set, no file) or filled. Only the task that reserved a slot fills or
// frees it: close does not see it, dup2 on it is refused, and a fork's copy has it free.
//
// A file leaves the table under the lock and is closed after it, since the last put may sleep. POSIX record locks go with every
// close of a descriptor, whoever else holds the file.
#include "file/file_lock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "process/descriptor_table_internal.h"

static bool slot_is_reserved(struct descriptor_table *table, unsigned number)
{
    assert(spin_is_held(&table->lock) && number < table->array.capacity);
    return table->array.files[number] == NULL && bitmap_test(table->array.open, number);
}

static void slot_fill(struct descriptor_table *table, unsigned number, struct open_file *file,
                      bool close_on_exec)
{
    assert(spin_is_held(&table->lock) && number < table->array.capacity && file != NULL);
    table->array.files[number] = file;
    bitmap_set(table->array.open, number);
    if (close_on_exec) {
        bitmap_set(table->array.close_on_exec, number);
    } else {
        bitmap_clear(table->array.close_on_exec, number);
    }
}

// The file that was there, whose reference is the caller's now; NULL: none.
static struct open_file *slot_empty(struct descriptor_table *table, unsigned number)
{
    assert(spin_is_held(&table->lock));
    if (number >= table->array.capacity) {
        return NULL;
    }
    struct open_file *file = table->array.files[number];
    assert(file == NULL || bitmap_test(table->array.open, number));
    if (file != NULL) {
        table->array.files[number] = NULL;
        bitmap_clear(table->array.open, number);
        bitmap_clear(table->array.close_on_exec, number);
        table->first_free_hint = MIN(table->first_free_hint, number);
    }
    return file;
}

void descriptor_file_close(struct descriptor_table *table, struct open_file *file)
{
    file_lock_release_owner(file, table);
    if (file->ops->close_descriptor != NULL) {
        file->ops->close_descriptor(file, table);
    }
    open_file_put(file);
}

// The lowest free number from `minimum` on, its bit set, or -EMFILE, -ENOMEM.
static int slot_take_locked(struct descriptor_table *table, int minimum, uint64_t limit)
{
    for (;;) {
        unsigned start = MAX((unsigned)minimum, table->first_free_hint);
        size_t capacity = table->array.capacity;
        size_t number =
            start < capacity ? bitmap_find_next_zero(table->array.open, capacity, start) : start;
        if (number >= limit) {
            return -EMFILE;
        }
        if (number < capacity) {
            assert(table->array.files[number] == NULL);
            bitmap_set(table->array.open, number);
            if ((unsigned)minimum <= table->first_free_hint) {
                table->first_free_hint = (unsigned)number + 1;
            }
            return (int)number;
        }
        int error = descriptor_table_grow_locked(table, (unsigned)number);
        if (error != 0) {
            return error;
        }
    }
}

int descriptor_reserve(struct descriptor_table *table, int minimum, uint64_t limit)
{
    spin_lock(&table->lock);
    int number = slot_take_locked(table, minimum, limit);
    spin_unlock(&table->lock);
    return number;
}

void descriptor_fill(struct descriptor_table *table, int number, struct open_file *file,
                     bool close_on_exec)
{
    spin_lock(&table->lock);
    assert(slot_is_reserved(table, (unsigned)number));
    slot_fill(table, (unsigned)number, file, close_on_exec);
    spin_unlock(&table->lock);
}

void descriptor_cancel(struct descriptor_table *table, int number)
{
    spin_lock(&table->lock);
    assert(slot_is_reserved(table, (unsigned)number));
    bitmap_clear(table->array.open, (unsigned)number);
    table->first_free_hint = MIN(table->first_free_hint, (unsigned)number);
    spin_unlock(&table->lock);
}

int descriptor_install(struct descriptor_table *table, struct open_file *file, int minimum,
                       bool close_on_exec, uint64_t limit)
{
    spin_lock(&table->lock);
    int number = slot_take_locked(table, minimum, limit);
    if (number >= 0) {
        slot_fill(table, (unsigned)number, file, close_on_exec);
    }
    spin_unlock(&table->lock);
    return number;
}

int descriptor_install_at(struct descriptor_table *table, struct open_file *file, int number,
                          bool close_on_exec, uint64_t limit)
{
    int error = 0;
    if (number < 0 || (uint64_t)number >= limit) {
        return -EBADF;
    }
    spin_lock(&table->lock);
    if ((unsigned)number >= table->array.capacity) {
        error = descriptor_table_grow_locked(table, (unsigned)number);
    }
    if (error == 0 && slot_is_reserved(table, (unsigned)number)) {
        error = -EBUSY;
    }
    if (error != 0) {
        spin_unlock(&table->lock);
        return error;
    }
    struct open_file *old = slot_empty(table, (unsigned)number);
    slot_fill(table, (unsigned)number, file, close_on_exec);
    spin_unlock(&table->lock);
    if (old != NULL) {
        descriptor_file_close(table, old);
    }
    return number;
}

// Gone from the table before it is closed: from then on the number may be given out again, and a close that is interrupted must not be
// tried again (close(2): on Linux the descriptor is gone whatever close returns).
int descriptor_close(struct descriptor_table *table, int number)
{
    spin_lock(&table->lock);
    struct open_file *file = slot_empty(table, (unsigned)number);
    spin_unlock(&table->lock);
    if (file == NULL) {
        return -EBADF;
    }
    descriptor_file_close(table, file);
    return 0;
}

static void mark_range(struct descriptor_table *table, unsigned first, unsigned last)
{
    spin_lock(&table->lock);
    if (first < table->array.capacity) {
        unsigned end = MIN(last, table->array.capacity - 1);
        bitmap_set_range(table->array.close_on_exec, first, (size_t)end - first + 1);
    }
    spin_unlock(&table->lock);
}

void descriptor_close_range(struct descriptor_table *table, unsigned first, unsigned last,
                            bool only_mark_close_on_exec)
{
    if (first > last || first >= DESCRIPTORS_MAX) {
        return;
    }
    if (only_mark_close_on_exec) {
        mark_range(table, first, last);
        return;
    }
    int number = descriptor_next(table, (int)first);
    while (number >= 0 && (unsigned)number <= last) {
        (void)descriptor_close(table, number);
        number = descriptor_next(table, number + 1);
    }
}

// Marks of free slots (close_range sets them too) mean nothing: slot_fill sets the bit anew.
void descriptor_close_on_exec(struct descriptor_table *table)
{
    size_t number = 0;
    for (;;) {
        spin_lock(&table->lock);
        size_t capacity = table->array.capacity;
        number = bitmap_find_next_set(table->array.close_on_exec, capacity, number);
        struct open_file *file = number < capacity ? slot_empty(table, (unsigned)number) : NULL;
        spin_unlock(&table->lock);
        if (number >= capacity) {
            return;
        }
        if (file != NULL) {
            descriptor_file_close(table, file);
        }
        number++;
    }
}

int descriptor_get_flag(struct descriptor_table *table, int number)
{
    int flag = -EBADF;
    spin_lock(&table->lock);
    if ((unsigned)number < table->array.capacity && table->array.files[number] != NULL) {
        flag = bitmap_test(table->array.close_on_exec, (size_t)number) ? FD_CLOEXEC : 0;
    }
    spin_unlock(&table->lock);
    return flag;
}

int descriptor_set_flag(struct descriptor_table *table, int number, bool close_on_exec)
{
    int result = -EBADF;
    spin_lock(&table->lock);
    if ((unsigned)number < table->array.capacity && table->array.files[number] != NULL) {
        slot_fill(table, (unsigned)number, table->array.files[number], close_on_exec);
        result = 0;
    }
    spin_unlock(&table->lock);
    return result;
}
