#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "auth/session_limits.h"
#include "server/lmtp/lmtp_server.h"
#include "server/smtp/dialogue.h"
#include "service/delivery/recipient.h"
#include "store/change/upload.h"
#include "wire/smtp/command.h"
#include "wire/smtp/reply.h"

namespace posthorn::server::lmtp {

struct Transaction : smtp::Transaction {
  wire::smtp::Mail mail = {};
  std::vector<service::Recipient> recipients = {};
  /// For each accepted RCPT, how many of the recipients it stands for; they follow each other.
  std::vector<std::size_t> accounts_of = {};
  /// Set while a message is being received and not refused.
  std::unique_ptr<store::Upload> upload = {};
};

/// One client's session, from the greeting to its end.
class Session final : private smtp::Dialogue {
 public:
  /// `context` must outlive this object.
  Session(const LmtpContext& context, frame::Accepted<LmtpOptions> client);
  async::Task<void> run();

 private:
  /// Counts the connection and sends the greeting, or refuses it.
  bool open();
  /// Gives the client its time for one more transaction.
  void expect_transaction();
  [[nodiscard]] smtp::Transaction* transaction() override;
  [[nodiscard]] bool has_recipients() const override;
  void forget_transaction() override { transaction_.reset(); }
  [[nodiscard]] std::chrono::milliseconds patience() const override;
  [[nodiscard]] std::vector<std::string> extensions() const override;
  [[nodiscard]] std::string_view help() const override { return "This is LMTP, RFC 2033"; }
  Status count_again() override;
  [[nodiscard]] std::string greeting() const override;
  async::Task<void> on_mail(wire::smtp::Mail mail) override;
  async::Task<void> on_rcpt(wire::smtp::Rcpt rcpt) override;

  // Implemented in session_data.cc:
  void begin_message() override;
  async::Task<std::optional<wire::smtp::Reply>> feed(std::string_view octets) override;
  void drop_message() override { transaction_->upload.reset(); }
  async::Task<void> finish() override;
  async::Task<std::vector<Status>> deliver(const Transaction& transaction);

  const LmtpContext& context_;
  const std::shared_ptr<const LmtpOptions> options_;
  auth::SessionLimits::ConnectionSlot connection_slot_;
  std::optional<Transaction> transaction_;
};

}  // namespace posthorn::server::lmtp
