"""What was measured of a run on data: errors between its models, and what each quantizer costs the output.

Four models run on the same data. *Original*: the user's module in eval mode, before capture. *Float*: the
prepared model with every quantizer off. *Simulated*: the prepared model with every quantizer on. *Converted*:
the result with its real kernels. A power is a sum of squares over all samples, never a mean of decibels.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from qviz.document.graph import Json, NodeId, Number, Record
from qviz.document.said import Said

QuantizerKind: TypeAlias = Literal["weight", "bias", "activation", "dynamic", "cell"]
"""What is rounded; ``cell`` is all that happens inside an LSTM or GRU beside its weights."""
LedgerMethod: TypeAlias = Literal["estimate", "exact"]

ADDITIVE = (0.8, 1.25)
"""Between these sums, the shares of quantizers add up."""


class OutputErrors(Record, frozen=True):
    """How far the models are apart at one output, in dB of signal to noise; "inf" where they are equal.

    None where it says nothing: shapes differ, all zeros, numbers that are not finite, a model that does not run.

    Attributes:
        name: ``output`` of a model that returns one tensor, else the key or index: ``logits``, ``0.boxes``.
        prepared: Original to float: what capture, fusion and rewritten settings changed.
        simulated: Float to simulated: what quantization costs.
        converted: Simulated to converted: what kernels and lowering changed; read it beside `floor`.
        total: Original to converted.
        floor: Simulated to itself with its activations moved by 1e-6: rounding is chaotic, and a difference
            to the converted model that is no larger than this one shows nothing.
        agreement: The share of samples whose largest class score stays the same, original to converted; None
            where the output is no table of class scores, has fewer rows than there are samples, or is read on by
            the model.
    """

    name: str
    prepared: Number | None = None
    simulated: Number | None = None
    converted: Number | None = None
    total: Number | None = None
    floor: Number | None = None
    agreement: float | None = None


class Alternative(Record, frozen=True):
    """Another way to round what a quantizer rounds.

    Attributes:
        name: ``per_channel``, ``per_tensor``, ``symmetric``, ``affine``, ``min_max``, ``percentile``, ``mse``,
            ``sixteen_bits``, ``float``.
        gain_db: By how much the quantizer's noise falls, from its tensors alone.
        verified_db: The same after a run with it; None if there was none.
        offered: Whether the flow can express it, and ``prepare`` accepted it.
        patch: What is added to the plan then, as TOML (`qviz.document.plan_patch`).
    """

    name: str
    gain_db: Number
    verified_db: Number | None = None
    offered: bool = False
    patch: str = ""


class QuantizerNoise(Record, frozen=True):
    """One place of rounding, and what it costs.

    Attributes:
        id: Its name in this ledger: a module path and what is rounded, ``layer1.0.conv1 weight``.
        stage: Where its nodes stand.
        nodes: Ids in that stage; the observers of an activation, the operator of a weight.
        module: The path of the module it belongs to; "" where there is none.
        kind: What is rounded.
        bits: Of its integers; 16 of float16.
        powers: The noise power that it alone puts on each output, by name.
        share: Its part of the whole noise; parts do not sum to one (`Ledger.unexplained`).
        share_simulated: The same with all other quantizers on, to first order: better where noise is large.
        is_exact: Whether `powers` were measured one quantizer at a time; else estimated to first order.
        local_db: Signal to noise of its own tensor given float inputs.
        clipping: How much of its local noise is clipping; the rest is rounding.
        clipped: The share of its values outside the range.
        levels_used: The share of the integers between its bounds that occur.
        accumulated_db: Signal to noise at its place with every quantizer on.
        telescoped: What it adds to the whole noise where quantizers are turned on front to back; sums to one.
        cause: Why it is noisy, where its tensors show it.
        alternatives: What others would give, the best first.
        asked_by: The operators for whose sake it is there: without all of them it falls away.
        elements: How many numbers a weight has.
        macs: Multiply-accumulates of a weight's operator in the first batch.
    """

    id: str
    stage: str
    nodes: tuple[NodeId, ...]
    module: str
    kind: QuantizerKind
    bits: int | None = None
    powers: dict[str, Number] = {}  # noqa: RUF012 - msgspec copies it
    share: Number | None = None
    share_simulated: Number | None = None
    is_exact: bool = False
    local_db: Number | None = None
    clipping: float | None = None
    clipped: float | None = None
    levels_used: float | None = None
    accumulated_db: Number | None = None
    telescoped: Number | None = None
    cause: Said | None = None
    alternatives: tuple[Alternative, ...] = ()
    asked_by: tuple[NodeId, ...] = ()
    elements: int | None = None
    macs: int | None = None


class Ledger(Record, frozen=True):
    """What every quantizer costs the output, sorted by share.

    Attributes:
        method: How most powers were found.
        projections: Of the estimate, K; 0 where there was none.
        signals: The power of each float output.
        totals: The noise power of all quantizers together at each output.
        quantizers: The largest share first.
        additivity: The sum of the shares; outside `ADDITIVE` they do not add up.
        unexplained: One minus `additivity`: what quantizers do to each other, with its sign.
        is_complete: Whether an exact measurement came to its end.
        macs: Multiply-accumulates of the whole float model in the first batch, as torch's FlopCounterMode counts them.
    """

    method: LedgerMethod
    projections: int
    signals: dict[str, Number]
    totals: dict[str, Number]
    quantizers: tuple[QuantizerNoise, ...]
    additivity: Number | None = None
    unexplained: Number | None = None
    is_complete: bool = True
    macs: int | None = None

    @property
    def is_additive(self) -> bool:
        """Whether the shares add up, or it is not known: what each costs alone is what all cost together."""
        low, high = ADDITIVE
        return not isinstance(self.additivity, int | float) or low <= self.additivity <= high


class KernelDifference(Record, frozen=True):
    """An operator of the converted model that computes something else than the simulated one, given equal inputs.

    Attributes:
        stage: Where `nodes` stand.
        nodes: The operator.
        module: Its module path.
        target: What it calls.
        wrong: The share of its elements that are off by more than 0.52 steps of the output.
        largest: The largest difference: in steps of the output, or, of a float output, relative to its largest value.
        in_steps: Whether the output has steps.
        sqnr_db: Of the operator's output.
        is_first: Whether it is the first in the order of the graph.
        cause: Why, where that is known: a write that is lost, a kernel that knows one mode only.
    """

    stage: str
    nodes: tuple[NodeId, ...]
    module: str
    target: str
    wrong: float
    largest: Number
    in_steps: bool
    sqnr_db: Number | None = None
    is_first: bool = False
    cause: Said | None = None


class CaptureDifference(Record, frozen=True):
    """Where the prepared model, with every quantizer off, first departs from the original.

    Attributes:
        stage: Where `nodes` stand: the captured one.
        nodes: The operators whose last one gives the value; none where no module's output shows it.
        module: Its path.
        sqnr_db: Original to prepared, at that value.
        replaced: The classes of the module before and after prepare, where torch put another there.
        settings: Of that module: those with which the class that replaced it is known to miscompute.
    """

    stage: str
    nodes: tuple[NodeId, ...]
    module: str
    sqnr_db: Number | None = None
    replaced: tuple[str, str] | None = None
    settings: tuple[str, ...] = ()


class InputRange(Record, frozen=True):
    """The values that were evaluated at an input, beside the range that its quantizer was calibrated to.

    Attributes:
        low: The smallest value; batches that were calibrated with do not count.
        high: The largest.
        outside: The share of values outside the calibrated range.
        is_exact: Whether rounding changes no value by more than a hundredth of itself, as of zeros and ones.
    """

    stage: str
    nodes: tuple[NodeId, ...]
    low: Number
    high: Number
    calibrated_low: Number
    calibrated_high: Number
    outside: float
    is_exact: bool = False


class BornNotFinite(Record, frozen=True):
    """The first place of the float model that gives values which are not finite, and was given finite ones.

    Attributes:
        stage: Where `nodes` stand.
        nodes: The operator.
        name: Its name or module path.
        value: What it gives: ``nan`` or ``inf``.
    """

    stage: str
    nodes: tuple[NodeId, ...]
    name: str
    value: Literal["nan", "inf"]


class UnevenWeight(Record, frozen=True):
    """A weight with one scale for all channels, of which it loses some.

    Attributes:
        stage: Where `nodes` stand.
        nodes: The operator, or the weight's observer.
        lost: How many channels have a signal-to-noise ratio of their own below 10 dB.
        total: How many there are, without those that do nothing in float either.
        widest: The channel that sets the scale.
        ratio: By how much it is wider than the median channel.
    """

    stage: str
    nodes: tuple[NodeId, ...]
    lost: int
    total: int
    widest: int
    ratio: Number


class SecondCalls(Record, frozen=True):
    """What a second call with equal inputs gave, in dB against the first; "inf" where it is the same.

    Attributes:
        original: Of the user's model.
        converted: Of the converted model.
        second: Original to converted, both in their second call.
        first: The same in their first one.
        is_random: Whether the original draws random numbers; else what differs is what it keeps from call to call.
        state: The buffers in which it keeps that.
        attributes: The attributes in which it does, which a captured graph has none of; then the figures are those of
            a call with other inputs, alone and after another one.
        random: Nodes of the converted stage that draw random numbers.
    """

    original: Number | None = None
    converted: Number | None = None
    second: Number | None = None
    first: Number | None = None
    is_random: bool = False
    state: tuple[str, ...] = ()
    random: tuple[NodeId, ...] = ()
    attributes: tuple[str, ...] = ()


class Metric(Record, frozen=True):
    """The user's own figure, averaged over the batches."""

    name: str
    original: Number | None = None
    simulated: Number | None = None
    converted: Number | None = None


class Measurements(Record, frozen=True):
    """All that was measured on data.

    Attributes:
        data: What was evaluated beside the example inputs: ``example inputs`` (nothing else), ``calibration``,
            ``evaluation_data`` beside the model, ``given`` in Python, or as the plan names it.
        batches: How many calls of ``forward``, those of the example inputs included.
        samples: How many samples they hold, where the first dimension tells.
        outputs: Errors by output.
        sqnr_db: The same of all outputs together: their noise-to-signal ratios are averaged.
        ledger: None where it was not asked for, or no quantizer was found.
        capture: Where the prepared model departs from the original, if it does.
        operators: Kernels that differ.
        inputs: Ranges of the inputs.
        not_finite: Where the float model gives nan or inf, if its outputs hold any.
        uneven: Weights that lose channels under their one scale.
        repeat: Second calls.
        metric: The user's own.
        not_measured: What could not be measured, and why.
        config: Thresholds and choices in use.
        size: Bytes of the float model and of the converted one: parameters, buffers, packed weights, as ``torch.save``
            writes the state_dict.
    """

    data: str
    batches: int
    samples: int
    outputs: tuple[OutputErrors, ...]
    sqnr_db: OutputErrors | None = None
    ledger: Ledger | None = None
    capture: CaptureDifference | None = None
    operators: tuple[KernelDifference, ...] = ()
    inputs: tuple[InputRange, ...] = ()
    uneven: tuple[UnevenWeight, ...] = ()
    not_finite: BornNotFinite | None = None
    repeat: SecondCalls | None = None
    metric: Metric | None = None
    not_measured: tuple[Said, ...] = ()
    config: dict[str, Json] = {}  # noqa: RUF012
    size: tuple[int, int] | None = None
