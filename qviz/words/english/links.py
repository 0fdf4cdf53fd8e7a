"""English: links between stages. Parts of an entry: evidence, reason."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {
    "link.same_name": {"evidence": "Same name and operator"},
    "link.operator_changed": {"evidence": "Same name; {after} stands for {before}"},
    "link.kind_changed": {"evidence": "Same name; the {operator} is now: {kind}"},
    "link.operators_absorbed": {"evidence": "{host} keeps its name and takes in {parts:names}"},
    "link.constants_absorbed": {"evidence": "{host} keeps its name and takes in its constants"},
    "link.same_line": {"evidence": "Same source line and function; {target} stands for it"},
    "link.same_line_with_helpers": {
        "evidence": "Same source line and function; {target} stands for it, together with "
        "{helpers:operator|operators} of the same module that no source line of the model calls",
    },
    "link.tensor_quantized": {"evidence": "{cast} quantizes {subject}, which the observer watched"},
    "link.tensor_dequantized": {"evidence": "{cast} dequantizes {subject}, which the observer watched"},
    "link.weight_cast": {"evidence": "{cast} provides the weight {subject}, which the observer watched"},
    "link.scale_in_operator": {"evidence": "{host} runs in low precision and holds the scale itself"},
    "link.no_cast_needed": {
        "evidence": "No cast follows {source}",
        "reason": "{source} passes its input on, in low precision or in float, so no cast is needed after it.",
    },
    "link.constant_behind_cast": {"evidence": "{cast}, which replaces {observer}, reads it"},
    "link.computed_once": {"evidence": "{constants:names} holds the value, computed once and quantized"},
    "link.new_node": {"evidence": "The name is new, and no node of the previous stage corresponds to it"},
    "link.gone.observer": {
        "evidence": "No node of this name or module path is left",
        "reason": "The tensor is quantized by another node, or not at all.",
    },
    "link.gone.constant": {
        "evidence": "No node of this name or module path is left",
        "reason": "The nodes that used it are gone.",
    },
    "link.gone.unused": {
        "evidence": "No node of this name or module path is left",
        "reason": "No node used its result.",
    },
    "link.gone.removed": {
        "evidence": "No node of this name or module path is left",
        "reason": "The next stage does without it.",
    },
    "link.other_result.same_name": {"evidence": "Same name in the other result"},
    "link.other_result.same_place": {"evidence": "Same module path and operator in the other result"},
    "link.other_result.missing": {
        "evidence": "Only this result has it",
        "reason": "The other result has no such node.",
    },
    "link.other_result.added": {"evidence": "Only the other result has it"},
}
