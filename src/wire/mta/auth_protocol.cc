#include "wire/mta/auth_protocol.h"

#include <algorithm>
#include <charconv>

#include "text/ascii.h"

namespace posthorn::wire::mta {
namespace {

constexpr char kTab = '\t';
constexpr char kEscape = '\x01';

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorKind::syntax, std::string(what));
}

/// Removes the next field from the front.
std::string_view take_field(std::string_view& rest) {
  const std::size_t tab = rest.find(kTab);
  const std::string_view field = rest.substr(0, tab);
  rest.remove_prefix(tab == std::string_view::npos ? rest.size() : tab + 1);
  return field;
}

/// The characters that stand behind kEscape, and what they mean.
constexpr std::pair<char, char> kEscaped[] = {
    {'0', '\0'}, {'1', kEscape}, {'t', kTab}, {'r', '\r'}, {'n', '\n'}};

std::string unescape(std::string_view field) {
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const auto* const known =
        field[i] == kEscape && i + 1 < field.size()
            ? std::ranges::find(kEscaped, field[i + 1], &std::pair<char, char>::first)
            : std::end(kEscaped);
    if (known == std::end(kEscaped)) {
      out += field[i];
    } else {
      out += known->second;
      ++i;
    }
  }
  return out;
}

std::string escape(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const auto* const special = std::ranges::find(kEscaped, c, &std::pair<char, char>::second);
    if (special == std::end(kEscaped)) {
      out += c;
    } else {
      out += kEscape;
      out += special->first;
    }
  }
  return out;
}

Result<std::uint32_t> take_number(std::string_view& rest) {
  const std::string_view field = take_field(rest);
  std::uint32_t number = 0;
  const auto read = std::from_chars(field.data(), field.data() + field.size(), number);
  if (field.empty() || read.ec != std::errc() || read.ptr != field.data() + field.size())
    return malformed("a number is missing");
  return number;
}

/// An address becomes part of the log and of the names under which guesses are counted, so nothing
/// but an address is accepted.
bool is_address(std::string_view text) {
  constexpr std::size_t kLongest = 45;
  return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, [](char c) {
    return text::hex_value(c) >= 0 || c == '.' || c == ':';
  });
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, text::is_digit);
}

Result<AuthCommand> parse_begin(std::string_view rest) {
  AuthBegin begin;
  auto id = take_number(rest);
  if (!id) return pass(id);
  begin.id = *id;
  begin.mechanism = take_field(rest);
  if (begin.mechanism.empty()) return malformed("AUTH has no mechanism");
  while (!rest.empty()) {
    const std::string_view field = take_field(rest);
    const std::size_t equals = field.find('=');
    const std::string_view name = field.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : field.substr(equals + 1);
    if (name == "service") {
      begin.service = unescape(value);
    } else if (name == "rip" && is_address(value)) {
      begin.remote_address = value;
    } else if (name == "rport" && is_port(value)) {
      begin.remote_port = value;
    } else if (name == "secured") {
      begin.secured = true;
    } else if (name == "resp") {
      begin.initial_response = std::string(value);
      // It is the last field, whatever follows.
      if (!rest.empty()) return malformed("AUTH has fields behind resp=");
    }
  }
  return begin;
}

}  // namespace

Result<AuthCommand> parse_auth_command(std::string_view line) {
  if (line.contains('\0')) return malformed("the line has a NUL");
  const std::string_view name = take_field(line);
  if (name == "AUTH") return parse_begin(line);
  if (name == "VERSION" || name == "CONT" || name == "CANCEL") {
    auto number = take_number(line);
    if (!number) return pass(number);
    if (name == "VERSION") return AuthVersion{*number};
    if (name == "CANCEL") return AuthCancel{*number};
    return AuthAnswer{*number, std::string(take_field(line))};
  }
  return AuthIgnored{};
}

std::string format_auth_greeting(const std::vector<AuthMechanism>& mechanisms,
                                 const AuthIdentity& identity) {
  std::string out = "VERSION\t1\t2\n";
  // The mechanisms come before SPID: Postfix ignores those that follow it.
  for (const AuthMechanism& mechanism : mechanisms)
    out += fmt::format("MECH\t{}{}\n", mechanism.name, mechanism.is_plaintext ? "\tplaintext" : "");
  out += fmt::format("SPID\t{}\nCUID\t{}\nCOOKIE\t{}\nDONE\n", identity.process,
                     identity.connection, identity.cookie);
  return out;
}

std::string format_auth_challenge(std::uint32_t id, std::string_view challenge) {
  return fmt::format("CONT\t{}\t{}\n", id, challenge);
}

std::string format_auth_success(std::uint32_t id, std::string_view user) {
  return fmt::format("OK\t{}\tuser={}\n", id, escape(user));
}

std::string format_auth_failure(std::uint32_t id, AuthFailure failure, std::string_view reason) {
  // Clients of version 1.1 know "temp", those of 1.2 "code=".
  const std::string_view cause = failure == AuthFailure::temporary ? "\ttemp\tcode=temp_fail" : "";
  return fmt::format("FAIL\t{}{}\treason={}\n", id, cause, escape(reason));
}

Result<UserCommand> parse_user_command(std::string_view line) {
  if (line.contains('\0')) return malformed("the line has a NUL");
  const std::string_view name = take_field(line);
  if (name != "VERSION" && name != "USER") return AuthIgnored{};
  auto number = take_number(line);
  if (!number) return pass(number);
  if (name == "VERSION") return AuthVersion{*number};
  UserQuery query{*number, unescape(take_field(line))};
  if (query.name.empty()) return malformed("USER has no name");
  return query;
}

std::string format_user_greeting(std::uint64_t process) {
  return fmt::format("VERSION\t1\t1\nSPID\t{}\n", process);
}

std::string format_user_found(std::uint32_t id, std::string_view name) {
  return fmt::format("USER\t{}\t{}\n", id, escape(name));
}

std::string format_user_unknown(std::uint32_t id) { return fmt::format("NOTFOUND\t{}\n", id); }

std::string format_user_failure(std::uint32_t id, std::string_view reason) {
  return fmt::format("FAIL\t{}\treason={}\n", id, escape(reason));
}

}  // namespace posthorn::wire::mta
