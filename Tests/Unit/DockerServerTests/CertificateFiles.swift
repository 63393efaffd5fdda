import Essentials
import Glibc

/// A certificate for localhost, signed by itself, and its key, which guard nothing; as files for the time of a test.
struct CertificateFiles {
    private let folder: String
    var certificate: String { folder + "/cert.pem" }
    var key: String { folder + "/key.pem" }

    struct Failure: Error {}

    init() throws {
        folder = "/tmp/gantry-test-\(Identifier.randomHex(bytes: 8))"
        guard mkdir(folder, 0o700) == 0 else { throw Failure() }
        try write(Self.certificateText, to: certificate)
        try write(Self.keyText, to: key)
    }

    func remove() {
        unlink(certificate)
        unlink(key)
        rmdir(folder)
    }

    private func write(_ text: String, to path: String) throws {
        let descriptor = creat(path, 0o600)
        guard descriptor >= 0 else { throw Failure() }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw Failure() }
    }

    private static let certificateText = """
        -----BEGIN CERTIFICATE-----
        MIIBlTCCATugAwIBAgIUfrFX3lzUIZDrhX2AawW4v19/FXEwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDE1MTQzMVoYDzIxMjYxMDMx
        MTUxNDMxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAQZLvLgfha7ZKhfyazrHUnus4ibVCr7BmO9ou79/wF4a0teuBsZmP3g
        1VVelQ3HL2Vry2DiZ6XyurmDErVJ1TLio2kwZzAdBgNVHQ4EFgQUj7syKQUf9UAI
        bPucJTo7JUPuQiUwHwYDVR0jBBgwFoAUj7syKQUf9UAIbPucJTo7JUPuQiUwDwYD
        VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
        SAAwRQIhAPpNseXTgvvazPM6ttAFEDXXnKYEGbHeddHH1DZt91MHAiBQNFtYyDie
        dAbEonv+PuKxPUkYp8vQYw/L3n6p3RB5GA==
        -----END CERTIFICATE-----

        """

    private static let keyText = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1fvW/qgXBuv8qhLg
        sYlrkjcQJSeoeECCZo7Q5FHirFihRANCAAQZLvLgfha7ZKhfyazrHUnus4ibVCr7
        BmO9ou79/wF4a0teuBsZmP3g1VVelQ3HL2Vry2DiZ6XyurmDErVJ1TLi
        -----END PRIVATE KEY-----

        """
}
