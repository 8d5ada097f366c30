#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "directory/sql_link.h"

struct pg_conn;

namespace posthorn::directory {

/// A connection to a PostgreSQL server.
class PostgresqlLink final : public SqlLink {
 public:
  /// `connection`: as libpq takes it ("host=... user=... password=..." or "postgresql://...").
  PostgresqlLink(std::string connection, SqlOptions options, std::chrono::milliseconds timeout);
  ~PostgresqlLink() override;
  PostgresqlLink(const PostgresqlLink&) = delete;
  PostgresqlLink& operator=(const PostgresqlLink&) = delete;

 protected:
  Result<Rows> select(const std::string& query, const Asked& asked, std::size_t most) override;

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  Status connect();
  /// Waits until the socket is ready for one of `events` of poll(). Errors: unavailable when the
  /// time is over.
  Status wait_for(short events) const;
  Status read_all(Rows& rows, std::size_t most);
  [[nodiscard]] std::unexpected<Error> trouble(std::string_view what) const;

  const std::string connection_;
  const std::chrono::milliseconds timeout_;
  std::chrono::steady_clock::time_point deadline_;
  std::unique_ptr<pg_conn, Finish> server_;
};

/// Returns an error if libpq does not understand a connection string. Its text contains nothing of
/// the string. Errors: bad_argument.
Status check_connection_string(const std::string& connection);

}  // namespace posthorn::directory
