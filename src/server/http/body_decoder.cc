#include "server/http/body_decoder.h"

#include <algorithm>

#include "text/ascii.h"

namespace posthorn::server::http {
namespace {

/// Sizes are refused from here on, long before the number overflows.
constexpr std::uint64_t kMaxChunk = std::uint64_t{1} << 60;

/// Octets that no line may contain (RFC 9110 §5.5). CR and LF are treated before.
bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

}  // namespace

BodyDecoder::BodyDecoder(BodyFraming framing, const RequestLimits& limits)
    : limits_(limits), state_(framing.chunked ? State::size : State::content) {
  if (framing.chunked) return;
  left_ = framing.length;
  if (left_ == 0) state_ = State::done;
}

std::expected<BodyDecoder::Step, Response> BodyDecoder::take(std::string_view input) {
  std::size_t at = 0;
  while (at < input.size() && !is_in_content() && !is_done()) {
    if (!take_framing(input[at++]))
      return std::unexpected(
          refusal(StatusCode::bad_request, "The chunks of the body are malformed."));
    ++overhead_;
    ++line_;
    if (exceeds_a_limit())
      return std::unexpected(
          refusal(StatusCode::content_too_large, "The chunks of the body take too many octets."));
  }
  if (!is_in_content()) return Step{.consumed = at};
  if (is_announced_too_large())
    return std::unexpected(refusal(StatusCode::content_too_large, "The body is too large."));
  const std::size_t n = std::min<std::uint64_t>(left_, input.size() - at);
  left_ -= n;
  content_ += n;
  if (left_ == 0) state_ = state_ == State::content ? State::done : State::chunk_cr;
  return Step{.consumed = at + n, .content = input.substr(at, n)};
}

bool BodyDecoder::exceeds_a_limit() const {
  return line_ > limits_.header || overhead_ > limits_.framing + content_ / 4;
}

// A CR or LF alone is accepted nowhere: another program might take it for the end of a line.
bool BodyDecoder::take_framing(char c) {
  const auto expect = [&](char wanted, State next) {
    state_ = next;
    return c == wanted;
  };
  switch (state_) {
    case State::size: return take_size_digit(c);
    case State::more_size: return take_after_size(c);
    case State::size_space:
      if (c == ';') state_ = State::extension;
      return c == ';' || text::is_wsp(c);
    case State::extension:
      if (c == '\r') return expect('\r', State::size_lf);
      return !is_control(c);
    case State::size_lf: return c == '\n' && end_size_line();
    case State::chunk_cr: return expect('\r', State::chunk_lf);
    case State::chunk_lf: line_ = 0; return expect('\n', State::size);
    case State::trailer:
      if (c == '\r') return expect('\r', State::last_lf);
      state_ = State::trailer_line;
      return !is_control(c) && !text::is_wsp(c);
    case State::trailer_line:
      if (c == '\r') return expect('\r', State::trailer_lf);
      return !is_control(c);
    case State::trailer_lf: return expect('\n', State::trailer);
    case State::last_lf: return expect('\n', State::done);
    case State::content:
    case State::chunk:
    case State::done: return false;
  }
  return false;
}

bool BodyDecoder::take_size_digit(char c) {
  const int digit = text::hex_value(c);
  if (digit < 0 || left_ >= kMaxChunk / 16) return false;
  left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
  state_ = State::more_size;
  return true;
}

bool BodyDecoder::take_after_size(char c) {
  if (text::hex_value(c) >= 0) return take_size_digit(c);
  if (c == '\r') state_ = State::size_lf;
  if (c == ';') state_ = State::extension;
  if (text::is_wsp(c)) state_ = State::size_space;
  return state_ != State::more_size;
}

bool BodyDecoder::end_size_line() {
  line_ = 0;
  state_ = left_ == 0 ? State::trailer : State::chunk;
  return true;
}

}  // namespace posthorn::server::http
