#pragma once

#include <openssl/types.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/attempt.h"

// For use within net/ only, because it includes OpenSSL.
namespace posthorn::net {

/// One TLS connection directly over a non-blocking socket. After an attempt has returned `failed`,
/// no other may follow. Holds no record buffer while no operation is in progress.
class TlsSession {
 public:
  enum class Side : unsigned char { server, client };
  /// `context` is kept for as long as the session lives. The descriptor is not taken over.
  static Result<std::unique_ptr<TlsSession>> make(std::shared_ptr<SSL_CTX> context, int fd,
                                                  Side side);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Client side, before the handshake: the name to ask for (SNI), and to insist on with `verify`.
  enum class Verify : unsigned char { no, yes };
  Status expect_host(const std::string& host, Verify verify);

  /// Server side, before the handshake: the ALPN identifier of what is spoken, which must exist for
  /// as long as this object; empty for none. See Stream::start_tls.
  void speak(std::string_view alpn);
  /// ALPN's callback of a server's context (RFC 7301 §3.2).
  static int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* length,
                             const unsigned char* offered, unsigned int offered_length, void*);

  /// `done` when both sides have agreed.
  Attempt handshake();
  Attempt read(std::span<char> into);
  /// Takes a part, like send(). A try that ended in want_* is repeated with the same bytes.
  Attempt write(std::string_view bytes);
  /// `done` when a read() would give application data.
  Attempt peek();
  /// `done` when our close_notify is on its way (RFC 8446 §6.1); the peer's is not waited for.
  Attempt close_notify();

  /// Why a try failed without an os_error.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] bool is_broken() const { return broken_; }
  [[nodiscard]] std::string description() const;
  /// RFC 5929 §4, RFC 9266 §2; see Stream::channel_binding.
  [[nodiscard]] std::string channel_binding(std::string_view type) const;

 private:
  TlsSession(std::shared_ptr<SSL_CTX> context, SSL* ssl, Side side);
  Attempt judge(int result, std::size_t count);
  [[nodiscard]] std::string end_point_binding() const;
  [[nodiscard]] std::string exporter_binding() const;

  std::shared_ptr<SSL_CTX> context_;
  SSL* ssl_;
  Side side_;
  std::string_view alpn_;
  bool broken_ = false;
  std::string failure_;
};

/// OpenSSL's queued words for what just failed, and the queue emptied.
std::string take_tls_errors();

}  // namespace posthorn::net
