#include "server/submission/session.h"

#include <algorithm>

#include "server/frame/session_log.h"
#include "server/frame/session_view.h"
#include "wire/smtp/internet_date.h"

namespace posthorn::server::submission {

using namespace wire::smtp;  // NOLINT: the vocabulary of this file.

namespace {

/// Maximum length of a base64 response (RFC 4954 §4); tokens are long.
constexpr std::size_t kMaxLine = 12'288;

}  // namespace

Session::Session(const SubmissionContext& context, frame::Accepted<SubmissionOptions> client)
    : Dialogue({.talk = {.protocol = "submission",
                         .hostname = client.options->hostname,
                         .max_line = kMaxLine,
                         .idle = client.options->login_time,
                         .write = client.options->write_time},
                .dialect = Dialect::smtp,
                .max_message_octets = client.options->max_message_octets,
                .disabled_extensions = client.options->disabled_extensions,
                .tls = context.tls,
                .gateways = client.options->gateways,
                .meter = client.meter},
               client.connections, client.stream),
      context_(context),
      options_(std::move(client.options)),
      transport_(client.transport) {}

Reply Session::trouble(std::string_view what, const Error& error) const {
  frame::about("a request failed", "submission", stream())
      .said("step", what)
      .said("user", name_)
      .failure(error)
      .write(log::Level::error, name_);
  return reply(451, {4, 3, 0}, "Temporary server error; please try again later");
}

Status Session::count_again() {
  connection_slot_ = {};  // A connection is in one place only.
  auto slot = context_.limits.admit_connection(stream().peer());
  if (!slot) return pass(slot);
  connection_slot_ = std::move(*slot);
  return {};
}

std::string Session::greeting() const { return options_->hostname + " ESMTP Posthorn"; }

async::Task<bool> Session::open() {
  if (const Status counted = count_again(); !counted) {
    // Sent only on plain connections: there is no capacity for a TLS handshake.
    if (transport_ == frame::Transport::plain)
      say(reply(421, {4, 7, 0}, options_->hostname + ' ' + counted.error().text));
    co_return false;
  }
  expect_login();
  const bool begun =
      co_await frame::begin(stream(), transport_, context_.tls,
                            talk().deadline().limit(options_->login_time), "submission");
  if (!begun) co_return false;
  say(reply(220, greeting()));
  co_return true;
}

async::Task<void> Session::run() {
  if (co_await open()) co_await obey_commands();
  Status ignored = co_await talk().flush();
  if (account_) frame::log_logout("submission", stream(), name_);
}

smtp::Transaction* Session::transaction() { return transaction_ ? &*transaction_ : nullptr; }

bool Session::has_recipients() const {
  return transaction_ && !transaction_->envelope.recipients.empty();
}

std::string_view Session::help() const {
  return "This is message submission (RFC 6409): log in, then send mail";
}

std::chrono::milliseconds Session::patience() const {
  return account_ ? options_->idle_time : options_->login_time;
}

std::vector<std::string> Session::extensions() const {
  std::vector<std::string> lines;
  if (hello()->verb != Greeting::ehlo) return lines;
  lines.emplace_back("PIPELINING");
  lines.push_back(fmt::format("SIZE {}", options_->max_message_octets));
  if (offers_tls() && !stream().is_tls()) lines.emplace_back("STARTTLS");
  std::string names;
  for (const std::string_view mechanism : mechanisms()) names += ' ' + std::string(mechanism);
  if (!names.empty()) lines.push_back("AUTH" + names);
  lines.emplace_back("8BITMIME");
  if (offers("CHUNKING")) lines.emplace_back("BINARYMIME");
  for (const char* name : {"CHUNKING", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN"})
    lines.emplace_back(name);
  lines.push_back(fmt::format("LIMITS RCPTMAX={}", options_->max_recipients));
  const std::int64_t max_hold = options_->max_hold.count();
  if (max_hold > 0)
    lines.push_back(
        fmt::format("FUTURERELEASE {} {}", max_hold,
                    format_internet_date(context_.store.clock().now().seconds + max_hold)));
  return lines;
}

void Session::expect_login() {
  talk().deadline().set(options_->login_time, frame::Deadline::Late::cut,
                        "The login took too long");
}

auth::SessionView Session::view() const { return frame::view_of("submission", stream(), name_); }

void Session::end(std::string_view words) { talk().deadline().pass_now(words); }

void Session::show_to(std::shared_ptr<Tap> tap) { stream().set_tap(std::move(tap)); }

void Session::forget_client() {
  if (account_) {
    frame::log_logout("submission", stream(), name_);
    stream().set_tap(nullptr);
    expect_login();  // It has to log in again.
  }
  account_.reset();
  name_.clear();
  user_slot_ = {};
}

}  // namespace posthorn::server::submission
