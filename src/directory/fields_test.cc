#include "directory/fields.h"

#include <gtest/gtest.h>

#include "directory/ldap_escape.h"
#include "directory/sql_link.h"

namespace posthorn::directory {
namespace {

// RFC 4515 §4 has "Parens R Us (for all your parenthetical needs)", and a backslash in C:\MyFile.
TEST(LdapEscape, AValueOfAFilterStandsForItself) {
  EXPECT_EQ(escape_for_filter("Parens R Us (for all your parenthetical needs)"),
            "Parens R Us \\28for all your parenthetical needs\\29");
  EXPECT_EQ(escape_for_filter("*)(uid=*"), "\\2a\\29\\28uid=\\2a");
  EXPECT_EQ(escape_for_filter("C:\\MyFile"), "C:\\5cMyFile");
  EXPECT_EQ(escape_for_filter(std::string("a\0b", 3)), "a\\00b");
  EXPECT_EQ(escape_for_filter("Lu\xc4\x8di\xc4\x87"), "Lu\\c4\\8di\\c4\\87");
  EXPECT_EQ(escape_for_filter("ann@example.org"), "ann@example.org");
}

// RFC 4514 §4 has the commas, the quotes and the line break.
TEST(LdapEscape, AValueOfADnStandsForItself) {
  EXPECT_EQ(escape_for_dn("James \"Jim\" Smith, III"), "James \\\"Jim\\\" Smith\\, III");
  EXPECT_EQ(escape_for_dn("Before\rAfter"), "Before\\0dAfter");
  EXPECT_EQ(escape_for_dn(" #x "), "\\ #x\\ ");
  EXPECT_EQ(escape_for_dn("#x"), "\\#x");
  EXPECT_EQ(escape_for_dn("a,dc=b+c=d"), "a\\,dc\\=b\\+c\\=d");
  EXPECT_EQ(escape_for_dn(std::string("a\0b", 3)), "a\\00b");
}

TEST(Fields, AreExpandedOnce) {
  const Asked asked("%{domain}@example.org");
  EXPECT_EQ(expand("(mail=%{name})(u=%{user})%{x}", asked, escape_for_filter),
            "(mail=%{domain}@example.org)(u=%{domain})%{x}");
}

TEST(Fields, AreParametersOfQueries) {
  const Asked asked("o'neil@example.org");
  const SqlQuery query = make_query("SELECT %{name}, %{domain}, %{name}", asked, '$');
  EXPECT_EQ(query.text, "SELECT $1, $2, $1");
  EXPECT_EQ(query.parameters, (std::vector<std::string>{"o'neil@example.org", "example.org"}));
}

TEST(Fields, WhetherSomebodyIsEnabled) {
  EXPECT_TRUE(*parse_enabled("enabled", "t"));
  EXPECT_TRUE(*parse_enabled("accountStatus", "Active"));
  EXPECT_FALSE(*parse_enabled("enabled", "0"));
  EXPECT_FALSE(parse_enabled("enabled", ""));
  EXPECT_FALSE(parse_enabled("enabled", "maybe"));
  EXPECT_TRUE(*parse_enabled("userAccountControl", "512"));
  EXPECT_FALSE(*parse_enabled("USERACCOUNTCONTROL", "514"));
  EXPECT_FALSE(parse_enabled("userAccountControl", "TRUE"));
  EXPECT_FALSE(*parse_enabled("nsAccountLock", "TRUE"));
  EXPECT_TRUE(*parse_enabled("nsAccountLock", "false"));
}

TEST(Fields, QuotasAreOctets) {
  EXPECT_EQ(*parse_quota("0"), 0U);
  EXPECT_EQ(*parse_quota("1000"), 1000U);
  EXPECT_EQ(*parse_quota("5G"), 5ULL << 30);
  EXPECT_EQ(*parse_quota("5GiB"), 5ULL << 30);
  EXPECT_EQ(*parse_quota("2kb"), 2048U);
  for (const char* bad : {"", "G", "-1", "5X", "5GG", "1.5G", "99999999999999999999", "99999999T"})
    EXPECT_FALSE(parse_quota(bad)) << bad;
}

TEST(Fields, NamesAreThoseOfAccounts) {
  const Asked asked("a@example.org");
  EXPECT_EQ(*account_name("Ann@Example.org", asked), "ann@example.org");
  EXPECT_EQ(*account_name("ann", asked), "ann@example.org");
  EXPECT_EQ(*account_name("ann", Asked("ann")), "ann");
  for (const char* bad : {"", "@example.org", "an n@example.org", "ann\n@example.org"})
    EXPECT_FALSE(account_name(bad, asked)) << bad;
}

TEST(Fields, ErrorsContainNoHash) {
  const auto bad = parse_password("{SSHA}not-a-hash", "CRYPT", {});
  ASSERT_FALSE(bad);
  EXPECT_FALSE(bad.error().text.contains("not-a-hash"));
  EXPECT_FALSE(parse_password(
      "{BLF-CRYPT}$2y$31$tWgebcrrScK7hZu4GizuG.a1kjrm6djnRiIzZalnuoE6Vkv7uvYEO", "CRYPT", {}));
}

}  // namespace
}  // namespace posthorn::directory
