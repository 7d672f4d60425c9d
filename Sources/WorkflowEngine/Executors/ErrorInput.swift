/// An input that stands for an error: an object with the member `error`. A node that really fails ends the run instead.
struct ErrorInput {
  let error: Value

  /// `nil` for every other value.
  init?(_ value: Value) {
    guard let error = value.object?["error"] else { return nil }
    self.error = error
  }
}
