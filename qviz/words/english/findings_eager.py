"""English: findings about models for eager mode. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry


def _as_modules(message: str) -> Entry:
    return {
        "message": message,
        "reason": "tracing failed[[, as {cause:text}]] ({type}[[: {text}]]), and a run on the example inputs cannot be "
        "drawn",
        "hint": "Eager quantization itself needs no graph: look at the kinds and reasons of the modules.",
    }


def _recorded(message: str) -> Entry:
    return {
        "message": message,
        "reason": "tracing failed[[, as {cause:text}]] ({type}[[: {text}]])",
        "hint": "Check whether other inputs take a different path through the model; eager quantization itself needs "
        "no "
        "graph.",
    }


def _functional(reason: str) -> Entry:
    return {
        "message": "{operator} is a function, which eager mode neither observes nor replaces",
        "reason": f"prepare and convert change only modules; {reason}",
        "hint": "Use {replacement} instead.",
    }


def _used_twice(reason: str) -> Entry:
    return {
        "message": "{module} ({type}) is called {calls} times",
        "reason": reason,
        "hint": "Use a separate module for each call.",
    }


def _out_of_order(hint: str) -> Entry:
    return {
        "message": "the fuse list joins {modules:all}, which do not follow each other or are also called elsewhere",
        "reason": "fuse_modules does not look at the data flow: at every call, the first module does all the work and "
        "an "
        "Identity replaces each of the others, so the model computes something else",
        "hint": hint,
    }


def _does_not_run(hint: str) -> Entry:
    return {
        "message": "the converted model does not run[[: it stops at {file}:{line}]]",
        "reason": "{text}",
        "hint": hint,
    }


_ONE_SCALE = "all its calls share one observer and one scale"
_NOT_FUSED = "fusing it would replace it at every call, so none of its calls can be fused"
_NO_KERNEL = "Put a DeQuantStub before the operator without a quantized kernel, or use FloatFunctional there."

STATEMENTS: dict[str, Entry] = {
    "drawn_as_modules": _as_modules("the graph shows the modules alone, without what flows between them"),
    "drawn_as_modules.at_line": _as_modules(
        "the graph shows the modules alone, without what flows between them: torch.fx cannot follow {file}:{line}"
    ),
    "recorded_by_running": _recorded("the graph shows one run on the example inputs"),
    "recorded_by_running.at_line": _recorded(
        "the graph shows one run on the example inputs: torch.fx cannot follow {file}:{line}"
    ),
    "missing_quant_stub": {
        "message": "the model has no QuantStub, so its quantized modules will receive float tensors",
        "reason": "eager mode quantizes only where a QuantStub stands, and converted modules take only quantized "
        "tensors",
        "hint": "Put a QuantStub before and a DeQuantStub after the part to quantize, or use fx-static.",
    },
    "functional_in_eager.stops": _functional("this function has no kernel for quantized tensors"),
    "functional_in_eager.module_passed_by": {
        "message": "{operator} computes with the weight of {module} ({type}), and {module} itself is never called",
        "reason": "prepare observes what a module gives when it is called, and {module}.forward(x), or a function with "
        "its weight, goes around that: convert then quantizes {module} with a scale of 1",
        "hint": "Call the module itself, as in self.{module}(x).",
    },
    "functional_in_eager.keeps_scale": _functional("this function keeps the scale of its input and is not fused"),
    "module_used_twice.observed": _used_twice(_ONE_SCALE),
    "module_used_twice.fusible": _used_twice(_NOT_FUSED),
    "module_used_twice.observed_and_fusible": _used_twice(f"{_ONE_SCALE}; {_NOT_FUSED}"),
    "fuse_list.entry": {"text": "[{modules:every}]"},
    "fuse_list_out_of_order.instead": _out_of_order("Use this fuse list: {instead:every}."),
    "fuse_list_out_of_order.nothing": _out_of_order("Remove the fuse list: nothing in this model can be fused."),
    "fuse_list_out_of_order.read_elsewhere": {
        "message": "the fuse list joins {modules:all}, and {readers} also {readers:reads/read} a value between them",
        "reason": "fuse_modules does not look at the data flow: the first module does all the work, so {readers} "
        "{readers:gets/get} what comes out of the last one",
        "hint": "Remove this entry, or let {readers} read the last value or a layer of {readers:its/their} own."
        "[[ This list fits the model: {instead:every}.]]",
    },
    "fuse_list_out_of_order.listed_twice": {
        "message": "the fuse list has {again:all} in two entries, here in {modules:every}",
        "reason": "the first of them that is fused leaves an Identity in the place of {again:all}",
        "hint": "List each module once.[[ This list fits the model: {instead:every}.]]",
    },
    "output_stays_quantized": {
        "message": "{subject} {subject:is/are} returned as {subject:a quantized tensor/quantized tensors} "
        "({dtype:dtype})",
        "reason": "no DeQuantStub stands before the output, so the converted model returns integers with a scale where "
        "the float model returns floats",
        "hint": "Put a DeQuantStub before the output, or call dequantize() on it.",
    },
    "batch_norm_fused_for_evaluation": {
        "message": "{norms:all} {norms:is/are} folded before training, so {norms:it does/they do} not train",
        "reason": "fuse_modules folds a batch norm with its statistics of that moment; fuse_modules_qat keeps it until "
        "convert",
        "hint": "Remove fuse_for_training = false from the plan, and fuse with fuse_modules_qat in training mode.",
    },
    "batch_norm_fused_for_evaluation.before": {
        "message": "{modules} came fused for evaluation, so the batch {modules:norm does/norms do} not train",
        "reason": "fuse_modules in eval mode folds a batch norm into the convolution, and leaves an Identity in its "
        "place and in that of the relu",
        "hint": "Give the model as it was before fuse_modules; the flow fuses it for training.",
    },
    "batch_norm_fused_for_evaluation.before_without_relu": {
        "message": "{modules} came fused for evaluation, so the batch {modules:norm does/norms do} not train",
        "reason": "an Identity stands right behind, and the bias does not train while the weight does: fuse_modules in "
        "eval mode leaves both where it folds a batch norm into a layer without a bias",
        "hint": "Give the model as it was before fuse_modules; the flow fuses it for training.",
    },
    "batch_norm_fused_for_evaluation.seems_before": {
        "message": "{modules} {modules:seems/seem} to have come fused for evaluation: then the batch "
        "{modules:norm does/norms do} not train",
        "reason": "an Identity stands right behind where a batch norm would stand, as fuse_modules leaves one in eval "
        "mode; a model may have it there for other reasons",
        "hint": "If fuse_modules put it there, give the model as it was before; otherwise nothing is to be done.",
    },
    "converted_does_not_run.float_into_quantized": _does_not_run("Put a QuantStub before the first quantized module."),
    "converted_does_not_run.view": _does_not_run(
        "Use reshape instead of view: quantized convolutions return tensors in channels_last format."
    ),
    "converted_does_not_run.compiled_branch": _does_not_run(
        "Leave the modules that torch.cond or torch.while_loop calls in float, by a rule without a qconfig: it "
        "compiles its functions, and torch.compile cannot follow quantized modules. Or choose with a Python if."
    ),
    "converted_does_not_run.zero_point": {
        "message": "the converted model does not run[[: it stops at {subject}]]",
        "reason": "{text}",
        "hint": "Correct the observer, or the scale that was written by hand: the zero point is outside of its dtype. "
        "0 … 255 is quint8 and uint8, −128 … 127 is qint8 and int8.",
    },
    "converted_does_not_run.weight_is_method": _does_not_run(
        "Call weight() where something here reads weight as a tensor, for it is a method of quantized modules; or "
        "leave that layer in float by a rule. If only its dtype is wanted, read that of an activation."
    ),
    "converted_does_not_run.weight_of_transformer": _does_not_run(
        "Call torch.backends.mha.set_fastpath_enabled(False) before: the fast path of torch's Transformer layers reads "
        "the weights of their linear layers as tensors, and weight is a method of quantized modules."
    ),
    "converted_does_not_run.weight_by_hook": _does_not_run(
        "Make the weight permanent before quantizing: torch.nn.utils.remove_weight_norm(layer), "
        "remove_spectral_norm(layer), or prune.remove(layer, 'weight'). Their hook computes it at every call, and "
        "convert moves the hook to a quantized module, which does not have what it reads."
    ),
    "converted_does_not_run.no_kernel": _does_not_run(_NO_KERNEL),
    "converted_does_not_run.no_kernel_at_all": _does_not_run(
        "Put a DeQuantStub before what stops here, which has no quantized kernel, and a QuantStub after it where "
        "quantized modules follow."
    ),
    "converted_does_not_run.quantized_into_float": _does_not_run(
        "Put a DeQuantStub before the module that stops, which stays in float, and a QuantStub after it where "
        "quantized modules follow."
    ),
    "converted_does_not_run.lstm_projection": _does_not_run(
        "Leave the LSTM in float: torch's quantized kernel takes no proj_size. Or set proj_size=0 and put a Linear "
        "after it."
    ),
    "converted_does_not_run.function": _does_not_run(
        "Use {replacement} instead of the function {operator}, which eager mode neither observes nor replaces."
    ),
    "converted_does_not_run.quantized_already": _does_not_run(
        "Remove this QuantStub: what comes in was quantized by another one before."
    ),
    "converted_does_not_run.on_data": {
        "message": "the converted model does not run[[: it stops at {subject}]]",
        "reason": "{type}: {text}",
        "hint": "Leave the operator that stops in float: add a rule without a qconfig for it, or do not annotate it.",
    },
    "converted_does_not_run.argument": {
        "message": "the converted model does not run[[: it stops at {subject}]]",
        "reason": "torch's quantized module does not take the argument {argument}, which the float one does: "
        "{type}: {text}",
        "hint": "Leave {subject} in float, by a rule without a qconfig, or call it without {argument}; a transposed "
        "convolution has output_padding for output_size.",
    },
    "converted_does_not_run.odd_columns": {
        "message": "the converted model does not run[[: it stops at {subject}]]",
        "reason": "embeddings of 4 bits hold two columns in a byte, and {given:all}, whose embedding_dim is odd, "
        "{given:gives/give} one column more: {type}: {text}",
        "hint": "Use an even embedding_dim, or the weight dtype quint8.",
    },
    "converted_does_not_run.refused_by_qnnpack": {
        "message": "the converted model does not run[[: QNNPACK refuses {subject}]]",
        "reason": "QNNPACK makes no operator of these scales; it adds only where the scales of input and output "
        "differ by less than a factor of 2¹⁴, which is the likely cause",
        "hint": "Calibrate with data that fills the ranges around it (untrained weights of zero leave them empty), "
        "leave the operator in float, or use the backend x86 or onednn.",
    },
    "converted_does_not_run.other": _does_not_run(
        "Leave the part that stops in float: add a rule without a qconfig for its type or its name."
    ),
}
