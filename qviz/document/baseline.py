"""The baseline of `qviz check`: findings that were looked at and accepted, as a file to keep beside the model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from qviz.document.graph import Record
from qviz.document.regular_files import read_regular
from qviz.document.writing import write_atomically
from qviz.errors import QvizError
from qviz.words import tr

BASELINE_VERSION = 2
MAX_BYTES = 64 << 20


class Accepted(Record, frozen=True):
    """One accepted finding.

    Attributes:
        rule: The finding's.
        stage: The finding's.
        nodes: Their ids; for people, but what version 1 knew a finding by.
        places: What names it for good: module paths with operators, and what its rule was about.
        message: For people; of version 1, what told findings without nodes apart.
        note: The reader's, kept when the file is written again.
    """

    rule: str
    stage: str
    nodes: tuple[str, ...]
    places: tuple[str, ...] | None = None
    message: str = ""
    note: str | None = None


class Baseline(Record, frozen=True):
    """All accepted findings of one model and flow."""

    format: Literal["qviz-baseline"]
    version: int
    findings: tuple[Accepted, ...]


def fingerprint(rule: str, stage: str, places: Iterable[str]) -> str:
    """Return what names a finding across runs: rule, stage and places, in whatever order; never a text."""
    parts = [rule, stage, sorted(set(places))]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def baseline_of(findings: Iterable[Accepted]) -> Baseline:
    """Return the baseline of these findings, each once, in an order that does not depend on theirs."""
    entries = {_name(each): each for each in findings}
    ordered = sorted(entries.values(), key=lambda each: (each.rule, each.stage, each.places or (), each.nodes))
    return Baseline("qviz-baseline", BASELINE_VERSION, tuple(ordered))


def _name(entry: Accepted) -> tuple[object, ...]:
    """Return what tells an entry from others; those of version 1 have no places."""
    if entry.places is None:
        return entry.rule, entry.stage, entry.nodes, entry.message
    return (fingerprint(entry.rule, entry.stage, entry.places),)


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        QvizError: Not there, not a baseline, or of a newer version.
    """
    again, option = tr("Create it from the current findings."), "--write-baseline"
    if not path.exists():
        raise QvizError(tr("{path}: no such baseline", path=path), again, option=option)
    data = read_regular(path, MAX_BYTES)
    try:
        baseline = msgspec.json.decode(data, type=Baseline)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        told = tr("{path} is not a baseline: {error}", path=path, error=error)
        raise QvizError(told, again, option=option) from error
    if baseline.version > BASELINE_VERSION:
        raise QvizError(
            tr(
                "{path} is a baseline of version {version}; this qviz reads up to version {baseline_version}",
                path=path,
                version=baseline.version,
                baseline_version=BASELINE_VERSION,
            ),
            tr("Update qviz."),
        )
    return baseline


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write a baseline, one finding after the other, so that reviews show what came and went.

    Raises:
        QvizError: The folder does not exist or the disk is full.
    """
    write_atomically(path, msgspec.json.format(msgspec.json.encode(baseline), indent=2) + b"\n")
