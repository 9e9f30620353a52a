// The vDSO in programs. The pages are those of one page cache that all spaces map: a program may take the areas away, protect them,
// and, as a debugger's breakpoints need, have a private copy of the code; the clock's page can only be read.
#include "process/vdso.h"

#include "arch/clock_page.h"
#include "arch/page.h"
#include "arch/vdso.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "vm/address_space.h"

enum { CLOCK_PAGE, IMAGE_PAGE, PAGES };

static const struct page_cache_ops page_ops; // pages are there from the start and stay
static struct page_cache pages;

static void *page_make(uint64_t index)
{
    struct frame *frame;
    int error = page_cache_get(&pages, index, &frame); // the reference is kept
    assert_always(error == 0);
    return frame_to_virtual(frame);
}

void vdso_init(void)
{
    size_t bytes;
    const void *image = vdso_image(&bytes);
    assert_always(bytes <= PAGE_SIZE);
    page_cache_init(&pages, &page_ops, NULL);
    pages.size_bytes = PAGES * PAGE_SIZE;
    clock_page_move(page_make(CLOCK_PAGE));
    memcpy(page_make(IMAGE_PAGE), image, bytes);
}

static int map_page(struct address_space *space, const struct map_request *part, vaddr_t address)
{
    vaddr_t result;
    struct map_request request = *part;
    request.address = address;
    request.bytes = PAGE_SIZE;
    request.is_fixed = true;
    request.cache = &pages;
    return address_space_map(space, &request, &result);
}

int vdso_map(struct address_space *space, vaddr_t *image)
{
    static const struct map_request clock_part = {
        .flags = AREA_READ | AREA_MAY_READ,
        .offset = CLOCK_PAGE * PAGE_SIZE,
        .special_name = "[vvar]",
    };
    static const struct map_request image_part = {
        .flags = AREA_READ | AREA_EXECUTE | AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXECUTE,
        .offset = IMAGE_PAGE * PAGE_SIZE,
        .special_name = "[vdso]",
    };
    vaddr_t place;
    const struct map_request both = {.address = space->stack_top, .bytes = PAGES * PAGE_SIZE};
    int error = address_space_map(space, &both, &place);
    if (error == 0) {
        error = map_page(space, &clock_part, place);
    }
    if (error == 0) {
        error = map_page(space, &image_part, place + PAGE_SIZE);
    }
    *image = place + PAGE_SIZE;
    return error;
}
