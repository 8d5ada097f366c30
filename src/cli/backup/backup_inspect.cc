#include <cstdio>
#include <ctime>

#include "async/run.h"
#include "backup/prune.h"
#include "backup/unpack.h"
#include "cli/backup/backup_command.h"
#include "cli/backup/backup_copy.h"
#include "cli/sizes.h"

// `posthorn backup list`, `prune` and `verify`.
namespace posthorn::cli {
namespace {

using admin::Json;

void print_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) fmt::print("{}\n", line);
}

void list_one(const backup::Manifest& manifest, bool as_json) {
  if (as_json) {
    fmt::print("{}\n", boost::json::serialize(Json{{"name", manifest.name},
                                                   {"taken", manifest.taken},
                                                   {"files", manifest.files.size()},
                                                   {"size", manifest.octets()},
                                                   {"copied", manifest.copied},
                                                   {"source", manifest.source},
                                                   {"version", manifest.version}}));
  } else {
    fmt::print("{}  {} ago  {} in {} files, {} copied, of {}\n", manifest.name,
               format_age(std::time(nullptr) - manifest.taken), format_octets(manifest.octets()),
               manifest.files.size(), format_octets(manifest.copied), manifest.source);
  }
}

/// Opens the store of a backup and verifies every invariant of what it holds.
Result<std::vector<std::string>> check_store(const backup::Repository& repository,
                                             const backup::Manifest& manifest,
                                             const config::Config& config,
                                             const std::string& scratch) {
  auto copy = BackupCopy::open(repository, manifest, config, scratch);
  if (!copy && copy.error().kind == ErrorKind::corrupt)
    return std::vector{fmt::format("backup {}: {}", manifest.name, copy.error().text)};
  if (!copy) return pass(copy);
  auto report = async::run_blocking((*copy)->store().check(true));
  async::run_blocking((*copy)->close());
  if (!report) return pass(report);
  for (std::string& finding : report->findings)
    finding = fmt::format("backup {}: {}", manifest.name, finding);
  fmt::print(stderr, "backup {}: {} accounts, {} mailboxes, {} messages\n", manifest.name,
             report->accounts, report->mailboxes, report->messages);
  return std::move(report->findings);
}

}  // namespace

int list_backups(const BackupOptions& options) {
  const auto repository = backup::Repository::open_to_read(options.folder);
  if (!repository) return complain(repository.error());
  const auto names = repository->names();
  if (!names) return complain(names.error());
  int code = 0;
  for (const std::string& name : *names) {
    const auto manifest = repository->load(name);
    if (manifest) {
      list_one(*manifest, options.json);
    } else {
      complain(manifest.error());
      code = kFindings;
    }
  }
  return code;
}

int prune_backups(const BackupOptions& options) {
  const backup::Keep keep{options.keep_last, options.keep_daily, options.keep_weekly,
                          options.keep_monthly};
  if (keep.last + keep.daily + keep.weekly + keep.monthly == 0)
    return complain({ErrorKind::bad_argument,
                     "say which backups to keep: --keep-last, --keep-daily, --keep-weekly or "
                     "--keep-monthly"});
  const auto repository = backup::Repository::open_to_write(options.folder);
  if (!repository) return complain(repository.error());
  auto names = repository->names();
  if (!names) return complain(names.error());
  const std::vector<std::string> gone = backup::to_remove(std::move(*names), keep);
  print_lines(gone);
  if (options.dry_run) {
    fmt::print(stderr, "backups to remove: {}\n", gone.size());
    return 0;
  }
  const auto pruned = backup::remove_backups(*repository, gone);
  if (!pruned) return complain(pruned.error());
  fmt::print(stderr, "backups removed: {}, freed: {}\n", gone.size(),
             format_octets(pruned->octets));
  return 0;
}

int verify_backup(const Program& program, const BackupOptions& options) {
  const auto loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  log::set_level(log::Level::error);
  const auto repository = backup::Repository::open_to_read(options.folder);
  if (!repository) return complain(repository.error());
  std::vector<std::string> names;
  if (options.all) {
    auto all = repository->names();
    if (!all) return complain(all.error());
    names = std::move(*all);
  } else {
    const auto chosen = repository->choose(options.name);
    if (!chosen) return complain(chosen.error());
    names.push_back(chosen->name);
  }
  std::vector<std::string> verified;
  std::size_t faults = 0;
  for (const std::string& name : names) {
    const auto manifest = repository->load(name);
    if (!manifest) {
      complain(manifest.error());
      ++faults;
      continue;
    }
    auto found = backup::verify(*repository, *manifest, verified);
    if (found && found->empty() && !options.checksums_only)
      found = check_store(*repository, *manifest, loaded->config, options.scratch);
    if (!found) return complain(found.error());
    print_lines(*found);
    faults += found->size();
  }
  fmt::print(stderr, "backups verified: {}, {}\n", names.size(),
             faults == 0 ? "no faults found" : "faults found");
  return faults == 0 ? 0 : kFindings;
}

}  // namespace posthorn::cli
