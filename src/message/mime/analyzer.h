#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "message/digest/text_form.h"
#include "message/mime/boundary.h"
#include "message/mime/part.h"

namespace posthorn::message {

struct Limits {
  std::size_t header_block = 1 << 20;  ///< Octets of the message's header that are kept.
  std::size_t part_header = 64 << 10;  ///< Octets of a part's header that are kept.
  /// The same for all parts together; beyond it, kMinPartHeader of each.
  std::size_t part_headers = 2 << 20;
  /// Addresses in the envelopes of all inner messages together.
  std::size_t part_addresses = 20'000;
  std::size_t parts = 10'000;  ///< Beyond this number, the last part takes the rest of the message.
  std::size_t depth = 100;     ///< Multiparts and messages nested more deeply are not analyzed.
  std::size_t plain_text = 4 << 10;  ///< Octets of the first text/plain part that are kept.
  std::size_t html_text = 32 << 10;  ///< Octets of the first text/html part that are kept.
};

inline constexpr std::size_t kMinPartHeader = 512;

/// The structure of a message, as byte ranges. make_digest converts it into its stored form.
struct Analysis {
  std::uint64_t size = 0;
  /// Includes the blank line. A message without one consists of the header only.
  std::uint64_t header_size = 0;
  std::string header_block;  ///< The first Limits::header_block octets of the header.
  Part root;
  std::string preview;  ///< UTF-8, at most 200 characters (RFC 8970); may be empty.
  TextForm form;
};

/// Parses a message as it arrives and finds its parts (RFC 2045, RFC 2046). The result does not
/// depend on how the message is divided into spans. Time is linear in the input for any input.
/// Memory is bounded by Limits; bodies are not kept.
///
/// Exact rules: A line ends with LF, with or without CR. The line end before a boundary line
/// belongs to the boundary. A part without a blank line ends with its header. A boundary of an
/// outer multipart ends the inner ones. A boundary line contains only its boundary and white space.
class Analyzer {
 public:
  explicit Analyzer(Limits limits = {});
  Analyzer(const Analyzer&) = delete;
  Analyzer& operator=(const Analyzer&) = delete;

  void feed(std::string_view span);
  /// Returns whether the blank line after the message's own header has been read.
  [[nodiscard]] bool header_complete() const { return header_complete_; }
  /// The number of octets up to and including that blank line; until it has been read, the number
  /// of octets read.
  [[nodiscard]] std::uint64_t header_size() const {
    return header_complete_ ? header_size_ : pos_ + held_.size();
  }
  /// The offset at which the body of the most recently begun leaf part starts. The store begins a
  /// piece there.
  [[nodiscard]] std::uint64_t leaf_body_start() const { return leaf_body_start_; }
  /// Ends the message. Call once.
  Analysis finish();

 private:
  struct Open {
    Part* part;
    std::uint64_t newlines_before = 0;  // Line ends in the message before the part's body.
  };
  struct Capture {
    bool taken = false;
    const Part* part = nullptr;  // Set while the part is being read.
    std::string bytes;
    std::string encoding;
    std::string charset;
  };

  void judge_form(std::string_view span);
  void take_dashes(std::string_view& span);
  void hold(std::string_view& span);
  void resolve_held();
  void take_line(std::string_view line);
  void deliver(std::string_view bytes);
  void take_header(std::string_view bytes);
  void end_header(std::uint64_t at);
  void open_part(DefaultType fallback, std::uint64_t at);
  void take_envelope(Part& outer);
  void open_leaf(const Part& part);
  void boundary(Boundaries::Match match, std::string_view line);
  void close_down_to(std::size_t depth, std::uint64_t end, std::uint64_t newlines);
  void close_part(const Open& open, std::uint64_t end, std::uint64_t newlines);
  void capture(Capture& into, std::size_t limit, std::string_view bytes);

  Limits limits_;
  Analysis result_;
  std::vector<Open> stack_;  // From the root to the current part.
  Boundaries boundaries_;
  std::size_t parts_ = 0;

  std::uint64_t pos_ = 0;       // Octets read, excluding those in held_.
  std::uint64_t newlines_ = 0;  // Number of LFs among them.
  unsigned line_end_ = 0;       // Length of the last line end (0 at the start, 1 or 2).
  char last_ = '\0';            // The octet before pos_.
  bool at_line_start_ = true;
  bool holding_ = false;  // held_ contains a line that begins with "-" and may be a boundary.
  std::string held_;

  bool in_header_ = true;
  std::string header_;             // Header of the current part, at most header_limit_ octets.
  std::size_t header_limit_ = 0;   // Limit of header_.
  std::uint64_t line_length_ = 0;  // Length of the current header line.
  DefaultType fallback_ = DefaultType::text_plain;

  bool header_complete_ = false;
  std::uint64_t header_size_ = 0;
  std::uint64_t leaf_body_start_ = 0;
  Capture plain_;
  Capture html_;
};

}  // namespace posthorn::message
