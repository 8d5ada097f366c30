#pragma once

#include <cstdint>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "store/read/email_reader.h"

namespace posthorn::service {

/// The octets of one stored message: header block and body as one range.
class MessageOctets {
 public:
  /// `header` and `ahead`, the pieces already read (which may be null), must outlive this object.
  /// Errors: corrupt.
  static Result<MessageOctets> open(store::AccountPtr account, std::string_view header,
                                    std::string_view body_column,
                                    const store::PieceBatch* ahead = nullptr);

  [[nodiscard]] std::uint64_t size() const { return header_.size() + body_.size(); }
  [[nodiscard]] std::uint64_t header_size() const { return header_.size(); }
  /// Returns at most `limit` octets from `offset` on; empty at the end. Valid until the next call.
  async::Task<Result<std::string_view>> read(std::uint64_t offset, std::uint64_t limit);
  /// Checks that all of [begin, end) can be read; see store::BodyReader::prepare().
  async::Task<Status> prepare(std::uint64_t begin, std::uint64_t end);

 private:
  MessageOctets(std::string_view header, store::BodyReader body)
      : header_(header), body_(std::move(body)) {}
  std::string_view header_;
  store::BodyReader body_;
  store::BodyReader::Chunk chunk_;
};

}  // namespace posthorn::service
