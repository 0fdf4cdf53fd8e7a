"""What could be one operator is several, or was folded wrongly."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own name

from tests.faults.cases import ROW, STUBS, Case, ran
from tests.faults.models import conv, linear, made, norm


def _two_readers(m, x):
    y = m.conv(x)
    return m.bn(y) + y


def _relu_and_raw(m, x):
    y = m.fc(x)
    return m.fc2(m.relu(y)) + m.fc3(y)


CONV_BN = {"conv": conv(bias=False), "bn": norm}
FUSION = (
    Case(
        "C a second batch norm",
        "batch_norm_left",
        ("bn2",),
        ran(made(lambda m, x: m.bn2(m.bn(m.conv(x))), **CONV_BN, bn2=norm), "fx-static"),
    ),
    Case(
        "C the convolution is read twice", "batch_norm_left", ("bn",), ran(made(_two_readers, **CONV_BN), "fx-static")
    ),
    Case(
        "C the convolution is read twice, fusion only",
        "batch_norm_left",
        ("bn",),
        ran(made(_two_readers, **CONV_BN), "fx-fuse"),
    ),
    Case(
        "C batch norm folded into a shared convolution",
        "batch_norm_folded_into_shared_convolution",
        ("conv2d", "batch_norm"),
        ran(made(_two_readers, **CONV_BN), "pt2e-static"),
    ),
    Case(
        "C batch norm behind linear, PT2E",
        "batch_norm_left",
        ("batch_norm",),
        ran(made(lambda m, x: m.bn(m.fc(x)), fc=linear(), bn=lambda: nn.BatchNorm1d(8)), "pt2e-static", [ROW]),
    ),
    Case(
        "C a functional batch norm",
        "batch_norm_left",
        ("batch_norm",),
        ran(
            made(
                lambda m, x: m.conv2(F.batch_norm(m.conv(x), m.bn.running_mean, m.bn.running_var)),
                conv2=conv(),
                **CONV_BN,
            ),
            "fx-static",
        ),
    ),
    Case(
        "C torch.relu",
        "fusible_but_unfused",
        ("relu", "fc"),
        ran(made(lambda m, x: m.fc2(torch.relu(m.fc(x))), fc=linear(), fc2=linear()), "fx-static", [ROW]),
    ),
    Case(
        "C the linear before relu is read twice",
        "fusible_but_unfused",
        ("relu", "linear"),
        ran(made(_relu_and_raw, fc=linear(), fc2=linear(), fc3=linear(), relu=nn.ReLU), "pt2e-static", [ROW]),
    ),
    Case(
        "C the list to fuse lacks relu",
        "fusible_but_unfused",
        ("relu", "fc"),
        ran(
            made(lambda m, x: m.dequant(m.relu(m.fc(m.quant(x)))), fc=linear(), relu=nn.ReLU, **STUBS),
            "eager-static",
            [ROW],
            fuse_list=(),
        ),
    ),
    Case(
        "C the list to fuse lacks batch norm",
        "batch_norm_left",
        ("bn",),
        ran(made(lambda m, x: m.dequant(m.bn(m.conv(m.quant(x)))), **CONV_BN, **STUBS), "eager-static", fuse_list=()),
    ),
    Case(
        "C the list to fuse joins strangers",
        "fuse_list_out_of_order",
        ("conv", "relu"),
        ran(
            made(
                lambda m, x: m.dequant(m.conv(m.relu(m.conv0(m.quant(x))))),
                conv0=conv(),
                relu=nn.ReLU,
                conv=conv(),
                **STUBS,
            ),
            "eager-static",
            fuse_list=(("conv", "relu"),),
        ),
    ),
    Case(
        "C batch norm folded into a convolution called twice",
        "batch_norm_folded_into_shared_convolution",
        ("conv", "bn"),
        ran(made(lambda m, x: m.conv(m.bn(m.conv(x))), **CONV_BN), "fx-static"),
    ),
)
