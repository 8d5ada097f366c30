#include "config/schema.h"

#include <algorithm>
#include <array>

namespace posthorn::config {
namespace {

using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 2> kEngines{"rocksdb", "rados"};
constexpr std::array<std::string_view, 3> kSharing{"server", "domain", "account"};
constexpr std::array<std::string_view, 3> kPlaintext{"never", "loopback", "always"};
constexpr std::array<std::string_view, 3> kOfferScram{"auto", "always", "never"};
constexpr std::array<std::string_view, 3> kIntrospect{"never", "opaque", "always"};
constexpr std::array<std::string_view, 2> kTlsVersions{"1.2", "1.3"};
constexpr std::array<std::string_view, 4> kRelayTls{"none", "opportunistic", "required",
                                                    "implicit"};
constexpr std::array<std::string_view, 2> kLogFormats{"text", "json"};
constexpr std::array<std::string_view, 5> kLevels{"debug", "info", "warning", "error", "off"};

/// An enumeration whose values count from 0 in the order of the names.
template <auto Member>
constexpr ChoiceField choice(std::span<const std::string_view> names) {
  using Value = std::remove_cvref_t<decltype(Member(std::declval<Config&>()))>;
  return {names,
          [](const Config& c) { return static_cast<std::size_t>(Member(const_cast<Config&>(c))); },
          [](Config& c, std::size_t i) { Member(c) = static_cast<Value>(i); }};
}

StorageEngine& engine_of(Config& c) { return c.storage.engine; }
PieceSharing& sharing_of(Config& c) { return c.storage.piece_sharing; }
PlaintextLogin& plaintext_of(Config& c) { return c.auth.allow_plaintext_without_tls; }
OfferScram& scram_of(Config& c) { return c.auth.scram; }
Introspect& introspect_of(Config& c) { return c.auth.oauth.introspect; }
TlsVersion& tls_version_of(Config& c) { return c.tls.min_version; }
RelayTls& relay_tls_of(Config& c) { return c.relay.tls; }
log::Level& level_of(Config& c) { return c.log.level; }
log::Form& format_of(Config& c) { return c.log.format; }

// Short names for the columns below: the type of the field and its path in Config.
#define FIELD(type, path) (+[](Config& c) -> type& { return c.path; })
constexpr Reload kLive = Reload::yes;
constexpr Reload kStart = Reload::needs_restart;

const std::array kKeys{
    Key{"data_dir", Form::path, FIELD(std::string, data_dir), "/var/lib/posthorn", "", "", kStart,
        "The data directory. Relative paths of other keys are relative to it."},
    Key{"user", Form::text, FIELD(std::string, user), "", "", "", kStart,
        "User to become if started by root, once the TCP ports are open. The data directory must "
        "belong to this user. Empty: keep running as root."},
    Key{"confine", Form::flag, FIELD(bool, confine), "true", "", "", kStart,
        "Give up what a server does not need, as far as the kernel can, such as changing files "
        "outside of the data directory and executing other programs (docs/security.md)."},
    Key{"hostname", Form::text, FIELD(std::string, hostname), "", "", "", kStart,
        "Host name in greetings and Received fields. Empty: the name of the machine."},
    Key{"memory", Form::size, FIELD(std::uint64_t, memory), "0", "", "1TiB", kStart,
        "Memory of the store's caches and buffers together: storage.cache, write_buffer and "
        "version_memory are then parts of it. 0: these three count, but on a machine or in a "
        "control group with little memory they take at most half of it."},
    Key{"domains", Form::list, FIELD(Words, domains), "", "", "", kLive,
        "Domains whose mail is kept here. Empty: the domains of all accounts and aliases."},
    Key{"directories", Form::list, FIELD(Words, directories), "internal", "", "", kStart,
        "Where accounts are looked for, in this order: \"internal\", the accounts made with "
        "`posthorn account`, and the names of tables [directory.NAME] (docs/directories.md)."},

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
        kStart, "HTTPS for the automatic setup of mail clients. Clients expect it at \"*:443\"."},
    Key{"listen.http", Form::endpoints, FIELD(std::vector<Endpoint>, listen.http), "", "", "",
        kStart, "HTTP without TLS, for mail clients that request their settings there: \"*:80\"."},
    Key{"listen.metrics", Form::endpoints, FIELD(std::vector<Endpoint>, listen.metrics), "", "", "",
        kStart,
        "HTTP with metrics for Prometheus under /metrics, for trusted networks only, for example "
        "\"127.0.0.1:9154\"."},
    Key{"listen.auth_socket", Form::path, FIELD(std::string, listen.auth_socket), "", "", "",
        kStart,
        "Unix socket on which a mail server checks logins (Dovecot's protocol). Empty: none."},
    Key{"listen.user_socket", Form::path, FIELD(std::string, listen.user_socket), "", "", "",
        kStart, "Unix socket on which chasquid asks for users (Dovecot's protocol). Empty: none."},
    Key{"listen.map_socket", Form::path, FIELD(std::string, listen.map_socket), "", "", "", kStart,
        "Unix socket on which Postfix looks up addresses (socketmap). Empty: none."},
    Key{"listen.policy_socket", Form::path, FIELD(std::string, listen.policy_socket), "", "", "",
        kStart, "Unix socket on which Postfix asks whether to accept a message. Empty: none."},
    Key{"listen.admin_socket", Form::path, FIELD(std::string, listen.admin_socket), "admin.sock",
        "", "", kStart,
        "Unix socket through which the command line reaches a running server. Empty: none."},

    Key{"tls.certificate", Form::path, FIELD(std::string, tls.certificate), "", "", "", kLive,
        "PEM file with the certificate, followed by its intermediate certificates."},
    Key{"tls.key", Form::path, FIELD(std::string, tls.key), "", "", "", kLive,
        "PEM file with the private key."},
    Key{"tls.key_password", Form::secret, FIELD(std::string, tls.key_password), "", "", "", kLive,
        "Password of the private key, if it is encrypted."},
    Key{"tls.more_certificates", Form::list, FIELD(Words, tls.more_certificates), "", "", "", kLive,
        "PEM files with certificates for other names. A client that asks for such a name (SNI) is "
        "given the first certificate that has it, and tls.certificate otherwise."},
    Key{"tls.more_keys", Form::list, FIELD(Words, tls.more_keys), "", "", "", kLive,
        "PEM files with the private keys of tls.more_certificates, in the same order. "
        "tls.key_password applies to them too."},
    Key{"tls.self_signed_when_missing", Form::flag, FIELD(bool, tls.self_signed_when_missing),
        "true", "", "", kStart,
        "Make a self-signed certificate when tls.certificate is empty. If false, TLS is then not "
        "offered."},
    Key{"tls.min_version", Form::choice, choice<tls_version_of>(kTlsVersions), "1.2", "", "", kLive,
        "Oldest TLS version that clients may use."},

    Key{"limits.message_size", Form::size, FIELD(std::uint64_t, limits.message_size), "100MB",
        "64KiB", "4095MiB", kLive, "Largest message accepted by LMTP, submission and APPEND."},
    Key{"limits.connections", Form::number, FIELD(std::uint64_t, limits.connections), "50000", "1",
        "10000000", kStart,
        "Maximum number of concurrent connections; a quarter of them before login."},
    Key{"limits.per_user", Form::number, FIELD(std::uint64_t, limits.per_user), "50", "1",
        "1000000", kStart,
        "Maximum number of concurrent connections of one account. A client may open several."},
    Key{"limits.per_address", Form::number, FIELD(std::uint64_t, limits.per_address), "1000", "1",
        "1000000", kStart,
        "Maximum number of concurrent connections from one IPv4 address or IPv6 /64 network; half "
        "of "
        "them before login. From a /56 twice, from a /48 four times as many."},
    Key{"limits.trusted_proxies", Form::list, FIELD(Words, limits.trusted_proxies), "", "", "",
        kLive,
        "Networks of proxies such as HAProxy. Each connection from there must begin with a PROXY "
        "header (version 1 or 2), and then counts as its client's."},
    Key{"limits.trusted_gateways", Form::list, FIELD(Words, limits.trusted_gateways), "", "", "",
        kLive,
        "Networks of webmail and mail proxies that name their client with XCLIENT or in IMAP's "
        "ID (x-originating-ip)."},
    Key{"limits.preauth_timeout", Form::duration, FIELD(Duration, limits.preauth_timeout), "60s",
        "5s", "30m", kLive, "Time within which a client must log in, whatever it sends meanwhile."},
    Key{"limits.failed_logins", Form::number, FIELD(std::uint64_t, limits.failed_logins), "5", "1",
        "1000", kLive, "Number of failed logins after which a connection is closed."},
    Key{"limits.idle_timeout", Form::duration, FIELD(Duration, limits.idle_timeout), "30m", "30m",
        "7d", kLive, "Inactivity after which a session is closed (RFC 9051, section 5.4)."},
    Key{"limits.command_line", Form::size, FIELD(std::uint64_t, limits.command_line), "64KiB",
        "8KiB", "16MiB", kLive, "Longest command line, not counting literals."},
    Key{"limits.literal", Form::size, FIELD(std::uint64_t, limits.literal), "100KiB", "4KiB",
        "64MiB", kLive, "Largest literal that is not a message."},

    Key{"storage.engine", Form::choice, choice<engine_of>(kEngines), "rocksdb", "", "", kStart,
        "Where mail is stored: in files of this machine (rocksdb), or in a Ceph cluster that "
        "several "
        "servers share (rados; docs/clustering.md)."},
    Key{"storage.cache", Form::size, FIELD(std::uint64_t, storage.cache), "256MiB", "8MiB", "1TiB",
        kStart, "Memory for cached data of the storage engine."},
    Key{"storage.write_buffer", Form::size, FIELD(std::uint64_t, storage.write_buffer), "64MiB",
        "4MiB", "4GiB", kStart, "Memory for changes that are not yet in table files."},
    Key{"storage.max_open_files", Form::number, FIELD(std::uint64_t, storage.max_open_files),
        "1000", "50", "1000000", kStart,
        "Maximum number of files that the storage engine keeps open."},
    Key{"storage.version_memory", Form::size, FIELD(std::uint64_t, storage.version_memory),
        "512MiB", "16MiB", "1TiB", kStart,
        "Memory for mailboxes that were opened and that no session has selected now."},
    Key{"storage.piece_sharing", Form::choice, choice<sharing_of>(kSharing), "server", "", "",
        kStart,
        "Scope within which equal content is stored only once: the server, a domain, or an "
        "account."},
    Key{"storage.journal_horizon", Form::duration, FIELD(Duration, storage.journal_horizon), "30d",
        "1d", "3650d", kLive,
        "How long the history of changes is kept, for undoing and for clients that resynchronize."},
    Key{"storage.expunged_retention", Form::duration, FIELD(Duration, storage.expunged_retention),
        "30d", "24h", "3650d", kLive,
        "How long the content of expunged messages is kept; at most storage.journal_horizon."},
    Key{"storage.min_free", Form::text, FIELD(std::string, disk.min_free), "auto", "", "", kLive,
        "Space of the disk to keep free: while less is free, new mail is refused for the time "
        "being, and everything else goes on. A size (\"10GB\"), a part of the disk (\"5%\"), auto "
        "(1 GB or 5%, whichever is less), or 0 for none."},

    Key{"storage.rados.conf", Form::path, FIELD(std::string, storage.rados.conf),
        "/etc/ceph/ceph.conf", "", "", kStart, "Ceph's configuration, which names its monitors."},
    Key{"storage.rados.user", Form::text, FIELD(std::string, storage.rados.user), "posthorn", "",
        "", kStart, "Ceph user, without \"client.\". Ceph's configuration says where its key is."},
    Key{"storage.rados.pool", Form::text, FIELD(std::string, storage.rados.pool), "mail", "", "",
        kStart, "Replicated pool for mailboxes and small objects."},
    Key{"storage.rados.body_pool", Form::text, FIELD(std::string, storage.rados.body_pool), "", "",
        "", kStart,
        "Pool for the content of messages; may be erasure-coded. Empty: storage.rados.pool."},
    Key{"storage.rados.namespace", Form::text, FIELD(std::string, storage.rados.name_space),
        "posthorn", "", "", kStart,
        "RADOS namespace of this store in the pools. No other program may use it."},

    Key{"retention.trash", Form::duration, FIELD(Duration, retention.trash), "0s", "", "3650d",
        kLive,
        "Age at which messages are removed from mailboxes with the use \\Trash, counted from when "
        "they got there; at least 1d. 0: they stay. A setting of the mailbox takes precedence."},
    Key{"retention.junk", Form::duration, FIELD(Duration, retention.junk), "0s", "", "3650d", kLive,
        "The same for mailboxes with the use \\Junk."},
    Key{"retention.users_may_change", Form::flag, FIELD(bool, retention.users_may_change), "true",
        "", "", kLive,
        "Users may set the age for mailboxes of their own (METADATA, "
        "/shared/vendor/posthorn/expire). If false, only `posthorn mailbox expire` can."},

    Key{"mailboxes.recently_deleted", Form::text, FIELD(std::string, mailboxes.recently_deleted),
        "", "", "", kLive,
        "Name of a read-only mailbox in which users of IMAP see what was removed from their "
        "accounts "
        "within storage.expunged_retention, for example \"Recently deleted\"; copying or moving a "
        "message from there brings it back. Empty: none."},

    Key{"auth.iterations", Form::number, FIELD(std::uint64_t, auth.iterations), "16384", "4096",
        "1000000", kLive, "Hash iterations for new passwords (RFC 7677, section 4)."},
    Key{"auth.scram", Form::choice, choice<scram_of>(kOfferScram), "auto", "", "", kLive,
        "Offer SCRAM, which works only for passwords that have keys: while every account has them "
        "(auto), always, or never. `posthorn account list` shows who has none."},
    Key{"auth.upgrade_hashes", Form::flag, FIELD(bool, auth.upgrade_hashes), "true", "", "", kLive,
        "When a user logs in with the password, turn an imported hash of it, or SCRAM keys with "
        "fewer "
        "iterations than auth.iterations, into SCRAM keys."},
    Key{"auth.master_separator", Form::text, FIELD(std::string, auth.master_separator), "*", "", "",
        kStart,
        "Stands between the two names of somebody who logs in as another user, as in "
        "user*master. Empty: only SASL authorization identities are understood."},
    Key{"auth.allow_plaintext_without_tls", Form::choice, choice<plaintext_of>(kPlaintext), "never",
        "", "", kLive,
        "Accept passwords without TLS: never, from this machine only (loopback), or always."},
    Key{"auth.channel_binding", Form::flag, FIELD(bool, auth.channel_binding), "true", "", "",
        kLive, "Offer SCRAM-SHA-256-PLUS. Set to false behind a proxy that terminates TLS."},
    Key{"auth.remember_passwords", Form::duration, FIELD(Duration, auth.remember_passwords), "1h",
        "0s", "1h", kStart,
        "How long a verified password is remembered, so that it need not be hashed again."},
    Key{"auth.import.max_iterations", Form::number,
        FIELD(std::uint64_t, auth.import.max_iterations), "1000000", "1000", "100000000", kLive,
        "Imported hashes with more iterations (SHA-crypt, PBKDF2, SCRAM) are refused."},
    Key{"auth.import.max_bcrypt_cost", Form::number,
        FIELD(std::uint64_t, auth.import.max_bcrypt_cost), "14", "4", "31", kLive,
        "Imported bcrypt hashes with a higher cost are refused. 14 takes about a second."},
    Key{"auth.import.max_memory", Form::size, FIELD(std::uint64_t, auth.import.max_memory),
        "256MiB", "1MiB", "16GiB", kLive,
        "Imported hashes that need more memory (Argon2, yescrypt) are refused. Half as many as "
        "there are cores may be computed at once."},
    Key{"auth.throttle.free_guesses", Form::number,
        FIELD(std::uint64_t, auth.throttle.free_guesses), "5", "1", "1000", kStart,
        "Number of different wrong passwords of one user from one network before delays begin."},
    Key{"auth.throttle.first_delay", Form::duration, FIELD(Duration, auth.throttle.first_delay),
        "1s", "0s", "1m", kStart,
        "Delay after the next wrong password. It doubles with each further one."},
    Key{"auth.throttle.longest_delay", Form::duration, FIELD(Duration, auth.throttle.longest_delay),
        "15s", "0s", "1m", kStart, "Maximum delay."},
    Key{"auth.throttle.forget_after", Form::duration, FIELD(Duration, auth.throttle.forget_after),
        "1h", "1m", "7d", kStart,
        "Time after the last wrong password until the count starts again."},
    Key{"auth.throttle.trust_after_success", Form::duration,
        FIELD(Duration, auth.throttle.trust_after_success), "7d", "0s", "90d", kStart,
        "Time after a successful login during which the user has 50 free guesses in that network."},

    Key{"auth.oauth.issuer", Form::text, FIELD(std::string, auth.oauth.issuer), "", "", "", kLive,
        "Issuer of tokens for OAUTHBEARER and XOAUTH2, as in \"iss\". Empty: tokens are not "
        "accepted."},
    Key{"auth.oauth.audience", Form::text, FIELD(std::string, auth.oauth.audience), "", "", "",
        kLive,
        "Audience that a token must name in \"aud\". May be empty only with introspect = "
        "\"always\"."},
    Key{"auth.oauth.jwks_file", Form::path, FIELD(std::string, auth.oauth.jwks_file), "", "", "",
        kLive,
        "A file with the issuer's public keys (RFC 7517), which SIGHUP reads again. Empty: they "
        "are "
        "fetched from the issuer."},
    Key{"auth.oauth.jwks_url", Form::text, FIELD(std::string, auth.oauth.jwks_url), "", "", "",
        kLive,
        "Where the keys are fetched, with https. Empty: found by the issuer's metadata (RFC "
        "8414)."},
    Key{"auth.oauth.user_claim", Form::text, FIELD(std::string, auth.oauth.user_claim), "email", "",
        "", kLive, "The claim that names the account."},
    Key{"auth.oauth.scope", Form::text, FIELD(std::string, auth.oauth.scope), "", "", "", kLive,
        "Scope that a token must have. Empty: none is required."},
    Key{"auth.oauth.introspect", Form::choice, choice<introspect_of>(kIntrospect), "never", "", "",
        kLive,
        "Tokens that the issuer is asked about (RFC 7662): never, opaque (those that are no JWT) "
        "or "
        "always, so that a token that was revoked is no longer accepted."},
    Key{"auth.oauth.introspection_url", Form::text,
        FIELD(std::string, auth.oauth.introspection_url), "", "", "", kLive,
        "Where the issuer is asked, with https. Empty: found by the issuer's metadata (RFC 8414)."},
    Key{"auth.oauth.client_id", Form::text, FIELD(std::string, auth.oauth.client_id), "", "", "",
        kLive, "How this server names itself when it asks about a token. Empty: not at all."},
    Key{"auth.oauth.client_secret", Form::secret, FIELD(std::string, auth.oauth.client_secret), "",
        "", "", kLive, "Secret that belongs to client_id."},
    Key{"auth.oauth.ca_file", Form::path, FIELD(std::string, auth.oauth.ca_file), "", "", "", kLive,
        "PEM file with the certificate authorities to trust. Empty: those of the system."},
    Key{"auth.oauth.timeout", Form::duration, FIELD(Duration, auth.oauth.timeout), "5s", "100ms",
        "8s", kLive, "Longest time for one request to the issuer."},
    Key{"auth.oauth.keys_time", Form::duration, FIELD(Duration, auth.oauth.keys_time), "1h", "1s",
        "1d", kLive, "Time after which keys and metadata are fetched again."},
    Key{"auth.oauth.introspection_time", Form::duration,
        FIELD(Duration, auth.oauth.introspection_time), "1m", "0s", "1h", kLive,
        "How long the issuer's answer about a token is used, at most until the token expires. A "
        "token that is revoked is accepted for that long."},
    Key{"auth.oauth.end_sessions", Form::flag, FIELD(bool, auth.oauth.end_sessions), "false", "",
        "", kLive, "A session ends when the token expires that its client logged in with."},

    Key{"imap.keepalive", Form::duration, FIELD(Duration, imap.keepalive), "120s", "0s", "29m",
        kLive, "Interval between keep-alive responses during IDLE; 0 disables them."},
    Key{"imap.disabled_capabilities", Form::list, FIELD(Words, imap.disabled_capabilities), "", "",
        "", kLive, "Capabilities that are not offered, spelled as in the CAPABILITY response."},
    Key{"imap.extra_capabilities", Form::list, FIELD(Words, imap.extra_capabilities), "", "", "",
        kLive,
        "Capabilities that are offered only if they are named here: UNAUTHENTICATE, UIDONLY."},
    Key{"imap.server_metadata", Form::list, FIELD(Words, imap.server_metadata), "", "", "", kLive,
        "Annotations of the server that every user can read (RFC 5464), as \"entry=value\", for "
        "example \"/shared/admin=mailto:postmaster@example.org\"."},

    Key{"sharing.anyone", Form::flag, FIELD(bool, sharing.anyone), "false", "", "", kLive,
        "Users may share mailboxes with everybody who has an account (\"anyone\")."},
    Key{"sharing.subscribe", Form::flag, FIELD(bool, sharing.subscribe), "true", "", "", kLive,
        "A mailbox that is shared with a user appears among that user's subscribed mailboxes."},
    Key{"sharing.private_flags", Form::flag, FIELD(bool, sharing.private_flags), "false", "", "",
        kLive,
        "In a mailbox that is shared from now on, not only \\Seen but also \\Flagged, \\Answered "
        "and "
        "keywords are everybody's own. Teams are not affected."},
    Key{"sharing.groups", Form::list, FIELD(Words, sharing.groups), "", "", "", kLive,
        "Groups that mailboxes can be shared with, as \"name=member member\" with login names, for "
        "example \"sales=ann@example.org bob@example.org\"."},

    Key{"pop3.mark_seen", Form::flag, FIELD(bool, pop3.mark_seen), "false", "", "", kLive,
        "Set the \\Seen flag of a message that is fetched with RETR."},
    Key{"pop3.idle_timeout", Form::duration, FIELD(Duration, pop3.idle_timeout), "10m", "10m", "1d",
        kLive,
        "Inactivity after which a session is closed without deleting anything (RFC 1939, section "
        "3)."},
    Key{"pop3.login_delay", Form::duration, FIELD(Duration, pop3.login_delay), "0s", "0s", "1d",
        kLive,
        "Minimum time between two logins of one account; 0 disables it (RFC 2449, section 6.5)."},
    Key{"pop3.expire_days", Form::number, FIELD(std::uint64_t, pop3.expire_days), "0", "0", "36500",
        kLive,
        "Value of EXPIRE in CAPA, in days, for a policy of your own. Nothing is deleted. 0: "
        "NEVER."},

    Key{"lmtp.detail_separator", Form::text, FIELD(std::string, lmtp.detail_separator), "+", "", "",
        kLive, "Separator between user and folder in user+folder@domain. Empty: no separator."},

    Key{"submission.save_sent", Form::flag, FIELD(bool, submission.save_sent), "true", "", "",
        kLive, "File a copy of each sent message in the sender's Sent mailbox."},
    Key{"submission.duplicate_window", Form::duration, FIELD(Duration, submission.duplicate_window),
        "10m", "0s", "1d", kLive,
        "Time within which a client's own copy in Sent is merged with the server's; 0 disables "
        "it."},
    Key{"submission.show_client", Form::flag, FIELD(bool, submission.show_client), "false", "", "",
        kLive, "Show the client's name and address in the Received field."},
    Key{"submission.max_recipients", Form::number, FIELD(std::uint64_t, submission.max_recipients),
        "1000", "100", "10000", kLive,
        "Maximum number of recipients of one message (RFC 5321, section 4.5.3.1.8)."},
    Key{"submission.max_hold", Form::duration, FIELD(Duration, submission.max_hold), "30d", "0s",
        "365d", kLive,
        "Longest time a client may ask to hold a message before it is sent (RFC 4865); 0 disables "
        "it."},
    Key{"submission.messages_per_hour", Form::number,
        FIELD(std::uint64_t, submission.messages_per_hour), "1000", "0", "10000000", kLive,
        "Messages that one account may send within an hour; 0 means no limit."},
    Key{"submission.messages_per_day", Form::number,
        FIELD(std::uint64_t, submission.messages_per_day), "5000", "0", "10000000", kLive,
        "The same within a day."},
    Key{"submission.recipients_per_hour", Form::number,
        FIELD(std::uint64_t, submission.recipients_per_hour), "5000", "0", "10000000", kLive,
        "Recipients to which one account may send within an hour; 0 means no limit."},
    Key{"submission.recipients_per_day", Form::number,
        FIELD(std::uint64_t, submission.recipients_per_day), "20000", "0", "10000000", kLive,
        "The same within a day."},
    Key{"relay.host", Form::text, FIELD(std::string, relay.host), "", "", "", kLive,
        "Server to which mail for other domains is sent. Empty: only local mail is accepted."},
    Key{"relay.port", Form::number, FIELD(std::uint64_t, relay.port), "587", "1", "65535", kLive,
        "Port of the relay: 587 (submission), 465 (with tls = \"implicit\") or 25."},
    Key{"relay.tls", Form::choice, choice<relay_tls_of>(kRelayTls), "required", "", "", kLive,
        "none, opportunistic (STARTTLS if offered, certificate not checked), required (STARTTLS), "
        "implicit (TLS at once)."},
    Key{"relay.ca_file", Form::path, FIELD(std::string, relay.ca_file), "", "", "", kLive,
        "PEM file with the certificate authorities to trust. Empty: those of the system."},
    Key{"relay.user", Form::text, FIELD(std::string, relay.user), "", "", "", kLive,
        "User name for the relay. Empty: no login."},
    Key{"relay.password", Form::secret, FIELD(std::string, relay.password), "", "", "", kLive,
        "Password for the relay."},
    Key{"relay.connections", Form::number, FIELD(std::uint64_t, relay.connections), "4", "1", "100",
        kLive, "Maximum number of concurrent connections to the relay."},
    Key{"relay.recipients", Form::number, FIELD(std::uint64_t, relay.recipients), "100", "1",
        "10000", kLive, "Maximum number of recipients in one transaction with the relay."},
    Key{"relay.connect_timeout", Form::duration, FIELD(Duration, relay.connect_timeout), "10s",
        "1s", "5m", kLive, "Time limit for connecting to the relay."},
    Key{"relay.timeout", Form::duration, FIELD(Duration, relay.timeout), "5m", "1s", "1h", kLive,
        "Time limit for a reply of the relay; twice that after a message (RFC 5321, section "
        "4.5.3.2)."},
    Key{"relay.retry_first", Form::duration, FIELD(Duration, relay.retry_first), "1m", "1s", "1d",
        kLive, "Delay before the first retry; it doubles with each attempt."},
    Key{"relay.retry_longest", Form::duration, FIELD(Duration, relay.retry_longest), "1h", "1s",
        "1d", kLive, "Maximum delay between two attempts."},
    Key{"relay.warn_after", Form::duration, FIELD(Duration, relay.warn_after), "4h", "0s", "30d",
        kLive, "Time after which the sender is told of the delay; 0 disables it."},
    Key{"relay.expire_after", Form::duration, FIELD(Duration, relay.expire_after), "5d", "1m",
        "60d", kLive, "Time after which an undelivered message is returned to the sender."},

    Key{"forwarding.srs_domain", Form::text, FIELD(std::string, forwarding.srs_domain), "", "", "",
        kLive,
        "Domain of the return paths of mail that aliases send to other servers. It must be one "
        "whose "
        "mail is kept here. Empty: the domain of the alias."},
    Key{"forwarding.max_addresses", Form::number, FIELD(std::uint64_t, forwarding.max_addresses),
        "100", "1", "1000", kLive,
        "Maximum number of addresses of other servers to which one alias leads."},
    Key{"forwarding.recipients_per_hour", Form::number,
        FIELD(std::uint64_t, forwarding.recipients_per_hour), "1000", "0", "10000000", kLive,
        "Recipients on other servers to which one alias sends within an hour. More mail is refused "
        "for the time being; 0 means no limit."},

    Key{"log.level", Form::choice, choice<level_of>(kLevels), "info", "", "", kLive,
        "Lowest level that is logged. The log is written to standard error."},
    Key{"log.format", Form::choice, choice<format_of>(kLogFormats), "text", "", "", kLive,
        "text, or json: one JSON object on each line."},

    Key{"search.attachments", Form::flag, FIELD(bool, search.attachments), "false", "", "", kStart,
        "Search the text of attachments too: PDF (with the package poppler-utils), office "
        "documents, RTF. It is extracted in the background, by processes that can reach nothing."},

    Key{"threads.io", Form::number, FIELD(std::uint64_t, threads.io), "0", "0", "1024", kStart,
        "Number of threads that serve connections; 0 means one per core."},
    Key{"threads.offload", Form::number, FIELD(std::uint64_t, threads.offload), "0", "0", "1024",
        kStart,
        "Number of threads that read from disk and search; 0 means two per core, at least "
        "four."},

    Key{"quota.default_size", Form::size, FIELD(std::uint64_t, quota.default_size), "0", "", "",
        kLive, "Storage quota of a new account that is given none of its own; 0 means no limit."},
    Key{"quota.default_messages", Form::number, FIELD(std::uint64_t, quota.default_messages), "0",
        "", "", kLive,
        "Message quota of a new account that is given none of its own; 0 means no limit."},
    Key{"quota.kept_factor", Form::number, FIELD(std::uint64_t, quota.kept_factor), "10", "0",
        "1000", kLive,
        "How many times its storage quota an account may have on the disk, with expunged messages "
        "and broken-off uploads. Beyond it, the oldest expunged messages can no longer be brought "
        "back, and new mail has to wait; 0 means no bound."},
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
