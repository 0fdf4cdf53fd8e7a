"""A float graph and what became of it: casts were inserted, and an operator took in the two behind it."""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st

from qviz.document.kept import kept_link
from qviz.document.snapshot import Link, Stage
from tests.factories import graph, node


def link(relation: str, before: tuple[str, ...], after: tuple[str, ...]) -> Link:
    """Return a link between stages "a" and "b"."""
    return kept_link("a", "b", before, after, relation, 1.0, "test")  # type: ignore[arg-type]


BEFORE = Stage(
    "a",
    graph(
        node("x", kind="input"),
        node("conv", "x", path="m.0", type="Conv2d"),
        node("bn", "conv", path="m.1", type="BatchNorm2d"),
        node("relu", "bn", path="m.2", type="ReLU"),
        node("output", "relu", kind="output"),
    ),
    "",
)
AFTER = Stage(
    "b",
    graph(
        node("x", kind="input"),
        node("q", "x", kind="quantize"),
        node("dq", "q", kind="dequantize"),
        node("conv", "dq", path="m.0", type="ConvReLU2d", kind="fused_op"),
        node("q2", "conv", kind="quantize"),
        node("dq2", "q2", kind="dequantize"),
        node("output", "dq2", kind="output"),
    ),
    "",
)
LINKS = (
    link("same", ("x",), ("x",)),
    link("fused", ("conv", "bn", "relu"), ("conv",)),
    *(link("inserted", (), (each,)) for each in ("q", "dq", "q2", "dq2")),
    link("same", ("output",), ("output",)),
)


@st.composite
def stages(draw: st.DrawFn) -> tuple[Stage, Stage, tuple[Link, ...]]:
    """A float graph, and what becomes of it: casts on some edges, some operators taken in by the one before."""
    count = draw(st.integers(1, 9))
    reads = {
        0: [],
        **{i: sorted(draw(st.sets(st.integers(0, i - 1), min_size=1, max_size=2))) for i in range(1, count)},
    }
    users = Counter(source for sources in reads.values() for source in sources)
    taken = {
        i: reads[i][0]
        for i in range(1, count)
        if len(reads[i]) == 1 and users[reads[i][0]] == 1 and reads[i][0] > 0 and draw(st.booleans())
    }

    def host(i: int) -> int:
        while i in taken:
            i = taken[i]
        return i

    paths = {i: draw(st.sampled_from(["", "m", "m.n"])) for i in range(count)}
    before = [
        node(f"n{i}", *(f"n{each}" for each in reads[i]), kind="op" if i else "input", path=paths[i] if i else "")
        for i in range(count)
    ]
    after, links = [], [link("same", ("n0",), ("n0",))]
    after.append(node("n0", kind="input"))
    for i in range(1, count):
        if i in taken:
            continue
        sources = []
        for source in dict.fromkeys(host(each) for each in reads[i]):
            name = f"n{source}"
            if draw(st.booleans()):
                after += [
                    node(f"q{i}_{source}", name, kind="quantize", path=paths[i]),
                    node(f"dq{i}_{source}", f"q{i}_{source}", kind="dequantize", path=paths[i]),
                ]
                links += [link("inserted", (), (f"q{i}_{source}",)), link("inserted", (), (f"dq{i}_{source}",))]
                name = f"dq{i}_{source}"
            sources.append(name)
        after.append(node(f"n{i}", *sources, path=paths[i]))
        parts = tuple(f"n{j}" for j in range(count) if host(j) == i)
        links.append(link("fused" if len(parts) > 1 else "same", parts, (f"n{i}",)))
    return Stage("a", graph(*before), ""), Stage("b", graph(*after), ""), tuple(links)
