/*
 * Pipes and FIFOs, the middle layer of open files, and poll over them.
 *
 * host-sources: memory/fail_nth.c
 * host-sources: file/file_lock.c file/file_lock_record.c
 * host-sources: file/open_file.c file/transfer.c file/pipe.c file/pipe_transfer.c file/poll.c
 * host-sources: memory/io_iter.c scheduler/wait_queue.c scheduler/mutex.c scheduler/sleep.c
 * host-sources: scheduler/credentials.c sync/spinlock.c sync/preempt.c sync/percpu.c
 * host-sources: sync/lock_debug.c sync/lock_graph.c
 */
#include "support.h"

#include "fake_floor.h"
#include "file/pipe.h"
#include "lib/errno.h"
#include "scheduler/rcu.h"
#include "uapi/poll.h"
#include "uapi/stat.h"
#include "uapi/termios.h"

enum { DEFAULT_BYTES = 65536 };

static struct open_file *ends[2];
static char pattern[1 << 20];
static char buffer[1 << 20];

/* Nobody reads beside: the grace period is over at once. */
void rcu_defer(struct rcu_head *head, void (*run)(struct rcu_head *head))
{
    run(head);
}

static int prepare(void **state)
{
    fake_floor_start();
    file_init();
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = (char)(i * 31 + i / 251);
    }
    assert_int_equal(pipe_create(0, &credentials_root, ends), 0);
    return 0;
}

static void close_end(size_t index)
{
    open_file_put(ends[index]);
    ends[index] = NULL;
}

static int finish(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        if (ends[i] != NULL) {
            close_end(i);
        }
    }
    assert_int_equal(live_objects, 0);
    return 0;
}

static ssize_t put(struct open_file *file, const char *bytes, size_t count)
{
    struct io_iter iter;
    io_iter_init_kernel(&iter, (void *)(uintptr_t)bytes, count);
    return file_write(file, &iter);
}

static ssize_t take(struct open_file *file, size_t count)
{
    struct io_iter iter;
    memset(buffer, 0, count);
    io_iter_init_kernel(&iter, buffer, count);
    return file_read(file, &iter);
}

static void set_nonblocking(struct open_file *file)
{
    assert_int_equal(file_set_flags(file, O_NONBLOCK), 0);
}

static void small_writes_are_read_together(void **state)
{
    assert_int_equal(put(ends[1], "abc", 3), 3);
    assert_int_equal(put(ends[1], "defg", 4), 4);
    int count;
    const struct ioctl_row *row = file_ioctl_find(ends[0], FIONREAD);
    assert_int_equal(row->handler(ends[0], &count, 0), 0);
    assert_int_equal(count, 7);
    assert_int_equal(take(ends[0], 100), 7);
    assert_string_equal(buffer, "abcdefg");
    assert_null(file_ioctl_find(ends[0], TCGETS));
}

static void ends_have_one_direction(void **state)
{
    assert_int_equal(put(ends[0], "x", 1), -EBADF);
    assert_int_equal(take(ends[1], 1), -EBADF);
    assert_int_equal(file_seek(ends[0], 0, SEEK_CUR), -ESPIPE);
    struct io_iter iter;
    io_iter_init_kernel(&iter, buffer, 1);
    assert_int_equal(file_read_at(ends[0], &iter, 0), -ESPIPE);
}

static void closing_ends_the_other_side(void **state)
{
    assert_int_equal(put(ends[1], "last", 4), 4);
    close_end(1);
    assert_int_equal(file_poll(ends[0], NULL), POLLIN | POLLRDNORM | POLLHUP);
    assert_int_equal(take(ends[0], 100), 4);
    assert_int_equal(take(ends[0], 100), 0);
    assert_int_equal(file_poll(ends[0], NULL), POLLHUP);
}

static void writing_without_a_reader_fails(void **state)
{
    close_end(0);
    assert_int_equal(put(ends[1], "x", 1), -EPIPE);
    assert_int_equal(file_poll(ends[1], NULL), POLLOUT | POLLWRNORM | POLLERR);
}

static void a_full_pipe_takes_no_more(void **state)
{
    set_nonblocking(ends[1]);
    set_nonblocking(ends[0]);
    assert_int_equal(take(ends[0], 1), -EAGAIN);
    assert_int_equal(put(ends[1], pattern, 100000), DEFAULT_BYTES);
    assert_int_equal(put(ends[1], "x", 1), -EAGAIN);
    assert_int_equal(file_poll(ends[1], NULL), 0);
    assert_int_equal(take(ends[0], 4095), 4095);
    assert_int_equal(file_poll(ends[1], NULL), 0); /* no page is free yet */
    assert_int_equal(take(ends[0], 1), 1);
    assert_int_equal(file_poll(ends[1], NULL), POLLOUT | POLLWRNORM);
    assert_int_equal(take(ends[0], 100000), DEFAULT_BYTES - 4096);
    assert_memory_equal(buffer, pattern + 4096, DEFAULT_BYTES - 4096);
}

static void small_writes_are_whole_or_not_at_all(void **state)
{
    set_nonblocking(ends[1]);
    size_t total = 0;
    ssize_t count;
    while ((count = put(ends[1], pattern, 3000)) > 0) {
        assert_int_equal(count, 3000);
        total += 3000;
    }
    assert_int_equal(count, -EAGAIN);
    assert_true(total >= 16 * 3000);
}

static void read_everything(void)
{
    struct io_iter iter;
    static size_t got;
    got = sleeps == 1 ? 0 : got;
    io_iter_init_kernel(&iter, buffer + got, 20000);
    ssize_t count = file_read(ends[0], &iter);
    assert_true(count > 0);
    got += (size_t)count;
}

static void a_long_write_waits_for_the_reader(void **state)
{
    on_sleep = read_everything;
    assert_int_equal(put(ends[1], pattern, 300000), 300000);
    on_sleep = NULL;
    assert_true(sleeps > 3);
    size_t read_before = 0;
    while (read_before < 300000 && buffer[read_before] == pattern[read_before]) {
        read_before++;
    }
    ssize_t rest = take(ends[0], sizeof(buffer));
    assert_memory_equal(buffer, pattern + 300000 - rest, (size_t)rest);
    assert_true(read_before >= 300000 - (size_t)rest);
}

static void a_signal_ends_a_wait(void **state)
{
    assert_int_equal(take(ends[0], 1), -ERESTARTSYS);
    test_thread.arch.work = 0;
    assert_int_equal(put(ends[1], pattern, 100000), DEFAULT_BYTES); /* what was written counts */
    test_thread.arch.work = 0;
    assert_int_equal(put(ends[1], pattern, 1), -ERESTARTSYS);
}

static void close_the_writer(void)
{
    close_end(1);
}

static void a_reader_sees_the_writer_go(void **state)
{
    on_sleep = close_the_writer;
    assert_int_equal(take(ends[0], 1), 0);
    assert_int_equal(sleeps, 1);
}

static void bad_user_memory_is_a_fault(void **state)
{
    struct io_iter iter;
    assert_int_equal(put(ends[1], "abc", 3), 3);
    io_iter_init_user(&iter, (void *)16, 10);
    assert_int_equal(file_read(ends[0], &iter), -EFAULT);
    io_iter_init_user(&iter, (void *)16, 10);
    assert_int_equal(file_write(ends[1], &iter), -EFAULT);
    io_iter_init_user(&iter, (void *)16, 5000);
    assert_int_equal(file_write(ends[1], &iter), -EFAULT);
    assert_int_equal(take(ends[0], 10), 3);
    assert_string_equal(buffer, "abc");
}

static void the_size_can_be_changed(void **state)
{
    struct pipe *pipe = pipe_from_file(ends[0]);
    assert_int_equal(pipe_get_size(pipe), DEFAULT_BYTES);
    assert_int_equal(put(ends[1], pattern, 60000), 60000);
    assert_int_equal(take(ends[0], 20000), 20000);
    assert_int_equal(pipe_set_size(pipe, 4096, false), -EBUSY);
    assert_int_equal(pipe_set_size(pipe, 100000, false), 131072);
    assert_int_equal(put(ends[1], pattern, 60000), 60000);
    assert_int_equal(take(ends[0], sizeof(buffer)), 100000);
    assert_memory_equal(buffer, pattern + 20000, 40000);
    assert_memory_equal(buffer + 40000, pattern, 60000);
    assert_int_equal(pipe_set_size(pipe, 1, false), 4096);
    assert_int_equal(pipe_set_size(pipe, (1 << 20) + 1, false), -EPERM);
    assert_int_equal(pipe_set_size(pipe, (1 << 20) + 1, true), 1 << 21);
}

static void status_says_fifo(void **state)
{
    struct uapi_stat status;
    assert_int_equal(ends[0]->ops->get_status(ends[0], &status), 0);
    assert_true(S_ISFIFO(status.st_mode));
    assert_int_equal(status.st_blksize, 4096);
}

static void out_of_memory_leaves_nothing(void **state)
{
    struct open_file *more[2];
    memory_is_out = true;
    assert_int_equal(pipe_create(0, &credentials_root, more), -ENOMEM);
    assert_int_equal(put(ends[1], "x", 1), -ENOMEM);
    memory_is_out = false;
}

static void packets_are_read_one_by_one(void **state)
{
    struct open_file *packets[2];
    assert_int_equal(pipe_create(O_DIRECT, &credentials_root, packets), 0);
    assert_int_equal(put(packets[1], "first", 5), 5);
    assert_int_equal(put(packets[1], "second", 6), 6);
    assert_int_equal(take(packets[0], 3), 3); /* the rest of a packet is lost */
    assert_memory_equal(buffer, "fir", 3);
    assert_int_equal(take(packets[0], 100), 6);
    assert_memory_equal(buffer, "second", 6);
    open_file_put(packets[0]);
    open_file_put(packets[1]);
}

/* --- FIFOs --- */

static struct pipe *fifo;
static struct open_file *fifo_partner;

static struct open_file *fifo_file(unsigned flags)
{
    static const struct file_ops none = {.name = "none"};
    return open_file_create(&none, flags, NULL, &credentials_root, NULL);
}

static void open_partner(void)
{
    if (fifo_partner == NULL) {
        fifo_partner = fifo_file(O_WRONLY);
        assert_int_equal(pipe_open_fifo(fifo, fifo_partner), 0);
    }
}

static void fifo_opens_meet(void **state)
{
    fifo = pipe_object_create();
    fifo_partner = NULL;
    struct open_file *writer = fifo_file(O_WRONLY | O_NONBLOCK);
    assert_int_equal(pipe_open_fifo(fifo, writer), -ENXIO);
    open_file_put(writer);

    struct open_file *reader = fifo_file(O_RDONLY);
    assert_int_equal(pipe_open_fifo(fifo, reader), -ERESTARTSYS);
    test_thread.arch.work = 0;
    on_sleep = open_partner;
    assert_int_equal(pipe_open_fifo(fifo, reader), 0);
    assert_int_equal(put(fifo_partner, "hi", 2), 2);
    assert_int_equal(take(reader, 10), 2);
    open_file_put(reader);
    open_file_put(fifo_partner);
    pipe_object_put(fifo);
}

static struct open_file *fifo_reader;

/* Opens, writes and goes away before the reader, which waits in its open, runs again. */
static void visit_fifo(void)
{
    fifo_partner = fifo_file(O_WRONLY);
    assert_int_equal(pipe_open_fifo(fifo, fifo_partner), 0);
    assert_int_equal(put(fifo_partner, "hello", 5), 5);
    open_file_put(fifo_partner);
}

static void take_from_fifo(void)
{
    if (fifo_reader == NULL) {
        fifo_reader = fifo_file(O_RDONLY);
        assert_int_equal(pipe_open_fifo(fifo, fifo_reader), 0);
        open_file_put(fifo_reader);
    }
}

static void a_short_visit_ends_a_fifo_open(void **state)
{
    fifo = pipe_object_create();
    struct open_file *reader = fifo_file(O_RDONLY);
    on_sleep = visit_fifo;
    assert_int_equal(pipe_open_fifo(fifo, reader), 0);
    assert_int_equal(sleeps, 1);
    assert_int_equal(take(reader, 10), 5);
    assert_int_equal(take(reader, 10), 0);
    open_file_put(reader);

    struct open_file *writer = fifo_file(O_WRONLY);
    fifo_reader = NULL;
    on_sleep = take_from_fifo;
    assert_int_equal(pipe_open_fifo(fifo, writer), 0);
    assert_int_equal(put(writer, "x", 1), -EPIPE);
    open_file_put(writer);
    pipe_object_put(fifo);
}

static void an_early_fifo_reader_sees_no_hang_up(void **state)
{
    fifo = pipe_object_create();
    struct open_file *reader = fifo_file(O_RDONLY | O_NONBLOCK);
    assert_int_equal(pipe_open_fifo(fifo, reader), 0);
    assert_int_equal(file_poll(reader, NULL), 0);
    struct open_file *writer = fifo_file(O_WRONLY | O_NONBLOCK);
    assert_int_equal(pipe_open_fifo(fifo, writer), 0);
    assert_int_equal(put(writer, "x", 1), 1);
    open_file_put(writer);
    assert_int_equal(file_poll(reader, NULL), POLLIN | POLLRDNORM | POLLHUP);
    open_file_put(reader);
    /* What was left went with the last end. */
    struct open_file *both = fifo_file(O_RDWR | O_NONBLOCK);
    assert_int_equal(pipe_open_fifo(fifo, both), 0);
    assert_int_equal(take(both, 1), -EAGAIN);
    open_file_put(both);
    pipe_object_put(fifo);
}

/* --- poll --- */

static void write_one_byte(void)
{
    assert_int_equal(put(ends[1], "x", 1), 1);
}

static void poll_wakes_for_the_event_that_was_asked(void **state)
{
    struct poll_entry entries[] = {
        {.file = ends[1], .events = POLLIN}, {.file = NULL}, {.file = ends[0], .events = POLLIN}};
    assert_int_equal(poll_entries(entries, 3, 0), 0);
    assert_int_equal(sleeps, 0);
    on_sleep = write_one_byte;
    assert_int_equal(poll_entries(entries, 3, UINT64_MAX), 1);
    assert_int_equal(sleeps, 1);
    assert_int_equal(entries[2].result, POLLIN);
    assert_int_equal(entries[0].result, 0);
}

static void poll_ends_at_the_deadline_or_a_signal(void **state)
{
    struct poll_entry entry = {.file = ends[0], .events = POLLIN};
    assert_int_equal(poll_entries(&entry, 1, test_now_ns + 5000), 0);
    assert_int_equal(test_now_ns, 6000);
    assert_int_equal(poll_entries(&entry, 1, UINT64_MAX), -ERESTARTNOHAND);
}

static void poll_of_many_files_uses_the_heap(void **state)
{
    struct poll_entry entries[100];
    for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
        entries[i] = (struct poll_entry){.file = ends[0], .events = POLLIN};
    }
    on_sleep = write_one_byte;
    assert_int_equal(poll_entries(entries, ARRAY_SIZE(entries), UINT64_MAX), 100);
    assert_int_equal(take(ends[0], 10), 1);
    memory_is_out = true;
    assert_int_equal(poll_entries(entries, ARRAY_SIZE(entries), UINT64_MAX), -ENOMEM);
    memory_is_out = false;
}

/* --- positions and sendfile --- */

static ssize_t pattern_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    size_t size = 100000;
    size_t count = *position >= size ? 0 : MIN(size - *position, io_iter_remaining(iter));
    count = io_iter_write(iter, pattern + *position, count);
    *position += count;
    return (ssize_t)count;
}

static int pattern_status(struct open_file *file, struct uapi_stat *status)
{
    *status = (struct uapi_stat){.st_size = 100000};
    return 0;
}

static const struct file_ops pattern_ops = {
    .name = "pattern", .read = pattern_read, .get_status = pattern_status};

static void positions_move_and_seek(void **state)
{
    struct open_file *file = open_file_create(&pattern_ops, O_RDWR, NULL, &credentials_root, NULL);
    assert_int_equal(take(file, 10), 10);
    assert_int_equal(file_seek(file, 0, SEEK_CUR), 10);
    assert_int_equal(file_seek(file, -1, SEEK_SET), -EINVAL);
    assert_int_equal(file_seek(file, 5, SEEK_END), 100005);
    assert_int_equal(take(file, 10), 0);
    assert_int_equal(file_seek(file, 50, SEEK_DATA), 50);
    assert_int_equal(file_seek(file, 50, SEEK_HOLE), 100000);
    assert_int_equal(file_seek(file, 100000, SEEK_DATA), -ENXIO);
    assert_int_equal(file_seek(file, 0, 9), -EINVAL);
    assert_int_equal(file_seek(file, INT64_MAX, SEEK_END), -EOVERFLOW);
    assert_int_equal(put(file, "x", 1), -EINVAL);
    assert_int_equal(file_read_kernel(file, buffer, 200000, 90000), 10000);
    open_file_put(file);
}

static void sendfile_feeds_a_pipe(void **state)
{
    struct open_file *file =
        open_file_create(&pattern_ops, O_RDONLY, NULL, &credentials_root, NULL);
    set_nonblocking(ends[1]);
    assert_int_equal(file_transfer(ends[1], NULL, file, NULL, 1000000, NULL), DEFAULT_BYTES);
    assert_int_equal(file->position, DEFAULT_BYTES);
    assert_int_equal(take(ends[0], sizeof(buffer)), DEFAULT_BYTES);
    assert_memory_equal(buffer, pattern, DEFAULT_BYTES);
    uint64_t position = 99999;
    assert_int_equal(file_transfer(ends[1], NULL, file, &position, 10, NULL), 1);
    assert_int_equal(position, 100000);
    assert_int_equal(file_transfer(ends[1], NULL, ends[0], NULL, 10, NULL), -EINVAL);
    assert_int_equal(file_transfer(ends[1], NULL, ends[0], &position, 10, NULL), -ESPIPE);
    assert_int_equal(file_transfer(ends[0], NULL, file, NULL, 10, NULL), -EBADF);
    open_file_put(file);
}

#define PIPE_TEST(name) cmocka_unit_test_setup_teardown(name, prepare, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PIPE_TEST(small_writes_are_read_together),
        PIPE_TEST(ends_have_one_direction),
        PIPE_TEST(closing_ends_the_other_side),
        PIPE_TEST(writing_without_a_reader_fails),
        PIPE_TEST(a_full_pipe_takes_no_more),
        PIPE_TEST(small_writes_are_whole_or_not_at_all),
        PIPE_TEST(a_long_write_waits_for_the_reader),
        PIPE_TEST(a_signal_ends_a_wait),
        PIPE_TEST(a_reader_sees_the_writer_go),
        PIPE_TEST(bad_user_memory_is_a_fault),
        PIPE_TEST(the_size_can_be_changed),
        PIPE_TEST(status_says_fifo),
        PIPE_TEST(out_of_memory_leaves_nothing),
        PIPE_TEST(packets_are_read_one_by_one),
        PIPE_TEST(fifo_opens_meet),
        PIPE_TEST(a_short_visit_ends_a_fifo_open),
        PIPE_TEST(an_early_fifo_reader_sees_no_hang_up),
        PIPE_TEST(poll_wakes_for_the_event_that_was_asked),
        PIPE_TEST(poll_ends_at_the_deadline_or_a_signal),
        PIPE_TEST(poll_of_many_files_uses_the_heap),
        PIPE_TEST(positions_move_and_seek),
        PIPE_TEST(sendfile_feeds_a_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
