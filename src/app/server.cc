#include "app/server.h"

#include <sys/stat.h>

#include <atomic>
#include <ctime>

#include "admin/admin_server.h"
#include "app/accounts.h"
#include "app/certificates.h"
#include "app/data_dir.h"
#include "app/decoys.h"
#include "app/descriptors.h"
#include "app/domains.h"
#include "app/http_routes.h"
#include "app/metrics/collect.h"
#include "app/options.h"
#include "app/services.h"
#include "app/snapshot_place.h"
#include "app/token_keys.h"
#include "app/tracer.h"
#include "app/without_scram.h"
#include "async/event.h"
#include "async/gate.h"
#include "async/wait.h"
#include "auth/authenticator.h"
#include "auth/session_limits.h"
#include "auth/throttle.h"
#include "base/log.h"
#include "base/log_event.h"
#include "net/listener.h"
#include "relay/local_accounts.h"
#include "relay/runner.h"
#include "server/frame/transport.h"
#include "server/http/http_server.h"
#include "server/imap/imap_server.h"
#include "server/lmtp/lmtp_server.h"
#include "server/mta/auth_server.h"
#include "server/mta/map_server.h"
#include "server/mta/policy_server.h"
#include "server/mta/user_server.h"
#include "server/pop3/pop3_server.h"
#include "server/submission/submission_server.h"

namespace posthorn::app {

using admin::AdminServer;
using admin::LocalAdmin;
using server::frame::Transport;
using server::http::HttpServer;
using server::imap::ImapServer;
using server::lmtp::LmtpServer;
using server::pop3::Pop3Server;
using server::submission::SubmissionServer;

struct Server::State {
  State(ServerSettings with, const Descriptors& given, std::unique_ptr<Core> data,
        std::unique_ptr<Certificates> tls, std::unique_ptr<Decoys> unknown,
        relay::RelayOptions to_relay)
      : settings(std::move(with)),
        descriptors(given),
        core(std::move(data)),
        certificates(std::move(tls)),
        decoys(std::move(unknown)),
        without_scram(core->store(), decoys->key()),
        accounts(core->store(), {settings.config.domains, settings.any_user,
                                 [this](const AccountId& id) { without_scram.forget(id); }}),
        domains(core->store(), settings.config.domains),
        throttle(throttle_limits(settings.config), system_clock()),
        hashing(core->hashing(), {}),
        authenticator(accounts, throttle, hashing, system_clock(), sasl_options()),
        limits(session_bounds(settings.config, descriptors)),
        imap({core->store(), authenticator, limits, [this] { return certificates->current(); }},
             imap_options(settings.config)),
        pop3({core->store(), authenticator, limits, [this] { return certificates->current(); }},
             pop3_options(settings.config)),
        lmtp({core->store(), limits,
              [this](std::string address) { return accounts.find_recipient(std::move(address)); },
              [this] { return certificates->current(); }},
             lmtp_options(settings.config)),
        mta{core->store(), authenticator,
            [this](std::string address) { return find_address(std::move(address)); },
            [this](std::string domain) { return domains.is_ours(std::move(domain)); }},
        mta_logins(mta, mta_options(settings.config)),
        mta_users(mta, mta_options(settings.config)),
        mta_maps(mta, mta_options(settings.config)),
        mta_policy(mta, mta_options(settings.config)),
        can_relay(to_relay.endpoint != nullptr),
        submission(
            {core->store(), authenticator, limits,
             [this](std::string address) { return find_address(std::move(address)); },
             [this](std::string domain) { return domains.is_ours(std::move(domain)); },
             [this] { return can_relay.load(); }, [this] { return certificates->current(); }},
            submission_options(settings.config)),
        http({limits, [this] { return certificates->current(); }}, {}),
        metrics({limits, {}}, {}, "metrics"),
        local_mail(
            core->store(), [this](std::string address) { return find_address(std::move(address)); },
            [this](std::string domain) { return domains.is_ours(std::move(domain)); },
            settings.config.lmtp.detail_separator),
        queue(core->store(), core->loops().at(core->loops().size() - 1), local_mail,
              std::move(to_relay)),
        tracer(limits, settings.config.data_dir + "/traces"),
        snapshots(*core, settings.config),
        admin(core->store(), admin_options()) {
    metrics.set_options({.handler = metrics_handler(watched())});
    trust_proxies();
  }

  [[nodiscard]] auth::Authenticator::Options sasl_options() {
    auto options = authenticator_options(settings.config, decoys->key(), tokens);
    options.sasl.decoy_shape = [this](std::string_view user) {
      std::string name = accounts.whole_name(user);
      const std::uint32_t iterations = decoys->iterations_of(name);
      return auth::DecoyShape{std::move(name), iterations};
    };
    options.decoy_hash = [this](std::string_view user) {
      return without_scram.decoy_for(accounts.whole_name(user));
    };
    options.sasl.offers_scram = [this] {
      const config::OfferScram offer = offer_scram.load();
      return offer == config::OfferScram::always ||
             (offer == config::OfferScram::automatic && !without_scram.any());
    };
    options.upgrade_iterations = [this] { return upgrade_iterations.load(); };
    take_login_settings();
    return options;
  }

  /// The settings of logins that can change while the server runs.
  void take_login_settings() {
    const config::Auth& from = settings.config.auth;
    offer_scram = from.scram;
    upgrade_iterations = from.upgrade_hashes ? static_cast<std::uint32_t>(from.iterations) : 0;
  }

  [[nodiscard]] LocalAdmin::Options admin_options() {
    return {
        .iterations = static_cast<std::uint32_t>(settings.config.auth.iterations),
        .max_message_octets = settings.config.limits.message_size,
        .hash_limits = hash_limits(settings.config),
        .login_changed =
            [this](const AccountId& id) {
              authenticator.forget(id);
              limits.end_sessions(id);
            },
        .sessions = &limits,
        .trace = [this](AccountId id, std::string name,
                        std::chrono::seconds time) { return trace(id, std::move(name), time); },
        .data_dir = settings.config.data_dir,
        .take_snapshot = [this] { return snapshots.take(); },
        .app_password_removed =
            [this](const AccountId& id, std::uint64_t which) { limits.end_sessions(id, which); },
        .scram_changed = [this](AccountId id) { return without_scram.refresh(id); }};
  }

  [[nodiscard]] Watched watched() {
    return {.protocols =
                [this] {
                  std::vector<ProtocolNumbers> all;
                  for_each_server([&](const auto& server) { all.push_back(numbers_of(server)); });
                  return all;
                },
            .authenticator = authenticator,
            .limits = limits,
            .engine = core->engine_meter(),
            .house = house,
            .queue = queue,
            .store = core->store(),
            .days_of_certificate = [this]() -> std::optional<int> {
              const auto tls = certificates->current();
              if (tls == nullptr) return std::nullopt;
              return tls->days_to_expiry();
            },
            .data_dir = settings.config.data_dir,
            .store_dir = store_path(settings.config)};
  }

  /// Calls `work` with the server of each protocol.
  template <class Work>
  void for_each_server(Work work) {
    work(imap);
    work(pop3);
    work(submission);
    work(lmtp);
    work(http);
    work(metrics);
    work(mta_logins);
    work(mta_users);
    work(mta_maps);
    work(mta_policy);
  }

  void trust_proxies() {
    const auto proxies =
        std::make_shared<const Networks>(networks_of(settings.config.limits.trusted_proxies));
    for_each_server(
        [&](auto& server) { server.set_proxies(proxies->empty() ? nullptr : proxies); });
  }

  /// The tracer belongs to the first loop.
  async::Task<Result<std::string>> trace(AccountId id, std::string name,
                                         std::chrono::seconds time) {
    async::Loop& caller = *async::Loop::current();
    co_await core->loops().at(0).enter();
    auto file = tracer.start(id, std::move(name), time);
    co_await caller.enter();
    co_return file;
  }

  ServerSettings settings;
  const Descriptors descriptors;
  std::unique_ptr<Core> core;
  std::unique_ptr<Certificates> certificates;
  std::unique_ptr<Decoys> decoys;
  WithoutScram without_scram;
  Accounts accounts;
  Domains domains;
  auth::Throttle throttle;
  std::atomic<config::OfferScram> offer_scram = config::OfferScram::automatic;
  std::atomic<std::uint32_t> upgrade_iterations = 0;
  const std::shared_ptr<auth::TokenPlace> tokens = std::make_shared<auth::TokenPlace>();
  auth::HashQueue hashing;
  auth::Authenticator authenticator;
  auth::SessionLimits limits;
  ImapServer imap;
  Pop3Server pop3;
  LmtpServer lmtp;
  const server::mta::MtaContext mta;
  server::mta::AuthServer mta_logins;
  server::mta::UserServer mta_users;
  server::mta::MapServer mta_maps;
  server::mta::PolicyServer mta_policy;
  std::atomic<bool> can_relay;
  SubmissionServer submission;
  HttpServer http;
  HttpServer metrics;
  Housekeeping house;
  relay::LocalAccounts local_mail;
  relay::Runner queue;
  Tracer tracer;
  SnapshotPlace snapshots;
  AdminServer admin;
  std::vector<std::unique_ptr<net::Listener>> listeners;
  Addresses addresses;
  bool stopping = false;
  async::Event stop_keeping_house;
  async::Event house_is_kept;
  bool keeping_house = false;

  /// The protocol of a listener, and where its port is recorded.
  struct Spoken {
    net::OnConnection on_connection;
    std::uint16_t* port;
  };
  /// Returns the protocol for a socket that was passed by name.
  std::optional<Spoken> spoken_on(std::string_view name);

  /// Finds the owner of a sender's or recipient's address. If accounts are created when first used
  /// (AccountsOptions::any_user), this applies only to names in our domains.
  async::Task<Result<std::optional<store::AddressEntry>>> find_address(std::string address);
  Status listen();
  Status listen_inherited();
  void offer_services();
  Status add(Result<std::unique_ptr<net::Listener>> listener, std::uint16_t* port);
  Status add_all(const std::vector<config::Endpoint>& endpoints, std::uint16_t* port,
                 const net::OnConnection& on_connection);

  /// Passes the connections that a listener accepts to the server of a protocol.
  template <class Endpoint>
  static net::OnConnection to(Endpoint& server, Transport transport) {
    return [&server, transport](std::unique_ptr<net::Stream> stream) {
      server.accept(std::move(stream), transport);
    };
  }
  net::OnConnection to_admin() {
    return [this](std::unique_ptr<net::Stream> s) { admin.accept(std::move(s)); };
  }
};

namespace {

/// Adds advice to the error of a failed listen.
std::unexpected<Error> explain(Error error, const config::Endpoint& endpoint) {
  if (error.kind == ErrorKind::no_permission && endpoint.port < 1024)
    error.text +=
        ": ports below 1024 require root or CAP_NET_BIND_SERVICE; `posthorn init --high-ports` "
        "writes a configuration with other ports";
  return std::unexpected(std::move(error));
}

}  // namespace

Status Server::State::add(Result<std::unique_ptr<net::Listener>> listener, std::uint16_t* port) {
  if (!listener) return pass(listener);
  log::info("listening on {}", (*listener)->name());
  if (port != nullptr && *port == 0) *port = (*listener)->port();
  listeners.push_back(std::move(*listener));
  return {};
}

Status Server::State::add_all(const std::vector<config::Endpoint>& endpoints, std::uint16_t* port,
                              const net::OnConnection& on_connection) {
  for (const config::Endpoint& endpoint : endpoints) {
    Status added = add(net::Listener::tcp(core->loops(), config::to_text(endpoint), on_connection,
                                          descriptors.below),
                       port);
    if (!added) return explain(std::move(added.error()), endpoint);
  }
  return {};
}

async::Task<Result<std::optional<store::AddressEntry>>> Server::State::find_address(
    std::string address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string::npos) co_return co_await accounts.find_recipient(std::move(address));
  auto ours = co_await domains.is_ours(address.substr(at + 1));
  if (!ours) co_return pass(ours);
  if (*ours) co_return co_await accounts.find_recipient(std::move(address));
  co_return co_await core->store().find_address(address);
}

std::optional<Server::State::Spoken> Server::State::spoken_on(std::string_view name) {
  if (name.starts_with("imaps")) return Spoken{to(imap, Transport::implicit_tls), &addresses.imaps};
  if (name.starts_with("imap")) return Spoken{to(imap, Transport::plain), &addresses.imap};
  if (name.starts_with("pop3s")) return Spoken{to(pop3, Transport::implicit_tls), &addresses.pop3s};
  if (name.starts_with("pop3")) return Spoken{to(pop3, Transport::plain), &addresses.pop3};
  if (name.starts_with("submissions"))
    return Spoken{to(submission, Transport::implicit_tls), &addresses.submissions};
  if (name.starts_with("submission"))
    return Spoken{to(submission, Transport::plain), &addresses.submission};
  if (name.starts_with("lmtp")) return Spoken{to(lmtp, Transport::plain), &addresses.lmtp};
  if (name.starts_with("https")) return Spoken{to(http, Transport::implicit_tls), &addresses.https};
  if (name.starts_with("metrics")) return Spoken{to(metrics, Transport::plain), &addresses.metrics};
  if (name.starts_with("http")) return Spoken{to(http, Transport::plain), &addresses.http};
  return std::nullopt;
}

Status Server::State::listen_inherited() {
  std::vector<net::InheritedSocket> sockets = net::take_inherited_sockets();
  sockets.insert(sockets.end(), settings.sockets.begin(), settings.sockets.end());
  for (const net::InheritedSocket& socket : sockets) {
    std::optional<Spoken> spoken = spoken_on(socket.name);
    if (!spoken) {
      log::warning("an inherited socket has the unknown name '{}' and is ignored", socket.name);
      continue;
    }
    Status added =
        add(net::Listener::inherited(core->loops(), socket.fd, std::move(spoken->on_connection),
                                     descriptors.below),
            spoken->port);
    if (!added) return added;
  }
  return {};
}

Status Server::State::listen() {
  const config::Config& config = settings.config;
  Status status = listen_inherited();
  if (status) status = add_all(config.listen.imap, &addresses.imap, to(imap, Transport::plain));
  if (status)
    status =
        add_all(config.listen.submission, &addresses.submission, to(submission, Transport::plain));
  // Without a certificate, the TLS ports cannot be served.
  if (status && certificates->current() != nullptr)
    status = add_all(config.listen.imaps, &addresses.imaps, to(imap, Transport::implicit_tls));
  if (status) status = add_all(config.listen.pop3, &addresses.pop3, to(pop3, Transport::plain));
  if (status && certificates->current() != nullptr)
    status = add_all(config.listen.pop3s, &addresses.pop3s, to(pop3, Transport::implicit_tls));
  if (status && certificates->current() != nullptr)
    status = add_all(config.listen.submissions, &addresses.submissions,
                     to(submission, Transport::implicit_tls));
  if (status && certificates->current() != nullptr)
    status = add_all(config.listen.https, &addresses.https, to(http, Transport::implicit_tls));
  if (status) status = add_all(config.listen.http, &addresses.http, to(http, Transport::plain));
  if (status)
    status = add_all(config.listen.metrics, &addresses.metrics, to(metrics, Transport::plain));
  if (status) status = add_all(config.listen.lmtp, &addresses.lmtp, to(lmtp, Transport::plain));
  const auto add_socket = [&](const std::string& configured, std::string& address, auto& server) {
    address = config::path_in(config, configured);
    if (status && !address.empty())
      status = add(net::Listener::unix_socket(core->loops(), address, 0660,
                                              to(server, Transport::plain), descriptors.below),
                   nullptr);
  };
  add_socket(config.listen.lmtp_socket, addresses.lmtp_socket, lmtp);
  add_socket(config.listen.auth_socket, addresses.auth_socket, mta_logins);
  add_socket(config.listen.user_socket, addresses.user_socket, mta_users);
  add_socket(config.listen.map_socket, addresses.map_socket, mta_maps);
  add_socket(config.listen.policy_socket, addresses.policy_socket, mta_policy);
  addresses.admin_socket = config::path_in(config, config.listen.admin_socket);
  if (status && !addresses.admin_socket.empty())
    status =
        add(net::Listener::unix_socket(core->loops(), addresses.admin_socket, 0600, to_admin()),
            nullptr);
  offer_services();
  return status;
}

void Server::State::offer_services() {
  http.set_options(
      http_options(services(settings.config, addresses, certificates->current() != nullptr)));
}

Result<std::unique_ptr<Server>> Server::start(ServerSettings settings) {
  const config::Config& config = settings.config;
  // What this process creates is for its user only; sockets get their modes explicitly.
  ::umask(S_IRWXG | S_IRWXO);
  if (Status made = make_data_dir(config.data_dir); !made) return pass(made);
  auto secret = load_secret(config.data_dir);
  if (!secret) return pass(secret);
  auto decoys = Decoys::open(config.data_dir, static_cast<std::uint32_t>(config.auth.iterations),
                             std::move(*secret), system_clock());
  if (!decoys) return pass(decoys);
  auto certificates = Certificates::open(config);
  if (!certificates) return pass(certificates);
  auto to_relay = relay_options(config);
  if (!to_relay) return pass(to_relay);
  auto tokens = load_token_verifier(config);
  if (!tokens) return pass(tokens);
  // Before the store opens files.
  auto given = claim_descriptors(config);
  if (!given) return pass(given);
  settings.config.storage.max_open_files = given->engine_files;
  auto core = Core::open(config, settings.engine, engine::IfAbsent::create, settings.losses);
  if (!core) return pass(core);
  std::unique_ptr<Server> server(new Server(
      std::make_unique<State>(std::move(settings), *given, std::move(*core),
                              std::move(*certificates), std::move(*decoys), std::move(*to_relay))));
  server->state_->tokens->set(std::move(*tokens));
  if (Status loaded = async::wait(server->state_->without_scram.load()); !loaded)
    return pass(loaded);
  if (Status listening = server->state_->listen(); !listening) return pass(listening);
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
  state_->admin.set_options(state_->admin_options());
  if (Status noted = state_->decoys->set(static_cast<std::uint32_t>(config.auth.iterations));
      !noted)
    log::error("auth.iterations was not noted for names of no account: {}", noted.error().text);
  state_->accounts.set_domains(config.domains);
  state_->core->store().set_policy(store_policy(config));
  if (auto to_relay = relay_options(config)) {
    state_->can_relay = to_relay->endpoint != nullptr;
    state_->queue.set_options(std::move(*to_relay));
  } else {
    log::error("the settings of the relay were not reloaded: {}", to_relay.error().text);
  }
  if (Status read = state_->certificates->reload(config); !read)
    log::error("the certificates were not reloaded: {}", read.error().text);
  if (auto tokens = load_token_verifier(config)) {
    state_->tokens->set(std::move(*tokens));
  } else {
    log::error("the keys of tokens were not reloaded: {}", tokens.error().text);
  }
  state_->offer_services();
}

async::Task<void> Server::keep_house() {
  constexpr auto kInterval = std::chrono::minutes(5);
  constexpr auto kTicketKeys = std::chrono::hours(12);
  auto tickets_since = std::chrono::steady_clock::now();
  State& state = *state_;
  state.keeping_house = true;
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
  state.keeping_house = false;
  state.house_is_kept.set();
}

async::Task<void> Server::stop(std::chrono::milliseconds grace) {
  State& state = *state_;
  state.stopping = true;
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
