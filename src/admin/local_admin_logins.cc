#include <algorithm>
#include <memory>
#include <ranges>

#include "admin/local_admin.h"
#include "async/offload.h"
#include "auth/credentials.h"
#include "auth/password/imported_password.h"
#include "auth/rules/app_password.h"
#include "base/network.h"
#include "service/account_name.h"

// Requests about how people log in: imported passwords, app passwords, and acting as others.
namespace posthorn::admin {

using auth::AppPassword;
using auth::LoginRules;
using service::normal_name;
using Sessions = store::Store::Sessions;

namespace {

std::int64_t time_of(const Json& request, std::string_view member) {
  return static_cast<std::int64_t>(number_of(request, member));
}

Result<auth::Protocols> protocols_of(const Json& request) {
  auto names = texts_of(request, "protocols");
  if (!names) return pass(names);
  if (names->empty()) return auth::kAllProtocols;
  auth::Protocols set = 0;
  for (const std::string& name : *names) {
    const auto protocol = auth::protocol_named(name);
    if (!protocol)
      return fail(ErrorKind::bad_argument,
                  fmt::format("'{}' is not a protocol; there are imap, pop3, submission, "
                              "managesieve, http and other",
                              name));
    set |= auth::bit(*protocol);
  }
  return set;
}

Result<std::vector<std::string>> ranges_of(const Json& request) {
  auto ranges = texts_of(request, "ranges");
  if (!ranges) return pass(ranges);
  if (ranges->size() > LoginRules::kMaxRanges)
    return fail(ErrorKind::limit,
                fmt::format("at most {} address ranges can be given", LoginRules::kMaxRanges));
  for (std::string& range : *ranges) {
    const auto network = Network::parse(range);
    if (!network)
      return fail(network.error().kind, fmt::format("'{}' {}", range, network.error().text));
    range = network->text();
  }
  return ranges;
}

Result<std::string> label_of(const Json& request) {
  constexpr std::size_t kMaxLabel = 100;
  const std::string_view label = text_of(request, "label");
  const bool printable = std::ranges::none_of(
      label, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
  if (label.empty() || label.size() > kMaxLabel || !printable)
    return fail(
        ErrorKind::bad_argument,
        fmt::format("a name of 1 to {} octets is needed, without control characters", kMaxLabel));
  return std::string(label);
}

Json described(const AppPassword& password) {
  boost::json::array protocols;
  for (std::size_t i = 0; i < auth::kProtocolNames.size(); ++i)
    if ((password.protocols & auth::bit(static_cast<auth::Protocol>(i))) != 0)
      protocols.emplace_back(auth::kProtocolNames[i]);
  Json json{{"id", password.id},
            {"label", password.name},
            {"protocols", std::move(protocols)},
            {"ranges", boost::json::array(password.ranges.begin(), password.ranges.end())},
            {"created", password.created},
            {"without", boost::json::array(password.without.begin(), password.without.end())}};
  if (password.expires != 0) json["expires"] = password.expires;
  if (password.last_used != 0) json["last_used"] = password.last_used;
  return json;
}

}  // namespace

async::Task<Result<LocalAdmin::Imported>> LocalAdmin::read_imported(Json request, Compute compute) {
  auto read = auth::parse_imported(text_of(request, "password"), text_of(request, "scheme"),
                                   options_.hash_limits);
  if (!read) co_return pass(read);
  if (auto* const hash = std::get_if<auth::ForeignHash>(&*read)) {
    std::string scheme(hash->scheme());
    co_return Imported{auth::encode_credentials({{}, std::move(*hash)}), std::move(scheme)};
  }
  Imported imported{{}, "SCRAM-SHA-256"};
  if (const auto* const keys = std::get_if<auth::ScramKeys>(&*read)) {
    imported.credentials = auth::encode_keys(*keys);
  } else if (compute == Compute::keys) {
    auto encoded = co_await encode_password(std::get<auth::Secret>(*read).reveal());
    if (!encoded) co_return pass(encoded);
    imported.credentials = std::move(*encoded);
  }
  co_return imported;
}

async::Task<Result<Answer>> LocalAdmin::import_account(Json request) {
  const bool dry_run = flag_of(request, "dry_run");
  const std::string name = normal_name(text_of(request, "name"));
  auto imported = co_await read_imported(request, dry_run ? Compute::nothing : Compute::keys);
  if (!imported) co_return pass(imported);
  auto entry = co_await store_.find_address(name);
  if (!entry) co_return pass(entry);
  Answer answer{{{"name", name}, {"scheme", imported->scheme}, {"outcome", "created"}}};
  if (*entry && (*entry)->alias)
    co_return fail(ErrorKind::already_exists, "the address is an alias");
  if (*entry) answer.said["outcome"] = flag_of(request, "update") ? "updated" : "exists";
  if (dry_run || (*entry && !flag_of(request, "update"))) co_return answer;
  if (*entry) {
    if (auto person = co_await find_person(name); !person) co_return pass(person);
    if (Status own = co_await require_own_password((*entry)->account); !own) co_return pass(own);
    Status set = co_await replace_password((*entry)->account, std::move(imported->credentials));
    if (!set) co_return pass(set);
    co_return answer;
  }
  store::Quota quota = store_.policy().default_quota;
  if (request.contains("max_bytes")) quota.max_bytes = number_of(request, "max_bytes");
  if (request.contains("max_messages")) quota.max_messages = number_of(request, "max_messages");
  auto made = co_await store_.create_account(name, std::move(imported->credentials), quota);
  if (!made) co_return pass(made);
  if (Status noted = co_await note_scram(*made); !noted) co_return pass(noted);
  co_return answer;
}

async::Task<Result<AccountId>> LocalAdmin::edit_rules(std::string name, Sessions sessions,
                                                      std::function<Status(LoginRules&)> edit) {
  auto id = co_await find_person(name);
  if (!id) co_return pass(id);
  Status edited =
      co_await store_.edit_login_rules(*id, sessions, [&edit](std::string& stored) -> Status {
        auto rules = auth::decode_rules(stored);
        if (!rules) return pass(rules);
        if (Status changed = edit(*rules); !changed) return changed;
        stored = auth::encode_rules(*rules);
        return {};
      });
  if (!edited) co_return pass(edited);
  co_return *id;
}

async::Task<Result<Answer>> LocalAdmin::set_main_password(Json request) {
  const auto where = auth::main_password_named(text_of(request, "accepted"));
  if (!where)
    co_return fail(ErrorKind::bad_argument,
                   "the main password is accepted everywhere, http or nowhere");
  auto id = co_await edit_rules(std::string(text_of(request, "name")), Sessions::end,
                                [where](LoginRules& rules) -> Status {
                                  rules.main_password = *where;
                                  return {};
                                });
  if (!id) co_return pass(id);
  if (options_.login_changed) options_.login_changed(*id);
  if (Status noted = co_await note_scram(*id); !noted) co_return pass(noted);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::add_app_password(Json request) {
  AppPassword password;
  auto label = label_of(request);
  if (!label) co_return pass(label);
  password.name = std::move(*label);
  auto protocols = protocols_of(request);
  if (!protocols) co_return pass(protocols);
  password.protocols = *protocols;
  auto ranges = ranges_of(request);
  if (!ranges) co_return pass(ranges);
  password.ranges = std::move(*ranges);
  password.created = store_.clock().now().seconds;
  password.expires = time_of(request, "expires");
  if (password.expires != 0 && password.expires <= password.created)
    co_return fail(ErrorKind::bad_argument, "the app password would have expired already");
  const auth::Secret secret = auth::make_app_password();
  password.digest = *auth::digest_of_app_password(secret.reveal());
  auto added = co_await edit_rules(
      std::string(text_of(request, "name")), Sessions::keep,
      [&password](LoginRules& rules) -> Status {
        if (std::ranges::find(rules.app_passwords, password.name, &AppPassword::name) !=
            rules.app_passwords.end())
          return fail(ErrorKind::already_exists, "there is an app password of that name");
        if (rules.app_passwords.size() >= LoginRules::kMaxAppPasswords)
          return fail(ErrorKind::limit, fmt::format("an account can have {} app passwords",
                                                    LoginRules::kMaxAppPasswords));
        password.id = rules.next_id++;
        rules.app_passwords.push_back(password);
        return {};
      });
  if (!added) co_return pass(added);
  co_return Answer{{{"id", password.id}, {"password", secret.reveal()}}};
}

async::Task<Result<Answer>> LocalAdmin::remove_app_password(Json request) {
  const std::uint64_t id = number_of(request, "id");
  const std::string label(text_of(request, "label"));
  std::uint64_t removed = 0;
  auto edited = co_await edit_rules(
      std::string(text_of(request, "name")), Sessions::keep, [&](LoginRules& rules) -> Status {
        const auto at = std::ranges::find_if(rules.app_passwords, [&](const AppPassword& one) {
          return id != 0 ? one.id == id : one.name == label;
        });
        if (at == rules.app_passwords.end())
          return fail(ErrorKind::not_found, "there is no such app password");
        removed = at->id;
        rules.app_passwords.erase(at);
        return {};
      });
  if (!edited) co_return pass(edited);
  if (options_.app_password_removed) options_.app_password_removed(*edited, removed);
  co_return Answer{{{"removed", removed}}};
}

async::Task<Result<Answer>> LocalAdmin::list_app_passwords(Json request) {
  auto id = co_await find(text_of(request, "name"));
  if (!id) co_return pass(id);
  auto profile = co_await store_.profile(*id);
  if (!profile) co_return pass(profile);
  auto rules = auth::decode_rules(profile->login_rules);
  if (!rules) co_return pass(rules);
  boost::json::array list;
  for (const AppPassword& password : rules->app_passwords) list.push_back(described(password));
  co_return Answer{{{"app_passwords", std::move(list)}}};
}

async::Task<Result<Answer>> LocalAdmin::act_as(Json request) {
  const std::string add = normal_name(text_of(request, "add"));
  const std::string remove = normal_name(text_of(request, "remove"));
  const std::int64_t expires = time_of(request, "expires");
  boost::json::array list;
  // Whoever acts as somebody just now must not go on when the permission is withdrawn.
  const Sessions sessions = remove.empty() ? Sessions::keep : Sessions::end;
  auto id = co_await edit_rules(
      std::string(text_of(request, "name")), sessions, [&](LoginRules& rules) -> Status {
        const auto has = [&](const std::string& domain) {
          return std::ranges::find(rules.may_act_as, domain, &auth::ActAs::domain);
        };
        if (!remove.empty()) {
          const auto at = has(remove);
          if (at == rules.may_act_as.end())
            return fail(ErrorKind::not_found, "there is no such permission");
          rules.may_act_as.erase(at);
        }
        if (!add.empty()) {
          if (add.contains('@') || add.size() > 255)
            return fail(ErrorKind::bad_argument,
                        "a domain is expected, or * for all accounts of this server");
          if (const auto at = has(add); at != rules.may_act_as.end()) {
            at->expires = expires;
          } else if (rules.may_act_as.size() >= LoginRules::kMaxActAs) {
            return fail(ErrorKind::limit, "the account has too many permissions of this kind");
          } else {
            rules.may_act_as.push_back({add, expires});
          }
        }
        list.clear();
        for (const auth::ActAs& grant : rules.may_act_as) {
          Json entry{{"domain", grant.domain}};
          if (grant.expires != 0) entry["expires"] = grant.expires;
          list.push_back(std::move(entry));
        }
        return {};
      });
  if (!id) co_return pass(id);
  if (!remove.empty() && options_.login_changed) options_.login_changed(*id);
  co_return Answer{{{"may_act_as", std::move(list)}}};
}

}  // namespace posthorn::admin
