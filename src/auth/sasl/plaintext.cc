#include "auth/sasl/plaintext.h"

namespace posthorn::auth {
namespace {

bool is_local(std::string_view peer) {
  return peer.starts_with("unix") || peer.starts_with("127.") || peer.starts_with("[::1]");
}

}  // namespace

Plaintext plaintext_on(bool is_tls, std::string_view peer, PlaintextLogin policy) {
  const bool allowed = is_tls || policy == PlaintextLogin::always ||
                       (policy == PlaintextLogin::tls_or_local && is_local(peer));
  return allowed ? Plaintext::allowed : Plaintext::refused;
}

}  // namespace posthorn::auth
