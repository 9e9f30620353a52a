// Editing of the line: VERASE takes one character (of UTF-8 all its bytes), VWERASE a word, VKILL everything; and how that looks:
// erased on the screen (ECHOE, ECHOKE), printed again between \ and / (ECHOPRT, for paper), or the key itself echoed.
#include "device/terminal_internal.h"
#include "lib/assert.h"

enum erase_unit { ERASE_CHARACTER, ERASE_WORD, ERASE_LINE };

static bool is_word_byte(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || byte == '_' || terminal_is_upper(byte) ||
           terminal_is_lower(byte);
}

void terminal_finish_erasing_locked(struct terminal *terminal)
{
    assert(mutex_is_held(&terminal->lock));
    if (terminal->discipline->is_erasing) {
        terminal_echo_raw_locked(terminal, '/');
        terminal->discipline->is_erasing = false;
    }
}

static void echo_back_over(struct terminal *terminal)
{
    terminal_echo_raw_locked(terminal, '\b');
    terminal_echo_raw_locked(terminal, ' ');
    terminal_echo_raw_locked(terminal, '\b');
}

// A tab was erased: goes back to the column where it began, counted from the last tab or from the line's first column.
static void echo_erase_tab(struct terminal *terminal)
{
    struct terminal_discipline *discipline = terminal->discipline;
    unsigned columns = 0;
    size_t place = discipline->head;
    bool is_after_tab = false;
    while (place != discipline->canonical_head && !is_after_tab) {
        uint8_t byte = terminal_input_at(discipline, --place);
        if (byte == '\t') {
            is_after_tab = true;
        } else if (terminal_is_control(byte)) {
            columns += terminal_has_local(terminal, ECHOCTL) ? 2 : 0;
        } else if (!terminal_is_continuation(terminal, byte)) {
            columns++;
        }
    }
    columns += is_after_tab ? 0 : discipline->canonical_column;
    for (unsigned i = columns % TERMINAL_TAB_WIDTH; i < TERMINAL_TAB_WIDTH; i++) {
        (void)terminal_output_raw_locked(terminal, '\b');
        discipline->column -= discipline->column > 0 ? 1 : 0;
    }
}

// Shows that the character [head, head + count), which begins with `byte`, is gone.
static void echo_erased(struct terminal *terminal, enum erase_unit unit, uint8_t byte, size_t count)
{
    struct terminal_discipline *discipline = terminal->discipline;
    if (terminal_has_local(terminal, ECHOPRT)) {
        if (!discipline->is_erasing) {
            terminal_echo_raw_locked(terminal, '\\');
            discipline->is_erasing = true;
        }
        terminal_echo_char_locked(terminal, byte);
        for (size_t i = 1; i < count; i++) {
            terminal_echo_raw_locked(terminal, terminal_input_at(discipline, discipline->head + i));
        }
    } else if (unit == ERASE_CHARACTER && !terminal_has_local(terminal, ECHOE)) {
        terminal_echo_char_locked(terminal, terminal->termios.c_cc[VERASE]);
    } else if (byte == '\t') {
        echo_erase_tab(terminal);
    } else if (!terminal_is_control(byte)) {
        echo_back_over(terminal);
    } else if (terminal_has_local(terminal, ECHOCTL)) {
        echo_back_over(terminal);
        echo_back_over(terminal);
    }
}

// Where the last character of the line begins; `head` itself if only a piece of one is there.
static size_t last_character(const struct terminal *terminal)
{
    const struct terminal_discipline *discipline = terminal->discipline;
    size_t place = discipline->head;
    uint8_t byte;
    do {
        byte = terminal_input_at(discipline, --place);
    } while (terminal_is_continuation(terminal, byte) && place != discipline->canonical_head);
    return terminal_is_continuation(terminal, byte) ? discipline->head : place;
}

// Character by character from the end, since what each has left on the screen depends on it: a control character two columns, a tab
// as many as there were to its stop.
static void erase_back(struct terminal *terminal, enum erase_unit unit)
{
    struct terminal_discipline *discipline = terminal->discipline;
    bool has_seen_word = false;
    while (discipline->head != discipline->canonical_head) {
        size_t place = last_character(terminal);
        size_t count = discipline->head - place;
        uint8_t byte = terminal_input_at(discipline, place);
        if (count == 0 || (unit == ERASE_WORD && has_seen_word && !is_word_byte(byte))) {
            break;
        }
        has_seen_word = has_seen_word || is_word_byte(byte);
        WRITE_ONCE(discipline->head, place);
        if (terminal_has_local(terminal, ECHO)) {
            echo_erased(terminal, unit, byte, count);
        }
        if (unit == ERASE_CHARACTER) {
            break;
        }
    }
    if (discipline->head == discipline->canonical_head && terminal_has_local(terminal, ECHO)) {
        terminal_finish_erasing_locked(terminal);
    }
}

// The line goes without being erased on the screen. False: it is to be erased character by character.
static bool kill_plainly(struct terminal *terminal)
{
    struct terminal_discipline *discipline = terminal->discipline;
    const uint32_t visible = ECHOK | ECHOKE | ECHOE;
    bool has_echo = terminal_has_local(terminal, ECHO);
    if (has_echo && (terminal->termios.c_lflag & visible) == visible) {
        return false;
    }
    WRITE_ONCE(discipline->head, discipline->canonical_head);
    if (has_echo) {
        terminal_finish_erasing_locked(terminal);
        terminal_echo_char_locked(terminal, terminal->termios.c_cc[VKILL]);
        if (terminal_has_local(terminal, ECHOK)) {
            terminal_echo_raw_locked(terminal, '\n');
        }
    }
    return true;
}

void terminal_erase_locked(struct terminal *terminal, uint8_t command)
{
    assert(mutex_is_held(&terminal->lock));
    if (terminal->discipline->head == terminal->discipline->canonical_head) {
        return;
    }
    if (terminal_is_key(terminal, VERASE, command)) {
        erase_back(terminal, ERASE_CHARACTER);
    } else if (terminal_is_key(terminal, VKILL, command)) {
        if (!kill_plainly(terminal)) {
            erase_back(terminal, ERASE_LINE);
        }
    } else {
        erase_back(terminal, ERASE_WORD);
    }
}
