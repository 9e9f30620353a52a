"""Trees of the distribution's packages as initramfs archives: fetched by name with the machine's own apt, which checks
them, with all that they depend on, and neither installed nor configured.

A tree is made once for a list of packages at their present versions, and kept below build/suites. What a test adds is
a second archive behind it in one file, which a kernel unpacks over the first.
"""
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tarfile

import initramfs
import machine
import newc

FOLDER = machine.BUILD / "suites" / "packages"
LISTS = pathlib.Path("/var/lib/apt/lists")
# No program of the suites reads them.
LEFT_OUT = ("usr/share/doc/*", "usr/share/man/*", "usr/share/info/*", "usr/share/locale/*", "usr/share/lintian/*",
            "usr/share/bug/*", "usr/lib/x86_64-linux-gnu/gconv/*", "usr/share/common-licenses/*", "usr/share/zsh/*",
            "usr/share/bash-completion/*", "usr/share/gitweb/*", "usr/share/libc-bin/*")
# The distribution's one tree below /usr: what a package has in the top folder stands there.
MERGED = ("bin", "sbin", "lib", "lib64")


class NotFetched(RuntimeError):
    """The packages are not to be had here."""


def apt(*words):
    """The text that apt-get prints for a system on which nothing is installed."""
    (FOLDER / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    settings = ("Dir::State::status=/dev/null", f"Dir::Cache={FOLDER}", "Dir::Cache::pkgcache=pkgcache.bin",
                "Dir::Cache::srcpkgcache=srcpkgcache.bin", "Debug::NoLocking=1", "APT::Sandbox::User=root")
    options = [word for setting in settings for word in ("-o", setting)]
    command = ["apt-get", "-q", "-y", "--no-install-recommends", *options, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotFetched(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def versions(packages):
    """Returns [[name, version]] of the packages and of all that they depend on. Asked once until the machine's
    package lists change, since apt reads all of them."""
    lists = max((path.stat().st_mtime_ns for path in LISTS.iterdir()), default=0)
    kept = FOLDER / f"{hashlib.sha256(repr((packages, lists)).encode()).hexdigest()[:16]}.versions"
    if not kept.exists():
        found = re.findall(r"^Inst (\S+) \((\S+)", apt("-s", "install", *packages), re.M)
        kept.write_text(json.dumps(sorted(found)))
    return json.loads(kept.read_text())


def package_files(packages):
    """Fetches; returns the paths of the .deb files."""
    apt("--download-only", "install", *packages)
    found = []
    for name, version in versions(packages):
        found += FOLDER.joinpath("archives").glob(f"{name}_{version.replace(':', '%3a')}_*.deb")
    return found


def is_left_out(path, left_out):
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in left_out)


def merged_path(path):
    path = path.removeprefix("./").strip("/")
    return "usr/" + path if path.split("/")[0] in MERGED else path


class Tree:
    """Fills an archive from packages; hard links wait for the end, since the last name carries the data."""

    def __init__(self, left_out):
        self.archive = newc.Archive()
        self.left_out = (*LEFT_OUT, *left_out)
        self.linked = {}

    def add_package(self, path):
        self.linked = {}
        unpacked = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", path], stdout=subprocess.PIPE)
        with tarfile.open(fileobj=unpacked.stdout, mode="r|") as members:
            for member in members:
                self.add_member(members, member)
        if unpacked.wait() != 0:
            raise RuntimeError(f"dpkg-deb cannot read {path}")
        for (data, permissions, owner), names in self.linked.values():
            self.add_file(names, data, permissions, owner)

    def add_member(self, members, member):
        name = merged_path(member.name)
        if not name or is_left_out(name, self.left_out):
            return
        owner = {"uid": member.uid, "gid": member.gid}
        if member.isdir():
            self.archive.directory(name, member.mode, **owner)
        elif member.issym():
            self.archive.link(name, member.linkname)
        elif member.islnk():
            self.linked[merged_path(member.linkname)][1].append(name)
        elif member.isfile():
            self.linked[name] = ((members.extractfile(member).read(), member.mode, owner), [name])

    def add_file(self, names, data, permissions, owner):
        inode = None
        for name in names:
            is_last = name == names[-1]
            inode = self.archive.add(name, stat.S_IFREG | permissions, data if is_last else b"", links=len(names),
                                     inode=inode, **owner)


def base_archive(packages, left_out=()):
    """Returns the path of the archive with the packages' files; made where it is not there."""
    listed = versions(packages)
    key = hashlib.sha256(repr((listed, LEFT_OUT, left_out)).encode()).hexdigest()[:16]
    path = FOLDER / f"{key}.cpio"
    if not path.exists():
        tree = Tree(left_out)
        for folder in ("usr", *(f"usr/{name}" for name in MERGED)):
            tree.archive.directory(folder)
        for name in MERGED:
            tree.archive.link(name, f"usr/{name}")
        for package in package_files(packages):
            tree.add_package(package)
        scratch = path.with_suffix(f".{os.getpid()}")
        scratch.write_bytes(tree.archive.bytes())
        scratch.rename(path)
    return path


def initrd(packages, init, files=None, left_out=(), links=None):
    """One file with the packages' tree and, behind it, busybox below /busybox, `init` as /init, and `files`
    ({path: bytes, text, or (bytes, permissions)}); `links` maps a path to what it leads to."""
    overlay = newc.Archive()
    for folder in ("busybox", "dev", "proc", "sys", "root", "mnt", "etc"):
        overlay.directory(folder)
    overlay.directory("tmp", 0o1777)
    overlay.character_device("dev/console", 5, 1)
    overlay.file("busybox/busybox", initramfs.BUSYBOX.read_bytes(), 0o755)
    for name in sorted({*initramfs.busybox_applets()} - {"busybox"}):
        overlay.link(f"busybox/{name}", "busybox")
    for path, target in (links or {}).items():
        overlay.link(path, target)
    for path, content in {**initramfs.ACCOUNTS, **(files or {})}.items():
        content, permissions = content if isinstance(content, tuple) else (content, 0o644)
        for depth in range(1, path.count("/") + 1):
            overlay.directory("/".join(path.split("/")[:depth]))
        overlay.file(path, content.encode() if isinstance(content, str) else content, permissions)
    overlay.file("init", init.encode(), 0o755)
    return joined(base_archive(packages, left_out), initramfs.write_initrd(overlay.bytes()))


def joined(base, overlay):
    path = overlay.with_name(f"{base.stem}-{overlay.stem}.cpio")
    if not path.exists():
        scratch = path.with_suffix(f".{os.getpid()}")
        with open(scratch, "wb") as output:
            for part in (base, overlay):
                with open(part, "rb") as source:
                    shutil.copyfileobj(source, output, 1 << 20)
        scratch.rename(path)
    return path
