/*
 * System V message queues: queues by key and id, messages by type, waiting, removal, rights, limits, and what is told of them.
 */
#include "check.h"
#include "sysv.h"

#include <sys/ipc.h>
#include <sys/msg.h>

#define COPY             040000
#define STAT_BY_ANYBODY  13
#define LARGEST          8192
#define BYTES_OF_A_QUEUE 16384

struct message {
    long type;
    char text[LARGEST];
};

static int queue;

static int make_queue(void)
{
    queue = CHECK_OK(msgget(IPC_PRIVATE, 0600));
    return queue;
}

static void remove_queue(int id)
{
    CHECK_OK(msgctl(id, IPC_RMID, NULL));
}

static struct msqid_ds status_of(int id)
{
    struct msqid_ds status;
    CHECK_OK(msgctl(id, IPC_STAT, &status));
    return status;
}

static int put(long type, const char *text, int flags)
{
    struct message message = {.type = type};
    strcpy(message.text, text);
    return msgsnd(queue, &message, strlen(text) + 1, flags);
}

static int put_bytes(size_t bytes, int flags)
{
    static struct message message = {.type = 1};
    return msgsnd(queue, &message, bytes, flags);
}

/* Takes a message of that kind, which must be this one. */
static void take(long type, int flags, long found_type, const char *text)
{
    struct message message;
    CHECK_EQUAL(msgrcv(queue, &message, sizeof(message.text), type, flags | IPC_NOWAIT),
                strlen(text) + 1);
    CHECK_EQUAL(message.type, found_type);
    CHECK_TEXT(message.text, text);
}

static void take_nothing(long type, int flags)
{
    struct message message;
    CHECK_ERRNO(msgrcv(queue, &message, sizeof(message.text), type, flags | IPC_NOWAIT), ENOMSG);
}

static void ignore_signal(int signal)
{
    (void)signal;
}

TEST(a_key_leads_to_one_queue)
{
    key_t key = own_key(21);
    CHECK_ERRNO(msgget(key, 0600), ENOENT);
    int id = CHECK_OK(msgget(key, IPC_CREAT | 0640));
    CHECK_EQUAL(msgget(key, 0), id);
    CHECK_EQUAL(msgget(key, IPC_CREAT), id);
    CHECK_ERRNO(msgget(key, IPC_CREAT | IPC_EXCL), EEXIST);
    struct msqid_ds status = status_of(id);
    CHECK_EQUAL(status.msg_perm.mode, 0640);
    CHECK_EQUAL(status.msg_perm.__ipc_perm_key, key);
    CHECK_EQUAL(status.msg_qbytes, BYTES_OF_A_QUEUE);
    CHECK_EQUAL(status.msg_qnum, 0);
    CHECK_EQUAL(status.msg_stime, 0);
    CHECK_EQUAL(status.msg_rtime, 0);
    CHECK_EQUAL(status.msg_lspid, 0);
    CHECK_EQUAL(status.msg_lrpid, 0);
    CHECK(status.msg_ctime >= time(NULL) - 2);
    remove_queue(id);
    CHECK_ERRNO(msgctl(id, IPC_STAT, &status), EINVAL);
}

TEST(messages_come_in_order_or_by_type)
{
    make_queue();
    CHECK_OK(put(3, "three", 0));
    CHECK_OK(put(1, "one", 0));
    CHECK_OK(put(2, "two", 0));
    CHECK_OK(put(1, "one again", 0));
    struct msqid_ds status = status_of(queue);
    CHECK_EQUAL(status.msg_qnum, 4);
    CHECK_EQUAL(status.__msg_cbytes, 6 + 4 + 4 + 10);
    CHECK_EQUAL(status.msg_lspid, getpid());
    CHECK(status.msg_stime != 0);
    take_nothing(4, 0);
    take(-2, 0, 1, "one");
    take(3, MSG_EXCEPT, 2, "two");
    take(0, 0, 3, "three");
    take_nothing(1, MSG_EXCEPT);
    take(-7, 0, 1, "one again");
    take_nothing(0, 0);
    CHECK_EQUAL(status_of(queue).msg_lrpid, getpid());
    CHECK_EQUAL(status_of(queue).__msg_cbytes, 0);
    CHECK_OK(put(LONG_MAX, "far", 0));
    take(LONG_MIN, 0, LONG_MAX, "far");
    remove_queue(queue);
}

TEST(a_long_message_is_refused_or_cut)
{
    struct message message;
    make_queue();
    CHECK_OK(put(1, "twelve bytes", 0));
    CHECK_ERRNO(msgrcv(queue, &message, 4, 0, 0), E2BIG);
    CHECK_EQUAL(status_of(queue).msg_qnum, 1);
    memset(&message, 'x', sizeof(message));
    CHECK_EQUAL(msgrcv(queue, &message, 4, 0, MSG_NOERROR), 4);
    CHECK(memcmp(message.text, "twelx", 5) == 0);
    take_nothing(0, 0);
    CHECK_OK(put_bytes(0, 0));
    CHECK_EQUAL(msgrcv(queue, &message, 0, 0, 0), 0);
    remove_queue(queue);
}

TEST(messages_can_be_looked_at)
{
    struct message message;
    make_queue();
    CHECK_OK(put(5, "first", 0));
    CHECK_OK(put(6, "second", 0));
    CHECK_EQUAL(msgrcv(queue, &message, LARGEST, 1, COPY | IPC_NOWAIT), 7);
    CHECK_EQUAL(message.type, 6);
    CHECK_TEXT(message.text, "second");
    CHECK_ERRNO(msgrcv(queue, &message, 3, 0, COPY | IPC_NOWAIT | MSG_NOERROR), EINVAL);
    CHECK_ERRNO(msgrcv(queue, &message, 3, 0, COPY | IPC_NOWAIT), E2BIG);
    CHECK_ERRNO(msgrcv(queue, &message, LARGEST, 2, COPY | IPC_NOWAIT), ENOMSG);
    CHECK_ERRNO(msgrcv(queue, &message, LARGEST, 0, COPY), EINVAL);
    CHECK_ERRNO(msgrcv(queue, &message, LARGEST, 0, COPY | IPC_NOWAIT | MSG_EXCEPT), EINVAL);
    struct msqid_ds status = status_of(queue);
    CHECK_EQUAL(status.msg_qnum, 2);
    CHECK_EQUAL(status.msg_rtime, 0);
    remove_queue(queue);
}

static pid_t start_receiver(long type, size_t bytes, int flags, const char *text)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        struct message message;
        ssize_t length = msgrcv(queue, &message, bytes, type, flags);
        if (length < 0) {
            _exit(errno);
        }
        CHECK_TEXT(message.text, text);
        _exit(0);
    }
    wait_until_asleep(child);
    return child;
}

TEST(a_receiver_waits_for_its_message)
{
    make_queue();
    pid_t one = start_receiver(1, LARGEST, 0, "for one");
    pid_t other = start_receiver(1, LARGEST, MSG_EXCEPT, "for the other");
    CHECK_OK(put(2, "for the other", 0));
    CHECK_EXITED(other, 0);
    CHECK_EQUAL(status_of(queue).msg_lrpid, other);
    CHECK_OK(put(1, "for one", 0));
    CHECK_EXITED(one, 0);
    CHECK_EQUAL(status_of(queue).msg_qnum, 0);
    remove_queue(queue);
}

TEST(the_first_receiver_is_served_first)
{
    make_queue();
    pid_t first = start_receiver(0, LARGEST, 0, "1");
    pid_t second = start_receiver(0, LARGEST, 0, "2");
    CHECK_OK(put(1, "1", 0));
    CHECK_OK(put(1, "2", 0));
    CHECK_EXITED(first, 0);
    CHECK_EXITED(second, 0);
    remove_queue(queue);
}

TEST(a_receiver_with_little_room_is_told)
{
    make_queue();
    pid_t small = start_receiver(0, 2, 0, "");
    pid_t large = start_receiver(0, LARGEST, 0, "large");
    CHECK_OK(put(1, "large", 0));
    CHECK_EXITED(small, E2BIG);
    CHECK_EXITED(large, 0);
    remove_queue(queue);
}

static pid_t start_sender(size_t bytes)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        _exit(put_bytes(bytes, 0) == 0 ? 0 : errno);
    }
    wait_until_asleep(child);
    return child;
}

TEST(a_sender_waits_for_room)
{
    struct message message;
    make_queue();
    CHECK_OK(put_bytes(LARGEST, 0));
    CHECK_OK(put_bytes(LARGEST - 10, 0));
    CHECK_OK(put_bytes(10, IPC_NOWAIT));
    CHECK_ERRNO(put_bytes(1, IPC_NOWAIT), EAGAIN);
    CHECK_OK(put_bytes(0, IPC_NOWAIT));
    pid_t large = start_sender(LARGEST);
    CHECK_EQUAL(msgrcv(queue, &message, LARGEST, 0, 0), LARGEST);
    CHECK_EXITED(large, 0);
    pid_t small = start_sender(5);
    CHECK_EQUAL(msgrcv(queue, &message, LARGEST, 0, 0), LARGEST - 10);
    CHECK_EXITED(small, 0);
    CHECK_EQUAL(status_of(queue).__msg_cbytes, LARGEST + 5 + 10);
    remove_queue(queue);
}

TEST(empty_messages_are_counted_as_a_byte)
{
    struct msqid_ds status;
    make_queue();
    status = status_of(queue);
    status.msg_qbytes = 3;
    CHECK_OK(msgctl(queue, IPC_SET, &status));
    for (int i = 0; i < 3; i++) {
        CHECK_OK(put_bytes(0, IPC_NOWAIT));
    }
    CHECK_ERRNO(put_bytes(0, IPC_NOWAIT), EAGAIN);
    pid_t sender = start_sender(0);
    status.msg_qbytes = 4;
    CHECK_OK(msgctl(queue, IPC_SET, &status));
    CHECK_EXITED(sender, 0);
    CHECK_EQUAL(status_of(queue).msg_qnum, 4);
    remove_queue(queue);
}

TEST(removal_wakes_those_who_wait)
{
    make_queue();
    pid_t receiver = start_receiver(0, LARGEST, 0, "");
    remove_queue(queue);
    CHECK_EXITED(receiver, EIDRM);
    make_queue();
    CHECK_OK(put_bytes(LARGEST, 0));
    CHECK_OK(put_bytes(LARGEST, 0));
    pid_t sender = start_sender(1);
    pid_t picky = start_receiver(9, LARGEST, 0, "");
    remove_queue(queue);
    CHECK_EXITED(sender, EIDRM);
    CHECK_EXITED(picky, EIDRM);
}

TEST(a_handler_ends_a_wait_for_good)
{
    struct message message;
    make_queue();
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        struct sigaction action = {.sa_handler = ignore_signal, .sa_flags = SA_RESTART};
        CHECK_OK(sigaction(SIGUSR1, &action, NULL));
        CHECK_ERRNO(msgrcv(queue, &message, LARGEST, 0, 0), EINTR);
        CHECK_OK(put_bytes(LARGEST, 0));
        CHECK_OK(put_bytes(LARGEST, 0));
        CHECK_ERRNO(put_bytes(1, 0), EINTR);
        _exit(0);
    }
    wait_until_asleep(child);
    CHECK_OK(kill(child, SIGUSR1));
    while (status_of(queue).msg_qnum != 2) {
        sleep_ms(2);
    }
    wait_until_asleep(child);
    CHECK_OK(kill(child, SIGUSR1));
    CHECK_EXITED(child, 0);
    remove_queue(queue);
}

static void user_without_rights(void)
{
    struct message message;
    struct msqid_ds status;
    become_user(NOBODY);
    CHECK_EQUAL(msgrcv(queue, &message, LARGEST, 0, 0), 4);
    CHECK_ERRNO(put(1, "x", 0), EACCES);
    CHECK_ERRNO(msgctl(queue, IPC_RMID, NULL), EPERM);
    status = status_of(queue);
    CHECK_ERRNO(msgctl(queue, IPC_SET, &status), EPERM);
    CHECK_ERRNO(msgget(own_key(22), 0600), EACCES);
    CHECK_EQUAL(msgget(own_key(22), 0400), queue);
    CHECK_ERRNO(msgrcv(queue, &message, LARGEST, 0, 0), EACCES);
}

TEST(others_have_what_the_mode_gives)
{
    queue = CHECK_OK(msgget(own_key(22), IPC_CREAT | 0644));
    CHECK_OK(put(1, "for", 0));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        user_without_rights();
        _exit(0);
    }
    while (status_of(queue).msg_qnum != 0) {
        sleep_ms(2);
    }
    wait_until_asleep(child);
    struct msqid_ds status = status_of(queue);
    status.msg_perm.mode = 0600;
    CHECK_OK(msgctl(queue, IPC_SET, &status));
    CHECK_EXITED(child, 0);
    child = CHECK_OK(fork());
    if (child == 0) {
        become_user(NOBODY);
        CHECK_ERRNO(msgctl(queue % 32768, MSG_STAT, &status), EACCES);
        CHECK_EQUAL(msgctl(queue % 32768, STAT_BY_ANYBODY, &status), queue);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    remove_queue(queue);
}

TEST(only_the_privileged_make_a_queue_large)
{
    make_queue();
    struct msqid_ds status = status_of(queue);
    status.msg_qbytes = 100000;
    CHECK_OK(msgctl(queue, IPC_SET, &status));
    status.msg_perm.uid = NOBODY;
    CHECK_OK(msgctl(queue, IPC_SET, &status));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        become_user(NOBODY);
        status.msg_qbytes = 16385;
        CHECK_ERRNO(msgctl(queue, IPC_SET, &status), EPERM);
        status.msg_qbytes = 16384;
        CHECK_OK(msgctl(queue, IPC_SET, &status));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    remove_queue(queue);
}

TEST(wrong_arguments_are_refused_in_linuxs_order)
{
    struct message message = {.type = 1};
    struct msqid_ds status;
    make_queue();
    CHECK_ERRNO(msgsnd(queue, &message, LARGEST + 1, 0), EINVAL);
    CHECK_ERRNO(msgsnd(queue, &message, (size_t)-1, 0), EINVAL);
    CHECK_ERRNO(msgsnd(queue, (void *)1, LARGEST + 1, 0), EFAULT);
    CHECK_ERRNO(msgsnd(-1, &message, 1, 0), EINVAL);
    CHECK_ERRNO(msgsnd(queue + 1, &message, 1, 0), EINVAL);
    message.type = 0;
    CHECK_ERRNO(msgsnd(queue, &message, 1, 0), EINVAL);
    long *edge = edge_of_memory(sizeof(long));
    *edge = 1;
    CHECK_ERRNO(msgsnd(queue + 1, edge, 1, 0), EFAULT);
    CHECK_OK(msgsnd(queue, edge, 0, 0));
    CHECK_EQUAL(msgrcv(queue, edge, 5, 0, 0), 0);
    CHECK_ERRNO(msgrcv(queue, &message, (size_t)-1, 0, IPC_NOWAIT), EINVAL);
    CHECK_ERRNO(msgrcv(-1, &message, 1, 0, IPC_NOWAIT), EINVAL);
    CHECK_ERRNO(msgrcv(queue + 1, &message, 1, 0, IPC_NOWAIT), EINVAL);
    CHECK_OK(put(1, "lost", 0));
    CHECK_ERRNO(msgrcv(queue, (void *)1, 9, 0, 0), EFAULT);
    take_nothing(0, 0);
    CHECK_ERRNO(msgctl(-1, IPC_STAT, &status), EINVAL);
    CHECK_ERRNO(msgctl(queue, 99, &status), EINVAL);
    CHECK_ERRNO(msgctl(queue, IPC_STAT, (void *)1), EFAULT);
    CHECK_ERRNO(msgctl(queue + 1, IPC_SET, (void *)1), EFAULT);
    CHECK_ERRNO(msgctl(0, MSG_INFO, (void *)1), EFAULT);
    remove_queue(queue);
}

TEST(the_whole_is_told)
{
    struct msginfo before, after, limits;
    CHECK_OK(msgctl(0, MSG_INFO, (void *)&before));
    make_queue();
    CHECK_OK(put(1, "seven..", 0));
    int highest = CHECK_OK(msgctl(0, MSG_INFO, (void *)&after));
    CHECK_EQUAL(after.msgpool, before.msgpool + 1);
    CHECK_EQUAL(after.msgmap, before.msgmap + 1);
    CHECK_EQUAL(after.msgtql, before.msgtql + 8);
    CHECK_EQUAL(msgctl(0, IPC_INFO, (void *)&limits), highest);
    CHECK_EQUAL(limits.msgpool, 512000);
    CHECK_EQUAL(limits.msgmap, 16384);
    CHECK_EQUAL(limits.msgmax, 8192);
    CHECK_EQUAL(limits.msgmnb, 16384);
    CHECK_EQUAL(limits.msgmni, 32000);
    CHECK_EQUAL(limits.msgssz, 16);
    CHECK_EQUAL(limits.msgtql, 16384);
    CHECK_EQUAL(limits.msgseg, 0xffff);
    remove_queue(queue);
}

TEST(proc_lists_queues)
{
    char expected[256];
    queue = CHECK_OK(msgget(own_key(23), IPC_CREAT | 0622));
    CHECK_OK(put(1, "seven..", 0));
    struct msqid_ds status = status_of(queue);
    snprintf(expected, sizeof(expected),
             "%10d %10d  %4o  %10lu %10lu %5u %5u %5u %5u %5u %5u %10lu %10lu %10lu\n", own_key(23),
             queue, 0622, 8UL, 1UL, getpid(), 0, 0, 0, 0, 0, (long)status.msg_stime, 0L,
             (long)status.msg_ctime);
    check_listed("msg",
                 "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid "
                 " cgid      stime      rtime      ctime\n",
                 expected);
    remove_queue(queue);
}

TEST(limits_can_be_set)
{
    check_setting("msgmax", "8192\n");
    check_setting("msgmnb", "16384\n");
    check_setting("msgmni", "32000\n");
    change_setting("msgmax", "100\n");
    change_setting("msgmnb", "150\n");
    make_queue();
    CHECK_ERRNO(put_bytes(101, 0), EINVAL);
    CHECK_OK(put_bytes(100, 0));
    CHECK_ERRNO(put_bytes(51, IPC_NOWAIT), EAGAIN);
    remove_queue(queue);
    change_setting("msgmax", "8192\n");
    change_setting("msgmnb", "16384\n");
    change_setting("msgmni", "0");
    CHECK_ERRNO(msgget(IPC_PRIVATE, 0600), ENOSPC);
    change_setting("msgmni", "32000");
}
