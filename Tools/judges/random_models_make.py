"""Random models by NNSmith: random_models_make.py FIRST LAST FOLDER writes FOLDER/SEED/{model.onnx, inputs.npz} for seeds FIRST ..< LAST.

A seed gives the same model everywhere with the same versions of the packages; some give none, and leave an empty folder.
"""
import logging
import os
import random
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
import numpy as np
import torch
import torch.onnx

torch.set_num_threads(1)
exporter = torch.onnx.export
torch.onnx.export = lambda *values, **named: exporter(*values, **{**named, "dynamo": False})  # NNSmith expects the older exporter

from nnsmith.graph_gen import model_gen
from nnsmith.materialize import Model
from nnsmith.narrow_spec import auto_opset

# Half precision is left out: how it is rounded between operators makes most later comparisons moot.
TYPES = ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


def main():
    first, last, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    kind = Model.init("onnx", "cpu")
    operators = auto_opset(kind)
    for seed in range(first, last):
        folder = f"{out}/{seed}"
        os.makedirs(folder, exist_ok=True)
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        try:
            generator = model_gen(
                opset=operators, method="symbolic-cinit", seed=seed, max_elem_per_tensor=4096, max_nodes=4 + seed % 17, timeout_ms=8000,
                rank_choices=None, dtype_choices=TYPES)
            model = kind.from_gir(generator.make_concrete())
            model.refine_weights()
            oracle = model.make_oracle()
            np.savez(f"{folder}/inputs.npz", **{name: np.asarray(value) for name, value in oracle.input.items()})
            model.dump(f"{folder}/model.onnx")
            for extra in ("gir.pkl", "model.pth"):
                if os.path.exists(f"{folder}/{extra}"):
                    os.remove(f"{folder}/{extra}")
        except Exception as error:
            print("no model", seed, repr(error)[:120], flush=True)


main()
