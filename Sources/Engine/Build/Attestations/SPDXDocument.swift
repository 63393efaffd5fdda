import Essentials
import FoundationEssentials
import OCI

/// A list of packages as SPDX 2.3 JSON. Source: SPDX specification 2.3, chapters 6, 7 and 11.
struct SPDXDocument: Encodable {
    static let predicateType = "https://spdx.dev/Document"
    private static let unknown = "NOASSERTION"

    private struct Creation: Encodable {
        var creators: [String]
        var created: String
    }
    private struct External: Encodable {
        var referenceCategory = "PACKAGE-MANAGER"
        var referenceType = "purl"
        var referenceLocator: String
    }
    private struct Package: Encodable {
        var id: String
        var name: String
        var versionInfo: String?
        var supplier: String?
        var downloadLocation = SPDXDocument.unknown
        var filesAnalyzed = false
        var sourceInfo: String?
        var licenseConcluded = SPDXDocument.unknown
        var licenseDeclared = SPDXDocument.unknown
        var licenseComments: String?
        var copyrightText = SPDXDocument.unknown
        var primaryPackagePurpose: String?
        var externalRefs: [External]?

        enum CodingKeys: String, CodingKey {
            case id = "SPDXID"
            case name, versionInfo, supplier, downloadLocation, filesAnalyzed, sourceInfo, licenseConcluded, licenseDeclared
            case licenseComments, copyrightText, primaryPackagePurpose, externalRefs
        }
    }
    private struct Relation: Encodable {
        var spdxElementId: String
        var relationshipType: String
        var relatedSpdxElement: String
    }

    private let spdxVersion = "SPDX-2.3"
    private let dataLicense = "CC0-1.0"
    private let documentID = "SPDXRef-DOCUMENT"
    private let name: String
    private let documentNamespace: String
    private let creationInfo: Creation
    private let packages: [Package]
    private let relationships: [Relation]

    enum CodingKeys: String, CodingKey {
        case spdxVersion, dataLicense, name, documentNamespace, creationInfo, packages, relationships
        case documentID = "SPDXID"
    }

    /// - Parameters:
    ///   - name: of the image.
    ///   - content: names its files: the chain of layers.
    init(name: String, content: String, packages found: [FoundPackage], createdAt: Timestamp, version: String) {
        self.name = name
        documentNamespace = "urn:gantry:sbom:\(content)"
        creationInfo = Creation(creators: ["Tool: gantry-\(version)"], created: Timestamp(seconds: createdAt.seconds).rfc3339)
        var root = Package(id: "SPDXRef-Image", name: name)
        root.primaryPackagePurpose = "CONTAINER"
        var packages = [root]
        var relationships = [
            Relation(spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: root.id)
        ]
        for (number, item) in found.enumerated() {
            var package = Package(id: "SPDXRef-Package-\(number + 1)", name: item.name)
            package.versionInfo = item.version
            package.supplier = Self.unknown
            package.sourceInfo = "found in \(item.source)"
            // A licence's own words need not be an expression of SPDX's.
            if !item.license.isEmpty { package.licenseComments = "declared by the package: \(item.license)" }
            package.externalRefs = [External(referenceLocator: item.url)]
            packages.append(package)
            relationships.append(
                Relation(spdxElementId: root.id, relationshipType: "CONTAINS", relatedSpdxElement: package.id))
        }
        self.packages = packages
        self.relationships = relationships
    }
}
