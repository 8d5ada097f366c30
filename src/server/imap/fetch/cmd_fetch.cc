#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "message/header/header.h"
#include "server/imap/commands.h"
#include "server/imap/fetch/fetch_content.h"
#include "server/imap/fetch/fetch_lines.h"
#include "server/imap/fetch/fetch_new.h"
#include "server/imap/fetch/fetch_plan.h"
#include "server/imap/fetch/fetch_row.h"
#include "server/imap/reply.h"
#include "server/imap/window.h"
#include "service/fetch.h"
#include "service/messages.h"
#include "service/rows.h"
#include "service/vanished.h"
#include "store/read/object_ids.h"
#include "store/store.h"
#include "store/upkeep/damage_log.h"
#include "text/nul.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using service::FetchBatch;
using service::Row;
using Kind = wi::FetchItem::Kind;
using Text = wi::Section::Text;
using SteadyClock = std::chrono::steady_clock;

/// Executes one FETCH. Messages come in batches, which are read ahead (service/fetch.h). Responses
/// are written until the output is full, which is then flushed. Other sessions run at least every
/// millisecond.
class Fetch {
 public:
  Fetch(Session& session, const wi::FetchCommand& command, const store::Mailbox& now,
        NumberSet seqnums)
      : session_(session),
        command_(command),
        plan_(plan_fetch(
            command, session.enabled.uid_only ? UidItem::if_requested : UidItem::always,
            session.selected->mailbox.account->object_ids().has_foreign() ? Origins::possible
                                                                          : Origins::none)),
        now_(now),
        rows_(session.selected->told(), session.selected->mailbox.flags(now), std::move(seqnums)),
        flags_(session, now),
        strings_(session.dialect().utf8 ? message::StringForm::utf8 : message::StringForm::ascii),
        ids_(session.selected->mailbox.account->object_ids()) {}

  /// Errors: closed once the connection is lost.
  Task<Status> run();
  /// Why the first message was left out, if the reason was not damage.
  [[nodiscard]] const std::optional<Error>& failed() const { return failed_; }
  /// The messages left out because of damage.
  [[nodiscard]] const store::Unreadable& unreadable() const { return unreadable_; }
  /// UIDs of messages whose content was sent and that lacked \Seen.
  [[nodiscard]] const NumberSet& seen() const { return seen_; }

 private:
  Task<Status> run_lines();
  Task<void> give_way();
  Task<Status> write_batch(const FetchBatch& batch);
  Task<Status> write_streaming(const FetchBatch& batch, const Row& row);
  void fetch_structure_ahead(const FetchBatch& batch, std::size_t index) const;
  bool write_plain(const FetchBatch& batch, const Row& row);
  bool write_item(wi::FetchWriter& fetch, const wi::FetchItem& item, const Row& row);
  void write_header(wi::FetchWriter& fetch, const wi::FetchItem& item, std::string_view header);
  void fail_row(std::size_t start, const Row& row, const Error& error);
  [[nodiscard]] ModSeq changed_since() const { return command_.changed_since.value_or(ModSeq(0)); }

  Session& session_;
  const wi::FetchCommand& command_;
  const FetchPlan plan_;
  const store::Mailbox& now_;
  service::RowReader rows_;
  RowWriter flags_;
  const message::StringForm strings_;  ///< For ENVELOPE and BODYSTRUCTURE (RFC 9755 §3).
  const store::ObjectIds& ids_;
  std::string scratch_;
  message::KeysView keys_;
  message::StructureView structure_;
  std::string_view header_;
  std::string_view body_;  ///< The column, for identifiers.
  std::optional<Error> failed_;
  store::Unreadable unreadable_;
  NumberSet seen_;
  /// When this coroutine last yielded to others.
  SteadyClock::time_point began_ = SteadyClock::now();
};

Task<Status> Fetch::run() {
  if (FetchLines::can_write(plan_.items)) co_return co_await run_lines();
  service::FetchReader reader(session_.selected->mailbox, std::move(rows_), plan_.needs,
                              changed_since());
  Status status;
  while (status) {
    const FetchBatch* const batch = co_await reader.next();
    if (batch == nullptr) break;
    status = co_await write_batch(*batch);
    co_await give_way();
  }
  co_await reader.finish();
  co_return status;
}

Task<void> Fetch::give_way() {
  if (SteadyClock::now() - began_ <= std::chrono::milliseconds(1)) co_return;
  co_await async::Loop::current()->yield();
  began_ = SteadyClock::now();
}

/// The case that only rows are needed.
Task<Status> Fetch::run_lines() {
  constexpr std::uint32_t kStep = 512;
  const auto begins = session_.enabled.uid_only ? wi::Numbering::uid : wi::Numbering::seqnum;
  FetchLines lines(plan_.items, begins, flags_, session_.connection.out());
  const auto write = [&](const Row& row) { lines.write(row); };
  while (rows_.visit(kStep, changed_since(), write)) {
    if (session_.connection.is_full()) {
      if (auto flushed = co_await session_.connection.flush(); !flushed) {
        co_return fail(ErrorKind::closed, "the connection was lost");
      }
    }
    co_await give_way();
  }
  co_return Status();
}

/// Prefetches the structure of a later message. The structures of a batch are in memory but not in
/// the processor's caches, and they do not follow each other in memory.
void Fetch::fetch_structure_ahead(const FetchBatch& batch, std::size_t index) const {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kMost = 2048;
  if (!plan_.has(store::Column::structure) || index >= batch.rows().size()) return;
  const auto column = batch.column(batch.rows()[index], store::Column::structure);
  if (!column) return;
  const std::size_t size = std::min(column->size(), kMost);
  for (std::size_t at = 0; at < size; at += kLine) __builtin_prefetch(column->data() + at);
}

Task<Status> Fetch::write_batch(const FetchBatch& batch) {
  for (std::size_t i = 0; i < batch.rows().size(); ++i) {
    const Row& row = batch.rows()[i];
    fetch_structure_ahead(batch, i + 2);
    bool done = true;
    if (plan_.streams()) {
      auto streamed = co_await write_streaming(batch, row);
      if (!streamed && streamed.error().kind == ErrorKind::closed) co_return streamed;
      done = streamed.has_value();
    } else {
      done = write_plain(batch, row);
    }
    if (done && plan_.sets_seen && (row.flags.system & bit(SystemFlag::seen)) == 0) {
      seen_.add(row.member.uid.value);
    }
    if (!session_.connection.is_full()) continue;
    if (auto flushed = co_await session_.connection.flush(); !flushed) {
      co_return fail(ErrorKind::closed, "the connection was lost");
    }
  }
  co_return Status();
}

/// Removes what was written of a message that failed. The other messages are still sent.
void Fetch::fail_row(std::size_t start, const Row& row, const Error& error) {
  session_.connection.out().resize(start);
  const Error judged = store::judge_unreadable(&now_, row.member.uid, error);
  if (store::is_damage(judged.kind)) {
    unreadable_.add(row.member.uid, judged);
  } else if (!failed_) {
    failed_ = judged;
  }
}

bool Fetch::write_plain(const FetchBatch& batch, const Row& row) {
  const std::size_t start = session_.connection.out().size();
  if (plan_.has(store::Column::structure)) {
    auto column = batch.column(row, store::Column::structure);
    if (!column) return fail_row(start, row, column.error()), false;
    structure_ = message::StructureView(*column);
  }
  if (plan_.has(store::Column::header)) {
    auto column = batch.column(row, store::Column::header);
    if (!column) return fail_row(start, row, column.error()), false;
    header_ = *column;
  }
  if (plan_.has(store::Column::keys)) {
    auto column = batch.column(row, store::Column::keys);
    if (!column) return fail_row(start, row, column.error()), false;
    keys_ = message::KeysView(*column);
  }
  if (plan_.has(store::Column::body)) {
    auto column = batch.column(row, store::Column::body);
    if (!column) return fail_row(start, row, column.error()), false;
    body_ = *column;
  }
  auto writer = session_.writer();
  wi::FetchWriter fetch(writer);
  begin_row(session_, fetch, row.seqnum, row.member.uid);
  for (const wi::FetchItem& item : plan_.items) {
    if (!write_item(fetch, item, row)) write_header(fetch, item, header_);
  }
  fetch.end();
  return true;
}

Task<Status> Fetch::write_streaming(const FetchBatch& batch, const Row& row) {
  const std::uint64_t before = session_.connection.octets_out();
  const std::size_t start = session_.connection.out().size();
  auto header = batch.column(row, store::Column::header);
  auto body = batch.column(row, store::Column::body);
  Result<std::string_view> structure = std::string_view();
  if (plan_.has(store::Column::structure)) {
    structure = batch.column(row, store::Column::structure);
  }
  Result<std::string_view> keys = std::string_view();
  if (plan_.has(store::Column::keys)) keys = batch.column(row, store::Column::keys);
  for (const auto* column : {&header, &body, &structure, &keys}) {
    if (*column) continue;
    fail_row(start, row, column->error());
    co_return fail(ErrorKind::corrupt, "the message was omitted from the response");
  }
  header_ = *header;
  structure_ = message::StructureView(*structure);
  keys_ = message::KeysView(*keys);
  body_ = *body;
  auto octets = batch.octets(header_, *body);
  if (!octets) {
    fail_row(start, row, octets.error());
    co_return pass(octets);
  }
  auto writer = session_.writer();
  wi::FetchWriter fetch(writer);
  ContentWriter content(session_, fetch, *octets, structure_);
  if (auto ready = co_await content.prepare(plan_.items); !ready) {
    fail_row(start, row, ready.error());
    co_return ready;
  }
  begin_row(session_, fetch, row.seqnum, row.member.uid);
  for (const wi::FetchItem& item : plan_.items) {
    if (write_item(fetch, item, row)) continue;
    auto written = co_await content.write(item);
    if (written) continue;
    if (written.error().kind == ErrorKind::closed) co_return written;
    // Reading succeeded a moment ago in prepare(). Output that has not been sent can still be
    // removed; otherwise the response cannot be completed correctly, and the session ends.
    if (session_.connection.octets_out() - session_.connection.out().size() > before - start) {
      co_return fail(ErrorKind::closed, "the response could not be completed");
    }
    fail_row(start, row, written.error());
    co_return fail(ErrorKind::corrupt, "the message was omitted from the response");
  }
  fetch.end();
  co_return Status();
}

/// Returns false for items that need the message's octets.
bool Fetch::write_item(wi::FetchWriter& fetch, const wi::FetchItem& item, const Row& row) {
  switch (item.kind) {
    case Kind::uid: fetch.uid(row.member.uid); return true;
    case Kind::flags: fetch.flags(flags_.flags(row.member.uid, row.flags)); return true;
    case Kind::internal_date: fetch.internal_date(row.member.internal_date); return true;
    case Kind::rfc822_size: fetch.rfc822_size(row.member.size); return true;
    case Kind::modseq: fetch.modseq(row.flags.modseq); return true;
    case Kind::save_date: fetch.save_date(Timestamp{row.member.save_date, 0}); return true;
    case Kind::envelope: fetch.envelope(structure_.envelope(strings_)); return true;
    case Kind::body: fetch.body(structure_.body(strings_)); return true;
    case Kind::body_structure:
      fetch.body_structure(structure_.bodystructure(strings_));
      return true;
    case Kind::preview: fetch.preview(structure_.preview()); return true;
    case Kind::email_id: fetch.email_id(ids_.email(row.member.ordinal, body_)); return true;
    case Kind::thread_id:
      fetch.thread_id(ids_.thread(row.member.ordinal, keys_, body_));
      return true;
    default: return false;
  }
}

/// Writes BODY[HEADER...] of the message itself, if no other item needs its body.
void Fetch::write_header(wi::FetchWriter& fetch, const wi::FetchItem& item,
                         std::string_view header) {
  const bool fields = item.section.text == Text::header_fields;
  if (item.kind == Kind::body_section && (fields || item.section.text == Text::header_fields_not)) {
    scratch_.clear();
    message::append_filtered_header(
        scratch_, header, item.section.fields,
        fields ? message::HeaderFilter::fields : message::HeaderFilter::fields_not);
    header = scratch_;
  }
  const message::ByteRange wanted = clip(header.size(), item.partial);
  fetch.literal(item, wanted.size());
  text::append_without_nul(session_.connection.out(), header.substr(wanted.begin, wanted.size()));
}

/// RFC 7162 §3.2.6.
Task<Status> say_vanished(Session& session, const wi::FetchCommand& command,
                          const store::MailboxPtr& now) {
  const Selected& selected = *session.selected;
  service::VanishedQuery query{.since = *command.changed_since, .known = {}, .samples = {}};
  query.known = command.set.saved_result ? selected.saved_result
                                         : command.set.resolve(now->head.uid_next.value - 1);
  auto gone = co_await service::vanished_since(selected.mailbox, now, std::move(query));
  if (!gone) co_return pass(gone);
  // In the client's numbering, messages whose removal it was not told of still exist.
  const service::Membership& told = selected.told();
  const NumberSet unknown = gone->subtract(told.uids_of(told.seqnums_of(*gone)));
  auto w = session.writer();
  wi::format_vanished(w, wi::Vanished::earlier, unknown);
  co_return Status();
}

Task<Status> set_seen(Session& session, const NumberSet& uids) {
  if (uids.empty() || session.selected->is_read_only() ||
      !session.selected->mailbox.rights.has(service::Right::keep_seen))
    co_return Status();
  service::FlagsToStore what;
  what.mailbox = session.selected->mailbox;
  what.uids = uids;
  what.flags.system = bit(SystemFlag::seen);
  auto stored = co_await service::store_flags(std::move(what));
  if (!stored) co_return pass(stored);
  co_return Status();
}

}  // namespace

async::Task<Status> fetch_new(Session& session, wi::FetchCommand command, store::MailboxPtr now,
                              NumberSet uids) {
  command.numbering = wi::Numbering::uid;  // The client has no other way to know which they are.
  const auto has = [&](Kind kind) {
    return std::ranges::find(command.items, kind, &wi::FetchItem::kind) != command.items.end();
  };
  // RFC 7162 §3.1: with flags, once CONDSTORE is enabled.
  if (session.enabled.condstore && has(Kind::flags) && !has(Kind::modseq))
    command.items.push_back({.kind = Kind::modseq});
  if (has(Kind::modseq)) session.selected->said_modseq = true;
  Fetch fetch(session, command, *now, session.selected->told().seqnums_of(uids));
  if (auto done = co_await fetch.run(); !done) co_return done;
  if (fetch.unreadable().empty()) co_return Status();
  session.context.store.note_unreadable(session.selected->mailbox.account->id(), *now,
                                        fetch.unreadable());
  const Reply reply = reply_to(store::describe(fetch.unreadable()));
  session.say(wi::Condition::no, reply.code, reply.text);
  co_return Status();
}

// RFC 9051 §6.4.5; RFC 7162 §3.1.4.1, §3.2.6.
CommandTask cmd_fetch(Session& session, wi::FetchCommand& command) {
  if (command.vanished && !session.enabled.qresync) {
    co_return Reply::bad("QRESYNC has not been enabled");
  }
  auto seqnums = session.selected->resolve(command.set, command.numbering);
  if (!seqnums) co_return session.refuse(seqnums.error());
  auto now = co_await service::newest(session.selected->mailbox);
  if (!now) co_return session.refuse(now.error());
  session.tell_keywords(**now);
  if (command.partial) seqnums = window(*seqnums, *command.partial);
  Fetch fetch(session, command, **now, std::move(*seqnums));
  const bool wants_modseq =
      std::ranges::find(command.items, Kind::modseq, &wi::FetchItem::kind) != command.items.end();
  if (wants_modseq || command.changed_since) {
    session.enable_condstore();
    session.selected->said_modseq = true;
  }
  if (command.vanished) {
    auto said = co_await say_vanished(session, command, *now);
    if (!said) co_return session.refuse(said.error());
  }
  if (auto done = co_await fetch.run(); !done) co_return session.lost();
  auto seen = co_await set_seen(session, fetch.seen());
  if (!seen) co_return session.refuse(seen.error());
  if (!fetch.unreadable().empty()) {
    session.context.store.note_unreadable(session.selected->mailbox.account->id(), **now,
                                          fetch.unreadable());
    co_return reply_to(store::describe(fetch.unreadable()));
  }
  if (!fetch.failed()) co_return Reply::ok();
  if (fetch.failed()->kind == ErrorKind::not_found) {
    co_return Reply::no("Some of the messages no longer exist", wi::CodeName::expunge_issued);
  }
  co_return session.refuse(*fetch.failed());
}

}  // namespace posthorn::server::imap
