#include "wire/pop3/response.h"

#include <fmt/core.h>

#include <algorithm>

#include "text/base64.h"

namespace posthorn::wire::pop3 {
namespace {

constexpr std::size_t kMaxTextOctets = 512 - 2;

std::string_view name_of(Code code) {
  switch (code) {
    case Code::none: return "";
    case Code::auth: return "[AUTH] ";
    case Code::in_use: return "[IN-USE] ";
    case Code::login_delay: return "[LOGIN-DELAY] ";
    case Code::sys_perm: return "[SYS/PERM] ";
    case Code::sys_temp: return "[SYS/TEMP] ";
    case Code::utf8: return "[UTF8] ";
  }
  return "";
}

}  // namespace

std::string format_reply(const Reply& reply) {
  std::string line = reply.status == Reply::Status::ok ? "+OK " : "-ERR ";
  line += name_of(reply.code);
  // RFC 2449 §6.4: text that begins with a bracket is a code.
  if (reply.code == Code::none && reply.text.starts_with('[')) line += '?';
  line += reply.text;
  std::ranges::replace_if(line, [](char c) { return c < ' ' || c > '~'; }, '?');
  line.resize(std::min(line.size(), kMaxTextOctets));
  while (line.ends_with(' ')) line.pop_back();
  return line + "\r\n";
}

std::string format_challenge(std::string_view challenge) {
  return "+ " + text::base64_encode(challenge) + "\r\n";
}

std::string scan_listing(MessageNumber message, std::uint64_t octets) {
  return fmt::format("{} {}", message, octets);
}

std::string unique_id_listing(MessageNumber message, std::string_view unique_id) {
  return fmt::format("{} {}", message, unique_id);
}

}  // namespace posthorn::wire::pop3
