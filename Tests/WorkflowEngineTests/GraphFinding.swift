import WorkflowGraph

/// `Issue`, in files where that is the testing library's.
typealias GraphFinding = Issue
