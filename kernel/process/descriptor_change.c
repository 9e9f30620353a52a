// Changing a descriptor table: reserve, fill, install, dup2, close, close-on-exec.
//
// A slot is free (its bit in `open` clear), reserved (the bit set, no file) or filled. Only the task that reserved a slot fills or
// frees it: close does not see it, dup2 on it is refused, and a fork's copy has it free.
//
// A file leaves the table under the lock and is closed after it, since the last put may sleep. Who looks the number up at that moment
// may still come upon it, without a reference yet: where others share the table the file is told to keep its memory for them. POSIX
// record locks go with every close of a descriptor, whoever else holds the file.
#include "file/file_lock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "process/descriptor_table_internal.h"

static bool slot_is_reserved(struct descriptor_table *table, unsigned number)
{
    const struct descriptor_array *array = table->array;
    assert(spin_is_held(&table->lock) && number < array->capacity);
    return array->files[number] == NULL && bitmap_test(array->open, number);
}

static void slot_fill(struct descriptor_table *table, unsigned number, struct open_file *file,
                      bool close_on_exec)
{
    struct descriptor_array *array = table->array;
    assert(spin_is_held(&table->lock) && number < array->capacity && file != NULL);
    rcu_assign(array->files[number], file);
    bitmap_set(array->open, number);
    if (close_on_exec) {
        bitmap_set(array->close_on_exec, number);
    } else {
        bitmap_clear(array->close_on_exec, number);
    }
}

// In one step for who looks the number up: it is never seen as free. The file that was there, whose reference is the caller's now, or
// NULL.
static struct open_file *slot_exchange(struct descriptor_table *table, unsigned number,
                                       struct open_file *file, bool close_on_exec)
{
    struct open_file *old = table->array->files[number];
    assert(spin_is_held(&table->lock));
    slot_fill(table, number, file, close_on_exec);
    return old;
}

// The file that was there, whose reference is the caller's now; NULL: none.
static struct open_file *slot_empty(struct descriptor_table *table, unsigned number)
{
    struct descriptor_array *array = table->array;
    assert(spin_is_held(&table->lock));
    if (number >= array->capacity) {
        return NULL;
    }
    struct open_file *file = array->files[number];
    assert(file == NULL || bitmap_test(array->open, number));
    if (file != NULL) {
        rcu_assign(array->files[number], NULL);
        bitmap_clear(array->open, number);
        bitmap_clear(array->close_on_exec, number);
        table->first_free_hint = MIN(table->first_free_hint, number);
    }
    return file;
}

void descriptor_file_close(struct descriptor_table *table, struct open_file *file)
{
    if (unlikely(file_lock_is_possible(file))) {
        file_lock_release_owner(file, table);
    }
    if (file->ops->close_descriptor != NULL) {
        file->ops->close_descriptor(file, table);
    }
    // Who has given the table up by now has ended its look-ups before; nobody new can come but by those who have it.
    if (descriptor_table_is_shared(table)) {
        open_file_expect_late_readers(file);
    }
    open_file_put(file);
}

// The lowest free number from `minimum` on; from the capacity on all are. Mostly the hint is right.
static size_t number_find_free_locked(const struct descriptor_table *table, unsigned minimum)
{
    const struct descriptor_array *array = table->array;
    unsigned start = MAX(minimum, table->first_free_hint);
    assert(spin_is_held(&table->lock));
    if (start >= array->capacity || likely(!bitmap_test(array->open, start))) {
        return start;
    }
    return bitmap_find_next_zero(array->open, array->capacity, start);
}

// The lowest free number from `minimum` on, its bit set, or -EMFILE, -ENOMEM.
static int slot_take_locked(struct descriptor_table *table, int minimum, uint64_t limit)
{
    for (;;) {
        size_t number = number_find_free_locked(table, (unsigned)minimum);
        if (number >= limit) {
            return -EMFILE;
        }
        if (number < table->array->capacity) {
            assert(table->array->files[number] == NULL);
            bitmap_set(table->array->open, number);
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
    bitmap_clear(table->array->open, (unsigned)number);
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
    if ((unsigned)number >= table->array->capacity) {
        error = descriptor_table_grow_locked(table, (unsigned)number);
    }
    if (error == 0 && slot_is_reserved(table, (unsigned)number)) {
        error = -EBUSY;
    }
    if (error != 0) {
        spin_unlock(&table->lock);
        return error;
    }
    struct open_file *old = slot_exchange(table, (unsigned)number, file, close_on_exec);
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
    struct descriptor_array *array = table->array;
    if (first < array->capacity) {
        unsigned end = MIN(last, array->capacity - 1);
        bitmap_set_range(array->close_on_exec, first, (size_t)end - first + 1);
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

static void close_marked(struct descriptor_table *table, bool all)
{
    size_t number = 0;
    for (;;) {
        spin_lock(&table->lock);
        const struct descriptor_array *array = table->array;
        size_t capacity = array->capacity;
        number = bitmap_find_next_set(all ? array->open : array->close_on_exec, capacity, number);
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

// Marks of free slots (close_range sets them too) mean nothing: slot_fill sets the bit anew.
void descriptor_close_on_exec(struct descriptor_table *table)
{
    close_marked(table, false);
}

void descriptor_close_all(struct descriptor_table *table)
{
    close_marked(table, true);
}

int descriptor_get_flag(struct descriptor_table *table, int number)
{
    int flag = -EBADF;
    spin_lock(&table->lock);
    const struct descriptor_array *array = table->array;
    if ((unsigned)number < array->capacity && array->files[number] != NULL) {
        flag = bitmap_test(array->close_on_exec, (size_t)number) ? FD_CLOEXEC : 0;
    }
    spin_unlock(&table->lock);
    return flag;
}

int descriptor_set_flag(struct descriptor_table *table, int number, bool close_on_exec)
{
    int result = -EBADF;
    spin_lock(&table->lock);
    const struct descriptor_array *array = table->array;
    if ((unsigned)number < array->capacity && array->files[number] != NULL) {
        slot_fill(table, (unsigned)number, array->files[number], close_on_exec);
        result = 0;
    }
    spin_unlock(&table->lock);
    return result;
}
