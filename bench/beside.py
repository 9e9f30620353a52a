"""What stands beside the lines: the way to the first user line, memory, and the size of the kernel."""
import guest

MIB = 1024 * 1024
SMALLEST_MIB, LARGEST_MIB = 2, guest.MEMORY_MIB
# A kernel without enough memory does not always end the machine: it halts, or has no /init to run.
GIVEN_UP = ("Astra cannot start", "No init was started", "Kernel panic", "Out of memory")


def boots_with(kernel, initrd, memory_mib):
    """True where /init runs to its end with that much memory; `none` is in no line's name, so that it ends at once."""
    said = guest.run(kernel, initrd, guest.BUILD / "bench" / f"memory-{kernel}.log", arguments=(), memory_mib=memory_mib,
                     words=" panic=-1 -- only=none", timeout_s=60, until=("bench done", *GIVEN_UP))
    return "bench done" in said


def smallest_memory(kernel, initrd):
    """In MiB, by halving: what boots with some memory boots with more."""
    too_small, enough = SMALLEST_MIB - 1, LARGEST_MIB
    while enough - too_small > 1:
        middle = (too_small + enough) // 2 if enough <= 4 * max(too_small, 8) else max(too_small, 8) * 2
        if boots_with(kernel, initrd, middle):
            enough = middle
        else:
            too_small = middle
    return enough


def figures(initrd, boots):
    """{figure: {kernel: value}} of the boots that by_instructions returned."""
    rows = {
        "instructions to the first user line": {kernel: boot.first_line for kernel, boot in boots.items()},
        f"memory used after boot, KiB of {guest.MEMORY_MIB} MiB":
            {kernel: guest.MEMORY_MIB * 1024 - boot.free_kib for kernel, boot in boots.items()},
        "size of the kernel's file, bytes": {kernel: path.stat().st_size for kernel, path in guest.KERNELS.items()},
        "smallest memory that boots, MiB": {kernel: smallest_memory(kernel, initrd) for kernel in guest.KERNELS},
    }
    return rows
