"""Measures a run on data: keeps what the models give while the flow goes through them, and tells it at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

import msgspec
from torch.nn import Module

from qviz.analysis.features import read_on
from qviz.document.flows import Flow
from qviz.document.graph import Json
from qviz.document.measurements import CaptureDifference, Ledger, Measurements, SecondCalls
from qviz.document.plan import Plan
from qviz.document.said import Said
from qviz.engine.failures import line_of
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.measure.changes.what_if import completed
from qviz.engine.measure.kernels.differences import kernel_differences
from qviz.engine.measure.ledger.ledger import make_ledger
from qviz.engine.measure.models import four_models, original
from qviz.engine.measure.models.capture import capture_difference
from qviz.engine.measure.models.float_watch import FloatWatch
from qviz.engine.measure.models.four_models import FourModels
from qviz.engine.measure.models.measured import Measured, shown_at
from qviz.engine.measure.models.not_finite import born_not_finite
from qviz.engine.measure.models.repeating import second_calls
from qviz.engine.measure.running import outputs
from qviz.engine.measure.running.data import Evaluation, Peeked, evaluation
from qviz.engine.measure.running.metric import Judge
from qviz.engine.measure.running.outputs import Outputs
from qviz.engine.measure.running.size import size_of
from qviz.engine.measure.running.stops import stops_at
from qviz.engine.measure.simulated.graphs import state_kept
from qviz.engine.measure.simulated.simulation import copied, simulate
from qviz.engine.nodes import held_state
from qviz.engine.serving.torch_state import kept
from qviz.wire.assembly import Assembly

T = TypeVar("T")
Keep: TypeAlias = Callable[[Measured, Ledger | None], None]

_log = logging.getLogger(__name__)


class Measuring:
    """What one run keeps to be measured; nothing of it may stop the run.

    Args:
        model: The user's, in eval mode; it is run on a copy.
        data: The batches of the calibration, whose first ones are kept as they pass.
        keep: Is given what was in hand, and the ledger, before they are let go.
    """

    wants_stages = True
    """Whether it reads the recorded stages; recording takes a sixth of a run."""

    def __init__(
        self, plan: Plan, flow: Flow, loaded: Loaded, model: Module, data: Peeked | None, keep: Keep | None = None
    ) -> None:
        self._plan, self._flow, self._keep = plan, flow, keep
        self._loaded, self._data = loaded, data
        self._has_own_data = loaded.evaluation is not None
        self._not_measured: list[Said] = []
        self._evaluation = evaluation(loaded.inputs, None, "")
        self._judge = Judge(None, ())
        self._can_reload = loaded.python is not None
        self._original: list[Outputs] | None = None
        self._again: Outputs | None = None
        self._prepared: Module | None = None
        self._converted: Module | None = None
        self._watch: FloatWatch | None = None
        self._own = self._attempt("original", lambda: original.apart(model, flow.is_training))
        self._start: held_state.HeldState = {} if self._own is None else held_state.held(self._own)
        self._keeps: tuple[str, ...] = ()

    def _chosen_data(self) -> Evaluation:
        """Return what is measured on; the calibration has passed by now."""
        loaded, plan = self._loaded, self._plan
        if loaded.evaluation is not None:
            told = plan.evaluate or ("given" if loaded.python is None else "evaluation_data")
            return evaluation(loaded.inputs, loaded.evaluation, told)
        first = self._data.first if self._data is not None else None
        return evaluation(loaded.inputs, first, plan.calibrate or "calibration")

    def _run_original(self, own: Module) -> None:
        with kept(self._plan.seed):
            with state_kept(own):
                self._original = self._attempt("original", lambda: outputs.run(own, self._evaluation.batches))
                self._keeps = held_state.changed(own, self._start)
                if self._original is not None:
                    self._again = self._attempt("repeat", lambda: four_models.twice(own, self._evaluation.batches[0]))
            if self._original is not None:
                self._attempt("metric", lambda: self._judge.judge("original", own))

    def _run_trained(self, own: Module, prepared: Module, assembly: Assembly) -> None:
        """Run the original with what training or calibration changed, as far as it has a place for that."""
        lost: list[str] = []
        if self._flow.is_training:
            lost = original.take_trained(own, prepared, assembly.stages, assembly.links)
        else:
            original.take_state(own, prepared)
        if lost:
            self._not_measured.append(Said("not_measured.trained", {}, {"names": [*lost]}))
            self._own = None
        else:
            self._run_original(own)

    def converting(self, model: Module) -> None:
        """Keep a copy of the model that conversion is about to change."""
        self._prepared = self._attempt("simulated", lambda: copied(model))

    def converted(self, model: Module) -> None:
        """Take the result; of two, the later one runs."""
        self._converted = model

    def finish(self, assembly: Assembly, started: Callable[[str, int, int], None]) -> Measurements | None:
        """Return what was measured; None where there was nothing to compare."""
        self._evaluation = self._attempt("evaluation", self._chosen_data) or self._evaluation
        self._judge = Judge(self._loaded.metric, self._evaluation.batches)
        own, prepared = self._own, self._prepared
        if own is not None and prepared is not None and (self._flow.is_training or original.has_moved(own, prepared)):
            self._attempt("original", lambda: self._run_trained(own, prepared, assembly))
        elif own is not None:
            self._run_original(own)
        is_folded = self._flow.is_training and self._own is None
        if (self._original is None and not is_folded) or self._prepared is None or self._converted is None:
            return self._bare() if self._not_measured else None
        with kept(self._plan.seed):
            return self._measure(assembly, started)

    def _measure(self, assembly: Assembly, started: Callable[[str, int, int], None]) -> Measurements | None:
        measured = self._attempt("simulated", lambda: self._run_models(assembly, started))
        if measured is None:
            self._run_converted()
            return self._bare()
        batches = self._evaluation.batches
        models = measured.outputs
        ledger = self._attempt("ledger", lambda: make_ledger(measured)) if self._wants_ledger(models) else None
        if ledger is not None:
            whole = ledger
            ledger = self._attempt("counterfactuals", lambda: completed(measured, whole)) or ledger
        if self._keep is not None:
            self._keep(measured, ledger)
        return Measurements(
            data=self._evaluation.told,
            batches=len(batches),
            samples=outputs.samples_in(batches, models.floating),
            outputs=models.errors(),
            sqnr_db=models.together(),
            ledger=ledger,
            operators=self._attempt("kernels", lambda: kernel_differences(measured)) or () if models.converted else (),
            inputs=self._watch.inputs() if self._watch is not None else (),
            uneven=self._watch.uneven() if self._watch is not None else (),
            not_finite=self._attempt("not_finite", lambda: born_not_finite(measured)),
            capture=self._attempt("capture", lambda: self._capture(measured)),
            repeat=self._attempt("repeat", lambda: self._repeat(measured)),
            metric=self._judge.result,
            size=self._size(),
            not_measured=tuple(self._not_measured),
            config={"thresholds": msgspec.to_builtins(self._plan.thresholds)},
        )

    def _capture(self, measured: Measured) -> CaptureDifference | None:
        return None if self._own is None else capture_difference(measured, self._own)

    def _repeat(self, measured: Measured) -> SecondCalls | None:
        return None if self._own is None else second_calls(measured, self._own, self._keeps)

    def _bare(self) -> Measurements:
        """Return why nothing was measured."""
        batches = self._evaluation.batches
        samples = outputs.samples_in(batches)
        size = self._size()
        return Measurements(
            self._evaluation.told, len(batches), samples, (), not_measured=tuple(self._not_measured), size=size
        )

    def _size(self) -> tuple[int, int] | None:
        own, converted = self._own, self._converted
        if own is None or converted is None:
            return None
        return self._attempt("size", lambda: (size_of(own), size_of(converted)))

    def _wants_ledger(self, models: FourModels) -> bool:
        """Return whether to tell which quantizer costs what: asked for, or an output is noisy or changes its class."""
        if self._plan.measure is not None or self._plan.exact:
            return self._plan.measure is not False
        limits = self._plan.thresholds
        return any(
            (isinstance(each.simulated, float) and each.simulated < limits.warning_db)
            or (each.agreement is not None and each.agreement < limits.agreement)
            for each in models.errors()
        )

    def _run_models(self, assembly: Assembly, started: Callable[[str, int, int], None]) -> Measured:
        assert self._prepared is not None
        assert self._converted is not None
        batches = self._evaluation.batches
        started("measuring", 0, 4)
        simulation = simulate(self._prepared, self._converted, self._flow.converts_to_kernels)
        module = simulation.module
        for each in (module, self._converted):
            held_state.put(each, self._start)
        watch = self._watch = FloatWatch(simulation, shown_at(assembly.stages))
        seen = len(batches) if self._has_own_data else 1  # calibration data has the calibrated range
        with kept(self._plan.seed), simulation.board.first_run(module):
            floating = four_models.floating(simulation, batches[:seen], watch)
            floating += four_models.floating(simulation, batches[seen:])
        started("measuring", 1, 4)
        simulated = self._alike(module, lambda: four_models.simulated(simulation, batches))
        nudged = self._alike(module, lambda: four_models.nudged(simulation, batches))
        started("measuring", 2, 4)
        result = self._converted
        with kept(self._plan.seed), state_kept(result):
            converted = self._attempt("converted", lambda: outputs.run(result, batches))
            if converted is None:
                self._place_of_stop(result, batches)
            again = None if self._again is None or converted is None else four_models.twice(result, batches[0])
        with simulation.board.set_to(simulation.everything):
            self._attempt("metric", lambda: self._judge.judge("simulated", simulation.module))
        if converted is not None:
            self._attempt("metric", lambda: self._judge.judge("converted", result))
        calls = None if self._again is None or again is None else (self._again, again)
        first = floating if self._original is None else self._original
        features = read_on(assembly.stages[0], list(first[0]))
        is_original, samples = self._original is not None, outputs.samples_in(batches, floating)
        models = FourModels(first, floating, simulated, nudged, converted, calls, is_original, features, samples)
        stages, links = tuple(assembly.stages), tuple(assembly.links)
        return Measured(
            plan=self._plan,
            evaluation=self._evaluation,
            simulation=simulation,
            converted=result,
            outputs=models,
            stages=stages,
            links=links,
            started=started,
            can_reload=self._can_reload,
            note=self._not_measured.append,
        )

    def _run_converted(self) -> None:
        """Run the converted model where there is nothing to compare it with: whether it runs is worth knowing."""
        result, batches = self._converted, self._evaluation.batches[:1]
        if result is None:
            return
        with kept(self._plan.seed), state_kept(result):
            if self._attempt("converted", lambda: outputs.run(result, batches)) is None:
                self._place_of_stop(result, batches)

    def _place_of_stop(self, result: Module, batches: Sequence[Arguments]) -> None:
        """Add the node at which the converted model stops to the note that it does."""
        if (node := stops_at(result, batches)) is not None:
            told = self._not_measured[-1]
            self._not_measured[-1] = msgspec.structs.replace(told, roles={"subject": (node,)})

    def _alike(self, module: Module, run: Callable[[], T]) -> T:
        """Run a model with the random numbers that the others get, and let it keep nothing for the next run."""
        with kept(self._plan.seed), state_kept(module):
            return run()

    def _attempt(self, what: str, measure: Callable[[], T]) -> T | None:
        """Note what cannot be measured, instead of stopping a run that is good without it."""
        try:
            return measure()
        except (Exception, SystemExit) as error:  # the user's model and torch may raise anything
            _log.info("%s was not measured", what, exc_info=True)
            text = " ".join(str(error).split()).partition(". ")[0]
            args: dict[str, Json] = {"type": type(error).__name__, "text": text}
            if (line := line_of(error)) is not None:
                args |= {"file": Path(line.file).name, "line": line.line}
            self._not_measured.append(Said(f"not_measured.{what}", {}, args))
            return None


def watched_batches(loaded: Loaded) -> Peeked | None:
    """Return the calibration data, which keeps its first batches; None where the example inputs take its place."""
    return None if loaded.batches is None else Peeked(loaded.batches)
