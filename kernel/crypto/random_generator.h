/*
 * A random generator by fast key erasure over ChaCha20: each request first replaces the key by key
 * stream, so what was handed out cannot be computed from a state that leaks later. Pure arithmetic:
 * the caller locks, finds entropy, and decides when the generator counts as seeded (device/).
 */
#pragma once

#include "crypto/chacha20.h"
#include "lib/types.h"

struct random_generator {
    uint8_t key[CHACHA20_KEY_SIZE];
    uint64_t requests;     /* generate calls since the start; each makes its own nonce */
    uint64_t reseed_count; /* mixes since the start */
    uint64_t output_bytes; /* handed out since the last mix */
};

void random_generator_init(struct random_generator *generator);

/* Mixes bytes of any quality into the key. They can add to what is unknown and never take from it.
 */
void random_generator_mix(struct random_generator *generator, const void *entropy, size_t size);

/* Fills the buffer. The quality is that of what was mixed in before. */
void random_generator_generate(struct random_generator *generator, void *buffer, size_t size);
