/*
 * System V shared memory: segments by key and id, attaching and detaching, what counts as an attachment, removal, rights,
 * and what is told of it.
 */
#include "check.h"
#include "fault.h"
#include "sysv.h"

#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>

enum { PAGES = 4, BYTES = PAGES * PAGE - 100 };

static void remove_segment(int id)
{
    CHECK_OK(shmctl(id, IPC_RMID, NULL));
}

static struct shmid_ds status_of(int id)
{
    struct shmid_ds status;
    CHECK_OK(shmctl(id, IPC_STAT, &status));
    return status;
}

static unsigned long attached(int id)
{
    return status_of(id).shm_nattch;
}

TEST(a_key_leads_to_one_segment)
{
    key_t key = own_key(1);
    CHECK_ERRNO(shmget(key, BYTES, 0600), ENOENT);
    CHECK_ERRNO(shmget(key, 0, IPC_CREAT | 0600), EINVAL);
    int id = CHECK_OK(shmget(key, BYTES, IPC_CREAT | 0640));
    CHECK_EQUAL(shmget(key, BYTES, 0), id);
    CHECK_EQUAL(shmget(key, 0, 0), id);
    CHECK_EQUAL(shmget(key, 1, IPC_CREAT), id);
    CHECK_ERRNO(shmget(key, BYTES, IPC_CREAT | IPC_EXCL), EEXIST);
    CHECK_ERRNO(shmget(key, BYTES + 1, 0), EINVAL);
    struct shmid_ds status = status_of(id);
    CHECK_EQUAL(status.shm_segsz, BYTES);
    CHECK_EQUAL(status.shm_perm.mode, 0640);
    CHECK_EQUAL(status.shm_perm.__ipc_perm_key, key);
    CHECK_EQUAL(status.shm_cpid, getpid());
    CHECK_EQUAL(status.shm_lpid, 0);
    CHECK_EQUAL(status.shm_atime, 0);
    CHECK_EQUAL(status.shm_dtime, 0);
    CHECK(status.shm_ctime >= time(NULL) - 2 && status.shm_ctime <= time(NULL));
    CHECK_EQUAL(status.shm_nattch, 0);
    remove_segment(id);
    CHECK_ERRNO(shmget(key, BYTES, 0), ENOENT);
    CHECK_ERRNO(shmctl(id, IPC_STAT, &status), EINVAL);
}

TEST(private_segments_have_no_key)
{
    int first = CHECK_OK(shmget(IPC_PRIVATE, PAGE, 0600));
    int second = CHECK_OK(shmget(IPC_PRIVATE, PAGE, IPC_CREAT | IPC_EXCL | 0600));
    CHECK(first != second);
    remove_segment(first);
    remove_segment(second);
    CHECK_ERRNO(shmctl(first, IPC_RMID, NULL), EINVAL);
}

TEST(a_new_segment_never_has_the_id_of_the_last)
{
    int last = -1;
    for (int i = 0; i < 200; i++) {
        int id = CHECK_OK(shmget(IPC_PRIVATE, 1, 0600));
        CHECK(id != last);
        last = id;
        remove_segment(id);
    }
}

TEST(processes_see_the_same_bytes)
{
    int id = CHECK_OK(shmget(IPC_PRIVATE, BYTES, 0600));
    volatile int *mine = CHECK_OK(shmat(id, NULL, 0));
    CHECK_EQUAL(mine[0], 0);
    mine[10] = 77;
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_EQUAL(mine[10], 77);
        volatile int *again = CHECK_OK(shmat(id, NULL, 0));
        CHECK(again != mine);
        again[11] = 78;
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(mine[11], 78);
    CHECK_EQUAL(mine[PAGES * PAGE / (int)sizeof(int) - 1], 0);
    CHECK_OK(shmdt((void *)mine));
    mine = CHECK_OK(shmat(id, NULL, 0));
    CHECK_EQUAL(mine[11], 78);
    remove_segment(id);
}

static void be_attached_and_exit(int id)
{
    CHECK_EQUAL(attached(id), 2);
    CHECK_OK(shmat(id, NULL, 0));
    CHECK_EQUAL(attached(id), 3);
}

TEST(attachments_are_counted)
{
    int id = CHECK_OK(shmget(IPC_PRIVATE, BYTES, 0600));
    char *at = CHECK_OK(shmat(id, NULL, 0));
    CHECK_EQUAL(attached(id), 1);
    CHECK_EQUAL(status_of(id).shm_lpid, getpid());
    CHECK(status_of(id).shm_atime != 0);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        be_attached_and_exit(id);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(attached(id), 1);
    CHECK_EQUAL(status_of(id).shm_lpid, child);
    CHECK(status_of(id).shm_dtime != 0);
    char *other = CHECK_OK(shmat(id, NULL, SHM_RDONLY));
    CHECK_EQUAL(attached(id), 2);
    CHECK_OK(shmdt(at));
    CHECK_EQUAL(attached(id), 1);
    CHECK_ERRNO(shmdt(at), EINVAL);
    CHECK_OK(munmap(other, BYTES));
    CHECK_EQUAL(attached(id), 0);
    remove_segment(id);
}

TEST(parts_of_an_attachment_count)
{
    int id = CHECK_OK(shmget(IPC_PRIVATE, BYTES, 0600));
    char *at = CHECK_OK(shmat(id, NULL, 0));
    CHECK_OK(munmap(at + PAGE, PAGE));
    CHECK_EQUAL(attached(id), 2);
    CHECK_OK(mprotect(at + 2 * PAGE, PAGE, PROT_READ));
    CHECK_EQUAL(attached(id), 3);
    CHECK_OK(mprotect(at + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE));
    CHECK_EQUAL(attached(id), 3);
    CHECK_OK(shmdt(at));
    CHECK_EQUAL(attached(id), 0);
    CHECK_EQUAL(fault_of_read(at + 3 * PAGE), SIGSEGV);
    remove_segment(id);
}

TEST(what_is_left_is_detached_by_where_it_began)
{
    int id = CHECK_OK(shmget(IPC_PRIVATE, BYTES, 0600));
    char *at = CHECK_OK(shmat(id, NULL, 0));
    CHECK_OK(munmap(at, PAGE));
    CHECK_ERRNO(shmdt(at + PAGE), EINVAL);
    CHECK_ERRNO(shmdt(at + 1), EINVAL);
    CHECK_EQUAL(attached(id), 1);
    CHECK_OK(shmdt(at));
    CHECK_EQUAL(attached(id), 0);
    CHECK_ERRNO(shmdt(map_pages(1)), EINVAL);
    remove_segment(id);
}

TEST(one_attachment_beside_another_stays)
{
    int id = CHECK_OK(shmget(IPC_PRIVATE, 2 * PAGE, 0600));
    char *place = map_pages(4);
    CHECK_OK(munmap(place, 4 * PAGE));
    CHECK_EQUAL((long)CHECK_OK(shmat(id, place, 0)), (long)place);
    CHECK_EQUAL((long)CHECK_OK(shmat(id, place + 2 * PAGE, 0)), (long)(place + 2 * PAGE));
    CHECK_EQUAL(attached(id), 2);
    CHECK_OK(shmdt(place));
    CHECK_EQUAL(attached(id), 1);
    place[2 * PAGE] = 1;
    CHECK_OK(shmdt(place + 2 * PAGE));
    CHECK_EQUAL(attached(id), 0);
    remove_segment(id);
}

TEST(an_attachment_can_move_and_shrink)
{
    int id = CHECK_OK(shmget(IPC_PRIVATE, BYTES, 0600));
    char *at = CHECK_OK(shmat(id, NULL, 0));
    char *place = map_pages(8);
    at[0] = 'a';
    char *moved =
        CHECK_OK(mremap(at, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place));
    CHECK_EQUAL(moved[0], 'a');
    CHECK_EQUAL(attached(id), 1);
    CHECK_OK(mremap(moved, PAGES * PAGE, 2 * PAGE, 0));
    CHECK_EQUAL(attached(id), 1);
    CHECK_OK(shmdt(moved));
    CHECK_EQUAL(attached(id), 0);
    remove_segment(id);
}

TEST(a_removed_segment_lives_until_its_last_detach)
{
    key_t key = own_key(2);
    int id = CHECK_OK(shmget(key, BYTES, IPC_CREAT | 0600));
    char *at = CHECK_OK(shmat(id, NULL, 0));
    remove_segment(id);
    CHECK_ERRNO(shmget(key, BYTES, 0), ENOENT);
    struct shmid_ds status = status_of(id);
    CHECK_EQUAL(status.shm_perm.mode, 0600 | SHM_DEST);
    CHECK_EQUAL(status.shm_perm.__ipc_perm_key, IPC_PRIVATE);
    char *again = CHECK_OK(shmat(id, NULL, 0));
    at[5] = 'x';
    CHECK_EQUAL(again[5], 'x');
    CHECK_OK(shmdt(at));
    CHECK_EQUAL(attached(id), 1);
    CHECK_OK(shmdt(again));
    CHECK_ERRNO(shmctl(id, IPC_STAT, &status), EINVAL);
    CHECK_ERRNO(shmat(id, NULL, 0), EINVAL);
}

int check_reexec(int argc, char **argv)
{
    (void)argc;
    int id = atoi(argv[2]);
    return attached(id) == 1 ? 0 : 1;
}

TEST(execve_detaches)
{
    int id = CHECK_OK(shmget(IPC_PRIVATE, PAGE, 0600));
    CHECK_OK(shmat(id, NULL, 0));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        char number[16];
        snprintf(number, sizeof(number), "%d", id);
        execl("/proc/self/exe", "self", "@attached", number, NULL);
        _exit(2);
    }
    CHECK_EXITED(child, 0);
    remove_segment(id);
}

TEST(a_place_can_be_asked_for)
{
    int id = CHECK_OK(shmget(IPC_PRIVATE, PAGE, 0600));
    char *place = map_pages(4);
    CHECK_ERRNO(shmat(id, place, 0), EINVAL);
    CHECK_ERRNO(shmat(id, place + 1, 0), EINVAL);
    CHECK_ERRNO(shmat(id, NULL, SHM_REMAP), EINVAL);
    CHECK_ERRNO(shmat(id, (void *)1, SHM_REMAP | SHM_RND), EINVAL);
    CHECK_EQUAL((long)CHECK_OK(shmat(id, place, SHM_REMAP)), (long)place);
    CHECK_OK(munmap(place + PAGE, PAGE));
    CHECK_EQUAL((long)CHECK_OK(shmat(id, place + PAGE + 33, SHM_RND)), (long)(place + PAGE));
    CHECK_ERRNO(shmat(id, NON_CANONICAL, 0), ENOMEM);
    CHECK_ERRNO(shmat(id, (void *)-4096L, 0), EINVAL);
    CHECK_EQUAL(attached(id), 2);
    remove_segment(id);
}

TEST(rights_of_an_attachment_hold)
{
    int id = CHECK_OK(shmget(IPC_PRIVATE, PAGE, 0600));
    char *read_only = CHECK_OK(shmat(id, NULL, SHM_RDONLY));
    CHECK_EQUAL(fault_of_read(read_only), 0);
    CHECK_EQUAL(fault_of_write(read_only), SIGSEGV);
    CHECK_ERRNO(mprotect(read_only, PAGE, PROT_READ | PROT_WRITE), EACCES);
    char *code = CHECK_OK(shmat(id, NULL, SHM_EXEC));
    code[0] = (char)0xc3;
    CHECK_EQUAL(fault_of_call(code), 0);
    remove_segment(id);
}

static void read_only_user(void)
{
    become_user(NOBODY);
    int id = CHECK_OK(shmget(own_key(3), 0, 0));
    CHECK_OK(shmat(id, NULL, SHM_RDONLY));
    CHECK_ERRNO(shmat(id, NULL, 0), EACCES);
    CHECK_ERRNO(shmat(id, NULL, SHM_RDONLY | SHM_EXEC), EACCES);
    CHECK_ERRNO(shmget(own_key(3), 0, 0600), EACCES);
    CHECK_EQUAL(shmget(own_key(3), 0, 0400), id);
    CHECK_ERRNO(shmget(own_key(4), 0, 0400), EACCES);
    CHECK_ERRNO(shmctl(id, IPC_RMID, NULL), EPERM);
    struct shmid_ds status = status_of(id);
    CHECK_ERRNO(shmctl(id, IPC_SET, &status), EPERM);
    CHECK_ERRNO(shmctl(id, SHM_LOCK, NULL), EPERM);
    CHECK_ERRNO(shmctl(id, SHM_UNLOCK, NULL), EPERM);
}

TEST(others_have_what_the_mode_gives)
{
    int open_id = CHECK_OK(shmget(own_key(3), PAGE, IPC_CREAT | 0604));
    int closed_id = CHECK_OK(shmget(own_key(4), PAGE, IPC_CREAT | 0600));
    CHECK_IN_CHILD(read_only_user);
    remove_segment(open_id);
    remove_segment(closed_id);
}

static int given_id;

static void new_owner(void)
{
    become_user(NOBODY);
    struct shmid_ds status = status_of(given_id);
    CHECK_EQUAL(status.shm_perm.uid, NOBODY);
    CHECK_EQUAL(status.shm_perm.cuid, 0);
    status.shm_perm.mode = 0666 | SHM_DEST;
    CHECK_OK(shmctl(given_id, IPC_SET, &status));
    remove_segment(given_id);
}

TEST(an_owner_can_be_set)
{
    given_id = CHECK_OK(shmget(IPC_PRIVATE, PAGE, 0600));
    struct shmid_ds status = status_of(given_id);
    status.shm_perm.uid = NOBODY;
    status.shm_perm.gid = 7;
    status.shm_perm.mode = 0412;
    CHECK_OK(shmctl(given_id, IPC_SET, &status));
    status = status_of(given_id);
    CHECK_EQUAL(status.shm_perm.mode, 0412);
    CHECK_EQUAL(status.shm_perm.gid, 7);
    CHECK_EQUAL(status.shm_perm.cgid, 0);
    status.shm_perm.uid = (uid_t)-1;
    CHECK_ERRNO(shmctl(given_id, IPC_SET, &status), EINVAL);
    CHECK_IN_CHILD(new_owner);
}

TEST(locking_is_told_and_limited)
{
    int id = CHECK_OK(shmget(IPC_PRIVATE, 4 * PAGE, 0666));
    CHECK_OK(shmctl(id, SHM_LOCK, NULL));
    CHECK_EQUAL(status_of(id).shm_perm.mode, 0666 | SHM_LOCKED);
    CHECK_OK(shmctl(id, SHM_UNLOCK, NULL));
    CHECK_EQUAL(status_of(id).shm_perm.mode, 0666);
    CHECK_OK(shmctl(id, SHM_UNLOCK, NULL));
    remove_segment(id);
    CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){4 * PAGE, 4 * PAGE}));
    become_user(NOBODY);
    id = CHECK_OK(shmget(IPC_PRIVATE, 4 * PAGE, 0600));
    int more = CHECK_OK(shmget(IPC_PRIVATE, 1, 0600));
    CHECK_OK(shmctl(id, SHM_LOCK, NULL));
    CHECK_OK(shmctl(id, SHM_LOCK, NULL));
    CHECK_ERRNO(shmctl(more, SHM_LOCK, NULL), ENOMEM);
    CHECK_OK(shmctl(id, SHM_UNLOCK, NULL));
    CHECK_OK(shmctl(more, SHM_LOCK, NULL));
    remove_segment(more);
    CHECK_OK(shmctl(id, SHM_LOCK, NULL));
    CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0}));
    CHECK_ERRNO(shmctl(id, SHM_LOCK, NULL), EPERM);
    remove_segment(id);
}

TEST(wrong_arguments_are_refused_in_linuxs_order)
{
    struct shmid_ds status;
    int id = CHECK_OK(shmget(IPC_PRIVATE, PAGE, 0600));
    CHECK_ERRNO(shmget(IPC_PRIVATE, 0, 0600), EINVAL);
    CHECK_ERRNO(shmget(IPC_PRIVATE, (size_t)-1, 0600), EINVAL);
    CHECK_ERRNO(shmctl(-1, IPC_STAT, &status), EINVAL);
    CHECK_ERRNO(shmctl(id, -1, &status), EINVAL);
    CHECK_ERRNO(shmctl(id, 99, &status), EINVAL);
    CHECK_ERRNO(shmctl(id, IPC_STAT | 0x100, &status), EINVAL);
    CHECK_ERRNO(shmctl(id, IPC_STAT, (void *)1), EFAULT);
    CHECK_ERRNO(shmctl(id + 1, IPC_STAT, (void *)1), EINVAL);
    CHECK_ERRNO(shmctl(id + 1, IPC_SET, (void *)1), EFAULT);
    CHECK_ERRNO(shmctl(id + 1, IPC_SET, &status), EINVAL);
    CHECK_ERRNO(shmctl(id + 1, SHM_LOCK, NULL), EINVAL);
    CHECK_ERRNO(shmctl(0, IPC_INFO, (void *)1), EFAULT);
    CHECK_ERRNO(shmctl(-1, IPC_INFO, (void *)&status), EINVAL);
    CHECK_ERRNO(shmat(-1, NULL, 0), EINVAL);
    CHECK_ERRNO(shmat(id + 1, NULL, 0), EINVAL);
    CHECK_ERRNO(shmdt((void *)3), EINVAL);
    remove_segment(id);
}

TEST(the_whole_is_told)
{
    struct shminfo limits;
    struct shm_info before, after;
    struct shmid_ds status;
    CHECK_OK(shmctl(0, SHM_INFO, (void *)&before));
    int id = CHECK_OK(shmget(IPC_PRIVATE, 3 * PAGE - 1, 0600));
    volatile char *at = CHECK_OK(shmat(id, NULL, 0));
    at[0] = 1;
    int highest = CHECK_OK(shmctl(0, SHM_INFO, (void *)&after));
    CHECK_EQUAL(after.used_ids, before.used_ids + 1);
    CHECK_EQUAL(after.shm_tot, before.shm_tot + 3);
    CHECK_EQUAL(after.shm_rss, before.shm_rss + 1);
    CHECK_EQUAL(after.shm_swp, 0);
    CHECK_EQUAL(shmctl(0, IPC_INFO, (void *)&limits), highest);
    CHECK_EQUAL(limits.shmmin, 1);
    CHECK_EQUAL(limits.shmmni, 4096);
    CHECK_EQUAL(limits.shmseg, 4096);
    CHECK_EQUAL(limits.shmmax, ULONG_MAX - (1UL << 24));
    CHECK_EQUAL(limits.shmall, ULONG_MAX - (1UL << 24));
    int found = -1;
    for (int index = 0; index <= highest; index++) {
        int at_index = shmctl(index, SHM_STAT, &status);
        CHECK_EQUAL(at_index, shmctl(index, SHM_STAT_ANY, &status));
        found = at_index == id ? index : found;
    }
    CHECK_EQUAL(found, id % 32768);
    CHECK_ERRNO(shmctl(32767, SHM_STAT, &status), EINVAL);
    remove_segment(id);
}

static void stat_any(void)
{
    struct shmid_ds status;
    become_user(NOBODY);
    CHECK_ERRNO(shmctl(given_id % 32768, SHM_STAT, &status), EACCES);
    CHECK_ERRNO(shmctl(given_id, IPC_STAT, &status), EACCES);
    CHECK_EQUAL(shmctl(given_id % 32768, 15, &status), given_id);
    CHECK_EQUAL(status.shm_segsz, 10);
}

TEST(anybody_may_look_by_index)
{
    given_id = CHECK_OK(shmget(IPC_PRIVATE, 10, 0600));
    CHECK_IN_CHILD(stat_any);
    remove_segment(given_id);
}

TEST(maps_show_the_key)
{
    static char text[16384];
    char name[64], place[64];
    key_t key = own_key(5);
    int id = CHECK_OK(shmget(key, BYTES, IPC_CREAT | 0600));
    char *at = CHECK_OK(shmat(id, NULL, 0));
    char *read_only = CHECK_OK(shmat(id, NULL, SHM_RDONLY));
    read_file("/proc/self/maps", text, sizeof(text));
    snprintf(name, sizeof(name), "/SYSV%08x (deleted)\n", (unsigned)key);
    snprintf(place, sizeof(place), "%lx-%lx rw-s 00000000 00:01 %d ", (long)at,
             (long)at + PAGES * PAGE, id);
    char *line = strstr(text, place);
    CHECK(line != NULL);
    CHECK(strncmp(strchr(line, '/'), name, strlen(name)) == 0);
    snprintf(place, sizeof(place), "%lx-%lx r--s", (long)read_only, (long)read_only + PAGES * PAGE);
    CHECK(strstr(text, place) != NULL);
    remove_segment(id);
}

static void line_of(const char *path, int id, char *line)
{
    static char text[16384];
    char number[16];
    snprintf(number, sizeof(number), " %10d ", id);
    read_file(path, text, sizeof(text));
    char *found = strstr(text, number);
    CHECK(found != NULL);
    while (found > text && found[-1] != '\n') {
        found--;
    }
    sprintf(line, "%.*s", (int)strcspn(found, "\n"), found);
}

TEST(proc_lists_segments)
{
    char line[256], expected[256], text[512];
    read_file("/proc/sysvipc/shm", text, sizeof(text));
    text[strcspn(text, "\n") + 1] = '\0';
    CHECK_TEXT(text, "       key      shmid perms                  size  cpid  lpid nattch   uid   "
                     "gid  cuid  cgid      atime      dtime      ctime                   rss       "
                     "           swap\n");
    int id = CHECK_OK(shmget(own_key(6), BYTES, IPC_CREAT | 0640));
    char *at = CHECK_OK(shmat(id, NULL, 0));
    at[0] = 1;
    struct shmid_ds status = status_of(id);
    line_of("/proc/sysvipc/shm", id, line);
    snprintf(expected, sizeof(expected),
             "%10d %10d  %4o %21lu %5u %5u  %5lu %5u %5u %5u %5u %10lu %10lu %10lu %21lu %21lu",
             own_key(6), id, 0640, (unsigned long)BYTES, getpid(), getpid(), 1UL, 0, 0, 0, 0,
             (long)status.shm_atime, (long)status.shm_dtime, (long)status.shm_ctime,
             (unsigned long)PAGE, 0UL);
    CHECK_TEXT(line, expected);
    remove_segment(id);
}

TEST(limits_can_be_set)
{
    char text[64];
    struct shminfo limits;
    read_file("/proc/sys/kernel/shmmni", text, sizeof(text));
    CHECK_TEXT(text, "4096\n");
    read_file("/proc/sys/kernel/shmmax", text, sizeof(text));
    CHECK_TEXT(text, "18446744073692774399\n");
    read_file("/proc/sys/kernel/shmall", text, sizeof(text));
    CHECK_TEXT(text, "18446744073692774399\n");
    make_file("/proc/sys/kernel/shmmax", "8192\n");
    CHECK_OK(shmctl(0, IPC_INFO, (void *)&limits));
    CHECK_EQUAL(limits.shmmax, 8192);
    CHECK_ERRNO(shmget(IPC_PRIVATE, 8193, 0600), EINVAL);
    make_file("/proc/sys/kernel/shmmax", "18446744073692774399");
    make_file("/proc/sys/kernel/shmall", "2");
    CHECK_ERRNO(shmget(IPC_PRIVATE, 3 * PAGE, 0600), ENOSPC);
    make_file("/proc/sys/kernel/shmall", "18446744073692774399");
    make_file("/proc/sys/kernel/shmmni", "0");
    CHECK_ERRNO(shmget(IPC_PRIVATE, 1, 0600), ENOSPC);
    make_file("/proc/sys/kernel/shmmni", "4096");
    int fd = CHECK_OK(open("/proc/sys/kernel/shmmni", O_WRONLY));
    CHECK_ERRNO(write(fd, "32769", 5), EINVAL);
    CHECK_ERRNO(write(fd, "-1", 2), EINVAL);
    CHECK_ERRNO(write(fd, "x", 1), EINVAL);
    CHECK_ERRNO(shmget(IPC_PRIVATE, 1UL << 50, 0600), ENOMEM);
}

TEST(huge_pages_are_not_there)
{
    CHECK_ERRNO(shmget(IPC_PRIVATE, PAGE, 0600 | SHM_HUGETLB), ENOMEM);
}
