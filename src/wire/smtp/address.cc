#include "wire/smtp/address.h"

#include "text/ascii.h"
#include "text/utf8.h"
#include "wire/lex/char_set.h"

namespace posthorn::wire::smtp {
namespace {

using lex::CharSet;

constexpr bool is_non_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// RFC 5322 §3.2.3 atext, RFC 6531 §3.3; and the dot between atoms.
constexpr CharSet kDotString = CharSet::of([](char c) {
  return text::is_alpha(c) || text::is_digit(c) || is_non_ascii(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
});
constexpr CharSet kDomain = CharSet::of([](char c) {
  return text::is_alpha(c) || text::is_digit(c) || is_non_ascii(c) || c == '-' || c == '_' ||
         c == '.';
});
// RFC 5321 §4.1.3 dcontent.
constexpr CharSet kLiteral =
    CharSet::of([](char c) { return c > ' ' && c < 0x7f && c != '[' && c != '\\' && c != ']'; });

std::string_view take(std::string_view& text, const CharSet& set) {
  const std::string_view taken = text.substr(0, set.span(text));
  text.remove_prefix(taken.size());
  return taken;
}

bool take_char(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// RFC 5321 §4.1.2 Quoted-string, after its opening quote.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string out;
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return out.empty() ? std::nullopt : std::optional(std::move(out));
    if (c == '\\') {
      if (text.empty()) return std::nullopt;
      c = text.front();
      text.remove_prefix(1);
    }
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7f) return std::nullopt;
    out += c;
  }
  return std::nullopt;
}

std::optional<std::string> take_local_part(std::string_view& text) {
  if (take_char(text, '"')) return take_quoted(text);
  const std::string_view atoms = take(text, kDotString);
  return atoms.empty() ? std::nullopt : std::optional(std::string(atoms));
}

std::optional<std::string> take_domain(std::string_view& text) {
  if (text.starts_with('[')) {
    const std::size_t length = kLiteral.span(text.substr(1));
    if (length == 0 || text.size() < length + 2 || text[length + 1] != ']') return std::nullopt;
    std::string literal(text.substr(0, length + 2));
    text.remove_prefix(literal.size());
    return literal;
  }
  const std::string_view domain = take(text, kDomain);
  if (domain.empty() || domain.starts_with('.') || domain.ends_with('.') ||
      domain.find("..") != std::string_view::npos) {
    return std::nullopt;
  }
  return std::string(domain);
}

/// RFC 5321 §4.1.2 A-d-l ":": accepted and ignored. Returns false if it is malformed.
bool skip_route(std::string_view& text) {
  if (!text.starts_with('@')) return true;
  do {
    if (!take_char(text, '@') || !take_domain(text)) return false;
  } while (take_char(text, ','));
  return take_char(text, ':');
}

std::optional<Address> take_mailbox(std::string_view& text, BareNames bare) {
  const std::string_view whole = text;
  Address address;
  auto local = take_local_part(text);
  if (!local || local->size() > kMaxLocalPartOctets) return std::nullopt;
  address.local_part = std::move(*local);
  if (take_char(text, '@')) {
    auto domain = take_domain(text);
    if (!domain || domain->size() > kMaxDomainOctets) return std::nullopt;
    address.domain = std::move(*domain);
  } else if (bare == BareNames::postmaster && !text::iequals(address.local_part, "postmaster")) {
    return std::nullopt;
  }
  if (!text::is_valid_utf8(whole.substr(0, whole.size() - text.size()))) return std::nullopt;
  return address;
}

bool needs_quotes(std::string_view local_part) {
  return kDotString.span(local_part) != local_part.size() || local_part.starts_with('.') ||
         local_part.ends_with('.') || local_part.find("..") != std::string_view::npos;
}

}  // namespace

bool Address::is_ascii() const { return text::is_ascii(local_part) && text::is_ascii(domain); }

std::optional<Address> take_path(std::string_view& text, BareNames bare) {
  if (!take_char(text, '<')) return std::nullopt;
  if (take_char(text, '>')) return Address{};
  if (!skip_route(text)) return std::nullopt;
  auto address = take_mailbox(text, bare);
  if (!address || !take_char(text, '>')) return std::nullopt;
  return address;
}

std::optional<Address> parse_address(std::string_view text, BareNames bare) {
  auto address = take_mailbox(text, bare);
  if (!address || !text.empty()) return std::nullopt;
  return address;
}

std::string format_address(const Address& address) {
  std::string out;
  if (needs_quotes(address.local_part)) {
    out += '"';
    for (const char c : address.local_part) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  } else {
    out += address.local_part;
  }
  if (!address.domain.empty()) out += '@' + address.domain;
  return out;
}

std::string format_path(const Address& address) {
  if (address == Address{}) return "<>";
  return '<' + format_address(address) + '>';
}

}  // namespace posthorn::wire::smtp
