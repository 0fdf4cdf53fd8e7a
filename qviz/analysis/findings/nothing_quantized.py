"""A flow that ran without an error and quantized nothing."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.regions import precision
from qviz.document.snapshot import Finding, Level, Snapshot


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield a finding when no quantizable operator of the converted stage runs in low precision."""
    for stage in snapshot.stages:
        if stage.name != "converted":
            continue
        low, stays_float = precision(stage.graph)
        is_watched = any(each.name == "prepared" for each in snapshot.stages)
        if stays_float and not low:
            yield Finding(
                rule="nothing_quantized",
                level=Level.ERROR,
                stage=stage.name,
                nodes=stays_float,
                message=f"none of the {len(stays_float)} quantizable operators runs in low precision",
                reason="no observer was asked for around them, or the capture lost what the quantizer needs"
                if is_watched
                else "this flow swaps modules of certain types only, and the model has none of them",
                hint="Look at the prepared stage: an operator without observers was not annotated."
                if is_watched
                else "Dynamic quantization takes Linear and recurrent modules, weights only embeddings; "
                "the static flows take convolutions too.",
            )
