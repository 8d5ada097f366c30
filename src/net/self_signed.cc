#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "net/tls_context.h"
#include "net/tls_session.h"

namespace posthorn::net {

namespace {

constexpr long kTenYears = 3652L * 24 * 60 * 60;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;

std::unexpected<Error> tls_failure(std::string text) {
  return fail(ErrorKind::io, std::move(text), take_tls_errors());
}

Result<std::string> subject_alternatives(const std::vector<std::string>& hostnames) {
  std::string list;
  for (const auto& name : hostnames) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    const bool is_address = inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
                            inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
    const bool is_name =
        !name.empty() && name.size() <= 253 &&
        name.find_first_not_of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.*_") ==
            std::string::npos;
    if (!is_address && !is_name) {
      return fail(ErrorKind::bad_argument, "not a host name or address: " + name);
    }
    if (!list.empty()) list += ',';
    list += (is_address ? "IP:" : "DNS:") + name;
  }
  if (list.empty()) return fail(ErrorKind::bad_argument, "a certificate needs a host name");
  return list;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  std::array<unsigned char, 8> random{};
  if (RAND_bytes(random.data(), random.size()) != 1) return false;
  std::uint64_t serial = 0;
  std::memcpy(&serial, random.data(), sizeof serial);
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), (serial >> 1) | 1) == 1;
}

Result<CertificatePtr> make_certificate(EVP_PKEY* key, const std::string& common_name,
                                        const std::string& alternatives) {
  CertificatePtr certificate(X509_new());
  X509* const c = certificate.get();
  bool ok = c && X509_set_version(c, X509_VERSION_3) == 1 && set_serial(c) &&
            // Allows for clients with a wrong clock.
            X509_gmtime_adj(X509_getm_notBefore(c), -24L * 60 * 60) &&
            X509_gmtime_adj(X509_getm_notAfter(c), kTenYears) && X509_set_pubkey(c, key) == 1;
  if (ok) {
    X509_NAME* const name = X509_get_subject_name(c);
    // RFC 5280 appendix A.1: a common name has at most 64 characters.
    const std::string text = common_name.substr(0, 64);
    ok = X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1,
                                    0) == 1 &&
         X509_set_issuer_name(c, name) == 1;
  }
  ok = ok && add_extension(c, NID_subject_alt_name, alternatives) &&
       add_extension(c, NID_basic_constraints, "critical,CA:FALSE") &&
       add_extension(c, NID_key_usage, "critical,digitalSignature") &&
       add_extension(c, NID_ext_key_usage, "serverAuth") && X509_sign(c, key, EVP_sha256()) > 0;
  if (!ok) return tls_failure("the certificate cannot be created");
  return certificate;
}

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(ErrorKind::io, "the file cannot be written", std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(fd) != 0)
    return fail(ErrorKind::io, "the file cannot be synced", std::strerror(errno));
  return {};
}

// Writes to a temporary name, then links it into place: a crash leaves no partial file, and a file
// created in the meantime is not overwritten.
Status write_file(const std::string& path, BIO* content) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(content, &data);
  const std::string part = path + ".part";
  ::unlink(part.c_str());
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return fail(ErrorKind::io, part + " cannot be created", std::strerror(errno));
  Status written = write_all(fd, {data, static_cast<std::size_t>(size)});
  ::close(fd);
  if (written && ::link(part.c_str(), path.c_str()) != 0) {
    written = fail(ErrorKind::io, path + " cannot be created", std::strerror(errno));
  }
  ::unlink(part.c_str());
  return written;
}

Result<KeyPtr> load_key(const std::string& path) {
  const BioPtr file(BIO_new_file(path.c_str(), "r"));
  // The last argument is the passphrase; it keeps OpenSSL from prompting.
  KeyPtr key(file ? PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, const_cast<char*>(""))
                  : nullptr);
  if (!key) return tls_failure(path + " contains no private key");
  return key;
}

Result<KeyPtr> make_key(const std::string& path) {
  KeyPtr key(EVP_EC_gen("P-256"));
  const BioPtr memory(BIO_new(BIO_s_secmem()));
  if (!key || !memory ||
      PEM_write_bio_PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return tls_failure("the private key cannot be created");
  }
  if (auto written = write_file(path, memory.get()); !written) return pass(written);
  return key;
}

}  // namespace

Result<CertificatePair> ensure_self_signed(const std::string& dir,
                                           const std::vector<std::string>& hostnames) {
  CertificatePair pair{dir + "/cert.pem", dir + "/key.pem"};
  const bool has_key = ::access(pair.key_file.c_str(), F_OK) == 0;
  if (::access(pair.chain_file.c_str(), F_OK) == 0) {
    if (has_key) return pair;
    return fail(ErrorKind::bad_argument,
                pair.chain_file + " exists without its key " + pair.key_file);
  }
  ERR_clear_error();
  const auto alternatives = subject_alternatives(hostnames);
  if (!alternatives) return std::unexpected(alternatives.error());
  const auto key = has_key ? load_key(pair.key_file) : make_key(pair.key_file);
  if (!key) return std::unexpected(key.error());
  const auto certificate = make_certificate(key->get(), hostnames.front(), *alternatives);
  if (!certificate) return std::unexpected(certificate.error());
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (!memory || PEM_write_bio_X509(memory.get(), certificate->get()) != 1) {
    return tls_failure("the certificate cannot be written");
  }
  if (auto written = write_file(pair.chain_file, memory.get()); !written) return pass(written);
  return pair;
}

}  // namespace posthorn::net
