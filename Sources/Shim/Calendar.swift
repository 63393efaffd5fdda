import CLinux

enum Clock {
    /// Nanoseconds since 1970.
    static func realtime() -> Int64 { read(CLOCK_REALTIME) }

    /// Milliseconds of a clock that never goes back.
    static func milliseconds() -> Int64 { read(CLOCK_MONOTONIC) / 1_000_000 }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Points in time as text.
enum Calendar {
    /// RFC 3339 in UTC with nanoseconds, zeros at the end dropped.
    static func appendRFC3339(_ nanoseconds: Int64, to output: inout [UInt8]) {
        appendDate(universal(nanoseconds / 1_000_000_000), to: &output)
        let fraction = nanoseconds % 1_000_000_000
        if fraction != 0 {
            output.append(46)
            pad(fraction, 9, to: &output)
            while output[output.count - 1] == 48 { output.removeLast() }
        }
        output.append(90)
    }

    /// RFC 3339 in the host's time zone, with microseconds or without a fraction.
    static func appendLocal(_ nanoseconds: Int64, microseconds: Bool, to output: inout [UInt8]) {
        let broken = local(nanoseconds)
        appendDate(broken, to: &output)
        if microseconds {
            output.append(46)
            pad(nanoseconds % 1_000_000_000 / 1000, 6, to: &output)
        }
        let offset = Int64(broken.tm_gmtoff) / 60
        if offset == 0 { return output.append(90) }
        output.append(offset < 0 ? 45 : 43)
        pad(Int64(offset.magnitude) / 60, 2, to: &output)
        output.append(58)
        pad(Int64(offset.magnitude) % 60, 2, to: &output)
    }

    /// `Jan  2 15:04:05` in the host's time zone. Source: RFC 3164, 4.1.2.
    static func appendStamp(_ nanoseconds: Int64, to output: inout [UInt8]) {
        let broken = local(nanoseconds)
        let names = bytes("JanFebMarAprMayJunJulAugSepOctNovDec")
        let month = Int(broken.tm_mon) * 3
        output += names[month..<month + 3]
        output.append(32)
        if broken.tm_mday < 10 { output.append(32) }
        output += decimal(Int64(broken.tm_mday))
        output.append(32)
        appendClock(broken, to: &output)
    }

    /// Howard Hinnant's `civil_from_days`: the C library's own would read a time zone file for it.
    private static func universal(_ seconds: Int64) -> tm {
        let days = seconds / 86400
        let z = days + 719_468
        let era = z / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let inDay = seconds - days * 86400
        var broken = tm()
        broken.tm_year = CInt(yearOfEra + era * 400 + (month <= 2 ? 1 : 0) - 1900)
        broken.tm_mon = CInt(month - 1)
        broken.tm_mday = CInt(dayOfYear - (153 * shifted + 2) / 5 + 1)
        broken.tm_hour = CInt(inDay / 3600)
        broken.tm_min = CInt(inDay / 60 % 60)
        broken.tm_sec = CInt(inDay % 60)
        return broken
    }

    private static func local(_ nanoseconds: Int64) -> tm {
        var broken = tm()
        var seconds = time_t(nanoseconds / 1_000_000_000)
        localtime_r(&seconds, &broken)
        return broken
    }

    private static func appendDate(_ broken: tm, to output: inout [UInt8]) {
        pad(Int64(broken.tm_year) + 1900, 4, to: &output)
        output.append(45)
        pad(Int64(broken.tm_mon) + 1, 2, to: &output)
        output.append(45)
        pad(Int64(broken.tm_mday), 2, to: &output)
        output.append(84)
        appendClock(broken, to: &output)
    }

    private static func appendClock(_ broken: tm, to output: inout [UInt8]) {
        pad(Int64(broken.tm_hour), 2, to: &output)
        output.append(58)
        pad(Int64(broken.tm_min), 2, to: &output)
        output.append(58)
        pad(Int64(broken.tm_sec), 2, to: &output)
    }

    private static func pad(_ value: Int64, _ width: Int, to output: inout [UInt8]) {
        let digits = decimal(value)
        for _ in 0..<max(0, width - digits.count) { output.append(48) }
        output += digits
    }
}
