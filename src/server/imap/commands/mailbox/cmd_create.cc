#include <string>
#include <utility>

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "server/imap/special_uses.h"
#include "service/mailboxes.h"
#include "service/sharing/shared_name.h"
#include "store/read/object_ids.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;

/// Returns none if one of the names is unknown.
std::optional<store::SpecialUses> uses_of(const std::vector<std::string>& names) {
  store::SpecialUses uses = 0;
  for (const std::string& name : names) {
    const auto use = special_use_of(name);
    if (!use) return std::nullopt;
    uses |= bit(*use);
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
  if (*uses != 0 && service::is_in_shared_namespace(command.mailbox)) {
    co_return Reply::no("Only mailboxes of one's own have special uses", wi::CodeName::use_attr);
  }
  auto made = co_await service::create_mailbox(session.caller(), command.mailbox, *uses);
  if (!made) co_return session.refuse(made.error());
  if (session.notifications)
    session.notifications->note_own(
        {.name = service::without_delimiter_at_end(std::move(command.mailbox)),
         .reach = Notifications::OwnName::Reach::above,
         .exists = true,
         .subscribed = true});
  if (!session.is_offered("OBJECTID")) co_return Reply::ok();
  session.code_text = made->account->object_ids().mailbox(made->id);  // RFC 8474 §4.1
  co_return Reply::ok("CREATE completed", wi::code::MailboxId{session.code_text});
}

}  // namespace posthorn::server::imap
