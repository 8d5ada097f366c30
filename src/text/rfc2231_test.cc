#include "text/rfc2231.h"

#include <gtest/gtest.h>

namespace posthorn::text {
namespace {

using Params = std::vector<Param>;

// RFC 2231 §3, §4.1.
TEST(Rfc2231, Joining) {
  EXPECT_EQ(join_params({{"url*0", "ftp://"}, {"url*1", "cs.utk.edu/"}, {"x", "y"}}),
            (Params{{"url", "ftp://cs.utk.edu/"}, {"x", "y"}}));
  EXPECT_EQ(join_params({{"t*1", "b"}, {"t*0", "a"}, {"t*3", "gap"}}), (Params{{"t", "ab"}}));
  EXPECT_EQ(join_params({{"title*0*", "us-ascii'en'This%20is"},
                         {"title*1*", "%20fun"},
                         {"title*2", "isn't it!"}}),
            (Params{{"title*", "us-ascii'en'This%20is%20funisn%27t%20it!"}}));
  EXPECT_EQ(join_params({{"name*", "utf-8''%C3%A9"}}), (Params{{"name*", "utf-8''%C3%A9"}}));
  EXPECT_EQ(join_params({{"a", "1"}, {"A", "2"}, {"b*0", "x"}, {"b*0", "y"}}),
            (Params{{"a", "1"}, {"b", "x"}}));
  EXPECT_EQ(join_params({{"c*1", "lost"}}), (Params{{"c", ""}}));
}

TEST(Rfc2231, Text) {
  const Params joined = join_params({{"title*0*", "us-ascii'en'This%20is%20even%20more%20"},
                                     {"title*1*", "%2A%2A%2Afun%2A%2A%2A%20"},
                                     {"title*2", "isn't it!"},
                                     {"old", "=?utf-8?q?=C3=A9?="},
                                     {"both", "plain"},
                                     {"both*", "iso-8859-1''%E9"}});
  EXPECT_EQ(param_text(joined, "TITLE"), "This is even more ***fun*** isn't it!");
  EXPECT_EQ(param_text(joined, "old"), "\xC3\xA9");
  EXPECT_EQ(param_text(joined, "both"), "\xC3\xA9");
  EXPECT_EQ(param_text(joined, "none"), "");
  EXPECT_EQ(*find_param(joined, "BOTH"), "plain");
  EXPECT_EQ(find_param(joined, "none"), nullptr);
  EXPECT_EQ(decode_extended("no quotes %41"), "no quotes A");
  EXPECT_EQ(decode_extended("x-nope''%E9"), "\xC3\xA9");
  EXPECT_EQ(decode_extended("utf-8''%zz%4"), "%zz%4");
}

}  // namespace
}  // namespace posthorn::text
