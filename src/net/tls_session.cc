#include "net/tls_session.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cerrno>

#include "net/tls_bio.h"

namespace posthorn::net {

namespace {

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> out{};
  return inet_pton(AF_INET, host.c_str(), out.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), out.data()) == 1;
}

}  // namespace

std::string take_tls_errors() {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    std::array<char, 256> line{};
    ERR_error_string_n(code, line.data(), line.size());
    if (!text.empty()) text += "; ";
    text += line.data();
  }
  return text;
}

TlsSession::TlsSession(std::shared_ptr<SSL_CTX> context, SSL* ssl, Side side)
    : context_(std::move(context)), ssl_(ssl), side_(side) {}

TlsSession::~TlsSession() { SSL_free(ssl_); }

Result<std::unique_ptr<TlsSession>> TlsSession::make(std::shared_ptr<SSL_CTX> context, int fd,
                                                     Side side) {
  SSL* const ssl = SSL_new(context.get());
  BIO* const bio = ssl ? make_socket_bio(fd) : nullptr;
  if (!bio) {
    SSL_free(ssl);
    return fail(ErrorKind::unavailable, "TLS cannot start", take_tls_errors());
  }
  SSL_set_bio(ssl, bio, bio);
  if (side == Side::server) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
  }
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(context), ssl, side));
}

void TlsSession::speak(std::string_view alpn) {
  alpn_ = alpn;
  SSL_set_app_data(ssl_, this);
}

int TlsSession::choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* length,
                                const unsigned char* offered, unsigned int offered_length, void*) {
  const auto* const session = static_cast<const TlsSession*>(SSL_get_app_data(ssl));
  if (session == nullptr || session->alpn_.empty()) return SSL_TLSEXT_ERR_NOACK;
  // A list of names, each after an octet with its length; OpenSSL has checked its form.
  std::string_view names(reinterpret_cast<const char*>(offered), offered_length);
  while (!names.empty()) {
    const std::size_t size = static_cast<unsigned char>(names.front());
    const std::string_view name = names.substr(1, size);
    // Whoever speaks HTTP/1.1 also speaks its older version, which has a name of its own.
    if (name == session->alpn_ || (session->alpn_ == "http/1.1" && name == "http/1.0")) {
      *chosen = reinterpret_cast<const unsigned char*>(name.data());
      *length = static_cast<unsigned char>(name.size());
      return SSL_TLSEXT_ERR_OK;
    }
    names.remove_prefix(1 + name.size());
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

Status TlsSession::expect_host(const std::string& host, Verify verify) {
  const bool address = is_address(host);
  // RFC 6066 §3: literal addresses are not permitted in server_name.
  bool ok = address || host.empty() || SSL_set_tlsext_host_name(ssl_, host.c_str()) == 1;
  SSL_set_verify(ssl_, verify == Verify::yes ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (verify == Verify::yes) {
    if (host.empty())
      return fail(ErrorKind::bad_argument, "a host name is required for verification");
    X509_VERIFY_PARAM* const param = SSL_get0_param(ssl_);
    ok = ok && (address ? X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str())
                        : X509_VERIFY_PARAM_set1_host(param, host.data(), host.size())) == 1;
  }
  if (!ok) return fail(ErrorKind::bad_argument, "not a host name", take_tls_errors());
  return {};
}

// Interprets `result` of an OpenSSL call. The error queue was emptied before the call.
Attempt TlsSession::judge(int result, std::size_t count) {
  if (result > 0) return {Step::done, count};
  const int os_error = errno;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ: return {Step::want_read};
    case SSL_ERROR_WANT_WRITE: return {Step::want_write};
    case SSL_ERROR_ZERO_RETURN: return {Step::ended};
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      ERR_clear_error();
      return {.step = Step::failed, .os_error = os_error != 0 ? os_error : ECONNRESET};
    default: break;
  }
  broken_ = true;
  // The peer closed without close_notify. This is not an orderly end, because data may have been
  // truncated.
  const bool cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  const long verified = SSL_get_verify_result(ssl_);
  failure_ = take_tls_errors();
  if (verified != X509_V_OK && side_ == Side::client) {
    failure_ += "; ";
    failure_ += X509_verify_cert_error_string(verified);
  }
  return {.step = Step::failed, .os_error = cut ? ECONNRESET : 0};
}

Attempt TlsSession::handshake() {
  ERR_clear_error();
  const Attempt attempt = judge(SSL_do_handshake(ssl_), 1);
  if (attempt.step == Step::done) SSL_free_buffers(ssl_);
  return attempt;
}

Attempt TlsSession::read(std::span<char> into) {
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_read_ex(ssl_, into.data(), into.size(), &count);
  return judge(result, count);
}

Attempt TlsSession::write(std::string_view bytes) {
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &count);
  return judge(result, count);
}

Attempt TlsSession::peek() {
  ERR_clear_error();
  char first = 0;
  std::size_t count = 0;
  const int result = SSL_peek_ex(ssl_, &first, 1, &count);
  return judge(result, count);
}

Attempt TlsSession::close_notify() {
  if (broken_ || !SSL_is_init_finished(ssl_)) return {.step = Step::failed, .os_error = ECONNRESET};
  ERR_clear_error();
  const int result = SSL_shutdown(ssl_);
  return judge(result == 0 ? 1 : result, 1);  // 0: ours is sent, the peer's has not arrived.
}

std::string TlsSession::description() const {
  return std::string(SSL_get_version(ssl_)) + " " + SSL_get_cipher_name(ssl_);
}

std::string TlsSession::channel_binding(std::string_view type) const {
  if (type == "tls-server-end-point") return end_point_binding();
  if (type == "tls-exporter") return exporter_binding();
  return {};
}

// RFC 5929 §4.1: the hash of the server's certificate, using the hash function of its signature,
// but SHA-256 in place of MD5 and SHA-1. Undefined for a signature without a hash function
// (Ed25519).
std::string TlsSession::end_point_binding() const {
  const X509* const certificate =
      side_ == Side::server ? SSL_get_certificate(ssl_) : SSL_get0_peer_certificate(ssl_);
  if (!certificate) return {};
  int hash = NID_undef;
  if (X509_get_signature_info(const_cast<X509*>(certificate), &hash, nullptr, nullptr, nullptr) !=
          1 ||
      hash == NID_undef) {
    ERR_clear_error();
    return {};
  }
  if (hash == NID_md5 || hash == NID_sha1) hash = NID_sha256;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (X509_digest(certificate, EVP_get_digestbynid(hash), digest.data(), &size) != 1) {
    ERR_clear_error();
    return {};
  }
  return {reinterpret_cast<const char*>(digest.data()), size};
}

// RFC 9266 §2: 32 octets under this label with an empty context. RFC 9266 §4.2: before TLS 1.3,
// only with the extended master secret.
std::string TlsSession::exporter_binding() const {
  static constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  if (SSL_version(ssl_) < TLS1_3_VERSION && SSL_get_extms_support(ssl_) != 1) return {};
  std::array<unsigned char, 32> out{};
  if (SSL_export_keying_material(ssl_, out.data(), out.size(), kLabel.data(), kLabel.size(),
                                 nullptr, 0, 1) != 1) {
    ERR_clear_error();
    return {};
  }
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

}  // namespace posthorn::net
