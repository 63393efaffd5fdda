import DockerAPI
import Essentials
import LinuxSystem
import OCI

/// One build with everything that its command line asks for resolved, ready to be sent.
struct BuildJob {
    var settings: BuildSettings
    var outputs: [BuildOutput]
    /// Files that must stay open until the build has ended.
    var held: [OwnedDescriptor]
    /// Which of the daemon's exports serves each output, by the output's place.
    private(set) var exportOfOutput: [Int: Int] = [:]
    /// The export whose digest is the build's.
    private(set) var mainExport: Int?

    /// - Parameters:
    ///   - annotations: of every image that leaves.
    ///   - wantsDigest: the manifest's digest is asked for.
    init(
        settings: BuildSettings, outputs: [BuildOutput], held: [OwnedDescriptor], annotations: [BuildAdditions.Annotation],
        wantsDigest: Bool
    ) throws {
        self.settings = settings
        self.outputs = outputs
        self.held = held
        try addExports(annotations, wantsDigest)
    }

    /// What leaves as it is stored needs no export; anything else is put together by the daemon.
    private mutating func addExports(_ annotations: [BuildAdditions.Annotation], _ wantsDigest: Bool) throws {
        let isSeveral = (settings.additions.platforms ?? []).count > 1 || settings.additions.attestations?.isEmpty == false
        var exports: [BuildAdditions.Export] = []
        func form(_ output: BuildOutput) -> BuildAdditions.Export {
            var form = output.form
            if !annotations.isEmpty { form.annotations = (form.annotations ?? []) + annotations }
            return form
        }
        for (number, output) in outputs.enumerated() {
            var export = form(output)
            let isAsked: Bool
            switch output.kind {
            case .image(let pushes):
                isAsked = pushes || export != BuildAdditions.Export() || isSeveral && wantsDigest
                export.isForStore = !exports.contains { $0.isForStore == true }
            case .dockerArchive: isAsked = true
            case .layout:
                isAsked = true
                // What only OCI's tools read has OCI's types.
                export.usesOCITypes = export.usesOCITypes ?? true
            case .folder, .tar:
                isAsked = isSeveral || output.isSplit != nil
                export = BuildAdditions.Export()
                export.isTree = true
            case .nothing: isAsked = false
            }
            guard isAsked else { continue }
            exportOfOutput[number] = exports.count
            exports.append(export)
        }
        let storesImage = settings.additions.discardsImage != true
        if storesImage, !exports.contains(where: { $0.isForStore == true }), isSeveral && wantsDigest || !annotations.isEmpty {
            var export = BuildAdditions.Export()
            if !annotations.isEmpty { export.annotations = annotations }
            export.isForStore = true
            exports.append(export)
        }
        mainExport = exports.firstIndex { $0.isForStore == true } ?? exports.firstIndex { $0.isTree != true }
        settings.additions.exports = exports.isEmpty ? nil : exports
    }
}
