#include "extract/child_extractor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "base/log.h"

namespace posthorn::extract {
namespace {

using Clock = std::chrono::steady_clock;

/// An open file of this process.
class File {
 public:
  explicit File(int number = -1) : number_(number) {}
  ~File() { close(); }
  File(File&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  File(const File&) = delete;
  File& operator=(File&& other) noexcept {
    close();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  File& operator=(const File&) = delete;
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

struct Pair {
  File ours;
  File theirs;
};

/// Sockets, since writing to one that the other side has closed needs not raise SIGPIPE.
std::optional<Pair> connect() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return std::nullopt;
  Pair pair{File(ends[0]), File(ends[1])};
  // Only the server's end: for the program, reading and writing wait.
  if (fcntl(pair.ours.number(), F_SETFL, O_NONBLOCK) != 0) return std::nullopt;
  return pair;
}

/// A running program. It is ended and waited for at the latest when this object goes.
class Child {
 public:
  explicit Child(pid_t id) : id_(id) {}
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  /// Ends it if it has not ended, and returns how it ended: an exit code, or -1 after a signal.
  int end() {
    if (id_ <= 0) return code_;
    kill(id_, SIGKILL);
    wait(0);
    return code_;
  }
  /// Gives it until then to end by itself.
  int end_at(Clock::time_point time) {
    constexpr auto kStep = std::chrono::milliseconds(1);
    while (id_ > 0 && Clock::now() < time) {
      if (wait(WNOHANG)) break;
      std::this_thread::sleep_for(kStep);
    }
    return end();
  }

 private:
  /// Returns whether it has ended.
  bool wait(int flags) {
    int status = 0;
    pid_t done = 0;
    do done = waitpid(id_, &status, flags);
    while (done < 0 && errno == EINTR);
    if (done == 0) return false;
    id_ = 0;
    code_ = done > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return true;
  }

  pid_t id_;
  int code_ = -1;
};

struct SpawnPlan {
  SpawnPlan() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
};

/// Starts the program with these as standard input, output and error, and nothing else of this
/// process. Errors: not_found if it cannot be executed; unavailable.
Result<pid_t> start(const std::string& program, Kind kind, int in, int out) {
  SpawnPlan plan;
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setsigdefault(&plan.attributes, &all);
  // A group of its own: signals for the server's group, such as Ctrl-C, are the server's to handle.
  posix_spawnattr_setpgroup(&plan.attributes, 0);
  posix_spawnattr_setflags(&plan.attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  posix_spawn_file_actions_adddup2(&plan.files, in, 0);
  posix_spawn_file_actions_adddup2(&plan.files, out, 1);
  posix_spawn_file_actions_addopen(&plan.files, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&plan.files, 3);
  std::string path = program;
  std::string argument = name_of(kind);
  const std::array<char*, 3> arguments = {path.data(), argument.data(), nullptr};
  const std::array<char*, 1> environment = {nullptr};
  pid_t id = 0;
  const int error = posix_spawn(&id, program.c_str(), &plan.files, &plan.attributes,
                                arguments.data(), environment.data());
  if (error == ENOENT || error == EACCES || error == ENOEXEC)
    return fail(ErrorKind::not_found, "it cannot be executed");
  if (error != 0)
    return fail(ErrorKind::unavailable,
                fmt::format("no process can be started to read attachments ({})", error));
  return id;
}

/// Writes the document and reads the text, both at once, until the program closes its output or
/// `is_over` says so.
template <class IsOver>
std::string exchange(File& in, const File& out, std::string_view document, const IsOver& is_over) {
  constexpr int kStep = 50;  // Milliseconds.
  std::string text;
  std::array<char, 32 << 10> buffer;
  while (!is_over()) {
    std::array<pollfd, 2> waits = {pollfd{out.number(), POLLIN, 0},
                                   pollfd{in.number(), POLLOUT, 0}};
    if (document.empty()) in.close();
    const int ready = poll(waits.data(), in.number() < 0 ? 1 : 2, kStep);
    if (ready < 0 && errno != EINTR) break;
    if (ready <= 0) continue;
    if (waits[1].revents != 0 && in.number() >= 0) {
      const ssize_t sent = send(in.number(), document.data(), document.size(), MSG_NOSIGNAL);
      if (sent > 0) document.remove_prefix(static_cast<std::size_t>(sent));
      // Who reads no more may still have something to say.
      if (sent < 0 && errno != EAGAIN && errno != EINTR) document = {};
    }
    if (waits[0].revents == 0) continue;
    const ssize_t got = read(out.number(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() >= kMostText) {
      text.resize(kMostText);
      break;
    }
  }
  return text;
}

}  // namespace

std::unexpected<Error> ChildExtractor::give_up(Kind kind, std::string_view why) {
  if (!given_up_[static_cast<std::size_t>(kind)].exchange(true))
    log::warning("attachments: the text of {} documents is not searched: {}", name_of(kind), why);
  return fail(ErrorKind::not_supported, "Documents of this kind are not read here");
}

Result<std::string> ChildExtractor::extract(Kind kind, std::string_view document) {
  if (given_up_[static_cast<std::size_t>(kind)])
    return fail(ErrorKind::not_supported, "Documents of this kind are not read here");
  if (stopping_) return fail(ErrorKind::unavailable, "The server is stopping");
  if (document.empty() || document.size() > kMostInput) return std::string();
  auto in = connect();
  auto out = connect();
  if (!in || !out)
    return fail(ErrorKind::unavailable, "no more files can be opened to read attachments");
  auto started = start(program_, kind, in->theirs.number(), out->theirs.number());
  if (!started && started.error().kind == ErrorKind::not_found)
    return give_up(kind, program_ + " cannot be executed");
  if (!started) return pass(started);
  Child child(*started);
  in->theirs.close();
  out->theirs.close();
  const Clock::time_point end = Clock::now() + longest_;
  std::string text =
      exchange(in->ours, out->ours, document, [&] { return stopping_ || Clock::now() >= end; });
  if (stopping_) return fail(ErrorKind::unavailable, "The server is stopping");
  // It is too slow, has said enough, or has closed its output: then it ends in a moment.
  const int code = text.size() >= kMostText ? child.end() : child.end_at(end);
  switch (static_cast<Exit>(code)) {
    case Exit::unfenced:
      return give_up(kind, "this system has not what confines the program that reads them");
    case Exit::no_program: return give_up(kind, "the package poppler-utils is not installed");
    case Exit::usage: return give_up(kind, program_ + " is of another version");
    default: return text;
  }
}

std::string extractor_path() {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const fs::path folder = self.parent_path();
  for (const fs::path& path : {folder / "posthorn-extract",
                               folder.parent_path() / "libexec" / "posthorn" / "posthorn-extract"})
    if (access(path.c_str(), X_OK) == 0) return path.string();
  return {};
}

}  // namespace posthorn::extract
