#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace posthorn::config {

enum class DirectoryKind : std::uint8_t { none, ldap, postgresql, sqlite, saslauthd };
/// The protection of connections to ldap:// servers.
enum class DirectoryTls : std::uint8_t { starttls, none };

/// A directory outside of the store that knows accounts: a table [directory.NAME].
struct Directory {
  std::string name;
  DirectoryKind kind = DirectoryKind::none;
  std::vector<std::string> domains;  ///< Empty: those of the server.
  std::chrono::milliseconds cache_time{};
  std::chrono::milliseconds negative_cache_time{};
  std::uint64_t cache_entries = 0;
  std::chrono::milliseconds timeout{};
  std::uint64_t connections = 0;
  std::string password_scheme;

  std::vector<std::string> servers;  ///< URIs.
  DirectoryTls tls = DirectoryTls::starttls;
  std::string ca_file;  ///< See path_in().
  std::string bind_dn;
  std::string bind_password;
  std::string base;
  std::string filter;
  std::string alias_filter;
  std::string name_attribute;
  std::string password_attribute;
  std::string enabled_attribute;
  std::string quota_attribute;
  std::string groups_attribute;

  std::string connection;  ///< Of PostgreSQL.
  std::string file;        ///< Of SQLite; see path_in().
  std::string user_query;
  std::string password_query;
  std::string alias_query;
  std::string domain_query;

  std::string socket;
  std::string service;
  std::string login;
  std::string realm;
};

/// The store's own accounts, in the list of directories.
inline constexpr const char* kInternal = "internal";

}  // namespace posthorn::config
