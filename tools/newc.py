"""Writes cpio archives in the newc format, as a list of entries: no root rights, no files on disk.

The layout is that of Linux's Documentation/driver-api/early-userspace/buffer-format.rst: a header of
110 ASCII characters, the name and the data, each padded to four bytes; hard links share an inode
number and only the last of them carries the data.
"""
import stat

MAGIC = "070701"
TRAILER = "TRAILER!!!"
DEFAULT_TIME = 1767225600  # 2026-01-01: the same input gives the same archive


class Archive:
    """Entries in the order added; `bytes()` gives the archive."""

    def __init__(self, time=DEFAULT_TIME):
        self.time = time
        self.parts = []
        self.length = 0
        self.next_inode = 1
        self.names = set()

    def add(self, name, mode, data=b"", uid=0, gid=0, device=(0, 0), links=1, inode=None):
        """Adds one entry; `mode` holds the file type too. Returns its inode number."""
        if inode is None:
            inode, self.next_inode = self.next_inode, self.next_inode + 1
        encoded = name.encode() + b"\0"
        fields = [inode, mode, uid, gid, links, self.time, len(data), 0, 0, *device, len(encoded), 0]
        self._put(MAGIC.encode() + b"".join(b"%08X" % field for field in fields) + encoded)
        self._put(data)
        self.names.add(name)
        return inode

    def directory(self, name, permissions=0o755, **owner):
        if name not in self.names:
            self.add(name, stat.S_IFDIR | permissions, links=2, **owner)

    def file(self, name, data, permissions=0o644, **owner):
        return self.add(name, stat.S_IFREG | permissions, data, **owner)

    def link(self, name, target):
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, name, major, minor, permissions=0o600):
        self.add(name, stat.S_IFCHR | permissions, device=(major, minor))

    def bytes(self):
        finished = Archive(0)
        finished.add(TRAILER, 0, inode=0)
        body = b"".join(self.parts) + b"".join(finished.parts)
        return body + b"\0" * (-len(body) % 512)

    def _put(self, data):
        padded = data + b"\0" * (-len(data) % 4)
        self.parts.append(padded)
        self.length += len(padded)
