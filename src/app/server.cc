#include "app/server.h"

#include <sys/stat.h>

#include <ctime>
#include <set>

#include "admin/audit.h"
#include "app/accounts/directories.h"
#include "app/keys/token_keys.h"
#include "app/machine/data_dir.h"
#include "app/options.h"
#include "app/server_state.h"
#include "async/gate.h"
#include "async/wait.h"
#include "base/log.h"
#include "store/nodes/node_list.h"

namespace posthorn::app {
namespace {

Decoys::Settings decoy_settings(const config::Config& config) {
  return {static_cast<std::uint32_t>(config.auth.iterations), config.auth.upgrade_hashes};
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerSettings settings) {
  const config::Config& config = settings.config;
  // What this process creates is for its user only; sockets get their modes explicitly.
  ::umask(S_IRWXG | S_IRWXO);
  if (Status made = make_data_dir(config.data_dir); !made) return pass(made);
  auto secret = load_secret(config.data_dir);
  if (!secret) return pass(secret);
  auto decoys =
      Decoys::open(config.data_dir, decoy_settings(config), std::move(*secret), system_clock());
  if (!decoys) return pass(decoys);
  auto srs_keys = SrsKeyFile::open(config.data_dir, system_clock());
  if (!srs_keys) return pass(srs_keys);
  auto certificates = Certificates::open(config);
  if (!certificates) return pass(certificates);
  auto to_relay = relay_options(config);
  if (!to_relay) return pass(to_relay);
  auto token_keys = std::make_unique<TokenKeys>();
  auto tokens = token_keys->load(config);
  if (!tokens) return pass(tokens);
  auto directories = make_directories(config, system_clock());
  if (!directories) return pass(directories);
  // Before the store opens files.
  auto given = claim_descriptors(config);
  if (!given) return pass(given);
  settings.config.storage.max_open_files = given->engine_files;
  auto core = Core::open(config, settings.engine, engine::IfAbsent::create, settings.losses);
  if (!core) return pass(core);
  admin::log_kept_acts(config.data_dir);
  std::unique_ptr<Server> server(new Server(std::make_unique<State>(
      std::move(settings), *given, std::move(*core), std::move(*certificates), std::move(*decoys),
      std::move(*directories), std::move(*srs_keys), std::move(token_keys), std::move(*to_relay))));
  server->state_->tokens->set(std::move(*tokens));
  if (Status loaded = async::wait(server->state_->without_scram.load()); !loaded)
    return pass(loaded);
  if (Status listening = server->state_->listen(); !listening) return pass(listening);
  server->state_->disk.look();
  server->state_->queue.start();
  return server;
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  // Until the loops have ended, a connection may be on its way from a listener to its protocol.
  state_->listeners.clear();
  state_->core->loops().stop_and_join();
}

Core& Server::core() { return *state_->core; }
const Server::Addresses& Server::addresses() const { return state_->addresses; }
bool Server::is_self_signed() const { return state_->certificates->self_signed(); }

void Server::reload(const config::Config& config) {
  state_->settings.config = config;
  log::set_level(config.log.level);
  log::set_form(config.log.format);
  state_->trust_proxies();
  state_->imap.set_options(imap_options(config));
  state_->pop3.set_options(pop3_options(config));
  state_->lmtp.set_options(lmtp_options(config));
  state_->mta_logins.set_options(mta_options(config));
  state_->mta_users.set_options(mta_options(config));
  state_->mta_maps.set_options(mta_options(config));
  state_->mta_policy.set_options(mta_options(config));
  state_->submission.set_options(submission_options(config));
  state_->domains.set(config.domains);
  state_->take_login_settings();
  if (Status noted = state_->decoys->set(decoy_settings(config)); !noted)
    log::error("auth.iterations was not noted for names of no account: {}", noted.error().text);
  state_->accounts.set_domains(config.domains);
  state_->take_store_policy();
  state_->disk.set(min_free(config));
  state_->forwarder.set_rules(forwarding_rules(config));
  if (auto to_relay = relay_options(config)) {
    state_->can_relay = to_relay->endpoint != nullptr;
    state_->queue.set_options(std::move(*to_relay));
  } else {
    log::error("the settings of the relay were not reloaded: {}", to_relay.error().text);
  }
  state_->admin.set_options(state_->admin_options());
  if (Status read = state_->certificates->reload(config); !read)
    log::error("the certificates were not reloaded: {}", read.error().text);
  if (auto tokens = state_->token_keys->load(config)) {
    state_->tokens->set(std::move(*tokens));
  } else {
    log::error("the keys of tokens were not reloaded: {}", tokens.error().text);
  }
  state_->offer_services();
}

namespace {

/// Until `stop` is set.
async::Task<void> watch_disk(DiskWatch& disk, async::OffloadPool& pool, async::Event& stop) {
  constexpr auto kInterval = std::chrono::seconds(3);
  async::Timer timer;
  bool stopping = false;
  while (!stopping) {
    co_await async::offload(pool, [&] { disk.look(); });
    bool due = false;
    timer.set(kInterval, [&] {
      due = true;
      stop.set();
    });
    co_await stop.wait();
    stopping = !due;
  }
}

/// Until `stop` is set: a directory does not tell when it disables or removes somebody, so it is
/// asked about everybody who has a session, one after the other.
async::Task<void> watch_users(Accounts& accounts, auth::SessionLimits& limits, async::Event& stop) {
  async::Timer timer;
  while (true) {
    bool due = false;
    timer.set(accounts.look_again_after(), [&] {
      due = true;
      stop.set();
    });
    co_await stop.wait();
    if (!due) co_return;
    std::set<std::string> users;
    for (auth::SessionView& session : co_await limits.sessions(std::nullopt))
      users.insert(std::move(session.user));
    for (const std::string& user : users) {
      if (stop.is_set()) co_return;
      co_await accounts.look_again(user);
    }
  }
}

}  // namespace

namespace {

/// Until `stop` is set: says that this server lives, and takes over the work of those that do not.
async::Task<void> watch_nodes(store::Store& store, relay::Runner& queue, async::Event& stop) {
  // What nobody was seen to die for, such as the commit of a server that was not listed yet.
  constexpr auto kSearchEach = std::chrono::hours(1);
  auto searched = std::chrono::steady_clock::now();
  async::Timer timer;
  while (true) {
    const auto changed = co_await store.nodes().beat();
    if (!changed)
      log::warning("the list of nodes cannot be read: {} ({})", changed.error().text,
                   changed.error().cause);
    const auto now = std::chrono::steady_clock::now();
    if ((changed && *changed) || now - searched > kSearchEach) {
      searched = now;
      queue.look_again();
    }
    bool due = false;
    timer.set(store::NodeList::kEach, [&] {
      due = true;
      stop.set();
    });
    co_await stop.wait();
    if (!due) break;
  }
  store.nodes().leave();
}

}  // namespace

async::Task<void> Server::keep_house() {
  constexpr auto kInterval = std::chrono::minutes(5);
  constexpr auto kTicketKeys = std::chrono::hours(12);
  auto tickets_since = std::chrono::steady_clock::now();
  State& state = *state_;
  state.keeping_house = true;
  async::Gate beside;
  beside.spawn(watch_disk(state.disk, state.core->offload(), state.stop_watching_disk));
  if (state.accounts.has_directories())
    beside.spawn(watch_users(state.accounts, state.limits, state.stop_watching_users));
  async::Event stop_watching_nodes;
  if (state.core->store().engine().is_shared())
    beside.spawn(watch_nodes(state.core->store(), state.queue, stop_watching_nodes));
  async::Timer timer;
  while (!state.stopping) {
    timer.set(kInterval, [&state] { state.stop_keeping_house.set(); });
    co_await state.stop_keeping_house.wait();
    if (state.stopping) break;
    const auto now = std::chrono::steady_clock::now();
    // A certificate that was renewed is used without a signal.
    const bool changed = state.certificates->have_changed();
    if (changed || now - tickets_since >= kTicketKeys) {
      tickets_since = now;
      if (Status read = state.certificates->renew(); !read) {
        log::error("the certificates were not read again: {}", read.error().text);
      } else if (changed) {
        log::info("the certificates have changed and were read again");
      }
    }
    Status swept = co_await state.core->store().sweep();
    state.house.sweeps.add(std::chrono::steady_clock::now() - now);
    if (swept) {
      state.house.swept = std::time(nullptr);
    } else {
      state.house.failures.add();
      log::error("the sweep failed: {} ({})", swept.error().text, swept.error().cause);
    }
  }
  stop_watching_nodes.set();
  state.stop_watching_disk.set();
  state.stop_watching_users.set();
  co_await beside.wait_empty();
  state.keeping_house = false;
  state.house_is_kept.set();
}

async::Task<void> Server::stop(std::chrono::milliseconds grace) {
  State& state = *state_;
  state.stopping = true;
  state.token_keys->stop();
  for (const auto& listener : state.listeners) listener->stop();
  state.stop_keeping_house.set();
  // All servers stop concurrently and share one grace period. The queue stops too: mail submitted
  // meanwhile is on disk, and found at the next start.
  async::Gate ending;
  state.for_each_server([&](auto& server) { ending.spawn(server.stop(grace)); });
  ending.spawn(state.queue.stop(grace));
  co_await ending.wait_empty();
  co_await state.admin.stop();
  async::Loop& caller = *async::Loop::current();
  co_await state.core->loops().at(0).enter();
  state.tracer.stop();
  co_await caller.enter();
  if (state.keeping_house) co_await state.house_is_kept.wait();
  co_await state.core->close();
}

}  // namespace posthorn::app
