// The state of the kernel's random numbers: one generator of crypto/, a small pool that collects what is unpredictable, and the
// seeding.
//
// Seeding takes 512 bits from RDSEED or RDRAND where the CPU has them, and time-stamp differences of a loop whose length in
// instructions never changes: on a machine that counts time they jitter (caches, memory refresh, an emulator's host); on one that
// counts instructions they are all alike, which is noticed, and the seed is called weak unless the CPU's instruction was there. The pool is
// mixed in again when much was handed out. All state is under one spin lock of nearly the highest rank, so any context may ask;
// what takes long, timing and asking the CPU, is done without it.
#include "device/random.h"

#include "arch/cpu.h"
#include "crypto/random_generator.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "log/log.h"
#include "sync/spinlock.h"

enum {
    POOL_WORDS = 8,
    JITTER_SAMPLES = 192,      // where the CPU has no generator
    JITTER_SAMPLES_EXTRA = 32, // where it has one
    JITTER_WORK = 64,          // steps of the timed loop
    JITTER_ROUNDING = 2,
    JITTER_MOVES_SHARE = 8, // one sample in so many must have moved
    SEED_WORDS = 8,
    RANDOM_CHUNK_BYTES = 512, // handed out per hold of the lock
    RESEED_OUTPUT_BYTES = 1 << 20,
    RESEED_POOL_WORDS = 64, // collected, on average 8 in each word of the pool
};

static struct spinlock random_lock = SPINLOCK_INIT(LOCK_RANK_RANDOM);
static struct random_generator generator; // [l]
static uint64_t pool[POOL_WORDS];         // [l]
static unsigned pool_words;               // [l] collected since the last reseed
static bool is_weak = true;               // [I] after random_init

// ---- the pool ------------------------------------------------------------------------------------

// Rotating and adding by exclusive or loses nothing that was unknown before.
static void pool_add_locked(uint64_t word)
{
    assert(spin_is_held(&random_lock));
    uint64_t *slot = &pool[pool_words++ % POOL_WORDS];
    *slot = (*slot << 19 | *slot >> 45) ^ word;
}

void random_mix(const void *data, size_t bytes)
{
    const char *next = data;
    spin_lock(&random_lock);
    while (bytes != 0) {
        uint64_t word = 0;
        size_t count = MIN(bytes, sizeof(word));
        memcpy(&word, next, count);
        pool_add_locked(word);
        next += count;
        bytes -= count;
    }
    pool_add_locked(cpu_timestamp());
    spin_unlock(&random_lock);
}

static void reseed_locked(void)
{
    assert(spin_is_held(&random_lock));
    uint64_t word;
    if (cpu_random_seed(&word)) {
        pool_add_locked(word);
    }
    pool_add_locked(cpu_timestamp());
    random_generator_mix(&generator, pool, sizeof(pool));
    pool_words = 0;
}

// ---- seeding -------------------------------------------------------------------------------------

static void seed(const void *entropy, size_t bytes)
{
    spin_lock(&random_lock);
    random_generator_mix(&generator, entropy, bytes);
    spin_unlock(&random_lock);
}

static bool seed_from_cpu(void)
{
    uint64_t words[SEED_WORDS];
    for (size_t i = 0; i < SEED_WORDS; i++) {
        if (!cpu_random_seed(&words[i])) {
            return false;
        }
    }
    seed(words, sizeof(words));
    return true;
}

// One sample: how long a fixed amount of work on memory took.
static uint32_t jitter_sample(volatile uint32_t *work)
{
    uint64_t start = cpu_timestamp();
    for (unsigned i = 0; i < JITTER_WORK; i++) {
        work[i] = work[i] * 2654435761u + i;
    }
    return (uint32_t)(cpu_timestamp() - start);
}

// The clocks that time is taken from tick in steps of up to some ten counts, and rounding alone makes neighbours differ by a
// little: a sample counts as unpredictable when it moved by more than that. True when enough did.
static bool seed_from_jitter(size_t count)
{
    uint16_t samples[JITTER_SAMPLES];
    uint32_t work[JITTER_WORK] = {0};
    unsigned moves = 0;
    for (size_t i = 0; i < count; i++) {
        samples[i] = (uint16_t)jitter_sample(work);
        int step = i == 0 ? 0 : samples[i] - samples[i - 1];
        moves += step > JITTER_ROUNDING || step < -JITTER_ROUNDING ? 1 : 0;
    }
    seed(samples, count * sizeof(samples[0]));
    return moves >= count / JITTER_MOVES_SHARE;
}

void random_init(void)
{
    spin_lock(&random_lock);
    random_generator_init(&generator);
    spin_unlock(&random_lock);
    bool has_cpu_source = seed_from_cpu();
    bool has_jitter = seed_from_jitter(has_cpu_source ? JITTER_SAMPLES_EXTRA : JITTER_SAMPLES);
    is_weak = !has_cpu_source && !has_jitter;
    spin_lock(&random_lock);
    pool_add_locked(clock_realtime_ns());
    pool_add_locked(clock_monotonic_ns());
    reseed_locked();
    spin_unlock(&random_lock);
    log_info("random: seeded from %s%s%s", has_cpu_source ? "the CPU's generator" : "",
             has_cpu_source && has_jitter ? " and " : "",
             has_jitter ? "timing" : (has_cpu_source ? "" : "nothing good: weak"));
}

bool random_is_weak(void)
{
    return is_weak;
}

// ---- output --------------------------------------------------------------------------------------

void random_bytes(void *buffer, size_t bytes)
{
    char *next = buffer;
    while (bytes != 0) {
        size_t count = MIN(bytes, (size_t)RANDOM_CHUNK_BYTES);
        spin_lock(&random_lock);
        if (generator.output_bytes >= RESEED_OUTPUT_BYTES || pool_words >= RESEED_POOL_WORDS) {
            reseed_locked();
        }
        random_generator_generate(&generator, next, count);
        spin_unlock(&random_lock);
        next += count;
        bytes -= count;
    }
}

uint64_t random_u64(void)
{
    uint64_t value;
    random_bytes(&value, sizeof(value));
    return value;
}

uint64_t random_below(uint64_t bound)
{
    assert(bound != 0);
    // Values below 2^64 modulo bound would favour the small results: they are drawn again.
    uint64_t unfair = (0 - bound) % bound;
    uint64_t value;
    do {
        value = random_u64();
    } while (value < unfair);
    return value % bound;
}
