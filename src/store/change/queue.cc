#include "base/log.h"
#include "store/change/pipeline.h"
#include "store/change/queue_list.h"
#include "store/store_state.h"

namespace posthorn::store {
namespace {

/// One row and one sync of it cover a day of sending.
constexpr std::int64_t kListedFor = 86400;

}  // namespace

void Store::on_outbox(std::function<void(const AccountId&)> listener) {
  state_->outbox_listener.store(
      std::make_shared<const std::function<void(const AccountId&)>>(std::move(listener)));
}

void Store::tell_outbox(const AccountId& id) {
  const auto listener = state_->outbox_listener.load();
  if (listener && *listener) (*listener)(id);
}

async::Task<Result<std::vector<AccountId>>> Store::accounts_with_outbox() {
  auto listed =
      co_await async::offload(state_->offload, [&] { return listed_outboxes(state_->engine); });
  if (!listed) co_return pass(listed);
  std::vector<AccountId> accounts;
  for (const ListedOutbox& entry : *listed) accounts.push_back(entry.account);
  co_return accounts;
}

async::Task<Status> Store::forget_empty_outboxes() {
  auto listed =
      co_await async::offload(state_->offload, [&] { return listed_outboxes(state_->engine); });
  if (!listed) co_return pass(listed);
  async::Loop* const caller = async::Loop::current();
  const std::int64_t before = state_->clock.now().seconds - kListedFor;
  Status done;
  for (const ListedOutbox& entry : *listed) {
    if (entry.since > before || !owns(entry.account)) continue;
    auto opened = co_await account(entry.account);
    if (opened) {
      co_await (*opened)->home_.enter();
      done = co_await (*opened)->unlist_at_home(entry.since);
      if (caller != nullptr) co_await caller->enter();
    } else if (opened.error().kind == ErrorKind::not_found) {
      // The account was removed in the meantime; its row is no longer needed.
      done = co_await async::offload(state_->offload, [&] {
        return unlist_outbox(state_->engine, entry.account, entry.since);
      });
    } else {
      log::error("account {}: {}", to_hex(entry.account), opened.error().text);
    }
    if (!done) break;
  }
  co_return done;
}

}  // namespace posthorn::store
