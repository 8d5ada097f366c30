#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// The client's side: splits server responses into tokens. response_data.h interprets the tokens.
namespace posthorn::wire::imap {

/// Splits the octets from a server into responses, with literals inline. Like Receiver, it copies
/// nothing and examines no octet twice: the caller's buffer begins with the first octet not yet
/// consumed.
class ResponseReceiver {
 public:
  /// Maximum size of one response with its literals, in octets.
  static constexpr std::size_t kDefaultLimit = 256UL * 1024 * 1024;

  struct Event {
    enum class Kind : std::uint8_t { need_more, response, too_long };
    Kind kind = Kind::need_more;
    std::string_view text;     ///< The response without its line end.
    std::size_t consumed = 0;  ///< Octets to drop once `text` has been used.
  };

  explicit ResponseReceiver(std::size_t limit = kDefaultLimit) : limit_(limit) {}
  Event next(std::string_view buffer);

 private:
  std::size_t limit_;
  std::size_t line_start_ = 0;
  std::size_t scanned_ = 0;
  std::uint64_t literal_left_ = 0;
};

/// A token of a response. A list is followed by the tokens it contains.
struct Token {
  enum class Kind : std::uint8_t {
    atom,    ///< An atom, a flag, or `BODY[...]<n>` as a whole.
    number,  ///< An atom of digits, with at most 63 bits.
    string,  ///< A quoted string or literal, without quotes and escapes.
    nil,
    list,
  };
  Kind kind = Kind::atom;
  std::uint32_t next = 0;  ///< Index of the first token after this one and everything it contains.
  std::uint64_t number = 0;
  std::string_view text;

  /// Returns whether this is an atom or string with this text, ignoring case.
  [[nodiscard]] bool is(std::string_view word) const;
};

/// A sequence of sibling tokens. Iterating skips the contents of lists.
class TokenList {
 public:
  class Iterator {
   public:
    Iterator(const std::vector<Token>* all, std::uint32_t at) : all_(all), at_(at) {}
    const Token& operator*() const { return (*all_)[at_]; }
    const Token* operator->() const { return &(*all_)[at_]; }
    Iterator& operator++() {
      at_ = (*all_)[at_].next;
      return *this;
    }
    /// The contents of the list at this position.
    [[nodiscard]] TokenList children() const;
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    const std::vector<Token>* all_;
    std::uint32_t at_;
  };

  TokenList(const std::vector<Token>* all, std::uint32_t first, std::uint32_t end)
      : all_(all), first_(first), end_(end) {}
  [[nodiscard]] Iterator begin() const { return {all_, first_}; }
  [[nodiscard]] Iterator end() const { return {all_, end_}; }
  [[nodiscard]] bool empty() const { return first_ == end_; }

 private:
  const std::vector<Token>* all_;
  std::uint32_t first_;
  std::uint32_t end_;
};

/// One response. Its views point into the text it was parsed from, and into itself.
class Response {
 public:
  enum class Kind : std::uint8_t { untagged, tagged, continuation };

  Response() = default;
  Response(const Response&) = delete;
  Response& operator=(const Response&) = delete;

  /// Parses `text`, as ResponseReceiver delivers it. Memory is reused from one call to the next.
  /// Errors: syntax.
  Status parse(std::string_view text);

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] std::string_view tag() const { return tag_; }
  /// The number before EXISTS, EXPUNGE, FETCH and so on.
  [[nodiscard]] std::optional<std::uint32_t> number() const { return number_; }
  /// The response name as the server wrote it: "OK", "FETCH", ...
  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] bool is(std::string_view name) const;
  /// True for OK, NO, BAD, BYE and PREAUTH. These have a text and may have a code.
  [[nodiscard]] bool is_status() const { return status_; }

  /// The tokens after the name. For a status response: the code with its arguments, or nothing.
  [[nodiscard]] TokenList tokens() const {
    return {&tokens_, 0, static_cast<std::uint32_t>(tokens_.size())};
  }
  /// The first of the tokens() of a status response, or "".
  [[nodiscard]] std::string_view code() const;
  /// The human-readable text of a status response, or everything after "+ ".
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  class Scanner;

  Kind kind_ = Kind::untagged;
  bool status_ = false;
  std::string_view tag_;
  std::optional<std::uint32_t> number_;
  std::string_view name_;
  std::string_view text_;
  std::vector<Token> tokens_;
  std::vector<std::uint32_t> open_;  // Lists that are being read.
  std::string unescaped_;            // Storage for quoted strings that had escapes.
};

}  // namespace posthorn::wire::imap
