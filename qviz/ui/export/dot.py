"""Graphs as DOT, for graphviz: the boxes, lines and colors of the picture, placed by whoever opens it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256

from PySide6.QtGui import QColor

from qviz.analysis.views.view import Box
from qviz.document.graph import WATCHING, Kind
from qviz.ui.canvas.metrics import SEAM_SIGN, badge_text, heading
from qviz.ui.export.legend import LegendRow
from qviz.ui.export.pane import Content
from qviz.ui.export.picture import Picture
from qviz.ui.theme import Theme
from qviz.words import names, tr
from qviz.words.untrusted import Untrusted
from qviz.words.visible import LONGEST_NAME, short_name, visible

_LONGEST_COMMENT = 4000
"""Letters; some graphviz reads no text above 16 kB."""
FONTS = "Inter, Helvetica, Arial, sans-serif"
_SHAPES: Mapping[Kind, str] = {
    Kind.QUANTIZE: "invtrapezium",
    Kind.DEQUANTIZE: "trapezium",
    Kind.CHOOSE_QPARAMS: "hexagon",
    Kind.CONSTANT: "note",
}
_ROUND = frozenset({Kind.INPUT, Kind.OUTPUT}) | WATCHING
_STYLES = {"plain": "solid", "heavy": "solid", "dashed": "dashed", "dotted": "dotted"}


def encode(picture: Picture) -> bytes:
    """Return the bytes of a DOT file; neither scale nor columns matter to it."""
    return ("\n".join(_lines(picture)) + "\n").encode()


def _lines(picture: Picture) -> Iterator[str]:
    theme, look = picture.theme, picture.look
    text, muted = _hex(theme.color("text")), _hex(theme.color("text.muted"))
    ground = "transparent" if look.is_clear else _hex(theme.color("canvas"))
    title = f"{picture.title}\n{picture.subtitle}" if look.has_title else ""
    yield f"digraph {_quoted(picture.title)} {{"
    about = ", ".join(f"{key}: {value}" for key, value in picture.identity.items())
    yield f"  comment={_quoted(short_name(about, _LONGEST_COMMENT))};"
    yield f"  graph [{_given(label=title, labelloc='t', bgcolor=ground, fontcolor=text, fontname=FONTS)}];"
    yield f"  node [{_given(fontname=FONTS, fontsize='11', fontcolor=text, shape='box', style='filled')}];"
    yield f"  edge [{_given(fontname=FONTS, fontsize='9', fontcolor=muted, arrowsize='0.6')}];"
    for number, content in enumerate(picture.contents):
        yield from _stage(number, content, theme)
    yield from _legend(picture.legend, theme)
    yield "}"


def _stage(number: int, content: Content, theme: Theme) -> Iterator[str]:
    view, looks = content.view, content.overlays.looks
    inside: dict[str | None, list[Box]] = {}
    for box in view.boxes:
        inside.setdefault(box.parent, []).append(box)
    frame = {"color": _hex(theme.color("border")), "fontcolor": _hex(theme.color("text"))}
    yield f"  subgraph cluster_{number} {{"
    yield f"    graph [{_given(label=names.stage(content.part.stage.name), style='solid', **frame)}];"
    yield from _boxes(number, None, inside, content, theme, "    ")
    for line, look in zip(view.lines, looks, strict=True):
        drawn = {"color": _hex(theme.color(look.token)), "style": _STYLES[look.stroke]}
        drawn |= {"label": line.label} if line.label else {}
        drawn |= {"penwidth": "2.6"} if look.stroke == "heavy" else {}
        drawn |= {"penwidth": f"{look.width:g}"} if look.width else {}
        yield f"    {_id(number, line.from_box)} -> {_id(number, line.to_box)} [{_given(**drawn)}];"
    yield "  }"


def _boxes(
    number: int,
    parent: str | None,
    inside: Mapping[str | None, list[Box]],
    content: Content,
    theme: Theme,
    indent: str,
) -> Iterator[str]:
    """Yield what a group holds, open groups as clusters in it."""
    for box in inside.get(parent, ()):
        if not box.is_open:
            yield f"{indent}{_id(number, box.id)} [{_given(**_node(box, content, theme))}];"
            continue
        yield f"{indent}subgraph {_id(number, box.id, 'cluster_')} {{"
        frame = {"color": _hex(theme.color("group.frame")), "fontcolor": _hex(theme.color("text.muted"))}
        label = " ".join(filter(None, (box.title, box.subtitle)))
        yield f"{indent}  graph [{_given(label=label, style='dashed', fontsize='10', **frame)}];"
        yield from _boxes(number, box.id, inside, content, theme, f"{indent}  ")
        yield f"{indent}}}"


def _node(box: Box, content: Content, theme: Theme) -> dict[str, str]:
    """Return how a box is drawn; the uppermost overlay with a value for it colors its border."""
    rows = [heading(box), box.subtitle, " ".join(map(badge_text, box.badges))]
    drawn = {
        "label": "\n".join(filter(None, rows)),
        "fillcolor": _hex(theme.color("panel") if content.overlays.is_plain else theme.fill(box.role)),
        "color": _hex(theme.line(box.role)),
        "shape": _SHAPES.get(box.kind, "box") if box.kind else "box3d",
    }
    if box.stub_of is not None:
        drawn |= {"label": box.title, "shape": "box", "style": "dashed,rounded", "fontcolor": drawn["color"]}
    elif box.kind in _ROUND or drawn["shape"] == "box":
        drawn["style"] = "rounded,filled"
    if box.kind is Kind.FUSED_OP:
        drawn |= {"peripheries": "2"}
    if box.role is Kind.QUANTIZED_OP:
        drawn |= {"penwidth": "2.2"}
    if box.is_seam:
        drawn |= {"label": f"{SEAM_SIGN} {box.title}", "shape": "plaintext", "style": ""}
    for shown in content.overlays.shown:
        value = shown.boxes.get(box.id)
        if value is not None and shown.overlay.mark != "none":
            drawn |= {"color": _hex(theme.color(shown.overlay.scale.look(value).token)), "penwidth": "3"}
    return drawn


def _legend(rows: tuple[LegendRow, ...], theme: Theme) -> Iterator[str]:
    """Yield a table of what the colors mean."""
    if not rows:
        return
    yield "  subgraph cluster_legend {"
    frame = {"color": _hex(theme.color("border")), "fontcolor": _hex(theme.color("text.muted"))}
    yield f"    graph [{_given(label=tr('Legend'), style='solid', **frame)}];"
    rows = tuple({row.words: row for row in rows}.values())  # a value of lines and of boxes looks the same here
    cells = "".join(f'<TR>{_sample(row, theme)}<TD ALIGN="LEFT">{Untrusted(row.words).xml}</TD></TR>' for row in rows)
    table = f'<TABLE BORDER="0" CELLSPACING="4">{cells}</TABLE>'
    yield f'    legend [shape=plaintext, style="", label=<{table}>];'
    yield "  }"


def _sample(row: LegendRow, theme: Theme) -> str:
    """Return a cell in the color of a row; of a range, a cell of its colors and widths."""
    if row.overlay is not None:
        cells = ((_hex(theme.color(each.token)), each.width or 8) for each in row.overlay.looks)
        inner = "".join(f'<TD BGCOLOR="{color}" WIDTH="12" HEIGHT="{tall:.0f}"></TD>' for color, tall in cells)
        return f'<TD><TABLE BORDER="0" CELLSPACING="0"><TR>{inner}</TR></TABLE></TD>'
    style = ' STYLE="DASHED"' if row.is_open else ""
    line = _hex(theme.color("group.frame") if row.is_open else theme.line(row.kind))
    fill = _hex(theme.color("canvas") if row.is_open else theme.fill(row.kind))
    return f'<TD BORDER="1" COLOR="{line}" BGCOLOR="{fill}" WIDTH="30" HEIGHT="14"{style}></TD>'


def _hex(color: QColor) -> str:
    return color.name()


def _id(number: int, box_id: str, before: str = "") -> str:
    if len(box_id) > LONGEST_NAME or visible(box_id) != box_id or "\\" in box_id:
        # graphviz reads no name above 16 kB, and two names may look the same once what they hide is written out.
        box_id = f"{short_name(box_id)}#{sha256(box_id.encode(errors='surrogatepass')).hexdigest()[:16]}"
    return _quoted(f"{before}{number}/{box_id}")


def _given(**attributes: str) -> str:
    return ", ".join(f"{name}={_quoted(value)}" for name, value in attributes.items())


def _quoted(text: str) -> str:
    return f'"{Untrusted(text).dot}"'
