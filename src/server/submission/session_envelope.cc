#include <algorithm>

#include "base/log.h"
#include "server/smtp/delivery_reply.h"
#include "server/submission/session.h"
#include "service/login.h"
#include "service/sending/sender.h"
#include "store/low_space.h"
#include "text/ascii.h"

// This part of the session receives the sender and the recipients.
namespace posthorn::server::submission {

using namespace wire::smtp;  // NOLINT: the vocabulary of this file.

namespace {

service::EnvelopeAddress parts_of(const Address& address) {
  return {address.local_part, address.domain, format_address(address)};
}

std::string bare(const Address& address) {
  return address == Address{} ? std::string() : format_address(address);
}

store::NotifySet notify_of(const Notify& notify) {
  store::NotifySet set = 0;
  if (notify.never) set |= bit(store::Notify::never);
  if (notify.success) set |= bit(store::Notify::success);
  if (notify.failure) set |= bit(store::Notify::failure);
  if (notify.delay) set |= bit(store::Notify::delay);
  return set;
}

store::ReturnContent ret_of(std::optional<Ret> ret) {
  if (!ret) return store::ReturnContent::not_said;
  return *ret == Ret::full ? store::ReturnContent::full : store::ReturnContent::headers;
}

store::BodyKind body_of(Body body) {
  switch (body) {
    case Body::seven_bit: return store::BodyKind::seven_bit;
    case Body::eight_bit_mime: return store::BodyKind::eight_bit_mime;
    case Body::binary_mime: return store::BodyKind::binary_mime;
  }
  return store::BodyKind::seven_bit;
}

/// The time at which the message is to be sent (RFC 4865); 0 for at once.
std::int64_t hold_until(const MailParameters& parameters, std::int64_t now) {
  if (parameters.hold_for) return now + static_cast<std::int64_t>(*parameters.hold_for);
  return parameters.hold_until.value_or(0);
}

/// The reply for a sending limit, temporary or permanent.
Reply limit_reply(const Error& error) {
  if (error.kind == ErrorKind::bad_argument) return reply(550, {5, 7, 1}, error.text);
  return reply(450, {4, 7, 1}, error.text);
}

}  // namespace

std::optional<Reply> Session::refuse_mail(const Mail& mail) const {
  const MailParameters& p = mail.parameters;
  if (!hello()) return reply(503, {5, 5, 1}, "Send EHLO first");
  if (!account_)
    return may_log_in() ? reply(530, {5, 7, 0}, "Log in first")
                        : reply(530, {5, 7, 0}, "Send STARTTLS and log in first");
  if (transaction_)
    return reply(503, {5, 5, 1}, "The sender is already given; send RSET to start over");
  if (p.body == Body::binary_mime && (!offers("BINARYMIME") || !offers("CHUNKING")))
    return reply(555, {5, 5, 4}, "BINARYMIME is not offered");
  if (p.size.value_or(0) > options_->max_message_octets)
    return reply(552, {5, 3, 4}, "The message is larger than this server accepts");
  if (const Status room = store::may_take_new_mail(context_.store); !room)
    return smtp::low_space_reply(room.error());
  if (!p.hold_for && !p.hold_until) return std::nullopt;
  if (options_->max_hold.count() == 0 || !offers("FUTURERELEASE"))
    return reply(555, {5, 5, 4}, "FUTURERELEASE is not offered");
  const std::int64_t now = context_.store.clock().now().seconds;
  if (hold_until(p, now) > now + options_->max_hold.count())
    return reply(
        501, {5, 5, 4},
        fmt::format("A message can be held for at most {} seconds", options_->max_hold.count()));
  return std::nullopt;
}

/// A login remains valid until the account is disabled or its password is changed.
async::Task<std::optional<Reply>> Session::judge_login() {
  const Status counts = co_await service::confirm_login(context_.store, login_);
  if (counts) co_return std::nullopt;
  if (counts.error().kind != ErrorKind::unavailable) co_return trouble("login", counts.error());
  talk().close();
  co_return reply(421, {4, 7, 0}, std::string(service::kLoginChanged));
}

async::Task<std::optional<Reply>> Session::judge_sender(const Address& from) {
  // RFC 6409 §6.1: the null path alone is not a reason for refusing.
  if (from == Address{}) co_return std::nullopt;
  // For a team on whose behalf the user sends, too: programs name it here as in From, where it is
  // judged whether the message says who has sent it.
  auto right = co_await service::sender_right(context_.find_address, options_->detail_separator,
                                              account_, parts_of(from));
  if (!right) co_return trouble("sender", right.error());
  if (right->kind != service::SenderRight::Kind::none) co_return std::nullopt;
  co_return reply(550, {5, 7, 1}, format_path(from) + " You may not send from this address");
}

async::Task<void> Session::on_mail(Mail mail) {
  std::optional<Reply> refused = refuse_mail(mail);
  if (!refused) refused = co_await judge_login();
  if (!refused) refused = co_await judge_sender(mail.from);
  const Timestamp now = context_.store.clock().now();
  if (!refused) {
    const Status within =
        service::check_limits(account_->published()->usage, options_->rules.limits, 1, now);
    if (!within) refused = limit_reply(within.error());
  }
  if (refused) {
    say(*refused);
    co_return;
  }
  const MailParameters& p = mail.parameters;
  Transaction& begun = transaction_.emplace();
  begun.smtputf8 = p.smtputf8;
  begun.binary = p.body == Body::binary_mime;
  store::OutboxEntry& envelope = begun.envelope;
  envelope.return_path = bare(mail.from);
  envelope.envid = p.envid.value_or("");
  envelope.ret = ret_of(p.ret);
  envelope.body = body_of(p.body);
  envelope.smtputf8 = p.smtputf8;
  envelope.hold_until = hold_until(p, now.seconds);
  envelope.session = fmt::format("{:x} {}", stream().id(), stream().peer());
  say(reply(250, {2, 1, 0}, "Sender accepted"));
}

std::optional<Reply> Session::refuse_rcpt() const {
  if (!transaction_ || transaction_->has_data) return reply(503, {5, 5, 1}, "Send MAIL first");
  const std::size_t recipients = transaction_->envelope.recipients.size();
  if (recipients >= options_->max_recipients) return reply(452, {4, 5, 3}, "Too many recipients");
  const Status within = service::check_limits(account_->published()->usage, options_->rules.limits,
                                              static_cast<std::uint32_t>(recipients + 1),
                                              context_.store.clock().now());
  if (!within) return limit_reply(within.error());
  return std::nullopt;
}

/// Nobody here has the address: decides whether the message can be sent on.
async::Task<Reply> Session::judge_stranger(const Address& to) {
  const std::string path = format_path(to);
  auto ours = to.domain.empty() ? Result<bool>(true) : co_await context_.is_ours(to.domain);
  if (!ours) co_return trouble("domain of a recipient", ours.error());
  if (*ours) co_return reply(550, {5, 1, 1}, path + " No such user here");
  // RFC 6409 §4.2: a domain that is not fully qualified cannot be sent on.
  if (!to.domain.contains('.') && !to.domain.starts_with('['))
    co_return reply(554, {5, 1, 3}, path + " The domain is not fully qualified");
  if (!context_.can_relay())
    co_return reply(550, {5, 7, 1}, path + " This server does not send mail to other domains");
  co_return reply(250, {2, 1, 5}, "Recipient accepted");
}

/// Returns the refusal, or none if the recipient is accepted.
async::Task<std::optional<Reply>> Session::judge_recipient(const Address& to) {
  auto local = co_await service::find_destinations(context_.store, context_.find_address,
                                                   options_->detail_separator, parts_of(to), 0);
  const std::string path = format_path(to);
  if (local && !local->outside.empty() && !context_.can_relay())
    co_return reply(451, {4, 3, 5}, path + " Mail for this address cannot be sent on");
  if (local) co_return std::nullopt;
  switch (local.error().kind) {
    case ErrorKind::not_found: {
      Reply answer = co_await judge_stranger(to);
      if (answer.is_positive()) co_return std::nullopt;
      co_return answer;
    }
    case ErrorKind::no_permission:
      co_return reply(550, {5, 2, 1}, path + " The mailbox does not accept mail");
    case ErrorKind::over_quota: co_return reply(552, {5, 2, 2}, path + " The mailbox is full");
    default: co_return trouble("recipient", local.error());
  }
}

async::Task<void> Session::on_rcpt(Rcpt rcpt) {
  std::optional<Reply> refused = refuse_rcpt();
  if (!refused) refused = co_await judge_recipient(rcpt.to);
  if (refused) {
    say(*refused);
    co_return;
  }
  store::OutboxRecipient recipient;
  recipient.address = format_address(rcpt.to);
  recipient.notify = notify_of(rcpt.notify);
  if (rcpt.orcpt) recipient.orcpt = rcpt.orcpt->type + ';' + rcpt.orcpt->address;
  auto& recipients = transaction_->envelope.recipients;
  // A recipient that is named twice gets one copy.
  if (std::ranges::find(recipients, recipient.address, &store::OutboxRecipient::address) ==
      recipients.end())
    recipients.push_back(std::move(recipient));
  say(reply(250, {2, 1, 5}, "Recipient accepted"));
}

}  // namespace posthorn::server::submission
