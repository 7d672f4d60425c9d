import WorkflowGraph

/// Values that come from outside as JSON.
extension Value {
  /// - Parameter json: read as payloads are: the last of a repeated name counts, damaged text is repaired.
  /// - Throws: what is wrong with it, in a few words; also for more than `depthMax` containers within containers. O(bytes).
  public init(json: [UInt8], depthMax: Int = RunLimits().valueDepthMax) throws(NodeFailure) {
    let result: Result<PayloadJSON, PayloadSyntaxError> = json.withUnsafeBufferPointer { bytes in
      do throws(PayloadSyntaxError) { return .success(try PayloadReader.read(bytes)) } catch { return .failure(error) }
    }
    let value: Value
    do throws(SettingTypeError) {
      value = try SettingDecoder.value(try result.mapError { SettingTypeError(found: $0.text, path: "", wanted: "") }.get(), path: "")
    } catch {
      throw NodeFailure(error.wanted.isEmpty ? error.found : "\(error.found) is out of range")
    }
    guard value.weight.depth <= depthMax else { throw NodeFailure("value too deep: \(value.weight.depth) levels (limit: \(depthMax))") }
    self = value
  }
}

extension ObjectValue {
  /// The `data` of a node, undivided, without what belongs to one person's canvas.
  init(data fields: [FieldKey: JSONText]) throws(NodeFailure) {
    var members: [Member] = []
    // Fields come in no order; of several faults the first by name is told.
    for (field, text) in fields.sorted(by: { $0.key < $1.key }) {
      guard let name = field.dataKey, !field.isEphemeral else { continue }
      do throws(NodeFailure) { members.append(Member(name, try Value(json: Array(text.text.utf8)))) } catch {
        throw NodeFailure("\(name): \(error.text)")
      }
    }
    self.init(members)
  }
}
