// Whatever a client sends to a session, in any state and in any portions: all output consists of
// responses that a client can parse, the next command is found, and the stored data stays valid.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "auth/credentials.h"
#include "server/frame/test_scripted_stream.h"
#include "server/imap/command_table.h"
#include "server/imap/session.h"
#include "store/test_fuzz_store.h"
#include "wire/imap/response/response_parser.h"

namespace {

using namespace posthorn;
using async::Task;
using server::imap::ImapContext;
using server::imap::ImapOptions;
using server::imap::Session;
using store::require;

constexpr std::size_t kMaxScript = 4096;

/// Ends whatever may be in progress (a line, IDLE, an authentication), then sends a command that
/// must be answered.
constexpr std::string_view kSentinel = "\r\nDONE\r\n*\r\nzz8 NOOP\r\nzz9 NOOP\r\n";

/// The initial state, chosen by the first octet of the input.
class Start {
 public:
  explicit Start(std::uint8_t bits) : bits_(bits) {}
  [[nodiscard]] std::string_view prefix() const {
    switch (bits_ % 4) {
      case 0: return "";
      case 1: return "p1 LOGIN ada pencil\r\n";
      case 2: return "p1 LOGIN ada pencil\r\np2 SELECT INBOX\r\n";
      default: return "p1 LOGIN ada pencil\r\np2 ENABLE QRESYNC IMAP4rev2\r\np3 SELECT INBOX\r\n";
    }
  }
  /// Another session changes the mailbox while this one waits.
  [[nodiscard]] bool is_restless() const { return (bits_ & 4) != 0; }
  [[nodiscard]] std::size_t step() const {
    constexpr std::size_t kSteps[] = {kMaxScript, 1, 5, 64};
    return kSteps[bits_ / 8 % 4];
  }

 private:
  std::uint8_t bits_;
};

/// Knows one user, whose key is cheap, because password hashing is not what is being fuzzed.
class OneUser final : public auth::Directory {
 public:
  explicit OneUser(AccountId account) : account_(account) {}
  Task<Result<std::optional<auth::LoginRecord>>> find(std::string login) override {
    if (login != "ada") co_return std::optional<auth::LoginRecord>();
    static const auth::ScramKeys keys = auth::derive_keys("pencil", "0123456789abcdef", 1);
    co_return auth::LoginRecord{.account = account_, .name = "ada", .keys = keys, .version = 1};
  }

 private:
  AccountId account_;
};

/// The other session: adds, marks and removes a message in turn.
class OtherHand {
 public:
  explicit OtherHand(store::AccountPtr account) : account_(std::move(account)) {}

  Task<void> act() {
    const store::MailboxPtr inbox = account_->published()->find("INBOX");
    if (!inbox) co_return;
    const MailboxId id = inbox->id;
    // Refusals (quota) are allowed.
    switch (turn_++ % 3) {
      case 0: (void)co_await store::FuzzStore::deliver(account_, "INBOX", kMessage, {}); break;
      case 1:
        (void)co_await account_->change(
            store::Actor::delivery(), {id}, [id](store::Change& change) -> Status {
              auto done = change.store_flags(id, all(), store::FlagOperation::add,
                                             {bit(SystemFlag::flagged), {"other"}}, std::nullopt);
              return done ? Status() : pass(done);
            });
        break;
      default:
        (void)co_await account_->change(
            store::Actor::delivery(), {id}, [id](store::Change& change) -> Status {
              const auto& members = change.state().find("INBOX")->contents->members();
              if (members.count() == 0) return Status();
              NumberSet first;
              first.add(members.at(0).uid.value);
              auto done = change.expunge(id, first);
              return done ? Status() : pass(done);
            });
    }
  }

 private:
  static constexpr const char* kMessage = "Subject: more\r\n\r\nmore\r\n";
  static NumberSet all() {
    NumberSet uids;
    uids.add(1, UINT32_MAX);
    return uids;
  }
  store::AccountPtr account_;
  std::uint32_t turn_ = 0;
};

/// A client that waits while the other session acts.
class Stream final : public server::frame::ScriptedStream {
 public:
  Stream(std::string script, std::size_t step, OtherHand* other)
      : ScriptedStream(std::move(script), step), other_(other) {}
  Task<Result<bool>> wait_readable(std::chrono::milliseconds) override {
    if (other_ != nullptr) co_await other_->act();
    co_return true;
  }

 private:
  OtherHand* other_;
};

/// Everything a session needs, for one run.
class Server {
 public:
  std::string talk(Start start, std::string_view script) {
    std::string said(start.prefix());
    said.append(script).append(kSentinel);
    OtherHand other(store_.account());
    return store::FuzzStore::run(serve(std::make_unique<Stream>(
        std::move(said), start.step(), start.is_restless() ? &other : nullptr)));
  }
  void check() { store_.check(); }

 private:
  Task<std::string> serve(std::unique_ptr<Stream> stream) {
    const Stream& kept = *stream;
    Session session(
        context_,
        {.stream = *stream, .options = options_, .connections = connections_, .meter = meter_});
    co_await session.run();
    co_return kept.output();
  }

  store::FuzzStore store_;
  OneUser directory_{store_.account()->id()};
  auth::Throttle throttle_{
      {.first_delay = std::chrono::milliseconds(0), .longest_delay = std::chrono::milliseconds(0)},
      store_.clock()};
  auth::HashQueue hashing_{store::FuzzThreads::all().some, {}};
  auth::Authenticator authenticator_{directory_,
                                     throttle_,
                                     hashing_,
                                     store_.clock(),
                                     {.sasl = {.decoy_key = "decoy", .decoy_iterations = 1}}};
  auth::SessionLimits limits_{{}};
  const server::frame::Connections connections_;
  server::frame::CommandMeter meter_{server::imap::command_names()};
  const ImapContext context_{store_.store(), authenticator_, limits_, {}};
  const std::shared_ptr<const ImapOptions> options_ = std::make_shared<const ImapOptions>(
      ImapOptions{.plaintext = auth::PlaintextLogin::always,
                  .disabled_capabilities = {"COMPRESS=DEFLATE"},
                  .extra_capabilities = {"UNAUTHENTICATE", "UIDONLY"},
                  .server_metadata = {},
                  .gateways = {},
                  .max_message_octets = 16 << 10});
};

struct Heard {
  bool bye = false;
  bool sentinel = false;
};

/// Parses output as a client does.
Heard read_all(std::string_view output) {
  using wire::imap::Response;
  using wire::imap::ResponseReceiver;
  Heard heard;
  ResponseReceiver receiver;
  Response response;
  while (!output.empty()) {
    const auto event = receiver.next(output);
    require(event.kind == ResponseReceiver::Event::Kind::response, "a response has an end");
    require(output.substr(0, event.consumed).ends_with("\r\n"), "a line ends with CRLF");
    require(response.parse(event.text).has_value(), event.text);
    heard.bye |= response.kind() == Response::Kind::untagged && response.is("BYE");
    heard.sentinel |= response.kind() == Response::Kind::tagged && response.tag() == "zz9";
    output.remove_prefix(event.consumed);
  }
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kMaxScript) return 0;
  const Start start(data[0]);
  const std::string_view script(reinterpret_cast<const char*>(data + 1), size - 1);
  Server server;
  const std::string output = server.talk(start, script);
  // The largest output for a short request is the whole mailbox, which the quota limits.
  require(output.size() <= (64 << 10) + size * (8 << 10), "what is sent is bounded");
  const Heard heard = read_all(output);
  // If there may be literals, the sentinel may be inside one.
  if (!script.contains('{')) require(heard.sentinel || heard.bye, "the session stays in sync");
  server.check();
  return 0;
}
