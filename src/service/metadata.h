#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "store/value/annotations.h"

/// The annotations of mailboxes (METADATA, RFC 5464). Names of entries are in lower case and begin
/// with "/private/", for what only the one who asks sees, or "/shared/".
namespace posthorn::service {

struct MetadataEntry {
  std::string name;
  store::AnnotationValue value;  ///< Null: there is none.
};

/// What stands for the server as a whole: annotations that belong to no mailbox, and which every
/// account has for itself.
MailboxRef server_metadata(const Caller& caller);

/// What this entry of the mailbox is stored under. Private entries are those of the one who asks.
store::AnnotationKey annotation_key(const MailboxRef& mailbox, std::string_view entry);

/// Errors: no_permission, if the one who asks may not read the mailbox's annotations (RFC 5464
/// §3.3).
Status may_read_metadata(const MailboxRef& mailbox);

/// Returns the value of this entry; null if there is none. store::kRetentionEntry is also there if
/// the age at which messages expire comes from the use of the mailbox.
store::AnnotationValue find_metadata(const MailboxRef& mailbox, const store::Annotations& all,
                                     std::string_view entry);

enum class MetadataBelow : std::uint8_t { children, all };
/// Returns the entry itself, if it has a value, and those below it, in the order of their names.
std::vector<MetadataEntry> find_metadata_below(const MailboxRef& mailbox,
                                               const store::Annotations& all,
                                               std::string_view entry, MetadataBelow below);

struct MetadataToSet {
  struct Entry {
    std::string name;
    std::optional<std::string> value;  ///< None removes it.
  };
  std::vector<Entry> entries;
  std::optional<store::SpecialUses> uses = {};  ///< Sets the uses of the mailbox as well.
};
/// Sets all of them or none, as one change. Returns the annotations as they are with it. Errors:
/// not_found, no_permission (also a use that no mailbox can have), bad_argument (a value of
/// store::kRetentionEntry, which only those who administer the mailbox can set), too_big (a value;
/// see store::kMaxAnnotationOctets), limit.
async::Task<Result<std::shared_ptr<const store::Annotations>>> set_metadata(MailboxRef mailbox,
                                                                            MetadataToSet what);

/// Returns whether the one who asks may be told of a change to this annotation.
bool is_visible_to(const store::AnnotationKey& key, const Caller& caller);

}  // namespace posthorn::service
