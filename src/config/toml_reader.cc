#include "config/toml_reader.h"

#include <fmt/core.h>

#define TOML_EXCEPTIONS 0  // Errors are values: no exception leaves this file.
#include <toml++/toml.h>

namespace posthorn::config {
namespace {

/// Returns none for values that are not words: dates, floats, tables in arrays.
std::optional<std::string> word_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  return std::nullopt;
}

Entry entry_of(std::string key, const toml::node& node) {
  using Type = Entry::Type;
  Entry entry{
      std::move(key), Type::other, {}, static_cast<std::uint32_t>(node.source().begin.line)};
  if (const auto* array = node.as_array()) {
    entry.type = Type::list;
    for (const toml::node& item : *array) {
      auto word = word_of(item);
      if (!word || !item.is_string()) {
        entry.type = Type::other;
        return entry;
      }
      entry.words.push_back(std::move(*word));
    }
    return entry;
  }
  if (auto word = word_of(node)) {
    entry.words.push_back(std::move(*word));
    entry.type = node.is_string() ? Type::string : node.is_integer() ? Type::integer : Type::flag;
  }
  return entry;
}

/// The parser limits the nesting of tables.
void collect(const toml::table& table, const std::string& prefix, std::vector<Entry>& out) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const auto* inner = node.as_table()) {
      collect(*inner, key + '.', out);
    } else {
      out.push_back(entry_of(key, node));
      out.back().line = static_cast<std::uint32_t>(name.source().begin.line);
    }
  }
}

}  // namespace

Result<std::vector<Entry>> read_toml(std::string_view toml, const std::string& name) {
  const toml::parse_result parsed = toml::parse(toml, name);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return fail(ErrorKind::syntax,
                fmt::format("{}:{}: {}", name, error.source().begin.line, error.description()));
  }
  std::vector<Entry> entries;
  collect(parsed.table(), "", entries);
  return entries;
}

}  // namespace posthorn::config
