"""`qviz render`: draw stages of a run, or of a result, into a picture file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from qviz.analysis.views.view import Folds
from qviz.cli.commands import command, option
from qviz.cli.options import (
    Manner,
    debug_option,
    flow_option,
    is_snapshot,
    need_source,
    takes_manner,
    takes_plan,
    unmeasured,
)
from qviz.cli.paths import check_place
from qviz.cli.saying import say, say_json
from qviz.cli.snapshots import obtain
from qviz.cli.value_types import FilePath, OneOf, Registered, WholeNumber
from qviz.document.graph import Graph
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.errors import ExitCode, QvizError
from qviz.layout.choice import LAYOUT_ENGINES
from qviz.session.scopes import WHOLE, Scope
from qviz.ui.export.formats import PICTURE_FORMATS
from qviz.words import mark, tr

THEMES = ("light", "dark", "print")


class PictureOptions(NamedTuple):
    """How to draw; `depth` is a number of module levels, or ``all``, or None for what fits."""

    theme: str
    scale: int
    layout: str | None
    depth: str | None
    columns: int
    has_numbers: bool
    has_source: bool
    is_changes: bool
    around: tuple[str, ...]
    hops: int | None


def _check_depth(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None or value == "all" or (value.isdigit() and int(value) > 0):
        return value
    raise click.BadParameter(tr('"{value}" is neither a positive number nor "all"', value=value), ctx, param)


@command()
@click.argument("source", required=False)
@option(
    "-o",
    "--out",
    "outs",
    type=FilePath(dir_okay=True),
    required=True,
    multiple=True,
    help=mark("Write to OUT.png, .svg, .pdf, .dot or .md, a report; repeat for several files."),
)
@flow_option(required=False, help_text=mark("The flow; without one, only the captured model is drawn."))
@option("--stage", metavar="NAME", help=mark("Draw this stage; by default the last one."))
@option("--side-by-side", "pair", metavar="A,B", help=mark("Draw two stages side by side."))
@option("--changes", "is_changes", is_flag=True, help=mark("Draw what changed between two stages, and its neighbors."))
@option(
    "--focus",
    "around",
    metavar="NODE",
    multiple=True,
    help=mark("Draw what is around this node or module path; repeat for several."),
)
@option(
    "--hops",
    type=WholeNumber(min=0),
    metavar="N",
    help=mark("With --focus: draw what is at most this many edges away; {hops} if not given."),
    values={"hops": WHOLE.hops},
)
@option("--numbers", "has_numbers", is_flag=True, help=mark("Show the error of each quantizer, which is measured."))
@option("--source-lines", "has_source", is_flag=True, help=mark("Show which line of source each box comes from."))
@option(
    "--wrap",
    "columns",
    type=WholeNumber(1, 20),
    default=1,
    metavar="N",
    help=mark("Break a tall graph into at most this many columns."),
)
@option("--theme", type=OneOf(THEMES), default="light", show_default=True)
@option("--scale", type=WholeNumber(1, 4), default=1, show_default=True, help=mark("Pixels of a PNG per unit."))
@option(
    "--layout", type=Registered(LAYOUT_ENGINES), help=mark("Layout engine; by default the one that suits the size.")
)
@option(
    "--depth",
    metavar="N|all",
    callback=_check_depth,
    help=mark("Expand modules down to this level; by default about 60 boxes are shown."),
)
@takes_plan
@takes_manner
@debug_option
def render(
    plan: Plan,
    manner: Manner,
    outs: tuple[Path, ...],
    stage: str | None,
    pair: str | None,
    **look: Any,
) -> int:
    """Draw one stage, or two side by side; needs no display.

    For example: qviz render sample:conv-bn-relu --flow fx-static --side-by-side captured,converted -o out.png
    """
    need_source(plan)
    options = PictureOptions(**look)
    wanted = _stage_names(stage, pair)
    _check(options)
    for out in outs:
        check_place(out, tuple(PICTURE_FORMATS))
    snapshot, failure = obtain(_measuring(plan) if options.has_numbers else unmeasured(plan), manner)
    if failure is None or (wanted and set(wanted) <= {each.name for each in snapshot.stages}):
        _draw(snapshot, wanted or _usual_stages(snapshot, options), outs, options)
        _tell(outs, manner)
    if failure is not None:
        raise failure
    return ExitCode.DONE


def _check(options: PictureOptions) -> None:
    """Refuse options that contradict each other.

    Raises:
        click.UsageError: They do.
    """
    if options.is_changes and options.around:
        raise click.UsageError(tr("--changes and --focus exclude each other"))
    if options.hops is not None and not options.around:
        raise click.UsageError(tr("--hops needs --focus"))


def _measuring(plan: Plan) -> Plan:
    return plan if is_snapshot(plan.source) else msgspec.structs.replace(plan, measure=True)


def _stage_names(stage: str | None, pair: str | None) -> tuple[str, ...]:
    """Return the names that were asked for; none means the last one.

    Raises:
        click.UsageError: Both ways at once, or no pair.
    """
    if stage and pair:
        raise click.UsageError(tr("--stage and --side-by-side exclude each other"))
    names = tuple(name.strip() for name in pair.split(",")) if pair else ()
    if pair and (len(names) != 2 or not all(names)):
        raise click.UsageError(
            tr('--side-by-side takes two stages, such as captured,converted; not "{pair}"', pair=pair)
        )
    return (stage,) if stage else names


def _usual_stages(snapshot: Snapshot, options: PictureOptions) -> tuple[str, ...]:
    """Return what is drawn where no stage was named: the last, of changes also the first.

    Raises:
        QvizError: There is no stage.
    """
    if not snapshot.stages:
        raise QvizError(
            tr("{source} has no stage to draw", source=snapshot.run.source), tr("Run the flow again with qviz run.")
        )
    first, last = snapshot.stages[0].name, snapshot.stages[-1].name
    return (first, last) if options.is_changes and first != last else (last,)


def _draw(snapshot: Snapshot, names: tuple[str, ...], outs: tuple[Path, ...], options: PictureOptions) -> None:
    from qviz.ui.export import write
    from qviz.ui.export.look import PictureLook
    from qviz.ui.export.picture import Picture

    if options.has_numbers and (snapshot.measurements is None or snapshot.measurements.ledger is None):
        raise QvizError(
            tr("No quantizer of {source} was measured", source=snapshot.run.source),
            tr("Make the result again with qviz run --measure, or leave out --numbers."),
        )
    depth = options.depth
    folds = {each.name: _opened(each.whole, depth) for each in snapshot.stages if depth and each.name in names}
    look = PictureLook(
        options.theme,
        options.scale,
        options.columns,
        has_numbers=options.has_numbers,
        has_source=options.has_source,
    )
    hops = WHOLE.hops if options.hops is None else options.hops
    scope = Scope(options.around, hops, options.is_changes)
    picture = Picture(snapshot, names, look, scope=scope, engine=options.layout, folds=folds)
    for out in outs:
        write(picture, out)


def _opened(graph: Graph, depth: str) -> Folds:
    """Return the folds that show `depth` levels of modules, or everything."""
    from qviz.analysis.views.folding import unfold_all

    if depth == "all":
        return unfold_all(graph)
    groups = unfold_all(graph, plumbing=False).groups
    return Folds(groups=frozenset(path for path in groups if path.count(".") + 1 < int(depth)))


def _tell(outs: tuple[Path, ...], manner: Manner) -> None:
    if manner.as_json:
        say_json({"out": [str(out) for out in outs]})
    elif not manner.quiet:
        say("\n".join(tr("Written to {out}.", out=out) for out in outs))
