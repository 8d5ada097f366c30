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
  const std::string held = std::move(held_);
  held_.clear();
  if (c == '\n') {
    if (held.front() == '=' && (held.size() == 1 || is_space(held[1])))
      return;  // A soft line break, perhaps with blanks before its end.
    if (held.front() == '=') out.append(held);
    out.append(held.back() == '\r' ? "\r\n" : "\n");
    return;
  }
  if (held.front() == '=' && held.size() == 2) {
    const int high = hex_value(held[1]);
    const int low = hex_value(c);
    if (high >= 0 && low >= 0) {
      out.push_back(static_cast<char>(high << 4 | low));
      return;
    }
  }
  const bool can_grow = held.back() != '\r' && held.size() < kMaxHeld;
  const bool soft = held.front() == '=' && (held.size() == 1 || is_wsp(held[1]));
  const bool blanks = is_wsp(held.front());
  if (can_grow && ((soft && (is_space(c) || (held.size() == 1 && hex_value(c) >= 0))) ||
                   (blanks && is_space(c)))) {
    held_ = held;
    held_.push_back(c);
    return;
  }
  out.append(held);
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
