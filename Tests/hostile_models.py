"""Write broken and hostile ONNX files, and judge how a command takes them.

    python3 hostile_models.py OUT [--command "dlc inspect"]

Needs the PyPI package onnx. Each case is OUT/NAME/model.onnx with a word that the error must contain. With a
command, runs it on each file: it must end within 60 s with status 1 and `error: …` on standard error that contains
the word; a signal, another status or silence is a failure. Prints a line per failure and a final count.
"""
import argparse
import os
import shlex
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

CASES = {}


def case(word):
    def register(make):
        CASES[make.__name__] = (word, make)
        return make
    return register


def info(name, shape=(2, 3), element=T.FLOAT):
    return helper.make_tensor_value_info(name, element, shape)


def node(op_type, inputs, outputs, name="", **attributes):
    return helper.make_node(op_type, inputs, outputs, name=name or f"{op_type.lower()}_node", **attributes)


def model(nodes, inputs=None, outputs=None, initializers=(), opset=17, functions=(), opsets=None, **graph):
    graph = helper.make_graph(
        nodes, "g", [info("x")] if inputs is None else inputs, [info("y", None)] if outputs is None else outputs,
        list(initializers), **graph)
    opsets = [helper.make_opsetid("", opset)] if opsets is None else opsets
    made = helper.make_model(graph, opset_imports=opsets, functions=list(functions))
    made.ir_version = 8
    return made


def relu():
    return model([node("Relu", ["x"], ["y"])])


def with_tensor(**fields):
    """x + w with a hand-made initializer w."""
    tensor = T(name="w", data_type=T.FLOAT, dims=[2, 3])
    for key, value in fields.items():
        if isinstance(value, list):
            del getattr(tensor, key)[:]
            getattr(tensor, key).extend(value)
        else:
            setattr(tensor, key, value)
    return model([node("Add", ["x", "w"], ["y"])], initializers=[tensor])


def with_external(folder, location, size=24, offset=None, length=None, write=None):
    made = with_tensor(data_location=T.EXTERNAL)
    entries = made.graph.initializer[0].external_data
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        if value is not None:
            entries.add(key=key, value=str(value))
    if write:
        with open(os.path.join(folder, write), "wb") as f:
            f.write(bytes(size))
    return made


def text_type(name, kind):
    value = onnx.ValueInfoProto(name=name)
    element = getattr(value.type, kind).elem_type if kind != "map_type" else value.type.map_type.value_type
    element.tensor_type.elem_type = T.FLOAT
    return value


# Files that are no models.

@case("empty")
def empty_file(folder): return b""

@case("no graph")
def no_graph(folder): return model([]).SerializeToString()[:2]

@case("parse")
def garbage(folder): return np.random.RandomState(0).bytes(4096)

@case("parse")
def zeros(folder): return bytes(1000)

@case("parse")
def text(folder): return b"graph g(%x: f32[2]) -> (%x) {}\n" * 10

@case("parse")
def truncated_half(folder):
    data = with_tensor(raw_data=bytes(24)).SerializeToString()
    return data[:len(data) // 2]

@case("parse")
def truncated_by_one(folder): return relu().SerializeToString()[:-1]

@case("parse")
def endless_varint(folder): return b"\xff" * 64

@case("parse")
def length_beyond_end(folder): return b"\x3a\xff\xff\xff\xff\x07" + bytes(16)

@case("parse")
def png(folder): return b"\x89PNG\r\n\x1a\n" + bytes(64)

def field(number, data):
    """A length-delimited protobuf field."""
    size, header = len(data), bytes([number << 3 | 2])
    while size > 127:
        header += bytes([size & 127 | 128])
        size >>= 7
    return header + bytes([size]) + data


@case("parse")
def nested_too_deep(folder):
    graph = b""
    for _ in range(20000):
        attribute = field(1, b"then_branch") + b"\xa0\x01\x05" + field(6, graph)
        graph = field(1, field(4, b"If") + field(5, attribute))
    return field(7, graph)


# Graphs.

@case("no outputs")
def no_outputs(folder): return model([node("Relu", ["x"], ["y"])], outputs=[])

@case("cycle")
def cycle_of_two(folder): return model([node("Add", ["x", "b"], ["a"], "first"), node("Relu", ["a"], ["b"], "second"), node("Relu", ["b"], ["y"])])

@case("cycle")
def cycle_on_itself(folder): return model([node("Add", ["x", "y"], ["y"])])

@case("cycle")
def cycle_of_many(folder):
    nodes = [node("Relu", [f"v{i}"], [f"v{(i + 1) % 5000}"], f"n{i}") for i in range(5000)]
    return model(nodes + [node("Relu", ["v0"], ["y"])])

@case("'missing'")
def missing_input(folder): return model([node("Add", ["x", "missing"], ["y"])])

@case("'y'")
def output_never_computed(folder): return model([node("Relu", ["x"], ["z"])])

@case("twice")
def value_computed_twice(folder): return model([node("Relu", ["x"], ["y"], "a"), node("Abs", ["x"], ["y"], "b")])

@case("twice")
def node_computes_twice(folder): return model([node("Relu", ["x"], ["y", "y"])])

@case("'x'")
def node_computes_input(folder): return model([node("Relu", ["x"], ["x"]), node("Relu", ["x"], ["y"])])

@case("'w'")
def node_computes_initializer(folder):
    made = with_tensor(raw_data=bytes(24))
    made.graph.node.append(node("Relu", ["x"], ["w"]))
    return made

@case("two inputs")
def duplicate_inputs(folder): return model([node("Relu", ["x"], ["y"])], inputs=[info("x"), info("x")])

@case("two initializers")
def duplicate_initializers(folder):
    made = with_tensor(raw_data=bytes(24))
    made.graph.initializer.append(made.graph.initializer[0])
    return made

@case("no name")
def initializer_without_name(folder): return with_tensor(raw_data=bytes(24), name="")

@case("no name")
def input_without_name(folder): return model([node("Relu", ["x"], ["y"])], inputs=[info("x"), info("")])

@case("no shape")
def input_without_shape(folder): return model([node("Relu", ["x"], ["y"])], inputs=[info("x", None)])

@case("no type")
def input_without_type(folder): return model([node("Relu", ["x"], ["y"])], inputs=[onnx.ValueInfoProto(name="x")])

@case("sequence")
def input_is_sequence(folder): return model([node("Identity", ["x"], ["y"])], inputs=[text_type("x", "sequence_type")])

@case("string")
def sum_of_strings(folder): return model([node("Add", ["x", "x"], ["y"])], inputs=[info("x", (2,), T.STRING)])

@case("999")
def input_of_unknown_type(folder):
    made = relu()
    made.graph.input[0].type.tensor_type.elem_type = 999
    return made

@case("dimension 0")
def input_with_negative_dim(folder): return model([node("Relu", ["x"], ["y"])], inputs=[info("x", (-7, 3))])

@case("overflow")
def input_shape_overflows(folder): return model([node("Relu", ["x"], ["y"])], inputs=[info("x", (2**62, 2**62))])

@case("dimensions")
def input_of_rank_100(folder): return model([node("Relu", ["x"], ["y"])], inputs=[info("x", (1,) * 100)])

@case("declared")
def output_declared_integer(folder): return model([node("Relu", ["x"], ["y"])], outputs=[info("y", (2, 3), T.INT64)])


# Operators and attributes.

@case("Frobnicate")
def unknown_operator(folder): return model([node("Frobnicate", ["x"], ["y"])])

@case("com.example")
def unknown_domain(folder):
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)]
    return model([node("Magic", ["x"], ["y"], domain="com.example")], opsets=opsets)

@case("Second")
def all_unknown_operators_at_once(folder): return model([node("First", ["x"], ["a"]), node("Second", ["a"], ["y"])])

@case("not supported")
def operator_without_type(folder): return model([node("", ["x"], ["y"])])

@case("not imported")
def no_opset(folder): return model([node("Relu", ["x"], ["y"])], opsets=[])

@case("opset")
def opset_of_the_future(folder): return model([node("Relu", ["x"], ["y"])], opset=2**40)

@case("opset")
def opset_negative(folder): return model([node("Relu", ["x"], ["y"])], opset=-3)

@case("two versions")
def opset_twice(folder):
    return model([node("Relu", ["x"], ["y"])], opsets=[helper.make_opsetid("", 13), helper.make_opsetid("", 17)])

@case("alpha")
def attribute_string_for_float(folder): return model([node("LeakyRelu", ["x"], ["y"], alpha="much")])

@case("axis")
def attribute_float_for_int(folder): return model([node("Softmax", ["x"], ["y"], axis=1.5)])

@case("axis")
def attribute_out_of_range(folder): return model([node("Softmax", ["x"], ["y"], axis=9)])

@case("strides")
def attribute_strings_for_ints(folder):
    return model([node("MaxPool", ["x"], ["y"], kernel_shape=[1, 1], strides=["a", "b"])], inputs=[info("x", (1, 1, 4, 4))])

@case("twice")
def attribute_twice(folder):
    made = model([node("LeakyRelu", ["x"], ["y"], alpha=0.1)])
    made.graph.node[0].attribute.append(made.graph.node[0].attribute[0])
    return made

@case("no value")
def attribute_without_value(folder):
    made = relu()
    made.graph.node[0].op_type = "LeakyRelu"
    made.graph.node[0].attribute.append(onnx.AttributeProto(name="alpha"))
    return made

@case("bogus")
def attribute_unknown(folder): return model([node("Relu", ["x"], ["y"], bogus=1)])

@case("operands")
def too_few_inputs(folder): return model([node("Add", ["x"], ["y"])])

@case("operands")
def too_many_inputs(folder): return model([node("Relu", ["x", "x", "x"], ["y"])])

@case("outputs")
def too_many_outputs(folder): return model([node("Relu", ["x"], ["y", "z", "w"])])

@case("missing")
def required_input_left_out(folder): return model([node("Add", ["", "x"], ["y"])])

@case("broadcast")
def shapes_do_not_broadcast(folder):
    return model([node("Add", ["x", "z"], ["y"])], inputs=[info("x", (2, 3)), info("z", (2, 4))])

@case("channels")
def convolution_channels_differ(folder):
    weight = numpy_helper.from_array(np.zeros((4, 5, 3, 3), np.float32), "w")
    return model([node("Conv", ["x", "w"], ["y"])], inputs=[info("x", (1, 3, 8, 8))], initializers=[weight])

@case("Reshape")
def reshape_to_other_count(folder):
    shape = numpy_helper.from_array(np.array([4, 4], np.int64), "s")
    return model([node("Reshape", ["x", "s"], ["y"])], initializers=[shape])

@case("Reshape")
def reshape_overflows(folder):
    shape = numpy_helper.from_array(np.array([2**62, 2**62], np.int64), "s")
    return model([node("Reshape", ["x", "s"], ["y"])], initializers=[shape])

@case("Expand")
def expand_overflows(folder):
    shape = numpy_helper.from_array(np.array([2**61, 2**61, 2, 3], np.int64), "s")
    return model([node("Expand", ["x", "s"], ["y"])], initializers=[shape])

@case("Transpose")
def permutation_repeats(folder): return model([node("Transpose", ["x"], ["y"], perm=[0, 0])])

@case("Pad")
def pads_are_huge(folder):
    pads = numpy_helper.from_array(np.array([2**62, 0, 2**62, 0], np.int64), "p")
    return model([node("Pad", ["x", "p"], ["y"])], initializers=[pads])

@case("MaxPool")
def pool_stride_zero(folder):
    return model([node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[0, 0])], inputs=[info("x", (1, 1, 4, 4))])

@case("Conv")
def convolution_group_zero(folder):
    weight = numpy_helper.from_array(np.zeros((4, 3, 3, 3), np.float32), "w")
    return model([node("Conv", ["x", "w"], ["y"], group=0)], inputs=[info("x", (1, 3, 8, 8))], initializers=[weight])

@case("Gather")
def gather_axis_outside(folder):
    index = numpy_helper.from_array(np.array([0], np.int64), "i")
    return model([node("Gather", ["x", "i"], ["y"], axis=5)], initializers=[index])

@case("Constant")
def constant_without_value(folder): return model([node("Constant", [], ["c"]), node("Add", ["x", "c"], ["y"])])

@case("Constant")
def constant_with_two_values(folder):
    return model([node("Constant", [], ["c"], value_int=1, value_float=1.0), node("Add", ["x", "c"], ["y"])])

@case("branch")
def if_without_branches(folder):
    return model([node("If", ["c"], ["y"])], inputs=[info("x"), info("c", (), T.BOOL)])

@case("Loop")
def loop_that_gains_a_dimension(folder):
    axes = numpy_helper.from_array(np.array([0], np.int64), "axes")
    body = helper.make_graph(
        [node("Identity", ["c"], ["c2"]), node("Unsqueeze", ["s", "axes"], ["s2"])], "body",
        [info("i", (), T.INT64), info("c", (), T.BOOL), info("s")], [info("c2", (), T.BOOL), info("s2", (1, 2, 3))], initializer=[axes])
    return model([node("Loop", ["n", "", "x"], ["y"], body=body)], inputs=[info("x"), info("n", (), T.INT64)])

@case("Loop")
def loop_that_changes_type(folder):
    body = helper.make_graph(
        [node("Identity", ["c"], ["c2"]), node("Cast", ["s"], ["s2"], to=T.INT32)], "body",
        [info("i", (), T.INT64), info("c", (), T.BOOL), info("s")], [info("c2", (), T.BOOL), info("s2", (2, 3), T.INT32)])
    return model([node("Loop", ["n", "", "x"], ["y"], body=body)], inputs=[info("x"), info("n", (), T.INT64)])


# Functions.

def function(name, nodes, inputs=("a",), outputs=("b",)):
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
    return helper.make_function("f", name, list(inputs), list(outputs), nodes, opsets)


def calling(functions, name="F", inputs=("x",), **attributes):
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
    return model([node(name, list(inputs), ["y"], domain="f", **attributes)], functions=functions, opsets=opsets)


@case("calls itself")
def function_calls_itself(folder): return calling([function("F", [node("F", ["a"], ["b"], domain="f")])])

@case("calls itself")
def functions_call_each_other(folder):
    return calling([function("F", [node("G", ["a"], ["b"], domain="f")]), function("G", [node("F", ["a"], ["b"], domain="f")])])

@case("defined twice")
def function_defined_twice(folder):
    f = function("F", [node("Relu", ["a"], ["b"])])
    return calling([f, f])

@case("nodes")
def functions_multiply(folder):
    functions = [function("F0", [node("Relu", ["a"], ["b"])])]
    for level in range(1, 40):
        nodes = [node(f"F{level - 1}", ["a"], ["t"], domain="f"), node(f"F{level - 1}", ["t"], ["b"], domain="f")]
        functions.append(function(f"F{level}", nodes))
    return calling(functions, "F39")

@case("nodes")
def too_many_nodes(folder):
    nodes = field(1, field(1, b"x") + field(2, b"y") + field(4, b"Relu")) * 1_000_001
    return field(7, nodes)

@case("20 million")
def empty_nodes_without_end(folder): return field(7, b"\x0a\x00" * 30_000_000)

@case("deeper")
def functions_nest_deep(folder):
    functions = [function("F0", [node("Relu", ["a"], ["b"])])]
    functions += [function(f"F{i}", [node(f"F{i - 1}", ["a"], ["b"], domain="f")]) for i in range(1, 3000)]
    return calling(functions, "F2999")

@case("inputs")
def function_called_with_too_many(folder): return calling([function("F", [node("Relu", ["a"], ["b"])])], inputs=("x", "x"))

@case("attribute")
def function_called_with_unknown_attribute(folder): return calling([function("F", [node("Relu", ["a"], ["b"])])], bogus=1)

@case("'b'")
def function_without_result(folder): return calling([function("F", [node("Relu", ["a"], ["c"])])])


# Tensors and external data.

@case("needs 24 bytes")
def raw_data_short(folder): return with_tensor(raw_data=bytes(20))

@case("needs 24 bytes")
def raw_data_long(folder): return with_tensor(raw_data=bytes(28))

@case("needs 6 elements")
def typed_data_short(folder): return with_tensor(float_data=[1.0, 2.0])

@case("needs 6 elements")
def typed_data_in_wrong_field(folder): return with_tensor(int64_data=[1, 2, 3, 4, 5, 6])

@case("negative")
def tensor_dim_negative(folder): return with_tensor(dims=[-2, 3], raw_data=bytes(24))

@case("overflow")
def tensor_dims_overflow(folder): return with_tensor(dims=[2**62, 2**62], raw_data=bytes(24))

@case("overflow")
def tensor_dims_overflow_to_zero(folder): return with_tensor(dims=[2**32, 2**32], raw_data=b"")

@case("bytes")
def tensor_dims_huge_without_data(folder): return with_tensor(dims=[2**40], raw_data=b"")

@case("string")
def tensor_of_strings(folder): return with_tensor(data_type=T.STRING, string_data=[b"a"] * 6)

@case("UNDEFINED")
def tensor_of_no_type(folder): return with_tensor(data_type=0, raw_data=bytes(24))

@case("12345")
def tensor_of_unknown_type(folder): return with_tensor(data_type=12345, raw_data=bytes(24))

@case("too large")
def sparse_tensor_huge(folder):
    made = model([node("Add", ["x", "s"], ["y"])])
    sparse = made.graph.sparse_initializer.add(dims=[2**40])
    sparse.values.CopyFrom(numpy_helper.from_array(np.ones(1, np.float32), "s"))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.zeros(1, np.int64)))
    return made

@case("outside")
def sparse_index_outside(folder):
    made = model([node("Add", ["x", "s"], ["y"])])
    sparse = made.graph.sparse_initializer.add(dims=[2, 3])
    sparse.values.CopyFrom(numpy_helper.from_array(np.ones(1, np.float32), "s"))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.array([6], np.int64)))
    return made

@case("relative")
def external_absolute(folder): return with_external(folder, "/etc/passwd")

@case("'..'")
def external_above(folder): return with_external(folder, "../w.bin")

@case("'..'")
def external_above_in_the_middle(folder): return with_external(folder, "a/../../w.bin")

@case("out of")
def external_symlink_out(folder):
    link = os.path.join(folder, "w.bin")
    if not os.path.lexists(link):
        os.symlink("/etc/passwd", link)
    return with_external(folder, "w.bin")

@case("out of")
def external_symlinked_folder(folder):
    link = os.path.join(folder, "etc")
    if not os.path.lexists(link):
        os.symlink("/etc", link)
    return with_external(folder, "etc/passwd")

@case("No such file")
def external_absent(folder): return with_external(folder, "absent.bin")

@case("external data")
def external_is_a_folder(folder): return with_external(folder, ".")

@case("outside")
def external_short(folder): return with_external(folder, "w.bin", size=20, write="w.bin")

@case("outside")
def external_offset_beyond(folder): return with_external(folder, "w.bin", offset=1000, write="w.bin")

@case("offset")
def external_offset_negative(folder): return with_external(folder, "w.bin", offset=-8, write="w.bin")

@case("offset")
def external_offset_is_text(folder): return with_external(folder, "w.bin", offset="far", write="w.bin")

@case("overflow")
def external_offset_overflows(folder): return with_external(folder, "w.bin", offset=2**63 - 8, write="w.bin")

@case("needs 24 bytes")
def external_length_differs(folder): return with_external(folder, "w.bin", size=100, length=100, write="w.bin")

@case("no location")
def external_without_location(folder): return with_external(folder, None)


# Attributes and extents whose arithmetic ends beyond integers, or that do not fit each other.

@case("past_key is")
def attention_past_of_rank_0(folder):
    inputs = [info(name, (1, 2, 3, 4)) for name in "qkv"] + [info("pk", ()), info("pv", ())]
    return model([node("Attention", ["q", "k", "v", "", "pk", "pv"], ["y"])], inputs=inputs, opset=23)

@case("size")
def lrn_of_size_2_62(folder): return model([node("LRN", ["x"], ["y"], size=2**62)], inputs=[info("x", (1, 3, 2, 2))])

@case("num_scan_inputs")
def scan_of_negative_count(folder):
    body = helper.make_graph([node("Identity", ["a"], ["b"])], "body", [info("a", (3,))], [info("b", (3,))])
    return model([node("Scan", ["x"], ["y"], body=body, num_scan_inputs=-2**63)])

@case("update is")
def tensor_scatter_of_lower_rank(folder):
    inputs = [info("x", (2, 3, 4)), info("u", (4,))]
    return model([node("TensorScatter", ["x", "u"], ["y"])], inputs=inputs, opset=24)

@case("")
def deform_conv_of_huge_groups(folder):
    inputs = [info("x", (1, 2**40, 4, 4)), info("w", (1, 1, 2**12, 2**12)), info("o", (1, 8, 1, 1))]
    return model([node("DeformConv", ["x", "w", "o"], ["y"], offset_group=2**40, pads=[2**12] * 4)], inputs=inputs, opset=19)

@case("")
def conv_of_least_pads(folder):
    inputs = [info("x", (1, 1, 4, 4)), info("w", (1, 1, 2, 2))]
    return model([node("Conv", ["x", "w"], ["y"], pads=[-2**63, 0, 2**63 - 1, 0])], inputs=inputs)

@case("")
def split_of_longest_extent(folder):
    outputs = [info(name, None) for name in ("y", "z", "u")]
    return model([node("Split", ["x"], ["y", "z", "u"], num_outputs=3)], inputs=[info("x", (2**63 - 1,))], outputs=outputs, opset=18)

@case("")
def resize_to_least_size(folder):
    sizes = numpy_helper.from_array(np.array([-2**62, 3], dtype=np.int64), "sizes")
    nodes = [node("Resize", ["x", "", "", "sizes"], ["y"], keep_aspect_ratio_policy="not_larger")]
    return model(nodes, inputs=[info("x", (1, 2**40))], initializers=[sizes], opset=18)

def classic(op_type, inputs=None, version=3, **attributes):
    """One node of ai.onnx.ml."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", version)]
    made = helper.make_node(op_type, ["x"], ["y"], domain="ai.onnx.ml", **attributes)
    return model([made], inputs=inputs, opsets=opsets)

def forest(**changes):
    """A stump of the regressor, changed."""
    attributes = dict(
        nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[0, 0, 0], nodes_values=[0.5, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
        target_treeids=[0, 0], target_nodeids=[1, 2], target_ids=[0, 0], target_weights=[1.0, 2.0], n_targets=1)
    attributes.update(changes)
    return classic("TreeEnsembleRegressor", **{key: value for key, value in attributes.items() if value is not None})

def stump(**changes):
    """A stump of version 5, changed."""
    attributes = dict(
        nodes_splits=numpy_helper.from_array(np.array([0.5], np.float32)), nodes_modes=numpy_helper.from_array(np.array([0], np.uint8)),
        nodes_featureids=[0], nodes_truenodeids=[0], nodes_falsenodeids=[1], nodes_trueleafs=[1], nodes_falseleafs=[1], tree_roots=[0],
        leaf_weights=numpy_helper.from_array(np.array([1, 2], np.float32)), leaf_targetids=[0, 0], n_targets=1)
    attributes.update(changes)
    return classic("TreeEnsemble", version=5, **attributes)

@case("leads back to itself")
def tree_of_a_ring(folder): return forest(nodes_modes=["BRANCH_LEQ"] * 3, nodes_truenodeids=[1, 2, 0], nodes_falsenodeids=[1, 2, 0])

@case("leads back to itself")
def tree_of_a_ring_below_its_root(folder):
    return forest(nodes_modes=["BRANCH_LEQ"] * 3, nodes_truenodeids=[1, 2, 1], nodes_falsenodeids=[1, 2, 1])

@case("which there is not")
def tree_to_nowhere(folder): return forest(nodes_truenodeids=[7, 0, 0])

@case("given twice")
def tree_of_one_node_twice(folder): return forest(nodes_nodeids=[0, 1, 1])

@case("mode")
def tree_of_unknown_mode(folder): return forest(nodes_modes=["BRANCH_MAYBE", "LEAF", "LEAF"])

@case("lists of")
def tree_of_uneven_lists(folder): return forest(nodes_values=[0.5])

@case("feature")
def tree_of_a_feature_that_is_not(folder): return forest(nodes_featureids=[3, 0, 0])

@case("")
def tree_of_the_longest_feature(folder): return forest(nodes_featureids=[2**63 - 1, 0, 0])

@case("feature")
def tree_of_a_negative_feature(folder): return forest(nodes_featureids=[-1, 0, 0])

@case("n_targets")
def tree_of_endless_targets(folder): return forest(n_targets=2**62)

@case("targets")
def tree_of_a_target_that_is_not(folder): return forest(target_ids=[0, 5])

@case("leaf 9")
def stump_to_nowhere(folder): return stump(nodes_truenodeids=[9])

@case("root")
def stump_without_root(folder): return stump(tree_roots=[4])

@case("mode")
def stump_of_no_mode(folder): return stump(nodes_modes=numpy_helper.from_array(np.array([np.nan], np.float32)))

@case("membership")
def stump_without_members(folder): return stump(nodes_modes=numpy_helper.from_array(np.array([6], np.uint8)))

@case("aggregate_function")
def stump_of_no_aggregate(folder): return stump(aggregate_function=17)

@case("coefficients")
def support_vectors_without_coefficients(folder):
    return classic("SVMClassifier", classlabels_ints=[0, 1], vectors_per_class=[1, 1], support_vectors=[1.0] * 6, rho=[0.0], coefficients=[1.0])

@case("vectors_per_class")
def support_vectors_of_negative_counts(folder):
    return classic("SVMClassifier", classlabels_ints=[0, 1], vectors_per_class=[-1, 2**62], support_vectors=[1.0], rho=[0.0], coefficients=[1.0])

@case("kernel_type")
def support_vectors_of_no_kernel(folder):
    return classic("SVMRegressor", n_supports=1, kernel_type="WAVELET", support_vectors=[1.0] * 3, coefficients=[1.0], rho=[0.0],
                   kernel_params=[1.0, 1.0, 1.0])

@case("post_transform")
def linear_of_no_transform(folder): return classic("LinearRegressor", coefficients=[1.0] * 3, post_transform="SQUARED")

@case("coefficients")
def linear_of_uneven_coefficients(folder): return classic("LinearRegressor", coefficients=[1.0] * 3, targets=2)

@case("keys")
def encoder_of_uneven_lists(folder):
    return classic("LabelEncoder", inputs=[info("x", (3,), T.INT64)], keys_int64s=[1, 2], values_int64s=[1])

@case("inputdimensions")
def vectorizer_of_negative_width(folder): return classic("FeatureVectorizer", inputdimensions=[-4])

@case("bytes")
def four_bits_of_too_few_bytes(folder):
    packed = T(name="w", data_type=T.INT4, dims=[5], raw_data=bytes(2))
    return model([node("Cast", ["w"], ["y"], to=T.FLOAT)], inputs=[], initializers=[packed], opset=21)

@case("n-grams")
def ngrams_longer_than_their_pool(folder):
    return model([node("TfIdfVectorizer", ["x"], ["y"], mode="TF", min_gram_length=1, max_gram_length=2**40, max_skip_count=0,
                       ngram_counts=[0], ngram_indexes=[0], pool_int64s=[1])], inputs=[info("x", (4,), T.INT64)])

@case("max_skip_count")
def ngrams_of_endless_skips(folder):
    return model([node("TfIdfVectorizer", ["x"], ["y"], mode="TF", min_gram_length=1, max_gram_length=1, max_skip_count=2**40,
                       ngram_counts=[0], ngram_indexes=[0], pool_int64s=[1])], inputs=[info("x", (4,), T.INT64)])


# Strings.

def strings(nodes, element=T.STRING, shape=(4,), initializers=()):
    return model(nodes, inputs=[info("x", shape, element)], initializers=initializers,
                 opsets=[helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 4)])


def with_strings(**fields):
    tensor = T(name="w", data_type=T.STRING, dims=[4])
    for key, value in fields.items():
        getattr(tensor, key).extend(value) if isinstance(value, list) else setattr(tensor, key, value)
    return strings([node("StringConcat", ["x", "w"], ["y"])], initializers=[tensor])


def expression(pattern): return strings([node("RegexFullMatch", ["x"], ["y"], pattern=pattern)])

@case("raw bytes")
def strings_as_raw_bytes(folder): return with_strings(raw_data=bytes(32))

@case("elements")
def strings_too_few(folder): return with_strings(string_data=[b"a", b"b"])

@case("raw bytes")
def strings_in_another_file(folder):
    made = with_strings(data_location=T.EXTERNAL)
    made.graph.initializer[0].external_data.add(key="location", value="model.onnx")
    return made

@case("parse")
def string_longer_than_the_file(folder):
    data = with_strings(string_data=[b"marker"] * 4).SerializeToString()
    return data.replace(b"\x06marker", b"\xff\xff\xff\xff\x07marker", 1)

@case("parenthesis")
def expression_left_open(folder): return expression("(a")

@case("too large")
def expression_of_repeated_repetitions(folder): return expression("((a{1000}){1000}){1000}")

@case("too large")
def expression_of_repeated_nothing(folder): return expression("(?:(?:(?:(?:){1000}){1000}){1000}){1000}")

@case("deep")
def expression_of_many_groups(folder): return expression("(" * 100000)

@case("references")
def expression_that_goes_back(folder): return expression(r"(a+)\1")

@case("repetition")
def expression_of_stacked_repetitions(folder): return expression("a" + "*" * 100000)

@case("at most 1000")
def expression_repeated_too_often(folder): return expression("a{99999999999999999999}")

@case("class of characters")
def expression_of_no_class(folder): return expression(r"\p{" + "x" * 100000 + "}")

@case("[1, C]")
def normalizer_of_three_dimensions(folder): return strings([node("StringNormalizer", ["x"], ["y"])], shape=(1, 2, 3))

@case("case_change_action")
def normalizer_of_no_case(folder): return strings([node("StringNormalizer", ["x"], ["y"], case_change_action="TITLE")])

@case("string")
def split_of_numbers(folder): return strings([node("StringSplit", ["x"], ["y", "n"])], element=T.FLOAT)

@case("keys are string")
def encoder_of_other_keys(folder):
    return strings([node("LabelEncoder", ["x"], ["y"], domain="ai.onnx.ml", keys_strings=["a"], values_int64s=[1])], element=T.INT64)

@case("keys for")
def mapper_of_uneven_lists(folder):
    return strings([node("CategoryMapper", ["x"], ["y"], domain="ai.onnx.ml", cats_strings=["a", "b"], cats_int64s=[1])])

@case("categories")
def one_hot_of_other_categories(folder):
    return strings([node("OneHotEncoder", ["x"], ["y"], domain="ai.onnx.ml", cats_int64s=[1, 2])])

@case("n-grams are of strings")
def ngrams_of_other_symbols(folder):
    return strings([node("TfIdfVectorizer", ["x"], ["y"], mode="TF", min_gram_length=1, max_gram_length=1, max_skip_count=0,
                         ngram_counts=[0], ngram_indexes=[0], pool_strings=["a"])], element=T.INT64)

@case("type")
def strings_beside_numbers(folder):
    return strings([node("Equal", ["x", "w"], ["y"])], initializers=[numpy_helper.from_array(np.zeros(4, np.int64), "w")])

@case("bit_cast")
def strings_as_their_bits(folder): return strings([node("BitCast", ["x"], ["y"], to=T.INT64)])



def judge(command, path, word):
    try:
        done = subprocess.run(command + [path], capture_output=True, text=True, errors="replace", timeout=60)
    except subprocess.TimeoutExpired:
        return "does not end"
    lines = done.stderr.strip().splitlines() or [""]
    if done.returncode != 1:
        return f"ends with status {done.returncode}: {lines[-1][:120]}"
    if not any("error:" in line and word in line for line in lines):
        return f"message lacks '{word}': {lines[0][:200]}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--command", type=shlex.split)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    failures = 0
    # They make their files with what stands here.
    import hostile_contrib
    import hostile_sequences

    cases = {**CASES, **hostile_sequences.CASES, **hostile_contrib.CASES}
    chosen = {name: case for name, case in cases.items() if args.only in name}
    for name, (word, make) in chosen.items():
        folder = os.path.join(args.out, name)
        os.makedirs(folder, exist_ok=True)
        made = make(folder)
        path = os.path.join(folder, "model.onnx")
        with open(path, "wb") as f:
            f.write(made if isinstance(made, bytes) else made.SerializeToString())
        difference = judge(args.command, path, word) if args.command else None
        if difference:
            failures += 1
            print(f"FAIL {name}: {difference}", flush=True)
    print(f"{len(chosen) - failures} of {len(chosen)} cases" + (" refused as they should be" if args.command else " written"))
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
