#include "app/tracer.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "base/mutex.h"
#include "wire/trace/dialogue_lines.h"

namespace posthorn::app {
namespace {

using wire::trace::DialogueLines;
using wire::trace::Protocol;
using wire::trace::Side;

constexpr std::size_t kMaxOctets = 64'000'000;

/// The file of one trace, which several sessions write.
class TraceFile {
 public:
  explicit TraceFile(int fd) : fd_(fd) {}
  ~TraceFile() { ::close(fd_); }
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;

  /// Lines that cannot be written are lost.
  void add(std::string_view line) {
    const MutexLock lock(mutex_);
    if (octets_ > kMaxOctets) return;
    octets_ += line.size();
    const std::string out = octets_ > kMaxOctets
                                ? "the rest is left out: the file is large enough\n"
                                : std::string(line);
    if (::write(fd_, out.data(), out.size()) < 0) octets_ = kMaxOctets + 1;
  }

 private:
  const int fd_;
  Mutex mutex_;
  std::size_t octets_ POSTHORN_GUARDED_BY(mutex_) = 0;
};

Protocol protocol_of(std::string_view name) {
  if (name == "imap") return Protocol::imap;
  return name == "pop3" ? Protocol::pop3 : Protocol::smtp;
}

std::string now() {
  const auto time = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  return fmt::format("{:%H:%M:%S}.{:03}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)),
                     time.time_since_epoch().count() % 1000);
}

class SessionTap final : public Tap {
 public:
  SessionTap(std::shared_ptr<TraceFile> file, const auth::SessionView& session)
      : file_(std::move(file)), session_(session.session), lines_(protocol_of(session.protocol)) {
    file_->add(
        fmt::format("{} {:x} {} from {}\n", now(), session_, session.protocol, session.peer));
  }
  ~SessionTap() override { file_->add(fmt::format("{} {:x} end\n", now(), session_)); }
  SessionTap(const SessionTap&) = delete;
  SessionTap& operator=(const SessionTap&) = delete;

  void received(std::string_view octets) override { feed(Side::client, octets); }
  void sent(std::string_view octets) override { feed(Side::server, octets); }

 private:
  void feed(Side from, std::string_view octets) {
    lines_.feed(from, octets, [this](Side side, std::string_view line) {
      file_->add(
          fmt::format("{} {:x} {} {}\n", now(), session_, side == Side::client ? 'C' : 'S', line));
    });
  }

  const std::shared_ptr<TraceFile> file_;
  const std::uint64_t session_;
  DialogueLines lines_;
};

/// The account's name as part of a file's name.
std::string file_name(std::string_view user) {
  std::string name;
  for (const char c : user.substr(0, 100)) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '@' || c == '-' ||
                       c == '_' || (c == '.' && !name.empty());
    name += plain ? c : '_';
  }
  return name;
}

}  // namespace

Tracer::~Tracer() = default;

Result<std::string> Tracer::start(const AccountId& account, std::string user,
                                  std::chrono::seconds time) {
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(ErrorKind::io, folder_ + " cannot be created", std::strerror(errno));
  std::string path = fmt::format("{}/{}-{:%Y%m%dT%H%M%S}.txt", folder_, file_name(user),
                                 fmt::gmtime(std::time(nullptr)));
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(ErrorKind::io, path + " cannot be created", std::strerror(errno));
  const auto file = std::make_shared<TraceFile>(fd);
  limits_.trace(account, [file](const auth::SessionView& session) {
    return std::make_shared<SessionTap>(file, session);
  });
  auto timer = std::make_unique<async::Timer>();
  timer->set(std::min<std::chrono::seconds>(time, kLongest), [this, account] { end(account); });
  running_[account] = std::move(timer);
  log::info("trace: the sessions of {} are shown in {}", user, path);
  return path;
}

void Tracer::end(AccountId account) {
  limits_.trace(account, nullptr);
  // This destroys the timer that calls this function.
  running_.erase(account);
}

void Tracer::stop() {
  for (const auto& [account, timer] : running_) limits_.trace(account, nullptr);
  running_.clear();
}

}  // namespace posthorn::app
