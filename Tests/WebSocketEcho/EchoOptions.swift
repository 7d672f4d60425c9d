/// `websocket-echo [--port P] [--tls CERT KEY] [--keep-context]`
struct EchoOptions {
  struct Usage: Error { var text: String }

  var port = 9001
  var certificate: (chain: String, key: String)?
  /// Both ends may keep their compression context.
  var keepsContext = false

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      switch option {
      case "--port":
        guard let value = rest.popFirst(), let number = UInt16(value) else { throw Usage(text: "--port needs a number") }
        port = Int(number)
      case "--tls":
        guard let chain = rest.popFirst(), let key = rest.popFirst() else {
          throw Usage(text: "--tls needs a certificate file and a key file")
        }
        certificate = (chain, key)
      case "--keep-context": keepsContext = true
      default: throw Usage(text: "usage: websocket-echo [--port P] [--tls CERT KEY] [--keep-context]")
      }
    }
  }
}
