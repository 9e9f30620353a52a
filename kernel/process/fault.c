// Faults of user code, and of the kernel's copies to and from user memory.
//
// A page fault is settled by the address space where the code may sleep; what it cannot settle becomes SIGSEGV or SIGBUS for user
// code, and "no" for a kernel copy, which then ends by its exception table with -EFAULT. Out of memory: somebody was chosen to be
// killed (oom.c); the fault is tried again, unless it was this process. See Intel SDM 3A 6.15.
#include "arch/upcalls.h"
#include "lib/errno.h"
#include "log/log.h"
#include "memory/fail_nth.h"
#include "process/process_internal.h"
#include "sync/preempt.h"

// What a fault that address_space_fault refused means to the program.
struct fault_signal {
    int number, code;
};

static struct fault_signal signal_of_error(int error)
{
    switch (error) {
    case -EACCES: return (struct fault_signal){SIGSEGV, SEGV_ACCERR};
    case -ENXIO:
    case -EIO: return (struct fault_signal){SIGBUS, BUS_ADRERR};
    default: return (struct fault_signal){SIGSEGV, SEGV_MAPERR};
    }
}

static void force_at(struct fault_signal signal, vaddr_t address)
{
    struct uapi_siginfo info = {.si_signo = signal.number, .si_code = signal.code};
    info.fields.sigfault.addr = address;
    signal_force(signal.number, &info);
}

static bool is_dying(const struct task *task)
{
    return (READ_ONCE(task->thread.arch.work) & THREAD_WORK_KILL) != 0;
}

static bool may_resolve(const struct thread *thread)
{
    return thread_is_task(thread) && thread->user_faults_off == 0 && context_may_sleep() &&
           task_from_thread((struct thread *)(uintptr_t)thread)->space != NULL;
}

static int resolve(struct address_space *space, const struct fault_info *fault)
{
    struct fail_nth_attempt outer;
    int error;
    fail_nth_begin(FAIL_NTH_PAGE_FAULT, &outer);
    do {
        error = address_space_fault(space, fault->address, fault->access);
    } while (fail_nth_again(error));
    fail_nth_end(&outer);
    return error;
}

bool upcall_page_fault(struct trap_frame *frame, const struct fault_info *fault)
{
    struct thread *thread = thread_current();
    bool from_user = trap_is_from_user(frame);
    if (!may_resolve(thread)) {
        return false;
    }
    struct task *task = task_from_thread(thread);
    int error = fault->address < USER_TOP ? resolve(task->space, fault) : -EFAULT;
    if (error == 0) {
        return true;
    }
    if (error == -ENOMEM) {
        return from_user || !is_dying(task);
    }
    if (!from_user) {
        return false;
    }
    log_debug("process: %s[%d]: fault at %#lx, ip %#lx, access %u: %s", thread->name,
              task->id->number, fault->address, trap_instruction_pointer(frame), fault->access,
              errno_name(error));
    force_at(signal_of_error(error), fault->address);
    return true;
}

void upcall_user_exception(struct trap_frame *frame, const struct fault_info *fault)
{
    const struct task *task = task_current();
    struct fault_signal signal = {fault->signal, fault->signal_code};
    log_debug("process: %s[%d]: exception %u, error %#lx, ip %#lx", task->thread.name,
              task->id->number, fault->vector, fault->error_code, trap_instruction_pointer(frame));
    force_at(signal, fault->signal_code == SI_KERNEL ? 0 : fault->address);
}
