#include "relay/runner.h"

#include <thread>

#include "engine/faulty/faulty_engine.h"
#include "relay/test_relay.h"
#include "service/forwarding/forwarder.h"
#include "store/format/codec.h"
#include "store/read/email_reader.h"
#include "store/store_fixture.h"

namespace posthorn::relay {
namespace {

using namespace std::chrono_literals;
using store::AccountPtr;
using store::OutboxEntry;
using store::OutboxEntryPtr;
using store::OutboxId;
using store::RecipientState;

/// Every address "...@here" has a mailbox, except those of "nobody".
class FakeLocal final : public LocalDelivery {
 public:
  async::Task<Result<Routes>> route(OutboxEntryPtr entry, std::vector<std::size_t> of) override {
    Routes routes;
    for (const std::size_t i : of) {
      const bool here = entry->recipients[i].address.ends_with("@here");
      (here ? routes.local : routes.elsewhere).push_back(i);
    }
    co_return routes;
  }
  async::Task<std::vector<Tried>> deliver(AccountPtr, OutboxEntryPtr entry,
                                          std::vector<std::size_t> recipients) override {
    std::vector<Tried> tried;
    for (const std::size_t i : recipients) {
      const bool nobody = entry->recipients[i].address.starts_with("nobody");
      using Fate = client::SmtpOutcome::Fate;
      tried.push_back({.recipient = i,
                       .fate = nobody ? Fate::refused : Fate::accepted,
                       .reply = nobody ? wire::smtp::reply(550, {5, 1, 1}, "no such user")
                                       : wire::smtp::reply(250, {2, 0, 0}, "delivered"),
                       .is_local = true});
    }
    co_return tried;
  }
};

class RunnerTest : public store::StoreFixture {
 protected:
  RunnerTest() {
    options_of_runner_.hostname = "mail.example.org";
    account_ = make_account("ann@example.org");
    send_to(relay_.port());
  }
  ~RunnerTest() override {
    stop();
    account_.reset();
    shut();
    runner_.reset();
  }

  void send_to(std::uint16_t port) {
    client::SmtpEndpoint endpoint;
    endpoint.host = "127.0.0.1";
    endpoint.port = port;
    endpoint.security = client::SmtpSecurity::none;
    endpoint.hello_name = "mail.example.org";
    options_of_runner_.endpoint = std::make_shared<const client::SmtpEndpoint>(endpoint);
  }
  void start() {
    runner_ = std::make_unique<Runner>(*store_, loops_->at(1), local_, options_of_runner_);
    runner_->start();
    started_ = true;
  }
  void stop(std::chrono::milliseconds grace = 10s) {
    if (std::exchange(started_, false)) run(runner_->stop(grace));
  }
  /// As after a crash, or a restart some time later.
  void restart_after(std::chrono::seconds pause) {
    stop();
    const AccountId id = account_->id();
    account_.reset();
    shut();
    runner_.reset();
    clock_.advance(pause);
    reopen();
    account_ = open_account(id);
    start();
  }

  OutboxId submit(const std::vector<std::string>& recipients,
                  const std::function<void(OutboxEntry&)>& more = {},
                  std::string octets = message("Hello")) {
    const store::NewEmail email = upload(account_, std::move(octets));
    OutboxEntry entry;
    entry.size = email.size;
    entry.return_path = "ann@example.org";
    entry.trace = "Received: by mail.example.org\r\n";
    entry.submitted = clock_.now().seconds;
    entry.expires = entry.submitted + 5 * 86'400;
    for (const std::string& to : recipients) {
      store::OutboxRecipient recipient;
      recipient.address = to;
      entry.recipients.push_back(recipient);
    }
    if (more) more(entry);
    OutboxId id;
    const Status done = change(account_, {}, [&](store::Change& c) -> Status {
      auto kept = c.keep_email(email);
      if (!kept) return pass(kept);
      OutboxEntry one = entry;
      one.email = *kept;
      auto queued = c.enqueue(std::move(one));
      if (!queued) return pass(queued);
      id = *queued;
      return {};
    });
    EXPECT_TRUE(done) << done.error().text;
    return id;
  }
  OutboxEntryPtr entry(OutboxId id) const {
    const auto outbox = account_->published()->outbox;
    const auto found = outbox->find(id);
    return found == outbox->end() ? nullptr : found->second;
  }
  template <class Condition>
  static bool soon(Condition condition) {
    for (int i = 0; i < 2000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }
  bool is_done(OutboxId id) {
    return soon([&] { return !entry(id); });
  }
  bool is_put_off(OutboxId id, std::uint32_t attempts = 1) {
    return soon([&] { return entry(id) && entry(id)->recipients[0].attempts >= attempts; });
  }

  /// The messages in INBOX, oldest first.
  std::vector<std::string> inbox() { return run(read_inbox(account_)); }
  static async::Task<std::vector<std::string>> read_inbox(AccountPtr account) {
    std::vector<std::string> out;
    const MailboxId id = account->published()->find("INBOX")->id;
    auto mailbox = co_await account->load(id);
    EXPECT_TRUE(mailbox);
    store::EmailReader reader(account);
    for (std::uint32_t i = 0; i < (*mailbox)->contents->members().count(); ++i) {
      const Ordinal ordinal = (*mailbox)->contents->members().at(i).ordinal;
      const std::array<Ordinal, 1> one = {ordinal};
      co_await reader.load(one,
                           store::bit(store::Column::header) | store::bit(store::Column::body));
      std::string text(*reader.get(ordinal, store::Column::header));
      auto body = store::BodyReader::open(account, *reader.get(ordinal, store::Column::body));
      auto chunk = co_await body->read(0, body->size());
      text += chunk->bytes;
      out.push_back(std::move(text));
    }
    co_return out;
  }

  TestRelay relay_;
  FakeLocal local_;
  RelayOptions options_of_runner_;
  std::unique_ptr<Runner> runner_;
  AccountPtr account_;
  bool started_ = false;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_F(RunnerTest, SendsAtOnceWhatComes) {
  start();
  const OutboxId id = submit({"bob@example.net", "cat@example.net"}, {},
                             "From: ann@example.org\r\nBcc: cat@example.net\r\nSubject: x\r\n"
                             "Resent-Bcc: a,\r\n b\r\n\r\n.Hello\r\n");
  ASSERT_TRUE(is_done(id));
  EXPECT_EQ(relay_.messages(),
            (std::vector<TestRelay::Message>{
                {"ann@example.org",
                 {"bob@example.net", "cat@example.net"},
                 "Received: by mail.example.org\r\nFrom: ann@example.org\r\nSubject: x\r\n\r\n"
                 ".Hello\r\n"}}));
  EXPECT_TRUE(inbox().empty());
}

TEST_F(RunnerTest, FindsWhatWaitedBeforeTheStart) {
  const OutboxId id = submit({"bob@example.net"});
  restart_after(0s);
  ASSERT_TRUE(is_done(id));
  EXPECT_EQ(relay_.messages().size(), 1U);
}

TEST_F(RunnerTest, RecipientsHereDoNotWaitForTheRelay) {
  send_to(1);  // Where nobody listens.
  start();
  const OutboxId id = submit({"bob@example.net", "eve@here"});
  ASSERT_TRUE(is_put_off(id));
  EXPECT_EQ(entry(id)->recipients[1].state, RecipientState::delivered);
  EXPECT_EQ(entry(id)->recipients[0].state, RecipientState::waiting);
  EXPECT_TRUE(entry(id)->recipients[0].last_status.starts_with("451 4.4.1 "))
      << entry(id)->recipients[0].last_status;
}

TEST_F(RunnerTest, TriesAgainWhenTheRelayIsBack) {
  const std::uint16_t port = relay_.port();
  send_to(1);
  start();
  const OutboxId id = submit({"bob@example.net"});
  ASSERT_TRUE(is_put_off(id));
  EXPECT_GE(entry(id)->recipients[0].next_attempt, clock_.now().seconds + 45);
  send_to(port);
  restart_after(76s);
  ASSERT_TRUE(is_done(id));
  EXPECT_EQ(relay_.messages().size(), 1U);
}

TEST_F(RunnerTest, AnEntryThatIsTouchedIsLookedAtAtOnce) {
  relay_.order({.recipients = {{"bob@example.net", "450 4.2.1 later"}}});
  start();
  const OutboxId id = submit({"bob@example.net"});
  ASSERT_TRUE(is_put_off(id));
  EXPECT_EQ(entry(id)->recipients[0].last_status, "450 4.2.1 later");
  relay_.order({});
  ASSERT_TRUE(change(account_, {}, [&](store::Change& c) {
    OutboxEntry again = *c.state().outbox->at(id);
    again.recipients[0].next_attempt = 0;
    return c.update_outbox(again);
  }));
  ASSERT_TRUE(is_done(id));
}

TEST_F(RunnerTest, AForwardedMessageIsReportedToWhomItCameFrom) {
  account_ = make_account(std::string(service::kForwardingAccount));
  relay_.order({.recipients = {{"bob@example.net", "550 5.1.1 no bob"}}});
  start();
  const auto forwarded = [&](std::string return_path) {
    return submit(
        {"bob@example.net"},
        [&](OutboxEntry& entry) { entry.return_path = std::move(return_path); },
        "From: joe@sender.example\r\nBcc: x\r\nSubject: lost\r\n\r\nHello\r\n");
  };
  ASSERT_TRUE(is_done(forwarded("SRS0=AAAAAA=AA=sender.example=joe@example.org")));
  ASSERT_TRUE(soon([&] { return account_->published()->outbox->empty(); }));
  ASSERT_EQ(relay_.messages().size(), 1U);
  const TestRelay::Message report = relay_.messages().front();
  EXPECT_EQ(report.from, "");
  EXPECT_EQ(report.to, std::vector<std::string>{"joe@sender.example"});
  EXPECT_TRUE(has(report.octets, "To: <joe@sender.example>\r\n")) << report.octets;
  EXPECT_TRUE(has(report.octets, "no bob"));
  EXPECT_TRUE(has(report.octets, "Bcc: x\r\nSubject: lost\r\n")) << "the header was changed";
  EXPECT_FALSE(has(report.octets, "Return-Path"));
  // Nobody, and somebody whose address was not rewritten.
  ASSERT_TRUE(is_done(forwarded("")));
  ASSERT_TRUE(is_done(forwarded("ann@here")));
  ASSERT_TRUE(soon([&] { return account_->published()->outbox->empty(); }));
  EXPECT_EQ(relay_.messages().size(), 1U);
  EXPECT_TRUE(inbox().empty());
}

TEST_F(RunnerTest, AReportThatCannotBeDeliveredIsDropped) {
  account_ = make_account(std::string(service::kForwardingAccount));
  relay_.order({.recipients = {{"bob@example.net", "550 5.1.1 no bob"},
                               {"joe@sender.example", "550 5.1.1 no joe"}}});
  start();
  ASSERT_TRUE(is_done(submit({"bob@example.net"}, [&](OutboxEntry& entry) {
    entry.return_path = "SRS0=AAAAAA=AA=sender.example=joe@example.org";
  })));
  ASSERT_TRUE(soon([&] { return account_->published()->outbox->empty(); }));
  EXPECT_TRUE(relay_.messages().empty());
}

TEST_F(RunnerTest, ARefusalIsReported) {
  relay_.order({.recipients = {{"bob@example.net", "550 5.1.1 no bob"}}});
  start();
  const OutboxId id = submit({"bob@example.net", "cat@example.net", "nobody@here"});
  ASSERT_TRUE(is_done(id));
  const auto mail = inbox();
  ASSERT_EQ(mail.size(), 2U);  // What is known here is told before the relay was asked.
  EXPECT_TRUE(mail[0].starts_with("Return-Path: <>\r\nFrom: Mail Delivery "));
  EXPECT_TRUE(has(mail[0],
                  "Final-Recipient: rfc822; nobody@here\r\nAction: failed\r\n"
                  "Status: 5.1.1\r\nDiagnostic-Code: x-posthorn; 550 5.1.1 no such user"));
  EXPECT_TRUE(has(mail[1],
                  "Final-Recipient: rfc822; bob@example.net\r\nAction: failed\r\n"
                  "Status: 5.1.1\r\nRemote-MTA: dns; 127.0.0.1\r\n"
                  "Diagnostic-Code: smtp; 550 5.1.1 no bob\r\n"));
  EXPECT_TRUE(has(mail[1], "\r\n\r\nReceived: by mail.example.org\r\nFrom: Ann"));
  EXPECT_FALSE(has(mail[1], "cat@"));
  EXPECT_FALSE(has(mail[1], "Hello, Hello."));  // Only the header goes back.
  EXPECT_EQ(relay_.messages().at(0).to, std::vector<std::string>{"cat@example.net"});
}

TEST_F(RunnerTest, TheWholeMessageIsReturnedWhenAskedFor) {
  start();
  ASSERT_TRUE(is_done(
      submit({"nobody@here"}, [](OutboxEntry& entry) { entry.ret = store::ReturnContent::full; })));
  EXPECT_TRUE(has(inbox().at(0), "Content-Type: message/rfc822\r\n"));
  EXPECT_TRUE(has(inbox().at(0), "Hello, Hello."));
}

TEST_F(RunnerTest, NobodyIsToldWhoDidNotAsk) {
  start();
  ASSERT_TRUE(is_done(submit({"nobody@here"}, [](OutboxEntry& entry) {
    entry.recipients[0].notify = store::bit(store::Notify::never);
  })));
  ASSERT_TRUE(is_done(submit({"nobody@here"}, [](OutboxEntry& entry) { entry.return_path = ""; })));
  EXPECT_TRUE(inbox().empty());
}

TEST_F(RunnerTest, SuccessIsReportedWhereTheRelayDoesNot) {
  start();
  const auto ask = [](OutboxEntry& entry) {
    entry.recipients[0].notify = store::bit(store::Notify::success);
  };
  ASSERT_TRUE(is_done(submit({"bob@example.net"}, ask)));
  ASSERT_EQ(inbox().size(), 1U);
  EXPECT_TRUE(has(inbox()[0], "Action: relayed\r\n"));
  ASSERT_TRUE(is_done(submit({"eve@here"}, ask)));
  ASSERT_EQ(inbox().size(), 2U);
  EXPECT_TRUE(has(inbox()[1], "Action: delivered\r\n"));
  restart_after(0s);  // The relay is asked anew what it offers.
  relay_.order({.offers = {"PIPELINING", "DSN"}});
  ASSERT_TRUE(is_done(submit({"bob@example.net"}, ask)));
  EXPECT_EQ(inbox().size(), 2U);
}

TEST_F(RunnerTest, WhatHasExpiredHasFailed) {
  send_to(1);
  start();
  const OutboxId id = submit({"bob@example.net"});
  ASSERT_TRUE(is_put_off(id));
  restart_after(std::chrono::hours(5));
  ASSERT_TRUE(soon([&] { return entry(id)->recipients[0].delay_told; }));
  ASSERT_EQ(inbox().size(), 1U);
  EXPECT_TRUE(has(inbox()[0], "Action: delayed\r\n"));
  restart_after(std::chrono::hours(5 * 24));
  ASSERT_TRUE(is_done(id));
  ASSERT_EQ(inbox().size(), 2U);
  EXPECT_TRUE(has(inbox()[1], "Action: failed\r\nStatus: 4.4.7\r\n"));
}

/// Half a message is never sent, and attempts end at some time.
TEST_F(RunnerTest, AMessageThatCannotBeReadIsPutOffAndReportedInTheEnd) {
  auto made = std::make_unique<engine::FaultyEngine>(std::move(engine_));
  engine::FaultyEngine& faulty = *made;
  engine_ = std::move(made);
  restart_after(0s);
  stop();
  std::string body;
  for (std::uint32_t i = 1; body.size() < 700'000; ++i)
    body += "line " + std::to_string(i * 2654435761U) + "\r\n";
  const auto pieces =
      store::decode_body_list(upload(account_, message("large") + body).record->body)->pieces;
  ASSERT_GE(pieces.size(), 2U);
  const OutboxId id = submit(
      {"bob@example.net"}, [](OutboxEntry& entry) { entry.ret = store::ReturnContent::full; },
      message("large") + body);
  faulty.damage_piece(pieces[1].name, {ErrorKind::corrupt, "a stored record is damaged"});
  restart_after(0s);
  ASSERT_TRUE(is_put_off(id));
  EXPECT_TRUE(relay_.messages().empty());
  restart_after(std::chrono::hours(6 * 24));
  ASSERT_TRUE(is_done(id));
  EXPECT_TRUE(relay_.messages().empty());
  ASSERT_EQ(inbox().size(), 1U);
  EXPECT_TRUE(has(inbox()[0], "Action: failed\r\n"));
  EXPECT_TRUE(has(inbox()[0], "Subject: large\r\n"));
}

TEST_F(RunnerTest, WhatIsHeldIsHeld) {
  start();
  const OutboxId held = submit({"bob@example.net", "eve@here"}, [&](OutboxEntry& entry) {
    entry.hold_until = clock_.now().seconds + 3600;
  });
  ASSERT_TRUE(is_done(submit({"cat@example.net"})));
  ASSERT_TRUE(entry(held));
  EXPECT_EQ(entry(held)->recipients[1].state, RecipientState::waiting);
  restart_after(3600s);
  ASSERT_TRUE(is_done(held));
  EXPECT_EQ(relay_.messages().size(), 2U);
}

TEST_F(RunnerTest, ConnectionsAreUsedAgain) {
  start();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(is_done(submit({"bob@example.net"})));
  EXPECT_EQ(relay_.messages().size(), 10U);
  EXPECT_EQ(relay_.connections(), 1);
}

TEST_F(RunnerTest, ConnectionsAreBounded) {
  options_of_runner_.connections = 3;
  std::vector<OutboxId> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(submit({"bob@example.net"}));
  start();
  for (const OutboxId id : ids) ASSERT_TRUE(is_done(id));
  EXPECT_EQ(relay_.messages().size(), 40U);
  EXPECT_LE(relay_.connections(), 3);
}

TEST_F(RunnerTest, ManyRecipientsTakeSeveralTransactions) {
  options_of_runner_.recipients = 7;
  relay_.order({.most_recipients = 5});
  start();
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) names.push_back(fmt::format("r{}@example.net", i));
  ASSERT_TRUE(is_done(submit(names)));
  std::vector<std::string> got;
  for (const auto& message : relay_.messages()) {
    EXPECT_LE(message.to.size(), 5U);
    got.insert(got.end(), message.to.begin(), message.to.end());
  }
  std::ranges::sort(got);
  std::ranges::sort(names);
  EXPECT_EQ(got, names);
  EXPECT_TRUE(inbox().empty());
}

// The relay may or may not have the message. Without confirmation, it is kept.
TEST_F(RunnerTest, AnAnswerThatIsLostIsAskedForAgain) {
  relay_.order({.at_end = TestRelay::AtEnd::hang_up});
  start();
  const OutboxId id = submit({"bob@example.net"});
  ASSERT_TRUE(is_put_off(id));
  relay_.order({});
  restart_after(80s);
  ASSERT_TRUE(is_done(id));
  EXPECT_EQ(relay_.messages().size(), 2U);
}

TEST_F(RunnerTest, StopsInTheMidstOfAMessage) {
  relay_.order({.at_end = TestRelay::AtEnd::stay_silent});
  start();
  const OutboxId id = submit({"bob@example.net"});
  ASSERT_TRUE(soon([&] { return relay_.messages().size() == 1; }));
  stop(50ms);
  ASSERT_TRUE(entry(id));
  EXPECT_EQ(entry(id)->recipients[0].state, RecipientState::waiting);
  relay_.order({});
  restart_after(80s);
  ASSERT_TRUE(is_done(id));
}

TEST_F(RunnerTest, WithoutARelayMailWaits) {
  options_of_runner_.endpoint = nullptr;
  start();
  const OutboxId id = submit({"bob@example.net"});
  ASSERT_TRUE(is_put_off(id));
  EXPECT_EQ(entry(id)->recipients[0].last_status, "451 4.4.1 no relay is configured");
}

TEST_F(RunnerTest, AReportThatDoesNotFitIsDropped) {
  ASSERT_TRUE(change(account_, {}, [](store::Change& c) {
    c.set_quota({.max_bytes = 1, .max_messages = 0});
    return Status();
  }));
  start();
  ASSERT_TRUE(is_done(submit({"nobody@here"})));
  EXPECT_TRUE(inbox().empty());
}

}  // namespace
}  // namespace posthorn::relay
