/// One endpoint: method, path and what answers it.
package struct Route: Sendable {
    package typealias Handler = @Sendable (RequestContext) async throws -> Reply

    let method: String
    let pattern: RoutePattern
    let endsWithClient: Bool
    let handler: Handler

    /// - Parameter endsWithClient: the work stops when the client leaves: streams and transfers. Changes that are quick and must
    ///   not stop half-way go on.
    package init(_ method: String, _ pattern: String, endsWithClient: Bool = false, _ handler: @escaping Handler) {
        self.method = method
        self.pattern = RoutePattern(pattern)
        self.endsWithClient = endsWithClient
        self.handler = handler
    }
}
