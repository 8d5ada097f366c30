#include "text/quoted_printable.h"

#include "text/ascii.h"

namespace posthorn::text {
namespace {

// Octets that always represent themselves.
bool is_plain(char c) { return c != '=' && c != '\r' && c != '\n' && !is_wsp(c); }

// Copies the octets between escapes unchanged. Returns false, with nothing useful appended, if the
// line is not plainly valid.
bool append_line(std::string_view line, std::string& out) {
  while (true) {
    const std::size_t escape = line.find('=');
    out.append(line.substr(0, escape));
    if (escape == std::string_view::npos) return true;
    if (line.size() - escape < 3) return false;
    const int high = hex_value(line[escape + 1]);
    const int low = hex_value(line[escape + 2]);
    if (high < 0 || low < 0) return false;
    out.push_back(static_cast<char>(high << 4 | low));
    line.remove_prefix(escape + 3);
  }
}

}  // namespace

// Decodes whole lines in the form that encoders produce: without white space at their end, bare
// CRs, or an "=" that is not an escape. Returns the number of octets consumed; step() processes
// what follows.
std::size_t QuotedPrintableDecoder::take_lines(std::string_view encoded, std::string& out) {
  std::size_t at = 0;
  while (true) {
    const std::size_t end = encoded.find('\n', at);
    if (end == std::string_view::npos) return at;
    std::string_view line = encoded.substr(at, end - at);
    const bool crlf = line.ends_with('\r');
    if (crlf) line.remove_suffix(1);
    const bool soft = line.ends_with('=');
    if (soft) line.remove_suffix(1);
    if (line.find('\r') != std::string_view::npos) return at;
    if (!soft && !line.empty() && is_wsp(line.back())) return at;
    const std::size_t before = out.size();
    if (!append_line(line, out)) {
      out.resize(before);
      return at;
    }
    if (!soft) out.append(crlf ? "\r\n" : "\n");
    at = end + 1;
  }
}

void QuotedPrintableDecoder::feed(std::string_view encoded, std::string& out) {
  std::size_t i = 0;
  bool line_begins = true;
  while (i < encoded.size()) {
    // An unusual line is processed octet by octet; after it, whole lines are processed again.
    if (line_begins && held_.empty()) i += take_lines(encoded.substr(i), out);
    if (held_.empty()) {
      const std::size_t start = i;
      while (i < encoded.size() && is_plain(encoded[i])) ++i;
      out.append(encoded.substr(start, i - start));
    }
    if (i == encoded.size()) return;
    line_begins = encoded[i] == '\n';
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
  // White space at the end of the body is white space at the end of a line, and so is "=" (RFC 2045
  // §6.7).
  if (!held_.empty() && held_.front() == '=' && held_.size() > 1 && !is_space(held_[1]))
    out.append(held_);
  if (held_ == "\r") out.push_back('\r');
  held_.clear();
}

}  // namespace posthorn::text
