#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "async/event.h"
#include "cli/command_line.h"
#include "cli/listed.h"
#include "cli/program.h"

namespace posthorn::cli {
namespace {

using admin::Admin;
using admin::flag_of;
using admin::Json;
using admin::number_of;
using admin::text_of;
using async::Task;

constexpr std::chrono::milliseconds kAskAgain{200};
constexpr std::chrono::minutes kPatience{1};

struct IndexOptions {
  std::string account;
  bool all = false;
  bool no_wait = false;
  bool json = false;
};

/// The account that was named, or all.
Task<Result<std::vector<std::string>>> names_of(Admin& admin, const IndexOptions& options) {
  if (!options.account.empty()) co_return std::vector{options.account};
  std::vector<std::string> names;
  Status listed = co_await for_each_listed(
      admin, {{"do", "account.list"}}, "accounts",
      [&](const Json& account) { names.emplace_back(text_of(account, "name")); });
  if (!listed) co_return pass(listed);
  co_return names;
}

std::string describe(const Json& status) {
  const std::uint64_t groups = number_of(status, "groups");
  const std::uint64_t covered = number_of(status, "covered");
  std::string text = fmt::format("{} of {} groups covered", covered, groups);
  if (const std::uint64_t unusable = number_of(status, "unusable"); unusable != 0)
    text += fmt::format(", {} filters to be replaced", unusable);
  if (flag_of(status, "attachments"))
    text += fmt::format(", attachments of {} read", number_of(status, "extracted"));
  if (!flag_of(status, "complete")) text += ", work is left";
  return text;
}

Task<Result<int>> show_status(Admin& admin, const IndexOptions& options) {
  auto names = co_await names_of(admin, options);
  if (!names) co_return pass(names);
  for (const std::string& name : *names) {
    auto answer = co_await admin.call(Json{{"do", "index.status"}, {"name", name}});
    if (!answer) co_return pass(answer);
    if (options.json) {
      answer->said["name"] = name;
      fmt::print("{}\n", boost::json::serialize(answer->said));
    } else {
      fmt::print("{:<40} {}\n", name, describe(answer->said));
    }
  }
  co_return 0;
}

/// Errors: unavailable, if nothing comes of it for a minute.
Task<Status> wait_until_complete(Admin& admin, const std::string& name) {
  Json before;
  auto changed = std::chrono::steady_clock::now();
  while (true) {
    auto answer = co_await admin.call(Json{{"do", "index.status"}, {"name", name}});
    if (!answer) co_return pass(answer);
    if (flag_of(answer->said, "complete")) co_return Status();
    const auto now = std::chrono::steady_clock::now();
    if (answer->said != before) changed = now;
    before = std::move(answer->said);
    if (now - changed > kPatience)
      co_return fail(ErrorKind::unavailable,
                     "the filters of " + name + " are not being made; the log may say why");
    co_await async::sleep_for(kAskAgain);
  }
}

// One account after the other, so that a search in the others still has its filters.
Task<Result<int>> rebuild(Admin& admin, IndexOptions options) {
  auto names = co_await names_of(admin, options);
  if (!names) co_return pass(names);
  for (const std::string& name : *names) {
    auto answer = co_await admin.call(Json{{"do", "index.rebuild"}, {"name", name}});
    if (!answer) co_return pass(answer);
    if (!options.no_wait) {
      if (Status done = co_await wait_until_complete(admin, name); !done) co_return pass(done);
    }
    fmt::print("{:<40} {} filters {}\n", name, number_of(answer->said, "dropped"),
               options.no_wait ? "will be made again" : "made again");
    static_cast<void>(std::fflush(stdout));
  }
  co_return 0;
}

int rebuild_all(const Program& program, const IndexOptions& options) {
  if (options.account.empty() == !options.all)
    return complain({ErrorKind::bad_argument, "name an account, or give --all"});
  return with_access(program, [&](Access& access) {
    IndexOptions how = options;
    // Without a server, this process makes them.
    if (!access.is_remote()) how.no_wait = false;
    return rebuild(access.admin(), how);
  });
}

}  // namespace

void add_index(Command app, Program& program) {
  const auto options = std::make_shared<IndexOptions>();
  const Command index = app.add_subcommand("index", "Look at search filters, or make them again");
  index.require_subcommand();
  const Command status =
      index.add_subcommand("status", "Print how much of the mail search filters cover");
  status.add_option("account", options->account, "The account's address; all if it is left out");
  status.add_flag("--json", options->json, "Print one JSON object for each account");
  status.footer(
      "Filters tell SEARCH which messages cannot contain a text. They are made in the background,\n"
      "for groups of packed messages; whatever has none is examined, so that searches find the\n"
      "same with and without them. An account with few messages has no groups.");
  status.callback([&program, options] {
    program.run = [&program, options] {
      return with_access(program,
                         [&](Access& access) { return show_status(access.admin(), *options); });
    };
  });
  const Command again = index.add_subcommand("rebuild", "Make the search filters again");
  again.add_option("account", options->account, "The account's address");
  again.add_flag("--all", options->all, "Those of all accounts");
  again.add_flag(
      "--no-wait", options->no_wait,
      "Do not wait until they are made; without a running server, the command always waits");
  again.footer(
      "Filters that are missing, damaged or of another version are made again by themselves. "
      "Where\n"
      "attachments are searched, this has their text extracted again too, which is needed when\n"
      "poppler-utils was installed later.\n"
      "Examples:\n"
      "  posthorn index rebuild ada@example.org\n"
      "  posthorn index rebuild --all");
  again.callback([&program, options] {
    program.run = [&program, options] { return rebuild_all(program, *options); };
  });
}

}  // namespace posthorn::cli
