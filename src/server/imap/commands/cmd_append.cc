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

/// One APPEND under way. Whatever goes wrong, the client's octets are taken to their end, so that
/// the next command is found where it begins.
class Append {
 public:
  explicit Append(Session& session) : session_(session) {}
  Task<Reply> run(ReceiverEvent event);

 private:
  std::optional<Reply> begin(const ReceiverEvent& event);
  std::optional<Reply> check_size(std::uint64_t octets) const;
  Task<bool> receive(ReceiverEvent event);
  Task<Status> feed(store::Upload& upload, std::uint64_t octets);
  Task<std::optional<ReceiverEvent>> next();
  Task<Reply> reject(ReceiverEvent event, Reply why);
  Task<Reply> commit();

  Session& session_;
  wi::AppendCommand command_;
  wi::AppendMessage message_;
  std::vector<service::MessageToAppend> messages_;
  std::optional<Error> failed_;
};

std::optional<Reply> Append::check_size(std::uint64_t octets) const {
  if (octets == 0) return Reply::no("an empty message is not kept");  // RFC 3502 §6.3.11
  if (octets > session_.options->max_message_octets) {
    return Reply::no("the message is larger than this server takes", CodeName::too_big);
  }
  const store::StatePtr state = session_.account->published();
  const store::AccountCounters& counters = state->counters;
  if (counters.quota.max_bytes != 0 && counters.bytes + octets > counters.quota.max_bytes) {
    return Reply::no("the account is full", CodeName::over_quota);  // RFC 9208 §4.3
  }
  return std::nullopt;
}

std::optional<Reply> Append::begin(const ReceiverEvent& event) {
  auto command = wi::parse_append(event.text, session_.parse_options());
  if (!command) return reply_to_parse(command.error());
  if (session_.account == nullptr) return Reply::bad("APPEND needs a login first");
  if (command->objection) return reply_to(*command->objection);
  command_ = std::move(*command);
  message_ = std::move(command_.first);
  if (auto refused = session_.refuse_needs(needs_of(message_))) return refused;
  if (session_.account->published()->find(command_.mailbox) == nullptr) {
    return Reply::no("no such mailbox", CodeName::try_create);  // RFC 9051 §6.3.12
  }
  return check_size(event.size);
}

Task<std::optional<ReceiverEvent>> Append::next() {
  auto next = co_await session_.connection.next(wi::Receiver::Expect::command, session_.patience());
  if (!next || next->kind != Connection::Next::Kind::event) {
    if (next && next->kind == Connection::Next::Kind::stopping)
      session_.bye_stopping();
    else if (next)
      session_.bye(CodeName::unavailable, "the command was not finished in time");
    session_.lost();
    co_return std::nullopt;
  }
  co_return next->event;
}

Task<Reply> Append::reject(ReceiverEvent event, Reply why) {
  session_.connection.receiver().refuse();
  session_.connection.consume(event.consumed);
  auto end = co_await next();
  if (!end) co_return why;
  session_.connection.consume(end->consumed);
  if (end->kind == ReceiverEvent::Kind::lost) {
    session_.bye(CodeName::too_big, "too much to throw away");
  }
  co_return why;
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

/// Takes one message. False once the connection is lost.
Task<bool> Append::receive(ReceiverEvent event) {
  session_.connection.consume(event.consumed);
  if (event.sync == wi::LiteralSync::synchronising) {
    auto w = session_.writer();
    wi::format_continuation(w, "go ahead");
  }
  store::Upload upload(session_.context.store, session_.account->id());
  if (auto fed = co_await feed(upload, event.size); !fed) co_return false;
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
  co_return true;
}

Task<Reply> Append::commit() {
  if (failed_) co_return session_.refuse(*failed_);
  auto done = co_await service::append(session_.account, command_.mailbox, std::move(messages_),
                                       session_.context.store.clock().now(),
                                       session_.options->sent_duplicate_window);
  if (!done && done.error().kind == ErrorKind::not_found) {
    co_return Reply::no("no such mailbox", CodeName::try_create);
  }
  if (!done) co_return session_.refuse(done.error());
  if (!session_.may_use("UIDPLUS")) co_return Reply::ok("appended");
  co_return Reply::ok("appended", wi::code::AppendUid{done->uid_validity, std::move(done->uids)});
}

Task<Reply> Append::run(ReceiverEvent event) {
  std::optional<Reply> wrong = begin(event);
  while (true) {
    if (wrong) co_return co_await reject(event, std::move(*wrong));
    if (!co_await receive(event)) co_return Reply::no("broken off");
    auto following = co_await next();
    if (!following) co_return Reply::no("broken off");
    event = *following;
    if (event.kind == ReceiverEvent::Kind::append_end) {
      const Status end = wi::parse_append_end(event.text, message_);
      session_.connection.consume(event.consumed);
      if (!end) co_return reply_to_parse(end.error());
      co_return co_await commit();
    }
    if (event.kind != ReceiverEvent::Kind::append_literal) {
      session_.connection.consume(event.consumed);
      co_return Reply::bad("the end of APPEND was expected");
    }
    auto message = wi::parse_append_next(event.text, message_, session_.parse_options());
    if (!message) {
      wrong = reply_to_parse(message.error());
    } else {
      message_ = std::move(*message);
      wrong = check_size(event.size);
      if (messages_.size() >= session_.options->max_append_messages) {
        wrong = Reply::no("too many messages in one APPEND", CodeName::limit);
      }
      if (!session_.is_offered("MULTIAPPEND")) wrong = Reply::bad("one message at a time");
      if (!wrong) wrong = session_.refuse_needs(needs_of(message_));
    }
  }
}

}  // namespace

// RFC 9051 §6.3.12, RFC 3502, RFC 4315 §3.
CommandTask cmd_append(Session& session, ReceiverEvent first) {
  Append append(session);
  co_return co_await append.run(first);
}

}  // namespace posthorn::server::imap
