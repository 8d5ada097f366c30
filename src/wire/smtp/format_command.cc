#include <fmt/core.h>

#include "wire/smtp/command.h"
#include "wire/smtp/internet_date.h"
#include "wire/smtp/xtext.h"

namespace posthorn::wire::smtp {
namespace {

struct Formatter {
  std::string operator()(const Hello& c) const {
    constexpr std::string_view kVerbs[] = {"HELO", "EHLO", "LHLO"};
    return fmt::format("{} {}", kVerbs[static_cast<std::size_t>(c.verb)], c.name);
  }
  std::string operator()(const Mail& c) const {
    const MailParameters& p = c.parameters;
    std::string out = "MAIL FROM:" + format_path(c.from);
    if (p.size) out += fmt::format(" SIZE={}", *p.size);
    if (p.body == Body::eight_bit_mime) out += " BODY=8BITMIME";
    if (p.body == Body::binary_mime) out += " BODY=BINARYMIME";
    if (p.smtputf8) out += " SMTPUTF8";
    if (p.ret) out += *p.ret == Ret::full ? " RET=FULL" : " RET=HDRS";
    if (p.envid) out += " ENVID=" + format_xtext(*p.envid);
    if (p.hold_for) out += fmt::format(" HOLDFOR={}", *p.hold_for);
    if (p.hold_until) out += " HOLDUNTIL=" + format_internet_date(*p.hold_until);
    if (p.auth) out += " AUTH=" + format_xtext(*p.auth);
    return out;
  }
  std::string operator()(const Rcpt& c) const {
    std::string out = "RCPT TO:" + format_path(c.to);
    std::string notify = c.notify.never ? ",NEVER" : "";
    if (c.notify.success) notify += ",SUCCESS";
    if (c.notify.failure) notify += ",FAILURE";
    if (c.notify.delay) notify += ",DELAY";
    if (!notify.empty()) out += " NOTIFY=" + notify.substr(1);
    if (c.orcpt) out += fmt::format(" ORCPT={};{}", c.orcpt->type, format_xtext(c.orcpt->address));
    return out;
  }
  std::string operator()(const Data&) const { return "DATA"; }
  std::string operator()(const Bdat& c) const {
    return fmt::format("BDAT {}{}", c.octets, c.last ? " LAST" : "");
  }
  std::string operator()(const Rset&) const { return "RSET"; }
  std::string operator()(const Noop&) const { return "NOOP"; }
  std::string operator()(const Quit&) const { return "QUIT"; }
  std::string operator()(const StartTls&) const { return "STARTTLS"; }
  std::string operator()(const Vrfy& c) const { return "VRFY " + c.argument; }
  std::string operator()(const Help& c) const {
    return c.topic.empty() ? "HELP" : "HELP " + c.topic;
  }
  std::string operator()(const Auth& c) const {
    return c.initial ? fmt::format("AUTH {} {}", c.mechanism, *c.initial) : "AUTH " + c.mechanism;
  }
};

}  // namespace

std::string format_command(const Command& command) {
  return std::visit(Formatter{}, command) + "\r\n";
}

}  // namespace posthorn::wire::smtp
