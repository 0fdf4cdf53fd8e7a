"""Answers requests until the other side hangs up."""

from __future__ import annotations

import gc
import logging
from collections import deque
from collections.abc import Callable
from io import BufferedReader
from typing import BinaryIO

import torch

from qviz.document.plan import BACKENDS
from qviz.engine import network
from qviz.engine.failures import network_advice, traceback_text
from qviz.engine.loading.broker import permitting
from qviz.engine.loading.guessing.guess import guess_call
from qviz.engine.loading.guessing.try_call import try_call
from qviz.engine.recording.given_graphs import versions
from qviz.engine.serving.code_listing import answer_without_torch, is_waiting
from qviz.engine.serving.comparison import compare
from qviz.engine.serving.repair import repair_plan
from qviz.engine.serving.run import run_plan
from qviz.engine.serving.torch_state import kept
from qviz.engine.serving.warm_up import import_next, steps
from qviz.errors import ExitCode, QvizError
from qviz.trust.grants import Permission
from qviz.wire.framing import pack, request_reader
from qviz.wire.messages import (
    CallGuessed,
    CallTried,
    Compare,
    EngineReady,
    GuessCall,
    ListCode,
    Message,
    RepairPlan,
    RunFlow,
    RunRejected,
    Speak,
    StageReached,
    Stop,
    TryCall,
    WarmUp,
)
from qviz.words import tr

_READ_BYTES = 1 << 16

_log = logging.getLogger(__name__)


def serve(requests: BufferedReader, reports: BinaryIO, is_forked: bool = False) -> None:
    """Read requests and write reports until the stream ends or Stop is asked for."""

    def send(message: Message) -> None:
        reports.write(pack(message))
        reports.flush()

    here = torch.backends.quantized.supported_engines
    send(EngineReady(versions(), tuple(each for each in BACKENDS if each in here), is_forked))
    gc.freeze()  # torch's million objects stay; looking through them at each collection takes a tenth of a run
    gc.enable()
    reader = request_reader()
    cold: deque[str] = deque()
    while True:
        while cold and not is_waiting(requests):
            import_next(cold)
        data = requests.read1(_READ_BYTES)
        for request in reader.feed(data):
            match request:
                case RunFlow() | Compare() | RepairPlan() | GuessCall() | TryCall():
                    network.keep_off(request.grants)
                    _answer(request, send)
                case ListCode() | Speak():
                    answer_without_torch(request, send)
                case WarmUp():
                    cold = steps()
                case Stop():
                    return
        if not data:
            return


def _answer(request: RunFlow | Compare | RepairPlan | GuessCall | TryCall, send: Callable[[Message], None]) -> None:
    reached: list[str] = []

    def send_run(message: Message) -> None:
        if isinstance(message, StageReached):
            reached.append(message.stage.name)
        send(message)

    try:
        with permitting(Permission(request.grants)):
            if isinstance(request, Compare):
                compare(request, send)
            elif isinstance(request, RepairPlan):
                repair_plan(request, send)
            elif isinstance(request, GuessCall):
                with kept(request.plan.seed):
                    send(CallGuessed(request.run_id, guess_call(request.plan)))
            elif isinstance(request, TryCall):
                with kept(request.plan.seed):
                    send(CallTried(request.run_id, try_call(request.plan)))
            else:
                run_plan(request.plan, send_run, request.run_id)
    except QvizError as error:
        text = traceback_text(error)
        code = int(error.exit_code)
        hint = network_advice(error) or error.hint
        send(RunRejected(request.run_id, error.message, hint, code, text, error.option))
    except Exception as error:  # a bug in qviz, or no memory is left: report it and continue
        _log.exception("the run failed by a fault of qviz")
        text = tr("Bug in qviz: {type}: {error}", type=type(error).__name__, error=error)
        if reached:
            raise SystemExit(text) from error  # a rejected run comes to nothing; the stages of a dead engine are kept
        hint = tr("Please report it with the traceback, which is in the log.")
        send(RunRejected(request.run_id, text, hint, int(ExitCode.BUG), traceback_text(error)))
