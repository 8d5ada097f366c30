#include "auth/rules/login_rules.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "text/ascii.h"

namespace posthorn::auth {
namespace {

/// Version 2 has capabilities that are not offered. It is written only if there are any, so that an
/// older program can read all other rules.
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kVersionWithout = 2;

void write_names(ByteWriter& w, const std::vector<std::string>& names) {
  w.varint(names.size());
  for (const std::string& name : names) w.bytes(name);
}

std::vector<std::string> read_names(ByteReader& r) {
  std::vector<std::string> names;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) names.emplace_back(r.bytes());
  return names;
}

bool has_without(const LoginRules& rules) {
  return !rules.without.empty() ||
         std::ranges::any_of(rules.app_passwords,
                             [](const AppPassword& one) { return !one.without.empty(); });
}

void write_app_password(ByteWriter& w, const AppPassword& password) {
  w.varint(password.id);
  w.bytes(password.name);
  w.raw(view(password.digest));
  w.u8(password.protocols);
  w.varint(password.ranges.size());
  for (const std::string& range : password.ranges) w.bytes(range);
  w.svarint(password.created);
  w.svarint(password.expires);
  w.svarint(password.last_used);
}

AppPassword read_app_password(ByteReader& r) {
  AppPassword password;
  password.id = r.varint();
  password.name = r.bytes();
  if (const std::string_view digest = r.raw(sizeof(Hash)); r.ok())
    std::ranges::copy(digest, password.digest.begin());
  password.protocols = r.u8();
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) password.ranges.emplace_back(r.bytes());
  password.created = r.svarint();
  password.expires = r.svarint();
  password.last_used = r.svarint();
  return password;
}

}  // namespace

namespace {
constexpr std::array<std::string_view, 3> kMainPasswordNames = {"everywhere", "http", "nowhere"};
}  // namespace

std::string_view name_of(MainPassword where) {
  return kMainPasswordNames[static_cast<std::size_t>(where)];
}

std::optional<MainPassword> main_password_named(std::string_view name) {
  const auto* const found = std::ranges::find(kMainPasswordNames, name);
  if (found == kMainPasswordNames.end()) return std::nullopt;
  return static_cast<MainPassword>(found - kMainPasswordNames.begin());
}

bool LoginRules::allows_acting_as(std::string_view name, std::int64_t now) const {
  const std::size_t at = name.rfind('@');
  const std::string_view domain =
      at == std::string_view::npos ? std::string_view() : name.substr(at + 1);
  return std::ranges::any_of(may_act_as, [&](const ActAs& grant) {
    return (grant.expires == 0 || now < grant.expires) &&
           (grant.domain == "*" || text::iequals(grant.domain, domain));
  });
}

std::vector<std::string> LoginRules::without_for(std::uint64_t app_password) const {
  std::vector<std::string> names = without;
  for (const AppPassword& one : app_passwords)
    if (one.id == app_password) names.insert(names.end(), one.without.begin(), one.without.end());
  return names;
}

std::string encode_rules(const LoginRules& rules) {
  if (rules == LoginRules{}) return {};
  std::string out;
  ByteWriter w(out);
  const bool masked = has_without(rules);
  w.u8(masked ? kVersionWithout : kVersion);
  w.u8(static_cast<std::uint8_t>(rules.main_password));
  w.varint(rules.next_id);
  w.varint(rules.app_passwords.size());
  for (const AppPassword& password : rules.app_passwords) write_app_password(w, password);
  w.varint(rules.may_act_as.size());
  for (const ActAs& grant : rules.may_act_as) {
    w.bytes(grant.domain);
    w.svarint(grant.expires);
  }
  if (!masked) return out;
  write_names(w, rules.without);
  for (const AppPassword& password : rules.app_passwords) write_names(w, password.without);
  return out;
}

Result<LoginRules> decode_rules(std::string_view stored) {
  LoginRules rules;
  if (stored.empty()) return rules;
  ByteReader r(stored);
  const std::uint8_t version = r.u8();
  const std::uint8_t main = r.u8();
  rules.main_password = static_cast<MainPassword>(main);
  rules.next_id = r.varint();
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n)
    rules.app_passwords.push_back(read_app_password(r));
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    const std::string_view domain = r.bytes();
    rules.may_act_as.push_back({std::string(domain), r.svarint()});
  }
  if (version == kVersionWithout) {
    rules.without = read_names(r);
    for (AppPassword& password : rules.app_passwords) password.without = read_names(r);
  }
  if (!r.ok() || !r.at_end() || version < kVersion || version > kVersionWithout ||
      main > static_cast<std::uint8_t>(MainPassword::nowhere))
    return fail(ErrorKind::corrupt, "stored login rules cannot be read");
  return rules;
}

}  // namespace posthorn::auth
