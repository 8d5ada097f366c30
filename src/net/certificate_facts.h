#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/tls_context.h"

namespace posthorn::net {

/// What an operator wants to know of a certificate.
struct CertificateFacts {
  std::vector<std::string> names;    ///< The host names in it.
  std::vector<std::string> missing;  ///< Those asked for that it is not valid for.
  std::int64_t not_before = 0;       ///< Seconds since 1970.
  std::int64_t not_after = 0;        ///< The same.
  /// Whether a client that trusts the authorities of this system would accept the file's chain,
  /// apart from time and names.
  enum class Trust : std::uint8_t {
    trusted,
    self_signed,
    incomplete,  ///< The file lacks the certificate of the issuer (RFC 8446 §4.4.2).
    unknown,     ///< The authority is not among those of this system.
    invalid,     ///< Something else, named in `why`.
  };
  Trust trust = Trust::invalid;
  std::string why;  ///< In OpenSSL's words; empty if it is trusted.
};

/// Reads a certificate and its key as the server would, and judges them. Errors: bad_argument, as
/// TlsContext::load(). Blocks.
Result<CertificateFacts> examine_certificate(const CertificatePair& pair,
                                             const std::vector<std::string>& names);

}  // namespace posthorn::net
