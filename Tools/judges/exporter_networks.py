"""Networks as PyTorch's exporters write them, against ONNX Runtime: exporter_networks.py DLC [NAME ...]

Language models of transformers in tiny, networks of torchvision and single operators, with random weights, by the exporter of
torch.export (`dynamo=True`, PyTorch's own choice since 2.9), and the language models by the older one as well; their inputs' extents are
symbols. Each is built once and run at two sets of shapes; right is what ONNX Runtime says without optimisations, within 1e-4 of an
output's largest magnitude, and NaN where it says so. A sequence of each batch has padding in front, so that rows of attention see
nothing. What PyTorch or ONNX Runtime refuses is passed over and counted with a reason. Prints a line for each;
the last line is `N passed, N failed, N skipped`.
"""
import contextlib
import io
import os
import sys
import warnings

import numpy as np
import torch
import torchvision
import transformers
from torch import nn
from torch.nn import functional as F

from running import Skipped, Unequal, difference, finish, literal_session, run

LIMIT = 1e-4
OPEN = torch.export.Dim.DYNAMIC


class Case:
    """A network with two sets of inputs, and which of their extents are symbols: for each input, the axes."""

    def __init__(self, network, inputs, axes, legacy=False):
        self.network, self.inputs, self.axes, self.legacy = network.eval(), inputs, axes, legacy

    def export(self, path):
        names = [f"in{i}" for i in range(len(self.axes))]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), torch.no_grad():
            try:
                if self.legacy:
                    # Batches and lengths have one name each.
                    symbols = {name: {axis: f"axis{axis}" for axis in axes} for name, axes in zip(names, self.axes)}
                    torch.onnx.export(self.network, self.inputs[0], path, dynamo=False, input_names=names, dynamic_axes=symbols,
                                      opset_version=17)
                else:
                    shapes = tuple({axis: OPEN for axis in axes} for axes in self.axes)
                    torch.onnx.export(self.network, self.inputs[0], path, dynamo=True, external_data=False, verbose=False,
                                      input_names=names, dynamic_shapes=(shapes,) if isinstance(self.network, Function) else shapes)
            except Exception as error:
                raise Skipped("PyTorch cannot export it: " + (str(error).strip() or repr(error)).splitlines()[0][:120]) from error


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *x):
        return self.function(*x)


class Part(nn.Module):
    """A network of which one result counts, given by position or by name."""

    def __init__(self, network, key=0):
        super().__init__()
        self.network, self.key = network, key

    def forward(self, x):
        return self.network(x)[self.key]


class LanguageModel(nn.Module):
    def __init__(self, network, **named):
        super().__init__()
        self.network, self.named = network, named

    def forward(self, tokens, mask):
        return self.network(input_ids=tokens, attention_mask=mask, **self.named)[0]


TINY = {"vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48,
        "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
OTHER_NAMES = {"vocab_size": 100, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "bos_token_id": 1, "eos_token_id": 2}
SHARED = {"num_key_value_heads": 2}
# Model, configuration, what differs from TINY (or stands in its place) and how attention is written.
DECODERS = {
    "llama": ("LlamaForCausalLM", "LlamaConfig", {**TINY, **SHARED}, "sdpa"),
    "llama_eager": ("LlamaForCausalLM", "LlamaConfig", {**TINY, **SHARED}, "eager"),
    "mistral": ("MistralForCausalLM", "MistralConfig", {**TINY, **SHARED, "sliding_window": 4}, "sdpa"),
    "qwen2": ("Qwen2ForCausalLM", "Qwen2Config", {**TINY, **SHARED}, "sdpa"),
    "qwen3": ("Qwen3ForCausalLM", "Qwen3Config", {**TINY, **SHARED, "head_dim": 8}, "sdpa"),
    "gemma": ("GemmaForCausalLM", "GemmaConfig", {**TINY, "num_key_value_heads": 1, "head_dim": 8}, "sdpa"),
    "gemma2": ("Gemma2ForCausalLM", "Gemma2Config", {**TINY, **SHARED, "head_dim": 8}, "eager"),
    "phi": ("PhiForCausalLM", "PhiConfig", TINY, "sdpa"),
    "phi3": ("Phi3ForCausalLM", "Phi3Config", {**TINY, **SHARED}, "sdpa"),
    "olmo": ("OlmoForCausalLM", "OlmoConfig", TINY, "sdpa"),
    "stablelm": ("StableLmForCausalLM", "StableLmConfig", {**TINY, **SHARED}, "sdpa"),
    "gpt_neox": ("GPTNeoXForCausalLM", "GPTNeoXConfig", TINY, "sdpa"),
    "falcon": ("FalconForCausalLM", "FalconConfig", TINY, "sdpa"),
    "bloom": ("BloomForCausalLM", "BloomConfig", {"vocab_size": 100, "hidden_size": 32, "n_layer": 2, "n_head": 4}, "eager"),
    "gpt2": ("GPT2LMHeadModel", "GPT2Config", OTHER_NAMES, "sdpa"),
    "gptj": ("GPTJForCausalLM", "GPTJConfig", {**OTHER_NAMES, "rotary_dim": 4}, "eager"),
    "mpt": ("MptForCausalLM", "MptConfig", {"vocab_size": 100, "d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 64}, "eager"),
    "opt": ("OPTForCausalLM", "OPTConfig",
            {"vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_dim": 48,
             "max_position_embeddings": 64, "word_embed_proj_dim": 32}, "sdpa"),
}
ENCODERS = {
    "bert": ("BertModel", "BertConfig", TINY, "sdpa"),
    "roberta": ("RobertaModel", "RobertaConfig", TINY, "sdpa"),
    "electra": ("ElectraModel", "ElectraConfig", {**TINY, "embedding_size": 32}, "sdpa"),
    "albert": ("AlbertModel", "AlbertConfig", {**TINY, "embedding_size": 16}, "sdpa"),
    "mpnet": ("MPNetModel", "MPNetConfig", TINY, "eager"),
    "modernbert": ("ModernBertModel", "ModernBertConfig",
                   {**TINY, "global_attn_every_n_layers": 2, "local_attention": 4, "cls_token_id": 1, "sep_token_id": 2}, "sdpa"),
    "deberta_v2": ("DebertaV2Model", "DebertaV2Config",
                   {**TINY, "relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 8}, "eager"),
    "distilbert": ("DistilBertModel", "DistilBertConfig", {"vocab_size": 100, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48},
                   "sdpa"),
    "t5": ("T5EncoderModel", "T5Config",
           {"vocab_size": 100, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}, "sdpa"),
}


def language(model, configuration, settings, attention, legacy=False, **named):
    config = getattr(transformers, configuration)(**settings)
    config._attn_implementation = attention

    def inputs(batch, length):
        mask = torch.ones(batch, length, dtype=torch.int64)
        mask[0, :2] = 0
        return torch.randint(3, 90, (batch, length)), mask

    network = LanguageModel(getattr(transformers, model)(config), **named)
    return Case(network, [inputs(2, 7), inputs(3, 11)], [(0, 1), (0, 1)], legacy)


def image(network, size=64):
    images = [torch.randn(2, 3, size, size), torch.randn(3, 3, size + 32, size + 32)]
    return Case(network, [(x,) for x in images], [(0, 2, 3)])


def sequence(network):
    return Case(network, [(torch.randn(2, 7, 16),), (torch.randn(3, 9, 16),)], [(0, 1)])


def attention(function, mask=False, heads=4):
    def inputs(batch, rows, columns):
        shared = [torch.randn(batch, heads, columns, 8) for _ in range(2)]
        seen = torch.rand(rows, columns) > 0.3
        seen[1] = False
        return (torch.randn(batch, 4, rows, 8), *shared) + ((seen,) if mask else ())

    return Case(function, [inputs(2, 5, 7), inputs(3, 6, 4)], [(0, 2)] * 3 + [(0, 1)] * mask)


class Attention(nn.Module):
    def __init__(self, **named):
        super().__init__()
        self.named = named

    def forward(self, q, k, v):
        return F.scaled_dot_product_attention(q, k, v, **self.named)


class MaskedAttention(nn.Module):
    def forward(self, q, k, v, mask):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


class ManualAttention(nn.Module):
    """As people write it who do not call PyTorch's."""

    def forward(self, q, k, v, mask):
        scores = (q @ k.transpose(-2, -1)) / 8 ** 0.5
        return scores.masked_fill(~mask, float("-inf")).softmax(-1) @ v


# Of one tensor; the axes that differ between the two shapes are symbols.
OPERATORS = {
    "bilinear": (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), (2, 3, 5, 6), (3, 3, 7, 4)),
    "bicubic": (lambda x: F.interpolate(x, size=(9, 11), mode="bicubic", align_corners=True), (2, 3, 5, 6), (3, 3, 7, 4)),
    "antialias": (lambda x: F.interpolate(x, size=(3, 3), mode="bilinear", antialias=True), (2, 3, 8, 6), (3, 3, 7, 9)),
    "pixel_shuffle": (lambda x: F.pixel_shuffle(x, 2), (2, 8, 5, 6), (3, 8, 7, 4)),
    "unfold": (lambda x: F.unfold(x, 3, padding=1), (2, 3, 5, 6), (3, 3, 5, 6)),
    "fold": (lambda x: F.fold(x, (5, 6), 3, padding=1), (2, 27, 30), (3, 27, 30)),
    "sort": (lambda x: torch.sort(x, dim=1, descending=True)[0], (2, 5, 3), (3, 7, 3)),
    "topk": (lambda x: torch.topk(x, 3, dim=1)[0], (2, 5, 3), (3, 7, 3)),
    "roll": (lambda x: torch.roll(x, (1, -2), (1, 2)), (2, 5, 3), (3, 7, 4)),
    "tril": (lambda x: torch.tril(x, -1), (2, 5, 3), (3, 7, 4)),
    "einsum": (lambda x: torch.einsum("bij,bkj->bik", x, x), (2, 5, 3), (3, 7, 4)),
    "variance": (lambda x: x.std(1) + x.var((0, 1), keepdim=True).sum(), (2, 5, 3), (3, 7, 4)),
    "logsumexp": (lambda x: torch.logsumexp(x, 1), (2, 5, 3), (3, 7, 4)),
    "repeat_interleave": (lambda x: x.repeat_interleave(2, dim=1).repeat(2, 1, 3), (2, 5, 3), (3, 7, 3)),
    "index": (lambda x: x[:, [0, 2, 1]][..., ::2], (2, 5, 6), (3, 7, 8)),
    "nonzero": (lambda x: torch.nonzero(x > 0).float(), (2, 5, 6), (3, 7, 8)),
    "masked_select": (lambda x: x[x > 0], (2, 5, 6), (3, 7, 8)),
    "group_norm": (lambda x: F.group_norm(x, 2), (2, 4, 6, 5), (3, 4, 8, 7)),
    "instance_norm": (F.instance_norm, (2, 4, 6, 5), (3, 4, 8, 7)),
    "rms_norm": (lambda x: F.rms_norm(x, (6,)), (2, 4, 6), (3, 5, 6)),
    "reflect": (lambda x: F.pad(x, (1, 2, 2, 1), mode="reflect"), (2, 3, 6, 5), (3, 3, 8, 7)),
    "circular": (lambda x: F.pad(x, (1, 2, 2, 1), mode="circular"), (2, 3, 6, 5), (3, 3, 8, 7)),
    "average_pool": (lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False), (2, 3, 6, 5), (3, 3, 8, 7)),
    "stft": (lambda x: torch.stft(x, 16, 8, window=torch.hann_window(16), return_complex=True).abs(), (2, 64), (3, 64)),
    "range": (lambda x: x + torch.arange(x.shape[1]), (2, 6), (3, 9)),
    "bucketize": (lambda x: torch.bucketize(x, torch.tensor([-1.0, 0.0, 1.0])).float(), (2, 6), (3, 9)),
    "one_hot": (lambda x: F.one_hot((x > 0).long(), 3).float(), (2, 6), (3, 9)),
    "scatter_add": (lambda x: torch.zeros_like(x).scatter_add(1, (x > 0).long(), x), (2, 6), (3, 9)),
    "gather": (lambda x: x.gather(1, (x[:, :2] > 0).long()), (2, 6), (3, 9)),
    "powers": (lambda x: x.pow(3) + x**2 + x.abs().pow(0.5), (2, 6), (3, 9)),
    "remainders": (lambda x: torch.remainder(x, 0.7) + torch.fmod(x, 0.7) + torch.floor_divide(x, 0.3), (2, 6), (3, 9)),
    "transposed": (lambda x: F.conv_transpose2d(x, torch.ones(3, 2, 3, 3), stride=2, padding=1, output_padding=1), (2, 3, 6, 5), (3, 3, 8, 7)),
    "extremes": (lambda x: x.argmax(1).float() + x.amax(1) + x.amin(1), (2, 6, 3), (3, 7, 3)),
    "activations": (lambda x: F.mish(x) + F.celu(x) + F.softplus(x) + F.softsign(x) + F.selu(x) + F.gelu(x, approximate="tanh"), (2, 6), (3, 9)),
}


def operator(function, first, second):
    axes = tuple(axis for axis, (a, b) in enumerate(zip(first, second)) if a != b)
    return Case(Function(function), [(torch.randn(*first),), (torch.randn(*second),)], [axes])


def cases():
    """Names, and what makes each case."""
    made = {}
    for name, settings in DECODERS.items():
        made[name] = lambda settings=settings: language(*settings, use_cache=False)
        made[name + "_older"] = lambda settings=settings: language(*settings, legacy=True, use_cache=False)
    for name, settings in ENCODERS.items():
        made[name] = lambda settings=settings: language(*settings)
        made[name + "_older"] = lambda settings=settings: language(*settings, legacy=True)
    for name in ("resnet18 mobilenet_v2 mobilenet_v3_small shufflenet_v2_x0_5 squeezenet1_1 densenet121 efficientnet_b0 regnet_y_400mf "
                 "convnext_tiny mnasnet0_5 alexnet").split():
        made[name] = lambda name=name: image(getattr(torchvision.models, name)(weights=None), 96 if name == "alexnet" else 64)
    for name in ("deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large"):
        made[name] = lambda name=name: image(
            Part(getattr(torchvision.models.segmentation, name)(weights=None, weights_backbone=None), "out"))
    for kind in ("RNN", "LSTM", "GRU"):
        made[kind] = lambda kind=kind: sequence(Part(getattr(nn, kind)(16, 5, 2, batch_first=True, bidirectional=kind != "RNN")))
    made["encoder_layer"] = lambda: sequence(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True))
    made["attention"] = lambda: attention(Attention())
    made["attention_of_shared_keys"] = lambda: attention(Attention(enable_gqa=True), heads=2)
    made["attention_of_what_is_seen"] = lambda: attention(MaskedAttention(), mask=True)
    made["attention_by_hand"] = lambda: attention(ManualAttention(), mask=True)
    made.update({name: lambda settings=settings: operator(*settings) for name, settings in OPERATORS.items()})
    return made


def compared(dlc, case, folder):
    """What was found to agree.

    - Raises: Unequal, Skipped.
    """
    path, compiled, answer = (os.path.join(folder, name) for name in ("m.onnx", "m.dlc", "answer"))
    case.export(path)
    try:
        session = literal_session(path)
    except Exception as error:  # its classes share no base of their own
        raise Skipped("ONNX Runtime refuses it: " + str(error).splitlines()[0][:120]) from error
    run(dlc, "build", path, "-o", compiled)
    worst, count = 0.0, 0
    for inputs in case.inputs:
        feed = {port.name: np.ascontiguousarray(value.numpy()) for port, value in zip(session.get_inputs(), inputs)}
        try:
            expected = session.run(None, feed)
        except Exception:  # a shape that the exporter has settled
            continue
        command = []
        for name, value in feed.items():
            file = os.path.join(folder, name + ".npy")
            np.save(file, value)
            command += ["--input", f"{name}={file}"]
        run(dlc, "run", compiled, *command, "--output-dir", answer)
        for port, want in zip(session.get_outputs(), expected):
            found = np.load(os.path.join(answer, port.name.replace("/", "_") + ".npy"))
            worst = max(worst, difference(None, port.name, found, want, special=True))
        count += 1
    if count == 0:
        raise Skipped("ONNX Runtime runs it with no shape")
    if not worst <= LIMIT:
        raise Unequal(f"off by {worst:.1e} of the largest output")
    return f"within {worst:.1e} at {count} shapes"


def main():
    dlc, *names = sys.argv[1:]
    dlc, made = os.path.abspath(dlc), cases()
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    for name in names:
        if name not in made:
            sys.exit(f"exporter_networks: there is no {name}")

    def judge(make):
        def held(folder):
            torch.manual_seed(0)
            return compared(dlc, make(), folder)

        return held

    finish((name, judge(made[name])) for name in names or made)


if __name__ == "__main__":
    main()
