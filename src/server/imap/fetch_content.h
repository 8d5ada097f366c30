#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "async/task.h"
#include "message/section.h"
#include "message/structure_view.h"
#include "server/imap/session.h"
#include "store/email_reader.h"
#include "wire/imap/format_fetch.h"

namespace posthorn::server::imap {

/// One stored message's octets: header block and body, as ranges of the whole.
class MessageOctets {
 public:
  /// `header` and what was read `ahead` must outlive it. Errors: corrupt.
  static Result<MessageOctets> open(store::AccountPtr account, std::string_view header,
                                    std::string_view body_column, const store::PieceBatch* ahead);

  [[nodiscard]] std::uint64_t size() const { return header_.size() + body_.size(); }
  [[nodiscard]] std::uint64_t header_size() const { return header_.size(); }
  /// A run of octets from `offset` on, at most `limit`; empty at the end. Stays until the next
  /// call.
  async::Task<Result<std::string_view>> read(std::uint64_t offset, std::uint64_t limit);

 private:
  MessageOctets(std::string_view header, store::BodyReader body)
      : header_(header), body_(std::move(body)) {}
  std::string_view header_;
  store::BodyReader body_;
  store::BodyReader::Chunk chunk_;
};

/// Writes BODY[...], BINARY[...] and their RFC 3501 kin, streaming to the client.
class ContentWriter {
 public:
  ContentWriter(Session& session, wire::imap::FetchWriter& fetch, MessageOctets& octets,
                const message::StructureView& structure)
      : session_(session), fetch_(fetch), octets_(octets), structure_(structure) {}

  /// Errors: unknown_encoding (RFC 3516 §4.3), io, corrupt, not_found: nothing was written. Once a
  /// literal has begun a failure ends the session (`closed`), since no response could follow.
  async::Task<Status> write(const wire::imap::FetchItem& item);

 private:
  [[nodiscard]] std::optional<message::ByteRange> range_of(const wire::imap::FetchItem& item) const;
  [[nodiscard]] std::optional<message::ByteRange> range_of(std::span<const std::uint32_t> part,
                                                           message::SectionKind kind) const;
  async::Task<Status> write_range(const wire::imap::FetchItem& item, message::ByteRange range);
  async::Task<Status> write_fields(const wire::imap::FetchItem& item, message::ByteRange range);
  async::Task<Status> write_binary(const wire::imap::FetchItem& item);

  Session& session_;
  wire::imap::FetchWriter& fetch_;
  MessageOctets& octets_;
  const message::StructureView& structure_;
};

/// What `partial` leaves of `size` octets (RFC 9051 §6.4.5).
message::ByteRange clip(std::uint64_t size, const std::optional<wire::imap::Partial>& partial);

}  // namespace posthorn::server::imap
