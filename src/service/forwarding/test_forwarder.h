#pragma once

#include <memory>
#include <string>
#include <utility>

#include "service/forwarding/forwarder.h"

namespace posthorn::service {

/// For tests: a forwarder with one key, of a server whose only domain is example.org. `keys` and
/// the rules can be changed.
class TestForwarder {
 public:
  explicit TestForwarder(store::Store& store)
      : forwarder_(
            store, [this] { return std::make_shared<const SrsKeys>(keys); },
            [](std::string domain) { return is_ours(std::move(domain)); }, rules()) {}

  static ForwardingRules rules() { return {.can_send = true, .hostname = "mail.example.org"}; }
  Forwarder& operator*() { return forwarder_; }
  Forwarder* operator->() { return &forwarder_; }

  SrsKeys keys = {{"the first key"}};

 private:
  static async::Task<Result<bool>> is_ours(std::string domain) {
    co_return domain == "example.org";
  }

  Forwarder forwarder_;
};

}  // namespace posthorn::service
