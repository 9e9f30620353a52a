// Descriptor tables: their life, their growth, and looking a descriptor up.
//
// A table that one task uses is read without lock and without reference (descriptor_borrow): only that task changes it, and it is
// busy with the system call that reads. A table that several tasks share (CLONE_FILES), or that /proc looks into, is read under its
// lock with a reference on the file, since an open file's memory is not kept for late readers. Changes are in descriptor_change.c.
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
    slab_cache_init(&descriptor_table_cache, "descriptor_table", sizeof(struct descriptor_table),
                    _Alignof(struct descriptor_table));
}

struct descriptor_table *descriptor_table_create(void)
{
    struct descriptor_table *table = slab_alloc_zeroed(&descriptor_table_cache);
    if (table == NULL) {
        return NULL;
    }
    refcount_init(&table->references, 1);
    spin_init(&table->lock, LOCK_RANK_DESCRIPTORS);
    table->array = (struct descriptor_array){
        .capacity = DESCRIPTORS_INLINE,
        .files = table->inline_files,
        .open = &table->inline_open,
        .close_on_exec = &table->inline_close_on_exec,
    };
    return table;
}

static size_t array_bytes(unsigned capacity)
{
    return capacity * sizeof(struct open_file *) +
           2 * BITMAP_WORDS((size_t)capacity) * sizeof(uint64_t);
}

static void *array_memory_alloc(unsigned capacity)
{
    size_t bytes = array_bytes(capacity);
    return bytes <= KiB(16) ? heap_alloc_zeroed(bytes) : kernel_map_alloc(bytes);
}

static void array_memory_free(void *memory, unsigned capacity)
{
    if (memory == NULL) {
        return;
    }
    if (array_bytes(capacity) <= KiB(16)) {
        heap_free(memory);
    } else {
        kernel_map_free(memory);
    }
}

static void array_place(struct descriptor_array *array, void *memory, unsigned capacity)
{
    array->capacity = capacity;
    array->files = memory;
    array->open = (uint64_t *)(array->files + capacity);
    array->close_on_exec = array->open + BITMAP_WORDS((size_t)capacity);
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
    unsigned capacity = table->array.capacity;
    while (capacity <= number) {
        capacity *= 2;
    }
    spin_unlock(&table->lock);
    void *memory = array_memory_alloc(capacity);
    spin_lock(&table->lock);
    if (table->array.capacity > number) {
        spin_unlock(&table->lock);
        array_memory_free(memory, capacity);
        spin_lock(&table->lock);
        return 0;
    }
    if (memory == NULL) {
        return -ENOMEM;
    }
    assert(capacity > table->array.capacity && capacity <= DESCRIPTORS_MAX && capacity % 64 == 0);
    struct descriptor_array grown;
    array_place(&grown, memory, capacity);
    array_copy(&grown, &table->array);
    void *old = table->grown;
    unsigned old_capacity = table->array.capacity;
    table->array = grown;
    table->grown = memory;
    spin_unlock(&table->lock); // large memory is unmapped, which must not be done spinning
    array_memory_free(old, old_capacity);
    spin_lock(&table->lock);
    return 0;
}

// Copies 64 descriptors, with references, into a table that nobody else has. What is only reserved belongs to a call that goes on in the
// other table: here the number is free.
static void copy_word_locked(struct descriptor_table *table, struct descriptor_table *source,
                             unsigned word)
{
    // A table never shrinks, so the source has at least as much as the copy was given.
    assert(spin_is_held(&source->lock) && source->array.capacity >= table->array.capacity);
    table->array.close_on_exec[word] = source->array.close_on_exec[word];
    for (uint64_t bits = source->array.open[word]; bits != 0; bits &= bits - 1) {
        unsigned number = word * 64 + (unsigned)__builtin_ctzll(bits);
        struct open_file *file = source->array.files[number];
        if (file != NULL) {
            table->array.files[number] = open_file_get(file);
            bitmap_set(table->array.open, number);
        }
    }
}

// What others change meanwhile in a table that is shared may be seen in part: between two words they are let in.
static void copy_words(struct descriptor_table *table, struct descriptor_table *source)
{
    enum { WORDS_PER_HOLD = 8 };
    unsigned words = table->array.capacity / 64;
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
    while (table->array.capacity < source->array.capacity) {
        unsigned wanted = source->array.capacity - 1;
        spin_unlock(&source->lock);
        spin_lock(&table->lock);
        int error = descriptor_table_grow_locked(table, wanted);
        spin_unlock(&table->lock);
        if (error != 0) {
            descriptor_table_put(table);
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
    // The last reference: nobody reads it any more, but closing may sleep, so the lock is taken for each look only.
    for (int number = descriptor_next(table, 0); number >= 0;
         number = descriptor_next(table, number + 1)) {
        struct open_file *file = table->array.files[number];
        descriptor_file_close(table, file);
    }
    array_memory_free(table->grown, table->array.capacity);
    slab_free(&descriptor_table_cache, table);
}

bool descriptor_table_is_shared(struct descriptor_table *table)
{
    return refcount_read(&table->references) > 1;
}

static struct open_file *file_at(struct descriptor_table *table, int number)
{
    return (unsigned)number < table->array.capacity ? table->array.files[number] : NULL;
}

static struct open_file *file_get_at(struct descriptor_table *table, int number)
{
    struct open_file *file = file_at(table, number);
    return file != NULL ? open_file_get(file) : NULL;
}

// The test for sharing is enough: only a task that has the table can share it (clone), and it is busy here; a reader of /proc that takes
// a reference meanwhile only reads.
struct open_file *descriptor_get(struct descriptor_table *table, int number)
{
    if (!descriptor_table_is_shared(table)) {
        return file_get_at(table, number);
    }
    spin_lock(&table->lock);
    struct open_file *file = file_get_at(table, number);
    spin_unlock(&table->lock);
    return file;
}

bool descriptor_borrow(struct descriptor_table *table, int number, struct descriptor_use *use)
{
    use->is_referenced = descriptor_table_is_shared(table);
    use->file = use->is_referenced ? descriptor_get(table, number) : file_at(table, number);
    return use->file != NULL;
}

int descriptor_next(struct descriptor_table *table, int from)
{
    spin_lock(&table->lock);
    size_t capacity = table->array.capacity;
    size_t number = MIN((size_t)from, capacity);
    while ((number = bitmap_find_next_set(table->array.open, capacity, number)) < capacity &&
           table->array.files[number] == NULL) {
        number++;
    }
    spin_unlock(&table->lock);
    return number < capacity ? (int)number : -1;
}

unsigned descriptor_capacity(struct descriptor_table *table)
{
    return READ_ONCE(table->array.capacity);
}
