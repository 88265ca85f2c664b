// Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and translate", 2014.
// The gated units are PyTorch's, with the reset gate behind the product with the state. Every word is
// the likeliest; there is no beam search.

/// Translates sentences of one length: the likeliest word at each of `length` places, its logits, and how much each word
/// of the source counted.
model Translator(source: i64[N, S], length = 20, first = 1, vocabulary = 30000, width = 620, hidden = 1000) {
    states, _ = source.embedding(vocabulary, width, name: "source").gru(hidden, bidirectional: true, name: "encoder")
    h = states[:, 0, hidden:].dense(hidden, name: "initial").tanh()

    embed = embedding(vocabulary, width, name: "target")
    attend = additiveAttention(hidden, name: "attention")
    decode = gru(hidden, outputs: "last", name: "decoder")
    deep = dense(hidden, name: "deep")
    output = dense(vocabulary, bias: false, name: "output")

    word = fill([N], first, type: i64)
    words = []
    logits = []
    looks = []
    for i in 0..<length {
        context, look = attend(h, states)
        x = concat(embed(word), context)
        scores = output(concat(h, x).deep().maxout(2))
        h, _ = decode(x.unsqueeze(1), h.unsqueeze(0))
        word = scores.argmax(1)
        words = words + [word]
        logits = logits + [scores]
        looks = looks + [look]
    }
    return words: stack(words, axis: 1), logits: stack(logits, axis: 1), weights: stack(looks, axis: 1)
}
