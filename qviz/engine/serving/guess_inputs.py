"""Guesses the inputs of a model in hand, for Python."""

from __future__ import annotations

from torch.nn import Module

from qviz.document.model_call import ModelCall
from qviz.engine.loading.guessing.guess import call_of
from qviz.engine.serving.torch_state import kept


def guess_inputs(model: Module) -> ModelCall:
    """Find out what a model is called with, from the layers that use its arguments first.

    It is run a few times on random inputs, in eval mode, and left as it is.

    Returns:
        A guess for each argument as ``--input`` takes it, with its layer; ``runs`` tells whether the model ran on them,
        ``fault`` what it said if not. ``Plan.inputs`` takes ``call.texts``.
    """
    with kept(0):
        return call_of(model)
