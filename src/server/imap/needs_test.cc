#include "server/imap/needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "server/imap/capability.h"
#include "wire/imap/command/command.h"

namespace posthorn::server::imap {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;

/// Everything that requires the capability: a command, or one item of a command.
const std::multimap<std::string_view, std::string_view> kSaid = {
    {"SASL-IR", "AUTHENTICATE PLAIN AGEAYg=="},
    {"STARTTLS", "STARTTLS"},
    {"ENABLE", "ENABLE CONDSTORE"},
    {"ID", "ID NIL"},
    {"IDLE", "IDLE"},
    {"NAMESPACE", "NAMESPACE"},
    {"UNSELECT", "UNSELECT"},
    {"UIDPLUS", "UID EXPUNGE 1:3"},
    {"REPLACE", "REPLACE 1 x {3}"},
    {"REPLACE", "UID REPLACE 1 x {3}"},
    {"BINARY", "REPLACE 1 x ~{3}"},
    {"CATENATE", "APPEND x CATENATE (URL /x)"},
    {"CATENATE", "REPLACE 1 x CATENATE (TEXT {3}"},
    {"MOVE", "MOVE 1 x"},
    {"MOVE", "UID MOVE 1 x"},
    {"LIST-EXTENDED", "LIST (SUBSCRIBED) \"\" *"},
    {"LIST-EXTENDED", "LIST \"\" (a b)"},
    {"LIST-EXTENDED", "LIST \"\" * RETURN (CHILDREN)"},
    {"CHILDREN", "LIST \"\" * RETURN (CHILDREN)"},
    {"ACL", "GETACL x"},
    {"ACL", "SETACL x y lr"},
    {"ACL", "DELETEACL x y"},
    {"ACL", "LISTRIGHTS x y"},
    {"ACL", "MYRIGHTS x"},
    {"LIST-MYRIGHTS", "LIST \"\" * RETURN (MYRIGHTS)"},
    {"LIST-STATUS", "LIST \"\" * RETURN (STATUS (MESSAGES))"},
    {"SPECIAL-USE", "LIST (SPECIAL-USE) \"\" *"},
    {"SPECIAL-USE", "LIST \"\" * RETURN (SPECIAL-USE)"},
    {"CREATE-SPECIAL-USE", "CREATE x (USE (\\Sent))"},
    {"STATUS=SIZE", "STATUS x (SIZE)"},
    {"STATUS=SIZE", "LIST \"\" * RETURN (STATUS (SIZE))"},
    {"ESEARCH", "SEARCH RETURN (COUNT) ALL"},
    {"ESEARCH", "UID SEARCH RETURN () ALL"},
    {"SEARCHRES", "SEARCH RETURN (SAVE) ALL"},
    {"SEARCHRES", "FETCH $ UID"},
    {"SEARCHRES", "SEARCH NOT $"},
    {"SEARCHRES", "SEARCH UID $"},
    {"SEARCHRES", "COPY $ x"},
    {"SEARCHRES", "MOVE $ x"},
    {"SEARCHRES", "STORE $ FLAGS ()"},
    {"SEARCHRES", "UID EXPUNGE $"},
    {"BINARY", "FETCH 1 BINARY[1]"},
    {"BINARY", "FETCH 1 (UID BINARY.PEEK[1])"},
    {"BINARY", "FETCH 1 BINARY.SIZE[1]"},
    {"CONDSTORE", "SELECT x (CONDSTORE)"},
    {"CONDSTORE", "FETCH 1 MODSEQ"},
    {"CONDSTORE", "FETCH 1 FLAGS (CHANGEDSINCE 5)"},
    {"CONDSTORE", "STORE 1 (UNCHANGEDSINCE 5) FLAGS ()"},
    {"CONDSTORE", "SEARCH OR ALL (MODSEQ 5 ALL)"},
    {"CONDSTORE", "STATUS x (HIGHESTMODSEQ)"},
    {"QRESYNC", "SELECT x (QRESYNC (1 1))"},
    {"QRESYNC", "UID FETCH 1 FLAGS (CHANGEDSINCE 5 VANISHED)"},
    {"WITHIN", "SEARCH OLDER 5"},
    {"WITHIN", "SORT (DATE) UTF-8 YOUNGER 5"},
    {"SORT", "SORT (DATE) UTF-8 ALL"},
    {"SORT", "UID SORT (DATE) UTF-8 ALL"},
    {"SORT=DISPLAY", "SORT (DISPLAYFROM) UTF-8 ALL"},
    {"SORT=DISPLAY", "SORT (DATE REVERSE DISPLAYTO) UTF-8 ALL"},
    {"ESORT", "SORT RETURN (ALL) (DATE) UTF-8 ALL"},
    {"CONTEXT=SEARCH", "SEARCH RETURN (UPDATE) ALL"},
    {"CONTEXT=SEARCH", "UID SEARCH RETURN (CONTEXT COUNT) ALL"},
    {"CONTEXT=SEARCH", "ESEARCH RETURN (COUNT UPDATE) ALL"},
    {"CONTEXT=SEARCH", "CANCELUPDATE \"a1\""},
    {"CONTEXT=SORT", "SORT RETURN (UPDATE) (DATE) UTF-8 ALL"},
    {"NOTIFY", "SEARCH RETURN (UPDATE (UID)) ALL"},
    {"PREVIEW", "UID SORT RETURN (UPDATE (UID PREVIEW)) (DATE) UTF-8 ALL"},
    {"I18NLEVEL=2", "COMPARATOR"},
    {"I18NLEVEL=2", "COMPARATOR i;octet"},
    {"THREAD=ORDEREDSUBJECT", "THREAD ORDEREDSUBJECT UTF-8 ALL"},
    {"THREAD=REFERENCES", "UID THREAD REFERENCES UTF-8 ALL"},
    {"THREAD=REFS", "UID THREAD REFS UTF-8 ALL"},
    {"QUOTA", "GETQUOTA \"\""},
    {"QUOTA", "GETQUOTAROOT INBOX"},
    {"QUOTA", "SETQUOTA \"\" (STORAGE 5)"},
    {"QUOTA", "STATUS x (DELETED-STORAGE)"},
    {"METADATA", "GETMETADATA INBOX /shared/comment"},
    {"METADATA", "SETMETADATA INBOX (/shared/comment NIL)"},
    {"MULTISEARCH", "ESEARCH IN (personal) ALL"},
    {"PARTIAL", "ESEARCH IN (personal) RETURN (PARTIAL 1:5) ALL"},
    {"WITHIN", "ESEARCH OLDER 5"},
    {"NOTIFY", "NOTIFY NONE"},
    {"PREVIEW", "NOTIFY SET (selected (MessageNew (PREVIEW) MessageExpunge))"},
    {"LIST-METADATA", "LIST \"\" * RETURN (METADATA (/shared/comment))"},
    {"PARTIAL", "SEARCH RETURN (PARTIAL 1:5) ALL"},
    {"PARTIAL", "UID FETCH 1:9 UID (PARTIAL 1:5)"},
    {"UIDBATCHES", "UIDBATCHES 500"},
    {"UIDBATCHES", "UIDBATCHES 500 1:2"},
    {"SAVEDATE", "FETCH 1 SAVEDATE"},
    {"SAVEDATE", "SEARCH SAVEDON 1-Jan-2026"},
    {"SAVEDATE", "SEARCH SAVEDBEFORE 1-Jan-2026"},
    {"SAVEDATE", "SEARCH SAVEDSINCE 1-Jan-2026"},
    {"SAVEDATE", "SEARCH SAVEDATESUPPORTED"},
    {"PREVIEW", "FETCH 1 PREVIEW"},
    {"PREVIEW", "FETCH 1 (PREVIEW (LAZY))"},
    {"OBJECTID", "FETCH 1 EMAILID"},
    {"OBJECTID", "FETCH 1 THREADID"},
    {"OBJECTID", "SEARCH EMAILID M1"},
    {"OBJECTID", "SEARCH THREADID T1"},
    {"OBJECTID", "STATUS x (MAILBOXID)"},
    {"UNAUTHENTICATE", "UNAUTHENTICATE"},
    {"COMPRESS=DEFLATE", "COMPRESS DEFLATE"},
    {"APPENDLIMIT", "STATUS x (APPENDLIMIT)"},
};

/// Capabilities that no command needs, or that are not tested as commands (APPEND has tests below).
const std::set<std::string_view> kNothingToSay = {
    "IMAP4rev1",   "IMAP4rev2",   "LITERAL+",          "LOGINDISABLED",     "MULTIAPPEND",
    "URL-PARTIAL", "INPROGRESS",  "QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE", "QUOTA=RES-MAILBOX",
    "UIDONLY",     "UTF8=ACCEPT", "FILTERS",           "RIGHTS=texk"};

std::set<std::string_view> needs_of_text(std::string_view text) {
  const auto command = wire::imap::parse_command("a " + std::string(text));
  EXPECT_TRUE(command) << text << ": " << command.error().text;
  if (!command) return {};
  std::set<std::string_view> needs;
  for (const std::string_view name : needs_of(command->body)) needs.insert(name);
  const std::string_view own = wire::imap::spec_of(command->body).capability;
  if (!own.empty()) needs.insert(own);
  return needs;
}

TEST(Needs, WhatIsSaidNeedsItsCapability) {
  for (const auto& [capability, text] : kSaid)
    EXPECT_THAT(needs_of_text(text), Contains(capability)) << text;
}

TEST(Needs, EveryCapabilityIsEitherSaidOrSaysNothing) {
  for (const std::string_view name : all_capabilities())
    EXPECT_NE(kSaid.contains(name), kNothingToSay.contains(name)) << name;
}

TEST(Needs, WhatIsNeededIsInTheList) {
  const std::vector<std::string_view> all = all_capabilities();
  for (const auto& [capability, text] : kSaid) EXPECT_THAT(needs_of_text(text), IsSubsetOf(all));
}

TEST(Needs, WhatRfc3501HasNeedsNothing) {
  for (const char* text : {"SELECT x",
                           "EXAMINE x",
                           "CREATE x",
                           "LIST \"\" *",
                           "LSUB \"\" *",
                           "STATUS x (MESSAGES RECENT)",
                           "EXPUNGE",
                           "SEARCH UNSEEN BODY x",
                           "UID SEARCH 1:*",
                           "FETCH 1 ALL",
                           "FETCH 1 FULL",
                           "UID FETCH 1:* (FLAGS BODY.PEEK[])",
                           "STORE 1 +FLAGS (\\Seen)",
                           "COPY 1 x",
                           "NOOP",
                           "CHECK",
                           "CLOSE",
                           "LOGOUT",
                           "LOGIN a b",
                           "AUTHENTICATE PLAIN",
                           "CAPABILITY"})
    EXPECT_THAT(needs_of_text(text), IsEmpty()) << text;
}

TEST(Needs, MessageNumbers) {
  const auto uses = [](std::string_view text) {
    const auto command = wire::imap::parse_command("a " + std::string(text));
    EXPECT_TRUE(command) << text;
    return command && uses_message_numbers(command->body);
  };
  for (const char* text :
       {"FETCH 1 FLAGS", "FETCH * FLAGS", "STORE 1 FLAGS ()", "COPY 1 x", "MOVE 1 x",
        "REPLACE 1 x {3}", "SEARCH ALL", "SORT (DATE) UTF-8 ALL", "THREAD REFS UTF-8 ALL",
        "UID SEARCH 1:5", "UID SEARCH NOT 1:5", "UID SEARCH OR 1 UID 2", "UID SEARCH (SEEN (1))",
        "UID SORT (DATE) UTF-8 *", "ESEARCH IN (personal) 1:5", "UID THREAD REFS UTF-8 1",
        "SELECT x (QRESYNC (1 2 3 (4 5)))"})
    EXPECT_TRUE(uses(text)) << text;
  for (const char* text :
       {"UID FETCH 1:* FLAGS", "UID STORE 1 FLAGS ()", "UID COPY $ x", "UID MOVE 1 x", "EXPUNGE",
        "UID EXPUNGE 1", "UID SEARCH UID 1:*", "UID SEARCH UID $", "UID SEARCH $",
        "UID SEARCH NOT SEEN", "UID SORT (DATE) UTF-8 ALL", "SELECT x (QRESYNC (1 2 3))",
        "UIDBATCHES 500", "ESEARCH UID 1:5", "NOTIFY NONE", "NOOP", "STATUS x (MESSAGES)"})
    EXPECT_FALSE(uses(text)) << text;
}

TEST(Needs, OfMessagesToAppend) {
  const auto needs = [](std::string_view text) {
    const auto parsed =
        wire::imap::parse_append_next(text, wire::imap::AppendText::Place::in_message);
    EXPECT_TRUE(parsed) << text;
    return parsed ? needs_of(*parsed) : std::vector<std::string_view>();
  };
  EXPECT_THAT(needs(" {3}"), IsEmpty());
  EXPECT_THAT(needs(" ~{3}"), ElementsAre("BINARY"));
  EXPECT_THAT(needs(" UTF8 (~{3}"), ElementsAre("UTF8=ACCEPT"));
  EXPECT_THAT(needs(" CATENATE (URL /x TEXT ~{3}"), ElementsAre("CATENATE", "BINARY"));
}

TEST(Needs, WhatStandsOnSomethingGoesWithIt) {
  ImapOptions options;
  options.disabled_capabilities = {"condstore", "SORT", "esearch"};
  for (const char* name : {"QRESYNC", "ESORT", "SORT=DISPLAY", "SEARCHRES", "PARTIAL"})
    EXPECT_FALSE(is_offered(name, options)) << name;
  EXPECT_TRUE(is_offered("IMAP4rev2", options));
  options.disabled_capabilities = {"ENABLE"};
  EXPECT_FALSE(is_offered("IMAP4rev2", options));
  EXPECT_TRUE(is_part_of_rev2("ESEARCH"));
  EXPECT_FALSE(is_part_of_rev2("CONDSTORE"));
}

}  // namespace
}  // namespace posthorn::server::imap
