#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace posthorn::message {

/// One element of an address list in an ENVELOPE (RFC 9051 §7.5.2). Strings are as in the message,
/// without RFC 5322 quoting; encoded-words are not decoded.
struct Address {
  enum class Kind : unsigned char {
    mailbox,
    group_start,  ///< `mailbox` is the group's name.
    group_end,    ///< All members are empty.
  };
  Kind kind = Kind::mailbox;
  std::string name;  ///< The display name, or an old-style comment. Empty if there is none.
  std::string
      route;  ///< The obs-route of RFC 5322 §4.4, without the colon. Empty if there is none.
  std::string mailbox;  ///< local-part.
  std::string host;     ///< Domain. Empty if the text has none.
  friend bool operator==(const Address&, const Address&) = default;
};

/// Maximum number of addresses read from one field; the rest of a longer list is dropped.
inline constexpr std::size_t kMaxAddresses = 20'000;

/// Parses an address-list (RFC 5322 §3.4, §4.4) leniently. It accepts obsolete routes, comments,
/// misplaced dots and spaces, missing angle brackets, missing domains, empty elements and unclosed
/// groups. Text that does not form an address is skipped. `raw` may be folded.
std::vector<Address> parse_address_list(std::string_view raw);
void append_address_list(std::vector<Address>& out, std::string_view raw);

/// Returns "name <mailbox@host>, ..." in UTF-8 with encoded-words decoded: the text in which FROM,
/// TO, CC and BCC search.
std::string addresses_text(const std::vector<Address>& list);

}  // namespace posthorn::message
