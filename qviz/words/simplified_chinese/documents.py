"""Simplified Chinese: documents, plans, baselines, files, layouts."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    # api.py
    "The data can be read only once": "数据只能读取一次",
    'Unknown {what} "{value}"': "未知的{what}“{value}”",
    "This result has no loaded model": "此结果没有已加载的模型",
    "Call repair on what qviz.inspect returns, or use qviz repair.": "请对 qviz.inspect 的返回值调用 repair，或使用 qviz repair。",
    "Give a list instead of a generator.": "请给出列表，而不是生成器。",
    "The picture could not be drawn": "无法绘制图片",
    # document/baseline.py
    "Create it from the current findings.": "请由当前的发现创建它。",
    "{path} is a baseline of version {version}; this qviz reads up to version {baseline_version}": "{path} 是版本 {version} 的基线；此 qviz 最多读取版本 {baseline_version}",
    "Update qviz.": "请更新 qviz。",
    "{path}: no such baseline": "{path}：没有这个基线",
    "{path} could not be read: {strerror}": "无法读取 {path}：{strerror}",
    "Check the path.": "请检查路径。",
    "{path} is not a baseline: {error}": "{path} 不是基线：{error}",
    # document/codec.py
    "the document": "文档",
    "{name} is damaged: {detail}": "{name} 已损坏：{detail}",
    "Create it again, or use an older copy.": "请重新创建它，或使用较早的副本。",
    "{name} is JSON, but not a qviz document": "{name} 是 JSON，但不是 qviz 文档",
    "Run a flow and save its result.": "请运行一个流程并保存其结果。",
    "{name} has format version {version}; this qviz reads up to version {format_version}": "{name} 的格式版本为 {version}；此 qviz 最多读取版本 {format_version}",
    "{name}: the name of a result ends in .qviz or .json": "{name}：结果的文件名以 .qviz 或 .json 结尾",
    "For example: {stem}.qviz": "例如：{stem}.qviz",
    "cut short": "内容不完整",
    "larger than qviz reads": "超过 qviz 读取的大小",
    "larger than the memory": "超过内存",
    # document/comparison.py
    "Size of the state_dict as torch.save writes it: parameters, buffers, packed weights.": "torch.save 所写的 state_dict 的大小：参数、缓冲区、打包权重。",
    "Signal to quantization noise ratio of the outputs against the float model; higher is better.": "输出相对浮点模型的信号与量化噪声之比；越高越好。",
    "Median time of one inference on one thread of this machine.": "在此机器上用一个线程推理一次的时间中位数。",
    # document/flows/flow.py
    "{calls}; weights only": "{calls}；仅权重",
    "{calls}; dynamic": "{calls}；动态",
    # document/plan_file.py
    "docs/configuration.md lists what a plan can say.": "docs/configuration.md 列出计划可以写什么。",
    "the plan": "计划",
    "{name}: unknown setting {setting}": "{name}：未知的设置 {setting}",
    "{name} has version {version}; this qviz reads version {plan_version}": "{name} 的版本为 {version}；此 qviz 读取版本 {plan_version}",
    "{name}: unknown setting {setting} (line {line})": "{name}：未知的设置 {setting}（第 {line} 行）",
    "{name} is not valid TOML: {error}": "{name} 不是有效的 TOML：{error}",
    "Start it with: version = {plan_version}": "请以此开头：version = {plan_version}",
    # document/regular_files.py
    "{path} is not a file but a folder, a pipe or a device": "{path} 不是文件，而是文件夹、管道或设备",
    "{path} was not found": "没有找到 {path}",
    # document/writing.py
    "Free some space or choose another folder; the previous file is unchanged.": "请腾出空间或选择其他文件夹；之前的文件没有改变。",
    "{path} is not a plain file": "{path} 不是普通文件",
    "Choose another name.": "请选择其他名称。",
    "{path} is read-only": "{path} 是只读的",
    "Save under another name, or allow writing to it first.": "请以其他名称保存，或先允许写入它。",
    "{path} has changed since qviz read it": "qviz 读取之后，{path} 已更改",
    "Save under another name, or open it again.": "请以其他名称保存，或重新打开它。",
    "{path} could not be written: {strerror}": "无法写入 {path}：{strerror}",
    "{path} was written, but the disk does not confirm it: {strerror}": "{path} 已写入，但磁盘没有确认：{strerror}",
    "Save it once more on another disk.": "请再保存一次到另一个磁盘。",
    # layout/dot_engine.py
    "Install Graphviz (apt install graphviz), or use the layout engine graphlay.": "请安装 Graphviz（apt install graphviz），或使用布局引擎 graphlay。",
    "Graphviz's dot failed: {what}": "Graphviz 的 dot 失败：{what}",
    "Graphviz's dot is not installed": "没有安装 Graphviz 的 dot",
    "Use the layout engine graphlay.": "请使用布局引擎 graphlay。",
    # layout/graphlay_engine.py
    "graphlay could not place the graph: {error}": "graphlay 无法布局此图：{error}",
    "Use the layout engine dot.": "请使用布局引擎 dot。",
    # registry.py
    "Choose one of: {known}.": "请选择其一：{known}。",
    "No {noun} is registered.": "没有注册任何 {noun}。",
    'There is no {noun} "{name}"': "没有名为“{name}”的 {noun}",
    # session/copied_script.py
    "This result was opened from a file, so its script is below as comments: read it before you run it. The lines above the comments make the result again; qviz lists what would run, and asks.": "此结果是从文件打开的，因此其脚本以注释形式列在下面：请先阅读再运行。注释之前的各行会重新生成结果；qviz 会列出将要运行的内容并询问。",
    # wire/interpreter.py
    "{python} is not a Python interpreter": "{python} 不是 Python 解释器",
    "Name the interpreter, such as .venv/bin/python.": "请指定解释器，例如 .venv/bin/python。",
    "{python} is Python {version}": "{python} 是 Python {version}",
    "The engine needs Python 3.10 or newer.": "引擎需要 Python 3.10 或更新版本。",
    "no msgspec": "没有 msgspec",
    "{python} has {names}": "{python} 有 {names}",
    "{path} -m pip install {names}": "{path} -m pip install {names}",
    "{python} is not a Python interpreter that runs": "{python} 不是可运行的 Python 解释器",
    "torch {version}, not 2.8": "是 torch {version}，而不是 2.8",
    "no torch": "没有 torch",
    # limits of what is read
    "{name} is larger than the {size} that a plan may have": "{name} 超过计划允许的 {size}",
    "{path} is larger than the {size} that qviz reads of such a file": "{path} 超过 qviz 对此类文件读取的 {size}",
    "Check that it is the file you mean.": "请检查它是否是您要的文件。",
    "{name} takes longer to read than {seconds} s, the limit": "读取 {name} 超过了 {seconds} 秒的限制",
    "qviz writes no file that large: create it again, from a smaller model or with fewer stages.": "qviz 不会写出这么大的文件：请用更小的模型或更少的阶段重新创建它。",
    "a request": "请求",
    "a message of the engine": "引擎的消息",
    "a key of more than {count} parts": "键的部分超过 {count} 个",
}
