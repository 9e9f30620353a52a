/* Many descriptors at once: poll, select and epoll on 100 pipes of which the last is ready; and eventfd. */
#define _GNU_SOURCE
#include "bench.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <unistd.h>

enum { WATCHED = 100 };

static int pipes[WATCHED][2];
static struct pollfd polled[WATCHED];
static int epoll = -1, event = -1;

static bool pipes_make(void)
{
    for (unsigned i = 0; i < WATCHED; i++) {
        if (pipe(pipes[i]) != 0) {
            return false;
        }
        polled[i] = (struct pollfd){.fd = pipes[i][0], .events = POLLIN};
    }
    return write(pipes[WATCHED - 1][1], "", 1) == 1;
}

static void pipes_end(void)
{
    for (unsigned i = 0; i < WATCHED; i++) {
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
}

static bool poll_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= poll(polled, WATCHED, -1) == 1 && polled[WATCHED - 1].revents == POLLIN;
    }
    return is_right;
}

static bool select_run(unsigned repeat)
{
    fd_set all, ready;
    int last = pipes[WATCHED - 1][0];
    bool is_right = true;
    FD_ZERO(&all);
    for (unsigned i = 0; i < WATCHED; i++) {
        FD_SET(pipes[i][0], &all);
    }
    for (unsigned i = 0; i < repeat; i++) {
        ready = all;
        is_right &= select(last + 1, &ready, NULL, NULL, NULL) == 1 && FD_ISSET(last, &ready);
    }
    return is_right;
}

static bool epoll_make(void)
{
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || !pipes_make()) {
        return false;
    }
    for (unsigned i = 0; i < WATCHED; i++) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = i};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[i][0], &wanted) != 0) {
            return false;
        }
    }
    return true;
}

static bool epoll_run(unsigned repeat)
{
    struct epoll_event found[WATCHED];
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= epoll_wait(epoll, found, WATCHED, -1) == 1 && found[0].data.u32 == WATCHED - 1;
    }
    return is_right;
}

static void epoll_end(void)
{
    pipes_end();
    close(epoll);
}

static bool event_make(void)
{
    event = eventfd(0, EFD_CLOEXEC);
    return event >= 0;
}

static bool event_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        uint64_t sent = i + 1, got = 0;
        is_right &= write(event, &sent, sizeof(sent)) == sizeof(sent) &&
                    read(event, &got, sizeof(got)) == sizeof(got) && got == sent;
    }
    return is_right;
}

static void event_end(void)
{
    close(event);
}

const struct line wait_lines[] = {
    {"poll on 100", LINE_CALL, 50, pipes_make, poll_run, pipes_end},
    {"select on 100", LINE_CALL, 50, pipes_make, select_run, pipes_end},
    {"epoll on 100", LINE_CALL, 200, epoll_make, epoll_run, epoll_end},
    {"eventfd write and read", LINE_CALL, 500, event_make, event_run, event_end},
    {0},
};
