#include <fmt/chrono.h>

#include <cstdio>
#include <ctime>

#include "cli/command_line.h"
#include "cli/program.h"
#include "config/value.h"

namespace posthorn::cli {
namespace {

using admin::Json;
using admin::number_of;
using admin::text_of;

struct SessionOptions {
  std::string who;
  std::string time = "10m";
  bool json = false;
};

void print_session(const Json& session) {
  const auto since = static_cast<std::time_t>(number_of(session, "since"));
  fmt::print("{} {:<10} {:%Y-%m-%d %H:%M:%S} {:>12} {:>12} {:<4} {} {}\n",
             text_of(session, "session"), text_of(session, "protocol"), fmt::localtime(since),
             number_of(session, "in"), number_of(session, "out"),
             text_of(session, "tls").empty() ? "-" : "tls", text_of(session, "peer"),
             text_of(session, "user"));
}

int who(const Program& program, const SessionOptions& options) {
  Json request{{"do", "session.list"}};
  if (!options.who.empty()) request["name"] = options.who;
  return ask(program, request, [&](const Json& said) {
    const auto* const list = said.if_contains("sessions");
    if (list == nullptr || !list->is_array()) return;
    for (const auto& entry : list->get_array()) {
      if (options.json) {
        fmt::print("{}\n", boost::json::serialize(entry));
      } else if (entry.is_object()) {
        print_session(entry.get_object());
      }
    }
  });
}

int kick(const Program& program, const SessionOptions& options) {
  return ask(program, {{"do", "session.kick"}, {"who", options.who}}, [](const Json& said) {
    fmt::print("sessions ended: {}\n", number_of(said, "ended"));
  });
}

int trace(const Program& program, const SessionOptions& options) {
  const Result<config::Duration> time = config::parse_duration(options.time);
  if (!time) return complain(time.error());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*time).count();
  return ask(program, {{"do", "session.trace"}, {"name", options.who}, {"seconds", seconds}},
             [](const Json& said) { fmt::print("{}\n", text_of(said, "file")); });
}

}  // namespace

void add_sessions(Command app, Program& program) {
  const auto options = std::make_shared<SessionOptions>();
  const auto run = [&program, options](int (*what)(const Program&, const SessionOptions&)) {
    return [&program, options, what] {
      program.run = [&program, options, what] { return what(program, *options); };
    };
  };

  const Command listed = app.add_subcommand("who", "List the sessions of users who have logged in");
  listed.add_option("account", options->who, "Only the sessions of this account");
  listed.add_flag("--json", options->json, "Print one JSON object per line");
  listed.footer(
      "The columns: the session's id, as in the log; protocol; since when; octets from and to the\n"
      "client; TLS; the client's address; the account.\n"
      "Examples:\n"
      "  posthorn who\n"
      "  posthorn who ada@example.org --json");
  listed.callback(run(who));

  const Command ended = app.add_subcommand("kick", "End the sessions of a user, or one session");
  ended.add_option("who", options->who, "An account, or the id of a session as shown by `who`")
      .required();
  ended.footer(
      "Whoever knows the password can log in again: `posthorn account disable` prevents that.\n"
      "Example:\n"
      "  posthorn kick ada@example.org");
  ended.callback(run(kick));

  const Command traced =
      app.add_subcommand("trace", "Record what a user's mail programs and the server say");
  traced.add_option("account", options->who, "The account's address").required();
  traced.add_option("--for", options->time, "How long, at most 24h")
      .type_name("TIME")
      .default_str("10m");
  traced.footer(
      "Prints the name of the file, which is in the data directory and can be read by the "
      "server's\n"
      "user only. Passwords and messages are left out. The recording ends by itself.\n"
      "Example:\n"
      "  posthorn trace ada@example.org --for 10m");
  traced.callback(run(trace));
}

}  // namespace posthorn::cli
