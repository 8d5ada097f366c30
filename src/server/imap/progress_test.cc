#include "server/imap/progress.h"

#include <gmock/gmock.h>

#include "server/frame/test_scripted_stream.h"
#include "server/imap/command_table.h"
#include "store/store_fixture.h"

namespace posthorn::server::imap {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class NoUsers final : public auth::Directory {
 public:
  async::Task<Result<std::optional<auth::LoginRecord>>> find(std::string /*login*/) override {
    co_return std::nullopt;
  }
};

class ProgressTest : public store::StoreFixture {
 protected:
  /// What a command with this tag says during 100 milliseconds, at intervals of 20.
  std::string say(std::string tag, std::uint32_t goal, std::uint32_t done,
                  std::vector<std::string> disabled = {}) {
    NoUsers directory;
    auth::Throttle throttle{{}, clock_};
    auth::HashQueue hashing{*offload_, {}};
    auth::Authenticator authenticator{
        directory, throttle, hashing, clock_, {.sasl = {.decoy_key = "k", .decoy_iterations = 8}}};
    auth::SessionLimits limits{{}};
    const ImapContext context{*store_, authenticator, limits, {}};
    ImapOptions options;
    options.progress_interval = milliseconds(20);
    options.disabled_capabilities = std::move(disabled);
    return run(work(context, std::move(options), std::move(tag), goal, done));
  }
  static async::Task<std::string> work(const ImapContext& context, ImapOptions options,
                                       std::string tag, std::uint32_t goal, std::uint32_t done) {
    frame::ScriptedStream stream("", 1000);
    const frame::Connections connections;
    frame::CommandMeter meter(command_names());
    Session session(context, {.stream = stream,
                              .options = std::make_shared<const ImapOptions>(std::move(options)),
                              .connections = connections,
                              .meter = meter});
    session.tag = std::move(tag);
    {
      Progress progress(session, goal);
      progress.done() = done;
      co_await async::sleep_for(milliseconds(100));
      co_await progress.finish();
    }
    const std::string said = stream.output();
    co_await async::sleep_for(milliseconds(50));
    EXPECT_EQ(stream.output(), said) << "nothing is said after the end";
    co_return said;
  }
};

TEST_F(ProgressTest, TellsWhatIsDone) {
  EXPECT_THAT(say("a1", 1000, 454),
              HasSubstr("* OK [INPROGRESS (\"a1\" 454 1000)] Still working\r\n"));
}

TEST_F(ProgressTest, TheGoalIsNeverReached) {
  EXPECT_THAT(say("a1", 10, 10), HasSubstr("(\"a1\" 9 10)"));
}

TEST_F(ProgressTest, WhatIsUnknownIsNotTold) {
  EXPECT_THAT(say("a1", 0, 0), HasSubstr("* OK [INPROGRESS] Still working\r\n"));
  EXPECT_THAT(say("a]1", 10, 3),
              AllOf(HasSubstr("[INPROGRESS (NIL 3 10)]"), Not(HasSubstr("a]1"))));
}

TEST_F(ProgressTest, NothingIfItIsSwitchedOff) {
  EXPECT_THAT(say("a1", 10, 3, {"INPROGRESS"}), IsEmpty());
}

}  // namespace
}  // namespace posthorn::server::imap
