#include "store/mend/mend_account.h"

#include <algorithm>
#include <limits>

#include "async/wait.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/format/outbox_codec.h"
#include "store/format/paged_record.h"
#include "store/format/record.h"
#include "store/format/system.h"
#include "store/mend/account_rows.h"
#include "store/mend/orphans.h"
#include "store/read/load.h"
#include "store/upkeep/check.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::store {
namespace {

/// Mends one account by one commit.
class AccountMend {
 public:
  AccountMend(engine::Engine& engine, const PartitionId& id, std::string_view known_as,
              bool in_doubt, std::vector<std::string>& losses)
      : engine_(engine), id_(id), known_as_(known_as), rows_lost_(in_doubt), losses_(losses) {}

  Result<std::optional<MendedAccount>> run() {
    auto rows = read_account_rows(engine_, id_);
    if (!rows) return pass(rows);
    if (rows->empty()) return std::nullopt;
    rows_ = std::move(*rows);
    mend_profile();
    if (!rows_.undecoded.empty())
      lose(fmt::format("{} of its rows are damaged", rows_.undecoded.size()));
    for (const std::string& key : rows_.undecoded) commit_.edits.push_back({key, std::nullopt});
    mend_counters();
    mend_heads();
    Status ok = mend_outbox();
    for (const auto& [mailbox, head] : rows_.heads)
      if (ok) ok = look_at(mailbox, head.head);
    if (ok) ok = recover_orphans();
    if (ok) ok = commit();
    if (!ok) return pass(ok);
    return MendedAccount{rows_.profile->name, !rows_.outbox.empty()};
  }

 private:
  void put(std::string key, std::string value) {
    commit_.edits.push_back({std::move(key), std::move(value)});
  }

  void lose(std::string_view what) {
    const std::string_view name = rows_.profile ? rows_.profile->name : known_as_;
    losses_.push_back(fmt::format("{}: {}", describe_account(id_, name), what));
  }

  void mend_profile() {
    if (rows_.profile) return;
    AccountProfile profile;
    profile.name =
        known_as_.empty() ? fmt::format("recovered-{}", to_hex(id_).substr(0, 8)) : known_as_;
    profile.version = 1;
    put(keys::profile(), encode_profile(profile));
    rows_.profile = std::move(profile);
    rows_.undecoded.erase(keys::profile());
    lose("its profile is lost: it accepts no password until it is given one");
  }

  void mend_counters() {
    if (!rows_.counters) {
      lose("its counters and its quota are lost");
      counters_changed_ = true;
      rows_.undecoded.erase(keys::account());
    }
    counters_ = rows_.counters.value_or(AccountCounters{});
    // Rows may be of later moments than the counters.
    raise(counters_.next_mailbox.value, rows_.mailbox.value);
    raise(counters_.next_ordinal.value, rows_.ordinal.value);
    raise(counters_.next_uid_validity.value, rows_.uid_validity.value);
  }

  template <class Int>
  void raise(Int& next, Int used) {
    if (next > used) return;
    // The highest number is never believed so far that the next one would be 0.
    next = used == std::numeric_limits<Int>::max() ? used : used + 1;
    counters_changed_ = true;
  }

  UidValidity new_uid_validity() {
    // The lost head may have had any number up to the counter's, which may be an earlier state too.
    constexpr std::uint32_t kAhead = 1U << 19U;
    std::uint32_t& next = counters_.next_uid_validity.value;
    next += std::min(kAhead, std::numeric_limits<std::uint32_t>::max() - next);
    counters_changed_ = true;
    return UidValidity(next - 1);
  }

  void mend_heads() {
    std::set<MailboxId> mailboxes = rows_.with_rows;
    for (const auto& [mailbox, head] : rows_.heads) mailboxes.insert(mailbox);
    for (const auto& [mailbox, name] : rows_.names) mailboxes.insert(mailbox);
    for (const MailboxId mailbox : mailboxes) {
      if (!rows_.with_chunks.contains(mailbox)) put(keys::chunks(mailbox), encode_chunks({}));
      if (rows_.heads.contains(mailbox)) continue;
      StoredHead head;
      head.head.uid_validity = new_uid_validity();
      head.head.highest_modseq = ModSeq(1);
      put(keys::head(mailbox), encode_head(head.head, 0));
      rows_.heads[mailbox] = head;
      rows_lost_ = true;
      lose(fmt::format("{}: its head is lost, so it has a new UIDVALIDITY", place_of(mailbox)));
    }
  }

  [[nodiscard]] std::string place_of(MailboxId mailbox) const {
    const auto name = rows_.names.find(mailbox);
    return name == rows_.names.end() ? fmt::format("mailbox {}, whose name is lost", mailbox.value)
                                     : fmt::format("mailbox \"{}\"", name->second.name);
  }

  Status mend_outbox() {
    for (auto it = rows_.outbox.begin(); it != rows_.outbox.end();) {
      const auto record = async::wait(read_record(engine_, id_, it->second));
      if (!record && record.error().kind == ErrorKind::unavailable)
        return std::unexpected(record.error());
      if (record && decode_outbox_entry(it->first, *record)) {
        ++it;
        continue;
      }
      lose(fmt::format("outbox {}: it cannot be read and is removed", it->first.value));
      commit_.edits.push_back({keys::outbox(it->first), std::nullopt});
      it = rows_.outbox.erase(it);
    }
    return {};
  }

  /// Says what is missing of a mailbox, and notes which messages it has.
  Status look_at(MailboxId id, const MailboxHead& head) {
    if (!rows_.names.contains(id)) lose(place_of(id));
    Mailbox mailbox;
    mailbox.id = id;
    mailbox.head = head;
    auto keywords = std::make_shared<KeywordTable>();
    for (const std::string& keyword : rows_.keywords[id]) (void)keywords->intern_name(keyword);
    mailbox.keywords = std::move(keywords);
    std::vector<ChunkRef> gone;
    auto loaded = async::wait(salvage_contents(engine_, id_, mailbox, gone));
    if (!loaded && !is_damage(loaded.error().kind)) return pass(loaded);
    if (!loaded) {
      rows_lost_ = true;
      lose(fmt::format("{}: it cannot be read: {}", place_of(id), loaded.error().text));
      return {};
    }
    for (const ChunkRef& chunk : gone)
      lose(fmt::format("{}: the rows of UID {} to {} ({} messages) are lost", place_of(id),
                       chunk.first.value, chunk.last.value, chunk.count));
    const Contents& contents = *loaded->contents;
    rows_lost_ = rows_lost_ || contents.count() < head.messages;
    if (gone.empty() && contents.count() < head.messages)
      lose(fmt::format("{}: the rows of {} of its {} messages are lost", place_of(id),
                       head.messages - contents.count(), head.messages));
    contents.for_each(0, contents.count(),
                      [&](std::uint32_t, const MemberLeaf& m, const FlagLeaf&, std::uint32_t k) {
                        named_.insert(Ordinal(m.ordinal[k]));
                      });
    return {};
  }

  Status recover_orphans() {
    if (!rows_lost_) return {};
    auto orphans = find_orphans(engine_, id_, rows_, named_);
    if (!orphans) return pass(orphans);
    if (orphans->empty()) return {};
    lose(fmt::format("{} messages whose rows are lost are in the mailbox \"{}\"", orphans->size(),
                     free_name()));
    const MailboxId id = counters_.next_mailbox;
    ++counters_.next_mailbox;
    counters_changed_ = true;
    MailboxHead head;
    head.uid_validity = new_uid_validity();
    head.highest_modseq = ModSeq(1);
    head.messages = static_cast<std::uint32_t>(orphans->size());
    put(keys::name(id), encode_name({free_name(), 0}));
    put(keys::chunks(id), encode_chunks({}));
    put(keys::subscription(free_name()), seal(""));
    for (Member& orphan : *orphans) {
      orphan.uid = head.uid_next;
      ++head.uid_next;
      StoredRow row;
      row.member = orphan;
      row.modseq = ModSeq(1);
      put(keys::tail_row(id, orphan.uid), encode_row(row));
    }
    put(keys::head(id), encode_head(head, static_cast<std::uint32_t>(orphans->size())));
    return {};
  }

  [[nodiscard]] std::string free_name() const {
    std::string name = "Recovered";
    while (std::ranges::any_of(rows_.names,
                               [&](const auto& other) { return other.second.name == name; }))
      name += '+';
    return name;
  }

  Status commit() {
    if (counters_changed_) put(keys::account(), encode_counters(counters_));
    auto version = async::wait(engine_.version(id_));
    if (!version) return pass(version);
    const std::uint64_t behind =
        rows_.seq > version->tail ? rows_.seq.value - version->tail.value : 0;
    if (commit_.edits.empty() && behind == 0) return {};
    commit_.partition = id_;
    commit_.expect = *version;
    commit_.advance = behind + 1;
    auto done = commit_and_wait(engine_, std::move(commit_));
    return done ? Status() : pass(done);
  }

  engine::Engine& engine_;
  const PartitionId& id_;
  const std::string_view known_as_;
  bool rows_lost_;  ///< Or may be.
  std::vector<std::string>& losses_;
  AccountRows rows_;
  AccountCounters counters_;
  bool counters_changed_ = false;
  Ordinals named_;
  engine::Commit commit_;
};

}  // namespace

Result<std::optional<MendedAccount>> mend_account(engine::Engine& engine, const PartitionId& id,
                                                  std::string_view known_as, bool in_doubt,
                                                  std::vector<std::string>& losses) {
  return AccountMend(engine, id, known_as, in_doubt, losses).run();
}

}  // namespace posthorn::store
