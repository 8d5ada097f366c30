#include "app/salvage.h"

#include <filesystem>

#include "app/core.h"
#include "app/restored.h"
#include "async/run.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "engine/rocksdb/salvage/salvage.h"
#include "engine/rocksdb/wal/durable.h"
#include "store/mend/mend.h"

namespace posthorn::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStore = "store";
/// The new store until it is complete.
constexpr const char* kWork = "salvaging";

std::unexpected<Error> cannot(std::string what, const std::error_code& error) {
  return fail(ErrorKind::io, std::move(what), error.message());
}

/// Makes the folder, and removes the remains of a salvage that was interrupted.
Status make_place(const fs::path& into) {
  std::error_code error;
  fs::remove_all(into / kWork, error);
  const bool made = fs::create_directories(into, error);
  if (error) return cannot(fmt::format("{} cannot be created", into.string()), error);
  if (made) fs::permissions(into, fs::perms::owner_all, error);
  const bool empty = fs::is_empty(into, error);
  if (error) return cannot(fmt::format("{} cannot be used", into.string()), error);
  if (empty) return {};
  return fail(ErrorKind::already_exists,
              fmt::format("{} is not empty: salvage into a new data directory", into.string()));
}

/// Copies keys, certificates and the like. They are small.
void copy_others(const fs::path& from, const fs::path& into, std::vector<std::string>& losses) {
  std::error_code error;
  for (fs::directory_iterator it(from, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    std::error_code failed;
    const bool wanted = name != kStore && name != "snapshot" && name != "restoring" &&
                        (it->is_regular_file(failed) || it->is_directory(failed));
    if (!wanted) continue;
    fs::copy(it->path(), into / name, fs::copy_options::recursive, failed);
    if (failed) losses.push_back(fmt::format("{} cannot be copied: {}", name, failed.message()));
  }
  if (error) losses.push_back(fmt::format("{} cannot be listed", from.string()));
}

/// Makes the rows fit together.
Status mend(const std::string& store, const engine::Salvaged& salvaged, SalvageReport& report) {
  engine::RocksDbOptions options;
  options.path = store;
  options.if_absent = engine::IfAbsent::refuse;
  auto opened = engine::open_rocksdb(options);
  if (!opened) return pass(opened);
  auto losses = store::mend_salvaged(**opened, salvaged);
  (*opened)->close();
  if (!losses) return pass(losses);
  report.losses.insert(report.losses.end(), losses->begin(), losses->end());
  return {};
}

/// Opens the new store as the server would, which brings every account up to date, and looks at
/// every message.
Status check(const config::Config& config, SalvageReport& report) {
  auto core = Core::open(config, EngineKind::rocksdb, engine::IfAbsent::refuse);
  if (!core) return pass(core);
  auto checked = async::run_blocking((*core)->store().check(true, store::Store::Repair::mailboxes));
  async::run_blocking((*core)->close());
  if (!checked) return pass(checked);
  report.accounts = checked->accounts;
  report.mailboxes = checked->mailboxes;
  report.messages = checked->messages;
  for (const auto* lines : {&checked->findings, &checked->repaired})
    report.losses.insert(report.losses.end(), lines->begin(), lines->end());
  return {};
}

}  // namespace

Result<SalvageReport> salvage(const config::Config& config, const std::string& from,
                              const std::string& into) {
  const fs::path work = fs::path(into) / kWork;
  Status ok = make_place(into);
  if (!ok) return pass(ok);
  auto salvaged =
      engine::salvage_rocksdb((fs::path(from) / kStore).string(), (work / kStore).string());
  if (!salvaged) return pass(salvaged);
  SalvageReport report;
  report.losses = std::move(salvaged->losses);
  report.notes = std::move(salvaged->notes);
  ok = mend((work / kStore).string(), *salvaged, report);
  config::Config copy = config_for_copy(config, work.string());
  if (ok) ok = check(copy, report);
  if (!ok) return pass(ok);
  copy_others(from, into, report.losses);
  std::error_code error;
  fs::rename(work / kStore, fs::path(into) / kStore, error);
  if (error) return cannot(fmt::format("{} cannot be moved", work.string()), error);
  fs::remove_all(work, error);
  ok = engine::rocks::sync_folder(into);
  if (!ok) return pass(ok);
  return report;
}

}  // namespace posthorn::app
