"""English: reasons of inputs, outputs, operators and fusions. Parts of an entry: rule, evidence.

The ``text`` of a code that begins with ``float.`` is the cause alone: the comparison of flows says it for many nodes.
"""

from __future__ import annotations

from qviz.words.language import Entry

_CALLED = "{target}[[: {module_type}]]"
_DTYPES = "{target}.qconfig[[: activation {activation:dtype}]][[, weight {weight:dtype}]]"
_ASKED = "{subject}.meta['{key}']['{field}'] is True"
_PAIR = "{subject} reads {producer}"


def _region(mode: str) -> Entry:
    """Return the entry of what makes a region a graph of its own: part of a reason, and of a finding."""
    said = f"torch.{mode}() in forward() makes that graph[[, see {{file}}:{{line}}]]"
    return {"evidence": said, "reason": said}


FRAME: dict[str, Entry] = {
    "input.of_model": {"rule": "Input of the model", "evidence": "placeholder {target}"},
    "input.quantized": {
        "rule": "Input that is quantized already when the model gets it",
        "evidence": "input_quantized_indexes contains {index}",
    },
    "input.of_graph": {
        "rule": "Input of an inner graph[[, which {operator} runs]]",
        "evidence": "placeholder {target}",
    },
    "output.of_graph": {
        "rule": "Output of an inner graph[[, which {operator} runs]]",
        "evidence": "returns {returned:value|values}",
    },
    "output.returned": {"rule": "Output of the model", "evidence": "returns {returned:value|values}"},
}

OPERATORS: dict[str, Entry] = {
    "operator.float": {"rule": "Float operator, unchanged", "evidence": _CALLED},
    "operator.not_float": {"rule": "Operator without a float output, unchanged", "evidence": _CALLED},
    "operator.unchanged": {"rule": "Operator of the model, unchanged", "evidence": _CALLED},
    "operator.as_given": {
        "rule": "Computes on its inputs as they are: convert replaces only modules",
        "evidence": _CALLED,
    },
    "operator.picks_scale": {"rule": "Scale that {producer} computes", "evidence": "{target}, index 0"},
    "operator.picks_zero_point": {"rule": "Zero point that {producer} computes", "evidence": "{target}, index 1"},
    "operator.calls_graph": {
        "rule": "Runs {graphs:the graph/the graphs} that it calls; nothing inside is observed",
        "evidence": "{operator} calls {graphs}",
    },
    "operator.output_shares_input": {
        "rule": "Keeps the range of its input: one observer for input and output",
        "evidence": _ASKED,
    },
    "quantized.annotated": {"rule": "Quantized: the quantizer annotated it", "evidence": "{origin}"},
    "quantized.inside_pattern": {
        "rule": "Part of a pattern[[ that continues in {continues_in}]]",
        "evidence": "{subject}.meta['{key}'] asks for nothing",
    },
    "quantized.qconfig": {
        "rule": "Quantized: its qconfig comes from {setter}",
        "evidence": "{subject}.meta['{key}'] asks for[[ input {input},]][[ weight {weight},]][[ output {output},]] "
        "{pattern}",
    },
    "quantized.module_qconfig": {"rule": "Quantized: it has a qconfig", "evidence": _DTYPES},
    "operator.observed": {"rule": "Observed: it has a qconfig", "evidence": _DTYPES},
    "quantized.functional": {
        "rule": "Quantized: its FloatFunctional has an observer",
        "evidence": "{observer} observes {target}",
    },
    "quantized.kernel": {
        "rule": "Runs in low precision[[ by {kernel}]][[; convert put it in place of {replaced}]]",
        "evidence": "{target}[[ is now {module_type}]][[ instead of {replaced}]][[. {asked}]]",
    },
    "quantized.given_quantized": {
        "rule": "Runs in low precision: {kernel} computes on the quantized tensors that it is given",
        "evidence": "{target}[[ is a {module_type}]], as before convert[[. {asked}]]",
    },
    "quantized.reference": {
        "rule": "Computes in float with a quantized weight: a reference module, which a backend replaces by its kernel"
        "[[; one pattern took it together with {partners}, and convert has no kernel for that]]",
        "evidence": "{target} is a {module_type}[[. {asked}]]",
    },
    "quantized.weight_subclass": {
        "rule": "Holds a quantized weight: quantize_ of torchao put it there",
        "evidence": "the weight of {target} is a tensor of type {weight}",
    },
    "operator.not_for_quantized": {
        "rule": "Float {kernel} that is given quantized tensors, which it cannot compute on",
        "evidence": "{target} is a {module_type}, as before convert",
    },
    "quantized.with_neighbors": {
        "rule": "Takes part in the low-precision computation around it",
        "evidence": "{asked}",
    },
    "unobserved.function": {
        "rule": "Computes on its inputs as they are: eager mode observes only modules",
        "evidence": _CALLED,
        "text": "eager mode observes only modules",
    },
    "unobserved.module": {
        "rule": "Computes on its inputs as they are: prepare does not observe {module_type}",
        "evidence": "{target} has no observer",
        "text": "prepare does not observe such modules",
    },
    "unquantized.not_float": {"rule": "Not quantized: its output is not a float tensor", "evidence": "{cause}"},
    "stub.quant": {"rule": "Marks where quantization begins", "evidence": _CALLED},
    "stub.dequant": {"rule": "Marks where quantization ends", "evidence": _CALLED},
    "pattern.alone": {"evidence": "matched by the pattern {operator}"},
    "pattern.custom": {"evidence": "{operator} stands in float_to_observed, so it is taken without a pattern"},
    "pattern.joined": {"evidence": "matched together with {partners} by one pattern"},
    "pattern.with_others": {"evidence": "matched by a pattern of {operator} with other operators"},
}

FLOAT: dict[str, Entry] = {
    "float.qconfig_none": {
        "rule": "Stays in float: its qconfig is None[[, as {setter} says]]",
        "evidence": "node_name_to_qconfig['{subject}'] is None",
        "text": "its qconfig is None",
    },
    "float.no_pattern": {
        "rule": "Stays in float: the backend has no pattern for it",
        "evidence": "no pattern of the backend configuration contains {operator}[[ except together with "
        "{others}]][[; it has {forms}]]",
        "text": "the backend has no pattern for it",
    },
    "float.dtypes_not_supported": {
        "rule": "Stays in float: the backend does not support these dtypes for it",
        "evidence": "no dtype configuration of its pattern matches its qconfig[[: activation {activation:dtype}]]"
        "[[, weight {weight:dtype}]]",
        "text": "the backend does not support these dtypes for it",
    },
    "float.not_annotated": {
        "rule": "Stays in float: the quantizer did not annotate it",
        "evidence": "{subject} has no meta['{key}']. {neighbors}[[. It was captured without {without}]]",
        "text": "the quantizer did not annotate it",
    },
    "float.parameter_taken": {
        "rule": "Stays in float: the quantizer took {parameters} with {taken_with}",
        "evidence": "{subject} has no meta['{key}']; {parameters} {parameters:has/have} one, as {taken_with} "
        "{taken_with:has/have}, and XNNPACKQuantizer takes a pattern only where none of its nodes is annotated",
        "text": "the quantizer took a parameter of it with another operator",
    },
    "float.in_subgraph": {
        "rule": "Stays in float: it runs inside {operator}",
        "evidence": "observers and fake-quants are inserted only into the outer graph, not into the one that "
        "{operator} calls[[. {cause}]]",
        "text": "it runs inside a higher-order operator, whose graph is not observed",
    },
    "origin.no_grad": _region("no_grad"),
    "origin.enable_grad": _region("enable_grad"),
    "origin.autocast": _region("autocast"),
    "origin.autograd_function": {
        "evidence": "a torch.autograd.Function makes that graph[[, see {file}:{line}]]",
        "reason": "a torch.autograd.Function makes that graph[[, see {file}:{line}]]",
    },
    "float.annotated_as_float": {
        "rule": "Stays in float: its annotation asks for float",
        "evidence": "{origin}, with the dtype float32 only",
        "text": "its annotation asks for float",
    },
    "float.nothing_inserted": {
        "rule": "Stays in float: the quantizer annotated it, but prepare inserted nothing",
        "evidence": "{origin}",
        "text": "the quantizer annotated it, but prepare inserted nothing",
    },
    "float.nothing_converted": {
        "rule": "Stays in float: Prepared has observers for it, but convert put nothing in their place",
        "evidence": "{origin}",
        "text": "it was observed, but convert put nothing in place of the observers",
    },
    "float.no_qconfig": {
        "rule": "Stays in float: it has no qconfig[[, for the plan has a rule for {left_by:text}]]",
        "evidence": "{target}.qconfig is None",
        "text": "it has no qconfig",
    },
    "float.no_kernel": {
        "rule": "Stays in float: it was observed, but convert found no kernel for it",
        "evidence": "{asked}",
        "text": "it was observed, but convert found no kernel for it",
    },
    "float.pattern_without_kernel": {
        "rule": "Stays in float: one pattern took it together with {partners}, and convert has no kernel for that",
        "evidence": "{asked}",
        "text": "one pattern took it together with another operator, and convert has no kernel for that",
    },
    "float.weight_dtype_not_supported": {
        "rule": "Stays in float: it was observed, but convert does not take the dtypes of its qconfig",
        "evidence": "{target} is still a float {module_type}: no dtype configuration of its pattern fits its qconfig"
        "[[: weight {weight_dtype:dtype}]][[ where {listed:dtype} is listed]]. {asked}",
        "text": "it was observed, but convert does not take the dtypes of its qconfig",
    },
    "float.no_reference_module": {
        "rule": "Stays in float: it was observed, but the backend configuration names nothing to put in its place",
        "evidence": "{target} is still a float {module_type}: its pattern has no root module with a reference module. "
        "{asked}",
        "text": "it was observed, but the backend configuration names nothing to put in its place",
    },
    "float.parametrized": {
        "rule": "Stays in float: its class was changed by a parametrization",
        "evidence": "{target} is a {module_type}[[ by {by:all}]], and convert looks up the dtypes of the exact type",
        "text": "its class was changed by a parametrization",
    },
    "float.no_mapping": {
        "rule": "Stays in float: convert has no replacement for it",
        "evidence": "{target} is of type {module_type}, which the mapping of convert does not list",
        "text": "convert has no replacement for it",
    },
    "float.not_observed": {"text": "no observer was requested for it"},
    "float.not_prepared": {"text": "it is not in the prepared stage"},
    "float.left_by_rule": {
        "rule": "Stays in float: the plan's rule for {rule:text} leaves it in float",
        "evidence": "Without that rule the quantizer asks for observers at {subject}",
        "text": "a rule leaves it in float",
    },
    "float.not_dynamic": {"text": "dynamic quantization does not cover it"},
    "float.not_weight_only": {"text": "weight-only flows take embeddings, or Linear in float16"},
    "float.not_matched": {"text": "it was to be quantized, but no kernel or pattern takes it"},
}

FUSION: dict[str, Entry] = {
    "fused.operators": {"rule": "Fused with {taken:all}", "evidence": _CALLED},
    "fused.batch_norm": {
        "rule": "Its weight now includes {taken:all}",
        "evidence": "{target} is a {module_type} with a new weight and bias",
    },
    "fused.apart": {
        "rule": "Fused with modules that do not follow it",
        "evidence": "{target} is a {module_type} in place of {replaced}",
    },
    "fused.at_other_call": {
        "rule": "Fused with {taken:all}, which follow its module at another call, {call}",
        "evidence": "{target} is a {module_type} that {call} calls, too",
    },
    "fused.place_left": {"rule": "Left in the place of a module that was fused", "evidence": _CALLED},
    "not_fused.second_batch_norm": {
        "rule": "Not fused: it is a second batch norm after {first}",
        "evidence": _PAIR,
    },
    "not_fused.operator_between": {
        "rule": "Not fused: {producer} is between {weighted} and it",
        "evidence": _PAIR,
    },
    "not_fused.read_elsewhere": {
        "rule": "Not fused: the output of {producer} is also read by {others:all}",
        "evidence": _PAIR,
    },
    "not_fused.called_again": {
        "rule": "Not fused: {path} is called {calls:time|times}",
        "evidence": _PAIR,
    },
    "not_fused.function_after_module": {
        "rule": "Not fused: {function} is a function here, and no pattern has it after a module",
        "evidence": _PAIR,
    },
    "not_fused.exact_type": {
        "rule": "Not fused: patterns list {base} by its exact type, and this is {type}",
        "evidence": _PAIR,
    },
    "not_fused.own_class": {
        "rule": "Not fused with {norm}: patterns list {base} by its exact type, and this is {type}",
        "evidence": "{norm} reads {subject}",
    },
    "not_fused.into_own_class": {
        "rule": "Not fused with {norm}: patterns list {base} by its exact type, and that is {type}",
        "evidence": "{norm} reads {subject}",
    },
    "not_fused.no_pattern": {
        "rule": "Not fused: no fusion pattern holds both[[: none has {operator} right after {other}]]",
        "evidence": _PAIR,
    },
    "not_fused.into_function": {
        "rule": "Not fused: {function} is a function, and operators fuse into modules only",
        "evidence": _PAIR,
    },
    "not_fused.function_in_eager": {
        "rule": "Not fused: {function} is a function, and fuse_modules takes modules only",
        "evidence": _PAIR,
    },
    "not_fused.not_listed": {
        "rule": "Not fused: the fuse list does not name it together with {producer}",
        "evidence": _PAIR,
    },
}

STATEMENTS: dict[str, Entry] = {**FRAME, **OPERATORS, **FLOAT, **FUSION}
