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

  /// Hands the marked slots out and forgets them; the memory is kept.
  mutating func take(_ body: (Slot) -> Void) {
    for slot in slots {
      isMarked[Int(slot)] = false
      body(slot)
    }
    slots.removeAll(keepingCapacity: true)
  }

  mutating func take() -> [Slot] {
    let taken = slots
    take { _ in }
    return taken
  }
}
