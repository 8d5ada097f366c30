#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "store/email.h"

namespace posthorn::store {

class Store;

/// A message being received. Holds at most one piece (256 KB) and the header block in memory; full
/// pieces are written ahead as they arrive. Destroying it unfinished leaves nothing behind but
/// the pieces written ahead, which no message names: the sweep frees them after the grace time.
class Upload {
 public:
  /// `scope`: the account the pieces are written ahead for.
  Upload(Store& store, const AccountId& scope);
  ~Upload();
  Upload(Upload&&) noexcept;

  /// Errors: io, unavailable.
  async::Task<Status> feed(std::string_view octets);
  /// Octets fed so far.
  [[nodiscard]] std::uint64_t size() const;
  /// Whether the header block holds octets above 127 (RFC 9755: refused without UTF8=ACCEPT).
  [[nodiscard]] bool has_8bit_header() const;

  /// The message is complete. `prefix` (whole header lines, CRLF) is put in front of it. May be
  /// called several times with different prefixes, for several recipients.
  async::Task<Result<NewEmail>> finish(std::string_view prefix = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace posthorn::store
