"""`qviz inputs`: what a model is called with, guessed from its layers and tried."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from qviz.cli.commands import command, option
from qviz.cli.options import Manner, debug_option, flow_option, need_source, takes_manner, takes_plan
from qviz.cli.paths import check_place
from qviz.cli.saying import say, say_json
from qviz.cli.value_types import FilePath
from qviz.document.model_call import ModelCall, TriedCall, texts_of
from qviz.document.plan import Plan
from qviz.document.plan_file import SUFFIX, save
from qviz.errors import ExitCode
from qviz.sources.model_list import model_list
from qviz.wire import elsewhere
from qviz.words import mark, tr, trn
from qviz.words.formats import amount, joined


@command()
@click.argument("source", required=False)
@flow_option(required=False, help_text=mark("The flow that is written to OUT.toml; `qviz flows` lists them."))
@option("-o", "--out", type=FilePath(), metavar="OUT", help=mark("Write the plan with the inputs to OUT.toml."))
@takes_plan
@takes_manner
@debug_option
def inputs(plan: Plan, manner: Manner, out: Path | None) -> int:
    """Guess what a model is called with, and try the call; exit with 1 if it does not work.

    A file without a name stands for the most likely model in it.

    For example: qviz inputs model.py -o model.toml
    """
    from qviz.cli.calls import find_inputs
    from qviz.log import start_log

    plan = _with_model(plan)
    need_source(plan, needs_flow=False)
    if out is not None:
        check_place(out, (SUFFIX,))
    start_log()
    found, tried, plan, fault = find_inputs(plan, manner)
    if out is not None:
        save(plan, out)
    if manner.as_json:
        _print_json(plan, found, tried, fault)
    elif not manner.quiet:
        for line in _lines(plan, found, tried, fault):
            say(line)
    return ExitCode.DONE if tried is not None else ExitCode.FINDINGS


def _with_model(plan: Plan) -> Plan:
    """Return the plan with the best guess for a file that names no model."""
    is_here = bool(plan.source) and not elsewhere.chosen()
    found = model_list(plan.source, [*sys.path, os.getcwd()]) if is_here else None
    if found is None or found.chosen < 0 or plan.source != found.place:
        return plan
    return msgspec.structs.replace(plan, source=f"{found.place}:{found.models[found.chosen].candidate.name}")


def _lines(plan: Plan, found: ModelCall | None, tried: TriedCall | None, fault: str) -> Iterator[str]:
    yield plan.source
    if found is not None:
        size = {"type": found.type, "parameters": amount(found.parameters)}
        one, many = (
            "{type}: {count} module, {parameters} parameters",
            "{type}: {count} modules, {parameters} parameters",
        )
        yield trn(found.modules, one, many, **size)
        if found.own and not plan.inputs:
            yield tr("Inputs beside the model: {inputs}", inputs=joined(found.own))
        yield from (f"  {line}" for line in _arguments(found))
    yield from (f"--input {text}" for text in plan.inputs)
    if tried is None:
        yield tr("The call does not work: {fault}", fault=fault)
        return
    yield tr("The call works. It returns {outputs}.", outputs=joined(tried.outputs))
    if tried.unreached:
        yield tr("Not reached: {names}", names=joined(tried.unreached))


def _arguments(found: ModelCall) -> Iterator[str]:
    for each in found.arguments:
        name = f"{each.name}[{each.part}]" if each.part else each.name
        used = ": ".join(part for part in (each.layer_path, each.layer) if part)
        told = " ".join(reason.text for reason in each.reasons)
        if each.is_left_out:
            told = tr("left at its default {default}", default=each.default)
        yield "  ".join(part for part in (name, used, told) if part)


def _print_json(plan: Plan, found: ModelCall | None, tried: TriedCall | None, fault: str) -> None:

    plain: dict[str, Any] = {
        "source": plan.source,
        "inputs": list(plan.inputs or (texts_of(found.arguments) if found is not None else ())),
        "model": msgspec.to_builtins(found),
        "call": msgspec.to_builtins(tried),
        "fault": fault,
    }
    say_json(plain)
