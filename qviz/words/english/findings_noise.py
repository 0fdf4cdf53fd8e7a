"""English: findings about the noise at the outputs. Parts of an entry: message, reason, hint; of shares: text."""

from __future__ import annotations

from qviz.words.language import Entry

MEASURED = "[[; measured, the outputs keep {kept_db:db}]][[; measured alone, it leaves the outputs {alone_db:db}]]"
"""Behind the reason of what costs accuracy: what it was measured to cost."""

_MESSAGE = (
    "the output differs from float[[ at {outputs}]]: SQNR {db:db}"
    "[[ by rounding alone, {total_db:db} with what else differs]]"
    "[[, {agreement:percent} of the samples in the same class]]"
)
_OWNS = "{name} owns {share:percent} of the noise ({how})[[: {cause:text}]]"
_SPREAD = (
    "no quantizer owns much of the noise: the largest[[ share, {share:percent}, is that]][[ ({how})]] of {name}"
    "[[ ({cause:text})]]"
)
_WITH_REMEDY = "The best remedy for {name}: {remedy:text}[[ ({gain:gain})]]."

STATEMENTS: dict[str, Entry] = {
    "output_differs.owner": {
        "message": _MESSAGE,
        "reason": _OWNS,
        "hint": "Change how {name} is quantized (range, observer, scales per channel), or leave its operator in float.",
    },
    "output_differs.owner_with_remedy": {"message": _MESSAGE, "reason": _OWNS, "hint": _WITH_REMEDY},
    "output_differs.spread": {
        "message": _MESSAGE,
        "reason": _SPREAD,
        "hint": "Look at the ledger of the run for the quantizers with the next largest shares, and leave the worst in "
        "float.",
    },
    "output_differs.spread_with_remedy": {"message": _MESSAGE, "reason": _SPREAD, "hint": _WITH_REMEDY},
    "output_differs.unknown": {
        "message": _MESSAGE,
        "reason": "what each quantizer costs was not measured",
        "hint": "Measure the run again with its ledger.",
    },
    "output_differs.not_measurable": {
        "message": _MESSAGE,
        "reason": "the cost of each quantizer could not be measured: {type}: {text}",
        "hint": "Find the part that costs most: leave one after another in float, by a rule without a qconfig, and "
        "compare the runs.",
    },
    "share.estimated": {"text": "estimated to first order"},
    "share.not_additive": {"text": "estimated; the shares do not add up"},
    "share.measured": {"text": "measured alone"},
    "constant_lost": {
        "message": "the constant {value:number} at {subject} is quantized to zero",
        "reason": "one step of its scale is {step:number}; an eps that keeps a norm from dividing by zero is gone"
        + MEASURED,
        "hint": "Leave the operator that reads it in float.",
    },
    "wrong_axis": {
        "message": "the weight of {subject} has its scales along axis {axis}, not along its output channels",
        "reason": "a scale on axis {axis} is shared by all output channels, which are along axis {expected}, so wide "
        "channels take the levels of narrow ones" + MEASURED,
        "hint": "Set the observer's axis (ch_axis) to {expected} for this weight, or quantize it per tensor.",
    },
}
