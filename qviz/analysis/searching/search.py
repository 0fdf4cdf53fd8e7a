"""Finds the nodes of one stage by words and by what is known of them, fast enough for every keystroke."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import chain, compress, islice
from typing import NamedTuple

from qviz.analysis.searching.fields import FIELDS, SEPARATORS, OtherWords, json_text
from qviz.analysis.searching.terms import Term, compares, parse
from qviz.document.graph import Graph, Kind, Node, NodeId
from qviz.document.snapshot import Finding
from qviz.words import mark, tr
from qviz.words.formats import listed

LIMIT = 200
"""As many results are worth a row."""


_KINDS = tuple(kind.value for kind in Kind)
_NAMED = 7
_NO_KIND, _NO_KEY = mark("There is no kind “{word}”."), mark("No node has “{word}:”.")


class Found(NamedTuple):
    """What a search found.

    Attributes:
        ids: Of all nodes that match, in graph order.
        best: The best of them: the name itself first, then names that begin so, then names that hold it.
        fault: What is wrong with the search, in words; "" where nothing is.
    """

    ids: tuple[str, ...] = ()
    best: tuple[Node, ...] = ()
    fault: str = ""


class SearchIndex:
    """One stage, ready to be searched; what only some searches need is made when first asked for.

    Attributes:
        graph: What is searched.
        keys: Every word that can stand before a colon.
    """

    def __init__(self, graph: Graph, findings: Iterable[Finding] = (), others: OtherWords | None = None) -> None:
        """Take a graph, the findings that speak of its nodes, and what else can stand before a colon."""
        self.graph = graph
        self._findings = tuple(findings)
        self._names = [node.id.lower() for node in graph.nodes]
        self._hays = [_hay(node) for node in graph.nodes]
        attributes = chain.from_iterable(node.attributes for node in graph.nodes)
        self._attributes = {key.lower(): key for key in attributes}
        self._others = others
        named = [*FIELDS, "finding", *(others.keys if others is not None else ()), *sorted(self._attributes)]
        self.keys: tuple[str, ...] = tuple(dict.fromkeys(named))
        self._tables: dict[str, dict[str, list[int]]] = {}
        self._numbers: dict[str, list[tuple[int, float]]] = {}

    def search(self, text: str, limit: int = LIMIT) -> Found:
        """Return the nodes that every term of `text` holds for; without a term there are none."""
        terms = parse(text)
        fault = next(filter(None, map(self._fault, terms)), "")
        if fault or not terms:
            return Found(fault=fault)
        places = self._places(terms)
        nodes = self.graph.nodes
        best = islice(self._ranked(places, terms), limit)
        return Found(tuple([nodes[each].id for each in places]), tuple(nodes[each] for each in best))

    def _fault(self, term: Term) -> str:
        if term.key == "kind" and not any(term.value in kind for kind in _KINDS):
            return _unknown(_NO_KIND, term.value, _KINDS, "")
        if term.key and term.key not in self.keys:
            return _unknown(_NO_KEY, term.key, self.keys, ":")
        return ""

    def _places(self, terms: list[Term]) -> list[int]:
        """Return where matching nodes stand, in graph order."""
        places: list[int] | range = range(len(self._names))
        by_key = [(self._with_value(term.key, term.value), term.is_excluded) for term in terms if term.key]
        wanted = [set(each) for each, is_excluded in by_key if not is_excluded]
        if wanted:
            places = sorted(set.intersection(*wanted))
        for each, is_excluded in by_key:
            if is_excluded:
                out = set(each)
                places = [place for place in places if place not in out]
        hays = self._hays
        for term in terms:
            if not term.key and term.is_excluded:
                places = [place for place in places if term.value not in hays[place]]
            elif not term.key:
                places = [place for place in places if term.value in hays[place]]
        return list(places)

    def _with_value(self, key: str, value: str) -> Iterable[int]:
        """Return the nodes with that value; where no value is it wholly, those whose value holds it."""
        if key == "name":
            return [place for place, name in enumerate(self._names) if value in name]
        if (bound := compares(value)) is not None:
            return (place for place, number in self._numbered(key) if bound.holds(number))
        table = self._table(key)
        if not value:
            return chain(chain.from_iterable(table.values()), (place for place, _ in self._numbered(key)))
        separator = SEPARATORS.get(key, "\n")
        whole = f"{separator}{value}{separator}"
        texts = [text for text in table if whole in text] if separator else []
        return chain.from_iterable(table[text] for text in texts or [text for text in table if value in text])

    def _numbered(self, key: str) -> list[tuple[int, float]]:
        """Return the number that nodes have for a word, with the places of the nodes."""
        if key not in self._numbers:
            known = self._others.numbers(key) if self._others is not None and key in self._others.keys else {}
            found = [(place, known.get(node.id)) for place, node in enumerate(self.graph.nodes)] if known else []
            self._numbers[key] = [(place, number) for place, number in found if number is not None]
        return self._numbers[key]

    def _table(self, key: str) -> dict[str, list[int]]:
        """Return which nodes have which value; a value stands between separators."""
        if key not in self._tables:
            table: defaultdict[str, list[int]] = defaultdict(list)
            separator = SEPARATORS.get(key, "\n")
            # Values are few and nodes are many: a value is written out once.
            for text, places in self._with_text(key).items():
                table[f"{separator}{text.lower()}{separator}"] += places
            self._tables[key] = dict(table)
        return self._tables[key]

    def _with_text(self, key: str) -> dict[str, list[int]]:
        found: defaultdict[str, list[int]] = defaultdict(list)
        field, attribute = FIELDS.get(key), self._attributes.get(key)
        for place, node in enumerate(self.graph.nodes):
            if field is not None:
                for text in field(node):
                    found[text].append(place)
            if attribute is not None and attribute in node.attributes:
                found[json_text(node.attributes[attribute])].append(place)
        known = self._others is not None and key in self._others.keys
        if known or key == "finding":
            places = {node.id: place for place, node in enumerate(self.graph.nodes)}
            for text, node_id in self._from_run(key):
                if node_id in places:
                    found[text].append(places[node_id])
        return found

    def _from_run(self, key: str) -> Iterator[tuple[str, NodeId]]:
        """Yield the texts that findings and the run have for nodes."""
        if key == "finding":
            for finding in self._findings:
                yield from ((_of_finding(finding), node_id) for node_id in finding.nodes)
        if self._others is not None and key in self._others.keys:
            for node_id, texts in self._others.texts(key).items():
                yield from ((text, node_id) for text in texts)

    def _ranked(self, places: list[int], terms: list[Term]) -> Iterable[int]:
        """Yield matches from the best on; a match is as good as the best of its words."""
        words = tuple(term.value for term in terms if term.key in ("", "name") and term.value and not term.is_excluded)
        if not words:
            yield from places
            return
        names, left = self._names, places
        for holds in (words.__contains__, lambda name: name.startswith(words), lambda name: _holds_any(name, words)):
            is_best = [holds(names[place]) for place in left]
            yield from compress(left, is_best)
            left = [place for place, is_taken in zip(left, is_best, strict=True) if not is_taken]
        yield from left


def _of_finding(finding: Finding) -> str:
    """Return what a finding is found by: data, the same in every language."""
    names = chain.from_iterable(each if isinstance(each, list) else [each] for each in finding.args.values())
    told = (name for name in names if isinstance(name, str))
    return " ".join([finding.rule, finding.level.value, finding.code, *finding.nodes, *finding.place, *told])


def _unknown(fault: str, wrong: str, known: tuple[str, ...], end: str) -> str:
    """Say what is wrong, and which of the known words was meant or which there are."""
    near = get_close_matches(wrong, known, 1, 0.5)
    if near:
        return tr("{fault} Did you mean “{word}”?", fault=tr(fault, word=wrong), word=f"{near[0]}{end}")
    return tr("{fault} Use {words}.", fault=tr(fault, word=wrong), words=listed(known, _NAMED))


def _holds_any(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name for word in words)


def _hay(node: Node) -> str:
    dtypes = "\n".join(value.dtype for value in node.values)
    parts = (node.id, node.target, node.place, node.module_type, node.kind.value, dtypes)
    return "\n".join(parts).lower()
