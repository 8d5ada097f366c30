#include <array>
#include <utility>

#include "admin/local_admin.h"
#include "service/account_name.h"
#include "service/sharing/acl.h"
#include "service/sharing/shared_name.h"
#include "service/sharing/team.h"

// Requests about teams: accounts that several people use, and nobody logs in to.
namespace posthorn::admin {

using service::normal_name;
using store::Team;
using store::TeamMember;
using store::TeamSending;

namespace {

namespace json = boost::json;

constexpr auto kSending = std::to_array<std::pair<std::string_view, TeamSending>>({
    {"as-team", TeamSending::as_team},
    {"on-behalf", TeamSending::on_behalf},
    {"none", TeamSending::none},
});
constexpr auto kFolderMail = std::to_array<std::pair<std::string_view, Team::FolderMail>>({
    {"open", Team::FolderMail::open},
    {"restricted", Team::FolderMail::restricted},
});
constexpr auto kSentCopy = std::to_array<std::pair<std::string_view, Team::SentCopy>>({
    {"team", Team::SentCopy::team},
    {"both", Team::SentCopy::both},
});
/// What members usually may do with all mailboxes of the team, as letters of RFC 4314.
constexpr auto kPresets = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"reader", "lrs"},
    {"member", "lrswipkxte"},
    {"manager", "lrswipkxtea"},
});

template <class Value, std::size_t n>
Result<Value> named(const std::array<std::pair<std::string_view, Value>, n>& names,
                    std::string_view name) {
  std::string all;
  for (const auto& [text, value] : names) {
    if (text == name) return value;
    if (!all.empty()) all += ", ";
    all += text;
  }
  return fail(ErrorKind::bad_argument, fmt::format("'{}' is none of {}", name, all));
}

template <class Value, std::size_t n>
std::string_view name_of(const std::array<std::pair<std::string_view, Value>, n>& names,
                         Value value) {
  for (const auto& [text, one] : names)
    if (one == value) return text;
  return "?";
}

/// The preset or the letters; those of "member" if the text is empty.
Result<store::Rights> rights_of(std::string_view text) {
  std::string_view letters = text.empty() ? "member" : text;
  for (const auto& [name, of] : kPresets)
    if (name == letters) letters = of;
  const auto rights = service::rights_from(letters);
  if (!rights || rights->empty())
    return fail(ErrorKind::bad_argument,
                fmt::format("'{}' is neither reader, member nor manager, nor some of the letters "
                            "\"lrswipkxtea\"",
                            text));
  return *rights;
}

std::string describe(store::Rights rights) {
  for (const auto& [name, letters] : kPresets)
    if (*service::rights_from(letters) == rights) return std::string(name);
  return service::letters_of(rights);
}

/// What the request says of members, without an account.
Result<TeamMember> member_of(const Json& request) {
  TeamMember member;
  const auto rights = rights_of(text_of(request, "rights"));
  if (!rights) return std::unexpected(rights.error());
  member.rights = *rights;
  if (const std::string_view sending = text_of(request, "sending"); !sending.empty()) {
    const auto how = named(kSending, sending);
    if (!how) return std::unexpected(how.error());
    member.sending = *how;
  }
  return member;
}

void describe_size(const store::AccountCounters& counters, Json& entry) {
  entry["messages"] = counters.messages;
  entry["bytes"] = counters.bytes;
  entry["max_bytes"] = counters.quota.max_bytes;
  entry["max_messages"] = counters.quota.max_messages;
}

}  // namespace

async::Task<Result<store::AccountPtr>> LocalAdmin::open_team(std::string_view name) {
  const std::string wanted = normal_name(name);
  auto account = co_await open(wanted);
  if (!account) co_return pass(account);
  if (!(*account)->published()->sending->team)
    co_return fail(ErrorKind::bad_argument, fmt::format("'{}' is not a team", wanted));
  co_return account;
}

async::Task<Result<Answer>> LocalAdmin::create_team(Json request) {
  const std::string name = normal_name(text_of(request, "name"));
  if (!service::can_be_named(name))
    co_return fail(ErrorKind::bad_argument,
                   "the name of a team may not contain '/', '%' or '*', since it is a part of the "
                   "names of its mailboxes");
  auto common = member_of(request);
  if (!common) co_return pass(common);
  const auto names = texts_of(request, "members");
  if (!names) co_return std::unexpected(names.error());
  // Nothing is created if one of them is wrong.
  std::vector<TeamMember> members;
  for (const std::string& one : *names) {
    auto id = co_await find_person(one);
    if (!id) co_return pass(id);
    TeamMember& member = members.emplace_back(*common);
    member.account = *id;
  }
  store::Quota quota = store_.policy().default_quota;
  if (request.contains("max_bytes")) quota.max_bytes = number_of(request, "max_bytes");
  if (request.contains("max_messages")) quota.max_messages = number_of(request, "max_messages");
  auto made = co_await store_.create_team(name, quota);
  if (!made) co_return pass(made);
  auto team = co_await store_.account(*made);
  if (!team) co_return pass(team);
  for (const TeamMember& member : members)
    if (Status set = co_await service::set_member(*team, member); !set) co_return pass(set);
  co_return Answer{{{"id", to_hex(*made)}, {"name", name}}};
}

async::Task<Result<Answer>> LocalAdmin::remove_team(Json request) {
  auto team = co_await open_team(text_of(request, "name"));
  if (!team) co_return pass(team);
  if (Status free = co_await check_not_held((*team)->id()); !free) co_return pass(free);
  // Open sessions of the members end their use of it now.
  const std::vector<TeamMember> members = (*team)->published()->sending->team->members;
  for (const TeamMember& member : members) {
    Status left = co_await service::remove_member(*team, member.account);
    if (!left && left.error().kind != ErrorKind::not_found) co_return pass(left);
  }
  co_return co_await remove_account(std::move(request));
}

async::Task<Result<Answer>> LocalAdmin::list_teams(Json request) {
  auto listed = co_await page(request);
  if (!listed) co_return pass(listed);
  json::array teams;
  for (const auto& one : *listed) {
    if (one.entry.alias) continue;
    auto profile = co_await store_.profile(one.entry.account);
    if (!profile || !profile->team) continue;
    auto account = co_await store_.account(one.entry.account);
    Json entry{{"name", one.address}};
    if (account) {
      const store::StatePtr state = (*account)->published();
      describe_size(state->counters, entry);
      entry["members"] = state->sending->team ? state->sending->team->members.size() : 0;
    }
    teams.push_back(std::move(entry));
  }
  Answer answer{{{"teams", std::move(teams)}}};
  if (!listed->empty()) answer.said["next"] = listed->back().address;
  co_return answer;
}

async::Task<Result<Answer>> LocalAdmin::show_team(Json request) {
  auto account = co_await open_team(text_of(request, "name"));
  if (!account) co_return pass(account);
  const store::StatePtr state = (*account)->published();
  const Team team = *state->sending->team;
  auto profile = co_await store_.profile((*account)->id());
  if (!profile) co_return pass(profile);
  json::array members;
  for (const TeamMember& member : team.members) {
    auto who = co_await store_.profile(member.account);
    if (!who && who.error().kind != ErrorKind::not_found) co_return pass(who);
    members.push_back(Json{{"name", who ? who->name : "?"},
                           {"rights", describe(member.rights)},
                           {"sending", name_of(kSending, member.sending)}});
  }
  Json said{{"name", profile->name},
            {"disabled", profile->disabled},
            {"folder_mail", name_of(kFolderMail, team.folder_mail)},
            {"sent_copy", name_of(kSentCopy, team.sent_copy)},
            {"members", std::move(members)}};
  describe_size(state->counters, said);
  co_return Answer{std::move(said)};
}

async::Task<Result<Answer>> LocalAdmin::set_team(Json request) {
  auto team = co_await open_team(text_of(request, "name"));
  if (!team) co_return pass(team);
  std::optional<Team::FolderMail> folder_mail;
  std::optional<Team::SentCopy> sent_copy;
  if (const std::string_view text = text_of(request, "folder_mail"); !text.empty()) {
    const auto value = named(kFolderMail, text);
    if (!value) co_return std::unexpected(value.error());
    folder_mail = *value;
  }
  if (const std::string_view text = text_of(request, "sent_copy"); !text.empty()) {
    const auto value = named(kSentCopy, text);
    if (!value) co_return std::unexpected(value.error());
    sent_copy = *value;
  }
  if (!folder_mail && !sent_copy)
    co_return fail(ErrorKind::bad_argument, "there is nothing to set");
  Status set = co_await service::edit_team(*team, [&](Team& settings) -> Status {
    if (folder_mail) settings.folder_mail = *folder_mail;
    if (sent_copy) settings.sent_copy = *sent_copy;
    return {};
  });
  if (!set) co_return pass(set);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::add_member(Json request) {
  auto member = member_of(request);
  if (!member) co_return pass(member);
  auto team = co_await open_team(text_of(request, "name"));
  if (!team) co_return pass(team);
  auto id = co_await find_person(text_of(request, "member"));
  if (!id) co_return pass(id);
  member->account = *id;
  Status set = co_await service::set_member(*team, *member);
  if (!set) co_return pass(set);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::remove_member(Json request) {
  auto team = co_await open_team(text_of(request, "name"));
  if (!team) co_return pass(team);
  auto id = co_await find(text_of(request, "member"));
  if (!id) co_return pass(id);
  Status removed = co_await service::remove_member(*team, *id);
  if (!removed) co_return pass(removed);
  co_return Answer{};
}

}  // namespace posthorn::admin
