#include "service/sharing/transfer_across.h"

#include <algorithm>
#include <utility>

#include "service/message_octets.h"
#include "service/sharing/move_across.h"
#include "store/change/upload.h"
#include "store/format/origin.h"
#include "store/low_space.h"
#include "store/read/email_reader.h"
#include "store/read/object_ids.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using async::Task;
using store::Change;
using store::Column;

constexpr std::size_t kBatch = 64;
constexpr std::uint64_t kPortion = 256 * 1024;

struct Copied {
  Uid source;
  store::NewEmail email;
  FlagList flags;
  Timestamp internal_date;
};

/// One transfer, from the version of the source that it began with.
class Transferring {
 public:
  Transferring(const Transfer& what, store::MailboxPtr source)
      : what_(what), source_(std::move(source)) {
    for (const NumberSet::Range& range : what_.uids.ranges()) add(range);
  }

  /// Judges what can be judged before anything is read.
  [[nodiscard]] Status check() const {
    if (Status room = store::may_take_new_mail(what_.target.account->store()); !room) return room;
    if (positions_.size() > kMaxTransferAcross)
      return fail(ErrorKind::limit, "Too many messages for one transfer to another account");
    std::uint64_t octets = 0;
    for (const std::uint32_t position : positions_) octets += members().at(position).size;
    if (!what_.target.account->published()->counters.has_room(octets, positions_.size()))
      return fail(ErrorKind::over_quota, "The messages would exceed the quota of the account");
    return {};
  }

  Task<Status> read_all() {
    for (std::size_t first = 0; first < positions_.size(); first += kBatch) {
      const std::size_t end = std::min(positions_.size(), first + kBatch);
      Status read = co_await read_batch(first, end);
      if (!read) co_return read;
    }
    co_return Status();
  }

  /// All copies are one change of the target's account.
  Task<Result<Transferred>> append_all() {
    auto done = co_await what_.target.account->change(
        what_.target.actor, {}, [&](Change& change) { return append(change); });
    if (!done) co_return pass(done);
    co_return std::move(done->value);
  }

  Task<Result<Transferred>> move_all() {
    if (copied_.empty()) co_return co_await append_all();
    NumberSet uids;
    for (const Copied& one : copied_) uids.add(one.source.value);
    MoveAcross move(what_.source, std::move(uids), what_.target);
    if (Status begun = co_await move.begin(); !begun) co_return pass(begun);
    auto done = co_await what_.target.account->change(what_.target.actor, {}, [&](Change& change) {
      move.mark(change);
      return append(change);
    });
    if (!done) {
      co_await move.give_up(done.error());
      co_return pass(done);
    }
    Transferred out = std::move(done->value);
    const auto missing = co_await move.remove_originals();
    if (!missing) co_return std::unexpected(missing.error());
    if (missing->empty()) co_return out;
    NumberSet copies;
    std::erase_if(out.pairs, [&](const store::UidPair& pair) {
      if (!missing->contains(pair.source.value)) return false;
      copies.add(pair.target.value);
      return true;
    });
    if (Status back = co_await move.take_back(std::move(copies)); !back) co_return pass(back);
    co_return out;
  }

 private:
  Result<Transferred> append(Change& change) const {
    const store::MailboxPtr target = change.state().find(what_.target.id);
    if (target == nullptr) return no_such_mailbox();
    Transferred out{target->head.uid_validity, {}, !copied_.empty()};
    for (const Copied& one : copied_) {
      auto uid = change.append(target->id, one.email, one.flags, one.internal_date);
      if (!uid) return pass(uid);
      out.pairs.push_back({one.source, *uid});
    }
    return out;
  }

  [[nodiscard]] const store::Members& members() const { return source_->contents->members(); }

  void add(const NumberSet::Range& range) {
    const std::uint32_t first = members().lower_bound(Uid(range.first));
    const std::uint32_t last =
        range.last == UINT32_MAX ? members().count() : members().lower_bound(Uid(range.last + 1));
    for (std::uint32_t position = first; position < last && positions_.size() <= kMaxTransferAcross;
         ++position)
      positions_.push_back(position);
  }

  Task<Status> read_batch(std::size_t first, std::size_t end) {
    std::vector<Ordinal> ordinals;
    for (std::size_t i = first; i < end; ++i)
      ordinals.push_back(members().at(positions_[i]).ordinal);
    store::EmailReader reader(what_.source.account);
    co_await reader.load(ordinals, bit(Column::header) | bit(Column::body));
    for (std::size_t i = first; i < end; ++i) {
      Status read = co_await read_one(reader, positions_[i]);
      if (!read) co_return read;
    }
    co_return Status();
  }

  Task<Status> read_one(const store::EmailReader& reader, std::uint32_t position) {
    const store::Member member = members().at(position);
    const auto header = reader.get(member.ordinal, Column::header);
    const auto body = reader.get(member.ordinal, Column::body);
    for (const auto* column : {&header, &body}) {
      if (*column) continue;
      const Error why =
          store::judge_unreadable(what_.source.published().get(), member.uid, column->error());
      // Expunged by somebody else meanwhile: ignored, as in a transfer within an account.
      if (why.kind == ErrorKind::not_found) co_return Status();
      co_return std::unexpected(why);
    }
    auto octets = MessageOctets::open(what_.source.account, *header, *body);
    if (!octets) co_return pass(octets);
    store::Upload upload(what_.target.account->store(), what_.target.account->id());
    for (std::uint64_t at = 0; at < octets->size();) {
      const auto portion = co_await octets->read(at, kPortion);
      if (!portion) co_return std::unexpected(portion.error());
      if (portion->empty()) break;
      if (Status fed = co_await upload.feed(*portion); !fed) co_return fed;
      at += portion->size();
    }
    auto email = co_await upload.finish();
    if (!email) co_return pass(email);
    keep_id(*email, what_.source.account->object_ids().email(member.ordinal, *body));
    const store::FlagsView view = what_.source.flags(*source_);
    const store::FlagState shown = view.at(position);
    FlagList flags{shown.system, view.keywords().names_of(shown.keywords)};
    keep_allowed_flags(flags, what_.target.rights);
    copied_.push_back({member.uid, std::move(*email), std::move(flags), member.internal_date});
    co_return Status();
  }

  /// RFC 8474 §5.1: EMAILID is the same after COPY and MOVE.
  static void keep_id(store::NewEmail& email, std::string_view email_id) {
    auto record = std::make_shared<store::EmailRecord>(*email.record);
    record->body = store::with_origin(record->body, email_id);
    email.record = std::move(record);
  }

  const Transfer& what_;
  const store::MailboxPtr source_;
  std::vector<std::uint32_t> positions_;
  std::vector<Copied> copied_;
};

}  // namespace

Task<Result<Transferred>> transfer_across(Transfer what) {
  auto source = co_await newest(what.source);
  // Not `not_found`, which is about the target and makes a client create it.
  if (!source && source.error().kind == ErrorKind::not_found)
    co_return fail(ErrorKind::unavailable, "The selected mailbox was deleted");
  if (!source) co_return pass(source);
  Transferring transferring(what, std::move(*source));
  if (Status ok = transferring.check(); !ok) co_return pass(ok);
  if (Status read = co_await transferring.read_all(); !read) co_return pass(read);
  if (what.mode == TransferMode::copy) co_return co_await transferring.append_all();
  co_return co_await transferring.move_all();
}

}  // namespace posthorn::service
