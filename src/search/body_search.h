#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "message/mime/structure_view.h"
#include "store/account.h"
#include "store/read/email_reader.h"
#include "store/read/piece_batch.h"
#include "text/finder.h"

namespace posthorn::search {

/// Searches the bodies of messages, one after the other, and reuses its buffers. Used by one thread
/// at a time.
class BodySearch {
 public:
  explicit BodySearch(store::AccountPtr account)
      : account_(std::move(account)), pieces_(account_) {}

  /// Returns whether the decoded text of any text part contains the needle (RFC 9051 §6.4.4 BODY).
  /// `structure` and `body` are columns of the message. May block. Errors: not_found, corrupt, io.
  Result<bool> contains(std::string_view structure, std::string_view body,
                        const text::Finder& finder);
  /// The last error of contains().
  [[nodiscard]] const Error& failed() const { return failed_; }

 private:
  Result<bool> search(std::string_view structure, std::string_view body,
                      const text::Finder& finder);
  void read_pieces(const message::StructureView& view, const store::BodyList& list);
  Result<bool> part_contains(const message::PartView& part, store::BodyReader& reader,
                             std::uint64_t header_size, const text::Finder& finder);

  store::AccountPtr account_;
  store::PieceBatch pieces_;
  std::string of_;  ///< The body column whose pieces are in pieces_.
  std::string decoded_;
  Error failed_ = {ErrorKind::corrupt, "the message cannot be read"};
};

/// Returns whether the decoded header contains the needle, with each field as a line "Name: value"
/// (RFC 9051 §6.4.4 TEXT).
bool header_contains(std::string_view header, const text::Finder& finder);

}  // namespace posthorn::search
