#include "app/machine/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/landlock.h"

namespace posthorn::app {
namespace {

namespace fs = std::filesystem;

// What a confined process reports through its exit code.
constexpr int kNo = 40;
constexpr int kYes = 41;
constexpr int kNotConfined = 42;

class Confine : public testing::Test {
 protected:
  Confine() {
    std::string pattern = (fs::temp_directory_path() / "posthorn-confine-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    config_.data_dir = (folder_ / "data").string();
    for (const char* name : {"sockets", "elsewhere", "disk"}) fs::create_directory(folder_ / name);
    std::ofstream(folder_ / "elsewhere" / "file") << "here";
  }
  ~Confine() override { fs::remove_all(folder_); }
  Confine(const Confine&) = delete;
  Confine& operator=(const Confine&) = delete;

  /// Runs `attempt` in a confined process of its own. It returns whether it succeeded.
  int within(const std::function<bool()>& attempt) {
    const pid_t child = fork();
    if (child == 0) {
      if (!confine(config_, places_)) _exit(kNotConfined);
      _exit(attempt() ? kYes : kNo);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  static bool can_write(const fs::path& path) {
    return open(path.c_str(), O_WRONLY | O_CREAT, 0600) >= 0;
  }
  static bool can_bind(const fs::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  fs::path folder_;
  config::Config config_;
  WrittenPlaces places_;
};

TEST_F(Confine, FilesAreChangedInTheDataDirectoryOnly) {
  if (Landlock::version() < 2) GTEST_SKIP() << "this kernel has no Landlock";
  const fs::path data = config_.data_dir;
  const fs::path file = folder_ / "elsewhere" / "file";
  EXPECT_EQ(within([&] { return can_write(data / "file"); }), kYes);
  EXPECT_EQ(within([&] {
              fs::create_directories(data / "a" / "b");
              fs::create_hard_link(data / "file", data / "a" / "b" / "link");
              fs::rename(data / "a" / "b" / "link", data / "moved");
              fs::remove(data / "moved");
              return fs::remove(data / "a" / "b") && truncate((data / "file").c_str(), 0) == 0;
            }),
            kYes);
  EXPECT_EQ(within([&] { return can_write(file); }), kNo);
  EXPECT_EQ(within([&] { return can_write(folder_ / "elsewhere" / "new"); }), kNo);
  EXPECT_EQ(within([&] { return unlink(file.c_str()) == 0; }), kNo);
  EXPECT_EQ(within([&] { return truncate(file.c_str(), 0) == 0; }), kNo);
  EXPECT_EQ(within([&] { return rename(file.c_str(), (data / "taken").c_str()) == 0; }), kNo);
  EXPECT_EQ(within([&] { return open(file.c_str(), O_RDONLY) >= 0; }), kYes);
  EXPECT_EQ(within([] { return open("/dev/null", O_WRONLY) >= 0; }), kYes);
}

TEST_F(Confine, ADataDirectoryOnTwoDisks) {
  fs::create_directory(config_.data_dir);
  fs::create_directory_symlink(folder_ / "disk", fs::path(config_.data_dir) / "store");
  EXPECT_EQ(within([&] { return can_write(fs::path(config_.data_dir) / "store" / "x"); }), kYes);
}

TEST_F(Confine, NothingIsExecuted) {
  if (Landlock::version() < 2) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(within([] {
              std::array<char, 5> name = {'t', 'r', 'u', 'e', 0};
              std::array<char*, 2> arguments = {name.data(), nullptr};
              execv("/bin/true", arguments.data());
              return errno != EACCES;
            }),
            kNo);
}

TEST_F(Confine, SocketsAreMadeWhereTheyAreConfigured) {
  config_.listen.lmtp_socket = (folder_ / "sockets" / "lmtp").string();
  EXPECT_EQ(within([&] {
              const fs::path path = config_.listen.lmtp_socket;
              return can_bind(path) && unlink(path.c_str()) == 0 && can_bind(path);
            }),
            kYes);
  if (Landlock::version() < 2) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(within([&] { return can_write(folder_ / "sockets" / "file"); }), kNo);
  EXPECT_EQ(within([&] { return can_bind(folder_ / "elsewhere" / "socket"); }), kNo);
}

TEST_F(Confine, ADatabaseMayNeedFilesBesideIt) {
  config::Directory people;
  people.kind = config::DirectoryKind::sqlite;
  people.file = (folder_ / "elsewhere" / "people.sqlite").string();
  config_.directory.push_back(people);
  EXPECT_EQ(within([&] { return can_write(people.file + "-shm"); }), kYes);
}

TEST_F(Confine, PlacesOfTheCommand) {
  places_.files = {(folder_ / "elsewhere" / "ready").string()};
  places_.throw_away = {config_.data_dir};
  EXPECT_EQ(within([&] {
              return can_write(folder_ / "elsewhere" / "ready") &&
                     rmdir(config_.data_dir.c_str()) == 0;
            }),
            kYes);
}

TEST_F(Confine, NoNamespacesAndNoNewRights) {
  EXPECT_EQ(within([] { return unshare(CLONE_NEWUSER) == 0 || errno != EPERM; }), kNo);
  EXPECT_EQ(within([] { return chroot("/") == 0; }), kNo);
  EXPECT_EQ(within([] { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }), kYes);
  EXPECT_EQ(within([] { return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2; }), kYes);
}

TEST_F(Confine, Off) {
  config_.confine = false;
  EXPECT_EQ(within([&] { return can_write(folder_ / "elsewhere" / "file"); }), kYes);
  EXPECT_EQ(within([] { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }), kNo);
}

}  // namespace
}  // namespace posthorn::app
