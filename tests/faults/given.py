"""What a user may name in a configuration: qconfigs, quantizers, observers."""

from __future__ import annotations

from typing import Any

import torch
from torch.ao.quantization import (
    HistogramObserver,
    MinMaxObserver,
    PlaceholderObserver,
    QConfig,
    QConfigMapping,
    default_weight_observer,
    get_default_qconfig_mapping,
)
from torch.ao.quantization.observer import PerChannelMinMaxObserver
from torch.ao.quantization.quantizer import (
    DerivedQuantizationSpec,
    FixedQParamsQuantizationSpec,
    QuantizationAnnotation,
    QuantizationSpec,
    Quantizer,
)
from torch.ao.quantization.quantizer.x86_inductor_quantizer import (
    X86InductorQuantizer,
    get_default_x86_inductor_quantization_config,
)
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
from torch.fx import GraphModule, Node

ACTIVATION = QuantizationSpec(torch.int8, HistogramObserver, -128, 127, torch.per_tensor_affine, is_dynamic=False)
UNSIGNED = QuantizationSpec(torch.uint8, HistogramObserver, 0, 255, torch.per_tensor_affine)
WEIGHT = QuantizationSpec(torch.int8, MinMaxObserver, -127, 127, torch.per_tensor_symmetric)


def qnnpack_mapping() -> QConfigMapping:
    return get_default_qconfig_mapping("qnnpack")


def x86_mapping() -> QConfigMapping:
    return get_default_qconfig_mapping("x86")


class Fixed(MinMaxObserver):
    """Watches, and gives a scale that has nothing to do with what it saw."""

    def calculate_qparams(self, **kwargs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.tensor([0.001]), torch.tensor([0])


def fixed_scale() -> QConfig:
    return QConfig(Fixed.with_args(quant_min=0, quant_max=127), default_weight_observer)


def four_bits() -> QConfig:
    return QConfig(HistogramObserver.with_args(quant_min=0, quant_max=15), default_weight_observer)


def four_bit_weights() -> QConfig:
    weights = default_weight_observer.with_args(quant_min=-8, quant_max=7)
    return QConfig(HistogramObserver.with_args(reduce_range=True), weights)


def symmetric_unsigned() -> QConfig:
    chosen = {"qscheme": torch.per_tensor_symmetric, "quant_min": 0, "quant_max": 127}
    return QConfig(MinMaxObserver.with_args(**chosen), default_weight_observer)


def min_max() -> QConfig:
    return QConfig(MinMaxObserver.with_args(reduce_range=True), default_weight_observer)


def unsigned_weights() -> QConfig:
    return QConfig(HistogramObserver.with_args(reduce_range=True), MinMaxObserver.with_args(dtype=torch.quint8))


def weights_without_scale() -> QConfig:
    return QConfig(MinMaxObserver, PlaceholderObserver.with_args(dtype=torch.qint8))


def weights_with_scale() -> QConfig:
    weights = MinMaxObserver.with_args(dtype=torch.qint8, qscheme=torch.per_tensor_symmetric)
    return QConfig(MinMaxObserver, weights)


class Annotating(Quantizer):
    """Annotates each linear as told.

    Args:
        activation: Of the input; None leaves it out.
        output: Of the output.
    """

    def __init__(self, activation: QuantizationSpec | None, output: QuantizationSpec | None) -> None:
        self.activation, self.output = activation, output

    def annotate(self, model: GraphModule) -> GraphModule:
        for node in model.graph.nodes:
            if node.target is torch.ops.aten.linear.default:
                # only what reads an input of the model may go without its activation
                source, weight = node.args[0], node.args[1]
                inputs: dict[Node, Any] = {weight: WEIGHT}
                if self.activation is not None or source.op != "placeholder":
                    inputs[source] = self.activation or ACTIVATION
                node.meta["quantization_annotation"] = QuantizationAnnotation(inputs, self.output, _annotated=True)
        return model

    def validate(self, model: GraphModule) -> None:
        pass


def without_activation() -> Quantizer:
    return Annotating(None, ACTIVATION)


def changing_dtype() -> Quantizer:
    return Annotating(UNSIGNED, ACTIVATION)


PER_CHANNEL = QuantizationSpec(torch.int8, PerChannelMinMaxObserver, -128, 127, torch.per_channel_affine, ch_axis=1)


class WithBias(Annotating):
    """Annotates the bias too, with a scale of its own or with that of input times weight."""

    def __init__(self, is_derived: bool, fixed: float = 0.01) -> None:
        super().__init__(ACTIVATION, ACTIVATION)
        self.is_derived, self.fixed = is_derived, fixed

    def annotate(self, model: GraphModule) -> GraphModule:
        super().annotate(model)
        for node in model.graph.nodes:
            if node.target is torch.ops.aten.linear.default:
                source, weight, bias = node.args
                derived = DerivedQuantizationSpec(
                    [(source, node), (weight, node)],
                    _of_products,
                    torch.int32,
                    -(2**31),
                    2**31 - 1,
                    torch.per_tensor_symmetric,
                )
                fixed = FixedQParamsQuantizationSpec(
                    torch.int32, self.fixed, 0, -(2**31), 2**31 - 1, torch.per_tensor_symmetric
                )
                specs = node.meta["quantization_annotation"].input_qspec_map
                specs[bias] = derived if self.is_derived else fixed
        return model


def _of_products(observers: list[Any]) -> tuple[torch.Tensor, torch.Tensor]:
    scales = [each.calculate_qparams()[0] for each in observers]
    return (scales[0] * scales[1]).reshape(1), torch.zeros(1, dtype=torch.int64)


def bias_apart() -> Quantizer:
    return WithBias(is_derived=False)


def bias_cut_off() -> Quantizer:
    """With a scale so small that what 32 bits hold of it ends far below the bias."""
    return WithBias(is_derived=False, fixed=1e-12)


def bias_derived() -> Quantizer:
    return WithBias(is_derived=True)


def per_channel_activations() -> Quantizer:
    return Annotating(PER_CHANNEL, ACTIVATION)


class InFloat(Annotating):
    """Annotates with a dtype for which nothing is inserted."""

    def annotate(self, model: GraphModule) -> GraphModule:
        spec = QuantizationSpec(torch.float32, PlaceholderObserver)
        for node in model.graph.nodes:
            if node.target is torch.ops.aten.linear.default:
                node.meta["quantization_annotation"] = QuantizationAnnotation(
                    {node.args[0]: spec}, None, _annotated=True
                )
        return model


def float_annotation() -> Quantizer:
    return InFloat(None, None)


def ptq_for_training() -> Quantizer:
    return XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_qat=False))


def dynamic_x86() -> Quantizer:
    return X86InductorQuantizer().set_global(get_default_x86_inductor_quantization_config(is_dynamic=True))


def bare_xnnpack() -> Quantizer:
    return XNNPACKQuantizer()


def bare_x86() -> Quantizer:
    return X86InductorQuantizer()


def own_xnnpack() -> Quantizer:
    return XNNPACKQuantizer().set_global(get_symmetric_quantization_config())


def six_bits() -> QConfig:
    return QConfig(HistogramObserver.with_args(quant_min=0, quant_max=63), default_weight_observer)


def reduced_twice() -> QConfig:
    return QConfig(HistogramObserver.with_args(quant_min=0, quant_max=127, reduce_range=True), default_weight_observer)


def seven_bits() -> QConfig:
    return QConfig(HistogramObserver.with_args(reduce_range=True), default_weight_observer)


def as_a_dict() -> dict[str, QConfig]:
    return {"": seven_bits()}


def dynamic_xnnpack() -> Quantizer:
    return XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_dynamic=True))


def along_inputs() -> QConfig:
    weight = PerChannelMinMaxObserver.with_args(dtype=torch.qint8, qscheme=torch.per_channel_symmetric, ch_axis=1)
    return QConfig(HistogramObserver.with_args(reduce_range=True), weight)


def functions_alone() -> QConfigMapping:
    return QConfigMapping().set_object_type(torch.nn.functional.linear, four_bits())
