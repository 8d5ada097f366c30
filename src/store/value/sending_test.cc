#include "store/value/sending.h"

#include <gtest/gtest.h>

#include "store/format/outbox_codec.h"

namespace posthorn::store {
namespace {

constexpr std::int64_t kHour = SendingUsage::kHour;

TEST(UsageWindowTest, WhatIsOlderThanItsLengthFadesOut) {
  UsageWindow window;
  const std::int64_t start = 1000 * kHour;
  window.add(kHour, start, {10, 100});
  EXPECT_EQ(window.used(kHour, start + kHour - 1), (SentCount{10, 100}));
  EXPECT_EQ(window.used(kHour, start + kHour), (SentCount{10, 100}));
  EXPECT_EQ(window.used(kHour, start + kHour + kHour / 2), (SentCount{5, 50}));
  EXPECT_EQ(window.used(kHour, start + 2 * kHour), (SentCount{0, 0}));
  window.add(kHour, start + kHour + kHour / 2, {1, 1});
  EXPECT_EQ(window.used(kHour, start + kHour + kHour / 2), (SentCount{6, 51}));
  window.add(kHour, start + 9 * kHour, {1, 2});
  EXPECT_EQ(window.used(kHour, start + 9 * kHour), (SentCount{1, 2}));
}

TEST(UsageWindowTest, AClockSetBackForgetsNothing) {
  UsageWindow window;
  window.add(kHour, 1000 * kHour, {10, 10});
  window.add(kHour, 990 * kHour, {1, 1});
  EXPECT_EQ(window.used(kHour, 990 * kHour), (SentCount{11, 11}));
  window.add(kHour, 1000 * kHour, {UINT32_MAX, UINT32_MAX});
  EXPECT_EQ(window.used(kHour, 1000 * kHour), (SentCount{UINT32_MAX, UINT32_MAX}));
}

OutboxEntry full_entry() {
  OutboxEntry entry;
  entry.id = OutboxId(77);
  entry.email = Ordinal(1234567890123);
  entry.size = 5'000'000'000;
  entry.return_path = "ann@example.org";
  entry.envid = "an id";
  entry.ret = ReturnContent::headers;
  entry.body = BodyKind::binary_mime;
  entry.smtputf8 = true;
  entry.trace = "Received: by here\r\n";
  entry.session = "192.0.2.1:4000";
  entry.submitted = 1'790'000'000;
  entry.hold_until = 1'790'000'100;
  entry.expires = 1'790'500'000;
  entry.recipients.push_back({"ben@example.net", "rfc822;b@example.net",
                              NotifySet(bit(Notify::success) | bit(Notify::delay)),
                              RecipientState::failed, 3, 1'790'000'300, "550 5.1.1 no such user",
                              true});
  entry.recipients.push_back({"cat@example.net", "", 0, RecipientState::waiting, 0, 0, "", false});
  return entry;
}

TEST(OutboxCodecTest, EveryFieldComesBack) {
  const OutboxEntry entry = full_entry();
  auto decoded = decode_outbox_entry(entry.id, encode_outbox_entry(entry));
  ASSERT_TRUE(decoded) << decoded.error().text;
  EXPECT_TRUE(*decoded == entry);
  EXPECT_FALSE(entry.is_settled());

  SendingUsage usage;
  usage.hour.add(kHour, 1'790'000'000, {3, 4});
  usage.day.add(SendingUsage::kDay, 1'790'000'000, {5, 6});
  usage.filed.push_back({1'790'000'000, hash_message_id("<a@b>"), MailboxId(3), Uid(9), Ordinal(8),
                         FiledCopy::By::client});
  auto counted = decode_usage(encode_usage(usage));
  ASSERT_TRUE(counted);
  EXPECT_TRUE(*counted == usage);

  const SendingSettings settings{KeepSent::never, {"a@example.org", "b@example.org"}};
  auto set = decode_sending_settings(encode_sending_settings(settings));
  ASSERT_TRUE(set);
  EXPECT_TRUE(*set == settings);
  EXPECT_EQ(*decode_time(encode_time(-5)), -5);
}

TEST(OutboxCodecTest, DamageIsCorruptAndNeverRead) {
  const std::string record = encode_outbox_entry(full_entry());
  for (std::size_t at = 0; at < record.size(); ++at) {
    std::string damaged = record;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    EXPECT_FALSE(decode_outbox_entry(OutboxId(77), damaged)) << at;
    EXPECT_FALSE(decode_outbox_entry(OutboxId(77), record.substr(0, at))) << at;
  }
}

}  // namespace
}  // namespace posthorn::store
