#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/tap.h"

namespace posthorn::auth {

/// A session as an operator sees it.
struct SessionView {
  std::string protocol;
  std::string user;  ///< The account's name.
  std::string peer;  ///< As Stream::peer() reports it.
  std::uint64_t session = 0;
  std::int64_t since = 0;  ///< The begin of the connection: seconds since 1970.
  std::uint64_t octets_in = 0;
  std::uint64_t octets_out = 0;
  std::string tls;  ///< As Stream::tls_description().
};

/// A session that has logged in, for those who look after the server. Thread: the session's loop.
class LiveSession {
 public:
  virtual ~LiveSession() = default;
  [[nodiscard]] virtual SessionView view() const = 0;
  /// Ends the session soon. The client is told `words`, which must be static.
  virtual void end(std::string_view words) = 0;
  /// Shows the dialogue to `tap` from now on; null ends that.
  virtual void show_to(std::shared_ptr<Tap> tap) = 0;
};

}  // namespace posthorn::auth
