#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

struct ssl_ctx_st;

namespace posthorn::net {

/// PEM files: the certificate with its intermediates after it, and its private key.
struct CertificatePair {
  std::string chain_file;
  std::string key_file;
  std::string key_password = {};  ///< Opens an encrypted key; it is asked of nobody.
};

/// The oldest version a peer may speak (RFC 8996: nothing below 1.2).
enum class TlsVersion : std::uint8_t { v1_2, v1_3 };

/// What the server side of TLS needs: certificates and settings. TLS 1.2 or 1.3 and up with forward
/// secrecy, no renegotiation, no client certificate asked for (so one that is offered cannot fail a
/// handshake), small memory for an idle session. Thread: any.
class TlsContext {
 public:
  /// The first pair answers clients that name no host, or one that no pair is for; others are found
  /// by the names in their certificates (RFC 6066 §3; a trailing dot is ignored). Errors:
  /// bad_argument with the file that is missing, unreadable, or not the other's half. Requires: at
  /// least one pair.
  static Result<std::shared_ptr<TlsContext>> load(std::vector<CertificatePair> pairs,
                                                  TlsVersion oldest = TlsVersion::v1_2);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// Reads the same files again, for handshakes that begin later. When any is bad, all stays as it
  /// was.
  Status reload();
  /// Whole days until the first certificate expires; negative when one has.
  [[nodiscard]] int days_to_expiry() const;

  /// For net/ only: OpenSSL's object, which stays as it is whatever reload() does.
  [[nodiscard]] std::shared_ptr<ssl_ctx_st> native() const;

 private:
  struct State;
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// For a server's first start: `dir`/cert.pem and `dir`/key.pem (mode 0600), made when there is no
/// certificate yet: P-256, self-signed, for these host names or addresses, valid for ten years. A
/// key that is there is used. What is there is never overwritten. Errors: bad_argument for a name
/// that can't stand in a certificate or a certificate without its key; io.
Result<CertificatePair> ensure_self_signed(const std::string& dir,
                                           const std::vector<std::string>& hostnames);

/// What the client side of TLS needs.
struct TlsClientOptions {
  bool verify = true;        ///< The chain, and the host name. False for tests.
  std::string ca_file = {};  ///< PEM of the authorities trusted; empty: the system's.
};

/// One may serve any number of connections. Thread: any.
class TlsClientContext {
 public:
  static Result<std::shared_ptr<TlsClientContext>> make(const TlsClientOptions& options);
  [[nodiscard]] bool verify() const { return verify_; }
  /// For net/ only.
  [[nodiscard]] const std::shared_ptr<ssl_ctx_st>& native() const { return native_; }

 private:
  TlsClientContext(std::shared_ptr<ssl_ctx_st> native, bool verify)
      : native_(std::move(native)), verify_(verify) {}
  std::shared_ptr<ssl_ctx_st> native_;
  bool verify_;
};

}  // namespace posthorn::net
