"""Every known cause is raised as torch raises it, and told as what it is."""

from __future__ import annotations

import dataclasses
import functools
import time
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.ao.quantization import (
    FakeQuantize,
    HistogramObserver,
    MinMaxObserver,
    MovingAverageMinMaxObserver,
    PerChannelMinMaxObserver,
    PlaceholderObserver,
    QConfig,
    QConfigMapping,
    convert,
    default_qconfig,
    fuse_modules,
    fuse_modules_qat,
    prepare,
    prepare_qat,
)
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx
from torch.ao.quantization.quantize_pt2e import prepare_pt2e
from torch.ao.quantization.quantizer import (
    DerivedQuantizationSpec,
    QuantizationAnnotation,
    QuantizationSpec,
    Quantizer,
    SharedQuantizationSpec,
)
from torch.ao.quantization.quantizer.composable_quantizer import ComposableQuantizer
from torch.ao.quantization.quantizer.xnnpack_quantizer_utils import QuantizationConfig, get_bias_qspec
from torch.fx import symbolic_trace

from qviz.engine.failures import run_error
from qviz.words import say
from tests.engine.failures.layer_stops import LAYER_STOPS

X = torch.ones(2, 4)
ACTIVATION = QuantizationSpec(torch.int8, MinMaxObserver, -128, 127, torch.per_tensor_affine)


def model(forward: Callable[..., Any], **children: Any) -> nn.Module:
    """Return a module with that forward; a child that is no module stays a plain attribute."""
    made = type("Model", (nn.Module,), {"forward": forward})()
    for name, child in children.items():
        setattr(made, name, child)
    return made.eval()


def trace(forward: Callable[..., Any], **children: Any) -> Callable[[], Any]:
    return lambda: symbolic_trace(model(forward, **children))


def export(forward: Callable[..., Any], strict: bool = False, shapes: Any = None, **children: Any) -> Callable[[], Any]:
    return lambda: torch.export.export(model(forward, **children), (X,), strict=strict, dynamic_shapes=shapes)


def fx(net: nn.Module, qconfig: QConfig, *inputs: torch.Tensor) -> Any:
    prepared = prepare_fx(net.eval(), QConfigMapping().set_global(qconfig), inputs)
    prepared(*inputs)
    return convert_fx(prepared)


def eager(net: nn.Module, qconfig: Any, *inputs: torch.Tensor) -> Any:
    net.eval().qconfig = qconfig
    prepared = prepare(net)
    prepared(*inputs)
    return convert(prepared)


def observer(of: type, **options: Any) -> Any:
    return lambda: of(**options)


class Annotates(Quantizer):
    """Annotates every addition with what `of` gives."""

    def __init__(self, of: Callable[[torch.fx.Node], QuantizationAnnotation]) -> None:
        super().__init__()
        self.of = of

    def annotate(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
        for node in model.graph.nodes:
            if node.target is torch.ops.aten.add.Tensor:
                node.meta["quantization_annotation"] = self.of(node)
        return model

    def validate(self, model: torch.fx.GraphModule) -> None:
        pass


def annotated(*quantizers: Quantizer) -> Any:
    exported: Any = torch.export.export(model(lambda self, x: torch.relu(x) + x), (X,)).module()
    return prepare_pt2e(exported, quantizers[0] if len(quantizers) == 1 else ComposableQuantizer(list(quantizers)))


def share_in_a_circle(add: Any) -> QuantizationAnnotation:
    one, other = ((each, SharedQuantizationSpec((each, add))) for each in add.args)
    return QuantizationAnnotation({one[0]: other[1], other[0]: one[1]}, ACTIVATION)


def shares_with_nothing(add: Any) -> QuantizationAnnotation:
    relu, x = add.args
    return QuantizationAnnotation({relu: ACTIVATION, x: SharedQuantizationSpec((relu.args[0], relu))}, ACTIVATION)


def derives_from_nothing(add: Any) -> QuantizationAnnotation:
    relu, x = add.args
    derived = DerivedQuantizationSpec([(relu.args[0], relu)], lambda _: (torch.ones(1), torch.zeros(1)), torch.int8)
    return QuantizationAnnotation({relu: ACTIVATION, x: derived}, ACTIVATION)


def wrapped(forward: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(forward)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return forward(*args, **kwargs)

    return inner


class Plain:
    pass


@dataclasses.dataclass
class Scores:
    values: torch.Tensor


def keep(self: Any, x: torch.Tensor) -> torch.Tensor:
    self.cache = x + 1
    return x


def branches(self: Any, x: torch.Tensor) -> torch.Tensor:
    return x if x.sum() > 0 else -x


def second_of_two(self: Any, x: torch.Tensor, *, mask: torch.Tensor | None = None, scale: torch.Tensor) -> Any:
    return x * scale


def trained(net: nn.Module) -> None:
    net(X).detach().sum().backward()


def nested() -> nn.Module:
    a, b = nn.Sequential(), nn.Sequential()
    a.append(b)
    b.append(a)
    return a


class Cached(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.cache = self.fc(X)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x, x, x)[0]


def deepcopied() -> Any:
    import copy

    return copy.deepcopy(Cached())


CONV_BN = {"conv": nn.Conv2d(2, 2, 1), "bn": nn.BatchNorm2d(2)}


def fuse(conv: nn.Module, bn: nn.Module, qat: bool = True) -> Any:
    net = nn.Sequential(conv, bn)
    return fuse_modules_qat(net.train(), [["0", "1"]]) if qat else fuse_modules(net, [["0", "1"]])


def other_qconfigs() -> Any:
    mapping = QConfigMapping().set_object_type(nn.Linear, default_qconfig)
    return prepare_fx(nn.Sequential(nn.Linear(4, 4), nn.ReLU()).eval(), mapping.set_object_type(nn.ReLU, OTHER), (X,))


OTHER = QConfig(observer(MinMaxObserver, dtype=torch.qint8), default_qconfig.weight)
NO_STATISTICS = nn.BatchNorm2d(2, track_running_stats=False).eval()


def changed_qconfigs() -> Any:
    net = nn.Sequential(nn.Linear(4, 4)).eval()
    prepared = prepare_fx(net, QConfigMapping().set_global(default_qconfig), (X,))
    return convert_fx(prepared, qconfig_mapping=QConfigMapping().set_global(OTHER))


def weights(**options: Any) -> QConfig:
    return QConfig(default_qconfig.activation, observer(MinMaxObserver, **options))


def inside(of: type, **options: Any) -> QConfig:
    return QConfig(observer(of, **options), default_qconfig.weight)


def by_keyword(self: Any, x: torch.Tensor) -> torch.Tensor:
    return F.linear(input=x, weight=self.weight)


def reads_bias(self: Any, x: torch.Tensor) -> torch.Tensor:
    return F.relu(self.fc(x)) + self.fc.bias


def quantized(x: torch.Tensor) -> torch.Tensor:
    return torch.quantize_per_tensor(x, 0.1, 0, torch.quint8)


def fixed_shape() -> Any:
    return torch.export.export(nn.Linear(4, 4), (X,)).module()(torch.ones(3, 4))


NAN, INF = (torch.full((2, 4), float(each)) for each in ("nan", "inf"))

RAISED: tuple[tuple[str, Callable[[], Any]], ...] = (
    *LAYER_STOPS,
    ("trace_branch", trace(branches)),
    ("trace_iteration", trace(lambda self, x: sum(each for each in x))),
    ("trace_len", trace(lambda self, x: x * len(x))),
    ("trace_higher_order", trace(lambda self, x: torch.cond(x.sum() > 0, lambda x: x, lambda x: -x, (x,)))),
    ("trace_dict_key", trace(lambda self, x: self.fc({x: x}), fc=nn.Linear(4, 4))),
    ("trace_argument", trace(lambda self, x: self.fc(x, Plain()), fc=nn.Linear(4, 4))),
    ("trace_foreign_module", trace(lambda self, x: self.layers["fc"](x), layers={"fc": nn.Linear(4, 4)})),
    ("trace_foreign_parameter", trace(lambda self, x: x * self.held["w"], held={"w": nn.Parameter(X)})),
    ("trace_wrapped_forward", trace(wrapped(lambda self, x, y=None, **more: x))),
    ("keyword_only_required", trace(second_of_two)),
    ("trace_proxy", trace(lambda self, x: torch.zeros(list(range(x.shape[0]))))),
    ("script_module", lambda: torch.export.export(torch.jit.script(nn.Linear(4, 4)), (X,))),
    ("data_dependent", export(branches)),
    ("data_dependent", export(branches, strict=True)),
    ("export_unsupported", export(lambda self, x: x * time.time(), strict=True)),
    ("dynamic_shapes_structure", export(lambda self, x: x, shapes={"y": None})),
    ("attribute_assigned", export(keep)),
    ("attribute_assigned", export(keep, strict=False, cache=X)),
    ("not_a_pytree", export(lambda self, x: Scores(x))),
    ("observer_instance", lambda: QConfig(MinMaxObserver(), MinMaxObserver())),
    ("observer_qscheme", lambda: MinMaxObserver(qscheme=torch.per_channel_affine)),
    (
        "observer_reduce_range",
        lambda: MinMaxObserver(qscheme=torch.per_tensor_symmetric, dtype=torch.quint8, reduce_range=True),
    ),
    ("observer_dynamic", lambda: MovingAverageMinMaxObserver(is_dynamic=True)),
    ("observer_dtype", lambda: MinMaxObserver(dtype=torch.float64)),
    ("observer_without_scale", lambda: PlaceholderObserver().calculate_qparams()),
    ("quantization_range", lambda: MinMaxObserver(quant_min=1, quant_max=255)),
    ("quantization_range", lambda: FakeQuantize(MinMaxObserver, quant_min=0, quant_max=300, dtype=torch.quint8)),
    ("quantization_range", lambda: QuantizationSpec(torch.int8, MinMaxObserver, 5, 4)),
    ("channel_axis", lambda: QuantizationSpec(torch.int8, PerChannelMinMaxObserver, ch_axis=-1)),
    (
        "transposed_per_channel",
        lambda: eager(
            nn.Sequential(nn.ConvTranspose2d(2, 2, 1)), QConfig(default_qconfig.activation, PerChannelMinMaxObserver)
        ),
    ),
    ("embedding_qconfig", lambda: eager(nn.Sequential(nn.Embedding(4, 4)), default_qconfig, torch.ones(2).long())),
    ("weight_dtype", lambda: eager(nn.Sequential(nn.Linear(4, 4)), weights(dtype=torch.quint8), X)),
    (
        "dtype_combination",
        lambda: torch.ao.quantization.utils.get_quant_type(
            QConfig(observer(PlaceholderObserver, dtype=torch.float), observer(PlaceholderObserver, dtype=torch.float))
        ),
    ),
    ("fused_qconfigs_differ", other_qconfigs),
    ("qconfigs_changed", changed_qconfigs),
    ("qat_needs_training", lambda: prepare_qat(nn.Linear(4, 4).eval())),
    ("fuse_mode", lambda: fuse(nn.Conv2d(2, 2, 1).train(), nn.BatchNorm2d(2).eval(), qat=False)),
    ("fuse_batch_norm", lambda: fuse(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2, affine=False))),
    ("fuse_batch_norm", lambda: fuse(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(3))),
    ("fuse_transposed", lambda: fuse(nn.ConvTranspose2d(2, 2, 1), nn.BatchNorm2d(2))),
    ("no_fuser", lambda: fuse(nn.Conv2d(2, 2, 1), nn.Sigmoid())),
    ("functional_called", lambda: torch.ao.nn.quantized.FloatFunctional()(X)),
    ("shared_spec_unresolved", lambda: annotated(Annotates(shares_with_nothing))),
    ("shared_specs_in_circle", lambda: annotated(Annotates(share_in_a_circle))),
    ("derived_spec_unresolved", lambda: annotated(Annotates(derives_from_nothing))),
    (
        "annotations_overwritten",
        lambda: annotated(*(Annotates(lambda add: QuantizationAnnotation({}, ACTIVATION)) for _ in range(2))),
    ),
    ("quantization_spec", lambda: get_bias_qspec(QuantizationConfig(ACTIVATION, ACTIVATION, ACTIVATION, ACTIVATION))),
    ("functional_by_keyword", lambda: fx(model(by_keyword, weight=nn.Parameter(torch.ones(4, 4))), default_qconfig, X)),
    ("attribute_of_fused", lambda: fx(model(reads_bias, fc=nn.Linear(4, 4)), default_qconfig, X)),
    ("one_value_per_channel", lambda: nn.BatchNorm1d(4).train()(torch.ones(1, 4))),
    ("cuda_missing", lambda: torch.zeros(1, device="cuda")),
    ("meta_tensor", lambda: torch.zeros(1, device="meta").item()),
    ("values_not_a_number", lambda: eager(nn.Sequential(nn.Linear(4, 4)), inside(MinMaxObserver), NAN)),
    ("values_infinite", lambda: torch.histc(INF, 10)),
    ("dtype_observed", lambda: HistogramObserver()(torch.ones(4).bool())),
    ("indices_in_float", lambda: nn.Embedding(4, 4)(torch.ones(2))),
    ("no_tensor_observed", lambda: eager(nn.Sequential(nn.GRU(4, 4)), default_qconfig, X)),
    ("zero_point_of_dtype", lambda: torch.quantize_per_tensor(X, 0.1, -3, torch.quint8)),
    ("channel_axis", lambda: PerChannelMinMaxObserver(ch_axis=5)(X)),
    ("channels_of_activation", lambda: eager(nn.Sequential(nn.Linear(4, 4)), inside(PerChannelMinMaxObserver), X)),
    ("fuse_batch_norm", lambda: fuse(nn.Conv2d(2, 2, 1).eval(), NO_STATISTICS, qat=False)),
    ("fuse_needs_eval", lambda: fuse(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2), qat=False)),
    ("output_not_tensors", lambda: fx(model(lambda self, x: (x, 3)), default_qconfig, X)),
    ("nested_tensor", export(lambda self, x: torch.nested.nested_tensor([x[0], x[1]]).to_padded_tensor(0.0))),
    ("integers_in_float", lambda: X.gather(0, torch.ones(1, 4))),
    ("attention_without_batch", lambda: eager(Attention(), default_qconfig, X)),
    (
        "padding_mode",
        lambda: eager(
            nn.Sequential(nn.Conv2d(2, 2, 1, padding_mode="circular")), default_qconfig, torch.ones(1, 2, 3, 3)
        ),
    ),
    ("no_quantized_kernel", lambda: quantized(X).log_softmax(-1)),
    ("float_into_quantized", lambda: torch.ao.nn.quantized.Linear(4, 4)(X)),
    ("no_engine", lambda: setattr(torch.backends.quantized, "engine", "cudnn")),
    ("weight_is_method", lambda: LINEAR.weight.shape),
    ("not_a_leaf", deepcopied),
    ("no_gradient", lambda: trained(nn.Linear(4, 4))),
    ("package_missing", lambda: __import__("no_such_package")),
    ("recursion", lambda: nested().eval()),
    ("no_kernel", lambda: torch.histc(torch.ones(4).long())),
    ("shape_fixed", fixed_shape),
    ("shapes_differ", lambda: nn.Linear(4, 4)(torch.ones(2, 3))),
    ("types_differ", lambda: nn.Linear(4, 4)(torch.ones(2, 4).double())),
    ("arguments", nn.Linear(4, 4)),
    ("index_out_of_range", lambda: nn.Embedding(4, 4)(torch.tensor([7]))),
)


FORMS: tuple[tuple[str, BaseException], ...] = (
    ("graph_not_python", SyntaxError("invalid syntax (<eval_with_key>.0, line 24)")),
    ("dynamic_shapes_violated", RuntimeError("Constraints violated (n)! For more information, run with TORCH_LOGS")),
    ("nested_graph_lost", RuntimeError("Node submod_3 target submod_1 references nonexistent attribute submod_1 of ")),
    ("mask_by_vmap", RuntimeError("Current active mode <torch._functorch.FunctionalizeMode> not registered")),
    ("no_process_group", ValueError("Default process group has not been initialized, please make sure to call")),
    ("no_fake_kernel", RuntimeError("There was no fake impl registered for own.op.default")),
    ("several_devices", AssertionError("swap_module only works with cpu or single-device CUDA modules, but got {}")),
    ("no_reference_module", AssertionError("No reference quantized module class configured for <class 'a.Own'>")),
    ("not_observed_module", NotImplementedError("you are trying to convert a non-observed LSTM module. Please, see")),
    ("needs_strict_capture", KeyError("source_fn_stack")),
    ("keywords_observed", AssertionError("expecting kwargs for aten op IR to be empty")),
    ("onednn_number", AttributeError("'float' object has no attribute 'name'")),
    ("spec_not_observed", AssertionError("please make sure only refer to edge or node that has observer inserted")),
    ("several_in_pattern", NotImplementedError("Several nodes within a single pattern are default quantizable.")),
    ("constant_lost", AttributeError("'GraphModule' object has no attribute '_tensor_constant0'")),
    ("no_running_statistics", RuntimeError("Expected a proper Tensor but got None (or an undefined Tensor in C++)")),
    ("assert_of_capture", RuntimeError("Runtime assertion failed for expression u0 >= 2 on node 'ge'")),
    ("dtype_asserted", RuntimeError("Tensor dtype mismatch! Expected: Float, Got: c10::BFloat16")),
    ("devices_differ", RuntimeError("Expected all tensors to be on the same device, but found cpu and cuda:0")),
    ("out_of_memory", RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to")),
    ("out_of_memory", MemoryError()),
    ("exported_mode", NotImplementedError("Calling train() is not supported for exported models.")),
    ("no_compiler", type("InvalidCxxCompiler", (Exception,), {})("No working C++ compiler found")),
)
"""What needs another machine, a model too large for a test, or two versions of one."""

LINEAR: Any = torch.ao.nn.quantized.Linear(4, 4)
STEPS = {
    "trace_script_function": "capturing",
    "packed_sequence": "capturing",
    "no_gradient": "training",
    "no_running_statistics": "training",
    "attention_projection": "preparing",
}


@pytest.mark.parametrize(("code", "raises"), RAISED, ids=[f"{code}-{at}" for at, (code, _) in enumerate(RAISED)])
def test_a_known_cause_is_told_as_torch_raises_it(code: str, raises: Callable[[], Any]):
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(BaseException) as caught:  # noqa: PT011 - torch raises anything
            raises()
    check(code, caught.value)


@pytest.mark.parametrize(("code", "error"), FORMS, ids=[code for code, _ in FORMS])
def test_a_known_cause_is_told_by_its_form(code: str, error: BaseException):
    check(code, error)


def check(code: str, raised: BaseException) -> None:
    error = run_error(STEPS.get(code, "calibrating"), raised)
    assert error.code == f"stop.{code}", repr(raised)[:400]
    for part in ("text", "hint"):
        assert say(error, part)
        assert "{" not in say(error, part)
