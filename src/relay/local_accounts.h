#pragma once

#include <functional>
#include <memory>
#include <string>

#include "relay/local_delivery.h"
#include "service/delivery/recipient.h"
#include "service/forwarding/forwarder.h"

namespace posthorn::relay {

/// Returns whether all mail for a domain (in lower case) belongs to this server's accounts.
using IsOurDomain = std::function<async::Task<Result<bool>>(std::string domain)>;

/// Delivers to the accounts of a store, and queues what their aliases send to other servers.
/// Thread: any loop's.
class LocalAccounts final : public LocalDelivery {
 public:
  /// `separator` separates user and detail, as in every other delivery. `forwarder` passes on what
  /// is for an alias that leads to other servers, and must outlive this object.
  LocalAccounts(service::Forwarder& forwarder, service::FindAddress find, IsOurDomain is_ours,
                std::string separator)
      : forwarder_(forwarder),
        find_(std::move(find)),
        is_ours_(std::move(is_ours)),
        separator_(std::move(separator)) {}

  async::Task<Result<Routes>> route(store::OutboxEntryPtr entry,
                                    std::vector<std::size_t> recipients) override;
  async::Task<std::vector<Tried>> deliver(store::AccountPtr sender, store::OutboxEntryPtr entry,
                                          std::vector<std::size_t> recipients) override;

 private:
  async::Task<Result<bool>> is_local(const std::string& address);
  async::Task<Result<service::Destinations>> find(const std::string& address, std::uint64_t octets);

  service::Forwarder& forwarder_;
  const service::FindAddress find_;
  const IsOurDomain is_ours_;
  const std::string separator_;
};

}  // namespace posthorn::relay
