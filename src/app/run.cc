#include <csignal>
#include <cstdlib>

#include "app/notify.h"
#include "app/server.h"
#include "async/event.h"
#include "async/gate.h"
#include "async/run.h"
#include "async/signals.h"
#include "base/log.h"

namespace posthorn::app {
namespace {

constexpr std::chrono::seconds kGrace(10);

void take_new_config(Server& server, const std::function<Result<config::Config>()>& reload_config) {
  notify_manager("RELOADING=1");
  const Result<config::Config> fresh = reload_config();
  if (fresh) {
    server.reload(*fresh);
    log::info("configuration and certificates read again");
  } else {
    log::error("the configuration stays as it was: {}", fresh.error().text);
  }
  notify_manager("READY=1");
}

async::Task<void> run(Server& server,
                      const std::function<Result<config::Config>()>& reload_config) {
  async::Event something;
  int ends = 0;
  bool reload = false;
  const async::Signals signals({SIGTERM, SIGINT, SIGHUP}, [&](int number) {
    if (number == SIGHUP) {
      reload = true;
    } else if (++ends > 1) {
      std::_Exit(1);  // Somebody is in a hurry; what was acknowledged is on disk.
    }
    something.set();
  });
  async::Gate gate;
  gate.spawn(server.keep_house());
  notify_manager("READY=1");
  while (ends == 0) {
    co_await something.wait();
    if (std::exchange(reload, false)) take_new_config(server, reload_config);
  }
  log::info("stopping");
  notify_manager("STOPPING=1");
  co_await server.stop(kGrace);
  co_await gate.wait_empty();
}

}  // namespace

void run_until_signal(Server& server, std::function<Result<config::Config>()> reload_config) {
  async::run_blocking(run(server, reload_config));
}

}  // namespace posthorn::app
