"""Simplified Chinese: signs between parts of a text, the inspector's sections, the report of a check."""

from __future__ import annotations

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
