#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/crypto.h"
#include "auth/rules/protocol.h"
#include "base/result.h"

namespace posthorn::auth {

/// A password of an account for one program or device. The password itself is random and long
/// (rules/app_password.h), so one SHA-256 protects it as well as a slow hash would.
struct AppPassword {
  std::uint64_t id = 0;  ///< Never 0, and never given out twice in one account.
  std::string name;      ///< As people call it: "phone".
  Hash digest{};
  Protocols protocols = kAllProtocols;
  /// Addresses or networks ("192.0.2.0/24") it is accepted from; empty: from everywhere.
  std::vector<std::string> ranges = {};
  std::int64_t created = 0;    ///< Seconds.
  std::int64_t expires = 0;    ///< Seconds; 0: never.
  std::int64_t last_used = 0;  ///< Seconds, up to an hour late; 0: never.
  /// Capabilities that its sessions are not offered, besides those of LoginRules::without.
  std::vector<std::string> without = {};
  friend bool operator==(const AppPassword&, const AppPassword&) = default;
};

/// Where the password of the account itself is accepted. The numbers are stored.
enum class MainPassword : std::uint8_t { everywhere = 0, http = 1, nowhere = 2 };

std::string_view name_of(MainPassword where);  ///< E.g. "everywhere".
/// None if the name is not one.
std::optional<MainPassword> main_password_named(std::string_view name);

/// A permission to log in as others.
struct ActAs {
  std::string domain;        ///< In lower case; "*": all.
  std::int64_t expires = 0;  ///< Seconds; 0: never.
  friend bool operator==(const ActAs&, const ActAs&) = default;
};

struct LoginRules {
  static constexpr std::size_t kMaxAppPasswords = 500;
  static constexpr std::size_t kMaxRanges = 20;  ///< Of one password.
  static constexpr std::size_t kMaxActAs = 100;

  MainPassword main_password = MainPassword::everywhere;
  std::vector<AppPassword> app_passwords = {};
  std::vector<ActAs> may_act_as = {};
  std::uint64_t next_id = 1;  ///< Of the next app password.
  /// Capabilities of IMAP that sessions of the account are not offered, since its programs misuse
  /// them. Sorted; spelled as in the table of server/imap/capability.cc.
  std::vector<std::string> without = {};
  friend bool operator==(const LoginRules&, const LoginRules&) = default;

  /// Returns whether the main password is accepted for a protocol.
  [[nodiscard]] bool takes_main_password(Protocol protocol) const {
    return main_password == MainPassword::everywhere ||
           (main_password == MainPassword::http && protocol == Protocol::http);
  }
  /// Returns the capabilities that a session is not offered which used this app password; 0: none.
  [[nodiscard]] std::vector<std::string> without_for(std::uint64_t app_password) const;
  /// Returns whether there is a permission for accounts whose name is `name`, at `now` (seconds).
  [[nodiscard]] bool allows_acting_as(std::string_view name, std::int64_t now) const;
};

/// Encodes the rules for storage; the first octet is a version. The default ones are empty text.
std::string encode_rules(const LoginRules& rules);
/// Errors: corrupt (also for an unknown version).
Result<LoginRules> decode_rules(std::string_view stored);

}  // namespace posthorn::auth
