"""English: findings about scales and casts. Parts of an entry: message, reason, hint; of qparams: text."""

from __future__ import annotations

from qviz.words.english.findings_noise import MEASURED
from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {
    "qparams.per_tensor": {"text": "scale {scale:number}, zero point {zero_point:number}"},
    "qparams.per_tensor_exact": {"text": "scale {scale:exact}, zero point {zero_point:number}"},
    "qparams.per_channel": {"text": "one scale per channel ({scale:channels})"},
    "qparams.unknown": {"text": "an unknown scale"},
    "qparams.of_cast": {"text": "{cast} with {qparams:text}"},
    "quantize_dequantize_chain.needless": {
        "message": "{subject} is followed directly by {next} with the same parameters",
        "reason": "both have {after:text}, so the two casts change nothing",
        "hint": "Let the operators before and after them share one observer (a shared spec, or the same qconfig).",
    },
    "quantize_dequantize_chain.rounded_twice": {
        "message": "{subject} is followed directly by {next} with different parameters",
        "reason": "{before:text} becomes {after:text}, so values are rounded twice",
        "hint": "Let the operators before and after them share one observer (a shared spec, or the same qconfig).",
    },
    "quantized_twice": {
        "message": "{subject} is quantized {casts:time|times}: {qparams:all}",
        "reason": "its readers requested different parameters, or each has its own QuantStub",
        "hint": "Let the readers share one observer: one QuantStub, one qconfig, or a shared spec.",
    },
    "scales_differ": {
        "message": "{subject} passes integers through, but the scales around it differ",
        "reason": "{one} has {one_qparams:text}; {other} has {other_qparams:text}",
        "hint": "Let its inputs and output share one observer (SharedQuantizationSpec; in FX, the backend's pattern); "
        "otherwise the backend requantizes here or refuses the graph.",
    },
    "scales_differ.dropout": {
        "message": "the scales before and after {subject} differ, though it hands values on unchanged in eval mode",
        "reason": "{one} has {one_qparams:text}; {other} has {other_qparams:text}: in training mode a dropout scales "
        "what it keeps by 1 / (1 − p), so the observer after it saw larger values",
        "hint": "Set p = 0 while the ranges are learned, at least in the last steps of training: then both observers "
        "see the same values.",
    },
    "scales_differ.other_form": {
        "message": "{subject} passes integers through, but the scales around it differ",
        "reason": "the backend has no pattern for {called:all}, so {one} has {one_qparams:text}, and {other} has "
        "{other_qparams:text}",
        "hint": "Use {forms:all} in place of {called:all} in forward(): its pattern keeps one scale.",
    },
    "degenerate_scale.all_zeros": {
        "message": "the {subject:scale/scales} of {subject} {subject:is/are} zero, not finite, or torch's smallest",
        "reason": "the observer saw only zeros, or the weight is all zeros, so every other value is clipped" + MEASURED,
        "hint": "Calibrate with data like the data the model will meet; the stage Prepared shows what the observer "
        "saw.",
    },
    "degenerate_scale.not_positive": {
        "message": "the {subject:scale/scales} of {subject} {subject:is/are} zero or negative",
        "reason": "no observer of torch computes such a scale: an observer of your own gave it, or it was written into "
        "the model or its configuration" + MEASURED,
        "hint": "Correct calculate_qparams() of the observer, or the scale that you wrote: it is a positive number.",
    },
    "degenerate_scale.only_zeros": {
        "message": "{subject} observed only zeros",
        "reason": "its range is empty, so the scale is the smallest that the observer gives, and every other value is "
        "clipped" + MEASURED,
        "hint": "Calibrate with data like the data the model will meet.",
    },
    "degenerate_scale.weight_of_zeros": {
        "message": "the {subject:weight/weights} of {subject} {subject:holds/hold} only zeros, or nearly",
        "reason": "the {subject:scale is/scales are} torch's smallest, which an observer gives an empty range"
        + MEASURED,
        "hint": "Load the trained weights; a layer that is zero on purpose needs nothing.",
    },
    "degenerate_scale.constant_of_zeros": {
        "message": "{subject} {subject:quantizes a constant/quantize constants} that {subject:holds/hold} only zeros",
        "reason": "zero is exact at any scale, but this scale is torch's smallest: what changes later is clipped",
        "hint": "Nothing to do for a constant; give a buffer that keeps a state its usual values before prepare.",
    },
    "degenerate_scale.one_step": {
        "message": "one step of the scale exceeds everything that {subject} observed",
        "reason": "{example} observed {low:number} to {high:number}, but torch makes no scale smaller than the "
        "observer's "
        "eps: one step is {step:number}, so all values become the same" + MEASURED,
        "hint": "Check whether the values of the model vanish here (as with untrained weights), or give the observer a "
        "smaller eps.",
    },
    "degenerate_scale.not_finite": {
        "message": "{subject} observed values that are not finite: {low:number} … {high:number}",
        "reason": "a range that reaches to infinity has no step, so everything after it becomes zero or nan",
        "hint": "Remove inf and nan from the calibration data, or find the operator that makes them (a logarithm or a "
        "division by zero).",
    },
    "not_finite.weight": {
        "message": "{name} holds {count:value that is|values that are} not finite",
        "reason": "inf or nan in a weight reaches every output that depends on it, and its scale has no meaning",
        "hint": "Load the weights again; if training made them, look for a loss that is not finite.",
    },
    "not_finite.data": {
        "message": "the data at {name} holds {value}",
        "reason": "the float model computes with it, and everything after it has no meaning",
        "hint": "Remove what is not finite from the data, or find the step that makes it (a logarithm of zero, a "
        "division by zero).",
    },
    "not_finite.born": {
        "message": "{name} gives {value} for finite inputs",
        "reason": "the float model computes {value} on this data, and everything after it has no meaning",
        "hint": "Look at the data and at this operator: a division by zero, a logarithm of zero, a sum that overflows.",
    },
    "few_levels.range": {
        "message": "the range of {subject} has only {levels} levels, {low:number} to {high:number}",
        "reason": "the kernels compute with 8 bits whatever the observer's quant_min and quant_max are: the scale "
        "spreads the values over {levels} of 256 levels" + MEASURED,
        "hint": "Remove quant_min and quant_max from the observer; reduce_range=True gives 7 bits where an engine "
        "needs them.",
    },
    "few_levels.weight": {
        "message": "the {subject:weight/weights} of {subject} {subject:uses/use} only {levels} of 256 levels, "
        "{low:number} to {high:number}",
        "reason": "the kernels compute with 8 bits whatever the observer's quant_min and quant_max are, so the scale "
        "is coarser than it could be" + MEASURED,
        "hint": "Remove quant_min and quant_max from the observer of the weights.",
    },
    "rule.bounds_outside_dtype": {
        "text": "Bounds outside the dtype",
        "what": "An observer has a quant_min or quant_max that its dtype does not have: torch stops, or cuts "
        "values off.",
        "advice": "Remove quant_min and quant_max from the observer, or choose the dtype that has them.",
    },
    "bounds_outside_dtype.refused": {
        "message": "{subject} {subject:quantizes/quantize} to {low:number} … {high:number}, and {dtype:dtype} holds "
        "{smallest:number} … {largest:number}",
        "reason": "the quantize operator of the converted model checks the bounds and stops",
        "hint": "Remove quant_min and quant_max from the observer or the QuantizationSpec, or choose the dtype that "
        "has them: 0 … 255 is uint8, −128 … 127 is int8.",
    },
    "bounds_outside_dtype.zero_point": {
        "message": "{subject} {subject:quantizes/quantize} to {low:number} … {high:number}, and {dtype:dtype} holds "
        "{smallest:number} … {largest:number}",
        "reason": "its zero point is computed for those bounds and is outside the dtype, at which quantize stops",
        "hint": "Remove quant_min and quant_max from the observer, or choose the dtype that has them: 0 … 255 is "
        "quint8, −128 … 127 is qint8.",
    },
    "bounds_outside_dtype.cuts": {
        "message": "{subject} {subject:quantizes/quantize} to {low:number} … {high:number}, and {dtype:dtype} holds "
        "{smallest:number} … {largest:number}",
        "reason": "scale and zero point are computed for those bounds; integers outside the dtype are cut off at its "
        "ends" + MEASURED,
        "hint": "Remove quant_min and quant_max from the observer, or choose the dtype that has them: 0 … 255 is "
        "quint8, −128 … 127 is qint8.",
    },
    "levels_unused": {
        "message": "half of the levels of {subject} are unused: the range is symmetric, the values are not negative",
        "reason": "a symmetric scheme puts the zero point in the middle of the unsigned dtype, and nothing lies below "
        "it; that costs one bit, 6 dB" + MEASURED,
        "hint": "Use qscheme=torch.per_tensor_affine for these activations.",
    },
    "saturated_range": {
        "message": "observed values exceed the range of the scale of {subject}",
        "reason": "{example} observed {low:number} to {high:number}, but its scale reaches only {least:number} to "
        "{greatest:number}: the rest is clipped" + MEASURED,
        "hint": "Check how this observer computes its scale; calibrate again if the scale was fixed or loaded.",
    },
    "stretched_by_outliers.one": {
        "message": "99.9 % of the values of {subject} lie within {share:percent} of its range",
        "reason": "a few outliers stretch the range to {low:number} … {high:number}, which leaves the other values "
        "about "
        "{levels} of 256 levels" + MEASURED,
        "hint": "Look at the calibration data: clip the outliers, or leave this operator in float.",
    },
    "stretched_by_outliers.several": {
        "message": "99.9 % of the values of {subject} lie in a small part of the range; of {worst}, within "
        "{share:percent}",
        "reason": "a few outliers stretch the range of {worst} to {low:number} … {high:number}, which leaves the other "
        "values about {levels} of 256 levels" + MEASURED,
        "hint": "Look at the calibration data: clip the outliers, or leave these operators in float.",
    },
    "uneven_channels": {
        "message": "the weight of {subject} has one scale for all channels, but {narrow} of {total} channels "
        "{narrow:uses/use} less "
        "than a sixteenth of the levels",
        "reason": "the ranges of the channels differ by a factor of more than 16, and the widest one sets the scale"
        + MEASURED,
        "hint": "Quantize weights per channel (per_channel in the quantizer's options; the x86 qconfig does), or "
        "equalize "
        "the layers first.",
    },
    "uneven_channels.lost": {
        "message": "{subject} has one scale for all channels of its weight, and {lost} of {total} "
        "{lost:channel is/channels are} lost",
        "reason": "channel {widest} is {ratio:number} times wider than the median channel and sets the scale; the SQNR "
        "of the weights of the lost channels is below 10 dB" + MEASURED,
        "hint": "Quantize weights per channel (per_channel in the quantizer's options; a qconfig with "
        "default_per_channel_weight_observer), or leave {subject} in float.",
    },
    "outside_calibration": {
        "message": "{outside:percent} of the data at {subject} is outside the calibrated range",
        "reason": "the data has {low:number} … {high:number}, and the range was calibrated to {least:number} … "
        "{greatest:number}: the rest is clipped" + MEASURED,
        "hint": "Calibrate with data that is preprocessed like the data the model will meet.",
    },
    "range_unused": {
        "message": "the data at {subject} uses {part:percent} of the calibrated range",
        "reason": "the data has {low:number} … {high:number}, and the range was calibrated to {least:number} … "
        "{greatest:number}: few levels are left for it" + MEASURED,
        "hint": "Calibrate with data that is preprocessed like the data the model will meet.",
    },
    "range_unused.shared": {
        "message": "the data at {subject} uses {part:percent} of the range that it shares with the output of {sharing}",
        "reason": "torch gives {sharing} one observer with its input, because its quantized kernel keeps the scale: "
        "the data has {low:number} … {high:number}, and the shared range is {least:number} … {greatest:number}: few "
        "levels are left for it" + MEASURED,
        "hint": "Leave {sharing} in float (set_object_type(..., None) for its function in the QConfigMapping), or "
        "compute it outside the model or in the weights of the next layer.",
    },
    "reduce_range_mismatch.overflows": {
        "message": "activations have 8 bits on the engine {backend}: {subject}",
        "reason": "without VNNI instructions, its kernels add two products in 16 bits, which overflows: its own "
        "qconfig "
        "has reduce_range=True (0 to 127)",
        "hint": "Use get_default_qconfig_mapping('{backend}'), or the engine the qconfig was made for.",
    },
    "reduce_range_mismatch.overflows_by_default": {
        "message": "activations have 8 bits on the engine {backend}: {subject}",
        "reason": "torch's own mapping gives some types, such as PReLU, a qconfig without reduce_range; without VNNI "
        "instructions, the kernels of {backend} add two products in 16 bits, which overflows",
        "hint": "Add a rule for this type with a qconfig of your own, for PReLU QConfig(HistogramObserver."
        "with_args(reduce_range=True), FixedQParamsObserver.with_args(scale=1 / 255, zero_point=0, "
        "dtype=torch.quint8)).",
    },
    "reduce_range_mismatch.by_processor": {
        "message": "activations have 7 bits on the engine {backend}: {subject}",
        "reason": "with VNNI instructions its kernels do not overflow, and half of the levels are wasted; without them "
        "they add two products in 16 bits, which overflows for 8 bits, though its own qconfig has reduce_range=False",
        "hint": "Use get_default_qconfig_mapping('{backend}') for processors with VNNI (avx512_vnni or avx_vnni); "
        "for others, 7 bits are right.",
    },
    "reduce_range_mismatch.wastes_levels": {
        "message": "activations have 7 bits on the engine {backend}: {subject}",
        "reason": "its kernels do not overflow: its own qconfig has reduce_range=False (0 to 255), so half of the "
        "levels "
        "are wasted here",
        "hint": "Use get_default_qconfig_mapping('{backend}'), or the engine the qconfig was made for.",
    },
}
