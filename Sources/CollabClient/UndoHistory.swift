import CRDT
import WorkflowDocument

/// Own steps to take back.
struct UndoHistory: Sendable {
  mutating func record(_ change: Change, before document: WorkflowDocument, group: String?) {}
  mutating func undo(_ document: WorkflowDocument) -> [Op]? { nil }
  mutating func redo(_ document: WorkflowDocument) -> [Op]? { nil }
  mutating func didUndo(_ change: Change, before document: WorkflowDocument) {}
  mutating func didRedo(_ change: Change, before document: WorkflowDocument) {}
  mutating func rename(_ stamps: [Stamp: Stamp]) {}
}
