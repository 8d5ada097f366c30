#include "admin/admin.h"

#include <array>

namespace posthorn::admin {
namespace {

constexpr std::array kKinds = {
    ErrorKind::syntax,      ErrorKind::bad_argument,    ErrorKind::not_found,
    ErrorKind::limit,       ErrorKind::already_exists,  ErrorKind::no_permission,
    ErrorKind::auth_failed, ErrorKind::over_quota,      ErrorKind::too_big,
    ErrorKind::unavailable, ErrorKind::corrupt,         ErrorKind::io,
    ErrorKind::closed,      ErrorKind::timed_out,       ErrorKind::not_supported,
    ErrorKind::server_bug,  ErrorKind::unknown_charset, ErrorKind::unknown_encoding};

}  // namespace

Json error_to_json(const Error& error) {
  Json json{{"error", name_of(error.kind)}, {"text", error.text}};
  if (!error.cause.empty()) json["cause"] = error.cause;
  return json;
}

Error error_from_json(const Json& json) {
  Error error{ErrorKind::server_bug, std::string(text_of(json, "text")),
              std::string(text_of(json, "cause"))};
  for (const ErrorKind kind : kKinds)
    if (name_of(kind) == text_of(json, "error")) error.kind = kind;
  return error;
}

std::string_view text_of(const Json& json, std::string_view name) {
  const auto* value = json.if_contains(name);
  const auto* text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

std::uint64_t number_of(const Json& json, std::string_view name) {
  const auto* value = json.if_contains(name);
  if (value == nullptr) return 0;
  if (const auto* n = value->if_uint64()) return *n;
  if (const auto* n = value->if_int64(); n != nullptr && *n >= 0)
    return static_cast<std::uint64_t>(*n);
  return 0;
}

bool flag_of(const Json& json, std::string_view name) {
  const auto* value = json.if_contains(name);
  const auto* flag = value != nullptr ? value->if_bool() : nullptr;
  return flag != nullptr && *flag;
}

Result<std::vector<std::string>> texts_of(const Json& json, std::string_view name) {
  std::vector<std::string> texts;
  const auto* const list = json.if_contains(name);
  if (list == nullptr) return texts;
  if (!list->is_array()) return fail(ErrorKind::bad_argument, fmt::format("{} is a list", name));
  for (const auto& text : list->get_array()) {
    if (!text.is_string())
      return fail(ErrorKind::bad_argument, fmt::format("{} is a list of texts", name));
    texts.emplace_back(std::string_view(text.get_string()));
  }
  return texts;
}

}  // namespace posthorn::admin
