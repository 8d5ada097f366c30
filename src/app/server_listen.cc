#include "app/http_routes.h"
#include "app/server_state.h"
#include "app/services.h"
#include "base/log.h"

// What the server listens on, and who serves what comes from there.
namespace posthorn::app {
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

}  // namespace posthorn::app
