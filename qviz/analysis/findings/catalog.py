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
        "little_quantized",
        "Less than half of the quantizable operators run in low precision.",
        "See which types of operators stay in float, and take a flow or backend that has them.",
    ),
    RuleText(
        "batch_norm_left",
        "A batch norm was not folded into the operator before it.",
        "Let it stand right behind a convolution that nobody else reads, in eval mode, as a module.",
    ),
    RuleText(
        "fusible_but_unfused",
        "A relu computes apart from the quantized convolution or linear before it.",
        "Use nn.ReLU right behind it, one module for each call, and let nobody read in between.",
    ),
    RuleText(
        "float_island",
        "An operator runs in float between quantized ones.",
        "Use an operator that the backend quantizes, or leave its neighbours in float too.",
    ),
    RuleText(
        "asked_but_float",
        "An operator was observed for its own sake and runs in float all the same.",
        "Give prepare and convert one backend configuration, and dtypes that it lists.",
    ),
    RuleText(
        "quantize_dequantize_chain",
        "A dequantize is followed at once by a quantize.",
        "Let both sides share one observer.",
    ),
    RuleText(
        "quantized_twice",
        "One tensor is quantized several times.",
        "Let its readers share one observer.",
    ),
    RuleText(
        "scales_differ",
        "An operator that hands integers on as they are has unlike scales around it.",
        "Share one observer between its inputs and its output.",
    ),
    RuleText(
        "float_into_quantized",
        "A quantized operator is fed with a float tensor.",
        "Put a QuantStub, or a quantize, before it.",
    ),
    RuleText(
        "switched_off",
        "A fake-quant or an observer is turned off.",
        "Enable it before training or calibration ends, unless it is meant to stand still.",
    ),
    RuleText(
        "batch_norm_in_training",
        "A batch norm of the converted model is in training mode.",
        "Bring the model into eval mode before convert.",
    ),
    RuleText(
        "degenerate_scale",
        "A scale is zero, no number, or one step of it is more than all that was seen.",
        "Calibrate with data as the model meets it.",
    ),
    RuleText(
        "saturated_range",
        "An observer saw far more than its scale can say.",
        "Look at how the scale is computed, and calibrate anew.",
    ),
    RuleText(
        "stretched_by_outliers",
        "A few outliers stretch the range of an activation.",
        "Clip them in what calibrates, or leave the operator in float.",
    ),
    RuleText(
        "uneven_channels",
        "A weight has one scale for channels of very unlike ranges.",
        "Quantize weights per channel.",
    ),
    RuleText(
        "reduce_range_mismatch",
        "Activations have the range of another engine than the one chosen.",
        "Take the default qconfig of the engine.",
    ),
    RuleText(
        "applied_twice",
        "The model was prepared or quantized before the flow began.",
        "Give the float model.",
    ),
    RuleText(
        "wrong_kind_of_graph",
        "The flow cannot read the kind of graph that it was given.",
        "Take a PT2E flow for exported graphs, FX and eager flows for modules.",
    ),
    RuleText(
        "dead_branch",
        "Something is computed and nothing reads it.",
        "Take it out of forward, or return it.",
    ),
    RuleText(
        "unobserved_input",
        "An operator that is to be quantized has an input that nothing observes.",
        "Annotate every activation; in eager mode put a QuantStub behind every input.",
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
        "A dynamic flow meets convolutions, for which torch has no dynamic kernel.",
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
