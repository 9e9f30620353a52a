/*
 * Corners of calls on files and descriptors: what test suites ask beside the usual way. A row says a call and what it must give.
 */
#include "check.h"

#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define FIGETBSZ      2
#define FS_IOC_FIEMAP 0xc020660bUL

/* A call's value as the kernel gave it: negative errno where it failed. */
static long told(long value)
{
    return value == -1 ? -errno : value;
}
#define TELL(CALL)              (errno = 0, told((long)(CALL)))
#define CHECK_GIVES(CALL, SEEN) CHECK_EQUAL(TELL(CALL), SEEN)

TEST(a_directory_cannot_be_made_by_open)
{
    static const char *const names[] = {"file", "folder", "missing"};
    make_file("file", "x");
    CHECK_OK(mkdir("folder", 0755));
    for (size_t i = 0; i < 3; i++) {
        CHECK_ERRNO(open(names[i], O_RDONLY | O_CREAT | O_DIRECTORY, 0644), EINVAL);
    }
    CHECK_ERRNO(access("missing", F_OK), ENOENT);
}

TEST(positions_end_at_the_largest_offset)
{
    char byte = 'x';
    int fd = make_open_file("file");
    CHECK_GIVES(pread(fd, &byte, 1, LONG_MAX), -EINVAL);
    CHECK_GIVES(pwrite(fd, &byte, 1, LONG_MAX), -EINVAL);
    CHECK_GIVES(pread(fd, &byte, 1, -1), -EINVAL);
    off_t at = LONG_MAX;
    CHECK_GIVES(sendfile(fd, fd, &at, 5), -EINVAL);
}

TEST(an_empty_segment_in_the_kernels_half_is_a_bad_address)
{
    char byte;
    struct iovec segments[] = {{KERNEL_ADDRESS, 0}, {&byte, 1}};
    int fd = make_open_file("file");
    CHECK_ERRNO(readv(fd, segments, 2), EFAULT);
    segments[0].iov_base = unmapped_address();
    CHECK_GIVES(readv(fd, segments, 2), 0);
}

TEST(vectors_may_ask_for_a_sync)
{
    char byte = 'x';
    struct iovec segment = {&byte, 1};
    int fd = make_open_file("file");
    for (int flag = 1; flag <= 4; flag *= 2) { /* RWF_HIPRI, RWF_DSYNC, RWF_SYNC */
        CHECK_GIVES(syscall(SYS_pwritev2, fd, &segment, 1L, 0L, 0L, flag), 1);
        CHECK_GIVES(syscall(SYS_preadv2, fd, &segment, 1L, 0L, 0L, flag), 1);
    }
    CHECK_ERRNO(syscall(SYS_pwritev2, fd, &segment, 1L, 0L, 0L, 0x1000), EOPNOTSUPP);
}

TEST(a_copied_range_ends_where_files_do)
{
    static const struct {
        off_t from, to;
        long seen;
    } rows[] = {{-1, 0, -EOVERFLOW}, {LONG_MAX, 0, 0}, {0, -1, -EOVERFLOW}, {0, LONG_MAX, -EFBIG}};
    make_file("from", "0123456789");
    int in = CHECK_OK(open("from", O_RDONLY)), out = make_open_file("to");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        off_t from = rows[i].from, to = rows[i].to;
        CHECK_GIVES(syscall(SYS_copy_file_range, in, &from, out, &to, 5L, 0), rows[i].seen);
    }
}

TEST(sendfile_fills_a_pipe_and_returns)
{
    int ends[2], in = make_open_file("file");
    off_t at = 0;
    CHECK_OK(ftruncate(in, 1 << 20));
    CHECK_OK(pipe(ends));
    long moved = CHECK_OK(sendfile(ends[1], in, &at, 1 << 20));
    CHECK(moved > 0 && moved <= 65536);
    CHECK_EQUAL(at, moved);
    int folder = CHECK_OK(open(".", O_RDONLY));
    CHECK_ERRNO(sendfile(in, folder, NULL, 5), EINVAL);
}

TEST(fallocate_that_does_not_fit_changes_nothing)
{
    struct stat before, after;
    int fd = make_open_file("file");
    CHECK_OK(fstat(fd, &before));
    sleep_ms(20);
    CHECK_ERRNO(fallocate(fd, 0, 0, 1L << 40), ENOSPC);
    CHECK_OK(fallocate(fd, 0, LONG_MAX - 1, 1));
    CHECK_OK(fstat(fd, &after));
    CHECK_EQUAL(after.st_size, LONG_MAX);
    CHECK_EQUAL(after.st_blocks, 8);
    CHECK(after.st_mtim.tv_sec > before.st_mtim.tv_sec ||
          after.st_mtim.tv_nsec > before.st_mtim.tv_nsec);
}

TEST(select_sees_descriptors_above_1024)
{
    enum { HIGH = 2000, WORDS = 4096 / 64 };
    const struct rlimit limit = {4096, 4096};
    struct timeval none = {0, 0};
    unsigned long set[WORDS] = {0};
    int fd = make_open_file("file");
    CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
    CHECK_OK(dup2(fd, HIGH));
    set[HIGH / 64] = 1UL << HIGH % 64 | 1UL << 63;
    CHECK_GIVES(syscall(SYS_select, HIGH + 1, set, NULL, NULL, &none), 1);
    CHECK_EQUAL(set[HIGH / 64], 1UL << HIGH % 64);
    CHECK_OK(close(HIGH));
    CHECK_ERRNO(syscall(SYS_select, HIGH + 1, set, NULL, NULL, &none), EBADF);
}

TEST(a_place_cannot_be_polled)
{
    struct pollfd entry = {.fd = CHECK_OK(open(".", O_PATH)), .events = POLLIN};
    CHECK_EQUAL(poll(&entry, 1, 0), 1);
    CHECK_EQUAL(entry.revents, POLLNVAL);
}

TEST(a_pipe_has_owner_mode_and_times)
{
    int ends[2];
    char text[4];
    struct stat made, changed;
    const struct timespec times[2] = {{5, 6}, {7, 8}};
    CHECK_OK(pipe(ends));
    CHECK_OK(fstat(ends[0], &made));
    sleep_ms(20);
    CHECK_EQUAL(write(ends[1], "abc", 3), 3);
    CHECK_OK(fstat(ends[0], &changed));
    CHECK(changed.st_mtim.tv_sec != made.st_mtim.tv_sec ||
          changed.st_mtim.tv_nsec != made.st_mtim.tv_nsec);
    CHECK_EQUAL(changed.st_atim.tv_nsec, made.st_atim.tv_nsec);
    CHECK_EQUAL(read(ends[0], text, sizeof(text)), 3);
    CHECK_OK(fstat(ends[1], &changed));
    CHECK(changed.st_atim.tv_nsec != made.st_atim.tv_nsec);
    CHECK_OK(fchown(ends[0], 5, 6));
    CHECK_OK(fchmod(ends[1], 0644));
    CHECK_OK(futimens(ends[0], times));
    CHECK_OK(fstat(ends[1], &changed));
    CHECK_EQUAL(changed.st_uid, 5);
    CHECK_EQUAL(changed.st_gid, 6);
    CHECK_EQUAL(changed.st_mode, S_IFIFO | 0644);
    CHECK_EQUAL(changed.st_mtim.tv_sec, 7);
}

TEST(packets_keep_their_ends)
{
    int ends[2];
    char text[16];
    CHECK_OK(syscall(SYS_pipe2, ends, O_DIRECT | O_NONBLOCK));
    CHECK_EQUAL(fcntl(ends[1], F_GETFL) & O_DIRECT, O_DIRECT);
    CHECK_EQUAL(write(ends[1], "abc", 3), 3);
    CHECK_EQUAL(write(ends[1], "defgh", 5), 5);
    CHECK_EQUAL(read(ends[0], text, 2), 2);
    CHECK_EQUAL(read(ends[0], text, sizeof(text)), 5);
    CHECK_ERRNO(read(ends[0], text, sizeof(text)), EAGAIN);
    CHECK_OK(fcntl(ends[1], F_SETFL, 0));
    CHECK_EQUAL(write(ends[1], "abc", 3), 3);
    CHECK_EQUAL(write(ends[1], "def", 3), 3);
    CHECK_EQUAL(read(ends[0], text, sizeof(text)), 6);
}

TEST(what_a_pipe_cannot_hand_over_stays_in_it)
{
    int ends[2];
    char text[16];
    CHECK_OK(pipe(ends));
    CHECK_EQUAL(write(ends[1], "abcde", 5), 5);
    CHECK_ERRNO(read(ends[0], edge_of_memory(2), 4), EFAULT);
    CHECK_EQUAL(read(ends[0], text, sizeof(text)), 5);
}

TEST(privilege_makes_pipes_larger)
{
    int ends[2];
    CHECK_OK(pipe(ends));
    CHECK_EQUAL(fcntl(ends[0], F_SETPIPE_SZ, (1 << 20) + 1), 2 << 20);
    CHECK_EQUAL(fcntl(ends[0], F_SETPIPE_SZ, 4096), 4096);
    become_user(1000);
    CHECK_ERRNO(fcntl(ends[0], F_SETPIPE_SZ, (1 << 20) + 1), EPERM);
}

TEST(a_files_owner_is_checked_and_told)
{
    struct {
        int kind, number;
    } owner;
    int fd = make_open_file("file");
    CHECK_ERRNO(fcntl(fd, F_SETOWN, -999999), ESRCH);
    CHECK_ERRNO(fcntl(fd, F_SETOWN, INT_MIN), EINVAL);
    CHECK_OK(fcntl(fd, F_SETOWN, getpid()));
    CHECK_OK(fcntl(fd, F_GETOWN_EX, &owner));
    CHECK_EQUAL(owner.kind, F_OWNER_PID);
    CHECK_EQUAL(owner.number, getpid());
    owner.kind = F_OWNER_PGRP;
    owner.number = getpgrp();
    CHECK_OK(fcntl(fd, F_SETOWN_EX, &owner));
    CHECK_GIVES(syscall(SYS_fcntl, fd, F_GETOWN), -getpgrp());
    owner.kind = 9;
    CHECK_ERRNO(fcntl(fd, F_SETOWN_EX, &owner), EINVAL);
    CHECK_ERRNO(fcntl(fd, F_GETOWN_EX, unmapped_address()), EFAULT);
}

static long lock_range(int fd, int command, int type, off_t start, off_t bytes)
{
    struct flock lock = {.l_type = (short)type, .l_start = start, .l_len = bytes};
    long result = TELL(fcntl(fd, command, &lock));
    return result == 0 && command == F_OFD_GETLK ? (lock.l_type == F_UNLCK ? 0 : lock.l_pid)
                                                 : result;
}

TEST(locks_of_open_files_belong_to_the_file)
{
    int one = make_open_file("file"), other = CHECK_OK(open("file", O_RDWR));
    CHECK_EQUAL(lock_range(one, F_OFD_SETLK, F_WRLCK, 0, 10), 0);
    CHECK_EQUAL(lock_range(other, F_OFD_SETLK, F_WRLCK, 5, 1), -EAGAIN);
    CHECK_EQUAL(lock_range(other, F_SETLK, F_WRLCK, 5, 1), -EAGAIN);
    CHECK_EQUAL(lock_range(other, F_OFD_GETLK, F_RDLCK, 0, 0), -1);
    CHECK_EQUAL(lock_range(other, F_OFD_SETLK, F_WRLCK, 10, 1), 0);
    pid_t child = CHECK_OK(fork());
    if (child == 0) { /* the file is shared: its locks are the child's as well */
        CHECK_EQUAL(lock_range(one, F_OFD_SETLK, F_WRLCK, 0, 5), 0);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_OK(close(CHECK_OK(dup(one))));
    CHECK_EQUAL(lock_range(other, F_OFD_SETLK, F_WRLCK, 0, 1), -EAGAIN);
    CHECK_OK(close(one));
    CHECK_EQUAL(lock_range(other, F_OFD_SETLK, F_WRLCK, 0, 1), 0);
    struct flock lock = {.l_type = F_WRLCK, .l_pid = 5};
    CHECK_ERRNO(fcntl(other, F_OFD_SETLK, &lock), EINVAL);
}

TEST(close_range_can_leave_a_shared_table)
{
    int fd = CHECK_OK(dup2(make_open_file("file"), 50));
    CHECK_OK(syscall(SYS_close_range, 50U, ~0U, 2U)); /* CLOSE_RANGE_UNSHARE */
    CHECK_ERRNO(fcntl(fd, F_GETFD), EBADF);
}

TEST(direct_transfers_cannot_be_switched_on)
{
    int fd = make_open_file("file");
    CHECK_ERRNO(fcntl(fd, F_SETFL, O_DIRECT), EINVAL);
    CHECK_OK(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
    CHECK_EQUAL(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND | O_NONBLOCK);
}

TEST(files_answer_for_their_file_system)
{
    int fd = make_open_file("file"), number;
    CHECK_OK(ioctl(fd, FIGETBSZ, &number));
    CHECK_EQUAL(number, PAGE);
    CHECK_ERRNO(ioctl(fd, (int)FS_IOC_FIEMAP, NULL), EOPNOTSUPP);
    number = 1;
    CHECK_ERRNO(ioctl(fd, FIOASYNC, &number), ENOTTY);
}

/* Writes through a descriptor of root's, as somebody else. */
static mode_t mode_after_write(mode_t mode, uid_t writer)
{
    struct stat status;
    int fd = make_open_file("program");
    CHECK_OK(chown("program", 1000, 1000));
    CHECK_OK(chmod("program", mode));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        become_user(writer);
        CHECK_EQUAL(write(fd, "x", 1), 1);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_OK(stat("program", &status));
    CHECK_OK(close(fd));
    return status.st_mode & 07777;
}

TEST(who_writes_costs_the_set_id_bits_not_who_opened)
{
    CHECK_EQUAL(mode_after_write(06777, 1000), 0777);
    CHECK_EQUAL(mode_after_write(06777, 1001), 0777);
    CHECK_EQUAL(mode_after_write(02666, 1001), 0666);
    CHECK_EQUAL(mode_after_write(02666, 1000), 02666);
}

TEST(futimesat_without_a_name_is_about_the_descriptor)
{
    struct stat status;
    const struct timeval times[2] = {{3, 0}, {4, 0}};
    int fd = make_open_file("file");
    CHECK_OK(syscall(SYS_futimesat, fd, NULL, times));
    CHECK_OK(fstat(fd, &status));
    CHECK_EQUAL(status.st_mtim.tv_sec, 4);
}

TEST(statx_tells_the_mount_and_the_birth)
{
    enum { BIRTH = 0x800, MOUNT = 0x1000, ROOT_OF_MOUNT = 0x2000 };
    uint32_t words[64];
    int fd = make_open_file("file");
    CHECK_OK(syscall(SYS_statx, fd, "", 0x1000 /* AT_EMPTY_PATH */, 0x17ff | BIRTH, words));
    CHECK_EQUAL(words[0] & (BIRTH | MOUNT), BIRTH | MOUNT);
    CHECK_EQUAL(words[2] & ROOT_OF_MOUNT, 0);
    CHECK_OK(syscall(SYS_statx, AT_FDCWD, "/proc", 0, 0x17ff, words));
    CHECK_EQUAL(words[2] & ROOT_OF_MOUNT, ROOT_OF_MOUNT);
}
