// The two pages of the kernel's in every program: the clock's data ([vvar]) and the vDSO's code right above it ([vdso]).
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct address_space;

// Makes the pages and moves the clock's numbers into the first.
void vdso_init(void);
// Maps both into the space, above the stack where there is room. *image: address of the ELF header (AT_SYSINFO_EHDR). 0, -ENOMEM.
must_check int vdso_map(struct address_space *space, vaddr_t *image);
