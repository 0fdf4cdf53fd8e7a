"""Searches of the table of nodes that are offered by name, besides what the user saved."""

from __future__ import annotations

from qviz.words import mark

SUGGESTED = {
    mark("Quantizers by noise"): "has:quantizer share:>0.5",
    mark("Float islands"): "precision:island",
    mark("Operators in float"): "kind:op precision:float",
    mark("Nodes with findings"): "finding:",
}
