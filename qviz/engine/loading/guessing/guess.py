"""Guesses what a model is called with, and tries a call."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from msgspec.structs import replace
from torch import Tensor
from torch.nn import Module
from torch.utils import _pytree as pytree

from qviz.document.model_call import OWN, ArgumentGuess, ModelCall
from qviz.document.plan import Plan
from qviz.document.said import Said
from qviz.engine.loading.forward import Arguments, describe, names
from qviz.engine.loading.guessing.first_uses import FirstUse, FirstUses
from qviz.engine.loading.guessing.search import InputSearch
from qviz.engine.loading.guessing.shapes import SIZES, ShapeSides, TriedSizes
from qviz.engine.loading.guessing.slots import Slot, slots_of
from qviz.engine.loading.source import InputsMissingError, load
from qviz.sources.input_text import DrawnTensor

_SMALL = (32, 64, 128)
"""Sizes of images that are tried to tell from where on a model runs."""
_LONGEST_FAULT = 300
_FOR_OPTIONAL = (24, 1.5)
"""Tries and seconds for what the model runs without: nobody waits long for that."""


def guess_call(plan: Plan) -> ModelCall:
    """Build the plan's model, and find out what it is called with; runs the user's code.

    Raises:
        QvizError: There is no model.
    """
    bare = replace(plan, inputs=(), calibrate=None, evaluate=None, train=None, metric=None)
    try:
        loaded = load(bare)
        model, own = loaded.module, loaded.inputs
    except InputsMissingError as error:
        model, own = error.module, None
    return call_of(model, own)


def call_of(model: Module, own: Arguments | None = None) -> ModelCall:
    """Find out what a model in hand is called with; it stays as it is.

    Args:
        model: Runs a few times, in eval mode.
        own: The inputs that it came with.
    """
    modes = {path: module.training for path, module in model.named_modules()}
    try:
        if any(modes.values()):
            model.eval()
        arguments, fault = _of_own(model, own) if own is not None else searched(model)
    finally:
        for path, module in model.named_modules():
            module.training = modes[path]
    return ModelCall(
        type=type(model).__name__,
        modules=sum(1 for _ in model.modules()) - 1,
        parameters=sum(each.numel() for each in model.parameters()),
        arguments=arguments,
        runs=not fault,
        own=describe(own) if own is not None else (),
        fault=fault,
    )


def searched(model: Module) -> tuple[tuple[ArgumentGuess, ...], str]:
    """Return guesses for all arguments of a model without inputs, and its fault where none runs."""
    slots = slots_of(model)
    needed = {slot.name for slot in slots if not slot.default}
    optional = list(dict.fromkeys(slot.name for slot in slots if slot.default == "None"))
    ways = [needed, *({*needed, *optional[: count + 1]} for count in range(min(2, len(optional))))]
    if not needed:
        ways = ways[1:] or [{slot.name for slot in slots}]
    for given in ways:
        search = InputSearch(model, [slot for slot in slots if slot.name in given])
        if (found := search.found()) is not None:
            return tuple(_with_optional(model, slots, search, *found)), ""
    fault = " ".join(str(search.fault).split())[:_LONGEST_FAULT] or type(search.fault).__name__
    return tuple(_unsure(slots, search, ways[-1])), fault


def _with_optional(
    model: Module, slots: list[Slot], search: InputSearch, tried: TriedSizes, picked: tuple[ShapeSides, ...]
) -> Iterator[ArgumentGuess]:
    """Yield the guesses that run, and what optional arguments could be given."""
    given = {(each.name, each.part): each for each in _explained(search, tried, picked)}
    for slot in slots:
        key = slot.name, slot.part
        if key in given:
            yield given[key]
        elif slot.literal:
            yield ArgumentGuess(slot.name, slot.part, f"={slot.literal}", slot.default, is_left_out=True)
        else:
            yield _optional(model, search, slot)


def _optional(model: Module, search: InputSearch, slot: Slot) -> ArgumentGuess:
    """Return what an optional argument could be given, if it were."""
    more = InputSearch(model, [*search.slots, slot], most=_FOR_OPTIONAL)
    more.uses = dict(search.uses)
    found = more.found()
    if found is None:
        reasons = (Said("guess.unknown"),)
        return ArgumentGuess(slot.name, slot.part, "", slot.default, is_left_out=True, reasons=reasons)
    return replace([*_explained(more, *found)][-1], is_left_out=True)


def _unsure(slots: list[Slot], search: InputSearch, given: set[str]) -> Iterator[ArgumentGuess]:
    """Yield what is known of slots of a model that ran on no guess."""
    for slot in slots:
        place = search.slots.index(slot) if slot in search.slots else -1
        use, text = search.uses.get(place), f"={slot.literal}" if slot.literal else ""
        if use is not None:
            text = search.likely(place).text
        path, layer = _user(use)
        reasons = () if text else (Said("guess.unknown"),)
        is_left_out = bool(slot.default) and slot.name not in given
        yield ArgumentGuess(slot.name, slot.part, text, slot.default, is_left_out, path, layer, reasons)


def _explained(search: InputSearch, tried: TriedSizes, picked: tuple[ShapeSides, ...]) -> Iterator[ArgumentGuess]:
    """Yield the guesses that run with the layers that use them, and where they come from."""
    smallest = _smallest(search, tried, picked)
    shape_of = iter(picked)
    for place, guess in enumerate([*search.guesses(tried, picked)]):
        if search.slots[place].literal:
            yield guess
            continue
        use, sides = search.uses.get(place), next(shape_of)
        reasons = tuple(_reasons(use, sides, tried, smallest))
        path, layer = _user(use)
        yield replace(guess, layer_path=path, layer=layer, reasons=reasons)


def _user(use: FirstUse | None) -> tuple[str, str]:
    return (use.path, use.need.layer) if use is not None else ("", "")


def _smallest(search: InputSearch, tried: TriedSizes, picked: tuple[ShapeSides, ...]) -> int | None:
    """Return the smallest of a few sizes of images that the model runs on, too; None where only the one found."""
    if tried.size != SIZES[0] or not any("size" in sides for sides in picked):
        return None
    uses = dict(search.uses)
    found = next((size for size in _SMALL if search.runs(tried._replace(size=size), picked)), None)
    search.uses = uses
    return found


def _reasons(use: FirstUse | None, sides: ShapeSides, tried: TriedSizes, smallest: int | None) -> Iterator[Said]:
    if use is None:
        yield Said("guess.any")
        return
    path, kind, size = use.path or use.need.layer, use.need.kind, use.need.size
    if kind in ("channels", "features", "sequence") and size is not None:
        is_whole = size in sides
        code = "channels" if kind == "channels" else "features" if is_whole else "flat"
        yield Said(f"guess.{code}", args={"size": size, "path": path})
    if kind == "rows" and size is not None:
        yield Said("guess.rows", args={"rows": size, "path": path})
    if kind == "mask":
        yield Said("guess.mask")
    if "size" in sides:
        code = "guess.size_free" if smallest is not None else "guess.size_fits"
        yield Said(code, args={"size": tried.size, **({"smallest": smallest} if smallest is not None else {})})
    if "length" in sides:
        yield Said("guess.length_free", args={"length": tried.length})


def _of_own(model: Module, own: Arguments) -> tuple[tuple[ArgumentGuess, ...], str]:
    """Return the inputs that stand with a model as guesses, with the layers that use them."""
    leaves = [each for each in pytree.tree_leaves((own.args, own.kwargs)) if isinstance(each, Tensor)]
    watched, fault = FirstUses(leaves), ""
    try:
        with torch.no_grad(), watched.watching(model):
            own.call(model)
    except (Exception, SystemExit) as error:  # the user's forward may raise anything
        fault = " ".join(str(error).split())[:_LONGEST_FAULT] or type(error).__name__
    uses = {id(leaf): watched.uses.get(place) for place, leaf in enumerate(leaves)}
    found: list[ArgumentGuess] = []
    named = names(own, model)
    for name, value in zip(named, own.values, strict=True):
        shown = name or f"*{len(found)}"
        found += [_own_guess(shown, part, each, uses.get(id(each))) for part, each in _apart(value)]
    given = {each.name for each in found}
    for slot in slots_of(model):
        if slot.name.lstrip("*") not in given and not slot.name.startswith("*") and slot.default:
            text = f"={slot.literal}" if slot.literal else ""
            found.append(ArgumentGuess(slot.name, slot.part, text, slot.default, is_left_out=True))
    return tuple(found), fault


def _apart(value: object) -> list[tuple[str, object]]:
    if isinstance(value, (tuple, list)):
        return [(str(place), each) for place, each in enumerate(value)]
    if isinstance(value, dict):
        return [(str(key), each) for key, each in value.items()]
    return [("", value)]


def _own_guess(name: str, part: str, value: object, use: FirstUse | None) -> ArgumentGuess:
    path, layer = _user(use)
    if not isinstance(value, Tensor):
        text = f"={value!r}" if isinstance(value, (bool, int, float, str, type(None))) else ""
    else:
        text = _like(value, use).text
    return ArgumentGuess(name, part, text, layer_path=path, layer=layer, reasons=(Said(OWN),))


def _like(value: Tensor, use: FirstUse | None) -> DrawnTensor:
    """Return random values of the same shape and dtype, for integers in the range that may come."""
    sides, dtype = tuple(value.shape), str(value.dtype).removeprefix("torch.")
    if value.is_floating_point() or not sides:
        return DrawnTensor(sides or (1,), dtype)
    rows = use.need.size if use is not None and use.need.kind == "rows" else None
    ends = (0, rows - 1) if rows else (int(value.min()), int(value.max())) if value.numel() else (0, 1)
    return DrawnTensor(sides, dtype, "uniform", str(ends[0]), str(ends[1]))
