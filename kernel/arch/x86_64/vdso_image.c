// Where the vDSO stands in the kernel's image (vdso_image.S).
#include "arch/vdso.h"
#include "arch/x86_64/arch_internal.h"

const void *vdso_image(size_t *bytes)
{
    *bytes = (size_t)(vdso_image_end - vdso_image_start);
    return vdso_image_start;
}
