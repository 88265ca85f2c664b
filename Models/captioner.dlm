// Vinyals, Toshev, Bengio and Erhan, "Show and tell: a neural image caption generator", 2014.
// The encoder is ResNet-50, with torchvision's names under `encoder`; its last layer gives the first input of the LSTM.
// Every word is the likeliest; there is no beam search.

import "blocks/resnet.dlm"

/// Describes images, normalised by ImageNet's means and deviations: the likeliest word at each of `length` places and its
/// logits. `first` begins every sentence.
model Captioner(image: f32[N, 3, 224, 224], length = 20, first = 1, vocabulary = 12000, width = 512) {
    embed = embedding(vocabulary, width, name: "words")
    decode = lstm(width, outputs: "last", name: "decoder")
    output = dense(vocabulary, name: "output")

    seen = image.resnet(bottleneck, [3, 4, 6, 3], width, name: "encoder")
    _, h, c = decode(seen.unsqueeze(1))
    word = fill([N], first, type: i64)
    words = []
    logits = []
    for i in 0..<length {
        y, h, c = decode(embed(word).unsqueeze(1), h, c)
        scores = output(y)
        word = scores.argmax(1)
        words = words + [word]
        logits = logits + [scores]
    }
    return words: stack(words, axis: 1), logits: stack(logits, axis: 1)
}
