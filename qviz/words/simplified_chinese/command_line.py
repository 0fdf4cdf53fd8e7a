"""Simplified Chinese: help and errors of the command line, as far as it goes."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "Usage:": "用法：",
    "Options:": "选项：",
    "Commands:": "命令：",
    "default: {value}": "默认值：{value}",
    "required": "必填",
    "{low} to {high}": "{low} 到 {high}",
    "at least {low}": "不小于 {low}",
    "more than {low}": "大于 {low}",
    "Show this message and exit.": "显示此帮助并退出。",
    "Show the version and exit.": "显示版本并退出。",
    "{program}, version {version}": "{program}，版本 {version}",
    "Shows what quantization did to a PyTorch model, stage by stage, and why.": "逐阶段展示量化对 PyTorch "
    "模型做了什么，以及为什么。",
    "Without a command it opens the window.": "不带命令时打开窗口。",
    "SOURCE is file.py:name, package.module:name, sample:NAME, FILE.qviz or FILE.json.": "SOURCE 可以是 "
    "file.py:name、package.module:name、sample:NAME、FILE.qviz 或 FILE.json。",
    "Run a flow and write the result, even if the run fails halfway.": "运行一个流程并写出结果，"
    "中途失败的运行也会写出。",
    "Draw one stage, or two side by side; needs no display.": "绘制一个阶段，或并排绘制多个阶段；不需要显示器。",
    "Report findings, and exit with 1 if any is at or above --fail-on.": "报告发现；有达到 --fail-on 或更严重的发现时以 1 退出。",
    "Run the flows on a model and report the result of each; `--timeout` applies to each flow.": "在模型上运行各个流程并"
    "说明每个流程的结果；`--timeout` 对每个流程分别计时。",
    "List what changed from run A to run B; both are files that `qviz run` wrote.": "列出从运行 A 到运行 B 的变化；"
    "两者都是 `qviz run` 写出的文件。",
    "Guess what a model is called with, and try the call; exit with 1 if it does not work.": "推测模型的输入并试调用；"
    "调用失败时以 1 退出。",
    "A file without a name stands for the most likely model in it.": "只给出文件时，代表其中最可能的模型。",
    "Measure what each quantizer costs the output; the first line names the one that owns most of the noise, and why.": "测量"
    "每个量化器给输出带来的代价；第一行指出占噪声最多的量化器及其原因。",
    "Find the smallest change of the plan that reaches an output SQNR; exit with 1 if none does.": "查找使输出达到某个 SQNR 的"
    "最小计划修改；没有时以 1 退出。",
    "The changed plan has run before it is shown.": "修改后的计划在显示之前已运行过。",
    "Open the window; without SOURCE, on what it showed last, or on the welcome page.": "打开窗口；不给出 SOURCE 时显示上次的"
    "内容，或欢迎页。",
    "List the flows.": "列出所有流程。",
    "List the models that come with qviz.": "列出 qviz 自带的模型。",
    "Show what this machine has: versions, engine, dot, fonts, display, log file.": "显示这台机器的情况：版本、引擎、"
    "dot、字体、显示、日志文件。",
    "Print JSON to standard output.": "向标准输出写 JSON。",
    "Show the traceback of a failure.": "显示失败时的回溯。",
    "Language of all texts: {names}; QVIZ_LANGUAGE if not given.": "所有文字的语言：{names}；"
    "不给出时用 QVIZ_LANGUAGE。",
    "No such option '{name}'.": "没有选项 '{name}'。",
    "Did you mean {near}?": "您是指 {near} 吗？",
    "Missing argument {name}.": "缺少参数 {name}。",
    "Missing argument 'SOURCE'.": "缺少参数 'SOURCE'。",
    "Missing option {name}.": "缺少选项 {name}。",
    "Missing option '--flow'.": "缺少选项 '--flow'。",
    "Option '{name}' requires an argument.": "选项 '{name}' 需要一个值。",
    "Option '{name}' does not take a value.": "选项 '{name}' 不接受值。",
    "Invalid value for {name}: {message}": "{name} 的值无效：{message}",
    "Invalid value: {message}": "值无效：{message}",
    "Got unexpected extra argument ({names})": "多余的参数（{names}）",
    "Got unexpected extra arguments ({names})": "多余的参数（{names}）",
    "'{value}' is not one of {names}.": "'{value}' 不在其中：{names}。",
    "Choose one of: {names}.": "请选择其一：{names}。",
    "'{value}' is not a whole number.": "'{value}' 不是整数。",
    "'{value}' is not a number.": "'{value}' 不是数。",
    "{value} is not in the range: {limits}.": "{value} 超出范围：应{limits}。",
    "File '{path}' does not exist.": "文件 '{path}' 不存在。",
    "See {path} --help.": "请看 {path} --help。",
    "For example: qviz check model.py:Net --flow fx-static --fail-on warning --format sarif -o qviz.sarif": "例如：qviz "
    "check model.py:Net --flow fx-static --fail-on warning --format sarif -o qviz.sarif",
    "For example: qviz compare sample:residual --flows fx-static,pt2e-static": "例如：qviz "
    "compare sample:residual --flows fx-static,pt2e-static",
    "For example: qviz diff before.qviz after.qviz": "例如：qviz diff before.qviz after.qviz",
    "For example: qviz inputs model.py -o model.toml": "例如：qviz inputs model.py -o model.toml",
    "For example: qviz measure sample:uneven --flow fx-static": "例如：qviz measure sample:uneven --flow fx-static",
    "For example: qviz render sample:conv-bn-relu --flow fx-static --side-by-side captured,converted -o out.png": "例如：qviz "
    "render sample:conv-bn-relu --flow fx-static --side-by-side captured,converted -o out.png",
    "For example: qviz repair model.py:Net --flow fx-static --target 25 -o plan.toml": "例如：qviz "
    "repair model.py:Net --flow fx-static --target 25 -o plan.toml",
    "For example: qviz run sample:conv-bn-relu --flow fx-static -o review.qviz": "例如：qviz "
    "run sample:conv-bn-relu --flow fx-static -o review.qviz",
    "The stages that the run reached are in {file}.": "运行已到达的阶段在 {file} 中。",
}
