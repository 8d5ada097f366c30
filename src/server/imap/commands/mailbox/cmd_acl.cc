#include <utility>
#include <vector>

#include "auth/sasl/saslprep.h"
#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "service/sharing/acl.h"
#include "wire/imap/response/format_acl.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using service::AclOutcome;

service::RightsEdit edit_of(wi::SetAclCommand::Mode mode) {
  switch (mode) {
    case wi::SetAclCommand::Mode::replace: return service::RightsEdit::replace;
    case wi::SetAclCommand::Mode::add: return service::RightsEdit::add;
    case wi::SetAclCommand::Mode::remove: return service::RightsEdit::remove;
  }
  return service::RightsEdit::replace;
}

/// Errors: syntax, if it can be no identifier. Judged before the mailbox is looked for, so that the
/// answer tells nothing about that.
Result<std::string> prepare_identifier(std::string_view identifier) {
  auto prepared = auth::saslprep(identifier, auth::PrepareAs::query);
  const auto known = service::parse_identifier(prepared.value_or(""));
  if (!known) return std::unexpected(known.error());
  return std::move(*prepared);
}

Task<Status> say_acl(Session& session, const service::MailboxRef& mailbox, std::string_view name) {
  const auto entries = co_await service::read_acl(mailbox);
  if (!entries) co_return std::unexpected(entries.error());
  std::vector<std::string> letters;
  for (const service::AclEntry& entry : *entries)
    letters.push_back(service::letters_of(entry.rights));
  std::vector<wi::AclItem> items;
  for (std::size_t i = 0; i < letters.size(); ++i)
    items.push_back({(*entries)[i].identifier, letters[i]});
  auto w = session.writer();
  wi::format_acl(w, name, items);
  co_return Status();
}

/// RFC 4314 §5.1.1: what was not done as the client asked is told.
Task<Reply> end_of_edit(Session& session, const service::MailboxRef& mailbox, std::string_view name,
                        const Result<AclOutcome>& outcome) {
  if (!outcome) co_return session.refuse(outcome.error());
  if (*outcome == AclOutcome::kept_more) {
    Status said = co_await say_acl(session, mailbox, name);
    if (!said) co_return session.refuse(said.error());
  }
  co_return Reply::ok();
}

}  // namespace

// RFC 4314 §3.3.
CommandTask cmd_getacl(Session& session, wi::GetAclCommand& command) {
  const auto mailbox = co_await session.find(command.mailbox, command.kSpec);
  if (!mailbox) co_return session.refuse(mailbox.error());
  Status said = co_await say_acl(session, *mailbox, command.mailbox);
  if (!said) co_return session.refuse(said.error());
  co_return Reply::ok();
}

// RFC 4314 §3.1.
CommandTask cmd_setacl(Session& session, wi::SetAclCommand& command) {
  const auto rights = service::rights_from(command.rights);
  if (!rights) co_return session.refuse(rights.error());
  const auto identifier = prepare_identifier(command.identifier);
  if (!identifier) co_return session.refuse(identifier.error());
  const auto mailbox = co_await session.find(command.mailbox, command.kSpec);
  if (!mailbox) co_return session.refuse(mailbox.error());
  const auto outcome = co_await service::edit_acl(session.caller(), *mailbox,
                                                  {*identifier, edit_of(command.mode), *rights});
  co_return co_await end_of_edit(session, *mailbox, command.mailbox, outcome);
}

// RFC 4314 §3.2.
CommandTask cmd_deleteacl(Session& session, wi::DeleteAclCommand& command) {
  const auto identifier = prepare_identifier(command.identifier);
  if (!identifier) co_return session.refuse(identifier.error());
  const auto mailbox = co_await session.find(command.mailbox, command.kSpec);
  if (!mailbox) co_return session.refuse(mailbox.error());
  const auto outcome = co_await service::remove_from_acl(session.caller(), *mailbox, *identifier);
  co_return co_await end_of_edit(session, *mailbox, command.mailbox, outcome);
}

// RFC 4314 §3.4. Every right can be granted alone; "c" and "d" are those of RFC 4314 §2.1.1.
CommandTask cmd_listrights(Session& session, wi::ListRightsCommand& command) {
  const auto identifier = prepare_identifier(command.identifier);
  if (!identifier) co_return session.refuse(identifier.error());
  const auto mailbox = co_await session.find(command.mailbox, command.kSpec);
  if (!mailbox) co_return session.refuse(mailbox.error());
  const auto fixed = co_await service::fixed_rights(*mailbox, *identifier);
  if (!fixed) co_return session.refuse(fixed.error());
  const std::string required = service::letters_of(*fixed);
  std::string optional = service::letters_of(service::Rights::all());
  std::erase_if(optional, [&](char letter) { return required.find(letter) != std::string::npos; });
  auto w = session.writer();
  wi::format_listrights(w, command.mailbox, command.identifier, required, optional);
  co_return Reply::ok();
}

// RFC 4314 §3.5.
CommandTask cmd_myrights(Session& session, wi::MyRightsCommand& command) {
  const auto mailbox = co_await session.find(command.mailbox, command.kSpec);
  if (!mailbox) co_return session.refuse(mailbox.error());
  auto w = session.writer();
  wi::format_myrights(w, command.mailbox, service::letters_of(mailbox->rights));
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
