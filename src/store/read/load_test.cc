#include "store/read/load.h"

#include "async/wait.h"
#include "store/format/keys.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

class LoadTest : public StoreFixture {};

/// As it is when the row with the version is gone, and the others are not: then numbers that
/// clients have seen would be given out again.
TEST_F(LoadTest, AnAccountWithoutAVersionIsDamaged) {
  const auto id = run(store_->create_account("ann@example.org", "", {}));
  ASSERT_TRUE(id);
  EXPECT_TRUE(async::wait(load_account(*engine_, *id)));
  const auto row = async::wait(engine_->get_row(*id, keys::account()));
  ASSERT_TRUE(row && *row);
  const PartitionId other = random_partition_id();
  engine_->hint(other, {{keys::account(), *row}});
  const auto loaded = async::wait(load_account(*engine_, other));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::corrupt);
  EXPECT_EQ(loaded.error().text, "The version of the account is lost");
}

}  // namespace
}  // namespace posthorn::store
