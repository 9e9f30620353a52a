/*
 * What the calls that write to files share.
 */
#pragma once

#include "file/open_file.h"

/*
 * A write on behalf of the running task: held to RLIMIT_FSIZE, and a failure that a signal goes with sends it (SIGPIPE, SIGXFSZ).
 * `position` NULL: the file's own. As file_write and file_write_at, and -EFBIG.
 */
ssize_t file_write_limited(struct open_file *file, struct io_iter *iter, const uint64_t *position);
/* What a failed write owes the writer; returns `error`. */
ssize_t write_failed(ssize_t error);
