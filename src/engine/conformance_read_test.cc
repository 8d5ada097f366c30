#include "engine/conformance_fixture.h"

namespace posthorn::engine::conformance {
namespace {

using ReadConformance = Conformance;
POSTHORN_CONFORMANCE(ReadConformance);

TEST_P(ReadConformance, GetAnswersInTheOrderAsked) {
  const auto p = partition(1);
  commit(engine(), change(p, 0, {put("a", "1"), put("b", "2"), put("c", "3")}));
  const std::vector<std::string> keys{"c", "none", "a", "c"};
  const auto got = async::wait(engine().get(p, keys));
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 4U);
  EXPECT_EQ((*got)[0], "3");
  EXPECT_EQ((*got)[1], std::nullopt);
  EXPECT_EQ((*got)[2], "1");
  EXPECT_EQ((*got)[3], "3");
  EXPECT_TRUE(async::wait(engine().get(p, {}))->empty());
}

TEST_P(ReadConformance, ScanPagesForward) {
  const auto p = partition(1);
  commit(engine(), change(p, 0, {put("a", "1"), put("b", "2"), put("c", "3"), put("d", "4")}, 9));
  EXPECT_EQ(rows(engine(), p, "", "", 2), "a=1;b=2;+c");
  EXPECT_EQ(rows(engine(), p, "c", "", 2), "c=3;d=4;");
  EXPECT_EQ(rows(engine(), p, "b", "d", 10), "b=2;c=3;");
  EXPECT_EQ(rows(engine(), p, "b", "d", 1), "b=2;+c");
  EXPECT_EQ(rows(engine(), p, "c", "d", 1), "c=3;");
  EXPECT_EQ(rows(engine(), p, "d", "b", 10), "");
  EXPECT_EQ(rows(engine(), p, "b", "b", 10), "");
  EXPECT_EQ(rows(engine(), p, "e", "", 10), "");
  EXPECT_EQ(rows(engine(), p, "", "", 0), "+a");
  EXPECT_EQ(async::wait(engine().scan(p, "", "", 1))->version.tail, Seq{9});
  EXPECT_EQ(async::wait(engine().scan(p, "x", "", 1))->version.tail, Seq{9});
}

TEST_P(ReadConformance, ScanOrdersAndBoundsByUnsignedBytes) {
  const auto p = partition(1);
  const std::vector<std::string> keys{
      std::string(1, '\0'), std::string(2, '\0'), "\x01", "a", "a\xff", "b", "\x7f", "\x80", "\xff",
      "\xff\xff",           "\xff\xff\xff"};
  Commit all = change(p, 0, {});
  for (auto it = keys.rbegin(); it != keys.rend(); ++it) all.edits.push_back(put(*it, "v"));
  commit(engine(), std::move(all));
  // A neighbour on each side, so that a range that is too wide is detected.
  commit(engine(), change(partition(0), 0, {put("\xff\xff\xff\xff", "low")}));
  commit(engine(), change(partition(2), 0, {put("", "high")}));
  std::vector<std::string> walked;
  std::string next;
  for (int step = 0; step < 20; ++step) {
    const auto scanned = async::wait(engine().scan(p, next, "", 1));
    ASSERT_TRUE(scanned);
    for (const Row& found : scanned->rows) walked.push_back(found.key);
    if (!scanned->next_key) break;
    next = *scanned->next_key;
  }
  EXPECT_EQ(walked, keys);
  EXPECT_EQ(rows(engine(), p, "\xff", ""), "\xff=v;\xff\xff=v;\xff\xff\xff=v;");
  EXPECT_EQ(rows(engine(), p, "a", "\x80"), "a=v;a\xff=v;b=v;\x7f=v;");
}

TEST_P(ReadConformance, PartitionsAtTheEndsOfTheIdsArePartitionsToo) {
  PartitionId least;
  PartitionId greatest;
  greatest.bytes.fill(0xff);
  for (const PartitionId& p : {least, greatest}) {
    Commit first = change(p, 0, {put("\xff", "v")});
    first.carry.pages = {{PageNumber{1}, "low"}, {PageNumber{~0ULL}, "page"}};
    ASSERT_EQ(said(commit(engine(), std::move(first))), "1");
    EXPECT_EQ(rows(engine(), p), "\xff=v;");
    const auto numbers = engine().pages(p, PageNumber{1}, 9);
    ASSERT_TRUE(numbers);
    EXPECT_EQ(*numbers, std::vector{PageNumber{~0ULL}});
    EXPECT_TRUE(engine().pages(p, PageNumber{~0ULL}, 9)->empty());
  }
  const auto ids = engine().partitions(std::nullopt, 9);
  ASSERT_TRUE(ids);
  EXPECT_EQ(*ids, (std::vector{least, greatest}));
  EXPECT_TRUE(engine().partitions(greatest, 9)->empty());
}

TEST_P(ReadConformance, PartitionsAreListedInOrderOnceCommitted) {
  for (const std::uint8_t n : {5, 1, 3}) commit(engine(), change(partition(n), 0, {put("a", "1")}));
  engine().hint(partition(2), {put("", "only a hint")});
  ASSERT_TRUE(engine().put_page(partition(4), PageNumber{1}, "only a page"));
  commit(engine(), change(partition(6), 0, {}, 0));
  commit(engine(), change(partition(7), 99, {}));
  const auto all = engine().partitions(std::nullopt, 100);
  ASSERT_TRUE(all);
  EXPECT_EQ(*all, (std::vector{partition(1), partition(3), partition(5), partition(6)}));
  EXPECT_EQ(*engine().partitions(partition(1), 1), std::vector{partition(3)});
  EXPECT_EQ(*engine().partitions(partition(4), 1), std::vector{partition(5)});
  EXPECT_TRUE(engine().partitions(std::nullopt, 0)->empty());
}

TEST_P(ReadConformance, PagesAreReadableOnceAndGoneWhenDropped) {
  const auto p = partition(1);
  for (const std::uint64_t n : {300, 2, 1, 256})
    ASSERT_TRUE(engine().put_page(p, PageNumber{n}, std::to_string(n)));
  ASSERT_TRUE(engine().put_page(partition(2), PageNumber{3}, "other"));
  EXPECT_EQ(said(async::wait(engine().read_page(p, PageNumber{256}))), "256");
  EXPECT_EQ(said(async::wait(engine().read_page(p, PageNumber{3}))), "<not_found>");
  EXPECT_EQ(*engine().pages(p, PageNumber{0}, 10),
            (std::vector{PageNumber{1}, PageNumber{2}, PageNumber{256}, PageNumber{300}}));
  EXPECT_EQ(*engine().pages(p, PageNumber{2}, 1), std::vector{PageNumber{256}});
  const std::vector gone{PageNumber{2}, PageNumber{300}, PageNumber{12345}};
  ASSERT_TRUE(engine().drop_pages(p, gone));
  EXPECT_EQ(*engine().pages(p, PageNumber{0}, 10), (std::vector{PageNumber{1}, PageNumber{256}}));
  EXPECT_EQ(said(async::wait(engine().read_page(p, PageNumber{2}))), "<not_found>");
  EXPECT_EQ(said(async::wait(engine().read_page(partition(2), PageNumber{3}))), "other");
}

TEST_P(ReadConformance, CachedOnlyAnswersOrSaysItWouldBlock) {
  const auto p = partition(1);
  const std::string page(50'000, 'p');
  Commit first = change(p, 0, {put("a", "1")});
  first.carry.pages = {{PageNumber{1}, page}};
  first.carry.holds = {hold_of(piece(1), page, 1)};
  commit(engine(), std::move(first));
  const auto check = [&](const char* when) {
    const std::vector<std::string> keys{"a"};
    const auto version = said(engine().try_version(p));
    EXPECT_TRUE(version == "1" || version == "<would_block>") << when << version;
    const auto got = engine().try_get(p, keys);
    EXPECT_TRUE(got ? got->front() == "1" : got.error().kind == ErrorKind::would_block) << when;
    const auto scanned = engine().try_scan(p, "", "", 9);
    EXPECT_TRUE(scanned ? scanned->rows.size() == 1 && scanned->version.tail == Seq{1}
                        : scanned.error().kind == ErrorKind::would_block)
        << when;
    for (const auto& bytes :
         {engine().try_read_page(p, PageNumber{1}), engine().try_read_piece(piece(1))})
      EXPECT_TRUE(bytes ? *bytes == page : bytes.error().kind == ErrorKind::would_block) << when;
  };
  check("fresh");
  if (!keeps()) return;
  reopen();
  check("reopened");
  EXPECT_EQ(said(async::wait(engine().read_page(p, PageNumber{1}))), page);
  EXPECT_EQ(said(async::wait(engine().read_piece(piece(1)))), page);
  EXPECT_EQ(rows(engine(), p), "a=1;");
  if (!remembers_reads()) return;
  EXPECT_EQ(said(engine().try_read_page(p, PageNumber{1})), page);
  EXPECT_EQ(said(engine().try_read_piece(piece(1))), page);
  EXPECT_EQ(said(engine().try_version(p)), "1");
}

}  // namespace
}  // namespace posthorn::engine::conformance
