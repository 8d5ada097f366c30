#include "store/nodes/page_numbers.h"

#include "async/offload.h"
#include "async/wait.h"
#include "engine/memory/memory_engine.h"
#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

class PageNumbersTest : public testing::Test {
 protected:
  std::uint64_t writer_of(PageNumbers& numbers) {
    EXPECT_TRUE(async::wait(numbers.prepare(pool_)));
    return numbers.take().value >> 32U;
  }

  async::OffloadPool pool_{1, 10};
  engine::MemoryEngine engine_;
};

TEST_F(PageNumbersTest, NoneBeforeTheyArePrepared) {
  PageNumbers numbers(engine_);
  EXPECT_EQ(numbers.take(), PageNumber(0));
  EXPECT_EQ(engine_.try_version(system_partition())->revision, 0U);
  ASSERT_TRUE(async::wait(numbers.prepare(pool_)));
  const PageNumber first = numbers.take();
  EXPECT_EQ(first.value, std::uint64_t{PageNumbers::kFirstWriter} << 32U);
  EXPECT_EQ(numbers.take(5).value, first.value + 1);
  EXPECT_EQ(numbers.take().value, first.value + 6);
}

TEST_F(PageNumbersTest, NoTwoProcessesHaveTheSame) {
  PageNumbers one(engine_);
  PageNumbers two(engine_);
  PageNumbers three(engine_);
  EXPECT_EQ(writer_of(one), PageNumbers::kFirstWriter);
  EXPECT_EQ(writer_of(two), PageNumbers::kFirstWriter + 1);
  EXPECT_EQ(writer_of(three), PageNumbers::kFirstWriter + 2);
  EXPECT_EQ(writer_of(one), PageNumbers::kFirstWriter) << "it was one already";
}

TEST_F(PageNumbersTest, WhoHasNoneLeftBecomesAnotherWriter) {
  PageNumbers numbers(engine_);
  const std::uint64_t writer = writer_of(numbers);
  constexpr std::size_t kAll = std::size_t{1} << 32U;
  EXPECT_NE(numbers.take(kAll - 10), PageNumber(0));
  EXPECT_EQ(numbers.take(10), PageNumber(0)) << "some would be those of the next writer";
  EXPECT_EQ(writer_of(numbers), writer + 1);
}

/// Changes may be lost while the pages of their writers are still there.
TEST_F(PageNumbersTest, AStoreThatLostChangesSkipsWriters) {
  PageNumbers before(engine_);
  EXPECT_EQ(writer_of(before), PageNumbers::kFirstWriter);
  engine_.set_epoch(7);
  PageNumbers after(engine_);
  EXPECT_EQ(writer_of(after), PageNumbers::kFirstWriter + 1 + PageNumbers::kJump);
  PageNumbers later(engine_);
  EXPECT_EQ(writer_of(later), PageNumbers::kFirstWriter + 2 + PageNumbers::kJump);
}

TEST_F(PageNumbersTest, ADamagedRowIsNotReplaced) {
  ASSERT_TRUE(commit_and_wait(
      engine_, {system_partition(), {}, 1, {{std::string(keys::kWriters), "damaged"}}, {}}));
  PageNumbers numbers(engine_);
  const Status prepared = async::wait(numbers.prepare(pool_));
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().kind, ErrorKind::corrupt);
  EXPECT_EQ(numbers.take(), PageNumber(0));
}

}  // namespace
}  // namespace posthorn::store
