#include "message/header/subject.h"

#include "text/ascii.h"

namespace posthorn::message {
namespace {

using text::is_wsp;

// Step (1): tabs to spaces, runs of spaces to one.
std::string collapse(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  for (const char c : s) {
    const bool blank = text::is_space(c);
    if (!blank) out.push_back(c);
    if (blank && (out.empty() || out.back() != ' ')) out.push_back(' ');
  }
  return out;
}

// The length of subj-blob at the front: "[" *BLOBCHAR "]" *WSP, or 0.
std::size_t blob_length(std::string_view s) {
  if (!s.starts_with('[')) return 0;
  const std::size_t end = s.find_first_of("[]", 1);
  if (end == std::string_view::npos || s[end] != ']') return 0;
  std::size_t n = end + 1;
  while (n < s.size() && is_wsp(s[n])) ++n;
  return n;
}

// subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":", or 0.
std::size_t refwd_length(std::string_view s) {
  std::size_t n = 0;
  if (text::istarts_with(s, "fwd")) {
    n = 3;
  } else if (text::istarts_with(s, "re") || text::istarts_with(s, "fw")) {
    n = 2;
  } else {
    return 0;
  }
  while (n < s.size() && is_wsp(s[n])) ++n;
  n += blob_length(s.substr(n));
  return n < s.size() && s[n] == ':' ? n + 1 : 0;
}

class Extractor {
 public:
  explicit Extractor(std::string_view s) : s_(s) {}

  void run() {
    do {
      trailers();
      leaders();
    } while (forward());
  }
  [[nodiscard]] std::string_view text() const { return s_; }
  [[nodiscard]] bool reply_or_forward() const { return reply_or_forward_; }

 private:
  // Step (2): *subj-trailer = "(fwd)" / WSP.
  void trailers() {
    for (;;) {
      if (!s_.empty() && is_wsp(s_.back())) {
        s_.remove_suffix(1);
      } else if (text::iends_with(s_, "(fwd)")) {
        s_.remove_suffix(5);
        reply_or_forward_ = true;
      } else {
        return;
      }
    }
  }

  // Steps (3) to (5).
  void leaders() {
    bool known_no_refwd = false;  // Whether the blobs at the front are followed by no refwd;
                                  // examined once, not for every blob.
    for (;;) {
      if (!s_.empty() && is_wsp(s_.front())) {
        s_.remove_prefix(1);
        continue;
      }
      std::size_t blobs = 0;
      if (!known_no_refwd) {
        while (const std::size_t n = blob_length(s_.substr(blobs))) blobs += n;
        if (const std::size_t n = refwd_length(s_.substr(blobs))) {
          s_.remove_prefix(blobs + n);
          reply_or_forward_ = true;
          continue;
        }
        known_no_refwd = true;
      }
      const std::size_t blob = blob_length(s_);
      if (blob == 0 || blob >= s_.size()) return;
      s_.remove_prefix(blob);
    }
  }

  // Step (6): "[fwd:" subject "]".
  bool forward() {
    if (!text::istarts_with(s_, "[fwd:") || !s_.ends_with(']')) return false;
    s_ = s_.substr(5, s_.size() - 6);
    reply_or_forward_ = true;
    return true;
  }

  std::string_view s_;
  bool reply_or_forward_ = false;
};

}  // namespace

BaseSubject base_subject(std::string_view decoded) {
  const std::string line = collapse(decoded);
  Extractor extractor(line);
  extractor.run();
  return {std::string(extractor.text()), extractor.reply_or_forward()};
}

}  // namespace posthorn::message
