#include "store/read/behind.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "async/wait.h"
#include "base/bytes.h"
#include "base/log.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/format/mailbox_storage.h"
#include "store/format/record.h"
#include "store/format/system.h"
#include "store/read/load.h"

namespace posthorn::store {
namespace {

/// Adds, but not beyond the largest value of the type.
template <class Int>
Int jumped(Int from, std::uint64_t by) {
  constexpr Int kMax = std::numeric_limits<Int>::max();
  return by > kMax || from > kMax - by ? kMax : static_cast<Int>(from + by);
}

/// The seconds by which jumps from the same state differ (behind.h).
std::uint64_t seconds_since(std::uint64_t before, std::uint64_t epoch) {
  const std::uint64_t since = before == 0 ? Jump::origin : before;
  return epoch > since ? epoch - since : 0;
}

/// An account's rows, decoded as far as possible.
class Leveling {
 public:
  /// `before` is the epoch with which the account is level.
  Leveling(engine::Engine& engine, const PartitionId& id, std::uint64_t before, std::uint64_t epoch)
      : engine_(engine), id_(id), epoch_(epoch), seconds_(seconds_since(before, epoch)) {}

  /// Returns no commit if the partition is not an account.
  Result<std::optional<engine::Commit>> make() {
    auto version = async::wait(engine_.version(id_));
    if (!version) return pass(version);
    commit_.partition = id_;
    commit_.expect = *version;
    commit_.advance = Jump::changes + Jump::changes_per_second * seconds_;
    floor_ = ModSeq(version->tail.value + commit_.advance);
    auto there = read_counters();
    if (!there) return pass(there);
    if (!*there) return std::nullopt;
    Status ok = read_mailboxes();
    if (ok) ok = name_them();
    for (auto& [mailbox_id, mailbox] : mailboxes_)
      if (ok) ok = count(mailbox);
    if (!ok) return pass(ok);
    put(keys::account(), encode_counters(counters_));
    put(keys::behind(), encode_behind({epoch_, floor_}));
    return std::move(commit_);
  }

 private:
  void put(std::string key, std::string value) {
    commit_.edits.push_back({std::move(key), std::move(value)});
  }

  Result<bool> read_counters() {
    auto row = async::wait(engine_.get_row(id_, keys::account()));
    if (!row) return pass(row);
    if (!*row) return false;
    auto counters = decode_counters(**row);
    if (!counters) return pass(counters);
    counters_ = *counters;
    counters_.next_mailbox.value = jumped(counters_.next_mailbox.value, Jump::mailboxes + seconds_);
    counters_.next_uid_validity.value =
        jumped(counters_.next_uid_validity.value, Jump::uid_validities + seconds_);
    counters_.next_ordinal.value =
        jumped(counters_.next_ordinal.value, Jump::messages + Jump::messages_per_second * seconds_);
    counters_.bytes = 0;
    counters_.messages = 0;
    return true;
  }

  Status read_mailboxes() {
    const auto read_head = [&](const engine::Row& row) -> Status {
      auto head = decode_head(row.value);
      if (!head) return pass(head);
      Mailbox& mailbox = mailboxes_[keys::mailbox_of(row.key)];
      mailbox.id = keys::mailbox_of(row.key);
      mailbox.head = head->head;
      mailbox.keywords = std::make_shared<KeywordTable>();
      return {};
    };
    Status ok = async::wait(for_each_row(engine_, id_, std::string(keys::kHeads), read_head));
    if (ok)
      ok = for_each_own(keys::kNames, [&](Mailbox& mailbox, std::string_view value) -> Status {
        auto name = decode_name(value);
        if (!name) return pass(name);
        mailbox.name = name->name;
        mailbox.special_use = name->special_use;
        return {};
      });
    if (ok)
      ok = for_each_own(keys::kKeywords, [&](Mailbox& mailbox, std::string_view value) -> Status {
        auto keywords = decode_keywords(value);
        if (!keywords) return pass(keywords);
        auto table = std::make_shared<KeywordTable>();
        for (const std::string& keyword : *keywords) (void)table->intern_name(keyword);
        mailbox.keywords = std::move(table);
        return {};
      });
    return ok;
  }

  /// Reads rows of mailboxes; a row whose mailbox has no head is removed.
  template <class F>
  Status for_each_own(std::string_view prefix, F&& f) {
    const auto take = [&](const engine::Row& row) -> Status {
      const auto it = mailboxes_.find(keys::mailbox_of(row.key));
      if (it != mailboxes_.end()) return f(it->second, row.value);
      commit_.edits.push_back({row.key, std::nullopt});
      return {};
    };
    return async::wait(for_each_row(engine_, id_, std::string(prefix), take));
  }

  /// Makes sure that every mailbox has a unique name and that one is the INBOX. Of two with the
  /// same name the newer keeps it, because what was lost is the deletion or renaming of the older.
  Status name_them() {
    std::set<std::string> taken;
    for (auto it = mailboxes_.rbegin(); it != mailboxes_.rend(); ++it) {
      Mailbox& mailbox = it->second;
      if (!mailbox.name.empty() && taken.insert(mailbox.name).second) continue;
      // INBOX is the first mailbox that an account gets.
      const bool first = std::next(it) == mailboxes_.rend();
      std::string name = first && mailbox.name.empty() && !taken.contains("INBOX")
                             ? "INBOX"
                             : fmt::format("Recovered-{}", mailbox.id.value);
      while (!taken.insert(name).second) name += '+';
      log::warning("account {}: mailbox {} has lost its name and is now \"{}\"", to_hex(id_),
                   mailbox.id.value, name);
      mailbox.name = std::move(name);
      put(keys::name(mailbox.id), encode_name({mailbox.name, mailbox.special_use}));
    }
    if (!taken.contains("INBOX")) make_inbox();
    return {};
  }

  void make_inbox() {
    Mailbox inbox;
    inbox.id = counters_.next_mailbox;
    ++counters_.next_mailbox;
    inbox.name = "INBOX";
    inbox.head.uid_validity = next_uid_validity();
    inbox.keywords = std::make_shared<KeywordTable>();
    put(keys::name(inbox.id), encode_name({inbox.name, 0}));
    put(keys::chunks(inbox.id), encode_chunks({}));
    mailboxes_.emplace(inbox.id, std::move(inbox));
  }

  UidValidity next_uid_validity() {
    const UidValidity next = counters_.next_uid_validity;
    ++counters_.next_uid_validity;
    return next;
  }

  /// Computes the head from the messages and advances its numbers.
  Status count(Mailbox& mailbox) {
    std::vector<ChunkRef> gone;
    auto loaded = async::wait(salvage_contents(engine_, id_, mailbox, gone));
    if (!loaded) return pass(loaded);
    if (!gone.empty()) drop_chunks(mailbox, *loaded->storage, gone);
    MailboxHead& head = mailbox.head;
    const MailboxHead before = head;
    head.messages = head.unseen = head.deleted = 0;
    head.bytes = head.deleted_bytes = 0;
    loaded->contents->for_each(
        0, loaded->contents->count(),
        [&](std::uint32_t, const MemberLeaf& m, const FlagLeaf& f, std::uint32_t k) {
          ++head.messages;
          head.bytes += m.size[k];
          head.unseen += (f.system[k] & bit(SystemFlag::seen)) == 0 ? 1 : 0;
          if ((f.system[k] & bit(SystemFlag::deleted)) != 0) {
            ++head.deleted;
            head.deleted_bytes += m.size[k];
          }
          head.uid_next = std::max(head.uid_next, Uid(m.uid[k] + 1));
        });
    if (head.messages != before.messages)
      log::warning("account {} mailbox \"{}\": its head counts {} messages, but it has {}",
                   to_hex(id_), mailbox.name, before.messages, head.messages);
    counters_.messages += head.messages;
    counters_.bytes += head.bytes;
    head.highest_modseq = floor_;
    move_on(head);
    mend_keywords(mailbox, *loaded->keywords);
    put(keys::head(mailbox.id), encode_head(head, loaded->storage->tail_rows()));
    return {};
  }

  void move_on(MailboxHead& head) {
    // This many must remain for the next jump and for new mail.
    constexpr std::uint32_t kSpare = 3 * Jump::uids;
    const std::uint64_t next = head.uid_next.value + Jump::uids + Jump::uids_per_second * seconds_;
    if (next < std::numeric_limits<std::uint32_t>::max() - kSpare) {
      head.uid_next.value = static_cast<std::uint32_t>(next);
    } else {
      head.uid_validity = next_uid_validity();
    }
  }

  void drop_chunks(const Mailbox& mailbox, const MailboxStorage& storage,
                   const std::vector<ChunkRef>& gone) {
    for (const ChunkRef& chunk : gone)
      log::error("account {} mailbox \"{}\": the rows of UID {} to {} ({} messages) are lost",
                 to_hex(id_), mailbox.name, chunk.first.value, chunk.last.value, chunk.count);
    put(keys::chunks(mailbox.id), encode_chunks(storage.chunks));
  }

  /// Messages may have keywords whose names are lost.
  void mend_keywords(const Mailbox& mailbox, const KeywordTable& used) {
    const std::size_t named = mailbox.keywords->names().size();
    if (used.names().size() > named) put(keys::keywords(mailbox.id), encode_keywords(used.names()));
  }

  engine::Engine& engine_;
  const PartitionId& id_;
  const std::uint64_t epoch_;
  const std::uint64_t seconds_;
  ModSeq floor_;
  AccountCounters counters_;
  std::map<MailboxId, Mailbox> mailboxes_;
  engine::Commit commit_;
};

}  // namespace

std::string encode_behind(const Behind& behind) {
  std::string out;
  ByteWriter w(out);
  w.varint(behind.epoch);
  w.varint(behind.floor.value);
  return seal(out);
}

Result<Behind> decode_behind(std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  Behind behind;
  behind.epoch = r.varint();
  behind.floor = ModSeq(r.varint());
  if (!r.ok()) return fail(ErrorKind::corrupt, "a stored epoch cannot be read");
  return behind;
}

async::Task<Result<Behind>> read_behind(engine::Engine& engine, PartitionId id) {
  auto row = co_await engine.get_row(id, keys::behind());
  if (!row) co_return pass(row);
  if (!*row) co_return Behind{};
  co_return decode_behind(**row);
}

async::Task<Status> bring_level(engine::Engine& engine, PartitionId id, std::uint64_t epoch) {
  if (epoch == 0) co_return Status{};
  const auto behind = co_await read_behind(engine, id);
  if (!behind) co_return std::unexpected(behind.error());
  if (behind->epoch >= epoch) co_return Status{};
  auto commit = Leveling(engine, id, behind->epoch, epoch).make();
  if (!commit) co_return pass(commit);
  if (!*commit) co_return Status{};
  auto done = commit_and_wait(engine, std::move(**commit));
  if (!done) co_return pass(done);
  log::info(
      "account {}: UIDs and mod-sequences skip ahead, as the store may be older than what clients "
      "have seen",
      to_hex(id));
  co_return Status{};
}

}  // namespace posthorn::store
