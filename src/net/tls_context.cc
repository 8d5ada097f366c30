#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cassert>
#include <ctime>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "net/tls_session.h"

namespace posthorn::net {

namespace {

using ContextPtr = std::shared_ptr<SSL_CTX>;

// One loaded state of the files. The name callback of the first context refers to this object, so
// the two have the same lifetime.
struct Loaded {
  std::vector<ContextPtr> contexts;
};

ContextPtr make_context(const SSL_METHOD* method) {
  ContextPtr context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) return context;
  SSL_CTX* const ctx = context.get();
  // RFC 8314 §4.1, RFC 8996: nothing below 1.2.
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One recv() per record instead of two; the buffer is freed when it is empty.
  SSL_CTX_set_read_ahead(ctx, 1);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL:!eNULL");
  return context;
}

// Returns the configured password, if there is one. OpenSSL must never prompt on a terminal.
int give_password(char* out, int room, int, void* arg) {
  const auto& password = *static_cast<const std::string*>(arg);
  if (password.size() > static_cast<std::size_t>(room)) return 0;
  std::ranges::copy(password, out);
  return static_cast<int>(password.size());
}

int choose_certificate(SSL* ssl, int*, void* arg) {
  const auto& loaded = *static_cast<const Loaded*>(arg);
  const char* const named = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (!named) return SSL_TLSEXT_ERR_NOACK;
  std::string_view name(named);
  // workaround: Outlook's autodiscover proxies send the name with a trailing dot.
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty()) return SSL_TLSEXT_ERR_NOACK;
  for (const auto& context : loaded.contexts) {
    X509* const certificate = SSL_CTX_get0_certificate(context.get());
    if (X509_check_host(certificate, name.data(), name.size(), 0, nullptr) == 1) {
      SSL_set_SSL_CTX(ssl, context.get());
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_NOACK;
}

Result<ContextPtr> load_pair(const CertificatePair& pair, TlsVersion oldest) {
  ERR_clear_error();
  auto context = make_context(TLS_server_method());
  if (!context) return fail(ErrorKind::unavailable, "TLS cannot start", take_tls_errors());
  SSL_CTX* const ctx = context.get();
  // Session resumption without memory in the server: one ticket carries the state (RFC 8446
  // §4.6.1).
  SSL_CTX_set_num_tickets(ctx, 1);
  // Only AEAD in TLS 1.2: CBC has had too many attacks. A client (make_context) is less strict,
  // since a relay may offer nothing else.
  SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!eNULL");
  SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_alpn_select_cb(ctx, TlsSession::choose_protocol, nullptr);
  if (oldest == TlsVersion::v1_3) SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
  SSL_CTX_set_default_passwd_cb(ctx, give_password);
  std::string password = pair.key_password;
  SSL_CTX_set_default_passwd_cb_userdata(ctx, &password);
  if (SSL_CTX_use_certificate_chain_file(ctx, pair.chain_file.c_str()) != 1) {
    return fail(ErrorKind::bad_argument, "no certificate can be read from " + pair.chain_file,
                take_tls_errors());
  }
  const bool key_read =
      SSL_CTX_use_PrivateKey_file(ctx, pair.key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(ctx, nullptr);
  SSL_CTX_set_default_passwd_cb(ctx, nullptr);
  OPENSSL_cleanse(password.data(), password.size());
  // OpenSSL compares the two when the second is read.
  const int why = ERR_GET_REASON(ERR_peek_last_error());
  const bool differs = why == X509_R_KEY_VALUES_MISMATCH || why == X509_R_KEY_TYPE_MISMATCH;
  if (!key_read && !differs) {
    return fail(ErrorKind::bad_argument,
                pair.key_file + " contains no private key for " + pair.chain_file +
                    ", or its password is wrong (tls.key_password)",
                take_tls_errors());
  }
  if (!key_read || SSL_CTX_check_private_key(ctx) != 1) {
    return fail(ErrorKind::bad_argument, pair.key_file + " is not the key of " + pair.chain_file,
                take_tls_errors());
  }
  return context;
}

Result<std::shared_ptr<Loaded>> load_pairs(const std::vector<CertificatePair>& pairs,
                                           TlsVersion oldest) {
  auto loaded = std::make_shared<Loaded>();
  for (const auto& pair : pairs) {
    auto context = load_pair(pair, oldest);
    if (!context) return pass(context);
    loaded->contexts.push_back(std::move(*context));
  }
  SSL_CTX* const first = loaded->contexts.front().get();
  SSL_CTX_set_tlsext_servername_callback(first, choose_certificate);
  SSL_CTX_set_tlsext_servername_arg(first, loaded.get());
  return loaded;
}

}  // namespace

struct TlsContext::State {
  State(std::vector<CertificatePair> from, TlsVersion version, std::shared_ptr<Loaded> first)
      : pairs(std::move(from)), oldest(version), loaded(std::move(first)) {}

  const std::vector<CertificatePair> pairs;
  const TlsVersion oldest;
  mutable Mutex mutex;
  std::shared_ptr<Loaded> loaded POSTHORN_GUARDED_BY(mutex);

  std::shared_ptr<Loaded> current() const {
    const MutexLock lock(mutex);
    return loaded;
  }
};

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}

TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::load(std::vector<CertificatePair> pairs,
                                                     TlsVersion oldest) {
  assert(!pairs.empty());
  auto loaded = load_pairs(pairs, oldest);
  if (!loaded) return pass(loaded);
  auto state = std::make_unique<State>(std::move(pairs), oldest, std::move(*loaded));
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(state)));
}

Status TlsContext::reload() {
  auto loaded = load_pairs(state_->pairs, state_->oldest);
  if (!loaded) return pass(loaded);
  const MutexLock lock(state_->mutex);
  state_->loaded.swap(*loaded);
  return {};
}

int TlsContext::days_to_expiry() const {
  int soonest = std::numeric_limits<int>::max();
  for (const auto& context : state_->current()->contexts) {
    const X509* const certificate = SSL_CTX_get0_certificate(context.get());
    int days = 0;
    int seconds = 0;
    if (ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate)) != 1) continue;
    if (seconds < 0) --days;
    soonest = std::min(soonest, days);
  }
  return soonest;
}

std::shared_ptr<ssl_ctx_st> TlsContext::native() const {
  const auto loaded = state_->current();
  return {loaded, loaded->contexts.front().get()};
}

Result<std::shared_ptr<TlsClientContext>> TlsClientContext::make(const TlsClientOptions& options) {
  ERR_clear_error();
  auto context = make_context(TLS_client_method());
  if (!context) return fail(ErrorKind::unavailable, "TLS cannot start", take_tls_errors());
  if (options.verify) {
    const int ok = options.ca_file.empty()
                       ? SSL_CTX_set_default_verify_paths(context.get())
                       : SSL_CTX_load_verify_file(context.get(), options.ca_file.c_str());
    if (ok != 1) {
      return fail(ErrorKind::bad_argument,
                  "no certificate authorities can be read from " + options.ca_file,
                  take_tls_errors());
    }
  }
  return std::shared_ptr<TlsClientContext>(
      new TlsClientContext(std::move(context), options.verify));
}

}  // namespace posthorn::net
