/*
 * Heapsort: the array is made a heap with the largest element first, which then goes behind the
 * ever shorter heap.
 */
#include "lib/sort.h"

#include "lib/assert.h"

struct sort_job {
    uint8_t *array;
    size_t size; /* of an element */
    sort_compare compare;
    void *context;
};

static void *element(const struct sort_job *job, size_t place)
{
    return job->array + place * job->size;
}

static void swap(const struct sort_job *job, size_t left, size_t right)
{
    uint8_t *a = element(job, left);
    uint8_t *b = element(job, right);
    for (size_t i = 0; i < job->size; i++) {
        uint8_t byte = a[i];
        a[i] = b[i];
        b[i] = byte;
    }
}

static bool is_less(const struct sort_job *job, size_t left, size_t right)
{
    return job->compare(element(job, left), element(job, right), job->context) < 0;
}

/* Lets the element sink to its place in the heap of the first `count`. */
static void sift_down(const struct sort_job *job, size_t place, size_t count)
{
    for (;;) {
        size_t largest = place;
        size_t left = 2 * place + 1;
        if (left < count && is_less(job, largest, left)) {
            largest = left;
        }
        if (left + 1 < count && is_less(job, largest, left + 1)) {
            largest = left + 1;
        }
        if (largest == place) {
            return;
        }
        swap(job, place, largest);
        place = largest;
    }
}

void sort_array(void *array, size_t count, size_t size, sort_compare compare, void *context)
{
    assert(size > 0);
    struct sort_job job = {.array = array, .size = size, .compare = compare, .context = context};
    for (size_t place = count / 2; place > 0; place--) {
        sift_down(&job, place - 1, count);
    }
    for (size_t end = count; end > 1; end--) {
        swap(&job, 0, end - 1);
        sift_down(&job, 0, end - 1);
    }
}
