#include "wire/smtp/reply.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "text/ascii.h"
#include "text/utf8.h"

namespace posthorn::wire::smtp {
namespace {

constexpr std::size_t kMaxReplyLine = 512;  // RFC 5321 §4.5.3.1.5, with CRLF.

void append_clean(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    out += u < 0x20 || u == 0x7f ? ' ' : c;
  }
}

/// Removes a number of at most three digits from the front.
std::optional<std::uint16_t> take_number(std::string_view& text) {
  std::uint16_t n = 0;
  const std::string_view digits = text.substr(0, 3);
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), n);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - digits.begin()));
  return n;
}

/// Parses "2.1.5 " at the front, if it is there and matches the code.
std::optional<EnhancedStatus> take_status(std::string_view& text, std::uint16_t code) {
  std::string_view rest = text;
  EnhancedStatus status;
  for (auto* const part : {&status.klass, &status.subject, &status.detail}) {
    if (part != &status.klass) {
      if (!rest.starts_with('.')) return std::nullopt;
      rest.remove_prefix(1);
    }
    const auto n = take_number(rest);
    if (!n) return std::nullopt;
    *part = *n;
  }
  if (status.klass != code / 100 || (!rest.empty() && rest.front() != ' ')) return std::nullopt;
  text = rest.empty() ? rest : rest.substr(1);
  return status;
}

}  // namespace

Reply reply(std::uint16_t code, EnhancedStatus status, std::string text) {
  return {code, status, {std::move(text)}};
}

Reply reply(std::uint16_t code, std::string text) {
  return {code, std::nullopt, {std::move(text)}};
}

std::string format_reply(const Reply& reply) {
  const std::string status = reply.status ? fmt::format("{}.{}.{} ", reply.status->klass,
                                                        reply.status->subject, reply.status->detail)
                                          : "";
  std::string out;
  const std::size_t count = std::max<std::size_t>(reply.lines.size(), 1);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t start = out.size();
    out += fmt::format("{:03}{}{}", reply.code, i + 1 < count ? '-' : ' ', status);
    if (i < reply.lines.size()) append_clean(out, reply.lines[i]);
    out.resize(std::min(out.size(), start + kMaxReplyLine - 2));
    out += "\r\n";
  }
  return out;
}

std::string one_line(const Reply& reply, std::size_t limit) {
  std::string out = fmt::format("{:03}", reply.code);
  if (reply.status) {
    const auto& [klass, subject, detail] = *reply.status;
    out += fmt::format(" {}.{}.{}", klass, subject, detail);
  }
  for (const std::string& line : reply.lines) {
    if (out.size() >= limit) break;
    out += ' ';
    append_clean(out, line);
  }
  out.resize(text::utf8_cut(out, limit).size());
  return out;
}

Result<bool> ReplyReader::add_line(std::string_view line) {
  // RFC 5321 §4.2: three digits, '-' when more lines follow, text.
  std::string_view rest = line;
  const bool digits = line.size() >= 3 && std::ranges::all_of(line.substr(0, 3), text::is_digit);
  const auto code = digits ? take_number(rest) : std::nullopt;
  const bool more = rest.starts_with('-');
  if (!code || *code < 200 || *code > 599 || (!rest.empty() && !more && rest.front() != ' ')) {
    return fail(ErrorKind::syntax, "this is not an SMTP reply");
  }
  if (!rest.empty()) rest.remove_prefix(1);
  if (reply_.lines.empty()) {
    reply_.code = *code;
    std::string_view peeked = rest;
    reply_.status = take_status(peeked, *code);
  } else if (reply_.code != *code) {
    return fail(ErrorKind::syntax, "the lines of a reply have different codes");
  }
  if (reply_.lines.size() >= kMaxLines) return fail(ErrorKind::limit, "a reply has too many lines");
  if (reply_.status) std::ignore = take_status(rest, *code);
  reply_.lines.emplace_back(rest);
  return !more;
}

std::optional<Result<Reply>> ReplyReader::take(std::string_view& input) {
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    line_ += input.substr(0, end);
    if (line_.size() > kMaxLineOctets) {
      return fail(ErrorKind::limit, "a line of a reply is too long");
    }
    if (end == std::string_view::npos) {
      input = {};
      return std::nullopt;
    }
    input.remove_prefix(end + 1);
    if (line_.ends_with('\r')) line_.pop_back();
    auto complete = add_line(line_);
    line_.clear();
    if (!complete) return pass(complete);
    if (*complete) return std::exchange(reply_, Reply{});
  }
  return std::nullopt;
}

}  // namespace posthorn::wire::smtp
