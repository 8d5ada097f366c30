// Every read leaves the loop and comes back to it: of an engine that answers nothing from memory,
// as one on a network does, and of RocksDB with cold caches.

#include <cstdlib>
#include <filesystem>

#include "engine/faulty/faulty_engine.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "store/format/mailbox_storage.h"
#include "store/read/email_catalog.h"
#include "store/read/email_reader.h"
#include "store/read/piece_batch.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

enum class Kind : std::uint8_t { distant, rocksdb };

class AwaitedReadsTest : public StoreFixture, public testing::WithParamInterface<Kind> {
 protected:
  AwaitedReadsTest() {
    shut();
    if (GetParam() == Kind::distant) {
      auto distant = std::make_unique<engine::FaultyEngine>(std::move(engine_));
      distant->set_cached_reads(engine::CachedReads::would_block);
      engine_ = std::move(distant);
    } else {
      std::string folder =
          (std::filesystem::temp_directory_path() / "posthorn-test-XXXXXX").string();
      if (!mkdtemp(folder.data())) std::abort();
      folder_ = folder;
      open_rocksdb();
    }
    reopen();
    ann_ = make_account("ann@example.org");
    inbox_ = ann_->published()->find("INBOX")->id;
  }
  ~AwaitedReadsTest() override {
    ann_.reset();
    shut();
    engine_.reset();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  AwaitedReadsTest(const AwaitedReadsTest&) = delete;
  AwaitedReadsTest& operator=(const AwaitedReadsTest&) = delete;

  void open_rocksdb() {
    auto opened = engine::open_rocksdb({.path = folder_ / "store", .pool = &pool_});
    ASSERT_TRUE(opened) << opened.error().text;
    engine_ = std::move(*opened);
  }

  /// Nothing is in memory afterwards.
  void restart() {
    const AccountId id = ann_->id();
    ann_.reset();
    shut();
    if (GetParam() == Kind::rocksdb) {
      engine_->close();
      engine_.reset();
      open_rocksdb();
    }
    reopen();
    ann_ = open_account(id);
  }

  MailboxPtr load_again() {
    restart();
    auto loaded = run(ann_->load(inbox_));
    EXPECT_TRUE(loaded) << loaded.error().text;
    return loaded ? *loaded : nullptr;
  }

  void append(const std::string& octets) {
    const NewEmail email = upload(ann_, octets);
    EXPECT_TRUE(change(ann_, {}, [&](Change& c) -> Status {
      auto made = c.append(inbox_, email, {}, {clock_.now().seconds, 0});
      return made ? Status{} : pass(made);
    }));
  }

  /// Reads the header of each message, and all of its body.
  static async::Task<std::vector<std::string>> read_all(AccountPtr account, MailboxPtr mailbox) {
    async::Loop* const home = async::Loop::current();
    std::vector<Ordinal> ordinals;
    const Members& members = mailbox->contents->members();
    members.for_each(0, members.count(),
                     [&](std::uint32_t, const MemberLeaf& leaf, std::uint32_t k) {
                       ordinals.emplace_back(leaf.ordinal[k]);
                     });
    EmailReader emails(account);
    co_await emails.load(ordinals, bit(Column::header) | bit(Column::body));
    EXPECT_EQ(async::Loop::current(), home);
    std::vector<std::string> all;
    for (const Ordinal ordinal : ordinals) {
      const auto header = emails.get(ordinal, Column::header);
      const auto body = emails.get(ordinal, Column::body);
      EXPECT_TRUE(header && body);
      if (!header || !body) continue;
      all.push_back(std::string(*header) + co_await read_body(account, *body));
      EXPECT_EQ(async::Loop::current(), home);
    }
    co_return all;
  }

  static async::Task<std::string> read_body(AccountPtr account, std::string_view column) {
    auto reader = BodyReader::open(account, column);
    EXPECT_TRUE(reader);
    std::string octets;
    while (octets.size() < reader->size()) {
      const auto chunk = co_await reader->read(octets.size(), UINT64_MAX);
      EXPECT_TRUE(chunk);
      if (!chunk || chunk->bytes.empty()) break;
      octets += chunk->bytes;
    }
    EXPECT_TRUE(co_await reader->prepare(0, reader->size()));
    PieceBatch batch(account);
    batch.add(reader->list());
    co_await batch.read();
    if (reader->size() > 0)
      EXPECT_TRUE(octets.starts_with(*batch.find(reader->list().pieces.front().name)));
    co_return octets;
  }

  std::filesystem::path folder_;
  async::OffloadPool pool_{4, 1000};
  AccountPtr ann_;
  MailboxId inbox_;
};
INSTANTIATE_TEST_SUITE_P(Engines, AwaitedReadsTest, testing::Values(Kind::distant, Kind::rocksdb));

TEST_P(AwaitedReadsTest, MessagesAndTheirBodies) {
  std::vector<std::string> stored;
  for (int i = 0; i < 3; ++i) stored.push_back(message("small " + std::to_string(i)));
  stored.push_back(message("large"));
  for (std::uint32_t i = 0; stored.back().size() < 900'000; ++i)
    stored.back() += fmt::format("line {}\r\n", i * 1664525U + 1013904223U);
  for (const std::string& octets : stored) append(octets);
  const MailboxPtr mailbox = load_again();
  ASSERT_TRUE(mailbox);
  EXPECT_EQ(run(read_all(ann_, mailbox)), stored);
}

/// Enough messages that the oldest are packed into groups.
TEST_P(AwaitedReadsTest, GroupsOfMessages) {
  std::vector<std::string> stored;
  for (std::size_t i = 0; i < 3 * EmailCatalog::kGroupSize + 5; ++i)
    append(stored.emplace_back(message("subject " + std::to_string(i))));
  const MailboxPtr mailbox = load_again();
  ASSERT_TRUE(mailbox);
  const auto groups = run(ann_->emails().load());
  ASSERT_TRUE(groups);
  EXPECT_FALSE((*groups)->empty());
  EXPECT_EQ(run(read_all(ann_, mailbox)), stored);
}

/// So many messages that their pages are read in parallel.
TEST_P(AwaitedReadsTest, AMailboxOfSeveralPages) {
  append(message("one"));
  constexpr std::uint32_t kMessages = 40'000;
  while (ann_->published()->find(inbox_)->head.messages < kMessages) {
    ASSERT_TRUE(change(ann_, {inbox_}, [&](Change& c) -> Status {
      const std::uint32_t there = c.state().find(inbox_)->head.messages;
      auto made =
          c.copy(inbox_, NumberSet::from_ranges({{1, std::min(there, kMessages - there)}}), inbox_);
      return made ? Status{} : pass(made);
    }));
  }
  const MailboxPtr mailbox = load_again();
  ASSERT_TRUE(mailbox);
  EXPECT_EQ(mailbox->contents->count(), kMessages);
  EXPECT_GE(mailbox->storage->chunks.size(), 2U);
}

TEST_P(AwaitedReadsTest, TheDirectoryAndTheHistory) {
  const auto found = run(store_->find_address("ann@example.org"));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->account, ann_->id());
  EXPECT_FALSE(*run(store_->find_address("bob@example.org")));
  EXPECT_EQ(run(store_->profile(ann_->id()))->name, "ann@example.org");
  EXPECT_EQ(run(store_->list_addresses("", 9))->size(), 1U);
  for (int i = 0; i < 5; ++i) append(message("gone"));
  const ModSeq before(ann_->published()->seq.value);
  ASSERT_TRUE(change(ann_, {inbox_}, [&](Change& c) -> Status {
    NumberSet gone;
    gone.add(2, 3);
    auto done = c.expunge(inbox_, gone);
    return done ? Status{} : pass(done);
  }));
  restart();
  const auto expunged = run(ann_->expunged_since(inbox_, before));
  ASSERT_TRUE(expunged);
  EXPECT_TRUE(expunged->complete);
  EXPECT_EQ(expunged->uids.to_text(), "2:3");
}

}  // namespace
}  // namespace posthorn::store
