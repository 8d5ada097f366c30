#include "service/sending/same_header.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "message/header/header.h"
#include "text/ascii.h"

namespace posthorn::service {
namespace {

/// Fields that may differ: transport adds trace fields, and mail programs change their private
/// fields.
constexpr auto kPassedOver = std::to_array<std::string_view>(
    {"bcc", "resent-bcc", "received", "return-path", "delivered-to", "x-mozilla-status",
     "x-mozilla-status2", "x-mozilla-keys", "x-identity-key", "x-account-key", "fcc"});

constexpr auto kInBoth = std::to_array<std::string_view>(
    {"to", "cc", "subject", "content-type", "content-transfer-encoding"});

bool is_among(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// Fields by name in lower case, with their values in order.
using Fields = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Removes white space, because folding does not change the meaning of a field.
std::string compared(std::string_view raw) {
  std::string value = message::decode_header_value(raw);
  std::erase_if(value, [](char c) { return c == ' ' || c == '\t'; });
  return value;
}

Fields fields_of(std::string_view header) {
  Fields fields;
  message::HeaderIterator iterator(header);
  for (message::HeaderField field; iterator.next(field);) {
    std::string name = text::lower(field.name);
    if (!name.empty() && !is_among(kPassedOver, name))
      fields[std::move(name)].push_back(compared(field.value));
  }
  return fields;
}

/// Returns whether the fields of `one` agree with those of `other`.
bool agrees(const Fields& one, const Fields& other) {
  return std::ranges::all_of(one, [&](const auto& field) {
    const auto found = other.find(field.first);
    if (found != other.end()) return found->second == field.second;
    return !is_among(kInBoth, field.first);
  });
}

}  // namespace

bool is_header_of_same_message(std::string_view one, std::string_view other) {
  Fields a = fields_of(one);
  Fields b = fields_of(other);
  const auto id = a.extract("message-id");
  const auto other_id = b.extract("message-id");
  // A message that a client sends without a Date gets another one from the server at each attempt.
  if (id && other_id && id.mapped() == other_id.mapped()) {
    a.erase("date");
    b.erase("date");
  }
  return agrees(a, b) && agrees(b, a);
}

}  // namespace posthorn::service
