#pragma once

#include <string_view>

#include "base/result.h"
#include "store/account.h"
#include "store/read/searched_text.h"
#include "store/upkeep/attachments.h"
#include "text/finder.h"

namespace posthorn::search {

/// Searches the texts of messages, one after the other, and reuses its buffers. Used by one thread
/// at a time.
class BodySearch {
 public:
  /// `account` may be null if contains() is not called.
  explicit BodySearch(store::AccountPtr account,
                      text::Collation collation = text::kDefaultCollation)
      : attachments_(account != nullptr && store::are_attachments_searched(account->store())),
        texts_(std::move(account), collation) {}

  /// Returns whether the decoded text of any text part contains the needle (RFC 9051 §6.4.4 BODY),
  /// or that of an attachment where these are searched. `structure` and `body` are columns of the
  /// message. May block. Errors: not_found, corrupt, io.
  Result<bool> contains(Ordinal message, std::string_view structure, std::string_view body,
                        const text::Finder& finder);
  /// Returns whether the decoded header contains the needle, with each field as a line
  /// "Name: value" (RFC 9051 §6.4.4 TEXT).
  bool header_contains(std::string_view header, const text::Finder& finder);
  /// The last error of contains().
  [[nodiscard]] const Error& failed() const { return failed_; }

 private:
  const bool attachments_;
  store::SearchedText texts_;
  Error failed_ = {ErrorKind::corrupt, "the message cannot be read"};
};

}  // namespace posthorn::search
