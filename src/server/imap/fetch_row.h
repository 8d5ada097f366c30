#pragma once

#include <string>
#include <vector>

#include "server/imap/session.h"
#include "store/mailbox.h"
#include "wire/imap/format_fetch.h"

namespace posthorn::server::imap {

/// Writes what FETCH responses say of a message's flags. Keyword sets are spelled once per set.
class RowWriter {
 public:
  /// Both must outlive it. Requires: a selected mailbox.
  RowWriter(Session& session, const store::Mailbox& now);

  bool with_uid = false;
  bool with_flags = true;

  /// A whole response: UID and FLAGS as asked for, MODSEQ for a client that knows of it
  /// (RFC 7162 §3.1).
  void write_flags(Seqnum seqnum, Uid uid, const store::FlagState& flags);
  /// The FLAGS item.
  void flags(wire::imap::FetchWriter& fetch, Uid uid, const store::FlagState& flags);

 private:
  const std::vector<std::string>& keywords_of(std::uint32_t set);

  Session& session_;
  const store::Mailbox& now_;
  const bool shows_recent_;
  std::uint32_t known_set_ = 0;
  std::vector<std::string> keywords_;
};

}  // namespace posthorn::server::imap
