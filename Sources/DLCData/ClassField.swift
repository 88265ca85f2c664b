import DLCTensor

/// A field that holds the class of an example.
enum ClassField {
    /// - Throws: where the field holds something else, or the data have more classes than the model.
    static func conversion(_ wanted: WantedField, classNames: [String], at path: String) throws -> FieldConversion {
        guard wanted.shape.isEmpty, !wanted.type.isFloat else {
            throw DLCError("a class is one integer for each example; the field \(wanted.description) takes something else", at: [path])
        }
        if let most = wanted.classes, classNames.count > most {
            throw DLCError(
                "there are \(classNames.count) classes (\(Datasets.listed(classNames))), the model has \(most) for \(wanted.name)", at: [path])
        }
        let field = DataField(wanted.name, wanted.type, [], .classes)
        let known = classNames.isEmpty ? wanted.classes : min(classNames.count, wanted.classes ?? .max)
        return FieldConversion(field: field, classes: known, allowsNonFinite: false)
    }
}
