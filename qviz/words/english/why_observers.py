"""English: reasons of observers, fake-quants, casts and constants. Parts of an entry: rule, evidence.

What stands in the arguments of others has the evidence only; the ``text`` of a constant names it inside a sentence.
"""

from __future__ import annotations

from qviz.words.language import Entry

_ORIGIN = "{origin}"
_CONSTANT = "{target}[[: {qparams}]]"

OBSERVERS: dict[str, Entry] = {
    "observer.output": {"rule": "Observes the output of {subject}", "evidence": _ORIGIN},
    "observer.input": {"rule": "Observes {subject}, an input of {reader}", "evidence": _ORIGIN},
    "observer.parameter": {"rule": "Observes the {parameter} of {path} for {reader}", "evidence": _ORIGIN},
    "observer.module_output": {"rule": "Observes the output of {path}", "evidence": _ORIGIN},
    "fake_quant.output": {"rule": "Fake-quantizes the output of {subject}", "evidence": _ORIGIN},
    "fake_quant.input": {"rule": "Fake-quantizes {subject}, an input of {reader}", "evidence": _ORIGIN},
    "fake_quant.parameter": {"rule": "Fake-quantizes the {parameter} of {path} for {reader}", "evidence": _ORIGIN},
    "fake_quant.module_output": {"rule": "Fake-quantizes the output of {path}", "evidence": _ORIGIN},
    "observer.output_shares_input": {
        "rule": "One range for the inputs and output of {asked_by}: shared with {same_observer:all}",
        "evidence": "{asked_by}.meta['{key}']['{field}'] is True",
    },
    "observer.of_model": {
        "rule": "Part of the model, or inserted by hand",
        "evidence": "{target}[[: {module_type}]]",
    },
}

ORIGINS: dict[str, Entry] = {
    "origin.annotation": {"evidence": "{asked_by}.meta['{key}'].{field} asks for {spec}"},
    "origin.annotated_inputs": {"evidence": "{subject}.meta['{key}'] has specs for {inputs:all}"},
    "origin.annotated_output": {"evidence": "{subject}.meta['{key}'] has a spec for the output"},
    "origin.annotated_inputs_and_output": {
        "evidence": "{subject}.meta['{key}'] has specs for {inputs:all}, and for the output"
    },
    "origin.annotated_neighbors": {"evidence": "{neighbors:all} next to it {neighbors:is/are} annotated"},
    "origin.no_neighbor": {"evidence": "None of its neighbors is annotated either"},
    "origin.target_dtype": {"evidence": "{asked_by}.meta['{key}']['{field}'] asks for {observer}"},
    "origin.module_qconfig": {"evidence": "{path}.qconfig.{field} asks for {observer}"},
    "origin.functional": {"evidence": "{path}.{field} is {observer}"},
    "origin.observer_before": {"evidence": "It replaces an observer. {observer}"},
    "origin.fake_quant_before": {"evidence": "It replaces a fake-quantize. {observer}"},
    "origin.called": {"evidence": "{target}[[: {qparams}]]"},
    "spec.shared": {"evidence": "the range of {shared_with:text}"},
    "spec.derived": {"evidence": "{dtype:dtype}, derived from {derived_from:all}"},
    "spec.fixed": {"evidence": "{dtype:dtype} with fixed scale {scale:number} and zero point {zero_point:number}"},
    "spec.observed": {
        "evidence": "{dtype:dtype}[[ {quant_min:number} … {quant_max:number}]] by {observer}",
    },
    "edge.output": {"text": "the output of {producer}"},
    "edge.input": {"text": "input {producer} of {reader}"},
    "tensor.per_tensor": {
        "evidence": "{dtype:dtype}, scale {scale:number}[[, zero point {zero_point:number}]]",
    },
    "tensor.per_channel": {
        "evidence": "{dtype:dtype}, {count:channel|channels}, {low:number} … {high:number}[[, axis {axis}]]",
    },
    "tensor.dtype": {"evidence": "{dtype:dtype}"},
}

CASTS: dict[str, Entry] = {
    "cast.quantize": {
        "rule": "Quantizes[[ {subject}]] for {readers}[[, needlessly: {same_as} has the same scale]]",
        "evidence": _ORIGIN,
    },
    "cast.quantize_unread": {
        "rule": "Quantizes[[ {subject}]]; nothing reads the result[[, and {same_as} has the same scale]]",
        "evidence": _ORIGIN,
    },
    "cast.choose_qparams": {
        "rule": "Computes the scale and zero point[[ of {subject}]][[ for {readers}]] at every call",
        "evidence": _ORIGIN,
    },
    "cast.dequantize_constant": {"rule": "Dequantizes {constant:text} for {readers}", "evidence": _ORIGIN},
    "cast.dequantize_returned": {
        "rule": "Dequantizes[[ {subject}]]: the model returns it in float",
        "evidence": _ORIGIN,
    },
    "cast.dequantize_requantized": {
        "rule": "Dequantizes[[ {subject}]] only for {readers} to quantize it again",
        "evidence": _ORIGIN,
    },
    "cast.dequantize_in_pattern": {
        "rule": "Dequantizes[[ {subject}]] for {readers}; a backend that knows the pattern computes in low precision",
        "evidence": _ORIGIN,
    },
    "cast.dequantize_for_float": {
        "rule": "Dequantizes[[ {subject}]] for the float input of {readers}",
        "evidence": _ORIGIN,
    },
    "cast.dequantize_unread": {"rule": "Dequantizes[[ {subject}]]; nothing reads the result", "evidence": _ORIGIN},
}

CONSTANTS: dict[str, Entry] = {
    "constant.scale": {"rule": "Scale of {subject}", "evidence": "{reader} reads {target}"},
    "constant.zero_point": {"rule": "Zero point of {subject}", "evidence": "{reader} reads {target}"},
    "constant.output_scale": {"rule": "Scale of the output of {readers}", "evidence": "{target}"},
    "constant.output_zero_point": {"rule": "Zero point of the output of {readers}", "evidence": "{target}"},
    "constant.folded_bias": {
        "rule": "Bias of {path}, made by folding a batch norm",
        "evidence": _CONSTANT,
        "text": "the bias of {path}, made by folding a batch norm,",
    },
    "constant.parameter": {
        "rule": "The {parameter} of {path}",
        "evidence": _CONSTANT,
        "text": "the {parameter} of {path}",
    },
    "constant.argument": {
        "rule": "The {parameter} of {reader}",
        "evidence": _CONSTANT,
        "text": "the {parameter} of {reader}",
    },
    "constant.packed": {
        "rule": "The parameters of {reader}, packed for its kernel",
        "evidence": "{target}",
        "text": "the packed parameters of {reader}",
    },
    "constant.graph": {"rule": "The graph that {reader} runs", "evidence": "{target}", "text": "the graph {target}"},
    "constant.operand": {
        "rule": "Constant read by {reader}[[ in {path}]]",
        "evidence": _CONSTANT,
        "text": "a constant",
    },
    "constant.attribute": {
        "rule": "Constant {target}",
        "evidence": _CONSTANT,
        "text": "the constant {target}",
    },
}

STATEMENTS: dict[str, Entry] = {**OBSERVERS, **ORIGINS, **CASTS, **CONSTANTS}
