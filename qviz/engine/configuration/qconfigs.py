"""Makes ``QConfig`` objects from what a plan says, and the Python of them."""

from __future__ import annotations

import difflib

from torch.ao import quantization

from qviz.document.configuration import QConfig
from qviz.document.flows import Method, flow
from qviz.document.plan import Plan, WeightDtype
from qviz.engine.configuration.factories import make_factory
from qviz.engine.loading.written import Written, users_own
from qviz.errors import QvizError
from qviz.words import tr

_WEIGHT_ONLY: dict[WeightDtype, str] = {
    "quint8": "float_qparams_weight_only_qconfig",
    "quint4x2": "float_qparams_weight_only_qconfig_4bit",
    "float16": "float16_dynamic_qconfig",
}
DEFAULT = "default"


def default_qconfig(plan: Plan) -> Written:
    """Return torch's qconfig for the backend and the flow of a plan."""
    chosen = flow(plan.flow)
    if chosen is not None and chosen.method is Method.DYNAMIC:
        return torchs_qconfig("default_dynamic_qconfig")
    if chosen is not None and chosen.method is Method.WEIGHT_ONLY:
        return torchs_qconfig(_WEIGHT_ONLY[plan.weight_dtype])
    is_qat = chosen is not None and chosen.is_training
    return of_backend("get_default_qat_qconfig" if is_qat else "get_default_qconfig", plan.backend)


def of_backend(function: str, backend: str) -> Written:
    """Return the result of a torch function that takes a backend: ``get_default_qconfig("x86")``."""
    value = getattr(quantization, function)(backend)
    return Written(value, f'{function}("{backend}")', frozenset({f"from torch.ao.quantization import {function}"}))


def make_qconfig(qconfig: QConfig, plan: Plan) -> Written:
    """Return the qconfig of a rule; what it leaves out is taken from `default_qconfig`.

    Raises:
        QvizError: No such qconfig, or one of its observers cannot be made.
    """
    base = default_qconfig(plan) if qconfig.name in (None, DEFAULT) else named_qconfig(qconfig.name or DEFAULT)
    if qconfig.activation is None and qconfig.weight is None:
        return base
    made = [
        make_factory(factory)
        if factory is not None
        else Written(getattr(base.value, field), f"{base.python}.{field}", base.imports)
        for field, factory in (("activation", qconfig.activation), ("weight", qconfig.weight))
    ]
    activation, weight = made
    return Written(
        quantization.QConfig(activation=activation.value, weight=weight.value),
        f"QConfig(activation={activation.python}, weight={weight.python})",
        frozenset({"from torch.ao.quantization import QConfig"}) | activation.imports | weight.imports,
    )


def named_qconfig(name: str) -> Written:
    """Return one of torch's qconfigs by its name, or the user's own by ``mod:callable``.

    Raises:
        QvizError: There is none, or it is something else.
    """
    if ":" not in name:
        return torchs_qconfig(name)
    made = users_own(name)
    if not isinstance(made.value, quantization.QConfig):
        raise QvizError(
            tr("{name} returns a {type}, not a QConfig", name=name, type=type(made.value).__name__),
            tr("Name a torch.ao.quantization.QConfig, or a function that returns one."),
        )
    return made


def torchs_qconfig(name: str) -> Written:
    """Return one of torch's qconfigs by its name.

    Raises:
        QvizError: There is none; the hint names the nearest.
    """
    known = {key: value for key, value in vars(quantization).items() if isinstance(value, quantization.QConfig)}
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = (
            tr("Did you mean {near}?", near=near[0])
            if near
            else tr("Choose one of: {names}; or your own as mod:callable.", names=", ".join(known))
        )
        raise QvizError(tr('torch.ao.quantization has no qconfig "{name}"', name=name), hint)
    return Written(known[name], name, frozenset({f"from torch.ao.quantization import {name}"}))
