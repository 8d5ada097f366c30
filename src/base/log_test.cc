#include "base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "base/log_event.h"

namespace posthorn::log {
namespace {

/// Returns what `work` writes to standard error.
template <class Work>
std::string written_by(Work work) {
  std::FILE* const file = std::tmpfile();
  std::fflush(stderr);
  const int before = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file), STDERR_FILENO);
  work();
  std::fflush(stderr);
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  EXPECT_EQ(std::fseek(file, 0, SEEK_SET), 0);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

std::size_t lines_with(const std::string& text, std::string_view words) {
  std::size_t count = 0;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
    ++count;
  return count;
}

TEST(Log, OneCallCannotFloodTheLog) {
  const std::string text = written_by([] {
    for (int i = 0; i < 29'000; ++i) warning("a flood, line {}", i);
    warning("something else");
  });
  EXPECT_GE(lines_with(text, "a flood"), 30U);
  EXPECT_LT(lines_with(text, "a flood"), 200U);
  EXPECT_EQ(lines_with(text, "something else"), 1U);
  EXPECT_GE(lines_with(text, "were left out"), 1U);
}

TEST(Log, OneClientDoesNotUseUpWhatOthersMayWrite) {
  const std::string text = written_by([] {
    const auto refuse = [](std::string_view peer) { warning_about(peer, "refused: {}", peer); };
    for (int i = 0; i < 1000; ++i) refuse("192.0.2.1");
    refuse("198.51.100.7");
  });
  EXPECT_LT(lines_with(text, "192.0.2.1"), 200U);
  EXPECT_EQ(lines_with(text, "198.51.100.7"), 1U);
}

void log_login() {
  Event("login failed")
      .word("protocol", "imap")
      .session(0x1a2b)
      .peer("[2001:db8::1]:40000")
      .word("reason", "unknown_user")
      .number("octets", 7)
      .said("user", "a\"b\\c\n\xff\xc3\xa9")
      .write(Level::warning);
}

TEST(LogEvent, HasFieldsAsText) {
  const std::string text = written_by(log_login);
  EXPECT_NE(text.find(" warning login failed protocol=imap session=1a2b address=2001:db8::1 "
                      "port=40000 reason=unknown_user octets=7 "
                      "user=\"a\\x22b\\x5cc\\x0a\\xff\xc3\xa9\"\n"),
            std::string::npos)
      << text;
}

TEST(LogEvent, IsAnObjectInJson) {
  set_form(Form::json);
  const std::string text = written_by([] {
    log_login();
    info("a \"line\" of {}", "words\t");
  });
  set_form(Form::text);
  EXPECT_TRUE(text.starts_with("{\"time\":\"2")) << text;
  EXPECT_NE(
      text.find("Z\",\"level\":\"warning\",\"message\":\"login failed\",\"protocol\":\"imap\","
                "\"session\":\"1a2b\",\"address\":\"2001:db8::1\",\"port\":40000,"
                "\"reason\":\"unknown_user\",\"octets\":7,"
                "\"user\":\"a\\\"b\\\\c\\\\x0a\\\\xff\xc3\xa9\"}\n"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("\"level\":\"info\",\"message\":\"a \\\"line\\\" of words\\\\x09\"}\n"),
            std::string::npos)
      << text;
}

TEST(LogEvent, SaysWhatAnErrorSays) {
  const std::string text = written_by([] {
    Event("x").failure({ErrorKind::io, "It \"failed\"", "EIO"}).write(Level::info);
    Event("y").failure({ErrorKind::limit, "Too many"}).write(Level::info);
  });
  EXPECT_NE(text.find("x error=io text=\"It \\x22failed\\x22\" cause=\"EIO\"\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("y error=limit text=\"Too many\"\n"), std::string::npos) << text;
}

TEST(LogEvent, ALocalPeerHasNoPort) {
  const std::string text =
      written_by([] { Event("login").session(0).peer("unix").write(Level::info); });
  EXPECT_NE(text.find("login address=unix\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace posthorn::log
