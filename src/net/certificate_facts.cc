#include "net/certificate_facts.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

namespace posthorn::net {
namespace {

using Trust = CertificateFacts::Trust;

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? ::timegm(&parts) : 0;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> all(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* const one = sk_GENERAL_NAME_value(all.get(), i);
    if (one->type != GEN_DNS) continue;
    const auto* const text = ASN1_STRING_get0_data(one->d.dNSName);
    names.emplace_back(reinterpret_cast<const char*>(text),
                       static_cast<std::size_t>(ASN1_STRING_length(one->d.dNSName)));
  }
  return names;
}

/// Returns whether one of the certificates behind the first is that of its issuer.
bool has_issuer(X509* certificate, STACK_OF(X509) * chain) {
  for (int i = 0; i < sk_X509_num(chain); ++i)
    if (X509_check_issued(sk_X509_value(chain, i), certificate) == X509_V_OK) return true;
  return false;
}

void judge_trust(X509* certificate, STACK_OF(X509) * chain, CertificateFacts& facts) {
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(),
                                                                      X509_STORE_free);
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(
      X509_STORE_CTX_new(), X509_STORE_CTX_free);
  if (!store || !context || X509_STORE_set_default_paths(store.get()) != 1 ||
      X509_STORE_CTX_init(context.get(), store.get(), certificate, chain) != 1) {
    facts.why = "it could not be verified";
    return;
  }
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  // The caller judges the time by the two dates, in words that help more.
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_NO_CHECK_TIME);
  if (X509_verify_cert(context.get()) == 1) {
    facts.trust = Trust::trusted;
    return;
  }
  const int error = X509_STORE_CTX_get_error(context.get());
  facts.why = X509_verify_cert_error_string(error);
  switch (error) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: facts.trust = Trust::self_signed; break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
      facts.trust = has_issuer(certificate, chain) ? Trust::unknown : Trust::incomplete;
      break;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: facts.trust = Trust::unknown; break;
    default: facts.trust = Trust::invalid;
  }
}

}  // namespace

Result<CertificateFacts> examine_certificate(const CertificatePair& pair,
                                             const std::vector<std::string>& names) {
  auto context = TlsContext::load({pair});
  if (!context) return pass(context);
  const std::shared_ptr<SSL_CTX> native = (*context)->native();
  X509* const certificate = SSL_CTX_get0_certificate(native.get());
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(native.get(), static_cast<void*>(&chain));
  CertificateFacts facts;
  facts.names = names_of(certificate);
  facts.not_before = seconds_of(X509_get0_notBefore(certificate));
  facts.not_after = seconds_of(X509_get0_notAfter(certificate));
  for (const std::string& name : names)
    if (X509_check_host(certificate, name.data(), name.size(), 0, nullptr) != 1)
      facts.missing.push_back(name);
  judge_trust(certificate, chain, facts);
  return facts;
}

}  // namespace posthorn::net
