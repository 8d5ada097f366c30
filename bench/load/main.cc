#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>

#include "async/run.h"
#include "load/limits.h"
#include "load/rows.h"

namespace posthorn::bench {
namespace {

int run(const RowEntry& entry, const Target& target, const Plan& plan) {
  auto row = async::run_blocking(entry.run(target, plan));
  if (!row) {
    fmt::print(stderr, "{}: {} {}\n", entry.name, row.error().text, row.error().cause);
    return 1;
  }
  row->name = entry.name;
  fmt::print("{}\n", format_row(*row));
  return 0;
}

int print_limits(const std::string& folder) {
  const auto limits = measure_limits(folder);
  if (!limits) {
    fmt::print(stderr, "limits: {} {}\n", limits.error().text, limits.error().cause);
    return 1;
  }
  fmt::print("{}\n", *limits);
  return 0;
}

/// Thousands of sessions are thousands of descriptors.
void raise_file_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

int main_of(int argc, char** argv) {
  raise_file_limit();
  Target target;
  Plan plan;
  CLI::App app("Drives a mail server and prints what it measured as one line of JSON");
  app.require_subcommand(1);
  app.add_option("--host", target.host);
  app.add_option("--imap", target.imap_port, "Port, in clear");
  app.add_option("--imaps", target.imaps_port, "Port, with TLS");
  app.add_option("--lmtp", target.lmtp_port, "Port");
  app.add_option("--users", target.user_pattern, "{} becomes a number")->capture_default_str();
  app.add_option("--password", target.password)->capture_default_str();
  app.add_option("--server-pid", target.server_pid, "The server's first process");
  app.add_option("--seed", plan.seed)->capture_default_str();
  app.add_option("--count", plan.count, "Operations, messages or sessions")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seconds", plan.seconds, "At most, where time is what bounds")
      ->capture_default_str();
  app.add_option("--repeat", plan.repeat, "Of commands over a whole mailbox")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--settle-ms", plan.settle_ms, "Before memory is read")->capture_default_str();
  app.add_option("--user", plan.user, "Number of a user, for rows of any mailbox")
      ->capture_default_str();
  app.add_option("--accounts", plan.accounts, "For rows that pick one of many")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  int status = 0;
  const std::array groups = {delivery_rows(), session_rows(), push_rows(),   read_rows(),
                             body_rows(),     change_rows(),  people_rows(), start_rows(),
                             vast_rows(),     growth_rows()};
  for (const auto& group : groups)
    for (const RowEntry& entry : group)
      app.add_subcommand(std::string(entry.name), std::string(entry.help))
          ->fallthrough()
          ->final_callback(
              [&entry, &target, &plan, &status] { status = run(entry, target, plan); });
  std::string folder = ".";
  CLI::App* const limits = app.add_subcommand("limits", "What this machine can do at best");
  limits->add_option("--dir", folder, "On the file system that is measured")->capture_default_str();
  limits->final_callback([&] { status = print_limits(folder); });
  CLI11_PARSE(app, argc, argv);
  return status;
}

}  // namespace
}  // namespace posthorn::bench

int main(int argc, char** argv) { return posthorn::bench::main_of(argc, argv); }
