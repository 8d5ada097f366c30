#include "directory/sql_link.h"

#include <algorithm>
#include <array>

#include "directory/fields.h"
#include "text/ascii.h"

namespace posthorn::directory {
namespace {

constexpr std::size_t kMostTargets = 1000;

std::unexpected<Error> unusable(const Asked& asked, std::string_view why) {
  return fail(ErrorKind::corrupt, fmt::format("the entry of {}: {}", asked.name, why));
}

/// Reads the columns of one row into an entry.
class Row {
 public:
  Row(const Asked& asked, const SqlOptions& options) : asked_(asked), options_(options) {}

  Status read(const std::string& column, const std::optional<std::string>& value) {
    const bool may_be_null = column == "quota" || column == "groups";
    if (!value && !may_be_null) return unusable(asked_, fmt::format("{} is NULL", column));
    Status taken;
    if (column == "name") {
      taken = take(account_name(*value, asked_), entry.name);
    } else if (column == "password") {
      has_password = true;
      taken = take(parse_password(*value, options_.password_scheme, options_.hash_limits),
                   entry.password);
    } else if (column == "enabled") {
      taken = take(parse_enabled(column, *value), entry.enabled);
    } else if (column == "quota") {
      if (value) taken = take(parse_quota(*value), entry.quota);
    } else if (column == "groups") {
      entry.groups = group_list(split_list(value.value_or("")));
    } else {
      return unusable(asked_, fmt::format("the user query returns a column '{}', which is none of "
                                          "name, password, enabled, quota and groups",
                                          column));
    }
    return taken;
  }

  Entry entry;
  bool has_password = false;

 private:
  template <class T, class To>
  Status take(Result<T> value, To& to) {
    if (!value) return unusable(asked_, value.error().text);
    to = std::move(*value);
    return {};
  }
  const Asked& asked_;
  const SqlOptions& options_;
};

}  // namespace

SqlQuery make_query(std::string_view text, const Asked& asked, char mark) {
  const std::array<std::pair<std::string_view, const std::string*>, 3> values{
      {{"%{name}", &asked.name}, {"%{user}", &asked.user}, {"%{domain}", &asked.domain}}};
  std::array<std::size_t, 3> numbers{};
  SqlQuery query;
  while (!text.empty()) {
    std::size_t i = 0;
    while (i < values.size() && !text.starts_with(values[i].first)) ++i;
    if (i == values.size()) {
      query.text += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (numbers[i] == 0) {
      query.parameters.push_back(*values[i].second);
      numbers[i] = query.parameters.size();
    }
    query.text += fmt::format("{}{}", mark, numbers[i]);
    text.remove_prefix(values[i].first.size());
  }
  return query;
}

Result<std::optional<Entry>> SqlLink::find_user(const Asked& asked) {
  // The rest of a domain is nobody.
  if (asked.user.empty()) return std::nullopt;
  auto found = select(options_.user_query, asked, 1);
  if (!found) return pass(found);
  if (found->rows.empty()) return std::nullopt;
  if (found->rows.size() > 1) return unusable(asked, "there is more than one");
  Row row(asked, options_);
  for (std::size_t i = 0; i < found->columns.size(); ++i)
    if (Status read = row.read(text::lower(found->columns[i]), found->rows.front()[i]); !read)
      return pass(read);
  if (row.entry.name.empty()) row.entry.name = asked.name;
  row.entry.handle = row.entry.name;
  if (row.has_password || options_.password_query.empty()) return std::move(row.entry);
  auto password = select(options_.password_query, asked, 1);
  if (!password) return pass(password);
  if (password->rows.size() > 1) return unusable(asked, "there is more than one password");
  if (password->columns.size() != 1)
    return unusable(asked, "the password query returns more than one column");
  if (!password->rows.empty())
    if (Status read = row.read("password", password->rows.front().front()); !read)
      return pass(read);
  return std::move(row.entry);
}

Result<std::vector<std::string>> SqlLink::find_alias(const Asked& asked) {
  std::vector<std::string> targets;
  if (options_.alias_query.empty()) return targets;
  auto found = select(options_.alias_query, asked, kMostTargets);
  if (!found) return pass(found);
  for (const auto& row : found->rows) {
    if (row.size() != 1) return unusable(asked, "the alias query returns more than one column");
    if (!row.front()) return unusable(asked, "the alias leads to NULL");
    for (std::string& target : split_list(*row.front())) targets.push_back(std::move(target));
  }
  if (targets.size() > kMostTargets)
    return unusable(asked, fmt::format("the alias leads to more than {} addresses", kMostTargets));
  return targets;
}

Result<bool> SqlLink::has_domain(const std::string& domain) {
  if (options_.domain_query.empty()) return false;
  auto found = select(options_.domain_query, Asked("@" + domain), 1);
  if (!found) return pass(found);
  return !found->rows.empty();
}

Result<bool> SqlLink::verify(const Entry& /*entry*/, const auth::Secret& /*password*/) {
  return fail(ErrorKind::server_bug, "a database does not check passwords");
}

}  // namespace posthorn::directory
