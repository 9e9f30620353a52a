"""ACPI tables of our own for a machine started with `acpi=off`: SeaBIOS finds them where QEMU's would be, as files of fw_cfg
(QEMU, docs/specs/fw_cfg.rst and SeaBIOS, src/fw/romfile_loader.h), and puts them into memory.

So a MADT can name CPUs that are not there, which QEMU's own never does.
"""
import struct

RSDP_FILE, TABLES_FILE, LOADER_FILE = "etc/acpi/rsdp", "etc/acpi/tables", "etc/table-loader"
ALLOCATE, ADD_POINTER, ADD_CHECKSUM = 1, 2, 3
ZONE_HIGH, ZONE_LOW = 1, 2
COMMAND_BYTES, NAME_BYTES = 128, 56
HEADER_BYTES, CHECKSUM_AT = 36, 9
RSDP_BYTES, RSDP_CHECKSUM_AT, RSDP_ROOT_AT = 20, 8, 16
LOCAL_APIC, IO_APIC = 0xfee00000, 0xfec00000


def table(signature, body):
    """A table without its checksum, which the loader enters once the pointers are right."""
    return struct.pack("<4sIBB6s8sI4sI", signature, HEADER_BYTES + len(body), 1, 0, b"ASTRA", b"TEST", 1, b"TEST", 1) + body


def madt(apic_ids):
    """Enabled CPUs with these local APICs, one I/O APIC, and the timer's line at pin 2, as on a PC."""
    cpus = b"".join(struct.pack("<BBBBI", 0, 8, number, apic, 1) for number, apic in enumerate(apic_ids))
    io_apic = struct.pack("<BBBBII", 1, 12, 0, 0, IO_APIC, 0)
    timer_line = struct.pack("<BBBBIH", 2, 10, 0, 0, 2, 0)
    return table(b"APIC", struct.pack("<II", LOCAL_APIC, 1) + cpus + io_apic + timer_line)


def name(text):
    return text.encode().ljust(NAME_BYTES, b"\0")


def command(number, fields):
    return (struct.pack("<I", number) + fields).ljust(COMMAND_BYTES, b"\0")


def checksum(file, at, start, length):
    return command(ADD_CHECKSUM, name(file) + struct.pack("<III", at, start, length))


def pointer(file, target, at):
    return command(ADD_POINTER, name(file) + name(target) + struct.pack("<IB", at, 4))


def write_files(folder, apic_ids):
    """Writes the files into `folder`; returns QEMU's arguments for them."""
    apics = madt(apic_ids)
    root = table(b"RSDT", struct.pack("<I", 0))  # the pointer counts from the start of the file of tables
    rsdp = struct.pack("<8sB6sBI", b"RSD PTR ", 0, b"ASTRA", 0, len(apics))
    loader = b"".join((
        command(ALLOCATE, name(RSDP_FILE) + struct.pack("<IB", 16, ZONE_LOW)),
        command(ALLOCATE, name(TABLES_FILE) + struct.pack("<IB", 64, ZONE_HIGH)),
        pointer(TABLES_FILE, TABLES_FILE, len(apics) + HEADER_BYTES),
        pointer(RSDP_FILE, TABLES_FILE, RSDP_ROOT_AT),
        checksum(TABLES_FILE, CHECKSUM_AT, 0, len(apics)),
        checksum(TABLES_FILE, len(apics) + CHECKSUM_AT, len(apics), len(root)),
        checksum(RSDP_FILE, RSDP_CHECKSUM_AT, 0, RSDP_BYTES),
    ))
    arguments = []
    for file, content in ((RSDP_FILE, rsdp), (TABLES_FILE, apics + root), (LOADER_FILE, loader)):
        path = folder / file.replace("/", "-")
        path.write_bytes(content)
        arguments += ["-fw_cfg", f"name={file},file={path}"]
    return arguments
