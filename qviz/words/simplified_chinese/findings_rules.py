"""Simplified Chinese: what each rule looks for in general. Parts of an entry: text (its title), what, advice."""

from __future__ import annotations

from qviz.words.language import Entry


def _rule(text: str, what: str, advice: str) -> Entry:
    return {"text": text, "what": what, "advice": advice}


_STATE = "请将状态作为输入传入，并作为输出返回。"
_DATA = "请使用与模型实际数据预处理方式相同的数据校准。"

STATEMENTS: dict[str, Entry] = {
    "rule": _rule("{name:capital}", "{name:capital}。", "请按该发现的建议处理。"),
    "rule.kernel_differs": _rule(
        "内核不一致",
        "输入相同时，转换后模型的某个算子与浮点时计算的结果不同。",
        "请让该算子保持浮点，或选择其他引擎或后端。",
    ),
    "rule.capture_differs": _rule(
        "捕获改变了模型",
        "在做任何舍入之前，捕获并准备后的模型就与原始模型计算的结果不同。",
        "依赖模式的部分请使用模块（nn.Dropout、nn.BatchNorm2d），并检查所指出的算子的设置。",
    ),
    "rule.not_repeatable": _rule(
        "相同调用结果不同",
        "以相同输入调用两次，输出不同。",
        "请将模型切换到 eval 模式，并且不要在 forward() 中抽取随机数。",
    ),
    "rule.state_lost": _rule("状态丢失", "原始模型在各次调用之间保留某些内容，而转换后的模型没有保留。", _STATE),
    "rule.buffer_frozen": _rule(
        "缓冲区变为常量", "forward() 更新某个缓冲区或参数，而捕获或转换后的模型在其位置读取常量。", _STATE
    ),
    "rule.observing_in_eval": _rule(
        "eval 模式下仍在观测",
        "图处于 eval 模式，而伪量化仍在观测，因此评估会改变其范围。",
        "请在评估模型之前调用 model.apply(torch.ao.quantization.disable_observer)。",
    ),
    "rule.weight_not_folded": _rule(
        "每次调用都量化权重",
        "量化的权重由输入计算得到，因此无法以整数存储。",
        "请让该算子保持浮点，或只由参数计算其权重。",
    ),
    "rule.nothing_quantized": _rule(
        "没有任何量化",
        "流程运行没有出错，但没有算子以低精度运行。",
        "请查看准备阶段：没有观测器的算子没有被要求量化，或没有被识别。",
    ),
    "rule.never_calibrated": _rule(
        "未校准",
        "观测器没有见过数据，因此 torch 退回到 scale 1 和 zero point 0。",
        "请使用能到达模型每个分支的数据校准。",
    ),
    "rule.little_quantized": _rule(
        "量化很少",
        "以低精度运行的乘加不到一半；对动态流程则不到四分之一。",
        "请查看哪些类型的算子保持浮点，并选择支持它们的流程或后端。",
    ),
    "rule.batch_norm_left": _rule(
        "Batch norm 未折叠",
        "Batch norm 没有折叠进其前面的算子。",
        "请将其作为 eval 模式的模块，紧接在卷积之后，且卷积的输出没有其他读取者。",
    ),
    "rule.fusible_but_unfused": _rule(
        "可融合但未融合",
        "relu 与其前面的量化卷积或 Linear 分开运行。",
        "请在每个算子之后紧接一个单独的 nn.ReLU，且中间的值没有其他读取者。",
    ),
    "rule.type_not_replaced": _rule(
        "类型未被替换",
        "torch 按确切类型查找层，因此该层保持浮点。",
        "请让该层使用 torch 自己的类型：不用子类、SyncBatchNorm 或 TorchScript。",
    ),
    "rule.layer_in_float": _rule(
        "层保持浮点",
        "带有权重的层保持浮点，无论它在何处。",
        "请按量化器或后端所列的形式编写它，或选择会量化它的流程。",
    ),
    "rule.padding_outside_patterns": _rule(
        "填充不在模式中",
        "卷积的填充是字符串，PT2E 量化器很少有模式包含它。",
        "请以数字给出填充。",
    ),
    "rule.activation_per_channel": _rule(
        "激活逐通道",
        "激活的每个通道各有一个 scale，torch 的任何后端都不接受。",
        "请对激活使用逐张量的观测器。",
    ),
    "rule.bias_scale_differs": _rule(
        "偏置的 scale 不同",
        "偏置舍入所用的 scale 不是输入与权重的 scale 之积。",
        "请由输入和权重的 scale 推出偏置的 scale。",
    ),
    "rule.float_island": _rule(
        "浮点孤岛",
        "某个算子在量化算子之间以浮点运行。",
        "请换成后端可以量化的算子，或让相邻算子也保持浮点。",
    ),
    "rule.asked_but_float": _rule(
        "已观测但仍为浮点",
        "某个算子已被观测，但仍以浮点运行。",
        "请给 prepare 和 convert 相同的后端配置，并使用其中列出的 dtype。",
    ),
    "rule.quantize_dequantize_chain": _rule(
        "反量化后又量化", "dequantize 之后紧接着 quantize。", "请让两侧共享一个观测器。"
    ),
    "rule.quantized_twice": _rule("量化两次", "一个张量被量化多次。", "请让其读取者共享一个观测器。"),
    "rule.scales_differ": _rule(
        "scale 不同", "直接传递整数的算子前后的 scale 不同。", "请让其输入和输出共享一个观测器。"
    ),
    "rule.float_into_quantized": _rule(
        "浮点流入量化算子", "量化算子收到浮点张量。", "请在其前放 QuantStub 或 quantize。"
    ),
    "rule.switched_off": _rule(
        "已关闭", "伪量化或观测器已关闭。", "请在训练或校准结束前打开它，除非其范围本应保持不变。"
    ),
    "rule.batch_norm_in_training": _rule(
        "Batch norm 处于训练模式",
        "转换后模型的 batch norm 处于训练模式。",
        "请在 convert 之前将模型切换到 eval 模式。",
    ),
    "rule.degenerate_scale": _rule(
        "scale 退化",
        "scale 为零或非有限值，或其一级超过整个观测范围。",
        "请用与模型实际遇到的数据相似的数据校准。",
    ),
    "rule.output_differs": _rule(
        "输出不同",
        "转换后模型的输出与浮点输出相差很大；并指出占比最大的量化器。",
        "请修改该量化器：其原因和此运行的噪声账说明如何修改。",
    ),
    "rule.constant_lost": _rule("常量丢失", "常量（例如归一化的 eps）被量化为零。", "请让读取它的算子保持浮点。"),
    "rule.wrong_axis": _rule("轴错误", "逐通道权重的 scale 没有沿输出通道。", "请将观测器的轴设为输出通道的轴。"),
    "rule.outside_calibration": _rule("超出校准范围", "模型输入处的数据超出校准得到的范围。", _DATA),
    "rule.range_unused": _rule("校准范围未用到", "模型输入处的数据只用到校准范围的不足十六分之一。", _DATA),
    "rule.not_finite": _rule("非有限值", "浮点模型的权重或值为 inf 或 nan。", "请找出它的来源：其后的内容都无法量化。"),
    "rule.few_levels": _rule(
        "量化级很少", "观测器或权重只用到其内核量化级的一小部分。", "请从观测器中去掉 quant_min 和 quant_max。"
    ),
    "rule.levels_unused": _rule("一半量化级未用", "对称的无符号范围中，值从不为负。", "请对激活使用仿射方案。"),
    "rule.saturated_range": _rule(
        "范围饱和", "观测值远远超出 scale 的范围。", "请检查观测器如何计算 scale，并重新校准。"
    ),
    "rule.stretched_by_outliers": _rule(
        "被离群值撑大", "少数离群值把激活的范围撑大。", "请截断校准数据中的离群值，或让该算子保持浮点。"
    ),
    "rule.uneven_channels": _rule("通道不均匀", "权重的各通道范围相差很大，却共用一个 scale。", "请逐通道量化权重。"),
    "rule.reduce_range_mismatch": _rule(
        "reduce_range 不匹配", "激活的范围是为另一个引擎设置的。", "请使用该引擎的默认 qconfig。"
    ),
    "rule.applied_twice": _rule("应用两次", "流程开始之前，模型已经准备或量化过。", "请给出浮点模型。"),
    "rule.wrong_kind_of_graph": _rule(
        "图的种类不对", "流程无法读取所给的这种图。", "导出的图请使用 PT2E 流程，模块请使用 FX 或 eager 流程。"
    ),
    "rule.dead_branch": _rule("无用的分支", "模型计算了无人读取的值。", "请从 forward() 中删除，或返回它们。"),
    "rule.unobserved_input": _rule(
        "输入未观测",
        "要量化的算子有一个没有观测器的输入。",
        "请标注每个激活；在 eager 模式下，请在每个输入之后放 QuantStub。",
    ),
    "rule.mode_kept": _rule(
        "模式无法更改",
        "模块停留在训练或 eval 模式，因为其类重写了 train() 或 eval()，或者因为它们是在训练模式下导出的。",
        "请在 train() 中调用 super().train(mode)，并返回 self；请在 eval 模式下导出。",
    ),
    "rule.mode_changed": _rule(
        "模式已更改",
        "流程运行时的模式（训练或 eval）与模型传入时不同。",
        "请在量化之前调用 model.eval()；量化感知训练则调用 model.train()。",
    ),
    "rule.made_ready": _rule("已做准备", "已在副本上为流程准备好模型。", "无需处理；此运行的 Python 中有同样的代码。"),
    "rule.on_fake_tensors": _rule("使用 fake 张量", "构建模型时没有权重。", "要校准和测量，请带着权重运行。"),
    "rule.training_without_effect": _rule(
        "训练没有改变任何内容",
        "训练没有改变任何参数。",
        "请在训练函数中以其收到的模型的参数创建优化器。",
    ),
    "rule.state_left": _rule(
        "校准留下的状态", "转换后的模型从校准留在其属性中的状态继续。", "请在校准之后重置该状态。"
    ),
    "rule.training_replaced": _rule(
        "训练替换了层", "训练函数用新的层替换了已准备的层。", "请在流程开始之前替换层，而不要在训练函数中替换。"
    ),
    "rule.training_diverged": _rule("训练发散", "训练使权重增大了几个数量级。", "请以更低的学习率训练。"),
    "rule.training_demonstrated": _rule(
        "仅演示训练",
        "量化感知训练的流程在没有训练的情况下运行。",
        "请给出训练函数；没有时，范围来自一次前向传播。",
    ),
    "rule.rule_matches_nothing": _rule(
        "规则没有匹配", "配置中的一条规则没有效果。", "请将其名称或类型与模型的模块对照；torch 会默默忽略这样的规则。"
    ),
    "rule.setting_without_effect": _rule(
        "设置无效果", "计划中的一项设置对此次运行没有效果。", "请查看原因；按该流程的写法设置，或从计划中删除。"
    ),
    "rule.rule_passes_fused": _rule(
        "规则略过已融合模块", "让算子保持浮点的规则不适用于它融合后的类型。", "请为融合后的类型也添加规则。"
    ),
    "rule.no_weight_only_linear": _rule(
        "没有仅权重的 Linear",
        "Linear 在仅权重流程中保持浮点。",
        "请选择权重 dtype float16，或使用动态流程得到 int8 权重。",
    ),
    "rule.drawn_as_modules": _rule(
        "按模块绘制",
        "追踪和运行都无法绘制，因此图只按模型中的顺序显示模块。",
        "请查看各模块的种类和原因；图中不显示它们之间传递的内容。",
    ),
    "rule.recorded_by_running": _rule(
        "通过运行记录", "追踪失败，因此图显示用示例输入运行一次的结果。", "请检查其他输入是否会在模型中走不同的路径。"
    ),
    "rule.missing_quant_stub": _rule(
        "缺少 QuantStub",
        "用于 eager 模式的模型没有 QuantStub，因此其量化模块收到浮点张量。",
        "请在要量化的部分之前放 QuantStub，之后放 DeQuantStub。",
    ),
    "rule.functional_in_eager": _rule(
        "eager 模式下的函数调用", "eager 模式既不观测也不替换函数。", "请换成模块或 FloatFunctional。"
    ),
    "rule.module_used_twice": _rule(
        "模块使用两次",
        "一个模块被调用多次，因此这些调用共用一个观测器或一个 scale。",
        "请为每次调用使用单独的模块。",
    ),
    "rule.fuse_list_out_of_order": _rule(
        "融合列表顺序不对",
        "融合列表把并不相继的模块合在一起，因此模型计算的结果不同。",
        "请只列出直接相继的模块。",
    ),
    "rule.converted_does_not_run": _rule(
        "转换后的模型失败", "转换后的模型运行时引发异常。", "请查看它停止的节点，并按建议处理。"
    ),
    "rule.stopped": _rule(
        "已停止", "运行已停止：流程的一个步骤引发了异常。", "请查看所指出的节点或模块以及行，并按建议处理。"
    ),
    "rule.captured_without_strict": _rule(
        "非 strict 捕获",
        "strict 捕获失败；量化器在非 strict 的图中能找到的模式较少。",
        "请修改 strict 捕获停止的那一行，或选择非 strict 捕获以接受这一点。",
    ),
    "rule.integers_as_floats": _rule(
        "整数被当作浮点",
        "PT2E 量化器把作用于整数的算子（例如 embedding 的索引）当作浮点处理。",
        "请用选项 skip_integers 不改动作用于整数的算子。",
    ),
    "rule.captured_without_grad": _rule(
        "在 no_grad 下捕获",
        "模型在 forward() 中设置梯度模式，因此在 torch.no_grad() 下捕获。",
        "在您自己的脚本中也请在 torch.no_grad() 下捕获。",
    ),
    "rule.float_in_subgraph": _rule(
        "子图中为浮点",
        "高阶算子所调用的图中，算子保持浮点。",
        "请将它们移出该区域或分支：prepare_pt2e 只观测外层图。",
    ),
    "rule.batch_norm_folded_into_shared_convolution": _rule(
        "Batch norm 折叠进共享的卷积",
        "将 batch norm 折叠进别处也使用的卷积，会改变模型的计算结果。",
        "请为另一处使用单独的卷积，或在两者之间放一个算子。",
    ),
    "rule.operator_rule_without_effect": _rule(
        "算子规则无效果", "量化器从不查看所给的一条规则。", "请按模块类型添加规则，或使用其他量化器。"
    ),
    "rule.setting_rewritten": _rule(
        "设置被改写",
        "训练期间，torch 更改了导出的模型中 dropout 的 p 或 batch norm 的 momentum。",
        "请不要对以训练模式导出的模型调用 train()；请使用 momentum 0.1。",
    ),
    "rule.quantizer_without_effect": _rule(
        "量化器无效果",
        "一个量化器，或组合量化器中的一个，没有标注任何内容，或标注了算子并不读取的输入。",
        "请给它配置；将处理较少算子的量化器放在前面，或删除它。",
    ),
    "rule.output_stays_quantized": _rule(
        "输出仍为量化", "浮点模型返回浮点的地方，转换后的模型返回量化张量。", "请在输出之前放 DeQuantStub。"
    ),
    "rule.batch_norm_fused_for_evaluation": _rule(
        "Batch norm 按评估模式融合",
        "量化感知训练的流程在训练之前折叠 batch norm，因此它们不参与训练。",
        "请按训练模式融合（fuse_modules_qat）。",
    ),
    "rule.quantizer_needs_strict_capture": _rule(
        "量化器需要 strict 捕获",
        "量化器在非 strict 捕获的图中什么都没有找到。",
        "请使用 strict 捕获，或量化器 xnnpack。",
    ),
    "rule.qat_without_fake_quant": _rule(
        "QAT 没有伪量化",
        "量化感知训练流程的准备后的图有观测器，但没有伪量化。",
        "请以 is_qat=True 创建量化器的配置。",
    ),
    "rule.dynamic_on_convolutions": _rule(
        "对卷积使用动态流程",
        "动态流程遇到卷积，而 torch 没有卷积的动态内核。",
        "请使用静态流程，或让卷积保持浮点。",
    ),
    "rule.not_lowered": _rule(
        "未 lower", "算子没有匹配的 x86 内核；它在 cast 之间以浮点运行。", "请使用量化器 x86_inductor。"
    ),
    "rule.sizes_fixed_by_lowering": _rule(
        "lower 固定了大小",
        "lower 后的图只接受一种大小的输入。",
        "需要多种大小时，请对转换后的图使用 torch.compile，或为每种大小分别 lower。",
    ),
    "rule.own_rule_failed": _rule(
        "项目的规则失败", "项目的一条规则无法加载或引发异常。", "请修正该规则，或从项目的 pyproject.toml 中删除它。"
    ),
    "rule.tied_weights_split": _rule(
        "共享的权重分开了",
        "若干层在浮点模型中共享一个权重，而在转换后的模型中各有自己的权重。",
        "请量化所有共享它的层，或让它们全部保持浮点。",
    ),
}
