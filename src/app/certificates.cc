#include "app/certificates.h"

#include <unistd.h>

#include <array>

#include "base/log.h"

namespace posthorn::app {
namespace {

constexpr int kWarnDays = 14;

net::TlsVersion oldest(config::TlsVersion version) {
  return version == config::TlsVersion::v1_3 ? net::TlsVersion::v1_3 : net::TlsVersion::v1_2;
}

}  // namespace

std::string host_name(const config::Config& config) {
  if (!config.hostname.empty()) return config.hostname;
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

Result<std::unique_ptr<Certificates>> Certificates::open(const config::Config& config) {
  std::unique_ptr<Certificates> certificates(new Certificates(config.tls.self_signed_when_missing));
  if (Status loaded = certificates->load(config); !loaded) return pass(loaded);
  return certificates;
}

Status Certificates::load(const config::Config& config) {
  net::CertificatePair pair{config::path_in(config, config.tls.certificate),
                            config::path_in(config, config.tls.key), config.tls.key_password};
  const bool self_signed = pair.chain_file.empty();
  if (self_signed) {
    if (!may_self_sign_) {
      if (current() == nullptr) return {};
      return fail(ErrorKind::bad_argument, "tls.certificate is empty, but TLS is in use");
    }
    auto made = net::ensure_self_signed(config.data_dir,
                                        {host_name(config), "localhost", "127.0.0.1", "::1"});
    if (!made) return pass(made);
    pair = *made;
  }
  auto context = net::TlsContext::load({pair}, oldest(config.tls.min_version));
  if (!context) return pass(context);
  const int days = (*context)->days_to_expiry();
  if (days < kWarnDays)
    log::warning("the certificate {} expires in {} days", pair.chain_file, days);
  const MutexLock lock(mutex_);
  current_ = std::move(*context);
  self_signed_ = self_signed;
  return {};
}

Status Certificates::renew() {
  const auto context = current();
  return context ? context->reload() : Status();
}

Status Certificates::reload(const config::Config& config) { return load(config); }

std::shared_ptr<net::TlsContext> Certificates::current() const {
  const MutexLock lock(mutex_);
  return current_;
}

bool Certificates::self_signed() const {
  const MutexLock lock(mutex_);
  return self_signed_;
}

}  // namespace posthorn::app
