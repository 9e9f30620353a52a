// From a PC keyboard's scan codes (set 1, to which the controller translates) to what Linux's console sends for a US keyboard.
// Pure: the state is the caller's.
#pragma once

#include "lib/types.h"

enum { KEYBOARD_BYTES_MAX = 8 }; // of one key, with an ESC for Alt in front

struct keyboard_state {
    uint8_t held; // KEYBOARD_* of keyboard_map.c
    bool is_caps_lock, is_number_lock;
    bool is_extended;    // after 0xe0
    unsigned pause_left; // bytes to come of the Pause key
};

// Takes a scan code; stores what the key sends at `bytes`, which has room for KEYBOARD_BYTES_MAX. How many; mostly 0.
size_t keyboard_take_code(struct keyboard_state *state, uint8_t code, bool is_application_cursor,
                          char *bytes);
