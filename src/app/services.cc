#include "app/services.h"

#include "app/keys/certificates.h"

namespace posthorn::app {
namespace {

using server::autoconfig::Kind;
using server::autoconfig::Protection;
using server::autoconfig::Services;

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

/// Collects the services that a configuration offers.
class Offer {
 public:
  Offer(const config::Config& config, bool has_tls)
      : config_(config), has_tls_(has_tls), services_{.hostname = host_name(config)} {
    services_.domains = config.domains;
  }

  /// The port of the first endpoint that clients can reach; 0 if there is none.
  [[nodiscard]] std::uint16_t port(const std::vector<config::Endpoint>& endpoints,
                                   std::uint16_t taken) const {
    if (endpoints.empty()) return taken;
    for (const config::Endpoint& endpoint : endpoints)
      if (is_loopback(services_.hostname) || !is_loopback(endpoint.host))
        return endpoint.port != 0 ? endpoint.port : taken;
    return 0;
  }
  [[nodiscard]] std::uint16_t tls_port(const std::vector<config::Endpoint>& endpoints,
                                       std::uint16_t taken) const {
    return has_tls_ ? port(endpoints, taken) : 0;
  }

  /// Adds two ports of one protocol: the one with TLS from the start, and the one that starts in
  /// clear.
  void add(Kind kind, std::uint16_t under_tls, std::uint16_t in_clear) {
    if (under_tls != 0) services_.offered.push_back({kind, Protection::tls, under_tls});
    if (in_clear == 0) return;
    if (has_tls_) {
      services_.offered.push_back({kind, Protection::starttls, in_clear});
    } else if (passwords_pass_in_clear()) {
      services_.offered.push_back({kind, Protection::none, in_clear});
    }
  }

  Services& services() { return services_; }

 private:
  [[nodiscard]] bool passwords_pass_in_clear() const {
    switch (config_.auth.allow_plaintext_without_tls) {
      case config::PlaintextLogin::never: return false;
      case config::PlaintextLogin::loopback: return is_loopback(services_.hostname);
      case config::PlaintextLogin::always: return true;
    }
    return false;
  }

  const config::Config& config_;
  const bool has_tls_;
  Services services_;
};

}  // namespace

Services services(const config::Config& config, const Server::Addresses& listening, bool has_tls) {
  const config::Listen& listen = config.listen;
  Offer offer(config, has_tls);
  offer.add(Kind::imap, offer.tls_port(listen.imaps, listening.imaps),
            offer.port(listen.imap, listening.imap));
  offer.add(Kind::pop3, offer.tls_port(listen.pop3s, listening.pop3s),
            offer.port(listen.pop3, listening.pop3));
  offer.add(Kind::submission, offer.tls_port(listen.submissions, listening.submissions),
            offer.port(listen.submission, listening.submission));
  offer.services().https_port = offer.tls_port(listen.https, listening.https);
  return std::move(offer.services());
}

}  // namespace posthorn::app
