#include "service/rows.h"

#include <gtest/gtest.h>

#include <random>

#include "service/test_mailbox.h"

namespace posthorn::service {
namespace {

struct Seen {
  std::uint32_t seqnum;
  std::uint32_t uid;
  std::uint64_t modseq;
  SystemFlags flags;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen seen(const Row& row) {
  return {row.seqnum.value, row.member.uid.value, row.flags.modseq.value, row.flags.system};
}

/// Looks up one message after the other.
std::vector<Seen> expected(const Membership& told, const store::Mailbox& now,
                           const NumberSet& seqnums, ModSeq since) {
  std::vector<Seen> out;
  for (std::uint32_t n = 1; n <= told.count(); ++n) {
    if (!seqnums.contains(n)) continue;
    const Uid uid = told.uid_at(n - 1);
    const auto there = now.contents->members().position_of(uid);
    if (there) {
      const store::FlagState flags = now.contents->flags_at(*there);
      if (flags.modseq > since) out.push_back({n, uid.value, flags.modseq.value, flags.system});
    } else if (since == ModSeq(0)) {
      out.push_back({n, uid.value, now.head.highest_modseq.value,
                     bit(SystemFlag::seen) | bit(SystemFlag::deleted)});
    }
  }
  return out;
}

std::vector<Seen> visited(RowReader reader, std::uint32_t limit, ModSeq since) {
  std::vector<Seen> out;
  while (reader.visit(limit, since, [&](const Row& row) { out.push_back(seen(row)); })) {
  }
  return out;
}

std::vector<Seen> in_batches(RowReader reader, std::uint32_t limit, ModSeq since) {
  std::vector<Seen> out;
  std::vector<Row> rows;
  while (reader.next(rows, limit, since)) {
    EXPECT_LE(rows.size(), limit);
    for (const Row& row : rows) out.push_back(seen(row));
  }
  return out;
}

TEST(RowReader, TheSameHoweverItIsRead) {
  std::mt19937 random(7);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  for (int round = 0; round < 200; ++round) {
    testing::TestMailbox mailbox;
    mailbox.append(1 + below(300));
    Membership told(mailbox.now().contents->shared_members());
    const std::uint32_t told_count = told.count();
    for (std::uint32_t n = below(40); n > 0; --n)
      mailbox.set_flags(1 + below(told_count), static_cast<SystemFlags>(below(32)));
    if (below(2) == 0) {
      std::vector<std::uint32_t> gone;
      for (std::uint32_t uid = 1; uid <= told_count; ++uid)
        if (below(5) == 0) gone.push_back(uid);
      mailbox.expunge(gone);
      if (below(2) == 0) mailbox.append(below(10));
    }
    NumberSet seqnums;
    for (std::uint32_t n = below(6); n > 0; --n) {
      const std::uint32_t first = 1 + below(told_count + 20);
      seqnums.add(first, first + below(100));
    }
    const ModSeq since(below(2) == 0 ? 0 : below(30));
    const auto right = expected(told, mailbox.now(), seqnums, since);
    const std::uint32_t limit = 1 + below(200);
    ASSERT_EQ(visited({told, mailbox.flags(), seqnums}, limit, since), right) << round;
    ASSERT_EQ(in_batches({told, mailbox.flags(), seqnums}, limit, since), right) << round;
  }
}

}  // namespace
}  // namespace posthorn::service
