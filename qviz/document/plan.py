"""What the user chose: model, flow, configuration, data. An edit is a function from plan to plan."""

from __future__ import annotations

from typing import Literal, TypeAlias

from qviz.document.configuration import Custom, Quantizer, Rule
from qviz.document.flows import DEFAULT_FLOW, DEFAULT_FLOW_OF_PROGRAMS, flow
from qviz.document.graph import Record
from qviz.document.model_files import EXPORTED_PROGRAM

WeightDtype: TypeAlias = Literal["quint8", "quint4x2", "float16"]
"""Of weight-only flows: embeddings in 8 or 4 bits, or float16 Linear (in FX also LSTM)."""


Dtype: TypeAlias = Literal["float32", "keep"]
"""Of the model's weights and inputs when a flow begins: what torch quantizes, or what they came in."""


class Thresholds(Record, frozen=True):
    """From what on measured damage is found.

    Attributes:
        error_db: An output below this signal-to-noise ratio is an error.
        warning_db: One below this is a warning.
        agreement: A smaller share of samples with the same class is an error.
    """

    error_db: float = 10.0
    warning_db: float = 20.0
    agreement: float = 0.9


class Plan(Record, frozen=True):
    """One run to do, public as `qviz.Plan`; what a flow has no use for is told in a finding.

    An edit is ``msgspec.structs.replace(plan, backend="qnnpack")``; a plan is a value and never changes.

    Attributes:
        source: Where the model comes from (docs/contract.md, section 4); may be left out for a model in hand.
        flow: None captures only.
        inputs: The texts of ``--input`` (``[NAME=]SHAPE[:DTYPE[:VALUES]]``, a file, ``mod:callable``);
            none means the example inputs beside the model.
        weights: A file of tensors by name, which ``load_state_dict`` puts into the model; None: as it was built.
        calibrate: A file or ``mod:callable``; None means ``calibration_data`` beside the model, else the inputs.
        batch_limit: How many batches of it at most.
        random_batches: How many batches are drawn as `inputs` says, where there is no calibration data; the example
            inputs are the first.
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
        fake: Build the model on fake tensors, without its weights: graphs, reasons, findings, and no numbers.
        seed: For all that is random.
        dtype: Whether a model in float16, bfloat16 or float64, with its data, is taken to float32 first.
        evaluate: A file or ``mod:callable``: what is measured on; None means ``evaluation_data`` beside the model,
            else the calibration data. The example inputs are always measured on, too.
        metric: ``mod:callable`` that gets outputs and a batch and gives a number.
        measure: Whether the noise ledger is made; None makes it where the output is noisy, False measures nothing.
        exact: Whether the ledger is measured one quantizer at a time; else it is estimated.
        workers: How many processes share that, each computing on one thread; 0 measures in the run's own process.
        executor: ``mod:callable`` that gives a ``concurrent.futures.Executor`` to share it instead.
        at_most: Seconds after which it stops, and keeps what it has.
        thresholds: What is an error, and what a warning.
    """

    source: str = ""
    flow: str | None = None
    inputs: tuple[str, ...] = ()
    weights: str | None = None
    calibrate: str | None = None
    batch_limit: int | None = None
    random_batches: int = 1
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
    fake: bool = False
    seed: int = 0
    dtype: Dtype = "float32"
    evaluate: str | None = None
    metric: str | None = None
    measure: bool | None = None
    exact: bool = False
    workers: int = 0
    executor: str | None = None
    at_most: float | None = None
    thresholds: Thresholds = Thresholds()


WEIGHT_DTYPES = ("quint8", "quint4x2", "float16")
BACKENDS = ("x86", "fbgemm", "qnnpack", "onednn")
QUANTIZERS = ("xnnpack", "x86_inductor", "embedding")
BACKEND_CONFIGS = ("native", "fbgemm", "qnnpack", "x86", "onednn", "executorch", "tensorrt")


def expected_stages(plan: Plan) -> tuple[str, ...]:
    """Return the stages that a run of the plan goes through, those asked for in their places."""
    chosen = flow(plan.flow)
    if chosen is None:
        return ("captured",)
    stages = chosen.stages
    for extra in chosen.extras:
        if getattr(plan, extra.option):
            stages = extra.into(stages)
    return stages


def is_exported_program(source: str) -> bool:
    """Whether a source is a file of ``torch.export``, which not every flow takes."""
    return source.endswith(EXPORTED_PROGRAM)


def default_flow(source: str) -> str:
    """Return the flow that a source is opened with."""
    return DEFAULT_FLOW_OF_PROGRAMS if is_exported_program(source) else DEFAULT_FLOW
