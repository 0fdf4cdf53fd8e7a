"""English: known causes of failures while a model is captured and configured. Parts: text, message, hint."""

from __future__ import annotations

from qviz.words.language import Entry


def known(text: str, hint: str, option: str = "") -> Entry:
    """Return the entry of a cause: what it is, the exception's own text, what to do."""
    entry = {"text": text, "message": "{text}", "hint": hint}
    return {**entry, "option": option} if option else entry


_OTHER = "[[ {other:text}]]"

STATEMENTS: dict[str, Entry] = {
    "stop.other.export": {"text": "torch.export captures this model: choose the flow {flow}.[[ {part:text}]]"},
    "stop.other.fx": {"text": "torch.fx traces this model: choose the flow {flow}."},
    "stop.other.export_stops": {
        "text": "The flow {flow} stops, too[[: {cause:text}]].[[ {cause:hint}]][[ {last:text}]]"
    },
    "stop.other.fx_stops": {"text": "The flow {flow} stops, too[[: {cause:text}]].[[ {last:text}]]"},
    "stop.other.leaves": {
        "text": "torch.fx traces the model if it does not look into {modules}: name {modules:it/them} in "
        "non_traceable_modules in [custom] of the plan; {modules:it stays/they stay} in float."
    },
    "stop.other.modules": {"text": "quantize_dynamic needs no graph and converts this model: choose the flow {flow}."},
    "stop.other.non_strict": {"text": "Non-strict capture follows this model: turn strict capture off."},
    "stop.trace_branch": known(
        "torch.fx cannot follow a branch, a loop, or an assert that depends on a tensor",
        f"Move the decision out of forward(), or write it with torch.where.{_OTHER}",
    ),
    "stop.trace_norm_subclass": known(
        "torch.fx keeps torch's own norms as modules but traces into a subclass, whose check of the dimensions is a "
        "branch",
        "If the layer computes the same as torch's class, give it that class before quantizing, as in "
        "layer.__class__ = torch.nn.BatchNorm2d; otherwise override _check_input_dim with a method that checks "
        f"nothing.{_OTHER}",
    ),
    "stop.trace_iteration": known(
        "torch.fx cannot loop over a tensor or unpack it: while it traces, the length is unknown",
        f"Loop over range() of a fixed number and index the tensor, or use torch.unbind with a known length.{_OTHER}",
    ),
    "stop.trace_len": known(
        "torch.fx cannot record len() of a tensor",
        f"Write x.shape[0] in place of len(x), or call torch.fx.wrap('len') at the top of the module's file.{_OTHER}",
    ),
    "stop.trace_higher_order": known(
        "torch.fx cannot trace a higher-order operator such as torch.cond or torch.utils.checkpoint",
        f"Remove the operator from forward(), at least for quantization.{_OTHER}",
    ),
    "stop.trace_dict_key": known(
        "a tensor is the key of a dict, which an FX graph cannot hold",
        f"Use strings or numbers as keys.{_OTHER}",
    ),
    "stop.trace_argument": known(
        "an operator or a module is called with an object that an FX graph cannot hold[[: {class}]]",
        f"Pass tensors, numbers, strings, and lists or dicts of them.{_OTHER}",
    ),
    "stop.trace_foreign_module": known(
        "forward() calls a module that is not a submodule of the model, so torch.fx has no name for it",
        "Make modules in __init__() and keep them in attributes, nn.ModuleList, or nn.ModuleDict, not in a plain list, "
        "dict, or global variable."
        f"{_OTHER}",
    ),
    "stop.trace_foreign_parameter": known(
        "forward() uses a parameter that the model does not own, so torch.fx has no name for it",
        "Assign the parameter to an attribute of the module, or keep it in nn.ParameterList or nn.ParameterDict."
        f"{_OTHER}",
    ),
    "stop.trace_wrapped_forward": known(
        "torch.fx rewrites the code of forward(), and CPython refuses it: forward() is wrapped by a decorator "
        "(functools.wraps) that has fewer variables than forward() has arguments",
        f"Remove the decorator from forward(), or undo it on the class: Net.forward = Net.forward.__wrapped__.{_OTHER}",
    ),
    "stop.keyword_only_required": known(
        "torch.fx makes keyword-only arguments of forward() positional, and a required one cannot follow an optional "
        "one",
        f"Give the keyword-only argument a default, or put it before the optional ones.{_OTHER}",
    ),
    "stop.graph_not_python": known(
        "the Python code of the graph is not valid: an argument, such as an object or a function, cannot be written as "
        "Python",
        f"Pass tensors, numbers, strings, and lists or dicts of them to modules, and return nothing else.{_OTHER}",
    ),
    "stop.trace_buffer_assigned": known(
        "forward() assigns the {kind} {name}, and while torch.fx traces it has only a Proxy, a stand-in for the value",
        f"Pass {{name}} in as an input and return it as an output of forward().{_OTHER}",
    ),
    "stop.packed_sequence": known(
        "forward() packs sequences (nn.utils.rnn), but capture does not know their lengths, which are values of a "
        "tensor",
        f"Pack and unpack outside forward(), or run the recurrent layer on padded sequences with a mask.{_OTHER}",
    ),
    "stop.trace_script_function": known(
        "{function} is TorchScript, made by torch.jit.script, and takes no Proxy, the stand-in that torch.fx has for a "
        "value",
        f"Remove torch.jit.script from {{function}}: as plain Python, torch.fx traces it.{_OTHER}",
    ),
    "stop.trace_proxy": known(
        "a function needs a Python number or object, and torch.fx has only a Proxy, its stand-in for a value",
        f"Compute the value outside forward(), or keep it as a fixed number in an attribute.{_OTHER}",
    ),
    "stop.script_module": known(
        "the model is TorchScript, which cannot be exported",
        "Give the nn.Module from which it was scripted or traced.",
    ),
    "stop.data_dependent": known(
        "the computation depends on the values of a tensor, which capture does not know",
        f"Use torch.where or torch.cond instead of a branch, and a fixed size instead of a counted one.{_OTHER}",
    ),
    "stop.dynamic_shapes_violated": known(
        "the model fixes a size that dynamic_shapes declares as variable",
        "Leave that dimension out of dynamic_shapes, or follow the suggested fixes in the traceback.",
    ),
    "stop.dynamic_shapes_structure": known(
        "dynamic_shapes does not have the structure of the inputs",
        "Give one entry for each argument of forward(), by position or by name, and None for those of fixed size.",
    ),
    "stop.attribute_assigned": known(
        "forward() assigns a tensor to an attribute[[, {attribute}]], which torch.export does not keep",
        "Register the attribute as a buffer with register_buffer(), or return the tensor. If forward() makes it only "
        f"where the size of the input is new, call the model once before you export it.{_OTHER}",
    ),
    "stop.not_a_pytree": known(
        "torch.export does not know what an object of the type {class} holds",
        "Pass and return tensors and containers of them; register a dataclass of your own with "
        f"torch.export.register_dataclass.{_OTHER}",
    ),
    "stop.mask_by_vmap": known(
        "an attention mask is built with torch.vmap, which torch.export cannot capture",
        "With transformers, run this first: from transformers.integrations.executorch import sdpa_mask_without_vmap; "
        "from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS; "
        "ALL_MASK_ATTENTION_FUNCTIONS.register('sdpa', sdpa_mask_without_vmap). Build a mask of your own without vmap."
        f"{_OTHER}",
    ),
    "stop.nested_tensor": known(
        "torch.export cannot capture nested tensors",
        f"Use a padded tensor and a mask.{_OTHER}",
    ),
    "stop.no_fake_kernel": known(
        "an operator has no fake kernel, so its result's shape is unknown during capture",
        f"Register one with torch.library.register_fake.{_OTHER}",
    ),
    "stop.export_unsupported": known(
        "torch.export cannot follow the model here[[: {explanation}]]",
        f"Change the line where capture stops.{_OTHER}",
    ),
    "stop.observer_instance": known(
        "a qconfig holds an observer in place of a class that makes one",
        "Pass the class, or MinMaxObserver.with_args(...) for its options, so that every module has its own observer.",
    ),
    "stop.observer_qscheme": known(
        "{observer} does not support the qscheme it was given",
        "Use PerChannelMinMaxObserver for per-channel qschemes, and MinMaxObserver or HistogramObserver for per-tensor "
        "ones.",
    ),
    "stop.observer_reduce_range": known(
        "reduce_range is not possible with a symmetric qscheme and quint8",
        "Leave out reduce_range, or use qint8 or an affine qscheme.",
    ),
    "stop.observer_dynamic": known(
        "{observer} cannot compute ranges while the model runs",
        "Use PlaceholderObserver, MinMaxObserver, or MovingAverageMinMaxObserver with averaging_constant=1 for dynamic "
        "quantization.",
    ),
    "stop.observer_dtype": known(
        "an observer was given a dtype that torch cannot quantize to",
        "Use quint8 or qint8, or uint8 or int8 for PT2E.",
    ),
    "stop.observer_without_scale": known(
        "{observer} has no scale, and conversion asks for one",
        "Use an observer that computes a scale, such as MinMaxObserver, or leave that module in float. "
        "PlaceholderObserver belongs to qconfigs for dynamic flows.",
    ),
    "stop.part_without_qconfig": known(
        "a fused module has a qconfig, and the convolution or linear inside it has one of its own, None",
        "Set the qconfig after fusion, as a rule by module name does, or take the module out of the fuse list.",
    ),
    "stop.weight_by_hook": known(
        "a hook of weight_norm, spectral_norm or pruning computes the {parameter} at every call, and fusion has made a "
        "parameter of it",
        "Make the {parameter} permanent before quantizing: torch.nn.utils.remove_weight_norm(layer), "
        "remove_spectral_norm(layer), or prune.remove(layer, '{parameter}').",
    ),
    "stop.sparse_tensor": known(
        "an operator or observer has no kernel for sparse tensors",
        "Give dense tensors, as x.to_dense() makes them, or leave the operators that take sparse ones in float.",
    ),
    "stop.quantization_range": known(
        "quant_min and quant_max do not fit each other or the dtype",
        "Choose quant_min <= 0 <= quant_max within the range of the dtype: 0 … 255 for quint8, −128 … 127 for qint8.",
    ),
    "stop.channel_axis": known(
        "a per-channel quantization has no valid channel axis",
        "Set ch_axis to the dimension of the channels: 0 for Linear and Conv, 1 for ConvTranspose.",
    ),
    "stop.transposed_per_channel": known(
        "torch has no per-channel weights for transposed convolutions",
        "Give transposed convolutions a qconfig with a per-tensor weight observer, such as default_qconfig.",
    ),
    "stop.embedding_qconfig": known(
        "embeddings can be quantized only with float qparams",
        "Give them float_qparams_weight_only_qconfig, or set their qconfig to None to leave them in float.",
    ),
    "stop.weight_dtype": known(
        "the weight observer has a dtype that the quantized module does not take",
        "Use qint8 for weights, or float16 in a dynamic flow.",
    ),
    "stop.dtype_combination": known(
        "torch has no quantization with activations in {activation} and weights in {weight}",
        "Use quint8 for activations and qint8 for weights.",
    ),
    "stop.fused_qconfigs_differ": known(
        "modules that are fused have different qconfigs",
        "Give the modules that are fused the same qconfig.",
    ),
    "stop.attention_projection": known(
        "the output projection of nn.MultiheadAttention is a NonDynamicallyQuantizableLinear, which prepare_qat cannot "
        "replace",
        "Leave the attention in float: set the qconfig of the MultiheadAttention to None, or add a rule without a "
        "qconfig for its name.",
    ),
    "stop.parametrized_dynamic": known(
        "a parametrization such as weight_norm or spectral_norm changed the class of the layer",
        "Remove the parametrization before quantizing: "
        "torch.nn.utils.parametrize.remove_parametrizations(layer, 'weight').",
    ),
    "stop.out_with_gradient": known(
        "forward() writes a result with a gradient into a tensor given as out=..., as spectral_norm does in training "
        "mode; torch.export traces it with gradients on, even inside torch.no_grad()",
        "Remove spectral_norm before quantizing: torch.nn.utils.parametrize.remove_parametrizations(layer, 'weight'), "
        "or torch.nn.utils.remove_spectral_norm(layer) where torch.nn.utils.spectral_norm made it. Elsewhere, compute "
        "without out=.",
    ),
    "stop.computed_weight": known(
        "a batch norm folds into a convolution whose weight the graph computes, as weight_norm and spectral_norm do, "
        "but torch folds only into parameters",
        "Let the layer hold its weight before export: torch.nn.utils.parametrize.remove_parametrizations(layer, "
        "'weight'), or torch.nn.utils.remove_weight_norm(layer) where torch.nn.utils.weight_norm made it.",
    ),
    "stop.prelu_per_channel": known(
        "PReLU has one scale for its slopes, and its qconfig observes weights per channel",
        "Give the PReLU a weight observer whose range reaches 1, for slopes from 0 to 1 "
        "FixedQParamsObserver.with_args(scale=1 / 255, zero_point=0, dtype=torch.quint8): quantized::prelu of torch "
        "2.8 rounds to that range the 1 by which it multiplies positive values, too. Or leave it in float: set its "
        "qconfig to None, with a DeQuantStub before and a QuantStub after it.",
    ),
    "stop.shared_batch_norm": known(
        "one batch norm is called several times, and convert_pt2e folds each call into the convolution before it",
        "Use a separate batch norm for each call.",
    ),
    "stop.padding_in_words": known(
        "X86InductorQuantizer does not take convolutions whose padding is a string (padding='same')",
        "Give the padding as numbers: for 'same' dilation × (kernel size − 1) / 2 on each side.",
    ),
    "stop.padding_without_kernel": known(
        "a quantized convolution takes its padding as numbers, and this one has a string ('same', 'valid')",
        "Give the padding as numbers: for 'valid' 0, for 'same' dilation × (kernel size − 1) / 2 on each side.",
    ),
    "stop.gru_annotator": known(
        "XNNPACKQuantizer takes a GRU only if its initial state is given and both its outputs are read",
        "Give the GRU its initial state in forward() and use both outputs, or leave it in float: call set_module_type "
        "for the types to quantize instead of set_global.",
    ),
    "stop.qconfigs_changed": known(
        "conversion was given other qconfigs than preparation",
        "Give both the same QConfigMapping; conversion may only set a qconfig to None.",
    ),
    "stop.no_reference_module": known(
        "the backend config has a pattern without a quantized module for {class}",
        "Set it with BackendPatternConfig.set_reference_quantized_module, or remove the pattern.",
    ),
    "stop.several_devices": known(
        "parameters of one module are on several devices",
        "Move the whole model to one device: model.to('cpu').",
    ),
    "stop.qat_needs_training": known(
        "preparation for quantization-aware training needs a model in training mode",
        "Call model.train() first.",
    ),
    "stop.fuse_mode": known(
        "modules that are fused are in different modes, some in training and some in eval mode",
        "Call model.eval(), or model.train() for quantization-aware training, on the whole model.",
    ),
    "stop.fuse_needs_eval": known(
        "modules that are fused for evaluation are in training mode",
        "Call model.eval() on the whole model; check that no train() or eval() of your own keeps its mode.",
    ),
    "stop.fuse_batch_norm": known(
        "a batch norm cannot be fused: it has no affine parameters, no running statistics, or another number of "
        "channels",
        "Create it with affine=True, track_running_stats=True, and the convolution's out_channels, or do not fuse it.",
    ),
    "stop.fuse_transposed": known(
        "torch cannot fuse a transposed convolution and its batch norm for quantization-aware training",
        "Leave the two in float, or fold the batch norm first with torch.nn.utils.fuse_conv_bn_eval(transpose=True).",
    ),
    "stop.fuse_transposed_groups": known(
        "torch folds a batch norm into a transposed convolution as if it had one group, and the shapes do not fit",
        "Fold the batch norm into the weight yourself before quantizing, each output channel by its own factor, and "
        "put nn.Identity() in its place.",
    ),
    "stop.no_fuser": known(
        "torch has no fused module for this sequence of modules",
        "Fuse only sequences such as Conv-BatchNorm-ReLU and Linear-ReLU; remove other entries from the fuse list.",
    ),
    "stop.not_observed_module": known(
        "conversion found a module that preparation did not replace by an observable one: {class}",
        "Give it a qconfig before preparation, or set its qconfig to None to leave it in float.",
    ),
    "stop.functional_called": known(
        "a FloatFunctional is called like a module",
        "Call its methods, as in self.ff.add(x, y) or self.ff.cat([x, y]).",
    ),
    "stop.needs_strict_capture": known(
        "the quantizer or the conversion looks for source_fn_stack, which only strict capture records",
        "Turn strict capture on, and change the line of the model where it stops.",
        "--strict",
    ),
    "stop.shared_spec_unresolved": known(
        "the annotation shares its range with an edge or node that has no annotation",
        "In the quantizer, annotate the edge or node that the SharedQuantizationSpec names, or name one that is "
        "annotated.",
    ),
    "stop.spec_not_observed": known(
        "an annotation refers to an edge or node that has no observer",
        "In the quantizer, annotate that edge or node, or refer to one that is observed before.",
    ),
    "stop.derived_spec_unresolved": known(
        "an annotation derives its scale from an edge or node that has no observer",
        "In the quantizer, annotate every edge and node in derived_from.",
    ),
    "stop.annotations_overwritten": known(
        "a composed quantizer, {quantizer}, overwrites the annotations of one before it",
        "Let it skip nodes that have meta['quantization_annotation'].",
    ),
    "stop.quantization_spec": known(
        "the quantizer does not take this quantization spec for weights or bias",
        "Use MinMaxObserver or PerChannelMinMaxObserver for weights, or their fake-quants, and float for bias.",
    ),
    "stop.several_in_pattern": known(
        "X86InductorQuantizer found several operators for one rule in a single pattern",
        "Use rules by module name or module type instead of a rule for all modules or for an operator.",
    ),
    "stop.onednn_number": known(
        "the onednn backend config looks for a convolution on both sides of an addition and fails on a plain number",
        "Add a tensor instead, or use the backend config x86.",
    ),
}
