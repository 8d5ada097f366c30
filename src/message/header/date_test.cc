#include "message/header/date.h"

#include <gtest/gtest.h>

namespace posthorn::message {
namespace {

TEST(Date, Valid) {
  const std::pair<std::string, Timestamp> cases[] = {
      {"Thu, 01 Jan 1970 00:00:00 +0000", {0, 0}},
      {"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)", {837595405, -420}},
      {" 17 Jul 1996 02:23:25 -0700", {837595405, -420}},
      {"17 Jul 1996 02:23 -0700", {837595380, -420}},
      {"17 Jul 96 02:23:25 PDT", {837595405, -420}},
      {"Wed,17-Jul-1996 09:23:25 GMT", {837595405, 0}},
      {"Wed (x), 17 (y) Jul\r\n 1996 09 : 23 : 25 (z) +0000", {837595405, 0}},
      {"Wed Jul 17 09:23:25 1996", {837595405, 0}},
      {"Jul 17, 1996 09:23:25 +0000", {837595405, 0}},
      {"17 July 1996 09:23:25 UT", {837595405, 0}},
      {"1 Jan 49 00:00 Z", {2493072000, 0}},
      {"1 Jan 50 00:00 Z", {-631152000, 0}},
      {"1 Jan 126 00:00 Z", {1767225600, 0}},
      {"29 Feb 2024 00:00:60 +0000", {1709164859, 0}},
      {"31 Dec 2000 16:01:33 -0800", {978307293, -480}},
      {"1 Jan 2001 00:00:00 +1400", {978256800, 840}},
      // RFC 5256 §2.2: bad zone is UTC, bad time is midnight.
      {"1 Jan 2001 00:00:00 XYZ", {978307200, 0}},
      {"1 Jan 2001 00:00:00 +9999", {978307200, 0}},
      {"1 Jan 2001 25:00:00 +0000", {978307200, 0}},
      {"1 Jan 2001", {978307200, 0}},
      {"1 Jan 2001 junk", {978307200, 0}},
  };
  for (const auto& [raw, t] : cases) {
    const auto parsed = parse_date(raw);
    ASSERT_TRUE(parsed) << raw;
    EXPECT_EQ(parsed->seconds, t.seconds) << raw;
    EXPECT_EQ(parsed->zone_minutes, t.zone_minutes) << raw;
  }
}

TEST(Date, IsWritten) {
  EXPECT_EQ(format_date({1795405893, 0}), "Mon, 23 Nov 2026 03:51:33 +0000");
  EXPECT_EQ(format_date({1795405893, -210}), "Mon, 23 Nov 2026 00:21:33 -0330");
  EXPECT_EQ(format_date({0, 330}), "Thu, 01 Jan 1970 05:30:00 +0530");
  for (const std::int64_t seconds : {0LL, 951782400LL, 1795405893LL, 4102444799LL})
    for (const std::int16_t zone : {-720, -1, 0, 60, 840})
      EXPECT_EQ(parse_date(format_date({seconds, zone})), (Timestamp{seconds, zone}));
}

TEST(Date, Junk) {
  for (const std::string_view raw :
       {"", "yesterday", "32 Jan 2001", "0 Jan 2001", "29 Feb 2023", "1 Foo 2001", "1 Jan",
        "1 Jan 20011", "1 Jan 1", "Mon,", "(((", "2001-01-01T00:00:00Z", "\xFF\xFF"})
    EXPECT_EQ(parse_date(raw), std::nullopt) << raw;
  EXPECT_EQ(parse_date(std::string(1 << 20, '(')), std::nullopt);
}

}  // namespace
}  // namespace posthorn::message
