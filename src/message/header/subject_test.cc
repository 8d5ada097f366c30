#include "message/header/subject.h"

#include <gtest/gtest.h>

namespace posthorn::message {
namespace {

struct Case {
  std::string subject;
  std::string base;
  bool reply;
};

// RFC 5256 §2.1, §5.
TEST(BaseSubject, Cases) {
  const Case cases[] = {
      {"foo", "foo", false},
      {"Re: foo", "foo", true},
      {"RE:foo", "foo", true},
      {"re : foo", "foo", true},
      {"Fw: foo", "foo", true},
      {"Fwd: foo", "foo", true},
      {"FWD : [x] foo", "foo", true},
      {"Re: Re: Fwd: foo", "foo", true},
      {"[list] foo", "foo", false},
      {"[list] Re: foo", "foo", true},
      {"Re: [list] foo", "foo", true},
      {"Re[2]: foo", "foo", true},
      {"Re [2] : foo", "foo", true},
      {"[a][b] Re: [c] foo", "foo", true},
      {"foo (fwd)", "foo", true},
      {"foo (FWD) (fwd)  ", "foo", true},
      {"[Fwd: foo]", "foo", true},
      {"[fwd: Re: [x] foo (fwd)]", "foo", true},
      {"[fwd: [fwd: foo]]", "foo", true},
      {"[list]", "[list]", false},
      {"[a] [b]", "[b]", false},
      {"Re: [list]", "[list]", true},
      {"Re:", "", true},
      {"", "", false},
      {"  a \t  b  ", "a b", false},
      {"Recall: x", "Recall: x", false},
      {"Re foo", "Re foo", false},
      {"Rex: foo", "Rex: foo", false},
      {"[unclosed Re: foo", "[unclosed Re: foo", false},
      {"[a[b]] foo", "[a[b]] foo", false},
      {"(fwd)", "", true},
      {"[fwd: ]", "", true},
      {"AW: foo", "AW: foo", false},
  };
  for (const Case& c : cases) {
    const BaseSubject base = base_subject(c.subject);
    EXPECT_EQ(base.text, c.base) << c.subject;
    EXPECT_EQ(base.reply_or_forward, c.reply) << c.subject;
  }
}

TEST(BaseSubject, LinearOnAdversarialInput) {
  std::string blobs;
  for (int i = 0; i < 300000; ++i) blobs += "[a]";
  EXPECT_EQ(base_subject(blobs).text, "[a]");
  std::string nested;
  for (int i = 0; i < 100000; ++i) nested += "[fwd:";
  nested += std::string(100000, ']');
  EXPECT_EQ(base_subject(nested).text, "");
}

}  // namespace
}  // namespace posthorn::message
