#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>

#include "directory/sqlite_link.h"

namespace posthorn::directory {
namespace {

constexpr std::string_view kHash = "{SSHA}USK0Dx8VBSzeC/xlkqq9EhinnW7r2eje";  // "secret"

class SqliteTest : public testing::Test {
 protected:
  SqliteTest() {
    std::filesystem::remove(file_);
    write(
        "CREATE TABLE users (name TEXT, password TEXT, enabled INT, quota INT, groups TEXT);"
        "CREATE TABLE aliases (address TEXT, target TEXT);"
        "CREATE TABLE domains (name TEXT);"
        "INSERT INTO domains VALUES ('example.org');"
        "INSERT INTO aliases VALUES ('sales@example.org', 'ann@example.org, bob@example.org'),"
        "  ('sales@example.org', 'eve@example.org'), ('null@example.org', NULL);"
        "INSERT INTO users VALUES"
        "  ('ann@example.org', '" +
        std::string(kHash) +
        "', 1, 1000, 'Sales,temps'),"
        "  ('off@example.org', '" +
        std::string(kHash) +
        "', 0, NULL, NULL),"
        "  ('null@example.org', NULL, 1, NULL, NULL),"
        "  ('two@example.org', 'x', 1, NULL, NULL), ('two@example.org', 'y', 1, NULL, NULL),"
        "  ('bad@example.org', '{SSHA}xyz', 1, NULL, NULL);");
  }
  ~SqliteTest() override { std::filesystem::remove(file_); }

  void write(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  static SqlOptions options() {
    return {.user_query =
                "SELECT name, password, enabled, quota, groups FROM users "
                "WHERE name = %{name}",
            .password_query = {},
            .alias_query = "SELECT target FROM aliases WHERE address = %{name}",
            .domain_query = "SELECT 1 FROM domains WHERE name = %{domain}"};
  }
  [[nodiscard]] LinkPtr link(SqlOptions with = options()) const {
    return std::make_unique<SqliteLink>(file_, std::move(with), std::chrono::seconds(2));
  }
  static std::string trouble(Link& link, const char* name) {
    const auto found = link.find_user(Asked(name));
    return found ? "none" : fmt::format("{}: {}", name_of(found.error().kind), found.error().text);
  }

  const std::string file_ = testing::TempDir() + fmt::format("posthorn-{}.sqlite", getpid());
};

TEST_F(SqliteTest, FindsPeople) {
  const LinkPtr people = link();
  const auto ann = people->find_user(Asked("ann@example.org"));
  ASSERT_TRUE(ann && *ann);
  EXPECT_EQ((*ann)->name, "ann@example.org");
  EXPECT_TRUE((*ann)->enabled);
  EXPECT_EQ((*ann)->quota, 1000U);
  EXPECT_EQ((*ann)->groups, (std::vector<std::string>{"sales", "temps"}));
  EXPECT_TRUE(std::get<auth::ForeignHash>((*ann)->password).verify("secret"));
  EXPECT_FALSE((**people->find_user(Asked("off@example.org"))).enabled);
  EXPECT_FALSE(*people->find_user(Asked("nobody@example.org")));
  EXPECT_FALSE(*people->find_user(Asked("@example.org")));
}

TEST_F(SqliteTest, WhatIsAskedForIsNeverPartOfTheQuery) {
  const LinkPtr people = link();
  EXPECT_FALSE(*people->find_user(Asked("' OR 1=1 --@example.org")));
  EXPECT_FALSE(*people->find_user(Asked("%{name}@example.org")));
  EXPECT_TRUE(*people->find_user(Asked("ann@example.org")));
}

TEST_F(SqliteTest, NamesTheEntryThatCannotBeUsed) {
  const LinkPtr people = link();
  EXPECT_EQ(trouble(*people, "null@example.org"),
            "corrupt: the entry of null@example.org: password is NULL");
  EXPECT_EQ(trouble(*people, "two@example.org"),
            "corrupt: the entry of two@example.org: there is more than one");
  EXPECT_EQ(trouble(*people, "bad@example.org"),
            "corrupt: the entry of bad@example.org: the SSHA hash is malformed");
  SqlOptions wrong = options();
  wrong.user_query = "SELECT name, password AS passwrd FROM users WHERE name = %{name}";
  EXPECT_TRUE(trouble(*link(wrong), "ann@example.org").contains("'passwrd'"));
}

TEST_F(SqliteTest, FindsPasswordsByAQueryOfTheirOwn) {
  SqlOptions with = options();
  with.user_query = "SELECT name FROM users WHERE name = %{name}";
  with.password_query = "SELECT password FROM users WHERE name = %{name} AND enabled = 1";
  const LinkPtr people = link(with);
  const auto ann = people->find_user(Asked("ann@example.org"));
  EXPECT_TRUE(std::holds_alternative<auth::ForeignHash>((*ann)->password));
  const auto off = people->find_user(Asked("off@example.org"));
  EXPECT_TRUE(std::holds_alternative<NoPassword>((*off)->password));
}

TEST_F(SqliteTest, FindsAliasesAndDomains) {
  const LinkPtr people = link();
  EXPECT_EQ(*people->find_alias(Asked("sales@example.org")),
            (std::vector<std::string>{"ann@example.org", "bob@example.org", "eve@example.org"}));
  EXPECT_TRUE(people->find_alias(Asked("ann@example.org"))->empty());
  EXPECT_EQ(people->find_alias(Asked("null@example.org")).error().kind, ErrorKind::corrupt);
  EXPECT_TRUE(*people->has_domain("example.org"));
  EXPECT_FALSE(*people->has_domain("example.com"));
}

TEST_F(SqliteTest, AFileThatIsNotThereIsUnavailableUntilItIs) {
  const LinkPtr people = link();
  EXPECT_TRUE(*people->find_user(Asked("ann@example.org")));
  std::filesystem::rename(file_, file_ + ".away");
  EXPECT_EQ(people->find_user(Asked("ann@example.org")).error().kind, ErrorKind::unavailable);
  std::filesystem::rename(file_ + ".away", file_);
  EXPECT_TRUE(*people->find_user(Asked("ann@example.org")));
  SqlOptions wrong = options();
  wrong.user_query = "SELECT name FROM nowhere WHERE name = %{name}";
  EXPECT_EQ(link(wrong)->find_user(Asked("ann@example.org")).error().kind, ErrorKind::unavailable);
}

TEST_F(SqliteTest, AQueryThatTakesTooLongIsEnded) {
  SqlOptions slow = options();
  slow.user_query =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
      "SELECT %{name} AS name FROM n WHERE i < 0";
  SqliteLink people(file_, slow, std::chrono::milliseconds(50));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(people.find_user(Asked("ann@example.org")).error().kind, ErrorKind::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

}  // namespace
}  // namespace posthorn::directory
