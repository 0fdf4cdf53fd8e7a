"""English: what each rule looks for in general. Parts of an entry: text (its title), what, advice."""

from __future__ import annotations

from qviz.words.language import Entry


def _rule(text: str, what: str, advice: str) -> Entry:
    return {"text": text, "what": what, "advice": advice}


STATEMENTS: dict[str, Entry] = {
    "rule": _rule("{name:capital}", "{name:capital}.", "Follow the hint of the finding."),
    "rule.nothing_quantized": _rule(
        "Nothing quantized",
        "The flow ran without an error, but no operator runs in low precision.",
        "Look at the stage Prepared: operators without observers were not requested or not recognized.",
    ),
    "rule.never_calibrated": _rule(
        "Never calibrated",
        "An observer saw no data, so torch falls back to scale 1 and zero point 0.",
        "Calibrate with data that reaches every branch of the model.",
    ),
    "rule.little_quantized": _rule(
        "Little quantized",
        "Less than half of the multiply-accumulates run in low precision, or of a dynamic flow less than a quarter.",
        "See which types of operators stay in float, and choose a flow or backend that supports them.",
    ),
    "rule.batch_norm_left": _rule(
        "Batch norm not folded",
        "A batch norm was not folded into the operator before it.",
        "Put it, as a module in eval mode, right after a convolution whose output nothing else reads.",
    ),
    "rule.fusible_but_unfused": _rule(
        "Fusible but unfused",
        "A relu runs separately from the quantized convolution or linear before it.",
        "Put an nn.ReLU of its own right after each operator, and let nothing else read the value in between.",
    ),
    "rule.type_not_replaced": _rule(
        "Type not replaced",
        "A layer stays in float because torch looks layers up by their exact type.",
        "Give the layer torch's own type: no subclass, no SyncBatchNorm, no TorchScript.",
    ),
    "rule.layer_in_float": _rule(
        "Layer in float",
        "A layer with weights stays in float, wherever it stands.",
        "Write it in the form that the quantizer or the backend lists, or choose a flow that quantizes it.",
    ),
    "rule.padding_outside_patterns": _rule(
        "Padding outside the patterns",
        "A convolution has a string as its padding, which few patterns of PT2E quantizers list.",
        "Give the padding as numbers.",
    ),
    "rule.activation_per_channel": _rule(
        "Activation per channel",
        "An activation has a scale for each channel, which no backend of torch takes.",
        "Use a per-tensor observer for activations.",
    ),
    "rule.bias_scale_differs": _rule(
        "Bias scale differs",
        "A bias is rounded with another scale than that of input times weight.",
        "Derive the scale of the bias from those of input and weight.",
    ),
    "rule.float_island": _rule(
        "Float island",
        "An operator runs in float between quantized operators.",
        "Replace it with an operator the backend can quantize, or leave its neighbors in float too.",
    ),
    "rule.asked_but_float": _rule(
        "Observed but float",
        "An operator was observed but still runs in float.",
        "Give prepare and convert the same backend configuration, and use dtypes that it lists.",
    ),
    "rule.quantize_dequantize_chain": _rule(
        "Dequantize, then quantize",
        "A dequantize is followed directly by a quantize.",
        "Let both sides share one observer.",
    ),
    "rule.quantized_twice": _rule(
        "Quantized twice",
        "One tensor is quantized several times.",
        "Let its readers share one observer.",
    ),
    "rule.scales_differ": _rule(
        "Scales differ",
        "An operator that passes integers through has different scales around it.",
        "Let its inputs and its output share one observer.",
    ),
    "rule.float_into_quantized": _rule(
        "Float into quantized",
        "A quantized operator receives a float tensor.",
        "Put a QuantStub or a quantize before it.",
    ),
    "rule.switched_off": _rule(
        "Switched off",
        "A fake-quant or an observer is turned off.",
        "Turn it on before training or calibration ends, unless its range is meant to stay fixed.",
    ),
    "rule.batch_norm_in_training": _rule(
        "Batch norm in training",
        "A batch norm of the converted model is in training mode.",
        "Switch the model to eval mode before convert.",
    ),
    "rule.degenerate_scale": _rule(
        "Degenerate scale",
        "A scale is zero or not finite, or one of its steps exceeds the whole observed range.",
        "Calibrate with data like the data the model will meet.",
    ),
    "rule.output_differs": _rule(
        "Output differs",
        "An output of the converted model is far from the float one; the quantizer with the largest share is named.",
        "Change that quantizer: its cause and the ledger of the run show how.",
    ),
    "rule.constant_lost": _rule(
        "Constant lost",
        "A constant, such as the eps of a norm, is quantized to zero.",
        "Leave the operator that reads it in float.",
    ),
    "rule.wrong_axis": _rule(
        "Wrong axis",
        "The scales of a weight per channel do not go along its output channels.",
        "Set the axis of the observer to that of the output channels.",
    ),
    "rule.outside_calibration": _rule(
        "Outside the calibrated range",
        "Data at an input of the model exceeds the range that was calibrated.",
        "Calibrate with data that is preprocessed like the data the model will meet.",
    ),
    "rule.range_unused": _rule(
        "Calibrated range unused",
        "Data at an input of the model uses less than a sixteenth of the range that was calibrated.",
        "Calibrate with data that is preprocessed like the data the model will meet.",
    ),
    "rule.not_finite": _rule(
        "Not finite",
        "A weight or a value of the float model is inf or nan.",
        "Find out where it comes from: nothing after it can be quantized.",
    ),
    "rule.few_levels": _rule(
        "Few levels",
        "An observer or a weight uses a small part of the levels that its kernels have.",
        "Remove quant_min and quant_max from the observer.",
    ),
    "rule.levels_unused": _rule(
        "Half of the levels unused",
        "A symmetric unsigned range holds values that are never negative.",
        "Use an affine scheme for activations.",
    ),
    "rule.saturated_range": _rule(
        "Saturated range",
        "Observed values far exceed the range of the scale.",
        "Check how the observer computes its scale, and calibrate again.",
    ),
    "rule.stretched_by_outliers": _rule(
        "Stretched by outliers",
        "A few outliers stretch the range of an activation.",
        "Clip the outliers in the calibration data, or leave the operator in float.",
    ),
    "rule.uneven_channels": _rule(
        "Uneven channels",
        "A weight has one scale for channels with very different ranges.",
        "Quantize weights per channel.",
    ),
    "rule.reduce_range_mismatch": _rule(
        "Reduce range mismatch",
        "Activations have the range of a different engine than the one chosen.",
        "Use the default qconfig of the engine.",
    ),
    "rule.applied_twice": _rule(
        "Applied twice",
        "The model was already prepared or quantized before the flow began.",
        "Give the float model.",
    ),
    "rule.wrong_kind_of_graph": _rule(
        "Wrong kind of graph",
        "The flow cannot read the kind of graph it was given.",
        "Use a PT2E flow for exported graphs, and FX or eager flows for modules.",
    ),
    "rule.dead_branch": _rule(
        "Dead branch",
        "The model computes values that nothing reads.",
        "Remove them from forward(), or return them.",
    ),
    "rule.unobserved_input": _rule(
        "Unobserved input",
        "An operator that is to be quantized has an input without an observer.",
        "Annotate every activation; in eager mode, put a QuantStub after every input.",
    ),
    "rule.mode_changed": _rule(
        "Mode changed",
        "The flow ran in a different mode, training or eval, than the model came in.",
        "Call model.eval(), or model.train() for quantization-aware training, before quantizing.",
    ),
    "rule.made_ready": _rule(
        "Made ready",
        "The model was prepared for the flow, on a copy.",
        "Nothing to do; the Python of the run has the same lines.",
    ),
    "rule.on_fake_tensors": _rule(
        "On fake tensors",
        "The model was built without its weights.",
        "Run with the weights to calibrate and measure.",
    ),
    "rule.training_demonstrated": _rule(
        "Training demonstrated",
        "A flow for quantization-aware training ran without training.",
        "Give a train function; without one, the ranges are those of a single forward pass.",
    ),
    "rule.rule_matches_nothing": _rule(
        "Rule matches nothing",
        "A rule of the configuration has no effect.",
        "Compare its name or type with the modules of the model; torch ignores such a rule silently.",
    ),
    "rule.setting_without_effect": _rule(
        "Setting without effect",
        "A setting of the plan has no effect on the run.",
        "Read the reason; say it in the words of the flow, or remove it from the plan.",
    ),
    "rule.rule_passes_fused": _rule(
        "Rule passes a fused module",
        "A rule that leaves an operator in float does not apply to the fused type it became.",
        "Add a rule for the fused type too.",
    ),
    "rule.no_weight_only_linear": _rule(
        "No weight-only Linear",
        "Linear stays in float in a weight-only flow.",
        "Choose the weight dtype float16, or a dynamic flow for int8 weights.",
    ),
    "rule.drawn_as_modules": _rule(
        "Drawn as modules",
        "Neither a trace nor a run can be drawn, so the graph shows the modules alone, in the order of the model.",
        "Read the kinds and reasons of the modules; what flows between them is not shown.",
    ),
    "rule.recorded_by_running": _rule(
        "Recorded by running",
        "Tracing failed, so the graph shows one run on the example inputs.",
        "Check whether other inputs take a different path through the model.",
    ),
    "rule.missing_quant_stub": _rule(
        "Missing QuantStub",
        "A model for eager mode has no QuantStub, so its quantized modules receive float tensors.",
        "Put a QuantStub before and a DeQuantStub after the part to quantize.",
    ),
    "rule.functional_in_eager": _rule(
        "Functional call in eager mode",
        "Eager mode neither observes nor replaces a function.",
        "Replace it with a module or a FloatFunctional.",
    ),
    "rule.module_used_twice": _rule(
        "Module used twice",
        "One module is called several times, so its calls share one observer or one scale.",
        "Use a separate module for each call.",
    ),
    "rule.fuse_list_out_of_order": _rule(
        "Fuse list out of order",
        "The fuse list joins modules that do not follow each other, so the model computes something else.",
        "List only modules that follow each other directly.",
    ),
    "rule.converted_does_not_run": _rule(
        "Converted model fails",
        "The converted model raises an exception when it runs.",
        "Look at the node where it stops, and follow its hint.",
    ),
    "rule.stopped": _rule(
        "Stopped",
        "The run stopped: a step of the flow raised an exception.",
        "Look at the node or module and the line it names, and follow its hint.",
    ),
    "rule.captured_without_strict": _rule(
        "Captured without strict",
        "Strict capture failed; quantizers find fewer patterns in a non-strict graph.",
        "Change the line where strict capture stops, or choose non-strict capture to accept this.",
    ),
    "rule.integers_as_floats": _rule(
        "Integers as floats",
        "A PT2E quantizer treats operators on integers, such as indices of an embedding, as if they were floats.",
        "Leave operators on integers alone with the option skip_integers.",
    ),
    "rule.captured_without_grad": _rule(
        "Captured under no_grad",
        "The model sets the grad mode in forward(), so it was captured under torch.no_grad().",
        "Capture under torch.no_grad() in your own script too.",
    ),
    "rule.float_in_subgraph": _rule(
        "Float in a subgraph",
        "Operators stay in float in a graph that a higher-order operator calls.",
        "Take them out of the region or branch: prepare_pt2e observes only the outer graph.",
    ),
    "rule.batch_norm_folded_into_shared_convolution": _rule(
        "Batch norm folded into shared convolution",
        "Folding a batch norm into a convolution that is also used elsewhere changes what the model computes.",
        "Give the other use its own convolution, or put an operator between them.",
    ),
    "rule.operator_rule_without_effect": _rule(
        "Operator rule without effect",
        "The quantizer never consults a rule it was given.",
        "Add a rule for the module type, or use another quantizer.",
    ),
    "rule.setting_rewritten": _rule(
        "Setting rewritten",
        "torch gave a dropout or a batch norm of an exported model another p or momentum while it was trained.",
        "Do not call train() on a model that was exported in training mode; use momentum 0.1.",
    ),
    "rule.quantizer_without_effect": _rule(
        "Quantizer without effect",
        "A quantizer, or one of a composed one, annotates nothing, or inputs that an operator does not read.",
        "Give it a configuration; put the quantizer for fewer operators first, or remove it.",
    ),
    "rule.output_stays_quantized": _rule(
        "Output stays quantized",
        "The converted model returns a quantized tensor where the float one returns floats.",
        "Put a DeQuantStub before the output.",
    ),
    "rule.batch_norm_fused_for_evaluation": _rule(
        "Batch norm fused for evaluation",
        "A flow for quantization-aware training folds batch norms before training, so they are not trained.",
        "Fuse for training (fuse_modules_qat).",
    ),
    "rule.quantizer_needs_strict_capture": _rule(
        "Quantizer needs strict capture",
        "The quantizer finds nothing in a graph of non-strict capture.",
        "Use strict capture, or the quantizer xnnpack.",
    ),
    "rule.qat_without_fake_quant": _rule(
        "QAT without fake-quant",
        "The prepared graph of a flow for quantization-aware training has observers but no fake-quants.",
        "Make the quantizer's configuration with is_qat=True.",
    ),
    "rule.dynamic_on_convolutions": _rule(
        "Dynamic flow on convolutions",
        "A dynamic flow meets convolutions, for which torch has no dynamic kernel.",
        "Use a static flow, or leave the convolutions in float.",
    ),
    "rule.not_lowered": _rule(
        "Not lowered",
        "An operator has no matching x86 kernel; it runs in float between casts.",
        "Use the quantizer x86_inductor.",
    ),
    "rule.sizes_fixed_by_lowering": _rule(
        "Sizes fixed by lowering",
        "The lowered graph takes inputs of one size only.",
        "Use torch.compile on the converted graph for several sizes, or lower once for each size.",
    ),
    "rule.own_rule_failed": _rule(
        "Rule of the project failed",
        "A rule of the project could not be loaded or raised an exception.",
        "Fix the rule, or remove it from the project's pyproject.toml.",
    ),
}
