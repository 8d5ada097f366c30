#include <boost/json.hpp>

#include "cli/account_files/account_fields.h"
#include "text/ascii.h"

// Users in tables: CSV and JSON.
namespace posthorn::cli {
namespace {

/// Takes a record (RFC 4180 §2). `line` counts the lines. None if a quote is not closed.
std::optional<std::vector<std::string>> take_record(std::string_view& rest, std::size_t& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == '\n') ++line;
    if (quoted && c == '"' && rest.starts_with('"')) {
      fields.back() += '"';
      rest.remove_prefix(1);
    } else if (c == '"' && (quoted || fields.back().empty())) {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      fields.emplace_back();
    } else if (!quoted && c == '\n') {
      break;
    } else if (quoted || c != '\r') {
      fields.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  return fields;
}

std::unexpected<Error> unclosed(std::size_t line) {
  return fail(ErrorKind::bad_argument,
              fmt::format("a quotation mark in line {} or before is not closed", line));
}

}  // namespace

Result<AccountList> read_csv(std::string_view text, const AccountFileOptions& options) {
  AccountList list;
  std::size_t line = 1;
  auto columns = take_record(text, line);
  if (!columns) return unclosed(line);
  AccountEntry unnamed;
  bool has_name = false;
  for (std::string& column : *columns) {
    column = text::lower(text::trim(column));
    if (!set_column(unnamed, column, "", options)) list.unused.insert(column);
    has_name |= set_column(unnamed, column, "x", options) && !unnamed.name.empty();
  }
  if (!has_name)
    return fail(ErrorKind::bad_argument,
                "the first line has to name the columns: name, password, quota, max_messages");
  while (!text.empty()) {
    AccountEntry entry{.line = line, .scheme = options.scheme};
    const auto fields = take_record(text, line);
    if (!fields) return unclosed(line);
    if (fields->size() == 1 && fields->front().empty()) continue;
    for (std::size_t i = 0; i < columns->size() && i < fields->size(); ++i)
      set_column(entry, (*columns)[i], (*fields)[i], options);
    if (fields->size() != columns->size())
      entry.trouble =
          fmt::format("it has {} fields instead of {}", fields->size(), columns->size());
    judge(entry);
    list.entries.push_back(std::move(entry));
  }
  return list;
}

namespace {

AccountEntry read_object(const boost::json::value& value, std::size_t number, AccountList& list,
                         const AccountFileOptions& options) {
  AccountEntry entry{.line = number, .scheme = options.scheme};
  if (!value.is_object()) {
    entry.trouble = "it is not an object";
    return entry;
  }
  for (const auto& [key, member] : value.get_object()) {
    std::string text;
    if (member.is_string()) text = std::string_view(member.get_string());
    if (member.is_int64() || member.is_uint64()) text = boost::json::serialize(member);
    const std::string column = text::lower(std::string_view(key));
    if (!set_column(entry, column, text, options)) list.unused.insert(column);
  }
  judge(entry);
  return entry;
}

}  // namespace

Result<AccountList> read_json(std::string_view text, const AccountFileOptions& options) {
  AccountList list;
  boost::system::error_code error;
  const auto whole = boost::json::parse({text.data(), text.size()}, error);
  if (!error && whole.is_array()) {
    for (const auto& value : whole.get_array())
      list.entries.push_back(read_object(value, list.entries.size() + 1, list, options));
    return list;
  }
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text::trim(take_line(text));
    if (line.empty()) continue;
    const auto value = boost::json::parse({line.data(), line.size()}, error);
    if (error)
      return fail(ErrorKind::bad_argument,
                  fmt::format("line {} is not JSON; a list of objects is expected, or one object "
                              "per line",
                              number));
    list.entries.push_back(read_object(value, number, list, options));
  }
  return list;
}

}  // namespace posthorn::cli
