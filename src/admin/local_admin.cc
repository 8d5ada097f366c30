#include "admin/local_admin.h"

#include <unistd.h>

#include "async/offload.h"
#include "auth/credentials.h"
#include "auth/rules/login_rules.h"
#include "base/version.h"
#include "service/account_name.h"
#include "service/forwarding/forwarder.h"
#include "service/scram_hint.h"
#include "service/sharing/team.h"
#include "store/adopt/adoption.h"
#include "store/upkeep/hold.h"

namespace posthorn::admin {

using service::normal_name;
namespace {

constexpr std::size_t kPage = 1000;

Error unknown_account(std::string_view name) {
  return {ErrorKind::not_found, fmt::format("there is no account '{}'", name)};
}

/// Adds what is known of the account's passwords.
void describe_login(const store::AccountProfile& profile, Json& entry) {
  entry["has_password"] = !profile.credentials.empty();
  entry["scram"] = false;
  if (!profile.credentials.empty()) {
    if (const auto credentials = auth::decode_credentials(profile.credentials)) {
      entry["scram"] = credentials->keys.has_value();
      if (credentials->hash) entry["scheme"] = credentials->hash->scheme();
      if (!credentials->directory.empty()) entry["directory"] = credentials->directory;
    } else {
      entry["scheme"] = "unreadable";
    }
  }
  if (const auto rules = auth::decode_rules(profile.login_rules)) {
    entry["main_password"] = auth::name_of(rules->main_password);
    entry["app_passwords"] = rules->app_passwords.size();
    entry["without"] = boost::json::array(rules->without.begin(), rules->without.end());
  }
}

/// None if there is no hold. One that cannot be read is shown without a reason: it counts.
async::Task<std::optional<Json>> hold_of(store::Store& store, AccountId account) {
  auto hold = co_await store::find_hold(store.engine(), account);
  if (hold && !*hold) co_return std::nullopt;
  if (!hold) co_return Json{{"since", 0}, {"reason", hold.error().text}};
  co_return Json{{"since", (*hold)->since}, {"reason", (*hold)->reason}};
}

}  // namespace

Status LocalAdmin::check_not_reserved(std::string_view name) {
  if (normal_name(name) != service::kForwardingAccount) return {};
  return fail(ErrorKind::bad_argument,
              fmt::format("'{}' is the server's own: mail that aliases send to other servers waits "
                          "there",
                          service::kForwardingAccount));
}

struct LocalAdmin::Request {
  std::string_view name;
  async::Task<Result<Answer>> (LocalAdmin::*handler)(Json);
};

const LocalAdmin::Request LocalAdmin::kRequests[] = {
    {"account.create", &LocalAdmin::create_account},
    {"account.passwd", &LocalAdmin::set_password},
    {"account.import", &LocalAdmin::import_account},
    {"account.main_password", &LocalAdmin::set_main_password},
    {"account.app_password.add", &LocalAdmin::add_app_password},
    {"account.app_password.remove", &LocalAdmin::remove_app_password},
    {"account.app_password.list", &LocalAdmin::list_app_passwords},
    {"account.capabilities", &LocalAdmin::mask_capabilities},
    {"account.act_as", &LocalAdmin::act_as},
    {"account.remove", &LocalAdmin::remove_account},
    {"account.removed", &LocalAdmin::list_removed},
    {"account.undelete", &LocalAdmin::undelete_account},
    {"account.adopt", &LocalAdmin::begin_adoption},
    {"account.adopt.finish", &LocalAdmin::finish_adoption},
    {"account.as_of", &LocalAdmin::restore_as_of},
    {"account.disable", &LocalAdmin::enable_account},
    {"account.enable", &LocalAdmin::enable_account},
    {"account.forget", &LocalAdmin::forget_account},
    {"account.hold", &LocalAdmin::hold_account},
    {"account.unhold", &LocalAdmin::unhold_account},
    {"account.list", &LocalAdmin::list_accounts},
    {"account.send_as", &LocalAdmin::send_as},
    {"account.sent_copy", &LocalAdmin::keep_sent},
    {"team.create", &LocalAdmin::create_team},
    {"team.remove", &LocalAdmin::remove_team},
    {"team.list", &LocalAdmin::list_teams},
    {"team.show", &LocalAdmin::show_team},
    {"team.set", &LocalAdmin::set_team},
    {"team.member.add", &LocalAdmin::add_member},
    {"team.member.remove", &LocalAdmin::remove_member},
    {"alias.add", &LocalAdmin::add_alias},
    {"alias.remove", &LocalAdmin::remove_alias},
    {"alias.list", &LocalAdmin::list_aliases},
    {"alias.rotate_key", &LocalAdmin::rotate_srs_key},
    {"mailbox.list", &LocalAdmin::list_mailboxes},
    {"mailbox.subscribe", &LocalAdmin::subscribe},
    {"mailbox.remove", &LocalAdmin::remove_mailbox},
    {"mailbox.expire", &LocalAdmin::expire_mailbox},
    {"mailbox.shares", &LocalAdmin::list_shares},
    {"mailbox.share", &LocalAdmin::share_mailbox},
    {"mailbox.unshare", &LocalAdmin::unshare_mailbox},
    {"message.undelete", &LocalAdmin::undelete},
    {"message.list", &LocalAdmin::list_messages},
    {"message.read", &LocalAdmin::read_message},
    {"index.status", &LocalAdmin::index_status},
    {"index.rebuild", &LocalAdmin::rebuild_index},
    {"queue.list", &LocalAdmin::list_queue},
    {"queue.show", &LocalAdmin::show_queued},
    {"queue.retry", &LocalAdmin::retry_queued},
    {"queue.cancel", &LocalAdmin::cancel_queued},
    {"session.list", &LocalAdmin::list_sessions},
    {"session.kick", &LocalAdmin::kick},
    {"session.trace", &LocalAdmin::trace},
    {"node.list", &LocalAdmin::list_nodes},
    {"snapshot.take", &LocalAdmin::take_snapshot},
    {"snapshot.drop", &LocalAdmin::drop_snapshot},
    {"backup.done", &LocalAdmin::note_backup},
    {"status", &LocalAdmin::status},
    {"check", &LocalAdmin::check},
    {"sweep", &LocalAdmin::sweep},
    {"ping", &LocalAdmin::ping},
};

LocalAdmin::LocalAdmin(store::Store& store, Options options)
    : store_(store), options_(std::move(options)) {}

LocalAdmin::~LocalAdmin() = default;

async::Task<Result<Answer>> LocalAdmin::call(Json request, OctetSource& octets) {
  const std::string_view wanted = text_of(request, "do");
  if (wanted == "message.append") return append_messages(std::move(request), octets);
  if (wanted == "account.adopt.add") return add_to_adoption(std::move(request), octets);
  return []() -> async::Task<Result<Answer>> {
    co_return fail(ErrorKind::bad_argument, "this request does not accept octets");
  }();
}

async::Task<Result<Answer>> LocalAdmin::call(Json request) {
  const std::string_view wanted = text_of(request, "do");
  for (const Request& known : kRequests)
    if (known.name == wanted) return (this->*known.handler)(std::move(request));
  return [](std::string what) -> async::Task<Result<Answer>> {
    co_return fail(ErrorKind::bad_argument, fmt::format("there is no request '{}'", what));
  }(std::string(wanted));
}

async::Task<Result<AccountId>> LocalAdmin::find(std::string_view name) {
  const std::string wanted = normal_name(name);
  auto entry = co_await store_.find_address(wanted);
  if (!entry) co_return pass(entry);
  if (!*entry || (*entry)->alias) co_return std::unexpected(unknown_account(wanted));
  co_return (*entry)->account;
}

async::Task<Result<AccountId>> LocalAdmin::find_person(std::string_view name) {
  const std::string wanted(name);
  auto id = co_await find(wanted);
  if (!id) co_return pass(id);
  auto profile = co_await store_.profile(*id);
  if (!profile) co_return pass(profile);
  if (profile->team)
    co_return fail(ErrorKind::bad_argument,
                   fmt::format("'{}' is a team, and nobody logs in as a team", wanted));
  co_return id;
}

async::Task<Result<store::AccountPtr>> LocalAdmin::open(std::string_view name) {
  auto id = co_await find(name);
  if (!id) co_return pass(id);
  co_return co_await store_.account(*id);
}

async::Task<Result<std::string>> LocalAdmin::encode_password(std::string_view password) {
  if (password.empty()) co_return fail(ErrorKind::bad_argument, "the password is empty");
  if (password.size() > auth::kMaxPasswordOctets)
    co_return fail(ErrorKind::bad_argument, "the password is too long");
  const std::uint32_t iterations =
      options_.iterations != 0 ? options_.iterations : auth::kDefaultIterations;
  co_return co_await async::offload(store_.offload(), [copy = std::string(password), iterations] {
    return auth::encode_keys(auth::make_keys(copy, iterations));
  });
}

async::Task<Result<Answer>> LocalAdmin::create_account(Json request) {
  const std::string name = normal_name(text_of(request, "name"));
  if (Status free = check_not_reserved(name); !free) co_return pass(free);
  std::string credentials;
  if (request.contains("password")) {
    auto encoded = co_await encode_password(text_of(request, "password"));
    if (!encoded) co_return pass(encoded);
    credentials = std::move(*encoded);
  }
  store::Quota quota = store_.policy().default_quota;
  if (request.contains("max_bytes")) quota.max_bytes = number_of(request, "max_bytes");
  if (request.contains("max_messages")) quota.max_messages = number_of(request, "max_messages");
  auto made = co_await store_.create_account(name, std::move(credentials), quota);
  if (!made) co_return pass(made);
  co_return Answer{{{"id", to_hex(*made)}, {"name", name}}};
}

async::Task<Result<Answer>> LocalAdmin::set_password(Json request) {
  if (Status free = check_not_reserved(text_of(request, "name")); !free) co_return pass(free);
  auto id = co_await find_person(text_of(request, "name"));
  if (!id) co_return pass(id);
  if (!flag_of(request, "internal"))
    if (Status own = co_await require_own_password(*id); !own) co_return pass(own);
  auto encoded = co_await encode_password(text_of(request, "password"));
  if (!encoded) co_return pass(encoded);
  Status set = co_await replace_password(*id, std::move(*encoded));
  if (!set) co_return pass(set);
  co_return Answer{};
}

async::Task<Status> LocalAdmin::require_own_password(AccountId account) {
  const auto profile = co_await store_.profile(account);
  if (!profile) co_return std::unexpected(profile.error());
  if (profile->credentials.empty()) co_return Status();
  // What cannot be read is to be replaced.
  const auto credentials = auth::decode_credentials(profile->credentials);
  if (!credentials || credentials->directory.empty()) co_return Status();
  co_return fail(ErrorKind::bad_argument,
                 fmt::format("the password of {} is in the directory '{}' and can be changed only "
                             "there; `posthorn account passwd --internal` makes the account one of "
                             "this server's own",
                             profile->name, credentials->directory));
}

async::Task<Status> LocalAdmin::replace_password(AccountId account, std::string credentials) {
  Status set = co_await store_.set_credentials(account, std::move(credentials));
  if (!set) co_return set;
  if (options_.login_changed) options_.login_changed(account);
  co_return co_await note_scram(account);
}

async::Task<Status> LocalAdmin::note_scram(AccountId account) {
  if (options_.scram_changed) {
    co_await options_.scram_changed(account);
    co_return Status();
  }
  auto noted = co_await service::update_scram_hint(store_, account);
  if (!noted) co_return pass(noted);
  co_return Status();
}

async::Task<Status> LocalAdmin::check_not_held(AccountId account) {
  if (!co_await hold_of(store_, account)) co_return Status();
  co_return fail(ErrorKind::no_permission,
                 "the account is held and cannot be removed; `posthorn account unhold` ends the "
                 "hold");
}

async::Task<Result<Answer>> LocalAdmin::hold_account(Json request) {
  auto id = co_await find(text_of(request, "name"));
  if (!id) co_return pass(id);
  Status held = co_await store::hold_account(store_, *id, std::string(text_of(request, "reason")));
  if (!held) co_return pass(held);
  auto hold = co_await hold_of(store_, *id);
  if (!hold) co_return fail(ErrorKind::io, "the hold cannot be read");
  co_return Answer{std::move(*hold)};
}

async::Task<Result<Answer>> LocalAdmin::unhold_account(Json request) {
  auto id = co_await find(text_of(request, "name"));
  if (!id) co_return pass(id);
  Status ended = co_await store::end_hold(store_, *id);
  if (!ended) co_return pass(ended);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::remove_account(Json request) {
  if (Status free = check_not_reserved(text_of(request, "name")); !free) co_return pass(free);
  auto id = co_await find(text_of(request, "name"));
  if (!id) co_return pass(id);
  if (Status free = co_await check_not_held(*id); !free) co_return pass(free);
  if (Status left = co_await service::leave_all_teams(store_, *id); !left) co_return pass(left);
  Status removed = co_await store_.remove_account(*id);
  if (!removed) co_return pass(removed);
  if (options_.login_changed) options_.login_changed(*id);
  if (Status noted = co_await note_scram(*id); !noted) co_return pass(noted);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::enable_account(Json request) {
  if (Status free = check_not_reserved(text_of(request, "name")); !free) co_return pass(free);
  auto id = co_await find(text_of(request, "name"));
  if (!id) co_return pass(id);
  Status set = co_await store_.set_disabled(*id, text_of(request, "do") == "account.disable");
  if (!set) co_return pass(set);
  if (options_.login_changed) options_.login_changed(*id);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::forget_account(Json request) {
  if (!options_.forget)
    co_return fail(ErrorKind::unavailable,
                   "no server runs, and only a running one remembers what directories said");
  Status done = co_await options_.forget(normal_name(text_of(request, "name")));
  if (!done) co_return pass(done);
  co_return Answer{};
}

async::Task<Result<std::vector<store::Store::Listed>>> LocalAdmin::page(const Json& request) {
  std::size_t limit = number_of(request, "limit");
  if (limit == 0 || limit > kPage) limit = kPage;
  co_return co_await store_.list_addresses(text_of(request, "after"), limit);
}

async::Task<Result<Answer>> LocalAdmin::list_accounts(Json request) {
  auto listed = co_await page(request);
  if (!listed) co_return pass(listed);
  boost::json::array accounts;
  for (const auto& one : *listed) {
    if (one.entry.alias) continue;
    Json entry{{"name", one.address}};
    auto profile = co_await store_.profile(one.entry.account);
    auto account = co_await store_.account(one.entry.account);
    if (profile) {
      entry["team"] = profile->team;
      entry["disabled"] = profile->disabled;
      entry["created"] = profile->created;
      describe_login(*profile, entry);
    }
    if (account) {
      const store::AccountCounters& counters = (*account)->published()->counters;
      entry["messages"] = counters.messages;
      entry["bytes"] = counters.bytes;
      entry["max_bytes"] = counters.quota.max_bytes;
      entry["max_messages"] = counters.quota.max_messages;
    }
    if (auto hold = co_await hold_of(store_, one.entry.account)) entry["hold"] = std::move(*hold);
    accounts.push_back(std::move(entry));
  }
  Answer answer{{{"accounts", std::move(accounts)}}};
  if (!listed->empty()) answer.said["next"] = listed->back().address;
  co_return answer;
}

async::Task<Result<Answer>> LocalAdmin::check(Json request) {
  const auto repair =
      flag_of(request, "repair") ? store::Store::Repair::mailboxes : store::Store::Repair::nothing;
  auto report = co_await store_.check(flag_of(request, "deep"), repair);
  if (!report) co_return pass(report);
  boost::json::array repaired(report->repaired.begin(), report->repaired.end());
  boost::json::array findings(report->findings.begin(), report->findings.end());
  co_return Answer{{{"accounts", report->accounts},
                    {"mailboxes", report->mailboxes},
                    {"messages", report->messages},
                    {"findings", std::move(findings)},
                    {"repaired", std::move(repaired)}}};
}

async::Task<Result<Answer>> LocalAdmin::sweep(Json) {
  Status swept = co_await store_.sweep();
  if (!swept) co_return pass(swept);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::ping(Json) {
  co_return Answer{{{"version", kProgramVersion}, {"pid", ::getpid()}}};
}

}  // namespace posthorn::admin
