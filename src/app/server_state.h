#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/admin_server.h"
#include "app/accounts/accounts.h"
#include "app/accounts/decoys.h"
#include "app/accounts/domains.h"
#include "app/accounts/without_scram.h"
#include "app/capability_names.h"
#include "app/keys/certificates.h"
#include "app/keys/srs_keys.h"
#include "app/keys/token_keys.h"
#include "app/machine/descriptors.h"
#include "app/machine/disk_watch.h"
#include "app/metrics/collect.h"
#include "app/options.h"
#include "app/server.h"
#include "app/snapshot_place.h"
#include "app/tracer.h"
#include "async/event.h"
#include "auth/authenticator.h"
#include "auth/session_limits.h"
#include "auth/throttle.h"
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
#include "store/discarded.h"
#include "store/low_space.h"
#include "store/removed/removed_mailbox.h"

// For server.cc and server_listen.cc only: the parts of the server, and how they are connected.
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
        directory::Chain directories, std::unique_ptr<SrsKeyFile> return_path_keys,
        std::unique_ptr<TokenKeys> keys_of_tokens, relay::RelayOptions to_relay)
      : settings(std::move(with)),
        descriptors(given),
        core(std::move(data)),
        certificates(std::move(tls)),
        decoys(std::move(unknown)),
        srs_keys(std::move(return_path_keys)),
        token_keys(std::move(keys_of_tokens)),
        without_scram(core->store(), decoys->key()),
        accounts(core->store(),
                 {settings.config.domains, settings.any_user,
                  [this](const AccountId& id) { without_scram.forget(id); },
                  [this](const AccountId& id) { end_sessions(id); }},
                 std::move(directories)),
        domains(core->store(), settings.config.domains,
                [this](std::string domain) { return accounts.has_domain(std::move(domain)); }),
        forwarder(
            core->store(), [this] { return srs_keys->current(); },
            [this](std::string domain) { return domains.is_ours(std::move(domain)); },
            forwarding_rules(settings.config)),
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
              [this] { return certificates->current(); }, forwarder},
             lmtp_options(settings.config)),
        mta{core->store(), authenticator,
            [this](std::string address) { return find_address(std::move(address)); },
            [this](std::string domain) { return domains.is_ours(std::move(domain)); }, forwarder},
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
            forwarder, [this](std::string address) { return find_address(std::move(address)); },
            [this](std::string domain) { return domains.is_ours(std::move(domain)); },
            settings.config.lmtp.detail_separator),
        queue(core->store(), core->loops().at(core->loops().size() - 1), local_mail,
              std::move(to_relay)),
        tracer(limits, settings.config.data_dir + "/traces"),
        snapshots(*core, settings.config),
        disk(measure_space(settings.config.data_dir), min_free(settings.config),
             [this](bool low) { store::set_low_on_space(core->store(), low); }),
        admin(core->store(), admin_options()) {
    metrics.set_options({.handler = metrics_handler(watched())});
    trust_proxies();
    take_store_policy();
  }

  [[nodiscard]] auth::Authenticator::Options sasl_options() {
    auto options = authenticator_options(settings.config, decoys->key(), tokens);
    options.sasl.decoy_shape = [this](std::string_view user) {
      std::string name = accounts.whole_name(user);
      const Decoys::Shape shape = decoys->shape_of(name);
      // A new number of iterations comes with a new salt.
      if (shape.since != 0) name += fmt::format(" {}", shape.since);
      return auth::DecoyShape{std::move(name), shape.iterations};
    };
    options.decoy_hash = [this](std::string_view user) {
      auto hash = accounts.decoy_for(user);
      return hash ? std::move(hash) : without_scram.decoy_for(accounts.whole_name(user));
    };
    options.sasl.offers_scram = [this] {
      const config::OfferScram offer = offer_scram.load();
      return offer == config::OfferScram::always ||
             (offer == config::OfferScram::automatic && !without_scram.any() &&
              !accounts.has_directories());
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
        .login_changed = [this](const AccountId& id) { end_sessions(id); },
        .sessions = &limits,
        .trace = [this](AccountId id, std::string name,
                        std::chrono::seconds time) { return trace(id, std::move(name), time); },
        .data_dir = settings.config.data_dir,
        .take_snapshot = [this] { return snapshots.take(); },
        .app_password_removed = [this](const AccountId& id,
                                       std::uint64_t which) { limits.end_sessions(id, which); },
        .scram_changed = [this](AccountId id) { return without_scram.refresh(id); },
        .forget = [this](std::string name) { return forget(std::move(name)); },
        .capabilities = capability_names(),
        .can_relay = can_relay.load(),
        .is_our_domain = [this](std::string domain) { return domains.is_ours(std::move(domain)); },
        .max_outside = static_cast<std::uint32_t>(settings.config.forwarding.max_addresses),
        .rotate_srs_key =
            [this](LocalAdmin::OldKeys old) {
              return srs_keys->rotate(old == LocalAdmin::OldKeys::forget ? SrsKeyFile::Old::forget
                                                                         : SrsKeyFile::Old::keep);
            }};
  }

  /// The password or the state of an account has changed.
  void end_sessions(const AccountId& id) {
    authenticator.forget(id);
    limits.end_sessions(id);
  }

  /// Drops what is remembered of somebody whom a directory knows.
  async::Task<Status> forget(std::string name) {
    const auto account = co_await accounts.forget(std::move(name));
    if (!account) co_return std::unexpected(account.error());
    if (*account) authenticator.forget(**account);
    co_return Status();
  }

  /// Sets the settings of the store that can change while it is open.
  void take_store_policy() {
    store::StorePolicy policy = store_policy(settings.config);
    if (accounts.has_directories()) {
      auto sharing = std::make_shared<store::SharingPolicy>(*policy.sharing);
      sharing->directory_groups = [groups = accounts.groups()](std::string_view login) {
        return groups->find(login);
      };
      policy.sharing = std::move(sharing);
    }
    core->store().set_policy(policy);
    store::set_retention(core->store(), retention_policy(settings.config));
    store::set_kept_factor(core->store(),
                           static_cast<std::uint32_t>(settings.config.quota.kept_factor));
    store::show_removed_mailboxes(core->store(), settings.config.mailboxes.recently_deleted);
  }

  [[nodiscard]] Watched watched() {
    return {.protocols =
                [this] {
                  std::vector<ProtocolNumbers> all;
                  for_each_server([&](const auto& server) { all.push_back(numbers_of(server)); });
                  return all;
                },
            .authenticator = authenticator,
            .directories = accounts.chain(),
            .tokens = token_keys->numbers(),
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
  std::unique_ptr<SrsKeyFile> srs_keys;
  std::unique_ptr<TokenKeys> token_keys;
  WithoutScram without_scram;
  Accounts accounts;
  Domains domains;
  service::Forwarder forwarder;
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
  DiskWatch disk;
  AdminServer admin;
  std::vector<std::unique_ptr<net::Listener>> listeners;
  Addresses addresses;
  bool stopping = false;
  async::Event stop_keeping_house;
  async::Event house_is_kept;
  async::Event stop_watching_disk;
  async::Event stop_watching_users;
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

}  // namespace posthorn::app
