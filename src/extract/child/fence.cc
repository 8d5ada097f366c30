#include "extract/child/fence.h"

#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <memory>

#include "base/landlock.h"

namespace posthorn::extract {
namespace {

// A sanitizer maps terabytes of address space.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kLimitMemory = false;
#else
constexpr bool kLimitMemory = true;
#endif

std::unexpected<Error> missing(std::string_view what, int error) {
  return fail(ErrorKind::not_supported, fmt::format("{} cannot be used ({})", what, error));
}

Status limit(Fenced whom) {
  const auto set = [](auto which, rlim_t most) {
    const rlimit value{most, most};
    return setrlimit(which, &value) == 0;
  };
  const bool done = (!kLimitMemory || set(RLIMIT_AS, kMostMemory)) &&
                    set(RLIMIT_CPU, kMostSeconds) && set(RLIMIT_FSIZE, 0) && set(RLIMIT_CORE, 0) &&
                    set(RLIMIT_MSGQUEUE, 0) && set(RLIMIT_NOFILE, whom == Fenced::self ? 0 : 64);
  if (!done) return missing("limits of resources (setrlimit)", errno);
  return {};
}

Status hide_files(Fenced whom) {
  auto rules = Landlock::make();
  if (!rules) return pass(rules);
  const Landlock::Access read = Landlock::kReadFile | Landlock::kReadFolder;
  const Landlock::Access run = Landlock::kReadFile | Landlock::kExecute;
  Status done;
  if (whom == Fenced::helper) {
    // The loader of libraries is executed too, and is among them.
    for (const char* libraries : {"/usr/lib", "/lib", "/lib64"})
      if (done) done = rules->permit(libraries, read | run);
    if (done) done = rules->permit(kPdfToText, run);
    if (done) done = rules->permit("/usr/share/poppler", read);
    if (done) done = rules->permit("/etc/ld.so.cache", Landlock::kReadFile);
  }
  if (!done) return done;
  return rules->apply();
}

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

bool permit(const Filter& filter, std::initializer_list<int> calls) {
  for (const int call : calls) {
    // A call that this architecture does not have is no error.
    if (call < 0) continue;
    if (seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, 0, nullptr) != 0) return false;
  }
  return true;
}

/// Permits a call if an argument, or these bits of it, have a value.
bool permit_if(const Filter& filter, int call, const scmp_arg_cmp& condition) {
  return seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, 1, &condition) == 0;
}

Status restrict_calls(Fenced whom) {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) return missing("seccomp", ENOMEM);
  bool done = permit(filter, {SCMP_SYS(read),         SCMP_SYS(readv),
                              SCMP_SYS(write),        SCMP_SYS(writev),
                              SCMP_SYS(close),        SCMP_SYS(fstat),
                              SCMP_SYS(lseek),        SCMP_SYS(munmap),
                              SCMP_SYS(mremap),       SCMP_SYS(brk),
                              SCMP_SYS(madvise),      SCMP_SYS(exit),
                              SCMP_SYS(exit_group),   SCMP_SYS(rt_sigreturn),
                              SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
                              SCMP_SYS(sigaltstack),  SCMP_SYS(futex),
                              SCMP_SYS(getrandom),    SCMP_SYS(clock_gettime),
                              SCMP_SYS(gettid),       SCMP_SYS(getpid),
                              SCMP_SYS(gettimeofday), SCMP_SYS(sched_yield)});
  const auto self = static_cast<scmp_datum_t>(getpid());
  // abort() sends a signal to its own process.
  done = done && permit_if(filter, SCMP_SYS(tgkill), {0, SCMP_CMP_EQ, self, 0});
  if (whom == Fenced::self) {
    // No memory that can be executed comes into being.
    done = done && permit_if(filter, SCMP_SYS(mmap), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}) &&
           permit_if(filter, SCMP_SYS(mprotect), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0});
  } else {
    done = done &&
           permit(filter, {SCMP_SYS(mmap),
                           SCMP_SYS(mprotect),
                           SCMP_SYS(execve),
                           SCMP_SYS(open),
                           SCMP_SYS(openat),
                           SCMP_SYS(access),
                           SCMP_SYS(faccessat),
                           SCMP_SYS(faccessat2),
                           SCMP_SYS(stat),
                           SCMP_SYS(lstat),
                           SCMP_SYS(newfstatat),
                           SCMP_SYS(statx),
                           SCMP_SYS(readlink),
                           SCMP_SYS(readlinkat),
                           SCMP_SYS(getcwd),
                           SCMP_SYS(getdents64),
                           SCMP_SYS(pread64),
                           SCMP_SYS(arch_prctl),
                           SCMP_SYS(set_tid_address),
                           SCMP_SYS(set_robust_list),
                           SCMP_SYS(rseq),
                           SCMP_SYS(uname),
                           SCMP_SYS(sysinfo),
                           SCMP_SYS(getuid),
                           SCMP_SYS(geteuid),
                           SCMP_SYS(getgid),
                           SCMP_SYS(getegid),
                           SCMP_SYS(fcntl),
                           SCMP_SYS(sched_getaffinity),
                           SCMP_SYS(getrusage),
                           SCMP_SYS(times),
                           SCMP_SYS(fadvise64)}) &&
           // Limits may be asked for and not changed.
           permit_if(filter, SCMP_SYS(prlimit64), {2, SCMP_CMP_EQ, 0, 0});
  }
  if (!done) return missing("seccomp", EINVAL);
  // Sets no_new_privs, too.
  const int error = seccomp_load(filter.get());
  if (error != 0) return missing("seccomp", -error);
  return {};
}

}  // namespace

Status raise_fence(Fenced whom) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return missing("no_new_privs", errno);
  if (Status files = hide_files(whom); !files && whom == Fenced::helper) return files;
  if (Status limited = limit(whom); !limited) return limited;
  return restrict_calls(whom);
}

}  // namespace posthorn::extract
