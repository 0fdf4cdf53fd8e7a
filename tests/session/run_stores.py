"""A store of runs in a folder, what stands in it, and the end of a window that is killed."""

from __future__ import annotations

import itertools
from pathlib import Path

from msgspec.structs import replace

from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.session.run_records import NO_FIGURES, RECORD_VERSION, RunRecord
from qviz.session.run_store import RunStore
from tests.factories import node, snapshot, stage

NET = "/models/net.py:Net"
RESULT = snapshot(stage("captured", node("x"), node("fc")), stage("converted", node("x"), node("fc")))

_NUMBERS = itertools.count(1)


class Clock:
    """Every look at it is a second later."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def opened(folder: Path, clock: Clock) -> RunStore:
    return RunStore(folder, f"{next(_NUMBERS):012x}", clock)


def new_key(store: RunStore) -> str:
    return f"{store._windows.name}-{next(_NUMBERS)}"


def written(store: RunStore, clock: Clock, result: Snapshot = RESULT, **fields: object) -> RunRecord:
    figures = replace(NO_FIGURES, ended=clock())
    record = RunRecord("qviz-run", RECORD_VERSION, new_key(store), NET, "c", 1, Plan(NET), figures=figures)
    record = replace(record, **fields)
    store.write(record, result)
    return record


def died(store: RunStore) -> None:
    """Let go of a window's lock as the system does when its process is killed."""
    store._windows._lock.release()


def keys(store: RunStore, source: str = NET) -> list[str]:
    return [each.key for each in store.of_source(source).records]
