import Testing
import WebCanvas

@testable import Gateway

@Suite struct PageTests {
  private func text(_ name: String) throws -> String {
    String(decoding: try #require(WebAsset.all.first { $0.name == name }).bytes.buffer, as: UTF8.self)
  }

  /// What stands between `before` and the next quotation mark, everywhere.
  private func quoted(after before: String, in text: String) -> [String] {
    text.ranges(of: before).map { String(text[$0.upperBound...].prefix { $0 != "\"" }) }
  }

  @Test("every file that a page names is there, and every file there is named")
  func references() throws {
    let names = Set(WebAsset.all.map(\.name))
    var reached: Set<String> = ["home.html", "canvas.html"]
    var open = Array(reached)
    while let name = open.popLast() {
      let content = try text(name)
      let linked = (quoted(after: "src=\"/assets/", in: content) + quoted(after: "href=\"/assets/", in: content))
      // Relative to the folder of the file that imports.
      let folder = name.hasPrefix("sdk/") ? "sdk/" : ""
      let imported = quoted(after: "from \"./", in: content).map { folder + $0 }
      for found in linked + imported {
        #expect(names.contains(found), "\(name) names \(found)")
        if reached.insert(found).inserted { open.append(found) }
      }
    }
    #expect(reached == names)
  }

  @Test(
    "no page has a script, a style or a handler of its own, so the strict policy lets all of it run",
    arguments: ["home.html", "canvas.html"])
  func nothingInline(page: String) throws {
    let html = try text(page).lowercased()
    #expect(!html.contains("<style"))
    #expect(!html.contains(" style="))
    #expect(html.ranges(of: "<script").count == html.ranges(of: "<script type=\"module\" src=\"/assets/").count)
    #expect(try !html.contains(Regex(#"\son[a-z]+\s*="#)))
    #expect(!html.contains("javascript:"))
  }

  @Test("no module writes markup or evaluates text")
  func noMarkupFromText() throws {
    for asset in WebAsset.all where asset.name.hasSuffix(".js") {
      let code = try text(asset.name)
      for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
        #expect(!code.contains(word), "\(asset.name): \(word)")
      }
    }
  }

  @Test("entity tags differ from file to file")
  func tags() {
    #expect(Set(WebAsset.all.map(\.etag)).count == WebAsset.all.count)
    #expect(WebAsset.all.allSatisfy { $0.etag.hasPrefix("\"") && $0.etag.hasSuffix("\"") })
  }

  @Test("the policy allows nothing inline and nothing from elsewhere")
  func policy() {
    let policy = SecurityHeaders.contentSecurityPolicy
    #expect(!policy.contains("unsafe"))
    #expect(!policy.contains("*"))
    #expect(!policy.contains("http"))
    #expect(policy.contains("default-src 'none'"))
    #expect(policy.contains("frame-ancestors 'none'"))
  }
}
