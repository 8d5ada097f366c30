#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/imap/session.h"
#include "store/value/mailbox.h"
#include "wire/imap/response/format_fetch.h"

namespace posthorn::server::imap {

/// Begins the response about a message: FETCH with its number, or UIDFETCH with its UID once the
/// client has enabled UIDONLY (RFC 9586 §3.3).
void begin_row(const Session& session, wire::imap::FetchWriter& fetch, Seqnum seqnum, Uid uid);

/// Writes the flags of messages in FETCH responses. Flag lists that many messages share are
/// formatted once.
class RowWriter {
 public:
  /// Both must outlive this object. Requires: a mailbox is selected.
  RowWriter(Session& session, const store::Mailbox& now);

  bool with_uid = false;  ///< Not in a UIDFETCH response, which begins with the UID.
  bool with_flags = true;

  /// Writes a complete response: UID and FLAGS as configured, and MODSEQ if the client has enabled
  /// CONDSTORE (RFC 7162 §3.1).
  void write_flags(Seqnum seqnum, Uid uid, const store::FlagState& flags);
  /// Returns the value of the FLAGS item: `(\Seen keyword)`. Valid until the next call.
  [[nodiscard]] std::string_view flags(Uid uid, const store::FlagState& flags) {
    const bool recent = shows_recent_ && is_recent(uid);
    const unsigned key = flags.system * 2U + static_cast<unsigned>(recent);
    Spelling& known = spellings_[(key + flags.keywords * 8U) % spellings_.size()];
    if (known.text.empty() || known.key != key || known.keywords != flags.keywords)
      spell(known, key, flags.keywords);
    return known.text;
  }

 private:
  struct Spelling {
    unsigned key = 0;
    std::uint32_t keywords = 0;
    std::string text;  ///< Empty if this entry is unused.
  };
  [[nodiscard]] bool is_recent(Uid uid) const;
  void spell(Spelling& spelling, unsigned key, std::uint32_t keywords) const;

  Session& session_;
  const store::Mailbox& now_;
  const bool shows_recent_;
  std::array<Spelling, 16> spellings_;
};

}  // namespace posthorn::server::imap
