/// What a decoder takes at most. Every bound is checked before anything is allocated for it. Spec: LM1.
public struct DecodeLimits: Hashable, Sendable {
  /// Longer messages are refused unread (close 1009).
  public var messageBytesMax = 1 << 20
  /// More changes in one batch close with 4413.
  public var changesPerBatchMax = 1024
  /// More ops make their change `too_large`.
  public var opsPerChangeMax = 4096
  /// More tags in one `remove_edge` make their change `too_large`.
  public var tagsPerOpMax = 64
  /// Longer values make their change `too_large`.
  public var valueBytesMax = 256 << 10
  /// A presence message of more bytes is answered with `too_large`.
  public var presenceBytesMax = 4 << 10
  /// Replicas in a version, elements of any other list.
  public var elementsMax = 4096
  public var tokenBytesMax = 16 << 10

  public init() {}

  /// What a server that has told its clients `limits` takes from them.
  public init(_ limits: Limits) {
    messageBytesMax = Int(limits.messageBytesMax)
    changesPerBatchMax = Int(limits.changesPerBatchMax)
    opsPerChangeMax = Int(limits.opsPerChangeMax)
    valueBytesMax = Int(limits.valueBytesMax)
    presenceBytesMax = Int(limits.presenceBytesMax)
  }

  /// What a client takes from a server it chose to trust: wide enough for every frame a server of this version makes.
  public static let client: DecodeLimits = {
    var limits = DecodeLimits()
    limits.messageBytesMax = 64 << 20
    limits.elementsMax = 1 << 20
    limits.changesPerBatchMax = 1 << 20
    limits.opsPerChangeMax = 1 << 20
    limits.tagsPerOpMax = 1 << 20
    limits.valueBytesMax = 16 << 20
    return limits
  }()

  // Lengths that no configuration changes. Spec: LM2.
  static let nameBytesMax = 64
  static let colourBytesMax = 32
  static let clientBytesMax = 64
  static let idBytesMax = 256
  static let handleBytesMax = 256
  static let fieldBytesMax = 256
  static let runBytesMax = 128
  static let keyBytesMax = 128
  static let secretBytesMax = 64
  static let hashBytesMax = 64
  static let versionNameBytesMax = 1024
  static let versionNoteBytesMax = 16 << 10
  static let sentenceBytesMax = 64 << 10
}
