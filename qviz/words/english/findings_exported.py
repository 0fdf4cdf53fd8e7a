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
    "qat_without_fake_quant.qconfig": {
        "message": "the model was trained with observers alone: nothing was rounded",
        "reason": "its qconfig has observers where training needs fake-quants ({places}), so training saw float values "
        "everywhere, but convert quantizes them",
        "hint": "Take a qconfig for training: get_default_qat_qconfig_mapping in FX, get_default_qat_qconfig in eager "
        "mode, or FakeQuantize.with_args(observer=...) in place of an observer.",
    },
    "qat_without_fake_quant.some": {
        "message": "{places} {places:observes/observe} values in training and {places:does/do} not round them",
        "reason": "an observer stands there, no fake-quant, so training saw float values, but convert quantizes them",
        "hint": "Put FakeQuantize.with_args(observer=...) in place of the observer.",
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
    "captured_without_strict.in_hand": {
        "message": "no operator has a source_fn_stack, as in graphs of non-strict capture, and none was annotated",
        "reason": "X86InductorQuantizer finds its patterns by source_fn_stack, which only strict capture records; "
        "which quantizer was used is not known",
        "hint": "If it was X86InductorQuantizer, capture with torch.export.export(model, inputs, strict=True).",
    },
    "captured_without_strict": {
        "message": "captured in non-strict mode, because strict capture failed[[ at {file}:{line}]]",
        "reason": "non-strict graphs have no source_fn_stack, so quantizers find fewer patterns or none",
        "hint": "Change the line where strict capture stops, or choose non-strict capture to accept this.",
        "option": "--no-strict",
    },
    "rule_matches_nothing.lost_by_strict": {
        "message": "the rule for {rule} has no effect",
        "reason": "strict capture did not record {target} on its operators, and quantizers find modules by that record",
        "hint": "Choose non-strict capture, which records every module.",
        "option": "--no-strict",
    },
    "rule_matches_nothing.lost_by_strict_for_x86": {
        "message": "the rule for {rule} has no effect",
        "reason": "strict capture did not record {target} on its operators, and quantizers find modules by that record",
        "hint": "Leave its nodes in float one by one, or use the quantizer xnnpack with non-strict capture.",
    },
    "rule_matches_nothing.not_called_self": {
        "message": "the rule for {rule} has no effect",
        "reason": "strict capture names modules by the first parameter of forward(), here {root}, and torch's "
        "quantizers look for those of self",
        "hint": "Call the first parameter of forward() self.",
    },
    "rule_matches_nothing.exported_name": {
        "message": "the rule for {rule} has no effect",
        "reason": "no operator of the captured graph comes from a module with the path {target}",
        "hint": "Name the module as named_modules() of the model does, such as layer1.0.conv1.",
    },
    "rule_matches_nothing.exported_type": {
        "message": "the rule for {rule} has no effect",
        "reason": "no operator of the captured graph comes from a module of the type {target}",
        "hint": "Name a type that the model has, or remove the rule.",
    },
    "rule_matches_nothing.exported_operator": {
        "message": "the rule for {rule} has no effect",
        "reason": "the captured graph has no operator {target}",
        "hint": "Name an operator that the graph has, or remove the rule.",
    },
    "setting_rewritten.dropout": {
        "message": "{subject} {subject:drops/drop} with p = {now:number} in training, the model with {was:all}",
        "reason": "model.train() on an exported model replaces each dropout by that of a pattern, and torch 2.8 takes "
        "over the pattern's p of 0.5",
        "hint": "Do not call model.train() on the prepared model: it was exported in training mode. Call eval() once, "
        "after training.",
    },
    "setting_rewritten.momentum": {
        "message": "the momentum of {subject} is {now:number}, in the model {was:all}",
        "reason": "torch 2.8 replaces batch norms by those of a pattern, in prepare_qat_pt2e after a convolution and "
        "in model.train() everywhere, and takes over the pattern's momentum of 0.1",
        "hint": "Set the momentum of the model's batch norms to 0.1 before it is exported.",
    },
    "quantizer_without_effect": {
        "message": "{quantizer} annotates nothing in this graph",
        "reason": "it is a part of a ComposableQuantizer and finds no operator that it knows",
        "hint": "Remove it from the ComposableQuantizer, or check which operators it annotates.",
    },
    "quantizer_without_effect.no_input": {
        "message": "the annotation of {subject} names {others}, which {subject:it does not read/they do not read}",
        "reason": "prepare looks at what an operator reads and passes over other keys of input_qspec_map",
        "hint": "In the quantizer, take the keys from the node: node.args[0] is what it reads first.",
    },
    "quantizer_without_effect.no_configuration": {
        "message": "{quantizer} has no configuration, so it annotates nothing",
        "reason": "none of its set_ methods gave it one: without a configuration it has no observers to ask for",
        "hint": "Give it one before prepare: {remedy}.",
    },
    "quantizer_without_effect.behind_others": {
        "message": "{quantizer} annotates nothing after {first:all}",
        "reason": "a ComposableQuantizer applies its quantizers in order: each leaves alone what those before it "
        "annotated, and this one finds nothing else that it knows",
        "hint": "Put the quantizer for fewer operators first, or remove {quantizer} if the model has none of its "
        "operators.",
    },
    "integers_as_floats.scalars": {
        "message": "{subject} {subject:computes/compute} with integers, but {subject:gives/give} floats to {readers} "
        "since the model was prepared",
        "reason": "XNNPACKQuantizer makes the scalars of every add and mul float tensors; {readers} "
        "{readers:takes/take} only integers",
        "hint": "Leave operators on integers alone: set skip_integers = true in [quantizer_options] of the plan.",
    },
    "integers_as_floats.observed": {
        "message": "{subject} {subject:gives/give} integers and {subject:is/are} observed like a float tensor",
        "reason": "the quantizer annotated {subject:it/them} all the same; quantize_per_tensor takes only floats",
        "hint": "Leave operators on integers alone: set skip_integers = true in [quantizer_options] of the plan.",
    },
    "captured_without_grad": {
        "message": "captured under torch.no_grad(), because forward() sets the grad mode[[, see {file}:{line}]]",
        "reason": "with grad, {regions:region becomes a graph of its own, which|regions become graphs of their own, "
        "which} prepare_pt2e does not observe",
        "hint": "Capture under torch.no_grad() in your own script too, as the Python of this run does.",
    },
    "captured_without_grad.function": {
        "message": "captured under torch.no_grad(), because forward() calls a torch.autograd.Function[[, see "
        "{file}:{line}]]",
        "reason": "with grad, {regions:region becomes a graph of its own, which|regions become graphs of their own, "
        "which} prepare_pt2e does not observe",
        "hint": "Capture under torch.no_grad() in your own script too, as the Python of this run does.",
    },
    "float_in_subgraph.autograd_function": {
        "message": "{subject} {subject:stays/stay} in float inside {operator}",
        "reason": "{cause}; prepare inserts observers only into the outer graph",
        "hint": "Compute it in forward() itself, with torch's operators; x + (f(x) - x).detach() passes the gradient "
        "through f.",
    },
    "float_in_subgraph.no_grad": {
        "message": "{subject} {subject:stays/stay} in float inside {operator}",
        "reason": "{cause}; prepare_pt2e inserts observers only into the outer graph",
        "hint": "Export the model under torch.no_grad(), or remove torch.no_grad() from forward().",
    },
    "float_in_subgraph.no_grad_in_training": {
        "message": "{subject} {subject:stays/stay} in float inside {operator}",
        "reason": "{cause}; prepare_qat_pt2e inserts fake-quants only into the outer graph",
        "hint": "Remove torch.no_grad() from forward(), and freeze parameters with requires_grad_(False) instead.",
    },
    "float_in_subgraph.enable_grad": {
        "message": "{subject} {subject:stays/stay} in float inside {operator}",
        "reason": "{cause}; prepare_pt2e inserts observers only into the outer graph",
        "hint": "Remove torch.enable_grad() from forward(): a quantized model has no gradients.",
    },
    "float_in_subgraph.autocast": {
        "message": "{subject} {subject:stays/stay} in float inside {operator}",
        "reason": "{cause}; prepare_pt2e inserts observers only into the outer graph",
        "hint": "Remove torch.autocast() from forward(), and call the float model under it instead.",
    },
    "float_in_subgraph.control_flow": {
        "message": "{subject} {subject:stays/stay} in float inside {operator}",
        "reason": "{operator} calls the graph in which {subject:it stands/they stand}; prepare_pt2e inserts observers "
        "only into the outer graph",
        "hint": "Move {subject:this operator/these operators} out of {operator}, or quantize what it calls as a model "
        "of its own.",
    },
}
