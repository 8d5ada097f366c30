#include "wire/imap/url.h"

#include <algorithm>
#include <charconv>

#include "text/ascii.h"
#include "wire/imap/command/rules.h"
#include "wire/imap/names.h"

namespace posthorn::wire::imap {

namespace {

constexpr std::size_t kLongestUrl = 8192;

std::unexpected<Error> bad() { return fail(ErrorKind::bad_argument, "This is not a usable URL"); }

std::optional<unsigned> hex_digit(char c) {
  if (text::is_digit(c)) return static_cast<unsigned>(c - '0');
  const char lower = text::to_lower(c);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
  return std::nullopt;
}

/// Decodes "%20". None if an escape is incomplete, or stands for NUL or a line end.
std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    out += static_cast<char>(*high * 16 + *low);
    if (out.back() == '\0' || out.back() == '\r' || out.back() == '\n') return std::nullopt;
    i += 2;
  }
  return out;
}

template <class Number>
bool take_number(std::string_view text, Number least, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= least;
}

/// The pieces after the mailbox, each of which begins with a semicolon.
class Parameters {
 public:
  explicit Parameters(std::string_view rest) : rest_(rest) {}
  /// Consumes `name` and its value, which ends before the next "/;" or at the end.
  std::optional<std::string_view> take(std::string_view name) {
    if (!text::istarts_with(rest_, name)) return std::nullopt;
    rest_.remove_prefix(name.size());
    const std::string_view value = rest_.substr(0, rest_.find("/;"));
    rest_.remove_prefix(value.size());
    return value;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool take_section(std::string_view encoded, Section& out) {
  const auto section = unescape(encoded);
  if (!section || section->empty()) return false;
  const ParseOptions options;
  const std::string bracketed = "[" + *section + "]";
  Input in(bracketed, options);
  return grammar::section(in, out) && in.at_end();
}

/// number ["." nz-number]
bool take_partial(std::string_view range, MessageUrl& out) {
  const std::size_t dot = range.find('.');
  if (!take_number<std::uint64_t>(range.substr(0, dot), 0, out.offset)) return false;
  if (dot == std::string_view::npos) return true;
  return take_number<std::uint64_t>(range.substr(dot + 1), 1, out.length.emplace());
}

bool take_mailbox(std::string_view encoded, MessageUrl& out) {
  const auto name = unescape(encoded);
  if (!name || name->empty()) return false;
  auto decoded = decode_mailbox(*name, true);
  if (!decoded) return false;
  out.mailbox = std::move(*decoded);
  return true;
}

}  // namespace

// imessagepart = imailbox-ref iuid [isection] [ipartial]
Result<MessageUrl> parse_message_url(std::string_view url) {
  if (url.size() > kLongestUrl || !url.starts_with('/') || url.starts_with("//")) return bad();
  if (!std::ranges::all_of(url, [](char c) { return c > ' ' && c < '\x7f'; })) return bad();
  if (url.find_first_of("?#\"") != std::string_view::npos) return bad();
  MessageUrl out;
  const std::size_t semicolon = std::min(url.find(';'), url.size());
  // The slash before ";UID=" is not part of the name, that before ";UIDVALIDITY=" would be.
  std::string_view mailbox = url.substr(1, semicolon - 1);
  Parameters parameters(url.substr(semicolon));
  if (const auto validity = parameters.take(";UIDVALIDITY=")) {
    if (!take_number(*validity, 1U, out.uid_validity.emplace().value)) return bad();
  } else {
    if (!mailbox.ends_with('/')) return bad();
    mailbox.remove_suffix(1);
    parameters = Parameters(url.substr(semicolon - 1));
  }
  const auto uid = parameters.take("/;UID=");
  if (!take_mailbox(mailbox, out) || !uid || !take_number(*uid, 1U, out.uid.value)) return bad();
  if (const auto section = parameters.take("/;SECTION="))
    if (!take_section(*section, out.section)) return bad();
  if (const auto partial = parameters.take("/;PARTIAL="))
    if (!take_partial(*partial, out)) return bad();
  if (!parameters.at_end()) return bad();
  return out;
}

}  // namespace posthorn::wire::imap
