"""Resize kernels against ONNX Runtime: random 4-D cases, channels first and last, every mode.

Usage: check_resize.py LIBRARY, a shared library of Sources/CKernels. Needs numpy, onnx, onnxruntime.
"""
import ctypes as c
import random
import sys

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper

MODES = ["nearest", "linear", "cubic"]
COORDINATES = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
               "tf_crop_and_resize", "tf_half_pixel_for_nn"]
ROUNDINGS = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
TYPES = {np.dtype(np.float32): 0, np.dtype(np.float64): 1, np.dtype(np.int8): 4, np.dtype(np.uint8): 8, np.dtype(np.int32): 6}
RANK = 8


class Resize(c.Structure):
    _fields_ = [("type", c.c_uint8), ("mode", c.c_uint8), ("coordinates", c.c_uint8), ("rounding", c.c_uint8),
                ("exclude_outside", c.c_bool), ("antialias", c.c_bool), ("cubic_a", c.c_float), ("extrapolation", c.c_double),
                ("rank", c.c_int32), ("x_extent", c.c_int64 * RANK), ("y_extent", c.c_int64 * RANK), ("scale", c.c_float * RANK),
                ("roi_begin", c.c_float * RANK), ("roi_end", c.c_float * RANK), ("taps", c.c_int32 * RANK),
                ("table", c.c_int64 * RANK), ("table_words", c.c_int64), ("last", c.c_int32), ("inner", c.c_int64)]


class Launch(c.Structure):
    _fields_ = [("run", c.c_void_p), ("tasks", c.c_int64), ("phases", c.c_int32), ("shared_bytes", c.c_int64), ("scratch_bytes", c.c_int64)]


class Call(c.Structure):
    _fields_ = [("params", c.c_void_p), ("buffers", c.POINTER(c.c_void_p)), ("shared", c.c_void_p), ("scratch", c.c_void_p),
                ("begin", c.c_int64), ("end", c.c_int64), ("phase", c.c_int32)]


def run(library, isa, x, case, axes, out_shape):
    p = Resize(type=TYPES[x.dtype], mode=MODES.index(case["mode"]), coordinates=COORDINATES.index(case["coordinates"]),
               rounding=ROUNDINGS.index(case["rounding"]), exclude_outside=case["exclude"], antialias=case["antialias"],
               cubic_a=case["a"], extrapolation=case["extrapolation"], rank=x.ndim)
    for i in range(x.ndim):
        p.x_extent[i], p.y_extent[i] = x.shape[i], out_shape[i]
        p.scale[i], p.roi_begin[i], p.roi_end[i] = case["scales"][axes[i]], case["roi"][axes[i]], case["roi"][axes[i] + 4]
    launch = Launch()
    if not library.dlc_resize_prepare(isa, c.byref(p), c.byref(launch)):
        return None
    tables = np.zeros(max(1, library.dlc_resize_table_bytes(c.byref(p))), np.uint8)
    library.dlc_resize_tables(c.byref(p), tables.ctypes.data_as(c.c_void_p))
    y, scratch = np.zeros(out_shape, x.dtype), np.zeros(launch.scratch_bytes + 64, np.uint8)
    x = np.ascontiguousarray(x)
    buffers = (c.c_void_p * 3)(x.ctypes.data, y.ctypes.data, tables.ctypes.data)
    call = Call(params=c.addressof(p), buffers=buffers, scratch=scratch.ctypes.data, begin=0, end=launch.tasks)
    c.CFUNCTYPE(None, c.POINTER(Call))(launch.run)(c.byref(call))
    return y


def expected(x, case):
    attributes = dict(mode=case["mode"], coordinate_transformation_mode=case["coordinates"], nearest_mode=case["rounding"],
                      exclude_outside=int(case["exclude"]), antialias=int(case["antialias"]), cubic_coeff_a=case["a"],
                      extrapolation_value=case["extrapolation"])
    node = helper.make_node("Resize", ["x", "roi", "scales"], ["y"], **attributes)
    element = helper.np_dtype_to_tensor_dtype(x.dtype)
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", element, x.shape)],
                              [helper.make_tensor_value_info("y", element, None)],
                              [helper.make_tensor("roi", TensorProto.FLOAT, [8], case["roi"]),
                               helper.make_tensor("scales", TensorProto.FLOAT, [4], case["scales"])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


def main():
    library = c.CDLL(sys.argv[1])
    library.dlc_resize_table_bytes.restype = c.c_int64
    library.dlc_resize_prepare.restype = library.dlc_host_has.restype = c.c_bool
    rng, cases, failures, refused = random.Random(1), 0, 0, 0
    for number in range(1500):
        shape = [rng.randint(1, 2), rng.randint(1, 21), rng.randint(2, 12), rng.randint(2, 12)]
        scale = lambda: rng.choice([0.3, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 2.7])
        case = dict(mode=rng.choice(MODES), coordinates=rng.choice(COORDINATES), rounding=rng.choice(ROUNDINGS), exclude=False,
                    antialias=False, a=rng.choice([-0.75, -0.5]), extrapolation=7.0, scales=[1.0, 1.0, scale(), scale()],
                    roi=[0.0] * 4 + [1.0] * 4)
        if case["mode"] == "cubic":
            case["exclude"] = rng.random() < 0.3
        if case["mode"] != "nearest":
            case["antialias"] = rng.random() < 0.3 and case["coordinates"] != "tf_crop_and_resize"
            if case["coordinates"] == "tf_half_pixel_for_nn":
                case["coordinates"] = "half_pixel"
        if case["coordinates"] == "tf_crop_and_resize":
            # ONNX Runtime ignores the crop of an axis with scale 1 for some modes; the specification does not.
            case["scales"] = [1.0, 1.0] + [1.4 if s == 1 else s for s in case["scales"][2:]]
            case["roi"] = [0, 0, rng.uniform(-0.2, 0.5), rng.uniform(0, 0.5), 1, 1, rng.uniform(0.5, 1.2), rng.uniform(0.5, 1)]
        if case["mode"] == "nearest" and case["coordinates"] in ("half_pixel_symmetric", "tf_half_pixel_for_nn"):
            # With scales that f32 cannot hold, ties hang on the order in which a coordinate is computed.
            case["scales"] = [s if s in (0.5, 2.0, 3.0) else 1.0 for s in case["scales"]]
        dtype = rng.choice([np.float32] * 3 + [np.uint8, np.int8, np.int32] if case["mode"] == "nearest" else [np.float32] * 3 + [np.uint8])
        if case["mode"] == "cubic":
            dtype = np.float32
        x = (np.random.RandomState(number).rand(*shape) * (200 if dtype == np.uint8 else 100 if dtype != np.float32 else 1)).astype(dtype)
        try:
            want = expected(x, case)
        except Exception:
            refused += 1
            continue
        for isa in range(3):
            if not library.dlc_host_has(isa):
                continue
            for axes in ([0, 1, 2, 3], [0, 2, 3, 1]):
                got = run(library, isa, x.transpose(axes), case, axes, [want.shape[i] for i in axes])
                cases += 1
                worst = np.abs(got.astype(float) - want.transpose(axes).astype(float)).max(initial=0)
                # ONNX Runtime truncates 8-bit results or computes them in fixed point.
                fine = worst <= (3e-6 if dtype == np.float32 else 0 if case["mode"] == "nearest" else 1)
                if not fine:
                    failures += 1
                    if failures < 60 and isa == 0 and axes[1] == 1:
                        print("FAIL", dtype.__name__, isa, axes, shape, list(want.shape), worst, case)
    print(f"{cases} cases, {failures} failures, {refused} refused by ONNX Runtime")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
