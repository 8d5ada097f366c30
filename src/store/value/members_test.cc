#include "store/value/members.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace posthorn::store {
namespace {

Contents append(const Contents& base, std::uint32_t uid, std::uint64_t modseq) {
  TreeEditor edit(base);
  edit.append({Uid(uid), Ordinal(uid), 10 * uid, {1000 + uid, 0}, 7}, {ModSeq(modseq), 0, 0});
  return std::move(edit).finish();
}

std::vector<std::uint32_t> uids(const Members& m) {
  std::vector<std::uint32_t> out;
  m.for_each(0, m.count(), [&](std::uint32_t position, const MemberLeaf& leaf, std::uint32_t k) {
    EXPECT_EQ(position, out.size());
    out.push_back(leaf.uid[k]);
  });
  return out;
}

TEST(Members, VersionsAreValues) {
  Contents empty;
  const Contents one = append(empty, 5, 1);
  const Contents two = append(one, 9, 2);
  EXPECT_EQ(empty.count(), 0U);
  EXPECT_EQ(uids(one.members()), (std::vector<std::uint32_t>{5}));
  EXPECT_EQ(uids(two.members()), (std::vector<std::uint32_t>{5, 9}));
  EXPECT_EQ(two.members().position_of(Uid(9)), 1U);
  EXPECT_FALSE(two.members().position_of(Uid(6)));
  EXPECT_EQ(two.members().lower_bound(Uid(6)), 1U);
  EXPECT_EQ(two.members().lower_bound(Uid(10)), 2U);
}

struct Model {
  std::vector<std::uint32_t> uid;
  std::vector<std::uint64_t> modseq;
};

void expect_equal(const Contents& c, const Model& model, std::uint64_t since) {
  ASSERT_EQ(uids(c.members()), model.uid);
  for (std::uint32_t i = 0; i < model.uid.size(); i += 37) {
    ASSERT_EQ(c.members().at(i).uid.value, model.uid[i]);
    ASSERT_EQ(c.members().position_of(Uid(model.uid[i])), i);
    ASSERT_EQ(c.flags_at(i).modseq.value, model.modseq[i]);
  }
  std::vector<std::uint32_t> changed;
  c.for_each_changed(ModSeq(since), [&](std::uint32_t position, const Member& m, const FlagState&) {
    EXPECT_EQ(m.uid.value, model.uid[position]);
    changed.push_back(position);
  });
  std::vector<std::uint32_t> expected;
  for (std::uint32_t i = 0; i < model.uid.size(); ++i)
    if (model.modseq[i] > since) expected.push_back(i);
  ASSERT_EQ(changed, expected);
}

TEST(Members, RandomEditsAgreeWithVectors) {
  std::mt19937 random(11);
  Contents now;
  Model model;
  std::uint32_t next_uid = 1;
  std::vector<std::pair<Contents, Model>> told;
  for (std::uint64_t change = 1; change <= 1500; ++change) {
    TreeEditor edit(now);
    const unsigned what = random() % 10;
    if (what < 5 || model.uid.empty()) {
      for (unsigned n = random() % 60 + 1; n > 0; --n, ++next_uid) {
        edit.append({Uid(next_uid), Ordinal(next_uid), 1, {}, 0}, {ModSeq(change), 0, 0});
        model.uid.push_back(next_uid);
        model.modseq.push_back(change);
      }
    } else if (what < 8) {
      const auto at = static_cast<std::uint32_t>(random() % model.uid.size());
      edit.set_flags(at, {ModSeq(change), 1, 0});
      model.modseq[at] = change;
    } else {
      std::vector<std::uint32_t> gone;
      Model left;
      const unsigned rate = random() % 4 == 0 ? 2 : 20;
      for (std::uint32_t i = 0; i < model.uid.size(); ++i) {
        if (random() % rate == 0) {
          gone.push_back(i);
        } else {
          left.uid.push_back(model.uid[i]);
          left.modseq.push_back(model.modseq[i]);
        }
      }
      edit.expunge(gone);
      model = left;
    }
    now = std::move(edit).finish();
    if (change % 100 == 0) expect_equal(now, model, change - 50);
    if (change % 40 == 0) told.emplace_back(now, model);
    const auto& [old, old_model] =
        told.empty() ? std::pair(Contents(), Model()) : told[random() % told.size()];
    const MembershipDifference difference(old.members(), now.members());
    std::vector<std::uint32_t> gone;
    for (std::uint32_t i = 0; i < old_model.uid.size(); ++i)
      if (!std::ranges::binary_search(model.uid, old_model.uid[i])) gone.push_back(i);
    std::vector<Uid> added;
    for (const std::uint32_t u : model.uid)
      if (old_model.uid.empty() || !std::ranges::binary_search(old_model.uid, u))
        added.emplace_back(u);
    ASSERT_EQ(difference.gone, gone);
    ASSERT_EQ(difference.added, added);
  }
  for (const auto& [old, old_model] : told) ASSERT_EQ(uids(old.members()), old_model.uid);
}

TEST(Members, AMillionCostUnder64BytesEach) {
  Contents base;
  TreeEditor edit(base);
  for (std::uint32_t u = 1; u <= 1'000'000; ++u)
    edit.append({Uid(u), Ordinal(u), 1, {}, 0}, {ModSeq(1), 0, 0});
  const Contents all = std::move(edit).finish();
  EXPECT_EQ(all.members().at(999'999).uid, Uid(1'000'000));
  EXPECT_LT((sizeof(MemberLeaf) + sizeof(FlagLeaf) + 32) / kLeafSize, 48U);
}

}  // namespace
}  // namespace posthorn::store
