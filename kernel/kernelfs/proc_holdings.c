/*
 * /proc/holdings of debug kernels: what the kernel holds once its caches are dropped, a line "name count" each. Two equal readings
 * tell that nothing was left behind in between.
 */
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/text.h"
#include "process/holdings.h"

#if ASTRA_DEBUG

static void show_holding(const char *name, size_t count, void *context)
{
    text_format(context, "%s %zu\n", name, count);
}

int proc_show_holdings(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    holdings_settle();
    holdings_visit(show_holding, text);
    return 0;
}

#endif
