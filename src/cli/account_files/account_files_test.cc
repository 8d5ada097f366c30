#include <gtest/gtest.h>

#include "cli/account_files/account_fields.h"
#include "cli/account_files/account_file.h"

namespace posthorn::cli {
namespace {

const AccountFileOptions kOptions{.domain = "example.org"};

AccountList read(std::string_view text, AccountFormat format) {
  auto list = read_accounts(text, format, kOptions);
  EXPECT_TRUE(list.has_value()) << list.error().text;
  return list ? std::move(*list) : AccountList{};
}

TEST(AccountFiles, ReadsPasswdFilesOfDovecot) {
  const AccountList list = read(
      "# comment\n\nada:{SSHA}x:1:1::/home/a:/bin/sh:userdb_quota_rule=*:storage=2M:messages=9 "
      "nologin\r\nben@example.com:$6$x$y\neva::1:1\n:x\nfay:x:::::"
      ":userdb_quota_storage_size=1G userdb_quota_rule2=Trash:storage=+10%%\n"
      "gus:x::::::userdb_quota_rule=*:storage=100",
      AccountFormat::dovecot);
  ASSERT_EQ(list.entries.size(), 6U);
  EXPECT_EQ(list.entries[0].line, 3U);
  EXPECT_EQ(list.entries[0].name, "ada@example.org");
  EXPECT_EQ(list.entries[0].password, "{SSHA}x");
  EXPECT_EQ(list.entries[0].max_bytes, 2U << 20);
  EXPECT_EQ(list.entries[0].max_messages, 9U);
  EXPECT_EQ(list.entries[0].trouble, "");
  EXPECT_EQ(list.entries[1].name, "ben@example.com");
  EXPECT_EQ(list.entries[2].trouble, "it has no password");
  EXPECT_EQ(list.entries[3].trouble, "it has no name");
  EXPECT_EQ(list.entries[4].max_bytes, 1U << 30);
  EXPECT_EQ(list.entries[5].max_bytes, 100U << 10);  // Kibibytes, as in Dovecot.
  EXPECT_EQ(list.unused, (std::set<std::string>{"nologin", "userdb_quota_rule2"}));
}

TEST(AccountFiles, LeavesOutUsersOfTheSystem) {
  const AccountList list =
      read("root:*:1:::\nda:!:1::\ndb:!!:1::\ndc::1::\nada:$y$x$y$z:1::\nben:!$6$x$y:1::\n",
           AccountFormat::shadow);
  ASSERT_EQ(list.entries.size(), 2U);
  EXPECT_EQ(list.left_out, 4U);
  EXPECT_EQ(list.entries[0].name, "ada@example.org");
  EXPECT_EQ(list.entries[1].trouble, "its password is locked");
}

TEST(AccountFiles, ReadsLdif) {
  const AccountList list = read(
      "version: 1\n\ndn: dc=org\nobjectClass: domain\n\ndn: uid=a\nmail: ada@ex\n ample.org\n"
      "userPassword:: e1NTSEF9eA==\n# comment\nuid: a\n\ndn: uid=b\nuid: ben\nuserPassword: "
      "secret\n"
      "\n\ndn: uid=c\nmail: c@example.org\nmail: d@example.org\nuserPassword: x\n\n"
      "dn: uid=e\nmail: e@example.org\nuserPassword:: ?\n\ndn: uid=f\r\nmail: f@example.org\r\n",
      AccountFormat::ldif);
  ASSERT_EQ(list.entries.size(), 5U);
  EXPECT_EQ(list.entries[0].name, "ada@example.org");
  EXPECT_EQ(list.entries[0].password, "{SSHA}x");
  EXPECT_EQ(list.entries[1].name, "ben@example.org");
  EXPECT_EQ(list.entries[1].scheme, "PLAIN");
  EXPECT_EQ(list.entries[2].trouble, "it has several attributes mail");
  EXPECT_EQ(list.entries[3].trouble, "its attribute userpassword is not valid base64");
  EXPECT_EQ(list.entries[4].trouble, "it has no password");
}

TEST(AccountFiles, ReadsCsv) {
  const AccountList list = read(
      "Email,Hash,quota,max_messages,colour\r\nada,\"a,\"\"b\"\"\",5M,7,red\r\n\r\n"
      "\"b\nen\",x,,,\r\neva,x,lots,,\r\nfay,x\r\n",
      AccountFormat::csv);
  ASSERT_EQ(list.entries.size(), 4U);
  EXPECT_EQ(list.entries[0].line, 2U);
  EXPECT_EQ(list.entries[0].name, "ada@example.org");
  EXPECT_EQ(list.entries[0].password, "a,\"b\"");
  EXPECT_EQ(list.entries[0].max_bytes, 5U << 20);
  EXPECT_EQ(list.entries[0].max_messages, 7U);
  EXPECT_EQ(list.entries[1].name, "b\nen@example.org");
  EXPECT_EQ(list.entries[2].line, 6U);
  EXPECT_EQ(list.entries[2].trouble, "its quota is not a number");
  EXPECT_EQ(list.entries[3].trouble, "it has 2 fields instead of 5");
  EXPECT_EQ(list.unused, (std::set<std::string>{"colour"}));
  EXPECT_FALSE(read_accounts("a:b\nc:d\n", AccountFormat::csv, kOptions));
  EXPECT_FALSE(read_accounts("name,password\nada,\"x\n", AccountFormat::csv, kOptions));
}

TEST(AccountFiles, ReadsJson) {
  constexpr std::string_view kList =
      R"([{"name": "ada", "password": "{SSHA}x", "quota": 1000, "id": 4}, 5])";
  const AccountList list = read(kList, AccountFormat::json);
  ASSERT_EQ(list.entries.size(), 2U);
  EXPECT_EQ(list.entries[0].name, "ada@example.org");
  EXPECT_EQ(list.entries[0].max_bytes, 1000U);
  EXPECT_EQ(list.entries[1].trouble, "it is not an object");
  EXPECT_EQ(list.unused, (std::set<std::string>{"id"}));
  const AccountList lines = read(
      "{\"name\": \"ada\", \"password\": \"x\"}\n\n{\"name\": \"ben\"}\n", AccountFormat::json);
  ASSERT_EQ(lines.entries.size(), 2U);
  EXPECT_EQ(lines.entries[1].line, 3U);
  EXPECT_EQ(lines.entries[1].trouble, "it has no password");
  EXPECT_FALSE(read_accounts("{\"name\": \n", AccountFormat::json, kOptions));
}

TEST(AccountFiles, NumbersMayHaveUnits) {
  EXPECT_EQ(parse_octets("1000"), 1000U);
  EXPECT_EQ(parse_octets("2GiB"), 2ULL << 30);
  EXPECT_EQ(parse_octets("3kb"), 3U << 10);
  for (const char* const bad : {"", "x", "5 M", "5Mx", "-1", "99999999999999999999", "20000000T"})
    EXPECT_EQ(parse_octets(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace posthorn::cli
