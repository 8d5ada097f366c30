#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace posthorn::message {

/// The boundaries of the multiparts that are open (RFC 2046 §5.1.1), each with its depth in
/// the tree. A line is looked up whole, so a boundary that begins another is never mistaken for it
/// and a lookup costs the line's length, however many are open.
class Boundaries {
 public:
  /// RFC 2046 allows 70; mailers have sent more. Longer ones count as missing.
  static constexpr std::size_t kMaxLength = 200;
  /// A longer line is no boundary, however much white space ends it.
  static constexpr std::size_t kMaxLine = kMaxLength + 100;

  struct Match {
    std::size_t depth = 0;
    bool closes = false;
  };

  /// False if it cannot be a boundary: empty or too long. White space at its end is ignored.
  bool open(std::string_view boundary, std::size_t depth);
  /// Forgets all at `depth` and deeper.
  void close_from(std::size_t depth);
  [[nodiscard]] bool empty() const { return open_.empty(); }
  /// The innermost boundary that `line` is: "--" boundary ["--"] transport-padding line-end.
  [[nodiscard]] std::optional<Match> match(std::string_view line) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  using Depths = std::unordered_map<std::string, std::vector<std::size_t>, Hash, std::equal_to<>>;
  Depths depths_;                                          // Ascending for each boundary.
  std::vector<std::pair<std::size_t, std::string>> open_;  // Ascending by depth.
};

}  // namespace posthorn::message
