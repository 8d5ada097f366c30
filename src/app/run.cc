#include <sys/resource.h>

#include <csignal>
#include <cstdlib>

#include "app/machine/deadline.h"
#include "app/machine/notify.h"
#include "app/server.h"
#include "async/event.h"
#include "async/gate.h"
#include "async/run.h"
#include "async/signals.h"
#include "base/log.h"

namespace posthorn::app {
namespace {

constexpr std::chrono::seconds kGrace(10);
/// The maximum time from the signal to the end of the process (docs/operating.md, "Stopping").
constexpr std::chrono::seconds kLongestEnd(45);

void take_new_config(Server& server, const RunHooks& hooks) {
  notify_manager("RELOADING=1");
  const Result<config::Config> fresh = hooks.reload_config();
  if (fresh) {
    server.reload(*fresh);
    log::info("the configuration and the certificates have been reloaded");
  } else {
    log::error("the configuration was not reloaded: {}", fresh.error().text);
  }
  notify_manager("READY=1");
}

async::Task<Status> run(Server& server, const RunHooks& hooks) {
  async::Event something;
  int ends = 0;
  bool reload = false;
  const async::Signals signals({SIGTERM, SIGINT, SIGHUP}, [&](int number) {
    if (number == SIGHUP) {
      reload = true;
    } else if (++ends > 1) {
      std::_Exit(1);  // A second signal. Acknowledged changes are on disk.
    }
    something.set();
  });
  async::Gate gate;
  gate.spawn(server.keep_house());
  // Any program that learns that the server is ready may stop it at once.
  Status ready = hooks.on_ready();
  if (ready) notify_manager("READY=1");
  while (ready && ends == 0) {
    co_await something.wait();
    if (std::exchange(reload, false)) take_new_config(server, hooks);
  }
  log::info("stopping");
  end_within(kLongestEnd);
  notify_manager("STOPPING=1");
  co_await server.stop(kGrace);
  co_await gate.wait_empty();
  co_return ready;
}

}  // namespace

Status run_until_signal(Server& server, const RunHooks& hooks) {
  // A core dump would contain mail, and the keys and passwords in use.
  constexpr rlimit kNoCore{0, 0};
  ::setrlimit(RLIMIT_CORE, &kNoCore);
  return async::run_blocking(run(server, hooks));
}

}  // namespace posthorn::app
