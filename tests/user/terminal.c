/*
 * ioctl where there is no terminal, and the settings of the console.
 */
#include "check.h"

#include <sys/ioctl.h>
#include <termios.h>

static int open_console(void)
{
    return CHECK_OK(open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK));
}

TEST(what_is_no_terminal_says_enotty)
{
    int ends[2];
    struct winsize size;
    struct termios settings;
    CHECK_OK(pipe(ends));
    int fds[] = {make_open_file("f"), CHECK_OK(open("/dev/null", O_RDWR)), ends[0],
                 CHECK_OK(open(".", O_RDONLY))};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        CHECK_ERRNO(ioctl(fds[i], TCGETS, &settings), ENOTTY);
        CHECK_ERRNO(ioctl(fds[i], TIOCGWINSZ, &size), ENOTTY);
        CHECK_ERRNO(ioctl(fds[i], 0x12345678, &size), ENOTTY);
        CHECK_EQUAL(isatty(fds[i]), 0);
    }
    CHECK_ERRNO(ioctl(900, TCGETS, &settings), EBADF);
}

TEST(ioctls_of_every_file)
{
    int fd = make_open_file("f"), count = -1, one = 1, zero = 0;
    CHECK_EQUAL(write(fd, "hello", 5), 5);
    CHECK_OK(lseek(fd, 2, SEEK_SET));
    CHECK_OK(ioctl(fd, FIONREAD, &count));
    CHECK_EQUAL(count, 3);
    CHECK_OK(ioctl(fd, FIOCLEX));
    CHECK_EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_OK(ioctl(fd, FIONCLEX));
    CHECK_EQUAL(fcntl(fd, F_GETFD), 0);
    CHECK_OK(ioctl(fd, FIONBIO, &one));
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
    CHECK_OK(ioctl(fd, FIONBIO, &zero));
    CHECK(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
    CHECK_ERRNO(ioctl(fd, FIONBIO, KERNEL_ADDRESS), EFAULT);
}

TEST(the_console_is_a_terminal_with_settings)
{
    struct termios old, new;
    int fd = open_console();
    CHECK_EQUAL(isatty(fd), 1);
    CHECK_OK(tcgetattr(fd, &old));
    CHECK(old.c_lflag & ICANON);
    CHECK(old.c_lflag & ECHO);
    CHECK_EQUAL(old.c_cc[VINTR], 3);
    CHECK_EQUAL(old.c_cc[VEOF], 4);
    CHECK_EQUAL(old.c_cc[VERASE], 0x7f);
    new = old;
    new.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
    new.c_cc[VMIN] = 0;
    CHECK_OK(tcsetattr(fd, TCSANOW, &new));
    CHECK_OK(tcgetattr(fd, &new));
    CHECK_EQUAL(new.c_lflag &(ECHO | ICANON), 0);
    CHECK_EQUAL(new.c_cc[VMIN], 0);
    CHECK_OK(tcsetattr(fd, TCSANOW, &old));
}

TEST(the_window_size_can_be_set)
{
    struct winsize old, size = {50, 132, 0, 0}, seen;
    int fd = open_console();
    CHECK_OK(ioctl(fd, TIOCGWINSZ, &old));
    CHECK_OK(ioctl(fd, TIOCSWINSZ, &size));
    CHECK_OK(ioctl(fd, TIOCGWINSZ, &seen));
    CHECK_EQUAL(seen.ws_row, 50);
    CHECK_EQUAL(seen.ws_col, 132);
    CHECK_OK(ioctl(fd, TIOCSWINSZ, &old));
    CHECK_ERRNO(ioctl(fd, TIOCGWINSZ, KERNEL_ADDRESS), EFAULT);
    CHECK_ERRNO(ioctl(fd, TCGETS, KERNEL_ADDRESS), EFAULT);
}

TEST(without_a_controlling_terminal_dev_tty_gives_enxio)
{
    CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
    CHECK_ERRNO(ioctl(open_console(), TIOCGPGRP, &(int){0}), ENOTTY);
}

TEST(a_session_leader_takes_a_terminal)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(setsid());
        int fd = open_console();
        CHECK_OK(ioctl(fd, TIOCSCTTY, 0));
        CHECK_EQUAL(tcgetpgrp(fd), getpgrp());
        CHECK_EQUAL(tcgetsid(fd), getsid(0));
        CHECK_OK(open("/dev/tty", O_RDWR));
        CHECK_ERRNO(tcsetpgrp(fd, 1000000), ESRCH);
        CHECK_ERRNO(tcsetpgrp(fd, -1), EINVAL);
        CHECK_OK(tcsetpgrp(fd, getpgrp()));
        signal(SIGHUP, SIG_IGN);
        CHECK_OK(ioctl(fd, TIOCNOTTY));
        CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(a_session_leaders_end_hangs_its_terminal_up)
{
    struct termios settings;
    char byte;
    int console = open_console();
    int before = CHECK_OK(open("/dev/ttyS0", O_RDWR | O_NOCTTY | O_NONBLOCK));
    CHECK_OK(tcdrain(console)); /* a hang-up throws away what waits to be sent */
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(setsid());
        int fd = CHECK_OK(open("/dev/ttyS0", O_RDWR | O_NONBLOCK));
        CHECK_EQUAL(tcgetsid(fd), getpid());
        signal(SIGHUP, SIG_IGN);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(read(before, &byte, 1), 0);
    CHECK_ERRNO(write(before, "x", 1), EIO);
    CHECK_ERRNO(tcgetattr(before, &settings), EIO);
    CHECK_OK(tcgetattr(console, &settings));
    CHECK_OK(tcgetattr(CHECK_OK(open("/dev/ttyS0", O_RDWR | O_NOCTTY | O_NONBLOCK)), &settings));
}

static volatile sig_atomic_t hang_ups;

static void count_hang_up(int signal)
{
    (void)signal;
    hang_ups++;
}

TEST(a_terminal_is_hung_up_on_request)
{
    CHECK_OK(syscall(SYS_vhangup)); /* there is none */
    CHECK_OK(tcdrain(open_console()));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(setsid());
        int fd = CHECK_OK(open("/dev/ttyS0", O_RDWR | O_NONBLOCK));
        CHECK_EQUAL(tcgetsid(fd), getpid());
        signal(SIGHUP, count_hang_up);
        CHECK_OK(syscall(SYS_vhangup));
        CHECK_EQUAL(hang_ups, 1);
        CHECK_EQUAL(read(fd, &(char){0}, 1), 0);
        CHECK_ERRNO(write(fd, "x", 1), EIO);
        become_user(NOBODY);
        CHECK_ERRNO(syscall(SYS_vhangup), EPERM);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(a_read_without_waiting_finds_no_input)
{
    char byte;
    int fd = open_console();
    CHECK_OK(tcflush(fd, TCIFLUSH));
    CHECK_ERRNO(read(fd, &byte, 1), EAGAIN);
    CHECK_ERRNO(tcflush(fd, 99), EINVAL);
}

TEST(terminals_have_no_position)
{
    CHECK_ERRNO(lseek(open_console(), 0, SEEK_SET), ESPIPE);
}

static int wires_of(int fd)
{
    int wires = -1;
    CHECK_OK(ioctl(fd, TIOCMGET, &wires));
    return wires;
}

TEST(the_wires_of_a_serial_line_can_be_moved)
{
    int fd = CHECK_OK(open("/dev/ttyS0", O_RDWR | O_NOCTTY | O_NONBLOCK));
    int before = wires_of(fd), request = TIOCM_RTS;
    CHECK_EQUAL(before & (TIOCM_DTR | TIOCM_RTS), TIOCM_DTR | TIOCM_RTS);
    CHECK_EQUAL(before & (TIOCM_CTS | TIOCM_CAR | TIOCM_DSR), TIOCM_CTS | TIOCM_CAR | TIOCM_DSR);
    CHECK_OK(ioctl(fd, TIOCMBIC, &request));
    CHECK_EQUAL(wires_of(fd), before & ~TIOCM_RTS);
    CHECK_OK(ioctl(fd, TIOCMBIS, &request));
    CHECK_EQUAL(wires_of(fd), before);
    request = TIOCM_DTR | 0x4000 /* TIOCM_OUT2 */ | TIOCM_CTS; /* the other side's stay */
    CHECK_OK(ioctl(fd, TIOCMSET, &request));
    CHECK_EQUAL(wires_of(fd), before & ~TIOCM_RTS);
    CHECK_OK(ioctl(fd, TIOCMSET, &before));
    CHECK_EQUAL(wires_of(fd), before);
    CHECK_ERRNO(ioctl(fd, TIOCMGET, KERNEL_ADDRESS), EFAULT);
    CHECK_ERRNO(ioctl(fd, TIOCMBIS, KERNEL_ADDRESS), EFAULT);
    CHECK_ERRNO(ioctl(CHECK_OK(open("f", O_RDWR | O_CREAT, 0600)), TIOCMGET, &request), ENOTTY);
}
