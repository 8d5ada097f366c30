#include <set>

#include "admin/local_admin.h"
#include "service/account_name.h"
#include "service/delivery/recipient.h"
#include "service/forwarding/outside.h"

// Aliases to accounts and to other addresses.
namespace posthorn::admin {

using service::normal_name;

namespace {

/// The names an alias shall lead to. Errors: bad_argument.
Result<std::vector<std::string>> targets_of(const Json& request) {
  std::vector<std::string> targets;
  if (const auto* const list = request.if_contains("names")) {
    if (!list->is_array()) return fail(ErrorKind::bad_argument, "names has to be a list");
    for (const auto& name : list->get_array()) {
      if (!name.is_string()) return fail(ErrorKind::bad_argument, "a name has to be text");
      targets.push_back(normal_name(std::string_view(name.get_string())));
    }
  } else {
    targets.push_back(normal_name(text_of(request, "name")));
  }
  if (targets.empty()) return fail(ErrorKind::bad_argument, "an alias has to lead somewhere");
  for (const std::string& target : targets)
    if (service::is_outside(target))
      return fail(ErrorKind::bad_argument, fmt::format("'{}' is not an address", target));
  return targets;
}

/// An alias for a whole domain stands for the same users of another one.
Status check_domain_alias(std::string_view alias, const std::vector<std::string>& targets) {
  for (const std::string& target : targets)
    if (target.starts_with('@') && (!alias.starts_with('@') || targets.size() != 1))
      return fail(ErrorKind::bad_argument,
                  "only an alias for a whole domain, such as @example.com, can lead to another "
                  "domain, and to nothing else");
  return {};
}

/// Those of the targets that are addresses of other servers.
boost::json::array outside_of(const std::vector<std::string>& targets) {
  boost::json::array outside;
  for (const std::string& target : targets)
    if (service::is_outside(target)) outside.emplace_back(service::address_in(target));
  return outside;
}

async::Task<Result<std::optional<store::AddressEntry>>> look_up(store::Store& store,
                                                                std::string address) {
  co_return co_await store.find_address(address);
}

}  // namespace

async::Task<Result<Answer>> LocalAdmin::add_alias(Json request) {
  const std::string alias = normal_name(text_of(request, "alias"));
  if (Status free = check_not_reserved(alias); !free) co_return pass(free);
  auto targets = targets_of(request);
  if (!targets) co_return pass(targets);
  if (Status fits = check_domain_alias(alias, *targets); !fits) co_return pass(fits);
  if (targets->size() == 1) {
    auto entry = co_await store_.find_address(targets->front());
    if (!entry) co_return pass(entry);
    if (*entry && !(*entry)->alias) {
      Status added = co_await store_.add_alias(alias, (*entry)->account);
      if (!added) co_return pass(added);
      co_return Answer{};
    }
  }
  Status judged;
  if (targets->front().starts_with('@')) {
    judged = co_await judge_domains(alias, targets->front());
  } else {
    judged = co_await judge_targets(alias, *targets);
  }
  if (!judged) co_return pass(judged);
  boost::json::array outside = outside_of(*targets);
  Status added = co_await store_.add_alias(alias, std::move(*targets));
  if (!added) co_return pass(added);
  co_return Answer{{{"outside", std::move(outside)}}};
}

async::Task<Status> LocalAdmin::judge_targets(std::string alias,
                                              std::vector<std::string>& targets) {
  const service::FindAddress find_address = finder();
  std::set<std::string> outside;
  for (std::string& target : targets) {
    if (target == alias)
      co_return fail(ErrorKind::bad_argument, fmt::format("'{}' would lead to itself", alias));
    bool leads_back = false;
    auto owners = co_await service::follow_targets(find_address, "", {target}, alias, leads_back);
    if (!owners) co_return pass(owners);
    if (leads_back)
      co_return fail(ErrorKind::bad_argument,
                     fmt::format("'{}' would lead back to itself by '{}'", alias, target));
    for (const service::OutsideTarget& one : owners->outside) outside.insert(one.address);
    if (!owners->here.empty() || !owners->outside.empty()) continue;
    if (Status judged = co_await judge_outside(alias, target); !judged) co_return judged;
    outside.insert(target);
    target = service::outside_target(target);
  }
  if (outside.empty()) co_return Status();
  if (!options_.can_relay)
    co_return fail(ErrorKind::bad_argument,
                   fmt::format("'{}' is on another server, and mail is sent there only through a "
                               "relay: set relay.host first",
                               *outside.begin()));
  if (outside.size() > options_.max_outside)
    co_return fail(ErrorKind::bad_argument,
                   fmt::format("'{}' would lead to {} addresses of other servers; "
                               "forwarding.max_addresses permits {}",
                               alias, outside.size(), options_.max_outside));
  co_return Status();
}

async::Task<Status> LocalAdmin::judge_outside(std::string alias, std::string target) {
  const auto nobody =
      fail(ErrorKind::not_found,
           fmt::format("'{}' is neither an account nor an alias of this server", target));
  auto entry = co_await store_.find_address(target);
  if (!entry) co_return pass(entry);
  const std::size_t at = target.rfind('@');
  // An alias that leads nowhere; a name without a domain.
  if (*entry || at == std::string::npos || !options_.is_our_domain) co_return nobody;
  const std::string domain = target.substr(at + 1);
  // From now on, the alias's domain is ours, if none is configured.
  if (alias.ends_with('@' + domain)) co_return nobody;
  // An alias for a whole domain, which need not be among the configured ones.
  auto whole = co_await store_.find_address('@' + domain);
  if (!whole) co_return pass(whole);
  if (*whole) co_return nobody;
  auto ours = co_await options_.is_our_domain(domain);
  if (!ours) co_return pass(ours);
  if (*ours) co_return nobody;
  co_return service::check_outside_address(target);
}

async::Task<Status> LocalAdmin::judge_domains(std::string alias, std::string target) {
  // The domains are followed one by one.
  for (int i = 0; i < 10; ++i) {
    if (target == alias)
      co_return fail(ErrorKind::bad_argument, fmt::format("'{}' would lead back to itself", alias));
    auto entry = co_await store_.find_address(target);
    if (!entry) co_return pass(entry);
    if (!*entry || (*entry)->targets.size() != 1) co_return Status();
    target = (*entry)->targets.front();
    if (!target.starts_with('@')) co_return Status();
  }
  co_return fail(ErrorKind::bad_argument, "too many domains lead to each other");
}

service::FindAddress LocalAdmin::finder() {
  return [this](std::string address) { return look_up(store_, std::move(address)); };
}

async::Task<Result<Answer>> LocalAdmin::rotate_srs_key(Json request) {
  if (!options_.rotate_srs_key)
    co_return fail(ErrorKind::not_supported, "there are no keys of return paths");
  const auto old = flag_of(request, "forget_old") ? OldKeys::forget : OldKeys::keep;
  if (Status rotated = options_.rotate_srs_key(old); !rotated) co_return pass(rotated);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::remove_alias(Json request) {
  const std::string alias = normal_name(text_of(request, "alias"));
  auto entry = co_await store_.find_address(alias);
  if (!entry) co_return pass(entry);
  if (!*entry || !(*entry)->alias)
    co_return fail(ErrorKind::not_found, fmt::format("there is no alias '{}'", alias));
  Status removed = co_await store_.remove_alias(alias);
  if (!removed) co_return pass(removed);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::list_aliases(Json request) {
  auto listed = co_await page(request);
  if (!listed) co_return pass(listed);
  boost::json::array aliases;
  for (const auto& one : *listed) {
    if (!one.entry.alias) continue;
    Json alias{{"alias", one.address}};
    if (one.entry.targets.empty()) {
      auto profile = co_await store_.profile(one.entry.account);
      alias["name"] = profile ? profile->name : std::string("?");
    } else {
      boost::json::array names;
      for (const std::string& target : one.entry.targets)
        names.emplace_back(service::address_in(target));
      alias["names"] = std::move(names);
      alias["outside"] = outside_of(one.entry.targets);
    }
    aliases.push_back(std::move(alias));
  }
  Answer answer{{{"aliases", std::move(aliases)}}};
  if (!listed->empty()) answer.said["next"] = listed->back().address;
  co_return answer;
}

}  // namespace posthorn::admin
