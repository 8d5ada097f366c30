#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "server/http/message.h"

namespace posthorn::server::http {

/// All in octets, as they come over the wire.
struct RequestLimits {
  /// The request line and the fields. Also the longest piece that can only be understood as a
  /// whole: a chunk's size line with its extensions, and all trailer fields together (RFC 9112
  /// §7.1).
  std::uint32_t header = 8 << 10;
  std::uint64_t body = 16 << 10;
  /// What surrounds the data of a chunked body: size lines, extensions, trailer fields. A client
  /// that sends one octet a chunk needs five for each octet of the body.
  std::uint64_t framing = 128 << 10;
};

/// One request out of the octets of a client, however they come (RFC 9112). Does no I/O; keeps no
/// more than the header and the body. What it leaves in the caller's buffer has a bound, see
/// take().
class RequestReader {
 public:
  explicit RequestReader(RequestLimits limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  enum class Progress : std::uint8_t {
    need_more,      ///< What is left of the input is wanted again, with more behind it.
    need_go_ahead,  ///< So, but the client waits for a 100 first (RFC 9110 §10.1.1). Said once.
    complete,       ///< What is left belongs to the next request.
  };
  /// Takes octets off the front of `input`. After need_more and need_go_ahead at most
  /// RequestLimits::header octets are left there, so the caller's buffer has a bound: that, and
  /// what it reads at a time. Errors: the response to say before hanging up; nothing may be taken
  /// after one. Requires: it was never complete.
  std::expected<Progress, Response> take(std::string& input);
  /// Whether anything of a request has come.
  [[nodiscard]] bool has_begun() const;

  // Once complete:
  /// Whether the client wants to go on after the response (RFC 9112 §9.3).
  [[nodiscard]] bool keeps_alive() const;
  /// Errors: the response to say, where the target makes no sense or Host is missing.
  std::expected<Request, Response> request();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace posthorn::server::http
