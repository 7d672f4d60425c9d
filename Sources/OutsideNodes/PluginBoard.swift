public import NIOCore
public import OpenSSLTransport
public import OutboundHTTP
public import OutboundPolicy
import Synchronization
public import WorkflowEngine

/// The plug-in programs of a server: which of them have said what they are, and how they are.
///
/// One that is down when the server starts, or comes back as another version, is taken in when it answers: nothing needs a restart.
public final class PluginBoard: Sendable {
  public struct Status: Sendable, Hashable {
    public var url: OutboundURL
    /// `nil` until it has said so; both.
    public var name: String?
    public var version: String?
    public var types: [String]
    /// `nil` while all is well.
    public var trouble: String?
  }

  private enum State {
    /// Becomes `known` when the program describes itself.
    case unknown(trouble: String)
    /// Stays `known`; is described anew after trouble.
    case known(RemotePlugin, trouble: String?)
  }

  private let places: [PluginPlace]
  private let states: Mutex<[State]>
  private let callID: @Sendable () -> String

  /// - Parameters:
  ///   - urls: each may be asked at its own host and port, and nowhere else; without query.
  ///   - limits: of each request; redirects are not followed.
  ///   - callID: a new name for each request, that nobody used before.
  public init(
    _ urls: [OutboundURL], limits: OutboundLimits, group: any EventLoopGroup, tls: TLSClientContext,
    resolve: @escaping NameResolver = SystemResolver.make(), callID: @escaping @Sendable () -> String
  ) {
    var limits = limits
    limits.redirectsMax = 0
    places = urls.map { url in
      PluginPlace(url: url, client: OutboundClient(policy: .only(url), limits: limits, group: group, tls: tls, resolve: resolve))
    }
    states = Mutex(urls.map { _ in .unknown(trouble: "it was not asked yet") })
    self.callID = callID
  }

  // MARK: Asking

  /// Asks all programs once, at the same time: those that are not known what they are, the others how they are.
  public func refresh() async {
    await withTaskGroup(of: Void.self) { group in
      for index in places.indices { group.addTask { await self.refresh(index) } }
    }
  }

  /// Asks again and again, until the task is cancelled.
  /// - Parameter changed: told of each plug-in whose trouble, or name, or version is another than at the last time.
  public func watch(every pause: Duration = .seconds(10), changed: @Sendable (Status) -> Void) async {
    var before: [Status] = []
    while !Task.isCancelled {
      await refresh()
      let now = statuses
      for (index, status) in now.enumerated() where before.isEmpty || before[index] != status { changed(status) }
      before = now
      // Cancelling ends the pause, and the loop with it.
      try? await Task.sleep(for: pause)
    }
  }

  private func refresh(_ index: Int) async {
    let place = places[index]
    do throws(PluginFault) {
      if case .known(_, nil) = states.withLock({ $0[index] }) {
        try await place.checkHealth()
      } else {
        let plugin = RemotePlugin(try await place.describe(), at: place, callID: callID)
        states.withLock { $0[index] = .known(plugin, trouble: nil) }
      }
    } catch {
      states.withLock { states in
        switch states[index] {
        case .unknown: states[index] = .unknown(trouble: error.text)
        case .known(let plugin, _): states[index] = .known(plugin, trouble: error.text)
        }
      }
    }
  }

  public var statuses: [Status] {
    zip(places, states.withLock { $0 }).map { place, state in
      switch state {
      case .unknown(let trouble): Status(url: place.url, types: [], trouble: trouble)
      case .known(let plugin, let trouble):
        Status(url: place.url, name: plugin.name, version: plugin.version, types: plugin.types.map(\.name), trouble: trouble)
      }
    }
  }

  // MARK: Using

  /// - Parameters: `base`: what runs without these programs, and wins where both bring a type; `types`: that a graph has.
  /// - Returns: `base` with the types of all programs that are known. Of `types`, those that nobody knows fail with a text that says which
  ///   program has not answered yet, if there is one.
  public func registry(over base: ExecutorRegistry, for types: Set<String>) -> ExecutorRegistry {
    var registry = base
    var silent: [String] = []
    for (place, state) in zip(places, states.withLock { $0 }) {
      switch state {
      case .unknown(let trouble): silent.append("the plug-in at \(place.url.origin) has not said what it knows: \(trouble)")
      case .known(let plugin, _):
        do throws(PluginFault) { try registry.register(plugin) } catch {
          silent.append("the plug-in at \(place.url.origin) is not used: \(error.text)")
        }
      }
    }
    guard !silent.isEmpty else { return registry }
    let reason = silent.joined(separator: "; ")
    for type in types where registry[type] == nil { registry.register(absent: type, because: reason) }
    return registry
  }
}
