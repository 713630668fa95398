"""The limits that Linux's control groups, versions 1 and 2, set for this process.

A container or a service often may use less than the machine has. Groups are nested, and every
level may have limits of its own.
"""

import os

_FILE_CACHE = ("inactive_file", "active_file")


def memory_left(root="/"):
    """Bytes that the groups of this process may still take; None without a limit.

    Files that the kernel keeps in memory count as used there, but it drops them when memory is
    wanted: they are subtracted.

    Args:
        root: folder in place of the file system's root.
    """
    found = []
    for folder in _levels("memory", root):
        for limit, used in (
            ("memory.max", "memory.current"),
            ("memory.high", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            limit, used = (_number(os.path.join(folder, name)) for name in (limit, used))
            if limit is not None and used is not None:
                found.append(max(limit - max(used - _file_cache(folder), 0), 0))
    return min(found, default=None)


def processors(root="/"):
    """How many processors the groups of this process may keep busy, a float; None without a limit.

    Args:
        root: as in `memory_left`.
    """
    found = []
    for folder in _levels("cpu", root):
        quota = _words(os.path.join(folder, "cpu.max"))  # "200000 100000", or "max 100000"
        if len(quota) != 2:
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            quota = [word for name in names for word in _words(os.path.join(folder, name))]
        if len(quota) == 2 and all(word.isdecimal() for word in quota):  # -1 is no limit
            quota, period = map(int, quota)
            if quota and period:
                found.append(quota / period)
    return min(found, default=None)


def _levels(controller, root):
    """Folders of this process's groups that may limit it, from its own to the outermost."""
    groups = {}  # controllers, "" for version 2, to the group's path
    for line in _lines(os.path.join(root, "proc/self/cgroup")):
        _, controllers, path = line.split(":", 2)
        groups |= dict.fromkeys(controllers.split(","), path)
    for line in _lines(os.path.join(root, "proc/self/mountinfo")):
        before, _, after = line.partition(" - ")
        mounted, mount = (_unescaped(word) for word in before.split()[3:5])
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2":
            path = groups.get("")
        elif kind == "cgroup" and controller in options.strip().split(","):
            path = groups.get(controller)
        else:
            continue
        if path is not None:
            yield from _upwards(os.path.join(root, mount.lstrip("/")), mounted, path)


def _upwards(mount, mounted, path):
    """The folder of group `path` and those above it, where group `mounted` lies at `mount`."""
    inside = os.path.relpath(path, mounted)
    # A group outside of what is mounted here can't be seen: what is, is a container's own.
    parts = [] if inside == "." or inside.startswith("..") else inside.split(os.sep)
    for depth in range(len(parts), -1, -1):
        yield os.path.join(mount, *parts[:depth])


def _file_cache(folder):
    """Bytes of files that the kernel holds for a group and those below it."""
    found = dict(line.split() for line in _lines(os.path.join(folder, "memory.stat")))
    # Version 1 counts the groups below in names of their own.
    return sum(int(found.get(f"total_{name}", found.get(name, 0))) for name in _FILE_CACHE)


def _number(path):
    words = _words(path)
    return int(words[0]) if words and words[0].isdecimal() else None  # "max" is no limit


def _words(path):
    return " ".join(_lines(path)).split()


def _lines(path):
    """The lines of a file; none where it is missing or this process may not read it."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return [line.rstrip("\n") for line in file]
    except OSError:
        return []


def _unescaped(word):
    """A path as mountinfo writes it, with \\040 for a space."""
    for code in (" ", "\t", "\n", "\\"):
        word = word.replace(f"\\{ord(code):03o}", code)
    return word
