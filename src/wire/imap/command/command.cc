#include "wire/imap/command/command.h"

#include "wire/imap/chars.h"
#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap {

namespace {

namespace g = grammar;

using Rule = bool (*)(Input&, Numbering, CommandBody&);

// Parses a command without arguments.
template <class T>
bool bare(Input&, Numbering, CommandBody& out) {
  out.emplace<T>();
  return true;
}

// Parses a command with arguments, or one that may follow "UID".
template <class T, bool (*kRule)(Input&, T&)>
bool with(Input& in, Numbering numbering, CommandBody& out) {
  T& command = out.emplace<T>();
  if constexpr (requires { command.numbering; }) command.numbering = numbering;
  return kRule(in, command);
}

// Parses a command whose only argument is a mailbox.
template <class T>
bool with_mailbox(Input& in, Numbering, CommandBody& out) {
  return in.sp() && g::mailbox(in, out.emplace<T>().mailbox);
}

// COPY and MOVE.
template <class T>
bool with_set_and_mailbox(Input& in, Numbering numbering, CommandBody& out) {
  T& command = out.emplace<T>();
  command.numbering = numbering;
  return in.sp() && g::sequence_set(in, command.set) && in.sp() && g::mailbox(in, command.mailbox);
}

bool examine(Input& in, Numbering, CommandBody& out) {
  SelectCommand& command = out.emplace<SelectCommand>();
  command.access = SelectAccess::read_only;
  return g::select(in, command);
}

// RFC 4315 §2.1: only UID EXPUNGE has a set.
bool expunge(Input& in, Numbering numbering, CommandBody& out) {
  ExpungeCommand& command = out.emplace<ExpungeCommand>();
  if (numbering == Numbering::seqnum) return true;
  return in.sp() && g::sequence_set(in, command.uids.emplace());
}

enum class Uid : std::uint8_t { never, may_precede };

struct Entry {
  std::string_view name;
  Rule rule;
  Uid uid = Uid::never;
};

constexpr Entry kCommands[] = {
    {"FETCH", with<FetchCommand, g::fetch>, Uid::may_precede},
    {"STORE", with<StoreCommand, g::store>, Uid::may_precede},
    {"SEARCH", with<SearchCommand, g::search>, Uid::may_precede},
    {"NOOP", bare<NoopCommand>},
    {"IDLE", bare<IdleCommand>},
    {"SELECT", with<SelectCommand, g::select>},
    {"EXAMINE", examine},
    {"STATUS", with<StatusCommand, g::status>},
    {"LIST", with<ListCommand, g::list>},
    {"COPY", with_set_and_mailbox<CopyCommand>, Uid::may_precede},
    {"MOVE", with_set_and_mailbox<MoveCommand>, Uid::may_precede},
    {"EXPUNGE", expunge, Uid::may_precede},
    {"CLOSE", bare<CloseCommand>},
    {"UNSELECT", bare<UnselectCommand>},
    {"CHECK", bare<CheckCommand>},
    {"SORT", with<SortCommand, g::sort>, Uid::may_precede},
    {"THREAD", with<ThreadCommand, g::thread>, Uid::may_precede},
    {"CAPABILITY", bare<CapabilityCommand>},
    {"LOGOUT", bare<LogoutCommand>},
    {"STARTTLS", bare<StartTlsCommand>},
    {"AUTHENTICATE", with<AuthenticateCommand, g::authenticate>},
    {"LOGIN", with<LoginCommand, g::login>},
    {"ENABLE", with<EnableCommand, g::enable>},
    {"ID", with<IdCommand, g::id>},
    {"NAMESPACE", bare<NamespaceCommand>},
    {"CREATE", with<CreateCommand, g::create>},
    {"DELETE", with_mailbox<DeleteCommand>},
    {"RENAME", with<RenameCommand, g::rename>},
    {"SUBSCRIBE", with_mailbox<SubscribeCommand>},
    {"UNSUBSCRIBE", with_mailbox<UnsubscribeCommand>},
    {"LSUB", with<LsubCommand, g::lsub>},
    {"APPEND", with<AppendCommand, g::append>},
    {"COMPRESS", with<CompressCommand, g::compress>},
    {"GETQUOTA", with<GetQuotaCommand, g::getquota>},
    {"GETQUOTAROOT", with_mailbox<GetQuotaRootCommand>},
    {"SETQUOTA", with<SetQuotaCommand, g::setquota>},
};

const Entry* find_command(std::string_view name, Numbering numbering) {
  for (const Entry& entry : kCommands) {
    if (!text::iequals(entry.name, name)) continue;
    return numbering == Numbering::seqnum || entry.uid == Uid::may_precede ? &entry : nullptr;
  }
  return nullptr;
}

// ["UID" SP] name arguments, after the tag and its space.
bool command_body(Input& in, CommandBody& out) {
  const auto numbering = in.take("UID ") ? Numbering::uid : Numbering::seqnum;
  in.skip_spaces();
  const std::string_view name = in.take_run(kAtomChars);
  const Entry* entry = find_command(name, numbering);
  if (entry == nullptr) {
    return in.refuse(ErrorKind::syntax,
                     fmt::format("unknown command {}{}", numbering == Numbering::uid ? "UID " : "",
                                 name.substr(0, 40)));
  }
  return entry->rule(in, numbering, out) && in.end();
}

}  // namespace

Result<Command> parse_command(std::string_view text, const ParseOptions& options) {
  const std::string_view tag = tag_of(text);
  if (tag.empty()) return fail(ErrorKind::syntax, "the command has no tag");
  Input in(text, options);
  in.take_count(tag.size());
  Command out;
  if (!in.sp() || !command_body(in, out.body)) return std::unexpected(in.take_error());
  out.tag = tag;
  out.objection = in.take_objection();
  return out;
}

namespace {

struct Namer {
  std::string_view operator()(const CapabilityCommand&) const { return "CAPABILITY"; }
  std::string_view operator()(const NoopCommand&) const { return "NOOP"; }
  std::string_view operator()(const LogoutCommand&) const { return "LOGOUT"; }
  std::string_view operator()(const StartTlsCommand&) const { return "STARTTLS"; }
  std::string_view operator()(const IdleCommand&) const { return "IDLE"; }
  std::string_view operator()(const AuthenticateCommand&) const { return "AUTHENTICATE"; }
  std::string_view operator()(const LoginCommand&) const { return "LOGIN"; }
  std::string_view operator()(const EnableCommand&) const { return "ENABLE"; }
  std::string_view operator()(const IdCommand&) const { return "ID"; }
  std::string_view operator()(const CompressCommand&) const { return "COMPRESS"; }
  std::string_view operator()(const GetQuotaCommand&) const { return "GETQUOTA"; }
  std::string_view operator()(const GetQuotaRootCommand&) const { return "GETQUOTAROOT"; }
  std::string_view operator()(const SetQuotaCommand&) const { return "SETQUOTA"; }
  std::string_view operator()(const SelectCommand& c) const {
    return c.access == SelectAccess::read_only ? "EXAMINE" : "SELECT";
  }
  std::string_view operator()(const CreateCommand&) const { return "CREATE"; }
  std::string_view operator()(const DeleteCommand&) const { return "DELETE"; }
  std::string_view operator()(const RenameCommand&) const { return "RENAME"; }
  std::string_view operator()(const SubscribeCommand&) const { return "SUBSCRIBE"; }
  std::string_view operator()(const UnsubscribeCommand&) const { return "UNSUBSCRIBE"; }
  std::string_view operator()(const NamespaceCommand&) const { return "NAMESPACE"; }
  std::string_view operator()(const StatusCommand&) const { return "STATUS"; }
  std::string_view operator()(const ListCommand&) const { return "LIST"; }
  std::string_view operator()(const LsubCommand&) const { return "LSUB"; }
  std::string_view operator()(const CheckCommand&) const { return "CHECK"; }
  std::string_view operator()(const CloseCommand&) const { return "CLOSE"; }
  std::string_view operator()(const UnselectCommand&) const { return "UNSELECT"; }
  std::string_view operator()(const AppendCommand&) const { return "APPEND"; }
  std::string_view operator()(const ExpungeCommand& c) const {
    return c.uids ? "UID EXPUNGE" : "EXPUNGE";
  }
  std::string_view operator()(const SearchCommand& c) const { return uid(c, "UID SEARCH"); }
  std::string_view operator()(const SortCommand& c) const { return uid(c, "UID SORT"); }
  std::string_view operator()(const ThreadCommand& c) const { return uid(c, "UID THREAD"); }
  std::string_view operator()(const FetchCommand& c) const { return uid(c, "UID FETCH"); }
  std::string_view operator()(const StoreCommand& c) const { return uid(c, "UID STORE"); }
  std::string_view operator()(const CopyCommand& c) const { return uid(c, "UID COPY"); }
  std::string_view operator()(const MoveCommand& c) const { return uid(c, "UID MOVE"); }

 private:
  template <class T>
  static std::string_view uid(const T& command, std::string_view name) {
    return command.numbering == Numbering::uid ? name : name.substr(4);
  }
};

}  // namespace

std::string_view name_of(const CommandBody& body) { return std::visit(Namer{}, body); }

}  // namespace posthorn::wire::imap
