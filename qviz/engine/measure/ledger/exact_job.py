"""What another process is asked to measure, and what it answers: plain data, as JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, TypeAlias

import torch

from qviz.document.graph import Number, Record
from qviz.document.plan import Plan
from qviz.engine.measure.running.outputs import Outputs
from qviz.trust.grants import Grant

Refusal: TypeAlias = Literal["source", "floating", "failed"]
"""Other files than the plan's; float outputs that differ; an error while the flow ran."""


class ExactJob(Record, frozen=True):
    """Quantizers to measure one at a time, of a run that is to be made again.

    Attributes:
        plan: The run.
        source: The fingerprint of the files that the plan names.
        floating: The hash of the float outputs, which tells that the models are the same.
        threads: How many the run has, which decide the last bits of its outputs; the measurement has one.
        memory: Bytes that kept values may take.
        quantizers: Their indices.
        idle: Places that stay off: the path of a switch, and which of its calls.
        grants: What the user allowed the run.
        is_own: The user's own program asked for it, whose words are typed.
    """

    plan: Plan
    source: str
    floating: str
    threads: int
    memory: int
    quantizers: tuple[int, ...] = ()
    idle: tuple[tuple[str, int], ...] = ()
    grants: tuple[Grant, ...] = ()
    is_own: bool = False


class ExactAnswer(Record, frozen=True):
    """What was measured; nothing, and why, where the run was not the same.

    Attributes:
        powers: By quantizer and output.
        refused: Why nothing was measured.
        text: The error.
    """

    powers: dict[int, dict[str, Number]] = {}  # noqa: RUF012 - msgspec copies it
    refused: Refusal | None = None
    text: str = ""


def hash_of(found: Sequence[Outputs]) -> str:
    """Return the hash of outputs, bit by bit."""
    whole = hashlib.sha256()
    for batch in found:
        for name, tensor in batch.items():
            whole.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
            whole.update(tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return whole.hexdigest()
