/*
 * The table that call_list.h makes. A call that is named there without a handler is known and answers -ENOSYS.
 */
#include "syscall/table.h"

#define CALL(name, ...) system_call_handler system_call_##name;
#define CALL_MISSING(name)
#include "syscall/call_list.h"
#undef CALL
#undef CALL_MISSING

#define ARGUMENT_COUNT(...) (sizeof((const uint8_t[]){__VA_ARGS__}) - 1)
#define CALL(call_name, ...)                                                                       \
    [__NR_##call_name] = {                                                                         \
        .name = #call_name,                                                                        \
        .handler = system_call_##call_name,                                                        \
        .argument_count = ARGUMENT_COUNT(0, ##__VA_ARGS__),                                        \
        .arguments = {__VA_ARGS__},                                                                \
    },
#define CALL_MISSING(call_name) [__NR_##call_name] = {.name = #call_name},

const struct system_call system_call_table[SYSTEM_CALL_LIMIT] = {
#include "syscall/call_list.h"
};
