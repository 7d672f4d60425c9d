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
}
