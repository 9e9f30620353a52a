/*
 * Restartable sequences (rseq(2)): a program names an area of its own, in which the kernel keeps the CPU that the thread runs on, and in
 * which the program names a sequence of instructions that must run to its end on one CPU, undisturbed. Whoever leaves the CPU within it,
 * or gets a signal, goes on at the sequence's abort handler.
 *
 * The area is looked at on the way to user mode, after each switch away from the thread (THREAD_WORK_SWITCHED) and before a signal's
 * frame is made. A switch meanwhile sets the work again, so that the CPU that the area tells is the one that the thread goes on with. An
 * area or a sequence that cannot be is SIGSEGV. All state is the task's own: no lock.
 */
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/user_copy.h"
#include "process/process_internal.h"
#include "sync/percpu.h"
#include "uapi/rseq.h"

static_assert(sizeof(struct uapi_rseq) == 32 && sizeof(struct uapi_rseq_cs) == 32, "rseq");

static struct uapi_rseq __user *area_of(const struct task *task)
{
    return (struct uapi_rseq __user *)task->restartable.area;
}

static void restartable_set(struct task *task, void __user *area, uint32_t signature)
{
    task->restartable.area = area;
    task->restartable.signature = signature;
    task->thread.notices_switches = area != NULL;
}

static int write_cpu(struct uapi_rseq __user *area, uint32_t start, uint32_t number)
{
    const uint32_t words[2] = {start, number};
    return user_copy_out(area, words, sizeof(words));
}

/* The sequence that the program says it is in; no address: none. 0, -EFAULT, -EINVAL. */
static int read_sequence(const struct task *task, uint64_t *address, struct uapi_rseq_cs *sequence)
{
    uint32_t signature;
    int error = user_copy_in(address, &area_of(task)->rseq_cs, sizeof(*address));
    if (error != 0 || *address == 0) {
        return error;
    }
    if (user_copy_in(sequence, (const void __user *)*address, sizeof(*sequence)) != 0) {
        return -EFAULT;
    }
    uint64_t start = sequence->start_ip;
    uint64_t length = sequence->post_commit_offset;
    uint64_t abort = sequence->abort_ip;
    bool is_in_program = start < USER_TOP && length < USER_TOP - start && abort < USER_TOP;
    bool aborts_within = abort - start < length;
    if (!is_in_program || aborts_within || sequence->version != 0 || sequence->flags != 0) {
        return -EINVAL;
    }
    /* What an attacker could make the abort address must at least be meant as one. */
    error = user_copy_in(&signature, (const void __user *)(abort - sizeof(signature)),
                         sizeof(signature));
    return error == 0 && signature != task->restartable.signature ? -EINVAL : error;
}

/* Leaves the sequence that the thread was in, or that it has left itself without saying so. */
static int abort_sequence(const struct task *task, struct trap_frame *frame)
{
    const uint64_t none = 0;
    uint64_t address;
    struct uapi_rseq_cs sequence;
    int error = read_sequence(task, &address, &sequence);
    if (error != 0 || address == 0) {
        return error;
    }
    error = user_copy_out(&area_of(task)->rseq_cs, &none, sizeof(none));
    bool is_within =
        trap_instruction_pointer(frame) - sequence.start_ip < sequence.post_commit_offset;
    if (error == 0 && is_within) {
        trap_set_instruction_pointer(frame, sequence.abort_ip);
    }
    return error;
}

void restartable_update(struct task *task, struct trap_frame *frame)
{
    assert(task == task_current());
    task_clear_work(task, THREAD_WORK_SWITCHED);
    if (task->restartable.area == NULL) {
        return;
    }
    int error = abort_sequence(task, frame);
    if (error == 0) {
        uint32_t number = cpu_number();
        error = write_cpu(area_of(task), number, number);
    }
    if (error != 0) {
        const struct uapi_siginfo info = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};
        signal_force(SIGSEGV, &info);
    }
}

void restartable_inherit(struct task *child, const struct task *parent)
{
    restartable_set(child, parent->restartable.area, parent->restartable.signature);
    if (child->restartable.area != NULL) {
        task_set_work(child, THREAD_WORK_SWITCHED);
    }
}

void restartable_forget(struct task *task)
{
    restartable_set(task, NULL, 0);
}

/* Is it the area that is registered? 0, -EINVAL, -EPERM. */
static int check_same(const struct task *task, const void __user *area, size_t bytes,
                      uint32_t signature)
{
    if (task->restartable.area == NULL || area != task->restartable.area ||
        bytes != sizeof(struct uapi_rseq)) {
        return -EINVAL;
    }
    return signature == task->restartable.signature ? 0 : -EPERM;
}

int restartable_register(void __user *area, size_t bytes, uint32_t signature)
{
    struct task *task = task_current();
    if (task->restartable.area != NULL) {
        int error = check_same(task, area, bytes, signature);
        return error != 0 ? error : -EBUSY;
    }
    if (!IS_ALIGNED((uintptr_t)area, sizeof(struct uapi_rseq)) ||
        bytes != sizeof(struct uapi_rseq)) {
        return -EINVAL;
    }
    if (!user_range_is_valid(area, bytes)) {
        return -EFAULT;
    }
    restartable_set(task, area, signature);
    if (area != NULL) {
        task_set_work(task, THREAD_WORK_SWITCHED);
    }
    return 0;
}

int restartable_unregister(void __user *area, size_t bytes, uint32_t signature)
{
    struct task *task = task_current();
    int error = check_same(task, area, bytes, signature);
    if (error == 0) {
        error = write_cpu(area_of(task), 0, RSEQ_CPU_ID_UNINITIALIZED);
    }
    if (error == 0) {
        restartable_forget(task);
    }
    return error;
}
