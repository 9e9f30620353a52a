/*
 * The base types that every floor uses: the compiler's freestanding integers, addresses, offsets,
 * and the mark for pointers into user space.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A count of bytes, or a negative errno. */
typedef long ssize_t;

/* A physical address; converted to and from vaddr_t in one place, memory/. */
typedef uint64_t paddr_t;

/* A virtual address held as a number. */
typedef uint64_t vaddr_t;

/* A position in a file: signed, as lseek() needs. */
typedef int64_t offset_t;

/*
 * Marks a pointer that user space supplied. clang's pass (ASTRA_SPARSE) refuses to dereference one
 * or to mix it with a kernel pointer; only the copy functions of memory/ cast it away.
 */
#ifdef ASTRA_SPARSE
#    define __user __attribute__((noderef, address_space(1)))
#else
#    define __user
#endif
