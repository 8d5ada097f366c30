#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/imap/session.h"
#include "service/metadata.h"

namespace posthorn::server::imap {

/// The entry that is the mailbox's special uses (RFC 6154 §4).
inline constexpr std::string_view kSpecialUseEntry = "/private/specialuse";

/// The entries with filters are below this, in "/private" and "/shared" (RFC 5466 §3.2).
inline constexpr std::string_view kFilterValues = "/filters/values/";

/// Reads entries for GETMETADATA and LIST from one version of an account's annotations.
class MetadataAnswer {
 public:
  /// `mailbox` as resolved, or service::server_metadata(). Both must outlive this object.
  MetadataAnswer(const Session& session, const service::MailboxRef& mailbox);

  // An entry is added once, however many names it matches.

  /// Adds the entry, without a value if there is none.
  void add(const std::string& entry);
  /// Adds the entry and those below it, as far as they have values.
  void add_below(const std::string& entry, service::MetadataBelow below);
  /// Takes out the values that are longer, and returns the length of the longest; 0 if there is
  /// none.
  std::size_t leave_out_longer(std::size_t octets);
  /// Writes the response; nothing if there are no entries.
  void say(Session& session, std::string_view mailbox) const;

 private:
  void put(service::MetadataEntry entry);
  [[nodiscard]] store::AnnotationValue special_use() const;

  const Session& session_;
  const service::MailboxRef& mailbox_;
  const store::StatePtr state_;
  std::vector<service::MetadataEntry> entries_;
};

/// Tells of the annotations that others have changed since the client was last told, if it has
/// enabled METADATA (RFC 5464 §4.4.2) or asks for them with NOTIFY (RFC 5465 §5.6, §5.7).
void tell_metadata(Session& session);
/// Records that the client knows of its own change to these entries of a mailbox, and tells of all
/// others up to `now`, the annotations with that change.
void told_metadata_change(Session& session, MailboxId mailbox, std::span<const std::string> entries,
                          std::shared_ptr<const store::Annotations> now);

}  // namespace posthorn::server::imap
