/*
 * The table of hard links of one archive, shared by cpio.c and cpio_links.c.
 */
#pragma once

#include "lib/cpio.h"

/*
 * Looks the parser's entry up by device, inode and type. *earlier gets the name of the entry that
 * was there first (borrowed until cpio_links_forget), or NULL when this is the first, which is
 * remembered. Returns 0 or -ENOMEM.
 */
must_check int cpio_link_find_or_add(struct cpio_parser *parser, const char **earlier);

/* Empties the table. */
void cpio_links_forget(struct cpio_parser *parser);
