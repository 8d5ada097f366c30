#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace posthorn::wire::imap {

struct CapabilityCommand {};
struct NoopCommand {};
struct LogoutCommand {};
struct StartTlsCommand {};
/// RFC 2177. The DONE that ends IDLE is a line of its own: see Receiver::Expect::line.
struct IdleCommand {};

/// RFC 9051 §6.2.2, RFC 4959.
struct AuthenticateCommand {
  std::string mechanism;  ///< In upper case.
  /// In base64, as sent; "=" is the empty string. Absent if the client sent none.
  std::optional<std::string> initial_response;
};

/// RFC 9051 §6.2.3. The octets are kept as sent.
struct LoginCommand {
  std::string user;
  std::string password;
};

/// RFC 5161.
struct EnableCommand {
  std::vector<std::string> capabilities;  ///< In upper case.
};

/// RFC 2971. Empty for NIL.
struct IdCommand {
  std::vector<std::pair<std::string, std::optional<std::string>>> parameters;
};

/// RFC 4978.
struct CompressCommand {
  std::string algorithm;  ///< In upper case.
};

/// RFC 9208 §4.1.
struct GetQuotaCommand {
  std::string root;
};
struct GetQuotaRootCommand {
  std::string mailbox;
};
struct SetQuotaCommand {
  struct Limit {
    std::string resource;  ///< In upper case.
    std::uint64_t limit = 0;
  };
  std::string root;
  std::vector<Limit> limits;
};

}  // namespace posthorn::wire::imap
