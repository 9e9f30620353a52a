// Descriptor tables: their life, their growth, and looking a descriptor up.
//
// A table that one task uses is read without lock and without reference (descriptor_borrow): only that task changes it, and it is
// busy with the system call that reads. One that several tasks share (CLONE_FILES) is read under RCU: a file that leaves it keeps its
// memory for late readers, who take a reference unless the last one is gone. Who only looks into somebody else's table (/proc) takes
// its lock: its user cannot know of such a reader, and waits for none. So users are counted apart from references: a look must not make
// a table a shared one, whose locks an execve leaves behind, nor keep files open that their process has closed by its end. Changes are
// in descriptor_change.c.
#include "process/descriptor_table.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "memory/kernel_map.h"
#include "process/descriptor_table_internal.h"

static struct slab_cache descriptor_table_cache;

void descriptor_table_init(void)
{
    size_t slots_bytes = DESCRIPTORS_INLINE * sizeof(struct open_file *);
    slab_cache_init(&descriptor_table_cache, "descriptor_table",
                    sizeof(struct descriptor_table) + slots_bytes,
                    _Alignof(struct descriptor_table));
}

struct descriptor_table *descriptor_table_create(void)
{
    struct descriptor_table *table = slab_alloc_zeroed(&descriptor_table_cache);
    if (table == NULL) {
        return NULL;
    }
    refcount_init(&table->references, 1);
    atomic32_store(&table->users, 1);
    spin_init(&table->lock, LOCK_RANK_DESCRIPTORS);
    struct descriptor_array *array = &table->inline_array;
    array->capacity = DESCRIPTORS_INLINE;
    array->open = &table->inline_open;
    array->close_on_exec = &table->inline_close_on_exec;
    table->array = array;
    return table;
}

static size_t array_bytes(unsigned capacity)
{
    return sizeof(struct descriptor_array) + capacity * sizeof(struct open_file *) +
           2 * BITMAP_WORDS((size_t)capacity) * sizeof(uint64_t);
}

static struct descriptor_array *array_create(unsigned capacity)
{
    size_t bytes = array_bytes(capacity);
    struct descriptor_array *array =
        bytes <= KiB(16) ? heap_alloc_zeroed(bytes) : kernel_map_alloc(bytes);
    if (array != NULL) {
        array->capacity = capacity;
        array->open = (uint64_t *)(array->files + capacity);
        array->close_on_exec = array->open + BITMAP_WORDS((size_t)capacity);
    }
    return array;
}

static void array_free(struct descriptor_array *array)
{
    if (array == NULL) {
        return;
    }
    if (array_bytes(array->capacity) <= KiB(16)) {
        heap_free(array);
    } else {
        kernel_map_free(array);
    }
}

static void array_free_late(struct rcu_head *head)
{
    array_free(container_of(head, struct descriptor_array, rcu));
}

// No new reader finds it any more; of a table that one task alone uses nobody is reading it.
static void array_retire(struct descriptor_table *table, struct descriptor_array *array)
{
    assert(array != table->array && !spin_is_held(&table->lock));
    if (array == &table->inline_array) {
        return;
    }
    if (descriptor_table_is_shared(table)) {
        rcu_defer(&array->rcu, array_free_late);
    } else {
        array_free(array);
    }
}

static void array_copy(struct descriptor_array *to, const struct descriptor_array *from)
{
    size_t words = BITMAP_WORDS((size_t)from->capacity);
    memcpy(to->files, from->files, from->capacity * sizeof(struct open_file *));
    memcpy(to->open, from->open, words * sizeof(uint64_t));
    memcpy(to->close_on_exec, from->close_on_exec, words * sizeof(uint64_t));
}

// Memory is taken without the lock; whoever comes second finds the table grown and gives its memory back.
no_lock_analysis int descriptor_table_grow_locked(struct descriptor_table *table, unsigned number)
{
    assert(spin_is_held(&table->lock));
    if (number >= DESCRIPTORS_MAX) {
        return -EMFILE;
    }
    unsigned capacity = table->array->capacity;
    while (capacity <= number) {
        capacity *= 2;
    }
    spin_unlock(&table->lock);
    struct descriptor_array *grown = array_create(capacity);
    spin_lock(&table->lock);
    struct descriptor_array *old = table->array;
    if (old->capacity > number) {
        spin_unlock(&table->lock);
        array_free(grown);
        spin_lock(&table->lock);
        return 0;
    }
    if (grown == NULL) {
        return -ENOMEM;
    }
    assert(capacity > old->capacity && capacity <= DESCRIPTORS_MAX && capacity % 64 == 0);
    array_copy(grown, old);
    rcu_assign(table->array, grown);
    spin_unlock(&table->lock); // large memory is unmapped, which must not be done spinning
    array_retire(table, old);
    spin_lock(&table->lock);
    return 0;
}

// Copies 64 descriptors, with references, into a table that nobody else has. What is only reserved belongs to a call that goes on in the
// other table: here the number is free.
static void copy_word_locked(struct descriptor_table *table, struct descriptor_table *source,
                             unsigned word)
{
    // A table never shrinks, so the source has at least as much as the copy was given.
    const struct descriptor_array *from = source->array;
    struct descriptor_array *to = table->array;
    assert(spin_is_held(&source->lock) && from->capacity >= to->capacity);
    to->close_on_exec[word] = from->close_on_exec[word];
    for (uint64_t bits = from->open[word]; bits != 0; bits &= bits - 1) {
        unsigned number = word * 64 + (unsigned)__builtin_ctzll(bits);
        struct open_file *file = from->files[number];
        if (file != NULL) {
            to->files[number] = open_file_get(file);
            bitmap_set(to->open, number);
        }
    }
}

// What others change meanwhile in a table that is shared may be seen in part: between two words they are let in.
static void copy_words(struct descriptor_table *table, struct descriptor_table *source)
{
    enum { WORDS_PER_HOLD = 8 };
    unsigned words = table->array->capacity / 64;
    for (unsigned first = 0; first < words; first += WORDS_PER_HOLD) {
        spin_lock(&source->lock);
        for (unsigned word = first; word < words && word < first + WORDS_PER_HOLD; word++) {
            copy_word_locked(table, source, word);
        }
        spin_unlock(&source->lock);
    }
}

struct descriptor_table *descriptor_table_copy(struct descriptor_table *source)
{
    struct descriptor_table *table = descriptor_table_create();
    if (table == NULL) {
        return NULL;
    }
    spin_lock(&source->lock);
    while (table->array->capacity < source->array->capacity) {
        unsigned wanted = source->array->capacity - 1;
        spin_unlock(&source->lock);
        spin_lock(&table->lock);
        int error = descriptor_table_grow_locked(table, wanted);
        spin_unlock(&table->lock);
        if (error != 0) {
            descriptor_table_discard(table);
            return NULL;
        }
        spin_lock(&source->lock);
    }
    spin_unlock(&source->lock);
    copy_words(table, source);
    return table;
}

void descriptor_table_get(struct descriptor_table *table)
{
    refcount_get(&table->references);
}

void descriptor_table_put(struct descriptor_table *table)
{
    if (!refcount_put(&table->references)) {
        return;
    }
    assert(atomic32_load(&table->users) == 0);
    array_free(table->array != &table->inline_array ? table->array : NULL);
    slab_free(&descriptor_table_cache, table);
}

void descriptor_table_join(struct descriptor_table *table)
{
    refcount_get(&table->references);
    atomic32_add(&table->users, 1);
}

// True: that was the last user. A full barrier, so that the others' look-ups have ended for who sees the count.
static bool table_is_left(struct descriptor_table *table)
{
    assert(atomic32_load(&table->users) != 0);
    return atomic32_subtract(&table->users, 1) == 0;
}

void descriptor_table_leave(struct descriptor_table *table)
{
    if (table_is_left(table)) {
        descriptor_close_all(table);
    }
    descriptor_table_put(table);
}

void descriptor_table_discard(struct descriptor_table *table)
{
    bool is_left = table_is_left(table);
    for (int number = is_left ? descriptor_next(table, 0) : -1; number >= 0;
         number = descriptor_next(table, number + 1)) {
        open_file_put(table->array->files[number]); // of a copy that nobody has seen
    }
    descriptor_table_put(table);
}

bool descriptor_table_is_shared(struct descriptor_table *table)
{
    return atomic32_load(&table->users) > 1;
}

// Nobody else changes the table: it is the caller's alone, or locked.
static struct open_file *file_at(const struct descriptor_table *table, int number)
{
    const struct descriptor_array *array = table->array;
    return (unsigned)number < array->capacity ? array->files[number] : NULL;
}

static struct open_file *file_get_at(struct descriptor_table *table, int number)
{
    struct open_file *file = file_at(table, number);
    return file != NULL ? open_file_get(file) : NULL;
}

// Others may change the table meanwhile. A file whose last reference is gone has left its slot before, so a second look, at the array
// too, finds it empty or finds who came next: dup2 never shows a number as free that is not. With the reference the file is one that
// the slot had at some moment of this call.
static struct open_file *file_get_shared(struct descriptor_table *table, int number)
{
    struct open_file *file;
    rcu_read_lock();
    do {
        const struct descriptor_array *array = rcu_dereference(table->array);
        file = (unsigned)number < array->capacity ? rcu_dereference(array->files[number]) : NULL;
    } while (file != NULL && !refcount_get_unless_zero(&file->references));
    rcu_read_unlock();
    return file;
}

// The test for sharing is enough: only a task that has the table can share it (clone), and it is busy here.
struct open_file *descriptor_get(struct descriptor_table *table, int number)
{
    return descriptor_table_is_shared(table) ? file_get_shared(table, number)
                                             : file_get_at(table, number);
}

bool descriptor_borrow(struct descriptor_table *table, int number, struct descriptor_use *use)
{
    use->is_referenced = descriptor_table_is_shared(table);
    use->file = use->is_referenced ? file_get_shared(table, number) : file_at(table, number);
    return use->file != NULL;
}

struct open_file *descriptor_get_foreign(struct descriptor_table *table, int number)
{
    spin_lock(&table->lock);
    struct open_file *file = file_get_at(table, number);
    spin_unlock(&table->lock);
    return file;
}

bool descriptor_is_file(struct descriptor_table *table, int number, const struct open_file *file)
{
    spin_lock(&table->lock);
    bool is_file = file_at(table, number) == file;
    spin_unlock(&table->lock);
    return is_file;
}

int descriptor_next(struct descriptor_table *table, int from)
{
    spin_lock(&table->lock);
    const struct descriptor_array *array = table->array;
    size_t capacity = array->capacity;
    size_t number = MIN((size_t)from, capacity);
    while ((number = bitmap_find_next_set(array->open, capacity, number)) < capacity &&
           array->files[number] == NULL) {
        number++;
    }
    spin_unlock(&table->lock);
    return number < capacity ? (int)number : -1;
}

unsigned descriptor_capacity(struct descriptor_table *table)
{
    spin_lock(&table->lock); // it may be somebody else's, who frees a former array at once
    unsigned capacity = table->array->capacity;
    spin_unlock(&table->lock);
    return capacity;
}
