#include "wire/smtp/address.h"

#include <gtest/gtest.h>

namespace posthorn::wire::smtp {
namespace {

std::optional<Address> path(std::string_view text, BareNames bare = BareNames::any) {
  auto address = take_path(text, bare);
  EXPECT_TRUE(!address || text.empty());
  return address;
}

TEST(Path, TakesOrdinaryOnes) {
  EXPECT_EQ(path("<anna@example.org>"), (Address{"anna", "example.org"}));
  EXPECT_EQ(path("<>"), Address{});
  EXPECT_EQ(path("<o'brien+lists/x=y@sub.example.org>"),
            (Address{"o'brien+lists/x=y", "sub.example.org"}));
  EXPECT_EQ(path("<a@[192.0.2.1]>"), (Address{"a", "[192.0.2.1]"}));
  EXPECT_EQ(path("<a@[IPv6:2001:db8::1]>"), (Address{"a", "[IPv6:2001:db8::1]"}));
  EXPECT_EQ(path("<a..b.@under_score.example>"), (Address{"a..b.", "under_score.example"}));
}

TEST(Path, UnquotesLocalParts) {
  EXPECT_EQ(path(R"(<"a b"@x.org>)"), (Address{"a b", "x.org"}));
  EXPECT_EQ(path(R"(<"a\"\\@>"@x.org>)"), (Address{"a\"\\@>", "x.org"}));
  EXPECT_EQ(path(R"(<"joe"@x.org>)"), path("<joe@x.org>"));
  EXPECT_FALSE(path(R"(<""@x.org>)"));
  EXPECT_FALSE(path(R"(<"joe@x.org>)"));
  EXPECT_FALSE(path("<\"a\x01\"@x.org>"));
}

TEST(Path, IgnoresSourceRoutes) {
  EXPECT_EQ(path("<@a.example,@b.example:joe@x.org>"), (Address{"joe", "x.org"}));
  EXPECT_FALSE(path("<@a.example,joe@x.org>"));
  EXPECT_FALSE(path("<@:joe@x.org>"));
}

TEST(Path, TakesUtf8ButNothingElse) {
  EXPECT_EQ(path("<j\xc3\xb6rg@b\xc3\xbc"
                 "cher.example>"),
            (Address{"j\xc3\xb6rg",
                     "b\xc3\xbc"
                     "cher.example"}));
  EXPECT_FALSE(path("<j\xf6rg@example.org>"));
  EXPECT_FALSE(path("<\"j\xf6rg\"@example.org>"));
  EXPECT_FALSE(path("<a@\xff.example>"));
}

TEST(Path, TakesBareNamesWhereAllowed) {
  EXPECT_EQ(path("<anna>"), (Address{"anna", ""}));
  EXPECT_FALSE(path("<anna>", BareNames::postmaster));
  EXPECT_EQ(path("<Postmaster>", BareNames::postmaster), (Address{"Postmaster", ""}));
}

TEST(Path, RefusesWhatIsNone) {
  for (const char* bad :
       {"", "<", "anna@x.org", "<anna@x.org", "<anna@>", "<@x.org>", "< anna@x.org>",
        "<anna@x.org >", "<an na@x.org>", "<anna@.org>", "<anna@x.org.>", "<anna@x..org>",
        "<a@b@c>", "<anna@[>", "<anna@[]>", "<a(b)@x.org>", "<a,b@x.org>", "<a@[1.2.3.4>"}) {
    EXPECT_FALSE(path(bad)) << bad;
  }
  EXPECT_TRUE(path("<" + std::string(256, 'a') + "@x.org>"));
  EXPECT_FALSE(path("<" + std::string(257, 'a') + "@x.org>"));
  EXPECT_FALSE(path("<a@" + std::string(256, 'x') + ">"));
}

TEST(Address, IsWrittenSoThatItReadsBack) {
  for (const Address& a : {Address{"anna", "x.org"}, Address{"a b", "x.org"}, Address{"", ""},
                           Address{"a\"b\\c", "x.org"}, Address{"..", "x.org"}, Address{"anna", ""},
                           Address{"j\xc3\xb6", "[192.0.2.1]"}}) {
    EXPECT_EQ(path(format_path(a)), a) << format_path(a);
  }
  EXPECT_EQ(format_path({"a b", "x.org"}), R"(<"a b"@x.org>)");
  EXPECT_EQ(format_path({"a.b", "x.org"}), "<a.b@x.org>");
  EXPECT_EQ(parse_address("anna@x.org", BareNames::any), (Address{"anna", "x.org"}));
  EXPECT_FALSE(parse_address("anna@x.org ", BareNames::any));
}

}  // namespace
}  // namespace posthorn::wire::smtp
