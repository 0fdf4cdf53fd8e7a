"""The flows of torch 2.8 that qviz brings, in the order in which they are listed."""

from __future__ import annotations

from qviz.document.flows.flow import ExtraStage, Flow, Method, Mode, Need

_EAGER, _FX, _PT2E = (f"torch.ao.quantization{each}" for each in ("", ".quantize_fx", ".quantize_pt2e"))

_AT_ONCE = ("captured", "converted")
_WITH_FUSION = ("captured", "fused", "prepared", "converted")
_EXPORTED = ("captured", "prepared", "converted")
_REFERENCE = (ExtraStage("reference", option="reference", before="converted"),)
_EXPORTED_EXTRAS = (
    ExtraStage("reference", option="reference", instead_of="converted"),
    ExtraStage("lowered", option="lower"),
)

_EAGER_OPTIONS = frozenset({"backend", "qconfig", "rules", "fuse_list", "fuse_for_training", "fuser"})
_FX_OPTIONS = frozenset({"backend", "qconfig", "rules", "backend_config", "custom", "reference"})
_PT2E_OPTIONS = frozenset(
    {"quantizer", "quantizer_options", "strict", "dynamic_shapes", "fold_quantize", "reference", "lower", "fake"}
)

BUILTIN: tuple[Flow, ...] = (
    Flow(
        id="eager-dynamic",
        title="Eager dynamic",
        mode=Mode.EAGER,
        method=Method.DYNAMIC,
        stages=_AT_ONCE,
        options=frozenset({"backend", "rules"}),
        calls=("quantize_dynamic",),
        api=f"{_EAGER}.quantize_dynamic",
    ),
    Flow(
        id="eager-weight-only",
        title="Eager weight only",
        mode=Mode.EAGER,
        method=Method.WEIGHT_ONLY,
        stages=_AT_ONCE,
        options=frozenset({"backend", "rules", "weight_dtype"}),
        calls=("quantize_dynamic",),
        api=f"{_EAGER}.quantize_dynamic",
    ),
    Flow(
        id="eager-static",
        title="Eager static",
        mode=Mode.EAGER,
        method=Method.STATIC,
        stages=_WITH_FUSION,
        options=_EAGER_OPTIONS,
        need=Need.DATA,
        calls=("fuse_modules", "prepare", "calibrate", "convert"),
        api=f"{_EAGER}.prepare",
    ),
    Flow(
        id="eager-qat",
        title="Eager QAT",
        mode=Mode.EAGER,
        method=Method.QAT,
        stages=_WITH_FUSION,
        options=_EAGER_OPTIONS | {"train"},
        need=Need.TRAINING,
        calls=("fuse_modules_qat", "prepare_qat", "train", "convert"),
        api=f"{_EAGER}.prepare_qat",
    ),
    Flow(
        id="fx-dynamic",
        title="FX dynamic",
        mode=Mode.FX,
        method=Method.DYNAMIC,
        stages=_WITH_FUSION,
        extras=_REFERENCE,
        options=_FX_OPTIONS,
        calls=("prepare_fx", "convert_fx"),
        api=f"{_FX}.prepare_fx",
    ),
    Flow(
        id="fx-weight-only",
        title="FX weight only",
        mode=Mode.FX,
        method=Method.WEIGHT_ONLY,
        stages=_WITH_FUSION,
        extras=_REFERENCE,
        options=_FX_OPTIONS | {"weight_dtype"},
        calls=("prepare_fx", "convert_fx"),
        api=f"{_FX}.prepare_fx",
    ),
    Flow(
        id="fx-static",
        title="FX static",
        mode=Mode.FX,
        method=Method.STATIC,
        stages=_WITH_FUSION,
        extras=_REFERENCE,
        options=_FX_OPTIONS,
        need=Need.DATA,
        calls=("prepare_fx", "calibrate", "convert_fx"),
        api=f"{_FX}.prepare_fx",
    ),
    Flow(
        id="fx-qat",
        title="FX QAT",
        mode=Mode.FX,
        method=Method.QAT,
        stages=_WITH_FUSION,
        extras=_REFERENCE,
        options=_FX_OPTIONS | {"train"},
        need=Need.TRAINING,
        calls=("prepare_qat_fx", "train", "convert_fx"),
        api=f"{_FX}.prepare_qat_fx",
    ),
    Flow(
        id="fx-fuse",
        title="FX fusion",
        mode=Mode.FX,
        method=Method.FUSION,
        stages=("captured", "fused"),
        options=frozenset({"backend_config", "custom"}),
        calls=("fuse_fx",),
        api=f"{_FX}.fuse_fx",
    ),
    Flow(
        id="pt2e-static",
        title="PT2E static",
        mode=Mode.PT2E,
        method=Method.STATIC,
        stages=_EXPORTED,
        extras=_EXPORTED_EXTRAS,
        options=_PT2E_OPTIONS,
        need=Need.DATA,
        calls=("torch.export", "prepare_pt2e", "calibrate", "convert_pt2e"),
        api=f"{_PT2E}.prepare_pt2e",
    ),
    Flow(
        id="pt2e-dynamic",
        title="PT2E dynamic",
        mode=Mode.PT2E,
        method=Method.DYNAMIC,
        stages=_EXPORTED,
        extras=_EXPORTED_EXTRAS,
        options=_PT2E_OPTIONS,
        need=Need.DATA,  # observers of weights are nodes of the graph: they see nothing until it runs
        calls=("torch.export", "prepare_pt2e", "calibrate", "convert_pt2e"),
        api=f"{_PT2E}.prepare_pt2e",
    ),
    Flow(
        id="pt2e-qat",
        title="PT2E QAT",
        mode=Mode.PT2E,
        method=Method.QAT,
        stages=_EXPORTED,
        extras=_EXPORTED_EXTRAS,
        options=_PT2E_OPTIONS | {"train"},
        need=Need.TRAINING,
        calls=("torch.export", "prepare_qat_pt2e", "train", "convert_pt2e"),
        api=f"{_PT2E}.prepare_qat_pt2e",
    ),
)

DEFAULT_FLOW = "fx-static"
DEFAULT_FLOW_OF_PROGRAMS = "pt2e-static"
