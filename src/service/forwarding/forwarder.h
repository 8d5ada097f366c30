#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/shared_value.h"
#include "service/delivery/recipient.h"
#include "service/forwarding/hourly.h"
#include "service/forwarding/srs.h"
#include "store/store.h"

/// Mail that this server passes on to other servers on behalf of an alias.
namespace posthorn::service {

/// The account in whose outbox such mail waits. The server makes it when it is first needed. It is
/// disabled, and nobody can log in to it. The domain does not exist (RFC 6761 §6.4), so that
/// nothing else has this name.
inline constexpr std::string_view kForwardingAccount = "forwarding@posthorn.invalid";

struct ForwardingRules {
  bool can_send = false;            ///< There is a relay.
  std::string srs_domain = {};      ///< Of rewritten return paths; empty: the domain of the alias.
  std::string hostname = {};        ///< Used if the alias has no domain.
  std::uint32_t max_targets = 100;  ///< Addresses of other servers, for one recipient.
  std::uint32_t recipients_per_hour = 1000;  ///< For one alias; 0: no limit.
  std::chrono::seconds give_up_after = std::chrono::hours(5 * 24);
};

/// A message that was received for an address which leads to other servers.
struct Forwarding {
  EnvelopeAddress sender;  ///< Both parts are empty for the null path.
  EnvelopeAddress to;      ///< The address, as the sender wrote it.
  std::vector<OutsideTarget> targets;
  /// BODY, SMTPUTF8, RET, ENVID, the session, and the trace lines that are to precede the message.
  store::OutboxEntry envelope;
  /// RFC 3461 §4.1: what reports are wanted. By default failures, as no sender expects to hear of
  /// delays behind an alias.
  store::NotifySet notify = store::bit(store::Notify::failure);
  std::string orcpt = {};  ///< As OutboxRecipient::orcpt; empty: the address itself.
  /// Set if the message may be passed on repeatedly; it is then queued once.
  std::optional<store::IntentId> intent = {};
};

/// Thread: any loop's.
class Forwarder {
 public:
  using KeySource = std::function<std::shared_ptr<const SrsKeys>()>;
  using IsOurDomain = std::function<async::Task<Result<bool>>(std::string domain)>;

  /// `store` must outlive this object. `is_ours` tells the domains of this server (in lower case),
  /// whose senders keep their return path.
  Forwarder(store::Store& store, KeySource keys, IsOurDomain is_ours, ForwardingRules rules);

  /// Applies to later calls. Thread: any.
  void set_rules(ForwardingRules rules);

  /// find_destinations(), which also understands the return paths that this server has rewritten:
  /// they lead to the original sender. Errors: also bad_argument for a forged or expired one. Use
  /// judge() if there are destinations outside.
  async::Task<Result<Destinations>> find(const FindAddress& find, std::string_view separator,
                                         EnvelopeAddress address, std::uint64_t announced) const;

  /// Returns whether an address is a return path that this server has rewritten, and is still
  /// valid.
  [[nodiscard]] bool leads_back(const EnvelopeAddress& address) const;

  /// Judges whether mail can be sent to these targets now. The texts of its errors are for the
  /// sender. Errors: unavailable (no relay, or more targets than permitted), limit (too many within
  /// the hour). Both may pass.
  [[nodiscard]] Status judge(const std::vector<OutsideTarget>& targets) const;

  /// Returns the account that holds the queue, and makes it if there is none yet. Errors: those of
  /// the store.
  async::Task<Result<store::AccountPtr>> account();

  /// Queues a message for its targets in one change of account(), which is durable on return, and
  /// counts them. `email` is the message as received, stored for account(). Errors: limit (too many
  /// messages are waiting); bad_argument (the sender's address is too long); io, unavailable.
  async::Task<Status> forward(Forwarding what, store::NewEmail email);

 private:
  async::Task<Result<std::string>> return_path(const Forwarding& what) const;
  async::Task<Result<store::AccountPtr>> make_account();

  store::Store& store_;
  const KeySource keys_;
  const IsOurDomain is_ours_;
  SharedValue<ForwardingRules> rules_;
  HourlyCounts counts_;
};

/// Returns whether this is the account in whose outbox forwarded mail waits. Errors: those of the
/// store.
async::Task<Result<bool>> is_forwarding_account(store::Store& store, AccountId id);

}  // namespace posthorn::service
