// Delivery: what happens to signals on the way to user mode.
//
// upcall_return_to_user runs with work bits set, interrupts on, and is called again until none is left. A handler gets a frame on the
// user's stack (arch/signal_frame.h); default actions stop or end the process here. A system call that a signal interrupted is
// started again or ends with -EINTR, by Linux's table:
//
//     result             no handler runs      a handler runs
//     ERESTARTSYS        again                again with SA_RESTART, else EINTR
//     ERESTARTNOINTR     again                again
//     ERESTARTNOHAND     again                EINTR
//     RESTARTBLOCK       by restart_syscall   EINTR
#include "arch/context.h"
#include "arch/signal_frame.h"
#include "arch/upcalls.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/user_copy.h"
#include "process/job_control.h"
#include "process/process_internal.h"
#include "uapi/unistd_numbers.h"

struct taken_signal {
    int number;
    struct uapi_siginfo info;
    struct uapi_sigaction action;
};

static int dequeue_locked(struct task *task, struct uapi_siginfo *info)
{
    assert(spin_is_held(&task->process->actions->lock));
    uint64_t set = ~task->signal_mask;
    int number = pending_signals_take(&task->pending, set, info);
    return number != 0 ? number : pending_signals_take(&task->process->pending, set, info);
}

// Takes the next signal with its action. False: none is left.
static bool take_next(struct task *task, struct taken_signal *taken)
{
    struct process *process = task->process;
    struct signal_actions *actions = signal_lock(process);
    taken->number = dequeue_locked(task, &taken->info);
    if (taken->number != 0) {
        struct uapi_sigaction *action = &actions->actions[taken->number - 1];
        taken->action = *action;
        if (action->sa_handler == SIG_DFL) {
            // Another task's signal must not take this back: only SIGCONT does.
            process->stop_was_taken |= (signal_bit(taken->number) & SIGNAL_STOP_SET) != 0;
            if (process->is_unkillable) {
                taken->action.sa_handler = SIG_IGN;
            }
        } else if (action->sa_handler != SIG_IGN && (action->sa_flags & SA_RESETHAND) != 0) {
            action->sa_handler = SIG_DFL;
        }
    } else {
        task_clear_work(task, THREAD_WORK_SIGNAL);
    }
    signal_unlock(actions);
    return taken->number != 0;
}

static void act_by_default(struct task *task, int number)
{
    switch (signal_default_action(number)) {
    case SIGNAL_STOPS:
        if (number == SIGSTOP || !job_control_is_orphaned(task->process)) {
            signal_stop_begin(task, number);
        }
        break;
    case SIGNAL_TERMINATES: process_exit(number);
    default: break;
    }
}

// The task was told to die: with its process, or alone where another task's execve replaces the program.
static _Noreturn void end_killed(const struct task *task)
{
    if (READ_ONCE(task->process->exec_task) != NULL && !READ_ONCE(task->process->is_exiting)) {
        task_exit(0);
    }
    process_exit(SIGKILL);
}

// The next signal that has a handler; defaults are done on the way. False: none.
static bool take_handled(struct task *task, struct taken_signal *taken)
{
    while (take_next(task, taken)) {
        if (taken->action.sa_handler == SIG_DFL) {
            act_by_default(task, taken->number);
        } else if (taken->action.sa_handler != SIG_IGN) {
            return true;
        }
        if ((READ_ONCE(task->thread.arch.work) & THREAD_WORK_KILL) != 0) {
            end_killed(task);
        }
    }
    return false;
}

// The saved instruction pointer stands behind the SYSCALL instruction, which is two bytes long: going back by those with the call's number
// in its register makes the program call again. A handler that runs first does so with the registers of the rewound call, and returns to it.
static void restart_for_handler(struct trap_frame *frame, uint64_t action_flags)
{
    if (system_call_number(frame) < 0) {
        return;
    }
    switch ((long)system_call_result(frame)) {
    case -ERESTARTNOHAND:
    case -ERESTART_RESTARTBLOCK: system_call_set_result(frame, -EINTR); break;
    case -ERESTARTSYS:
        if ((action_flags & SA_RESTART) == 0) {
            system_call_set_result(frame, -EINTR);
            break;
        }
        fallthrough;
    case -ERESTARTNOINTR: system_call_rewind(frame); break;
    default: break;
    }
    system_call_forget(frame);
}

static void restart_without_handler(struct trap_frame *frame)
{
    if (system_call_number(frame) < 0) {
        return;
    }
    switch ((long)system_call_result(frame)) {
    case -ERESTARTNOHAND:
    case -ERESTARTSYS:
    case -ERESTARTNOINTR:
        system_call_rewind(frame);
        system_call_forget(frame);
        break;
    case -ERESTART_RESTARTBLOCK:
        system_call_rewind(frame);
        system_call_set_result(frame, __NR_restart_syscall);
        system_call_forget(frame);
        break;
    default: break;
    }
}

static bool is_below_alternate_top(const struct task *task, uint64_t stack_pointer)
{
    const struct uapi_stack *stack = &task->alternate_stack;
    // Already on it, as nested handlers are: they go on below, not at its top, where they would overwrite the first one's frame.
    return stack_pointer > stack->ss_sp && stack_pointer - stack->ss_sp <= stack->ss_size;
}

static void delivery_fill(struct signal_delivery *delivery, struct task *task,
                          const struct taken_signal *taken, uint64_t saved_mask)
{
    const struct uapi_stack *stack = &task->alternate_stack;
    struct trap_frame *frame = arch_user_frame(&task->thread.arch);
    *delivery = (struct signal_delivery){
        .number = taken->number,
        .handler = taken->action.sa_handler,
        .restorer = taken->action.sa_restorer,
        .flags = taken->action.sa_flags,
        .info = taken->info,
        .saved_mask = saved_mask,
        .alternate = *stack,
        .use_alternate = (taken->action.sa_flags & SA_ONSTACK) != 0 && stack->ss_size != 0 &&
                         (stack->ss_flags & SS_DISABLE) == 0 &&
                         !is_below_alternate_top(task, trap_stack_pointer(frame)),
    };
}

// The frame could not be written: the program gets SIGSEGV, and dies where that was the signal.
static void delivery_failed(int number)
{
    if (number == SIGSEGV) {
        signal_force_fatal(SIGSEGV);
        return;
    }
    const struct uapi_siginfo info = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};
    signal_force(SIGSEGV, &info);
}

static void run_handler(struct task *task, struct trap_frame *frame,
                        const struct taken_signal *taken)
{
    assert(taken->number >= 1 && taken->number <= SIGNAL_COUNT && taken->number != SIGKILL &&
           taken->number != SIGSTOP);
    struct signal_delivery delivery;
    uint64_t saved_mask = task->signal_mask;
    if ((READ_ONCE(task->thread.arch.work) & THREAD_WORK_RESTORE_MASK) != 0) {
        saved_mask = task->saved_signal_mask;
    }
    restart_for_handler(frame, taken->action.sa_flags);
    if (task->restartable.area != NULL) {
        restartable_update(task,
                           frame); // the handler shall return to a place that may be returned to
    }
    delivery_fill(&delivery, task, taken, saved_mask);
    if (signal_frame_push(frame, &delivery) != 0) {
        delivery_failed(taken->number);
        return;
    }
    task_clear_work(task, THREAD_WORK_RESTORE_MASK); // the handler's return restores it
    if (((uint32_t)task->alternate_stack.ss_flags & SS_AUTODISARM) != 0) {
        task->alternate_stack = (struct uapi_stack){.ss_flags = SS_DISABLE};
    }
    uint64_t mask = task->signal_mask | taken->action.sa_mask;
    if ((taken->action.sa_flags & SA_NODEFER) == 0) {
        mask |= signal_bit(taken->number);
    }
    signal_set_mask(mask);
}

// Kernel code that a new task runs before its program.
static void run_first(struct task *task)
{
    void (*first_run)(struct task *) = task->first_run;
    task_clear_work(task, THREAD_WORK_NOTIFY);
    if (task->set_tid_address != NULL) {
        uint32_t number = (uint32_t)task->id->number;
        uint32_t __user *address = task->set_tid_address;
        task->set_tid_address = NULL;
        if (user_copy_out(address, &number, sizeof(number)) != 0) {
            return; // as on Linux, a bad address is the child's own problem
        }
    }
    if (first_run != NULL) {
        task->first_run = NULL;
        first_run(task);
    }
}

void upcall_return_to_user(struct trap_frame *frame)
{
    struct task *task = task_current();
    struct taken_signal taken;
    uint32_t work = READ_ONCE(task->thread.arch.work);
    if ((work & THREAD_WORK_NOTIFY) != 0) {
        run_first(task);
        work = READ_ONCE(task->thread.arch.work);
    }
    if ((work & THREAD_WORK_SWITCHED) != 0) {
        restartable_update(task, frame);
        work = READ_ONCE(task->thread.arch.work);
    }
    if ((work & THREAD_WORK_KILL) != 0) {
        end_killed(task);
    }
    if ((work & THREAD_WORK_STOP) != 0) {
        signal_stop_join(task);
        work = READ_ONCE(task->thread.arch.work);
    }
    if ((work & THREAD_WORK_SIGNAL) != 0 && take_handled(task, &taken)) {
        run_handler(task, frame, &taken);
        return;
    }
    restart_without_handler(frame);
    signal_end_temporary_mask();
}
