"""The change of the plan that a finding or another way to round asks for, as the patch that the result holds."""

from __future__ import annotations

from qviz.analysis.acting.target import PlanEdit
from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.analysis.ledger.answer import remedies
from qviz.document.plan import Plan
from qviz.document.plan_patch import patched
from qviz.document.snapshot import Finding
from qviz.words import tr


def remedy_of(run: InspectedRun, finding: Finding) -> str:
    """Return what a finding wants added to the plan, as TOML; "" where its hint is no change of the plan."""
    given = finding.args.get("patch")
    if isinstance(given, str) and given:
        return given
    if "remedy" not in finding.args or run.ledger is None:
        return ""
    owner = next((row for row in run.ledger.quantizers if row.id == finding.args.get("name")), None)
    best = remedies(owner)[:1] if owner is not None else ()
    return best[0].patch if best else ""


def apply_patch(plan: Plan, text: str, about: str) -> PlanEdit:
    """Return the plan with a patch.

    Raises:
        QvizError: The patch does not fit the plan: the result was made by another version.
    """
    return PlanEdit(patched(plan, text), tr("{name}: the remedy is in the configuration.", name=about))
