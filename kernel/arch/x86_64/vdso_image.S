// The vDSO as the linker made it, in the kernel's read-only data.
    .section .rodata
    .balign 16
    .globl vdso_image_start, vdso_image_end
vdso_image_start:
    .incbin "vdso.so"
vdso_image_end:
