#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "async/task.h"
#include "base/result.h"
#include "server/http/parse_request.h"

namespace posthorn::server::http {

class Exchange;

/// Answers one request, through the exchange. It may await what it needs, but must not block.
///
/// If it returns an error before its response has begun, the client gets the status that reading
/// the body ended with (400, 408, 413), or else 500 with a line in the log. An error after that
/// closes the connection, so that the client sees that the response is not complete. Returning
/// without a response is an error, too.
///
/// Returning ends a streamed response. The function lives as long as the task. Thread: any loop's.
using Handler = std::function<async::Task<Status>(Exchange&)>;

struct HttpOptions {
  Handler handler = {};  ///< If not set, every request is answered 404. See Router::handler().
  RequestLimits limits = {};
  std::uint32_t max_requests = 100;                                ///< Over one connection.
  std::chrono::milliseconds idle_time = std::chrono::seconds(30);  ///< Between two requests.
  /// For the client to send the header; and for all waits for its body together, to which a second
  /// is added for every `body_pace` octets that have come.
  std::chrono::milliseconds request_time = std::chrono::seconds(20);
  std::uint32_t body_pace = 4 << 10;
  /// For the client to take some of the pending output.
  std::chrono::milliseconds write_time = std::chrono::seconds(20);
};

}  // namespace posthorn::server::http
