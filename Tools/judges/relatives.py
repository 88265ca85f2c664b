"""Small ONNX models of the kinds in which engines go wrong, each with its extents fixed, named and unnamed: relatives.py DLC [NAME ...]

A case is ONNX's text form of its nodes, sets of inputs and initializers. Its model is made with the extents of each set, and once
with every extent a symbol of its own and once with none named, which then run on all sets; ONNX Runtime without optimisations says
what is right, 1e-4 relative, integers exact. Where ONNX Runtime refuses, dlc may answer or refuse; it must not crash or hang.
Prints a line per difference. The last line is `N passed, N failed`.
"""
import concurrent.futures
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper, parser

from running import literal_session

LIMIT_S = 120
random = np.random.RandomState(7)
INF, NAN, LAST = np.inf, np.nan, 2**63 - 1
CASES = []
onnxruntime.set_default_logger_severity(4)


def f(*shape):
    return random.randn(*shape).astype(np.float32)


def ints(low, high, *shape, dtype=np.int64):
    return random.randint(low, high, shape).astype(dtype)


def of(*values, dtype=np.int64):
    return np.array(values, dtype)


def case(name, nodes, sets, outputs="y", opset=17, **initializers):
    """sets: by input a list with a shape (of random f32) or an array per set, or one for all."""
    count = max(len(v) for v in sets.values() if isinstance(v, list))
    chosen = [{n: v[k % len(v)] if isinstance(v, list) else v for n, v in sets.items()} for k in range(count)]
    feeds = [{n: v if isinstance(v, np.ndarray) else f(*v) for n, v in one.items()} for one in chosen]
    CASES.append((name, nodes, feeds, outputs.split(), opset, initializers))


def model(index, form, feeds):
    _, nodes, _, outputs, opset, initializers = CASES[index]
    domains = f'"": {opset}' + (', "com.microsoft": 1' if "com.microsoft" in nodes else "")
    made = parser.parse_model(f"<ir_version: 8, opset_import: [{domains}]> g () => () {{ {nodes} }}")
    for name, value in feeds.items():
        dims = {"fixed": list(value.shape), "named": [f"{name}_{k}" for k in range(value.ndim)], "unnamed": [None] * value.ndim}[form]
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        made.graph.input.append(helper.make_tensor_value_info(name, kind, dims))
    made.graph.initializer.extend(numpy_helper.from_array(np.asarray(v), n) for n, v in initializers.items())
    made.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
    return made


def reference(path, feeds):
    session = literal_session(path)
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))


def difference(got, want):
    if got.shape != want.shape or got.dtype != want.dtype:
        return f"{got.dtype}{list(got.shape)}, not {want.dtype}{list(want.shape)}"
    if want.dtype.kind in "iub":
        wrong = got != want
    else:
        wrong = ~np.isclose(got.astype(np.float64), want.astype(np.float64), rtol=1e-4, atol=1e-5, equal_nan=True)
    return f"{int(wrong.sum())} of {wrong.size} differ" if wrong.any() else None


def answer(dlc, path, feeds, folder):
    """None and the outputs, or why there are none, and whether that is a refusal."""
    command = [dlc, "run", path, "--output-dir", f"{folder}/out"]
    for name, value in feeds.items():
        np.save(f"{folder}/{name}.npy", value)
        command += ["--input", f"{name}={folder}/{name}.npy"]
    try:
        # Freed and fresh memory is filled, so that what nobody wrote shows.
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, env={**os.environ, "MALLOC_PERTURB_": "165"})
    except subprocess.TimeoutExpired:
        return f"no answer in {LIMIT_S} s", False
    if done.returncode:
        message = (done.stderr.strip().splitlines() or [""])[-1]
        return f"status {done.returncode}: {message}", done.returncode == 1 and message.startswith("error: ")
    return None, False


def judge(job):
    dlc, index, form, first, places = job
    name, _, sets, outputs, _, _ = CASES[index]
    results = []
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.onnx"
        made = model(index, form, sets[first])
        onnx.save(made, path)
        for place in places:
            label = f"{name} {form} {place}"
            try:
                want = reference(path, sets[place])
            except Exception:
                want = None
            if want is not None and not made.graph.output[0].type.HasField("tensor_type"):
                for slot in made.graph.output:
                    slot.type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(want[slot.name].dtype)
                onnx.save(made, path)
            why, refused = answer(dlc, path, sets[place], folder)
            if why is None and want is not None:
                pairs = [(np.load(f"{folder}/out/{output}.npy"), np.asarray(want[output])) for output in outputs]
                why = next((d for d in (difference(*pair) for pair in pairs) if d), None)
            elif refused and want is None:
                why = None
            results.append((label, why))
    return results


def main():
    dlc, only = sys.argv[1], sys.argv[2:]
    jobs = []
    for index, (name, _, sets, _, _, _) in enumerate(CASES):
        if only and not any(word in name for word in only):
            continue
        jobs += [(dlc, index, "fixed", place, [place]) for place in range(len(sets))]
        jobs += [(dlc, index, form, 0, range(len(sets))) for form in ("named", "unnamed")]
    passed = failed = 0
    # Workers see the cases as they were made: random numbers are drawn once.
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        for results in pool.map(judge, jobs):
            for label, why in results:
                passed, failed = passed + (why is None), failed + (why is not None)
                if why:
                    print(f"{label}: {why[:200]}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


def movements():
    for name, start, end, axis, step, shapes in [
        ("last seven", -7, LAST, -1, 1, [(2, 3), (2, 9), (2, 7), (2, 0)]), ("own end", 0, -2, 1, 1, [(2, 3), (2, 2), (2, 1), (2, 0)]),
        ("turned", -1, -LAST, 0, -1, [(4, 3), (1, 3), (0, 3)]), ("turned twos", LAST, -LAST - 1, 1, -2, [(2, 5), (2, 1), (2, 0), (2, 4)]),
        ("turned middle", -2, 0, 1, -1, [(2, 5), (2, 1), (2, 2), (2, 0)]), ("thirds", 1, LAST, 1, 3, [(2, 7), (2, 1), (2, 2), (2, 0)]),
        ("nothing", 5, 2, 1, 1, [(2, 7), (2, 3)]), ("both ends", -5, -2, 0, 2, [(7, 2), (3, 2), (1, 2), (0, 2)]),
    ]:
        case(f"slice {name}", "y = Slice(x, a, b, c, d)", {"x": shapes}, a=of(start), b=of(end), c=of(axis), d=of(step))
    case("concat", "y = Concat<axis=1>(x, z)", {"x": [(2, 3), (2, 0), (0, 3), (1, 1)], "z": [(2, 4), (2, 5), (0, 4), (1, 0)]})
    case("concat parts", "p = Conv(x, w) q = Conv(x, v) r = Concat<axis=1>(p, q, x) y = Relu(r)",
         {"x": [(1, 3, 5, 5), (2, 3, 1, 1), (0, 3, 4, 2)]}, w=f(4, 3, 1, 1), v=f(2, 3, 1, 1))
    case("past", "k = Concat<axis=2>(p, x) t = Transpose<perm=[0,1,3,2]>(k) y = MatMul(x, t)",
         {"p": [(1, 2, 3, 4), (1, 2, 0, 4), (2, 2, 1, 4)], "x": [(1, 2, 1, 4), (1, 2, 5, 4), (2, 2, 1, 4)]}, "y k")
    case("gather nd", "y = GatherND(x, i)", {"x": [(2, 3, 4), (1, 1, 4), (5, 2, 0)],
                                             "i": [ints(-1, 1, 3, 2), ints(-1, 1, 2, 2), of([0, 1])]})
    case("gather elements", "y = GatherElements<axis=1>(x, i)", {"x": [(2, 3), (3, 1)], "i": [ints(-3, 3, 2, 5), ints(-1, 1, 1, 1)]})
    case("scatter", "y = ScatterND(x, i, u)", {"x": [(4, 3), (1, 3), (4, 0)], "i": [of([0], [-1]), of([0]), of([2])],
                                              "u": [(2, 3), (1, 3), (1, 0)]})
    case("split", "p, y, q = Split<axis=1>(x, s)", {"x": [(2, 7, 2), (1, 7, 1), (0, 7, 2), (2, 6, 2)]}, "p y q", s=of(1, 4, 2))
    case("split halves", "s = Shape<start=1,end=2>(x) h = Div(s, t) k = Sub(s, h) n = Concat<axis=0>(h, k) p, y = Split<axis=1>(x, n)",
         {"x": [(2, 7), (1, 2), (2, 1), (2, 0)]}, "p y", t=of(2))
    case("reshape", "y = Reshape(x, s)", {"x": [(2, 3, 4), (0, 3, 4), (1, 6, 2), (1, 5, 1)]}, s=of(-1, 12))
    case("reshape zero", "y = Reshape<allowzero=1>(x, s)", {"x": [(0, 3), (2, 0)]}, s=of(0, 3))
    case("expand", "s = Shape(z) y = Expand(x, s)", {"x": [(1, 3), (2, 1), (1, 1), (4, 3)], "z": [(4, 3), (2, 0), (1, 1), (1, 3)]})
    case("tile", "s = Shape<end=1>(z) r = Concat<axis=0>(s, o) y = Tile(x, r)", {"x": [(1, 3), (2, 1)], "z": [(4, 1), (0, 1)]}, o=of(2))
    for mode in ("constant", "reflect", "edge", "wrap"):
        case(f"pad {mode}", f'y = Pad<mode="{mode}">(x, p)', {"x": [(3, 4), (2, 3)]}, opset=19, p=of(1, 0, 1, 2))
    case("pad to eight", "s = Shape<start=1>(x) r = Mod(s, e) d = Sub(e, r) m = Mod(d, e) p = Concat<axis=0>(z, z, z, m) y = Pad(x, p)",
         {"x": [(2, 7), (2, 8), (2, 1), (2, 17), (2, 0)]}, e=of(8), z=of(0))
    case("top", "v, y = TopK(x, k)", {"x": [(2, 5), (1, 3), (0, 4), (2, 2)]}, "v y", k=of(3))
    case("ties", "y = ArgMax<axis=1>(x) z = ArgMin<axis=1,select_last_index=1>(x)",
         {"x": [of([1, 3, 3, 1], [2, 2, 2, 2], dtype=np.float32), (0, 3), (2, 1)]}, "y z")
    case("sums", "y = CumSum<exclusive=1,reverse=1>(x, a)", {"x": [(2, 5), (2, 1), (2, 0), (0, 3)]}, a=np.array(-1))
    case("triangle", "y = Trilu<upper=0>(x, k)", {"x": [(2, 3, 4), (1, 1, 1), (2, 0, 3)]}, k=np.array(1))
    case("one hot", "y = OneHot<axis=1>(x, d, v)", {"x": [ints(-4, 4, 3), ints(0, 9, 1), ints(0, 1, 0)]}, d=np.array(4), v=f(2))


def windows():
    shapes = [(1, 2, 5, 6), (2, 1, 1, 1), (1, 2, 2, 3), (1, 2, 8, 4)]
    for ceil in (0, 1):
        case(f"max pool {ceil}", f"y = MaxPool<kernel_shape=[3,3],strides=[2,2],pads=[1,1,1,1],ceil_mode={ceil}>(x)", {"x": shapes})
        for counted in (0, 1):
            attributes = f"kernel_shape=[3,3],strides=[2,2],pads=[1,1,1,1],ceil_mode={ceil},count_include_pad={counted}"
            case(f"mean pool {ceil} {counted}", f"y = AveragePool<{attributes}>(x)", {"x": shapes}, opset=19)
    case("unpool", "p, k = MaxPool<kernel_shape=[2,2],strides=[2,2]>(x) y = MaxUnpool<kernel_shape=[2,2],strides=[2,2]>(p, k)",
         {"x": [(1, 2, 4, 6), (2, 1, 2, 2)]})
    for name, attributes, w in [
        ("conv", "pads=[1,1,1,1]", f(16, 3, 3, 3)), ("conv dilated", "dilations=[2,2],pads=[2,2,2,2]", f(4, 3, 3, 3)),
        ("conv depthwise", "group=3,pads=[1,1,1,1],strides=[2,2]", f(3, 1, 3, 3)),
        ("conv uneven", "pads=[0,1,2,3],strides=[3,2]", f(4, 3, 2, 3)),
    ]:
        case(name, f"y = Conv<{attributes}>(x, w)", {"x": [(1, 3, 4, 5), (2, 3, 1, 1), (0, 3, 4, 4), (1, 2, 4, 4)]}, w=w)
    case("conv back", "y = ConvTranspose<strides=[2,3],output_padding=[1,2],pads=[1,0,1,1]>(x, w)",
         {"x": [(1, 2, 3, 4), (2, 2, 1, 1), (0, 2, 2, 2)]}, w=f(2, 3, 3, 3))
    case("conv of open weights", "y = Conv<pads=[1,1,1,1]>(x, w)", {"x": [(1, 3, 5, 5), (1, 2, 3, 3)], "w": [(4, 3, 3, 3), (1, 2, 3, 3)]})
    case("deformed", "y = DeformConv<kernel_shape=[3,3],pads=[1,1,1,1]>(x, w, o)",
         {"x": [(1, 2, 5, 5), (2, 2, 1, 1)], "o": [(1, 18, 5, 5), (2, 18, 1, 1)]}, opset=19, w=f(3, 2, 3, 3))
    sets = {"x": [(1, 2, 4, 5), (2, 1, 1, 1), (1, 2, 1, 3)], "g": [(1, 3, 2, 2), (2, 1, 1, 2), (1, 2, 2, 2)]}
    for mode in ("linear", "nearest", "cubic"):
        for padding in ("zeros", "border", "reflection"):
            case(f"grid {mode} {padding}", f'y = GridSample<mode="{mode}",padding_mode="{padding}">(x, g)', sets, opset=20)
    case("affine grid", "s = Shape(x) g = AffineGrid<align_corners=1>(t, s) y = GridSample(x, g)",
         {"t": [(1, 2, 3), (2, 2, 3)], "x": [(1, 2, 4, 5), (2, 1, 2, 3)]}, opset=20)
    for mode in ("nearest", "linear", "cubic"):
        case(f"resize {mode}", f's = Shape<start=2>(z) b = Shape<end=2>(x) n = Concat<axis=0>(b, s) y = Resize<mode="{mode}">(x, , , n)',
             {"x": [(1, 2, 3, 4), (1, 2, 1, 1), (2, 2, 5, 3)], "z": [(1, 3, 6, 8), (1, 3, 3, 1), (2, 3, 5, 3)]})
    case("spectra", "y = STFT(x, s, w, n)", {"x": [(1, 32, 1), (2, 16, 1), (1, 21, 1)]}, s=np.array(4), w=f(16), n=np.array(16))
    case("spectrum", "y = DFT<axis=1,onesided=1>(x)", {"x": [(1, 8, 1), (2, 1, 1), (1, 7, 1)]})


def layers():
    case("layer norm", "y = LayerNormalization<axis=1>(x, s)", {"x": [(2, 3, 4), (1, 1, 1), (2, 2, 2)], "s": [(3, 4), (1, 1), (2, 2)]})
    case("group norm", "r = Reshape(x, g) n = InstanceNormalization(r, o, z) t = Shape(x) u = Reshape(n, t) y = Mul(u, s)",
         {"x": [(2, 4, 3, 3), (1, 4, 1, 2), (1, 4, 2, 2)]}, g=of(0, 2, -1), o=np.ones(2, "f"), z=np.zeros(2, "f"), s=f(4, 1, 1))
    wide = {"q": [(1, 2, 3, 4), (2, 2, 1, 4), (1, 2, 0, 4)], "k": [(1, 2, 5, 4), (2, 2, 1, 4), (1, 2, 2, 4)]}
    wide["v"] = wide["k"]
    attention = "t = Transpose<perm=[0,1,3,2]>(k) s = MatMul(q, t) d = Mul(s, c) {} p = Softmax<axis=-1>(e) y = MatMul(p, v)"
    case("attention spelled", attention.format("e = Identity(d)"), wide, c=np.float32(0.5))
    masks = [random.rand(1, 1, 3, 5) > 0.3, np.zeros((2, 1, 1, 1), bool), np.ones((1, 1, 1, 2), bool)]
    case("attention masked", attention.format("e = Where(m, d, n)"), {**wide, "m": masks}, c=np.float32(0.5), n=np.float32(-INF))
    case("attention", "y = Attention(q, k, v)", {n: v[:2] for n, v in wide.items()}, opset=23)
    square = [(1, 2, 3, 4), (2, 2, 1, 4), (1, 2, 5, 4)]
    case("attention causal", "y = Attention<is_causal=1>(q, k, v)", {n: square for n in "qkv"}, opset=23)
    for name, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
        weights = {"w": f(2, 3 * gates, 5) / 2, "r": f(2, 3 * gates, 3) / 2, "b": f(2, 6 * gates)}
        lengths = [of(2, 4, dtype=np.int32), of(1, dtype=np.int32), of(4, 0, 1, dtype=np.int32)]
        case(name, f'y, h = {name}<hidden_size=3,direction="bidirectional">(x, w, r, b, l)',
             {"x": [(4, 2, 5), (1, 1, 5), (4, 3, 5)], "l": lengths}, "y h", **weights)
    for text, x, z in [
        ("ij,jk->ik", [(2, 3), (1, 1), (2, 0)], [(3, 4), (1, 1), (0, 3)]), ("bi,bi->b", [(2, 3), (1, 1), (2, 0)], [(2, 3), (1, 1), (2, 0)]),
        ("...ij,...jk->...ik", [(2, 1, 2, 3), (1, 5, 1, 1)], [(2, 1, 3, 4), (1, 5, 1, 2)]),
        ("bsd,hde->bhse", [(2, 3, 4), (1, 1, 4)], [(2, 4, 5), (2, 4, 1)]),
    ]:
        case(f"einsum {text}", f'y = Einsum<equation="{text}">(x, z)', {"x": x, "z": z})
    for text, x in [("ii->i", [(3, 3), (1, 1), (0, 0)]), ("bii->b", [(2, 3, 3), (1, 1, 1)]), ("ij->", [(2, 3), (0, 2)])]:
        case(f"einsum {text}", f'y = Einsum<equation="{text}">(x)', {"x": x})
    case("product", "y = MatMul(x, z)", {"x": [(2, 0), (0, 0), (1, 3)], "z": [(0, 3), (0, 0), (3, 1)]})
    case("product wide", "y = MatMul(x, z)", {"x": [(2, 1, 3, 4), (1, 1, 1, 1), (3, 2, 2, 2)], "z": [(3, 4, 2), (2, 1, 2), (1, 2, 2)]})
    case("softmax", "y = Softmax<axis=1>(x)", {"x": [(2, 3, 4), (1, 1, 1), (2, 0, 3), (0, 2, 2)]})
    case("largest of none", "y = ReduceMax<keepdims=0>(x)", {"x": [(2, 3), (1, 1), (0, 3)]}, opset=18)


def values():
    special = np.array([NAN, INF, -INF, 0, -0.0, 1e-40, -1e-40, 3e38, -3e38, 1, -1, 0.5, 1.5, 2.5, -2.5, 88.8, -104, 1e10, -7.3], "f")
    for name in ("Exp Log Sqrt Reciprocal Round Erf Tanh Sigmoid Softplus Softsign Relu Elu Selu Celu HardSwish Mish Gelu").split():
        case(f"special {name}", f"y = {name}(x)", {"x": [special]}, opset=20)
    left, right = (grid.ravel() for grid in np.meshgrid(special, special))
    for name in "Add Mul Div Pow Max Min Less Equal GreaterOrEqual PRelu Mod<fmod=1>".split():
        case(f"special {name}", f"y = {name}(x, z)", {"x": [left], "z": [right]})
    for kind, low, high in ((np.int32, -2**31, 2**31 - 1), (np.int64, -2**63, LAST), (np.uint8, 0, 255), (np.uint64, 0, 2**64 - 1)):
        edges = np.array([low, high, 1, 0, 7, high - 1] + ([-1, -7, -2] if low else [2, 9, 200]), kind)
        left, right = (grid.ravel() for grid in np.meshgrid(edges, edges))
        keep = (right != 0) & ~((left == low) & (right == kind(-1) if low else False))
        for name in ("Div", "Mod"):
            case(f"{name} {kind.__name__}", f"y = {name}(x, z)", {"x": [left[keep]], "z": [right[keep]]})
        divisors = np.array([-1 if low else 1, 0], kind)
        case(f"quotients without a value {kind.__name__}", "y = Div(x, z)", {"x": [edges[:2]], "z": [divisors]})
        if not low:
            for way in ("LEFT", "RIGHT"):
                case(f"shift {way} {kind.__name__}", f'y = BitShift<direction="{way}">(x, z)', {"x": [edges], "z": [np.array([64], kind)]})


def shapes():
    case("ceiling", "s = Shape<start=1,end=2>(x) g = Cast<to=1>(s) h = Div(g, t) c = Ceil(h) i = Cast<to=7>(c) y = Slice(x, z, i, o)",
         {"x": [(2, 3), (1, 1), (2, 0), (1, 8)]}, t=np.float32(2), z=of(0), o=of(1))
    case("square tokens", "s = Shape<start=1,end=2>(x) g = Cast<to=1>(s) q = Sqrt(g) i = Cast<to=7>(q)"
         " b = Shape<end=1>(x) d = Shape<start=2>(x) t = Concat<axis=0>(b, i, i, d) y = Reshape(x, t)",
         {"x": [(2, 9, 4), (1, 1, 1), (1, 16, 3)]})
    case("at most eight", "s = Shape<start=1,end=2>(x) m = Min(s, e) y = Slice(x, z, m, o)", {"x": [(2, 5), (1, 20), (1, 8), (1, 0)]},
         e=of(8), z=of(0), o=of(1))
    case("equal extents", "s = Shape(x) a = Gather(s, o) b = Gather(s, t) e = Equal(a, b) i = Cast<to=7>(e) u = Unsqueeze(i, z)"
         " y = ConstantOfShape(u)", {"x": [(2, 3, 4), (3, 3, 3)]}, o=np.array(-1), t=np.array(-2), z=of(0))
    case("class token", "b = Shape<end=1>(x) n = Concat<axis=0>(b, o, o) q = Equal(n, m) l = ConstantOfShape<value=int64[1]{1}>(t)"
         " w = Where(q, l, n) e = Expand(c, w) y = Concat<axis=1>(e, x)", {"x": [(1, 3, 4), (2, 1, 4), (1, 0, 4)]}, o=of(-1),
         m=of(-1, -1, -1), t=of(3), c=f(1, 1, 4))
    case("skip", "d = MaxPool<kernel_shape=[2,2],strides=[2,2]>(x) u = ConvTranspose<strides=[2,2]>(d, w) s = Shape(x) k = Shape(u)"
         " e = Sub(s, k) g = Slice(e, t, r, z) h = Div(g, t) l = Sub(g, h) p = Concat<axis=0>(n, h, n, l) v = Pad(u, p)"
         " y = Concat<axis=1>(x, v)", {"x": [(1, 2, 4, 6), (2, 2, 3, 5), (1, 2, 2, 2)]}, w=f(2, 2, 2, 2), t=of(2), r=of(4),
         z=of(0), n=of(0, 0))
    case("squeeze without axes", "y = Squeeze(x)", {"x": [(2, 1, 3), (1, 1, 3), (2, 1, 1), (1, 1, 1)]})
    case("col2im", "s = Shape<start=2>(z) y = Col2Im<strides=[2, 1], pads=[1, 0, 0, 1]>(x, s, k)",
         {"x": [(2, 8, 12), (1, 4, 2)], "z": [(1, 1, 5, 5), (1, 1, 2, 2)]}, opset=18, k=of(2, 2))
    case("div towards zero", "s = Shape(x) d = Sub(s, a) q = Div(d, k) y = Identity(q) z = Mul(q, q)", {"x": [(0, 7), (1, 40), (33, 2)]}, "y z",
         a=of(1, 9), k=of(32, 4))
    case("relative places", "s = Shape<start=1>(x) n = Squeeze(s) r = Range(a, n, b) u = Unsqueeze(r, o) d = Sub(u, r) c = Clip(d, l, h)"
         " e = Add(c, h) y = Gather(w, e)", {"x": [(1, 3), (1, 1), (1, 12), (1, 0)]}, a=np.array(0), b=np.array(1), o=of(1),
         l=np.array(-4), h=np.array(4), w=f(9, 2))


def contradictions():
    for name, nodes, sets, weights in [
        ("add", "y = Add(x, w)", {"x": [(2, 3), (2, 2)]}, {"w": f(3)}),
        ("conv", "y = Conv(x, w)", {"x": [(1, 4, 5, 5)]}, {"w": f(2, 3, 3, 3)}),
        ("concat", "y = Concat<axis=1>(x, z)", {"x": [(2, 3)], "z": [(3, 3)]}, {}),
        ("norm", "y = LayerNormalization(x, s)", {"x": [(2, 5)]}, {"s": f(4)}),
        ("reshape", "y = Reshape(x, s)", {"x": [(2, 5), (0, 5)]}, {"s": of(-1, 4)}),
        ("squeeze", "y = Squeeze(x, a)", {"x": [(2, 3)]}, {"a": of(0)}),
        ("elements", "y = GatherElements<axis=1>(x, i)", {"x": [(2, 3)], "i": [of([0, 5, 1])]}, {}),
        ("pool", "y = AveragePool<kernel_shape=[3,3]>(x)", {"x": [(1, 2, 0, 0)]}, {}),
    ]:
        case(f"contradiction {name}", nodes, sets, **weights)


def contrib():
    case("skip norm", "y, , , s = com.microsoft.SkipLayerNormalization(x, z, g, b)", {n: [(2, 3, 4), (1, 1, 4)] for n in "xz"}, "y s",
         g=f(4), b=f(4))
    heads = {"q": [(2, 3, 8), (1, 1, 8), (2, 2, 8)], "k": [(2, 5, 8), (1, 1, 8), (2, 2, 8)], "v": [(2, 5, 8), (1, 1, 8), (2, 2, 8)]}
    masks = [of([1, 1, 0, 1, 0], [1, 1, 1, 1, 1], dtype=np.int32), of([1], dtype=np.int32), of([0, 0], [1, 0], dtype=np.int32)]
    case("heads", "y = com.microsoft.MultiHeadAttention<num_heads=2>(q, k, v, , m)", {**heads, "m": masks})
    case("self attention", "y = com.microsoft.Attention<num_heads=2,unidirectional=1>(x, w, b)", {"x": heads["q"]}, w=f(8, 24), b=f(24))
    case("fused product", "y = com.microsoft.FusedMatMul<alpha=0.5,transA=1>(x, z)",
         {"x": [(2, 4, 3), (1, 1, 1)], "z": [(2, 4, 5), (1, 1, 1)]})
    case("fused conv", 'y = com.microsoft.FusedConv<activation="LeakyRelu",activation_params=[0.1]>(x, w)',
         {"x": [(1, 3, 4, 5)]}, w=f(4, 3, 3, 3))


if __name__ == "__main__":
    for kind in (movements, windows, layers, values, shapes, contradictions, contrib):
        kind()
    main()
