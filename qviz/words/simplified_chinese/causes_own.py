"""Simplified Chinese: known causes at observers, annotations and functions of the user's own."""

from __future__ import annotations

from qviz.words.language import Entry
from qviz.words.simplified_chinese.causes import known

STATEMENTS: dict[str, Entry] = {
    "stop.no_observer": known(
        "qconfig 的 {part} 创建的是 {class}，它既不是观测器，也不是伪量化",
        "请为 QConfig({part}=…) 给出观测器类，例如 MinMaxObserver.with_args(dtype=…)。整个 qconfig 为 None 的模块保持浮点。",
    ),
    "stop.spec_of_instance": known(
        "QuantizationSpec 中是一个已创建的 {class} 观测器，而 torch 要为每个位置创建一个",
        "请给出类：QuantizationSpec(…, observer_or_fake_quant_ctr={class}.with_args(…))。",
    ),
    "stop.spec_without_observer": known(
        "QuantizationSpec 用 {class} 创建观测器，而它没有观测器和伪量化都有的 with_args()",
        "请给出观测器类或 MinMaxObserver.with_args(…)，而不是函数：QuantizationSpec(…, observer_or_fake_quant_ctr=…)。",
    ),
    "stop.observer_gave_nothing": known(
        "观测器 {observer} 没有返回值，读取它的算子得到 None",
        "请让它的 forward() 以 return x 结束：观测器把收到的张量原样交出。",
    ),
    "stop.observer_incomplete": known(
        "{observer} 在 qconfig 或 QuantizationSpec 中作为观测器，却没有 torch 要读取的 {attribute}",
        "请让它继承 UniformQuantizationObserverBase，或补上 {attribute}：qscheme 和边界请在 __init__() 中设置 self.qscheme、"
        "self.quant_min 和 self.quant_max。",
    ),
    "stop.observer_qparams": known(
        "观测器的 calculate_qparams() 没有返回两个张量，即 scale 和 zero point",
        "请以 return torch.tensor([scale]), torch.tensor([zero_point], dtype=torch.int64) 结束。",
    ),
    "stop.weights_without_scale": known(
        "qconfig 的权重观测器不计算 scale，而转换需要它",
        "请给 qconfig 一个会计算 scale 的权重观测器："
        "weight=MinMaxObserver.with_args(dtype=torch.qint8, qscheme=torch.per_tensor_symmetric)。",
    ),
    "stop.annotation_class": known(
        '节点的 node.meta["quantization_annotation"] 是一个 {class}',
        "请在量化器中写入 QuantizationAnnotation(input_qspec_map={{…}}, output_qspec=…)。",
    ),
    "stop.annotation_key": known(
        "标注的 input_qspec_map 以一条边为键，而 torch 需要的是被读取的节点",
        "请在量化器中只用节点：{{node.args[0]: spec}}。节点对用于 SharedQuantizationSpec 和 derived_from。",
    ),
    "stop.annotation_spec": known(
        "标注中有不是 QuantizationSpec 的值",
        "请在量化器中为每个输入和输出给出 QuantizationSpec、SharedQuantizationSpec、DerivedQuantizationSpec 或 "
        "FixedQParamsQuantizationSpec，或 None。",
    ),
    "stop.complex_number": known(
        "运算以 Python 的复数为操作数，而量化器只把实数变为常量",
        '请把该数放入模型的缓冲区：self.register_buffer("factor", torch.tensor(1j))。',
    ),
    "stop.trained_in_half": known(
        "训练之后权重或激活为 {dtype}，而伪量化以 float32 计算",
        "请在训练函数中让模型保持 float32：不要用 half()，或以 model.float() 结束。",
    ),
    "stop.replaced_after_prepare": known(
        "准备后的模型中有一个没有 qconfig 的 {class}，如同在 prepare 之后才放入的模块",
        "请在流程开始之前替换层：prepare 之后只训练权重，不要更换模块。",
    ),
    "stop.no_derivative": known(
        "torch 没有 {operator} 的导数，因此 backward() 无法经过它",
        "请用有导数的算子代替 {operator}；若不需要梯度经过，请切断其输入：x.detach()。",
    ),
    "stop.modified_in_place": known(
        "forward() 原地修改了 backward() 还要用到的张量",
        "请改为非原地写法：用 y = y + 1 代替 y += 1 或 y.add_(1)。",
    ),
    "stop.own_backward": known(
        "autograd.Function[[ {own}]] 没有与其 forward() 相符的 backward()",
        "请让 autograd.Function 的 backward() 为 forward() 的每个参数返回一个形状相同的梯度，不需要梯度的返回 None。",
    ),
    "stop.backward_twice": known(
        "训练函数对同一次前向的结果调用了两次 backward()",
        "请为每次 backward() 重新调用模型，或把损失相加后只调用一次 backward()。",
    ),
}
