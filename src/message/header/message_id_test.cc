#include "message/header/message_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthorn::message {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MessageId, Normalised) {
  // RFC 5256 §3: these two ids are equal.
  EXPECT_EQ(parse_message_id(" <\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>"),
            "01KF8JCEOCBS0045PS@xxx.yyy.com");
  EXPECT_EQ(parse_message_id("<01KF8JCEOCBS0045PS@xxx.yyy.com>"), "01KF8JCEOCBS0045PS@xxx.yyy.com");
  EXPECT_EQ(parse_message_id("< a . b (c) @ d >"), "a.b@d");
  EXPECT_EQ(parse_message_id("<a@[1.2 .3]>"), "a@[1.2.3]");
  EXPECT_EQ(parse_message_id("text <Case@Kept> more"), "Case@Kept");
  for (const std::string_view bad : {"", "a@b", "<a>", "<@b>", "<a@>", "<a@b", "<>", "<<<"})
    EXPECT_EQ(parse_message_id(bad), "") << bad;
}

TEST(MessageId, Lists) {
  EXPECT_THAT(parse_message_id_list("<a@b>\r\n\t<c@d> junk, <bad> <e@f>"),
              ElementsAre("a@b", "c@d", "e@f"));
  EXPECT_THAT(parse_message_id_list("<a@b <c@d>"), ElementsAre("c@d"));
  EXPECT_THAT(parse_message_id_list("<1@x><2@x><3@x><4@x><5@x>", 3),
              ElementsAre("1@x", "4@x", "5@x"));
  EXPECT_THAT(parse_message_id_list("<" + std::string(2000, 'x') + "@y> <a@b>"),
              ElementsAre("a@b"));
}

TEST(MessageId, ThreadReferences) {
  EXPECT_THAT(thread_references("<a@b> <c@d>", "<x@y>"), ElementsAre("a@b", "c@d"));
  EXPECT_THAT(thread_references("none valid", "<x@y> <z@w>"), ElementsAre("x@y"));
  EXPECT_THAT(thread_references("", ""), IsEmpty());
}

}  // namespace
}  // namespace posthorn::message
