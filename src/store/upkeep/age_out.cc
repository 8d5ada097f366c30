#include "store/upkeep/age_out.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/offload.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/log_event.h"
#include "store/format/keys.h"
#include "store/format/record.h"
#include "store/format/system.h"
#include "store/store_state.h"

namespace posthorn::store {
namespace {

constexpr std::int64_t kDay = 86400;
/// Accounts of one sweep; others wait for the next.
constexpr std::size_t kMostAtOnce = 10'000;
constexpr std::size_t kPage = 1000;

void list(Store& store, const AccountId& id, std::int64_t day) {
  store.engine().hint(system_partition(), {{keys::due_age(day, id), std::string("1")}});
}

/// What is left of a mailbox, and when the first of it expires.
struct Judged {
  NumberSet expired;
  std::optional<std::int64_t> next;  ///< Seconds since 1970.
};

Judged judge(const Members& members, std::int64_t age, std::int64_t now) {
  Judged judged;
  members.for_each(0, members.count(), [&](std::uint32_t, const MemberLeaf& leaf, std::uint32_t k) {
    if (leaf.saved[k] == 0) return;
    const std::int64_t due = std::int64_t{leaf.saved[k]} + age;
    if (due <= now) {
      judged.expired.add(leaf.uid[k]);
    } else {
      judged.next = std::min(judged.next.value_or(due), due);
    }
  });
  return judged;
}

class AgeOut {
 public:
  AgeOut(Store& store, AccountPtr account)
      : store_(store), account_(std::move(account)), policy_(retention_policy(store)) {}

  /// Returns when the next message of the account expires, if any does.
  async::Task<Result<std::optional<std::int64_t>>> run() {
    const StatePtr state = account_->published();
    for (const auto& [id, mailbox] : state->mailboxes) {
      if (retention_of(*state, *mailbox, policy_) == 0 || mailbox->head.messages == 0) continue;
      Status done = co_await one(*mailbox);
      if (!done) co_return pass(done);
    }
    co_return next_;
  }

 private:
  async::Task<Status> one(const Mailbox& listed) {
    constexpr std::uint32_t kMany = 5000;
    const std::int64_t now = store_.clock().now().seconds;
    // Judged within the change: a setting that was just changed counts.
    const auto remove = [&](Change& change) -> Result<Judged> {
      const MailboxPtr mailbox = change.state().find(listed.id);
      if (!mailbox) return Judged{};
      const std::int64_t age = retention_of(change.state(), *mailbox, policy_);
      if (age == 0) return Judged{};
      if (!mailbox->contents) return fail(ErrorKind::unavailable, "The mailbox is not loaded");
      Judged judged = judge(mailbox->contents->members(), age, now);
      if (judged.expired.empty()) return judged;
      if (auto gone = change.expunge(listed.id, judged.expired); !gone) return pass(gone);
      return judged;
    };
    auto done = co_await account_->change(
        Actor::upkeep(), {listed.id}, remove,
        listed.head.messages > kMany ? ChangeWeight::heavy : ChangeWeight::light);
    if (!done) co_return pass(done);
    const Judged& judged = done->value;
    if (!judged.expired.empty())
      log::Event("messages have expired by their age")
          .number("messages", judged.expired.count())
          .word("account", to_hex(account_->id()))
          .said("mailbox", listed.name)
          .write(log::Level::info);
    if (judged.next) next_ = std::min(next_.value_or(*judged.next), *judged.next);
    co_return Status();
  }

  Store& store_;
  const AccountPtr account_;
  const RetentionPolicy policy_;
  std::optional<std::int64_t> next_;
};

/// The policy for which all accounts were last listed: none, if that cannot be read, so that at
/// worst they are listed once more.
struct Applied {
  std::int64_t trash = 0;
  std::int64_t junk = 0;
  friend bool operator==(const Applied&, const Applied&) = default;
};

bool brings_forward(std::int64_t before, std::int64_t after) {
  return after != 0 && (before == 0 || after < before);
}

async::Task<Result<Applied>> read_applied(engine::Engine& engine) {
  auto row = co_await engine.get_row(system_partition(), std::string(keys::kRetention));
  if (!row) co_return pass(row);
  if (!*row) co_return Applied{};
  auto record = unseal(**row);
  if (!record) co_return Applied{};
  ByteReader r(*record);
  Applied applied;
  applied.trash = static_cast<std::int64_t>(r.u64());
  applied.junk = static_cast<std::int64_t>(r.u64());
  co_return r.ok() ? applied : Applied{};
}

/// Commits rows of the system partition.
async::Task<Status> put(Store& store, std::vector<engine::Edit> edits) {
  co_return co_await async::offload(store.offload(), [&] {
    return edit_row(store.engine(), system_partition(), std::string(keys::kRetention),
                    [&](const std::optional<std::string>&) {
                      return Result<std::vector<engine::Edit>>(edits);
                    });
  });
}

/// Lists all accounts as due, which reads the directory and opens none of them.
async::Task<Status> list_all(Store& store) {
  std::string after;
  for (;;) {
    auto page = co_await store.list_addresses(after, kPage);
    if (!page) co_return pass(page);
    std::vector<engine::Edit> edits;
    for (const Store::Listed& one : *page)
      if (!one.entry.alias) edits.push_back({keys::due_age(0, one.entry.account), "1"});
    if (!edits.empty())
      if (Status done = co_await put(store, std::move(edits)); !done) co_return done;
    if (page->size() < kPage) co_return Status();
    after = page->back().address;
  }
}

async::Task<Status> apply_policy(Store& store) {
  const RetentionPolicy policy = retention_policy(store);
  const Applied wanted{policy.trash_seconds, policy.junk_seconds};
  auto applied = co_await read_applied(store.engine());
  if (!applied) co_return pass(applied);
  if (*applied == wanted) co_return Status();
  if (brings_forward(applied->trash, wanted.trash) || brings_forward(applied->junk, wanted.junk))
    if (Status listed = co_await list_all(store); !listed) co_return listed;
  std::string record;
  ByteWriter w(record);
  w.u64(static_cast<std::uint64_t>(wanted.trash));
  w.u64(static_cast<std::uint64_t>(wanted.junk));
  co_return co_await put(store, {{std::string(keys::kRetention), seal(record)}});
}

/// Works off one entry of the list.
async::Task<void> serve(Store& store, std::string key, AccountId id) {
  const std::int64_t today = store.clock().now().seconds / kDay;
  // If this process ends before the account is listed anew, it is due again tomorrow. What lists
  // it meanwhile is not forgotten, since only this entry is removed, before anything is judged.
  list(store, id, today);
  store.engine().hint(system_partition(), {{std::move(key), std::nullopt}});
  auto account = co_await store.account(id);
  if (!account && account.error().kind != ErrorKind::not_found) {
    log::error("account {}: messages could not expire: {}", to_hex(id), account.error().text);
    co_return;
  }
  if (account) {
    auto next = co_await AgeOut(store, *account).run();
    // It may have been removed just before.
    if (!next && next.error().kind != ErrorKind::not_found) {
      log::error("account {}: messages could not expire: {}", to_hex(id), next.error().text);
      co_return;
    }
    if (next && *next) {
      if (**next / kDay == today) co_return;
      list(store, id, **next / kDay);
    }
  }
  store.engine().hint(system_partition(), {{keys::due_age(today, id), std::nullopt}});
}

}  // namespace

void note_ages(Store& store, const AccountState& before, const AccountState& after,
               std::span<const MailboxId> touched, AgeDays& noted) {
  const RetentionPolicy policy = retention_policy(store);
  for (const MailboxId id : touched) {
    const MailboxPtr now = after.find(id);
    const std::int64_t age = now ? retention_of(after, *now, policy) : 0;
    if (age == 0) {
      noted.erase(id);
      continue;
    }
    const MailboxPtr was = before.find(id);
    if (was && retention_of(before, *was, policy) != age) {
      list(store, after.id, 0);
      noted.erase(id);
    }
    if (was && was->head.uid_next == now->head.uid_next) continue;
    const std::int64_t day = (store.clock().now().seconds + age) / kDay;
    if (const auto [it, fresh] = noted.try_emplace(id, day); !fresh) {
      if (it->second == day) continue;
      it->second = day;
    }
    list(store, after.id, day);
  }
}

async::Task<Status> expire_by_age(Store& store) {
  if (Status applied = co_await apply_policy(store); !applied) co_return applied;
  const std::int64_t today = store.clock().now().seconds / kDay;
  // The entry of a day stands for messages that fall due until the end of that day.
  std::string from(keys::kDueAge);
  for (std::size_t served = 0; served < kMostAtOnce;) {
    auto rows =
        co_await store.engine().scan(system_partition(), from, keys::due_age_day(today), kPage);
    if (!rows) co_return pass(rows);
    for (const engine::Row& row : rows->rows) {
      const auto id = keys::account_of_due(row.key);
      if (id && !store.owns(*id)) continue;
      ++served;
      if (id) co_await serve(store, row.key, *id);
      if (store.state().closing.load()) co_return Status();
    }
    if (!rows->next_key) co_return Status();
    from = *rows->next_key;
  }
  co_return Status();
}

}  // namespace posthorn::store
