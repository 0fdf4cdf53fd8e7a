"""Says in which mode a flow ran: another one than the model came in, or the one that its own train() keeps."""

from __future__ import annotations

from collections.abc import Iterator

from torch.nn import Module
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from qviz.document.flows import Flow
from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.loading.modes import has_own_switch


def is_training(model: Module) -> bool:
    """Return whether any part of a model is in training mode."""
    return any(module.training for module in model.modules())


def told_of_mode(model: Module, was_training: bool, chosen: Flow | None) -> Iterator[Finding]:
    """Yield what is to be said of the mode; the model is in eval mode afterwards, if it lets itself be put there.

    Args:
        model: As the flow gets it.
        was_training: How it came.
        chosen: The flow.
    """
    trains = chosen is not None and chosen.is_training
    own = [*dict.fromkeys(type(each).__name__ for each in model.modules() if has_own_switch(each))]
    kept = {path: each for path, each in model.named_modules() if each.training}  # eval() was called
    if kept and own:
        yield _finding(model, kept, own, trains=False)
    elif trains and own:
        kept = _not_trained(model)
        if kept:
            yield _finding(model, kept, own, trains=True)
    if was_training is not trains and "" not in kept:
        yield Finding(
            "mode_changed",
            Level.INFO,
            "captured",
            (),
            "mode_changed.to_training" if trains else f"mode_changed.{_needs_eval(model)}",
        )


def _not_trained(model: Module) -> dict[str, Module]:
    """Return the modules that stay in eval mode when the model is told to train."""
    model.train()
    kept = {path: each for path, each in model.named_modules() if not each.training}
    model.eval()
    return kept


def _finding(model: Module, kept: dict[str, Module], own: list[str], trains: bool) -> Finding:
    names: list[Json] = [path or type(model).__name__ for path in kept]
    leaves = [path for path, each in model.named_modules() if not any(True for _ in each.children())]
    is_part = trains and "" not in kept and not all(path in kept for path in leaves)  # as layers frozen on purpose
    args: dict[str, Json] = {"modules": names, "types": [*own]}
    code = "frozen" if is_part else "eval" if trains else "training"
    level = Level.INFO if is_part else Level.WARNING
    return Finding("mode_kept", level, "captured", (), f"mode_kept.{code}", {}, args)


def _needs_eval(model: Module) -> str:
    """Return what eval mode is for in a model."""
    modules = [*model.modules()]
    if any(isinstance(each, _BatchNorm) for each in modules):
        return "to_eval"
    return "to_eval_dropout" if any(isinstance(each, _DropoutNd) for each in modules) else "to_eval_only"
