"""Watches observers of one's own while a prepared model runs: what they are given, they have to hand on as it is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule
from torch.nn import Module
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.nodes.called import called_modules
from qviz.engine.nodes.module_roles import Role, role_of
from qviz.engine.nodes.observers import observers_inside

_RULE = "observer_alters"
_TORCH = ("torch.", "torchao.")


@dataclass
class _Alteration:
    """What one observer does to what it is given: the greatest difference, or another shape or dtype."""

    largest: float = 0.0
    of: float = 0.0
    before: str = ""
    after: str = ""


class AlteringObservers:
    """Compares what comes out of the observers of a model with what goes in.

    Those of torch hand their input on by construction, and fake-quants round it on purpose, so only other classes are
    looked at; one of these that does no more than round by its own scale is no fault, since the converted model
    rounds there too.

    Args:
        prepared: The model with its observers.
    """

    def __init__(self, prepared: Module) -> None:
        observers = observers_inside(prepared).values()
        self._own = {each for each in observers if role_of(each) is Role.OBSERVER and _is_own(each)}
        self._given: dict[Module, Tensor] = {}
        self._alterations: dict[Module, _Alteration] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Compare while the model runs inside; the hooks are torch's global ones, so that no module holds them."""
        if not self._own:
            yield
            return
        handles = (register_module_forward_pre_hook(self._keep), register_module_forward_hook(self._compare))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            self._given.clear()

    def findings(self, drawn: GraphModule) -> Iterator[Finding]:
        """Yield a finding for each class of observers that altered something.

        Args:
            drawn: The graph of the prepared model.
        """
        called = called_modules(drawn)
        kinds: dict[tuple[str, str, str], list[Module]] = {}
        for module, each in self._alterations.items():
            kinds.setdefault((type(module).__name__, each.before, each.after), []).append(module)
        for (observer, before, after), modules in kinds.items():
            nodes = tuple(node.name for node, module in called.items() if module in modules)
            worst = max((self._alterations[each] for each in modules), key=lambda each: each.largest)
            args: dict[str, Json] = {"observer": observer}
            args |= {"before": before, "after": after} if after else {"largest": worst.largest, "of": worst.of}
            code = f"{_RULE}.form" if after else _RULE
            roles = {"subject": nodes} if nodes else {}
            yield Finding(_RULE, Level.WARNING, "prepared", nodes, code, roles, args, () if nodes else (observer,))

    def _keep(self, module: Module, args: Any) -> None:
        if module in self._own and args and isinstance(args[0], Tensor):
            self._given[module] = args[0].detach().clone()

    def _compare(self, module: Module, args: Any, result: Any) -> None:
        before = self._given.pop(module, None)
        if before is None or not isinstance(result, Tensor):
            return
        after = result.detach()
        if (before.shape, before.dtype) != (after.shape, after.dtype):
            self._alterations[module] = _Alteration(before=_form(before), after=_form(after))
            return
        known = self._alterations.get(module, _Alteration())
        largest, of = _apart(before, after)
        if largest > known.largest and not known.after and not _rounds(module, before, after):
            self._alterations[module] = _Alteration(largest, of)


def _is_own(observer: Module) -> bool:
    if isinstance(observer, torch.jit.ScriptModule):
        return False
    return not getattr(observer.forward, "__module__", "").startswith(_TORCH)


def _apart(before: Tensor, after: Tensor) -> tuple[float, float]:
    """Return the greatest difference of two tensors of one shape and the greatest magnitude of the first."""
    if torch.equal(before, after) or not before.numel():
        return 0.0, 0.0
    one, other = (each.double().nan_to_num() for each in (before, after))
    return float((one - other).abs().max()), float(one.abs().max())


def _rounds(observer: Any, before: Tensor, after: Tensor) -> bool:
    """Return whether all that came out lies within a step of the input, as the observer's own scale and bounds cut it.

    Where these are not known, it does not.
    """
    try:
        scale, zero_point = (torch.as_tensor(each).double().flatten() for each in observer.calculate_qparams())
        if scale.numel() > 1:
            shape = [1] * before.dim()
            shape[observer.ch_axis] = -1
            scale, zero_point = scale.reshape(shape), zero_point.reshape(shape)
        low, high = ((bound - zero_point) * scale for bound in (observer.quant_min, observer.quant_max))
        cut = before.double().clamp(low, high)
        return bool(((after.double() - cut).abs() <= scale * (1 + math.ulp(1.0))).all())
    except Exception:  # the observer is the user's, and may lack anything
        return False


def _form(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"
