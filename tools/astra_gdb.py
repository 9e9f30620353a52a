"""gdb commands that show what Astra's kernel holds: loaded by tools/astra.gdb, needs the debug kernel's symbols.

Everything is read from the stopped machine's memory by the kernel's own structures, without calling into it, so the commands
work wherever it stopped: in the middle of an update too, where a list may be cut short.
"""
import gdb

LIST_LIMIT = 100000
STATES = ("runnable", "blocked", "sleeping", "stopped", "dead")
MOUNT_READ_ONLY = 1
AREA_LETTERS = ((1, "r"), (2, "w"), (4, "x"))
AREA_SHARED = 8
AREA_NAMES = ((256, "[heap]"), (512, "[stack]"))


def variable(name, source=None):
    """A variable of the kernel; `source` tells which static one is meant."""
    return gdb.parse_and_eval(f"'{source}'::{name}" if source else name)


def container(pointer, type_name, member):
    """The structure in which a link lies."""
    structure = gdb.lookup_type("struct " + type_name)
    offset = next(field.bitpos // 8 for field in structure.fields() if field.name == member)
    return (pointer.cast(gdb.lookup_type("char").pointer()) - offset).cast(structure.pointer()).dereference()


def list_entries(head, type_name, member):
    link, seen = head["next"], 0
    while link and link != head.address and seen < LIST_LIMIT:
        yield container(link, type_name, member)
        link, seen = link["next"], seen + 1


def tree_entries(node, type_name, member):
    """In order, of a red-black tree."""
    if node:
        yield from tree_entries(node["left"], type_name, member)
        yield container(node, type_name, member)
        yield from tree_entries(node["right"], type_name, member)


def threads():
    return list_entries(variable("thread_list", "kernel/scheduler/thread.c"), "thread", "all_link")


def text(array, length=None):
    return array.string("utf-8", "replace") if length is None else array.string("utf-8", "replace", length=length)


def task_of(thread):
    """The task that embeds the thread, or None."""
    is_task = int(thread["release"]) == int(variable("task_release").address)
    return thread.address.cast(gdb.lookup_type("struct task").pointer()).dereference() if is_task else None


def task_numbered(argument):
    if not argument.strip().isdigit():
        raise gdb.GdbError("the number of a process or thread is wanted: see astra-processes")
    for thread in threads():
        if int(thread["number"]) == int(argument) and task_of(thread):
            return task_of(thread)
    raise gdb.GdbError(f"no task has the number {argument.strip()}")


def path_text(mount, entry):
    names = []
    while mount and entry and len(names) < 256:
        if entry == mount["root"]:
            mount, entry = mount["covered"]["mount"], mount["covered"]["entry"]
        elif entry == entry["parent"]:
            break
        else:
            names.append(text(entry["name"], int(entry["length"])))
            entry = entry["parent"]
    return "/" + "/".join(reversed(names))


def backing_text(backing):
    if not backing["ops"] or int(backing["ops"]) != int(variable("path_backing_ops").address):
        return ""
    mount = backing["object"][0].cast(gdb.lookup_type("struct mount").pointer())
    entry = backing["object"][1].cast(gdb.lookup_type("struct name_entry").pointer())
    return path_text(mount, entry)


class Processes(gdb.Command):
    """Lists the threads: number, process, parent, state, CPU, name, and what a kernel thread or sleeper waits for."""

    def __init__(self):
        super().__init__("astra-processes", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        print(f"{'thread':>7} {'process':>7} {'parent':>7} {'state':<9} cpu name")
        for thread in threads():
            task = task_of(thread)
            process, parent = ("-", "-") if not task else numbers_of_process(task["process"])
            state = int(thread["state"]["value"])
            waits = f"  ({text(thread['waiting_for'])})" if thread["waiting_for"] else ""
            print(f"{int(thread['number']):>7} {process:>7} {parent:>7} {STATES[state] if state < len(STATES) else state:<9} "
                  f"{int(thread['cpu']):>3} {text(thread['name'])}{waits}")


def numbers_of_process(process):
    parent = process["parent"]
    number = int(process["id"]["number"]) if process["id"] else 0
    return number, int(parent["id"]["number"]) if parent and parent["id"] else 0


class Areas(gdb.Command):
    """Lists the areas of a process's memory: astra-areas NUMBER."""

    def __init__(self):
        super().__init__("astra-areas", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        space = task_numbered(argument)["space"]
        if not space:
            raise gdb.GdbError("it has no memory of its own")
        for area in tree_entries(space["areas"]["node"], "area", "node"):
            flags = int(area["flags"])
            rights = "".join(letter if flags & bit else "-" for bit, letter in AREA_LETTERS)
            name = backing_text(area["backing"]) or "".join(name for bit, name in AREA_NAMES if flags & bit)
            if area["special_name"]:
                name = text(area["special_name"])
            print(f"{int(area['start']):016x}-{int(area['end']):016x} {rights}{'s' if flags & AREA_SHARED else 'p'} "
                  f"{int(area['offset']):08x} {name}".rstrip())


class Descriptors(gdb.Command):
    """Lists a process's descriptors: astra-descriptors NUMBER."""

    def __init__(self):
        super().__init__("astra-descriptors", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        table = task_numbered(argument)["descriptors"]
        if not table:
            raise gdb.GdbError("it has no descriptors")
        array = table["array"]
        for number in range(int(array["capacity"])):
            file = array["files"][number]
            if file:
                kind = text(file["ops"]["name"]) if file["ops"]["name"] else "file"
                print(f"{number:>4} flags {int(file['flags']):#o} position {int(file['position'])} {kind} "
                      f"{backing_text(file['backing'])}".rstrip())


class Mounts(gdb.Command):
    """Lists the mounts: number, type, source, where, rights."""

    def __init__(self):
        super().__init__("astra-mounts", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for mount in list_entries(variable("mount_list"), "mount", "link"):
            kind = text(mount["file_system"]["type"]["name"])
            rights = "ro" if int(mount["flags"]) & MOUNT_READ_ONLY else "rw"
            where = path_text(mount.address, mount["root"])
            print(f"{int(mount['id']):>3} {kind} {text(mount['source'])} {where} {rights}")


class Log(gdb.Command):
    """Shows the kernel's log, or its last lines: astra-log [LINES]."""

    def __init__(self):
        super().__init__("astra-log", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        source = "kernel/log/log.c"
        slots, end = variable("slots", source), int(variable("next_sequence", source))
        count = slots.type.range()[1] + 1
        wanted = int(argument) if argument.strip().isdigit() else count
        for sequence in range(max(0, end - min(wanted, count)), end):
            slot = slots[sequence % count]
            us = int(slot["time_ns"]) // 1000
            print(f"[{us // 1000000:5}.{us % 1000000:06}] {text(slot['text'], int(slot['length']))}")


for command in (Processes, Areas, Descriptors, Mounts, Log):
    command()
