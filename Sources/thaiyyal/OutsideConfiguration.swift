import OutboundPolicy

/// What runs may reach, checked.
struct OutsideConfiguration {
  var http: OutboundPolicy
  var httpTimeout: Duration
  var plugins: [OutboundURL]
  var pluginTimeout: Duration
  /// `nil`: the engine in this process.
  var engine: OutboundURL?
  var engineTimeout: Duration

  private static let timeouts = 1...3600

  init(_ sources: ConfigurationSources) throws(ConfigurationFault) {
    http = try OutboundPolicy(hosts: try sources.texts(.httpAllow), .httpAllow, ranges: .httpAllowPrivate, sources)
    httpTimeout = .seconds(try sources.number(.httpTimeoutSeconds, in: Self.timeouts))
    plugins = []
    for text in try sources.texts(.plugins) { plugins.append(try Self.url(text, .plugins, sources)) }
    pluginTimeout = .seconds(try sources.number(.pluginTimeoutSeconds, in: Self.timeouts))
    let engine = try sources.text(.engineURL)
    self.engine = engine.isEmpty ? nil : try Self.url(engine, .engineURL, sources)
    engineTimeout = .seconds(try sources.number(.engineTimeoutSeconds, in: Self.timeouts))
    try check()
  }

  private func check() throws(ConfigurationFault) {
    if engine != nil, !http.hosts.isEmpty || !plugins.isEmpty {
      throw ConfigurationFault("engine-url excludes http-allow and plugins: they belong to the engine in this server")
    }
    if !http.ranges.isEmpty, http.hosts.isEmpty {
      throw ConfigurationFault("http-allow-private opens nothing by itself: give the hosts with http-allow")
    }
    if Set(plugins).count < plugins.count { throw ConfigurationFault("plugins: one is named twice") }
  }

  private static func url(_ text: String, _ setting: Setting, _ sources: ConfigurationSources) throws(ConfigurationFault) -> OutboundURL {
    let place = "(\(sources.origin(of: setting)))"
    let url: OutboundURL
    do throws(OutboundURLFault) { url = try OutboundURL(text) } catch {
      throw ConfigurationFault("\(setting.rawValue): \"\(text)\": \(error) \(place)")
    }
    guard !url.target.contains("?") else { throw ConfigurationFault("\(setting.rawValue): \"\(text)\" has a query \(place)") }
    return url
  }
}

extension OutboundPolicy {
  /// Hosts, written as the setting `hostSetting` has them, and ranges of addresses that are not public.
  init(
    hosts texts: [String], _ hostSetting: Setting, ranges rangeSetting: Setting, _ sources: ConfigurationSources
  ) throws(ConfigurationFault) {
    self.init()
    for text in texts {
      guard let rule = HostRule(text) else {
        throw ConfigurationFault(
          "\(hostSetting.rawValue): \"\(text)\" is no host such as example.org, *.example.org:8443 or * (\(sources.origin(of: hostSetting)))"
        )
      }
      hosts.append(rule)
    }
    for text in try sources.texts(rangeSetting) {
      guard let range = IPRange(text) else {
        throw ConfigurationFault(
          "\(rangeSetting.rawValue): \"\(text)\" is no range such as 10.1.0.0/16 (\(sources.origin(of: rangeSetting)))")
      }
      ranges.append(range)
    }
  }
}
