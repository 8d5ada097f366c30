#include "client/smtp_transaction.h"

#include <algorithm>

#include "async/event.h"
#include "text/ascii.h"
#include "wire/smtp/data.h"

namespace posthorn::client {

using wire::smtp::Reply;

namespace {

/// Number of commands sent before their replies are read: few enough that the buffers of both sides
/// cannot fill up while neither side reads (RFC 2920 §3.1).
constexpr std::size_t kGroup = 50;
/// Dotted text that is collected before it is written.
constexpr std::size_t kWrite = 64U << 10;
/// The time for reading what a server sent before it closed the connection.
constexpr std::chrono::milliseconds kLastWord{2000};

std::unexpected<Error> out_of_turn(const Reply& reply) {
  return fail(ErrorKind::syntax, "an unexpected reply: " + wire::smtp::one_line(reply));
}

bool wants_utf8(const wire::smtp::Rcpt& recipient) { return !recipient.to.is_ascii(); }

/// RFC 5321 §4.5.3.1.10: older servers use 552 for too many recipients, which is a temporary
/// condition.
bool means_too_many(const Reply& reply) {
  return reply.code == 552 &&
         (!reply.status || reply.status == wire::smtp::EnhancedStatus{5, 5, 3});
}

}  // namespace

SmtpClient::Transaction::Transaction(SmtpClient& client, const SmtpEnvelope& envelope,
                                     const SmtpContent& content, SmtpSource& source)
    : client_(client),
      envelope_(envelope),
      content_(content),
      source_(source),
      outcomes_(envelope.recipients.size()) {
  for (std::size_t i = 0; i < outcomes_.size(); ++i) open_.push_back(i);
}

async::Task<std::vector<SmtpOutcome>> SmtpClient::send(const SmtpEnvelope& envelope,
                                                       const SmtpContent& content,
                                                       SmtpSource& source) {
  Transaction transaction(*this, envelope, content, source);
  co_return co_await transaction.run();
}

async::Task<std::vector<SmtpOutcome>> SmtpClient::Transaction::run() {
  by_server_ = false;
  judge();
  if (open_.empty()) co_return std::move(outcomes_);
  async::Timer watchdog;
  watchdog.set(client_.times_.whole, [this] { client_.stream().shutdown_now(); });
  by_server_ = true;
  Status status = co_await say_envelope();
  if (status && !open_.empty())
    status = content_.binary ? co_await send_chunks() : co_await send_data();
  if (!status) {
    client_.usable_ = false;
    co_await take_last_word(status.error());
  } else if (mail_taken_ && client_.usable_) {
    co_await reset();
  }
  co_return std::move(outcomes_);
}

// Outcomes.

void SmtpClient::Transaction::settle(std::size_t index, Reply reply) {
  const auto klass = static_cast<std::uint16_t>(reply.code / 100);
  const bool too_many = by_server_ && means_too_many(reply);
  if (!reply.status) reply.status = {klass, 0, 0};
  using Fate = SmtpOutcome::Fate;
  SmtpOutcome& outcome = outcomes_[index];
  outcome.fate = klass == 2                ? Fate::accepted
                 : klass == 5 && !too_many ? Fate::refused
                                           : Fate::retry;
  outcome.by_server = by_server_;
  outcome.dsn_passed = klass == 2 && client_.extensions_.dsn;
  outcome.uncertain = all_said_ && !by_server_;
  outcome.reply = std::move(reply);
  std::erase(open_, index);
}

void SmtpClient::Transaction::settle_rest(const Reply& reply) {
  while (!open_.empty()) settle(open_.back(), reply);
}

void SmtpClient::Transaction::refuse_rest(wire::smtp::EnhancedStatus status, const char* text) {
  settle_rest(wire::smtp::reply(554, status, text));
}

/// Settles what the server does not support, without trying (RFC 6531 §3.5, RFC 6152 §3, RFC 3030
/// §3, RFC 1870 §6.1).
void SmtpClient::Transaction::judge() {
  const wire::smtp::Extensions& offered = client_.extensions_;
  if (offered.max_size != 0 && content_.octets > offered.max_size)
    refuse_rest({5, 3, 4}, "The message is larger than the relay accepts");
  if (content_.binary && !(offered.binary_mime && offered.chunking))
    refuse_rest({5, 6, 3}, "The relay does not accept binary content");
  if (content_.eight_bit && !content_.binary && !offered.eight_bit_mime && !offered.smtputf8)
    refuse_rest({5, 6, 3}, "The relay does not accept 8-bit content");
  if (offered.smtputf8) {
    utf8_ = envelope_.mail.parameters.smtputf8 || !envelope_.mail.from.is_ascii() ||
            std::ranges::any_of(envelope_.recipients, wants_utf8);
    return;
  }
  if (content_.utf8_header) refuse_rest({5, 6, 9}, "The relay does not accept headers in UTF-8");
  if (!envelope_.mail.from.is_ascii())
    refuse_rest({5, 6, 7}, "The relay accepts ASCII addresses only");
  for (const std::size_t i : std::vector(open_))
    if (wants_utf8(envelope_.recipients[i]))
      settle(i, wire::smtp::reply(553, {5, 6, 7}, "The relay accepts ASCII addresses only"));
}

// The envelope.

wire::smtp::Mail SmtpClient::Transaction::mail() const {
  using wire::smtp::Body;
  const wire::smtp::Extensions& offered = client_.extensions_;
  wire::smtp::Mail mail = envelope_.mail;
  wire::smtp::MailParameters& with = mail.parameters;
  with.size = offered.size ? std::optional(content_.octets) : std::nullopt;
  with.smtputf8 = utf8_;
  with.auth = std::nullopt;
  with.body = content_.binary                                ? Body::binary_mime
              : content_.eight_bit && offered.eight_bit_mime ? Body::eight_bit_mime
                                                             : Body::seven_bit;
  if (!offered.dsn) {
    with.ret = std::nullopt;
    with.envid = std::nullopt;
  }
  return mail;
}

wire::smtp::Rcpt SmtpClient::Transaction::recipient(std::size_t index) const {
  wire::smtp::Rcpt recipient = envelope_.recipients[index];
  if (!client_.extensions_.dsn) recipient.notify = {};
  // RFC 6533 §3: an original recipient in UTF-8 needs SMTPUTF8.
  if (!client_.extensions_.dsn ||
      (recipient.orcpt && !utf8_ && !text::is_ascii(recipient.orcpt->address)))
    recipient.orcpt = std::nullopt;
  return recipient;
}

async::Task<Status> SmtpClient::Transaction::say_envelope() {
  // Without pipelining, each command waits for its reply (RFC 2920 §3.1).
  const std::size_t group = client_.extensions_.pipelining ? kGroup : 1;
  const std::vector<std::size_t> named = open_;
  for (std::size_t first = 0; first <= named.size(); first += group) {
    const std::size_t last = std::min(first + group, named.size() + 1);
    // Command 0 is MAIL, and each further one is a recipient.
    std::string lines;
    for (std::size_t i = first; i < last; ++i)
      lines += i == 0 ? wire::smtp::format_command(mail())
                      : wire::smtp::format_command(recipient(named[i - 1]));
    Status said = co_await client_.talk_.say(lines, client_.times_.command);
    for (std::size_t i = first; said && client_.usable_ && i < last; ++i) {
      auto reply = co_await client_.talk_.hear(client_.times_.command);
      said = !reply   ? Status(pass(reply))
             : i == 0 ? note_mail(*reply)
                      : note_recipient(named[i - 1], std::move(*reply));
    }
    if (!said || !mail_taken_ || !client_.usable_) co_return said;
  }
  co_return Status();
}

Status SmtpClient::Transaction::note_mail(const Reply& reply) {
  if (reply.code / 100 == 3) return out_of_turn(reply);
  mail_taken_ = reply.is_positive();
  if (reply.code == 421) client_.usable_ = false;
  if (!mail_taken_) settle_rest(reply);
  return {};
}

Status SmtpClient::Transaction::note_recipient(std::size_t index, Reply reply) {
  if (reply.code / 100 == 3) return out_of_turn(reply);
  if (!mail_taken_ || !client_.usable_ || reply.is_positive()) return {};
  if (reply.code == 421) {
    client_.usable_ = false;
    settle_rest(reply);
  } else {
    settle(index, std::move(reply));
  }
  return {};
}

// The message.

async::Task<Status> SmtpClient::Transaction::next_block(std::string_view& block) {
  auto next = co_await source_.next();
  if (next) {
    block = *next;
    co_return Status();
  }
  // A message that has begun can only be stopped by breaking the connection (RFC 5321 §4.1.1.4).
  client_.stream().shutdown_now();
  co_return fail(ErrorKind::server_bug, "The message cannot be read", next.error().text);
}

async::Task<Status> SmtpClient::Transaction::send_data() {
  Status said = co_await client_.talk_.say(wire::smtp::format_command(wire::smtp::Data{}),
                                           client_.times_.command);
  if (!said) co_return said;
  auto reply = co_await client_.talk_.hear(client_.times_.data);
  if (!reply) co_return pass(reply);
  if (reply->is_positive()) co_return out_of_turn(*reply);
  if (reply->code != 354) {
    if (reply->code == 421) client_.usable_ = false;
    settle_rest(*reply);
    co_return Status();
  }
  Status streamed = co_await stream_dotted();
  if (!streamed) co_return streamed;
  co_return co_await hear_verdict();
}

async::Task<Status> SmtpClient::Transaction::stream_dotted() {
  wire::smtp::DataSender sender;
  std::string out;
  while (true) {
    std::string_view block;
    Status read = co_await next_block(block);
    if (!read) co_return read;
    if (block.empty()) break;
    sender.add(block, out);
    if (out.size() < kWrite) continue;
    Status written = co_await client_.talk_.say(out, client_.times_.block);
    if (!written) co_return written;
    out.clear();
  }
  sender.finish(out);
  all_said_ = true;
  co_return co_await client_.talk_.say(out, client_.times_.block);
}

async::Task<Status> SmtpClient::Transaction::send_chunks() {
  while (true) {
    std::string_view block;
    Status read = co_await next_block(block);
    if (!read) co_return read;
    if (block.empty()) break;
    Status sent = co_await send_chunk(block);
    if (!sent || open_.empty()) co_return sent;
  }
  all_said_ = true;
  const std::string last = wire::smtp::format_command(wire::smtp::Bdat{0, true});
  Status said = co_await client_.talk_.say(last, client_.times_.block);
  if (!said) co_return said;
  co_return co_await hear_verdict();
}

async::Task<Status> SmtpClient::Transaction::send_chunk(std::string_view octets) {
  Status said = co_await client_.talk_.say(
      wire::smtp::format_command(wire::smtp::Bdat{octets.size(), false}), client_.times_.block);
  if (said) said = co_await client_.talk_.say(octets, client_.times_.block);
  if (!said) co_return said;
  auto reply = co_await client_.talk_.hear(client_.times_.end);
  if (!reply) co_return pass(reply);
  if (reply->code / 100 == 3) co_return out_of_turn(*reply);
  if (reply->code == 421) client_.usable_ = false;
  if (!reply->is_positive()) settle_rest(*reply);
  co_return Status();
}

async::Task<Status> SmtpClient::Transaction::hear_verdict() {
  auto reply = co_await client_.talk_.hear(client_.times_.end);
  if (!reply) co_return pass(reply);
  if (reply->code / 100 == 3) co_return out_of_turn(*reply);
  if (reply->code == 421) client_.usable_ = false;
  mail_taken_ = false;  // Any reply ends the transaction (RFC 5321 §4.1.1.4).
  settle_rest(*reply);
  co_return Status();
}

// The end.

/// A server that closes the connection often gives the reason first.
async::Task<void> SmtpClient::Transaction::take_last_word(const Error& error) {
  Result<Reply> word = fail(ErrorKind::closed, "");
  if (error.kind == ErrorKind::closed || error.kind == ErrorKind::io)
    word = co_await client_.talk_.hear(kLastWord);
  if (word && word->code >= 400) {
    settle_rest(*word);
  } else {
    by_server_ = false;
    settle_rest(reply_for(error));
  }
}

async::Task<void> SmtpClient::Transaction::reset() {
  auto reply = co_await client_.command(wire::smtp::Rset{});
  if (!reply || !reply->is_positive()) client_.usable_ = false;
}

}  // namespace posthorn::client
