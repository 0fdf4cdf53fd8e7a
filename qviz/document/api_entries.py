"""What torch's quantization names are for: the texts behind the API page and Help, made by scripts/api_page.py."""

from __future__ import annotations

from functools import cache
from typing import Literal

import msgspec

from qviz.assets import asset
from qviz.document.graph import Record

FILE = "api/entries.json"

_FX, _PT2E = "torch.ao.quantization.quantize_fx", "torch.ao.quantization.quantize_pt2e"
BEGINS = {
    "eager-dynamic": "torch.ao.quantization.quantize_dynamic",
    "eager-weight-only": "torch.ao.quantization.quantize_dynamic",
    "eager-static": "torch.ao.quantization.prepare",
    "eager-qat": "torch.ao.quantization.prepare_qat",
    "fx-dynamic": f"{_FX}.prepare_fx",
    "fx-weight-only": f"{_FX}.prepare_fx",
    "fx-static": f"{_FX}.prepare_fx",
    "fx-qat": f"{_FX}.prepare_qat_fx",
    "fx-fuse": f"{_FX}.fuse_fx",
    "pt2e-static": f"{_PT2E}.prepare_pt2e",
    "pt2e-dynamic": f"{_PT2E}.prepare_pt2e",
    "pt2e-qat": f"{_PT2E}.prepare_qat_pt2e",
}
"""The function that each flow begins with."""


class ApiEntry(Record, frozen=True):
    """One function, class, constant or option.

    Attributes:
        name: Where it is: ``torch.ao.quantization.prepare``; an option stands alone.
        group: The heading that it stands under.
        what: What it is.
        flows: The flows that use it; none where no flow of qviz does.
        stages: The stages at which it matters.
        line: What it does, in one sentence.
        signature: How the installed torch declares it.
        example: A small program that runs.
        later: What torch 2.10 and torchao have in its place.
        in_seed: Whether torch's own tutorial, which qviz follows, names it.
    """

    name: str
    group: str
    what: Literal["function", "class", "constant", "option"]
    flows: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    line: str = ""
    signature: str = ""
    example: str = ""
    later: str = ""
    in_seed: bool = False

    @property
    def short(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]


@cache
def load_entries() -> tuple[ApiEntry, ...]:
    """Return all entries, group by group."""
    return msgspec.json.decode(asset(FILE).read_bytes(), type=tuple[ApiEntry, ...])


@cache
def _by_name() -> dict[str, ApiEntry]:
    return {entry.name: entry for entry in load_entries()}


@cache
def _by_short_name() -> dict[str, ApiEntry]:
    """The first of several with one last part is the most general."""
    found: dict[str, ApiEntry] = {}
    for entry in load_entries():
        found.setdefault(entry.short, entry)
    return found


def entry_of(name: str) -> ApiEntry | None:
    """Return the entry of a full name."""
    return _by_name().get(name)


def entry_for(text: str) -> ApiEntry | None:
    """Return the entry for a module's class, an operator's target or an option, as graphs and plans write them."""
    text = text.removesuffix("()").strip()
    if (exact := entry_of(text)) is not None:
        return exact
    parts = text.removeprefix("torch.ops.").split(".")
    if parts[-1] in ("default", "tensor", "tensor2", "out") and len(parts) > 1:
        parts.pop()
    if len(parts) > 1 and parts[0] == "quantized_decomposed":
        return entry_of("torch.ops." + ".".join(parts))
    if parts[0] in ("aten", "quantized", "onednn"):
        return None
    return _by_short_name().get(parts[-1])
