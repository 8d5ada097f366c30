#include "cli/mta/postfix.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace posthorn::cli {
namespace {

/// Runs a program and returns its standard output. Errors: not_found, io.
Result<std::string> output_of(const std::vector<std::string>& command) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    return fail(ErrorKind::io, "no pipe can be made", std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error =
      ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  std::string output;
  std::array<char, 4096> buffer{};
  ssize_t got = 0;
  while (error == 0 && (got = ::read(pipe[0], buffer.data(), buffer.size())) > 0)
    output.append(buffer.data(), static_cast<std::size_t>(got));
  ::close(pipe[0]);
  if (error != 0)
    return fail(ErrorKind::not_found, fmt::format("{} cannot be run", command[0]),
                std::strerror(error));
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) return fail(ErrorKind::io, fmt::format("{} failed", fmt::join(command, " ")));
  return output;
}

}  // namespace

Result<app::PostfixSettings> ask_postfix(const std::string& config) {
  std::vector<std::string> postconf{"postconf"};
  if (!config.empty()) postconf.insert(postconf.end(), {"-c", config});
  auto main = output_of(postconf);
  if (!main) return pass(main);
  postconf.emplace_back("-P");
  auto services = output_of(postconf);
  if (!services) return pass(services);
  app::PostfixSettings settings = app::parse_postconf(*main);
  settings.merge(app::parse_postconf(*services));
  return settings;
}

}  // namespace posthorn::cli
