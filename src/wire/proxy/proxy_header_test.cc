#include "wire/proxy/proxy_header.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace posthorn::wire::proxy {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string v2(std::string_view command_and_family, std::string_view addresses) {
  std::string out = kSignature + std::string(command_and_family);
  out += static_cast<char>(addresses.size() >> 8);
  out += static_cast<char>(addresses.size() & 0xff);
  return out + std::string(addresses);
}

const std::string kTcp4 = "\xc0\x00\x02\x01\xcb\x00\x71\x05\x9c\x40\x03\xe1"s;

/// Feeds what is wanted, at most `step` octets at a time. Returns the client, "none" if the header
/// names none, "more" if it is incomplete, or the error. `rest` gets the octets that were not
/// taken.
std::string read(std::string_view octets, std::size_t step, std::string_view& rest) {
  ProxyHeader header;
  while (header.wanted() > 0) {
    const std::string_view next = octets.substr(0, std::min(header.wanted(), step));
    if (next.empty()) return "more";
    octets.remove_prefix(next.size());
    if (const Status fed = header.feed(next); !fed) return fed.error().text;
  }
  rest = octets;
  return header.client().value_or("none");
}

std::string read(std::string_view octets) {
  std::string_view rest;
  std::string_view slow_rest;
  const std::string at_once = read(octets, 10'000, rest);
  EXPECT_EQ(read(octets, 1, slow_rest), at_once);
  EXPECT_EQ(slow_rest, rest);
  return at_once;
}

TEST(ProxyHeader, VersionOneNamesTheClient) {
  EXPECT_EQ(read("PROXY TCP4 192.0.2.1 203.0.113.5 40000 993\r\n"), "192.0.2.1:40000");
  EXPECT_EQ(read("PROXY TCP6 2001:db8::1 2001:DB8:0::2 1 65535\r\n"), "[2001:db8::1]:1");
  EXPECT_EQ(read("PROXY TCP6 ::ffff:192.0.2.1 ::1 40000 993\r\n"), "192.0.2.1:40000");
  EXPECT_EQ(read("PROXY UNKNOWN\r\n"), "none");
  EXPECT_EQ(read("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), "none");
}

TEST(ProxyHeader, VersionTwoNamesTheClient) {
  EXPECT_EQ(read(v2("\x21\x11", kTcp4)), "192.0.2.1:40000");
  std::string ipv6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01"s + std::string(16, '\7');
  EXPECT_EQ(read(v2("\x21\x21", ipv6 + "\x9c\x40\x03\xe1")), "[2001:db8::1]:40000");
}

TEST(ProxyHeader, ExtensionsOfVersionTwoAreIgnored) {
  EXPECT_EQ(read(v2("\x21\x11", kTcp4 + "\x04\x00\x03"s + "abc")), "192.0.2.1:40000");
}

TEST(ProxyHeader, AProxyThatSpeaksForItselfNamesNobody) {
  EXPECT_EQ(read(v2("\x20"s + "\x00"s, "")), "none");
  EXPECT_EQ(read(v2("\x20\x11", kTcp4)), "none");
  EXPECT_EQ(read(v2("\x21"s + "\x00"s, "")), "none");
  EXPECT_EQ(read(v2("\x21\x31", std::string(216, 'x'))), "none");  // A unix socket.
  EXPECT_EQ(read(v2("\x21\x12", kTcp4)), "none");                  // UDP.
}

TEST(ProxyHeader, NothingBehindItIsTaken) {
  for (const std::string& header :
       {"PROXY TCP4 192.0.2.1 203.0.113.5 4 9\r\n"s, "PROXY UNKNOWN\r\n"s, "PROXY UNKNOWN \r\n"s,
        v2("\x21\x11", kTcp4), v2("\x20"s + "\x00"s, "")}) {
    const std::string octets = header + "a1 LOGIN";
    std::string_view rest;
    read(octets, 10'000, rest);
    EXPECT_EQ(rest, "a1 LOGIN") << header;
  }
}

TEST(ProxyHeader, RefusesWhatIsNone) {
  EXPECT_EQ(read("a1 NOOP\r\na2 NOOP\r\n"), "the PROXY header is missing");
  EXPECT_EQ(read("\x16\x03\x01"), "the PROXY header is missing");
  EXPECT_EQ(read("\r\n\r\nQUIT"), "the PROXY header is missing");
  EXPECT_EQ(read("PROXYTCP4 192"), "the PROXY header is missing");
  EXPECT_EQ(read("PROX"), "more");
  EXPECT_EQ(read("PROXY TCP4 192.0.2.1"), "more");
}

TEST(ProxyHeader, RefusesMalformedLines) {
  for (const char* const line :
       {"PROXY TCP4 192.0.2.1 203.0.113.5 40000\r\n", "PROXY TCP4 192.0.2.1 203.0.113.5 4 9 \r\n",
        "PROXY  TCP4 192.0.2.1 203.0.113.5 4 9\r\n",
        "PROXY TCP4 mail.example.org 203.0.113.5 4 9\r\n", "PROXY TCP4 ::1 203.0.113.5 4 9\r\n",
        "PROXY TCP6 192.0.2.1 ::1 4 9\r\n", "PROXY TCP4 192.0.2.1 203.0.113.5 04 9\r\n",
        "PROXY TCP4 192.0.2.1 203.0.113.5 65536 9\r\n", "PROXY TCP4 192.0.2.1 203.0.113.5 -4 9\r\n",
        "PROXY UDP4 192.0.2.1 203.0.113.5 4 9\r\n", "PROXY TCP4 192.0.2.1\r203.0.113.5 4 9\r\n",
        "PROXY TCP4 a\nb PROXY\r\n"})
    EXPECT_TRUE(read(line).starts_with("the PROXY header ")) << line;
}

TEST(ProxyHeader, RefusesMalformedBlocks) {
  EXPECT_EQ(read(v2("\x11\x11", kTcp4)), "the PROXY header has an unknown version");
  EXPECT_EQ(read(v2("\x22\x11", kTcp4)), "the PROXY header has an unknown command");
  EXPECT_EQ(read(v2("\x21\x11", kTcp4.substr(1))),
            "the PROXY header is too short for its addresses");
  EXPECT_EQ(read(v2("\x21\x21", kTcp4)), "the PROXY header is too short for its addresses");
}

TEST(ProxyHeader, IsBounded) {
  const std::string most = "PROXY UNKNOWN " + std::string(ProxyHeader::kMaxV1 - 16, 'x') + "\r\n";
  EXPECT_EQ(read(most), "none");
  EXPECT_EQ(read("PROXY UNKNOWN " + std::string(ProxyHeader::kMaxV1 - 15, 'x') + "\r\n"),
            "the PROXY header is too long");
  EXPECT_EQ(read(v2("\x20"s + "\x00"s, std::string(ProxyHeader::kMaxV2 - 16, 'x'))), "none");
  EXPECT_EQ(read(v2("\x20"s + "\x00"s, std::string(ProxyHeader::kMaxV2 - 15, 'x'))),
            "the PROXY header is too long");
}

}  // namespace
}  // namespace posthorn::wire::proxy
