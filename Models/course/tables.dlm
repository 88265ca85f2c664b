// A class that 2 in 100 rows have: cost-sensitive learning (Elkan, 2001) and made rows (Chawla et al., "SMOTE: synthetic minority
// over-sampling technique", 2002).
// Data: made by scikit-learn's make_classification (Tools/data imbalanced).

/// Two hidden layers over a row's standardised columns.
model Table(x: f32[N, columns], columns = 20, classes = 2) {
    x = x.dense(64, name: "hidden1").relu().dropout(0.1).dense(32, name: "hidden2").relu()
    return logits: x.dense(classes, name: "output")
}

/// The rare class counts `weight` times.
training LearnRare(x: f32[N, columns], label: i64[N], columns = 20, weight = 1.0, rate = 1e-3) {
    logits = Table(x, columns: columns)
    loss = logits.crossEntropy(label, tensor([1, weight], type: f32))
    minimize loss + 1e-5 * squaredNorm("*.weight"), by: adam(rate)
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean(), probabilities: logits.softmax()
}

/// Iris, wine, tumours: small tables of standardised columns.
training LearnTable(x: f32[N, columns], label: i64[N], columns = 4, classes = 3, rate = 3e-3) {
    logits = Table(x, columns: columns, classes: classes)
    loss = logits.crossEntropy(label)
    minimize loss + 1e-3 * squaredNorm("*.weight"), by: adam(rate)
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
}
