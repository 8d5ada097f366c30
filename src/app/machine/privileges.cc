#include "app/machine/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace posthorn::app {
namespace {

struct Ports {
  std::string_view name;
  std::vector<config::Endpoint> config::Listen::* endpoints;
  bool needs_certificate;
};

constexpr auto kPorts = std::to_array<Ports>({
    {"imap", &config::Listen::imap, false},
    {"imaps", &config::Listen::imaps, true},
    {"pop3", &config::Listen::pop3, false},
    {"pop3s", &config::Listen::pop3s, true},
    {"submission", &config::Listen::submission, false},
    {"submissions", &config::Listen::submissions, true},
    {"lmtp", &config::Listen::lmtp, false},
    {"https", &config::Listen::https, true},
    {"http", &config::Listen::http, false},
    {"metrics", &config::Listen::metrics, false},
});

Result<passwd> find_user(const std::string& name) {
  errno = 0;
  const passwd* const found = ::getpwnam(name.c_str());
  if (found == nullptr)
    return fail(errno == 0 ? ErrorKind::not_found : ErrorKind::io,
                "the user '" + name + "' of the configuration cannot be found on this machine");
  if (found->pw_uid == 0)
    return fail(ErrorKind::bad_argument, "'user' must not be another name of root");
  return *found;
}

/// The groups first: afterwards there is no right to change them. These functions of the C library
/// apply to all threads.
Status become(const passwd& user, const std::string& name) {
  if (::initgroups(name.c_str(), user.pw_gid) != 0 ||
      ::setresgid(user.pw_gid, user.pw_gid, user.pw_gid) != 0 ||
      ::setresuid(user.pw_uid, user.pw_uid, user.pw_uid) != 0)
    return fail(ErrorKind::no_permission, "the process cannot become the user '" + name + "'");
  // If this works, the rights of root were not given up.
  if (::setuid(0) == 0)
    return fail(ErrorKind::no_permission, "the process could become root again");
  return {};
}

}  // namespace

Result<std::vector<net::InheritedSocket>> give_up_root(config::Config& config) {
  std::vector<net::InheritedSocket> sockets;
  if (::geteuid() != 0) return sockets;
  if (config.user.empty()) {
    log::warning("running as root; set 'user' in the configuration to run as another user");
    return sockets;
  }
  const auto user = find_user(config.user);
  if (!user) return std::unexpected(user.error());
  const bool has_certificate =
      !config.tls.certificate.empty() || config.tls.self_signed_when_missing;
  for (const Ports& ports : kPorts) {
    if (ports.needs_certificate && !has_certificate) continue;
    for (const config::Endpoint& endpoint : std::exchange(config.listen.*ports.endpoints, {})) {
      auto bound = net::bind_tcp(config::to_text(endpoint), std::string(ports.name));
      if (!bound) return pass(bound);
      sockets.insert(sockets.end(), bound->begin(), bound->end());
    }
  }
  if (Status became = become(*user, config.user); !became) return pass(became);
  log::info("running as the user {}", config.user);
  return sockets;
}

}  // namespace posthorn::app
