#include "server/imap/command_table.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <variant>

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using service::Telling;
using service::Tellings;

constexpr Tellings kAll = service::kTellAll;
constexpr Tellings kNothing = 0;
// RFC 9051 §7.5.1: no EXPUNGE during FETCH, STORE or SEARCH. We also withhold it during their UID
// forms, although the RFC permits it (workaround: JavaMail numbers messages wrongly).
constexpr Tellings kNumbersStay = bit(Telling::arrivals) | bit(Telling::flags);
// workaround: Thunderbird overlooks an EXISTS in the response to its UID FETCH, so EXISTS waits for
// the next command.
constexpr Tellings kFlags = bit(Telling::flags);

struct Row {
  std::size_t index;  ///< Of the command among the alternatives of CommandBody.
  CommandEntry entry;
};

template <class T, class... All>
constexpr std::size_t index_of(std::type_identity<std::variant<All...>>) {
  constexpr bool kIsT[] = {std::is_same_v<All, T>...};
  return static_cast<std::size_t>(std::ranges::find(kIsT, true) - kIsT);
}

template <class T>
using Function = CommandTask (*)(Session&, T&);

template <auto kRun>
constexpr Row row(Tellings tells, Removes removes = Removes::nothing) {
  return []<class T>(Function<T>, Tellings told, Removes removed) {
    return Row{index_of<T>(std::type_identity<wi::CommandBody>{}),
               {told, removed, [](Session& session, wi::CommandBody& body) {
                  return kRun(session, std::get<T>(body));
                }}};
  }(kRun, tells, removes);
}

// One command a line, so that a new one changes one line.
// clang-format off
constexpr auto kRows = std::to_array<Row>({
    row<cmd_capability>(kAll),
    row<cmd_noop>(kAll),
    row<cmd_logout>(kNothing),
    row<cmd_id>(kAll),
    row<cmd_starttls>(kNothing),
    row<cmd_authenticate>(kNothing),
    row<cmd_login>(kNothing),
    row<cmd_unauthenticate>(kNothing),
    row<cmd_enable>(kAll),
    row<cmd_select>(kNothing),
    row<cmd_create>(kAll),
    row<cmd_delete>(kAll),
    row<cmd_rename>(kAll),
    row<cmd_subscribe>(kAll),
    row<cmd_unsubscribe>(kAll),
    row<cmd_list>(kAll),
    row<cmd_lsub>(kAll),
    row<cmd_namespace>(kAll),
    row<cmd_status>(kAll),
    row<cmd_append>(kAll),
    row<cmd_idle>(kAll),
    row<cmd_check>(kAll),
    row<cmd_close>(kNothing),
    row<cmd_unselect>(kNothing),
    row<cmd_expunge>(kAll, Removes::messages),
    row<cmd_search>(kNumbersStay),
    row<cmd_fetch>(kFlags),
    row<cmd_store>(kNumbersStay),
    row<cmd_copy>(kAll),
    row<cmd_move>(kAll, Removes::messages),
    row<cmd_replace>(kAll, Removes::messages),
    row<cmd_sort>(kNumbersStay),
    row<cmd_thread>(kNumbersStay),
    row<cmd_cancelupdate>(kAll),
    row<cmd_comparator>(kAll),
    row<cmd_uidbatches>(kAll),
    row<cmd_compress>(kNothing),
    row<cmd_getquota>(kAll),
    row<cmd_getquotaroot>(kAll),
    row<cmd_setquota>(kAll),
    row<cmd_getmetadata>(kAll),
    row<cmd_setmetadata>(kAll),
    row<cmd_getacl>(kAll),
    row<cmd_setacl>(kAll),
    row<cmd_deleteacl>(kAll),
    row<cmd_listrights>(kAll),
    row<cmd_myrights>(kAll),
    row<cmd_notify>(kAll),
    row<cmd_esearch>(kNumbersStay),
});
// clang-format on

constexpr auto kCommands = std::variant_size_v<wi::CommandBody>;

static_assert(
    [] {
      std::array<int, kCommands> rows{};
      for (const Row& r : kRows) ++rows[r.index];
      return std::ranges::all_of(rows, [](int count) { return count == 1; });
    }(),
    "every command has one row");

constexpr auto kTable = [] {
  std::array<CommandEntry, kCommands> table{};
  for (const Row& r : kRows) table[r.index] = r.entry;
  return table;
}();

}  // namespace

std::vector<std::string_view> command_names() {
  return []<class... All>(std::type_identity<std::variant<All...>>) {
    return std::vector<std::string_view>{All::kSpec.name...};
  }(std::type_identity<wi::CommandBody>{});
}

const CommandEntry& entry_of(const wi::CommandBody& body) { return kTable[body.index()]; }

}  // namespace posthorn::server::imap
