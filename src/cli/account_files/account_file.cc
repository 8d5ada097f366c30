#include "cli/account_files/account_file.h"

#include "cli/account_files/account_fields.h"
#include "text/ascii.h"
#include "text/base64.h"

namespace posthorn::cli {
namespace {

/// "*:storage=1G" or "storage=1G:messages=100", with kibibytes where no unit is given.
void read_quota_rule(std::string_view rule, AccountEntry& entry, AccountList& list) {
  // A rule for a mailbox has no counterpart here.
  if (const std::string_view mailbox = rule.substr(0, rule.find(':'));
      !mailbox.contains('=') && mailbox != "*") {
    list.unused.insert("userdb_quota_rule for a mailbox");
    return;
  }
  while (!rule.empty()) {
    std::string_view limit = take_field(rule, ':');
    const std::string_view what = take_field(limit, '=');
    auto number = parse_octets(limit);
    if (what == "storage" && number && !limit.empty() && text::is_digit(limit.back()))
      number = *number * 1024;
    if (what == "bytes" || what == "storage") entry.max_bytes = number.value_or(0);
    if (what == "messages") entry.max_messages = number.value_or(0);
  }
}

void read_extra_field(std::string_view field, AccountEntry& entry, AccountList& list) {
  std::string_view value = field;
  const std::string_view name = take_field(value, '=');
  // Dovecot names further rules userdb_quota_rule2 and so on; they are for mailboxes.
  if (name == "userdb_quota_rule" || name == "userdb_quota_storage_size") {
    if (name == "userdb_quota_rule") {
      read_quota_rule(value, entry, list);
    } else {
      entry.max_bytes = parse_octets(value).value_or(0);
    }
  } else if (!name.empty() && name != "userdb_mail" && name != "userdb_home") {
    list.unused.emplace(name);
  }
}

}  // namespace

AccountList read_dovecot(std::string_view text, const AccountFileOptions& options) {
  AccountList list;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = take_line(text);
    if (line.empty() || line.starts_with('#')) continue;
    AccountEntry entry{.line = number, .scheme = options.scheme};
    entry.name = whole_name(take_field(line, ':'), options);
    entry.password = take_field(line, ':');
    constexpr int kSystemFields = 5;  // User and group id, gecos, home, shell.
    for (int i = 0; i < kSystemFields; ++i) take_field(line, ':');
    while (!line.empty()) read_extra_field(take_field(line, ' '), entry, list);
    judge(entry);
    list.entries.push_back(std::move(entry));
  }
  return list;
}

AccountList read_shadow(std::string_view text, const AccountFileOptions& options) {
  AccountList list;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = take_line(text);
    if (line.empty() || line.starts_with('#')) continue;
    AccountEntry entry{.line = number, .scheme = options.scheme};
    entry.name = whole_name(take_field(line, ':'), options);
    entry.password = take_field(line, ':');
    // passwd(1): "!" before a hash locks the password; "*" and "!" alone are no hashes.
    const std::string_view field = entry.password;
    if (field.starts_with('!') && field.find_first_not_of('!') != std::string_view::npos) {
      entry.trouble = "its password is locked";
    } else if (field.empty() || field.starts_with('!') || field.starts_with('*')) {
      ++list.left_out;
      continue;
    }
    judge(entry);
    list.entries.push_back(std::move(entry));
  }
  return list;
}

namespace {

/// Takes a line with those that continue it (RFC 2849, note 2).
std::string take_ldif_line(std::string_view& rest, std::size_t& number) {
  std::string line(take_line(rest));
  ++number;
  while (rest.starts_with(' ')) {
    rest.remove_prefix(1);
    line += take_line(rest);
    ++number;
  }
  return line;
}

void read_ldif_attribute(std::string_view line, AccountEntry& entry, std::string& uid,
                         const AccountFileOptions& options) {
  std::string_view value = line;
  // Options such as ";lang-en" do not matter.
  const std::string full = text::lower(take_field(value, ':'));
  const std::string name = full.substr(0, full.find(';'));
  std::string decoded;
  if (value.starts_with(':')) {
    auto octets = text::base64_decode(text::trim(value.substr(1)));
    if (!octets) entry.trouble = fmt::format("its attribute {} is not valid base64", name);
    decoded = octets.value_or("");
    value = decoded;
  }
  value = text::trim(value);
  if (name == "mail") {
    if (entry.name.empty()) {
      entry.name = value;
    } else {
      entry.trouble = "it has several attributes mail";
    }
  } else if (name == "uid") {
    uid = whole_name(value, options);
  } else if (name == "userpassword") {
    if (!entry.password.empty()) entry.trouble = "it has several attributes userPassword";
    entry.password = value;
  }
}

}  // namespace

AccountList read_ldif(std::string_view text, const AccountFileOptions& options) {
  AccountList list;
  std::size_t number = 0;
  while (!text.empty()) {
    // What has no scheme is the password itself (RFC 4519 §2.41).
    AccountEntry entry{.line = number + 1, .scheme = "PLAIN"};
    std::string uid;
    bool is_entry = false;
    while (!text.empty()) {
      const std::string line = take_ldif_line(text, number);
      if (line.empty()) break;
      if (line.starts_with('#')) continue;
      is_entry |= text::istarts_with(line, "dn:");
      read_ldif_attribute(line, entry, uid, options);
    }
    if (entry.name.empty()) entry.name = uid;
    // Entries of the tree that are nobody's.
    if (!is_entry || (entry.name.empty() && entry.password.empty())) continue;
    judge(entry);
    list.entries.push_back(std::move(entry));
  }
  return list;
}

Result<AccountList> read_accounts(std::string_view text, AccountFormat format,
                                  const AccountFileOptions& options) {
  switch (format) {
    case AccountFormat::dovecot: return read_dovecot(text, options);
    case AccountFormat::shadow: return read_shadow(text, options);
    case AccountFormat::ldif: return read_ldif(text, options);
    case AccountFormat::csv: return read_csv(text, options);
    case AccountFormat::json: return read_json(text, options);
  }
  return fail(ErrorKind::server_bug, "unknown format");
}

}  // namespace posthorn::cli
