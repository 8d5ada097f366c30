#include "service/metadata.h"

#include <gmock/gmock.h>

#include "store/retention.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MetadataTest : public store::StoreFixture {
 protected:
  MetadataTest() : ann_(make_account("ann@example.org")) {}

  [[nodiscard]] Caller ann() const { return Caller::owner(ann_); }
  [[nodiscard]] MailboxRef inbox(Rights rights = Rights::all()) const {
    auto inbox = resolve(ann(), "INBOX");
    EXPECT_TRUE(inbox);
    inbox->rights = rights;
    return *inbox;
  }
  Status set(const MailboxRef& mailbox, std::string name, std::optional<std::string> value) {
    auto done = run(set_metadata(mailbox, {.entries = {{std::move(name), std::move(value)}}}));
    return done ? Status() : pass(done);
  }
  [[nodiscard]] std::string get(const MailboxRef& mailbox, std::string_view entry) const {
    const auto value = find_metadata(mailbox, *ann_->published()->annotations, entry);
    return value ? *value : "(none)";
  }
  [[nodiscard]] std::vector<std::string> below(const MailboxRef& mailbox, std::string_view entry,
                                               MetadataBelow how) const {
    std::vector<std::string> names;
    const auto annotations = ann_->published()->annotations;
    for (const MetadataEntry& found : find_metadata_below(mailbox, *annotations, entry, how))
      names.push_back(found.name);
    return names;
  }

  store::AccountPtr ann_;
};

TEST_F(MetadataTest, NeedsRights) {
  for (const Rights rights : {Rights(), Rights{Right::lookup}, Rights{Right::read},
                              Rights{Right::lookup, Right::administer}}) {
    const ErrorKind kind =
        rights.has(Right::lookup) ? ErrorKind::no_permission : ErrorKind::not_found;
    EXPECT_EQ(may_read_metadata(inbox(rights)).error().kind, kind);
    EXPECT_EQ(set(inbox(rights), "/private/comment", "x").error().kind, kind);
  }
  // RFC 5464 §3.3 lets a reader annotate for himself; what all see needs the right to write.
  const MailboxRef reader = inbox({Right::lookup, Right::read});
  EXPECT_TRUE(may_read_metadata(reader));
  EXPECT_TRUE(set(reader, "/private/comment", "x"));
  EXPECT_EQ(set(reader, "/shared/comment", "x").error().kind, ErrorKind::no_permission);
  EXPECT_TRUE(set(inbox({Right::lookup, Right::write}), "/shared/comment", "x"));
  EXPECT_EQ(
      run(set_metadata(inbox(), {.entries = {}, .uses = bit(store::SpecialUse::all)})).error().kind,
      ErrorKind::no_permission);
}

TEST_F(MetadataTest, PrivateEntriesBelongToTheirReader) {
  MailboxRef other = inbox();
  other.actor = store::Actor::user(AccountId{{7}});
  ASSERT_TRUE(set(inbox(), "/private/comment", "hers"));
  ASSERT_TRUE(set(other, "/private/comment", "his"));
  ASSERT_TRUE(set(other, "/shared/comment", "both"));
  EXPECT_EQ(get(inbox(), "/private/comment"), "hers");
  EXPECT_EQ(get(other, "/private/comment"), "his");
  EXPECT_EQ(get(inbox(), "/shared/comment"), "both");
  EXPECT_THAT(below(other, "/private", MetadataBelow::all), ElementsAre("/private/comment"));
  int seen = 0;
  for (const auto& [key, value] : ann_->published()->annotations->all())
    if (is_visible_to(key, ann())) ++seen;
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(get(server_metadata(ann()), "/private/comment"), "(none)");
}

TEST_F(MetadataTest, TheEntriesBelowOne) {
  for (const char* name : {"/shared/vendor/x/a", "/shared/vendor/x/a/b", "/shared/vendor/x/a/b/c",
                           "/shared/vendor/x/ab", "/shared/vendor/x/a-b"})
    ASSERT_TRUE(set(inbox(), name, ""));
  EXPECT_THAT(below(inbox(), "/shared/vendor/x/a", MetadataBelow::children),
              ElementsAre("/shared/vendor/x/a", "/shared/vendor/x/a/b"));
  EXPECT_THAT(below(inbox(), "/shared/vendor/x/a", MetadataBelow::all),
              ElementsAre("/shared/vendor/x/a", "/shared/vendor/x/a/b", "/shared/vendor/x/a/b/c"));
  EXPECT_EQ(below(inbox(), "/shared", MetadataBelow::all).size(), 5U);
  EXPECT_THAT(below(inbox(), "/shared", MetadataBelow::children), IsEmpty());
  EXPECT_THAT(below(inbox(), "/private", MetadataBelow::all), IsEmpty());
}

TEST_F(MetadataTest, TheAgeAtWhichMessagesExpireIsSetByWhoAdministersTheMailbox) {
  const std::string_view entry = store::kRetentionEntry;
  const std::string name(entry);
  ASSERT_TRUE(set(inbox(), name, "4w"));
  EXPECT_EQ(get(inbox(), entry), "28d");
  for (const char* wrong : {"soon", "0d", "1h", "99999d", ""})
    EXPECT_EQ(set(inbox(), name, wrong).error().kind, ErrorKind::bad_argument) << wrong;
  EXPECT_EQ(get(inbox(), entry), "28d");
  const MailboxRef writer =
      inbox({Right::lookup, Right::read, Right::write, Right::delete_messages, Right::expunge});
  EXPECT_EQ(set(writer, name, "1d").error().kind, ErrorKind::no_permission);
  EXPECT_EQ(set(writer, name, std::nullopt).error().kind, ErrorKind::no_permission);
  EXPECT_TRUE(set(writer, "/private/vendor/posthorn/expire", "whatever")) << "it means nothing";
  ASSERT_TRUE(set(inbox(), name, "never"));
  EXPECT_EQ(get(inbox(), entry), "never");
  ASSERT_TRUE(set(inbox(), name, std::nullopt));
  EXPECT_EQ(get(inbox(), entry), "(none)");

  store::set_retention(*store_, {.users_may_change = false});
  EXPECT_EQ(set(inbox(), name, "1d").error().kind, ErrorKind::no_permission);
  const auto administered = resolve(Caller::administrator(ann_), "INBOX");
  ASSERT_TRUE(administered);
  EXPECT_TRUE(set(*administered, name, "9d"));
  EXPECT_EQ(get(inbox(), entry), "9d");
}

TEST_F(MetadataTest, AnAgeThatComesFromTheUseOfTheMailboxIsShown) {
  store::set_retention(*store_, {.trash_seconds = 30LL * 86400});
  const auto trash = resolve(ann(), "Trash");
  ASSERT_TRUE(trash);
  EXPECT_EQ(get(*trash, store::kRetentionEntry), "30d");
  EXPECT_EQ(get(inbox(), store::kRetentionEntry), "(none)");
  EXPECT_EQ(get(server_metadata(ann()), store::kRetentionEntry), "(none)");
  ASSERT_TRUE(set(*trash, "/shared/comment", "x"));
  ASSERT_TRUE(set(*trash, "/shared/vendor/posthorn/z", "x"));
  EXPECT_THAT(below(*trash, "/shared", MetadataBelow::all),
              ElementsAre("/shared/comment", "/shared/vendor/posthorn/expire",
                          "/shared/vendor/posthorn/z"));
  EXPECT_THAT(below(*trash, "/shared/vendor/posthorn", MetadataBelow::children),
              ElementsAre("/shared/vendor/posthorn/expire", "/shared/vendor/posthorn/z"));
  EXPECT_THAT(below(*trash, "/shared/vendor", MetadataBelow::children), IsEmpty());
  EXPECT_THAT(below(*trash, "/private", MetadataBelow::all), IsEmpty());
  ASSERT_TRUE(set(*trash, std::string(store::kRetentionEntry), "7d"));
  EXPECT_EQ(get(*trash, store::kRetentionEntry), "7d");
  EXPECT_EQ(below(*trash, "/shared", MetadataBelow::all).size(), 3U);
}

TEST_F(MetadataTest, AllOrNothing) {
  MetadataToSet what;
  what.entries = {{"/shared/comment", "x"},
                  {"/shared/vendor/x/y", std::string(store::kMaxAnnotationOctets + 1, 'x')}};
  what.uses = bit(store::SpecialUse::junk);
  EXPECT_EQ(run(set_metadata(inbox(), what)).error().kind, ErrorKind::too_big);
  EXPECT_EQ(get(inbox(), "/shared/comment"), "(none)");
  EXPECT_EQ(inbox().published()->special_use, 0);
  what.entries.pop_back();
  EXPECT_TRUE(run(set_metadata(inbox(), what)));
  EXPECT_EQ(get(inbox(), "/shared/comment"), "x");
  EXPECT_EQ(inbox().published()->special_use, bit(store::SpecialUse::junk));
}

}  // namespace
}  // namespace posthorn::service
