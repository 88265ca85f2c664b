"""One runtime on one model: how long it takes to load, to run first, and to run.

    python peers.py {ort,openvino,ncnn} MODEL.onnx THREADS SECONDS FOLDER

Prints one JSON object: load_ms, first_ms, median_ms, min_ms, peak_rss_mb. Every engine computes in f32 on the same
random inputs, which are handed over before the clock starts. FOLDER keeps models converted for ncnn.
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import time


def random_inputs(path):
    """An array per input, in order; symbols are 1. Integers are small, so that they are valid as token ids; masks are ones."""
    import numpy
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    random = numpy.random.default_rng(1)
    arrays = {}
    for value in graph.input:
        if value.name in weights:
            continue
        tensor = value.type.tensor_type
        shape = [dim.dim_value if dim.dim_value > 0 else 1 for dim in tensor.shape.dim]
        kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if numpy.issubdtype(kind, numpy.floating):
            arrays[value.name] = random.standard_normal(shape).astype(kind)
        elif kind == bool or "mask" in value.name.lower():
            arrays[value.name] = numpy.ones(shape, kind)
        else:
            arrays[value.name] = random.integers(0, 64, shape).astype(kind)
    return arrays


def symbolic_shapes(path):
    """`NAME=1x3x8` for every input with an extent that is a symbol: those that the arrays above have."""
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    arrays = random_inputs(path)
    return [
        value.name + "=" + "x".join(map(str, arrays[value.name].shape))
        for value in graph.input
        if value.name in arrays and any(dim.dim_value <= 0 for dim in value.type.tensor_type.shape.dim)
    ]


def onnx_runtime(path, threads, inputs, folder):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    for name, array in inputs.items():
        binding.bind_cpu_input(name, array)
    for output in session.get_outputs():
        binding.bind_output(output.name)
    return lambda: session.run_with_iobinding(binding)


def openvino(path, threads, inputs, folder):
    import openvino

    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(path, "CPU", settings).create_infer_request()
    for name, array in inputs.items():
        request.set_tensor(name, openvino.Tensor(array))
    return request.infer


def convert_for_ncnn(path, inputs, folder):
    """The stem of the converted files. pnnx writes beside the model, hence the link."""
    name = os.path.splitext(os.path.basename(path))[0]
    folder = os.path.join(folder, "ncnn", name)
    stem = os.path.join(folder, name)
    if not os.path.exists(stem + ".ncnn.bin"):
        os.makedirs(folder, exist_ok=True)
        link = stem + ".onnx"
        if os.path.lexists(link):
            os.remove(link)
        os.symlink(os.path.abspath(path), link)
        shapes = ",".join("[" + ",".join(map(str, array.shape)) + "]" for array in inputs.values())
        program = os.path.join(os.path.dirname(sys.executable), "pnnx")
        subprocess.run([program, link, f"inputshape={shapes}", "fp16=0"], check=True, timeout=600, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return stem


def ncnn(path, threads, inputs, folder):
    import ncnn
    import numpy

    stem = convert_for_ncnn(path, inputs, folder)
    net = ncnn.Net()
    net.opt.num_threads = threads
    for half in ("use_fp16_storage", "use_fp16_packed", "use_fp16_arithmetic", "use_bf16_storage"):
        setattr(net.opt, half, False)
    if net.load_param(stem + ".ncnn.param") or net.load_model(stem + ".ncnn.bin"):
        sys.exit("ncnn cannot load the converted model")
    # ncnn knows no batch: an array of one picture is the picture.
    mats = [ncnn.Mat(numpy.ascontiguousarray(array[0])).clone() for array in inputs.values()]

    def run():
        with net.create_extractor() as extractor:
            for index, mat in enumerate(mats):
                extractor.input(f"in{index}", mat)
            status, output = extractor.extract("out0")
            if status:
                sys.exit("ncnn cannot run the converted model")
            return output

    return run


def main():
    engine, path, threads, seconds, folder = sys.argv[1:]
    inputs = random_inputs(path)
    if engine == "ncnn":
        convert_for_ncnn(path, inputs, folder)
    open_engine = {"ort": onnx_runtime, "openvino": openvino, "ncnn": ncnn}[engine]
    clock = time.perf_counter_ns
    start = clock()
    run = open_engine(path, int(threads), inputs, folder)
    loaded = clock()
    run()
    first = clock()
    times, end = [], first + float(seconds) * 1e9
    while len(times) < 5 or clock() < end:
        begin = clock()
        run()
        times.append(clock() - begin)
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss counts bytes there, KB elsewhere
    print(json.dumps({
        "load_ms": (loaded - start) / 1e6, "first_ms": (first - loaded) / 1e6, "median_ms": statistics.median(times) / 1e6,
        "min_ms": min(times) / 1e6, "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20,
    }))


if __name__ == "__main__":
    main()
