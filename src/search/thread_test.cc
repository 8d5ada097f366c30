#include "search/thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "search/rooted_forest.h"
#include "search/test_plain_threads.h"
#include "search/thread_input.h"

namespace posthorn::search {
namespace {

using testing::PlainMessage;

std::string print(const ThreadForest& forest) {
  std::string out;
  std::vector<std::uint32_t> children(forest.size());
  std::vector<std::size_t> path;
  std::vector<std::string> ends;
  for (std::size_t i = 0; i < forest.size(); ++i) {
    path.resize(forest[i].depth);
    if (!path.empty()) ++children[path.back()];
    path.push_back(i);
  }
  path.clear();
  const auto close_to = [&](std::size_t depth) {
    for (; ends.size() > depth; ends.pop_back()) out += ends.back();
  };
  for (std::size_t i = 0; i < forest.size(); ++i) {
    close_to(forest[i].depth);
    path.resize(forest[i].depth);
    const bool follows = !path.empty() && children[path.back()] == 1;
    if (!path.empty() && out.back() != '(' && out.back() != ')') out += ' ';
    if (!follows) out += '(';
    if (forest[i].position) out += std::to_string(*forest[i].position + 1);
    path.push_back(i);
    ends.emplace_back(follows ? "" : ")");
  }
  close_to(0);
  return out;
}

PlainMessage message(std::uint32_t number, std::string subject, bool reply, std::string id = "",
                     std::vector<std::string> references = {}) {
  return {number - 1, number, std::move(subject), reply, std::move(id), std::move(references)};
}

ThreadInput input_of(const std::vector<PlainMessage>& messages) {
  ThreadInput input;
  for (const PlainMessage& m : messages)
    input.add({m.position, m.sent, m.base_subject, m.reply, m.message_id, m.arrived}, m.references);
  return input;
}
ThreadForest thread_by_subject(const std::vector<PlainMessage>& messages) {
  WorkLimit limit;
  Work work(limit);
  return search::thread_by_subject(input_of(messages), work);
}
ThreadForest thread_by_references(const std::vector<PlainMessage>& messages) {
  WorkLimit limit;
  Work work(limit);
  return search::thread_by_references(input_of(messages), work);
}
ThreadForest thread_by_refs(const std::vector<PlainMessage>& messages) {
  WorkLimit limit;
  Work work(limit);
  return search::thread_by_refs(input_of(messages), work);
}
/// With the structure for deep trees used from the first link on.
ThreadForest thread_by_deep_references(const std::vector<PlainMessage>& messages) {
  WorkLimit limit;
  Work work(limit);
  return search::thread_by_references(input_of(messages), work, 0);
}

TEST(Thread, OrderedSubjectMakesTheFirstTheParentOfAll) {
  EXPECT_EQ(print(thread_by_subject({message(1, "B", false), message(2, "A", false),
                                     message(3, "B", true), message(4, "B", true)})),
            "(1 (3)(4))(2)");
  EXPECT_EQ(print(thread_by_subject({})), "");
}

TEST(Thread, ReferencesBuildTheTree) {
  EXPECT_EQ(
      print(thread_by_references({message(1, "x", false, "a"), message(2, "x", true, "b", {"a"}),
                                  message(3, "x", true, "c", {"a", "b"}),
                                  message(4, "x", true, "d", {"a"}), message(5, "y", false, "e")})),
      "(1 (2 3)(4))(5)");
}

TEST(Thread, AMissingParentWithSeveralChildrenStaysADummy) {
  EXPECT_EQ(print(thread_by_references(
                {message(1, "p", true, "a", {"gone"}), message(2, "q", true, "b", {"gone"})})),
            "((1)(2))");
  EXPECT_EQ(print(thread_by_references({message(1, "p", true, "a", {"gone", "lost"})})), "(1)");
}

TEST(Thread, EqualSubjectsMerge) {
  // A reply without references becomes a child of the original, whichever comes first.
  EXPECT_EQ(print(thread_by_references({message(1, "x", false, "a"), message(2, "x", true, "b")})),
            "(1 2)");
  EXPECT_EQ(print(thread_by_references({message(1, "x", true, "a"), message(2, "x", false, "b")})),
            "(2 1)");
  // Two messages that are not replies become siblings.
  EXPECT_EQ(print(thread_by_references({message(1, "x", false, "a"), message(2, "x", false, "b")})),
            "((1)(2))");
  EXPECT_EQ(print(thread_by_references({message(1, "x", false, "a"), message(2, "x", false, "b"),
                                        message(3, "x", false, "c")})),
            "((1)(2)(3))");
  EXPECT_EQ(print(thread_by_references({message(1, "", false, "a"), message(2, "", false, "b")})),
            "(1)(2)");
}

TEST(Thread, RefsJoinNothingBySubject) {
  EXPECT_EQ(print(thread_by_refs({message(1, "x", false, "a"), message(2, "x", true, "b"),
                                  message(3, "x", true, "c", {"a"})})),
            "(2)(1 3)");
  EXPECT_EQ(print(thread_by_refs({})), "");
}

TEST(Thread, RefsPutTheThreadWithNewsLast) {
  std::vector<PlainMessage> messages = {
      message(1, "x", false, "a"), message(2, "y", false, "b"), message(3, "x", true, "c", {"a"}),
      message(4, "z", true, "d", {"gone"}), message(5, "z", true, "e", {"gone"})};
  // Message 3 arrived first of all, whatever its Date says, and 4 after all others.
  messages[0].arrived = 20;
  messages[1].arrived = 30;
  messages[2].arrived = 10;
  messages[3].arrived = 50;
  messages[4].arrived = 5;
  EXPECT_EQ(print(thread_by_refs(messages)), "(1 3)(2)((4)(5))");
  messages[2].arrived = 40;
  EXPECT_EQ(print(thread_by_refs(messages)), "(2)(1 3)((4)(5))");
  messages[0].arrived = 60;
  EXPECT_EQ(print(thread_by_refs(messages)), "(2)((4)(5))(1 3)");
  // Of equal times, the higher number is the later one.
  for (PlainMessage& m : messages) m.arrived = 7;
  EXPECT_EQ(print(thread_by_refs(messages)), "(2)(1 3)((4)(5))");
}

TEST(Thread, LoopsAndDuplicatesDoNoHarm) {
  EXPECT_EQ(print(thread_by_references(
                {message(1, "p", false, "a", {"b"}), message(2, "q", false, "b", {"a"})})),
            "(2 1)");
  EXPECT_EQ(print(thread_by_references({message(1, "p", false, "a", {"a"})})), "(1)");
  EXPECT_EQ(print(thread_by_references({message(1, "p", false, "a"), message(2, "q", false, "a"),
                                        message(3, "r", false, "c", {"a"})})),
            "(1 3)(2)");
}

TEST(Thread, AThreadAsDeepAsTheMailboxIsLong) {
  std::vector<PlainMessage> messages;
  constexpr std::uint32_t kDepth = 200'000;
  for (std::uint32_t n = 1; n <= kDepth; ++n)
    messages.push_back(message(n, "deep", n > 1, "id" + std::to_string(n),
                               n > 1 ? std::vector<std::string>{"id" + std::to_string(n - 1)}
                                     : std::vector<std::string>{}));
  const std::string printed = print(thread_by_references(messages));
  EXPECT_TRUE(printed.starts_with("(1 2 3 "));
  EXPECT_TRUE(printed.ends_with(" 200000)"));
}

/// Few ids and subjects, so that loops, duplicates, gaps and equal dates are frequent.
std::vector<PlainMessage> random_mailbox(std::mt19937& random) {
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  const std::uint32_t ids = 1 + below(12);
  const auto id = [&] { return "id" + std::to_string(below(ids)); };
  std::vector<PlainMessage> messages(below(14));
  std::uint32_t position = 0;
  for (PlainMessage& m : messages) {
    m.position = position += 1 + below(2);
    m.sent = static_cast<std::int64_t>(below(10)) - 5;
    m.arrived = static_cast<std::int64_t>(below(10)) - 5;
    if (below(4) != 0) m.base_subject = std::string(1, static_cast<char>('A' + below(3)));
    m.reply = below(2) == 0;
    if (below(5) != 0) m.message_id = id();
    for (std::uint32_t n = below(5); n > 0; --n) m.references.push_back(id());
  }
  return messages;
}

TEST(Thread, TheSameAsThePlainAlgorithm) {
  std::mt19937 random(5256);
  for (int round = 0; round < 20'000; ++round) {
    const auto messages = random_mailbox(random);
    const std::string plain = print(testing::PlainReferences(messages).run());
    ASSERT_EQ(print(thread_by_references(messages)), plain) << "round " << round;
    ASSERT_EQ(print(thread_by_deep_references(messages)), plain) << "round " << round;
    ASSERT_EQ(print(thread_by_refs(messages)), print(testing::PlainReferences(messages).run_refs()))
        << "round " << round;
  }
}

/// Mail that an attacker can send: a long chain in which each message refers to the one before, and
/// as many messages whose references alternate between both ends of the chain.
std::vector<PlainMessage> zigzag(std::uint32_t length, std::uint32_t turns) {
  std::vector<PlainMessage> messages;
  const auto id = [](std::uint32_t n) { return "id" + std::to_string(n); };
  for (std::uint32_t n = 1; n <= length; ++n)
    messages.push_back(message(n, "zigzag", true, id(n),
                               n > 1 ? std::vector{id(n - 1)} : std::vector<std::string>{}));
  std::vector<std::string> to_and_fro;
  for (std::uint32_t i = 0; i < turns; ++i) to_and_fro.push_back(id(i % 2 == 0 ? length : 1));
  for (std::uint32_t n = length + 1; n <= 2 * length; ++n)
    messages.push_back(message(n, "zigzag", true, id(n), to_and_fro));
  return messages;
}

/// The number of steps of threading by references, including those up the trees.
std::uint64_t steps_of(const std::vector<PlainMessage>& messages) {
  const ThreadInput input = input_of(messages);
  WorkLimit limit;
  Work work(limit);
  std::ignore = search::thread_by_references(input, work);
  return work.total();
}

TEST(Thread, StepsGrowWithTheMailAndNotWithItsSquare) {
  constexpr std::uint32_t kTurns = 200;
  const std::uint64_t references = std::uint64_t{1000} * kTurns;
  // Walking up the chain for each reference would take references times messages.
  EXPECT_LT(steps_of(zigzag(1000, kTurns)), references * 60);
  EXPECT_LT(steps_of(zigzag(4000, kTurns)), 4 * references * 60);
  // The opposite: chains that grow at their root.
  std::vector<PlainMessage> reversed;
  for (std::uint32_t n = 1; n <= 4000; ++n)
    reversed.push_back(
        message(n, "up", true, "id" + std::to_string(n), {"id" + std::to_string(n + 1)}));
  EXPECT_LT(steps_of(reversed), std::uint64_t{4000} * 500);
}

TEST(Thread, TheSameAsThePlainAlgorithmInDeepTrees) {
  const auto messages = zigzag(300, 20);
  const std::string plain = print(testing::PlainReferences(messages).run());
  EXPECT_EQ(print(thread_by_references(messages)), plain);
  EXPECT_EQ(print(thread_by_deep_references(messages)), plain);
}

TEST(Thread, EndsWhenItIsTooMuchOrNobodyWaits) {
  const ThreadInput input = input_of(zigzag(1000, 20));
  WorkLimit small(nullptr, 70'000);
  Work too_much(small);
  EXPECT_TRUE(search::thread_by_references(input, too_much).empty());
  EXPECT_EQ(small.status().error().kind, ErrorKind::limit);
  const std::atomic<bool> cancelled = true;
  WorkLimit limit(&cancelled);
  Work work(limit);
  EXPECT_TRUE(search::thread_by_references(input, work).empty());
  EXPECT_TRUE(search::thread_by_subject(input, work).empty());
  EXPECT_TRUE(search::thread_by_refs(input, work).empty());
  EXPECT_EQ(limit.status().error().kind, ErrorKind::unavailable);
}

TEST(RootedForest, TheSameAsWalkingUp) {
  constexpr std::uint32_t kNone = RootedForest::kNone;
  std::mt19937 random(83);
  std::vector<std::uint32_t> parents(50, kNone);
  for (std::uint32_t i = 1; i < 30; ++i) parents[i] = i - 1;
  RootedForest forest(parents);
  const auto root_of = [&](std::uint32_t node) {
    while (parents[node] != kNone) node = parents[node];
    return node;
  };
  for (int round = 0; round < 20'000; ++round) {
    const auto node = static_cast<std::uint32_t>(random() % parents.size());
    const auto other = static_cast<std::uint32_t>(random() % parents.size());
    ASSERT_EQ(forest.root_of(node), root_of(node)) << round;
    if (parents[node] != kNone && random() % 4 == 0) {
      forest.cut(node);
      parents[node] = kNone;
    } else if (parents[node] == kNone && root_of(other) != node) {
      forest.link(other, node);
      parents[node] = other;
    }
    if (round % 1000 == 0) {
      forest.add_node();
      parents.push_back(kNone);
    }
  }
}

TEST(Thread, OrderedSubjectIsInTheOrderOfSubjectAndDate) {
  std::mt19937 random(3);
  for (int round = 0; round < 2'000; ++round) {
    auto messages = random_mailbox(random);
    const ThreadForest forest = thread_by_subject(messages);
    ASSERT_EQ(forest.size(), messages.size());
    const auto of = [&](const ThreadNode& node) {
      return *std::ranges::find(messages, *node.position, &PlainMessage::position);
    };
    const PlainMessage* root = nullptr;
    PlainMessage first;
    for (std::size_t i = 0; i < forest.size(); ++i) {
      const PlainMessage m = of(forest[i]);
      if (forest[i].depth == 0) {
        if (root != nullptr) {
          EXPECT_LT(std::tie(first.sent, first.position), std::tie(m.sent, m.position));
        }
        first = m;
        root = &first;
        continue;
      }
      ASSERT_EQ(forest[i].depth, 1U);
      const PlainMessage before = of(forest[i - 1]);
      EXPECT_EQ(m.base_subject, first.base_subject);
      EXPECT_LT(std::tie(before.sent, before.position), std::tie(m.sent, m.position));
    }
  }
}

}  // namespace
}  // namespace posthorn::search
