#include "message/header/address.h"

#include <gtest/gtest.h>

namespace posthorn::message {
namespace {

// Prints name
//
// route
//
// mailbox
//
// host of each address, with "{" and "}" for groups.
std::string show(std::string_view raw) {
  std::string out;
  for (const Address& a : parse_address_list(raw)) {
    if (!out.empty()) out += " ; ";
    if (a.kind == Address::Kind::group_end) {
      out += "}";
    } else if (a.kind == Address::Kind::group_start) {
      out += "{" + a.mailbox;
    } else {
      out += a.name + "|" + a.route + "|" + a.mailbox + "|" + a.host;
    }
  }
  return out;
}

TEST(Address, Lists) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {" \r\n ", ""},
      {"a@b", "||a|b"},
      {"a@b, c@d", "||a|b ; ||c|d"},
      {"A B <a@b>", "A B||a|b"},
      {"\"A, B\" <a@b>", "A, B||a|b"},
      {"\"A \\\"q\\\" \\\\\" <a@b>", "A \"q\" \\||a|b"},
      {"<a@b>", "||a|b"},
      {"A\r\n B <a@b>", "A B||a|b"},
      {"John Q. Public <j@x>", "John Q. Public||j|x"},
      {"a.b.c@d.e", "||a.b.c|d.e"},
      {"a . b @ c . d", "||a.b|c.d"},
      {"\"a b\"@c", "||a b|c"},
      {"a@[1.2.3.4]", "||a|[1.2.3.4]"},
      {"a@b (Name)", "Name||a|b"},
      {"(c1) a@b (Real (nested) Name)", "Real (nested) Name||a|b"},
      {"Real (c) <a@b>", "Real||a|b"},
      {"<@h1,@h2:a@b>", "|@h1,@h2|a|b"},
      {"X <@h1:a@b>", "X|@h1|a|b"},
      {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete||pete|silly.test"},
      {"G:a@b,C <c@d>;", "{G ; ||a|b ; C||c|d ; }"},
      {"undisclosed-recipients:;", "{undisclosed-recipients ; }"},
      {"G: a@b", "{G ; ||a|b ; }"},
      {"G: a@b; x@y", "{G ; ||a|b ; } ; ||x|y"},
      {"G: a@b;, x@y", "{G ; ||a|b ; } ; ||x|y"},
      {"G: H: a@b;;", "{G ; } ; {H ; ||a|b ; }"},
      {",,a@b,,", "||a|b"},
      {"root", "||root|"},
      {"root, a@b", "||root| ; ||a|b"},
      {"A <a@b", "A||a|b"},
      {"A <a@b, c@d", "A||a|b ; ||c|d"},
      {"a@b <c@d>", "a@b||c|d"},
      {"A <>", "A|||"},
      {"<>", ""},
      {"=?utf-8?q?=C3=A9?= <a@b>", "=?utf-8?q?=C3=A9?=||a|b"},
      {"\"unclosed <a@b>", "||unclosed <a@b>|"},
      {"(unclosed", ""},
      {"a@b@c", "||a|b ; |||c"},
      {">>>", ""},
      {"[x] <a@b>", "||x| ; ||a|b"},
  };
  for (const auto& [raw, expected] : cases) EXPECT_EQ(show(raw), expected) << raw;
}

TEST(Address, SearchText) {
  EXPECT_EQ(
      addresses_text(parse_address_list("=?utf-8?q?J=C3=A9?= X <j@x>, b@c, G: d@e, F <f@g>;, h@i")),
      "J\xC3\xA9 X <j@x>, b@c, G: d@e, F <f@g>;, h@i");
  EXPECT_EQ(addresses_text({}), "");
}

TEST(Address, BoundedAndLinear) {
  std::string many;
  for (int i = 0; i < 100000; ++i) many += "a@b,";
  EXPECT_EQ(parse_address_list(many).size(), kMaxAddresses);
  EXPECT_EQ(parse_address_list(std::string(500000, '(')).size(), 0U);
  EXPECT_EQ(parse_address_list(std::string(500000, '<')).size(), 0U);
}

}  // namespace
}  // namespace posthorn::message
