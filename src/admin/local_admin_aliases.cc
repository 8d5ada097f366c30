#include "admin/local_admin.h"
#include "service/account_name.h"
#include "service/delivery/recipient.h"

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

async::Task<Result<std::optional<store::AddressEntry>>> look_up(store::Store& store,
                                                                std::string address) {
  co_return co_await store.find_address(address);
}

}  // namespace

async::Task<Result<Answer>> LocalAdmin::add_alias(Json request) {
  const std::string alias = normal_name(text_of(request, "alias"));
  auto targets = targets_of(request);
  if (!targets) co_return pass(targets);
  if (Status fits = check_domain_alias(alias, *targets); !fits) co_return pass(fits);
  const service::FindAddress find_address = [this](std::string address) {
    return look_up(store_, std::move(address));
  };
  if (targets->size() == 1) {
    auto entry = co_await store_.find_address(targets->front());
    if (!entry) co_return pass(entry);
    if (*entry && !(*entry)->alias) {
      Status added = co_await store_.add_alias(alias, (*entry)->account);
      if (!added) co_return pass(added);
      co_return Answer{};
    }
  }
  if (Status judged = co_await judge_targets(find_address, alias, *targets); !judged)
    co_return pass(judged);
  Status added = co_await store_.add_alias(alias, std::move(*targets));
  if (!added) co_return pass(added);
  co_return Answer{};
}

async::Task<Status> LocalAdmin::judge_targets(const service::FindAddress& find_address,
                                              std::string alias, std::vector<std::string> targets) {
  for (const std::string& target : targets) {
    if (target == alias)
      co_return fail(ErrorKind::bad_argument, fmt::format("'{}' would lead to itself", alias));
    if (target.starts_with('@')) continue;
    bool leads_back = false;
    auto owners = co_await service::follow_targets(find_address, "", {target}, alias, leads_back);
    if (!owners) co_return pass(owners);
    if (leads_back)
      co_return fail(ErrorKind::bad_argument,
                     fmt::format("'{}' would lead back to itself by '{}'", alias, target));
    if (owners->empty())
      co_return fail(ErrorKind::not_found,
                     fmt::format("'{}' is neither an account nor an alias of this server", target));
  }
  if (!targets.front().starts_with('@')) co_return Status();
  // The domains are followed one by one.
  std::string at = targets.front();
  for (int i = 0; i < 10; ++i) {
    if (at == alias)
      co_return fail(ErrorKind::bad_argument, fmt::format("'{}' would lead back to itself", alias));
    auto entry = co_await find_address(at);
    if (!entry) co_return pass(entry);
    if (!*entry || (*entry)->targets.size() != 1) co_return Status();
    at = (*entry)->targets.front();
    if (!at.starts_with('@')) co_return Status();
  }
  co_return fail(ErrorKind::bad_argument, "too many domains lead to each other");
}

}  // namespace posthorn::admin
