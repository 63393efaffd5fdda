import Archive
import EngineClient

extension LocalContext {
    /// Starts packing the folder on a thread of its own.
    func upload() -> UploadPipe {
        let packer = packer
        let root = root
        return UploadPipe.start { pipe in
            let writer = TarWriter { try pipe.send(Array($0)) }
            try packer.pack(root, to: writer)
        }
    }

    /// A context that holds nothing but a Dockerfile.
    static func upload(onlyDockerfile content: [UInt8]) -> UploadPipe {
        UploadPipe.start { pipe in
            let writer = TarWriter { try pipe.send(Array($0)) }
            try writer.add(TarEntry("Dockerfile"), content: content)
            try writer.finish()
        }
    }
}
