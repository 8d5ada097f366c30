#include "store/read/object_ids.h"

#include <set>

#include "async/wait.h"
#include "message/digest/digest.h"
#include "message/mime/analyzer.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/format/origin.h"
#include "store/format/record.h"
#include "store/format/system.h"
#include "store/store_fixture.h"
#include "store/store_state.h"

/// Identifiers of mailboxes, messages and threads (RFC 8474).
namespace posthorn::store {
namespace {

constexpr std::string_view kStoreKey = "0123456789abcdef0123456789abcdef";

AccountId account_id(std::uint8_t n) {
  AccountId id;
  id.bytes.fill(n);
  return id;
}

ObjectIds ids_of(std::uint8_t account, const AccountCounters& counters = {}) {
  return ObjectIds(account_id(account), derive_object_id_keys(kStoreKey, account_id(account)),
                   counters);
}

/// The counters of an account that an earlier version made: nine numbers were given out.
AccountCounters older() {
  AccountCounters counters;
  counters.first_hidden_mailbox = MailboxId(10);
  counters.first_hidden_ordinal = Ordinal(10);
  return counters;
}

TEST(ObjectIds, HideTheirNumbers) {
  const ObjectIds ids = ids_of(1);
  EXPECT_EQ(ids.email(Ordinal(1)).size(), 33U);
  std::set<std::string> first_digits;
  for (std::uint64_t n = 1; n <= 100; ++n) first_digits.insert(ids.email(Ordinal(n)).substr(1, 8));
  EXPECT_EQ(first_digits.size(), 100U);
  EXPECT_NE(ids.email(Ordinal(1)).substr(1), ids.mailbox(MailboxId(1)).substr(1));
}

TEST(ObjectIds, AreFoundAgain) {
  const ObjectIds ids = ids_of(1);
  for (const std::uint64_t n : {std::uint64_t{1}, std::uint64_t{77}, UINT64_MAX}) {
    EXPECT_EQ(ids.parse_email(ids.email(Ordinal(n))), Ordinal(n));
  }
}

TEST(ObjectIds, OfAnotherKindOrAccountOrSpellingAreNot) {
  const ObjectIds ids = ids_of(1);
  const std::string id = ids.email(Ordinal(7));
  EXPECT_FALSE(ids_of(2).parse_email(id));
  EXPECT_FALSE(ids.parse_email('M' + ids.mailbox(MailboxId(7)).substr(1)));
  std::string upper = id;
  for (char& c : upper)
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  for (const std::string& other :
       {upper, id + "0", id.substr(0, 32), 'F' + id.substr(1), std::string("M"), std::string()}) {
    EXPECT_FALSE(ids.parse_email(other)) << other;
  }
}

TEST(ObjectIds, ThatAnEarlierVersionGaveOutStay) {
  const ObjectIds ids = ids_of(1, older());
  EXPECT_EQ(ids.mailbox(MailboxId(9)), "F0101010101010101-9");
  EXPECT_EQ(ids.email(Ordinal(9)), "M0101010101010101-9");
  EXPECT_EQ(ids.parse_email("M0101010101010101-9"), Ordinal(9));
  EXPECT_EQ(ids.email(Ordinal(10)), ids_of(1).email(Ordinal(10)));
  EXPECT_EQ(ids.mailbox(MailboxId(10)), ids_of(1).mailbox(MailboxId(10)));
  // Each number has one form only.
  for (const char* other : {"M0101010101010101-10", "M0101010101010101-09", "M0202020202020202-9",
                            "M0101010101010101-9x", "M0101010101010101-"}) {
    EXPECT_FALSE(ids.parse_email(other)) << other;
  }
  EXPECT_FALSE(ids.parse_email(ids_of(1).email(Ordinal(9))));
}

std::string thread_of(const ObjectIds& ids, Ordinal ordinal, const std::string& header) {
  message::Analyzer analyzer;
  analyzer.feed(header + "\r\nText\r\n");
  const message::Digest digest = message::make_digest(analyzer.finish());
  return ids.thread(ordinal, message::KeysView(digest.keys));
}

TEST(ObjectIds, OfThreadsComeFromTheFirstMessage) {
  const ObjectIds ids = ids_of(1);
  const std::string first = thread_of(ids, Ordinal(1), "Message-ID: <a@x>\r\n");
  EXPECT_EQ(first.size(), 33U);
  EXPECT_EQ(first.front(), 'T');
  EXPECT_EQ(first, thread_of(ids, Ordinal(2), "Message-ID: <b@x>\r\nIn-Reply-To: <a@x>\r\n"));
  EXPECT_EQ(first,
            thread_of(ids, Ordinal(3),
                      "Message-ID: <c@x>\r\nReferences: <a@x>\r\n <b@x>\r\nSubject: other\r\n"));
  // The same in every account, since a message keeps its EMAILID when it is copied to another.
  EXPECT_EQ(first, thread_of(ids_of(2), Ordinal(9), "Message-ID: <a@x>\r\n"));
  EXPECT_NE(first, thread_of(ids, Ordinal(1), "Message-ID: <b@x>\r\n"));
}

TEST(ObjectIds, OfAThreadWithoutMessageIdsIsOfOneMessage) {
  const ObjectIds ids = ids_of(1);
  const std::string one = thread_of(ids, Ordinal(1), "Subject: x\r\n");
  EXPECT_EQ(one, thread_of(ids, Ordinal(1), "Subject: x\r\n"));
  EXPECT_NE(one, thread_of(ids, Ordinal(2), "Subject: x\r\n"));
  EXPECT_NE(one, thread_of(ids_of(2), Ordinal(1), "Subject: x\r\n"));
}

TEST(ObjectIds, ThatWereGivenOutElsewhereStay) {
  const ObjectIds there = ids_of(2, older());
  const ObjectIds here = ids_of(1);
  BodyList list{{{{{1}}, 10}, {{{2}}, 20}}, std::string(32, 's'), 5};
  const std::string plain = encode_body_list(list);
  EXPECT_EQ(here.email(Ordinal(3), plain), here.email(Ordinal(3)));
  for (const Ordinal ordinal : {Ordinal(3), Ordinal(30)}) {  // In clear, and hidden.
    const std::string body = with_origin(plain, there.email(ordinal));
    EXPECT_EQ(here.email(Ordinal(7), body), there.email(ordinal));
    EXPECT_EQ(here.thread(Ordinal(7), message::KeysView(""), body),
              there.thread(ordinal, message::KeysView("")));
    // Once more, to a third account, and back.
    EXPECT_EQ(with_origin(body, here.email(Ordinal(7), body)), body);
    EXPECT_EQ(decode_body_list(body)->pieces.size(), 2U);
  }
}

TEST(ObjectIds, OfDamagedColumnsAreTheirOwn) {
  const std::string body = with_origin(encode_body_list({{{{{1}}, 10}}, "s", 5}), "Mabc");
  EXPECT_EQ(origin_of(body), "Mabc");
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_EQ(origin_of(std::string_view(body).substr(0, size)), "") << size;
  EXPECT_EQ(origin_of(with_origin("", std::string(kMaxOrigin + 1, 'x'))), "");
}

TEST(ObjectIds, OfMessagesWhoseBodyIsInTheColumn) {
  BodyList list{{}, std::string(32, 's'), 5, std::string("octets\0with a zero", 18), 30};
  const std::string plain = encode_body_list(list);
  EXPECT_EQ(origin_of(plain), "");
  const std::string body = with_origin(plain, "Mabc");
  EXPECT_EQ(origin_of(body), "Mabc");
  EXPECT_EQ(with_origin(body, "Mabc"), body);
  const auto again = decode_body_list(body);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->pieces.empty());
  EXPECT_EQ(again->inside, list.inside);
  EXPECT_EQ(again->inside_size, 30U);
}

class ObjectIdsOfAStore : public StoreFixture {
 protected:
  void append(const AccountPtr& account) {
    const NewEmail email = upload(account, message("x"));
    const MailboxId inbox = account->published()->find("INBOX")->id;
    ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
      auto made = c.append(inbox, email, {}, {clock_.now().seconds, 0});
      if (!made) return pass(made);
      return {};
    }));
  }

  /// Replaces the counters by what an earlier version would have written.
  void age(const AccountId& id) {
    auto row = async::wait(engine_->get(id, {keys::account()}));
    ASSERT_TRUE(row && row->front());
    const std::string_view payload = *unseal(*row->front());
    // Each of the two numbers that version 2 added is one octet here.
    const std::string aged = seal(payload.substr(0, payload.size() - 2), 1);
    engine::Commit commit{id, *async::wait(engine_->version(id)), 0, {}, {}};
    commit.edits.push_back({keys::account(), aged});
    ASSERT_TRUE(commit_and_wait(*engine_, std::move(commit)));
  }

  void create(const AccountPtr& account, std::string name) {
    ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
      auto made = c.create_mailbox({.name = name});
      if (!made) return pass(made);
      return {};
    }));
  }
};

TEST_F(ObjectIdsOfAStore, HideEverythingInANewAccount) {
  const AccountPtr account = make_account("ann@example.org");
  const MailboxId inbox = account->published()->find("INBOX")->id;
  EXPECT_EQ(account->object_ids().mailbox(inbox).find('-'), std::string::npos);
  EXPECT_EQ(account->object_ids().email(Ordinal(1)).find('-'), std::string::npos);
}

TEST_F(ObjectIdsOfAStore, StayWhenAnOlderStoreIsUpgraded) {
  AccountPtr account = make_account("ann@example.org");
  const AccountId id = account->id();
  append(account);
  append(account);
  const Ordinal next = account->published()->counters.next_ordinal;
  const MailboxId next_mailbox = account->published()->counters.next_mailbox;
  account.reset();
  age(id);
  const std::string last = "M" + to_hex(id).substr(0, 16) + "-2";
  const std::string hidden =
      ObjectIds(id, derive_object_id_keys(store_->state().key, id), {}).email(next);
  // Before and after the first change by this version, and after a restart.
  for (int round = 0; round < 3; ++round) {
    reopen();
    account = open_account(id);
    EXPECT_EQ(account->object_ids().email(Ordinal(2)), last);
    EXPECT_EQ(account->object_ids().email(next), hidden);
    EXPECT_EQ(account->object_ids().mailbox(MailboxId(1)), "F" + last.substr(1, 17) + "1");
    EXPECT_EQ(account->object_ids().mailbox(next_mailbox).find('-'), std::string::npos);
    append(account);
    create(account, "box" + std::to_string(round));
    account.reset();
  }
}

}  // namespace
}  // namespace posthorn::store
