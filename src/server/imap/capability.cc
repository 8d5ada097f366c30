#include "server/imap/capability.h"

#include <algorithm>
#include <array>

#include "text/ascii.h"

namespace posthorn::server::imap {
namespace {

enum class When : std::uint8_t {
  always,
  before_login,
  after_login,
  start_tls,       ///< Before login, while TLS can still be started.
  no_plaintext,    ///< Before login, while passwords may not be sent.
  not_compressed,  ///< After login, until COMPRESS.
};

struct Capability {
  std::string_view name;
  When when;
  std::string_view source;  ///< The document that defines it.
};

// Capabilities that must be enabled first are in cmd_enable.cc, those that commands need in the
// CommandSpec of each.
constexpr auto kCapabilities = std::to_array<Capability>({
    {"IMAP4rev1", When::always, "RFC 3501"},
    {"IMAP4rev2", When::always, "RFC 9051"},
    {"LITERAL+", When::always, "RFC 7888"},
    {"SASL-IR", When::before_login, "RFC 4959"},
    {"STARTTLS", When::start_tls, "RFC 9051 §6.2.1"},
    {"LOGINDISABLED", When::no_plaintext, "RFC 9051 §6.2.3"},
    {"ENABLE", When::always, "RFC 5161"},
    {"ID", When::always, "RFC 2971"},
    {"IDLE", When::always, "RFC 2177"},
    {"NAMESPACE", When::after_login, "RFC 2342"},
    {"UNSELECT", When::after_login, "RFC 3691"},
    {"UIDPLUS", When::after_login, "RFC 4315"},
    {"MOVE", When::after_login, "RFC 6851"},
    {"CHILDREN", When::after_login, "RFC 3348"},
    {"LIST-EXTENDED", When::after_login, "RFC 5258"},
    {"LIST-STATUS", When::after_login, "RFC 5819"},
    {"SPECIAL-USE", When::after_login, "RFC 6154"},
    {"CREATE-SPECIAL-USE", When::after_login, "RFC 6154 §3"},
    {"STATUS=SIZE", When::after_login, "RFC 8438"},
    {"ESEARCH", When::after_login, "RFC 4731"},
    {"SEARCHRES", When::after_login, "RFC 5182"},
    {"BINARY", When::after_login, "RFC 3516"},
    {"MULTIAPPEND", When::after_login, "RFC 3502"},
    {"REPLACE", When::after_login, "RFC 8508"},
    {"CATENATE", When::after_login, "RFC 4469"},
    {"URL-PARTIAL", When::after_login, "RFC 5550"},
    {"CONDSTORE", When::after_login, "RFC 7162"},
    {"QRESYNC", When::after_login, "RFC 7162 §3.2"},
    {"WITHIN", When::after_login, "RFC 5032"},
    {"SORT", When::after_login, "RFC 5256"},
    {"SORT=DISPLAY", When::after_login, "RFC 5957"},
    {"ESORT", When::after_login, "RFC 5267"},
    {"CONTEXT=SEARCH", When::after_login, "RFC 5267"},
    {"CONTEXT=SORT", When::after_login, "RFC 5267"},
    {"I18NLEVEL=2", When::after_login, "RFC 5255"},
    {"THREAD=ORDEREDSUBJECT", When::after_login, "RFC 5256"},
    {"THREAD=REFERENCES", When::after_login, "RFC 5256"},
    {"THREAD=REFS", When::after_login, "draft-ietf-morg-inthread"},
    {"QUOTA", When::after_login, "RFC 9208"},
    {"QUOTA=RES-STORAGE", When::after_login, "RFC 9208 §5.1"},
    {"QUOTA=RES-MESSAGE", When::after_login, "RFC 9208 §5.2"},
    {"QUOTA=RES-MAILBOX", When::after_login, "RFC 9208 §5.3"},
    {"ACL", When::after_login, "RFC 4314"},
    {"RIGHTS=texk", When::after_login, "RFC 4314 §5.1.1"},
    {"LIST-MYRIGHTS", When::after_login, "RFC 8440"},
    {"METADATA", When::after_login, "RFC 5464"},
    {"LIST-METADATA", When::after_login, "RFC 9590"},
    {"MULTISEARCH", When::after_login, "RFC 7377"},
    {"FILTERS", When::after_login, "RFC 5466"},
    {"NOTIFY", When::after_login, "RFC 5465"},
    {"INPROGRESS", When::after_login, "RFC 9585"},
    {"PARTIAL", When::after_login, "RFC 9394"},
    {"UIDBATCHES", When::after_login, "RFC 10022"},
    {"UIDONLY", When::after_login, "RFC 9586"},
    {"SAVEDATE", When::after_login, "RFC 8514"},
    {"PREVIEW", When::after_login, "RFC 8970"},
    {"OBJECTID", When::after_login, "RFC 8474"},
    {"UNAUTHENTICATE", When::after_login, "RFC 8437"},
    {"UTF8=ACCEPT", When::after_login, "RFC 9755"},
    {"COMPRESS=DEFLATE", When::not_compressed, "RFC 4978"},
});

constexpr auto kInRev2 = std::to_array<std::string_view>(
    {"NAMESPACE", "UNSELECT", "UIDPLUS", "ESEARCH", "SEARCHRES", "ENABLE", "IDLE", "SASL-IR",
     "LIST-EXTENDED", "LIST-STATUS", "MOVE", "BINARY", "SPECIAL-USE", "STATUS=SIZE", "CHILDREN"});

constexpr auto kExtra = std::to_array<std::string_view>({
    // A proxy that reuses connections is meant to use it; nobody else needs it.
    "UNAUTHENTICATE",
    // workaround: new Outlook enables it where it is offered, and then uses message numbers.
    "UIDONLY",
});

struct Foundation {
  std::string_view capability;
  std::string_view stands_on;
};
constexpr auto kFoundations = std::to_array<Foundation>({
    {"QRESYNC", "CONDSTORE"},
    {"QRESYNC", "ENABLE"},
    {"URL-PARTIAL", "CATENATE"},
    {"UIDONLY", "ENABLE"},
    {"UTF8=ACCEPT", "ENABLE"},
    {"IMAP4rev2", "ENABLE"},
    {"SEARCHRES", "ESEARCH"},
    {"PARTIAL", "ESEARCH"},
    {"ESORT", "SORT"},
    {"ESORT", "ESEARCH"},
    {"CONTEXT=SEARCH", "ESEARCH"},
    {"CONTEXT=SEARCH", "PARTIAL"},
    {"CONTEXT=SORT", "ESORT"},
    {"CONTEXT=SORT", "CONTEXT=SEARCH"},
    {"SORT=DISPLAY", "SORT"},
    {"LIST-STATUS", "LIST-EXTENDED"},
    {"RIGHTS=texk", "ACL"},
    {"LIST-MYRIGHTS", "LIST-EXTENDED"},
    {"LIST-MYRIGHTS", "ACL"},
    {"LIST-METADATA", "LIST-EXTENDED"},
    {"LIST-METADATA", "METADATA"},
    {"FILTERS", "METADATA"},
    {"MULTISEARCH", "ESEARCH"},
    {"CREATE-SPECIAL-USE", "SPECIAL-USE"},
    {"QUOTA=RES-STORAGE", "QUOTA"},
    {"QUOTA=RES-MESSAGE", "QUOTA"},
    {"QUOTA=RES-MAILBOX", "QUOTA"},
});

/// Capabilities that cannot be switched off for one account, and why.
struct Fixed {
  std::string_view capability;
  std::string_view reason;
};
constexpr auto kFixed = std::to_array<Fixed>({
    {"IMAP4rev1", "is the protocol itself"},
    {"LITERAL+", "is about how commands are read, which begins before the login"},
    {"RIGHTS=texk", "can only be switched off together with ACL, by the name ACL"},
    {"QUOTA=RES-STORAGE", "can only be switched off together with QUOTA, by the name QUOTA"},
    {"QUOTA=RES-MESSAGE", "can only be switched off together with QUOTA, by the name QUOTA"},
    {"QUOTA=RES-MAILBOX", "can only be switched off together with QUOTA, by the name QUOTA"},
});
constexpr std::string_view kBeforeLogin = "is about the time before the login";

/// RFC 7889; not in the table, since its value is the limit.
constexpr std::string_view kAppendLimit = "APPENDLIMIT";

/// Returns why a capability cannot be switched off for one account; empty if it can.
std::string_view why_fixed(const Capability& capability) {
  const auto* const fixed = std::ranges::find(kFixed, capability.name, &Fixed::capability);
  if (fixed != kFixed.end()) return fixed->reason;
  switch (capability.when) {
    case When::before_login:
    case When::start_tls:
    case When::no_plaintext: return kBeforeLogin;
    default: return {};
  }
}

bool applies(When when, const CapabilityView& view) {
  const bool before = view.stage == CapabilityView::Stage::before_login;
  switch (when) {
    case When::always: return true;
    case When::before_login: return before;
    case When::after_login: return !before;
    case When::start_tls: return before && view.can_start_tls;
    case When::no_plaintext: return before && !view.plaintext_allowed;
    case When::not_compressed: return !before && !view.compressed;
  }
  return false;
}

void add(std::string& out, std::string_view name) {
  if (!out.empty()) out += ' ';
  out += name;
}

}  // namespace

bool is_extra_capability(std::string_view capability) {
  return std::ranges::any_of(
      kExtra, [&](std::string_view name) { return text::iequals(name, capability); });
}

bool is_offered(std::string_view capability, const ImapOptions& options,
                std::span<const std::string> without) {
  const auto are_named = [&](std::span<const std::string> names) {
    return std::ranges::any_of(
        names, [&](const std::string& name) { return text::iequals(name, capability); });
  };
  if (is_extra_capability(capability) && !are_named(options.extra_capabilities)) return false;
  if (options.disabled_capabilities.empty() && without.empty()) return true;
  return !are_named(options.disabled_capabilities) && !are_named(without) &&
         std::ranges::all_of(kFoundations, [&](const Foundation& f) {
           return !text::iequals(f.capability, capability) ||
                  is_offered(f.stands_on, options, without);
         });
}

Result<std::string> capability_for_mask(std::string_view name) {
  const auto refuse = [&](std::string_view spelled, std::string_view why) {
    return fail(ErrorKind::bad_argument, fmt::format("{} {}", spelled, why));
  };
  constexpr std::string_view kMechanism = "AUTH=";
  if (text::iequals(name.substr(0, kMechanism.size()), kMechanism))
    return refuse(name, kBeforeLogin);
  if (text::iequals(name, kAppendLimit)) return std::string(kAppendLimit);
  std::string names;
  for (const Capability& one : kCapabilities) {
    const std::string_view why = why_fixed(one);
    if (text::iequals(one.name, name)) {
      if (!why.empty()) return refuse(one.name, why);
      return std::string(one.name);
    }
    if (!why.empty()) continue;
    names += one.name;
    names += ", ";
  }
  return refuse(fmt::format("'{}'", name),
                fmt::format("is not a capability that can be switched off; there are {}{}", names,
                            kAppendLimit));
}

std::vector<std::string> stands_on_any(std::span<const std::string> names) {
  // As if everything were offered that can be.
  ImapOptions options;
  options.extra_capabilities.assign(kExtra.begin(), kExtra.end());
  std::vector<std::string> gone;
  for (const Capability& one : kCapabilities) {
    const bool named =
        std::ranges::any_of(names, [&](std::string_view n) { return text::iequals(n, one.name); });
    if (!named && !is_offered(one.name, options, names)) gone.emplace_back(one.name);
  }
  return gone;
}

bool is_part_of_rev2(std::string_view capability) {
  return std::ranges::find(kInRev2, capability) != kInRev2.end();
}

std::vector<std::string_view> all_capabilities() {
  std::vector<std::string_view> names = {kAppendLimit};
  for (const Capability& capability : kCapabilities) names.push_back(capability.name);
  return names;
}

std::string format_capabilities(const CapabilityView& view, const ImapOptions& options) {
  std::string out;
  for (const Capability& capability : kCapabilities) {
    if (applies(capability.when, view) && is_offered(capability.name, options, view.without)) {
      add(out, capability.name);
    }
  }
  if (view.stage == CapabilityView::Stage::before_login) {
    for (const std::string_view mechanism : view.mechanisms) {
      const std::string name = "AUTH=" + std::string(mechanism);
      if (is_offered(name, options)) add(out, name);
    }
  } else if (is_offered(kAppendLimit, options, view.without)) {
    add(out, fmt::format("{}={}", kAppendLimit, options.max_message_octets));  // RFC 7889
  }
  return out;
}

}  // namespace posthorn::server::imap
