/// A type with a value that stands for "absent": empty text, zero, an empty list, an object with nothing set.
package protocol Blank {
    static var blank: Self { get }
}

extension String: Blank { package static var blank: String { "" } }
extension Bool: Blank { package static var blank: Bool { false } }
extension Int: Blank { package static var blank: Int { 0 } }
extension Int64: Blank { package static var blank: Int64 { 0 } }
extension UInt16: Blank { package static var blank: UInt16 { 0 } }
extension UInt32: Blank { package static var blank: UInt32 { 0 } }
extension UInt64: Blank { package static var blank: UInt64 { 0 } }
extension Array: Blank { package static var blank: [Element] { [] } }
extension Dictionary: Blank { package static var blank: [Key: Value] { [:] } }
