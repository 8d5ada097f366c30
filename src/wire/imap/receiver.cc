#include "wire/imap/receiver.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "wire/imap/chars.h"

namespace posthorn::wire::imap {

namespace {

using Kind = ReceiverEvent::Kind;
using Why = ReceiverEvent::Why;

// Longer than any literal header with its line end. discard() keeps this much of an unfinished
// line.
constexpr std::size_t kHeaderRoom = 64;
// Digits of a literal's size: enough for any number64 with some leading zeros.
constexpr std::size_t kMostDigits = 40;
constexpr std::size_t kLongestKeptTag = 256;

// The offset of the next LF at or after `from`, or npos.
std::size_t find_lf(std::string_view buffer, std::size_t from) {
  if (from >= buffer.size()) return std::string_view::npos;
  const void* at = std::memchr(buffer.data() + from, '\n', buffer.size() - from);
  if (at == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(at) - buffer.data());
}

// A bare LF ends a line too: refusing it in a command has no benefit.
std::size_t without_cr(std::string_view buffer, std::size_t line_start, std::size_t lf) {
  return lf > line_start && buffer[lf - 1] == '\r' ? lf - 1 : lf;
}

std::string_view without_leading_spaces(std::string_view text) {
  return text.substr(std::min(text.size(), text.find_first_not_of(' ')));
}

// Consumes `name`, which ends in a space, and all further spaces.
bool take_name(std::string_view& text, std::string_view name) {
  if (!text::istarts_with(text, name)) return false;
  text = without_leading_spaces(text.substr(name.size()));
  return true;
}

// Returns whether `text`, a command up to a literal header, is an APPEND or REPLACE whose mailbox
// is already complete; the literal is a message then. RFC 9051 §9 `append`: the mailbox is the
// first argument. RFC 8508 §5 `replace`: it is the second.
bool announces_message(std::string_view text) {
  const std::string_view tag = tag_of(text);
  if (tag.empty()) return false;
  text.remove_prefix(tag.size());
  text = without_leading_spaces(text);
  if (take_name(text, "APPEND ")) return !text.empty();
  take_name(text, "UID ");
  if (!take_name(text, "REPLACE ")) return false;
  text.remove_prefix(std::min(text.size(), text.find(' ')));
  return !without_leading_spaces(text).empty();
}

}  // namespace

bool find_literal_header(std::string_view line, LiteralHeader& header) {
  if (line.size() < 3 || line.back() != '}') return false;
  std::size_t end = line.size() - 1;
  header.sync = line[end - 1] == '+' ? LiteralSync::non_synchronising : LiteralSync::synchronising;
  if (header.sync == LiteralSync::non_synchronising) --end;
  std::size_t start = end;
  while (start > 0 && text::is_digit(line[start - 1])) --start;
  if (start == end || start == 0 || line[start - 1] != '{') return false;
  if (end - start > kMostDigits) return false;

  const auto [_, error] = std::from_chars(line.data() + start, line.data() + end, header.size);
  // number64 has 63 bits (RFC 9051 §9).
  if (error != std::errc() || header.size > INT64_MAX) header.size = UINT64_MAX;

  std::size_t open = start - 1;
  header.form = open > 0 && line[open - 1] == '~' ? LiteralForm::binary : LiteralForm::text;
  if (header.form == LiteralForm::binary) --open;
  header.length = line.size() - open;
  // A password sent as an atom may end in "{5}". Waiting for that literal would take for ever.
  // Octets that are already sent after "{5+}", however, must be taken as the literal.
  const bool stands_alone = open == 0 || line[open - 1] == ' ' || line[open - 1] == '(';
  return stands_alone || header.sync == LiteralSync::non_synchronising;
}

std::string_view tag_of(std::string_view command) {
  const std::size_t length = kTagChars.span(command);
  const bool ended = length == command.size() || command[length] == ' ' ||
                     command[length] == '\r' || command[length] == '\n';
  return ended ? command.substr(0, length) : std::string_view{};
}

ReceiverEvent Receiver::next(std::string_view buffer, Expect expect) {
  switch (mode_) {
    case Mode::start:
    case Mode::append_rest: return gather(buffer, expect);
    case Mode::append_message: return {};  // literal_done() or refuse() must be called first.
    case Mode::discard: return discard(buffer);
    case Mode::refused: break;
  }
  return end_refused(0);
}

ReceiverEvent Receiver::gather(std::string_view buffer, Expect expect) {
  for (;;) {
    if (!take_literal(buffer)) return need_more();
    const std::size_t lf = find_lf(buffer, scanned_);
    const bool ended = lf != std::string_view::npos;
    const std::size_t end = ended ? without_cr(buffer, line_start_, lf) : buffer.size();
    if (end - line_start_ > limits_.line + (ended ? 0 : 1)) {  // One more for a CR.
      start_discard(buffer, Why::line_too_long);
      return discard(buffer);
    }
    if (!ended) {
      scanned_ = buffer.size();
      return need_more();
    }
    scanned_ = lf + 1;
    const std::string_view line = buffer.substr(line_start_, end - line_start_);
    if (expect == Expect::line) return finish(Kind::line, line);
    if (mode_ == Mode::start && end == begin_) {
      // workaround: Apple Mail sends an empty line before a command.
      begin_ = line_start_ = scanned_;
      continue;
    }
    LiteralHeader header;
    if (find_literal_header(line, header)) {
      ReceiverEvent event = on_literal(buffer, end, header);
      if (mode_ == Mode::discard) return discard(buffer);
      if (event.kind != Kind::need_more) return event;
      continue;
    }
    if (end - begin_ > limits_.command) {
      line_start_ = lf;  // Only the line end remains to be discarded.
      start_discard(buffer, Why::command_too_long);
      return discard(buffer);
    }
    const std::string_view text = buffer.substr(begin_, end - begin_);
    return finish(mode_ == Mode::start ? Kind::command : Kind::append_end, text);
  }
}

// Returns false while octets of a gathered literal are missing.
bool Receiver::take_literal(std::string_view buffer) {
  if (literal_left_ == 0) return true;
  const std::size_t n = std::min(literal_left_, buffer.size() - scanned_);
  scanned_ += n;
  literal_left_ -= n;
  line_start_ = scanned_;
  return literal_left_ == 0;
}

ReceiverEvent Receiver::on_literal(std::string_view buffer, std::size_t line_end,
                                   const LiteralHeader& header) {
  const std::string_view before = buffer.substr(begin_, line_end - header.length - begin_);
  if (mode_ == Mode::append_rest || announces_message(before))
    return on_message(buffer, line_end, header);

  Why why = Why::none;
  if (header.size > limits_.literal)
    why = Why::literal_too_big;
  else if (++literals_ > limits_.literals)
    why = Why::too_many_literals;
  else if (scanned_ - begin_ + header.size > limits_.command)
    why = Why::command_too_long;
  if (why != Why::none) {
    line_start_ = line_end - header.length;  // discard() will process the header again.
    start_discard(buffer, why);
    return {};
  }
  literal_left_ = static_cast<std::size_t>(header.size);
  line_start_ = scanned_;
  if (header.sync == LiteralSync::non_synchronising) return {};
  ReceiverEvent event = need_more();
  event.kind = Kind::need_continuation;
  return event;
}

ReceiverEvent Receiver::on_message(std::string_view buffer, std::size_t line_end,
                                   const LiteralHeader& header) {
  if (mode_ == Mode::start) keep_tag(buffer);
  const std::string_view text = buffer.substr(begin_, line_end - begin_);
  ReceiverEvent event = finish(Kind::append_literal, text);
  event.size = message_size_ = header.size;
  event.sync = message_sync_ = header.sync;
  event.form = header.form;
  mode_ = Mode::append_message;
  return event;
}

void Receiver::literal_done() {
  if (mode_ == Mode::append_message) mode_ = Mode::append_rest;
}

void Receiver::refuse() {
  if (mode_ != Mode::append_message) return;
  why_ = Why::by_caller;
  mode_ = message_sync_ == LiteralSync::synchronising ? Mode::refused : Mode::discard;
  skip_ = message_size_;
  discarded_ = message_size_;
}

void Receiver::reset() { *this = Receiver(limits_); }

// The offsets are relative to the buffer that the caller has after dropping the blank lines.
ReceiverEvent Receiver::need_more() {
  ReceiverEvent event;
  event.consumed = begin_;
  scanned_ -= begin_;
  line_start_ -= begin_;
  begin_ = 0;
  return event;
}

ReceiverEvent Receiver::finish(Kind kind, std::string_view text) {
  ReceiverEvent event;
  event.kind = kind;
  event.text = text;
  event.consumed = scanned_;
  mode_ = Mode::start;
  begin_ = line_start_ = scanned_ = literals_ = 0;
  return event;
}

// Of a line that is too long, only the first `limits_.line` octets are sure to be in the buffer. A
// tag counts only if its end is among them; otherwise the result would depend on how the octets
// arrived.
void Receiver::keep_tag(std::string_view buffer) {
  const std::string_view tag =
      tag_of(buffer.substr(begin_, std::min(kLongestKeptTag, limits_.line)));
  const bool ended = buffer.substr(begin_ + tag.size()).starts_with(' ');
  tag_ = ended ? tag : std::string_view{};
}

// From here on, text before line_start_ is not needed.
void Receiver::start_discard(std::string_view buffer, Why why) {
  if (mode_ == Mode::start) keep_tag(buffer);
  mode_ = Mode::discard;
  why_ = why;
  skip_ = line_start_;
  // What has been gathered does not count: it was within the other limits.
  discarded_ = 0;
}

ReceiverEvent Receiver::discard(std::string_view buffer) {
  std::size_t at = 0;
  ReceiverEvent event;
  while (discarded_ <= limits_.discard) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, buffer.size() - at));
    at += n;
    skip_ -= n;
    if (skip_ != 0) break;
    const std::size_t lf = find_lf(buffer, at);
    if (lf == std::string_view::npos) {
      const std::size_t left = buffer.size() - at;
      if (left > kHeaderRoom) {
        at += left - kHeaderRoom;
        discarded_ += left - kHeaderRoom;
      }
      break;
    }
    LiteralHeader header;
    const std::string_view line = buffer.substr(at, without_cr(buffer, at, lf) - at);
    discarded_ += lf + 1 - at;
    at = lf + 1;
    // The client does not send a synchronising literal before it is asked to: the command ends
    // here.
    if (!find_literal_header(line, header) || header.sync == LiteralSync::synchronising)
      return end_refused(at);
    skip_ = header.size;
    discarded_ += std::min(header.size, limits_.discard + 1);
  }
  if (discarded_ > limits_.discard) event.kind = Kind::lost;
  event.consumed = at;
  return event;
}

ReceiverEvent Receiver::end_refused(std::size_t consumed) {
  ReceiverEvent event;
  event.kind = Kind::refused;
  event.why = why_;
  event.text = tag_;
  event.consumed = consumed;
  mode_ = Mode::start;
  begin_ = line_start_ = scanned_ = literals_ = literal_left_ = 0;
  skip_ = 0;
  return event;
}

}  // namespace posthorn::wire::imap
