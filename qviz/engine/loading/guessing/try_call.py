"""Calls a model once, as a run would, and tells what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from msgspec.structs import replace
from torch.nn import Module
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from qviz.document.model_call import TriedCall
from qviz.document.plan import Plan
from qviz.engine.loading.copies import own_copy, shared_weights
from qviz.engine.loading.first_run import does_not_run
from qviz.engine.loading.forward import Arguments, describe
from qviz.engine.loading.modes import in_eval_mode
from qviz.engine.loading.source import load
from qviz.engine.nodes.programs import is_program


def try_call(plan: Plan) -> TriedCall:
    """Build the plan's model and call it on the plan's inputs; runs the user's code.

    Raises:
        QvizError: There is no model, it has no inputs, or it does not run on them; the user's line is named.
    """
    loaded = load(replace(plan, evaluate=None, metric=None, train=None))
    model = loaded.module
    if not is_program(model):
        model = in_eval_mode(model if loaded.is_ours else own_copy(model, shared_weights(loaded, plan)))
    watched = _Reached()
    torch.manual_seed(plan.seed)
    try:
        with torch.no_grad(), watched.watching(model):
            given = loaded.inputs.cloned().call(model)
    except (Exception, SystemExit) as error:  # the user's forward may raise anything
        raise does_not_run(error, model, loaded.inputs) from error
    outputs = given if isinstance(given, tuple) else (given,)
    return TriedCall(
        inputs=describe(loaded.inputs),
        outputs=describe(Arguments(tuple(outputs))),
        operators=watched.operators,
        modules=sum(1 for _ in model.modules()) - 1,
        unreached=watched.unreached(model),
    )


class _Reached(TorchDispatchMode):
    """Counts operators, and notes which modules were called and which parameters were read."""

    def __init__(self) -> None:
        super().__init__()
        self.operators = 0
        self._called: set[int] = set()
        self._read: set[int] = set()
        self._hooks: list[Any] = []

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Count an operator, and run it."""
        self.operators += 1
        self._read |= {id(each) for each in pytree.tree_leaves((args, kwargs or {}))}
        return func(*args, **(kwargs or {}))

    def watching(self, model: Module) -> _Reached:
        """Watch the modules of a model until the ``with`` ends."""
        self._hooks = [
            each.register_forward_pre_hook(lambda module, _: self._called.add(id(module))) for each in model.modules()
        ]
        return self

    def __exit__(self, *raised: Any) -> None:
        """Watch no more."""
        for hook in self._hooks:
            hook.remove()
        super().__exit__(*raised)

    def unreached(self, model: Module) -> tuple[str, ...]:
        """Return the modules with parameters that were neither called nor read; of nested ones the outermost."""
        found: list[str] = []
        for path, module in model.named_modules():
            inside = any(path == each or path.startswith(f"{each}.") for each in found)
            if path and not inside and not self._is_reached(module):
                found.append(path)
        return tuple(found)

    def _is_reached(self, module: Module) -> bool:
        parameters = {id(each) for each in module.parameters()}
        called = any(id(each) in self._called for each in module.modules())
        return called or not parameters or bool(parameters & self._read)
