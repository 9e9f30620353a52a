/*
 * splice, tee, vmsplice: what may be joined, positions, whole and partial transfers, waiting, broken pipes, packets, and many at once.
 */
#include "check.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/uio.h>

enum { PIPE_SIZE = 65536, FILE_SIZE = 200000, ALL = 1 << 20, ROUNDS = 300 };

static char content[FILE_SIZE], seen[ALL];
static int in[2], out[2];
static volatile int signals;

static void count_signal(int signal)
{
    (void)signal;
    signals++;
}

static void catch (int signal, int flags)
{
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = flags};
    CHECK_OK(sigaction(signal, &action, NULL));
}

static void make_pipes(void)
{
    CHECK_OK(pipe(in));
    CHECK_OK(pipe(out));
}

static int make_content(void)
{
    for (size_t i = 0; i < sizeof(content); i++) {
        content[i] = (char)(i * 31 + i / 251);
    }
    int fd = make_open_file("f");
    CHECK_EQUAL(write(fd, content, FILE_SIZE), FILE_SIZE);
    CHECK_EQUAL(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void set_nonblocking(int fd)
{
    CHECK_OK(fcntl(fd, F_SETFL, CHECK_OK(fcntl(fd, F_GETFL)) | O_NONBLOCK));
}

static void fill(int fd)
{
    int flags = CHECK_OK(fcntl(fd, F_GETFL));
    set_nonblocking(fd);
    while (write(fd, seen, PAGE) > 0) {}
    CHECK_EQUAL(errno, EAGAIN);
    CHECK_OK(fcntl(fd, F_SETFL, flags));
}

static void expect(int fd, const char *bytes, size_t count)
{
    CHECK_EQUAL(read(fd, seen, ALL), count);
    CHECK(memcmp(seen, bytes, count) == 0);
}

/* In a child, after a while. */
static pid_t later_write(int fd)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        sleep_ms(60);
        CHECK_EQUAL(write(fd, "late", 4), 4);
        _exit(0);
    }
    return child;
}

static pid_t later_signal(void)
{
    pid_t parent = getpid(), child = CHECK_OK(fork());
    if (child == 0) {
        wait_until_asleep(parent);
        CHECK_OK(kill(parent, SIGUSR1));
        _exit(0);
    }
    return child;
}

/* ---- what is refused ------------------------------------------------------------------------- */

TEST(nothing_to_do_is_done_whatever_else_is_wrong)
{
    CHECK_EQUAL(splice(-1, NULL, -1, NULL, 0, 99), 0);
    CHECK_EQUAL(tee(-1, -1, 0, 0), 0);
    CHECK_ERRNO(tee(-1, -1, 0, 99), EINVAL);
    CHECK_EQUAL(vmsplice(make_content(), NULL, 0, 0), 0);
}

TEST(unknown_flags_and_bad_descriptors_are_refused)
{
    int fd = make_content(), path = CHECK_OK(open("f", O_PATH));
    struct iovec part = {seen, 1};
    make_pipes();
    CHECK_ERRNO(splice(-1, NULL, -1, NULL, 1, 99), EINVAL);
    CHECK_ERRNO(splice(-1, NULL, out[1], NULL, 1, 0), EBADF);
    CHECK_ERRNO(splice(fd, NULL, -1, NULL, 1, 0), EBADF);
    CHECK_ERRNO(splice(fd, NULL, in[0], NULL, 1, 0), EBADF);
    CHECK_ERRNO(splice(in[1], NULL, fd, NULL, 1, 0), EBADF);
    CHECK_ERRNO(splice(path, NULL, in[1], NULL, 1, 0), EBADF);
    CHECK_ERRNO(tee(in[1], out[1], 1, 0), EBADF);
    CHECK_ERRNO(tee(in[0], out[0], 1, 0), EBADF);
    CHECK_ERRNO(vmsplice(-1, &part, 1, 99), EINVAL);
    CHECK_ERRNO(vmsplice(-1, &part, 1, 0), EBADF);
    CHECK_ERRNO(vmsplice(fd, &part, 1, 0), EBADF);
    CHECK_ERRNO(vmsplice(in[1], &part, -1, 0), EINVAL);
    CHECK_ERRNO(vmsplice(in[1], NULL, 1, 0), EFAULT);
}

TEST(one_side_must_be_a_pipe_and_both_not_the_same)
{
    int fd = make_content(), other = make_open_file("g"), both;
    make_pipes();
    CHECK_ERRNO(splice(fd, NULL, other, NULL, 1, 0), EINVAL);
    CHECK_ERRNO(splice(in[0], NULL, in[1], NULL, 1, 0), EINVAL);
    CHECK_ERRNO(tee(in[0], in[1], 1, 0), EINVAL);
    CHECK_ERRNO(tee(fd, out[1], 1, 0), EINVAL);
    CHECK_ERRNO(tee(in[0], fd, 1, 0), EINVAL);
    CHECK_OK(mkfifo("fifo", 0600));
    both = CHECK_OK(open("fifo", O_RDWR));
    CHECK_ERRNO(splice(both, NULL, both, NULL, 1, 0), EINVAL);
}

TEST(a_pipe_has_no_position_to_splice_at)
{
    loff_t position = 0;
    int fd = make_content();
    make_pipes();
    CHECK_ERRNO(splice(in[0], &position, fd, NULL, 1, 0), ESPIPE);
    CHECK_ERRNO(splice(fd, NULL, in[1], &position, 1, 0), ESPIPE);
    CHECK_ERRNO(splice(in[0], NULL, out[1], &position, 1, 0), ESPIPE);
    CHECK_ERRNO(splice(in[0], NON_CANONICAL, fd, NULL, 1, 0), ESPIPE);
    CHECK_ERRNO(splice(fd, NON_CANONICAL, in[1], NULL, 1, 0), EFAULT);
}

TEST(positions_are_checked)
{
    loff_t negative = -1, far = INT64_MAX;
    int fd = make_content();
    make_pipes();
    CHECK_ERRNO(splice(fd, &negative, in[1], NULL, 1, 0), EINVAL);
    CHECK_ERRNO(splice(in[0], NULL, fd, &negative, 1, 0), EINVAL);
    CHECK_ERRNO(splice(fd, &far, in[1], NULL, 1, 0), EINVAL);
    CHECK_ERRNO(splice(in[0], NULL, fd, NULL, (size_t)-1, 0), EINVAL);
    far = FILE_SIZE + 5;
    CHECK_EQUAL(splice(fd, &far, in[1], NULL, 1, 0), 0);
    CHECK_EQUAL(far, FILE_SIZE + 5);
}

TEST(files_that_append_folders_and_counters_do_not_splice)
{
    loff_t position = 0;
    uint64_t count;
    int appending = CHECK_OK(open("a", O_RDWR | O_APPEND | O_CREAT, 0644));
    int folder = CHECK_OK(open(".", O_RDONLY)), counter = CHECK_OK(eventfd(5, 0));
    make_pipes();
    CHECK_EQUAL(write(in[1], &count, sizeof(count)), sizeof(count));
    CHECK_ERRNO(splice(in[0], NULL, appending, NULL, 1, 0), EINVAL);
    CHECK_ERRNO(splice(in[0], NULL, appending, &position, 1, 0), EINVAL);
    CHECK_ERRNO(splice(folder, NULL, out[1], NULL, 1, 0), EINVAL);
    CHECK_ERRNO(splice(counter, NULL, out[1], NULL, 8, 0), EINVAL);
    CHECK_ERRNO(splice(in[0], NULL, counter, NULL, 8, 0), EINVAL);
}

/* ---- files ------------------------------------------------------------------------------------- */

TEST(a_file_goes_into_a_pipe_as_far_as_there_is_room)
{
    loff_t position = 100;
    int fd = make_content();
    make_pipes();
    CHECK_EQUAL(splice(fd, &position, in[1], NULL, ALL, 0), PIPE_SIZE - 100);
    CHECK_EQUAL(position, PIPE_SIZE);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 0);
    CHECK_ERRNO(splice(fd, &position, in[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    expect(in[0], content + 100, PIPE_SIZE - 100);
    CHECK_EQUAL(splice(fd, NULL, in[1], NULL, 1000, 0), 1000);
    CHECK_EQUAL(splice(fd, NULL, in[1], NULL, 1000, SPLICE_F_MOVE | SPLICE_F_MORE), 1000);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 2000);
    expect(in[0], content, 2000);
}

TEST(holes_are_zeros_in_the_pipe)
{
    static const char zeros[50000];
    int fd = make_open_file("g");
    loff_t position = 0;
    make_pipes();
    CHECK_EQUAL(pwrite(fd, "z", 1, 50000), 1);
    CHECK_EQUAL(splice(fd, &position, in[1], NULL, ALL, 0), 50001);
    CHECK_EQUAL(read(in[0], seen, ALL), 50001);
    CHECK(memcmp(seen, zeros, 50000) == 0 && seen[50000] == 'z');
}

TEST(a_pipe_goes_into_a_file_until_it_is_empty)
{
    loff_t position = 1000;
    int fd = make_open_file("g");
    (void)make_content();
    make_pipes();
    CHECK_EQUAL(write(in[1], content, 10000), 10000);
    CHECK_EQUAL(splice(in[0], NULL, fd, NULL, 900, 0), 900);
    CHECK_EQUAL(splice(in[0], NULL, fd, &position, ALL, 0), 9100);
    CHECK_EQUAL(position, 10100);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 900);
    CHECK_EQUAL(pread(fd, seen, ALL, 0), 10100);
    CHECK(memcmp(seen, content, 900) == 0 && memcmp(seen + 1000, content + 900, 9100) == 0);
    CHECK_ERRNO(splice(in[0], NULL, fd, NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    CHECK_OK(close(in[1]));
    CHECK_EQUAL(splice(in[0], NULL, fd, NULL, 1, 0), 0);
}

TEST(the_limit_of_a_file_leaves_the_rest_in_the_pipe)
{
    struct rlimit limit = {1000, RLIM_INFINITY};
    loff_t position = 500;
    int fd = make_open_file("g");
    catch (SIGXFSZ, 0);
    make_pipes();
    CHECK_EQUAL(write(in[1], seen, 3000), 3000);
    CHECK_OK(setrlimit(RLIMIT_FSIZE, &limit));
    CHECK_EQUAL(splice(in[0], NULL, fd, &position, 3000, 0), 500);
    CHECK_EQUAL(position, 1000);
    CHECK_ERRNO(splice(in[0], NULL, fd, &position, 3000, 0), EFBIG);
    CHECK(signals > 0);
    CHECK_EQUAL(read(in[0], seen, ALL), 2500);
}

TEST(devices_splice_too)
{
    loff_t position = 0;
    int null = CHECK_OK(open("/dev/null", O_WRONLY)),
        random = CHECK_OK(open("/dev/urandom", O_RDONLY));
    make_pipes();
    CHECK_EQUAL(splice(random, NULL, in[1], NULL, 100, 0), 100);
    CHECK_EQUAL(splice(in[0], NULL, null, NULL, 60, 0), 60);
    CHECK_EQUAL(splice(in[0], NULL, null, &position, 60, 0), 40);
}

/* ---- pipes ------------------------------------------------------------------------------------- */

TEST(pages_move_from_pipe_to_pipe)
{
    (void)make_content();
    make_pipes();
    CHECK_EQUAL(write(in[1], content, 10000), 10000);
    CHECK_EQUAL(splice(in[0], NULL, out[1], NULL, 5000, 0), 5000);
    expect(out[0], content, 5000);
    expect(in[0], content + 5000, 5000);
    CHECK_OK(close(in[1]));
    CHECK_EQUAL(splice(in[0], NULL, out[1], NULL, 1, 0), 0);
}

TEST(a_full_pipe_takes_what_it_has_pages_for)
{
    make_pipes();
    fill(in[1]);
    CHECK_EQUAL(write(out[1], seen, 5000), 5000);
    CHECK_EQUAL(splice(in[0], NULL, out[1], NULL, ALL, 0), 14 * PAGE);
    CHECK_ERRNO(splice(in[0], NULL, out[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    set_nonblocking(in[1]);
    CHECK_EQUAL(write(in[1], seen, ALL), 14 * PAGE);
}

TEST(parts_of_a_page_are_written_on_apart)
{
    make_pipes();
    CHECK_EQUAL(write(in[1], "hello", 5), 5);
    CHECK_EQUAL(splice(in[0], NULL, out[1], NULL, 2, 0), 2);
    CHECK_EQUAL(write(out[1], "AB", 2), 2);
    CHECK_EQUAL(write(in[1], "CD", 2), 2);
    expect(out[0], "heAB", 4);
    expect(in[0], "lloCD", 5);
}

TEST(tee_leaves_what_it_copies)
{
    (void)make_content();
    make_pipes();
    CHECK_EQUAL(write(in[1], content, 10000), 10000);
    CHECK_EQUAL(tee(in[0], out[1], 5000, 0), 5000);
    CHECK_EQUAL(tee(in[0], out[1], ALL, 0), 10000);
    CHECK_EQUAL(read(out[0], seen, ALL), 15000);
    CHECK(memcmp(seen, content, 5000) == 0 && memcmp(seen + 5000, content, 10000) == 0);
    expect(in[0], content, 10000);
    CHECK_EQUAL(write(in[1], "x", 1), 1);
    CHECK_EQUAL(tee(in[0], out[1], 1, 0), 1);
    CHECK_EQUAL(write(in[1], "in", 2), 2);
    CHECK_EQUAL(write(out[1], "out", 3), 3);
    expect(in[0], "xin", 3);
    expect(out[0], "xout", 4);
}

TEST(packets_stay_packets_where_they_move)
{
    make_pipes();
    CHECK_OK(pipe2(in, O_DIRECT));
    CHECK_EQUAL(write(in[1], "abc", 3), 3);
    CHECK_EQUAL(write(in[1], "defg", 4), 4);
    CHECK_EQUAL(splice(in[0], NULL, out[1], NULL, 5, 0), 5);
    expect(out[0], "abc", 3);
    expect(out[0], "de", 2);
    expect(in[0], "fg", 2);
}

/* ---- user memory ------------------------------------------------------------------------------- */

TEST(vmsplice_gathers_into_a_pipe_and_scatters_out_of_it)
{
    char *pages = map_pages(4);
    struct iovec from[] = {{content + 1, 5000}, {content + 5001, 0}, {content + 5001, 100}};
    struct iovec to[] = {{pages, 1000}, {pages + 1000, 9000}};
    (void)make_content();
    make_pipes();
    CHECK_EQUAL(vmsplice(in[1], from, 3, 0), 5100);
    CHECK_EQUAL(vmsplice(in[0], to, 2, 0), 5100);
    CHECK(memcmp(pages, content + 1, 5100) == 0);
    CHECK_ERRNO(vmsplice(in[0], to, 2, SPLICE_F_NONBLOCK), EAGAIN);
    CHECK_OK(close(in[1]));
    CHECK_EQUAL(vmsplice(in[0], to, 2, 0), 0);
}

TEST(vmsplice_takes_a_page_for_each_part_of_one)
{
    char *pages = map_pages(32);
    struct iovec whole = {pages, 32 * PAGE}, odd = {pages + 100, 31 * PAGE};
    make_pipes();
    CHECK_EQUAL(vmsplice(in[1], &whole, 1, 0), PIPE_SIZE);
    CHECK_ERRNO(vmsplice(in[1], &whole, 1, SPLICE_F_NONBLOCK), EAGAIN);
    CHECK_EQUAL(vmsplice(out[1], &odd, 1, SPLICE_F_GIFT), PIPE_SIZE - 100);
}

TEST(vmsplice_stops_at_bad_memory)
{
    char *edge = edge_of_memory(PAGE);
    struct iovec half = {edge, 2 * PAGE}, bad = {unmapped_address(), 10},
                 kernel = {KERNEL_ADDRESS, 1};
    make_pipes();
    CHECK_EQUAL(vmsplice(in[1], &half, 1, 0), PAGE);
    CHECK_ERRNO(vmsplice(in[1], &bad, 1, 0), EFAULT);
    CHECK_ERRNO(vmsplice(in[1], &kernel, 1, 0), EFAULT);
    CHECK_ERRNO(vmsplice(in[0], &bad, 1, 0), EFAULT);
    CHECK_EQUAL(read(in[0], seen, ALL), PAGE);
}

/* ---- waiting ----------------------------------------------------------------------------------- */

TEST(splicing_waits_for_the_first_bytes)
{
    int fd = make_open_file("g");
    make_pipes();
    pid_t child = later_write(in[1]);
    CHECK_EQUAL(splice(in[0], NULL, fd, NULL, 10, 0), 4);
    CHECK_EXITED(child, 0);
    child = later_write(in[1]);
    CHECK_EQUAL(tee(in[0], out[1], 10, 0), 4);
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(splice(in[0], NULL, out[1], NULL, 10, 0), 4);
    expect(out[0], "latelate", 8);
}

TEST(a_pipe_that_does_not_wait_is_not_waited_for)
{
    make_pipes();
    set_nonblocking(in[0]);
    CHECK_ERRNO(splice(in[0], NULL, out[1], NULL, 1, 0), EAGAIN);
    CHECK_ERRNO(splice(in[0], NULL, make_open_file("g"), NULL, 1, 0), EAGAIN);
    CHECK_ERRNO(tee(in[0], out[1], 1, 0), EAGAIN);
    fill(in[1]);
    set_nonblocking(in[1]);
    CHECK_ERRNO(splice(make_content(), NULL, in[1], NULL, 1, 0), EAGAIN);
}

TEST(a_signal_ends_the_wait_or_restarts_it)
{
    int fd = make_content();
    make_pipes();
    catch (SIGUSR1, 0);
    pid_t child = later_signal();
    CHECK_ERRNO(splice(in[0], NULL, out[1], NULL, 1, 0), EINTR);
    CHECK_EXITED(child, 0);
    child = later_signal();
    CHECK_ERRNO(splice(in[0], NULL, fd, NULL, 1, 0), EINTR);
    CHECK_EXITED(child, 0);
    fill(out[1]);
    child = later_signal();
    CHECK_ERRNO(splice(fd, NULL, out[1], NULL, 1, 0), EINTR);
    CHECK_EXITED(child, 0);
    catch (SIGUSR1, SA_RESTART);
    pid_t writer = later_write(in[1]);
    child = later_signal();
    CHECK_EQUAL(splice(in[0], NULL, fd, NULL, 10, 0), 4);
    CHECK_EXITED(child, 0);
    CHECK_EXITED(writer, 0);
    CHECK_EQUAL(signals, 4);
}

TEST(a_pipe_without_readers_is_broken)
{
    struct iovec part = {seen, 10};
    make_pipes();
    CHECK_EQUAL(write(in[1], "abc", 3), 3);
    CHECK_OK(close(out[0]));
    catch (SIGPIPE, 0);
    CHECK_ERRNO(splice(make_content(), NULL, out[1], NULL, 1, 0), EPIPE);
    CHECK_ERRNO(splice(in[0], NULL, out[1], NULL, 1, 0), EPIPE);
    CHECK_ERRNO(tee(in[0], out[1], 1, 0), EPIPE);
    CHECK_ERRNO(vmsplice(out[1], &part, 1, 0), EPIPE);
    CHECK_EQUAL(signals, 4);
    expect(in[0], "abc", 3);
}

/* ---- many at once ------------------------------------------------------------------------------ */

/* Moves bytes from one pipe to the other until told to end. Each part of a page takes a page: few bytes never fill a pipe. */
static pid_t carry(int from, int to)
{
    pid_t child = CHECK_OK(fork());
    while (child == 0) {
        if (splice(from, NULL, to, NULL, 5, 0) < 0) {
            _exit(1);
        }
    }
    return child;
}

TEST(two_pipes_can_be_spliced_both_ways_at_once)
{
    char byte = 0;
    make_pipes();
    CHECK_EQUAL(write(in[1], seen, 12), 12);
    pid_t there = carry(in[0], out[1]), back = carry(out[0], in[1]), more = carry(in[0], out[1]);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQUAL(write(i % 2 ? in[1] : out[1], &byte, 1), 1);
        CHECK_EQUAL(read(i % 3 ? in[0] : out[0], &byte, 1), 1);
    }
    CHECK_OK(kill(there, SIGKILL));
    CHECK_OK(kill(back, SIGKILL));
    CHECK_OK(kill(more, SIGKILL));
    CHECK_KILLED(there, SIGKILL);
    CHECK_KILLED(back, SIGKILL);
    CHECK_KILLED(more, SIGKILL);
    set_nonblocking(in[0]);
    set_nonblocking(out[0]);
    ssize_t left = read(in[0], seen, ALL), right = read(out[0], seen, ALL);
    CHECK_EQUAL((left > 0 ? left : 0) + (right > 0 ? right : 0), 12);
}

TEST(every_byte_goes_to_one_taker)
{
    enum { TOTAL = 600000 };
    int fds[] = {make_open_file("g"), make_open_file("h")};
    pid_t takers[2];
    size_t sum = 0;
    make_pipes();
    for (int i = 0; i < 2; i++) {
        takers[i] = CHECK_OK(fork());
        if (takers[i] == 0) {
            CHECK_OK(close(in[1]));
            while (CHECK_OK(splice(in[0], NULL, fds[i], NULL, 3000, 0)) > 0) {}
            _exit(0);
        }
    }
    for (size_t sent = 0; sent < TOTAL;) {
        sent += (size_t)CHECK_OK(write(in[1], seen, 3000));
    }
    CHECK_OK(close(in[1]));
    for (int i = 0; i < 2; i++) {
        CHECK_EXITED(takers[i], 0);
        sum += (size_t)CHECK_OK(lseek(fds[i], 0, SEEK_END));
    }
    CHECK_EQUAL(sum, TOTAL);
}
