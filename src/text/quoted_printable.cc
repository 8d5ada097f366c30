#include "text/quoted_printable.h"

#include "text/ascii.h"

namespace posthorn::text {
namespace {

// Bytes that stand for themselves wherever they are.
bool is_plain(char c) { return c != '=' && c != '\r' && c != '\n' && !is_wsp(c); }

}  // namespace

void QuotedPrintableDecoder::feed(std::string_view encoded, std::string& out) {
  std::size_t i = 0;
  while (i < encoded.size()) {
    if (held_.empty()) {
      const std::size_t start = i;
      // A single blank between plain bytes needs no holding either.
      while (i < encoded.size() &&
             (is_plain(encoded[i]) ||
              (is_wsp(encoded[i]) && i + 1 < encoded.size() && is_plain(encoded[i + 1]))))
        ++i;
      out.append(encoded.substr(start, i - start));
      if (i == encoded.size()) return;
    }
    step(encoded[i++], out);
  }
}

void QuotedPrintableDecoder::step(char c, std::string& out) {
  if (!held_.empty()) return step_held(c, out);
  if (c == '=' || is_wsp(c) || c == '\r') {
    held_.push_back(c);
  } else {
    out.push_back(c);
  }
}

void QuotedPrintableDecoder::step_held(char c, std::string& out) {
  const bool escape = held_.front() == '=';
  const bool soft = escape && (held_.size() == 1 || is_space(held_[1]));
  if (c == '\n') {
    if (escape && !soft) out.append(held_);
    if (!soft) out.append(held_.back() == '\r' ? "\r\n" : "\n");
    held_.clear();
    return;
  }
  if (escape && held_.size() == 2 && hex_value(held_[1]) >= 0 && hex_value(c) >= 0) {
    out.push_back(static_cast<char>(hex_value(held_[1]) << 4 | hex_value(c)));
    held_.clear();
    return;
  }
  const bool undecided = (soft || !escape) && is_space(c);
  const bool first_digit = escape && held_.size() == 1 && hex_value(c) >= 0;
  if (held_.back() != '\r' && held_.size() < kMaxHeld && (undecided || first_digit)) {
    held_.push_back(c);
    return;
  }
  out.append(held_);
  held_.clear();
  step(c, out);
}

void QuotedPrintableDecoder::finish(std::string& out) {
  // Blanks at the end of the body are blanks at the end of a line; so is "=" (RFC 2045 6.7).
  if (!held_.empty() && held_.front() == '=' && held_.size() > 1 && !is_space(held_[1]))
    out.append(held_);
  if (held_ == "\r") out.push_back('\r');
  held_.clear();
}

}  // namespace posthorn::text
