#pragma once

#include "async/task.h"
#include "server/imap/reply.h"
#include "wire/imap/command/command.h"

/// The commands, each implemented in the file of its name (commands/*/cmd_<name>.cc). A command
/// writes its untagged responses to the session's output and returns the tagged one. Afterwards the
/// session tells the client of changes, as far as command_table.cc allows.
namespace posthorn::server::imap {

class Session;
using CommandTask = async::Task<Reply>;

CommandTask cmd_capability(Session& session, wire::imap::CapabilityCommand& command);
CommandTask cmd_noop(Session& session, wire::imap::NoopCommand& command);
CommandTask cmd_check(Session& session, wire::imap::CheckCommand& command);
CommandTask cmd_logout(Session& session, wire::imap::LogoutCommand& command);
CommandTask cmd_starttls(Session& session, wire::imap::StartTlsCommand& command);
CommandTask cmd_idle(Session& session, wire::imap::IdleCommand& command);
CommandTask cmd_authenticate(Session& session, wire::imap::AuthenticateCommand& command);
CommandTask cmd_login(Session& session, wire::imap::LoginCommand& command);
CommandTask cmd_unauthenticate(Session& session, wire::imap::UnauthenticateCommand& command);
CommandTask cmd_enable(Session& session, wire::imap::EnableCommand& command);
CommandTask cmd_id(Session& session, wire::imap::IdCommand& command);
CommandTask cmd_compress(Session& session, wire::imap::CompressCommand& command);
CommandTask cmd_getquota(Session& session, wire::imap::GetQuotaCommand& command);
CommandTask cmd_getquotaroot(Session& session, wire::imap::GetQuotaRootCommand& command);
CommandTask cmd_setquota(Session& session, wire::imap::SetQuotaCommand& command);
CommandTask cmd_getmetadata(Session& session, wire::imap::GetMetadataCommand& command);
CommandTask cmd_setmetadata(Session& session, wire::imap::SetMetadataCommand& command);
CommandTask cmd_getacl(Session& session, wire::imap::GetAclCommand& command);
CommandTask cmd_setacl(Session& session, wire::imap::SetAclCommand& command);
CommandTask cmd_deleteacl(Session& session, wire::imap::DeleteAclCommand& command);
CommandTask cmd_listrights(Session& session, wire::imap::ListRightsCommand& command);
CommandTask cmd_myrights(Session& session, wire::imap::MyRightsCommand& command);
CommandTask cmd_notify(Session& session, wire::imap::NotifyCommand& command);
CommandTask cmd_select(Session& session, wire::imap::SelectCommand& command);
CommandTask cmd_create(Session& session, wire::imap::CreateCommand& command);
CommandTask cmd_delete(Session& session, wire::imap::DeleteCommand& command);
CommandTask cmd_rename(Session& session, wire::imap::RenameCommand& command);
CommandTask cmd_subscribe(Session& session, wire::imap::SubscribeCommand& command);
CommandTask cmd_unsubscribe(Session& session, wire::imap::UnsubscribeCommand& command);
CommandTask cmd_namespace(Session& session, wire::imap::NamespaceCommand& command);
CommandTask cmd_status(Session& session, wire::imap::StatusCommand& command);
CommandTask cmd_list(Session& session, wire::imap::ListCommand& command);
CommandTask cmd_lsub(Session& session, wire::imap::LsubCommand& command);
CommandTask cmd_close(Session& session, wire::imap::CloseCommand& command);
CommandTask cmd_unselect(Session& session, wire::imap::UnselectCommand& command);
/// Reads the messages out of the stream as long as nothing is wrong. The session refuses a message
/// that was announced and is still in the stream afterwards.
CommandTask cmd_append(Session& session, wire::imap::AppendCommand& command);
/// The same.
CommandTask cmd_replace(Session& session, wire::imap::ReplaceCommand& command);
CommandTask cmd_expunge(Session& session, wire::imap::ExpungeCommand& command);
CommandTask cmd_search(Session& session, wire::imap::SearchCommand& command);
CommandTask cmd_esearch(Session& session, wire::imap::EsearchCommand& command);
CommandTask cmd_sort(Session& session, wire::imap::SortCommand& command);
CommandTask cmd_thread(Session& session, wire::imap::ThreadCommand& command);
CommandTask cmd_cancelupdate(Session& session, wire::imap::CancelUpdateCommand& command);
CommandTask cmd_comparator(Session& session, wire::imap::ComparatorCommand& command);
CommandTask cmd_uidbatches(Session& session, wire::imap::UidBatchesCommand& command);
CommandTask cmd_fetch(Session& session, wire::imap::FetchCommand& command);
CommandTask cmd_store(Session& session, wire::imap::StoreCommand& command);
CommandTask cmd_copy(Session& session, wire::imap::CopyCommand& command);
CommandTask cmd_move(Session& session, wire::imap::MoveCommand& command);

}  // namespace posthorn::server::imap
