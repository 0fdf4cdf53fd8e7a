"""English: steps and failures of runs. Parts of an entry: text, failed, during; message, hint."""

from __future__ import annotations

from qviz.words.language import Entry

_SMALLER = (
    "run a smaller part of the model, such as one block or fewer iterations of a loop: torch does this step in one "
    "piece, and twice the nodes may take four times as long"
)
_UNMEASURED: Entry = {"text": "leave the measurement out", "option": "--no-measure"}

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
    "step.unfinished": {"text": "Unfinished", "failed": "Unfinished", "during": "before its end"},
    "step.other": {"text": "{name:capital}", "failed": "{name:capital} failed", "during": "during {name}"},
    "step.counted": {"text": "[[{flow}: ]]{step:text} {done} of {total}"},
    "step.not_counted": {"text": "[[{flow}: ]]{step:text}"},
    "stop.engine.signal": {
        "message": "The engine was ended by {signal}[[: {last_line}]]",
        "hint": "Run it again; the log file has the details.",
    },
    "stop.engine.memory": {
        "message": "The engine was ended because it took more than {gib:number} GiB, the memory limit",
        "hint": "Use a smaller batch or fewer batches, or raise the memory limit.",
        "option": "--memory",
    },
    "stop.engine.address_space": {
        "message": "The engine ended with code {exit_code}[[: {last_line}]]",
        "hint": "A process may use {gib:number} GiB of {what:text} here ({limit}), and torch maps far more than it "
        "holds. Raise that in the shell that starts qviz, or lift it: {limit} unlimited.",
    },
    "address_space": {"text": "address space"},
    "data_segment": {"text": "data"},
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
    "stop.window": {
        "message": "qviz ended before the run finished",
        "hint": "The stages that the run reached are kept. Run the flow again to get the rest.",
    },
    "stop.link.memory": {
        "message": "The engine was ended because it took more memory than its machine allows it",
        "hint": "Use a smaller batch or fewer batches, or raise QVIZ_MEMORY there, in GiB. The command of the "
        "engine is: {command}.",
    },
    "stop.link.exit_code": {
        "message": "The link to the engine ended with code {exit_code}[[: {last_lines}]]",
        "hint": "Its command is: {command}. Check in a terminal that it connects without a question, then run again.",
    },
    "stop.link.signal": {
        "message": "The link to the engine was ended by {signal}[[: {last_lines}]]",
        "hint": "Its command is: {command}. Check in a terminal that it connects without a question, then run again.",
    },
    "stop.link.no_engine": {
        "message": "{command} does not start an engine of qviz[[; it says: {text}]]",
        "hint": "It must start python -m qviz.engine, and nothing else may write to standard output before that.",
    },
    "stop.link.older": {
        "message": "This machine has qviz {qviz} (messages {wire}), and {command} starts an older qviz {their_qviz}",
        "hint": "Install qviz {qviz} there.",
    },
    "stop.link.versions": {
        "message": "This machine has qviz {qviz} (messages {wire}), {host} has qviz {their_qviz} (messages "
        "{their_wire})",
        "hint": "Install the same version of qviz on both machines.",
    },
    "stop.time_limit": {
        "message": "{step:text}: stopped after {seconds:number} s, the time limit",
        "hint": "Set a longer time limit.",
    },
    "stop.time_limit.counted": {
        "message": "{step:text}: stopped after {seconds:number} s, the time limit; {done:grouped} of {total:grouped} "
        "were done[[ in {spent:number} s, {rate:number} per second]]",
        "hint": "[[At that rate the step takes {needed:number} s. ]]Set a longer time limit[[, or {instead:text}]].",
        "option": "[[{instead:option}]]",
    },
    "stop.time_limit.on_nodes": {
        "message": "{step:text}: stopped after {seconds:number} s, the time limit, {spent:number} s of it in this "
        "step, on a graph of {nodes:node|nodes}",
        "hint": "Set a longer time limit[[, or {instead:text}]].",
        "option": "[[{instead:option}]]",
    },
    "instead.calibrating": {"text": "calibrate with fewer batches", "option": "--batches"},
    "instead.preparing": {"text": _SMALLER},
    "instead.converting": {"text": _SMALLER},
    "instead.measuring_quantizers": {
        "text": "keep what is measured by then, share the work among processes, or only estimate",
        "option": "--at-most, --workers, no --exact",
    },
    "instead.measuring": _UNMEASURED,
    "instead.estimating": _UNMEASURED,
    "instead.telescoping": _UNMEASURED,
    "instead.measuring_kernels": _UNMEASURED,
    "instead.counterfactuals": _UNMEASURED,
    "stop.memory_limit": {
        "message": "{step:text}: stopped because the engine took more than {gib:number} GiB, the memory limit",
        "hint": "Use a smaller batch or fewer batches, or raise the memory limit.",
        "option": "--memory",
    },
    "stop.memory_limit.there": {
        "message": "{step:text}: stopped because the engine took more memory than its machine allows it",
        "hint": "Use a smaller batch or fewer batches, or raise QVIZ_MEMORY there, in GiB.",
    },
    "stop.refused": {"message": "{text}", "hint": "[[{advice}]]", "option": "[[{option}]]"},
    "stop.unknown": {
        "text": "{text}",
        "message": "{text}",
        "hint": "This is not a known cause[[; {function} raised it]].[[ {other:text}]]",
    },
    "stop.own_code": {
        "text": "{text}",
        "message": "{text}",
        "hint": "The exception comes from the line named here, not from torch: correct that line.[[ {other:text}]]",
    },
    "stopped": {
        "message": "{step:failed}[[ at {subject}]][[ in module {module}]]: {cause:text}[[ ({file}:{line})]]",
        "reason": "{type}[[ in {function}]]: {text}[[; it arrived as {outer}]]",
        "hint": "{cause}",
        "option": "{cause}",
    },
    "stopped.unknown": {
        "message": "{step:failed}[[ at {subject}]][[ in module {module}]]: {cause:text}[[ ({file}:{line})]]",
        "reason": "{type}[[; it arrived as {outer}]]",
        "hint": "{cause}",
    },
    "stopped.refused": {
        "message": "{cause:message}",
        "reason": "nothing ran: the problem has to be fixed first",
        "hint": "{cause}",
        "option": "{cause}",
    },
    "stopped.outside": {
        "message": "{cause:message}",
        "reason": "the run was cut off; the stages that it had reached are kept",
        "hint": "{cause}",
        "option": "{cause}",
    },
}
