"""Kills processes of qviz at random moments, and says what was lost: `python scripts/kills --seed 1` (Linux).

Each line is one kind of kill; its faults follow. Ends with 1 where there is one.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = map(str, Path(__file__).resolve().parents[1:3])

from msgspec.structs import replace

from kills.command_line import CommandLine
from kills.tree import KILLS
from kills.trial import Outcome
from kills.window import killed_windows, unwilling_trials, window_trials
from qviz.document import codec

PARTS = ("saves", "exports", "run", "measure", "window", "windows", "unwilling")


def trials(parts: list[str], most: int, folder: Path, seed: int) -> Iterator[Outcome]:
    """Yield outcomes, of each part so many."""
    chance = random.Random(seed)
    line = CommandLine(folder, chance)
    if {"saves", "exports"} & set(parts):
        one, other = line.undisturbed("run"), folder / "cut.qviz"
        whole = codec.load(one)
        codec.save(replace(whole, stages=whole.stages[:1], facts={}, links=(), findings=()), other)
        if "saves" in parts:
            yield from line.saves_killed(one, other, most)
        if "exports" in parts:
            yield from line.exports_killed(one, most)
    for what in ("run", "measure"):
        if what not in parts:
            continue
        line.undisturbed(what)
        for number in range(most):
            if number % 6 == 5:
                yield line.command_killed(what)
            else:
                yield line.engine_killed(what, KILLS[number % 6])
        line.undisturbed(what)  # the next one works
    if "window" in parts:
        yield from window_trials(folder, chance, most)
    if "windows" in parts:
        yield from killed_windows(folder, chance, most)
    if "unwilling" in parts:
        yield from unwilling_trials(folder)


def main() -> int:
    """Kill, count, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--each", type=int, default=60, help="kills of each part")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    done: Counter[tuple[str, str, str]] = Counter()
    missed, faults, began = 0, 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for outcome in trials(chosen.parts, chosen.each, Path(folder), chosen.seed):
            missed += not outcome.was_there
            done[outcome[:3]] += outcome.was_there
            faults += bool(outcome.faults)
            for fault in outcome.faults:
                print(f"FAULT {outcome.what}, {outcome.kill} of the {outcome.victim}: {fault}", flush=True)
    for (what, kill, victim), count in sorted(done.items()):
        print(f"{what:24} {kill:5} of the {victim:8} {count:5}")
    print(
        f"{sum(done.values())} kills, {missed} too late to count, {faults} with a fault, {time.monotonic() - began:.0f} s"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
