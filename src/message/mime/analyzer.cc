#include "message/mime/analyzer.h"

#include <algorithm>

#include "message/digest/preview.h"
#include "text/ascii.h"
#include "text/crlf_text.h"

namespace posthorn::message {
namespace {

// The loops over 64 and 128 octets contain no branches, so that the compiler can vectorise them.

std::uint64_t count_newlines(std::string_view s) {
  std::uint64_t total = 0;
  std::size_t i = 0;
  for (; i + 128 <= s.size(); i += 128) {
    std::uint8_t count = 0;
    for (std::size_t k = 0; k < 128; ++k) count += s[i + k] == '\n' ? 1 : 0;
    total += count;
  }
  for (; i < s.size(); ++i) total += s[i] == '\n' ? 1 : 0;
  return total;
}

// Returns the text up to the first LF after which "--" follows, or could follow in the next span;
// otherwise all of it.
std::size_t run_before_dashes(std::string_view s) {
  std::size_t i = 0;
  for (; i + 66 <= s.size(); i += 64) {
    std::uint8_t hit = 0;
    for (std::size_t k = i; k < i + 64; ++k)
      hit |= static_cast<std::uint8_t>(int{s[k] == '\n'} & int{s[k + 1] == '-'} &
                                       int{s[k + 2] == '-'});
    if (hit != 0) break;
  }
  for (; i < s.size(); ++i) {
    if (s[i] != '\n') continue;
    const std::string_view next = s.substr(i + 1, 2);
    if (next.empty() || next == "-" || next == "--") return i + 1;
  }
  return s.size();
}

std::size_t line_piece(std::string_view s) {
  const std::size_t end = s.find('\n');
  return end == std::string_view::npos ? s.size() : end + 1;
}

bool is_attachment(const MimeFields& mime) {
  return mime.disposition && text::iequals(*mime.disposition, "attachment");
}

}  // namespace

Analyzer::Analyzer(Limits limits) : limits_(limits) {
  result_.root.header_begin = 0;
  stack_.push_back({&result_.root});
  parts_ = 1;
  header_limit_ = limits_.header_block;
}

void Analyzer::judge_form(std::string_view span) {
  if (span.empty()) return;
  TextForm& form = result_.form;
  const char before = pos_ + held_.size() == 0 ? '\n' : held_.empty() ? last_ : held_.back();
  form.bare_lf = form.bare_lf || !text::is_crlf_text(span, before);
  form.open_end = span.back() != '\n';
}

void Analyzer::feed(std::string_view span) {
  judge_form(span);
  while (!span.empty()) {
    if (holding_) {
      hold(span);
    } else if (at_line_start_ && span.front() == '-' && !boundaries_.empty()) {
      take_dashes(span);
    } else {
      const std::size_t n = in_header_            ? line_piece(span)
                            : boundaries_.empty() ? span.size()
                                                  : run_before_dashes(span);
      deliver(span.substr(0, n));
      span.remove_prefix(n);
    }
  }
}

// At a line that may be a boundary. Usually all of it is available; otherwise it is held.
void Analyzer::take_dashes(std::string_view& span) {
  const std::size_t n = line_piece(span.substr(0, Boundaries::kMaxLine + 1));
  const std::string_view line = span.substr(0, n);
  holding_ = line.back() != '\n';
  if (holding_) return;
  span.remove_prefix(n);
  take_line(line);
}

// Takes octets from `span` until it is certain whether held_ is a boundary line.
void Analyzer::hold(std::string_view& span) {
  std::size_t n = std::min(line_piece(span), Boundaries::kMaxLine + 1 - held_.size());
  if (held_.size() < 2) n = 1;
  held_.append(span.substr(0, n));
  span.remove_prefix(n);
  const bool no_dashes = held_.size() == 2 && held_[1] != '-';
  if (no_dashes || held_.back() == '\n' || held_.size() > Boundaries::kMaxLine) resolve_held();
}

void Analyzer::resolve_held() {
  holding_ = false;
  take_line(std::exchange(held_, {}));
}

void Analyzer::take_line(std::string_view line) {
  if (const auto match = boundaries_.match(line)) {
    boundary(*match, line);
  } else {
    deliver(line);
  }
}

// In a header this is part of one line; in a body it may be anything.
void Analyzer::deliver(std::string_view bytes) {
  at_line_start_ = bytes.back() == '\n';
  if (at_line_start_)
    line_end_ = (bytes.size() > 1 ? bytes[bytes.size() - 2] : last_) == '\r' ? 2 : 1;
  last_ = bytes.back();
  pos_ += bytes.size();
  if (in_header_) {
    newlines_ += at_line_start_ ? 1 : 0;
    take_header(bytes);
  } else {
    newlines_ += count_newlines(bytes);
    capture(plain_, limits_.plain_text, bytes);
    capture(html_, limits_.html_text, bytes);
  }
}

void Analyzer::take_header(std::string_view bytes) {
  header_.append(bytes.substr(0, header_limit_ - std::min(header_limit_, header_.size())));
  line_length_ += bytes.size();
  if (!header_complete_ && !result_.form.header_8bit)
    result_.form.header_8bit = !text::is_ascii(bytes);
  if (!at_line_start_) return;
  const bool blank = line_length_ == line_end_;
  line_length_ = 0;
  if (blank) end_header(pos_);
}

// Ends the header of the part on top of the stack; its body begins at `at`.
void Analyzer::end_header(std::uint64_t at) {
  Open& top = stack_.back();
  in_header_ = false;
  top.part->mime = parse_mime_fields(header_, fallback_);
  top.part->body_begin = at;
  top.newlines_before = newlines_;
  if (stack_.size() == 1) {
    header_complete_ = true;
    header_size_ = at;
    result_.header_block = std::move(header_);
  } else {
    limits_.part_headers -= std::min(limits_.part_headers, header_.size());
    Part& outer = *stack_[stack_.size() - 2].part;
    if (outer.mime.is_message()) take_envelope(outer);
  }
  header_.clear();

  const bool may_open = stack_.size() < limits_.depth && parts_ < limits_.parts;
  MimeFields& mime = top.part->mime;
  if (mime.is_multipart()) {
    const std::string* name = text::find_param(mime.params, "boundary");
    if (may_open && name != nullptr) boundaries_.open(*name, stack_.size() - 1);
  } else if (mime.is_message() && may_open) {
    open_part(DefaultType::text_plain, at);
  } else {
    if (mime.is_message()) {
      mime.type = "APPLICATION";
      mime.subtype = "OCTET-STREAM";
    }
    open_leaf(*top.part);
  }
}

// In wire form, an address is much longer than "a@b,", and it occurs up to six times.
void Analyzer::take_envelope(Part& outer) {
  outer.envelope = std::make_unique<Envelope>(parse_envelope(header_));
  Envelope& e = *outer.envelope;
  for (auto* list : {&e.from, &e.sender, &e.reply_to, &e.to, &e.cc, &e.bcc}) {
    list->resize(std::min(list->size(), limits_.part_addresses));
    limits_.part_addresses -= list->size();
  }
}

void Analyzer::open_leaf(const Part& part) {
  leaf_body_start_ = part.body_begin;
  if (!part.mime.is_text() || is_attachment(part.mime)) return;
  Capture& into = text::iequals(part.mime.subtype, "html") ? html_ : plain_;
  if (into.taken || (&into == &plain_ && !text::iequals(part.mime.subtype, "plain"))) return;
  into = {true, &part, {}, part.mime.encoding, std::string(part.mime.charset())};
}

void Analyzer::open_part(DefaultType fallback, std::uint64_t at) {
  Part& part = stack_.back().part->children.emplace_back();
  part.header_begin = at;
  stack_.push_back({&part});
  in_header_ = true;
  line_length_ = 0;
  header_limit_ = std::min(limits_.part_header, std::max(limits_.part_headers, kMinPartHeader));
  fallback_ = fallback;
  // The last part that the limit allows takes the rest of the message.
  if (++parts_ >= limits_.parts) boundaries_.close_from(0);
}

void Analyzer::boundary(Boundaries::Match match, std::string_view line) {
  // The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1), unless it already
  // belongs to the header or to the preceding boundary line.
  const Part& top = *stack_.back().part;
  const bool has_own = pos_ - line_end_ >= (in_header_ ? top.header_begin : top.body_begin);
  const std::uint64_t end = has_own ? pos_ - line_end_ : pos_;
  close_down_to(match.depth + 1, end, newlines_ - (has_own && line_end_ != 0 ? 1 : 0));
  boundaries_.close_from(match.depth + (match.closes ? 0 : 1));
  at_line_start_ = line.back() == '\n';
  line_end_ = !at_line_start_ ? 0 : line.ends_with("\r\n") ? 2 : 1;
  last_ = line.back();
  pos_ += line.size();
  newlines_ += at_line_start_ ? 1 : 0;
  if (match.closes) return;
  const bool digest = text::iequals(stack_.back().part->mime.subtype, "digest");
  open_part(digest ? DefaultType::message_rfc822 : DefaultType::text_plain, pos_);
}

void Analyzer::close_down_to(std::size_t depth, std::uint64_t end, std::uint64_t newlines) {
  // For a message part, end_header begins the header of the inner message.
  while (in_header_) end_header(std::max(end, stack_.back().part->header_begin));
  while (stack_.size() > depth) {
    close_part(stack_.back(), end, newlines);
    stack_.pop_back();
  }
}

void Analyzer::close_part(const Open& open, std::uint64_t end, std::uint64_t newlines) {
  Part& part = *open.part;
  part.body_end = std::max(end, part.body_begin);
  part.lines = newlines > open.newlines_before ? newlines - open.newlines_before : 0;
  for (Capture* c : {&plain_, &html_}) {
    if (c->part != &part) continue;
    c->part = nullptr;
    c->bytes.resize(std::min<std::uint64_t>(c->bytes.size(), part.size()));
    c->taken = !text::trim(c->bytes).empty();  // An empty part has nothing to show.
  }
  if (!part.mime.is_multipart() || !part.children.empty()) return;
  // workaround: MailKit (#1393, #1841) and others cannot read a multipart without parts.
  Part& dummy = part.children.emplace_back();
  dummy.mime.params.push_back(default_charset());
  dummy.header_begin = dummy.body_begin = part.body_begin;
  dummy.body_end = part.body_end;
  dummy.lines = part.lines;
}

void Analyzer::capture(Capture& into, std::size_t limit, std::string_view bytes) {
  if (into.part == nullptr) return;
  into.bytes.append(bytes.substr(0, limit - std::min(limit, into.bytes.size())));
}

Analysis Analyzer::finish() {
  if (holding_) resolve_held();
  close_down_to(0, pos_, newlines_);
  result_.size = pos_;
  result_.header_size = header_size_;
  if (plain_.taken) result_.preview = plain_preview(plain_.bytes, plain_.encoding, plain_.charset);
  if (result_.preview.empty() && html_.taken)
    result_.preview = html_preview(html_.bytes, html_.encoding, html_.charset);
  return std::move(result_);
}

}  // namespace posthorn::message
