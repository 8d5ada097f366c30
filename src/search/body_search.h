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

/// Looks into bodies, one message after the other; what it needs room for it keeps. One thread at a
/// time.
class BodySearch {
 public:
  explicit BodySearch(store::AccountPtr account)
      : account_(std::move(account)), pieces_(account_) {}

  /// Whether the decoded text of any text part holds the needle (RFC 9051 §6.4.4 BODY). `structure`
  /// and `body` are the message's columns. May block. Errors: not_found, corrupt, io.
  Result<bool> contains(std::string_view structure, std::string_view body,
                        const text::Finder& finder);
  /// Why contains() failed last.
  [[nodiscard]] const Error& failed() const { return failed_; }

 private:
  Result<bool> search(std::string_view structure, std::string_view body,
                      const text::Finder& finder);
  void read_pieces(const message::StructureView& view, const store::BodyList& list);
  Result<bool> part_contains(const message::PartView& part, store::BodyReader& reader,
                             std::uint64_t header_size, const text::Finder& finder);

  store::AccountPtr account_;
  store::PieceBatch pieces_;
  std::string of_;  ///< The body column pieces_ holds pieces of.
  std::string decoded_;
  Error failed_ = {ErrorKind::corrupt, "the message cannot be read"};
};

/// Whether the decoded header fields hold it: each line "Name: value" (RFC 9051 §6.4.4 TEXT).
bool header_contains(std::string_view header, const text::Finder& finder);

}  // namespace posthorn::search
