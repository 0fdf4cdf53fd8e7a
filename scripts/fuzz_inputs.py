"""What `scripts/fuzz` damages, and who reads it: as a window, a command line or an engine would, and what they ask.

Every reader refuses in words, or gives something of which all may be asked.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from qviz.analysis.inspecting.inspected_run import InspectedRun, RunParts
from qviz.analysis.inspecting.run_page import run_page
from qviz.analysis.ledger.answer import output_line, summary_line
from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.searching.search import SearchIndex
from qviz.analysis.tables.summary import summary_tiles
from qviz.analysis.views.folding import fold, opening
from qviz.document import codec, plan_file
from qviz.document.baseline import read_baseline
from qviz.document.changes import Repair
from qviz.document.comparison import FlowRow, ModelSize
from qviz.document.coverage import Coverage
from qviz.document.flows import flow
from qviz.document.measurements import (
    Alternative,
    KernelDifference,
    Ledger,
    Measurements,
    Metric,
    OutputErrors,
    QuantizerNoise,
)
from qviz.document.model_call import ArgumentGuess, ModelCall, TriedCall
from qviz.document.plan import Plan
from qviz.document.run_steps import progress_text
from qviz.document.said import Said
from qviz.document.snapshot import Bookmark, Snapshot, Stage
from qviz.session.received import Received
from qviz.session.recorded_runs import restored
from qviz.session.run_files import RunFiles
from qviz.session.run_records import RECORD_VERSION, RunFigures, RunRecord, SessionRecord, encoded, is_newer
from qviz.session.run_records import decoded as decoded_record
from qviz.session.run_store import FoundRuns, LastSession
from qviz.sources.input_text import read_input
from qviz.sources.own_rules import listed_rules
from qviz.trust.grants import Grant
from qviz.trust.kept import GrantBook, KeptGrant, KeptGrants, PastRun
from qviz.trust.listing import ListedFile, ListedRef, Listing, lines
from qviz.trust.model_looks import FileLook
from qviz.trust.references import CodeRef, NamedBy, code_refs
from qviz.wire.framing import ReportReader, pack, read_request, report_reader
from qviz.wire.messages import (
    CallGuessed,
    CallTried,
    CodeListed,
    EngineHello,
    EngineReady,
    FlowCompared,
    Message,
    ModelLoaded,
    PlanRepaired,
    RepairPlan,
    Report,
    RunFinished,
    RunFlow,
    RunRejected,
    StageReached,
    StepStarted,
)

ROOT = Path(__file__).resolve().parents[1]
VERSION_1 = ROOT / "tests/document/version_1"
PLAN = Plan("m.py:Net", flow="fx-static", inputs=("x=1x3x8x8:float32",), calibrate="m.py:data", seed=3)
KEY = "1a-1"


@cache
def scratch() -> Path:
    """Return a folder of this process alone for what is only read from files; in memory where the system has one."""
    in_memory = Path("/dev/shm")
    made = tempfile.mkdtemp(prefix="qviz-fuzz-", dir=in_memory if in_memory.is_dir() else None)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


class Kind(NamedTuple):
    """What is damaged, and who reads it."""

    seeds: list[bytes]
    read: Callable[[bytes], object]


def made_kinds() -> dict[str, Kind]:
    """Return what is damaged: real documents of both versions, and what is made of them.

    What few inputs need is imported now: 15 MB and most of a second of work would be put down to the first of them.
    """
    import_module("networkx")
    files = [path for path in sorted(VERSION_1.glob("*.json")) if "baseline" not in path.name]
    whole = [codec.load(path) for path in files]
    whole.append(_measured(whole[-1]))
    small = [_only_first(each) for each in whole]
    return {
        "document": Kind([codec.encode(each) for each in (*whole, *small)], _document),
        "old document": Kind([path.read_bytes() for path in files], _document),
        "run": Kind([_joined(_reports_of(each)) for each in (*whole, *small)], _run),
        "report": Kind([_body(each) for each in _other_reports()], _report),
        "framed": Kind([pack(StepStarted(1, "preparing", 1, 2)) * 3], lambda data: [*report_reader().feed(data)]),
        "request": Kind([_body(each) for each in (RunFlow(1, PLAN), RepairPlan(1, PLAN, 20.0, 3))], read_request),
        "plan": Kind([plan_file.write(PLAN).encode()], _plan),
        "project": Kind([b'[project]\nname = "a"\n[tool.qviz]\nrules = ["checks:large", "more.py:b"]\n'], _project),
        "baseline": Kind([(VERSION_1 / "baseline.json").read_bytes()], _baseline),
        "record": Kind([encoded(_record())], _run_record),
        "session": Kind([encoded(_session())], lambda data: _restored(data, whole[-1])),
        "grants": Kind([msgspec.json.encode(_grants())], _grant_book),
        "input": Kind([b"x=1x3x8x8:float32", b"{a=1x2, b=(3, 4:int64)}"], lambda data: read_input(_text(data))),
    }


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _only_first(snapshot: Snapshot) -> Snapshot:
    """Return a result of one stage: small ones are damaged at more of their places in the same time."""
    return msgspec.structs.replace(
        snapshot, stages=snapshot.stages[:1], links=(), facts={}, findings=(), measurements=None
    )


def _measured(snapshot: Snapshot) -> Snapshot:
    """Return a result with measurements, nested graphs and bookmarks, which the old ones have not."""
    last = snapshot.stages[-1]
    nodes = tuple(node.id for node in last.graph.nodes)
    inner = Stage("inner", last.graph, None, {f"{nodes[1]}": snapshot.stages[0].graph})
    row = QuantizerNoise(
        "conv weight", last.name, nodes[:1], "conv", "weight", 8, {"output": 3.0}, 0.6, local_db=14.2,
        cause=Said("not_measured.metric", {}, {"type": "KeyError", "text": "x"}),
        alternatives=(Alternative("per_channel", 9.1, offered=True, patch="seed = 1"),), asked_by=nodes[:1],
    )  # fmt: skip
    errors = OutputErrors("output", 137.0, 14.3, "inf", 14.3, "inf")
    found = Measurements(
        "calibration", 2, 8, (errors,), errors,
        Ledger("estimate", 8, {"output": 100.0}, {"output": 5.0}, (row,), 0.91, 0.09),
        operators=(KernelDifference(last.name, nodes[:1], "conv", "quantized::conv", 0.46, 146.0, True),),
        metric=Metric("accuracy", 0.9, 0.8, 0.8), size=(4000, 1000),
    )  # fmt: skip
    return msgspec.structs.replace(
        snapshot,
        stages=(*snapshot.stages, inner),
        measurements=found,
        bookmarks=(Bookmark(last.name, nodes[0], "look"),),
        summary={"coverage": {"operators": [1, 2]}, **snapshot.summary},
    )


def _reports_of(snapshot: Snapshot) -> Iterator[Message]:
    """Yield what an engine says of a run."""
    yield EngineReady({"torch": "2.8.0"}, ("x86",))
    yield ModelLoaded(1, "Net", 3, 100, 400, ("1x3x8x8 float32",), "m.py", (("", "Net"), ("conv", "Conv2d")))
    yield StepStarted(1, "preparing", 1, 2)
    for place, stage in enumerate(snapshot.stages):
        before = {each.name for each in snapshot.stages[: place + 1]}
        links = tuple(
            each for each in snapshot.links if stage.name in (each.to_stage, each.from_stage)
            and {each.to_stage, each.from_stage} <= before
        )  # fmt: skip
        yield StageReached(1, stage, snapshot.facts.get(stage.name, {}), links)
    yield RunFinished(1, snapshot.run, snapshot.findings, snapshot.summary, snapshot.notes, snapshot.measurements)


def _other_reports() -> Iterator[Message]:
    ref = CodeRef(NamedBy.DOCUMENT, "/home/a/m.py:data()", "calibrate")
    look = FileLook(calls=("os.system",), imports=("os",))
    row = FlowRow("fx-static", "done", None, "converted", ("conv2d",), ("conv",), (), ModelSize(4000, 1000))
    guess = ArgumentGuess("x", "", "1x3x8x8", reasons=(Said("not_measured.metric", {}, {"type": "a", "text": "b"}),))
    yield EngineHello("0.2.0", 2, "gpubox", "/home")
    yield RunRejected(1, "There is no model", "Check the path.", 2, "Traceback", "--input")
    yield FlowCompared(1, msgspec.structs.replace(row, coverage=Coverage("converted", 1, 2, (10, 20), (30, 40))))
    yield CodeListed(1, Listing((ListedRef(ref, (ListedFile("/home/a/m.py", "ab" * 32, 100, look),), True),)))
    yield PlanRepaired(1, Repair(20.0, 14.0, True, plan=PLAN, patch="seed = 1", measured=OutputErrors("output")))
    yield CallGuessed(1, ModelCall("Net", 3, 100, (guess,), True))
    yield CallTried(1, TriedCall(("1x3x8x8 float32",), ("1x10 float32",), 5, 3))


def _body(message: Message) -> bytes:
    return pack(message).partition(b"\n")[2]


def _joined(messages: Iterator[Message]) -> bytes:
    return b"[%b]" % b",".join(map(_body, messages))


def _document(data: bytes) -> None:
    snapshot = codec.decode(data)
    _looked_at(snapshot)
    codec.encode(snapshot)


def _run(data: bytes) -> None:
    """Read the reports of a run as a window does, one after the other, and look at what is there at the end."""
    reader, received = ReportReader(), Received(PLAN)
    try:
        bodies = msgspec.json.decode(data, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        bodies = [msgspec.Raw(data)]
    for body in bodies:
        match reader.read(bytes(body)):
            case StageReached() as reached:
                received = received.with_stage(reached)
            case RunFinished() as finished:
                _looked_at(received.finished(finished))
                return
            case other:
                _told(other)
    _looked_at(received.interrupted())


def _report(data: bytes) -> None:
    _told(ReportReader().read(data))


def _told(report: Report) -> None:
    """Ask for what a window, or the command line, tells of a report that is no stage and no end."""
    match report:
        case StepStarted():
            progress_text(report.step, report.done, report.total, report.flow)
        case CodeListed():
            lines(report.listing)
            _ = [each.key for each in report.listing.grants]
        case FlowCompared(row=row):
            _ = (row.total, row.total_low, row.is_usable, row.size and row.size.ratio, row.time and row.time.ratio)
            _ = ([each.text for each in row.stays_float], row.error and (row.error.message, row.error.hint))
        case PlanRepaired(repair=repair):
            _ = (repair.prediction_errors, plan_file.write(repair.plan))
        case CallGuessed(call=call):
            _ = (call.texts, [each.text for guess in call.arguments for each in guess.reasons])
        case _:
            pass


def _looked_at(snapshot: Snapshot) -> None:
    """Ask for what a window shows of a result."""
    for finding in snapshot.findings:
        _ = (finding.message, finding.reason, finding.hint)
    for link in snapshot.links:
        _ = (link.evidence, link.reason)
    if (error := snapshot.run.error) is not None:
        _ = (error.message, error.hint)
    for stage in snapshot.stages:
        graph = stage.whole
        _ = [(node.why.rule, node.why.evidence) for node in graph.nodes if node.why is not None]
        fold(graph, opening(graph), snapshot.facts.get(stage.name, {}))
        SearchIndex(graph, snapshot.findings).search("conv dtype:int8 scale>0")
    parts = RunParts(
        snapshot.stages, LinkIndex(snapshot.links), snapshot.facts, snapshot.findings, snapshot.summary,
        snapshot.measurements,
    )  # fmt: skip
    run = InspectedRun(parts).prepare()
    run_page(run)
    summary_tiles(run, flow(snapshot.run.flow))
    output_line(snapshot.measurements)
    summary_line(snapshot.measurements)


def _plan(data: bytes) -> None:
    """Read a plan, and find what it names."""
    plan = plan_file.read(_text(data))
    code_refs(plan, (), NamedBy.FILE)
    plan_file.read(plan_file.write(plan))


def _file(name: str, data: bytes) -> Path:
    path = scratch() / name
    path.write_bytes(data)
    return path


def _project(data: bytes) -> None:
    listed_rules(f"{_file('pyproject.toml', data).parent}/m.py:Net")


def _baseline(data: bytes) -> None:
    read_baseline(_file("baseline.json", data))


def _grant_book(data: bytes) -> None:
    kept = KeptGrants(_file("grants.json", data))
    _ = (kept.keys, [each.source for each in kept.book.runs])


def _run_record(data: bytes) -> None:
    files = RunFiles(scratch() / "runs")
    files.begin()
    (scratch() / "runs" / f"{KEY}.json").write_bytes(data)
    files.read()
    files.remove(KEY)


def _restored(data: bytes, result: Snapshot) -> None:
    """Show again what a window showed, with one run that is still there."""
    session = decoded_record(data, SessionRecord)
    if session is not None and not is_newer(data):
        restored(LastSession(session, FoundRuns((_record(),)), result, None))


def _record() -> RunRecord:
    figures = RunFigures(1.0, 2.0, 14.3, 1000, 3, "", 20)
    return RunRecord(
        "qviz-run", RECORD_VERSION, KEY, "m.py:Net", "ab", 1, PLAN, None, "mine", figures=figures,
        bookmarks=(Bookmark("captured", "conv", "look"),),
    )  # fmt: skip


def _session() -> SessionRecord:
    return SessionRecord("qviz-session", RECORD_VERSION, 1.0, "m.py:Net", PLAN, (KEY,), KEY, "", "captured", "prepared")


def _grants() -> GrantBook:
    grant = Grant("/home/a/m.py:data()", NamedBy.FILE, {"/home/a/m.py": "ab" * 32, "/home/a/n.py": "cd" * 32})
    return GrantBook(grants=(KeptGrant(grant, 1.0),), runs=(PastRun("m.py:Net", 2.0, (grant.key,)),))


def tree_of(data: bytes) -> Any:
    """Return the JSON that data holds; None of a plan, an input, a frame."""
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return None
