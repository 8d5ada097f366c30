#include "app/machine/confine.h"

#include <seccomp.h>
#include <sys/prctl.h>

#include <cerrno>
#include <filesystem>
#include <memory>

#include "app/core.h"
#include "app/machine/data_dir.h"
#include "base/landlock.h"
#include "base/log.h"
#include "config/directory.h"
#include "extract/child_extractor.h"
#include "extract/contract.h"

namespace posthorn::app {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

/// Collects rules; the first error stays.
class Rules {
 public:
  explicit Rules(Landlock landlock) : landlock_(std::move(landlock)) {}

  void permit(const std::string& path, Landlock::Access access) {
    if (status_ && !path.empty()) status_ = landlock_.permit(path.c_str(), access);
  }
  Status apply() {
    if (!status_) return status_;
    return landlock_.apply();
  }

 private:
  Landlock landlock_;
  Status status_;
};

Status restrict_files(const config::Config& config, const WrittenPlaces& places) {
  // Before version 2, snapshots could not link files into a folder of their own.
  if (Landlock::version() < 2)
    return fail(ErrorKind::not_supported, "this kernel has no Landlock, or an old one");
  auto made = Landlock::make();
  if (!made) return pass(made);
  Rules rules(std::move(*made));
  const Landlock::Access read = Landlock::kReadFile | Landlock::kReadFolder;
  rules.permit("/", read);
  rules.permit("/dev", Landlock::kChange);
  rules.permit(config.data_dir, Landlock::kChange);
  // It may be a link to another disk.
  rules.permit(store_path(config), Landlock::kChange);
  for (const std::string& file : places.files) rules.permit(folder_of(file), Landlock::kChange);
  for (const std::string& folder : places.throw_away) {
    rules.permit(folder, Landlock::kChange);
    rules.permit(folder_of(folder), Landlock::kRemoveFolder);
  }
  const config::Listen& listen = config.listen;
  for (const std::string& socket : {listen.lmtp_socket, listen.auth_socket, listen.user_socket,
                                    listen.map_socket, listen.policy_socket, listen.admin_socket})
    if (!socket.empty())
      rules.permit(folder_of(config::path_in(config, socket)), Landlock::kSockets);
  // Also who only reads a database may have to write the index of its write-ahead log.
  for (const config::Directory& directory : config.directory)
    if (directory.kind == config::DirectoryKind::sqlite)
      rules.permit(folder_of(config::path_in(config, directory.file)), Landlock::kChange);
  // The loader of libraries is executed too, and is among them.
  for (const char* program : {"/usr/lib", "/lib", "/lib64", extract::kPdfToText})
    rules.permit(program, read | Landlock::kExecute);
  rules.permit(extract::extractor_path(), read | Landlock::kExecute);
  return rules.apply();
}

// A sanitizer looks for leaks by tracing.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kForbidTracing = false;
#else
constexpr bool kForbidTracing = true;
#endif

/// Calls that no part of the server, and no library of it, makes.
constexpr int kForbidden[] = {
    SCMP_SYS(acct),
    SCMP_SYS(add_key),
    SCMP_SYS(adjtimex),
    SCMP_SYS(bpf),
    SCMP_SYS(chroot),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(clock_settime),
    SCMP_SYS(delete_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fsopen),
    SCMP_SYS(init_module),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(ioperm),
    SCMP_SYS(iopl),
    SCMP_SYS(kcmp),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),
    SCMP_SYS(mount),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(open_tree),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(pivot_root),
    SCMP_SYS(quotactl),
    SCMP_SYS(reboot),
    SCMP_SYS(request_key),
    SCMP_SYS(setdomainname),
    SCMP_SYS(sethostname),
    SCMP_SYS(setns),
    SCMP_SYS(settimeofday),
    SCMP_SYS(swapoff),
    SCMP_SYS(swapon),
    SCMP_SYS(syslog),
    SCMP_SYS(umount2),
    SCMP_SYS(unshare),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(vhangup),
};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};

Status forbid_calls() {
  const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return fail(ErrorKind::not_supported, "seccomp cannot be used");
  const auto forbid = [&](int call) {
    // A call that this architecture does not have is no error.
    return call < 0 ||
           seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0, nullptr) == 0;
  };
  bool done = true;
  for (const int call : kForbidden) done = done && forbid(call);
  if (kForbidTracing)
    for (const int call : {SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv)})
      done = done && forbid(call);
  const int error = done ? seccomp_load(filter.get()) : -EINVAL;
  if (error != 0)
    return fail(ErrorKind::not_supported, fmt::format("seccomp cannot be used ({})", -error));
  return {};
}

}  // namespace

Status confine(const config::Config& config, const WrittenPlaces& places) {
  if (!config.confine) return {};
  // What is to be written must be there, or there could be no rule for it.
  if (Status made = make_data_dir(config.data_dir); !made) return made;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return fail(ErrorKind::not_supported, "no_new_privs cannot be set");
  Status files = restrict_files(config, places);
  if (!files && files.error().kind != ErrorKind::not_supported) return files;
  const Status calls = forbid_calls();
  if (files && calls) {
    log::info("the process is confined: it changes files in {} only", config.data_dir);
    return {};
  }
  log::info("the process is confined in part: {}", (files ? calls.error() : files.error()).text);
  return {};
}

}  // namespace posthorn::app
