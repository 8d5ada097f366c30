#include "base/running_checksum.h"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"

namespace posthorn {
namespace {

TEST(RunningChecksum, IsThatOfAllOctetsSoFar) {
  std::string octets;
  for (std::uint32_t i = 0; i < 3000; ++i)
    octets.push_back(static_cast<char>(i * 2'654'435'761U >> 24U));
  RunningChecksum running;
  EXPECT_EQ(running.value(), checksum(""));
  for (std::size_t n = 1; n <= octets.size(); ++n) {
    running.add(std::string_view(octets).substr(n - 1, 1));
    ASSERT_EQ(running.value(), checksum(std::string_view(octets).substr(0, n))) << n;
  }
  running.restart();
  running.add(std::string_view(octets).substr(7));
  EXPECT_EQ(running.value(), checksum(std::string_view(octets).substr(7)));
}

}  // namespace
}  // namespace posthorn
