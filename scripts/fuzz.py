"""Feeds damaged documents, messages, plans and records of runs to what reads them; each answer is good, or a refusal.

    ./scripts/fuzz [--seed 1] [--count 100000] [--keep FOLDER]

What is read is then asked as a window asks it: words of all statements, groups, the first view, search. An exception
that is no QvizError, or an input that takes longer than a second, is a fault: it is printed, kept, and the exit code
is 1. The same seed makes the same inputs. Linux and macOS.
"""

from __future__ import annotations

import argparse
import copy
import json
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

from qviz.analysis.searching.search import SearchIndex
from qviz.analysis.views.folding import fold, opening
from qviz.document import codec, plan_file
from qviz.document.baseline import read_baseline
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.errors import QvizError
from qviz.session.run_records import RunRecord, decoded
from qviz.sources.input_text import read_input
from qviz.wire.framing import WireError, pack, read_report, read_request, report_reader
from qviz.wire.messages import Message, RepairPlan, RunFinished, RunFlow, StageReached, StepStarted

ROOT = Path(__file__).resolve().parents[1]
HANG_SECONDS = 1.0
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 1e308, "", "x", "\u202e", "a.b.c", "inf", "nan", [], [[]], {}, {"node": "x"},
    [None] * 100, "9" * 400, {"code": "x", "roles": [], "args": {}},
)  # fmt: skip
"""Values that stand where others belong."""


class Kind(NamedTuple):
    """What is damaged, and who reads it."""

    seeds: list[bytes]
    read: Callable[[bytes], object]


class HangError(Exception):
    """An input took too long."""


def main(argv: list[str]) -> int:
    """Fuzz; return 1 where there were faults."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-faults"))
    asked = parser.parse_args(argv)
    chance, counted, faults = random.Random(asked.seed), Counter[str](), Counter[str]()
    signal.signal(signal.SIGALRM, _too_long)
    kinds = made_kinds()
    started, before = time.monotonic(), 0
    for number in range(asked.count):
        name = chance.choice([*kinds])
        data = damaged(chance.choice(kinds[name].seeds), chance)
        answer, fault = tried(kinds[name].read, data)
        counted[f"{name}: {answer}"] += 1
        if fault and not faults[fault]:
            asked.keep.mkdir(parents=True, exist_ok=True)
            (asked.keep / f"{name}-{asked.seed}-{number}").write_bytes(data)
            print(f"{name} {number}: {fault}", flush=True)
        faults[fault] += bool(fault)
        if number == asked.count // 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for line, count in sorted(counted.items()):
        print(f"{line:24} {count:>9,}")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / max(before, 1)
    print(f"{asked.count:,} inputs in {time.monotonic() - started:.0f} s; memory {grown:.2f} times that at a tenth")
    return 1 if sum(faults.values()) else 0


def _too_long(*_: object) -> None:
    raise HangError


def tried(read: Callable[[bytes], object], data: bytes) -> tuple[str, str]:
    """Return whether an input was read, refused, or is a fault; and of a fault the exception, and where."""
    signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
    try:
        read(data)
    except (QvizError, WireError):
        return "refused", ""
    except Exception as error:  # what is looked for
        where = traceback.extract_tb(error.__traceback__)[-1]
        return "fault", f"{type(error).__name__}: {str(error)[:80]} at {Path(where.filename).name}:{where.lineno}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "read", ""


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return data with a few faults in it: of its bytes, or of what stands in its JSON."""
    tree = _tree(data) if chance.random() < 0.75 else None
    if tree is not None:
        for _ in range(chance.randint(1, 3)):
            _damage(tree, chance)
        return json.dumps(tree).encode()
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


def _tree(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None  # a plan, an input, a frame


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


def made_kinds() -> dict[str, Kind]:
    """Return what is damaged: real documents of both versions, and what is made of them."""
    folder = ROOT / "tests/document/version_1"
    files = [path for path in sorted(folder.glob("*.json")) if "baseline" not in path.name]
    whole = [codec.load(path) for path in files]
    small = [msgspec.structs.replace(each, stages=each.stages[:1], links=(), facts={}) for each in whole]
    plan = Plan("m.py:Net", flow="fx-static", inputs=("x=1x3x8x8:float32",), calibrate="m.py:data")
    return {
        "document": Kind(
            [codec.encode(each) for each in (*whole, *small)], lambda data: _looked_at(codec.decode(data))
        ),
        "old document": Kind([path.read_bytes() for path in files], lambda data: _looked_at(codec.decode(data))),
        "report": Kind([*_reports(whole)], lambda data: _asked(read_report(data))),
        "framed": Kind([pack(StepStarted(1, "preparing", 1, 2)) * 3], lambda data: [*report_reader().feed(data)]),
        "request": Kind([_body(each) for each in (RunFlow(1, plan), RepairPlan(1, plan, 20.0, 3))], read_request),
        "plan": Kind([plan_file.write(plan).encode()], lambda data: plan_file.read(data.decode(errors="replace"))),
        "baseline": Kind([(folder / "baseline.json").read_bytes()], _baseline),
        "record": Kind([b'{"key":"1-a","name":"Run 1","bookmarks":[]}'], lambda data: decoded(data, RunRecord)),
        "input": Kind([b"x=1x3x8x8:float32", b"{a=1x2, b=(3, 4:int64)}"], _input),
    }


def _reports(snapshots: list[Snapshot]) -> Iterator[bytes]:
    for each in snapshots:
        yield _body(StageReached(1, each.stages[0], each.facts.get(each.stages[0].name, {}), ()))
        yield _body(RunFinished(1, each.run, each.findings, each.summary, each.notes))


def _body(message: Message) -> bytes:
    return pack(message).partition(b"\n")[2]


def _asked(report: object) -> None:
    if isinstance(report, StageReached):
        fold(report.stage.whole, opening(report.stage.whole), report.facts)


def _looked_at(snapshot: Snapshot) -> None:
    """Ask for what a window shows of a result."""
    for finding in snapshot.findings:
        _ = (finding.message, finding.reason, finding.hint)
    for link in snapshot.links:
        _ = (link.evidence, link.reason)
    for stage in snapshot.stages:
        graph = stage.whole
        _ = [(node.why.rule, node.why.evidence) for node in graph.nodes if node.why is not None]
        fold(graph, opening(graph), snapshot.facts.get(stage.name, {}))
        SearchIndex(graph, snapshot.findings).search("conv dtype:int8 scale>0")
    codec.encode(snapshot)


def _baseline(data: bytes) -> None:
    path = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / "qviz-fuzz-baseline.json"
    path.write_bytes(data)
    read_baseline(path)


def _input(data: bytes) -> None:
    read_input(data.decode(errors="replace"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
