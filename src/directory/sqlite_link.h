#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "directory/sql_link.h"

struct sqlite3;

namespace posthorn::directory {

/// Reads a file of SQLite, which is never written to. A file that was replaced is opened again.
class SqliteLink final : public SqlLink {
 public:
  SqliteLink(std::string file, SqlOptions options, std::chrono::milliseconds timeout);
  ~SqliteLink() override;
  SqliteLink(const SqliteLink&) = delete;
  SqliteLink& operator=(const SqliteLink&) = delete;

 protected:
  Result<Rows> select(const std::string& query, const Asked& asked, std::size_t most) override;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Status open();
  [[nodiscard]] std::unexpected<Error> trouble(std::string_view what) const;
  static int is_too_late(void* self);

  const std::string file_;
  const std::chrono::milliseconds timeout_;
  std::unique_ptr<sqlite3, Close> database_;
  std::uint64_t device_ = 0;  ///< Of the open file, as the number of its inode.
  std::uint64_t inode_ = 0;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace posthorn::directory
