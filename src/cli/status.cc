#include <cstdio>
#include <ctime>

#include "cli/command_line.h"
#include "cli/program.h"
#include "cli/sizes.h"
#include "config/value.h"

namespace posthorn::cli {
namespace {

using admin::Json;
using admin::number_of;
using admin::text_of;

struct StatusOptions {
  std::string max_backup_age;
  bool json = false;
};

std::int64_t age_of_backup(const Json& last) {
  return std::time(nullptr) - static_cast<std::int64_t>(number_of(last, "taken"));
}

void print_status(const Json& said, const Json* last, bool running) {
  fmt::print("{:<12} {}\n", "server",
             running ? fmt::format("version {}, process {}", text_of(said, "version"),
                                   number_of(said, "pid"))
                     : "is not running");
  fmt::print("{:<12} {}, {} of {} free\n", "data", text_of(said, "data_dir"),
             format_octets(number_of(said, "disk_free")),
             format_octets(number_of(said, "disk_size")));
  if (admin::flag_of(said, "disk_low"))
    fmt::print("{:<12} refused: less than storage.min_free is free\n", "new mail");
  if (last == nullptr) {
    fmt::print("{:<12} none\n", "last backup");
  } else {
    fmt::print("{:<12} {}, {} ago, {} ({} copied), in {}\n", "last backup", text_of(*last, "name"),
               format_age(age_of_backup(*last)), format_octets(number_of(*last, "size")),
               format_octets(number_of(*last, "copied")), text_of(*last, "folder"));
  }
}

async::Task<Result<int>> show_status(Access& access, const StatusOptions& options,
                                     std::optional<std::chrono::seconds> limit) {
  auto answer = co_await access.admin().call(Json{{"do", "status"}});
  if (!answer) co_return pass(answer);
  Json& said = answer->said;
  said["running"] = access.is_remote();
  const boost::json::value* const value = said.if_contains("last_backup");
  const Json* const last = value != nullptr && value->is_object() ? &value->get_object() : nullptr;
  if (options.json) {
    fmt::print("{}\n", boost::json::serialize(said));
  } else {
    print_status(said, last, access.is_remote());
  }
  if (!limit || (last != nullptr && age_of_backup(*last) <= limit->count())) co_return 0;
  fmt::print(stderr, "posthorn: there is no backup of the last {}\n", options.max_backup_age);
  co_return kFindings;
}

int status(const Program& program, const StatusOptions& options) {
  std::optional<std::chrono::seconds> limit;
  if (!options.max_backup_age.empty()) {
    const Result<config::Duration> age = config::parse_duration(options.max_backup_age);
    if (!age) return complain(age.error());
    limit = std::chrono::duration_cast<std::chrono::seconds>(*age);
  }
  return with_access(program, [&](Access& access) { return show_status(access, options, limit); });
}

}  // namespace

void add_status(Command app, Program& program) {
  const auto options = std::make_shared<StatusOptions>();
  const Command command =
      app.add_subcommand("status", "Show the server, its free disk space and its last backup");
  command
      .add_option("--max-backup-age", options->max_backup_age,
                  "Exit with code 3 if the last backup is older, such as 26h")
      .type_name("AGE");
  command.add_flag("--json", options->json, "Print the result as one JSON object");
  command.footer("Examples:\n  posthorn status\n  posthorn status --max-backup-age 26h");
  command.callback([&program, options] {
    program.run = [&program, options] { return status(program, *options); };
  });
}

}  // namespace posthorn::cli
