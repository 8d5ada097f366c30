#include "store/change/upload.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/store_fixture.h"
#include "store/store_state.h"

namespace posthorn::store {
namespace {

class UploadTest : public StoreFixture {
 protected:
  /// What all uploads of the store keep in memory.
  [[nodiscard]] std::size_t kept() const { return *store_->state().upload_octets; }
  Status feed(Upload& upload, std::string_view octets) { return run(upload.feed(octets)); }
};

std::string body_of(std::size_t octets, std::size_t number) {
  std::string body;
  while (body.size() < octets) body += "line " + std::to_string(number++) + "\r\n";
  return body;
}

TEST_F(UploadTest, ALargeMessageKeepsOnePiece) {
  const AccountPtr account = make_account("ada");
  {
    Upload upload(*store_, account->id());
    ASSERT_TRUE(feed(upload, "Subject: large\r\n\r\n"));
    for (std::size_t i = 0; i < 8; ++i) ASSERT_TRUE(feed(upload, body_of(1 << 20, i << 20)));
    EXPECT_LT(kept(), 300U << 10);
    auto email = run(upload.finish());
    ASSERT_TRUE(email) << email.error().text;
    for (std::size_t i = 0; i + 1 < email->holds->size(); ++i)
      EXPECT_LE((*email->holds)[i].bytes.capacity(), sizeof(std::string)) << i;
  }
  EXPECT_EQ(kept(), 0U);
}

TEST_F(UploadTest, ManyUnfinishedMessagesAreBoundedTogether) {
  const AccountPtr account = make_account("ada");
  const std::string body = body_of(220 << 10, 0);
  std::vector<Upload> uploads;
  constexpr std::size_t kCount = 500;
  for (std::size_t i = 0; i < kCount; ++i) {
    uploads.emplace_back(*store_, account->id());
    ASSERT_TRUE(feed(uploads.back(), "Subject: one of many\r\n\r\n"));
    ASSERT_TRUE(feed(uploads.back(), body));
  }
  EXPECT_GT(kept(), 60U << 20);
  EXPECT_LT(kept(), (64U << 20) + kCount * (48U << 10));
  // They are none the worse for it.
  auto email = run(uploads.back().finish());
  ASSERT_TRUE(email) << email.error().text;
  EXPECT_EQ(email->size, body.size() + std::string("Subject: one of many\r\n\r\n").size());
  EXPECT_GT(email->holds->size(), 2U);
  uploads.clear();
  EXPECT_LT(kept(), 64U << 10) << "only what is not committed yet";
}

TEST_F(UploadTest, FinishedMessagesOfOneCommandAreBoundedToo) {
  const AccountPtr account = make_account("ada");
  std::vector<NewEmail> emails;
  for (std::size_t i = 0; i < 800; ++i) {
    Upload upload(*store_, account->id());
    // Octets that cannot be compressed well.
    std::string body;
    for (std::uint64_t x = i * 7919 + 1; body.size() < 120'000; x = x * 6364136223846793005 + 1)
      body += static_cast<char>('!' + (x >> 40) % 90);
    ASSERT_TRUE(feed(upload, "Subject: one of many\r\n\r\n"));
    ASSERT_TRUE(feed(upload, body));
    auto email = run(upload.finish());
    ASSERT_TRUE(email) << email.error().text;
    emails.push_back(std::move(*email));
  }
  EXPECT_LT(kept(), 66U << 20);
  emails.clear();
  EXPECT_EQ(kept(), 0U);
}

}  // namespace
}  // namespace posthorn::store
