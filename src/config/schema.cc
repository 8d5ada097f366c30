#include "config/schema.h"

#include <algorithm>
#include <array>

namespace posthorn::config {
namespace {

using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 3> kSharing{"server", "domain", "account"};
constexpr std::array<std::string_view, 3> kPlaintext{"never", "loopback", "always"};
constexpr std::array<std::string_view, 2> kTlsVersions{"1.2", "1.3"};
constexpr std::array<std::string_view, 4> kRelayTls{"none", "opportunistic", "required",
                                                    "implicit"};
constexpr std::array<std::string_view, 5> kLevels{"debug", "info", "warning", "error", "off"};

/// A choice whose enumerators count up from 0 in the order of the names.
template <auto Member>
constexpr ChoiceField choice(std::span<const std::string_view> names) {
  using Value = std::remove_cvref_t<decltype(Member(std::declval<Config&>()))>;
  return {names,
          [](const Config& c) { return static_cast<std::size_t>(Member(const_cast<Config&>(c))); },
          [](Config& c, std::size_t i) { Member(c) = static_cast<Value>(i); }};
}

PieceSharing& sharing_of(Config& c) { return c.storage.piece_sharing; }
PlaintextLogin& plaintext_of(Config& c) { return c.auth.allow_plaintext_without_tls; }
TlsVersion& tls_version_of(Config& c) { return c.tls.min_version; }
RelayTls& relay_tls_of(Config& c) { return c.relay.tls; }
log::Level& level_of(Config& c) { return c.log.level; }

// Short names for the columns below: what the field is, from where in Config.
#define FIELD(type, path) (+[](Config& c) -> type& { return c.path; })
constexpr Reload kLive = Reload::yes;
constexpr Reload kStart = Reload::needs_restart;

const std::array kKeys{
    Key{"data_dir", Form::path, FIELD(std::string, data_dir), "/var/lib/posthorn", "", "", kStart,
        "Where everything is kept. Other relative paths are below it."},
    Key{"hostname", Form::text, FIELD(std::string, hostname), "", "", "", kStart,
        "The name in greetings and Received fields. Empty: the machine's own."},
    Key{"domains", Form::list, FIELD(Words, domains), "", "", "", kLive,
        "Domains this server has mail for. Empty: those of its accounts and aliases."},

    Key{"listen.imap", Form::endpoints, FIELD(std::vector<Endpoint>, listen.imap), "*:143", "", "",
        kStart, "IMAP with STARTTLS."},
    Key{"listen.imaps", Form::endpoints, FIELD(std::vector<Endpoint>, listen.imaps), "*:993", "",
        "", kStart, "IMAP under TLS from the first octet (RFC 8314)."},
    Key{"listen.pop3", Form::endpoints, FIELD(std::vector<Endpoint>, listen.pop3), "*:110", "", "",
        kStart, "POP3 with STLS."},
    Key{"listen.pop3s", Form::endpoints, FIELD(std::vector<Endpoint>, listen.pop3s), "*:995", "",
        "", kStart, "POP3 under TLS from the first octet (RFC 8314)."},
    Key{"listen.submission", Form::endpoints, FIELD(std::vector<Endpoint>, listen.submission),
        "*:587", "", "", kStart, "Message submission with STARTTLS (RFC 6409)."},
    Key{"listen.submissions", Form::endpoints, FIELD(std::vector<Endpoint>, listen.submissions),
        "*:465", "", "", kStart, "Message submission under TLS from the first octet (RFC 8314)."},
    Key{"listen.lmtp", Form::endpoints, FIELD(std::vector<Endpoint>, listen.lmtp), "", "", "",
        kStart, "LMTP over TCP, for trusted networks only; never port 25 (RFC 2033, section 5)."},
    Key{"listen.lmtp_socket", Form::path, FIELD(std::string, listen.lmtp_socket), "lmtp.sock", "",
        "", kStart, "LMTP on a unix socket. Empty: none."},
    Key{"listen.https", Form::endpoints, FIELD(std::vector<Endpoint>, listen.https), "", "", "",
        kStart,
        "HTTPS, where mail clients learn how to set themselves up; \"*:443\" is where they look."},
    Key{"listen.http", Form::endpoints, FIELD(std::vector<Endpoint>, listen.http), "", "", "",
        kStart, "The same in clear, for clients that find nothing under TLS: \"*:80\"."},
    Key{"listen.admin_socket", Form::path, FIELD(std::string, listen.admin_socket), "admin.sock",
        "", "", kStart,
        "Unix socket through which the command line reaches a running server. Empty: none."},

    Key{"tls.certificate", Form::path, FIELD(std::string, tls.certificate), "", "", "", kLive,
        "PEM file with the certificate and its chain."},
    Key{"tls.key", Form::path, FIELD(std::string, tls.key), "", "", "", kLive,
        "PEM file with the private key."},
    Key{"tls.key_password", Form::secret, FIELD(std::string, tls.key_password), "", "", "", kLive,
        "Opens an encrypted key."},
    Key{"tls.self_signed_when_missing", Form::flag, FIELD(bool, tls.self_signed_when_missing),
        "true", "", "", kStart,
        "Without tls.certificate, make a self-signed one; false: offer no TLS."},
    Key{"tls.min_version", Form::choice, choice<tls_version_of>(kTlsVersions), "1.2", "", "", kLive,
        "The oldest TLS version taken."},

    Key{"limits.message_size", Form::size, FIELD(std::uint64_t, limits.message_size), "100MB",
        "64KiB", "4095MiB", kLive, "The largest message taken, by LMTP, submission and APPEND."},
    Key{"limits.connections", Form::number, FIELD(std::uint64_t, limits.connections), "50000", "1",
        "10000000", kStart, "Connections at once, in all."},
    Key{"limits.per_user", Form::number, FIELD(std::uint64_t, limits.per_user), "50", "1",
        "1000000", kStart, "Connections at once of one account. Clients open several each."},
    Key{"limits.per_address", Form::number, FIELD(std::uint64_t, limits.per_address), "1000", "1",
        "1000000", kStart, "Connections at once from one IPv4 address or IPv6 /64."},
    Key{"limits.preauth_timeout", Form::duration, FIELD(Duration, limits.preauth_timeout), "60s",
        "5s", "30m", kLive, "How long a client may stay without logging in."},
    Key{"limits.failed_logins", Form::number, FIELD(std::uint64_t, limits.failed_logins), "5", "1",
        "1000", kLive, "A connection is closed after so many logins that failed."},
    Key{"limits.idle_timeout", Form::duration, FIELD(Duration, limits.idle_timeout), "30m", "30m",
        "7d", kLive, "A silent session is closed after this (RFC 9051, section 5.4)."},
    Key{"limits.command_line", Form::size, FIELD(std::uint64_t, limits.command_line), "64KiB",
        "8KiB", "16MiB", kLive, "The longest command, without its literals."},
    Key{"limits.literal", Form::size, FIELD(std::uint64_t, limits.literal), "100KiB", "4KiB",
        "64MiB", kLive, "The largest literal that is not a message."},

    Key{"storage.cache", Form::size, FIELD(std::uint64_t, storage.cache), "256MiB", "8MiB", "1TiB",
        kStart, "Memory for stored blocks read."},
    Key{"storage.write_buffer", Form::size, FIELD(std::uint64_t, storage.write_buffer), "64MiB",
        "4MiB", "4GiB", kStart, "Memory for changes before they are sorted to disk."},
    Key{"storage.max_open_files", Form::number, FIELD(std::uint64_t, storage.max_open_files),
        "1000", "50", "1000000", kStart, "Files the storage engine keeps open."},
    Key{"storage.version_memory", Form::size, FIELD(std::uint64_t, storage.version_memory),
        "512MiB", "16MiB", "1TiB", kStart, "Memory for opened mailboxes that nobody has selected."},
    Key{"storage.piece_sharing", Form::choice, choice<sharing_of>(kSharing), "server", "", "",
        kStart, "Among whom equal content is stored once: all, those of a domain, or nobody else."},
    Key{"storage.journal_horizon", Form::duration, FIELD(Duration, storage.journal_horizon), "30d",
        "1d", "3650d", kLive, "How far back changes can be undone and told to returning clients."},
    Key{"storage.expunged_retention", Form::duration, FIELD(Duration, storage.expunged_retention),
        "30d", "24h", "3650d", kLive,
        "How long the content of expunged messages is kept; at most the journal's horizon."},

    Key{"auth.iterations", Form::number, FIELD(std::uint64_t, auth.iterations), "16384", "4096",
        "1000000", kLive, "Hash iterations of new passwords (RFC 7677, section 4)."},
    Key{"auth.allow_plaintext_without_tls", Form::choice, choice<plaintext_of>(kPlaintext), "never",
        "", "", kLive,
        "Whether passwords are taken outside TLS: never, from this machine, or always."},
    Key{"auth.channel_binding", Form::flag, FIELD(bool, auth.channel_binding), "true", "", "",
        kLive, "Offer SCRAM-SHA-256-PLUS. Turn off behind a proxy that ends TLS."},
    Key{"auth.remember_passwords", Form::duration, FIELD(Duration, auth.remember_passwords), "1h",
        "0s", "1h", kStart, "How long a password once verified need not be hashed again."},
    Key{"auth.throttle.free_guesses", Form::number,
        FIELD(std::uint64_t, auth.throttle.free_guesses), "5", "1", "1000", kStart,
        "Different wrong passwords of one user from one network that cost nothing."},
    Key{"auth.throttle.first_delay", Form::duration, FIELD(Duration, auth.throttle.first_delay),
        "1s", "0s", "1m", kStart, "The delay of the next; doubled with each one after."},
    Key{"auth.throttle.longest_delay", Form::duration, FIELD(Duration, auth.throttle.longest_delay),
        "15s", "0s", "1m", kStart, "The delay grows no further."},
    Key{"auth.throttle.forget_after", Form::duration, FIELD(Duration, auth.throttle.forget_after),
        "1h", "1m", "7d", kStart, "Guesses are forgotten so long after the last."},
    Key{"auth.throttle.trust_after_success", Form::duration,
        FIELD(Duration, auth.throttle.trust_after_success), "7d", "0s", "90d", kStart,
        "A user who logged in from a network is not delayed there for so long."},

    Key{"auth.oauth.issuer", Form::text, FIELD(std::string, auth.oauth.issuer), "", "", "", kLive,
        "Who issues tokens for OAUTHBEARER and XOAUTH2, as their \"iss\" says. Empty: none are "
        "taken."},
    Key{"auth.oauth.audience", Form::text, FIELD(std::string, auth.oauth.audience), "", "", "",
        kLive, "What has to be among a token's \"aud\"."},
    Key{"auth.oauth.jwks_file", Form::path, FIELD(std::string, auth.oauth.jwks_file), "", "", "",
        kLive, "The issuer's public keys (RFC 7517). SIGHUP reads them again."},
    Key{"auth.oauth.user_claim", Form::text, FIELD(std::string, auth.oauth.user_claim), "email", "",
        "", kLive, "The claim that names the account."},
    Key{"auth.oauth.scope", Form::text, FIELD(std::string, auth.oauth.scope), "", "", "", kLive,
        "The scope a token has to have. Empty: none."},

    Key{"imap.keepalive", Form::duration, FIELD(Duration, imap.keepalive), "120s", "0s", "29m",
        kLive,
        "A word to idle clients now and then, so that routers keep the connection; 0: none."},
    Key{"imap.disabled_capabilities", Form::list, FIELD(Words, imap.disabled_capabilities), "", "",
        "", kLive, "Capabilities not to offer, as in the CAPABILITY response."},

    Key{"pop3.mark_seen", Form::flag, FIELD(bool, pop3.mark_seen), "false", "", "", kLive,
        "A message fetched with RETR counts as read (\\Seen) in IMAP."},
    Key{"pop3.idle_timeout", Form::duration, FIELD(Duration, pop3.idle_timeout), "10m", "10m", "1d",
        kLive, "A silent session is closed after this, nothing deleted (RFC 1939, section 3)."},
    Key{"pop3.login_delay", Form::duration, FIELD(Duration, pop3.login_delay), "0s", "0s", "1d",
        kLive, "The least between two logins of an account; 0: none (RFC 2449, section 6.5)."},
    Key{"pop3.expire_days", Form::number, FIELD(std::uint64_t, pop3.expire_days), "0", "0", "36500",
        kLive,
        "Days mail stays by your own policy, for CAPA to announce; nothing is deleted. 0: for "
        "ever."},

    Key{"lmtp.detail_separator", Form::text, FIELD(std::string, lmtp.detail_separator), "+", "", "",
        kLive, "What ends the user in user+folder@domain. Empty: nothing does."},

    Key{"submission.save_sent", Form::flag, FIELD(bool, submission.save_sent), "true", "", "",
        kLive, "File a copy of what an account sends into its Sent mailbox."},
    Key{"submission.duplicate_window", Form::duration, FIELD(Duration, submission.duplicate_window),
        "10m", "0s", "1d", kLive,
        "For so long a message sent, and the same one put into Sent by the client, are one; 0: "
        "never."},
    Key{"submission.show_client", Form::flag, FIELD(bool, submission.show_client), "false", "", "",
        kLive, "Say in Received where the client was: its name and its address."},
    Key{"submission.max_recipients", Form::number, FIELD(std::uint64_t, submission.max_recipients),
        "1000", "100", "10000", kLive, "Recipients of one message (RFC 5321, section 4.5.3.1.8)."},
    Key{"submission.max_hold", Form::duration, FIELD(Duration, submission.max_hold), "30d", "0s",
        "365d", kLive,
        "How far ahead a message may be given to be sent (RFC 4865); 0: not at all."},
    Key{"submission.messages_per_hour", Form::number,
        FIELD(std::uint64_t, submission.messages_per_hour), "1000", "0", "10000000", kLive,
        "Messages that one account may send within an hour; 0: not limited."},
    Key{"submission.messages_per_day", Form::number,
        FIELD(std::uint64_t, submission.messages_per_day), "5000", "0", "10000000", kLive,
        "The same within a day."},
    Key{"submission.recipients_per_hour", Form::number,
        FIELD(std::uint64_t, submission.recipients_per_hour), "5000", "0", "10000000", kLive,
        "Recipients that one account may write to within an hour; 0: not limited."},
    Key{"submission.recipients_per_day", Form::number,
        FIELD(std::uint64_t, submission.recipients_per_day), "20000", "0", "10000000", kLive,
        "The same within a day."},
    Key{"relay.host", Form::text, FIELD(std::string, relay.host), "", "", "", kLive,
        "The server that mail for others is handed to. Empty: none, and only local mail is taken."},
    Key{"relay.port", Form::number, FIELD(std::uint64_t, relay.port), "587", "1", "65535", kLive,
        "Its port: 587 (submission), 465 (with tls = \"implicit\"), 25."},
    Key{"relay.tls", Form::choice, choice<relay_tls_of>(kRelayTls), "required", "", "", kLive,
        "none, opportunistic (STARTTLS if offered, certificate not checked), required (STARTTLS), "
        "implicit (TLS at once)."},
    Key{"relay.ca_file", Form::path, FIELD(std::string, relay.ca_file), "", "", "", kLive,
        "PEM file of the authorities its certificate may be from. Empty: the system's."},
    Key{"relay.user", Form::text, FIELD(std::string, relay.user), "", "", "", kLive,
        "Whom to log in as there. Empty: no login."},
    Key{"relay.password", Form::secret, FIELD(std::string, relay.password), "", "", "", kLive,
        "The password for that."},
    Key{"relay.connections", Form::number, FIELD(std::uint64_t, relay.connections), "4", "1", "100",
        kLive, "Connections to it at once."},
    Key{"relay.recipients", Form::number, FIELD(std::uint64_t, relay.recipients), "100", "1",
        "10000", kLive, "Recipients of one message it is told at once."},
    Key{"relay.connect_timeout", Form::duration, FIELD(Duration, relay.connect_timeout), "10s",
        "1s", "5m", kLive, "How long it may take to connect."},
    Key{"relay.timeout", Form::duration, FIELD(Duration, relay.timeout), "5m", "1s", "1h", kLive,
        "How long it may take to answer; twice that after a message (RFC 5321, section 4.5.3.2)."},
    Key{"relay.retry_first", Form::duration, FIELD(Duration, relay.retry_first), "1m", "1s", "1d",
        kLive, "When it is tried again; the time is doubled with each attempt."},
    Key{"relay.retry_longest", Form::duration, FIELD(Duration, relay.retry_longest), "1h", "1s",
        "1d", kLive, "It grows no further."},
    Key{"relay.warn_after", Form::duration, FIELD(Duration, relay.warn_after), "4h", "0s", "30d",
        kLive, "The sender is told of a delay after this; 0: never."},
    Key{"relay.expire_after", Form::duration, FIELD(Duration, relay.expire_after), "5d", "1m",
        "60d", kLive, "What was not delivered by then is returned to the sender."},

    Key{"log.level", Form::choice, choice<level_of>(kLevels), "info", "", "", kLive,
        "The least that is logged, to standard error."},

    Key{"threads.io", Form::number, FIELD(std::uint64_t, threads.io), "0", "0", "1024", kStart,
        "Threads that serve connections; 0: one per core."},
    Key{"threads.offload", Form::number, FIELD(std::uint64_t, threads.offload), "0", "0", "1024",
        kStart, "Threads that read disks, hash and search; 0: two per core, at least four."},

    Key{"quota.default_size", Form::size, FIELD(std::uint64_t, quota.default_size), "0", "", "",
        kLive, "Storage of a new account that is given no quota of its own; 0: not limited."},
    Key{"quota.default_messages", Form::number, FIELD(std::uint64_t, quota.default_messages), "0",
        "", "", kLive,
        "Messages of a new account that is given no quota of its own; 0: not limited."},
};
#undef FIELD

}  // namespace

std::span<const Key> schema() { return kKeys; }

const Key* find_key(std::string_view name) {
  const auto at = std::ranges::find(kKeys, name, &Key::name);
  return at == kKeys.end() ? nullptr : &*at;
}

std::string environment_name(const Key& key) {
  std::string out = "POSTHORN_";
  for (const char c : key.name) {
    out += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  return out;
}

std::string path_in(const Config& config, const std::string& path) {
  if (path.empty() || path.starts_with('/')) return path;
  return config.data_dir + (config.data_dir.ends_with('/') ? "" : "/") + path;
}

}  // namespace posthorn::config
