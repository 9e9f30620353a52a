/*
 * Flags of the calls that make a descriptor for an event: eventfd2, timerfd, signalfd4, inotify and
 * pidfd.
 */
#pragma once

#define EFD_SEMAPHORE 00000001
#define EFD_NONBLOCK  00004000
#define EFD_CLOEXEC   02000000

#define TFD_TIMER_ABSTIME       1
#define TFD_TIMER_CANCEL_ON_SET 2
#define TFD_NONBLOCK            00004000
#define TFD_CLOEXEC             02000000

#define SFD_NONBLOCK 00004000
#define SFD_CLOEXEC  02000000

#define IN_NONBLOCK 00004000
#define IN_CLOEXEC  02000000

#define PIDFD_NONBLOCK 00004000
