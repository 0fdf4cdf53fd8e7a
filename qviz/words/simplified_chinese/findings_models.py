"""Simplified Chinese: findings from running models side by side. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry

_GIVEN_EQUAL = "输入相同时，[[其中最差的是 {worst}：]]{wrong:percent} 的元素有偏差"
_BY = "[[，最多相差输出的 {steps:number} 级]][[，最多相差最大值的 {relative:percent}]]"
_LEAVES = "[[，因此剩 {db:db}]][[；输出保持为仅做舍入时的 {output_db:db}]]"
_MEASURED = f"{_GIVEN_EQUAL}{_BY}{_LEAVES}"
_CORRECT = "正确舍入的内核最多偏差半级"
_STATE = "请将状态作为 forward() 的输入传入，并作为输出返回。"
_BUFFER = "请将 {name} 作为 forward() 的输入传入，并作为输出返回。"
_DEPARTS = "转换后模型的第二次调用偏离原始模型：{db:db}，第一次为 {first_db:db}"

STATEMENTS: dict[str, Entry] = {
    "setting_without_effect.batches.own_inputs": {
        "message": "未抽取 {count} 个随机批次：此次运行只有示例输入",
        "reason": "批次按计划的输入抽取，而这些输入在模型旁",
        "hint": "请在计划中给出输入，例如 1x3x224x224，或给出校准数据。",
        "option": "--input, --calibrate",
    },
    "setting_without_effect.batches.data": {
        "message": "未抽取 {count} 个随机批次：已有校准数据",
        "reason": "只有在没有校准数据时才使用随机批次",
        "hint": "无需处理；或从计划中删除 random_batches。",
    },
    "setting_without_effect.batches.fake": {
        "message": "未抽取 {count} 个随机批次：模型使用 fake 张量",
        "reason": "fake 张量没有数值，因此不做校准",
        "hint": "请带权重运行以便校准，或从计划中删除 random_batches。",
    },
    "rule.hidden_modules": {
        "text": "被略过的模块",
        "what": "模型调用了 torch 略过的模块：它们放在普通列表或字典中，或以第二个名称出现。",
        "advice": "请将它们放在 nn.ModuleList 或 nn.ModuleDict 中，并为每次调用使用单独的模块。",
    },
    "hidden_modules.eager": {
        "message": "{modules}（{types}）不是模型的子模块，因此 eager 模式让它们保持浮点",
        "reason": "普通列表或字典中的模块不在 model.modules() 中：prepare 和 convert 看不到它们，其权重既不在 state dict 中，也不参与训练",
        "hint": "请将它们放在 nn.ModuleList 或 nn.ModuleDict 中。",
    },
    "hidden_modules.left_behind": {
        "message": "{modules} 仍持有浮点模块，而 forward() 调用它们",
        "reason": "convert 把量化模块放入模型的属性；普通列表或字典则保留浮点模块",
        "hint": "请改用 nn.ModuleList 或 nn.ModuleDict，或调用属性。",
    },
    "hidden_modules.second_name": {
        "message": "{name}（{type}）保持浮点：它是 {first} 的第二个名称",
        "reason": "convert 遍历 named_children()，它只以第一个名称 {first} 给出模块；{name} 仍持有浮点模块",
        "hint": "请为每次调用使用单独的模块，或两次都调用 {first}。",
    },
    "hidden_modules.others": {
        "message": "{modules}（{types}）不是模型的子模块",
        "reason": "普通列表或字典中的模块不在 model.modules() 中：torch.fx 无法命名它们，其权重既不在 state dict 中，也不参与训练",
        "hint": "请将它们放在 nn.ModuleList 或 nn.ModuleDict 中。",
    },
    "rule.own_qconfig": {
        "text": "模型上的 qconfig 被忽略",
        "what": "模型带有流程不查看的、或在融合时丢失的 qconfig 属性。",
        "advice": "请在流程的配置中说明，或在融合之后设置。",
    },
    "own_qconfig.traced": {
        "message": "{modules} 的 qconfig 属性没有作用",
        "reason": "prepare_fx 只从 QConfigMapping 取 qconfig；只有 eager 模式读取该属性",
        "hint": "请在配置中添加按模块名的规则；不带 qconfig 的规则让该模块保持浮点。",
    },
    "own_qconfig.exported": {
        "message": "{modules} 的 qconfig 属性没有作用",
        "reason": "PT2E 流程只询问其量化器；只有 eager 模式读取该属性",
        "hint": "请在量化器的选项中添加按模块名的规则；enabled = false 让该模块保持浮点。",
    },
    "own_qconfig.fused": {
        "message": "{modules} 的 qconfig 在融合时丢失",
        "reason": "fuse_modules 用新模块包住第一个模块，在其余模块的位置各放入一个 Identity；新模块不接管 qconfig，因此其输出按外层的 qconfig 观测",
        "hint": "请在融合之后设置 qconfig，例如用按模块名的规则，或把该模块移出融合列表。",
    },
    "rule.calibration_without_effect": {
        "text": "校准没有设定任何内容",
        "what": "静态流程的观测器全部是动态的，因此校准没有设定任何范围。",
        "advice": "请使用静态的 qconfig 或量化器配置，或选择动态流程。",
    },
    "calibration_without_effect": {
        "message": "校准没有作用：激活的范围在模型运行时计算",
        "reason": "配置要求动态量化（is_dynamic=True），而 torch 只有线性层和循环层的动态内核；其余部分保持浮点",
        "hint": "请使用静态配置，例如 get_default_qconfig('x86')，或在 PT2E 中使用 "
        "get_symmetric_quantization_config(is_dynamic=False)；或选择动态流程。",
    },
    "rule.observer_alters": {
        "text": "观测器改变了数值",
        "what": "观测器返回的不是它的输入。",
        "advice": "请在观测器的 forward() 中返回输入本身。",
    },
    "observer_alters": {
        "message": "{observer} 传出的数值与它收到的不同[[：见 {subject}]]",
        "reason": "其后的部分在偏差达 {largest} 的数值上运行（最大输入为 {of}）：那里的范围属于这些数值，而转换后的模型没有改变数值的观测器",
        "hint": "请像 torch 的观测器那样，在 {observer} 的 forward() 中返回输入本身，只改动用于统计的数值。",
    },
    "observer_alters.form": {
        "message": "{observer} 收到 {before}，却返回 {after}[[：见 {subject}]]",
        "reason": "观测器之后的部分在它返回的内容上运行，而转换后的模型没有改变数值的观测器",
        "hint": "请像 torch 的观测器那样，在 {observer} 的 forward() 中返回输入本身，只改动用于统计的数值。",
    },
    "buffer_frozen.traced": {
        "message": "forward() 更新 {name}，而捕获的图没有该更新[[：{subject} 读取追踪时留在其中的值]]",
        "reason": "torch.fx 在追踪 forward() 时写入了一次，没有为此记录算子",
        "hint": _BUFFER,
    },
    "buffer_frozen.computed": {
        "message": "forward() 更新 {name}，而 {subject} 保存着 torch.fx 追踪时由它计算出的值",
        "reason": "torch.fx 在追踪时直接运行不读取输入的部分，并把结果作为常量保存；其值不同时追踪，常量也不同",
        "hint": _BUFFER,
    },
    "buffer_frozen.folded": {
        "message": "forward() 更新 {name}，而转换后的模型在其位置是常量[[：见 {subject}]]",
        "reason": "量化器标注了读取它的算子，convert_pt2e 像对权重一样折叠其 quantize，因此模型用当时的值计算",
        "hint": "请让读取 {name} 的算子保持浮点，或将它作为 forward() 的输入传入，并作为输出返回。",
    },
    "observing_in_eval": {
        "message": "{count:个伪量化|个伪量化}的范围在 eval 模式下仍在变化：{subject}",
        "reason": "observer_enabled 为 1，而图处于 eval 模式，因此每个用于评估的批次都会改变 scale 和 zero point",
        "hint": "请在评估模型之前调用 model.apply(torch.ao.quantization.disable_observer)。",
    },
    "weight_not_folded": {
        "message": "{subject} 的权重依赖 {source}，因此每次调用都重新量化它",
        "reason": "只有当权重由常量计算得到时，convert_pt2e 才把它变为整数；整数内核接受常量权重，而 scale 来自校准数据",
        "hint": "请让 {subject} 保持浮点，或只由参数计算其权重。",
    },
    "capture_differs.training": {
        "message": "转换后的模型中 {subject} 随机丢弃值：training=True 已固定",
        "reason": "图以训练模式捕获，eval() 和 convert 都不会改变常量[[；两次相同的调用彼此保持 {db:db}]]",
        "hint": "请用 nn.Dropout（eval() 会关闭它）代替 F.dropout(training=self.training)，或在捕获或转换之前将模型切换到 "
        "eval 模式。",
    },
    "capture_differs.backward": {
        "message": "训练时没有梯度经过 {subject}：捕获的图中没有 autograd.Function 的 backward()",
        "reason": "strict 捕获把 torch.autograd.Function 的 forward() 放在 torch.no_grad() 之下，并略去其 backward()，"
        "因此它之前的层得不到训练",
        "hint": "请在 forward() 中用 torch 的算子直接计算；x + (f(x) - x).detach() 让梯度绕过 f 传递。",
    },
    "capture_differs.drops_in_eval": {
        "message": "{subject} 在 eval 模式下也随机丢弃值，原始模型中也是如此",
        "reason": "其 training 参数为 True：调用未给出时，F.dropout 就是如此[[；转换后模型的两次相同调用相互保持 {db:db}]]",
        "hint": "请写成 F.dropout(x, p, training=self.training)，或使用 eval() 会关闭的 nn.Dropout；如果您有意让它丢弃，则无需处理。",
    },
    "capture_differs.drops_in_original": {
        "message": "原始模型在 eval 模式下于 {subject} 处随机丢弃值，而转换后的模型不丢弃",
        "reason": "training 参数为 True：调用未给出时，F.dropout 就是如此；torch 的量化 dropout 传递所有值",
        "hint": "请写成 F.dropout(x, p, training=self.training)，或使用 eval() 会关闭的 nn.Dropout。",
    },
    "capture_differs.setting": {
        "message": "转换后的模型中 {subject} 的 eps 为 {eps:number}，而原始模型中为 {was:number}",
        "reason": "torch 将导出的模型切换到 eval 模式时，把 batch norm 改写为默认设置[[；准备后的模型保持为原始模型的 {db:db}]]",
        "hint": "请在训练之前让 batch norm 使用默认的 eps（1e-5），或以 eval 模式导出，训练时不用该 batch norm。",
    },
    "capture_differs.fused_at_every_call": {
        "message": "{subject} 也会运行 {taken:all}，而模型在那里没有它",
        "reason": "{module} 被调用 {calls} 次；torch 将它与某次调用之后的算子融合，其他每次调用都会运行融合后的模块"
        "[[；准备好的模型与原始模型的 SQNR 为 {db:db}]]",
        "hint": "请让每次调用各用一个模块，即 {module} 的 copy.deepcopy。",
    },
    "capture_differs.values": {
        "message": "模型捕获之后 {subject} 给出不同的值：输出保持 {db:db}",
        "reason": "模块[['{module}' ]]与关闭所有量化器的准备后的模型在它之前一致，在它之后不一致[[（{own_db:db}）]]",
        "hint": "请将此算子的设置与原始模块的设置对照，并检查依赖训练模式、输入的值或未给出的参数的部分。",
    },
    "training_without_effect.no_gradient": {
        "message": "训练没有改变任何参数，也没有计算梯度",
        "reason": "训练函数只运行了模型，或所有参数的 requires_grad 均为 False：范围与校准得到的相同，权重没有学到任何舍入",
        "hint": "请在训练函数中调用 backward() 和 optimizer.step()；如果只想校准，请选择静态流程。",
    },
    "training_without_effect.untouched": {
        "message": "训练没有改动准备好的模型：参数和范围都没有变化",
        "reason": "train 函数没有让任何批次通过它收到的模型，或训练的是另一个模型，例如副本",
        "hint": "请就地训练 train 函数收到的模型。",
    },
    "training_without_effect.zero_gradient": {
        "message": "训练没有改变任何参数，留下的梯度都是零",
        "reason": "范围为空或远离数据的 fake-quant 不传递梯度；最后一次 backward() 之后的 "
        "zero_grad(set_to_none=False) 也会留下零",
        "hint": "请先查看 fake-quant 的范围，再在每次 backward() 之后调用 optimizer.step()。",
    },
    "training_replaced": {
        "message": "训练函数用新的 {types} 替换了 {modules}",
        "reason": "prepare 为原来的层添加了 fake-quant；新的层没有，因此训练在那里看不到舍入，convert 会让它保持浮点或停止",
        "hint": "请在流程开始之前替换层：prepare 之后只训练权重，不要更改模块。",
    },
    "training_diverged": {
        "message": "训练发散[[：所有权重之和是之前的 {factor:number} 倍]]",
        "reason": "正常学习的模型的权重保持其数量级；激活的范围跟不上这种增长，因此会截断",
        "hint": "请降低学习率（量化感知训练用浮点模型的十分之一或百分之一），或用 torch.nn.utils.clip_grad_norm_ 裁剪梯度。",
    },
    "range_unused.shared": {
        "message": "{subject} 处的数据只用到与 {sharing} 共用的范围的 {part:percent}",
        "reason": "torch 给 {sharing} 与其输入同一个 observer，因为其量化内核沿用输入的 scale：数据为 {low:number} … {high:number}，"
        "而共用的范围是 {least:number} … {greatest:number}：只剩很少的量化级",
        "hint": "请让 {sharing} 保持浮点（在 QConfigMapping 中对其函数使用 set_object_type(..., None)），或在模型之外、"
        "在权重中完成这个计算。",
    },
    "capture_differs.replaced_module": {
        "message": "在任何舍入之前，{subject} 在 prepare 之后就计算出不同的值：输出保持 {db:db}",
        "reason": "prepare 将 {was} '{module}' 替换为 {now}，后者对相同的输入给出不同的值[[（{own_db:db}）]]",
        "hint": "请让它保持浮点：将其 qconfig 设为 None，并在它之前放 DeQuantStub、之后放 QuantStub。",
    },
    "capture_differs.replaced_attention": {
        "message": "在任何舍入之前，{subject} 在 prepare 之后就计算出不同的值：输出保持 {db:db}",
        "reason": "prepare 将 {was} '{module}' 替换为 {now}，在 torch 2.8 中后者在 {settings} 时会混淆各注意力头[[（{own_db:db}）]]",
        "hint": "请以 batch_first=False 创建它，并以 (sequence, batch, features) 调用：在它之前和之后使用 x.transpose(0, 1)。",
    },
    "capture_differs.outputs": {
        "message": "捕获并准备后、关闭所有量化器的模型保持为原始输出的 {db:db}",
        "reason": "没有单个模块的输出能显示两者从哪里开始不同",
        "hint": "请检查 forward() 中依赖训练模式、值或未给出的参数的函数。",
    },
    "capture_differs.own_call": {
        "message": "捕获并准备后、关闭所有量化器的模型保持为原始输出的 {db:db}",
        "reason": "{types} 重写了 __call__()，而捕获只跟随 forward()",
        "hint": "请将 __call__() 所做的移入 forward()，或在模型之外进行。",
    },
    "capture_differs.own_hooks": {
        "message": "捕获并准备后、关闭所有量化器的模型保持为原始输出的 {db:db}",
        "reason": "模型本身注册了 forward hook，而捕获只跟随 forward()",
        "hint": "请将 hook 的计算写入 forward()，或在模型之外进行。",
    },
    "not_repeatable.converted": {
        "message": "转换后模型的两次相同调用结果不同[[：彼此保持 {db:db}]]",
        "reason": "原始模型两次给出相同的结果[[；{subject} 抽取随机数]]",
        "hint": "请在捕获之前将模型切换到 eval 模式，并且不要在 forward() 中抽取随机数。",
    },
    "not_repeatable.both": {
        "message": "模型的两次相同调用在量化前后都不同",
        "reason": "forward() 在 eval 模式下也抽取随机数[[：{subject}]]；这里比较的所有模型使用相同的随机数",
        "hint": "测量值只对这些随机数成立。",
    },
    "not_repeatable.original": {
        "message": "原始模型的两次相同调用结果不同，而转换后的模型相同",
        "reason": "forward() 在 eval 模式下抽取随机数；图中没有随机数",
        "hint": "测量值只对一次抽取成立：请将随机数移出 forward()，或作为输入传入。",
    },
    "state_lost": {
        "message": _DEPARTS,
        "reason": "原始模型在各次调用之间保留某些内容，而转换后的模型没有保留",
        "hint": _STATE,
    },
    "state_lost.buffers": {
        "message": _DEPARTS,
        "reason": "原始模型在 forward() 中更改 {buffers}，而转换后的模型没有正确更改",
        "hint": _STATE,
    },
    "state_lost.attributes": {
        "message": "转换后的模型不在各次调用之间保留 {attributes}：第二次调用保持 {db:db} 的原始输出，第一次为 {first_db:db}",
        "reason": "捕获的图是一次调用的图，不读取也不设置 forward() 保留在属性中的内容",
        "hint": _STATE,
    },
    "state_left": {
        "message": "转换后的模型从校准留在其中的 {attributes} 继续",
        "reason": "forward() 在各次调用之间保留 {attributes}，convert 沿用最后一个批次留下的值：其最初的输出与从起始状态运行的模型"
        "不同，qviz 从起始状态测量",
        "hint": "请在校准之后重置 {attributes}，恢复为新模型中的值。",
    },
    "state_left.stops": {
        "message": "转换后的模型无法以校准留在其中的 {attributes} 运行",
        "reason": "forward() 在各次调用之间保留 {attributes}；带 observer 的模型最后留下的值使转换后的模型停止：{type}：{text}",
        "hint": "请在校准之后重置 {attributes}，恢复为新模型中的值；转换后的模型从那里可以运行。",
    },
    "kernel_differs.given_equal_inputs": {
        "message": "{subject} 计算的值与浮点时不同",
        "reason": f"{_MEASURED}；{_CORRECT}",
        "hint": "请让它保持浮点（qconfig 为 None），或尝试其他引擎：此机器上 torch 的内核对它计算有误。",
    },
    "kernel_differs.lost_write": {
        "message": "{writer} 的原地写入丢失：{reader} 读取的是副本",
        "reason": f"convert 在每个读取者之前各放了一个 dequantize，因此写入进了一个副本，而 {{reader}} 得到另一个：{_MEASURED}",
        "hint": "请不要原地写入：用 torch.cat 或 torch.where 组合各部分，用 mul 或 add 代替 mul_ 或 add_。",
    },
    "kernel_differs.dropped_write": {
        "message": "convert 删除了 {writers}，而它写入 {reader} 所读取的内容",
        "reason": f"没有谁使用 {{writers}} 的结果，因此它被视为无用代码，尽管它原地更改张量：{_MEASURED}",
        "hint": "请使用该写入的返回值，或不在原地计算；请将状态作为输入传入，并作为输出返回。",
    },
    "kernel_differs.hooks_lost": {
        "message": "{subject} 失去了会改变结果的 hook",
        "reason": f"模块上注册了 forward hook 或 forward pre-hook，而 convert 放入的量化模块没有：{_MEASURED}",
        "hint": "请将 hook 的计算写入 forward()，或在转换后的模块上重新注册它。",
    },
    "kernel_differs.weight_by_hook": {
        "message": "{subject} 用先前的权重计算",
        "reason": f"torch.nn.utils.{{hook}} 的钩子在每次调用时计算权重，而 convert 量化的是上次调用留在属性中的权重：{_MEASURED}",
        "hint": "请在量化之前使权重成为永久的：torch.nn.utils.remove_weight_norm(layer)、remove_spectral_norm(layer) 或 "
        "prune.remove(layer, 'weight')；或者先调用一次模型。",
    },
    "kernel_differs.read_as_bytes": {
        "message": "{subject} 只给出一半或更少的列",
        "reason": "其权重以 4 位打包，而 torch 2.8 的 quantize_dynamic 生成按字节读取的 Embedding",
        "hint": "请使用流程 fx-weight-only、EmbeddingBag，或权重 dtype quint8。",
    },
    "kernel_differs.type_test": {
        "message": "使用量化层时 forward() 走了另一条路径：“{test}” 的结果不同",
        "reason": "{file} 的第 {line} 行询问类型，路径在此与浮点模型分开：convert 用其他类的模块替换了这些层",
        "hint": "请在 __init__() 中询问并将结果保存在属性中，转换不会改变它。",
    },
    "kernel_differs.bag_sums": {
        "message": "{subject} 计算总和，而浮点 EmbeddingBag 的 mode 为 '{mode}'",
        "reason": f"torch 的量化 EmbeddingBag 无论 mode 如何都对每个 bag 的行求和：{_MEASURED}",
        "hint": "请让它保持浮点，或自行将总和除以各 bag 的长度。",
    },
    "kernel_differs.arguments_dropped": {
        "message": "{subject} 计算时没有 {function} 的 {arguments:all}",
        "reason": f"convert 用 {{kernel}} 代替它，而后者不接受这些参数：{_MEASURED}",
        "hint": "请不用这些参数，例如把 torch.add(x, y, alpha=a) 写作 x + a * y，或让它保持浮点。",
    },
    "kernel_differs.setting_dropped": {
        "message": "{subject} 计算时没有 {setting}",
        "reason": f"浮点模块有 {{setting}}，而 torch 的量化模块没有：{_MEASURED}",
        "hint": "请让它保持浮点（qconfig 为 None）。",
    },
    "kernel_differs.slopes_below_one": {
        "message": "{subject} 将正值乘以 {largest:number}，而不是 1",
        "reason": "torch 2.8 的 quantized::prelu 将正值乘以按斜率的量化表示的 1，而该量化最大为 "
        f"{{largest:number}}：{_MEASURED}",
        "hint": "请为 torch.nn.PReLU 添加规则，其权重观测器达到 1："
        "斜率为 0 到 1 时用 FixedQParamsObserver.with_args(scale=1 / 255, zero_point=0, dtype=torch.quint8)。",
    },
    "kernel_differs.overflow": {
        "message": "{subject} 在此机器上溢出",
        "reason": "没有 VNNI 指令时，引擎 {engine} 的内核以 16 位相加两个乘积，激活大于 127 时会饱和："
        f"{_MEASURED}；在有 VNNI 的处理器上结果正确",
        "hint": "请对激活使用 7 位（reduce_range=True，如 get_default_qconfig_mapping('x86')），或使用引擎 qnnpack。Sigmoid、Tanh 和 Softmax "
        "的输出在任何映射中都保持 8 位：请使用 qnnpack，或让读取它们的算子保持浮点。",
    },
    "kernel_differs.scale_of_input": {
        "message": "{subject} 以某个输入的 scale 给出结果，这会截断 {wrong:percent} 的值",
        "reason": f"没有观测器观测 {{subject}} 的结果，因此 torch 使用第一个输入的 scale 和 zero point：{_MEASURED}",
        "hint": "请改用 prepare 会观测的 FloatFunctional，或在其前 dequantize。",
    },
    "kernel_differs.scale_of_other_call": {
        "message": "{subject} 以另一次调用的 scale 舍入",
        "reason": f"转换后的模块的所有调用共用一个 scale，而此处要求的是另一个：{_MEASURED}",
        "hint": "请为每次调用使用单独的模块。",
    },
    "kernel_differs.slightly": {
        "message": "{subject} 的舍入与要求的略有不同",
        "reason": f"{_MEASURED}；{_CORRECT}",
        "hint": "有些内核自行选择 scale，或在中间做舍入；如果代价过大，请让它保持浮点。",
    },
}
