#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "directory/saslauthd_link.h"

namespace posthorn::directory {
namespace {

/// A saslauthd that gives each connection the same answer, and keeps the last question.
class Stub {
 public:
  explicit Stub(std::string answer) : answer_(std::move(answer)) {
    std::filesystem::remove(path);
    listening_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path), path.size());
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    EXPECT_EQ(::bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listening_, 5), 0);
    thread_ = std::jthread([this] { serve(); });
  }
  ~Stub() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
    std::filesystem::remove(path);
  }
  Stub(const Stub&) = delete;
  Stub& operator=(const Stub&) = delete;

  const std::string path = testing::TempDir() + "posthorn-mux-" + std::to_string(::getpid());
  std::vector<std::string> question;  ///< To be read when an answer has come.

 private:
  void serve() {
    while (true) {
      const int client = ::accept(listening_, nullptr, nullptr);
      if (client < 0) return;
      std::vector<std::string> texts;
      while (texts.size() < 4) {
        unsigned char length[2];
        if (::recv(client, length, 2, MSG_WAITALL) != 2) break;
        std::string text((length[0] << 8) | length[1], '\0');
        if (!text.empty() && ::recv(client, text.data(), text.size(), MSG_WAITALL) !=
                                 static_cast<ssize_t>(text.size()))
          break;
        texts.push_back(std::move(text));
      }
      question = std::move(texts);
      EXPECT_EQ(::send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(answer_.size()));
      ::close(client);
    }
  }
  const std::string answer_;
  int listening_ = -1;
  std::jthread thread_;
};

std::string counted(std::string_view text) {
  std::string out{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)};
  return out.append(text);
}

Result<bool> ask(const std::string& path, std::chrono::milliseconds timeout,
                 std::string_view password = "secret") {
  SaslauthdLink link({path, "imap", "%{user}", "%{domain}"}, timeout);
  auto entry = link.find_user(Asked("ann@example.org"));
  if (!entry) return pass(entry);
  return link.verify(**entry, auth::Secret(password));
}

TEST(Saslauthd, SendsFourTexts) {
  Stub stub(counted("OK"));
  const std::string password(300, 'p');
  EXPECT_TRUE(*ask(stub.path, std::chrono::seconds(5), password));
  EXPECT_EQ(stub.question, (std::vector<std::string>{"ann", password, "imap", "example.org"}));
}

TEST(Saslauthd, TellsWrongFromUnavailable) {
  const auto outcome = [](const std::string& answer) {
    const Stub stub(answer);
    const auto right = ask(stub.path, std::chrono::seconds(5));
    return right ? (*right ? "right" : "wrong") : std::string(name_of(right.error().kind));
  };
  EXPECT_EQ(outcome(counted("OK remember")), "right");
  EXPECT_EQ(outcome(counted("NO authentication failed")), "wrong");
  EXPECT_EQ(outcome(counted("NO saslauthd internal error")), "unavailable");
  EXPECT_EQ(outcome(counted("WHAT")), "unavailable");
  EXPECT_EQ(outcome(counted("O")), "unavailable");
  EXPECT_EQ(outcome(counted(std::string(5000, 'x'))), "unavailable");
  EXPECT_EQ(outcome(""), "unavailable");
  EXPECT_EQ(outcome(std::string("\0\6NO", 4)), "unavailable");
  EXPECT_EQ(ask("/nonexistent/mux", std::chrono::seconds(1)).error().kind, ErrorKind::unavailable);
}

}  // namespace
}  // namespace posthorn::directory
