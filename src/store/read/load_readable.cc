#include "store/read/load_readable.h"

#include <map>

#include "async/wait.h"
#include "store/format/keys.h"
#include "store/read/contents_builder.h"
#include "store/read/damage_scan.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::store {
namespace {

/// Limit of the rows in a damaged range that are looked up one by one.
constexpr std::uint32_t kMostLookedFor = 100'000;

class ReadableLoader {
 public:
  ReadableLoader(engine::Engine& engine, const PartitionId& id, const Mailbox& mailbox,
                 ModSeq floor)
      : engine_(engine), id_(id), mailbox_(mailbox), builder_(mailbox, floor) {}

  Result<ReadableContents> run() && {
    if (Status ok = read_chunk_list(); !ok) return pass(ok);
    if (Status ok = read_tail(); !ok) return pass(ok);
    auto next = tail_.cbegin();
    for (const ChunkRef& chunk : storage_.chunks)
      if (Status ok = read_chunk(chunk, next); !ok) return pass(ok);
    add_tail_up_to(Uid(UINT32_MAX), next);
    if (!builder_.is_ordered()) find("rows that are out of order are left out");
    ReadableContents out;
    out.loaded = std::move(builder_).finish(std::move(storage_));
    damage_.uids = missing(*out.loaded.contents);
    out.damage = std::move(damage_);
    return out;
  }

 private:
  void find(std::string finding) { damage_.findings.push_back(std::move(finding)); }
  void lose(Uid first, Uid last) { damage_.uids.add(first.value, last.value); }

  Status read_chunk_list() {
    auto row = async::wait(engine_.get_row(id_, keys::chunks(mailbox_.id)));
    Status ok = row ? Status() : pass(row);
    if (ok && *row) {
      auto chunks = decode_chunks(**row);
      if (chunks) storage_.chunks = std::move(*chunks);
      ok = chunks ? Status() : pass(chunks);
    }
    if (ok || !is_damage(ok.error().kind)) return ok;
    find("the list of its pages cannot be read, and thus none of the messages in them: " +
         ok.error().text);
    damage_.beyond_repair = true;
    lose(Uid(1), Uid(mailbox_.head.uid_next.value - 1));
    return {};
  }

  Status read_tail() {
    return for_each_readable_row(
        engine_, id_, keys::contents(mailbox_.id), [&](const engine::Row& row) { take(row); },
        [&](const DamagedRange& range) { look_into(range); });
  }

  void take(const engine::Row& row) {
    switch (keys::kind_of_contents(row.key)) {
      case keys::kFlagChange: take_flag_change(row); break;
      case keys::kTailRow: take_tail_row(Uid(keys::uid_of_tail(row.key)), row.value); break;
      default: break;
    }
  }

  void take_flag_change(const engine::Row& row) {
    const Seq seq(keys::last_number(row.key));
    auto change = decode_journal(row.value);
    if (!change) {
      find("a change of flags cannot be read: " + change.error().text);
      damage_.flag_changes.push_back(seq);
      return;
    }
    FlagChange added{seq, {}, change->flags.size()};
    for (const JournalRecord::FlagDelta& delta : change->flags)
      added.uids = added.uids.unite(delta.uids);
    storage_.flag_changes.push_back(std::make_shared<const FlagChange>(std::move(added)));
    builder_.add(seq, *change);
  }

  void take_tail_row(Uid uid, std::string_view value) {
    auto row = decode_row(uid, value);
    storage_.tail.add(uid.value);
    if (row) {
      tail_.insert_or_assign(uid, std::move(*row));
      return;
    }
    find(fmt::format("the newest row of UID {} cannot be read: {}", uid.value, row.error().text));
    lose(uid, uid);
  }

  /// A range ends where a scan can continue, and the row before it may be intact; therefore each
  /// UID in the range is read separately.
  void look_into(const DamagedRange& range) {
    find("a part of its rows cannot be read: " + range.why.text + " (" + range.why.cause + ")");
    damage_.beyond_repair = true;
    const std::string rows = keys::tail_row(mailbox_.id, Uid(0));
    const std::string end = keys::tail_row(mailbox_.id, mailbox_.head.uid_next);
    if (!range.last.empty() && range.last <= rows) return;
    // The ends of a range may be truncated keys.
    const auto uid_at = [&](std::string key) {
      key.resize(end.size(), '\0');
      return keys::uid_of_tail(key);
    };
    const std::uint32_t first = range.first <= rows ? 1 : uid_at(range.first);
    const std::uint32_t last = range.last.empty() || range.last >= end
                                   ? mailbox_.head.uid_next.value
                                   : uid_at(range.last) + (range.last.size() > end.size() ? 1 : 0);
    std::uint32_t looked_for = 0;
    for (std::uint32_t uid = std::max(first, 1U); uid < last; ++uid) {
      if (++looked_for > kMostLookedFor) {
        lose(Uid(uid), Uid(last - 1));
        break;
      }
      look_for(Uid(uid));
    }
  }

  void look_for(Uid uid) {
    auto row = async::wait(engine_.get_row(id_, keys::tail_row(mailbox_.id, uid)));
    if (!row) {
      lose(uid, uid);
    } else if (*row) {
      take_tail_row(uid, **row);
    }
  }

  using Tail = std::map<Uid, std::optional<StoredRow>>;

  void add_tail_up_to(Uid last, Tail::const_iterator& next) {
    for (; next != tail_.end() && next->first <= last; ++next)
      if (next->second) builder_.add(*next->second);
  }

  Status read_chunk(const ChunkRef& chunk, Tail::const_iterator& next) {
    auto page = async::wait(engine_.read_page(id_, chunk.page));
    Status ok = page ? Status() : pass(page);
    if (ok) {
      ok = unpack_rows(*page, [&](const StoredRow& row) {
        if (row.member.uid.value > 1) add_tail_up_to(Uid(row.member.uid.value - 1), next);
        if (next == tail_.end() || next->first != row.member.uid) {
          builder_.add(row);
        } else {
          add_tail_up_to(row.member.uid, next);
        }
      });
    }
    if (ok) return {};
    if (!is_damage(ok.error().kind) && ok.error().kind != ErrorKind::not_found) return ok;
    find(fmt::format(
        "a page of its rows cannot be read, with {} messages from UID {} to {}: {} ({})",
        chunk.count, chunk.first.value, chunk.last.value, ok.error().text, ok.error().cause));
    lose(chunk.first, chunk.last);
    add_tail_up_to(chunk.last, next);
    return {};
  }

  /// A UID is not missing if its row turned up after all, if it is known to be expunged, or if it
  /// was never assigned.
  NumberSet missing(const Contents& contents) const {
    NumberSet there;
    contents.members().for_each(
        0, contents.count(),
        [&](std::uint32_t, const MemberLeaf& leaf, std::uint32_t k) { there.add(leaf.uid[k]); });
    NumberSet expunged;
    for (const auto& [uid, row] : tail_)
      if (!row) expunged.add(uid.value);
    NumberSet given_out;
    if (mailbox_.head.uid_next.value > 1) given_out.add(1, mailbox_.head.uid_next.value - 1);
    return damage_.uids.intersect(given_out).subtract(there).subtract(expunged);
  }

  engine::Engine& engine_;
  const PartitionId& id_;
  const Mailbox& mailbox_;
  ContentsBuilder builder_;
  MailboxStorage storage_;
  Tail tail_;
  MailboxDamage damage_;
};

}  // namespace

Result<ReadableContents> load_readable_contents(engine::Engine& engine, const PartitionId& id,
                                                const Mailbox& mailbox, ModSeq floor) {
  return ReadableLoader(engine, id, mailbox, floor).run();
}

}  // namespace posthorn::store
