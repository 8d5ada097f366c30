#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "server/lmtp/lmtp_server.h"
#include "server/smtp/talk.h"
#include "service/delivery/recipient.h"
#include "store/change/upload.h"
#include "wire/smtp/command.h"
#include "wire/smtp/reply.h"

namespace posthorn::server::lmtp {

/// From MAIL to the replies after the data, or to RSET.
struct Transaction {
  wire::smtp::Mail mail = {};
  std::vector<service::Recipient> recipients = {};
  std::unique_ptr<store::Upload> upload = {};
  bool has_data = false;
  std::uint64_t octets = 0;  ///< Received; past the limit, more than the upload holds.
  /// The first thing that went wrong with the data; what follows is only read over.
  std::optional<Error> failure = {};
};

/// One client's dialogue, from the greeting to its end.
class Session {
 public:
  /// `context` must outlive it.
  Session(const LmtpContext& context, frame::Accepted<LmtpOptions> client);
  async::Task<void> run();

 private:
  async::Task<void> obey(std::string_view line);
  void say(const wire::smtp::Reply& reply) { talk_.say(reply); }

  async::Task<void> obey(wire::smtp::Hello hello);
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
  async::Task<void> obey(wire::smtp::Auth);

  void begin_data();
  async::Task<void> take_in(std::string_view octets);
  async::Task<void> finish();
  async::Task<std::vector<Status>> deliver(const Transaction& transaction);
  [[nodiscard]] bool offers(std::string_view extension) const;
  [[nodiscard]] bool offers_tls() const;

  const LmtpContext& context_;
  const std::shared_ptr<const LmtpOptions> options_;
  smtp::Talk talk_;
  std::string said_name_;  ///< Of LHLO; empty before.
  std::optional<Transaction> transaction_;
};

}  // namespace posthorn::server::lmtp
