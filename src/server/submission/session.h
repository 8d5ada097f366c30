#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "auth/sasl/exchange.h"
#include "auth/session_limits.h"
#include "server/smtp/talk.h"
#include "server/submission/submission_server.h"
#include "service/sending/intake.h"
#include "store/account.h"
#include "store/value/outbox.h"
#include "wire/smtp/command.h"
#include "wire/smtp/line_check.h"
#include "wire/smtp/reply.h"

namespace posthorn::server::submission {

/// From MAIL to the reply after the data, or to RSET.
struct Transaction {
  store::OutboxEntry envelope = {};
  std::unique_ptr<service::Intake> intake = {};
  wire::smtp::LineCheck lines = {};
  bool has_data = false;
  std::uint64_t octets = 0;  ///< Received; past the limit, more than was taken in.
  /// What the data is answered with; what follows is only read over.
  std::optional<wire::smtp::Reply> failure = {};
};

/// One client's dialogue, from the greeting to its end.
class Session {
 public:
  /// `context` must outlive it.
  Session(const SubmissionContext& context, frame::Accepted<SubmissionOptions> client);
  async::Task<void> run();

 private:
  async::Task<bool> open();
  async::Task<std::optional<std::string>> next_line();
  async::Task<void> obey(std::string_view line);
  void say(const wire::smtp::Reply& reply) { talk_.say(reply); }
  /// The reply when something here does not work; logs what.
  [[nodiscard]] wire::smtp::Reply trouble(std::string_view what, const Error& error) const;

  async::Task<void> obey(wire::smtp::Hello hello);
  async::Task<void> obey(wire::smtp::Auth auth);
  async::Task<void> obey(wire::smtp::Mail mail);
  async::Task<void> obey(wire::smtp::Rcpt rcpt);
  async::Task<void> obey(wire::smtp::Data);
  async::Task<void> obey(wire::smtp::Bdat bdat);
  async::Task<void> obey(wire::smtp::Rset);
  async::Task<void> obey(wire::smtp::Noop);
  async::Task<void> obey(wire::smtp::Quit);
  async::Task<void> obey(wire::smtp::StartTls);
  async::Task<void> obey(wire::smtp::Vrfy vrfy);
  async::Task<void> obey(wire::smtp::Help);

  // --- session_auth.cc
  async::Task<void> authenticate(wire::smtp::Auth command);
  async::Task<void> converse(auth::Exchange& exchange, auth::Exchange::Outcome outcome);
  async::Task<void> log_in(auth::Identity identity);
  void count_failed_login();
  [[nodiscard]] bool may_log_in() const;
  [[nodiscard]] auth::Channel channel() const;
  [[nodiscard]] std::vector<std::string_view> mechanisms() const;

  // --- session_envelope.cc
  /// The reply for a command that is out of turn, or none.
  std::optional<wire::smtp::Reply> refuse_mail(const wire::smtp::Mail& mail) const;
  std::optional<wire::smtp::Reply> refuse_rcpt() const;
  async::Task<std::optional<wire::smtp::Reply>> judge_login();
  async::Task<std::optional<wire::smtp::Reply>> judge_sender(const wire::smtp::Address& from);
  async::Task<std::optional<wire::smtp::Reply>> judge_recipient(const wire::smtp::Address& to);
  async::Task<wire::smtp::Reply> judge_stranger(const wire::smtp::Address& to);

  // --- session_data.cc
  void begin_data();
  async::Task<void> take_in(std::string_view octets);
  async::Task<Status> judge_authors(std::vector<service::EnvelopeAddress> authors);
  std::optional<wire::smtp::Reply> judge_octets(std::string_view octets);
  async::Task<void> finish();
  async::Task<wire::smtp::Reply> submit(Transaction transaction);

  [[nodiscard]] bool offers(std::string_view extension) const;
  [[nodiscard]] bool offers_tls() const;

  const SubmissionContext& context_;
  const std::shared_ptr<const SubmissionOptions> options_;
  smtp::Talk talk_;
  auth::SessionLimits::Slot connection_slot_;
  auth::SessionLimits::Slot user_slot_;
  std::optional<wire::smtp::Hello> hello_;
  const frame::Transport transport_;
  const std::chrono::steady_clock::time_point since_;  ///< When the client connected.
  store::AccountPtr account_;                          ///< From login on.
  std::string name_;                                   ///< The account's, for the log.
  std::uint64_t login_version_ = 0;  ///< Of the login; the account may have been changed since.
  std::uint32_t failed_logins_ = 0;
  std::optional<Transaction> transaction_;
};

}  // namespace posthorn::server::submission
