#include "store/mend/orphans.h"

#include <algorithm>
#include <ctime>

#include "async/wait.h"
#include "message/digest/keys_view.h"
#include "store/format/codec.h"
#include "store/format/group_page.h"
#include "store/format/keys.h"
#include "store/format/outbox_codec.h"
#include "store/format/paged_record.h"
#include "store/read/email_catalog.h"
#include "store/read/load.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::store {
namespace {

class Search {
 public:
  Search(engine::Engine& engine, const PartitionId& id, const AccountRows& rows, Ordinals named)
      : engine_(engine), id_(id), rows_(rows), named_(std::move(named)) {}

  Result<std::vector<Member>> run() {
    Status ok = read_outbox();
    if (ok) ok = read_history(keys::kJournals);
    if (ok) ok = read_history(keys::kLogs);
    if (ok) ok = read_groups();
    if (ok) ok = read_emails();
    if (!ok) return pass(ok);
    std::ranges::sort(found_, {}, &Member::ordinal);
    return std::move(found_);
  }

 private:
  /// Damage is passed over: what it hit is reported elsewhere, or names nothing.
  template <class T>
  static Status unless_damage(const Result<T>& result) {
    if (result || is_damage(result.error().kind) || result.error().kind == ErrorKind::not_found)
      return {};
    return std::unexpected(result.error());
  }

  Status read_outbox() {
    for (const auto& [id, value] : rows_.outbox) {
      const auto record = async::wait(read_record(engine_, id_, value));
      if (!record) continue;
      if (const auto entry = decode_outbox_entry(id, *record)) named_.insert(entry->email);
    }
    return {};
  }

  void take_journal(const Result<std::string>& record) {
    const auto journal = record ? decode_journal(*record) : Result<JournalRecord>();
    if (!record || !journal) return;
    for (const StoredRow& row : journal->expunged) named_.insert(row.member.ordinal);
  }

  void take_log(std::string_view value) {
    const auto log = decode_log(value);
    if (!log) return;
    named_.insert(log->released.begin(), log->released.end());
    for (const LogRecord::Entry& entry : log->entries)
      if (entry.journal_page.value != 0)
        take_journal(async::wait(engine_.read_page(id_, entry.journal_page)));
  }

  Status read_history(std::string_view kind) {
    return async::wait(
        for_each_row(engine_, id_, std::string(kind), [&](const engine::Row& row) -> Status {
          if (kind == keys::kLogs) {
            take_log(row.value);
          } else {
            take_journal(async::wait(read_record(engine_, id_, row.value)));
          }
          return {};
        }));
  }

  Status read_groups() {
    for (const GroupRef& group : rows_.groups) {
      const auto pages =
          async::wait(engine_.read_pages(id_, {group.pages[0], group.pages[2], group.pages[3]}));
      std::array<std::shared_ptr<const GroupPage>, 3> columns;
      bool whole = true;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (Status ok = unless_damage(pages[i]); !ok) return ok;
        auto column =
            pages[i] ? GroupPage::decode(*pages[i]) : Result<std::shared_ptr<const GroupPage>>();
        whole = whole && pages[i] && column && *column;
        if (whole) columns[i] = std::move(*column);
      }
      if (!whole) continue;
      for (std::size_t i = 0; i < columns[0]->count(); ++i) {
        const Ordinal ordinal = columns[0]->ordinal_at(i);
        const auto header = columns[1]->find(ordinal);
        const auto body = columns[2]->find(ordinal);
        if (!header || !body) continue;
        if (Status ok = take(ordinal, columns[0]->at(i), *header, *body); !ok) return ok;
      }
    }
    return {};
  }

  Status read_emails() {
    EmailCatalog catalog(engine_, id_);
    for (const Ordinal ordinal : rows_.emails) {
      if (named_.contains(ordinal)) continue;
      const auto emails = async::wait(catalog.read_rows({ordinal}));
      if (Status ok = unless_damage(emails.front()); !ok) return ok;
      if (!emails.front()) continue;
      const EmailRecord& email = *emails.front();
      if (Status ok = take(ordinal, email.keys, email.header, email.body); !ok) return ok;
    }
    return {};
  }

  Status take(Ordinal ordinal, std::string_view keys, std::string_view header,
              std::string_view body) {
    if (named_.contains(ordinal)) return {};
    const auto list = decode_body_list(body);
    if (!list) return {};
    std::uint64_t size = header.size();
    for (const BodyPiece& piece : list->pieces) {
      const auto there = engine_.inspect(piece.name);
      if (Status ok = unless_damage(there); !ok) return ok;
      if (!there || !*there) return {};
      size += piece.size;
    }
    named_.insert(ordinal);
    const message::KeysView digest(keys);
    Member member;
    member.ordinal = ordinal;
    member.size = static_cast<std::uint32_t>(size);
    member.save_date = static_cast<std::uint32_t>(std::time(nullptr));
    member.internal_date = digest.has_sent() ? digest.sent() : Timestamp{member.save_date, 0};
    found_.push_back(member);
    return {};
  }

  engine::Engine& engine_;
  const PartitionId& id_;
  const AccountRows& rows_;
  Ordinals named_;
  std::vector<Member> found_;
};

}  // namespace

Result<std::vector<Member>> find_orphans(engine::Engine& engine, const PartitionId& id,
                                         const AccountRows& rows, const Ordinals& named) {
  return Search(engine, id, rows, named).run();
}

}  // namespace posthorn::store
