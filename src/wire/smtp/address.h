#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::wire::smtp {

/// Longer than RFC 5321 §4.5.3.1 asks for, as senders exceed it and their mail must still arrive.
constexpr std::size_t kMaxLocalPartOctets = 256;
constexpr std::size_t kMaxDomainOctets = 255;

/// A mailbox of an envelope, RFC 5321 §4.1.2 with the UTF-8 of RFC 6531 §3.3.
struct Address {
  std::string local_part;  ///< Without quotes and backslashes.
  std::string domain;      ///< As written; "[192.0.2.1]" for a literal; empty when there was none.
  friend bool operator==(const Address&, const Address&) = default;
  [[nodiscard]] bool is_ascii() const;
};

/// Which addresses may stand without a domain: <postmaster> (RFC 5321 §4.1.1.3), or any, as LMTP
/// has recipients that are plain user names.
enum class BareNames : std::uint8_t { postmaster, any };

/// Takes a Path from the front of `text`: "<", an ignored source route, a mailbox, ">". None when
/// it is malformed. Dots in local parts may stand anywhere and domain labels hold '_', as they do
/// in life.
/// "<>" is an address with both parts empty.
std::optional<Address> take_path(std::string_view& text, BareNames bare);
/// The same of an address without "<>" around it, and nothing after it.
std::optional<Address> parse_address(std::string_view text, BareNames bare);

/// "user@example.org", with quotes where the local part needs them.
std::string format_address(const Address& address);
/// "<user@example.org>"; "<>" for an empty address.
std::string format_path(const Address& address);

}  // namespace posthorn::wire::smtp
