"""English: findings from running models side by side. Parts of an entry: message, reason, hint; of a rule: as there."""

from __future__ import annotations

from qviz.words.language import Entry

_GIVEN_EQUAL = "fed with the same inputs, [[{worst} is the worst of them: ]]{wrong:percent} of its elements are off"
_BY = "[[ by up to {steps:number} steps of the output]][[ by up to {relative:percent} of the largest value]]"
_LEAVES = "[[, which leaves {db:db}]][[; the outputs keep {output_db:db} of what rounding alone would give]]"

STATEMENTS: dict[str, Entry] = {
    "rule.kernel_differs": {
        "text": "A kernel differs",
        "what": "An operator of the converted model computes something different than in float, given the same inputs.",
        "advice": "Leave that operator in float, or choose another engine or backend.",
    },
    "rule.capture_differs": {
        "text": "Capture changes the model",
        "what": "The captured and prepared model computes something different from the original, before anything is "
        "rounded.",
        "advice": "Use modules (nn.Dropout, nn.BatchNorm2d) for what depends on the mode, and look at the settings of "
        "the operator named.",
    },
    "rule.not_repeatable": {
        "text": "Equal calls differ",
        "what": "Two calls with the same inputs give different outputs.",
        "advice": "Switch the model to eval mode, and draw no random numbers in forward().",
    },
    "rule.state_lost": {
        "text": "State lost",
        "what": "The original model keeps something from call to call, which the converted one does not.",
        "advice": "Pass the state in as an input and return it as an output.",
    },
    "rule.state_left": {
        "text": "State left by calibration",
        "what": "The converted model goes on from a state that calibration left in its attributes.",
        "advice": "Reset the state after calibration.",
    },
    "rule.buffer_frozen": {
        "text": "Buffer became a constant",
        "what": "forward() updates a buffer or parameter, and the captured or converted model reads a constant in its "
        "place.",
        "advice": "Pass the state in as an input and return it as an output.",
    },
    "rule.observing_in_eval": {
        "text": "Observing in eval mode",
        "what": "Fake-quants keep observing in a graph that is in eval mode, so evaluation moves their ranges.",
        "advice": "Call model.apply(torch.ao.quantization.disable_observer) before the model is evaluated.",
    },
    "rule.weight_not_folded": {
        "text": "Weight quantized at each call",
        "what": "A quantized weight is computed from the input, so it cannot be stored as integers.",
        "advice": "Leave the operator in float, or compute its weight from parameters alone.",
    },
    "buffer_frozen.traced": {
        "message": "forward() updates {name}, and the captured graph lacks the update[[: {subject} "
        "{subject:reads/read} what the trace left in it]]",
        "reason": "torch.fx wrote into it once, while it traced forward(), and recorded no operator for that",
        "hint": "Pass {name} in as an input and return it as an output of forward().",
    },
    "buffer_frozen.computed": {
        "message": "forward() updates {name}, and {subject} {subject:holds/hold} what was computed from it "
        "while torch.fx traced",
        "reason": "torch.fx runs what reads no input while it traces and keeps the result as a constant; a trace with "
        "another value in it has another constant there",
        "hint": "Pass {name} in as an input and return it as an output of forward().",
    },
    "buffer_frozen.folded": {
        "message": "forward() updates {name}, and the converted model holds a constant in its place[[: see {subject}]]",
        "reason": "the quantizer annotates an operator that reads it, and convert_pt2e folds the quantize of "
        "it as if it were a weight, so the model computes with the value that it had then",
        "hint": "Leave the operators that read {name} in float, or pass it in as an input and return it as an output "
        "of forward().",
    },
    "observing_in_eval": {
        "message": "the ranges of {count:fake-quant|fake-quants} still move in eval mode: {subject}",
        "reason": "observer_enabled is 1 and the graph is in eval mode, so each batch that it is evaluated on "
        "changes scale and zero point",
        "hint": "Call model.apply(torch.ao.quantization.disable_observer) before the model is evaluated.",
    },
    "weight_not_folded": {
        "message": "the weight of {subject} depends on {source}, so each call quantizes it anew",
        "reason": "convert_pt2e turns a weight into integers only where all that it is computed from is constant; "
        "kernels for integers take constant weights, and the scale is that of the calibration data",
        "hint": "Leave {subject} in float, or compute its weight from parameters alone.",
    },
    "capture_differs.training": {
        "message": "{subject} {subject:drops/drop} values at random in the converted model: training=True is baked in",
        "reason": "the graph was captured in training mode, and neither eval() nor convert changes a constant[[; two "
        "equal calls keep {db:db} of each other]]",
        "hint": "Use nn.Dropout, which eval() switches off, in place of F.dropout(training=self.training), or switch "
        "the model to eval mode before it is captured or converted.",
    },
    "capture_differs.training_in_hand": {
        "message": "{subject} {subject:drops/drop} values at random in the converted model: training=True is baked in",
        "reason": "the graph was captured in training mode, and neither prepare_pt2e nor convert_pt2e changes a "
        "constant[[; two equal calls keep {db:db} of each other]]",
        "hint": "Switch the model to eval mode before it is captured, or call "
        "torch.ao.quantization.move_exported_model_to_eval(graph) before prepare_pt2e.",
    },
    "capture_differs.backward": {
        "message": "no gradient passes {subject} in training: the captured graph lacks the backward() of the "
        "autograd.Function",
        "reason": "strict capture puts the forward() of a torch.autograd.Function under torch.no_grad() and leaves its "
        "backward() out, so that the layers before it are not trained",
        "hint": "Compute it in forward() itself, with torch's operators; x + (f(x) - x).detach() passes the gradient "
        "through f.",
    },
    "capture_differs.drops_in_eval": {
        "message": "{subject} {subject:drops/drop} values at random in eval mode, in the original model, too",
        "reason": "its training argument is True, as F.dropout has it where a call leaves it out[[; two equal calls of "
        "the converted model keep {db:db} of each other]]",
        "hint": "Write F.dropout(x, p, training=self.training), or use nn.Dropout, which eval() switches off; nothing "
        "to do if you mean it to drop.",
    },
    "capture_differs.drops_in_original": {
        "message": "the original model drops values at random at {subject} in eval mode, but the converted one "
        "does not",
        "reason": "the training argument is True, as F.dropout has it where a call leaves it out; torch's quantized "
        "dropout hands on all values",
        "hint": "Write F.dropout(x, p, training=self.training), or use nn.Dropout, which eval() switches off.",
    },
    "capture_differs.setting": {
        "message": "{subject} {subject:has/have} the eps {eps:number} in the converted model, but {was:number} in the "
        "original",
        "reason": "torch rewrites batch norms to the default settings when it moves an exported model to eval "
        "mode[[; the prepared model keeps {db:db} of the original]]",
        "hint": "Give the batch norm the default eps (1e-5) before training, or export in eval mode and train without "
        "the batch norm.",
    },
    "capture_differs.fused_at_every_call": {
        "message": "{subject} {subject:runs/run} {taken:all}, too, which the model does not have there",
        "reason": "{module} is called {calls} times; torch fuses it with what follows one call, and every other call "
        "runs the fused module[[; the prepared model keeps {db:db} of the original]]",
        "hint": "Give each call a module of its own, a copy.deepcopy of {module}.",
    },
    "capture_differs.values": {
        "message": "{subject} gives other values once the model is captured: the outputs keep {db:db}",
        "reason": "the module [['{module}' ]]and the prepared model, with every quantizer off, agree before it, and "
        "not after it[[ ({own_db:db})]]",
        "hint": "Compare the settings of this operator with those of the original module, and look for what depends on "
        "training mode, on the inputs' values, or on arguments left out.",
    },
    "capture_differs.replaced_module": {
        "message": "{subject} computes something else after prepare, before anything is rounded: the outputs keep "
        "{db:db}",
        "reason": "prepare replaces the {was} '{module}' by a {now}, which gives other values for the same input"
        "[[ ({own_db:db})]]",
        "hint": "Leave it in float: set its qconfig to None, with a DeQuantStub before and a QuantStub after it.",
    },
    "capture_differs.replaced_attention": {
        "message": "{subject} computes something else after prepare, before anything is rounded: the outputs keep "
        "{db:db}",
        "reason": "prepare replaces the {was} '{module}' by a {now}, and that mixes up the attention heads with "
        "{settings} in torch 2.8[[ ({own_db:db})]]",
        "hint": "Create it with batch_first=False, and call it with (sequence, batch, features): "
        "x.transpose(0, 1) before it and after it.",
    },
    "capture_differs.outputs": {
        "message": "captured and prepared, the model keeps {db:db} of the original's outputs, with every quantizer off",
        "reason": "no output of a single module shows where they part",
        "hint": "Look for functions in forward() that depend on training mode, on values, or on arguments left out.",
    },
    "capture_differs.own_call": {
        "message": "captured and prepared, the model keeps {db:db} of the original's outputs, with every quantizer off",
        "reason": "{types} {types:overrides/override} __call__(), and capture follows forward() alone",
        "hint": "Move what __call__() does into forward(), or do it outside the model.",
    },
    "capture_differs.own_hooks": {
        "message": "captured and prepared, the model keeps {db:db} of the original's outputs, with every quantizer off",
        "reason": "a forward hook is registered on the model itself, and capture follows forward() alone",
        "hint": "Write what the hook computes into forward(), or do it outside the model.",
    },
    "not_repeatable.converted": {
        "message": "two equal calls of the converted model differ[[: they keep {db:db} of each other]]",
        "reason": "the original gives the same twice[[; {subject} {subject:draws/draw} random numbers]]",
        "hint": "Switch the model to eval mode before it is captured, and draw no random numbers in forward().",
    },
    "not_repeatable.both": {
        "message": "two equal calls of the model differ, before quantization and after it",
        "reason": "forward() draws random numbers in eval mode, too[[: {subject}]]; all models that are compared here "
        "get the same ones",
        "hint": "Measured figures hold for these random numbers only.",
    },
    "not_repeatable.original": {
        "message": "two equal calls of the original model differ, but those of the converted one do not",
        "reason": "forward() draws random numbers in eval mode; the graph has none",
        "hint": "Measured figures hold for one draw only: take the random numbers out of forward(), or pass them in.",
    },
    "state_lost": {
        "message": "the second call of the converted model departs from the original: {db:db} after {first_db:db}",
        "reason": "the original keeps something from call to call that the converted model does not",
        "hint": "Pass the state in as an input and return it as an output of forward().",
    },
    "state_lost.buffers": {
        "message": "the second call of the converted model departs from the original: {db:db} after {first_db:db}",
        "reason": "the original changes {buffers} in forward(), and the converted model does not as it should",
        "hint": "Pass the state in as an input and return it as an output of forward().",
    },
    "state_lost.attributes": {
        "message": "the converted model does not keep {attributes} from call to call: a second call keeps {db:db} of "
        "the original's outputs, a first one {first_db:db}",
        "reason": "the captured graph is that of one call: it neither reads nor sets attributes",
        "hint": "Pass the state in as an input and return it as an output of forward().",
    },
    "state_left": {
        "message": "the converted model goes on from the {attributes} that calibration or training left in it",
        "reason": "forward() keeps {attributes:it/them} from call to call, and convert takes over what the last batch "
        "left: its first outputs differ from those of a model at its start, from which qviz measures",
        "hint": "Reset {attributes:it/them} after calibration, as it is in a new model.",
    },
    "state_left.stops": {
        "message": "the converted model does not run with the {attributes} that calibration or training left in it",
        "reason": "forward() keeps {attributes:it/them} from call to call; what the model with observers kept last "
        "stops the converted model: {type}: {text}",
        "hint": "Reset {attributes:it/them} after calibration, as it is in a new model; from there the converted model "
        "runs.",
    },
    "kernel_differs.given_equal_inputs": {
        "message": "{subject} {subject:computes/compute} other values than in float",
        "reason": f"{_GIVEN_EQUAL}{_BY}{_LEAVES}; a kernel that rounds correctly is off by half a step at most",
        "hint": "Leave {subject:it/them} in float (qconfig None), or try another engine: torch's kernel does not take "
        "a setting of {subject:it/them}, or miscomputes {subject:it/them} on this machine.",
    },
    "kernel_differs.lost_write": {
        "message": "what {writer} {writer:writes/write} in place is lost: {reader} {reader:reads/read} a copy",
        "reason": "convert put a dequantize of its own in front of each reader, so the write goes into one copy and "
        f"{{reader}} {{reader:gets/get}} another: {_GIVEN_EQUAL}{_BY}{_LEAVES}",
        "hint": "Write out of place: put the parts together with torch.cat or torch.where, and use mul or add instead "
        "of mul_ or add_.",
    },
    "kernel_differs.dropped_write": {
        "message": "convert removes {writers}, which {writers:writes/write} into what {reader} {reader:reads/read}",
        "reason": "nothing takes the result of {writers}, so it counts as dead code, though it changes a tensor in "
        f"place: {_GIVEN_EQUAL}{_BY}{_LEAVES}",
        "hint": "Use what the write gives, or compute it out of place; pass a state in as an input and return it as "
        "an output.",
    },
    "kernel_differs.hooks_lost": {
        "message": "{subject} {subject:has/have} lost {subject:its/their} hooks, which change the result",
        "reason": "a forward hook or a forward pre-hook is registered on {subject:the module/the modules}, and the "
        f"quantized module that convert puts there has none: {_GIVEN_EQUAL}{_BY}{_LEAVES}",
        "hint": "Write what the hook computes into forward(), or register it again on the converted module.",
    },
    "kernel_differs.weight_by_hook": {
        "message": "{subject} {subject:computes/compute} with a weight from before",
        "reason": "a hook of torch.nn.utils.{hook} computes the weight at every call, and convert quantizes the one "
        f"that the last call left in the attribute: {_GIVEN_EQUAL}{_BY}{_LEAVES}",
        "hint": "Make the weight permanent before quantizing: torch.nn.utils.remove_weight_norm(layer), "
        "remove_spectral_norm(layer), or prune.remove(layer, 'weight'); or call the model once before.",
    },
    "kernel_differs.read_as_bytes": {
        "message": "{subject} {subject:gives/give} half of {subject:its/their} columns or less",
        "reason": "the weight is packed in 4 bits, and quantize_dynamic of torch 2.8 makes an Embedding that reads "
        "bytes",
        "hint": "Use the flow fx-weight-only, an EmbeddingBag, or the weight dtype quint8.",
    },
    "kernel_differs.type_test": {
        "message": "forward() takes another path with the quantized layers: “{test}” has another answer",
        "reason": "line {line} of {file} asks for a type, and the path parts there from that of the float model: "
        "convert puts modules of other classes in the place of the layers",
        "hint": "Ask in __init__() and keep the answer in an attribute, which conversion leaves as it is.",
    },
    "kernel_differs.bag_sums": {
        "message": "{subject} computes sums, but the float EmbeddingBag has the mode '{mode}'",
        "reason": f"torch's quantized EmbeddingBag adds the rows of each bag, whatever the mode: {_GIVEN_EQUAL}{_BY}"
        f"{_LEAVES}",
        "hint": "Leave {subject:it/them} in float, or divide the sums by the lengths of the bags yourself.",
    },
    "kernel_differs.arguments_dropped": {
        "message": "{subject} {subject:computes/compute} without {arguments:all} of {function}",
        "reason": "convert puts {kernel} in its place, which does not take {arguments:it/them}: "
        f"{_GIVEN_EQUAL}{_BY}{_LEAVES}",
        "hint": "Write it without {arguments:that argument/those arguments}, as in x + a * y for "
        "torch.add(x, y, alpha=a), or leave it in float.",
    },
    "kernel_differs.setting_dropped": {
        "message": "{subject} {subject:computes/compute} without {setting}",
        "reason": f"torch's quantized module does not have {{setting}}, which the float one has: {_GIVEN_EQUAL}{_BY}"
        f"{_LEAVES}",
        "hint": "Leave {subject:it/them} in float (qconfig None).",
    },
    "kernel_differs.slopes_below_one": {
        "message": "{subject} {subject:scales/scale} positive values, by {largest:number} instead of 1",
        "reason": "quantized::prelu of torch 2.8 multiplies positive values by 1 in the quantization of the slopes, "
        f"which ends at {{largest:number}}: {_GIVEN_EQUAL}{_BY}{_LEAVES}",
        "hint": "Add a rule for torch.nn.PReLU whose weight observer reaches 1: "
        "FixedQParamsObserver.with_args(scale=1 / 255, zero_point=0, dtype=torch.quint8), for slopes from 0 to 1.",
    },
    "kernel_differs.overflow": {
        "message": "{subject} {subject:overflows/overflow} on this machine",
        "reason": "without VNNI instructions, kernels of the engine {engine} add two products in 16 bits, which "
        f"saturates for activations above 127: {_GIVEN_EQUAL}{_BY}{_LEAVES}; on a processor with VNNI the result is "
        "right",
        "hint": "Use 7 bits for activations (reduce_range=True, as in get_default_qconfig_mapping('x86')), or the "
        "engine qnnpack. Outputs of Sigmoid, Tanh and Softmax keep 8 bits in every mapping: use qnnpack, or leave what "
        "reads them in float.",
    },
    "kernel_differs.scale_of_input": {
        "message": "{subject} {subject:gives its/give their} result with the scale of an input, which clips "
        "{wrong:percent} of the values",
        "reason": "no observer watches what {subject} {subject:gives/give}, so torch takes scale and zero point of the "
        f"first input: {_GIVEN_EQUAL}{_BY}{_LEAVES}",
        "hint": "Use FloatFunctional for it, which prepare observes, or dequantize before it.",
    },
    "kernel_differs.scale_of_other_call": {
        "message": "{subject} {subject:rounds/round} with the scale of another call",
        "reason": "the converted module has one scale for all its calls, and another one was asked for here: "
        f"{_GIVEN_EQUAL}{_BY}{_LEAVES}",
        "hint": "Use a separate module for each call.",
    },
    "kernel_differs.slightly": {
        "message": "{subject} {subject:rounds/round} slightly differently than asked",
        "reason": f"{_GIVEN_EQUAL}{_BY}{_LEAVES}; a kernel that rounds correctly is off by half a step at most",
        "hint": "Some kernels choose a scale of their own, or round in between; leave {subject:it/them} in float if "
        "that costs too much.",
    },
}
