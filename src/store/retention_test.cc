#include "store/retention.h"

#include <gtest/gtest.h>

namespace posthorn::store {
namespace {

constexpr std::int64_t kDay = 86400;

std::int64_t parsed(std::string_view text) {
  const auto age = parse_retention(text);
  return age ? *age : -1;
}

TEST(Retention, IsWrittenInDaysOrWeeksWithinBounds) {
  EXPECT_EQ(parsed("1d"), kDay);
  EXPECT_EQ(parsed("30d"), 30 * kDay);
  EXPECT_EQ(parsed("2w"), 14 * kDay);
  EXPECT_EQ(parsed("3650d"), kLongestRetention);
  EXPECT_EQ(parsed("never"), 0);
  for (const char* text : {"", "0d", "3651d", "30", "d", "-1d", "1h", "30dd", "30 d",
                           "99999999999d", "4294967295w", "Never", "default"})
    EXPECT_EQ(parsed(text), -1) << text;
  for (const char* text : {"1d", "14d", "3650d", "never"})
    EXPECT_EQ(format_retention(parsed(text)), text);
}

class RetentionOfTest : public testing::Test {
 protected:
  std::int64_t of(SpecialUses uses, std::string own = "") {
    AccountState state;
    if (!own.empty()) {
      auto annotations = std::make_shared<Annotations>();
      annotations->set({MailboxId(3), {}, std::string(kRetentionEntry)},
                       std::make_shared<const std::string>(std::move(own)));
      state.annotations = annotations;
    }
    Mailbox mailbox;
    mailbox.id = MailboxId(3);
    mailbox.special_use = uses;
    return retention_of(state, mailbox, policy_) / kDay;
  }
  static constexpr SpecialUses kTrash = bit(SpecialUse::trash);
  static constexpr SpecialUses kJunk = bit(SpecialUse::junk);

  RetentionPolicy policy_{.trash_seconds = 30 * kDay, .junk_seconds = 7 * kDay};
};

TEST_F(RetentionOfTest, TheMailboxesOwnSettingPrecedesItsUse) {
  EXPECT_EQ(of(0), 0);
  EXPECT_EQ(of(kTrash), 30);
  EXPECT_EQ(of(kJunk), 7);
  EXPECT_EQ(of(0, "5d"), 5);
  EXPECT_EQ(of(kTrash, "90d"), 90);
  EXPECT_EQ(of(kTrash, "never"), 0);
  EXPECT_EQ(of(kTrash, "soon"), 30) << "what an older version let a client write";
}

TEST_F(RetentionOfTest, OfTwoUsesTheLongerAgeCounts) {
  EXPECT_EQ(of(kTrash | kJunk), 30);
  policy_.trash_seconds = 0;
  EXPECT_EQ(of(kTrash | kJunk), 0);
  EXPECT_EQ(of(kJunk), 7);
  policy_ = {.trash_seconds = 30 * kDay, .junk_seconds = 0};
  EXPECT_EQ(of(kTrash | kJunk), 0);
  EXPECT_EQ(of(kTrash), 30);
}

}  // namespace
}  // namespace posthorn::store
