# gdb commands for Astra's kernel. `make debug` loads them; `help user-defined` lists them.
set pagination off
set confirm off
set print pretty on
source tools/astra_gdb.py

define astra-boot
    hbreak upcall_boot
    continue
end
document astra-boot
Runs to the first C code with the kernel's own page tables.
end

define astra-stages
    set $stage = 0
    while $stage < boot_information.stage_count
        printf "%16lu %s\n", boot_information.stages[$stage].timestamp, boot_information.stages[$stage].name
        set $stage = $stage + 1
    end
end
document astra-stages
The stages of the boot with their time stamps.
end

define astra-memory
    set $range = 0
    while $range < boot_information.memory_count
        printf "%#18lx %#14lx kind %d\n", boot_information.memory[$range].base, boot_information.memory[$range].bytes, boot_information.memory[$range].kind
        set $range = $range + 1
    end
end
document astra-memory
The memory map that the loader gave.
end

define astra-panic
    hbreak panic
    continue
    backtrace
end
document astra-panic
Runs until the kernel panics, and shows how it came there.
end
