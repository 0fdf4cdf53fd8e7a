from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization.quantize_fx import convert_fx
from torch.ao.quantization.quantize_pt2e import convert_pt2e
from torch.fx import GraphModule, Interpreter, Node, symbolic_trace

from qviz.analysis.views.dtypes import DtypeClass, OutputValues
from qviz.document.graph import Value
from qviz.document.query import Index
from qviz.engine.recording import propagation
from qviz.engine.recording.extract import record
from qviz.engine.recording.inference import find_values
from qviz.engine.recording.values import describe
from tests.engine.small_models import (
    NET_INPUTS,
    WORDS_INPUTS,
    Branches,
    Net,
    Words,
    exported,
    fx_prepared,
    fx_qat_prepared,
    pt2e_prepared,
)


class Recorder(Interpreter):
    """Runs for real and keeps shape and dtype of plain tensors: what the found values must equal."""

    def __init__(self, module: GraphModule) -> None:
        super().__init__(module)
        self.seen: dict[str, tuple[Value, ...]] = {}

    def run_node(self, n: Node) -> Any:
        result = super().run_node(n)
        if isinstance(result, torch.Tensor):
            self.seen[n.name] = (Value(tuple(result.shape), str(result.dtype)),)
        return result


def really(module: GraphModule, inputs: tuple[Any, ...]) -> dict[str, tuple[Value, ...]]:
    recorder = Recorder(module)
    recorder.run(*inputs, enable_io_processing=True)
    return recorder.seen


def state(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: each.clone() for name, each in module.state_dict(keep_vars=False).items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        torch.equal(one[name], other[name]) and one[name].dtype == other[name].dtype for name in one
    )


@pytest.mark.parametrize(("make", "model"), [(fx_prepared, Net), (fx_prepared, Words), (fx_qat_prepared, Net)])
def test_finding_values_leaves_observers_bit_identical(make: Any, model: type[nn.Module]) -> None:
    inputs = NET_INPUTS if model is Net else WORDS_INPUTS
    prepared = make(model(), inputs)
    before, random = state(prepared), torch.get_rng_state()
    other = tuple(each * 3 if each.is_floating_point() else each for each in inputs)
    known = find_values(prepared, other, {})
    assert same(before, state(prepared))
    assert torch.equal(random, torch.get_rng_state())
    assert all(known.values[node.name] for node in prepared.graph.nodes)
    prepared(*other)
    assert not same(before, state(prepared)), "a plain run does change the statistics"


def test_pt2e_observers_stay_bit_identical_too() -> None:
    prepared = pt2e_prepared(exported(Net().eval(), NET_INPUTS), NET_INPUTS)
    before = state(prepared)
    known = find_values(prepared, None, {})
    assert same(before, state(prepared))
    assert all(known.values[node.name] for node in prepared.graph.nodes)


def test_values_of_a_run_are_those_of_torch() -> None:
    converted = convert_fx(fx_prepared(Net(), NET_INPUTS))
    expected = really(converted, NET_INPUTS)
    found = find_values(converted, NET_INPUTS, {}).values
    assert {name: found[name] for name in expected} == expected
    assert found["layer1_0_conv1"] == (Value((2, 4, 8, 8), "torch.quint8"),)


def test_values_of_fake_tensors_are_those_of_torch() -> None:
    converted = convert_pt2e(pt2e_prepared(exported(Words().eval(), WORDS_INPUTS), WORDS_INPUTS))
    expected = really(converted, WORDS_INPUTS)
    found = find_values(converted, None, {}).values
    assert {name: found[name] for name in expected} == expected


def test_symbolic_dimensions_stay_symbolic_through_conversion() -> None:
    dynamic = {"x": {0: torch.export.Dim("batch")}}
    captured = exported(Net().eval(), NET_INPUTS, dynamic_shapes=dynamic)
    batch = find_values(captured, NET_INPUTS, {}).values["x"][0].shape[0]
    assert isinstance(batch, str)
    converted = convert_pt2e(pt2e_prepared(captured, NET_INPUTS))
    found = find_values(converted, NET_INPUTS, {}).values
    assert found["linear"] == (Value((batch, 10), "torch.float32"),)
    quantized = [value for name, value in found.items() if name.startswith("quantize_per_tensor")]
    assert {each[0].dtype for each in quantized} == {"torch.int8"}
    assert quantized[0][0].shape == (batch, 4, 8, 8)


def test_shapes_of_torchs_own_patterns_are_not_believed() -> None:
    inputs = (torch.ones(2, 4),)
    prepared = pt2e_prepared(exported(nn.Sequential(nn.Linear(4, 4)).eval(), inputs), inputs)
    reference = convert_pt2e(prepared, use_reference_representation=True)
    assert any(list(node.meta.get("val", torch.ones(0)).shape)[:1] == [1] for node in reference.graph.nodes)
    expected = really(reference, inputs)
    found = find_values(reference, None, {}).values
    assert {name: found[name] for name in expected} == expected


class Fails(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = x + 1
        z = torch.matmul(y, torch.ones(99, 99))
        return y, torch.relu(z)


def test_a_failing_node_and_what_depends_on_it_stay_unknown() -> None:
    module = symbolic_trace(Fails())
    found = find_values(module, (torch.ones(2, 3),), {}).values
    assert found["add"] == (Value((2, 3), "torch.float32"),)
    assert found["matmul"] == ()
    assert found["relu"] == ()


def test_what_is_unknown_is_carried_over_from_the_stage_before() -> None:
    known = (Value((7,), "torch.float32"),)
    found = find_values(symbolic_trace(Fails()), (torch.ones(2, 3),), {"relu": known, "add": known}).values
    assert found["relu"] == known
    assert found["add"] != known


def test_without_inputs_weights_and_what_observers_pass_on_are_known() -> None:
    prepared = fx_prepared(Net(), NET_INPUTS)
    x = (Value((2, 4, 8, 8), "torch.float32"),)
    found = find_values(prepared, None, {"x": x}).values
    assert found["activation_post_process_0"] == x
    assert found["fc"] == ()


def test_inputs_that_do_not_fit_are_no_crash() -> None:
    assert find_values(symbolic_trace(Net().eval()), (), {}).values["x"] == ()
    assert find_values(exported(nn.Linear(2, 2), (torch.ones(1, 2),)), (torch.ones(5),), {}).values["linear"]


class Counts(nn.Module):
    calls: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mul_(self.calls.add_(x.sum()))


def test_inputs_and_buffers_that_the_model_writes_to_stay_as_they_were() -> None:
    module: Any = symbolic_trace(Counts())
    x = torch.ones(2)
    buffer: Any = module.calls
    find_values(module, (x,), {})
    assert torch.equal(x, torch.ones(2))
    assert module.calls is buffer
    assert buffer.item() == 0


def test_nested_graphs_are_run_with_what_the_caller_gives_them() -> None:
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = symbolic_trace(nn.Linear(3, 5))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x + 1)

    class KeepGraphs(torch.fx.Tracer):
        def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
            return isinstance(m, GraphModule) or super().is_leaf_module(m, module_qualified_name)

    outer = Outer()
    known = find_values(GraphModule(outer, KeepGraphs().trace(outer)), (torch.ones(2, 3),), {})
    assert known.nested["inner"].values["output"] == (Value((2, 5), "torch.float32"),)


def test_control_flow_is_known_without_running_it() -> None:
    found = find_values(exported(Branches().eval(), (torch.ones(2, 4),)), None, {}).values
    assert found["cond"] == (Value((2, 4), "torch.float32"),)
    assert found["gt"] == (Value((), "torch.bool"),)


def test_several_outputs_and_numbers_are_described_one_by_one() -> None:
    result = (torch.ones(2, 3, dtype=torch.int8), [torch.ones(())], 3, None, object())
    assert describe(result) == (Value((2, 3), "torch.int8"), Value((), "torch.float32"), Value((), "int"))


def test_the_module_can_still_be_copied_and_converted_afterwards() -> None:
    prepared = fx_prepared(Net(), NET_INPUTS)
    find_values(prepared, NET_INPUTS, {})
    convert_fx(copy.deepcopy(prepared))(*NET_INPUTS)


@pytest.mark.parametrize("is_dynamic", [False, True])
def test_what_is_inferred_is_what_a_run_gives(is_dynamic: bool):
    """Shapes of inserted nodes are read off; a run of the fake program has to agree."""
    from torch.ao.quantization.quantize_pt2e import convert_pt2e

    from qviz.engine.recording.inference import infer
    from qviz.engine.recording.propagation import propagate
    from qviz.engine.recording.values import describe
    from tests.engine.small_models import Net, exported, pt2e_prepared

    inputs = (torch.randn(1, 3, 8, 8),)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 4))
    prepared = pt2e_prepared(exported(model.eval(), inputs), inputs, is_dynamic=is_dynamic)
    for stage in ("prepared", "converted"):
        graph = prepared if stage == "prepared" else convert_pt2e(prepared)
        known = {node.name: describe(node.meta["val"]) for node in graph.graph.nodes if "val" in node.meta}
        inferred, run = infer(graph, known), propagate(graph, inputs).values
        assert inferred is not None
        assert len(inferred) > len(known)
        assert all(run[name] == value for name, value in inferred.items() if name in run and name not in known)
    assert infer(torch.fx.symbolic_trace(Net()), {}) is None


@pytest.mark.parametrize("sample", ["residual", "mobile", "transformer"])
@pytest.mark.parametrize("flow", ["fx-static", "fx-qat", "eager-static"])
def test_values_kept_from_the_stage_before_are_those_of_a_run(sample: str, flow: str) -> None:
    from qviz.document.plan import Plan
    from qviz.engine.loading.source import load
    from qviz.engine.serving.run import run_loaded

    plan = Plan(source=f"sample:{sample}", flow=flow)
    loaded = load(plan)
    found: list[dict[str, tuple[Value, ...]]] = []

    def keep(module: nn.Module) -> None:
        if isinstance(module, GraphModule):
            found.append(find_values(module, loaded.inputs.of_graph(module), {}).values)

    stages = run_loaded(loaded, plan, lambda message: None, keep=keep).stages
    assert len(found) >= 2
    for stage, values in zip(stages, found, strict=True):
        assert any(values.values())
        assert {node.id: node.values for node in stage.graph.nodes if values[node.id]} == {
            name: each
            for name, each in values.items()
            if each  # an eager model may not run after its conversion
        }


@pytest.mark.parametrize(("model", "inputs"), [(Net, NET_INPUTS), (Words, WORDS_INPUTS)])
@pytest.mark.parametrize("is_imported", [False, True])
def test_values_are_the_same_whether_dynamo_is_imported_or_not(
    model: type[nn.Module], inputs: tuple[Any, ...], is_imported: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(propagation, "_DYNAMO", "torch" if is_imported else "nothing")
    ran = []
    for name in ("_with_data", "_without_data"):
        way = getattr(propagation, name)
        monkeypatch.setattr(propagation, name, lambda *args, way=way, name=name: (ran.append(name), way(*args))[1])  # type: ignore[func-returns-value]
    captured = symbolic_trace(model().eval())
    found = find_values(captured, inputs, {})
    assert ran == ["_without_data" if is_imported else "_with_data"]
    expected = really(captured, inputs)
    assert {name: found.values[name] for name in expected} == expected


class Sized(nn.Module):
    """Reshapes by its own shape, and pads before what is quantized."""

    def __init__(self) -> None:
        super().__init__()
        self.pad = nn.ZeroPad2d(1)
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(self.pad(x))
        height = y.shape[2]
        return y.reshape(y.size(0), 4 * height * y.shape[3])


def test_sizes_of_a_quantized_tensor_have_neither_quantization_nor_low_precision() -> None:
    inputs = (torch.randn(2, 3, 8, 8),)
    prepared = fx_prepared(Sized().eval(), inputs)
    with torch.no_grad():
        prepared(*inputs)
    stage, _ = record("converted", convert_fx(prepared), inputs)
    outputs = OutputValues(stage.graph, Index(stage.graph))
    sizes = [node for node in stage.graph.nodes if node.values and node.values[0].dtype == "int"]
    assert {node.target for node in sizes} == {"getattr", "_operator.getitem", "size", "_operator.mul"}
    assert {outputs.dtype_class(node.id) for node in sizes} == {DtypeClass.INDEX}
    assert [node.quant for node in sizes] == [None] * len(sizes)
    quants = {node.id: node.quant for node in stage.graph.nodes}
    assert quants["pad"] is None, "it pads in float; the quantize behind it is the convolution's"
    assert quants["reshape"] is not None
