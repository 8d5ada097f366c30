#include "wire/smtp/parse_command.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/network.h"
#include "text/ascii.h"
#include "wire/smtp/parse_parameters.h"
#include "wire/smtp/xtext.h"

namespace posthorn::wire::smtp {
namespace {

using Parsed = std::expected<Command, Reply>;

std::unexpected<Reply> bad_arguments(std::string text) {
  return std::unexpected(reply(501, {5, 5, 4}, std::move(text)));
}

std::unexpected<Reply> unknown_command() {
  return std::unexpected(reply(500, {5, 5, 2}, "Command not recognized"));
}

std::string_view take_word(std::string_view& rest) {
  const std::size_t end = rest.find(' ');
  const std::string_view word = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : text::trim(rest.substr(end));
  return word;
}

Parsed parse_hello(Greeting verb, std::string_view arguments, Dialect dialect) {
  if ((dialect == Dialect::lmtp) != (verb == Greeting::lhlo)) {
    return std::unexpected(
        reply(500, {5, 5, 1},
              dialect == Dialect::lmtp ? "This is LMTP: send LHLO" : "This is SMTP: send EHLO"));
  }
  if (arguments.empty()) return bad_arguments("The client's name is missing");
  return Hello{verb, std::string(take_word(arguments))};
}

/// Consumes "FROM:" or "TO:" and the path. A space after the colon is not allowed, but common.
std::expected<Address, Reply> take_argument_path(std::string_view& rest, std::string_view keyword,
                                                 BareNames bare) {
  if (!text::istarts_with(rest, keyword)) {
    return bad_arguments("Expected " + std::string(keyword) + "<address>");
  }
  rest = text::trim(rest.substr(keyword.size()));
  auto address = take_path(rest, bare);
  if (!address || (!rest.empty() && rest.front() != ' ')) {
    return std::unexpected(reply(501,
                                 {5, 1, keyword == "FROM:" ? std::uint16_t{7} : std::uint16_t{3}},
                                 "Malformed address"));
  }
  rest = text::trim(rest);
  return std::move(*address);
}

std::unexpected<Reply> utf8_not_asked() {
  return std::unexpected(
      reply(553, {5, 6, 7}, "The address is not ASCII, and SMTPUTF8 was not requested"));
}

Parsed parse_mail(std::string_view rest, Dialect dialect) {
  // Over LMTP, the null path and any user name are accepted as senders: local mail comes from
  // "root".
  auto from = take_argument_path(
      rest, "FROM:", dialect == Dialect::lmtp ? BareNames::any : BareNames::postmaster);
  if (!from) return std::unexpected(std::move(from.error()));
  auto parameters = parse_mail_parameters(rest);
  if (!parameters) return std::unexpected(std::move(parameters.error()));
  if (!parameters->smtputf8 && !from->is_ascii()) return utf8_not_asked();
  return Mail{std::move(*from), std::move(*parameters)};
}

Parsed parse_rcpt(std::string_view rest, Dialect dialect, Utf8 utf8) {
  auto to = take_argument_path(
      rest, "TO:", dialect == Dialect::lmtp ? BareNames::any : BareNames::postmaster);
  if (!to) return std::unexpected(std::move(to.error()));
  if (*to == Address{}) return std::unexpected(reply(501, {5, 1, 3}, "The recipient is missing"));
  if (utf8 == Utf8::not_asked && !to->is_ascii()) return utf8_not_asked();
  Rcpt rcpt{std::move(*to)};
  if (auto refused = parse_rcpt_parameters(rest, rcpt)) return std::unexpected(std::move(*refused));
  return rcpt;
}

Parsed parse_bdat(std::string_view rest) {
  const std::string_view digits = take_word(rest);
  const std::string_view marker = take_word(rest);
  Bdat bdat;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), bdat.octets);
  if (error != std::errc() || end != digits.data() + digits.size() || !rest.empty() ||
      (!marker.empty() && !text::iequals(marker, "LAST"))) {
    return bad_arguments("Expected BDAT <octets> [LAST]");
  }
  bdat.last = !marker.empty();
  return bdat;
}

Parsed parse_auth(std::string_view rest) {
  const std::string_view mechanism = take_word(rest);
  if (mechanism.empty()) return bad_arguments("Expected AUTH <mechanism>");
  Auth auth{text::upper(mechanism), std::nullopt};
  if (!rest.empty()) auth.initial = std::string(take_word(rest));
  if (!rest.empty()) return bad_arguments("Expected AUTH <mechanism> [<initial response>]");
  return auth;
}

/// The value of ADDR: "192.0.2.1", "IPV6:2001:db8::1", or "[UNAVAILABLE]" and the like.
std::expected<std::optional<std::string>, Reply> parse_client_address(std::string_view value) {
  constexpr std::string_view kIpv6 = "IPV6:";
  if (value.starts_with('[')) return std::nullopt;
  if (text::istarts_with(value, kIpv6)) value.remove_prefix(kIpv6.size());
  auto address = usual_address(value);
  if (!address) return bad_arguments("ADDR is not an address");
  return address;
}

std::expected<std::optional<std::uint16_t>, Reply> parse_client_port(std::string_view value) {
  if (value.starts_with('[')) return std::nullopt;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), port);
  if (error != std::errc() || end != value.data() + value.size())
    return bad_arguments("PORT is not a port");
  return port;
}

Parsed parse_xclient(std::string_view rest) {
  constexpr std::array<std::string_view, 5> kIgnored{"NAME", "HELO", "PROTO", "DESTADDR",
                                                     "DESTPORT"};
  if (rest.empty()) return bad_arguments("Expected XCLIENT <attribute>=<value>");
  Xclient client;
  while (!rest.empty()) {
    const std::string_view word = take_word(rest);
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) return bad_arguments("Expected <attribute>=<value>");
    const std::string name = text::upper(word.substr(0, equals));
    const auto value = parse_xtext(word.substr(equals + 1));
    if (!value) return bad_arguments("A value of XCLIENT is malformed");
    if (name == "ADDR") {
      auto address = parse_client_address(*value);
      if (!address) return std::unexpected(std::move(address.error()));
      client.address = std::move(*address);
    } else if (name == "PORT") {
      auto port = parse_client_port(*value);
      if (!port) return std::unexpected(std::move(port.error()));
      client.port = *port;
    } else if (std::ranges::find(kIgnored, name) == kIgnored.end()) {
      return bad_arguments("This attribute of XCLIENT is not offered");
    }
  }
  return client;
}

template <class Plain>
Parsed no_arguments(std::string_view rest) {
  if (!rest.empty()) return bad_arguments("No argument is allowed");
  return Plain{};
}

bool has_control(std::string_view line) {
  return std::ranges::any_of(line, [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u < 0x20 && c != '\t') || u == 0x7f;
  });
}

}  // namespace

std::expected<Command, Reply> parse_command(std::string_view line, Dialect dialect, Utf8 utf8) {
  if (has_control(line)) {
    return std::unexpected(reply(500, {5, 5, 2}, "The command contains control characters"));
  }
  // RFC 5321 §4.1.1: white space before CRLF is tolerated.
  std::string_view rest = text::trim(line);
  const std::string verb = text::upper(take_word(rest));
  const auto hello = std::ranges::find(Hello::kNames, verb);
  if (hello != Hello::kNames.end())
    return parse_hello(static_cast<Greeting>(hello - Hello::kNames.begin()), rest, dialect);
  if (verb == Mail::kName) return parse_mail(rest, dialect);
  if (verb == Rcpt::kName) return parse_rcpt(rest, dialect, utf8);
  if (verb == Data::kName) return no_arguments<Data>(rest);
  if (verb == Bdat::kName) return parse_bdat(rest);
  if (verb == Rset::kName) return no_arguments<Rset>(rest);
  if (verb == Noop::kName) return Noop{};
  if (verb == Quit::kName) return no_arguments<Quit>(rest);
  if (verb == StartTls::kName) return no_arguments<StartTls>(rest);
  if (verb == Help::kName) return Help{std::string(rest)};
  if (verb == Auth::kName) return parse_auth(rest);
  if (verb == Xclient::kName) return parse_xclient(rest);
  if (verb == Vrfy::kName) {
    if (rest.empty()) return bad_arguments("whom?");
    return Vrfy{std::string(rest)};
  }
  return unknown_command();
}

bool is_bdat(std::string_view line) {
  std::string_view rest = text::trim(line);
  return text::iequals(take_word(rest), Bdat::kName);
}

}  // namespace posthorn::wire::smtp
