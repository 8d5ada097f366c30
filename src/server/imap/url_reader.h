#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "message/mime/structure_view.h"
#include "server/imap/session.h"
#include "service/message_octets.h"
#include "store/read/email_reader.h"
#include "wire/imap/url.h"

namespace posthorn::server::imap {

/// Reads the octets that URLs name, for CATENATE (RFC 4469 §3), as FETCH BODY.PEEK would return
/// them:
/// \Seen is not set. All URLs of one command see the same version of each mailbox, so that what is
/// expunged meanwhile does not matter.
class UrlReader {
 public:
  /// The session must outlive this object.
  explicit UrlReader(Session& session) : session_(session) {}

  /// Finds what the URL names, and returns its size in octets. Errors: bad_argument (the URL),
  /// not_found (no such mailbox, message or part), no_permission, io, corrupt.
  async::Task<Result<std::uint64_t>> open(std::string_view url);
  /// Returns the next octets of it; empty at the end. Valid until the next call. Errors: io,
  /// corrupt, not_found.
  async::Task<Result<std::string_view>> read();

 private:
  async::Task<Result<store::Member>> find(const wire::imap::MessageUrl& url,
                                          const service::MailboxRef& mailbox);
  async::Task<Status> open_message(const service::MailboxRef& mailbox, Ordinal ordinal);
  async::Task<Status> filter(const wire::imap::Section& section, message::ByteRange range);

  Session& session_;
  std::map<std::pair<AccountId, MailboxId>, store::MailboxPtr> versions_;
  std::optional<store::EmailReader> emails_;
  std::optional<service::MessageOctets> octets_;
  message::StructureView structure_;
  std::optional<std::string> filtered_;  ///< Header fields; read instead of `octets_`.
  std::uint64_t at_ = 0;                 ///< What is left to be read is [at_, end_).
  std::uint64_t end_ = 0;
};

}  // namespace posthorn::server::imap
