"""Writes the models of SequenceTests.swift beside this file: libonnx's parser of texts does not know the types of sequences.

    python3 make.py

Needs the PyPI package onnx.
"""
import os

import onnx
from onnx import parser

MODELS = {
    "a_sequence_passed_on":
        'g (seq(float[N]) x) => (seq(float[N]) y) { y = Identity(x) }',
    "a_place_that_data_say_in_and_out":
        'g (seq(float[N]) x, float[M] z, int64 p) => (seq(float[K]) y, float[L] w, int64 n) { y = SequenceInsert(x, z, p) t = '
        'SequenceAt(y, p) w = Relu(t) e = SequenceErase(y, p) n = SequenceLength(e) }',
    "a_sequence_that_grows_in_a_loop":
        'g (int64 n, float[2] x) => (seq(float[M]) s, float[R] j) { c = Constant<value = bool {1}>() e = SequenceEmpty<dtype = '
        '1>() s, last = Loop(n, c, e, x) <body = b (int64 i, bool k, seq(float[M]) q, float[V] v) => (bool k2, seq(float[M]) '
        'q2, float[V] v2) { h = Neg(v) q2 = SequenceInsert(q, h) v2 = Concat<axis = 0>(h, x) k2 = Identity(k) }> f = '
        'SequenceInsert(s, x) j = ConcatFromSequence<axis = 0>(f) }',
    "a_map_of_two_sequences":
        'g (seq(float[N]) x, seq(float[M]) y, float z) => (seq(float[N]) s, seq(int64[1]) t) { s, t = SequenceMap(x, y, z) '
        '<body = b (float[N] u, float[M] v, float w) => (float[K] p, int64[1] q) { m = Add(u, w) p = Concat<axis = 0>(m, v) q = '
        'Shape(p) }> }',
    "branches_that_give_sequences_of_different_lengths":
        'g (float[N, 2] x, bool c) => (seq(float[M, 2]) s, int64 n) { s = If(c) <then_branch = a () => (seq(float[P, 2]) u) { r '
        '= Relu(x) u = SequenceConstruct(x, r, x) }, else_branch = b () => (seq(float[Q, 2]) v) { d = Concat<axis = 0>(x, x) v '
        '= SequenceConstruct(d) }> n = SequenceLength(s) }',
    "parts_of_computed_extents_stacked":
        'g (float[N, 4] x, int64[K] p, int64 k) => (seq(float[M, 4]) s, float[B, 2, 4] y) { s = SplitToSequence<axis = 0>(x, p) '
        't = SplitToSequence<axis = 0>(x, k) y = ConcatFromSequence<axis = 0, new_axis = 1>(t) }',
    "slices_without_their_axis":
        'g (float[N, 2, M] x) => (seq(float[2, M]) s, int64 n) { s = SplitToSequence<axis = 0, keepdims = 0>(x) n = '
        'SequenceLength(s) }',
    "an_optional_that_may_be_empty":
        'g (optional(float[N]) x, float[2] z) => (float[M] y, bool h) { h = OptionalHasElement(x) y = If(h) <then_branch = a () '
        '=> (float[P] u) { e = OptionalGetElement(x) u = Neg(e) }, else_branch = b () => (float[Q] v) { v = Relu(z) }> }',
    "an_optional_sequence_that_a_loop_carries":
        'g (optional(seq(float[N])) x, float[2] z, int64 n) => (seq(float[M]) y) { c = Constant<value = bool {1}>() y = Loop(n, '
        'c, x) <body = b (int64 i, bool k, optional(seq(float[N])) q) => (bool k2, seq(float[M]) t) { k2 = Identity(k) h = '
        'OptionalHasElement(q) s = If(h) <then_branch = p () => (seq(float[A]) u) { u = OptionalGetElement(q) }, else_branch = '
        'o () => (seq(float[B]) v) { v = SequenceConstruct(z) }> w = Concat<axis = 0>(z, z) t = SequenceInsert(s, w) }> }',
    "a_length_as_an_extent_and_a_loop_over_a_sequence_in_a_branch_of_a_loop":
        'g (seq(float[3]) x, int64 n) => (seq(float[3]) s, int64[L] r) { c = Constant<value = bool {1}>() zero = Constant<value '
        '= int64 {0}>() one = Constant<value = int64 {1}>() l = SequenceLength(x) q = Range(zero, l, one) r = Neg(q) e = '
        'SequenceEmpty() s = Loop(n, c, e) <body = b (int64 i, bool k, seq(float[3]) t) => (bool k2, seq(float[3]) t2) { k2 = '
        'Identity(k) two = Constant<value = int64 {2}>() m = Mod(i, two) odd = Equal(m, one) t2 = If(odd) <then_branch = p () '
        '=> (seq(float[3]) t3) { t3 = Loop(l, c, t) <body = d (int64 j, bool f, seq(float[3]) w) => (bool f2, seq(float[3]) w2) '
        '{ f2 = Identity(f) at = SequenceAt(x, j) ng = Neg(at) w2 = SequenceInsert(w, ng, zero) }> }, else_branch = o () => '
        '(seq(float[3]) t4) { first = SequenceAt(x, zero) t4 = SequenceInsert(t, first) }> }> }',
    "a_place":
        'g (seq(float[N]) x, int64 p) => (float[N] y) { t = SequenceAt(x, p) y = Neg(t) }',
    "a_length":
        'g (seq(float[N, 2]) x) => (int64 n) { n = SequenceLength(x) }',
    "a_sequence_read_as_a_tensor":
        'g (seq(float[N]) x) => (float[N] y) { y = Relu(x) }',
    "a_place_of_unknown_rank":
        'g (seq(float[]) x, int64 p) => (float[N] y) { y = SequenceAt(x, p) }',
}

for name, text in MODELS.items():
    model = parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.onnx"))
