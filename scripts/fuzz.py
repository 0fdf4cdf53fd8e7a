"""Feeds damaged documents, messages, plans and records of runs to what reads them; each answer is good, or a refusal.

    ./scripts/fuzz [--seed 1] [--count 100000] [--keep FOLDER]

What is read is then asked as a window asks it (`fuzz_inputs.py`): words of all statements, groups, the first view,
search, the page of the run. An exception that is no QvizError, or an input that takes a second of work, is a fault:
it is printed, kept as it was and as small as it can be, and the exit code is 1. One that is mended belongs into
tests/fuzz_corpus. The same seed makes the same inputs. Linux and macOS.
"""

from __future__ import annotations

import argparse
import copy
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from fuzz_inputs import made_kinds, tree_of

from qviz.errors import QvizError
from qviz.wire.framing import WireError

HANG_SECONDS = 1.0
"""Of work: a busy machine makes no fault."""
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 1e308, "", "x", "\u202e", "a.b.c", "inf", "nan", [], [[]], {}, {"node": "x"},
    [None] * 100, "9" * 400, {"code": "x", "roles": [], "args": {}},
)  # fmt: skip
"""Values that stand where others belong."""


class HangError(BaseException):
    """An input took too long; what takes every exception for a refusal does not take this one."""


class Found(NamedTuple):
    """An input with a fault, which is kept."""

    path: Path
    data: bytes
    read: Callable[[bytes], object]
    fault: str


def main(argv: list[str]) -> int:
    """Fuzz; return 1 where there were faults."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-faults"))
    asked = parser.parse_args(argv)
    chance, counted, faults = random.Random(asked.seed), Counter[str](), Counter[str]()
    signal.signal(signal.SIGPROF, _too_long)
    ended: list[int] = []
    found: list[Found] = []
    signal.signal(signal.SIGINT, lambda number, _: ended.append(number))
    kinds = made_kinds()
    started, before = time.monotonic(), 0
    for number in range(asked.count):
        if ended:  # by Ctrl-C: what came of the rest is told
            break
        name = chance.choice([*kinds])
        data = damaged(chance.choice(kinds[name].seeds), chance)
        answer, fault = tried(kinds[name].read, data)
        counted[f"{name}: {answer}"] += 1
        if fault and not faults[fault]:
            asked.keep.mkdir(parents=True, exist_ok=True)
            found.append(Found(asked.keep / f"{name}-{asked.seed}-{number}", data, kinds[name].read, fault))
            found[-1].path.write_bytes(data)
            print(f"{name} {number}: {fault}", flush=True)
        faults[fault] += bool(fault)
        if number == asked.count // 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for line, count in sorted(counted.items()):
        print(f"{line:24} {count:>9,}")
    # Sooner, the copies from which a small input is made would count as memory that qviz took.
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / max(before, 1)
    done, seconds = sum(counted.values()), time.monotonic() - started
    print(f"{done:,} inputs in {seconds:.0f} s; memory {grown:.2f} times that at a tenth")
    for each in found:
        _keep_small(each)
    return 1 if found else 0


def _keep_small(found: Found) -> None:
    """Write a small input with the same fault beside one that has it."""
    small = smaller(found.data, lambda each: tried(found.read, each)[1] == found.fault)
    found.path.with_name(f"{found.path.name}-small").write_bytes(small)


def _too_long(*_: object) -> None:
    raise HangError


def tried(read: Callable[[bytes], object], data: bytes) -> tuple[str, str]:
    """Return whether an input was read, refused, or is a fault; and of a fault the exception, and where."""
    try:
        signal.setitimer(signal.ITIMER_PROF, HANG_SECONDS)
        try:
            read(data)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except (QvizError, WireError):
        return "refused", ""
    except (Exception, HangError) as error:  # what is looked for
        where = traceback.extract_tb(error.__traceback__)[-1]
        return "fault", f"{type(error).__name__}: {str(error)[:80]} at {Path(where.filename).name}:{where.lineno}"
    return "read", ""


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return data with a few faults in it: of its bytes, or of what stands in its JSON."""
    tree = tree_of(data) if chance.random() < 0.75 else None
    if tree is not None:
        for _ in range(chance.randint(1, 3)):
            _damage(tree, chance)
        return msgspec.json.encode(tree)
    found = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(found) + 1)
        match chance.randrange(4):
            case 0:
                found[place:place] = chance.randbytes(chance.randint(1, 8))
            case 1:
                del found[place : place + chance.randint(1, 40)]
            case 2:
                found[place : place + 1] = bytes([chance.randrange(256)])
            case _:
                end = place + chance.randint(1, 200)
                found[place:place] = found[place:end] * chance.randint(1, 20)
    return bytes(found)


def _damage(tree: Any, chance: random.Random) -> None:
    """Change one thing somewhere in a tree of lists and dicts."""
    holder = tree
    while True:
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(holder[key], (dict, list)) and holder[key] and chance.random() < 0.85:
            holder = holder[key]
            continue
        match chance.randrange(4):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(holder[chance.randrange(len(holder))]))
            case 2:
                other = chance.choice(keys)
                holder[key], holder[other] = holder[other], holder[key]
            case _:
                holder[key] = _other(holder[key], chance)
        return


def _other(value: Any, chance: random.Random) -> Any:
    """Return another value, mostly one of the same type, which gets past the types."""
    alike = [each for each in ODD if type(each) is type(value)]
    return copy.deepcopy(chance.choice(alike if alike and chance.random() < 0.8 else ODD))


def smaller(data: bytes, is_fault: Callable[[bytes], bool]) -> bytes:
    """Return a small input with the same fault: of a tree fewer branches, then of the bytes fewer and plainer ones."""
    tree = tree_of(data)
    while tree is not None and is_fault(msgspec.json.encode(tree)):
        data = msgspec.json.encode(tree)
        less = next((each for each in _less(tree) if is_fault(msgspec.json.encode(each))), None)
        if less is None:
            break
        tree = less
    length = max(len(data) // 2, 1)
    while length:
        place = 0
        while place < len(data):
            less = data[:place] + data[place + length :]
            if is_fault(less):
                data = less
            else:
                place += length
        length //= 2
    return data


def _less(tree: Any) -> Iterator[Any]:
    """Yield a tree with one branch less, large ones first, or with one of its values plainer."""
    branches = sorted(_branches(tree, ()), key=lambda way: -len(msgspec.json.encode(_at(tree, way))))
    for way in branches:
        made = copy.deepcopy(tree)
        del _at(made, way[:-1])[way[-1]]
        yield made
    for way in branches:
        value = _at(tree, way)
        plain: tuple[Any, ...] = ({}, [], "", 0)
        for plainer in plain:
            if type(plainer) is type(value) and value != plainer:
                made = copy.deepcopy(tree)
                _at(made, way[:-1])[way[-1]] = plainer
                yield made


def _branches(tree: Any, way: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for key in tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ():
        yield (*way, key)
        yield from _branches(tree[key], (*way, key))


def _at(tree: Any, way: tuple[Any, ...]) -> Any:
    for key in way:
        tree = tree[key]
    return tree


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
