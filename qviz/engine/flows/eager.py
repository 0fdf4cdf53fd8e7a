"""Eager mode: fuse, prepare, calibrate or train, convert; or quantize dynamically at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.ao.quantization import (
    convert,
    fuse_modules,
    fuse_modules_qat,
    prepare,
    prepare_qat,
    quantize_dynamic,
)
from torch.ao.quantization import qconfig as qconfigs
from torch.fx import GraphModule

from qviz.document.plan import WeightDtype
from qviz.engine.checks import eager as checks
from qviz.engine.configuration.backends import use_backend
from qviz.engine.configuration.eager import configure
from qviz.engine.configuration.fuse_list import FuseList, fuse_list, unknown_paths
from qviz.engine.flows.job import Job
from qviz.engine.loading.written import users_own
from qviz.engine.recording.module_graph import draw
from qviz.errors import QvizError

WEIGHT_ONLY: dict[WeightDtype, tuple[str, tuple[str, ...], torch.dtype]] = {
    "quint8": ("float_qparams_weight_only_qconfig", ("Embedding", "EmbeddingBag"), torch.quint8),
    "quint4x2": ("float_qparams_weight_only_qconfig_4bit", ("Embedding", "EmbeddingBag"), torch.quint4x2),
    "float16": ("float16_dynamic_qconfig", ("Linear",), torch.float16),
}
"""The qconfig, the module types of ``torch.nn`` and the dtype of each weight-only quantization."""


def dynamic(job: Job) -> None:
    """Run ``quantize_dynamic`` with its default types."""
    use_backend(job.plan.backend)
    _captured(job)
    job.step("converting")
    _converted(job, quantize_dynamic(job.model, inplace=True))


def weight_only(job: Job) -> None:
    """Run ``quantize_dynamic`` for embeddings in 8 or 4 bits, or Linear in float16."""
    use_backend(job.plan.backend)
    name, types, dtype = WEIGHT_ONLY[job.plan.weight_dtype]
    spec = {getattr(nn, each): getattr(qconfigs, name) for each in types}
    _captured(job)
    job.step("converting")
    _converted(job, quantize_dynamic(job.model, spec, dtype, inplace=True))


def static(job: Job) -> None:
    """Run ``fuse_modules``, ``prepare``, calibration and ``convert``."""
    use_backend(job.plan.backend)
    captured = _captured(job)
    model = _fused(job, captured, for_training=bool(job.plan.fuse_for_training))
    model.eval()
    _configure(job, model)
    job.step("preparing")
    prepared = prepare(model, inplace=True)
    job.calibrate(prepared)
    job.step("converting")
    _converted(job, convert(prepared, inplace=True))


def qat(job: Job) -> None:
    """Run ``fuse_modules_qat``, ``prepare_qat``, training and ``convert``."""
    use_backend(job.plan.backend)
    captured = _captured(job)
    model = _fused(job, captured, for_training=job.plan.fuse_for_training is not False)
    model.train()
    _configure(job, model)
    job.step("preparing")
    prepared = prepare_qat(model, inplace=True)
    job.train(prepared)
    prepared.eval()
    job.step("converting")
    _converted(job, convert(prepared, inplace=True))


def _captured(job: Job) -> GraphModule:
    job.step("capturing")
    drawn = draw(job.model, job.inputs)
    job.graph_of = lambda model: draw(model, job.inputs, drawn).graph
    job.reached("captured", drawn.graph)
    if drawn.error is not None:
        job.found(checks.recorded_by_running(drawn.error))
    for finding in checks.of_captured(drawn.graph, job.plan.flow in ("eager-static", "eager-qat")):
        job.found(finding)
    return drawn.graph


def _fused(job: Job, captured: GraphModule, for_training: bool) -> nn.Module:
    """Fuse what the plan says, or what the trace shows."""
    job.step("fusing")
    derived = fuse_list(captured, for_training)
    chosen: FuseList = derived if job.plan.fuse_list is None else job.plan.fuse_list
    if missing := unknown_paths(job.model, chosen):
        known = ", ".join(path for path, _ in job.model.named_modules() if path)
        raise QvizError(f"the fuse list names {missing[0]!r}, which the model has not", f"It has: {known}.")
    for finding in checks.of_fuse_list(captured, chosen, derived):
        job.found(finding)
    job.configured["fuse_list"] = [list(entry) for entry in chosen]
    model = job.model.train(for_training)
    if chosen:
        options: dict[str, Any] = {}
        if job.plan.fuser is not None:
            job.fuser = users_own(job.plan.fuser, job.plan.source, is_called=False)
            options["fuser_func"] = job.fuser.value
        fuse = fuse_modules_qat if for_training else fuse_modules
        model = fuse(model, [list(entry) for entry in chosen], inplace=True, **options)
    job.reached("fused", job.graph_of(model))
    return model


def _configure(job: Job, model: nn.Module) -> None:
    """Set the qconfigs, and record how many modules each rule matched."""
    job.eager = done = configure(model, job.plan)
    if job.plan.rules:
        job.configured["rules"] = [
            {"rule": f"{rule.kind} {rule.target}".strip(), "matched": count}
            for rule, count in zip(job.plan.rules, done.matched, strict=True)
        ]
    for finding in done.findings:
        job.found(finding)


def _converted(job: Job, model: nn.Module) -> None:
    graph = job.graph_of(model)
    job.reached("converted", graph)
    if (finding := checks.does_not_run(model, job.inputs, graph)) is not None:
        job.found(finding)
