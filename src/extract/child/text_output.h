#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "extract/contract.h"

namespace posthorn::extract {

/// Takes the text of one document, up to a limit, and passes it on in portions, so that a document
/// that ends the program has given what came before.
class TextOutput {
 public:
  /// Returns false if nobody wants more.
  using Write = std::function<bool(std::string_view)>;
  explicit TextOutput(Write write, std::size_t limit = kMostText)
      : write_(std::move(write)), left_(limit) {}

  /// Returns false if no more is wanted.
  bool put(std::string_view utf8) {
    utf8 = utf8.substr(0, left_);
    left_ -= utf8.size();
    waiting_ += utf8;
    return waiting_.size() < kPortion || flush();
  }
  /// Separates words: paragraphs and cells are not glued to each other.
  bool separate() {
    if (waiting_.empty() || waiting_.back() == ' ') return is_wanted();
    return put(" ");
  }
  bool flush() {
    if (!waiting_.empty() && !write_(waiting_)) left_ = 0;
    waiting_.clear();
    return is_wanted();
  }
  [[nodiscard]] bool is_wanted() const { return left_ != 0; }

 private:
  static constexpr std::size_t kPortion = 32 << 10;
  Write write_;
  std::size_t left_;
  std::string waiting_;
};

}  // namespace posthorn::extract
