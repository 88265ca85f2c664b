"""A decoder's greedy search, exported by PyTorch as one ONNX Loop around its layers, in dlc and in ONNX Runtime:

    greedy_loop.py DLC [--steps 200] [--times]

Twice: with keys and values that grow by a row a step, and with ones of a fixed length that a step writes into. The tokens must be
the same. With --times both are timed on one thread, in turns, and one that is slower than ONNX Runtime is a failure. The last line
is `N passed, N failed`.
"""
import argparse
import json
import os
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import onnx
import onnxruntime
import torch

from running import Unequal, finish, run

WIDTH, HEADS, LAYERS, WORDS = 256, 4, 4, 2000


class Layer(torch.nn.Module):
    """A layer of GPT-2 (Radford et al. 2019) for one token."""

    def __init__(self):
        super().__init__()
        self.before, self.between = torch.nn.LayerNorm(WIDTH), torch.nn.LayerNorm(WIDTH)
        self.qkv, self.out = torch.nn.Linear(WIDTH, 3 * WIDTH), torch.nn.Linear(WIDTH, WIDTH)
        self.up, self.down = torch.nn.Linear(WIDTH, 4 * WIDTH), torch.nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x, take, mask):
        q, k, v = self.qkv(self.before(x)).reshape(3, HEADS, 1, WIDTH // HEADS)
        k, v = take(k, v)
        scores = torch.matmul(q, k.transpose(1, 2)) / (WIDTH // HEADS) ** 0.5 + mask
        x = x + self.out(torch.matmul(torch.softmax(scores, -1), v).reshape(1, WIDTH))
        return x + self.down(torch.nn.functional.gelu(self.up(self.between(x)))), k, v


class Step(torch.nn.Module):
    """The token after one token [1] at a place [1], and the keys and values [2 · layers, heads, length, width of a head] that the
    next step reads; those of a fixed length are written at the place."""

    def __init__(self, steps, fixed):
        super().__init__()
        self.steps, self.fixed = steps, fixed
        self.words, self.places = torch.nn.Embedding(WORDS, WIDTH), torch.nn.Embedding(steps, WIDTH)
        self.layers = torch.nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm, self.head = torch.nn.LayerNorm(WIDTH), torch.nn.Linear(WIDTH, WORDS, bias=False)

    def forward(self, token, place, past):
        x, rows = self.words(token) + self.places(place), []
        mask = torch.where(torch.arange(self.steps) <= place, 0.0, -1e9) if self.fixed else torch.zeros(1)
        for index, layer in enumerate(self.layers):
            def take(*new):
                before = past[2 * index:2 * index + 2]
                if self.fixed:
                    return [b.index_copy(1, place, row) for b, row in zip(before, new)]
                return [torch.cat([b, row], 1) for b, row in zip(before, new)]
            x, k, v = layer(x, take, mask)
            rows += [k, v]
        return torch.argmax(self.head(self.norm(x)), -1), torch.stack(rows)


class Search(torch.nn.Module):
    """`steps` tokens after one token [1]."""

    def __init__(self, steps, fixed):
        super().__init__()
        self.steps, self.length = steps, steps if fixed else 0
        zero = torch.zeros(1, dtype=torch.long)
        past = torch.zeros(2 * LAYERS, HEADS, steps if fixed else 3, WIDTH // HEADS)
        self.step = torch.jit.trace(Step(steps, fixed), (zero, zero, past))
        self.past = torch.zeros(2 * LAYERS, HEADS, self.length, WIDTH // HEADS)

    def forward(self, token):
        tokens, past = token, self.past
        for place in range(self.steps):
            token, past = self.step(token, torch.full([1], place, dtype=torch.long), past)
            tokens = torch.cat([tokens, token])
        return tokens


def exported(path, steps, fixed):
    torch.manual_seed(1)
    search = torch.jit.script(Search(steps, fixed).eval())
    with torch.no_grad():
        torch.onnx.export(search, (torch.tensor([7]),), path, input_names=["token"], output_names=["tokens"], opset_version=17, dynamo=False)
    # The exporter notes the lengths of the first round for all rounds.
    model = onnx.load(path)
    for loop in (node for node in model.graph.node if node.op_type == "Loop"):
        body = loop.attribute[0].g
        del body.value_info[:]
        for value in list(body.input) + list(body.output):
            for dimension in value.type.tensor_type.shape.dim:
                dimension.Clear()
    del model.graph.value_info[:]
    model.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "length"
    onnx.save(model, path)


def judged(dlc, steps, fixed, times):
    def judge(folder):
        path = os.path.join(folder, "search.onnx")
        exported(path, steps, fixed)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feed = {"token": np.array([7], np.int64)}
        np.save(os.path.join(folder, "token.npy"), feed["token"])
        expected = session.run(None, feed)[0]
        run(dlc, "run", path, "--input", f"token={folder}/token.npy", "--output-dir", f"{folder}/answer")
        found = np.load(f"{folder}/answer/tokens.npy")
        if not np.array_equal(found, expected):
            raise Unequal(f"of {expected.size} tokens {int((found != expected).sum())} differ")
        if len(np.unique(expected)) < 3:
            raise Unequal("the search says the same word again and again, which judges nothing")
        if not times:
            return f"{expected.size} tokens"
        theirs, ours = [], []
        plan = os.path.join(folder, "search.dlc")
        run(dlc, "build", path, "-o", plan)
        for _ in range(3):
            end = time.perf_counter() + 1
            while time.perf_counter() < end:
                start = time.perf_counter()
                session.run(None, feed)
                theirs.append((time.perf_counter() - start) * 1e3)
            ours.append(json.loads(run(dlc, "bench", plan, "--threads", "1", "--seconds", "1", "--json"))["median_ms"])
        text = f"{min(ours):.1f} ms, ONNX Runtime {np.median(theirs):.1f} ms"
        if min(ours) > np.median(theirs):
            raise Unequal(text)
        return text
    return judge


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dlc")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--times", action="store_true")
    options = parser.parse_args()
    dlc = os.path.abspath(options.dlc)
    finish((name, judged(dlc, options.steps, fixed, options.times))
           for name, fixed in (("keys and values that grow", False), ("keys and values of a fixed length", True)))


if __name__ == "__main__":
    main()
