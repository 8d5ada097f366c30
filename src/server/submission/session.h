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
#include "server/smtp/dialogue.h"
#include "server/submission/submission_server.h"
#include "service/sending/intake.h"
#include "store/account.h"
#include "store/value/outbox.h"
#include "wire/smtp/command.h"
#include "wire/smtp/line_check.h"
#include "wire/smtp/reply.h"

namespace posthorn::server::submission {

struct Transaction : smtp::Transaction {
  store::OutboxEntry envelope = {};
  /// Set while a message is being received and not refused.
  std::unique_ptr<service::Intake> intake = {};
  wire::smtp::LineCheck lines = {};
};

/// One client's session, from the greeting to its end.
class Session final : private smtp::Dialogue, public auth::LiveSession {
 public:
  /// `context` must outlive this object.
  Session(const SubmissionContext& context, frame::Accepted<SubmissionOptions> client);
  async::Task<void> run();

  // For operators (auth/live_session.h).
  [[nodiscard]] auth::SessionView view() const override;
  void end(std::string_view words) override;
  void show_to(std::shared_ptr<Tap> tap) override;

 private:
  async::Task<bool> open();
  /// Gives the client its time to log in.
  void expect_login();
  /// Returns the reply for a server error, which is logged here.
  [[nodiscard]] wire::smtp::Reply trouble(std::string_view what, const Error& error) const;

  [[nodiscard]] smtp::Transaction* transaction() override;
  [[nodiscard]] bool has_recipients() const override;
  void forget_transaction() override { transaction_.reset(); }
  void forget_client() override;
  [[nodiscard]] std::chrono::milliseconds patience() const override;
  [[nodiscard]] std::vector<std::string> extensions() const override;
  [[nodiscard]] std::string_view help() const override;
  [[nodiscard]] bool may_send() const override { return account_ != nullptr; }
  Status count_again() override;
  [[nodiscard]] std::string greeting() const override;
  [[nodiscard]] bool is_known() const override { return account_ != nullptr; }

  // Implemented in session_auth.cc:
  async::Task<void> on_auth(wire::smtp::Auth auth) override;
  async::Task<void> authenticate(wire::smtp::Auth command);
  async::Task<void> converse(auth::Exchange& exchange, auth::Exchange::Outcome outcome);
  async::Task<void> log_in(auth::Identity identity);
  void count_failed_login();
  [[nodiscard]] bool may_log_in() const;
  [[nodiscard]] auth::Channel channel() const;
  [[nodiscard]] std::vector<std::string_view> mechanisms() const;

  // Implemented in session_envelope.cc:
  async::Task<void> on_mail(wire::smtp::Mail mail) override;
  async::Task<void> on_rcpt(wire::smtp::Rcpt rcpt) override;
  /// Returns the reply to a command that is not allowed in the current state, or none.
  std::optional<wire::smtp::Reply> refuse_mail(const wire::smtp::Mail& mail) const;
  std::optional<wire::smtp::Reply> refuse_rcpt() const;
  async::Task<std::optional<wire::smtp::Reply>> judge_login();
  async::Task<std::optional<wire::smtp::Reply>> judge_sender(const wire::smtp::Address& from);
  async::Task<std::optional<wire::smtp::Reply>> judge_recipient(const wire::smtp::Address& to);
  async::Task<wire::smtp::Reply> judge_stranger(const wire::smtp::Address& to);

  // Implemented in session_data.cc:
  void begin_message() override;
  async::Task<std::optional<wire::smtp::Reply>> feed(std::string_view octets) override;
  void drop_message() override { transaction_->intake.reset(); }
  async::Task<void> finish() override;
  /// Returns header lines to add.
  async::Task<Result<std::string>> judge_authors(service::Authors authors);
  [[nodiscard]] Result<std::string> sender_line() const;
  async::Task<wire::smtp::Reply> submit(Transaction transaction);

  const SubmissionContext& context_;
  const std::shared_ptr<const SubmissionOptions> options_;
  const frame::Transport transport_;
  auth::SessionLimits::ConnectionSlot connection_slot_;
  auth::SessionLimits::Slot user_slot_;
  store::AccountPtr account_;  ///< Set at login.
  std::string name_;           ///< Name of the account, for the log.
  auth::Identity login_;       ///< As it was checked; the account may have been changed since.
  std::uint32_t failed_logins_ = 0;
  std::optional<Transaction> transaction_;
  store::AccountPtr author_team_;  ///< The team that the message says it is from; may be null.
};

}  // namespace posthorn::server::submission
