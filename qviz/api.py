"""qviz in Python: inspect a model, look at graphs already in hand, open results.

Nothing here imports torch or Qt before it is needed: `load`, `save` and pictures never
import torch, and Qt only ever runs in a process of its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from qviz.analysis.ledger.noise_ledger import NoiseLedger
from qviz.analysis.verdicts.summary import told_coverage
from qviz.document import codec
from qviz.document.changes import Repair
from qviz.document.coverage import Coverage
from qviz.document.flows import DEFAULT_FLOW, flow_ids
from qviz.document.measurements import Measurements
from qviz.document.plan import BACKENDS, QUANTIZERS, Plan
from qviz.document.snapshot import Finding, Link, Run, Stage
from qviz.document.snapshot import Snapshot as Document
from qviz.errors import ExitCode, QvizError
from qviz.wire.client import engine_environment
from qviz.words import tr
from qviz.words.untrusted import Untrusted

if TYPE_CHECKING:
    from torch.export import ExportedProgram
    from torch.fx import GraphModule
    from torch.nn import Module

_BOOT = "import sys; sys.path[:1] == [''] and sys.path.pop(0); from qviz.__main__ import main; sys.exit(main())"


class Result:
    """A result: the stages of a run, links between them, findings; a picture in a notebook.

    Attributes:
        document: All of it, as plain data.
    """

    def __init__(self, document: Document, again: Callable[[float, int], Repair] | None = None) -> None:
        self.document = document
        self._again = again

    def __repr__(self) -> str:
        run, stages = self.document.run, ", ".join(stage.name for stage in self.stages)
        told = f"{run.source}: {run.flow or 'no flow'}, {run.status}; {stages or 'no stages'}"
        return f"<qviz.Snapshot of {Untrusted(told).line}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Result) and self.document == other.document

    __hash__ = None  # type: ignore[assignment] # the document holds lists

    @property
    def run(self) -> Run:
        """What ran; ``run.error`` says what failed if ``run.status`` is not ``done``."""
        return self.document.run

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages in the order of the flow."""
        return self.document.stages

    @property
    def links(self) -> tuple[Link, ...]:
        """Which nodes of one stage became which of the next."""
        return self.document.links

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a reviewer should look at, the worst first."""
        return self.document.findings

    @property
    def coverage(self) -> Coverage | None:
        """How much runs in low precision: operators, parameters and multiply-accumulates, each as low and all.

        None where nothing was converted, or no operator can be quantized.
        """
        return told_coverage(self.document.summary)

    @property
    def measurements(self) -> Measurements | None:
        """What was measured on data: errors of the outputs, operators that differ, a metric; None where nothing was."""
        return self.document.measurements

    @property
    def ledger(self) -> NoiseLedger | None:
        """What each quantizer costs the outputs; None where it was not made.

        It is made with ``measure=True``, and by itself where the SQNR of an output is below 20 dB.
        """
        measured = self.document.measurements
        return None if measured is None or measured.ledger is None else NoiseLedger(self.document)

    def repair(self, target_db: float, most: int = 3) -> Repair:
        """Return the smallest set of changes of the plan that was found to reach an SQNR, float to simulated, in dB.

        The plan with the changes was run on the same data before it is returned; ``plan`` holds it, ``patch`` what
        it adds as TOML, ``python`` reproduces it without qviz. ``reached`` is False where no set was found.

        Args:
            target_db: What quantization shall leave at the outputs, all of them together.
            most: How many changes at most.

        Raises:
            QvizError: There is no model at hand, as in a result that was loaded; or nothing could be measured.
        """
        if self._again is None:
            raise QvizError(
                tr("This result has no loaded model"),
                tr("Call repair on what qviz.inspect returns, or use qviz repair."),
            )
        return self._again(target_db, most)

    def stage(self, name: str) -> Stage:
        """Return the stage of that name.

        Raises:
            KeyError: No such stage; the message lists those there are.
        """
        return self.document.stage(name)

    def save(self, path: Path | str) -> None:
        """Write a ``.qviz`` or ``.json``.

        Raises:
            QvizError: The ending is unknown, or the disk does not take it.
        """
        codec.save(self.document, path)

    def render(  # noqa: PLR0913 - each is a word of its own to the caller
        self,
        path: Path | str,
        *,
        stage: str | None = None,
        side_by_side: tuple[str, str] | None = None,
        changes: bool = False,
        focus: str | None = None,
        hops: int = 2,
        numbers: bool = False,
        wrap: int = 1,
        theme: str = "light",
        scale: int = 1,
    ) -> None:
        """Draw one stage, the last if none is named, or two beside each other, as docs/export.md tells.

        The path ends in ``.png``, ``.svg``, ``.pdf``, ``.dot``, or ``.md``: a report with its picture beside it.

        Raises:
            QvizError: No such stage or node, an unknown ending, or the disk does not take it.
        """
        choice = ["--stage", stage] if stage else ["--side-by-side", ",".join(side_by_side)] if side_by_side else []
        choice += ["--changes"] if changes else []
        choice += ["--focus", focus, "--hops", str(hops)] if focus else []
        choice += ["--numbers"] if numbers else []
        self._draw([Path(path)], [*choice, "--wrap", str(wrap), "--theme", theme, "--scale", str(scale)])

    def _draw(self, paths: list[Path], options: list[str]) -> None:
        """Draw in a process of its own, so that Qt never meets the event loop of a notebook.

        Raises:
            QvizError: What that process said.
        """
        with tempfile.TemporaryDirectory(prefix="qviz-") as folder:
            source = Path(folder) / "snapshot.json"
            self.save(source)
            outs = [word for path in paths for word in ("-o", str(path))]
            command = [sys.executable, "-c", _BOOT, "render", str(source), *outs, *options, "--quiet"]
            done = subprocess.run(
                command, env=engine_environment(sys.executable), capture_output=True, text=True, check=False
            )
        if done.returncode:
            said = done.stderr.strip().removeprefix("qviz: ").splitlines() or [tr("The picture could not be drawn")]
            raise QvizError(said[0], " ".join(said[1:]), ExitCode.BAD_INPUT)

    @cached_property
    def _pictures(self) -> tuple[str, bytes]:
        """The first and the last stage beside each other as SVG and PNG, drawn when a notebook asks."""
        names = [stage.name for stage in self.stages]
        options = ["--side-by-side", f"{names[0]},{names[-1]}"] if len(names) > 1 else []
        with tempfile.TemporaryDirectory(prefix="qviz-") as folder:
            svg, png = Path(folder) / "picture.svg", Path(folder) / "picture.png"
            self._draw([svg, png], options)
            return svg.read_text(encoding="utf-8"), png.read_bytes()

    def _repr_svg_(self) -> str | None:
        return self._pictures[0] if self.stages else None

    def _repr_png_(self) -> bytes | None:
        return self._pictures[1] if self.stages else None


def inspect(  # noqa: PLR0913 - each is a word of its own to the caller
    model: Module | ExportedProgram,
    example_inputs: tuple[Any, ...] | Mapping[str, Any],
    *,
    flow: str = DEFAULT_FLOW,
    calibration: Iterable[Any] | None = None,
    backend: str = "x86",
    quantizer: str = "xnnpack",
    strict: bool | None = None,
    reference: bool = False,
    lower: bool = False,
    train: Callable[[Module], object] | None = None,
    batch_limit: int | None = None,
    seed: int = 0,
    plan: Plan | None = None,
    evaluation: Iterable[Any] | None = None,
    measure: bool | None = None,
    exact: bool = False,
    metric: Callable[[Any, Any], Any] | None = None,
) -> Result:
    """Run a flow on a copy of `model`, in this process.

    Args:
        model: Left as it is. An exported program is for PT2E flows.
        example_inputs: A tuple of positional arguments, or a dict of arguments by name; each a tensor, or
            lists, tuples and dicts of tensors. A dict that is itself one argument stands in a tuple.
        flow: One of ``qviz flows``.
        calibration: Batches for the observers, each a tensor, or arguments as above; None means the example inputs.
        backend: Whose configuration an eager or FX flow takes.
        quantizer: The quantizer of a PT2E flow: one of torch's by name, or ``mod:callable``.
        strict: How a PT2E flow captures; None means strict first.
        reference: Whether to show the reference stage, too.
        lower: Whether to lower a PT2E result to x86 kernels, too.
        train: Trains the prepared model of a QAT flow; None means one forward pass in training mode.
        batch_limit: How many batches of `calibration` at most.
        seed: For whatever is random.
        plan: The whole configuration as a value; it takes the place of what is said above, but for the data.
        evaluation: Batches to measure on, as `calibration`; None means those. Labels behind the arguments are for
            `metric`. The example inputs are always measured on, too.
        measure: Whether to measure what each quantizer costs (`Result.ledger`); None does where an output is noisy
            (SQNR below 20 dB), False measures nothing at all.
        exact: Whether to measure one quantizer at a time, which is slower than the estimate.
        metric: Your own figure: gets what a model returned for a batch, and the batch; returns a number.

    Returns:
        The stages reached; ``run.error`` says why there are no more, if the flow failed.

    Raises:
        QvizError: The input has to be mended first.
    """
    _choose("flow", flow, flow_ids())
    _choose("backend", backend, BACKENDS)
    if ":" not in quantizer:
        _choose("quantizer", quantizer, QUANTIZERS)
    from qviz.engine.loading.calibration import Batches
    from qviz.engine.loading.forward import as_arguments
    from qviz.engine.loading.metric import find_metric, given_metric
    from qviz.engine.loading.model_files import module_of
    from qviz.engine.loading.source import Loaded
    from qviz.engine.loading.training import given
    from qviz.engine.serving.run import run_loaded

    plan = plan or Plan(
        flow=flow,
        batch_limit=batch_limit,
        backend=backend,
        quantizer=quantizer,
        strict=strict,
        reference=reference,
        lower=lower,
        seed=seed,
    )
    model = module_of(model, plan.flow)
    if not plan.source:
        plan = replace(plan, source=f"{type(model).__module__}:{type(model).__qualname__}")
    if measure is not None or exact:
        plan = replace(plan, measure=True if measure is None else measure, exact=exact or plan.exact)
    inputs = as_arguments(example_inputs, model)
    batches = None if calibration is None else Batches(calibration, inputs, model)
    training = None if train is None else given(train)
    held = None if evaluation is None else Batches(evaluation, inputs, model)
    judge = find_metric(plan) if metric is None else given_metric(metric)
    loaded = Loaded(model, inputs, batches, training=training, evaluation=held, metric=judge)
    is_spent = any(isinstance(each, Iterator) for each in (calibration, evaluation))

    def again(target_db: float, most: int) -> Repair:
        if is_spent:
            told = tr("The data can be read only once")
            raise QvizError(told, tr("Give a list instead of a generator."))
        from qviz.engine.serving.repair import repair

        return repair(loaded, plan, target_db, most, lambda report: None)

    return Result(run_loaded(loaded, plan, lambda report: None), again)


def _choose(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise QvizError(
            tr('Unknown {what} "{value}"', what=what, value=value),
            tr("Choose one of: {names}.", names=", ".join(known)),
        )


def snapshot(graphs: Mapping[str, GraphModule | ExportedProgram]) -> Result:
    """Return a result of graphs that are already in hand, in their order; the names are free.

    Raises:
        QvizError: There is none, or something is no graph.
    """
    from qviz.engine.recording.given_graphs import record_graphs

    return Result(record_graphs(graphs))


def load(path: Path | str) -> Result:
    """Read a ``.qviz`` or ``.json``; imports no torch and runs no code.

    Raises:
        QvizError: Not found, not a qviz document, damaged, or of a newer version.
    """
    return Result(codec.load(path))


def show(result: Result) -> None:
    """Open the window on a result, in a process of its own; return at once.

    Raises:
        QvizError: There is no display.
    """
    from qviz.ui.shell.display import HEADLESS, display_fault

    if fault := display_fault():
        raise QvizError(fault, tr(HEADLESS))
    folder = tempfile.mkdtemp(prefix="qviz-")
    path = Path(folder) / f"{Untrusted(result.run.flow or 'captured').file_name}.qviz"
    result.save(path)
    process = subprocess.Popen(
        [sys.executable, "-c", _BOOT, str(path)], env=engine_environment(sys.executable), start_new_session=True
    )
    Thread(target=_clean_up, args=(process, folder), name="qviz-window", daemon=True).start()


def _clean_up(process: subprocess.Popen[bytes], folder: str) -> None:
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
