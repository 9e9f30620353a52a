// The US layout and the keys that send sequences, as tables. Sequences are those of terminfo's entry "linux".
#include "device/drivers/keyboard_map.h"

#include "lib/macros.h"
#include "lib/string.h"

enum {
    KEYBOARD_SHIFT_LEFT = 0x01,
    KEYBOARD_SHIFT_RIGHT = 0x02,
    KEYBOARD_CONTROL_LEFT = 0x04,
    KEYBOARD_CONTROL_RIGHT = 0x08,
    KEYBOARD_ALT_LEFT = 0x10,
    KEYBOARD_ALT_RIGHT = 0x20,
    KEYBOARD_SHIFT = KEYBOARD_SHIFT_LEFT | KEYBOARD_SHIFT_RIGHT,
    KEYBOARD_CONTROL = KEYBOARD_CONTROL_LEFT | KEYBOARD_CONTROL_RIGHT,
    KEYBOARD_ALT = KEYBOARD_ALT_LEFT | KEYBOARD_ALT_RIGHT,

    CODE_EXTENDED = 0xe0,
    CODE_PAUSE = 0xe1, // and five more bytes
    CODE_RELEASED = 0x80,
    CODE_ACKNOWLEDGE = 0xfa,
    CODE_AGAIN = 0xfe,
    CODE_CAPS_LOCK = 0x3a,
    CODE_NUMBER_LOCK = 0x45,
    CODE_BACKSPACE = 0x0e,
    CODE_TAB = 0x0f,
    CODE_PAD_FIRST = 0x47,
    CODE_PAD_LAST = 0x53,
    CODE_SLASH = 0x35,
    PAUSE_REST = 5,
    ESCAPE = 0x1b,
};

// By scan code; 0 where the key sends no single character.
static const char plain[0x3a] = {
    0,    ESCAPE, '1', '2', '3', '4', '5', '6', '7', '8', '9',  '0', '-', '=',  0x7f,
    '\t', 'q',    'w', 'e', 'r', 't', 'y', 'u', 'i', 'o', 'p',  '[', ']', '\r', 0,
    'a',  's',    'd', 'f', 'g', 'h', 'j', 'k', 'l', ';', '\'', '`', 0,   '\\', 'z',
    'x',  'c',    'v', 'b', 'n', 'm', ',', '.', '/', 0,   '*',  0,   ' ',
};
static const char shifted[0x3a] = {
    0,    ESCAPE, '!', '@', '#', '$', '%', '^', '&', '*', '(', ')', '_', '+',  0x7f,
    '\t', 'Q',    'W', 'E', 'R', 'T', 'Y', 'U', 'I', 'O', 'P', '{', '}', '\r', 0,
    'A',  'S',    'D', 'F', 'G', 'H', 'J', 'K', 'L', ':', '"', '~', 0,   '|',  'Z',
    'X',  'C',    'V', 'B', 'N', 'M', '<', '>', '?', 0,   '*', 0,   ' ',
};

// The number pad from 0x47 on: with Num Lock characters, without it the keys of keyboard_sequences.
static const char pad[] = "789-456+1230.";

static const struct {
    uint8_t code;
    const char *sequence;
} keyboard_sequences[] = {
    {0x3b, "\033[[A"},  {0x3c, "\033[[B"},  {0x3d, "\033[[C"},  {0x3e, "\033[[D"},
    {0x3f, "\033[[E"},  {0x40, "\033[17~"}, {0x41, "\033[18~"}, {0x42, "\033[19~"},
    {0x43, "\033[20~"}, {0x44, "\033[21~"}, {0x57, "\033[23~"}, {0x58, "\033[24~"},
    {0x47, "\033[1~"},  {0x48, "\033[A"},   {0x49, "\033[5~"},  {0x4b, "\033[D"},
    {0x4c, "\033[G"},   {0x4d, "\033[C"},   {0x4f, "\033[4~"},  {0x50, "\033[B"},
    {0x51, "\033[6~"},  {0x52, "\033[2~"},  {0x53, "\033[3~"},
};

// ---- keys that change others ---------------------------------------------------------------------

static uint8_t modifier_of(uint8_t key, bool is_extended)
{
    switch (key) {
    case 0x1d: return is_extended ? KEYBOARD_CONTROL_RIGHT : KEYBOARD_CONTROL_LEFT;
    case 0x38: return is_extended ? KEYBOARD_ALT_RIGHT : KEYBOARD_ALT_LEFT;
    case 0x2a:
        return is_extended ? 0 : KEYBOARD_SHIFT_LEFT; // extended ones are made up by the keyboard
    case 0x36: return is_extended ? 0 : KEYBOARD_SHIFT_RIGHT;
    default: return 0;
    }
}

// True: the key is one of these.
static bool take_modifier(struct keyboard_state *state, uint8_t key, bool is_released)
{
    uint8_t modifier = modifier_of(key, state->is_extended);
    if (modifier != 0) {
        state->held = (uint8_t)(is_released ? state->held & ~modifier : state->held | modifier);
        return true;
    }
    if (!state->is_extended && key == CODE_CAPS_LOCK) {
        state->is_caps_lock ^= !is_released;
        return true;
    }
    if (!state->is_extended && key == CODE_NUMBER_LOCK) {
        state->is_number_lock ^= !is_released;
        return true;
    }
    return false;
}

// ---- characters ----------------------------------------------------------------------------------

static bool is_letter(char character)
{
    return character >= 'a' && character <= 'z';
}

// With Control: letters and @ [ \ ] ^ _ by their low five bits, and the digits by which Linux reaches the same.
static char control_character(char character)
{
    static const char digits[] = {0, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x7f}; // of 2 to 8
    if (character >= '2' && character <= '8') {
        return digits[character - '2'];
    }
    if (character == ' ' || character == '`') {
        return 0;
    }
    if (character == '/' || character == '-') {
        return 0x1f;
    }
    bool is_mapped = is_letter(character) || (character >= '[' && character <= '_');
    return is_mapped ? (char)(character & 0x1f) : character;
}

static char character_of(const struct keyboard_state *state, uint8_t key)
{
    if ((state->held & KEYBOARD_CONTROL) != 0) {
        return key == CODE_BACKSPACE ? '\b' : control_character(plain[key]);
    }
    bool is_upper = (state->held & KEYBOARD_SHIFT) != 0;
    is_upper ^= state->is_caps_lock && is_letter(plain[key]);
    return is_upper ? shifted[key] : plain[key];
}

static size_t send_character(const struct keyboard_state *state, char character, char *bytes)
{
    size_t length = 0;
    if ((state->held & KEYBOARD_ALT) != 0) {
        bytes[length++] = ESCAPE;
    }
    bytes[length++] = character;
    return length;
}

static size_t send_sequence(uint8_t key, bool is_application_cursor, char *bytes)
{
    for (size_t i = 0; i < ARRAY_SIZE(keyboard_sequences); i++) {
        if (keyboard_sequences[i].code == key) {
            size_t length = strlen(keyboard_sequences[i].sequence);
            memcpy(bytes, keyboard_sequences[i].sequence, length);
            bool is_arrow = length == 3 && bytes[2] <= 'D';
            bytes[1] = is_arrow && is_application_cursor ? 'O' : bytes[1];
            return length;
        }
    }
    return 0;
}

static size_t key_pressed(const struct keyboard_state *state, uint8_t key,
                          bool is_application_cursor, char *bytes)
{
    bool is_extended = state->is_extended;
    bool is_pad = key >= CODE_PAD_FIRST && key <= CODE_PAD_LAST && !is_extended;
    char on_pad = is_pad ? pad[key - CODE_PAD_FIRST] : 0;
    if (is_pad && (state->is_number_lock || on_pad == '-' || on_pad == '+')) {
        return send_character(state, on_pad, bytes);
    }
    if (key == CODE_TAB && (state->held & KEYBOARD_SHIFT) != 0) {
        memcpy(bytes, "\033[Z", 3);
        return 3;
    }
    bool is_on_both =
        key == 0x1c || key == CODE_SLASH; // Enter and / of the number pad are extended
    if (key < sizeof(plain) && plain[key] != 0 && (!is_extended || is_on_both)) {
        return send_character(state, is_extended ? plain[key] : character_of(state, key), bytes);
    }
    return send_sequence(key, is_application_cursor, bytes);
}

// The top bit of a code is a release, 0xe0 goes before the keys that the first PC did not have. Only Pause is longer: what follows its
// first byte is counted off, and it sends no release.
size_t keyboard_take_code(struct keyboard_state *state, uint8_t code, bool is_application_cursor,
                          char *bytes)
{
    if (state->pause_left != 0) {
        state->pause_left--;
        return 0;
    }
    if (code == CODE_EXTENDED || code == CODE_PAUSE) {
        state->is_extended = code == CODE_EXTENDED;
        state->pause_left = code == CODE_PAUSE ? PAUSE_REST : 0;
        return 0;
    }
    if (code == CODE_ACKNOWLEDGE || code == CODE_AGAIN) {
        return 0;
    }
    uint8_t key = code & 0x7f;
    bool is_released = (code & CODE_RELEASED) != 0;
    size_t length = 0;
    if (!take_modifier(state, key, is_released) && !is_released) {
        length = key_pressed(state, key, is_application_cursor, bytes);
    }
    state->is_extended = false;
    return length;
}
