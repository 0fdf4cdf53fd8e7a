from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qviz.analysis.views.folding import fold
from qviz.analysis.views.view import Folds
from qviz.layout.graphlay_engine import GraphlayEngine, place_level
from qviz.layout.level import GroupLevel, LevelEdge, LevelNode
from qviz.layout.series import place_in_series
from tests.factories import graph, node
from tests.layout.geometry import faults, sizes_of


@st.composite
def networks(draw: st.DrawFn):
    """Long chains of blocks: plain ones, residual ones, ones with weights that are cast, and dead ends."""
    nodes, last = [node("x", kind="input")], "x"
    for number in range(draw(st.integers(12, 30))):
        match draw(st.sampled_from(("plain", "residual", "weight", "dead end", "wide"))):
            case "plain":
                nodes.append(node(f"n{number}", last))
            case "residual":
                nodes += [node(f"a{number}", last), node(f"b{number}", f"a{number}")]
                nodes.append(node(f"n{number}", f"b{number}", last))
            case "weight":
                nodes += [node(f"w{number}", kind="constant"), node(f"d{number}", f"w{number}", kind="dequantize")]
                nodes += [node(f"e{number}", f"d{number}"), node(f"n{number}", last, f"e{number}")]
            case "dead end":
                nodes += [node(f"n{number}", last), node(f"z{number}", f"n{number}")]
            case "wide":
                nodes += [node(f"{side}{number}", last) for side in "pqr"]
                nodes.append(node(f"n{number}", f"p{number}", f"q{number}", f"r{number}"))
        last = f"n{number}"
    return graph(*nodes, node("output", last, kind="output"))


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_a_long_network_is_placed_without_faults(network) -> None:
    view = fold(network, Folds(), {})
    sizes = sizes_of(view)
    assert faults(view, sizes, GraphlayEngine().place(view, sizes)) == []


def chain(count: int) -> GroupLevel:
    nodes = tuple(LevelNode(100.0, 40.0, 50.0) for _ in range(count))
    return GroupLevel(nodes, tuple(LevelEdge(at, at + 1) for at in range(count - 1)))


def test_equal_pieces_are_asked_for_alike() -> None:
    asked: set[GroupLevel] = set()

    def place(level: GroupLevel):
        asked.add(level)
        return place_level(level)

    placed = place_in_series(chain(300), place)
    assert placed is not None
    assert len(asked) <= 3
    assert len({at.x for at in placed.corners}) == 1
    assert [at.y for at in placed.corners] == sorted(at.y for at in placed.corners)


def test_what_is_short_or_hangs_together_is_placed_whole() -> None:
    assert place_in_series(chain(20), place_level) is None
    together = chain(60)
    assert place_in_series(together._replace(edges=(*together.edges, LevelEdge(0, 59))), place_level) is None
