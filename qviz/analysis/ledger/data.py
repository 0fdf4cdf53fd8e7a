"""Measurements as a JSON object for programs; docs/measure.md says what is in it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from qviz.analysis.ledger.answer import answer, missing, remedies
from qviz.analysis.ledger.formats import LEDGER_FORMATS, LedgerFormat
from qviz.document.graph import Json, Number
from qviz.document.measurements import Measurements, OutputErrors, QuantizerNoise
from qviz.document.said import Said
from qviz.document.snapshot import Snapshot

VERSION = 1


def report(snapshot: Snapshot, most: int | None = None) -> dict[str, Json]:
    """Return what `qviz measure --json` prints."""
    assert snapshot.measurements is not None
    run = snapshot.run
    head: dict[str, Json] = {"format": "qviz-measure", "version": VERSION}
    about: dict[str, Json] = {"source": run.source, "flow": run.flow, "status": run.status}
    return head | about | measurements(snapshot.measurements, most)


def measurements(measured: Measurements, most: int | None = None) -> dict[str, Json]:
    """Return what was measured, for a program that reads it."""
    ledger = measured.ledger
    rows = ledger.quantizers[:most] if ledger is not None else ()
    return {
        "answer": said(answer(measured)),
        "data": measured.data,
        "batches": measured.batches,
        "samples": measured.samples,
        "quantizers": [_quantizer(each) for each in rows],
        "unexplained": ledger.unexplained if ledger is not None else None,
        "additivity": ledger.additivity if ledger is not None else None,
        "method": ledger.method if ledger is not None else None,
        "complete": ledger.is_complete if ledger is not None else None,
        "signals": {**ledger.signals} if ledger is not None else {},
        "totals": {**ledger.totals} if ledger is not None else {},
        "output_sqnr_db": levels(measured.sqnr_db) if measured.sqnr_db is not None else None,
        "outputs": {each.name: levels(each) for each in measured.outputs},
        "operators": [_plain(each) for each in measured.operators],
        "inputs": [_plain(each) for each in measured.inputs],
        "repeat": _plain(measured.repeat),
        "metric": _plain(measured.metric),
        "not_measured": [{**said(each), "text": missing(each)} for each in measured.not_measured],
        "config": measured.config,
    }


def levels(errors: OutputErrors) -> dict[str, Json]:
    """Return the errors of one output, in dB; `agreement` is a share."""
    found: dict[str, Number | None] = {
        "prepared": errors.prepared,
        "simulated": errors.simulated,
        "converted": errors.converted,
        "total": errors.total,
        "floor": errors.floor,
        "agreement": errors.agreement,
    }
    return {**found}


def said(statement: Said) -> dict[str, Json]:
    """Return a statement with its words."""
    return {"code": statement.code, "args": statement.args, "text": statement.text}


def _quantizer(row: QuantizerNoise) -> Json:
    return {
        "name": row.id,
        "stage": row.stage,
        "nodes": list(row.nodes),
        "module": row.module,
        "kind": row.kind,
        "bits": row.bits,
        "share": row.share,
        "exact": row.is_exact,
        "powers": {**row.powers},
        "local_sqnr_db": row.local_db,
        "accumulated_sqnr_db": row.accumulated_db,
        "clipping": row.clipping,
        "clipped": row.clipped,
        "levels_used": row.levels_used,
        "telescoped": row.telescoped,
        "cause": said(row.cause) if row.cause is not None else None,
        "remedies": [_plain(each) for each in remedies(row)],
        "alternatives": [_plain(each) for each in row.alternatives],
    }


def _plain(record: Any) -> Json:
    plain: Json = msgspec.to_builtins(record)
    return plain


def _write(snapshot: Snapshot, most: int | None) -> str:
    return json.dumps(report(snapshot, most), indent=2, ensure_ascii=False) + "\n"


LEDGER_FORMATS.add("json", LedgerFormat(_write, (".json",)))
