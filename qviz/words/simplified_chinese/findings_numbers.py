"""Simplified Chinese: findings about runs, scales and noise."""

from __future__ import annotations

from qviz.words.language import Entry

MEASURED = "[[；实测输出仍保持 {kept_db:db}]][[；单独实测时输出剩 {alone_db:db}]]"
_MODE = "模型处于训练模式，但流程以 eval 模式运行"
_CALL_EVAL = "在您自己的代码中，量化前请调用 model.eval()。"
_MESSAGE = (
    "输出与浮点不同[[，位于 {outputs}]]：SQNR {db:db}[[（仅舍入），加上其他差异为 {total_db:db}]]"
    "[[，{agreement:percent} 的样本类别相同]]"
)
_OWNS = "{name} 占噪声的 {share:percent}（{how}）[[：{cause:text}]]"
_SPREAD = "没有量化器占很大的噪声：最大的[[占比 {share:percent}]][[（{how}）]] 来自 {name}[[（{cause:text}）]]"
_WITH_REMEDY = "对 {name} 最好的补救措施：{remedy:text}[[（{gain:gain}）]]。"
_SHARE = "请让前后的算子共享一个观测器（共享的 spec，或相同的 qconfig）。"
_CALIBRATE = "请使用与模型实际数据预处理方式相同的数据校准。"
_OWN_MAPPING = "请使用 get_default_qconfig_mapping('{backend}')，或该 qconfig 所面向的引擎。"

_NAME_IT = "请按 named_modules() 的写法命名。"
_DID_YOU_MEAN = "您是指 {near} 吗？"
_OUTLINE = "请在大纲中查找该模块。"


def _no_effect(reason: str, hint: str) -> Entry:
    return {"message": "{rule} 没有效果", "reason": reason, "hint": hint}


def _no_module(reason: str, hint: str) -> Entry:
    return {"message": "针对 '{target}' 的规则没有匹配任何模块", "reason": reason, "hint": hint}


RUN: dict[str, Entry] = {
    "applied_twice": {
        "message": "模型已经准备或量化过：其中有 {found}",
        "reason": "torch 可能不加警告地再次准备这样的模型：它会观测观测器，原样保留量化的部分，或在追踪观测器时停止",
        "hint": "请给出浮点模型，或使用 qviz.snapshot 查看已经准备或转换的图。",
    },
    "mode_changed.to_eval": {
        "message": _MODE,
        "reason": "batch norm 以其运行统计量折叠，这需要 eval 模式",
        "hint": _CALL_EVAL,
    },
    "mode_changed.to_eval_dropout": {
        "message": _MODE,
        "reason": "eval 模式下 dropout 关闭，与模型使用时一样",
        "hint": _CALL_EVAL,
    },
    "mode_changed.to_eval_only": {
        "message": _MODE,
        "reason": "模型按其使用方式量化；它既没有 batch norm 也没有 dropout",
        "hint": _CALL_EVAL,
    },
    "mode_changed.to_training": {
        "message": "模型处于 eval 模式，但流程以训练模式运行",
        "reason": "量化感知训练在训练模式下学习范围；convert 又以 eval 模式运行",
        "hint": "在您自己的代码中，量化前请调用 model.train()。",
    },
    "mode_kept.training": {
        "message": "调用 eval() 时，{modules} 停留在训练模式",
        "reason": "{types} 重写了 train() 或 eval()；在训练模式下 batch norm 按批次归一化，无法折叠，dropout 会丢弃值",
        "hint": "请在 train() 中调用 super().train(mode) 并返回 self，"
        "或在量化之前对 model.modules() 中的每个模块设置 module.training = False。",
    },
    "mode_kept.eval": {
        "message": "调用 train() 时，{modules} 停留在 eval 模式",
        "reason": "{types} 重写了 train() 或 eval()；torch 的量化感知训练需要处于训练模式的模型",
        "hint": "请在 train() 中调用 super().train(mode) 并返回 self，或选择静态流程。",
    },
    "mode_kept.frozen": {
        "message": "调用 train() 时，{modules} 停留在 eval 模式",
        "reason": "{types} 重写了 train() 或 eval()；torch 不把 eval 模式的 batch norm 与训练模式的卷积融合",
        "hint": "请不要重写 train()；在 eager 和 FX 流程中，请在 prepare 之后冻结 batch norm："
        "model.apply(torch.ao.nn.intrinsic.qat.freeze_bn_stats)。",
    },
    "made_ready": {
        "message": "qviz 使用模型的副本：{steps:clauses}",
        "reason": "torch 量化 CPU 上的 float32 模块，捕获的是模型本身，而不是其包装",
        "hint": "您的模型保持不变；此运行的 Python 中有同样的代码可供您使用。",
    },
    "made_ready.float32": {"text": "使用 float32，而不是 {dtypes:all}"},
    "made_ready.on_cpu": {"text": "在 CPU 上，而不是 {devices:all}"},
    "made_ready.unwrapped": {"text": "从 {wrappers:all} 中取出"},
    "made_ready.unwrapped_inside": {"text": "从 {wrappers:all} 中取出 {path}"},
    "made_ready.not_compiled": {"text": "对 {names} 去掉 torch.compile"},
    "made_ready.traced_through_compile": {"text": "不经 torch.compile 追踪 {names}"},
    "made_ready.float32_inputs": {"text": "输入使用 float32，而不是 {dtypes:all}"},
    "made_ready.own_forward": {"text": "将实例的 forward() 改为其类的 forward()，torch.fx 追踪的是后者"},
    "made_ready.built": {"text": "用示例输入运行一次，构建 {names} 的惰性参数"},
    "made_ready.normal_tensors": {"text": "将 inference 模式下创建的张量替换为普通张量"},
    "made_ready.detached": {"text": "将 {names} 从 autograd 中分离"},
    "made_ready.defaults": {"text": "输入中没有的 {names} 固定为默认值"},
    "made_ready.empty": {"text": "输入未填充的 {names} 留空"},
    "made_ready.by_name": {"text": "{names} 按名称取得，而不是通过 {variadic}"},
    "made_ready.constants": {"text": "{names} 固定为输入中的值"},
    "made_ready.first_of": {"text": "取自还含有 {others:all} 的元组"},
    "made_ready.first_two_of": {"text": "模型和输入取自含 {count} 个值的元组"},
    "made_ready.under_key": {"text": "取自检查点的键 {key}"},
    "training_without_effect": {
        "message": "训练计算了梯度，但没有任何参数改变",
        "reason": "优化器没有执行步骤，或持有另一个模型的参数：prepare 在副本上工作",
        "hint": "请在训练函数中以其收到的模型的 model.parameters() 创建优化器，并在 backward() 之后调用 optimizer.step()。",
    },
    "training_demonstrated": {
        "message": "没有训练：以训练模式的一次前向传播代替训练",
        "reason": "没有给出训练函数",
        "hint": "请给出训练函数：在模型旁定义 train(model)，或在配置中选择一个。",
        "option": "--train",
    },
    "on_fake_tensors": {
        "message": "使用 fake 张量构建：没有分配权重，没有校准或测量",
        "reason": "计划要求如此；图、位置和原因与真实运行相同，但不知道 scale 和范围",
        "hint": "要校准和测量，请在内存足够的机器上带着权重运行。",
        "option": "--fake",
    },
    "no_weight_only_linear": {
        "message": "{subject:个 Linear 模块|个 Linear 模块}保持浮点：torch 没有仅 int8 权重的 Linear",
        "reason": "仅权重流程量化 embedding（8 或 4 位）或 float16 的 Linear",
        "hint": "请选择权重 dtype float16，或使用流程 fx-dynamic 得到 int8 权重。",
    },
    "rule_passes_fused": {
        "message": "{rule} 不适用于 {subject}",
        "reason": "prepare 将其融合为 {types:all}，而 torch 不会把值为 None 的 qconfig 传给融合后的类型",
        "hint": "请为对象类型 {names:all} 添加规则。",
    },
    "setting_without_effect.rules": {
        "message": "{settings:all} 在流程 {flow} 中没有意义",
        "reason": "FX 和 eager 流程的规则设置 qconfig，PT2E 流程的规则属于量化器；只有按名称或按 torch.nn 的类型"
        "让模块保持浮点的规则在两者中都能表达",
        "hint": "请按此流程的写法设置：FX 和 eager 流程用 rules，PT2E 流程用 quantizer_options.rules；或从计划中删除它。",
    },
    "setting_without_effect.translated": {
        "message": "{settings:all} 在流程 {flow} 中作为其自己的规则生效",
        "reason": "它是为另一种模式写的，而它让其保持浮点的内容在此模式中也能指定",
        "hint": "无需处理。",
    },
    "rule_matches_nothing.overruled": _no_effect(
        "它匹配的每个节点都由其他规则决定",
        "请使用更强的规则种类；由弱到强：global、object_type、module_name_regex、module_name、"
        "module_name_object_type_order；多个模式中以第一个匹配的为准。",
    ),
    "rule_matches_nothing.pattern": _no_effect("没有模块路径匹配 '{target}'", _NAME_IT),
    "rule_matches_nothing.pattern_near": _no_effect("没有模块路径匹配 '{target}'", _DID_YOU_MEAN),
    "rule_matches_nothing.path": _no_effect("没有路径为 '{target}' 的模块", _NAME_IT),
    "rule_matches_nothing.path_near": _no_effect("没有路径为 '{target}' 的模块", _DID_YOU_MEAN),
    "rule_matches_nothing.no_such_call": _no_effect(
        "[['{target}' 中]]没有 {type} 的第 {order} 次调用",
        "请从 0 开始数模块中某类型的调用；其子模块中的调用也计入。",
    ),
    "rule_matches_nothing.no_node": _no_effect(
        "融合后的图中没有代表 {module} 的节点",
        "请查看融合阶段：该模块已融合进另一个模块，或 forward() 从不调用它。",
    ),
    "rule_matches_nothing.type_without_node": _no_effect(
        "融合后的图中没有 {target} 的节点",
        "请查看融合阶段：每个 {target} 都已融合进另一个模块，或其内部被追踪。",
    ),
    "rule_matches_nothing.no_such_type": _no_effect("模型没有 {target}", "请选择其一：{types:every}。"),
    "rule_matches_nothing.no_such_type_near": _no_effect("模型没有 {target}", _DID_YOU_MEAN),
    "rule_matches_nothing.eager_type": _no_module("模型中没有该类型的模块", _OUTLINE),
    "rule_matches_nothing.eager_type_near": _no_module("模型中没有该类型的模块", _DID_YOU_MEAN),
    "rule_matches_nothing.eager_name": _no_module("模型中没有该名称的模块", _OUTLINE),
    "rule_matches_nothing.eager_fused": {
        "message": "'{target}' 的规则没有效果",
        "reason": "该模块已融合进另一个模块，后者的 qconfig 对两者都有效",
        "hint": "请命名融合列表中该项的第一个模块，或从列表中去掉 {target}。",
    },
    "rule_matches_nothing.eager_name_near": _no_module("模型中没有该名称的模块", _DID_YOU_MEAN),
    "setting_without_effect.settings": {
        "message": "流程 {flow} 不接受 {settings:all}",
        "reason": "计划设置了它，但流程运行时不使用",
        "hint": "请选择接受它的流程，或从计划中删除它。",
    },
}

NOISE: dict[str, Entry] = {
    "output_differs.owner": {
        "message": _MESSAGE,
        "reason": _OWNS,
        "hint": "请改变 {name} 的量化方式（范围、观测器、逐通道 scale），或让其算子保持浮点。",
    },
    "output_differs.owner_with_remedy": {"message": _MESSAGE, "reason": _OWNS, "hint": _WITH_REMEDY},
    "output_differs.spread": {
        "message": _MESSAGE,
        "reason": _SPREAD,
        "hint": "请在此运行的噪声账中查看占比次大的量化器，并让最差的保持浮点。",
    },
    "output_differs.spread_with_remedy": {"message": _MESSAGE, "reason": _SPREAD, "hint": _WITH_REMEDY},
    "output_differs.unknown": {"message": _MESSAGE, "reason": "未测量各量化器的代价", "hint": "请重新测量噪声账。"},
    "output_differs.not_measurable": {
        "message": _MESSAGE,
        "reason": "无法测量各量化器的代价：{type}：{text}",
        "hint": "请找出代价最大的部分：用不带 qconfig 的规则逐个让各部分保持浮点，并比较各次运行。",
    },
    "share.estimated": {"text": "一阶估计"},
    "share.not_additive": {"text": "估计；占比不能相加"},
    "share.measured": {"text": "单独测量"},
    "constant_lost": {
        "message": "{subject} 处的常量 {value:number} 被量化为零",
        "reason": "其 scale 的一级为 {step:number}；防止归一化除以零的 eps 因此丢失" + MEASURED,
        "hint": "请让读取它的算子保持浮点。",
    },
    "wrong_axis": {
        "message": "{subject} 的权重的 scale 沿轴 {axis}，而不是沿其输出通道",
        "reason": "轴 {axis} 上的 scale 由所有输出通道共享，而输出通道沿轴 {expected}，因此宽通道占用了窄通道的量化级"
        + MEASURED,
        "hint": "请将此权重的观测器的轴（ch_axis）设为 {expected}，或逐张量量化。",
    },
}

SCALES: dict[str, Entry] = {
    "qparams.per_tensor_exact": {"text": "scale {scale:exact}，zero point {zero_point:number}"},
    "qparams.per_tensor": {"text": "scale {scale:number}，zero point {zero_point:number}"},
    "qparams.per_channel": {"text": "每个通道一个 scale（{scale:channels}）"},
    "qparams.unknown": {"text": "未知的 scale"},
    "qparams.of_cast": {"text": "{cast}，{qparams:text}"},
    "quantize_dequantize_chain.needless": {
        "message": "{subject} 之后紧接着参数相同的 {next}",
        "reason": "两者都是 {after:text}，因此这两个 cast 不改变任何值",
        "hint": _SHARE,
    },
    "quantize_dequantize_chain.rounded_twice": {
        "message": "{subject} 之后紧接着参数不同的 {next}",
        "reason": "{before:text} 变为 {after:text}，因此值被舍入两次",
        "hint": _SHARE,
    },
    "quantized_twice": {
        "message": "{subject} 被量化 {casts:次|次}：{qparams:all}",
        "reason": "其读取者要求不同的参数，或各有自己的 QuantStub",
        "hint": "请让读取者共享一个观测器：一个 QuantStub、一个 qconfig 或共享的 spec。",
    },
    "scales_differ": {
        "message": "{subject} 直接传递整数，但其前后的 scale 不同",
        "reason": "{one} 为 {one_qparams:text}；{other} 为 {other_qparams:text}",
        "hint": "请让其输入和输出共享一个观测器（SharedQuantizationSpec；FX 中为后端的模式）；"
        "否则后端会在此重新量化，或拒绝该图。",
    },
    "degenerate_scale.all_zeros": {
        "message": "{subject} 的 scale 为零、非有限值，或 torch 的最小值",
        "reason": "观测器只见过零，或权重全为零，因此其他值都被截断" + MEASURED,
        "hint": "请用与模型实际遇到的数据相似的数据校准；准备阶段显示观测器见过什么。",
    },
    "degenerate_scale.not_positive": {
        "message": "{subject} 的 scale 为零或负数",
        "reason": "torch 的观测器不会算出这样的 scale：它来自您自己的观测器，或被写进了模型或其配置" + MEASURED,
        "hint": "请改正观测器的 calculate_qparams()，或您写入的 scale：它是正数。",
    },
    "degenerate_scale.weight_of_zeros": {
        "message": "{subject} 的权重全为零或接近零",
        "reason": "scale 是 torch 的最小值，观测器对空范围给出该值" + MEASURED,
        "hint": "请加载训练好的权重；有意为零的层无需处理。",
    },
    "degenerate_scale.constant_of_zeros": {
        "message": "{subject} 量化的常量全为零",
        "reason": "零在任何 scale 下都是精确的，但此 scale 是 torch 的最小值：之后变化的值会被截断",
        "hint": "对常量无需处理；保存状态的缓冲区，请在 prepare 之前放入其通常的值。",
    },
    "degenerate_scale.one_step": {
        "message": "scale 的一级超过 {subject} 观测到的所有值",
        "reason": "{example} 观测到 {low:number} 到 {high:number}，但 torch 的 scale 不会小于观测器的 eps："
        "一级为 {step:number}，因此所有值变得相同" + MEASURED,
        "hint": "请检查模型的值是否在此消失（例如权重未训练），或给观测器更小的 eps。",
    },
    "degenerate_scale.not_finite": {
        "message": "{subject} 观测到非有限值：{low:number} … {high:number}",
        "reason": "延伸到无穷的范围没有步长，因此其后都变为零或 nan",
        "hint": "请从校准数据中去掉 inf 和 nan，或找到产生它们的算子（对数或除以零）。",
    },
    "not_finite.weight": {
        "message": "{name} 含有 {count:个非有限值|个非有限值}",
        "reason": "权重中的 inf 或 nan 会影响所有依赖它的输出，其 scale 也没有意义",
        "hint": "请重新加载权重；如果由训练产生，请检查损失是否为有限值。",
    },
    "not_finite.data": {
        "message": "{name} 处的数据含有 {value}",
        "reason": "浮点模型会用它计算，其后的一切都没有意义",
        "hint": "请从数据中去掉非有限值，或找到产生它的步骤（对零取对数、除以零）。",
    },
    "not_finite.born": {
        "message": "{name} 对有限的输入给出 {value}",
        "reason": "浮点模型在这些数据上得到 {value}，其后的一切都没有意义",
        "hint": "请检查数据和此算子：除以零、对零取对数、求和溢出。",
    },
    "saturated_range": {
        "message": "观测值超出 {subject} 的 scale 的范围",
        "reason": "{example} 观测到 {low:number} 到 {high:number}，但其 scale 只能达到 {least:number} 到 "
        "{greatest:number}：其余被截断" + MEASURED,
        "hint": "请检查此观测器如何计算 scale；如果 scale 是固定或加载的，请重新校准。",
    },
    "stretched_by_outliers.one": {
        "message": "{subject} 的 99.9 % 的值位于其范围的 {share:percent} 之内",
        "reason": "少数离群值把范围撑大到 {low:number} … {high:number}，其他值只剩约 256 级中的 {levels} 级" + MEASURED,
        "hint": "请检查校准数据：截断离群值，或让此算子保持浮点。",
    },
    "stretched_by_outliers.several": {
        "message": "{subject} 的 99.9 % 的值位于范围的一小部分；其中 {worst} 在 {share:percent} 之内",
        "reason": "少数离群值把 {worst} 的范围撑大到 {low:number} … {high:number}，其他值只剩约 256 级中的 {levels} 级"
        + MEASURED,
        "hint": "请检查校准数据：截断离群值，或让这些算子保持浮点。",
    },
    "uneven_channels": {
        "message": "{subject} 的权重所有通道共用一个 scale，但 {total} 个通道中有 {narrow} 个只用到不足十六分之一的量化级",
        "reason": "各通道的范围相差 16 倍以上，由最宽的决定 scale" + MEASURED,
        "hint": "请逐通道量化权重（量化器选项中的 per_channel；x86 的 qconfig 即如此），或先均衡各层。",
    },
    "uneven_channels.lost": {
        "message": "{subject} 的权重所有通道共用一个 scale，{total} 个通道中有 {lost} 个丢失",
        "reason": "通道 {widest} 的范围是中位通道的 {ratio:number} 倍，决定了 scale；丢失的通道的权重 SQNR 低于 10 dB"
        + MEASURED,
        "hint": "请逐通道量化权重（量化器选项中的 per_channel；含 default_per_channel_weight_observer 的 qconfig），"
        "或让 {subject} 保持浮点。",
    },
    "outside_calibration": {
        "message": "{subject} 处 {outside:percent} 的数据超出校准范围",
        "reason": "数据为 {low:number} … {high:number}，而校准范围是 {least:number} … {greatest:number}：其余被截断"
        + MEASURED,
        "hint": _CALIBRATE,
    },
    "range_unused": {
        "message": "{subject} 处的数据只用到校准范围的 {part:percent}",
        "reason": "数据为 {low:number} … {high:number}，而校准范围是 {least:number} … {greatest:number}：只剩很少的量化级"
        + MEASURED,
        "hint": _CALIBRATE,
    },
    "reduce_range_mismatch.overflows": {
        "message": "引擎 {backend} 上激活为 8 位：{subject}",
        "reason": "没有 VNNI 指令时，其内核以 16 位相加两个乘积，会溢出：其自身的 qconfig 为 reduce_range=True（0 到 127）",
        "hint": _OWN_MAPPING,
    },
    "reduce_range_mismatch.overflows_by_default": {
        "message": "引擎 {backend} 上激活为 8 位：{subject}",
        "reason": "torch 自己的 mapping 给某些类型（例如 PReLU）的 qconfig 没有 reduce_range；没有 VNNI 指令时，"
        "{backend} 的内核以 16 位相加两个乘积，会溢出",
        "hint": "请用您自己的 qconfig 为此类型添加规则；对 PReLU 为 QConfig(HistogramObserver."
        "with_args(reduce_range=True), FixedQParamsObserver.with_args(scale=1 / 255, zero_point=0, "
        "dtype=torch.quint8))。",
    },
    "reduce_range_mismatch.wastes_levels": {
        "message": "引擎 {backend} 上激活为 7 位：{subject}",
        "reason": "其内核不会溢出：其自身的 qconfig 为 reduce_range=False（0 到 255），因此这里浪费了一半量化级",
        "hint": _OWN_MAPPING,
    },
}

STATEMENTS: dict[str, Entry] = {**RUN, **NOISE, **SCALES}
