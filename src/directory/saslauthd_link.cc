#include "directory/saslauthd_link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "directory/fields.h"
#include "text/ascii.h"

namespace posthorn::directory {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMostAnswer = 1024;

std::string unchanged(std::string_view text) { return std::string(text); }

std::unexpected<Error> trouble(const std::string& socket, std::string_view why) {
  return fail(ErrorKind::unavailable, fmt::format("saslauthd at {}: {}", socket, why));
}

/// A connection, until a point in time.
class Talk {
 public:
  Talk(const std::string& socket, steady_clock::time_point deadline)
      : socket_(socket), deadline_(deadline) {}
  ~Talk() {
    if (fd_ >= 0) ::close(fd_);
  }
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;

  Status connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_.size() >= sizeof address.sun_path) return trouble(socket_, "the path is too long");
    socket_.copy(static_cast<char*>(address.sun_path), socket_.size());
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0) return trouble(socket_, std::strerror(errno));
    // A full queue of connections is EAGAIN, and is not waited for.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      return trouble(socket_, std::strerror(errno));
    return {};
  }

  Status send(std::string_view octets) {
    while (!octets.empty()) {
      if (Status ready = wait_for(POLLOUT); !ready) return ready;
      const ssize_t sent = ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return trouble(socket_, std::strerror(errno));
      octets.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
    }
    return {};
  }

  /// Reads exactly so many octets.
  Result<std::string> receive(std::size_t count) {
    std::string octets;
    while (octets.size() < count) {
      if (Status ready = wait_for(POLLIN); !ready) return pass(ready);
      std::array<char, kMostAnswer> portion{};
      const ssize_t got =
          ::recv(fd_, portion.data(), std::min(portion.size(), count - octets.size()), 0);
      if (got == 0) return trouble(socket_, "it hung up");
      if (got < 0 && errno != EAGAIN && errno != EINTR)
        return trouble(socket_, std::strerror(errno));
      if (got > 0) octets.append(portion.data(), static_cast<std::size_t>(got));
    }
    return octets;
  }

 private:
  Status wait_for(short events) const {
    const auto left =
        std::chrono::duration_cast<milliseconds>(deadline_ - steady_clock::now()).count();
    pollfd ready{fd_, events, 0};
    if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) == 0)
      return trouble(socket_, "it does not answer in time");
    return {};
  }

  const std::string& socket_;
  const steady_clock::time_point deadline_;
  int fd_ = -1;
};

void append_counted(std::string& out, std::string_view text) {
  out += static_cast<char>(text.size() >> 8);
  out += static_cast<char>(text.size() & 0xff);
  out += text;
}

}  // namespace

Result<std::optional<Entry>> SaslauthdLink::find_user(const Asked& asked) {
  if (asked.user.empty()) return std::nullopt;
  Entry entry;
  entry.name = asked.name;
  entry.handle = asked.name;
  entry.password = CheckedThere{};
  return entry;
}

Result<std::vector<std::string>> SaslauthdLink::find_alias(const Asked& /*asked*/) {
  return std::vector<std::string>();
}

Result<bool> SaslauthdLink::has_domain(const std::string& /*domain*/) { return false; }

Result<bool> SaslauthdLink::verify(const Entry& entry, const auth::Secret& password) {
  const Asked asked(entry.name);
  std::string question;
  // Prevents growth, which would leave a copy of the password behind.
  question.reserve(password.reveal().size() + 4 * 1024);
  append_counted(question, expand(options_.login, asked, unchanged));
  append_counted(question, password.reveal());
  append_counted(question, options_.service);
  append_counted(question, expand(options_.realm, asked, unchanged));
  Talk talk(options_.socket, steady_clock::now() + timeout_);
  Status asking = talk.connect();
  if (asking) asking = talk.send(question);
  auth::wipe(question);
  if (!asking) return pass(asking);
  const auto length = talk.receive(2);
  if (!length) return std::unexpected(length.error());
  const std::size_t octets =
      (static_cast<unsigned char>((*length)[0]) << 8U) | static_cast<unsigned char>((*length)[1]);
  if (octets < 2 || octets > kMostAnswer)
    return trouble(options_.socket, "the answer is malformed");
  const auto answer = talk.receive(octets);
  if (!answer) return std::unexpected(answer.error());
  if (answer->starts_with("OK")) return true;
  if (!answer->starts_with("NO")) return trouble(options_.socket, "the answer is malformed");
  // It says "NO" too when it could not find out, and only its words tell.
  const std::string words = text::lower(*answer);
  if (words.contains("internal") || words.contains("contact") || words.contains("unavailable"))
    return trouble(options_.socket, "it cannot check passwords at the moment");
  return false;
}

}  // namespace posthorn::directory
