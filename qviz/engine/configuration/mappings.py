"""Makes the ``QConfigMapping`` of a plan from its qconfig and its rules, and the Python of it."""

from __future__ import annotations

import copy
import re
from typing import Any, NamedTuple

from torch.ao.quantization import QConfig, QConfigMapping

from qviz.document.configuration import Rule
from qviz.document.flows import Method, flow
from qviz.document.plan import Plan
from qviz.engine.configuration.object_types import object_type
from qviz.engine.configuration.qconfigs import default_qconfig, make_qconfig, of_backend, torchs_qconfig
from qviz.engine.loading.written import Written, users_own
from qviz.errors import QvizError
from qviz.words import tr

_IMPORT = frozenset({"from torch.ao.quantization import QConfigMapping"})


class Setting(NamedTuple):
    """One rule, as the call of the mapping that it becomes.

    Attributes:
        rule: What the plan says.
        method: ``set_module_name``.
        arguments: What comes before the qconfig.
        qconfig: None in it leaves in float.
    """

    rule: Rule
    method: str
    arguments: tuple[Written, ...]
    qconfig: Written

    @property
    def python(self) -> str:
        """The call, without the mapping that it is made on."""
        return f"{self.method}({', '.join(each.python for each in (*self.arguments, self.qconfig))})"

    @property
    def imports(self) -> frozenset[str]:
        """What the call needs."""
        return self.qconfig.imports.union(*(each.imports for each in self.arguments))

    @property
    def is_global(self) -> bool:
        """Whether it holds where no other does."""
        return self.rule.kind == "global"

    def apply(self, mapping: QConfigMapping, qconfig: Any) -> None:
        """Make the call with a qconfig, or with its placeholder."""
        getattr(mapping, self.method)(*(each.value for each in self.arguments), qconfig)


class Mapping(NamedTuple):
    """The mapping of a run, and the settings of its rules over what it began with."""

    written: Written
    base: QConfigMapping
    settings: tuple[Setting, ...]


def make_mapping(plan: Plan) -> Mapping:
    """Return the mapping of a plan.

    Raises:
        QvizError: A qconfig, an observer, a type or a pattern that does not exist.
    """
    base = _default(plan) if plan.qconfig is None else _chosen(plan.qconfig)
    settings = tuple(_setting(rule, plan) for rule in plan.rules)
    mapping = copy.deepcopy(base.value)  # the user's own may be used again
    for setting in settings:
        setting.apply(mapping, setting.qconfig.value)
    calls = "".join(f".{setting.python}" for setting in settings)
    imports = base.imports.union(*(setting.imports for setting in settings))
    return Mapping(Written(mapping, f"{base.python}{calls}", imports), base.value, settings)


def _default(plan: Plan) -> Written:
    chosen = flow(plan.flow)
    method = chosen.method if chosen is not None else None
    is_weight_only = method is Method.WEIGHT_ONLY
    # a qconfig for Linear only would not do for float16: torch refuses it where a Linear is fused with a ReLU
    if method is Method.DYNAMIC or (is_weight_only and plan.weight_dtype == "float16"):
        return _global(default_qconfig(plan))
    if is_weight_only:
        return _of_types(default_qconfig(plan), ["Embedding", "EmbeddingBag"])
    is_qat = chosen is not None and chosen.is_training
    return of_backend("get_default_qat_qconfig_mapping" if is_qat else "get_default_qconfig_mapping", plan.backend)


def _global(qconfig: Written) -> Written:
    return Written(
        QConfigMapping().set_global(qconfig.value),
        f"QConfigMapping().set_global({qconfig.python})",
        _IMPORT | qconfig.imports,
    )


def _of_types(qconfig: Written, types: list[str]) -> Written:
    mapping, python = QConfigMapping(), "QConfigMapping()"
    for each in types:
        named = object_type(f"torch.nn.{each}")
        mapping.set_object_type(named.value, qconfig.value)
        python += f".set_object_type({named.python}, {qconfig.python})"
    return Written(mapping, python, _IMPORT | qconfig.imports)


def _chosen(text: str) -> Written:
    """Return the mapping that the plan's own qconfig makes, or is."""
    if ":" not in text:
        return _global(torchs_qconfig(text))
    made = users_own(text)
    if isinstance(made.value, QConfig):
        return _global(made)
    if not isinstance(made.value, QConfigMapping):
        raise QvizError(
            tr(
                "{spec} returns a {type}, neither a QConfig nor a QConfigMapping",
                spec=text,
                type=type(made.value).__name__,
            ),
            tr("Return QConfigMapping.from_dict(...) of that dict, which is the older form.")
            if isinstance(made.value, dict)
            else tr("Name one of torch.ao.quantization, or a function that returns one."),
        )
    return made


def _setting(rule: Rule, plan: Plan) -> Setting:
    qconfig = Written(None, "None") if rule.qconfig is None else make_qconfig(rule.qconfig, plan)
    return Setting(rule, f"set_{rule.kind}", _arguments(rule), qconfig)


def _arguments(rule: Rule) -> tuple[Written, ...]:
    match rule.kind:
        case "global":
            return ()
        case "object_type":
            return (object_type(rule.target),)
        case "module_name":
            return (_text(rule.target),)
        case "module_name_regex":
            try:
                re.compile(rule.target)
            except re.error as error:
                raise QvizError(
                    tr('"{target}" is not a regular expression: {error}', target=rule.target, error=error),
                    tr("For example: layer1[.].*conv[12]"),
                ) from error
            return (_text(rule.target),)
        case "module_name_object_type_order":
            if rule.object_type is None or rule.order is None:
                raise QvizError(
                    tr('The rule for "{target}" lacks object_type', target=rule.target)
                    if rule.object_type is None
                    else tr('The rule for "{target}" lacks order', target=rule.target),
                    tr("Give a module, an object type, and its index among those of that type; 0 is the first."),
                )
            return (_text(rule.target), object_type(rule.object_type), Written(rule.order, repr(rule.order)))


def _text(text: str) -> Written:
    return Written(text, repr(text))
