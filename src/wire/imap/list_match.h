#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace posthorn::wire::imap {

/// A LIST pattern: '*' is anything, '%' anything without the delimiter (RFC 9051 §6.3.9). Matching
/// takes time in proportion to the name, for patterns of up to 63 other characters, and to the
/// product of both lengths over 64 beyond.
class ListPattern {
 public:
  /// `reference` and `pattern` together, as they stand. Without delimiter (0) '%' is '*'.
  ListPattern(std::string_view reference, std::string_view pattern, char delimiter);

  /// "INBOX" itself is matched without regard to case.
  [[nodiscard]] bool matches(std::string_view mailbox) const;

 private:
  using Word = std::uint64_t;

  [[nodiscard]] bool run(std::string_view mailbox, bool fold) const;

  char delimiter_;
  std::size_t words_;
  // Bit i stands for: the first i literals have been matched.
  std::vector<Word> next_is_;        // 256 rows: that literal i is this octet.
  std::vector<Word> any_;            // A '*' stands before literal i.
  std::vector<Word> not_delimiter_;  // A '%' or '*' does.
  std::size_t final_ = 0;            // The number of literals.
};

}  // namespace posthorn::wire::imap
