"""What the user chose: model, flow, configuration, data. An edit is a function from plan to plan."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from qviz.document.configuration import Custom, Quantizer, Rule
from qviz.document.graph import Record

WeightDtype: TypeAlias = Literal["quint8", "quint4x2", "float16"]
"""Of weight-only flows: embeddings in 8 or 4 bits, or float16 Linear (in FX also LSTM)."""


class Plan(Record, frozen=True):
    """One run to do; what a flow has no use for is left alone by it.

    Attributes:
        source: Where the model comes from (contract, section 4).
        flow: None captures only.
        inputs: The texts of ``--input`` (``[NAME=]SHAPE[:DTYPE[:LOW..HIGH]]``, a file, ``mod:callable``);
            none means the example inputs beside the model.
        calibrate: A file or ``mod:callable``; None means ``calibration_data`` beside the model, else the inputs.
        batch_limit: How many batches of it at most.
        train: ``mod:callable`` that trains the model it is given; None means ``train`` beside the model,
            else a demonstration.
        backend: The engine, and whose default qconfigs, of an eager or FX flow.
        qconfig: ``mod:callable`` that gives a ``QConfig`` or a ``QConfigMapping``, or the name of one of torch's.
        rules: Entries of the ``QConfigMapping``, over `qconfig` or the backend's default.
        backend_config: ``native``, ``fbgemm``, … or ``mod:callable``; None leaves it to torch.
        custom: Custom configuration of prepare and convert.
        weight_dtype: Of a weight-only flow.
        fuse_list: Module paths to fuse in eager mode; None derives them from the trace.
        fuse_for_training: Use ``fuse_modules_qat``; None: in QAT flows.
        fuser: ``mod:callable`` that takes the place of ``fuse_known_modules`` in eager mode.
        quantizer: One of `QUANTIZERS` or ``mod:callable``, of a PT2E flow.
        quantizer_options: Its settings.
        strict: None tries strict capture first and falls back.
        dynamic_shapes: ``mod:callable`` or a name in the source's file, as ``torch.export.export`` takes them.
        fold_quantize: Whether ``convert_pt2e`` computes quantized weights at once.
        reference: Also show (PT2E: show instead) the reference stage.
        lower: Also lower a PT2E result to x86 kernels.
        seed: For all that is random.
    """

    source: str
    flow: str | None = None
    inputs: tuple[str, ...] = ()
    calibrate: str | None = None
    batch_limit: int | None = None
    train: str | None = None
    backend: str = "x86"
    qconfig: str | None = None
    rules: tuple[Rule, ...] = ()
    backend_config: str | None = None
    custom: Custom = Custom()
    weight_dtype: WeightDtype = "quint8"
    fuse_list: tuple[tuple[str, ...], ...] | None = None
    fuse_for_training: bool | None = None
    fuser: str | None = None
    quantizer: str = "xnnpack"
    quantizer_options: Quantizer = Quantizer()
    strict: bool | None = None
    dynamic_shapes: str | None = None
    fold_quantize: bool = True
    reference: bool = False
    lower: bool = False
    seed: int = 0


class Flow(NamedTuple):
    """A way to quantize that qviz can run; stages in `optional` appear when asked for."""

    id: str
    title: str
    mode: str
    type: str
    stages: tuple[str, ...]
    runs: str
    optional: tuple[str, ...] = ()

    @property
    def is_training(self) -> bool:
        """Whether the flow trains (quantization-aware training)."""
        return self.id.endswith("-qat")


FX_STAGES = ("captured", "fused", "prepared", "converted")
PT2E_STAGES = ("captured", "prepared", "converted")

STATIC, DYNAMIC, WEIGHT_ONLY = "Static (calibrated)", "Dynamic", "Weight only"
TRAINED, FUSION = "Quantization-aware training", "Fusion only"

FLOWS: tuple[Flow, ...] = (
    Flow("eager-dynamic", "Eager dynamic", "Eager", DYNAMIC, ("captured", "converted"), "quantize_dynamic"),
    Flow(
        "eager-weight-only",
        "Eager weight only",
        "Eager",
        WEIGHT_ONLY,
        ("captured", "converted"),
        "quantize_dynamic; weights only",
    ),
    Flow("eager-static", "Eager static", "Eager", STATIC, FX_STAGES, "fuse_modules, prepare, calibrate, convert"),
    Flow("eager-qat", "Eager QAT", "Eager", TRAINED, FX_STAGES, "fuse_modules_qat, prepare_qat, train, convert"),
    Flow("fx-dynamic", "FX dynamic", "FX graph", DYNAMIC, FX_STAGES, "prepare_fx, convert_fx; dynamic", ("reference",)),
    Flow(
        "fx-weight-only",
        "FX weight only",
        "FX graph",
        WEIGHT_ONLY,
        FX_STAGES,
        "prepare_fx, convert_fx; weights only",
        ("reference",),
    ),
    Flow("fx-static", "FX static", "FX graph", STATIC, FX_STAGES, "prepare_fx, calibrate, convert_fx", ("reference",)),
    Flow("fx-qat", "FX QAT", "FX graph", TRAINED, FX_STAGES, "prepare_qat_fx, train, convert_fx", ("reference",)),
    Flow("fx-fuse", "FX fusion", "FX graph", FUSION, ("captured", "fused"), "fuse_fx"),
    Flow(
        "pt2e-static",
        "PT2E static",
        "PT2E",
        STATIC,
        PT2E_STAGES,
        "torch.export, prepare_pt2e, calibrate, convert_pt2e",
        ("lowered",),
    ),
    Flow(
        "pt2e-dynamic",
        "PT2E dynamic",
        "PT2E",
        DYNAMIC,
        PT2E_STAGES,
        "torch.export, prepare_pt2e, convert_pt2e; dynamic",
        ("lowered",),
    ),
    Flow(
        "pt2e-qat",
        "PT2E QAT",
        "PT2E",
        TRAINED,
        PT2E_STAGES,
        "torch.export, prepare_qat_pt2e, train, convert_pt2e",
        ("lowered",),
    ),
)
"""The flows of the contract's section 2 that this version runs, in its order."""

MODEL_FILES = (".pt2", ".pt")
"""Endings of sources that hold a model whole, and run code when they are opened (contract, section 7)."""
DEFAULT_FLOW = "fx-static"
WEIGHT_DTYPES = ("quint8", "quint4x2", "float16")
BACKENDS = ("x86", "fbgemm", "qnnpack", "onednn")
QUANTIZERS = ("xnnpack", "x86_inductor", "embedding")
BACKEND_CONFIGS = ("native", "fbgemm", "qnnpack", "x86", "onednn", "executorch", "tensorrt")


def expected_stages(plan: Plan) -> tuple[str, ...]:
    """Return the stages that a run of the plan goes through, those asked for in their places."""
    chosen = flow(plan.flow or "")
    if chosen is None:
        return ("captured",)
    stages = list(chosen.stages)
    if plan.reference and "reference" in chosen.optional:
        stages.insert(stages.index("converted"), "reference")
    elif plan.reference and chosen.mode == "PT2E":
        stages[stages.index("converted")] = "reference"
    return (*stages, *(["lowered"] if plan.lower and "lowered" in chosen.optional else []))


def default_flow(source: str) -> str:
    """Return the flow that a source is opened with; an exported program takes only those of PT2E."""
    return "pt2e-static" if source.endswith(".pt2") else DEFAULT_FLOW


def flow(flow_id: str) -> Flow | None:
    """Return the flow of that id, or None."""
    return next((each for each in FLOWS if each.id == flow_id), None)
