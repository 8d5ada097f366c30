#include "store/maintenance.h"

#include <array>
#include <optional>

#include "base/log.h"
#include "store/change_writer.h"
#include "store/codec.h"
#include "store/email_catalog.h"
#include "store/group_page.h"
#include "store/keys.h"
#include "store/pipeline.h"
#include "store/repack.h"
#include "store/store_state.h"

namespace posthorn::store {
namespace {

/// A mailbox is opened by reading its pages and at most about this many rows.
constexpr std::uint32_t kMaxTailRows = 4096;
/// Groups are made of full kGroupSize while as many again stay rows: the newest are read most.
constexpr std::uint64_t kPackFrom = 2 * EmailCatalog::kGroupSize;

std::optional<MailboxId> with_long_tail(const AccountState& state) {
  for (const auto& [id, mailbox] : *state.mailboxes)
    if (mailbox->tail_rows > kMaxTailRows) return id;
  return std::nullopt;
}

/// A group's four pages before they have numbers.
struct Packed {
  GroupRef group;
  std::array<std::string, 4> pages;
  std::vector<std::string> rows;
  std::vector<PageNumber> dropped;
};

Result<Packed> pack_rows(engine::Engine& engine, const PartitionId& id, Ordinal first,
                         Ordinal last) {
  auto scanned = engine.scan(id, keys::email(first), keys::email(Ordinal(last.value + 1)),
                             EmailCatalog::kGroupSize, engine::Tier::may_block);
  if (!scanned) return pass(scanned);
  Packed out;
  std::vector<std::pair<Ordinal, EmailRecord>> emails;
  for (const engine::Row& row : scanned->rows) {
    const bool paged = row.value.starts_with('p');
    std::string_view record = std::string_view(row.value).substr(1);
    std::string page;
    if (paged) {
      ByteReader r(record);
      const PageNumber number(r.u64());
      auto read = engine.read_page(id, number, engine::Tier::may_block);
      if (!read) return pass(read);
      page = std::move(*read);
      record = page;
      out.dropped.push_back(number);
    }
    auto email = decode_email(record);
    if (!email) return pass(email);
    emails.emplace_back(Ordinal(keys::last_number(row.key)), std::move(*email));
    out.rows.push_back(row.key);
  }
  out.group.first = first;
  out.group.last = last;
  const auto column = [&](std::string EmailRecord::* member) {
    std::vector<std::pair<Ordinal, std::string_view>> rows;
    rows.reserve(emails.size());
    for (const auto& [ordinal, email] : emails) rows.emplace_back(ordinal, email.*member);
    return GroupPage::encode(rows);
  };
  out.pages = {column(&EmailRecord::keys), column(&EmailRecord::structure),
               column(&EmailRecord::header), column(&EmailRecord::body)};
  return out;
}

}  // namespace

bool Maintenance::is_due(const Account& account) {
  const StatePtr state = account.published();
  return state->counters.next_ordinal.value > account.pipeline_->packed_up_to.value + kPackFrom ||
         with_long_tail(*state).has_value();
}

async::Task<void> Maintenance::run(AccountPtr account) {
  async::Loop& home = account->home_;
  while (!account->store().state().closing.load()) {
    const StatePtr state = account->published();
    Status done;
    if (const auto mailbox = with_long_tail(*state)) {
      done = co_await checkpoint(*account, *mailbox);
    } else if (is_due(*account)) {
      done = co_await pack(*account);
    } else {
      break;
    }
    if (!done && done.error().kind != ErrorKind::conflict) {
      log::error("account {}: {} (kept as it is)", to_hex(account->id()), done.error().text);
      break;
    }
    co_await home.yield();
  }
  account->pipeline_->maintaining = false;
}

async::Task<Status> Maintenance::checkpoint(Account& account, MailboxId id) {
  auto loaded = co_await account.load_at_home(id);
  if (!loaded) co_return pass(loaded);
  Account::Pipeline& pipeline = *account.pipeline_;
  co_await pipeline.lock();
  const StatePtr base = pipeline.working;
  const MailboxPtr mailbox = base->find(id);
  if (!mailbox || !mailbox->storage || mailbox->storage->tail.empty()) {
    pipeline.unlock();
    co_return Status{};
  }
  auto state = std::make_shared<AccountState>(*base);
  Repacked packed = co_await async::offload(account.store().offload(), [&] {
    return repack(*mailbox->contents, *mailbox->keywords, *mailbox->storage, mailbox->storage->tail,
                  state->counters.next_page);
  });
  PreparedChange change;
  change.commit.partition = account.id();
  change.commit.expect = base->seq;
  auto& edits = change.commit.edits;
  for (const NumberSet::Range& range : packed.untailed.ranges())
    for (std::uint32_t uid = range.first; uid <= range.last; ++uid)
      edits.push_back({keys::tail_row(id, Uid(uid)), std::nullopt});
  auto next = std::make_shared<Mailbox>(*mailbox);
  next->tail_rows = static_cast<std::uint32_t>(packed.storage.tail.count());
  edits.push_back({keys::chunks(id), encode_chunks(packed.storage.chunks)});
  edits.push_back({keys::head(id), encode_head(next->head, next->tail_rows)});
  edits.push_back({keys::account(), encode_counters(state->counters)});
  next->storage = std::make_shared<MailboxStorage>(std::move(packed.storage));
  change.commit.carry.pages = std::move(packed.pages);
  change.commit.carry.dropped_pages = std::move(packed.dropped);
  auto mailboxes = std::make_shared<AccountState::Mailboxes>(*base->mailboxes);
  (*mailboxes)[id] = std::move(next);
  state->mailboxes = std::move(mailboxes);
  change.next = std::move(state);
  co_return co_await account.commit_at_home(std::move(change));
}

async::Task<Status> Maintenance::pack(Account& account) {
  Account::Pipeline& pipeline = *account.pipeline_;
  EmailCatalog& catalog = account.emails();
  auto groups = co_await async::offload(account.store().offload(), [&] { return catalog.load(); });
  if (!groups) co_return pass(groups);
  const Ordinal packed((*groups)->empty() ? 0 : (*groups)->back().last.value);
  pipeline.packed_up_to = packed;
  if (!is_due(account)) co_return Status{};
  const Ordinal first(packed.value + 1);
  const Ordinal last(packed.value + EmailCatalog::kGroupSize);
  auto made = co_await async::offload(account.store().offload(), [&] {
    return pack_rows(account.store().engine(), account.id(), first, last);
  });
  if (!made) co_return pass(made);
  co_await pipeline.lock();
  const StatePtr base = pipeline.working;
  auto state = std::make_shared<AccountState>(*base);
  PreparedChange change;
  change.commit.partition = account.id();
  change.commit.expect = base->seq;
  for (std::size_t i = 0; i < made->pages.size(); ++i) {
    made->group.pages[i] = state->counters.next_page;
    change.commit.carry.pages.push_back({state->counters.next_page, std::move(made->pages[i])});
    ++state->counters.next_page;
  }
  for (std::string& key : made->rows) change.commit.edits.push_back({std::move(key), std::nullopt});
  change.commit.edits.push_back({keys::group(first), encode_group(made->group)});
  change.commit.edits.push_back({keys::account(), encode_counters(state->counters)});
  change.commit.carry.dropped_pages = std::move(made->dropped);
  change.next = std::move(state);
  const Status done = co_await account.commit_at_home(std::move(change));
  if (done) {
    catalog.add(made->group);
    pipeline.packed_up_to = last;
  }
  co_return done;
}

}  // namespace posthorn::store
