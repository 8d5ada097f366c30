#include "store/mend/account_rows.h"

#include <algorithm>

#include "async/wait.h"
#include "store/format/keys.h"
#include "store/read/behind.h"
#include "store/read/load.h"

namespace posthorn::store {
namespace {

class Reader {
 public:
  explicit Reader(AccountRows& out) : out_(out) {}

  void take(const engine::Row& row) {
    if (!row.key.empty() && !take_known(row)) out_.undecoded.insert(row.key);
  }

 private:
  template <class T>
  static void raise(T& highest, T number) {
    highest = std::max(highest, number);
  }
  /// No account comes this far, and MODSEQs end at 2^63 (RFC 7162 §3.1). A row that has more must
  /// not take the account there.
  static void raise(Seq& highest, Seq number) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 62U;
    if (number.value < kMost) highest = std::max(highest, number);
  }

  bool take_known(const engine::Row& row) {
    const std::string_view kind = std::string_view(row.key).substr(0, 1);
    if (kind == keys::kAccount) return keep(out_.counters, decode_counters(row.value));
    if (kind == keys::kProfile) return keep(out_.profile, decode_profile(row.value));
    if (kind == keys::kBehind) return decode_behind(row.value).has_value();
    if (kind == keys::kHeads || kind == keys::kNames || kind == keys::kKeywords)
      return row.key.size() == kOfMailbox && take_mailbox(kind, row);
    if (kind == keys::kContents) return row.key.size() > kOfMailbox && take_contents(row);
    if (kind == keys::kEmails || kind == keys::kGroups || kind == keys::kLogs ||
        kind == keys::kOutbox || kind == keys::kJournals)
      return row.key.size() > sizeof(std::uint64_t) && take_numbered(kind, row);
    return true;
  }

  /// The prefix and the number of a mailbox.
  static constexpr std::size_t kOfMailbox = 1 + sizeof(std::uint32_t);

  template <class T>
  static bool keep(std::optional<T>& place, Result<T> decoded) {
    if (decoded) place = std::move(*decoded);
    return decoded.has_value();
  }

  template <class T>
  static bool keep(std::map<MailboxId, T>& all, MailboxId id, Result<T> decoded) {
    if (decoded) all[id] = std::move(*decoded);
    return decoded.has_value();
  }

  bool take_mailbox(std::string_view kind, const engine::Row& row) {
    const MailboxId id = keys::mailbox_of(row.key);
    raise(out_.mailbox, id);
    if (kind == keys::kNames) return keep(out_.names, id, decode_name(row.value));
    if (kind == keys::kKeywords) return keep(out_.keywords, id, decode_keywords(row.value));
    auto head = decode_head(row.value);
    if (head) raise(out_.uid_validity, head->head.uid_validity);
    return keep(out_.heads, id, std::move(head));
  }

  bool take_contents(const engine::Row& row) {
    const MailboxId id = keys::mailbox_of(row.key);
    raise(out_.mailbox, id);
    switch (keys::kind_of_contents(row.key)) {
      case keys::kChunks: {
        const auto chunks = decode_chunks(row.value);
        if (!chunks) return false;
        out_.with_chunks.insert(id);
        if (!chunks->empty()) out_.with_rows.insert(id);
        return true;
      }
      case keys::kFlagChange: return decode_journal(row.value).has_value();
      default: {
        const auto decoded = decode_row(Uid(keys::uid_of_tail(row.key)), row.value);
        if (!decoded) return false;
        out_.with_rows.insert(id);
        if (*decoded) {
          raise(out_.ordinal, (*decoded)->member.ordinal);
          raise(out_.seq, Seq((*decoded)->modseq.value));
        }
        return true;
      }
    }
  }

  bool take_numbered(std::string_view kind, const engine::Row& row) {
    const std::uint64_t number = keys::last_number(row.key);
    if (kind == keys::kEmails) {
      out_.emails.insert(Ordinal(number));
      raise(out_.ordinal, Ordinal(number));
    } else if (kind == keys::kGroups) {
      const auto group = decode_group(Ordinal(number), row.value);
      if (!group) return false;
      out_.groups.push_back(*group);
      raise(out_.ordinal, group->last);
    } else {
      raise(out_.seq, Seq(number));
      if (kind == keys::kOutbox) out_.outbox.emplace(OutboxId(number), row.value);
    }
    return true;
  }

  AccountRows& out_;
};

}  // namespace

Result<AccountRows> read_account_rows(engine::Engine& engine, const PartitionId& id) {
  AccountRows out;
  Reader reader(out);
  Status read = async::wait(for_each_row(engine, id, "", [&](const engine::Row& row) -> Status {
    reader.take(row);
    return {};
  }));
  if (!read) return pass(read);
  return out;
}

}  // namespace posthorn::store
