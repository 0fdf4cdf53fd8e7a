"""English: findings about exported graphs. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {
    "operator_rule_without_effect": {
        "message": "the rule for {operators:all} has no effect",
        "reason": "XNNPACKQuantizer.annotate consults module names, module types and the global configuration",
        "hint": "Add a rule for the module type, or use the quantizer x86_inductor.",
    },
    "quantizer_needs_strict_capture": {
        "message": "{quantizer} finds nothing to quantize in a graph of non-strict capture",
        "reason": "it looks for patterns by source_fn_stack, which only strict capture records",
        "hint": "Use strict capture, and change the line where it stops; or use the quantizer xnnpack.",
        "option": "--strict, --quantizer",
    },
    "qat_without_fake_quant": {
        "message": "the prepared graph has observers but no fake-quants, so this is not quantization-aware training",
        "reason": "the quantizer's configuration was made without is_qat=True",
        "hint": "Make it with get_symmetric_quantization_config(is_qat=True), or use the flow pt2e-static.",
    },
    "not_lowered": {
        "message": "{subject} {subject:has/have} no matching x86 kernel and {subject:runs/run} in float between casts",
        "reason": "lower_pt2e_quantized_to_x86 knows uint8 activations with int8 weights per channel, and of these "
        "only "
        "the patterns that Inductor's quantization pass matches",
        "hint": "Use the quantizer x86_inductor; torch.compile(converted) tries more patterns than this lowering.",
    },
    "sizes_fixed_by_lowering": {
        "message": "the lowered graph takes inputs of one size only",
        "reason": "lower_pt2e_quantized_to_x86 exports the graph again, without dynamic shapes",
        "hint": "Use torch.compile(converted) for inputs of several sizes, or lower once for each size.",
    },
    "captured_without_strict": {
        "message": "captured in non-strict mode, because strict capture failed[[ at {file}:{line}]]",
        "reason": "non-strict graphs have no source_fn_stack, so quantizers find fewer patterns or none",
        "hint": "Change the line where strict capture stops, or choose non-strict capture to accept this.",
        "option": "--no-strict",
    },
}
