#include "service/live_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "service/cursor.h"
#include "service/messages.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

using message::SearchKey;
using message::SortField;
using message::SortKey;
using Kind = SearchKey::Kind;
using Uids = std::vector<std::uint32_t>;

SearchKey with_flag(SystemFlag flag) {
  SearchKey key;
  key.kind = Kind::flag_set;
  key.flag = flag;
  return key;
}
SearchKey with_subject(std::string text) {
  SearchKey key;
  key.kind = Kind::subject;
  key.text = std::move(text);
  return key;
}
SearchKey group(Kind kind, std::vector<SearchKey> children) {
  SearchKey key;
  key.kind = kind;
  key.children = std::move(children);
  return key;
}

/// A client that carries out what it is told of one result.
struct Client {
  SearchKey key;
  std::vector<SortKey> order;
  LiveResult live;
  Uids known = {};

  void remove(const std::vector<ResultRun>& runs) {
    for (const ResultRun& run : runs) {
      if (order.empty()) {
        for (const std::uint32_t uid : run.uids) EXPECT_EQ(std::erase(known, uid), 1U);
        continue;
      }
      ASSERT_LE(run.place + run.uids.size(), known.size());
      const auto first = known.begin() + run.place;
      const auto last = first + static_cast<std::ptrdiff_t>(run.uids.size());
      EXPECT_EQ(Uids(first, last), run.uids);
      known.erase(first, last);
    }
  }
  void add(const std::vector<ResultRun>& runs) {
    for (const ResultRun& run : runs) {
      ASSERT_LE(run.place, known.size());
      known.insert(known.begin() + run.place, run.uids.begin(), run.uids.end());
      if (order.empty()) std::ranges::sort(known);
    }
  }
};

class LiveResultTest : public store::StoreFixture {
 protected:
  LiveResultTest() : ann_(make_account("ann@example.org")), cursor_(inbox().flags(*newest_one())) {}

  [[nodiscard]] MailboxRef inbox() const {
    auto found = resolve(Caller::owner(ann_), "INBOX");
    EXPECT_TRUE(found);
    return *found;
  }
  store::MailboxPtr newest_one() {
    auto found = run(newest(inbox()));
    EXPECT_TRUE(found);
    return *found;
  }
  void append_some(std::uint32_t count) {
    std::vector<MessageToAppend> messages;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string subject(1, "aAbB"[random_() % 4]);
      const Timestamp date{1'700'000'000 + static_cast<std::int64_t>(random_() % 50), 0};
      messages.push_back(
          {upload(ann_, message(subject + std::to_string(random_() % 3))), {}, date});
    }
    EXPECT_TRUE(run(append(inbox(), std::move(messages), clock_.now())));
  }
  /// A few of the messages that exist.
  NumberSet some() {
    NumberSet uids;
    const auto now = newest_one();
    const std::uint32_t count = now->contents->count();
    if (count == 0) return uids;
    for (std::uint32_t n = random_() % 5 + 1; n > 0; --n) {
      const std::uint32_t uid = now->contents->members().uid_at(random_() % count).value;
      uids = uids.unite(NumberSet::from_ranges({{uid, uid}}));
    }
    return uids;
  }
  void set_flags() {
    constexpr SystemFlag kFlags[] = {SystemFlag::seen, SystemFlag::flagged, SystemFlag::deleted};
    FlagsToStore what;
    what.mailbox = inbox();
    what.uids = some();
    what.operation = random_() % 2 == 0 ? store::FlagOperation::add : store::FlagOperation::remove;
    what.flags.system = bit(kFlags[random_() % 3]);
    EXPECT_TRUE(run(store_flags(std::move(what))));
  }
  void change_something() {
    switch (random_() % 5) {
      case 0:
      case 1: append_some(random_() % 3 + 1); break;
      case 2: EXPECT_TRUE(run(expunge_deleted(inbox(), some()))); break;
      default: set_flags();
    }
  }

  SearchScope scope(const store::MailboxPtr& now) {
    return {.mailbox = inbox(),
            .now = now,
            .told = &cursor_.told(),
            .recent = &none_,
            .saved = &none_,
            .collation = collation_};
  }
  /// The result as UIDs, searched afresh.
  Uids search_again(const Client& client, const store::MailboxPtr& now) {
    auto found = client.order.empty() ? run(search(scope(now), client.key))
                                      : run(search_sorted(scope(now), client.key, client.order));
    EXPECT_TRUE(found);
    Uids uids;
    for (const std::uint32_t position : found->positions)
      uids.push_back(now->contents->members().uid_at(position).value);
    return uids;
  }
  void begin(SearchKey key, std::vector<SortKey> order) {
    const auto now = newest_one();
    Client client{key, order, LiveResult(fixed(key, scope(now)), order)};
    auto found =
        order.empty() ? run(search(scope(now), key)) : run(search_sorted(scope(now), key, order));
    ASSERT_TRUE(found);
    client.live.start(scope(now), found->positions);
    client.known = search_again(client, now);
    clients_.push_back(std::move(client));
  }
  /// As a session does.
  void tell(Tellings allowed) {
    const auto now = newest_one();
    const auto flags = inbox().flags(*now);
    NumberSet gone;
    for (const std::uint32_t at : cursor_.told().difference(now->contents->members()).gone)
      gone.add(cursor_.told().uid_at(at).value);
    for (Client& client : clients_) client.remove(client.live.remove(gone));
    cursor_.advance(flags, allowed);
    for (Client& client : clients_) {
      if (client.live.is_behind(flags, cursor_.told())) {
        auto changes = run(client.live.advance(scope(now)));
        ASSERT_TRUE(changes) << changes.error().text;
        client.remove(changes->removed);
        client.add(changes->added);
      }
      EXPECT_EQ(client.known, search_again(client, now));
    }
  }

  store::AccountPtr ann_;
  std::mt19937 random_{4711};
  text::Collation collation_ = text::kDefaultCollation;
  const NumberSet none_;
  Cursor cursor_;
  std::vector<Client> clients_;
};

TEST_F(LiveResultTest, WhatIsToldAddsUpToANewSearch) {
  constexpr Tellings kSome[] = {kTellAll, bit(Telling::flags),
                                bit(Telling::flags) | bit(Telling::arrivals),
                                bit(Telling::arrivals) | bit(Telling::expunges)};
  append_some(5);
  tell(kTellAll);
  const SearchKey unseen = group(Kind::negation, {with_flag(SystemFlag::seen)});
  const SearchKey mixed =
      group(Kind::disjunction, {with_flag(SystemFlag::flagged), with_subject("a1")});
  SearchKey all;
  begin(all, {});
  begin(unseen, {});
  begin(mixed, {});
  begin(group(Kind::conjunction, {with_subject("B"), unseen}), {});
  begin(all, {{SortField::subject, false}});
  begin(unseen, {{SortField::arrival, true}, {SortField::subject, false}});
  begin(mixed, {{SortField::subject, true}, {SortField::size, false}});
  for (int i = 0; i < 250 && !HasFailure(); ++i) {
    for (std::uint32_t n = random_() % 4; n > 0; --n) change_something();
    tell(kSome[random_() % 4]);
  }
  EXPECT_GT(newest_one()->head.uid_next.value, 100U);
}

TEST_F(LiveResultTest, SortsByTheGivenComparator) {
  collation_ = text::Collation::octet;
  append_some(5);
  tell(kTellAll);
  begin(SearchKey(), {{SortField::subject, false}});
  begin(with_subject("A"), {{SortField::subject, false}, {SortField::arrival, false}});
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    change_something();
    tell(kTellAll);
  }
}

TEST_F(LiveResultTest, InsertsIntoALargeResultWithoutReadingAllOfIt) {
  append_some(1200);
  tell(kTellAll);
  begin(SearchKey(), {{SortField::subject, false}, {SortField::arrival, true}});
  for (int i = 0; i < 6 && !HasFailure(); ++i) {
    append_some(1 + i % 3);
    tell(kTellAll);
  }
}

}  // namespace
}  // namespace posthorn::service
