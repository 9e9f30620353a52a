// The font: 256 glyphs of 8 by 16 dots, and which of them shows a character. Its places are not Unicode's, since a VGA's text mode
// has one byte for a glyph; the order is told in tools/genfont.
#pragma once

#include "lib/types.h"

enum { GLYPH_COUNT = 256, GLYPH_WIDTH = 8, GLYPH_HEIGHT = 16, GLYPH_REPLACEMENT = 0 };

// Rows of each glyph from the top, the leftmost dot in the highest bit.
extern const uint8_t glyph_font[GLYPH_COUNT][GLYPH_HEIGHT];

// The glyph of a character; one that looks alike where there is none of its own, GLYPH_REPLACEMENT where nothing does.
uint8_t glyph_of_character(uint32_t character);
// The character that a byte stands for in DEC's special graphics set (line drawing); the byte itself where the sets agree.
uint32_t glyph_special_graphics(uint8_t byte);
