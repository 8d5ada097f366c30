#include "auth/credentials.h"

#include <gtest/gtest.h>

#include "auth/sasl/saslprep.h"
#include "text/base64.h"

namespace posthorn::auth {
namespace {

constexpr std::uint32_t kFew = 8;  // Tests do not need the hash to be slow.

// RFC 7677 §3: salt and proof of its example; the stored key follows from them.
TEST(Credentials, DerivesTheKeysOfTheExample) {
  const std::string salt = *text::base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==");
  const ScramKeys keys = derive_keys("pencil", salt, 4096);
  EXPECT_EQ(text::base64_encode(view(keys.stored_key)),
            "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=");
  EXPECT_EQ(text::base64_encode(view(keys.server_key)),
            "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
}

TEST(Credentials, VerifiesThePasswordAndNoOther) {
  const ScramKeys keys = make_keys("correct horse", kFew);
  EXPECT_TRUE(verify_password(keys, "correct horse"));
  EXPECT_FALSE(verify_password(keys, "correct horsf"));
  EXPECT_FALSE(verify_password(keys, ""));
  EXPECT_FALSE(verify_password(keys, "correct horse "));
  EXPECT_FALSE(verify_password(ScramKeys{}, ""));
}

TEST(Credentials, GivesEverybodyASaltOfHisOwn) {
  EXPECT_NE(make_keys("same", kFew).stored_key, make_keys("same", kFew).stored_key);
}

// RFC 4013 §3: the same password typed on different keyboards.
TEST(Credentials, PreparesThePassword) {
  EXPECT_TRUE(verify_password(make_keys("IX", kFew), "I\xc2\xadX"));    // Soft hyphen is dropped.
  EXPECT_TRUE(verify_password(make_keys("\xe2\x85\xa8", kFew), "IX"));  // Roman numeral nine.
  EXPECT_TRUE(verify_password(make_keys("a\xcc\x88", kFew), "\xc3\xa4"));  // a with diaeresis.
  EXPECT_FALSE(verify_password(make_keys("USER", kFew), "user"));
}

TEST(Credentials, TakesTheBytesWherePreparationFails) {
  const std::string not_utf8 = "pass\xff\xfe";
  EXPECT_TRUE(verify_password(make_keys(not_utf8, kFew), not_utf8));
  EXPECT_FALSE(verify_password(make_keys(not_utf8, kFew), "pass\xff"));
  const std::string bell = "ring\x07";
  EXPECT_TRUE(verify_password(make_keys(bell, kFew), bell));
}

TEST(Credentials, SurvivesStorage) {
  const ScramKeys keys = make_keys("secret", 20000);
  const std::string stored = encode_keys(keys);
  const auto read = decode_credentials(stored);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->keys, keys);
  EXPECT_FALSE(read->hash);
  for (std::size_t length = 0; length < stored.size(); ++length) {
    EXPECT_FALSE(decode_credentials(std::string_view(stored).substr(0, length)).has_value())
        << length;
  }
  EXPECT_FALSE(decode_credentials(stored + "x").has_value());
  std::string other_version = stored;
  other_version[0] = 9;
  EXPECT_EQ(decode_credentials(other_version).error().kind, ErrorKind::corrupt);
}

TEST(Credentials, MayBeInADirectory) {
  const std::string stored = encode_credentials({.directory = "work"});
  const auto read = decode_credentials(stored);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->directory, "work");
  EXPECT_FALSE(read->keys || read->hash);
  EXPECT_FALSE(decode_credentials(stored + "x"));
  EXPECT_FALSE(decode_credentials(std::string_view(stored).substr(0, 3)));
  EXPECT_FALSE(decode_credentials(std::string("\3\0", 2)));
}

TEST(Credentials, RefusesStoredIterationsThatWouldHoldAThread) {
  ScramKeys keys = make_keys("secret", kFew);
  keys.iterations = kMaxIterations + 1;
  EXPECT_FALSE(decode_credentials(encode_keys(keys)).has_value());
  keys.iterations = 0;
  EXPECT_FALSE(decode_credentials(encode_keys(keys)).has_value());
}

// RFC 4013 §3.
TEST(Saslprep, DoesTheExamples) {
  EXPECT_EQ(saslprep("user", PrepareAs::stored), "user");
  EXPECT_EQ(saslprep("I\xc2\xadX", PrepareAs::stored), "IX");
  EXPECT_EQ(saslprep("\xc2\xaa", PrepareAs::stored), "a");
  EXPECT_EQ(saslprep("\xe2\x85\xa8", PrepareAs::stored), "IX");
  EXPECT_EQ(saslprep("\x07", PrepareAs::stored), std::nullopt);
  EXPECT_EQ(saslprep("\xd8\xa7\x31", PrepareAs::stored), std::nullopt);  // Bidirectional check.
  EXPECT_EQ(saslprep("\xff", PrepareAs::query), std::nullopt);
}

TEST(Saslprep, AllowsUnassignedInQueriesOnly) {
  const std::string emoji = "\xf0\x9f\x98\x80";  // Not in Unicode 3.2.
  EXPECT_EQ(saslprep(emoji, PrepareAs::query), emoji);
  EXPECT_EQ(saslprep(emoji, PrepareAs::stored), std::nullopt);
}

}  // namespace
}  // namespace posthorn::auth
