"""Hostile ONNX files with operators of other domains, maps, pictures and graphs inside of attention; `hostile_models.py` writes and
judges them with its own.
"""
import numpy as np
from onnx import TensorProto as T
from onnx import helper, numpy_helper

from hostile_models import info, model, node

CASES = {}
MS, ML, PREVIEW = "com.microsoft", "ai.onnx.ml", "ai.onnx.preview"
OPSETS = [helper.make_opsetid("", 21), helper.make_opsetid(MS, 1), helper.make_opsetid(ML, 3), helper.make_opsetid(PREVIEW, 1)]


def case(word):
    def register(make):
        CASES[make.__name__] = (word, make)
        return make
    return register


def mixed(nodes, inputs, constants=None, outputs=None):
    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()]
    return model(nodes, inputs=inputs, outputs=outputs, initializers=initializers, opsets=OPSETS)


def contrib(op_type, inputs, **attributes): return node(op_type, inputs, ["y"], domain=MS, **attributes)

BYTES = info("x", (2, 3, 4, 5), T.UINT8)
SCALE, ZERO = np.float32(0.5), np.uint8(3)


# 8-bit integers.

def quantized(op_type, operands, constants=None, **attributes):
    return mixed([contrib(op_type, operands, **attributes)], [BYTES], {"s": SCALE, "z": ZERO, **(constants or {})})

@case("operand")
def sum_of_one_operand(folder): return quantized("QLinearAdd", ["x", "s", "z"])

@case("attribute")
def sum_with_an_attribute(folder): return quantized("QLinearAdd", ["x", "s", "z", "x", "s", "z", "s", "z"], axis=2)

@case("zero_point")
def sum_with_another_zero_point(folder):
    return quantized("QLinearAdd", ["x", "s", "v", "x", "s", "z", "s", "z"], dict(v=np.float32(1)))

@case("scale")
def product_with_scales_of_nothing(folder):
    return quantized("QLinearMul", ["x", "t", "z", "x", "s", "z", "s", "z"], dict(t=np.zeros((7, 9), np.float32)))

@case("operands")
def concatenation_of_half_a_part(folder): return quantized("QLinearConcat", ["s", "z", "x", "s"], axis=1)

@case("axis")
def concatenation_along_nothing(folder): return quantized("QLinearConcat", ["s", "z", "x", "s", "z"], axis=2**40)

@case("axis")
def softmax_along_nothing(folder): return quantized("QLinearSoftmax", ["x", "s", "z", "s", "z"], axis=-9, opset=13)

# Weights in a few bits.

ROWS = info("x", (2, 32))

def normal_floats(**attributes):
    constants = dict(b=np.zeros(256, np.uint8), m=np.ones(16, np.float32))
    return mixed([contrib("MatMulBnb4", ["x", "b", "m"], **{"K": 32, "N": 16, "block_size": 32, "quant_type": 1, **attributes})], [ROWS], constants)

@case("quant_type")
def weights_of_no_type(folder): return normal_floats(quant_type=-1)

@case("quant_type")
def weights_of_an_unknown_type(folder): return normal_floats(quant_type=2**40)

@case("block_size")
def weights_in_blocks_of_less_than_nothing(folder): return normal_floats(block_size=-2**62)

@case("MatMulBnb4")
def weights_beyond_memory(folder): return normal_floats(K=2**62, N=2**62)

@case("codes")
def weights_of_another_size(folder): return normal_floats(N=17)

def blocks(shape=(8, 16), scales=(8, 1), indices=(0,), **attributes):
    constants = dict(t=np.zeros(shape, np.uint8), i=np.array(indices, np.int64), s=np.ones(scales, np.float32))
    return mixed([contrib("GatherBlockQuantized", ["t", "i", "s"], **{"block_size": 32, **attributes})], [], constants)

@case("block_size")
def table_in_blocks_of_less_than_nothing(folder): return blocks(block_size=-32)

@case("axis")
def table_along_nothing(folder): return blocks(quantize_axis=2**40)

@case("bits")
def table_of_five_bits(folder): return blocks(bits=5)

@case("scales")
def table_with_scales_of_nothing(folder): return blocks(scales=())

@case("index")
def table_without_the_row(folder): return blocks(indices=(2**62,))


@case("kernel")
def pool_of_negative_windows(folder): return quantized("QLinearAveragePool", ["x", "s", "z", "s", "z"], kernel_shape=[-1, 2**62])

@case("axes")
def mean_of_no_axes(folder): return quantized("QLinearReduceMean", ["x", "s", "z", "s", "z"], keepdims=1)

@case("2 dimensions")
def product_of_four_dimensions(folder):
    return quantized("QGemm", ["x", "s", "z", "b", "s", "z"], dict(b=np.zeros((5, 2), np.uint8)))

@case("rows")
def product_of_other_columns(folder):
    return mixed([contrib("QGemm", ["x", "s", "z", "b", "s", "z"])], [info("x", (3, 4), T.UINT8)],
                 {"s": SCALE, "z": ZERO, "b": np.zeros((5, 2), np.uint8)})

@case("floats")
def dynamic_range_of_integers(folder): return mixed([node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])], [BYTES])

@case("weights are")
def lstm_of_flat_weights(folder):
    constants = dict(w=np.zeros((4, 8), np.int8), r=np.zeros((1, 2, 8), np.int8), s=np.ones(1, np.float32), z=np.zeros(1, np.int8))
    return mixed([contrib("DynamicQuantizeLSTM", ["x", "w", "r", "", "", "", "", "", "s", "z", "s", "z"], hidden_size=2)],
                 [info("x", (3, 1, 4))], constants)

@case("square")
def inverse_of_no_square(folder): return mixed([contrib("Inverse", ["x"])], [info("x", (2, 3))])

@case("square matrices")
def inverse_of_a_vector(folder): return mixed([contrib("Inverse", ["x"])], [info("x", (3,))])

@case("cropped")
def crop_of_more_than_there_is(folder): return model([node("Crop", ["x"], ["y"], border=[9, 9, 9, 9])], inputs=[info("x", (1, 1, 4, 4))], opset=7)

@case("border")
def crop_with_half_a_border(folder): return model([node("Crop", ["x"], ["y"], border=[1, -1])], inputs=[info("x", (1, 1, 4, 4))], opset=7)


# Tokens.

def tokens(**attributes): return mixed([contrib("Tokenizer", ["x"], **attributes)], [info("x", (4,), T.STRING)])

@case("expression of tokens")
def tokens_of_nothing(folder): return tokens(mark=0, mincharnum=1, pad_value="#")

@case("parenthesis")
def tokens_of_a_broken_expression(folder): return tokens(mark=0, mincharnum=1, pad_value="#", tokenexp="(a")

@case("too large")
def tokens_of_a_large_expression(folder): return tokens(mark=0, mincharnum=1, pad_value="#", separators=["((a{1000}){1000}){1000}"])

@case("mincharnum")
def tokens_of_no_characters(folder): return tokens(mark=0, mincharnum=-2**60, pad_value="#", tokenexp="a")


# Maps.

def mapped(key, value, nodes):
    x = helper.make_value_info("x", helper.make_map_type_proto(key, helper.make_tensor_type_proto(value, [])))
    return mixed(nodes, [x])

def dictionary(**attributes): return node("DictVectorizer", ["x"], ["y"], domain=ML, **attributes)

@case("vocabulary")
def dictionary_without_words(folder): return mapped(T.STRING, T.FLOAT, [dictionary()])

@case("keys are")
def dictionary_of_other_keys(folder): return mapped(T.STRING, T.FLOAT, [dictionary(int64_vocabulary=[1])])

@case("is a map")
def map_of_texts_to_texts(folder): return mapped(T.INT64, T.STRING, [dictionary(int64_vocabulary=[1])])

@case("is a map")
def map_of_floats(folder): return mapped(T.FLOAT, T.FLOAT, [dictionary(int64_vocabulary=[1])])

@case("reads a map")
def map_as_a_tensor(folder): return mapped(T.STRING, T.FLOAT, [node("Relu", ["x"], ["y"])])

@case("operand 1")
def dictionary_of_a_tensor(folder): return mixed([dictionary(int64_vocabulary=[1])], [info("x", (4,), T.INT64)])

@case("are named")
def map_beside_its_own_keys(folder):
    made = mapped(T.STRING, T.FLOAT, [dictionary(string_vocabulary=["a"])])
    made.graph.input.append(info("x.keys", (3,), T.STRING))
    return made


# Pictures.

@case("encoded")
def picture_of_floats(folder): return mixed([node("ImageDecoder", ["x"], ["y"])], [info("x", (9,))])

@case("encoded")
def picture_of_two_dimensions(folder): return mixed([node("ImageDecoder", ["x"], ["y"])], [info("x", (9, 9), T.UINT8)])

@case("pixel_format")
def picture_in_no_format(folder): return mixed([node("ImageDecoder", ["x"], ["y"], pixel_format="CMYK")], [info("x", (9,), T.UINT8)])


# Attention with graphs.

def attended(q=(1, 4, 3, 8), k=(1, 2, 5, 8), v=(1, 2, 5, 8), type=T.FLOAT, **attributes):
    return mixed([node("FlexAttention", ["q", "k", "v"], ["y"], domain=PREVIEW, **attributes)],
                 [info("q", q, type), info("k", k, type), info("v", v, type)])

def graph(nodes, inputs=("a",), outputs=("b",)):
    return helper.make_graph(nodes, "mod", [info(name, None) for name in inputs], [info(name, None) for name in outputs])

@case("length, width")
def attention_of_matrices(folder): return attended(q=(3, 8), k=(5, 8), v=(5, 8))

@case("shares")
def attention_of_uneven_heads(folder): return attended(q=(1, 3, 3, 8))

@case("share their heads")
def attention_of_other_values(folder): return attended(v=(1, 4, 5, 8))

@case("floats")
def attention_of_integers(folder): return attended(type=T.INT64)

@case("softmax_precision")
def attention_in_no_type(folder): return attended(softmax_precision=9999)

@case("no attribute")
def attention_with_an_attribute(folder): return attended(is_causal=1)

@case("must be a graph")
def attention_with_a_number_for_a_graph(folder): return attended(score_mod=3)

@case("expected one of each")
def attention_with_a_graph_of_two(folder): return attended(score_mod=graph([node("Add", ["a", "c"], ["b"])], inputs=("a", "c")))

@case("the type must stay")
def attention_with_another_shape(folder): return attended(prob_mod=graph([node("Transpose", ["a"], ["b"], perm=[3, 2, 1, 0])]))

@case("the type must stay")
def attention_with_another_type(folder): return attended(score_mod=graph([node("Cast", ["a"], ["b"], to=T.INT64)]))

@case("no node computes")
def attention_with_a_graph_of_nothing(folder): return attended(score_mod=graph([]))

@case("cycle")
def attention_with_a_cycle(folder): return attended(score_mod=graph([node("Add", ["a", "c"], ["b"]), node("Neg", ["b"], ["c"])]))

# Experts, decoders, places.

def experts(op_type="MoE", router=(6, 3), first=(3, 8, 16), second=(3, 16, 8), operands=None, constants=None, **attributes):
    constants = constants or dict(a=np.zeros(first, np.float32), b=np.zeros(second, np.float32))
    attributes = dict(dict(k=2), **attributes)
    return mixed([contrib(op_type, operands or ["x", "r", "a", "", "b"], **attributes)],
                 [info("x", (2, 3, 16), T.FLOAT), info("r", router, T.FLOAT)], constants)

@case("k is 4")
def more_experts_than_there_are(folder): return experts(k=4)

@case("k is 0")
def no_expert(folder): return experts(k=0)

@case("k is")
def experts_beyond_numbers(folder): return experts(k=2**62)

@case("router_probs")
def experts_for_other_rows(folder): return experts(router=(7, 3))

@case("weights are")
def experts_without_weights_of_their_own(folder): return experts(first=(2, 8, 16))

@case("weights are")
def experts_with_flat_weights(folder): return experts(first=(3, 128))

@case("activation_type")
def experts_with_no_activation(folder): return experts(activation_type="softmax")

@case("swiglu_fusion")
def experts_with_half_a_gate(folder): return experts(activation_type="swiglu")

@case("split in two")
def experts_with_an_odd_gate(folder):
    return experts(activation_type="swiglu", swiglu_fusion=2, first=(3, 7, 16))

@case("swiglu_limit")
def experts_within_a_negative_limit(folder):
    return experts(activation_type="swiglu", swiglu_fusion=1, swiglu_limit=-1.0, first=(3, 16, 16))

@case("use_sparse_mixer expects")
def experts_mixed_by_three(folder): return experts(k=3, use_sparse_mixer=1)

@case("missing")
def experts_of_one_layer(folder): return experts(operands=["x", "r", "a"])

def packed(codes=(3, 8, 8), scales=(3, 8), zeros=(3, 4), **attributes):
    constants = dict(a=np.zeros(codes, np.uint8), s=np.ones(scales, np.float32), b=np.zeros((3, 16, 4), np.uint8),
                     t=np.ones((3, 16), np.float32), z=np.zeros(zeros, np.uint8))
    return experts("QMoE", operands=["x", "r", "a", "s", "", "b", "t", "", "", "", "", "z"], constants=constants, **attributes)

@case("expert_weight_bits")
def experts_in_three_bits(folder): return packed(expert_weight_bits=3)

@case("scales")
def packed_experts_with_too_few_scales(folder): return packed(scales=(3, 7))

@case("scales")
def packed_experts_in_blocks_without_scales(folder): return packed(block_size=16, codes=(3, 8, 16))

@case("constant bytes")
def packed_experts_of_nothing(folder): return packed(codes=(3, 0, 8), scales=(3, 0))

@case("zero points")
def packed_experts_with_too_few_zero_points(folder): return packed(zeros=(3, 3))

@case("quant_type")
def packed_experts_in_floats(folder): return packed(quant_type="fp4")

@case("packed for one processor")
def packed_experts_for_one_processor(folder): return packed(weights_prepacked=1)

def decoder(inputs, operands, **attributes):
    return mixed([contrib("DecoderMaskedMultiHeadAttention", operands, **dict(dict(num_heads=2), **attributes))],
                 [info(name, shape, type) for name, (shape, type) in inputs.items()])

ROW = ((2, 1, 8), T.FLOAT)

@case("num_heads")
def decoder_without_heads(folder): return decoder(dict(q=ROW, k=ROW, v=ROW), ["q", "k", "v"], num_heads=0)

@case("keys")
def decoder_without_keys(folder): return decoder(dict(q=ROW, v=ROW), ["q", "", "v"])

@case("past_key")
def decoder_of_flat_keys(folder):
    return decoder(dict(q=ROW, k=ROW, v=ROW, p=((2, 5, 8), T.FLOAT)), ["q", "k", "v", "", "", "p", "p"], past_present_share_buffer=1)

@case("operand 7")
def decoder_at_no_place(folder):
    return decoder(dict(q=ROW, k=ROW, v=ROW, p=((2, 2, 5, 4), T.FLOAT)), ["q", "k", "v", "", "", "p", "p"], past_present_share_buffer=1)

@case("cache_indirection")
def decoder_with_a_short_beam(folder):
    inputs = dict(q=ROW, k=ROW, v=ROW, p=((2, 2, 5, 4), T.FLOAT), n=((1,), T.INT32), c=((1, 2, 4), T.INT32))
    return decoder(inputs, ["q", "k", "v", "", "", "p", "p", "n", "", "c"], past_present_share_buffer=1)

def sparse(rows, columns, **attributes):
    names = ["q", "k", "v", "p", "p", "r", "c", "t", "n"]
    attributes = dict(dict(num_heads=4, kv_num_heads=2, sparse_block_size=16), **attributes)
    return mixed([contrib("SparseAttention", names, **attributes)],
                 [info("q", (1, 1, 64), T.FLOAT), info("k", (1, 1, 32), T.FLOAT), info("v", (1, 1, 32), T.FLOAT),
                  info("p", (1, 2, 32, 16), T.FLOAT)],
                 dict(r=np.array(rows, np.int32), c=np.array(columns, np.int32), t=np.array([3], np.int32), n=np.array([3], np.int32)))

@case("block_row_indices go")
def layouts_that_go_back(folder): return sparse([[0, 2, 1]], [[0, 0, 1]])

@case("block_row_indices go")
def layouts_beyond_their_columns(folder): return sparse([[0, 1, 2**31 - 1]], [[0, 0, 1]])

@case("block_col_indices hold")
def layouts_of_other_blocks(folder): return sparse([[0, 1, 3]], [[0, 0, 2]])

@case("expect [layouts")
def layouts_of_one_dimension(folder): return sparse([0, 1, 3], [0, 0, 1])

@case("layouts do not divide")
def layouts_that_do_not_divide_the_heads(folder): return sparse([[0, 1, 3]] * 3, [[0, 0, 1]] * 3)

@case("sparse_block_size")
def layouts_of_blocks_of_nothing(folder): return sparse([[0, 1, 3]], [[0, 0, 1]], sparse_block_size=0)

def placed(op_type, operands, inputs, constants=None, **attributes):
    return mixed([contrib(op_type, operands, **attributes)], [info(name, *rest) for name, *rest in inputs], constants)

FLAT = ("x", (3, 4), T.FLOAT)

@case("axis")
def dimension_beyond_the_last(folder): return placed("ExpandDims", ["x", "a"], [FLAT], dict(a=np.int32(4)))

@case("at least 1")
def windows_of_nothing(folder): return placed("UnfoldTensor", ["x"], [FLAT], size=0)

@case("at least 1")
def windows_that_go_back(folder): return placed("UnfoldTensor", ["x"], [FLAT], size=2, step=-1)

@case("windows of 5")
def windows_longer_than_all(folder): return placed("UnfoldTensor", ["x"], [FLAT], size=5)

@case("has no attribute")
def rows_of_a_table_within_a_norm(folder):
    return placed("TorchEmbedding", ["x", "i"], [FLAT, ("i", (2,), T.INT64)], max_norm=1.0)

@case("ngram_size")
def repeats_of_nothing(folder):
    return placed("NGramRepeatBlock", ["i", "x"], [FLAT, ("i", (3, 5), T.INT64)], ngram_size=0)

@case("ngram_size")
def repeats_of_too_much(folder):
    return placed("NGramRepeatBlock", ["i", "x"], [FLAT, ("i", (3, 5), T.INT64)], ngram_size=2**40)

IMAGES = [("x", (2, 3, 8, 8), T.FLOAT), ("b", (5, 4), T.FLOAT), ("i", (5,), T.INT32)]

@case("mode")
def crops_by_cubes(folder): return placed("CropAndResize", ["x", "b", "i", "n"], IMAGES, dict(n=np.array([2, 2], np.int32)), mode="cubic")

@case("2 extents")
def crops_of_one_extent(folder): return placed("CropAndResize", ["x", "b", "i", "n"], IMAGES, dict(n=np.array([2], np.int32)))

@case("mrope_section")
def positions_in_other_sections(folder):
    inputs = [("x", (1, 2, 5, 8), T.FLOAT), ("p", (3, 1, 5), T.INT64), ("c", (9, 4), T.FLOAT)]
    return placed("MRotaryEmbedding", ["x", "p", "c", "c"], inputs, mrope_section=[1, 2, 2])

@case("max_distance")
def bias_of_no_distance(folder):
    return placed("RelativePositionBias", ["x", "n", "n"], [("x", (8, 2), T.FLOAT)], dict(n=np.array([3], np.int64)), max_distance=4)

@case("groups")
def groups_of_nothing(folder):
    return placed("GroupNorm", ["x", "g", "g"], [("x", (2, 3, 3, 4), T.FLOAT), ("g", (4,), T.FLOAT)], groups=0, activation=0)

@case("activation")
def groups_with_another_activation(folder):
    return placed("GroupNorm", ["x", "g", "g"], [("x", (2, 3, 3, 4), T.FLOAT), ("g", (4,), T.FLOAT)], groups=2, activation=2)

@case("pads")
def windows_with_too_few_pads(folder):
    return placed("ConvTransposeWithDynamicPads", ["x", "w", "p"], [("x", (1, 2, 5, 5), T.FLOAT), ("w", (2, 3, 2, 2), T.FLOAT)],
                  dict(p=np.array([1, 1], np.int64)))
