#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/password/foreign_hash.h"
#include "directory/link.h"

namespace posthorn::directory {

struct SqlOptions {
  /// Queries, with %{name}, %{user} and %{domain} for what is asked. Empty: none.
  std::string user_query;
  std::string password_query;
  std::string alias_query;
  std::string domain_query;
  std::string password_scheme = "CRYPT";  ///< Of a hash that does not name its scheme.
  auth::HashLimits hash_limits = {};
};

/// A query with its parameters, which are never part of its text.
struct SqlQuery {
  std::string text;  ///< With "$1" or "?1" for the first parameter.
  std::vector<std::string> parameters;
};
/// Makes a query of one in the configuration. `mark` stands before the numbers of parameters.
SqlQuery make_query(std::string_view text, const Asked& asked, char mark);

/// A connection to a database: what PostgreSQL and SQLite have in common.
class SqlLink : public Link {
 public:
  explicit SqlLink(SqlOptions options) : options_(std::move(options)) {}
  Result<std::optional<Entry>> find_user(const Asked& asked) override;
  Result<std::vector<std::string>> find_alias(const Asked& asked) override;
  Result<bool> has_domain(const std::string& domain) override;
  Result<bool> verify(const Entry& entry, const auth::Secret& password) override;

 protected:
  using Value = std::optional<std::string>;  ///< None: NULL.
  struct Rows {
    std::vector<std::string> columns;
    std::vector<std::vector<Value>> rows;
  };
  /// Runs a query of the configuration. More rows than `most` are not read, only one more to show
  /// that there are more. Errors: unavailable.
  virtual Result<Rows> select(const std::string& query, const Asked& asked, std::size_t most) = 0;

 private:
  const SqlOptions options_;
};

}  // namespace posthorn::directory
