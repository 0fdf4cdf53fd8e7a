"""Simplified Chinese: why a node is as it is."""

from __future__ import annotations

from qviz.words.language import Entry

_CALLED = "{target}[[：{module_type}]]"
_DTYPES = "{target}.qconfig[[：激活 {activation:dtype}]][[，权重 {weight:dtype}]]"
_ASKED = "{subject}.meta['{key}']['{field}'] 为 True"
_PAIR = "{subject} 读取 {producer}"


def _region(mode: str) -> Entry:
    said = f"该图由 forward() 中的 torch.{mode}() 产生[[，见 {{file}}:{{line}}]]"
    return {"evidence": said, "reason": said}


FRAME: dict[str, Entry] = {
    "input.of_model": {"rule": "模型的输入", "evidence": "placeholder {target}"},
    "input.quantized": {
        "rule": "传入模型时已经量化的输入",
        "evidence": "input_quantized_indexes 包含 {index}",
    },
    "input.of_graph": {"rule": "内部图的输入[[，由 {operator} 运行]]", "evidence": "placeholder {target}"},
    "output.of_graph": {"rule": "内部图的输出[[，由 {operator} 运行]]", "evidence": "返回 {returned:个值|个值}"},
    "output.returned": {"rule": "模型的输出", "evidence": "返回 {returned:个值|个值}"},
}

OPERATORS: dict[str, Entry] = {
    "operator.float": {"rule": "浮点算子，保持不变", "evidence": _CALLED},
    "operator.not_float": {"rule": "输出不是浮点的算子，保持不变", "evidence": _CALLED},
    "operator.unchanged": {"rule": "模型的算子，保持不变", "evidence": _CALLED},
    "operator.as_given": {"rule": "直接作用于输入：convert 只替换模块", "evidence": _CALLED},
    "operator.picks_scale": {"rule": "{producer} 计算出的 scale", "evidence": "{target}，索引 0"},
    "operator.picks_zero_point": {"rule": "{producer} 计算出的 zero point", "evidence": "{target}，索引 1"},
    "operator.calls_graph": {
        "rule": "运行它调用的图；图内部不做观测",
        "evidence": "{operator} 调用 {graphs}",
    },
    "operator.output_shares_input": {"rule": "保持输入的范围：输入和输出共用一个观测器", "evidence": _ASKED},
    "quantized.annotated": {"rule": "已量化：量化器标注了它", "evidence": "{origin}"},
    "quantized.inside_pattern": {
        "rule": "模式的一部分[[，延续到 {continues_in}]]",
        "evidence": "{subject}.meta['{key}'] 没有要求任何内容",
    },
    "quantized.qconfig": {
        "rule": "已量化：其 qconfig 来自 {setter}",
        "evidence": "{subject}.meta['{key}'] 要求[[ 输入 {input}，]][[ 权重 {weight}，]][[ 输出 {output}，]] {pattern}",
    },
    "quantized.module_qconfig": {"rule": "已量化：它有 qconfig", "evidence": _DTYPES},
    "operator.observed": {"rule": "已观测：它有 qconfig", "evidence": _DTYPES},
    "quantized.functional": {
        "rule": "已量化：其 FloatFunctional 有观测器",
        "evidence": "{observer} 观测 {target}",
    },
    "quantized.kernel": {
        "rule": "以低精度运行[[，内核为 {kernel}]][[；convert 用它取代了 {replaced}]]",
        "evidence": "{target}[[ 现在是 {module_type}]][[，而不是 {replaced}]][[。{asked}]]",
    },
    "quantized.given_quantized": {
        "rule": "以低精度运行：{kernel} 直接计算传入的量化张量",
        "evidence": "{target}[[ 是 {module_type}]]，与 convert 之前相同[[。{asked}]]",
    },
    "quantized.reference": {
        "rule": "用量化权重以浮点计算：参考模块，供后端替换为自己的内核"
        "[[；一个模式把它与 {partners} 一起匹配，而 convert 没有对应的内核]]",
        "evidence": "{target} 是 {module_type}[[。{asked}]]",
    },
    "quantized.weight_subclass": {
        "rule": "持有量化权重：由 torchao 的 quantize_ 放入",
        "evidence": "{target} 的权重是 {weight} 类型的张量",
    },
    "operator.not_for_quantized": {
        "rule": "浮点 {kernel} 收到了它无法计算的量化张量",
        "evidence": "{target} 是 {module_type}，与 convert 之前相同",
    },
    "quantized.with_neighbors": {"rule": "参与周围的低精度计算", "evidence": "{asked}"},
    "unobserved.function": {
        "rule": "直接作用于输入：eager 模式只观测模块",
        "evidence": _CALLED,
        "text": "eager 模式只观测模块",
    },
    "unobserved.module": {
        "rule": "直接作用于输入：prepare 不观测 {module_type}",
        "evidence": "{target} 没有观测器",
        "text": "prepare 不观测这类模块",
    },
    "unquantized.not_float": {"rule": "未量化：其输出不是浮点张量", "evidence": "{cause}"},
    "stub.quant": {"rule": "标记量化的起点", "evidence": _CALLED},
    "stub.dequant": {"rule": "标记量化的终点", "evidence": _CALLED},
    "pattern.alone": {"evidence": "由模式 {operator} 匹配"},
    "pattern.custom": {"evidence": "{operator} 在 float_to_observed 中，因此无需模式"},
    "pattern.joined": {"evidence": "与 {partners} 由同一个模式匹配"},
    "pattern.with_others": {"evidence": "由含 {operator} 和其他算子的模式匹配"},
}

FLOAT: dict[str, Entry] = {
    "float.qconfig_none": {
        "rule": "保持浮点：其 qconfig 为 None[[，由 {setter} 指定]]",
        "evidence": "node_name_to_qconfig['{subject}'] 为 None",
        "text": "其 qconfig 为 None",
    },
    "float.no_pattern": {
        "rule": "保持浮点：后端没有匹配它的模式",
        "evidence": "后端配置中没有包含 {operator} 的模式[[，除非与 {others} 一起]][[；有的是 {forms}]]",
        "text": "后端没有匹配它的模式",
    },
    "float.dtypes_not_supported": {
        "rule": "保持浮点：后端不支持它使用这些 dtype",
        "evidence": "其模式的 dtype 配置都与 qconfig 不符[[：激活 {activation:dtype}]][[，权重 {weight:dtype}]]",
        "text": "后端不支持它使用这些 dtype",
    },
    "float.not_annotated": {
        "rule": "保持浮点：量化器没有标注它",
        "evidence": "{subject} 没有 meta['{key}']。{neighbors}[[。捕获时没有 {without}]]",
        "text": "量化器没有标注它",
    },
    "float.parameter_taken": {
        "rule": "保持浮点：量化器已将 {parameters} 与 {taken_with} 一起处理",
        "evidence": "{subject} 没有 meta['{key}']；{parameters} 和 {taken_with} 有，"
        "而 XNNPACKQuantizer 只处理其中没有任何节点已被标注的模式",
        "text": "量化器已将它的一个参数与另一个算子一起处理",
    },
    "float.in_subgraph": {
        "rule": "保持浮点：它在 {operator} 内部运行",
        "evidence": "观测器和伪量化只插入外层图，不插入 {operator} 调用的图[[。{cause}]]",
        "text": "它在高阶算子内部运行，其图不做观测",
    },
    "origin.no_grad": _region("no_grad"),
    "origin.enable_grad": _region("enable_grad"),
    "origin.autocast": _region("autocast"),
    "origin.autograd_function": {
        "evidence": "该图由 torch.autograd.Function 产生[[，见 {file}:{line}]]",
        "reason": "该图由 torch.autograd.Function 产生[[，见 {file}:{line}]]",
    },
    "float.annotated_as_float": {
        "rule": "保持浮点：其标注要求浮点",
        "evidence": "{origin}，且只有 float32 类型",
        "text": "其标注要求浮点",
    },
    "float.nothing_inserted": {
        "rule": "保持浮点：量化器标注了它，但 prepare 没有插入任何内容",
        "evidence": "{origin}",
        "text": "量化器标注了它，但 prepare 没有插入任何内容",
    },
    "float.nothing_converted": {
        "rule": "保持浮点：它在“准备”阶段有观测器，但 convert 没有在其位置放任何内容",
        "evidence": "{origin}",
        "text": "它被观测了，但 convert 没有在观测器的位置放任何内容",
    },
    "float.no_qconfig": {
        "rule": "保持浮点：它没有 qconfig[[，因为计划中有针对{left_by:text}的规则]]",
        "evidence": "{target}.qconfig 为 None",
        "text": "它没有 qconfig",
    },
    "float.no_kernel": {
        "rule": "保持浮点：它被观测了，但 convert 没有找到对应的内核",
        "evidence": "{asked}",
        "text": "它被观测了，但 convert 没有找到对应的内核",
    },
    "float.pattern_without_kernel": {
        "rule": "保持浮点：一个模式把它与 {partners} 一起匹配，而 convert 没有对应的内核",
        "evidence": "{asked}",
        "text": "一个模式把它与另一个算子一起匹配，而 convert 没有对应的内核",
    },
    "float.weight_dtype_not_supported": {
        "rule": "保持浮点：它被观测了，但 convert 不接受其 qconfig 的 dtype",
        "evidence": "{target} 仍是浮点 {module_type}：其模式的 dtype 配置都不符合它的 qconfig[[：权重 {weight_dtype:dtype}]][[，列出的是 {listed:dtype}]]。{asked}",
        "text": "它被观测了，但 convert 不接受其 qconfig 的 dtype",
    },
    "float.no_reference_module": {
        "rule": "保持浮点：它被观测了，但后端配置没有指定代替它的模块",
        "evidence": "{target} 仍是浮点 {module_type}：其模式没有带参考模块的根模块。{asked}",
        "text": "它被观测了，但后端配置没有指定代替它的模块",
    },
    "float.parametrized": {
        "rule": "保持浮点：其类被 parametrization 更改",
        "evidence": "{target} 是 {module_type}[[，由 {by:all} 更改]]，而 convert 按确切的类型查找 dtype",
        "text": "其类被 parametrization 更改",
    },
    "float.no_mapping": {
        "rule": "保持浮点：convert 没有它的替代",
        "evidence": "{target} 的类型是 {module_type}，convert 的映射中没有它",
        "text": "convert 没有它的替代",
    },
    "float.not_observed": {"text": "没有为它请求观测器"},
    "float.not_prepared": {"text": "它不在准备阶段中"},
    "float.left_by_rule": {
        "rule": "保持浮点：计划中针对{rule:text}的规则让它保持浮点",
        "evidence": "没有这条规则时，量化器会在 {subject} 处要求观测器",
        "text": "一条规则让它保持浮点",
    },
    "float.not_dynamic": {"text": "动态量化不涵盖它"},
    "float.not_weight_only": {"text": "仅权重流程只处理 embedding，或 float16 的 Linear"},
    "float.not_matched": {"text": "本应量化它，但没有内核或模式接受它"},
}

FUSION: dict[str, Entry] = {
    "fused.operators": {"rule": "与 {taken:all} 融合", "evidence": _CALLED},
    "fused.batch_norm": {
        "rule": "其权重现在包含 {taken:all}",
        "evidence": "{target} 是带有新权重和偏置的 {module_type}",
    },
    "fused.apart": {
        "rule": "与并不紧随其后的模块融合",
        "evidence": "{target} 是 {module_type}，取代 {replaced}",
    },
    "fused.at_other_call": {
        "rule": "与 {taken:all} 融合，它们在其模块的另一次调用 {call} 之后",
        "evidence": "{target} 是 {module_type}，{call} 也调用它",
    },
    "fused.place_left": {"rule": "留在已融合模块的位置", "evidence": _CALLED},
    "not_fused.second_batch_norm": {"rule": "未融合：它是 {first} 之后的第二个 batch norm", "evidence": _PAIR},
    "not_fused.operator_between": {"rule": "未融合：{weighted} 与它之间有 {producer}", "evidence": _PAIR},
    "not_fused.read_elsewhere": {"rule": "未融合：{producer} 的输出还被 {others:all} 读取", "evidence": _PAIR},
    "not_fused.called_again": {"rule": "未融合：{path} 被调用 {calls:次|次}", "evidence": _PAIR},
    "not_fused.function_after_module": {
        "rule": "未融合：{function} 在这里是函数，没有模式让它接在模块之后",
        "evidence": _PAIR,
    },
    "not_fused.exact_type": {"rule": "未融合：模式按确切类型列出 {base}，而这是 {type}", "evidence": _PAIR},
    "not_fused.own_class": {
        "rule": "未与 {norm} 融合：模式按确切类型列出 {base}，而这是 {type}",
        "evidence": "{norm} 读取 {subject}",
    },
    "not_fused.into_own_class": {
        "rule": "未与 {norm} 融合：模式按确切类型列出 {base}，而那是 {type}",
        "evidence": "{norm} 读取 {subject}",
    },
    "not_fused.no_pattern": {
        "rule": "未融合：没有同时包含两者的融合模式[[：没有 {operator} 紧接在 {other} 之后的]]",
        "evidence": _PAIR,
    },
    "not_fused.into_function": {
        "rule": "未融合：{function} 是函数，算子只能融合进模块",
        "evidence": _PAIR,
    },
    "not_fused.function_in_eager": {
        "rule": "未融合：{function} 是函数，fuse_modules 只接受模块",
        "evidence": _PAIR,
    },
    "not_fused.not_listed": {
        "rule": "未融合：融合列表没有把它与 {producer} 列在一起",
        "evidence": _PAIR,
    },
}

STATEMENTS: dict[str, Entry] = {**FRAME, **OPERATORS, **FLOAT, **FUSION}
