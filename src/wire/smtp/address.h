#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::wire::smtp {

/// The limits are larger than RFC 5321 §4.5.3.1 requires: some senders exceed those, and their mail
/// must still arrive.
constexpr std::size_t kMaxLocalPartOctets = 256;
constexpr std::size_t kMaxDomainOctets = 255;

/// A mailbox in an envelope: RFC 5321 §4.1.2, with UTF-8 as in RFC 6531 §3.3.
struct Address {
  std::string local_part;  ///< Without quotes and backslashes.
  std::string domain;  ///< As written, e.g. "[192.0.2.1]" for a literal. Empty if there is none.
  friend bool operator==(const Address&, const Address&) = default;
  [[nodiscard]] bool is_ascii() const;
};

/// Which addresses may lack a domain: only <postmaster> (RFC 5321 §4.1.1.3), or any, since LMTP
/// recipients can be plain user names.
enum class BareNames : std::uint8_t { postmaster, any };

/// Consumes a Path from the front of `text`: "<", a source route, which is ignored, a mailbox, ">".
/// Returns none if it is malformed. Dots may occur anywhere in local parts, and domain labels may
/// contain '_', because real addresses do.
///
/// "<>" is an address with both parts empty.
std::optional<Address> take_path(std::string_view& text, BareNames bare);
/// The same for an address without "<>" that takes up the whole of `text`.
std::optional<Address> parse_address(std::string_view text, BareNames bare);

/// Formats "user@example.org", quoting the local part if necessary.
std::string format_address(const Address& address);
/// Formats "<user@example.org>"; "<>" for an empty address.
std::string format_path(const Address& address);

}  // namespace posthorn::wire::smtp
