#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "engine/engine.h"
#include "store/value/email.h"

namespace posthorn::store {

class Store;

/// Receives a message. Keeps at most one piece (256 KB) and the header block in memory; complete
/// pieces are written ahead as they arrive. If all uploads of the store keep more than 64 MiB, the
/// pieces are smaller. If it is destroyed unfinished, only the pieces written
/// ahead remain; no message names them, and the sweep releases them after the grace time.
class Upload {
 public:
  /// The pieces are written ahead on behalf of `account`.
  Upload(Store& store, const AccountId& account);
  ~Upload();
  Upload(Upload&&) noexcept;

  /// Errors: io, unavailable, not_found (the account).
  async::Task<Status> feed(std::string_view octets);
  /// Number of octets fed so far.
  [[nodiscard]] std::uint64_t size() const;
  /// Returns true if the header block contains octets above 127 (RFC 9755). Valid after
  /// finish().
  [[nodiscard]] bool has_8bit_header() const;

  /// Completes the message and puts `prefix` (whole header lines, CRLF) in front of it. May be
  /// called several times with different prefixes, for several recipients: `recipient` is the
  /// account that will own the message, by default that of the constructor. If the recipient is in
  /// another sharing scope, the pieces are copied under its key, one at a time.
  async::Task<Result<NewEmail>> finish(std::string_view prefix = {});
  async::Task<Result<NewEmail>> finish(std::string_view prefix, const AccountId& recipient);

 private:
  struct State;
  struct Named;
  async::Task<Status> write_ahead(engine::PieceHold& hold, const AccountId& holder);
  async::Task<Status> complete();
  async::Task<Result<const Named*>> named_for(const AccountId& recipient);
  async::Task<Result<engine::PieceHold>> rename(const engine::PieceHold& from, std::string_view key,
                                                const AccountId& recipient);
  std::unique_ptr<State> state_;
};

}  // namespace posthorn::store
