#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace posthorn::wire::imap {

/// A LIST pattern: '*' matches anything, '%' anything except the delimiter (RFC 9051 §6.3.9). For
/// patterns with up to 63 other characters, matching takes time proportional to the length of the
/// name; for longer ones, proportional to the product of both lengths divided by 64.
class ListPattern {
 public:
  /// The pattern is `reference` followed by `pattern`. Without a delimiter (0), '%' means the same
  /// as '*'.
  ListPattern(std::string_view reference, std::string_view pattern, char delimiter);

  /// "INBOX" itself is matched ignoring case.
  [[nodiscard]] bool matches(std::string_view mailbox) const;

 private:
  using Word = std::uint64_t;

  [[nodiscard]] bool run(std::string_view mailbox, bool fold) const;

  char delimiter_;
  std::size_t words_;
  // In these bit sets, bit i means that the first i literals have been matched.
  std::vector<Word> next_is_;        // 256 rows, one for each octet: literal i is this octet.
  std::vector<Word> any_;            // A '*' stands before literal i.
  std::vector<Word> not_delimiter_;  // A '%' or '*' stands before literal i.
  std::size_t final_ = 0;            // The number of literals.
};

}  // namespace posthorn::wire::imap
