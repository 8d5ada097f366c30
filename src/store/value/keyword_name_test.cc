#include "store/value/keyword_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/format/codec.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

TEST(KeywordName, IsAnAtom) {
  for (const char* const good : {"$Junk", "a", "NonJunk", "a[b}", "x-y.z:1"})
    EXPECT_TRUE(is_keyword_name(good)) << good;
  for (const char* const bad : {"", "a b", "a)", "(a", "{1}", "a%", "*", "\"a\"", "\\Seen", "a]",
                                "a\r\n", "a\r", "\x7f", "\xc3\xa9"})
    EXPECT_FALSE(is_keyword_name(bad)) << bad;
  EXPECT_TRUE(is_keyword_name(std::string(255, 'a')));
  EXPECT_FALSE(is_keyword_name(std::string(256, 'a')));
}

TEST(KeywordName, StoredOnesAreMendedInPlace) {
  const std::vector<std::string> stored = {"blue", "a)", "BODY[]", "a(", "", "A_"};
  const auto loaded = decode_keywords(encode_keywords(stored));
  ASSERT_TRUE(loaded);
  EXPECT_THAT(*loaded, testing::ElementsAre("blue", "a_-2", "BODY[_", "a_-3", "_", "A_"));
}

class KeywordsTest : public StoreFixture {};

TEST_F(KeywordsTest, AMessageWithAnotherKindOfKeywordIsRefused) {
  const AccountPtr ada = make_account("ada@example.org");
  const NewEmail email = upload(ada, message("one"));
  const MailboxId inbox = ada->published()->find("INBOX")->id;
  const auto append = [&](const std::string& keyword) {
    return change(ada, {}, [&](Change& change) -> Status {
      auto uid = change.append(inbox, email, {0, {keyword}}, Timestamp{});
      return uid ? Status() : pass(uid);
    });
  };
  const auto refused = append("a) BODY[] \"x\"");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::bad_argument);
  EXPECT_TRUE(append("$Junk"));
}

}  // namespace
}  // namespace posthorn::store
