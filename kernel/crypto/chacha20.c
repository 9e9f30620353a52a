/*
 * The ChaCha20 block function, RFC 8439 section 2.3. Words are little-endian, as the CPU's are.
 */
#include "crypto/chacha20.h"

#include "lib/compiler.h"
#include "lib/string.h"

#define CHACHA20_WORDS         16
#define CHACHA20_DOUBLE_ROUNDS 10

static always_inline uint32_t rotate_left(uint32_t word, unsigned int bits)
{
    return word << bits | word >> (32 - bits);
}

/* Inline, so that the words are known by number and most stay in registers. */
static always_inline void quarter_round(uint32_t *state, unsigned int a, unsigned int b,
                                        unsigned int c, unsigned int d)
{
    state[a] += state[b];
    state[d] = rotate_left(state[d] ^ state[a], 16);
    state[c] += state[d];
    state[b] = rotate_left(state[b] ^ state[c], 12);
    state[a] += state[b];
    state[d] = rotate_left(state[d] ^ state[a], 8);
    state[c] += state[d];
    state[b] = rotate_left(state[b] ^ state[c], 7);
}

static void double_round(uint32_t *state)
{
    quarter_round(state, 0, 4, 8, 12);
    quarter_round(state, 1, 5, 9, 13);
    quarter_round(state, 2, 6, 10, 14);
    quarter_round(state, 3, 7, 11, 15);
    quarter_round(state, 0, 5, 10, 15);
    quarter_round(state, 1, 6, 11, 12);
    quarter_round(state, 2, 7, 8, 13);
    quarter_round(state, 3, 4, 9, 14);
}

void chacha20_block(const uint8_t key[CHACHA20_KEY_SIZE], uint32_t counter,
                    const uint8_t nonce[CHACHA20_NONCE_SIZE], uint8_t output[CHACHA20_BLOCK_SIZE])
{
    /* "expand 32-byte k" */
    uint32_t start[CHACHA20_WORDS] = {0x61707865, 0x3320646E, 0x79622D32, 0x6B206574};
    uint32_t state[CHACHA20_WORDS];
    memcpy(&start[4], key, CHACHA20_KEY_SIZE);
    start[12] = counter;
    memcpy(&start[13], nonce, CHACHA20_NONCE_SIZE);
    memcpy(state, start, sizeof(state));
    for (int round = 0; round < CHACHA20_DOUBLE_ROUNDS; round++) {
        double_round(state);
    }
    for (int i = 0; i < CHACHA20_WORDS; i++) {
        state[i] += start[i];
    }
    memcpy(output, state, CHACHA20_BLOCK_SIZE);
}
