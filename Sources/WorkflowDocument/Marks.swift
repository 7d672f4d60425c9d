/// Slots whose derived state is to be made anew, each once.
struct Marks: Sendable {
  private(set) var slots: [Slot] = []
  private var isMarked: [Bool] = []

  var isEmpty: Bool { slots.isEmpty }

  mutating func mark(_ slot: Slot) {
    while isMarked.count <= Int(slot) { isMarked.append(false) }
    if isMarked[Int(slot)] { return }
    isMarked[Int(slot)] = true
    slots.append(slot)
  }

  /// Hands the marked slots out and forgets them.
  mutating func take() -> [Slot] {
    if slots.isEmpty { return [] }
    let taken = slots
    slots = []
    for slot in taken { isMarked[Int(slot)] = false }
    return taken
  }

  /// Takes back an array that `take` gave, to use its memory again: most edits mark one or two slots, and should not allocate for them.
  mutating func recycle(_ taken: inout [Slot]) {
    guard slots.isEmpty, taken.capacity <= Self.keptMax else { return }
    taken.removeAll(keepingCapacity: true)
    swap(&slots, &taken)
  }

  /// Slots; an array that a load made long is let go.
  private static let keptMax = 256
}
