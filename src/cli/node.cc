#include <fmt/chrono.h>

#include <cstdio>
#include <ctime>

#include "cli/command_line.h"
#include "cli/program.h"

namespace posthorn::cli {
namespace {

using admin::Json;
using admin::number_of;
using admin::text_of;

bool is_set(const Json& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

void print_node(const Json& node) {
  const auto since = static_cast<std::time_t>(number_of(node, "since"));
  fmt::print("{} {:%Y-%m-%d %H:%M:%S} {:<5} {:>6} {:<8} {}{}\n", text_of(node, "node"),
             fmt::localtime(since), is_set(node, "lives") ? "lives" : "gone",
             number_of(node, "shards"), text_of(node, "version"), text_of(node, "host"),
             is_set(node, "self") ? " (this server)" : "");
}

int list(const Program& program, bool json) {
  return ask(program, {{"do", "node.list"}}, [&](const Json& said) {
    const auto* const nodes = said.if_contains("nodes");
    if (nodes == nullptr || !nodes->is_array()) return;
    for (const auto& node : nodes->get_array()) {
      if (json) {
        fmt::print("{}\n", boost::json::serialize(node));
      } else if (node.is_object()) {
        print_node(node.get_object());
      }
    }
  });
}

}  // namespace

void add_node(Command app, Program& program) {
  const Command node =
      app.add_subcommand("node", "The servers that have the store open (storage.engine = rados)");
  node.require_subcommand();
  const auto json = std::make_shared<bool>(false);
  const Command listed = node.add_subcommand("list", "List them, as the server here sees them");
  listed.add_flag("--json", *json, "Print one JSON object per line");
  listed.footer(
      "The columns: the server's number, which is another one after each start; since when; "
      "whether\n"
      "it lives: one that has said nothing for 35 seconds is gone; of how many of the 64 parts of\n"
      "the accounts it does the upkeep; its version; its host.\n"
      "Example:\n"
      "  posthorn node list");
  listed.callback(
      [&program, json] { program.run = [&program, json] { return list(program, *json); }; });
}

}  // namespace posthorn::cli
