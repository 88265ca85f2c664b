"""Hostile ONNX files with sequences and optionals; `hostile_models.py` writes and judges them with its own."""
import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

import hostile_models as base
from hostile_models import info, model, node

CASES = {}


def case(word):
    def register(make):
        CASES[make.__name__] = (word, make)
        return make
    return register


def sequence(name, shape=(None, 3), element=T.FLOAT):
    return helper.make_tensor_sequence_value_info(name, element, shape)


def typed(name, type_proto):
    value = onnx.ValueInfoProto(name=name)
    value.type.CopyFrom(type_proto)
    return value


TENSOR = helper.make_tensor_type_proto(T.FLOAT, [2])


def constant(name, values, type=np.int64):
    return numpy_helper.from_array(np.array(values, type), name)


def identity_of(type_proto):
    return model([node("Identity", ["x"], ["y"])], inputs=[typed("x", type_proto)], outputs=[typed("y", type_proto)])


@case("something else than tensors")
def sequence_of_sequences(folder): return identity_of(helper.make_sequence_type_proto(helper.make_sequence_type_proto(TENSOR)))

@case("something else than tensors")
def sequence_of_maps(folder): return identity_of(helper.make_sequence_type_proto(helper.make_map_type_proto(T.INT64, TENSOR)))

@case("something else than tensors")
def optional_of_an_optional(folder): return identity_of(helper.make_optional_type_proto(helper.make_optional_type_proto(TENSOR)))

@case("something else than tensors")
def sequence_of_nothing(folder):
    value = onnx.TypeProto()
    value.sequence_type.SetInParent()
    return identity_of(value)

@case("parse")
def sequences_inside_each_other(folder):
    inner = base.field(1, b"\x08\x01")
    for _ in range(5000):
        inner = base.field(4, base.field(1, inner))
    value = base.field(1, b"x") + base.field(2, inner)
    return base.field(7, base.field(11, value) + base.field(12, base.field(1, b"x")))

@case("dimension 0 is -4")
def sequence_of_negative_extents(folder):
    return identity_of(helper.make_sequence_type_proto(helper.make_tensor_type_proto(T.FLOAT, [-4])))

@case("overflow")
def sequence_of_extents_that_overflow(folder):
    return identity_of(helper.make_sequence_type_proto(helper.make_tensor_type_proto(T.FLOAT, [2**62, 2**62])))

@case("element type")
def sequence_of_an_unknown_type(folder):
    return identity_of(helper.make_sequence_type_proto(helper.make_tensor_type_proto(999, [2])))

@case("only operators of sequences")
def sequence_that_is_added(folder):
    return model([node("Add", ["s", "x"], ["y"])], inputs=[info("x"), sequence("s")])

@case("one element type")
def sequence_of_two_types(folder):
    return model([node("SequenceConstruct", ["x", "z"], ["y"])], inputs=[info("x"), info("z", element=T.INT64)], outputs=[sequence("y")])

@case("position 2 is outside a sequence of 2")
def place_behind_the_end(folder):
    return model([node("SequenceConstruct", ["x", "x"], ["s"]), node("SequenceAt", ["s", "p"], ["y"])], initializers=[constant("p", 2)])

@case("position -9223372036854775808 is outside")
def place_before_the_beginning(folder):
    return model([node("SequenceConstruct", ["x"], ["s"]), node("SequenceInsert", ["s", "x", "p"], ["y"])], outputs=[sequence("y")],
                 initializers=[constant("p", -2**63)])

@case("position -1 is outside a sequence of 0")
def erasing_from_nothing(folder):
    return model([node("SequenceEmpty", [], ["s"]), node("SequenceErase", ["s"], ["y"])], outputs=[sequence("y")])

@case("dtype")
def empty_sequence_of_an_unknown_type(folder):
    return model([node("SequenceEmpty", [], ["y"], dtype=2**40)], outputs=[sequence("y")])

@case("split is 0")
def parts_of_nothing(folder):
    return model([node("SplitToSequence", ["x", "p"], ["y"])], outputs=[sequence("y")], initializers=[constant("p", 0)])

@case("sum to dimension 0")
def parts_that_do_not_sum(folder):
    return model([node("SplitToSequence", ["x", "p"], ["y"])], outputs=[sequence("y")], initializers=[constant("p", [1, 2**62])])

@case("below 0")
def parts_below_zero(folder):
    return model([node("SplitToSequence", ["x", "p"], ["y"])], outputs=[sequence("y")], initializers=[constant("p", [-1, 3])])

@case("axis 7")
def parts_along_no_axis(folder): return model([node("SplitToSequence", ["x"], ["y"], axis=7)], outputs=[sequence("y")])

@case("axis is missing")
def joined_along_nothing(folder): return model([node("ConcatFromSequence", ["s"], ["y"])], inputs=[sequence("s")])

@case("empty")
def nothing_joined(folder):
    return model([node("SequenceEmpty", [], ["s"]), node("ConcatFromSequence", ["s"], ["y"], axis=0)], inputs=[])

@case("attribute type")
def empty_optional_of_nothing(folder):
    return model([node("Optional", [], ["o"]), node("OptionalHasElement", ["o"], ["y"])], inputs=[], outputs=[info("y", (), T.BOOL)])

@case("something else than tensors")
def empty_optional_of_a_map(folder):
    return model([node("Optional", [], ["o"], type=helper.make_map_type_proto(T.INT64, TENSOR)),
                  node("OptionalHasElement", ["o"], ["y"])], inputs=[], outputs=[info("y", (), T.BOOL)])

@case("body")
def map_without_a_body(folder): return model([node("SequenceMap", ["s"], ["y"])], inputs=[sequence("s")], outputs=[sequence("y")])

def mapped(inputs, operands, outputs=None):
    body = helper.make_graph([node("Identity", ["u"], ["v"])], "body", inputs, outputs or [info("v", None)])
    return model([node("SequenceMap", operands, ["y"], body=body)], inputs=[sequence("s"), info("x")], outputs=[sequence("y")])

@case("SequenceMap has 2 inputs")
def map_of_a_body_that_takes_more(folder): return mapped([info("u"), info("w")], ["s"])

@case("expected a sequence")
def map_over_a_tensor(folder): return mapped([info("u")], ["x"])

@case("declares no type")
def map_whose_body_says_no_type(folder): return mapped([info("u")], ["s"], [onnx.ValueInfoProto(name="v")])

@case("carries is")
def loop_whose_sequence_changes_type(folder):
    body = helper.make_graph(
        [node("Identity", ["c"], ["c2"]), node("SequenceEmpty", [], ["s2"], dtype=T.INT64)], "body",
        [info("i", (), T.INT64), info("c", (), T.BOOL), sequence("s")], [info("c2", (), T.BOOL), sequence("s2", element=T.INT64)])
    return model([node("Loop", ["n", "", "x"], ["y"], body=body)], inputs=[sequence("x"), info("n", (), T.INT64)], outputs=[sequence("y")])

@case("cannot be stacked")
def loop_that_stacks_sequences(folder):
    body = helper.make_graph(
        [node("Identity", ["c"], ["c2"]), node("SequenceConstruct", ["x"], ["s"])], "body",
        [info("i", (), T.INT64), info("c", (), T.BOOL)], [info("c2", (), T.BOOL), sequence("s")])
    return model([node("Loop", ["n", ""], ["y"], body=body)], inputs=[info("x"), info("n", (), T.INT64)], outputs=[sequence("y")])

@case("which no type holds")
def branches_of_a_sequence_and_a_tensor(folder):
    then = helper.make_graph([node("SequenceConstruct", ["x"], ["a"])], "then", [], [sequence("a")])
    other = helper.make_graph([node("Relu", ["x"], ["b"])], "else", [], [info("b")])
    return model([node("If", ["c"], ["y"], then_branch=then, else_branch=other)], inputs=[info("x"), info("c", (), T.BOOL)],
                 outputs=[sequence("y")])

@case("must be known")
def place_of_unknown_rank(folder):
    return model([node("SequenceAt", ["s", "p"], ["y"])], inputs=[sequence("s", None), info("p", (), T.INT64)])
