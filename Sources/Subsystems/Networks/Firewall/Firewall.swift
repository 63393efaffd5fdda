internal import CNftables
internal import Essentials

/// Loads rules through libnftables in the network namespace in which its thread was when it was made.
///
/// Used from the controller's thread only: the library's context is not made for several.
final class Firewall {
    // An opaque handle of the library, used only by this object.
    private let context: OpaquePointer

    init() throws(GantryError) {
        guard let context = nft_ctx_new(UInt32(NFT_CTX_DEFAULT)) else {
            throw .unavailable("cannot open nftables", hint: "the kernel needs nf_tables; --iptables=false runs without a firewall")
        }
        self.context = context
        nft_ctx_buffer_error(context)
        nft_ctx_buffer_output(context)
    }

    deinit { nft_ctx_free(context) }

    /// Runs `commands` as one transaction: all of it or nothing.
    func apply(_ commands: String) throws(GantryError) {
        guard !commands.isEmpty else { return }
        let code = nft_run_cmd_from_buffer(context, commands)
        let said = String(cString: nft_ctx_get_error_buffer(context))
        guard code == 0 else {
            throw .unavailable(
                "cannot change the firewall: \(said.split(separator: "\n").first.map(String.init) ?? "nftables refused")",
                hint: "see `nft list ruleset`; the kernel needs nf_tables with nat, fib and concatenations")
        }
    }

    /// All rules of the namespace, as `nft list ruleset` prints them; for diagnosis.
    func listing() throws(GantryError) -> String {
        try apply("list ruleset")
        return String(cString: nft_ctx_get_output_buffer(context))
    }
}
