"""What each rule looks for and what to do about it in general; reports for other programs list them all."""

from __future__ import annotations

from typing import NamedTuple

from qviz.analysis.findings.rules import declared_rules
from qviz.words.statement import knows, term


class RuleText(NamedTuple):
    """A rule in words.

    Attributes:
        id: As findings name it.
        what: What it looks for, one sentence.
        advice: What to do in general; a finding has its own hint.
    """

    id: str
    what: str
    advice: str


CATALOG = (
    "stopped",
    "nothing_quantized",
    "never_calibrated",
    "calibration_without_effect",
    "observer_alters",
    "little_quantized",
    "batch_norm_left",
    "fusible_but_unfused",
    "type_not_replaced",
    "layer_in_float",
    "left_by_rule",
    "padding_outside_patterns",
    "activation_per_channel",
    "bias_scale_differs",
    "tied_weights_split",
    "float_island",
    "asked_but_float",
    "quantize_dequantize_chain",
    "quantized_twice",
    "scales_differ",
    "float_into_quantized",
    "switched_off",
    "batch_norm_in_training",
    "degenerate_scale",
    "output_differs",
    "constant_lost",
    "wrong_axis",
    "outside_calibration",
    "range_unused",
    "not_finite",
    "few_levels",
    "bounds_outside_dtype",
    "levels_unused",
    "saturated_range",
    "stretched_by_outliers",
    "uneven_channels",
    "reduce_range_mismatch",
    "applied_twice",
    "wrong_kind_of_graph",
    "dead_branch",
    "unobserved_input",
    "mode_kept",
    "mode_changed",
    "made_ready",
    "on_fake_tensors",
    "training_demonstrated",
    "training_without_effect",
    "training_diverged",
    "training_replaced",
    "rule_matches_nothing",
    "setting_without_effect",
    "own_qconfig",
    "hidden_modules",
    "rule_passes_fused",
    "no_weight_only_linear",
    "recorded_by_running",
    "drawn_as_modules",
    "missing_quant_stub",
    "functional_in_eager",
    "module_used_twice",
    "fuse_list_out_of_order",
    "converted_does_not_run",
    "captured_without_strict",
    "integers_as_floats",
    "captured_without_grad",
    "float_in_subgraph",
    "batch_norm_folded_into_shared_convolution",
    "operator_rule_without_effect",
    "setting_rewritten",
    "quantizer_without_effect",
    "output_stays_quantized",
    "batch_norm_fused_for_evaluation",
    "quantizer_needs_strict_capture",
    "qat_without_fake_quant",
    "dynamic_on_convolutions",
    "not_lowered",
    "sizes_fixed_by_lowering",
    "capture_differs",
    "kernel_differs",
    "not_repeatable",
    "state_lost",
    "state_left",
    "buffer_frozen",
    "observing_in_eval",
    "weight_not_folded",
    "own_rule_failed",
)
"""The ids of what qviz finds, in the order of reports and of docs/findings.md."""


def rule_text(rule: str) -> RuleText:
    """Return what a rule looks for; of one without words, what its id says."""
    code = f"rule.{rule}" if knows(f"rule.{rule}") else "rule"
    what, advice = (term(code, part, name=rule.replace("_", " ")) for part in ("what", "advice"))
    return RuleText(rule, what, advice)


def known_rules(found: tuple[str, ...]) -> tuple[RuleText, ...]:
    """Return the catalog, the rules that others registered, and whatever else was found by a newer qviz."""
    registered = (name for rule in declared_rules() for name in rule.ids)
    return tuple(map(rule_text, dict.fromkeys((*CATALOG, *registered, *found))))
