"""Simplified Chinese: the titles of findings, and those that are met most."""

from __future__ import annotations

from qviz.words.language import Entry

_TITLES = {
    "kernel_differs": "内核不一致",
    "capture_differs": "捕获改变了模型",
    "not_repeatable": "相同调用结果不同",
    "state_lost": "状态丢失",
    "buffer_frozen": "缓冲区变为常量",
    "observing_in_eval": "eval 模式下仍在观测",
    "weight_not_folded": "每次调用都量化权重",
    "nothing_quantized": "没有任何量化",
    "never_calibrated": "未校准",
    "little_quantized": "量化很少",
    "batch_norm_left": "Batch norm 未折叠",
    "fusible_but_unfused": "可融合但未融合",
    "type_not_replaced": "类型未被替换",
    "layer_in_float": "层保持浮点",
    "padding_outside_patterns": "填充不在模式中",
    "activation_per_channel": "激活逐通道",
    "bias_scale_differs": "偏置的 scale 不同",
    "float_island": "浮点孤岛",
    "asked_but_float": "已观测但仍为浮点",
    "quantize_dequantize_chain": "反量化后又量化",
    "quantized_twice": "量化两次",
    "scales_differ": "scale 不同",
    "float_into_quantized": "浮点流入量化算子",
    "switched_off": "已关闭",
    "batch_norm_in_training": "Batch norm 处于训练模式",
    "degenerate_scale": "scale 退化",
    "output_differs": "输出不同",
    "constant_lost": "常量丢失",
    "wrong_axis": "轴错误",
    "outside_calibration": "超出校准范围",
    "range_unused": "校准范围未用到",
    "not_finite": "非有限值",
    "few_levels": "量化级很少",
    "levels_unused": "一半量化级未用",
    "saturated_range": "范围饱和",
    "stretched_by_outliers": "被离群值撑大",
    "uneven_channels": "通道不均匀",
    "reduce_range_mismatch": "reduce_range 不匹配",
    "applied_twice": "应用两次",
    "wrong_kind_of_graph": "图的种类不对",
    "dead_branch": "无用的分支",
    "unobserved_input": "输入未观测",
    "mode_changed": "模式已更改",
    "made_ready": "已做准备",
    "training_demonstrated": "仅演示训练",
    "rule_matches_nothing": "规则没有匹配",
    "setting_without_effect": "设置无效果",
    "rule_passes_fused": "规则略过已融合模块",
    "no_weight_only_linear": "没有仅权重的 Linear",
    "drawn_as_modules": "按模块绘制",
    "recorded_by_running": "通过运行记录",
    "missing_quant_stub": "缺少 QuantStub",
    "functional_in_eager": "eager 模式下的函数调用",
    "module_used_twice": "模块使用两次",
    "fuse_list_out_of_order": "融合列表顺序不对",
    "converted_does_not_run": "转换后的模型失败",
    "stopped": "已停止",
    "captured_without_strict": "非 strict 捕获",
    "integers_as_floats": "整数被当作浮点",
    "captured_without_grad": "在 no_grad 下捕获",
    "float_in_subgraph": "子图中为浮点",
    "batch_norm_folded_into_shared_convolution": "Batch norm 折叠进共享的卷积",
    "operator_rule_without_effect": "算子规则无效果",
    "setting_rewritten": "设置被改写",
    "quantizer_without_effect": "量化器无效果",
    "output_stays_quantized": "输出仍为量化",
    "batch_norm_fused_for_evaluation": "Batch norm 按评估模式融合",
    "quantizer_needs_strict_capture": "量化器需要 strict 捕获",
    "qat_without_fake_quant": "QAT 没有伪量化",
    "dynamic_on_convolutions": "对卷积使用动态流程",
    "not_lowered": "未 lower",
    "sizes_fixed_by_lowering": "lower 固定了大小",
    "own_rule_failed": "项目的规则失败",
    "on_fake_tensors": "使用 fake 张量",
    "tied_weights_split": "共享的权重分开了",
}

_NOTHING = "没有算子以低精度运行"
_ISLAND = "{operator} 在量化算子之间保持浮点[[，共 {places:处|处}]]"
_ISLAND_HINT = (
    "将 {operator} 换成后端可以量化的算子，或让相邻算子也保持浮点：每个浮点孤岛都要多付出一次反量化和一次量化。"
)
_COMPARE = "请比较各流程，看哪个量化得更多；每个节点的原因说明它为何保持浮点。"
_CALIBRATE = "请使用能到达模型每个分支的数据校准。"
_FLOAT_GIVEN = (
    "{subject} 只接受量化张量，但 {producer} 给它的是浮点张量",
    "两者之间没有 quantize，因此 torch 会报错停止：\"Could not run 'quantized::...' with arguments from the "
    "'CPU' backend\"",
)

MESSAGES: dict[str, Entry] = {
    "and_at": {"message": "{message}；另有 {also:处|处}相同：{also}"},
    "own": {"message": "{message}", "reason": "{reason}", "hint": "{hint}"},
    "nothing_quantized.weight_only": {
        "message": _NOTHING,
        "reason": "仅权重流程量化 embedding（8 或 4 位）或 float16 的 Linear，但没有找到可量化的",
        "hint": "Linear 请选择权重 dtype float16，或选择动态或静态流程；8 位和 4 位用于 embedding。",
    },
    "nothing_quantized.no_such_module": {
        "message": _NOTHING,
        "reason": "此流程只替换某些类型的模块，而模型中没有这些类型",
        "hint": "请使用静态流程，它也量化卷积：动态量化处理 Linear 和循环模块，仅权重量化处理 embedding。",
    },
    "nothing_quantized.layers": {"message": f"{_NOTHING}：{{cause}}", "reason": "{cause}", "hint": "{cause}"},
    "nothing_quantized.not_observed": {
        "message": _NOTHING,
        "reason": "没有为它们请求观测器，或捕获丢失了量化器所需的信息",
        "hint": "请查看准备阶段：没有观测器的算子没有被标注。",
    },
    "little_quantized": {
        "message": "{total} 个可量化算子中有 {low} 个以低精度运行",
        "reason": "保持浮点的有：{operators:all}",
        "hint": _COMPARE,
    },
    "little_quantized.macs": {
        "message": "{share:percent} 的乘加以低精度运行（{total} 个算子中的 {low} 个）",
        "reason": "以浮点相乘的有：{operators:all}[[（{subject}）]]",
        "hint": _COMPARE,
    },
    "float_island.not_annotated": {
        "message": _ISLAND,
        "reason": "量化器没有标注 {operator}",
        "hint": _ISLAND_HINT,
    },
    "float_island.no_pattern": {
        "message": _ISLAND,
        "reason": "后端没有匹配 {operator} 的模式",
        "hint": _ISLAND_HINT,
    },
    "float_island.left_out": {
        "message": _ISLAND,
        "reason": "其 qconfig 为 None，因此配置让它保持浮点",
        "hint": "如果您有意让它保持浮点，则无需处理；否则请为 {operator} 指定 qconfig。",
    },
    "asked_but_float": {
        "message": "{operator} 已被观测，但仍以浮点运行[[，共 {places:处|处}]]",
        "reason": "convert 没有找到它的低精度算子：convert 使用的后端配置与 prepare 不同，"
        "或后端没有这些激活和权重 dtype 的内核",
        "hint": "请给 prepare 和 convert 相同的 backend_config，并使用后端列出的 dtype 的 qconfig。",
    },
    "asked_but_float.reference": {
        "message": "{subject} 已被观测，但仍以浮点运行：convert 留下了参考模块",
        "reason": "convert 只在模块位于 dequantize 和 quantize 之间时放入内核",
        "hint": "请将 {subject} 及其读取者的 qconfig 设为 None，保持浮点。",
    },
    "float_into_quantized.operator": {
        "message": _FLOAT_GIVEN[0],
        "reason": _FLOAT_GIVEN[1],
        "hint": "请在 {producer} 之后放 QuantStub 或 quantize。",
    },
    "float_into_quantized.model_input": {
        "message": _FLOAT_GIVEN[0],
        "reason": _FLOAT_GIVEN[1],
        "hint": "请在 {producer} 之后放 QuantStub 或 quantize；如果 input_quantized_indexes 要求，则给模型量化张量。",
    },
    "dynamic_on_convolutions.left_in_float": {
        "message": "动态流程让 {subject} 保持浮点",
        "reason": "torch 没有动态量化卷积的后端；动态量化处理 Linear 和循环模块",
        "hint": "请使用静态流程（fx-static、pt2e-static），它也量化卷积。",
    },
    "module_used_twice.one_scale": {
        "message": "{module} 被调用 {calls} 次",
        "reason": "每次调用分别观测，但转换后的模块只有一个 scale",
        "hint": "请为每次调用使用单独的模块。",
    },
    "dead_branch": {
        "message": "{subject} 的结果无人读取",
        "reason": "输出不依赖它，但 torch 仍会计算、观测并转换它",
        "hint": "请从 forward() 中删除它，或返回您本想返回的值。",
    },
    "never_calibrated.observer": {
        "message": "观测器 {subject} 没有见过数据",
        "reason": "min 为 inf，max 为 −inf，因此 torch 退回到 scale 1 和 zero point 0",
        "hint": _CALIBRATE,
        "option": "--calibrate",
    },
    "never_calibrated.scale": {
        "message": "{subject} 的 scale 来自没有见过数据的观测器",
        "reason": "没有观测到任何值时，torch 退回到 scale 1 和 zero point 0",
        "hint": _CALIBRATE,
        "option": "--calibrate",
    },
    "switched_off.fake_quant": {
        "message": "{places} 中的伪量化已关闭",
        "reason": "fake_quant_enabled 为 0，因此训练在那里看到浮点值，但 convert 仍会量化它们",
        "hint": "请在训练结束前调用 model.apply(torch.ao.quantization.enable_fake_quant)。",
    },
    "switched_off.observer": {
        "message": "{places} 中的观测器已关闭",
        "reason": "observer_enabled 为 0，因此范围保持不变，训练的最后几轮本应如此",
        "hint": "如果范围应随数据变化，请调用 model.apply(torch.ao.quantization.enable_observer)。",
    },
}

STATEMENTS: dict[str, Entry] = {**{f"rule.{rule}": {"text": title} for rule, title in _TITLES.items()}, **MESSAGES}
