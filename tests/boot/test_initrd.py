"""Archives as Linux takes them: plain, gzip, several in a row; and damaged ones, after which the boot goes on."""
import gzip

import pytest

import initramfs
import newc
from machine import PROMPT, Machine

INIT = "#!/bin/sh\nexport PATH=/bin\ncat /extra/*; ls -l /extra | awk '{ print $1, $2, $5, $9, $10, $11 }'\npoweroff -f\n"
BOTH = pytest.mark.parametrize("kernel", ("linux", "astra"))


def extra_archive(text="from the second archive"):
    archive = newc.Archive()
    archive.directory("extra")
    archive.file("extra/text", (text + "\n").encode())
    return archive.bytes()


def padded(data):
    """Linux wants a plain archive at a multiple of four bytes."""
    return data + b"\0" * (-len(data) % 4)


def boot(kernel, data):
    return Machine(kernel, initramfs.write_initrd(data), "quiet loglevel=1").run(60)


@BOTH
@pytest.mark.parametrize("shape", ("plain plain", "gzip", "gzip gzip", "plain gzip", "gzip plain"))
def test_archives_in_a_row_unpack_in_order(kernel, shape):
    main, extra = initramfs.busybox_archive(INIT).bytes(), extra_archive()
    if shape == "gzip":
        data = gzip.compress(main + extra, mtime=0)
    else:
        data = b"".join(padded(gzip.compress(part, mtime=0)) if kind == "gzip" else part
                        for part, kind in zip((main, extra), shape.split()))
    result = boot(kernel, data)
    assert "from the second archive" in result.lines, str(result)


@BOTH
def test_a_later_archive_replaces_an_earlier_file(kernel):
    data = initramfs.busybox_archive(INIT).bytes() + extra_archive("first") + extra_archive("second")
    result = boot(kernel, data)
    assert "second" in result.lines and "first" not in result.lines, str(result)


@BOTH
def test_hard_links_share_their_data(kernel):
    archive = initramfs.busybox_archive(INIT)
    archive.directory("extra")
    inode = archive.add("extra/one", 0o100644, b"", links=2)
    archive.add("extra/two", 0o100644, b"linked\n", links=2, inode=inode)
    result = boot(kernel, archive.bytes())
    assert result.lines.count("linked") == 2 and result.serial.count("-rw-r--r-- 2 7") == 2, str(result)


@BOTH
def test_owners_modes_links_devices_and_fifos_come_through(kernel):
    archive = initramfs.busybox_archive("#!/bin/sh\nexport PATH=/bin\ncd /extra\nstat -c '%F %a %u %g %s %t:%T %n' *\npoweroff -f\n")
    archive.directory("extra", 0o750, uid=3, gid=4)
    archive.file("extra/file", b"12345", 0o4711, uid=5, gid=6)
    archive.link("extra/link", "/some/where")
    archive.character_device("extra/null", 1, 3, 0o666)
    archive.add("extra/pipe", 0o010600)
    result = boot(kernel, archive.bytes())
    for line in ("regular file 4711 5 6 5 0:0 file", "symbolic link 777 0 0 11 0:0 link",
                 "character special file 666 0 0 0 1:3 null", "fifo 600 0 0 0 0:0 pipe"):
        assert line in result.lines, f"{line} is missing: {result}"


def damaged(kind):
    """Archives whose first file is whole and which are broken behind it."""
    archive = newc.Archive()
    archive.file("whole", b"the first file\n")
    start = archive.length
    archive.file("second", b"x" * 3000)
    data = bytearray(archive.bytes())
    if kind == "cut short":
        return bytes(data[:start + 500])
    if kind == "bad magic":
        data[start:start + 6] = b"garbag"
    elif kind == "bad digits":
        data[start + 54:start + 62] = b"zzzzzzzz"
    elif kind == "huge size":
        data[start + 54:start + 62] = b"FFFFFFFF"
    elif kind == "huge name":
        data[start + 94:start + 102] = b"7FFFFFFF"
    elif kind == "broken gzip":
        packed = bytearray(gzip.compress(bytes(data), mtime=0))
        packed[len(packed) // 2] ^= 0xFF
        return bytes(packed)
    elif kind == "short gzip":
        return gzip.compress(bytes(data), mtime=0)[:60]
    elif kind == "wrong sum in gzip":
        packed = bytearray(gzip.compress(bytes(data), mtime=0))
        packed[-6] ^= 0xFF
        return bytes(packed)
    elif kind == "header cut short":
        return bytes(data[:start + 50])
    elif kind == "name cut short":
        return bytes(data[:start + 112])
    elif kind == "name without its end":
        data[start + 110:start + 120] = b"s" * 10
    elif kind == "no name":
        data[start + 94:start + 102] = b"00000000"
    elif kind == "older magic":
        data[start:start + 6] = b"070707"
    elif kind == "moved by two bytes":
        return bytes(data[:start]) + b"\0\0" + bytes(data[start:])
    elif kind == "another compression":
        return bytes(data[:start]) + b"\xfd7zXZ\0" + b"x" * 100
    elif kind == "no archive":
        return b"this is no archive at all " * 40
    elif kind == "empty":
        return b"\0" * 1024
    return bytes(data)


@pytest.mark.parametrize("kind", ("cut short", "bad magic", "bad digits", "huge size", "huge name", "broken gzip",
                                  "short gzip", "wrong sum in gzip", "header cut short", "name cut short", "name without its end",
                                  "no name", "older magic", "moved by two bytes", "another compression", "no archive", "empty"))
def test_after_a_damaged_archive_the_boot_goes_on(kind):
    result = Machine(initrd=initramfs.write_initrd(damaged(kind)), append="loglevel=7").run(30, until=PROMPT)
    assert PROMPT in result.serial, str(result)
    if kind != "empty":
        assert "initramfs" in result.serial or "damaged" in result.serial, str(result)


OUTSIDE = """#!/bin/sh
export PATH=/bin
cd /; for name in above absolute mnt/through bin/sh/below long/*; do test -e "$name" && echo "there: ${name%%xxxx*}"; done
cat /mnt/through /after; ls -l /bin/busybox | awk '{ print $1 }'
poweroff -f
"""


@BOTH
def test_names_that_lead_elsewhere_stay_in_the_tree(kernel):
    """Dots, a leading slash, a link in the way, a file in the way, a name that is too long: what comes after them unpacks."""
    archive = initramfs.busybox_archive(OUTSIDE)
    archive.file("../../above", b"")
    archive.file("/absolute", b"")
    archive.link("elsewhere", "mnt")
    archive.file("elsewhere/through", b"through a link\n")
    archive.file("bin/sh/below", b"")
    archive.directory("long")
    archive.file("long/" + "x" * 300, b"")
    archive.file("no/such/folder", b"")
    archive.file("after", b"what comes after\n")
    result = boot(kernel, archive.bytes())
    for line in ("there: above", "there: absolute", "there: mnt/through", "through a link", "what comes after", "-rwxr-xr-x"):
        assert line in result.lines, f"{line} is missing: {result}"
    assert "there: bin/sh/below" not in result.lines and "there: long/" not in result.serial, str(result)


@pytest.mark.parametrize("packs", (False, True))
def test_an_archive_that_is_larger_than_memory_ends_the_unpacking(packs):
    """The tree keeps what fitted, the log tells, and there is room for a shell."""
    archive = initramfs.busybox_archive("#!/bin/sh\nexport PATH=/bin\ncat /whole\npoweroff -f\n")
    archive.file("whole", b"the first file\n")
    data = archive.bytes()
    header = newc.Archive()
    header.file("large", b"")
    large = bytearray(header.bytes()[:120])
    large[54:62] = b"%08X" % (1 << 30)
    body = bytes(large) + bytes((100 if packs else 20) << 20)
    data += gzip.compress(body, 1, mtime=0) if packs else body
    result = Machine("debug", initramfs.write_initrd(data), "loglevel=4", memory=64).run(60)
    assert "the first file" in result.lines and result.guest_status == 0, str(result)
    assert "initramfs" in result.serial or "damaged" in result.serial, str(result)
