/* Names and files, on the file system that the kernel unpacked its initramfs into. */
#define _GNU_SOURCE
#include "bench.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILE_CHUNKS = 16, DIRECTORY_FILES = 100, DIRECTORY_ENTRIES = DIRECTORY_FILES + 2 };

#define DEEP_FOLDER "/tmp/bench/3/4/5/6/7"
#define DEEP_FILE   DEEP_FOLDER "/8"
#define MANY_FOLDER "/tmp/bench/many"

static char chunk[CHUNK_BYTES];
static int file = -1;

static bool file_make(const char *path)
{
    int made = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    return made >= 0 && close(made) == 0;
}

static bool folder_make(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST;
}

static bool one_file_make(void)
{
    return file_make(BENCH_FILE);
}

static bool stat_run(unsigned repeat)
{
    struct stat status;
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= stat(BENCH_FILE, &status) == 0 && S_ISREG(status.st_mode);
    }
    return is_right;
}

static bool open_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        int opened = open(BENCH_FILE, O_RDONLY);
        is_right &= opened >= 0 && close(opened) == 0;
    }
    return is_right;
}

static bool deep_make(void)
{
    char path[sizeof(DEEP_FOLDER)] = DEEP_FOLDER;
    for (size_t i = sizeof(BENCH_FOLDER); i < sizeof(path); i++) {
        if (DEEP_FOLDER[i] == '/' || DEEP_FOLDER[i] == '\0') {
            path[i] = '\0';
            if (!folder_make(path)) {
                return false;
            }
            path[i] = DEEP_FOLDER[i];
        }
    }
    return file_make(DEEP_FILE);
}

static bool deep_run(unsigned repeat)
{
    struct stat status;
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= stat(DEEP_FILE, &status) == 0 && S_ISREG(status.st_mode);
    }
    return is_right;
}

static bool create_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        int made = open(BENCH_FOLDER "/new", O_RDWR | O_CREAT | O_EXCL, 0644);
        is_right &= made >= 0 && close(made) == 0 && unlink(BENCH_FOLDER "/new") == 0;
    }
    return is_right;
}

/* A file of FILE_CHUNKS chunks, grown from nothing. */
static bool file_grow(void)
{
    bool is_right = ftruncate(file, 0) == 0;
    for (unsigned i = 0; i < FILE_CHUNKS; i++) {
        is_right &= pwrite(file, chunk, CHUNK_BYTES, (off_t)i * CHUNK_BYTES) == CHUNK_BYTES;
    }
    return is_right;
}

static bool file_fill(void)
{
    memset(chunk, 'a', sizeof(chunk));
    file = open(BENCH_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    return file >= 0 && file_grow();
}

static void file_close(void)
{
    struct stat status;
    if (fstat(file, &status) != 0 || status.st_size != FILE_CHUNKS * CHUNK_BYTES) {
        fprintf(stderr, "the file has the wrong size\n");
    }
    close(file);
}

static bool write_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i += FILE_CHUNKS) {
        is_right &= file_grow();
    }
    return is_right;
}

static bool read_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        off_t place = (off_t)(i % FILE_CHUNKS) * CHUNK_BYTES;
        chunk[CHUNK_BYTES - 1] = 0;
        is_right &= pread(file, chunk, CHUNK_BYTES, place) == CHUNK_BYTES;
        is_right &= chunk[CHUNK_BYTES - 1] == 'a';
    }
    return is_right;
}

static bool many_make(void)
{
    bool is_right = folder_make(MANY_FOLDER);
    for (unsigned i = 0; i < DIRECTORY_FILES; i++) {
        char path[64];
        snprintf(path, sizeof(path), MANY_FOLDER "/file%u", i);
        is_right &= file_make(path);
    }
    file = open(MANY_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return is_right && file >= 0;
}

static void many_close(void)
{
    close(file);
}

/* The entries that a directory lists from its start. */
static unsigned directory_count(void)
{
    unsigned entries = 0;
    if (lseek(file, 0, SEEK_SET) != 0) {
        return 0;
    }
    for (;;) {
        long length = syscall(SYS_getdents64, file, chunk, sizeof(chunk));
        if (length <= 0) {
            return length == 0 ? entries : 0;
        }
        for (long at = 0; at < length; entries++) {
            at += ((const struct dirent *)(chunk + at))->d_reclen;
        }
    }
}

static bool list_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i += DIRECTORY_ENTRIES) {
        is_right &= directory_count() == DIRECTORY_ENTRIES;
    }
    return is_right;
}

const struct line file_lines[] = {
    {"stat", LINE_CALL, 500, one_file_make, stat_run, NULL},
    {"open and close", LINE_CALL, 500, one_file_make, open_run, NULL},
    {"path walk 8 deep", LINE_CALL, 500, deep_make, deep_run, NULL},
    {"file create and delete", LINE_CALL, 200, NULL, create_run, NULL},
    {"file write 64 KiB", LINE_CALL, FILE_CHUNKS, file_fill, write_run, file_close},
    {"file read 64 KiB", LINE_CALL, FILE_CHUNKS, file_fill, read_run, file_close},
    {"getdents, an entry", LINE_CALL, 10 * DIRECTORY_ENTRIES, many_make, list_run, many_close},
    {0},
};
