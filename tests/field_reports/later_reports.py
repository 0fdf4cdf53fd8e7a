"""More public reports, in the form of those in `models.py`."""

from __future__ import annotations

import torch
from torch import nn

import qviz
from qviz.document.configuration import Factory, QConfig, Rule
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from tests.field_reports import later_models as later
from tests.field_reports.models import IMAGE, ROWS, Report, Stubbed, inspected, small

TOKENS, VECTORS = torch.arange(24).reshape(4, 6), ROWS.flatten(0, 1)
_SIGNED = (
    Rule(
        "global",
        qconfig=QConfig(
            activation=Factory("MinMaxObserver", {"dtype": "torch.qint8", "qscheme": "torch.per_tensor_symmetric"}),
            weight=Factory("default_per_channel_weight_observer"),
        ),
    ),
)
_EMBEDDINGS = (
    Rule("object_type", "torch.nn.Linear", QConfig("default_dynamic_qconfig")),
    Rule("object_type", "torch.nn.Embedding", QConfig("default_dynamic_qconfig")),
)
_LAST_RELU = (("inside.1.conv1", "inside.1.bn1"), ("inside.1.conv2", "inside.1.bn2", "inside.1.relu"))


def exported_in_training() -> Snapshot:
    """Convert a graph that was exported in training mode; it has no eval()."""
    torch.manual_seed(0)
    return qviz.inspect(later.exported_in_training(VECTORS), (VECTORS,), flow="pt2e-static").document


LATER_REPORTS = (
    Report(
        "pytorch/pytorch#118829",
        inspected(
            lambda: Stubbed(later.resnet()), "eager-static", plan=Plan(flow="eager-static", fuse_list=_LAST_RELU)
        ),
        "fuse_list_out_of_order",
        ("inside.1.relu", "computes something else", "Use this fuse list"),
    ),
    Report(
        "pytorch/pytorch#91435",
        inspected(lambda: Stubbed(later.Attention()), "eager-static", ROWS),
        "capture_differs",
        ("quantizable.MultiheadAttention", "batch_first=True", "batch_first=False"),
    ),
    Report(
        "pytorch/pytorch#91225",
        inspected(
            lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU()),
            "fx-static",
            plan=Plan(flow="fx-static", rules=_SIGNED),
        ),
        "nothing_quantized",
        ("activation qint8", "quint8"),
    ),
    Report(
        "pytorch/pytorch#29657",
        inspected(lambda: Stubbed(later.Adder()), "eager-static"),
        "module_used_twice",
        ("FloatFunctional", "one observer", "separate module"),
    ),
    Report(
        "discuss.pytorch.org/t/191323",
        inspected(lambda: Stubbed(later.VisionAttention()), "eager-static", ROWS),
        "converted_does_not_run",
        ("promoteTypes", "FloatFunctional"),
    ),
    Report(
        "discuss.pytorch.org/t/154356",
        inspected(lambda: Stubbed(later.ConvModule()), "eager-static"),
        "type_not_replaced",
        ("WrappedConv is a subclass of Conv2d", "exact type"),
    ),
    Report(
        "pytorch/ao#4484",
        inspected(later.linear_and_norm, "pt2e-qat", VECTORS),
        "batch_norm_left",
        ("pattern of linear and batch norm", "fuse_linear_bn_eval"),
    ),
    Report(
        "pytorch/pytorch#61859",
        inspected(later.Preprocesses, "fx-static", IMAGE),
        "range_unused",
        ("shares with the output of mul", "keeps the scale", "set_object_type"),
    ),
    Report(
        "UKPLab/sentence-transformers#1842",
        inspected(later.Sentences, "eager-dynamic", TOKENS, plan=Plan(flow="eager-dynamic", rules=_EMBEDDINGS)),
        "stopped",
        ("embeddings", "float_qparams_weight_only_qconfig"),
    ),
    Report(
        "pytorch/pytorch#99524",
        inspected(later.TwoNorms, "fx-static"),
        "batch_norm_left",
        ("second in a row", "Merge the two"),
    ),
    Report(
        "pytorch/pytorch#55945",
        inspected(lambda: Stubbed(later.Cell()), "eager-static", VECTORS),
        "stopped",
        ("given the tuple", "dynamic flow"),
    ),
    Report(
        "pytorch/pytorch#128578",
        inspected(later.Streaming, "eager-static", VECTORS),
        "state_left",
        ("hidden", "'quantized::linear'", "Reset it after calibration"),
    ),
    Report(
        "pytorch/pytorch#103681",
        exported_in_training,
        "capture_differs",
        ("training=True is baked in", "eval mode before it is captured"),
    ),
    Report(
        "pytorch/pytorch#41640",
        inspected(lambda: Stubbed(later.Excitation()), "eager-static"),
        "stopped",
        ("PReLU has one scale", "in float"),
    ),
    Report(
        "pytorch/pytorch#105445",
        inspected(later.hooked, "fx-static", VECTORS),
        "capture_differs",
        ("forward hook is registered on the model itself", "into forward()"),
    ),
    Report(
        "microsoft/nni#4443",
        inspected(small, "fx-qat", train=later.in_large_steps(IMAGE)),
        "training_diverged",
        ("times as large as before", "learning rate"),
    ),
)
