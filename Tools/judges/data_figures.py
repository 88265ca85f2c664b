"""Figures that DLCData's tests are held to, computed without it: orders of examples by Philox, and NumPy's means and deviations."""
import collections
import re

import numpy as np

M = 0xFFFFFFFF


def philox(seed, a, b, c, d):
    k0, k1 = seed & M, seed >> 32
    for _ in range(10):
        first, second = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (second >> 32) ^ b ^ k0, second & M, (first >> 32) ^ d ^ k1, first & M
        k0, k1 = (k0 + 0x9E3779B9) & M, (k1 + 0xBB67AE85) & M
    return a, b, c, d


def shuffled(count, seed, stream, epoch):
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        w = philox(seed, i & M, i >> 32, epoch, stream)
        j = ((w[0] | w[1] << 32) * (i + 1)) >> 64
        order[i], order[j] = order[j], order[i]
    return order


def network(count, seed, stream, epoch):
    half = max(1, ((count - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1

    def permuted(v):
        left, right = v >> half, v & mask
        for r in range(6):
            w = philox(seed, right & M, (right >> 32) | (r + 1) << 24, epoch, stream)
            left, right = right, left ^ ((w[0] | w[1] << 32) & mask)
        return left << half | right

    def walk(v):
        v = permuted(v)
        while v >= count:
            v = permuted(v)
        return v

    return [walk(i) for i in range(count)]


print("shuffled", shuffled(10, 42, 0xFFFF0001, 1))
print("network", network(10, 42, 0xFFFF0001, 1))
x = np.array([(i * 37) % 23 * 0.25 for i in range(60)], "f4").reshape(20, 3).astype("f8")
print("table", [float(v) for v in [*x.mean(0), *x.std(0)]])
p = np.array([(i * 41) % 256 for i in range(96)]).reshape(8, 3, 2, 2) / 255
print("pictures", [float(v) for v in [*p.mean((0, 2, 3)), *p.std((0, 2, 3))]])


def byte_pairs(pieces, most):
    """Algorithm 1 of Sennrich, Haddow and Birch (2016); of equally frequent pairs the one whose characters come first."""
    words = {tuple(piece): count for piece, count in pieces.items()}
    merges = []
    while len(merges) < most:
        pairs = collections.Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        best = min(pairs, key=lambda pair: (-pairs[pair], pair), default=None)
        if best is None or pairs[best] < 2:
            break
        merges.append(best)
        joined = collections.Counter()
        for word, count in words.items():
            new, i = [], 0
            while i < len(word):
                both = word[i : i + 2] == best
                new.append("".join(word[i : i + 2]) if both else word[i])
                i += 2 if both else 1
            joined[tuple(new)] += count
        words = joined
    return merges


TEXT = "low low low low low lower lower newest newest newest newest newest newest widest widest widest\naaaa aaaaa aab\n"
PIECES = collections.Counter(re.findall(r" ?[^\W\d_]+|\s", TEXT))
print("byte pairs", [a + "+" + b for a, b in byte_pairs(PIECES, 24)])
