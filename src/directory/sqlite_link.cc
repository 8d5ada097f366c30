#include "directory/sqlite_link.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace posthorn::directory {
namespace {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

/// Steps of SQLite's machine between two looks at the clock.
constexpr int kSteps = 1000;

std::optional<std::string> value_at(sqlite3_stmt* statement, int column) {
  if (sqlite3_column_type(statement, column) == SQLITE_NULL) return std::nullopt;
  const unsigned char* const text = sqlite3_column_text(statement, column);
  if (text == nullptr) return std::nullopt;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  return std::string(reinterpret_cast<const char*>(text),
                     static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
}

}  // namespace

void SqliteLink::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

SqliteLink::SqliteLink(std::string file, SqlOptions options, std::chrono::milliseconds timeout)
    : SqlLink(std::move(options)), file_(std::move(file)), timeout_(timeout) {}

SqliteLink::~SqliteLink() = default;

std::unexpected<Error> SqliteLink::trouble(std::string_view what) const {
  return fail(ErrorKind::unavailable, fmt::format("{}: {}", file_, what),
              database_ ? sqlite3_errmsg(database_.get()) : "");
}

int SqliteLink::is_too_late(void* self) {
  return std::chrono::steady_clock::now() > static_cast<SqliteLink*>(self)->deadline_ ? 1 : 0;
}

Status SqliteLink::open() {
  struct stat now{};
  if (::stat(file_.c_str(), &now) != 0) return trouble(std::strerror(errno));
  if (database_ && now.st_dev == device_ && now.st_ino == inode_) return {};
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(file_.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(opened);
  if (code != SQLITE_OK) return trouble("it cannot be opened");
  device_ = now.st_dev;
  inode_ = now.st_ino;
  sqlite3_busy_timeout(opened, static_cast<int>(timeout_.count()));
  sqlite3_progress_handler(opened, kSteps, &SqliteLink::is_too_late, this);
  return {};
}

Result<SqlLink::Rows> SqliteLink::select(const std::string& text, const Asked& asked,
                                         std::size_t most) {
  deadline_ = std::chrono::steady_clock::now() + timeout_;
  if (Status opened = open(); !opened) return pass(opened);
  const SqlQuery query = make_query(text, asked, '?');
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), query.text.c_str(),
                                      static_cast<int>(query.text.size()), &prepared, nullptr);
  const Statement statement(prepared);
  if (code != SQLITE_OK || prepared == nullptr) return trouble("a query cannot be understood");
  for (std::size_t i = 0; i < query.parameters.size(); ++i)
    if (sqlite3_bind_text(prepared, static_cast<int>(i + 1), query.parameters[i].c_str(),
                          static_cast<int>(query.parameters[i].size()), nullptr) != SQLITE_OK)
      return trouble("a query has no place for its parameters");
  Rows rows;
  const int columns = sqlite3_column_count(prepared);
  for (int i = 0; i < columns; ++i) rows.columns.emplace_back(sqlite3_column_name(prepared, i));
  while (rows.rows.size() <= most) {
    const int stepped = sqlite3_step(prepared);
    if (stepped == SQLITE_DONE) break;
    if (stepped != SQLITE_ROW) return trouble("a query failed");
    auto& row = rows.rows.emplace_back();
    for (int i = 0; i < columns; ++i) row.push_back(value_at(prepared, i));
  }
  return rows;
}

}  // namespace posthorn::directory
