"""Simplified Chinese: findings about exported graphs. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry

_NO_EFFECT = "针对 {rule} 的规则没有效果"
_NOT_RECORDED = "strict 捕获没有在其算子上记录 {target}，而量化器按该记录查找模块"
_INNER = "{subject} 在 {operator} 内部保持浮点"
_OUTER = "{cause}；prepare_pt2e 只在外层图中插入观测器"
_INTEGERS = "请不改动作用于整数的算子：在计划的 [quantizer_options] 中设置 skip_integers = true。"

STATEMENTS: dict[str, Entry] = {
    "operator_rule_without_effect": {
        "message": "针对 {operators:all} 的规则没有效果",
        "reason": "XNNPACKQuantizer.annotate 只查看模块名、模块类型和全局配置",
        "hint": "请按模块类型添加规则，或使用量化器 x86_inductor。",
    },
    "quantizer_needs_strict_capture": {
        "message": "{quantizer} 在非 strict 捕获的图中没有找到可量化的内容",
        "reason": "它按 source_fn_stack 查找模式，而只有 strict 捕获会记录它",
        "hint": "请使用 strict 捕获，并修改它停止的那一行；或使用量化器 xnnpack。",
        "option": "--strict, --quantizer",
    },
    "qat_without_fake_quant": {
        "message": "准备后的图有观测器但没有伪量化，因此这不是量化感知训练",
        "reason": "量化器的配置没有以 is_qat=True 创建",
        "hint": "请用 get_symmetric_quantization_config(is_qat=True) 创建它，或使用流程 pt2e-static。",
    },
    "qat_without_fake_quant.qconfig": {
        "message": "模型只带着观测器训练：没有做任何舍入",
        "reason": "训练需要伪量化的地方，其 qconfig 是观测器（{places}），因此训练处处看到浮点值，但 convert 会量化它们",
        "hint": "请使用用于训练的 qconfig：FX 中为 get_default_qat_qconfig_mapping，eager 模式中为 get_default_qat_qconfig，"
        "或用 FakeQuantize.with_args(observer=...) 代替观测器。",
    },
    "qat_without_fake_quant.some": {
        "message": "{places} 在训练中观测值，但不做舍入",
        "reason": "那里是观测器，而不是伪量化，因此训练看到浮点值，但 convert 会量化它们",
        "hint": "请用 FakeQuantize.with_args(observer=...) 代替该观测器。",
    },
    "not_lowered": {
        "message": "{subject} 没有匹配的 x86 内核，在 cast 之间以浮点运行",
        "reason": "lower_pt2e_quantized_to_x86 只认识 uint8 激活与逐通道 int8 权重，而且只限 Inductor 的量化 pass 匹配的模式",
        "hint": "请使用量化器 x86_inductor；torch.compile(converted) 尝试的模式多于此 lower。",
    },
    "sizes_fixed_by_lowering": {
        "message": "lower 后的图只接受一种大小的输入",
        "reason": "lower_pt2e_quantized_to_x86 会在没有动态形状的情况下重新导出图",
        "hint": "输入有多种大小时，请使用 torch.compile(converted)，或为每种大小分别 lower。",
    },
    "captured_without_strict.in_hand": {
        "message": "与非 strict 捕获的图一样，没有算子带有 source_fn_stack，也没有算子被标注",
        "reason": "X86InductorQuantizer 按 source_fn_stack 寻找模式，只有 strict 捕获会记录它；所用的量化器不得而知",
        "hint": "如果使用的是 X86InductorQuantizer，请用 torch.export.export(model, inputs, strict=True) 捕获。",
    },
    "captured_without_strict": {
        "message": "以非 strict 模式捕获，因为 strict 捕获失败[[，位于 {file}:{line}]]",
        "reason": "非 strict 的图没有 source_fn_stack，因此量化器找到的模式较少或没有",
        "hint": "请修改 strict 捕获停止的那一行，或选择非 strict 捕获以接受这一点。",
        "option": "--no-strict",
    },
    "rule_matches_nothing.lost_by_strict": {
        "message": _NO_EFFECT,
        "reason": _NOT_RECORDED,
        "hint": "请选择非 strict 捕获，它会记录每个模块。",
        "option": "--no-strict",
    },
    "rule_matches_nothing.lost_by_strict_for_x86": {
        "message": _NO_EFFECT,
        "reason": _NOT_RECORDED,
        "hint": "请逐个让其节点保持浮点，或使用量化器 xnnpack 和非 strict 捕获。",
    },
    "rule_matches_nothing.not_called_self": {
        "message": _NO_EFFECT,
        "reason": "strict 捕获按 forward() 的第一个参数（此处为 {root}）命名模块，而 torch 的量化器寻找 self 的模块",
        "hint": "请将 forward() 的第一个参数命名为 self。",
    },
    "rule_matches_nothing.exported_name": {
        "message": _NO_EFFECT,
        "reason": "捕获的图中没有算子来自路径为 {target} 的模块",
        "hint": "请按模型的 named_modules() 的写法命名模块，例如 layer1.0.conv1。",
    },
    "rule_matches_nothing.exported_type": {
        "message": _NO_EFFECT,
        "reason": "捕获的图中没有算子来自类型为 {target} 的模块",
        "hint": "请指定模型中有的类型，或删除该规则。",
    },
    "rule_matches_nothing.exported_operator": {
        "message": _NO_EFFECT,
        "reason": "捕获的图中没有算子 {target}",
        "hint": "请指定图中有的算子，或删除该规则。",
    },
    "setting_rewritten.dropout": {
        "message": "{subject} 在训练中以 p = {now:number} 丢弃，而模型中为 {was:all}",
        "reason": "对导出的模型调用 model.train() 会用模式中的 dropout 替换每个 dropout，torch 2.8 沿用了模式中为 0.5 的 p",
        "hint": "请不要对准备后的模型调用 model.train()：它以训练模式导出。请在训练之后调用一次 eval()。",
    },
    "setting_rewritten.momentum": {
        "message": "{subject} 的 momentum 为 {now:number}，而模型中为 {was:all}",
        "reason": "torch 2.8 用模式中的 batch norm 替换 batch norm：在 prepare_qat_pt2e 中替换卷积之后的，在 model.train() "
        "中替换所有的，并沿用模式中为 0.1 的 momentum",
        "hint": "请在导出之前将模型的 batch norm 的 momentum 设为 0.1。",
    },
    "quantizer_without_effect": {
        "message": "{quantizer} 在此图中没有标注任何内容",
        "reason": "它是 ComposableQuantizer 的一部分，没有找到它认识的算子",
        "hint": "请从 ComposableQuantizer 中删除它，或检查它标注哪些算子。",
    },
    "quantizer_without_effect.no_input": {
        "message": "{subject} 的标注提到 {others}，而它并不读取",
        "reason": "prepare 只看算子读取的内容，跳过 input_qspec_map 的其他键",
        "hint": "请在量化器中从节点取键：node.args[0] 是它最先读取的。",
    },
    "quantizer_without_effect.no_configuration": {
        "message": "{quantizer} 没有配置，因此不标注任何内容",
        "reason": "它的 set_ 方法都没有给它配置：没有配置，它就没有要插入的观测器",
        "hint": "请在 prepare 之前给它一个配置：{remedy}。",
    },
    "quantizer_without_effect.behind_others": {
        "message": "{quantizer} 在 {first:all} 之后没有标注任何内容",
        "reason": "ComposableQuantizer 按顺序应用其量化器：每个都不改动前面已标注的内容，而这一个没有找到其他它认识的算子",
        "hint": "请将处理较少算子的量化器放在前面；如果模型没有它的算子，请删除 {quantizer}。",
    },
    "integers_as_floats.scalars": {
        "message": "{subject} 以整数计算，但模型准备之后给 {readers} 的是浮点",
        "reason": "XNNPACKQuantizer 把每个 add 和 mul 的标量变为浮点张量；{readers} 只接受整数",
        "hint": _INTEGERS,
    },
    "integers_as_floats.observed": {
        "message": "{subject} 给出整数，却像浮点张量一样被观测",
        "reason": "量化器仍然标注了它；quantize_per_tensor 只接受浮点",
        "hint": _INTEGERS,
    },
    "mode_kept.exported_norms": {
        "message": "{subject} 按批次归一化：该图是在训练模式下导出的",
        "reason": "train() 和 eval() 无法切换导出的图；prepare_pt2e 仍用运行统计量折叠卷积之后的 batch norm，"
        "其他 batch norm 则继续按批次归一化",
        "hint": "请在 torch.export.export 之前调用 model.eval()；或选择量化感知训练，它接受训练模式的图。",
    },
    "capture_differs.training_in_hand": {
        "message": "{subject} 在转换后的模型中随机丢弃值：training=True 已被固定",
        "reason": "该图是在训练模式下捕获的，prepare_pt2e 和 convert_pt2e 都不更改常量[[；两次相同的调用彼此保持 {db:db}]]",
        "hint": "请在捕获之前将模型切换到 eval 模式，"
        "或在 prepare_pt2e 之前调用 torch.ao.quantization.move_exported_model_to_eval(graph)。",
    },
    "captured_without_grad": {
        "message": "在 torch.no_grad() 下捕获，因为 forward() 设置梯度模式[[，见 {file}:{line}]]",
        "reason": "有梯度时，{regions:个区域会成为单独的图|个区域会成为单独的图}，而 prepare_pt2e 不观测它们",
        "hint": "在您自己的脚本中也请在 torch.no_grad() 下捕获，此运行的 Python 就是这样做的。",
    },
    "captured_without_grad.function": {
        "message": "在 torch.no_grad() 下捕获，因为 forward() 调用了 torch.autograd.Function[[，见 {file}:{line}]]",
        "reason": "有梯度时，{regions:个区域会成为单独的图|个区域会成为单独的图}，而 prepare_pt2e 不观测它们",
        "hint": "在您自己的脚本中也请在 torch.no_grad() 下捕获，此运行的 Python 就是这样做的。",
    },
    "float_in_subgraph.autograd_function": {
        "message": _INNER,
        "reason": "{cause}；prepare 只在外层图中插入观测器",
        "hint": "请在 forward() 中用 torch 的算子直接计算；x + (f(x) - x).detach() 让梯度绕过 f 传递。",
    },
    "float_in_subgraph.no_grad": {
        "message": _INNER,
        "reason": _OUTER,
        "hint": "请在 torch.no_grad() 下导出模型，或从 forward() 中去掉 torch.no_grad()。",
    },
    "float_in_subgraph.no_grad_in_training": {
        "message": _INNER,
        "reason": "{cause}；prepare_qat_pt2e 只在外层图中插入伪量化",
        "hint": "请从 forward() 中去掉 torch.no_grad()，改用 requires_grad_(False) 冻结参数。",
    },
    "float_in_subgraph.enable_grad": {
        "message": _INNER,
        "reason": _OUTER,
        "hint": "请从 forward() 中去掉 torch.enable_grad()：量化模型没有梯度。",
    },
    "float_in_subgraph.autocast": {
        "message": _INNER,
        "reason": _OUTER,
        "hint": "请从 forward() 中去掉 torch.autocast()，改为在其下调用浮点模型。",
    },
    "float_in_subgraph.control_flow": {
        "message": _INNER,
        "reason": "{operator} 调用它所在的图；prepare_pt2e 只在外层图中插入观测器",
        "hint": "请将它移出 {operator}，或将其调用的内容作为单独的模型量化。",
    },
}
