import ArgumentParser

/// A number of bytes on the command line: `4096`, `300K`, `512M`, `2G` or `1.5G`, in units of 1024.
struct ByteCount: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        let units: [Character: Double] = ["K": 0x1p10, "M": 0x1p20, "G": 0x1p30]
        let unit = argument.last.flatMap { units[Character($0.uppercased())] }
        let digits = unit == nil ? Substring(argument) : argument.dropLast()
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "." }), let number = Double(digits) else { return nil }
        guard unit != nil || !digits.contains("."), let bytes = Int(exactly: (number * (unit ?? 1)).rounded(.down)), bytes > 0
        else { return nil }
        self.bytes = bytes
    }
}
