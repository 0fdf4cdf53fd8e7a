"""Links agree with what torch's own values, scales and weights tell, and no node goes without a link or a reason."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
import torch
import torch.testing._internal.common_quantization as torch_models
from torch import nn

from qviz.document.flows import FLOWS
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded, load
from qviz.engine.serving.run import run_loaded
from tests.links.truth import Score, Watch
from tests.sweeps import pairs

SAMPLES = ("conv-bn-relu", "residual", "transformer", "mobile", "seed-small")
TORCHS = (
    "LinearReluModel",
    "LinearReluLinearModel",
    "LinearReluAddModel",
    "ConvBnModel",
    "ConvBnReLUModel",
    "ConvReluConvModel",
    "ConvReluAddModel",
    "LinearModelWithSubmodule",
    "TwoLayerConvModel",
    "FunctionalLinearReluLinearModel",
    "LinearBnLeakyReluModel",
    "FunctionalConvReluConvModel",
)
VISION = ("resnet18", "mobilenet_v2", "vit_b_16")
LEAST = 0.99


def marked(loaded: Loaded) -> Loaded:
    """Give each batch norm statistics of its own, so that what it is folded into can be told."""
    torch.manual_seed(0)
    for module in loaded.module.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            assert module.running_mean is not None
            assert module.running_var is not None
            with torch.no_grad():
                module.weight.uniform_(0.5, 2)
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
    return loaded


def scored(loaded: Loaded, plan: Plan) -> tuple[Snapshot, Score]:
    loaded = marked(loaded)
    torch.manual_seed(0)
    watch = Watch(loaded.inputs)
    snapshot = run_loaded(loaded, plan, lambda message: None, keep=watch)
    assert snapshot.run.status == "done", snapshot.run.error
    return snapshot, watch.score(snapshot)


def check(snapshot: Snapshot, score: Score, covered: float) -> None:
    assert score.right >= LEAST * score.judged, score.wrong
    assert score.judged >= covered * score.nodes, score
    assert unlinked(snapshot) == []


def unlinked(snapshot: Snapshot) -> list[str]:
    """Return the nodes without a link, and those that went away or came without a reason."""
    found = []
    for before, after in pairwise(snapshot.stages):
        links = [link for link in snapshot.links if link.to_stage == after.name]
        old, new = ({i for link in links for i in link.from_ids}, {i for link in links for i in link.to_ids})
        found += [node.id for node in before.graph.nodes if node.id not in old]
        found += [node.id for node in after.graph.nodes if node.id not in new]
        found += [i for link in links if not link.to_ids and not link.reason for i in link.from_ids]
        found += [i for link in links if not link.from_ids and not link.evidence for i in link.to_ids]
    return found


@pytest.mark.parametrize(("sample", "flow"), pairs(SAMPLES, [flow.id for flow in FLOWS], one_in=3))
def test_every_flow_of_every_sample(sample: str, flow: str):
    plan = Plan(source=f"sample:{sample}", flow=flow)
    check(*scored(load(plan), plan), 0.1)


@pytest.mark.parametrize(("name", "flow"), pairs(TORCHS, ["fx-static", "fx-dynamic", "pt2e-static", "pt2e-dynamic"], 3))
def test_models_that_torch_tests_itself_with(name: str, flow: str):
    torch.manual_seed(0)
    model = getattr(torch_models, name)().eval()
    inputs = Arguments(model.get_example_inputs(), {})
    check(*scored(Loaded(model, inputs), Plan(source=name, flow=flow)), 0.1)


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static", "pt2e-dynamic"])
@pytest.mark.parametrize("name", VISION)
def test_models_of_torchvision(name: str, flow: str):
    plan = Plan(
        source=f"torchvision.models:{name}", flow=flow, inputs=("1x3x96x96" if name != "vit_b_16" else "1x3x224x224",)
    )
    check(*scored(load(plan), plan), 0.1)


def test_a_wrong_link_is_seen():
    plan = Plan(source="sample:residual", flow="fx-static")
    loaded = load(plan)
    watch = Watch(loaded.inputs)
    snapshot = run_loaded(loaded, plan, lambda message: None, keep=watch)
    first, second = [i for i, link in enumerate(snapshot.links) if link.relation == "replaced"][:2]
    links = list(snapshot.links)
    a, b = links[first], links[second]
    links[first] = msgspec.structs.replace(a, to_ids=b.to_ids)
    links[second] = msgspec.structs.replace(b, to_ids=a.to_ids)
    swapped = msgspec.structs.replace(snapshot, links=tuple(links))
    assert watch.score(swapped).right < watch.score(snapshot).right
