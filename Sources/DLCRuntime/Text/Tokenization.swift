import DLCTensor

/// Texts cut into tokens, as ONNX Runtime's Tokenizer does it (ContribOperators.md).
package struct Tokenization {
    /// What expressions are of. Raw values are those of the plan file.
    package enum Way: Int, Sendable {
        /// Tokens are what the one expression matches.
        case matches = 0
        /// Tokens are what lies between matches; each expression cuts what those before have left.
        case separated = 1
        /// Every character is one.
        case characters = 2
    }

    let way: Way
    let expressions: [RegularExpression]
    /// Whether the characters 2 and 3 stand before and behind a text's tokens.
    let isMarked: Bool
    /// Shorter tokens are left out.
    let fewest: Int
    /// What stands behind the tokens of texts that have fewer than others.
    let filling: String

    /// The tokens of each text along a new last dimension.
    /// - Throws: where a text is no UTF-8.
    func apply(to x: Tensor) throws -> Tensor {
        guard way != .matches || expressions.count == 1 else { throw DLCError("has \(expressions.count) expressions of tokens; expected one") }
        let rows = try x.mapStrings { text -> [[UInt8]] in
            guard let valid = String(validating: text, as: UTF8.self) else { throw DLCError("is no UTF-8") }
            let scalars = Array(valid.unicodeScalars)
            let tokens = self.tokens(scalars.map(\.value)).map { range in
                var token = String.UnicodeScalarView()
                token.append(contentsOf: scalars[range])
                return Array(String(token).utf8)
            }
            return isMarked ? [[2]] + tokens + [[3]] : tokens
        }
        let width = rows.map(\.count).max() ?? 0
        _ = try Checked.multiply(x.count, Checked.multiply(width, 8))
        let fill = Array(filling.utf8)
        let filled = rows.flatMap { $0 + [[UInt8]](repeating: fill, count: width - $0.count) }
        return try Tensor(texts: filled, shape: x.shape + [width])
    }

    private func tokens(_ codes: [UInt32]) -> [Range<Int>] {
        switch way {
        case .characters: return codes.indices.map { $0..<$0 + 1 }
        case .matches: return matches(of: expressions[0], codes).filter { $0.count >= fewest && !$0.isEmpty }
        case .separated:
            return expressions.reduce([0..<codes.count]) { parts, expression in
                parts.flatMap { part in
                    var (tokens, start) = ([Range<Int>](), 0)
                    let inside = Array(codes[part])
                    for match in matches(of: expression, inside) {
                        tokens.append(start..<match.lowerBound)
                        start = max(match.upperBound, min(match.lowerBound + 1, inside.count))
                    }
                    tokens.append(min(start, inside.count)..<inside.count)
                    return tokens.filter { $0.count >= fewest }.map { $0.lowerBound + part.lowerBound..<$0.upperBound + part.lowerBound }
                }
            }
        }
    }

    /// Where an expression matches, from left to right; after an empty match one character is passed over.
    private func matches(of expression: RegularExpression, _ codes: [UInt32]) -> [Range<Int>] {
        var (found, place) = ([Range<Int>](), 0)
        while place <= codes.count, let match = expression.firstMatch(in: codes, from: place) {
            found.append(match)
            place = match.isEmpty ? match.upperBound + 1 : match.upperBound
        }
        return found
    }
}
