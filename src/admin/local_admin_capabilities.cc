#include <algorithm>
#include <utility>

#include "admin/local_admin.h"

// What single accounts and app passwords are not offered in IMAP.
namespace posthorn::admin {
namespace {

using auth::AppPassword;
using auth::LoginRules;

/// Adds names to a sorted list.
void add_to(std::vector<std::string>& list, const std::vector<std::string>& names) {
  list.insert(list.end(), names.begin(), names.end());
  std::ranges::sort(list);
  const auto repeated = std::ranges::unique(list);
  list.erase(repeated.begin(), repeated.end());
}

/// The list of an app password, or without a label that of the account. Errors: not_found.
Result<std::vector<std::string>*> list_of(LoginRules& rules, const std::string& label) {
  if (label.empty()) return &rules.without;
  const auto one = std::ranges::find(rules.app_passwords, label, &AppPassword::name);
  if (one == rules.app_passwords.end())
    return fail(ErrorKind::not_found, "there is no such app password");
  return &one->without;
}

}  // namespace

// What applies to sessions that have begun is not changed: their clients have been told what there
// is, and may be using it.
async::Task<Result<Answer>> LocalAdmin::mask_capabilities(Json request) {
  auto names = texts_of(request, "without");
  if (!names) co_return pass(names);
  if (!options_.capabilities.spell)
    co_return fail(ErrorKind::not_supported, "the capabilities are not known here");
  for (std::string& name : *names) {
    auto spelled = options_.capabilities.spell(name);
    if (!spelled) co_return pass(spelled);
    name = std::move(*spelled);
  }
  const std::string label(text_of(request, "app_password"));
  const bool reset = flag_of(request, "reset");
  std::vector<std::string> without;
  auto edited = co_await edit_rules(std::string(text_of(request, "name")),
                                    store::Store::Sessions::keep, [&](LoginRules& rules) -> Status {
                                      auto list = list_of(rules, label);
                                      if (!list) return pass(list);
                                      if (reset) (*list)->clear();
                                      add_to(**list, *names);
                                      without = **list;
                                      return {};
                                    });
  if (!edited) co_return pass(edited);
  const std::vector<std::string> also = options_.capabilities.stands_on_any(without);
  co_return Answer{{{"without", boost::json::array(without.begin(), without.end())},
                    {"also", boost::json::array(also.begin(), also.end())}}};
}

}  // namespace posthorn::admin
