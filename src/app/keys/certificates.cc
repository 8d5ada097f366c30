#include "app/keys/certificates.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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
  std::vector<net::CertificatePair> pairs{pair};
  for (std::size_t i = 0; i < config.tls.more_certificates.size(); ++i)
    pairs.push_back({config::path_in(config, config.tls.more_certificates[i]),
                     config::path_in(config, config.tls.more_keys[i]), config.tls.key_password});
  // Before the files are read: if one changes meanwhile, it is read again later.
  std::vector<Stamp> stamps;
  for (const net::CertificatePair& one : pairs)
    for (const std::string* path : {&one.chain_file, &one.key_file})
      stamps.push_back(stamp_of(*path));
  auto context = net::TlsContext::load(std::move(pairs), oldest(config.tls.min_version));
  if (!context) return pass(context);
  const int days = (*context)->days_to_expiry();
  if (days < kWarnDays)
    log::warning("a certificate expires in {} days ({})", days, pair.chain_file);
  const MutexLock lock(mutex_);
  current_ = std::move(*context);
  self_signed_ = self_signed;
  stamps_ = std::move(stamps);
  return {};
}

Status Certificates::renew() {
  const auto context = current();
  if (!context) return {};
  // The files are read without the lock, which every new connection takes.
  std::vector<Stamp> stamps = this->stamps();
  for (Stamp& stamp : stamps) stamp = stamp_of(std::move(stamp.path));
  Status read = context->reload();
  const MutexLock lock(mutex_);
  if (read && current_ == context) stamps_ = std::move(stamps);
  return read;
}

std::vector<Certificates::Stamp> Certificates::stamps() const {
  const MutexLock lock(mutex_);
  return stamps_;
}

Certificates::Stamp Certificates::stamp_of(std::string path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return {std::move(path)};
  return {std::move(path), info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

bool Certificates::have_changed() const {
  return std::ranges::any_of(stamps(),
                             [](const Stamp& stamp) { return stamp_of(stamp.path) != stamp; });
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
