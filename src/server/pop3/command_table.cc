#include "server/pop3/command_table.h"

#include <array>
#include <variant>

namespace posthorn::server::pop3 {
namespace {

using wire::pop3::Command;

constexpr auto kBefore = static_cast<std::uint8_t>(State::authorization);
constexpr auto kAfter = static_cast<std::uint8_t>(State::transaction);
constexpr std::uint8_t kAny = kBefore | kAfter;

template <class Function>
struct CommandOf;
template <class T>
struct CommandOf<CommandTask (*)(Session&, T&)> {
  using Type = T;
};

struct Row {
  std::size_t index;
  CommandEntry entry;
};

template <auto kRun>
constexpr Row row(std::string_view name, std::uint8_t states, std::string_view source) {
  using T = typename CommandOf<decltype(kRun)>::Type;
  // The index of T among the alternatives of the variant, counted at compile time.
  constexpr std::size_t index = []<class... All>(std::type_identity<std::variant<All...>>) {
    std::size_t i = 0;
    (void)((std::is_same_v<All, T> || (++i, false)) || ...);
    return i;
  }(std::type_identity<Command>{});
  return {index, {name, states, source, [](Session& session, Command& command) {
                    return kRun(session, std::get<T>(command));
                  }}};
}

constexpr auto kRows = std::to_array<Row>({
    row<cmd_user>("USER", kBefore, "RFC 1939 §7"),
    row<cmd_pass>("PASS", kBefore, "RFC 1939 §7"),
    row<cmd_apop>("APOP", kBefore, "RFC 1939 §7"),
    row<cmd_auth>("AUTH", kBefore, "RFC 5034 §4"),
    row<cmd_stls>("STLS", kBefore, "RFC 2595 §4"),
    row<cmd_utf8>("UTF8", kBefore, "RFC 6856 §2.1"),
    row<cmd_capa>("CAPA", kAny, "RFC 2449 §5"),
    row<cmd_lang>("LANG", kAny, "RFC 6856 §3"),
    row<cmd_quit>("QUIT", kAny, "RFC 1939 §4, §6"),
    row<cmd_stat>("STAT", kAfter, "RFC 1939 §5"),
    row<cmd_list>("LIST", kAfter, "RFC 1939 §5"),
    row<cmd_uidl>("UIDL", kAfter, "RFC 1939 §7"),
    row<cmd_retr>("RETR", kAfter, "RFC 1939 §5"),
    row<cmd_top>("TOP", kAfter, "RFC 1939 §7"),
    row<cmd_dele>("DELE", kAfter, "RFC 1939 §5"),
    row<cmd_noop>("NOOP", kAfter, "RFC 1939 §5"),
    row<cmd_rset>("RSET", kAfter, "RFC 1939 §5"),
});

constexpr auto kTable = [] {
  std::array<CommandEntry, std::variant_size_v<Command>> table{};
  for (const Row& r : kRows) table[r.index] = r.entry;
  return table;
}();

static_assert(
    [] {
      for (const CommandEntry& entry : kTable)
        if (entry.run == nullptr) return false;
      return true;
    }(),
    "every command is in the table");

}  // namespace

const CommandEntry& entry_of(const Command& command) { return kTable[command.index()]; }

}  // namespace posthorn::server::pop3
