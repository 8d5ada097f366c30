#include <algorithm>
#include <set>

#include "async/wait.h"
#include "store/change/queue_list.h"
#include "store/format/keys.h"
#include "store/format/paged_record.h"
#include "store/format/record.h"
#include "store/format/sharing_codec.h"
#include "store/read/load.h"
#include "store/read/load_readable.h"
#include "store/store_state.h"
#include "store/upkeep/check.h"
#include "store/upkeep/check_filters.h"
#include "store/upkeep/check_messages.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::store {
namespace {

using Find = std::function<void(const std::string&)>;

/// Checks that the rows match the head and that every number is within its bounds. Returns whether
/// a head computed from the rows would differ.
bool check_rows(const AccountState& state, const Mailbox& mailbox, const Find& find) {
  const std::uint64_t newest = state.seq.value;
  const MailboxHead& head = mailbox.head;
  std::uint32_t last_uid = 0;
  bool low_modseq = false;
  MailboxHead counted;
  mailbox.contents->for_each(
      0, mailbox.contents->count(),
      [&](std::uint32_t, const MemberLeaf& m, const FlagLeaf& f, std::uint32_t k) {
        const std::string uid = "UID " + std::to_string(m.uid[k]);
        if (m.uid[k] <= last_uid) find(uid + " is out of order");
        last_uid = m.uid[k];
        if (m.uid[k] >= head.uid_next.value) find(uid + " is not below UIDNEXT");
        if (f.modseq[k] == 0 || f.modseq[k] > head.highest_modseq.value) {
          find(uid + " has a MODSEQ above the mailbox's");
          low_modseq = low_modseq || (f.modseq[k] != 0 && f.modseq[k] <= newest);
        }
        if (m.ordinal[k] >= state.counters.next_ordinal.value)
          find(uid + " refers to a message that never existed");
        ++counted.messages;
        counted.bytes += m.size[k];
        if ((f.system[k] & bit(SystemFlag::seen)) == 0) ++counted.unseen;
        if ((f.system[k] & bit(SystemFlag::deleted)) != 0) {
          ++counted.deleted;
          counted.deleted_bytes += m.size[k];
        }
      });
  if (counted.messages != head.messages) find("the count of messages is wrong");
  if (counted.unseen != head.unseen) find("the count of unseen messages is wrong");
  if (counted.deleted != head.deleted) find("the count of deleted messages is wrong");
  if (counted.bytes != head.bytes || counted.deleted_bytes != head.deleted_bytes)
    find("the count of bytes is wrong");
  if (mailbox.head_rebuilt) find("the rows do not match the stored head; the rows are used");
  if (head.highest_modseq.value > newest || head.highest_modseq.value == 0)
    find("HIGHESTMODSEQ is impossible");
  if (head.uid_validity.value == 0 || head.uid_validity >= state.counters.next_uid_validity)
    find("UIDVALIDITY was never assigned");
  return mailbox.head_rebuilt || low_modseq || counted.messages != head.messages ||
         counted.unseen != head.unseen || counted.deleted != head.deleted ||
         counted.bytes != head.bytes || counted.deleted_bytes != head.deleted_bytes;
}

}  // namespace

/// The mailboxes of the account, and whether its totals are the sums over them.
struct AccountCheck::Seen {
  std::set<MailboxId> to_repair;
  bool counts_wrong = false;
};

std::string describe_account(const AccountId& id, std::string_view name) {
  return name.empty() ? "account " + to_hex(id) : fmt::format("account {} ({})", name, to_hex(id));
}

std::string AccountCheck::place_of(const Mailbox& mailbox) const {
  return fmt::format("{} mailbox \"{}\"", where_, mailbox.name);
}

void AccountCheck::find(const std::string& where, std::string_view what) {
  report_.findings.push_back(fmt::format("{}: {}", where, what));
}

async::Task<void> AccountCheck::run(Store::Repair wanted) {
  ++report_.accounts;
  Seen seen;
  const StatePtr before = account_->published();
  for (const auto& [id, listed] : before->mailboxes) co_await check_mailbox(id, *listed, seen);
  co_await check_outbox();
  co_await check_annotations();
  co_await check_filters();
  co_await check_sharing();
  AccountState counted = *account_->published();
  const AccountCounters stored = counted.counters;
  counted.count_again();
  seen.counts_wrong =
      stored.bytes != counted.counters.bytes || stored.messages != counted.counters.messages;
  if (seen.counts_wrong) find(where_, "the quota counters are wrong");
  if (wanted == Store::Repair::mailboxes) co_await repair(seen);
}

async::Task<void> AccountCheck::check_mailbox(MailboxId id, const Mailbox& listed, Seen& seen) {
  auto loaded = co_await account_->load(id);
  if (!loaded && loaded.error().kind == ErrorKind::not_found) co_return;
  const std::string place = place_of(listed);
  const Find report = [&](const std::string& what) { find(place, what); };
  Store& store = account_->store();
  ++report_.mailboxes;
  report_.messages += loaded ? (*loaded)->head.messages : listed.head.messages;
  co_await async::offload(store.offload(), [&] {
    MessageCheck messages(account_, depth_);
    if (loaded) {
      if (check_rows(*account_->published(), **loaded, report)) seen.to_repair.insert(id);
      messages.run(*(*loaded)->contents, report);
      return;
    }
    find(place, fmt::format("it cannot be opened, with {} messages: {} ({})", listed.head.messages,
                            loaded.error().text, loaded.error().cause));
    if (is_damage(loaded.error().kind)) seen.to_repair.insert(id);
    auto readable = load_readable_contents(store.engine(), account_->id(), listed,
                                           account_->published()->floor);
    if (!readable) return find(place, readable.error().text);
    for (const std::string& what : readable->damage.findings) find(place, what);
    const NumberSet& lost = readable->damage.uids;
    if (!lost.empty())
      find(place,
           fmt::format("{} cannot be read from its rows; some may have been expunged",
                       lost.count() == 1 ? "UID " + lost.to_text() : "UIDs " + lost.to_text()));
    messages.run(*readable->loaded.contents, report);
  });
}

async::Task<void> AccountCheck::check_outbox() {
  const StatePtr state = account_->published();
  if (state->outbox->empty()) co_return;
  Store& store = account_->store();
  co_await async::offload(store.offload(), [&] {
    MessageCheck messages(account_, depth_);
    for (const auto& [id, entry] : *state->outbox) {
      const std::string place = fmt::format("{} outbox {}", where_, id.value);
      if (entry->email >= state->counters.next_ordinal || id.value > state->seq.value)
        find(place, "it has a number that was never assigned");
      if (entry->recipients.empty()) find(place, "it has no recipients");
      if (Status ok = messages.run(entry->email, entry->size); !ok) find(place, ok.error().text);
    }
    auto listed = async::wait(is_listed(store.engine(), account_->id()));
    if (!listed) {
      find(where_, "the queue's list cannot be read: " + listed.error().text);
    } else if (!*listed) {
      find(where_, "it has an outbox, but is missing from the queue's list");
    }
  });
}

async::Task<void> AccountCheck::check_annotations() {
  std::size_t unreadable = 0;
  Status read =
      co_await for_each_row(account_->store().engine(), account_->id(),
                            std::string(keys::kAnnotations), [&](const engine::Row& row) -> Status {
                              if (!keys::annotation_of(row.key) || !unseal(row.value)) ++unreadable;
                              return {};
                            });
  if (!read) find(where_, "the annotations cannot be read: " + read.error().text);
  if (unreadable != 0)
    find(where_,
         fmt::format("{} of the annotations cannot be read and count as absent", unreadable));
}

async::Task<void> AccountCheck::check_filters() {
  co_await async::offload(account_->store().offload(), [&] {
    FilterCheck(account_, depth_).run([&](const std::string& what) { find(where_, what); });
  });
}

namespace {

/// Whether a reader's own flags are about messages that exist, and differ from what is stored.
bool agrees(const ReaderFlags& own, const Mailbox& mailbox) {
  const Contents& contents = *mailbox.contents;
  NumberSet stored;
  NumberSet others;
  contents.for_each(0, contents.count(),
                    [&](std::uint32_t, const MemberLeaf& m, const FlagLeaf& f, std::uint32_t k) {
                      const bool marked = (f.system[k] & bit(SystemFlag::seen)) != 0;
                      (marked ? stored : others).add(m.uid[k]);
                    });
  const NumberSet all = stored.unite(others);
  const std::size_t names = mailbox.keywords->names().size();
  const auto has_names = [&](const OwnKeywords::Set& set) {
    return set.empty() || set.back() < names;
  };
  return own.seen.subtract(others).empty() && own.unseen.subtract(stored).empty() &&
         own.differing({OwnFlags::kMarks, true}).subtract(all).empty() &&
         std::ranges::all_of(own.keywords.sets(), has_names);
}

}  // namespace

async::Task<void> AccountCheck::check_sharing() {
  std::size_t unreadable = 0;
  std::vector<std::string> readers;
  engine::Engine& engine = account_->store().engine();
  Status read = co_await for_each_row(engine, account_->id(), std::string(keys::kSharing),
                                      [&](const engine::Row& row) -> Status {
                                        if (keys::kind_of_sharing(row.key) != keys::kGrant) {
                                          readers.push_back(row.value);
                                        } else if (!decode_grant(row.value)) {
                                          ++unreadable;
                                        }
                                        return {};
                                      });
  if (!read) find(where_, "the access control lists cannot be read: " + read.error().text);
  if (unreadable != 0)
    find(where_, fmt::format("{} entries of access control lists cannot be read and grant nothing",
                             unreadable));
  const auto records = co_await read_records(engine, account_->id(), std::move(readers));
  const auto lost = std::ranges::count_if(
      records, [](const auto& record) { return !record || !decode_reader_flags(*record); });
  if (lost != 0)
    find(where_, fmt::format("the flags of {} readers of shared mailboxes cannot be read", lost));
  const StatePtr state = account_->published();
  for (const auto& [id, mailbox] : state->mailboxes) {
    if (!mailbox->readers || !mailbox->contents) continue;
    for (const auto& [reader, seen] : *mailbox->readers)
      if (!agrees(*seen, *mailbox))
        find(place_of(*mailbox), "the flags of a reader do not match the messages");
  }
}

async::Task<void> AccountCheck::repair(const Seen& seen) {
  std::set<MailboxId> wanted = seen.to_repair;
  const StatePtr state = account_->published();
  // Repairing any mailbox computes the totals again.
  if (wanted.empty() && seen.counts_wrong)
    for (const auto& [id, mailbox] : state->mailboxes) {
      wanted.insert(id);
      break;
    }
  for (const MailboxId id : wanted) co_await repair(id);
}

async::Task<void> AccountCheck::repair(MailboxId id) {
  auto readable = co_await account_->load_readable(id);
  if (!readable) {
    if (readable.error().kind != ErrorKind::not_found)
      find(where_, "a mailbox was not repaired: " + readable.error().text);
    co_return;
  }
  const std::string place = place_of(*readable->mailbox);
  const MailboxDamage& damage = readable->damage;
  Status done = fail(ErrorKind::corrupt, "rewriting its rows would not make them readable");
  if (!damage.beyond_repair) {
    auto changed = co_await account_->change(
        Actor::upkeep(), {id}, [&](Change& change) { return change.rebuild_mailbox(id, damage); });
    done = changed ? Status() : pass(changed);
  }
  if (!done) {
    find(place, "it was not repaired: " + done.error().text);
    // The version without the unreadable data must not remain in use.
    if (!damage.findings.empty()) (void)co_await account_->forget_contents();
    co_return;
  }
  const MailboxPtr now = account_->published()->find(id);
  report_.repaired.push_back(
      fmt::format("{}: its head was rebuilt from its rows: {} messages, {} unseen{}", place,
                  now ? now->head.messages : 0, now ? now->head.unseen : 0,
                  damage.uids.empty() ? "" : "; lost: UIDs " + damage.uids.to_text()));
}

}  // namespace posthorn::store
