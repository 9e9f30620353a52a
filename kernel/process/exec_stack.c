// The stack that a program starts on (System V psABI, figure 3.9): from the top down the program's name, the environment's and the
// arguments' strings, the platform's name, 16 random bytes, then on a multiple of 16 argc, argv, envp and the auxiliary vector.
#include "arch/cpu.h"
#include "arch/page.h"
#include "arch/signal_frame.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/user_copy.h"
#include "process/exec_internal.h"
#include "uapi/auxv.h"
#include "uapi/time.h"

enum {
    STACK_FIRST_BYTES = 128 * 1024, // mapped below what is filled; the rest grows by faults
    STACK_FINE_BYTES = 8192,        // random distance of the first word from the top
    AUXV_MAX = 24,
};

struct stack_builder {
    struct exec_call *call;
    uint64_t name, text, platform, random; // addresses on the new stack
    uint64_t prefix_text;                  // of the scripts' strings, below `text`
    size_t dropped_bytes;                  // of the first argument
    unsigned argument_count;
    struct uapi_auxv auxv[AUXV_MAX];
    unsigned auxv_count;
};

static uint64_t push_bytes(uint64_t *top, const void *bytes, size_t count, int *error)
{
    *top -= count;
    if (*error == 0) {
        *error = user_copy_out((void __user *)*top, bytes, count);
    }
    return *top;
}

// All strings. *top: lowest address used.
static int push_strings(struct stack_builder *builder, uint64_t *top)
{
    const struct exec_call *call = builder->call;
    const struct exec_arguments *arguments = call->arguments;
    const char *platform = cpu_user_platform();
    int error = 0;
    builder->dropped_bytes = arguments->first_is_dropped ? strlen(arguments->text) + 1 : 0;
    builder->name = push_bytes(top, call->name, strlen(call->name) + 1, &error);
    builder->text = push_bytes(top, arguments->text + builder->dropped_bytes,
                               arguments->used - builder->dropped_bytes, &error);
    for (unsigned i = arguments->prefix_count; i > 0; i--) {
        const char *string = arguments->prefix[i - 1];
        push_bytes(top, string, strlen(string) + 1, &error);
    }
    builder->prefix_text = *top;
    builder->platform = push_bytes(top, platform, strlen(platform) + 1, &error);
    *top = ALIGN_DOWN(*top, 16);
    builder->random = push_bytes(top, call->random.bytes, sizeof(call->random.bytes), &error);
    return error;
}

static void auxv_add(struct stack_builder *builder, uint64_t type, uint64_t value)
{
    assert(builder->auxv_count < AUXV_MAX);
    builder->auxv[builder->auxv_count++] = (struct uapi_auxv){type, value};
}

static void auxv_fill(struct stack_builder *builder)
{
    const struct exec_call *call = builder->call;
    const struct credentials *credentials = call->task->credentials;
    uint64_t headers = elf_headers_address(&call->program);
    const struct exec_interpreter *interpreter = call->interpreter;
    uint64_t base = interpreter != NULL ? interpreter->bias + interpreter->program.low : 0;
    auxv_add(builder, AT_SYSINFO_EHDR, call->vdso);
    auxv_add(builder, AT_HWCAP, cpu_user_hwcap());
    auxv_add(builder, AT_PAGESZ, PAGE_SIZE);
    auxv_add(builder, AT_CLKTCK, USER_HZ);
    auxv_add(builder, AT_PHDR, headers == 0 ? 0 : headers + call->bias);
    auxv_add(builder, AT_PHENT, sizeof(struct uapi_elf64_phdr));
    auxv_add(builder, AT_PHNUM, call->program.header_count);
    auxv_add(builder, AT_BASE, base);
    auxv_add(builder, AT_FLAGS, 0);
    auxv_add(builder, AT_ENTRY, call->program.entry + call->bias);
    auxv_add(builder, AT_UID, credentials->uid);
    auxv_add(builder, AT_EUID, credentials->euid);
    auxv_add(builder, AT_GID, credentials->gid);
    auxv_add(builder, AT_EGID, credentials->egid);
    auxv_add(builder, AT_SECURE, call->is_secure);
    auxv_add(builder, AT_RANDOM, builder->random);
    auxv_add(builder, AT_HWCAP2, cpu_user_hwcap2());
    auxv_add(builder, AT_MINSIGSTKSZ, signal_frame_minimum_stack());
    auxv_add(builder, AT_EXECFN, builder->name);
    auxv_add(builder, AT_PLATFORM, builder->platform);
    auxv_add(builder, AT_NULL, 0);
}

// Writes `count` pointers to strings that follow each other from `address`; returns the address behind the last.
static uint64_t fill_pointers(uint64_t **word, const char *text, unsigned count, uint64_t address)
{
    for (unsigned i = 0; i < count; i++) {
        size_t bytes = strlen(text) + 1;
        *(*word)++ = address;
        text += bytes;
        address += bytes;
    }
    return address;
}

static void fill_words(const struct stack_builder *builder, uint64_t *word)
{
    const struct exec_arguments *arguments = builder->call->arguments;
    struct address_space *space = builder->call->space;
    uint64_t address = builder->prefix_text;
    unsigned own = arguments->argument_count - (arguments->first_is_dropped ? 1 : 0);
    *word++ = builder->argument_count;
    for (unsigned i = 0; i < arguments->prefix_count; i++) {
        *word++ = address;
        address += strlen(arguments->prefix[i]) + 1;
    }
    address = fill_pointers(&word, arguments->text + builder->dropped_bytes, own, builder->text);
    *word++ = 0;
    space->argument_start = builder->prefix_text;
    space->argument_end = space->environment_start = address;
    address = fill_pointers(&word, arguments->text + arguments->environment_start,
                            arguments->environment_count, address);
    *word++ = 0;
    space->environment_end = address;
    memcpy(word, builder->auxv, builder->auxv_count * sizeof(builder->auxv[0]));
    memcpy(space->saved_auxv, builder->auxv, builder->auxv_count * sizeof(builder->auxv[0]));
    space->saved_auxv_words = 2 * builder->auxv_count;
}

// argc, pointers and auxv in one block, so that they are written once.
static int push_words(struct stack_builder *builder, uint64_t *top)
{
    const struct exec_arguments *arguments = builder->call->arguments;
    size_t words = 1 + builder->argument_count + 1 + arguments->environment_count + 1 +
                   2 * builder->auxv_count;
    uint64_t *block = exec_block_alloc(words * sizeof(uint64_t));
    if (block == NULL) {
        return -ENOMEM;
    }
    int error = 0;
    fill_words(builder, block);
    *top = ALIGN_DOWN(*top - words * sizeof(uint64_t), 16) + words * sizeof(uint64_t);
    push_bytes(top, block, words * sizeof(uint64_t), &error);
    // The psABI's word: a program may keep vectors on its stack from its first instruction on.
    assert(*top % 16 == 0);
    exec_block_free(block, words * sizeof(uint64_t));
    return error;
}

static int map_stack(struct exec_call *call, size_t bytes)
{
    vaddr_t result;
    size_t room = ALIGN_UP(bytes + STACK_FIRST_BYTES, PAGE_SIZE);
    struct map_request request = {
        .address = call->space->stack_top - room,
        .bytes = room,
        .flags = AREA_READ | AREA_WRITE | AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXECUTE |
                 AREA_GROWS_DOWN | AREA_STACK,
        .is_fixed = true,
    };
    if (call->program.stack_is_executable) {
        request.flags |= AREA_EXECUTE;
    }
    return address_space_map(call->space, &request, &result);
}

static size_t strings_bytes(const struct exec_call *call)
{
    size_t bytes = call->arguments->used + strlen(call->name) + 64;
    for (unsigned i = 0; i < call->arguments->prefix_count; i++) {
        bytes += strlen(call->arguments->prefix[i]) + 1;
    }
    return bytes;
}

int exec_build_stack(struct exec_call *call)
{
    struct stack_builder builder = {.call = call};
    const struct exec_arguments *arguments = call->arguments;
    uint64_t fine = exec_is_random(call) ? ALIGN_DOWN(call->random.fine % STACK_FINE_BYTES, 16) : 0;
    builder.argument_count =
        arguments->argument_count + arguments->prefix_count - (arguments->first_is_dropped ? 1 : 0);
    size_t words = builder.argument_count + arguments->environment_count + 4 + 2 * AUXV_MAX;
    int error = map_stack(call, strings_bytes(call) + fine + words * sizeof(uint64_t));
    if (error != 0) {
        return error;
    }
    uint64_t top = call->space->stack_top - fine - sizeof(uint64_t);
    error = push_strings(&builder, &top);
    if (error != 0) {
        return error;
    }
    auxv_fill(&builder);
    error = push_words(&builder, &top);
    call->stack_pointer = top;
    return error;
}
