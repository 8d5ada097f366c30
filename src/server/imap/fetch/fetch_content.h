#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "async/task.h"
#include "message/mime/section.h"
#include "message/mime/structure_view.h"
#include "server/imap/session.h"
#include "service/message_octets.h"
#include "wire/imap/response/format_fetch.h"

namespace posthorn::server::imap {

/// Writes BODY[...], BINARY[...] and the RFC 3501 items of that kind, streaming them to the client.
/// A NUL, which an ordinary literal cannot hold, is sent as text::kNulSubstitute; BINARY gives the
/// exact octets.
class ContentWriter {
 public:
  ContentWriter(Session& session, wire::imap::FetchWriter& fetch, service::MessageOctets& octets,
                const message::StructureView& structure)
      : session_(session), fetch_(fetch), octets_(octets), structure_(structure) {}

  /// Checks that write() will succeed for all content items, before the response begins. An
  /// announced literal cannot be taken back, and if it were filled up with other octets, the client
  /// would keep those as the message. Other items are ignored. Errors: unknown_encoding (RFC 3516
  /// §4.3), io, corrupt, not_found.
  async::Task<Status> prepare(std::span<const wire::imap::FetchItem> items);
  /// Errors: as prepare(), and then nothing was written. If reading fails after the literal has
  /// begun, although prepare() could read it, the session is ended (`closed`).
  async::Task<Status> write(const wire::imap::FetchItem& item);

 private:
  struct Part;
  async::Task<Status> prepare(const wire::imap::FetchItem& item);
  [[nodiscard]] Part binary_part(const wire::imap::FetchItem& item) const;
  [[nodiscard]] std::optional<message::ByteRange> range_of(const wire::imap::FetchItem& item) const;
  async::Task<Status> write_range(const wire::imap::FetchItem& item, message::ByteRange range);
  async::Task<Status> write_fields(const wire::imap::FetchItem& item, message::ByteRange range);
  async::Task<Status> write_binary(const wire::imap::FetchItem& item);

  Session& session_;
  wire::imap::FetchWriter& fetch_;
  service::MessageOctets& octets_;
  const message::StructureView& structure_;
};

/// Applies `partial` to content of `size` octets (RFC 9051 §6.4.5).
message::ByteRange clip(std::uint64_t size, const std::optional<wire::imap::Partial>& partial);

}  // namespace posthorn::server::imap
