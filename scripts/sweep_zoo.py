"""Runs four flows on small models of transformers and timm, and writes the table of them in docs/flows-and-models.md.

Needs the extras ``models``. Each run is told beside plain torch with the same calls; where a run stops and a finding
has a remedy, the remedy is applied and the run repeated.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import torch
from sweep import PAGE, ZOO
from torch import nn
from zoo_models import TIMM, TRANSFORMERS

import qviz
from qviz.document.plan import Plan
from qviz.document.plan_patch import patched
from qviz.document.snapshot import Finding

FLOWS = ("pt2e-static", "pt2e-dynamic", "eager-dynamic", "fx-static")


class Outcome(NamedTuple):
    """What one flow did to one model.

    Attributes:
        plain: What torch alone does: "" where it comes to the end, else the type of the exception.
        stop: The code of what qviz stopped for; "" where it came to the end.
        remedy: What was applied then; "" where there is none.
        mended: The same as `stop`, with the remedy.
    """

    plain: str
    stop: str
    remedy: str = ""
    mended: str = ""


def outcome(name: str, flow: str, known: Mapping[str, Sequence[str]]) -> Outcome:
    """Return what came of a flow, alone and with its remedy.

    Args:
        name: Of the model.
        flow: What runs.
        known: What came of other flows, by model and flow.
    """
    plain, (stop, findings) = _plain(name, flow), _told(name, Plan(flow=flow, measure=False))
    if not stop:
        return Outcome(plain, "")
    if stop == "stop.mask_by_vmap":
        with _Masks():
            mended, found = _told(name, Plan(flow=flow, measure=False))
            remedy = "mask without vmap"
            if (patch := _patch(found)) and mended:
                mended, _ = _told(name, patched(Plan(flow=flow, measure=False), patch))
                remedy += ", skip_integers"
        return Outcome(plain, stop, remedy, mended)
    if patch := _patch(findings):
        return Outcome(plain, stop, "skip_integers", _told(name, patched(Plan(flow=flow, measure=False), patch))[0])
    if other := _other_flow(findings):
        key = f"{name} {other}"
        there = Outcome(*known[key]) if key in known else outcome(name, other, known)
        return Outcome(
            plain,
            stop,
            " with ".join(filter(None, (other, there.remedy))),
            there.mended if there.remedy else there.stop,
        )
    return Outcome(plain, stop)


def _other_flow(findings: tuple[Finding, ...]) -> str:
    """Return the flow that the hint of a stop names."""
    cause: Any = next(each.args.get("cause") for each in findings if each.rule == "stopped")
    other = cause["args"].get("other") if isinstance(cause, dict) else None
    return str(other["args"]["flow"]) if other else ""


def _made(name: str) -> tuple[nn.Module, dict[str, Any]]:
    torch.manual_seed(0)
    return {**TRANSFORMERS, **TIMM}[name]()


def _told(name: str, plan: Plan) -> tuple[str, tuple[Finding, ...]]:
    """Return the cause that a run stopped for, and its findings."""
    model, inputs = _made(name)
    snapshot = qviz.inspect(model, inputs, plan=plan)
    stopped = next((each for each in snapshot.findings if each.rule == "stopped"), None)
    if stopped is None:
        return "", snapshot.findings
    cause = stopped.args.get("cause")
    return str(cause["code"]) if isinstance(cause, dict) else stopped.code, snapshot.findings


def _patch(findings: tuple[Finding, ...]) -> str:
    return next((str(each.args["patch"]) for each in findings if "patch" in each.args), "")


class _Masks:
    """Lets transformers build masks without vmap, as the hint says, and puts back what was there."""

    def __enter__(self) -> None:
        from transformers.integrations.executorch import sdpa_mask_without_vmap
        from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, sdpa_mask

        self.known, self.before = ALL_MASK_ATTENTION_FUNCTIONS, sdpa_mask
        self.known.register("sdpa", sdpa_mask_without_vmap)

    def __exit__(self, *_: object) -> None:
        self.known.register("sdpa", self.before)


def _plain(name: str, flow: str) -> str:
    """Return the type of what torch alone raises, with the calls that its documentation gives."""
    model, inputs = _made(name)
    torch._dynamo.reset()  # noqa: SLF001 - repeated captures hit dynamo's limit otherwise
    try:
        if flow == "eager-dynamic":
            quantize_dynamic: Any = torch.ao.quantization.quantize_dynamic
            quantize_dynamic(model, {nn.Linear})(**inputs)
        elif flow == "fx-static":
            _fx(model, inputs)
        else:
            _pt2e(model, inputs, flow == "pt2e-dynamic")
    except Exception as error:  # what torch raises is what is told
        return type(error).__name__
    return ""


def _fx(model: nn.Module, inputs: dict[str, Any]) -> None:
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    prepared: Any = prepare_fx(model, get_default_qconfig_mapping("x86"), tuple(inputs.values()))
    prepared(**inputs)
    convert_fx(prepared)(**inputs)


def _pt2e(model: nn.Module, inputs: dict[str, Any], is_dynamic: bool) -> None:
    from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e
    from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config

    captured: Any = torch.export.export(model, (), inputs).module()
    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_dynamic=is_dynamic))
    prepared = prepare_pt2e(captured, quantizer)
    prepared(**inputs)
    convert_pt2e(prepared)(**inputs)


def section(rows: dict[str, dict[str, Outcome]]) -> str:
    """Return the part of the page."""
    cells = [cell for each in rows.values() for cell in each.values()]
    plain, alone = sum(not cell.plain for cell in cells), sum(not cell.stop for cell in cells)
    mended = sum(bool(cell.stop and cell.remedy) and not cell.mended for cell in cells)
    lines = [
        ZOO,
        "",
        "Made by `scripts/sweep_zoo.py`: one small model with random weights of each architecture, in the versions of",
        "the extras `models`. *torch* is torch 2.8 alone, with the calls of its documentation. Where qviz stops, it",
        "names the cause by its code; a remedy in *italics* was applied, and what came of it stands behind it.",
        "",
        f"Of {len(cells)} runs torch alone finishes {plain}, qviz {alone}, and {mended} more with the remedy it names.",
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
    torchs = f"torch: {cell.plain}" if cell.plain else "torch: done"
    if not cell.stop:
        return f"done ({torchs})"
    if cell.remedy:
        return f"*{cell.remedy}*: " + ("done" if not cell.mended else f"`{cell.mended}`") + f" ({torchs})"
    return f"`{cell.stop}` ({torchs})"


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
                kept[key] = outcome(name, flow, kept)
                print(key, *kept[key], flush=True)
                if keep is not None:
                    keep.write_text(json.dumps(kept), encoding="utf-8")
            rows.setdefault(name, {})[flow] = Outcome(*kept[key])
    before = PAGE.read_text(encoding="utf-8").partition(ZOO)[0].rstrip()
    PAGE.write_text(f"{before}\n\n{section(rows)}", encoding="utf-8")


if __name__ == "__main__":
    sweep()
