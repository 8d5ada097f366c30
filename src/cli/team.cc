#include <cstdio>
#include <memory>

#include "cli/command_line.h"
#include "cli/listed.h"
#include "cli/program.h"

// `posthorn team`
namespace posthorn::cli {
namespace {

using admin::flag_of;
using admin::Json;
using admin::number_of;
using admin::text_of;

struct TeamOptions {
  std::string name;
  std::vector<std::string> members;
  std::string member;
  std::string rights;
  std::string sending;
  std::string folder_mail;
  std::string sent_copy;
  std::uint64_t max_bytes = 0;
  std::uint64_t max_messages = 0;
  bool yes = false;
  bool json = false;
};
using Options = std::shared_ptr<TeamOptions>;

constexpr const char* kRights =
    "What members may do: reader, member or manager, or letters as in `posthorn mailbox share`. "
    "Members use everything, managers can also share it (default: member)";
constexpr const char* kSending =
    "as-team: members may send from the team's addresses. on-behalf: they may, and the message "
    "also "
    "names them as its sender (default: as-team)";

/// Adds what is given, so that the server knows what is not.
void put(Json& request, const char* name, const std::string& value) {
  if (!value.empty()) request[name] = value;
}

int add(const Program& program, const TeamOptions& options) {
  Json request{{"do", "team.create"},
               {"name", options.name},
               {"members", boost::json::array(options.members.begin(), options.members.end())}};
  put(request, "rights", options.rights);
  put(request, "sending", options.sending);
  if (options.max_bytes != 0) request["max_bytes"] = options.max_bytes;
  if (options.max_messages != 0) request["max_messages"] = options.max_messages;
  return ask(program, request,
             [](const Json& said) { fmt::print("created {}\n", text_of(said, "name")); });
}

int remove(const Program& program, const TeamOptions& options) {
  if (!options.yes)
    return complain(
        {ErrorKind::bad_argument, "this removes the team with all its mail; add --yes to confirm"});
  return ask(program, {{"do", "team.remove"}, {"name", options.name}}, [](const Json&) {});
}

void print_team(const Json& team) {
  fmt::print("{:<40} {:>4} members {:>9} messages {:>14} octets\n", text_of(team, "name"),
             number_of(team, "members"), number_of(team, "messages"), number_of(team, "bytes"));
}

std::string limit_of(const Json& said, std::string_view member) {
  const std::uint64_t limit = number_of(said, member);
  return limit == 0 ? std::string("no limit") : fmt::format("of {}", limit);
}

void print_details(const Json& said) {
  fmt::print("{}{}\n", text_of(said, "name"), flag_of(said, "disabled") ? "  disabled" : "");
  fmt::print("octets       {} ({})\n", number_of(said, "bytes"), limit_of(said, "max_bytes"));
  fmt::print("messages     {} ({})\n", number_of(said, "messages"), limit_of(said, "max_messages"));
  fmt::print("folder mail  {}\n", text_of(said, "folder_mail"));
  fmt::print("sent copy    {}\n", text_of(said, "sent_copy"));
  const auto* members = said.if_contains("members");
  if (members == nullptr || !members->is_array()) return;
  for (const auto& one : members->get_array()) {
    if (!one.is_object()) continue;
    const Json& member = one.get_object();
    fmt::print("member       {:<40} {:<13} {}\n", text_of(member, "name"),
               text_of(member, "rights"), text_of(member, "sending"));
  }
}

int show(const Program& program, const TeamOptions& options) {
  return ask(program, {{"do", "team.show"}, {"name", options.name}}, [&](const Json& said) {
    if (options.json) {
      fmt::print("{}\n", boost::json::serialize(said));
    } else {
      print_details(said);
    }
  });
}

int set(const Program& program, const TeamOptions& options) {
  Json request{{"do", "team.set"}, {"name", options.name}};
  put(request, "folder_mail", options.folder_mail);
  put(request, "sent_copy", options.sent_copy);
  return ask(program, request, [](const Json&) {});
}

int add_member(const Program& program, const TeamOptions& options) {
  Json request{{"do", "team.member.add"}, {"name", options.name}, {"member", options.member}};
  put(request, "rights", options.rights);
  put(request, "sending", options.sending);
  return ask(program, request, [](const Json&) {});
}

int remove_member(const Program& program, const TeamOptions& options) {
  return ask(program,
             {{"do", "team.member.remove"}, {"name", options.name}, {"member", options.member}},
             [](const Json&) {});
}

Command command(Command parent, const char* name, const char* help, const Options& options) {
  const Command made = parent.add_subcommand(name, help);
  made.add_option("name", options->name, "The team's address, e.g. support@example.org").required();
  return made;
}

void rights_options(Command command, const Options& options) {
  command.add_option("--rights", options->rights, kRights).type_name("RIGHTS");
  command.add_option("--sending", options->sending, kSending)
      .one_of({"as-team", "on-behalf", "none"});
}

void run_with(Command command, Program& program, const Options& options,
              int (*work)(const Program&, const TeamOptions&)) {
  command.callback([&program, options, work] {
    program.run = [&program, options, work] { return work(program, *options); };
  });
}

void add_members(Command team, Program& program, const Options& options) {
  const Command parent = team.add_subcommand("member", "Add members to a team and remove them");
  parent.require_subcommand();
  const Command added =
      command(parent, "add", "Add a member, or change what a member may do", options);
  added.add_option("member", options->member, "The account's address").required();
  rights_options(added, options);
  run_with(added, program, options, add_member);
  const Command removed = command(parent, "remove", "End a membership at once", options);
  removed.add_option("member", options->member, "The account's address").required();
  run_with(removed, program, options, remove_member);
}

}  // namespace

void add_team(Command app, Program& program) {
  const Command team = app.add_subcommand("team", "Manage teams: accounts that several people use");
  team.require_subcommand();
  team.footer(
      "Nobody logs in as a team. Its members find its mailboxes below `Shared Folders`, and may\n"
      "send from its address.\n\n"
      "Examples:\n"
      "  posthorn team add support@example.org --member ada@example.org --member bob@example.org\n"
      "  posthorn team member add support@example.org eve@example.org --rights reader \\\n"
      "      --sending none\n"
      "  posthorn team member remove support@example.org bob@example.org\n"
      "  posthorn team show support@example.org");
  const auto options = std::make_shared<TeamOptions>();

  const Command added = command(team, "add", "Create a team", options);
  added.add_option("--member", options->members, "An account; may be repeated")
      .type_name("ADDRESS")
      .one_value();
  rights_options(added, options);
  added.add_option("--max-size", options->max_bytes, "Storage quota, e.g. 5GB").as_size();
  added.add_option("--max-messages", options->max_messages, "Message quota");
  run_with(added, program, options, add);

  const Command listed = team.add_subcommand("list", "List the teams, one per line");
  listed.add_flag("--json", options->json, "Print one JSON object per line");
  listed.callback([&program, options] {
    program.run = [&program, options] {
      return print_listed(program, {{"do", "team.list"}}, "teams", options->json, print_team);
    };
  });

  const Command shown = command(team, "show", "Show a team and its members", options);
  shown.add_flag("--json", options->json, "Print a JSON object");
  run_with(shown, program, options, show);

  const Command changed = command(team, "set", "Change what applies to the whole team", options);
  changed
      .add_option("--folder-mail", options->folder_mail,
                  "Where mail to team+folder goes. open: to the folder. restricted: to the folder "
                  "if `anyone` has the right p on it; otherwise to INBOX")
      .one_of({"open", "restricted"});
  changed
      .add_option("--sent-copy", options->sent_copy,
                  "Where copies of what members send as the team are filed: in its Sent, or in the "
                  "member's as well")
      .one_of({"team", "both"});
  run_with(changed, program, options, set);

  add_members(team, program, options);

  const Command removed = command(team, "remove", "Remove a team and its mail", options);
  removed.add_flag("--yes", options->yes, "Confirm the removal");
  run_with(removed, program, options, remove);
}

}  // namespace posthorn::cli
