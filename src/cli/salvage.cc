#include "app/salvage.h"

#include <cstdio>
#include <filesystem>

#include "app/machine/descriptors.h"
#include "base/log.h"
#include "cli/command_line.h"
#include "cli/program.h"

namespace posthorn::cli {
namespace {

struct SalvageOptions {
  std::string from;
  std::string into;
};

int report(const app::SalvageReport& said, const SalvageOptions& options) {
  for (const std::string& loss : said.losses) fmt::print("lost: {}\n", loss);
  for (const std::string& note : said.notes) fmt::print("note: {}\n", note);
  fmt::print(stderr, "{} accounts, {} mailboxes, {} messages are in {}: {}\n", said.accounts,
             said.mailboxes, said.messages, options.into,
             said.losses.empty() ? "nothing was lost" : "something was lost");
  return said.losses.empty() ? 0 : kFindings;
}

int salvage(const Program& program, const SalvageOptions& options) {
  const auto loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  log::set_level(log::Level::error);
  // Every table of the old store is open for a while.
  if (auto claimed = app::claim_descriptors(loaded->config); !claimed)
    return complain(claimed.error());
  const auto done = app::salvage(loaded->config, options.from, options.into);
  return done ? report(*done, options) : complain(done.error());
}

}  // namespace

void add_salvage(Command app, Program& program) {
  const auto options = std::make_shared<SalvageOptions>();
  const Command salvaging = app.add_subcommand(
      "salvage", "Bring out what can be read of a data directory whose store does not open");
  salvaging.add_option("dir", options->from, "The damaged data directory; it is only read")
      .type_name("DIR")
      .required();
  salvaging.add_option("--into", options->into, "The new data directory")
      .type_name("NEW")
      .required();
  salvaging.footer(
      "Prints one line for each thing that is lost: files, accounts, mailboxes, messages. The "
      "exit\n"
      "code is 0 if nothing is lost, 3 if something is, and 1 if it failed. Messages keep their\n"
      "UIDs, flags and dates. The server must not be running on DIR. NEW needs as much room as\n"
      "DIR has. First copy DIR somewhere if the disk is failing.\n"
      "Example:\n"
      "  posthorn salvage /var/lib/posthorn --into /var/lib/posthorn-new");
  salvaging.callback([&program, options] {
    program.run = [&program, options] { return salvage(program, *options); };
  });
}

}  // namespace posthorn::cli
