"""English: known causes at observers, annotations and functions of the user's own. Parts: text, message, hint."""

from __future__ import annotations

from qviz.words.english.causes import known
from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {
    "stop.no_observer": known(
        "the {part} of the qconfig makes an object of {class}, which is neither an observer nor a fake-quant",
        "Give QConfig({part}=…) an observer class, such as MinMaxObserver.with_args(dtype=…). A module stays in float "
        "where its whole qconfig is None.",
    ),
    "stop.spec_of_instance": known(
        "a QuantizationSpec holds an observer that is made already, of {class}, where torch makes one for each place",
        "Give it the class: QuantizationSpec(…, observer_or_fake_quant_ctr={class}.with_args(…)).",
    ),
    "stop.spec_without_observer": known(
        "a QuantizationSpec makes its observers by {class}, which has no with_args() as observers and fake-quants have",
        "Give it an observer class or MinMaxObserver.with_args(…), not a function: "
        "QuantizationSpec(…, observer_or_fake_quant_ctr=…).",
    ),
    "stop.observer_gave_nothing": known(
        "the observer {observer} returns nothing, so what reads it is given None",
        "End its forward() with return x: an observer hands on the tensor that it was given.",
    ),
    "stop.observer_incomplete": known(
        "{observer} stands in a qconfig or QuantizationSpec as an observer and has no {attribute}, which torch "
        "asks for",
        "Derive it from UniformQuantizationObserverBase, which has all of it, or add {attribute}: for a qscheme and "
        "bounds, set self.qscheme, self.quant_min and self.quant_max in __init__().",
    ),
    "stop.observer_qparams": known(
        "calculate_qparams() of an observer does not return two tensors, scale and zero point",
        "End it with return torch.tensor([scale]), torch.tensor([zero_point], dtype=torch.int64).",
    ),
    "stop.weights_without_scale": known(
        "the weight observer of a qconfig computes no scale, and conversion asks for one",
        "Give the qconfig a weight observer that computes a scale: "
        "weight=MinMaxObserver.with_args(dtype=torch.qint8, qscheme=torch.per_tensor_symmetric).",
    ),
    "stop.annotation_class": known(
        'a node has a {class} as its annotation under node.meta["quantization_annotation"]',
        "In the quantizer, write a QuantizationAnnotation(input_qspec_map={{…}}, output_qspec=…) there.",
    ),
    "stop.annotation_key": known(
        "an annotation has an edge as a key of input_qspec_map, where torch takes the node that is read",
        "In the quantizer, use the node alone: {{node.args[0]: spec}}. Pairs of nodes are for SharedQuantizationSpec "
        "and derived_from.",
    ),
    "stop.annotation_spec": known(
        "an annotation holds something that is no QuantizationSpec",
        "In the quantizer, give every input and the output a QuantizationSpec, SharedQuantizationSpec, "
        "DerivedQuantizationSpec, or FixedQParamsQuantizationSpec, or None.",
    ),
    "stop.complex_number": known(
        "an operation has a complex number of Python as an operand, and the quantizer makes constants of real "
        "numbers alone",
        'Hold the number in a buffer of the model: self.register_buffer("factor", torch.tensor(1j)).',
    ),
    "stop.trained_in_half": known(
        "weights or activations are {dtype} since training, and fake-quants compute in float32",
        "Keep the model in float32 in the train function: leave out half(), or end it with model.float().",
    ),
    "stop.replaced_after_prepare": known(
        "the prepared model has a {class} without a qconfig, as one has that was put there after prepare",
        "Replace layers before the flow begins: after prepare, train the weights and leave the modules as they are.",
    ),
    "stop.no_derivative": known(
        "torch has no derivative for {operator}, so backward() cannot pass it",
        "Replace {operator} by operators with a derivative, or detach its inputs if no gradient has to pass: "
        "x.detach().",
    ),
    "stop.modified_in_place": known(
        "forward() changes a tensor in place that backward() needs as it was",
        "Write the change out of place: y = y + 1 in place of y += 1 or y.add_(1).",
    ),
    "stop.own_backward": known(
        "an autograd.Function[[, {own},]] has no backward() that fits its forward()",
        "Let backward() of the autograd.Function return one gradient for each argument of forward(), of that "
        "argument's shape, and None for those that need none.",
    ),
    "stop.backward_twice": known(
        "the train function calls backward() twice on results of one forward pass",
        "Call the model anew for each backward(), or add up the losses and call backward() once.",
    ),
}
