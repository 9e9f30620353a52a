// What the files of execve share.
#pragma once

#include "fs/path.h"
#include "process/elf.h"
#include "process/exec.h"
#include "process/process_internal.h"
#include "uapi/limits.h"
#include "uapi/personality.h"

enum {
    EXEC_HEADER_BYTES = 1024, // read at once: an ELF header and its program headers as a rule
    EXEC_SCRIPT_LINE = 256,   // of a #! line, as on Linux
    EXEC_SCRIPT_DEPTH = 5,
    EXEC_PREFIX_MAX = 3 * EXEC_SCRIPT_DEPTH,
};

// Strings in one block: the arguments, then the environment, each with its NUL, as they will lie on the stack.
struct exec_arguments {
    char *text;
    size_t capacity, used;
    size_t environment_start; // offset of the first environment string
    unsigned argument_count, environment_count;
    // What scripts put in front, and how much of the first argument they take away.
    const char *prefix[EXEC_PREFIX_MAX];
    unsigned prefix_count;
    bool first_is_dropped;
};

// A regular file that may be executed, kept with a reference and its writers kept out.
struct exec_image {
    struct path path;
    struct vnode *vnode;
    size_t header_bytes;
    char header[EXEC_HEADER_BYTES + 1]; // NUL behind the last byte
};

// The interpreter that PT_INTERP names; made only where there is one.
struct exec_interpreter {
    struct exec_image image;
    struct elf_program program;
    uint64_t bias; // added to linked addresses
    char name[PATH_MAX];
};

// A call of execve from start to end; on the heap, since it is large. What stands before `image` starts as zeros.
struct exec_call {
    struct task *task;
    struct fs_context context;
    struct exec_arguments *arguments;
    const char *name;                     // as the caller said it: AT_EXECFN
    const char *command_name;             // last component of `name`
    struct exec_interpreter *interpreter; // NULL: none
    unsigned script_depth;
    char *script_lines[EXEC_SCRIPT_DEPTH]; // each cut into the interpreter's name and its argument
    struct credentials *credentials;       // new ones, NULL: unchanged
    bool is_secure;                        // AT_SECURE
    uint32_t personality;                  // the new program's
    int randomness;                        // of the places in its memory, as the system was set
    bool is_unreadable;                    // the caller may execute a file, but not read it
    struct {               // from the generator, in one go: its first block gives 32
        uint8_t bytes[16]; // AT_RANDOM
        uint32_t map, program, stack;
        uint16_t brk, fine;
    } random;
    struct address_space *space;
    uint64_t bias; // added to the program's linked addresses
    uint64_t stack_pointer;
    vaddr_t vdso; // address of its ELF header
    struct exec_image image;
    struct elf_program program;
};

// Do things of the program lie at random places, and its heap too?
static inline bool exec_is_random(const struct exec_call *call)
{
    return call->randomness != EXEC_RANDOM_NOTHING && (call->personality & ADDR_NO_RANDOMIZE) == 0;
}
static inline bool exec_heap_is_random(const struct exec_call *call)
{
    return call->randomness == EXEC_RANDOM_ALL && (call->personality & ADDR_NO_RANDOMIZE) == 0;
}

// exec_image.c. 0, or -errno as execve gives it.
must_check int exec_image_open(struct exec_call *call, struct exec_image *image,
                               const struct path *start, const char *name, unsigned walk_flags);
void exec_image_close(struct exec_image *image);
// Bytes at `offset`, all of them: 0, -ENOEXEC at the end of the file, -EIO.
must_check int exec_image_read(struct exec_image *image, void *buffer, size_t bytes,
                               uint64_t offset);
// Header and program headers into *program.
must_check int exec_image_parse(struct exec_image *image, struct elf_program *program);

// exec_arguments.c. Memory for strings and pointers, large blocks in mapped pages; `bytes` are the same for both. NULL: no memory.
must_check void *exec_block_alloc(size_t bytes);
void exec_block_free(void *block, size_t bytes);

// exec_script.c. While the image is a script, puts its interpreter in its place. 0 or -errno.
must_check int exec_resolve_scripts(struct exec_call *call);
// exec_credentials.c. Set-id bits and capabilities: fills call->credentials and is_secure.
must_check int exec_prepare_credentials(struct exec_call *call);
// executable.c. The program's file as the address space keeps it: denies writers while it lives.
void executable_to_backing(const struct path *path, struct backing *backing);
// exec_load.c, exec_stack.c: after the point of no return, in call->space, which is current.
must_check int exec_load_program(struct exec_call *call);
must_check int exec_build_stack(struct exec_call *call);
// exec_relocate.c: R_X86_64_RELATIVE of a position-independent program without interpreter.
must_check int exec_relocate(struct exec_call *call);
