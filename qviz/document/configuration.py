"""The configuration of a flow as values: qconfigs, rules that say where they hold, options of prepare and quantizers.

The words are those of ``torch.ao.quantization``. Whatever is a class or a function of torch is named by its
dotted path, whatever is the user's own by ``mod:callable``.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from qviz.document.graph import Json, Record

RuleKind: TypeAlias = Literal[
    "global", "object_type", "module_name_regex", "module_name", "module_name_object_type_order"
]
"""The ``set_*`` methods of ``QConfigMapping``, from the weakest to the strongest."""


class Factory(Record, frozen=True):
    """An observer or fake-quant of ``torch.ao.quantization`` with its arguments.

    ``name`` is the class (``HistogramObserver``), a ready one (``default_weight_observer``) or
    ``mod:callable``; torch's dtypes and qschemes among the arguments are texts as ``torch.qint8``.
    """

    name: str
    arguments: dict[str, Json] = msgspec.field(default_factory=dict)


class QConfig(Record, frozen=True):
    """Which observers watch activations and weights.

    Either ``name``: one of torch's (``default_dynamic_qconfig``), ``default`` for the one of the
    backend and flow, or ``mod:callable``; or ``activation`` and ``weight``, where a missing one is
    taken from ``name`` or, without it, from the default.
    """

    name: str | None = None
    activation: Factory | None = None
    weight: Factory | None = None


class Rule(Record, frozen=True):
    """One entry of a ``QConfigMapping``; ``qconfig`` None leaves in float what it matches.

    ``target`` is empty for ``global``; a type as ``torch.nn.Linear`` or a method's name for
    ``object_type``; a pattern (``re.match``) or a module path for the module names. ``object_type``
    and ``order`` belong to ``module_name_object_type_order`` only.
    """

    kind: RuleKind
    target: str = ""
    qconfig: QConfig | None = None
    object_type: str | None = None
    order: int | None = None


class Custom(Record, frozen=True):
    """What ``PrepareCustomConfig`` and ``ConvertCustomConfig`` hold; classes by dotted path or ``mod:Class``.

    ``float_to_observed`` and ``observed_to_quantized`` map class to class; torch has that for static
    quantization only, trained or calibrated.
    """

    non_traceable_modules: tuple[str, ...] = ()
    non_traceable_classes: tuple[str, ...] = ()
    preserved_attributes: tuple[str, ...] = ()
    input_quantized: tuple[int, ...] = ()
    output_quantized: tuple[int, ...] = ()
    float_to_observed: dict[str, str] = msgspec.field(default_factory=dict)
    observed_to_quantized: dict[str, str] = msgspec.field(default_factory=dict)


class QuantizerRule(Record, frozen=True):
    """A setting of a PT2E quantizer for some modules or operators; None for an option leaves it to the quantizer.

    ``enabled`` False leaves them in float: by the quantizer itself, or by taking its annotations away again where it
    cannot. A ``node`` is an operator by its name in the captured graph, a ``tensor`` what the node of that name
    gives; both can be left in float, and a tensor can get another observer. A ``qscheme`` among its arguments is that
    of the tensor.
    """

    kind: Literal["module_name", "module_type", "operator", "node", "tensor"]
    target: str
    enabled: bool = True
    per_channel: bool | None = None
    dynamic: bool | None = None
    observer: Factory | None = None


class Quantizer(Record, frozen=True):
    """The options of a PT2E quantizer; None leaves the choice to the flow and to torch's default.

    ``then`` names further quantizers that a ``ComposableQuantizer`` applies after the first. ``skip_integers`` leaves
    operators on integers as they are: their scalars are not made float tensors, and nothing observes them.
    """

    per_channel: bool | None = None
    reduce_range: bool | None = None
    skip_integers: bool = False
    rules: tuple[QuantizerRule, ...] = ()
    then: tuple[str, ...] = ()
