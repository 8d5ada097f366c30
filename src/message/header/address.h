#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace posthorn::message {

/// One element of an address list as the ENVELOPE has it (RFC 9051 §7.5.2). Strings are as
/// in the message with RFC 5322 quoting removed; encoded-words are still encoded.
struct Address {
  enum class Kind : unsigned char {
    mailbox,
    group_start,  ///< `mailbox` is the group's name.
    group_end,    ///< Nothing is set.
  };
  Kind kind = Kind::mailbox;
  std::string name;     ///< The display name, or an old-style comment. Empty: none.
  std::string route;    ///< RFC 5322 §4.4 obs-route, without the colon. Empty: none.
  std::string mailbox;  ///< local-part.
  std::string host;     ///< Domain. Empty when the text gave none.
  friend bool operator==(const Address&, const Address&) = default;
};

/// Limits of what one field yields; the rest of a longer list is dropped.
inline constexpr std::size_t kMaxAddresses = 20'000;

/// Reads an address-list (RFC 5322 §3.4, §4.4), lenient: obsolete routes, comments, dots
/// and blanks in odd places, missing angle brackets, missing domains, empty elements, groups that
/// are not closed. What makes no address at all is skipped. `raw` may be folded.
std::vector<Address> parse_address_list(std::string_view raw);
void append_address_list(std::vector<Address>& out, std::string_view raw);

/// "name <mailbox@host>, ..." in UTF-8, encoded-words decoded: the text FROM, TO, CC and BCC
/// search in.
std::string addresses_text(const std::vector<Address>& list);

}  // namespace posthorn::message
