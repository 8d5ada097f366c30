#include "app/mta/mta_lines.h"

#include <utility>
#include <vector>

namespace posthorn::app {
namespace {

/// Postfix runs most of its daemons in this folder, and on Debian cannot see anything outside it.
/// A path that is relative to it works in both cases.
constexpr std::string_view kPostfixQueue = "/var/spool/postfix/";

/// Where the Debian package has the program that chasquid's hook runs (packaging/chasquid).
constexpr std::string_view kChasquidHook = "/usr/share/posthorn/chasquid/post-data";

std::string within_queue(const std::string& path) {
  return path.starts_with(kPostfixQueue) ? path.substr(kPostfixQueue.size()) : path;
}

/// A path of a socket that has to be configured.
struct Needed {
  std::string_view key;
  std::string path;
};

Status require(const std::vector<Needed>& sockets) {
  std::string missing;
  for (const Needed& socket : sockets) {
    if (!socket.path.empty()) continue;
    if (!missing.empty()) missing += ", ";
    missing += socket.key;
  }
  if (missing.empty()) return {};
  return fail(ErrorKind::bad_argument,
              fmt::format("these keys have no path in the configuration: {}; see \"In front of "
                          "Posthorn: Postfix, Exim, chasquid\" in docs/operating.md",
                          missing));
}

std::string path_of(const config::Config& config, const std::string& configured) {
  return config::path_in(config, configured);
}

}  // namespace

std::string lmtp_transport(const config::Config& config) {
  if (const std::string path = path_of(config, config.listen.lmtp_socket); !path.empty())
    return "lmtp:unix:" + within_queue(path);
  if (config.listen.lmtp.empty()) return {};
  config::Endpoint endpoint = config.listen.lmtp.front();
  if (endpoint.host == "*") endpoint.host = "127.0.0.1";
  return "lmtp:inet:" + config::to_text(endpoint);
}

Result<std::string> postfix_lines(const config::Config& config) {
  const std::string auth = path_of(config, config.listen.auth_socket);
  const std::string maps = path_of(config, config.listen.map_socket);
  const std::string policy = path_of(config, config.listen.policy_socket);
  if (Status ok = require({{"listen.auth_socket", auth},
                           {"listen.map_socket", maps},
                           {"listen.policy_socket", policy}});
      !ok)
    return pass(ok);
  std::string out;
  if (!auth.starts_with(kPostfixQueue) || !maps.starts_with(kPostfixQueue) ||
      !policy.starts_with(kPostfixQueue))
    out += fmt::format(
        "# The daemons of Postfix cannot reach sockets outside {0} where they run in a chroot, as "
        "on\n"
        "# Debian. Put the sockets into a folder below it, or turn off the chroot in master.cf.\n",
        kPostfixQueue);
  const auto map = [&](std::string_view name) {
    return fmt::format("socketmap:unix:{}:{}", within_queue(maps), name);
  };
  out += fmt::format(
      R"(# /etc/postfix/main.cf. The domains must not be in mydestination too.
virtual_mailbox_domains = {}
virtual_mailbox_maps = {}
# An alias that leads to other servers is in the map above only: Posthorn sends its mail on, through
# relay.host and with a return path of its own, so that SPF permits it.
virtual_alias_maps = {}
virtual_transport = {}
lmtp_destination_recipient_limit = 100
recipient_delimiter = {}
message_size_limit = {}
smtpd_sasl_type = dovecot
smtpd_sasl_path = {}
# The policy service also refuses senders that the user may not use. Postfix can do that with
# smtpd_sender_login_maps = {}
# too, but that map does not know the addresses granted by "posthorn account send-as".
smtpd_recipient_restrictions = check_policy_service unix:{}
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_end_of_data_restrictions = check_policy_service unix:{}

# /etc/postfix/master.cf: logins on the submission port only, and under TLS only.
submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
)",
      map("domains"), map("mailboxes"), map("aliases"), lmtp_transport(config),
      config.lmtp.detail_separator, config.limits.message_size, within_queue(auth), map("senders"),
      within_queue(policy), within_queue(policy));
  return out;
}

Result<std::string> exim_lines(const config::Config& config) {
  const std::string auth = path_of(config, config.listen.auth_socket);
  const std::string maps = path_of(config, config.listen.map_socket);
  const std::string policy = path_of(config, config.listen.policy_socket);
  const std::string lmtp = path_of(config, config.listen.lmtp_socket);
  if (Status ok = require({{"listen.auth_socket", auth},
                           {"listen.map_socket", maps},
                           {"listen.policy_socket", policy},
                           {"listen.lmtp_socket", lmtp}});
      !ok)
    return pass(ok);
  // A look-up: the netstring of the map and the key. The reply is a netstring too: "18:OK
  // ada@...,".
  const auto look_up = [&](std::string_view map, std::string_view key) {
    const std::string asked = fmt::format("{} {}", map, key);
    return fmt::format("${{readsocket{{{}}}{{${{strlen:{}}}:{},}}{{5s}}}}", maps, asked, asked);
  };
  // A request of the policy protocol. The answer is "action=" and an empty line.
  const auto ask = [&](std::string_view state, std::string_view more) {
    return fmt::format(
        R"(${{readsocket{{{}}}{{request=smtpd_access_policy\nprotocol_state={}\nclient_address=$sender_host_address\nsender=$sender_address\nsasl_username=$authenticated_id\nsize=$message_size\n{}\n\n}}{{5s}}{{ }}{{action=451 4.3.0 Please try again later}}}})",
        policy, state, more);
  };
  std::string authenticators;
  for (const std::string_view name : {"PLAIN", "LOGIN"})
    authenticators += fmt::format(
        R"(posthorn_{}:
  driver = dovecot
  public_name = {}
  server_socket = {}
  server_set_id = $auth1
  server_advertise_condition = ${{if def:tls_in_cipher}}
)",
        name == "PLAIN" ? "plain" : "login", name, auth);
  return fmt::format(
      R"(# Main section
domainlist posthorn_domains = ${{if match{{{}}}{{\N^\d+:OK \N}}{{$domain}}}}
message_size_limit = {}

# begin acl, in the ACL for RCPT: the policy service refuses recipients that do not exist, are
# disabled or over quota, and senders that the user may not use.
  warn set acl_m_posthorn = {}
  deny condition = ${{if match{{$acl_m_posthorn}}{{\N^action=5\N}}}}
       message = ${{sg{{$acl_m_posthorn}}{{\N^action=|\s+$\N}}{{}}}}
  defer !condition = ${{if match{{$acl_m_posthorn}}{{\N^action=[^45]\N}}}}
       message = ${{sg{{$acl_m_posthorn}}{{\N^action=|\s+$\N}}{{}}}}

# begin acl, in the ACL for DATA: a message of a user is counted.
  warn set acl_m_posthorn = {}
  deny condition = ${{if match{{$acl_m_posthorn}}{{\N^action=5\N}}}}
       message = ${{sg{{$acl_m_posthorn}}{{\N^action=|\s+$\N}}{{}}}}
  defer !condition = ${{if match{{$acl_m_posthorn}}{{\N^action=[^45]\N}}}}
       message = ${{sg{{$acl_m_posthorn}}{{\N^action=|\s+$\N}}{{}}}}

# begin routers, before those for local users. Recipients that do not exist are refused at RCPT by
# "verify = recipient".
posthorn:
  driver = accept
  domains = +posthorn_domains
  condition = ${{if match{{{}}}{{\N^\d+:OK \N}}}}
  local_part_suffix = {}*
  local_part_suffix_optional
  transport = posthorn_lmtp

# begin transports
posthorn_lmtp:
  driver = lmtp
  socket = {}
  batch_max = 100
  return_path_add = false
  rcpt_include_affixes

# begin authenticators
{})",
      look_up("domains", "$domain"), config.limits.message_size,
      ask("RCPT", "recipient=$local_part@$domain"),
      ask("END-OF-MESSAGE", R"(recipient_count=$recipients_count)"),
      look_up("mailboxes", "$local_part$local_part_suffix@$domain"), config.lmtp.detail_separator,
      lmtp, authenticators);
}

Result<std::string> chasquid_lines(const config::Config& config) {
  const std::string auth = path_of(config, config.listen.auth_socket);
  const std::string users = path_of(config, config.listen.user_socket);
  const std::string policy = path_of(config, config.listen.policy_socket);
  const std::string lmtp = path_of(config, config.listen.lmtp_socket);
  if (Status ok = require({{"listen.auth_socket", auth},
                           {"listen.user_socket", users},
                           {"listen.policy_socket", policy},
                           {"listen.lmtp_socket", lmtp}});
      !ok)
    return pass(ok);
  constexpr std::uint64_t kMegabyte = 1'000'000;
  return fmt::format(
      R"(# /etc/chasquid/chasquid.conf. Each domain also needs a folder in /etc/chasquid/domains.
dovecot_auth: true
dovecot_client_path: "{}"
dovecot_userdb_path: "{}"
max_data_size_mb: {}
# The part behind the separator names the folder, so that it must not be removed.
suffix_separators: ""
mail_delivery_agent_bin: "/usr/bin/mda-lmtp"
mail_delivery_agent_args: "--addr"
mail_delivery_agent_args: "{}"
mail_delivery_agent_args: "-f"
mail_delivery_agent_args: "%from%"
mail_delivery_agent_args: "-d"
mail_delivery_agent_args: "%to%"

# /etc/chasquid/hooks/post-data, an executable file: a line behind the one that has stored the
# message in "$TF" (Debian's hook has it). chasquid does not ask which addresses a user may send
# from; this asks Posthorn, and counts the message.
#   {} {} < "$TF" || exit
)",
      auth, users, config.limits.message_size / kMegabyte, lmtp, kChasquidHook, policy);
}

}  // namespace posthorn::app
