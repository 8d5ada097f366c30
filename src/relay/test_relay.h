#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/gate.h"
#include "async/loop.h"
#include "base/mutex.h"
#include "net/listener.h"
#include "net/tls_context.h"
#include "wire/smtp/command.h"
#include "wire/smtp/data.h"
#include "wire/smtp/parse_command.h"

namespace posthorn::relay {

/// The behaviour of a TestRelay.
struct RelayOrders {
  enum class AtEnd : std::uint8_t { answer, hang_up, stay_silent };
  std::vector<std::string> offers = {"PIPELINING", "8BITMIME"};
  std::map<std::string, std::string> recipients = {};  ///< Replies to RCPT, by address.
  std::size_t most_recipients = 1000;                  ///< Further recipients get 452 4.5.3.
  std::string end = "250 2.0.0 queued";
  AtEnd at_end = AtEnd::answer;
  /// Offers STARTTLS. Without `tls`, what follows the 220 is not TLS.
  bool starttls = false;
  std::shared_ptr<net::TlsContext> tls = {};
  bool implicit_tls = false;
};

/// For tests: a relay that accepts mail and behaves as configured, on its own thread.
class TestRelay {
 public:
  struct Message {
    std::string from;
    std::vector<std::string> to;
    std::string octets;
    friend bool operator==(const Message&, const Message&) = default;
  };
  using Orders = RelayOrders;
  using AtEnd = RelayOrders::AtEnd;

  explicit TestRelay(Orders orders = {}) : orders_(std::move(orders)) {
    auto listener = net::Listener::tcp(loops_, "127.0.0.1:0", [this](auto stream) {
      ++connections_;
      gate_.spawn(serve(std::move(stream)));
    });
    EXPECT_TRUE(listener);
    listener_ = std::move(*listener);
  }
  ~TestRelay() {
    listener_->stop();
    std::promise<void> ended;
    loops_.at(0).post([&] {
      for (net::Stream* stream : streams_) stream->shutdown_now();
      gate_.spawn(tell_end(ended));
    });
    ended.get_future().wait();
    loops_.stop_and_join();
  }

  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
  [[nodiscard]] int connections() const { return connections_; }
  void order(Orders orders) {
    const MutexLock lock(mutex_);
    orders_ = std::move(orders);
  }
  [[nodiscard]] std::vector<Message> messages() const {
    const MutexLock lock(mutex_);
    return messages_;
  }

 private:
  using Command = wire::smtp::Command;
  static constexpr std::chrono::seconds kPatience{30};

  async::Task<void> tell_end(std::promise<void>& ended) {
    // This task belongs to the gate itself.
    while (gate_.running() > 1) co_await loops_.at(0).yield();
    ended.set_value();
  }
  [[nodiscard]] Orders orders() const {
    const MutexLock lock(mutex_);
    return orders_;
  }

  struct Dialogue {
    net::Stream& stream;
    std::string input = {};
    Message message = {};
  };

  /// Returns false at the end of input.
  static async::Task<bool> read_more(Dialogue& talk) {
    std::string buffer(16384, '\0');
    auto got = co_await talk.stream.read_some(buffer, kPatience);
    if (!got || *got == 0) co_return false;
    talk.input.append(buffer, 0, *got);
    co_return true;
  }
  static async::Task<void> say(Dialogue& talk, std::string line) {
    std::ignore = co_await talk.stream.write(line + "\r\n", kPatience);
  }

  async::Task<void> serve(std::unique_ptr<net::Stream> stream) {
    streams_.push_back(stream.get());
    Dialogue talk{*stream};
    bool open = true;
    if (orders().implicit_tls)
      open = (co_await stream->start_tls(orders().tls, kPatience, "")).has_value();
    if (open) co_await say(talk, "220 test.relay");
    while (open) {
      const std::size_t end = talk.input.find("\r\n");
      if (end == std::string::npos) {
        open = co_await read_more(talk);
        continue;
      }
      const std::string line = talk.input.substr(0, end);
      talk.input.erase(0, end + 2);
      open = co_await obey(talk, line);
    }
    std::erase(streams_, stream.get());
    co_await stream->close();
  }

  async::Task<bool> obey(Dialogue& talk, const std::string& line) {
    const Orders orders = this->orders();
    const auto command =
        wire::smtp::parse_command(line, wire::smtp::Dialect::smtp, wire::smtp::Utf8::asked);
    if (!command) {
      co_await say(talk, "500 what?");
    } else if (std::holds_alternative<wire::smtp::Hello>(*command)) {
      for (const std::string& offer : orders.offers) co_await say(talk, "250-" + offer);
      if (orders.starttls && !talk.stream.is_tls()) co_await say(talk, "250-STARTTLS");
      co_await say(talk, "250 HELP");
    } else if (const auto* mail = std::get_if<wire::smtp::Mail>(&*command)) {
      talk.message = {wire::smtp::format_address(mail->from), {}, {}};
      co_await say(talk, "250 2.1.0 ok");
    } else if (const auto* to = std::get_if<wire::smtp::Rcpt>(&*command)) {
      co_await say(talk, answer(orders, wire::smtp::format_address(to->to), talk.message));
    } else if (std::holds_alternative<wire::smtp::Data>(*command)) {
      co_return co_await take_data(talk, orders);
    } else if (std::holds_alternative<wire::smtp::StartTls>(*command)) {
      co_await say(talk, "220 go on");
      if (orders.tls)
        co_return (co_await talk.stream.start_tls(orders.tls, kPatience, "")).has_value();
      std::ignore = co_await read_more(talk);
      co_await say(talk, "this is no TLS");
      co_return false;
    } else if (std::holds_alternative<wire::smtp::Quit>(*command)) {
      co_await say(talk, "221 bye");
      co_return false;
    } else {
      co_await say(talk, "250 2.0.0 ok");
    }
    co_return true;
  }

  static std::string answer(const Orders& orders, const std::string& address, Message& message) {
    const auto said = orders.recipients.find(address);
    if (said != orders.recipients.end()) return said->second;
    if (message.to.size() >= orders.most_recipients) return "452 4.5.3 too many";
    message.to.push_back(address);
    return "250 2.1.5 ok";
  }

  async::Task<bool> take_data(Dialogue& talk, const Orders& orders) {
    co_await say(talk, "354 go on");
    wire::smtp::DataReceiver receiver;
    bool ended = false;
    while (!ended) {
      if (talk.input.empty() && !co_await read_more(talk)) co_return false;
      std::string_view rest = talk.input;
      const auto span = receiver.take(rest);
      talk.message.octets += span.bytes;
      ended = span.end;
      talk.input.erase(0, talk.input.size() - rest.size());
    }
    if (orders.end.starts_with('2')) {
      const MutexLock lock(mutex_);
      messages_.push_back(talk.message);
    }
    if (orders.at_end == AtEnd::hang_up) co_return false;
    if (orders.at_end == AtEnd::stay_silent) co_return co_await read_more(talk);
    co_await say(talk, orders.end);
    co_return true;
  }

  mutable Mutex mutex_;
  Orders orders_ POSTHORN_GUARDED_BY(mutex_);
  std::vector<Message> messages_ POSTHORN_GUARDED_BY(mutex_);
  std::atomic<int> connections_ = 0;
  async::LoopPool loops_{1};
  async::Gate gate_;
  std::vector<net::Stream*> streams_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace posthorn::relay
