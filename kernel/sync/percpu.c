// Where each CPU's copy of the per-CPU section stands.
//
// The table is written before the CPU that it describes runs, and never changed: readers need no
// lock.
#include "sync/percpu.h"

#include "arch/page.h"
#include "lib/assert.h"

static uint64_t percpu_deltas[CPU_MAX]; // [I] per CPU; CPU 0 uses the section itself
static unsigned percpu_count = 1;       // [a] grows only

uint64_t percpu_delta_of(unsigned number)
{
    assert(number < percpu_count);
    return percpu_deltas[number];
}

unsigned percpu_cpu_count(void)
{
    return __atomic_load_n(&percpu_count, __ATOMIC_ACQUIRE);
}

unsigned percpu_cpu_prepare(uint64_t delta)
{
    unsigned number = percpu_count;
    assert_always(number < CPU_MAX);
    assert(delta % 64 == 0); // else a variable would lose the alignment that its section has
    percpu_deltas[number] = delta;
    return number;
}

// The release makes the delta, and what the new CPU wrote to its variables before, visible to whoever reads the greater count.
void percpu_cpu_publish(unsigned number)
{
    assert_always(number == percpu_count);
    __atomic_store_n(&percpu_count, number + 1, __ATOMIC_RELEASE);
}
