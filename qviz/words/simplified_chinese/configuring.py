"""Simplified Chinese: errors in what a plan configures, and of flows and measurements."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    # engine/configuration/backend_configs.py
    "Choose one of: {names}; or your own as mod:callable.": "请选择其一：{names}；或写作 mod:callable 使用您自己的。",
    'Unknown backend config "{spec}"': "未知的后端配置“{spec}”",
    "{spec} returns a {type}, not a BackendConfig": "{spec} 返回 {type}，而不是 BackendConfig",
    "Name one of {package}, or a function that returns one.": "请指定 {package} 中的一个，或返回它的函数。",
    # engine/configuration/backends.py
    'Unknown backend "{name}"': "未知的后端“{name}”",
    'This machine lacks the quantized engine "{name}"': "此机器没有量化引擎“{name}”",
    # engine/configuration/custom.py
    "{spec} is not a module class": "{spec} 不是模块类",
    "Name one of torch, such as torch.nn.LSTM, or your own as mod:Class.": "请指定 torch 的一个类，例如 torch.nn.LSTM，或写作 mod:Class 使用您自己的。",
    "{flow} cannot observe your own modules: torch supports that for static quantization only": "{flow} 无法观测您自己的模块：torch 只在静态量化中支持",
    "Remove float_to_observed, or use the flow {default_flow}.": "请删除 float_to_observed，或使用流程 {default_flow}。",
    'The model has no module "{path}"': "模型没有模块“{path}”",
    'The model has no attribute "{name}"': "模型没有属性“{name}”",
    "The model has no input {index}": "模型没有输入 {index}",
    "Inputs are counted from 0; the model takes {number}.": "输入从 0 开始计数；模型接受 {number} 个。",
    "named_modules() lists them.": "named_modules() 会列出它们。",
    "Name an attribute of the model itself.": "请指定模型自身的属性。",
    # engine/configuration/dynamic_spec.py
    "quantize_dynamic has no rules by {kind}": "quantize_dynamic 没有按 {kind} 的规则",
    # engine/configuration/eager.py
    "Eager mode has no rules by {kind}": "Eager 模式没有按 {kind} 的规则",
    # engine/configuration/factories.py
    "For example: HistogramObserver, MinMaxObserver, FakeQuantize.": "例如：HistogramObserver、MinMaxObserver、FakeQuantize。",
    'torch.ao.quantization has no observer or fake-quantize "{name}"': "torch.ao.quantization 没有观测器或伪量化“{name}”",
    "{name} makes a {what}, which is neither an observer nor a fake-quantize": "{name} 创建的是 {what}，既不是观测器也不是伪量化",
    "Name a subclass of ObserverBase or FakeQuantizeBase.": "请指定 ObserverBase 或 FakeQuantizeBase 的子类。",
    "Did you mean torch.{near}?": "您是指 torch.{near} 吗？",
    "For example: torch.qint8, torch.per_tensor_symmetric.": "例如：torch.qint8、torch.per_tensor_symmetric。",
    'torch has no dtype or qscheme "{value}"': "torch 没有 dtype 或 qscheme “{value}”",
    "{python} could not be created: {first}": "无法创建 {python}：{first}",
    "Check its arguments.": "请检查其参数。",
    "It has: {names}.": "它有：{names}。",
    "It takes no arguments.": "它不接受参数。",
    '{name} has no argument "{unknown}"': "{name} 没有参数“{unknown}”",
    # engine/configuration/mappings.py
    "{spec} returns a {type}, neither a QConfig nor a QConfigMapping": "{spec} 返回 {type}，既不是 QConfig 也不是 QConfigMapping",
    "Name one of torch.ao.quantization, or a function that returns one.": "请指定 torch.ao.quantization 中的一个，或返回它的函数。",
    "Give a module, an object type, and its index among those of that type; 0 is the first.": "请给出模块、对象类型，以及它在同类型中的序号；0 是第一个。",
    '"{target}" is not a regular expression: {error}': "“{target}”不是正则表达式：{error}",
    "For example: layer1[.].*conv[12]": "例如：layer1[.].*conv[12]",
    'The rule for "{target}" lacks object_type': "“{target}”的规则缺少 object_type",
    'The rule for "{target}" lacks order': "“{target}”的规则缺少 order",
    # engine/configuration/object_types.py
    "Name one of torch, such as torch.nn.Linear, or your own as mod:Class.": "请指定 torch 的一个类，例如 torch.nn.Linear，或写作 mod:Class 使用您自己的。",
    'Tensors have no method "{name}"': "张量没有方法“{name}”",
    "Did you mean {before}{near}?": "您是指 {before}{near} 吗？",
    '"{spec}" is not an object type of torch': "“{spec}”不是 torch 的对象类型",
    "{spec} is a {type}, neither a type nor a function": "{spec} 是 {type}，既不是类型也不是函数",
    "For example: torch.nn.Linear.": "例如：torch.nn.Linear。",
    '"{spec}" was not found': "没有找到“{spec}”",
    # engine/configuration/qconfigs.py
    "{name} returns a {type}, not a QConfig": "{name} 返回 {type}，而不是 QConfig",
    "Name a torch.ao.quantization.QConfig, or a function that returns one.": "请指定一个 torch.ao.quantization.QConfig，或返回它的函数。",
    'torch.ao.quantization has no qconfig "{name}"': "torch.ao.quantization 没有 qconfig “{name}”",
    # engine/configuration/quantizers.py
    "Set them where the quantizer is created: they do not apply to your own.": "请在创建量化器的地方设置：它们不适用于您自己的量化器。",
    'The rule for "{target}" has an observer, which only tensors can have': "“{target}”的规则有观测器，而只有张量可以有观测器",
    'Set kind = "tensor" and name the node that gives it; a tensor in float has none.': '请设置 kind = "tensor" 并指定产生它的节点；浮点张量没有观测器。',
    'The rule for the {kind} "{target}" changes nothing': "针对 {kind}“{target}”的规则不改变任何内容",
    "Set enabled = false to leave it in float; a tensor can have an observer instead.": "请设置 enabled = false 让它保持浮点；张量也可以改用观测器。",
    'Unknown quantizer "{name}"': "未知的量化器“{name}”",
    "It quantizes the weights of embeddings, in 8 bits, and nothing else.": "它只以 8 位量化 embedding 的权重，不量化其他内容。",
    "{spec} returns a {kind}, not a quantizer": "{spec} 返回 {kind}，而不是量化器",
    "Name a subclass of torch.ao.quantization.quantizer.Quantizer, or a function that makes one.": "请指定 torch.ao.quantization.quantizer.Quantizer 的子类，或创建它的函数。",
    "The quantizer {name} has no option {given}": "量化器 {name} 没有选项 {given}",
    'torch has no operator "{spec}"': "torch 没有算子“{spec}”",
    "Name it as torch.ops does, such as aten.linear.": "请按 torch.ops 的写法命名，例如 aten.linear。",
    'torch has no "{spec}"': "torch 没有“{spec}”",
    "X86InductorQuantizer has no rule for {target}": "X86InductorQuantizer 没有针对 {target} 的规则",
    "It has rules for: {names}.": "它的规则可用于：{names}。",
    "Name it as named_modules() does, such as layer1.0.conv1.": "请按 named_modules() 的写法命名，例如 layer1.0.conv1。",
    'The model has no module "{target}"': "模型没有模块“{target}”",
    "XNNPACKQuantizer has no option reduce_range": "XNNPACKQuantizer 没有选项 reduce_range",
    "Use the quantizer x86_inductor.": "请使用量化器 x86_inductor。",
    "X86InductorQuantizer quantizes weights per channel only": "X86InductorQuantizer 只逐通道量化权重",
    "Remove per_channel, or use the quantizer xnnpack.": "请删除 per_channel，或使用量化器 xnnpack。",
    "X86InductorQuantizer does not mix dynamic and static quantization": "X86InductorQuantizer 不能混用动态和静态量化",
    "Remove dynamic from the rule, or use the quantizer xnnpack.": "请从规则中删除 dynamic，或使用量化器 xnnpack。",
    # engine/failures/__init__.py
    "The model fails before quantization. Fix the model first.": "模型在量化之前就失败了。请先修正模型。",
    # engine/flow_table.py
    'the flow "{flow_id}" has no implementation': "流程“{flow_id}”没有实现",
    "Set Flow.implementation to package.module:name, or call register_flow in the engine.": "请将 Flow.implementation 设为 package.module:name，或在引擎中调用 register_flow。",
    # engine/flows/eager.py
    'The fuse list names "{missing}", which is not in the model': "融合列表中的“{missing}”不在模型中",
    "The model has: {known}.": "模型有：{known}。",
    # engine/flows/pt2e.py
    "A model on fake tensors cannot be lowered": "无法 lower 使用 fake 张量的模型",
    "Use only one of the two: packing weights for kernels reads them.": "请只使用其中之一：为内核打包权重需要读取权重。",
    "The reference representation cannot be lowered": "无法 lower 参考表示",
    "Choose either the reference stage or lowering.": "请选择参考阶段或 lower 之一。",
    "A model that takes {names} by keyword cannot be lowered": "无法 lower 以关键字接受 {names} 的模型",
    "Wrap it in a model that takes them by position, as lower_pt2e_quantized_to_x86 passes them.": "请将其包装为按位置接受它们的模型，lower_pt2e_quantized_to_x86 就是这样传递的。",
    # engine/measure/ledger/workers.py
    "the model's files differ there": "那里的模型文件不同",
    "the float model's outputs differ there": "那里的浮点模型输出不同",
    "{executor} returns a {type}, not an executor": "{executor} 返回 {type}，而不是 executor",
    "Return an object with the interface of concurrent.futures.Executor.": "请返回具有 concurrent.futures.Executor 接口的对象。",
    # engine/recording/given_graphs.py
    "{name} is a {type}, not a graph": "{name} 是 {type}，而不是图",
    "qviz.snapshot takes GraphModules and ExportedPrograms; qviz.inspect takes models.": "qviz.snapshot 接受 GraphModule 和 ExportedProgram；qviz.inspect 接受模型。",
    "No graph was given": "没有给出图",
    "Give a dict of names and GraphModules or ExportedPrograms.": "请给出由名称到 GraphModule 或 ExportedProgram 的字典。",
    # engine/serving/repair.py
    "The outputs could not be measured": "无法测量输出",
    "Run qviz measure with this plan to see why.": "请用此计划运行 qviz measure 以查看原因。",
    "The flow {flow} quantizes nothing": "流程 {flow} 不做量化",
    "Choose one of qviz flows.": "请从 qviz flows 中选择一个。",
    # engine/serving/server.py
    "Bug in qviz: {type}: {error}": "qviz 的缺陷：{type}：{error}",
    "Please report it with the traceback, which is in the log.": "请连同日志中的回溯一起报告。",
    "Return QConfigMapping.from_dict(...) of that dict, which is the older form.": "请返回由该字典得到的 QConfigMapping.from_dict(...)；字典是旧的形式。",
}
