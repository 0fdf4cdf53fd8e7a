"""Simplified Chinese: steps, links between stages, measurements, the comparison of flows, what stops a run."""

from __future__ import annotations

from qviz.words.language import Entry

_GONE = "没有留下同名或同路径的节点"
_CAUSE = "[[，位于 {file}:{line}]]：{type}[[：{text}]]"
_AGAIN = "请重新运行；日志文件中有详细信息。"
_SMALLER = "取模型较小的一部分，例如一个块，或让循环少转几圈：torch 一次性完成这一步，节点翻倍时耗时可能变为四倍"
_UNMEASURED: Entry = {"text": "不做测量", "option": "--no-measure"}
_LINK = "其命令为：{command}。请在终端中检查它能否无需询问地连接，然后再次运行。"


def _step(text: str, failed: str, during: str) -> Entry:
    return {"text": text, "failed": failed, "during": during}


LINKS: dict[str, Entry] = {
    "link.same_name": {"evidence": "名称和算子相同"},
    "link.operator_changed": {"evidence": "名称相同；{after} 对应 {before}"},
    "link.kind_changed": {"evidence": "名称相同；{operator} 现在是：{kind}"},
    "link.operators_absorbed": {"evidence": "{host} 保留名称并吸收 {parts:names}"},
    "link.constants_absorbed": {"evidence": "{host} 保留名称并吸收其常量"},
    "link.same_line": {"evidence": "源代码行和函数相同；{target} 对应它"},
    "link.same_line_with_helpers": {
        "evidence": "源代码行和函数相同；{target} 对应它，连同同一模块中没有源代码行调用的 {helpers:个算子|个算子}",
    },
    "link.tensor_quantized": {"evidence": "{cast} 量化观测器所观测的 {subject}"},
    "link.tensor_dequantized": {"evidence": "{cast} 反量化观测器所观测的 {subject}"},
    "link.weight_cast": {"evidence": "{cast} 提供观测器所观测的权重 {subject}"},
    "link.scale_in_operator": {"evidence": "{host} 以低精度运行，自身持有 scale"},
    "link.no_cast_needed": {
        "evidence": "{source} 之后没有 cast",
        "reason": "{source} 原样传递其输入，无论低精度还是浮点，因此其后不需要 cast。",
    },
    "link.constant_behind_cast": {"evidence": "取代 {observer} 的 {cast} 读取它"},
    "link.computed_once": {"evidence": "{constants:names} 持有该值，只计算并量化一次"},
    "link.new_node": {"evidence": "名称是新的，上一阶段没有与之对应的节点"},
    "link.gone.observer": {"evidence": _GONE, "reason": "该张量由另一个节点量化，或不再量化。"},
    "link.gone.constant": {"evidence": _GONE, "reason": "使用它的节点已不存在。"},
    "link.gone.unused": {"evidence": _GONE, "reason": "没有节点使用其结果。"},
    "link.gone.removed": {"evidence": _GONE, "reason": "下一阶段不需要它。"},
    "link.other_result.same_name": {"evidence": "在另一个结果中名称相同"},
    "link.other_result.same_place": {"evidence": "在另一个结果中模块路径和算子相同"},
    "link.other_result.missing": {"evidence": "只有此结果有它", "reason": "另一个结果没有这个节点。"},
    "link.other_result.added": {"evidence": "只有另一个结果有它"},
}

MEASUREMENTS: dict[str, Entry] = {
    "answer.owner": {"text": "{name} 占噪声的 {share:percent}[[：{cause}]][[；{remedy}]][[ {gain:gain}]]"},
    "answer.whole": {
        "text": "噪声全部来自 {name}[[：{cause}]][[；{remedy}]][[ {gain:gain}]]（单独造成 {share:percent}）"
    },
    "answer.spread": {
        "text": "没有量化器占很大的噪声：最大占比为 {share:percent}，来自 {name}[[（{cause}）]][[；{remedy}]][[ {gain:gain}]]"
    },
    "answer.capture": {
        "text": "捕获改变了输出：关闭量化器时准备后模型的 SQNR 为 {prepared:db}[[，量化的为 {simulated:db}]]"
    },
    "answer.operator": {
        "text": "{name} 与其模拟不同：{wrong:percent} 的元素有偏差[[，最多 {steps:number} 级]]"
        "[[（共 {count:个算子|个算子}）]]"
    },
    "answer.kernels": {
        "text": "转换后的模型与其模拟不同：两者之间的 SQNR 为 {converted:db}[[，量化的为 {simulated:db}]]；"
        "没有单个算子能说明这一点"
    },
    "answer.noise": {"text": "量化的输出 SQNR 为 {simulated:db}；未测量各量化器的噪声"},
    "answer.equal": {"text": "在这些数据上，量化没有改变输出"},
    "answer.unknown": {"text": "无法比较输出：它们不是有限值、全为零，或形状不同"},
    "answer.not_finite": {"text": "浮点模型中首先在 {name} 处出现 {value}：由此得出的结果无法比较"},
    "answer.nothing": {"text": "未做任何测量"},
    "alternative.per_channel": {"text": "逐通道"},
    "alternative.per_tensor": {"text": "逐张量"},
    "alternative.symmetric": {"text": "对称"},
    "alternative.affine": {"text": "仿射"},
    "alternative.min_max": {"text": "最小最大范围"},
    "alternative.percentile": {"text": "百分位范围"},
    "alternative.mse": {"text": "MSE 最优范围"},
    "alternative.sixteen_bits": {"text": "16 位"},
    "alternative.float": {"text": "保持浮点"},
    "alternative.other": {"text": "{name}"},
    "cause.not_finite": {"text": "有 {count:个值不是有限值|个值不是有限值}"},
    "cause.infinite_range": {"text": "其范围无限，因此没有步长"},
    "cause.wrong_axis": {"text": "其 scale 沿权重的轴 {axis}，而输出通道沿轴 {expected}"},
    "cause.constant_lost": {"text": "常量 {value:number} 变为零，一级为 {step:number}"},
    "cause.clipped": {
        "text": "{clipped:percent} 的值被截断，它们达到 {low:number} … {high:number}"
        "[[，而范围是 {least:number} … {greatest:number}]]"
    },
    "cause.few_levels.there": {"text": "它只有 {levels:个量化级|个量化级}"},
    "cause.few_levels.used": {"text": "其值只用到 {there} 个量化级中的 {levels} 个"},
    "cause.uneven_channels": {"text": "通道 {channel} 的范围是中位通道的 {ratio:number} 倍"},
    "cause.stretched.within_a_step": {
        "text": "其他值把范围撑大到 {low:number} … {high:number}，使其 {share:percent} 的值落在零的一级"
        "（{step:number}）之内"
    },
    "cause.stretched.few_levels": {
        "text": "少数值把范围撑大到 {low:number} … {high:number}，99.9 % 的值只用到 {there} 个量化级中的 {levels} 个"
    },
    "quantizer.weight": {"text": "权重"},
    "quantizer.bias": {"text": "偏置"},
    "quantizer.activation": {"text": "激活"},
    "quantizer.dynamic": {"text": "动态"},
    "quantizer.cell": {"text": "单元内部"},
    "not_measured.original": {"text": f"原始模型无法在这些数据上运行{_CAUSE}"},
    "not_measured.evaluation": {"text": f"无法读取用于测量的数据{_CAUSE}"},
    "not_measured.simulated": {"text": f"无法模拟准备后的模型{_CAUSE}"},
    "not_measured.converted": {"text": f"转换后的模型无法在这些数据上运行{_CAUSE}"},
    "not_measured.repeat": {"text": f"没有比较第二次调用{_CAUSE}"},
    "not_measured.capture": {"text": f"捕获在哪里改变了值{_CAUSE}"},
    "not_measured.trained": {"text": "捕获改变了什么：原始模型没有位置存放 {names} 训练后的权重，它们在训练前已被折叠"},
    "not_measured.ledger": {"text": f"每个量化器的代价{_CAUSE}"},
    "not_measured.exact": {"text": f"逐个量化器{_CAUSE}"},
    "not_measured.in_workers": {
        "text": "{quantizers:个量化器|个量化器}没有由 worker 测量，而是在运行自己的进程中测量：{text}"
    },
    "not_measured.in_workers.in_hand": {"text": "worker 无法加载只存在于此进程的模型：量化器在这里测量"},
    "not_measured.kernels": {"text": f"算子与其内核的对比{_CAUSE}"},
    "not_measured.counterfactuals": {"text": f"其他舍入方式{_CAUSE}"},
    "not_measured.inputs": {"text": f"输入的范围{_CAUSE}"},
    "not_measured.not_finite": {"text": f"值从哪里开始不再有限{_CAUSE}"},
    "not_measured.size": {"text": f"模型的大小{_CAUSE}"},
    "not_measured.metric": {"text": f"指标计算失败{_CAUSE}"},
    "not_measured.other": {"text": "{what}[[：{type}]][[：{text}]]"},
}

COMPARISON: dict[str, Entry] = {
    "advice.all": {"text": "{flow} 捕获整个模型，并以低精度运行全部 {total} 个算子。"},
    "advice.only": {"text": "{flow} 捕获整个模型，并以低精度运行其唯一可量化的算子。"},
    "advice.some": {"text": "{flow} 捕获整个模型，并以低精度运行 {total} 个算子中的 {low} 个。"},
    "advice.highest_sqnr": {"text": "它的 SQNR 最高。"},
    "advice.smallest_file": {"text": "它的文件最小。"},
    "advice.fastest": {"text": "在可计时的流程中它最快。"},
    "advice.sqnr_unknown": {"text": "无法测量其 SQNR。"},
    "advice.sqnr_low": {"text": "其 SQNR 较低：{sqnr:db}。"},
    "advice.not_faster": {"text": "在此机器上并不更快：{after:number} ms，浮点为 {before:number} ms。"},
    "advice.untrained": {"text": "尚未训练。"},
    "advice.none": {"text": "没有流程以低精度运行此模型的算子。"},
    "advice.engine_ended": {"text": "{flows:all} 使引擎终止。"},
    "advice.failed_at": {"text": "{flows:all} 在 {file} 第 {line} 行失败。"},
    "advice.failed": {"text": "{flows:all} {step:during}失败。"},
    "advice.does_not_run": {"text": "{flows:all} 转换了模型，但结果运行时失败。"},
    "claim.size": {"text": "int8 使模型缩小 4 倍"},
    "claim.speed": {"text": "int8 快 2 到 4 倍"},
    "claim.capture": {"text": "torch.fx 捕获 14 000 个模型中的 72.7 %，torch.export 捕获 88.8 %"},
    "claim.ratio": {"text": "{best:factor} 倍（{best_flow}）"},
    "claim.ratios": {"text": "{best:factor} 倍（{best_flow}）到 {worst:factor} 倍（{worst_flow}）"},
    "claim.simulated": {"text": "未测量：运行过的流程以浮点模拟整数"},
    "claim.not_reached": {"text": "未测量：没有流程进行到这一步"},
    "claim.captures": {"text": "此模型：torch.fx {fx:text}，torch.export {export:text}"},
    "claim.captured": {"text": "可以"},
    "claim.not_tried": {"text": "未尝试"},
    "claim.not_captured": {"text": "不可以"},
    "claim.failed_at": {"text": "不可以，在 {file} 第 {line} 行失败"},
    "claim.failed": {"text": "不可以，{step:during}失败"},
    "row.converted": {"text": "已转换"},
    "row.fails_when_run": {"text": "已转换，但运行时失败"},
    "row.failed": {"text": "{step:failed}"},
    "row.failed_at": {"text": "{step:failed}，位于 {file} 第 {line} 行"},
    "row.failed_unknown": {"text": "失败"},
    "row.died": {"text": "引擎{step:during}终止"},
    "row.error": {"text": "{message}。[[{hint}]]"},
    "row.error_sentence": {"text": "{message}[[ {hint}]]"},
    "row.broken": {"text": "转换后的模型运行时失败：{cause}"},
    "row.stays_float": {"text": "{operators:all} 保持浮点：{reason:text}"},
    "row.found.error": {"text": "{count:个错误|个错误}"},
    "row.found.warning": {"text": "{count:个警告|个警告}"},
    "row.found.info": {"text": "{count:条提示|条提示}"},
    "time.not_a_speed_measure": {"text": "不作为速度指标"},
    "time.nothing_in_low_precision": {"text": "没有低精度部分"},
}

RELATIONS: dict[str, Entry] = {
    "left_by.global": {"text": "所有模块"},
    "left_by.object_type": {"text": "类型 {target} "},
    "left_by.module_type": {"text": "类型 {target} "},
    "left_by.module_name": {"text": "模块 {target} "},
    "left_by.module_name_regex": {"text": "模块 {target} "},
    "left_by.module_name_object_type_order": {"text": "调用 ({target}) "},
    "left_by.operator": {"text": "算子 {target} "},
    "left_by.node": {"text": "节点 {target} "},
    "left_by.tensor": {"text": "张量 {target} "},
    "relation.came.same": {"text": "不变（来自{stage:stage}）"},
    "relation.came.replaced": {"text": "被替换（来自{stage:stage}）"},
    "relation.came.fused": {"text": "[[与 {others:all} ]]融合（来自{stage:stage}）"},
    "relation.came.folded": {"text": "[[与 {others:all} ]]折叠（来自{stage:stage}）"},
    "relation.came.decomposed": {"text": "被分解（来自{stage:stage}）"},
    "relation.came.duplicated": {"text": "被复制（来自{stage:stage}）"},
    "relation.came.inserted": {"text": "在此阶段插入"},
    "relation.became.same": {"text": "不变（在{stage:stage}中）"},
    "relation.became.replaced": {"text": "被替换（在{stage:stage}中）"},
    "relation.became.fused": {"text": "[[与 {others:all} ]]融合（在{stage:stage}中）"},
    "relation.became.folded": {"text": "[[与 {others:all} ]]折叠（在{stage:stage}中）"},
    "relation.became.decomposed": {"text": "被分解（在{stage:stage}中）"},
    "relation.became.duplicated": {"text": "被复制（在{stage:stage}中）"},
    "relation.became.removed": {"text": "被移除（在{stage:stage}中）"},
}

STEPS: dict[str, Entry] = {
    "step.starting_engine": _step("正在启动引擎", "引擎没有启动", "在启动时"),
    "step.loading": _step("正在加载模型", "加载失败", "在加载时"),
    "step.checking": _step("正在试运行模型", "检查失败", "在检查时"),
    "step.capturing": _step("正在捕获", "捕获失败", "在捕获时"),
    "step.fusing": _step("正在融合", "融合失败", "在融合时"),
    "step.preparing": _step("正在准备", "准备失败", "在准备时"),
    "step.calibrating": _step("正在校准", "校准失败", "在校准时"),
    "step.training": _step("正在训练", "训练失败", "在训练时"),
    "step.converting": _step("正在转换", "转换失败", "在转换时"),
    "step.converting_to_reference": _step("正在转换为参考模型", "转换为参考模型失败", "在转换为参考模型时"),
    "step.lowering": _step("正在 lower", "lower 失败", "在 lower 时"),
    "step.measuring": _step("正在测量模型", "测量失败", "在测量模型时"),
    "step.estimating": _step("正在估计每个量化器的代价", "估计失败", "在估计噪声时"),
    "step.measuring_quantizers": _step("正在逐个测量量化器", "测量量化器失败", "在测量量化器时"),
    "step.telescoping": _step("正在从前到后逐个打开量化器", "从前到后打开量化器失败", "在从前到后打开量化器时"),
    "step.measuring_kernels": _step("正在比较算子与其内核", "比较算子失败", "在比较算子时"),
    "step.counterfactuals": _step("正在比较其他舍入方式", "比较其他舍入方式失败", "在比较其他舍入方式时"),
    "step.repairing": _step("正在尝试修改", "修复失败", "在尝试修改时"),
    "step.unfinished": _step("未完成", "未完成", "在结束之前"),
    "step.other": _step("{name:capital}", "{name:capital} 失败", "在 {name} 时"),
    "step.counted": {"text": "[[{flow}：]]{step:text} {done} / {total}"},
    "step.not_counted": {"text": "[[{flow}：]]{step:text}"},
}

STOPS: dict[str, Entry] = {
    "stop.engine.signal": {"message": "引擎被 {signal} 终止[[：{last_line}]]", "hint": _AGAIN},
    "stop.engine.memory": {
        "message": "引擎占用超过 {gib:number} GiB 的内存限制，已被终止",
        "hint": "请使用更小的批次或更少的批次，或提高内存限制。",
        "option": "--memory",
    },
    "stop.engine.address_space": {
        "message": "引擎以代码 {exit_code} 结束[[：{last_line}]]",
        "hint": "这里一个进程最多可使用 {gib:number} GiB 的{what:text}（{limit}），而 torch 映射的远多于它占用的。请在启动 qviz 的 shell 中"
        "提高该限制，或取消它：{limit} unlimited。",
    },
    "address_space": {"text": "地址空间"},
    "data_segment": {"text": "数据"},
    "stop.engine.exit_code": {"message": "引擎以代码 {exit_code} 结束[[：{last_line}]]", "hint": _AGAIN},
    "stop.engine.unreadable": {"message": "引擎发送了无法读取的内容：{cause}", "hint": _AGAIN},
    "stop.engine.not_started": {"message": "引擎没有启动：{cause}", "hint": "请检查运行引擎的解释器。"},
    "stop.window": {
        "message": "运行完成之前 qviz 已结束",
        "hint": "运行已到达的阶段会保留。请再次运行该流程以得到其余阶段。",
    },
    "stop.link.memory": {
        "message": "引擎占用的内存超过其机器所允许的，已被终止",
        "hint": "请使用更小的批次或更少的批次，或在那里提高 QVIZ_MEMORY（以 GiB 计）。引擎的命令是：{command}。",
    },
    "stop.link.exit_code": {"message": "与引擎的连接以代码 {exit_code} 结束[[：{last_lines}]]", "hint": _LINK},
    "stop.link.signal": {"message": "与引擎的连接被 {signal} 终止[[：{last_lines}]]", "hint": _LINK},
    "stop.link.no_engine": {
        "message": "{command} 没有启动 qviz 的引擎[[；它说：{text}]]",
        "hint": "它必须启动 python -m qviz.engine，并且在此之前不得有任何内容写到标准输出。",
    },
    "stop.link.older": {
        "message": "这里是 qviz {qviz}（消息版本 {wire}），{command} 的另一端是更旧的 qviz {their_qviz}",
        "hint": "请在那里安装 qviz {qviz}。",
    },
    "stop.link.versions": {
        "message": "这里是 qviz {qviz}（消息版本 {wire}），{host} 上是 qviz {their_qviz}（消息版本 {their_wire}）",
        "hint": "请在两台机器上安装相同版本的 qviz。",
    },
    "stop.time_limit": {
        "message": "{step:text}：{seconds:number} 秒后停止，达到时间限制",
        "hint": "请设置更长的时间限制。",
    },
    "stop.time_limit.counted": {
        "message": "{step:text}：{seconds:number} 秒后停止，达到时间限制；已完成 {done:grouped}/{total:grouped}"
        "[[，用时 {spent:number} 秒，每秒 {rate:number} 个]]",
        "hint": "[[按此速度，该步骤需要 {needed:number} 秒。]]请设置更长的时间限制[[，或{instead:text}]]。",
        "option": "[[{instead:option}]]",
    },
    "stop.time_limit.on_nodes": {
        "message": "{step:text}：{seconds:number} 秒后停止，达到时间限制，其中 {spent:number} 秒用于此步骤，"
        "图中有 {nodes:个节点|个节点}",
        "hint": "请设置更长的时间限制[[，或{instead:text}]]。",
        "option": "[[{instead:option}]]",
    },
    "instead.calibrating": {"text": "用更少的批次校准", "option": "--batches"},
    "instead.preparing": {"text": _SMALLER},
    "instead.converting": {"text": _SMALLER},
    "instead.measuring_quantizers": {
        "text": "保留到那时为止的测量、让多个进程分担工作，或只做估计",
        "option": "--at-most, --workers, no --exact",
    },
    "instead.measuring": _UNMEASURED,
    "instead.estimating": _UNMEASURED,
    "instead.telescoping": _UNMEASURED,
    "instead.measuring_kernels": _UNMEASURED,
    "instead.counterfactuals": _UNMEASURED,
    "stop.memory_limit": {
        "message": "{step:text}：引擎占用超过 {gib:number} GiB 的内存限制，已停止",
        "hint": "请使用更小的批次或更少的批次，或提高内存限制。",
        "option": "--memory",
    },
    "stop.memory_limit.there": {
        "message": "{step:text}：引擎占用的内存超过其机器所允许的，已停止",
        "hint": "请使用更小的批次或更少的批次，或在那里提高 QVIZ_MEMORY（以 GiB 计）。",
    },
    "stop.refused": {"message": "{text}", "hint": "[[{advice}]]", "option": "[[{option}]]"},
    "stop.unknown": {
        "text": "{text}",
        "message": "{text}",
        "hint": "这不是已知的原因[[；由 {function} 引发]]。[[{other:text}]]",
    },
    "stop.own_code": {
        "text": "{text}",
        "message": "{text}",
        "hint": "异常来自这里指出的行，而不是 torch：请修正该行。[[{other:text}]]",
    },
    "stopped": {
        "message": "{step:failed}[[，位于 {subject}]][[，模块 {module}]]：{cause:text}[[（{file}:{line}）]]",
        "reason": "{type}[[，位于 {function}]]：{text}[[；以 {outer} 形式到达]]",
        "hint": "{cause}",
        "option": "{cause}",
    },
    "stopped.unknown": {
        "message": "{step:failed}[[，位于 {subject}]][[，模块 {module}]]：{cause:text}[[（{file}:{line}）]]",
        "reason": "{type}[[；以 {outer} 形式到达]]",
        "hint": "{cause}",
    },
    "stopped.refused": {
        "message": "{cause:message}",
        "reason": "没有运行任何内容：请先修正所给的内容",
        "hint": "{cause}",
        "option": "{cause}",
    },
    "stopped.outside": {
        "message": "{cause:message}",
        "reason": "运行中途被中断；已到达的阶段在这里",
        "hint": "{cause}",
        "option": "{cause}",
    },
}

STATEMENTS: dict[str, Entry] = {**LINKS, **MEASUREMENTS, **COMPARISON, **RELATIONS, **STEPS, **STOPS}
