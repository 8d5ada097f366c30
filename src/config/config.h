#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/log_event.h"
#include "config/directory.h"

/// The settings of an operator, as plain values. One table (config/schema.cc) has name, default,
/// bounds and meaning of each. load() fills in the defaults.
namespace posthorn::config {

using Duration = std::chrono::milliseconds;

/// An address to listen on: "192.0.2.1:143", "[::1]:143", "*:143" (every address, IPv4 and IPv6).
struct Endpoint {
  std::string host;  ///< An address without brackets, a host name, or "*".
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
/// Returns the written form, with brackets where needed.
std::string to_text(const Endpoint& endpoint);

enum class StorageEngine : std::uint8_t { rocksdb, rados };
enum class PieceSharing : std::uint8_t { server, domain, account };
/// Whether passwords may be sent without TLS: never, only from this machine, or always.
enum class PlaintextLogin : std::uint8_t { never, loopback, always };
/// `automatic`: while the password of every account has SCRAM keys.
enum class OfferScram : std::uint8_t { automatic, always, never };
enum class TlsVersion : std::uint8_t { v1_2, v1_3 };

struct Listen {
  std::vector<Endpoint> imap;
  std::vector<Endpoint> imaps;
  std::vector<Endpoint> pop3;
  std::vector<Endpoint> pop3s;
  std::vector<Endpoint> submission;
  std::vector<Endpoint> submissions;
  std::vector<Endpoint> lmtp;
  std::vector<Endpoint> https;
  std::vector<Endpoint> http;
  std::vector<Endpoint> metrics;
  std::string lmtp_socket;    ///< Unix socket; see path_in(). Empty: none.
  std::string auth_socket;    ///< The same.
  std::string user_socket;    ///< The same.
  std::string map_socket;     ///< The same.
  std::string policy_socket;  ///< The same.
  std::string admin_socket;   ///< The same.
};

struct Tls {
  std::string certificate;  ///< PEM, the chain. Empty: none.
  std::string key;          ///< PEM.
  std::string key_password;
  std::vector<std::string> more_certificates;
  std::vector<std::string> more_keys;  ///< As many as more_certificates, in the same order.
  bool self_signed_when_missing = true;
  TlsVersion min_version = TlsVersion::v1_2;
};

struct Limits {
  std::uint64_t message_size = 0;  ///< Octets.
  std::uint64_t connections = 0;
  std::uint64_t per_user = 0;
  std::uint64_t per_address = 0;
  std::vector<std::string> trusted_proxies;   ///< Networks, as Network::parse() takes them.
  std::vector<std::string> trusted_gateways;  ///< The same.
  Duration preauth_timeout{};
  std::uint64_t failed_logins = 0;  ///< Per connection.
  Duration idle_timeout{};
  std::uint64_t command_line = 0;  ///< Octets, without literals.
  std::uint64_t literal = 0;       ///< Octets of a literal that is not message data.
};

/// Where the store is in a Ceph cluster.
struct Rados {
  std::string conf;  ///< See path_in().
  std::string user;
  std::string pool;
  std::string body_pool;  ///< Empty: `pool`.
  std::string name_space;
};

struct Storage {
  StorageEngine engine = StorageEngine::rocksdb;
  Rados rados;
  std::uint64_t cache = 0;         ///< Octets.
  std::uint64_t write_buffer = 0;  ///< Octets.
  std::uint64_t max_open_files = 0;
  std::uint64_t version_memory = 0;  ///< Octets.
  PieceSharing piece_sharing = PieceSharing::server;
  Duration journal_horizon{};
  Duration expunged_retention{};
};

/// The file system that holds the data.
struct Disk {
  std::string min_free;  ///< storage.min_free, as parse_min_free() takes it (config/min_free.h).
};

/// When mail expires by its age (store/retention.h); 0: never.
struct Retention {
  Duration trash{};
  Duration junk{};
  bool users_may_change = true;
};

/// Mailboxes that users see beside those of their own.
struct Mailboxes {
  std::string recently_deleted;  ///< A name at the top level; empty: not shown.
};

struct Throttle {
  std::uint64_t free_guesses = 0;
  Duration first_delay{};
  Duration longest_delay{};
  Duration forget_after{};
  Duration trust_after_success{};
};

/// Which tokens the issuer is asked about (RFC 7662).
enum class Introspect : std::uint8_t { never, opaque, always };

/// Tokens (RFC 7628) from an external issuer.
struct Oauth {
  std::string issuer;  ///< Empty: tokens are not accepted.
  std::string audience;
  std::string jwks_file;  ///< See path_in(). Empty: the keys are fetched.
  std::string jwks_url;   ///< Empty: found by the issuer's metadata (RFC 8414).
  std::string user_claim;
  std::string scope;  ///< Empty: no scope is required.
  Introspect introspect = Introspect::never;
  std::string introspection_url;  ///< As jwks_url.
  std::string client_id;
  std::string client_secret;
  std::string ca_file;  ///< See path_in(). Empty: the system's authorities.
  Duration timeout{};
  Duration keys_time{};
  Duration introspection_time{};
  bool end_sessions = false;
};

/// Bounds for the hashes of imported accounts.
struct HashBounds {
  std::uint64_t max_iterations = 0;
  std::uint64_t max_bcrypt_cost = 0;
  std::uint64_t max_memory = 0;
};

struct Auth {
  std::uint64_t iterations = 0;
  OfferScram scram = OfferScram::automatic;
  bool upgrade_hashes = true;
  std::string master_separator;
  HashBounds import;
  PlaintextLogin allow_plaintext_without_tls = PlaintextLogin::never;
  bool channel_binding = true;
  Duration remember_passwords{};
  Throttle throttle;
  Oauth oauth;
};

struct Imap {
  Duration keepalive{};
  std::vector<std::string> disabled_capabilities;
  std::vector<std::string> extra_capabilities;
  std::vector<std::string> server_metadata;  ///< "entry=value".
};

struct Sharing {
  bool anyone = false;
  bool subscribe = true;
  bool private_flags = false;
  std::vector<std::string> groups;  ///< "group=member member".
};

struct Pop3 {
  bool mark_seen = false;
  Duration idle_timeout{};
  Duration login_delay{};         ///< 0: no minimum.
  std::uint64_t expire_days = 0;  ///< Only announced; 0: never.
};

struct Lmtp {
  std::string detail_separator;
};

struct Submission {
  bool save_sent = true;
  Duration duplicate_window{};  ///< 0 disables merging.
  bool show_client = false;
  std::uint64_t max_recipients = 0;     ///< In one transaction.
  Duration max_hold{};                  ///< 0: FUTURERELEASE is not offered.
  std::uint64_t messages_per_hour = 0;  ///< Per account; 0: no limit, here and below.
  std::uint64_t messages_per_day = 0;
  std::uint64_t recipients_per_hour = 0;
  std::uint64_t recipients_per_day = 0;
};

/// The protection of connections to the relay: none; STARTTLS if offered, without verification;
/// STARTTLS, verified; TLS from the first octet, verified.
enum class RelayTls : std::uint8_t { none, opportunistic, required, implicit };

struct Relay {
  std::string host;  ///< Empty: there is no relay, and mail to other servers is refused.
  std::uint64_t port = 0;
  RelayTls tls = RelayTls::required;
  std::string ca_file;  ///< PEM. Empty: the system's authorities.
  std::string user;     ///< Empty: no authentication.
  std::string password;
  std::uint64_t connections = 0;
  std::uint64_t recipients = 0;  ///< In one transaction.
  Duration connect_timeout{};
  Duration timeout{};  ///< For a reply.
  Duration retry_first{};
  Duration retry_longest{};
  Duration warn_after{};  ///< 0: never.
  Duration expire_after{};
};

/// Mail that aliases send to other servers.
struct Forwarding {
  std::string srs_domain;                 ///< Empty: the domain of the alias.
  std::uint64_t max_addresses = 0;        ///< Of other servers, for one alias.
  std::uint64_t recipients_per_hour = 0;  ///< For one alias; 0: no limit.
};

struct Log {
  log::Level level = log::Level::info;
  log::Form format = log::Form::text;
};

struct Threads {
  std::uint64_t io = 0;       ///< 0: as many as there are cores.
  std::uint64_t offload = 0;  ///< 0: twice the cores, at least 4.
};

struct Quota {
  std::uint64_t default_size = 0;      ///< Octets; 0: none.
  std::uint64_t default_messages = 0;  ///< 0: none.
  std::uint64_t kept_factor = 10;      ///< See store/discarded.h; 0: no bound.
};

struct Search {
  bool attachments = false;  ///< The text of attachments is searched.
};

struct Config {
  std::string data_dir;
  std::uint64_t memory = 0;  ///< Octets; 0: as [storage] says, or less on a small machine.
  std::string user;          ///< Whom a process started by root becomes. Empty: nobody.
  bool confine = true;       ///< Give up what a server does not need (app/machine/confine.h).
  std::string hostname;      ///< Empty: the machine's own.
  std::vector<std::string> domains;
  Listen listen;
  Tls tls;
  Limits limits;
  Storage storage;
  Auth auth;
  Imap imap;
  Sharing sharing;
  Pop3 pop3;
  Lmtp lmtp;
  Submission submission;
  Relay relay;
  Forwarding forwarding;
  Log log;
  Search search;
  Threads threads;
  Quota quota;
  /// Where accounts are looked for, in this order: kInternal, and names of the tables below.
  std::vector<std::string> directories;
  std::vector<Directory> directory;
  Directory one_directory;  ///< For config/directory_schema.h only.
  Disk disk;
  Retention retention;
  Mailboxes mailboxes;
};

/// Resolves a path of the configuration: relative paths are below data_dir. An empty path stays
/// empty.
std::string path_in(const Config& config, const std::string& path);

}  // namespace posthorn::config
