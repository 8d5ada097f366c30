#pragma once

#include <optional>
#include <vector>

#include "net/attempt.h"
#include "net/deflate.h"
#include "net/socket.h"
#include "net/stream.h"
#include "net/tls_session.h"

// For net/ only.
namespace posthorn::net {

/// The implementation of Stream. The layers below it never block; all waiting happens in
/// wait_for().
class SocketStream final : public Stream {
 public:
  SocketStream(std::shared_ptr<Socket> socket, std::string peer, std::uint64_t id = 0)
      : socket_(std::move(socket)), peer_(std::move(peer)), id_(id) {}
  ~SocketStream() override { socket_->close(); }
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  async::Task<Result<std::size_t>> read_some(std::span<char> into,
                                             std::chrono::milliseconds deadline) override;
  async::Task<Result<bool>> wait_readable(std::chrono::milliseconds deadline) override;
  void wake() override { socket_->wake(); }
  async::Task<Status> write(std::string_view bytes, std::chrono::milliseconds deadline) override;
  async::Task<Status> start_tls(std::shared_ptr<TlsContext> context,
                                std::chrono::milliseconds deadline, std::string_view alpn) override;
  /// The client side; see connect.h.
  async::Task<Status> start_tls_as_client(std::shared_ptr<SSL_CTX> context, std::string host,
                                          TlsSession::Verify verify,
                                          std::chrono::milliseconds deadline);
  Status start_deflate() override;
  [[nodiscard]] bool is_tls() const override { return tls_ && !tls_failed_; }
  [[nodiscard]] bool is_deflate() const override { return deflate_ != nullptr; }
  [[nodiscard]] std::string tls_description() const override;
  [[nodiscard]] std::string channel_binding(std::string_view type) const override;
  [[nodiscard]] std::string peer() const override { return peer_; }
  [[nodiscard]] std::optional<std::uint32_t> peer_user() const override;
  void set_peer(std::string peer, NamedBy by) override;
  [[nodiscard]] std::string speaker() const override { return gateway_ ? *gateway_ : peer_; }
  [[nodiscard]] std::uint64_t id() const override { return id_; }
  [[nodiscard]] Traffic traffic() const override { return traffic_; }
  void set_tap(std::shared_ptr<Tap> tap) override { tap_ = std::move(tap); }
  [[nodiscard]] bool peer_has_left() override { return socket_->peer_has_left(); }
  async::Task<void> close() override;
  void shutdown_now() override { socket_->shutdown_now(); }

 private:
  struct Deflate {
    Inflater in;
    Deflater out;
  };
  struct WriteTurn {
    SocketStream& stream;
    [[nodiscard]] bool await_ready() const { return !stream.writing_; }
    void await_suspend(std::coroutine_handle<> h) const { stream.write_queue_.push_back(h); }
    void await_resume() const { stream.writing_ = true; }
  };
  /// A point in time that is computed at the first wait, so that operations without a wait do not
  /// read the clock.
  struct Until {
    std::chrono::milliseconds after;
    std::optional<std::chrono::steady_clock::time_point> at = {};
    std::chrono::milliseconds left();
  };

  [[nodiscard]] bool is_dead() const;
  Attempt read_below(std::span<char> into);
  Attempt read(std::span<char> into);
  Attempt peek();
  Attempt write_below(std::string_view bytes);
  bool fill_inflater(Attempt& attempt);
  Attempt drain();
  void rest_deflate();
  [[nodiscard]] Error error_of(const Attempt& attempt) const;
  /// Waits for what the attempt needs. Errors: timed_out, closed.
  async::Task<Result<Socket::Outcome>> wait_for(Step wanted, std::chrono::milliseconds deadline,
                                                Socket::Wakeable wakeable);
  async::Task<Status> write_all_below(std::string_view bytes, std::chrono::milliseconds deadline);
  async::Task<Status> write_deflated(std::string_view bytes, std::chrono::milliseconds deadline);
  async::Task<Status> refuse_clear_text(Until& until);
  async::Task<Status> handshake(std::unique_ptr<TlsSession> session, Until& until);
  async::Task<Status> write_in_turn(std::string_view bytes, std::chrono::milliseconds deadline);
  void pass_write_turn();

  std::shared_ptr<Socket> socket_;
  std::unique_ptr<TlsSession> tls_;
  std::unique_ptr<Deflate> deflate_;
  std::string peer_;
  std::unique_ptr<const std::string> gateway_;  ///< Set once it has named its client.
  const std::uint64_t id_;
  Traffic traffic_{.since = std::chrono::system_clock::now()};
  std::shared_ptr<Tap> tap_;
  std::vector<std::coroutine_handle<>> write_queue_;
  bool writing_ = false;
  bool write_broken_ = false;  // A write was interrupted; nothing can follow it.
  bool tls_failed_ = false;    // Neither plain nor encrypted octets may pass any more.
  unsigned quick_ = 0;         // Consecutive reads and writes that needed no wait.
};

}  // namespace posthorn::net
