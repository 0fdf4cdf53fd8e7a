"""What a flow is: how it captures, how it quantizes, its stages, what it takes and needs."""

from __future__ import annotations

from enum import Enum

import msgspec

from qviz.words import tr

OPTIONS = frozenset(
    (
        "train",
        "backend",
        "qconfig",
        "rules",
        "backend_config",
        "custom",
        "weight_dtype",
        "fuse_list",
        "fuse_for_training",
        "fuser",
        "quantizer",
        "quantizer_options",
        "strict",
        "dynamic_shapes",
        "fold_quantize",
        "reference",
        "lower",
        "fake",
    )
)
"""The fields of `Plan` that some flows take and others do not; source, inputs, data and seed are for all."""


class Mode(Enum):
    """How a flow captures and changes the model."""

    EAGER = "eager"
    FX = "fx"
    PT2E = "pt2e"

    @property
    def label(self) -> str:
        """The code of its name in the catalog of words."""
        return f"mode.{self.value}"


class Method(Enum):
    """What a flow quantizes, and where the ranges come from."""

    STATIC = "static"
    DYNAMIC = "dynamic"
    WEIGHT_ONLY = "weight_only"
    QAT = "qat"
    FUSION = "fusion"

    @property
    def label(self) -> str:
        """The code of its name in the catalog of words."""
        return f"method.{self.value}"


class Need(Enum):
    """What a prepared model is shown before it is converted."""

    DATA = "data"
    TRAINING = "training"


class ExtraStage(msgspec.Struct, frozen=True):
    """A stage that a run has only when the plan asks for it.

    Attributes:
        name: Of the stage.
        option: The field of `Plan` that asks for it; also one of the flow's `options`.
        before: The stage that it comes before.
        instead_of: The stage that it stands in place of. Neither puts it at the end.
    """

    name: str
    option: str
    before: str | None = None
    instead_of: str | None = None

    def into(self, stages: tuple[str, ...]) -> tuple[str, ...]:
        """Return the stages with this one in its place."""
        at = self.instead_of or self.before
        if at is None:
            return (*stages, self.name)
        place = stages.index(at)
        return (*stages[:place], self.name, *stages[place + (self.instead_of is not None) :])


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """One way to quantize.

    Callers ask what a flow takes and does; its id is a name and says nothing.

    Attributes:
        id: What ``--flow`` names.
        title: Its name in English, where the catalog of words has none.
        mode: How it captures.
        method: How it quantizes.
        stages: The stages of every run, in order.
        extras: Stages that appear when the plan asks for them.
        options: The fields of `Plan` that it takes, out of `OPTIONS`.
        need: What the prepared model is shown; None shows it nothing.
        calls: What it runs, in order, in short: the functions of torch, and ``calibrate`` or ``train``.
        api: The full name of the torch function that quantization begins with, for the API page.
        implementation: ``package.module:name`` of the `Implementation` that carries it out, imported by the engine
            alone. "" for the flows of qviz, and for one given to `qviz.engine.flow_table.register_flow`.

    Raises:
        ValueError: It names an option that `Plan` does not have.
    """

    id: str
    title: str
    mode: Mode
    method: Method
    stages: tuple[str, ...]
    extras: tuple[ExtraStage, ...] = ()
    options: frozenset[str] = frozenset()
    need: Need | None = None
    calls: tuple[str, ...] = ()
    api: str = ""
    implementation: str = ""

    def __post_init__(self) -> None:
        """Refuse options that no plan has, because they could never be set."""
        asked = self.options.union(extra.option for extra in self.extras)
        if unknown := sorted(asked - OPTIONS):
            raise ValueError(f"{self.id}: a plan has no option {unknown[0]!r}; it has {', '.join(sorted(OPTIONS))}")

    @property
    def label(self) -> str:
        """The code of its name in the catalog of words."""
        return f"flow.{self.id}"

    @property
    def runs(self) -> str:
        """What it runs, in one line."""
        line = ", ".join(self.calls)
        if self.method is Method.WEIGHT_ONLY:
            return tr("{calls}; weights only", calls=line)
        is_unsaid = self.method is Method.DYNAMIC and "dynamic" not in line
        return tr("{calls}; dynamic", calls=line) if is_unsaid else line

    def takes(self, option: str) -> bool:
        """Whether it uses a field of `Plan`; those outside `OPTIONS` are for every flow."""
        return option not in OPTIONS or option in self.options

    @property
    def is_training(self) -> bool:
        """Whether it trains (quantization-aware training)."""
        return self.need is Need.TRAINING

    @property
    def calibrates(self) -> bool:
        """Whether it runs data through the observers."""
        return self.need is Need.DATA

    @property
    def quantizes(self) -> bool:
        """Whether numbers change; fusion alone leaves all in float."""
        return self.method is not Method.FUSION

    @property
    def fixes_activation_ranges(self) -> bool:
        """Whether activations are quantized with ranges that calibration or training found."""
        return self.method in (Method.STATIC, Method.QAT)

    @property
    def keeps_activations_float(self) -> bool:
        """Whether activations between operators stay float by design."""
        return self.method in (Method.DYNAMIC, Method.WEIGHT_ONLY)

    @property
    def takes_exported_programs(self) -> bool:
        """Whether it works on the ATen graphs of ``torch.export``, so that a ``.pt2`` can be its source."""
        return self.mode is Mode.PT2E

    @property
    def captures_without_running(self) -> bool:
        """Whether the model is captured without its inputs, so that capturing does not show that it runs."""
        return self.mode is Mode.FX

    @property
    def converts_to_kernels(self) -> bool:
        """Whether the converted model calls low-precision kernels; PT2E's computes in float between casts."""
        return self.mode is not Mode.PT2E
