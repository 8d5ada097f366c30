#include "store/upkeep/expiry.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <unordered_set>

#include "async/event.h"
#include "async/wait.h"
#include "base/bytes.h"
#include "store/change/change_writer.h"
#include "store/change/pipeline.h"
#include "store/filter/read_filter.h"
#include "store/filter/write_filter.h"
#include "store/format/codec.h"
#include "store/format/group_page.h"
#include "store/format/keys.h"
#include "store/format/outbox_codec.h"
#include "store/format/paged_record.h"
#include "store/read/email_catalog.h"
#include "store/read/load.h"
#include "store/store_state.h"
#include "store/texts/write_texts.h"
#include "store/upkeep/damage_log.h"
#include "store/upkeep/hold.h"

namespace posthorn::store {
namespace {

using PieceSet = std::set<engine::PieceName>;

/// A group rewritten without its dead messages; no pages if none is left.
struct Rewritten {
  GroupRef old;
  std::optional<std::array<std::string, 4>> pages;
};

/// A search filter without its dead messages; no pages if none is left, or if it is damaged.
struct Narrowed {
  FilterRef old;
  std::optional<FilterPages> pages;
};

/// The text of attachments without that of dead messages; no page if none is left.
struct NarrowedTexts {
  TextsRef old;
  bool gone = false;  ///< The messages are all dead, or the texts are made again.
  std::optional<std::string> page;
};

struct Plan {
  Seq horizon;  ///< History up to here is dropped.
  Seq content;  ///< The content of what was expunged up to here is dropped.
  bool more = false;
  bool any = false;  ///< There is something to do.
  /// Rows of the log, the journal and single messages that are removed.
  std::vector<std::string> rows;
  std::vector<PageNumber> pages;
  std::vector<Rewritten> groups;
  std::vector<Narrowed> filters;
  std::vector<NarrowedTexts> texts;
  std::vector<engine::PieceName> pieces;  ///< Pieces used only by dead messages.
};

/// Blocks.
class Planner {
 public:
  Planner(engine::Engine& engine, const AccountId& id, const AccountState& state,
          EmailCatalog& catalog)
      : engine_(engine), id_(id), state_(state), catalog_(catalog) {}

  /// Content comes before history, which may not pass it: dead messages are found in the journal,
  /// and dropping history removes the journal. A message noted as dead may still be in use, so
  /// mailboxes, the outbox and newer history are consulted before anything is removed.
  Result<Plan> plan(Expiry::Bounds before) {
    if (Status ok = read_horizons(); !ok) return pass(ok);
    if (Status ok = old_content(before.content); !ok) return pass(ok);
    if (Status ok = old_history(before.history); !ok) return pass(ok);
    if (Status ok = old_intents(before.history); !ok) return pass(ok);
    if (!dead_.empty()) {
      spare_the_living();
      if (Status ok = spare_younger_history(); !ok) return pass(ok);
    }
    if (!dead_.empty()) {
      if (Status ok = bury(); !ok) return pass(ok);
    }
    return std::move(plan_);
  }

 private:
  static constexpr std::size_t kAtOnce = 2000;

  Status for_each(std::string_view prefix, const std::function<Status(const engine::Row&)>& row) {
    return async::wait(for_each_row(engine_, id_, std::string(prefix), row));
  }

  Status read_horizons() {
    const std::vector<std::string> keys = {keys::horizon(), keys::content_horizon()};
    auto rows = async::wait(engine_.get(id_, keys));
    if (!rows) return pass(rows);
    const auto number = [](const std::optional<std::string>& row) {
      return Seq(row ? ByteReader(*row).u64() : 0);
    };
    plan_.horizon = number((*rows)[0]);
    // A store from before this row existed dropped both together.
    plan_.content = std::max(plan_.horizon, number((*rows)[1]));
    return {};
  }

  /// Calls `f` for at most kAtOnce changes from `from` on that are older than `before`.
  template <class F>
  Status for_each_change(Seq from, std::int64_t before, F&& f) {
    auto rows =
        async::wait(engine_.scan(id_, keys::log(from), keys::after_prefix(keys::kLogs), kAtOnce));
    if (!rows) return pass(rows);
    for (const engine::Row& row : rows->rows) {
      auto log = decode_log(row.value);
      if (!log) return pass(log);
      if (log->time >= before) return {};
      plan_.any = true;
      if (Status ok = f(Seq(keys::last_number(row.key)), *log); !ok) return ok;
    }
    plan_.more |= rows->next_key.has_value();
    return {};
  }

  Status old_content(std::int64_t before) {
    return for_each_change(Seq(plan_.content.value + 1), before,
                           [&](Seq seq, const LogRecord& log) -> Status {
                             plan_.content = seq;
                             dead_.insert(log.released.begin(), log.released.end());
                             for (const LogRecord::Entry& entry : log.entries)
                               if (entry.journal)
                                 if (Status ok = note_dead(entry, seq); !ok) return ok;
                             return {};
                           });
  }

  Status note_dead(const LogRecord::Entry& entry, Seq seq) {
    auto found = async::wait(engine_.get_row(id_, keys::journal(entry.mailbox, seq)));
    if (!found) return pass(found);
    if (!*found) return {};
    auto journal = read_journal(std::move(**found));
    if (!journal) return pass(journal);
    for (const StoredRow& row : journal->expunged) dead_.insert(row.member.ordinal);
    return {};
  }

  Result<JournalRecord> read_journal(std::string row) {
    auto record = async::wait(read_record(engine_, id_, std::move(row)));
    if (!record) return pass(record);
    return decode_journal(*record);
  }

  /// Never goes beyond `content`: messages whose journal is dropped would never be found dead.
  Status old_history(std::int64_t before) {
    return for_each_change(Seq(plan_.horizon.value + 1), before,
                           [&](Seq seq, const LogRecord& log) -> Status {
                             if (seq > plan_.content) {
                               plan_.more = true;
                               return {};
                             }
                             plan_.horizon = seq;
                             plan_.rows.push_back(keys::log(seq));
                             for (const LogRecord::Entry& entry : log.entries) {
                               if (!entry.journal) continue;
                               plan_.rows.push_back(keys::journal(entry.mailbox, seq));
                               if (entry.journal_page.value != 0)
                                 plan_.pages.push_back(entry.journal_page);
                             }
                             return {};
                           });
  }

  /// A step is requested again at the entry's next attempt or at the next start, never as late as
  /// this.
  Status old_intents(std::int64_t before) {
    return for_each(keys::kIntents, [&](const engine::Row& row) -> Status {
      auto done = decode_time(row.value);
      if (!done) return pass(done);
      if (*done < before) plan_.rows.push_back(row.key);
      return {};
    });
  }

  /// Removes messages that a mailbox or the outbox contains from the set. Requires: every mailbox
  /// has its contents.
  void spare_the_living() {
    for (const auto& [id, entry] : *state_.outbox) dead_.erase(entry->email);
    for (const auto& [id, mailbox] : state_.mailboxes) {
      const Members& members = mailbox->contents->members();
      members.for_each(0, members.count(),
                       [&](std::uint32_t, const MemberLeaf& leaf, std::uint32_t k) {
                         dead_.erase(Ordinal(leaf.ordinal[k]));
                       });
    }
  }

  Status spare_younger_history() {
    return for_each(keys::kJournals, [&](const engine::Row& row) -> Status {
      if (keys::last_number(row.key) <= plan_.content.value) return {};
      auto journal = read_journal(row.value);
      if (!journal) return pass(journal);
      for (const StoredRow& message : journal->expunged) dead_.erase(message.member.ordinal);
      return {};
    });
  }

  /// Removes the dead messages from rows and groups, and finds the pieces that only they used.
  Status bury() {
    PieceSet theirs;
    PieceSet kept;
    const auto note = [&](Ordinal ordinal, std::string_view body) -> Status {
      auto list = decode_body_list(body);
      if (!list) return pass(list);
      for (const BodyPiece& piece : list->pieces)
        (dead_.contains(ordinal) ? theirs : kept).insert(piece.name);
      return {};
    };
    Status ok = for_each(keys::kEmails, [&](const engine::Row& row) -> Status {
      const Ordinal ordinal(keys::last_number(row.key));
      auto email = async::wait(catalog_.decode_row(row.value));
      if (!email) return pass(email);
      if (dead_.contains(ordinal)) {
        plan_.rows.push_back(row.key);
        if (const auto page = page_of(row.value)) plan_.pages.push_back(*page);
      }
      return note(ordinal, email->body);
    });
    if (!ok) return ok;
    auto groups = async::wait(catalog_.load(true));
    if (!groups) return pass(groups);
    for (const GroupRef& group : **groups)
      if (Status done = bury_in(group, note); !done) return done;
    if (Status done = forget_texts(); !done) return done;
    if (Status done = forget_attachments(); !done) return done;
    std::ranges::set_difference(theirs, kept, std::back_inserter(plan_.pieces));
    return {};
  }

  template <class Note>
  Status bury_in(const GroupRef& group, const Note& note) {
    auto bodies = read(group.pages[3]);
    if (!bodies) return pass(bodies);
    bool any = false;
    for (std::size_t i = 0; i < (*bodies)->count(); ++i) {
      any |= dead_.contains((*bodies)->ordinal_at(i));
      if (Status ok = note((*bodies)->ordinal_at(i), (*bodies)->at(i)); !ok) return ok;
    }
    if (!any) return {};
    Rewritten rewritten{group, std::nullopt};
    std::array<std::string, 4> pages;
    for (std::size_t c = 0; c < pages.size(); ++c) {
      auto page = read(group.pages[c]);
      if (!page) return pass(page);
      std::vector<std::pair<Ordinal, std::string_view>> rows;
      for (std::size_t i = 0; i < (*page)->count(); ++i)
        if (!dead_.contains((*page)->ordinal_at(i)))
          rows.emplace_back((*page)->ordinal_at(i), (*page)->at(i));
      if (!rows.empty()) pages[c] = GroupPage::encode(rows);
    }
    if (!pages[0].empty()) rewritten.pages = std::move(pages);
    plan_.groups.push_back(std::move(rewritten));
    return {};
  }

  /// Nothing about the text of a removed message stays in a filter.
  Status forget_texts() {
    auto refs = async::wait(catalog_.filters().load(true));
    if (!refs) return pass(refs);
    for (const FilterRef& ref : **refs) {
      if (std::ranges::none_of(dead_, [&](Ordinal o) { return ref.first <= o && o <= ref.last; }))
        continue;
      auto messages = async::wait(read_filter(engine_, id_, ref));
      if (!messages && !is_damage(messages.error().kind)) return pass(messages);
      Narrowed narrowed{ref, std::nullopt};
      if (messages && ref.is_usable()) {
        const std::size_t before = messages->size();
        std::erase_if(*messages, [&](const SignedMessage& m) { return dead_.contains(m.ordinal); });
        if (messages->size() == before) continue;
        if (!messages->empty()) narrowed.pages = encode_filter(ref.first, *messages);
      }
      plan_.filters.push_back(std::move(narrowed));
    }
    return {};
  }

  Status forget_attachments() {
    auto refs = async::wait(catalog_.texts().load(true));
    if (!refs) return pass(refs);
    for (const TextsRef& ref : **refs) {
      const auto holds = [&](Ordinal o) { return ref.first <= o && o <= ref.last; };
      if (std::ranges::none_of(dead_, holds)) continue;
      NarrowedTexts narrowed{ref, false, std::nullopt};
      narrowed.gone = std::ranges::any_of(plan_.groups, [&](const Rewritten& group) {
        return !group.pages && group.old.first <= ref.first && ref.last <= group.old.last;
      });
      if (ref.page.value == 0 && !narrowed.gone) continue;
      if (ref.page.value != 0 && !narrowed.gone) {
        auto page = read(ref.page);
        if (!page && !is_damage(page.error().kind)) return pass(page);
        if (!page || !ref.is_usable()) {
          narrowed.gone = true;
        } else {
          std::vector<std::pair<Ordinal, std::string_view>> rows;
          for (std::size_t i = 0; i < (*page)->count(); ++i)
            if (!dead_.contains((*page)->ordinal_at(i)))
              rows.emplace_back((*page)->ordinal_at(i), (*page)->at(i));
          if (rows.size() == (*page)->count()) continue;
          if (!rows.empty()) narrowed.page = GroupPage::encode(rows);
        }
      }
      plan_.texts.push_back(std::move(narrowed));
    }
    return {};
  }

  Result<std::shared_ptr<const GroupPage>> read(PageNumber number) {
    auto bytes = async::wait(engine_.read_page(id_, number));
    if (!bytes) return pass(bytes);
    return GroupPage::decode(*bytes);
  }

  engine::Engine& engine_;
  const AccountId id_;
  const AccountState& state_;
  EmailCatalog& catalog_;
  std::unordered_set<Ordinal> dead_;
  Plan plan_;
};

}  // namespace

/// Waits until no maintenance runs, for a while. Making search filters may take minutes and stops
/// for this; everything else is short.
async::Task<void> Expiry::wait_for_maintenance(AccountPtr account) {
  constexpr auto kStep = std::chrono::milliseconds(10);
  constexpr int kSteps = 500;
  Account::Pipeline& pipeline = *account->pipeline_;
  pipeline.expiry_waits = true;
  for (int i = 0; i < kSteps && pipeline.maintaining; ++i) {
    if (account->store().state().closing.load()) break;
    co_await async::sleep_for(kStep);
  }
  pipeline.expiry_waits = false;
}

async::Task<bool> Expiry::wait_until_idle(AccountPtr account) {
  async::Loop* const caller = async::Loop::current();
  co_await account->home_.enter();
  co_await wait_for_maintenance(account);
  const bool idle = !account->pipeline_->maintaining;
  if (caller != nullptr) co_await caller->enter();
  co_return idle;
}

async::Task<Result<Expiry::Outcome>> Expiry::run(AccountPtr account, Bounds before) {
  async::Loop* const caller = async::Loop::current();
  co_await account->home_.enter();
  // A plan names where messages are stored, and packing moves them; therefore only one of the two
  // runs at a time.
  Result<Outcome> outcome = Outcome::busy;
  co_await wait_for_maintenance(account);
  if (!std::exchange(account->pipeline_->maintaining, true)) {
    // Others may change the account so often that every plan is outdated before it is carried out.
    constexpr int kMaxOutdated = 20;
    int outdated = 0;
    bool held = false;
    Result<bool> more = true;
    while (more && *more && outdated < kMaxOutdated) {
      // Looked up while `maintaining` is set, which whoever has stored a hold waits for.
      auto hold = co_await find_hold(account->store().engine(), account->id());
      if (!hold || *hold) {
        held = hold.has_value();
        more = hold ? Result<bool>(false) : std::unexpected(hold.error());
        break;
      }
      const std::uint64_t reloads = account->reloads();
      more = co_await step(account, before);
      outdated = account->reloads() == reloads ? 0 : outdated + 1;
    }
    account->pipeline_->maintaining = false;
    account->maintain_if_due();
    if (!more) {
      outcome = pass(more);
    } else if (!*more) {
      outcome = held ? Outcome::held : Outcome::done;
    }
  }
  if (caller != nullptr) co_await caller->enter();
  co_return outcome;
}

/// Plans without the lock and commits under it. The plan stays valid in between, unless a change
/// puts removed messages back (Change::restore): a dead message comes to life in no other way. Nor
/// may another process have changed the account, since it may have done that, or moved what the
/// plan names. Then everything is planned again.
///
/// The commit removes the rows that name pieces and, atomically, makes those pieces candidates. It
/// does not release them. Pieces are shared between partitions and cannot be part of this commit;
/// if they were released first, a crash would leave messages whose pieces are erased. In this
/// order, a crash leaves at worst unused pieces, which release_unused() finds through the
/// candidates.
async::Task<Result<bool>> Expiry::step(AccountPtr account, Bounds before) {
  Store& store = account->store();
  Account::Pipeline& pipeline = *account->pipeline_;
  const std::uint64_t restorations = pipeline.restorations;
  const std::uint64_t reloads = account->reloads();
  const StatePtr listed = account->published();
  for (const auto& [id, mailbox] : listed->mailboxes) {
    auto loaded = co_await account->load_at_home(id);
    if (!loaded && loaded.error().kind != ErrorKind::not_found) co_return pass(loaded);
  }
  const StatePtr state = account->published();
  if (std::ranges::any_of(state->mailboxes, [](const auto& m) { return !m.second->contents; }))
    co_return true;
  auto plan = co_await async::offload(store.offload(), [&] {
    return Planner(store.engine(), account->id(), *state, account->emails()).plan(before);
  });
  if (!plan) {
    // What was to be read may have been moved by another process.
    const auto moved = co_await account->reload_at_home(Account::Reload::if_moved);
    if (moved && account->reloads() != reloads) co_return true;
    co_return pass(plan);
  }
  if (!plan->any && plan->rows.empty()) co_return false;
  if (!plan->groups.empty() || !plan->filters.empty() || !plan->texts.empty())
    if (Status ok = co_await store.state().page_numbers.prepare(store.offload()); !ok)
      co_return pass(ok);

  co_await pipeline.lock();
  if (pipeline.restorations != restorations || account->reloads() != reloads) {
    pipeline.unlock();
    co_return true;
  }
  PreparedChange change;
  change.commit.partition = account->id();
  change.commit.expect = pipeline.working->version;
  auto next = std::make_shared<AccountState>(*pipeline.working);
  next->version = next->version.after(0);
  auto& edits = change.commit.edits;
  auto& carry = change.commit.carry;
  for (std::string& key : plan->rows) edits.push_back({std::move(key), std::nullopt});
  carry.dropped_pages = plan->pages;
  for (const engine::PieceName& piece : plan->pieces)
    carry.candidates.push_back({account->id(), piece, before.content});
  for (Rewritten& group : plan->groups) {
    carry.dropped_pages.insert(carry.dropped_pages.end(), group.old.pages.begin(),
                               group.old.pages.end());
    if (!group.pages) {
      edits.push_back({keys::group(group.old.first), std::nullopt});
      continue;
    }
    GroupRef written = group.old;
    for (std::size_t c = 0; c < written.pages.size(); ++c) {
      written.pages[c] = store.state().page_numbers.take();
      carry.pages.push_back({written.pages[c], std::move((*group.pages)[c])});
    }
    edits.push_back({keys::group(group.old.first), encode_group(written)});
  }
  for (Narrowed& filter : plan->filters) {
    drop_filter(filter.old, carry);
    edits.push_back(
        write_filter(filter.old, std::move(filter.pages), store.state().page_numbers, carry));
  }
  for (NarrowedTexts& texts : plan->texts) {
    drop_texts(texts.old, carry);
    if (texts.gone) {
      edits.push_back({keys::texts(texts.old.first), std::nullopt});
    } else {
      edits.push_back(
          write_texts(texts.old, std::move(texts.page), store.state().page_numbers, carry));
    }
  }
  for (const auto& [key, seq] : {std::pair(keys::horizon(), plan->horizon),
                                 std::pair(keys::content_horizon(), plan->content)}) {
    std::string number;
    ByteWriter(number).u64(seq.value);
    edits.push_back({key, std::move(number)});
  }
  change.next = std::move(next);
  const Status done = co_await account->commit_at_home(std::move(change));
  if (!done && done.error().kind == ErrorKind::conflict) co_return true;
  if (!done) co_return std::unexpected(done.error());
  account->emails().forget();
  account->emails().filters().forget();
  account->emails().texts().forget();
  pipeline.filters_complete = false;
  co_return plan->more;
}

}  // namespace posthorn::store
