"""Says what is wrong with a converted model by asking torch alone: nothing here comes from qviz."""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch
from torch import nn
from torch.ao.quantization import (
    FakeQuantizeBase,
    ObserverBase,
    convert,
    default_dynamic_qconfig,
    fuse_modules,
    fuse_modules_qat,
    get_default_qat_qconfig,
    get_default_qat_qconfig_mapping,
    get_default_qconfig,
    get_default_qconfig_mapping,
    prepare,
    prepare_qat,
    quantize_dynamic,
)
from torch.ao.quantization.qconfig_mapping import QConfigMapping
from torch.ao.quantization.quantize_fx import convert_fx, fuse_fx, prepare_fx, prepare_qat_fx
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config

from tests.faults.sound import Sound

LEAST_DB = 15.0
FUSIBLE = (["conv", "bn", "relu"], ["fc", "relu"])


def inspect(sound: Sound) -> list[str]:
    """Run torch's own flow and return what is wrong, in words; nothing for a model in order."""
    torch.manual_seed(0)
    model = sound.make().eval()
    return faults_of(sound.flow, model, tuple(torch.randn(shape) for shape in sound.shapes))


def faults_of(flow: str, model: nn.Module, inputs: tuple[Any, ...]) -> list[str]:
    """Return what torch shows to be wrong with a model in a flow, calibrated on these inputs."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = tensors(model(*inputs))
        prepared, converted = _converted(flow, model, inputs)
        faults = _of_observers(prepared) + _of_graph(converted, flow)
        given = tensors(converted(*inputs))
    for one, other in zip(wanted, given, strict=True):
        noise, signal = float((one - other).pow(2).mean()), float(one.pow(2).mean())
        if flow != "fx-fuse" and noise and 10 * math.log10(signal / noise) < LEAST_DB:
            faults.append(f"{10 * math.log10(signal / noise):.1f} dB only")
    return faults


def tensors(output: Any) -> list[torch.Tensor]:
    """Return the tensors of an output."""
    if isinstance(output, torch.Tensor):
        return [output]
    return [each for part in (output.values() if isinstance(output, dict) else output) for each in tensors(part)]


def _converted(flow: str, model: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[list[nn.Module], nn.Module]:
    """Return the observers after calibration, and the converted model."""
    make = {"fx": _fx, "eager": _eager, "pt2e": _pt2e}[flow.partition("-")[0]]
    return make(flow.partition("-")[2], model, inputs)


def _fx(type_: str, model: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[list[nn.Module], nn.Module]:
    if type_ == "fuse":
        return [], fuse_fx(model)
    if type_ == "qat":
        prepared = prepare_qat_fx(model.train(), get_default_qat_qconfig_mapping("x86"), inputs)
    elif type_ == "dynamic":
        prepared = prepare_fx(model, QConfigMapping().set_global(default_dynamic_qconfig), inputs)
    else:
        prepared = prepare_fx(model, get_default_qconfig_mapping("x86"), inputs)
    prepared(*inputs)
    watching = _observers(prepared)
    return watching, convert_fx(prepared.eval())


def _eager(type_: str, model: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[list[nn.Module], nn.Module]:
    if type_ == "dynamic":
        return [], quantize_dynamic(model)
    names = dict(model.named_modules())
    lists = [each for each in FUSIBLE if all(name in names for name in each)]
    model.train(type_ == "qat")
    if lists:
        model = (fuse_modules_qat if type_ == "qat" else fuse_modules)(model, lists)
    model.qconfig = get_default_qat_qconfig("x86") if type_ == "qat" else get_default_qconfig("x86")
    prepared = prepare_qat(model) if type_ == "qat" else prepare(model)
    prepared(*inputs)
    return _observers(prepared), convert(prepared.eval())


def _pt2e(type_: str, model: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[list[nn.Module], nn.Module]:
    torch._dynamo.reset()
    captured: Any = torch.export.export(model, inputs, strict=True).module()
    chosen = get_symmetric_quantization_config(is_dynamic=type_ == "dynamic", is_per_channel=True)
    prepared = prepare_pt2e(captured, XNNPACKQuantizer().set_global(chosen))
    prepared(*inputs)
    watching = _observers(prepared)
    return watching, convert_pt2e(prepared)


def _observers(model: nn.Module) -> list[nn.Module]:
    return [each for each in model.modules() if isinstance(each, ObserverBase | FakeQuantizeBase)]


def _of_observers(observers: list[Any]) -> list[str]:
    """Every observer that keeps a range saw data, and its scale is a number above torch's eps."""
    faults = []
    for each in observers:
        low = getattr(getattr(each, "activation_post_process", each), "min_val", None)
        if low is not None and (low.numel() == 0 or bool(torch.isinf(low).any())):
            faults.append(f"{type(each).__name__} saw no data")
        elif low is not None and bool((each.calculate_qparams()[0] <= 1.2e-7).any()):
            faults.append(f"{type(each).__name__} has no scale")
        if isinstance(each, FakeQuantizeBase) and not int(each.fake_quant_enabled):
            faults.append(f"{type(each).__name__} is off")
    return faults


def _of_graph(model: nn.Module, flow: str) -> list[str]:
    """No batch norm and no float layer is left, and in a graph no cast undoes the one before it."""
    layers = [each for each in model.modules() if type(each).__module__.startswith("torch.nn.modules")]
    left = [type(each).__name__ for each in layers if isinstance(each, nn.modules.batchnorm._BatchNorm)]
    if flow != "fx-fuse":
        left += [
            type(each).__name__ for each in layers if isinstance(each, nn.Linear | nn.Conv2d) and _runs(model, each)
        ]
    graph = getattr(model, "graph", None)
    for node in graph.nodes if graph is not None else ():
        name = str(node.target)
        if "batch_norm" in name:
            left.append(name)
        first = node.args[0] if node.args and isinstance(node.args[0], torch.fx.Node) else None
        if "quantize_per" in name and "dequantize" not in name and first and "dequantize" in str(first.target):
            left.append(f"{first} then {node}")
    return left


def _runs(model: nn.Module, layer: nn.Module) -> bool:
    """Return whether a layer is called; an exported graph keeps the modules of its weights as mere holders."""
    graph = getattr(model, "graph", None)
    if graph is None:
        return True
    return any(node.op == "call_module" and model.get_submodule(str(node.target)) is layer for node in graph.nodes)
