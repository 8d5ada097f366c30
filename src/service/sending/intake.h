#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "service/sending/submitted_header.h"
#include "store/change/upload.h"

namespace posthorn::service {

/// Receives a submitted message; its header is completed and checked before the body is accepted.
/// Holds the header block (at most kMaxHeader octets) until it is complete, and what Upload holds.
class Intake {
 public:
  static constexpr std::size_t kMaxHeader = 1 << 20;

  /// Decides whether the user may send from all of these addresses, and returns further header
  /// lines to put in front. Called once, when the header is complete.
  using JudgeAuthors = std::function<async::Task<Result<std::string>>(Authors)>;

  Intake(store::Store& store, const AccountId& account, HeaderFacts facts, JudgeAuthors judge);

  /// Errors: syntax and too_big (for the header), those of `judge`, io, unavailable. After an
  /// error, do not feed the rest.
  async::Task<Status> feed(std::string_view octets);
  /// Completes the message. Errors: as feed().
  async::Task<Result<store::NewEmail>> finish();
  /// The same message for another account, which gets a copy. Requires: finish() has succeeded.
  async::Task<Result<store::NewEmail>> finish_for(AccountId account);

 private:
  async::Task<Status> header_is_whole(std::size_t size);

  const HeaderFacts facts_;
  const JudgeAuthors judge_;
  store::Upload upload_;
  std::string header_;
  std::size_t looked_at_ = 0;  ///< Offset in header_ before which no blank line begins.
  bool in_body_ = false;
};

}  // namespace posthorn::service
