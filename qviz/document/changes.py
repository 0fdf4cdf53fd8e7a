"""Changes of a plan that make a quantized model less noisy, as data; and what was found of some of them."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from qviz.document.configuration import QConfig, QuantizerRule, Rule
from qviz.document.graph import NodeId, Number, Record
from qviz.document.measurements import OutputErrors
from qviz.document.plan import Plan

ChangeKind: TypeAlias = Literal["operator", "tensor", "module", "alternative"]
"""An operator, a tensor or all of a module in float; or another way to round, by the name of an `Alternative`."""


class Change(Record, frozen=True):
    """One change that a plan can express.

    Attributes:
        kind: What is changed.
        target: A module path, the id of a node, or the id of a quantizer of the ledger.
        quantizers: Ids in the ledger: those that fall away; of an alternative those that it is for.
        alternative: Its name, ``per_channel``.
        nodes: The operators that are left in float; of a tensor the node that gives it.
        rules: What an eager or FX plan gets.
        quantizer_rules: What a PT2E plan gets.
        per_channel: Whether a PT2E quantizer gets this option: all weights at once.
        gains: By how many dB an alternative lowers the noise of each quantizer.
    """

    kind: ChangeKind
    target: str
    quantizers: tuple[str, ...]
    alternative: str = ""
    nodes: tuple[NodeId, ...] = ()
    rules: tuple[Rule, ...] = ()
    quantizer_rules: tuple[QuantizerRule, ...] = ()
    per_channel: bool = False
    gains: dict[str, Number] = {}  # noqa: RUF012 - msgspec copies it


class Prediction(Record, frozen=True):
    """What a set of changes would give, from the ledger alone.

    Attributes:
        outputs: Signal to noise of each output in dB, float to simulated.
        sqnr_db: Of all outputs together.
        added_bytes: By how much the weights grow.
        macs: The share of multiply-accumulates that run in low precision; None where it is not known.
    """

    outputs: dict[str, Number | None]
    sqnr_db: Number | None
    added_bytes: int = 0
    macs: float | None = None


class Tried(Record, frozen=True):
    """One set of changes whose predicted figure was measured.

    Attributes:
        changes: The targets of the changes.
        predicted_db: From the ledger.
        measured_db: Of the simulated model with these quantizers changed, or of a run of the changed plan.
        is_run: Whether the changed plan was run.
    """

    changes: tuple[str, ...]
    predicted_db: Number | None
    measured_db: Number | None
    is_run: bool = False


class Repair(Record, frozen=True):
    """The smallest set of changes that was found to reach a signal-to-noise ratio, and the plan with them.

    Attributes:
        target_db: What is asked for, float to simulated.
        before_db: Without any change.
        reached: Whether the run of the changed plan reaches it.
        changes: In the order of their gain; none where nothing helps, or nothing is needed.
        predicted_db: From the ledger.
        simulated_db: Of the simulated model with these quantizers changed.
        measured: Of a run of the changed plan; None where it does not run, or there is no change.
        plan: The changed plan.
        patch: What is added to the plan, as TOML.
        python: Reproduces the run of the changed plan without qviz.
        tried: All that was measured on the way, in its order.
        best_db: The most that the changes at hand can give, all of them together, from the ledger.
        stopped: Why it ends short of the target: ``most`` changes made, ``nothing`` left that gains, ``flow``
            cannot express a change; "" where it is reached.
    """

    target_db: float
    before_db: Number | None
    reached: bool
    changes: tuple[Change, ...] = ()
    predicted_db: Number | None = None
    simulated_db: Number | None = None
    measured: OutputErrors | None = None
    plan: Plan = Plan()
    patch: str = ""
    python: str = ""
    tried: tuple[Tried, ...] = ()
    best_db: Number | None = None
    stopped: Literal["", "most", "nothing", "flow"] = ""

    @property
    def prediction_errors(self) -> tuple[float, ...]:
        """How far each prediction was off, in dB: predicted minus measured."""
        pairs = ((each.predicted_db, each.measured_db) for each in self.tried)
        return tuple(one - other for one, other in pairs if isinstance(one, float) and isinstance(other, float))


def changed(plan: Plan, changes: tuple[Change, ...]) -> Plan:
    """Return the plan with these changes; two for one module become one rule."""
    rules, quantizer_rules = list(plan.rules), list(plan.quantizer_options.rules)
    begin = len(rules)
    for change in changes:
        for rule in change.rules:
            _add(rules, rule, begin)
        quantizer_rules += [each for each in change.quantizer_rules if each not in quantizer_rules]
    options = plan.quantizer_options
    if len(quantizer_rules) > len(options.rules):
        options = msgspec.structs.replace(options, rules=tuple(quantizer_rules))
    if any(change.per_channel for change in changes):
        options = msgspec.structs.replace(options, per_channel=True)
    return msgspec.structs.replace(plan, rules=tuple(rules), quantizer_options=options)


def _add(rules: list[Rule], rule: Rule, begin: int) -> None:
    """Add a rule; what was added before for the same target is completed: float stays float."""
    for place in range(begin, len(rules)):
        old = rules[place]
        if msgspec.structs.replace(old, qconfig=None) == msgspec.structs.replace(rule, qconfig=None):
            rules[place] = msgspec.structs.replace(old, qconfig=_both(old.qconfig, rule.qconfig))
            return
    rules.append(rule)


def _both(one: QConfig | None, other: QConfig | None) -> QConfig | None:
    if one is None or other is None:
        return None
    return QConfig(
        name=other.name or one.name,
        activation=other.activation or one.activation,
        weight=other.weight or one.weight,
    )
