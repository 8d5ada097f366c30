#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace posthorn::text {

/// Looks for one string in many. Time linear in the text whatever the input.
class Finder {
 public:
  static constexpr std::size_t npos = std::string_view::npos;
  /// `needle` is compared byte by byte: give it `fold`ed, and fold the text too.
  explicit Finder(std::string needle) : needle_(std::move(needle)) {}
  /// The first place of the needle in `text`, or npos. The empty needle is everywhere.
  [[nodiscard]] std::size_t find(std::string_view text) const;
  [[nodiscard]] bool found_in(std::string_view text) const { return find(text) != npos; }
  [[nodiscard]] const std::string& needle() const { return needle_; }

 private:
  std::string needle_;
};

/// The same over a text that comes in chunks; finds matches across their borders.
class StreamFinder {
 public:
  /// `finder` must outlive this.
  explicit StreamFinder(const Finder& finder) : finder_(&finder), found_(finder.needle().empty()) {}
  /// True once the needle has been seen, and from then on.
  bool feed(std::string_view chunk);
  [[nodiscard]] bool found() const { return found_; }
  /// Forgets the text so far (a new part begins), and the match.
  void reset();

 private:
  const Finder* finder_;
  std::string tail_;  // The last needle.size() - 1 bytes.
  bool found_;
};

/// StreamFinder over text that is not folded yet. Chunks end between characters, as those of
/// PartDecoder and CharsetDecoder do.
class FoldingFinder {
 public:
  explicit FoldingFinder(const Finder& finder) : stream_(finder) {}
  bool feed(std::string_view utf8);
  [[nodiscard]] bool found() const { return stream_.found(); }
  void reset() { stream_.reset(); }

 private:
  StreamFinder stream_;
  std::string folded_;
};

}  // namespace posthorn::text
