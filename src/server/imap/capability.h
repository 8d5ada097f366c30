#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/imap/imap_server.h"

namespace posthorn::server::imap {

/// The facts that decide which capabilities a connection has at a given moment (RFC 9051 §6.1.1).
struct CapabilityView {
  enum class Stage : std::uint8_t { before_login, after_login };
  Stage stage = Stage::before_login;
  bool can_start_tls = false;      ///< STARTTLS can be used now.
  bool plaintext_allowed = false;  ///< Passwords may be sent in clear on this connection.
  bool compressed = false;         ///< COMPRESS is already active.
  std::vector<std::string_view> mechanisms = {};  ///< Names for AUTH=, best first.
  /// What is not offered to the account (auth::LoginRules::without).
  std::span<const std::string> without = {};
};

/// Formats the capability names, separated by spaces.
std::string format_capabilities(const CapabilityView& view, const ImapOptions& options);

/// Returns whether the capability (spelled in any case) has to be named in
/// ImapOptions::extra_capabilities to be offered, because offering it to everybody does harm.
bool is_extra_capability(std::string_view capability);

/// Returns false if the operator has disabled the capability or one that it depends on, for all or
/// for this account (`without`), or has not asked for it if that is needed.
bool is_offered(std::string_view capability, const ImapOptions& options,
                std::span<const std::string> without = {});

/// A part of IMAP4rev2 (RFC 9051 appendix E): there for whoever enabled that, offered or not.
bool is_part_of_rev2(std::string_view capability);

/// Returns the spelling in the table of a capability that can be switched off for one account,
/// which is given in any case. Errors: bad_argument, with the reason, and for an unknown name with
/// the list of names.
Result<std::string> capability_for_mask(std::string_view name);
/// Returns what goes together with these, since it stands on one of them; without themselves.
std::vector<std::string> stands_on_any(std::span<const std::string> names);

/// All names that can occur in a capability list, without those of mechanisms.
std::vector<std::string_view> all_capabilities();

}  // namespace posthorn::server::imap
