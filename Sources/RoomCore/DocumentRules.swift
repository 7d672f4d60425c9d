import CollabProtocol
import WorkflowDocument

extension DocumentLimits {
  /// The document is held to what clients were told.
  init(_ limits: Limits) {
    self.init()
    nodeCountMax = Int(limits.nodesMax)
    edgeCountMax = Int(limits.edgesMax)
    documentBytesMax = Int(limits.documentBytesMax)
    valueBytesMax = Int(limits.valueBytesMax)
    opCountMax = Int(limits.opsPerChangeMax)
  }
}

extension RefusalCode {
  init(_ fault: ChangeFault.Code) {
    self =
      switch fault {
      case .invalid: .invalid
      case .tooLarge: .tooLarge
      case .limit: .limit
      }
  }
}
