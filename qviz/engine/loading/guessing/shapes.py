"""Which shapes a slot may have, the likely ones first, by what is known of its first use."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from qviz.engine.loading.guessing.first_uses import FirstUse
from qviz.sources.input_text import DrawnTensor

ShapeSide: TypeAlias = int | Literal["size", "length", "depth"]
"""A number, or one that is tried out: of an image, of a sequence, of a volume."""
ShapeSides: TypeAlias = tuple[ShapeSide, ...]

SIZES = (224, 32, 28, 64, 96, 128, 256, 299, 227, 384, 512, 16, 48, 8, 4, 1)
LENGTHS = (32, 16, 64, 128, 100, 8, 4, 1)
DEPTH = 8
WIDTH = 16
"""Of features that nothing tells."""
COLORS = 3


class TriedSizes(NamedTuple):
    """What is tried out: the same for all slots of a call."""

    size: int = SIZES[0]
    length: int = LENGTHS[0]


def shapes(use: FirstUse | None, seems_integer: bool) -> tuple[ShapeSides, ...]:  # noqa: PLR0911 - a case for each need
    """Return the shapes that a slot may have."""
    if use is None:
        images: tuple[ShapeSides, ...] = ((1, COLORS, "size", "size"), (1, "length"), (1, "length", WIDTH), (1,))
        return (images[1], *images[2:], images[0]) if seems_integer else images
    need, is_direct = use.need, use.is_direct
    match need.kind:
        case "channels":
            return _of_channels(need.size or COLORS, need.dims, is_direct)
        case "features":
            return _of_features(need.size or WIDTH, is_direct)
        case "sequence":
            width = need.size or WIDTH
            batched: ShapeSides = (1, "length", width) if need.is_batch_first else ("length", 1, width)
            return (batched, ("length", 1, width), (1, "length", width), ("length", width))
        case "rows":
            return ((1, "length"), ("length",), (1,), (1, 1), (1, "length", WIDTH))
        case "mask":
            return ((1, "length"), ("length", "length"), (1, "length", "length"), (1, 1, "length", "length"))
        case _:
            by_dims: dict[int | None, ShapeSides] = {
                3: (1, WIDTH, "length"),
                5: (1, COLORS, "depth", "size", "size"),
            }
            return (by_dims.get(need.dims, (1, COLORS, "size", "size")),)


def _of_channels(size: int, dims: int | None, is_direct: bool) -> tuple[ShapeSides, ...]:
    by_dims: dict[int | None, tuple[tuple[ShapeSides, ...], tuple[ShapeSides, ...]]] = {
        3: (((1, size, "length"),), ((1, "length", size), (1, "length"), ("length",))),
        4: (((1, size, "size", "size"),), ((1, "size", "size", size), (1, "size", "size"), ("size", "size"))),
        5: (((1, size, "depth", "size", "size"),), ((1, "depth", "size", "size", size), (1, "depth", "size", "size"))),
        None: (((1, size), (1, size, "length"), (1, size, "size", "size")), ((1, "length", size),)),
    }
    direct, derived = by_dims.get(dims, by_dims[None])
    return (*direct, *derived) if is_direct else (*derived, *direct)


def _of_features(size: int, is_direct: bool) -> tuple[ShapeSides, ...]:
    plain: tuple[ShapeSides, ...] = ((1, size), (1, "length", size), (1, "size", "size", size), (size,))
    if is_direct:
        return plain
    flat = [(colors, round((size / colors) ** 0.5)) for colors in (1, COLORS) if size % colors == 0]
    images: list[ShapeSides] = [
        (1, colors, side, side) for colors, side in flat if colors * side * side == size and side > 1
    ]
    return (*images, *plain, *((1, each[2], each[3]) for each in images[:1]))


def drawn(sides: ShapeSides, use: FirstUse | None, seems_integer: bool, chosen: TriedSizes) -> DrawnTensor:
    """Return the tensor of a shape, with the dtype and the values that its first use takes."""
    numbers = {"size": chosen.size, "length": chosen.length, "depth": DEPTH}
    shape = tuple(each if isinstance(each, int) else numbers[each] for each in sides)
    if use is not None and use.need.kind == "rows":
        most = (use.need.size or 2) - 1
        return DrawnTensor(shape, "int64", "uniform", "0", str(most))
    if use is not None and use.need.kind == "mask":
        return DrawnTensor(shape, "bool", "zeros")
    return DrawnTensor(shape, "int64", "uniform", "0", "1") if use is None and seems_integer else DrawnTensor(shape)
