/*
 * The actions of syslog(2), and the levels of a log line.
 */
#pragma once

#define SYSLOG_ACTION_CLOSE         0
#define SYSLOG_ACTION_OPEN          1
#define SYSLOG_ACTION_READ          2
#define SYSLOG_ACTION_READ_ALL      3
#define SYSLOG_ACTION_READ_CLEAR    4
#define SYSLOG_ACTION_CLEAR         5
#define SYSLOG_ACTION_CONSOLE_OFF   6
#define SYSLOG_ACTION_CONSOLE_ON    7
#define SYSLOG_ACTION_CONSOLE_LEVEL 8
#define SYSLOG_ACTION_SIZE_UNREAD   9
#define SYSLOG_ACTION_SIZE_BUFFER   10

#define SYSLOG_LEVEL_EMERGENCY 0
#define SYSLOG_LEVEL_ALERT     1
#define SYSLOG_LEVEL_CRITICAL  2
#define SYSLOG_LEVEL_ERROR     3
#define SYSLOG_LEVEL_WARNING   4
#define SYSLOG_LEVEL_NOTICE    5
#define SYSLOG_LEVEL_INFO      6
#define SYSLOG_LEVEL_DEBUG     7
