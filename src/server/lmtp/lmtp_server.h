#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/task.h"
#include "base/defaults.h"
#include "net/stream.h"
#include "service/delivery/recipient.h"
#include "store/store.h"

namespace posthorn::net {
class TlsContext;
}

namespace posthorn::server::lmtp {

/// What an operator may set; the defaults are for production.
struct LmtpOptions {
  std::string hostname = "localhost";  ///< In the greeting and in Received.
  /// What parts the user from a folder's name in user+folder@domain; empty: nothing does.
  std::string detail_separator = "+";
  std::uint64_t max_message_octets = defaults::kMessageOctets;
  std::uint32_t max_recipients = 1000;                             ///< Of one message.
  std::chrono::milliseconds idle_time = std::chrono::minutes(5);   ///< RFC 5321 §4.5.3.2.7.
  std::chrono::milliseconds write_time = std::chrono::minutes(2);  ///< For a peer to take bytes.
  /// BDAT, CHUNKING and the like that are neither announced nor taken, as in the LHLO reply.
  std::vector<std::string> disabled_extensions = {};
};

/// What the server stands on. All of it must outlive the server.
struct LmtpContext {
  store::Store& store;
  service::FindAddress find_recipient;
  /// The certificates now in use; null, or a null result, where there is no TLS. Thread: any
  /// loop's.
  std::function<std::shared_ptr<net::TlsContext>()> tls;
};

/// LMTP (RFC 2033) on streams that somebody else listens for, with PIPELINING (RFC 2920), 8BITMIME
/// (RFC 6152), SMTPUTF8 (RFC 6531), SIZE (RFC 1870), CHUNKING (RFC 3030), ENHANCEDSTATUSCODES
/// (RFC 2034) and STARTTLS (RFC 3207). A 250 after the data is said when the message is durable.
class LmtpServer {
 public:
  LmtpServer(LmtpContext context, LmtpOptions options);
  /// Requires: stop() has ended.
  ~LmtpServer();
  LmtpServer(const LmtpServer&) = delete;
  LmtpServer& operator=(const LmtpServer&) = delete;

  /// Serves the stream until it ends. Thread: the stream's loop.
  void accept(std::unique_ptr<net::Stream> stream);
  /// Options for connections accepted from now on. Thread: any.
  void set_options(LmtpOptions options);
  /// Says 421 to clients that send nothing just now, lets deliveries under way finish, and cuts
  /// what is left after `grace`. Ends when no connection is left. Thread: any loop's.
  async::Task<void> stop(std::chrono::milliseconds grace);
  /// dialogue::Connections served now. Thread: any.
  [[nodiscard]] std::size_t sessions() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::server::lmtp
