#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/imap/imap_server.h"

namespace posthorn::server::imap {

/// What decides which capabilities a connection has at a moment (RFC 9051 §6.1.1).
struct CapabilityView {
  enum class Stage : std::uint8_t { before_login, after_login };
  Stage stage = Stage::before_login;
  bool can_start_tls = false;                     ///< STARTTLS is there to be used.
  bool plaintext_allowed = false;                 ///< Passwords may be said here and now.
  bool compressed = false;                        ///< COMPRESS is done already.
  std::vector<std::string_view> mechanisms = {};  ///< For AUTH=, best first.
};

/// The names, parted by spaces.
std::string format_capabilities(const CapabilityView& view, const ImapOptions& options);

/// False for a capability the operator has switched off, itself or one it builds on.
bool is_offered(std::string_view capability, const ImapOptions& options);

/// A part of IMAP4rev2 (RFC 9051 appendix E): there for whoever enabled that, offered or not.
bool is_part_of_rev2(std::string_view capability);

/// Every name that may be in a list, without those of mechanisms: for tests.
std::vector<std::string_view> all_capabilities();

}  // namespace posthorn::server::imap
