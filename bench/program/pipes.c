/* Two processes and the channels between them: pipes and AF_UNIX streams, a byte to and fro and 64 KiB one way. */
#define _GNU_SOURCE
#include "bench.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the other process reads from and writes to, and what this one does. */
static struct {
    int here_in, here_out, there_in, there_out;
} ends;
static int peer;
static char chunk[CHUNK_BYTES];

static bool pipes_make(void)
{
    int there[2], here[2];
    if (pipe(there) != 0 || pipe(here) != 0) {
        return false;
    }
    ends.here_in = here[0], ends.here_out = there[1];
    ends.there_in = there[0], ends.there_out = here[1];
    return true;
}

static bool sockets_make(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
        return false;
    }
    ends.here_in = ends.here_out = pair[0];
    ends.there_in = ends.there_out = pair[1];
    return true;
}

static bool read_all(int from, size_t amount)
{
    while (amount > 0) {
        ssize_t got = read(from, chunk, amount < CHUNK_BYTES ? amount : CHUNK_BYTES);
        if (got <= 0) {
            return false;
        }
        amount -= (size_t)got;
    }
    return true;
}

/* The other process: for each byte that comes, sends `amount` bytes back. */
static void peer_answer(size_t amount)
{
    char byte;
    while (read(ends.there_in, &byte, 1) == 1) {
        if (write(ends.there_out, chunk, amount) != (ssize_t)amount) {
            _exit(1);
        }
    }
    _exit(0);
}

static bool peer_start(size_t amount)
{
    peer = fork();
    if (peer == 0) {
        close(ends.here_in);
        close(ends.here_out);
        peer_answer(amount);
    }
    close(ends.there_in);
    close(ends.there_out);
    return peer > 0;
}

static void peer_end(void)
{
    close(ends.here_in);
    close(ends.here_out);
    if (!child_ended_well(peer)) {
        abort();
    }
}

static bool pipe_echo_start(void)
{
    return pipes_make() && peer_start(1);
}

static bool socket_echo_start(void)
{
    return sockets_make() && peer_start(1);
}

static bool pipe_stream_start(void)
{
    return pipes_make() && peer_start(CHUNK_BYTES);
}

static bool socket_stream_start(void)
{
    return sockets_make() && peer_start(CHUNK_BYTES);
}

static bool answers_run(unsigned repeat, size_t amount)
{
    char byte = 1;
    bool is_right = true;
    for (unsigned i = 0; i < repeat && is_right; i++) {
        is_right = write(ends.here_out, &byte, 1) == 1 && read_all(ends.here_in, amount);
    }
    return is_right;
}

static bool echo_run(unsigned repeat)
{
    return answers_run(repeat, 1);
}

static bool stream_run(unsigned repeat)
{
    return answers_run(repeat, CHUNK_BYTES);
}

const struct line pipe_lines[] = {
    {"pipe round trip", LINE_CALL, 100, pipe_echo_start, echo_run, peer_end},
    {"pipe 64 KiB", LINE_CALL, 16, pipe_stream_start, stream_run, peer_end},
    {"AF_UNIX round trip", LINE_CALL, 100, socket_echo_start, echo_run, peer_end},
    {"AF_UNIX 64 KiB", LINE_CALL, 16, socket_stream_start, stream_run, peer_end},
    {0},
};
