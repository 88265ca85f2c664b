// GPT-2 (gpt2.dlm) for drawing text: a run reads one token and gives the logits of the next, as GPT2 would that read all tokens
// since the states were reset. Parameters have the names and layouts of Hugging Face's checkpoint `gpt2`.
import "gpt2.dlm"

/// `layer` for one token: keys and values of the tokens before it are states, in which each run writes a row.
block cachedLayer(x, width, heads, memory, place, seen) {
    state keys: f32[memory, width]
    state values: f32[memory, width]
    query, key, value = x.layerNorm(name: "ln_1").linear(3 * width, name: "attn.c_attn").split(3, axis: -1)
    allKeys = keys.scatter(place, key[0])
    allValues = values.scatter(place, value[0])
    next keys = allKeys
    next values = allValues
    mixed = dotProductAttention(query, allKeys.unsqueeze(0), allValues.unsqueeze(0), seen, heads: heads)
    x = x + mixed.linear(width, name: "attn.c_proj")
    hidden = x.layerNorm(name: "ln_2").linear(4 * width, name: "mlp.c_fc").gelu(approximate: "tanh")
    return x + hidden.linear(width, name: "mlp.c_proj")
}

/// `memory` is how many tokens may be read until the states are reset, at most `context`; one more is refused.
model GPT2Decoder(
    tokens: i64[1, 1], memory = 1024, layers = 12, width = 768, heads = 12, context = 1024, vocabulary = 50257
) {
    state place: i64[1]
    embed = embedding(vocabulary, width, init: normal(0.02), name: "wte")
    places = embedding(context, width, init: normal(0.02), name: "wpe")
    x = embed(tokens) + places(place).unsqueeze(0)
    seen = reshape(tensor(0..<memory, type: i64) <= place, [1, 1, 1, memory])
    for i in 0..<layers { x = x.cachedLayer(width, heads, memory, place, seen, name: "h.\(i)") }
    next place = place + 1
    return logits: x.layerNorm(name: "ln_f") @ embed.weight.transpose()
}
