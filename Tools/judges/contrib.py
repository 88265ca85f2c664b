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
    want = onnxruntime.InferenceSession(spelled.SerializeToString(), options).run(None, inputs)
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dlc")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    running.hold(
        (f"{group.__name__} {name}", partial(judge, options.dlc, made, inputs, tolerance, *(spelled or [made])))
        for group in (elementwise, pools, products, attention, numbers, recurrent, tables, texts, maps, channels_last, forests)
        for name, made, inputs, tolerance, *spelled in group()
        if options.only in f"{group.__name__} {name}")


if __name__ == "__main__":
    main()
