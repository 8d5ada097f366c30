#include "app/options.h"

#include "app/keys/certificates.h"
#include "app/mta/mta_lines.h"
#include "text/ascii.h"

namespace posthorn::app {
namespace {

std::chrono::seconds seconds(config::Duration d) {
  return std::chrono::duration_cast<std::chrono::seconds>(d);
}

auth::PlaintextLogin plaintext(config::PlaintextLogin allowed) {
  switch (allowed) {
    case config::PlaintextLogin::never: return auth::PlaintextLogin::tls_only;
    case config::PlaintextLogin::loopback: return auth::PlaintextLogin::tls_or_local;
    case config::PlaintextLogin::always: return auth::PlaintextLogin::always;
  }
  return auth::PlaintextLogin::tls_only;
}

}  // namespace

auth::ThrottleLimits throttle_limits(const config::Config& config) {
  const config::Throttle& throttle = config.auth.throttle;
  auth::ThrottleLimits limits;
  limits.free_guesses = static_cast<std::uint32_t>(throttle.free_guesses);
  limits.first_delay = throttle.first_delay;
  limits.longest_delay = throttle.longest_delay;
  limits.forget_after = seconds(throttle.forget_after);
  limits.trust_after_success = seconds(throttle.trust_after_success);
  return limits;
}

auth::Authenticator::Options authenticator_options(const config::Config& config,
                                                   std::string decoy_key,
                                                   std::shared_ptr<auth::TokenPlace> tokens) {
  auth::Authenticator::Options options;
  options.sasl.decoy_key = std::move(decoy_key);
  options.sasl.tokens = std::move(tokens);
  options.sasl.decoy_iterations = static_cast<std::uint32_t>(config.auth.iterations);
  options.remember_for = seconds(config.auth.remember_passwords);
  options.master_separator = config.auth.master_separator;
  return options;
}

config::MinFree min_free(const config::Config& config) {
  return config::parse_min_free(config.disk.min_free).value_or(config::MinFree{});
}

auth::HashLimits hash_limits(const config::Config& config) {
  const config::HashBounds& bounds = config.auth.import;
  return {.iterations = bounds.max_iterations,
          .bcrypt_cost = bounds.max_bcrypt_cost,
          .memory_octets = bounds.max_memory};
}

auth::SessionLimits::Bounds session_bounds(const config::Config& config,
                                           const Descriptors& descriptors) {
  auth::SessionLimits::Bounds bounds{.total = descriptors.connections,
                                     .per_user = config.limits.per_user,
                                     .per_network = config.limits.per_address};
  // Both are halved or quartered upwards, so that a limit of 1 still admits somebody.
  bounds.before_login = (bounds.total + 3) / 4;
  bounds.before_login_per_network = (bounds.per_network + 1) / 2;
  return bounds;
}

Networks networks_of(const std::vector<std::string>& texts) {
  std::vector<Network> networks;
  for (const std::string& text : texts)
    if (auto network = Network::parse(text)) networks.push_back(*network);
  return Networks(std::move(networks));
}

server::imap::ImapOptions imap_options(const config::Config& config) {
  server::imap::ImapOptions options;
  options.hostname = host_name(config);
  options.plaintext = plaintext(config.auth.allow_plaintext_without_tls);
  options.disabled_capabilities = config.imap.disabled_capabilities;
  options.extra_capabilities = config.imap.extra_capabilities;
  for (const std::string& entry : config.imap.server_metadata) {
    const std::size_t equals = entry.find('=');
    options.server_metadata[text::lower(entry.substr(0, equals))] =
        std::make_shared<const std::string>(entry.substr(equals + 1));
  }
  if (!config.auth.channel_binding)
    options.disabled_capabilities.emplace_back("AUTH=SCRAM-SHA-256-PLUS");
  options.gateways = networks_of(config.limits.trusted_gateways);
  options.max_message_octets = config.limits.message_size;
  options.max_line_octets = config.limits.command_line;
  options.max_literal_octets = config.limits.literal;
  options.login_time = config.limits.preauth_timeout;
  options.idle_time = config.limits.idle_timeout;
  options.keepalive = config.imap.keepalive;
  options.failed_logins = static_cast<std::uint32_t>(config.limits.failed_logins);
  options.sent_duplicate_window = seconds(config.submission.duplicate_window);
  return options;
}

server::pop3::Pop3Options pop3_options(const config::Config& config) {
  server::pop3::Pop3Options options;
  options.hostname = host_name(config);
  options.plaintext = plaintext(config.auth.allow_plaintext_without_tls);
  options.channel_binding = config.auth.channel_binding;
  options.mark_seen = config.pop3.mark_seen;
  options.login_delay = seconds(config.pop3.login_delay);
  options.expire_days = static_cast<std::uint32_t>(config.pop3.expire_days);
  options.login_time = config.limits.preauth_timeout;
  options.idle_time = config.pop3.idle_timeout;
  options.failed_logins = static_cast<std::uint32_t>(config.limits.failed_logins);
  return options;
}

server::lmtp::LmtpOptions lmtp_options(const config::Config& config) {
  server::lmtp::LmtpOptions options;
  options.hostname = host_name(config);
  options.gateways = networks_of(config.limits.trusted_gateways);
  options.detail_separator = config.lmtp.detail_separator;
  options.max_message_octets = config.limits.message_size;
  return options;
}

namespace {

service::SendingLimits sending_limits(const config::Submission& from) {
  return {static_cast<std::uint32_t>(from.messages_per_hour),
          static_cast<std::uint32_t>(from.messages_per_day),
          static_cast<std::uint32_t>(from.recipients_per_hour),
          static_cast<std::uint32_t>(from.recipients_per_day)};
}

}  // namespace

server::mta::MtaOptions mta_options(const config::Config& config) {
  server::mta::MtaOptions options;
  options.plaintext = plaintext(config.auth.allow_plaintext_without_tls);
  options.detail_separator = config.lmtp.detail_separator;
  options.max_message_octets = config.limits.message_size;
  options.limits = sending_limits(config.submission);
  options.transport = lmtp_transport(config);
  return options;
}

server::submission::SubmissionOptions submission_options(const config::Config& config) {
  const config::Submission& from = config.submission;
  server::submission::SubmissionOptions options;
  options.hostname = host_name(config);
  options.detail_separator = config.lmtp.detail_separator;
  options.plaintext = plaintext(config.auth.allow_plaintext_without_tls);
  options.channel_binding = config.auth.channel_binding;
  options.gateways = networks_of(config.limits.trusted_gateways);
  options.max_message_octets = config.limits.message_size;
  options.max_recipients = static_cast<std::uint32_t>(from.max_recipients);
  options.max_hold = seconds(from.max_hold);
  if (from.show_client) options.client_trace = server::submission::ClientTrace::shown;
  options.rules.keep_sent = from.save_sent;
  options.rules.duplicate_window = seconds(from.duplicate_window);
  options.rules.give_up_after = seconds(config.relay.expire_after);
  options.rules.limits = sending_limits(from);
  options.login_time = config.limits.preauth_timeout;
  options.failed_logins = static_cast<std::uint32_t>(config.limits.failed_logins);
  return options;
}

namespace {

client::SmtpSecurity security_of(config::RelayTls tls) {
  switch (tls) {
    case config::RelayTls::none: return client::SmtpSecurity::none;
    case config::RelayTls::opportunistic: return client::SmtpSecurity::opportunistic;
    case config::RelayTls::required: return client::SmtpSecurity::starttls;
    case config::RelayTls::implicit: return client::SmtpSecurity::tls;
  }
  return client::SmtpSecurity::starttls;
}

Result<std::shared_ptr<const client::SmtpEndpoint>> relay_endpoint(const config::Config& config) {
  const config::Relay& relay = config.relay;
  if (relay.host.empty()) return nullptr;
  auto endpoint = std::make_shared<client::SmtpEndpoint>();
  endpoint->host = relay.host;
  endpoint->port = static_cast<std::uint16_t>(relay.port);
  endpoint->security = security_of(relay.tls);
  endpoint->hello_name = host_name(config);
  if (relay.tls != config::RelayTls::none) {
    auto tls = net::TlsClientContext::make({.verify = relay.tls != config::RelayTls::opportunistic,
                                            .ca_file = config::path_in(config, relay.ca_file)});
    if (!tls) return pass(tls);
    endpoint->tls = std::move(*tls);
  }
  if (!relay.user.empty())
    endpoint->login =
        std::make_shared<const auth::Login>(auth::Login{relay.user, auth::Secret(relay.password)});
  return endpoint;
}

}  // namespace

service::ForwardingRules forwarding_rules(const config::Config& config) {
  service::ForwardingRules rules;
  rules.can_send = !config.relay.host.empty();
  rules.srs_domain = config.forwarding.srs_domain;
  rules.hostname = host_name(config);
  rules.max_targets = static_cast<std::uint32_t>(config.forwarding.max_addresses);
  rules.recipients_per_hour = static_cast<std::uint32_t>(config.forwarding.recipients_per_hour);
  rules.give_up_after = seconds(config.relay.expire_after);
  return rules;
}

Result<relay::RelayOptions> relay_options(const config::Config& config) {
  const config::Relay& relay = config.relay;
  auto endpoint = relay_endpoint(config);
  if (!endpoint) return pass(endpoint);
  relay::RelayOptions options;
  options.hostname = host_name(config);
  options.endpoint = std::move(*endpoint);
  options.times.connect = relay.connect_timeout;
  for (auto* const time :
       {&options.times.greeting, &options.times.command, &options.times.data, &options.times.block})
    *time = relay.timeout;
  options.times.end = 2 * relay.timeout;
  options.connections = relay.connections;
  options.recipients = relay.recipients;
  options.report_expires_after = seconds(relay.expire_after);
  options.retry = {.first = seconds(relay.retry_first).count(),
                   .longest = seconds(relay.retry_longest).count(),
                   .warn_after = seconds(relay.warn_after).count()};
  return options;
}

}  // namespace posthorn::app
