"""Kills processes of qviz at random moments, and says what was lost: `python scripts/kill.py run window --seed 1`.

Linux only. Each line is one kind of kill; what went wrong stands before them. Ends with 1 where anything did.
"""

from __future__ import annotations

import argparse
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from kills.command_line import CommandLine
from kills.pictures import pictures_killed
from kills.tree import KILLS
from kills.trial import Outcome
from kills.unwilling import unwilling_trials
from kills.window import killed_windows, window_trials
from msgspec.structs import replace

from qviz.document import codec

Trials = Callable[[Path, random.Random, int], Iterator[Outcome]]


def _results(line: CommandLine, folder: Path) -> tuple[Path, Path]:
    """Make two results that differ."""
    one, other = line.undisturbed("run"), folder / "cut.qviz"
    whole = codec.load(one)
    codec.save(replace(whole, stages=whole.stages[:1], facts={}, links=(), findings=(), measurements=None), other)
    return one, other


def _saves(folder: Path, chance: random.Random, most: int) -> Iterator[Outcome]:
    line = CommandLine(folder, chance)
    return line.saves_killed(*_results(line, folder), most)


def _exports(folder: Path, chance: random.Random, most: int) -> Iterator[Outcome]:
    line = CommandLine(folder, chance)
    return line.exports_killed(line.undisturbed("run"), most)


def _pictures(folder: Path, chance: random.Random, most: int) -> Iterator[Outcome]:
    result = CommandLine(folder, chance).undisturbed("run")
    return pictures_killed(result, folder / "pictures", chance, most)


_OTHERS = ("KILL", "command"), ("KILL", "supervisor")


def _commands(what: str) -> Trials:
    def trials(folder: Path, chance: random.Random, most: int) -> Iterator[Outcome]:
        line = CommandLine(folder, chance)
        line.undisturbed(what)
        for number in range(most):
            kill, victim = (*((each, "engine") for each in KILLS), *_OTHERS)[number % (len(KILLS) + len(_OTHERS))]
            yield line.killed(what, kill, victim)
        line.undisturbed(what)  # the next one works

    return trials


TOLD_EVERY = 5

PARTS: dict[str, Trials] = {
    "saves": _saves,
    "exports": _exports,
    "pictures": _pictures,
    "run": _commands("run"),
    "measure": _commands("measure"),
    "window": window_trials,
    "windows": killed_windows,
    "unwilling": unwilling_trials,
}


def main() -> int:
    """Kill, count, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--each", type=int, default=60, help="kills of each part")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background has none, and what it starts
    done: Counter[tuple[str, str, str]] = Counter()
    canceled: dict[str, list[float]] = {}
    missed, faults, began = 0, 0, time.monotonic()
    for part in chosen.parts:
        with tempfile.TemporaryDirectory() as folder:
            for outcome in PARTS[part](Path(folder), random.Random(chosen.seed), chosen.each):
                missed += not outcome.was_there
                done[outcome.what, outcome.kill, outcome.victim] += outcome.was_there
                if sum(done.values()) % TOLD_EVERY == 0:
                    print(f"{sum(done.values())} kills, {missed} too late, {faults} with a fault", flush=True)
                faults += bool(outcome.faults)
                if outcome.canceled_s is not None:
                    canceled.setdefault(outcome.what, []).append(outcome.canceled_s)
                for fault in outcome.faults:
                    print(f"FAULT {outcome.what}, {outcome.kill} of the {outcome.victim}: {fault}", flush=True)
    for (what, kill, victim), count in sorted(done.items()):
        print(f"{what:40} {kill:6} of the {victim:8} {count:5}")
    for what, seconds in sorted(canceled.items()):
        middle, most = statistics.median(seconds), max(seconds)
        print(f"{what:40} {len(seconds)} cancels, half of them in {middle:.2f} s, all in {most:.2f} s")
    took = time.monotonic() - began
    print(f"{sum(done.values())} kills, {missed} too late to count, {faults} with a fault, {took:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
