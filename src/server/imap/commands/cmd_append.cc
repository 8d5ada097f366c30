#include <utility>
#include <vector>

#include "server/imap/commands.h"
#include "server/imap/needs.h"
#include "server/imap/session.h"
#include "service/messages.h"
#include "store/change/upload.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using wi::CodeName;
using wi::ReceiverEvent;

/// One APPEND or REPLACE command. Once a message has been requested from the client, it is read to
/// its end, whatever goes wrong; a message that is not requested is left to
/// Session::refuse_message(). In both cases the next command is found where it begins.
class Append {
 public:
  Append(Session& session, std::string mailbox, wi::AppendMessage first)
      : session_(session), name_(std::move(mailbox)), message_(std::move(first)) {}
  /// Makes it a REPLACE. Returns the refusal if there is no such message.
  std::optional<Reply> replace(const wi::ReplaceCommand& command);
  Task<Reply> run();

 private:
  std::optional<Reply> begin();
  std::optional<Reply> begin_next(const ReceiverEvent& event);
  [[nodiscard]] Reply refuse(const Error& error) const;
  [[nodiscard]] std::optional<Reply> check_size() const;
  Task<bool> receive();
  Task<Status> feed(store::Upload& upload, std::uint64_t octets);
  Task<Reply> commit();
  Task<Reply> commit_replacement();

  Session& session_;
  const std::string name_;
  std::optional<service::MailboxRef> mailbox_;  ///< Set by begin().
  std::optional<service::Replaced> old_;        ///< Set for REPLACE.
  wi::AppendMessage message_;                   ///< The current message.
  std::vector<service::MessageToAppend> messages_;
  std::uint64_t octets_ = 0;  ///< Of the messages received.
  std::optional<Error> failed_;
};

/// RFC 5530 §3.
Reply is_gone() {
  return Reply::no("The message to replace no longer exists", CodeName::expunge_issued);
}

/// RFC 9051 §6.3.12: a client may create a mailbox that does not exist.
Reply Append::refuse(const Error& error) const {
  if (error.kind != ErrorKind::not_found) return session_.refuse(error);
  return Reply::no("No such mailbox", CodeName::try_create);
}

std::optional<Reply> Append::check_size() const {
  const std::uint64_t octets = message_.literal.size;
  if (octets == 0) return Reply::no("Empty messages are not accepted");  // RFC 3502 §6.3.11
  if (octets > session_.options->max_message_octets) {
    return Reply::no("The message is larger than this server accepts", CodeName::too_big);
  }
  const Status allowed =
      old_ ? service::may_replace(*old_, *mailbox_, octets)
           : service::may_append(*mailbox_, octets_ + octets, messages_.size() + 1);
  if (!allowed) return refuse(allowed.error());
  return std::nullopt;
}

std::optional<Reply> Append::replace(const wi::ReplaceCommand& command) {
  const Selected& selected = *session_.selected;
  if (selected.is_read_only()) return Reply::no("The mailbox is open read-only", CodeName::no_perm);
  auto seqnums = selected.resolve(command.replaced, command.numbering);
  if (!seqnums) return session_.refuse(seqnums.error());
  const NumberSet uids = selected.told().uids_of(*seqnums);
  if (uids.empty()) return Reply::no("There is no message with this UID");
  old_ = {selected.mailbox, Uid(uids.max())};
  const store::MailboxPtr now = selected.mailbox.published();
  if (now && now->contents && !now->contents->members().position_of(old_->uid)) return is_gone();
  return std::nullopt;
}

std::optional<Reply> Append::begin() {
  if (!session_.connection.receiver().awaits_message()) {
    return Reply::bad("The message must be a literal");
  }
  auto mailbox = service::resolve(session_.caller(), name_);
  if (!mailbox) return refuse(mailbox.error());
  mailbox_ = std::move(*mailbox);
  return check_size();
}

/// RFC 3502.
std::optional<Reply> Append::begin_next(const ReceiverEvent& event) {
  auto message = wi::parse_append_next(event.text, message_, session_.parse_options());
  session_.connection.consume(event.consumed);
  if (!message) return reply_to_parse(message.error());
  message_ = std::move(*message);
  if (old_) return Reply::bad("REPLACE takes only one message");  // RFC 8508 §4.7
  if (!session_.is_offered("MULTIAPPEND"))
    return Reply::bad("MULTIAPPEND is not available: only one message per APPEND");
  if (messages_.size() >= session_.options->max_append_messages) {
    return Reply::no("Too many messages in one APPEND", CodeName::limit);
  }
  if (auto refused = check_size()) return refused;
  return session_.refuse_needs(needs_of(message_));
}

Task<Status> Append::feed(store::Upload& upload, std::uint64_t octets) {
  while (octets > 0) {
    auto got = co_await session_.connection.literal_octets(octets, session_.patience());
    if (!got) {
      session_.lost();
      co_return pass(got);
    }
    if (!failed_) {
      if (auto fed = co_await upload.feed(*got); !fed) failed_ = std::move(fed.error());
    }
    octets -= got->size();
    session_.connection.consume(got->size());
  }
  session_.connection.receiver().literal_done();
  co_return Status();
}

/// Receives one message. Returns false if the connection is lost.
Task<bool> Append::receive() {
  if (message_.literal.sync == wi::LiteralSync::synchronising) {
    auto w = session_.writer();
    wi::format_continuation(w, "Ready for the message");
  }
  store::Upload upload(session_.context.store, mailbox_->account->id());
  if (auto fed = co_await feed(upload, message_.literal.size); !fed) co_return false;
  if (failed_) co_return true;
  auto email = co_await upload.finish();
  if (!email) {
    failed_ = std::move(email.error());
    co_return true;
  }
  service::MessageToAppend message{std::move(*email), std::move(message_.flags), std::nullopt};
  if (message_.date_seconds) {
    message.internal_date = Timestamp{*message_.date_seconds, message_.date_zone_minutes};
  }
  messages_.push_back(std::move(message));
  octets_ += message_.literal.size;
  co_return true;
}

/// RFC 8508 §4.3: the new message is told before the removal of the old one, and its UID before
/// both.
Task<Reply> Append::commit_replacement() {
  auto done = co_await service::replace(*old_, *mailbox_, std::move(messages_.front()),
                                        session_.context.store.clock().now(),
                                        session_.options->sent_duplicate_window);
  if (!done) co_return refuse(done.error());
  if (done->uids.empty()) co_return is_gone();
  if (session_.may_use("UIDPLUS")) {
    session_.say(wi::Condition::ok, wi::code::AppendUid{done->uid_validity, std::move(done->uids)},
                 "The replacement is stored");
  }
  // With the flags, so that those of the new message are not told as a change.
  constexpr service::Tellings kNew = bit(service::Telling::arrivals) | bit(service::Telling::flags);
  auto told = co_await session_.tell(kNew, wi::Numbering::seqnum);
  if (!told) co_return session_.lost();
  co_return Reply::ok("REPLACE completed");
}

Task<Reply> Append::commit() {
  if (failed_) co_return session_.refuse(*failed_);
  if (old_) co_return co_await commit_replacement();
  auto done = co_await service::append(*mailbox_, std::move(messages_),
                                       session_.context.store.clock().now(),
                                       session_.options->sent_duplicate_window);
  if (!done) co_return refuse(done.error());
  if (!session_.may_use("UIDPLUS")) co_return Reply::ok("APPEND completed");
  co_return Reply::ok("APPEND completed",
                      wi::code::AppendUid{done->uid_validity, std::move(done->uids)});
}

Task<Reply> Append::run() {
  std::optional<Reply> refused = begin();
  while (!refused) {
    if (!co_await receive()) co_return Reply::no("The connection was lost");
    const auto event = co_await session_.next_part();
    if (!event) co_return Reply::no("The connection was lost");
    if (event->kind == ReceiverEvent::Kind::append_literal) {
      refused = begin_next(*event);
      continue;
    }
    const bool is_end = event->kind == ReceiverEvent::Kind::append_end;
    const Status end = is_end ? wi::parse_append_end(event->text, message_)
                              : fail(ErrorKind::syntax, "expected the end of the APPEND command");
    session_.connection.consume(event->consumed);
    if (!end) co_return reply_to_parse(end.error());
    co_return co_await commit();
  }
  co_return std::move(*refused);
}

}  // namespace

// RFC 9051 §6.3.12, RFC 3502, RFC 4315 §3.
CommandTask cmd_append(Session& session, wi::AppendCommand& command) {
  Append append(session, std::move(command.mailbox), std::move(command.first));
  co_return co_await append.run();
}

// RFC 8508.
CommandTask cmd_replace(Session& session, wi::ReplaceCommand& command) {
  Append append(session, std::move(command.mailbox), std::move(command.first));
  if (auto refused = append.replace(command)) co_return std::move(*refused);
  co_return co_await append.run();
}

}  // namespace posthorn::server::imap
