"""Simplified Chinese: findings about precision and the graph. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry

_NOTHING = "没有算子以低精度运行"
_ISLAND = "{operator} 在量化算子之间保持浮点[[，共 {places:处|处}]]"
_ISLAND_HINT = (
    "将 {operator} 换成后端可以量化的算子，或让相邻算子也保持浮点：每个浮点孤岛都要多付出一次反量化和一次量化。"
)
_LEFT_BY_RULE = "{subject} 因针对{rule:text}的规则保持浮点[[，占乘加运算的 {share:percent}]]"
_KEEP_OR_REMOVE = "如果您有意让它保持浮点，则无需处理；否则请删除这条规则。"
_COMPARE = "请比较各流程，看哪个量化得更多；每个节点的原因说明它为何保持浮点。"
_CALIBRATE = "请使用能到达模型每个分支的数据校准。"
_FLOAT_GIVEN = (
    "{subject} 只接受量化张量，但 {producer} 给它的是浮点张量",
    "两者之间没有 quantize，因此 torch 会报错停止：\"Could not run 'quantized::...' with arguments from the "
    "'CPU' backend\"",
)

STATEMENTS: dict[str, Entry] = {
    "and_at": {"message": "{message}；另有 {also:处|处}相同：{also}"},
    "own": {"message": "{message}", "reason": "{reason}", "hint": "{hint}"},
    "own_rule_failed.raised": {
        "message": "项目的规则 {name} 引发了 {type}[[，位于 {file}:{line}]]",
        "reason": "{text}",
        "hint": "请修正该规则，或从 {project} 中删除它。",
    },
    "own_rule_failed.unreadable": {
        "message": "无法读取项目的规则[[：{text}]]",
        "reason": "{project} 无效，因此其中可能列出的规则没有运行",
        "hint": "请修正 {project}；rules 是 [tool.qviz] 一节中的文本列表，例如 package.module:function。",
    },
    "own_rule_failed.not_loaded": {
        "message": "无法加载项目的规则 {name}[[：{text}]]",
        "reason": "{project} 的 [tool.qviz] 列出了它，因此此运行的发现不完整",
        "hint": "请写作 package.module:function，并能从 {project} 所在的文件夹导入。",
    },
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
    "nothing_quantized.not_annotated": {
        "message": f"{_NOTHING}：{{operators:all}}",
        "reason": "量化器没有标注其中任何一个，因此都没有观测器",
        "hint": "请使用会标注 {operators} 的量化器，或比较各流程：各后端列出的算子不同。",
    },
    "degenerate_scale.only_zeros": {
        "message": "{subject} 只观测到零",
        "reason": "其范围为空，因此 scale 是观测器给出的最小值，其他值都被截断[[；实测输出仍保持 {kept_db:db}]]"
        "[[；单独实测时输出剩 {alone_db:db}]]",
        "hint": "请用与模型实际遇到的数据相似的数据校准。",
    },
    "nothing_quantized.left_by_rules": {
        "message": _NOTHING,
        "reason": "计划中的规则让它们全部保持浮点；没有这些规则时，量化器会标注它们",
        "hint": "请删除 enabled = false 的规则，或让它们只针对较少的模块。",
    },
    "nothing_quantized.no_qconfig": {
        "message": _NOTHING,
        "reason": "qconfig 映射没有给其中任何一个 qconfig",
        "hint": "请为模型所用的类型添加 set_global(qconfig) 或 set_object_type：模块如 torch.nn.Linear，函数如 "
        "torch.nn.functional.linear。",
    },
    "nothing_quantized.no_kernel": {
        "message": _NOTHING,
        "reason": "它们被观测过，而 convert 没有找到适合所用 dtype 的低精度算子",
        "hint": "请让权重和激活的观测器使用后端列出的 dtype：激活 quint8，权重 qint8。",
    },
    "nothing_quantized.partly_observed": {
        "message": _NOTHING,
        "reason": "{observed} 只有部分输入或输出处有观测器；只有激活和权重都量化时，算子才以低精度运行",
        "hint": "请在量化器的 input_qspec_map 中同时标注各算子的激活和权重。",
    },
    "nothing_quantized.not_observed": {
        "message": _NOTHING,
        "reason": "没有为它们请求观测器，或捕获丢失了量化器所需的信息",
        "hint": "请查看准备阶段：没有观测器的算子没有被标注。",
    },
    "scales_differ.dropout": {
        "message": "{subject} 在 eval 模式下原样传递值，但其前后的 scale 不同",
        "reason": "{one} 为 {one_qparams:text}，{other} 为 {other_qparams:text}：训练模式下，dropout 把保留的值放大 1 / (1 − p)，"
        "因此其后的观测器看到更大的值",
        "hint": "请在学习范围时，至少在训练的最后几步，设 p = 0：这样两个观测器看到相同的值。",
    },
    "scales_differ.other_form": {
        "message": "{subject}原样传递整数，但其前后的 scale 不同",
        "reason": "后端没有匹配 {called:all} 的模式，因此 {one} 为 {one_qparams:text}，{other} 为 {other_qparams:text}",
        "hint": "请在 forward() 中将 {called:all} 换成 {forms:all}：其模式保持同一个 scale。",
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
    "little_quantized.other_form": {
        "message": "{total} 个可量化算子中有 {low} 个以低精度运行",
        "reason": "保持浮点的有：{called:all}；后端只有匹配 {forms:all} 的模式",
        "hint": "请在 forward() 中将 {called:all} 换成 {forms:all}。",
    },
    "little_quantized.macs.other_form": {
        "message": "{share:percent} 的乘加以低精度运行（{total} 个算子中的 {low} 个）",
        "reason": "以浮点相乘的有：{called:all}[[（{subject}）]]；后端只有匹配 {forms:all} 的模式",
        "hint": "请在 forward() 中将 {called:all} 换成 {forms:all}。",
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
    "float_island.not_annotated_by_own": {
        "message": _ISLAND,
        "reason": "量化器没有标注 {operator}",
        "hint": _ISLAND_HINT,
    },
    "float_island.other_form": {
        "message": _ISLAND,
        "reason": "后端没有匹配 {called:all} 的模式；有匹配 {forms} 的",
        "hint": "请将 {called:all} 换成 {forms}，并查看这对输出的影响：此处也会舍入。",
    },
    "float_island.needless_cast": {
        "message": _ISLAND,
        "reason": "它转换为其输入已有的 dtype，不起任何作用，也没有模式包含它",
        "hint": "请从 forward() 中删除此转换：每个浮点孤岛都要多付出一次反量化和一次量化。",
    },
    "float_island.between_stubs": {
        "message": _ISLAND,
        "reason": "forward() 在它之前反量化，在它之后量化",
        "hint": "如果 torch 没有量化的 {operator}，则无需处理；否则请删除它周围的 stub。",
    },
    "float_island.left_out": {
        "message": _ISLAND,
        "reason": "其 qconfig 为 None，因此配置让它保持浮点",
        "hint": "如果您有意让它保持浮点，则无需处理；否则请为 {operator} 指定 qconfig。",
    },
    "float_island.left_by_rule": {
        "message": _ISLAND,
        "reason": "计划中的一条规则让它保持浮点；没有这条规则时，量化器会标注它",
        "hint": "如果您有意让它保持浮点，则无需处理；否则请删除其原因中所说的规则。",
    },
    "rule.left_by_rule": {
        "text": "因规则保持浮点",
        "what": "配置中的一条规则让算子保持浮点；没有这条规则时，它们会以低精度运行。",
        "advice": "如果您有意让它们保持浮点，则无需处理；否则请删除该规则。",
    },
    "left_by_rule.annotated": {
        "message": _LEFT_BY_RULE,
        "reason": "没有这条规则时，量化器会标注它",
        "hint": _KEEP_OR_REMOVE,
    },
    "left_by_rule.qconfig": {
        "message": _LEFT_BY_RULE,
        "reason": "这条规则给它的 qconfig 是 None",
        "hint": _KEEP_OR_REMOVE,
    },
    "asked_but_float": {
        "message": "{operator} 已被观测，但仍以浮点运行[[，共 {places:处|处}]]",
        "reason": "convert 没有找到它的低精度算子：convert 使用的后端配置与 prepare 不同，"
        "或后端没有这些激活和权重 dtype 的内核",
        "hint": "请给 prepare 和 convert 相同的 backend_config，并使用后端列出的 dtype 的 qconfig。",
    },
    "asked_but_float.custom": {
        "message": "{subject} 已被观测，但仍以浮点运行：observed_to_quantized 没有指定 {operator}",
        "reason": "{operator} 由 float_to_observed 放入，而 convert 只替换 observed_to_quantized 指定的类",
        "hint": "请在 observed_to_quantized 中指定 {operator}，其对应的类须有 from_observed()。",
    },
    "asked_but_float.no_root": {
        "message": "{subject} 已被观测，但仍以浮点运行：后端配置没有为 {operator} 指定参考模块",
        "reason": "convert 只替换其 BackendPatternConfig 有根模块和对应参考模块的模块",
        "hint": "请在其 BackendPatternConfig 上调用 set_root_module(torch.nn.{operator}) 和 "
        "set_reference_quantized_module(torch.ao.nn.quantized.reference.{operator})；融合类型则在其第一个模块的配置上。",
    },
    "asked_but_float.not_lowered": {
        "message": "{operator} 已被观测，但仍以浮点运行[[，共 {places:处|处}]]",
        "reason": "后端配置列出了 {operator}，因此 prepare 观测了它，但 convert 没有可以代替它的低精度算子",
        "hint": "请用不带 qconfig 的规则让 {operator} 保持浮点，这样可省去其周围的舍入。",
    },
    "asked_but_float.weight_listed": {
        "message": "{subject} 已被观测，但仍以浮点运行：后端没有为其列出 {weight_dtype:dtype} 权重",
        "reason": "prepare 只将激活的 dtype 与后端列出的相比较，convert 还比较权重的 dtype；对激活为 "
        "{activation_dtype:dtype} 的 {operators:all}，后端列出的权重是 {listed:dtype}",
        "hint": "请使用 {listed:dtype} 的权重观测器。",
    },
    "asked_but_float.weight_unlisted": {
        "message": "{subject} 已被观测，但仍以浮点运行：convert 不接受其 qconfig 的 dtype",
        "reason": "convert 得到的后端配置没有为 {operators:all} 列出这样的激活和权重 dtype"
        "[[：激活 {activation_dtype:dtype}]][[，权重 {weight_dtype:dtype}]]",
        "hint": "请给 prepare 和 convert 相同的 backend_config，并使用后端列出的 dtype 的 qconfig。",
    },
    "asked_but_float.reference": {
        "message": "{subject} 已被观测，但仍以浮点运行：convert 留下了参考模块",
        "reason": "convert 只在模块位于 dequantize 和 quantize 之间时放入内核",
        "hint": "请将 {subject} 及其读取者的 qconfig 设为 None，保持浮点。",
    },
    "asked_but_float.reshape": {
        "message": "{subject} 已被观测，但仍以浮点运行：{reshape} 以浮点传递模型的一个输入",
        "reason": "Tensor.reshape 的默认 qconfig 沿用其输入的观测器，而模型的输入没有观测器",
        "hint": "请将 {reshape} 处的 x.reshape(...) 写作 x.view(...) 或 torch.reshape(x, ...)，torch 会观测它们。",
    },
    "asked_but_float.parametrized": {
        "message": "{subject} 已被观测，但仍以浮点运行：parametrization（{by:all}）更改了其类",
        "reason": "convert 按确切类型查找层的 dtype，不认识带有 parametrization 的类型",
        "hint": "请在量化之前去掉它，权重会保留：for path, name in {removals}: "
        "torch.nn.utils.parametrize.remove_parametrizations(model.get_submodule(path), name)",
    },
    "float_into_quantized.operator": {
        "message": _FLOAT_GIVEN[0],
        "reason": _FLOAT_GIVEN[1],
        "hint": "请在 {producer} 之后放 QuantStub 或 quantize。",
    },
    "float_into_quantized.unread": {
        "message": "{subject} 只接受量化张量，而 {producer} 给它的是浮点张量；没有任何节点读取 {quantize} 由 {producer} 得到的结果",
        "reason": _FLOAT_GIVEN[1],
        "hint": "请在 forward() 中传递 {quantize} 的结果，例如 x = self.quant(x)。",
    },
    "float_into_quantized.model_input": {
        "message": _FLOAT_GIVEN[0],
        "reason": _FLOAT_GIVEN[1],
        "hint": "请在 {producer} 之后放 QuantStub 或 quantize；如果 input_quantized_indexes 要求，则给模型量化张量。",
    },
    "float_into_quantized.idle_stub": {
        "message": _FLOAT_GIVEN[0],
        "reason": "它们之间的 QuantStub {stub} 没有 qconfig，因此 convert 不改动它，torch 停止并报 \"Could not run 'quantized::...' "
        "with arguments from the 'CPU' backend\"",
        "hint": "请给 {stub} 一个 qconfig：删除让它保持浮点的规则。",
    },
    "dynamic_on_convolutions.left_in_float": {
        "message": "动态流程让 {subject} 保持浮点",
        "reason": "torch 没有动态量化卷积的后端；动态量化处理 Linear 和循环模块",
        "hint": "请使用静态流程（fx-static、pt2e-static），它也量化卷积。",
    },
    "dynamic_on_convolutions.no_kernel": {
        "message": "{subject} 被动态量化，这只会增加耗时",
        "reason": "torch 没有动态卷积的内核：每次调用都计算范围，而卷积以浮点运行",
        "hint": "请使用静态流程，或用让卷积保持浮点的量化器或规则。",
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
    "wrong_kind_of_graph": {
        "message": "给 {flow} 的是由 ATen 算子组成的图：{subject}",
        "reason": "其模式是模块和 torch 函数；没有一个与导出的图匹配，而 torch 不会报告这一点",
        "hint": "导出的图请使用 PT2E 流程，或给出导出之前的模块。",
    },
    "never_calibrated.observer": {
        "message": "观测器 {subject} 没有见过数据",
        "reason": "min 为 inf，max 为 −inf，因此 torch 退回到 scale 1 和 zero point 0",
        "hint": _CALIBRATE,
        "option": "--calibrate",
    },
    "never_calibrated.dynamic_flow": {
        "message": "观测器 {subject} 没有见过数据",
        "reason": "动态流程不做校准，而配置中有静态观测器，它们保持 scale 1 和 zero point 0",
        "hint": "请使用动态 qconfig，例如 default_dynamic_qconfig，或同一模式的静态流程。",
    },
    "never_calibrated.no_batch": {
        "message": "观测器 {subject} 没有见过数据",
        "reason": "没有样本经过准备后的模型，因此 torch 退回到 scale 1 和 zero point 0",
        "hint": "请至少用一个含样本的批次校准；迭代器只能给出一次批次。",
        "option": "--calibrate",
    },
    "never_calibrated.turned_off": {
        "message": "观测器 {subject} 没有见过数据：它们已关闭",
        "reason": "observer_enabled 为 0，因此没有学到任何范围，torch 退回到 scale 1 和 zero point 0",
        "hint": "请在第一个批次之前调用 model.apply(torch.ao.quantization.enable_observer)，并只在范围稳定后才用 "
        "disable_observer。",
    },
    "never_calibrated.not_trained": {
        "message": "伪量化 {subject} 没有见过数据",
        "reason": "训练没有让任何批次经过准备后的模型，因此 torch 退回到 scale 1 和 zero point 0",
        "hint": "请在训练函数中用批次调用模型：伪量化在前向传播中学习范围。",
    },
    "never_calibrated.scale": {
        "message": "{subject} 的 scale 来自没有见过数据的观测器",
        "reason": "没有观测到任何值时，torch 退回到 scale 1 和 zero point 0",
        "hint": _CALIBRATE,
        "option": "--calibrate",
    },
    "unobserved_input": {
        "message": "{subject} 有没有观测器的输入：{inputs:all}",
        "reason": "{subject} 要被量化，但该输入既没有观测器也没有 scale，因此它保持浮点，或转换后的模型在此停止",
        "hint": "请标注每个激活（input_qspec_map）；eager 模式下，请在该输入之后放 QuantStub；FX 中请看 input_quantized_indexes。",
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
