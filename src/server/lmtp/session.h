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
#include "service/delivery/trace.h"
#include "service/forwarding/hops.h"
#include "store/change/upload.h"
#include "wire/smtp/command.h"
#include "wire/smtp/reply.h"

namespace posthorn::server::lmtp {

/// An accepted RCPT.
struct Accepted {
  service::EnvelopeAddress address;
  std::size_t accounts = 0;  ///< How many of the recipients it stands for; they follow each other.
  std::vector<service::OutsideTarget> outside;
  Status sent_on = {};  ///< To those; set after the message.
};

struct Transaction : smtp::Transaction {
  wire::smtp::Mail mail = {};
  std::vector<service::Recipient> recipients = {};
  std::vector<Accepted> accepted = {};
  /// Holds what is sent to other servers; null if nothing is.
  store::AccountPtr queue = {};
  service::Hops hops = {};
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
  async::Task<std::optional<wire::smtp::Reply>> take_recipient(service::EnvelopeAddress address);

  // Implemented in session_data.cc:
  void begin_message() override;
  async::Task<std::optional<wire::smtp::Reply>> feed(std::string_view octets) override;
  void drop_message() override { transaction_->upload.reset(); }
  async::Task<void> finish() override;
  [[nodiscard]] service::TraceFacts trace_facts(const Transaction& transaction) const;
  /// Queues what is for other servers.
  async::Task<void> send_on(Transaction& transaction);
  /// Removes the accounts of recipients for which that failed.
  static void leave_out_failed(Transaction& transaction);
  async::Task<std::vector<Status>> deliver(const Transaction& transaction);
  void answer(const Transaction& transaction, const Accepted& accepted, const Status& outcome);

  const LmtpContext& context_;
  const std::shared_ptr<const LmtpOptions> options_;
  auth::SessionLimits::ConnectionSlot connection_slot_;
  std::optional<Transaction> transaction_;
};

}  // namespace posthorn::server::lmtp
