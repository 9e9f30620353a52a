// Shared by the emulator*.c.
#pragma once

#include "device/screen/emulator.h"

enum { COLOUR_GREY = 7, COLOUR_BRIGHT = 8, TAB_WIDTH = 8 };

// emulator.c
void emulator_reset(struct screen_emulator *emulator);
void emulator_reset_pen(struct emulator_pen *pen);
void emulator_put_character(struct screen_emulator *emulator, uint32_t character);
// To a row and column of the whole screen, or of the scroll region with origin mode; beyond the edge goes to the edge.
void emulator_move_to(struct screen_emulator *emulator, unsigned row, unsigned column);
void emulator_line_feed(struct screen_emulator *emulator);
void emulator_reverse_line_feed(struct screen_emulator *emulator);
void emulator_reset_tabs(struct screen_emulator *emulator);
void emulator_save(struct screen_emulator *emulator);
void emulator_restore(struct screen_emulator *emulator);
void emulator_reply(struct screen_emulator *emulator, const char *text);
// The space that erasing leaves: in the pen's background (terminfo's bce).
struct screen_cell emulator_blank(const struct screen_emulator *emulator);

// emulator_escape.c: a character of an escape sequence, in any state but GROUND.
void emulator_escape(struct screen_emulator *emulator, uint8_t byte);

// emulator_control.c: carries out a control sequence whose parameters are complete.
void emulator_control(struct screen_emulator *emulator, char final);
// Parameter `index`, `otherwise` where it is missing or 0.
unsigned emulator_parameter(const struct screen_emulator *emulator, unsigned index,
                            unsigned otherwise);

// emulator_colour.c
void emulator_select_graphics(struct screen_emulator *emulator);
uint8_t emulator_colour(const struct screen_emulator *emulator);
