/// Times of the calendar, UTC, as texts of protocols spell them. Source: the days of a proleptic Gregorian calendar by H. Hinnant's method.
enum CivilTime {
  /// `2026-11-29T15:04:05.678Z`. Source: RFC 3339.
  static func text(_ milliseconds: UInt64) -> String {
    // The last moment of the year 9999: years have four digits.
    let time = min(milliseconds, 253_402_300_799_999)
    let (year, month, day) = date(ofDay: Int(time / 86_400_000))
    let rest = Int(time % 86_400_000)
    let clock = "\(padded(rest / 3_600_000)):\(padded(rest / 60_000 % 60)):\(padded(rest / 1000 % 60)).\(padded(rest % 1000, 3))"
    return "\(padded(year, 4))-\(padded(month))-\(padded(day))T\(clock)Z"
  }

  /// Milliseconds since 1970 of `Sun, 29 Nov 2026 15:04:05 GMT`; `nil` for another form. Source: RFC 9110 §5.6.7, without the obsolete ones.
  static func milliseconds(ofHTTPDate text: String) -> UInt64? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].utf8.count == 4, parts[0].hasSuffix(","), parts[5] == "GMT" else { return nil }
    let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false)
    guard let month = months.firstIndex(of: String(parts[2])), clock.count == 3, let day = number(parts[1], 2),
      let year = number(parts[3], 4),
      let hour = number(clock[0], 2), let minute = number(clock[1], 2), let second = number(clock[2], 2),
      (1...31).contains(day), year >= 1970, hour < 24, minute < 60, second < 61
    else { return nil }
    return UInt64(day1970(year, month + 1, day)) * 86_400_000 + UInt64(hour * 3600 + minute * 60 + second) * 1000
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  private static func number(_ text: Substring, _ digits: Int) -> Int? {
    text.utf8.count == digits && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
  }

  private static func padded(_ number: Int, _ width: Int = 2) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let calendarMonth = month < 10 ? month + 3 : month - 9
    return (yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0), calendarMonth, dayOfYear - (153 * month + 2) / 5 + 1)
  }

  private static func day1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted % 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
