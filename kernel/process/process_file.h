/*
 * A process as a file: pidfd_open(2). It stands for that process, whoever has its number later.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct open_file;
struct process;
struct credentials;

/* A new file, readable by poll once the process has ended; `flags`: O_NONBLOCK or 0. NULL: no memory. */
must_check struct open_file *process_file_create(struct process *process, unsigned flags,
                                                 struct credentials *credentials);
/* The process with a reference; NULL: the file is no such file. */
must_check struct process *process_from_file(const struct open_file *file);
