// The vDSO: code of the kernel's that programs call in user mode, as an ELF shared object of one read-only page. It finds its data
// (arch/clock_page.h) in the page below itself.
#pragma once

#include "lib/types.h"

// The shared object as it is mapped, in the kernel's image.
const void *vdso_image(size_t *bytes);
