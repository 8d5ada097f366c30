#include "store/upkeep/maintenance.h"

#include <array>
#include <optional>

#include "async/wait.h"
#include "base/log.h"
#include "store/change/change_writer.h"
#include "store/change/pipeline.h"
#include "store/format/codec.h"
#include "store/format/group_page.h"
#include "store/format/keys.h"
#include "store/format/paged_record.h"
#include "store/read/email_catalog.h"
#include "store/read/redigest.h"
#include "store/store_state.h"
#include "store/upkeep/repack.h"

namespace posthorn::store {
namespace {

/// A group is made of kGroupSize messages once as many again remain as rows: the newest messages
/// are read most.
constexpr std::uint64_t kPackFrom = 2 * EmailCatalog::kGroupSize;

/// Returns one of the noted mailboxes whose tail is still long; forgets the others.
std::optional<MailboxId> with_long_tail(std::set<MailboxId>& noted, const AccountState& state) {
  while (!noted.empty()) {
    const MailboxPtr mailbox = state.find(*noted.begin());
    if (mailbox && mailbox->tail_rows > Maintenance::kMaxTailRows) return mailbox->id;
    noted.erase(noted.begin());
  }
  return std::nullopt;
}

/// Writes the current tail rows of these messages. An expunged message already has its row.
void write_again(const Mailbox& mailbox, const NumberSet& uids, std::vector<engine::Edit>& edits) {
  const Members& members = mailbox.contents->members();
  for (const NumberSet::Range& range : uids.ranges()) {
    for (std::uint32_t uid = range.first; uid <= range.last; ++uid) {
      const auto position = members.position_of(Uid(uid));
      if (!position) continue;
      const FlagState flags = mailbox.contents->flags_at(*position);
      edits.push_back({keys::tail_row(mailbox.id, Uid(uid)),
                       encode_row({members.at(*position), flags.modseq, flags.system,
                                   mailbox.keywords->set(flags.keywords)})});
    }
  }
}

/// The four pages of a group before they have page numbers.
struct Packed {
  GroupRef group;
  std::array<std::string, 4> pages;
  std::vector<std::string> rows;
  std::vector<PageNumber> dropped;
};

/// Blocks.
Result<Packed> pack_rows(engine::Engine& engine, const PartitionId& id, Ordinal first,
                         Ordinal last) {
  auto scanned = async::wait(engine.scan(
      id, keys::email(first), keys::email(Ordinal(last.value + 1)), EmailCatalog::kGroupSize));
  if (!scanned) return pass(scanned);
  Packed out;
  std::vector<std::string> values;
  for (engine::Row& row : scanned->rows) {
    if (const auto page = page_of(row.value)) out.dropped.push_back(*page);
    values.push_back(std::move(row.value));
  }
  const auto records = async::wait(read_records(engine, id, std::move(values)));
  std::vector<std::pair<Ordinal, EmailRecord>> emails;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const engine::Row& row = scanned->rows[i];
    if (!records[i]) return std::unexpected(records[i].error());
    auto email = decode_email(*records[i]);
    if (!email) return pass(email);
    if (!is_trusted(*email)) {
      // If the digest cannot be made, the message stays as it is; its reader reports why.
      if (auto digest = async::wait(digest_again(engine, email->header, email->body))) {
        email->keys = std::move(digest->keys);
        email->structure = std::move(digest->structure);
      }
    }
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

/// Returns the last ordinal before the first message above `packed` that is in no group. This is
/// `packed` itself, except in a store whose ordinals have jumped (store/read/behind.h). Returns
/// `none` if there is no such message.
async::Task<Result<Ordinal>> end_of_gap(engine::Engine& engine, PartitionId id, Ordinal packed,
                                        Ordinal none) {
  auto rows = co_await engine.scan(id, keys::email(Ordinal(packed.value + 1)),
                                   keys::after_prefix(keys::kEmails), 1);
  if (!rows) co_return pass(rows);
  if (rows->rows.empty()) co_return none;
  const std::uint64_t next = keys::last_number(rows->rows.front().key);
  co_return next > packed.value + EmailCatalog::kGroupSize ? Ordinal(next - 1) : packed;
}

/// Returns the keys and structure pages of a group, with every digest in the present version where
/// possible. Blocks.
Result<std::array<std::string, 2>> renew_pages(engine::Engine& engine, const PartitionId& id,
                                               const GroupRef& group) {
  const auto stored =
      async::wait(engine.read_pages(id, std::vector(group.pages.begin(), group.pages.end())));
  std::array<std::shared_ptr<const GroupPage>, 4> pages;
  for (std::size_t c = 0; c < pages.size(); ++c) {
    if (!stored[c]) return std::unexpected(stored[c].error());
    auto page = GroupPage::decode(*stored[c]);
    if (!page) return pass(page);
    pages[c] = std::move(*page);
    if (pages[c]->count() != pages[0]->count())
      return fail(ErrorKind::corrupt, "the columns of a group differ in length");
  }
  std::vector<message::Digest> digests(pages[0]->count());
  std::array<std::vector<std::pair<Ordinal, std::string_view>>, 2> rows;
  for (std::size_t i = 0; i < digests.size(); ++i) {
    digests[i] = {std::string(pages[0]->at(i)), std::string(pages[1]->at(i))};
    if (!is_trusted_keys(digests[i].keys) || !is_trusted_structure(digests[i].structure))
      if (auto made = async::wait(digest_again(engine, pages[2]->at(i), pages[3]->at(i))))
        digests[i] = std::move(*made);
    rows[0].emplace_back(pages[0]->ordinal_at(i), digests[i].keys);
    rows[1].emplace_back(pages[0]->ordinal_at(i), digests[i].structure);
  }
  return std::array{GroupPage::encode(rows[0]), GroupPage::encode(rows[1])};
}

}  // namespace

bool Maintenance::is_due(const Account& account) {
  return !account.pipeline_->long_tails.empty() || pack_is_due(account) ||
         account.emails_->stale().has_value() || filters_are_due(account);
}

bool Maintenance::pack_is_due(const Account& account) {
  return account.published()->counters.next_ordinal.value >
         account.pipeline_->packed_up_to.value + kPackFrom;
}

/// Another process may have moved the account's stored messages since a plan was made. (`layout`
/// is that of the version that the plan was made from.) Then the plan is dropped, and made again if
/// it is still needed.
bool Maintenance::is_outdated(const AccountState& now, std::uint64_t layout) {
  return now.version.layout != layout;
}

async::Task<std::optional<PreparedChange>> Maintenance::begin(Account& account,
                                                              std::uint64_t layout) {
  Account::Pipeline& pipeline = *account.pipeline_;
  co_await pipeline.lock();
  auto state = std::make_shared<AccountState>(*pipeline.working);
  if (is_outdated(*state, layout)) {
    pipeline.unlock();
    co_return std::nullopt;
  }
  PreparedChange change;
  change.commit.partition = account.id();
  change.commit.expect = state->version;
  state->version = state->version.after(0);
  change.next = std::move(state);
  co_return change;
}

async::Task<void> Maintenance::run(AccountPtr account) {
  async::Loop& home = account->home_;
  while (!account->store().state().closing.load()) {
    const StatePtr state = account->published();
    account->pipeline_->maintenance_requested = false;
    // Everything here writes pages.
    Status done =
        co_await account->store().state().page_numbers.prepare(account->store().offload());
    if (!done) {
      // Nothing else can be done either.
    } else if (const auto mailbox = with_long_tail(account->pipeline_->long_tails, *state)) {
      done = co_await checkpoint(*account, *mailbox);
    } else if (pack_is_due(*account)) {
      done = co_await pack(*account);
    } else if (const auto group = account->emails().stale()) {
      done = co_await renew(*account, *group);
    } else if (filters_are_due(*account) && !account->pipeline_->expiry_waits) {
      done = co_await filter(account);
    } else {
      break;
    }
    if (!done && done.error().kind != ErrorKind::conflict) {
      // What was to be read may have been moved by another process.
      const auto moved = co_await account->reload_at_home(Account::Reload::if_moved);
      if (moved && (*moved || is_outdated(*account->published(), state->version.layout))) continue;
      log::error("account {}: maintenance failed and changed nothing: {}", to_hex(account->id()),
                 done.error().text);
      // Who asked while the step was failing knows of something that has changed since.
      if (!account->pipeline_->maintenance_requested) break;
    }
    co_await home.yield();
  }
  account->pipeline_->maintaining = false;
}

/// Packs a mailbox's tail into chunk pages. The packing, which may take long, runs without the lock
/// on the version seen at the start; others change the account meanwhile. The lock is then taken,
/// the packing is brought up to date with what changed, and the result is committed. The commit
/// uses no change number, since nothing visible changes.
async::Task<Status> Maintenance::checkpoint(Account& account, MailboxId id) {
  auto loaded = co_await account.load_at_home(id);
  if (!loaded) co_return pass(loaded);
  const StatePtr seen = account.published();
  const MailboxPtr from = seen->find(id);
  if (!from || !from->storage || from->storage->tail_rows() == 0) co_return Status{};
  NumberSet changed = from->storage->tail;
  for (const auto& flags : from->storage->flag_changes) changed = changed.unite(flags->uids);
  PageNumbers& numbers = account.store().state().page_numbers;
  Repacked packed = co_await async::offload(account.store().offload(), [&] {
    return repack(*from->contents, *from->keywords, *from->storage, changed, numbers);
  });
  Account::Pipeline& pipeline = *account.pipeline_;
  co_await pipeline.lock();
  const StatePtr base = pipeline.working;
  const MailboxPtr mailbox = base->find(id);
  if (is_outdated(*base, seen->version.layout) || !mailbox || !mailbox->storage ||
      mailbox->storage->chunks != from->storage->chunks) {
    pipeline.unlock();  // The mailbox was deleted, or a change of very many messages has packed it.
    co_return Status{};
  }
  auto state = std::make_shared<AccountState>(*base);
  state->version = base->version.after(0);
  bring_up_to_date(packed, *from, *mailbox);
  PreparedChange change;
  change.commit.partition = account.id();
  change.commit.expect = base->version;
  auto& edits = change.commit.edits;
  for (const NumberSet::Range& range : packed.untailed.ranges())
    for (std::uint32_t uid = range.first; uid <= range.last; ++uid)
      edits.push_back({keys::tail_row(id, Uid(uid)), std::nullopt});
  for (const auto& flags : from->storage->flag_changes)
    edits.push_back({keys::flag_change(id, flags->seq), std::nullopt});
  write_again(*mailbox, packed.stale, edits);
  auto next = std::make_shared<Mailbox>(*mailbox);
  next->tail_rows = packed.storage.tail_rows();
  next->head_rebuilt = false;  // This commit stores it.
  edits.push_back({keys::chunks(id), encode_chunks(packed.storage.chunks)});
  edits.push_back({keys::head(id), encode_head(next->head, next->tail_rows)});
  edits.push_back({keys::account(), encode_counters(state->counters)});
  next->storage = std::make_shared<MailboxStorage>(std::move(packed.storage));
  change.commit.carry.pages = std::move(packed.pages);
  change.commit.carry.dropped_pages = std::move(packed.dropped);
  state->mailboxes.set(id, std::move(next));
  change.next = std::move(state);
  co_return co_await account.commit_at_home(std::move(change));
}

/// Packs the oldest single messages into a group. Stored messages are immutable, and `maintaining`
/// keeps Expiry and other rounds of maintenance of this process away, so the rows that were packed
/// need no second look under the lock. The catalog learns of the group when it is durable; a reader
/// that misses a row before that reloads the catalog.
async::Task<Status> Maintenance::pack(Account& account) {
  Account::Pipeline& pipeline = *account.pipeline_;
  EmailCatalog& catalog = account.emails();
  const std::uint64_t layout = account.published()->version.layout;
  auto groups = co_await catalog.load();
  if (!groups) co_return pass(groups);
  Ordinal packed((*groups)->empty() ? 0 : (*groups)->back().last.value);
  pipeline.packed_up_to = packed;
  if (!pack_is_due(account)) co_return Status{};
  const Ordinal newest(account.published()->counters.next_ordinal.value - 1);
  auto skipped = co_await end_of_gap(account.store().engine(), account.id(), packed, newest);
  if (!skipped) co_return pass(skipped);
  pipeline.packed_up_to = packed = *skipped;
  if (!pack_is_due(account)) co_return Status{};
  const Ordinal first(packed.value + 1);
  const Ordinal last(packed.value + EmailCatalog::kGroupSize);
  auto made = co_await async::offload(account.store().offload(), [&] {
    return pack_rows(account.store().engine(), account.id(), first, last);
  });
  if (!made) co_return pass(made);
  auto change = co_await begin(account, layout);
  if (!change) co_return Status{};
  for (std::size_t i = 0; i < made->pages.size(); ++i) {
    made->group.pages[i] = account.store().state().page_numbers.take();
    change->commit.carry.pages.push_back({made->group.pages[i], std::move(made->pages[i])});
  }
  for (std::string& key : made->rows)
    change->commit.edits.push_back({std::move(key), std::nullopt});
  change->commit.edits.push_back({keys::group(first), encode_group(made->group)});
  change->commit.carry.dropped_pages = std::move(made->dropped);
  const Status done = co_await account.commit_at_home(std::move(*change));
  if (done) {
    catalog.add(made->group);
    pipeline.packed_up_to = last;
    pipeline.filters_complete = false;
  }
  co_return done;
}

async::Task<Status> Maintenance::renew(Account& account, Ordinal first) {
  EmailCatalog& catalog = account.emails();
  const std::uint64_t layout = account.published()->version.layout;
  // Cleared first: digests that cannot be made now are not tried again with every change.
  catalog.clear_stale(first);
  auto groups = co_await catalog.load();
  if (!groups) co_return pass(groups);
  const GroupRef* found = EmailCatalog::find(**groups, first);
  if (found == nullptr) co_return Status{};
  GroupRef group = *found;
  auto pages = co_await async::offload(account.store().offload(), [&] {
    return renew_pages(account.store().engine(), account.id(), group);
  });
  if (!pages) co_return pass(pages);
  auto change = co_await begin(account, layout);
  if (!change) co_return Status{};
  for (std::size_t c = 0; c < pages->size(); ++c) {
    change->commit.carry.dropped_pages.push_back(group.pages[c]);
    group.pages[c] = account.store().state().page_numbers.take();
    change->commit.carry.pages.push_back({group.pages[c], std::move((*pages)[c])});
  }
  change->commit.edits.push_back({keys::group(group.first), encode_group(group)});
  const Status done = co_await account.commit_at_home(std::move(*change));
  if (done) catalog.forget();
  co_return done;
}

}  // namespace posthorn::store
