"""English: known causes of failures while a model runs. Parts of an entry: text, message, hint."""

from __future__ import annotations

from qviz.words.english.causes import known
from qviz.words.language import Entry

_INTEGERS = (
    "Leave the operators that compute them alone: in PT2E, set skip_integers = true in [quantizer_options] of the "
    "plan; in FX and eager mode, set their qconfig to None."
)

STATEMENTS: dict[str, Entry] = {
    "stop.batch_norm_without_statistics": known(
        "a batch norm without running statistics stands right after a convolution, and torch folds it all the same",
        "Create it with track_running_stats=True and train it so; or put an operator such as clone() between the two "
        "in forward(), and the batch norm stays in float.",
    ),
    "stop.convolution_arguments": known(
        "convert hands the arguments of the function {function} to its quantized form, and the call leaves out "
        "{argument}",
        "Give the function all of its arguments by position, sizes as tuples: F.conv2d(x, weight, bias, (1, 1), "
        "(0, 0), (1, 1), 1); or hold the weight in a convolution module.",
    ),
    "stop.no_network": known(
        "code named by the plan or the project tried to use the network, which qviz does not allow",
        "Download the file first and give its path. If you trust the code, allow the network.",
        "--network",
    ),
    "stop.functional_by_keyword": known(
        "FX graph mode finds what a function is given by position, and this call names it",
        "Pass tensors by position, as in F.linear(x, weight, bias) or torch.add(x, y).",
    ),
    "stop.attribute_of_fused": known(
        "forward() reads the {attribute} of a module that fusion replaced by a {class}, which has no such attribute",
        "Copy the {attribute} into a parameter or buffer of its own, and read that in forward().",
    ),
    "stop.output_not_tensors": known(
        "FX graph mode takes tensors, and lists, tuples, and dicts of them as outputs, and forward() returns something "
        "else",
        "Return nothing but tensors and None.",
    ),
    "stop.nested_graph_lost": known(
        "a region inside another, such as torch.autocast() under torch.no_grad(), is a graph in a graph, and torch.ao "
        "lost the inner one",
        "Remove one of the two from forward(): freeze parameters with requires_grad_(False), not under no_grad().",
    ),
    "stop.constant_lost": known(
        "the graph lost a tensor that is neither a parameter nor a buffer, and that forward() reads or replaces",
        "Register the tensor with register_buffer(), and write into it in place (copy_) or return the new value.",
    ),
    "stop.channels_of_activation": known(
        "an activation has one scale per channel, which no quantized module takes",
        "Use a per-tensor observer for activations; one scale per channel is for weights.",
    ),
    "stop.dtype_asserted": known(
        "the captured graph asserts the dtype that a tensor had, {expected}, and with observers it is {got}",
        "If forward() uses torch.autocast, take it out: the assert comes from there.",
    ),
    "stop.cuda_missing": known(
        "the model calls CUDA, and this machine has no CUDA",
        "Take the device from an input or a parameter in place of 'cuda', as in torch.zeros(..., device=x.device).",
    ),
    "stop.devices_differ": known(
        "tensors on different devices meet",
        "Create the tensor on the device of the input, as in torch.zeros(..., device=x.device), or register it as a "
        "buffer.",
    ),
    "stop.meta_tensor": known(
        "the model has meta tensors: their weights were never loaded",
        "Load the weights, or create the model without device='meta'.",
    ),
    "stop.out_of_memory": known(
        "the machine has too little memory",
        "Use a smaller batch or smaller inputs.",
    ),
    "stop.values_not_a_number": known(
        "an observer has seen NaN",
        "Look for NaN and inf in the data and the weights, and for a division by zero or a log of 0 in the model.",
    ),
    "stop.range_empty": known(
        "an observer that saw no data has no range: its minimum is inf, its maximum -inf",
        "Call model.apply(torch.ao.quantization.enable_observer) before the first batch, and run batches that reach "
        "every layer.",
    ),
    "stop.values_infinite": known(
        "an observer has seen an infinite value",
        "Look for inf in the data, for overflows, and for masks of -inf; use a finite mask such as -100.",
    ),
    "stop.dtype_observed": known(
        "an observer is asked to watch numbers of the type {dtype}, which it cannot",
        "Leave the operator that reads or computes them in float: set its qconfig to None, or do not annotate it.",
    ),
    "stop.dtype_of_data": known(
        "the data has numbers of the type {dtype} for {name}, and the example input is {wanted:dtype}",
        "Give data of the dtype of the example inputs: images as the model was trained on them, such as "
        "image.float() / 255.",
    ),
    "stop.indices_in_float": known(
        "an embedding is given indices that quantization turned into float ({dtype})",
        _INTEGERS,
    ),
    "stop.integers_in_float": known(
        "an operator that takes integers is given floats that quantization made of them",
        _INTEGERS,
    ),
    "stop.no_tensor_observed": known(
        "an observer is given a {class} in place of a tensor",
        "Leave the operator or module there in float: set its qconfig to None.",
    ),
    "stop.needs_strict_export": known(
        "the quantizer or the conversion looks for source_fn_stack, which only strict export records",
        "Export it with torch.export.export(model, inputs, strict=True), in eval mode for a static or dynamic flow.",
    ),
    "stop.recurrent_observed": known(
        "an observer is given the {class} that a recurrent module returns, in place of a tensor",
        "Leave it in float: set its qconfig to None. A dynamic flow quantizes LSTM, GRU and their cells.",
    ),
    "stop.shape_observed": known(
        "an observer is given a {class} in place of a tensor",
        "Give a shape number by number, as in x.view(x.size(0), -1, n), not as a sum of tuples; or leave the operator "
        "there in float: set its qconfig to None.",
    ),
    "stop.attention_without_batch": known(
        "the quantizable MultiheadAttention takes only batches, and is given a tensor of two dimensions",
        "Give it three dimensions (x.unsqueeze(0) with batch_first=True), or set its qconfig to None.",
    ),
    "stop.padding_mode": known(
        "quantized convolutions have no padding mode {mode}",
        "Pad with F.pad(x, ..., mode=...) before a convolution with padding=0; in eager mode, before the QuantStub.",
    ),
    "stop.no_quantized_kernel": known(
        "{operator} has no kernel for quantized tensors",
        "Dequantize before it (a DeQuantStub in eager mode), use FloatFunctional for additions and cat, or leave it in "
        "float.",
    ),
    "stop.float_into_quantized": known(
        "{operator} expects a quantized tensor and is given a float one",
        "Quantize its input: put a QuantStub before it in eager mode.",
    ),
    "stop.weight_only_qconfig": known(
        "the qconfig has torch.nn.Identity in the place of an observer for activations, as those for weights alone do, "
        "and this flow asks an observer for its dtype",
        "Use a qconfig that observes activations, such as get_default_qconfig('x86'), or a weight-only flow.",
    ),
    "stop.zero_point_outside": known(
        "the zero point of a fake-quant is outside its range, as that of a range with NaN or inf is",
        "Look whether training diverged: print the loss, lower the learning rate, or clip the gradients.",
    ),
    "stop.zero_point_of_dtype": known(
        "a zero point of {zero_point} is outside the dtype: quant_min and quant_max of the observer are not those of "
        "its dtype",
        "Remove quant_min and quant_max from the observer, of the weights too, or choose the dtype that has them: "
        "0 … 255 is quint8, −128 … 127 is qint8.",
    ),
    "stop.weight_axis": known(
        "the weight has one scale for each slice along another axis than that of its output channels",
        "Set ch_axis of the weight observer to the dimension of the output channels: 0 for Linear and Conv.",
    ),
    "stop.no_process_group": known(
        "forward() talks to other processes of a training, and there are none here",
        "Call torch.distributed only where torch.distributed.is_initialized().",
    ),
    "stop.no_engine": known(
        "this build of torch lacks the quantized engine that was chosen",
        "Choose another backend: x86, onednn, or qnnpack.",
        "--backend",
    ),
    "stop.keywords_observed": known(
        "the quantizer annotated an operator that is called with keyword arguments, such as alpha of torch.add, and "
        "prepare_pt2e takes none there",
        "Write it without them, as in x + a * y for torch.add(x, y, alpha=a), or do not annotate it.",
    ),
    "stop.half_weights_of_engine": known(
        "the engine {engine} has no kernel for weights of float16",
        "Choose the backend x86 or fbgemm, or weights of qint8.",
        "--backend",
    ),
    "stop.asymmetric_weights": known(
        "the engine onednn takes only weights whose zero point is 0",
        "Use a weight observer with a symmetric qscheme, such as default_weight_observer, or the backend x86.",
    ),
    "stop.output_padding": known(
        "the engine onednn takes no transposed convolution with an output_padding",
        "Leave it in float, or choose the backend x86.",
        "--backend",
    ),
    "stop.weight_is_method": known(
        "something reads the weight of a quantized module as a tensor, but there it is a method",
        "Call it, module.weight(), or leave that module in float.",
    ),
    "stop.exported_mode": known(
        "train() and eval() do nothing on an exported model, so torch forbids them",
        "Call torch.ao.quantization.move_exported_model_to_train or move_exported_model_to_eval.",
    ),
    "stop.not_a_leaf": known(
        "the model keeps a tensor with a gradient history, which cannot be copied",
        "Detach it before you store it: self.cache = x.detach().",
    ),
    "stop.no_compiler": known(
        "Inductor found no working C++ compiler",
        "Install g++ or clang, or do not lower the model.",
    ),
    "stop.one_value_per_channel": known(
        "a batch norm in training mode is given one value per channel, which has no variance",
        "Train on batches of at least two samples; without a train function, give example inputs of two samples. Or "
        "keep this batch norm in eval mode.",
    ),
    "stop.trace_variadic": known(
        "torch.fx makes one value of {argument}, and does not know how many there are in it",
        "Give the arguments of forward() names of their own.[[ {other:text}]]",
    ),
    "stop.trace_refused": known(
        "this code refuses {argument}, which is a Proxy while torch.fx traces, a stand-in for a tensor: {text}",
        "Leave the check out while tracing: isinstance({argument}, torch.fx.Proxy) tells.[[ {other:text}]]",
    ),
    "stop.trace_wrap": known(
        "{function} does not take a Proxy, the stand-in that torch.fx has for a tensor while it traces: {text}",
        "Write torch.fx.wrap('{function}') at the top of {where}, outside of functions: torch.fx then records "
        "{function} as one call, which stays in float.[[ {other:text}]]",
    ),
    "stop.dynamic_shapes_of_one": known(
        "dynamic_shapes declares a dimension as variable that has the size {size} in the example inputs, which "
        "torch.export takes as fixed",
        "Give example inputs in which this dimension has a size of 2 or more.",
    ),
    "stop.dynamic_shapes_range": known(
        "a dimension has the size {size} in the example inputs, and its Dim in dynamic_shapes allows {low} … {high}",
        "Give example inputs whose sizes lie in the range, or give the Dim another min and max.",
    ),
    "stop.no_running_statistics": known(
        "a tensor is missing in the trained graph: probably the weight or the running statistics of a fused batch norm",
        "Create the batch norm with affine=True and track_running_stats=True.",
    ),
    "stop.assert_of_capture": known(
        "the captured graph asserts {expression}, which does not hold for this data",
        "torch.export derived it from how forward() uses the value: take that size from the inputs or a fixed number.",
    ),
    "stop.no_gradient": known(
        "the loss does not depend on a parameter that requires a gradient",
        "Compute the loss from the model's output, outside torch.no_grad(), with parameters that require gradients.",
    ),
    "stop.package_missing": known(
        "the Python package {package} is not installed for the interpreter that runs the engine",
        "Install it there.",
    ),
    "stop.shared_specs_in_circle": known(
        "these annotations share ranges with one another in a circle, and none of them has a range of its own",
        "In the quantizer, give one of them a QuantizationSpec, and let the others refer to it with "
        "SharedQuantizationSpec.",
    ),
    "stop.parameter_written": known(
        "forward() writes into a parameter that requires a gradient",
        "Compute the new value out of place and use that, or freeze the parameter: requires_grad_(False).",
    ),
    "stop.recursion": known(
        "Python's recursion limit was reached",
        "Look for a module that contains itself, or raise sys.setrecursionlimit().",
    ),
    "stop.no_kernel": known(
        "this backend has no kernel for {dtype}",
        "Use another backend or quantizer, or leave the operator in float.",
    ),
    "stop.shape_fixed": known(
        "an input does not have the shape that the model was exported for",
        "Check that every batch fits the example inputs; dynamic_shapes lets chosen dimensions vary.",
    ),
    "stop.reshape_fixed": known(
        "a tensor of {size} numbers is reshaped to {shape}, which fits only another batch or image size",
        "Take the sizes from the tensor, as in x.flatten(1) or x.reshape(x.shape[0], -1), or give batches of the shape "
        "of the example inputs.",
    ),
    "stop.shapes_differ": known(
        "the shapes of two tensors do not fit",
        "Check that every batch fits the shapes of the example inputs.",
    ),
    "stop.types_differ": known(
        "tensors of different dtypes meet",
        "Check that every batch fits the dtypes of the example inputs.",
    ),
    "stop.arguments": known(
        "{function}() is called with arguments that it does not take, or without one that it needs",
        "Check that every batch has the arguments of the example inputs.",
    ),
    "stop.index_out_of_range": known(
        "an index is beyond the last row of the embedding",
        "Check that every batch fits: indices from 0 to one less than num_embeddings.",
    ),
}
