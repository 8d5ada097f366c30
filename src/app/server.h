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
#include "net/listener.h"

namespace posthorn::app {

struct ServerSettings {
  config::Config config;
  EngineKind engine = EngineKind::configured;
  std::optional<std::string> any_user = {};  ///< See accounts.h; for trials only.
  Losses losses = Losses::refuse;
  /// Listening sockets beside those that systemd passes; their names tell the protocols.
  std::vector<net::InheritedSocket> sockets = {};
};

/// The whole server: data, listeners and protocols.
class Server {
 public:
  /// Opens the data and starts to listen. May block: for use at startup. Errors: those of
  /// Core::open and the listeners, and bad_argument for certificates that cannot be used.
  static Result<std::unique_ptr<Server>> start(ServerSettings settings);
  /// Requires: stop() has finished. Must not be called on one of the server's loops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] Core& core();

  /// The addresses it listens on, with the actual ports where 0 was configured. 0 or empty: it does
  /// not listen.
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
    std::uint16_t metrics = 0;
    std::string lmtp_socket = {};
    std::string auth_socket = {};
    std::string user_socket = {};
    std::string map_socket = {};
    std::string policy_socket = {};
    std::string admin_socket = {};
  };
  [[nodiscard]] const Addresses& addresses() const;
  /// Returns whether the current certificate is self-signed by this server.
  [[nodiscard]] bool is_self_signed() const;

  /// Applies the settings that can change while running, and reads the certificates again. Errors
  /// are logged and leave the affected part unchanged.
  void reload(const config::Config& config);

  /// Packs and sweeps periodically, until stop(). Call once, on the caller's loop.
  async::Task<void> keep_house();

  /// Stops accepting connections, says good-bye on existing ones, cuts what remains of all
  /// protocols and of the queue after one common `grace`, and closes the data. Thread: the loop
  /// that runs keep_house().
  async::Task<void> stop(std::chrono::milliseconds grace);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Callbacks of the command that runs the server.
struct RunHooks {
  /// Called when signals are handled, before the service manager is told that the server is ready.
  /// An error ends the run.
  std::function<Status()> on_ready;
  std::function<Result<config::Config>()> reload_config;
};

/// Runs the server until SIGTERM or SIGINT. SIGHUP calls `reload_config` and applies the result. A
/// second SIGINT ends the process at once. Notifies the service manager. Blocks. Errors: those of
/// `on_ready`.
Status run_until_signal(Server& server, const RunHooks& hooks);

}  // namespace posthorn::app
