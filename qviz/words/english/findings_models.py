"""English: findings from running models side by side. Parts of an entry: message, reason, hint; of a rule: as there."""

from __future__ import annotations

from qviz.words.language import Entry

_GIVEN_EQUAL = "fed with the same inputs, [[{worst} is the worst of them: ]]{wrong:percent} of its elements are off"
_BY = "[[ by up to {steps:number} steps of the output]][[ by up to {relative:percent} of the largest value]]"
_LEAVES = "[[, which leaves {db:db}]][[; the outputs keep {output_db:db} of what rounding alone would give]]"

STATEMENTS: dict[str, Entry] = {
    "rule.kernel_differs": {
        "text": "A kernel differs",
        "what": "An operator of the converted model computes something else than in float, fed with the same inputs.",
        "advice": "Leave that operator in float, or choose another engine or backend.",
    },
    "kernel_differs.given_equal_inputs": {
        "message": "{subject} {subject:computes/compute} other values than in float",
        "reason": f"{_GIVEN_EQUAL}{_BY}{_LEAVES}; a kernel that rounds right is off by half a step",
        "hint": "Leave {subject:it/them} in float (qconfig None), or try another engine: torch's kernel on this "
        "machine miscomputes {subject:it/them}.",
    },
    "kernel_differs.lost_write": {
        "message": "what {writer} {writer:writes/write} in place is lost: {reader} {reader:reads/read} a copy",
        "reason": "convert put a dequantize of its own in front of each reader, so the write goes into one copy and "
        f"{{reader}} {{reader:gets/get}} another: {_GIVEN_EQUAL}{_BY}{_LEAVES}",
        "hint": "Write out of place: put the parts together with torch.cat or torch.where, and use mul or add instead "
        "of mul_ or add_.",
    },
    "kernel_differs.bag_sums": {
        "message": "{subject} computes sums, but the float EmbeddingBag has the mode '{mode}'",
        "reason": f"torch's quantized EmbeddingBag adds the rows of each bag, whatever the mode: {_GIVEN_EQUAL}{_BY}"
        f"{_LEAVES}",
        "hint": "Leave {subject:it/them} in float, or divide the sums by the lengths of the bags yourself.",
    },
    "kernel_differs.overflow": {
        "message": "{subject} {subject:overflows/overflow} on this machine",
        "reason": "without VNNI instructions, kernels of the engine {engine} add two products in 16 bits, which "
        f"saturates for activations above 127: {_GIVEN_EQUAL}{_BY}{_LEAVES}; on a processor with VNNI the result is "
        "right",
        "hint": "Use 7 bits for activations (reduce_range=True, as the engine's own qconfig does), or another engine.",
    },
    "kernel_differs.scale_of_input": {
        "message": "{subject} {subject:gives its/give their} result with the scale of an input, which clips "
        "{wrong:percent} of the values",
        "reason": "no observer watches what {subject} {subject:gives/give}, so torch takes scale and zero point of the "
        f"first input: {_GIVEN_EQUAL}{_BY}{_LEAVES}",
        "hint": "Use FloatFunctional for it, which prepare observes, or dequantize before it.",
    },
    "kernel_differs.slightly": {
        "message": "{subject} {subject:rounds/round} otherwise than asked, by little",
        "reason": f"{_GIVEN_EQUAL}{_BY}{_LEAVES}; a kernel that rounds right is off by half a step",
        "hint": "Some kernels choose a scale of their own, or round in between; leave {subject:it/them} in float if "
        "that costs too much.",
    },
}
