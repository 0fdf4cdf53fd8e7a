"""The baseline of `qviz check`: findings that were looked at and accepted, as a file to keep beside the model."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from qviz.document.codec import write_atomically
from qviz.document.graph import Record
from qviz.document.snapshot import Finding
from qviz.errors import QvizError

BASELINE_VERSION = 1
MAX_BYTES = 64 << 20
_LINE = re.compile(r"(?:\S*[\\/])?(\S+\.py):\d+")
"""A line of a file, wherever on a machine that is."""


class Accepted(Record, frozen=True):
    """One accepted finding; ``note`` is for people, and kept when the file is written again."""

    rule: str
    stage: str
    nodes: tuple[str, ...]
    message: str = ""
    note: str | None = None


class Baseline(Record, frozen=True):
    """All accepted findings of one model and flow."""

    format: Literal["qviz-baseline"]
    version: int
    findings: tuple[Accepted, ...]


def fingerprint(finding: Finding | Accepted) -> str:
    """Return what names a finding for good: rule, stage and nodes, in whatever order.

    Where it names no node, its message tells it from others of its rule; folders and line numbers in that do not count.
    """
    told = "" if finding.nodes else _LINE.sub(r"\1", finding.message)
    parts = [finding.rule, finding.stage, sorted(set(finding.nodes)), told]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def accept(findings: Iterable[Finding], before: Baseline | None = None) -> Baseline:
    """Return the baseline of all these findings, with the notes that `before` has on them."""
    notes = {fingerprint(each): each.note for each in before.findings} if before else {}
    entries = {
        (mark := fingerprint(each)): Accepted(each.rule, each.stage, each.nodes, each.message, notes.get(mark))
        for each in findings
    }
    ordered = sorted(entries.values(), key=lambda each: (each.rule, each.stage, each.nodes, each.message))
    return Baseline("qviz-baseline", BASELINE_VERSION, tuple(ordered))


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        QvizError: Not there, not a baseline, or of a newer version.
    """
    again = "--write-baseline makes it of the findings there are."
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise QvizError(f"there is no baseline {path}", again) from error
    except OSError as error:
        raise QvizError(f"{path} could not be read: {error.strerror or error}", "Check the path.") from error
    if len(data) > MAX_BYTES:
        raise QvizError(f"{path} is larger than a baseline may be", again)
    try:
        baseline = msgspec.json.decode(data, type=Baseline)
    except msgspec.DecodeError as error:
        raise QvizError(f"{path} is no baseline: {error}", again) from error
    if baseline.version > BASELINE_VERSION:
        raise QvizError(
            f"{path} is a baseline of version {baseline.version}; this qviz reads up to {BASELINE_VERSION}",
            "Update qviz.",
        )
    return baseline


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write a baseline, one finding after the other, so that reviews show what came and went.

    Raises:
        QvizError: The folder does not exist or the disk is full.
    """
    write_atomically(path, msgspec.json.format(msgspec.json.encode(baseline), indent=2) + b"\n")
