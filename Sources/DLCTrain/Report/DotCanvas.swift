/// Dots on a grid of characters: 2 × 4 to a character in braille, 2 × 2 in block elements.
struct DotCanvas {
    enum Style: Sendable { case braille, blocks }

    let columns: Int
    let rows: Int
    private let style: Style
    /// Bits of each character's dots, row by row.
    private var cells: [UInt32]
    /// The colour that each character's last dot has.
    private var colours: [Int?]

    var width: Int { columns * 2 }
    var height: Int { rows * (style == .braille ? 4 : 2) }

    init(columns: Int, rows: Int, style: Style) {
        (self.columns, self.rows, self.style) = (max(1, columns), max(1, rows), style)
        cells = Array(repeating: 0, count: self.columns * self.rows)
        colours = Array(repeating: nil, count: self.columns * self.rows)
    }

    /// A dot; y grows downwards, and what is outside is left out.
    mutating func set(_ x: Int, _ y: Int, colour: Int) {
        guard (0..<width).contains(x), (0..<height).contains(y) else { return }
        let perCell = style == .braille ? 4 : 2
        let cell = y / perCell * columns + x / 2
        cells[cell] |= Self.bit(x % 2, y % perCell, style)
        colours[cell] = colour
    }

    /// A straight line of dots (Bresenham 1965).
    mutating func line(_ from: (x: Int, y: Int), _ to: (x: Int, y: Int), colour: Int) {
        var (x, y) = from
        let (width, height) = (abs(to.x - x), -abs(to.y - y))
        let (stepX, stepY) = (x < to.x ? 1 : -1, y < to.y ? 1 : -1)
        var error = width + height
        while true {
            set(x, y, colour: colour)
            if x == to.x, y == to.y { return }
            let twice = 2 * error
            if twice >= height { (error, x) = (error + height, x + stepX) }
            if twice <= width { (error, y) = (error + width, y + stepY) }
        }
    }

    /// The characters of a row with their colours.
    func row(_ row: Int) -> [(character: Character, colour: Int?)] {
        (0..<columns).map { column in
            let cell = row * columns + column
            return (Self.character(cells[cell], style), cells[cell] == 0 ? nil : colours[cell])
        }
    }

    private static func bit(_ x: Int, _ y: Int, _ style: Style) -> UInt32 {
        switch style {
        // Dots 1, 2, 3, 7 are on the left, 4, 5, 6, 8 on the right (Unicode, Braille Patterns).
        case .braille: y == 3 ? (x == 0 ? 0x40 : 0x80) : UInt32(1) << UInt32(y + 3 * x)
        case .blocks: UInt32(1) << UInt32(x + 2 * y)
        }
    }

    private static let quadrants: [Character] = [" ", "▘", "▝", "▀", "▖", "▌", "▞", "▛", "▗", "▚", "▐", "▜", "▄", "▙", "▟", "█"]

    private static func character(_ dots: UInt32, _ style: Style) -> Character {
        if dots == 0 { return " " }
        guard style == .braille else { return quadrants[Int(dots & 15)] }
        return Unicode.Scalar(0x2800 + dots).map { Character($0) } ?? " "
    }
}
