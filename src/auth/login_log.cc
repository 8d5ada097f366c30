#include "auth/login_log.h"

#include "auth/peer.h"
#include "base/log_event.h"

namespace posthorn::auth {
namespace {

log::Event about(std::string_view what, const Source& source) {
  log::Event event(what);
  if (!source.protocol.empty()) event.word("protocol", source.protocol);
  event.session(source.session).peer(source.peer).said("mechanism", source.mechanism);
  return event;
}

}  // namespace

void LoginLog::success(const Source& source, const Identity& identity, std::string_view user) {
  count(source, "success", "");
  log::Event event = about("login", source);
  event.word("account", to_hex(identity.account));
  if (identity.app_password != 0) event.number("app_password", identity.app_password);
  if (identity.master)
    event.word("master_account", to_hex(identity.master->account))
        .said("master", identity.master->name);
  // Whoever reads somebody else's mail must be found afterwards.
  event.said("user", user).write(identity.master ? log::Level::warning : log::Level::info);
}

void LoginLog::failure(const Source& source, std::string_view reason, std::string_view user) {
  count(source, "failure", reason);
  about("login failed", source)
      .word("reason", reason)
      .said("user", user)
      .write(log::Level::warning, network_of(source.peer));
}

void LoginLog::malformed(const Source& source, std::string_view reason, std::size_t octets) {
  count(source, "failure", reason);
  about("login failed", source)
      .word("reason", reason)
      .number("octets", octets)
      // They have an allowance of their own, so that they cannot hide failures of real names.
      .write(log::Level::warning, network_of(source.peer) + " malformed");
}

void LoginLog::refusal(const Source& source, std::string_view reason, std::string_view user) {
  count(source, "refused", reason);
  about("login refused", source)
      .word("reason", reason)
      .said("user", user)
      .write(log::Level::warning, network_of(source.peer));
}

void LoginLog::count(const Source& source, std::string_view outcome, std::string_view reason) {
  const MutexLock lock(mutex_);
  ++counts_[{source.protocol, std::string(outcome), std::string(reason)}];
}

std::map<LoginLog::Key, std::uint64_t> LoginLog::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

}  // namespace posthorn::auth
