#include "index/thread.h"

#include <gtest/gtest.h>

#include "index/thread_input.h"

namespace posthorn::index {
namespace {

std::string print(const ThreadForest& forest) {
  std::string out;
  walk(
      forest, [&] { out += '('; },
      [&] {
        if (out.back() == ' ') out.pop_back();
        out += ')';
      },
      [&](std::uint32_t position) {
        if (out.back() != '(' && out.back() != ' ') out += ' ';
        out += std::to_string(position + 1) + ' ';
      });
  return out;
}

ThreadInput message(std::uint32_t number, std::string subject, bool reply, std::string id = "",
                    std::vector<std::string> references = {}) {
  return {number - 1, number, std::move(subject), reply, std::move(id), std::move(references)};
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
  // A reply without references goes below the original, whichever comes first.
  EXPECT_EQ(print(thread_by_references({message(1, "x", false, "a"), message(2, "x", true, "b")})),
            "(1 2)");
  EXPECT_EQ(print(thread_by_references({message(1, "x", true, "a"), message(2, "x", false, "b")})),
            "(2 1)");
  // Two that are no replies stand side by side.
  EXPECT_EQ(print(thread_by_references({message(1, "x", false, "a"), message(2, "x", false, "b")})),
            "((1)(2))");
  EXPECT_EQ(print(thread_by_references({message(1, "x", false, "a"), message(2, "x", false, "b"),
                                        message(3, "x", false, "c")})),
            "((1)(2)(3))");
  EXPECT_EQ(print(thread_by_references({message(1, "", false, "a"), message(2, "", false, "b")})),
            "(1)(2)");
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
  std::vector<ThreadInput> messages;
  constexpr std::uint32_t kDepth = 200'000;
  for (std::uint32_t n = 1; n <= kDepth; ++n)
    messages.push_back(message(n, "deep", n > 1, "id" + std::to_string(n),
                               n > 1 ? std::vector<std::string>{"id" + std::to_string(n - 1)}
                                     : std::vector<std::string>{}));
  const std::string printed = print(thread_by_references(std::move(messages)));
  EXPECT_TRUE(printed.starts_with("(1 2 3 "));
  EXPECT_TRUE(printed.ends_with(" 200000)"));
}

}  // namespace
}  // namespace posthorn::index
