#include "engine/cluster/cluster.h"
#include "store/format/codec.h"
#include "store/nodes/test_node.h"
#include "store/read/email_reader.h"
#include "store/read/redigest.h"
#include "store/read/same_body.h"

/// Bodies that are in the rows of their messages, where the engine asks for that.
namespace posthorn::store {
namespace {

/// The simulated cluster asks for bodies of at most 150 octets, as stored.
class SmallBody : public testing::Test {
 protected:
  SmallBody() : ann_(node_.make("ann@example.org")) {
    inbox_ = ann_->published()->find("INBOX")->id;
  }
  ~SmallBody() override { ann_.reset(); }
  SmallBody(const SmallBody&) = delete;
  SmallBody& operator=(const SmallBody&) = delete;

  static std::string with_body(std::string_view body) {
    return "From: Ann <ann@example.org>\r\nSubject: body\r\n\r\n" + std::string(body);
  }
  /// Octets that cannot be compressed well.
  static std::string noise(std::size_t octets) {
    std::string body;
    for (std::uint64_t x = 1; body.size() < octets; x = x * 6364136223846793005 + 1)
      body += static_cast<char>('!' + (x >> 40) % 90);
    return body + "\r\n";
  }
  NewEmail take_in(const std::string& octets) {
    auto email = node_.take_in(ann_->id(), octets);
    EXPECT_TRUE(email) << email.error().text;
    return *email;
  }
  void append(const NewEmail& email, std::uint32_t count = 1) {
    ASSERT_TRUE(node_.change(ann_, {}, [&](Change& c) -> Status {
      for (std::uint32_t i = 0; i < count; ++i)
        if (auto uid = c.append(inbox_, email, {}, {}); !uid) return pass(uid);
      return {};
    }));
  }
  std::size_t pieces() {
    const auto names = engine_->pieces(std::nullopt, 100);
    EXPECT_TRUE(names);
    return names->size();
  }
  std::string read(Ordinal ordinal, std::uint64_t from, std::uint64_t most) {
    EmailReader emails(ann_);
    emails.load_blocking(std::span(&ordinal, 1), bit(Column::body));
    const auto column = emails.get(ordinal, Column::body);
    EXPECT_TRUE(column) << column.error().text;
    if (!column) return "";
    auto body = BodyReader::open(ann_, *column);
    EXPECT_TRUE(body) << body.error().text;
    if (!body) return "";
    auto octets = body->read_blocking(from, most);
    EXPECT_TRUE(octets);
    auto awaited = node_.run(body->read(from, most));
    EXPECT_TRUE(awaited);
    EXPECT_EQ(awaited->bytes, octets->bytes);
    return std::string(octets->bytes);
  }
  Ordinal newest() const { return Ordinal(ann_->published()->counters.next_ordinal.value - 1); }

  ManualClock clock_{1'790'000'000};
  engine::Cluster cluster_{{}};
  const std::unique_ptr<engine::Engine> engine_ = cluster_.make_node();
  TestNode node_{*engine_, clock_};
  AccountPtr ann_;
  MailboxId inbox_;
};

TEST_F(SmallBody, IsInTheRowOfItsMessage) {
  append(take_in(with_body("Hello, Ann.\r\n")));
  EXPECT_EQ(pieces(), 0U);
  EXPECT_EQ(read(newest(), 0, 100), "Hello, Ann.\r\n");
  EXPECT_EQ(read(newest(), 7, 3), "Ann");
  EXPECT_EQ(read(newest(), 13, 3), "");
  EXPECT_EQ(read(newest(), 99, 3), "");
  append(take_in(with_body("")));
  EXPECT_EQ(read(newest(), 0, 100), "");
  append(take_in(with_body(noise(500))));
  EXPECT_EQ(pieces(), 1U);
  EXPECT_EQ(read(newest(), 0, 1000), noise(500));
  node_.expect_sound();
}

TEST_F(SmallBody, IsPackedWithOthersAndRemovedWithThem) {
  append(take_in(with_body("Hello, Ann.\r\n")), 520);
  append(take_in(with_body(noise(500))), 5);
  ASSERT_TRUE(comes_true([&] { return node_.groups(ann_) == 1; }));
  EXPECT_EQ(read(Ordinal(1), 0, 100), "Hello, Ann.\r\n");
  node_.expect_sound();
  ASSERT_TRUE(node_.expunge(ann_, inbox_, 2, 525));
  clock_.advance(std::chrono::hours(24 * 40));
  ASSERT_TRUE(node_.run(node_.store().sweep()));
  EXPECT_EQ(read(Ordinal(1), 0, 100), "Hello, Ann.\r\n");
  node_.expect_sound();
}

TEST_F(SmallBody, IsComparedAndAnalysedLikeAnyOther) {
  const NewEmail stored = take_in(with_body("Hello, Ann.\r\n"));
  append(stored);
  const auto is_same = [&](std::string_view body) {
    auto same = node_.run(same_body(ann_, stored.record->body, take_in(with_body(body))));
    EXPECT_TRUE(same);
    return same && *same;
  };
  EXPECT_TRUE(is_same("Hello, Ann.\r\n"));
  EXPECT_TRUE(is_same("Hello, Ann."));
  EXPECT_FALSE(is_same("Hello, Bob.\r\n"));
  EXPECT_FALSE(is_same(noise(500)));
  const auto digest = node_.run(digest_again(*engine_, stored.record->header, stored.record->body));
  ASSERT_TRUE(digest) << digest.error().text;
  EXPECT_EQ(digest->structure, stored.record->structure);
  EXPECT_EQ(digest->keys, stored.record->keys);
}

TEST_F(SmallBody, DamageToItIsFound) {
  const NewEmail good = take_in(with_body("Hello, Ann.\r\n"));
  auto record = std::make_shared<EmailRecord>(*good.record);
  auto list = decode_body_list(record->body);
  ASSERT_TRUE(list);
  list->inside[list->inside.size() / 2] ^= 1;
  record->body = encode_body_list(*list);
  EXPECT_EQ(BodyReader::open(ann_, record->body).error().kind, ErrorKind::corrupt);
  // A size that is not that of the octets, and a body beside pieces.
  list = decode_body_list(good.record->body);
  list->inside_size += 1;
  EXPECT_EQ(BodyReader::open(ann_, encode_body_list(*list)).error().kind, ErrorKind::corrupt);
  const std::string two = encode_body_list({{{{{1}}, 10}, {{}, 10}}, "s", 5});
  EXPECT_FALSE(decode_body_list(two));
}

}  // namespace
}  // namespace posthorn::store
