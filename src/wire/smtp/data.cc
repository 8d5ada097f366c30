#include "wire/smtp/data.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace posthorn::wire::smtp {

DataReceiver::Span DataReceiver::give(std::string_view bytes) {
  size_ += bytes.size();
  if (!bytes.empty() && std::memchr(bytes.data(), '\0', bytes.size())) has_nul_ = true;
  return {bytes, false};
}

/// Returns the text up to a line that begins with a dot, which stays in `input`, or up to the end.
std::string_view DataReceiver::take_text(std::string_view& input) {
  std::size_t from = 0;
  while (from < input.size()) {
    const void* const found = std::memchr(input.data() + from, '\n', input.size() - from);
    if (!found) break;
    const auto lf = static_cast<std::size_t>(static_cast<const char*>(found) - input.data());
    const bool crlf = lf > 0 ? input[lf - 1] == '\r' : at_ == At::cr;
    from = lf + 1;
    if (!crlf || (from < input.size() && input[from] != '.')) continue;
    const std::string_view text = input.substr(0, from);
    input.remove_prefix(from);
    at_ = At::line_start;
    return text;
  }
  const std::string_view text = input;
  at_ = text.ends_with('\r') ? At::cr : At::text;
  input = {};
  return text;
}

DataReceiver::Span DataReceiver::take(std::string_view& input) {
  while (!input.empty()) {
    switch (at_) {
      case At::line_start:
        at_ = At::text;
        if (input.front() == '.') {
          at_ = At::dot;
          input.remove_prefix(1);
        }
        break;
      case At::dot:
        at_ = At::text;  // The dot is removed, whatever follows (RFC 5321 §4.5.2).
        if (input.front() == '\r') {
          at_ = At::dot_cr;
          input.remove_prefix(1);
        }
        break;
      case At::dot_cr:
        if (input.front() == '\n') {
          input.remove_prefix(1);
          return {{}, true};
        }
        at_ = At::cr;
        return give("\r");
      case At::text:
      case At::cr: return give(take_text(input));
    }
  }
  return {};
}

std::string_view ChunkReceiver::take(std::string_view& input) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  const std::string_view bytes = input.substr(0, count);
  input.remove_prefix(count);
  left_ -= count;
  return bytes;
}

void DataSender::add(std::string_view piece, std::string& out) {
  while (!piece.empty()) {
    if (std::exchange(after_cr_, false) && piece.front() == '\n') {
      piece.remove_prefix(1);
      continue;
    }
    const std::size_t end = piece.find_first_of("\r\n");
    dots_.add(piece.substr(0, end), out);
    if (end == std::string_view::npos) return;
    dots_.add("\r\n", out);
    after_cr_ = piece[end] == '\r';
    piece.remove_prefix(end + 1);
  }
}

void DataSender::finish(std::string& out) {
  dots_.finish(out);
  after_cr_ = false;
}

}  // namespace posthorn::wire::smtp
