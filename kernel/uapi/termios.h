/*
 * Terminals: the attributes, and the ioctl numbers that terminals and other files share.
 */
#pragma once

#include <stdint.h>

/* Places in c_cc. */
#define VINTR    0
#define VQUIT    1
#define VERASE   2
#define VKILL    3
#define VEOF     4
#define VTIME    5
#define VMIN     6
#define VSWTC    7
#define VSTART   8
#define VSTOP    9
#define VSUSP    10
#define VEOL     11
#define VREPRINT 12
#define VDISCARD 13
#define VWERASE  14
#define VLNEXT   15
#define VEOL2    16

/* c_iflag */
#define IGNBRK  0x001
#define BRKINT  0x002
#define IGNPAR  0x004
#define PARMRK  0x008
#define INPCK   0x010
#define ISTRIP  0x020
#define INLCR   0x040
#define IGNCR   0x080
#define ICRNL   0x100
#define IUCLC   0x0200
#define IXON    0x0400
#define IXANY   0x800
#define IXOFF   0x1000
#define IMAXBEL 0x2000
#define IUTF8   0x4000

/* c_oflag */
#define OPOST  0x01
#define OLCUC  0x00002
#define ONLCR  0x00004
#define OCRNL  0x08
#define ONOCR  0x10
#define ONLRET 0x20
#define OFILL  0x40
#define OFDEL  0x80
#define NLDLY  0x00100
#define CRDLY  0x00600
#define TABDLY 0x01800
#define TAB0   0x00000
#define XTABS  0x01800
#define BSDLY  0x02000
#define VTDLY  0x04000
#define FFDLY  0x08000

/* c_cflag */
#define CBAUD   0x0000100f
#define CBAUDEX 0x00001000
#define CIBAUD  0x100f0000
#define CSIZE   0x00000030
#define CS5     0x00000000
#define CS6     0x00000010
#define CS7     0x00000020
#define CS8     0x00000030
#define CSTOPB  0x00000040
#define CREAD   0x00000080
#define PARENB  0x00000100
#define PARODD  0x00000200
#define HUPCL   0x00000400
#define CLOCAL  0x00000800
#define CMSPAR  0x40000000
#define CRTSCTS 0x80000000u

/* Rates in c_cflag. */
#define B0       0x00000000
#define B50      0x00000001
#define B75      0x00000002
#define B110     0x00000003
#define B134     0x00000004
#define B150     0x00000005
#define B200     0x00000006
#define B300     0x00000007
#define B600     0x00000008
#define B1200    0x00000009
#define B1800    0x0000000a
#define B2400    0x0000000b
#define B4800    0x0000000c
#define B9600    0x0000000d
#define B19200   0x0000000e
#define B38400   0x0000000f
#define B57600   0x00001001
#define B115200  0x00001002
#define B230400  0x00001003
#define B460800  0x00001004
#define B500000  0x00001005
#define B576000  0x00001006
#define B921600  0x00001007
#define B1000000 0x00001008
#define B1152000 0x00001009
#define B1500000 0x0000100a
#define B2000000 0x0000100b
#define B2500000 0x0000100c
#define B3000000 0x0000100d
#define B3500000 0x0000100e
#define B4000000 0x0000100f

/* The rate stands in c_ospeed, as a number. */
#define BOTHER 0x00001000

/* c_lflag */
#define ISIG    0x00001
#define ICANON  0x00002
#define XCASE   0x00004
#define ECHO    0x00008
#define ECHOE   0x00010
#define ECHOK   0x00020
#define ECHONL  0x00040
#define NOFLSH  0x00080
#define TOSTOP  0x00100
#define ECHOCTL 0x00200
#define ECHOPRT 0x00400
#define ECHOKE  0x00800
#define FLUSHO  0x01000
#define PENDIN  0x04000
#define IEXTEN  0x08000
#define EXTPROC 0x10000

/* tcflow, tcflush and tcsetattr */
#define TCOOFF    0
#define TCOON     1
#define TCIOFF    2
#define TCION     3
#define TCIFLUSH  0
#define TCOFLUSH  1
#define TCIOFLUSH 2
#define TCSANOW   0
#define TCSADRAIN 1
#define TCSAFLUSH 2

/* ioctl numbers */
#define TCGETS        0x5401
#define TCSETS        0x5402
#define TCSETSW       0x5403
#define TCSETSF       0x5404
#define TCGETA        0x5405
#define TCSETA        0x5406
#define TCSETAW       0x5407
#define TCSETAF       0x5408
#define TCSBRK        0x5409
#define TCXONC        0x540A
#define TCFLSH        0x540B
#define TIOCEXCL      0x540C
#define TIOCNXCL      0x540D
#define TIOCSCTTY     0x540E
#define TIOCGPGRP     0x540F
#define TIOCSPGRP     0x5410
#define TIOCOUTQ      0x5411
#define TIOCSTI       0x5412
#define TIOCGWINSZ    0x5413
#define TIOCSWINSZ    0x5414
#define TIOCMGET      0x5415
#define TIOCMBIS      0x5416
#define TIOCMBIC      0x5417
#define TIOCMSET      0x5418
#define TIOCGSOFTCAR  0x5419
#define TIOCSSOFTCAR  0x541A
#define FIONREAD      0x541B
#define TIOCINQ       FIONREAD
#define TIOCLINUX     0x541C
#define TIOCCONS      0x541D
#define TIOCGSERIAL   0x541E
#define TIOCSSERIAL   0x541F
#define TIOCPKT       0x5420
#define FICLONE       0x40049409
#define FIONBIO       0x5421
#define TIOCNOTTY     0x5422
#define TIOCSETD      0x5423
#define TIOCGETD      0x5424
#define TCSBRKP       0x5425
#define TIOCSBRK      0x5427
#define TIOCCBRK      0x5428
#define TIOCGSID      0x5429
#define TCGETS2       0x802C542Au
#define TCSETS2       0x402C542Bu
#define TCSETSW2      0x402C542Cu
#define TCSETSF2      0x402C542Du
#define TIOCGPTN      0x80045430u
#define TIOCSPTLCK    0x40045431u
#define TIOCGDEV      0x80045432u
#define TIOCSIG       0x40045436u
#define TIOCVHANGUP   0x5437
#define TIOCGPKT      0x80045438u
#define TIOCGPTLCK    0x80045439u
#define TIOCGEXCL     0x80045440u
#define TIOCGPTPEER   0x5441
#define FIONCLEX      0x5450
#define FIOCLEX       0x5451
#define FIOASYNC      0x5452
#define TIOCSERGETLSR 0x5459
#define TIOCMIWAIT    0x545C
#define TIOCGICOUNT   0x545D
#define FIOQSIZE      0x5460

/* Bits of TIOCMGET. */
#define TIOCM_DTR  0x002
#define TIOCM_RTS  0x004
#define TIOCM_CTS  0x020
#define TIOCM_CAR  0x040
#define TIOCM_RNG  0x080
#define TIOCM_DSR  0x100
#define TIOCM_OUT1 0x2000
#define TIOCM_OUT2 0x4000
#define TIOCM_LOOP 0x8000

/* The line discipline of an ordinary terminal. */
#define N_TTY 0

#define NCCS 19

struct uapi_termios {
    uint32_t c_iflag;
    uint32_t c_oflag;
    uint32_t c_cflag;
    uint32_t c_lflag;
    uint8_t c_line;
    uint8_t c_cc[NCCS];
};
_Static_assert(sizeof(struct uapi_termios) == 36, "struct termios of the kernel");

struct uapi_termios2 {
    uint32_t c_iflag;
    uint32_t c_oflag;
    uint32_t c_cflag;
    uint32_t c_lflag;
    uint8_t c_line;
    uint8_t c_cc[NCCS];
    uint32_t c_ispeed;
    uint32_t c_ospeed;
};
_Static_assert(sizeof(struct uapi_termios2) == 44, "struct termios2");

/* The older form of TCGETA and TCSETA: the low halves of the flags. */
#define NCC 8
struct uapi_termio {
    uint16_t c_iflag;
    uint16_t c_oflag;
    uint16_t c_cflag;
    uint16_t c_lflag;
    uint8_t c_line;
    uint8_t c_cc[NCC];
};
_Static_assert(sizeof(struct uapi_termio) == 18, "struct termio");

struct uapi_winsize {
    uint16_t ws_row;
    uint16_t ws_col;
    uint16_t ws_xpixel;
    uint16_t ws_ypixel;
};
_Static_assert(sizeof(struct uapi_winsize) == 8, "struct winsize");
