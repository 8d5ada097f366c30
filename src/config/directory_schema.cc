#include "config/directory_schema.h"

#include <algorithm>
#include <array>

namespace posthorn::config {
namespace {

using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 5> kKinds{"none", "ldap", "postgresql", "sqlite",
                                                 "saslauthd"};
constexpr std::array<std::string_view, 2> kTls{"starttls", "none"};

const ChoiceField kKindField{
    kKinds, [](const Config& c) { return static_cast<std::size_t>(c.one_directory.kind); },
    [](Config& c, std::size_t i) { c.one_directory.kind = static_cast<DirectoryKind>(i); }};
const ChoiceField kTlsField{
    kTls, [](const Config& c) { return static_cast<std::size_t>(c.one_directory.tls); },
    [](Config& c, std::size_t i) { c.one_directory.tls = static_cast<DirectoryTls>(i); }};

#define FIELD(type, member) (+[](Config& c) -> type& { return c.one_directory.member; })
constexpr Reload kStart = Reload::needs_restart;

const std::array kKeys{
    Key{"directory.NAME.kind", Form::choice, kKindField, "none", "", "", kStart,
        "What this directory is."},
    Key{"directory.NAME.domains", Form::list, FIELD(Words, domains), "", "", "", kStart,
        "Domains whose users it is asked for; their mail is kept here. Empty: those of `domains`."},
    Key{"directory.NAME.cache_time", Form::duration, FIELD(Duration, cache_time), "5m", "0s", "1d",
        kStart,
        "How long an answer is remembered, and a password that was right. `posthorn account "
        "forget` drops it earlier."},
    Key{"directory.NAME.negative_cache_time", Form::duration, FIELD(Duration, negative_cache_time),
        "30s", "0s", "1d", kStart,
        "How long it is remembered that a name is unknown; at most cache_time."},
    Key{"directory.NAME.cache_entries", Form::number, FIELD(std::uint64_t, cache_entries), "10000",
        "1", "1000000", kStart, "Number of answers that are remembered, of each kind."},
    Key{"directory.NAME.timeout", Form::duration, FIELD(Duration, timeout), "5s", "100ms", "30s",
        kStart, "Time limit for an answer, connecting included."},
    Key{"directory.NAME.connections", Form::number, FIELD(std::uint64_t, connections), "4", "1",
        "64", kStart, "Maximum number of concurrent questions."},
    Key{"directory.NAME.password_scheme", Form::text, FIELD(std::string, password_scheme), "CRYPT",
        "", "", kStart,
        "LDAP and SQL: the scheme of a password hash that does not name it ({SCHEME}...)."},
    Key{"directory.NAME.servers", Form::list, FIELD(Words, servers), "", "", "", kStart,
        "LDAP: servers as ldap://host, ldaps://host or ldapi:///; the next one is asked when one "
        "does not answer."},
    Key{"directory.NAME.tls", Form::choice, kTlsField, "starttls", "", "", kStart,
        "LDAP: how connections to ldap:// servers are protected. The certificate is always "
        "checked. none sends passwords in clear."},
    Key{"directory.NAME.ca_file", Form::path, FIELD(std::string, ca_file), "", "", "", kStart,
        "LDAP: PEM file with the certificate authorities to trust. Empty: those of the system."},
    Key{"directory.NAME.bind_dn", Form::text, FIELD(std::string, bind_dn), "", "", "", kStart,
        "LDAP: the service account that searches. Empty: searches are anonymous."},
    Key{"directory.NAME.bind_password", Form::secret, FIELD(std::string, bind_password), "", "", "",
        kStart, "LDAP: its password."},
    Key{"directory.NAME.base", Form::text, FIELD(std::string, base), "", "", "", kStart,
        "LDAP: the entry below which is searched. %{name}, %{user} and %{domain} stand for parts "
        "of "
        "the address."},
    Key{"directory.NAME.filter", Form::text, FIELD(std::string, filter), "", "", "", kStart,
        "LDAP: the filter that finds the entry of a user, with %{name}, %{user} and %{domain}."},
    Key{"directory.NAME.alias_filter", Form::text, FIELD(std::string, alias_filter), "", "", "",
        kStart, "LDAP: the filter that finds the entry of whom an alias leads to. Empty: none."},
    Key{"directory.NAME.name_attribute", Form::text, FIELD(std::string, name_attribute), "mail", "",
        "", kStart, "LDAP: the attribute with the name of the account. Empty: the name asked for."},
    Key{"directory.NAME.password_attribute", Form::text, FIELD(std::string, password_attribute), "",
        "", "", kStart,
        "LDAP: the attribute with a password hash. Empty: a password is checked by binding as the "
        "entry found."},
    Key{"directory.NAME.enabled_attribute", Form::text, FIELD(std::string, enabled_attribute), "",
        "", "", kStart,
        "LDAP: the attribute that says whether the user is enabled: userAccountControl, "
        "nsAccountLock, or one with words such as TRUE or inactive. Empty: all are."},
    Key{"directory.NAME.quota_attribute", Form::text, FIELD(std::string, quota_attribute), "", "",
        "", kStart, "LDAP: the attribute with the storage quota, in octets or as 5G."},
    Key{"directory.NAME.groups_attribute", Form::text, FIELD(std::string, groups_attribute), "", "",
        "", kStart,
        "LDAP: the attribute with the groups that mailboxes can be shared with, such as "
        "memberOf."},
    Key{"directory.NAME.connection", Form::secret, FIELD(std::string, connection), "", "", "",
        kStart,
        "PostgreSQL: the connection string, for example \"host=db dbname=mail user=mail "
        "password=secret sslmode=verify-full\"."},
    Key{"directory.NAME.file", Form::path, FIELD(std::string, file), "", "", "", kStart,
        "SQLite: the file of the database."},
    Key{"directory.NAME.user_query", Form::text, FIELD(std::string, user_query), "", "", "", kStart,
        "SQL: finds a user. Its columns may be name, password, enabled, quota and groups; "
        "%{name}, %{user} and %{domain} are parameters, without quotes."},
    Key{"directory.NAME.password_query", Form::text, FIELD(std::string, password_query), "", "", "",
        kStart, "SQL: finds the password or hash, if user_query does not."},
    Key{"directory.NAME.alias_query", Form::text, FIELD(std::string, alias_query), "", "", "",
        kStart,
        "SQL: finds the addresses that an alias leads to, one or more in a row. Empty: there are "
        "none."},
    Key{"directory.NAME.domain_query", Form::text, FIELD(std::string, domain_query), "", "", "",
        kStart,
        "SQL: finds a row if the mail of %{domain} is kept here. Empty: the domains listed "
        "are."},
    Key{"directory.NAME.socket", Form::path, FIELD(std::string, socket), "/run/saslauthd/mux", "",
        "", kStart, "saslauthd: its socket."},
    Key{"directory.NAME.service", Form::text, FIELD(std::string, service), "imap", "", "", kStart,
        "saslauthd: the service, which for PAM is a file in /etc/pam.d."},
    Key{"directory.NAME.login", Form::text, FIELD(std::string, login), "%{user}", "", "", kStart,
        "saslauthd: the user name it gets: %{user}, or %{name} with the domain."},
    Key{"directory.NAME.realm", Form::text, FIELD(std::string, realm), "", "", "", kStart,
        "saslauthd: the realm it gets; may be %{domain}."},
};
#undef FIELD

constexpr std::string_view kPrefix = "directory.NAME.";

std::string_view leaf_of(const Key& key) { return key.name.substr(kPrefix.size()); }

const Key* find_leaf(std::string_view leaf) {
  const auto at = std::ranges::find(kKeys, leaf, leaf_of);
  return at == kKeys.end() ? nullptr : &*at;
}

}  // namespace

std::span<const Key> directory_keys() { return kKeys; }

std::optional<DirectoryKey> parse_directory_key(std::string_view name) {
  constexpr std::string_view kTable = "directory.";
  constexpr std::string_view kFile = "_file";
  if (!name.starts_with(kTable)) return std::nullopt;
  name.remove_prefix(kTable.size());
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  DirectoryKey parts{name.substr(0, dot), find_leaf(name.substr(dot + 1))};
  if (parts.key == nullptr && name.ends_with(kFile)) {
    const std::string_view leaf = name.substr(dot + 1, name.size() - dot - 1 - kFile.size());
    const Key* const secret = find_leaf(leaf);
    if (secret != nullptr && secret->form == Form::secret) parts = {parts.directory, secret, true};
  }
  return parts;
}

std::string name_in(const Key& key, std::string_view directory) {
  return "directory." + std::string(directory) + "." + std::string(leaf_of(key));
}

Directory& directory_named(Config& config, std::string_view name) {
  const auto at = std::ranges::find(config.directory, name, &Directory::name);
  if (at != config.directory.end()) return *at;
  Config defaults;
  for (const Key& key : kKeys) std::ignore = assign_text(defaults, key, key.fallback);
  defaults.one_directory.name = name;
  config.directory.push_back(std::move(defaults.one_directory));
  return config.directory.back();
}

Config with_directory(const Config& config, const Directory& directory) {
  Config copy = config;
  copy.one_directory = directory;
  return copy;
}

}  // namespace posthorn::config
