#include "directory/ldap_entry.h"

#include <ldap.h>

#include "directory/fields.h"

namespace posthorn::directory {
namespace {

constexpr std::size_t kMostGroups = 1000;

struct FreeValues {
  void operator()(berval** values) const { ldap_value_free_len(values); }
};
struct FreeMemory {
  void operator()(char* memory) const { ldap_memfree(memory); }
};

/// What a group is called: the first value of its DN ("cn=sales,ou=groups,..."), or all of it.
std::string group_name(const std::string& value) {
  LDAPDN dn = nullptr;
  if (ldap_str2dn(value.c_str(), &dn, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) return value;
  std::string name = value;
  if (dn != nullptr && dn[0] != nullptr && dn[0][0] != nullptr)
    name.assign(dn[0][0]->la_value.bv_val, dn[0][0]->la_value.bv_len);
  ldap_dnfree(dn);
  return name;
}

/// Reads the attributes of one entry.
class Reader {
 public:
  Reader(LDAP* server, LDAPMessage* found, const LdapOptions& options, const Asked& asked,
         std::string dn)
      : server_(server), found_(found), options_(options), asked_(asked) {
    entry_.handle = std::move(dn);
    entry_.name = asked.name;
    entry_.password = CheckedThere{};
  }

  Result<Entry> read() {
    for (const auto part : {&Reader::name, &Reader::password, &Reader::enabled, &Reader::quota})
      if (Status read = (this->*part)(); !read) return pass(read);
    if (!options_.groups_attribute.empty()) {
      std::vector<std::string> groups;
      for (const std::string& value : values_of(options_.groups_attribute))
        groups.push_back(group_name(value));
      entry_.groups = group_list(std::move(groups));
    }
    return std::move(entry_);
  }

 private:
  Status name() {
    if (options_.name_attribute.empty()) return {};
    auto value = one(options_.name_attribute);
    if (!value) return pass(value);
    if (!*value) return unusable(fmt::format("it has no {}", options_.name_attribute));
    return take(account_name(**value, asked_), entry_.name);
  }
  Status password() {
    if (options_.password_attribute.empty()) return {};
    entry_.password = NoPassword{};
    auto value = one(options_.password_attribute);
    if (!value) return pass(value);
    if (!*value) return {};
    auto read = parse_password(**value, options_.password_scheme, options_.hash_limits);
    auth::wipe(**value);
    return take(std::move(read), entry_.password);
  }
  Status enabled() {
    auto value = one(options_.enabled_attribute);
    if (!value) return pass(value);
    if (!*value) return {};
    return take(parse_enabled(options_.enabled_attribute, **value), entry_.enabled);
  }
  Status quota() {
    auto value = one(options_.quota_attribute);
    if (!value) return pass(value);
    if (!*value) return {};
    return take(parse_quota(**value), entry_.quota);
  }

  std::vector<std::string> values_of(const std::string& attribute) {
    std::vector<std::string> values;
    if (attribute.empty()) return values;
    const std::unique_ptr<berval*, FreeValues> all(
        ldap_get_values_len(server_, found_, attribute.c_str()));
    if (!all) return values;
    for (berval** value = all.get(); *value != nullptr && values.size() < kMostGroups; ++value)
      values.emplace_back((*value)->bv_val, (*value)->bv_len);
    return values;
  }
  /// The only value, or none.
  Result<std::optional<std::string>> one(const std::string& attribute) {
    auto values = values_of(attribute);
    if (values.size() > 1)
      return unusable(
          fmt::format("it has {} values of {}, and one is expected", values.size(), attribute));
    if (values.empty()) return std::nullopt;
    return std::move(values.front());
  }
  [[nodiscard]] std::unexpected<Error> unusable(std::string_view why) const {
    return fail(ErrorKind::corrupt, fmt::format("the entry {}: {}", entry_.handle, why));
  }
  template <class T, class To>
  Status take(Result<T> value, To& to) {
    if (!value) return unusable(value.error().text);
    to = std::move(*value);
    return {};
  }

  LDAP* const server_;
  LDAPMessage* const found_;
  const LdapOptions& options_;
  const Asked& asked_;
  Entry entry_;
};

}  // namespace

Result<Entry> read_ldap_entry(ldap* server, ldapmsg* found, const LdapOptions& options,
                              const Asked& asked) {
  const std::unique_ptr<char, FreeMemory> dn(ldap_get_dn(server, found));
  if (!dn) return fail(ErrorKind::unavailable, "the LDAP server's answer is malformed");
  return Reader(server, found, options, asked, dn.get()).read();
}

}  // namespace posthorn::directory
