#include "server/imap/command_table.h"

#include <array>
#include <variant>

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using service::Telling;
using service::Tellings;

constexpr auto kBefore = static_cast<std::uint8_t>(State::not_authenticated);
constexpr auto kAuth = static_cast<std::uint8_t>(State::authenticated);
constexpr auto kSelected = static_cast<std::uint8_t>(State::selected);
constexpr std::uint8_t kLoggedIn = kAuth | kSelected;
constexpr std::uint8_t kAny = kBefore | kLoggedIn;

constexpr Tellings kAll = service::kTellAll;
constexpr Tellings kNothing = 0;
// RFC 9051 §7.5.1: no EXPUNGE during FETCH, STORE or SEARCH. We also withhold it during their UID
// forms, although the RFC permits it (workaround: JavaMail numbers messages wrongly).
constexpr Tellings kNumbersStay = bit(Telling::arrivals) | bit(Telling::flags);
// workaround: Thunderbird overlooks an EXISTS in the response to its UID FETCH, so EXISTS waits for
// the next command.
constexpr Tellings kFlags = bit(Telling::flags);

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
constexpr Row row(std::string_view name, std::uint8_t states, Tellings tells,
                  std::string_view capability, std::string_view source) {
  using T = typename CommandOf<decltype(kRun)>::Type;
  // The index of T among the alternatives of the variant, counted at compile time.
  constexpr std::size_t index = []<class... All>(std::type_identity<std::variant<All...>>) {
    std::size_t i = 0;
    (void)((std::is_same_v<All, T> || (++i, false)) || ...);
    return i;
  }(std::type_identity<wi::CommandBody>{});
  return {index,
          {name, states, tells, capability, source, [](Session& session, wi::CommandBody& body) {
             return kRun(session, std::get<T>(body));
           }}};
}

constexpr auto kRows = std::to_array<Row>({
    row<cmd_capability>("CAPABILITY", kAny, kAll, "", "RFC 9051 §6.1.1"),
    row<cmd_noop>("NOOP", kAny, kAll, "", "RFC 9051 §6.1.2"),
    row<cmd_logout>("LOGOUT", kAny, kNothing, "", "RFC 9051 §6.1.3"),
    row<cmd_id>("ID", kAny, kAll, "ID", "RFC 2971"),
    row<cmd_starttls>("STARTTLS", kBefore, kNothing, "STARTTLS", "RFC 9051 §6.2.1"),
    row<cmd_authenticate>("AUTHENTICATE", kBefore, kNothing, "", "RFC 9051 §6.2.2"),
    row<cmd_login>("LOGIN", kBefore, kNothing, "", "RFC 9051 §6.2.3"),
    row<cmd_enable>("ENABLE", kLoggedIn, kAll, "ENABLE", "RFC 9051 §6.3.1"),
    row<cmd_select>("SELECT", kLoggedIn, kNothing, "", "RFC 9051 §6.3.2"),
    row<cmd_create>("CREATE", kLoggedIn, kAll, "", "RFC 9051 §6.3.4"),
    row<cmd_delete>("DELETE", kLoggedIn, kAll, "", "RFC 9051 §6.3.5"),
    row<cmd_rename>("RENAME", kLoggedIn, kAll, "", "RFC 9051 §6.3.6"),
    row<cmd_subscribe>("SUBSCRIBE", kLoggedIn, kAll, "", "RFC 9051 §6.3.7"),
    row<cmd_unsubscribe>("UNSUBSCRIBE", kLoggedIn, kAll, "", "RFC 9051 §6.3.8"),
    row<cmd_list>("LIST", kLoggedIn, kAll, "", "RFC 9051 §6.3.9"),
    row<cmd_lsub>("LSUB", kLoggedIn, kAll, "", "RFC 3501 §6.3.9"),
    row<cmd_namespace>("NAMESPACE", kLoggedIn, kAll, "NAMESPACE", "RFC 9051 §6.3.10"),
    row<cmd_status>("STATUS", kLoggedIn, kAll, "", "RFC 9051 §6.3.11"),
    row<cmd_append>("APPEND", kLoggedIn, kAll, "", "RFC 9051 §6.3.12"),
    row<cmd_idle>("IDLE", kLoggedIn, kAll, "IDLE", "RFC 9051 §6.3.13"),
    row<cmd_check>("CHECK", kSelected, kAll, "", "RFC 3501 §6.4.1"),
    row<cmd_close>("CLOSE", kSelected, kNothing, "", "RFC 9051 §6.4.1"),
    row<cmd_unselect>("UNSELECT", kSelected, kNothing, "UNSELECT", "RFC 9051 §6.4.2"),
    row<cmd_expunge>("EXPUNGE", kSelected, kAll, "", "RFC 9051 §6.4.3"),
    row<cmd_search>("SEARCH", kSelected, kNumbersStay, "", "RFC 9051 §6.4.4"),
    row<cmd_fetch>("FETCH", kSelected, kFlags, "", "RFC 9051 §6.4.5"),
    row<cmd_store>("STORE", kSelected, kNumbersStay, "", "RFC 9051 §6.4.6"),
    row<cmd_copy>("COPY", kSelected, kAll, "", "RFC 9051 §6.4.7"),
    row<cmd_move>("MOVE", kSelected, kAll, "MOVE", "RFC 9051 §6.4.8"),
    row<cmd_sort>("SORT", kSelected, kNumbersStay, "SORT", "RFC 5256 §3"),
    row<cmd_thread>("THREAD", kSelected, kNumbersStay, "", "RFC 5256 §3"),
    row<cmd_compress>("COMPRESS", kLoggedIn, kNothing, "COMPRESS=DEFLATE", "RFC 4978 §3"),
    row<cmd_getquota>("GETQUOTA", kLoggedIn, kAll, "QUOTA", "RFC 9208 §4.1.1"),
    row<cmd_getquotaroot>("GETQUOTAROOT", kLoggedIn, kAll, "QUOTA", "RFC 9208 §4.1.2"),
    row<cmd_setquota>("SETQUOTA", kLoggedIn, kAll, "QUOTA", "RFC 9208 §4.1.3"),
});

constexpr auto kTable = [] {
  std::array<CommandEntry, std::variant_size_v<wi::CommandBody>> table{};
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

const CommandEntry& entry_of(const wi::CommandBody& body) { return kTable[body.index()]; }

}  // namespace posthorn::server::imap
