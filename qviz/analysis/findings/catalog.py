"""What each rule looks for and what to do about it in general; reports for other programs list them all."""

from __future__ import annotations

from typing import NamedTuple


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
    RuleText(
        "nothing_quantized",
        "The flow ran without an error, and no operator runs in low precision.",
        "Look at the prepared stage: operators without observers were not asked for, or not recognized.",
    ),
    RuleText(
        "never_calibrated",
        "An observer saw no data, so torch falls back to scale 1 and zero point 0.",
        "Calibrate with data that reaches every branch of the model.",
    ),
    RuleText(
        "mode_changed",
        "The model came in another mode, training or eval, than the flow needs.",
        "Call model.eval(), or model.train() for quantization-aware training, before quantizing.",
    ),
    RuleText(
        "training_demonstrated",
        "A flow for quantization-aware training ran without training.",
        "Give a train function; without it the ranges are those of one forward pass.",
    ),
    RuleText(
        "rule_matches_nothing",
        "A rule of the configuration decides nothing.",
        "Compare its name or type with the modules of the model; torch ignores such a rule in silence.",
    ),
    RuleText(
        "rule_passes_fused",
        "A rule that excludes an operator does not hold for the fused type it became.",
        "Add a rule for the fused type too.",
    ),
    RuleText(
        "default_taken_for_given",
        "torch.fx took an argument that is left out for one that is given.",
        "Give the argument, wrap the model in one without it, or take a PT2E flow.",
    ),
    RuleText(
        "no_weight_only_linear",
        "Linear stays in float in a weight-only flow.",
        "Take the weight dtype float16, or a dynamic flow for int8 weights.",
    ),
    RuleText(
        "recorded_by_running",
        "No trace follows the model; the graph is what one run on the example inputs did.",
        "Look whether other inputs take another way through the model.",
    ),
    RuleText(
        "missing_quant_stub",
        "A model for eager mode has no QuantStub, so quantized modules are fed with float tensors.",
        "Put a QuantStub before and a DeQuantStub behind what is to be quantized.",
    ),
    RuleText(
        "functional_in_eager",
        "Eager mode neither observes nor replaces a function.",
        "Use a module, or a FloatFunctional, in its place.",
    ),
    RuleText(
        "module_used_twice",
        "One module is called several times, so that its calls share one observer or one scale.",
        "Make a module for each call.",
    ),
    RuleText(
        "fuse_list_out_of_order",
        "A list to fuse joins modules that do not follow each other; the model computes something else.",
        "Fuse what follows each other only.",
    ),
    RuleText(
        "converted_does_not_run",
        "The converted model raises when it runs.",
        "Look at the stage that it stops at: what it is fed with has another type than its kernel takes.",
    ),
    RuleText(
        "captured_without_strict",
        "Strict capture failed; without it quantizers find fewer patterns.",
        "Mend the line that strict capture stops at, or ask for --no-strict to accept this.",
    ),
    RuleText(
        "batch_norm_folded_into_shared_convolution",
        "prepare_pt2e changes what the model computes by folding a batch norm into a convolution that others read.",
        "Give the other reader its own convolution, or put an operator between them.",
    ),
    RuleText(
        "operator_rule_without_effect",
        "The quantizer never consults a rule that it was given.",
        "Give a rule for the module type, or take another quantizer.",
    ),
    RuleText(
        "quantizer_needs_strict_capture",
        "The quantizer finds nothing in a graph of non-strict capture.",
        "Capture with --strict, or take the quantizer xnnpack.",
    ),
    RuleText(
        "qat_without_fake_quant",
        "The prepared graph of a flow for quantization-aware training holds observers and no fake-quant.",
        "Make the quantizer's configuration with is_qat=True.",
    ),
    RuleText(
        "dynamic_on_convolutions",
        "A convolution is quantized dynamically, for which torch has no kernel.",
        "Take a static flow, or leave convolutions alone.",
    ),
    RuleText(
        "not_lowered",
        "No x86 kernel was found for an operator; it computes in float between casts.",
        "Take the quantizer x86_inductor.",
    ),
    RuleText(
        "sizes_fixed_by_lowering",
        "The lowered graph takes inputs of one size only.",
        "Use torch.compile on the converted graph for several sizes, or lower once for each.",
    ),
)


def known_rules(found: tuple[str, ...]) -> tuple[RuleText, ...]:
    """Return the catalog and, as a newer qviz may have written a result, whatever else was found."""
    known = {rule.id for rule in CATALOG}
    others = dict.fromkeys(name for name in found if name not in known)
    return (*CATALOG, *(RuleText(name, f"{name.replace('_', ' ')}.", "See the finding's hint.") for name in others))
