#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/frame/test_scripted_stream.h"
#include "server/lmtp/session.h"
#include "service/forwarding/test_forwarder.h"
#include "store/store_fixture.h"

namespace posthorn::server::lmtp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Mail for addresses that lead to other servers.
class ForwardingTest : public store::StoreFixture {
 protected:
  ForwardingTest() {
    ada_ = make_account("ada@example.org");
    alias("info@example.org", {">bob@far.example", "ada@example.org"});
    alias("away@example.org", {">eve@far.example", ">bob@far.example"});
  }
  ~ForwardingTest() override { ada_.reset(); }

  void alias(std::string_view alias, std::vector<std::string> targets) {
    EXPECT_TRUE(run(store_->add_alias(alias, std::move(targets))));
  }
  /// Returns the replies after LHLO to a message of `sender` for these recipients.
  std::string deliver(const std::string& sender, const std::vector<std::string>& recipients,
                      const std::string& header = "Subject: x\r\n") {
    std::string script = "LHLO client.example\r\nMAIL FROM:<" + sender + ">\r\n";
    for (const std::string& to : recipients) script += "RCPT TO:<" + to + ">\r\n";
    script += "DATA\r\n" + header + "\r\nHello\r\n.\r\nQUIT\r\n";
    frame::ScriptedStream stream(script, 100'000);
    const LmtpContext context{*store_,
                              limits_,
                              [this](std::string name) { return find(std::move(name)); },
                              {},
                              *forwarder_};
    const frame::Connections connections;
    frame::CommandMeter meter(wire::smtp::command_names());
    Session session(context, {.stream = stream,
                              .options = std::make_shared<const LmtpOptions>(
                                  LmtpOptions{.hostname = "mail.example.org"}),
                              .connections = connections,
                              .meter = meter});
    run(session.run());
    const std::string said = stream.output();
    return said.substr(said.find("250 2.1.0"));
  }
  async::Task<Result<std::optional<store::AddressEntry>>> find(std::string name) {
    co_return co_await store_->find_address(name);
  }

  /// "return path: recipients" of each queued message, in the order of queueing.
  std::vector<std::string> queued() {
    std::vector<std::string> all;
    for (const auto& [id, entry] : *outbox()) {
      all.push_back(entry->return_path + ":");
      for (const auto& recipient : entry->recipients) all.back() += ' ' + recipient.address;
    }
    return all;
  }
  std::shared_ptr<const store::Outbox> outbox() {
    return run(forwarder_->account()).value()->published()->outbox;
  }
  std::uint32_t count() { return ada_->published()->find("INBOX")->head.messages; }
  std::string rewritten(std::string local, std::string domain) {
    auto made = service::srs_rewrite({std::move(local), std::move(domain), ""}, "example.org",
                                     forwarder_.keys, clock_.now().seconds);
    EXPECT_TRUE(made);
    return made->written;
  }

  auth::SessionLimits limits_{{}};
  service::TestForwarder forwarder_{*store_};
  store::AccountPtr ada_;
};

TEST_F(ForwardingTest, IsDurableWhenItIsAccepted) {
  const std::string said = deliver("joe@sender.example", {"Info@example.org", "ada@example.org"});
  EXPECT_THAT(said, HasSubstr("250 2.0.0 <Info@example.org> Accepted\r\n"
                              "250 2.0.0 <ada@example.org> Delivered\r\n"));
  EXPECT_EQ(count(), 1U);
  EXPECT_THAT(queued(), ElementsAre(rewritten("joe", "sender.example") + ": bob@far.example"));
  const store::OutboxEntry& entry = *outbox()->begin()->second;
  EXPECT_THAT(entry.trace, testing::StartsWith("X-Posthorn-Forwarded: info@example.org\r\n"
                                               "Received: from client.example "));
  EXPECT_THAT(entry.trace, HasSubstr("for <Info@example.org>"));
  // What was queued survives.
  const AccountId queue = run(forwarder_->account()).value()->id();
  EXPECT_THAT(run(store_->accounts_with_outbox()).value(), ElementsAre(queue));
}

TEST_F(ForwardingTest, AnAddressGetsOneMessage) {
  deliver("joe@sender.example", {"info@example.org", "away@example.org", "info@example.org"});
  EXPECT_THAT(queued(), ElementsAre(rewritten("joe", "sender.example") + ": bob@far.example",
                                    rewritten("joe", "sender.example") + ": eve@far.example"));
  EXPECT_EQ(count(), 1U);
}

TEST_F(ForwardingTest, AReportFindsTheSender) {
  const std::string path = rewritten("joe+x", "sender.example");
  EXPECT_THAT(deliver("", {path}), HasSubstr("250 2.0.0 <" + path + "> Accepted\r\n"));
  EXPECT_THAT(queued(), ElementsAre(": joe+x@sender.example"));
  std::string forged = path;
  forged[6] = forged[6] == 'A' ? 'B' : 'A';
  EXPECT_THAT(deliver("", {forged}), HasSubstr("550 5.7.1 <" + forged + "> "));
  clock_.advance(std::chrono::days(service::kSrsDays + 1));
  EXPECT_THAT(deliver("", {path}), HasSubstr("550 5.7.1 <" + path + "> "));
  EXPECT_EQ(queued().size(), 1U);
}

TEST_F(ForwardingTest, WithoutARelayItMayBeTriedLater) {
  forwarder_->set_rules({.can_send = false});
  const std::string said = deliver("joe@sender.example", {"info@example.org", "ada@example.org"});
  EXPECT_THAT(said, HasSubstr("451 4.3.5 "));
  EXPECT_THAT(said, HasSubstr("250 2.0.0 <ada@example.org> Delivered\r\n"));
  EXPECT_EQ(count(), 1U);
}

TEST_F(ForwardingTest, ALoopEnds) {
  const std::string said = deliver("joe@sender.example", {"info@example.org", "away@example.org"},
                                   "X-Posthorn-Forwarded: info@example.org\r\nSubject: x\r\n");
  EXPECT_THAT(said, HasSubstr("554 5.4.6 The message was forwarded by info@example.org before"));
  EXPECT_THAT(said, HasSubstr("250 2.0.0 <away@example.org> Accepted\r\n"));
  EXPECT_EQ(count(), 0U) << "the account had it the first time";
  EXPECT_EQ(queued().size(), 1U);
  std::string hops;
  for (int i = 0; i < 101; ++i) hops += "Received: by x\r\n";
  EXPECT_THAT(deliver("joe@sender.example", {"away@example.org"}, hops), HasSubstr("554 5.4.6 "));
  EXPECT_EQ(queued().size(), 1U);
}

TEST_F(ForwardingTest, TooMuchIsRefusedForNow) {
  service::ForwardingRules rules = service::TestForwarder::rules();
  rules.recipients_per_hour = 2;
  forwarder_->set_rules(rules);
  alias("@other.example", {">bob@far.example"});
  for (const std::string name : {"a", "b"})
    EXPECT_THAT(deliver("joe@sender.example", {name + "@other.example"}), HasSubstr("250 2.0.0 "));
  EXPECT_THAT(deliver("joe@sender.example", {"c@other.example"}), HasSubstr("450 4.7.1 "));
  EXPECT_THAT(deliver("joe@sender.example", {"info@example.org"}), HasSubstr("250 2.0.0 "));
}

TEST_F(ForwardingTest, TheNullPathStaysNull) {
  deliver("", {"info@example.org"});
  deliver("ada@example.org", {"info@example.org"});
  EXPECT_THAT(queued(), ElementsAre(": bob@far.example", "ada@example.org: bob@far.example"));
}

TEST_F(ForwardingTest, WhatCannotBeQueuedIsNotDeliveredEither) {
  const std::string said =
      deliver(std::string(230, 'x') + "@sender.example", {"info@example.org", "ada@example.org"});
  EXPECT_THAT(said, HasSubstr("550 5.7.1 "));
  EXPECT_THAT(said, HasSubstr("250 2.0.0 <ada@example.org> Delivered"));
  EXPECT_EQ(count(), 1U);
  EXPECT_THAT(queued(), ElementsAre());
}

}  // namespace
}  // namespace posthorn::server::lmtp
