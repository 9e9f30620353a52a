// The last resort when memory is out: one process is killed so that the others go on.
//
// Chosen is who holds the most memory, shifted by oom_score_adjust in thousandths of all memory; pid 1 never. A process that is
// dying already counts as chosen: its memory comes back soon. Called from faults, with address-space locks held, so only spin locks
// are taken here.
#include "process/oom.h"

#include "lib/assert.h"
#include "lib/string.h"
#include "log/log.h"
#include "process/process_internal.h"
#include "uapi/prctl.h"
#include "vm/reclaim.h"

enum { ADJUST_NEVER = -1000 };

struct candidate {
    struct process *process;  // a reference
    struct process *replaced; // the former one's reference, to be put without the lock
    int64_t score;            // frames
    uint64_t resident;        // frames
    char name[TASK_COMM_LEN];
};

// What the program's end gives back, tables too: a few may map large ranges of zeros.
static uint64_t resident_frames(const struct address_space *space)
{
    return atomic64_load(&space->resident_anonymous) + atomic64_load(&space->resident_file) +
           atomic64_load(&space->resident_shared) + READ_ONCE(space->page_table->table_frames);
}

// The task whose space counts; NULL: the process is never chosen.
static const struct task *eligible_task_locked(const struct process *process)
{
    assert(spin_is_held(&process_tree_lock));
    const struct task *task = list_first_entry_or_null(&process->tasks, struct task, process_link);
    bool is_spared =
        process == process_first || process->is_zombie || process->oom_score_adjust == ADJUST_NEVER;
    return is_spared || task == NULL || task->space == NULL ? NULL : task;
}

static int64_t points_of(const struct process *process, uint64_t resident)
{
    return (int64_t)resident + (int64_t)frame_total_count() * process->oom_score_adjust / 1000;
}

bool oom_points(struct process *process, int64_t *points)
{
    spin_lock(&process_tree_lock);
    const struct task *task = eligible_task_locked(process);
    if (task != NULL) {
        *points = points_of(process, resident_frames(task->space));
    }
    spin_unlock(&process_tree_lock);
    return task != NULL;
}

// True: it is dying already.
static bool consider_locked(struct process *process, struct candidate *best)
{
    assert(spin_is_held(&process_tree_lock));
    const struct task *task = eligible_task_locked(process);
    if (task == NULL) {
        return false;
    }
    // Killing a second one before the first has given its memory back would cost more than it brings.
    if (READ_ONCE(process->is_exiting)) {
        return true;
    }
    uint64_t resident = resident_frames(task->space);
    int64_t score = points_of(process, resident);
    if (best->process == NULL || score > best->score) {
        process_get(process);
        *best = (struct candidate){process, best->process, score, resident, ""};
        memcpy(best->name, task->thread.name, sizeof(best->name));
    }
    return false;
}

// Walks by number. True: somebody is dying, nobody else has to.
static bool find_victim(struct candidate *best)
{
    struct id *id = id_next(2);
    while (id != NULL) {
        spin_lock(&process_tree_lock);
        struct process *process =
            list_first_entry_or_null(&id->members[ID_PROCESS], struct process, id_link);
        bool is_dying = process != NULL && consider_locked(process, best);
        spin_unlock(&process_tree_lock);
        if (best->replaced != NULL) {
            process_put(best->replaced);
            best->replaced = NULL;
        }
        int next = id->number + 1;
        id_put(id);
        if (is_dying) {
            return true;
        }
        id = id_next(next);
    }
    return false;
}

static bool kill_one(size_t frames_wanted)
{
    struct candidate best = {0};
    bool is_dying = find_victim(&best);
    if (!is_dying && best.process != NULL) {
        log_error("memory: out of memory (%zu frames wanted): killing %d (%s), %lu KiB resident, "
                  "adjustment %d",
                  frames_wanted, best.process->id->number, best.name,
                  best.resident * (PAGE_SIZE / 1024), best.process->oom_score_adjust);
        (void)signal_send_process(best.process, SIGKILL, NULL);
    }
    bool found = is_dying || best.process != NULL;
    if (best.process != NULL) {
        process_put(best.process);
    }
    return found;
}

void oom_init(void)
{
    static const struct oom_ops ops = {.kill_one = kill_one};
    oom_set_ops(&ops);
}
