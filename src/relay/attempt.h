#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/log_event.h"
#include "message/delivery_report.h"
#include "relay/claim.h"
#include "relay/connections.h"
#include "relay/local_delivery.h"
#include "relay/options.h"
#include "relay/outgoing_message.h"
#include "relay/progress.h"
#include "service/sending/edit_outbox.h"
#include "store/account.h"
#include "store/value/outbox.h"

namespace posthorn::relay {

/// The shared objects that attempts use. Must outlive the attempts.
struct Means {
  LocalDelivery& local;
  Connections& connections;
  std::shared_ptr<const RelayOptions> options;
  bool stopping = false;  ///< Nothing that can wait may be started.
};

/// One attempt to deliver one entry. There is at most one attempt of an entry at a time.
class Attempt {
 public:
  /// Nothing is sent that the claim does not cover; it must outlive this.
  Attempt(const Means& means, store::AccountPtr account, store::OutboxEntryPtr entry,
          const Claim& claim);

  /// Handles expiry and warnings of delays.
  async::Task<void> note_passed_time();
  /// Delivers to due recipients on this server. Returns whether there are due recipients elsewhere.
  async::Task<bool> deliver_here();
  /// Sends to due recipients elsewhere, over one connection.
  async::Task<void> send();

 private:
  using Indices = std::vector<std::size_t>;
  /// Changes an entry and returns what to report. May be run more than once, and must have the same
  /// effect each time.
  using Note = std::function<std::vector<message::ReportedRecipient>(store::OutboxEntry&)>;

  async::Task<Result<Routes>> route();
  async::Task<void> send_over(client::SmtpClient& client, Indices recipients);
  async::Task<Indices> send_some(client::SmtpClient& client, const OutgoingMessage& message,
                                 const client::SmtpContent& content, Indices recipients);
  async::Task<void> put_off(Indices recipients, wire::smtp::Reply reply);
  async::Task<void> settle(std::vector<Tried> tried);
  async::Task<void> change(Note note);
  async::Task<std::optional<service::OutboxReport>> report(const Note& note);
  [[nodiscard]] std::int64_t now() const;
  /// Begins a line of the log: what happened, which must be static, and which entry it is about.
  [[nodiscard]] log::Event about(std::string_view what) const;

  const Means& means_;
  const std::shared_ptr<const RelayOptions> options_;
  const store::AccountPtr account_;
  const store::OutboxEntryPtr entry_;
  const Claim& claim_;
};

}  // namespace posthorn::relay
