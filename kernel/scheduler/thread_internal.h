// Parts of the threads' and the scheduler's set-up that are private to scheduler/.
#pragma once

struct thread;

// Prepares the caches. Once, at boot.
void thread_setup(void);
// Puts a thread that is about to start on the list of all threads.
void thread_list_add(struct thread *thread);
// Threads on the list.
unsigned thread_list_count(void);

// Start the reaper, the work threads and the load average's timer. Once, at boot.
void rcu_setup(void);
void work_setup(void);
void load_setup(void);
