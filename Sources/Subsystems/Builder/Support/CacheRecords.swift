package import OCI

/// Steps as the records of a build cache.
package enum CacheRecords {
    package enum Result {
        case layers(BuildCacheConfig.Result)
        case chain(BuildCacheConfig.Chain)
    }

    /// A record for each key of the steps that have a result.
    package static func make(_ steps: [ExportedStep], _ result: (ExportedStep) -> Result?) -> [BuildCacheConfig.Record] {
        var records: [BuildCacheConfig.Record] = []
        var places: [String: Int] = [:]
        for step in steps {
            guard let result = result(step) else { continue }
            let inputs = step.parent.flatMap { places[$0] }.map { [[BuildCacheConfig.Input(link: $0)]] } ?? []
            for key in [step.key] + step.otherKeys {
                var record = BuildCacheConfig.Record(digest: "sha256:\(key)", inputs: inputs)
                switch result {
                case .layers(let layers): record.results = [layers]
                case .chain(let chain): record.chains = [chain]
                }
                if places[key] == nil { places[key] = records.count }
                records.append(record)
            }
        }
        return records
    }
}
