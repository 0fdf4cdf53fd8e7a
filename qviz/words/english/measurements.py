"""English: what was measured on data, and what was not. Parts of an entry: text; of kinds also heading."""

from __future__ import annotations

from qviz.words.language import Entry

_CAUSE = "[[ at {file}:{line}]]: {type}[[: {text}]]"

STATEMENTS: dict[str, Entry] = {
    "answer.owner": {"text": "{name} owns {share:percent} of the noise[[: {cause}]][[; {remedy}]][[ {gain:gain}]]"},
    "answer.whole": {
        "text": "{name} owns all of the noise[[: {cause}]][[; {remedy}]][[ {gain:gain}]] (alone it makes "
        "{share:percent})"
    },
    "answer.spread": {
        "text": "No quantizer owns much of the noise: the largest share is {share:percent}, of {name}"
        "[[ ({cause})]][[; {remedy}]][[ {gain:gain}]]"
    },
    "answer.capture": {
        "text": "Capture changed the outputs: the SQNR of the prepared model with its quantizers off is {prepared:db}"
        "[[, of quantization {simulated:db}]]"
    },
    "answer.operator": {
        "text": "{name} differs from its simulation: {wrong:percent} of its elements are off"
        "[[, by up to {steps:number} steps]][[ ({count:operator|operators} in all)]]"
    },
    "answer.kernels": {
        "text": "The converted model differs from its simulation: the SQNR between them is "
        "{converted:db}[[, of quantization {simulated:db}]]; no operator alone shows it"
    },
    "answer.noise": {
        "text": "The output SQNR of quantization is {simulated:db}; the noise of each quantizer was not measured"
    },
    "answer.equal": {"text": "Quantization does not change the outputs on this data"},
    "answer.unknown": {
        "text": "The outputs cannot be compared: they are not finite, all zeros, or of different shapes"
    },
    "answer.not_finite": {
        "text": "{value} in the float model, first at {name}: what follows from it cannot be compared"
    },
    "answer.nothing": {"text": "Nothing was measured"},
    "alternative.per_channel": {"text": "per channel"},
    "alternative.per_tensor": {"text": "per tensor"},
    "alternative.symmetric": {"text": "symmetric"},
    "alternative.affine": {"text": "affine"},
    "alternative.min_max": {"text": "minimum-maximum range"},
    "alternative.percentile": {"text": "percentile range"},
    "alternative.mse": {"text": "MSE-optimal range"},
    "alternative.sixteen_bits": {"text": "16 bits"},
    "alternative.float": {"text": "leave it in float"},
    "alternative.other": {"text": "{name}"},
    "cause.not_finite": {"text": "{count:value is|values are} not finite"},
    "cause.infinite_range": {"text": "its range is infinite, so it has no step"},
    "cause.wrong_axis": {
        "text": "its scales go along axis {axis} of the weight, and the output channels are along axis {expected}"
    },
    "cause.constant_lost": {"text": "the constant {value:number} becomes zero, one step is {step:number}"},
    "cause.clipped": {
        "text": "{clipped:percent} of its values are clipped, they reach {low:number} … {high:number}"
        "[[ and the range {least:number} … {greatest:number}]]"
    },
    "cause.few_levels.there": {"text": "it has only {levels:level|levels}"},
    "cause.few_levels.used": {"text": "its values use only {levels} of {there} levels"},
    "cause.uneven_channels": {"text": "channel {channel} is {ratio:number} times wider than the median channel"},
    "cause.stretched.within_a_step": {
        "text": "others stretch the range to {low:number} … {high:number}, so that {share:percent} of its values are "
        "within one step ({step:number}) of zero"
    },
    "cause.stretched.few_levels": {
        "text": "a few values stretch the range to {low:number} … {high:number}, and 99.9 % use {levels} of {there} "
        "levels"
    },
    "quantizer.weight": {"text": "weight"},
    "quantizer.bias": {"text": "bias"},
    "quantizer.activation": {"text": "activation"},
    "quantizer.dynamic": {"text": "dynamic"},
    "quantizer.cell": {"text": "inside the cell"},
    "not_measured.original": {"text": f"the original model does not run on the data{_CAUSE}"},
    "not_measured.evaluation": {"text": f"the data to measure on could not be read{_CAUSE}"},
    "not_measured.simulated": {"text": f"the prepared model cannot be simulated{_CAUSE}"},
    "not_measured.converted": {"text": f"the converted model does not run on the data{_CAUSE}"},
    "not_measured.repeat": {"text": f"a second call was not compared{_CAUSE}"},
    "not_measured.capture": {"text": f"where capture changes values{_CAUSE}"},
    "not_measured.trained": {
        "text": "what capture changes: the original model has no place for the trained weights of {names}, which "
        "{names:was/were} folded before training"
    },
    "not_measured.ledger": {"text": f"what each quantizer costs{_CAUSE}"},
    "not_measured.exact": {"text": f"one quantizer at a time{_CAUSE}"},
    "not_measured.in_workers": {
        "text": "{quantizers:quantizer|quantizers} not measured by workers but in the run's own process: {text}"
    },
    "not_measured.in_workers.in_hand": {
        "text": "workers cannot load a model that exists only in this process: quantizers were measured here"
    },
    "not_measured.kernels": {"text": f"operators against their kernels{_CAUSE}"},
    "not_measured.counterfactuals": {"text": f"other ways to round{_CAUSE}"},
    "not_measured.inputs": {"text": f"ranges of the inputs{_CAUSE}"},
    "not_measured.not_finite": {"text": f"where the values cease to be finite{_CAUSE}"},
    "not_measured.size": {"text": f"the size of the models{_CAUSE}"},
    "not_measured.metric": {"text": f"the metric failed{_CAUSE}"},
    "not_measured.other": {"text": "{what}[[: {type}]][[: {text}]]"},
}
