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
  std::size_t header_block = 1 << 20;   ///< Octets kept of the message's header.
  std::size_t part_header = 64 << 10;   ///< Octets kept of a part's header.
  std::size_t part_headers = 2 << 20;   ///< Of all parts together; then kMinPartHeader of each.
  std::size_t part_addresses = 20'000;  ///< In the envelopes of all inner messages together.
  std::size_t parts = 10'000;           ///< After so many, the last one takes the rest.
  std::size_t depth = 100;              ///< Deeper multiparts and messages are not looked into.
  std::size_t plain_text = 4 << 10;     ///< Octets kept of the first text/plain part.
  std::size_t html_text = 32 << 10;     ///< Octets kept of the first text/html part.
};

inline constexpr std::size_t kMinPartHeader = 512;

/// What a message is, by byte ranges; make_digest turns it into what is stored.
struct Analysis {
  std::uint64_t size = 0;
  std::uint64_t header_size = 0;  ///< With the blank line; all of a message that has none.
  std::string header_block;       ///< The first Limits::header_block octets of the header.
  Part root;
  std::string preview;  ///< UTF-8, at most 200 characters (RFC 8970); may be empty.
  TextForm form;
};

/// Reads a message as it arrives and finds its parts (RFC 2045, RFC 2046). The result does not
/// depend on how the message was cut into spans. Time is linear in the input whatever it is; memory
/// is bounded by Limits, bodies are not kept.
///
/// Exact rules: a line ends with LF, with or without CR. The line end before a boundary line is
/// part of the boundary. A part without a blank line ends with its header. A boundary of an outer
/// multipart ends the inner ones. A boundary line holds its boundary and white space, nothing else.
class Analyzer {
 public:
  explicit Analyzer(Limits limits = {});
  Analyzer(const Analyzer&) = delete;
  Analyzer& operator=(const Analyzer&) = delete;

  void feed(std::string_view span);
  /// The blank line after the message's own header has been read.
  [[nodiscard]] bool header_complete() const { return header_complete_; }
  /// Octets up to and with that blank line; while it has not been read, of what was.
  [[nodiscard]] std::uint64_t header_size() const {
    return header_complete_ ? header_size_ : pos_ + held_.size();
  }
  /// Where the body of the last leaf part begun so far begins: where the store starts a piece.
  [[nodiscard]] std::uint64_t leaf_body_start() const { return leaf_body_start_; }
  /// To be called once, at the end of the message.
  Analysis finish();

 private:
  struct Open {
    Part* part;
    std::uint64_t newlines_before = 0;  // In all of the message before the part's body.
  };
  struct Capture {
    bool taken = false;
    const Part* part = nullptr;  // While it is being read.
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
  std::vector<Open> stack_;  // From the root to the part being read.
  Boundaries boundaries_;
  std::size_t parts_ = 0;

  std::uint64_t pos_ = 0;       // Octets read, those in held_ not counted.
  std::uint64_t newlines_ = 0;  // LFs among them.
  unsigned line_end_ = 0;       // Octets of the last line end (0 at the start, 1 or 2).
  char last_ = '\0';            // The octet before pos_.
  bool at_line_start_ = true;
  bool holding_ = false;  // A line that begins with "-" and may be a boundary is in held_.
  std::string held_;

  bool in_header_ = true;
  std::string header_;             // Of the part being read, at most a limit's octets.
  std::size_t header_limit_ = 0;   // Of header_.
  std::uint64_t line_length_ = 0;  // Of the header line being read.
  DefaultType fallback_ = DefaultType::text_plain;

  bool header_complete_ = false;
  std::uint64_t header_size_ = 0;
  std::uint64_t leaf_body_start_ = 0;
  Capture plain_;
  Capture html_;
};

}  // namespace posthorn::message
