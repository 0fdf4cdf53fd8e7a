"""Our decibels beside those of torch's ``compute_sqnr``, and beside an independent computation by forward hooks."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.ao.ns.fx.utils import compute_sqnr
from torch.ao.quantization import ObserverBase

from bench_measure import networks
from bench_measure.result import Result
from bench_measure.subject import Subject, subject
from qviz.document.plan import Plan
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.ledger import tensors
from qviz.engine.measure.running import outputs

LIMIT = 1e-5


def measure(names: Iterable[str]) -> Result:
    """Compare outputs of whole models, and every activation of FX models."""
    columns = ("network", "flow", "values", "worst to compute_sqnr", "worst to hooks")
    result = Result("Agreement with torch and with forward hooks, relative", columns)
    worst = 0.0
    for name in names:
        for flow in ("fx-static", "pt2e-static"):
            network = networks.vision(name)
            found = subject(network.model, [network.evaluate], network.calibrate, Plan(flow=flow), keeps_prepared=True)
            pairs = _whole_models(found)
            if flow == "fx-static":
                pairs += _fx(found)
            to_torch = max(_apart(ours, torchs) for ours, torchs, _ in pairs)
            to_hooks = max(_apart(ours, by_hooks) for ours, _, by_hooks in pairs)
            worst = max(worst, to_torch, to_hooks)
            result.row(name, flow, len(pairs), f"{to_torch:.1e}", f"{to_hooks:.1e}")
    result.figure("SQNR: largest relative difference to torch and hooks", f"{worst:.1e}", "<= 1e-5", worst <= LIMIT)
    return result


def _apart(one: float, other: float) -> float:
    if one == other or (math.isinf(one) and math.isinf(other)):
        return 0.0
    return abs(one - other) / abs(other)


def _number(value: object) -> float:
    return math.nan if value is None else float(str(value))


def by_hand(x: Tensor, y: Tensor) -> float:
    """Return the SQNR in float64, written out."""
    noise = float(((x.double() - y.double()) ** 2).sum())
    return 10 * math.log10(float((x.double() ** 2).sum()) / noise) if noise else math.inf


def _through_hooks(module: nn.Module, batches: Iterable[Arguments]) -> Tensor:
    """Return a model's outputs of all batches as a hook on it sees them."""
    seen: list[Tensor] = []
    hook = module.register_forward_hook(lambda module, args, found: seen.append(found.detach().clone()))
    with torch.no_grad():
        for batch in batches:
            module(*batch.args)
    hook.remove()
    return torch.cat(seen)


def _whole_models(found: Subject) -> list[tuple[float, float, float]]:
    """Return original to converted: ours, torch's, by hooks."""
    models = found.measured.outputs
    assert models.converted is not None
    ours = _number(outputs.sqnr(models.original, models.converted)["output"])
    original = _through_hooks(found.model, found.batches)
    converted = _through_hooks(found.measured.converted, found.batches)
    return [(ours, float(compute_sqnr(original, converted)), by_hand(original, converted))]


def _fx(found: Subject) -> list[tuple[float, float, float]]:
    """Return every activation's local error, and float to simulated, by torch's own observers with hooks on them."""
    places = tensors.look(found.measured)
    floating, simulated = (hooked(found, rounds) for rounds in (False, True))
    pairs = []
    for quantizer in found.measured.simulation.quantizers:
        if quantizer.kind != "activation":
            continue
        local = _number(places.noise[quantizer.index].local_db)
        values = torch.cat([floating.before[path] for path in quantizer.paths])
        rounded = torch.cat([floating.rounded[path] for path in quantizer.paths])
        pairs.append((local, float(compute_sqnr(values, rounded)), by_hand(values, rounded)))
    models = found.measured.outputs
    ours = _number(outputs.sqnr(models.floating, models.simulated)["output"])
    theirs = floating.output, simulated.output
    return [*pairs, (ours, float(compute_sqnr(*theirs)), by_hand(*theirs))]


class _Hooked:
    """What hooks on the observers of a prepared model saw, flattened."""

    def __init__(self) -> None:
        self.before: dict[str, Tensor] = {}
        self.rounded: dict[str, Tensor] = {}
        self.output = torch.empty(0)


def hooked(found: Subject, rounds: bool) -> _Hooked:
    """Run torch's prepared model with a hook on every observer, without anything of qviz's simulation.

    Args:
        found: Of an FX flow.
        rounds: Whether hooks give back rounded values, and weights are those of the converted model.
    """
    assert found.prepared is not None
    model, seen = copy.deepcopy(found.prepared), _Hooked()
    for path, module in list(model.named_modules(remove_duplicate=False)):
        if isinstance(module, ObserverBase):
            model.set_submodule(path, _Watcher(path, module, seen, rounds))
    if rounds:
        _take_weights(model, found.measured.converted)
    with torch.no_grad():
        seen.output = torch.cat([model(*batch.args) for batch in found.batches])
    return seen


class _Watcher(nn.Module):
    def __init__(self, path: str, observer: ObserverBase, seen: _Hooked, rounds: bool) -> None:
        super().__init__()
        self._path, self._seen, self._rounds = path, seen, rounds
        self._scale, self._zero_point = observer.calculate_qparams()  # type: ignore[no-untyped-call]
        self._dtype = observer.dtype

    def forward(self, values: Tensor) -> Tensor:
        quantized = torch.quantize_per_tensor(values, float(self._scale), int(self._zero_point), self._dtype)
        rounded = quantized.dequantize()
        for kept, each in ((self._seen.before, values), (self._seen.rounded, rounded)):
            kept[self._path] = torch.cat([kept.get(self._path, torch.empty(0)), each.detach().reshape(-1)])
        return rounded if self._rounds else values


def _take_weights(model: nn.Module, converted: nn.Module) -> None:
    for path, module in converted.named_modules():
        give: Any = getattr(module, "weight", None)
        if not callable(give) or isinstance(give, Tensor):
            continue
        own = model.get_submodule(path)
        inner = next(each for each in own.modules() if isinstance(each._parameters.get("weight"), nn.Parameter))  # noqa: SLF001
        # in the order of memory of its own: another one gives other last bits, of which rounding makes steps
        inner.weight = nn.Parameter(torch.empty_like(inner.get_parameter("weight")).copy_(give().dequantize()))
