#include "cli/password.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>

namespace posthorn::cli {
namespace {

Result<std::string> first_line(std::istream& in, const std::string& name) {
  std::string line;
  if (!std::getline(in, line)) return fail(ErrorKind::io, name + ": no password could be read");
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return fail(ErrorKind::bad_argument, name + ": the password is empty");
  return line;
}

/// Turns the terminal's echo off as long as it lives.
class NoEcho {
 public:
  NoEcho() {
    ::tcgetattr(STDIN_FILENO, &before_);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~NoEcho() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
};

Result<std::string> ask(const char* prompt) {
  fmt::print(stderr, "{}", prompt);
  const NoEcho quiet;
  auto line = first_line(std::cin, "terminal");
  fmt::print(stderr, "\n");
  return line;
}

}  // namespace

Result<std::string> read_new_password(const std::string& file) {
  if (!file.empty() && file != "-") {
    std::ifstream in(file);
    return first_line(in, file);
  }
  if (file == "-" || ::isatty(STDIN_FILENO) == 0) return first_line(std::cin, "standard input");
  auto password = ask("Password: ");
  if (!password) return password;
  auto again = ask("Again: ");
  if (!again) return again;
  if (*password != *again) return fail(ErrorKind::bad_argument, "the two passwords differ");
  return password;
}

}  // namespace posthorn::cli
