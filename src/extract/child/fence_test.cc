#include "extract/child/fence.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>

namespace posthorn::extract {
namespace {

/// What a confined process reports through its exit code.
constexpr int kRefused = 40;
constexpr int kAllowed = 41;
constexpr int kNoFence = 42;

/// Runs `attempt` in a process of its own, within the fence. It returns whether it succeeded.
int within(Fenced whom, const std::function<bool()>& attempt) {
  const pid_t child = fork();
  if (child == 0) {
    if (!raise_fence(whom)) _exit(kNoFence);
    _exit(attempt() ? kAllowed : kRefused);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool can_open(const char* path, int flags) { return open(path, flags, 0600) >= 0; }

TEST(Fence, NoFileIsOpened) {
  for (const Fenced whom : {Fenced::self, Fenced::helper}) {
    EXPECT_EQ(within(whom, [] { return can_open("/etc/passwd", O_RDONLY); }), kRefused);
    EXPECT_EQ(within(whom, [] { return can_open("/proc/self/environ", O_RDONLY); }), kRefused);
    EXPECT_EQ(within(whom, [] { return can_open("/tmp/posthorn-fence", O_WRONLY | O_CREAT); }),
              kRefused);
    EXPECT_EQ(within(whom, [] { return can_open("/usr/bin/pdftotext", O_WRONLY); }), kRefused);
    EXPECT_EQ(within(whom, [] { return unlink("/tmp/posthorn-fence") == 0 || errno == ENOENT; }),
              kRefused);
  }
  EXPECT_EQ(within(Fenced::self, [] { return can_open("/usr/lib/os-release", O_RDONLY); }),
            kRefused);
  // What a program needs to start, so that the refusals above mean something.
  EXPECT_EQ(within(Fenced::helper, [] { return can_open("/usr/lib/os-release", O_RDONLY); }),
            kAllowed);
}

TEST(Fence, NoSocketIsMade) {
  for (const Fenced whom : {Fenced::self, Fenced::helper}) {
    for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK})
      EXPECT_EQ(within(whom, [&] { return socket(family, SOCK_DGRAM, 0) >= 0; }), kRefused);
  }
}

TEST(Fence, NoProcessIsMadeOrReached) {
  for (const Fenced whom : {Fenced::self, Fenced::helper}) {
    EXPECT_EQ(within(whom, [] { return fork() >= 0; }), kRefused);
    EXPECT_EQ(within(whom, [] { return kill(getppid(), 0) == 0; }), kRefused);
    EXPECT_EQ(within(whom,
                     [] {
                       std::array<char, 3> name = {'s', 'h', 0};
                       std::array<char*, 2> arguments = {name.data(), nullptr};
                       execv("/bin/sh", arguments.data());
                       return false;
                     }),
              kRefused);
  }
}

TEST(Fence, NoMemoryIsMadeExecutable) {
  EXPECT_EQ(within(Fenced::self,
                   [] {
                     return mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
                   }),
            kRefused);
}

TEST(Fence, WhatIsOpenCanBeUsed) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  EXPECT_EQ(within(Fenced::self, [&] { return write(ends[1], "x", 1) == 1; }), kAllowed);
  char got = 0;
  EXPECT_EQ(read(ends[0], &got, 1), 1);
  EXPECT_EQ(got, 'x');
  close(ends[0]);
  close(ends[1]);
}

TEST(Fence, ALoopEndsAtTheLimitOfProcessorTime) {
  // The limit itself takes ten seconds to reach; what counts is that it is set and cannot be
  // raised.
  EXPECT_EQ(within(Fenced::helper,
                   [] {
                     rlimit now{};
                     if (getrlimit(RLIMIT_CPU, &now) != 0) return false;
                     if (now.rlim_cur > 10 || now.rlim_max > 10) return false;
                     now.rlim_cur = now.rlim_max = 100;
                     return setrlimit(RLIMIT_CPU, &now) != 0;
                   }),
            kAllowed);
}

}  // namespace
}  // namespace posthorn::extract
