#include <algorithm>
#include <utility>
#include <vector>

#include "server/imap/commands.h"
#include "server/imap/needs.h"
#include "server/imap/session.h"
#include "server/imap/url_reader.h"
#include "service/messages.h"
#include "store/change/upload.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using wi::CodeName;
using wi::ReceiverEvent;
using Refusal = std::optional<Reply>;

/// Of one command, so that a client cannot go on for ever with empty ones.
constexpr std::size_t kMostParts = 10'000;
constexpr std::uint64_t kLongestUrl = 8192;
/// Octets that one command may copy by URLs, which cost the client next to nothing.
constexpr std::uint64_t kMostCopied = 1ULL << 30;

/// One APPEND or REPLACE command. Once octets have been requested from the client, they are read to
/// their end, whatever goes wrong; a literal that is not requested is left to
/// Session::refuse_message(). In both cases the next command is found where it begins.
class Append {
 public:
  Append(Session& session, std::string mailbox, wi::AppendText first)
      : session_(session), name_(std::move(mailbox)), text_(std::move(first)), urls_(session) {}
  /// Makes it a REPLACE. Returns the refusal if there is no such message.
  Refusal replace(const wi::ReplaceCommand& command);
  Task<Reply> run();

 private:
  Task<Refusal> begin();
  Task<Refusal> take(wi::AppendItem& item);
  Refusal begin_message(wi::AppendMessage message);
  Task<Refusal> take_octets(const wi::LiteralHeader& literal);
  Task<Refusal> take_url(const wi::LiteralHeader& literal);
  Task<Refusal> copy(std::string url);
  Task<Refusal> end_message();
  Task<Refusal> next_text();
  Task<bool> skip_text();
  [[nodiscard]] Task<Reply> refuse(Error error) const;
  [[nodiscard]] Reply refuse_url(std::string url, const Error& error) const;
  [[nodiscard]] Task<Refusal> check_size(std::uint64_t more) const;
  Task<Status> feed(std::uint64_t octets);
  Task<void> put(std::string_view octets);
  void ask_for_literal(const wi::LiteralHeader& literal);
  void note_own(const service::Appended& done);
  Task<Reply> commit();
  Task<Reply> commit_replacement();

  Session& session_;
  const std::string name_;
  wi::AppendText text_;  ///< The part of the command that is being worked off.
  UrlReader urls_;
  std::optional<service::MailboxRef> mailbox_;  ///< Set by begin().
  std::optional<service::Replaced> old_;        ///< Set for REPLACE.
  wi::AppendMessage message_;                   ///< The current message.
  std::optional<store::Upload> upload_;         ///< Of the current message.
  std::uint64_t size_ = 0;                      ///< Of the current message, so far.
  std::size_t parts_ = 0;
  std::uint64_t copied_ = 0;  ///< Octets from URLs, in all messages.
  std::vector<service::MessageToAppend> messages_;
  std::uint64_t octets_ = 0;  ///< Of the messages that are complete.
  std::optional<Error> failed_;
};

Reply lost() { return Reply::no("The connection was lost"); }

/// RFC 5530 §3.
Reply is_gone() {
  return Reply::no("The message to replace no longer exists", CodeName::expunge_issued);
}

/// RFC 9051 §6.3.12: a client may create a mailbox that does not exist, if it is allowed to.
Task<Reply> Append::refuse(Error error) const {
  if (error.kind != ErrorKind::not_found || !co_await session_.may_create(name_))
    co_return session_.refuse(error);
  co_return Reply::no("No such mailbox", CodeName::try_create);
}

/// RFC 4469 §4.1.
Reply Append::refuse_url(std::string url, const Error& error) const {
  switch (error.kind) {
    case ErrorKind::bad_argument:
    case ErrorKind::not_found: return Reply::no(error.text, wi::code::BadUrl{std::move(url)});
    default: return session_.refuse(error);
  }
}

/// Judges the current message as it will be with that many more octets.
Task<Refusal> Append::check_size(std::uint64_t more) const {
  const std::uint64_t octets = size_ + more;
  // RFC 3502 §6.3.11
  if (octets == 0 && !message_.catenated) co_return Reply::no("Empty messages are not accepted");
  if (more > session_.options->max_message_octets ||
      octets > session_.options->max_message_octets) {
    co_return Reply::no("The message is larger than this server accepts", CodeName::too_big);
  }
  const Status allowed =
      old_ ? service::may_replace(*old_, *mailbox_, octets)
           : service::may_append(*mailbox_, octets_ + octets, messages_.size() + 1);
  if (!allowed) co_return co_await refuse(allowed.error());
  co_return std::nullopt;
}

Refusal Append::replace(const wi::ReplaceCommand& command) {
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

Task<Refusal> Append::begin() {
  const bool needs_literal = std::ranges::any_of(text_.items, [](const wi::AppendItem& item) {
    return item.kind == wi::AppendItem::Kind::octets ||
           item.kind == wi::AppendItem::Kind::url_literal;
  });
  if (needs_literal != session_.connection.receiver().awaits_message())
    co_return Reply::bad("The message must be a literal");
  auto mailbox = co_await session_.find(name_, wi::AppendCommand::kSpec);
  if (!mailbox) co_return co_await refuse(mailbox.error());
  mailbox_ = std::move(*mailbox);
  co_return std::nullopt;
}

Task<Refusal> Append::take(wi::AppendItem& item) {
  using Kind = wi::AppendItem::Kind;
  if (++parts_ > kMostParts) co_return Reply::no("The command has too many parts", CodeName::limit);
  switch (item.kind) {
    case Kind::message: co_return begin_message(std::move(item.message));
    case Kind::octets: co_return co_await take_octets(item.literal);
    case Kind::url_literal: co_return co_await take_url(item.literal);
    case Kind::url: co_return co_await copy(std::move(item.url));
    case Kind::end: co_return co_await end_message();
  }
  co_return std::nullopt;
}

Refusal Append::begin_message(wi::AppendMessage message) {
  if (!messages_.empty()) {
    if (old_) return Reply::bad("REPLACE takes only one message");  // RFC 8508 §4.7
    if (!session_.is_offered("MULTIAPPEND"))
      return Reply::bad("MULTIAPPEND is not available: only one message per APPEND");
    if (messages_.size() >= session_.options->max_append_messages)
      return Reply::no("Too many messages in one APPEND", CodeName::limit);
  }
  message_ = std::move(message);
  size_ = 0;
  upload_.emplace(session_.context.store, mailbox_->account->id());
  return std::nullopt;
}

void Append::ask_for_literal(const wi::LiteralHeader& literal) {
  if (literal.sync != wi::LiteralSync::synchronising) return;
  auto w = session_.writer();
  wi::format_continuation(w, "Ready for the literal");
}

/// After a failure, the octets are read and dropped.
Task<void> Append::put(std::string_view octets) {
  if (failed_) co_return;
  if (auto fed = co_await upload_->feed(octets); !fed) failed_ = std::move(fed.error());
}

Task<Status> Append::feed(std::uint64_t octets) {
  while (octets > 0) {
    auto got = co_await session_.connection.literal_octets(octets, session_.patience());
    if (!got) {
      session_.lost();
      co_return pass(got);
    }
    co_await put(*got);
    octets -= got->size();
    session_.connection.consume(got->size());
  }
  session_.connection.receiver().literal_done();
  co_return Status();
}

/// Receives a message, or a TEXT part of one.
Task<Refusal> Append::take_octets(const wi::LiteralHeader& literal) {
  if (auto refused = co_await check_size(literal.size)) co_return refused;
  ask_for_literal(literal);
  size_ += literal.size;
  if (auto fed = co_await feed(literal.size); !fed) co_return lost();
  co_return std::nullopt;
}

Task<Refusal> Append::take_url(const wi::LiteralHeader& literal) {
  if (literal.size > kLongestUrl) co_return Reply::no("The URL is too long", CodeName::too_big);
  ask_for_literal(literal);
  std::string url;
  while (url.size() < literal.size) {
    auto got =
        co_await session_.connection.literal_octets(literal.size - url.size(), session_.patience());
    if (!got) {
      session_.lost();
      co_return lost();
    }
    url += *got;
    session_.connection.consume(got->size());
  }
  session_.connection.receiver().literal_done();
  auto refused = co_await copy(std::move(url));
  if (refused && !co_await skip_text()) co_return lost();
  co_return refused;
}

/// Reads the part of a refused command that follows a literal. What comes after the next literal is
/// left to Session::refuse_message().
Task<bool> Append::skip_text() {
  const auto event = co_await session_.next_part();
  if (!event) co_return false;
  session_.connection.consume(event->consumed);
  co_return true;
}

/// RFC 4469 §3: appends the octets that a URL names.
Task<Refusal> Append::copy(std::string url) {
  const auto size = co_await urls_.open(url);
  if (!size) co_return refuse_url(std::move(url), size.error());
  if (auto refused = co_await check_size(*size)) co_return refused;
  copied_ += *size;
  if (copied_ > kMostCopied) co_return Reply::no("The command copies too much", CodeName::limit);
  size_ += *size;
  for (;;) {
    const auto octets = co_await urls_.read();
    if (!octets) co_return refuse_url(std::move(url), octets.error());
    if (octets->empty()) co_return std::nullopt;
    co_await put(*octets);
  }
}

Task<Refusal> Append::end_message() {
  if (size_ == 0) co_return Reply::no("Empty messages are not accepted");
  octets_ += size_;
  if (failed_) co_return std::nullopt;
  auto email = co_await upload_->finish();
  if (!email) {
    failed_ = std::move(email.error());
    co_return std::nullopt;
  }
  service::MessageToAppend message{std::move(*email), std::move(message_.flags), std::nullopt};
  if (message_.date_seconds) {
    message.internal_date = Timestamp{*message_.date_seconds, message_.date_zone_minutes};
  }
  messages_.push_back(std::move(message));
  co_return std::nullopt;
}

/// RFC 8508 §4.3: the new message is told before the removal of the old one, and its UID before
/// both.
Task<Reply> Append::commit_replacement() {
  auto done = co_await service::replace(*old_, *mailbox_, std::move(messages_.front()),
                                        session_.context.store.clock().now(),
                                        session_.options->sent_duplicate_window);
  if (!done) co_return co_await refuse(done.error());
  if (done->uids.empty()) co_return is_gone();
  note_own(*done);
  if (session_.may_use("UIDPLUS") && mailbox_->rights.has(service::Right::read)) {
    session_.say(wi::Condition::ok, wi::code::AppendUid{done->uid_validity, std::move(done->uids)},
                 "The replacement is stored");
  }
  // With the flags, so that those of the new message are not told as a change.
  constexpr service::Tellings kNew = bit(service::Telling::arrivals) | bit(service::Telling::flags);
  auto told = co_await session_.tell_regardless(kNew, wi::Numbering::seqnum);
  if (!told) co_return session_.lost();
  co_return Reply::ok("REPLACE completed");
}

void Append::note_own(const service::Appended& done) {
  if (session_.notifications)
    session_.notifications->note_own({mailbox_->account->id(), done.mailbox}, done.uids);
}

Task<Reply> Append::commit() {
  if (failed_) co_return session_.refuse(*failed_);
  if (old_) co_return co_await commit_replacement();
  auto done = co_await service::append(*mailbox_, std::move(messages_),
                                       session_.context.store.clock().now(),
                                       session_.options->sent_duplicate_window);
  if (!done) co_return co_await refuse(done.error());
  note_own(*done);
  // RFC 9051 §7.1: not for who may not read the mailbox.
  if (!session_.may_use("UIDPLUS") || !mailbox_->rights.has(service::Right::read))
    co_return Reply::ok("APPEND completed");
  co_return Reply::ok("APPEND completed",
                      wi::code::AppendUid{done->uid_validity, std::move(done->uids)});
}

/// Reads the part of the command that follows a literal.
Task<Refusal> Append::next_text() {
  const auto event = co_await session_.next_part();
  if (!event) co_return lost();
  const bool is_literal = event->kind == ReceiverEvent::Kind::append_literal;
  if (!is_literal && event->kind != ReceiverEvent::Kind::append_end) {
    session_.connection.consume(event->consumed);
    co_return Reply::bad("Expected the end of the command");
  }
  auto text = wi::parse_append_next(event->text, text_.place, session_.parse_options());
  session_.connection.consume(event->consumed);
  if (!text) co_return reply_to_parse(text.error());
  if (text->ended == is_literal) co_return Reply::bad("The message must be a literal");
  text_ = std::move(*text);
  co_return session_.refuse_needs(needs_of(text_));
}

Task<Reply> Append::run() {
  Refusal refused = co_await begin();
  while (!refused) {
    for (wi::AppendItem& item : text_.items) {
      refused = co_await take(item);
      if (refused) co_return std::move(*refused);
    }
    if (text_.ended) co_return co_await commit();
    refused = co_await next_text();
  }
  co_return std::move(*refused);
}

}  // namespace

// RFC 9051 §6.3.12, RFC 3502, RFC 4469, RFC 4315 §3.
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
