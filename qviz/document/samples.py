"""The models that come with qviz, as a table that needs no torch; the files are in resources/samples."""

from __future__ import annotations

from typing import NamedTuple


class Sample(NamedTuple):
    """A built-in model, opened as ``sample:NAME``."""

    name: str
    title: str
    description: str
    file: str


SAMPLES: tuple[Sample, ...] = (
    Sample("seed-small", "Small conv net", "the seed document's model, small · 4 modules", "seed_small.py"),
    Sample("conv-bn-relu", "Conv + BN + ReLU", "fusion in one glance · 3 modules", "conv_bn_relu.py"),
    Sample("residual", "Residual block", "add, shared observers · 11 modules", "residual.py"),
    Sample("transformer", "Transformer block", "softmax stays in float · 10 modules", "transformer.py"),
    Sample("mobile", "Mobile block", "depthwise, squeeze-excite · 17 modules", "mobile.py"),
    Sample("seed", "Seed model, true size", "315 M parameters, 1.26 GB", "seed.py"),
)


def sample(name: str) -> Sample | None:
    """Return the sample of that name, or None."""
    return next((each for each in SAMPLES if each.name == name), None)
