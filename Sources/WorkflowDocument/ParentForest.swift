import CRDT

/// Which node is in which group: `parentId` registers with the loops cut.
///
/// A node has at most one parent, so loops are disjoint, and taking links in stamp order leaves out exactly the latest of each loop.
/// Setting a parent costs the depth of the nesting. Spec: GV3b.
struct ParentForest: Sendable {
  enum Standing: UInt8, Sendable {
    /// Counts.
    case held
    /// Names itself, or a node that is not visible; or belongs to one that is not.
    case missing
    /// Would close a loop.
    case loop
  }

  private struct Link: Sendable {
    let parent: Slot
    let stamp: Stamp
    var standing: Standing
  }

  private var links: [Slot: Link] = [:]
  private var children: [Slot: Set<Slot>] = [:]

  var isEmpty: Bool { links.isEmpty }

  /// `nil` when the node names no parent.
  func standing(of child: Slot) -> Standing? { links[child]?.standing }

  /// The children that name this node, whether it counts or not.
  func children(of parent: Slot) -> Set<Slot> { children[parent] ?? [] }

  /// Takes over what the child's register says now.
  ///
  /// - Returns: the nodes whose standing may have changed.
  mutating func set(_ child: Slot, parent: Slot, stamp: Stamp, visible: (Slot) -> Bool) -> [Slot] {
    var changed = [child]
    if let old = links[child] {
      changed += deactivate(child)
      children[old.parent]?.remove(child)
      if children[old.parent]?.isEmpty ?? false { children[old.parent] = nil }
      links[child] = nil
    }
    guard parent >= 0 else { return changed }
    links[child] = Link(parent: parent, stamp: stamp, standing: .missing)
    children[parent, default: []].insert(child)
    return changed + activate(child, visible: visible)
  }

  /// Decides again about everything that hangs on whether `node` is visible.
  mutating func visibilityChanged(_ node: Slot, visible: (Slot) -> Bool) -> [Slot] {
    guard !links.isEmpty else { return [] }
    var changed: [Slot] = []
    for child in [node] + children(of: node) where links[child] != nil {
      changed += deactivate(child)
      changed += activate(child, visible: visible)
    }
    return changed
  }

  /// Takes the link out; the loop it was part of, if any, is whole again.
  private mutating func deactivate(_ child: Slot) -> [Slot] {
    guard let link = links[child], link.standing != .missing else { return [] }
    var changed = [child]
    if link.standing == .held {
      let root = root(of: child)
      if let cut = links[root], cut.standing == .loop, path(from: cut.parent, reaches: child) {
        links[root]?.standing = .held
        changed.append(root)
      }
    }
    links[child]?.standing = .missing
    return changed
  }

  private mutating func activate(_ child: Slot, visible: (Slot) -> Bool) -> [Slot] {
    guard let link = links[child], visible(child), visible(link.parent) else { return [] }
    links[child]?.standing = .held
    var latest = child
    var latestStamp = link.stamp
    var at = link.parent
    while at != child {
      guard let above = links[at], above.standing == .held else { return [child] }
      if latestStamp < above.stamp {
        latest = at
        latestStamp = above.stamp
      }
      at = above.parent
    }
    links[latest]?.standing = .loop
    return [child, latest]
  }

  private func root(of start: Slot) -> Slot {
    var at = start
    while let link = links[at], link.standing == .held { at = link.parent }
    return at
  }

  private func path(from start: Slot, reaches end: Slot) -> Bool {
    var at = start
    while at != end {
      guard let link = links[at], link.standing == .held else { return false }
      at = link.parent
    }
    return true
  }
}
