"""English: findings about layers that stay in float for their own sake. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.english.findings_noise import MEASURED
from qviz.words.language import Entry


def _passed_by(message: str, reason: str, hint: str) -> Entry:
    return {"message": f"{{modules}} {{modules:stays/stay}} in float: {message}", "reason": reason, "hint": hint}


def _in_float(message: str, reason: str, hint: str) -> Entry:
    return {"message": f"{{subject}} {{subject:stays/stay}} in float: {message}", "reason": reason, "hint": hint}


_PADDING_HINT = (
    "Give the padding as numbers: for 'valid' 0, for 'same' dilation × (kernel size − 1) / 2 on each side, if that is "
    "a whole number."
)
_RECURRENT_HINT = (
    "Quantize it dynamically: torch.ao.quantization.quantize_dynamic replaces LSTM, GRU, and their cells. Its "
    "kernel takes no LSTM with proj_size: put a Linear after that instead."
)
_PRODUCT = "{operator} multiplies by a weight[[ that {type} holds]][[, in {share:percent} of the multiply-accumulates]]"
_PRODUCT_HINT = (
    "Before quantizing, replace it with a torch.nn.Linear, which computes x @ weight.T + bias: for a weight of shape "
    "(in, out), linear.weight = torch.nn.Parameter(weight.T.contiguous())[[; a weight of {matrices} matrices needs "
    "a Linear for each of them, with its own part of the input]]."
)

STATEMENTS: dict[str, Entry] = {
    "type_not_replaced.subclass": _passed_by(
        "the class {type} is a subclass of {base}",
        "torch looks layers up by their exact type and replaces {base} itself, not a subclass",
        "{type} computes the same as {base}, so give {modules:it/them} that class before quantizing: "
        "for path in {paths}: model.get_submodule(path).__class__ = torch.nn.{base}",
    ),
    "type_not_replaced.own_forward": _passed_by(
        "the class {type} is a subclass of {base} with a forward of its own",
        "torch looks layers up by their exact type and replaces {base} itself, not a subclass; a quantized {base} "
        "would not run the forward of {type}",
        "Hold a torch.nn.{base} inside {type} instead of deriving from it, and do the rest in forward() around it.",
    ),
    "type_not_replaced.parametrized_subclass": _passed_by(
        "a parametrization, such as weight_norm, is on a {type}, a subclass of {base}",
        "torch.fx looks into classes of your own and finds functions that it knows; a parametrization makes a class of "
        "torch.nn.utils of it, which stays one call that no pattern has",
        "Remove the parametrization before quantizing, which keeps the weight as it is now: for path in {paths}: "
        "torch.nn.utils.parametrize.remove_parametrizations(model.get_submodule(path), 'weight')",
    ),
    "type_not_replaced.fused_for_training": _passed_by(
        "{modules:it was/they were} fused for training ({type})",
        "convert of a static flow does not list the classes that fuse_modules_qat makes",
        "Fuse with fuse_modules in eval mode, not with fuse_modules_qat; in a plan, leave out fuse_for_training.",
    ),
    "type_not_replaced.sync_batch_norm": _passed_by(
        "SyncBatchNorm is not BatchNorm2d",
        "the patterns that fold or quantize a batch norm list BatchNorm1d, 2d and 3d by their exact type",
        "Replace {modules:it/them} before quantizing, by BatchNorm1d or 3d where the inputs have 3 or 5 dimensions: "
        "for path in {paths}: sync = model.get_submodule(path); plain = torch.nn.BatchNorm2d(sync.num_features, "
        "sync.eps, sync.momentum, sync.affine, sync.track_running_stats); plain.load_state_dict(sync.state_dict()); "
        "model.set_submodule(path, plain.eval())",
    ),
    "type_not_replaced.scripted": _passed_by(
        "{type} is TorchScript",
        "what is inside a scripted or traced module is closed to torch.ao: it is neither observed nor replaced",
        "Build {modules:it/them} from the Python class, without torch.jit.script or torch.jit.trace, and load its "
        "weights by load_state_dict.",
    ),
    "padding_outside_patterns.in_float": _in_float(
        "padding='{padding}' is in no pattern of the quantizer for it alone",
        "such a padding is exported as aten.{operator}.padding; XNNPACKQuantizer lists aten.{operator}.default, and "
        "takes the other only with a relu right after it",
        _PADDING_HINT,
    ),
    "padding_outside_patterns.before_relu": {
        "message": "{subject} {subject:has/have} padding='{padding}', which is quantized only for the relu after it",
        "reason": "it is exported as aten.{operator}.padding; torch's patterns for a convolution alone, for training "
        "with a batch norm, and those of X86InductorQuantizer list aten.{operator}.default",
        "hint": _PADDING_HINT,
    },
    "layer_in_float.transposed": _in_float(
        "XNNPACKQuantizer does not annotate it",
        "XNNPACKQuantizer has a pattern for a transposed convolution with a relu right after it, and none for it alone",
        "Annotate it in a quantizer of your own; scales per channel go along axis 1 of its weight.",
    ),
    "layer_in_float.conv3d": _in_float(
        "XNNPACKQuantizer does not annotate it",
        "XNNPACKQuantizer has a pattern for a convolution in three dimensions with a relu right after it, and none "
        "for it alone",
        "Annotate it in a quantizer of your own.",
    ),
    "layer_in_float.recurrent_exported": _in_float(
        "the quantizer does not annotate recurrent layers",
        "XNNPACKQuantizer has no pattern for {operator}, which is one operator in an exported graph",
        _RECURRENT_HINT,
    ),
    "layer_in_float.recurrent_exported_dynamic": _in_float(
        "the quantizer does not annotate it",
        "{subject} {subject:has/have} no quantization_annotation; {operator} is one operator in an exported graph, and "
        "no dynamic configuration of torch's quantizers takes it",
        _RECURRENT_HINT,
    ),
    "layer_in_float.recurrent": _in_float(
        "the backend has no pattern for {operator} in this flow",
        "its patterns for recurrent layers are for dynamic quantization",
        _RECURRENT_HINT,
    ),
    "layer_in_float.recurrent_eager": _in_float(
        "convert does not replace it",
        "the only recurrent layer that eager static quantization replaces is nn.LSTM",
        _RECURRENT_HINT,
    ),
    "layer_in_float.plain_recurrent": _in_float(
        "torch has no quantized nn.RNN",
        "no flow replaces nn.RNN: quantize_dynamic replaces LSTM, GRU, LSTMCell, GRUCell, and RNNCell",
        "Use nn.LSTM or nn.GRU, or call an nn.RNNCell for each step, and quantize that dynamically: quantize_dynamic "
        "and fx-dynamic replace them.",
    ),
    "layer_in_float.product_in_eager": _in_float(
        _PRODUCT, "it is a function, and eager mode replaces modules, each by its exact type", _PRODUCT_HINT
    ),
    "layer_in_float.product_in_pattern": _in_float(
        _PRODUCT, "no entry of the backend configuration fits {operator} in this flow", _PRODUCT_HINT
    ),
    "layer_in_float.product_in_export": _in_float(
        _PRODUCT,
        "{subject} {subject:has/have} no quantization_annotation: torch's quantizers take weights of linear layers and "
        "convolutions, and {operator} is neither",
        _PRODUCT_HINT,
    ),
    "layer_in_float.whole": _in_float(
        "torch.fx takes {operator} as one operator",
        "modules of torch.nn are not traced into, so the layers inside are neither observed nor replaced",
        "Choose a PT2E flow, which captures the operators inside, or write the layers of {operator} out in a module of "
        "your own.",
    ),
    "layer_in_float.not_traced": _in_float(
        "the configuration names {subject:it/them} as non-traceable",
        "torch.fx takes {operator} as one operator then, so the layers inside are neither observed nor replaced",
        "Remove {subject:it/them} from non_traceable_modules and non_traceable_classes, or call the layers from "
        "outside of {operator}.",
    ),
    "layer_in_float.attention": _in_float(
        "the projections of an attention are not replaced",
        "the layer is taken as a whole and no pattern has it; it reads the weights of its projections (in_proj_weight, "
        "out_proj) itself",
        "Compute the attention with an nn.Linear for each projection and "
        "torch.nn.functional.scaled_dot_product_attention: then the projections are quantized.",
    ),
    "layer_in_float.parameter_taken": _in_float(
        "the quantizer took a parameter of it with {taken_with}",
        "XNNPACKQuantizer takes a pattern only where none of its nodes is annotated, its parameters included: "
        "of the operators that read one weight or bias it takes the first",
        "Give each call a layer of its own before export, a copy.deepcopy of the shared one; it needs the memory of "
        "another weight.",
    ),
    "layer_in_float.function": _in_float(
        "it is a function, and quantize_dynamic replaces modules",
        "eager mode has nothing to replace where forward() calls a function with a weight of its own",
        "Hold the weight in a torch.nn.Linear and call that.",
    ),
    "layer_in_float.outside": _in_float(
        "no module of the model holds {subject:its weight/their weights}",
        "quantize_dynamic replaces the modules of the model, and forward() calls something else: a module in a plain "
        "list or dict, a reference that was taken before, or a function with a tensor of its own",
        "Hold the layer in an attribute, nn.ModuleList or nn.ModuleDict, and call it there.",
    ),
    "layer_in_float.dtypes": _in_float(
        "the backend does not take the dtypes of its qconfig",
        "no dtype configuration of the backend for {operators:all} fits[[ activation {activation:dtype}]]"
        "[[ with weight {weight:dtype}]]",
        "Use observers of dtypes that the backend configuration lists: torch's own lists activation quint8 with weight "
        "qint8.",
    ),
    "layer_in_float.no_pattern": _in_float(
        "the backend has no pattern for {operator}",
        "no entry of the backend configuration fits it",
        "Use a layer that the backend lists, or leave it in float.",
    ),
    "layer_in_float.not_annotated": _in_float(
        "the quantizer did not annotate {subject:it/them}",
        "{subject} {subject:has/have} no quantization_annotation",
        "Nothing to do if you mean to keep {subject:it/them} in float; otherwise annotate {subject:it/them}.",
    ),
    "rule.tied_weights_split": {
        "text": "Tied weights come apart",
        "what": "Layers share a weight in the float model, and each has one of its own in the converted model.",
        "advice": "Quantize all layers that share it, or leave all of them in float.",
    },
    "tied_weights_split.grows": {
        "message": "{subject} read one tied weight[[ ({names})]] before conversion and {copies:number} copies of it "
        "after: {now:size} instead of {was:size}",
        "reason": "convert gives each layer that it quantizes a weight of its own, and what stays in float keeps the "
        "float one beside it[[ ({dtypes:every})]]",
        "hint": "Leave all layers that share the weight in float, which keeps it once, or quantize all of them[[: "
        "eager and FX flows take {embeddings} with float_qparams_weight_only_qconfig]].",
    },
    "tied_weights_split": {
        "message": "{subject} read one tied weight[[ ({names})]] before conversion and {copies:number} copies of it "
        "after: {now:size}, from {was:size}",
        "reason": "convert gives each layer that it quantizes a weight of its own[[ ({dtypes:every})]]; what is "
        "written into one of them later does not reach the others",
        "hint": "Nothing to do where the converted model only runs.",
    },
    "activation_per_channel": {
        "message": "{subject} {subject:quantizes/quantize} an activation with a scale for each channel",
        "reason": "kernels add up products over the input channels with one scale for all of them, so no backend of "
        "torch takes activations per channel",
        "hint": "Use a per-tensor observer for activations; only weights may have a scale for each channel.",
    },
    "bias_scale_differs": {
        "message": "the bias of {subject} has the scale {bias:number}, input times weight has {wanted:number}",
        "reason": "integer kernels add the bias to products whose scale is that of the input times that of the weight"
        + MEASURED,
        "hint": "Derive the scale of the bias: DerivedQuantizationSpec from the input and the weight of the operator.",
    },
}
