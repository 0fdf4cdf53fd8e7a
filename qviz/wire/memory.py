"""How much memory an engine may take, and how much it takes with all processes that it started.

The standard library only: the supervisor, which watches it, has nothing else.

Not ``RLIMIT_AS`` or ``RLIMIT_DATA``: torch reserves far more than it uses, each thread its own arena and stack, and a
limit of a process says nothing of the processes that it starts. What is watched is what is really held.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

VARIABLE = "QVIZ_MEMORY"
"""In the environment: the limit in GiB, from ``--memory``."""
GIB = 1 << 30
SHARE = 0.8
"""Of the machine's memory, or of what a container may take of it, where nobody says how much."""
EXCEEDED = 49
"""The real-time signal by which a supervisor ends after it ended an engine that took more: no other code sends it."""


def limit() -> int:
    """Return how many bytes an engine may take; 0 where this system does not tell what it has."""
    try:
        return int(float(os.environ[VARIABLE]) * GIB)
    except (KeyError, ValueError, OverflowError):
        return int(SHARE * machine())


def machine() -> int:
    """Return the bytes of memory that there are for this process; 0 where the system does not tell."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return 0
    return min([total, *_of_groups()])


def _of_groups(root: str = "/sys/fs/cgroup", own: str = "/proc/self/cgroup") -> Iterator[int]:
    """Yield the limits of the control groups that a process is in, of both versions."""
    try:
        lines = Path(own).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top, name = (f"{root}/memory", "memory.limit_in_bytes") if controllers else (root, "memory.max")
        folder = Path(top, place.lstrip("/"))
        for each in (folder, *folder.parents):
            if each.is_relative_to(top):
                try:
                    yield int((each / name).read_text(encoding="ascii"))
                except (OSError, ValueError):  # not there, or "max"
                    continue


def descendants(process_id: int) -> list[int]:
    """Return the processes below one, children before grandchildren; those that are dead already, too. Linux only."""
    found, waiting, by_parent = list[int](), [process_id], _by_parent()
    while waiting:
        below = by_parent[waiting.pop()]
        found += below
        waiting += below
    return found


def children(process_id: int) -> list[int]:
    """Return the processes that one has started or adopted. Linux only."""
    return _by_parent()[process_id]


def _by_parent() -> defaultdict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    stat = file.read()
            except OSError:  # it is gone meanwhile
                continue
            found[int(stat.rpartition(b")")[2].split()[1])].append(int(name))
    return found


def exceeds(process_id: int, most: int) -> tuple[bool, int]:
    """Tell whether all processes below one hold more than `most` bytes, and at least how many are left. Linux only.

    Pages that processes share after a fork count for each of them at first; where that is too much, they are counted
    once, which takes the system longer.
    """
    below = descendants(process_id)
    held = _sum([_held(each) for each in below])
    if held > most:
        held = sum(map(_share_of, below))
    return held > most, most - held


def _share_of(process_id: int) -> int:
    """Return the bytes that a process holds, its part of what it shares."""
    try:
        text = Path(f"/proc/{process_id}/smaps_rollup").read_text(encoding="ascii", errors="replace")
    except OSError:
        return _sum([_held(process_id)])
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) * 1024


class _ProcessMemory(NamedTuple):
    own: int
    of_files: int


def _sum(held: list[_ProcessMemory]) -> int:
    # Pages of files are shared: those of torch count once.
    return sum(each.own for each in held) + max((each.of_files for each in held), default=0)


def _held(process_id: int) -> _ProcessMemory:
    try:
        lines = Path(f"/proc/{process_id}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return _ProcessMemory(0, 0)
    kib = {name: int(rest.split()[0]) for name, _, rest in (each.partition(":") for each in lines) if "Rss" in name}
    return _ProcessMemory((kib.get("RssAnon", 0) + kib.get("RssShmem", 0)) * 1024, kib.get("RssFile", 0) * 1024)
