// The wall clock at boot: the CMOS clock's registers (MC146818 data sheet), taken as UTC in the century 2000.
#include "arch/port_io.h"
#include "interrupt/interrupt_internal.h"
#include "lib/string.h"

enum {
    CMOS_INDEX = 0x70,
    CMOS_DATA = 0x71,
    CMOS_STATUS_B = 0x0b,
    STATUS_B_24_HOURS = 0x02,
    STATUS_B_BINARY = 0x04,
    HOUR_PM = 0x80,
    READ_TRIES = 4,
};

enum field { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, FIELD_COUNT };
static const uint8_t field_registers[FIELD_COUNT] = {0, 2, 4, 7, 8, 9};

static uint8_t cmos_read(uint8_t number)
{
    port_write8(CMOS_INDEX, number);
    return port_read8(CMOS_DATA);
}

static void fields_read(uint8_t fields[FIELD_COUNT])
{
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        fields[i] = cmos_read(field_registers[i]);
    }
}

// Two equal readings in a row: waiting for the update flag would cost up to 2 ms of spinning.
static void fields_read_stable(uint8_t fields[FIELD_COUNT])
{
    uint8_t former[FIELD_COUNT];
    fields_read(fields);
    for (unsigned tries = 0; tries < READ_TRIES; tries++) {
        memcpy(former, fields, sizeof(former));
        fields_read(fields);
        if (memcmp(former, fields, sizeof(former)) == 0) {
            return;
        }
    }
}

static uint8_t from_bcd(uint8_t value)
{
    return (uint8_t)((value >> 4) * 10 + (value & 15));
}

// The firmware chose the clock's format (status B), and it is not ours to change: digits or binary, 12 hours (where 12 AM is 0, with
// the top bit for PM) or 24.
static void fields_normalise(uint8_t fields[FIELD_COUNT], uint8_t status)
{
    bool is_afternoon = (fields[HOUR] & HOUR_PM) && !(status & STATUS_B_24_HOURS);
    fields[HOUR] &= (uint8_t)~HOUR_PM;
    for (unsigned i = 0; !(status & STATUS_B_BINARY) && i < FIELD_COUNT; i++) {
        fields[i] = from_bcd(fields[i]);
    }
    if (!(status & STATUS_B_24_HOURS)) {
        fields[HOUR] = (uint8_t)(fields[HOUR] % 12 + (is_afternoon ? 12 : 0));
    }
}

static bool fields_are_valid(const uint8_t fields[FIELD_COUNT])
{
    return fields[SECOND] < 60 && fields[MINUTE] < 60 && fields[HOUR] < 24 && fields[DAY] >= 1 &&
           fields[DAY] <= 31 && fields[MONTH] >= 1 && fields[MONTH] <= 12 && fields[YEAR] < 100;
}

// Days from 1970 to a date of the years 2000 to 2099, in which every fourth year is a leap year.
static uint64_t days_since_1970(unsigned years_since_2000, unsigned month, unsigned day)
{
    static const uint16_t days_before_month[] = {0,   31,  59,  90,  120, 151,
                                                 181, 212, 243, 273, 304, 334};
    const uint64_t days_to_2000 = 10957;
    uint64_t days = days_to_2000 + years_since_2000 * 365UL + (years_since_2000 + 3) / 4;
    bool is_after_leap_day = years_since_2000 % 4 == 0 && month > 2;
    return days + days_before_month[month - 1] + is_after_leap_day + day - 1;
}

uint64_t rtc_read_seconds(void)
{
    uint8_t fields[FIELD_COUNT];
    fields_read_stable(fields);
    fields_normalise(fields, cmos_read(CMOS_STATUS_B));
    if (!fields_are_valid(fields)) {
        return 0;
    }
    uint64_t days = days_since_1970(fields[YEAR], fields[MONTH], fields[DAY]);
    return ((days * 24 + fields[HOUR]) * 60 + fields[MINUTE]) * 60 + fields[SECOND];
}
