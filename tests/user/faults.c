/*
 * What each exception of the CPU becomes: signal, code and address; and that a handler finds and may change the registers.
 */
#include "check.h"

#include <setjmp.h>
#include <ucontext.h>

static siginfo_t seen;
static uint64_t seen_rip, seen_trap, seen_fault_address;
static sigjmp_buf back;

static void catch_fault(int number, siginfo_t *info, void *context)
{
    const ucontext_t *ucontext = context;
    (void)number;
    seen = *info;
    seen_rip = (uint64_t)ucontext->uc_mcontext.gregs[REG_RIP];
    seen_trap = (uint64_t)ucontext->uc_mcontext.gregs[REG_TRAPNO];
    seen_fault_address = (uint64_t)ucontext->uc_mcontext.gregs[REG_CR2];
    siglongjmp(back, 1);
}

static void catch_all(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    struct sigaction action = {.sa_sigaction = catch_fault, .sa_flags = SA_SIGINFO};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        CHECK_OK(sigaction(numbers[i], &action, NULL));
    }
}

/* Runs the code; it must raise this signal with this code. */
#define RAISES(CODE_BLOCK, SIGNAL, CODE)                                                           \
    do {                                                                                           \
        memset(&seen, 0, sizeof(seen));                                                            \
        if (sigsetjmp(back, 1) == 0) {                                                             \
            CODE_BLOCK;                                                                            \
        }                                                                                          \
        CHECK_EQUAL(seen.si_signo, SIGNAL);                                                        \
        CHECK_EQUAL(seen.si_code, CODE);                                                           \
    } while (0)

static void load(const void *address)
{
    uint64_t value;
    __asm__ volatile("movq (%1), %0" : "=r"(value) : "r"(address));
}

static void store(void *address)
{
    __asm__ volatile("movq $1, (%0)" : : "r"(address) : "memory");
}

TEST(a_load_where_nothing_is_mapped_tells_the_address)
{
    catch_all();
    RAISES(load((void *)0x123456), SIGSEGV, SEGV_MAPERR);
    CHECK_EQUAL((uint64_t)seen.si_addr, 0x123456);
    CHECK_EQUAL(seen_fault_address, 0x123456);
    CHECK_EQUAL(seen_trap, 14);
    RAISES(load(NULL), SIGSEGV, SEGV_MAPERR);
    CHECK_EQUAL((uint64_t)seen.si_addr, 0);
}

TEST(a_store_to_a_read_only_page_is_an_access_error)
{
    catch_all();
    char *page = CHECK_OK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    RAISES(store(page + 8), SIGSEGV, SEGV_ACCERR);
    CHECK_EQUAL((uint64_t)seen.si_addr, (uint64_t)page + 8);
    load(page);
    RAISES(store(page + 8), SIGSEGV, SEGV_ACCERR);
}

TEST(a_page_without_rights_is_an_access_error)
{
    catch_all();
    char *page = CHECK_OK(mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    RAISES(load(page), SIGSEGV, SEGV_ACCERR);
}

TEST(data_is_not_executed)
{
    catch_all();
    uint8_t *page =
        CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    page[0] = 0xc3; /* ret */
    RAISES(((void (*)(void))page)(), SIGSEGV, SEGV_ACCERR);
    CHECK_EQUAL((uint64_t)seen.si_addr, (uint64_t)page);
    CHECK_OK(mprotect(page, PAGE, PROT_READ | PROT_EXEC));
    ((void (*)(void))page)();
}

TEST(kernel_memory_looks_unmapped)
{
    catch_all();
    RAISES(load(KERNEL_ADDRESS), SIGSEGV, SEGV_MAPERR);
    CHECK_EQUAL((uint64_t)seen.si_addr, (uint64_t)KERNEL_ADDRESS);
}

TEST(an_address_in_the_hole_is_a_general_protection)
{
    catch_all();
    RAISES(load(NON_CANONICAL), SIGSEGV, SI_KERNEL);
    CHECK_EQUAL((uint64_t)seen.si_addr, 0);
    CHECK_EQUAL(seen_trap, 13);
}

TEST(privileged_instructions_are_a_general_protection)
{
    catch_all();
    RAISES(__asm__ volatile("hlt"), SIGSEGV, SI_KERNEL);
    RAISES(__asm__ volatile("cli"), SIGSEGV, SI_KERNEL);
    RAISES(__asm__ volatile("inb $0x60, %%al" : : : "rax"), SIGSEGV, SI_KERNEL);
    RAISES(__asm__ volatile("movq %%cr3, %%rax" : : : "rax"), SIGSEGV, SI_KERNEL);
}

TEST(a_division_by_zero_tells_the_instruction)
{
    catch_all();
    RAISES(__asm__ volatile("xorl %%ecx, %%ecx\n\tmovl $1, %%eax\n\txorl %%edx, %%edx\n\tdivl %%ecx"
                            :
                            :
                            : "rax", "rcx", "rdx"),
           SIGFPE, FPE_INTDIV);
    CHECK_EQUAL((uint64_t)seen.si_addr, seen_rip);
    CHECK_EQUAL(seen_trap, 0);
}

TEST(an_unknown_instruction_is_illegal)
{
    catch_all();
    RAISES(__asm__ volatile("ud2"), SIGILL, ILL_ILLOPN);
    CHECK_EQUAL((uint64_t)seen.si_addr, seen_rip);
}

TEST(a_breakpoint_is_a_trap_behind_the_instruction)
{
    uint64_t place;
    catch_all();
    RAISES(__asm__ volatile("leaq 1f(%%rip), %%rax\n\tmovq %%rax, %0\n1:\tint3"
                            : "=m"(place)
                            :
                            : "rax"),
           SIGTRAP, SI_KERNEL);
    CHECK_EQUAL(seen_rip, place + 1);
}

TEST(an_x87_exception_tells_its_kind)
{
    catch_all();
    const uint16_t unmasked = 0x37f & ~4; /* division by zero */
    RAISES(__asm__ volatile("fldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait"
                            :
                            : "m"(unmasked)),
           SIGFPE, FPE_FLTDIV);
    CHECK_EQUAL(seen_trap, 16);
}

static volatile int steps;

static void count_step(int number, siginfo_t *info, void *context)
{
    ucontext_t *ucontext = context;
    (void)number;
    seen = *info;
    if (++steps == 5) {
        ucontext->uc_mcontext.gregs[REG_EFL] &= ~0x100L;
    }
}

TEST(single_stepping_traps_after_each_instruction)
{
    struct sigaction action = {.sa_sigaction = count_step, .sa_flags = SA_SIGINFO};
    CHECK_OK(sigaction(SIGTRAP, &action, NULL));
    __asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
                     "nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop"
                     :
                     :
                     : "memory", "cc");
    CHECK_EQUAL(steps, 5);
    CHECK_EQUAL(seen.si_code, TRAP_TRACE);
}

static void skip_and_set(int number, siginfo_t *info, void *context)
{
    ucontext_t *ucontext = context;
    (void)number;
    (void)info;
    ucontext->uc_mcontext.gregs[REG_RIP] += 2; /* ud2 */
    ucontext->uc_mcontext.gregs[REG_R12] = 0x1234;
}

TEST(a_handler_may_change_the_registers)
{
    uint64_t value;
    struct sigaction action = {.sa_sigaction = skip_and_set, .sa_flags = SA_SIGINFO};
    CHECK_OK(sigaction(SIGILL, &action, NULL));
    __asm__ volatile("movq $1, %%r12\n\tud2\n\tmovq %%r12, %0" : "=r"(value) : : "r12", "memory");
    CHECK_EQUAL(value, 0x1234);
}

TEST(a_fault_without_a_handler_kills)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        load((void *)8);
        _exit(0);
    }
    CHECK_KILLED(child, SIGSEGV);
}

TEST(a_blocked_fault_kills_all_the_same)
{
    catch_all();
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        sigset_t set;
        sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, NULL);
        load((void *)8);
        _exit(0);
    }
    CHECK_KILLED(child, SIGSEGV);
}

TEST(a_stack_that_cannot_take_the_frame_kills)
{
    catch_all();
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        __asm__ volatile("movq $0x1000, %%rsp\n\tmovq (%%rsp), %%rax" : : : "rax", "memory");
    }
    CHECK_KILLED(child, SIGSEGV);
}

TEST(a_system_call_with_a_bad_pointer_is_an_error_and_no_signal)
{
    CHECK_ERRNO(write(1, (void *)0x123456, 1), EFAULT);
    CHECK_ERRNO(write(1, KERNEL_ADDRESS, 1), EFAULT);
    CHECK_ERRNO(write(1, NON_CANONICAL, 1), EFAULT);
    CHECK_ERRNO(access((char *)0x123456, F_OK), EFAULT);
}
