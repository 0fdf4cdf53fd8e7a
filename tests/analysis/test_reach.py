"""What lies around a node, against networkx."""

from __future__ import annotations

import networkx
from hypothesis import given, settings
from hypothesis import strategies as st

from qviz.analysis.views.reach import between, downstream, neighbours, upstream
from qviz.document.query import Index
from tests.layout.geometry import graphs


def of_networkx(made) -> networkx.DiGraph:
    found: networkx.DiGraph[str] = networkx.DiGraph()
    found.add_nodes_from(node.id for node in made.nodes)
    found.add_edges_from((edge.from_id, edge.to_id) for edge in made.edges)
    return found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(graphs(), st.data())
def test_it_is_what_networkx_finds(made, data):
    index, known = Index(made), of_networkx(made)
    ids = [node.id for node in made.nodes]
    one, other = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids))
    hops = data.draw(st.integers(0, 4))
    assert upstream(index, one) == {one, *networkx.ancestors(known, one)}
    assert downstream(index, one) == {one, *networkx.descendants(known, one)}
    assert neighbours(index, one, hops) == set(networkx.ego_graph(known, one, hops, undirected=True))
    paths = [*networkx.all_simple_paths(known, one, other), *networkx.all_simple_paths(known, other, one)]
    assert between(index, one, other) == ({each for path in paths for each in path} if one != other else {one})
