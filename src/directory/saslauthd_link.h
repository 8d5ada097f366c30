#pragma once

#include <chrono>
#include <string>

#include "directory/link.h"

namespace posthorn::directory {

struct SaslauthdOptions {
  std::string socket;
  std::string service;  ///< For PAM: the name of its file.
  /// What saslauthd is asked for, with %{name}, %{user} and %{domain}.
  std::string login;
  std::string realm;
};

/// Asks saslauthd of Cyrus SASL, for PAM, Kerberos and what else it knows. There is one connection
/// for each question: four texts (login, password, service, realm), each after its length in two
/// octets, most significant first; the answer is one text that begins with "OK" or "NO". Saslauthd
/// cannot tell whether somebody exists, so find_user() finds everybody.
class SaslauthdLink final : public Link {
 public:
  SaslauthdLink(SaslauthdOptions options, std::chrono::milliseconds timeout)
      : options_(std::move(options)), timeout_(timeout) {}

  Result<std::optional<Entry>> find_user(const Asked& asked) override;
  Result<std::vector<std::string>> find_alias(const Asked& asked) override;
  Result<bool> has_domain(const std::string& domain) override;
  Result<bool> verify(const Entry& entry, const auth::Secret& password) override;

 private:
  const SaslauthdOptions options_;
  const std::chrono::milliseconds timeout_;
};

}  // namespace posthorn::directory
