#include "wire/trace/dialogue_lines.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "text/ascii.h"

namespace posthorn::wire::trace {
namespace {

/// "{18446744073709551615+}" and CR.
constexpr std::size_t kMaxLiteral = 24;

std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view one) { return text::iequals(one, word); });
}

/// Returns the length of the literal that an IMAP line ends with ("{12}", "{12+}", "~{12}"); 0 if
/// there is none.
std::uint64_t literal_of(std::string_view line) {
  if (!line.ends_with('}')) return 0;
  const std::size_t open = line.rfind('{');
  if (open == std::string_view::npos) return 0;
  std::uint64_t octets = 0;
  const auto [end, error] =
      std::from_chars(line.data() + open + 1, line.data() + line.size() - 1, octets);
  const std::string_view rest(end, static_cast<std::size_t>(line.data() + line.size() - end));
  return error == std::errc() && (rest == "}" || rest == "+}") ? octets : 0;
}

/// Returns the octets that follow a BDAT line.
std::uint64_t chunk_of(std::string_view line) {
  if (!text::iequals(take_word(line), "BDAT")) return 0;
  const std::string_view digits = take_word(line);
  std::uint64_t octets = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), octets);
  return octets;
}

constexpr std::array<std::string_view, 2> kImapLogins{"LOGIN", "AUTHENTICATE"};
constexpr std::array<std::string_view, 3> kPop3Logins{"PASS", "APOP", "AUTH"};
constexpr std::array<std::string_view, 1> kSmtpLogins{"AUTH"};
constexpr std::array<std::string_view, 2> kPop3Fetches{"RETR", "TOP"};

}  // namespace

void DialogueLines::feed(Side from, std::string_view octets, const Show& show) {
  Half& half = halves_[static_cast<std::size_t>(from)];
  while (!octets.empty()) {
    if (half.literal > 0) {
      const std::size_t skipped = std::min<std::uint64_t>(half.literal, octets.size());
      octets.remove_prefix(skipped);
      half.literal -= skipped;
      continue;
    }
    const std::size_t end = octets.find('\n');
    const std::string_view part = octets.substr(0, end);
    const std::size_t room = kMaxLine - std::min(kMaxLine, half.line.size());
    half.line += part.substr(0, room);
    const std::string_view dropped = part.substr(std::min(room, part.size()));
    half.longer += dropped.size();
    half.end += dropped.substr(dropped.size() - std::min(dropped.size(), kMaxLiteral));
    if (half.end.size() > kMaxLiteral) half.end.erase(0, half.end.size() - kMaxLiteral);
    if (end == std::string_view::npos) return;
    octets.remove_prefix(end + 1);
    end_line(from, show);
  }
}

void DialogueLines::end_line(Side from, const Show& show) {
  Half& half = halves_[static_cast<std::size_t>(from)];
  std::string line = std::exchange(half.line, {});
  std::string end = std::exchange(half.end, {});
  const std::uint64_t longer = std::exchange(half.longer, 0);
  if (std::string& last = longer > 0 ? end : line; last.ends_with('\r')) last.pop_back();
  if (skip_message(from, line, line.size() + longer, show)) return;
  std::string shown = without_secrets(from, line);
  if (longer > 0) shown += fmt::format(" [{} more octets]", longer);
  read_line(from, longer == 0 ? line : line + end);
  if (half.literal > 0) shown += fmt::format(" [{} octets]", half.literal);
  show(from, shown);
}

bool DialogueLines::skip_message(Side from, std::string_view line, std::uint64_t octets,
                                 const Show& show) {
  Half& half = halves_[static_cast<std::size_t>(from)];
  if (!half.in_message) return false;
  if (line != ".") {
    half.cut += octets + 2;
    return true;
  }
  half.in_message = false;
  show(from, fmt::format("[a message of {} octets]", std::exchange(half.cut, 0)));
  return true;
}

/// Finds out what follows a line.
void DialogueLines::read_line(Side from, std::string_view line) {
  Half& half = halves_[static_cast<std::size_t>(from)];
  std::string_view rest = line;
  const std::string_view first = take_word(rest);
  if (protocol_ == Protocol::imap) {
    half.literal = literal_of(line);
    if (from == Side::client) continues_login_ = is_one_of(take_word(rest), kImapLogins);
  } else if (protocol_ == Protocol::pop3) {
    if (from == Side::client) {
      answers_message_ = is_one_of(first, kPop3Fetches);
      continues_login_ = is_one_of(first, kPop3Logins);
    } else if (std::exchange(answers_message_, false)) {
      half.in_message = first == "+OK";
    }
  } else if (from == Side::client) {
    half.literal = chunk_of(line);
    sends_message_ = text::iequals(first, "DATA");
    continues_login_ = is_one_of(first, kSmtpLogins);
  } else if (std::exchange(sends_message_, false)) {
    halves_[static_cast<std::size_t>(Side::client)].in_message = first == "354";
  }
}

std::string DialogueLines::without_secrets(Side from, std::string_view line) const {
  if (from == Side::server) return std::string(line);
  if (continues_login_) return "[cut]";
  std::string_view rest = line;
  std::string_view word = take_word(rest);
  if (protocol_ == Protocol::imap) word = take_word(rest);
  const std::span<const std::string_view> logins =
      protocol_ == Protocol::imap   ? std::span<const std::string_view>(kImapLogins)
      : protocol_ == Protocol::pop3 ? std::span<const std::string_view>(kPop3Logins)
                                    : std::span<const std::string_view>(kSmtpLogins);
  if (!is_one_of(word, logins) || rest.empty()) return std::string(line);
  return std::string(line.substr(0, line.size() - rest.size())) + "[cut]";
}

}  // namespace posthorn::wire::trace
