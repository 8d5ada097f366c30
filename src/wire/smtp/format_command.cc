#include <fmt/core.h>

#include <type_traits>

#include "wire/smtp/command.h"
#include "wire/smtp/internet_date.h"
#include "wire/smtp/xtext.h"

namespace posthorn::wire::smtp {
namespace {

struct Formatter {
  std::string operator()(const Hello& c) const {
    return fmt::format("{} {}", c.kNames[static_cast<std::size_t>(c.verb)], c.name);
  }
  std::string operator()(const Mail& c) const {
    const MailParameters& p = c.parameters;
    std::string out = fmt::format("{} FROM:{}", c.kName, format_path(c.from));
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
    std::string out = fmt::format("{} TO:{}", c.kName, format_path(c.to));
    std::string notify = c.notify.never ? ",NEVER" : "";
    if (c.notify.success) notify += ",SUCCESS";
    if (c.notify.failure) notify += ",FAILURE";
    if (c.notify.delay) notify += ",DELAY";
    if (!notify.empty()) out += " NOTIFY=" + notify.substr(1);
    if (c.orcpt) out += fmt::format(" ORCPT={};{}", c.orcpt->type, format_xtext(c.orcpt->address));
    return out;
  }
  std::string operator()(const Bdat& c) const {
    return fmt::format("{} {}{}", c.kName, c.octets, c.last ? " LAST" : "");
  }
  std::string operator()(const Vrfy& c) const { return fmt::format("{} {}", c.kName, c.argument); }
  std::string operator()(const Help& c) const {
    return fmt::format("{}{}{}", c.kName, c.topic.empty() ? "" : " ", c.topic);
  }
  std::string operator()(const Auth& c) const {
    return fmt::format("{} {}{}{}", c.kName, c.mechanism, c.initial ? " " : "",
                       c.initial.value_or(""));
  }
  std::string operator()(const Xclient& c) const {
    std::string out(c.kName);
    if (c.address)
      out += fmt::format(" ADDR={}{}", c.address->contains(':') ? "IPV6:" : "", *c.address);
    if (c.port) out += fmt::format(" PORT={}", *c.port);
    return out;
  }
  /// A command without arguments.
  template <class T>
    requires std::is_empty_v<T>
  std::string operator()(const T& c) const {
    return std::string(c.kName);
  }
};

template <class T>
constexpr std::string_view kNameOf = T::kName;
template <>
constexpr std::string_view kNameOf<Hello> = "EHLO";

}  // namespace

std::vector<std::string_view> command_names() {
  return []<class... All>(std::type_identity<std::variant<All...>>) {
    return std::vector<std::string_view>{kNameOf<All>...};
  }(std::type_identity<Command>{});
}

std::string format_command(const Command& command) {
  return std::visit(Formatter{}, command) + "\r\n";
}

}  // namespace posthorn::wire::smtp
