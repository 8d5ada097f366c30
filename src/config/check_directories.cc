#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "config/directory_schema.h"

namespace posthorn::config {
namespace {

using Wrong = std::function<void(const std::string&, std::string)>;
using IsSet = std::function<bool(const std::string&)>;

/// The kinds of directories that a key is for, by its beginning in the documentation.
bool is_for(const Key& key, DirectoryKind kind) {
  const std::string_view of = key.doc.substr(0, key.doc.find(':'));
  const bool sql = kind == DirectoryKind::postgresql || kind == DirectoryKind::sqlite;
  if (of == "LDAP") return kind == DirectoryKind::ldap;
  if (of == "SQL") return sql;
  if (of == "LDAP and SQL") return sql || kind == DirectoryKind::ldap;
  if (of == "PostgreSQL") return kind == DirectoryKind::postgresql;
  if (of == "SQLite") return kind == DirectoryKind::sqlite;
  if (of == "saslauthd") return kind == DirectoryKind::saslauthd;
  return true;
}

bool is_name(std::string_view name) {
  return name != kInternal && name.size() <= 32 && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

/// Returns what is wrong with the places for values in a text; empty: nothing.
std::string wrong_places(std::string_view text, bool is_query) {
  constexpr std::array<std::string_view, 3> kPlaces{"%{name}", "%{user}", "%{domain}"};
  for (std::size_t at = text.find("%{"); at != std::string_view::npos;
       at = text.find("%{", at + 1)) {
    const auto place = std::ranges::find_if(
        kPlaces, [&](std::string_view one) { return text.substr(at).starts_with(one); });
    if (place == kPlaces.end())
      return "can contain %{name}, %{user} and %{domain}, and nothing else in %{...}";
    const auto is_quote = [&](std::size_t i) {
      return i < text.size() && (text[i] == '\'' || text[i] == '"' || text[i] == '%');
    };
    if (is_query && (is_quote(at - 1) || is_quote(at + place->size())))
      return "must not have quotes or % beside " + std::string(*place) +
             ": it is a parameter, not a part of the text";
  }
  return {};
}

class Checker {
 public:
  Checker(const Config& config, const Directory& directory, const IsSet& is_set, const Wrong& wrong)
      : config_(config), directory_(directory), is_set_(is_set), wrong_(wrong) {}

  void check() {
    if (!is_name(directory_.name)) {
      say("kind", fmt::format("'directory.{}': a directory has a name of small letters, digits, - "
                              "and _, which is not \"internal\"",
                              directory_.name));
      return;
    }
    if (directory_.kind == DirectoryKind::none) {
      say("kind", fmt::format("'directory.{}.kind' must be one of \"ldap\", \"postgresql\", "
                              "\"sqlite\", \"saslauthd\"",
                              directory_.name));
      return;
    }
    check_keys();
    check_domains();
    switch (directory_.kind) {
      case DirectoryKind::ldap: return check_ldap();
      case DirectoryKind::postgresql: need("connection", directory_.connection); [[fallthrough]];
      case DirectoryKind::sqlite: return check_sql();
      case DirectoryKind::saslauthd: need("socket", directory_.socket); [[fallthrough]];
      case DirectoryKind::none: return;
    }
  }

 private:
  [[nodiscard]] std::string key(std::string_view leaf) const {
    return fmt::format("directory.{}.{}", directory_.name, leaf);
  }
  void say(std::string_view leaf, std::string what) const { wrong_(key(leaf), std::move(what)); }
  void need(std::string_view leaf, std::string_view value) const {
    if (value.empty()) say(leaf, fmt::format("'{}' must be set for this kind", key(leaf)));
  }

  void check_keys() const {
    for (const Key& one : directory_keys()) {
      const std::string name = name_in(one, directory_.name);
      if (is_set_(name) && !is_for(one, directory_.kind))
        wrong_(name, fmt::format("'{}' is not a key of this kind of directory", name));
    }
    if (directory_.negative_cache_time > directory_.cache_time && directory_.cache_time.count() > 0)
      say("negative_cache_time", fmt::format("'{}' must not be longer than '{}'",
                                             key("negative_cache_time"), key("cache_time")));
    const std::array<std::pair<std::string_view, const std::string*>, 8> texts{
        {{"base", &directory_.base},
         {"filter", &directory_.filter},
         {"alias_filter", &directory_.alias_filter},
         {"user_query", &directory_.user_query},
         {"password_query", &directory_.password_query},
         {"alias_query", &directory_.alias_query},
         {"domain_query", &directory_.domain_query},
         {"login", &directory_.login}}};
    for (const auto& [leaf, text] : texts)
      if (std::string why = wrong_places(*text, leaf.ends_with("_query")); !why.empty())
        say(leaf, fmt::format("'{}' {}", key(leaf), why));
  }

  /// Otherwise mail for a user who has no account yet would look like mail for another server.
  void check_domains() const {
    if (directory_.domains.empty() && config_.domains.empty() && directory_.domain_query.empty())
      say("domains",
          fmt::format("'{}' or 'domains' must name the domains of its users", key("domains")));
  }

  void check_ldap() const {
    if (directory_.servers.empty()) need("servers", "");
    for (const std::string& uri : directory_.servers)
      if (!uri.starts_with("ldap://") && !uri.starts_with("ldaps://") &&
          !uri.starts_with("ldapi://"))
        say("servers", fmt::format("'{}' cannot contain '{}', only ldap://host, ldaps://host and "
                                   "ldapi://path",
                                   key("servers"), uri));
    need("base", directory_.base);
    need("filter", directory_.filter);
    if (directory_.bind_dn.empty() != directory_.bind_password.empty())
      say(directory_.bind_dn.empty() ? "bind_password" : "bind_dn",
          fmt::format("'{}' and '{}' need each other", key("bind_dn"), key("bind_password")));
    if (!directory_.alias_filter.empty() && directory_.name_attribute.empty())
      say("alias_filter", fmt::format("'{}' needs '{}', which says whom the alias leads to",
                                      key("alias_filter"), key("name_attribute")));
  }

  void check_sql() const {
    if (directory_.kind == DirectoryKind::sqlite) need("file", directory_.file);
    need("user_query", directory_.user_query);
  }

  const Config& config_;
  const Directory& directory_;
  const IsSet& is_set_;
  const Wrong& wrong_;
};

bool share_domains(const Config& config, const Directory& one, const Directory& other) {
  const auto& domains = one.domains.empty() ? config.domains : one.domains;
  const auto& others = other.domains.empty() ? config.domains : other.domains;
  return std::ranges::any_of(domains, [&](const std::string& domain) {
    return std::ranges::find(others, domain) != others.end();
  });
}

}  // namespace

void check_directories(const Config& config, const IsSet& is_set, const Wrong& wrong) {
  const Directory* knows_nobody = nullptr;
  for (std::size_t i = 0; i < config.directories.size(); ++i) {
    const std::string& name = config.directories[i];
    if (std::ranges::find(config.directories.begin(), config.directories.begin() + i, name) !=
        config.directories.begin() + i)
      wrong("directories", fmt::format("'directories' contains '{}' twice", name));
    if (knows_nobody != nullptr && name == kInternal)
      wrong("directories", fmt::format("'directories' must have \"internal\" before '{}', which "
                                       "cannot tell whether it knows a user",
                                       knows_nobody->name));
    if (name == kInternal) continue;
    const auto at = std::ranges::find(config.directory, name, &Directory::name);
    if (at == config.directory.end()) {
      wrong("directories",
            fmt::format("'directories' contains '{}', but there is no [directory.{}]", name, name));
      continue;
    }
    if (knows_nobody != nullptr && share_domains(config, *knows_nobody, *at))
      wrong("directories", fmt::format("'directories' must have '{}' before '{}', which cannot "
                                       "tell whether it knows a user",
                                       name, knows_nobody->name));
    if (at->kind == DirectoryKind::saslauthd) knows_nobody = &*at;
  }
  if (config.directories.empty())
    wrong("directories", "'directories' must not be empty; the default is [\"internal\"]");
  for (const Directory& directory : config.directory)
    Checker(config, directory, is_set, wrong).check();
}

}  // namespace posthorn::config
