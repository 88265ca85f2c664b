/// A picture and the boxes in it.
struct BoxedPicture: Sendable {
    struct Box: Sendable {
        var label: Int
        /// Left, top, right and bottom, in parts of the picture's width and height.
        var edges: (Double, Double, Double, Double)
    }

    var path: String
    var boxes: [Box] = []
}
