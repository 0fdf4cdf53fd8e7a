"""English: findings about how a run was set up. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry


def _no_effect(reason: str, hint: str) -> Entry:
    return {"message": "{rule} has no effect", "reason": reason, "hint": hint}


def _no_module(reason: str, hint: str) -> Entry:
    return {"message": "the rule for '{target}' matches no module", "reason": reason, "hint": hint}


_DID_YOU_MEAN = "Did you mean {near}?"
_NAME_IT = "Name it as named_modules() does."
_OUTLINE = "Look for the module in the outline."

STATEMENTS: dict[str, Entry] = {
    "applied_twice": {
        "message": "the model was already prepared or quantized: it has {found}",
        "reason": "torch may prepare such a model without a warning: it observes the observers, leaves quantized "
        "parts as "
        "they are, or stops when it traces an observer",
        "hint": "Give the float model, or use qviz.snapshot to see graphs that are already prepared or converted.",
    },
    "applied_twice.observers": {
        "message": "the graph was prepared twice: {subject} {subject:observes/observe} what another observer gives",
        "reason": "prepare does not refuse a graph that it prepared before: it puts observers behind the observers, "
        "also at weights, of which no annotation asks for two",
        "hint": "Call prepare once, on the captured graph.",
    },
    "mode_changed.to_eval": {
        "message": "the model was in training mode, but the flow ran in eval mode",
        "reason": "batch norms are folded with their running statistics, which needs eval mode",
        "hint": "Call model.eval() before quantizing in your own code.",
    },
    "mode_changed.to_eval_dropout": {
        "message": "the model was in training mode, but the flow ran in eval mode",
        "reason": "dropout is off in eval mode, as it will be when the model is used",
        "hint": "Call model.eval() before quantizing in your own code.",
    },
    "mode_changed.to_eval_only": {
        "message": "the model was in training mode, but the flow ran in eval mode",
        "reason": "the model is quantized as it will be used; it has neither batch norms nor dropout",
        "hint": "Call model.eval() before quantizing in your own code.",
    },
    "mode_changed.to_training": {
        "message": "the model was in eval mode, but the flow ran in training mode",
        "reason": "quantization-aware training learns the ranges in training mode; convert runs in eval mode again",
        "hint": "Call model.train() before quantizing in your own code.",
    },
    "rule.mode_kept": {
        "text": "Mode cannot be changed",
        "what": "Modules stay in training or eval mode, because their class overrides train() or eval(), or because "
        "they were exported in training mode.",
        "advice": "Call super().train(mode) in train(), and return self; export in eval mode.",
    },
    "mode_kept.training": {
        "message": "{modules} {modules:stays/stay} in training mode when eval() is called",
        "reason": "{types} {types:overrides/override} train() or eval(); in training mode batch norms normalize by the "
        "batch and cannot be folded, and dropouts drop",
        "hint": "Call super().train(mode) in train() and return self, or set module.training = False for each of "
        "model.modules() before quantizing.",
    },
    "mode_kept.eval": {
        "message": "{modules} {modules:stays/stay} in eval mode when train() is called",
        "reason": "{types} {types:overrides/override} train() or eval(); quantization-aware training of torch takes a "
        "model in training mode",
        "hint": "Call super().train(mode) in train() and return self, or choose a static flow.",
    },
    "mode_kept.frozen": {
        "message": "{modules} {modules:stays/stay} in eval mode when train() is called",
        "reason": "{types} {types:overrides/override} train() or eval(); torch fuses no batch norm in eval mode with a "
        "convolution in training mode",
        "hint": "Leave train() as torch has it; in eager and FX flows, freeze batch norms after prepare: "
        "model.apply(torch.ao.nn.intrinsic.qat.freeze_bn_stats).",
    },
    "mode_kept.exported_norms": {
        "message": "{subject} {subject:normalizes/normalize} by the batch: the graph was exported in training mode",
        "reason": "train() and eval() cannot switch an exported graph; prepare_pt2e folds a batch norm behind a "
        "convolution with its running statistics all the same, and any other one goes on normalizing by the batch",
        "hint": "Call model.eval() before torch.export.export; or choose quantization-aware training, which takes a "
        "graph in training mode.",
    },
    "made_ready": {
        "message": "qviz works on a copy of the model: {steps:clauses}",
        "reason": "torch quantizes float32 modules on the CPU, and captures what a model is, not what it is wrapped in",
        "hint": "Your model stays as it is; the Python of this run has the same lines for your own code.",
    },
    "made_ready.float32": {"text": "float32 instead of {dtypes:all}"},
    "made_ready.on_cpu": {"text": "on the CPU instead of {devices:all}"},
    "made_ready.unwrapped": {"text": "taken out of {wrappers:all}"},
    "made_ready.unwrapped_inside": {"text": "{path} taken out of {wrappers:all}"},
    "made_ready.not_compiled": {"text": "torch.compile taken off {names}"},
    "made_ready.traced_through_compile": {"text": "{names} traced without torch.compile"},
    "made_ready.float32_inputs": {"text": "inputs in float32 instead of {dtypes:all}"},
    "made_ready.own_forward": {"text": "forward() of the instance made that of its class, which torch.fx traces"},
    "made_ready.built": {"text": "lazy parameters of {names} built by one run of the example inputs"},
    "made_ready.normal_tensors": {"text": "tensors made in inference mode replaced by normal ones"},
    "made_ready.detached": {"text": "{names} detached from autograd"},
    "made_ready.defaults": {"text": "{names}, which the inputs leave out, fixed to {names:its default/their defaults}"},
    "made_ready.empty": {"text": "{names}, which the inputs do not fill, left empty"},
    "made_ready.by_name": {"text": "{names} taken by {names:its name/their names} instead of {variadic}"},
    "made_ready.constants": {"text": "{names} fixed to {names:its value/their values} in the inputs"},
    "made_ready.first_of": {"text": "taken from a tuple that holds {others:all}, too"},
    "made_ready.first_two_of": {"text": "model and inputs taken from a tuple of {count} values"},
    "made_ready.under_key": {"text": "taken from the key {key} of a checkpoint"},
    "on_fake_tensors": {
        "message": "built on fake tensors: no weight was allocated, nothing was calibrated or measured",
        "reason": "the plan asks for it; graphs, placement and reasons are those of a real run, scales and ranges are "
        "not known",
        "hint": "Run with the weights, on a machine with enough memory, to calibrate and measure.",
        "option": "--fake",
    },
    "rule.hidden_modules": {
        "text": "Modules passed by",
        "what": "The model calls modules that torch passes by: in a plain list or dict, or under a second name.",
        "advice": "Keep them in nn.ModuleList or nn.ModuleDict, and use a separate module for each call.",
    },
    "hidden_modules.eager": {
        "message": "{modules} ({types}) {modules:is not a submodule/are not submodules} of the model, so eager mode "
        "leaves {modules:it/them} in float",
        "reason": "modules in a plain list or dict are not in model.modules(): prepare and convert do not see them, "
        "and their weights are neither in the state dict nor trained",
        "hint": "Keep them in nn.ModuleList or nn.ModuleDict.",
    },
    "hidden_modules.left_behind": {
        "message": "{modules} still {modules:holds the float module/hold the float modules}, and forward() calls "
        "{modules:it/them}",
        "reason": "convert puts quantized modules into the attributes of the model; a plain list or dict keeps the "
        "float ones",
        "hint": "Use nn.ModuleList or nn.ModuleDict in its place, or call the attributes.",
    },
    "hidden_modules.second_name": {
        "message": "{name} ({type}) stays in float: it is a second name of {first}",
        "reason": "convert goes through named_children(), which gives a module only under its first name, {first}; "
        "{name} keeps the float module",
        "hint": "Use a separate module for each call, or call {first} both times.",
    },
    "hidden_modules.others": {
        "message": "{modules} ({types}) {modules:is not a submodule/are not submodules} of the model",
        "reason": "modules in a plain list or dict are not in model.modules(): torch.fx cannot name them, and their "
        "weights are neither in the state dict nor trained",
        "hint": "Keep them in nn.ModuleList or nn.ModuleDict.",
    },
    "rule.own_qconfig": {
        "text": "Qconfig on the model is ignored",
        "what": "The model has qconfig attributes that the flow does not look at, or that fusion lost.",
        "advice": "Say it in the configuration of the flow, or set it after fusion.",
    },
    "own_qconfig.traced": {
        "message": "the {modules:qconfig attribute/qconfig attributes} of {modules} {modules:has/have} no effect",
        "reason": "prepare_fx takes qconfigs from the QConfigMapping alone; only eager mode reads the attribute",
        "hint": "Add a rule by module name to the configuration; without a qconfig it leaves the module in float.",
    },
    "own_qconfig.exported": {
        "message": "the {modules:qconfig attribute/qconfig attributes} of {modules} {modules:has/have} no effect",
        "reason": "a PT2E flow asks its quantizer alone; only eager mode reads the attribute",
        "hint": "Add a rule by module name to the quantizer's options; enabled = false leaves the module in float.",
    },
    "own_qconfig.fused": {
        "message": "the {modules:qconfig/qconfigs} of {modules} {modules:was/were} lost in fusion",
        "reason": "fuse_modules puts a new module around the first one and an Identity in each other place; the new "
        "one takes over no qconfig, so its output is observed as what is around it says",
        "hint": "Set the qconfig after fusion, as a rule by module name does, or take the module out of the fuse list.",
    },
    "rule.calibration_without_effect": {
        "text": "Calibration sets nothing",
        "what": "All observers of a static flow are dynamic ones, so calibration sets no range.",
        "advice": "Use a static qconfig or quantizer configuration, or choose a dynamic flow.",
    },
    "calibration_without_effect": {
        "message": "calibration has no effect: the ranges of activations are computed when the model runs",
        "reason": "the configuration asks for dynamic quantization (is_dynamic=True), for which torch has kernels of "
        "linear and recurrent layers alone; everything else stays in float",
        "hint": "Use a static configuration, such as get_default_qconfig('x86') or, in PT2E, "
        "get_symmetric_quantization_config(is_dynamic=False), or choose a dynamic flow.",
    },
    "rule.observer_alters": {
        "text": "Observer alters values",
        "what": "An observer returns something other than its input.",
        "advice": "Return the input itself from the observer's forward().",
    },
    "observer_alters": {
        "message": "{observer} hands on other values than it is given[[, at {subject}]]",
        "reason": "what stands behind it ran on values that were off by up to {largest}, where the largest input is "
        "{of}: the ranges there belong to these values, while the converted model has no observer that alters anything",
        "hint": "Return the input itself from forward() of {observer}, as torch's observers do, and alter only what "
        "its statistics are made from.",
    },
    "observer_alters.form": {
        "message": "{observer} returns {after} where it is given {before}[[, at {subject}]]",
        "reason": "what stands behind an observer runs on what that returns, and the converted model has no observer "
        "that alters anything",
        "hint": "Return the input itself from forward() of {observer}, as torch's observers do, and alter only what "
        "its statistics are made from.",
    },
    "rule.training_without_effect": {
        "text": "Training changed nothing",
        "what": "Training changed no parameter.",
        "advice": "Make the optimizer in the train function, from the parameters of the model that it receives.",
    },
    "rule.training_diverged": {
        "text": "Training diverged",
        "what": "Training made the weights larger by orders of magnitude.",
        "advice": "Train with a lower learning rate.",
    },
    "rule.training_replaced": {
        "text": "Training replaced layers",
        "what": "The train function put new layers in the place of prepared ones.",
        "advice": "Replace layers before the flow begins, not in the train function.",
    },
    "training_replaced": {
        "message": "the train function put a new {types} in the place of {modules}",
        "reason": "prepare gave the layer that was there its fake-quants; the new one has none, so that training sees "
        "no rounding there, and convert leaves it in float or stops",
        "hint": "Replace layers before the flow begins: after prepare, train the weights and leave the modules as "
        "they are.",
    },
    "training_without_effect": {
        "message": "training computed gradients, but no parameter changed",
        "reason": "the optimizer takes no step, or it holds the parameters of another model: prepare works on a copy",
        "hint": "Make the optimizer in the train function, from model.parameters() of the model that it receives, and "
        "call optimizer.step() after backward().",
    },
    "training_without_effect.no_gradient": {
        "message": "training changed no parameter and computed no gradient",
        "reason": "the train function only ran the model, or every parameter has requires_grad=False: the ranges are "
        "those of a calibration, and the weights have learned nothing of the rounding",
        "hint": "Call backward() and optimizer.step() in the train function, or choose a static flow if you mean to "
        "calibrate.",
    },
    "training_without_effect.untouched": {
        "message": "training left the prepared model as it was: neither a parameter nor a range changed",
        "reason": "the train function ran no batch through the model that it receives, or it trained another one, such "
        "as a copy",
        "hint": "Train the model that the train function receives, in place.",
    },
    "training_without_effect.zero_gradient": {
        "message": "training changed no parameter, and the gradients that it left are zero",
        "reason": "fake-quants whose range is empty, or far from the data, pass no gradient on; "
        "zero_grad(set_to_none=False) after the last backward() leaves zeros as well",
        "hint": "Look at the ranges of the fake-quants first; then call optimizer.step() after every backward().",
    },
    "training_diverged": {
        "message": "training diverged[[: all weights together are {factor:number} times as large as before]]",
        "reason": "weights of a model that learns stay in their order of magnitude; ranges of activations lag behind "
        "such growth, so that they clip",
        "hint": "Lower the learning rate (for quantization-aware training to a tenth or hundredth of that of the float "
        "model), or clip the gradients with torch.nn.utils.clip_grad_norm_.",
    },
    "training_demonstrated": {
        "message": "nothing was trained: one forward pass in training mode stands in for training",
        "reason": "no train function was given",
        "hint": "Give a train function: define train(model) beside the model, or choose one in the configuration.",
        "option": "--train",
    },
    "no_weight_only_linear": {
        "message": "{subject:Linear module stays|Linear modules stay} in float: torch has no Linear with int8 weights "
        "only",
        "reason": "a weight-only flow quantizes embeddings (8 or 4 bits) or Linear in float16",
        "hint": "Choose the weight dtype float16, or the flow fx-dynamic for int8 weights.",
    },
    "rule_passes_fused": {
        "message": "{rule} does not apply to {subject}",
        "reason": "prepare fused {subject:it/them} into {types:all}, and torch does not pass a qconfig of None on to "
        "fused "
        "types",
        "hint": "Add a rule for {types:the object type/each of the object types} {names:all}.",
    },
    "setting_without_effect.batches.own_inputs": {
        "message": "the {count} random batches were not drawn: the run has the example inputs alone",
        "reason": "batches are drawn as the inputs of the plan say, and these inputs stand with the model",
        "hint": "Give the inputs in the plan, such as 1x3x224x224, or give calibration data.",
        "option": "--input, --calibrate",
    },
    "setting_without_effect.batches.data": {
        "message": "the {count} random batches were not drawn: there is calibration data",
        "reason": "random batches stand in for calibration data where there is none",
        "hint": "Nothing to do; or remove random_batches from the plan.",
    },
    "setting_without_effect.batches.fake": {
        "message": "the {count} random batches were not drawn: the model is on fake tensors",
        "reason": "fake tensors hold no numbers, so nothing is calibrated",
        "hint": "Run with the weights to calibrate, or remove random_batches from the plan.",
    },
    "setting_without_effect.rules": {
        "message": "{settings:all} {settings:has/have} no meaning in the flow {flow}",
        "reason": "the rules of FX and eager flows set qconfigs, those of PT2E flows are the quantizer's; only rules "
        "that leave a module in float, by its name or by a type of torch.nn, can be said in both",
        "hint": "Say it in the words of this flow: rules for FX and eager flows, quantizer_options.rules for PT2E "
        "flows; or remove {settings:it/them} from the plan.",
    },
    "setting_without_effect.settings": {
        "message": "the flow {flow} does not take {settings:all}",
        "reason": "the plan sets {settings:it/them}, and the flow runs without {settings:it/them}",
        "hint": "Choose a flow that takes {settings:it/them}, or remove {settings:it/them} from the plan.",
    },
    "setting_without_effect.translated": {
        "message": "{settings:all} {settings:holds/hold} in the flow {flow} as {settings:a rule/rules} of its own kind",
        "reason": "{settings:it was/they were} written for another mode, and {settings:leaves/leave} in float what can "
        "be named in this one, too",
        "hint": "Nothing to do.",
    },
    "rule_matches_nothing.overruled": _no_effect(
        "other rules decide for every node it matches",
        "Use a stronger kind of rule; from weak to strong: global, object_type, module_name_regex, module_name, "
        "module_name_object_type_order; of several patterns, the first match decides.",
    ),
    "rule_matches_nothing.pattern": _no_effect("no module path matches '{target}'", _NAME_IT),
    "rule_matches_nothing.pattern_near": _no_effect("no module path matches '{target}'", _DID_YOU_MEAN),
    "rule_matches_nothing.path": _no_effect("no module has the path '{target}'", _NAME_IT),
    "rule_matches_nothing.path_near": _no_effect("no module has the path '{target}'", _DID_YOU_MEAN),
    "rule_matches_nothing.no_such_call": _no_effect(
        "there is no call {order} of {type}[[ in '{target}']]",
        "Count the calls of a type in a module from 0; calls inside its submodules count there.",
    ),
    "rule_matches_nothing.no_node": _no_effect(
        "no node of the fused graph stands for {module}",
        "Look at the stage Fused: the module was fused into another one, or forward() never calls it.",
    ),
    "rule_matches_nothing.type_without_node": _no_effect(
        "no node of the fused graph is a {target}",
        "Look at the stage Fused: each {target} was fused into another module, or its inside is traced.",
    ),
    "rule_matches_nothing.no_such_type": _no_effect("the model has no {target}", "Choose one of: {types:every}."),
    "rule_matches_nothing.no_such_type_near": _no_effect("the model has no {target}", _DID_YOU_MEAN),
    "rule_matches_nothing.eager_type": _no_module("no module of the model has that type", _OUTLINE),
    "rule_matches_nothing.eager_type_near": _no_module("no module of the model has that type", _DID_YOU_MEAN),
    "rule_matches_nothing.eager_function": _no_module(
        "it is a function, and eager mode replaces modules", "Name the type or the path of a module."
    ),
    "rule_matches_nothing.eager_name": _no_module("no module of the model has that name", _OUTLINE),
    "rule_matches_nothing.eager_fused": {
        "message": "the rule for '{target}' has no effect",
        "reason": "the module was fused into another one, whose qconfig holds for both",
        "hint": "Name the first module of its entry in the fuse list, or take {target} out of the list.",
    },
    "rule_matches_nothing.eager_name_near": _no_module("no module of the model has that name", _DID_YOU_MEAN),
}
