#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "service/mailboxes.h"
#include "store/read/object_ids.h"
#include "text/ascii.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using store::SpecialUse;

// RFC 6154 §2, RFC 8457 §2.
constexpr auto kUses = std::to_array<std::pair<std::string_view, SpecialUse>>({
    {"\\All", SpecialUse::all},
    {"\\Archive", SpecialUse::archive},
    {"\\Drafts", SpecialUse::drafts},
    {"\\Flagged", SpecialUse::flagged},
    {"\\Junk", SpecialUse::junk},
    {"\\Sent", SpecialUse::sent},
    {"\\Trash", SpecialUse::trash},
    {"\\Important", SpecialUse::important},
});

/// Returns none if one of the names is unknown.
std::optional<store::SpecialUses> uses_of(const std::vector<std::string>& names) {
  store::SpecialUses uses = 0;
  for (const std::string& name : names) {
    const auto* const known = std::ranges::find_if(
        kUses, [&](const auto& use) { return text::iequals(use.first, name); });
    if (known == kUses.end()) return std::nullopt;
    uses |= bit(known->second);
  }
  return uses;
}

}  // namespace

// RFC 9051 §6.3.4, RFC 6154 §3.
CommandTask cmd_create(Session& session, wi::CreateCommand& command) {
  const auto uses = uses_of(command.special_use);
  if (!uses || !service::can_create_for(*uses)) {
    co_return Reply::no("A mailbox with this special use cannot be created",
                        wi::CodeName::use_attr);
  }
  auto made = co_await service::create_mailbox(session.caller(), std::move(command.mailbox), *uses);
  if (!made) co_return session.refuse(made.error());
  if (!session.is_offered("OBJECTID")) co_return Reply::ok();
  session.code_text = made->account->object_ids().mailbox(made->id);  // RFC 8474 §4.1
  co_return Reply::ok("CREATE completed", wi::code::MailboxId{session.code_text});
}

}  // namespace posthorn::server::imap
