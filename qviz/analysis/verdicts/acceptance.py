"""Says which findings a baseline accepts, also one of an older version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from qviz.analysis.verdicts.finding_places import FindingPlaces
from qviz.document.baseline import Accepted, Baseline, baseline_of, fingerprint
from qviz.document.snapshot import Finding
from qviz.words import say
from qviz.words.language import ENGLISH
from qviz.words.statement import ALSO, KEPT


class AcceptedInPart(NamedTuple):
    """Which nodes of a finding are new, and which entries accept the others."""

    new: tuple[str, ...]
    entries: tuple[Accepted, ...] = ()


class Acceptance:
    """A baseline, asked about the findings of one run.

    Args:
        baseline: What was accepted before; None accepts nothing.
        places: Of the run.
    """

    def __init__(self, baseline: Baseline | None, places: FindingPlaces) -> None:
        self._places = places
        self._before = baseline.findings if baseline is not None else ()
        self._by_fingerprint: dict[str, Accepted] = {}
        self._by_nodes: dict[tuple[str, str, frozenset[str]], Accepted] = {}
        self._without_nodes: defaultdict[tuple[str, str], list[Accepted]] = defaultdict(list)
        self._of_rule: defaultdict[tuple[str, str], list[Accepted]] = defaultdict(list)
        for entry in baseline.findings if baseline is not None else ():
            self._of_rule[entry.rule, entry.stage].append(entry)
            if entry.places is not None:
                self._by_fingerprint[fingerprint(entry.rule, entry.stage, entry.places)] = entry
            elif entry.nodes:
                self._by_nodes[entry.rule, entry.stage, frozenset(entry.nodes)] = entry
            else:
                self._without_nodes[entry.rule, entry.stage].append(entry)

    def entry(self, finding: Finding) -> Accepted | None:
        """Return the first entry that accepts a finding, if any does."""
        return next(iter(self.entries(finding)), None)

    def entries(self, finding: Finding) -> tuple[Accepted, ...]:
        """Return the entries that accept a finding: one, or several that have its places between them.

        Version 1 knew a finding by its nodes, and one without nodes by its message. That may be worded otherwise
        today: such an entry accepts what speaks of the same names.
        """
        found = self._by_fingerprint.get(self._places.fingerprint(finding))
        if found is None and finding.nodes:
            found = self._by_nodes.get((finding.rule, finding.stage, frozenset(finding.nodes)))
        elif found is None:
            entries = self._without_nodes.get((finding.rule, finding.stage), ())
            found = next((each for each in entries if _is_about(each, finding)), None)
        if found is not None:
            return (found,)
        return self._of_all_places(finding) if finding.nodes else ()

    def of_some_places(self, finding: Finding) -> AcceptedInPart:
        """Return what a finding, which no entry accepts as a whole, says of places that were not accepted.

        A place is what was a finding before those that say the same were made one, or each node of a finding that says
        one thing of all its nodes.
        """
        units = _units(finding)
        if len(units) < 2 or self.entries(finding):
            return AcceptedInPart(finding.nodes)
        parts = [(unit, self._of_all_places(msgspec.structs.replace(finding, nodes=unit, place=()))) for unit in units]
        new = tuple(node for unit, entries in parts if not entries for node in unit)
        return AcceptedInPart(new, _each_once(each for _, entries in parts for each in entries))

    def _of_all_places(self, finding: Finding) -> tuple[Accepted, ...]:
        """Return the entries that accepted each place of a finding, when they were findings of their own or one."""
        known = self._of_rule.get((finding.rule, finding.stage), [])
        have, wanted = {place: entry for entry in known for place in entry.places or ()}, self._places.of(finding)
        if not have and ALSO in finding.roles:
            have, wanted = {node: entry for entry in known for node in entry.nodes}, finding.nodes
        used = [have.get(each) for each in wanted]
        return _each_once(each for each in used if each is not None) if all(used) else ()

    def with_accepted(self, findings: Iterable[Finding]) -> Baseline:
        """Return the baseline that accepts these findings, too."""
        return baseline_of((*self._before, *self.accepting(findings).findings))

    def without(self, findings: Iterable[Finding]) -> Baseline:
        """Return the baseline that accepts none of these findings any longer."""
        gone = {id(entry) for finding in findings for entry in self.entries(finding)}
        return baseline_of(entry for entry in self._before if id(entry) not in gone)

    def accepting(self, findings: Iterable[Finding]) -> Baseline:
        """Return the baseline that accepts these findings, with the notes that this one has on them."""
        return baseline_of(
            Accepted(
                finding.rule,
                finding.stage,
                finding.nodes,
                self._places.of(finding),
                say(finding, "message", ENGLISH),
                entry.note if (entry := self.entry(finding)) is not None else None,
            )
            for finding in findings
        )


def _units(finding: Finding) -> list[tuple[str, ...]]:
    """Return the nodes of a finding by the places that it speaks of."""
    if also := finding.roles.get(ALSO):
        starts = [0, *sorted(finding.nodes.index(each) for each in also if each in finding.nodes)]
        ends = [*starts[1:], len(finding.nodes)]
        return [finding.nodes[start:end] for start, end in zip(starts, ends, strict=True)]
    if set(finding.roles.get("subject", ())) == set(finding.nodes):
        return [(each,) for each in finding.nodes]
    return [finding.nodes]


def _each_once(entries: Iterable[Accepted]) -> tuple[Accepted, ...]:
    return tuple({id(each): each for each in entries}.values())


def _is_about(entry: Accepted, finding: Finding) -> bool:
    """Tell whether an entry without places is about a finding without nodes."""
    if finding.code == KEPT:  # of a document of version 1, too: both have the text of that time
        return entry.message == finding.args.get("message")
    return all(_speaks_of(entry, name) for name in finding.place)


def _speaks_of(entry: Accepted, name: str) -> bool:
    """Tell whether the message of an entry has a name, also a pattern as Python writes it."""
    return name in entry.message or repr(name)[1:-1] in entry.message
