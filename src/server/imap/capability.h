#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
};

/// Formats the capability names, separated by spaces.
std::string format_capabilities(const CapabilityView& view, const ImapOptions& options);

/// Returns whether the capability (spelled in any case) has to be named in
/// ImapOptions::extra_capabilities to be offered, because offering it to everybody does harm.
bool is_extra_capability(std::string_view capability);

/// Returns false if the operator has disabled the capability or one that it depends on, or has not
/// asked for it if that is needed.
bool is_offered(std::string_view capability, const ImapOptions& options);

/// A part of IMAP4rev2 (RFC 9051 appendix E): there for whoever enabled that, offered or not.
bool is_part_of_rev2(std::string_view capability);

/// All names that can occur in a capability list, without those of mechanisms. For tests.
std::vector<std::string_view> all_capabilities();

}  // namespace posthorn::server::imap
