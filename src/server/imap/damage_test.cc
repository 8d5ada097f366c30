// What a client sees if messages cannot be read: a NO that names them, all other messages, and a
// connection that continues.

#include <gmock/gmock.h>

#include "auth/credentials.h"
#include "server/frame/test_scripted_stream.h"
#include "server/imap/command_table.h"
#include "server/imap/session.h"
#include "store/upkeep/test_damage.h"

namespace posthorn::server::imap {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class OneUser final : public auth::Directory {
 public:
  explicit OneUser(AccountId account) : account_(account) {}
  async::Task<Result<std::optional<auth::LoginRecord>>> find(std::string login) override {
    if (login != "ann") co_return std::nullopt;
    co_return auth::LoginRecord{.account = account_,
                                .name = "ann@example.org",
                                .keys = auth::make_keys("secret", 8),
                                .state = auth::AccountState::active,
                                .version = 1};
  }

 private:
  AccountId account_;
};

class ImapDamageTest : public store::DamageFixture {
 protected:
  /// Three messages, the second of which lacks a piece in the middle.
  void store_three() {
    append(message("first"));
    append_large(900'000, 7);
    second_ = pieces();
    append(message("third"));
    ASSERT_GE(second_.size(), 3U);
    faulty_->damage_piece(second_[1].name, damaged());
    restart();
  }

  /// Returns the output for these commands in INBOX, without the responses to LOGIN and SELECT.
  std::string talk(const std::string& script) {
    auth::Throttle throttle{{.free_guesses = 100}, clock_};
    OneUser directory{ann_->id()};
    auth::HashQueue hashing{*offload_, {}};
    auth::Authenticator authenticator{
        directory, throttle, hashing, clock_, {.sasl = {.decoy_key = "k", .decoy_iterations = 8}}};
    const ImapContext context{*store_, authenticator, limits_, {}};
    frame::ScriptedStream stream("x LOGIN ann secret\r\ny SELECT INBOX\r\n" + script + "z NOOP\r\n",
                                 100'000);
    const std::string said = run(serve(context, stream));
    EXPECT_THAT(said, HasSubstr("\r\nz OK")) << "the connection did not go on";
    const std::size_t selected = said.find("\r\ny OK");
    EXPECT_NE(selected, std::string::npos) << said.substr(0, 500);
    return said.substr(std::min(said.find("\r\n", selected + 2), said.size()));
  }
  async::Task<std::string> serve(const ImapContext& context, frame::ScriptedStream& stream) {
    const frame::Connections connections;
    ImapOptions options;
    options.plaintext = auth::PlaintextLogin::always;
    frame::CommandMeter meter(command_names());
    Session session(context, {.stream = stream,
                              .options = std::make_shared<const ImapOptions>(std::move(options)),
                              .connections = connections,
                              .meter = meter});
    co_await session.run();
    co_return stream.output();
  }

  auth::SessionLimits limits_{{}};
  std::vector<store::BodyPiece> second_;
};

TEST_F(ImapDamageTest, FetchGivesTheOthersAndSaysNo) {
  store_three();
  for (const char* const items : {"BODY.PEEK[]", "RFC822", "BODY.PEEK[TEXT]", "BODY.PEEK[1]",
                                  "BINARY.PEEK[1]", "(FLAGS BODY.PEEK[HEADER] BODY.PEEK[])"}) {
    const std::string said = talk(fmt::format("a FETCH 1:* {}\r\n", items));
    EXPECT_THAT(said, AllOf(HasSubstr("* 1 FETCH"), HasSubstr("* 3 FETCH"))) << items;
    EXPECT_THAT(said, Not(HasSubstr("* 2 FETCH"))) << items;
    EXPECT_THAT(said, HasSubstr("a NO [CORRUPTION] 1 message cannot be read, UID 2")) << items;
  }
}

TEST_F(ImapDamageTest, WhatDoesNotNeedTheDamagedPieceIsGiven) {
  store_three();
  const std::string said = talk(
      "a FETCH 2 (ENVELOPE BODYSTRUCTURE PREVIEW RFC822.HEADER BODY.PEEK[HEADER])\r\n"
      "b FETCH 2 BODY.PEEK[]<0.1000>\r\nc FETCH 2 BODY.PEEK[]<899000.1000>\r\n");
  EXPECT_THAT(said, AllOf(HasSubstr("\r\na OK"), HasSubstr("\r\nb OK"), HasSubstr("\r\nc OK")));
}

TEST_F(ImapDamageTest, AnUnknownEncodingBehindALongLiteralIsANo) {
  append("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + lines(300'000, 3) +
         "\r\n--b\r\nContent-Transfer-Encoding: x-strange\r\n\r\nodd\r\n--b--\r\n");
  EXPECT_THAT(talk("a FETCH 1 (BODY.PEEK[1] BINARY.PEEK[2])\r\n"),
              AllOf(HasSubstr("\r\na NO [UNKNOWN-CTE]"), Not(HasSubstr("FETCH"))));
}

TEST_F(ImapDamageTest, CopyMoveAndFlagsNeedNoOctets) {
  store_three();
  const std::string said =
      talk("a COPY 2 Archive\r\nb STORE 2 +FLAGS (\\Flagged)\r\nc MOVE 2 Trash\r\n");
  EXPECT_THAT(said, AllOf(HasSubstr("\r\na OK"), HasSubstr("\r\nb OK"), HasSubstr("\r\nc OK")));
  EXPECT_EQ(ann_->published()->find("Trash")->head.messages, 1U);
}

TEST_F(ImapDamageTest, SearchFindsTheOthersAndWarns) {
  store_three();
  const std::string warning = "* NO [CORRUPTION] 1 message cannot be read, UID 2";
  EXPECT_THAT(talk("a SEARCH BODY \"Hello, first\"\r\n"),
              AllOf(HasSubstr(warning), HasSubstr("* SEARCH 1\r\n"), HasSubstr("\r\na OK")));
  // What can be read of a message may decide: its first piece has this.
  EXPECT_THAT(talk("a SEARCH BODY Hello\r\n"),
              AllOf(Not(HasSubstr("* NO")), HasSubstr("* SEARCH 1 2 3\r\n")));
  EXPECT_THAT(talk("a SEARCH NOT BODY nowhere\r\n"),
              AllOf(HasSubstr(warning), HasSubstr("* SEARCH 1 3\r\n")));
  // Another key decides.
  EXPECT_THAT(talk("a SEARCH OR SUBJECT large BODY nowhere\r\n"),
              AllOf(Not(HasSubstr("* NO")), HasSubstr("* SEARCH 2\r\n")));
  EXPECT_THAT(talk("a SEARCH SUBJECT third BODY nowhere\r\n"), Not(HasSubstr("* NO")));
  EXPECT_THAT(talk("a UID SORT (SUBJECT) UTF-8 TEXT nowhere\r\n"), HasSubstr(warning));
  EXPECT_THAT(talk("a UID THREAD REFERENCES UTF-8 BODY nowhere\r\n"), HasSubstr(warning));
}

TEST_F(ImapDamageTest, SortAndThreadKeepWhatCannotBeReadAndWarn) {
  for (int i = 0; i < 3; ++i) append(message(std::to_string(i)));
  const Ordinal second = run(ann_->load(inbox_)).value()->contents->members().at(1).ordinal;
  faulty_->damage_rows(ann_->id(), store::keys::email(second),
                       store::keys::email(Ordinal(second.value + 1)), damaged());
  restart();
  const std::string warning = "* NO [CORRUPTION] 1 message cannot be read, UID 2";
  EXPECT_THAT(talk("a UID SORT (SUBJECT) UTF-8 ALL\r\n"),
              AllOf(HasSubstr(warning), HasSubstr("* SORT 2 1 3\r\n"), HasSubstr("\r\na OK")));
  EXPECT_THAT(talk("a UID THREAD ORDEREDSUBJECT UTF-8 ALL\r\n"),
              AllOf(HasSubstr(warning), HasSubstr("* THREAD"), HasSubstr("\r\na OK")));
  EXPECT_THAT(talk("a FETCH 1:* ENVELOPE\r\n"),
              AllOf(HasSubstr("* 3 FETCH"), HasSubstr("\r\na NO [CORRUPTION]")));
}

TEST_F(ImapDamageTest, AMissingPieceOfAMessageThatIsThereIsDamage) {
  append(message("first"));
  faulty_->damage_piece(pieces()[0].name, {ErrorKind::not_found, "no such piece"});
  restart();
  EXPECT_THAT(talk("a FETCH 1 BODY.PEEK[]\r\n"), HasSubstr("\r\na NO [CORRUPTION]"));
}

TEST_F(ImapDamageTest, TheLogIsToldOnceOfEachMessage) {
  store_three();
  const auto mailbox = run(ann_->load(inbox_));
  ASSERT_TRUE(mailbox);
  talk("a FETCH 1:* BODY.PEEK[]\r\nb FETCH 2 BODY.PEEK[]\r\nc SEARCH BODY x\r\n");
  store::Unreadable known;
  known.add(Uid(2), damaged());
  EXPECT_TRUE(store_->note_unreadable(ann_->id(), **mailbox, known).empty());
  known.add(Uid(3), damaged());
  EXPECT_EQ(store_->note_unreadable(ann_->id(), **mailbox, known).to_text(), "3");
}

TEST_F(ImapDamageTest, AMailboxThatCannotBeOpenedIsRefusedAndCanBeDeleted) {
  append(message("first"));
  talk("a COPY 1 Archive\r\n");
  const MailboxId archive = ann_->published()->find("Archive")->id;
  edit_rows({{store::keys::tail_row(archive, Uid(1)), "nonsense"}});
  restart();
  EXPECT_THAT(
      talk("a SELECT Archive\r\nb EXAMINE INBOX\r\nc DELETE Archive\r\nd SELECT Archive\r\n"),
      AllOf(HasSubstr("a NO [CORRUPTION]"), HasSubstr("\r\nb OK"), HasSubstr("\r\nc OK"),
            HasSubstr("d NO [NONEXISTENT]")));
}

}  // namespace
}  // namespace posthorn::server::imap
