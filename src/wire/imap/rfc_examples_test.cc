// The command lines of the examples in RFC 9051, each once.

#include <gtest/gtest.h>

#include "wire/imap/command/command.h"

namespace posthorn::wire::imap {
namespace {

constexpr std::string_view kExamples[] = {
    "abcd CAPABILITY",
    "efgh STARTTLS",
    "a002 NOOP",
    "A023 LOGOUT",
    "a004 AUTHENTICATE PLAIN dGVzdAB0ZXN0AHRlc3Q=",
    "A001 AUTHENTICATE GSSAPI",
    "A01 AUTHENTICATE PLAIN",
    "A01 AUTHENTICATE EXTERNAL =",
    "a001 LOGIN SMITH SESAME",
    "t2 ENABLE CONDSTORE X-GOOD-IDEA",
    "a1 ENABLE CONDSTORE",
    "A142 SELECT INBOX",
    "A143 SELECT Drafts",
    "A932 EXAMINE blurdybloop",
    "A003 CREATE owatagusiam/",
    "A004 CREATE owatagusiam/blurdybloop",
    "A005 CREATE NonNormalized",
    "A682 LIST \"\" *",
    "A683 DELETE blurdybloop",
    "A684 DELETE foo",
    "A685 DELETE foo/bar",
    "A86 LIST \"\" %",
    "A683 RENAME blurdybloop sarasoop",
    "A684 RENAME foo zowie",
    "Z433 RENAME INBOX old-mail",
    "1001 RENAME X Y",
    "1002 SUBSCRIBE Y",
    "1003 UNSUBSCRIBE X",
    "A002 SUBSCRIBE #news.comp.mail.mime",
    "A002 UNSUBSCRIBE #news.comp.mail.mime",
    "A101 LIST \"\" \"\"",
    "A102 LIST #news.comp.mail.misc \"\"",
    "A103 LIST /usr/staff/jones \"\"",
    "A202 LIST ~/Mail/ %",
    "A01 LIST \"\" \"*\"",
    "A02 LIST (SUBSCRIBED) \"\" \"*\"",
    "A03 LIST () \"\" \"%\" RETURN (CHILDREN)",
    "A04 LIST (REMOTE) \"\" \"%\" RETURN (CHILDREN)",
    "A05 LIST (REMOTE SUBSCRIBED) \"\" \"*\"",
    "A06 LIST (REMOTE) \"\" \"*\" RETURN (SUBSCRIBED)",
    "CA3 LIST \"\" \"%\" RETURN (CHILDREN)",
    "C04 LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"",
    "C04 LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\" RETURN (CHILDREN)",
    "D03 LIST (RECURSIVEMATCH SUBSCRIBED) \"\" \"*2\"",
    "D03 LIST (RECURSIVEMATCH SUBSCRIBED) \"\" \"*\"",
    "a1 LIST \"\" (\"foo\")",
    "a2 LIST (SUBSCRIBED) \"\" \"foo/*\"",
    "a3 LIST (SUBSCRIBED RECURSIVEMATCH) \"\" foo RETURN (CHILDREN)",
    "a1 LIST (REMOTE) \"\" *",
    "a2 LIST () \"\" %",
    "a3 LIST (REMOTE) \"\" %",
    "a3.1 LIST \"\" (% music/rock)",
    "A01 LIST \"\" % RETURN (STATUS (MESSAGES UNSEEN))",
    "A02 LIST (SUBSCRIBED RECURSIVEMATCH) \"\" % RETURN (STATUS (MESSAGES))",
    "A001 NAMESPACE",
    "A002 CREATE \"INBOX.Sent Mail\"",
    "A002 LIST (SPECIAL-USE) \"\" \"*\"",
    "A003 LIST (SPECIAL-USE) \"#mh/\" \"*\"",
    "A004 CREATE \"Sent Mail\"",
    "A005 CREATE \"Delete Items\"",
    "A006 CREATE \"#mh/Deleted Items\"",
    "A002 LIST \"\" \"Other Users/%\"",
    "A002 LIST \"\" \"#Users/%\"",
    "A003 LIST \"\" \"#Users/Mike/%\"",
    "A002 LIST \"\" \"~mark/%\"",
    "A042 STATUS blurdybloop (UIDNEXT MESSAGES)",
    "A004 COPY 2:4 meeting",
    "A005 UID COPY 305:310 meeting",
    "A006 COPY 2 funny",
    "A007 SELECT funny",
    "A002 IDLE",
    "A003 FETCH 4 ALL",
    "A005 FETCH 3 ALL",
    "A341 CLOSE",
    "A342 UNSELECT",
    "A202 EXPUNGE",
    "A282 SEARCH RETURN (MIN COUNT) FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
    "A283 SEARCH RETURN () FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
    "A284 SEARCH TEXT \"string not in mailbox\"",
    "A284 SEARCH RETURN (MIN) UNSEEN",
    "A285 UID SEARCH RETURN (MIN MAX) 1:5000",
    "A286 SEARCH RETURN (COUNT) DELETED",
    "A282 SEARCH RETURN (SAVE) FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
    "A283 FETCH $ (UID INTERNALDATE FLAGS BODY.PEEK[HEADER])",
    "A300 SEARCH RETURN (SAVE) SINCE 1-Jan-2004 NOT FROM \"Smith\"",
    "A301 UID SEARCH UID $ SMALLER 4096",
    "A301 UID SEARCH $ SMALLER 4096",
    "P282 SEARCH RETURN (SAVE) SINCE 1-Feb-1994 NOT FROM \"Smith\"",
    "E282 SEARCH RETURN (SAVE) SINCE 28-Oct-2006 NOT FROM \"Eric\"",
    "E283 COPY $ \"Other Messages\"",
    "F282 SEARCH RETURN (SAVE) KEYWORD $Junk",
    "F283 COPY $ \"Junk\"",
    "F284 STORE $ +FLAGS.Silent (\\Deleted)",
    "G283 SEARCH RETURN (ALL) SINCE 28-Oct-2006 FROM \"Eric\"",
    "H283 SEARCH RETURN (SAVE) SINCE 28-Oct-2006 FROM \"Eric\"",
    "C282 SEARCH RETURN (ALL) SINCE 12-Feb-2006 NOT FROM \"Smith\"",
    "C283 SEARCH RETURN (ALL SAVE) SINCE 12-Feb-2006 NOT FROM \"Smith\"",
    "C284 SEARCH RETURN (SAVE MIN) SINCE 12-Feb-2006 NOT FROM \"Smith\"",
    "C285 SEARCH RETURN (MAX SAVE MIN) SINCE 12-Feb-2006 NOT FROM \"Smith\"",
    "C286 SEARCH RETURN (MAX SAVE MIN COUNT) SINCE 12-Feb-2006 NOT FROM \"Smith\"",
    "C286 SEARCH RETURN (ALL SAVE MIN) SINCE 12-Feb-2006 NOT FROM \"Smith\"",
    "A654 FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])",
    "A003 STORE 2:4 +FLAGS (\\Deleted)",
    "A003 COPY 2:4 MEETING",
    "a UID MOVE 42:69 foo",
    "A003 UID EXPUNGE 3000:3002",
    "A999 UID FETCH 4827313:4828442 FLAGS",
    "o356 RENAME this that",
    "b LOGIN \"fred\" \"foo\"",
    "l create \"///////\"",
    "k1 select \"/archive/projects/experiment-iv\"",
    "k2 status \"/archive/projects/experiment-iv\" (messages)",
    "e login \"fred\" \"foo\"",
    "h search from maria@example.com",
    "m356 DELETE Notes",
    "g delete \"/archive/projects/experiment-iv\"",
    "n1 uid copy 1:* oldmail",
    "d select inbox",
    "A001 LOGIN fred blurdybloop",
    "A222 COPY 1:2 owatagusiam",
    "A223 COPY 3:200 blurdybloop",
    "a000 starttls",
    "A001 AUTHENTICATE SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=",
    "babc ENABLE IMAP4rev2",
    "a003 fetch 12 full",
    "A285 SEARCH CHARSET UTF-8 TEXT {12}\r\nотпуск",
    "P283 SEARCH CHARSET UTF-8 (OR $ 1,3000:3021) TEXT {8+}\r\nмать",
    "B283 SEARCH RETURN (SAVE) CHARSET KOI8-R (OR $ 1,3000:3021) TEXT {4}\r\nXXXX",
    "A001 LOGIN {11}\r\nFRED FOOBAR {7}\r\nfat man"};

TEST(RfcExamples, EveryCommandLineParses) {
  for (const std::string_view line : kExamples) {
    const auto command = parse_command(line);
    EXPECT_TRUE(command) << line << ": " << (command ? "" : command.error().text);
  }
}

// A truncated command is either a shorter command or refused; it is never read beyond its end.
TEST(RfcExamples, NoPrefixIsTrouble) {
  for (const std::string_view line : kExamples) {
    for (std::size_t n = 0; n < line.size(); ++n) {
      // A separate copy, so that the address sanitizer detects reads beyond its end.
      const std::string prefix(line.substr(0, n));
      const auto command = parse_command(prefix);
      if (!command) EXPECT_FALSE(command.error().text.empty());
    }
  }
}

}  // namespace
}  // namespace posthorn::wire::imap
