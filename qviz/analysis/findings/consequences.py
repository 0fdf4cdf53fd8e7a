"""Says which findings follow from which: one missing stub is one fault, whatever comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

import msgspec

from qviz.analysis.findings.evidence import Evidence
from qviz.document.causes import reference
from qviz.document.run_steps import STOPPED
from qviz.document.snapshot import Finding, Level

_LEVELS = {level: rank for rank, level in enumerate(Level)}

_Where: TypeAlias = Callable[[Finding, Finding, Evidence], bool]
"""Whether one finding, the first, is where another one that may follow from it is."""


def _anywhere(_cause: Finding, _consequence: Finding, _evidence: Evidence) -> bool:
    return True


def _at_same_node(cause: Finding, consequence: Finding, evidence: Evidence) -> bool:
    """Return whether both name a node, or what it became."""
    there = consequence.nodes
    if cause.stage != consequence.stage:
        there = evidence.links.partners(consequence.stage, cause.stage, there)
    return bool(set(cause.nodes).intersection(there))


def _stopped_by(*codes: str) -> _Where:
    """Return whether a run stopped for one of these causes."""

    def where(_cause: Finding, consequence: Finding, _evidence: Evidence) -> bool:
        why = consequence.args.get("cause")
        return isinstance(why, dict) and why.get("code") in codes

    return where


def _no_fuser(cause: Finding, consequence: Finding, evidence: Evidence) -> bool:
    """Return whether fusion stopped at modules of a list that has some of them twice."""
    is_of_list = _stopped_by("stop.no_fuser")(cause, consequence, evidence)
    return is_of_list and _at_same_node(cause, consequence, evidence)


def _by_lost_rule(cause: Finding, consequence: Finding, _evidence: Evidence) -> bool:
    """Return whether a quantizer did nothing because a rule that asked it to quantize does not find its module."""
    of_quantizer = consequence.args.get("quantizer", cause.args.get("quantizer"))
    return bool(cause.args.get("quantizes")) and cause.args.get("quantizer") == of_quantizer


def _in_capture(_cause: Finding, _consequence: Finding, evidence: Evidence) -> bool:
    error = evidence.snapshot.run.error
    return error is not None and error.step in ("checking", "capturing")


def _where_observers_run(_cause: Finding, _consequence: Finding, evidence: Evidence) -> bool:
    error = evidence.snapshot.run.error
    return error is not None and error.step in ("calibrating", "training")


def _within_lines(cause: Finding, consequence: Finding, _evidence: Evidence) -> bool:
    """Return whether a converted model stops in a branch that another answer of a test leads to."""
    line, begin, until = consequence.args.get("line"), cause.args.get("line"), cause.args.get("until")
    is_there = isinstance(line, int) and isinstance(begin, int) and isinstance(until, int) and begin <= line <= until
    return is_there and consequence.args.get("file") == cause.args.get("file")


class _Follows(NamedTuple):
    """A finding that follows from another: rules, or codes where a rule finds several kinds."""

    consequence: str
    cause: str
    where: _Where = _anywhere


_no_number = _stopped_by("stop.values_not_a_number", "stop.values_infinite")
_empty_range = _stopped_by("stop.range_empty")
_bounds = _stopped_by("stop.quantization_range", "stop.zero_point_of_dtype")
_mode = _stopped_by("stop.qat_needs_training", "stop.fuse_mode", "stop.fuse_needs_eval")

_KNOWN = (
    _Follows("float_into_quantized.model_input", "missing_quant_stub"),
    _Follows("converted_does_not_run.float_into_quantized", "missing_quant_stub"),
    _Follows("converted_does_not_run.float_into_quantized", "float_into_quantized", _at_same_node),
    *(
        _Follows(f"converted_does_not_run.{each}", "functional_in_eager.stops", _at_same_node)
        for each in ("no_kernel", "function")
    ),
    _Follows("converted_does_not_run.float_into_quantized", "unobserved_input", _at_same_node),
    _Follows("converted_does_not_run.quantized_into_float", "hidden_modules"),
    _Follows("layer_in_float.outside", "hidden_modules.eager"),
    _Follows("nothing_quantized.layers", "hidden_modules.eager"),
    *(
        _Follows(each, "type_not_replaced.fused_for_training")
        for each in ("converted_does_not_run.quantized_into_float", "little_quantized", "nothing_quantized")
    ),
    _Follows("converted_does_not_run", "kernel_differs.read_as_bytes"),
    _Follows("converted_does_not_run", "kernel_differs.type_test", _within_lines),
    *(
        _Follows(each, "kernel_differs.type_test")
        for each in ("kernel_differs.given_equal_inputs", "capture_differs.values", "capture_differs.outputs")
    ),
    *(
        _Follows(each, "hidden_modules.second_name", _at_same_node)
        for each in ("converted_does_not_run", "tied_weights_split", "layer_in_float")
    ),
    _Follows("converted_does_not_run", "bounds_outside_dtype.refused", _at_same_node),
    _Follows("converted_does_not_run", "bounds_outside_dtype.zero_point", _at_same_node),
    _Follows("output_differs", "never_calibrated", _at_same_node),
    _Follows("tied_weights_split", "layer_in_float.parameter_taken", _at_same_node),
    *(_Follows(f"float_island.{each}", "left_by_rule", _at_same_node) for each in ("left_by_rule", "left_out")),
    _Follows("float_island.not_annotated_by_own", "fusible_but_unfused.not_annotated", _at_same_node),
    *(
        _Follows(f"kernel_differs.{each}", "module_used_twice", _at_same_node)
        for each in ("given_equal_inputs", "scale_of_other_call")
    ),
    _Follows("nothing_quantized", "wrong_kind_of_graph"),
    _Follows("nothing_quantized", "quantizer_without_effect.no_configuration"),
    _Follows("nothing_quantized", "quantizer_needs_strict_capture"),
    _Follows("nothing_quantized", "rule_matches_nothing", _by_lost_rule),
    _Follows("quantizer_without_effect", "rule_matches_nothing", _by_lost_rule),
    _Follows("nothing_quantized", "asked_but_float", _at_same_node),
    _Follows("nothing_quantized", "layer_in_float", _at_same_node),
    _Follows("output_differs", "training_diverged"),
    *(_Follows(each, "training_replaced") for each in ("converted_does_not_run", "training_without_effect")),
    _Follows(STOPPED, "training_replaced", _stopped_by("stop.replaced_after_prepare")),
    _Follows("nothing_quantized", "float_in_subgraph", _at_same_node),
    _Follows("little_quantized", "quantizer_needs_strict_capture"),
    _Follows("little_quantized", "calibration_without_effect"),
    _Follows("little_quantized", "dynamic_on_convolutions.left_in_float"),
    _Follows(STOPPED, "fuse_list_out_of_order.listed_twice", _no_fuser),
    _Follows(STOPPED, "not_finite", _no_number),
    _Follows(STOPPED, "never_calibrated", _empty_range),
    _Follows(STOPPED, "mode_kept", _mode),
    _Follows(STOPPED, "mode_kept.exported_norms", _stopped_by("stop.needs_strict_export")),
    *(_Follows(f"capture_differs.{each}", "mode_kept.exported_norms") for each in ("values", "outputs")),
    _Follows("batch_norm_in_training", "mode_kept.exported_norms", _at_same_node),
    _Follows(STOPPED, "bounds_outside_dtype", _bounds),
    _Follows(STOPPED, "applied_twice", _in_capture),
    _Follows(STOPPED, "observer_alters.form", _where_observers_run),
    _Follows("degenerate_scale.not_finite", "not_finite"),
    _Follows("kernel_differs", "degenerate_scale.not_positive", _at_same_node),
    _Follows("output_differs", "degenerate_scale.not_positive"),
    _Follows("output_differs.unknown", "not_finite"),
    _Follows("output_differs.not_measurable", "not_finite"),
    *(
        _Follows(rule, f"capture_differs.{each}", where)
        for each in ("training", "training_in_hand", "drops_in_eval", "drops_in_original")
        for rule, where in (
            ("kernel_differs", _at_same_node),
            ("scales_differ", _at_same_node),
            ("not_repeatable", _anywhere),
        )
    ),
    *(
        _Follows(f"capture_differs.{each}", cause)
        for each in ("values", "outputs")
        for cause in ("fuse_list_out_of_order", "state_lost.attributes")
    ),
    *(_Follows(each, "buffer_frozen") for each in ("state_lost", "capture_differs.values", "capture_differs.outputs")),
    *(
        _Follows(each, "applied_twice")
        for each in ("nothing_quantized", "little_quantized", "fusible_but_unfused", "batch_norm_left", "float_island")
    ),
)
"""The first that holds counts."""


def with_causes(findings: Iterable[Finding], evidence: Evidence) -> tuple[Finding, ...]:
    """Return the findings, each that follows from another with its cause; that one is at least as bad."""
    known = [*findings]
    for place, finding in enumerate(known):
        cause = next((each for each in _causes(finding, known, evidence)), None)
        if cause is None:
            continue
        known[place] = msgspec.structs.replace(finding, because_of=reference(cause))
        if _LEVELS[finding.level] < _LEVELS[cause.level]:
            known[known.index(cause)] = msgspec.structs.replace(cause, level=finding.level)
    return tuple(known)


def _causes(finding: Finding, known: list[Finding], evidence: Evidence) -> Iterable[Finding]:
    for follows in _KNOWN:
        if _is(finding, follows.consequence):
            for each in known:
                if each is not finding and _is(each, follows.cause) and follows.where(each, finding, evidence):
                    yield each


def _is(finding: Finding, what: str) -> bool:
    return what in (finding.rule, finding.code)
