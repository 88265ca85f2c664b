/// Files that NumPy 2.4 wrote, in base64.
enum NumPyFiles {
    /// int16 0 … 23 as [2, 3, 4] in Fortran order; float16 1.5, -2, 65504 and the smallest subnormal; three
    /// big-endian floats; x: ones [3, 5], scalar: int64 7, flags: true, false by `savez_compressed`; uint8 [0, 3]
    /// as version 3.0.
    static let fortran = [
        "k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgNCksIH0gICAgICAgICAg",
        "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAwABAAQAAgAFAABAA0ABQARAAkAFQACAA4ABgASAAoA",
        "FgADAA8ABwATAAsAFwA=",
    ].joined()
    static let halves = [
        "k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDQsKSwgfSAgICAgICAgICAgICAg",
        "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAPgDA/3sBAA==",
    ].joined()
    static let bigEndian = [
        "k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAgICAgICAg",
        "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAP4AAAEAAAAA=",
    ].joined()
    static let compressed = [
        "UEsDBC0AAAAIAAAAIQBAXxcJ//////////8FABQAeC5ucHkBABAAvAAAAAAAAABMAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKu",
        "o6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6CqaaOgq1CmQDLgaGBntyMQBQSwMELQAAAAgAAAAhACO48Gz//////////woAFABz",
        "Y2FsYXIubnB5AQAQAIgAAAAAAAAARgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mhrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ck",
        "FqQC+RqaOgq1ChQBLnYGCAAAUEsDBC0AAAAIAAAAIQDuGbtd//////////8JABQAZmxhZ3MubnB5AQAQAIIAAAAAAAAARgAAAAAAAACb7Bfq",
        "GxDJyFDGUK2eklqcXKRupaBek2SorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOpo6CrUKFAAuRgYAUEsBAi0DLQAAAAgAAAAh",
        "AEBfFwlMAAAAvAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsBAi0DLQAAAAgAAAAhACO48GxGAAAAiAAAAAoAAAAAAAAAAAAAAIABgwAA",
        "AHNjYWxhci5ucHlQSwECLQMtAAAACAAAACEA7hm7XUYAAACCAAAACQAAAAAAAAAAAAAAgAEFAQAAZmxhZ3MubnB5UEsFBgAAAAADAAMAogAA",
        "AIYBAAAAAA==",
    ].joined()
    static let emptyVersion3 = [
        "k05VTVBZAwB0AAAAeydkZXNjcic6ICd8dTEnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMCwgMyksIH0gICAgICAgICAg",
        "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo=",
    ].joined()
}
