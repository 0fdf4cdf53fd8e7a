"""Runs four flows on small models of transformers and timm, and writes the table of them in docs/flows-and-models.md.

Needs the extras ``models``. Each run is told beside plain torch: with the calls of its documentation, then with the
best recipe known. Where a run stops, the remedy that it names is applied and the run repeated, until it is through.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
import torch
from msgspec.structs import replace
from sweep import PAGE, ZOO
from torch import nn
from zoo_models import TIMM, TRANSFORMERS
from zoo_recipes import masks_without_vmap, yardstick

import qviz
from qviz.document.plan import Plan
from qviz.document.plan_patch import patched
from qviz.document.snapshot import Finding

FLOWS = ("pt2e-static", "pt2e-dynamic", "eager-dynamic", "fx-static")
MASKS = "masks without vmap"
MOST_REMEDIES = 4


class Outcome(NamedTuple):
    """What came of one model in one flow.

    Attributes:
        documented: What torch's documented calls raise; "" where they come to the end.
        recipe: The recipe with which torch comes to the end, where the documented calls do not.
        stop: The code of what qviz stopped for; "" where it came to the end.
        remedies: What was applied then, in its order, as the run named it.
        mended: The same as `stop`, with the remedies.
        low: How many operators are in low precision then.
        total: Of how many that could be.
    """

    documented: str
    recipe: str
    stop: str
    remedies: tuple[str, ...]
    mended: str
    low: int
    total: int

    @property
    def is_through(self) -> bool:
        """Whether the run ends in a converted model, by itself or with its remedies."""
        return not (self.mended if self.stop else "")


class _Told(NamedTuple):
    stop: str
    findings: tuple[Finding, ...]
    low: int
    total: int


def outcome(name: str, flow: str) -> Outcome:
    """Return what comes of a model in a flow: in plain torch, and in qviz with the remedies that it names."""
    yard = yardstick(lambda: _made(name), flow, "transformers" if name in TRANSFORMERS else "timm")
    plan, applied = Plan(flow=flow, measure=False), list[str]()
    told = first = _told(name, plan)
    with contextlib.ExitStack() as masks:
        while told.stop and len(applied) < MOST_REMEDIES:
            if MASKS not in applied and "stop.mask_by_vmap" in (told.stop, _stop_of_export(told)):
                masks.enter_context(masks_without_vmap())
                applied.append(MASKS)
                if told.stop != "stop.mask_by_vmap":
                    plan = replace(plan, flow=_other_flow(told))
                    applied.append(_other_flow(told))
            elif patch := _patch(told.findings):
                plan = patched(plan, patch)
                applied.append(_in_short(patch))
            else:
                break
            told = _told(name, plan)
    return Outcome(*yard, first.stop, tuple(applied), told.stop if applied else first.stop, told.low, told.total)


def _made(name: str) -> tuple[nn.Module, dict[str, Any]]:
    torch.manual_seed(0)
    return {**TRANSFORMERS, **TIMM}[name]()


def _told(name: str, plan: Plan) -> _Told:
    """Return the cause that a run stopped for, its findings, and how much is in low precision."""
    model, inputs = _made(name)
    snapshot = qviz.inspect(model, inputs, plan=plan)
    low, total = snapshot.coverage.operators if snapshot.coverage is not None else (0, 0)
    stopped = next((each for each in snapshot.findings if each.rule == "stopped"), None)
    if stopped is None:
        return _Told("", snapshot.findings, low, total)
    cause = stopped.args.get("cause")
    return _Told(str(cause["code"]) if isinstance(cause, dict) else stopped.code, snapshot.findings, 0, 0)


def _patch(findings: tuple[Finding, ...]) -> str:
    return next((str(each.args["patch"]) for each in findings if "patch" in each.args), "")


def _stop_of_export(told: _Told) -> str:
    """Return why torch.export stops, too; "" where it does not, or is not asked."""
    cause: Any = told.findings[0].args["cause"]
    other = cause["args"].get("other") or {"args": {}}
    found = other["args"].get("cause")
    return str(found["code"]) if found is not None else ""


def _other_flow(told: _Told) -> str:
    """Return the flow that stops, too."""
    cause: Any = told.findings[0].args["cause"]
    return str(cause["args"]["other"]["args"]["flow"])


def _in_short(patch: str) -> str:
    """Return the lines of a patch as a table has room for them: ``pt2e-static``, ``skip_integers``."""
    lines = [line.partition(" = ") for line in patch.splitlines() if " = " in line]
    return ", ".join(
        value.strip('"') if key == "flow" else key if value == "true" else f"{key} = {value}" for key, _, value in lines
    )


def section(rows: Mapping[str, Mapping[str, Outcome]]) -> str:
    """Return the part of the page."""
    cells = [cell for each in rows.values() for cell in each.values()]
    documented = sum(not cell.documented for cell in cells)
    recipes = sum(bool(cell.recipe) for cell in cells)
    alone = sum(not cell.stop for cell in cells)
    mended = sum(bool(cell.stop) and cell.is_through for cell in cells)
    moved = sum(bool(cell.stop) and cell.is_through and bool({*cell.remedies} & {*FLOWS}) for cell in cells)
    lines = [
        ZOO,
        "",
        "Made by `scripts/sweep_zoo.py`: one small model with random weights of each architecture, in the versions of",
        "the extras `models`. Before the bar is what qviz does: how many operators are in low precision, of those that",
        "could be. Where it stops, the script applied the remedies that it names, one after another; they stand",
        "in *italics*. Behind the bar is torch 2.8 alone: *done* with the calls of its documentation, else the first",
        "recipe that comes to the end (`scripts/zoo_recipes.py`), else what it raises.",
        "",
        f"Of {len(cells)} runs torch finishes {documented} as documented and {recipes} more with a recipe; qviz",
        f"finishes {alone}, and {mended} more with the remedy that it names, {moved} of them in another flow.",
        "",
        "| model | " + " | ".join(f"`{flow}`" for flow in FLOWS) + " |",
        "|---|" + "---|" * len(FLOWS),
    ]
    lines += [
        f"| {name} | " + " | ".join(_cell(each[flow]) if flow in each else "" for flow in FLOWS) + " |"
        for name, each in rows.items()
    ]
    return "\n".join(lines) + "\n"


def _cell(cell: Outcome) -> str:
    torchs = "done" if not cell.documented else cell.recipe or f"`{cell.documented}`"
    applied = f"*{', '.join(cell.remedies)}*: " if cell.remedies else ""
    share = f"{cell.low}/{cell.total}" if cell.total else "done"
    return f"{applied}{share if cell.is_through else f'`{cell.mended}`'} \\| {torchs}"


@click.command()
@click.option("--models", "only", default="", help="Only models whose name holds this.")
@click.option("--keep", type=click.Path(path_type=Path), help="Where results are kept, to go on after an interruption.")
@click.option("--kept-only", "is_kept_only", is_flag=True, help="Run nothing: write the page from what is kept.")
def sweep(only: str, keep: Path | None, is_kept_only: bool) -> None:
    """Run the flows and write the section."""
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    os.environ["HF_HUB_OFFLINE"] = "1"
    kept = json.loads(keep.read_text(encoding="utf-8")) if keep is not None and keep.is_file() else {}
    rows: dict[str, dict[str, Outcome]] = {}
    for name in [each for each in (*TRANSFORMERS, *TIMM) if only in each]:
        for flow in FLOWS:
            key = f"{name} {flow}"
            if key not in kept:
                if is_kept_only:
                    continue
                kept[key] = outcome(name, flow)
                print(key, *kept[key], flush=True)
                if keep is not None:
                    keep.write_text(json.dumps(kept), encoding="utf-8")
            rows.setdefault(name, {})[flow] = Outcome(*kept[key])
    before = PAGE.read_text(encoding="utf-8").partition(ZOO)[0].rstrip()
    PAGE.write_text(f"{before}\n\n{section(rows)}", encoding="utf-8")


if __name__ == "__main__":
    sweep()
