"""Builds the initramfs archives of the boot tests: an unmodified busybox, its links, and a script as /init."""
import hashlib
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tools"))
import newc  # noqa: E402

BUSYBOX = pathlib.Path("/bin/busybox")
FOLDERS = ("bin", "sbin", "dev", "proc", "sys", "tmp", "etc", "root", "mnt", "usr", "usr/bin", "usr/sbin")
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"
                  "daemon:x:1:1:daemon:/:/bin/sh\n"
                  "nobody:x:65534:65534:nobody:/:/bin/sh\n",
    "etc/group": "root:x:0:\ndaemon:x:1:\nusers:x:100:daemon,nobody\nnogroup:x:65534:\n",
}


def busybox_archive(init=None, files=None, links=True):
    """Returns an Archive with busybox; `init` is the text of /init, `files` maps a path to bytes,
    text, or (bytes, permissions)."""
    archive = newc.Archive()
    for folder in FOLDERS:
        archive.directory(folder, 0o1777 if folder == "tmp" else 0o755)
    archive.character_device("dev/console", 5, 1)
    archive.file("bin/busybox", BUSYBOX.read_bytes(), 0o755)
    archive.link("bin/sh", "busybox")
    if links:
        for name in busybox_applets():
            if name not in ("sh", "busybox"):
                archive.link(f"bin/{name}", "busybox")
    for path, content in {**ACCOUNTS, **(files or {})}.items():
        content, permissions = content if isinstance(content, tuple) else (content, 0o644)
        for depth in range(1, path.count("/") + 1):
            archive.directory("/".join(path.split("/")[:depth]))
        archive.file(path, content.encode() if isinstance(content, str) else content, permissions)
    if init is not None:
        archive.file("init", init.encode(), 0o755)
    return archive


def busybox_applets():
    listed = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True)
    return listed.stdout.split()


def write_initrd(data):
    """Writes an archive (bytes) below build/, named by its content, and returns the path."""
    folder = TOP / "build" / "initrd"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(data).hexdigest()[:16]}.cpio"
    if not path.exists():
        scratch = path.with_suffix(f".{id(data)}")
        scratch.write_bytes(data)
        scratch.rename(path)
    return path


def busybox_initrd(init=None, files=None, links=True):
    return write_initrd(busybox_archive(init, files, links).bytes())
