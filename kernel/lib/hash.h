/*
 * Hash functions for tables inside the kernel. They spread well and are quick; they do not resist
 * someone who chooses keys to collide, so a table that outsiders fill mixes a random seed into the
 * key.
 */
#pragma once

#include "lib/types.h"

/* The finalising step of splitmix64: every input bit reaches every output bit. */
static inline uint64_t hash_u64(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static inline uint64_t hash_pointer(const void *pointer)
{
    return hash_u64((uint64_t)(uintptr_t)pointer);
}

/* Joins a hash with a further value (order matters). */
static inline uint64_t hash_combine(uint64_t hash, uint64_t value)
{
    return hash_u64(hash ^ (value + UINT64_C(0x9e3779b97f4a7c15)));
}

/* FNV-1a over the bytes, finished by hash_u64 so that the low bits are good too. */
static inline uint64_t hash_string(const char *text, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
    }
    return hash_u64(hash);
}
