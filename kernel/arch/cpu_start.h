// The way of another CPU from reset to its first C code. One at a time: the words that it reads are shared.
#pragma once

#include "arch/page.h"
#include "lib/types.h"

enum { CPU_EXCEPTION_STACKS_ORDER = 3 }; // 2^order frames, as one block

// What a CPU is given. Everything stays its own for as long as it runs.
struct cpu_start {
    unsigned number;        // its block gets this number
    uint64_t percpu_delta;  // its per-CPU variables less the section
    void *exception_stacks; // for exceptions that trust no other stack
    vaddr_t stack_top;      // where it begins, and stays as its idle thread
    paddr_t root;           // the kernel's page table
};

// Prepares the CPU's block and tables, and writes the code that it starts with to `page`: physical, below 1 MiB, of usable memory that
// nobody else has. From there it comes to upcall_cpu_start (arch/upcalls.h).
void cpu_start_prepare(const struct cpu_start *start, paddr_t page);
