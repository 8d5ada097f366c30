#include "service/maildrop/maildrop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/store_fixture.h"
#include "text/ascii.h"

namespace posthorn::service {
namespace {

using namespace std::string_literals;
using Deleted = Maildrop::Deleted;
using Seen = Maildrop::Seen;

class MaildropTest : public store::StoreFixture {
 protected:
  MaildropTest() { ada_ = make_account("ada@example.org"); }

  void append(const std::string& octets) {
    const store::NewEmail email = upload(ada_, octets);
    const MailboxId inbox = ada_->published()->find("INBOX")->id;
    ASSERT_TRUE(change(ada_, {}, [&](store::Change& change) -> Status {
      auto uid = change.append(inbox, email, {}, Timestamp{});
      return uid ? Status() : pass(uid);
    }));
  }

  std::unique_ptr<Maildrop> open(HeaderForm form = HeaderForm::ascii) {
    auto opened = run(Maildrop::open(Caller::owner(ada_), form));
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }

  std::string read(Maildrop& drop, std::uint32_t number, std::optional<std::uint32_t> lines = {}) {
    return run(read_task(drop, number, lines));
  }
  static async::Task<std::string> read_task(Maildrop& drop, std::uint32_t number,
                                            std::optional<std::uint32_t> lines) {
    auto message = co_await drop.read(number, lines);
    if (!message) co_return "cannot be opened: " + message.error().text;
    std::string text;
    while (true) {
      auto portion = co_await (*message)->next();
      if (!portion) co_return "broke off: " + portion.error().text;
      if (portion->empty()) co_return text;
      text += *portion;
    }
  }

  store::MailboxPtr inbox() { return *run(ada_->load(ada_->published()->find("INBOX")->id)); }

  store::AccountPtr ada_;
};

/// A message as stored, and as it is expected.
const std::pair<std::string, std::string> kTexts[] = {
    {"A: b\r\n\r\nc\r\n", "A: b\r\n\r\nc\r\n"},
    {"A: b\r\n\r\nc", "A: b\r\n\r\nc\r\n"},
    {"A: b\n\nc\n.\n", "A: b\r\n\r\nc\r\n.\r\n"},
    {"A: b\r\n\r\nc\0d\r\n"s, "A: b\r\n\r\nc\x80"s + "d\r\n"},
    {"A: b", "A: b\r\n"},
    {"A: b\r\n\r\nc\r", "A: b\r\n\r\nc\r\r\n"},
    {"", ""},
    {"\n", "\r\n"},
    {"Subject: früh\r\n\r\nfrüh\r\n", "Subject: =?utf-8?b?ZnLDvGg=?=\r\n\r\nfrüh\r\n"},
    {"Subject: früh\n\nfrüh", "Subject: =?utf-8?b?ZnLDvGg=?=\r\n\r\nfrüh\r\n"},
    {"Subject: früh\r\n\r\nx", "Subject: =?utf-8?b?ZnLDvGg=?=\r\n\r\nx\r\n"},
    {"Subject: früh", "Subject: =?utf-8?b?ZnLDvGg=?=\r\n"},
    {"A: b\r\n\r\n" + std::string(300'000, 'x') + "\n",
     "A: b\r\n\r\n" + std::string(300'000, 'x') + "\r\n"},
};

TEST_F(MaildropTest, SizesAreThoseOfWhatIsRead) {
  for (const auto& [stored, expected] : kTexts) append(stored);
  const auto drop = open();
  ASSERT_EQ(drop->count(), std::size(kTexts));
  std::uint64_t total = 0;
  for (std::uint32_t n = 1; n <= drop->count(); ++n) {
    const std::string text = read(*drop, n);
    EXPECT_EQ(text, kTexts[n - 1].second) << n;
    EXPECT_EQ(run(drop->size_of(n)), text.size()) << n;
    total += text.size();
  }
  run(drop->measure());
  for (std::uint32_t n = 1; n <= drop->count(); ++n)
    EXPECT_EQ(drop->known_size(n), kTexts[n - 1].second.size()) << n;
  EXPECT_EQ(drop->octets_left(), total);
  drop->mark_deleted(2);
  EXPECT_EQ(drop->octets_left(), total - kTexts[1].second.size());
  drop->unmark_all();
  EXPECT_EQ(drop->octets_left(), total);
}

TEST_F(MaildropTest, MarksBeforeMeasuringCount) {
  append(message("a"));
  append(message("b"));
  const auto drop = open();
  drop->mark_deleted(1);
  run(drop->measure());
  EXPECT_EQ(drop->octets_left(), message("b").size());
}

TEST_F(MaildropTest, WithUtf8HeadersStay) {
  append("Subject: früh\r\n\r\nx");
  const auto drop = open(HeaderForm::utf8);
  EXPECT_EQ(read(*drop, 1), "Subject: früh\r\n\r\nx\r\n");
  EXPECT_EQ(run(drop->size_of(1)), read(*drop, 1).size());
}

TEST_F(MaildropTest, SomeLinesOfTheBody) {
  append("A: b\r\n\r\none\r\ntwo\nthree");
  const auto drop = open();
  EXPECT_EQ(read(*drop, 1, 0), "A: b\r\n\r\n");
  EXPECT_EQ(read(*drop, 1, 1), "A: b\r\n\r\none\r\n");
  EXPECT_EQ(read(*drop, 1, 2), "A: b\r\n\r\none\r\ntwo\r\n");
  EXPECT_EQ(read(*drop, 1, 3), "A: b\r\n\r\none\r\ntwo\r\nthree\r\n");
  EXPECT_EQ(read(*drop, 1, 4'000'000'000), "A: b\r\n\r\none\r\ntwo\r\nthree\r\n");
}

TEST_F(MaildropTest, DoesNotMove) {
  append(message("a"));
  append(message("b"));
  const auto drop = open();
  const std::string second = drop->unique_id(2);
  const MailboxId id = inbox()->id;
  NumberSet first;
  first.add(1);
  ASSERT_TRUE(change(ada_, {id}, [&](store::Change& change) -> Status {
    auto gone = change.expunge(id, first);
    return gone ? Status() : pass(gone);
  }));
  append(message("c"));
  EXPECT_EQ(drop->count(), 2U);
  EXPECT_EQ(drop->unique_id(2), second);
  EXPECT_EQ(read(*drop, 1), message("a"));
  drop->mark_deleted(1);
  drop->mark_deleted(2);
  ASSERT_TRUE(run(drop->update(Deleted::expunge, Seen::leave)));
  EXPECT_EQ(inbox()->head.messages, 1U);
  EXPECT_EQ(open()->unique_id(1), fmt::format("{}-{:x}-3", to_hex(ada_->id()).substr(0, 8),
                                              inbox()->head.uid_validity.value));
}

TEST_F(MaildropTest, OneChangeForEverything) {
  for (const char* name : {"a", "b", "c"}) append(message(name));
  const auto drop = open();
  const std::uint64_t before = ada_->published()->seq.value;
  drop->note_read(1);
  drop->note_read(2);
  drop->mark_deleted(2);
  ASSERT_TRUE(run(drop->update(Deleted::expunge, Seen::mark)));
  EXPECT_EQ(ada_->published()->seq.value, before + 1);
  EXPECT_EQ(inbox()->head.messages, 2U);
  EXPECT_EQ(inbox()->head.unseen, 1U);
}

TEST_F(MaildropTest, KeepsWhatIsMarkedWhenToldTo) {
  append(message("a"));
  const auto drop = open();
  drop->note_read(1);
  drop->mark_deleted(1);
  ASSERT_TRUE(run(drop->update(Deleted::keep, Seen::leave)));
  EXPECT_EQ(inbox()->head.messages, 1U);
  EXPECT_EQ(inbox()->head.unseen, 1U);
  ASSERT_TRUE(run(drop->update(Deleted::keep, Seen::mark)));
  EXPECT_EQ(inbox()->head.unseen, 0U);
}

TEST_F(MaildropTest, IdsTellAccountsOfOneNameApart) {
  append(message("a"));
  const std::string before = open()->unique_id(1);
  ada_ = make_account("bob@example.org");
  append(message("a"));
  EXPECT_NE(open()->unique_id(1), before);
  EXPECT_LE(before.size(), 70U);
}

}  // namespace
}  // namespace posthorn::service
