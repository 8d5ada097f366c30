#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "wire/imap/command/commands_mailbox.h"
#include "wire/imap/command/commands_message.h"
#include "wire/imap/command/commands_session.h"

namespace posthorn::wire::imap {

using CommandBody =
    std::variant<CapabilityCommand, NoopCommand, LogoutCommand, StartTlsCommand, IdleCommand,
                 AuthenticateCommand, LoginCommand, EnableCommand, IdCommand, CompressCommand,
                 GetQuotaCommand, GetQuotaRootCommand, SetQuotaCommand, SelectCommand,
                 CreateCommand, DeleteCommand, RenameCommand, SubscribeCommand, UnsubscribeCommand,
                 NamespaceCommand, StatusCommand, ListCommand, LsubCommand, CheckCommand,
                 CloseCommand, UnselectCommand, AppendCommand, ExpungeCommand, SearchCommand,
                 SortCommand, ThreadCommand, FetchCommand, StoreCommand, CopyCommand, MoveCommand>;

/// One client command (RFC 9051 §2.2.1), every argument copied out of the wire text.
struct Command {
  std::string tag;
  CommandBody body;
  /// Set when the syntax is right but a mailbox name in it is one that no mailbox can have; that
  /// name is empty in `body`. The command is not to be executed but answered NO.
  std::optional<Error> objection;
};

struct ParseOptions {
  /// UTF8=ACCEPT or IMAP4rev2 is enabled: mailbox names are UTF-8 and '&' is just '&', strings have
  /// to be valid UTF-8, and SEARCH takes no other charset (RFC 9755 §3, RFC 9051 §5.1).
  bool utf8 = false;
  std::size_t search_depth = 100;   ///< Nesting of search keys.
  std::size_t search_keys = 10000;  ///< In one command.
  std::size_t list_items = 1000;    ///< In any other list.
};

/// `text` is a whole command as Receiver cuts it: literals inline, without the line end; or APPEND
/// up to the header of its first message, the text of append_literal.
/// Errors: syntax, with a sentence saying what was expected where (BAD); limit (BAD);
/// bad_argument, for a value that is grammatical and impossible (BAD), except a mailbox name, for
/// which see Command::objection; not_supported and
/// unknown_charset (NO). The tag of a refused command is tag_of(text).
Result<Command> parse_command(std::string_view text, const ParseOptions& options = {});

/// The text of a later append_literal event (RFC 3502 MULTIAPPEND); `last` is the message before
/// it.
Result<AppendMessage> parse_append_next(std::string_view text, const AppendMessage& last,
                                        const ParseOptions& options = {});
/// The text of append_end.
Status parse_append_end(std::string_view text, const AppendMessage& last);

/// The command's name in upper case, e.g. "UID FETCH"; "EXAMINE" for a read-only SelectCommand.
std::string_view name_of(const CommandBody& body);

}  // namespace posthorn::wire::imap
