#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/schema.h"
#include "config/value.h"

namespace posthorn::config {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

std::unexpected<Error> bad(std::string text) {
  return fail(ErrorKind::bad_argument, std::move(text));
}

/// `parse` is the parser for the key's form. The bounds in the table are always valid.
template <class Parse, class Value>
Status within_bounds(const Key& key, Parse parse, Value value) {
  if (!key.min.empty() && value < *parse(key.min)) {
    return bad(fmt::format("must be at least {}", key.min));
  }
  if (!key.max.empty() && value > *parse(key.max)) {
    return bad(fmt::format("must be at most {}", key.max));
  }
  return {};
}

template <class Parse, class Value>
Status assign_bounded(const Key& key, Parse parse, std::string_view word, Value& to) {
  const auto value = parse(word);
  if (!value) return std::unexpected(value.error());
  if (auto status = within_bounds(key, parse, *value); !status) return status;
  to = *value;
  return {};
}

Status assign_choice(Config& config, const ChoiceField& field, std::string_view word) {
  const auto at = std::ranges::find(field.names, word);
  if (at == field.names.end()) {
    return bad(fmt::format("must be one of \"{}\"", fmt::join(field.names, "\", \"")));
  }
  field.set(config, static_cast<std::size_t>(at - field.names.begin()));
  return {};
}

std::string trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string quoted_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ", ";
    out += in_quotes(item);
  }
  return out + ']';
}

}  // namespace

Status assign(Config& config, const Key& key, const std::vector<std::string>& words) {
  const bool is_list = key.form == Form::list || key.form == Form::endpoints;
  if (!is_list && words.size() != 1) return bad("must be one value, not a list");
  const std::string_view word = words.empty() ? std::string_view() : words.front();
  return std::visit(
      Overloaded{[&](std::string& (*field)(Config&)) -> Status {
                   if (word.find('\0') != std::string_view::npos)
                     return bad("must not contain NUL");
                   field(config) = word;
                   return {};
                 },
                 [&](bool& (*field)(Config&)) -> Status {
                   return assign_bounded(key, parse_flag, word, field(config));
                 },
                 [&](std::uint64_t& (*field)(Config&)) -> Status {
                   return key.form == Form::size
                              ? assign_bounded(key, parse_size, word, field(config))
                              : assign_bounded(key, parse_number, word, field(config));
                 },
                 [&](Duration& (*field)(Config&)) -> Status {
                   return assign_bounded(key, parse_duration, word, field(config));
                 },
                 [&](std::vector<std::string>& (*field)(Config&)) -> Status {
                   field(config) = words;
                   return {};
                 },
                 [&](std::vector<Endpoint>& (*field)(Config&)) -> Status {
                   std::vector<Endpoint> endpoints;
                   for (const std::string& one : words) {
                     auto endpoint = parse_endpoint(one);
                     if (!endpoint) return pass(endpoint);
                     endpoints.push_back(std::move(*endpoint));
                   }
                   field(config) = std::move(endpoints);
                   return {};
                 },
                 [&](const ChoiceField& field) { return assign_choice(config, field, word); }},
      key.field);
}

Status assign_text(Config& config, const Key& key, std::string_view value) {
  if (key.form != Form::list && key.form != Form::endpoints) {
    return assign(config, key, {std::string(value)});
  }
  std::vector<std::string> words;
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    if (std::string word = trimmed(value.substr(0, comma)); !word.empty()) {
      words.push_back(std::move(word));
    }
    value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  }
  return assign(config, key, words);
}

std::string format_value(const Config& const_config, const Key& key) {
  // The accessors are used for both reading and writing.
  auto& config = const_cast<Config&>(const_config);
  return std::visit(
      Overloaded{
          [&](std::string& (*field)(Config&)) { return in_quotes(field(config)); },
          [&](bool& (*field)(Config&)) { return std::string(field(config) ? "true" : "false"); },
          [&](std::uint64_t& (*field)(Config&)) {
            return key.form == Form::size ? in_quotes(format_size(field(config)))
                                          : fmt::format("{}", field(config));
          },
          [&](Duration& (*field)(Config&)) { return in_quotes(format_duration(field(config))); },
          [&](std::vector<std::string>& (*field)(Config&)) { return quoted_list(field(config)); },
          [&](std::vector<Endpoint>& (*field)(Config&)) {
            std::vector<std::string> texts;
            for (const Endpoint& endpoint : field(config)) texts.push_back(to_text(endpoint));
            return quoted_list(texts);
          },
          [&](const ChoiceField& field) {
            return in_quotes(field.names[std::min(field.get(config), field.names.size() - 1)]);
          }},
      key.field);
}

}  // namespace posthorn::config
