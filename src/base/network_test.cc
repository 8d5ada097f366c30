#include "base/network.h"

#include <gtest/gtest.h>

namespace posthorn {
namespace {

bool is_in(std::string_view peer, std::string_view network) {
  const auto parsed = Network::parse(network);
  EXPECT_TRUE(parsed) << network;
  return parsed && parsed->contains(peer) && Networks({*parsed}).contains(peer);
}

TEST(Network, HasTheAddressesOfItsPrefix) {
  EXPECT_TRUE(is_in("192.0.2.7:1234", "192.0.2.0/24"));
  EXPECT_FALSE(is_in("192.0.3.7:1234", "192.0.2.0/24"));
  EXPECT_TRUE(is_in("192.0.2.130", "192.0.2.128/25"));
  EXPECT_FALSE(is_in("192.0.2.127", "192.0.2.128/25"));
  EXPECT_TRUE(is_in("192.0.2.1:1", "192.0.2.1"));
  EXPECT_FALSE(is_in("192.0.2.2:1", "192.0.2.1"));
  EXPECT_TRUE(is_in("[2001:db8:1::5]:993", "2001:db8::/32"));
  EXPECT_FALSE(is_in("[2001:db9::5]:993", "2001:db8::/32"));
  EXPECT_TRUE(is_in("[::1]:1", "::1"));
}

TEST(Network, ARestOfThePrefixIsIgnored) { EXPECT_TRUE(is_in("10.200.1.1", "10.1.2.3/8")); }

TEST(Network, AMappedAddressIsIpv4) {
  EXPECT_TRUE(is_in("[::ffff:192.0.2.7]:1", "192.0.2.0/24"));
  EXPECT_TRUE(is_in("192.0.2.7:1", "::ffff:192.0.2.0/120"));
}

TEST(Network, ZeroBitsHaveAllOfTheirKind) {
  EXPECT_TRUE(is_in("198.51.100.1:1", "0.0.0.0/0"));
  EXPECT_FALSE(is_in("[2001:db8::1]:1", "0.0.0.0/0"));
  EXPECT_TRUE(is_in("198.51.100.1:1", "::/0"));
}

TEST(Network, ALocalSocketIsInNone) {
  EXPECT_FALSE(is_in("unix", "::/0"));
  EXPECT_FALSE(is_in("", "::/0"));
  EXPECT_FALSE(Networks().contains("192.0.2.1:1"));
}

TEST(Network, HasOneForm) {
  const auto form = [](std::string_view text) { return Network::parse(text)->text(); };
  EXPECT_EQ(form("192.0.2.77/24"), "192.0.2.0/24");
  EXPECT_EQ(form("192.0.2.77"), "192.0.2.77");
  EXPECT_EQ(form("192.0.2.77/32"), "192.0.2.77");
  EXPECT_EQ(form("0.0.0.0/0"), "0.0.0.0/0");
  EXPECT_EQ(form("::ffff:192.0.2.7/120"), "192.0.2.0/24");
  EXPECT_EQ(form("2001:DB8::1/32"), "2001:db8::/32");
  EXPECT_EQ(form("::1"), "::1");
  EXPECT_EQ(form("::/0"), "::/0");
  for (const char* const bad :
       {"", "/8", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/x", "::/129", "example.org", "192.0.2"})
    EXPECT_FALSE(Network::parse(bad)) << bad;
}

TEST(Peer, ConsistsOfAddressAndPort) {
  EXPECT_EQ(address_of("192.0.2.7:25"), "192.0.2.7");
  EXPECT_EQ(address_of("[2001:db8::1%eth0]:25"), "2001:db8::1");
  EXPECT_EQ(address_of("unix"), "unix");
  EXPECT_EQ(port_of("192.0.2.7:25"), 25);
  EXPECT_EQ(port_of("[2001:db8::1]:65535"), 65535);
  EXPECT_EQ(port_of("2001:db8::1"), 0);
  EXPECT_EQ(port_of("192.0.2.7:65536"), 0);
  EXPECT_EQ(port_of("unix"), 0);
}

TEST(Peer, HasAUsualForm) {
  EXPECT_EQ(usual_address("2001:DB8:0:0::1"), "2001:db8::1");
  EXPECT_EQ(usual_address("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(usual_address("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(usual_address("192.0.2.7 x"), std::nullopt);
  EXPECT_EQ(usual_address(""), std::nullopt);
  EXPECT_EQ(format_peer("192.0.2.7", 25), "192.0.2.7:25");
  EXPECT_EQ(format_peer("2001:db8::1", 25), "[2001:db8::1]:25");
}

TEST(Network, RefusesWhatIsNone) {
  for (const char* const text :
       {"", "/", "mail.example.org", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "192.0.2.0/8x",
        "::/129", "192.0.2", "192.0.2.1:5", "[::1]"})
    EXPECT_FALSE(Network::parse(text)) << text;
}

}  // namespace
}  // namespace posthorn
