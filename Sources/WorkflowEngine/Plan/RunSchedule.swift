import HeapModule

/// Which node may begin when nodes that wait hold up only those that depend on them.
///
/// Nodes are named by their turn, their place in the plan's order. They begin out of turn and are done in turn: `head` is the first that
/// is not done. Nothing that a node can see tells it from a run in which one node runs after the other:
/// - values come from its inputs, which it waits for;
/// - nodes that share a part of the run's state work on it in turn;
/// - a context node begins after all earlier nodes and before all later ones, so texts are filled in with what was defined before them;
/// - a cache node begins when it is the head, because it looks at the clock.
///
/// When no node of the plan waits, everything begins in turn, at no cost. Otherwise O(log nodes) for each.
struct RunSchedule: Sendable {
  /// How a node takes part. Can be told from its type.
  enum Conduct: Sendable, Hashable {
    /// Needs its inputs and a moment of the processor.
    case inline
    /// Is in flight for a while.
    case waiting
    case stateful(RunState.Part)
  }

  private(set) var head = 0
  private let count: Int
  /// `nil` when no node waits: then every turn begins in turn.
  private var crew: Crew?

  /// - Parameter conduct: of a node, by its plan index.
  init(_ plan: ExecutionPlan, inFlightMax: Int, conduct: (_ index: Int) -> Conduct) {
    count = plan.order.count
    let conducts = plan.order.map(conduct)
    if conducts.contains(.waiting) { crew = Crew(plan, conducts, inFlightMax: inFlightMax) }
  }

  var isOver: Bool { head == count }

  /// The first turn that may begin, which begins. Ask until there is none.
  /// - Parameters:
  ///   - bound: turns from here on do not begin.
  ///   - isAheadAllowed: no: only the head may begin.
  mutating func next(below bound: Int, isAheadAllowed: Bool) -> Int? {
    if crew == nil { return head < min(count, bound) ? head : nil }
    return crew?.next(head: head, below: bound, isAheadAllowed: isAheadAllowed)
  }

  /// The value of a turn that began is there.
  mutating func finish(_ turn: Int) { crew?.finish(turn) }

  /// The head is done for good.
  mutating func advance() {
    head += 1
    crew?.headMoved(to: head)
  }
}

/// The state of a schedule in which some nodes wait.
private struct Crew: Sendable {
  private let plan: ExecutionPlan
  private let conducts: [RunSchedule.Conduct]
  private let inFlightMax: Int
  private var inFlight = 0
  /// By plan index.
  private var turns: [Int]
  /// By turn: how many inputs, and predecessors at the same part of the state, are not there yet.
  private var missing: [Int]
  /// By turn: who works next on the same part of the state.
  private var successor: [Int?]
  private var hasBegun: [Bool]
  /// All turns before it have begun.
  private var firstNotBegun = 0
  /// Turns of the context nodes, and which of them is the first that has not begun.
  private var fences: [Int] = []
  private var fence = 0
  /// Lacks nothing.
  private var ready = Heap<Int>()
  /// Lacks only that it is the head.
  private var heldForTurn = Heap<Int>()
  /// Lacks only a place in flight.
  private var heldForPlace = Heap<Int>()

  init(_ plan: ExecutionPlan, _ conducts: [RunSchedule.Conduct], inFlightMax: Int) {
    self.plan = plan
    self.conducts = conducts
    self.inFlightMax = inFlightMax
    let count = plan.order.count
    turns = [Int](repeating: 0, count: plan.ids.count)
    for (turn, index) in plan.order.enumerated() { turns[index] = turn }
    missing = plan.order.map { plan.inputs(of: $0).count }
    successor = [Int?](repeating: nil, count: count)
    hasBegun = [Bool](repeating: false, count: count)
    var last: [RunState.Part: Int] = [:]
    for (turn, conduct) in conducts.enumerated() {
      guard case .stateful(let part) = conduct else { continue }
      if part == .context { fences.append(turn) }
      if let before = last.updateValue(turn, forKey: part) {
        successor[before] = turn
        missing[turn] += 1
      }
    }
    for turn in 0..<count where missing[turn] == 0 { ready.insert(turn) }
  }

  mutating func next(head: Int, below bound: Int, isAheadAllowed: Bool) -> Int? {
    while let turn = ready.min, turn < bound, turn == head || isAheadAllowed, isBeforeFence(turn) {
      ready.removeMin()
      switch conducts[turn] {
      case .stateful(.cache) where turn != head: heldForTurn.insert(turn)
      case .waiting where inFlight >= inFlightMax && turn != head: heldForPlace.insert(turn)
      case .waiting:
        inFlight += 1
        return begin(turn)
      default: return begin(turn)
      }
    }
    return nil
  }

  /// Nothing passes a context node, and a context node passes nothing.
  private func isBeforeFence(_ turn: Int) -> Bool {
    guard fence < fences.count else { return true }
    return turn < fences[fence] || turn == fences[fence] && turn == firstNotBegun
  }

  private mutating func begin(_ turn: Int) -> Int {
    hasBegun[turn] = true
    while firstNotBegun < hasBegun.count, hasBegun[firstNotBegun] { firstNotBegun += 1 }
    if fence < fences.count, fences[fence] == turn { fence += 1 }
    return turn
  }

  mutating func finish(_ turn: Int) {
    if conducts[turn] == .waiting {
      inFlight -= 1
      if let first = heldForPlace.popMin() { ready.insert(first) }
    }
    for target in plan.outputs(of: plan.order[turn]) { satisfy(turns[target]) }
    if let next = successor[turn] { satisfy(next) }
  }

  private mutating func satisfy(_ turn: Int) {
    missing[turn] -= 1
    if missing[turn] == 0 { ready.insert(turn) }
  }

  mutating func headMoved(to head: Int) {
    if heldForTurn.min == head, let turn = heldForTurn.popMin() { ready.insert(turn) }
    if heldForPlace.min == head, let turn = heldForPlace.popMin() { ready.insert(turn) }
  }
}
