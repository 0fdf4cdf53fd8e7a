"""What the user chose: model, flow, configuration, data. An edit is a function from plan to plan."""

from __future__ import annotations

from typing import NamedTuple

from qviz.document.graph import Record


class Plan(Record, frozen=True):
    """One run to do.

    ``inputs`` hold the texts of ``--input`` (``[NAME=]SHAPE[:DTYPE[:LOW..HIGH]]``); none means
    the example inputs beside the model. ``flow`` None captures only. ``strict`` None tries
    strict capture first and falls back.
    """

    source: str
    flow: str | None = None
    inputs: tuple[str, ...] = ()
    calibrate: str | None = None
    backend: str = "x86"
    quantizer: str = "xnnpack"
    strict: bool | None = None
    reference: bool = False
    seed: int = 0


class Flow(NamedTuple):
    """A way to quantize that qviz can run."""

    id: str
    title: str
    mode: str
    type: str
    stages: tuple[str, ...]
    runs: str


FX_STAGES = ("captured", "fused", "prepared", "converted")
PT2E_STAGES = ("captured", "prepared", "converted")

FLOWS: tuple[Flow, ...] = (
    Flow("fx-static", "FX static", "FX graph", "Static (calibrated)", FX_STAGES, "prepare_fx, calibrate, convert_fx"),
    Flow(
        "pt2e-static",
        "PT2E static",
        "PT2E",
        "Static (calibrated)",
        PT2E_STAGES,
        "torch.export, prepare_pt2e, calibrate, convert_pt2e",
    ),
)
"""The flows of the contract's section 2 that this version runs, in its order."""

BACKENDS = ("x86", "fbgemm", "qnnpack", "onednn")
QUANTIZERS = ("xnnpack", "x86_inductor")


def flow(flow_id: str) -> Flow | None:
    """Return the flow of that id, or None."""
    return next((each for each in FLOWS if each.id == flow_id), None)
