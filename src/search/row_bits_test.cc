#include "search/row_bits.h"

#include <gtest/gtest.h>

#include <random>

#include "search/evaluate.h"

namespace posthorn::search {
namespace {

using message::SearchKey;
using Kind = SearchKey::Kind;

class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  /// With gaps in the leaves, as after expunging.
  store::Mailbox mailbox() {
    auto keywords = std::make_shared<store::KeywordTable>();
    for (const char* name : {"one", "two", "three"}) (void)keywords->intern_name(name);
    std::vector<std::uint32_t> sets = {0};
    for (const std::vector<std::uint16_t>& set :
         std::vector<std::vector<std::uint16_t>>{{0}, {1}, {0, 2}, {0, 1, 2}})
      sets.push_back(keywords->intern_set(set));
    store::TreeEditor editor(empty_);
    std::uint32_t uid = 0;
    for (std::uint32_t n = below(400); n > 0; --n) {
      uid += 1 + below(3);
      editor.append({Uid(uid), Ordinal(uid), below(20), date(), below(5) * 43'200},
                    {ModSeq(1 + below(9)), static_cast<SystemFlags>(below(32)),
                     sets[below(static_cast<std::uint32_t>(sets.size()))]});
    }
    std::vector<std::uint32_t> gone;
    for (std::uint32_t p = 0; p < editor.members().count(); ++p)
      if (below(3) == 0) gone.push_back(p);
    editor.expunge(gone);
    store::Mailbox made;
    made.keywords = std::move(keywords);
    made.contents = std::make_shared<store::Contents>(std::move(editor).finish());
    return made;
  }

  SearchKey key(int depth) {
    constexpr Kind kKinds[] = {
        Kind::all,          Kind::flag_set,
        Kind::keyword,      Kind::recent,
        Kind::sequence,     Kind::uid,
        Kind::larger,       Kind::smaller,
        Kind::internal_on,  Kind::internal_before,
        Kind::saved_before, Kind::internal_since,
        Kind::saved_on,     Kind::saved_since,
        Kind::older,        Kind::younger,
        Kind::modseq,       Kind::subject,
        Kind::header,       Kind::body,
        Kind::sent_on,
    };
    SearchKey made;
    if (depth > 0 && below(2) == 0) {
      constexpr Kind kGroups[] = {Kind::conjunction, Kind::disjunction, Kind::negation};
      made.kind = kGroups[below(3)];
      const std::uint32_t children = made.kind == Kind::negation      ? 1
                                     : made.kind == Kind::disjunction ? 2
                                                                      : below(4);
      for (std::uint32_t i = 0; i < children; ++i) made.children.push_back(key(depth - 1));
      return made;
    }
    made.kind = kKinds[below(std::size(kKinds))];
    made.flag = static_cast<SystemFlag>(1U << below(5));
    made.text = below(2) == 0 ? "one" : "three";
    made.number =
        made.kind == Kind::older || made.kind == Kind::younger ? below(400'000) : below(20);
    made.date = local_date(date());
    for (std::uint32_t n = below(4); n > 0; --n)
      made.set.ranges.push_back({below(700), below(700)});
    return made;
  }

 private:
  Timestamp date() {
    return {1'700'000'000 + below(400'000), static_cast<std::int16_t>(below(5) * 300 - 600)};
  }
  std::mt19937 random_;
  store::Contents empty_;
};

SearchEnvironment environment() {
  SearchEnvironment made;
  made.now = {1'700'400'000, 0};
  static const NumberSet kRecent = NumberSet::from_ranges({{300, 310}, {320, UINT32_MAX}});
  made.recent = &kRecent;
  made.resolve = [](const SequenceSet& set, bool) { return set.resolve(500); };
  return made;
}

/// Judging whole leaves gives the same verdicts as the general evaluator for each message.
TEST(RowBits, TheSameAsMessageByMessage) {
  Maker maker(64);
  BodySearch bodies(nullptr);  // Rows alone are judged.
  WorkLimit limit;
  Work work(limit);
  std::uint32_t judged = 0;
  for (int round = 0; round < 600; ++round) {
    const store::Mailbox mailbox = maker.mailbox();
    const auto program = *SearchProgram::compile(maker.key(3), mailbox, environment());
    mailbox.contents->for_each_leaf(
        0, mailbox.contents->count(),
        [&](std::uint32_t position, const store::MemberLeaf& members, const store::FlagLeaf& flags,
            std::uint32_t begin, std::uint32_t end) {
          ASSERT_EQ(begin, 0U);
          ASSERT_EQ(end, members.count);
          const RowVerdicts all =
              judge_rows(program.root(), members, flags, store::KeywordsView(*mailbox.keywords));
          EXPECT_EQ((all.yes | all.no) & ~first_bits(end), 0U);
          for (std::uint32_t k = begin; k < end; ++k, ++position, ++judged) {
            Candidate c;
            c.position = position;
            c.member = members.at(k);
            c.flags = flags.at(k);
            const Verdict verdict =
                evaluate(program.root(), c, store::KeywordsView(*mailbox.keywords), bodies, work);
            ASSERT_EQ((all.yes >> k & 1) != 0, verdict == Verdict::yes) << round << ' ' << position;
            ASSERT_EQ((all.no >> k & 1) != 0, verdict == Verdict::no) << round << ' ' << position;
          }
        });
  }
  EXPECT_GT(judged, 10'000U);
}

}  // namespace
}  // namespace posthorn::search
