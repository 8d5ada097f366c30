#include "directory/ldap_link.h"

#include <ldap.h>

#include <algorithm>
#include <array>

#include "directory/fields.h"
#include "directory/ldap_entry.h"
#include "directory/ldap_escape.h"

namespace posthorn::directory {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

std::unexpected<Error> unavailable(std::string text, int code) {
  return fail(ErrorKind::unavailable, std::move(text), ldap_err2string(code));
}

timeval to_timeval(milliseconds time) {
  return {time.count() / 1000, static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

struct FreeMemory {
  void operator()(char* memory) const { ldap_memfree(memory); }
};

/// What the library has to say besides its error, such as what is wrong with a certificate.
std::string diagnosis(LDAP* server) {
  char* said = nullptr;
  ldap_get_option(server, LDAP_OPT_DIAGNOSTIC_MESSAGE, static_cast<void*>(&said));
  const std::unique_ptr<char, FreeMemory> held(said);
  return held ? held.get() : "";
}

/// Certificates are always checked, with the name of the server.
Status prepare_tls(LDAP* server, const std::string& ca_file) {
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int as_client = 0;
  const char* const file = ca_file.empty() ? kSystemAuthorities : ca_file.c_str();
  ldap_set_option(server, LDAP_OPT_X_TLS_CACERTFILE, file);
  ldap_set_option(server, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
  // The settings above take effect with it.
  if (ldap_set_option(server, LDAP_OPT_X_TLS_NEWCTX, &as_client) == LDAP_OPT_SUCCESS) return {};
  return fail(ErrorKind::unavailable, "the certificate authorities cannot be read", file);
}

}  // namespace

void LdapLink::Unbind::operator()(ldap* server) const { ldap_unbind_ext(server, nullptr, nullptr); }
void LdapLink::Free::operator()(ldapmsg* message) const { ldap_msgfree(message); }

LdapLink::LdapLink(std::shared_ptr<const LdapOptions> options, milliseconds timeout)
    : options_(std::move(options)), timeout_(timeout) {}

LdapLink::~LdapLink() = default;

milliseconds LdapLink::left() const {
  const auto time = std::chrono::duration_cast<milliseconds>(deadline_ - steady_clock::now());
  return std::max(time, milliseconds(1));
}

Result<LdapLink::Server> LdapLink::connect_to(const std::string& uri) const {
  LDAP* made = nullptr;
  if (const int code = ldap_initialize(&made, uri.c_str()); code != LDAP_SUCCESS)
    return unavailable(uri + " cannot be used", code);
  Server server(made);
  const int version = LDAP_VERSION3;
  // An unanswered connection or handshake must leave time for the next server.
  const timeval limit = to_timeval(std::max(
      milliseconds(timeout_ / static_cast<int>(options_->servers.size() + 1)), milliseconds(200)));
  ldap_set_option(made, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(made, LDAP_OPT_NETWORK_TIMEOUT, &limit);
  ldap_set_option(made, LDAP_OPT_TIMEOUT, &limit);
  ldap_set_option(made, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  ldap_set_option(made, LDAP_OPT_RESTART, LDAP_OPT_ON);
  const bool starttls = options_->starttls && uri.starts_with("ldap://");
  if (starttls || uri.starts_with("ldaps://"))
    if (Status prepared = prepare_tls(made, options_->ca_file); !prepared) return pass(prepared);
  if (!starttls) return server;
  const int code = ldap_start_tls_s(made, nullptr, nullptr);
  if (code == LDAP_SUCCESS) return server;
  return fail(ErrorKind::unavailable, uri + " cannot be reached under TLS",
              fmt::format("{} {}", ldap_err2string(code), diagnosis(made)));
}

Result<LdapLink::Server> LdapLink::connect() {
  Result<Server> server = fail(ErrorKind::unavailable, "no server is configured");
  const std::size_t count = options_->servers.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t which = (last_good_ + i) % count;
    const std::string& uri = options_->servers[which];
    server = connect_to(uri);
    if (!server) continue;
    // A connection is made only with the first request.
    static const auth::Secret kNone;
    const auth::Secret& password = options_->bind_password ? *options_->bind_password : kNone;
    const auto code = bind(server->get(), options_->bind_dn, password);
    if (code && *code == LDAP_SUCCESS) {
      last_good_ = which;
      return server;
    }
    server =
        !code ? Result<Server>(
                    fail(code.error().kind, uri + " cannot be reached", code.error().cause))
              : Result<Server>(unavailable(uri + " refuses the service account (bind_dn)", *code));
  }
  return server;
}

Result<LdapLink::Message> LdapLink::answer(ldap* server, int request) const {
  LDAPMessage* received = nullptr;
  timeval limit = to_timeval(left());
  const int kind = ldap_result(server, request, LDAP_MSG_ALL, &limit, &received);
  Message message(received);
  if (kind == 0) {
    ldap_abandon_ext(server, request, nullptr, nullptr);
    return fail(ErrorKind::unavailable, "the LDAP server does not answer in time");
  }
  if (kind < 0) {
    int code = LDAP_SERVER_DOWN;
    ldap_get_option(server, LDAP_OPT_RESULT_CODE, &code);
    return unavailable("the connection to the LDAP server is lost", code);
  }
  return message;
}

Result<int> LdapLink::bind(ldap* server, const std::string& dn,
                           const auth::Secret& password) const {
  std::string copy(password.reveal());
  berval credentials{copy.size(), copy.data()};
  int request = 0;
  const int sent = ldap_sasl_bind(server, dn.c_str(), LDAP_SASL_SIMPLE, &credentials, nullptr,
                                  nullptr, &request);
  auth::wipe(copy);
  if (sent != LDAP_SUCCESS) return unavailable("the LDAP server cannot be reached", sent);
  auto message = answer(server, request);
  if (!message) return pass(message);
  int code = LDAP_OTHER;
  const int parsed =
      ldap_parse_result(server, message->get(), &code, nullptr, nullptr, nullptr, nullptr, 0);
  if (parsed != LDAP_SUCCESS) return unavailable("the LDAP server's answer is malformed", parsed);
  return code;
}

Status LdapLink::open_for_searches() {
  deadline_ = steady_clock::now() + timeout_;
  if (searching_) return {};
  auto server = connect();
  if (!server) return pass(server);
  searching_ = std::move(*server);
  return {};
}

Result<LdapLink::Message> LdapLink::search_one(const std::string& filter, const Asked& asked) {
  if (Status opened = open_for_searches(); !opened) return pass(opened);
  std::array<std::string, 5> wanted{options_->name_attribute, options_->password_attribute,
                                    options_->enabled_attribute, options_->quota_attribute,
                                    options_->groups_attribute};
  std::vector<char*> attributes;
  for (std::string& attribute : wanted)
    if (!attribute.empty()) attributes.push_back(attribute.data());
  // Of no attributes, all would be sent.
  std::string none(LDAP_NO_ATTRS);
  if (attributes.empty()) attributes.push_back(none.data());
  attributes.push_back(nullptr);
  const std::string base = expand(options_->base, asked, escape_for_dn);
  const std::string text = expand(filter, asked, escape_for_filter);
  constexpr int kMost = 2;  // Enough to see that there are several.
  timeval limit = to_timeval(left());
  int request = 0;
  const int sent = ldap_search_ext(searching_.get(), base.c_str(), LDAP_SCOPE_SUBTREE, text.c_str(),
                                   attributes.data(), 0, nullptr, nullptr, &limit, kMost, &request);
  if (sent == LDAP_FILTER_ERROR)
    return fail(ErrorKind::corrupt, fmt::format("the filter for {} is malformed", asked.name));
  if (sent != LDAP_SUCCESS) return unavailable("the LDAP server cannot be reached", sent);
  auto message = answer(searching_.get(), request);
  if (!message) return pass(message);
  int code = LDAP_OTHER;
  ldap_parse_result(searching_.get(), message->get(), &code, nullptr, nullptr, nullptr, nullptr, 0);
  const int found = ldap_count_entries(searching_.get(), message->get());
  if (found > 1 || code == LDAP_SIZELIMIT_EXCEEDED)
    return fail(ErrorKind::corrupt, fmt::format("there is more than one entry for {}", asked.name));
  // A base with a domain in it that is not there.
  const bool no_base = code == LDAP_NO_SUCH_OBJECT && options_->base.contains("%{");
  if (code != LDAP_SUCCESS && !no_base)
    return unavailable(fmt::format("the search below '{}' failed", base), code);
  if (found == 0) return Message();
  return message;
}

Result<std::optional<Entry>> LdapLink::find_user(const Asked& asked) {
  // The rest of a domain is nobody.
  if (asked.user.empty()) return std::nullopt;
  auto found = search_one(options_->filter, asked);
  if (!found) return pass(found);
  if (!*found) return std::nullopt;
  auto entry = read_ldap_entry(searching_.get(), ldap_first_entry(searching_.get(), found->get()),
                               *options_, asked);
  if (!entry) return pass(entry);
  return std::move(*entry);
}

Result<std::vector<std::string>> LdapLink::find_alias(const Asked& asked) {
  if (options_->alias_filter.empty()) return std::vector<std::string>();
  auto found = search_one(options_->alias_filter, asked);
  if (!found) return pass(found);
  if (!*found) return std::vector<std::string>();
  auto entry = read_ldap_entry(searching_.get(), ldap_first_entry(searching_.get(), found->get()),
                               *options_, asked);
  if (!entry) return pass(entry);
  return std::vector{std::move(entry->name)};
}

Result<bool> LdapLink::has_domain(const std::string& /*domain*/) { return false; }

Result<bool> LdapLink::verify(const Entry& entry, const auth::Secret& password) {
  deadline_ = steady_clock::now() + timeout_;
  if (password.empty()) return false;
  if (!binding_) {
    auto server = connect();
    if (!server) return pass(server);
    binding_ = std::move(*server);
  }
  const auto code = bind(binding_.get(), entry.handle, password);
  if (!code) return std::unexpected(code.error());
  switch (*code) {
    case LDAP_SUCCESS: return true;
    // It has no password, or is no more.
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_NO_SUCH_OBJECT: return false;
    case LDAP_BUSY:
    case LDAP_UNAVAILABLE:
    case LDAP_TIMELIMIT_EXCEEDED:
    case LDAP_OTHER:
      return unavailable("the LDAP server cannot check passwords at the moment", *code);
    default: break;
  }
  // The server is not lost, and what is the matter with this entry may pass.
  return fail(ErrorKind::corrupt, fmt::format("the entry {} cannot log in", entry.handle),
              ldap_err2string(*code));
}

}  // namespace posthorn::directory
