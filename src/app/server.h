#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/core.h"
#include "async/task.h"
#include "base/result.h"
#include "config/config.h"

namespace posthorn::app {

struct ServerSettings {
  config::Config config;
  EngineKind engine = EngineKind::rocksdb;
  std::optional<std::string> any_user = {};  ///< accounts.h; for trials only.
  Losses losses = Losses::refuse;
};

/// The whole server: data, listeners, protocols.
class Server {
 public:
  /// Opens the data and listens. May block; for the start. Errors: what Core::open and the
  /// listeners say, and bad_argument for certificates that cannot be used.
  static Result<std::unique_ptr<Server>> start(ServerSettings settings);
  /// Requires: stop() has ended; not on one of its loops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] Core& core();

  /// Where it listens, the ports as taken where 0 was asked for; 0 and empty: not at all.
  struct Addresses {
    std::uint16_t imap = 0;
    std::uint16_t imaps = 0;
    std::uint16_t pop3 = 0;
    std::uint16_t pop3s = 0;
    std::uint16_t submission = 0;
    std::uint16_t submissions = 0;
    std::uint16_t lmtp = 0;
    std::uint16_t https = 0;
    std::uint16_t http = 0;
    std::string lmtp_socket = {};
    std::string admin_socket = {};
  };
  [[nodiscard]] const Addresses& addresses() const;
  /// The certificate in use was made here and nobody vouches for it.
  [[nodiscard]] bool is_self_signed() const;

  /// Takes over what can be changed while running, and reads the certificates again. What is wrong
  /// is logged and leaves things as they were.
  void reload(const config::Config& config);

  /// Packs and sweeps from time to time, until stop(). Started once, on the caller's loop.
  async::Task<void> keep_house();

  /// Takes no new connections, says good-bye to those there are, cuts what is left of all protocols
  /// and of the queue after one `grace`, and closes the data. Thread: the loop that runs
  /// keep_house().
  async::Task<void> stop(std::chrono::milliseconds grace);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What a run asks of the command that began it.
struct RunHooks {
  /// Once signals are taken, before anybody is told that the server is ready. An error ends the
  /// run.
  std::function<Status()> on_ready;
  std::function<Result<config::Config>()> reload_config;
};

/// Runs until SIGTERM or SIGINT; SIGHUP calls `reload_config` and takes over what it returns. A
/// second SIGINT ends the process at once. Tells the service manager. Blocks. Errors: those of
/// `on_ready`.
Status run_until_signal(Server& server, const RunHooks& hooks);

}  // namespace posthorn::app
