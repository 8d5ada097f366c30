#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "admin/audit.h"
#include "admin/last_backup.h"
#include "admin/local_admin.h"
#include "async/offload.h"
#include "base/version.h"
#include "store/low_space.h"

// The requests about backups.
namespace posthorn::admin {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kLastBackup = "/last-backup";

/// The file only informs people, so it need not survive a power loss.
Status write_note(const std::string& path, const Json& note) {
  const std::string draft = path + ".new";
  {
    std::ofstream out(draft, std::ios::binary | std::ios::trunc);
    out << json::serialize(note) << '\n';
    if (!out.flush()) return fail(ErrorKind::io, fmt::format("{} cannot be written", draft));
  }
  std::error_code error;
  fs::rename(draft, path, error);
  if (error) return fail(ErrorKind::io, fmt::format("{} cannot be written", path), error.message());
  return {};
}

std::optional<Json> read_note(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

}  // namespace

std::optional<Json> last_backup(const std::string& data_dir) {
  return read_note(data_dir + kLastBackup);
}

async::Task<Result<Answer>> LocalAdmin::take_snapshot(Json) {
  if (!options_.take_snapshot)
    co_return fail(ErrorKind::not_supported, "snapshots cannot be made here");
  snapshot_.reset();
  const std::int64_t now = store_.clock().now().seconds;
  auto snapshot = co_await options_.take_snapshot();
  if (!snapshot) co_return pass(snapshot);
  snapshot_ = std::move(*snapshot);
  co_return Answer{{{"path", *snapshot_}, {"taken", now}}};
}

async::Task<Result<Answer>> LocalAdmin::drop_snapshot(Json) {
  snapshot_.reset();
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::note_backup(Json request) {
  request.erase("do");
  request.erase(kSudoUser);
  Status written = co_await async::offload(
      store_.offload(),
      [path = options_.data_dir + kLastBackup, &request] { return write_note(path, request); });
  if (!written) co_return pass(written);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::status(Json) {
  Json said{{"version", kProgramVersion}, {"pid", ::getpid()}, {"data_dir", options_.data_dir}};
  std::error_code error;
  const fs::space_info space = fs::space(options_.data_dir, error);
  if (!error) {
    said["disk_size"] = space.capacity;
    said["disk_free"] = space.available;
  }
  said["disk_low"] = store::is_low_on_space(store_);
  if (auto last = last_backup(options_.data_dir)) said["last_backup"] = std::move(*last);
  co_return Answer{std::move(said)};
}

}  // namespace posthorn::admin
