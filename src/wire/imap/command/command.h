#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "wire/imap/command/command_spec.h"
#include "wire/imap/command/commands_acl.h"
#include "wire/imap/command/commands_append.h"
#include "wire/imap/command/commands_mailbox.h"
#include "wire/imap/command/commands_message.h"
#include "wire/imap/command/commands_metadata.h"
#include "wire/imap/command/commands_notify.h"
#include "wire/imap/command/commands_session.h"

namespace posthorn::wire::imap {

/// Every command, in the order of the table in docs/protocol-support.md. The parser, the names and
/// the server's table of commands are made for these alternatives, from the `kSpec` of each.
using CommandBody = std::variant<
    CapabilityCommand, NoopCommand, LogoutCommand, IdCommand, StartTlsCommand, AuthenticateCommand,
    LoginCommand, UnauthenticateCommand, EnableCommand, SelectCommand, CreateCommand, DeleteCommand,
    RenameCommand, SubscribeCommand, UnsubscribeCommand, ListCommand, LsubCommand, NamespaceCommand,
    StatusCommand, AppendCommand, IdleCommand, CheckCommand, CloseCommand, UnselectCommand,
    ExpungeCommand, SearchCommand, FetchCommand, StoreCommand, CopyCommand, MoveCommand,
    ReplaceCommand, SortCommand, ThreadCommand, CancelUpdateCommand, ComparatorCommand,
    UidBatchesCommand, CompressCommand, GetQuotaCommand, GetQuotaRootCommand, SetQuotaCommand,
    GetMetadataCommand, SetMetadataCommand, GetAclCommand, SetAclCommand, DeleteAclCommand,
    ListRightsCommand, MyRightsCommand, NotifyCommand, EsearchCommand>;

/// One client command (RFC 9051 §2.2.1). All arguments are copied out of the wire text.
struct Command {
  std::string tag;
  CommandBody body;
  /// Set when the syntax is right but a mailbox name in the command is one that no mailbox can
  /// have; that name is empty in `body`. Such a command must not be executed, but answered NO.
  std::optional<Error> objection;
  /// The objection is that there is no filter of this name, or that it refers to itself or is not a
  /// search (RFC 5466 §3.1). Empty otherwise.
  std::string undefined_filter = {};
};

struct ParseOptions {
  /// Set when UTF8=ACCEPT or IMAP4rev2 is enabled: mailbox names are UTF-8 and '&' has no special
  /// meaning, strings must be valid UTF-8, and SEARCH accepts no other charset (RFC 9755 §3, RFC
  /// 9051 §5.1).
  bool utf8 = false;
  std::size_t search_depth = 100;   ///< Maximum nesting of search keys.
  std::size_t search_keys = 10000;  ///< Maximum number of search keys in one command.
  std::size_t list_items = 1000;    ///< Maximum length of any other list.
  /// Returns the value of a named filter (RFC 5466), whose name is in lower case. Errors:
  /// not_found; not_supported, if there are no filters. May be empty, which is the same.
  std::function<Result<std::string>(std::string_view name)> find_filter = {};
};

/// Parses a command. `text` is either a whole command as Receiver delivers it, with its literals
/// inline and without the line end; or an APPEND or REPLACE up to the header of its first message
/// (the text of append_literal).
///
/// Errors: syntax, with a sentence that says what was expected where, and limit, both answered BAD;
/// bad_argument for a value that is grammatical but impossible, answered BAD (but see
/// Command::objection for mailbox names); not_supported and unknown_charset, answered NO. The tag
/// of a refused command is tag_of(text).
Result<Command> parse_command(std::string_view text, const ParseOptions& options = {});

/// Parses the text of a later append_literal or append_end event; `place` is where the text before
/// it ended (RFC 3502 MULTIAPPEND, RFC 4469 CATENATE).
Result<AppendText> parse_append_next(std::string_view text, AppendText::Place place,
                                     const ParseOptions& options = {});

/// Checks the value of a filter (RFC 5466 §3.2). It may name filters that do not exist yet. Errors:
/// as for parse_command().
Status check_filter(std::string_view value, const ParseOptions& options);

const CommandSpec& spec_of(const CommandBody& body);

/// Returns the name of the command in upper case as the client sent it, e.g. "UID FETCH"; "EXAMINE"
/// for a read-only SelectCommand.
std::string_view name_of(const CommandBody& body);

/// Returns Numbering::uid if the command was sent in its UID form.
Numbering numbering_of(const CommandBody& body);

}  // namespace posthorn::wire::imap
