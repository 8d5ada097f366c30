#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "cli/doctor/checks.h"
#include "config/directory_schema.h"
#include "config/schema.h"

namespace posthorn::cli {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOthers = S_IRWXO;
constexpr mode_t kNotOwner = S_IRWXG | S_IRWXO;
/// A store has some thousand files at most.
constexpr int kMostFiles = 20'000;

std::optional<struct stat> look_at(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return info;
}

std::string octal(mode_t mode) { return fmt::format("{:04o}", mode & 07777); }

/// The user that the server runs as.
struct ServerUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};

std::optional<ServerUser> user_of(const passwd* found) {
  if (found == nullptr) return std::nullopt;
  return ServerUser{found->pw_uid, found->pw_gid, found->pw_name};
}

/// That of the process if it runs, that of the configuration if it names one, otherwise the owner
/// of the data.
std::optional<ServerUser> server_user(const Installation& installation) {
  if (installation.is_running())
    if (const auto process = look_at(fmt::format("/proc/{}", installation.process())))
      return user_of(::getpwuid(process->st_uid));
  const config::Config& config = installation.config();
  if (!config.user.empty()) return user_of(::getpwnam(config.user.c_str()));
  const auto data = look_at(config.data_dir);
  return data ? user_of(::getpwuid(data->st_uid)) : std::nullopt;
}

bool is_secret(std::string_view key) {
  const auto of_directory = config::parse_directory_key(key);
  const config::Key* const found = of_directory ? of_directory->key : config::find_key(key);
  return found != nullptr && found->form == config::Form::secret;
}

/// Opens a file as that user, in a process of its own, and returns why it cannot; 0 if it can. All
/// directories on the way count, such as those of certificates that only root may enter.
int error_of_opening(const std::string& path, const ServerUser& user) {
  if (::geteuid() != 0) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const int error = fd < 0 ? errno : 0;
    if (fd >= 0) ::close(fd);
    return error;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    const bool became = ::initgroups(user.name.c_str(), user.gid) == 0 && ::setgid(user.gid) == 0 &&
                        ::setuid(user.uid) == 0;
    ::_exit(!became ? 0 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC) < 0 ? errno : 0);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 0;
  return WEXITSTATUS(status);
}

class PermissionCheck {
 public:
  PermissionCheck(const Installation& installation, Findings& findings)
      : installation_(installation),
        config_(installation.config()),
        findings_(findings),
        user_(server_user(installation)) {}

  void run() {
    if (!config_.user.empty() && ::getpwnam(config_.user.c_str()) == nullptr)
      findings_.fault(fmt::format("'user' is {}, and there is no such user", config_.user),
                      fmt::format("Create it: `useradd --system {}`.", config_.user));
    look_at_data();
    look_at_config();
    look_at_secrets();
    look_at_keys();
    look_at_sockets();
    if (findings_.is_clean())
      findings_.ok(
          fmt::format("{}, the configuration, secrets, keys and sockets", config_.data_dir));
  }

 private:
  void look_at_data() {
    const auto data = look_at(config_.data_dir);
    if (!data) return;  // Found by the check of the server.
    if ((data->st_mode & kOthers) != 0)
      findings_.fault(fmt::format("{} is open to every user of this machine (mode {})",
                                  config_.data_dir, octal(data->st_mode)),
                      fmt::format("chmod 0700 {}", config_.data_dir));
    if (user_ && data->st_uid != user_->uid)
      findings_.fault(fmt::format("{} does not belong to {}, as whom the server runs",
                                  config_.data_dir, user_->name),
                      fmt::format("chown -R {} {}", user_->name, config_.data_dir));
    if (user_) look_at_owners(data->st_uid);
  }

  /// A command that was run by root while the server was stopped leaves files that the server
  /// cannot open.
  void look_at_owners(uid_t owner) {
    std::error_code error;
    int left = kMostFiles;
    fs::recursive_directory_iterator files(config_.data_dir,
                                           fs::directory_options::skip_permission_denied, error);
    for (; !error && files != fs::recursive_directory_iterator() && left > 0;
         files.increment(error), --left) {
      struct stat info{};
      if (::lstat(files->path().c_str(), &info) != 0 || info.st_uid == owner) continue;
      findings_.fault(fmt::format("{} does not belong to the owner of {}, and the server may not "
                                  "be able to use it",
                                  files->path().string(), config_.data_dir),
                      fmt::format("chown -R --reference={0} {0}, and run commands as that user",
                                  config_.data_dir));
      return;
    }
  }

  void look_at_config() {
    const std::string& path = installation_.config_file;
    const auto file = look_at(path);
    if (path.empty() || !file) return;
    if ((file->st_mode & S_IWOTH) != 0)
      findings_.fault(fmt::format("{} can be changed by every user of this machine", path),
                      fmt::format("chmod o-w {}", path));
    readable_by_server(path, "the configuration");
    if ((file->st_mode & S_IROTH) == 0) return;
    for (const auto& [name, origin] : installation_.loaded.origins) {
      if (!is_secret(name) || !origin.starts_with(path + ":") ||
          installation_.loaded.secret_files.contains(name))
        continue;
      findings_.fault(
          fmt::format("{} contains {}, and every user of this machine can read it", path, name),
          fmt::format("Put the secret into a file of its own and name that in {}_file, or chmod "
                      "o-r the configuration.",
                      name));
    }
  }

  void look_at_secrets() {
    for (const auto& [name, path] : installation_.loaded.secret_files) {
      const auto file = look_at(path);
      if (file && (file->st_mode & kOthers) != 0)
        findings_.fault(
            fmt::format("{} ({}_file) is open to every user of this machine (mode {})", path, name,
                        octal(file->st_mode)),
            fmt::format("chmod o= {}; if others can log in here, change the secret.", path));
      readable_by_server(path, name + "_file");
    }
  }

  void look_at_keys() {
    std::vector<std::string> keys = config_.tls.more_keys;
    keys.push_back(config_.tls.key);
    for (const std::string& key : keys) {
      const std::string path = config::path_in(config_, key);
      const auto file = look_at(path);
      if (path.empty() || !file) continue;  // Found by the check of the certificates.
      if ((file->st_mode & kOthers) != 0)
        findings_.fault(fmt::format("the key {} is open to every user of this machine (mode {})",
                                    path, octal(file->st_mode)),
                        fmt::format("chmod o= {}; consider it stolen, and get another.", path));
      readable_by_server(path, "the key");
    }
  }

  void readable_by_server(const std::string& path, std::string_view what) {
    if (!user_) return;
    const int error = error_of_opening(path, *user_);
    if (error == 0) return;
    if (::geteuid() != 0 && ::geteuid() != user_->uid) {
      findings_.note(fmt::format("{} {} cannot be looked at: {}", what, path, std::strerror(error)),
                     "Run this command as root.");
      return;
    }
    findings_.fault(fmt::format("{} {} cannot be read by {}, as whom the server runs: {}", what,
                                path, user_->name, std::strerror(error)),
                    "Let the user read the file and enter the directories above it, also after "
                    "the next renewal.");
  }

  void look_at_sockets() {
    if (!installation_.is_running()) return;
    const config::Listen& listen = config_.listen;
    one_socket("listen.admin_socket", listen.admin_socket, kNotOwner);
    one_socket("listen.lmtp_socket", listen.lmtp_socket, kOthers);
    one_socket("listen.auth_socket", listen.auth_socket, kOthers);
    one_socket("listen.user_socket", listen.user_socket, kOthers);
    one_socket("listen.map_socket", listen.map_socket, kOthers);
    one_socket("listen.policy_socket", listen.policy_socket, kOthers);
  }

  void one_socket(std::string_view key, const std::string& configured, mode_t forbidden) {
    const std::string path = config::path_in(config_, configured);
    if (path.empty()) return;
    const auto file = look_at(path);
    if (!file || !S_ISSOCK(file->st_mode)) {
      findings_.fault(fmt::format("{}: there is no socket {}", key, path),
                      "Restart the server if the key was changed since it was started, and look at "
                      "its log.");
    } else if ((file->st_mode & forbidden) != 0) {
      findings_.fault(fmt::format("{}: {} is open to more users than it should be (mode {})", key,
                                  path, octal(file->st_mode)),
                      fmt::format("chmod {} {}", octal(file->st_mode & ~forbidden), path));
    }
  }

  const Installation& installation_;
  const config::Config& config_;
  Findings& findings_;
  const std::optional<ServerUser> user_;
};

}  // namespace

void check_permissions(const Installation& installation, Findings& findings) {
  PermissionCheck(installation, findings).run();
}

}  // namespace posthorn::cli
