"""Hand-made forests for contrib.py: TreeEnsembleClassifier and TreeEnsembleRegressor in every mode, aggregate, transform and way to
give base values, on rows with NaN and with numbers that thresholds are equal to.

Left out is what ONNX Runtime computes otherwise than ONNX's reference and the libraries that write such files, or not at all:
transforms of a single target and of one positive score for two classes; labels of two classes that both have scores, of which it
takes the second wherever that is above 0, and base values of these; classes without any vote, which have no base value.
"""
import itertools

import numpy as np
from onnx import TensorProto as T
from onnx import helper

ML = "ai.onnx.ml"
rng = np.random.default_rng(5)
MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
FEATURES = 4
# Thresholds are quarters, and so are many elements of rows.
QUARTERS = 4.0
SIGNS = itertools.cycle((1, -1))


def trees(count, prefix, weights, modes=MODES[:1], tracks=False, deep=True):
    """Attributes of a forest.

    - Parameter weights: draws what a leaf says, a list of (target, weight); of the first tree's if it is told so.
    """
    found = {name: [] for name in (
        "nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_modes", "nodes_values", "nodes_truenodeids", "nodes_falsenodeids",
        f"{prefix}_treeids", f"{prefix}_nodeids", f"{prefix}_ids", f"{prefix}_weights")}
    flags = []
    for tree in range(count):
        depth = int(rng.integers(1, 4)) if deep else 1
        inner, leaves = 2**depth - 1, 2**depth
        for number in range(inner + leaves):
            is_leaf = number >= inner
            for name, value in (
                    ("treeids", tree), ("nodeids", number), ("featureids", 0 if is_leaf else int(rng.integers(FEATURES))),
                    ("modes", "LEAF" if is_leaf else str(rng.choice(modes))),
                    ("values", 0.0 if is_leaf else float(rng.integers(-4, 5)) / QUARTERS),
                    ("truenodeids", 0 if is_leaf else 2 * number + 1), ("falsenodeids", 0 if is_leaf else 2 * number + 2)):
                found["nodes_" + name].append(value)
            flags.append(int(tracks and not is_leaf and rng.random() < 0.5))
            for target, weight in weights(tree == 0) if is_leaf else ():
                for name, value in (("treeids", tree), ("nodeids", number), ("ids", target), ("weights", float(weight))):
                    found[f"{prefix}_{name}"].append(value)
    if tracks:
        found["nodes_missing_value_tracks_true"] = flags
    return found


def rows(count, with_nan=False, type=np.float32):
    x = np.round(rng.normal(0, 1, (count, FEATURES)) * QUARTERS) / QUARTERS if rng.random() < 0.5 else rng.normal(0, 1, (count, FEATURES))
    if with_nan:
        x[rng.random(x.shape) < 0.3] = np.nan
    return (x * QUARTERS if np.dtype(type).kind == "i" else x).astype(type)


def made(op_type, attributes, x, outputs):
    names = ["y"] if op_type == "TreeEnsembleRegressor" else ["label", "scores"]
    node = helper.make_node(op_type, ["x"], names, domain=ML, **attributes)
    graph = helper.make_graph(
        [node], "forest", [helper.make_tensor_value_info("x", helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)],
        [helper.make_tensor_value_info(name, type, None) for name, type in outputs])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(ML, 3)])
    model.ir_version = 8
    return model


def positive():
    return float(rng.uniform(0.01, 0.25))


def signed():
    """Every second one is negative, so that no forest has only positive ones by chance."""
    return next(SIGNS) * abs(float(rng.normal(0, 0.6)))


def leaves(kind, draw):
    """What leaves say: of the first class or the second alone, of one of some, of all, or of some; those of the first tree of all but
    with "just"."""
    def said(is_first):
        if kind in ("first", "second"):
            return [int(kind == "second")]
        classes = int(kind[-1])
        if kind.startswith("all of") or is_first and not kind.startswith("just"):
            return range(classes)
        return [int(rng.integers(classes))] if "one of" in kind else [each for each in range(classes) if rng.random() < 0.6]

    return lambda is_first: [(each, draw()) for each in said(is_first)]


def classifiers():
    kinds = {"first": 2, "second": 2, "all of 2": 2, "one of 3": 3, "all of 3": 3, "some of 3": 3, "just one of 3": 3}
    for kind, classes in kinds.items():
        for draw in (positive, signed):
            for transform in TRANSFORMS:
                # An inverse of the normal distribution wants probabilities.
                if transform == "PROBIT" and draw is signed:
                    continue
                if kind == "first" and transform != "NONE" and (draw is positive or transform != "LOGISTIC"):
                    continue
                if kind.startswith("just") and transform != "SOFTMAX_ZERO":
                    continue
                for bases in {"just one of 3": (0,), "first": (0, 1), "second": (0,), "all of 2": (0,)}.get(kind, (0, 3)):
                    base = [float(rng.uniform(0.05, 0.2)) for _ in range(bases)]
                    labels = dict(classlabels_strings=[f"c{k}" for k in range(classes)]) if rng.random() < 0.5 else dict(
                        classlabels_int64s=[int(k * 3 - 2) for k in range(classes)])
                    attributes = dict(trees(int(rng.integers(1, 4)), "class", leaves(kind, draw)), post_transform=transform, **labels)
                    if base:
                        attributes["base_values"] = base
                    x = rows(9)
                    outputs = [("label", T.STRING if "classlabels_strings" in labels else T.INT64), ("scores", T.FLOAT)]
                    if kind == "all of 2":
                        outputs = outputs[1:]
                    name = f"{kind} {draw.__name__} {transform} {bases} bases"
                    yield name, made("TreeEnsembleClassifier", attributes, x, outputs), dict(x=x)
    for mode in MODES:
        for tracks in (False, True):
            attributes = dict(
                trees(3, "class", leaves("all of 3", signed), [mode], tracks), post_transform="NONE", classlabels_int64s=[0, 1, 2])
            x = rows(40, with_nan=True)
            yield f"{mode} {tracks}", made("TreeEnsembleClassifier", attributes, x, [("label", T.INT64), ("scores", T.FLOAT)]), dict(x=x)
    for type in (np.float64, np.int32, np.int64):
        attributes = dict(trees(3, "class", leaves("second", positive)), post_transform="NONE", classlabels_int64s=[0, 1])
        x = rows(20, type=type)
        yield np.dtype(type).name, made("TreeEnsembleClassifier", attributes, x, [("label", T.INT64), ("scores", T.FLOAT)]), dict(x=x)


def regressors():
    for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
        for kind, targets in {"first": 1, "one of 2": 2, "all of 3": 3, "some of 3": 3}.items():
            for bases in (0, targets):
                for transform in ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO") if targets > 1 else ("NONE",):
                    attributes = dict(
                        trees(4, "target", leaves(kind, signed), MODES), n_targets=targets, aggregate_function=aggregate,
                        post_transform=transform)
                    if bases:
                        attributes["base_values"] = [signed() for _ in range(bases)]
                    x = rows(int(rng.choice([1, 7, 40])))
                    yield f"{aggregate} {kind} {bases} bases {transform}", made(
                        "TreeEnsembleRegressor", attributes, x, [("y", T.FLOAT)]), dict(x=x)


def forests():
    for group in (classifiers, regressors):
        for name, model, inputs in group():
            yield f"{group.__name__} {name}", model, inputs, (1e-5, 0, 0)
