#include "wire/smtp/extensions.h"

#include <gtest/gtest.h>

namespace posthorn::wire::smtp {
namespace {

TEST(Extensions, AreRead) {
  const Extensions e = parse_extensions(
      {250,
       std::nullopt,
       {"mx.example.org PIPELINING", "8bitmime", "SIZE 1000", "SMTPUTF8", "CHUNKING", "BINARYMIME",
        "DSN", "STARTTLS", "AUTH plain  LOGIN ", "LIMITS MAILMAX=5 RCPTMAX=50", "X-OTHER 5"}});
  EXPECT_FALSE(e.pipelining);  // The first line is a greeting.
  EXPECT_TRUE(e.eight_bit_mime && e.smtputf8 && e.chunking && e.binary_mime && e.dsn && e.starttls);
  EXPECT_TRUE(e.size);
  EXPECT_EQ(e.max_size, 1000U);
  EXPECT_EQ(e.max_recipients, 50U);
  EXPECT_EQ(e.mechanisms, (std::vector<std::string>{"PLAIN", "LOGIN"}));
}

TEST(Extensions, PassOverWhatIsMalformed) {
  const Extensions e =
      parse_extensions({250,
                        std::nullopt,
                        {"x", "", " ", "SIZE", "SIZE 99999999999999999999999", "SIZE -1",
                         "LIMITS RCPTMAX=many", "AUTH", "DSNX", "PIPELINING yes"}});
  EXPECT_EQ(e, (Extensions{.pipelining = true, .size = true}));
  EXPECT_EQ(parse_extensions({}), Extensions{});
}

TEST(Extensions, KeepABoundedNumberOfMechanisms) {
  std::string line = "AUTH";
  for (int i = 0; i < 500; ++i) line += " M";
  EXPECT_EQ(parse_extensions({250, std::nullopt, {"x", line, line}}).mechanisms.size(), 32U);
}

}  // namespace
}  // namespace posthorn::wire::smtp
