#include "store/value/own_keywords.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

#include "store/value/mailbox.h"

namespace posthorn::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

NumberSet range(std::uint32_t first, std::uint32_t last) {
  NumberSet set;
  set.add(first, last);
  return set;
}

OwnKeywords all_with(std::uint32_t first, std::uint32_t last, const OwnKeywords::Set& set) {
  OwnKeywords own;
  for (std::uint32_t uid = first; uid <= last; ++uid) own.append(Uid(uid), set);
  return own;
}

TEST(OwnKeywords, RunsAreCutAndJoined) {
  OwnKeywords own = all_with(1, 9, {1});
  EXPECT_THAT(own.runs(), ElementsAre(OwnKeywords::Run{1, 9, 0}));
  own.put(all_with(4, 5, {1, 2}));
  EXPECT_THAT(own.runs(), ElementsAre(OwnKeywords::Run{1, 3, 0}, OwnKeywords::Run{4, 5, 1},
                                      OwnKeywords::Run{6, 9, 0}));
  EXPECT_EQ(own.find(Uid(5)), 1U);
  EXPECT_EQ(own.find(Uid(10)), std::nullopt);
  own.put(all_with(4, 5, {1}));
  EXPECT_THAT(own.runs(), ElementsAre(OwnKeywords::Run{1, 9, 0}));
  own.erase(range(3, 100));
  EXPECT_THAT(own.runs(), ElementsAre(OwnKeywords::Run{1, 2, 0}));
  EXPECT_EQ(own.uids(), range(1, 2));
  own.erase(range(1, UINT32_MAX));
  EXPECT_TRUE(own.empty());
  // The highest UIDs there can be.
  own.append(Uid(UINT32_MAX), {3});
  own.erase(range(UINT32_MAX, UINT32_MAX));
  EXPECT_TRUE(own.empty());
}

TEST(OwnKeywords, SetsThatNobodyHasAreDropped) {
  OwnKeywords own;
  for (std::uint16_t k = 0; k < 5000; ++k) own.put(all_with(1, 3, {k}));
  EXPECT_LT(own.sets().size(), 100U);
  EXPECT_EQ(own.sets().at(*own.find(Uid(2))), OwnKeywords::Set{4999});
}

TEST(OwnKeywords, WhatMakesNoSenseIsNotTakenOver) {
  OwnKeywords own;
  EXPECT_FALSE(own.assign({{1}}, {{1, 1, 1}}));             // There is no such set.
  EXPECT_FALSE(own.assign({{1}}, {{5, 4, 0}}));             // Ends before it begins.
  EXPECT_FALSE(own.assign({{1}}, {{1, 4, 0}, {4, 5, 0}}));  // Overlapping.
  EXPECT_FALSE(own.assign({{1}}, {{0, 4, 0}}));
  EXPECT_FALSE(own.assign({{2, 1}}, {{1, 4, 0}}));
  EXPECT_FALSE(own.assign({{1, 1}}, {{1, 4, 0}}));
  EXPECT_TRUE(own.assign({{1}, {2, 3}}, {{1, 4, 1}, {6, 6, 0}}));
  EXPECT_EQ(own.sets().at(*own.find(Uid(4))), (OwnKeywords::Set{2, 3}));
}

TEST(OwnKeywords, AgreeWithAMap) {
  std::minstd_rand random(7);
  OwnKeywords own;
  std::map<std::uint32_t, OwnKeywords::Set> model;
  for (int step = 0; step < 2000; ++step) {
    const std::uint32_t first = 1 + random() % 60;
    const std::uint32_t last = first + random() % 12;
    if (random() % 3 == 0) {
      NumberSet gone = range(first, last);
      if (random() % 2 == 0) gone.add(last + 3, last + 9);
      own.erase(gone);
      for (const NumberSet::Range& r : gone.ranges())
        for (std::uint32_t uid = r.first; uid <= r.last; ++uid) model.erase(uid);
    } else {
      OwnKeywords changed;
      for (std::uint32_t uid = first; uid <= last; uid += 1 + random() % 2) {
        const OwnKeywords::Set set = {static_cast<std::uint16_t>(random() % 4), 9};
        changed.append(Uid(uid), set);
        model[uid] = set;
      }
      own.put(changed);
    }
    for (std::uint32_t uid = 1; uid < 90; ++uid) {
      const auto found = own.find(Uid(uid));
      ASSERT_EQ(found.has_value(), model.contains(uid)) << "step " << step << " UID " << uid;
      if (found) {
        ASSERT_EQ(own.sets().at(*found), model[uid]);
      }
    }
  }
}

TEST(KeywordsView, NamesBothKindsOfSets) {
  KeywordTable table;
  const std::uint16_t one = *table.intern_name("one");
  const std::uint16_t two = *table.intern_name("two");
  const std::uint32_t stored = table.intern_set({one});
  OwnKeywords own;
  own.append(Uid(1), {one, two});
  own.append(Uid(2), {two, 77});  // The name of one of them was lost.
  const KeywordsView view(table, &own);
  EXPECT_THAT(view.names_of(stored), ElementsAre("one"));
  EXPECT_THAT(view.names_of(kFirstOwnSet), ElementsAre("one", "two"));
  EXPECT_THAT(view.names_of(kFirstOwnSet + 1), ElementsAre("two"));
  EXPECT_TRUE(view.set_has(kFirstOwnSet, two));
  EXPECT_FALSE(view.set_has(stored, two));
  EXPECT_THAT(view.names_of(kFirstOwnSet + 2), IsEmpty());
  EXPECT_THAT(KeywordsView(table).names_of(kFirstOwnSet), IsEmpty());
}

}  // namespace
}  // namespace posthorn::store
