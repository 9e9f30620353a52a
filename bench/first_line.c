/*
 * /init of the first-line benchmark: writes one line, and marks three moments for the counting plugin:
 * 0 at the first instruction of main, 1 when write has returned, 2 when the line has left the UART.
 */
#include <termios.h>
#include <unistd.h>

/* A no-op that tools/plugin/insn_count.c knows. */
#define MARK(number) __asm__ volatile("nopl %c0(%%rax)" : : "i"(0x41535400 + (number)))

int main(void)
{
    static const char line[] = "first line of user output\n";
    MARK(0);
    if (write(STDOUT_FILENO, line, sizeof(line) - 1) != sizeof(line) - 1) {
        return 1;
    }
    MARK(1);
    if (tcdrain(STDOUT_FILENO) != 0) {
        return 2;
    }
    MARK(2);
    return 0;
}
