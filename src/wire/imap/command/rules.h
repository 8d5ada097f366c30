#pragma once

#include "wire/imap/grammar.h"

/// The grammar of the arguments of each command.
namespace posthorn::wire::imap::grammar {

// The rules of RFC 9051 §9 `command-any`, `command-auth` and so on, and of the extensions, from the
// octet after the name of the command to its end. One for each command; a struct without members
// has no arguments and needs none. `numbering` is set before.

bool arguments(Input& in, AuthenticateCommand& out);
bool arguments(Input& in, LoginCommand& out);
bool arguments(Input& in, EnableCommand& out);
bool arguments(Input& in, IdCommand& out);
bool arguments(Input& in, CompressCommand& out);
bool arguments(Input& in, GetQuotaCommand& out);
bool arguments(Input& in, GetQuotaRootCommand& out);
bool arguments(Input& in, SetQuotaCommand& out);

bool arguments(Input& in, GetMetadataCommand& out);
bool arguments(Input& in, SetMetadataCommand& out);
bool arguments(Input& in, GetAclCommand& out);
bool arguments(Input& in, SetAclCommand& out);
bool arguments(Input& in, DeleteAclCommand& out);
bool arguments(Input& in, ListRightsCommand& out);
bool arguments(Input& in, MyRightsCommand& out);
bool arguments(Input& in, NotifyCommand& out);
bool arguments(Input& in, EsearchCommand& out);
bool arguments(Input& in, SelectCommand& out);
bool arguments(Input& in, CreateCommand& out);
bool arguments(Input& in, DeleteCommand& out);
bool arguments(Input& in, RenameCommand& out);
bool arguments(Input& in, SubscribeCommand& out);
bool arguments(Input& in, UnsubscribeCommand& out);
bool arguments(Input& in, ListCommand& out);
bool arguments(Input& in, LsubCommand& out);
bool arguments(Input& in, StatusCommand& out);
/// Reads up to the header of the first message, where the text ends.
bool arguments(Input& in, AppendCommand& out);
/// The same.
bool arguments(Input& in, ReplaceCommand& out);

bool arguments(Input& in, SearchCommand& out);
bool arguments(Input& in, SortCommand& out);
bool arguments(Input& in, ThreadCommand& out);
bool arguments(Input& in, CancelUpdateCommand& out);
bool arguments(Input& in, ComparatorCommand& out);
bool arguments(Input& in, UidBatchesCommand& out);
bool arguments(Input& in, FetchCommand& out);
bool arguments(Input& in, StoreCommand& out);
bool arguments(Input& in, CopyCommand& out);
bool arguments(Input& in, MoveCommand& out);
bool arguments(Input& in, ExpungeCommand& out);

/// "(" entry *(SP entry) ")" of RFC 5464 §5.
bool metadata_entries(Input& in, std::vector<std::string>& out);
/// filter-mailboxes of RFC 5465 §8 and RFC 7377 §3.
bool filter_mailboxes(Input& in, MailboxFilter& out);
/// "(" fetch-att *(SP fetch-att) ")", without duplicates.
bool fetch_att_list(Input& in, std::vector<FetchItem>& out);
/// `section`, including its brackets.
bool section(Input& in, Section& out);
/// The state of reading one search program. `charset` is empty for the default.
struct SearchContext {
  std::string charset;
  std::size_t keys = 0;  ///< The number of keys read so far.
  bool uses_modseq = false;
  std::size_t filters = 0;  ///< How many filters the key being read is inside of.
};
bool search_key(Input& in, SearchContext& context, std::size_t depth, message::SearchKey& out);
/// search-key *(SP search-key)
bool search_keys(Input& in, SearchContext& context, message::SearchKey& out);

}  // namespace posthorn::wire::imap::grammar
