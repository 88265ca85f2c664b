"""Holds strings to ONNX Runtime: small models of every operator on them, run by both, then exported and run by ONNX Runtime.

    python strings.py DLC [--only WORD]

Draws texts with a fixed seed. A case fails where an output differs in type, shape or any element. Prints a line per failure and a
final count.
"""
import argparse
import os
import random
import subprocess
from functools import partial

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto as T
from onnx import helper, numpy_helper

import running

ML = "ai.onnx.ml"
WORDS = ["", "a", "b", "monday", "Monday", "MONDAY", "tuesday", "a longer text of words", "straße", "ÄRGER", "日本語 テスト", "x-y-z",
         "--", "1.5", "www.example.com", "user@example.org", "e\u0301", "\u00e9", "seven77", "eight888", "🙂 smile", "  two  blanks "]
rng = random.Random(7)


def words(*shape):
    return np.array([rng.choice(WORDS) for _ in range(int(np.prod(shape)))], dtype=object).reshape(shape)


def tensor(array):
    array = np.asarray(array)
    if array.dtype.kind in "OUS":
        flat = [text.encode() if isinstance(text, str) else text for text in array.reshape(-1).tolist()]
        return helper.make_tensor("t", T.STRING, array.shape, flat)
    return numpy_helper.from_array(array)


def kind(array):
    return T.STRING if array.dtype.kind in "OUS" else helper.np_dtype_to_tensor_dtype(array.dtype)


def model(nodes, inputs, outputs, constants=(), opset=21):
    """`outputs` are names with ranks' worth of unknown extents: (name, type, rank)."""
    graph = helper.make_graph(
        nodes, "strings", [helper.make_tensor_value_info(name, kind(value), value.shape) for name, value in inputs.items()],
        [helper.make_tensor_value_info(name, type, [None] * rank) for name, type, rank in outputs])
    for name, value in dict(constants).items():
        made = tensor(value)
        made.name = name
        graph.initializer.append(made)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid(ML, 4)])
    made.ir_version = 9
    return made, inputs


def node(op_type, inputs, outputs="y", **attributes):
    return helper.make_node(op_type, inputs.split(), outputs.split(), **attributes)


def unary(op_type, x, result=T.STRING, rank=None, domain="", **attributes):
    return model([node(op_type, "x", domain=domain, **attributes)], {"x": x}, [("y", result, x.ndim if rank is None else rank)])


def movement():
    x, table = words(3, 4), words(7)  # ONNX Runtime loses strings of tables with rows
    yield "identity", unary("Identity", x)
    yield "transpose", unary("Transpose", x, perm=[1, 0])
    yield "unsqueeze", model([node("Unsqueeze", "x a")], {"x": x}, [("y", T.STRING, 3)], {"a": np.array([1])})
    yield "reshape", model([node("Reshape", "x s")], {"x": x}, [("y", T.STRING, 2)], {"s": np.array([2, 6])})
    yield "gather", model(
        [node("Gather", "t x")], {"x": np.array([[0, 6], [3, -1]])}, [("y", T.STRING, 2)], {"t": table})
    yield "concat", model([node("Concat", "x c x", axis=0)], {"x": x}, [("y", T.STRING, 2)], {"c": words(1, 4)})
    yield "slice", model(
        [node("Slice", "x b e a s")], {"x": x}, [("y", T.STRING, 2)],
        {"b": np.array([3]), "e": np.array([0]), "a": np.array([1]), "s": np.array([-1])})
    yield "tile", model([node("Tile", "x r")], {"x": x}, [("y", T.STRING, 2)], {"r": np.array([2, 3])})
    yield "expand", model([node("Expand", "x s")], {"x": words(3, 1)}, [("y", T.STRING, 3)], {"s": np.array([2, 3, 4])})
    yield "where", model(
        [node("Where", "c x z")], {"c": np.array([[True], [False], [True]]), "x": x}, [("y", T.STRING, 2)],
        {"z": np.array("a constant text", dtype=object)})
    yield "where-of-inputs", model(
        [node("Where", "c x z")], {"c": np.array([True, False, False, True]), "x": x, "z": words(3, 1)}, [("y", T.STRING, 2)])
    yield "unique", model(
        [node("Unique", "x", "y i v n")], {"x": words(30)},
        [("y", T.STRING, 1), ("i", T.INT64, 1), ("v", T.INT64, 1), ("n", T.INT64, 1)])
    yield "scatter", model(
        [node("ScatterElements", "x i u", axis=1)], {"x": x, "u": words(3, 1)}, [("y", T.STRING, 2)], {"i": np.array([[0], [3], [1]])})
    yield "compress", model([node("Compress", "x c", axis=1)], {"x": x, "c": np.array([True, False, True])}, [("y", T.STRING, 2)])
    yield "split", model(
        [node("Split", "x", "y z", axis=1, num_outputs=2)], {"x": x}, [("y", T.STRING, 2), ("z", T.STRING, 2)])
    yield "if", model(
        [helper.make_node(
            "If", ["c"], ["y"],
            then_branch=helper.make_graph([node("Concat", "x x", "p", axis=0)], "t", [], [helper.make_tensor_value_info("p", T.STRING, None)]),
            else_branch=helper.make_graph([node("Identity", "x", "q")], "e", [], [helper.make_tensor_value_info("q", T.STRING, None)]))],
        {"c": np.array(True), "x": x}, [("y", T.STRING, 2)])


def loop():
    """Texts that grow from round to round, and the rows that they make."""
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [node("StringConcat", "s d", "t"), node("Identity", "c", "d2"), node("Identity", "t", "row")], "body",
        [info("i", T.INT64, []), info("c", T.BOOL, []), info("s", T.STRING, [2])],
        [info("d2", T.BOOL, []), info("t", T.STRING, [2]), info("row", T.STRING, [2])])
    yield "loop", model(
        [helper.make_node("Loop", ["n", "", "s0"], ["y", "rows"], body=body)],
        {"n": np.array(5), "s0": words(2), "d": np.array([", more", "!"], dtype=object)}, [("y", T.STRING, 1), ("rows", T.STRING, 2)])


def comparison():
    x = words(5, 6)
    yield "equal", model([node("Equal", "x z")], {"x": x, "z": words(6)}, [("y", T.BOOL, 2)])
    yield "equal-constant", model(
        [node("Equal", "x z")], {"x": x}, [("y", T.BOOL, 2)], {"z": np.array("a longer text of words", dtype=object)})


def functions():
    x = words(12)
    for change in ("NONE", "LOWER", "UPPER"):
        for sensitive in (0, 1):
            for stops in ([], ["monday", "ärger", "a", "straße"]):
                attributes = {"stopwords": stops} if stops else {}
                yield f"normalizer-{change}-{sensitive}-{len(stops)}", unary(
                    "StringNormalizer", x, case_change_action=change, is_case_sensitive=sensitive, locale="C.UTF-8", **attributes)
    yield "normalizer-row", unary(
        "StringNormalizer", words(1, 5), case_change_action="UPPER", is_case_sensitive=1, stopwords=WORDS, locale="C.UTF-8")
    yield "concat-strings", model([node("StringConcat", "x z")], {"x": words(3, 1), "z": words(2, 1, 4)}, [("y", T.STRING, 3)])
    yield "concat-constant", model([node("StringConcat", "x z")], {"x": x}, [("y", T.STRING, 1)], {"z": np.array(" und so weiter", dtype=object)})
    full = np.array([word for word in WORDS if word], dtype=object)
    for delimiter in (None, "-", " ", "o", "語"):
        for most in (None, 0, 1, 3):
            attributes = {key: value for key, value in (("delimiter", delimiter), ("maxsplit", most)) if value is not None}
            yield f"split-{delimiter}-{most}", model(
                [node("StringSplit", "x", "y n", **attributes)], {"x": full.reshape(3, -1)}, [("y", T.STRING, 3), ("n", T.INT64, 2)])
    yield "split-and-count", model(
        [node("StringSplit", "x", "p n", delimiter=" "), node("Shape", "p", "y")], {"x": full}, [("y", T.INT64, 1), ("n", T.INT64, 1)])


PATTERNS = [
    r"", r".*", r"a|b|monday", r"(?i)monday", r"[a-z]+", r"[^a-z]*", r"\w+@\w+\.org", r"www\.[\w.-]+\.\bcom\b", r"(a|b)*c?", r"\d+(\.\d+)?",
    r"\p{L}+", r"\p{Han}+.*", r"\P{L}*", r"[[:alpha:]]+\d{1,3}", r"(?P<name>x)-y-(?:z)", r"\Q--\E", r"[\x{61}-\x{7a}]{1,9}", r"-{2}", r".{6}",
    r"(?s).+", r"^a$", r"\Aa\z", r"(?i)STRASSE|straße", r"(?i)äRGER", r"e\x{301}", r"[\pL\s]+", r"a*?b??", r"(?U)a+", r"\{1}?|a{,2}", r"\bseven\d\d\b",
    r"[]a-]+", r"[^]a]", r"(?:(?:a*)*)*", r"x?-?y?-?z?", r"[\d\-x-z]+", r"\S+\s\S+", r"(?i)[^a-z]+", r"(?i)\x{212a}*k*", r"\pN*", r"\p{Greek}|\p{Lu}+",
]


def expressions():
    x = np.array(WORDS + ["abc", "aab", "xyz", "k", "K", "\u212a", "ä", "ß", "ſ", "\u03c3\u03c2", "日本", "a\nb", "{1}", "a{,2}", "ABC", "]-", "б"], dtype=object)
    for pattern in PATTERNS:
        yield f"regex {pattern}", unary("RegexFullMatch", x, T.BOOL, pattern=pattern)


def labels():
    keys = {"strings": ["a", "monday", "a longer text of words", "straße"], "int64s": [1, -5, 7, 100], "floats": [0.5, float("nan"), 2.0, -1.0]}
    default = {"strings": ("default_string", "nothing of it"), "int64s": ("default_int64", 42), "floats": ("default_float", 0.25)}
    types = {"strings": T.STRING, "int64s": T.INT64, "floats": T.FLOAT}
    inputs = {"strings": words(4, 3), "int64s": np.array([[1, 2], [7, -5]]), "floats": np.array([0.5, 3, float("nan"), -1], np.float32)}
    for source in keys:
        for target in keys:
            if (source, target) in (("int64s", "int64s"), ("floats", "floats")) or "strings" in (source, target) or source != target:
                for given in (False, True):
                    attributes = {f"keys_{source}": keys[source], f"values_{target}": keys[target]}
                    if given:
                        attributes[default[target][0]] = default[target][1]
                    yield f"labels-{source}-{target}-{given}", unary("LabelEncoder", inputs[source], types[target], domain=ML, **attributes)
    yield "mapper-to-number", unary(
        "CategoryMapper", words(5), T.INT64, domain=ML, cats_strings=["a", "monday"], cats_int64s=[3, 9], default_int64=-7)
    yield "mapper-to-text", unary(
        "CategoryMapper", np.array([3, 4, 9]), T.STRING, domain=ML, cats_strings=["a", "a longer text"], cats_int64s=[3, 9])
    yield "one-hot", unary("OneHotEncoder", words(4, 2), T.FLOAT, rank=3, domain=ML, cats_strings=["a", "b", "monday", "a longer text of words"])
    yield "features", model(
        [node("ArrayFeatureExtractor", "x i", domain=ML)], {"x": words(3, 4)}, [("y", T.STRING, 2)], {"i": np.array([2, 0])})


def grams():
    pool = ["a", "b", "monday", "x", "a", "b", "monday", "tuesday", "a", "a"]
    x = np.array([["a", "b", "c", "monday", "tuesday", "a"], ["a", "a", "b", "", "monday", "x"]], dtype=object)
    for mode in ("TF", "IDF", "TFIDF"):
        for least, most, skips in ((1, 1, 0), (1, 2, 0), (2, 2, 0), (1, 2, 2), (2, 2, 3)):
            attributes = {"mode": mode, "min_gram_length": least, "max_gram_length": most, "max_skip_count": skips, "pool_strings": pool,
                          "ngram_counts": [0, 4], "ngram_indexes": list(range(7)), "weights": [0.5, 1, 2, 3, 4, 5, 6]}
            yield f"grams-{mode}-{least}-{most}-{skips}", unary("TfIdfVectorizer", x, T.FLOAT, **attributes)
            yield f"grams-row-{mode}-{least}-{most}-{skips}", unary("TfIdfVectorizer", x[0], T.FLOAT, **attributes)


def casts():
    floats = np.array([0, 1, -1.5, 0.1, 1e20, 1e-7, 123456.78, 16777216, np.inf, -np.inf, np.nan, 3.14159274], np.float32)
    for type in (np.float32, np.float64):
        yield f"cast-{type.__name__}", unary("Cast", floats.astype(type), T.STRING, to=T.STRING)
    for type in (np.int8, np.int32, np.int64, np.uint8):
        yield f"cast-{type.__name__}", unary("Cast", np.array([0, 7, 100, -3 if np.dtype(type).kind == "i" else 3]).astype(type), T.STRING, to=T.STRING)
    numbers = np.array(["0", "1.5", "-2e3", "NaN", "inf", "-INF", "16777217"], dtype=object)
    yield "cast-to-f32", unary("Cast", numbers, T.FLOAT, to=T.FLOAT)
    yield "cast-to-f64", unary("Cast", numbers, T.DOUBLE, to=T.DOUBLE)
    yield "cast-to-i64", unary("Cast", np.array(["0", "-7", "9223372036854775807"], dtype=object), T.INT64, to=T.INT64)
    yield "cast-to-i32", unary("Cast", np.array(["0", "-7", "2147483647"], dtype=object), T.INT32, to=T.INT32)


def classifiers():
    names = ["virginica", "setosa", "a longer name"]
    x = np.random.RandomState(1).randn(6, 2).astype(np.float32)
    yield "linear", model(
        [node("LinearClassifier", "x", "y s", domain=ML, classlabels_strings=names, coefficients=[1.0, -1, 0.5, 2, -2, 0.25],
              intercepts=[0.0, 0.1, 0.2], multi_class=1, post_transform="SOFTMAX")], {"x": x}, [("y", T.STRING, 1), ("s", T.FLOAT, 2)])
    yield "tree", model(
        [node("TreeEnsembleClassifier", "x", "y s", domain=ML, classlabels_strings=names, class_ids=[0, 1, 2], class_nodeids=[1, 3, 4],
              class_treeids=[0, 0, 0], class_weights=[1.0, 1, 1], nodes_falsenodeids=[2, 0, 4, 0, 0], nodes_featureids=[0, 0, 1, 0, 0],
              nodes_modes=["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"], nodes_nodeids=[0, 1, 2, 3, 4], nodes_treeids=[0] * 5,
              nodes_truenodeids=[1, 0, 3, 0, 0], nodes_values=[0.0, 0, 0.5, 0, 0])], {"x": x}, [("y", T.STRING, 1), ("s", T.FLOAT, 2)])


def same(got, want):
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return f"shape {got.shape} for {want.shape}"
    if want.dtype.kind in "OUS":
        texts = [[t.decode() if isinstance(t, bytes) else t for t in a.reshape(-1).tolist()] for a in (got, want)]
        wrong = [pair for pair in zip(*texts) if pair[0] != pair[1]]
        return f"{wrong[0][0]!r} for {wrong[0][1]!r}" if wrong else None
    if got.dtype != want.dtype:
        return f"type {got.dtype} for {want.dtype}"
    return None if np.allclose(got, want, 1e-6, 1e-6, equal_nan=True) else f"{got.tolist()} for {want.tolist()}"


def judge(dlc, name, made, inputs, folder):
    path = os.path.join(folder, "model.onnx")
    onnx.save(made, path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    want = onnxruntime.InferenceSession(made.SerializeToString(), options).run(None, inputs)
    arguments = []
    for index, (key, value) in enumerate(inputs.items()):
        file = os.path.join(folder, f"{index}.pb")
        with open(file, "wb") as f:
            f.write(tensor(value).SerializeToString())
        arguments += ["--input", f"{key}={file}"]
    out = os.path.join(folder, "out")
    run = subprocess.run([dlc, "run", path, *arguments, "--output-dir", out, "--output-format", "pb"], capture_output=True, text=True)
    if run.returncode:
        return run.stderr.strip()
    for output, expected in zip(made.graph.output, want):
        with open(os.path.join(out, f"{output.name}.pb"), "rb") as f:
            fault = same(numpy_helper.to_array(T.FromString(f.read())), expected)
        if fault:
            return f"{output.name}: {fault}"
    written = os.path.join(folder, "written.onnx")
    export = subprocess.run([dlc, "export", path, "--opset", "21", "-o", written], capture_output=True, text=True)
    if export.returncode:
        return "export: " + export.stderr.strip()
    again = onnxruntime.InferenceSession(written, options).run([output.name for output in made.graph.output], inputs)
    return next((f"exported: {fault}" for fault in map(same, again, want) if fault), None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dlc")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    running.hold(
        (name, partial(judge, options.dlc, name, made, inputs))
        for group in (movement, loop, comparison, functions, expressions, labels, grams, casts, classifiers)
        for name, (made, inputs) in group()
        if options.only in name)


if __name__ == "__main__":
    main()
