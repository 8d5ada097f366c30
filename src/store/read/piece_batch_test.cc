#include "store/read/piece_batch.h"

#include <gtest/gtest.h>

#include "store/read/email_reader.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

/// Octets that neither repeat nor can be compressed.
std::string noise(std::size_t size, std::uint32_t seed) {
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>('a' + (seed = seed * 1664525 + 1013904223) / 0xA000000);
  return out;
}

class PieceBatchTest : public StoreFixture {
 protected:
  PieceBatchTest() : account_(make_account("ann@example.org")) {}

  /// Stores a message with this body and returns its body column.
  std::string store(const std::string& body) {
    const NewEmail email = upload(account_, "Subject: x\r\n\r\n" + body);
    const MailboxId inbox = account_->published()->find("INBOX")->id;
    EXPECT_TRUE(change(account_, {}, [&](Change& c) -> Status {
      auto uid = c.append(inbox, email, {}, {});
      if (!uid) return pass(uid);
      return {};
    }));
    return email.record->body;
  }
  static BodyList list_of(const std::string& column) {
    auto list = decode_body_list(column);
    EXPECT_TRUE(list);
    return *list;
  }
  /// Reads like a normal reader, but on this thread.
  std::string read_all(const std::string& column, const PieceBatch* ahead) {
    auto reader = BodyReader::open(account_, column, ahead);
    EXPECT_TRUE(reader);
    std::string out;
    while (out.size() < reader->size()) {
      auto chunk = reader->read_blocking(out.size(), 7'000);
      EXPECT_TRUE(chunk);
      if (!chunk || chunk->bytes.empty()) break;
      out += chunk->bytes;
    }
    return out;
  }
  AccountPtr account_;
};

TEST_F(PieceBatchTest, HoldsWhatWasAddedUntilCleared) {
  const std::string first = store("first");
  const std::string second = store(noise(300'000, 1));
  PieceBatch batch(account_);
  for (int round = 0; round < 2; ++round) {
    batch.add(list_of(first));
    batch.add(list_of(second));
    batch.read_blocking();
    EXPECT_EQ(batch.find(list_of(first).pieces[0].name), "first");
    EXPECT_EQ(read_all(second, &batch), noise(300'000, 1));
    EXPECT_EQ(read_all(first, &batch), "first");
    batch.clear();
    EXPECT_EQ(batch.find(list_of(first).pieces[0].name), std::nullopt);
  }
}

TEST_F(PieceBatchTest, AnEmptyBatchLeavesItToTheReader) {
  const std::string body = store("alone");
  const PieceBatch batch(account_);
  EXPECT_EQ(read_all(body, &batch), "alone");
  EXPECT_EQ(read_all(body, nullptr), "alone");
}

TEST_F(PieceBatchTest, WhatHasNoRoomIsReadByItself) {
  const std::string octets = noise(1'000'000, 2);
  const std::string body = store(octets);
  const BodyList list = list_of(body);
  ASSERT_GT(list.pieces.size(), 2U);
  PieceBatch batch(account_);
  batch.add(list);
  EXPECT_TRUE(batch.is_full());
  batch.read_blocking();
  EXPECT_TRUE(batch.find(list.pieces.front().name));
  EXPECT_FALSE(batch.find(list.pieces.back().name));
  EXPECT_EQ(read_all(body, &batch), octets);
}

TEST_F(PieceBatchTest, OnlyThePiecesOfARange) {
  const std::string body = store(noise(600'000, 3));
  const BodyList list = list_of(body);
  ASSERT_GT(list.pieces.size(), 2U);
  const std::uint64_t second = list.pieces[0].size;
  PieceBatch batch(account_);
  batch.add(list, second, second + 1);
  batch.add(list, second + 1, second + 2);
  batch.read_blocking();
  EXPECT_FALSE(batch.find(list.pieces[0].name));
  EXPECT_TRUE(batch.find(list.pieces[1].name));
  EXPECT_FALSE(batch.find(list.pieces[2].name));
}

TEST_F(PieceBatchTest, WhatCannotBeReadIsLeftOut) {
  BodyList list;
  list.pieces.push_back({engine::PieceName{}, 10});
  PieceBatch batch(account_);
  batch.add(list);
  batch.read_blocking();
  EXPECT_FALSE(batch.find(list.pieces[0].name));
}

}  // namespace
}  // namespace posthorn::store
