"""The quantizers as rows of comma-separated values, for a spreadsheet."""

from __future__ import annotations

import csv
import io

from qviz.analysis.ledger.answer import gain_of, remedies
from qviz.analysis.ledger.formats import LEDGER_FORMATS, LedgerFormat
from qviz.document.measurements import QuantizerNoise
from qviz.document.snapshot import Snapshot
from qviz.words.untrusted import Untrusted

COLUMNS = (
    "share",
    "name",
    "kind",
    "bits",
    "module",
    "stage",
    "nodes",
    "exact",
    "local_sqnr_db",
    "accumulated_sqnr_db",
    "clipping",
    "clipped",
    "levels_used",
    "telescoped",
    "cause",
    "remedy",
    "gain_db",
)
"""The same names as in JSON; ``remedy`` is the one that gains most."""


def _write(snapshot: Snapshot, most: int | None) -> str:
    assert snapshot.measurements is not None
    ledger, text = snapshot.measurements.ledger, io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    if ledger is not None:
        writer.writerows(map(_guarded, map(_cells, ledger.quantizers[:most])))
        writer.writerow({"share": ledger.unexplained, "name": "unexplained"})
    return text.getvalue()


def _guarded(cells: dict[str, object]) -> dict[str, object]:
    """Return cells of which a spreadsheet computes none."""
    return {key: Untrusted(each).cell if isinstance(each, str) else each for key, each in cells.items()}


def _cells(row: QuantizerNoise) -> dict[str, object]:
    best = remedies(row)[:1]
    return {
        "share": row.share,
        "name": row.id,
        "kind": row.kind,
        "bits": row.bits,
        "module": row.module,
        "stage": row.stage,
        "nodes": " ".join(row.nodes),
        "exact": row.is_exact,
        "local_sqnr_db": row.local_db,
        "accumulated_sqnr_db": row.accumulated_db,
        "clipping": row.clipping,
        "clipped": row.clipped,
        "levels_used": row.levels_used,
        "telescoped": row.telescoped,
        "cause": row.cause.text if row.cause is not None else None,
        "remedy": best[0].name if best else None,
        "gain_db": gain_of(best[0]) if best else None,
    }


LEDGER_FORMATS.add("csv", LedgerFormat(_write, (".csv",)))
