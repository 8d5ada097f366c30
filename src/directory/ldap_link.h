#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "auth/password/foreign_hash.h"
#include "auth/secret.h"
#include "directory/link.h"

struct ldap;
struct ldapmsg;

namespace posthorn::directory {

struct LdapOptions {
  std::vector<std::string> servers;  ///< URIs; the first that answers is used.
  bool starttls = true;              ///< For ldap:// URIs.
  std::string ca_file;               ///< PEM. Empty: the system's authorities.
  std::string bind_dn;               ///< Of the service account. Empty: searches are anonymous.
  std::shared_ptr<const auth::Secret> bind_password;
  /// Where and what to search for, with %{name}, %{user} and %{domain}.
  std::string base;
  std::string filter;
  std::string alias_filter;  ///< Empty: there are no aliases.
  /// Attributes. Empty: the directory does not say that.
  std::string name_attribute;
  std::string password_attribute;  ///< Empty: a password is checked by binding as the entry.
  std::string enabled_attribute;
  std::string quota_attribute;
  std::string groups_attribute;
  std::string password_scheme = "CRYPT";
  auth::HashLimits hash_limits = {};
};

/// A connection to one of several LDAP servers, and another one for checking passwords, since that
/// changes who a connection belongs to.
class LdapLink final : public Link {
 public:
  LdapLink(std::shared_ptr<const LdapOptions> options, std::chrono::milliseconds timeout);
  ~LdapLink() override;
  LdapLink(const LdapLink&) = delete;
  LdapLink& operator=(const LdapLink&) = delete;

  Result<std::optional<Entry>> find_user(const Asked& asked) override;
  Result<std::vector<std::string>> find_alias(const Asked& asked) override;
  Result<bool> has_domain(const std::string& domain) override;
  Result<bool> verify(const Entry& entry, const auth::Secret& password) override;

 private:
  struct Unbind {
    void operator()(ldap* server) const;
  };
  using Server = std::unique_ptr<ldap, Unbind>;
  struct Free {
    void operator()(ldapmsg* message) const;
  };
  using Message = std::unique_ptr<ldapmsg, Free>;

  /// Returns a connection to the first server that answers, starting with the last that did.
  Result<Server> connect();
  Result<Server> connect_to(const std::string& uri) const;
  /// Binds, and returns LDAP's result code. Errors: unavailable.
  Result<int> bind(ldap* server, const std::string& dn, const auth::Secret& password) const;
  /// Waits for the answer to a request.
  Result<Message> answer(ldap* server, int request) const;
  Status open_for_searches();
  /// Searches for one entry; null if there is none. Errors: also corrupt if there are several.
  Result<Message> search_one(const std::string& filter, const Asked& asked);
  [[nodiscard]] std::chrono::milliseconds left() const;

  const std::shared_ptr<const LdapOptions> options_;
  const std::chrono::milliseconds timeout_;
  std::chrono::steady_clock::time_point deadline_;
  std::size_t last_good_ = 0;  ///< Of the servers.
  Server searching_;
  Server binding_;
};

}  // namespace posthorn::directory
