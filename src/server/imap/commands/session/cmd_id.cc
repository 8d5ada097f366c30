#include <array>
#include <charconv>
#include <utility>

#include "base/network.h"
#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "text/ascii.h"

namespace posthorn::server::imap {
namespace {

/// Returns the value of a field; empty if there is none.
std::string_view field(const wire::imap::IdCommand& command, std::string_view name) {
  for (const auto& [key, value] : command.parameters)
    if (value && text::iequals(key, name)) return *value;
  return {};
}

/// Returns the client that a gateway names, or none.
std::optional<std::string> originator_of(const wire::imap::IdCommand& command) {
  const auto address = usual_address(field(command, "x-originating-ip"));
  if (!address) return std::nullopt;
  const std::string_view digits = field(command, "x-originating-port");
  std::uint16_t port = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return format_peer(*address, port);
}

}  // namespace

// RFC 2971 §3.1. The client's data must not influence anything (RFC 2971 §3.3), so it is not kept.
// Only a gateway that the operator trusts may say for whom it speaks; Dovecot's proxies and webmail
// do it this way.
CommandTask cmd_id(Session& session, wire::imap::IdCommand& command) {
  const net::Stream& stream = session.connection.stream();
  if (session.account == nullptr && session.options->gateways.contains(stream.speaker())) {
    if (auto originator = originator_of(command)) session.speak_for(std::move(*originator));
    if (session.is_over()) co_return Reply::no("Too many connections");
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 1> fields = {
      {{"name", "Posthorn"}}};
  auto w = session.writer();
  wire::imap::format_id(w, fields);
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
