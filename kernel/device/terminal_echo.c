// Echo: what the discipline itself writes. It goes through the same output processing as a program's bytes; when the stage is full
// (output stopped) echo is dropped, as the characters themselves are not.
#include "device/terminal_internal.h"
#include "lib/assert.h"

void terminal_echo_raw_locked(struct terminal *terminal, uint8_t byte)
{
    assert(mutex_is_held(&terminal->lock));
    (void)terminal_output_char_locked(terminal, byte);
}

// Control characters other than tab show as ^X where ECHOCTL is set.
void terminal_echo_char_locked(struct terminal *terminal, uint8_t byte)
{
    assert(mutex_is_held(&terminal->lock));
    if (!terminal_has_local(terminal, ECHOCTL) || !terminal_is_control(byte) || byte == '\t') {
        (void)terminal_output_char_locked(terminal, byte);
        return;
    }
    (void)terminal_output_raw_locked(terminal, '^');
    (void)terminal_output_raw_locked(terminal, byte ^ 0x40);
    terminal->discipline->column += 2;
}

// A character of the edited line: the first one fixes the column where the line begins, for erasing tabs.
void terminal_echo_typed_locked(struct terminal *terminal, uint8_t byte)
{
    assert(mutex_is_held(&terminal->lock));
    struct terminal_discipline *discipline = terminal->discipline;
    if (discipline->canonical_head == discipline->head) {
        discipline->canonical_column = discipline->column;
    }
    terminal_echo_char_locked(terminal, byte);
}
