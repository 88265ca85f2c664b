"""Holds operators of com.microsoft, maps, forests and DynamicQuantizeLinear to ONNX Runtime: small models of each, run by both.

    python contrib.py DLC [--only WORD]

Draws numbers with a fixed seed. A case fails where an output differs in type, shape or by more than its tolerance: quantized results
may differ by one in a few elements of a hundred, where a number that is rounded in f32 lies between two integers. Prints a line per failure and a
final count.
"""
import argparse
import os
import subprocess
from functools import partial

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto as T
from onnx import helper, numpy_helper

import running
from forests import forests

MS, ML = "com.microsoft", "ai.onnx.ml"
rng = np.random.default_rng(11)


def integers(shape, type=np.uint8, low=None, high=None):
    info = np.iinfo(type)
    return rng.integers(info.min if low is None else low, (info.max if high is None else high) + 1, shape).astype(type)


def scalar(value, type=np.float32):
    return np.array(value, type)


def node(op_type, inputs, outputs="y", domain=MS, **attributes):
    return helper.make_node(op_type, [name if name != "_" else "" for name in inputs.split()], outputs.split(), domain=domain, **attributes)


def model(nodes, inputs, outputs, constants=(), opset=17, types=()):
    """`outputs` are (name, type); `inputs` arrays by name, or values whose ONNX type `types` says."""
    given = dict(types)
    infos = [onnx.ValueInfoProto() if name in given else
             helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape) for name, value in inputs.items()]
    for info, name in zip(infos, inputs):
        if name in given:
            info.name = name
            info.type.CopyFrom(given[name])
    graph = helper.make_graph(
        nodes, "contrib", infos, [helper.make_tensor_value_info(name, type, None) for name, type in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in dict(constants).items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid(MS, 1), helper.make_opsetid(ML, 3)])
    made.ir_version = 8
    return made


QUANTIZED = (0, 1, 0.01)  # relative tolerance, steps, and the share of results that may differ by these
# Of means of few integers many lie between two.
MEANS = (0, 1, 0.05)
FLOATS = (1e-4, 0, 0)


def elementwise():
    for type in (np.uint8, np.int8):
        t = helper.np_dtype_to_tensor_dtype(np.dtype(type))
        zero = lambda low, high: scalar(rng.integers(low, high), type)
        low, high = (90, 160) if type is np.uint8 else (-40, 40)
        name = np.dtype(type).name
        for op in ("QLinearAdd", "QLinearMul"):
            for a, b in (((3, 40), (3, 40)), ((2, 3, 1), (40,)), ((5, 4), ()), ((0, 3), (3,))):
                constants = dict(sa=scalar(0.02), za=zero(low, high), sb=scalar(0.03), zb=zero(low, high), sc=scalar(0.05), zc=zero(low, high))
                inputs = dict(a=integers(a, type), b=integers(b, type))
                yield f"{op} {name} {a} {b}", model([node(op, "a sa za b sb zb sc zc")], inputs, [("y", t)], constants), inputs, QUANTIZED
        constants = dict(s=scalar(0.05), z=zero(low, high), t=scalar(1 / 256), v=zero(low, high))
        inputs = dict(x=integers((4, 64), type))
        yield f"sigmoid {name}", model([node("QLinearSigmoid", "x s z t v")], inputs, [("y", t)], constants), inputs, QUANTIZED
        yield f"leaky {name}", model([node("QLinearLeakyRelu", "x s z t v", alpha=0.2)], inputs, [("y", t)], constants), inputs, QUANTIZED
        parts = dict(a=integers((2, 3, 5), type), b=integers((2, 4, 5), type))
        constants = dict(s=scalar(0.05), z=zero(low, high), sa=scalar(0.05), za=zero(low, high), sb=scalar(0.02), zb=zero(low, high))
        yield f"concat {name}", model([node("QLinearConcat", "s z a sa za b sb zb", axis=1)], parts, [("y", t)], constants), parts, QUANTIZED
        for opset, axis in ((13, -1), (13, 1), (11, 1), (11, -1)):
            inputs = dict(x=integers((2, 5, 16), type))
            constants = dict(s=scalar(0.08), z=zero(low, high), t=scalar(1 / 256), v=scalar(0 if type is np.uint8 else -128, type))
            made = model([node("QLinearSoftmax", "x s z t v", axis=axis, opset=opset)], inputs, [("y", t)], constants, opset=opset)
            yield f"softmax {name} {opset} {axis}", made, inputs, QUANTIZED
    inputs = dict(c=rng.random((3, 8)) < 0.5, a=integers((3, 8)), b=integers((8,)))
    constants = dict(sa=scalar(0.02), za=scalar(120, np.uint8), sb=scalar(0.04), zb=scalar(7, np.uint8), sc=scalar(0.05), zc=scalar(99, np.uint8))
    yield "where", model([node("QLinearWhere", "c a sa za b sb zb sc zc")], inputs, [("y", T.UINT8)], constants), inputs, QUANTIZED


def pools():
    for type in (np.uint8, np.int8):
        t, name = helper.np_dtype_to_tensor_dtype(np.dtype(type)), np.dtype(type).name
        constants = dict(s=scalar(0.03), z=scalar(3, type), t=scalar(0.025), v=scalar(5, type))
        for last in (0, 1):
            inputs = dict(x=integers((2, 9, 7, 6) if last else (2, 6, 9, 7), type))
            made = model([node("QLinearGlobalAveragePool", "x s z t v", channels_last=last)], inputs, [("y", t)], constants)
            yield f"global {name} {last}", made, inputs, MEANS
            for extra in (dict(), dict(pads=[1, 1, 1, 1]), dict(pads=[0, 1, 1, 0], count_include_pad=1), dict(ceil_mode=1)):
                made = model([node("QLinearAveragePool", "x s z t v", kernel_shape=[3, 2], strides=[2, 2], channels_last=last, **extra)], inputs,
                             [("y", t)], constants)
                yield f"pool {name} {last} {extra}", made, inputs, MEANS


def products():
    for b_type in (np.uint8, np.int8):
        for a_turned in (0, 1):
            for b_turned in (0, 1):
                for wide in (False, True):
                    n = 6
                    inputs = dict(a=integers((8, 4) if a_turned else (4, 8)))
                    scales = rng.uniform(0.01, 0.02, n).astype(np.float32) if wide else scalar(0.015)
                    zeros = np.full(n, 3, b_type) if wide else scalar(3, b_type)
                    constants = dict(b=integers((n, 8) if b_turned else (8, n), b_type), sa=scalar(0.02), za=scalar(100, np.uint8), sb=scales,
                                     zb=zeros, c=integers((n,), np.int32, -3000, 3000), sy=scalar(0.3), zy=scalar(128, np.uint8))
                    attributes = dict(transA=a_turned, transB=b_turned)
                    name = f"{np.dtype(b_type).name} {a_turned}{b_turned} {'columns' if wide else 'one'}"
                    made = model([node("QGemm", "a sa za b sb zb c sy zy", **attributes)], inputs, [("y", T.UINT8)], constants)
                    yield f"gemm {name}", made, inputs, QUANTIZED
                    made = model([node("QGemm", "a sa za b sb zb c", alpha=0.5, **attributes)], inputs, [("y", T.FLOAT)], constants)
                    yield f"gemm to floats {name}", made, inputs, FLOATS
    inputs = dict(a=integers((3, 4, 8)))
    constants = dict(b=integers((8, 6)), sa=scalar(0.02), sb=rng.uniform(0.01, 0.02, 6).astype(np.float32), za=scalar(9, np.uint8),
                     zb=np.full(6, 120, np.uint8), c=rng.normal(size=6).astype(np.float32))
    yield "to float", model([node("MatMulIntegerToFloat", "a b sa sb za zb c")], inputs, [("y", T.FLOAT)], constants), inputs, FLOATS
    yield "to float, plain", model([node("MatMulIntegerToFloat", "a b sa sb")], inputs, [("y", T.FLOAT)], constants), inputs, FLOATS
    for shape in ((5, 8), (2, 3, 8)):
        inputs = dict(a=rng.normal(size=shape).astype(np.float32))
        for operands in ("a b sb zb c", "a b sb", "a b s _ c"):
            constants = dict(b=integers((8, 6), np.int8), sb=rng.uniform(0.01, 0.02, 6).astype(np.float32), zb=np.zeros(6, np.int8),
                             s=scalar(0.015), c=rng.normal(size=6).astype(np.float32))
            made = model([node("DynamicQuantizeMatMul", operands)], inputs, [("y", T.FLOAT)], constants)
            yield f"dynamic {shape} {operands}", made, inputs, FLOATS


def attention():
    for columns in (False, True):
        batch, steps, size, heads = 2, 4, 8, 2
        inputs = dict(x=integers((batch, steps, size)))
        constants = dict(w=integers((size, 3 * size), np.int8), b=rng.normal(size=3 * size).astype(np.float32), sx=scalar(0.02),
                         sw=rng.uniform(0.004, 0.008, 3 * size).astype(np.float32) if columns else scalar(0.006), zx=scalar(120, np.uint8),
                         zw=np.zeros(3 * size, np.int8) if columns else scalar(0, np.int8))
        made = model([node("QAttention", "x w b sx sw _ zx zw", num_heads=heads)], inputs, [("y", T.FLOAT)], constants)
        yield f"quantized {'columns' if columns else 'one'}", made, inputs, (1e-3, 0, 0)
    x = rng.normal(size=(1, 2, 9, 8)).astype(np.float32)
    for extra in (dict(border=[1, 2, 3, 1]), dict(border=[1, 2, 0, 0], scale=[4, 5])):
        yield f"crop {extra}", model([node("Crop", "x", domain="", **extra)], dict(x=x), [("y", T.FLOAT)], opset=7), dict(x=x), FLOATS


def numbers():
    for n in (1, 2, 3, 17):
        x = rng.normal(size=(4, n, n)).astype(np.float32) + 2 * np.eye(n, dtype=np.float32)
        yield f"inverse {n}", model([node("Inverse", "x")], dict(x=x), [("y", T.FLOAT)]), dict(x=x), (1e-3, 0, 0)
    x = rng.normal(size=(3, 3)).astype(np.float64)
    yield "inverse f64", model([node("Inverse", "x")], dict(x=x), [("y", T.DOUBLE)]), dict(x=x), (1e-6, 0, 0)
    for name, x in (("zeros", np.zeros(5)), ("positive", rng.uniform(1, 3, (2, 7))), ("negative", -rng.uniform(1, 3, 9)), ("both", rng.normal(size=40))):
        inputs = dict(x=x.astype(np.float32))
        made = model([node("DynamicQuantizeLinear", "x", "y s z", domain="")], inputs, [("y", T.UINT8), ("s", T.FLOAT), ("z", T.UINT8)])
        yield f"dynamic {name}", made, inputs, (1e-6, 1, 0.01)


def recurrent():
    steps, batch, size, hidden = 6, 3, 10, 8
    for direction, count in (("forward", 1), ("bidirectional", 2)):
        for wide in (False, True):
            shape = (count, 4 * hidden) if wide else (count,)
            constants = dict(w=integers((count, size, 4 * hidden), np.int8), r=integers((count, hidden, 4 * hidden), np.int8),
                             b=rng.normal(size=(count, 8 * hidden)).astype(np.float32), sw=np.full(shape, 0.004, np.float32),
                             zw=np.zeros(shape, np.int8), sr=np.full(shape, 0.003, np.float32), zr=np.zeros(shape, np.int8))
            inputs = dict(x=rng.normal(size=(steps, batch, size)).astype(np.float32))
            made = model([node("DynamicQuantizeLSTM", "x w r b _ _ _ _ sw zw sr zr", "y h c", hidden_size=hidden, direction=direction)], inputs,
                         [("y", T.FLOAT), ("h", T.FLOAT), ("c", T.FLOAT)], constants)
            # ONNX Runtime rounds the state to 8 bits before every step.
            yield f"lstm {direction} {'columns' if wide else 'one'}", made, inputs, (0.03, 0, 0)


def texts():
    x = np.array(["a fine day", " größer als 10, oder", "", "x"], dtype=object)
    for name, attributes in dict(words=dict(tokenexp=r"[a-zA-Z0-9_]+"), marked=dict(tokenexp=r"[a-z]+", mark=1, mincharnum=3),
                                 separated=dict(separators=[" ", "[,ö]"]), characters=dict(separators=[""]),
                                 alternatives=dict(tokenexp="a|ab|(?i)[d-f]y?")).items():
        attributes = dict(dict(mark=0, mincharnum=1, pad_value="#"), **attributes)
        info = helper.make_tensor_type_proto(T.STRING, x.shape)
        yield f"tokenizer {name}", model([node("Tokenizer", "x", **attributes)], dict(x=x), [("y", T.STRING)], types=dict(x=info)), dict(x=x), (0, 0, 0)


def maps():
    for key, vocabulary in (("string", ["age", "fare", "class", "deck"]), ("int64", [4, -1, 9])):
        type = helper.make_map_type_proto(T.STRING if key == "string" else T.INT64, helper.make_tensor_type_proto(T.FLOAT, []))
        made = model([node("DictVectorizer", "x", domain=ML, **{f"{key}_vocabulary": vocabulary})], dict(x=None), [("y", T.FLOAT)], types=dict(x=type))
        for given in ({vocabulary[2]: 2.5, vocabulary[0]: -1.0}, {("none" if key == "string" else 77): 3.0, vocabulary[1]: 4.0}):
            yield f"dictionary {key} {given}", made, dict(x=given), FLOATS
        scores = rng.random((3, len(vocabulary))).astype(np.float32)
        made = model([node("ZipMap", "x", domain=ML, **{f"classlabels_{key}s": vocabulary})], dict(x=scores), [("y", T.FLOAT)])
        held = helper.make_map_type_proto(T.STRING if key == "string" else T.INT64, helper.make_tensor_type_proto(T.FLOAT, []))
        made.graph.output[0].type.CopyFrom(helper.make_sequence_type_proto(held))
        yield f"zip map {key}", made, dict(x=scores), FLOATS


def tables():
    """Weights and tables in a few bits, and what optimised and quantized models of texts and pictures hold besides."""
    for kind in (0, 1):
        for k, n, block in ((20, 3, 16), (64, 5, 32), (33, 7, 64)):
            inputs = dict(x=rng.normal(0, 1, (2, 3, k)).astype(np.float32))
            constants = dict(b=integers((n * k + 1) // 2), s=rng.uniform(0.1, 2, (n * k + block - 1) // block).astype(np.float32))
            made = model([node("MatMulBnb4", "x b s", K=k, N=n, block_size=block, quant_type=kind)], inputs, [("y", T.FLOAT)], constants)
            yield f"normal floats {kind} {k} {n} {block}", made, inputs, FLOATS
    for bits in (4, 8):
        for with_zeros in (False, True):
            for shape in ((3,), (2, 4), ()):
                inputs = dict(i=integers(shape, np.int64, -9, 8))
                constants = dict(d=integers((9, 40 * bits // 8)), s=rng.uniform(0.1, 2, (9, 3)).astype(np.float32),
                                 z=integers((9, (3 * bits + 7) // 8)))
                if not with_zeros:
                    del constants["z"]
                made = model([node("GatherBlockQuantized", "d i s z" if with_zeros else "d i s", bits=bits, block_size=16)], inputs,
                             [("y", T.FLOAT)], constants, opset=21)
                yield f"blocks {bits} {with_zeros} {shape}", made, inputs, FLOATS
    for axis, along in ((0, 1), (1, 0), (0, 2), (1, 1), (2, 0)):
        inputs = dict(i=integers((2, 2), np.int64, -9, 8))
        scales = [9, 9, 9]
        scales[along] = 1
        codes = helper.make_tensor("d", T.INT4, [9, 9, 9], integers(729, np.int8, -8, 7))
        made = model([node("GatherBlockQuantized", "d i s", gather_axis=axis, quantize_axis=along, block_size=16)], inputs,
                     [("y", T.FLOAT)], dict(s=rng.uniform(0.1, 2, scales).astype(np.float32)), opset=21)
        made.graph.initializer.append(codes)
        yield f"blocks of int4 {axis} {along}", made, inputs, FLOATS
    for type in (np.uint8, np.int8):
        for extra in (dict(), dict(strides=[2, 2], ceil_mode=1), dict(pads=[1, 0, 1, 1]), dict(auto_pad="SAME_UPPER", strides=[2, 1])):
            inputs = dict(x=integers((2, 7, 6, 5), type))
            made = model([node("NhwcMaxPool", "x", kernel_shape=[3, 2], **extra)], inputs, [("y", T.UINT8 if type is np.uint8 else T.INT8)])
            yield f"largest {np.dtype(type).name} {extra}", made, inputs, (0, 0, 0)
    for type in (np.uint8, np.int8):
        for segments, mask in ((True, True), (True, False), (False, True)):
            inputs = dict(i=integers((2, 5), np.int32, 0, 19), s=integers((2, 5), np.int32, 0, 1), m=integers((2, 5), np.int32, 0, 1))
            constants = dict(w=integers((20, 8), type), p=integers((6, 8), type), t=integers((2, 8), type), g=integers(8, type), b=integers(8, type))
            for name in "wptgb":
                constants |= {"s" + name: scalar(rng.uniform(0.01, 0.05)), "z" + name: scalar(rng.integers(0, 100), type)}
            names = f"i {'s' if segments else '_'} w p t g b {'m' if mask else '_'} sw sp st sg sb zw zp zt zg zb"
            if not segments:
                names = names.replace(" t ", " _ ").replace(" st ", " _ ").replace(" zt ", " _ ")
            used = {name: value for name, value in inputs.items() if name == "i" or (name == "s" and segments) or (name == "m" and mask)}
            kept = {name: value for name, value in constants.items() if name in names.split()}
            made = model([node("QEmbedLayerNormalization", names, "y n", epsilon=1e-5)], used, [("y", T.FLOAT), ("n", T.INT32)], kept)
            yield f"embedding {np.dtype(type).name} {segments} {mask}", made, used, FLOATS


def channels_last():
    """NhwcConv, for which ONNX Runtime has no kernel on this kind of processor: held to its Conv between transposes."""
    for groups, bias, extra in (
            (1, True, dict(pads=[1, 1, 1, 1])), (2, False, dict(strides=[2, 1])), (6, True, dict(dilations=[2, 2], pads=[2, 0, 1, 3])),
            (1, True, dict(auto_pad="SAME_UPPER", strides=[2, 2])), (1, False, dict(auto_pad="SAME_LOWER", strides=[2, 2])),
            (3, True, dict(kernel_shape=[3, 2]))):
        inputs = dict(x=rng.normal(0, 1, (2, 9, 7, 6)).astype(np.float32))
        constants = dict(w=rng.normal(0, 1, (12, 3, 2, 6 // groups)).astype(np.float32), b=rng.normal(0, 1, 12).astype(np.float32))
        operands, output = "x w b" if bias else "x w", [("y", T.FLOAT)]
        turned = dict(constants, w=constants["w"].transpose(0, 3, 1, 2))
        spelled = [
            node("Transpose", "x", "t", "", perm=[0, 3, 1, 2]), node("Conv", operands.replace("x", "t"), "u", "", group=groups, **extra),
            node("Transpose", "u", "y", "", perm=[0, 2, 3, 1])]
        made = model([node("NhwcConv", operands, group=groups, **extra)], inputs, output, constants)
        yield f"{groups} {extra}", made, inputs, FLOATS, model(spelled, inputs, output, turned)


def definitions():
    """Operators that ONNX Runtime describes and has no kernel for: held to what they are in standard ones."""
    for type in (np.uint8, np.int8):
        name, wide = np.dtype(type).name, T.UINT32 if type is np.uint8 else T.INT32
        cast = lambda x, y, to=T.INT32: node("Cast", x, y, "", to=to)
        for a, b in (((3, 4), (3, 4)), ((2, 3, 1), (4,)), ((5,), ()), ((0, 2), (2,))):
            for zero in ((), (1,)):
                inputs = dict(a=integers(a, type), b=integers(b, type))
                constants = dict(u=np.full(zero, 7, type), v=np.full(zero, 100, type))
                steps = [cast("a", "a1"), cast("u", "u1"), cast("b", "b1"), cast("v", "v1"), node("Sub", "a1 u1", "a2", ""),
                         node("Sub", "b1 v1", "b2", ""), node("Mul", "a2 b2", "y", "")]
                yield (f"product {name} {a} {b} {zero}", model([node("MulInteger", "a u b v")], inputs, [("y", T.INT32)], constants), inputs,
                       (0, 0, 0), model(steps, inputs, [("y", T.INT32)], constants))
            steps = [cast("a", "a1"), cast("b", "b1"), node("Mul", "a1 b1", "y", "")]
            yield (f"product {name} {a} {b}", model([node("MulInteger", "a _ b")], inputs, [("y", T.INT32)]), inputs, (0, 0, 0),
                   model(steps, inputs, [("y", T.INT32)]))
        for shape, axes, kept in (((3, 4, 5), [1], 1), ((3, 4, 5), [0, -1], 0), ((400,), [0], 0), ((3, 0), [1], 1)):
            inputs, attributes = dict(x=integers(shape, type)), dict(axes=axes, keepdims=kept)
            steps = [cast("x", "w"), node("ReduceSum", "w a", "s", "", keepdims=kept), cast("s", "y", wide)]
            yield (f"sum {name} {shape} {axes} {kept}", model([node("ReduceSumInteger", "x", **attributes)], inputs, [("y", wide)]), inputs,
                   (0, 0, 0), model(steps, inputs, [("y", wide)], dict(a=np.array(axes))))
    for shape in ((4,), (2, 3), (), (0, 2)):
        for padding in ("t i", "t i p", "t i p q"):
            inputs = dict(t=normal(9, 6), i=integers(shape, np.int64, 0, 8))
            constants = {name: value for name, value in dict(p=scalar(2, np.int64), q=scalar(True, bool)).items() if name in padding.split()}
            yield (f"rows {shape} {padding}", model([node("TorchEmbedding", padding)], inputs, [("y", T.FLOAT)], constants), inputs, FLOATS,
                   model([node("Gather", "t i", "y", "")], inputs, [("y", T.FLOAT)], constants))


def opened(made):
    """The same model for inputs of any extents; widths of heads, branches and indices are known."""
    made = onnx.ModelProto.FromString(made.SerializeToString())
    is_wide = made.graph.node[0].op_type in ("LinearAttention", "BranchwiseRMSNorm", "GatherND", "GroupQueryAttention", "MRotaryEmbedding",
                                             "SparseAttention")
    for info in made.graph.input:
        dims = info.type.tensor_type.shape.dim
        for axis, dim in enumerate(dims):
            if not is_wide or axis < len(dims) - (2 if info.name == "s" or len(dims) == 4 else 1):
                dim.dim_param = f"{info.name}{axis}"
    return made


def both(cases):
    for name, made, *rest in cases:
        yield name, made, *rest
        yield f"{name}, open", opened(made), *rest


def normal(*shape, scale=1):
    return rng.normal(0, scale, shape).astype(np.float32)


def experts():
    """Rows that go through a few of several experts, or of many, whose weights are floats or a few bits."""
    for count in (5, 20):
        yield from ((f"{count} experts, {name}", *case) for name, *case in mixtures(count))


def mixtures(count):
    size, inner = 32, 48

    def layers(width, third):
        return dict(a=normal(count, width, size), b=normal(count, width), c=normal(count, size, inner), d=normal(count, size),
                    **(dict(e=normal(count, inner, size), f=normal(count, inner)) if third else {}))

    for shape in ((7, size), (2, 3, size), (1, size), (0, size)):
        inputs = dict(x=normal(*shape), r=normal(int(np.prod(shape[:-1])), count))
        limited = dict(activation_alpha=1.702, activation_beta=1.0, swiglu_limit=0.7, normalize_routing_weights=1)
        for k, kind, extra in ((1, "relu", {}), (2, "gelu", {}), (2, "silu", dict(normalize_routing_weights=1)), (5, "identity", {}),
                               (3, "swiglu", dict(swiglu_fusion=1, **limited)), (2, "swiglu", dict(swiglu_fusion=1))):
            constants = layers(2 * inner if kind == "swiglu" else inner, False)
            for operands in ("x r a b c d", "x r a _ c _"):
                used = {name: value for name, value in constants.items() if name in operands}
                made = model([node("MoE", operands, k=k, activation_type=kind, **extra)], inputs, [("y", T.FLOAT)], used)
                yield f"{shape} {k} {kind} {operands}", made, inputs, FLOATS
    for bits in (2, 4, 8):
        for block in (0, 16, 32):
            for with_zeros in (False, True):
                for weighed in (False, True):
                    width, inner = 2 * 32, 32
                    inputs = dict(x=normal(6, size), r=normal(6, count))
                    blocks = size // block if block else 1
                    tail = (blocks,) if block else ()
                    zeros = lambda rows: (count, rows, -(-blocks * bits // 8)) if block else (count, -(-rows * bits // 8))
                    constants = dict(
                        a=integers((count, width, size * bits // 8)), s=rng.uniform(0.002, 0.02, (count, width, *tail)).astype(np.float32),
                        b=normal(count, width), c=integers((count, size, inner * bits // 8)),
                        t=rng.uniform(0.002, 0.02, (count, size, *tail)).astype(np.float32), d=normal(count, size),
                        u=integers(zeros(width)), v=integers(zeros(size)))
                    operands = "x r a s b c t d _ _ _" + (" u v" if with_zeros else "")
                    if weighed:
                        inputs["w"] = rng.uniform(0.1, 1, (6, count)).astype(np.float32)
                        operands += " _ w" if with_zeros else " _ _ _ w"
                    used = {name: value for name, value in constants.items() if name in operands.split()}
                    attributes = dict(block_size=block) if block else {}
                    made = model([node("QMoE", operands, k=2, activation_type="swiglu", swiglu_fusion=1, expert_weight_bits=bits,
                                       normalize_routing_weights=1, **attributes)], inputs, [("y", T.FLOAT)], used)
                    # Blocks of 8 bits are multiplied by inputs that are rounded to 8 bits too.
                    tolerance = (0.03 if bits == 8 and block else 2e-4, 0, 0)
                    yield f"{bits} bits, blocks {block}, {with_zeros} {weighed}", made, inputs, tolerance


def decoders():
    """One row of queries at a time, over what earlier runs have kept."""
    batch, heads, depth, past, room = 2, 3, 8, 5, 9
    width, outputs = heads * depth, [("y", T.FLOAT), ("p", T.FLOAT), ("w", T.FLOAT)]
    row = lambda: normal(batch, 1, width)
    bias = normal(3 * width)
    for masked in (False, True):
        mask = dict(m=np.array([[0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]], np.int32)) if masked else {}
        for extra in ({}, dict(scale=0.3, mask_filter_value=-50.0)):
            attributes = dict(num_heads=heads, **extra)
            inputs = dict(q=row(), k=row(), v=row(), a=normal(1, heads, 1, past + 1), h=normal(batch, heads, past, depth),
                          i=normal(batch, heads, past, depth), b=bias, **mask)
            made = model([node("DecoderMaskedMultiHeadAttention", f"q k v {'m' if masked else '_'} a h i _ _ _ b", "y p w", **attributes)],
                         inputs, outputs)
            # ONNX Runtime takes shared buffers alone, and calls the same without one MultiHeadAttention.
            spelled = model([node("MultiHeadAttention", f"q k v b {'m' if masked else '_'} a h i", "y p w", **attributes)], inputs, outputs)
            yield f"appended {masked} {extra}", made, inputs, FLOATS, spelled
            mask = {name: value[:, 1:] for name, value in mask.items()}
            inputs = dict(q=row(), k=normal(batch, heads, past, depth), v=normal(batch, heads, past, depth), **mask)
            made = model([node("DecoderMaskedMultiHeadAttention", f"q k v {'m' if masked else '_'}", **attributes)], inputs, outputs[:1])
            yield f"across {masked} {extra}", made, inputs, FLOATS
            mask = dict(m=np.array([[0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]], np.int32)) if masked else {}
            inputs = dict(q=row(), k=row(), v=row(), h=normal(batch, heads, room, depth), i=normal(batch, heads, room, depth),
                          n=np.array([past], np.int32), w=np.array([2], np.int32), c=integers((1, 2, room), np.int32, 0, 1), b=bias, **mask)
            names = f"q k v {'m' if masked else '_'} _ h i n w c b"
            made = model([node("DecoderMaskedMultiHeadAttention", names, "y p u", past_present_share_buffer=1, **attributes)], inputs,
                         [("y", T.FLOAT)])
            yield f"beams {masked} {extra}", made, inputs, FLOATS


def places():
    """Operators that choose and place elements."""
    x = normal(3, 4, 5)
    for axis in (0, 2, -1, 3, -4):
        made = model([node("ExpandDims", "x a")], dict(x=x), [("y", T.FLOAT)], dict(a=scalar(axis, np.int32)))
        yield f"one more dimension {axis}", made, dict(x=x), FLOATS
    for dim, size, step in ((-1, 2, 1), (1, 3, 1), (0, 1, 2), (2, 5, 3), (1, 2, 2)):
        made = model([node("UnfoldTensor", "x", dim=dim, size=size, step=step)], dict(x=x), [("y", T.FLOAT)])
        yield f"windows {dim} {size} {step}", made, dict(x=x), FLOATS
    for n in (1, 2, 3, 5):
        for length in (1, 2, 9, 24):
            inputs = dict(i=integers((3, length), np.int64, 0, 3), s=normal(3, 5))
            yield f"repeats {n} {length}", model([node("NGramRepeatBlock", "i s", ngram_size=n)], inputs, [("y", T.FLOAT)]), inputs, FLOATS
    for size in ((4, 5), (1, 3), (1, 1), (9, 2)):
        for extra in (dict(), dict(mode="nearest", extrapolation_value=2.5)):
            boxes = np.concatenate([rng.uniform(-0.1, 0.6, (6, 2)), rng.uniform(0.4, 1.1, (6, 2))], 1).astype(np.float32)
            boxes[0] = [0, 0, 1, 1]
            inputs = dict(x=normal(2, 3, 7, 6), b=boxes, i=integers((6,), np.int32, 0, 1))
            made = model([node("CropAndResize", "x b i n", **extra)], inputs, [("y", T.FLOAT)], dict(n=np.array(size, np.int32)))
            yield f"crops {size} {extra}", made, inputs, FLOATS
    for values in ([2, 1, 1, 3, 4, 3], [], [5, 5]):
        inputs = dict(x=np.array(values, np.float32))
        made = model([node("Unique", "x", "y i c")], inputs, [("y", T.FLOAT), ("i", T.INT64), ("c", T.INT64)])
        yield f"distinct {values}", made, inputs, FLOATS
    inputs = dict(x=x, i=integers((2, 2), np.int64, -3, 2))
    yield "points", model([node("GatherND", "x i")], inputs, [("y", T.FLOAT)]), inputs, FLOATS


def gates():
    """Elementwise parts of layers with linear attention, and positions of three coordinates."""
    x, z = normal(2, 3, 12), normal(2, 3, 12)
    inputs = dict(x=x, y=z, g=normal(2, 3, 1))
    yield "sum", model([node("GatedAdd", "x y g", "o")], inputs, [("o", T.FLOAT)]), inputs, FLOATS
    yield "silu", model([node("ScaledSiLU", "x", alpha=0.7)], dict(x=x), [("y", T.FLOAT)]), dict(x=x), FLOATS
    yield "silu by data", model([node("ScaledSiLU", "x s")], dict(x=x, s=scalar(1.3)), [("y", T.FLOAT)]), dict(x=x, s=scalar(1.3)), FLOATS
    for activation in ("silu", "swish", "sigmoid"):
        for width in (12, 4):
            inputs = dict(x=x, s=normal(width), g=z)
            made = model([node("GatedRMSNorm", "x s g", activation=activation, epsilon=0.01)], inputs, [("y", T.FLOAT)])
            yield f"norm {activation} {width}", made, inputs, FLOATS
    for shape in ((12,), (3, 4), (4,), None):
        inputs = dict(x=x, **(dict(s=normal(*shape)) if shape else {}))
        made = model([node("BranchwiseRMSNorm", "x s" if shape else "x", num_branches=3)], inputs, [("y", T.FLOAT)])
        yield f"branches {shape}", made, inputs, FLOATS
    for shape in ((12,), (3, 4), (4,), None):
        inputs = dict(x=normal(2, 3, 4), **(dict(s=normal(*shape)) if shape else {}))
        made = model([node("BranchwiseRMSNorm", "x s" if shape else "x")], inputs, [("y", T.FLOAT)])
        yield f"branches apart {shape}", made, inputs, FLOATS
    inputs = dict(a=normal(2, 5, 4), b=normal(4), s=normal(4), c=normal(2, 5, 4))
    made = model([node("LinearAttentionGate", "a b s c", "d e")], inputs, [("d", T.FLOAT), ("e", T.FLOAT)])
    yield "attention", made, inputs, FLOATS
    del inputs["c"]
    yield "decay", model([node("LinearAttentionGate", "a b s", "d")], inputs, [("d", T.FLOAT)]), inputs, FLOATS
    for rule in ("linear", "gated", "delta", "gated_delta"):
        for queries, keys in ((4, 2), (2, 2), (2, 4)):
            for steps in (1, 3, 7):
                for wide, with_state in ((True, True), (False, False)):
                    inputs = dict(q=normal(2, steps, queries * 4), k=normal(2, steps, keys * 4, scale=0.4), v=normal(2, steps, keys * 6))
                    if with_state:
                        inputs["s"] = normal(2, keys, 4, 6)
                    if rule.startswith("gated"):
                        inputs["d"] = -rng.uniform(0, 2, (2, steps, keys * (4 if wide else 1))).astype(np.float32)
                    if rule.endswith("delta"):
                        inputs["b"] = rng.uniform(0, 1, (2, steps, keys if wide else 1)).astype(np.float32)
                    operands = " ".join(name if name in inputs else "_" for name in "qkvsdb").rstrip(" _")
                    attributes = dict(q_num_heads=queries, kv_num_heads=keys, update_rule=rule)
                    made = model([node("LinearAttention", operands, "y o", **attributes)], inputs, [("y", T.FLOAT), ("o", T.FLOAT)])
                    # Widths of heads must be known.
                    yield f"states {rule} {queries} {keys} {steps} {wide}", made, inputs, FLOATS
    for last in (0, 1):
        for dilation in (1, 3):
            x, kept = normal(2, 9, 6), 2 * dilation
            inputs = dict(x=x, s=normal(2, kept, 6)) if last else dict(x=x.transpose(0, 2, 1).copy(), s=normal(2, 6, kept))
            made = model([node("CausalConvWithState", "x w b s", "y o", channels_last=last, dilation=dilation, activation="silu")], inputs,
                         [("y", T.FLOAT), ("o", T.FLOAT)], dict(w=normal(6, 1, 3), b=normal(6)))
            yield f"causal {last} {dilation}", made, inputs, FLOATS
    table = dict(c=normal(20, 8), s=normal(20, 8))
    for layout, sections in ((0, [3, 3, 2]), (1, [3, 3, 2]), (1, [4, 2, 2]), (0, [8, 0, 0])):
        for shape, extra in (((2, 5, 32), dict(num_heads=2)), ((2, 2, 5, 16), {}), ((2, 2, 5, 16), dict(interleaved=1)),
                             ((2, 2, 5, 24), dict(rotary_embedding_dim=16, num_heads=2))):
            inputs = dict(x=normal(*shape), p=integers((3, 2, 5), np.int64, 0, 19))
            attributes = dict(mrope_section=sections, mrope_layout=layout, **extra)
            made = model([node("MRotaryEmbedding", "x p c s", **attributes)], inputs, [("y", T.FLOAT)], table)
            yield f"positions {layout} {sections} {shape} {extra}", made, inputs, FLOATS


def blocks():
    """Attention by layouts of blocks."""
    batch, heads, groups, depth, size, room = 2, 4, 2, 16, 16, 64
    rows = [[0, 1, 3, 5, 8], [0, 1, 3, 6, 9]]
    columns = [[0, 0, 1, 1, 2, 1, 2, 3, -1], [0, 0, 1, 0, 1, 2, 0, 2, 3]]
    for length, total in ((40, 40), (1, 50)):
        for rotary in (0, 1):
            inputs = dict(q=normal(batch, length, heads * depth), k=normal(batch, length, groups * depth),
                          v=normal(batch, length, groups * depth), h=normal(batch, groups, room, depth),
                          i=normal(batch, groups, room, depth))
            constants = dict(r=np.array(rows, np.int32), c=np.array(columns, np.int32), t=np.array([total], np.int32),
                             n=np.array([total, total], np.int32))
            operands = "q k v h i r c t n"
            if rotary:
                constants |= dict(a=normal(room, depth // 2), b=normal(room, depth // 2))
                operands += " a b"
            attributes = dict(num_heads=heads, kv_num_heads=groups, sparse_block_size=size, scale=0.2, do_rotary=rotary)
            made = model([node("SparseAttention", operands, "y o p", **attributes)], inputs,
                         [("y", T.FLOAT), ("o", T.FLOAT), ("p", T.FLOAT)], constants)
            yield f"{length} {total} {rotary}", made, inputs, FLOATS


def groups():
    """Attention in which heads share keys, with what later networks add to it."""
    heads, shared, depth, room = 4, 2, 16, 24
    extras = (dict(softcap=5.0), dict(smooth_softmax=1), dict(sink=True), dict(sink=True, softcap=3.0, scale=0.5), dict(causal=0), dict(),
              dict(norm=True, qk_norm_epsilon=1e-3), dict(norm=True, rotary=True), dict(sink=True, local_window_size=4))
    for batch, length, total in ((2, 7, 7), (2, 1, 9), (1, 3, 9)):
        for extra in extras:
            inputs = dict(q=normal(batch, length, heads * depth), k=normal(batch, length, shared * depth))
            inputs |= dict(v=normal(batch, length, shared * depth), h=normal(batch, shared, room, depth),
                           i=normal(batch, shared, room, depth))
            constants = dict(n=np.full(batch, total - 1, np.int32), t=scalar(total, np.int32))
            names = ["_"] * 16
            names[:7] = "q k v h i n t".split()
            if extra.get("rotary"):
                constants |= dict(c=normal(room, depth // 2), s=normal(room, depth // 2))
                names[7:9] = "c", "s"
            if extra.get("sink"):
                constants["o"] = normal(heads)
                names[11] = "o"
            if extra.get("norm"):
                constants |= dict(a=normal(depth), b=normal(depth))
                names[14:] = "a", "b"
            attributes = {name: value for name, value in extra.items() if name not in ("sink", "norm", "rotary")}
            attributes |= dict(num_heads=heads, kv_num_heads=shared, do_rotary=int("rotary" in extra))
            step = node("GroupQueryAttention", " ".join(names).rstrip(" _"), "y o2 p2", **attributes)
            made = model([step], inputs, [("y", T.FLOAT)], constants)
            if "norm" not in extra:
                yield f"{length} of {total} {extra}", made, inputs, FLOATS
                continue
            # ONNX Runtime has this one on other processors alone.
            epsilon = attributes.pop("qk_norm_epsilon", 1e-6)
            shapes = {f"{x}{n}": np.array([batch, length, *shape]) for x, count in (("q", heads), ("k", shared))
                      for n, shape in ((1, (count, depth)), (2, (count * depth,)))}
            nodes = [node(*step, "", **more) for x, weight in (("q", "a"), ("k", "b")) for *step, more in (
                ("Reshape", f"{x} {x}1", f"{x}3", {}), ("SimplifiedLayerNormalization", f"{x}3 {weight}", f"{x}4", dict(epsilon=epsilon)),
                ("Reshape", f"{x}4 {x}2", f"{x}5", {}))]
            nodes.append(node("GroupQueryAttention", " ".join(["q5", "k5"] + names[2:14]).rstrip(" _"), "y o2 p2", **attributes))
            yield f"{length} of {total} {extra}", made, inputs, FLOATS, model(nodes, inputs, [("y", T.FLOAT)], constants | shapes)


def convolutions():
    for last in (0, 1):
        for groups in (1, 2):
            inputs = dict(x=integers((2, 7, 6, 4) if last else (2, 4, 7, 6)))
            constants = dict(sx=scalar(0.02), zx=scalar(100, np.uint8), w=integers((6, 4 // groups, 3, 2), np.int8), sw=scalar(0.01),
                             zw=scalar(0, np.int8), sy=scalar(0.3), zy=scalar(120, np.uint8), b=integers((6,), np.int32, -900, 900))
            made = model([node("QLinearConv", "x sx zx w sw zw sy zy b", group=groups, channels_last=last, strides=[2, 1])], inputs,
                         [("y", T.UINT8)], constants)
            yield f"quantized {last} {groups}", made, inputs, QUANTIZED
    for pads, extra in (([0, 0, 0, 0], {}), ([1, 0, 0, 1], dict(strides=[2, 2])),
                        ([1, 1, 1, 1], dict(strides=[2, 1], output_padding=[1, 0], group=2))):
        inputs = dict(x=normal(2, 4, 5, 6), p=np.array(pads, np.int64))
        constants = dict(w=normal(4, 3, 3, 3), b=normal(3 * extra.get("group", 1)))
        made = model([node("ConvTransposeWithDynamicPads", "x w p b", **extra)], inputs, [("y", T.FLOAT)], constants)
        yield f"turned {pads} {extra}", made, inputs, FLOATS
    inputs = dict(a=integers((2, 3, 5), np.int16), b=integers((2, 5, 4), np.int16))
    yield "short integers", model([node("MatMulInteger16", "a b")], inputs, [("y", T.INT32)]), inputs, (0, 0, 0)


def difference(got, want, tolerance):
    if isinstance(want, list):
        rows = [{key.decode() if isinstance(key, bytes) else key: float(value) for key, value in row.items()} for row in got]
        return None if rows == [dict(row) for row in want] else f"{rows}, not {want}"
    relative, steps, share = tolerance
    want = np.asarray(want)
    if got.dtype.kind != want.dtype.kind and want.dtype.kind != "O" or got.shape != want.shape:
        return f"{got.dtype}{got.shape}, not {want.dtype}{want.shape}"
    if want.dtype.kind == "O":
        flat = [text.decode() if isinstance(text, bytes) else text for text in got.ravel()]
        return None if flat == list(want.ravel()) else f"{flat}, not {list(want.ravel())}"
    if want.dtype.kind in "iu":
        apart = np.abs(got.astype(int) - want.astype(int))
        allowed = steps and apart.max(initial=0) <= steps and (apart > 0).sum() <= max(1, share * apart.size)
        return None if allowed or not apart.any() else f"{(apart > 0).sum()} of {apart.size} differ, by up to {apart.max()}"
    finite = np.isfinite(want)
    if not np.array_equal(got[~finite], want[~finite], equal_nan=True):
        return f"{got[~finite]}, not {want[~finite]}"
    apart = np.abs(got[finite] - want[finite]) / (np.abs(want[finite]).max(initial=1e-30) if steps == 0 else 1)
    return None if apart.max(initial=0) <= relative else f"differs by {apart.max():.3g}"


def feed(name, value, info, folder):
    if isinstance(value, dict):
        keys = info.type.map_type.key_type
        message = onnx.MapProto(key_type=keys)
        (message.string_keys if keys == T.STRING else message.keys).extend([k.encode() if keys == T.STRING else k for k in value])
        message.values.elem_type = onnx.SequenceProto.TENSOR
        message.values.tensor_values.extend(numpy_helper.from_array(scalar(v)) for v in value.values())
    else:
        message = helper.make_tensor("t", T.STRING, value.shape, [t.encode() for t in value.ravel()]) if value.dtype == object else \
            numpy_helper.from_array(value)
    path = os.path.join(folder, name + ".pb")
    with open(path, "wb") as f:
        f.write(message.SerializeToString())
    return ["--input", f"{name}={path}"]


def judge(dlc, made, inputs, tolerance, spelled, folder):
    """- Parameter spelled: the same model in operators that ONNX Runtime has, or the model itself."""
    path = os.path.join(folder, "model.onnx")
    onnx.save(made, path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(spelled.SerializeToString(), options)
    if any(node.op_type == "SparseAttention" for node in made.graph.node):
        binding = session.io_binding()
        held = {name: onnxruntime.OrtValue.ortvalue_from_numpy(value.copy()) for name, value in inputs.items()}
        for name, value in held.items():
            binding.bind_ortvalue_input(name, value)
        binding.bind_output("y", "cpu")
        # It wants what is kept to lie where it lay.
        binding.bind_ortvalue_output("o", held["h"])
        binding.bind_ortvalue_output("p", held["i"])
        session.run_with_iobinding(binding)
        want = [value.numpy() for value in binding.get_outputs()]
    else:
        want = session.run(None, inputs)
    if any(dim.dim_param for info in made.graph.input for dim in info.type.tensor_type.shape.dim):
        run = subprocess.run([dlc, "build", path, "-o", path + ".dlc"], capture_output=True, text=True)
        if run.returncode:
            return run.stderr.strip()
        path += ".dlc"
    arguments = [word for info in made.graph.input for word in feed(info.name, inputs[info.name], info, folder)]
    out = os.path.join(folder, "out")
    run = subprocess.run([dlc, "run", path, *arguments, "--output-dir", out, "--output-format", "pb"], capture_output=True, text=True)
    if run.returncode:
        return run.stderr.strip()
    for output, expected in zip(made.graph.output, want):
        with open(os.path.join(out, f"{output.name}.pb"), "rb") as f:
            data = f.read()
        got = numpy_helper.to_list(onnx.SequenceProto.FromString(data)) if isinstance(expected, list) else \
            numpy_helper.to_array(T.FromString(data))
        fault = difference(got, expected, tolerance)
        if fault:
            return f"{output.name}: {fault}"
    return None


# Groups that are also run for inputs of any extents.
OPEN = (experts, decoders, places, gates, blocks, groups, convolutions, definitions)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dlc")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    running.hold(
        (f"{group.__name__} {name}", partial(judge, options.dlc, made, inputs, tolerance, *(spelled or [made])))
        for group in (elementwise, pools, products, attention, numbers, recurrent, tables, texts, maps, channels_last, forests, *OPEN)
        for name, made, inputs, tolerance, *spelled in (both(group()) if group in OPEN else group())
        if options.only in f"{group.__name__} {name}")


if __name__ == "__main__":
    main()
