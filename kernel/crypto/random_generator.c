/*
 * The generator's arithmetic. A request's first block of key stream gives the next key and up to 32
 * bytes of output; longer requests take further blocks of the old key, which is gone when the
 * request is done. Nonces keep the two uses of a key apart: `generate` counts requests, `mix` marks
 * its last byte.
 */
#include "crypto/random_generator.h"

#include "lib/compiler.h"
#include "lib/macros.h"
#include "lib/string.h"

#define NONCE_USE_BYTE 11
#define NONCE_USE_MIX  0x80

/* The compiler must not drop the clearing of what nobody reads again. */
static void erase(void *memory, size_t size)
{
    memset(memory, 0, size);
    __asm__ volatile("" : : "r"(memory) : "memory");
}

void random_generator_init(struct random_generator *generator)
{
    *generator = (struct random_generator){0};
}

/* Key and chunk become the next key through the block function, which nobody can run backwards
 * without the old key. */
static void mix_chunk(struct random_generator *generator, const uint8_t *chunk, size_t size)
{
    uint8_t nonce[CHACHA20_NONCE_SIZE] = {0};
    uint8_t block[CHACHA20_BLOCK_SIZE];
    for (size_t i = 0; i < size; i++) {
        generator->key[i] ^= chunk[i];
    }
    nonce[NONCE_USE_BYTE] = NONCE_USE_MIX;
    chacha20_block(generator->key, (uint32_t)size, nonce, block);
    memcpy(generator->key, block, CHACHA20_KEY_SIZE);
    erase(block, sizeof(block));
}

void random_generator_mix(struct random_generator *generator, const void *entropy, size_t size)
{
    const uint8_t *bytes = entropy;
    while (size > 0) {
        size_t chunk = MIN(size, (size_t)CHACHA20_KEY_SIZE);
        mix_chunk(generator, bytes, chunk);
        bytes += chunk;
        size -= chunk;
    }
    generator->reseed_count++;
    generator->output_bytes = 0;
}

void random_generator_generate(struct random_generator *generator, void *buffer, size_t size)
{
    uint8_t key[CHACHA20_KEY_SIZE];
    uint8_t nonce[CHACHA20_NONCE_SIZE] = {0};
    uint8_t block[CHACHA20_BLOCK_SIZE];
    uint8_t *output = buffer;
    uint32_t counter = 0;
    size_t skip = CHACHA20_KEY_SIZE; /* the first block's head is the next key */

    memcpy(key, generator->key, sizeof(key));
    memcpy(nonce, &generator->requests, sizeof(generator->requests));
    generator->requests++;
    generator->output_bytes += size;
    chacha20_block(key, counter++, nonce, block);
    memcpy(generator->key, block, CHACHA20_KEY_SIZE);
    while (size > 0) {
        size_t count = MIN(size, CHACHA20_BLOCK_SIZE - skip);
        memcpy(output, block + skip, count);
        output += count;
        size -= count;
        skip = 0;
        if (size > 0) {
            chacha20_block(key, counter++, nonce, block);
        }
    }
    erase(key, sizeof(key));
    erase(block, sizeof(block));
}
