#include "relay/attempt.h"

#include <random>

#include "async/event.h"
#include "relay/envelope.h"
#include "relay/report_mail.h"
#include "service/forwarding/forwarder.h"
#include "service/forwarding/srs.h"
#include "store/store.h"
#include "wire/smtp/address.h"

namespace posthorn::relay {

using client::SmtpOutcome;
using store::OutboxEntry;

namespace {

/// Delay between two attempts to record in the store what has happened.
constexpr std::chrono::seconds kNoteAgain{2};

double random_jitter() {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

std::vector<std::size_t> due_recipients(const OutboxEntry& entry, std::int64_t now) {
  std::vector<std::size_t> due;
  for (std::size_t i = 0; i < entry.recipients.size(); ++i)
    if (is_due(entry.recipients[i], now)) due.push_back(i);
  return due;
}

/// RFC 5321 §4.5.3.1.10: the rest of a long list is sent in another transaction, at once.
bool is_for_another(const SmtpOutcome& outcome) {
  return outcome.by_server && outcome.fate == SmtpOutcome::Fate::retry &&
         (outcome.reply.code == 552 || outcome.reply.status == wire::smtp::EnhancedStatus{4, 5, 3});
}

bool was_accepted(const SmtpOutcome& outcome) {
  return outcome.fate == SmtpOutcome::Fate::accepted;
}

/// Whom a message comes from whose return path may have been rewritten.
std::string original_sender(const std::string& return_path) {
  const auto address = wire::smtp::parse_address(return_path, wire::smtp::BareNames::any);
  if (!address) return return_path;
  const auto origin = service::srs_origin({address->local_part, address->domain, return_path});
  return origin ? origin->written : return_path;
}

/// The entry was cancelled or the account removed: there is nothing left to record.
bool is_gone(const Error& error) { return error.kind == ErrorKind::not_found; }
/// There is no room for the report; the result is recorded nevertheless.
bool is_for_want_of_room(const Error& error) {
  return error.kind == ErrorKind::over_quota || error.kind == ErrorKind::limit ||
         error.kind == ErrorKind::too_big;
}

}  // namespace

Attempt::Attempt(const Means& means, store::AccountPtr account, store::OutboxEntryPtr entry,
                 const Claim& claim)
    : means_(means),
      options_(means.options),
      account_(std::move(account)),
      entry_(std::move(entry)),
      claim_(claim) {}

std::int64_t Attempt::now() const { return account_->store().clock().now().seconds; }

log::Event Attempt::about(std::string_view what) const {
  log::Event event(what);
  event.word("entry", fmt::format("{}/{}", to_hex(account_->id()), entry_->id.value))
      .session(session_of(*entry_));
  return event;
}

// What can be done.

async::Task<void> Attempt::note_passed_time() {
  const std::int64_t at = now();
  co_await change([this, at](OutboxEntry& entry) { return note_time(entry, options_->retry, at); });
}

async::Task<Result<Routes>> Attempt::route() {
  auto routes = co_await means_.local.route(entry_, due_recipients(*entry_, now()));
  if (!routes)
    about("the recipients cannot be looked up").failure(routes.error()).write(log::Level::error);
  co_return routes;
}

async::Task<bool> Attempt::deliver_here() {
  auto routes = co_await route();
  if (!routes) {
    co_await put_off(due_recipients(*entry_, now()), client::reply_for(routes.error()));
    co_return false;
  }
  if (!routes->local.empty())
    co_await settle(co_await means_.local.deliver(account_, entry_, std::move(routes->local)));
  co_return !routes->elsewhere.empty();
}

async::Task<void> Attempt::send() {
  auto routes = co_await route();
  if (!routes) {
    co_await put_off(due_recipients(*entry_, now()), client::reply_for(routes.error()));
    co_return;
  }
  if (routes->elsewhere.empty()) co_return;
  auto client = co_await means_.connections.take(options_->endpoint, options_->times);
  if (!client) {
    if (means_.stopping) co_return;
    about("cannot connect to the relay").failure(client.error()).write(log::Level::warning);
    co_await put_off(std::move(routes->elsewhere), client::reply_for(client.error()));
    co_return;
  }
  co_await send_over(**client, std::move(routes->elsewhere));
  co_await means_.connections.give(std::move(*client));
}

async::Task<void> Attempt::send_over(client::SmtpClient& client, Indices recipients) {
  auto message = co_await OutgoingMessage::open(account_, entry_);
  Result<client::SmtpContent> content = fail(ErrorKind::unavailable, "");
  if (message) content = co_await message->content();
  if (!content) {
    const Error& error = message ? content.error() : message.error();
    about("the message cannot be read").failure(error).write(log::Level::error);
    co_await put_off(std::move(recipients),
                     wire::smtp::reply(451, {4, 3, 0}, "The message cannot be read"));
    co_return;
  }
  while (!recipients.empty() && client.is_usable() && !means_.stopping && claim_.holds())
    recipients = co_await send_some(client, *message, *content, std::move(recipients));
}

/// Performs one transaction. Returns the recipients for which another one is needed.
async::Task<Attempt::Indices> Attempt::send_some(client::SmtpClient& client,
                                                 const OutgoingMessage& message,
                                                 const client::SmtpContent& content,
                                                 Indices recipients) {
  std::size_t count = std::min(options_->recipients, recipients.size());
  if (const std::size_t most = client.extensions().max_recipients; most != 0)
    count = std::min(count, most);
  Indices later(recipients.begin() + static_cast<std::ptrdiff_t>(count), recipients.end());
  recipients.resize(count);
  const client::SmtpEnvelope envelope = make_envelope(*entry_, recipients);
  const auto plain = message.source();
  const auto source = claim_.guard(*plain);
  const auto outcomes = co_await client.send(envelope, content, *source);
  const bool progress = std::ranges::any_of(outcomes, was_accepted);
  std::vector<Tried> tried;
  for (std::size_t i = 0; i < count; ++i) {
    const SmtpOutcome& outcome = outcomes[i];
    if (progress && is_for_another(outcome)) {
      later.push_back(recipients[i]);
      continue;
    }
    if (outcome.uncertain)
      about("the relay did not reply to the message, so it may arrive twice")
          .write(log::Level::warning);
    tried.push_back({.recipient = recipients[i],
                     .fate = outcome.fate,
                     .reply = outcome.reply,
                     .remote_mta = outcome.by_server ? options_->endpoint->host : "",
                     .reports_itself = outcome.dsn_passed});
  }
  co_await settle(std::move(tried));
  co_return later;
}

// Recording results.

async::Task<void> Attempt::put_off(Indices recipients, wire::smtp::Reply reply) {
  std::vector<Tried> tried;
  for (const std::size_t i : recipients) tried.push_back({.recipient = i, .reply = reply});
  co_await settle(std::move(tried));
}

async::Task<void> Attempt::settle(std::vector<Tried> tried) {
  constexpr std::string_view kFates[] = {"sent", "deferred", "refused"};
  for (const Tried& one : tried) {
    about("tried")
        .word("outcome", kFates[static_cast<std::size_t>(one.fate)])
        .word("by", one.is_local ? "local" : "relay")
        .said("from", entry_->return_path)
        .said("to", entry_->recipients[one.recipient].address)
        .said("reply", wire::smtp::one_line(one.reply))
        .write(log::Level::info);
  }
  const Moment moment{now(), random_jitter()};
  co_await change([this, tried = std::move(tried), moment](OutboxEntry& entry) {
    return note_tried(entry, tried, options_->retry, moment);
  });
}

async::Task<std::optional<service::OutboxReport>> Attempt::report(const Note& note) {
  OutboxEntry copy = *entry_;
  auto recipients = note(copy);
  if (recipients.empty() || !may_report(*entry_)) co_return std::nullopt;
  auto forwarded = co_await service::is_forwarding_account(account_->store(), account_->id());
  Result<store::NewEmail> mail = fail(ErrorKind::unavailable, "");
  ReportReader reader{entry_->return_path, forwarded.value_or(false)};
  if (reader.is_elsewhere) reader.address = original_sender(entry_->return_path);
  if (forwarded) {
    mail = co_await make_report(account_, entry_, std::move(recipients), reader, *options_);
  } else {
    mail = pass(forwarded);
  }
  if (mail)
    co_return service::OutboxReport{std::move(*mail),
                                    reader.is_elsewhere ? reader.address : std::string(),
                                    options_->report_expires_after};
  about("the delivery report cannot be created").failure(mail.error()).write(log::Level::error);
  co_return std::nullopt;
}

/// Retries until the result is recorded, even if the disk is full. Until then the entry stays with
/// this attempt, because otherwise the relay would get the message again.
async::Task<void> Attempt::change(Note note) {
  std::optional<service::OutboxReport> mail = co_await report(note);
  while (true) {
    Status done = co_await service::edit_outbox(
        {account_, store::Actor::delivery().over(session_of(*entry_))}, entry_->id,
        [&](OutboxEntry& entry) { std::ignore = note(entry); }, mail ? &*mail : nullptr);
    if (done || is_gone(done.error())) co_return;
    const Error& error = done.error();
    about("the outcome cannot be recorded yet").failure(error).write(log::Level::error);
    if (mail && is_for_want_of_room(error)) {
      about("the report is dropped").said("to", entry_->return_path).write(log::Level::warning);
      mail.reset();
      continue;
    }
    if (means_.stopping) co_return;
    co_await async::sleep_for(kNoteAgain);
  }
}

}  // namespace posthorn::relay
