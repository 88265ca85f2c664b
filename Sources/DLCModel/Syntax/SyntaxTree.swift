import DLCTensor

/// A model file as written: its declarations in order, each part with its range.
///
/// A tree with errors is complete too: what could not be read is left out or is `ExpressionSyntax.Kind.invalid`, and
/// was reported; whoever walks the tree says nothing about it.
public struct SyntaxTree: Sendable {
    public var file: SourceFile
    public var imports: [ImportSyntax] = []
    /// Blocks, models and trainings.
    public var definitions: [DefinitionSyntax] = []
}

/// A name at one place.
public struct IdentifierSyntax: Sendable {
    public var name: String
    public var range: SourceRange
}

/// `import "blocks/resnet.dlm"`
public struct ImportSyntax: Sendable {
    /// As written, relative to the file that holds it.
    public var path: String
    public var pathRange: SourceRange
}

/// `block name(parameters) { body }`, or the same with `model` or `training`.
public struct DefinitionSyntax: Sendable {
    public enum Kind: String, Sendable, CaseIterable { case block, model, training }

    public var kind: Kind
    /// The text of the `///` lines above it, without the slashes.
    public var documentation: String?
    public var name: IdentifierSyntax
    public var parameters: [ParameterSyntax]
    public var body: [StatementSyntax]
    public var range: SourceRange
}

/// A parameter of a definition: `x`, `stride = 1`, or, of a model or training only, `image: f32[N, 3, 224, 224]`.
public struct ParameterSyntax: Sendable {
    public var documentation: String?
    public var name: IdentifierSyntax
    /// Present for the inputs of a model or training alone; those have no default.
    public var type: TypeSyntax?
    public var defaultValue: ExpressionSyntax?
    public var range: SourceRange
}

/// `f32[N, 3, 224, 224]`; a scalar is `f32[]`.
public struct TypeSyntax: Sendable {
    public var element: ElementType
    /// In a model's parameters a name that is not defined introduces a dimension.
    public var shape: [ExpressionSyntax]
    public var range: SourceRange
}

public struct StatementSyntax: Sendable {
    public indirect enum Kind: Sendable {
        /// `a = e`, or several names for the parts of one value; the name `_` discards its part.
        case assign([IdentifierSyntax], ExpressionSyntax)
        /// `for n in sequence { body }`
        case forEach(IdentifierSyntax, in: ExpressionSyntax, body: [StatementSyntax])
        /// `repeat count { body }`
        case repeated(ExpressionSyntax, body: [StatementSyntax])
        /// `if c { } else if d { } else { }`: the first branch whose condition holds.
        case conditional([Branch], otherwise: [StatementSyntax]?)
        /// `return e` or `return label: e, label: e`; at least one.
        case returned([ReturnedSyntax])
        /// `state h: f32[1, 256]`, or with its first value `state h: f32[1, 256] = e`
        case state(IdentifierSyntax, TypeSyntax, initial: ExpressionSyntax?)
        /// `next h = e`
        case next(IdentifierSyntax, ExpressionSyntax)
        /// `check condition, "message"`
        case check(ExpressionSyntax, message: ExpressionSyntax?)
        /// `minimize e, by: optimiser, label: e`
        case minimize(ExpressionSyntax, [ArgumentSyntax])
        /// `freeze "features.*", "stem"`
        case freeze([ExpressionSyntax])
        /// `rates "features.*": 0.1, "head": 10`
        case rates([RateSyntax])
        /// `follow "target", of: "online", label: e`
        case follow(ExpressionSyntax, [ArgumentSyntax])
        /// `predict e` or `predict label: e, label: e`; at least one.
        case predicted([ReturnedSyntax])
        /// `metadata "labels": ["cat", "dog"], "image.mean": 0.5`
        case metadata([MetadataSyntax])
    }

    public struct Branch: Sendable {
        public var condition: ExpressionSyntax
        public var body: [StatementSyntax]
    }

    public var kind: Kind
    /// Of the whole statement, braces included.
    public var range: SourceRange
}

/// A key of the metadata and its value.
public struct MetadataSyntax: Sendable {
    public var key: ExpressionSyntax
    public var value: ExpressionSyntax
}

/// A pattern of parameters and the factor of their rate.
public struct RateSyntax: Sendable {
    public var pattern: ExpressionSyntax
    public var factor: ExpressionSyntax
}

/// One value of a `return`, with its label.
public struct ReturnedSyntax: Sendable {
    public var label: IdentifierSyntax?
    public var value: ExpressionSyntax
}
