#include "admin/local_admin.h"
#include "service/account_name.h"
#include "store/removed_accounts.h"

// Requests about accounts that were removed and can still be brought back.
namespace posthorn::admin {

async::Task<Result<Answer>> LocalAdmin::list_removed(Json /*request*/) {
  auto removed = co_await store::removed_accounts(store_);
  if (!removed) co_return pass(removed);
  boost::json::array accounts;
  for (const store::RemovedAccount& one : *removed)
    accounts.push_back(
        Json{{"name", one.name}, {"removed", one.removed}, {"kept_until", one.kept_until}});
  co_return Answer{{{"accounts", std::move(accounts)}}};
}

async::Task<std::unexpected<Error>> LocalAdmin::explain_removed(Error error, const Json& request) {
  const std::string name = service::normal_name(text_of(request, "name"));
  if (error.kind == ErrorKind::not_found)
    if (const auto removed = co_await store::removed_accounts(store_))
      for (const store::RemovedAccount& one : *removed)
        if (one.name == name) {
          error.text += "; it was removed, and 'posthorn account undelete' brings it back";
          break;
        }
  co_return std::unexpected(std::move(error));
}

async::Task<Result<Answer>> LocalAdmin::undelete_account(Json request) {
  const std::string name = service::normal_name(text_of(request, "name"));
  if (Status free = check_not_reserved(name); !free) co_return pass(free);
  auto restored = co_await store::restore_account(store_, name);
  if (!restored) co_return pass(restored);
  if (options_.login_changed) options_.login_changed(restored->id);
  if (Status noted = co_await note_scram(restored->id); !noted) co_return pass(noted);
  co_return Answer{{{"name", name},
                    {"taken", boost::json::array(restored->taken.begin(), restored->taken.end())}}};
}

}  // namespace posthorn::admin
