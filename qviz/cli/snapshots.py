"""Obtains a result: opens the one that is named, or runs the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qviz.cli.options import Manner, is_snapshot
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.words import tr

if TYPE_CHECKING:
    from qviz.cli.outcome import Outcome


def obtain(plan: Plan, manner: Manner) -> Outcome | tuple[Snapshot, None]:
    """Open the result, or run the plan; with it comes why a run is not whole.

    Raises:
        QvizError: The file is no result, or nothing ran.
        KeyboardInterrupt: The user had enough; where something could have been kept, it says how.
    """
    if is_snapshot(plan.source):
        from qviz.document.codec import load

        return load(plan.source), None
    from qviz.cli.progress import Progress
    from qviz.cli.runs import run_plan
    from qviz.log import start_log

    start_log()
    with Progress(manner.quiet or manner.as_json) as progress:
        try:
            return run_plan(plan, progress.report, manner)
        except KeyboardInterrupt as error:
            if plan.exact and plan.at_most is None:
                hint = tr("Nothing was kept. --at-most SECONDS stops after that time and keeps what was measured.")
                raise KeyboardInterrupt(hint) from error
            raise
