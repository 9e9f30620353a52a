"""The distribution's programs in an initramfs, driven by scripts: what they print and their exit status, on both kernels.

A script is of the form of the parity suite's (boot/parity), whose library runs and counts the commands and whose
filters take out what differs between two boots.
"""
import pathlib

import debian_tree
import machine
import parity_suite

FOLDER = pathlib.Path(__file__).resolve().parent / "programs"
TIMEOUT_S = 1500
COMMON = ("bash", "dash", "coreutils", "grep", "sed")
NO_PERL = ("usr/bin/perl*", "usr/share/perl*", "usr/lib/x86_64-linux-gnu/perl*")
NO_SANITIZERS = ("usr/lib/gcc/x86_64-linux-gnu/12/lto*", "usr/lib/gcc/x86_64-linux-gnu/12/lib[alut][stu]*san*",
                 "usr/lib/x86_64-linux-gnu/lib[alut][stub]*san.*", "usr/lib/x86_64-linux-gnu/libgprofng*",
                 "usr/bin/*-gp-*", "usr/bin/gp-*")
# What each tree holds, and what it leaves out.
GROUPS = {
    "slice": ((*COMMON, "findutils", "tar", "gzip", "util-linux"), NO_PERL),
    "tools": ((*COMMON, "gawk", "findutils", "tar", "gzip", "bzip2", "xz-utils", "sqlite3", "lua5.4", "perl", "diffutils",
               "patch", "make", "git", "cpio", "procps", "util-linux", "bsdextrautils", "bc", "file"),
              ("usr/lib/git-core/git-*http*",)),
    "python": ((*COMMON, "python3.11", "procps"), NO_PERL),
    "compilers": ((*COMMON, "tcc", "gcc", "libc6-dev", "make"), (*NO_PERL, *NO_SANITIZERS)),
}
# {script: the tree that it runs in}
PARTS = {
    "00-slice.sh": "slice", "01-coreutils.sh": "tools", "02-text.sh": "tools", "03-archives.sh": "tools",
    "04-bash.sh": "tools", "05-languages.sh": "tools", "06-sqlite.sh": "tools", "07-python.sh": "python",
    "08-compilers.sh": "compilers",
}
LINKS = {"bin/sh": "dash", "usr/bin/awk": "gawk", "usr/bin/python3": "python3.11"}


def initrd(part):
    packages, left_out = GROUPS[PARTS[part]]
    files = {
        f"parity/{part}": (FOLDER / part).read_text(),
        "parity/lib.sh": (parity_suite.FOLDER / "lib.sh").read_text(),
        "parity/order": part + "\n",
        "etc/hosts": "127.0.0.1 localhost suite\n",
    }
    return debian_tree.initrd(packages, (FOLDER / "init").read_text(), files, left_out, LINKS)


def run(kernel, part):
    """Boots `kernel` with the part's tree and runs its script; returns the machine.Result."""
    guest = machine.Machine(kernel, initrd(part), "quiet loglevel=1", cpu="max", memory=1024,
                            name=f"programs-{part.removesuffix('.sh')}-{kernel}")
    return guest.run(TIMEOUT_S)
