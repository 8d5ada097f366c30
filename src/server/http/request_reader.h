#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "server/http/message.h"

namespace posthorn::server::http {

/// All limits are in octets on the wire.
struct RequestLimits {
  /// The request line and the header fields. It is also the limit for anything else that can only
  /// be parsed as a whole: a chunk's size line with its extensions, and all trailer fields together
  /// (RFC 9112 §7.1).
  std::uint32_t header = 8 << 10;
  std::uint64_t body = 16 << 10;
  /// The overhead of a chunked body: size lines, extensions and trailer fields. A client that sends
  /// chunks of one octet needs five octets of overhead for each.
  std::uint64_t framing = 128 << 10;
};

/// Parses one request from the octets of a client, in portions of any size (RFC 9112). Does no I/O,
/// and keeps only the header and the body. The octets left in the caller's buffer are bounded; see
/// take().
class RequestReader {
 public:
  explicit RequestReader(RequestLimits limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  enum class Progress : std::uint8_t {
    need_more,      ///< Call again with the rest of the input and more octets after it.
    need_go_ahead,  ///< The same, but the client waits for a 100 response first (RFC 9110 §10.1.1).
                    ///< Reported once.
    complete,       ///< The rest of the input belongs to the next request.
  };
  /// Consumes octets from the front of `input`. After need_more and need_go_ahead, at most
  /// RequestLimits::header octets remain, so the caller's buffer never exceeds that plus one read.
  /// Errors: the response to send before closing; take() must not be called after one. Requires:
  /// complete has not been returned yet.
  std::expected<Progress, Response> take(std::string& input);
  /// Returns whether any part of a request has arrived.
  [[nodiscard]] bool has_begun() const;

  // The following require that take() returned complete.

  /// Returns whether the client wants to keep the connection after the response (RFC 9112 §9.3).
  [[nodiscard]] bool keeps_alive() const;
  /// Returns the request. Errors: the response to send if the target is invalid or Host is missing.
  std::expected<Request, Response> request();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace posthorn::server::http
