#include "server/imap/list_line.h"

#include <array>
#include <utility>

namespace posthorn::server::imap {
namespace {

using store::SpecialUse;
using wire::imap::ListAttribute;

constexpr auto kUses = std::to_array<std::pair<SpecialUse, ListAttribute>>({
    {SpecialUse::all, ListAttribute::all},
    {SpecialUse::archive, ListAttribute::archive},
    {SpecialUse::drafts, ListAttribute::drafts},
    {SpecialUse::flagged, ListAttribute::flagged},
    {SpecialUse::junk, ListAttribute::junk},
    {SpecialUse::sent, ListAttribute::sent},
    {SpecialUse::trash, ListAttribute::trash},
    {SpecialUse::important, ListAttribute::important},
});

}  // namespace

wire::imap::ListAttributes list_attributes(const Session& session,
                                           const service::ListEntry& entry) {
  wire::imap::ListAttributes attributes = 0;
  // Of what cannot be looked at now, nothing is said: clients remove subscriptions of what does not
  // exist.
  if (entry.mailbox == nullptr && entry.kind != service::ListEntry::Kind::unknown)
    attributes |= bit(ListAttribute::non_existent);
  if (entry.kind == service::ListEntry::Kind::level) attributes |= bit(ListAttribute::no_select);
  if (entry.kind == service::ListEntry::Kind::removed && !entry.has_children)
    attributes |= bit(ListAttribute::no_inferiors);
  if (session.may_use("CHILDREN"))
    attributes |=
        bit(entry.has_children ? ListAttribute::has_children : ListAttribute::has_no_children);
  // Clients would take the Sent and Trash of others for the user's own.
  if (entry.mailbox != nullptr && entry.kind == service::ListEntry::Kind::own &&
      session.is_offered("SPECIAL-USE")) {
    for (const auto& [use, attribute] : kUses) {
      if ((entry.mailbox->special_use & bit(use)) != 0) attributes |= bit(attribute);
    }
  }
  return attributes;
}

}  // namespace posthorn::server::imap
