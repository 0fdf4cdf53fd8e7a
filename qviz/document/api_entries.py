"""What torch's quantization names are for: the texts behind the API page and Help, made by scripts/api_page.py."""

from __future__ import annotations

from functools import cache
from typing import Literal

import msgspec

from qviz.assets import asset
from qviz.document.graph import Kind, Node, Record

FILE = "api/entries.json"

_MODULES = "torch.ao.nn."
_NOT_IN_NN = frozenset({"Quantize", "DeQuantize", "FloatFunctional", "FXFloatFunctional", "QFunctional"})
_QUANTIZED = frozenset({"torch.quint8", "torch.qint8", "torch.qint32"})


class ApiEntry(Record, frozen=True):
    """One function, class, constant or option.

    Attributes:
        name: Where it is: ``torch.ao.quantization.prepare``; an option stands alone.
        group: The heading that it stands under.
        what: What it is.
        flows: The flows that use it; none where no flow of qviz does.
        stages: The stages at which it matters.
        line: What it does, in one sentence.
        signature: How the installed torch declares it; what a constant holds; which functions take an option.
        example: A small program that runs.
        later: What torch 2.10 and torchao have in its place; nothing where it stays as it is.
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

    @property
    def package(self) -> str:
        """What stands before it; nothing for an option."""
        return self.name.rpartition(".")[0]


@cache
def load_entries() -> tuple[ApiEntry, ...]:
    """Return all entries, group by group."""
    return msgspec.json.decode(asset(FILE).read_bytes(), type=tuple[ApiEntry, ...])


@cache
def _by_name() -> dict[str, ApiEntry]:
    return {entry.name: entry for entry in load_entries()}


@cache
def _by_short_name() -> dict[str, tuple[ApiEntry, ...]]:
    """The entries that share a last part, in the order of the page."""
    found: dict[str, tuple[ApiEntry, ...]] = {}
    for entry in load_entries():
        found[entry.short] = (*found.get(entry.short, ()), entry)
    return found


def entry_of(name: str) -> ApiEntry | None:
    """Return the entry of a full name."""
    return _by_name().get(name)


def entry_for(text: str) -> ApiEntry | None:
    """Return the entry for a class, an operator's target or an option.

    A dotted class may name the file that it is written in (``torch.ao.quantization.observer.HistogramObserver``).
    A bare name that ``torch.nn`` has too, as ``Linear``, says too little; `entry_of_node` tells which one it is.
    """
    text = text.removesuffix("()").strip()
    if (exact := entry_of(text)) is not None:
        return exact
    *package, name = text.split(".")
    if not package:
        return next((each for each in _by_short_name().get(name, ()) if _is_plain(each)), None)
    if package[0] == "torch" and package[1:2] != ["ops"]:
        inside = [each for each in _by_short_name().get(name, ()) if text.startswith(each.package + ".")]
        return max(inside, key=lambda each: len(each.package), default=None)
    # An operator: quantized.add, or with its overload onednn.qlinear_pointwise.default
    parts = text.removeprefix("torch.ops.").split(".")
    return entry_of("torch.ops." + ".".join(parts[:2]))


def _is_plain(entry: ApiEntry) -> bool:
    """Whether a bare name can only mean this entry, and not a float module."""
    return not entry.name.startswith(_MODULES) or entry.package == f"{_MODULES}intrinsic" or entry.short in _NOT_IN_NN


def entry_of_node(node: Node, stage: str) -> ApiEntry | None:
    """Return the entry for what a node of a stage calls; None if that is not part of torch's quantization API.

    A graph names modules by their bare class, which ``torch.nn`` and the quantized packages share; the node's
    quantization tells them apart.
    """
    if node.op == "call_module":
        packages = _packages(node, stage)
        return next((found for each in packages if (found := entry_of(f"{each}.{node.module_type}"))), None)
    return entry_for(node.target) if node.op in ("call_function", "call_method") else None


def _packages(node: Node, stage: str) -> tuple[str, ...]:
    """Return where the class of a module's node can be written, the likeliest first."""
    own = "torch.ao.quantization"
    if node.kind in (Kind.QUANTIZE, Kind.DEQUANTIZE):
        return (f"{_MODULES}quantized", own)
    if node.kind is Kind.QUANTIZED_OP:
        return _packages_of_quantized(node, stage)
    if any(part.kind is Kind.FAKE_QUANT for part in node.parts or ()):
        return tuple(f"{_MODULES}{each}" for each in ("intrinsic.qat", "qat", "quantizable"))
    if any(part.kind is Kind.OBSERVER for part in node.parts or ()):
        return (f"{_MODULES}quantizable",)
    return (f"{_MODULES}intrinsic",) if node.kind is Kind.FUSED_OP else (own,)


def _packages_of_quantized(node: Node, stage: str) -> tuple[str, ...]:
    names: tuple[str, ...]
    if stage == "reference":
        names = ("intrinsic",) if node.parts else ("quantized.reference",)
    elif any(value.dtype in _QUANTIZED for value in node.values):
        names = ("intrinsic.quantized", "quantized")
    else:
        names = ("intrinsic.quantized.dynamic", "quantized.dynamic", "quantized")
    return tuple(f"{_MODULES}{each}" for each in names)
