"""English: what the comparison of flows says. Parts of an entry: text."""

from __future__ import annotations

from qviz.words.language import Entry

ADVICE: dict[str, Entry] = {
    "advice.all": {"text": "{flow} captures the whole model and runs all {total} operators in low precision."},
    "advice.only": {"text": "{flow} captures the whole model and runs its only quantizable operator in low precision."},
    "advice.some": {
        "text": "{flow} captures the whole model and runs {low} of {total} operators in low precision.",
    },
    "advice.highest_sqnr": {"text": "It has the highest SQNR."},
    "advice.smallest_file": {"text": "It gives the smallest file."},
    "advice.fastest": {"text": "It is the fastest of the flows that can be timed."},
    "advice.sqnr_unknown": {"text": "Its SQNR could not be measured."},
    "advice.sqnr_low": {"text": "Its SQNR is low: {sqnr:db}."},
    "advice.not_faster": {"text": "It is not faster on this machine: {after:number} ms, in float {before:number} ms."},
    "advice.untrained": {"text": "Nothing was trained yet."},
    "advice.none": {"text": "No flow runs an operator of this model in low precision."},
    "advice.engine_ended": {"text": "{flows:all} ended the engine."},
    "advice.failed_at": {"text": "{flows:all} failed at line {line} of {file}."},
    "advice.failed": {"text": "{flows:all} failed {step:during}."},
    "advice.does_not_run": {"text": "{flows:all} converted the model, but the result fails when run."},
}

CLAIMS: dict[str, Entry] = {
    "claim.size": {"text": "int8 makes a model 4 times smaller"},
    "claim.speed": {"text": "int8 is 2 to 4 times faster"},
    "claim.capture": {"text": "torch.fx captures 72.7 % of 14 000 models, torch.export 88.8 %"},
    "claim.ratio": {"text": "{best:factor} times ({best_flow})"},
    "claim.ratios": {"text": "{best:factor} times ({best_flow}) to {worst:factor} times ({worst_flow})"},
    "claim.simulated": {"text": "Not measured: the flows that ran simulate integers in float"},
    "claim.not_reached": {"text": "Not measured: no flow got that far"},
    "claim.captures": {"text": "This model: torch.fx {fx:text}, torch.export {export:text}"},
    "claim.captured": {"text": "yes"},
    "claim.not_tried": {"text": "not tried"},
    "claim.not_captured": {"text": "no"},
    "claim.failed_at": {"text": "no, failed at line {line} of {file}"},
    "claim.failed": {"text": "no, failed {step:during}"},
}

ROWS: dict[str, Entry] = {
    "row.converted": {"text": "Converted"},
    "row.fails_when_run": {"text": "Converted, fails when run"},
    "row.failed": {"text": "{step:failed}"},
    "row.failed_at": {"text": "{step:failed} at line {line} of {file}"},
    "row.failed_unknown": {"text": "Failed"},
    "row.died": {"text": "Engine died {step:during}"},
    "row.error": {"text": "{message}.[[ {hint}]]"},
    "row.error_sentence": {"text": "{message}[[ {hint}]]"},
    "row.broken": {"text": "The converted model fails when run: {cause}"},
    "row.stays_float": {"text": "{operators:all} in float: {reason:text}"},
    "row.found.error": {"text": "{count:error|errors}"},
    "row.found.warning": {"text": "{count:warning|warnings}"},
    "row.found.info": {"text": "{count:info|infos}"},
    "time.not_a_speed_measure": {"text": "not a speed measure"},
    "time.nothing_in_low_precision": {"text": "nothing in low precision"},
}

STATEMENTS: dict[str, Entry] = {**ADVICE, **CLAIMS, **ROWS}
