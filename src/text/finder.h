#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace posthorn::text {

/// Searches for one string in many texts. Takes time linear in the text for any input.
class Finder {
 public:
  static constexpr std::size_t npos = std::string_view::npos;
  /// `needle` is compared octet by octet. For a case-insensitive search, fold() both the needle and
  /// the text.
  explicit Finder(std::string needle) : needle_(std::move(needle)) {}
  /// Returns the first position of the needle in `text`, or npos. The empty needle is found
  /// everywhere.
  [[nodiscard]] std::size_t find(std::string_view text) const;
  [[nodiscard]] bool found_in(std::string_view text) const { return find(text) != npos; }
  [[nodiscard]] const std::string& needle() const { return needle_; }

 private:
  std::string needle_;
};

/// The same for a text that arrives in chunks; also finds matches across chunk borders.
class StreamFinder {
 public:
  /// `finder` must outlive this object.
  explicit StreamFinder(const Finder& finder) : finder_(&finder), found_(finder.needle().empty()) {}
  /// Returns true once the needle has been found, and always thereafter.
  bool feed(std::string_view chunk);
  [[nodiscard]] bool found() const { return found_; }
  /// Discards the text so far and the match, to begin a new part.
  void reset();

 private:
  const Finder* finder_;
  std::string tail_;  // The last needle.size() - 1 octets.
  bool found_;
};

}  // namespace posthorn::text
