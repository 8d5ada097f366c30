#include "wire/smtp/internet_date.h"

#include <gtest/gtest.h>

namespace posthorn::wire::smtp {
namespace {

TEST(InternetDateTest, ReadsWhatRfc3339Says) {
  EXPECT_EQ(parse_internet_date("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_internet_date("2026-11-23T04:51:33+01:00"), 1795405893);
  EXPECT_EQ(parse_internet_date("2026-11-23t03:51:33.123z"), 1795405893);
  EXPECT_EQ(parse_internet_date("2026-11-22T22:51:33-05:00"), 1795405893);
  EXPECT_EQ(parse_internet_date(format_internet_date(1795405893)), 1795405893);
  EXPECT_EQ(format_internet_date(-1), "1969-12-31T23:59:59Z");
}

TEST(InternetDateTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "2026-11-23", "2026-11-23T04:51:33", "2026-11-23 04:51:33Z", "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T04:51:33Zx",
        "2026-11-23T04:51:33.Z", "2026-11-23T04:51:33+0100", "+026-11-23T04:51:33Z"})
    EXPECT_FALSE(parse_internet_date(text)) << text;
}

}  // namespace
}  // namespace posthorn::wire::smtp
