#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>

#include "store/read/email_reader.h"
#include "store/upkeep/check.h"

namespace posthorn::store {

/// Verifies stored messages: their columns must be readable and consistent, and their bodies are
/// examined as far as the depth says. Blocks.
class MessageCheck {
 public:
  MessageCheck(AccountPtr account, CheckDepth depth)
      : account_(std::move(account)), depth_(depth), reader_(account_) {}

  /// Reports the faults of a mailbox's messages, one sentence per kind of fault with the UIDs
  /// concerned.
  void run(const Contents& contents, const std::function<void(const std::string&)>& find);
  /// Verifies one message. Errors: what is wrong with it.
  Status run(Ordinal ordinal, std::uint64_t size);

 private:
  void load(std::span<const Ordinal> ordinals);
  Status check(Ordinal ordinal, std::uint64_t size);
  Status check_piece(const BodyPiece& piece);

  AccountPtr account_;
  const CheckDepth depth_;
  EmailReader reader_;
};

}  // namespace posthorn::store
