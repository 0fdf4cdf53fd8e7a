"""The models that come with qviz, as a table that needs no torch; the files are in resources/samples."""

from __future__ import annotations

from typing import NamedTuple

from qviz.words import mark


class Sample(NamedTuple):
    """A built-in model, opened as ``sample:NAME``; title and description are in English, for `qviz.words.tr`.

    Attributes:
        has_card: Whether the first page of the window shows it; it has room for six.
    """

    name: str
    title: str
    description: str
    file: str
    has_card: bool = True


SAMPLES: tuple[Sample, ...] = (
    Sample(
        "seed-small",
        mark("Small conv net"),
        mark("Linear, view, conv: the smallest model every flow accepts"),
        "seed_small.py",
    ),
    Sample(
        "conv-bn-relu", mark("Conv + BN + ReLU"), mark("Three modules that fuse into one operator"), "conv_bn_relu.py"
    ),
    Sample(
        "residual",
        mark("Residual block"),
        mark("An add whose inputs share an observer"),
        "residual.py",
    ),
    Sample(
        "transformer",
        mark("Transformer block"),
        mark("Softmax stays in float between quantized operators"),
        "transformer.py",
    ),
    Sample(
        "mobile",
        mark("Mobile block"),
        mark("Depthwise convolution and squeeze-excite"),
        "mobile.py",
    ),
    Sample(
        "uneven",
        mark("Uneven filters"),
        mark("One channel with large weights leaves few levels to the others"),
        "uneven.py",
        has_card=False,
    ),
    Sample(
        "seed",
        mark("Large conv net"),
        mark("315 M parameters, 1.26 GB"),
        "seed.py",
    ),
)


def sample(name: str) -> Sample | None:
    """Return the sample of that name, or None."""
    return next((each for each in SAMPLES if each.name == name), None)
