#include "cli/doctor/installation.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "admin/last_backup.h"
#include "cli/doctor/ask_server.h"
#include "config/value.h"

namespace posthorn::cli {
namespace {

using admin::Json;
using admin::text_of;

constexpr std::chrono::seconds kPatience(5);
/// Enough to see what is wrong; each costs some questions to the DNS.
constexpr std::size_t kMostDomains = 20;
constexpr int kMostPages = 50;

/// Returns the process that has the store open, by its lock; 0 if there is none, or if that cannot
/// be seen.
pid_t holder_of_store(const std::string& data_dir) {
  const int fd = ::open((data_dir + "/store/LOCK").c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return 0;
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool held = ::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  ::close(fd);
  return held ? lock.l_pid : 0;
}

void ask_status(Installation& installation) {
  const config::Config& config = installation.config();
  const std::string socket = config::path_in(config, config.listen.admin_socket);
  if (!socket.empty()) {
    auto answer = ask_server(socket, Json{{"do", "status"}}, kPatience);
    if (answer) {
      installation.status = std::move(*answer);
      return;
    }
    if (answer.error().kind != ErrorKind::not_found) {
      installation.silent = fmt::format("{}: {}", socket, answer.error().text);
      return;
    }
  }
  if (const pid_t holder = holder_of_store(config.data_dir); holder != 0)
    installation.silent =
        socket.empty() ? fmt::format(
                             "process {} has the store open, and listen.admin_socket is "
                             "empty, so it cannot be asked",
                             holder)
                       : fmt::format("process {} has the store open, but nobody listens on {}",
                                     holder, socket);
}

/// Adds the domains of one page of names. Returns where the next page begins; empty: there is none.
std::string take_domains(const Json& page, const char* list, const char* member,
                         std::set<std::string>& domains) {
  const auto* const entries = page.if_contains(list);
  if (entries == nullptr || !entries->is_array()) return {};
  for (const auto& entry : entries->get_array()) {
    if (!entry.is_object()) continue;
    const std::string_view name = text_of(entry.get_object(), member);
    const std::size_t at = name.rfind('@');
    if (at != std::string_view::npos && domains.size() < kMostDomains)
      domains.emplace(name.substr(at + 1));
  }
  return std::string(text_of(page, "next"));
}

std::vector<std::string> domains_of(const Installation& installation) {
  const config::Config& config = installation.config();
  std::set<std::string> domains(config.domains.begin(), config.domains.end());
  if (!domains.empty() || !installation.is_running()) return {domains.begin(), domains.end()};
  const std::string socket = config::path_in(config, config.listen.admin_socket);
  const auto list = [&](const char* request, const char* what, const char* member) {
    std::string after;
    for (int page = 0; page < kMostPages; ++page) {
      const auto answer = ask_server(socket, Json{{"do", request}, {"after", after}}, kPatience);
      if (!answer) return;
      after = take_domains(*answer, what, member, domains);
      if (after.empty()) return;
    }
  };
  list("account.list", "accounts", "name");
  list("alias.list", "aliases", "alias");
  return {domains.begin(), domains.end()};
}

}  // namespace

pid_t Installation::process() const {
  return status ? static_cast<pid_t>(admin::number_of(*status, "pid")) : 0;
}

Installation examine(config::Loaded loaded, std::string config_file, DoctorOptions options) {
  Installation installation{.loaded = std::move(loaded),
                            .config_file = std::move(config_file),
                            .options = std::move(options)};
  ask_status(installation);
  installation.last_backup = admin::last_backup(installation.config().data_dir);
  installation.domains = domains_of(installation);
  return installation;
}

}  // namespace posthorn::cli
