#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace posthorn::message {

/// The boundaries of the open multiparts (RFC 2046 §5.1.1), each with its depth in the tree. A line
/// is looked up as a whole. A boundary that is a prefix of another is therefore never mistaken for
/// it, and a lookup takes time proportional to the line's length, however many boundaries are open.
class Boundaries {
 public:
  /// RFC 2046 allows 70 octets; some mailers use more. A longer boundary is treated as missing.
  static constexpr std::size_t kMaxLength = 200;
  /// A longer line is not a boundary, even if it ends with white space.
  static constexpr std::size_t kMaxLine = kMaxLength + 100;

  struct Match {
    std::size_t depth = 0;
    bool closes = false;
  };

  /// Returns false if the boundary is unusable: empty or too long. White space at its end is
  /// ignored.
  bool open(std::string_view boundary, std::size_t depth);
  /// Removes all boundaries at `depth` and deeper.
  void close_from(std::size_t depth);
  [[nodiscard]] bool empty() const { return open_.empty(); }
  /// Returns the innermost boundary that `line` represents: "--" boundary ["--"] transport-padding
  /// line-end.
  [[nodiscard]] std::optional<Match> match(std::string_view line) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  using Depths = std::unordered_map<std::string, std::vector<std::size_t>, Hash, std::equal_to<>>;
  Depths depths_;                                          // In ascending order for each boundary.
  std::vector<std::pair<std::size_t, std::string>> open_;  // In ascending order of depth.
};

}  // namespace posthorn::message
