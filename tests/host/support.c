/*
 * The floor under a host test: what the kernel's own panic, log and CPU would be. Everything but
 * assert_failed is weak, so that a test may link the real thing instead (log/log.c, log/panic.c) or
 * define its own.
 */
#include "support.h"

#include <sys/mman.h>

#include "arch/cpu_block.h"
#include "arch/page.h"
#include "arch/x86_64/port_io_inline.h"
#include "lib/assert.h"
#include "log/log.h"
#include "log/panic.h"

_Thread_local struct cpu_block host_cpu_block;
_Thread_local bool host_interrupts_enabled = true;

void assert_failed(const char *expression, const char *file, int line)
{
    mock_assert(0, expression, file, line);
    abort();
}

weak void panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    mock_assert(0, "panic", __FILE__, __LINE__);
    abort();
}

/* Shown only where ASTRA_HOST_LOG is set: tests of error paths make the kernel complain. */
weak void log_write(enum log_level level, const char *format, ...)
{
    if (!getenv("ASTRA_HOST_LOG")) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "<%d>", (int)level);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* in: scheduler/; a test has one thread, which goes on. */
void upcall_reschedule(void);
weak void upcall_reschedule(void)
{
    host_cpu_block.reschedule_pending = 0;
}

/* No device answers: reads give all ones, as on an empty bus. */
weak uint32_t host_port_read(uint16_t port, unsigned int bits)
{
    (void)port;
    return bits == 32 ? UINT32_MAX : (1u << bits) - 1;
}

weak void host_port_write(uint16_t port, unsigned int bits, uint32_t value)
{
    (void)port;
    (void)bits;
    (void)value;
}

static void *physical_address(uint64_t address)
{
    return (void *)(uintptr_t)(PHYSICAL_MAP_BASE + address);
}

void host_physical_memory_add(uint64_t address, size_t bytes)
{
    void *wanted = physical_address(address);
    void *memory = mmap(wanted, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (memory != wanted) {
        fprintf(stderr, "no memory at %p\n", wanted);
        abort();
    }
}

void host_physical_memory_remove(uint64_t address, size_t bytes)
{
    munmap(physical_address(address), bytes);
}
