"""English: findings about precision and the graph. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry

_NOTHING_QUANTIZED = "no quantizable operator runs in low precision[[ ({subject:operator|operators})]]"
_NO_DATA = "min is inf and max is −inf, so torch falls back to scale 1 and zero point 0"
_CALIBRATE = "Calibrate with data that reaches every branch of the model."
_FLOAT_GIVEN = (
    "{subject} takes only quantized tensors, but {producer} gives it a float tensor",
    "no quantize stands between them, so torch stops with \"Could not run 'quantized::...' with arguments from the "
    "'CPU' backend\"",
)
_ISLAND = "{operator} stays in float between quantized operators[[ at {places:place|places}]]"
_ISLAND_COSTS = "each float island costs a dequantize and a quantize."
_LEFT_BY_RULE = (
    "{subject} {subject:stays/stay} in float by the rule for {rule:text}"
    "[[, {share:percent} of the multiply-accumulates]]"
)
_KEEP_OR_REMOVE = "Nothing to do if you mean to keep {subject:it/them} in float; otherwise remove that rule."

STATEMENTS: dict[str, Entry] = {
    "and_at": {"message": "{message}; the same at {also:other place|other places}: {also}"},
    "own": {"message": "{message}", "reason": "{reason}", "hint": "{hint}"},
    "own_rule_failed.raised": {
        "message": "the rule {name} of the project raised {type}[[ at {file}:{line}]]",
        "reason": "{text}",
        "hint": "Fix the rule, or remove it from {project}.",
    },
    "own_rule_failed.unreadable": {
        "message": "the rules of the project could not be read[[: {text}]]",
        "reason": "{project} is not valid, so rules it may list did not run",
        "hint": "Fix {project}; rules is a list of texts such as package.module:function in its section [tool.qviz].",
    },
    "own_rule_failed.not_loaded": {
        "message": "the rule {name} of the project could not be loaded[[: {text}]]",
        "reason": "[tool.qviz] in {project} lists it, so the findings of this run are incomplete",
        "hint": "Give it as package.module:function, importable from the folder of {project}.",
    },
    "nothing_quantized.weight_only": {
        "message": _NOTHING_QUANTIZED,
        "reason": "a weight-only flow quantizes embeddings (8 or 4 bits) or Linear in float16, and found none to "
        "quantize",
        "hint": "Choose the weight dtype float16 for Linear, or a dynamic or static flow; 8 and 4 bits are for "
        "embeddings.",
    },
    "nothing_quantized.no_such_module": {
        "message": _NOTHING_QUANTIZED,
        "reason": "this flow replaces only modules of certain types, and the model has none of them",
        "hint": "Use a static flow, which also quantizes convolutions: dynamic quantization takes Linear and recurrent "
        "modules, weight-only quantization takes embeddings.",
    },
    "nothing_quantized.layers": {
        "message": f"{_NOTHING_QUANTIZED}: {{cause}}",
        "reason": "{cause}",
        "hint": "{cause}",
    },
    "nothing_quantized.not_annotated": {
        "message": f"{_NOTHING_QUANTIZED}: {{operators:all}}",
        "reason": "the quantizer annotated none of them, so none has an observer",
        "hint": "Use a quantizer that annotates {operators}, or compare the flows: each backend lists other operators.",
    },
    "nothing_quantized.left_by_rules": {
        "message": _NOTHING_QUANTIZED,
        "reason": "rules of the plan leave all of them in float; without these rules the quantizer annotates them",
        "hint": "Remove the rules with enabled = false, or name fewer modules in them.",
    },
    "nothing_quantized.no_qconfig": {
        "message": _NOTHING_QUANTIZED,
        "reason": "the QConfigMapping gives none of them a qconfig",
        "hint": "Add set_global(qconfig), or set_object_type for what the model uses: modules as torch.nn.Linear, "
        "functions as torch.nn.functional.linear.",
    },
    "nothing_quantized.no_kernel": {
        "message": _NOTHING_QUANTIZED,
        "reason": "they were observed, and convert found no low-precision operator for the dtypes of their observers",
        "hint": "Use observers of dtypes that the backend lists: quint8 for activations, qint8 for weights.",
    },
    "nothing_quantized.not_observed": {
        "message": _NOTHING_QUANTIZED,
        "reason": "no observer was requested for them, or the capture lost what the quantizer needs",
        "hint": "Look at the stage Prepared: an operator without observers was not annotated.",
    },
    "nothing_quantized.partly_observed": {
        "message": _NOTHING_QUANTIZED,
        "reason": "observers stand at only some inputs or at the output of {observed}; an operator runs in low "
        "precision where activation and weight both do",
        "hint": "In the quantizer, annotate the activation and the weight of each in input_qspec_map.",
    },
    "little_quantized": {
        "message": "{low} of {total} quantizable operators {low:runs/run} in low precision",
        "reason": "these stay in float: {operators:all}",
        "hint": "Compare the flows to see which quantizes more of them; the reason of each node says what keeps it in "
        "float.",
    },
    "little_quantized.macs": {
        "message": "{share:percent} of the multiply-accumulates run in low precision ({low} of {total} operators)",
        "reason": "these multiply in float: {operators:all}[[ ({subject})]]",
        "hint": "Compare the flows to see which quantizes more of them; the reason of each node says what keeps it in "
        "float.",
    },
    "little_quantized.other_form": {
        "message": "{low} of {total} quantizable operators {low:runs/run} in low precision",
        "reason": "these stay in float: {called:all}; the backend has a pattern for {forms:all} alone",
        "hint": "Use {forms:all} in place of {called:all} in forward().",
    },
    "little_quantized.macs.other_form": {
        "message": "{share:percent} of the multiply-accumulates run in low precision ({low} of {total} operators)",
        "reason": "these multiply in float: {called:all}[[ ({subject})]]; the backend has a pattern for {forms:all} "
        "alone",
        "hint": "Use {forms:all} in place of {called:all} in forward().",
    },
    "float_island.not_annotated": {
        "message": _ISLAND,
        "reason": "the quantizer did not annotate {operator}",
        "hint": "Nothing to do if this quantizer suits your backend: torch's quantizers list their operators. Where "
        "the layers next to {operator} do little work, leave them in float too: " + _ISLAND_COSTS,
    },
    "float_island.not_annotated_by_own": {
        "message": _ISLAND,
        "reason": "the quantizer did not annotate {operator}",
        "hint": "Annotate {operator} in the quantizer if your backend has a kernel for it, or leave its neighbors in "
        "float too: " + _ISLAND_COSTS,
    },
    "float_island.no_pattern": {
        "message": _ISLAND,
        "reason": "the backend has no pattern for {operator}",
        "hint": "Nothing to do if you mean to keep {operator}: this backend cannot quantize it. Where the layers next "
        "to it do little work, leave them in float too: " + _ISLAND_COSTS,
    },
    "float_island.other_form": {
        "message": _ISLAND,
        "reason": "the backend has no pattern for {called:all}; it has one for {forms}",
        "hint": "Use {forms} in place of {called:all}, and look at what that does to the outputs: it is rounded, too.",
    },
    "float_island.needless_cast": {
        "message": _ISLAND,
        "reason": "it casts to the dtype that its input has, which does nothing, and no pattern has it",
        "hint": "Remove the cast from forward(): each float island costs a dequantize and a quantize.",
    },
    "float_island.between_stubs": {
        "message": _ISLAND,
        "reason": "forward() dequantizes before it and quantizes after it",
        "hint": "Nothing to do where torch has no quantized {operator}; otherwise remove the stubs around it.",
    },
    "float_island.left_out": {
        "message": _ISLAND,
        "reason": "its qconfig is None, so the configuration leaves it in float",
        "hint": "Nothing to do if you mean to keep it in float; otherwise give {operator} a qconfig.",
    },
    "float_island.left_by_rule": {
        "message": _ISLAND,
        "reason": "a rule of the plan leaves it in float; without that rule the quantizer annotates it",
        "hint": "Nothing to do if you mean to keep it in float; otherwise remove the rule that its reason names.",
    },
    "rule.left_by_rule": {
        "text": "Left in float by a rule",
        "what": "A rule of the configuration leaves operators in float that would run in low precision without it.",
        "advice": "Nothing to do if you mean to keep them in float; otherwise remove the rule.",
    },
    "left_by_rule.annotated": {
        "message": _LEFT_BY_RULE,
        "reason": "without that rule the quantizer annotates {subject:it/them}",
        "hint": _KEEP_OR_REMOVE,
    },
    "left_by_rule.qconfig": {
        "message": _LEFT_BY_RULE,
        "reason": "that rule gives {subject:it/them} a qconfig of None",
        "hint": _KEEP_OR_REMOVE,
    },
    "asked_but_float": {
        "message": "{operator} was observed but still runs in float[[ at {places:place|places}]]",
        "reason": "convert found no low-precision operator for it: convert uses a different backend configuration than "
        "prepare, or the backend has no kernel for these dtypes of activation and weight",
        "hint": "Give prepare and convert the same backend_config, and a qconfig with dtypes that this backend lists.",
    },
    "asked_but_float.custom": {
        "message": "{subject} {subject:was/were} observed but still {subject:runs/run} in float: "
        "observed_to_quantized does not name {operator}",
        "reason": "float_to_observed put {operator} there, and convert replaces only the classes that "
        "observed_to_quantized names",
        "hint": "Name {operator} in observed_to_quantized, with a class that has from_observed().",
    },
    "asked_but_float.no_root": {
        "message": "{subject} {subject:was/were} observed but still {subject:runs/run} in float: the backend "
        "configuration names no reference module for {operator}",
        "reason": "convert replaces a module only where its BackendPatternConfig has a root module and the reference "
        "module for it",
        "hint": "Call set_root_module(torch.nn.{operator}) and set_reference_quantized_module("
        "torch.ao.nn.quantized.reference.{operator}) on its BackendPatternConfig; for a fused type, on that of its "
        "first module.",
    },
    "asked_but_float.not_lowered": {
        "message": "{operator} was observed but still runs in float[[ at {places:place|places}]]",
        "reason": "the backend configuration lists {operator}, so prepare observed it, but convert has no "
        "low-precision operator to put in its place",
        "hint": "Leave {operator} in float, by a rule without a qconfig: that saves the rounding around it.",
    },
    "asked_but_float.weight_listed": {
        "message": "{subject} {subject:was/were} observed but still {subject:runs/run} in float: the backend lists no "
        "weights of {weight_dtype:dtype} for {subject:it/them}",
        "reason": "prepare compares the dtypes of activations with those that the backend lists, and convert those of "
        "weights too; for {operators:all} with activations of {activation_dtype:dtype} it lists weights of "
        "{listed:dtype}",
        "hint": "Use a weight observer of {listed:dtype}.",
    },
    "asked_but_float.weight_unlisted": {
        "message": "{subject} {subject:was/were} observed but still {subject:runs/run} in float: convert does not take "
        "the dtypes of {subject:its qconfig/their qconfigs}",
        "reason": "the backend configuration given to convert lists no such dtypes of activation and weight for "
        "{operators:all}[[: activation {activation_dtype:dtype}]][[, weight {weight_dtype:dtype}]]",
        "hint": "Give prepare and convert the same backend_config, and a qconfig with dtypes that this backend lists.",
    },
    "asked_but_float.reference": {
        "message": "{subject} was observed but still runs in float: convert left a reference module",
        "reason": "convert puts a kernel only where the module stands between a dequantize and a quantize",
        "hint": "Leave {subject} and what reads it in float, with a qconfig of None.",
    },
    "asked_but_float.reshape": {
        "message": "{subject} was observed but still runs in float: {reshape} passes on an input of the model in float",
        "reason": "the default qconfig of Tensor.reshape reuses the observer of its input, and the model's input has "
        "none",
        "hint": "Write x.view(...) or torch.reshape(x, ...) for x.reshape(...) at {reshape}, which torch observes.",
    },
    "asked_but_float.parametrized": {
        "message": "{subject} {subject:was/were} observed but still {subject:runs/run} in float: a parametrization "
        "({by:all}) changed {subject:its/their} class",
        "reason": "convert looks up the dtypes of a layer by its exact type, and does not know that of a parametrized "
        "one",
        "hint": "Remove it before quantizing, which keeps the weights: for path, name in {removals}: "
        "torch.nn.utils.parametrize.remove_parametrizations(model.get_submodule(path), name)",
    },
    "float_into_quantized.operator": {
        "message": _FLOAT_GIVEN[0],
        "reason": _FLOAT_GIVEN[1],
        "hint": "Put a QuantStub or a quantize after {producer}.",
    },
    "float_into_quantized.unread": {
        "message": "{subject} takes only quantized tensors, but {producer} gives it a float tensor; nothing reads what "
        "{quantize} made of {producer}",
        "reason": _FLOAT_GIVEN[1],
        "hint": "Pass on the result of {quantize} in forward(), as in x = self.quant(x).",
    },
    "float_into_quantized.model_input": {
        "message": _FLOAT_GIVEN[0],
        "reason": _FLOAT_GIVEN[1],
        "hint": "Put a QuantStub or a quantize after {producer}, or give the model a quantized tensor if "
        "input_quantized_indexes asks for one.",
    },
    "float_into_quantized.idle_stub": {
        "message": _FLOAT_GIVEN[0],
        "reason": "the QuantStub {stub} between them has no qconfig, so convert leaves it as it is, and torch stops "
        "with \"Could not run 'quantized::...' with arguments from the 'CPU' backend\"",
        "hint": "Give {stub} a qconfig: remove the rule that leaves it in float.",
    },
    "dynamic_on_convolutions.left_in_float": {
        "message": "the dynamic flow leaves {subject} in float",
        "reason": "no backend of torch has a dynamically quantized convolution; dynamic quantization takes Linear and "
        "recurrent modules",
        "hint": "Use a static flow (fx-static, pt2e-static), which quantizes convolutions too.",
    },
    "dynamic_on_convolutions.no_kernel": {
        "message": "{subject} {subject:is/are} quantized dynamically, which only costs time",
        "reason": "torch has no kernel for dynamic convolutions: ranges are computed at every call, and the "
        "convolution "
        "runs in float",
        "hint": "Use a static flow, or a quantizer or rule that leaves convolutions in float.",
    },
    "module_used_twice.one_scale": {
        "message": "{module} is called {calls} times",
        "reason": "each call was observed separately, but the converted module has one scale for all of them",
        "hint": "Use a separate module for each call.",
    },
    "dead_branch": {
        "message": "nothing reads the {subject:result/results} of {subject}",
        "reason": "the output does not depend on {subject:it/them}, but torch computes, observes and converts "
        "{subject:it/them} anyway",
        "hint": "Remove {subject:it/them} from forward(), or return the value you meant to return.",
    },
    "wrong_kind_of_graph": {
        "message": "{flow} was given a graph of ATen operators: {subject}",
        "reason": "its patterns are modules and torch functions; none of them matches an exported graph, and torch "
        "does "
        "not report that",
        "hint": "Use a PT2E flow for an exported graph, or give the module that was exported.",
    },
    "never_calibrated.observer": {
        "message": "the {subject:observer/observers} {subject} saw no data",
        "reason": _NO_DATA,
        "hint": _CALIBRATE,
        "option": "--calibrate",
    },
    "never_calibrated.dynamic_flow": {
        "message": "the {subject:observer/observers} {subject} saw no data",
        "reason": "a dynamic flow calibrates nothing, and the configuration has static observers, which keep "
        "scale 1 and zero point 0",
        "hint": "Use a dynamic qconfig, such as default_dynamic_qconfig, or the static flow of the same mode.",
    },
    "never_calibrated.no_batch": {
        "message": "the {subject:observer/observers} {subject} saw no data",
        "reason": "no sample went through the prepared model, so torch falls back to scale 1 and zero point 0",
        "hint": "Calibrate with at least one batch that has samples; an iterator gives its batches only once.",
        "option": "--calibrate",
    },
    "never_calibrated.turned_off": {
        "message": "the {subject:observer/observers} {subject} saw no data: {subject:it is/they are} turned off",
        "reason": "observer_enabled is 0, so no range was learned, and torch falls back to scale 1 and zero point 0",
        "hint": "Call model.apply(torch.ao.quantization.enable_observer) before the first batch, and disable_observer "
        "only when the ranges have settled.",
    },
    "never_calibrated.not_trained": {
        "message": "the {subject:fake-quant/fake-quants} {subject} saw no data",
        "reason": "training ran no batch through the prepared model, so torch falls back to scale 1 and zero point 0",
        "hint": "Call the model on batches in the train function: fake-quants learn their ranges in forward passes.",
    },
    "never_calibrated.scale": {
        "message": "{subject} {subject:has/have} the scale of an observer that saw no data",
        "reason": "scale 1 with zero point 0 is what torch falls back to where nothing was observed",
        "hint": _CALIBRATE,
        "option": "--calibrate",
    },
    "unobserved_input": {
        "message": "{subject} has {inputs:an input/inputs} without an observer: {inputs:all}",
        "reason": "{subject} is to be quantized, but {inputs:this input has/these inputs have} neither an observer "
        "nor a "
        "scale, so {inputs:it stays/they stay} in float or the converted model stops here",
        "hint": "Annotate every activation (input_qspec_map); in eager mode, put a QuantStub after that input; in FX, "
        "see "
        "input_quantized_indexes.",
    },
    "switched_off.fake_quant": {
        "message": "the fake-quant is turned off in {places}",
        "reason": "fake_quant_enabled is 0, so training sees float values there, but convert quantizes them anyway",
        "hint": "Call model.apply(torch.ao.quantization.enable_fake_quant) before training ends.",
    },
    "switched_off.observer": {
        "message": "the observer is turned off in {places}",
        "reason": "observer_enabled is 0, so the range stays fixed, as it should in the last epochs of training",
        "hint": "Call model.apply(torch.ao.quantization.enable_observer) if the range should follow the data.",
    },
}
