#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "service/sending/submitted_header.h"
#include "store/change/upload.h"

namespace posthorn::service {

/// A submitted message being received: its header is completed and judged before the body is taken.
/// Holds the header block (at most kMaxHeader octets) until it is whole, and then what Upload
/// holds.
class Intake {
 public:
  static constexpr std::size_t kMaxHeader = 1 << 20;

  /// Whether the sender may send from one of these addresses; asked once, when the header is whole.
  using JudgeAuthors = std::function<async::Task<Status>(std::vector<EnvelopeAddress>)>;

  Intake(store::Store& store, const AccountId& account, HeaderFacts facts, JudgeAuthors judge);

  /// Errors: syntax and too_big (the header), what `judge` says, io, unavailable. After one the
  /// rest is not to be fed.
  async::Task<Status> feed(std::string_view octets);
  /// The message is complete. Errors: as feed().
  async::Task<Result<store::NewEmail>> finish();

 private:
  async::Task<Status> header_is_whole(std::size_t size);

  const HeaderFacts facts_;
  const JudgeAuthors judge_;
  store::Upload upload_;
  std::string header_;
  std::size_t looked_at_ = 0;  ///< Of header_, where no blank line begins.
  bool in_body_ = false;
};

}  // namespace posthorn::service
