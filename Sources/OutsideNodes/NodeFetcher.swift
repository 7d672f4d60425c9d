public import OutboundHTTP
import OutboundPolicy
public import WorkflowEngine

/// Fetches for `http` nodes, where the client's policy allows it.
public struct NodeFetcher: HTTPFetcher {
  private let client: OutboundClient

  public init(_ client: OutboundClient) { self.client = client }

  public func get(_ url: String, within limit: Duration, budget: OutsideBudget) async throws(FetchFailure) -> FetchedPage {
    let target: OutboundURL
    do throws(OutboundURLFault) { target = try OutboundURL(url) } catch {
      throw FetchFailure(error.kind == .syntax ? .url : .call, error.text)
    }
    let response: OutboundResponse
    do throws(OutboundFailure) {
      response = try await client.send(OutboundRequest(.get, target, deadline: limit), admit: budget.admit)
    } catch {
      throw FetchFailure(error.kind == .budget ? .budget : error.hasAnswerBegun ? .body : .call, error.text)
    }
    do throws(NodeFailure) { try budget.takeBytes(response.body.count, total: response.body.count) } catch {
      throw FetchFailure(.budget, error.text)
    }
    return FetchedPage(status: response.status, body: response.body)
  }
}

extension OutsideBudget {
  /// Why there may be no further call; `nil` when there may, and then it is counted.
  @Sendable func admit() -> String? {
    do throws(NodeFailure) {
      try takeCall()
      return nil
    } catch { return error.text }
  }
}
