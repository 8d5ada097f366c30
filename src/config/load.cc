#include "config/load.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/network.h"
#include "config/directory_schema.h"
#include "config/min_free.h"
#include "config/schema.h"
#include "config/suggest.h"
#include "config/toml_reader.h"

namespace posthorn::config {
namespace {

constexpr std::string_view kPrefix = "POSTHORN_";
constexpr std::string_view kFileSuffix = "_file";
constexpr std::size_t kMaxFileOctets = 1 << 20;
constexpr auto kExtraCapabilities = std::to_array<std::string_view>({"UNAUTHENTICATE", "UIDONLY"});

/// "entry=value", with a name as RFC 5464 §3.2 requires.
bool is_server_entry(std::string_view text) {
  constexpr std::string_view kScope = "/shared/";
  const std::string_view name = text.substr(0, text.find('='));
  return name.size() < text.size() && name.size() > kScope.size() && name.starts_with(kScope) &&
         !name.ends_with('/') && name.find("//") == std::string_view::npos &&
         std::ranges::all_of(name,
                             [](char c) { return c > ' ' && c < '\x7f' && c != '*' && c != '%'; });
}

/// The name of a mailbox at the top level that every client can type.
bool is_top_level_mailbox(std::string_view name) {
  constexpr std::size_t kLongest = 200;
  return name.size() <= kLongest && !name.starts_with(' ') && !name.ends_with(' ') &&
         !std::ranges::equal(name, std::string_view("inbox"), {},
                             [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }) &&
         std::ranges::none_of(name, [](char c) {
           const auto octet = static_cast<unsigned char>(c);
           return octet < ' ' || octet == 0x7f || c == '/' || c == '*' || c == '%';
         });
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return fail(errno == ENOENT ? ErrorKind::not_found : ErrorKind::io,
                fmt::format("{}: {}", path, std::strerror(errno)));
  }
  std::string content(kMaxFileOctets + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (in.bad()) return fail(ErrorKind::io, fmt::format("{}: cannot be read", path));
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (content.size() > kMaxFileOctets) {
    return fail(ErrorKind::too_big, fmt::format("{}: larger than 1 MiB", path));
  }
  return content;
}

/// Collects all mistakes, so that they can be corrected at once.
class Loader {
 public:
  Loader() {
    for (const Key& key : schema()) {
      // A test checks that the defaults in the table are valid.
      std::ignore = assign_text(loaded_.config, key, key.fallback);
      loaded_.origins[std::string(key.name)] = "default";
    }
  }
  void file(std::string_view toml, const std::string& name);
  void environment(const std::vector<std::pair<std::string, std::string>>& variables);
  void overrides(const std::vector<std::pair<std::string, std::string>>& settings);
  Result<Loaded> finish();

 private:
  struct SecretFile {
    const Key* key = nullptr;
    std::string path;
    std::string where;
    std::string directory;  ///< For a key of a table [directory.NAME].
  };
  /// `place` precedes error messages, and is recorded as the origin of the value.
  void take(const Entry& entry, const std::string& place);
  void take_text(const Key& key, std::string_view value, const std::string& where);
  /// The same for a key of a table [directory.NAME].
  void take_in_directory(const DirectoryKey& parts, const Entry& entry, const std::string& place);
  /// Recorded now and read at the end, when the base of relative paths is known. The last one takes
  /// precedence.
  void put_secret(const Key& key, const std::string& path, const std::string& where) {
    secrets_[std::string(key.name)] = {&key, path, where, {}};
  }
  void read_secret(const SecretFile& file);
  void unknown(std::string_view name, const std::string& where);
  void wrong(std::string_view where, std::string_view what) {
    if (!errors_.empty()) errors_ += '\n';
    errors_ += fmt::format("{}: {}", where, what);
  }
  /// Returns the origin of a key's value, as the beginning of an error about values that contradict
  /// each other.
  [[nodiscard]] std::string at(std::string_view key) const {
    const auto known = loaded_.origins.find(key);
    return known != loaded_.origins.end() ? known->second : "configuration";
  }
  void check_relay();
  void check_oauth();
  void check_networks(const char* key, const std::vector<std::string>& networks);
  void check_together();

  Loaded loaded_;
  std::map<std::string, SecretFile> secrets_;
  std::string errors_;
};

/// The value of a key of a directory as it stands on the command line; lists are split at commas.
Entry entry_of_text(const DirectoryKey& parts, const std::string& name, const std::string& value) {
  Entry entry{name, Entry::Type::string, {value}};
  if (parts.key == nullptr || parts.is_file) return entry;
  Config scratch;
  if (parts.key->form == Form::number) entry.type = Entry::Type::integer;
  if (parts.key->form != Form::list) return entry;
  // Splits the list.
  if (assign_text(scratch, *parts.key, value))
    entry.words = std::get<std::vector<std::string>& (*)(Config&)>(parts.key->field)(scratch);
  entry.type = Entry::Type::list;
  return entry;
}

/// Returns the secret to which a key ending in _file refers.
const Key* secret_of(std::string_view name) {
  if (!name.ends_with(kFileSuffix)) return nullptr;
  const Key* const key = find_key(name.substr(0, name.size() - kFileSuffix.size()));
  return key && key->form == Form::secret ? key : nullptr;
}

/// Returns the TOML type that this form requires, if another type was used.
std::string_view wrong_type(const Key& key, Entry::Type type) {
  using Type = Entry::Type;
  const bool textual = type == Type::string;
  switch (key.form) {
    case Form::flag: return type == Type::flag ? "" : "must be true or false, without quotes";
    case Form::number: return type == Type::integer ? "" : "must be a whole number, without quotes";
    case Form::size:
    case Form::duration:
      return textual || type == Type::integer ? "" : "must be a string with a unit";
    case Form::list:
    case Form::endpoints: return textual || type == Type::list ? "" : "must be a list of strings";
    case Form::text:
    case Form::path:
    case Form::secret:
    case Form::choice: return textual ? "" : "must be a string";
  }
  return "";
}

void Loader::take_in_directory(const DirectoryKey& parts, const Entry& entry,
                               const std::string& place) {
  if (parts.key == nullptr) return unknown(entry.key, place);
  const std::string name = name_in(*parts.key, parts.directory);
  if (const auto complaint = wrong_type(*parts.key, entry.type); !complaint.empty())
    return wrong(place, fmt::format("'{}' {}", entry.key, complaint));
  if (parts.is_file) {
    // The directory has to exist before its secret is read.
    directory_named(loaded_.config, parts.directory);
    secrets_[name] = {parts.key, entry.words.front(), place, std::string(parts.directory)};
    return;
  }
  Directory& directory = directory_named(loaded_.config, parts.directory);
  Config scratch;
  scratch.one_directory = directory;
  if (const auto status = assign(scratch, *parts.key, entry.words); !status)
    return wrong(place, fmt::format("'{}' {}", entry.key, status.error().text));
  directory = std::move(scratch.one_directory);
  loaded_.origins[name] = place;
  secrets_.erase(name);
}

void Loader::take(const Entry& entry, const std::string& place) {
  if (const auto parts = parse_directory_key(entry.key))
    return take_in_directory(*parts, entry, place);
  if (const Key* const secret = secret_of(entry.key)) {
    if (entry.type != Entry::Type::string) {
      return wrong(place, fmt::format("'{}' must be a string", entry.key));
    }
    return put_secret(*secret, entry.words.front(), place);
  }
  const Key* const key = find_key(entry.key);
  if (!key) return unknown(entry.key, place);
  if (const auto complaint = wrong_type(*key, entry.type); !complaint.empty()) {
    return wrong(place, fmt::format("'{}' {}", entry.key, complaint));
  }
  if (const auto status = assign(loaded_.config, *key, entry.words); !status) {
    return wrong(place, fmt::format("'{}' {}", entry.key, status.error().text));
  }
  loaded_.origins[entry.key] = place;
  secrets_.erase(std::string(key->name));
}

void Loader::take_text(const Key& key, std::string_view value, const std::string& where) {
  if (const auto status = assign_text(loaded_.config, key, value); !status) {
    return wrong(where, fmt::format("'{}' {}", key.name, status.error().text));
  }
  loaded_.origins[std::string(key.name)] = where;
  secrets_.erase(std::string(key.name));  // This value comes later, so it takes precedence.
}

void Loader::read_secret(const SecretFile& file) {
  auto content = read_file(path_in(loaded_.config, file.path));
  if (!content) return wrong(file.where, content.error().text);
  while (content->ends_with('\n') || content->ends_with('\r')) content->pop_back();
  const std::string name =
      file.directory.empty() ? std::string(file.key->name) : name_in(*file.key, file.directory);
  loaded_.secret_files[name] = path_in(loaded_.config, file.path);
  if (!file.directory.empty())
    return take_in_directory({file.directory, file.key},
                             {name_in(*file.key, file.directory), Entry::Type::string, {*content}},
                             fmt::format("{}, from {}", file.where, file.path));
  if (const auto status = assign(loaded_.config, *file.key, {*content}); !status) {
    return wrong(file.where, fmt::format("'{}' {}", file.key->name, status.error().text));
  }
  loaded_.origins[std::string(file.key->name)] = fmt::format("{}, from {}", file.where, file.path);
}

void Loader::unknown(std::string_view name, const std::string& where) {
  const std::string_view meant = suggest_key(name);
  wrong(where, meant.empty() ? fmt::format("unknown key '{}'", name)
                             : fmt::format("unknown key '{}'; did you mean '{}'?", name, meant));
}

void Loader::file(std::string_view toml, const std::string& name) {
  auto entries = read_toml(toml, name);
  if (!entries) {
    errors_ = entries.error().text;
    return;
  }
  std::ranges::sort(*entries, {}, &Entry::line);
  for (const Entry& entry : *entries) {
    const std::string place = fmt::format("{}:{}", name, entry.line);
    take(entry, place);
  }
}

void Loader::environment(const std::vector<std::pair<std::string, std::string>>& variables) {
  for (const auto& [name, value] : variables) {
    if (!name.starts_with(kPrefix)) continue;
    const std::string where = "environment " + name;
    const Key* near = nullptr;
    bool known = false;
    for (const Key& key : schema()) {
      const std::string its_name = environment_name(key);
      if (name == its_name) {
        take_text(key, value, where);
        known = true;
      } else if (key.form == Form::secret && name == its_name + "_FILE") {
        put_secret(key, value, where);
        known = true;
      } else if (edit_distance(name, its_name) <= 2) {
        near = &key;
      }
    }
    // Other programs may use the prefix, so this is not an error.
    if (!known && near) {
      loaded_.warnings.push_back(
          fmt::format("{} has no effect; did you mean {}?", where, environment_name(*near)));
    }
  }
}

void Loader::overrides(const std::vector<std::pair<std::string, std::string>>& settings) {
  const std::string where = "command line";
  for (const auto& [name, value] : settings) {
    if (const Key* const key = find_key(name)) {
      take_text(*key, value, where);
    } else if (const auto parts = parse_directory_key(name)) {
      take_in_directory(*parts, entry_of_text(*parts, name, value), where);
    } else if (const Key* const secret = secret_of(name)) {
      put_secret(*secret, value, where);
    } else {
      unknown(name, where);
    }
  }
}

void Loader::check_relay() {
  const Relay& relay = loaded_.config.relay;
  if (relay.user.empty() != relay.password.empty()) {
    const bool lacks_user = relay.user.empty();
    wrong(at(lacks_user ? "relay.password" : "relay.user"),
          fmt::format("'relay.{}' requires 'relay.{}' as well", lacks_user ? "password" : "user",
                      lacks_user ? "user" : "password"));
  }
  if (!relay.user.empty() && relay.tls == RelayTls::opportunistic) {
    wrong(at("relay.tls"),
          "'relay.tls' must be \"required\" or \"implicit\" with 'relay.user', because "
          "\"opportunistic\" would send the password to an unverified server");
  }
  if (relay.retry_first > relay.retry_longest)
    wrong(at("relay.retry_first"),
          "'relay.retry_first' must not be longer than 'relay.retry_longest'");
  if (relay.warn_after >= relay.expire_after)
    wrong(at("relay.warn_after"), "'relay.warn_after' must be shorter than 'relay.expire_after'");
}

void Loader::check_oauth() {
  const Oauth& oauth = loaded_.config.auth.oauth;
  if (oauth.client_id.empty() == oauth.client_secret.empty()) return;
  const bool lacks_id = oauth.client_id.empty();
  wrong(at(lacks_id ? "auth.oauth.client_secret" : "auth.oauth.client_id"),
        fmt::format("'auth.oauth.{}' requires 'auth.oauth.{}' as well",
                    lacks_id ? "client_secret" : "client_id",
                    lacks_id ? "client_id" : "client_secret"));
}

void Loader::check_networks(const char* key, const std::vector<std::string>& networks) {
  for (const std::string& text : networks)
    if (const auto network = Network::parse(text); !network)
      wrong(at(key), fmt::format("'{}': '{}' {}", key, text, network.error().text));
}

void Loader::check_together() {
  const Config& c = loaded_.config;
  check_relay();
  check_oauth();
  check_directories(
      c, [this](const std::string& key) { return loaded_.origins.contains(key); },
      [this](const std::string& key, std::string what) { wrong(at(key), what); });
  for (const std::string& name : c.imap.extra_capabilities) {
    if (std::ranges::find(kExtraCapabilities, name) == kExtraCapabilities.end()) {
      wrong(at("imap.extra_capabilities"),
            fmt::format("'imap.extra_capabilities' cannot contain '{}', only {}", name,
                        fmt::join(kExtraCapabilities, " and ")));
    }
  }
  for (const std::string& entry : c.imap.server_metadata) {
    if (is_server_entry(entry)) continue;
    wrong(at("imap.server_metadata"),
          fmt::format("'imap.server_metadata' cannot contain '{}', only \"/shared/name=value\"",
                      entry));
  }
  check_networks("limits.trusted_proxies", c.limits.trusted_proxies);
  check_networks("limits.trusted_gateways", c.limits.trusted_gateways);
  for (const std::string& group : c.sharing.groups) {
    const std::size_t equals = group.find('=');
    if (equals != std::string::npos && equals > 0 && group.find(' ') > equals &&
        group.size() > equals + 1)
      continue;
    wrong(at("sharing.groups"),
          fmt::format("'sharing.groups' cannot contain '{}', only \"name=member member\"", group));
  }
  if (c.data_dir.empty()) wrong(at("data_dir"), "'data_dir' must not be empty");
  if (c.tls.certificate.empty() != c.tls.key.empty()) {
    const bool lacks_key = c.tls.key.empty();
    wrong(at(lacks_key ? "tls.certificate" : "tls.key"),
          fmt::format("'tls.{}' requires 'tls.{}' as well", lacks_key ? "certificate" : "key",
                      lacks_key ? "key" : "certificate"));
  }
  if (c.tls.more_certificates.size() != c.tls.more_keys.size()) {
    wrong(at(c.tls.more_keys.empty() ? "tls.more_certificates" : "tls.more_keys"),
          fmt::format("'tls.more_certificates' has {} files and 'tls.more_keys' {}; each "
                      "certificate needs its key",
                      c.tls.more_certificates.size(), c.tls.more_keys.size()));
  }
  if (!c.tls.more_certificates.empty() && c.tls.certificate.empty()) {
    wrong(at("tls.more_certificates"),
          "'tls.more_certificates' requires 'tls.certificate' as well");
  }
  if (c.storage.expunged_retention > c.storage.journal_horizon) {
    wrong(at("storage.expunged_retention"),
          "'storage.expunged_retention' must not be longer than 'storage.journal_horizon'");
  }
  if (const auto least = parse_min_free(c.disk.min_free); !least)
    wrong(at("storage.min_free"), fmt::format("'storage.min_free' {}", least.error().text));
  for (const auto& [key, age] : {std::pair("retention.trash", c.retention.trash),
                                 std::pair("retention.junk", c.retention.junk)})
    if (age.count() != 0 && age < std::chrono::days(1))
      wrong(at(key), fmt::format("'{}' must be at least 1d, or 0", key));
  if (!is_top_level_mailbox(c.mailboxes.recently_deleted))
    wrong(
        at("mailboxes.recently_deleted"),
        "'mailboxes.recently_deleted' must be the name of a mailbox other than INBOX, without '/', "
        "'*' and '%'");
  if (c.storage.engine == StorageEngine::rados) {
    for (const auto& [key, value] :
         {std::pair("storage.rados.user", &c.storage.rados.user),
          std::pair("storage.rados.pool", &c.storage.rados.pool),
          std::pair("storage.rados.namespace", &c.storage.rados.name_space)})
      if (value->empty()) wrong(at(key), fmt::format("'{}' must not be empty", key));
  }
  if (c.auth.throttle.first_delay > c.auth.throttle.longest_delay) {
    wrong(at("auth.throttle.first_delay"),
          "'auth.throttle.first_delay' must not be longer than 'auth.throttle.longest_delay'");
  }
  if (std::ranges::any_of(c.listen.lmtp, [](const Endpoint& e) { return e.port == 25; })) {
    wrong(at("listen.lmtp"), "'listen.lmtp' must not be port 25 (RFC 2033, section 5)");
  }
  if (c.lmtp.detail_separator.size() > 1 ||
      c.lmtp.detail_separator.find_first_of("@\" ") != std::string::npos) {
    wrong(at("lmtp.detail_separator"), "'lmtp.detail_separator' must be one character, not @");
  }
}

Result<Loaded> Loader::finish() {
  // Reading one removes it.
  for (const auto& [name, file] : std::exchange(secrets_, {})) read_secret(file);
  if (errors_.empty()) check_together();
  if (!errors_.empty()) return fail(ErrorKind::bad_argument, std::move(errors_));
  return std::move(loaded_);
}

}  // namespace

Result<Loaded> load_text(std::string_view toml, const std::string& name, const Sources& sources) {
  Loader loader;
  loader.file(toml, name);
  loader.environment(sources.environment);
  loader.overrides(sources.overrides);
  return loader.finish();
}

Result<Loaded> load(const Sources& sources) {
  if (!sources.path) return load_text("", "", sources);
  auto content = read_file(*sources.path);
  if (!content) return pass(content);
  return load_text(*content, *sources.path, sources);
}

std::vector<std::pair<std::string, std::string>> process_environment() {
  std::vector<std::pair<std::string, std::string>> out;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !text.starts_with(kPrefix)) continue;
    out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

}  // namespace posthorn::config
