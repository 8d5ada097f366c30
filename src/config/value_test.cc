#include "config/value.h"

#include <gtest/gtest.h>

namespace posthorn::config {
namespace {

using std::chrono::milliseconds;

TEST(Size, KnowsItsUnits) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("1500"), 1500U);
  EXPECT_EQ(parse_size("64MiB"), 64U << 20);
  EXPECT_EQ(parse_size("64 mib"), 64U << 20);
  EXPECT_EQ(parse_size("64M"), 64U << 20);
  EXPECT_EQ(parse_size("100MB"), 100'000'000U);
  EXPECT_EQ(parse_size("1_000KB"), 1'000'000U);
  EXPECT_EQ(parse_size("2TiB"), 2ULL << 40);
  for (const char* bad : {"", "MiB", "-1", "1.5G", "1XB", "1 GiB 2", "99999999999999999999",
                          "99999999999TiB", "_1", "1GiB1"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
}

TEST(Duration, KnowsItsUnits) {
  EXPECT_EQ(parse_duration("90"), milliseconds(90'000));
  EXPECT_EQ(parse_duration("90s"), milliseconds(90'000));
  EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(parse_duration("1h30m"), std::chrono::minutes(90));
  EXPECT_EQ(parse_duration("1h 30m"), std::chrono::minutes(90));
  EXPECT_EQ(parse_duration("30d"), std::chrono::days(30));
  EXPECT_EQ(parse_duration("4w"), std::chrono::days(28));
  for (const char* bad :
       {"", "s", "-1s", "1.5h", "1y", "30m5", "5 30m", "99999999999999d", "1h-"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

TEST(Endpoint, KnowsItsForms) {
  EXPECT_EQ(parse_endpoint("*:143"), (Endpoint{"*", 143}));
  EXPECT_EQ(parse_endpoint("[2001:db8::1]:993"), (Endpoint{"2001:db8::1", 993}));
  EXPECT_EQ(parse_endpoint("mail.example.org:24"), (Endpoint{"mail.example.org", 24}));
  for (const char* bad : {"", "143", ":143", "*:", "*:0", "*:65536", "*:+1", "::1:143", "[::1]",
                          "[]:1", "[::1:143", "a b:1", "*:14 3"}) {
    EXPECT_FALSE(parse_endpoint(bad)) << bad;
  }
  EXPECT_EQ(to_text({"::1", 143}), "[::1]:143");
  EXPECT_EQ(to_text({"*", 143}), "*:143");
}

TEST(Format, ReadsBackTheSame) {
  for (const std::uint64_t n : {0ULL, 1ULL, 1000ULL, 1024ULL, 1500ULL, 100'000'000ULL,
                                4'294'967'295ULL, 256ULL << 20, 3ULL << 40}) {
    EXPECT_EQ(parse_size(format_size(n)), n);
    EXPECT_EQ(parse_duration(format_duration(milliseconds(n % 1'000'000'000'000))),
              milliseconds(n % 1'000'000'000'000));
  }
  EXPECT_EQ(format_size(100'000'000), "100MB");
  EXPECT_EQ(format_size(64U << 20), "64MiB");
  EXPECT_EQ(format_duration(std::chrono::days(30)), "30d");
  EXPECT_EQ(format_duration(std::chrono::seconds(90)), "90s");
}

}  // namespace
}  // namespace posthorn::config
