/// A model file that was read, and the blocks that it sees.
final class ModelFile {
    let tree: SyntaxTree
    /// Its own blocks and models, in the order of the text.
    fileprivate(set) var definitions: [Block] = []
    /// Its own blocks and those of the files that it imports.
    fileprivate(set) var visible: [String: Block] = [:]
    /// Its own models and those of the files that it imports, which trainings may call; several of one name are none.
    fileprivate(set) var models: [String: [Block]] = [:]

    init(_ tree: SyntaxTree) { self.tree = tree }
}

/// Reads a model file and all that it imports, each once.
struct ModelFileLoader {
    /// Files of one model; more are refused.
    static let limit = 64

    /// The text of the file at a path below the main file's folder, `/` between folders.
    let read: (String) throws -> String
    /// What stands before such a path in messages.
    let folder: String
    private(set) var files: [String: ModelFile] = [:]
    private(set) var errors: [Diagnostic] = []
    /// The paths whose imports are being read, outermost first.
    private var open: [String] = []

    init(folder: String, read: @escaping (String) throws -> String) {
        self.folder = folder
        self.read = read
    }

    /// - Parameters:
    ///   - path: below the main file's folder.
    ///   - place: where it is imported; nil for the main file.
    /// - Throws: where the main file cannot be read; everything else is in `errors`.
    mutating func load(_ path: String, at place: SourceRange? = nil) throws -> ModelFile {
        if let file = files[path] { return file }
        let source = SourceFile(path: folder + path, text: try read(path))
        let (tree, mistakes) = Parser.parse(source)
        errors += mistakes
        let file = ModelFile(tree)
        files[path] = file
        declare(in: file)
        open.append(path)
        for item in tree.imports { include(item, in: file, at: path) }
        open.removeLast()
        return file
    }

    private mutating func declare(in file: ModelFile) {
        var names: [String: DefinitionSyntax] = [:]
        for syntax in file.tree.definitions {
            let name = syntax.name
            if let first = names[name.name] {
                errors.append(Diagnostic(
                    "`\(name.name)` is defined already", at: name.range, help: "give one of the two another name",
                    notes: [.init("the first one", at: first.name.range)]))
                continue
            }
            names[name.name] = syntax
            for parameter in syntax.parameters where syntax.kind == .block && parameter.name.name == "name" {
                errors.append(Diagnostic(
                    "a block has no parameter `name` of its own", at: parameter.name.range,
                    help: "every call takes `name:`, which is the block's part of the names of its parameters"))
            }
            let block = Block(syntax, file)
            file.definitions.append(block)
            if syntax.kind == .block { file.visible[name.name] = block }
            if syntax.kind == .model { file.models[name.name] = [block] }
        }
    }

    private mutating func include(_ item: ImportSyntax, in file: ModelFile, at path: String) {
        func refuse(_ message: String, _ help: String? = nil) {
            errors.append(Diagnostic(message, at: item.pathRange, help: help))
        }
        guard let target = Self.resolve(item.path, from: path) else {
            return refuse(
                "`\(item.path)` is outside of the main file's folder",
                "imports are relative, `/` between folders, and stay below the folder of the file that is built")
        }
        if let start = open.firstIndex(of: target) {
            let circle = (open[start...] + [target]).joined(separator: " imports ")
            return refuse("files import one another: \(circle)", "move what both need to a third file")
        }
        if files.count >= Self.limit { return refuse("a model is made of at most \(Self.limit) files") }
        do {
            let imported = try load(target, at: item.pathRange)
            for model in imported.definitions where model.syntax.kind == .model {
                if file.models[model.name]?.contains(where: { $0 === model }) != true { file.models[model.name, default: []].append(model) }
            }
            for block in imported.definitions where block.syntax.kind == .block {
                if let other = file.visible[block.name], other !== block {
                    let note = Diagnostic.Note("the other one", at: other.syntax.name.range)
                    errors.append(Diagnostic(
                        "`\(item.path)` has a block `\(block.name)`, which is defined already", at: item.pathRange,
                        help: "give one of the two another name", notes: [note]))
                } else {
                    file.visible[block.name] = block
                }
            }
        } catch {
            let ending = item.path.hasSuffix(".dlm") ? "" : ", and end in .dlm"
            refuse("`\(item.path)` \(error)", "imports are relative to the file that holds them\(ending)")
        }
    }

    /// The path that `written` names in the file at `path`, or nil where it leaves the main file's folder.
    static func resolve(_ written: String, from path: String) -> String? {
        guard !written.isEmpty, !written.hasPrefix("/"), !written.contains("\\"), !written.contains("\0") else { return nil }
        var parts = path.split(separator: "/").dropLast().map(String.init)
        for part in written.split(separator: "/") {
            switch part {
            case ".": continue
            case "..": if parts.popLast() == nil { return nil }
            default: parts.append(String(part))
            }
        }
        return parts.isEmpty ? nil : parts.joined(separator: "/")
    }
}
