"""English: steps and failures of runs. Parts of an entry: text, failed, during; message, hint."""

from __future__ import annotations

from qviz.words.language import Entry

_UNKNOWN = "qviz does not know the cause of this failure"

STATEMENTS: dict[str, Entry] = {
    "step.starting_engine": {
        "text": "Starting the engine",
        "failed": "The engine did not start",
        "during": "while it was starting",
    },
    "step.loading": {"text": "Loading the model", "failed": "Loading failed", "during": "during loading"},
    "step.checking": {"text": "Running the model once", "failed": "The check failed", "during": "during the check"},
    "step.capturing": {"text": "Capturing", "failed": "Capture failed", "during": "during capture"},
    "step.fusing": {"text": "Fusing", "failed": "Fusion failed", "during": "during fusion"},
    "step.preparing": {"text": "Preparing", "failed": "Preparation failed", "during": "during preparation"},
    "step.calibrating": {"text": "Calibrating", "failed": "Calibration failed", "during": "during calibration"},
    "step.training": {"text": "Training", "failed": "Training failed", "during": "during training"},
    "step.converting": {"text": "Converting", "failed": "Conversion failed", "during": "during conversion"},
    "step.converting_to_reference": {
        "text": "Converting to the reference",
        "failed": "Conversion to the reference failed",
        "during": "during conversion to the reference",
    },
    "step.lowering": {"text": "Lowering", "failed": "Lowering failed", "during": "during lowering"},
    "step.measuring": {
        "text": "Measuring the models",
        "failed": "Measurement failed",
        "during": "while the models were measured",
    },
    "step.estimating": {
        "text": "Estimating what each quantizer costs",
        "failed": "The estimate failed",
        "during": "while the noise was estimated",
    },
    "step.measuring_quantizers": {
        "text": "Measuring one quantizer at a time",
        "failed": "Measuring the quantizers failed",
        "during": "while the quantizers were measured",
    },
    "step.telescoping": {
        "text": "Turning quantizers on front to back",
        "failed": "Turning quantizers on front to back failed",
        "during": "while quantizers were turned on front to back",
    },
    "step.measuring_kernels": {
        "text": "Comparing operators with their kernels",
        "failed": "Comparing the operators failed",
        "during": "while operators were compared",
    },
    "step.counterfactuals": {
        "text": "Comparing other ways to round",
        "failed": "The comparison of other ways to round failed",
        "during": "while other ways to round were compared",
    },
    "step.repairing": {
        "text": "Trying changes",
        "failed": "The repair failed",
        "during": "while changes were tried",
    },
    "step.other": {"text": "{name:capital}", "failed": "{name:capital} failed", "during": "during {name}"},
    "step.counted": {"text": "[[{flow}: ]]{step:text} {done} of {total}"},
    "step.not_counted": {"text": "[[{flow}: ]]{step:text}"},
    "stop.engine.signal": {
        "message": "The engine was ended by {signal}[[: {last_line}]]",
        "hint": "Run it again; the log file has the details.",
    },
    "stop.engine.exit_code": {
        "message": "The engine ended with code {exit_code}[[: {last_line}]]",
        "hint": "Run it again; the log file has the details.",
    },
    "stop.engine.unreadable": {
        "message": "The engine sent something unreadable: {cause}",
        "hint": "Run it again; the log file has the details.",
    },
    "stop.engine.not_started": {
        "message": "The engine did not start: {cause}",
        "hint": "Check the interpreter that runs the engine.",
    },
    "stop.time_limit": {
        "message": "{step:text}: stopped after {seconds:number} s, the time limit",
        "hint": "Set a longer time limit.",
    },
    "stop.memory_limit": {
        "message": "{step:text}: stopped because the engine took more than {gib:number} GiB, the memory limit",
        "hint": "Set a higher memory limit, or use a smaller batch.",
    },
    "stop.refused": {"message": "{text}", "hint": "{advice}"},
    "stop.trace_branch": {
        "message": "{text}",
        "hint": "torch.fx cannot follow this line. Use the flow pt2e-static, or move the branch out of forward().",
    },
    "stop.trace_proxy": {
        "message": "{text}",
        "hint": "torch.fx cannot follow this line. Use the flow pt2e-static, or move it out of forward().",
    },
    "stop.data_dependent": {
        "message": "{text}",
        "hint": "The graph depends on the values of a tensor here. Use torch.where or torch.cond.",
    },
    "stop.export_unsupported": {
        "message": "{text}",
        "hint": "torch.export cannot follow this line. Turn strict capture off, or use the flow fx-static.",
        "option": "--no-strict",
    },
    "stop.needs_strict_capture": {
        "message": "{text}",
        "hint": "torch folds the batch norms of a trained graph only after strict capture. Turn strict capture on, "
        "and change the line of the model where it stops.",
        "option": "--strict",
    },
    "stop.onednn_number": {
        "message": "{text}",
        "hint": "The onednn backend config looks for a convolution on both sides of an addition and fails on a plain "
        "number. Add a tensor instead, or use the backend config x86.",
    },
    "stop.keyword_only_required": {
        "message": "{text}",
        "hint": "torch.fx turns keyword-only arguments into positional ones, and a required one cannot follow an "
        "optional one. Give it a default, or use a PT2E flow.",
    },
    "stop.fused_qconfigs_differ": {
        "message": "{text}",
        "hint": "Modules that are fused need the same qconfig. Set it for all of them.",
    },
    "stop.no_kernel": {
        "message": "{text}",
        "hint": "This backend has no kernel for that dtype. Use another backend or quantizer.",
    },
    "stop.unknown": {"message": "{text}", "hint": f"{_UNKNOWN}[[; {{function}} raised it]]."},
    "stop.unknown_in_capture": {
        "message": "{text}",
        "hint": f"{_UNKNOWN}[[; {{function}} raised it]]. Try the other way to capture: torch.fx or torch.export.",
    },
    "stop.unknown_in_calibration": {
        "message": "{text}",
        "hint": f"{_UNKNOWN}[[; {{function}} raised it]]. Check that every batch fits the model; "
        "PT2E flows keep the shapes of the example inputs.",
    },
}
