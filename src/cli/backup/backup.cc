#include "cli/backup/backup_command.h"
#include "cli/command_line.h"
#include "cli/program.h"

namespace posthorn::cli {
namespace {

using Options = std::shared_ptr<BackupOptions>;

constexpr const char* kFolderHelp = "The folder with the backups";

void add_list(Command backup, Program& program, const Options& options) {
  const Command list = backup.add_subcommand("list", "List the complete backups, oldest first");
  list.add_option("dir", options->folder, kFolderHelp).required();
  list.add_flag("--json", options->json, "Print one JSON object per line");
  list.footer("Example:\n  posthorn backup list /var/backups/posthorn");
  list.callback(
      [&program, options] { program.run = [options] { return list_backups(*options); }; });
}

void add_verify(Command backup, Program& program, const Options& options) {
  const Command verify = backup.add_subcommand(
      "verify", "Compare every checksum, open the store and check everything in it");
  verify.add_option("dir", options->folder, kFolderHelp).required();
  verify.add_option("--backup", options->name, "Which backup; the newest if it is not given")
      .type_name("NAME");
  verify.add_flag("--all", options->all, "Verify every backup");
  verify.add_flag("--checksums-only", options->checksums_only, "Do not open the store");
  verify
      .add_option("--scratch", options->scratch,
                  "Where to make a temporary folder; some MB are written there")
      .type_name("DIR");
  verify.footer(
      "Prints one line for each fault. The exit code is 0 if there are none, 3 if there are some.\n"
      "Example:\n  posthorn backup verify /var/backups/posthorn");
  verify.callback([&program, options] {
    program.run = [&program, options] { return verify_backup(program, *options); };
  });
}

void add_prune(Command backup, Program& program, const Options& options) {
  const Command prune = backup.add_subcommand("prune", "Remove old backups");
  prune.add_option("dir", options->folder, kFolderHelp).required();
  prune.add_option("--keep-last", options->keep_last, "Keep the newest N backups").type_name("N");
  prune
      .add_option("--keep-daily", options->keep_daily,
                  "Keep the newest backup of each of the newest N days that have one")
      .type_name("N");
  prune.add_option("--keep-weekly", options->keep_weekly, "The same for weeks").type_name("N");
  prune.add_option("--keep-monthly", options->keep_monthly, "The same for months").type_name("N");
  prune.add_flag("--dry-run", options->dry_run, "Only print what would be removed");
  prune.footer(
      "The newest backup is always kept.\n"
      "Example:\n  posthorn backup prune /var/backups/posthorn --keep-daily 7 --keep-weekly 5");
  prune.callback(
      [&program, options] { program.run = [options] { return prune_backups(*options); }; });
}

}  // namespace

void add_backup(Command app, Program& program) {
  const auto options = std::make_shared<BackupOptions>();
  const Command backup =
      app.add_subcommand("backup", "Save everything to a folder, while the server runs");
  backup.add_option("dir", options->folder,
                    "The folder with the backups; made if it does not exist");
  backup
      .add_option("--rate", options->rate,
                  "Read at most this much in a second, such as 20MB; 0 means no limit")
      .as_size()
      .type_name("SIZE");
  backup.add_flag("--without-keys", options->without_keys,
                  "Leave out the configuration, certificates and keys");
  backup.add_flag("--json", options->json, "Print the result as one JSON object");
  add_list(backup, program, options);
  add_verify(backup, program, options);
  add_prune(backup, program, options);
  backup.footer(
      "Only what has changed since the last backup is read and copied. A backup that was\n"
      "interrupted does not count, and the next one continues it. docs/backup.md has more.\n"
      "Examples:\n"
      "  posthorn backup /var/backups/posthorn --rate 20MB\n"
      "  posthorn backup list /var/backups/posthorn\n"
      "  posthorn backup verify /var/backups/posthorn\n"
      "  posthorn backup prune /var/backups/posthorn --keep-daily 7 --keep-weekly 5");
  backup.callback([&program, options] {
    // A subcommand has set its own.
    if (program.run) return;
    program.run = [&program, options] {
      if (options->folder.empty())
        return complain({ErrorKind::bad_argument, "name a folder: posthorn backup DIR"});
      return take_backup(program, *options);
    };
  });
}

}  // namespace posthorn::cli
