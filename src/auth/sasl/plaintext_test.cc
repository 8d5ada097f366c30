#include "auth/sasl/plaintext.h"

#include <gtest/gtest.h>

namespace posthorn::auth {
namespace {

bool allowed(bool is_tls, std::string_view peer, PlaintextLogin policy) {
  return plaintext_on(is_tls, peer, policy) == Plaintext::allowed;
}

TEST(PlaintextTest, FollowsThePolicy) {
  for (const PlaintextLogin policy :
       {PlaintextLogin::tls_only, PlaintextLogin::tls_or_local, PlaintextLogin::always})
    EXPECT_TRUE(allowed(true, "192.0.2.1:1", policy));
  EXPECT_FALSE(allowed(false, "127.0.0.1:1", PlaintextLogin::tls_only));
  EXPECT_FALSE(allowed(false, "192.0.2.1:1", PlaintextLogin::tls_or_local));
  for (const char* peer : {"127.0.0.1:1", "127.1.2.3:9", "[::1]:4", "unix"})
    EXPECT_TRUE(allowed(false, peer, PlaintextLogin::tls_or_local));
  EXPECT_TRUE(allowed(false, "192.0.2.1:1", PlaintextLogin::always));
}

}  // namespace
}  // namespace posthorn::auth
