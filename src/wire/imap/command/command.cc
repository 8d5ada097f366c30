#include "wire/imap/command/command.h"

#include <algorithm>
#include <array>
#include <span>
#include <type_traits>

#include "wire/imap/chars.h"
#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap {

namespace {

namespace g = grammar;

using Rule = bool (*)(Input&, Numbering, CommandBody&);

template <class T>
concept HasUidForm = requires(T command) { command.numbering; };

template <class T>
bool parse_as(Input& in, [[maybe_unused]] Numbering numbering, CommandBody& out) {
  T& command = out.emplace<T>();
  if constexpr (HasUidForm<T>) command.numbering = numbering;
  if constexpr (std::is_empty_v<T>) {
    return true;
  } else {
    return g::arguments(in, command);
  }
}

bool parse_examine(Input& in, Numbering, CommandBody& out) {
  SelectCommand& command = out.emplace<SelectCommand>();
  command.access = SelectAccess::read_only;
  return g::arguments(in, command);
}

struct Entry {
  std::string_view name;
  Rule rule;
  bool has_uid_form = false;
};

constexpr auto kCommands = []<class... T>(std::type_identity<std::variant<T...>>) {
  return std::to_array<Entry>(
      {{T::kSpec.name, parse_as<T>, HasUidForm<T>}..., {SelectCommand::kExamine, parse_examine}});
}(std::type_identity<CommandBody>{});

constexpr bool has_unique_names(std::span<const Entry> entries) {
  return std::ranges::all_of(entries, [&](const Entry& entry) {
    return std::ranges::count(entries, entry.name, &Entry::name) == 1;
  });
}
static_assert(has_unique_names(kCommands));

const Entry* find_command(std::string_view name, Numbering numbering) {
  for (const Entry& entry : kCommands) {
    if (!text::iequals(entry.name, name)) continue;
    return numbering == Numbering::seqnum || entry.has_uid_form ? &entry : nullptr;
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
  out.undefined_filter = in.take_undefined_filter();
  return out;
}

Status check_filter(std::string_view value, const ParseOptions& options) {
  Input in(value, options);
  g::SearchContext context;
  context.charset = "UTF-8";
  message::SearchKey key;
  if (!g::search_keys(in, context, key) || !in.end()) return std::unexpected(in.take_error());
  return {};
}

namespace {

constexpr std::string_view kUid = "UID ";

// The name of the UID form.
template <HasUidForm T>
constexpr auto kUidName = [] {
  std::array<char, kUid.size() + T::kSpec.name.size()> name{};
  std::ranges::copy(T::kSpec.name, std::ranges::copy(kUid, name.begin()).out);
  return name;
}();

struct Namer {
  template <class T>
  std::string_view operator()(const T&) const {
    return T::kSpec.name;
  }
  template <HasUidForm T>
  std::string_view operator()(const T& command) const {
    if (command.numbering == Numbering::seqnum) return T::kSpec.name;
    return {kUidName<T>.data(), kUidName<T>.size()};
  }
  std::string_view operator()(const SelectCommand& command) const {
    return command.access == SelectAccess::read_only ? command.kExamine : command.kSpec.name;
  }
};

}  // namespace

const CommandSpec& spec_of(const CommandBody& body) {
  return std::visit([]<class T>(const T&) -> const CommandSpec& { return T::kSpec; }, body);
}

std::string_view name_of(const CommandBody& body) { return std::visit(Namer{}, body); }

Numbering numbering_of(const CommandBody& body) {
  return std::visit(
      []<class T>(const T& command) {
        if constexpr (HasUidForm<T>) {
          return command.numbering;
        } else {
          return Numbering::seqnum;
        }
      },
      body);
}

}  // namespace posthorn::wire::imap
