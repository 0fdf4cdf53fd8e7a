"""Simplified Chinese, as far as it goes; English stands where a code is missing."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {
    "observer.output": {"rule": "观测 {subject} 的输出"},
    "observer.input": {"rule": "观测 {reader} 的输入 {subject}"},
    "observer.parameter": {"rule": "为 {reader} 观测 {path} 的 {parameter}"},
    "operator.float": {"rule": "浮点算子，保持不变"},
    "quantized.kernel": {"rule": "以低精度运行：convert 找到了对应的内核"},
    "fused.operators": {"rule": "与 {taken:all} 融合"},
    "float.no_pattern": {"rule": "保持浮点：后端没有匹配它的模式", "text": "后端没有匹配它的模式"},
    "float.not_annotated": {"rule": "保持浮点：量化器没有标注它", "text": "量化器没有标注它"},
    "float_island.not_annotated": {
        "message": "{operator} 在量化算子之间保持浮点",
        "reason": "量化器没有标注 {operator}",
        "hint": "将 {operator} 换成后端可以量化的算子，或让相邻算子也保持浮点："
        "每个浮点孤岛都要多付出一次反量化和一次量化。",
    },
    "float_island.no_pattern": {
        "message": "{operator} 在量化算子之间保持浮点",
        "reason": "后端没有匹配 {operator} 的模式",
        "hint": "将 {operator} 换成后端可以量化的算子，或让相邻算子也保持浮点："
        "每个浮点孤岛都要多付出一次反量化和一次量化。",
    },
}

TEXTS: dict[str, str] = {
    # between the parts of a text
    ", ": "、",
    "; ": "；",
    ".": "。",
    "{first} and {last}": "{first} 和 {last}",
    "{first} and {count} more": "{first} 等，另有 {count} 项",
    "{share} ({flow})": "{share}（{flow}）",
    # the inspector's sections
    "Why": "原因",
    "Input, op, output": "输入、算子、输出",
    "Quantized weight": "量化权重",
    "Noise": "噪声",
    "Findings here": "此处的发现",
    "Through the stages": "各阶段",
    "Source": "源代码",
    "How qviz knows": "qviz 的依据",
    "Details": "详情",
    "Leave in float": "保持浮点",
    "Not run yet": "尚未运行",
    'Unknown flow "{flow_id}"': "未知的流程“{flow_id}”",
    # the report of a check
    "at {place}": "位置：{place}",
    "reason: {reason}": "原因：{reason}",
    "hint: {hint}": "建议：{hint}",
    "{count} error": "{count} 个错误",
    "{count} errors": "{count} 个错误",
    "{count} warning": "{count} 个警告",
    "{count} warnings": "{count} 个警告",
    "{count} info": "{count} 条提示",
    "{count} infos": "{count} 条提示",
    "No findings, nothing to look at": "没有发现问题",
    "No new findings": "没有新的发现",
    "{count} accepted by the baseline": "基线已接受 {count} 项",
    "{low} of {count} operator runs in low precision": "{count} 个算子中有 {low} 个以低精度运行",
    "{low} of {count} operators run in low precision": "{count} 个算子中有 {low} 个以低精度运行",
    "the check fails: {count} at or above --fail-on {level}": "检查未通过：{count} 项达到 --fail-on {level} 或更严重",
}
