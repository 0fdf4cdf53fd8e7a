"""English: findings about batch norms and fusion. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry


def _left(reason: str, hint: str) -> Entry:
    return {
        "message": "the batch norm {subject} was not folded[[ and runs in {precision}]]",
        "reason": reason,
        "hint": hint,
    }


def _unfused(reason: str, hint: str) -> Entry:
    return {"message": "{subject} was not fused into {producer}", "reason": reason, "hint": hint}


def _folded(use: str, extra: str = "") -> Entry:
    return {
        "message": _CHANGES + use + _DIFFERS + extra,
        "reason": "torch 2.8 folds a batch norm into the convolution before it without checking what else uses it",
        "hint": "Give the other use its own convolution, or put an operator such as clone() before the batch norm.",
    }


_CHANGES = "{function} changes what the model computes: it folds {pairs:all}, although "
_DIFFERS = (
    "; the prepared graph differs from the captured graph by up to {difference:number}, where values reach "
    "{largest:number}"
)
_READ = "others also read the output of the convolution"
_CALLED = "others also call the module of the convolution"
_FRESH = "; trained statistics will differ more"
_SHARED = "batch_norm_folded_into_shared_convolution"

STATEMENTS: dict[str, Entry] = {
    "capture_differs.hooks_fused": {
        "message": "the {hooks:all} of {subject} {hooks:is/are} lost with fusion, or {hooks:gets/get} another tensor",
        "reason": "torch makes one module of {fused:all}: no call is left that gives what '{module}' gave alone"
        "[[; the prepared model keeps {db:db} of the original]]",
        "hint": "Write what the hook computes into forward(); if it only reads, register it after conversion.",
    },
    "batch_norm_left.nothing_before": _left(
        "no convolution or linear stands right before it, so it has nothing to fold into",
        "Leave it as it is: it runs as a separate operator.",
    ),
    "batch_norm_left.second_in_a_row": _left(
        "it is the second in a row, after {producer}, and torch folds only one into a convolution",
        "Merge the two, or remove the second: together they are one scale and one shift.",
    ),
    "batch_norm_left.read_elsewhere": _left(
        "{readers} also {readers:reads/read} the output of {producer}, and would get it normalized",
        "Give the other reader its own convolution, or let it read the output of the batch norm.",
    ),
    "batch_norm_left.called_several_times": _left(
        "{module} is called several times, and fusing it would replace it at every call",
        "Use a separate module for each call.",
    ),
    "batch_norm_left.exact_type": _left(
        "it is of the class {type}, and patterns to fuse list {base} by its exact type",
        "If {type} computes the same as {base}, give it that class before quantizing: "
        "module.__class__ = torch.nn.{base}; otherwise fold it into {producer} yourself, as "
        "torch.nn.utils.fusion.fuse_conv_bn_weights computes it.",
    ),
    "batch_norm_left.not_listed": _left(
        "the fuse list does not join it with {producer}",
        "Add both to the fuse list, or remove the list: then it is derived from the model.",
    ),
    "batch_norm_left.operator_between": _left(
        "{between} {between:stands/stand} between {producer} and it, and a pattern joins only what follows directly",
        "Take {between} out of forward(), or put {between:it/them} after the batch norm: in eval mode "
        "{between:it hands/they hand} values on unchanged.",
    ),
    "batch_norm_left.function": _left(
        "torch fuses modules alone, and at least one of {producer} and this batch norm is not a module",
        "Call both as modules, as in self.norm(self.conv(x)) with nn.Conv2d and nn.BatchNorm2d.",
    ),
    "batch_norm_left.no_pattern": _left(
        "this flow does not list the pattern of {operator} and batch norm",
        "Fold it with torch.nn.utils.fusion.fuse_linear_bn_eval before quantizing.",
    ),
    "batch_norm_left.padding": _left(
        "the padding of {producer} is a string (aten.{operator}.padding), and the patterns for training list "
        "aten.{operator}.default",
        "Give the padding as numbers.",
    ),
    "batch_norm_left.taken_with_relu": _left(
        "torch fuses it with the relu behind it, and has no pattern of {producer}, batch norm, and relu together",
        "Leave it as it is, or fold it before quantizing: torch.nn.utils.fusion.fuse_conv_bn_eval(conv, norm), with "
        "transpose=True for a transposed convolution.",
    ),
    "batch_norm_left.flow_folded_nothing": _left(
        "it follows {producer}, but the flow folded nothing there",
        "Check that both are modules in eval mode, next to each other, with the same qconfig or annotation.",
    ),
    "batch_norm_in_training": {
        "message": "{subject} {subject:is/are} in training mode and {subject:normalizes/normalize} by the batch",
        "reason": "training is True, so each result depends on the rest of its batch, and the statistics keep changing",
        "hint": "Call move_exported_model_to_eval (PT2E) or model.eval() before convert; export models in eval mode.",
    },
    "fusible_but_unfused.read_elsewhere": _unfused(
        "{readers} also {readers:reads/read} the output of {host}, and {readers:needs/need} it without the relu",
        "Let the other reader read the output of the relu, if the model allows it.",
    ),
    "fusible_but_unfused.behind_batch_norm": _unfused(
        "torch fuses a linear with the batch norm behind it, {norm}, and has no pattern of both with a relu",
        "Nothing to do: the relu is an operator of its own on integers.",
    ),
    "fusible_but_unfused.no_pattern": _unfused(
        "no fusion pattern of the backend has {operator}; there are patterns for torch.nn.ReLU and "
        "torch.nn.functional.relu",
        "Use nn.ReLU or torch.nn.functional.relu instead.",
    ),
    "fusible_but_unfused.called_several_times": _unfused(
        "{module} is called {calls} times; fused into one convolution, it would be missing at the other calls",
        "Use a separate module for each call.",
    ),
    "fusible_but_unfused.not_one_pattern": _unfused(
        "the flow did not match them as one pattern: they are not in the fuse list, or their qconfigs differ",
        "Add both to the fuse list, and give both the same qconfig.",
    ),
    "fusible_but_unfused.not_one_qconfig": _unfused(
        "the flow did not match them as one pattern: their qconfigs differ, or something stands between them",
        "Give both the same qconfig, and let the relu read the operator directly.",
    ),
    "fusible_but_unfused.not_listed": _unfused(
        "no fusion pattern of the backend configuration has {operator} right after {other}",
        "Add a BackendPatternConfig of both with a fuser method, as torch's own configurations have it.",
    ),
    "fusible_but_unfused.not_annotated": _unfused(
        "the quantizer annotated {producer} alone and not the relu, so a cast stands between them",
        "Annotate both as one pattern: the inputs of {producer}, and the output of the relu.",
    ),
    "fusible_but_unfused.not_one_annotation": _unfused(
        "the quantizer annotated each for itself, not both as one pattern, so a cast stands between them",
        "Let one rule of the quantizer cover both, such as set_global, and let the relu read the operator directly.",
    ),
    "fusible_but_unfused.parameter_taken": _unfused(
        "{producer} shares a parameter with {readers}, and XNNPACKQuantizer takes a pattern only where none of its "
        "nodes is annotated, parameters included: the second reader is annotated apart from its relu",
        "Give each call a layer of its own before export, a copy.deepcopy of the shared one.",
    ),
    "batch_norm.into": {"text": "{subject} into {producer}"},
    f"{_SHARED}.read_elsewhere": _folded(_READ),
    f"{_SHARED}.read_elsewhere_fresh": _folded(_READ, _FRESH),
    f"{_SHARED}.called_elsewhere": _folded(_CALLED),
    f"{_SHARED}.called_elsewhere_fresh": _folded(_CALLED, _FRESH),
}
