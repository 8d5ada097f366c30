#include "app/accounts/directories.h"

#include <algorithm>

#include "app/options.h"
#include "directory/ldap_link.h"
#include "directory/postgresql_link.h"
#include "directory/saslauthd_link.h"
#include "directory/sqlite_link.h"
#include "text/ascii.h"

namespace posthorn::app {
namespace {

using directory::LinkPtr;
using Connect = std::function<LinkPtr()>;

std::chrono::seconds seconds(config::Duration d) {
  return std::chrono::duration_cast<std::chrono::seconds>(d);
}

directory::SqlOptions sql_options(const config::Config& config, const config::Directory& from) {
  return {.user_query = from.user_query,
          .password_query = from.password_query,
          .alias_query = from.alias_query,
          .domain_query = from.domain_query,
          .password_scheme = from.password_scheme,
          .hash_limits = hash_limits(config)};
}

std::shared_ptr<const directory::LdapOptions> ldap_options(const config::Config& config,
                                                           const config::Directory& from) {
  auto options = std::make_shared<directory::LdapOptions>();
  options->servers = from.servers;
  options->starttls = from.tls == config::DirectoryTls::starttls;
  options->ca_file = config::path_in(config, from.ca_file);
  options->bind_dn = from.bind_dn;
  options->bind_password = std::make_shared<const auth::Secret>(from.bind_password);
  options->base = from.base;
  options->filter = from.filter;
  options->alias_filter = from.alias_filter;
  options->name_attribute = from.name_attribute;
  options->password_attribute = from.password_attribute;
  options->enabled_attribute = from.enabled_attribute;
  options->quota_attribute = from.quota_attribute;
  options->groups_attribute = from.groups_attribute;
  options->password_scheme = from.password_scheme;
  options->hash_limits = hash_limits(config);
  return options;
}

/// Returns what makes connections. Errors: bad_argument.
Result<Connect> connector(const config::Config& config, const config::Directory& from) {
  const auto timeout = from.timeout;
  switch (from.kind) {
    case config::DirectoryKind::ldap:
      return [options = ldap_options(config, from), timeout]() -> LinkPtr {
        return std::make_unique<directory::LdapLink>(options, timeout);
      };
    case config::DirectoryKind::postgresql:
      if (Status valid = directory::check_connection_string(from.connection); !valid)
        return fail(ErrorKind::bad_argument,
                    fmt::format("'directory.{}.connection' {}", from.name, valid.error().text));
      return [connection = from.connection, options = sql_options(config, from),
              timeout]() -> LinkPtr {
        return std::make_unique<directory::PostgresqlLink>(connection, options, timeout);
      };
    case config::DirectoryKind::sqlite:
      return [file = config::path_in(config, from.file), options = sql_options(config, from),
              timeout]() -> LinkPtr {
        return std::make_unique<directory::SqliteLink>(file, options, timeout);
      };
    case config::DirectoryKind::saslauthd:
      return [options = directory::SaslauthdOptions{config::path_in(config, from.socket),
                                                    from.service, from.login, from.realm},
              timeout]() -> LinkPtr {
        return std::make_unique<directory::SaslauthdLink>(options, timeout);
      };
    case config::DirectoryKind::none: break;
  }
  return fail(ErrorKind::bad_argument, fmt::format("'directory.{}.kind' must be set", from.name));
}

directory::SourceOptions source_options(const config::Directory& from) {
  using Kind = config::DirectoryKind;
  directory::SourceOptions options;
  options.name = from.name;
  for (const std::string& domain : from.domains) options.domains.push_back(text::lower(domain));
  options.has_aliases = !from.alias_filter.empty() || !from.alias_query.empty();
  options.has_domains = !from.domain_query.empty();
  options.checks_passwords =
      from.kind == Kind::saslauthd || (from.kind == Kind::ldap && from.password_attribute.empty());
  options.knows_users = from.kind != Kind::saslauthd;
  options.cache_time = seconds(from.cache_time);
  options.negative_cache_time = std::min(options.cache_time, seconds(from.negative_cache_time));
  options.cache_entries = from.cache_entries;
  options.timeout = from.timeout;
  options.connections = from.connections;
  return options;
}

}  // namespace

Result<directory::Chain> make_directories(const config::Config& config, const Clock& clock) {
  directory::Chain chain;
  if (config.directories.empty()) return chain;
  chain.internal_at.reset();
  for (const std::string& name : config.directories) {
    if (name == config::kInternal) {
      chain.internal_at = chain.sources.size();
      continue;
    }
    const auto from = std::ranges::find(config.directory, name, &config::Directory::name);
    if (from == config.directory.end())
      return fail(ErrorKind::bad_argument, fmt::format("there is no [directory.{}]", name));
    auto connect = connector(config, *from);
    if (!connect) return pass(connect);
    chain.sources.push_back(
        std::make_unique<directory::Source>(source_options(*from), std::move(*connect), clock));
  }
  return chain;
}

}  // namespace posthorn::app
