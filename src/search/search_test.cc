#include "search/search.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "search/sort.h"
#include "search/thread.h"
#include "store/store_fixture.h"

namespace posthorn::search {
namespace {

using message::SearchKey;
using Kind = SearchKey::Kind;

/// A test's own record of a message it stored.
struct Known {
  std::uint32_t uid = 0;
  SystemFlags flags = 0;
  std::string subject;
  std::string body;
};

class SearchTest : public store::StoreFixture {
 protected:
  static constexpr std::uint32_t kMessages = 400;

  SearchTest() : account_(make_account("ann@example.org")) {
    const MailboxId inbox = account_->published()->find("INBOX")->id;
    for (std::uint32_t i = 0; i < kMessages; ++i) {
      Known m{i + 1, static_cast<SystemFlags>(below(32)), word(), word()};
      const store::NewEmail email = upload(account_, octets_of(m));
      EXPECT_TRUE(change(account_, {}, [&](store::Change& c) -> Status {
        auto uid = c.append(inbox, email, {m.flags, {}}, {});
        if (!uid) return pass(uid);
        return {};
      }));
      known_.push_back(std::move(m));
    }
    NumberSet gone;
    for (std::uint32_t uid = 1; uid <= kMessages; ++uid)
      if (below(6) == 0) gone.add(uid);
    EXPECT_TRUE(change(account_, {inbox}, [&](store::Change& c) -> Status {
      auto marked = c.store_flags(inbox, gone, store::FlagOperation::add,
                                  {bit(SystemFlag::deleted), {}}, std::nullopt);
      if (!marked) return pass(marked);
      auto expunged = c.expunge_deleted(inbox, gone);
      if (!expunged) return pass(expunged);
      return {};
    }));
    std::erase_if(known_, [&](const Known& m) { return gone.contains(m.uid); });
    auto loaded = run(account_->load(inbox));
    EXPECT_TRUE(loaded);
    mailbox_ = *loaded;
  }

  [[nodiscard]] store::FlagsView flags() const { return {*mailbox_, store::Actor::upkeep(), {}}; }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  std::string word() {
    constexpr const char* kWords[] = {"harbour", "lantern", "meadow", "granite"};
    return kWords[below(4)];
  }
  /// The body in a random encoding, sometimes in a second part.
  std::string octets_of(const Known& m) {
    const std::string start = "From: a@example.org\r\nSubject: about " + m.subject + "\r\n";
    switch (below(3)) {
      case 0: return start + "\r\nA line.\r\nThe " + m.body + " here.\r\n";
      case 1:
        return start + "Content-Transfer-Encoding: quoted-printable\r\n\r\nThe " +
               m.body.substr(0, 3) + "=\r\n" + m.body.substr(3) + "=20here=2E\r\n";
      default:
        return start +
               "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n"
               "\r\nharbour lantern meadow granite\r\n--b\r\nContent-Type: text/plain\r\n\r\n" +
               m.body + "\r\n--b--\r\n";
    }
  }

  SearchKey key(int depth) {
    SearchKey made;
    if (depth > 0 && below(3) != 0) {
      constexpr Kind kGroups[] = {Kind::conjunction, Kind::disjunction, Kind::negation};
      made.kind = kGroups[below(3)];
      for (std::uint32_t n = made.kind == Kind::negation ? 1 : 2; n > 0; --n)
        made.children.push_back(key(depth - 1));
      return made;
    }
    constexpr Kind kKinds[] = {Kind::all, Kind::flag_set, Kind::uid, Kind::subject, Kind::body};
    made.kind = kKinds[below(5)];
    made.flag = static_cast<SystemFlag>(1U << below(5));
    made.text = word();
    for (std::uint32_t n = 1 + below(5); n > 0; --n) {
      const std::uint32_t first = 1 + below(kMessages);
      made.set.ranges.push_back({first, first + below(40)});
    }
    return made;
  }
  static bool matches(const SearchKey& key, const Known& m) {
    const auto child = [&](const SearchKey& c) { return matches(c, m); };
    switch (key.kind) {
      case Kind::conjunction: return std::ranges::all_of(key.children, child);
      case Kind::disjunction: return std::ranges::any_of(key.children, child);
      case Kind::negation: return !matches(key.children[0], m);
      case Kind::flag_set: return (m.flags & bit(key.flag)) != 0;
      case Kind::uid: return key.set.resolve(UINT32_MAX).contains(m.uid);
      case Kind::subject: return m.subject == key.text;
      case Kind::body: return m.body == key.text;
      default: return true;
    }
  }

  std::mt19937 random_{4};
  store::AccountPtr account_;
  store::MailboxPtr mailbox_;
  std::vector<Known> known_;
};

// Only a part of a very long field is in the digest.
TEST_F(SearchTest, ReadsTheHeaderOfAMessageWithAVeryLongField) {
  const MailboxId inbox = mailbox_->id;
  const std::string longest =
      "Subject: " + std::string(40'000, 'x') + " lighthouse\r\n\r\nbody\r\n";
  const store::NewEmail email = upload(account_, longest);
  ASSERT_TRUE(change(account_, {inbox}, [&](store::Change& c) -> Status {
    auto uid = c.append(inbox, email, {0, {}}, {});
    if (!uid) return pass(uid);
    return {};
  }));
  mailbox_ = *run(account_->load(inbox));
  SearchEnvironment environment;
  const auto found = [&](std::string text) {
    SearchKey asked;
    asked.kind = Kind::subject;
    asked.text = std::move(text);
    const auto program = *SearchProgram::compile(asked, *mailbox_, environment);
    WorkLimit limit;
    const auto result = *run(search(account_, mailbox_, flags(), program, Uid(UINT32_MAX), limit));
    EXPECT_TRUE(result.unreadable.empty());
    return result.positions;
  };
  EXPECT_EQ(found("lighthouse"), std::vector{mailbox_->contents->count() - 1});
  EXPECT_TRUE(found("wellingtons").empty());
}

TEST_F(SearchTest, FindsWhatMatchesWhateverHasToBeRead) {
  SearchEnvironment environment;
  environment.resolve = [](const SequenceSet& set, bool) { return set.resolve(UINT32_MAX); };
  for (int round = 0; round < 300; ++round) {
    const SearchKey asked = key(3);
    const auto program = *SearchProgram::compile(asked, *mailbox_, environment);
    const Uid last(below(3) == 0 ? below(kMessages + 2) : UINT32_MAX);
    WorkLimit limit;
    const auto result = *run(search(account_, mailbox_, flags(), program, last, limit));
    EXPECT_TRUE(result.unreadable.empty());
    std::vector<std::uint32_t> expected;
    for (std::uint32_t p = 0; p < known_.size(); ++p)
      if (known_[p].uid <= last.value && matches(asked, known_[p])) expected.push_back(p);
    ASSERT_EQ(result.positions, expected) << round;
  }
}

SearchKey containing(Kind kind, std::string text) {
  SearchKey made;
  made.kind = kind;
  made.text = std::move(text);
  return made;
}

SearchEnvironment with_uids() {
  SearchEnvironment environment;
  environment.resolve = [](const SequenceSet& set, bool) { return set.resolve(UINT32_MAX); };
  return environment;
}

TEST_F(SearchTest, EqualConditionsAreJudgedOnce) {
  SearchKey all;
  all.kind = Kind::conjunction;
  for (int i = 0; i < 10'000; ++i) {
    all.children.push_back(containing(Kind::body, "lantern"));
    all.children.push_back(containing(Kind::subject, "lantern"));
  }
  const auto program = SearchProgram::compile(all, *mailbox_, with_uids());
  ASSERT_TRUE(program);
  EXPECT_EQ(program->nodes(), 3U);
}

TEST_F(SearchTest, SaysWhenItIsTooMuchWork) {
  SearchKey any;
  any.kind = Kind::disjunction;
  for (int i = 0; i < 1000; ++i)
    any.children.push_back(containing(Kind::text, "absent" + std::to_string(i)));
  for (const Kind kind : {Kind::text, Kind::header, Kind::subject, Kind::larger}) {
    for (SearchKey& child : any.children) {
      child.kind = kind;
      child.field = "x";
      ++child.number;
    }
    for (std::size_t i = 0; i < any.children.size(); ++i) any.children[i].number = 1'000'000 + i;
    const auto program = SearchProgram::compile(any, *mailbox_, with_uids());
    WorkLimit limit(nullptr, 150'000);
    const auto result = run(search(account_, mailbox_, flags(), *program, Uid(UINT32_MAX), limit));
    ASSERT_FALSE(result) << static_cast<int>(kind);
    EXPECT_EQ(result.error().kind, ErrorKind::limit);
  }
}

TEST_F(SearchTest, StopsWhenNobodyWaits) {
  const std::atomic<bool> cancelled = true;
  for (const Kind kind : {Kind::body, Kind::subject, Kind::all}) {
    const auto program =
        SearchProgram::compile(containing(kind, "lantern"), *mailbox_, with_uids());
    WorkLimit limit(&cancelled);
    const auto result = run(search(account_, mailbox_, flags(), *program, Uid(UINT32_MAX), limit));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::unavailable);
  }
}

TEST_F(SearchTest, SetsThatStandForTooManyRangesAreRefused) {
  // "1:*" in a mailbox from which every second message was removed.
  NumberSet gaps;
  for (std::uint32_t uid = 1; uid < 2'000'000; uid += 2) gaps.add(uid);
  std::size_t resolved = 0;
  SearchEnvironment environment;
  environment.resolve = [&](const SequenceSet&, bool) {
    ++resolved;
    return gaps;
  };
  SearchKey all;
  all.kind = Kind::conjunction;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    SearchKey& set = all.children.emplace_back();
    set.kind = Kind::sequence;
    set.set.ranges.push_back({i + 1, SequenceSet::kStar});
  }
  EXPECT_EQ(SearchProgram::compile(all, *mailbox_, environment).error().kind, ErrorKind::limit);
  EXPECT_LT(resolved, 12U);
}

TEST_F(SearchTest, SortsAndThreadsWithinLimitsToo) {
  std::vector<std::uint32_t> positions;
  for (std::uint32_t p = 0; p < known_.size(); ++p) positions.push_back(p);
  const std::vector<message::SortKey> by_subject(5000, {message::SortField::subject, false});
  WorkLimit plenty;
  EXPECT_EQ(run(sort(account_, mailbox_, positions, by_subject, plenty))->size(), known_.size());
  // The same key five thousand times uses as much as one.
  WorkLimit held(nullptr, WorkLimit::kSteps, known_.size() * 64);
  EXPECT_TRUE(run(sort(account_, mailbox_, positions, by_subject, held)));
  WorkLimit little_held(nullptr, WorkLimit::kSteps, 100);
  EXPECT_EQ(run(sort(account_, mailbox_, positions, by_subject, little_held)).error().kind,
            ErrorKind::limit);
  const std::atomic<bool> cancelled = true;
  WorkLimit left(&cancelled);
  EXPECT_EQ(run(sort(account_, mailbox_, positions, by_subject, left)).error().kind,
            ErrorKind::unavailable);
  for (const auto algorithm :
       {message::ThreadAlgorithm::references, message::ThreadAlgorithm::ordered_subject,
        message::ThreadAlgorithm::refs}) {
    EXPECT_TRUE(run(thread(account_, mailbox_, positions, algorithm, plenty)));
    EXPECT_EQ(run(thread(account_, mailbox_, positions, algorithm, left)).error().kind,
              ErrorKind::unavailable);
    WorkLimit few(nullptr, 1000);
    EXPECT_EQ(run(thread(account_, mailbox_, positions, algorithm, few)).error().kind,
              ErrorKind::limit);
  }
}

}  // namespace
}  // namespace posthorn::search
