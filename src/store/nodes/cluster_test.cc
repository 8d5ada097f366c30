#include "engine/cluster/cluster.h"

#include <atomic>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "store/nodes/test_node.h"

/// Several nodes change one account at the same time, over a network that loses and delays what it
/// can. Each keeps a record of what was acknowledged. At the end, exactly that is stored.
namespace posthorn::store {
namespace {

class AtomicClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return {seconds_.load(), 0}; }
  void advance(std::int64_t seconds) { seconds_ += seconds; }

 private:
  std::atomic<std::int64_t> seconds_ = 1'790'000'000;
};

/// A message in a mailbox.
using Place = std::pair<MailboxId, std::uint32_t>;

/// What one node was told.
struct Record {
  struct Appended {
    Place place;
    std::uint32_t size;
  };
  struct Moved {
    Place from;
    Place to;
  };
  struct Flagged {
    Place place;
    std::string keyword;
  };
  std::vector<Appended> appended;
  std::vector<Moved> moved;
  std::vector<Place> expunged;
  std::vector<Flagged> flagged;
  std::map<std::string, int> refused;  ///< By reason.
};

/// The number in an environment variable, or what is usual.
std::uint64_t wanted(const char* variable, std::uint64_t usual) {
  const char* value = std::getenv(variable);
  return value == nullptr ? usual : std::strtoull(value, nullptr, 10);
}

/// A client of one node, with a thread of its own.
class Client {
 public:
  Client(engine::Cluster& cluster, AtomicClock& clock, std::uint64_t seed, int number)
      : engine_(cluster.make_node()),
        clock_(clock),
        node_(*engine_, clock),
        random_(seed * 1000 + static_cast<std::uint64_t>(number)),
        number_(number) {}
  ~Client() { account_.reset(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  TestNode& node() { return node_; }
  [[nodiscard]] const Record& record() const { return record_; }

  void open(const AccountId& id) {
    account_ = node_.open(id);
    ASSERT_TRUE(account_);
    for (const char* name : {"INBOX", "Archive"})
      mailboxes_.push_back(account_->published()->find(name)->id);
  }

  void step() {
    switch (below(12)) {
      case 0:
      case 1:
      case 2: return append();
      case 3:
      case 4: return expunge();
      case 5:
      case 6: return move();
      case 7: return reopen();
      case 8: return sweep();
      default: return flag();
    }
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  MailboxId some_mailbox() { return mailboxes_[below(mailboxes_.size())]; }

  /// Some of the messages that this node believes the mailbox to have, and perhaps one more.
  NumberSet some_uids(MailboxId mailbox, std::uint64_t most) {
    std::vector<NumberSet::Range> uids;
    const auto loaded = node_.run(account_->load(mailbox));
    if (!loaded) return {};
    const Members& members = (*loaded)->contents->members();
    for (std::uint64_t i = 1 + below(most); i > 0 && members.count() > 0; --i) {
      const Uid uid = members.uid_at(static_cast<std::uint32_t>(below(members.count())));
      uids.push_back({uid.value, uid.value});
    }
    if (below(4) == 0) uids.push_back({1, 1});
    return NumberSet::from_ranges(std::move(uids));
  }

  template <class T>
  bool is_done(const Result<T>& outcome) {
    if (outcome) return true;
    ++record_.refused[outcome.error().text];
    return false;
  }

  /// Every append has a size of its own, by which its messages are recognised.
  void append() {
    const MailboxId mailbox = some_mailbox();
    const auto size = static_cast<std::uint32_t>(200 + 3 * appends_++ + number_);
    std::string octets = TestNode::message("message");
    // Of two kinds, since those that cannot be compressed are pieces.
    const bool is_noise = below(2) == 0;
    while (octets.size() < size) octets += is_noise ? static_cast<char>('!' + below(90)) : 'x';
    const auto email = node_.take_in(account_->id(), octets);
    if (!is_done(email)) return;
    const std::uint64_t count = below(3) == 0 ? 1 + below(120) : 1;
    const auto done = node_.run(
        account_->change(Actor::delivery(), {}, [&](Change& c) -> Result<std::vector<Uid>> {
          std::vector<Uid> uids;
          for (std::uint64_t i = 0; i < count; ++i) {
            auto uid = c.append(mailbox, *email, {}, {});
            if (!uid) return pass(uid);
            uids.push_back(*uid);
          }
          return uids;
        }));
    if (!is_done(done)) return;
    for (const Uid uid : done->value)
      record_.appended.push_back({{mailbox, uid.value}, static_cast<std::uint32_t>(email->size)});
  }

  void expunge() {
    const MailboxId mailbox = some_mailbox();
    const NumberSet uids = some_uids(mailbox, 20);
    const auto done = node_.run(
        account_->change(Actor::user(account_->id()), {mailbox},
                         [&](Change& c) -> Result<NumberSet> { return c.expunge(mailbox, uids); }));
    if (!is_done(done)) return;
    for (const NumberSet::Range& range : done->value.ranges())
      for (std::uint32_t uid = range.first; uid <= range.last; ++uid)
        record_.expunged.emplace_back(mailbox, uid);
  }

  void move() {
    const MailboxId from = mailboxes_[below(2)];
    const MailboxId to = from == mailboxes_[0] ? mailboxes_[1] : mailboxes_[0];
    const NumberSet uids = some_uids(from, 30);
    const auto done = node_.run(account_->change(
        Actor::user(account_->id()), {from, to},
        [&](Change& c) -> Result<std::vector<UidPair>> { return c.move(from, uids, to); }));
    if (!is_done(done)) return;
    for (const UidPair& pair : done->value)
      record_.moved.push_back({{from, pair.source.value}, {to, pair.target.value}});
  }

  /// Sets the node's own keyword, which nobody ever removes.
  void flag() {
    const MailboxId mailbox = some_mailbox();
    const NumberSet uids = some_uids(mailbox, 60);
    const std::string keyword = "node" + std::to_string(number_);
    const auto done =
        node_.run(account_->change(Actor::user(account_->id()), {mailbox}, [&](Change& c) {
          return c.store_flags(mailbox, uids, FlagOperation::add, {0, {keyword}}, std::nullopt);
        }));
    if (!is_done(done)) return;
    for (const NumberSet::Range& range : uids.subtract(done->value.missing).ranges())
      for (std::uint32_t uid = range.first; uid <= range.last; ++uid)
        record_.flagged.push_back({{mailbox, uid}, keyword});
  }

  void reopen() {
    if (const Status forgotten = node_.run(account_->forget_contents()); !forgotten)
      ++record_.refused[forgotten.error().text];
  }

  void sweep() {
    clock_.advance(40 * 86400);
    (void)is_done(node_.run(node_.store().sweep()));
  }

  const std::unique_ptr<engine::Engine> engine_;
  AtomicClock& clock_;
  TestNode node_;
  std::mt19937_64 random_;
  const int number_;
  std::uint64_t appends_ = 0;
  AccountPtr account_;
  std::vector<MailboxId> mailboxes_;
  Record record_;
};

struct Expected {
  std::uint32_t size = 0;
  std::set<std::string> keywords;
};

/// What the account has to contain, according to all records together.
std::map<Place, Expected> sum_of(const std::vector<const Record*>& records) {
  std::map<Place, Expected> all;  // Also what is gone.
  std::map<Place, Place> moves;
  std::set<Place> gone;
  for (const Record* record : records) {
    for (const auto& [place, size] : record->appended)
      EXPECT_TRUE(all.try_emplace(place, Expected{size, {}}).second) << place.second;
    for (const auto& [from, to] : record->moved) {
      EXPECT_TRUE(moves.emplace(from, to).second) << "moved twice: " << from.second;
      EXPECT_TRUE(all.try_emplace(to).second) << "given out twice: " << to.second;
      EXPECT_TRUE(gone.insert(from).second) << "expunged twice: " << from.second;
    }
    for (const Place& place : record->expunged)
      EXPECT_TRUE(gone.insert(place).second) << "expunged twice: " << place.second;
  }
  for (const Record* record : records)
    for (const auto& [place, keyword] : record->flagged) all[place].keywords.insert(keyword);
  // A moved message is the same message. Only the end of each way remains.
  std::map<Place, Place> back;
  for (const auto& [from, to] : moves) back.emplace(to, from);
  std::map<Place, Expected> there;
  for (const auto& [place, expected] : all) {
    if (gone.contains(place)) continue;
    Expected whole = expected;
    for (auto at = back.find(place); at != back.end(); at = back.find(at->second)) {
      const Expected& before = all.at(at->second);
      whole.keywords.insert(before.keywords.begin(), before.keywords.end());
      whole.size = std::max(whole.size, before.size);
    }
    there.emplace(place, std::move(whole));
  }
  return there;
}

std::map<Place, Expected> stored_in(TestNode& node, const AccountPtr& account) {
  std::map<Place, Expected> there;
  for (const char* name : {"INBOX", "Archive"}) {
    const MailboxId id = account->published()->find(name)->id;
    const auto loaded = node.run(account->load(id));
    EXPECT_TRUE(loaded) << loaded.error().text;
    if (!loaded) continue;
    const Mailbox& mailbox = **loaded;
    mailbox.contents->for_each(
        0, mailbox.contents->count(),
        [&](std::uint32_t, const MemberLeaf& m, const FlagLeaf& f, std::uint32_t k) {
          Expected found{m.size[k], {}};
          for (const std::string& keyword : mailbox.keywords->names_of(f.at(k).keywords))
            found.keywords.insert(keyword);
          there.emplace(Place(id, m.uid[k]), std::move(found));
        });
  }
  return there;
}

void compare(const std::map<Place, Expected>& expected, const std::map<Place, Expected>& stored) {
  EXPECT_EQ(expected.size(), stored.size());
  for (const auto& [place, message] : expected) {
    const auto found = stored.find(place);
    if (found == stored.end()) {
      ADD_FAILURE() << "mailbox " << place.first.value << " has lost UID " << place.second;
      continue;
    }
    EXPECT_EQ(found->second.size, message.size) << place.second;
    EXPECT_EQ(found->second.keywords, message.keywords) << place.second;
  }
  for (const auto& [place, message] : stored)
    EXPECT_TRUE(expected.contains(place)) << "nobody was told of UID " << place.second;
}

class ClusterTest : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Nodes, ClusterTest, testing::Values(2, 3));

TEST_P(ClusterTest, WhatWasAcknowledgedIsStoredAndNothingElse) {
  const std::uint64_t seed = wanted("POSTHORN_CLUSTER_SEED", 1);
  const std::uint64_t steps = wanted("POSTHORN_CLUSTER_STEPS", 60);
  const std::chrono::seconds longest(wanted("POSTHORN_CLUSTER_SECONDS", 4));
  engine::Cluster cluster({.seed = seed,
                           .longest_delay = std::chrono::microseconds(150),
                           .patience = std::chrono::microseconds(1500),
                           .lost_requests = 30,
                           .lost_answers = 30,
                           .late_requests = 30,
                           .lost_bells = 200});
  AtomicClock clock;
  AccountId id;
  std::vector<Record> records;
  {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < GetParam(); ++i)
      clients.push_back(std::make_unique<Client>(cluster, clock, seed, i));
    id = clients[0]->node().make("ann@example.org")->id();
    for (const auto& client : clients) ASSERT_NO_FATAL_FAILURE(client->open(id));
    const auto until = std::chrono::steady_clock::now() + longest;
    std::vector<std::thread> threads;
    for (const auto& client : clients)
      threads.emplace_back([&] {
        for (std::uint64_t i = 0; i < steps && std::chrono::steady_clock::now() < until; ++i)
          client->step();
      });
    for (std::thread& thread : threads) thread.join();
    cluster.calm_down();
    for (const auto& client : clients) records.push_back(client->record());
  }
  const auto counts = cluster.counts();
  RecordProperty("commits", std::to_string(counts.commits));
  RecordProperty("conflicts", std::to_string(counts.conflicts));
  RecordProperty("unanswered", std::to_string(counts.unanswered));
  RecordProperty("applied", std::to_string(counts.applied));
  EXPECT_GT(counts.conflicts, 0U) << "the nodes did not meet";
  std::vector<const Record*> all;
  for (const Record& record : records) {
    all.push_back(&record);
    for (const auto& [why, times] : record.refused)
      EXPECT_NE(why.find("try again"), std::string::npos) << times << " times: " << why;
  }
  const auto engine = cluster.make_node();
  TestNode fresh(*engine, clock);
  AccountPtr account = fresh.open(id);
  ASSERT_TRUE(account);
  compare(sum_of(all), stored_in(fresh, account));
  account.reset();
  fresh.expect_sound();
}

}  // namespace
}  // namespace posthorn::store
