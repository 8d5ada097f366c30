#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

struct ssl_ctx_st;

namespace posthorn::net {

/// The names of two PEM files: the certificate followed by its intermediates, and its private key.
struct CertificatePair {
  std::string chain_file;
  std::string key_file;
  std::string key_password = {};  ///< Decrypts an encrypted key; there is no prompt.
};

/// The oldest protocol version that is accepted (RFC 8996: nothing below 1.2).
enum class TlsVersion : std::uint8_t { v1_2, v1_3 };

/// The certificates and settings of the server side of TLS. Offers TLS 1.2 (or 1.3) and later, with
/// forward secrecy only and without renegotiation. Never requests a client certificate, so none can
/// make a handshake fail. Configured for low memory use of idle sessions.
/// Thread: any.
class TlsContext {
 public:
  /// Loads the certificates. A client's server name selects the pair whose certificate contains it
  /// (RFC 6066 §3; a trailing dot is ignored). Clients that send no name, or one that no pair
  /// matches, get the first pair.
  /// Errors: bad_argument, naming the file that is missing, unreadable or does not match the other.
  /// Requires: at least one pair.
  static Result<std::shared_ptr<TlsContext>> load(std::vector<CertificatePair> pairs,
                                                  TlsVersion oldest = TlsVersion::v1_2);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// Reads the same files again, for later handshakes. If any of them is invalid, nothing changes.
  Status reload();
  /// The number of whole days until the first certificate expires; negative if one has expired.
  [[nodiscard]] int days_to_expiry() const;

  /// For net/ only: the OpenSSL object. A later reload() does not change it.
  [[nodiscard]] std::shared_ptr<ssl_ctx_st> native() const;

 private:
  struct State;
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// For a server's first start: returns `dir`/cert.pem and `dir`/key.pem (mode 0600) and creates
/// them if there is no certificate: P-256, self-signed, for these host names or addresses, valid
/// for ten years. An existing key is used; existing files are never overwritten.
/// Errors: bad_argument for a name that cannot be put in a certificate, or for a certificate
/// without its key; io.
Result<CertificatePair> ensure_self_signed(const std::string& dir,
                                           const std::vector<std::string>& hostnames);

/// Settings of the client side of TLS.
struct TlsClientOptions {
  bool verify = true;        ///< Verify the certificate chain and the host name. False in tests.
  std::string ca_file = {};  ///< PEM file of the trusted authorities; empty: the system's.
};

/// The client side of TLS. One context may serve any number of connections.
/// Thread: any.
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
