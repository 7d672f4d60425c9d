public import WorkflowEngine
import WorkflowGraph

/// What a plug-in program says about itself at `GET /plugin`: see docs/PLUGINS.md.
public struct PluginDescription: Sendable, Hashable {
  public static let protocolVersion = 1
  public static let typeCountMax = 64
  private static let textBytesMax = 1024

  public var name: String
  public var version: String
  public var types: [PluginType]

  /// - Throws: the first thing that is wrong, with the place it is at.
  public init(json: [UInt8]) throws(PluginFault) {
    let root: Value
    do throws(NodeFailure) { root = try Value(json: json, depthMax: 32) } catch {
      throw PluginFault("the description is no JSON: \(error.text)")
    }
    guard let root = root.object else { throw PluginFault("the description is no object") }
    guard let version = root["protocol"]?.number else { throw PluginFault("the description names no protocol") }
    guard version == Double(Self.protocolVersion) else {
      throw PluginFault("the plug-in speaks protocol \(version), this server speaks \(Self.protocolVersion)")
    }
    name = try Self.text(root, "name", at: "the description")
    self.version = try Self.text(root, "version", at: "the description")
    guard let types = root["types"]?.elements, (1...Self.typeCountMax).contains(types.count) else {
      throw PluginFault("types must be a list of 1 to \(Self.typeCountMax)")
    }
    self.types = []
    for (index, type) in types.enumerated() { self.types.append(try Self.type(type, at: "types[\(index)]")) }
  }

  private static func type(_ value: Value, at place: String) throws(PluginFault) -> PluginType {
    guard let object = value.object else { throw PluginFault("\(place) is no object") }
    var type = PluginType(try text(object, "type", at: place), summary: try text(object, "description", at: place, isRequired: false))
    let category = try text(object, "category", at: place, isRequired: false)
    if !category.isEmpty { type.category = category }
    if let inputs = object["inputs"], inputs != .null { type.inputs = try self.inputs(inputs, at: "\(place).inputs") }
    if let settings = object["settings"], settings != .null {
      guard let elements = settings.elements else { throw PluginFault("\(place).settings is no list") }
      for (index, element) in elements.enumerated() { type.settings.append(try setting(element, at: "\(place).settings[\(index)]")) }
    }
    if let fault = type.fault { throw PluginFault("\(place): \(fault)") }
    return type
  }

  /// One port without a name, or none.
  private static func inputs(_ value: Value, at place: String) throws(PluginFault) -> NodeType.Inputs {
    guard let ports = value.elements, ports.count <= 1 else { throw PluginFault("\(place) must be a list of one port at most") }
    guard let port = ports.first else { return .none }
    guard let port = port.object, port["name"] ?? .null == .null else { throw PluginFault("\(place)[0] must be an object without a name") }
    var inputs = NodeType.Inputs.optional
    inputs.min = try count(port["min"], at: "\(place)[0].min") ?? 0
    inputs.max = try count(port["max"], at: "\(place)[0].max")
    return inputs
  }

  private static func count(_ value: Value?, at place: String) throws(PluginFault) -> Int? {
    guard let value, value != .null else { return nil }
    guard let count = value.number.flatMap({ Int(exactly: $0) }), (0...1_000_000).contains(count) else {
      throw PluginFault("\(place) is no count")
    }
    return count
  }

  private static func setting(_ value: Value, at place: String) throws(PluginFault) -> PluginSetting {
    guard let object = value.object else { throw PluginFault("\(place) is no object") }
    var setting = PluginSetting(try text(object, "name", at: place), try kind(object, at: place))
    setting.summary = try text(object, "description", at: place, isRequired: false)
    switch object["required"] {
    case .bool(let isRequired)?: setting.isRequired = isRequired
    case nil, .null?: break
    default: throw PluginFault("\(place).required is neither true nor false")
    }
    if let initial = object["initial"], initial != .null { setting.initial = initial }
    if let standard = object["default"], standard != .null { setting.standard = standard }
    if let min = object["min"], min != .null {
      guard let min = min.number.flatMap({ Int(exactly: $0) }) else { throw PluginFault("\(place).min is no whole number") }
      setting.min = min
    }
    return setting
  }

  private static func kind(_ object: ObjectValue, at place: String) throws(PluginFault) -> NodeSetting.Kind {
    let name = try text(object, "type", at: place)
    if name == "choice" {
      guard let values = object["values"]?.elements, values.allSatisfy({ $0.text != nil }) else {
        throw PluginFault("\(place).values is no list of texts")
      }
      return .choice(values.compactMap(\.text))
    }
    let kinds: [NodeSetting.Kind] = [.number, .integer, .string, .duration, .bool, .strings, .cases, .anything]
    guard let kind = kinds.first(where: { $0.name == name }) else { throw PluginFault("\(place): no setting is of the type \(name)") }
    return kind
  }

  private static func text(_ object: ObjectValue, _ name: String, at place: String, isRequired: Bool = true) throws(PluginFault) -> String {
    switch object[name] {
    case nil where !isRequired, .null? where !isRequired: return ""
    case .text(let text)? where text.utf8.count <= textBytesMax && (!isRequired || !text.isEmpty): return text
    default: throw PluginFault("\(place): \(name) must be a text\(isRequired ? "" : ", if it is there,") of at most \(textBytesMax) bytes")
    }
  }
}
